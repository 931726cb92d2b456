//! Contest: how probable is each claim on a tenure, given all the others?
//!
//! A number that somebody holds is at most one of its claimants'. So the odds of a claim compete with those of the other
//! claims on the tenure and with 1 for "none of these": p = o / (1 + Σ o). Without competition that is Fellegi and
//! Sunter's posterior. A claim may be right for several tenures: one person can come back to a number with another
//! account. What speaks against that is in the level of time.

use super::super::tenure::{Holder, Tenure};
use super::super::{Link, Probability};
use super::block::{Block, Pair};
use super::{LinkCounts, Linking};
use crate::ids::AccountId;
use crate::time::{Interval, Timestamp};

/// What became of a tenure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Linked,
    Unclaimed,
    Stale,
    Ambiguous,
    Improbable,
    Contested,
}

/// The odds of a block's pairs.
pub(super) struct Contest<'c, 'b> {
    block: &'c Block<'b>,
    /// Beside the pairs.
    odds: &'c [f64],
}

impl<'c, 'b> Contest<'c, 'b> {
    pub(super) fn new(block: &'c Block<'b>, odds: &'c [f64]) -> Self {
        Self { block, odds }
    }

    /// The probability of every pair when all claims on its tenure compete, in the order of the pairs.
    pub(super) fn probabilities(&self) -> Vec<f64> {
        let mut probabilities = Vec::with_capacity(self.odds.len());
        let mut start = 0;
        for run in self.block.pairs.chunk_by(|a, b| a.tenure == b.tenure) {
            let range = start..start + run.len();
            let all: f64 = self.odds[range.clone()].iter().sum();
            probabilities.extend(range.map(|i| self.odds[i] / (1.0 + all)));
            start += run.len();
        }
        probabilities
    }

    /// Adds the links that reach the threshold, and counts every tenure.
    pub(super) fn decide(&self, threshold: Probability, linking: &mut Linking) {
        let mut start = 0;
        for (index, tenure) in self.block.tenures.iter().enumerate() {
            let run = self.block.pairs[start..]
                .iter()
                .take_while(|pair| pair.tenure == index)
                .count();
            let outcome = match tenure.holder {
                Holder::Account(account) => {
                    self.decide_tenure(start..start + run, account, threshold, &mut linking.links)
                }
                Holder::Contested | Holder::Business => Outcome::Contested,
            };
            *linking.counts.under(outcome) += 1;
            start += run;
        }
    }

    /// Cuts the tenure where another claim begins, and links each piece for which somebody is probable enough.
    fn decide_tenure(
        &self,
        pairs: std::ops::Range<usize>,
        account: AccountId,
        threshold: Probability,
        links: &mut Vec<Link>,
    ) -> Outcome {
        let Some(last) = pairs.clone().last() else {
            return Outcome::Unclaimed;
        };
        let tenure = self.block.tenures[self.block.pairs[last].tenure];
        let n_before = links.len();
        let (mut all, mut best) = (0.0, pairs.start);
        for i in pairs.clone() {
            all += self.odds[i];
            if self.odds[i] > self.odds[best] {
                best = i;
            }
            let until = if i == last {
                tenure.interval.until
            } else {
                self.begins(i + 1, &tenure)
            };
            let interval = Interval {
                from: self.begins(i, &tenure),
                until,
            };
            let probability = Probability::of(self.odds[best] / (1.0 + all));
            if interval.from < interval.until && probability >= threshold {
                let link = self.link(best, account, interval, probability);
                push_or_extend(links, n_before, link);
            }
        }
        if links.len() > n_before {
            return Outcome::Linked;
        }
        why_not(&self.block.pairs[best], self.odds[best], threshold)
    }

    fn begins(&self, pair: usize, tenure: &Tenure) -> Timestamp {
        let claim = self.block.pairs[pair].claim;
        let earliest = self.block.claims[claim].given.earliest();
        earliest.max(tenure.interval.from)
    }

    fn link(
        &self,
        pair: usize,
        account: AccountId,
        interval: Interval,
        probability: Probability,
    ) -> Link {
        let pair = &self.block.pairs[pair];
        Link {
            account,
            user: self.block.claims[pair.claim].user,
            interval,
            probability,
            evidence: self.block.evidence(pair, account),
        }
    }
}

/// Why the most probable claim on a tenure does not reach the threshold.
fn why_not(best: &Pair, odds: f64, threshold: Probability) -> Outcome {
    if Probability::of(odds / (1.0 + odds)) >= threshold {
        Outcome::Ambiguous
    } else if Block::is_stale(best) {
        Outcome::Stale
    } else {
        Outcome::Improbable
    }
}

impl LinkCounts {
    fn under(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Linked => &mut self.linked,
            Outcome::Unclaimed => &mut self.unclaimed,
            Outcome::Stale => &mut self.stale,
            Outcome::Ambiguous => &mut self.ambiguous,
            Outcome::Improbable => &mut self.improbable,
            Outcome::Contested => &mut self.contested,
        }
    }
}

fn push_or_extend(links: &mut Vec<Link>, n_before: usize, link: Link) {
    match links[n_before..].last_mut() {
        Some(last) if last.user == link.user && last.interval.until == link.interval.from => {
            last.interval.until = link.interval.until;
            last.probability = last.probability.min(link.probability);
        }
        _ => links.push(link),
    }
}
