//! How good predictions are, on what is held out.

use std::path::PathBuf;

use acquaint::abuse::Outcome;
use acquaint::engine::{AbuseCase, EngineError, GivenModels, Prepared};
use acquaint::eval::{
    AbuseLabel, AdsEvaluationOptions, AdsSplit, EdgeRow, Judged, RankingParams, SplitBy,
    SuggestionRules, Threshold, TimedEdge, evaluate_abuse as abuse, evaluate_ads_with,
    evaluate_ranking, read_labels, simple_edges,
};
use acquaint::signals::AdTruth;
use acquaint::suggest::{Holdout, RankerParams};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::{Asked, Asking, config};
use crate::edges::edges;
use crate::errors::{AcquaintError, failed, of_config, of_engine, of_params};
use crate::json::to_python;
use crate::progress::Told;

/// How good every way to suggest friends is, on hidden friendships.
#[pyfunction]
#[pyo3(signature = (friendships, *, contacts=None, config=None, split="random", seeds=1, k=None, learn=false, near=false, progress=None))]
#[expect(clippy::too_many_arguments, reason = "Python passes them by name")]
pub(crate) fn evaluate_friends<'py>(
    py: Python<'py>,
    friendships: &Bound<'py, PyAny>,
    contacts: Option<&Bound<'py, PyAny>>,
    config: Option<&Bound<'py, PyAny>>,
    split: &str,
    seeds: u32,
    k: Option<usize>,
    learn: bool,
    near: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let split = split_by(split)?;
    let given = config.is_some();
    let params = self::config(config)?;
    let ranker = learn
        .then(|| ranker(params.ranker.clone(), split))
        .transpose()?;
    let suggest = params.suggest.check().map_err(|error| of_params(&error))?;
    let published = SuggestionRules::default();
    let rules = SuggestionRules {
        min_intermediaries: if given {
            suggest.min_intermediaries()
        } else {
            published.min_intermediaries
        },
        direct: if given {
            suggest.direct()
        } else {
            published.direct
        },
        practice_from: suggest.practice_from(),
    };
    let params = RankingParams {
        split,
        k: k.unwrap_or(if given { suggest.k() } else { 10 }),
        seeds,
        ranker,
        near: near || (learn && given && suggest.near()),
        rules,
    };
    let (friendships, contacts) = known(py, friendships, contacts, progress)?;
    refuse_without_times(split, &friendships)?;
    let found = py.detach(|| evaluate_ranking(&friendships, &contacts, &params));
    to_python(py, &found.map_err(|error| failed(&error))?)
}

type Known = (Vec<TimedEdge>, Vec<(u64, u64)>);

/// Friendships of an edge list, or those of tables that pass the gate; and who saved whose number.
fn known(
    py: Python<'_>,
    given: &Bound<'_, PyAny>,
    contacts: Option<&Bound<'_, PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Known> {
    if let Ok(asking) = given.extract::<Asking<'_>>() {
        let prepared = prepared(py, &Asked::read(&asking)?, progress)?;
        let edge = |(lo, hi)| TimedEdge { lo, hi, at: None };
        let edges = prepared.friendships().into_iter().map(edge);
        return Ok((edges.collect(), Vec::new()));
    }
    let friendships = simple_edges(&edges(given)?);
    let contacts = contacts.map(edges).transpose()?.unwrap_or_default();
    let pair = |row: EdgeRow| (row.src, row.dst);
    let mut contacts: Vec<(u64, u64)> = contacts.into_iter().map(pair).collect();
    contacts.retain(|(from, to)| from != to);
    contacts.sort_unstable();
    contacts.dedup();
    Ok((friendships, contacts))
}

fn split_by(name: &str) -> PyResult<SplitBy> {
    match name {
        "random" => Ok(SplitBy::Random),
        "time" => Ok(SplitBy::Time),
        other => Err(PyValueError::new_err(format!(
            "{other:?} is no split: random or time"
        ))),
    }
}

fn ranker(
    given: Option<RankerParams>,
    split: SplitBy,
) -> PyResult<acquaint::suggest::ValidRankerParams> {
    let by = match split {
        SplitBy::Random => Holdout::Hash,
        SplitBy::Time => Holdout::Time,
    };
    let params = given.unwrap_or_default().hidden_by(by).check();
    params.map_err(|error| of_params(&error))
}

/// Hiding the newest friendships means nothing where no friendship has a time, or all have the same.
pub(crate) fn refuse_without_times(split: SplitBy, edges: &[TimedEdge]) -> PyResult<()> {
    let mut times = edges.iter().map(|edge| edge.at);
    let first = times.next().flatten();
    if split == SplitBy::Random || edges.len() < 2 || times.any(|at| at != first) {
        return Ok(());
    }
    Err(PyValueError::new_err(
        "no friendship is newer than another: give their times as a third column, or hide friendships at random",
    ))
}

/// How good the click model is, on hidden impressions.
#[pyfunction]
#[pyo3(signature = (asking, *, split="rows", seed=0, seeds=1, k=10, every_fold=false, curves=false, progress=None))]
#[expect(clippy::too_many_arguments, reason = "Python passes them by name")]
pub(crate) fn evaluate_ads<'py>(
    py: Python<'py>,
    asking: Asking<'py>,
    split: &str,
    seed: u64,
    seeds: u32,
    k: u32,
    every_fold: bool,
    curves: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let split = match split {
        "rows" => AdsSplit::Rows,
        "time" => AdsSplit::Time,
        "person" => AdsSplit::Person,
        "ad" => AdsSplit::Ad,
        other => {
            return Err(PyValueError::new_err(format!(
                "{other:?} is no split: rows, time, person or ad"
            )));
        }
    };
    let asked = Asked::read(&asking)?;
    let prepared = prepared(py, &asked, progress)?;
    let truth = asked.params.read_table::<AdTruth>(asked.signals.dir());
    let truth = truth
        .map_err(|error| crate::errors::of_signals(&error))?
        .records;
    let rows = prepared.training_rows();
    if let Some(why) = split.refusal(&rows, every_fold, seeds) {
        return Err(PyValueError::new_err(why));
    }
    let options = AdsEvaluationOptions {
        split,
        seed,
        seeds,
        k,
        every_fold,
        curves,
        truth: &truth,
        facts: prepared.ad_facts(),
    };
    let (ads, params) = (prepared.ads(), asked.params.ads());
    let found = py.detach(|| evaluate_ads_with(&rows, ads, params, &options));
    let found = found.map_err(|error| failed(&error))?;
    if found.n_rows == 0 || found.n_test_rows + found.test_rows_left_out == 0 {
        let why = "no impression of anybody who permits ad relevance is held out";
        return Err(AcquaintError::new_err(why));
    }
    to_python(py, &found)
}

/// How good spam scores are, on labelled accounts.
#[pyfunction]
#[pyo3(signature = (asking, labels, *, progress=None))]
pub(crate) fn evaluate_abuse<'py>(
    py: Python<'py>,
    asking: Asking<'py>,
    labels: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let asked = Asked::read(&asking)?;
    let labels: Vec<AbuseLabel> = read_labels(&labels).map_err(|error| of_config(&error))?;
    let source = asked.ledger.source();
    let request = asked.request(source.as_ref());
    let told = Told::new(progress);
    let found = py.detach(|| {
        let case = AbuseCase::open(&request, &told)?;
        let judged = case.scores();
        let judged = judged.iter().map(|one| Judged {
            account: one.account,
            score: one.score,
            outcome: case.outcome(one),
        });
        let judged: Vec<Judged> = judged.collect();
        let at = case.thresholds();
        let thresholds: [Threshold; 3] = [
            (Outcome::Demote, at.demote),
            (Outcome::Limit, at.limit),
            (Outcome::Quarantine, at.quarantine),
        ];
        Ok::<_, EngineError>(abuse(&judged, &labels, &thresholds))
    });
    to_python(py, &found.map_err(|error| of_engine(&error))?)
}

/// Everything that may be used, as a run prepares it.
pub(crate) fn prepared(
    py: Python<'_>,
    asked: &Asked,
    progress: Option<Py<PyAny>>,
) -> PyResult<Prepared> {
    let source = asked.ledger.source();
    let (none, told) = (GivenModels::default(), Told::new(progress));
    let open = || {
        let (dir, params) = (asked.signals.dir(), &asked.params);
        Prepared::open_with(dir, source.as_ref(), params, asked.times, none, &told)
    };
    py.detach(open).map_err(|error| of_engine(&error))
}
