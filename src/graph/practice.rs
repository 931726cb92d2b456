//! Numbers that bring strangers together, however few they are: a practice, a reception, a lawyer.
//!
//! Two patients of a doctor have the doctor in common, and with the reception two people: enough to be suggested to each
//! other, and nobody may hear who else is a patient. What gives a practice away is that those who have its number do not know
//! each other, while ordinary people's contacts do. [`Graph::sensitive`] says so of numbers with twenty callers and more, which
//! leave room for chance; here five are enough, and it is asked more strictly.
//!
//! For a person `z` let the *strangers* be everybody who saved their number, or whom they saved and who saved them, and who is
//! no friend on the network. Up to two of those around `z` whose saved numbers tie them to half of the strangers or more are
//! *colleagues*: the practice's other numbers, which count with it as one. The other strangers are *patients*, and `z` is a
//! practice if there are five and they do not know anybody around `z`, one another included: no more ties than a thirtieth of
//! their pairs, nor, beyond chance, than half as many as they are (couples go to one doctor); or, where everybody knows many, no
//! more than half again as many as by chance (the configuration model, as in [`Graph::sensitive`]) and a tenth of their pairs.
//!
//! - Of a practice no tie to a patient counts.
//! - Fewer than five patients are counted together with those of up to two *companions*: numbers that share two of them and a
//!   third of all who have either.
//! - Of anybody else, a doctor with a circle of their own, no tie counts to patients who know nobody around them, if there are
//!   five such; and none to people whom another number shares, if these are four, hardly know anybody around and of their pairs
//!   at most a third are tied.
//!
//! All of this is about ties by saved numbers. Friendships stay: friends chose each other on the network.

use rayon::prelude::*;

use super::aside::both_places;
use super::sensitive::callers;
use super::{Csr, EdgeKinds, Graph, WhyAside};

/// The practice's other numbers, at most.
const COLLEAGUES: usize = 2;

/// How many people two numbers have to share for these to be looked at by themselves.
const SHARED_MIN: u32 = 4;

/// How many others around it somebody shared may know: the other number, and one more.
const SHARED_KNOW: u32 = 2;

impl<P> Graph<P> {
    /// Sets aside what ties patients to practices of at least so many; none, if that is 0. Says how many ties were.
    ///
    /// # Complexity
    /// O(Σ over saved numbers of the ties of who saved them), in parallel; 9 bytes a person for each thread.
    pub fn untie_practices(&mut self, patients_min: u32) -> u64 {
        let people = People {
            ties: &self.ties,
            kinds: &self.tie_kinds,
            contacts: &self.contacts,
        };
        let places = practice_ties(people, patients_min);
        self.set_aside(&places, WhyAside::Practice)
    }
}

/// Who is tied to whom, and who saved whose number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct People<'a> {
    pub(crate) ties: &'a Csr,
    /// Parallel to the entries of `ties`.
    pub(crate) kinds: &'a [EdgeKinds],
    pub(crate) contacts: &'a Csr,
}

/// The places of both entries of every tie of a practice to a patient, ascending.
pub(crate) fn practice_ties(people: People<'_>, patients_min: u32) -> Vec<usize> {
    if patients_min == 0 {
        return Vec::new();
    }
    let practices = Practices {
        people,
        callers: callers(people.contacts, 1),
        patients_min: patients_min as usize,
    };
    let untied: Vec<Vec<u32>> = people
        .ties
        .nodes()
        .into_par_iter()
        .map_init(
            || Room::new(people.ties.n_nodes()),
            |room, z| practices.untied(room, z),
        )
        .collect();
    both_places(people.ties, |z, c, _| {
        untied[z as usize].binary_search(&c).is_ok()
    })
}

struct Practices<'a> {
    people: People<'a>,
    /// Row `z`: who saved the number of `z`.
    callers: Csr,
    patients_min: usize,
}

/// What one thread needs; all zero between two people.
struct Room {
    tally: Vec<u32>,
    touched: Vec<u32>,
    is_marked: Vec<bool>,
}

impl Room {
    fn new(n_nodes: usize) -> Self {
        Self {
            tally: vec![0; n_nodes],
            touched: Vec::new(),
            is_marked: vec![false; n_nodes],
        }
    }

    fn count(&mut self, row: impl Iterator<Item = u32>) {
        // `touched` names whoever has a tally, each once.
        for y in row {
            let n = &mut self.tally[y as usize];
            if *n == 0 {
                self.touched.push(y);
            }
            *n += 1;
        }
    }

    /// Everybody counted at least so often and how often, ascending; nothing is counted after it.
    fn counted(&mut self, least: u32) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        for y in self.touched.drain(..) {
            let n = std::mem::take(&mut self.tally[y as usize]);
            if n >= least {
                found.push((y, n));
            }
        }
        found.sort_unstable();
        found
    }

    fn mark(&mut self, people: &[u32]) {
        for &y in people {
            self.is_marked[y as usize] = true;
        }
    }

    fn unmark(&mut self, people: &[u32]) {
        for &y in people {
            self.is_marked[y as usize] = false;
        }
    }
}

/// Everybody around a number.
struct Around {
    /// Tied to it by nothing but saved numbers, ascending.
    by_number: Vec<u32>,
    /// Tied to it or strangers, but no colleagues; ascending.
    all: Vec<u32>,
    /// Ascending.
    patients: Vec<u32>,
    /// Others who are tied to two patients or more, ascending.
    others: Vec<u32>,
}

/// Those around a number who are neither patients nor colleagues: friends of whoever has it.
struct Circle {
    /// How many ties patients have to them.
    n_ties: u64,
    /// How many ends of ties are at them.
    n_ends: u128,
}

impl Practices<'_> {
    /// To whom no tie of `z` counts, ascending.
    fn untied(&self, room: &mut Room, z: u32) -> Vec<u32> {
        let by_number = self.by_number(z);
        if by_number.len() < 2 {
            return Vec::new();
        }
        let around = self.around(room, z, by_number);
        let known = self.known(room, z, &around);
        let mut untied = if self.is_practice(room, z, &around, &known) {
            around.patients.clone()
        } else {
            let alone = known.iter().filter(|(_, n)| *n == 0);
            let alone: Vec<u32> = alone.map(|&(c, _)| c).collect();
            let are_enough = alone.len() >= self.patients_min;
            if are_enough { alone } else { Vec::new() }
        };
        untied.extend(self.shared(room, z, &around, &known));
        untied.sort_unstable();
        untied.dedup();
        untied.retain(|c| around.by_number.binary_search(c).is_ok());
        untied
    }

    /// Whoever is tied to `z` by saved numbers and is no friend, ascending.
    fn by_number(&self, z: u32) -> Vec<u32> {
        self.each_by_number(z).collect()
    }

    fn each_by_number(&self, z: u32) -> impl Iterator<Item = u32> {
        let People { ties, kinds, .. } = self.people;
        let row = ties.row(z).iter().zip(&kinds[ties.range(z)]);
        row.filter(|(_, kinds)| !kinds.contains(EdgeKinds::FRIENDSHIP))
            .map(|(&c, _)| c)
    }

    /// The strangers of `z`, ascending.
    fn strangers(&self, z: u32, by_number: &[u32]) -> Vec<u32> {
        let is_friend = |&c: &u32| {
            let tie = self.people.ties.find(z, c);
            tie.is_some_and(|at| self.people.kinds[at].contains(EdgeKinds::FRIENDSHIP))
        };
        let callers = self.callers.row(z).iter().copied();
        union(callers.filter(|c| !is_friend(c)), by_number)
    }

    fn around(&self, room: &mut Room, z: u32, by_number: Vec<u32>) -> Around {
        let ties = self.people.ties;
        let strangers = self.strangers(z, &by_number);
        for &c in &strangers {
            room.count(self.each_by_number(c));
        }
        let mut counted = room.counted(2);
        counted.retain(|&(y, _)| y != z);
        let mut all = union(ties.row(z).iter().copied(), &strangers);
        let colleagues = colleagues(&counted, &all, &strangers);
        let is_other = |y: &u32| all.binary_search(y).is_err();
        let others = counted.iter().map(|&(y, _)| y).filter(is_other).collect();
        all.retain(|y| !colleagues.contains(y));
        let patients = strangers.into_iter();
        Around {
            patients: patients.filter(|c| !colleagues.contains(c)).collect(),
            by_number,
            all,
            others,
        }
    }

    /// Every patient and how many others around `z` they are tied to.
    fn known(&self, room: &mut Room, z: u32, around: &Around) -> Vec<(u32, u32)> {
        room.mark(&around.all);
        room.is_marked[z as usize] = false;
        let known = |&c: &u32| (c, self.n_marked(room, c));
        let known = around.patients.iter().map(known).collect();
        room.unmark(&around.all);
        known
    }

    fn n_marked(&self, room: &Room, c: u32) -> u32 {
        let row = self.people.ties.row(c).iter();
        let n = row.filter(|&&y| room.is_marked[y as usize]).count();
        u32::try_from(n).expect("a row holds distinct u32 values")
    }

    fn is_practice(&self, room: &mut Room, z: u32, around: &Around, known: &[(u32, u32)]) -> bool {
        let patients = &around.patients;
        let n_known: u64 = known.iter().map(|&(_, n)| u64::from(n)).sum();
        let circle = around.all.iter().copied();
        let circle = circle.filter(|y| patients.binary_search(y).is_err());
        let circle = Circle {
            n_ties: n_known - 2 * self.n_tied(room, patients),
            n_ends: self.n_ends(circle),
        };
        if patients.len() >= self.patients_min {
            return self.are_strangers(room, patients, &circle);
        }
        let together = self.with_companions(z, around);
        together.len() >= self.patients_min && self.are_strangers(room, &together, &circle)
    }

    /// How many ends of ties are at some people.
    fn n_ends(&self, people: impl Iterator<Item = u32>) -> u128 {
        people.map(|c| u128::from(self.people.ties.degree(c))).sum()
    }

    /// How many of the pairs of some people are tied.
    fn n_tied(&self, room: &mut Room, people: &[u32]) -> u64 {
        room.mark(people);
        let both_ends: u64 = people
            .iter()
            .map(|&c| u64::from(self.n_marked(room, c)))
            .sum();
        room.unmark(people);
        both_ends / 2
    }

    /// Do some people hardly know each other, nor the circle of whose number they have?
    fn are_strangers(&self, room: &mut Room, people: &[u32], circle: &Circle) -> bool {
        let n_tied = self.n_tied(room, people) + circle.n_ties;
        let n = people.len() as u64;
        let n_pairs = n * n.saturating_sub(1) / 2;
        let (ends, entries) = (
            self.n_ends(people.iter().copied()),
            self.people.ties.n_entries() as u128,
        );
        // By chance ends² / 2m of the pairs are tied, 2m being the entries, and ends · circle's / m to the circle: here both
        // taken times the entries, as is what is tied.
        let chance = ends * ends + 2 * ends * circle.n_ends;
        let tied = 2 * u128::from(n_tied) * entries;
        let are_few = 30 * n_tied <= n_pairs && tied <= u128::from(n) * entries + chance;
        are_few || 10 * n_tied <= n_pairs && 2 * tied <= 3 * chance
    }

    /// The patients of `z` together with those of its companions, ascending.
    fn with_companions(&self, z: u32, around: &Around) -> Vec<u32> {
        let mut companions: Vec<Companion> = around
            .others
            .iter()
            .filter_map(|&y| {
                let by_number = self.by_number(y);
                Companion::of(y, self.strangers(y, &by_number), &around.patients)
            })
            .collect();
        companions.sort_by(Companion::order);
        companions.truncate(COLLEAGUES);
        let mut together = around.patients.clone();
        for companion in &companions {
            together = union(together.into_iter(), &companion.strangers);
        }
        together.retain(|c| *c != z && companions.iter().all(|companion| companion.node != *c));
        together
    }

    /// People whom other numbers share with `z`.
    fn shared(&self, room: &mut Room, z: u32, around: &Around, known: &[(u32, u32)]) -> Vec<u32> {
        let hardly = known.iter().filter(|(_, n)| *n <= SHARED_KNOW);
        let is_tied = |c: &u32| around.by_number.binary_search(c).is_ok();
        let hardly: Vec<u32> = hardly.map(|&(c, _)| c).filter(is_tied).collect();
        if hardly.len() < SHARED_MIN as usize {
            return Vec::new();
        }
        for &c in &hardly {
            room.count(self.each_by_number(c));
        }
        let numbers = room.counted(SHARED_MIN);
        let mut shared = Vec::new();
        for (y, _) in numbers.into_iter().filter(|&(y, _)| y != z) {
            let mut both = self.by_number(y);
            both.retain(|c| hardly.binary_search(c).is_ok());
            let n = both.len() as u64;
            if 6 * self.n_tied(room, &both) <= n * (n - 1) {
                shared.extend(both);
            }
        }
        shared
    }
}

/// Those around a number who are tied to half of its strangers or more: the two tied to most, of equals the smaller nodes.
fn colleagues(counted: &[(u32, u32)], all: &[u32], strangers: &[u32]) -> Vec<u32> {
    let mut found: Vec<(u32, u32)> = counted
        .iter()
        .filter(|(y, n)| {
            let n_others = strangers.len() - usize::from(strangers.binary_search(y).is_ok());
            all.binary_search(y).is_ok() && 2 * *n as usize >= n_others
        })
        .copied()
        .collect();
    found.sort_by_key(|&(y, n)| (std::cmp::Reverse(n), y));
    found.iter().map(|&(y, _)| y).take(COLLEAGUES).collect()
}

/// A number that shares people with another.
struct Companion {
    node: u32,
    strangers: Vec<u32>,
    n_common: u64,
    n_all: u64,
}

impl Companion {
    /// None, if they share too few.
    fn of(node: u32, strangers: Vec<u32>, patients: &[u32]) -> Option<Self> {
        let common = strangers
            .iter()
            .filter(|c| patients.binary_search(c).is_ok());
        let n_common = common.count() as u64;
        let n_all = (strangers.len() + patients.len()) as u64 - n_common;
        (n_common >= 2 && 3 * n_common >= n_all).then_some(Self {
            node,
            strangers,
            n_common,
            n_all,
        })
    }

    /// Whoever shares most first, of equals the smaller node.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let (own, others) = (self.n_common * other.n_all, other.n_common * self.n_all);
        others.cmp(&own).then(self.node.cmp(&other.node))
    }
}

/// Everybody in either, ascending.
fn union(some: impl Iterator<Item = u32>, others: &[u32]) -> Vec<u32> {
    let mut all: Vec<u32> = some.chain(others.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests;
