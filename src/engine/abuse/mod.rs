//! Abuse: the corridor of spam scores.

pub(in crate::engine) mod case;
pub(in crate::engine) mod explain;
mod rows;

use crate::abuse::{SpamScore, ValidAbuseParams};
use crate::consent::{Abuse, Permitted};
use crate::engine::Staged;
use crate::engine::books::reading::{Book, Matcher, ReadBatch, Reader};
use crate::engine::books::strangers::numbers_of_somebody;
use crate::engine::spam;
use crate::engine::world::World;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::hash::HashSet;
use crate::identity::{Contact, E164, Strangers, StrangersSaved, ValidBookBudget};
use crate::ids::AccountId;

/// The spam scores of all accounts.
#[derive(Debug)]
pub(in crate::engine) struct SpamScores {
    pub(in crate::engine) view: View<Abuse>,
    /// Ascending by account.
    pub(in crate::engine) scores: Vec<SpamScore>,
    params: ValidAbuseParams,
}

impl SpamScores {
    /// Scores every account of the view.
    pub(in crate::engine) fn prepare(
        world: &mut World,
        view: View<Abuse>,
        book: &AbuseBook,
    ) -> Self {
        let params = &world.params.abuse;
        let (matched, strangers) = (&book.matched, &book.strangers);
        let scores = spam::scores(&world.inputs, &view, matched, strangers, params);
        let scores = scores.noted(&mut world.stages);
        Self {
            view,
            scores,
            params: world.params.abuse.clone(),
        }
    }

    /// The score of an account; none if it may not be looked at.
    pub(in crate::engine) fn of_account(&self, account: AccountId) -> Option<&SpamScore> {
        let at = self
            .scores
            .binary_search_by_key(&account, |one| one.account);
        let score = &self.scores[at.ok()?];
        let is_allowed = self.view.gates.accounts.decision(account).is_allowed();
        is_allowed.then_some(score)
    }
}

/// What the address book says of spam.
#[derive(Debug)]
pub(in crate::engine) struct AbuseBook {
    matched: Book<Abuse>,
    /// How many different numbers that are nobody's account each account saved: counts only.
    strangers: Vec<Strangers>,
}

/// Matches the address book, and counts the numbers in it that are nobody's account.
pub(in crate::engine) struct AbuseReader<'v> {
    matcher: Matcher<'v, Abuse>,
    taken: HashSet<E164>,
    saved: StrangersSaved,
}

impl<'v> AbuseReader<'v> {
    pub(in crate::engine) fn new(
        inputs: &Inputs,
        view: &'v View<Abuse>,
        budget: &'v ValidBookBudget,
    ) -> Self {
        Self {
            matcher: Matcher::new(inputs, view, budget),
            taken: numbers_of_somebody(inputs, view),
            saved: StrangersSaved::default(),
        }
    }

    pub(in crate::engine) fn finish(self) -> Staged<AbuseBook> {
        let matched = self.matcher.finish();
        let value = AbuseBook {
            matched: matched.value,
            strangers: self.saved.by_account(),
        };
        Staged {
            value,
            stage: matched.stage,
        }
    }
}

impl Reader for AbuseReader<'_> {
    fn add(&mut self, batch: &ReadBatch) {
        let contacts = self.matcher.matched(batch);
        count_strangers(&contacts, &self.taken, &mut self.saved);
    }

    fn count(&mut self, batch: &ReadBatch) {
        self.matcher.count(batch);
    }
}

/// Counts the numbers that are nobody's account. A number of somebody who is out is not counted:
/// whoever is deleted from every table is deleted from address books too.
fn count_strangers(
    contacts: &[Permitted<Contact, Abuse>],
    taken: &HashSet<E164>,
    strangers: &mut StrangersSaved,
) {
    for contact in contacts.iter().map(Permitted::get) {
        if !taken.contains(&contact.number) {
            strangers.add(contact);
        }
    }
}
