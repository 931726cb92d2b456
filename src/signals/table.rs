//! The tables of a signals directory and their names.

use std::fmt;

use super::names::{edit_distance, fold};

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
    /// `business_events`
    BusinessEvents,
    /// `abuse_reports`
    AbuseReports,
    /// `call_counts`
    CallCounts,
    /// `group_members`
    GroupMembers,
    /// `trust_seeds`
    TrustSeeds,
}

impl Table {
    /// Every table, in the order of their declaration.
    pub const ALL: [Self; 21] = [
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
        Self::BusinessEvents,
        Self::AbuseReports,
        Self::CallCounts,
        Self::GroupMembers,
        Self::TrustSeeds,
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
            Self::BusinessEvents => "business_events",
            Self::AbuseReports => "abuse_reports",
            Self::CallCounts => "call_counts",
            Self::GroupMembers => "group_members",
            Self::TrustSeeds => "trust_seeds",
        }
    }

    /// The table of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table whose name stands in a name, or nearly is one, however it is written; of several the one it is, or else
    /// the longest.
    pub(super) fn resembled(name: &str) -> Option<Self> {
        let stem = fold(name.split('.').next().unwrap_or(name));
        let resembled = |table: &Self| is_like(&stem, &fold(table.name()), name);
        Self::ALL
            .into_iter()
            .filter(resembled)
            .max_by_key(|table| (fold(table.name()) == stem, table.name().len()))
    }

    /// The table whose name is fewest single-character edits away, the first of several; none if half of it would have
    /// to be edited.
    pub(super) fn nearest(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let distance = |table: &Self| edit_distance(&name, table.name());
        let nearest = Self::ALL.into_iter().min_by_key(distance);
        nearest.filter(|table| 2 * distance(table) < table.name().len())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A short name stands in too many words: `ads` has to be the whole first word.
fn is_like(stem: &str, table: &str, name: &str) -> bool {
    if table.len() < 7 {
        let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
        return words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(table));
    }
    let n_edits = if table.len() < 10 { 1 } else { 2 };
    stem.contains(table) || edit_distance(stem, table) <= n_edits
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
    fn a_misspelt_name_has_a_hint() {
        assert_eq!(Table::nearest("adress_books"), Some(Table::AddressBook));
        assert_eq!(Table::nearest("Freindships"), Some(Table::Friendships));
        assert_eq!(Table::nearest("x"), None);
        assert_eq!(Table::nearest("2016"), None);
    }

    #[test]
    fn a_name_under_a_tables_name_is_found() {
        for (name, table) in [
            ("consent_events.csv.1", Table::ConsentEvents),
            ("Consent-Events (2).json", Table::ConsentEvents),
            ("old_consent_events.jsonl", Table::ConsentEvents),
            ("consent_evnts.bak", Table::ConsentEvents),
            ("ad_feedback.orc", Table::AdFeedback),
            ("feedback2016.txt", Table::Feedback),
            ("feedback.json", Table::Feedback),
            ("Feedback.orc", Table::Feedback),
            ("ad-feedback.json", Table::AdFeedback),
            ("ads_2016.json", Table::Ads),
            ("ads", Table::Ads),
        ] {
            assert_eq!(Table::resembled(name), Some(table), "{name}");
        }
        for name in [
            "README.md",
            "adsense.xml",
            "truth.json",
            "loads.txt",
            "manifest.json",
            "notes",
        ] {
            assert_eq!(Table::resembled(name), None, "{name}");
        }
    }
}
