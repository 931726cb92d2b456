//! A partition: people in parts that are never smaller than a minimum.

use crate::hash::HashMap;
use crate::ids::UserId;

/// People apart by which of some sets they are in, as far as no part gets smaller than a minimum.
///
/// A set that comes is rounded to whole parts. Of each part there is, the people in the set become a part of their own if
/// both they and the rest are at least `min`; otherwise the part joins the set as a whole if at least `min` of its people are in
/// the set, and not at all if fewer are. People in no set so far become a part if they are at least `min`, and are left out if not.
///
/// Unions, intersections and differences of the rounded sets are unions of parts, so nothing they can make is smaller
/// than `min`, unless it is empty. Rounding does not say no, for a no tells something too: whether one person is in a set
/// changes nothing for anybody else, unless it makes a crowd of `min − 1` one of `min`.
#[derive(Clone, Debug)]
pub struct Partition {
    min: usize,
    part_of: HashMap<UserId, u32>,
    parts: Vec<Vec<UserId>>,
}

impl Partition {
    /// No set yet.
    #[must_use]
    pub fn new(min: usize) -> Self {
        Self {
            min,
            part_of: HashMap::default(),
            parts: Vec::new(),
        }
    }

    /// Rounds a set of people, each of them once, to parts: ascending.
    ///
    /// # Complexity
    /// O(n log n) time for n people in the set and in the parts it touches.
    pub fn round(&mut self, set: &[UserId]) -> Vec<UserId> {
        let mut inside: Vec<Vec<UserId>> = vec![Vec::new(); self.parts.len()];
        let mut new = Vec::new();
        for &user in set {
            match self.part_of.get(&user) {
                Some(&part) => inside[part as usize].push(user),
                None => new.push(user),
            }
        }
        let mut rounded = Vec::new();
        for (part, people) in inside.into_iter().enumerate() {
            rounded.extend(self.round_part(part, people));
        }
        if new.len() >= self.min {
            rounded.extend(&new);
            self.add(new);
        }
        rounded.sort_unstable();
        rounded
    }

    /// What of a part joins a set that has some of its people.
    fn round_part(&mut self, part: usize, people: Vec<UserId>) -> Vec<UserId> {
        if people.len() < self.min {
            return Vec::new();
        }
        if self.parts[part].len() - people.len() < self.min {
            return self.parts[part].clone();
        }
        self.add(people.clone());
        let number = u32::try_from(part).expect("fewer parts than people");
        let stays = |user: &UserId| self.part_of.get(user) == Some(&number);
        self.parts[part].retain(stays);
        people
    }

    fn add(&mut self, people: Vec<UserId>) {
        let number = u32::try_from(self.parts.len()).expect("fewer parts than people");
        for &user in &people {
            self.part_of.insert(user, number);
        }
        self.parts.push(people);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn people(ids: impl IntoIterator<Item = u64>) -> Vec<UserId> {
        ids.into_iter().map(UserId).collect()
    }

    fn rounded(sets: &[Vec<UserId>], min: usize) -> Vec<Vec<UserId>> {
        let mut partition = Partition::new(min);
        sets.iter().map(|set| partition.round(set)).collect()
    }

    #[test]
    fn deny_a_set_that_adds_or_lacks_one() {
        let first = people(0..30);
        for other in [0..31, 1..30, 1..31, 0..30, 9..39] {
            let found = rounded(&[first.clone(), people(other.clone())], 10);
            assert_eq!(found, [first.clone(), first.clone()], "{other:?}");
        }
    }

    #[test]
    fn crowds_are_told_apart() {
        let found = rounded(&[people(0..30), people(10..45), people(0..12)], 10);
        assert_eq!(found[1], people(10..45));
        assert_eq!(found[2], people(0..10), "two of the others are too few");
    }

    /// Three sets, two of them apart: the third is both and one more.
    #[test]
    fn deny_sums_that_tell_one_apart() {
        let found = rounded(&[people(0..10), people(10..20), people(0..21)], 10);
        assert_eq!(found[2], people(0..20));
    }

    proptest! {
        /// Whatever sets there are: people are told apart in crowds only, and nobody joins who is in none of them.
        #[test]
        fn oracle_memberships_are_shared_by_crowds(
            sets in vec(btree_set(0_u64..40, 0..40), 1..8),
            min in 1_usize..6,
        ) {
            let sets: Vec<Vec<UserId>> = sets.into_iter().map(people).collect();
            let found = rounded(&sets, min);
            prop_assert!(smallest(&found).is_none_or(|n| n >= min));
            for (at, set) in found.iter().enumerate() {
                let known: BTreeSet<&UserId> = sets[..=at].iter().flatten().collect();
                prop_assert!(set.iter().all(|user| known.contains(user)));
                prop_assert!(set.is_sorted());
            }
        }

        /// Whether one person is in the last set changes it for nobody else, unless a crowd is just as large as it has to be.
        #[test]
        fn prop_one_person_changes_nothing_for_others(
            sets in vec(btree_set(0_u64..60, 0..60), 1..6),
            who in 0_u64..60,
            min in 2_usize..6,
        ) {
            let mut without: Vec<BTreeSet<u64>> = sets;
            without.last_mut().unwrap().remove(&who);
            let mut with = without.clone();
            with.last_mut().unwrap().insert(who);
            let as_people = |sets: &[BTreeSet<u64>]| -> Vec<Vec<UserId>> {
                sets.iter().map(|set| people(set.iter().copied())).collect()
            };
            let others = |sets: &[BTreeSet<u64>]| -> Vec<UserId> {
                let last = rounded(&as_people(sets), min).pop().unwrap();
                last.into_iter().filter(|user| user.0 != who).collect()
            };
            if others(&with) != others(&without) {
                prop_assert!(is_on_the_edge(&with, &without, min));
            }
        }
    }

    /// Is some crowd of people who share a rounded part just large enough with the person, or without?
    fn is_on_the_edge(with: &[BTreeSet<u64>], without: &[BTreeSet<u64>], min: usize) -> bool {
        let mut partition = Partition::new(min);
        for set in &with[..with.len() - 1] {
            partition.round(&people(set.iter().copied()));
        }
        let last = (with.last().unwrap(), without.last().unwrap());
        let inside = |set: &BTreeSet<u64>, part: Option<u32>| {
            let part_of = |user: &&u64| partition.part_of.get(&UserId(**user)).copied();
            set.iter().filter(|user| part_of(user) == part).count()
        };
        let numbers = (0..partition.parts.len()).map(|part| Some(u32::try_from(part).unwrap()));
        numbers.chain([None]).any(|part| {
            let (n, m) = (inside(last.0, part), inside(last.1, part));
            let all = part.map_or(usize::MAX, |part| partition.parts[part as usize].len());
            (n >= min) != (m >= min) || (all - n >= min) != (all - m >= min)
        })
    }

    /// The fewest people who share their memberships in some sets, among people in any.
    fn smallest(sets: &[Vec<UserId>]) -> Option<usize> {
        let mut parts = BTreeMap::<Vec<bool>, usize>::new();
        for user in sets.iter().flatten().collect::<BTreeSet<_>>() {
            let key = sets.iter().map(|set| set.contains(user)).collect();
            *parts.entry(key).or_default() += 1;
        }
        parts.into_values().min()
    }
}
