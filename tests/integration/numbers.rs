//! Any text at all is read as a phone number or refused: random texts of many kinds.
//!
//! `ACQUAINT_TEXTS=10000000 cargo test --release --test integration numbers` reads as many; `ACQUAINT_TEXT=17` reads one of
//! them again.

use std::panic::catch_unwind;
use std::sync::LazyLock;

use acquaint::ids::Region;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use crate::influence::number;
use crate::support::numbers::check;

/// How many texts are read when nobody says how many.
const TEXTS: u64 = 20_000;

#[test]
fn prop_any_text_is_read_or_refused() {
    if let Some(seed) = number("ACQUAINT_TEXT") {
        let (text, region) = text_of(seed);
        eprintln!("text {seed}, in {region:?}: {text:?}");
        check(&text, region);
        return;
    }
    let n_texts = number("ACQUAINT_TEXTS").unwrap_or(TEXTS);
    let failing: Vec<u64> = (0..n_texts)
        .into_par_iter()
        .filter(|&seed| catch_unwind(|| check_text(seed)).is_err())
        .collect();
    assert!(
        failing.is_empty(),
        "replay with ACQUAINT_TEXT: {:?}",
        &failing[..failing.len().min(20)]
    );
}

fn check_text(seed: u64) {
    let (text, region) = text_of(seed);
    check(&text, region);
}

/// Texts must reach what they are to try: most kinds also make numbers that are valid.
#[test]
fn the_texts_are_worth_trying() {
    let valid = (0..2_000).filter(|&seed| {
        let (text, region) = text_of(seed);
        let raw = acquaint::signals::RawPhone::new(text);
        acquaint::identity::E164::parse(&raw, region).is_ok()
    });
    let n_valid = valid.count();
    assert!((300..1_700).contains(&n_valid), "{n_valid} are valid");
}

fn text_of(seed: u64) -> (String, Option<Region>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (region, example) = EXAMPLES.choose(&mut rng).expect("there are examples");
    let text = match seed % 8 {
        0 => bytes(&mut rng),
        1 => soup(&mut rng, 40),
        2 => foreign_digits(&mut rng, example),
        3 | 4 => mutated(&mut rng, example),
        5 => clean(&mut rng),
        6 => uri(&mut rng, example),
        _ if seed % 64 == 7 => long(&mut rng, example),
        _ => spaced(&mut rng, example),
    };
    let region = match rng.gen_range(0..4) {
        0 => None,
        1 => Region::parse(["XX", "US", "DE", "BR", "MX", "IT"][rng.gen_range(0..6)]),
        _ => Region::parse(region),
    };
    (text, region)
}

/// An example of every type of every region, as written at home and from abroad.
static EXAMPLES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let util = &*PHONE_NUMBER_UTIL;
    let kinds = [
        PhoneNumberType::FixedLine,
        PhoneNumberType::Mobile,
        PhoneNumberType::TollFree,
        PhoneNumberType::PremiumRate,
        PhoneNumberType::VoIP,
        PhoneNumberType::UAN,
    ];
    let mut examples: Vec<(String, String)> = util
        .get_supported_regions()
        .flat_map(|region| kinds.map(|kind| (region, kind)))
        .filter_map(|(region, kind)| {
            let number = util.get_example_number_for_type_and_region(region, kind);
            Some((region, number.ok()?))
        })
        .flat_map(|(region, number)| {
            [
                PhoneNumberFormat::E164,
                PhoneNumberFormat::National,
                PhoneNumberFormat::International,
            ]
            .map(|format| {
                let text = util.format(&number, format).into_owned();
                (region.as_region_str().as_str().to_owned(), text)
            })
        })
        .collect();
    examples.sort_unstable();
    examples
});

fn bytes(rng: &mut impl Rng) -> String {
    let len = rng.gen_range(0..64);
    let bytes: Vec<u8> = (0..len).map(|_| rng.r#gen()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

const ALPHABET: &str = "0123456789012345678901234567890123456789++ -().,/*#~;:xX=eɇ\u{a0}\u{ad}\u{200b}\u{2060}\u{ff0b}\u{ff0d}٣５a";

fn soup(rng: &mut impl Rng, max_len: usize) -> String {
    let alphabet: Vec<char> = ALPHABET.chars().collect();
    let len = rng.gen_range(0..max_len);
    let pick = |_| *alphabet.choose(rng).expect("the alphabet has letters");
    (0..len).map(pick).collect()
}

/// Full-width, Arabic-Indic, Persian, Devanagari and mathematical digits in the place of ours.
fn foreign_digits(rng: &mut impl Rng, example: &str) -> String {
    let zeros = ['０', '٠', '۰', '०', '𝟎'];
    let zero = zeros[rng.gen_range(0..zeros.len())];
    let is_mixed = rng.gen_bool(0.3);
    let text = if rng.gen_bool(0.5) {
        mutated(rng, example)
    } else {
        example.to_owned()
    };
    text.chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) if !is_mixed || rng.gen_bool(0.5) => {
                char::from_u32(u32::from(zero) + digit).expect("digits stand in a row")
            }
            _ => c,
        })
        .collect()
}

/// Some characters changed, cut, doubled or moved.
fn mutated(rng: &mut impl Rng, example: &str) -> String {
    let mut text: Vec<char> = example.chars().collect();
    for _ in 0..rng.gen_range(0..4) {
        let at = rng.gen_range(0..=text.len());
        let digit = char::from(b'0' + rng.gen_range(0..10));
        match rng.gen_range(0..5) {
            0 if at < text.len() => text[at] = digit,
            1 if at < text.len() => drop(text.remove(at)),
            2 => text.insert(at, digit),
            3 => text.truncate(at),
            _ => {
                let more: Vec<char> = soup(rng, 4).chars().collect();
                text.splice(at..at, more);
            }
        }
    }
    text.into_iter().collect()
}

/// A plus sign and digits.
fn clean(rng: &mut impl Rng) -> String {
    let digits = rng.gen_range(1..1_000_000_000_000_000_u64) / 10_u64.pow(rng.gen_range(0..8));
    format!("+{digits}")
}

/// Pieces of RFC 3966 in any order.
fn uri(rng: &mut impl Rng, example: &str) -> String {
    let pieces = [
        "tel:",
        ";phone-context=",
        ";ext=",
        ";isub=",
        "+",
        "+49",
        "example.com",
        ";",
        "12",
        " ext. ",
        "x77",
        example,
    ];
    let len = rng.gen_range(0..7);
    let head = if rng.gen_bool(0.5) { "tel:" } else { "" };
    let pick = |_| *pieces.choose(rng).expect("there are pieces");
    head.to_owned() + &(0..len).map(pick).collect::<String>()
}

fn long(rng: &mut impl Rng, example: &str) -> String {
    let n_times = rng.gen_range(1..60);
    match rng.gen_range(0..4) {
        0 => soup(rng, 5_000),
        1 => example.repeat(n_times),
        2 => format!("{example}{}", " ".repeat(10 * n_times)),
        _ => format!("{}{example}", "+0".repeat(n_times)),
    }
}

/// Digits apart by whatever people put between them.
fn spaced(rng: &mut impl Rng, example: &str) -> String {
    let between = [" ", "-", ".", "/", "(", ")", "\u{a0}", " - ", "~"];
    let mut text = String::new();
    for c in example.chars() {
        if rng.gen_bool(0.2) {
            text.push_str(between.choose(rng).expect("there are some"));
        }
        text.push(c);
    }
    text
}
