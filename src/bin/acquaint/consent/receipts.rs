//! Receipts of every account, one JSON object a line.

use std::io::{BufWriter, Write};
use std::path::Path;

use acquaint::consent::{
    AccountFacts, AsOf, ConsentParams, Event, History, Receipt, Snapshot, Subject,
};
use acquaint::engine::Reading;
use acquaint::ledger::Reader;
use acquaint::publish::create_file;

use super::args::ExportArgs;
use super::show::{assumed, facts};
use super::source::cannot;
use crate::clock::now;
use crate::exit::Failure;

pub(super) fn write(args: &ExportArgs, reader: &Reader, path: &Path) -> Result<Reading, Failure> {
    let valid = args.as_of.unwrap_or_else(now);
    let as_of = AsOf::at(valid);
    let (facts, reading) = match &args.signals {
        Some(dir) => facts(dir, None)?,
        None => (assumed_of_all(reader, as_of)?, Reading::default()),
    };
    let params = ConsentParams::default().check()?;
    let snapshot = Snapshot::compile(reader, as_of, &facts, &params)?;
    let mut file = BufWriter::new(create_file(path).map_err(cannot("creating", path))?);
    let mut written = Ok(());
    reader.accounts(&mut |batch| {
        for events in batch.chunk_by(|a, b| a.subject == b.subject) {
            if written.is_ok() {
                written = line(&mut file, &snapshot, as_of, events, &args.controller);
            }
        }
    })?;
    written?;
    file.flush().map_err(cannot("writing", path))?;
    Ok(reading)
}

fn line(
    file: &mut impl Write,
    snapshot: &Snapshot,
    as_of: AsOf,
    events: &[Event],
    controller: &str,
) -> Result<(), Failure> {
    let Some(Subject::Account(account)) = events.first().map(|event| event.subject) else {
        return Ok(());
    };
    let Some(status) = snapshot.status(account) else {
        return Ok(());
    };
    serde_json::to_writer(&mut *file, &Receipt::new(status, as_of, events, controller))?;
    Ok(file.write_all(b"\n")?)
}

/// Every account as old as its first event, of unknown region.
fn assumed_of_all(reader: &Reader, as_of: AsOf) -> Result<Vec<AccountFacts>, Failure> {
    let mut facts = Vec::new();
    reader.accounts(&mut |batch| {
        for events in batch.chunk_by(|a, b| a.subject == b.subject) {
            if let Some(Subject::Account(account)) = events.first().map(|event| event.subject) {
                facts.push(assumed(account, events, as_of.valid));
            }
        }
    })?;
    Ok(facts)
}
