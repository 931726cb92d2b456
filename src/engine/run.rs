//! Run: prepare, score, publish.

use std::path::Path;

use rayon::prelude::*;

use crate::ads::AdScore;
use crate::consent::Purpose;
use crate::engine::ads::Impressions;
use crate::engine::links::link_rows;
use crate::engine::manifest::manifest;
use crate::engine::opening::Opening;
use crate::engine::outputs::{
    FileDigest, MANIFEST, Manifest, OutputDigest, OutputError, OutputRow, Staging, digest_file,
    write_rows,
};
use crate::engine::prepare::PURPOSES;
use crate::engine::publication::{aside, changed_too_much, refuse_too_few};
use crate::engine::world::inputs::Inputs;
use crate::engine::{
    Elsewhere, EngineError, GivenModels, LedgerSource, Prepared, Progress, Resume, RunFinding,
    Stage, Times, ValidRunParams, histograms,
};
use crate::publish::{Input, RUN_LISTING, TIMINGS, Target, remove_output, seal_json, seal_page};
use crate::signals::Rejection;
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
/// Where the output differs from the earlier one by more than `[publish] max_change`, it is set aside as `OUT.set-aside`, and the
/// earlier one stands.
///
/// Only an empty directory or an earlier output is replaced, file by file as its manifest lists it; see
/// [`publish`](crate::publish). What a killed run had left is removed, and told as a [`note`](Progress::note).
///
/// # Errors
/// If the output may not stand where it was asked for or another process is writing it, a table is missing or cannot be read, or
/// the outputs cannot be written, have too few rows ([`EngineError::TooFewRows`]) or differ too much
/// ([`EngineError::SetAside`]); an earlier output is then still there.
pub fn run(
    request: &RunRequest<'_>,
    page: &Page<'_>,
    progress: &dyn Progress,
) -> Result<Manifest, EngineError> {
    run_with(request, None, page, progress)
}

/// As [`run`], with everybody's suggestions made elsewhere: the same files, to the last byte.
///
/// # Errors
/// As [`run`]; and if they cannot be made elsewhere, or are not those that this run makes.
pub fn run_elsewhere(
    request: &RunRequest<'_>,
    elsewhere: &dyn Elsewhere,
    page: &Page<'_>,
    progress: &dyn Progress,
) -> Result<Manifest, EngineError> {
    run_with(request, Some(elsewhere), page, progress)
}

fn run_with(
    request: &RunRequest<'_>,
    elsewhere: Option<&dyn Elsewhere>,
    page: &Page<'_>,
    progress: &dyn Progress,
) -> Result<Manifest, EngineError> {
    let staging = begin(request, progress)?;
    if let Some(resume) = request.models.resume {
        resume.check()?;
    }
    let opening = Opening {
        signals: request.signals,
        consent: request.ledger.into(),
        times: request.times,
        published_known: request.published_known,
    };
    let (params, models) = (request.params, request.models);
    let what = (&PURPOSES[..], Impressions::Forgotten);
    let prepared = Prepared::of(&opening, params, models, what, progress)?;
    let manifest = write_tables(&prepared, elsewhere, &staging, progress)?;
    // Millions of small allocations are given back while the outputs are synced.
    rayon::spawn(move || drop(prepared));
    manifest.check_sums()?;
    refuse_too_few(params, &manifest)?;
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|source| EngineError::Manifest { source })?;
    staging.write(REPORT, drawn(page, &manifest)?.as_bytes())?;
    staging.write(MANIFEST, seal_json(&(text + "\n")).as_bytes())?;
    if let Some(timings) = progress.timings() {
        let text = seal_json(&format!("{timings:#}\n"));
        staging.write(TIMINGS, text.as_bytes())?;
    }
    publish_or_set_aside(request, staging, &manifest, progress)?;
    Resume::forget(request.out, progress);
    Ok(manifest)
}

/// Publishes, or sets the output aside if it differs too much from the one it would replace.
fn publish_or_set_aside(
    request: &RunRequest<'_>,
    staging: Staging,
    manifest: &Manifest,
    progress: &dyn Progress,
) -> Result<(), EngineError> {
    let (staged, aside) = (staging.dir(), aside(request.out));
    if let Some(error) = changed_too_much(request.params, request.out, (&staged, manifest))? {
        let left = staging.publish_as(target(request, &aside))?;
        for left in left {
            progress.note(&left.to_string());
        }
        return Err(error);
    }
    publish(staging, progress)?;
    // What was set aside before is of an earlier night.
    if let Some(left) = remove_output(&aside, &RUN_LISTING)? {
        progress.note(&left.to_string());
    }
    Ok(())
}

/// The page of a run; it ends with its digest, so that a later run knows what it takes the place of.
pub(in crate::engine) fn drawn(
    page: &Page<'_>,
    manifest: &Manifest,
) -> Result<String, EngineError> {
    let page = page(manifest).map_err(|source| EngineError::Page { source })?;
    Ok(seal_page(&page))
}

/// Asks whether a run could begin: whether its output may stand where it was asked for, and the tables are there without which nothing
/// can be decided. Nothing is written.
///
/// # Errors
/// As [`run`] before it reads any row.
pub fn may_begin(request: &RunRequest<'_>) -> Result<(), EngineError> {
    target(request, request.out).may_stand()?;
    let dir = request.params.open(request.signals)?;
    Ok(Inputs::require(&dir, request.ledger.is_some())?)
}

fn target(request: &RunRequest<'_>, out: &Path) -> Target {
    Target::directory(out, &RUN_LISTING)
        .reading("the signals directory", request.signals)
        .sparing(request.ledger.map(LedgerSource::input))
        .sparing(request.reads.iter().cloned())
}

/// Asks whether the output may stand where it was asked for, before any work is done.
fn begin(request: &RunRequest<'_>, progress: &dyn Progress) -> Result<Staging, OutputError> {
    let staging = Staging::begin(target(request, request.out))?;
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
    elsewhere: Option<&dyn Elsewhere>,
    staging: &Staging,
    progress: &dyn Progress,
) -> Result<Manifest, EngineError> {
    let made = Made::by(prepared, elsewhere, progress)?;
    progress.begin("writing tables", None);
    let mut tables = Tables::new(staging);
    tables.scores(prepared, &made)?;
    let mut rejections = prepared.world.inputs.read.rejections.clone();
    let mappings = &prepared.world.params.given.tables;
    for rejection in &mut rejections {
        rejection.column = mappings.column_in(&rejection.file, rejection.column);
    }
    rejections.sort_unstable();
    let rejections = write::<Rejection>(tables.staging, rejections)?;
    tables.outputs.push(rejections);
    let mut manifest = manifest(prepared);
    manifest.outputs = tables.outputs;
    manifest.findings.extend(empty_outputs(prepared, &made));
    manifest.stages.extend(made.stages);
    manifest.stages.extend(tables.stages);
    let k = prepared.world.params.suggest.k();
    manifest.exposure = Exposure::of_suggestions(&made.suggestions, k);
    manifest.histograms = histograms::of(prepared, &made.suggestions, &made.ads);
    Ok(manifest)
}

/// Scores what some purposes need and writes those tables alone, into a directory that is there; links have rows
/// of the same purposes.
///
/// # Errors
/// As [`run`].
pub(in crate::engine) fn write_some(
    opening: &Opening<'_>,
    params: &ValidRunParams,
    purposes: &[Purpose],
    out: &Path,
    progress: &dyn Progress,
) -> Result<(), EngineError> {
    let staging = Staging::begin(Target::directory(out, &RUN_LISTING))?;
    // A model that had seen somebody erased would not be the same, so none is given.
    let models = GivenModels::default();
    let what = (purposes, Impressions::Forgotten);
    let prepared = Prepared::of(opening, params, models, what, progress)?;
    let made = Made::by(&prepared, None, progress)?;
    Tables::new(&staging).scores(&prepared, &made)?;
    Ok(publish(staging, progress)?)
}

/// Everybody's lists; empty where no output asks for them.
#[derive(Default)]
struct Made {
    suggestions: Suggestions,
    ads: Vec<AdScore>,
    stages: Vec<Stage>,
}

impl Made {
    fn by(
        prepared: &Prepared,
        elsewhere: Option<&dyn Elsewhere>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let mut made = Self::default();
        if let Some(friends) = &prepared.friends {
            made.suggestions = friends.everybody(elsewhere, progress, &mut made.stages)?;
        }
        if let Some(ads) = &prepared.ads {
            let scores = ads.everybody(&prepared.world, progress)?;
            made.ads = scores.noted(&mut made.stages);
        }
        Ok(made)
    }
}

/// Outputs without a row where rows were expected.
fn empty_outputs(prepared: &Prepared, made: &Made) -> Vec<RunFinding> {
    let friends = prepared.friends.as_ref();
    let friends = friends.and_then(|friends| friends.if_empty(&made.suggestions));
    let ads = prepared.ads.as_ref();
    let ads = ads.and_then(|ads| ads.if_empty(&prepared.world, &made.ads));
    friends.into_iter().chain(ads).collect()
}

/// The tables written so far.
struct Tables<'s> {
    staging: &'s Staging,
    outputs: Vec<OutputDigest>,
    stages: Vec<Stage>,
}

impl<'s> Tables<'s> {
    const fn new(staging: &'s Staging) -> Self {
        Self {
            staging,
            outputs: Vec::new(),
            stages: Vec::new(),
        }
    }

    /// Writes the rows of every corridor that was prepared, several tables at once.
    fn scores(&mut self, prepared: &Prepared, made: &Made) -> Result<(), OutputError> {
        let staging = self.staging;
        let suggestions = || {
            let mut stage = Stage::new("suggestions → published");
            let friends = prepared.friends.as_ref()?;
            let output = write(staging, friends.rows(&made.suggestions, &mut stage));
            Some(Written::of(output, stage))
        };
        let ads = || {
            let mut stage = Stage::new("ad scores → published");
            let ads = prepared.ads.as_ref()?;
            let output = write(staging, ads.rows(&made.ads, &mut stage));
            Some(Written::of(output, stage))
        };
        let abuse = || {
            let mut stage = Stage::new("spam scores → published");
            let abuse = prepared.abuse.as_ref()?;
            let output = write(staging, abuse.rows(&mut stage));
            Some(Written::of(output, stage))
        };
        let business = || {
            let mut stage = Stage::new("verdicts → published");
            let business = prepared.business.as_ref()?;
            let output = write(staging, business.rows(&mut stage));
            Some(Written::of(output, stage))
        };
        let order = || {
            let mut stage = Stage::new("business order → published");
            let business = prepared.business.as_ref()?;
            let output = write(staging, business.order_rows(&mut stage));
            Some(Written::of(output, stage))
        };
        let links = || {
            let mut stage = Stage::new("links → published");
            let output = write(staging, link_rows(prepared, &mut stage));
            Some(Written::of(output, stage))
        };
        let tables: [&WriteTable<'_>; 6] = [&suggestions, &ads, &abuse, &business, &order, &links];
        // One at a time and thread: the longest, of ads, does not wait for others to be divided.
        let written = tables.par_iter().with_max_len(1);
        let written: Vec<_> = written.filter_map(|table| table()).collect();
        for table in written {
            let Written { output, stage } = table?;
            self.outputs.push(output);
            self.stages.push(stage);
        }
        Ok(())
    }
}

/// Writes one table, if its corridor was prepared.
type WriteTable<'a> = dyn Fn() -> Option<Result<Written, OutputError>> + Sync + 'a;

/// A table that was written, and what became of the rows.
struct Written {
    output: OutputDigest,
    stage: Stage,
}

impl Written {
    fn of(output: Result<OutputDigest, OutputError>, stage: Stage) -> Result<Self, OutputError> {
        output.map(|output| Self { output, stage })
    }
}

/// Writes a table and digests it.
fn write<R: OutputRow>(
    staging: &Staging,
    rows: impl IntoIterator<Item = R>,
) -> Result<OutputDigest, OutputError> {
    let rows = write_rows(staging, rows)?;
    let path = staging.path(R::FILE);
    let FileDigest { digest, bytes } =
        digest_file(&path).map_err(|source| OutputError::Write { path, source })?;
    Ok(OutputDigest {
        file: R::FILE.to_owned(),
        bytes,
        rows,
        blake3: digest.to_hex().to_string(),
    })
}
