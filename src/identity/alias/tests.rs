use std::collections::BTreeSet;

use proptest::prelude::*;

use super::table::{TEXT, all};
use super::*;
use crate::identity::{NotANumber, NumberType, Reading};
use crate::signals::RawPhone;

fn canonical(text: &str, region: &str) -> Option<u64> {
    let read = E164::canonical(&RawPhone::new(text), Region::parse(region));
    read.ok().map(E164::expose)
}

fn parsed(text: &str) -> Result<E164, NotANumber> {
    E164::parse(&RawPhone::new(text), None)
}

fn number(digits: u64) -> E164 {
    E164::from_digits(digits).unwrap()
}

/// An entry with everything it says to people.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    country: String,
    country_code: i32,
    change: String,
    from: Option<String>,
    #[serde(rename = "written")]
    _written: Written,
    #[serde(rename = "length")]
    _length: usize,
    #[serde(rename = "first_digits")]
    _first_digits: Vec<String>,
    #[serde(rename = "at")]
    _at: usize,
    #[serde(rename = "remove")]
    _remove: String,
    #[serde(rename = "insert")]
    _insert: String,
    #[serde(rename = "kinds")]
    _kinds: Vec<NumberType>,
    certain: bool,
    reason: String,
    source: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    alias: Vec<Told>,
}

#[test]
fn the_table_is_well_formed() {
    let whole: Whole = toml::from_str(TEXT).unwrap();
    assert_eq!(all(TEXT).unwrap().len(), whole.alias.len());
    for entry in whole.alias {
        let region = UTIL.get_region_for_country_code(entry.country_code);
        assert_eq!(
            region.unwrap().as_region_str().as_str(),
            entry.country,
            "{}",
            entry.change
        );
        let said = [&entry.change, &entry.reason, &entry.source];
        assert!(said.iter().all(|text| text.len() > 10), "{}", entry.change);
        let since = entry
            .from
            .map(|date| date.parse::<jiff::civil::Date>().unwrap());
        assert!(since.is_some() || !entry.certain, "{}", entry.change);
    }
    assert_eq!(codes(), [52, 55, 225, 229]);
    assert_eq!(aliases_digest().len(), 64);
}

#[test]
fn deny_tables_that_cannot_be_meant() {
    let good = "[[alias]]\ncountry_code = 229\nwritten = \"either\"\nlength = 8\nfirst_digits = [\"2\", \"4-6\"]\nat = 0\n\
                remove = \"\"\ninsert = \"01\"\nkinds = [\"MOBILE\"]\ncertain = true\n";
    assert!(all(good).is_some());
    for (from, to) in [
        ("\"4-6\"", "\"6-4\""),
        ("\"4-6\"", "\"4-60\""),
        ("\"4-6\"", "\"x\""),
        ("\"4-6\"", "\"\""),
        ("\"4-6\"", "\"123456789\""),
        ("at = 0", "at = 9"),
        ("\"01\"", "\"o1\""),
        ("insert = \"01\"", "insert = \"\""),
        ("length = 8", ""),
        ("\"MOBILE\"", "\"PORTABLE\""),
    ] {
        let bad = good.replace(from, to);
        assert!(bad != good && all(&bad).is_none(), "{to}");
    }
}

#[test]
fn old_forms_are_read_as_their_successors() {
    for (text, region, newest) in [
        ("+52 1 55 1234 5678", "", 525_512_345_678),
        ("+5215512345678", "US", 525_512_345_678),
        ("00 52 1 55 1234 5678", "DE", 525_512_345_678),
        ("52 1 55 1234 5678", "MX", 525_512_345_678),
        ("044 55 1234 5678", "MX", 525_512_345_678),
        ("045 33 1234 5678", "MX", 523_312_345_678),
        ("01 33 1234 5678", "MX", 523_312_345_678),
        ("+55 11 8765-4321", "", 5_511_987_654_321),
        ("(11) 98765432", "BR", 5_511_998_765_432),
        ("0 15 21 8765-4321", "BR", 5_521_987_654_321),
        ("+225 07 12 34 56", "", 2_250_707_123_456),
        ("48 12 34 56", "CI", 2_250_748_123_456),
        ("+225 05123456", "", 2_250_505_123_456),
        ("+22501123456", "", 2_250_101_123_456),
        ("00225 40 12 34 56", "FR", 2_250_140_123_456),
        ("+225 20 21 23 45", "", 2_252_720_212_345),
        ("+229 97 12 34 56", "", 2_290_197_123_456),
        ("21 12 34 56", "BJ", 2_290_121_123_456),
        ("229 61 12 34 56", "BJ", 2_290_161_123_456),
    ] {
        assert_eq!(canonical(text, region), Some(newest), "{text} {region}");
        assert_eq!(
            canonical(&format!("+{newest}"), ""),
            Some(newest),
            "{newest}"
        );
    }
}

#[test]
fn deny_forms_that_may_be_somebody_else() {
    for (text, region) in [
        // New Jersey's area code is 551: without a country code this may be +1 551 234 5678.
        ("1 55 1234 5678", "MX"),
        ("+52 044 55 1234 5678", ""),
        ("+52 1 200 123 4567", ""),
        ("+52 1 800 123 4567", ""),
        ("+52 1 1234 5678", ""),
        ("+55 11 6765 4321", ""),
        ("+55 20 8765 4321", ""),
        ("+55 11 8765 432", ""),
        ("+55 8765 4321", ""),
        ("+225 99 12 34 56", ""),
        ("+225 60 12 34 56", ""),
        ("+225 20 01 23 45", ""),
        ("+225 21 81 23 45", ""),
        ("+229 71 12 34 56", ""),
        ("+229 97 12 34", ""),
        ("+49 123", ""),
    ] {
        assert_eq!(canonical(text, region), None, "{text} {region}");
    }
}

#[test]
fn what_is_valid_today_stays_itself() {
    for digits in [
        // Trunked radio, a fixed line of São Paulo, and Argentina with and without the 9.
        551_177_654_321,
        551_157_654_321,
        541_123_456_789,
        5_491_123_456_789,
    ] {
        assert_eq!(canonical(&format!("+{digits}"), ""), Some(digits));
        assert_eq!(number(digits).former_forms().count(), 0, "{digits}");
    }
}

/// Every Brazilian area code, and each first digit of eight: 8 and 9 get their 9, the others do not.
#[test]
fn brazil_by_area_and_first_digit() {
    let areas: BTreeSet<u64> = (11..=99)
        .filter(|area| parsed(&format!("+55{area}987654321")).is_ok())
        .collect();
    assert_eq!(areas.len(), 67);
    for area in 10..=99 {
        for first in 0..=9 {
            let old = format!("+55{area}{first}7654321");
            let new = 5_500_900_000_000 + area * 1_000_000_000 + first * 10_000_000 + 7_654_321;
            let merges = areas.contains(&area) && first >= 8;
            assert_eq!(canonical(&old, "") == Some(new), merges, "{old}");
            if !merges {
                assert_eq!(
                    canonical(&old, ""),
                    parsed(&old).ok().map(E164::expose),
                    "{old}"
                );
            }
        }
    }
}

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (x >> 32)
}

/// National numbers of the old form: every three first digits of it, and what follows at random.
fn old_numbers(alias: &Alias) -> impl Iterator<Item = String> {
    let rest = alias.length() - 3;
    (0..1000_u64).flat_map(move |head| {
        (0..8).filter_map(move |i| {
            let tail = mix(8 * head + i) % 10_u64.pow(u32::try_from(rest).unwrap());
            let national = format!("{head:03}{tail:0rest$}");
            alias.successor(&national)?;
            Some(national)
        })
    })
}

/// What an alias in use relies on: the old form is no number of anybody today, and stands for one new number alone.
#[test]
fn aliases_in_use_leave_no_doubt() {
    for alias in aliases() {
        let (mut n_old, mut n_read) = (0_u32, 0_u32);
        for old in old_numbers(alias) {
            n_old += 1;
            let text = format!("+{}{old}", alias.country_code);
            assert!(parsed(&text).is_err(), "{text} is a number today");
            let ways = aliases()
                .iter()
                .filter(|other| other.code == alias.code && other.successor(&old).is_some());
            assert_eq!(ways.count(), 1, "{text}");
            let new = format!("+{}{}", alias.country_code, alias.successor(&old).unwrap());
            let newest = match alias.written {
                Written::WithoutCountryCode => canonical(&old, "MX"),
                _ => canonical(&text, ""),
            };
            let Some(newest) = newest else {
                continue;
            };
            n_read += 1;
            let reading = Reading::of(&RawPhone::new(&new), None).unwrap();
            assert!(reading.is_valid && alias.kinds.contains(&reading.kind.unwrap()));
            assert_eq!(format!("+{newest}"), new);
            let former: Vec<u64> = number(newest).former_forms().map(E164::expose).collect();
            let expected = match alias.written {
                Written::WithoutCountryCode => Vec::new(),
                _ => vec![text[1..].parse().unwrap()],
            };
            assert!(expected.iter().all(|old| former.contains(old)), "{text}");
        }
        assert!(n_old >= 8 && n_read * 3 >= n_old, "{n_read} of {n_old}");
    }
}

#[test]
fn aliases_in_doubt_are_never_used() {
    let in_doubt = all(TEXT).unwrap().into_iter();
    let in_doubt: Vec<Alias> = in_doubt.filter(|alias| !alias.certain).collect();
    assert!(in_doubt.len() >= 8);
    for alias in &in_doubt {
        let mut n = 0;
        for old in old_numbers(alias) {
            n += 1;
            let text = format!("+{}{old}", alias.country_code);
            assert_eq!(
                canonical(&text, ""),
                parsed(&text).ok().map(E164::expose),
                "{text}"
            );
            if let Some(new) = international(alias, &alias.successor(&old).unwrap()) {
                let old: u64 = text[1..].parse().unwrap();
                assert!(
                    new.former_forms().all(|former| former.expose() != old),
                    "{text}"
                );
            }
        }
        assert!(n >= 8);
    }
}

/// Digits behind a country code of the table, or any.
fn digits() -> impl Strategy<Value = u64> {
    let code = prop::sample::select(vec!["52", "521", "54", "549", "55", "225", "229", "49", ""]);
    (code, "[0-9]{6,11}").prop_map(|(code, rest)| format!("1{code}{rest}")[1..].parse().unwrap())
}

proptest! {
    #[test]
    fn prop_canonical_is_valid_and_final(digits in digits()) {
        let text = format!("+{digits}");
        if let Some(newest) = canonical(&text, "") {
            let again = format!("+{newest}");
            prop_assert_eq!(parsed(&again).map(E164::expose), Ok(newest));
            prop_assert_eq!(canonical(&again, ""), Some(newest));
        }
        if let Ok(valid) = parsed(&text) {
            prop_assert_eq!(canonical(&text, ""), Some(valid.expose()));
        }
    }

    /// Whatever two texts are read as one number: they are that number, or former forms of it.
    #[test]
    fn prop_nothing_merges_but_by_an_alias(digits in digits()) {
        let text = format!("+{digits}");
        let Some(newest) = canonical(&text, "") else { return Ok(()) };
        let as_parsed = parsed(&text).map(E164::expose);
        let e164 = Reading::of(&RawPhone::new(&text), None).unwrap().e164;
        let by_alias = number(newest)
            .former_forms()
            .any(|former| format!("+{}", former.expose()) == e164);
        prop_assert!(as_parsed == Ok(newest) || (as_parsed.is_err() && by_alias), "{}", text);
    }

    #[test]
    fn prop_former_forms_lead_back(digits in digits()) {
        let Ok(valid) = parsed(&format!("+{digits}")) else { return Ok(()) };
        for former in valid.former_forms() {
            prop_assert_ne!(former, valid);
            prop_assert_eq!(canonical(&format!("+{}", former.expose()), ""), Some(valid.expose()));
        }
    }
}
