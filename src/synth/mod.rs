//! Synthetic worlds: every table, any size, one seed.
//!
//! A world is the summer and autumn of 2016: a messenger announces new terms, people answer, regulators
//! object. Tables have the shapes that real ones have (heavy-tailed address books, recycled numbers, shared
//! devices, spammers, one-sided contacts) and come with the [`Truth`] that no real table has: who is who,
//! who knows whom, who is a spammer, and how likely each click was. The figures stand beside the code that
//! uses them. Nothing in a world is taken from real people.
//!
//! The same parameters give the same world on every machine. Each topic draws from its own stream of random
//! numbers, so more impressions do not change an address book. Time and memory are linear in the number of
//! people but for the sorting of tables.
//!
//! ```
//! use acquaint::synth::{SynthParams, world};
//!
//! let params = SynthParams::default().users(100).seed(7).check()?;
//! let world = world(&params);
//! assert_eq!(world.social_accounts.len(), 100);
//! assert_eq!(world.truth.click_probabilities.len(), world.impressions.len());
//! # Ok::<(), acquaint::params::ParamError>(())
//! ```

mod accounts;
mod ads;
mod attackers;
mod blocks;
mod books;
mod businesses;
mod calendar;
mod claimants;
mod clicks;
mod consent;
mod devices;
mod draft;
mod draw;
mod edges;
mod effects;
mod lists;
mod numbers;
mod params;
mod people;
mod profiles;
mod showings;

pub use clicks::{Showing, TrueClickModel};
use draft::Draft;
pub use draft::{ListToken, TableSink, write_world};
pub use edges::{EdgeWorld, PublicPeople, TooManyPeople, public_people, world_of_edges};
pub use effects::{Earlier, Effects, EffectsError};
pub use params::{SynthParams, ValidSynthParams};

use crate::consent::Overlay;
use crate::ids::{AccountId, AudienceId, BusinessId, Owned, UserId};
use crate::signals::{
    AbuseReport, Ad, AdFeedback, AdTruth, AddressBookEntry, AudienceMember, Business,
    BusinessEvent, BusinessOptIn, BusinessThread, ConsentEventRow, Feedback, Friendship,
    Impression, MessengerAccount, PolicyText, SocialAccount, TrustSeed,
};
use crate::time::Timestamp;

/// All the tables of a synthetic world, and what is true in it.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// The moment to compute scores for: 2016-11-15T00:00:00Z, with deadlines on both sides of it.
    pub as_of: Timestamp,
    /// Rows of `messenger_accounts`, ordered by account and number.
    pub messenger_accounts: Vec<MessengerAccount>,
    /// Rows of `address_book`, ordered by account.
    pub address_book: Vec<AddressBookEntry>,
    /// Rows of `social_accounts`, ascending.
    pub social_accounts: Vec<SocialAccount>,
    /// Rows of `friendships`, ascending, the smaller id first.
    pub friendships: Vec<Friendship>,
    /// Rows of `feedback`, ascending.
    pub feedback: Vec<Feedback>,
    /// Rows of `consent_events`, in the order in which the ledger learned of them.
    pub consent_events: Vec<ConsentEventRow>,
    /// Rows of `policy_versions`.
    pub policy_versions: Vec<PolicyText>,
    /// Rows of `overlays`.
    pub overlays: Vec<Overlay>,
    /// Rows of `ads`, ascending.
    pub ads: Vec<Ad>,
    /// Rows of `audience_members`: none until [`make_lists`](Self::make_lists) has a way to make tokens.
    pub audience_members: Vec<AudienceMember>,
    /// Rows of `ad_feedback`, ascending.
    pub ad_feedback: Vec<AdFeedback>,
    /// Rows of `impressions`, totals without a person first.
    pub impressions: Vec<Impression>,
    /// Rows of `businesses`.
    pub businesses: Vec<Business>,
    /// Rows of `business_threads`, ascending, one for a business and an account.
    pub business_threads: Vec<BusinessThread>,
    /// Rows of `business_opt_ins`, ascending.
    pub business_opt_ins: Vec<BusinessOptIn>,
    /// Rows of `business_events`: for whoever adds some; none are made.
    pub business_events: Vec<BusinessEvent>,
    /// Rows of `abuse_reports`, ascending.
    pub abuse_reports: Vec<AbuseReport>,
    /// Rows of `trust_seeds`: none without attackers.
    pub trust_seeds: Vec<TrustSeed>,
    /// What no table says.
    pub truth: Truth,
}

impl World {
    /// Rows of `ad_truth`: how likely each click was, in the order of `impressions`.
    #[must_use]
    pub fn ad_truth(&self) -> Vec<AdTruth> {
        let row = |(shown, &p_click): (&Impression, &f64)| AdTruth {
            user_id: shown.user_id,
            ad_id: shown.ad_id,
            surface: shown.surface,
            position: shown.position,
            at: shown.at,
            p_click,
        };
        let rows = self.impressions.iter().zip(&self.truth.click_probabilities);
        rows.map(row).collect()
    }
}

/// What is true in a synthetic world.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Messenger accounts whose holder also has a social account, with that account; ascending.
    pub owners: Vec<Owned>,
    /// Pairs of people on the social network who know each other, friends there or not; the smaller id
    /// first, ascending.
    pub acquaintances: Vec<(UserId, UserId)>,
    /// The accounts of spammers, ascending.
    pub spammers: Vec<AccountId>,
    /// The messenger accounts of businesses that have one; ascending.
    pub business_accounts: Vec<(AccountId, BusinessId)>,
    /// Who is on which customer list, and since when; by list and person.
    pub customers: Vec<(AudienceId, UserId, Timestamp)>,
    /// The probability of a click at each showing of a row of `impressions`, in the order of its rows.
    pub click_probabilities: Vec<f64>,
    /// The probability of a click for any person and any ad.
    pub clicks: TrueClickModel,
}

/// The world of a seed. [`write_world`] needs a fraction of the memory.
///
/// # Complexity
/// O(n log n) time and O(n) space for n rows in all tables, about 60 rows a person with the default
/// parameters, and customer lists, whose rows are 0.05 % of the square of the people.
#[must_use]
pub fn world(params: &ValidSynthParams) -> World {
    let seed = params.seed();
    let draft = Draft::new(params);
    let audience = draft.audience();
    let (society, users, accounts) = (&draft.society, &draft.users, &draft.accounts);
    let added = &draft.added;
    World {
        as_of: calendar::AS_OF,
        address_book: followed(draft.address_books().flatten().collect(), &added.book),
        friendships: profiles::friendships(seed, society, users),
        feedback: profiles::feedback(seed, society, users),
        consent_events: followed(
            consent::consent_events(params, society, accounts),
            &added.events,
        ),
        policy_versions: consent::policy_texts(),
        overlays: consent::overlays(),
        audience_members: Vec::new(),
        ad_feedback: lists::hidden(seed, &draft.ads, &draft.shown),
        impressions: draft.shown.impressions(&audience).flatten().collect(),
        business_threads: businesses::threads(seed, &draft.businesses, accounts),
        business_opt_ins: businesses::opt_ins(seed, &draft.businesses, accounts),
        business_events: Vec::new(),
        abuse_reports: followed(businesses::reports(seed, accounts), &added.reports),
        trust_seeds: added.seeds.clone(),
        truth: truth(seed, &draft),
        messenger_accounts: followed(draft.messenger_accounts, &added.rows),
        social_accounts: draft.social_accounts,
        ads: draft.ads,
        businesses: draft.businesses,
    }
}

/// Rows, and after them those that were added.
fn followed<R: Clone>(mut rows: Vec<R>, added: &[R]) -> Vec<R> {
    rows.extend_from_slice(added);
    rows
}

/// The kind of every account of a world with attackers, ascending by account: `person`, `business`, `heavy`, `witness`, or a kind of abuse.
///
/// # Complexity
/// That of drawing the world once more, without its address books and events.
#[must_use]
pub fn account_kinds(params: &ValidSynthParams) -> Vec<(AccountId, &'static str)> {
    let draft = Draft::new(params);
    draft.added.kinds(&draft.accounts)
}

fn truth(seed: u64, draft: &Draft<'_>) -> Truth {
    let people = &draft.social_accounts;
    let on_list = |(list, customers): (AudienceId, Vec<lists::Customer>)| {
        let row = move |one: lists::Customer| (list, people[one.person].user_id, one.since);
        customers.into_iter().map(row)
    };
    Truth {
        owners: draft.owners(),
        acquaintances: draft.acquaintances(),
        spammers: draft.spammers(),
        business_accounts: draft.business_accounts(),
        customers: lists::customers(seed, &draft.ads, people)
            .flat_map(on_list)
            .collect(),
        click_probabilities: draft.shown.probabilities(),
        clicks: draft.clicks.clone(),
    }
}

#[cfg(test)]
mod tests;
