//! `acquaint run`: signals in, scores out.

use std::fs;
use std::path::Path;

use acquaint::engine::outputs::Manifest;
use acquaint::engine::{self, RunParams, RunRequest, ValidRunParams};
use acquaint::report::{render, summary};

use crate::args::RunArgs;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;

pub(crate) fn run(args: &RunArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = read_params(args.config.as_deref())?;
    let request = RunRequest {
        signals: &args.signals,
        out: &args.out,
        params: &params,
        as_of: args.as_of,
        known_at: args.known_at,
    };
    let manifest = engine::run(
        &request,
        &|manifest| Ok(render(manifest)?),
        &Bars::new(quiet),
    )?;
    let n_rejected = manifest.n_rejected();
    print(&if args.json {
        json(&manifest)?
    } else {
        summary(&manifest)
    })?;
    let n_lost = manifest.n_lost_consent_events();
    warn(n_rejected, n_lost, &args.out);
    let too_many = args.max_rejects.is_some_and(|max| n_rejected > max);
    Ok(if too_many || n_lost > 0 {
        Outcome::Findings
    } else {
        Outcome::Done
    })
}

/// Says on standard error what a table of counts could hide.
fn warn(n_rejected: u64, n_lost: u64, out: &Path) {
    if n_rejected > 0 {
        let list = out.join("rejections.parquet");
        eprintln!(
            "acquaint: {n_rejected} rows were rejected; {} says where and why",
            list.display()
        );
    }
    if n_lost > 0 {
        eprintln!(
            "acquaint: {n_lost} consent events could not be used and an opt-out may be among them; \
             accounts they name are invalidated, events that name none need to be mended"
        );
    }
}

/// The parameters of a configuration file, or the defaults if there is none.
pub(crate) fn read_params(config: Option<&Path>) -> Result<ValidRunParams, Failure> {
    let Some(path) = config else {
        return Ok(RunParams::default().check()?);
    };
    let reading = || format!("reading {}", path.display());
    let text = fs::read_to_string(path).map_err(|error| Failure::new(reading(), error))?;
    let params = RunParams::from_toml(&text).map_err(|error| Failure::new(reading(), error))?;
    params
        .check()
        .map_err(|error| Failure::new(reading(), error))
}

fn json(manifest: &Manifest) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(manifest)?)
}
