//! From a graph to a model: hide friendships, describe candidates, fit.

use std::sync::Arc;

use rayon::prelude::*;

use super::super::exclusions::Exclusions;
use super::super::params::ValidSuggestParams;
use super::super::person::ForOne as _;
use super::super::rank::Scorer;
use super::super::view::View;
use super::RankerError;
use super::alike::Alike;
use super::extract::{Extractor, communities};
use super::features::{Features, columns};
use super::fit::{self, Fitness, Linear};
use super::hidden::{self, Hidden};
use super::model::{Candidates, FriendModel, FriendTraining, Provenance};
use super::params::{Holdout, ValidRankerParams};
use super::rank::pool_of;
use crate::consent::FriendSuggestions;
use crate::graph::Graph;
use crate::hash::{mix, unit};
use crate::time::Timestamp;

/// One person in so many calibrates the model that the others made.
const CALIBRATES: u64 = 10;
/// Hidden friends among the candidates fitted below which there is no model.
const FRIENDS_MIN: u64 = 20;

/// What is learned from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) view: View<'a>,
    /// Since when every entry of the ties holds, or empty.
    pub(crate) times: &'a [Timestamp],
    /// The id of a node, by which hashes choose.
    pub(crate) id: &'a (dyn Fn(u32) -> u64 + Sync),
    pub(crate) exclusions: &'a Exclusions,
}

/// Trains a ranker on a permitted graph.
///
/// Runs in the caller's rayon pool; the same graph and parameters give the same model for any number of threads.
///
/// # Errors
/// If fewer than 20 hidden friends are among the candidates, or the fit fails.
///
/// # Complexity
/// A round is one pass over the two-paths of the people described and over the ties of their candidates; then the fit,
/// O(rows) a step, 0.8 kB a row.
pub fn train_friends(
    graph: &Graph<FriendSuggestions>,
    exclusions: &Exclusions,
    suggest: &ValidSuggestParams,
    params: &ValidRankerParams,
    provenance: Provenance,
) -> Result<FriendModel, RankerError> {
    let source = Source {
        view: View::of(graph),
        times: graph.tie_times(),
        id: &|node| graph.users()[node as usize].0,
        exclusions,
    };
    train_on(source, suggest, params, provenance)
}

/// As [`train_friends`], on any graph.
pub(crate) fn train_on(
    source: Source<'_>,
    suggest: &ValidSuggestParams,
    params: &ValidRankerParams,
    provenance: Provenance,
) -> Result<FriendModel, RankerError> {
    let mut sets = [Rows::default(), Rows::default()];
    for round in 0..params.rounds() {
        let found = describe(source, suggest, params, u64::from(round));
        for (set, found) in sets.iter_mut().zip(found) {
            set.append(found);
        }
    }
    let [fitted, held_out] = sets;
    if fitted.n_friends() < FRIENDS_MIN || fitted.n_friends() == fitted.is_friend.len() as u64 {
        return Err(RankerError::TooLittle {
            n_rows: fitted.is_friend.len() as u64,
            n_positive: fitted.n_friends(),
        });
    }
    let columns = columns(params.given());
    let linear = fit::fit(&fitted.features, &fitted.is_friend, params.l2(), &columns)?;
    let log_odds = |linear: &Linear| -> Vec<f64> {
        held_out
            .features
            .iter()
            .map(|x| linear.log_odds(x))
            .collect()
    };
    let line = fit::calibrate(&log_odds(&linear), &held_out.is_friend);
    let linear = calibrated(&linear, line);
    let mut training = FriendTraining {
        hidden_by: params.hidden_by(),
        one_in: params.one_in(),
        rounds: params.rounds(),
        fitted: fitted.is_friend.len() as u64,
        fitted_friends: fitted.n_friends(),
        held_out: held_out.is_friend.len() as u64,
        held_out_friends: held_out.n_friends(),
        log_loss: None,
        base_log_loss: None,
        auc: None,
        calibration_error: None,
    };
    training.set_fitness(Fitness::of(&log_odds(&linear), &held_out.is_friend));
    let candidates = Candidates::of(suggest, params.pool());
    Ok(FriendModel::new(
        provenance,
        (params, candidates),
        &linear,
        training,
    ))
}

fn calibrated(linear: &Linear, (slope, intercept): (f64, f64)) -> Linear {
    Linear {
        intercept: slope * linear.intercept + intercept,
        weights: linear.weights.iter().map(|w| slope * w).collect(),
    }
}

/// Candidates as described, and whether each is a friend whose friendship was hidden.
#[derive(Clone, Debug, Default)]
struct Rows {
    features: Vec<Features>,
    is_friend: Vec<bool>,
}

impl Rows {
    fn append(&mut self, mut other: Self) {
        self.features.append(&mut other.features);
        self.is_friend.append(&mut other.is_friend);
    }

    fn n_friends(&self) -> u64 {
        self.is_friend.iter().filter(|&&y| y).count() as u64
    }
}

/// One round: the candidates to fit, and those to calibrate by.
fn describe(
    source: Source<'_>,
    suggest: &ValidSuggestParams,
    params: &ValidRankerParams,
    round: u64,
) -> [Rows; 2] {
    let left = hide(source, params, round);
    let view = left.view().with_direct(suggest.direct());
    let scorer = Scorer::without_spam(view, source.exclusions, suggest);
    let people = people(source, view, params, round);
    let alike = Alike::of(&scorer, params.given());
    if let Some(alike) = &alike {
        alike.settle(&scorer, &people);
    }
    let communities = communities(&scorer, params.given());
    let extractor = Extractor::new(view, left.times()).with(alike, communities);
    let rows: Vec<(bool, Rows)> = people
        .par_iter()
        .map_init(
            || (scorer.scratch(), extractor.workspace(), Vec::new()),
            |(scratch, workspace, pool), &u| {
                let mut rows = Rows::default();
                let alike = extractor.alike().map(Arc::as_ref);
                pool_of(&scorer, alike, scratch, (u, params.pool()), pool);
                let pool: Vec<u32> = pool.iter().map(|s| s.candidate).collect();
                extractor.extract(workspace, u, &pool, pool.len(), &mut rows.features);
                let hidden = left.hidden().row(u);
                let is_friend = |v: &u32| hidden.binary_search(v).is_ok();
                rows.is_friend.extend(pool.iter().map(is_friend));
                (calibrates(source, u), rows)
            },
        )
        .collect();
    let mut sets = [Rows::default(), Rows::default()];
    for (calibrates, found) in rows {
        sets[usize::from(calibrates)].append(found);
    }
    sets
}

fn hide<'a>(source: Source<'a>, params: &ValidRankerParams, round: u64) -> Hidden<'a> {
    let one_in = params.one_in();
    match params.hidden_by() {
        Holdout::Hash => {
            let round = mix(params.seed()).wrapping_add(round);
            let is_hidden = |u, v, _| {
                let (a, b) = ((source.id)(u), (source.id)(v));
                hidden::by_hash(a.min(b), a.max(b), one_in, round)
            };
            Hidden::of(source.view, source.times, &is_hidden)
        }
        Holdout::Time => {
            let first = hidden::newest(source.view, source.times, one_in);
            let is_hidden =
                |_, _, at: Option<Timestamp>| at.zip(first).is_some_and(|(t, f)| t >= f);
            Hidden::of(source.view, source.times, &is_hidden)
        }
    }
}

/// Everybody with a tie, thinned by hash so that their candidates are about as many as wanted at most.
fn people(source: Source<'_>, view: View<'_>, params: &ValidRankerParams, round: u64) -> Vec<u32> {
    let tied = || view.ties.nodes().filter(|&u| view.ties.degree(u) > 0);
    let n_candidates = params.pool() + params.given().n_alike();
    let n_rows_max = tied().count() as f64 * n_candidates as f64 * f64::from(params.rounds());
    let share = params.rows_max() as f64 / n_rows_max.max(1.0);
    let draw = |u: u32| unit(mix(mix(params.seed() ^ (round << 32)) ^ (source.id)(u)));
    tied().filter(|&u| draw(u) < share).collect()
}

fn calibrates(source: Source<'_>, u: u32) -> bool {
    mix(!(source.id)(u)).is_multiple_of(CALIBRATES)
}
