//! Two numbers in one cell, of which the second would be taken for an extension and lost.
//!
//! Exports join the numbers of a person with a semicolon, which is also what people dial before an extension. Behind it
//! stands a number of its own if it begins as one, with a plus sign or a trunk zero, or is valid in the region of the first.

use super::metadata::UTIL;
use super::phone::dialled_from;
use crate::ids::Region;

/// Fewer digits than this are no number of their own.
const DIGITS: usize = 7;

/// Does a text have a second number in it?
pub(super) fn has_second(text: &str, region: Option<Region>) -> bool {
    if !text.contains([';', ',', '/', '\\', '\u{ff1b}', '\u{ff0c}']) {
        return false;
    }
    let typed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let typed = typed
        .to_lowercase()
        .replace(['\u{ff1b}'], ";")
        .replace(['\u{ff0c}'], ",");
    let divided = typed
        .replace(",,", ";")
        .replace("/x", ";")
        .replace("\\x", ";");
    divided
        .split(';')
        .skip(1)
        .any(|part| is_number(part, region))
}

fn is_number(part: &str, region: Option<Region>) -> bool {
    let n_digits = part.chars().filter(|c| c.is_numeric()).count();
    let is_parameter = part.starts_with(char::is_alphabetic) && part.contains('=');
    if n_digits < DIGITS || is_parameter {
        return false;
    }
    let begins_as_one = part.starts_with(['+', '\u{ff0b}', '0', '\u{ff10}', '(']);
    let read = || UTIL.parse(part, region.and_then(dialled_from));
    begins_as_one || read().is_ok_and(|number| UTIL.is_valid_number(&number))
}

#[cfg(test)]
mod tests {
    use crate::identity::{E164, NotANumber};
    use crate::ids::Region;
    use crate::signals::RawPhone;

    #[test]
    fn deny_two_numbers_in_one_cell() {
        for text in [
            "0664910594;0664910595",
            "664910594;664910595",
            "+43 664 910594; +43 664 910595",
            "0664910594;;0664910595",
            "0664910594,,0664910595",
            "0664910594；0664910595",
            "0664910594;77;0664910595",
            "0664 910594 / x0664 910595",
            "+43664910594;(0664) 910595",
        ] {
            let read = E164::canonical(&RawPhone::new(text), Region::parse("AT"));
            assert_eq!(read, Err(NotANumber::Unreadable), "{text}");
        }
    }

    #[test]
    fn extensions_are_dropped() {
        for text in [
            "0664 910594;77",
            "0664 910594,,77",
            "0664910594;ext=1234567",
            "+43664910594;123456",
            "tel:664910594;phone-context=+43",
            "0664/910594",
        ] {
            let read = E164::canonical(&RawPhone::new(text), Region::parse("AT"));
            assert_eq!(read.map(E164::expose), Ok(43_664_910_594), "{text}");
        }
    }
}
