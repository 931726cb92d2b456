//! An opt-out that became known after publication: the rows that name the person are listed, and no others.

use std::collections::BTreeSet;

use acquaint::consent::{DenialReason, Event, EventKind, Subject};
use acquaint::engine::{Recall, RecallRequest, Silent, recall};
use acquaint::ids::{AccountId, EventId};
use acquaint::signals::{ConsentEventRow, TableForm};
use acquaint::synth::World;

use crate::support::{Run, small_world, u64s, write_world};

#[test]
fn nothing_is_recalled_while_nothing_became_known() {
    let world = small_world(120, 31);
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, "", world.as_of);
    let recalled = recalled(&run, &dir.path().join("signals"));
    assert!(recalled.n_rows > 0);
    assert_eq!(recalled.rows, []);
}

#[test]
fn opt_out_known_after_publication_is_recalled() {
    let world = small_world(120, 32);
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, "", world.as_of);
    let links = run.table("links.parquet");
    let user = u64s(&run.table("suggestions.parquet"), "candidate_id")[0];
    let accounts: BTreeSet<u64> = u64s(&links, "user_id")
        .into_iter()
        .zip(u64s(&links, "account_id"))
        .filter(|&(person, _)| person == user)
        .map(|(_, account)| account)
        .collect();
    let newer = dir.path().join("newer");
    write_world(&newer, TableForm::Csv, &opted_out_late(&world, &accounts));
    let recalled = recalled(&run, &newer);

    let table = run.table("suggestions.parquet");
    let named: Vec<u64> = u64s(&table, "user_id")
        .into_iter()
        .zip(u64s(&table, "candidate_id"))
        .zip(1..)
        .filter(|((one, other), _)| *one == user || *other == user)
        .map(|(_, row)| row)
        .collect();
    assert_eq!(rows_of(&recalled, "suggestions.parquet"), named);
    let ads = u64s(&run.table("ad_scores.parquet"), "user_id");
    let named: Vec<u64> = ads
        .into_iter()
        .zip(1..)
        .filter(|&(one, _)| one == user)
        .map(|(_, row)| row)
        .collect();
    assert_eq!(rows_of(&recalled, "ad_scores.parquet"), named);
    assert!(
        recalled
            .rows
            .iter()
            .all(|row| row.reason == DenialReason::OptedOut),
        "{:?}",
        recalled.rows
    );
    assert_eq!(
        rows_of(&recalled, "abuse_scores.parquet"),
        [0_u64; 0],
        "the toggle does not close it"
    );
}

/// The act lies before publication, the knowledge of it after.
fn opted_out_late(world: &World, accounts: &BTreeSet<u64>) -> World {
    let mut world = world.clone();
    for (i, account) in (0..).zip(accounts) {
        world.consent_events.push(ConsentEventRow::Known(Event {
            event_id: EventId(u64::MAX - i),
            subject: Subject::Account(AccountId(*account)),
            kind: EventKind::OptOut,
            valid_time: world.as_of.plus_days(-1),
            known_time: world.as_of.plus_days(1),
        }));
    }
    world
}

fn recalled(run: &Run, signals: &std::path::Path) -> Recall {
    let request = RecallRequest {
        out: &run.out,
        ledger: None,
        signals,
        known_at: None,
        latest: None,
    };
    recall(&request, &Silent).unwrap()
}

fn rows_of(recall: &Recall, table: &str) -> Vec<u64> {
    let rows = recall.rows.iter().filter(|row| row.table == table);
    rows.map(|row| row.row).collect()
}
