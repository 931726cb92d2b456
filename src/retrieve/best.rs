//! The K best of one person, kept in order.

use std::cmp::Ordering;

/// One of somebody's best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankedAd {
    /// Its row in the catalogue.
    pub ad: u32,
    /// bias + own + u·a, as [`Catalogue`](super::Catalogue) defines it.
    pub score: f64,
    /// What orders: the score itself, or bid · p(score) + quality.
    pub value: f64,
}

/// The first K of what was offered: by value, highest first, then by ad.
#[derive(Clone, Debug)]
pub(super) struct Best {
    k: usize,
    held: Vec<RankedAd>,
}

impl Best {
    pub(super) fn new(k: usize) -> Self {
        Self {
            k,
            held: Vec::new(),
        }
    }

    /// What has to be reached to get in, or −∞ while there is room.
    pub(super) fn floor(&self) -> f64 {
        match self.held.get(self.k - 1) {
            Some(last) => last.value,
            None => f64::NEG_INFINITY,
        }
    }

    pub(super) fn offer(&mut self, offered: RankedAd) {
        // `held` is in order and has at most k; what is not before the last of k can never be on the list.
        let is_full = self.held.len() == self.k;
        if is_full && order(&self.held[self.k - 1], &offered).is_lt() {
            return;
        }
        let place = self
            .held
            .partition_point(|held| order(held, &offered).is_lt());
        self.held.truncate(self.k - 1);
        self.held.insert(place, offered);
    }

    pub(super) fn into_list(self) -> Vec<RankedAd> {
        self.held
    }
}

fn order(a: &RankedAd, b: &RankedAd) -> Ordering {
    b.value.total_cmp(&a.value).then(a.ad.cmp(&b.ad))
}
