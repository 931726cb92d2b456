//! `acquaint explain ad`: one person and one ad, from the gate to the price.

use acquaint::ads::Ineligible;
use acquaint::consent::AdLevel;
use acquaint::engine::{AdExplained, AdPart, Grant, NotShown};
use acquaint::ids::{AdId, UserId};

use super::{no_person, prepared_for_ads, show};
use crate::args::ExplainAdArgs;
use crate::evaluate::line;
use crate::exit::{Failure, Outcome};

pub(crate) fn ad(args: &ExplainAdArgs, quiet: bool) -> Result<Outcome, Failure> {
    let prepared = prepared_for_ads(&args.asked, quiet)?;
    let explained = prepared.explain_ad(UserId(args.user), AdId(args.ad))?;
    let unknown = match explained.why_not {
        Some(NotShown::UnknownPerson) => Some(no_person(explained.user)),
        Some(NotShown::UnknownAd) => {
            let ad = explained.ad_id;
            Some(format!(
                "{ad} is unknown: no usable row of ads has this ad_id"
            ))
        }
        _ => None,
    };
    show(
        &args.asked.of_run,
        &explained,
        unknown,
        &prepared.reading(),
        text,
    )
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
                "value        {value:.6} per impression = bid {bid} × {p:.6} + quality {quality}"
            ),
        );
    }
    if let Some(price) = explained.price {
        line(
            &mut text,
            &format!("price        {price:.6} per click (the lowest bid that keeps the rank)"),
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
    let level = match grant.level {
        AdLevel::Full => "",
        AdLevel::Limited => " (limited: region, language and age band alone)",
    };
    format!(
        "{}{level}: {}{}",
        grant.purpose,
        states.join(", "),
        since.unwrap_or_default()
    )
}

fn words(why: NotShown) -> String {
    match why {
        NotShown::UnknownPerson => "the person is unknown".to_owned(),
        NotShown::Gate { reason } => format!("the gate denies the person ({reason})"),
        NotShown::UnknownAd => "the ad is unknown, or its row was rejected".to_owned(),
        NotShown::Policy { reason } => of_policy(reason).to_owned(),
        NotShown::AdvertiserFull => {
            "better ads of the same advertiser use up the advertiser's cap".to_owned()
        }
        NotShown::BeyondK { place, k } => {
            format!(
                "{} other ads have a higher value, and {k} are shown",
                place - 1
            )
        }
        _ => "an unknown rule".to_owned(),
    }
}

const fn of_policy(reason: Ineligible) -> &'static str {
    match reason {
        Ineligible::Bid => "its bid is not a finite number",
        Ineligible::BelowReserve => "its bid is below the reserve price",
        Ineligible::NotRunning => "it does not run at this time",
        Ineligible::SpecialCategoryUndeclared => {
            "its category is housing, jobs or credit, but the ad does not declare it"
        }
        Ineligible::SpecialCategoryTargeting => {
            "housing, job and credit ads may not target personal traits"
        }
        Ineligible::AudienceNarrowed => "it targets a customer list and something else too",
        Ineligible::AudienceUnknown => "its customer list is missing, or the key of the list is",
        Ineligible::AudienceTooSmall => "its customer list has too few people",
        Ineligible::AudienceTooAlike => {
            "its customer list differs too little from another list of the same advertiser"
        }
        Ineligible::HiddenAd => "the person hid the ad",
        Ineligible::HiddenAdvertiser => "the person hid the advertiser",
        Ineligible::AdCap => "the frequency cap of the ad is reached",
        Ineligible::AdvertiserCap => "the frequency cap of the advertiser is reached",
        Ineligible::Region => "it targets other regions",
        Ineligible::Language => "it targets other languages",
        Ineligible::Gender => "it targets other genders",
        Ineligible::Age => "it targets other ages",
        Ineligible::Interests => "it targets other interests",
        Ineligible::NotInAudience => "the person is not on its customer list",
        _ => "an unknown rule",
    }
}
