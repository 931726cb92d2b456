//! Run: prepare, score, publish.

use std::path::Path;

use crate::ads::AdScore;
use crate::engine::outputs::{
    AbuseRow, AdRow, AdsPolicy, AsOfTimes, LinkRow, MANIFEST, Manifest, OutputDigest, OutputError,
    OutputRow, ReachRow, Staging, SuggestionRow, digest_file, write_rows,
};
use crate::engine::prepare::Opening;
use crate::engine::score::{self, Publish};
use crate::engine::work::Work;
use crate::engine::{
    EngineError, GivenModels, LedgerSource, Prepared, Progress, RunFinding, Stage, Times,
    ValidRunParams, histograms,
};
use crate::identity::{self, KeyRing};
use crate::publish::{Input, RUN_LISTING, Target, seal_json};
use crate::signals::{Rejection, topics_digest};
use crate::suggest::{Exposure, Suggestions};
use crate::time::Timestamp;

/// The page beside the tables.
pub const REPORT: &str = "report.html";

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct RunRequest<'a> {
    /// The directory with the tables.
    pub signals: &'a Path,
    /// The ledger to ask, in the place of the tables of consent.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// Where to write.
    pub out: &'a Path,
    /// Under which parameters.
    pub params: &'a ValidRunParams,
    /// The moment to speak of, whose knowledge counts, and the caller's clock.
    pub times: Times,
    /// As known when rows are published; the newest the events know by default, but never before `known_at`.
    pub published_known: Option<Timestamp>,
    /// Models trained on the same state of the ledger.
    pub models: GivenModels<'a>,
    /// What else the caller read for this run, such as the files of models: the output is none of it.
    pub reads: &'a [Input],
}

/// Draws the report from the manifest.
pub type Page<'a> =
    dyn Fn(&Manifest) -> Result<String, Box<dyn std::error::Error + Send + Sync>> + 'a;

/// Scores a directory of signals and publishes the outputs all at once.
///
/// `page` draws the report from the manifest; the engine does not know how.
///
/// Only an empty directory or an earlier output is replaced, file by file as its manifest lists it; see
/// [`publish`](crate::publish). What a killed run had left is removed, and told as a [`note`](Progress::note).
///
/// # Errors
/// If the output may not stand where it was asked for or another process is writing it, a table is missing or cannot be read, or
/// the outputs cannot be written; an earlier output is then still there.
pub fn run(
    request: &RunRequest<'_>,
    page: &Page<'_>,
    progress: &dyn Progress,
) -> Result<Manifest, EngineError> {
    let staging = begin(request, progress)?;
    let opening = Opening {
        signals: request.signals,
        consent: request.ledger.into(),
        params: request.params,
        times: request.times,
        published_known: request.published_known,
        models: request.models,
        work: Work::ALL,
    };
    let prepared = opening.prepare(progress)?;
    let manifest = write_tables(&prepared, &staging, progress)?;
    manifest.check_sums()?;
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|source| EngineError::Manifest { source })?;
    staging.write(
        REPORT,
        page(&manifest)
            .map_err(|source| EngineError::Page { source })?
            .as_bytes(),
    )?;
    staging.write(MANIFEST, seal_json(&(text + "\n")).as_bytes())?;
    publish(staging, progress)?;
    Ok(manifest)
}

/// Asks whether the output may stand where it was asked for, before any work is done.
fn begin(request: &RunRequest<'_>, progress: &dyn Progress) -> Result<Staging, OutputError> {
    let target = Target::directory(request.out, &RUN_LISTING)
        .reading("the signals directory", request.signals)
        .sparing(request.ledger.map(LedgerSource::input))
        .sparing(request.reads.iter().cloned());
    let staging = Staging::begin(target)?;
    for leftover in staging.leftovers() {
        progress.note(&leftover.to_string());
    }
    Ok(staging)
}

fn publish(staging: Staging, progress: &dyn Progress) -> Result<(), OutputError> {
    for left in staging.publish()? {
        progress.note(&left.to_string());
    }
    Ok(())
}

fn write_tables(
    prepared: &Prepared,
    staging: &Staging,
    progress: &dyn Progress,
) -> Result<Manifest, EngineError> {
    let (suggestions, s1) = score::suggestions(prepared, progress);
    let (ads, s2) = score::ads(prepared, progress)?;
    progress.begin("writing tables", None);
    let mut tables = Tables::new(prepared, staging);
    tables.stages.extend(s1);
    tables.stages.push(s2);
    tables.suggestions(&suggestions)?;
    tables.ads(&ads)?;
    tables.abuse()?;
    tables.reach()?;
    tables.links()?;
    let mut rejections = prepared.inputs.read.rejections.clone();
    rejections.sort_unstable();
    tables.add::<Rejection>(write_rows(staging, rejections)?, None)?;
    let mut manifest = manifest(prepared);
    manifest.outputs = tables.outputs;
    manifest.stages.extend(tables.stages);
    let empty = empty_outputs(prepared, &manifest);
    manifest.findings.extend(empty);
    let k = prepared.params.suggest.k();
    manifest.exposure = Exposure::of_suggestions(&suggestions, k);
    manifest.histograms = histograms::of(prepared, &suggestions, &ads);
    Ok(manifest)
}

/// Scores what some outputs need and writes those tables alone, into a directory that is there; links have rows
/// of the same purposes.
///
/// # Errors
/// As [`run`].
pub(in crate::engine) fn write_some(
    opening: &Opening<'_>,
    out: &Path,
    progress: &dyn Progress,
) -> Result<(), EngineError> {
    let work = opening.work;
    let staging = Staging::begin(Target::directory(out, &RUN_LISTING))?;
    let prepared = opening.prepare(progress)?;
    let mut tables = Tables::new(&prepared, &staging);
    if work.suggest {
        tables.suggestions(&score::suggestions(&prepared, progress).0)?;
    }
    if work.ads {
        tables.ads(&score::ads(&prepared, progress)?.0)?;
    }
    if work.abuse {
        tables.abuse()?;
    }
    if work.business {
        tables.reach()?;
    }
    tables.links()?;
    Ok(publish(staging, progress)?)
}

/// The tables written so far.
struct Tables<'s> {
    prepared: &'s Prepared,
    publish: Publish<'s>,
    staging: &'s Staging,
    outputs: Vec<OutputDigest>,
    stages: Vec<Stage>,
}

impl<'s> Tables<'s> {
    const fn new(prepared: &'s Prepared, staging: &'s Staging) -> Self {
        Self {
            prepared,
            publish: Publish::new(prepared),
            staging,
            outputs: Vec::new(),
            stages: Vec::new(),
        }
    }

    fn suggestions(&mut self, suggestions: &Suggestions) -> Result<(), EngineError> {
        let mut stage = Stage::new("suggestions → published");
        let rows = score::suggestion_rows(self.prepared, suggestions, &self.publish, &mut stage);
        let n_rows = write_rows(self.staging, rows)?;
        Ok(self.add::<SuggestionRow>(n_rows, Some(stage))?)
    }

    fn ads(&mut self, scores: &[AdScore]) -> Result<(), EngineError> {
        let mut stage = Stage::new("ad scores → published");
        let rows = score::ad_rows(scores, &self.publish, &mut stage);
        let n_rows = write_rows(self.staging, rows)?;
        Ok(self.add::<AdRow>(n_rows, Some(stage))?)
    }

    fn abuse(&mut self) -> Result<(), EngineError> {
        let mut stage = Stage::new("spam scores → published");
        let rows = score::abuse_rows(self.prepared, &self.publish, &mut stage);
        let n_rows = write_rows(self.staging, rows)?;
        Ok(self.add::<AbuseRow>(n_rows, Some(stage))?)
    }

    fn reach(&mut self) -> Result<(), EngineError> {
        let mut stage = Stage::new("verdicts → published");
        let rows = score::reach_rows(self.prepared, &self.publish, &mut stage);
        let n_rows = write_rows(self.staging, rows)?;
        Ok(self.add::<ReachRow>(n_rows, Some(stage))?)
    }

    fn links(&mut self) -> Result<(), EngineError> {
        let mut stage = Stage::new("links → published");
        let rows = score::link_rows(self.prepared, &self.publish, &mut stage);
        let n_rows = write_rows(self.staging, rows)?;
        Ok(self.add::<LinkRow>(n_rows, Some(stage))?)
    }

    /// Notes a table that was written, with its digest and its sums.
    fn add<R: OutputRow>(&mut self, rows: u64, stage: Option<Stage>) -> Result<(), OutputError> {
        let path = self.staging.path(R::FILE);
        let (hash, bytes) = digest_file(&path).map_err(|source| OutputError::Write {
            path: path.clone(),
            source,
        })?;
        self.outputs.push(OutputDigest {
            file: R::FILE.to_owned(),
            bytes,
            rows,
            blake3: hash.to_hex().to_string(),
        });
        self.stages.extend(stage);
        Ok(())
    }
}

fn manifest(prepared: &Prepared) -> Manifest {
    let read = &prepared.inputs.read;
    let reading = prepared.reading();
    let states = prepared.snapshot.state_counts();
    Manifest {
        format: "acquaint-run/1".to_owned(),
        acquaint: env!("CARGO_PKG_VERSION").to_owned(),
        phone_metadata: identity::metadata_version().to_owned(),
        phone_aliases: identity::aliases_digest(),
        as_of: AsOfTimes {
            valid: prepared.as_of.valid,
            known: prepared.as_of.known,
            published_known: prepared.published_known,
            latest: prepared.latest,
        },
        parameters: json(prepared.params.given()),
        ledger: prepared.ledger.digest().to_hex().to_string(),
        snapshot: prepared.snapshot.digest().to_hex().to_string(),
        log: prepared.log(),
        inputs: read.files.clone(),
        ignored_columns: read.ignored_columns.clone(),
        outputs: Vec::new(),
        rejections_unlisted: read.n_unlisted,
        rejected_numbers: read.numbers.refused(),
        ambiguous_numbers: read.numbers.ambiguous(),
        consent_states: states
            .into_iter()
            .map(|(state, n)| (state.to_owned(), n))
            .collect(),
        stages: prepared.stages.clone(),
        rejected: reading.rejected,
        findings: reading.findings,
        graph: json(&prepared.graph_stats),
        ad_model: serde_json::json!({ "metadata": json(prepared.model.metadata()), "training": json(&prepared.train_report) }),
        friend_model: prepared.ranked_by.clone(),
        exposure: Exposure::default(),
        ads_policy: ads_policy(prepared),
        histograms: Vec::new(),
    }
}

/// From how many people on it is no chance that none of them has a tie, or that none is shown an ad,
const TIES_EXPECTED_FROM: usize = 10;
/// and that, with ties, nobody has a candidate.
const CANDIDATES_EXPECTED_FROM: usize = 100;

/// Outputs without a row where rows were expected.
fn empty_outputs(prepared: &Prepared, manifest: &Manifest) -> Vec<RunFinding> {
    let is_empty = |file: &str| {
        let mut outputs = manifest.outputs.iter();
        outputs.any(|output| output.file == file && output.rows == 0)
    };
    let n_people = prepared.suggest.users.len();
    let expected_from = if prepared.graph().ties().n_entries() == 0 {
        TIES_EXPECTED_FROM
    } else {
        CANDIDATES_EXPECTED_FROM
    };
    let suggestions = (is_empty(SuggestionRow::FILE) && n_people >= expected_from).then(|| {
        RunFinding::new(
            "empty_output",
            format!("{n_people} people may be suggested to each other, and nobody is"),
            "check friendships and address_book: who knows whom is missing, or names other ids",
        )
    });
    let (n_ads, n_readers) = (prepared.inputs.ads.len(), prepared.profiles.len());
    let ads = (is_empty(AdRow::FILE) && n_ads > 0 && n_readers >= TIES_EXPECTED_FROM).then(|| {
        RunFinding::new(
            "empty_output",
            format!("{n_readers} people may be shown {n_ads} ads, and none is shown to anybody"),
            "check starts_at and ends_at against the moment of the run, and whom the ads are for",
        )
    });
    suggestions.into_iter().chain(ads).collect()
}

fn ads_policy(prepared: &Prepared) -> AdsPolicy {
    let key = prepared.params.audience_key.as_deref();
    AdsPolicy {
        topics: topics_digest(),
        audience_key: key.map(KeyRing::name),
        audiences: prepared.guard.audiences().reports(),
    }
}

fn json(value: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).expect("parameters and statistics are structs of numbers and text")
}
