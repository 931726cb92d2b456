//! Rows as training sees them: what their features are made of, and numbers that decide where they go.

use std::sync::Arc;

use rayon::prelude::*;

use super::TrainReport;
use crate::ads::features::{Feature, HashedAd, HashedValue, Placement, Showing, hashed_values};
use crate::ads::model_kind::ModelKind;
use crate::ads::params::ValidAdsParams;
use crate::ads::profile::{TrainingRow, in_share};
use crate::ads::shared::{Shared, SharedParams};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::{HashMap, mix_two as mix};
use crate::ids::AdId;
use crate::learn::Clicks;
use crate::signals::Attributes;

/// Keeps the sample of rows without clicks independent of other splits by the same hash.
const SAMPLE_SALT: u64 = 0x5A3B;

/// Salt of the calibration split, so that it is independent of an evaluation's.
const CALIBRATION_SALT: u64 = 0xCA11;

/// Salt of the choice of people who say when to stop, so that it is independent of their shard.
const STOPPING_SALT: u64 = 0x5709;

/// What training does with a row that is not held out for calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Taught,
    /// It says when to stop.
    Stops,
    NotSampled,
}

/// A row with the hashes of its ad and of its values.
#[derive(Debug)]
pub(super) struct Encoded<'a> {
    pub(super) row: &'a TrainingRow,
    pub(super) ad: &'a HashedAd<'a>,
    values: &'a [HashedValue],
    /// What is shared about the person by then.
    before: &'a Shared,
    place: Placement,
    /// From all but the counts.
    split: u64,
}

impl<'a> Encoded<'a> {
    pub(super) fn of(
        row: &'a TrainingRow,
        ad: &'a HashedAd<'a>,
        values: &'a [HashedValue],
        before: &'a Shared,
        looks_at: SharedParams,
    ) -> Self {
        Self {
            place: row.placement(looks_at),
            before,
            split: row.split_hash_of(values),
            row,
            ad,
            values,
        }
    }

    pub(super) fn features(&self) -> impl Iterator<Item = Feature> {
        let crossed = self
            .all_values()
            .flat_map(|v| self.ad.hashes.features_with(v));
        let showing = self.showing().features();
        self.ad.hashes.features().chain(crossed).chain(showing)
    }

    /// Where, when and how the ad stood.
    pub(super) fn showing(&self) -> Showing<'a> {
        Showing::of(self.place, &self.before.showing, &self.ad.hashes)
    }

    /// What is known of the person, of their profile first.
    pub(super) fn all_values(&self) -> impl Iterator<Item = HashedValue> {
        self.values.iter().copied().chain(self.before.hashed())
    }

    /// A person's rows stay together; a row about nobody goes by what it says.
    pub(super) fn shard_key(&self) -> u64 {
        self.row.user.map_or(self.split, |user| mix(2, user.0))
    }

    /// Its place among the rows of a shard, a hash of what it says.
    pub(super) fn order(&self) -> u64 {
        let counts =
            u64::from(self.row.target.impressions) << 32 | u64::from(self.row.target.clicks);
        let shown = mix(self.row.surface as u64, counts);
        mix(self.split, shown)
    }

    /// Which of so many parts it is in when rows are held out for calibration. What is in the first of 20 is in the first of 10
    /// and of 5.
    pub(super) fn calibration_part(&self, n_parts: u64) -> u64 {
        mix(CALIBRATION_SALT, self.split) % n_parts
    }

    /// As [`TrainingRow::is_in_share`], of the hash it has already.
    pub(super) fn is_in_share(&self, salt: u64, share: f64) -> bool {
        in_share(salt, self.split, share)
    }

    /// Does it say when to stop a factor model, rather than train it? One person in so many does, with all their rows.
    pub(super) fn is_for_stopping(&self, one_in: u32) -> bool {
        one_in > 0 && mix(STOPPING_SALT, self.shard_key()).is_multiple_of(u64::from(one_in))
    }

    /// What training does with it.
    pub(super) fn role(&self, params: &ValidAdsParams) -> Role {
        let stops = params.model() == ModelKind::Factors;
        if stops && self.is_for_stopping(params.early_stopping()) {
            Role::Stops
        } else if self.sampled(params.negative_share()).is_some() {
            Role::Taught
        } else {
            Role::NotSampled
        }
    }

    /// The weight it is trained with, none if it is left out: a row without clicks stays with probability `share`, and then
    /// stands for those that did not.
    pub(super) fn sampled(&self, share: f64) -> Option<f32> {
        if self.row.target.clicks > 0 || share >= 1.0 {
            return Some(1.0);
        }
        #[expect(clippy::cast_possible_truncation, reason = "weights are stored so")]
        let weight = (1.0 / share) as f32;
        self.is_in_share(SAMPLE_SALT, share).then_some(weight)
    }

    /// All that training makes of it, as bytes.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let Clicks {
            clicks,
            impressions,
        } = self.row.target;
        let position = self.row.position.map_or(0, |p| u64::from(p) + 1);
        let clock = self.place.clock;
        let clock = clock.map_or(0, |c| 1 + u64::from(c.hour) + 24 * u64::from(c.weekday));
        let head = [
            u64::from(clicks),
            u64::from(impressions),
            self.row.surface as u64,
            position,
            clock,
            self.all_values().count() as u64,
        ];
        let values = self.all_values().flat_map(|v| [v.field as u64, v.hash]);
        let words = head.into_iter().chain(self.ad.hashes.words()).chain(values);
        for word in words.chain(self.own_words()) {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }
}

impl Encoded<'_> {
    /// What own columns say of ad and showing; a first word that begins no row tells them from the next one.
    fn own_words(&self) -> impl Iterator<Item = u64> {
        let parts = [self.ad.hashes.own(), self.showing().own];
        let is_any = parts.iter().any(|part| !part.is_empty());
        let words = parts.into_iter().flat_map(|part| {
            let n = std::iter::once(part.len() as u64);
            n.chain(part.iter().copied())
        });
        std::iter::once(u64::MAX)
            .chain(words)
            .filter(move |_| is_any)
    }
}

/// What rows say of people, hashed: once for all rows that hold the same copy.
#[derive(Debug)]
pub(super) struct HashedRows {
    values: Vec<Vec<HashedValue>>,
    /// Of each row.
    places: Vec<u32>,
}

impl HashedRows {
    /// # Complexity
    /// O(rows), and a hash of each value of each copy, on every core.
    ///
    /// # Panics
    /// Of 2³² rows or more.
    pub(super) fn of(rows: &[Permitted<TrainingRow, AdRelevance>]) -> Self {
        let mut copies: Vec<&Attributes> = Vec::new();
        let mut known: HashMap<*const Attributes, u32> = HashMap::default();
        let places = rows.iter().map(|row| {
            let attributes = &row.get().attributes;
            *known.entry(Arc::as_ptr(attributes)).or_insert_with(|| {
                copies.push(attributes);
                u32::try_from(copies.len() - 1).expect("fewer than 2³² rows")
            })
        });
        let places = places.collect();
        let values = copies.into_par_iter().map(hashed_values).collect();
        Self { values, places }
    }

    fn of_row(&self, at: usize) -> &[HashedValue] {
        &self.values[self.places[at] as usize]
    }
}

/// What the rows of a training are made of.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) rows: &'a [Permitted<TrainingRow, AdRelevance>],
    pub(super) hashed: &'a HashedRows,
    /// What is shared about the person of each row by then.
    pub(super) before: &'a [Shared],
    pub(super) ads: &'a HashMap<AdId, HashedAd<'a>>,
    pub(super) looks_at: SharedParams,
}

impl<'a> Sources<'a> {
    /// The rows that can be used, in the order they came; the others are counted.
    pub(super) fn usable(self, report: &mut TrainReport) -> Vec<Encoded<'a>> {
        let rows = self.rows.par_iter().enumerate();
        let read: Vec<Result<Encoded<'a>, Unusable>> =
            rows.map(|(at, row)| self.encoded(at, row.get())).collect();
        let mut usable = Vec::with_capacity(read.len());
        for row in read {
            match row {
                Ok(row) => usable.push(row),
                Err(Unusable::UnknownAd) => report.unknown_ad += 1,
                Err(Unusable::ImpossibleCounts) => report.impossible_counts += 1,
            }
        }
        usable
    }

    fn encoded(self, at: usize, row: &'a TrainingRow) -> Result<Encoded<'a>, Unusable> {
        let ad = self.ads.get(&row.ad_id).ok_or(Unusable::UnknownAd)?;
        let Clicks {
            clicks,
            impressions,
        } = row.target;
        if impressions == 0 || clicks > impressions {
            return Err(Unusable::ImpossibleCounts);
        }
        let values = self.hashed.of_row(at);
        Ok(Encoded::of(
            row,
            ad,
            values,
            &self.before[at],
            self.looks_at,
        ))
    }
}

/// Why a row cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unusable {
    UnknownAd,
    ImpossibleCounts,
}
