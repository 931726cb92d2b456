//! Numbers as people type them at home: digits with the marks between them, and perhaps a trunk prefix in front.
//!
//! libphonenumber reads such a text in a fixed order: it looks for the prefix of calls abroad, then for the region's own country
//! calling code, then takes the trunk prefix off. Where the first two are not there and the third is no matter of judgement, what
//! is left is a national number, and [`plan`] says whether it is valid. Any other text is left to libphonenumber: a number that
//! may begin with the region's calling code, one of a region whose prefixes are rewritten rather than taken off, and one that is
//! not valid.

use std::sync::{LazyLock, OnceLock};

use regex_automata::Anchored;
use regex_automata::Input;
use regex_automata::MatchKind;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::syntax;

use super::metadata::of_home;
use super::plan::{self, Answer};
use super::readable;
use super::tidy::Tidy;
use crate::ids::Region;

/// A national number has at least so many digits; shorter ones are nobody's.
const MIN_DIGITS: usize = 4;
const N_LETTERS: usize = 26;

/// The digits after the plus sign of a number that was typed in a region, if they are beyond doubt and the number is valid.
///
/// # Complexity
/// Some nanoseconds a digit; the first number of a region compiles its prefixes.
pub(super) fn read(text: &str, region: Region) -> Option<u64> {
    let typed = digits_of(text.as_bytes())?;
    let home = home(region)?;
    let typed = &*typed;
    if home.abroad.end(typed).is_some() || typed.starts_with(&home.code) {
        return None;
    }
    let national = match home
        .trunk
        .as_ref()
        .map(|trunk| (trunk, trunk.prefix.end(typed)))
    {
        None | Some((_, None)) => typed,
        Some((trunk, Some(end))) if trunk.takes_off(&typed[..end]) => &typed[end..],
        Some(_) => return None,
    };
    // What is left has to be as long as numbers of this region are, not of another that shares its calling code.
    if !home.lengths.contains(&national.len()) {
        return None;
    }
    let mut international = Tidy::empty();
    international.push(b'+')?;
    for &digit in home.code.iter().chain(national) {
        international.push(digit)?;
    }
    match plan::read(&international)? {
        (digits, Answer::Valid(..)) => Some(digits),
        (_, Answer::Unassigned | Answer::Unsure) => None,
    }
}

/// The digits of a text that has, beside them, only marks that libphonenumber takes out.
fn digits_of(text: &[u8]) -> Option<Tidy> {
    if text.len() > readable::MAX_LEN {
        return None;
    }
    let mut digits = Tidy::empty();
    for &byte in text {
        match byte {
            b'0'..=b'9' => digits.push(byte)?,
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' => {}
            _ => return None,
        }
    }
    (digits.len() >= MIN_DIGITS).then_some(digits)
}

/// How numbers are dialled in a region.
struct Home {
    /// Its country calling code, in digits.
    code: Vec<u8>,
    /// What stands before a call abroad.
    abroad: Prefix,
    trunk: Option<Trunk>,
    /// How many digits its national numbers may have.
    lengths: Vec<usize>,
}

/// What stands before a national number at home.
struct Trunk {
    prefix: Prefix,
    /// What is dialled, where the metadata may put something else in the place of what it finds.
    unless_rewritten: Option<Vec<u8>>,
}

impl Trunk {
    /// Is what was found taken off, and nothing put in its place? What is put there is made from more digits than are dialled.
    fn takes_off(&self, found: &[u8]) -> bool {
        (self.unless_rewritten.as_ref()).is_none_or(|dialled| found == dialled.as_slice())
    }
}

/// An expression of the metadata for the beginning of a number.
struct Prefix(dense::DFA<Vec<u32>>);

impl Prefix {
    fn of(expression: &str) -> Option<Self> {
        // The port keeps expressions ready for whole numbers; these are for beginnings.
        let bare = expression
            .strip_prefix("^(?:")
            .and_then(|rest| rest.strip_suffix(")$"));
        let config = dense::Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .start_kind(StartKind::Anchored);
        let dfa = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(bare.unwrap_or(expression));
        dfa.ok().map(Self)
    }

    /// Where the beginning ends; none if the number does not begin so.
    fn end(&self, digits: &[u8]) -> Option<usize> {
        let input = Input::new(digits).anchored(Anchored::Yes);
        let found = self.0.try_search_fwd(&input);
        // Digits alone never make the automaton give up.
        found.ok().flatten().map(|end| end.offset())
    }
}

/// How numbers are dialled in a region; none if it has no numbers, or its prefixes cannot be compiled.
fn home(region: Region) -> Option<&'static Home> {
    static HOMES: LazyLock<Vec<OnceLock<Option<Home>>>> = LazyLock::new(|| {
        (0..N_LETTERS * N_LETTERS)
            .map(|_| OnceLock::new())
            .collect()
    });
    let letters = region.as_str().as_bytes();
    let place = |letter: u8| usize::from(letter.wrapping_sub(b'A'));
    let at = N_LETTERS * place(*letters.first()?) + place(*letters.get(1)?);
    let home = HOMES.get(at)?;
    home.get_or_init(|| compile(region)).as_ref()
}

#[expect(
    deprecated,
    reason = "the field is empty only in libphonenumber's own copy of the metadata"
)]
fn compile(region: Region) -> Option<Home> {
    let data = of_home(region.as_str())?;
    let expression = data.national_prefix_for_parsing();
    let is_rewritten = !data.national_prefix_transform_rule().is_empty();
    let trunk = if expression.is_empty() {
        None
    } else {
        Some(Trunk {
            prefix: Prefix::of(expression)?,
            unless_rewritten: is_rewritten.then(|| data.national_prefix().as_bytes().to_vec()),
        })
    };
    let lengths = data
        .general_desc
        .as_ref()
        .map_or(&[][..], |desc| &desc.possible_length);
    let lengths = lengths
        .iter()
        .filter_map(|&length| usize::try_from(length).ok());
    Some(Home {
        lengths: lengths.collect(),
        code: data.country_code().to_string().into_bytes(),
        abroad: Prefix::of(data.international_prefix())?,
        trunk,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rlibphonenumber::PhoneNumberDesc;

    use super::*;
    use crate::identity::E164;
    use crate::identity::metadata::UTIL;
    use crate::identity::phone::ask;
    use crate::signals::RawPhone;

    fn region() -> impl Strategy<Value = Region> {
        let mut regions: Vec<String> = (UTIL
            .get_supported_regions()
            .map(|region| region.as_region_str().to_string()))
        .collect();
        regions.sort_unstable();
        prop::sample::select(regions).prop_map(|code| Region::parse(&code).unwrap())
    }

    fn marks() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "", "", "", "", " ", "-", ".", "(", ")", "/", ") ", "--",
        ])
    }

    /// A number that is valid in one of the regions of the same calling code, so that not nearly all are nobody's.
    #[expect(
        deprecated,
        reason = "the fields are empty only in libphonenumber's own copy of the metadata"
    )]
    fn valid_national() -> impl Strategy<Value = (Region, String)> {
        let any = any::<(prop::sample::Index, prop::sample::Index)>();
        (region(), any, "[0-9]{10}").prop_map(|(region, (of, kind), tail)| {
            let code = of_home(region.as_str()).unwrap().country_code();
            let sharing = UTIL.get_regions_for_country_calling_code(code);
            let sharing: Vec<_> = sharing.into_iter().flatten().collect();
            let data = of_home(&of.get(&sharing).as_region_str()).unwrap();
            let kinds = [
                &data.mobile,
                &data.fixed_line,
                &data.toll_free,
                &data.premium_rate,
            ];
            let examples: Vec<&str> = kinds
                .into_iter()
                .flatten()
                .map(PhoneNumberDesc::example_number)
                .filter(|example| !example.is_empty())
                .collect();
            let example = kind.get(&examples);
            let (head, rest) = example.split_at(example.len() / 2);
            (region, format!("{head}{}", &tail[..rest.len().min(10)]))
        })
    }

    /// Numbers of the main region that are shorter than those of the one they are typed in.
    #[test]
    fn deny_lengths_of_another_region() {
        for (region, typed) in [("JE", "016977 2345"), ("IM", "0800 123456")] {
            let region = Region::parse(region).unwrap();
            assert_eq!(read(typed, region), None, "{typed}");
            assert!(ask(typed, Some(region)).is_err(), "{typed}");
        }
    }

    #[test]
    fn deny_long_text() {
        let typed = format!("0664{}910594", " ".repeat(260));
        assert_eq!(read(&typed, Region::parse("AT").unwrap()), None);
        let international = RawPhone::new(format!("+43{}664910594", " ".repeat(260)));
        assert!(E164::parse(&international, None).is_err());
    }

    fn check(text: &str, region: Region) -> Result<(), TestCaseError> {
        let Some(read) = read(text, region) else {
            // Most of the time there is an answer: `most_numbers_typed_at_home_need_no_judgement`.
            return Ok(());
        };
        let asked = ask(text, Some(region)).map(E164::expose);
        prop_assert_eq!(asked, Ok(read), "{} in {}", text, region);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Whatever is read without libphonenumber is what libphonenumber reads.
        #[test]
        fn prop_oracle_national_numbers(
            (region, number) in valid_national(),
            front in prop::sample::select(vec!["", "", "0", "0", "1", "8", "06", "00", "011", "810", "49", "7", "9"]),
            marks in prop::collection::vec(marks(), 20),
        ) {
            let digits = front.chars().chain(number.chars());
            let marked = digits.zip(&marks).map(|(digit, mark)| format!("{mark}{digit}"));
            let text = marked.collect::<Vec<_>>().concat();
            check(&text, region)?;
            check(&format!("{text}{}", marks[0]), region)?;
        }

        #[test]
        fn prop_oracle_any_digits(region in region(), digits in "[0-9]{3,16}") {
            check(&digits, region)?;
        }
    }

    #[test]
    fn most_numbers_typed_at_home_need_no_judgement() {
        for (region, typed, digits) in [
            ("IN", "098123 45678", 919_812_345_678),
            ("IN", "98123-45678", 919_812_345_678),
            ("US", "(202) 555-0123", 12_025_550_123),
            ("ID", "0812-3456-789", 628_123_456_789),
            ("BR", "(11) 96123-4567", 5_511_961_234_567),
            ("PK", "0301 2345678", 923_012_345_678),
            ("NG", "0802 123 4567", 2_348_021_234_567),
            ("BD", "01812-345678", 8_801_812_345_678),
            ("RU", "8 (912) 345-67-89", 79_123_456_789),
            ("JP", "090-1234-5678", 819_012_345_678),
            ("DE", "030/123456", 4_930_123_456),
            ("GB", "07400 123456", 447_400_123_456),
            ("FR", "06 12 34 56 78", 33_612_345_678),
            ("IT", "312 345 6789", 393_123_456_789),
            ("CN", "131 2345 6789", 8_613_123_456_789),
        ] {
            let region = Region::parse(region).unwrap();
            assert_eq!(read(typed, region), Some(digits), "{typed} in {region}");
            let parsed = E164::parse(&RawPhone::new(typed), Some(region));
            assert_eq!(parsed.map(E164::expose), Ok(digits));
        }
    }

    #[test]
    fn doubt_is_left_to_libphonenumber() {
        for (region, typed) in [
            ("DE", "0049 30 123456"),
            ("IN", "919812345678"),
            ("US", "1 202 555 0123"),
            ("AR", "0 11 15 2345 6789"),
            ("DE", "112"),
            ("DE", "030 123456 ext 7"),
            ("DE", "+4930123456"),
        ] {
            assert_eq!(
                read(typed, Region::parse(region).unwrap()),
                None,
                "{typed} in {region}"
            );
        }
    }
}
