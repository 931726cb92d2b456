//! `acquaint consent import`: history in bulk.

use std::path::Path;

use acquaint::consent::EventKind;
use acquaint::engine::{ConsentRules, LostRow, NamedEvent, NamedSubject, Progress};
use acquaint::ids::EventId;
use acquaint::ledger::{LedgerError, NewEvent, Recorded, Writer};
use acquaint::signals::{
    Batch, ConsentEventRow, Fault, Origin, ReadLimits, Record, Rejection, SignalsDir, SignalsError,
    Table, policy_versions,
};
use acquaint::time::Timestamp;
use serde_json::json;

use super::args::{ImportArgs, ImportFormat};
use super::drop::{self, Broker, Known};
use super::last_word::LastWords;
use super::signals;
use super::source::{NoKey, Source, id_of, rules};
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
    let signals = signals::read(input, &source, now())?;
    let (n_signals, n_others) = (signals.dated.len() + signals.of_now.len(), signals.n_others);
    let mut writer = source.writer(&args.ledger.ledger)?;
    let mut events = signals.dated;
    events.extend(unsaid(signals.of_now, &args.ledger.ledger)?);
    let Recorded { imported, root } = record(args, &mut writer, &events)?;
    let text = if args.json {
        json!({
            "signals": n_signals, "others": n_others, "events": imported,
            "entries": root.size, "root": root.root,
        })
        .to_string()
    } else {
        format!(
            "{n_signals} opt-outs, {n_others} rows without one; {} new, {} repeated\n{} entries, root {}",
            imported.n_new, imported.n_repeated, root.size, root.root
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
    let now = now();
    let known = Known::read(&dir, now)?;
    let broker = Broker {
        id: broker,
        suffix: args.suffix.as_deref(),
        answers,
        now,
    };
    let answered = drop::answer(input, &known, &broker)?;
    let of_now = events_of_now(&answered.said, now, &source)?;
    let mut writer = source.writer(&args.ledger.ledger)?;
    let events = unsaid(of_now, &args.ledger.ledger)?;
    let Recorded { imported, root } = record(args, &mut writer, &events)?;
    let files = answered.answers.publish()?;
    let files: Vec<String> = files
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

/// What people are heard to say now, as events.
fn events_of_now(
    said: &[(NamedSubject, EventKind)],
    now: Timestamp,
    source: &Source,
) -> Result<Vec<NewEvent>, NoKey> {
    let event = |&(subject, kind): &(NamedSubject, EventKind)| {
        let mut event = source.event(&NamedEvent {
            event_id: EventId(0),
            subject,
            kind,
            valid_time: now,
            known_time: now,
        })?;
        event.event_id = id_of(&event);
        Ok(event)
    };
    said.iter().map(event).collect()
}

/// Events of now but for what each subject said last, so that an import that is repeated adds nothing.
fn unsaid(of_now: Vec<NewEvent>, ledger: &Path) -> Result<Vec<NewEvent>, LedgerError> {
    if of_now.is_empty() {
        return Ok(of_now);
    }
    let last_words = LastWords::of(ledger)?;
    let mut unsaid = Vec::new();
    for event in of_now {
        if !last_words.are(&event)? {
            unsaid.push(event);
        }
    }
    Ok(unsaid)
}

fn record(
    args: &ImportArgs,
    writer: &mut Writer,
    events: &[NewEvent],
) -> Result<Recorded, LedgerError> {
    let segment_events = usize::try_from(args.segment_events).unwrap_or(usize::MAX);
    let mut import = writer.import(segment_events, now());
    for event in events {
        import.push(event)?;
    }
    import.finish()
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
