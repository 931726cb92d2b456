//! What the page says, in the order it says it: the template's values, made from the manifest alone.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, context};
use serde_json::Value as Json;

use super::charts::{self, Placed, place, stacked};
use super::sums::{adds_up, is_consent, n_dropped, ranked};
use super::words::{abridged, bytes, grouped, percent, rounded, visible, words};
use super::{REPORT, abuse, ads, consent, first, flow, groups};
use crate::engine::Stage;
use crate::engine::outputs::{Manifest, OutputDigest};

/// Shades of one colour that the page's style knows; more reasons than shades share the last.
const N_SHADES: usize = 5;

/// The template with a manifest's values in it.
pub(in crate::report) fn fill_in(manifest: &Manifest) -> Result<String, Error> {
    let mut templates = Environment::new();
    // The name decides nothing here: whatever it is, text is escaped, and a misspelt value is an error.
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_template(REPORT, include_str!("report.html"))?;
    templates.get_template(REPORT)?.render(values(manifest))
}

fn values(manifest: &Manifest) -> Value {
    context! {
        run => run(manifest),
        verdict => first::verdict(manifest),
        figures => first::figures(manifest),
        flows => flow::flows(manifest),
        purposes => consent::by_purpose(manifest),
        groups => groups(manifest),
        consent => consent::states(&manifest.consent_states),
        rejected => rejected(manifest),
        graph => facts(&manifest.graph),
        histograms => histograms(manifest),
        ad_model => facts(&ads::without_drawn(&manifest.ad_model)),
        ad_charts => ads::charts(&manifest.ad_model),
        abuse => abuse::outcomes(manifest.abuse.as_ref()),
        inputs => inputs(manifest),
        outputs => manifest.outputs.iter().map(output).collect::<Vec<_>>(),
        parameters => pretty(&manifest.parameters),
    }
}

/// Which run this is.
fn run(manifest: &Manifest) -> Value {
    context! {
        format => visible(&manifest.format),
        acquaint => visible(&manifest.acquaint),
        phone_metadata => visible(&manifest.phone_metadata),
        valid => manifest.as_of.valid.to_string(),
        known => manifest.as_of.known.to_string(),
        published_known => manifest.as_of.published_known.to_string(),
        ledger => digest(&manifest.ledger),
        snapshot => digest(&manifest.snapshot),
    }
}

/// A digest, short for the eye and whole for the record.
fn digest(digest: &str) -> Value {
    context! { short => abridged(digest), full => visible(digest) }
}

/// Stages by subject, each with those that lost something before those that did not; subjects without any are left out.
fn groups(manifest: &Manifest) -> Vec<Value> {
    let of_subject = |(at, name): (usize, &&str)| {
        let stages = manifest.stages.iter();
        let stages: Vec<&Stage> = stages
            .filter(|stage| groups::subject(stage) == at)
            .collect();
        let n_lost = stages.iter().map(|stage| n_dropped(stage)).sum::<u128>();
        let name = (*name).to_owned();
        (!stages.is_empty()).then(|| {
            context! {
                name, n_stages => stages.len(), n_lost => grouped(n_lost),
                // What does not add up is not hidden behind a fold.
                open => !stages.iter().all(|stage| adds_up(stage)),
                stages => those(&stages, Lost::Some), lossless => those(&stages, Lost::Nothing),
            }
        })
    };
    let subjects = groups::SUBJECTS.iter().enumerate();
    subjects.filter_map(of_subject).collect()
}

/// Rows and numbers that could not be read, by table and reason.
fn rejected(manifest: &Manifest) -> Vec<Value> {
    let of = |what: &'static str, tables: &BTreeMap<String, BTreeMap<String, u64>>| {
        let rows = tables.iter().flat_map(|(table, reasons)| {
            reasons.iter().map(move |(reason, &n)| {
                context! { table => visible(table), what, reason => words(reason), n => grouped(n) }
            })
        });
        rows.collect::<Vec<_>>()
    };
    let mut all = of("row", &manifest.rejected);
    all.extend(of("number", &manifest.rejected_numbers));
    all
}

/// What a stage lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Everything went through it.
    Nothing,
    Some,
}

/// Those of some stages that lost something, or the others, in the order of the run.
fn those(stages: &[&Stage], lost: Lost) -> Vec<Value> {
    let lost_by = |stage: &Stage| {
        if adds_up(stage) && n_dropped(stage) == 0 {
            Lost::Nothing
        } else {
            Lost::Some
        }
    };
    let stages = stages.iter().filter(|stage| lost_by(stage) == lost);
    stages.map(|one| stage(one)).collect()
}

/// Where a stage's rows went: first those that came out, then each reason, most first.
fn stage(stage: &Stage) -> Value {
    let ranked = ranked(stage);
    let whole = n_dropped(stage) + u128::from(stage.rows_out);
    let sizes: Vec<u64> = std::iter::once(stage.rows_out)
        .chain(ranked.iter().map(|(_, n)| *n))
        .collect();
    let kept = Shaded {
        label: "went on".to_owned(),
        kind: "kept",
        shade: 0,
    };
    let parts: Vec<_> = std::iter::once(kept)
        .chain(shaded(&ranked))
        .zip(&sizes)
        .zip(stacked(&sizes))
        .map(|((part, &n), Placed { left, width })| {
            let Shaded { label, kind, shade } = part;
            context! {
                label, kind, shade, n => grouped(n), share => percent(n, whole),
                left => place(left), width => place(width),
            }
        })
        .collect();
    context! {
        name => words(&stage.name),
        rows_in => grouped(stage.rows_in),
        rows_out => grouped(stage.rows_out),
        dropped => grouped(n_dropped(stage)),
        adds_up => adds_up(stage),
        parts,
    }
}

/// A part of a stage's bar.
struct Shaded {
    label: String,
    /// Whether it is of consent.
    kind: &'static str,
    /// Darker for more.
    shade: usize,
}

fn shaded(ranked: &[(&str, u64)]) -> Vec<Shaded> {
    let mut n_of_kind = BTreeMap::new();
    ranked
        .iter()
        .map(|(reason, _)| {
            let kind = if is_consent(reason) {
                "consent"
            } else {
                "data"
            };
            let n = n_of_kind.entry(kind).or_insert(0);
            *n += 1;
            Shaded {
                label: words(reason),
                kind,
                shade: usize::min(*n, N_SHADES),
            }
        })
        .collect()
}

fn histograms(manifest: &Manifest) -> Vec<Value> {
    manifest
        .histograms
        .iter()
        .map(|h| context! { chart => charts::histogram(h), description => charts::described(h) })
        .collect()
}

/// A JSON value whose shape is not known here, as tables: one for each object in it that holds plain values.
fn facts(json: &Json) -> Vec<Value> {
    let mut tables = BTreeMap::new();
    flatten("", "", json, &mut tables);
    tables
        .into_iter()
        .map(|(title, rows)| context! { title, rows })
        .collect()
}

/// Collects plain values by the path of the object they are in.
fn flatten(path: &str, name: &str, json: &Json, tables: &mut BTreeMap<String, Vec<Value>>) {
    match json {
        Json::Object(fields) => {
            let path = join(path, name);
            for (field, value) in fields {
                flatten(&path, field, value, tables);
            }
        }
        Json::Null if name.is_empty() => {}
        plain => tables
            .entry(path.to_owned())
            .or_default()
            .push(context! { name => words(name), value => fact(plain) }),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        words(name)
    } else {
        format!("{path} › {}", words(name))
    }
}

fn fact(json: &Json) -> String {
    match json {
        Json::Null => "–".to_owned(),
        Json::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Json::Number(number) => number
            .as_u64()
            .map_or_else(|| rounded(number.as_f64().unwrap_or(f64::NAN)), grouped),
        Json::String(text) => visible(text),
        Json::Array(values) => format!("{} values", values.len()),
        Json::Object(fields) => format!("{} fields", fields.len()),
    }
}

fn inputs(manifest: &Manifest) -> Vec<Value> {
    manifest
        .inputs
        .iter()
        .map(|input| {
            let ignored = manifest.ignored_columns.get(&input.file);
            context! {
                file => visible(&input.file),
                rows => grouped(input.rows),
                size => bytes(input.bytes),
                bytes => grouped(input.bytes),
                digest => digest(&input.blake3),
                ignored => ignored.into_iter().flatten().map(|c| visible(c)).collect::<Vec<_>>(),
            }
        })
        .collect()
}

fn output(output: &OutputDigest) -> Value {
    context! {
        file => visible(&output.file),
        rows => grouped(output.rows),
        size => bytes(output.bytes),
        bytes => grouped(output.bytes),
        digest => digest(&output.blake3),
    }
}

/// JSON, indented. Line ends stay; what else cannot be seen in it is spelt out.
fn pretty(json: &Json) -> String {
    let text = serde_json::to_string_pretty(json).expect("a JSON value is JSON");
    let lines: Vec<_> = text.lines().map(visible).collect();
    lines.join("\n")
}
