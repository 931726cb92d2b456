//! The address book for business messages: who knows whom, and who saved the number of a business.

use crate::business::Saved;
use crate::consent::{For, Permitted};
use crate::engine::books::reading::{Book, Matcher, ReadBatch, Reader};
use crate::engine::books::strangers::numbers_of_people_out;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::hash::HashMap;
use crate::identity::{E164, ValidBookBudget};
use crate::ids::{AccountId, BusinessId};
use crate::time::Timestamp;

/// What the address book says for a purpose.
#[derive(Debug)]
pub(in crate::engine) struct BusinessBook<P> {
    pub(in crate::engine) matched: Book<P>,
    /// Each pair once, with the last time; ascending.
    pub(in crate::engine) saved: Vec<Permitted<Saved, P>>,
}

impl<P> Default for BusinessBook<P> {
    fn default() -> Self {
        Self {
            matched: Book::default(),
            saved: Vec::new(),
        }
    }
}

/// Matches the address book, and notes the numbers in it that are a business's.
pub(in crate::engine) struct BusinessReader<'v, P> {
    matcher: Matcher<'v, P>,
    view: &'v View<P>,
    businesses: HashMap<E164, Vec<BusinessId>>,
    saved: HashMap<(BusinessId, AccountId), Timestamp>,
}

impl<'v, P: For> BusinessReader<'v, P> {
    pub(in crate::engine) fn new(
        inputs: &Inputs,
        view: &'v View<P>,
        budget: &'v ValidBookBudget,
    ) -> Self {
        // The number of somebody who is out would be in nobody's book if they were in no table.
        let out = numbers_of_people_out(inputs, view);
        let mut businesses: HashMap<E164, Vec<BusinessId>> = HashMap::default();
        for one in inputs.businesses.iter() {
            if let Some(number) = one.number.filter(|number| !out.contains(*number)) {
                let ids = businesses.entry(number).or_default();
                ids.push(one.row.business_id);
            }
        }
        Self {
            matcher: Matcher::new(inputs, view, budget),
            view,
            businesses,
            saved: HashMap::default(),
        }
    }

    /// Whoever looked up too many numbers saved nobody's.
    pub(in crate::engine) fn finish(self) -> BusinessBook<P> {
        let matched = self.matcher.finish().value;
        let gate = &self.view.gates.accounts;
        let mut saved: Vec<Saved> = (self.saved.into_iter())
            .map(|((business, account), saved_at)| Saved {
                business,
                account,
                saved_at,
            })
            .filter(|one| !matched.over_budget.contains(one.account))
            .collect();
        saved.sort_unstable();
        let saved = saved.into_iter().filter_map(|one| gate.permit(one).ok());
        BusinessBook {
            saved: saved.collect(),
            matched,
        }
    }
}

impl<P: For> Reader for BusinessReader<'_, P> {
    fn add(&mut self, batch: &ReadBatch) {
        for contact in self.matcher.matched(batch) {
            let contact = contact.get();
            for &business in self.businesses.get(&contact.number).into_iter().flatten() {
                let key = (business, contact.from);
                let held = self.saved.entry(key).or_insert(contact.saved_at);
                *held = (*held).max(contact.saved_at);
            }
        }
    }

    fn count(&mut self, batch: &ReadBatch) {
        self.matcher.count(batch);
    }
}
