//! The first screen: is the run all right, and the five figures that say how it went.

use minijinja::{Value, context};
use serde_json::Value as Json;

use super::few::{FEWEST, is_few, people, share_of_people};
use super::sums::broken;
use super::words::{grouped, percent, rounded, visible, words};
use crate::engine::outputs::Manifest;
use crate::engine::{RunFinding, Stage};

/// Findings of a kind that are told one by one.
const TOLD: usize = 3;

/// Whether somebody has to look at the run, in one sentence, and at what.
pub(in crate::report) fn verdict(manifest: &Manifest) -> Value {
    let n_stages = manifest.stages.len();
    let broken: Vec<String> = broken(manifest).map(|stage| words(&stage.name)).collect();
    let findings = kinds(&manifest.findings);
    let n_kinds = findings.len();
    let (level, text) = if !broken.is_empty() {
        let text = format!(
            "The sums of {} of {n_stages} stages do not check: {}.",
            broken.len(),
            broken.join(", ")
        );
        ("wrong", text)
    } else if n_kinds > 0 {
        let things = if n_kinds == 1 { "thing" } else { "things" };
        let text = format!(
            "Finished, with {n_kinds} {things} to look at. The sums of all {n_stages} stages check."
        );
        ("look", text)
    } else {
        let text = format!(
            "All right. The sums of all {n_stages} stages check: everything that went in came out or is counted under a reason."
        );
        ("right", text)
    };
    context! { level, text, findings }
}

/// Findings by kind, in the order in which the first of each was found.
fn kinds(findings: &[RunFinding]) -> Vec<Value> {
    let mut codes: Vec<&str> = Vec::new();
    for finding in findings {
        if !codes.contains(&finding.code.as_str()) {
            codes.push(&finding.code);
        }
    }
    codes.into_iter().map(|code| kind(code, findings)).collect()
}

fn kind(code: &str, findings: &[RunFinding]) -> Value {
    let of_kind = || findings.iter().filter(|finding| finding.code == code);
    let n = of_kind().count();
    let told: Vec<Value> = of_kind().take(TOLD).map(finding).collect();
    context! {
        code => words(code),
        told,
        n_more => if n > TOLD { grouped((n - TOLD) as u64) } else { String::new() },
    }
}

fn finding(finding: &RunFinding) -> Value {
    let place = finding.place.as_ref();
    let place = place.map(|place| {
        let (file, column) = (visible(&place.file), visible(&place.column));
        format!("{file}, row {}, column {column}", grouped(place.row))
    });
    context! { place => place.unwrap_or_default(), what => visible(&finding.what), cure => visible(&finding.cure) }
}

/// The figures everybody asks for first. One that the run does not have is a dash, not a zero.
pub(in crate::report) fn figures(manifest: &Manifest) -> Vec<Value> {
    vec![
        scored(manifest),
        full_lists(manifest),
        opted_out(manifest),
        rejected(manifest),
        calibration(manifest),
    ]
}

fn scored(manifest: &Manifest) -> Value {
    let people = admission(manifest);
    let note = people.map(|stage| {
        let share = percent(stage.rows_out, u128::from(stage.rows_in));
        let all = grouped(stage.rows_in);
        format!("{share} of {all} people of the network")
    });
    figure(
        "people scored",
        people.map(|stage| grouped(stage.rows_out)),
        note,
    )
}

fn full_lists(manifest: &Manifest) -> Value {
    let exposure = &manifest.exposure;
    let has_lists = manifest
        .outputs
        .iter()
        .any(|output| output.file == "suggestions.parquet" && output.rows > 0);
    let nodes = manifest.graph.pointer("/ties/nodes").and_then(Json::as_u64);
    let share = |share: f64| {
        let few = nodes.is_some_and(|nodes| is_few(share * nodes as f64));
        let percent = format!("{} %", rounded((1_000.0 * share).round() / 10.0));
        if few {
            format!("< {FEWEST} people")
        } else {
            percent
        }
    };
    let any = share(exposure.coverage);
    figure(
        "with a full list of friends",
        has_lists.then(|| share(exposure.with_k)),
        has_lists.then(|| format!("{any} have a suggestion")),
    )
}

fn opted_out(manifest: &Manifest) -> Value {
    let refused = admission(manifest).map(|stage| {
        let refused = stage
            .dropped
            .iter()
            .filter(|(reason, _)| *reason == "opted_out");
        (refused.map(|(_, n)| n).sum::<u64>(), stage.rows_in)
    });
    let note = refused.map(|(n, all)| match share_of_people(n, all) {
        share if share.is_empty() => NOT_COUNTED.to_owned(),
        share => format!("{share} of these people; {NOT_COUNTED}"),
    });
    figure("opted out", refused.map(|(n, _)| people(n)), note)
}

/// Most people are left out for another reason, which is none of theirs.
const NOT_COUNTED: &str = "people without a record of consent are not counted here";

fn rejected(manifest: &Manifest) -> Value {
    let file = "rejections.parquet";
    let listed = manifest.outputs.iter().find(|output| output.file == file);
    let n = listed.map(|output| output.rows + manifest.rejections_unlisted);
    let read: u128 = manifest
        .inputs
        .iter()
        .map(|input| u128::from(input.rows))
        .sum();
    let note = n.map_or_else(
        || "not written by this run".to_owned(),
        |n| format!("{} of {} rows read", percent(n, read), grouped(read)),
    );
    figure("input rows rejected", n.map(grouped), Some(note))
}

fn calibration(manifest: &Manifest) -> Value {
    let ratio = manifest
        .ad_model
        .pointer("/training/held_out/calibration_ratio");
    let ratio = ratio
        .and_then(Json::as_f64)
        .map(|ratio| format!("{ratio:.2}"));
    let note = match &ratio {
        Some(_) => {
            "clicks predicted for one that happened, on rows held out, before the model was calibrated on them"
        }
        None => "no rows were held out",
    };
    figure("calibration of ads", ratio, Some(note.to_owned()))
}

/// The stage that decides which people take part: that of friend suggestions, if there is one.
fn admission(manifest: &Manifest) -> Option<&Stage> {
    manifest.stages.iter().find(|stage| is_of_people(stage))
}

/// Does this stage decide which people take part?
pub(in crate::report) fn is_of_people(stage: &Stage) -> bool {
    stage.name == "people" || stage.name.contains("→ people (")
}

fn figure(label: &str, figure: Option<String>, note: Option<String>) -> Value {
    context! { label, figure => figure.unwrap_or_else(|| "–".to_owned()), note => note.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_told_by_kind() {
        let one = |code: &str, n: u64| RunFinding::new(code, format!("what {n}"), "cure");
        let findings = [
            one("a", 1),
            one("b", 1),
            one("a", 2),
            one("a", 3),
            one("a", 4),
        ];
        let told = kinds(&findings);
        assert_eq!(told.len(), 2);
        let n_more = told[0].get_attr("n_more").unwrap().to_string();
        assert_eq!(n_more, "1", "three are told, one is not");
    }
}
