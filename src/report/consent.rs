//! Consent as the page tells it: who may be scored for which purpose, and why the others may not.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::charts::place;
use super::few::{FEWEST, is_few, people, share_of_people};
use super::first::is_of_people;
use super::sums;
use super::words::{grouped, percent, words};
use crate::engine::Stage;
use crate::engine::outputs::Manifest;

/// Why people are left out, in the order of the columns.
const WHY: [&str; 6] = [
    "opted out, or did not say yes where that is asked for",
    "have not answered yet",
    "lapsed, suspended or ended",
    "no record of consent",
    "records unreadable or contradictory",
    "another reason",
];

/// What was said, what nobody knows and what time or a regulator decided are told apart.
fn why_not(reason: &str) -> &'static str {
    WHY[match reason {
        "opted_out" | "not_granted" | "limited_level" => 0,
        "notified" | "deferred" | "held_until_window_end" => 1,
        "lapsed" | "suspended" | "deletion_pending" | "deleted" | "superseded"
        | "before_cut_off" => 2,
        "no_record" | "not_notified" => 3,
        "invalidated" | "unreadable_restriction" => 4,
        _ => 5,
    }]
}

/// How many people each purpose may use, and why not the others; a column that is empty for all is left out.
pub(in crate::report) fn by_purpose(manifest: &Manifest) -> Value {
    let stages: Vec<&Stage> = manifest
        .stages
        .iter()
        .filter(|stage| is_decided(stage))
        .collect();
    let counts = |stage: &&Stage| WHY.map(|why| n_left_out(stage, why));
    let counts: Vec<[u64; WHY.len()]> = stages.iter().map(counts).collect();
    let is_used = |at: &usize| counts.iter().any(|row| row[*at] > 0);
    let used: Vec<usize> = (0..WHY.len()).filter(is_used).collect();
    let row = |(stage, counts): (&&Stage, &[u64; WHY.len()])| {
        let (what, purpose) = decided(&stage.name);
        context! {
            what, purpose,
            all => grouped(stage.rows_in),
            used => people(stage.rows_out),
            share => share_of_people(stage.rows_out, stage.rows_in),
            width => place(100.0 * stage.rows_out as f64 / stage.rows_in.max(1) as f64),
            others => used.iter().map(|&at| people(counts[at])).collect::<Vec<_>>(),
        }
    };
    let rows: Vec<Value> = stages.iter().zip(&counts).map(row).collect();
    let head: Vec<&str> = used.iter().map(|&at| WHY[at]).collect();
    context! { rows, head }
}

fn n_left_out(stage: &Stage, why: &str) -> u64 {
    let of = stage
        .dropped
        .iter()
        .filter(|(reason, _)| why_not(reason) == why);
    of.map(|(_, n)| n).sum()
}

/// Does the stage ask consent about each person or account once?
fn is_decided(stage: &Stage) -> bool {
    is_of_people(stage) || stage.name.contains("→ spam scores (")
}

/// What was asked about, and for which purpose.
fn decided(name: &str) -> (String, String) {
    let what = name.split(" → ").next().unwrap_or(name);
    let purpose = name.rsplit_once('(').map_or(name, |(_, purpose)| purpose);
    (words(what), words(purpose.trim_end_matches(')')))
}

/// How many accounts are in each state, most first, with a bar in proportion to the largest. States with few accounts are told
/// together, with the smallest of the others if they are few all the same: a state alone could be worked out from the sum.
pub(in crate::report) fn states(states: &BTreeMap<String, u64>) -> Value {
    let total: u128 = states.values().map(|&n| u128::from(n)).sum();
    let most = states.values().copied().max().unwrap_or(0).max(1);
    let mut ranked: Vec<(&str, u64)> = states
        .iter()
        .map(|(state, &n)| (state.as_str(), n))
        .collect();
    ranked.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
    let few = few(&mut ranked);
    let row = |(state, n): (&str, u64)| {
        let least = if n == 0 { 0.0 } else { 0.4 };
        context! {
            state => words(state),
            kind => if sums::is_consent(state) { "consent" } else { "kept" },
            n => people(n),
            share => percent(n, total),
            width => place((100.0 * n as f64 / most as f64).max(least)),
        }
    };
    let rows: Vec<Value> = ranked.into_iter().chain(few).map(row).collect();
    context! { rows, total => grouped(total) }
}

/// Takes what must not be told alone off the end, and tells it together.
fn few(ranked: &mut Vec<(&str, u64)>) -> Option<(&'static str, u64)> {
    if !ranked.iter().any(|&(_, n)| is_few(n as f64)) {
        return None;
    }
    ranked.retain(|&(_, n)| n > 0);
    let (mut n_told, mut sum) = (0, 0);
    while let Some(&(_, n)) = ranked.last() {
        if n >= FEWEST && n_told >= 2 && sum >= FEWEST {
            break;
        }
        ranked.pop();
        n_told += 1;
        sum += n;
    }
    Some(("other states together", sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(ns: &[u64]) -> (Vec<u64>, Option<u64>) {
        let mut ranked: Vec<(&str, u64)> = ns.iter().map(|&n| ("state", n)).collect();
        let few = few(&mut ranked);
        (
            ranked.into_iter().map(|(_, n)| n).collect(),
            few.map(|(_, n)| n),
        )
    }

    #[test]
    fn a_few_accounts_are_not_told_alone() {
        assert_eq!(together(&[100, 50]), (vec![100, 50], None));
        assert_eq!(
            together(&[100, 50, 3]),
            (vec![100], Some(53)),
            "one could be worked out"
        );
        assert_eq!(
            together(&[100, 50, 3, 2]),
            (vec![100], Some(55)),
            "five are few"
        );
        assert_eq!(together(&[100, 50, 8, 7]), (vec![100, 50], Some(15)));
        assert_eq!(together(&[3]), (vec![], Some(3)));
    }

    #[test]
    fn every_reason_to_be_left_out_has_a_column() {
        for reason in crate::consent::DenialReason::ALL {
            assert!(WHY.contains(&why_not(reason.as_str())), "{reason}");
            assert_ne!(why_not(reason.as_str()), "another reason", "{reason}");
        }
    }
}
