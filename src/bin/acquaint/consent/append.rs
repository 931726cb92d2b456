//! `acquaint consent append`: events, acknowledged group by group.

use std::io::{self, BufReader, Read};

use acquaint::ledger::{Appended, NewEvent, NewSubject, Writer};
use acquaint::publish::open_stream;
use serde_json::json;

use super::args::AppendArgs;
use super::lines::Lines;
use super::source::{Source, cannot, id_of, rules};
use crate::clock::now;
use crate::exit::{Failure, Outcome, print};

/// At most so many events wait for one another.
const GROUP: usize = 10_000;

pub(crate) fn append(args: &AppendArgs) -> Result<Outcome, Failure> {
    let source = Source::new(&args.key)?;
    let input: Box<dyn Read> = if args.events.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(open_stream(&args.events).map_err(cannot("opening", &args.events))?)
    };
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, input), now, rules);
    let mut writer = source.writer(&args.ledger.ledger)?;
    let mut group: Vec<NewEvent> = Vec::new();
    let mut last_line = 0;
    let refused = loop {
        let line = match lines.next() {
            Some(Ok(line)) => line,
            Some(Err(error)) => break Some(Failure::from(error)),
            None => break None,
        };
        match source.event(&line.named) {
            Ok(mut event) => {
                if !line.has_id && matches!(event.subject, NewSubject::NonUser(_)) {
                    event.event_id = id_of(&event);
                }
                group.push(event);
                last_line = lines.line();
            }
            Err(error) => break Some(Failure::new(format!("line {}", lines.line()), error)),
        }
        // Whoever waits for an answer gets one; whoever sends more is served by fewer, larger groups.
        if group.len() >= GROUP || !lines.is_more_waiting() {
            record(&mut writer, &mut group, last_line, args.json)?;
        }
    };
    record(&mut writer, &mut group, last_line, args.json)?;
    refused.map_or(Ok(Outcome::Done), Err)
}

/// Records a group and acknowledges it: what is printed is on the disk.
fn record(
    writer: &mut Writer,
    group: &mut Vec<NewEvent>,
    line: u64,
    as_json: bool,
) -> Result<(), Failure> {
    if group.is_empty() {
        return Ok(());
    }
    let appended = writer
        .append(group, now())
        .map_err(|error| Failure::new(format!("up to line {line}"), error))?;
    group.clear();
    print(&acknowledgement(&appended, line, as_json))
}

fn acknowledgement(appended: &Appended, line: u64, as_json: bool) -> String {
    let Appended {
        n_new,
        n_repeated,
        n_contradicting,
        root,
    } = appended;
    if as_json {
        return json!({
            "line": line, "new": n_new, "repeated": n_repeated, "contradicting": n_contradicting,
            "entries": root.size, "root": root.root,
        })
        .to_string();
    }
    let contradicting = match n_contradicting {
        0 => String::new(),
        n => format!(", {n} contradicting what is held"),
    };
    format!(
        "to line {line}: {n_new} new, {n_repeated} repeated{contradicting}; {} entries, root {}",
        root.size, root.root
    )
}
