//! What functions have in common: signals, settings, moments, a ledger and keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use acquaint::abuse::{AbuseModel, GivenAbuseModel};
use acquaint::engine::{LedgerSource, RunParams, SignalsRequest, Times, ValidRunParams};
use acquaint::identity::{KeyRing, ObjectionKey};
use acquaint::publish::read_plain_text;
use acquaint::signals::Frames;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use tempfile::TempDir;

use crate::clock::times;
use crate::errors::{failed, of_config, of_ledger, of_output, of_params};
use crate::frames::tables;
use crate::json::to_json;

/// No configuration is larger.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// No model is larger.
const MAX_MODEL_BYTES: u64 = 4 << 30;

/// Where tables are: in a directory, in memory, or some here and some there.
pub(crate) struct Signals {
    dir: PathBuf,
    pub(crate) frames: Frames,
    /// Stands for a directory where everything is in memory.
    _empty: Option<TempDir>,
}

impl Signals {
    pub(crate) fn read(
        signals: &Bound<'_, PyAny>,
        frames: Option<&Bound<'_, PyMapping>>,
    ) -> PyResult<Self> {
        let beside = frames.map(tables).transpose()?.unwrap_or_default();
        if let Ok(given) = signals.cast::<PyMapping>() {
            let empty = tempfile::tempdir().map_err(|error| of_output(&error))?;
            return Ok(Self {
                dir: empty.path().to_owned(),
                frames: tables(given)?,
                _empty: Some(empty),
            });
        }
        Ok(Self {
            dir: signals.extract()?,
            frames: beside,
            _empty: None,
        })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Settings as they are given: nothing for the defaults, a dictionary of sections, or the path of a configuration file.
pub(crate) fn config(given: Option<&Bound<'_, PyAny>>) -> PyResult<RunParams> {
    let Some(given) = given else {
        return Ok(RunParams::default());
    };
    let (mut params, home) = if let Ok(sections) = given.cast::<PyDict>() {
        let text = to_json(sections)?;
        let params = serde_json::from_str::<RunParams>(&text).map_err(|error| of_config(&error))?;
        (params, PathBuf::new())
    } else {
        let path: PathBuf = given.extract()?;
        let text = read_plain_text(&path, MAX_CONFIG_BYTES).map_err(|error| of_config(&error))?;
        let params = RunParams::from_toml(&text).map_err(|error| of_config(&error))?;
        (params, path.parent().unwrap_or(Path::new("")).to_owned())
    };
    read_abuse_model(&mut params, &home)?;
    Ok(params)
}

/// Reads the model that `[abuse]` names, by a path from the configuration's own directory.
fn read_abuse_model(params: &mut RunParams, home: &Path) -> PyResult<()> {
    if let Some(GivenAbuseModel::File(named)) = &params.abuse.model {
        let text = read_plain_text(&home.join(named), MAX_MODEL_BYTES);
        let text = text.map_err(|error| of_config(&error))?;
        let model = AbuseModel::from_json(&text).map_err(|error| of_config(&error))?;
        params.abuse.model = Some(GivenAbuseModel::Trained(Box::new(model)));
    }
    Ok(())
}

/// The key of customer lists, if one was named.
pub(crate) fn list_key(path: Option<&Path>, epoch: Option<u32>) -> PyResult<Option<Arc<KeyRing>>> {
    let read = |path: &Path| KeyRing::read_epoch(path, epoch.unwrap_or_default());
    let key = path.map(read).transpose();
    Ok(key.map_err(|error| failed(&error))?.map(Arc::new))
}

/// A ledger to ask, with the key of its objection list.
pub(crate) struct AskedLedger {
    dir: Option<PathBuf>,
    key: Option<ObjectionKey>,
}

impl AskedLedger {
    pub(crate) fn read(dir: Option<PathBuf>, key: Option<&Path>) -> PyResult<Self> {
        let key = key.map(ObjectionKey::read).transpose();
        Ok(Self {
            dir,
            key: key.map_err(|error| of_ledger(&error))?,
        })
    }

    pub(crate) fn source(&self) -> Option<LedgerSource<'_>> {
        Some(LedgerSource {
            dir: self.dir.as_deref()?,
            objection_key: self.key.as_ref(),
        })
    }
}

/// What is asked about: tables, settings, moments and a ledger.
pub(crate) struct Asked {
    pub(crate) signals: Signals,
    pub(crate) given: RunParams,
    pub(crate) params: ValidRunParams,
    pub(crate) times: Times,
    pub(crate) ledger: AskedLedger,
    pub(crate) key: Option<Arc<KeyRing>>,
}

/// Keyword arguments that say what is asked about.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Asking<'py> {
    pub(crate) signals: Bound<'py, PyAny>,
    #[pyo3(default)]
    pub(crate) frames: Option<Bound<'py, PyMapping>>,
    #[pyo3(default)]
    pub(crate) config: Option<Bound<'py, PyAny>>,
    #[pyo3(default)]
    pub(crate) as_of: Option<Bound<'py, PyAny>>,
    #[pyo3(default)]
    pub(crate) known_at: Option<Bound<'py, PyAny>>,
    #[pyo3(default)]
    pub(crate) ledger: Option<PathBuf>,
    #[pyo3(default)]
    pub(crate) objection_key: Option<PathBuf>,
    #[pyo3(default)]
    pub(crate) audience_key: Option<PathBuf>,
    #[pyo3(default)]
    pub(crate) audience_epoch: Option<u32>,
}

impl Asked {
    pub(crate) fn read(asking: &Asking<'_>) -> PyResult<Self> {
        let given = config(asking.config.as_ref())?;
        let signals = Signals::read(&asking.signals, asking.frames.as_ref())?;
        let key = list_key(asking.audience_key.as_deref(), asking.audience_epoch)?;
        let params = given.clone().check().map_err(|error| of_params(&error))?;
        let mut params = params.with_frames(signals.frames.clone());
        if let Some(key) = &key {
            params = params.with_audience_key(Arc::clone(key));
        }
        Ok(Self {
            times: times(asking.as_of.as_ref(), asking.known_at.as_ref())?,
            ledger: AskedLedger::read(asking.ledger.clone(), asking.objection_key.as_deref())?,
            signals,
            given,
            params,
            key,
        })
    }

    /// As verbs that read tables ask it.
    pub(crate) fn request<'a>(
        &'a self,
        ledger: Option<&'a LedgerSource<'a>>,
    ) -> SignalsRequest<'a> {
        SignalsRequest {
            signals: self.signals.dir(),
            ledger,
            params: &self.params,
            times: self.times,
        }
    }
}
