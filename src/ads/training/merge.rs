//! One model of the models of all shards.
//!
//! Of factorisation machines see `factor/moved.rs`. Of regressions, with `z` and `√n` of the shards s = 1 … S,
//!
//! ```text
//! z = Σ zₛ,   √n = Σ √nₛ / √S
//! ```
//!
//! Each shard was trained with α√S, so that but for β and the penalties `zₛ = −wₛ·√nₛ/(α√S)` and the merged weight
//! `−z·α/√n` is `Σ √nₛ·wₛ / Σ √nₛ`: the mean of the shards' weights, each counting as much as its learning has settled. β, λ₁ and
//! λ₂ draw the merged weight to 0 once, not once a shard. With one shard nothing changes.
//!
//! Means of weights of independently trained models are those of M. Zinkevich et al., "Parallelized Stochastic Gradient Descent",
//! NIPS 2010; that it is `√n` that they count by, and not `n`, was chosen by trying both, which no bench here repeats.

use super::shards::{Course, Learnt};
use crate::ads::AdsError;
use crate::ads::click_model::Predictor;
use crate::ads::factor_clicks::{FactorClicks, N_FIELDS};
use crate::ads::features::ShownAt;
use crate::ads::logistic::Logistic;
use crate::ads::model_kind::ModelKind;
use crate::ads::params::ValidAdsParams;
use crate::learn::LearnError;
use crate::learn::factor::{FactorModel, Moved};
use crate::learn::{Coordinate, FtrlModel, FtrlValidParams};

/// Merges shards in their order, at the base rate of all rows; `shown` says where ads stood, in impressions.
///
/// # Errors
/// If a shard has a slot that the parameters do not, or a weight that is not finite.
pub(super) fn predictor(
    params: &ValidAdsParams,
    rate: f64,
    shards: &[Course],
    shown: &[ShownAt],
) -> Result<Predictor, AdsError> {
    Ok(match params.model() {
        ModelKind::Logistic => {
            let shards: Vec<_> = shards.iter().filter_map(coordinates).collect();
            Predictor::Logistic(Logistic::new(merged(params.ftrl(), rate, &shards)?, shown))
        }
        ModelKind::Factors => {
            let shards: Vec<_> = shards.iter().filter_map(moved).collect();
            let machine = FactorModel::merged(params.factors(), N_FIELDS, rate, &shards)?;
            Predictor::Factors(FactorClicks::new(machine, shown))
        }
    })
}

fn coordinates(shard: &Course) -> Option<&[(u32, Coordinate)]> {
    match &shard.learnt {
        Learnt::Logistic(coordinates) => Some(coordinates),
        Learnt::Factors(_) => None,
    }
}

fn moved(shard: &Course) -> Option<&Moved> {
    match &shard.learnt {
        Learnt::Logistic(_) => None,
        Learnt::Factors(moved) => Some(moved),
    }
}

/// Merges regressions.
///
/// # Complexity
/// O(slots + coordinates of all shards).
///
/// # Errors
/// If a shard has a slot that the parameters do not.
fn merged(
    params: &FtrlValidParams,
    rate: f64,
    shards: &[&[(u32, Coordinate)]],
) -> Result<FtrlModel, LearnError> {
    let mut state = vec![Coordinate::default(); params.n_slots()];
    for &(slot, coordinate) in shards.iter().copied().flatten() {
        let sum = state.get_mut(slot as usize).ok_or(LearnError::Model {
            what: "a slot outside its table",
        })?;
        sum.z += coordinate.z;
        sum.root += coordinate.root;
    }
    let share = (shards.len() as f64).sqrt();
    for coordinate in &mut state {
        coordinate.root /= share;
    }
    FtrlModel::of_state(params, rate, state)
}

#[cfg(test)]
mod tests {
    use linfa::ParamGuard;

    use super::*;
    use crate::learn::FtrlParams;

    fn state(coordinates: &[(u32, f64, f64)]) -> Vec<(u32, Coordinate)> {
        let coordinate = |&(slot, z, root): &(u32, f64, f64)| (slot, Coordinate { z, root });
        coordinates.iter().map(coordinate).collect()
    }

    #[test]
    fn a_merged_weight_is_the_mean_by_root() {
        let params = FtrlParams::default().bits(10).alpha(0.1);
        let params = params.beta(0.0).l1(0.0).l2(0.0).check().unwrap();
        // What a shard trained with α√2 has for weights of 0.5 at √n = 3 and 0.1 at √n = 1.
        let alpha = 0.1 * 2.0_f64.sqrt();
        let shards = [
            state(&[(7, -0.5 * 3.0 / alpha, 3.0)]),
            state(&[(7, -0.1 / alpha, 1.0)]),
        ];
        let model = merged(&params, 0.5, &[&shards[0], &shards[1]]).unwrap();
        assert!((model.weight(7) - 0.4).abs() < 1e-12);
        assert_eq!(model.weight(8), 0.0);
    }

    #[test]
    fn one_shard_stays_as_it_is() {
        let params = FtrlParams::default().bits(10).check().unwrap();
        let model = merged(&params, 0.5, &[&state(&[(7, -3.0, 2.0)])]).unwrap();
        let touched: Vec<_> = model.touched().collect();
        assert_eq!(touched, [(7, Coordinate { z: -3.0, root: 2.0 })]);
    }

    #[test]
    fn deny_slots_outside() {
        let params = FtrlParams::default().bits(10).check().unwrap();
        assert!(merged(&params, 0.5, &[&state(&[(1 << 10, 1.0, 1.0)])]).is_err());
    }
}
