//! Matching on its own: an address book, or a number book, against the accounts of one purpose.

use std::path::Path;

use crate::consent::{
    Abuse, AdRelevance, Analytics, BusinessMarketing, BusinessService, For, FriendSuggestions,
    Permitted, Purpose,
};
use crate::engine::books::reading::{Matcher, Reader, read_address_book};
use crate::engine::books::strangers::numbers_of_people_out;
use crate::engine::opening::{Opened, Opening};
use crate::engine::outputs::{MatchesFile, NewMatches};
use crate::engine::spam;
use crate::engine::world::World;
use crate::engine::world::accidents;
use crate::engine::world::consent_source::LedgerSource;
use crate::engine::world::view::View;
use crate::engine::{
    BookMatched, BookRequest, EngineError, Progress, Reading, Stage, Staged, Times, ValidRunParams,
    match_book,
};
use crate::identity::{Match, OverBudget, ValidBookBudget};
use crate::publish::Input;
use crate::signals::{NumberBook, SignalsDir};

/// Whose numbers count, for what and as of when.
#[derive(Debug)]
pub struct MatchRequest<'a> {
    /// The directory with the accounts, and with the address book if that is to be matched.
    pub signals: &'a Path,
    /// The ledger to ask; the events of the directory if there is none.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// How to go about it.
    pub params: &'a ValidRunParams,
    /// The moment to speak of, whose knowledge counts, and the caller's clock.
    pub times: Times,
    /// What for: whoever it is denied for is left out.
    pub purpose: Purpose,
}

/// A number book to match, and where its matches go.
#[derive(Clone, Copy, Debug)]
pub struct BookFiles<'a> {
    /// The book; `docs/formats.md` has its columns.
    pub book: &'a Path,
    /// The Parquet file of matches to write.
    pub out: &'a Path,
    /// How many bytes of matches to hold in memory; the rest goes through files without a name beside `out`.
    pub max_bytes: usize,
    /// What else the caller read: the output is none of it.
    pub reads: &'a [Input],
}

/// What became of an address book.
#[derive(Clone, Debug)]
pub struct Matched {
    /// Who saved whom, each pair once, at the earliest; ascending.
    pub matches: Vec<Match>,
    /// What became of every entry.
    pub stage: Stage,
    /// Who matched nobody, for having looked up too many.
    pub over_budget: OverBudget,
    /// How many numbers were read in a region and would be others with a plus sign in front.
    pub n_ambiguous: u64,
    /// What became of the rows that were read, those of the address book among them.
    pub reading: Reading,
}

/// Runs a generic method for the purpose that a value names.
macro_rules! for_purpose {
    ($purpose:expr, $on:ident.$method:ident($($argument:expr),*)) => {
        match $purpose {
            Purpose::FriendSuggestions => $on.$method::<FriendSuggestions>($($argument),*),
            Purpose::AdRelevance => $on.$method::<AdRelevance>($($argument),*),
            Purpose::Abuse => $on.$method::<Abuse>($($argument),*),
            Purpose::Analytics => $on.$method::<Analytics>($($argument),*),
            Purpose::BusinessService => $on.$method::<BusinessService>($($argument),*),
            Purpose::BusinessMarketing => $on.$method::<BusinessMarketing>($($argument),*),
        }
    };
}

impl MatchRequest<'_> {
    /// Matches the address book of the directory.
    ///
    /// # Errors
    /// If a table is missing or cannot be read.
    ///
    /// # Complexity
    /// Rows are read in batches; the matches, the accounts and one batch are in memory.
    pub fn address_book(&self, progress: &dyn Progress) -> Result<Matched, EngineError> {
        let mut asked = self.ask(progress)?;
        for_purpose!(self.purpose, asked.address_book(progress))
    }

    /// Matches a number book into a file, which appears when it is whole.
    ///
    /// # Errors
    /// If a table or the book is missing or cannot be read, or if the matches cannot be written.
    ///
    /// # Complexity
    /// As [`match_book`].
    pub fn number_book(
        &self,
        files: &BookFiles<'_>,
        progress: &dyn Progress,
    ) -> Result<BookMatched, EngineError> {
        // Both are tried before the long work: it would be a pity afterwards.
        let book = NumberBook::open(files.book, &self.params.signals)?;
        let out = MatchesFile::beside(files.out, &self.reads(files))?;
        for leftover in out.file.leftovers() {
            progress.note(&leftover.to_string());
        }
        let asked = self.ask(progress)?;
        for_purpose!(self.purpose, asked.number_book(&book, files, out, progress))
    }

    /// What the output of a number book may not be.
    fn reads(&self, files: &BookFiles<'_>) -> Vec<Input> {
        let mut reads = files.reads.to_vec();
        reads.push(Input::new("the signals directory", self.signals));
        reads.push(Input::new("the number book", files.book));
        reads.extend(self.ledger.map(LedgerSource::input));
        reads
    }

    fn ask(&self, progress: &dyn Progress) -> Result<Asked<'_>, EngineError> {
        let opening = Opening {
            signals: self.signals,
            consent: self.ledger.into(),
            times: self.times,
            published_known: None,
        };
        let Opened { dir, world } = opening.ask(self.params, progress)?;
        Ok(Asked {
            dir,
            world,
            budget: self.params.identity.budget(),
        })
    }
}

/// The tables but the address book, and whom to ask about it.
struct Asked<'a> {
    dir: SignalsDir,
    world: World,
    budget: &'a ValidBookBudget,
}

impl Asked<'_> {
    fn address_book<P: For>(&mut self, progress: &dyn Progress) -> Result<Matched, EngineError> {
        let view: View<P> = self.world.view().value;
        let mut matcher = Matcher::new(&self.world.inputs, &view, self.budget);
        let World {
            inputs, standing, ..
        } = &mut self.world;
        let readers: &mut [&mut dyn Reader] = &mut [&mut matcher];
        let n_ambiguous =
            read_address_book(&self.dir, inputs, standing, self.budget, readers, progress)?;
        let Staged {
            value: mut found,
            mut stage,
        } = matcher.finish();
        let World { inputs, params, .. } = &self.world;
        if let Some(withheld) = spam::withhold(inputs, &view, &mut found, &params.abuse) {
            stage.take_back("quarantined", withheld.stage.n_dropped());
        }
        let pairs = found
            .matches
            .into_iter()
            .map(Permitted::into_inner)
            .collect();
        let unread = accidents::unread_book(&stage);
        self.world.inputs.read.findings.extend(unread);
        Ok(Matched {
            matches: pairs,
            stage,
            over_budget: found.over_budget,
            n_ambiguous,
            reading: self.world.reading(),
        })
    }

    fn number_book<P: For>(
        &self,
        book: &NumberBook,
        files: &BookFiles<'_>,
        NewMatches { mut file, encoder }: NewMatches,
        progress: &dyn Progress,
    ) -> Result<BookMatched, EngineError> {
        let view: View<P> = self.world.view().value;
        let request = BookRequest {
            book,
            directory: &view.directory,
            gate: &view.gates.accounts,
            objected: &|number| self.world.standing.objected(number),
            of_people_out: &numbers_of_people_out(&self.world.inputs, &view),
            budget: self.budget,
            as_of: self.world.standing.as_of.valid,
            max_bytes: files.max_bytes,
            spill_dir: dir_of(files.out),
        };
        let encode = |matches: &[Permitted<Match, P>]| encoder.encode(matches);
        let matched = match_book(&request, progress, encode, |some| file.append(some))?;
        for left in file.publish()? {
            progress.note(&left.to_string());
        }
        Ok(BookMatched {
            reading: self.world.reading(),
            ..matched
        })
    }
}

/// Where a file stands.
fn dir_of(file: &Path) -> &Path {
    match file.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}
