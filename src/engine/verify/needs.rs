//! Which tables the outputs of some purposes come from.

use crate::consent::Purpose;
use crate::signals::Table;

/// Does any output of these purposes come from this table?
pub(in crate::engine) fn needs(purposes: &[Purpose], table: Table) -> bool {
    let any = |some: &[Purpose]| some.iter().any(|purpose| purposes.contains(purpose));
    match table {
        // Ads look at what friends clicked.
        Table::Friendships | Table::Feedback => {
            any(&[Purpose::FriendSuggestions, Purpose::AdRelevance])
        }
        Table::Ads | Table::AudienceMembers | Table::AdFeedback | Table::Impressions => {
            any(&[Purpose::AdRelevance])
        }
        Table::CallCounts | Table::GroupMembers => any(&[Purpose::FriendSuggestions]),
        Table::BusinessThreads | Table::BusinessOptIns | Table::BusinessEvents => any(&BUSINESS),
        Table::AbuseReports | Table::TrustSeeds => {
            any(&[Purpose::FriendSuggestions, Purpose::Abuse]) || any(&BUSINESS)
        }
        // What only a synthetic world knows is for evaluation; no output may come from it.
        Table::AdTruth => false,
        // Who there is, whose number is whose, who saved it, and who allowed what.
        Table::AddressBook
        | Table::MessengerAccounts
        | Table::SocialAccounts
        | Table::ConsentEvents
        | Table::PolicyVersions
        | Table::Overlays
        | Table::Businesses => true,
    }
}

const BUSINESS: [Purpose; 2] = [Purpose::BusinessService, Purpose::BusinessMarketing];
