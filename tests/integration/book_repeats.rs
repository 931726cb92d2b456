//! Phones upload their address books again and again: the same number many times is one number, everywhere it is counted.

use std::fs;

use acquaint::ids::AccountId;
use acquaint::signals::{AddressBookEntry, RawPhone, TableForm, write_table};
use acquaint::time::Timestamp;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::cases::{CONFIG, OUTPUTS, Village, at};
use crate::number_book::{batch, matched, read_matches, request, write_batches};
use crate::support::{Run, write_world};

/// A book may hold four different numbers.
const TIGHT: &str =
    "[suggest]\nmin_intermediaries = 1\n[identity.budget]\nentries = 4\nburst = 4\nper_day = 0\n";
/// How people write the number of account 2.
const OF_A_MEMBER: [&str; 5] = [
    "+4915123456702",
    "0049 151 23456702",
    "0151/23456702",
    "+49 (0)151 234-567-02",
    "0151 23 45 67 02",
];
/// How they write one that is nobody's account.
const OF_A_STRANGER: [&str; 4] = [
    "+4915123456799",
    "0049 151 23456799",
    "0151/23456799",
    "0151 23 45 67 99",
];

fn entry(phone: &str, saved_at: Timestamp) -> AddressBookEntry {
    AddressBookEntry {
        account_id: AccountId(1),
        phone: RawPhone::new(phone),
        saved_at,
    }
}

/// An entry so many times, in several spellings and, from the first moment on, on several days.
fn again(spellings: &[&str], n_days: i64, times: usize) -> Vec<AddressBookEntry> {
    let spellings = spellings.iter().cycle();
    let days = (0..n_days).cycle();
    let rows = spellings.zip(days).take(times);
    rows.map(|(phone, day)| entry(phone, at("2016-02-01").plus_days(day)))
        .collect()
}

/// A village in which account 1 saved these too, in several orders.
fn orders(rows: &[AddressBookEntry]) -> Vec<Village> {
    let village = |seed: u64| {
        let mut village = Village::new();
        let book = &mut village.world.address_book;
        book.extend_from_slice(rows);
        match seed {
            0 => {}
            1 => book.reverse(),
            _ => book.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed)),
        }
        village
    };
    (0..4).map(village).collect()
}

fn outputs(village: &Village, config: &str) -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &village.world, config, village.world.as_of);
    OUTPUTS.iter().map(|table| run.bytes(table)).collect()
}

#[test]
fn a_number_saved_many_times_is_saved_once() {
    let first = |spellings: &[&str]| again(&spellings[..1], 1, 1);
    let cases = [
        (again(&OF_A_MEMBER[..1], 1, 3), first(&OF_A_MEMBER)),
        (again(&OF_A_MEMBER[..1], 1, 20), first(&OF_A_MEMBER)),
        (again(&OF_A_MEMBER[..1], 30, 90), first(&OF_A_MEMBER)),
        (again(&OF_A_MEMBER, 7, 70), first(&OF_A_MEMBER)),
        (again(&OF_A_STRANGER[..1], 1, 2), first(&OF_A_STRANGER)),
        (again(&OF_A_STRANGER[..1], 30, 90), first(&OF_A_STRANGER)),
        (again(&OF_A_STRANGER, 7, 60), first(&OF_A_STRANGER)),
        (
            [again(&OF_A_MEMBER, 3, 40), again(&OF_A_STRANGER, 5, 40)].concat(),
            [first(&OF_A_MEMBER), first(&OF_A_STRANGER)].concat(),
        ),
    ];
    for (many, once) in cases {
        let expected = outputs(&orders(&once)[0], TIGHT);
        for village in orders(&many) {
            assert!(outputs(&village, TIGHT) == expected, "{} rows", many.len());
        }
    }
}

#[test]
fn a_fifth_number_is_one_too_many_however_often_the_others_come() {
    let numbers: Vec<String> = (90..94).map(|n| format!("+49151234567{n}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let scores = |village: &Village| {
        let dir = tempfile::tempdir().unwrap();
        let run = Run::of_world(dir.path(), &village.world, TIGHT, village.world.as_of);
        run.lines("abuse_scores.parquet").concat()
    };
    // Account 1 has saved account 2's number as well.
    for (n, is_over) in [(3, false), (4, true)] {
        let once = scores(&orders(&again(&numbers[..n], 1, n))[0]);
        assert_eq!(once.contains("address book over budget"), is_over, "{n}");
        for village in orders(&again(&numbers[..n], 1, 400)) {
            assert_eq!(scores(&village), once, "{n}");
        }
    }
}

/// Entries of one book are one book, in whatever files they come.
#[test]
fn files_do_not_divide_a_book() {
    let village = &orders(&again(&OF_A_STRANGER, 5, 60))[2];
    let whole = outputs(village, TIGHT);
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &village.world);
    fs::remove_file(signals.join("address_book.csv")).unwrap();
    fs::create_dir(signals.join("address_book")).unwrap();
    for (i, rows) in village.world.address_book.chunks(9).enumerate() {
        let part = dir.path().join(format!("part {i}"));
        fs::create_dir(&part).unwrap();
        write_table(&part, TableForm::Csv, rows).unwrap();
        let name = format!("address_book/part-{i}.csv");
        fs::rename(part.join("address_book.csv"), signals.join(name)).unwrap();
    }
    let as_of = Some(village.world.as_of);
    let run = Run::of_signals(&signals, &dir.path().join("out"), TIGHT, as_of).unwrap();
    let parts: Vec<Vec<u8>> = OUTPUTS.iter().map(|table| run.bytes(table)).collect();
    assert!(parts == whole);
}

/// The defaults, in a run, in `identity match` and from a number book.
#[test]
fn twenty_thousand_and_one_entries_of_one_number_are_within_the_budget() {
    let params = acquaint::engine::RunParams::from_toml(CONFIG).unwrap();
    let params = params.check().unwrap();
    for n_different in [1, 2, 20_001] {
        let mut village = Village::new();
        village
            .world
            .address_book
            .retain(|row| row.account_id != AccountId(1));
        let numbers: Vec<u64> = (0..20_001)
            .map(|i| 4_915_123_456_702 + 100 * (i % n_different))
            .collect();
        let rows = numbers
            .iter()
            .map(|number| entry(&format!("+{number}"), at("2016-02-01")));
        village.world.address_book.extend(rows);
        let dir = tempfile::tempdir().unwrap();
        let run = Run::of_world(dir.path(), &village.world, CONFIG, village.world.as_of);
        let is_within = n_different < 20_001;
        let scores = run.lines("abuse_scores.parquet").concat();
        assert_eq!(!scores.contains("address book over budget"), is_within);

        let signals = dir.path().join("signals");
        let mut request = request(&signals, &params);
        request.times = acquaint::engine::Times::at(village.world.as_of);
        let found = request.address_book(&acquaint::engine::Silent).unwrap();
        assert_eq!(found.over_budget.is_empty(), is_within, "{n_different}");
        assert_eq!(
            found.matches.iter().any(|one| one.from == AccountId(1)),
            is_within
        );

        let (n, saved_at) = (numbers.len(), at("2016-02-01").micros());
        let book = batch((vec![1; n], numbers, vec![saved_at; n]));
        write_batches(
            &dir.path().join("book.parquet"),
            3_000,
            std::iter::once(book),
        );
        let (of_book, _) = matched(&request, dir.path(), 2, 1 << 30);
        assert_eq!(of_book.over_budget, found.over_budget, "{n_different}");
        let pairs = read_matches(&dir.path().join("matches.parquet"));
        assert_eq!(!pairs.is_empty(), is_within, "{n_different}");
    }
}
