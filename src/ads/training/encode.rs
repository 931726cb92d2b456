//! Rows as training sees them: what their features are made of, and numbers that decide where they go.

use std::sync::Arc;

use rayon::prelude::*;

use super::TrainReport;
use crate::ads::attributes::Attributes;
use crate::ads::features::{Feature, HashedAd, HashedValue, Showing, hashed_values};
use crate::ads::model_kind::ModelKind;
use crate::ads::params::ValidAdsParams;
use crate::ads::profile::{TrainingRow, in_share};
use crate::ads::shared::{Shared, SharedParams};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::{HashMap, mix_two as mix};
use crate::ids::AdId;
use crate::learn::Clicks;

/// Rows whose values are hashed once for all.
const CHUNK: usize = 4_096;

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
#[derive(Clone, Debug)]
pub(super) struct Encoded<'a> {
    pub(super) row: &'a TrainingRow,
    pub(super) ad: &'a HashedAd<'a>,
    pub(super) values: Arc<[HashedValue]>,
    /// What is shared about the person by then.
    pub(super) before: &'a Shared,
    pub(super) showing: Showing<'a>,
    /// From all but the counts.
    split: u64,
}

impl<'a> Encoded<'a> {
    pub(super) fn of(
        row: &'a TrainingRow,
        ad: &'a HashedAd<'a>,
        values: Arc<[HashedValue]>,
        before: &'a Shared,
        looks_at: SharedParams,
    ) -> Self {
        Self {
            showing: Showing::of(row.placement(looks_at), &before.showing, &ad.hashes),
            before,
            split: row.split_hash_of(&values),
            row,
            ad,
            values,
        }
    }

    pub(super) fn features(&self) -> impl Iterator<Item = Feature> {
        let crossed = self
            .all_values()
            .flat_map(|v| self.ad.hashes.features_with(v));
        let showing = self.showing.features();
        self.ad.hashes.features().chain(crossed).chain(showing)
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
        let clock = self.showing.place.clock;
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
        let parts = [self.ad.hashes.own(), self.showing.own];
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

/// The rows that can be used, in the order they came; the others are counted.
pub(super) fn usable<'a>(
    rows: &'a [Permitted<TrainingRow, AdRelevance>],
    before: &'a [Shared],
    ads: &'a HashMap<AdId, HashedAd<'a>>,
    looks_at: SharedParams,
    report: &mut TrainReport,
) -> Vec<Encoded<'a>> {
    let chunks: Vec<_> = rows
        .par_chunks(CHUNK)
        .zip(before.par_chunks(CHUNK))
        .map(|(rows, before)| encoded(rows, before, ads, looks_at))
        .collect();
    let mut usable = Vec::with_capacity(rows.len());
    for chunk in chunks {
        usable.extend(chunk.usable);
        report.unknown_ad += chunk.unknown_ad;
        report.impossible_counts += chunk.impossible_counts;
    }
    usable
}

/// What became of the rows of a chunk.
#[derive(Default)]
struct Chunk<'a> {
    usable: Vec<Encoded<'a>>,
    unknown_ad: u64,
    impossible_counts: u64,
}

fn encoded<'a>(
    rows: &'a [Permitted<TrainingRow, AdRelevance>],
    before: &'a [Shared],
    ads: &'a HashMap<AdId, HashedAd<'a>>,
    looks_at: SharedParams,
) -> Chunk<'a> {
    let mut hashed: HashMap<&Attributes, Arc<[HashedValue]>> = HashMap::default();
    let mut chunk = Chunk {
        usable: Vec::with_capacity(rows.len()),
        ..Chunk::default()
    };
    for (row, before) in rows.iter().map(Permitted::get).zip(before) {
        let Clicks {
            clicks,
            impressions,
        } = row.target;
        match ads.get(&row.ad_id) {
            None => chunk.unknown_ad += 1,
            Some(_) if impressions == 0 || clicks > impressions => chunk.impossible_counts += 1,
            Some(ad) => {
                let values = hashed
                    .entry(&row.attributes)
                    .or_insert_with(|| hashed_values(&row.attributes).into());
                let values = Arc::clone(values);
                let encoded = Encoded::of(row, ad, values, before, looks_at);
                chunk.usable.push(encoded);
            }
        }
    }
    chunk
}
