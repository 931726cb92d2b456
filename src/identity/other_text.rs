//! Texts that stand where a phone number should and that libphonenumber would read as somebody else's.
//!
//! It reads whatever digits it finds. Some kinds of text have digits and are no number:
//!
//! - A number that went through a spreadsheet or a column of floats. `43664910594.0` has a digit too many, and
//!   `4.36649E+10` has lost some. What is left of the number cannot be told.
//! - A business-scoped id, which the messenger gives to businesses in the place of a number since 2026: two letters of a
//!   country, a dot, letters and digits, such as `DE.13491208655302741918` or, for a group of companies,
//!   `DE.ENT.11815799212886844830`.
//! - A username, which begins with `@`.
//! - A link to a chat that has a code in the place of a number.

use super::NotANumber;
use super::chat_link::{ChatLink, chat_link};

/// So many zeros after the point may be decimals where blanks divide the digits before it: more are digits of a number
/// that is divided by blanks and points, such as `212 555.0000`.
const DECIMALS: usize = 2;

/// Why a text is no number, whatever digits it has; none if that is for libphonenumber to say.
pub(super) fn refusal(text: &str) -> Option<NotANumber> {
    let text = text.trim();
    if is_username(text) {
        Some(NotANumber::Username)
    } else if is_business_scoped_id(text) {
        Some(NotANumber::BusinessScopedId)
    } else if is_float(text) {
        Some(NotANumber::Float)
    } else if chat_link(text) == Some(ChatLink::Other) {
        Some(NotANumber::Unreadable)
    } else {
        None
    }
}

/// Has it an at sign in front of everything that could be dialled?
fn is_username(text: &str) -> bool {
    let before = text.split(|c: char| c == '+' || c.is_numeric()).next();
    before.is_some_and(|before| before.contains(['@', '\u{ff20}', '\u{fe6b}']))
}

fn is_business_scoped_id(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_country = |part: &str| {
        let is_of =
            |is_case: fn(&u8) -> bool| part.len() == 2 && part.as_bytes().iter().all(is_case);
        is_of(u8::is_ascii_uppercase) || is_of(u8::is_ascii_lowercase)
    };
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric());
    let mut rest = parts.clone().skip(1).peekable();
    parts.next().is_some_and(is_country) && rest.peek().is_some() && rest.all(is_word)
}

/// Is it a number as a program writes one that is no whole number to it?
fn is_float(text: &str) -> bool {
    const MARKS: [char; 8] = [
        '.', ',', 'e', 'E', '\u{ff0e}', '\u{ff0c}', '\u{ff25}', '\u{ff45}',
    ];
    if !text.contains(MARKS) {
        return false;
    }
    let has_blanks = text.contains(char::is_whitespace);
    let words: Vec<String> = dialled(text)
        .split_whitespace()
        .map(|word| word.chars().map(narrow).collect())
        .collect();
    if words.iter().rev().skip(1).any(|word| word.ends_with(',')) {
        return false;
    }
    let literal = words.concat();
    let unsigned = literal.trim_start_matches(['+', '-']);
    has_decimals(unsigned, has_blanks) || has_exponent(unsigned)
}

/// From the first sign or digit to the last digit or point: what stands around it is skipped by libphonenumber too.
fn dialled(text: &str) -> &str {
    let begins = |c: char| c == '+' || c == '\u{ff0b}' || c.is_numeric();
    let from = text.find(begins).unwrap_or(text.len());
    text[from..].trim_end_matches(|c: char| !c.is_alphanumeric() && narrow(c) != '.')
}

/// Full-width letters, digits and marks, made narrow.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Digits, a point or a comma, and zeros if anything; the digits may be in groups.
fn has_decimals(text: &str, has_blanks: bool) -> bool {
    let is_float = |mark: char, of_groups: char| {
        let parts = text.rsplit_once(mark);
        parts.is_some_and(|(whole, decimals)| {
            let may_be_decimals = match (mark, has_blanks) {
                (',', _) => (1..).contains(&decimals.len()),
                (_, false) => true,
                (_, true) => (1..=DECIMALS).contains(&decimals.len()),
            };
            let whole = whole.replace([of_groups, '\''], "");
            is_digits(&whole) && decimals.bytes().all(|c| c == b'0') && may_be_decimals
        })
    };
    is_float('.', ',') || is_float(',', '.')
}

/// Digits with points or commas, an E, perhaps a sign, and digits.
fn has_exponent(text: &str) -> bool {
    text.split_once(['e', 'E'])
        .is_some_and(|(digits, exponent)| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let without_marks = digits.replace(['.', ',', '\''], "");
            digits.starts_with(|c: char| c.is_ascii_digit())
                && is_digits(&without_marks)
                && is_digits(exponent)
        })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_numbers_that_were_floats() {
        for text in [
            "43664910594.0",
            "43664910594.00",
            "43664910594.",
            "+43664910594.0",
            "-43664910594.0",
            "'43664910594.0",
            "\"43664910594.0\"",
            "=\"43664910594.0\"",
            "tel:43664910594.0",
            "tel:+43664910594.0",
            "0664 910594.0",
            "4.3664910594E+10",
            "4,91512E+12",
            "4.91512e12",
            "4.91512E 12",
            "1.5e11",
            "5E+11",
            "4.9151E+012",
            "+4.9151E+12",
            "43664910594E0",
            "4'366.49E+7",
            "４３６６４９１０５９４．０",
            " 43664910594.0 ",
            "43664910594,0",
            "43664910594,00",
            "+43664910594,0",
            "0664 910594,0",
            "=\"43664910594,0\"",
            "43.664.910.594,0",
            "43,664,910,594.00",
            "43'664'910'594.0",
            "４３６６４９１０５９４，０",
        ] {
            assert_eq!(refusal(text), Some(NotANumber::Float), "{text:?}");
        }
    }

    #[test]
    fn deny_ids_of_businesses() {
        for text in [
            "DE.13491208655302741918",
            "DE.4915112345678",
            "US.ENT.11815799212886844830",
            "in.9876543210",
            " AT.43664910594 ",
            "BR.1A2b3C",
        ] {
            assert_eq!(
                refusal(text),
                Some(NotANumber::BusinessScopedId),
                "{text:?}"
            );
        }
    }

    #[test]
    fn deny_usernames() {
        for text in [
            "@anna",
            "@43664910594",
            " @anna.43664910594",
            "＠43664910594",
            "t.me/@a1",
            "@+43664910594",
        ] {
            assert_eq!(refusal(text), Some(NotANumber::Username), "{text:?}");
        }
    }

    #[test]
    fn deny_codes_of_chats() {
        for text in ["wa.me/message/43664910594", "https://wa.me/qr/43664910594"] {
            assert_eq!(refusal(text), Some(NotANumber::Unreadable), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_left_to_libphonenumber() {
        for text in [
            "+4930123456",
            "+43 664 910594",
            "43664910594",
            "030.123456",
            "030.123.000",
            "212.555.0000",
            "212 555.0000",
            "01.23.45.67.00",
            "+1.212.555.0100",
            "Tel. 0664 910594",
            "Nr.0664910594",
            "+49 30 123456 ext. 77",
            "1-800-FLOWERS",
            "0664 910594, 0",
            "0664 910594,,77",
            "0664 910594;77",
            "+43664910594;ext=1234567",
            "tel:664910594;phone-context=+43",
            "wa.me/43664910594",
            "0664/910594",
            "",
            "no number",
        ] {
            assert_eq!(refusal(text), None, "{text:?}");
        }
    }
}
