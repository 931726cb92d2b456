use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::entries::CHUNK;
use super::*;
use crate::consent::Permitted;
use crate::consent::testing::gate_of;
use crate::consent::{FriendSuggestions, Gate};
use crate::hash::HashSet;
use crate::identity::{Binding, Match};

type Permit<T> = Permitted<T, FriendSuggestions>;

fn number(n: u64) -> E164 {
    E164::from_digits(4_900_000_000 + n).unwrap()
}

fn binding(n: u64, account: u64, since: i64, until: i64) -> Binding {
    Binding {
        number: number(n),
        account: AccountId(account),
        since: Timestamp::from_secs(since),
        until: Timestamp::from_secs(until),
    }
}

fn contact(from: u64, n: u64, saved_at: i64) -> Contact {
    Contact {
        from: AccountId(from),
        number: number(n),
        saved_at: Timestamp::from_secs(saved_at),
    }
}

fn permit<T: About<Id = AccountId>>(data: impl IntoIterator<Item = T>) -> Vec<Permit<T>> {
    let data: Vec<T> = data.into_iter().collect();
    let gate: Gate<FriendSuggestions, AccountId> = gate_of(data.iter().flat_map(About::about));
    data.into_iter()
        .map(|datum| gate.permit(datum).unwrap())
        .collect()
}

fn directory(bindings: &[Binding]) -> Directory<FriendSuggestions> {
    Directory::build(permit(bindings.iter().copied()), &HashSet::default())
}

fn resolve(bindings: &[Binding], n: u64, at: i64) -> Resolution {
    directory(bindings).resolve(number(n), Timestamp::from_secs(at))
}

#[test]
fn deny_a_new_owner_to_old_address_books() {
    let recycled = [binding(1, 10, 0, 100), binding(1, 11, 145, i64::MAX)];
    assert_eq!(resolve(&recycled, 1, 99), Resolution::Match(AccountId(10)));
    assert_eq!(resolve(&recycled, 1, 100), Resolution::NotYetTheirs);
    assert_eq!(resolve(&recycled, 1, 144), Resolution::NotYetTheirs);
    assert_eq!(resolve(&recycled, 1, 145), Resolution::Match(AccountId(11)));
    let old = permit((0..200).map(|uploader| contact(uploader + 100, 1, 50)));
    let batch = match_entries(&directory(&recycled), &old);
    assert!(batch.matches.len() == 200 && batch.matches.iter().all(|m| m.to == AccountId(10)));
}

#[test]
fn two_people_swap_numbers_on_one_day() {
    let swap = [
        binding(1, 10, 0, 50),
        binding(2, 11, 0, 50),
        binding(1, 11, 50, 99),
        binding(2, 10, 50, 99),
    ];
    for (n, at, account) in [(1, 49, 10), (2, 49, 11), (1, 50, 11), (2, 50, 10)] {
        assert_eq!(resolve(&swap, n, at), Resolution::Match(AccountId(account)));
    }
}

#[test]
fn deny_uploads_from_before_somebody_joined() {
    let joined = [binding(1, 10, 60, i64::MAX)];
    assert_eq!(resolve(&joined, 1, 59), Resolution::NotYetTheirs);
    assert_eq!(resolve(&joined, 1, 60), Resolution::Match(AccountId(10)));
    assert_eq!(resolve(&joined, 2, 60), Resolution::NonUser);
}

#[test]
fn deny_contested_numbers_for_as_long_as_they_are() {
    let contested = [
        binding(1, 10, 0, 60),
        binding(1, 11, 40, 90),
        binding(2, 10, 0, 9),
    ];
    let directory = directory(&contested);
    let at = |secs| directory.resolve(number(1), Timestamp::from_secs(secs));
    assert_eq!(at(39), Resolution::Match(AccountId(10)));
    assert_eq!(
        (at(40), at(59)),
        (Resolution::Contested, Resolution::Contested)
    );
    assert_eq!(at(60), Resolution::Match(AccountId(11)));
    assert_eq!((directory.n_contested(), directory.len()), (1, 4));
}

#[test]
fn deny_a_match_with_a_business() {
    let claimed = permit([binding(1, 10, 0, 99)]);
    let directory = Directory::build(claimed, &HashSet::from_iter([number(1), number(2)]));
    let batch = match_entries(
        &directory,
        &permit([contact(20, 1, 5), contact(20, 2, 5), contact(20, 3, 5)]),
    );
    assert_eq!(batch.matches, []);
    assert_eq!(
        (batch.counts.business_number, batch.counts.non_user),
        (2, 1)
    );
}

#[test]
fn deny_ones_own_number() {
    let directory = directory(&[binding(1, 10, 0, 99)]);
    let batch = match_entries(&directory, &permit([contact(10, 1, 5), contact(11, 1, 5)]));
    assert_eq!(batch.matches.len(), 1);
    assert_eq!((batch.counts.own_number, batch.counts.matched), (1, 1));
}

/// An account the gate stops is a number without an account: the directory is the one without it.
#[test]
fn same_as_if_those_who_are_out_had_been_deleted() {
    let bindings = [
        binding(1, 10, 0, 60),
        binding(1, 11, 40, 90),
        binding(2, 11, 0, 9),
    ];
    let gate = gate_of::<FriendSuggestions, AccountId>([AccountId(10)]);
    let permitted = bindings
        .iter()
        .filter_map(|binding| gate.permit(*binding).ok());
    let with = Directory::build(permitted, &HashSet::default());
    let without = directory(&bindings[..1]);
    for (n, at) in (1..4).flat_map(|n| (0..100).map(move |at| (n, Timestamp::from_secs(at)))) {
        assert_eq!(with.resolve(number(n), at), without.resolve(number(n), at));
    }
}

#[test]
fn the_earliest_of_several_is_kept() {
    let saved = |from, to, at| Match {
        from: AccountId(from),
        to: AccountId(to),
        saved_at: Timestamp::from_secs(at),
    };
    let folded = fold_duplicates(permit([
        saved(2, 1, 9),
        saved(1, 2, 7),
        saved(1, 2, 3),
        saved(1, 2, 3),
    ]));
    let kept: Vec<_> = folded.matches.iter().map(|m| *m.get()).collect();
    assert_eq!(kept, [saved(1, 2, 3), saved(2, 1, 9)]);
    assert_eq!(folded.duplicates, 2);
}

#[test]
fn empty_directories_know_nobody() {
    let empty = directory(&[]);
    assert!(empty.is_empty());
    assert_eq!(
        empty.resolve(number(1), Timestamp::from_secs(0)),
        Resolution::NonUser
    );
}

/// Whose the number was, by looking at every binding.
fn naive(bindings: &[Binding], contact: &Contact) -> Resolution {
    let of_number: Vec<_> = bindings
        .iter()
        .filter(|b| b.number == contact.number && b.since < b.until)
        .collect();
    let holders: BTreeSet<AccountId> = of_number
        .iter()
        .filter(|b| b.interval().contains(contact.saved_at))
        .map(|b| b.account)
        .collect();
    match (of_number.len(), holders.len()) {
        (0, _) => Resolution::NonUser,
        (_, 0) => Resolution::NotYetTheirs,
        (_, 1) => Resolution::Match(*holders.first().unwrap()),
        _ => Resolution::Contested,
    }
}

fn check_against_naive(bindings: &[Binding], contacts: &[Contact]) {
    let batch = match_entries(&directory(bindings), &permit(contacts.iter().copied()));
    let mut matches = Vec::new();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for contact in contacts {
        let found = naive(bindings, contact);
        let name = match found {
            Resolution::Match(to) if to == contact.from => "own_number",
            Resolution::Match(_) => "matched",
            Resolution::NonUser => "non_user",
            Resolution::NotYetTheirs => "before_binding",
            Resolution::Contested => "contested",
            Resolution::Business => "business_number",
        };
        *counts.entry(name).or_default() += 1;
        if let Resolution::Match(to) = found
            && to != contact.from
        {
            matches.push(Match {
                from: contact.from,
                to,
                saved_at: contact.saved_at,
            });
        }
    }
    assert_eq!(batch.matches, matches, "in the order of the contacts");
    assert_eq!(batch.counts.total(), contacts.len() as u64);
    let ours = serde_json::to_value(batch.counts).unwrap();
    for (name, count) in ours.as_object().unwrap() {
        assert_eq!(
            count.as_u64().unwrap(),
            counts.get(name.as_str()).copied().unwrap_or(0),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn prop_oracle_random_histories(
        histories in proptest::collection::vec((0_u64..9, 0_u64..6, 0_i64..20, 0_i64..20), 0..40),
        saved in proptest::collection::vec((0_u64..6, 0_u64..10, 0_i64..20), 0..60),
    ) {
        let bindings: Vec<_> = histories.iter().map(|&(n, a, s, u)| binding(n, a, s, u)).collect();
        let contacts: Vec<_> = saved.iter().map(|&(from, n, at)| contact(from, n, at)).collect();
        check_against_naive(&bindings, &contacts);
    }
}

#[test]
fn same_for_any_number_of_threads() {
    let bindings: Vec<_> = (0..5_000_u64)
        .map(|i| {
            binding(
                i % 4_000,
                i,
                i64::try_from(i % 50).unwrap(),
                i64::try_from(i % 90).unwrap(),
            )
        })
        .collect();
    let contacts = permit(
        (0..3 * CHUNK as u64)
            .map(|i| contact(i % 7_000, (i * 31) % 5_000, i64::try_from(i % 97).unwrap())),
    );
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        pool.install(|| match_entries(&directory(&bindings), &contacts))
    };
    let one = run(1);
    assert!(one.counts.matched > 1_000 && one.counts.contested > 0);
    assert_eq!(one, run(3));
}

/// Each pair once, through parts and ranges, by so many tasks that hold so many bytes.
fn joined(
    bindings: &[Binding],
    contacts: &[Contact],
    n_tasks: usize,
    max_bytes: usize,
) -> (Vec<Match>, MatchCounts, u64, Spilled) {
    let known: Vec<AccountId> = (0..70).map(AccountId).collect();
    let gate: Gate<FriendSuggestions, AccountId> = gate_of(known.iter().copied());
    let directory = directory(bindings);
    let spread = Spread::new(&known);
    let dir = tempfile::tempdir().unwrap();
    let mut counts = MatchCounts::default();
    let mut kept: Vec<_> = (0..n_tasks)
        .map(|_| Kept::new(&spread, max_bytes))
        .collect();
    for (task, contacts) in contacts.chunks(7).enumerate() {
        let mut join = PartitionedJoin::new(&directory);
        for contact in contacts {
            join.push(gate.permit(*contact).unwrap());
        }
        let kept = &mut kept[task % n_tasks];
        counts = counts.plus(join.resolve(|found| kept.push(gate.permit(found).unwrap())));
        kept.spill_if_full(dir.path()).unwrap();
    }
    let mut all = Vec::new();
    let make = |rows: &[Permit<Match>]| Ok(rows.iter().map(|row| *row.get()).collect::<Vec<_>>());
    let KeptCounts {
        duplicates: n_duplicates,
        spilled,
        over_budget,
    } = fold_kept(
        &kept,
        &gate,
        &OverBudget::nobody(),
        |error| error,
        make,
        |rows| {
            all.extend(rows);
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(over_budget, 0);
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        0,
        "no file has a name"
    );
    (all, counts, n_duplicates, spilled)
}

proptest! {
    #[test]
    fn prop_oracle_parts_and_ranges_change_nothing(
        histories in proptest::collection::vec((0_u64..9, 0_u64..70, 0_i64..20, 0_i64..20), 0..60),
        saved in proptest::collection::vec((0_u64..70, 0_u64..10, 0_i64..20), 0..120),
        n_tasks in 1_usize..4,
        max_bytes in 0_usize..1_000,
    ) {
        let bindings: Vec<_> = histories.iter().map(|&(n, a, s, u)| binding(n, a, s, u)).collect();
        let contacts: Vec<_> = saved.iter().map(|&(from, n, at)| contact(from, n, at)).collect();
        let batch = match_entries(&directory(&bindings), &permit(contacts.iter().copied()));
        let folded = fold_duplicates(permit(batch.matches));
        let expected: Vec<Match> = folded.matches.iter().map(|one| *one.get()).collect();
        let (found, counts, n_duplicates, spilled) = joined(&bindings, &contacts, n_tasks, max_bytes);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!((counts, n_duplicates), (batch.counts, folded.duplicates));
        if max_bytes == 0 {
            prop_assert_eq!(spilled.rows, expected.len() as u64 + n_duplicates);
        }
        prop_assert_eq!(spilled.bytes, 24 * spilled.rows);
    }
}

/// What a file holds is nobody's word: who is out in the meantime does not come back.
#[test]
fn deny_what_comes_back_from_a_file_and_does_not_pass() {
    let ids = [AccountId(1), AccountId(2)];
    let open: Gate<FriendSuggestions, AccountId> = gate_of(ids);
    let spread = Spread::new(&ids);
    let dir = tempfile::tempdir().unwrap();
    let mut kept = Kept::new(&spread, 0);
    let found = Match {
        from: ids[0],
        to: ids[1],
        saved_at: Timestamp::from_secs(1),
    };
    kept.push(open.permit(found).unwrap());
    kept.spill_if_full(dir.path()).unwrap();
    let rows_for = |gate: &Gate<FriendSuggestions, AccountId>| {
        let mut n = 0;
        let count = |rows: &[Permit<Match>]| Ok(rows.len());
        fold_kept(
            std::slice::from_ref(&kept),
            gate,
            &OverBudget::nobody(),
            |error| error,
            count,
            |rows| {
                n += rows;
                Ok(())
            },
        )
        .unwrap();
        n
    };
    assert_eq!(rows_for(&open), 1);
    assert_eq!(rows_for(&gate_of([ids[0]])), 0);
}
