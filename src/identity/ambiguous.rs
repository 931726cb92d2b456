//! Numbers without a plus sign that could be two people's.
//!
//! `43664910594` is a number of Austria with its country code, and a number of Germany without one. libphonenumber reads
//! it in the region it is given, and so do we; but an export that lost its plus signs is full of such numbers, so they
//! are counted.

use std::borrow::Borrow;

use rayon::prelude::*;

use super::chat_link::chat_link;
use super::phone::{NotANumber, Typed, ask};
use super::plan::{self, Answer};
use super::{E164, other_text};
use crate::ids::Region;
use crate::signals::RawPhone;

impl E164 {
    /// The number that a text without a plus sign would be with one, if that is another than the one it is read as.
    ///
    /// None unless both are valid.
    ///
    /// # Complexity
    /// Some nanoseconds for most texts; some microseconds for digits that are valid with a plus sign.
    #[must_use]
    pub fn other_reading(raw: &RawPhone, default_region: Option<Region>) -> Option<Self> {
        let other = with_plus(raw.expose(), number)?.ok()?;
        let own = Self::canonical(raw, default_region).ok()?;
        (own != other).then_some(other)
    }

    /// Every number that a text may be: as [`canonical`](Self::canonical) reads it, and its
    /// [other reading](Self::other_reading). Whatever is taken from one of them is taken from all.
    ///
    /// # Complexity
    /// As that of both.
    pub fn readings(raw: &RawPhone, default_region: Option<Region>) -> impl Iterator<Item = Self> {
        let own = Self::canonical(raw, default_region).ok();
        own.into_iter()
            .chain(Self::other_reading(raw, default_region))
    }
}

/// How many numbers of a column could be another's, see [`E164::other_reading`].
///
/// # Complexity
/// As [`E164::other_reading`] for each, in parallel.
#[must_use]
pub fn count_ambiguous<P: Borrow<RawPhone> + Sync>(column: &[Typed<P>]) -> u64 {
    let is_ambiguous =
        |typed: &&Typed<P>| E164::other_reading(typed.raw.borrow(), typed.region).is_some();
    column
        .par_iter()
        .with_min_len(256)
        .filter(is_ambiguous)
        .count() as u64
}

/// Reads a text from its first digit on, behind a plus sign: libphonenumber skips what stands before that too (`="49…`,
/// `#49…`, `Tel. 49…`). None if there is a plus sign already, or a trunk prefix, which begins no international number.
fn with_plus<T>(text: &str, read: impl FnOnce(&str) -> T) -> Option<T> {
    let begins = |c: char| matches!(c, '+' | '\u{ff0b}') || c.is_numeric();
    let rest = &text[text.find(begins)?..];
    // Most texts are told by this alone.
    let is_plain = !rest.starts_with(['0', '\u{ff10}', '+', '\u{ff0b}']);
    let is_number = is_plain
        && chat_link(text).is_none()
        && other_text::refusal(text).is_none()
        && !text.contains(";phone-context=");
    is_number.then(|| international(rest, read))
}

/// Digits alone if there is nothing but them and the marks people put between them: those are read fastest.
fn international<T>(rest: &str, read: impl FnOnce(&str) -> T) -> T {
    let rest = rest.trim_end();
    let mut room = [b'+'; LONG];
    match digits_behind_plus(rest, &mut room) {
        Some(digits) => read(digits),
        None => read(&long(rest)),
    }
}

/// Longer than any number is, with its plus sign.
const LONG: usize = 24;

/// The digits of a text behind the plus sign that is there; none if they do not fit, or there is more than them and marks.
fn digits_behind_plus<'r>(rest: &str, room: &'r mut [u8; LONG]) -> Option<&'r str> {
    let mut n = 1;
    for byte in rest.bytes() {
        if byte.is_ascii_digit() {
            *room.get_mut(n)? = byte;
            n += 1;
        } else if !is_mark(byte.into()) {
            return None;
        }
    }
    std::str::from_utf8(&room[..n]).ok()
}

/// As [`digits_behind_plus`] of any length, or the text as it is.
fn long(rest: &str) -> String {
    let kept = rest.chars();
    if kept.clone().all(|c| c.is_ascii_digit() || is_mark(c)) {
        std::iter::once('+')
            .chain(kept.filter(char::is_ascii_digit))
            .collect()
    } else {
        format!("+{rest}")
    }
}

const fn is_mark(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')')
}

fn number(international: &str) -> Result<E164, NotANumber> {
    match plan::read(international.as_bytes()) {
        Some((digits, Answer::Valid(..))) => E164::from_digits(digits),
        Some((_, Answer::Unassigned)) => Err(NotANumber::Unassigned),
        Some((_, Answer::Unsure)) | None => ask(international, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(text: &str, region: &str) -> Option<u64> {
        let other = E164::other_reading(&RawPhone::new(text), Region::parse(region));
        other.map(E164::expose)
    }

    /// What fits and what does not are the same digits.
    #[test]
    fn digits_behind_a_plus_sign_are_those_of_any_length() {
        for n in 1..40 {
            let digits: String = ('1'..='9').cycle().take(n).collect();
            let marked: String = digits.chars().flat_map(|c| [c, ' ', '-']).collect();
            for text in [&digits, &marked] {
                let found = international(text, str::to_owned);
                assert_eq!(found, long(text.trim_end()), "{n}");
                assert_eq!(found, format!("+{digits}"));
            }
            let other = format!("{digits} ext");
            assert_eq!(international(&other, str::to_owned), format!("+{other}"));
        }
    }

    #[test]
    fn digits_that_are_valid_twice_are_known() {
        for (text, region, expected) in [
            ("43664910594", "DE", Some(43_664_910_594)),
            ("43 664 910594", "DE", Some(43_664_910_594)),
            ("4915112345678", "DE", Some(4_915_112_345_678)),
            ("+43664910594", "DE", None),
            ("0043664910594", "DE", None),
            ("030123456", "DE", None),
            ("43664910594", "AT", None),
            ("43664910594", "", None),
            ("12025550123", "US", None),
            ("43664910594.0", "DE", None),
            ("no number", "DE", None),
            ("=43664910594", "DE", Some(43_664_910_594)),
            ("=\"43664910594\"", "DE", Some(43_664_910_594)),
            ("-43664910594", "DE", Some(43_664_910_594)),
            ("#43664910594", "DE", Some(43_664_910_594)),
            ("'43664910594", "DE", Some(43_664_910_594)),
            ("Tel. 43664910594", "DE", Some(43_664_910_594)),
            ("tel:43664910594", "DE", Some(43_664_910_594)),
            ("43/664/910594", "DE", Some(43_664_910_594)),
            ("４３６６４９１０５９４", "DE", Some(43_664_910_594)),
            ("=\"+43664910594\"", "DE", None),
            ("#030123456", "DE", None),
            ("wa.me/43664910594", "DE", None),
            (
                "https://api.whatsapp.com/send?phone=43664910594",
                "DE",
                None,
            ),
            ("@43664910594", "DE", None),
        ] {
            assert_eq!(other(text, region), expected, "{text:?} {region}");
        }
    }

    #[test]
    fn a_link_to_a_chat_is_international() {
        for link in [
            "wa.me/43664910594",
            "https://wa.me/43664910594?text=hello",
            "https://api.whatsapp.com/send?phone=43664910594",
            "whatsapp://send?phone=%2B43664910594",
            "\"https://wa.me/43664910594\"",
        ] {
            let read: Vec<u64> = E164::readings(&RawPhone::new(link), Region::parse("DE"))
                .map(E164::expose)
                .collect();
            assert_eq!(read, [43_664_910_594], "{link}");
        }
        let code = RawPhone::new("https://wa.me/message/ABC43664910594");
        assert_eq!(E164::readings(&code, Region::parse("DE")).count(), 0);
    }

    #[test]
    fn they_are_counted() {
        let number = |text: &str, region| Typed::new(RawPhone::new(text), Region::parse(region));
        let column = [
            number("43664910594", "DE"),
            number("43664910594", "AT"),
            number("+43664910594", "DE"),
            number("4915112345678", "DE"),
        ];
        assert_eq!(count_ambiguous(&column), 2);
    }
}
