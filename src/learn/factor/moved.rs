//! What rows have moved in a model, and one model of several that were trained apart.
//!
//! All shards begin from the same weights, which are a hash of seed and place, so a vector's coordinates mean about the same in
//! each and can be averaged. With weights wₛ and sums of squared gradients Gₛ of the shards s = 1 … S that moved a weight,
//!
//! ```text
//! w = Σ √Gₛ·wₛ / Σ √Gₛ,   √G = Σ √Gₛ / √S
//! ```
//!
//! the mean of the shards' weights, each counting as much as its learning has settled, as for the logistic model. A weight that
//! one shard alone has moved is as it is there. With one shard nothing changes. Where weights have 16 bits, means are rounded to the
//! nearest.

use super::half::GREATEST;
use super::model::FactorModel;
use super::params::FactorValidParams;
use super::storage::LANES;
use super::table::{Single, Singles};
use crate::learn::LearnError;

/// A weight that rows have moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MovedWeight {
    /// Where in its table.
    pub(crate) place: u32,
    pub(crate) weight: f32,
    /// What its squared gradients add up to.
    pub(crate) square: f32,
}

/// What rows have moved: coordinates of vectors, linear weights and weights of pairs of fields, each by place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moved(pub(crate) [Vec<MovedWeight>; 3]);

const VECTORS: usize = 0;
const LINEAR: usize = 1;
const PAIRS: usize = 2;

impl FactorModel {
    /// What rows have moved.
    pub(crate) fn moved(&self) -> Moved {
        let coordinates = self.table.lines().flat_map(|line| {
            let lane = move |lane: usize| Single {
                weight: line.weights[lane],
                square: line.squares[lane],
            };
            (0..LANES).map(lane)
        });
        let Singles { linear, pairs } = &self.table.singles;
        let mut moved = Moved::default();
        moved.0[VECTORS] = moved_among(coordinates);
        moved.0[LINEAR] = moved_among(linear.iter().copied());
        moved.0[PAIRS] = moved_among(pairs.iter().copied());
        moved
    }

    /// One model of several trained apart, merged in their order, at the base rate of all rows.
    ///
    /// # Complexity
    /// O(n log n) for n weights moved in all shards; 12 bytes for each of them besides the table.
    ///
    /// # Errors
    /// If a weight lies outside the table or is not finite, or as [`at_rate`](Self::at_rate).
    pub(crate) fn merged(
        params: &FactorValidParams,
        n_fields: usize,
        rate: f64,
        shards: &[&Moved],
    ) -> Result<Self, LearnError> {
        let mut model = Self::at_rate(params, n_fields, rate)?;
        let table = &mut model.table;
        let merged = |kind: usize, n: usize| mean(n, shards, kind);
        for (place, single) in merged(VECTORS, table.n_lines() * LANES)? {
            let mut line = table.lines.get(place / LANES);
            line.weights[place % LANES] = single.weight;
            line.squares[place % LANES] = single.square;
            table.lines.set(place / LANES, line);
        }
        let Singles { linear, pairs } = &mut table.singles;
        for (place, single) in merged(LINEAR, linear.len())? {
            linear[place] = single;
        }
        for (place, single) in merged(PAIRS, pairs.len())? {
            pairs[place] = single;
        }
        Ok(model)
    }
}

fn moved_among(all: impl Iterator<Item = Single>) -> Vec<MovedWeight> {
    let is_moved = |(_, single): &(u32, Single)| *single != Single::default();
    let moved = (0..).zip(all).filter(is_moved);
    moved
        .map(|(place, Single { weight, square })| MovedWeight {
            place,
            weight,
            square,
        })
        .collect()
}

/// The merged weights of one table of n, by place.
fn mean(n: usize, shards: &[&Moved], kind: usize) -> Result<Vec<(usize, Single)>, LearnError> {
    let mut all: Vec<MovedWeight> = Vec::new();
    for shard in shards {
        all.extend_from_slice(&shard.0[kind]);
    }
    // Stable: those of a place stay in the order of the shards.
    all.sort_by_key(|moved| moved.place);
    if all.last().is_some_and(|last| last.place as usize >= n) {
        return Err(LearnError::Model {
            what: "a place outside its table",
        });
    }
    let by_place = all.chunk_by(|a, b| a.place == b.place);
    by_place
        .map(|moved| {
            let single = mean_of(moved, shards.len());
            // Where 16 bits end training has failed, whatever was stored.
            let is_finite = single.weight.abs() < GREATEST && single.square < GREATEST;
            let found = (moved[0].place as usize, single);
            is_finite.then_some(found).ok_or(LearnError::Model {
                what: "a number that is not finite: a smaller eta may help",
            })
        })
        .collect()
}

/// What the shards that moved a weight make of it together.
#[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
fn mean_of(moved: &[MovedWeight], n_shards: usize) -> Single {
    if n_shards == 1 {
        return Single {
            weight: moved[0].weight,
            square: moved[0].square,
        };
    }
    let (mut roots, mut weighted, mut weights) = (0.0, 0.0, 0.0);
    // In the order of the shards: sums of floats depend on it.
    for one in moved {
        let (root, weight) = (f64::from(one.square).sqrt(), f64::from(one.weight));
        roots += root;
        weighted += root * weight;
        weights += weight;
    }
    // Without any gradient every shard has the weight it began with.
    let mean = if roots > 0.0 {
        weighted / roots
    } else {
        weights / moved.len() as f64
    };
    Single {
        weight: mean as f32,
        square: (roots * roots / n_shards as f64) as f32,
    }
}

#[cfg(test)]
mod tests {
    use linfa::ParamGuard;

    use super::super::params::WeightBits;
    use super::*;
    use crate::learn::factor::{FactorParams, Interaction};

    fn params() -> FactorValidParams {
        let params = FactorParams::default().bits(10).k(3);
        let params = params.interaction(Interaction::FieldWeighted);
        params.check().unwrap()
    }

    fn moved(kind: usize, weights: &[(u32, f32, f32)]) -> Moved {
        let mut moved = Moved::default();
        let one = |&(place, weight, square): &(u32, f32, f32)| MovedWeight {
            place,
            weight,
            square,
        };
        moved.0[kind] = weights.iter().map(one).collect();
        moved
    }

    #[test]
    fn a_merged_weight_is_the_mean_by_root() {
        for kind in [VECTORS, LINEAR, PAIRS] {
            // √G of 3 and 1 for weights of 0.5 and 0.1; a shard that has not moved it has no say.
            let shards = [
                moved(kind, &[(2, 0.5, 9.0)]),
                moved(kind, &[(2, 0.1, 1.0), (3, 0.7, 4.0)]),
                moved(kind, &[]),
                moved(kind, &[]),
            ];
            let shards: Vec<&Moved> = shards.iter().collect();
            let merged = FactorModel::merged(&params(), 2, 0.1, &shards).unwrap();
            let [one, other] = merged.moved().0[kind][..] else {
                panic!("two weights");
            };
            assert!((one.weight - 0.4).abs() < 1e-7, "{one:?}");
            assert!((one.square - 4.0).abs() < 1e-6, "(3 + 1)² / 4: {one:?}");
            assert!((other.weight - 0.7).abs() < 1e-7, "{other:?}");
        }
    }

    #[test]
    fn one_shard_stays_as_it_is() {
        let one = moved(VECTORS, &[(5, 0.3, 0.1), (6, 0.0, 0.2), (8, -0.1, 0.0)]);
        let merged = FactorModel::merged(&params(), 2, 0.1, &[&one]).unwrap();
        assert_eq!(merged.moved(), one);
    }

    #[test]
    fn means_of_16_bits_are_the_nearest() {
        let sixteen = params().to_unchecked().weight_bits(WeightBits::Sixteen);
        let sixteen = sixteen.check().unwrap();
        let exact = moved(VECTORS, &[(5, 0.5, 1.0)]);
        let one = FactorModel::merged(&sixteen, 2, 0.1, &[&exact]).unwrap();
        assert_eq!(one.moved(), exact);
        let other = moved(VECTORS, &[(5, 0.503_906_25, 1.0)]);
        let merged = FactorModel::merged(&sixteen, 2, 0.1, &[&exact, &other]).unwrap();
        // Halfway between two numbers: the even one.
        assert_eq!(merged.moved().0[VECTORS][0].weight, 0.5);
    }

    #[test]
    fn deny_places_outside_and_numbers_that_are_not_finite() {
        let bad = [
            (VECTORS, (8 << 10, 0.1, 1.0)),
            (LINEAR, (1 << 10, 0.1, 1.0)),
            (PAIRS, (4, 0.1, 1.0)),
            (LINEAR, (0, f32::NAN, 1.0)),
            (LINEAR, (0, 0.1, f32::INFINITY)),
        ];
        for (kind, weight) in bad {
            let shard = moved(kind, &[weight]);
            let merged = FactorModel::merged(&params(), 2, 0.1, &[&shard]);
            assert!(merged.is_err(), "{kind} {weight:?}");
        }
    }
}
