//! `acquaint explain ad`: one person and one ad, from the gate to the price.

use acquaint::ads::Ineligible;
use acquaint::engine::{AdExplained, AdPart, Grant, NotShown};
use acquaint::ids::{AdId, UserId};

use super::{prepared, show};
use crate::args::ExplainAdArgs;
use crate::evaluate::line;
use crate::exit::{Failure, Outcome};
use crate::models::Models;
use crate::run::{read_params, with_lists};

pub(crate) fn ad(args: &ExplainAdArgs, quiet: bool) -> Result<Outcome, Failure> {
    let asked = &args.asked;
    let params = with_lists(read_params(&asked.asking.given)?, &args.lists)?;
    let models = Models::read(None, args.ad_model.as_deref())?;
    let prepared = prepared(asked, &params, &models, quiet)?;
    let explained = prepared.explain_ad(UserId(args.user), AdId(args.ad))?;
    let is_unknown = explained.why_not == Some(NotShown::UnknownPerson);
    let unknown = is_unknown.then_some(explained.user);
    show(asked, &explained, unknown, &prepared.reading(), text)
}

fn text(explained: &AdExplained) -> String {
    let (ad, user) = (explained.ad_id.0, explained.user.0);
    let mut text = match (explained.rank, explained.why_not) {
        (Some(rank), _) => format!("ad {ad} is shown to {user} in place {rank}\n"),
        (None, Some(why)) => format!("ad {ad} is not shown to {user}: {}\n", words(why)),
        (None, None) => format!("ad {ad} is not shown to {user}\n"),
    };
    if !explained.reasons.is_empty() {
        let reasons = explained.reasons.join(", ");
        line(&mut text, &format!("reasons      {reasons}"));
    }
    if let (Some(value), Some(p)) = (explained.value, explained.p_click) {
        let (bid, quality) = (
            explained.bid.unwrap_or(0.0),
            explained.quality.unwrap_or(0.0),
        );
        line(
            &mut text,
            &format!(
                "value        {value:.6} an impression = bid {bid} × {p:.6} + quality {quality}"
            ),
        );
    }
    if let Some(price) = explained.price {
        line(
            &mut text,
            &format!("price        {price:.6} a click, the least bid that keeps the place"),
        );
    }
    if let (Some(log_odds), Some(before)) = (explained.log_odds, explained.p_uncalibrated) {
        line(
            &mut text,
            &format!(
                "log-odds     {log_odds:+.4}, a probability of {before:.6} before calibration"
            ),
        );
    }
    if let Some(grant) = &explained.grant {
        line(&mut text, &format!("allowed      {}", allowed(grant)));
    }
    parts(&explained.parts, &mut text);
    text
}

/// One line a field: what it adds, what the person has in it, where it is from and what allows it.
fn parts(parts: &[AdPart], text: &mut String) {
    let name = |part: &AdPart| match &part.value {
        Some(value) => format!("{} = {value}", part.field),
        None => part.field.clone(),
    };
    let width = parts.iter().map(|part| name(part).chars().count()).max();
    let width = width.unwrap_or(0);
    let from = |part: &AdPart| part.sources.join(", ");
    let from_width = parts.iter().map(|part| from(part).len()).max().unwrap_or(0);
    for part in parts {
        let allowed = match part.granted_for {
            Some(purpose) => format!("allowed for {purpose}"),
            None => "not about the person".to_owned(),
        };
        let (name, from) = (name(part), from(part));
        line(
            text,
            &format!(
                "  {:+9.4}  {name:width$}  {from:from_width$}  {allowed}",
                part.log_odds
            ),
        );
    }
}

fn allowed(grant: &Grant) -> String {
    let states = grant.accounts.iter();
    let states: Vec<String> = states
        .map(|(account, state)| format!("account {} {state}", account.0))
        .collect();
    let since = grant.since.map(|since| format!(", for data since {since}"));
    format!(
        "{}: {}{}",
        grant.purpose,
        states.join(", "),
        since.unwrap_or_default()
    )
}

fn words(why: NotShown) -> String {
    match why {
        NotShown::UnknownPerson => "nobody knows the person".to_owned(),
        NotShown::Gate { reason } => format!("the gate denies the person ({reason})"),
        NotShown::UnknownAd => "no table has it, or its row was rejected".to_owned(),
        NotShown::Policy { reason } => of_policy(reason).to_owned(),
        NotShown::AdvertiserFull => {
            "better ads of its advertiser take all that its cap leaves".to_owned()
        }
        NotShown::BeyondK { place, k } => {
            format!("{} others are worth more, and {k} are shown", place - 1)
        }
        _ => "a rule this program does not know".to_owned(),
    }
}

const fn of_policy(reason: Ineligible) -> &'static str {
    match reason {
        Ineligible::Bid => "its bid is no amount",
        Ineligible::BelowReserve => "its bid is below the reserve price",
        Ineligible::NotRunning => "it does not run at this time",
        Ineligible::SpecialCategoryUndeclared => {
            "its category speaks of homes, jobs or loans, and it does not say so"
        }
        Ineligible::SpecialCategoryTargeting => {
            "it is for homes, jobs or loans and chooses people by who they are"
        }
        Ineligible::AudienceNarrowed => {
            "it is for a customer list and chooses by something else too"
        }
        Ineligible::AudienceUnknown => "nobody has seen its customer list, or its key is missing",
        Ineligible::AudienceTooSmall => "too few people are on its customer list",
        Ineligible::AudienceTooAlike => {
            "its customer list differs from another of its advertiser's by too few people"
        }
        Ineligible::HiddenAd => "the person hid it",
        Ineligible::HiddenAdvertiser => "the person hid its advertiser",
        Ineligible::AdCap => "the person has seen it often enough",
        Ineligible::AdvertiserCap => "the person has seen its advertiser often enough",
        Ineligible::Region => "the person is not in its regions",
        Ineligible::Language => "the person does not speak its languages",
        Ineligible::Gender => "it is for other genders",
        Ineligible::Age => "it is for other ages",
        Ineligible::Interests => "the person has none of its interests",
        Ineligible::NotInAudience => "it is for people the person is not one of",
        _ => "a rule this program does not know",
    }
}
