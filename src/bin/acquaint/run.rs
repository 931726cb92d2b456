//! `acquaint run`: signals in, scores out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use acquaint::abuse::{AbuseModel, GivenAbuseModel};
use acquaint::engine::outputs::Manifest;
use acquaint::engine::{
    self, Estimate, GivenModels, LedgerSource, Resume, RunParams, RunRequest, ValidRunParams,
};
use acquaint::identity::{KeyRing, ObjectionKey};
use acquaint::publish::{Input, digest_file, read_plain_text, shown};
use acquaint::report::{render, summary};

use crate::args::{AdModelArg, AskLedgerArgs, ListKeyArgs, ParamsArgs, PublishingArgs, RunArgs};
use crate::dry_run;
use crate::exit::{Failure, Outcome, print};
use crate::memory::of_machine;
use crate::models::{self, Models};
use crate::output::{Reads, home};
use crate::progress::Bars;
use crate::spark::Spark;
use crate::timed::Timed;
use crate::told::tell_findings;

pub(crate) fn run(args: &RunArgs, quiet: bool) -> Result<Outcome, Failure> {
    let spark = Spark::of(&args.engine)?;
    let params = with_lists(read_params(&args.asking.given)?, &args.lists)?;
    let params = published_if(params, &args.publishing);
    let ledger = Ledger::read(&args.asking.ledger)?;
    let source = ledger.source();
    let models = Models::read(args.friend_model.as_deref(), args.ad_model.as_deref())?;
    let resume = args.going.resume.then(build).transpose()?;
    let resume = resume.map(|build| Resume::beside(&args.out, &build));
    let given = GivenModels {
        resume: resume.as_ref(),
        ..models.given()
    };
    let request = RunRequest {
        signals: &args.signals,
        ledger: source.as_ref(),
        out: &args.out,
        params: &params,
        times: args.asking.times(),
        published_known: None,
        models: given,
        reads: &reads(args),
    };
    let limit = args
        .going
        .memory_limit
        .map(|limit| limit.0)
        .or_else(of_machine);
    let estimate = || Estimate::of(&args.signals, &params);
    if args.going.dry_run {
        engine::may_begin(&request)?;
        let estimate = estimate()?;
        dry_run::tell(args, &estimate, limit)?;
        limit.map_or(Ok(()), |limit| estimate.hold_to(limit))?;
        return Ok(Outcome::Done);
    }
    // What cannot be estimated is told by the run, which looks closer.
    if let Some(limit) = limit
        && let Ok(estimate) = estimate()
    {
        estimate.hold_to(limit)?;
    }
    let timed = Timed::new(Bars::new(quiet), args.timings);
    let page = |manifest: &Manifest| Ok(render(manifest)?);
    let ran = match &spark {
        None => engine::run(&request, &page, &timed),
        Some(spark) => engine::run_elsewhere(&request, spark, &page, &timed),
    };
    let manifest = match ran {
        Err(error) if error.is_not_published() => {
            eprintln!("acquaint: {error}");
            return Ok(Outcome::Findings);
        }
        ran => ran?,
    };
    timed.tell();
    print(&if args.json {
        json(&manifest)?
    } else {
        summary(&manifest)
    })?;
    let n_lost = manifest.n_lost_consent_events();
    warn(&manifest, n_lost, &args.out);
    tell_findings(&manifest.findings, "manifest.json lists them all");
    let is_broken = manifest.log.is_some_and(|log| !log.is_whole);
    if is_broken {
        eprintln!(
            "acquaint: ledger integrity check failed; all consent was treated as denied (`acquaint consent check` says why)"
        );
    }
    Ok(
        if is_broken || n_lost > 0 || !manifest.findings.is_empty() {
            Outcome::Findings
        } else {
            Outcome::Done
        },
    )
}

/// The parameters with what the command line asks of a publication.
fn published_if(params: ValidRunParams, args: &PublishingArgs) -> ValidRunParams {
    let params = params.with_min_rows(args.min_rows.iter().copied());
    if args.accept {
        params.accepting_any_change()
    } else {
        params
    }
}

/// This program, by the digest of its file.
fn build() -> Result<String, Failure> {
    let file = std::env::current_exe().and_then(|path| digest_file(&path));
    let file = file.map_err(|error| {
        Failure::new("reading this program, whose build --resume compares", error)
    })?;
    Ok(file.digest.to_hex().to_string())
}

/// What the output of a run may not be, hold or lie in, besides the tables and the ledger.
fn reads(args: &RunArgs) -> Vec<Input> {
    let mut reads = Reads::default()
        .asking(&args.asking)
        .and("the friend model", &args.friend_model)
        .and("the ad model", &args.ad_model)
        .and("the key of customer lists", &args.lists.audience_key)
        .all();
    reads.extend(home());
    reads
}

/// The ledger that a verb was told to ask.
pub(crate) struct Ledger<'a> {
    dir: Option<&'a Path>,
    key: Option<ObjectionKey>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn read(args: &'a AskLedgerArgs) -> Result<Self, Failure> {
        let key = args.objection_key.as_deref().map(ObjectionKey::read);
        Ok(Self {
            dir: args.ledger.as_deref(),
            key: key.transpose()?,
        })
    }

    pub(crate) fn source(&self) -> Option<LedgerSource<'_>> {
        Some(LedgerSource {
            dir: self.dir?,
            objection_key: self.key.as_ref(),
        })
    }
}

/// Says on standard error what a table of counts could hide.
fn warn(manifest: &Manifest, n_lost: u64, out: &Path) {
    let reading = manifest.reading();
    for line in reading.column_lines() {
        eprintln!("acquaint: {line}");
    }
    let list = out.join("rejections.parquet");
    for line in reading.lines() {
        eprintln!("acquaint: {line}; {} says where and why", shown(&list));
    }
    if n_lost > 0 {
        eprintln!(
            "acquaint: {n_lost} consent events are unusable, and may include opt-outs; \
             accounts they name are invalidated, and events that name none must be fixed"
        );
    }
}

/// The key of customer lists, if one was named.
pub(crate) fn list_key(args: &ListKeyArgs) -> Result<Option<Arc<KeyRing>>, Failure> {
    let read = |path: &PathBuf| KeyRing::read_epoch(path, args.audience_epoch);
    Ok(args
        .audience_key
        .as_ref()
        .map(read)
        .transpose()?
        .map(Arc::new))
}

/// The parameters with the key of customer lists, if one was named.
pub(crate) fn with_lists(
    params: ValidRunParams,
    args: &ListKeyArgs,
) -> Result<ValidRunParams, Failure> {
    Ok(match list_key(args)? {
        Some(key) => params.with_audience_key(key),
        None => params,
    })
}

/// The parameters with another kind of click model, if one was named.
pub(crate) fn of_kind(params: ValidRunParams, model: Option<AdModelArg>) -> ValidRunParams {
    match model {
        Some(model) => params.with_ad_model_kind(model.into()),
        None => params,
    }
}

/// The configuration that counts where none is named.
const CONFIG: &str = "acquaint.toml";
/// No configuration is larger.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// The parameters of the configuration that is named, of the one in this directory, or the defaults, with what the command line says
/// of them.
pub(crate) fn read_params(args: &ParamsArgs) -> Result<ValidRunParams, Failure> {
    let found = || Path::new(CONFIG).exists().then(|| PathBuf::from(CONFIG));
    let params = match (&args.config, found()) {
        (Some(path), _) => read_config(path)?,
        (None, Some(path)) => {
            eprintln!("acquaint: settings are those of {CONFIG} in this directory");
            read_config(&path)?
        }
        (None, None) => RunParams::default().check()?,
    };
    Ok(match args.max_rejects {
        Some(max) => params.with_max_rejects(max),
        None => params,
    })
}

fn read_config(path: &Path) -> Result<ValidRunParams, Failure> {
    let reading = || format!("reading {}", shown(path));
    let text =
        read_plain_text(path, MAX_CONFIG_BYTES).map_err(|error| Failure::new(reading(), error))?;
    let mut params = RunParams::from_toml(&text).map_err(|error| Failure::new(reading(), error))?;
    read_abuse_model(&mut params, path)?;
    params
        .check()
        .map_err(|error| Failure::new(reading(), error))
}

/// Reads the model that `[abuse]` names, by a path from the configuration's own directory.
fn read_abuse_model(params: &mut RunParams, config: &Path) -> Result<(), Failure> {
    if let Some(GivenAbuseModel::File(named)) = &params.abuse.model {
        let path = config.parent().unwrap_or(Path::new("")).join(named);
        let model = models::parse(&path, AbuseModel::from_json)?;
        params.abuse.model = Some(GivenAbuseModel::Trained(Box::new(model)));
    }
    Ok(())
}

fn json(manifest: &Manifest) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(manifest)?)
}
