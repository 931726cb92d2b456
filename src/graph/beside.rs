//! What people share besides ties: features of the learned order, by which nobody becomes a candidate or an intermediary.

use super::Graph;
use crate::consent::{About, FriendSuggestions, Permitted};
use crate::hash::HashMap;
use crate::ids::{Region, UserId};
use crate::time::Timestamp;

/// What two people share besides a tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dealing {
    /// How often each called or wrote to the other: the smaller of both numbers.
    Calls(u32),
    /// They are in one group of so many permitted people.
    Group(u32),
}

/// What two people share, before it passes the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dealings {
    /// One of the two.
    pub a: UserId,
    /// The other.
    pub b: UserId,
    /// What they share.
    pub what: Dealing,
    /// When it was collected: of several moments the first.
    pub at: Timestamp,
}

impl About for Dealings {
    type Id = UserId;
    type Ids = [UserId; 2];

    fn about(&self) -> [UserId; 2] {
        [self.a, self.b]
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

/// Where somebody's linked phone is, before it passes the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lives {
    /// Who.
    pub user: UserId,
    /// Where.
    pub region: Region,
    /// Since when that is known.
    pub at: Timestamp,
}

impl About for Lives {
    type Id = UserId;
    type Ids = [UserId; 1];

    fn about(&self) -> [UserId; 1] {
        [self.user]
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

/// What the people of a graph share besides ties, by node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    regions: Vec<Option<Region>>,
    /// The smaller node first.
    calls: HashMap<(u32, u32), f32>,
    groups: HashMap<(u32, u32), f32>,
}

impl Beside {
    /// How often each of the two called or wrote to the other.
    pub(crate) fn calls(&self, u: u32, v: u32) -> f64 {
        of_pair(&self.calls, u, v)
    }

    /// `Σ 1 / ln(1 + people)` over the groups that both are in.
    pub(crate) fn groups(&self, u: u32, v: u32) -> f64 {
        of_pair(&self.groups, u, v)
    }

    /// Are both in one region, as far as both are known?
    pub(crate) fn are_in_one_region(&self, u: u32, v: u32) -> bool {
        let region = |node: u32| self.regions.get(node as usize).copied().flatten();
        region(u).is_some() && region(u) == region(v)
    }

    /// # Complexity
    /// O(n + dealings); 12 bytes a pair.
    pub(crate) fn of_nodes(
        regions: Vec<Option<Region>>,
        dealings: impl Iterator<Item = (u32, u32, Dealing)>,
    ) -> Self {
        let mut made = Self {
            regions,
            ..Self::default()
        };
        for (u, v, what) in dealings {
            let pair = (u.min(v), u.max(v));
            let (of, worth) = match what {
                Dealing::Calls(n) => (&mut made.calls, f64::from(n)),
                Dealing::Group(n) => (&mut made.groups, f64::from(n).ln_1p().recip()),
            };
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a feature needs few digits"
            )]
            let worth = worth as f32;
            *of.entry(pair).or_default() += worth;
        }
        made
    }
}

/// Two people by node, and what something they have in common is worth.
pub(crate) type WorthOfPair = (u32, u32, f32);

/// As packed lists and back.
impl Beside {
    /// By node, a number for the region: 0 for none; two have the same number if they are in one. Empty if no region is known.
    pub(crate) fn region_codes(&self) -> Vec<u16> {
        let mut regions: Vec<Region> = self.regions.iter().copied().flatten().collect();
        regions.sort_unstable();
        regions.dedup();
        let code = |region: &Option<Region>| {
            let place = region.and_then(|region| regions.binary_search(&region).ok());
            place.map_or(0, |at| u16::try_from(at + 1).expect("few regions"))
        };
        if regions.is_empty() {
            return Vec::new();
        }
        self.regions.iter().map(code).collect()
    }

    /// What calls and groups are worth, ascending by pair.
    pub(crate) fn pairs(&self) -> [Vec<WorthOfPair>; 2] {
        [&self.calls, &self.groups].map(|of| {
            let mut pairs: Vec<_> = of.iter().map(|(&(u, v), &worth)| (u, v, worth)).collect();
            pairs.sort_unstable_by_key(|&(u, v, _)| (u, v));
            pairs
        })
    }

    /// From region codes, and from what calls and groups are worth.
    pub(crate) fn from_codes(codes: &[u16], [calls, groups]: [Vec<WorthOfPair>; 2]) -> Self {
        let by_pair = |pairs: Vec<WorthOfPair>| {
            let worth = pairs.into_iter().map(|(u, v, worth)| ((u, v), worth));
            worth.collect()
        };
        Self {
            regions: codes.iter().map(|&code| Region::numbered(code)).collect(),
            calls: by_pair(calls),
            groups: by_pair(groups),
        }
    }
}

fn of_pair(of: &HashMap<(u32, u32), f32>, u: u32, v: u32) -> f64 {
    of.get(&(u.min(v), u.max(v)))
        .copied()
        .map_or(0.0, f64::from)
}

impl Graph<FriendSuggestions> {
    /// With what its people share besides ties; whoever is not in the graph is left out. `dealings` have to be in an order that
    /// rests on nothing else, for sums are rounded as they come.
    #[must_use]
    pub fn with_beside(
        mut self,
        lives: &[Permitted<Lives, FriendSuggestions>],
        dealings: &[Permitted<Dealings, FriendSuggestions>],
    ) -> Self {
        let mut regions = vec![None; self.n_users()];
        for one in lives.iter().map(Permitted::get) {
            if let Some(node) = self.node(one.user) {
                regions[node as usize] = Some(one.region);
            }
        }
        let dealt = dealings.iter().map(Permitted::get);
        let dealt = dealt.filter_map(|one| Some((self.node(one.a)?, self.node(one.b)?, one.what)));
        self.beside = Beside::of_nodes(regions, dealt);
        self
    }

    pub(crate) const fn beside(&self) -> &Beside {
        &self.beside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_and_back_it_says_the_same() {
        let region = |text: &str| Region::parse(text);
        let regions = vec![region("DE"), None, region("FR"), region("DE"), region("ZW")];
        let dealt = [
            (0, 1, Dealing::Calls(3)),
            (4, 2, Dealing::Calls(1)),
            (3, 0, Dealing::Group(5)),
            (0, 3, Dealing::Group(9)),
        ];
        let beside = Beside::of_nodes(regions, dealt.into_iter());
        let back = Beside::from_codes(&beside.region_codes(), beside.pairs());
        assert_eq!(beside.region_codes(), [1, 0, 2, 1, 3]);
        for u in 0..5 {
            for v in 0..5 {
                assert_eq!(back.calls(u, v), beside.calls(u, v));
                assert_eq!(back.groups(u, v), beside.groups(u, v));
                assert_eq!(back.are_in_one_region(u, v), beside.are_in_one_region(u, v));
            }
        }
        assert!(back.are_in_one_region(0, 3) && back.calls(2, 4) == 1.0);
        assert!(Beside::default().region_codes().is_empty());
    }
}
