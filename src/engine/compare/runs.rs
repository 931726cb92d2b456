//! What two runs differ in, by their manifests.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::change::Why;
use crate::engine::outputs::{AbuseRow, AdRow, Manifest, OutputRow, SuggestionRow};

/// Something that two runs differ in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunDifference {
    /// What it is: `as_of`, `acquaint`, `consent`, `input FILE`, `parameter KEY`, `accounts STATE`, `friend model`, `ad model`.
    pub what: String,
    /// Of the earlier run; none if it has none.
    pub before: Option<String>,
    /// Of the later run; none if it has none.
    pub after: Option<String>,
}

/// Longer values are digests, models or lists, which say nothing in a table.
const MAX_SHOWN: usize = 60;

/// Everything two runs differ in, in the order a reader asks for it.
pub(super) fn differences(before: &Manifest, after: &Manifest) -> Vec<RunDifference> {
    let mut all = Vec::new();
    let mut add = |what: &str, before: Option<String>, after: Option<String>| {
        if before != after {
            let what = what.to_owned();
            all.push(RunDifference {
                what,
                before,
                after,
            });
        }
    };
    let moment = |manifest: &Manifest| Some(manifest.as_of.valid.to_string());
    add("as_of", moment(before), moment(after));
    let known = |manifest: &Manifest| Some(manifest.as_of.published_known.to_string());
    add("known until", known(before), known(after));
    let version = |manifest: &Manifest| Some(manifest.acquaint.clone());
    add("acquaint", version(before), version(after));
    let phone = |manifest: &Manifest| Some(manifest.phone_metadata.clone());
    add("phone metadata", phone(before), phone(after));
    by_name(
        &mut add,
        "parameter",
        &parameters(before),
        &parameters(after),
    );
    by_name(&mut add, "input", &inputs(before), &inputs(after));
    by_name(&mut add, "accounts", &states(before), &states(after));
    let models = [
        ("friend model", &before.friend_model, &after.friend_model),
        ("ad model", &before.ad_model, &after.ad_model),
    ];
    for (what, before, after) in models {
        add(what, digest(before), digest(after));
    }
    all
}

/// Calls `add` with what either side names.
fn by_name(
    add: &mut impl FnMut(&str, Option<String>, Option<String>),
    what: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        add(
            &format!("{what} {name}"),
            before.get(name).cloned(),
            after.get(name).cloned(),
        );
    }
}

/// The rows of each file with the beginning of its digest.
fn inputs(manifest: &Manifest) -> BTreeMap<String, String> {
    let named = manifest.inputs.iter().map(|input| {
        let digest: String = input.blake3.chars().take(8).collect();
        (
            input.file.clone(),
            format!("{} rows ({digest})", input.rows),
        )
    });
    named.collect()
}

fn states(manifest: &Manifest) -> BTreeMap<String, String> {
    let states = manifest.consent_states.iter();
    states
        .map(|(state, n)| (state.clone(), n.to_string()))
        .collect()
}

/// Every parameter by its full name, as a configuration spells it.
fn parameters(manifest: &Manifest) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    flatten(&manifest.parameters, String::new(), &mut all);
    all
}

fn flatten(value: &Value, name: String, all: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        // A model is one thing, whatever it is made of.
        Value::Object(fields) if name != "abuse.model" => {
            for (field, value) in fields {
                let dot = if name.is_empty() { "" } else { "." };
                flatten(value, format!("{name}{dot}{field}"), all);
            }
        }
        other => {
            let text = other
                .as_str()
                .map_or_else(|| other.to_string(), str::to_owned);
            all.insert(name, shortened(text));
        }
    }
}

fn digest(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| shortened(value.to_string()))
}

fn shortened(text: String) -> String {
    if text.chars().count() <= MAX_SHOWN {
        return text;
    }
    let digest = blake3::hash(text.as_bytes()).to_hex();
    format!("({})", &digest[..8])
}

/// Why figures of a table differ where the rows alone do not say.
pub(super) fn why(file: &str, before: &Manifest, after: &Manifest) -> Why {
    let of_model = |manifest: &Manifest| match file {
        SuggestionRow::FILE => manifest.friend_model.clone(),
        AdRow::FILE => manifest.ad_model.clone(),
        AbuseRow::FILE => manifest.parameters["abuse"]["model"].clone(),
        _ => Value::Null,
    };
    if of_model(before) != of_model(after) {
        Why::NewModel
    } else if before.parameters != after.parameters {
        Why::NewParameters
    } else if before.inputs != after.inputs {
        Why::NewRows
    } else if before.as_of != after.as_of {
        Why::OtherMoment
    } else if before.snapshot != after.snapshot {
        Why::OtherConsent
    } else if (&before.acquaint, &before.phone_metadata) != (&after.acquaint, &after.phone_metadata)
    {
        Why::OtherVersion
    } else {
        Why::Unexplained
    }
}
