//! `acquaint train friends`: the order of suggestions, learned from friendships that are hidden.

use std::path::Path;

use acquaint::engine::{GivenModels, Prepared, Progress, Reading, ValidRunParams};
use acquaint::eval::train_public;
use acquaint::publish::{Ours, is_sealed_file, shown};
use acquaint::suggest::{FeatureWeight, FriendModel, RankerParams};
use serde_json::Value;

use super::reads;
use crate::args::TrainFriendsArgs;
use crate::edge_lists::{refuse_without_times, timed};
use crate::evaluate::line;
use crate::exit::{Failure, Outcome, print};
use crate::output;
use crate::progress::Bars;
use crate::run::{Ledger, read_params};
use crate::told::{Told, tell, tell_with_proof};

/// Features shown, those with the largest weights.
const SHOWN: usize = 8;

pub(crate) fn friends(args: &TrainFriendsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = with_ranker(read_params(&args.asking.given)?)?;
    let reads = reads(&args.asking, args.signals.as_ref(), args.edges.as_ref());
    let out = output::file(&args.out, MODEL, reads.all())?;
    let (model, reading) = match (&args.edges, &args.signals) {
        (Some(file), _) => (on_edges(file, args, &params, quiet)?, Reading::default()),
        (None, Some(dir)) => on_signals(dir, args, &params, quiet)?,
        (None, None) => unreachable!("the command line requires one of the two"),
    };
    let text = model.to_json()?;
    out.write(text.as_bytes())?;
    output::tell(&out.publish()?);
    print(&if args.json {
        let (what, reading) = (&serde_json::from_str::<Value>(&text)?, &reading);
        serde_json::to_string_pretty(&Told { what, reading })?
    } else {
        summary(&model) + &format!("\nwrote {}\n", shown(&args.out))
    })?;
    Ok(tell_with_proof(&reading, Outcome::Done))
}

/// A model is replaced by a later one.
const MODEL: Ours = Ours::new("a friend model", |path| {
    is_sealed_file(path, "\"schema\": \"acquaint-friend-model/")
});

fn with_ranker(params: ValidRunParams) -> Result<ValidRunParams, Failure> {
    Ok(match params.given().ranker {
        Some(_) => params,
        None => params.with_ranker(RankerParams::default().check()?),
    })
}

fn on_edges(
    file: &Path,
    args: &TrainFriendsArgs,
    params: &ValidRunParams,
    quiet: bool,
) -> Result<FriendModel, Failure> {
    let given = params.given();
    let (suggest, ranker) = (given.suggest.clone(), given.ranker.clone());
    let ranker = ranker.unwrap_or_default().check()?;
    let lists = args.lists.read(file, &[])?.lists;
    let edges = lists
        .first()
        .map(|list| timed(file, list))
        .unwrap_or_default();
    if ranker.hides_newest() {
        refuse_without_times(&edges)?;
    }
    let bars = Bars::new(quiet);
    bars.begin("training the friend model", None);
    Ok(train_public(&edges, &[], &suggest.check()?, &ranker)?)
}

fn on_signals(
    dir: &Path,
    args: &TrainFriendsArgs,
    params: &ValidRunParams,
    quiet: bool,
) -> Result<(FriendModel, Reading), Failure> {
    let ledger = Ledger::read(&args.asking.ledger)?;
    let times = args.asking.times();
    let source = ledger.source();
    let (none, bars) = (GivenModels::default(), Bars::new(quiet));
    let prepared = Prepared::open_with(dir, source.as_ref(), params, times, none, &bars)?;
    match (prepared.friend_model(), prepared.why_not_learned()) {
        (Some(model), _) => Ok((model.clone(), prepared.reading())),
        (None, why) => {
            // What was read may say why there is nothing to learn from.
            tell(&prepared.reading(), Outcome::Findings);
            Err(Failure::new(
                format!("training on {}", shown(dir)),
                why.unwrap_or("no ranker was asked for").to_owned(),
            ))
        }
    }
}

fn summary(model: &FriendModel) -> String {
    let training = model.training();
    let mut text = format!(
        "{} candidates to train on, {} of them held-out friends; {} others to calibrate on, {} of them held-out friends\n\n",
        training.fitted, training.fitted_friends, training.held_out, training.held_out_friends
    );
    for (name, value) in [
        ("log loss", training.log_loss),
        ("of the base rate", training.base_log_loss),
        ("AUC", training.auc),
        ("calibration error", training.calibration_error),
    ] {
        let value = value.map_or_else(|| "–".to_owned(), |x| format!("{x:.4}"));
        line(&mut text, &format!("{name:24}{value:>9}"));
    }
    text += "\nlargest weights, log-odds a unit\n";
    for FeatureWeight { name, weight } in largest(model.weights()) {
        line(&mut text, &format!("{name:32}{weight:+9.3}"));
    }
    text
}

fn largest(mut weights: Vec<FeatureWeight>) -> Vec<FeatureWeight> {
    weights.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    weights.truncate(SHOWN);
    weights
}
