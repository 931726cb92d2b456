//! Bounds from floats: inner products in `f32` and how far they may be off.

use std::ops::Range;

use super::super::packed::length;
use super::{Floors, PANEL, Sift, up};

/// People of a tile: with two registers of ads each, 12 sums; the processor has 16 registers.
const PEOPLE: usize = 6;

/// Ads of a register.
const LANES: usize = 8;

/// Ads taken at a time.
const HALF: usize = 2 * LANES;

/// One coordinate of 16 ads.
type Ads = [[f32; LANES]; 2];

/// Ads as floats, in panels.
#[derive(Clone, Debug)]
pub(in super::super) struct Floats {
    width: usize,
    /// Shape (half panels, 1 + width); the first of each is the bias.
    halves: Vec<Ads>,
    /// For each panel by how much a sum may be off, per unit of a person's length and beside it.
    slope: Vec<f32>,
    margin: Vec<f32>,
}

/// A tile of people.
#[derive(Clone, Debug)]
pub(in super::super) struct FloatPeople {
    /// For every coordinate that of each person.
    coordinates: Vec<[f32; PEOPLE]>,
    length: [f32; PEOPLE],
}

impl Floats {
    pub(super) fn new(width: usize, vectors: &[f32], biases: &[f32]) -> Self {
        let mut sieve = Self {
            width,
            halves: Vec::new(),
            slope: Vec::new(),
            margin: Vec::new(),
        };
        for (ads, biases) in vectors.chunks(PANEL * width).zip(biases.chunks(PANEL)) {
            sieve.push_panel(ads, biases);
        }
        sieve
    }

    fn push_panel(&mut self, ads: &[f32], biases: &[f32]) {
        let zero = (0.0_f32, vec![0.0; self.width]);
        let mut padded = vec![zero; PANEL];
        for ((to, ad), &bias) in padded.iter_mut().zip(ads.chunks(self.width)).zip(biases) {
            *to = (bias, ad.to_vec());
        }
        for half in padded.chunks(HALF) {
            let lanes = |of: &dyn Fn(usize) -> f32| -> Ads {
                std::array::from_fn(|side| std::array::from_fn(|i| of(side * LANES + i)))
            };
            self.halves.push(lanes(&|i| half[i].0));
            let coordinates = (0..self.width).map(|d| lanes(&|i| half[i].1[d]));
            self.halves.extend(coordinates);
        }
        // Each of D + 1 additions and D products is off by at most 2⁻²⁴ of a sum that |u|·|a| + |bias| bounds.
        let unit = f64::from(f32::EPSILON) * (self.width as f64 + 4.0);
        let most = ads.chunks(self.width).map(length).fold(0.0, f64::max);
        let bias = biases
            .iter()
            .fold(0.0_f32, |most, bias| most.max(bias.abs()));
        self.slope.push(up(unit * most));
        self.margin.push(up(unit * f64::from(bias) + 1e-30));
    }

    fn half(&self, half: usize) -> &[Ads] {
        &self.halves[half * (self.width + 1)..][..=self.width]
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn sift_with(
        &self,
        people: &FloatPeople,
        floors: &Floors,
        panels: Range<usize>,
        is_open: impl Fn(usize) -> bool,
        mut pass: impl FnMut(usize, usize, u32),
        tile: impl Fn(&[[f32; PEOPLE]], &[Ads], &[f32; PEOPLE]) -> Option<[u32; PEOPLE]>,
    ) {
        for panel in panels.filter(|&panel| is_open(panel)) {
            let least = self.least_sums(people, floors, panel);
            for side in 0..PANEL / HALF {
                let half = self.half(panel * (PANEL / HALF) + side);
                if let Some(masks) = tile(&people.coordinates, half, &least) {
                    for (person, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0)
                    {
                        pass(panel, person, mask << (side * HALF));
                    }
                }
            }
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn least_sums(&self, people: &FloatPeople, floors: &Floors, panel: usize) -> [f32; PEOPLE] {
        std::array::from_fn(|i| {
            let off = people.length[i] * self.slope[panel] + self.margin[panel];
            let floor = floors.least[i];
            floor - off - f32::EPSILON * (floor.abs() + off)
        })
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn sift_fma(
        &self,
        people: &FloatPeople,
        floors: &Floors,
        panels: Range<usize>,
        is_open: impl Fn(usize) -> bool,
        pass: impl FnMut(usize, usize, u32),
    ) {
        // A closure has the features of the function it is written in.
        let tile = |people: &[[f32; PEOPLE]], half: &[Ads], least: &[f32; PEOPLE]| {
            fma_tile(people, half, least)
        };
        self.sift_with(people, floors, panels, is_open, pass, tile);
    }
}

impl Sift for Floats {
    const PEOPLE: usize = PEOPLE;
    type People = FloatPeople;

    fn pack(&self, rows: &[Vec<f32>]) -> FloatPeople {
        let mut people = FloatPeople {
            coordinates: vec![[0.0; PEOPLE]; self.width],
            length: [0.0; PEOPLE],
        };
        for (i, row) in rows.iter().enumerate() {
            people.length[i] = up(length(row));
            for (coordinate, &x) in people.coordinates.iter_mut().zip(row) {
                coordinate[i] = x;
            }
        }
        people
    }

    fn sift(
        &self,
        people: &FloatPeople,
        floors: &Floors,
        panels: Range<usize>,
        is_open: impl Fn(usize) -> bool,
        pass: impl FnMut(usize, usize, u32),
    ) {
        #[cfg(target_arch = "x86_64")]
        if is_quick() {
            #[expect(
                unsafe_code,
                reason = "plain code takes many times as long: the compiler keeps no tile in registers"
            )]
            // SAFETY: the function needs AVX2 and FMA, and the processor has them.
            return unsafe { self.sift_fma(people, floors, panels, is_open, pass) };
        }
        self.sift_with(people, floors, panels, is_open, pass, plain_tile);
    }
}

#[cfg(target_arch = "x86_64")]
fn is_quick() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

/// Which sums of a tile reach what is asked, if any does. The first of `half` are the biases.
fn plain_tile(
    people: &[[f32; PEOPLE]],
    half: &[Ads],
    least: &[f32; PEOPLE],
) -> Option<[u32; PEOPLE]> {
    let (biases, ads) = half.split_first().expect("a bias comes first");
    let mut masks = [0_u32; PEOPLE];
    for (i, mask) in masks.iter_mut().enumerate() {
        let mut sums = *biases;
        for (person, ads) in people.iter().zip(ads) {
            for (sum, ad) in sums.as_flattened_mut().iter_mut().zip(ads.as_flattened()) {
                *sum += person[i] * ad;
            }
        }
        for (ad, &sum) in sums.as_flattened().iter().enumerate() {
            *mask |= u32::from(sum >= least[i]) << ad;
        }
    }
    masks.iter().any(|&mask| mask != 0).then_some(masks)
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn fma_tile(
    people: &[[f32; PEOPLE]],
    half: &[Ads],
    least: &[f32; PEOPLE],
) -> Option<[u32; PEOPLE]> {
    use std::arch::x86_64::{
        _CMP_GE_OQ, _mm256_cmp_ps, _mm256_fmadd_ps, _mm256_movemask_ps, _mm256_or_ps,
        _mm256_set1_ps, _mm256_setzero_ps,
    };
    let (biases, ads) = half.split_first()?;
    let mut low = [load(&biases[0]); PEOPLE];
    let mut high = [load(&biases[1]); PEOPLE];
    for (people, [ads_low, ads_high]) in people.iter().zip(ads) {
        let (ads_low, ads_high) = (load(ads_low), load(ads_high));
        for i in 0..PEOPLE {
            let person = _mm256_set1_ps(people[i]);
            low[i] = _mm256_fmadd_ps(person, ads_low, low[i]);
            high[i] = _mm256_fmadd_ps(person, ads_high, high[i]);
        }
    }
    let mut any = _mm256_setzero_ps();
    for i in 0..PEOPLE {
        let least = _mm256_set1_ps(least[i]);
        low[i] = _mm256_cmp_ps::<_CMP_GE_OQ>(low[i], least);
        high[i] = _mm256_cmp_ps::<_CMP_GE_OQ>(high[i], least);
        any = _mm256_or_ps(any, _mm256_or_ps(low[i], high[i]));
    }
    if _mm256_movemask_ps(any) == 0 {
        return None;
    }
    let bits = |mask| _mm256_movemask_ps(mask).cast_unsigned();
    Some(std::array::from_fn(|i| {
        bits(low[i]) | bits(high[i]) << LANES
    }))
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn load(lanes: &[f32; LANES]) -> std::arch::x86_64::__m256 {
    #[expect(unsafe_code, reason = "there is no safe load of a register")]
    // SAFETY: eight floats are the 32 bytes that are read, and they need not be aligned.
    unsafe {
        std::arch::x86_64::_mm256_loadu_ps(lanes.as_ptr())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whole numbers, so that both round nothing and have to agree.
        #[test]
        #[cfg(target_arch = "x86_64")]
        fn same_masks_with_instructions_and_without(seed in any::<u64>(), width in 1_usize..20) {
            if !is_quick() {
                return Ok(());
            }
            let mut state = seed;
            let mut draw = || {
                state = crate::hash::mix(state);
                f32::from(u8::try_from(state >> 59).expect("five bits")) - 16.0
            };
            let people: Vec<[f32; PEOPLE]> =
                (0..width).map(|_| std::array::from_fn(|_| draw())).collect();
            let half: Vec<Ads> = (0..=width)
                .map(|_| std::array::from_fn(|_| std::array::from_fn(|_| draw())))
                .collect();
            let least = std::array::from_fn(|_| draw() * 16.0);
            #[expect(unsafe_code, reason = "what is tested")]
            // SAFETY: the features were asked for above.
            let quick = unsafe { fma_tile(&people, &half, &least) };
            prop_assert_eq!(quick, plain_tile(&people, &half, &least));
        }
    }
}
