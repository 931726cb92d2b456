//! Log-odds taken apart: what each value adds.

use super::FactorClicks;
use super::fields::{N_PEOPLES, N_PLACES, entries, is_seen, value_entries};
use crate::ads::features::{AdField, AdHashes, Field, UserValue};
use crate::learn::factor::{FieldEntry as Entry, FieldRow};

/// What each value adds: its own weight, and half of what it says together with every other.
#[derive(Clone, Debug)]
pub(in crate::ads) struct Parts {
    /// The base rate that training started from.
    pub(in crate::ads) offset: f64,
    /// Where ads stood on average.
    pub(in crate::ads) place: f64,
    /// The ad's fields.
    pub(in crate::ads) ad: Vec<(AdField, f64)>,
    /// The person's values that may count, by their places among all.
    pub(in crate::ads) person: Vec<(usize, f64)>,
}

impl FactorClicks {
    /// Takes the log-odds of an ad for somebody with these values apart, in `f64`, pair by pair.
    ///
    /// # Complexity
    /// O(n²·k) for n values of both and of places.
    pub(in crate::ads) fn parts(&self, ad: &AdHashes, values: &[UserValue]) -> Parts {
        let bits = self.machine.params().bits();
        let is_allowed =
            |(_, value): &(usize, &UserValue)| ad.may_look_at(value.field) && is_seen(value.field);
        let allowed: Vec<usize> = values
            .iter()
            .enumerate()
            .filter(is_allowed)
            .map(|(at, _)| at)
            .collect();
        let hashed: Vec<_> = allowed.iter().map(|&at| values[at].hashed()).collect();
        let of_person = value_entries(&hashed, ad.is_special(), bits);
        let of_ad = entries(ad.features(), bits);
        let all: Vec<Entry> = of_person.chain(self.place.entries()).chain(of_ad).collect();
        let added = self.added(&all);
        let n_person = allowed.len();
        let n_places = self.place.counts().len();
        // In the order of the entries, which are of every feature but the bias.
        let fields = ad.features().filter_map(|feature| match feature.field {
            Field::Ad(field) => Some(field),
            _ => None,
        });
        let ads = fields.zip(&added[n_person + n_places..]);
        let places = &added[n_person..n_person + n_places];
        Parts {
            offset: self.machine.offset(),
            place: self.place.mean_own() + places.iter().sum::<f64>(),
            ad: ads.map(|(field, &part)| (field, part)).collect(),
            person: allowed.into_iter().zip(added).collect(),
        }
    }

    /// What each entry adds; of places only half of the pairs with others, since what they add by themselves is known.
    fn added(&self, all: &[Entry]) -> Vec<f64> {
        let fields: Vec<u8> = all.iter().map(|entry| entry.field).collect();
        let slots: Vec<u32> = all.iter().map(|entry| entry.slot).collect();
        let values: Vec<f32> = all.iter().map(|entry| entry.value).collect();
        let row = FieldRow {
            fields: &fields,
            slots: &slots,
            values: &values,
        };
        let is_place =
            |i: usize| (N_PEOPLES..N_PEOPLES + N_PLACES).contains(&usize::from(fields[i]));
        let mut added = self.machine.linear_parts(row);
        for i in (0..all.len()).filter(|&i| is_place(i)) {
            added[i] = 0.0;
        }
        for i in 0..all.len() {
            for j in 0..i {
                // Two values that fall into one slot of their field are one entry, which meets nothing.
                let is_one = (fields[i], slots[i]) == (fields[j], slots[j]);
                if is_one || is_place(i) && is_place(j) {
                    continue;
                }
                let half = self.machine.pair(row, i, j) / 2.0;
                added[i] += half;
                added[j] += half;
            }
        }
        added
    }
}
