//! `acquaint evaluate policy`: what other policies would have earned, from a log with propensities.

use acquaint::engine::Progress;
use acquaint::eval::{
    Estimate, PolicyEvaluation, PolicyLog, PolicyOptions, PolicyValue, evaluate_policies,
    read_clicks,
};
use acquaint::publish::shown;

use super::line;
use crate::click_tables::EvaluatePolicyArgs;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::{of_kind, read_params};

pub(crate) fn policy(args: &EvaluatePolicyArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = of_kind(read_params(&args.given)?, args.model);
    let table = read_clicks(&args.log, &args.table.options())?;
    for note in table.notes() {
        eprintln!("acquaint: {}: {note}", shown(&args.log));
    }
    let log = PolicyLog::new(&table)
        .map_err(|error| Failure::new(format!("reading {}", shown(&args.log)), error))?;
    let options = PolicyOptions {
        seed: args.seed,
        explore: args.explore,
    };
    let bars = Bars::new(quiet);
    bars.begin("training and predicting", None);
    let evaluation = evaluate_policies(&log, params.ads(), options)?;
    drop(bars);
    print(&if args.json {
        serde_json::to_string_pretty(&evaluation)?
    } else {
        as_table(&evaluation)
    })?;
    Ok(Outcome::Done)
}

fn as_table(evaluation: &PolicyEvaluation) -> String {
    let mut table = format!(
        "{} rounds, {} clicks, {} items at {} positions; clicks a round, 95 of 100 draws of rounds in brackets\n\n",
        evaluation.rounds, evaluation.clicks, evaluation.actions, evaluation.positions
    );
    let head = "policy   estimator  clicks a round";
    line(&mut table, head);
    for value in &evaluation.policies {
        add_policy(&mut table, value);
    }
    line(
        &mut table,
        "\npolicy    matched  their clicks    rounds    weight   largest",
    );
    for PolicyValue { policy, estimates } in &evaluation.policies {
        let text = format!(
            "{policy:8}{:9}{:14}{:10.1}{:10.4}{:10.3}",
            estimates.matched,
            estimates.matched_rewards,
            estimates.effective_rounds,
            estimates.mean_weight,
            estimates.max_weight
        );
        line(&mut table, &text);
    }
    table
}

fn add_policy(table: &mut String, PolicyValue { policy, estimates }: &PolicyValue) {
    for (name, estimate) in [
        ("IPS", estimates.ips),
        ("SNIPS", estimates.snips),
        ("DR", estimates.dr),
        ("DM", estimates.dm),
    ] {
        line(table, &format!("{policy:9}{name:9}{}", text(estimate)));
    }
}

fn text(estimate: Estimate) -> String {
    match (estimate.value, estimate.low, estimate.high) {
        (Some(value), Some(low), Some(high)) => format!("{value:10.6} [{low:.6}, {high:.6}]"),
        _ => format!("{:>10}", "–"),
    }
}
