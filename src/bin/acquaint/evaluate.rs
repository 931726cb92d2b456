//! `acquaint evaluate`: held-out quality, as a table or as JSON.

use std::fmt::Write;
use std::path::Path;

use acquaint::ads::ClickMetrics;
use acquaint::engine::{Prepared, ValidRunParams};
use acquaint::eval::{
    AdsEvaluation, ContactsEvaluation, FriendsEvaluation, evaluate_ads, evaluate_contacts,
    evaluate_edges, read_edges,
};
use serde::Serialize;

use crate::args::{EvaluateAdsArgs, EvaluateFriendsArgs};
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::read_params;

pub(crate) fn friends(args: &EvaluateFriendsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let edges = friendships(args, quiet)?;
    if args.contacts.is_empty() {
        let evaluation = evaluate_edges(&edges);
        say(args.json, &evaluation, friends_table)
    } else {
        let evaluation = evaluate_contacts(&contacts(&args.contacts)?, &edges);
        say(args.json, &evaluation, contacts_table)
    }
}

pub(crate) fn ads(args: &EvaluateAdsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = read_params(args.config.as_deref())?;
    let prepared = prepare(&args.signals, &params, quiet)?;
    let evaluation = evaluate_ads(&prepared.training_rows(), prepared.ads(), params.ads())?;
    say(args.json, &evaluation, ads_table)
}

fn friendships(args: &EvaluateFriendsArgs, quiet: bool) -> Result<Vec<(u64, u64)>, Failure> {
    match (&args.edges, &args.signals) {
        (Some(file), _) => Ok(read_edges(file)?.undirected().pairs),
        (None, Some(dir)) => Ok(prepare(dir, &read_params(None)?, quiet)?.friendships()),
        (None, None) => unreachable!("the command line requires one of the two"),
    }
}

fn contacts(files: &[std::path::PathBuf]) -> Result<Vec<(u64, u64)>, Failure> {
    let mut contacts = Vec::new();
    for file in files {
        contacts.extend(read_edges(file)?.directed().pairs);
    }
    contacts.sort_unstable();
    contacts.dedup();
    Ok(contacts)
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

fn friends_table(evaluation: &FriendsEvaluation) -> String {
    let mut table = format!(
        "{} people, {} friendships to learn from, {} hidden\n\nmethod       AUC  recall@10\n",
        evaluation.nodes, evaluation.train_edges, evaluation.held_out
    );
    for (name, scores) in &evaluation.heuristics {
        line(
            &mut table,
            &format!(
                "{name:8}{}{}",
                figure(scores.auc, 8),
                figure(scores.recall_at_10, 11)
            ),
        );
    }
    table
}

fn contacts_table(evaluation: &ContactsEvaluation) -> String {
    let mut table = format!(
        "{} people, {} saved numbers, {} friendships, {} of them hidden where friends are known\n\n{:24}{:>8}{:>8}{:>12}\n",
        evaluation.nodes,
        evaluation.contacts,
        evaluation.friendships,
        evaluation.held_out,
        "recall@10",
        "tiers",
        "bonus",
        "score only"
    );
    for (name, ranking) in [
        ("contacts only", evaluation.contacts_only),
        ("friends and contacts", evaluation.friends_and_contacts),
        ("friends only", evaluation.friends_only),
    ] {
        let (tiers, bonus, score) = (ranking.tiers, ranking.bonus, ranking.score_only);
        line(
            &mut table,
            &format!("{name:24}{tiers:8.4}{bonus:8.4}{score:12.4}"),
        );
    }
    table
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

fn line(table: &mut String, text: &str) {
    writeln!(table, "{text}").expect("writing to text cannot fail");
}
