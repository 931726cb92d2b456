//! What the learned order looks at besides ties: somebody who opted out is in no call, no group and no community.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acquaint::ids::{AccountId, UserId};
use acquaint::signals::{CallCount, GroupMember, TableForm, write_table};
use acquaint::synth::World;

use crate::erasure::{closed, people, with_opt_outs, without};
use crate::support::program::done;
use crate::support::{Run, small_world, write_world};

const LEARNED: &str = "[suggest]\nmin_intermediaries = 1\n[ranker]\none_in = 3\npool = 10\n";

/// Friends call each other and are in groups of up to seven; some strangers are too.
struct Beside {
    calls: Vec<CallCount>,
    groups: Vec<GroupMember>,
}

impl Beside {
    fn of(world: &World, people: &BTreeMap<UserId, BTreeSet<AccountId>>) -> Self {
        let mut calls = Vec::new();
        let mut call = |from: &UserId, to: &UserId, n: u64| {
            let account = |user| people.get(user).and_then(|held| held.first().copied());
            if let (Some(from), Some(to)) = (account(from), account(to)) {
                let n = u32::try_from(n % 7).unwrap();
                calls.push(CallCount {
                    from,
                    to,
                    calls: n,
                    written: 2 * n,
                    since: world.as_of.plus_days(-30),
                });
            }
        };
        for row in &world.friendships {
            let n = row.user_a.0 ^ row.user_b.0;
            call(&row.user_a, &row.user_b, n);
            if !n.is_multiple_of(3) {
                call(&row.user_b, &row.user_a, n / 3);
            }
        }
        let accounts: Vec<AccountId> = people.values().flatten().copied().collect();
        let groups = accounts.iter().enumerate().flat_map(|(i, &account)| {
            let joined_at = world.as_of.plus_days(-40);
            [i / 7, 1_000 + i % 40].map(|group| GroupMember {
                group: group as u64,
                account,
                joined_at,
            })
        });
        let groups = groups.collect();
        Self { calls, groups }
    }

    fn without(&self, gone: &BTreeSet<AccountId>) -> Self {
        let has = |account: &AccountId| !gone.contains(account);
        let calls = self.calls.iter().copied();
        let groups = self.groups.iter().copied();
        Self {
            calls: calls.filter(|row| has(&row.from) && has(&row.to)).collect(),
            groups: groups.filter(|row| has(&row.account)).collect(),
        }
    }

    fn run(&self, dir: &Path, world: &World, signals: &str) -> Run {
        let tables = dir.join("signals");
        write_world(&tables, TableForm::Csv, world);
        write_table(&tables, TableForm::Csv, &self.calls).unwrap();
        write_table(&tables, TableForm::Csv, &self.groups).unwrap();
        let config = format!("{LEARNED}{signals}");
        Run::of_signals(&tables, &dir.join("out"), &config, Some(world.as_of)).unwrap()
    }
}

const ALONE: [&str; 4] = ["communities", "region", "calls", "groups"];

/// `[ranker.signals]` with one of its keys.
fn only(key: &str) -> String {
    let others = ALONE.iter().filter(|other| **other != key);
    others.fold(
        format!("[ranker.signals]\n{key} = true\n"),
        |said, other| said + other + " = false\n",
    )
}

#[test]
fn prop_what_is_beside_ties_says_nothing_of_whoever_opted_out() {
    let world = small_world(240, 15);
    let people = people(&world);
    let beside = Beside::of(&world, &people);
    let (chosen, accounts) = closed(&people, people.keys().copied().step_by(6).collect());
    let out = with_opt_outs(&world, &accounts);
    let gone = without(&world, &chosen, &accounts);
    let of = |world: &World, beside: &Beside, signals: &str| {
        let dir = tempfile::tempdir().unwrap();
        beside
            .run(dir.path(), world, signals)
            .bytes("suggestions.parquet")
    };
    let by_ties = of(&out, &beside, "");
    for key in ALONE {
        let signals = only(key);
        let opted_out = of(&out, &beside, &signals);
        let deleted = of(&gone, &beside.without(&accounts), &signals);
        assert!(
            opted_out == deleted,
            "{key} tells of somebody who opted out"
        );
        assert!(opted_out != by_ties, "{key} changes no list");
    }
}

#[test]
fn rows_that_are_looked_at_are_counted_and_the_output_verifies() {
    let world = small_world(240, 16);
    let people = people(&world);
    let beside = Beside::of(&world, &people);
    let dir = tempfile::tempdir().unwrap();
    let run = beside.run(dir.path(), &world, "[ranker.signals]\n");
    for (stage, n) in [
        ("call counts → calls of people", beside.calls.len()),
        ("group members → people in groups", beside.groups.len()),
    ] {
        let stage = run.manifest.stage(stage).unwrap();
        assert_eq!(stage.rows_in, n as u64, "{stage:?}");
        assert!(stage.rows_out > 0, "{stage:?}");
    }
    assert!(
        run.manifest
            .stage("linked accounts → regions")
            .unwrap()
            .rows_out
            > 0
    );
    let without = beside.run(dir.path(), &world, "");
    assert!(
        without
            .manifest
            .stage("linked accounts → regions")
            .is_none()
    );
    let config = format!("{LEARNED}[ranker.signals]\n");
    std::fs::write(dir.path().join("learn.toml"), config).unwrap();
    done(
        "run --signals signals --config learn.toml --out whole",
        dir.path(),
    );
    done("verify whole --signals signals", dir.path());
}
