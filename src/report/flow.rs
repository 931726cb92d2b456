//! From signals to published rows: for each product the steps a person or a row passes, each with how many are left.

use minijinja::{Value, context};
use serde_json::Value as Json;

use super::charts::place;
use super::few::{people, share_of_people};
use super::sums::ranked;
use super::words::{grouped, words};
use crate::engine::Stage;
use crate::engine::outputs::Manifest;

/// A step, and how many are left after it.
struct Step {
    what: &'static str,
    n: u64,
    /// The largest reason why the others are not.
    why: Option<String>,
}

/// The flows that the run has, in the order of the page.
pub(in crate::report) fn flows(manifest: &Manifest) -> Vec<Value> {
    let flows = [
        ("Friend suggestions", "people", friends(manifest)),
        ("The address book", "rows", book(manifest)),
        ("Ads", "people", ads(manifest)),
        ("Spam and abuse", "accounts", abuse(manifest)),
        ("Business messages", "pairs", business(manifest)),
    ];
    let flows = flows.into_iter();
    let seen = flows.filter(|(.., steps)| steps.len() > 1 && steps[0].n > 0);
    seen.map(|(name, of, steps)| drawn(name, of, &steps))
        .collect()
}

fn drawn(name: &str, of: &str, steps: &[Step]) -> Value {
    let first = steps[0].n;
    let step = |step: &Step| {
        let share = 100.0 * step.n as f64 / first as f64;
        let least = if step.n == 0 { 0.0 } else { 0.4 };
        context! {
            what => step.what,
            n => people(step.n),
            share => share_of_people(step.n, first),
            width => place(share.clamp(least, 100.0)),
            why => step.why.clone().unwrap_or_default(),
        }
    };
    context! { name, of, steps => steps.iter().map(step).collect::<Vec<_>>() }
}

fn friends(manifest: &Manifest) -> Vec<Step> {
    let Some(admitted) = named(manifest, "→ people (friend_suggestions)") else {
        return Vec::new();
    };
    let count = |path: &str| manifest.graph.pointer(path).and_then(Json::as_u64);
    let nodes = count("/ties/nodes");
    let tied = nodes.zip(count("/ties/isolated"));
    let tied = tied.map(|(nodes, isolated)| nodes.saturating_sub(isolated));
    let exposure = &manifest.exposure;
    let of_nodes = |share: f64| nodes.map(|nodes| share_of(share, nodes));
    let mut steps = vec![
        all("have an account on the network", admitted),
        left("may be scored", admitted),
    ];
    steps.extend(tied.map(|n| step("have a permitted friend or contact", n)));
    steps.extend(of_nodes(exposure.coverage).map(|n| step("get a suggestion", n)));
    steps.extend(of_nodes(exposure.with_k).map(|n| step("get as many as were asked for", n)));
    steps
}

fn book(manifest: &Manifest) -> Vec<Step> {
    let Some(matched) = named(manifest, "address book → matches (friend_suggestions)") else {
        return Vec::new();
    };
    let dropped = |is: fn(&str) -> bool| -> u64 {
        let of = matched.dropped.iter().filter(|(reason, _)| is(reason));
        of.map(|(_, n)| n).sum()
    };
    let unread = dropped(|reason| reason == "not_a_number" || reason == "too_long");
    let readable = matched.rows_in.saturating_sub(unread);
    let denied = dropped(|reason| reason.starts_with("uploader: "));
    let mut steps = vec![
        all("saved numbers", matched),
        step("are phone numbers", readable),
        step(
            "whose uploader may be matched",
            readable.saturating_sub(denied),
        ),
        left("are somebody who may be matched", matched),
    ];
    let linked = named(manifest, "→ contact edges");
    steps.extend(linked.map(|stage| left("join two people of the network", stage)));
    steps
}

fn ads(manifest: &Manifest) -> Vec<Step> {
    let Some(admitted) = named(manifest, "→ people (ad_relevance)") else {
        return Vec::new();
    };
    vec![
        all("have an account on the network", admitted),
        left("may get ads by what is shared", admitted),
    ]
}

fn abuse(manifest: &Manifest) -> Vec<Step> {
    let Some(scored) = named(manifest, "→ spam scores (abuse)") else {
        return Vec::new();
    };
    vec![
        all("have an account on the messenger", scored),
        left("are scored", scored),
    ]
}

fn business(manifest: &Manifest) -> Vec<Step> {
    let Some(asked) = named(manifest, "businesses × accounts → verdicts") else {
        return Vec::new();
    };
    vec![
        all("pairs of a business and an account it knows", asked),
        left("get a verdict", asked),
    ]
}

/// The first stage whose name ends so.
fn named<'m>(manifest: &'m Manifest, name: &str) -> Option<&'m Stage> {
    let mut stages = manifest.stages.iter();
    stages.find(|stage| stage.name.ends_with(name))
}

fn all(what: &'static str, stage: &Stage) -> Step {
    step(what, stage.rows_in)
}

/// What a stage let through, with the reason that left out most.
fn left(what: &'static str, stage: &Stage) -> Step {
    let most = ranked(stage).first().map(|&(reason, n)| {
        let reason = words(reason.rsplit(": ").next().unwrap_or(reason));
        format!("most of the others: {reason}, {}", grouped(n))
    });
    Step {
        what,
        n: stage.rows_out,
        why: most.filter(|_| stage.rows_in > stage.rows_out),
    }
}

const fn step(what: &'static str, n: u64) -> Step {
    Step { what, n, why: None }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of a count of people"
)]
fn share_of(share: f64, n: u64) -> u64 {
    (share.clamp(0.0, 1.0) * n as f64).round() as u64
}
