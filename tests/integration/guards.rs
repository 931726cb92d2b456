//! Rules no score outweighs: sensitive numbers, minors, blocks, dismissals, and how often one person is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acquaint::hash::mix;
use acquaint::ids::UserId;
use acquaint::signals::{Feedback, FeedbackKind, TableForm, write_table};
use acquaint::synth::{EdgeWorld, world_of_edges};
use acquaint::time::Timestamp;

use crate::support::{Run, u64s};

const PEOPLE: u64 = 1000;
const HUBS: u64 = 50;

/// A ring of people who each know the next four: everybody's friends know each other.
fn ring() -> Vec<(u64, u64)> {
    let people = 0..PEOPLE;
    people
        .flat_map(|u| (1..5).map(move |step| (u, (u + step) % PEOPLE)))
        .map(|(u, v)| (u.min(v), u.max(v)))
        .collect()
}

/// 50 numbers with 20 to 200 clients each, from anywhere on the ring.
fn clients() -> Vec<(u64, BTreeSet<u64>)> {
    let of = |hub: u64| {
        let n = 20 + mix(hub) % 181;
        let draw = |i| mix(hub << 32 | i) % PEOPLE;
        let mut clients = BTreeSet::new();
        let mut i = 0;
        while (clients.len() as u64) < n {
            clients.insert(draw(i));
            i += 1;
        }
        (10_000 + hub, clients)
    };
    (0..HUBS).map(of).collect()
}

fn write(dir: &Path, world: &EdgeWorld, feedback: &[Feedback]) {
    std::fs::create_dir_all(dir).unwrap();
    let form = TableForm::Parquet;
    write_table(dir, form, &world.messenger_accounts).unwrap();
    write_table(dir, form, &world.social_accounts).unwrap();
    write_table(dir, form, &world.friendships).unwrap();
    write_table(dir, form, &world.address_book).unwrap();
    write_table(dir, form, &world.consent_events).unwrap();
    write_table(dir, form, &world.policy_versions).unwrap();
    if !feedback.is_empty() {
        write_table(dir, form, feedback).unwrap();
    }
}

/// The moment a run of such a world speaks of.
fn moment(world: &EdgeWorld) -> Timestamp {
    run(world, &[], OPEN).0.manifest.as_of.valid
}

fn run(world: &EdgeWorld, feedback: &[Feedback], config: &str) -> (Run, BTreeSet<(u64, u64)>) {
    run_at(world, feedback, config, None)
}

fn run_at(
    world: &EdgeWorld,
    feedback: &[Feedback],
    config: &str,
    as_of: Option<Timestamp>,
) -> (Run, BTreeSet<(u64, u64)>) {
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write(&signals, world, feedback);
    let run = Run::of_signals(&signals, &dir.path().join("out"), config, as_of).unwrap();
    let table = run.table("suggestions.parquet");
    let pairs = u64s(&table, "user_id").into_iter();
    let pairs = pairs.zip(u64s(&table, "candidate_id")).collect();
    (run, pairs)
}

/// One person in common is enough, so that nothing but the rules keeps anybody apart.
const OPEN: &str = "[suggest]\nk = 30\nmin_intermediaries = 1\n";

fn dropped(run: &Run, stage: &str, reason: &str) -> u64 {
    let stage = run.manifest.stage(stage).unwrap();
    stage.dropped.get(reason).copied().unwrap_or(0)
}

#[test]
fn fifty_sensitive_numbers_bring_no_two_clients_together() {
    let hubs = clients();
    let saved = hubs.iter().flat_map(|(hub, clients)| {
        clients
            .iter()
            .flat_map(move |&client| [(client, *hub), (*hub, client)])
    });
    let contacts: Vec<(u64, u64)> = saved.collect();
    let among_people = |pairs: &BTreeSet<(u64, u64)>| -> BTreeSet<(u64, u64)> {
        let of_people = |&&(u, v): &&(u64, u64)| u < PEOPLE && v < PEOPLE;
        pairs.iter().filter(of_people).copied().collect()
    };
    let (_, without) = run(&world_of_edges(&ring(), &[]).unwrap(), &[], OPEN);
    let world = world_of_edges(&ring(), &contacts).unwrap();
    let (guarded, with) = run(&world, &[], OPEN);
    // Nobody hears of anybody they would not have heard of, and nobody is missed.
    assert_eq!(among_people(&with), among_people(&without));
    let ties: usize = hubs.iter().map(|(_, clients)| clients.len()).sum();
    let untied = dropped(&guarded, "ties → two-paths", "sensitive_number");
    assert_eq!(untied, ties as u64);
    // The number they saved is still theirs to be suggested.
    let own =
        |(hub, clients): &(u64, BTreeSet<u64>)| clients.iter().all(|c| with.contains(&(*c, *hub)));
    assert!(hubs.iter().all(own));
    // And the rule is what keeps them apart.
    let off = format!("{OPEN}sensitive_from = 0\npractice_from = 0\n");
    let (_, open) = run(&world, &[], &off);
    assert!(among_people(&open).len() > among_people(&with).len());
}

#[test]
fn minors_and_adults_are_never_suggested_to_each_other() {
    let mut world = world_of_edges(&ring(), &[]).unwrap();
    let minor = |user: u64| mix(user).is_multiple_of(5);
    let as_of = moment(&world);
    let this_year = u16::try_from(as_of.year()).unwrap();
    for account in &mut world.social_accounts {
        let age = if minor(account.user_id.0) { 13 } else { 30 };
        account.birth_year = Some(this_year - age);
    }
    let (guarded, pairs) = run(&world, &[], OPEN);
    assert!(pairs.iter().all(|&(u, v)| minor(u) == minor(v)));
    assert!(pairs.iter().any(|&(u, _)| minor(u)));
    let n_apart = dropped(&guarded, "candidates → suggestions", "age_band");
    let (_, open) = run(&world, &[], &format!("{OPEN}age_bands = false\n"));
    let apart = |&&(u, v): &&(u64, u64)| minor(u) != minor(v);
    assert_eq!(open.iter().filter(apart).count() as u64, n_apart);
    assert!(n_apart > 100);
}

#[test]
fn whoever_was_dismissed_or_blocked_does_not_come_back() {
    let world = world_of_edges(&ring(), &[]).unwrap();
    let as_of = moment(&world);
    let said = |user: u64, other: u64, kind, days: i64| Feedback {
        user_id: UserId(user),
        other_id: UserId(other),
        kind,
        at: as_of.plus_days(-days),
    };
    let feedback = [
        said(0, 5, FeedbackKind::Dismiss, 0),
        said(100, 105, FeedbackKind::Dismiss, 31),
        said(200, 205, FeedbackKind::Block, 400),
    ];
    let asked = |config: &str| run_at(&world, &feedback, config, Some(as_of));
    let (_, for_ever) = asked(OPEN);
    for pair in [(0, 5), (100, 105), (200, 205), (205, 200)] {
        assert!(!for_ever.contains(&pair), "{pair:?}");
    }
    assert!(for_ever.contains(&(5, 0)), "only who dismissed is spared");
    let (run, a_month) = asked(&format!("{OPEN}dismiss_days = 30\n"));
    assert!(!a_month.contains(&(0, 5)) && a_month.contains(&(100, 105)));
    assert!(!a_month.contains(&(200, 205)));
    assert_eq!(dropped(&run, "feedback → exclusions", "dismissal_over"), 1);
}

#[test]
fn nobody_is_shown_to_more_than_the_limit_and_what_is_left_goes_to_others() {
    let mut edges = ring();
    // Ten people whom a hundred others know.
    edges.extend((0..PEOPLE).map(|u| (u, 2000 + mix(u) % 10)));
    let world = world_of_edges(&edges, &[]).unwrap();
    let config = "[suggest]\nk = 5\nmin_intermediaries = 1\n";
    let shown = |pairs: &BTreeSet<(u64, u64)>| {
        let mut shown = BTreeMap::new();
        for (_, v) in pairs {
            *shown.entry(*v).or_insert(0_u32) += 1;
        }
        shown.into_values().max().unwrap()
    };
    let (_, free) = run(&world, &[], config);
    let (limited, pairs) = run(&world, &[], &format!("{config}shown_max = 8\n"));
    assert!(shown(&free) > 8 && shown(&pairs) <= 8);
    let stage = limited.manifest.stage("candidates → suggestions").unwrap();
    assert!(stage.check().is_ok() && stage.dropped["shown_enough"] > 0);
    assert!(
        pairs.len() * 10 > free.len() * 9,
        "{} of {}",
        pairs.len(),
        free.len()
    );
    assert_eq!(limited.manifest.exposure.most, 8.0);
}
