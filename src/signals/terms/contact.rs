//! Words that reach somebody: a phone number or an address for mail in the place of an interest.
//!
//! Words of people become features, and their names stand in reasons that are published. Whole digits alone are no number here, for
//! ids are whole digits too; what is published shows no long run of them (`publish::without_numbers`).

use crate::publish::is_between;

/// Digits of the shortest number that is dialled with a plus sign or in groups.
const SHORTEST: usize = 7;
/// The same of one that begins with a zero, as numbers do at home.
const SHORTEST_AT_HOME: usize = 9;

/// Does a text hold a phone number as people write it, or an address for mail?
///
/// # Complexity
/// O(l) for l letters.
pub(super) fn reaches_somebody(text: &str) -> bool {
    holds_address(text) || holds_number(text)
}

/// `name@host.ending`, anywhere in the text.
fn holds_address(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    text.match_indices('@').any(|(at, _)| {
        let host = &text[at + 1..];
        let host = &host[..host.find(|c| !is_part(c)).unwrap_or(host.len())];
        let has_ending = host.split_once('.').is_some_and(|(name, ending)| {
            !name.is_empty() && ending.chars().filter(|c| c.is_alphabetic()).count() >= 2
        });
        has_ending && text[..at].chars().next_back().is_some_and(is_part)
    })
}

/// A run of digits with what stands between them in numbers.
fn holds_number(text: &str) -> bool {
    let mut before = None;
    let runs = text.split_inclusive(|c: char| !c.is_numeric() && !is_between(c));
    for run in runs {
        let end = run
            .chars()
            .next_back()
            .filter(|c| !c.is_numeric() && !is_between(*c));
        let digits = end.map_or(run, |end| &run[..run.len() - end.len_utf8()]);
        // Digits among letters are a hash: `cef3390ed299c098741893877`.
        let is_within = [before, end].into_iter().flatten().any(char::is_alphabetic);
        let is_hash = is_within && digits.chars().all(char::is_numeric);
        if !is_hash && is_number(digits) {
            return true;
        }
        before = end;
    }
    false
}

fn is_number(run: &str) -> bool {
    let run = run.trim_matches(|c: char| c != '+' && c != '(' && !c.is_numeric());
    let n_digits = run.chars().filter(|c| c.is_numeric()).count();
    // Of other scripts' digits nobody here knows which is a zero: ids are written in none of them.
    let is_home = run.starts_with(|c: char| c == '0' || (c.is_numeric() && !c.is_ascii()));
    let in_groups = run.chars().any(|c| !c.is_numeric());
    let shortest = if is_home { SHORTEST_AT_HOME } else { SHORTEST };
    n_digits >= shortest && (is_home || in_groups) && !is_decimal(run) && !is_of_small_parts(run)
}

/// A number with a fraction, such as `3.14159265`.
fn is_decimal(run: &str) -> bool {
    let is_whole = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    run.split_once('.')
        .is_some_and(|(whole, fraction)| is_whole(whole) && is_whole(fraction))
}

/// Dates, ranges of years and versions: parts of at most four digits that are few, such as `2016-10-01`, `1990-1999` or `4.4.2`.
fn is_of_small_parts(run: &str) -> bool {
    let parts: Vec<&str> = run.split(['-', '_', '.', '/']).collect();
    let is_small = |part: &&str| part.len() <= 4 && part.chars().all(char::is_numeric);
    let is_year =
        |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    parts.len() <= 3 && parts.iter().all(is_small) && parts.iter().any(|part| is_year(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_numbers_and_addresses_however_they_are_written() {
        for text in [
            "+4915112345678",
            "contact=+436641234567",
            "call 0664 123 45 67",
            "+43\u{200b}664\u{2060}1234567",
            "06641234567",
            "0043 664 1234567",
            "(617) 272-6361",
            "617-272-6361",
            "٠٦٦٤١٢٣٤٥٦٧",
            "tel 06641234567",
            "tel+436641234567",
            "mail: u797515164740@x.org",
            "a.b+c@mail.example.com",
        ] {
            assert!(reaches_somebody(text), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_stays() {
        for text in [
            "cooking",
            "2016-10-01",
            "1990-1999",
            "2016_10_01",
            "01/10/2016",
            "25-29",
            "galaxy s7",
            "4.4.2",
            "81ce123cbb5bd8ce818f60fb3586bba5",
            "cef3390ed299c098741893877",
            "0123456789abcdef",
            "artist 7348511627",
            "25644309",
            "c@t",
            "@home",
            "3.14159265",
        ] {
            assert!(!reaches_somebody(text), "{text}");
        }
    }
}
