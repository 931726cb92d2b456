//! `acquaint evaluate abuse`: scores set against labelled accounts.

use acquaint::abuse::{self, OutcomeThresholds};
use acquaint::eval::{AbuseEvaluation, AtOutcome, Judged, Threshold, evaluate_abuse};

use super::{figure, line, say};
use crate::args::EvaluateAbuseArgs;
use crate::exit::{Failure, Outcome};
use crate::train::opened;

pub(crate) fn abuse(args: &EvaluateAbuseArgs, quiet: bool) -> Result<Outcome, Failure> {
    let (case, labels) = opened(&args.labelled, quiet)?;
    let judged: Vec<Judged> = (case.scores().iter())
        .map(|one| Judged {
            account: one.account,
            score: one.score,
            outcome: case.outcome(one),
        })
        .collect();
    let evaluation = evaluate_abuse(&judged, &labels, &published(&case.thresholds()));
    say(args.json, &evaluation, &case.reading(), table)
}

/// The thresholds as they are published.
fn published(thresholds: &OutcomeThresholds) -> [Threshold; 3] {
    [
        (abuse::Outcome::Demote, thresholds.demote),
        (abuse::Outcome::Limit, thresholds.limit),
        (abuse::Outcome::Quarantine, thresholds.quarantine),
    ]
}

fn table(evaluation: &AbuseEvaluation) -> String {
    let AbuseEvaluation {
        accounts,
        abusive,
        unscored,
        metrics,
        ..
    } = evaluation;
    let mut text = format!(
        "{accounts} accounts, {abusive} of them abusive; {unscored} labels of accounts without a score\n\n"
    );
    let header = |text: &mut String| {
        let columns = ["accounts", "AUC", "ECE"]
            .map(|name| format!("{name:>10}"))
            .concat();
        let at = evaluation.at.iter().map(|at| format!("{:>22}", at.outcome));
        line(
            text,
            &format!("{:14}{columns}{}", "", at.collect::<String>()),
        );
        let at = evaluation
            .at
            .iter()
            .map(|_| format!("{:>11}{:>11}", "precision", "recall"));
        line(text, &format!("{:44}{}", "", at.collect::<String>()));
    };
    header(&mut text);
    let row = |name: &str, n: u64, auc, ece, at: &[AtOutcome]| {
        let at = at
            .iter()
            .map(|at| figure(at.precision, 11) + &figure(at.recall, 11));
        let figures = figure(auc, 10) + &figure(ece, 10) + &at.collect::<String>();
        format!("{name:14}{n:>10}{figures}")
    };
    line(
        &mut text,
        &row("all", *abusive, metrics.auc, metrics.ece, &evaluation.at),
    );
    for kind in &evaluation.kinds {
        let (auc, ece) = (kind.metrics.auc, kind.metrics.ece);
        line(
            &mut text,
            &row(&kind.kind, kind.accounts, auc, ece, &kind.at),
        );
    }
    line(
        &mut text,
        "\nhonest accounts that come to each outcome, or to a worse one",
    );
    for honest in &evaluation.honest {
        let touched = honest.touched.iter().map(|n| format!("{n:>22}"));
        let (name, n) = (&honest.kind, honest.accounts);
        line(
            &mut text,
            &format!("{name:14}{n:>10}{:20}{}", "", touched.collect::<String>()),
        );
    }
    text
}
