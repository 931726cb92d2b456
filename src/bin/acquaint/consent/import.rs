//! `acquaint consent import`: history in bulk.

use std::path::Path;

use acquaint::engine::{ConsentRules, LostRow, NamedEvent, Progress};
use acquaint::ledger::{LedgerError, NewEvent, Recorded};
use acquaint::signals::{
    Batch, ConsentEventRow, Fault, Origin, ReadLimits, Record, Rejection, SignalsDir, SignalsError,
    Table, policy_versions,
};
use serde_json::json;

use super::args::{ImportArgs, ImportFormat};
use super::drop::{self, Broker, Known};
use super::signals::{self, Signals};
use super::source::{NoKey, Source, rules};
use crate::clock::now;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Signals(#[from] SignalsError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Lost(#[from] LostRow),
    #[error("{file}, row {row}: {why}")]
    NoKey { file: String, row: u64, why: NoKey },
}

pub(crate) fn import(args: &ImportArgs, quiet: bool) -> Result<Outcome, Failure> {
    match (args.format, &args.signals, &args.input) {
        (ImportFormat::Tables, Some(tables), None) => import_tables(args, tables, quiet),
        (ImportFormat::Gpp, None, Some(input)) => import_signals(args, input),
        (ImportFormat::Drop, Some(tables), Some(input)) => import_lists(args, tables, input),
        _ => Err(Failure::new(
            "reading the arguments",
            "--format tables goes with --signals, --format gpp with --input, and --format drop with both",
        )),
    }
}

/// What browsers and apps signalled: all of it is read before any of it is recorded.
fn import_signals(args: &ImportArgs, input: &Path) -> Result<Outcome, Failure> {
    let source = Source::new(&args.key)?;
    let Signals { events, n_others } = signals::read(input, &source)?;
    let mut writer = source.writer(&args.ledger.ledger)?;
    let segment_events = usize::try_from(args.segment_events).unwrap_or(usize::MAX);
    let mut import = writer.import(segment_events, now());
    for event in &events {
        import.push(event)?;
    }
    let Recorded { imported, root } = import.finish()?;
    let text = if args.json {
        json!({
            "signals": events.len(), "others": n_others, "events": imported,
            "entries": root.size, "root": root.root,
        })
        .to_string()
    } else {
        format!(
            "{} opt-outs, {n_others} rows without one; {} new, {} repeated\n{} entries, root {}",
            events.len(),
            imported.n_new,
            imported.n_repeated,
            root.size,
            root.root
        )
    };
    print(&text)?;
    Ok(Outcome::Done)
}

/// California's deletion lists: all of them are read before anything is recorded, and the answer is there when all is.
fn import_lists(args: &ImportArgs, tables: &Path, input: &Path) -> Result<Outcome, Failure> {
    let (Some(broker), Some(answers)) = (&args.broker, &args.answers) else {
        let error = "--format drop needs --broker and --answers";
        return Err(Failure::new("reading the arguments", error));
    };
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_plain(broker)
        || args
            .suffix
            .as_deref()
            .is_some_and(|suffix| !is_plain(suffix))
    {
        let error = "--broker and --suffix are letters and digits";
        return Err(Failure::new("reading the arguments", error));
    }
    let source = Source::new(&args.key)?;
    let limits = ReadLimits::default().check()?;
    let dir = SignalsDir::open(tables, &limits)?;
    let known = Known::read(&dir)?;
    let broker = Broker {
        id: broker,
        suffix: args.suffix.as_deref(),
        answers,
        now: now(),
    };
    let answered = drop::answer(input, &known, &broker)?;
    let recorded = record(args, &source, &answered.events);
    if recorded.is_err() {
        answered.discard();
    }
    let Recorded { imported, root } = recorded?;
    let files: Vec<String> = answered
        .publish()?
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    print(&if args.json {
        json!({
            "rows": answered.n_rows, "found": answered.n_found, "removed": answered.n_removed, "events": imported,
            "answers": files, "entries": root.size, "root": root.root,
        })
        .to_string()
    } else {
        format!(
            "{} requests, {} found, {} taken back; {} events new\n{}\n{} entries, root {}",
            answered.n_rows,
            answered.n_found,
            answered.n_removed,
            imported.n_new,
            files.join("\n"),
            root.size,
            root.root
        )
    })?;
    Ok(Outcome::Done)
}

fn record(args: &ImportArgs, source: &Source, named: &[NamedEvent]) -> Result<Recorded, Failure> {
    let events = named.iter().map(|named| source.event(named));
    let events = events.collect::<Result<Vec<NewEvent>, NoKey>>()?;
    let mut writer = source.writer(&args.ledger.ledger)?;
    let segment_events = usize::try_from(args.segment_events).unwrap_or(usize::MAX);
    let mut import = writer.import(segment_events, now());
    for event in &events {
        import.push(event)?;
    }
    Ok(import.finish()?)
}

fn import_tables(args: &ImportArgs, tables: &Path, quiet: bool) -> Result<Outcome, Failure> {
    let source = Source::new(&args.key)?;
    let limits = ReadLimits::default().check()?;
    let dir = SignalsDir::open(tables, &limits)?;
    dir.require(&[Table::ConsentEvents])?;
    let policies = policy_versions(all(&dir)?);
    let overlays = all(&dir)?;
    let rules = rules();
    let mut writer = source.writer(&args.ledger.ledger)?;
    let n_policies = writer.add_policies(&policies)?;
    let n_overlays = writer.add_overlays(&overlays)?;
    let bars = Bars::new(quiet);
    bars.begin("importing consent events", None);
    let segment_events = usize::try_from(args.segment_events).unwrap_or(usize::MAX);
    let mut import = writer.import(segment_events, now());
    dir.stream(|batch: Batch<ConsentEventRow>| -> Result<(), Stopped> {
        if let Some(rejection) = batch.rejections.first() {
            return Err(LostRow(rejection.clone()).into());
        }
        for (row, origin) in batch.records.iter().zip(&batch.origins) {
            import.push(&event(row, *origin, &dir, &rules, &source)?)?;
        }
        bars.advance(batch.records.len() as u64);
        Ok(())
    })?;
    let Recorded { imported, root } = import.finish()?;
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

/// The event of a row, held to the rules.
fn event(
    row: &ConsentEventRow,
    origin: Origin,
    dir: &SignalsDir,
    rules: &ConsentRules,
    source: &Source,
) -> Result<NewEvent, Stopped> {
    let file = || {
        dir.file(Table::ConsentEvents, origin.file)
            .unwrap_or_default()
    };
    let lost = |Fault { column, reason }| Rejection {
        file: file(),
        row: origin.row,
        column,
        reason,
    };
    let named = rules.event(row).map_err(|fault| LostRow(lost(fault)))?;
    source.event(&named).map_err(|why| Stopped::NoKey {
        file: file(),
        row: origin.row,
        why,
    })
}

/// A whole table, of which every row counts.
fn all<R: Record>(dir: &SignalsDir) -> Result<Vec<R>, Failure> {
    let rows = dir.read::<R>()?;
    match rows.rejections.first() {
        Some(rejection) => Err(LostRow(rejection.clone()).into()),
        None => Ok(rows.records),
    }
}
