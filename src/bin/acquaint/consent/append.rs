//! `acquaint consent append`: events, acknowledged group by group.

use std::io::{self, BufReader, Read};
use std::path::Path;

use acquaint::consent::{Event, History, Subject};
use acquaint::hash::HashSet;
use acquaint::ledger::{Appended, NewEvent, NewSubject, Writer};
use acquaint::publish::open_stream;
use acquaint::time::Timestamp;
use serde_json::json;

use super::args::AppendArgs;
use super::lines::Lines;
use super::source::{Source, cannot, id_of, reader, rules};
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
    let mut group = Group::default();
    let mut held = Held::NotRead;
    let mut last_line = 0;
    let refused = loop {
        let line = match lines.next() {
            Some(Ok(line)) => line,
            Some(Err(error)) => break Some(Failure::from(error)),
            None => break None,
        };
        match source.event(&line.named) {
            Ok(mut event) => {
                let is_of_number = matches!(event.subject, NewSubject::NonUser(_));
                let is_held = is_of_number && !line.has_id && {
                    event.event_id = id_of(&event);
                    held.has(&event, &args.ledger.ledger)?
                };
                group.take(event, is_held);
                last_line = lines.line();
            }
            Err(error) => break Some(Failure::new(format!("line {}", lines.line()), error)),
        }
        // Whoever waits for an answer gets one; whoever sends more is served by fewer, larger groups.
        if group.events.len() >= GROUP || !lines.is_more_waiting() {
            record(&mut writer, &mut group, last_line, args.json)?;
        }
    };
    record(&mut writer, &mut group, last_line, args.json)?;
    refused.map_or(Ok(Outcome::Done), Err)
}

/// Events that are acknowledged together.
#[derive(Default)]
struct Group {
    events: Vec<NewEvent>,
    /// Those that the ledger holds already, under an id of an earlier key.
    n_held: u64,
}

impl Group {
    fn take(&mut self, event: NewEvent, is_held: bool) {
        if is_held {
            self.n_held += 1;
        } else {
            self.events.push(event);
        }
    }
}

/// What a ledger holds about numbers. The id that is made for such an event takes the key, so that the same event comes with another
/// id once the list has moved to another key; its point is known all the same.
enum Held {
    NotRead,
    Events(HashSet<(Subject, &'static str, Timestamp)>),
}

impl Held {
    /// Does the ledger hold this very event? It is read the first time.
    fn has(&mut self, event: &NewEvent, ledger: &Path) -> Result<bool, Failure> {
        let NewSubject::NonUser(point) = event.subject else {
            return Ok(false);
        };
        if matches!(self, Self::NotRead) {
            let events = reader(ledger)?.others()?;
            let said = |one: Event| (one.subject, one.kind.as_str(), one.valid_time);
            *self = Self::Events(events.into_iter().map(said).collect());
        }
        let said = (
            Subject::NonUser(point.token()),
            event.kind.as_str(),
            event.valid_time,
        );
        Ok(matches!(self, Self::Events(events) if events.contains(&said)))
    }
}

/// Records a group and acknowledges it: what is printed is on the disk.
fn record(writer: &mut Writer, group: &mut Group, line: u64, as_json: bool) -> Result<(), Failure> {
    let Group { events, n_held } = std::mem::take(group);
    if events.is_empty() && n_held == 0 {
        return Ok(());
    }
    let mut appended = writer
        .append(&events, now())
        .map_err(|error| Failure::new(format!("up to line {line}"), error))?;
    appended.n_repeated += n_held;
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
