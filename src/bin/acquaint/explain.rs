//! `acquaint explain`: why, and why not.

mod abuse;
mod ad;
mod business;
mod model;
mod suggestion;

use acquaint::engine::{Prepared, Reading, ValidRunParams};
use acquaint::ids::UserId;
use serde::Serialize;

use crate::args::{AskedAdsArgs, AskedArgs, ExplainVerb};
use crate::exit::{Failure, Outcome, print};
use crate::models::Models;
use crate::progress::Bars;
use crate::run::{Ledger, read_params, with_lists};
use crate::told::{Told, tell};

pub(crate) fn explain(verb: &ExplainVerb, quiet: bool) -> Result<Outcome, Failure> {
    match verb {
        ExplainVerb::Suggestion(args) => suggestion::suggestion(args, quiet),
        ExplainVerb::Ad(args) => ad::ad(args, quiet),
        ExplainVerb::Model(args) => model::model(args, quiet),
        ExplainVerb::Business(args) => business::business(args, quiet),
        ExplainVerb::Abuse(args) => abuse::abuse(args, quiet),
    }
}

/// What the run that is asked about has scored by.
fn prepared(
    asked: &AskedArgs,
    params: &ValidRunParams,
    models: &Models,
    quiet: bool,
) -> Result<Prepared, Failure> {
    let ledger = Ledger::read(&asked.asking.ledger)?;
    let (source, times) = (ledger.source(), asked.asking.times());
    let (given, bars) = (models.given(), Bars::new(quiet));
    let signals = &asked.signals;
    Ok(Prepared::open_with(
        signals,
        source.as_ref(),
        params,
        times,
        given,
        &bars,
    )?)
}

/// The same, with customer lists and a model of ads.
fn prepared_for_ads(asked: &AskedAdsArgs, quiet: bool) -> Result<Prepared, Failure> {
    let of_run = &asked.of_run;
    let params = with_lists(read_params(&of_run.asking.given)?, &asked.lists)?;
    let models = Models::read(None, asked.ad_model.as_deref())?;
    prepared(of_run, &params, &models, quiet)
}

/// That nobody is known by an id.
fn no_person(user: UserId) -> String {
    format!("{user} is unknown: no usable row of social_accounts has this user_id at that time")
}

/// Prints an explanation, as JSON if that was asked for. Of an id nobody knows there is nothing to explain.
fn show<E: Serialize>(
    asked: &AskedArgs,
    explained: &E,
    unknown: Option<String>,
    reading: &Reading,
    text: impl Fn(&E) -> String,
) -> Result<Outcome, Failure> {
    print(&if asked.json {
        let what = explained;
        serde_json::to_string_pretty(&Told { what, reading })? + "\n"
    } else {
        text(explained)
    })?;
    if let Some(unknown) = unknown {
        eprintln!("acquaint: {unknown}");
        return Ok(tell(reading, Outcome::Findings));
    }
    Ok(tell(reading, Outcome::Done))
}
