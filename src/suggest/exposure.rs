//! Who is shown how often, and a limit to it.
//!
//! With a limit of `M`, nobody is suggested to more than `M` people. Who goes to whom is settled by deferred acceptance
//! (Gale and Shapley, "College admissions and the stability of marriage", 1962): everybody asks their candidates in their
//! order, a candidate keeps the `M` they suit best of those who asked so far, and whoever is turned away asks the next.
//! In what comes of it, nobody is turned away by a candidate for somebody who suits that candidate less; and it is the
//! same whatever the order of asking, so also for any number of threads.

use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use super::reasons::Tier;
use super::suggestion::{CHUNK, Chunk, Everybody, List, Listing, Suggestions};
use crate::score::Score;

/// How many candidates a person is given to ask, for each suggestion.
pub(super) const POOL_PER_K: usize = 4;

/// How evenly people are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Share of people who get a suggestion.
    pub coverage: f64,
    /// Share of people who get as many as were asked for.
    pub with_k: f64,
    /// Share of people who are shown to anybody.
    pub shown: f64,
    /// To how many the one who is shown most is shown.
    pub most: f64,
    /// The Gini coefficient of how often people are shown: 0 if all are as often, near 1 if one is alone (Gini, 1912).
    pub gini: f64,
    /// Share of all suggestions that show the one person in a hundred who is shown most.
    pub top_1_percent: f64,
}

impl Exposure {
    /// From how many suggestions each person gets and how often each is shown.
    ///
    /// # Complexity
    /// O(n log n) for n people.
    #[must_use]
    pub fn of(n_got: &[usize], mut n_shown: Vec<u64>, k: usize) -> Self {
        let n = n_got.len().max(1) as f64;
        let share = |count: usize| count as f64 / n;
        n_shown.sort_unstable();
        let total: u64 = n_shown.iter().sum();
        let total = total.max(1) as f64;
        let weighted: f64 = (1_u32..)
            .zip(&n_shown)
            .map(|(place, &count)| f64::from(place) * count as f64)
            .sum();
        let top = n_shown.len().div_ceil(100);
        let at_top: u64 = n_shown[n_shown.len() - top..].iter().sum();
        Self {
            coverage: share(n_got.iter().filter(|&&got| got > 0).count()),
            with_k: share(n_got.iter().filter(|&&got| got >= k).count()),
            shown: share(n_shown.iter().filter(|&&count| count > 0).count()),
            most: n_shown.last().copied().unwrap_or(0) as f64,
            gini: (2.0 * weighted / (n * total) - (n + 1.0) / n).max(0.0),
            top_1_percent: at_top as f64 / total,
        }
    }

    /// Of everybody's suggestions, when `k` were asked for.
    #[must_use]
    pub fn of_suggestions(suggestions: &Suggestions, k: usize) -> Self {
        let n_got: Vec<usize> = suggestions.iter().map(|(_, row)| row.len()).collect();
        let mut n_shown = vec![0; n_got.len()];
        for one in suggestions.iter().flat_map(|(_, row)| row) {
            n_shown[one.candidate as usize] += 1;
        }
        Self::of(&n_got, n_shown, k)
    }
}

/// One who asked; the greatest suits a candidate least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Asker {
    tier: Tier,
    score: std::cmp::Reverse<Score>,
    node: u32,
    /// Where the pair is among all.
    place: usize,
}

/// A pair that was asked about.
#[derive(Clone, Copy)]
struct Pair {
    asks: u32,
    wanted: Listing,
}

/// The first `k` of everybody's candidates that nobody suits better once everybody is shown to at most `shown_max`.
///
/// # Complexity
/// O(p log `shown_max`) for p pairs; 64 bytes a pair.
pub(super) fn limit(asked: &Everybody, k: usize, shown_max: u32) -> Everybody {
    let n_users = asked.suggestions.n_users();
    let pairs = pairs(&asked.suggestions);
    let settled = settle(&pairs, n_users, k, shown_max);
    let is_near = |&&place: &&usize| pairs[place].wanted.suggestion.tier.is_beside();
    let n_near = settled.places.iter().filter(is_near).count() as u64;
    let mut counts = asked.counts;
    let n_kept = settled.places.len() as u64 - n_near;
    counts.beyond_k += counts.emitted - n_kept - settled.n_turned_away;
    counts.shown_enough += settled.n_turned_away;
    counts.emitted = n_kept;
    counts.near = n_near;
    Everybody {
        suggestions: rows(&settled.places, &pairs, n_users),
        counts,
    }
}

fn pairs(asked: &Suggestions) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(asked.len());
    for (asks, list) in asked.lists() {
        pairs.extend(list.each().map(|wanted| Pair { asks, wanted }));
    }
    pairs
}

/// Who goes to whom.
struct Settled {
    /// The places of the pairs that are suggested, ascending.
    places: Vec<usize>,
    /// Pairs whose candidate went to others, people near not counted.
    n_turned_away: u64,
}

fn settle(pairs: &[Pair], n_users: usize, k: usize, shown_max: u32) -> Settled {
    let end_of = |u: usize| pairs.partition_point(|pair| pair.asks as usize <= u);
    let ends: Vec<usize> = (0..n_users).map(end_of).collect();
    let mut next: Vec<usize> = std::iter::once(0)
        .chain(ends.iter().copied())
        .take(n_users)
        .collect();
    let mut holds: Vec<BinaryHeap<Asker>> = vec![BinaryHeap::new(); n_users];
    let mut n_turned_away = 0;
    // Everybody asks k times; whoever is turned away asks once more.
    let mut asking: Vec<u32> = (0_u32..)
        .take(n_users)
        .flat_map(|u| std::iter::repeat_n(u, k))
        .collect();
    // Each candidate holds the `shown_max` best of those who asked so far, so a candidate's askers only ever get better;
    // `next` only moves on, so nobody asks twice and it ends.
    while let Some(u) = asking.pop() {
        let place = next[u as usize];
        if place == ends[u as usize] {
            continue;
        }
        next[u as usize] += 1;
        let one = pairs[place].wanted.suggestion;
        let held = &mut holds[one.candidate as usize];
        held.push(Asker {
            tier: one.tier,
            score: std::cmp::Reverse(one.score),
            node: u,
            place,
        });
        if held.len() > shown_max as usize
            && let Some(away) = held.pop()
        {
            n_turned_away += u64::from(!away.tier.is_beside());
            asking.push(away.node);
        }
    }
    let mut places: Vec<usize> = holds
        .into_iter()
        .flatten()
        .map(|asker| asker.place)
        .collect();
    places.sort_unstable();
    Settled {
        places,
        n_turned_away,
    }
}

fn rows(places: &[usize], pairs: &[Pair], n_users: usize) -> Suggestions {
    let mut places = places.iter().peekable();
    let chunks = (0..n_users).step_by(CHUNK).map(|first| {
        let mut chunk = Chunk::with_capacity(0);
        for u in first..(first + CHUNK).min(n_users) {
            let (mut row, mut probabilities) = (Vec::new(), Vec::new());
            while let Some(&place) = places.next_if(|&&place| pairs[place].asks as usize == u) {
                row.push(pairs[place].wanted.suggestion);
                probabilities.extend(pairs[place].wanted.probability);
            }
            chunk.push(List {
                suggestions: &row,
                probabilities: &probabilities,
            });
        }
        chunk
    });
    Suggestions::from_chunks(chunks.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Suggestion;
    use super::super::counts::SuggestCounts;
    use super::*;

    fn suggestions(lists: &[Vec<(u32, u32)>]) -> Suggestions {
        let one = |&(candidate, score): &(u32, u32)| Suggestion {
            candidate,
            mutual_count: 2,
            score: Score::from_count(score),
            tier: Tier::TwoPath,
        };
        let chunk = |lists: &[Vec<(u32, u32)>]| {
            let mut chunk = Chunk::with_capacity(0);
            for list in lists {
                let row: Vec<Suggestion> = list.iter().map(one).collect();
                chunk.push(List {
                    suggestions: &row,
                    probabilities: &[],
                });
            }
            chunk
        };
        Suggestions::from_chunks(lists.chunks(CHUNK).map(chunk).collect())
    }

    /// What the limit makes of these lists of candidates.
    fn limited(lists: &[Vec<(u32, u32)>], k: usize, shown_max: u32) -> Everybody {
        let suggestions = suggestions(lists);
        let counts = SuggestCounts {
            emitted: suggestions.len() as u64,
            ..SuggestCounts::default()
        };
        let asked = Everybody {
            suggestions,
            counts,
        };
        limit(&asked, k, shown_max)
    }

    /// Lists of distinct candidates by score descending.
    fn any_lists() -> impl Strategy<Value = Vec<Vec<(u32, u32)>>> {
        (2_u32..20).prop_flat_map(|n| {
            let list = prop::collection::btree_map(0..n, 0_u32..6, 0..n as usize);
            prop::collection::vec(list, n as usize).prop_map(|lists| {
                let sorted = |list: std::collections::BTreeMap<u32, u32>| {
                    let mut list: Vec<(u32, u32)> = list.into_iter().collect();
                    list.sort_by_key(|&(v, score)| (std::cmp::Reverse(score), v));
                    list
                };
                lists.into_iter().map(sorted).collect()
            })
        })
    }

    proptest! {
        #[test]
        fn nobody_is_shown_too_often_and_nobody_is_passed_over(
            lists in any_lists(), k in 1_usize..5, shown_max in 1_u32..5,
        ) {
            let limited = limited(&lists, k, shown_max);
            let given: Vec<Vec<u32>> = limited.suggestions.iter()
                .map(|(_, row)| row.iter().map(|s| s.candidate).collect()).collect();
            let shown_to = |v: u32| -> Vec<u32> {
                (0..).zip(&given).filter(|(_, row)| row.contains(&v)).map(|(u, _)| u).collect()
            };
            let score = |u: u32, v: u32| lists[u as usize].iter().find(|c| c.0 == v).unwrap().1;
            for (u, list) in (0..).zip(&lists) {
                let got = &given[u as usize];
                prop_assert!(got.len() <= k);
                for &(v, _) in list {
                    prop_assert!(shown_to(v).len() <= shown_max as usize);
                    // Whoever wants somebody and does not get them was turned away for people who suit better.
                    let wants = got.len() < k || got.iter().any(|&w| {
                        let place = |x| list.iter().position(|c| c.0 == x);
                        place(w) > place(v)
                    });
                    if !got.contains(&v) && wants {
                        let others = shown_to(v);
                        prop_assert_eq!(others.len(), shown_max as usize);
                        let suits = |w: u32| (std::cmp::Reverse(score(w, v)), w);
                        prop_assert!(others.iter().all(|&w| suits(w) < suits(u)));
                    }
                }
            }
        }

        #[test]
        fn a_limit_that_binds_nobody_changes_nothing(lists in any_lists(), k in 1_usize..5) {
            let limited = limited(&lists, k, 20);
            let first: Vec<Vec<_>> = lists.iter().map(|list| list.iter().take(k).copied().collect()).collect();
            prop_assert_eq!(limited.suggestions, suggestions(&first));
            prop_assert_eq!(limited.counts.shown_enough, 0);
        }
    }

    #[test]
    fn exposure_by_hand() {
        let even = Exposure::of(&[10, 10, 0, 1], vec![5, 5, 5, 5], 10);
        assert_eq!((even.coverage, even.with_k, even.shown), (0.75, 0.5, 1.0));
        assert!(even.gini.abs() < 1e-12);
        let alone = Exposure::of(&[1; 4], vec![0, 0, 4, 0], 10);
        assert_eq!(
            (alone.gini, alone.top_1_percent, alone.shown, alone.most),
            (0.75, 1.0, 0.25, 4.0)
        );
        assert_eq!(Exposure::of(&[], Vec::new(), 10).gini, 0.0);
    }
}
