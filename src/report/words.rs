//! Numbers and names as people read them.

use std::fmt::Write as _;

/// A name with nothing in it that a reader cannot see: control characters, which would steer a terminal,
/// and the marks that turn the direction of writing, which would show a name as another, are spelt out.
pub(in crate::report) fn visible(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for character in name.chars() {
        if is_hidden(character) {
            write!(shown, "\\u{{{:x}}}", u32::from(character)).expect("a string takes any text");
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters and the invisible formatting characters of Unicode 16 that reorder, join or hide text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A name from the program, such as `opted_out`, as words.
pub(in crate::report) fn words(name: &str) -> String {
    visible(name).replace('_', " ")
}

/// A whole number with its thousands apart: `12,345,678`.
pub(in crate::report) fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail.as_bytes().chunks(3).map(String::from_utf8_lossy);
    let head = (!head.is_empty()).then(|| head.into());
    let all: Vec<_> = head.into_iter().chain(groups).collect();
    all.join(",")
}

/// A real number to about four significant digits, without trailing zeros: `0.01234`, `1,235`, `3.5e-7`.
pub(in crate::report) fn rounded(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e15).contains(&size) {
        format!("{number:.3e}")
    } else if size >= 999.95 {
        signed(number, &grouped(whole(size)))
    } else {
        let places = usize::try_from(3 - magnitude(size)).unwrap_or(0);
        trimmed(&format!("{number:.places$}")).to_owned()
    }
}

/// A number beside an axis, short: `0.25`, `1,500`, `25k`, `3M`.
pub(in crate::report) fn short(number: f64) -> String {
    let size = number.abs();
    let scaled = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")]
        .into_iter()
        .find(|(least, _)| size >= *least);
    match scaled {
        // Ten thousand is where grouping digits stops being shorter.
        Some((_, "k")) => rounded(number / 1e3) + "k",
        Some((unit, letter)) => rounded(number / unit) + letter,
        None => rounded(number),
    }
}

/// A share of a whole: `12.3 %`, `< 0.1 %` for what is little but not nothing; empty without a whole.
pub(in crate::report) fn percent(part: u64, whole: u128) -> String {
    if whole == 0 {
        return String::new();
    }
    let share = 100.0 * part as f64 / whole as f64;
    match share {
        s if part > 0 && s < 0.05 => "< 0.1 %".to_owned(),
        // Nearly all is not all.
        s if u128::from(part) < whole && s >= 99.95 => "> 99.9 %".to_owned(),
        s => format!("{s:.1} %"),
    }
}

/// A length in bytes, in the decimal unit that fits: `12.3 MB`.
pub(in crate::report) fn bytes(length: u64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let size = length as f64;
    match units.into_iter().find(|(unit, _)| size >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", size / unit),
        None => format!("{length} B"),
    }
}

/// The first characters of a digest, enough to tell files apart.
pub(in crate::report) fn abridged(digest: &str) -> String {
    const SHOWN: usize = 12;
    let digest = visible(digest);
    if digest.chars().count() <= SHOWN {
        return digest;
    }
    digest.chars().take(SHOWN).chain(['…']).collect()
}

/// The power of ten at or below a positive number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "logarithms of floats lie within ±324"
)]
fn magnitude(size: f64) -> i32 {
    size.log10().floor() as i32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "called with positive numbers below 1e15"
)]
fn whole(size: f64) -> u64 {
    size.round() as u64
}

fn signed(number: f64, size: &str) -> String {
    let sign = if number < 0.0 { "−" } else { "" };
    format!("{sign}{size}")
}

fn trimmed(decimal: &str) -> &str {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.')
    } else {
        decimal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_grouped() {
        let shown = [0_u64, 7, 999, 1000, 12_345, 123_456, 1_234_567].map(grouped);
        assert_eq!(
            shown,
            ["0", "7", "999", "1,000", "12,345", "123,456", "1,234,567"]
        );
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn real_numbers_keep_four_digits() {
        let shown = [0.0, 0.012_345, 3.5e-7, 12.0, 12.346, 999.96, 1234.5, -2.5].map(rounded);
        assert_eq!(
            shown,
            [
                "0", "0.01235", "3.500e-7", "12", "12.35", "1,000", "1,235", "-2.5"
            ]
        );
    }

    #[test]
    fn axes_are_short() {
        let shown = [0.0, 0.25, 1500.0, 25_000.0, 3e6, 2.5e9].map(short);
        assert_eq!(shown, ["0", "0.25", "1,500", "25k", "3M", "2.5G"]);
    }

    #[test]
    fn a_little_is_not_nothing() {
        assert_eq!(percent(1, 1_000_000), "< 0.1 %");
        assert_eq!(percent(999_999, 1_000_000), "> 99.9 %");
        assert_eq!(percent(1_000_000, 1_000_000), "100.0 %");
        assert_eq!(percent(0, 10), "0.0 %");
        assert_eq!(percent(0, 0), "");
    }

    #[test]
    fn digests_are_cut_between_characters() {
        assert_eq!(abridged("ääääääääääääää"), "ääääääääääää…");
        assert_eq!(abridged("short"), "short");
        assert_eq!(bytes(12_345_678), "12.3 MB");
        assert_eq!(bytes(999), "999 B");
    }

    #[test]
    fn deny_hidden_characters() {
        assert_eq!(
            visible("a\u{202e}b\u{1b}[31m\n"),
            "a\\u{202e}b\\u{1b}[31m\\u{a}"
        );
        assert_eq!(
            visible("שלום → ties"),
            "שלום → ties",
            "a script is not a trick"
        );
    }
}
