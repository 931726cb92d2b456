//! Terms and orders as files: `data/policies`, and whatever directory a caller reads.

use serde::Deserialize;

use super::event::{Express, Overlay, OverlayEffect, PolicyId, PolicyVersion, TextDigest};
use super::level::AdLevel;
use super::purpose::Purpose;
use crate::ids::Region;
use crate::time::{Interval, Timestamp};
use crate::toml_fault::told;

macro_rules! shipped {
    ($name:literal) => {
        ($name, include_str!(concat!("../../data/policies/", $name)))
    };
}

/// The files that come with the program.
const SHIPPED: [(&str, &str); 15] = [
    shipped!("2016-08-25-terms.toml"),
    shipped!("2016-09-23-delhi.toml"),
    shipped!("2016-09-27-hamburg.toml"),
    shipped!("2016-10-27-wp29.toml"),
    shipped!("2016-11-07-ico.toml"),
    shipped!("2016-11-16-eu.toml"),
    shipped!("2017-12-18-cnil.toml"),
    shipped!("2021-01-04-terms.toml"),
    shipped!("2021-01-11-turkey.toml"),
    shipped!("2021-05-11-hamburg.toml"),
    shipped!("2024-11-18-cci.toml"),
    shipped!("2025-04-23-dma.toml"),
    shipped!("2025-11-04-nclat.toml"),
    shipped!("2025-12-15-nclat.toml"),
    shipped!("2026-01-01-eu-choice.toml"),
];

/// Why a file says nothing about terms or orders.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// It is not TOML, or has a key it should not have, or lacks one it should.
    #[error("{file}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        message: String,
    },
    /// A value cannot be used.
    #[error("{file}: `{key}` is {value:?}: {expected}")]
    Value {
        /// The file.
        file: String,
        /// The key.
        key: &'static str,
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
}

/// A file: a version of the terms, a decision, or a record of something without effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRecord {
    /// The name of the file.
    pub file: String,
    /// What to call it.
    pub title: String,
    /// The day it became public, as it stands in the file.
    pub date: String,
    /// Whose it is.
    pub authority: String,
    /// What it says, in our words.
    pub summary: String,
    /// Where that can be read.
    pub sources: Vec<String>,
    /// How it is read, where that is not obvious.
    pub note: Option<String>,
    /// The version of the terms, if it is one.
    pub version: Option<PolicyVersion>,
    /// What is ordered, if anything is.
    pub orders: Vec<Overlay>,
}

/// Terms and orders, by the name of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    records: Vec<PolicyRecord>,
}

impl PolicySet {
    /// What comes with the program: the terms of 2016 and 2021, and what regulators decided about them.
    ///
    /// # Panics
    /// Never: the files are part of the program, and a test reads them.
    #[must_use]
    pub fn shipped() -> Self {
        Self::from_files(SHIPPED).expect("the files that come with the program are well formed")
    }

    /// Reads files, given by name and text, in any order.
    ///
    /// # Errors
    /// The first file that is not as `data/policies/schema.json` says, with line and column.
    pub fn from_files<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, PolicyFileError> {
        let read = |(name, text): (N, T)| record(name.as_ref(), text.as_ref());
        let mut records = files.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        records.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(Self { records })
    }

    /// Every file, by name.
    #[must_use]
    pub fn records(&self) -> &[PolicyRecord] {
        &self.records
    }

    /// Every version of the terms.
    #[must_use]
    pub fn versions(&self) -> Vec<PolicyVersion> {
        let versions = self.records.iter().filter_map(|r| r.version.clone());
        versions.collect()
    }

    /// Every order.
    #[must_use]
    pub fn overlays(&self) -> Vec<Overlay> {
        self.records.iter().flat_map(|r| r.orders.clone()).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordFile {
    title: String,
    date: String,
    authority: String,
    summary: String,
    sources: Vec<String>,
    note: Option<String>,
    version: Option<VersionFile>,
    #[serde(default)]
    orders: Vec<OrderFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionFile {
    policy: u32,
    announced_at: String,
    accept_by: String,
    window_days: u32,
    cohort_cut: String,
    texts: Vec<TextFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextFile {
    locale: String,
    /// For people: the digest is what counts.
    #[serde(rename = "file")]
    _file: Option<String>,
    digest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderFile {
    regions: Vec<String>,
    purposes: Vec<String>,
    from: String,
    until: Option<String>,
    effect: Effect,
    cut_off: Option<String>,
    consents_since: Option<String>,
    unnamed_level: Option<AdLevel>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Effect {
    Deny,
    CutOff,
    Express,
}

fn record(file: &str, text: &str) -> Result<PolicyRecord, PolicyFileError> {
    let read: RecordFile = toml::from_str(text).map_err(|error| PolicyFileError::Malformed {
        file: file.to_owned(),
        message: told(text, &error),
    })?;
    let place = Place(file);
    if read.sources.is_empty() {
        return Err(place.value("sources", "[]", "at least one source"));
    }
    let version = read.version.map(|version| place.version(version));
    let orders: Result<Vec<Vec<Overlay>>, _> =
        read.orders.iter().map(|order| place.order(order)).collect();
    Ok(PolicyRecord {
        file: file.to_owned(),
        title: read.title,
        date: read.date,
        authority: read.authority,
        summary: read.summary,
        sources: read.sources,
        note: read.note,
        version: version.transpose()?,
        orders: orders?.concat(),
    })
}

/// The file that is being read.
struct Place<'a>(&'a str);

impl Place<'_> {
    fn value(&self, key: &'static str, value: &str, expected: &'static str) -> PolicyFileError {
        PolicyFileError::Value {
            file: self.0.to_owned(),
            key,
            value: value.to_owned(),
            expected,
        }
    }

    fn time(&self, key: &'static str, text: &str) -> Result<Timestamp, PolicyFileError> {
        Timestamp::parse(text).map_err(|_| self.value(key, text, "an instant of RFC 3339"))
    }

    fn version(&self, version: VersionFile) -> Result<PolicyVersion, PolicyFileError> {
        let text = |text: TextFile| {
            let digest = TextDigest::parse(&text.digest)
                .ok_or_else(|| self.value("digest", &text.digest, "64 hexadecimal digits"))?;
            Ok((text.locale, digest))
        };
        let announced_at = self.time("announced_at", &version.announced_at)?;
        let accept_by = self.time("accept_by", &version.accept_by)?;
        if accept_by < announced_at {
            let expected = "not before `announced_at`";
            return Err(self.value("accept_by", &version.accept_by, expected));
        }
        Ok(PolicyVersion {
            policy: PolicyId(version.policy),
            texts: version
                .texts
                .into_iter()
                .map(text)
                .collect::<Result<_, _>>()?,
            announced_at,
            accept_by,
            window_days: version.window_days,
            cohort_cut: self.time("cohort_cut", &version.cohort_cut)?,
        })
    }

    /// One order for each region and purpose.
    fn order(&self, order: &OrderFile) -> Result<Vec<Overlay>, PolicyFileError> {
        let until = order
            .until
            .as_deref()
            .map(|until| self.time("until", until));
        let interval = Interval::new(self.time("from", &order.from)?, until.transpose()?);
        if interval.until <= interval.from {
            let until = order.until.as_deref().unwrap_or_default();
            return Err(self.value("until", until, "after `from`"));
        }
        let effect = self.effect(order)?;
        let mut overlays = Vec::new();
        for region in &order.regions {
            let region = Region::parse(region)
                .ok_or_else(|| self.value("regions", region, "a country's code of ISO 3166-1"))?;
            for purpose in &order.purposes {
                let purpose = Purpose::parse(purpose)
                    .ok_or_else(|| self.value("purposes", purpose, "a purpose"))?;
                overlays.push(Overlay {
                    region,
                    purpose,
                    interval,
                    effect,
                });
            }
        }
        Ok(overlays)
    }

    /// What is ordered; a key of another effect contradicts it.
    fn effect(&self, order: &OrderFile) -> Result<OverlayEffect, PolicyFileError> {
        let (cut_off, since) = (order.cut_off.as_deref(), order.consents_since.as_deref());
        let level = order.unnamed_level;
        let stray = match order.effect {
            Effect::Deny => [("cut_off", cut_off), ("consents_since", since)],
            Effect::CutOff => [("consents_since", since), ("cut_off", None)],
            Effect::Express => [("cut_off", cut_off), ("consents_since", None)],
        };
        let stray = stray
            .into_iter()
            .find_map(|(key, value)| Some((key, value?)));
        if let Some((key, value)) = stray {
            return Err(self.value(key, value, "nothing, where the effect is another"));
        }
        if let Some(level) = level.filter(|_| order.effect != Effect::Express) {
            let expected = "nothing, where the effect is not \"express\"";
            return Err(self.value("unnamed_level", level.as_str(), expected));
        }
        let date = |key, value: Option<&str>| match value {
            Some(at) => self.time(key, at),
            None => Err(self.value(key, "", "a date, where the effect asks for one")),
        };
        Ok(match order.effect {
            Effect::Deny => OverlayEffect::Deny,
            Effect::CutOff => OverlayEffect::CutOff(date("cut_off", cut_off)?),
            Effect::Express => OverlayEffect::Express(Express {
                since: date("consents_since", since)?,
                unnamed: level.unwrap_or(AdLevel::Full),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    const SCHEMA: &str = include_str!("../../data/policies/schema.json");

    #[test]
    fn every_shipped_text_is_the_one_that_is_named() {
        for (name, text) in SHIPPED {
            let value: toml::Table = toml::from_str(text).unwrap();
            let texts = value
                .get("version")
                .and_then(|version| version.get("texts"));
            for text in texts.and_then(toml::Value::as_array).into_iter().flatten() {
                let file = text["file"].as_str().unwrap();
                let path = format!("{}/data/policies/{file}", env!("CARGO_MANIFEST_DIR"));
                let digest = TextDigest::of(&std::fs::read_to_string(path).unwrap());
                assert_eq!(
                    text["digest"].as_str(),
                    Some(digest.to_string().as_str()),
                    "{name}: {file}"
                );
            }
        }
    }

    #[test]
    fn every_file_of_the_directory_is_shipped() {
        let dir = format!("{}/data/policies", env!("CARGO_MANIFEST_DIR"));
        let names = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|ending| ending == "toml")
        });
        names.sort_unstable();
        assert_eq!(names, SHIPPED.map(|(name, _)| name));
        for record in PolicySet::shipped().records() {
            assert!(record.file.starts_with(&record.date), "{}", record.file);
            assert!(
                record
                    .sources
                    .iter()
                    .all(|source| source.starts_with("https://"))
            );
        }
    }

    /// The keywords of JSON Schema that ours uses.
    fn satisfies(value: &Value, schema: &Value) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("{why}: {value}"));
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            return if allowed.contains(value) {
                Ok(())
            } else {
                wrong("not among those allowed")
            };
        }
        match schema["type"].as_str() {
            Some("string") if !value.is_string() => return wrong("no text"),
            Some("integer") if !value.is_u64() => return wrong("no whole number"),
            _ => {}
        }
        if schema["type"] == "array" {
            let Some(items) = value.as_array() else {
                return wrong("no list");
            };
            if (items.len() as u64) < schema["minItems"].as_u64().unwrap_or(0) {
                return wrong("too few");
            }
            return items
                .iter()
                .try_for_each(|item| satisfies(item, &schema["items"]));
        }
        if schema["type"] == "object" {
            let Some(object) = value.as_object() else {
                return wrong("no table");
            };
            for required in schema["required"].as_array().into_iter().flatten() {
                if !object.contains_key(required.as_str().unwrap()) {
                    return wrong(&format!("{required} is missing"));
                }
            }
            for (key, value) in object {
                match schema["properties"].get(key) {
                    Some(schema) => satisfies(value, schema)?,
                    None => return wrong(&format!("{key} is no key")),
                }
            }
        }
        Ok(())
    }

    #[test]
    fn shipped_files_satisfy_the_schema() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        for (name, text) in SHIPPED {
            let value: Value = toml::from_str(text).unwrap();
            assert_eq!(satisfies(&value, &schema), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_the_schema_refuses_is_refused() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let (name, good) = SHIPPED[2];
        for (from, to) in [
            ("title =", "titel ="),
            ("sources = [", "sources = []\nmore = ["),
            ("\"ad_relevance\"", "\"ads\""),
            ("effect = \"deny\"", "effect = \"no\""),
            ("regions = [\"DE\"]", "regions = [\"Germany\"]"),
            ("from =", "since ="),
        ] {
            let text = good.replace(from, to);
            assert_ne!(text, good, "{from}");
            let error = PolicySet::from_files([(name, &text)])
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(name), "{error}");
            let is_a_region = to.contains("Germany");
            let value: Value = toml::from_str(&text).unwrap();
            // A pattern is more than our reading of the schema knows.
            assert!(is_a_region || satisfies(&value, &schema).is_err(), "{to}");
        }
        for (from, to, says) in [
            (
                "until = \"2018-05-25",
                "until = \"2016-09-27",
                "after `from`",
            ),
            ("from = \"2016-09-27T", "from = \"27 September ", "RFC 3339"),
            ("effect = \"deny\"", "effect = \"cut-off\"", "a date"),
            (
                "effect = \"deny\"",
                "effect = \"deny\"\ncut_off = \"2016-01-01T00:00:00Z\"",
                "nothing",
            ),
        ] {
            let text = good.replace(from, to);
            let error = PolicySet::from_files([(name, &text)])
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{error}");
        }
        let cut = PolicySet::from_files([(name, &good[..good.len() / 2])]).unwrap_err();
        assert!(cut.to_string().contains("line"), "{cut}");
    }
}
