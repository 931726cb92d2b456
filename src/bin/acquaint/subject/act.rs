//! What a person asks for, done as far as it can be done here; what is left is told.

use std::io::{self, IsTerminal};
use std::path::Path;

use acquaint::consent::EventKind;
use acquaint::engine::{NamedEvent, NamedSubject, Subject, SubjectAsked};
use acquaint::ids::EventId;
use acquaint::ledger::{NewEvent, Reader};

use super::args::SubjectArgs;
use crate::clock::now;
use crate::consent::args::ObjectionKeyArgs;
use crate::consent::source::{Source, id_of, writer};
use crate::exit::{Failure, Outcome};

pub(super) fn act(args: &SubjectArgs, found: &Subject) -> Result<Outcome, Failure> {
    let ledger = &args.asked.asking.ledger;
    let dir = ledger.ledger.as_deref();
    let dir = dir.ok_or_else(|| Failure::new("--erase and --object", "they need --ledger"))?;
    // What is not there is not made to be erased from.
    drop(Reader::open(dir)?);
    confirm(args, found)?;
    if args.erase {
        erase(dir, found)?;
    } else {
        object(args, dir, found)?;
    }
    Ok(tell_left(args, found))
}

/// Asks, unless that was answered already.
fn confirm(args: &SubjectArgs, found: &Subject) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    let what = if args.erase {
        "destroy the keys of"
    } else {
        "record an objection of"
    };
    let whom = match found.accounts.len() {
        0 => "a number without an account".to_owned(),
        1 => "1 account".to_owned(),
        n => format!("{n} accounts"),
    };
    if !io::stdin().is_terminal() {
        let why = format!("would {what} {whom}: say --yes, as nobody can be asked here");
        return Err(Failure::new("not confirmed", why));
    }
    eprint!("acquaint: {what} {whom}? Type yes: ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::new("not confirmed", "nothing was changed")),
    }
}

fn erase(dir: &Path, found: &Subject) -> Result<(), Failure> {
    let mut writer = writer(dir)?;
    for &account in &found.accounts {
        let erased = writer.erase(account)?;
        let n = erased.n_keys;
        eprintln!("acquaint: ledger: destroyed {n} keys of account {account}");
    }
    Ok(())
}

fn object(args: &SubjectArgs, dir: &Path, found: &Subject) -> Result<(), Failure> {
    let source = Source::new(&ObjectionKeyArgs {
        objection_key: args.asked.asking.ledger.objection_key.clone(),
    })?;
    let mut events = Vec::new();
    for &account in &found.accounts {
        let subject = NamedSubject::Account(account);
        events.push(event(&source, subject, EventKind::OptOut)?);
    }
    if let (SubjectAsked::Number(number), true) = (args.who.0, found.accounts.is_empty()) {
        let kind = EventKind::NonUserObjects;
        events.push(event(&source, NamedSubject::Number(number), kind)?);
    }
    let mut writer = source.writer(dir)?;
    let appended = writer.append(&events, now())?;
    let (n, root) = (appended.n_new, appended.root);
    eprintln!(
        "acquaint: ledger: {n} objections recorded; {} entries, root {}",
        root.size, root.root
    );
    Ok(())
}

/// An event that happens now.
fn event(source: &Source, subject: NamedSubject, kind: EventKind) -> Result<NewEvent, Failure> {
    let at = now();
    let mut event = source.event(&NamedEvent {
        event_id: EventId(0),
        subject,
        kind,
        valid_time: at,
        known_time: at,
    })?;
    event.event_id = id_of(&event);
    Ok(event)
}

/// Says what is left, and what to do about it.
fn tell_left(args: &SubjectArgs, found: &Subject) -> Outcome {
    let mut left = Vec::new();
    for held in &found.held {
        let (file, n) = (&held.file, held.n_rows);
        left.push(format!(
            "{file}: {n} rows; whoever exports this table has to leave them out"
        ));
    }
    for published in &found.published {
        let (file, n) = (&published.file, published.n_rows);
        left.push(format!(
            "{file}: {n} published rows; `acquaint recall` lists them, a new run leaves them out"
        ));
    }
    if args.out.is_none() {
        left.push("outputs were not looked at: name them with --out".to_owned());
    }
    if args.ad_model.is_some() {
        left.push(
            "the ad model has seen them: `acquaint train ads --update` retrains what changes"
                .to_owned(),
        );
    }
    if args.friend_model.is_some() {
        left.push(
            "the friend model has seen them: `acquaint train friends` trains it again".to_owned(),
        );
    }
    left.push("copies and backups of tables and outputs are not known here".to_owned());
    for line in &left {
        eprintln!("acquaint: left: {line}");
    }
    let is_done = found.held.is_empty() && found.published.is_empty() && args.out.is_some();
    if is_done {
        Outcome::Done
    } else {
        Outcome::Findings
    }
}
