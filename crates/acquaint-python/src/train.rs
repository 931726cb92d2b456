//! Models: trained here, kept in the files of the command line.

use std::path::{Path, PathBuf};

use acquaint::engine::{self, AdTrainRequest};
use acquaint::eval::{SplitBy, simple_edges, train_public};
use acquaint::publish::{Ours, StagedFile, Target, is_sealed_file, read_plain_text};
use acquaint::suggest::FriendModel as Ranked;
use pyo3::prelude::*;

use crate::arguments::{Asked, Asking, config};
use crate::edges::edges;
use crate::errors::{AcquaintError, failed, of_engine, of_output, of_params};
use crate::evaluate::{prepared, refuse_without_times};
use crate::json::to_python;
use crate::progress::Told;

/// No model is larger.
const MAX_MODEL_BYTES: u64 = 4 << 30;

/// The learned order of friend suggestions.
#[pyclass(frozen, module = "acquaint")]
pub(crate) struct FriendModel(pub(crate) Ranked);

/// A trained click model.
#[pyclass(frozen, module = "acquaint")]
pub(crate) struct AdModel(pub(crate) engine::AdModel);

const FRIENDS: Ours = Ours::new("a friend model", |path| {
    is_sealed_file(path, "\"schema\": \"acquaint-friend-model/")
});
const ADS: Ours = Ours::new("an ad model", |path| {
    is_sealed_file(path, "\"schema\":\"acquaint-ad-model/")
});

/// Learns the order of suggestions: of tables, as a run would, or of an edge list.
#[pyfunction]
#[pyo3(signature = (friendships, *, config=None, progress=None))]
pub(crate) fn train_friends(
    py: Python<'_>,
    friendships: &Bound<'_, PyAny>,
    config: Option<&Bound<'_, PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<FriendModel> {
    if let Ok(asking) = friendships.extract::<Asking<'_>>() {
        return of_tables(py, &asking, progress);
    }
    let params = self::config(config)?;
    let suggest = params.suggest.check().map_err(|error| of_params(&error))?;
    let ranker = params.ranker.unwrap_or_default().check();
    let ranker = ranker.map_err(|error| of_params(&error))?;
    let edges = simple_edges(&edges(friendships)?);
    if ranker.hides_newest() {
        refuse_without_times(SplitBy::Time, &edges)?;
    }
    let model = py.detach(|| train_public(&edges, &[], &suggest, &ranker));
    Ok(FriendModel(model.map_err(|error| failed(&error))?))
}

fn of_tables(
    py: Python<'_>,
    asking: &Asking<'_>,
    progress: Option<Py<PyAny>>,
) -> PyResult<FriendModel> {
    let mut asked = Asked::read(asking)?;
    if asked.given.ranker.is_none() {
        let ranker = acquaint::suggest::RankerParams::default().check();
        asked.params = asked
            .params
            .with_ranker(ranker.map_err(|error| of_params(&error))?);
    }
    let prepared = prepared(py, &asked, progress)?;
    match prepared.friend_model() {
        Some(model) => Ok(FriendModel(model.clone())),
        None => Err(AcquaintError::new_err(
            prepared
                .why_not_learned()
                .unwrap_or("no ranker was asked for")
                .to_owned(),
        )),
    }
}

/// Learns the probability of a click.
#[pyfunction]
#[pyo3(signature = (asking, *, progress=None))]
pub(crate) fn train_ads(
    py: Python<'_>,
    asking: Asking<'_>,
    progress: Option<Py<PyAny>>,
) -> PyResult<AdModel> {
    let asked = Asked::read(&asking)?;
    let source = asked.ledger.source();
    let request = AdTrainRequest {
        of: asked.request(source.as_ref()),
        earlier: None,
    };
    let told = Told::new(progress);
    let trained = py.detach(|| engine::train_ads(&request, &told));
    Ok(AdModel(trained.map_err(|error| of_engine(&error))?.model))
}

fn save(text: &str, path: &Path, ours: Ours) -> PyResult<()> {
    let write = || {
        let file = StagedFile::begin(Target::file(path, ours))?;
        file.write(text.as_bytes())?;
        file.publish()
    };
    write().map(drop).map_err(|error| of_output(&error))
}

fn text_of(path: &Path) -> PyResult<String> {
    read_plain_text(path, MAX_MODEL_BYTES).map_err(|error| of_output(&error))
}

#[pymethods]
impl FriendModel {
    /// Reads the file of a model, of this package or of `acquaint train friends`.
    #[staticmethod]
    fn load(path: PathBuf) -> PyResult<Self> {
        let model = Ranked::from_json(&text_of(&path)?);
        Ok(Self(model.map_err(|error| failed(&error))?))
    }

    /// Writes the model to a file, in the place of an earlier model alone.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        save(&self.to_json()?, &path, FRIENDS)
    }

    /// The text of its file.
    fn to_json(&self) -> PyResult<String> {
        self.0.to_json().map_err(|error| failed(&error))
    }

    /// What each feature adds to the log-odds of a friendship, by name.
    #[getter]
    fn weights(&self) -> std::collections::BTreeMap<String, f64> {
        let weights = self.0.weights().into_iter();
        weights.map(|one| (one.name, one.weight)).collect()
    }

    /// What it was trained on and how well it did on what was held out.
    #[getter]
    fn training<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.0.training())
    }

    fn __repr__(&self) -> String {
        let auc = self.0.training().auc;
        let auc = auc.map_or_else(|| "none".to_owned(), |auc| format!("{auc:.4}"));
        format!("<acquaint.FriendModel: AUC {auc} on what was held out>")
    }
}

#[pymethods]
impl AdModel {
    /// Reads the file of a model, of this package or of `acquaint train ads`.
    #[staticmethod]
    fn load(path: PathBuf) -> PyResult<Self> {
        let model = engine::AdModel::from_json(&text_of(&path)?);
        Ok(Self(model.map_err(|error| failed(&error))?))
    }

    /// Writes the model to a file, in the place of an earlier model alone.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        save(&self.to_json()?, &path, ADS)
    }

    /// The text of its file.
    fn to_json(&self) -> PyResult<String> {
        self.0.to_json().map_err(|error| failed(&error))
    }

    /// What it was trained on and how well it did on what was held out.
    #[getter]
    fn training<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.0.training())
    }

    fn __repr__(&self) -> String {
        let auc = self.0.training().held_out.auc;
        let auc = auc.map_or_else(|| "none".to_owned(), |auc| format!("{auc:.4}"));
        format!("<acquaint.AdModel: AUC {auc} on what was held out>")
    }
}
