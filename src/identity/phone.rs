//! Phone numbers: from what somebody typed to E.164, by the metadata of Google's libphonenumber.
//!
//! A number counts only if it is *valid*, that is, if it lies in a range its country has assigned
//! (`isValidNumber`), not merely *possible*, that is, of a plausible length: a possible number that nobody can
//! hold would sit in an address book as a non-user for ever. Short, service and emergency numbers are valid
//! nowhere outside the network they are dialled in and never become [`E164`]. Extensions are dropped; leading zeros
//! of a national number (Italy: `+39 06 …`) stay, since they never stand first.

use std::borrow::Borrow;
use std::fmt;
use std::num::NonZeroU64;

use rayon::prelude::*;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, get_national_significant_number_owned};

use super::E164;
use super::alias;
use super::chat_link::text_of;
use super::metadata::UTIL;
use super::national;
use super::number_type::NumberType;
use super::other_text::refusal;
use super::plan::{self, Answer};
use super::readable::is_readable;
use super::tidy::tidy;
use super::two_numbers::has_second;
use crate::ids::Region;
use crate::signals::{RawPhone, RejectionReason};

/// The smallest number a country code and a national number can make, and the first with more than fifteen digits.
const DIGITS: std::ops::Range<u64> = 10_000..1_000_000_000_000_000;

/// Why a text is no phone number. It says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotANumber {
    /// It does not read as a phone number, or has no country code and comes without a region.
    #[error("not a phone number of a known country")]
    Unreadable,
    /// It reads as one, but no country has assigned it.
    #[error("not an assigned phone number")]
    Unassigned,
    /// Its digits are fewer than five or more than fifteen.
    #[error("an international number has five to fifteen digits")]
    OutOfRange,
    /// It went through a spreadsheet or a column of floats, which added or lost digits.
    #[error(
        "mangled by a spreadsheet or a float column, digits are lost: export the column as text"
    )]
    Float,
    /// It is a business-scoped id: two letters, a dot, letters and digits.
    #[error("a business-scoped id, not a phone number")]
    BusinessScopedId,
    /// It is a username.
    #[error("a username, not a phone number")]
    Username,
}

impl From<NotANumber> for RejectionReason {
    fn from(why: NotANumber) -> Self {
        match why {
            NotANumber::Unreadable | NotANumber::Unassigned | NotANumber::OutOfRange => {
                Self::NotANumber
            }
            NotANumber::Float => Self::NumberAsFloat,
            NotANumber::BusinessScopedId => Self::BusinessScopedId,
            NotANumber::Username => Self::Username,
        }
    }
}

impl E164 {
    /// Reads a number as somebody typed it; `default_region` is the country of numbers without a country code.
    ///
    /// # Errors
    /// If the text is not a valid number, see [`NotANumber`].
    ///
    /// # Complexity
    /// Some nanoseconds a digit for a plus sign and digits, or a number as it is dialled at home, with or without marks between
    /// them, some microseconds for any other text; the first number
    /// of a process also decodes the metadata, the first of a country compiles its number plan (some milliseconds).
    pub fn parse(raw: &RawPhone, default_region: Option<Region>) -> Result<Self, NotANumber> {
        let text = &*text_of(raw.expose());
        match read(text)? {
            Some((digits, Answer::Valid(..))) => Self::from_digits(digits),
            Some((_, Answer::Unassigned)) => Err(NotANumber::Unassigned),
            Some((_, Answer::Unsure)) => ask(text, default_region),
            None => match at_home(text, default_region) {
                Some(digits) => Self::from_digits(digits),
                None => ask(text, default_region),
            },
        }
    }

    /// Reads a number for comparing: as [`parse`](Self::parse), but what used to be a number, and is none since its
    /// country changed the form of its numbers, is read as the number that followed it.
    ///
    /// A valid number is always read as itself. How it is decided is told in `src/identity/alias`, from the table
    /// `data/phone/aliases.toml`.
    ///
    /// # Errors
    /// If the text is no number, and was none that another followed beyond doubt.
    ///
    /// # Complexity
    /// As [`parse`](Self::parse); some microseconds more for what is not valid in a country of the table.
    pub fn canonical(raw: &RawPhone, default_region: Option<Region>) -> Result<Self, NotANumber> {
        let text = &*text_of(raw.expose());
        match read(text)? {
            Some((digits, Answer::Valid(..))) => return Self::from_digits(digits),
            Some((digits, Answer::Unassigned)) if !alias::is_concerned(digits) => {
                return Err(NotANumber::Unassigned);
            }
            Some(_) => {}
            None => {
                if let Some(digits) = at_home(text, default_region) {
                    return Self::from_digits(digits);
                }
            }
        }
        let number = understand(text, default_region)?;
        valid(&number).or_else(|error| alias::successor(&number, text, default_region).ok_or(error))
    }

    /// A number from the digits after the plus sign, which the caller knows to be valid.
    ///
    /// # Errors
    /// If there are fewer than five or more than fifteen digits.
    #[inline]
    pub fn from_digits(digits: u64) -> Result<Self, NotANumber> {
        NonZeroU64::new(digits)
            .filter(|digits| DIGITS.contains(&digits.get()))
            .map(Self)
            .ok_or(NotANumber::OutOfRange)
    }
}

/// What a text says as a phone number, whether or not anybody can hold that number.
#[derive(Clone, PartialEq, Eq)]
pub struct Reading {
    /// In the form of ITU-T E.164, with its plus sign, even if it is not valid.
    pub e164: String,
    /// Has its country assigned it?
    pub is_valid: bool,
    /// Has it a length that numbers of its country have?
    pub is_possible: bool,
    /// Where its country calling code, and its first digits if countries share the code, belong. None if that cannot be
    /// told.
    pub place: Option<Place>,
    /// What it is for, if it is valid.
    pub kind: Option<NumberType>,
}

/// Where a number belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a country or territory.
    Country(Region),
    /// In no country: international networks and services.
    World,
}

impl Place {
    /// Two letters of ISO 3166-1, or 001, the world in UN M.49.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Country(region) => region.as_str(),
            Self::World => "001",
        }
    }

    fn of(region: rlibphonenumber::Region) -> Option<Self> {
        if region == rlibphonenumber::Region::World {
            return Some(Self::World);
        }
        Region::parse(region.as_region_str().as_str()).map(Self::Country)
    }
}

/// Shows no number.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("e164", &"redacted")
            .field("is_valid", &self.is_valid)
            .field("is_possible", &self.is_possible)
            .field("place", &self.place)
            .field("kind", &self.kind)
            .finish()
    }
}

impl Reading {
    /// Reads a text with everything libphonenumber says of it; [`E164::parse`] says less, of valid numbers alone.
    ///
    /// # Errors
    /// If the text does not read as a phone number at all. A number that nobody can hold is no error here.
    ///
    /// # Complexity
    /// As [`E164::parse`].
    pub fn of(raw: &RawPhone, default_region: Option<Region>) -> Result<Self, NotANumber> {
        let text = &*text_of(raw.expose());
        if let Some((digits, Answer::Valid(region, kind))) = read(text)? {
            return Ok(Self {
                e164: format!("+{digits}"),
                is_valid: true,
                is_possible: true,
                place: Some(region.map_or(Place::World, Place::Country)),
                kind: Some(kind),
            });
        }
        let number = understand(text, default_region)?;
        let is_valid = UTIL.is_valid_number(&number);
        let region = UTIL.get_region_for_number(&number);
        Ok(Self {
            e164: UTIL.format(&number, PhoneNumberFormat::E164).into_owned(),
            is_valid,
            is_possible: UTIL.is_possible_number(&number),
            place: region.and_then(Place::of),
            kind: NumberType::of(UTIL.get_number_type(&number)),
        })
    }
}

/// What the automaton says of a text that is a plus sign and digits, or has nothing but marks between them. An error
/// if the text is no number whatever its digits say.
#[inline]
fn read(text: &str) -> Result<Option<(u64, Answer)>, NotANumber> {
    if let Some(clean) = plan::read(text.as_bytes()) {
        return Ok(Some(clean));
    }
    match refusal(text) {
        Some(why) => Err(why),
        None => Ok(tidy(text.as_bytes()).and_then(|tidy| plan::read(&tidy))),
    }
}

/// The digits of a valid number that was typed as at home, if nothing about it is in doubt.
fn at_home(text: &str, default_region: Option<Region>) -> Option<u64> {
    national::read(text, default_region?)
}

/// Asks libphonenumber about a text.
pub(super) fn ask(text: &str, default_region: Option<Region>) -> Result<E164, NotANumber> {
    valid(&understand(text, default_region)?)
}

/// What libphonenumber makes of a text.
fn understand(text: &str, default_region: Option<Region>) -> Result<PhoneNumber, NotANumber> {
    if !is_readable(text) || has_second(text, default_region) {
        return Err(NotANumber::Unreadable);
    }
    UTIL.parse(text, default_region.and_then(dialled_from))
        .map_err(|_| NotANumber::Unreadable)
}

fn valid(number: &PhoneNumber) -> Result<E164, NotANumber> {
    if !UTIL.is_valid_number(number) {
        return Err(NotANumber::Unassigned);
    }
    E164::from_digits(digits_of(number).ok_or(NotANumber::OutOfRange)?)
}

/// The country or territory a number belongs to; none for numbers of no country (`+800 …`).
///
/// # Complexity
/// As much as reading it from a plus sign and digits.
#[must_use]
pub fn number_region(number: E164) -> Option<Region> {
    region_and_kind(number)?.region
}

/// What a number is for; none if it is not assigned.
///
/// # Complexity
/// As much as reading it from a plus sign and digits.
#[must_use]
pub fn number_type(number: E164) -> Option<NumberType> {
    Some(region_and_kind(number)?.kind)
}

/// What the plan says of a number that is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    /// None for numbers of no country.
    pub(super) region: Option<Region>,
    pub(super) kind: NumberType,
}

fn region_and_kind(number: E164) -> Option<Assigned> {
    match plan::answer(number.expose()) {
        Some(Answer::Valid(region, kind)) => Some(Assigned { region, kind }),
        Some(Answer::Unassigned) => None,
        Some(Answer::Unsure) | None => ask_region_and_kind(number),
    }
}

pub(super) fn ask_region_and_kind(number: E164) -> Option<Assigned> {
    let number = UTIL.parse(format!("+{}", number.expose()), None).ok()?;
    let region = UTIL
        .get_region_for_number(&number)
        .and_then(|region| Region::parse(region.as_region_str().as_str()));
    Some(Assigned {
        region,
        kind: NumberType::of(UTIL.get_number_type(&number))?,
    })
}

/// A number as it stands in a row.
#[derive(Clone, Copy, Debug)]
pub struct Typed<P> {
    /// What somebody typed, or their telephone.
    pub raw: P,
    /// Where it is read, unless it says so itself.
    pub region: Option<Region>,
}

impl<P> Typed<P> {
    /// A number of a region.
    #[must_use]
    pub const fn new(raw: P, region: Option<Region>) -> Self {
        Self { raw, region }
    }
}

/// Reads a column of numbers for comparing, each in its own default region; the answers stand in the column's order.
///
/// # Complexity
/// As [`E164::canonical`] for each, in parallel.
#[must_use]
pub fn normalise<P: Borrow<RawPhone> + Sync>(column: &[Typed<P>]) -> Vec<Result<E164, NotANumber>> {
    column
        .par_iter()
        .with_min_len(256)
        .map(|typed| E164::canonical(typed.raw.borrow(), typed.region))
        .collect()
}

pub(super) fn dialled_from(region: Region) -> Option<rlibphonenumber::Region> {
    rlibphonenumber::Region::from_code(region.as_str()).ok()
}

/// Country code, then the national number with its leading zeros; none if that is more than a `u64` holds.
fn digits_of(number: &PhoneNumber) -> Option<u64> {
    let national_len = get_national_significant_number_owned(number).len();
    let shift = 10_u64.checked_pow(u32::try_from(national_len).ok()?)?;
    let country_code = u64::try_from(number.country_code).ok()?;
    country_code
        .checked_mul(shift)?
        .checked_add(number.national_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, region: &str) -> Result<u64, NotANumber> {
        E164::parse(&RawPhone::new(text), Region::parse(region)).map(E164::expose)
    }

    #[test]
    fn spellings_of_one_number_agree() {
        for (text, region) in [
            ("+49 30 123456", ""),
            ("030 123456", "DE"),
            ("0049-30-123456", "DE"),
            ("tel:+49-30-123456", "US"),
            ("011 49 30 123456", "US"),
            ("+49 30 123456 ext. 77", "FR"),
            ("\u{ff0b}４９ 30 123456", ""),
        ] {
            assert_eq!(parse(text, region), Ok(4_930_123_456), "{text:?} {region}");
        }
    }

    #[test]
    fn leading_zeros_of_a_national_number_stay() {
        assert_eq!(parse("02 1234 5678", "IT"), Ok(390_212_345_678));
        assert_eq!(parse("+39 02 1234 5678", ""), Ok(390_212_345_678));
    }

    #[test]
    fn deny_what_nobody_can_hold() {
        for (text, region) in [
            ("112", "DE"),
            ("911", "US"),
            ("110", ""),
            ("32665", "US"),
            ("+1 555", ""),
            ("+1 123 456 7890", ""),
            ("030 123456", ""),
            ("", "DE"),
            ("alice", "DE"),
            ("+999 123 456 789", ""),
        ] {
            assert!(parse(text, region).is_err(), "{text:?} {region}");
        }
    }

    #[test]
    fn deny_digits_out_of_range() {
        for good in [10_000, 999_999_999_999_999] {
            assert_eq!(E164::from_digits(good).map(E164::expose), Ok(good));
        }
        for bad in [0, 9_999, 1_000_000_000_000_000, u64::MAX] {
            assert_eq!(E164::from_digits(bad), Err(NotANumber::OutOfRange));
        }
    }

    #[test]
    fn regions_of_numbers() {
        let region = |digits| number_region(E164::from_digits(digits).unwrap());
        assert_eq!(region(4_930_123_456), Region::parse("DE"));
        assert_eq!(region(390_212_345_678), Region::parse("IT"));
        assert_eq!(region(80_012_345_678), None, "a number of no country");
    }

    #[test]
    fn normalise_keeps_the_order() {
        let column: Vec<_> = (0..1000)
            .map(|i| {
                let text = if i % 7 == 0 {
                    "x".into()
                } else {
                    format!("030 {}", 123_456 + i)
                };
                Typed::new(RawPhone::new(text), Region::parse("DE"))
            })
            .collect();
        let one_by_one: Vec<_> = column
            .iter()
            .map(|typed| E164::parse(&typed.raw, typed.region))
            .collect();
        assert_eq!(normalise(&column), one_by_one);
        assert!(one_by_one.iter().any(Result::is_err) && one_by_one.iter().any(Result::is_ok));
    }
}
