//! Where ads stood, on average.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fields::{N_FIELDS, N_PEOPLES, N_PLACES, batch, place_entries};
use crate::ads::features::{Showing, ShownAt};
use crate::learn::LearnError;
use crate::learn::factor::{FactorModel, FieldEntry as Entry, Side};

/// Impressions of a surface or a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u8, u32, u64)", into = "(u8, u32, u64)")]
pub(super) struct PlaceCount {
    field: u8,
    slot: u32,
    impressions: u64,
}

impl From<(u8, u32, u64)> for PlaceCount {
    fn from((field, slot, impressions): (u8, u32, u64)) -> Self {
        Self {
            field,
            slot,
            impressions,
        }
    }
}

impl From<PlaceCount> for (u8, u32, u64) {
    fn from(count: PlaceCount) -> Self {
        (count.field, count.slot, count.impressions)
    }
}

/// Surface and position as one row of shares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// By field and slot.
    counts: Vec<PlaceCount>,
    /// Impressions of all places.
    impressions: u64,
    /// What places add by themselves, on average over impressions.
    mean_own: f64,
    side: Side,
}

impl Place {
    pub(super) fn of(machine: &FactorModel, shown: &[ShownAt]) -> Self {
        let mut counts: BTreeMap<(u8, u32), u64> = BTreeMap::new();
        let (mut impressions, mut own) = (0, 0.0);
        for at in shown {
            let entries = place_entries(at.showing(), machine.params().bits());
            for Entry { field, slot, .. } in entries {
                *counts.entry((field, slot)).or_default() += at.impressions;
            }
            impressions += at.impressions;
            own += at.impressions as f64 * own_of_place(machine, at.showing());
        }
        let count = |((field, slot), impressions)| PlaceCount {
            field,
            slot,
            impressions,
        };
        let counts = counts.into_iter().map(count);
        let mean_own = if impressions > 0 {
            own / impressions as f64
        } else {
            0.0
        };
        Self::new(machine, counts.collect(), impressions, mean_own)
    }

    fn new(
        machine: &FactorModel,
        counts: Vec<PlaceCount>,
        impressions: u64,
        mean_own: f64,
    ) -> Self {
        let entries: Vec<Entry> = shares(&counts, impressions).collect();
        let rows = batch(machine, &[entries]);
        Self {
            counts,
            impressions,
            mean_own,
            side: machine.person_side(rows.row(0), N_PEOPLES + N_PLACES),
        }
    }

    /// A place as it was written.
    ///
    /// # Errors
    /// If the machine has other fields, a count is of no place or more than all, or the mean is not finite.
    pub(super) fn read(
        machine: &FactorModel,
        counts: Vec<PlaceCount>,
        impressions: u64,
        mean_own: f64,
    ) -> Result<Self, LearnError> {
        let is_place = |count: &PlaceCount| {
            (N_PEOPLES..N_PEOPLES + N_PLACES).contains(&usize::from(count.field))
                && (count.slot as usize) < machine.params().n_slots()
                && count.impressions <= impressions
        };
        let what = if machine.n_fields() != N_FIELDS {
            "other fields than those of clicks"
        } else if !counts.iter().all(is_place) {
            "impressions at no place"
        } else if !mean_own.is_finite() {
            "a number that is not finite"
        } else {
            return Ok(Self::new(machine, counts, impressions, mean_own));
        };
        Err(LearnError::Model { what })
    }

    /// Its entries: shares of the impressions.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        shares(&self.counts, self.impressions)
    }

    pub(super) fn counts(&self) -> &[PlaceCount] {
        &self.counts
    }

    pub(super) const fn impressions(&self) -> u64 {
        self.impressions
    }

    pub(super) const fn mean_own(&self) -> f64 {
        self.mean_own
    }

    /// Its side, without anybody's values.
    pub(super) const fn side(&self) -> &Side {
        &self.side
    }
}

fn shares(counts: &[PlaceCount], impressions: u64) -> impl Iterator<Item = Entry> + '_ {
    #[expect(clippy::cast_possible_truncation, reason = "values of entries are f32")]
    let share = move |count: &PlaceCount| {
        let share = (count.impressions as f64 / impressions.max(1) as f64) as f32;
        Entry::new(count.field, count.slot, share)
    };
    counts.iter().map(share)
}

/// What a place adds by itself.
fn own_of_place(machine: &FactorModel, showing: Showing<'_>) -> f64 {
    let entries = place_entries(showing, machine.params().bits());
    let rows = batch(machine, &[entries.collect()]);
    machine.person_side(rows.row(0), N_PEOPLES + N_PLACES).own
}
