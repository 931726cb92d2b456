//! `acquaint explain business`: one business and one account, rule by rule.

use acquaint::engine::{BusinessExplained, CheckExplained, KindExplained, OrderExplained};
use acquaint::ids::{AccountId, BusinessId, TemplateId};
use acquaint::signals::MessageKind;

use super::{prepared, show};
use crate::args::ExplainBusinessArgs;
use crate::evaluate::line;
use crate::exit::{Failure, Outcome};
use crate::models::Models;
use crate::run::read_params;

pub(crate) fn business(args: &ExplainBusinessArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = read_params(&args.asked.asking.given)?;
    let models = Models::read(None, None)?;
    let prepared = prepared(&args.asked, &params, &models, quiet)?;
    let kinds = args
        .kind
        .map_or_else(|| MessageKind::ALL.to_vec(), |kind| vec![kind]);
    let (business, account) = (BusinessId(args.business), AccountId(args.account));
    let template = args.template.map(TemplateId);
    let explained = prepared.explain_business(business, account, &kinds, template);
    show(&args.asked, &explained, None, &prepared.reading(), text)
}

fn text(explained: &BusinessExplained) -> String {
    let (business, account) = (explained.business.0, explained.account.0);
    let mut text = String::new();
    if explained.kinds.is_empty() {
        let why = if explained.is_known {
            "there is no thread and no opt-in between them by then, or the account allows neither purpose"
        } else {
            "no table knows the business"
        };
        line(
            &mut text,
            &format!("business {business} has no verdict for account {account}: {why}"),
        );
    }
    for order in &explained.orders {
        of_order(explained, order, &mut text);
    }
    for kind in &explained.kinds {
        of_kind(explained, kind, &mut text);
    }
    text
}

/// Where the business stands among those that matter to the person, part by part of the formula in docs/scoring.md.
fn of_order(explained: &BusinessExplained, order: &OrderExplained, text: &mut String) {
    let OrderExplained {
        purpose,
        rank,
        n,
        ties,
        crowd,
        ..
    } = order;
    let (business, account) = (explained.business.0, explained.account.0);
    let relevance = f64::from(order.relevance) / 1e6;
    line(
        text,
        &format!(
            "business {business} is {rank} of {n} that matter to account {account} ({purpose}): {relevance:.6}"
        ),
    );
    let did = [
        (ties.wrote_at, "the person wrote"),
        (ties.asked_at, "the person opted in"),
        (ties.saved_at, "the person saved its number"),
    ];
    for (at, what) in did {
        if let Some(at) = at {
            line(text, &format!("  + {what}, {at}"));
        }
    }
    let (met, wrote, against) = (crowd.n_met, crowd.n_wrote, crowd.n_against);
    let of_people =
        format!("{met} people met it, {wrote} wrote to it, {against} blocked or reported it");
    line(text, &format!("    {of_people}"));
}

fn of_kind(explained: &BusinessExplained, kind: &KindExplained, text: &mut String) {
    let may = if kind.allowed { "may" } else { "may not" };
    let (business, account) = (explained.business.0, explained.account.0);
    let (name, at) = (kind.kind.as_str(), explained.at);
    line(
        text,
        &format!("business {business} {may} write to account {account} at {at}: {name}"),
    );
    for check in &kind.checks {
        of_check(check, text);
    }
}

fn of_check(check: &CheckExplained, text: &mut String) {
    let mark = match check.allows {
        Some(true) => "+",
        Some(false) => "-",
        None => "?",
    };
    line(text, &format!("  {mark} {}", check.says));
    match (&check.known, check.rule) {
        (Some(rule), _) => {
            let until = rule
                .until
                .map_or_else(String::new, |until| format!(" until {until}"));
            line(
                text,
                &format!(
                    "      {}, from {}{until}, read {}",
                    rule.title, rule.from, rule.read
                ),
            );
            for source in rule.sources {
                line(text, &format!("      {source}"));
            }
        }
        (None, Some(rule)) => {
            line(text, &format!("      no rule known: {}", rule.as_str()));
        }
        (None, None) => {}
    }
}
