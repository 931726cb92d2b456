//! Numbers without a plus sign that could be two people's.
//!
//! `43664910594` is a number of Austria with its country code, and a number of Germany without one. libphonenumber reads
//! it in the region it is given, and so do we; but an export that lost its plus signs is full of such numbers, so they
//! are counted.

use std::borrow::Borrow;

use rayon::prelude::*;

use super::phone::{NotANumber, ask};
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
        let text = raw.expose();
        let international = with_plus(text)?;
        let other = number(&international).ok()?;
        let own = Self::canonical(raw, default_region).ok()?;
        (own != other).then_some(other)
    }
}

/// How many numbers of a column could be another's, see [`E164::other_reading`].
///
/// # Complexity
/// As [`E164::other_reading`] for each, in parallel.
#[must_use]
pub fn count_ambiguous<P: Borrow<RawPhone> + Sync>(column: &[(P, Option<Region>)]) -> u64 {
    let is_ambiguous =
        |(raw, region): &&(P, Option<Region>)| E164::other_reading(raw.borrow(), *region).is_some();
    column
        .par_iter()
        .with_min_len(256)
        .filter(is_ambiguous)
        .count() as u64
}

/// The digits of a text that is nothing but digits and the marks people put between them, behind a plus sign. None if
/// it has one already, or begins with a trunk prefix, which no international number does.
fn with_plus(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(|c: char| matches!(c, '1'..='9' | '('))
        || other_text::refusal(text).is_some()
    {
        return None;
    }
    let is_digit_or_mark = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')');
    text.chars().all(is_digit_or_mark).then(|| {
        let digits = text.chars().filter(char::is_ascii_digit);
        std::iter::once('+').chain(digits).collect()
    })
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
        ] {
            assert_eq!(other(text, region), expected, "{text:?} {region}");
        }
    }

    #[test]
    fn they_are_counted() {
        let number = |text: &str, region| (RawPhone::new(text), Region::parse(region));
        let column = [
            number("43664910594", "DE"),
            number("43664910594", "AT"),
            number("+43664910594", "DE"),
            number("4915112345678", "DE"),
        ];
        assert_eq!(count_ambiguous(&column), 2);
    }
}
