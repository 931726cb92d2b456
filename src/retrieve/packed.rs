//! The catalogue as it lies in memory: dear ads first, then those of great bias, in panels of 32.

use ndarray::ArrayView2;

use super::RetrieveError;
use super::offers::Offer;
use super::sieve::{PANEL, Sieve};

/// Ads of about the same bid that lie side by side: 32 panels.
pub(super) const STRETCH: usize = 32 * PANEL;

/// Coordinates and biases may not be larger, so that no score leaves `f32`, nor 10³⁰.
pub(super) const MAX_NUMBER: f64 = 1e12;

/// Most coordinates of a vector.
const MAX_WIDTH: usize = 4_096;

/// Ads with their vectors, packed for ranking; see [the module](super).
#[derive(Clone, Debug)]
pub struct Catalogue {
    width: usize,
    /// For each place the ad that lies there.
    ads: Vec<u32>,
    /// Shape (ads, width), by place.
    vectors: Vec<f32>,
    biases: Vec<f32>,
    offers: Vec<Offer>,
    /// For each panel what none of its ads exceeds.
    ceilings: Vec<Ceiling>,
    sieve: Sieve,
}

/// The greatest of each among the ads of a panel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ceiling {
    pub(super) offer: Offer,
    pub(super) bias: f64,
    pub(super) length: f64,
}

impl Ceiling {
    const LEAST: Self = Self {
        offer: Offer {
            bid: 0.0,
            quality: f64::NEG_INFINITY,
        },
        bias: f64::NEG_INFINITY,
        length: 0.0,
    };

    fn and(self, other: Self) -> Self {
        Self {
            offer: Offer {
                bid: self.offer.bid.max(other.offer.bid),
                quality: self.offer.quality.max(other.offer.quality),
            },
            bias: self.bias.max(other.bias),
            length: self.length.max(other.length),
        }
    }

    /// No score of somebody whose vector has this length is greater.
    pub(super) fn score(self, length: f64) -> f64 {
        self.bias + length * self.length
    }
}

impl Catalogue {
    /// Ads for [`rank_by_score`](Self::rank_by_score): `vectors` of shape `(n_ads, width)` and one bias each.
    /// An ad is known by its row.
    ///
    /// # Errors
    /// If a number is not finite or larger than 10¹², if there are no coordinates or more than 4,096, or if there is
    /// not one bias an ad.
    pub fn new(vectors: ArrayView2<'_, f32>, biases: &[f32]) -> Result<Self, RetrieveError> {
        let offers = vec![Offer::default(); vectors.nrows()];
        Self::with_offers(vectors, biases, &offers)
    }

    /// Ads for [`rank_by_value`](Self::rank_by_value) too, with an offer each.
    ///
    /// # Errors
    /// As [`new`](Self::new); if there is not one offer an ad, or one is not finite or has a negative bid.
    pub fn with_offers(
        vectors: ArrayView2<'_, f32>,
        biases: &[f32],
        offers: &[Offer],
    ) -> Result<Self, RetrieveError> {
        Self::packed(vectors, biases, offers, Sieve::best_for)
    }

    /// The same with a sieve of the caller's choice, for tests that compare them.
    pub(super) fn packed(
        vectors: ArrayView2<'_, f32>,
        biases: &[f32],
        offers: &[Offer],
        sieve: fn(usize, &[f32], &[f32]) -> Sieve,
    ) -> Result<Self, RetrieveError> {
        check(vectors, biases, offers)?;
        let lengths: Vec<f64> = vectors
            .rows()
            .into_iter()
            .map(|v| length(v.iter()))
            .collect();
        let order = order(&lengths, biases, offers);
        let width = vectors.ncols();
        let mut rows = Vec::with_capacity(order.len() * width);
        for &ad in &order {
            rows.extend(vectors.row(ad as usize));
        }
        let biases: Vec<f32> = order.iter().map(|&ad| biases[ad as usize]).collect();
        Ok(Self {
            width,
            offers: order.iter().map(|&ad| offers[ad as usize]).collect(),
            ceilings: ceilings(&order, &biases, &lengths, offers),
            sieve: sieve(width, &rows, &biases),
            vectors: rows,
            biases,
            ads: order,
        })
    }

    /// How many ads there are.
    #[must_use]
    pub fn n_ads(&self) -> usize {
        self.ads.len()
    }

    /// Coordinates of a vector.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// What decides: `bias + own + Σ u_d·a_d` in `f64`, eight sums side by side and then these in order.
    ///
    /// # Panics
    /// If there is no such place.
    pub(super) fn score(&self, place: usize, person: &[f32], own: f64) -> f64 {
        let ad = &self.vectors[place * self.width..][..self.width];
        f64::from(self.biases[place]) + own + dot(person, ad) + 0.0
    }

    /// For each ad its place.
    pub(super) fn places(&self) -> Vec<u32> {
        let mut places = vec![0; self.n_ads()];
        for (place, &ad) in (0..).zip(&self.ads) {
            places[ad as usize] = place;
        }
        places
    }

    pub(super) fn ad(&self, place: usize) -> u32 {
        self.ads[place]
    }

    pub(super) fn offer(&self, place: usize) -> Offer {
        self.offers[place]
    }

    pub(super) fn n_panels(&self) -> usize {
        self.ceilings.len()
    }

    pub(super) fn sieve(&self) -> &Sieve {
        &self.sieve
    }

    /// What no ad of these panels exceeds.
    pub(super) fn ceiling(&self, panels: std::ops::Range<usize>) -> Ceiling {
        let all = self.ceilings[panels].iter().copied();
        all.fold(Ceiling::LEAST, Ceiling::and)
    }

    /// The ads for which the answer is yes, asked once each.
    #[must_use]
    pub fn ad_set(&self, mut is_in: impl FnMut(usize) -> bool) -> AdSet {
        let mut words = vec![0_u32; self.n_panels()];
        for (place, &ad) in self.ads.iter().enumerate() {
            words[place / PANEL] |= u32::from(is_in(ad as usize)) << (place % PANEL);
        }
        AdSet { words }
    }
}

/// A set of ads of one catalogue, one bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdSet {
    /// One word a panel.
    words: Vec<u32>,
}

impl AdSet {
    /// Ads that are in both.
    ///
    /// # Panics
    /// If they are of catalogues of different sizes.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Ads of this set that are not in the other.
    ///
    /// # Panics
    /// If they are of catalogues of different sizes.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// How many ads are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Is no ad in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    pub(super) fn words(&self) -> &[u32] {
        &self.words
    }

    /// Is the ad at this place in the set of these words?
    pub(super) fn has(words: &[u32], place: u32) -> bool {
        let place = place as usize;
        words[place / PANEL] >> (place % PANEL) & 1 == 1
    }

    fn zip(&self, other: &Self, f: impl Fn(u32, u32) -> u32) -> Self {
        assert_eq!(
            self.words.len(),
            other.words.len(),
            "sets of two catalogues"
        );
        let words = self.words.iter().zip(&other.words);
        Self {
            words: words.map(|(&a, &b)| f(a, b)).collect(),
        }
    }
}

fn check(
    vectors: ArrayView2<'_, f32>,
    biases: &[f32],
    offers: &[Offer],
) -> Result<(), RetrieveError> {
    let n = vectors.nrows();
    let what = if biases.len() != n || offers.len() != n {
        "not one bias and one offer an ad"
    } else if !(1..=MAX_WIDTH).contains(&vectors.ncols()) {
        "vectors of no coordinates, or of more than 4,096"
    } else if u32::try_from(n).is_err() {
        "more than 2³² ads"
    } else if !vectors.iter().chain(biases).all(|&x| is_usable(x)) {
        "a number that is not finite, or larger than 10¹²"
    } else if !offers.iter().all(|offer| offer.is_usable()) {
        "a bid or quality that is not finite, or a negative bid"
    } else {
        return Ok(());
    };
    Err(RetrieveError::Catalogue { what })
}

pub(super) fn is_usable(x: f32) -> bool {
    f64::from(x).abs() <= MAX_NUMBER
}

/// The Euclidean length.
pub(super) fn length<'a>(vector: impl IntoIterator<Item = &'a f32>) -> f64 {
    let squares = vector.into_iter().map(|&x| f64::from(x) * f64::from(x));
    squares.sum::<f64>().sqrt()
}

/// `Σ a_d·b_d`: products are exact, eight sums side by side are added up in order.
///
/// A product of two `f32` fits an `f64`, so fusing it with the addition would change nothing: the same bits on every
/// machine.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(
            unsafe_code,
            reason = "sums of eight in two registers take half the time"
        )]
        // SAFETY: the function needs nothing but AVX2, and the processor has it.
        return unsafe { dot_avx2(a, b) };
    }
    dot_of(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f64 {
    dot_of(a, b)
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled once for every set of vector instructions"
)]
fn dot_of(a: &[f32], b: &[f32]) -> f64 {
    // Sum i has every eighth product from the i-th on, added in order: the same bits with and without vectors.
    let mut sums = [0.0_f64; 8];
    let (a_eights, a_rest) = a.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_eights.iter().zip(b_eights) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(a) * f64::from(b);
        }
    }
    for ((sum, &a), &b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += f64::from(a) * f64::from(b);
    }
    sums.iter().sum()
}

/// Ads by bid, dear ones first; within a stretch by bias, then by length, greatest first; then by number.
fn order(lengths: &[f64], biases: &[f32], offers: &[Offer]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(offers.len()).collect();
    let bid = |&ad: &u32| offers[ad as usize].bid;
    order.sort_by(|a, b| bid(b).total_cmp(&bid(a)));
    // Equal bids are one stretch, however many they are.
    for stretch in stretches(&mut order, offers) {
        let bias = |&ad: &u32| biases[ad as usize];
        let length = |&ad: &u32| lengths[ad as usize];
        stretch.sort_by(|a, b| {
            let by_bias = bias(b).total_cmp(&bias(a));
            let by_length = || length(b).total_cmp(&length(a));
            by_bias.then_with(by_length).then(a.cmp(b))
        });
    }
    order
}

/// Cuts at every [`STRETCH`] ads, but not between ads of one bid.
fn stretches<'a>(mut rest: &'a mut [u32], offers: &[Offer]) -> Vec<&'a mut [u32]> {
    let mut stretches = Vec::new();
    // Bids never rise, and `rest` begins with a lower one than any stretch so far.
    while !rest.is_empty() {
        let last = rest[STRETCH.min(rest.len()) - 1];
        let bid = offers[last as usize].bid;
        let end = rest.partition_point(|&ad| offers[ad as usize].bid >= bid);
        let (stretch, after) = rest.split_at_mut(end);
        stretches.push(stretch);
        rest = after;
    }
    stretches
}

fn ceilings(order: &[u32], biases: &[f32], lengths: &[f64], offers: &[Offer]) -> Vec<Ceiling> {
    let of_ad = |(&ad, &bias): (&u32, &f32)| Ceiling {
        offer: offers[ad as usize],
        bias: f64::from(bias),
        length: lengths[ad as usize],
    };
    let panels = order.chunks(PANEL).zip(biases.chunks(PANEL));
    panels
        .map(|(ads, biases)| {
            ads.iter()
                .zip(biases)
                .map(of_ad)
                .fold(Ceiling::LEAST, Ceiling::and)
        })
        .collect()
}
