//! A model as one inner product: a vector for the person, a vector for the ad.
//!
//! Of all pairs of fields only those between the two sides depend on both. They are one inner product, and what is left is a
//! number of each side's own:
//!
//! ```text
//! logit(person, ad) = own(person) + own(ad) + ⟨vector(person), vector(ad)⟩
//! ```
//!
//! with the offset counted among the ad's own. For people of U fields and ads of A fields a vector has U·A·k coordinates
//! where fields are aware, A·k where they are weighted, and k where vectors are plain; these meet a catalogue's
//! [`Catalogue`](crate::ads::catalogue::Catalogue).

use super::batch::FieldRow;
use super::learn::linear;
use super::model::FactorModel;
use super::params::Interaction;
use super::row::{RowSums, add_scaled, pair_weight};
use super::table::{LANES, Lanes};

/// What one side of a pair brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// What meets the other side's vector.
    pub vector: Vec<f32>,
    /// Log-odds it adds whatever the other side is.
    pub own: f64,
}

impl FactorModel {
    /// Coordinates of a side's vector if the first `n_person_fields` fields are people's and the others ads'.
    #[must_use]
    pub fn side_width(&self, n_person_fields: usize) -> usize {
        let n_ad_fields = self.n_fields - n_person_fields;
        let vectors = match self.kind() {
            Interaction::FieldAware => n_person_fields * n_ad_fields,
            Interaction::FieldWeighted => n_ad_fields,
            Interaction::Plain => 1,
        };
        vectors * self.table.n_chunks * LANES
    }

    /// A person's side; all entries are of the first `n_person_fields` fields.
    ///
    /// # Panics
    /// If an entry is not, or lies outside the model.
    #[must_use]
    pub fn person_side(&self, row: FieldRow<'_>, n_person_fields: usize) -> Side {
        let is_person = |&field: &u8| usize::from(field) < n_person_fields;
        assert!(row.fields.iter().all(is_person), "an ad's field");
        self.side(row, n_person_fields, true)
    }

    /// An ad's side; no entry is of the first `n_person_fields` fields.
    ///
    /// # Panics
    /// If one is, or lies outside the model.
    #[must_use]
    pub fn ad_side(&self, row: FieldRow<'_>, n_person_fields: usize) -> Side {
        let is_ad = |&field: &u8| usize::from(field) >= n_person_fields;
        assert!(row.fields.iter().all(is_ad), "a person's field");
        let mut side = self.side(row, n_person_fields, false);
        side.own += self.offset;
        side
    }

    fn side(&self, row: FieldRow<'_>, n_person_fields: usize, is_person: bool) -> Side {
        match self.table.n_chunks {
            1 => self.side_with::<1>(row, n_person_fields, is_person),
            2 => self.side_with::<2>(row, n_person_fields, is_person),
            4 => self.side_with::<4>(row, n_person_fields, is_person),
            _ => self.side_with::<8>(row, n_person_fields, is_person),
        }
    }

    fn side_with<const N: usize>(&self, row: FieldRow<'_>, n: usize, is_person: bool) -> Side {
        let mut sums = RowSums::<N>::default();
        sums.group(row);
        sums.gather(&self.table, self.kind(), row);
        let own = sums.interaction(&self.table, self.kind(), self.n_fields, row);
        let vectors = match self.kind() {
            Interaction::FieldAware => self.aware_side::<N>(row, n, is_person),
            Interaction::FieldWeighted => self.weighted_side(&sums, n, is_person),
            Interaction::Plain => vec![plain_side(&sums)],
        };
        Side {
            vector: vectors.as_flattened().as_flattened().to_vec(),
            own: own + linear(&self.table, row),
        }
    }

    /// S(f, g), person's fields f first, for both sides in the same order.
    fn aware_side<const N: usize>(
        &self,
        row: FieldRow<'_>,
        n: usize,
        is_person: bool,
    ) -> Vec<[Lanes; N]> {
        let n_ad_fields = self.n_fields - n;
        let mut vectors = vec![[[0.0; LANES]; N]; n * n_ad_fields];
        for ((&field, &slot), &x) in row.fields.iter().zip(row.slots).zip(row.values) {
            let field = usize::from(field);
            let others = if is_person { n..self.n_fields } else { 0..n };
            for other in others {
                let (person, ad) = if is_person {
                    (field, other)
                } else {
                    (other, field)
                };
                let sum = &mut vectors[person * n_ad_fields + ad - n];
                let at = self.table.at(slot, other);
                for (sum, line) in sum.iter_mut().zip(&self.table.lines[at..at + N]) {
                    for (sum, weight) in sum.iter_mut().zip(&line.weights) {
                        *sum += x * weight;
                    }
                }
            }
        }
        vectors
    }

    /// For each of the ad's fields g: `Σ_f r(f, g)·S(f)` of the person, S(g) of the ad.
    fn weighted_side<const N: usize>(
        &self,
        sums: &RowSums<N>,
        n: usize,
        is_person: bool,
    ) -> Vec<[Lanes; N]> {
        let mut vectors = vec![[[0.0; LANES]; N]; self.n_fields - n];
        for (group, sum) in sums.groups.iter().zip(&sums.sums) {
            if !is_person {
                vectors[group.field - n] = *sum;
                continue;
            }
            for (ad_field, vector) in (n..).zip(&mut vectors) {
                let weight = pair_weight(&self.table, self.n_fields, group.field, ad_field);
                add_scaled(vector, sum, weight);
            }
        }
        vectors
    }
}

fn plain_side<const N: usize>(sums: &RowSums<N>) -> [Lanes; N] {
    let mut vector = [[0.0; LANES]; N];
    for sum in &sums.sums {
        add_scaled(&mut vector, sum, 1.0);
    }
    vector
}
