//! From the name of a table to the type of its rows.

use super::column::Column;
use super::record::Record;
use super::records::{
    AbuseReport, Ad, AdFeedback, AdTruth, AddressBookEntry, AudienceMember, Business,
    BusinessEvent, BusinessOptIn, BusinessThread, CallCount, ConsentEventRow, Feedback, Friendship,
    GroupMember, Impression, MessengerAccount, PolicyText, SocialAccount, TrustSeed,
};
use super::table::Table;
use crate::consent::Overlay;

/// Something that is done to a table whatever its rows are.
pub trait OfEachTable {
    /// What comes of it.
    type Output;

    /// Does it to the table that `R` is a row of.
    fn of<R: Record>(&mut self) -> Self::Output;
}

impl Table {
    /// Does something to this table.
    pub fn visit<V: OfEachTable>(self, visitor: &mut V) -> V::Output {
        match self {
            Self::MessengerAccounts => visitor.of::<MessengerAccount>(),
            Self::AddressBook => visitor.of::<AddressBookEntry>(),
            Self::SocialAccounts => visitor.of::<SocialAccount>(),
            Self::Friendships => visitor.of::<Friendship>(),
            Self::Feedback => visitor.of::<Feedback>(),
            Self::ConsentEvents => visitor.of::<ConsentEventRow>(),
            Self::PolicyVersions => visitor.of::<PolicyText>(),
            Self::Overlays => visitor.of::<Overlay>(),
            Self::Ads => visitor.of::<Ad>(),
            Self::AudienceMembers => visitor.of::<AudienceMember>(),
            Self::AdFeedback => visitor.of::<AdFeedback>(),
            Self::Impressions => visitor.of::<Impression>(),
            Self::AdTruth => visitor.of::<AdTruth>(),
            Self::Businesses => visitor.of::<Business>(),
            Self::BusinessThreads => visitor.of::<BusinessThread>(),
            Self::BusinessOptIns => visitor.of::<BusinessOptIn>(),
            Self::BusinessEvents => visitor.of::<BusinessEvent>(),
            Self::AbuseReports => visitor.of::<AbuseReport>(),
            Self::CallCounts => visitor.of::<CallCount>(),
            Self::GroupMembers => visitor.of::<GroupMember>(),
            Self::TrustSeeds => visitor.of::<TrustSeed>(),
        }
    }

    /// Its columns, in the order of docs/formats.md; the first one names a row.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        self.visit(&mut Columns)
    }
}

struct Columns;

impl OfEachTable for Columns {
    type Output = &'static [Column];

    fn of<R: Record>(&mut self) -> Self::Output {
        R::COLUMNS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named;

    impl OfEachTable for Named {
        type Output = Table;

        fn of<R: Record>(&mut self) -> Table {
            R::TABLE
        }
    }

    #[test]
    fn every_table_has_rows_of_its_own() {
        for table in Table::ALL {
            assert_eq!(table.visit(&mut Named), table);
            assert!(table.columns().iter().any(|column| column.required));
        }
    }
}
