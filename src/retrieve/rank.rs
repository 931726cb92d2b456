//! Everybody against everything: blocks of people, stretches of panels, exact scores for what passes.

use rayon::prelude::*;

use super::RetrieveError;
use super::best::{Best, RankedAd};
use super::offers::{ByScore, Curve, Worth};
use super::packed::{Catalogue, Ceiling, STRETCH, length};
use super::people::{People, Reached};
use super::sieve::{Floors, PANEL, Sieve, Sift};

/// Tiles one task takes at a time: their vectors and lists stay in the second cache.
const TILES: usize = 16;

/// Far more than a sum of `f64` is rounded by, in units of its terms.
const SCORE_ROUNDING: f64 = 1e-12;

/// Far more than a length is rounded by, relatively.
const LENGTH_ROUNDING: f64 = 1e-6;

/// Everybody's best, first ones first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked {
    ads: Vec<RankedAd>,
    ends: Vec<usize>,
}

impl Ranked {
    /// How many people there are.
    #[must_use]
    pub fn n_people(&self) -> usize {
        self.ends.len()
    }

    /// A person's best, at most K.
    ///
    /// # Panics
    /// If there is no such person.
    #[must_use]
    pub fn of(&self, person: usize) -> &[RankedAd] {
        let start = person.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.ads[start..self.ends[person]]
    }

    fn push(&mut self, best: Vec<RankedAd>) {
        self.ads.extend(best);
        self.ends.push(self.ads.len());
    }
}

/// Where every pair of a person and an ad went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CatalogueCounts {
    /// People × ads.
    pub pairs: u64,
    /// Pairs that were not open: in no set of the person's, or blocked.
    pub masked: u64,
    /// Pairs given out.
    pub emitted: u64,
    /// Open pairs that did not make the first K.
    pub beyond_k: u64,
}

/// Everybody's best, and what became of every pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieved {
    /// The lists.
    pub ranked: Ranked,
    /// Sums over all pairs.
    pub counts: CatalogueCounts,
}

impl CatalogueCounts {
    /// Checks that every pair is accounted for.
    ///
    /// # Errors
    /// If not.
    pub fn check_sums(&self) -> Result<(), RetrieveError> {
        let sum = self.masked + self.emitted + self.beyond_k;
        if sum == self.pairs {
            return Ok(());
        }
        Err(RetrieveError::Counts {
            what: "pairs of the catalogue",
            left: self.pairs,
            right: sum,
        })
    }
}

impl Catalogue {
    /// Everybody's `k` best of what is open to them: by score, highest first, then by ad.
    ///
    /// # Complexity
    /// O(people · ads · width).
    ///
    /// # Errors
    /// If `k` is 0, if a number is not finite or larger than 10¹², or if shapes do not fit.
    pub fn rank_by_score(
        &self,
        people: People<'_>,
        reach: &Reached,
        k: usize,
    ) -> Result<Retrieved, RetrieveError> {
        self.rank(people, reach, k, &ByScore)
    }

    /// Everybody's `k` best by `bid · p(score) + quality`, highest first, then by ad; otherwise as
    /// [`rank_by_score`](Self::rank_by_score).
    ///
    /// # Errors
    /// As [`rank_by_score`](Self::rank_by_score).
    pub fn rank_by_value<F: Fn(f64) -> f64 + Sync>(
        &self,
        people: People<'_>,
        reach: &Reached,
        k: usize,
        curve: &Curve<F>,
    ) -> Result<Retrieved, RetrieveError> {
        self.rank(people, reach, k, curve)
    }

    fn rank(
        &self,
        people: People<'_>,
        reach: &Reached,
        k: usize,
        worth: &impl Worth,
    ) -> Result<Retrieved, RetrieveError> {
        self.check(people, reach, k)?;
        let job = Job {
            catalogue: self,
            people,
            reach,
            k: k.min(self.n_ads().max(1)),
            worth,
        };
        let lists = match self.sieve() {
            Sieve::Bytes(sieve) => job.run(sieve),
            Sieve::Floats(sieve) => job.run(sieve),
        };
        let mut ranked = Ranked::default();
        for list in lists {
            ranked.push(list);
        }
        let counts = self.counts(reach, &ranked);
        Ok(Retrieved { ranked, counts })
    }

    fn check(&self, people: People<'_>, reach: &Reached, k: usize) -> Result<(), RetrieveError> {
        people.check(self.width())?;
        let what = if k == 0 {
            "K of 0"
        } else if people.len() != reach.n_people() || !reach.is_for(self) {
            "reach of other people or of another catalogue"
        } else {
            return Ok(());
        };
        Err(RetrieveError::Catalogue { what })
    }

    fn counts(&self, reach: &Reached, ranked: &Ranked) -> CatalogueCounts {
        let open: u64 = reach.n_open(self).iter().sum();
        let pairs = reach.n_people() as u64 * self.n_ads() as u64;
        let emitted = ranked.ads.len() as u64;
        CatalogueCounts {
            pairs,
            masked: pairs - open,
            emitted,
            beyond_k: open - emitted,
        }
    }
}

struct Job<'a, 'p, W> {
    catalogue: &'a Catalogue,
    people: People<'p>,
    reach: &'a Reached,
    k: usize,
    worth: &'a W,
}

impl<W: Worth> Job<'_, '_, W> {
    fn run<S: Sift>(&self, sieve: &S) -> Vec<Vec<RankedAd>> {
        let blocks = self.people.len().div_ceil(S::PEOPLE * TILES);
        let of_block = |block| self.block(sieve, block * S::PEOPLE * TILES);
        (0..blocks)
            .into_par_iter()
            .flat_map_iter(of_block)
            .collect()
    }

    /// The lists of a block of people.
    fn block<S: Sift>(&self, sieve: &S, first: usize) -> Vec<Vec<RankedAd>> {
        let end = (first + S::PEOPLE * TILES).min(self.people.len());
        let starts = (first..end).step_by(S::PEOPLE);
        let mut tiles: Vec<Tile<'_, S>> = starts
            .map(|start| self.tile(sieve, start, (start + S::PEOPLE).min(end)))
            .collect();
        // `best` of a tile are the K best of the panels so far, so floors only rise.
        for panels in steps(self.catalogue.n_panels()) {
            let ceiling = self.catalogue.ceiling(panels.clone());
            for tile in &mut tiles {
                self.sift(sieve, tile, &ceiling, panels.clone());
            }
        }
        let lists = tiles.into_iter().flat_map(|tile| tile.best);
        lists.map(Best::into_list).collect()
    }

    fn tile<S: Sift>(&self, sieve: &S, start: usize, end: usize) -> Tile<'_, S> {
        let rows: Vec<Vec<f32>> = (start..end).map(|i| self.people.vector(i)).collect();
        Tile {
            first: start,
            packed: sieve.pack(&rows),
            lengths: rows.iter().map(length).collect(),
            own: (start..end).map(|i| self.people.own(i)).collect(),
            words: (start..end)
                .map(|person| self.reach.words(person))
                .collect(),
            best: vec![Best::new(self.k); rows.len()],
            rows,
            passed: Vec::new(),
        }
    }

    fn sift<S: Sift>(
        &self,
        sieve: &S,
        tile: &mut Tile<'_, S>,
        ceiling: &Ceiling,
        panels: std::ops::Range<usize>,
    ) {
        let floors = self.floors(tile, ceiling);
        if floors.is_closed() {
            return;
        }
        let words = &tile.words;
        let is_open = |panel: usize| words.iter().any(|words| words[panel] != 0);
        let passed = &mut tile.passed;
        sieve.sift(
            &tile.packed,
            &floors,
            panels,
            is_open,
            |panel, person, mask| {
                let Some(words) = words.get(person) else {
                    return;
                };
                let mut mask = mask & words[panel];
                // The set bits are the ads of this panel still to be noted; each turn clears the lowest.
                while mask != 0 {
                    passed.push((person, panel * PANEL + mask.trailing_zeros() as usize));
                    mask &= mask - 1;
                }
            },
        );
        self.score_passed(tile);
    }

    /// What bias and inner product have to reach together; closed to whoever no ad of these can reach.
    fn floors<S: Sift>(&self, tile: &Tile<'_, S>, ceiling: &Ceiling) -> Floors {
        let mut floors = Floors::closed();
        for (i, best) in tile.best.iter().enumerate() {
            let least = self.worth.least_score(ceiling.offer, best.floor());
            let (own, length) = (tile.own[i], tile.lengths[i]);
            let rounding = SCORE_ROUNDING * (least.abs() + own.abs());
            let least = if least.is_finite() {
                least - own - rounding
            } else {
                least
            };
            let most = ceiling.score(length);
            let rounding = LENGTH_ROUNDING * (ceiling.bias.abs() + length * ceiling.length);
            if most + rounding >= least {
                floors.open(i, least);
            }
        }
        floors
    }

    /// Exact scores for what passed.
    fn score_passed<S: Sift>(&self, tile: &mut Tile<'_, S>) {
        for &(i, place) in &tile.passed {
            let ad = self.catalogue.ad(place);
            if self.reach.is_blocked(tile.first + i, ad) {
                continue;
            }
            let score = self.catalogue.score(place, &tile.rows[i], tile.own[i]);
            let value = self.worth.value(self.catalogue.offer(place), score);
            tile.best[i].offer(RankedAd { ad, score, value });
        }
        tile.passed.clear();
    }
}

/// A few people at a time, as many as the sieve takes.
struct Tile<'a, S: Sift> {
    first: usize,
    rows: Vec<Vec<f32>>,
    packed: S::People,
    lengths: Vec<f64>,
    own: Vec<f64>,
    words: Vec<&'a [u32]>,
    best: Vec<Best>,
    /// Who, and the ad's place.
    passed: Vec<(usize, usize)>,
}

/// Panels that are sieved with the same floors: few at first, when floors rise fast, then a stretch.
fn steps(n_panels: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let most = STRETCH / PANEL;
        let n = (start / 2).clamp(1, most).min(most - start % most);
        let end = (start + n).min(n_panels);
        let step = start..end;
        start = end;
        (!step.is_empty()).then_some(step)
    })
}
