//! Names as people write them: of columns and of files, with what cannot be seen in them.

use std::fmt::Write;

pub(super) use crate::near::edit_distance;
use crate::publish::{is_dash, is_invisible};

/// What is left of a name if capitals, blanks, dashes, other ASCII punctuation and everything invisible do not count:
/// `Number_Until`, `number until` and `number-until` with a zero-width space behind are one.
pub(super) fn fold(name: &str) -> String {
    let counts = |c: &char| !(is_unseen(*c) || c.is_ascii_punctuation() || is_dash(*c));
    name.chars()
        .filter(counts)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Is one of two folded names the other, but for characters of another script, and digits in the place of letters?
/// `rеgion` with a Cyrillic е and `reg1on` look like a column and are none.
pub(super) fn is_lookalike(name: &str, of: &str) -> bool {
    let pairs = || name.chars().zip(of.chars());
    let n_other = pairs().filter(|(a, b)| a != b).count();
    name.chars().count() == of.chars().count()
        && (1..=of.len() / 2).contains(&n_other)
        && pairs().all(|(a, b)| a == b || !a.is_ascii() || is_drawn_like(a, b))
}

/// Is a digit drawn like this letter?
fn is_drawn_like(digit: char, letter: char) -> bool {
    const DRAWN: [(char, &str); 10] = [
        ('0', "odq"),
        ('1', "lij"),
        ('2', "z"),
        ('3', "e"),
        ('4', "a"),
        ('5', "s"),
        ('6', "bg"),
        ('7', "tl"),
        ('8', "b"),
        ('9', "gq"),
    ];
    let mut drawn = DRAWN.iter();
    drawn.any(|(one, letters)| *one == digit && letters.contains(letter))
}

/// Is a folded name another one but for a slip of the pen, if that one is long enough to be told from others? Digits
/// are never slips: `sessions_90d` is not `sessions_30d`.
pub(super) fn is_slip(name: &str, of: &str) -> bool {
    const LONG: usize = 8;
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    of.len() >= LONG && edit_distance(name, of) == 1 && digits(name) == digits(of)
}

/// The name without what cannot be seen in it.
pub(super) fn seen(name: &str) -> String {
    name.chars().filter(|&c| !is_invisible(c)).collect()
}

/// The name as a message may show it: what cannot be seen, or looks like a plain blank and is none, as an escape.
pub(super) fn visible(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if c != ' ' && is_unseen(c) {
            let _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    if shown.trim().is_empty() {
        "(no name)".to_owned()
    } else {
        shown
    }
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_many_dresses() {
        for name in [
            "number_until",
            "Number_Until",
            "NUMBER UNTIL",
            " number-until\u{a0}",
            "\u{feff}number_until",
            "number\u{200b}_until",
            "num\u{ad}ber_until",
            "numberUntil",
            "[number_until]",
            "number\u{2011}until",
        ] {
            assert_eq!(fold(name), "numberuntil", "{name:?}");
        }
    }

    #[test]
    fn other_names_stay_other_names() {
        for name in [
            "number_until_at",
            "numbers_until",
            "number_unti",
            "nummer_until",
            "",
        ] {
            assert_ne!(fold(name), "numberuntil", "{name:?}");
            assert!(!is_lookalike(&fold(name), "numberuntil"), "{name:?}");
        }
    }

    #[test]
    fn letters_of_another_script_are_found_out() {
        for name in [
            "r\u{435}gion",
            "rég\u{456}on",
            "\u{ff52}egion",
            "regi\u{3bf}n",
            "reg1on",
            "regi0n",
        ] {
            assert!(is_lookalike(&fold(name), "region"), "{name:?}");
        }
        for name in ["регион", "season", "region", "地区", "region2", "reg2on"] {
            assert!(!is_lookalike(&fold(name), "region"), "{name:?}");
        }
    }

    #[test]
    fn slips_of_the_pen_are_found() {
        for (name, of) in [
            ("numberuntill", "numberuntil"),
            ("numbruntil", "numberuntil"),
            ("textdigst", "textdigest"),
            ("optedouta", "optedoutat"),
            ("interest", "interests"),
        ] {
            assert!(is_slip(name, of), "{name}");
        }
        for (name, of) in [
            ("sessions90d", "sessions30d"),
            ("numberuntil", "numberuntil"),
            ("numbersince", "numberuntil"),
            ("regions", "region"),
            ("zebra", "interests"),
        ] {
            assert!(!is_slip(name, of), "{name}");
        }
    }

    #[test]
    fn nothing_shown_is_empty_or_invisible() {
        for (name, shown) in [
            ("", "(no name)"),
            ("  ", "(no name)"),
            ("\u{200b}", "\\u{200b}"),
            ("a b", "a b"),
            ("a\u{a0}b", "a\\u{a0}b"),
            ("\u{feff}id", "\\u{feff}id"),
            ("a\tb\n", "a\\u{9}b\\u{a}"),
        ] {
            assert_eq!(visible(name), shown, "{name:?}");
        }
    }
}
