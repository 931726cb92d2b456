//! The address book, streamed: rows to numbers, numbers to matches.
//!
//! A row passes the gate twice for each purpose: its uploader must allow the upload to be matched, and both
//! accounts must allow the match. Numbers are parsed once and forgotten with the batch.

use rayon::prelude::*;

use crate::consent::{DenialReason, For, Permitted};
use crate::engine::books::long::BookLengths;
use crate::engine::books::number_book::drop_unmatched;
use crate::engine::books::strangers::numbers_of_people_out;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::numbers::{BookRefusals, Refused};
use crate::engine::world::standing::Standing;
use crate::engine::world::view::View;
use crate::engine::{EngineError, Progress, Stage, Staged};
use crate::hash::HashMap;
use crate::identity::{
    BookUses, Contact, E164, Gathered, Match, NotANumber, NumberSet, OverBudget, Typed,
    ValidBookBudget, count_ambiguous, match_entries, normalise, number_region,
};
use crate::ids::{AccountId, Region};
use crate::signals::{AddressBookEntry, RawPhone, RejectionReason, SignalsDir, Table};
use crate::time::Timestamp;

/// Contacts that one core asks the gate about at a time.
const CONTACTS_A_JOB: usize = 1 << 13;

/// What a batch of address-book rows says once its numbers are read.
pub(in crate::engine) struct ReadBatch {
    contacts: Vec<Contact>,
    /// The rows whose text is no number.
    refused: Vec<(usize, NotANumber)>,
    n_ambiguous: u64,
    n_not_yet: u64,
    n_objected: u64,
}

impl ReadBatch {
    /// Reads the numbers of some rows. A number on the objection list is dropped here and goes no further.
    pub(in crate::engine) fn new(
        rows: &[AddressBookEntry],
        as_of: Timestamp,
        regions: &HashMap<AccountId, Region>,
        objected: &(impl Fn(E164) -> bool + Sync),
    ) -> Self {
        let column: Vec<Typed<&RawPhone>> = rows
            .par_iter()
            .map(|row| Typed::new(&row.phone, regions.get(&row.account_id).copied()))
            .collect();
        let numbers = normalise(&column);
        let mut batch = Self {
            contacts: Vec::with_capacity(rows.len()),
            refused: Vec::new(),
            n_ambiguous: count_ambiguous(&column),
            n_not_yet: 0,
            n_objected: 0,
        };
        for (at, (row, number)) in rows.iter().zip(numbers).enumerate() {
            match number {
                Err(why) => batch.refused.push((at, why)),
                Ok(_) if row.saved_at > as_of => batch.n_not_yet += 1,
                Ok(number) if objected(number) => batch.n_objected += 1,
                Ok(number) => batch.contacts.push(Contact {
                    from: row.account_id,
                    number,
                    saved_at: row.saved_at,
                }),
            }
        }
        batch
    }
}

/// What one purpose may know of the address book.
#[derive(Debug)]
pub(in crate::engine) struct Book<P> {
    /// Every match once.
    pub(in crate::engine) matches: Vec<Permitted<Match, P>>,
    /// Who matched nobody, for having looked up too many.
    pub(in crate::engine) over_budget: OverBudget,
}

impl<P> Default for Book<P> {
    fn default() -> Self {
        Self {
            matches: Vec::new(),
            over_budget: OverBudget::nobody(),
        }
    }
}

/// Collects one purpose's matches over all batches.
pub(in crate::engine) struct Matcher<'v, P> {
    view: &'v View<P>,
    of_people_out: NumberSet,
    uses: BookUses<'v>,
    matches: Gathered<P>,
    stage: Stage,
}

impl<'v, P: For> Matcher<'v, P> {
    /// Nothing matched yet.
    pub(in crate::engine) fn new(
        inputs: &Inputs,
        view: &'v View<P>,
        budget: &'v ValidBookBudget,
    ) -> Self {
        let stage = Stage::new(&format!("address book → matches ({})", P::PURPOSE));
        Self {
            view,
            of_people_out: numbers_of_people_out(inputs, view),
            uses: BookUses::new(budget),
            matches: Gathered::default(),
            stage,
        }
    }

    /// Matches one batch; returns the contacts that passed the first gate.
    pub(in crate::engine) fn matched(&mut self, batch: &ReadBatch) -> Vec<Permitted<Contact, P>> {
        for (_, why) in &batch.refused {
            self.stage.drop(RejectionReason::from(*why).as_str(), 1);
        }
        self.stage.drop("not_yet", batch.n_not_yet);
        self.stage.drop("objected", batch.n_objected);
        let contacts = self.permit_uploads(&batch.contacts);
        let matched = match_entries(&self.view.directory, &contacts);
        drop_unmatched(&mut self.stage, matched.counts);
        self.permit_matches(matched.matches);
        contacts
    }

    /// Every match once, with the sums of the stage.
    pub(in crate::engine) fn finish(mut self) -> Staged<Book<P>> {
        let over_budget = self.uses.over();
        let folded = self.matches.finish(&over_budget);
        self.stage.drop("over_budget", folded.over_budget);
        self.stage.drop("duplicate", folded.duplicates);
        self.stage.pass(folded.matches.len() as u64);
        let value = Book {
            matches: folded.matches,
            over_budget,
        };
        Staged {
            value,
            stage: self.stage,
        }
    }

    fn permit_uploads(&mut self, contacts: &[Contact]) -> Vec<Permitted<Contact, P>> {
        let gate = &self.view.gates.accounts;
        let part = |contacts: &[Contact]| {
            let (mut permitted, mut denied) = (Vec::with_capacity(contacts.len()), Vec::new());
            gate.permit_each(contacts, |decided| match decided {
                Ok(contact) => permitted.push(contact),
                Err(reason) => denied.push(reason),
            });
            (permitted, denied)
        };
        let parts = contacts.par_chunks(CONTACTS_A_JOB).map(part);
        let parts: Vec<(Vec<_>, Vec<DenialReason>)> = parts.collect();
        let n_permitted = parts.iter().map(|(permitted, _)| permitted.len()).sum();
        let mut all = Vec::with_capacity(n_permitted);
        for (permitted, denied) in &parts {
            all.extend_from_slice(permitted);
            self.count_denials("uploader", denied);
        }
        all
    }

    fn permit_matches(&mut self, matches: Vec<Match>) {
        let mut denied = Vec::new();
        for one in matches {
            match self.view.gates.accounts.permit(one) {
                Ok(permitted) => self.matches.push(permitted),
                Err(reason) => denied.push(reason),
            }
        }
        self.count_denials("match", &denied);
    }

    fn count_denials(&mut self, of: &str, denied: &[DenialReason]) {
        for reason in DenialReason::ALL {
            let n = denied.iter().filter(|&&d| d == reason).count() as u64;
            self.stage.drop(&format!("{of}: {reason}"), n);
        }
    }
}

/// Where each account's numbers are read: its own region, or else its number's.
pub(in crate::engine) fn default_regions(inputs: &Inputs) -> HashMap<AccountId, Region> {
    let mut regions = HashMap::default();
    for holder in inputs.accounts.iter() {
        let of_number = || holder.number.and_then(number_region);
        if let Some(region) = holder.row.region.or_else(of_number) {
            regions.insert(holder.row.account_id, region);
        }
    }
    regions
}

/// What a purpose makes of the address book, batch by batch.
pub(in crate::engine) trait Reader: Send {
    /// Matches one batch.
    fn add(&mut self, batch: &ReadBatch);

    /// Counts the different numbers of one batch of entries of long books, each batch once.
    fn count(&mut self, batch: &ReadBatch);
}

impl<P: For> Reader for Matcher<'_, P> {
    fn add(&mut self, batch: &ReadBatch) {
        self.matched(batch);
    }

    fn count(&mut self, batch: &ReadBatch) {
        let contacts = self.permit_uploads(&batch.contacts);
        for contact in &contacts {
            if !self.of_people_out.contains(contact.get().number) {
                self.uses.add(contact);
            }
        }
    }
}

/// Reads the address book once, for everybody who wants to know, and notes in `inputs` what could not be read. Returns how
/// many numbers would be others with a plus sign in front; these are noted too.
///
/// # Errors
/// If the table cannot be read.
pub(in crate::engine) fn read_address_book(
    dir: &SignalsDir,
    inputs: &mut Inputs,
    standing: &Standing,
    budget: &ValidBookBudget,
    readers: &mut [&mut dyn Reader],
    progress: &dyn Progress,
) -> Result<u64, EngineError> {
    progress.begin("matching the address book", None);
    let regions = default_regions(inputs);
    let objected = |number| standing.objected(number);
    let batch = |rows: &[_]| ReadBatch::new(rows, standing.as_of.valid, &regions, &objected);
    let (mut lengths, mut refusals) = (BookLengths::default(), BookRefusals::default());
    let (numbers, mut n_ambiguous) = (&mut inputs.read.numbers, 0);
    let summary = dir.stream::<AddressBookEntry, EngineError>(|mut rows| {
        lengths.add(&rows.records);
        let read = batch(&rows.records);
        // Much of what each does is one row after the other.
        readers.par_iter_mut().for_each(|reader| reader.add(&read));
        progress.advance(rows.records.len() as u64);
        n_ambiguous += read.n_ambiguous;
        let refused = read.refused.iter().map(|(_, why)| (*why).into());
        numbers.refuse(Table::AddressBook, refused);
        refusals.add(&mut rows, &read.refused);
        Ok(())
    })?;
    lengths.reread_longer_than(budget.always_allowed(), dir, progress, |rows| {
        let read = batch(rows);
        readers
            .par_iter_mut()
            .for_each(|reader| reader.count(&read));
    })?;
    let Refused {
        rejections,
        n_unlisted,
    } = refusals.finish(&summary);
    inputs.read.rejections.extend(rejections);
    inputs.read.n_unlisted += n_unlisted;
    let numbers = &mut inputs.read.numbers;
    numbers.add_ambiguous(Table::AddressBook, n_ambiguous);
    inputs.read.take(summary);
    Ok(n_ambiguous)
}
