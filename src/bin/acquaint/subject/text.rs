//! What is held about one person, in words.

use acquaint::engine::{AccountConsent, HeldRows, LinkHeld, Subject};
use serde_json::Value;

use crate::evaluate::line;

/// Rows named of one file, the first of many; JSON has more.
const ROWS_SHOWN: usize = 8;

pub(super) fn text(found: &Subject) -> String {
    let mut text = who(found);
    for consent in &found.consent {
        of_account(&mut text, consent);
    }
    held(&mut text, &found.held);
    links(&mut text, &found.links);
    scores(&mut text, found);
    if !found.published.is_empty() {
        line(&mut text, "\npublished rows that name them");
        for rows in &found.published {
            line(&mut text, &format!("  {:26}{:>8}", rows.file, rows.n_rows));
        }
    }
    text
}

fn who(found: &Subject) -> String {
    let ids = |ids: Vec<String>| match ids.len() {
        0 => "none".to_owned(),
        _ => ids.join(", "),
    };
    let accounts = ids(found.accounts.iter().map(ToString::to_string).collect());
    let people = ids(found.people.iter().map(ToString::to_string).collect());
    let objected = if found.objected { "yes" } else { "no" };
    format!(
        "as of {}\nmessenger accounts   {accounts}\nsocial network       {people}\nnumbers known        {}\non the objection list  {objected}\n",
        found.as_of, found.n_numbers
    )
}

fn of_account(text: &mut String, consent: &AccountConsent) {
    let state = match (consent.is_erased, consent.state) {
        (true, _) => "its past was erased from the ledger",
        (false, Some(state)) => state,
        (false, None) => "nothing is known of what it allows",
    };
    line(text, &format!("\naccount {}: {state}", consent.account));
    for (purpose, decision) in &consent.purposes {
        line(text, &format!("  {purpose:24}{decision}"));
    }
    for event in &consent.history {
        let told = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        line(
            text,
            &format!(
                "  {:28}{} {}",
                told("valid_time"),
                told("kind"),
                told("purpose")
            ),
        );
    }
}

fn held(text: &mut String, held: &[HeldRows]) {
    if held.is_empty() {
        line(text, "\nno row of any table names them");
        return;
    }
    line(text, "\nrows that name them");
    for rows in held {
        let first: Vec<String> = rows
            .rows
            .iter()
            .take(ROWS_SHOWN)
            .map(ToString::to_string)
            .collect();
        let more = rows.n_rows.saturating_sub(first.len() as u64);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        line(text, &format!("  {}: {}{more}", rows.file, first.join(" ")));
        if !rows.purposes.is_empty() {
            line(text, &format!("    for {}", rows.purposes.join(", ")));
        }
    }
}

fn links(text: &mut String, links: &[LinkHeld]) {
    if links.is_empty() {
        return;
    }
    line(text, "\nlinks");
    for link in links {
        let until = link
            .until
            .as_ref()
            .map_or_else(String::new, |until| format!(" until {until}"));
        line(
            text,
            &format!(
                "  {} {} is {} since {}{until}, p = {:.3}: {}",
                link.purpose.as_str(),
                link.account,
                link.user,
                link.from,
                link.probability,
                link.evidence.join(", ")
            ),
        );
    }
}

fn scores(text: &mut String, found: &Subject) {
    for (title, lines) in [
        ("suggested to them", suggestions(found)),
        ("ads given to them", ads(found)),
        ("spam scores", spam(found)),
        ("businesses", businesses(found)),
    ] {
        if !lines.is_empty() {
            line(text, &format!("\n{title}"));
        }
        for told in lines {
            line(text, &format!("  {told}"));
        }
    }
}

fn suggestions(found: &Subject) -> Vec<String> {
    let told = found.suggestions.iter();
    told.map(|one| {
        format!(
            "{:>3} {}: {}",
            one.rank,
            one.candidate,
            one.reasons.join(", ")
        )
    })
    .collect()
}

fn ads(found: &Subject) -> Vec<String> {
    let told = found.ads.iter();
    told.map(|one| {
        format!(
            "{:>3} {}: p = {:.4}, {}",
            one.rank,
            one.ad,
            one.p_click,
            one.reasons.join(", ")
        )
    })
    .collect()
}

fn spam(found: &Subject) -> Vec<String> {
    let told = found.spam.iter();
    told.map(|one| {
        let reasons = match one.reasons.len() {
            0 => "nothing speaks for spam".to_owned(),
            _ => one.reasons.join(", "),
        };
        format!(
            "{}: {:.3}, {}; {reasons}",
            one.account, one.score, one.outcome
        )
    })
    .collect()
}

fn businesses(found: &Subject) -> Vec<String> {
    let told = found.businesses.iter();
    told.map(|one| {
        let may = match one.may_send.len() {
            0 => "nothing".to_owned(),
            _ => one.may_send.join(", "),
        };
        format!(
            "{} may send {may}; marketing: {}",
            one.business,
            one.marketing_reasons.join(", ")
        )
    })
    .collect()
}
