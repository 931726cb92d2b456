//! Subject: what is held about one person, where, for which purpose, and what was made of it.
//!
//! Whoever asks names an account, a person of the social network or a number. What belongs to them is found along links, those of
//! people who opted out too: an answer must not leave out what an opt-out left. Rows are named by file and row, and no number is
//! ever told.

mod consent;
mod held;
mod published;
mod scores;
mod who;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

pub use self::consent::AccountConsent;
pub use self::held::HeldRows;
pub use self::published::PublishedRows;
pub use self::scores::{AdGiven, Given, LinkHeld, Reachable, Scored};
use self::who::Who;
use crate::engine::opening::SignalsRequest;
use crate::engine::{EngineError, GivenModels, Prepared, Progress, Reading};
use crate::identity::E164;
use crate::ids::{AccountId, UserId};

/// Whom is asked about.
#[derive(Clone, Copy, Debug)]
pub enum SubjectAsked {
    /// Whoever has this id, on the messenger or on the social network.
    Id(u64),
    /// Whoever holds or held this number, or nobody does.
    Number(E164),
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct SubjectRequest<'a> {
    /// Of which signals.
    pub of: SignalsRequest<'a>,
    /// About whom.
    pub asked: SubjectAsked,
    /// The models that the run used.
    pub models: GivenModels<'a>,
    /// An output to look for published rows in.
    pub out: Option<&'a Path>,
}

/// What is held about one person. No phone number is in it.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// Of this format.
    pub schema: &'static str,
    /// The moment it speaks of.
    pub as_of: String,
    /// Their messenger accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Who they are on the social network.
    pub people: BTreeSet<UserId>,
    /// How many numbers are known of them.
    pub n_numbers: usize,
    /// Is one of their numbers, or the number that was asked about, on the list of people without an account who objected?
    pub objected: bool,
    /// What each account allows, and how it came to that.
    pub consent: Vec<AccountConsent>,
    /// The rows that name them, by file.
    pub held: Vec<HeldRows>,
    /// Which account and which person are taken for one, for each purpose that may.
    pub links: Vec<LinkHeld>,
    /// Whom they are suggested, with reasons.
    pub suggestions: Vec<Given>,
    /// Which ads they are given, with reasons.
    pub ads: Vec<AdGiven>,
    /// What their accounts score for spam, with reasons.
    pub spam: Vec<Scored>,
    /// Which businesses may write to them.
    pub businesses: Vec<Reachable>,
    /// Published rows that name them; empty if no output was named.
    pub published: Vec<PublishedRows>,
    /// What became of the rows that were read.
    #[serde(flatten)]
    pub reading: Reading,
}

impl Subject {
    /// Is nothing at all held about them?
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.accounts.is_empty() && self.people.is_empty() && self.held.is_empty() && !self.objected
    }
}

/// Finds what is held about one person.
///
/// # Errors
/// If a table, the ledger or the output cannot be read.
///
/// # Complexity
/// That of preparing a run, and reading every table once more.
pub fn subject(
    request: &SubjectRequest<'_>,
    progress: &dyn Progress,
) -> Result<Subject, EngineError> {
    let SignalsRequest {
        signals,
        ledger,
        params,
        times,
    } = request.of;
    let prepared = Prepared::open_with(signals, ledger, params, times, request.models, progress)?;
    let world = &prepared.world;
    let mut who = Who::of(world, request.asked);
    progress.begin("looking for rows that name them", None);
    let dir = params.open(signals)?;
    let held = held::held(&dir, world, &mut who)?;
    let (links, published) = (scores::links(&prepared, &who), request.out);
    Ok(Subject {
        schema: "acquaint-subject/1",
        as_of: world.standing.as_of.valid.to_string(),
        n_numbers: who.numbers.len(),
        objected: who
            .numbers
            .iter()
            .any(|&number| world.standing.objected(number)),
        consent: consent::of_accounts(world, &dir, ledger, &who)?,
        held,
        links,
        suggestions: scores::suggestions(&prepared, &who),
        ads: scores::ads(&prepared, &who)?,
        spam: scores::spam(&prepared, &who),
        businesses: scores::businesses(&prepared, &who),
        published: match published {
            Some(out) => published::published(out, &who)?,
            None => Vec::new(),
        },
        reading: world.reading(),
        accounts: who.accounts,
        people: who.people,
    })
}
