//! Bounds from bytes: four products a lane and instruction where the processor has AVX-512 VNNI.

use std::ops::Range;

use super::super::packed::length;
use super::{Floors, MOST_PEOPLE, PANEL, Sift, up};

/// People of a tile: with two registers of ads each, 28 sums; the processor has 32 registers.
const PEOPLE: usize = 14;

/// Coordinates that one instruction takes.
const FOUR: usize = 4;

/// Ads of a register.
const LANES: usize = 16;

/// Steps either way that a coordinate is rounded to.
const STEPS: f32 = 127.0;

/// What is added to an ad's steps: the instruction takes one side without sign.
const SHIFT: i32 = 128;

/// No step is finer, so that products of two never become 0.
const FINEST: f32 = 1e-12;

/// Rounding of the floor's own arithmetic, in units of its terms; each of four operations may be off by 2⁻²⁴.
const ROUNDING: f32 = 1e-6;

/// Rounding of the exact score, in units of both lengths; that of adding the bias is far below [`ROUNDING`].
const SCORE_ROUNDING: f64 = 1e-9;

/// The bytes of four coordinates of 32 ads; an ad's four lie side by side.
type Four = [[i32; LANES]; 2];

/// Ads as bytes, in panels.
#[derive(Clone, Debug)]
pub(in super::super) struct Bytes {
    /// Steps of four coordinates a vector.
    n_fours: usize,
    /// Shape (panels, fours).
    panels: Vec<Four>,
    scales: Vec<PanelScale>,
}

/// What turns the integers of a panel into scores.
#[derive(Clone, Copy, Debug)]
struct PanelScale {
    /// One over the step all its ads are rounded to.
    steps: f32,
    /// The greatest length, the greatest length of an error and the greatest bias.
    length: f32,
    error: f32,
    bias: f32,
}

/// A tile of people as bytes.
#[derive(Clone, Debug)]
pub(in super::super) struct BytePeople {
    /// For every four coordinates, those of each person.
    fours: Vec<[i32; PEOPLE]>,
    /// One over the step of each.
    steps: [f32; MOST_PEOPLE],
    /// The length of what was rounded, and of the error.
    length: [f32; MOST_PEOPLE],
    error: [f32; MOST_PEOPLE],
    /// What the shift of the ads adds to every sum.
    shift: [i32; MOST_PEOPLE],
}

/// Is there an instruction for it?
pub(super) fn is_quick() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512vnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// A vector in steps, and what that left out.
struct Rounded {
    steps: Vec<i8>,
    error: f64,
}

fn round(vector: &[f32], step: f32) -> Rounded {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a step is at least a 127th of every coordinate"
    )]
    let steps: Vec<i8> = vector.iter().map(|x| (x / step).round() as i8).collect();
    let left = |(&x, &n): (&f32, &i8)| f64::from(x) - f64::from(n) * f64::from(step);
    let squares = vector.iter().zip(&steps).map(left).map(|e| e * e);
    Rounded {
        error: squares.sum::<f64>().sqrt(),
        steps,
    }
}

fn step_for<'a>(coordinates: impl IntoIterator<Item = &'a f32>) -> f32 {
    let greatest = coordinates
        .into_iter()
        .fold(0.0_f32, |most, x| most.max(x.abs()));
    (greatest / STEPS).max(FINEST)
}

/// Four signed bytes as one word.
fn word(four: &[i8]) -> i32 {
    let mut bytes = [0_u8; FOUR];
    for (byte, &n) in bytes.iter_mut().zip(four) {
        *byte = n.cast_unsigned();
    }
    i32::from_le_bytes(bytes)
}

impl Bytes {
    pub(super) fn new(width: usize, vectors: &[f32], biases: &[f32]) -> Self {
        let mut sieve = Self {
            n_fours: width.div_ceil(FOUR),
            panels: Vec::new(),
            scales: Vec::new(),
        };
        let panels = vectors.chunks(PANEL * width).zip(biases.chunks(PANEL));
        for (vectors, biases) in panels {
            let ads: Vec<&[f32]> = vectors.chunks(width).collect();
            let bias = biases
                .iter()
                .fold(f32::NEG_INFINITY, |most, &bias| most.max(bias));
            sieve.push_panel(&ads, bias);
        }
        sieve
    }

    fn push_panel(&mut self, ads: &[&[f32]], bias: f32) {
        let step = step_for(ads.iter().copied().flatten());
        let rounded: Vec<Rounded> = ads.iter().map(|ad| round(ad, step)).collect();
        let most = |of: &dyn Fn(usize) -> f64| (0..ads.len()).map(of).fold(0.0, f64::max);
        self.scales.push(PanelScale {
            steps: step.recip(),
            length: up(most(&|i| length(ads[i]))),
            error: up(most(&|i| rounded[i].error)),
            bias,
        });
        for four in 0..self.n_fours {
            let mut words = Four::default();
            for (i, ad) in rounded.iter().enumerate() {
                let end = (four * FOUR + FOUR).min(ad.steps.len());
                // The shift of 128 is a change of each byte's highest bit.
                let shifted = word(&ad.steps[four * FOUR..end]) ^ 0x8080_8080_u32.cast_signed();
                words[i / LANES][i % LANES] = shifted;
            }
            self.panels.push(words);
        }
    }

    fn fours(&self, panel: usize) -> &[Four] {
        &self.panels[panel * self.n_fours..][..self.n_fours]
    }
}

impl Sift for Bytes {
    const PEOPLE: usize = PEOPLE;
    type People = BytePeople;

    fn pack(&self, rows: &[Vec<f32>]) -> BytePeople {
        let mut people = BytePeople {
            fours: vec![[0; PEOPLE]; self.n_fours],
            steps: [1.0; MOST_PEOPLE],
            length: [0.0; MOST_PEOPLE],
            error: [0.0; MOST_PEOPLE],
            shift: [0; MOST_PEOPLE],
        };
        for (i, row) in rows.iter().enumerate() {
            people.set(i, row);
        }
        people
    }

    fn sift(
        &self,
        people: &BytePeople,
        floors: &Floors,
        panels: Range<usize>,
        is_open: impl Fn(usize) -> bool,
        pass: impl FnMut(usize, usize, u32),
    ) {
        #[cfg(target_arch = "x86_64")]
        if is_quick() {
            #[expect(
                unsafe_code,
                reason = "one instruction does four products a lane; the scan takes a quarter of the time"
            )]
            // SAFETY: the function needs AVX-512 F and VNNI, and the processor has them.
            return unsafe { self.sift_vnni(people, floors, panels, is_open, pass) };
        }
        self.sift_with(people, floors, panels, is_open, pass, plain_tile);
    }
}

impl BytePeople {
    fn set(&mut self, i: usize, row: &[f32]) {
        let step = step_for(row);
        let Rounded { steps, error } = round(row, step);
        self.steps[i] = step.recip();
        self.error[i] = up(error + SCORE_ROUNDING * length(row));
        self.length[i] = up(length(row) + error);
        self.shift[i] = SHIFT * steps.iter().map(|&n| i32::from(n)).sum::<i32>();
        for (four, steps) in self.fours.iter_mut().zip(steps.chunks(FOUR)) {
            four[i] = word(steps);
        }
    }

    /// The least sums that may reach the floors, before the shift: `score ≤ bias + û·â + |û|·|e_a| + |e_u|·|a|`.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn least_sums(&self, floors: &Floors, panel: PanelScale) -> [f32; MOST_PEOPLE] {
        std::array::from_fn(|i| {
            let floor = floors.least[i];
            let errors = self.length[i] * panel.error + self.error[i] * panel.length;
            let rounding = ROUNDING * (floor.abs() + panel.bias.abs() + errors);
            let needed = floor - panel.bias - errors - rounding;
            (needed * (self.steps[i] * panel.steps) - 2.0).clamp(-1e9, 1e9)
        })
    }
}

impl Bytes {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn sift_vnni(
        &self,
        people: &BytePeople,
        floors: &Floors,
        panels: Range<usize>,
        is_open: impl Fn(usize) -> bool,
        pass: impl FnMut(usize, usize, u32),
    ) {
        // A closure has the features of the function it is written in.
        let tile = |people: &BytePeople, panel: &[Four], least: &[f32; MOST_PEOPLE]| {
            vnni_tile(people, panel, least)
        };
        self.sift_with(people, floors, panels, is_open, pass, tile);
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn sift_with(
        &self,
        people: &BytePeople,
        floors: &Floors,
        panels: Range<usize>,
        is_open: impl Fn(usize) -> bool,
        mut pass: impl FnMut(usize, usize, u32),
        tile: impl Fn(&BytePeople, &[Four], &[f32; MOST_PEOPLE]) -> Option<[u32; PEOPLE]>,
    ) {
        for panel in panels {
            if !is_open(panel) {
                continue;
            }
            let least = people.least_sums(floors, self.scales[panel]);
            if let Some(masks) = tile(people, self.fours(panel), &least) {
                for (person, &mask) in masks.iter().enumerate().filter(|(_, mask)| **mask != 0) {
                    pass(panel, person, mask);
                }
            }
        }
    }
}

/// Which sums of a tile reach what is asked, if any does.
fn plain_tile(
    people: &BytePeople,
    panel: &[Four],
    least: &[f32; MOST_PEOPLE],
) -> Option<[u32; PEOPLE]> {
    let mut masks = [0_u32; PEOPLE];
    for (i, mask) in masks.iter_mut().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
        let least = least[i].round_ties_even() as i32 + people.shift[i];
        for ad in 0..PANEL {
            let fours = people.fours.iter().zip(panel);
            let sum: i32 = fours
                .map(|(person, ads)| products(ads[ad / LANES][ad % LANES], person[i]))
                .sum();
            *mask |= u32::from(sum >= least) << ad;
        }
    }
    masks.iter().any(|&mask| mask != 0).then_some(masks)
}

/// Σ of four products of a byte without sign and a byte with.
fn products(ad: i32, person: i32) -> i32 {
    let pairs = ad.to_le_bytes().into_iter().zip(person.to_le_bytes());
    pairs
        .map(|(a, u)| i32::from(a) * i32::from(u.cast_signed()))
        .sum()
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn vnni_tile(
    people: &BytePeople,
    panel: &[Four],
    least: &[f32; MOST_PEOPLE],
) -> Option<[u32; PEOPLE]> {
    use std::arch::x86_64::{
        _mm512_add_epi32, _mm512_cmpge_epi32_mask, _mm512_cvtps_epi32, _mm512_dpbusd_epi32,
        _mm512_set1_epi32, _mm512_setzero_si512,
    };
    let mut low = [_mm512_setzero_si512(); PEOPLE];
    let mut high = [_mm512_setzero_si512(); PEOPLE];
    for (people, [ads_low, ads_high]) in people.fours.iter().zip(panel) {
        let (ads_low, ads_high) = (load(ads_low), load(ads_high));
        for i in 0..PEOPLE {
            let person = _mm512_set1_epi32(people[i]);
            low[i] = _mm512_dpbusd_epi32(low[i], ads_low, person);
            high[i] = _mm512_dpbusd_epi32(high[i], ads_high, person);
        }
    }
    let least = _mm512_cvtps_epi32(load_floats(least));
    let least = words(_mm512_add_epi32(least, load(&people.shift)));
    let mut any = 0;
    for i in 0..PEOPLE {
        let least = _mm512_set1_epi32(least[i]);
        any |= _mm512_cmpge_epi32_mask(low[i], least) | _mm512_cmpge_epi32_mask(high[i], least);
    }
    if any == 0 {
        return None;
    }
    let mask = |i: usize| {
        let least = _mm512_set1_epi32(least[i]);
        let low = u32::from(_mm512_cmpge_epi32_mask(low[i], least));
        low | u32::from(_mm512_cmpge_epi32_mask(high[i], least)) << LANES
    };
    Some(std::array::from_fn(mask))
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn load(lanes: &[i32; LANES]) -> std::arch::x86_64::__m512i {
    #[expect(unsafe_code, reason = "there is no safe load of a register")]
    // SAFETY: sixteen words are the 64 bytes that are read, and they need not be aligned.
    unsafe {
        std::arch::x86_64::_mm512_loadu_si512(lanes.as_ptr().cast())
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn load_floats(lanes: &[f32; LANES]) -> std::arch::x86_64::__m512 {
    #[expect(unsafe_code, reason = "there is no safe load of a register")]
    // SAFETY: sixteen floats are the 64 bytes that are read, and they need not be aligned.
    unsafe {
        std::arch::x86_64::_mm512_loadu_ps(lanes.as_ptr())
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn words(register: std::arch::x86_64::__m512i) -> [i32; LANES] {
    let mut lanes = [0; LANES];
    #[expect(unsafe_code, reason = "there is no safe store of a register")]
    // SAFETY: sixteen words are the 64 bytes that are written, and they need not be aligned.
    unsafe {
        std::arch::x86_64::_mm512_storeu_si512(lanes.as_mut_ptr().cast(), register);
    }
    lanes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        #[cfg(target_arch = "x86_64")]
        fn same_masks_with_instructions_and_without(
            seed in any::<u64>(), n_fours in 1_usize..20, spread in 0_i32..2_000_000,
        ) {
            if !is_quick() {
                return Ok(());
            }
            let mut state = seed;
            let mut draw = || {
                state = crate::hash::mix(state);
                (state >> 32) as u32
            };
            let people = BytePeople {
                fours: (0..n_fours)
                    .map(|_| std::array::from_fn(|_| draw().cast_signed()))
                    .collect(),
                steps: [1.0; MOST_PEOPLE],
                length: [0.0; MOST_PEOPLE],
                error: [0.0; MOST_PEOPLE],
                shift: std::array::from_fn(|_| draw().cast_signed() % 1_000),
            };
            let panel: Vec<Four> = (0..n_fours)
                .map(|_| std::array::from_fn(|_| std::array::from_fn(|_| draw().cast_signed())))
                .collect();
            let least = std::array::from_fn(|_| (draw().cast_signed() % (spread + 1)) as f32 / 2.0);
            #[expect(unsafe_code, reason = "what is tested")]
            // SAFETY: the features were asked for above.
            let quick = unsafe { vnni_tile(&people, &panel, &least) };
            prop_assert_eq!(quick, plain_tile(&people, &panel, &least));
        }
    }
}
