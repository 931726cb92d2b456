//! `acquaint evaluate`: held-out quality, as a table or as JSON.

mod friends;

pub(crate) use friends::friends;

use std::fmt::Write;
use std::path::Path;

use acquaint::ads::ClickMetrics;
use acquaint::engine::{Prepared, ValidRunParams};
use acquaint::eval::{AdsEvaluation, evaluate_ads};
use serde::Serialize;

use crate::args::EvaluateAdsArgs;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::read_params;

pub(crate) fn ads(args: &EvaluateAdsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = read_params(args.config.as_deref())?;
    let prepared = prepare(&args.signals, &params, quiet)?;
    let evaluation = evaluate_ads(&prepared.training_rows(), prepared.ads(), params.ads())?;
    say(args.json, &evaluation, ads_table)
}

fn prepare(signals: &Path, params: &ValidRunParams, quiet: bool) -> Result<Prepared, Failure> {
    Ok(Prepared::open(
        signals,
        params,
        None,
        None,
        &Bars::new(quiet),
    )?)
}

fn say<T: Serialize>(
    as_json: bool,
    evaluation: &T,
    table: fn(&T) -> String,
) -> Result<Outcome, Failure> {
    print(&if as_json {
        serde_json::to_string_pretty(evaluation)?
    } else {
        table(evaluation)
    })?;
    Ok(Outcome::Done)
}

/// One figure of a prediction.
type Figure = fn(&ClickMetrics) -> Option<f64>;

fn ads_table(evaluation: &AdsEvaluation) -> String {
    let mut table = format!(
        "{} rows, {} hidden with {} impressions and {} clicks\n\n{:18}{:>10}{:>10}\n",
        evaluation.n_rows,
        evaluation.n_test_rows,
        evaluation.impressions,
        evaluation.clicks,
        "",
        "model",
        "base rate"
    );
    let figures: [(&str, Figure); 5] = [
        ("log loss", |m| m.log_loss),
        ("normalized entropy", |m| m.ne),
        ("AUC", |m| m.auc),
        ("calibration error", |m| m.ece),
        ("calibration ratio", |m| m.calibration_ratio),
    ];
    for (name, of) in figures {
        let (model, base) = (
            figure(of(&evaluation.model), 10),
            figure(of(&evaluation.base_rate), 10),
        );
        line(&mut table, &format!("{name:18}{model}{base}"));
    }
    table
}

fn figure(value: Option<f64>, width: usize) -> String {
    value.map_or_else(
        || format!("{:>width$}", "–"),
        |value| format!("{value:width$.4}"),
    )
}

/// Adds a line to a table.
pub(crate) fn line(table: &mut String, text: &str) {
    writeln!(table, "{text}").expect("writing to text cannot fail");
}
