//! What one person's first suggestions are worth.

use crate::suggest::Exposure;

/// The worth of people's suggestions, summed over people.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::eval) struct Worth {
    /// People with something to find.
    pub(super) people: u64,
    pub(in crate::eval) average_precision: f64,
    pub(super) hits: f64,
    /// How many hits there could be.
    pub(super) possible: f64,
    /// People with a hit.
    pub(super) hit: f64,
    pub(super) ndcg: f64,
}

impl Worth {
    /// Of one person's suggestions, best first, of which the first k count; `hidden` ascends and is not empty.
    pub(in crate::eval) fn of(suggested: &[u32], hidden: &[u32], k: usize) -> Self {
        let possible = hidden.len().min(k);
        let mut worth = Self {
            people: 1,
            possible: possible as f64,
            ..Self::default()
        };
        let mut gain = 0.0;
        for (place, v) in (1..).zip(suggested.iter().take(k)) {
            if hidden.binary_search(v).is_ok() {
                worth.hits += 1.0;
                worth.average_precision += worth.hits / f64::from(place);
                gain += discount(place);
            }
        }
        worth.average_precision /= worth.possible;
        worth.hit = worth.hits.min(1.0);
        worth.ndcg = gain / (1..).take(possible).map(discount).sum::<f64>();
        worth
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.average_precision += other.average_precision;
        self.hits += other.hits;
        self.possible += other.possible;
        self.hit += other.hit;
        self.ndcg += other.ndcg;
    }

    pub(super) fn map(&self) -> f64 {
        self.average_precision / self.people as f64
    }

    pub(super) fn recall(&self) -> f64 {
        self.hits / self.possible
    }

    pub(super) fn hit_rate(&self) -> f64 {
        self.hit / self.people as f64
    }

    pub(super) fn ndcg(&self) -> f64 {
        self.ndcg / self.people as f64
    }
}

fn discount(place: u32) -> f64 {
    f64::from(place + 1).log2().recip()
}

/// The mean of every figure.
pub(super) fn mean_exposure(all: &[Exposure]) -> Exposure {
    let mean = |of: fn(&Exposure) -> f64| all.iter().map(of).sum::<f64>() / all.len().max(1) as f64;
    Exposure {
        coverage: mean(|e| e.coverage),
        with_k: mean(|e| e.with_k),
        shown: mean(|e| e.shown),
        most: mean(|e| e.most),
        gini: mean(|e| e.gini),
        top_1_percent: mean(|e| e.top_1_percent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worth_by_hand() {
        // Hits at places 1 and 3, three to find.
        let worth = Worth::of(&[5, 1, 9, 2], &[5, 7, 9], 10);
        assert_eq!((worth.hits, worth.possible, worth.hit), (2.0, 3.0, 1.0));
        assert!((worth.map() - (1.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
        let ideal = 1.0 + 1.0 / 3_f64.log2() + 0.5;
        assert!((worth.ndcg() - 1.5 / ideal).abs() < 1e-12);
        assert_eq!(Worth::of(&[], &[3], 10).map(), 0.0);
        // Only ten places count, and only ten can be found.
        let all: Vec<u32> = (0..30).collect();
        let worth = Worth::of(&all, &all, 10);
        assert_eq!((worth.map(), worth.recall(), worth.ndcg()), (1.0, 1.0, 1.0));
        assert_eq!(Worth::of(&all, &[10], 10).hit_rate(), 0.0);
        assert_eq!(Worth::of(&all, &[10], 11).hit_rate(), 1.0);
        assert_eq!(
            Worth::of(&all, &[0, 5, 9], 1).recall(),
            1.0,
            "one can be found"
        );
    }
}
