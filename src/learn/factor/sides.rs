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
//! [`Catalogue`](crate::learn::catalogue::Catalogue).

use super::batch::FieldRow;
use super::model::FactorModel;
use super::params::Interaction;
use super::row::{RowSums, add_scaled};
use super::storage::{LANES, Lanes, Weights, with_chunks};
use super::table::Table;

/// What one side of a pair brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// What meets the other side's vector.
    pub vector: Vec<f32>,
    /// Log-odds it adds whatever the other side is.
    pub own: f64,
}

/// Which of the two sides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Person,
    Ad,
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
        vectors * self.table.shape.n_chunks * LANES
    }

    /// A person's side; all entries are of the first `n_person_fields` fields.
    ///
    /// # Panics
    /// If an entry is not, or lies outside the model.
    #[must_use]
    pub fn person_side(&self, row: FieldRow<'_>, n_person_fields: usize) -> Side {
        let is_person = |&field: &u8| usize::from(field) < n_person_fields;
        assert!(row.fields.iter().all(is_person), "an ad's field");
        self.side(row, n_person_fields, Whose::Person)
    }

    /// An ad's side; no entry is of the first `n_person_fields` fields.
    ///
    /// # Panics
    /// If one is, or lies outside the model.
    #[must_use]
    pub fn ad_side(&self, row: FieldRow<'_>, n_person_fields: usize) -> Side {
        let is_ad = |&field: &u8| usize::from(field) >= n_person_fields;
        assert!(row.fields.iter().all(is_ad), "a person's field");
        let mut side = self.side(row, n_person_fields, Whose::Ad);
        side.own += self.offset;
        side
    }

    fn side(&self, row: FieldRow<'_>, n_person_fields: usize, whose: Whose) -> Side {
        with_chunks!(self.table.shape.n_chunks, |N| {
            self.side_with::<N>(row, n_person_fields, whose)
        })
    }

    fn side_with<const N: usize>(&self, row: FieldRow<'_>, n: usize, whose: Whose) -> Side {
        let Table { lines, singles, .. } = &self.table;
        let mut sums = RowSums::<N>::new(self.kind());
        sums.plan.make(row, self.table.shape);
        sums.gather(lines);
        let own = sums.interaction(lines, singles, self.n_fields);
        let vectors = match self.kind() {
            Interaction::FieldAware => self.aware_side::<N>(row, n, whose),
            Interaction::FieldWeighted => self.weighted_side(&sums, n, whose),
            Interaction::Plain => vec![plain_side(&sums)],
        };
        Side {
            vector: vectors.as_flattened().as_flattened().to_vec(),
            own: own + singles.linear(row),
        }
    }

    /// S(f, g), person's fields f first, for both sides in the same order.
    fn aware_side<const N: usize>(
        &self,
        row: FieldRow<'_>,
        n: usize,
        whose: Whose,
    ) -> Vec<[Lanes; N]> {
        let n_ad_fields = self.n_fields - n;
        let mut vectors = vec![[[0.0; LANES]; N]; n * n_ad_fields];
        let Table { shape, lines, .. } = &self.table;
        for ((&field, &slot), &x) in row.fields.iter().zip(row.slots).zip(row.values) {
            let field = usize::from(field);
            let others = match whose {
                Whose::Person => n..self.n_fields,
                Whose::Ad => 0..n,
            };
            for other in others {
                let (person, ad) = match whose {
                    Whose::Person => (field, other),
                    Whose::Ad => (other, field),
                };
                let sum = &mut vectors[person * n_ad_fields + ad - n];
                let at = shape.at(slot, other);
                let vector = std::array::from_fn(|chunk| lines.weights(at + chunk));
                add_scaled(sum, &vector, x);
            }
        }
        vectors
    }

    /// For each of the ad's fields g: `Σ_f r(f, g)·S(f)` of the person, S(g) of the ad.
    fn weighted_side<const N: usize>(
        &self,
        sums: &RowSums<N>,
        n: usize,
        whose: Whose,
    ) -> Vec<[Lanes; N]> {
        let mut vectors = vec![[[0.0; LANES]; N]; self.n_fields - n];
        for (group, sum) in sums.plan.groups.iter().zip(&sums.sums) {
            if whose == Whose::Ad {
                vectors[group.field - n] = *sum;
                continue;
            }
            for (ad_field, vector) in (n..).zip(&mut vectors) {
                let weight = self
                    .table
                    .singles
                    .pair_weight(self.n_fields, group.field, ad_field);
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
