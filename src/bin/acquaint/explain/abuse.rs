//! `acquaint explain abuse`: the score of one account, fit for an appeal.

use acquaint::abuse::Basis;
use acquaint::engine::{AbuseCase, AbuseExplained, NotScored, ScoreExplained, SignalsRequest};
use acquaint::ids::AccountId;

use super::show;
use crate::args::ExplainAbuseArgs;
use crate::evaluate::line;
use crate::exit::{Failure, Outcome};
use crate::progress::Bars;
use crate::run::{Ledger, read_params};

/// Contacts that the text lists.
const LISTED: usize = 10;

pub(crate) fn abuse(args: &ExplainAbuseArgs, quiet: bool) -> Result<Outcome, Failure> {
    let asking = &args.asked.asking;
    let params = read_params(&asking.given)?;
    let ledger = Ledger::read(&asking.ledger)?;
    let source = ledger.source();
    let request = SignalsRequest {
        signals: &args.asked.signals,
        ledger: source.as_ref(),
        params: &params,
        times: asking.times(),
    };
    let case = AbuseCase::open(&request, &Bars::new(quiet))?;
    let explained = case.explain(AccountId(args.account));
    show(&args.asked, &explained, None, &case.reading(), text)
}

fn text(explained: &AbuseExplained) -> String {
    let account = explained.account.0;
    let mut text = String::new();
    if let Some(why) = explained.why_not {
        line(
            &mut text,
            &format!("account {account} has no score: {}", words(why)),
        );
    }
    if let Some(scored) = &explained.score {
        let (score, outcome) = (scored.score, scored.outcome.as_str());
        line(
            &mut text,
            &format!("account {account} scores {score:.4}; outcome: {outcome}"),
        );
        of_score(scored, &mut text);
    }
    let of = &explained.thresholds;
    let (demote, limit, quarantine) = (of.demote, of.limit, of.quarantine);
    line(
        &mut text,
        &format!(
            "thresholds   demote {demote}, limit {limit}, quarantine {quarantine} (by a trained model only, never for missing trust alone)"
        ),
    );
    text
}

fn of_score(scored: &ScoreExplained, text: &mut String) {
    let by = match scored.basis {
        Basis::Formula => "the weights of the configuration",
        Basis::TrustAlone => "a trained, calibrated model; on missing trust alone",
        Basis::BorneOut => "a trained, calibrated model",
    };
    line(text, &format!("scored by    {by}"));
    line(
        text,
        &format!(
            "  {:60}{:+9.3} log-odds",
            "an account of which nothing is known", scored.base
        ),
    );
    for part in &scored.parts {
        line(
            text,
            &format!("  {:60}{:+9.3} log-odds", part.reason, part.log_odds),
        );
    }
    if scored.basis != Basis::Formula {
        let before = scored.before_calibration;
        line(text, &format!("before calibration {before:.4}"));
    }
    let listed = scored
        .matched
        .iter()
        .take(LISTED)
        .map(|id| id.0.to_string());
    let listed = listed.collect::<Vec<_>>().join(", ");
    let more = scored.n_matched.saturating_sub(LISTED as u64);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    line(
        text,
        &format!(
            "its address book matched {} accounts: {listed}{more}",
            scored.n_matched
        ),
    );
}

fn words(why: NotScored) -> String {
    match why {
        NotScored::Unknown => "it is unknown at that time".to_owned(),
        NotScored::Gate { reason } => format!("the gate denies it ({reason})"),
        _ => "an unknown rule".to_owned(),
    }
}
