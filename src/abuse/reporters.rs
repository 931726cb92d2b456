//! Reports, weighted by the record of whoever made them.
//!
//! Accounts in lockstep speak with one voice, however many they are. A voice is borne out in an account if another voice
//! reported that account too. What a reporter's word is worth is the share of their reports that were borne out, as if one of two
//! more had been, and less the more voices report the reporter:
//!
//! ```text
//! record(r) = (1 + borne out) / (2 + reported) / (1 + voices against r)
//! weight(v) = Σ over voices against v of the best record among its reporters
//! ```
//!
//! So one person with a grudge weighs at most a half, a brigade of a hundred accounts in lockstep weighs as much as one person,
//! and three people who were right before weigh nearly three.

use rayon::prelude::*;

use super::features::Report;
use super::lockstep::Lockstep;
use crate::consent::{For, Permitted};
use crate::hash::HashMap;
use crate::ids::AccountId;

/// The weight of the reports against every account that was reported.
///
/// # Complexity
/// O(r log r) for r reports; sums run in ascending order of voice.
#[must_use]
pub fn weights<P: For>(
    reports: &[Permitted<Report, P>],
    lockstep: &Lockstep,
) -> HashMap<AccountId, f64> {
    let said = said(reports, lockstep);
    let voices = voices(&said);
    let records = records(&said, &voices);
    let against = said.chunk_by(|a, b| a.about == b.about);
    against
        .map(|against| (against[0].about, weight(against, &records)))
        .collect()
}

/// How many accounts each account reported within an hour of others in step with it, and nobody outside of its group reported.
/// People who are right about a spammer in the same hour are soon joined by others; a brigade's word stays alone.
///
/// # Complexity
/// As [`weights`].
#[must_use]
pub fn brigades<P: For>(
    reports: &[Permitted<Report, P>],
    lockstep: &Lockstep,
) -> HashMap<AccountId, u32> {
    let voices = voices(&said(reports, lockstep));
    let mut brigades: HashMap<AccountId, u32> = HashMap::default();
    for (by, on) in lockstep.reported_together() {
        if voices.get(on) == Some(&1) {
            *brigades.entry(*by).or_default() += 1;
        }
    }
    brigades
}

/// Who said what, by whom it is about: ascending, each once, nothing about oneself.
fn said<P: For>(reports: &[Permitted<Report, P>], lockstep: &Lockstep) -> Vec<Said> {
    let said = reports.par_iter().map(Permitted::get);
    let said = said.filter(|report| report.reporter != report.reported);
    let mut said: Vec<Said> = said
        .map(|report| Said {
            about: report.reported,
            voice: lockstep.group(report.reporter),
            by: report.reporter,
        })
        .collect();
    said.par_sort_unstable();
    said.dedup();
    said
}

/// A report, by voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    about: AccountId,
    voice: AccountId,
    by: AccountId,
}

/// How many voices there are against each account.
fn voices(said: &[Said]) -> HashMap<AccountId, u32> {
    let against = said.chunk_by(|a, b| a.about == b.about);
    let n = |against: &[Said]| against.chunk_by(|a, b| a.voice == b.voice).count();
    against
        .map(|against| {
            (
                against[0].about,
                u32::try_from(n(against)).unwrap_or(u32::MAX),
            )
        })
        .collect()
}

/// The record of every reporter.
fn records(said: &[Said], voices: &HashMap<AccountId, u32>) -> HashMap<AccountId, f64> {
    let mut counts: HashMap<AccountId, (u32, u32)> = HashMap::default();
    for report in said {
        let (borne_out, reported) = counts.entry(report.by).or_default();
        *borne_out += u32::from(voices[&report.about] > 1);
        *reported += 1;
    }
    let record = |(by, (borne_out, reported)): (AccountId, (u32, u32))| {
        let share = (1.0 + f64::from(borne_out)) / (2.0 + f64::from(reported));
        let against = voices.get(&by).copied().unwrap_or(0);
        (by, share / (1.0 + f64::from(against)))
    };
    counts.into_iter().map(record).collect()
}

/// The best record of each voice, added up.
fn weight(against: &[Said], records: &HashMap<AccountId, f64>) -> f64 {
    let best = |voice: &[Said]| {
        voice
            .iter()
            .map(|report| records[&report.by])
            .fold(0.0, f64::max)
    };
    against.chunk_by(|a, b| a.voice == b.voice).map(best).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::testing::gate_of;
    use crate::consent::{Abuse, Gate};
    use crate::time::Timestamp;

    fn reports(rows: &[(u64, u64, i64)]) -> Vec<Permitted<Report, Abuse>> {
        let gate: Gate<Abuse, AccountId> = gate_of((0..100).map(AccountId));
        let report = |&(reporter, reported, hour): &(u64, u64, i64)| Report {
            reporter: AccountId(reporter),
            reported: AccountId(reported),
            at: Timestamp::from_secs(hour * 3_600),
        };
        let permitted = rows.iter().map(|row| gate.permit(report(row)));
        permitted.map(Result::unwrap).collect()
    }

    fn weighed(rows: &[(u64, u64, i64)]) -> HashMap<AccountId, f64> {
        let reports = reports(rows);
        weights(&reports, &Lockstep::of(&[], &reports))
    }

    #[test]
    fn a_brigade_is_whose_word_nobody_else_bears_out() {
        let found = |rows: &[(u64, u64, i64)]| {
            let reports = reports(rows);
            let found = brigades(&reports, &Lockstep::of(&[], &reports));
            [1, 2, 3, 9].map(|id| found.get(&AccountId(id)).copied().unwrap_or(0))
        };
        let mut rows: Vec<(u64, u64, i64)> = (20..24_u64)
            .flat_map(|who| (1..3).map(move |by| (by, who, who.cast_signed() * 9)))
            .collect();
        assert_eq!(found(&rows), [4, 4, 0, 0]);
        // Another voice bears out one of them; a third of the group joins in another.
        rows.extend([(9, 20, 999), (3, 21, 21 * 9)]);
        assert_eq!(found(&rows), [2, 2, 0, 0]);
        // Once it is in step itself, it is of the same voice.
        rows.extend([(3, 22, 22 * 9), (3, 23, 23 * 9)]);
        assert_eq!(found(&rows), [3, 3, 3, 0]);
    }

    #[test]
    fn one_grudge_weighs_less_than_a_half() {
        assert_eq!(weighed(&[(1, 9, 0)])[&AccountId(9)], 1.0 / 3.0);
        // Said again it weighs the same, and about everybody less.
        assert_eq!(weighed(&[(1, 9, 0), (1, 9, 5)])[&AccountId(9)], 1.0 / 3.0);
        let about_all: Vec<_> = (10..18_u64)
            .map(|who| (1, who, who.cast_signed() * 9))
            .collect();
        assert_eq!(weighed(&about_all)[&AccountId(12)], 0.1);
    }

    #[test]
    fn who_was_right_before_weighs_more() {
        let found = weighed(&[(1, 9, 0), (2, 9, 50), (1, 8, 99), (3, 7, 200)]);
        // Borne out once of two, and never of one.
        assert_eq!(found[&AccountId(8)], 0.5);
        assert_eq!(found[&AccountId(7)], 1.0 / 3.0);
        assert_eq!(found[&AccountId(9)], 0.5 + 2.0 / 3.0);
    }

    #[test]
    fn a_brigade_is_one_voice() {
        let of_one: Vec<_> = (20..23_u64)
            .map(|who| (1, who, who.cast_signed() * 9))
            .collect();
        let of_all: Vec<_> = (20..23_u64)
            .flat_map(|who| (1..11).map(move |by| (by, who, who.cast_signed() * 9)))
            .collect();
        assert_eq!(weighed(&of_one), weighed(&of_all));
    }

    #[test]
    fn who_is_reported_weighs_less() {
        assert_eq!(weighed(&[(1, 9, 0), (2, 1, 90)])[&AccountId(9)], 1.0 / 6.0);
    }
}
