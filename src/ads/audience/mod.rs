//! Customer lists: whom an advertiser may reach by a list it brought, and people like them.
//!
//! A list is a set of tokens; the engine says which permitted people they stand for, and this room never sees one. Somebody who
//! does not allow ads is on no list and in no count. An advertiser sees sizes and effects, so what has to be kept from it
//! is whether one person is on a list, or allows ads at all. Four rules do that:
//!
//! - **Size.** A list that matches fewer than `audience_min` people reaches nobody, and nothing says how many it matched.
//! - **Difference.** An advertiser's lists are rounded to crowds ([`Partition`]): whatever it can single out with them together,
//!   who is on one but not on another, on both, on several, is nobody or at least `audience_min` people. Two lists that differ
//!   by one person are the simplest way to ask about that person; three whose sizes add up are another; the rule knows no
//!   difference. A list that is rounded to another of the advertiser's is refused, whether it differed from it by a few people
//!   or by none: a rule that let equal lists pass would tell by its yes that somebody is out. Lists come in the order of
//!   their first row, so the later one is refused.
//! - **Conditions.** An ad for a list chooses by nothing else: conditions of two ads would cut a list as two lists do.
//! - **Batches.** Rows added to a list later count from the moment at which at least `audience_min` new people are among
//!   them, so that a list that grows by one person does not change.
//!
//! Sizes are told rounded down to a tenth of `audience_min`. Minors are on no list.
//!
//! What is left is the border itself: whoever controls `audience_min − 1` people with accounts and numbers of their own can ask
//! about one more, and each such question takes as many new ones. A row that vanishes from a table is not seen to have
//! been there: whoever takes people off a list makes a new list, and the rule of difference compares the two as long as
//! both are in the table. Two advertisers who pool what they learn are not one advertiser.
//!
//! # References
//! The rule of difference is k-anonymity (Sweeney, 2002) of the partition that the lists make; the attack it stops is the
//! tracker of Denning, Denning and Schwartz (1979); that a refusal informs is why auditing has to be simulatable (Kenthapadi,
//! Mishra and Nissim, 2005). On audiences of ads: Korolova (2011), Venkatadri et al. (2018).

mod batches;
mod judge;
mod lookalike;
mod partition;

pub use judge::{AudienceReport, AudienceVerdict, Audiences, ListMember};
pub use partition::Partition;
