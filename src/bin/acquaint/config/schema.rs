//! The JSON schema of a configuration, asked of the reader itself.
//!
//! A key that no section has makes the reader list those it has; a value that no key takes makes it list the words it takes; and
//! which types a key takes shows when each is tried. So the schema cannot say anything else than what is read.

use acquaint::engine::RunParams;
use serde_json::{Map, Value, json};

/// A key and a word that nothing is called.
const NOTHING: &str = "\u{1}";
/// No section lies deeper.
const DEPTH: usize = 6;

/// The schema of `acquaint.toml`, draft 2020-12.
pub(super) fn schema() -> Value {
    let defaults = serde_json::to_value(RunParams::default()).unwrap_or_default();
    let mut schema = of_section(&[], &defaults).unwrap_or_else(|| json!({ "type": "object" }));
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "acquaint.toml".into();
    schema
}

/// What the reader says of one value under a path of keys; nothing if it takes it.
fn refusal(path: &[&str], value: Value) -> Option<String> {
    let nested = path
        .iter()
        .rev()
        .fold(value, |value, key| json!({ *key: value }));
    let read = serde_json::from_value::<RunParams>(nested);
    read.err().map(|error| error.to_string())
}

/// The schema of a section, if there is one under this path: an object with certain keys.
fn of_section(path: &[&str], defaults: &Value) -> Option<Value> {
    let refused = refusal(path, json!({ NOTHING: 0 }))?;
    let keys = expected(&refused, "unknown field ")?;
    let mut properties = Map::new();
    for key in &keys {
        let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        let property = of_key(&path, defaults.get(key).unwrap_or(&Value::Null));
        properties.insert(key.clone(), property);
    }
    Some(json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    }))
}

fn of_key(path: &[&str], default: &Value) -> Value {
    if path.len() < DEPTH
        && let Some(section) = of_section(path, default)
    {
        return section;
    }
    let mut property = Map::new();
    if let Some(words) = words(path) {
        property.insert("enum".to_owned(), words.into());
    } else {
        let types = types(path);
        if !types.is_empty() {
            property.insert("type".to_owned(), types.into());
        }
    }
    if !default.is_null() && !default.is_object() {
        property.insert("default".to_owned(), default.clone());
    }
    Value::Object(property)
}

/// The words that a key takes, if it takes certain ones alone.
fn words(path: &[&str]) -> Option<Vec<String>> {
    expected(&refusal(path, NOTHING.into())?, "unknown variant ")
}

/// The types that a key takes.
fn types(path: &[&str]) -> Vec<&'static str> {
    let tries = [
        ("boolean", json!(true)),
        ("integer", json!(1)),
        ("number", json!(0.5)),
        ("string", json!("50%")),
        ("array", json!([])),
        ("object", json!({})),
    ];
    let is_taken = |value: Value| match refusal(path, value) {
        None => true,
        Some(refused) => {
            !refused.contains("invalid type") && !refused.contains("did not match any")
        }
    };
    let taken = tries
        .into_iter()
        .filter(|(_, value)| is_taken(value.clone()));
    let taken: Vec<&str> = taken.map(|(name, _)| name).collect();
    // Every whole number is a number.
    let is_number = taken.contains(&"number");
    let counts = |name: &&str| !(is_number && *name == "integer");
    taken.into_iter().filter(counts).collect()
}

/// The names that a message expects in the place of one that is none.
fn expected(message: &str, begins: &str) -> Option<Vec<String>> {
    let rest = message.strip_prefix(begins)?;
    let (_, expected) = rest.strip_prefix('`')?.split_once('`')?;
    let names = expected.split('`').skip(1).step_by(2);
    Some(names.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Value {
        let schema = schema();
        let key = |value: &Value, key: &str| value["properties"][key].clone();
        path.split('.')
            .fold(schema, |value, name| key(&value, name))
    }

    #[test]
    fn sections_keys_words_and_types_are_those_that_are_read() {
        assert_eq!(
            at("suggest.k"),
            json!({ "type": ["integer"], "default": 10 })
        );
        assert_eq!(
            at("suggest.age_bands"),
            json!({ "type": ["boolean"], "default": true })
        );
        assert_eq!(at("ads.prior_ctr")["type"], json!(["number"]));
        let words = at("suggest.score")["enum"].clone();
        assert!(
            words.as_array().unwrap().contains(&json!("jaccard")),
            "{words}"
        );
        assert_eq!(at("max_rejects")["type"], json!(["number", "string"]));
        assert_eq!(
            at("publish.max_change")["type"],
            json!(["number", "string"])
        );
    }

    #[test]
    fn keys_and_sections_that_are_absent_by_default_are_there() {
        assert_eq!(at("suggest.shown_max")["type"], json!(["integer"]));
        assert_eq!(at("ranker.factors.size")["type"], json!(["integer"]));
        assert_eq!(at("ranker.factors")["additionalProperties"], json!(false));
    }

    #[test]
    fn every_default_is_a_key_of_the_schema() {
        fn check(schema: &Value, defaults: &Value, path: &str) {
            let Some(properties) = schema["properties"].as_object() else {
                return;
            };
            for (key, value) in defaults.as_object().unwrap() {
                let path = format!("{path}.{key}");
                let property = properties.get(key).unwrap_or_else(|| panic!("{path}"));
                if value.is_object() {
                    check(property, value, &path);
                }
            }
        }
        check(
            &schema(),
            &serde_json::to_value(RunParams::default()).unwrap(),
            "",
        );
    }
}
