//! What sharing is worth, for a terminal.

use acquaint::eval::{Change, ConfidenceInterval, Left, SAME, SourceWorth, StillThere, Worth};
use acquaint::report::Figure;

use super::Both;
use super::page::figure;
use crate::evaluate::line;

pub(super) fn table(both: &Both) -> String {
    let mut text = String::new();
    let named = [("suggestions", &both.suggestions), ("ads", &both.ads)];
    for (name, worth) in named {
        if let Some(worth) = worth {
            add(&mut text, name, worth);
        }
        if let Some(why) = both.nothing_to_measure.get(name) {
            line(&mut text, &format!("{name}: nothing to measure: {why}\n"));
        }
    }
    text
}

fn add(text: &mut String, name: &str, worth: &Worth) {
    let (measured, people) = (worth.measured, worth.people);
    let better = if worth.more_is_better { "more" } else { "less" };
    line(
        text,
        &format!(
            "{name}: {measured} ({better} is better) of {people} people; 95 of 100 draws of people in brackets\n"
        ),
    );
    let has_auc = worth.sources.iter().any(|source| source.auc.is_some());
    let auc = if has_auc { "      AUC" } else { "" };
    line(
        text,
        &format!(
            "{:22}{measured:26}{:28}{:>8}{:>8}{auc}",
            "source", "the step adds", "better", "worse"
        ),
    );
    for source in &worth.sources {
        line(text, &source_line(source));
    }
    for not in &worth.not_measured {
        line(text, &format!("not measured: {}: {}", not.source, not.why));
    }
    line(
        text,
        &format!(
            "a difference above 0 is better; whoever moves by {SAME:.5} or less counts neither as better nor as worse"
        ),
    );
    add_left(text, worth);
}

fn source_line(source: &SourceWorth) -> String {
    let change = source.gain.map(|gain| Change {
        gain,
        better: source.better,
        worse: source.worse,
    });
    let auc = source
        .auc
        .map_or_else(String::new, |auc| format!("{auc:9.4}"));
    format!(
        "{:22}{:26}{}{auc}",
        source.source,
        figure(source.figure).text(),
        changed(change)
    )
}

/// 44 wide.
fn changed(change: Option<Change>) -> String {
    change.map_or_else(
        || format!("{:28}{:>8}{:>8}", "", "–", "–"),
        |change| {
            let gain = signed(change.gain);
            format!("{gain:28}{:8}{:8}", change.better, change.worse)
        },
    )
}

fn signed(of: ConfidenceInterval) -> String {
    let figure: Figure = figure(of);
    figure.signed()
}

fn add_left(text: &mut String, worth: &Worth) {
    if worth.left.is_empty() {
        line(
            text,
            "\nas others opt out: nobody who never does has anything hidden\n",
        );
        return;
    }
    let stay = worth.people_who_stay;
    let how = if worth.more_is_better {
        "; in the plain order, a hidden friend who left counts as missed"
    } else {
        ", whose hidden rows are the same at every share"
    };
    line(
        text,
        &format!("\nas others opt out, for {stay} people who never do{how}"),
    );
    line(
        text,
        &format!(
            "opted out   {:26}{:28}{:>8}{:>8}",
            worth.measured, "difference to 0 %", "better", "worse"
        ),
    );
    for left in &worth.left {
        let figure = figure(left.figure).text();
        line(
            text,
            &format!("{}   {figure:26}{}", share(left), changed(left.change)),
        );
    }
    if worth.left.iter().any(|left| left.still_there.is_some()) {
        add_still_there(text, &worth.left);
    }
    text.push('\n');
}

fn share(left: &Left) -> String {
    format!("{:>7.0} %", left.opted_out * 100.0)
}

fn add_still_there(text: &mut String, left: &[Left]) {
    line(
        text,
        "\nof the hidden friends who are still there alone; fewer people compete for a place, so this may rise",
    );
    line(
        text,
        &format!(
            "opted out   {:>6}{:>9}{:>7}  {:>8}  {:26}{:28}{:>8}{:>8}",
            "people", "friends", "left", "at 0 %", "MAP@10", "difference to 0 %", "better", "worse"
        ),
    );
    for left in left {
        if let Some(there) = &left.still_there {
            line(text, &format!("{}   {}", share(left), there_text(there)));
        }
    }
}

fn there_text(there: &StillThere) -> String {
    format!(
        "{:6}{:9}{:7}  {:8.4}  {:26}{}",
        there.people,
        there.friends,
        there.friends_gone,
        there.before.value,
        figure(there.figure).text(),
        changed(Some(there.change))
    )
}
