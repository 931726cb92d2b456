//! `acquaint consent import`: history in bulk.

use acquaint::engine::Progress;
use acquaint::ledger::LedgerError;
use acquaint::signals::{
    Batch, ConsentEventRow, ReadLimits, Record, Rejection, SignalsDir, SignalsError, Table,
    policy_versions,
};
use serde_json::json;

use super::args::ImportArgs;
use super::source::{RowError, Source, writer};
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Signals(#[from] SignalsError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("{file}, row {row}: `{column}` is {reason}; what is not read may be an opt-out")]
    Rejected {
        file: String,
        row: u64,
        column: &'static str,
        reason: String,
    },
    #[error(transparent)]
    Row(#[from] RowError),
}

impl Stopped {
    fn at(rejection: &Rejection) -> Self {
        Self::Rejected {
            file: rejection.file.clone(),
            row: rejection.row,
            column: rejection.column,
            reason: rejection.reason.to_string(),
        }
    }
}

pub(crate) fn import(args: &ImportArgs, quiet: bool) -> Result<Outcome, Failure> {
    let source = Source::new(&args.key)?;
    let limits = ReadLimits::default().check()?;
    let dir = SignalsDir::open(&args.signals, &limits)?;
    dir.require(&[Table::ConsentEvents])?;
    let policies = policy_versions(all(&dir)?);
    let overlays = all(&dir)?;
    let mut writer = writer(&args.ledger.ledger)?;
    let n_policies = writer.add_policies(&policies)?;
    let n_overlays = writer.add_overlays(&overlays)?;
    let bars = Bars::new(quiet);
    bars.begin("importing consent events", None);
    let mut import = writer.import(usize::try_from(args.segment_events).unwrap_or(usize::MAX));
    dir.stream(|batch: Batch<ConsentEventRow>| -> Result<(), Stopped> {
        if let Some(rejection) = batch.rejections.first() {
            return Err(Stopped::at(rejection));
        }
        for row in &batch.records {
            import.push(&source.event(row)?)?;
        }
        bars.advance(batch.records.len() as u64);
        Ok(())
    })?;
    let (imported, root) = import.finish()?;
    drop(bars);
    if args.json {
        print(
            &json!({
                "policies": n_policies, "overlays": n_overlays, "events": imported,
                "entries": root.size, "root": root.root,
            })
            .to_string(),
        )?;
    } else {
        print(&format!(
            "{} events new, {} repeated, {} contradicting; {n_policies} versions of the terms and {n_overlays} orders new\n{} entries, root {}",
            imported.n_new, imported.n_repeated, imported.n_contradicting, root.size, root.root
        ))?;
    }
    Ok(Outcome::Done)
}

/// A whole table, of which every row counts.
fn all<R: Record>(dir: &SignalsDir) -> Result<Vec<R>, Failure> {
    let rows = dir.read::<R>()?;
    match rows.rejections.first() {
        Some(rejection) => Err(Stopped::at(rejection).into()),
        None => Ok(rows.records),
    }
}
