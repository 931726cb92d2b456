//! Nobody who is out has any influence: random small worlds against the same worlds without them, byte for byte.
//!
//! `ACQUAINT_WORLDS=10000 cargo test --release --test integration influence` runs as many worlds;
//! `ACQUAINT_WORLD_SEED=17` runs one of them again and keeps what it wrote.

use std::path::{Path, PathBuf};

use acquaint::abuse::{GivenAbuseModel, OutcomeThresholds};
use acquaint::engine::{
    self, GivenModels, RunParams, RunRequest, Silent, Times, Verdict, VerifyRequest,
};
use acquaint::signals::{TableForm, write_table};
use arrow_array::Array;

use crate::own_columns::with_columns;
use crate::support::worlds::{Trial, trial};
use crate::support::{list_key, read_table, write_world};

/// How many worlds are tried when nobody says how many.
const WORLDS: u64 = 60;

#[test]
fn prop_nobody_who_is_out_has_influence() {
    if let Some(seed) = number("ACQUAINT_WORLD_SEED") {
        let dir = fast_dir().keep();
        let verdict = verdict(&dir, &trial(seed), 40);
        assert!(
            verdict.is_clean(),
            "world {seed}, kept in {}\n{verdict}",
            dir.display()
        );
        return;
    }
    let n_worlds = number("ACQUAINT_WORLDS").unwrap_or(WORLDS);
    let failing: Vec<u64> = (0..n_worlds).filter(|&seed| !is_clean(seed)).collect();
    assert!(
        failing.is_empty(),
        "replay with ACQUAINT_WORLD_SEED: {failing:?}"
    );
}

#[test]
fn the_worlds_are_worth_trying() {
    let mut rows = [0; 5];
    for seed in 0..8 {
        let verdict = verdict(fast_dir().path(), &trial(seed), 0);
        for (sum, found) in rows.iter_mut().zip(&verdict.purposes) {
            *sum += found
                .n_rows
                .min(found.n_people_erased + found.n_accounts_erased);
        }
    }
    assert!(
        rows.iter().all(|&n| n > 10),
        "rows and people for every purpose: {rows:?}"
    );
    let is_learned = |&seed: &u64| {
        let dir = fast_dir();
        verdict(dir.path(), &trial(seed), 0);
        let rows = read_table(&dir.path().join("out/suggestions.parquet"));
        let probabilities = rows
            .iter()
            .filter_map(|batch| batch.column_by_name("probability"));
        probabilities
            .map(|column| column.len() - column.null_count())
            .sum::<usize>()
            > 0
    };
    let n_learned = (0..60).step_by(4).filter(is_learned).count();
    assert!(
        n_learned > 3,
        "{n_learned} worlds have a learned order with factors"
    );
}

fn is_clean(seed: u64) -> bool {
    let dir = fast_dir();
    let verdict = verdict(dir.path(), &trial(seed), 12);
    if !verdict.is_clean() {
        eprintln!("world {seed}\n{verdict}");
    }
    verdict.is_clean()
}

/// Runs a world and verifies what came out.
pub(crate) fn verdict(dir: &Path, trial: &Trial, max_reruns: u32) -> Verdict {
    let (signals, out) = (dir.join("signals"), dir.join("out"));
    write_world(&signals, TableForm::Csv, &trial.world);
    write_table(&signals, TableForm::Csv, &trial.calls).unwrap();
    write_table(&signals, TableForm::Csv, &trial.groups).unwrap();
    if trial.config.contains("loyalty") {
        with_columns(&signals, "social_accounts", &["loyalty"], |row| {
            let user = row.id("user_id").unwrap();
            vec![(user.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 50).to_string()]
        });
    }
    let mut params = RunParams::from_toml(&trial.config).unwrap();
    if let Some(model) = &trial.abuse_model {
        params.abuse.model = Some(GivenAbuseModel::Trained(Box::new(model.clone())));
        params.abuse.outcomes = OutcomeThresholds {
            demote: 0.2,
            limit: 0.5,
            quarantine: 0.7,
        };
    }
    let params = params.check().unwrap().with_audience_key(list_key());
    let request = RunRequest {
        signals: &signals,
        ledger: None,
        out: &out,
        params: &params,
        times: Times {
            as_of: Some(trial.as_of),
            known_at: trial.known_at,
            latest: None,
        },
        published_known: None,
        models: GivenModels::default(),
        reads: &[],
    };
    let page = |_: &_| Ok("page".to_owned());
    engine::run(&request, &page, &Silent).unwrap();
    let request = VerifyRequest {
        audience_key: Some(&list_key()),
        out: &out,
        signals: &signals,
        ledger: None,
        keep: None,
        max_reruns,
    };
    engine::verify(&request, &page, &Silent).unwrap()
}

/// A directory in memory where there is one: a world is many small files, each of them synced.
pub(crate) fn fast_dir() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how many worlds is a question of patience, not of the project"
)]
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
