//! What can still be read of a row that was rejected: from whom it may take something away.
//!
//! An opt-out that is damaged is still somebody's opt-out. Reading it here is for denial only, so ids are read as a
//! spreadsheet leaves them behind (`1002.0`, `1.002E+03`); but never by guessing. Where it is in doubt whom a row
//! names, nobody is named.

use std::collections::BTreeSet;

use super::record::Record;
use super::records::RawPhone;
use super::row::{Cells, Row};
use crate::ids::{AccountId, DeviceId, Region, UserId};

/// From whom a rejected row may take something away.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Salvage {
    /// From nobody: a row like this gives, or its loss takes nothing from anybody.
    #[default]
    Harmless,
    /// From somebody, and nobody can tell from whom.
    Lost,
    /// From whom each of these names: one for each way in which the row may have been meant.
    Names(BTreeSet<Named>),
}

/// Whom a row names, in the order of its table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Messenger accounts.
    pub accounts: Vec<AccountId>,
    /// People of the social network.
    pub users: Vec<UserId>,
    /// A device.
    pub device: Option<DeviceId>,
    /// A number, with the region to read it in.
    pub phone: Option<(RawPhone, Option<Region>)>,
}

impl Named {
    /// Some accounts.
    pub(super) fn accounts(accounts: impl IntoIterator<Item = AccountId>) -> Self {
        Self {
            accounts: accounts.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Some people.
    pub(super) fn users(users: impl IntoIterator<Item = UserId>) -> Self {
        Self {
            users: users.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// What is left of a row whose every cell stands in its column.
pub(super) fn of_row<R: Record>(row: &Row<'_>) -> Salvage {
    if !R::RESTRICTS || !R::may_restrict(row) {
        return Salvage::Harmless;
    }
    R::named(row).map_or(Salvage::Lost, |named| Salvage::Names([named].into()))
}

/// What is left of a row with a field too many or too few, given what it may have been meant as.
///
/// Only what would have been a record counts. A single comma too many or a cut end leaves the row that was meant among
/// the readings, so whom it names is among those named here.
pub(super) fn of_readings<'r, R: Record>(
    readings: impl IntoIterator<Item = &'r dyn Cells>,
) -> Salvage {
    if !R::RESTRICTS {
        return Salvage::Harmless;
    }
    let mut found = BTreeSet::new();
    for cells in readings {
        let row = Row::new(cells);
        if R::read(&row).is_ok() {
            match R::named(&row) {
                Some(named) => found.insert(named),
                None => return Salvage::Lost,
            };
        }
    }
    if found.is_empty() {
        Salvage::Lost
    } else {
        Salvage::Names(found)
    }
}

/// What is left of a row that cannot be taken apart into cells.
pub(super) const fn of_nothing<R: Record>() -> Salvage {
    if R::RESTRICTS {
        Salvage::Lost
    } else {
        Salvage::Harmless
    }
}

/// The rows that one with other than `n` fields may have been meant as: with one field more, without each field and
/// with each two neighbours joined; with fewer, with empty fields at its end; with empty fields too many, without them.
pub(super) fn readings(fields: &[&str], n: usize) -> Vec<Vec<String>> {
    let owned = |fields: &[&str]| fields.iter().map(|&field| field.to_owned()).collect();
    if fields.len() < n {
        let mut padded: Vec<String> = owned(fields);
        padded.resize(n, String::new());
        return vec![padded];
    }
    if fields.len() > n + 1 {
        let is_blank = fields[n..].iter().all(|field| field.trim().is_empty());
        return is_blank.then(|| owned(&fields[..n])).into_iter().collect();
    }
    let without = |at: usize| {
        let mut left: Vec<String> = owned(fields);
        left.remove(at);
        left
    };
    let joined = |at: usize| {
        let mut left: Vec<String> = owned(fields);
        let second = left.remove(at + 1);
        left[at].push_str(&second);
        left
    };
    (0..=n).map(without).chain((0..n).map(joined)).collect()
}

/// The whole number that a text stands for, if it can stand for no other: `1002`, `1002.0`, `1.002E+03`, in quotes or
/// behind the apostrophe of a spreadsheet.
///
/// Not `1E+03`, which 1002 becomes when it is rounded, nor `9007199254740992.0`, which its neighbour becomes as a float.
pub(super) fn whole_number(text: &str) -> Option<u64> {
    let wrapping = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '\u{FEFF}');
    let text = text.trim_matches(wrapping);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_digits(text) {
        return text.parse().ok();
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
            (mantissa, exponent.parse::<usize>().ok()?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !is_digits(whole) || !(fraction.is_empty() || is_digits(fraction)) {
        return None;
    }
    // Fewer digits than the exponent asks for are what rounding left.
    let (kept, rest) = fraction.split_at_checked(exponent)?;
    let is_whole = rest.bytes().all(|digit| digit == b'0');
    let number: u64 = [whole, kept].concat().parse().ok()?;
    (is_whole && number < 1 << 53).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_as_a_spreadsheet_leaves_them_are_read() {
        for text in [
            "1002",
            " 1002 ",
            "\"1002\"",
            "'1002",
            "=\"1002\"",
            "1002.0",
            "1002.",
            "1002.000",
            "1.002E+03",
            "1.0020e3",
            "10.02E2",
            "\u{FEFF}1002",
            "0001002",
        ] {
            assert_eq!(whole_number(text), Some(1002), "{text:?}");
        }
        assert_eq!(whole_number("18446744073709551615"), Some(u64::MAX));
        assert_eq!(
            whole_number("9007199254740991.0"),
            Some((1 << 53) - 1),
            "the last float that has no neighbour within one"
        );
    }

    #[test]
    fn deny_what_may_stand_for_more_than_one() {
        for text in [
            "",
            "1E+03",
            "1.00E+03",
            "1.00251E+03",
            "1002.5",
            "-1002",
            "10 02",
            "1,002",
            "1O02",
            "0x3ea",
            "1002E",
            "1002E-1",
            ".5",
            "E3",
            "9007199254740992.0",
            "9.007199254740993E+15",
            "18446744073709551616",
            "1002\0",
            "10\u{FFFD}2",
            "٣",
        ] {
            assert_eq!(whole_number(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_was_meant_is_among_the_readings() {
        let has = |fields: &[&str], n, meant: &[&str]| {
            let found = readings(fields, n);
            assert!(found.iter().all(|reading| reading.len() == n));
            found.iter().any(|reading| reading == meant)
        };
        let meant = ["7", "1002", "opt_out"];
        assert!(has(&["7", "", "1002", "opt_out"], 3, &meant));
        assert!(has(&["7", "10", "02", "opt_out"], 3, &meant));
        assert!(has(&["7", "1002", "opt_out", ""], 3, &meant));
        assert!(has(&["7", "1002", "opt_out", "", " "], 3, &meant));
        assert!(has(&["7", "1002"], 3, &["7", "1002", ""]));
        assert!(!has(&["7", "1002", "opt", "_", "out"], 3, &meant));
    }
}
