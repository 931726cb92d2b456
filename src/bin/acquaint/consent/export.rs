//! `acquaint consent export`: the ledger as tables.

use acquaint::consent::{Event, History, Subject};
use acquaint::ledger::Reader;
use acquaint::publish::{Input, shown};
use acquaint::signals::{ConsentEventRow, SignalsError, TableWriter, policy_texts};
use serde_json::json;

use super::args::ExportArgs;
use super::receipts;
use crate::exit::{Failure, Outcome, print};
use crate::output::Reads;
use crate::told::tell;
use crate::written::Written;

pub(crate) fn export(args: &ExportArgs) -> Result<Outcome, Failure> {
    let reader = Reader::open(&args.ledger.ledger)?;
    let reads = Reads::default()
        .and("the ledger", [&args.ledger.ledger])
        .and("the signals directory", &args.signals);
    let mut tables = Written::begin(&args.out, args.form, reads.all())?;
    let receipts = match &args.receipts {
        Some(file) => Some(tables.beside(file, receipt_reads(args))?),
        None => None,
    };
    let policies = policy_texts(&reader.policies()?);
    let overlays = reader.overlays()?;
    tables.table(&policies)?;
    tables.table(&overlays)?;
    let mut writer = tables.writer::<ConsentEventRow>()?;
    let others = reader.others()?;
    let (known, unknown): (Vec<Event>, Vec<Event>) = others
        .into_iter()
        .partition(|event| !matches!(event.subject, Subject::NonUser(_)));
    let mut n_events = known.len();
    let mut written = write(&mut writer, &known);
    reader.accounts(&mut |batch| {
        if written.is_ok() {
            n_events += batch.len();
            written = write(&mut writer, batch);
        }
    })?;
    written?;
    tables.end(writer)?;
    let reading = receipts
        .as_ref()
        .map(|file| receipts::write(args, &reader, &tables.path_of(file)))
        .transpose()?;
    let reading = reading.unwrap_or_default();
    tables.publish(receipts)?;
    let n_unknown = unknown.len();
    if args.json {
        print(
            &json!({
                "directory": shown(&args.out), "consent_events": n_events, "policy_versions": policies.len(),
                "overlays": overlays.len(), "left_out": n_unknown,
                "rejected": reading.rejected, "findings": reading.findings,
            })
            .to_string(),
        )?;
    } else {
        print(&format!(
            "consent_events   {n_events:>10}\npolicy_versions  {:>10}\noverlays         {:>10}\nwrote {}",
            policies.len(),
            overlays.len(),
            shown(&args.out)
        ))?;
        if n_unknown > 0 {
            eprintln!(
                "acquaint: left out {n_unknown} events about numbers without an account: the ledger does not store the numbers"
            );
        }
    }
    Ok(tell(&reading, Outcome::Done))
}

/// Receipts stand in no ledger, no signals directory and no directory that the tables take the place of.
fn receipt_reads(args: &ExportArgs) -> Vec<Input> {
    Reads::default()
        .and("the ledger", [&args.ledger.ledger])
        .and("the signals directory", &args.signals)
        .and("the output", [&args.out])
        .all()
}

fn write(writer: &mut TableWriter<ConsentEventRow>, events: &[Event]) -> Result<(), SignalsError> {
    let rows: Vec<ConsentEventRow> = events.iter().copied().map(ConsentEventRow::Known).collect();
    writer.write(&rows)
}
