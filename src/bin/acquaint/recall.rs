//! `acquaint recall`: which published rows have to be deleted.

use acquaint::engine::{self, Recall, RecallRequest};

use crate::args::RecallArgs;
use crate::clock::latest;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::Ledger;
use crate::told::tell;

pub(crate) fn recall(args: &RecallArgs, quiet: bool) -> Result<Outcome, Failure> {
    let ledger = Ledger::read(&args.ledger)?;
    let source = ledger.source();
    let request = RecallRequest {
        ledger: source.as_ref(),
        out: &args.out,
        signals: &args.signals,
        known_at: args.known_at,
        latest: Some(latest()),
    };
    let recall = engine::recall(&request, &Bars::new(quiet))?;
    print(&if args.json {
        serde_json::to_string_pretty(&recall)?
    } else {
        csv(&recall)?
    })?;
    eprintln!(
        "acquaint: {} of {} published rows must be deleted, as known at {}",
        recall.rows.len(),
        recall.n_rows,
        recall.known
    );
    let ended = if recall.rows.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    };
    Ok(tell(&recall.reading, ended))
}

/// One line for each row, under a header that is there even if no row is.
fn csv(recall: &Recall) -> Result<String, Failure> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    writer.write_record([
        "table",
        "row",
        "user_id",
        "account_id",
        "other_id",
        "reason",
    ])?;
    for row in &recall.rows {
        writer.serialize(row)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Failure::new("writing CSV", error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
