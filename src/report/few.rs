//! Figures about a few people: a page that is passed on tells none of them exactly.

use super::words::{grouped, percent};

/// The fewest people that a figure about people tells exactly: of fewer, somebody who knows the others could tell who they are.
pub(in crate::report) const FEWEST: u64 = 10;

/// Is a count of people above 0 but below what may be told?
pub(in crate::report) fn is_few(n: f64) -> bool {
    n > 0.0 && n.round() < FEWEST as f64
}

/// The share of some people, which would tell a few as exactly as their number.
pub(in crate::report) fn share_of_people(n: u64, all: u64) -> String {
    if is_few(n as f64) {
        String::new()
    } else {
        percent(n, u128::from(all))
    }
}

/// How many people, told no more exactly than it may be.
pub(in crate::report) fn people(n: u64) -> String {
    if is_few(n as f64) {
        format!("< {FEWEST}")
    } else {
        grouped(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_people_are_not_counted() {
        assert_eq!(people(0), "0");
        assert_eq!(people(1), "< 10");
        assert_eq!(people(9), "< 10");
        assert_eq!(people(10), "10");
    }

    #[test]
    fn a_share_does_not_tell_what_a_count_may_not() {
        assert_eq!(share_of_people(3, 300), "");
        assert_eq!(share_of_people(30, 300), "10.0 %");
        assert_eq!(share_of_people(0, 300), "0.0 %");
        assert!(is_few(9.4) && !is_few(9.6) && !is_few(0.0));
    }
}
