//! Matching on its own: the address book against the accounts of one purpose.

use std::path::Path;

use crate::consent::{
    Abuse, AdRelevance, Analytics, BusinessMarketing, BusinessService, For, FriendSuggestions,
    Permitted, Purpose,
};
use crate::engine::consent_source::LedgerSource;
use crate::engine::contacts::{Matcher, ReadBatch, default_regions};
use crate::engine::inputs::Inputs;
use crate::engine::prepare::{Opening, Standing};
use crate::engine::view::View;
use crate::engine::work::Work;
use crate::engine::{EngineError, Progress, Stage, ValidRunParams};
use crate::identity::Match;
use crate::signals::{AddressBookEntry, Rejection, SignalsDir};
use crate::time::Timestamp;

/// What became of an address book.
#[derive(Clone, Debug)]
pub struct Matched {
    /// Who saved whom, each pair once, at the earliest; ascending.
    pub matches: Vec<Match>,
    /// What became of every entry.
    pub stage: Stage,
    /// Rows that are no entries.
    pub rejections: Vec<Rejection>,
}

/// Matches the address book of a signals directory for a purpose.
///
/// `as_of` and `known_at` are a pair, as in [`Prepared::open`](crate::engine::Prepared::open).
///
/// # Errors
/// If a table is missing or cannot be read.
///
/// # Complexity
/// Rows are read in batches; the matches, the accounts and one batch are in memory.
pub fn matches(
    signals: &Path,
    ledger: Option<&LedgerSource<'_>>,
    params: &ValidRunParams,
    (as_of, known_at): (Option<Timestamp>, Option<Timestamp>),
    purpose: Purpose,
    progress: &dyn Progress,
) -> Result<Matched, EngineError> {
    let opening = Opening {
        signals,
        consent: ledger.into(),
        params,
        as_of,
        known_at,
        published_known: None,
        work: Work::ALL,
    };
    let (dir, inputs, standing) = opening.ask(progress)?;
    let book = AddressBook {
        dir: &dir,
        inputs: &inputs,
        standing: &standing,
    };
    match purpose {
        Purpose::FriendSuggestions => book.matches::<FriendSuggestions>(progress),
        Purpose::AdRelevance => book.matches::<AdRelevance>(progress),
        Purpose::Abuse => book.matches::<Abuse>(progress),
        Purpose::Analytics => book.matches::<Analytics>(progress),
        Purpose::BusinessService => book.matches::<BusinessService>(progress),
        Purpose::BusinessMarketing => book.matches::<BusinessMarketing>(progress),
    }
}

/// The address book, and whom to ask about it.
struct AddressBook<'a> {
    dir: &'a SignalsDir,
    inputs: &'a Inputs,
    standing: &'a Standing,
}

impl AddressBook<'_> {
    fn matches<P: For>(&self, progress: &dyn Progress) -> Result<Matched, EngineError> {
        let (view, _): (View<P>, Stage) = self.standing.view(self.inputs, true);
        let regions = default_regions(self.inputs);
        let objected = |number| self.standing.objected(number);
        let as_of = self.standing.as_of().valid;
        let mut matcher = Matcher::new(&view);
        let mut rejections = Vec::new();
        progress.begin("matching the address book", None);
        self.dir.stream::<AddressBookEntry, EngineError>(|rows| {
            matcher.add(&ReadBatch::new(&rows.records, as_of, &regions, &objected));
            progress.advance(rows.records.len() as u64);
            rejections.extend(rows.rejections);
            Ok(())
        })?;
        let (found, stage) = matcher.finish();
        Ok(Matched {
            matches: found.into_iter().map(Permitted::into_inner).collect(),
            stage,
            rejections,
        })
    }
}
