//! Whoever uploads every number of a prefix learns nothing, and nobody else learns less for it.

use std::path::Path;

use acquaint::consent::Purpose;
use acquaint::engine::{MatchRequest, RunParams, Silent, Times, ValidRunParams};
use acquaint::hash::HashMap;
use acquaint::identity::E164;
use acquaint::ids::AccountId;
use acquaint::signals::{AddressBookEntry, RawPhone, TableForm};
use acquaint::synth::World;

use crate::number_book::{batch, matched, read_matches, request, write_batches};
use crate::support::{Run, small_world, u64s, write_world};

fn params() -> ValidRunParams {
    RunParams::default().check().unwrap()
}

fn n_saved_by(matches: &[(u64, u64, i64)], account: u64) -> usize {
    matches
        .iter()
        .filter(|(from, _, _)| *from == account)
        .count()
}

/// The two accounts whose own address books match the most; both may be asked about.
fn two_who_may(request: &MatchRequest<'_>) -> [u64; 2] {
    let found = request.address_book(&Silent).unwrap();
    let mut n_of: HashMap<u64, usize> = HashMap::default();
    for found in &found.matches {
        *n_of.entry(found.from.0).or_default() += 1;
    }
    let mut accounts: Vec<_> = n_of.into_iter().collect();
    accounts.sort_unstable_by_key(|&(account, n)| (usize::MAX - n, account));
    [accounts[0].0, accounts[1].0]
}

/// The numbers of the world's accounts, then those after the first of them.
fn numbers(world: &World, n: u64) -> impl Iterator<Item = u64> {
    let held: Vec<u64> = world
        .messenger_accounts
        .iter()
        .filter_map(|account| E164::parse(&account.phone, account.region).ok())
        .map(E164::expose)
        .collect();
    let prefix = held[0] / 100_000_000 * 100_000_000;
    let n_held = held.len() as u64;
    held.into_iter().chain(prefix..prefix + n - n_held)
}

/// What the attacker and an honest account, which saved the first hundred, find when the attacker saves `n`.
fn found(dir: &Path, world: &World, n: u64, n_threads: usize, max_bytes: usize) -> [usize; 2] {
    let (params, signals) = (params(), dir.join("signals"));
    let mut request = request(&signals, &params);
    request.times = Times::at(world.as_of);
    let [attacker, honest] = two_who_may(&request);
    let now = world.as_of.micros();
    let batches = numbers(world, n).collect::<Vec<_>>();
    let batches = batches.chunks(1 << 20).map(|numbers| {
        let len = numbers.len();
        batch((vec![attacker; len], numbers.to_vec(), vec![now; len]))
    });
    let book: Vec<u64> = numbers(world, n).take(100).collect();
    let book = batch((vec![honest; 100], book, vec![now; 100]));
    write_batches(&dir.join("book.parquet"), 1 << 16, batches.chain([book]));
    let (matched, _) = matched(&request, dir, n_threads, max_bytes);
    matched.stage.check().unwrap();
    let over: Vec<AccountId> = matched
        .over_budget
        .by_account()
        .into_iter()
        .map(|o| o.0)
        .collect();
    let pairs = read_matches(&dir.join("matches.parquet"));
    let of_attacker = n_saved_by(&pairs, attacker);
    assert_eq!(over == [AccountId(attacker)], of_attacker == 0, "{over:?}");
    [of_attacker, n_saved_by(&pairs, honest)]
}

fn on_disk(n_people: u32, seed: u64) -> (tempfile::TempDir, World) {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(n_people, seed);
    write_world(&dir.path().join("signals"), TableForm::Parquet, &world);
    (dir, world)
}

#[test]
fn one_entry_too_many_and_all_are_worth_nothing() {
    let (dir, world) = on_disk(120, 41);
    let [few, honest] = found(dir.path(), &world, 9_990, 2, 1 << 30);
    assert!(few > 20 && honest > 5, "{few} {honest}");
    for (n_threads, max_bytes) in [(1, 1 << 30), (2, 1 << 30), (2, 0)] {
        let found = found(dir.path(), &world, 10_500, n_threads, max_bytes);
        assert_eq!(found, [0, honest], "{n_threads} threads, {max_bytes} bytes");
    }
}

#[test]
#[ignore = "a hundred million entries: cargo test --release --test integration enumeration -- --ignored"]
fn a_hundred_million_numbers_are_worth_nothing() {
    let (dir, world) = on_disk(400, 42);
    let [_, honest] = found(dir.path(), &world, 500, 2, 1 << 30);
    assert!(honest > 5, "{honest}");
    assert_eq!(
        found(dir.path(), &world, 100_000_000, 2, 1 << 30),
        [0, honest]
    );
}

#[test]
fn the_attempt_is_reported_as_abuse() {
    let (dir, mut world) = on_disk(120, 43);
    let (params, signals) = (params(), dir.path().join("signals"));
    let mut request = request(&signals, &params);
    request.times = Times::at(world.as_of);
    request.purpose = Purpose::Abuse;
    let [attacker, _] = two_who_may(&request);
    let entry = |number: u64| AddressBookEntry {
        account_id: AccountId(attacker),
        phone: RawPhone::new(format!("+{number}")),
        saved_at: world.as_of,
    };
    // The account's own book grew over years: only the bound on its length is left.
    let sweep: Vec<_> = numbers(&world, 20_500).map(entry).collect();
    world.address_book.extend(sweep);
    let run = Run::of_world(&dir.path().join("run"), &world, "", world.as_of);
    let stage = run.manifest.stage("address book → matches (abuse)");
    let dropped = &stage.unwrap().dropped;
    assert!(dropped["over_budget"] > 20, "{dropped:?}");
    let rows = run.lines("abuse_scores.parquet");
    let accounts = u64s(&run.table("abuse_scores.parquet"), "account_id");
    let at = accounts.iter().position(|&a| a == attacker).unwrap();
    assert!(
        rows[at].contains("address book over budget"),
        "{}",
        rows[at]
    );
}

/// A budget is asked for every purpose, and its counts rest on that purpose alone.
#[test]
fn every_purpose_has_the_budget() {
    let (dir, world) = on_disk(120, 41);
    let now = world.as_of.micros();
    let (params, signals) = (params(), dir.path().join("signals"));
    let mut request = request(&signals, &params);
    request.times = Times::at(world.as_of);
    for purpose in Purpose::ALL {
        request.purpose = purpose;
        let [attacker, _] = two_who_may(&request);
        let sweep: Vec<u64> = numbers(&world, 10_500).collect();
        let book = batch((vec![attacker; 10_500], sweep, vec![now; 10_500]));
        let path = dir.path().join("book.parquet");
        write_batches(&path, 1 << 16, std::iter::once(book));
        let (matched, _) = matched(&request, dir.path(), 2, 1 << 30);
        let dropped = &matched.stage.dropped;
        assert!(dropped["over_budget"] > 20, "{purpose}: {dropped:?}");
        assert_eq!(matched.stage.rows_out, 0, "{purpose}");
    }
}
