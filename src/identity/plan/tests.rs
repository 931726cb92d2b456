use proptest::prelude::*;

use super::*;
use crate::identity::phone::{Assigned, ask, ask_region_and_kind};
use crate::identity::{E164, NotANumber};

/// What libphonenumber says of a text with a plus sign.
fn asked(text: &str) -> Result<(u64, Option<Region>, NumberType), NotANumber> {
    let number = ask(text, None)?;
    let Assigned { region, kind } = ask_region_and_kind(number).expect("a valid number has a type");
    Ok((number.expose(), region, kind))
}

/// Fails if the plan decides and libphonenumber decides otherwise; says whether the plan decided.
fn check(digits: u64) -> bool {
    let text = format!("+{digits}");
    match read(text.as_bytes()) {
        None | Some((_, Answer::Unsure)) => false,
        Some((number, Answer::Valid(region, kind))) => {
            let in_range = E164::from_digits(number).map(|_| (number, region, kind));
            assert_eq!(in_range, asked(&text), "{text}");
            true
        }
        Some((_, Answer::Unassigned)) => {
            let theirs = asked(&text);
            assert!(theirs.is_err(), "{text}: unassigned, but {theirs:?}");
            true
        }
    }
}

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (x >> 32)
}

/// An example of every type of every region, and each with every digit changed, cut and lengthened.
#[test]
fn oracle_every_example_and_its_neighbours() {
    let (mut n, mut n_decided) = (0_u32, 0_u32);
    for code in UTIL.get_supported_calling_codes() {
        for name in UTIL
            .get_regions_for_country_calling_code(code)
            .into_iter()
            .flatten()
        {
            for example in expressions::examples(code, &name.as_region_str()) {
                let shift = 10_u64.pow(u32::try_from(example.len()).unwrap());
                let digits = u64::try_from(code).unwrap() * shift + example.parse::<u64>().unwrap();
                let mut tried = vec![digits, digits / 10, digits / 100, digits * 10 + 7];
                for place in 0..u32::try_from(example.len()).unwrap() {
                    let unit = 10_u64.pow(place);
                    let held = digits / unit % 10;
                    tried.extend((0..10).map(|digit| digits - held * unit + digit * unit));
                }
                for digits in tried {
                    n += 1;
                    n_decided += u32::from(check(digits));
                }
            }
        }
    }
    assert!(
        n > 100_000 && n_decided * 100 > n * 90,
        "{n_decided} of {n}"
    );
}

/// Random national numbers of every length behind every country calling code.
#[test]
fn oracle_random_numbers_of_every_country() {
    for code in UTIL.get_supported_calling_codes() {
        let code = u64::try_from(code).unwrap();
        for len in 2..15 - code.ilog10() {
            for i in 0..25 {
                let national = mix(code * 1_000 + u64::from(len) * 100 + i) % 10_u64.pow(len);
                check(code * 10_u64.pow(len) + national);
            }
        }
    }
}

#[test]
fn only_a_plus_sign_and_digits_are_read() {
    for text in [
        "",
        "+",
        "+1",
        "4930123456",
        "+49 30123456",
        "+4930123456x",
        "+49३0123456",
        "＋4930123456",
    ] {
        assert_eq!(read(text.as_bytes()), None, "{text:?}");
    }
    assert_eq!(read(b"+999123456"), None, "no such country");
    assert_eq!(read(b"+4930123456789012"), None, "sixteen digits");
    assert_eq!(read(b"+0841992000"), None, "no code begins with 0");
}

/// The leading zero after the country calling code is a trunk prefix in Germany and part of the number in Italy.
#[test]
fn national_prefixes_are_left_to_libphonenumber() {
    assert_eq!(
        read(b"+49030123456").map(|(_, answer)| answer),
        Some(Answer::Unsure)
    );
    let italian = read(b"+390212345678").map(|(_, answer)| answer);
    assert_eq!(
        italian,
        Some(Answer::Valid(Region::parse("IT"), NumberType::FixedLine))
    );
}

#[test]
fn plans_are_small() {
    for (index, &code) in PLANS.codes.iter().enumerate() {
        let len = u8::try_from(code.ilog10() + 1).unwrap();
        let plan = PLANS.of(Code {
            index: u16::try_from(index).unwrap(),
            len,
        });
        let n_states = plan.cells.len() / ROW;
        assert!(
            (3..40_000).contains(&n_states),
            "+{code}: {n_states} states"
        );
    }
}

proptest! {
    #[test]
    fn prop_oracle_any_digits(digits in 0_u64..1_000_000_000_000_000) {
        check(digits);
    }

    #[test]
    fn prop_any_text_is_read_or_left(text in "\\PC{0,24}|\\+[0-9]{0,20}") {
        let _ = read(text.as_bytes());
    }
}
