//! The tables of a signals directory and their names.

use std::fmt;

/// A table of a signals directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Table {
    /// `messenger_accounts`
    MessengerAccounts,
    /// `address_book`
    AddressBook,
    /// `social_accounts`
    SocialAccounts,
    /// `friendships`
    Friendships,
    /// `feedback`
    Feedback,
    /// `consent_events`
    ConsentEvents,
    /// `policy_versions`
    PolicyVersions,
    /// `overlays`
    Overlays,
    /// `ads`
    Ads,
    /// `audience_members`
    AudienceMembers,
    /// `ad_feedback`
    AdFeedback,
    /// `impressions`
    Impressions,
    /// `ad_truth`
    AdTruth,
    /// `businesses`
    Businesses,
    /// `business_threads`
    BusinessThreads,
    /// `business_opt_ins`
    BusinessOptIns,
    /// `abuse_reports`
    AbuseReports,
}

impl Table {
    /// Every table, in the order of their declaration.
    pub const ALL: [Self; 17] = [
        Self::MessengerAccounts,
        Self::AddressBook,
        Self::SocialAccounts,
        Self::Friendships,
        Self::Feedback,
        Self::ConsentEvents,
        Self::PolicyVersions,
        Self::Overlays,
        Self::Ads,
        Self::AudienceMembers,
        Self::AdFeedback,
        Self::Impressions,
        Self::AdTruth,
        Self::Businesses,
        Self::BusinessThreads,
        Self::BusinessOptIns,
        Self::AbuseReports,
    ];

    /// The name its files begin with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessengerAccounts => "messenger_accounts",
            Self::AddressBook => "address_book",
            Self::SocialAccounts => "social_accounts",
            Self::Friendships => "friendships",
            Self::Feedback => "feedback",
            Self::ConsentEvents => "consent_events",
            Self::PolicyVersions => "policy_versions",
            Self::Overlays => "overlays",
            Self::Ads => "ads",
            Self::AudienceMembers => "audience_members",
            Self::AdFeedback => "ad_feedback",
            Self::Impressions => "impressions",
            Self::AdTruth => "ad_truth",
            Self::Businesses => "businesses",
            Self::BusinessThreads => "business_threads",
            Self::BusinessOptIns => "business_opt_ins",
            Self::AbuseReports => "abuse_reports",
        }
    }

    /// The table of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table whose name is fewest single-character edits away; the first of several.
    pub(super) fn nearest(name: &str) -> Self {
        let name = name.to_lowercase();
        Self::ALL
            .into_iter()
            .min_by_key(|table| edit_distance(&name, table.name()))
            .expect("there are tables")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Levenshtein's distance, one row of the table at a time: O(|a|·|b|) time, O(|b|) space.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, &to) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(from != to);
            row.push(replaced.min(above[j + 1] + 1).min(row[j] + 1));
        }
        above = row;
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for table in Table::ALL {
            assert_eq!(Table::parse(table.name()), Some(table));
        }
        assert_eq!(Table::parse("messages"), None);
    }

    #[test]
    fn oracle_edit_distance_of_known_pairs() {
        for (a, b, distance) in [("kitten", "sitting", 3), ("", "abc", 3), ("ads", "ads", 0)] {
            assert_eq!(edit_distance(a, b), distance);
            assert_eq!(edit_distance(b, a), distance);
        }
    }

    #[test]
    fn a_misspelt_name_has_a_hint() {
        assert_eq!(Table::nearest("adress_books"), Table::AddressBook);
        assert_eq!(Table::nearest("Freindships"), Table::Friendships);
    }
}
