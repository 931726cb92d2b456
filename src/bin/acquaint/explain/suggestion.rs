//! `acquaint explain suggestion`: one pair, from the gate to the last rule.

use acquaint::engine::{NotSuggested, SuggestionExplained};
use acquaint::ids::UserId;
use acquaint::suggest::WhyNot;

use super::{no_person, prepared, show};
use crate::args::ExplainSuggestionArgs;
use crate::evaluate::line;
use crate::exit::{Failure, Outcome};
use crate::models::Models;
use crate::run::read_params;

pub(crate) fn suggestion(args: &ExplainSuggestionArgs, quiet: bool) -> Result<Outcome, Failure> {
    let asked = &args.asked;
    let params = read_params(&asked.asking.given)?;
    let models = Models::read(args.friend_model.as_deref(), None)?;
    let prepared = prepared(asked, &params, &models, quiet)?;
    let explained = prepared.explain_suggestion(UserId(args.user), UserId(args.candidate));
    let unknown = match explained.why_not {
        Some(NotSuggested::UnknownPerson { user }) => Some(no_person(user)),
        _ => None,
    };
    show(asked, &explained, unknown, &prepared.reading(), text)
}

fn text(explained: &SuggestionExplained) -> String {
    let (user, candidate) = (explained.user.0, explained.candidate.0);
    let mut text = match (explained.rank, explained.why_not) {
        (Some(rank), _) => format!("{candidate} is suggested to {user} in place {rank}\n"),
        (None, Some(why)) => {
            format!("{candidate} is not suggested to {user}: {}\n", words(why))
        }
        (None, None) => format!("{candidate} is not suggested to {user}\n"),
    };
    if !explained.reasons.is_empty() {
        let reasons = explained.reasons.join(", ");
        line(
            &mut text,
            &format!("reasons      {reasons}{}", named(explained)),
        );
    }
    if let Some(score) = explained.score {
        line(&mut text, &format!("score        {score:.4}"));
    }
    if let Some(probability) = explained.probability {
        line(&mut text, &format!("probability  {probability:.4}"));
    }
    for part in &explained.parts {
        line(
            &mut text,
            &format!("  {:32}{:+9.3} log-odds", part.name, part.weight),
        );
    }
    text
}

/// ", among them A and B"
fn named(explained: &SuggestionExplained) -> String {
    let names: Vec<String> = explained
        .named
        .iter()
        .map(|user| user.0.to_string())
        .collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => format!(", among them {last}"),
        Some((last, first)) => format!(", among them {} and {last}", first.join(", ")),
    }
}

fn words(why: NotSuggested) -> String {
    match why {
        NotSuggested::UnknownPerson { user } => format!("{} is unknown", user.0),
        NotSuggested::GateForUser { reason } => format!("the gate denies the person ({reason})"),
        NotSuggested::GateForCandidate { reason } => {
            format!("the gate denies the candidate ({reason})")
        }
        NotSuggested::ShownEnough => {
            "the candidate is already shown to the maximum number of people".to_owned()
        }
        NotSuggested::Suggestions(rule) => of_rule(rule),
        _ => "an unknown rule".to_owned(),
    }
}

fn of_rule(rule: WhyNot) -> String {
    match rule {
        WhyNot::Themselves => "they are the same person".to_owned(),
        WhyNot::Friends => "they are already friends".to_owned(),
        WhyNot::Blocked => "one of the two blocked the other".to_owned(),
        WhyNot::Reported => "one of the two reported the other".to_owned(),
        WhyNot::OneDevice => "both have an account on the same device".to_owned(),
        WhyNot::Dismissed => "the person dismissed the candidate".to_owned(),
        WhyNot::Hidden => "the candidate is hidden from suggestions".to_owned(),
        WhyNot::OneSided => {
            "only the person saved the other's number, and they have too few people in common"
                .to_owned()
        }
        WhyNot::DirectOff => {
            "saved numbers alone are not enough here, and they have too few people in common"
                .to_owned()
        }
        WhyNot::Practice => "they have only a practice (such as a doctor) in common".to_owned(),
        WhyNot::SensitiveNumber => {
            "they have only a number in common that many strangers saved".to_owned()
        }
        WhyNot::NoWeight => "their ties have zero weight".to_owned(),
        WhyNot::NobodyInCommon => "they have no one in common".to_owned(),
        WhyNot::BelowMinIntermediaries { in_common, wanted } => {
            format!("people in common: {in_common}; needed: {wanted}")
        }
        WhyNot::AgeBand => "one is a minor, and the other may be an adult".to_owned(),
        WhyNot::SpamRemoved => "the candidate's spam score is too high".to_owned(),
        WhyNot::BeyondK { place, k } => {
            format!(
                "{} other candidates rank higher, and {k} are suggested",
                place - 1
            )
        }
        _ => "an unknown rule".to_owned(),
    }
}
