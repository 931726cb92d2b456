//! Lockstep: accounts that did the same to the same people in the same hours.
//!
//! Strangers who act for themselves rarely save one number within the same hour, and hardly ever do so three times. Accounts
//! that one hand moves do it all the time. Two accounts are *in step* if there are at least [`TOGETHER`] people whom both saved
//! within one hour, and if these are at least half of all that the less busy of the two saved; or the same of people whom both
//! reported. Each is judged by itself: who reports with others may well save people alone. Groups are what pairs in step
//! connect.
//!
//! Hours are counted on two grids, half an hour apart, so that no two acts less than half an hour apart are missed. Of many who
//! did the same in one hour each is compared with the next [`BESIDE`] by id: a group that moves as one has the same neighbours
//! each time and stays connected, and the work is linear in the number of acts.
//!
//! # References
//! Q. Cao, X. Yang, J. Yu and C. Palow, "Uncovering Large Groups of Active Malicious Accounts in Online Social Networks"
//! (`SynchroTrap`), CCS 2014: acts on the same object within a window, similarity of pairs, connected groups. A. Beutel, W. Xu, V.
//! Guruswami, C. Palow and C. Faloutsos, "`CopyCatch`", WWW 2013.

use rayon::prelude::*;

use super::features::Report;
use crate::consent::{For, Permitted};
use crate::hash::HashMap;
use crate::identity::Match;
use crate::ids::AccountId;
use crate::time::Timestamp;

/// How many people two accounts must have acted on together.
pub const TOGETHER: usize = 3;
/// With how many others of one hour an account is compared.
pub const BESIDE: usize = 16;
/// The width of a window, in microseconds.
const HOUR: i64 = 3_600_000_000;

/// What somebody did to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Act {
    Saved,
    Reported,
}

/// Somebody did something to somebody at some time.
#[derive(Clone, Copy, Debug)]
struct Deed {
    on: (Act, AccountId),
    at: Timestamp,
    by: AccountId,
}

/// Groups of accounts in step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lockstep {
    /// The smallest account of each member's group.
    group_of: HashMap<AccountId, AccountId>,
    sizes: HashMap<AccountId, u32>,
    /// Who reported whom within an hour of another in step, ascending.
    reported_together: Vec<(AccountId, AccountId)>,
}

impl Lockstep {
    /// The groups among permitted matches and reports.
    ///
    /// # Complexity
    /// O(d log d) for d matches and reports, in the caller's rayon pool; 32 bytes each, and 24 bytes for every pair of accounts
    /// that did the same within an hour, at most 16 for each match or report and grid.
    #[must_use]
    pub fn of<P: For>(matches: &[Permitted<Match, P>], reports: &[Permitted<Report, P>]) -> Self {
        let saved = matches.par_iter().map(Permitted::get).map(|one| Deed {
            on: (Act::Saved, one.to),
            at: one.saved_at,
            by: one.from,
        });
        let reported = reports.par_iter().map(Permitted::get).map(|one| Deed {
            on: (Act::Reported, one.reported),
            at: one.at,
            by: one.reporter,
        });
        Self::of_deeds(saved.chain(reported).collect())
    }

    fn of_deeds(mut deeds: Vec<Deed>) -> Self {
        let n_deeds = n_deeds(&deeds);
        let mut beside: Vec<Beside> = Vec::new();
        for shift in [0, HOUR / 2] {
            let window = move |deed: &Deed| (deed.at.micros() + shift).div_euclid(HOUR);
            deeds.par_sort_unstable_by_key(|deed| (deed.on, window(deed), deed.by, deed.at));
            let same = |a: &Deed, b: &Deed| a.on == b.on && window(a) == window(b);
            for at_once in deeds.chunk_by(same).filter(|some| some.len() > 1) {
                add_pairs(at_once, &mut beside);
            }
        }
        beside.par_sort_unstable();
        beside.dedup();
        let pairs = beside.chunk_by(|a, b| (a.pair, a.on.0) == (b.pair, b.on.0));
        let in_step = pairs.filter(|on| {
            let Beside { pair, on: (act, _) } = on[0];
            let least = n_deeds[&(pair.0, act)].min(n_deeds[&(pair.1, act)]);
            on.len() >= TOGETHER && 2 * on.len() >= least
        });
        let in_step: Vec<&[Beside]> = in_step.collect();
        Self {
            reported_together: reported_together(&in_step),
            ..Self::connected(in_step.iter().map(|on| on[0].pair))
        }
    }

    /// Groups that pairs connect, each named by its smallest account.
    fn connected(pairs: impl Iterator<Item = (AccountId, AccountId)>) -> Self {
        let mut parent: HashMap<AccountId, AccountId> = HashMap::default();
        for (a, b) in pairs {
            let (a, b) = (root(&mut parent, a), root(&mut parent, b));
            parent.insert(a.max(b), a.min(b));
        }
        let mut members: Vec<AccountId> = parent.keys().copied().collect();
        members.sort_unstable();
        let mut groups = Self::default();
        for member in members {
            let group = root(&mut parent, member);
            groups.group_of.insert(member, group);
            *groups.sizes.entry(group).or_default() += 1;
        }
        groups
    }

    /// How many accounts an account's group has, itself included; 1 if it is in step with nobody.
    #[must_use]
    pub fn size(&self, account: AccountId) -> u32 {
        let group = self.group_of.get(&account);
        group.map_or(1, |group| self.sizes[group])
    }

    /// Who reported whom within an hour of another account in step with it: ascending, each pair once.
    #[must_use]
    pub fn reported_together(&self) -> &[(AccountId, AccountId)] {
        &self.reported_together
    }

    /// The name of an account's group: its smallest account, or itself.
    #[must_use]
    pub fn group(&self, account: AccountId) -> AccountId {
        self.group_of.get(&account).copied().unwrap_or(account)
    }
}

/// Two accounts, the smaller first, and on whom they acted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Beside {
    pair: (AccountId, AccountId),
    on: (Act, AccountId),
}

/// Pairs of those who did the same within one window, ascending by account.
fn add_pairs(at_once: &[Deed], beside: &mut Vec<Beside>) {
    let mut who: Vec<AccountId> = at_once.iter().map(|deed| deed.by).collect();
    who.dedup();
    let on = at_once[0].on;
    for (i, &one) in who.iter().enumerate() {
        let next = who[i + 1..].iter().take(BESIDE);
        beside.extend(next.map(|&other| Beside {
            pair: (one, other),
            on,
        }));
    }
}

/// To how many people each account did something of a kind.
fn n_deeds(deeds: &[Deed]) -> HashMap<(AccountId, Act), usize> {
    let deeds = deeds.par_iter();
    let mut on: Vec<_> = deeds
        .map(|deed| ((deed.by, deed.on.0), deed.on.1))
        .collect();
    on.par_sort_unstable();
    on.dedup();
    let of_one = on.chunk_by(|a, b| a.0 == b.0);
    of_one.map(|some| (some[0].0, some.len())).collect()
}

fn reported_together(in_step: &[&[Beside]]) -> Vec<(AccountId, AccountId)> {
    let reported = in_step.iter().copied().flatten();
    let reported = reported.filter(|one| one.on.0 == Act::Reported);
    let mut together: Vec<_> = reported
        .flat_map(|one| [(one.pair.0, one.on.1), (one.pair.1, one.on.1)])
        .collect();
    together.sort_unstable();
    together.dedup();
    together
}

fn root(parent: &mut HashMap<AccountId, AccountId>, of: AccountId) -> AccountId {
    let mut top = of;
    while let Some(&above) = parent.get(&top).filter(|&&above| above != top) {
        top = above;
    }
    let mut at = of;
    while at != top {
        at = parent.insert(at, top).unwrap_or(top);
    }
    parent.entry(top).or_insert(top);
    top
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "positions of a handful of accounts"
)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn deed((by, on, minute): (u64, u64, i64)) -> Deed {
        Deed {
            on: (Act::Saved, AccountId(on)),
            at: Timestamp::from_secs(minute * 60),
            by: AccountId(by),
        }
    }

    fn sizes(rows: &[(u64, u64, i64)]) -> Vec<u32> {
        let found = Lockstep::of_deeds(rows.iter().copied().map(deed).collect());
        (0..8).map(|id| found.size(AccountId(id))).collect()
    }

    #[test]
    fn three_together_are_in_step_and_two_are_not() {
        let together = |n: u64| {
            (0..n).flat_map(|on| {
                [
                    (1, 100 + on, 600 * on.cast_signed()),
                    (2, 100 + on, 600 * on.cast_signed() + 29),
                ]
            })
        };
        assert_eq!(sizes(&together(3).collect::<Vec<_>>())[1..3], [2, 2]);
        assert_eq!(sizes(&together(2).collect::<Vec<_>>())[1..3], [1, 1]);
        // An hour apart is not together.
        let apart: Vec<_> = together(3)
            .map(|(by, on, at)| (by, on, at + if by == 2 { 60 } else { 0 }))
            .collect();
        assert_eq!(sizes(&apart)[1..3], [1, 1]);
    }

    #[test]
    fn who_does_much_else_is_not_in_step() {
        let together = (0..3_u64).flat_map(|on| {
            [
                (1, 100 + on, 600 * on.cast_signed()),
                (2, 100 + on, 600 * on.cast_signed()),
            ]
        });
        let alone = |n: u64| {
            (0..n).flat_map(|on| {
                [
                    (1, 200 + on, on.cast_signed()),
                    (2, 300 + on, 7_000 + on.cast_signed()),
                ]
            })
        };
        let with = |n| together.clone().chain(alone(n)).collect::<Vec<_>>();
        assert_eq!(sizes(&with(3))[1], 2);
        assert_eq!(sizes(&with(4))[1], 1);
    }

    #[test]
    fn pairs_connect_to_groups() {
        let pair =
            |a: u64, b: u64, on: u64| (0..3).flat_map(move |i| [(a, on + i, 9), (b, on + i, 9)]);
        let rows: Vec<_> = pair(1, 2, 100)
            .chain(pair(2, 3, 200))
            .chain(pair(5, 6, 300))
            .collect();
        assert_eq!(sizes(&rows), [1, 3, 3, 3, 1, 2, 2, 1]);
        let found = Lockstep::of_deeds(rows.into_iter().map(deed).collect());
        assert_eq!([3, 6, 7].map(|id| found.group(AccountId(id)).0), [1, 5, 7]);
    }

    #[test]
    fn who_reports_together_is_in_step_whomever_it_saves() {
        let report = |row: (u64, u64, i64)| Deed {
            on: (Act::Reported, AccountId(row.1)),
            ..deed(row)
        };
        let together = (0..3_u64).flat_map(|on| [(1, 100 + on, 9), (2, 100 + on, 20)]);
        let alone = (0..40_u64).flat_map(|on| [(1, 200 + on, 9), (2, 300 + on, 9)]);
        let deeds = together.map(report).chain(alone.map(deed)).collect();
        let found = Lockstep::of_deeds(deeds);
        assert_eq!(found.size(AccountId(1)), 2);
        let pairs = [1, 2].map(|by| (100..103).map(move |on| (AccountId(by), AccountId(on))));
        let pairs: Vec<_> = pairs.into_iter().flatten().collect();
        assert_eq!(found.reported_together(), pairs);
        // What is saved and what is reported do not add up.
        let mixed = [(1, 100, 9), (2, 100, 9), (1, 101, 9), (2, 101, 9)].map(report);
        let mixed = mixed.into_iter().chain([(1, 7, 9), (2, 7, 9)].map(deed));
        let found = Lockstep::of_deeds(mixed.collect());
        assert_eq!(found, Lockstep::default());
    }

    /// Every pair against every other, group by group.
    fn naive(rows: &[(u64, u64, i64)]) -> Vec<u32> {
        let window = |minute: i64, shift: i64| (minute + shift).div_euclid(60);
        let mut together: BTreeMap<(u64, u64), BTreeSet<u64>> = BTreeMap::new();
        for a in rows {
            for b in rows.iter().filter(|b| a.0 < b.0 && a.1 == b.1) {
                if [0, 30]
                    .iter()
                    .any(|&shift| window(a.2, shift) == window(b.2, shift))
                {
                    together.entry((a.0, b.0)).or_default().insert(a.1);
                }
            }
        }
        let n = |by: u64| {
            rows.iter()
                .filter(|row| row.0 == by)
                .map(|row| row.1)
                .collect::<BTreeSet<_>>()
                .len()
        };
        let mut group: Vec<u64> = (0..8).collect();
        for (&(a, b), on) in &together {
            if on.len() >= 3 && 2 * on.len() >= n(a).min(n(b)) {
                let (from, to) = (group[b as usize], group[a as usize]);
                group
                    .iter_mut()
                    .filter(|one| **one == from)
                    .for_each(|one| *one = to);
            }
        }
        (0..8)
            .map(|id| group.iter().filter(|&&one| one == group[id]).count() as u32)
            .collect()
    }

    proptest! {
        #[test]
        fn oracle_prop_groups(rows in prop::collection::vec((0..8_u64, 100..106_u64, 0..240_i64), 0..60)) {
            prop_assert_eq!(sizes(&rows), naive(&rows));
        }

        #[test]
        fn prop_order_does_not_show(rows in prop::collection::vec((0..8_u64, 100..106_u64, 0..240_i64), 0..40)) {
            let deeds: Vec<Deed> = rows.iter().copied().map(deed).collect();
            let backwards: Vec<Deed> = deeds.iter().rev().copied().collect();
            prop_assert_eq!(Lockstep::of_deeds(deeds), Lockstep::of_deeds(backwards));
        }
    }
}
