//! `acquaint consent import --format drop`: the deletion lists of California, and the answer that has to be sent back.
//!
//! A list has an id and the unkeyed hash of an identifier for each request. Hashes of phone numbers are compared with those of the numbers
//! in the tables; every account that has or had the number opts out, and a number that no account has is put on the keyed objection list.
//! Nothing else of a list is kept: no id, no hash, no request about somebody nobody here knows.

mod answers;
mod hash;
mod kind;
mod known;
mod rows;
mod zip;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use acquaint::consent::EventKind;
use acquaint::engine::NamedSubject;
use acquaint::publish::{open_plain, shown};
use rayon::prelude::*;

pub(crate) use answers::Broker;
use answers::{Answers, Status, StatusFiles};
use hash::Hash;
use kind::Kind;
pub(crate) use known::Known;
use rows::{RawRow, Row, RowError, Rows};

use super::source::cannot;
use crate::exit::Failure;

/// What lists came to.
pub(crate) struct Answered {
    /// What people are heard to say.
    pub(crate) said: Vec<(NamedSubject, EventKind)>,
    pub(crate) n_rows: u64,
    pub(crate) n_found: u64,
    /// Requests that were taken back; an objection is not lifted by a hash.
    pub(crate) n_removed: u64,
    /// Status files, not yet under their names.
    pub(crate) answers: StatusFiles,
}

/// Reads every list of an archive, or one list, and writes the answers aside.
pub(crate) fn answer(path: &Path, known: &Known, broker: &Broker<'_>) -> Result<Answered, Failure> {
    let reading = || cannot("reading", path);
    let mut file = open_plain(path).map_err(cannot("opening", path))?;
    let mut reading_lists = Reading::new(known, broker);
    if zip::is_archive(&mut file).map_err(reading())? {
        for member in zip::members(&mut file).map_err(reading())? {
            let bytes = zip::open(&mut file, &member).map_err(reading())?;
            reading_lists.list(Path::new(&member.name), bytes)?;
        }
    } else {
        let name = path.file_name().unwrap_or_default();
        reading_lists.list(Path::new(name), file)?;
    }
    reading_lists.finish()
}

/// Lists that are being read.
struct Reading<'a> {
    known: &'a Known,
    found: BTreeSet<Hash>,
    n_rows: u64,
    n_found: u64,
    n_removed: u64,
    answers: Answers<'a>,
}

impl<'a> Reading<'a> {
    fn new(known: &'a Known, broker: &'a Broker<'_>) -> Self {
        Self {
            known,
            found: BTreeSet::new(),
            n_rows: 0,
            n_found: 0,
            n_removed: 0,
            answers: Answers::new(broker),
        }
    }

    fn list(&mut self, name: &Path, bytes: impl Read + Send) -> Result<(), Failure> {
        let of_list = || format!("the list {}", shown(name));
        let failed = |error: RowError| Failure::new(of_list(), error);
        let stem = name.file_stem().unwrap_or_default().to_string_lossy();
        let mut rows = Rows::begin(bytes).map_err(failed)?;
        let kind = Kind::of(&stem, rows.columns());
        let kind = kind.map_err(|error| Failure::new(of_list(), error))?;
        if let Kind::Requests(identifier) = kind {
            self.answers.to(identifier)?;
        }
        let (mut batch, mut next) = (Vec::new(), Vec::new());
        rows.next_batch(&mut batch).map_err(failed)?;
        while !batch.is_empty() {
            // While some rows are looked up, the next are read.
            let known = self.known;
            let (read, judged) = rayon::join(
                || rows.next_batch(&mut next),
                || judged(known, kind, &batch),
            );
            self.take(kind, &judged.map_err(failed)?)?;
            read.map_err(failed)?;
            std::mem::swap(&mut batch, &mut next);
        }
        Ok(())
    }

    fn take(&mut self, kind: Kind, judged: &[(Row, Status)]) -> Result<(), Failure> {
        self.n_rows += judged.len() as u64;
        let Kind::Requests(identifier) = kind else {
            self.n_removed += judged.len() as u64;
            return Ok(());
        };
        for (row, _) in judged.iter().filter(|(_, status)| status.is_found()) {
            self.n_found += 1;
            self.found.insert(row.hash);
        }
        let answers = judged.iter().map(|(row, status)| (row.id, *status));
        Ok(self.answers.to(identifier)?.write(answers)?)
    }

    fn finish(self) -> Result<Answered, Failure> {
        Ok(Answered {
            said: said(self.known, &self.found),
            n_rows: self.n_rows,
            n_found: self.n_found,
            n_removed: self.n_removed,
            answers: self.answers.finish()?,
        })
    }
}

/// What becomes of requests, in their order; the tables have no other identifiers than numbers.
fn judged(known: &Known, kind: Kind, batch: &[RawRow]) -> Result<Vec<(Row, Status)>, RowError> {
    let is_of_numbers = kind == Kind::Requests("Phone");
    let judge = |raw: &RawRow| {
        let row = raw.read()?;
        let n_people = if is_of_numbers {
            known.find(&row.hash).n_people()
        } else {
            0
        };
        Ok((row, Status::of(n_people)))
    };
    let rows = batch.par_iter().with_min_len(1 << 10).map(judge);
    let rows: Vec<Result<_, RowError>> = rows.collect();
    // In their order, so that of several errors the first is told.
    rows.into_iter().collect()
}

/// What everybody whom hashes stand for is heard to say, each once.
fn said(known: &Known, hashes: &BTreeSet<Hash>) -> Vec<(NamedSubject, EventKind)> {
    let (mut accounts, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for found in hashes.iter().map(|hash| known.find(hash)) {
        accounts.extend(found.accounts);
        numbers.extend(found.free);
    }
    let out = accounts.into_iter();
    let out = out.map(|account| (NamedSubject::Account(account), EventKind::OptOut));
    let object = numbers.into_iter();
    let object = object.map(|number| (NamedSubject::Number(number), EventKind::NonUserObjects));
    out.chain(object).collect()
}
