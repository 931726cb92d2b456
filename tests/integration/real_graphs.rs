//! Real friendships: with people opted out the output is that of the world without them. Without
//! `../shared/datasets` the tests say so and pass.

use std::path::{Path, PathBuf};

use acquaint::consent::{Event, EventKind, Subject};
use acquaint::engine::{self, GivenModels, RunParams, RunRequest, Silent, Times, VerifyRequest};
use acquaint::eval::read_edges;
use acquaint::ids::EventId;
use acquaint::signals::{ConsentEventRow, TableForm, write_table};
use acquaint::synth::{EdgeWorld, world_of_edges};

use crate::influence::fast_dir;

#[test]
fn ego_facebook_without_those_who_opted_out() {
    check("ego_facebook.csv.gz");
}

#[test]
#[ignore = "a minute: cargo test --release --test integration amherst -- --ignored"]
fn amherst_without_those_who_opted_out() {
    check("fb100_Amherst41.csv.gz");
}

fn check(name: &str) {
    let file = datasets().join("graphs").join(name);
    if !file.exists() {
        eprintln!("skipped: {} is not there", file.display());
        return;
    }
    let edges = read_edges(&file).unwrap().undirected().pairs;
    for percent in [5, 20, 50] {
        // A tenth of the friends, those of one direction, also saved each other's number.
        let saved: Vec<(u64, u64)> = edges
            .iter()
            .copied()
            .filter(|(a, b)| (a + b) % 10 == 0)
            .collect();
        let mut world = world_of_edges(&edges, &saved).unwrap();
        let n_out = opt_out(&mut world, percent);
        let dir = fast_dir();
        let verdict = verdict(dir.path(), &world);
        assert!(verdict.is_clean(), "{name}, {percent} % out\n{verdict}");
        let suggestions = &verdict.purposes[0];
        assert_eq!(suggestions.n_people_erased, n_out);
        assert!(suggestions.n_rows > 1000, "{}", suggestions.n_rows);
        eprintln!(
            "{name}: {n_out} people out, {} rows the same",
            suggestions.n_rows
        );
    }
}

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets")
}

/// Opts out so many of a hundred people, chosen by a hash of the id.
fn opt_out(world: &mut EdgeWorld, percent: u64) -> u64 {
    let mut n_out = 0;
    let newest = world.consent_events.iter().map(known).max().unwrap();
    for row in &world.messenger_accounts {
        let hash = blake3::hash(&row.account_id.0.to_le_bytes());
        let draw = u64::from(u16::from_le_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]));
        if draw * 100 < percent << 16 {
            n_out += 1;
            world.consent_events.push(ConsentEventRow::Known(Event {
                event_id: EventId(u64::MAX - n_out),
                subject: Subject::Account(row.account_id),
                kind: EventKind::OptOut,
                valid_time: newest.plus_days(1),
                known_time: newest.plus_days(1),
            }));
        }
    }
    n_out
}

fn known(row: &ConsentEventRow) -> acquaint::time::Timestamp {
    match row {
        ConsentEventRow::Known(event) => event.known_time,
        ConsentEventRow::NonUser { known_time, .. } => *known_time,
    }
}

fn verdict(dir: &Path, world: &EdgeWorld) -> engine::Verdict {
    let (signals, out): (PathBuf, PathBuf) = (dir.join("signals"), dir.join("out"));
    std::fs::create_dir_all(&signals).unwrap();
    let form = TableForm::Parquet;
    write_table(&signals, form, &world.messenger_accounts).unwrap();
    write_table(&signals, form, &world.social_accounts).unwrap();
    write_table(&signals, form, &world.friendships).unwrap();
    write_table(&signals, form, &world.address_book).unwrap();
    write_table(&signals, form, &world.consent_events).unwrap();
    write_table(&signals, form, &world.policy_versions).unwrap();
    let params = RunParams::default().check().unwrap();
    let page = |_: &_| Ok("page".to_owned());
    let request = RunRequest {
        signals: &signals,
        ledger: None,
        out: &out,
        params: &params,
        times: Times::default(),
        published_known: None,
        models: GivenModels::default(),
        reads: &[],
    };
    engine::run(&request, &page, &Silent).unwrap();
    let request = VerifyRequest {
        audience_key: None,
        out: &out,
        signals: &signals,
        ledger: None,
        keep: None,
        max_reruns: 0,
    };
    engine::verify(&request, &page, &Silent).unwrap()
}
