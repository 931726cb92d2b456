//! A number book, matched: read in parallel by row groups, and what is found kept until the end.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::consent::{DenialReason, For, Gate, Permitted};
use crate::engine::outputs::OutputError;
use crate::engine::{EngineError, Progress, Reading, Stage};
use crate::identity::{
    BookBounds, BookSizes, BookUses, Contact, Directory, E164, Kept, KeptCounts, Match,
    MatchCounts, NumberSet, OverBudget, PartitionedJoin, Spilled, Spread, ValidBookBudget,
    fold_kept,
};
use crate::ids::AccountId;
use crate::signals::{BookRejections, NumberBook};
use crate::time::Timestamp;

/// What a number book is matched with, for purpose `P`.
pub struct BookRequest<'a, P> {
    /// The book.
    pub book: &'a NumberBook,
    /// Whose a number was when.
    pub directory: &'a Directory<P>,
    /// Asked before an entry is looked up and before its match is kept.
    pub gate: &'a Gate<P, AccountId>,
    /// Is this the number of somebody without an account who objected?
    pub objected: &'a (dyn Fn(E164) -> bool + Sync),
    /// The numbers of accounts and people who are out: they are no count in anybody's book.
    pub of_people_out: &'a NumberSet,
    /// How many numbers an account may have looked up.
    pub budget: &'a ValidBookBudget,
    /// What was saved later is not there yet.
    pub as_of: Timestamp,
    /// How many bytes of matches to hold in memory, all threads together; the rest goes to files.
    pub max_bytes: usize,
    /// Where those files are made. They have no names.
    pub spill_dir: &'a Path,
}

/// What became of a number book.
#[derive(Clone, Debug)]
pub struct BookMatched {
    /// What became of every entry.
    pub stage: Stage,
    /// Rows that are no entries.
    pub rejected: BookRejections,
    /// Who matched nobody, for having looked up too many.
    pub over_budget: OverBudget,
    /// What memory did not hold.
    pub spilled: Spilled,
    /// What became of the rows of the tables beside it.
    pub reading: Reading,
}

/// Matches a number book. Each pair of accounts comes once, at the earliest; ascending by who saved, then by whose number.
/// `make` is called for consecutive stretches of them, in parallel, and `take` for what it made, in order.
///
/// # Errors
/// If the book or a temporary file cannot be read, or what `make` and `take` return.
///
/// # Complexity
/// O(1) a row, and a match if accounts are spread about evenly. The file is read once, and once more if an address book
/// may be over its budget. Memory: the directory, four entries a thread for each of
/// its tenures (24 bytes each, at most eight million), and `max_bytes` of matches.
pub fn match_book<P: For, T: Send>(
    request: &BookRequest<'_, P>,
    progress: &dyn Progress,
    make: impl Fn(&[Permitted<Match, P>]) -> Result<T, OutputError> + Sync,
    mut take: impl FnMut(T) -> Result<(), OutputError>,
) -> Result<BookMatched, EngineError> {
    let spread = Spread::new(&request.gate.known());
    progress.begin("matching the number book", Some(request.book.n_rows()));
    let n_tasks = rayon::current_num_threads().clamp(1, request.book.n_groups().max(1));
    let next_group = AtomicUsize::new(0);
    let tasks = (0..n_tasks).into_par_iter().with_max_len(1).map(|_| {
        let mut task = Task::new(request, &spread, n_tasks);
        task.work(&next_group, progress)?;
        Ok(task)
    });
    let mut counted = Counted::default();
    let mut kept = Vec::with_capacity(n_tasks);
    let mut sizes = BookSizes::default();
    for task in tasks.collect::<Result<Vec<_>, EngineError>>()? {
        counted = counted.and(task.counted);
        kept.push(task.kept);
        sizes.append(task.sizes);
    }
    let over_budget = over_budget(request, &sizes.finish(), progress)?;
    progress.begin("putting matches in order", None);
    let mut n_kept = 0;
    let counted_make =
        |rows: &[Permitted<Match, P>]| Ok::<_, EngineError>((rows.len() as u64, make(rows)?));
    let KeptCounts {
        over_budget: n_over_budget,
        duplicates,
        spilled,
    } = fold_kept(
        &kept,
        request.gate,
        &over_budget,
        spill_error(request),
        counted_make,
        |(n, output)| {
            n_kept += n;
            Ok(take(output)?)
        },
    )?;
    let mut stage = counted.stage::<P>();
    stage.drop("over_budget", n_over_budget);
    stage.drop("duplicate", duplicates);
    stage.pass(n_kept);
    stage.check()?;
    Ok(BookMatched {
        stage,
        rejected: counted.rejected,
        over_budget,
        spilled,
        reading: Reading::default(),
    })
}

/// What one thread does: whole row groups, one after another.
struct Task<'r, P> {
    request: &'r BookRequest<'r, P>,
    join: PartitionedJoin<'r, P>,
    kept: Kept<'r, P>,
    sizes: BookSizes,
    counted: Counted,
}

impl<'r, P: For> Task<'r, P> {
    fn new(request: &'r BookRequest<'r, P>, spread: &'r Spread, n_tasks: usize) -> Self {
        Self {
            request,
            join: PartitionedJoin::new(request.directory),
            kept: Kept::new(spread, request.max_bytes / n_tasks),
            sizes: BookSizes::default(),
            counted: Counted::default(),
        }
    }

    fn work(
        &mut self,
        next_group: &AtomicUsize,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        loop {
            let group = next_group.fetch_add(1, Ordering::Relaxed);
            if group >= self.request.book.n_groups() {
                break;
            }
            let n_before = self.counted.n_rows;
            self.read(group)?;
            progress.advance(self.counted.n_rows - n_before);
            if self.join.has_enough() {
                self.resolve()?;
            }
        }
        self.resolve()
    }

    fn read(&mut self, group: usize) -> Result<(), EngineError> {
        let (join, sizes) = (&mut self.join, &mut self.sizes);
        let everybody = |_| true;
        read_contacts(
            self.request,
            group,
            &mut self.counted,
            everybody,
            |contact| {
                sizes.add(contact.get().from);
                join.push(contact);
            },
        )
    }

    fn resolve(&mut self) -> Result<(), EngineError> {
        let (request, kept, denied) = (self.request, &mut self.kept, &mut self.counted.matches);
        let counts = self.join.resolve(|found| match request.gate.permit(found) {
            Ok(found) => kept.push(found),
            Err(reason) => denied[reason as usize] += 1,
        });
        self.counted.found = self.counted.found.plus(counts);
        kept.spill_if_full(request.spill_dir)
            .map_err(spill_error(request))
    }
}

/// Who looked up too many numbers. Only address books that may be too large are counted one by one, and the file is read
/// again for them: for all the others, a bound is enough.
fn over_budget<P: For>(
    request: &BookRequest<'_, P>,
    bounds: &BookBounds,
    progress: &dyn Progress,
) -> Result<OverBudget, EngineError> {
    let always_allowed = request.budget.always_allowed();
    if bounds.largest() <= always_allowed {
        return Ok(OverBudget::nobody());
    }
    progress.begin("counting large address books", Some(request.book.n_rows()));
    let of_group = |group| {
        let mut uses = BookUses::new(request.budget);
        let mut counted = Counted::default();
        let may_be_over = |account| bounds.of(account) > always_allowed;
        read_contacts(request, group, &mut counted, may_be_over, |contact| {
            if !request.of_people_out.contains(contact.get().number) {
                uses.add(&contact);
            }
        })?;
        progress.advance(counted.n_rows);
        Ok(uses)
    };
    let groups = (0..request.book.n_groups()).into_par_iter();
    let uses: Result<Vec<BookUses<'_>>, EngineError> = groups.map(of_group).collect();
    let mut all = BookUses::new(request.budget);
    uses?.into_iter().for_each(|uses| all.append(uses));
    Ok(all.over())
}

/// Reads a group's entries that may be looked up, of accounts that are wanted.
fn read_contacts<P: For>(
    request: &BookRequest<'_, P>,
    group: usize,
    counted: &mut Counted,
    wanted: impl Fn(AccountId) -> bool,
    mut on_contact: impl FnMut(Permitted<Contact, P>),
) -> Result<(), EngineError> {
    let rejected = request.book.read_group(group, |row| {
        counted.n_rows += 1;
        let from = AccountId(row.account_id);
        if !wanted(from) {
            return;
        }
        let Ok(number) = E164::from_digits(row.number) else {
            counted.not_a_number += 1;
            return;
        };
        if row.saved_at > request.as_of {
            counted.not_yet += 1;
            return;
        }
        if (request.objected)(number) {
            counted.objected += 1;
            return;
        }
        let contact = Contact {
            from,
            number,
            saved_at: row.saved_at,
        };
        match request.gate.permit(contact) {
            Ok(contact) => on_contact(contact),
            Err(reason) => counted.uploaders[reason as usize] += 1,
        }
    })?;
    let so_far = std::mem::take(&mut counted.rejected);
    counted.rejected = so_far.and(rejected);
    Ok(())
}

/// What became of rows, as a thread counts it.
#[derive(Clone, Debug, Default)]
struct Counted {
    n_rows: u64,
    rejected: BookRejections,
    not_a_number: u64,
    not_yet: u64,
    objected: u64,
    uploaders: [u64; DenialReason::ALL.len()],
    found: MatchCounts,
    matches: [u64; DenialReason::ALL.len()],
}

impl Counted {
    fn and(self, other: Self) -> Self {
        Self {
            n_rows: self.n_rows + other.n_rows,
            rejected: self.rejected.and(other.rejected),
            not_a_number: self.not_a_number + other.not_a_number,
            not_yet: self.not_yet + other.not_yet,
            objected: self.objected + other.objected,
            uploaders: std::array::from_fn(|at| self.uploaders[at] + other.uploaders[at]),
            found: self.found.plus(other.found),
            matches: std::array::from_fn(|at| self.matches[at] + other.matches[at]),
        }
    }

    /// The same names as for an address book whose numbers are read on the way.
    fn stage<P: For>(&self) -> Stage {
        let mut stage = Stage::new(&format!("address book → matches ({})", P::PURPOSE));
        stage.drop("not_a_number", self.not_a_number);
        stage.drop("not_yet", self.not_yet);
        stage.drop("objected", self.objected);
        drop_denied(&mut stage, "uploader", &self.uploaders);
        drop_unmatched(&mut stage, self.found);
        drop_denied(&mut stage, "match", &self.matches);
        stage
    }
}

fn drop_denied(stage: &mut Stage, of: &str, denied: &[u64; DenialReason::ALL.len()]) {
    for (reason, &n) in DenialReason::ALL.iter().zip(denied) {
        stage.drop(&format!("{of}: {reason}"), n);
    }
}

/// Counts what became of contacts that are nobody's match.
pub(in crate::engine) fn drop_unmatched(stage: &mut Stage, counts: MatchCounts) {
    stage.drop("own_number", counts.own_number);
    stage.drop("no_permitted_account", counts.non_user);
    stage.drop("before_binding", counts.before_binding);
    stage.drop("contested", counts.contested);
    stage.drop("business_number", counts.business_number);
}

fn spill_error<P>(request: &BookRequest<'_, P>) -> impl Fn(std::io::Error) -> EngineError + Sync {
    |source| EngineError::Spill {
        dir: request.spill_dir.to_owned(),
        source,
    }
}
