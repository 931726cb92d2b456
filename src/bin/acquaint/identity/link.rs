//! `acquaint identity link`, `fit` and `evaluate`: who is behind an account.

use std::fmt::Write as _;
use std::path::Path;

use acquaint::engine::{Claims, ValidRunParams};
use acquaint::eval::{LinksEvaluation, evaluate_links};
use acquaint::hash::HashSet;
use acquaint::identity::{Link, LinkModel, Probability};
use acquaint::ids::{AccountId, Owned, UserId};
use acquaint::publish::{open_stream, shown};
use acquaint::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::args::{ClaimsArgs, EvaluateArgs, FitArgs, LinkArgs};
use crate::clock::times;
use crate::exit::{Failure, Outcome, Output, of_output, print};
use crate::progress::Bars;
use crate::run::{Ledger, read_params};
use crate::told::{Told, tell};

pub(crate) fn link(args: &LinkArgs, quiet: bool) -> Result<Outcome, Failure> {
    let (claims, params) = read(&args.claims, quiet)?;
    let threshold = match args.threshold {
        Some(value) if (0.5..=1.0).contains(&value) => Probability::of(value),
        Some(value) => {
            let error = format!("{value} is not between 0.5 and 1");
            return Err(Failure::new("reading --threshold", error));
        }
        None => params.identity().threshold(args.claims.purpose),
    };
    let linking = claims.link(&params, threshold);
    let mut out = csv::Writer::from_writer(Output::new());
    out.write_record([
        "account_id",
        "user_id",
        "from",
        "until",
        "probability",
        "evidence",
    ])
    .map_err(of_output)?;
    for link in &linking.links {
        out.write_record(row(link)).map_err(of_output)?;
    }
    out.flush()?;
    eprintln!(
        "acquaint: numbers held: {}",
        serde_json::to_string(&linking.counts)?
    );
    Ok(tell(claims.reading(), Outcome::Done))
}

fn row(link: &Link) -> [String; 6] {
    let until = link.interval.until;
    let until = (until != Timestamp::MAX).then(|| until.to_string());
    [
        link.account.0.to_string(),
        link.user.0.to_string(),
        link.interval.from.to_string(),
        until.unwrap_or_default(),
        format!("{:.6}", link.probability.to_f64()),
        link.evidence.names().join("|"),
    ]
}

/// A configuration file with nothing but a model.
#[derive(Serialize)]
struct ModelFile {
    identity: ModelSection,
}

#[derive(Serialize)]
struct ModelSection {
    model: LinkModel,
}

pub(crate) fn fit(args: &FitArgs, quiet: bool) -> Result<Outcome, Failure> {
    let (claims, params) = read(&args.claims, quiet)?;
    let fitted = claims.fit(params.given().identity.model.clone())?;
    let file = ModelFile {
        identity: ModelSection {
            model: fitted.model,
        },
    };
    let text = toml::to_string(&file).map_err(|error| Failure::new("writing TOML", error))?;
    print(&text)?;
    let settled = if fitted.converged {
        "settled"
    } else {
        "did not settle"
    };
    eprintln!(
        "acquaint: {settled} after {} steps; {:.0} of {} pairs that share a number are the same person",
        fitted.steps, fitted.matches, fitted.pairs
    );
    let ended = if fitted.converged {
        Outcome::Done
    } else {
        Outcome::Findings
    };
    Ok(tell(claims.reading(), ended))
}

pub(crate) fn evaluate(args: &EvaluateArgs, quiet: bool) -> Result<Outcome, Failure> {
    let owners = owners(&args.truth)?;
    let (claims, params) = read(&args.claims, quiet)?;
    let evaluation = evaluate_links(&claims, &owners, &params);
    let reading = claims.reading();
    print(&if args.json {
        let what = &evaluation;
        serde_json::to_string_pretty(&Told { what, reading })?
    } else {
        table(&evaluation)
    })?;
    Ok(tell(reading, Outcome::Done))
}

fn read(args: &ClaimsArgs, quiet: bool) -> Result<(Claims, ValidRunParams), Failure> {
    let params = read_params(&args.given)?;
    let ledger = Ledger::read(&args.ledger)?;
    let claims = Claims::read(
        &args.signals,
        ledger.source().as_ref(),
        &params,
        times(args.as_of, None),
        args.purpose,
        &Bars::new(quiet),
    )?;
    Ok((claims, params))
}

#[derive(Deserialize)]
struct Owner {
    account_id: u64,
    user_id: u64,
}

fn owners(file: &Path) -> Result<HashSet<Owned>, Failure> {
    let reading = || format!("reading {}", shown(file));
    let opened = open_stream(file).map_err(|error| Failure::new(reading(), error))?;
    let mut reader = csv::Reader::from_reader(opened);
    // The rows of a file whose header cannot be read are none, not an error.
    let header = reader.headers();
    header.map_err(|error| Failure::new(reading(), error))?;
    let rows = reader.into_deserialize();
    let pairs = rows.map(|row: Result<Owner, csv::Error>| {
        row.map(|row| Owned {
            user: UserId(row.user_id),
            account: AccountId(row.account_id),
        })
    });
    pairs
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(reading(), error))
}

fn table(evaluation: &LinksEvaluation) -> String {
    let mut text = format!(
        "{} pairs can be found, {} of them on numbers that somebody else claims too\n\n\
         {:>9}  {:>9}  {:>6}  {:>17}  {:>12}  {:>9}  {:>7}  {:>11}  {:>9}\n",
        evaluation.linkable,
        evaluation.contested,
        "threshold",
        "links",
        "wrong",
        "on passed numbers",
        "on contested",
        "precision",
        "recall",
        "uncontested",
        "contested"
    );
    for at in &evaluation.thresholds {
        let _ = writeln!(
            text,
            "{:>9}  {:>9}  {:>6}  {:>17}  {:>12}  {:>9.5}  {:>7.4}  {:>11.4}  {:>9.4}",
            at.threshold,
            at.links,
            at.wrong,
            at.wrong_on_passed_numbers,
            at.wrong_on_contested_numbers,
            at.precision,
            at.recall,
            at.recall_uncontested,
            at.recall_contested
        );
    }
    let _ = writeln!(
        text,
        "\nexpected calibration error {:.4}\n\n{:>11}  {:>9}  {:>16}  {:>10}",
        evaluation.calibration_error, "probability", "pairs", "mean probability", "share true"
    );
    for bin in &evaluation.bins {
        let _ = writeln!(
            text,
            "{:>4.1} to {:.1}   {:>9}  {:>16.4}  {:>10.4}",
            bin.from,
            bin.from + 0.1,
            bin.pairs,
            bin.mean_probability,
            bin.share_true
        );
    }
    text
}
