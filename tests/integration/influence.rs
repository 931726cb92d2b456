//! Nobody who is out has any influence: random worlds, both profiles, the whole engine, every byte.
//!
//! `ACQUAINT_WORLDS` says how many worlds, `ACQUAINT_SEED` from which seed on. A world that fails names its seed.
#![expect(
    clippy::disallowed_methods,
    reason = "how many worlds is a question of patience, not of the project"
)]

use std::collections::BTreeSet;
use std::path::Path;

use acquaint::consent::{AccountFacts, AsOf, Decision, DenialReason, Ledger, Purpose};
use acquaint::engine::{RunParams, Silent, Verdict, VerifyRequest, verify};
use acquaint::identity::{E164, number_region};
use acquaint::ids::AccountId;
use acquaint::signals::{ConsentEventRow, TableForm, policy_versions};
use acquaint::synth::World;
use rayon::prelude::*;

use crate::support::random_world::{RandomWorld, random_world};
use crate::support::{Run, write_world};

/// A number from the environment.
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |n| n.parse().expect("a number"))
}

#[test]
fn prop_nobody_who_is_out_has_any_influence() {
    let first = number("ACQUAINT_SEED", 1);
    let n_worlds = number("ACQUAINT_WORLDS", 60);
    let seen: Vec<Seen> = (first..first + n_worlds)
        .into_par_iter()
        .map(|seed| check(seed).unwrap_or_else(|fault| panic!("world {seed}: {fault}")))
        .collect();
    let sum = |of: fn(&Seen) -> u64| seen.iter().map(of).sum::<u64>();
    println!(
        "{n_worlds} worlds, {} rows published, {} accounts out for some purpose: no byte differs",
        sum(|seen| seen.n_rows),
        sum(|seen| seen.n_out)
    );
    assert!(
        sum(|seen| seen.n_suggestions) > n_worlds,
        "there is something to influence"
    );
    assert!(sum(|seen| seen.n_out) > n_worlds, "somebody is out");
}

/// What there was in a world.
pub(crate) struct Seen {
    n_rows: u64,
    n_suggestions: u64,
    n_out: u64,
}

/// Runs a world and verifies it; says what is wrong.
pub(crate) fn check(seed: u64) -> Result<Seen, String> {
    let RandomWorld { world, config } = random_world(seed);
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Parquet, &world);
    let run = Run::of_signals(
        &signals,
        &dir.path().join("out"),
        &config,
        Some(world.as_of),
    )
    .map_err(|error| error.to_string())?;
    let verdict = verdict(dir.path(), &run)?;
    if !verdict.is_clean() {
        return Err(format!(
            "{config}\n{}",
            serde_json::to_string_pretty(&verdict).unwrap()
        ));
    }
    for one in &verdict.purposes {
        for purpose in &one.purposes {
            let denied = denied(&world, &config, *purpose);
            let is_shared = one.purposes.len() > 1;
            if !is_shared && !denied.is_subset(&one.accounts) {
                let missed: Vec<_> = denied.difference(&one.accounts).collect();
                return Err(format!("{purpose}: out, and not deleted: {missed:?}"));
            }
        }
    }
    let rows = |file: &str| {
        let outputs = &run.manifest.outputs;
        outputs
            .iter()
            .filter(|o| o.file == file)
            .map(|o| o.rows)
            .sum::<u64>()
    };
    Ok(Seen {
        n_rows: run.manifest.outputs.iter().map(|output| output.rows).sum(),
        n_suggestions: rows("suggestions.parquet"),
        n_out: verdict
            .purposes
            .iter()
            .map(|one| one.accounts.len() as u64)
            .max()
            .unwrap_or(0),
    })
}

fn verdict(dir: &Path, run: &Run) -> Result<Verdict, String> {
    let request = VerifyRequest {
        out: &run.out,
        signals: &dir.join("signals"),
        ledger: None,
        scratch: &dir.join("scratch"),
        keep: false,
    };
    verify(&request, &Silent).map_err(|error| error.to_string())
}

/// Whom the ledger denies a purpose, asked directly: verification must not overlook anybody.
fn denied(world: &World, config: &str, purpose: Purpose) -> BTreeSet<AccountId> {
    let params = RunParams::from_toml(config).unwrap();
    let events = world.consent_events.iter().filter_map(|row| match row {
        ConsentEventRow::Known(event) => Some(*event),
        ConsentEventRow::NonUser { .. } => None,
    });
    let ledger = Ledger::new(
        policy_versions(world.policy_versions.clone()),
        world.overlays.clone(),
        events.collect(),
    );
    let facts: Vec<AccountFacts> = world
        .messenger_accounts
        .iter()
        .filter(|row| row.registered_at.max(row.number_since) <= world.as_of)
        .map(|row| AccountFacts {
            account: row.account_id,
            registered_at: row.registered_at,
            last_seen_at: row.last_seen_at,
            number_region: E164::parse(&row.phone, row.region)
                .ok()
                .and_then(number_region),
            residence: row.region,
            device: row.device.device_id,
        })
        .collect();
    let snapshot = ledger.snapshot(
        AsOf::at(world.as_of),
        &facts,
        &params.consent.check().unwrap(),
    );
    let known: BTreeSet<AccountId> = facts.iter().map(|row| row.account).collect();
    snapshot
        .statuses()
        .iter()
        .filter(|status| known.contains(&status.account()))
        .filter(|status| match status.decision(purpose) {
            Decision::Allowed { .. } | Decision::Denied(DenialReason::NoRecord) => false,
            Decision::Denied(_) => true,
        })
        .map(acquaint::consent::AccountStatus::account)
        .collect()
}
