//! Names of files and folders as they are printed: they are anybody's, with phone numbers or what a terminal obeys in them.

use std::path::Path;

/// What stands in the place of a phone number.
const NUMBER: &str = "(number)";
/// No number is shorter, its leading zeros aside: `part-00000123` is none.
const SHORTEST: usize = 7;
/// What was escaped more often than that is no path that anybody wrote.
const ESCAPED: usize = 3;

/// A path as a message, a manifest or a report may show it: phone numbers are left out, in the digits of any script and
/// escaped as Hive does it; what cannot be seen is an escape. Dates such as `2016-10-01` and UUIDs stay.
#[must_use]
pub fn shown(path: impl AsRef<Path>) -> String {
    let path = path.as_ref().to_string_lossy();
    let parts: Vec<String> = path.split('/').map(shown_part).collect();
    parts.join("/")
}

/// A word as an output may show it: long runs of digits, which may be a phone number, are left out. Dates and UUIDs stay.
///
/// ```
/// use acquaint::publish::without_numbers;
///
/// assert_eq!(without_numbers("hotline: 436641234567"), "hotline: (number)");
/// assert_eq!(without_numbers("cooking"), "cooking");
/// ```
#[must_use]
pub fn without_numbers(text: &str) -> String {
    masked(text)
}

fn shown_part(part: &str) -> String {
    let mut plain = part.to_owned();
    for _ in 0..ESCAPED {
        plain = unescaped(&plain);
    }
    let masked = masked(&plain);
    // Without a number it is shown as it stands.
    let shown = if masked == plain { part } else { &masked };
    shown.chars().map(visible).collect()
}

fn visible(c: char) -> String {
    if is_invisible(c) {
        c.escape_default().to_string()
    } else {
        c.to_string()
    }
}

fn masked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let run = run(&chars[at..]);
        if is_number(run) {
            shown.push_str(NUMBER);
        } else {
            shown.extend(run);
        }
        at += run.len();
    }
    shown
}

/// What belongs together at the beginning: a UUID, digits with what may stand between them, or one character.
fn run(chars: &[char]) -> &[char] {
    if is_uuid(chars) {
        return &chars[..UUID];
    }
    let mut end = 1;
    for (at, &c) in chars.iter().enumerate() {
        if at > 0 && is_uuid(&chars[at..]) {
            break;
        }
        if c.is_numeric() {
            end = at + 1;
        } else if at == 0 || !is_between(c) {
            break;
        }
    }
    &chars[..end]
}

fn is_number(run: &[char]) -> bool {
    let digits = run.iter().filter(|c| c.is_numeric());
    let n_digits = digits.skip_while(|c| c.to_digit(10) == Some(0)).count();
    n_digits >= SHORTEST && !is_date(run) && !is_uuid(run)
}

/// What stands between the digits of a number.
pub(crate) fn is_between(c: char) -> bool {
    c.is_whitespace() || is_invisible(c) || is_dash(c) || "-._()/+".contains(c)
}

/// `2016-10-01`: digits in groups as no number has them.
fn is_date(run: &[char]) -> bool {
    let text: String = run.iter().collect();
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    let lies = |text: &str, n: usize, from: u32, to: u32| {
        text.len() == n
            && text
                .parse()
                .is_ok_and(|number: u32| (from..=to).contains(&number))
    };
    lies(year, 4, 1900, 2199) && lies(month, 2, 1, 12) && lies(day, 2, 1, 31)
}

/// Characters of a UUID.
const UUID: usize = 36;

/// Does a UUID stand at the beginning? One of digits alone may be anything.
fn is_uuid(chars: &[char]) -> bool {
    let Some(uuid) = chars.get(..UUID) else {
        return false;
    };
    let is_right = |(at, c): (usize, &char)| match at {
        8 | 13 | 18 | 23 => *c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    uuid.iter().enumerate().all(is_right) && uuid.iter().any(char::is_ascii_alphabetic)
}

/// Hive writes what a path cannot hold as `%` and two hexadecimal digits.
pub(crate) fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten();
        let escaped = escaped.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            plain.push(byte);
            at += 3;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

/// Characters that take no place of their own: controls, format characters, joiners, fillers and byte order marks.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

pub(crate) const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' | '\u{FF3F}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_number_is_shown() {
        for (path, expected) in [
            ("a/+49 151 2345678.csv", "a/+(number).csv"),
            ("a/phone=%2B491512345678/b.csv", "a/phone=+(number)/b.csv"),
            ("%2B49%20151%2F23-45-678", "+(number)"),
            ("%252B49%25201512345678", "+(number)"),
            ("%34%39%31%35%31%32%33%34%35", "(number)"),
            ("(0151) 234-5678.csv", "((number).csv"),
            ("００４９１５１２３４５", "(number)"),
            ("٠٠٤٩١٥١٢٣٤٥٦٧", "(number)"),
            ("49\u{200b}151\u{2011}23456", "(number)"),
            ("20161001.csv", "(number).csv"),
            ("2016-10-01-2345", "(number)"),
            ("12345678-1234-1234-1234-123456789012", "(number)"),
        ] {
            assert_eq!(shown(path), expected, "{path:?}");
            assert_eq!(shown(expected), expected, "twice");
        }
    }

    #[test]
    fn what_is_no_number_stays() {
        for path in [
            "recall.csv",
            ".git",
            "-",
            "/data/date=2016-10-01/part-00000123.parquet",
            "since=2016-10-01T00%3A00%3A00Z",
            "part-00001-0a1b2c3d-1234-5678-9012-123456789012-c000.snappy.parquet",
            "run-123456",
            "100%",
        ] {
            assert_eq!(shown(path), path);
        }
    }

    #[test]
    fn no_terminal_obeys_a_name() {
        assert_eq!(shown("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown("two\nlines\u{202e}"), "two\\nlines\\u{202e}");
        assert_eq!(shown("\u{7}%2B491512345678"), "\\u{7}+(number)");
    }

    #[test]
    fn escapes_that_are_none_stay() {
        for (text, plain) in [
            ("a%3Db", "a=b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("%ff", "%ff"),
            ("%C3%A9", "é"),
        ] {
            assert_eq!(unescaped(text), plain);
        }
    }
}
