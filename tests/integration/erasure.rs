//! An opt-out leaves no trace: the output is the same, byte for byte, as from inputs without the person.

use std::collections::{BTreeMap, BTreeSet};

use acquaint::consent::{Event, EventKind, Subject};
use acquaint::ids::{AccountId, EventId, UserId};
use acquaint::signals::{BusinessEventKind, ConsentEventRow};
use acquaint::synth::World;

use crate::support::{Run, small_world, u64s};

/// What an opt-out closes.
const CLOSED: [&str; 2] = ["suggestions.parquet", "ad_scores.parquet"];

/// Factors know the whole graph, so one tie too many would move everybody's.
const WITH_FACTORS: &str = "[suggest]\nmin_intermediaries = 1\n[ranker]\none_in = 3\npool = 10\n\
    [ranker.factors]\nsize = 8\n";

#[test]
fn prop_opted_out_and_deleted_give_the_same_bytes() {
    let worlds = [
        (11, 20, ""),
        (12, 5, ""),
        (13, 2, ""),
        (14, 1, ""),
        (15, 20, WITH_FACTORS),
        (16, 6, WITH_FACTORS),
    ];
    for (seed, share, config) in worlds {
        let world = small_world(if config.is_empty() { 150 } else { 240 }, seed);
        let people = people(&world);
        let (chosen, accounts) = closed(&people, people.keys().copied().step_by(share).collect());
        let (out, gone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let opted_out = Run::of_world(
            out.path(),
            &with_opt_outs(&world, &accounts),
            config,
            world.as_of,
        );
        let deleted = Run::of_world(
            gone.path(),
            &without(&world, &chosen, &accounts),
            config,
            world.as_of,
        );
        for table in CLOSED {
            assert!(
                opted_out.bytes(table) == deleted.bytes(table),
                "{table}, seed {seed}, 1 in {share}"
            );
        }
        if !config.is_empty() {
            let lines = opted_out.lines("suggestions.parquet");
            let is_alike = |line: &&String| line.contains("people like your friends");
            assert!(
                lines.iter().any(|line| is_alike(&line)),
                "seed {seed}: factors add nobody"
            );
        }
        if share == 1 {
            assert!(
                opted_out.lines("suggestions.parquet").is_empty(),
                "everyone opted out"
            );
        }
    }
}

#[test]
fn one_more_opt_out_changes_only_rows_that_rested_on_the_person() {
    let world = small_world(200, 21);
    let before_dir = tempfile::tempdir().unwrap();
    let before = Run::of_world(before_dir.path(), &world, "", world.as_of);
    let user = u64s(&before.table("suggestions.parquet"), "candidate_id")[0];
    let accounts = people(&world)[&UserId(user)].clone();
    let after_dir = tempfile::tempdir().unwrap();
    let after = Run::of_world(
        after_dir.path(),
        &with_opt_outs(&world, &accounts),
        "",
        world.as_of,
    );
    let friends_of: BTreeSet<u64> = tied_to(&world, user);
    let lines = |run: &Run| -> BTreeMap<u64, Vec<String>> {
        let users = u64s(&run.table("suggestions.parquet"), "user_id");
        let mut rows = BTreeMap::<u64, Vec<String>>::new();
        for (user, line) in users.into_iter().zip(run.lines("suggestions.parquet")) {
            rows.entry(user).or_default().push(line);
        }
        rows
    };
    let (before_rows, after_rows) = (lines(&before), lines(&after));
    assert!(!after_rows.contains_key(&user), "no recipient");
    assert!(
        !u64s(&after.table("suggestions.parquet"), "candidate_id").contains(&user),
        "no candidate"
    );
    let within_three = reach(&world, &friends_of, 2);
    for (other, rows) in &before_rows {
        if *other != user && !within_three.contains(other) {
            assert_eq!(
                after_rows.get(other),
                Some(rows),
                "{other} is nowhere near {user}"
            );
        }
    }
    let dropped = |run: &Run| {
        run.manifest
            .stage("social accounts → people (friend_suggestions)")
            .unwrap()
            .dropped["opted_out"]
    };
    assert_eq!(
        dropped(&after),
        dropped(&before) + 1,
        "the manifest counts exactly one more"
    );
}

/// Some people with everybody who shares an account with them, and all of their accounts: to the ledger they
/// are one person.
pub(crate) fn closed(
    people: &BTreeMap<UserId, BTreeSet<AccountId>>,
    mut chosen: BTreeSet<UserId>,
) -> (BTreeSet<UserId>, BTreeSet<AccountId>) {
    loop {
        let accounts: BTreeSet<AccountId> = chosen
            .iter()
            .flat_map(|user| people[user].clone())
            .collect();
        let sharing = people
            .iter()
            .filter(|(_, held)| !held.is_disjoint(&accounts));
        let grown: BTreeSet<UserId> = sharing.map(|(user, _)| *user).collect();
        if grown == chosen {
            return (chosen, accounts);
        }
        chosen = grown;
    }
}

/// Everybody who has a messenger account, with all of their accounts.
pub(crate) fn people(world: &World) -> BTreeMap<UserId, BTreeSet<AccountId>> {
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), world, "", world.as_of);
    let links = run.table("links.parquet");
    let linked = u64s(&links, "user_id")
        .into_iter()
        .zip(u64s(&links, "account_id"));
    let owned = world
        .truth
        .owners
        .iter()
        .map(|owned| (owned.user.0, owned.account.0));
    let mut people = BTreeMap::<UserId, BTreeSet<AccountId>>::new();
    for (user, account) in linked.chain(owned) {
        people
            .entry(UserId(user))
            .or_default()
            .insert(AccountId(account));
    }
    people
}

pub(crate) fn with_opt_outs(world: &World, accounts: &BTreeSet<AccountId>) -> World {
    let mut world = world.clone();
    let at = world.as_of.plus_days(-1);
    for (i, account) in accounts.iter().enumerate() {
        world.consent_events.push(ConsentEventRow::Known(Event {
            event_id: EventId(u64::MAX - i as u64),
            subject: Subject::Account(*account),
            kind: EventKind::OptOut,
            valid_time: at,
            known_time: at,
        }));
    }
    world
}

/// The world without some people: no table has a row by, of or about them.
pub(crate) fn without(
    world: &World,
    users: &BTreeSet<UserId>,
    accounts: &BTreeSet<AccountId>,
) -> World {
    let mut world = world.clone();
    let here = |user: &UserId| !users.contains(user);
    let has = |account: &AccountId| !accounts.contains(account);
    world.messenger_accounts.retain(|row| has(&row.account_id));
    world.address_book.retain(|row| has(&row.account_id));
    world.social_accounts.retain(|row| here(&row.user_id));
    world
        .friendships
        .retain(|row| here(&row.user_a) && here(&row.user_b));
    world
        .feedback
        .retain(|row| here(&row.user_id) && here(&row.other_id));
    world
        .impressions
        .retain(|row| row.user_id.as_ref().is_none_or(here));
    world.ad_feedback.retain(|row| here(&row.user_id));
    world.business_threads.retain(|row| has(&row.account_id));
    world.business_opt_ins.retain(|row| has(&row.account_id));
    world.business_events.retain(|row| match row.what {
        BusinessEventKind::Sent { account, .. } | BusinessEventKind::Said { account, .. } => {
            has(&account)
        }
        BusinessEventKind::TemplatePaused { .. } => true,
    });
    world
        .abuse_reports
        .retain(|row| has(&row.reporter) && has(&row.reported));
    world.consent_events.retain(|row| match row {
        ConsentEventRow::Known(event) => match event.subject {
            Subject::Account(account) => has(&account),
            _ => true,
        },
        ConsentEventRow::NonUser { .. } => true,
    });
    world
}

fn tied_to(world: &World, user: u64) -> BTreeSet<u64> {
    let known = world.truth.acquaintances.iter();
    known
        .filter(|(a, b)| a.0 == user || b.0 == user)
        .flat_map(|(a, b)| [a.0, b.0])
        .collect()
}

/// Everybody within so many steps of some people, along who knows whom.
fn reach(world: &World, from: &BTreeSet<u64>, steps: usize) -> BTreeSet<u64> {
    let mut reached = from.clone();
    for _ in 0..steps {
        let next: Vec<u64> = world
            .truth
            .acquaintances
            .iter()
            .filter(|(a, b)| reached.contains(&a.0) || reached.contains(&b.0))
            .flat_map(|(a, b)| [a.0, b.0])
            .collect();
        reached.extend(next);
    }
    reached
}
