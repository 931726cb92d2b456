//! What a run is told of consent, held to the rules: from the three tables, or from a ledger.
//!
//! Nothing that may take something away is lost. An event that breaks a rule denies whoever it is about, and where
//! nobody can tell who that is, the run stops.

use crate::consent::{Event, Flaw, Subject};
use crate::engine::world::consent_rows::{ConsentRules, NamedEvent, NamedSubject, named, numbers};
use crate::engine::world::consent_source::ConsentInputs;
use crate::engine::world::objection::objection_token;
use crate::engine::world::read::Read;
use crate::engine::{EngineError, Progress, RunFinding};
use crate::signals::{
    ConsentEventRow, Fault, Named, Rejection, RejectionReason, Salvage, SignalsDir, Table,
    TableRows, deduplicate, policy_versions,
};
use crate::time::Timestamp;

/// Reads the tables of consent. Events of one id that contradict each other go to the ledger, which invalidates
/// everyone they are about.
pub(in crate::engine) fn read_consent(
    read: &mut Read,
    dir: &SignalsDir,
    progress: &dyn Progress,
) -> Result<ConsentInputs, EngineError> {
    let overlays = read.keep(dir.read()?, progress);
    let policies = policy_versions(read.keep(dir.read()?, progress));
    let mut rows = dir.read::<ConsentEventRow>()?;
    let rules = ConsentRules {
        latest: read.latest,
    };
    let flaws = hold(&mut rows, &rules);
    let ambiguous = rows.summary.rejected.get(&RejectionReason::AmbiguousNumber);
    let n_ambiguous = ambiguous.copied().unwrap_or_default();
    read.numbers
        .add_ambiguous(Table::ConsentEvents, n_ambiguous);
    let sifted = deduplicate(rows);
    tell(read, &sifted.rows);
    let rows = read.keep(sifted.rows, progress);
    let rows = rows.iter().chain(&sifted.conflicts);
    let kept = |row| {
        rules
            .event(row)
            .expect("rows that break a rule were taken out")
    };
    Ok(ConsentInputs {
        events: rows.map(|row| event(&kept(row))).collect(),
        policies,
        overlays,
        flaws,
        ..ConsentInputs::default()
    })
}

/// Rejects rows that break a rule. Accounts and devices are denied with other rows that are lost; returned are the
/// numbers without an account that count as objected, both of a text that may be two.
fn hold(rows: &mut TableRows<ConsentEventRow>, rules: &ConsentRules) -> Vec<Flaw> {
    let judge = |row: &ConsentEventRow| {
        let fault: Fault = rules.event(row).err()?;
        Some((fault, left_of(row)))
    };
    let rejected = rows.reject_where(judge);
    let lost = rejected.iter().map(|one| &one.record);
    let lost = lost.filter(|row| row.kind().takes_away());
    let of_nobody = lost.flat_map(numbers);
    of_nobody
        .map(|number| denial(Subject::NonUser(objection_token(number))))
        .collect()
}

/// From whom a row takes something away that breaks a rule. A number that can be read counts as objected; of one that
/// cannot, nobody knows whose it is.
fn left_of(row: &ConsentEventRow) -> Salvage {
    if !row.kind().takes_away() {
        return Salvage::Harmless;
    }
    let of = |named: Named| Salvage::Names([named].into());
    match named(row).map(|event| event.subject) {
        Err(_) => Salvage::Lost,
        Ok(NamedSubject::Number(_)) => Salvage::Harmless,
        Ok(NamedSubject::Account(account)) => of(Named {
            accounts: vec![account],
            ..Named::default()
        }),
        Ok(NamedSubject::Device(device)) => of(Named {
            device: Some(device),
            ..Named::default()
        }),
    }
}

/// Whoever this is about has an event that cannot be used: nobody can say what they allow.
const fn denial(subject: Subject) -> Flaw {
    Flaw::About {
        subject,
        known_time: Timestamp::MIN,
    }
}

/// Says of every rejected event that denies nobody that it is lost; one that only says again what another says is not.
fn tell(read: &mut Read, rows: &TableRows<ConsentEventRow>) {
    let rejected = rows.rejections.iter().zip(&rows.salvages);
    let is_lost = |(rejection, left): &(&Rejection, &Salvage)| {
        **left == Salvage::Harmless && rejection.reason != RejectionReason::Duplicate
    };
    let lost: Vec<Rejection> = rejected
        .filter(is_lost)
        .map(|(rejection, _)| rejection.clone())
        .collect();
    read.has_future |= rows
        .rejections
        .iter()
        .any(|one| one.reason == RejectionReason::FromTheFuture);
    let is_conflict = |one: &Rejection| one.reason == RejectionReason::Conflict;
    let (conflicts, lost): (Vec<_>, Vec<_>) = lost.into_iter().partition(is_conflict);
    for (what, rows) in [
        (
            "a consent event says something else than another of its id; whoever either is about is invalidated",
            conflicts,
        ),
        (
            "a consent event cannot be used; it permits nothing, and a number that objects with it is never used",
            lost,
        ),
    ] {
        let told = RunFinding::of_rows("lost_consent_event", what, &rows);
        read.findings.extend(told);
    }
}

/// An event with its subject known: somebody without an account is known by a token of this run.
fn event(named: &NamedEvent) -> Event {
    Event {
        event_id: named.event_id,
        subject: subject(named.subject),
        kind: named.kind,
        valid_time: named.valid_time,
        known_time: named.known_time,
    }
}

fn subject(named: NamedSubject) -> Subject {
    match named {
        NamedSubject::Account(account) => Subject::Account(account),
        NamedSubject::Device(device) => Subject::Device(device),
        NamedSubject::Number(number) => Subject::NonUser(objection_token(number)),
    }
}

/// Holds the events of a ledger to the bound, and says what that means.
pub(in crate::engine) fn hold_ledger(read: &mut Read, mut ledger: ConsentInputs) -> ConsentInputs {
    let rules = ConsentRules {
        latest: read.latest,
    };
    let held = rules.hold(std::mem::take(&mut ledger.events));
    if let Some(first) = held.future.first() {
        read.has_future = true;
        read.findings.push(RunFinding::new(
            "lost_consent_event",
            format!(
                "{} events of the ledger are said to be known later than now, the first of them event {}: they permit \
                 nothing, and whoever they take something away from is denied",
                held.future.len(),
                first.event_id
            ),
            "mend the clock of this machine if it is wrong; otherwise put the times right with `acquaint consent repair --time`",
        ));
    }
    ledger.flaws.extend(held.flaws());
    ledger.events = held.events;
    ledger
}
