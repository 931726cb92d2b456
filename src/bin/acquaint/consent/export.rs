//! `acquaint consent export`: the ledger as tables.

use acquaint::consent::{Event, History, Subject};
use acquaint::ledger::Reader;
use acquaint::signals::{
    ConsentEventRow, SignalsError, TableForm, TableWriter, policy_texts, write_table,
};
use serde_json::json;

use super::args::ExportArgs;
use super::receipts;
use super::source::cannot;
use crate::exit::{Failure, Outcome, print};
use crate::told::tell;

pub(crate) fn export(args: &ExportArgs) -> Result<Outcome, Failure> {
    let reader = Reader::open(&args.ledger.ledger)?;
    std::fs::create_dir_all(&args.out).map_err(cannot("making", &args.out))?;
    let form = TableForm::from(args.form);
    let policies = policy_texts(&reader.policies()?);
    let overlays = reader.overlays()?;
    write_table(&args.out, form, &policies)?;
    write_table(&args.out, form, &overlays)?;
    let mut writer = TableWriter::<ConsentEventRow>::create(&args.out, form)?;
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
    writer.finish()?;
    let receipts = args.receipts.as_ref();
    let reading = receipts
        .map(|path| receipts::write(args, &reader, path))
        .transpose()?;
    let reading = reading.unwrap_or_default();
    let n_unknown = unknown.len();
    if args.json {
        print(
            &json!({
                "directory": args.out, "consent_events": n_events, "policy_versions": policies.len(),
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
            args.out.display()
        ))?;
        if n_unknown > 0 {
            eprintln!(
                "acquaint: left out {n_unknown} events about numbers that are nobody's account: the ledger does not know the numbers"
            );
        }
    }
    Ok(tell(&reading, Outcome::Done))
}

fn write(writer: &mut TableWriter<ConsentEventRow>, events: &[Event]) -> Result<(), SignalsError> {
    let rows: Vec<ConsentEventRow> = events.iter().copied().map(ConsentEventRow::Known).collect();
    writer.write(&rows)
}
