//! Work: which outputs a run is for. A run for one purpose alone does nothing for the others.

use crate::consent::Purpose;
use crate::signals::Table;

/// Which outputs are asked for.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each output is asked for or not, in any combination"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Work {
    /// `suggestions` and their links.
    pub(in crate::engine) suggest: bool,
    /// `ad_scores` and their links.
    pub(in crate::engine) ads: bool,
    /// `abuse_scores` and their links.
    pub(in crate::engine) abuse: bool,
    /// `business_reach`, for service and marketing.
    pub(in crate::engine) business: bool,
}

impl Work {
    /// Every output.
    pub(in crate::engine) const ALL: Self = Self {
        suggest: true,
        ads: true,
        abuse: true,
        business: true,
    };

    /// What some purposes need.
    pub(in crate::engine) fn of(purposes: &[Purpose]) -> Self {
        let asked = |purpose| purposes.contains(&purpose);
        Self {
            suggest: asked(Purpose::FriendSuggestions),
            ads: asked(Purpose::AdRelevance),
            abuse: asked(Purpose::Abuse),
            business: asked(Purpose::BusinessService) || asked(Purpose::BusinessMarketing),
        }
    }

    /// Does any of these outputs come from this table?
    pub(in crate::engine) const fn reads(self, table: Table) -> bool {
        match table {
            Table::Friendships | Table::Feedback => self.suggest,
            Table::Ads | Table::AudienceMembers | Table::AdFeedback | Table::Impressions => {
                self.ads
            }
            Table::BusinessThreads | Table::BusinessOptIns => self.business,
            Table::AddressBook | Table::AbuseReports => self.suggest || self.abuse || self.business,
            // What only a synthetic world knows is for evaluation; no output may come from it.
            Table::AdTruth => false,
            // Who there is, whose number is whose, and who allowed what.
            Table::MessengerAccounts
            | Table::SocialAccounts
            | Table::ConsentEvents
            | Table::PolicyVersions
            | Table::Overlays
            | Table::Businesses => true,
        }
    }
}
