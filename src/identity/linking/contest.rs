//! Contest: how probable is each claim on a tenure, given all the others?
//!
//! A number that somebody holds is at most one of its claimants'. So the odds of a claim compete with those of the other
//! claims on the tenure and with 1 for "none of these": p = o / (1 + Σ o). Without competition that is Fellegi and
//! Sunter's posterior. A claim may be right for several tenures: one person can come back to a number with another
//! account. What speaks against that is in the level of time.
//!
//! At an instant only the claims made by then compete. Who is behind an account is asked of the tenure's last instant, when
//! every claim that speaks of it has been made ([`Asked::AtTheEnd`]): whoever was probable only until somebody else claimed
//! the number is not probable. Whom an opt-out may concern is asked of every instant, and where nobody is probable enough in
//! the end, of every claim by itself ([`Asked::Ever`]): an opt-out is not lost because two people claim the number.

use std::ops::Range;

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

/// Of which instants of a tenure is the contest asked?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Of the last one: who is behind the account by all that is known?
    AtTheEnd,
    /// Of each: who may be, or have been, behind the account?
    Ever,
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
    pub(super) fn decide(&self, asked: Asked, threshold: Probability, linking: &mut Linking) {
        let mut start = 0;
        for (index, &tenure) in self.block.tenures.iter().enumerate() {
            let of_tenure = self.block.pairs[start..].iter();
            let n_pairs = of_tenure.take_while(|pair| pair.tenure == index).count();
            let outcome = match tenure.holder {
                Holder::Account(account) => {
                    let round = Round {
                        tenure,
                        account,
                        pairs: start..start + n_pairs,
                    };
                    self.decide_round(&round, asked, threshold, &mut linking.links)
                }
                Holder::Contested | Holder::Business => Outcome::Contested,
            };
            *linking.counts.under(outcome) += 1;
            start += n_pairs;
        }
    }

    fn decide_round(
        &self,
        round: &Round,
        asked: Asked,
        threshold: Probability,
        links: &mut Vec<Link>,
    ) -> Outcome {
        let n_before = links.len();
        let why_not = self.link_pieces(round, threshold, links);
        let last = links[n_before..].last().copied();
        let lasting = last.filter(|link| link.interval.until == round.tenure.interval.until);
        if asked == Asked::AtTheEnd {
            // Whoever is probable enough against all claims was so against fewer before: their pieces are one.
            links.truncate(n_before);
            links.extend(lasting);
        }
        let is_linked = links.len() > n_before;
        if asked == Asked::Ever && lasting.is_none() {
            self.link_each(round, threshold, links);
        }
        if is_linked { Outcome::Linked } else { why_not }
    }

    /// Cuts the tenure where another claim begins, and links each piece for which somebody is probable enough. Returns why
    /// there is no link, if there is none.
    fn link_pieces(&self, round: &Round, threshold: Probability, links: &mut Vec<Link>) -> Outcome {
        if round.pairs.is_empty() {
            return Outcome::Unclaimed;
        }
        let n_before = links.len();
        let (mut all, mut best) = (0.0, round.pairs.start);
        for i in round.pairs.clone() {
            all += self.odds[i];
            if self.odds[i] > self.odds[best] {
                best = i;
            }
            let until = if i + 1 == round.pairs.end {
                round.tenure.interval.until
            } else {
                self.begins(i + 1, round)
            };
            let from = self.begins(i, round);
            let probability = Probability::of(self.odds[best] / (1.0 + all));
            if from < until && probability >= threshold {
                let link = self.link(best, round, Interval { from, until }, probability);
                push_or_extend(links, n_before, link);
            }
        }
        why_not(&self.block.pairs[best], self.odds[best], threshold)
    }

    /// Links everybody who would be probable enough if nobody else claimed the number.
    fn link_each(&self, round: &Round, threshold: Probability, links: &mut Vec<Link>) {
        for i in round.pairs.clone() {
            let probability = alone(self.odds[i]);
            if probability >= threshold {
                let interval = Interval {
                    from: self.begins(i, round),
                    until: round.tenure.interval.until,
                };
                links.push(self.link(i, round, interval, probability));
            }
        }
    }

    /// When a pair's claim begins to speak of the tenure.
    fn begins(&self, pair: usize, round: &Round) -> Timestamp {
        let claim = self.block.pairs[pair].claim;
        let earliest = self.block.claims[claim].given.earliest();
        earliest.max(round.tenure.interval.from)
    }

    fn link(
        &self,
        pair: usize,
        round: &Round,
        interval: Interval,
        probability: Probability,
    ) -> Link {
        let pair = &self.block.pairs[pair];
        Link {
            account: round.account,
            user: self.block.claims[pair.claim].user,
            interval,
            probability,
            evidence: self.block.evidence(pair, round.account),
        }
    }
}

/// One account's tenure and the pairs it is in.
struct Round {
    tenure: Tenure,
    account: AccountId,
    pairs: Range<usize>,
}

/// How probable a claim is if there is no other.
fn alone(odds: f64) -> Probability {
    Probability::of(odds / (1.0 + odds))
}

/// Why the most probable claim on a tenure does not reach the threshold.
fn why_not(best: &Pair, odds: f64, threshold: Probability) -> Outcome {
    if alone(odds) >= threshold {
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
