//! What an interrupted run had finished: its trained ad model, kept beside the output while the run goes on.
//!
//! It is used again only by the same build, under the same parameters, as of the same moments, on the same files and the same answers
//! of the ledger; what differs is trained anew. The gate is asked for every row as always, so nothing of it is published that a whole
//! run would not have published, byte for byte.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::ads::model::AdModel;
use crate::engine::ads::provenance::AdProvenance;
use crate::engine::world::World;
use crate::engine::{EngineError, Progress};
use crate::publish::{
    Ours, StagedFile, Target, is_sealed_file, read_plain_text, seal_json, shown, unseal_json,
};

const SCHEMA: &str = "acquaint-resume/1";
/// No model is larger.
const MAX_BYTES: u64 = 4 << 30;

/// What is kept, as files of ours are known.
const KEPT: Ours = Ours::new("what an interrupted run of acquaint kept", |path| {
    is_sealed_file(path, "\"acquaint-resume/")
});

/// Where a run keeps what it has finished, until it ends.
#[derive(Clone, Debug)]
pub struct Resume {
    path: PathBuf,
    build: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptFile {
    schema: String,
    /// Of all that decides what the model is.
    of: String,
    ad_model: String,
}

impl Resume {
    /// Beside an output; `build` names the program, such as by the digest of its file: what another build kept is not used.
    #[must_use]
    pub fn beside(out: &Path, build: &str) -> Self {
        let mut name = OsString::from(".");
        name.push(out.file_name().unwrap_or(out.as_os_str()));
        name.push(".resume.json");
        Self {
            path: out.with_file_name(name),
            build: build.to_owned(),
        }
    }

    /// Where it is kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The model that an interrupted run of the same world had trained.
    pub(in crate::engine) fn ad_model(
        &self,
        world: &World,
        progress: &dyn Progress,
    ) -> Option<AdModel> {
        if !KEPT.is_written_at(&self.path) {
            return None;
        }
        let text = read_plain_text(&self.path, MAX_BYTES).ok()?;
        let kept: KeptFile = serde_json::from_str(&unseal_json(&text).ok()?).ok()?;
        if kept.schema != SCHEMA || kept.of != self.digest(world)? {
            progress.note("what an interrupted run had kept is of other inputs, parameters, moments or answers of the ledger, or of another build: it is not used");
            return None;
        }
        let model = AdModel::from_json(&kept.ad_model).ok()?;
        progress.note("the ad model is the one that an interrupted run had trained");
        Some(model)
    }

    /// Asks whether a model may be kept here, before any work is done.
    ///
    /// # Errors
    /// If a file stands there that is not as a run of ours kept it.
    pub(in crate::engine) fn check(&self) -> Result<(), EngineError> {
        Ok(self.target().may_stand()?)
    }

    fn target(&self) -> Target {
        Target::file(&self.path, KEPT)
    }

    /// Keeps a model that was trained on a world. What cannot be kept is told: the run can do without.
    pub(in crate::engine) fn keep(&self, world: &World, model: &AdModel, progress: &dyn Progress) {
        if let Err(error) = self.write(world, model) {
            progress.note(&format!("the trained ad model cannot be kept: {error}"));
        }
    }

    fn write(&self, world: &World, model: &AdModel) -> Result<(), EngineError> {
        let (Some(of), Ok(ad_model)) = (self.digest(world), model.to_json()) else {
            return Ok(());
        };
        let kept = KeptFile {
            schema: SCHEMA.to_owned(),
            of,
            ad_model,
        };
        let text =
            serde_json::to_string(&kept).map_err(|source| EngineError::Manifest { source })?;
        let file = StagedFile::begin(self.target())?;
        file.write(seal_json(&(text + "\n")).as_bytes())?;
        file.publish()?;
        Ok(())
    }

    /// Forgets what was kept: a run has ended, whether or not it was to be kept. What cannot be removed is told.
    pub(in crate::engine) fn forget(out: &Path, progress: &dyn Progress) {
        let path = Self::beside(out, "").path;
        if !KEPT.is_written_at(&path) {
            return;
        }
        if let Err(error) = fs::remove_file(&path) {
            let path = shown(&path);
            progress.note(&format!(
                "cannot remove {path}, which holds a trained model: {error}"
            ));
        }
    }

    /// Of all that decides what a model is; none where a key of customer lists counts, which no file may tell of.
    fn digest(&self, world: &World) -> Option<String> {
        if world.params.audience_key.is_some() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        let mut say = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        say(&self.build);
        say(&serde_json::to_string(world.params.given()).ok()?);
        let AdProvenance {
            acquaint,
            ledger,
            snapshot,
        } = AdProvenance::of(&world.standing);
        for text in [acquaint, ledger, snapshot] {
            say(&text);
        }
        let standing = &world.standing;
        say(&format!(
            "{:?} {:?}",
            standing.as_of, standing.published_known
        ));
        say(&standing.digest_at_publication().to_hex());
        for file in &world.inputs.read.files {
            say(&file.file);
            say(&file.blake3);
        }
        Some(hasher.finalize().to_hex().to_string())
    }
}
