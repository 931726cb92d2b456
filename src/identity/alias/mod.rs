//! Aliases: forms a number had before its country changed the form of its numbers.
//!
//! Mexico gave up the 1 before mobile numbers, Brazil put a 9 before them, Ivory Coast and Benin went from eight digits
//! to ten. Nobody's line changed hands by it, so an entry saved under the old form is an entry of the new number. The
//! *canonical form* of a number is its newest. What used to be a number and is none any more is read as its successor;
//! what is valid today is read as what it is, so no valid number ever becomes another.
//!
//! # When two forms are one number
//! `data/phone/aliases.toml` names the old forms by country, digits and length, with the date and the source of each
//! change. An entry is used only if the country's plan leaves no doubt; Argentina's mobile 9 and Brazil's numbers with 5, 6
//! and 7 first are left out, with the reason in the file. Even then a number is rewritten only if
//!
//! 1. libphonenumber says that its old form is no valid number,
//! 2. it is written as the old form was: Mexico's 1 stood behind the country code alone, and a 1 without it may be North
//!    America's;
//! 3. the new form is valid, and for the use the entry names.
//!
//! # What the date says
//! It says since when the new form holds, and nothing depends on it. For every entry in use, the digits of the old form
//! were nobody else's after the change, and those of the new form nobody's before it. So an entry saved under the old
//! form long after the change, or under the new form with an earlier date (people and telephones rewrite address books
//! and keep the date), says the same: this line. An entry for which that is not so (fixed lines of São Paulo began with 6
//! until 2008, mobile numbers with the same digits came afterwards) is not in use: no date in an address book is sure
//! enough to tell the two apart. Whether it was the account's line *when it was saved* is for matching to ask.
//!
//! # Where it applies
//! To everything that is compared: accounts, address books, social accounts, businesses, objections and tokens. What is
//! shown, [`Reading`](super::Reading) and `identity normalise`, stays what libphonenumber says.

mod table;
#[cfg(test)]
mod tests;

use rlibphonenumber::{CountryCodeSource, PhoneNumber, get_national_significant_number_owned};

use super::E164;
use super::metadata::UTIL;
use super::phone::{dialled_from, number_type};
use crate::ids::Region;
use table::{Alias, Written, aliases, codes};

pub use table::aliases_digest;

impl E164 {
    /// The forms this number had earlier; none for most numbers.
    ///
    /// For lists that were made while an old form was valid and hold it in a way that cannot be rewritten.
    pub fn former_forms(self) -> impl Iterator<Item = Self> {
        let kind = is_concerned(self.expose())
            .then(|| number_type(self))
            .flatten();
        let (aliases, digits) = match kind {
            Some(_) => (aliases(), self.expose().to_string()),
            None => (&[][..], String::new()),
        };
        aliases
            .iter()
            .filter(move |alias| kind.is_some_and(|kind| alias.kinds.contains(&kind)))
            .filter(|alias| alias.written != Written::WithoutCountryCode)
            .filter_map(move |alias| {
                let national = digits.strip_prefix(&alias.country_code)?;
                international(alias, &alias.predecessor(national)?)
            })
    }
}

/// May a number with these digits have another form? Decided by its country calling code.
pub(super) fn is_concerned(digits: u64) -> bool {
    let mut head = digits;
    while head >= 1000 {
        head /= 10;
    }
    codes()
        .iter()
        .any(|&code| head == code || head / 10 == code)
}

/// The number that followed one which libphonenumber read in a text and found not to be valid.
pub(super) fn successor(
    number: &PhoneNumber,
    text: &str,
    default_region: Option<Region>,
) -> Option<E164> {
    let code = u64::try_from(number.country_code).ok()?;
    if !codes().contains(&code) {
        return None;
    }
    let mut of_country = aliases().iter().filter(|alias| alias.code == code);
    let national = get_national_significant_number_owned(number);
    let (alias, national) =
        of_country.find_map(|alias| Some((alias, alias.successor(&national)?)))?;
    if alias.written != Written::Either && alias.written != written(text, default_region)? {
        return None;
    }
    let successor = international(alias, &national)?;
    let kind = number_type(successor)?;
    alias.kinds.contains(&kind).then_some(successor)
}

fn international(alias: &Alias, national: &str) -> Option<E164> {
    let digits = format!("{}{national}", alias.country_code);
    E164::from_digits(digits.parse().ok()?).ok()
}

/// Did the country code stand in the text, or was it added?
fn written(text: &str, default_region: Option<Region>) -> Option<Written> {
    let number = UTIL
        .parse_and_keep_raw_input(text, default_region.and_then(dialled_from))
        .ok()?;
    Some(match number.country_code_source() {
        CountryCodeSource::FromDefaultCountry | CountryCodeSource::Unspecified => {
            Written::WithoutCountryCode
        }
        _ => Written::WithCountryCode,
    })
}
