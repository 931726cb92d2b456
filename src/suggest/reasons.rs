//! Why somebody is suggested, in words.

use std::fmt;

/// A reason for a suggestion, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Each saved the other's number.
    MutualContact,
    /// The person who is suggested to saved the other's number; whether the other did the same is not said.
    DirectContact,
    /// How many people are tied to both.
    MutualFriends(u32),
    /// People the person knows know people who know them, or somebody does.
    Near,
    /// Their ties are like those of people the person knows, or like the person's own; it is not said whose.
    Alike,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MutualContact => f.write_str("mutual contact"),
            Self::DirectContact => f.write_str("in your contacts"),
            Self::Near => f.write_str("near your friends"),
            Self::Alike => f.write_str("people like your friends"),
            Self::MutualFriends(1) => f.write_str("1 mutual friend"),
            Self::MutualFriends(n) => write!(f, "{n} mutual friends"),
        }
    }
}

/// What a suggestion rests on before anything is counted, strongest first: the first key of the ranking.
///
/// On the Copenhagen study, putting contacts first finds as many hidden friendships as adding a bonus to their
/// scores (recall at 10: 0.5462 and 0.5470), and more than treating them like everybody else (0.5247). Tiers
/// need no constant that would have to fit each heuristic's scale, and a saved number is a person's own word,
/// so a contact is never outranked by a stranger. Spam is stronger still: everybody demoted comes after
/// everybody who is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tier {
    /// Each saved the other's number.
    MutualContact = 0,
    /// The person who is suggested to saved the other's number.
    OwnUpload = 1,
    /// Mutual friends only.
    TwoPath = 2,
    /// Near in the graph, for somebody with few candidates; in common they may have nobody.
    Near = 3,
    /// By factors of the ties; in common they may have nobody.
    Alike = 4,
    /// As [`Self::MutualContact`], demoted for spam.
    DemotedMutualContact = 5,
    /// As [`Self::OwnUpload`], demoted for spam.
    DemotedOwnUpload = 6,
    /// As [`Self::TwoPath`], demoted for spam.
    DemotedTwoPath = 7,
}

impl Tier {
    /// From the number of a tier, as it casts to; none if it is none's.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        let all = [
            Self::MutualContact,
            Self::OwnUpload,
            Self::TwoPath,
            Self::Near,
            Self::Alike,
            Self::DemotedMutualContact,
            Self::DemotedOwnUpload,
            Self::DemotedTwoPath,
        ];
        all.into_iter().find(|tier| *tier as u8 == code)
    }

    /// The tier below, for people whose spam score calls for it.
    #[must_use]
    pub const fn demoted(self) -> Self {
        match self {
            Self::MutualContact | Self::DemotedMutualContact => Self::DemotedMutualContact,
            Self::OwnUpload | Self::DemotedOwnUpload => Self::DemotedOwnUpload,
            Self::TwoPath | Self::DemotedTwoPath => Self::DemotedTwoPath,
            // Nobody demoted is sought there.
            Self::Near => Self::Near,
            Self::Alike => Self::Alike,
        }
    }

    /// Was somebody sought beside the candidates that ties and saved numbers lead to?
    pub(crate) const fn is_beside(self) -> bool {
        matches!(self, Self::Near | Self::Alike)
    }

    /// Why somebody of this tier is suggested who has so many ties in common with the person, strongest reason first.
    pub(crate) fn reasons(self, mutual_count: u32) -> impl Iterator<Item = Reason> {
        let mutual = (mutual_count > 0).then_some(Reason::MutualFriends(mutual_count));
        self.contact_reason().into_iter().chain(mutual)
    }

    /// Was it demoted for spam?
    #[must_use]
    pub const fn is_demoted(self) -> bool {
        matches!(
            self,
            Self::DemotedMutualContact | Self::DemotedOwnUpload | Self::DemotedTwoPath
        )
    }

    /// The reason this tier stands for, if it is not mutual friends alone.
    #[must_use]
    pub const fn contact_reason(self) -> Option<Reason> {
        match self {
            Self::MutualContact | Self::DemotedMutualContact => Some(Reason::MutualContact),
            Self::OwnUpload | Self::DemotedOwnUpload => Some(Reason::DirectContact),
            Self::Near => Some(Reason::Near),
            Self::Alike => Some(Reason::Alike),
            Self::TwoPath | Self::DemotedTwoPath => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_sentences() {
        assert_eq!(Reason::MutualFriends(1).to_string(), "1 mutual friend");
        assert_eq!(Reason::MutualFriends(5).to_string(), "5 mutual friends");
        assert_eq!(Reason::MutualContact.to_string(), "mutual contact");
        assert_eq!(Reason::DirectContact.to_string(), "in your contacts");
        assert_eq!(Reason::Alike.to_string(), "people like your friends");
    }

    #[test]
    fn demotion_is_below_every_tier_that_is_not_demoted() {
        for tier in [Tier::MutualContact, Tier::OwnUpload, Tier::TwoPath] {
            assert!(tier.demoted() > Tier::TwoPath && tier.demoted().is_demoted());
            assert_eq!(tier.demoted().contact_reason(), tier.contact_reason());
        }
    }
}
