//! Rules as files: `data/business`, and whatever directory a caller reads.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::book::{LimitPer, Period, Rule, RuleBook, RuleName, Terms};
use crate::ids::Region;
use crate::signals::MessageKind;
use crate::time::{Interval, Timestamp};
use crate::toml_fault::told;

macro_rules! shipped {
    ($($name:literal),+) => {
        [$(($name, include_str!(concat!("../../data/business/", $name)))),+]
    };
}

/// The files that come with the program.
const SHIPPED: [(&str, &str); 10] = shipped!(
    "downgrade.toml",
    "entry-point.toml",
    "marketing-cap.toml",
    "messaging-limit.toml",
    "no-marketing.toml",
    "opt-in.toml",
    "service-window.toml",
    "stop.toml",
    "template-pause.toml",
    "way-up.toml"
);

/// Why a file is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct RuleFileError {
    /// The file.
    pub file: String,
    /// What is wrong, and where.
    pub message: String,
}

impl RuleBook {
    /// The rules that come with the program.
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
    /// The first file that is not as `data/business/schema.json` says, has periods that overlap, or is a rule another file is.
    pub fn from_files<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, RuleFileError> {
        let read = |(file, text): (N, T)| {
            let place = Place(file.as_ref());
            place
                .rule(text.as_ref())
                .map_err(|message| place.error(message))
        };
        let mut rules = files.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        rules.sort_by(|a, b| (a.name, &a.file).cmp(&(b.name, &b.file)));
        match rules.windows(2).find(|pair| pair[0].name == pair[1].name) {
            None => Ok(Self { rules }),
            Some(pair) => {
                let message = format!("is the rule that {} is already", pair[0].file);
                Err(Place(&pair[1].file).error(message))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    rule: RuleName,
    title: String,
    read: String,
    summary: String,
    sources: Vec<String>,
    note: Option<String>,
    periods: Vec<PeriodFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodFile {
    from: String,
    until: Option<String>,
    terms: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    hours: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    hours: u32,
    answer_hours: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    hours: u32,
    per: LimitPer,
    tiers: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Levels {
    levels: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cap {
    hours: u32,
    reply_hours: u32,
    spared: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regions {
    regions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pauses {
    pauses: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// The file that is being read.
struct Place<'a>(&'a str);

impl Place<'_> {
    fn error(&self, message: String) -> RuleFileError {
        RuleFileError {
            file: self.0.to_owned(),
            message,
        }
    }

    fn rule(&self, text: &str) -> Result<Rule, String> {
        let read: RuleFile = toml::from_str(text).map_err(|error| told(text, &error))?;
        if read.sources.is_empty() || read.periods.is_empty() {
            return Err("a rule has at least one source and one period".to_owned());
        }
        let numbered = (1..).zip(read.periods);
        let period = |(n, period): (u32, PeriodFile)| {
            period_of(read.rule, period).map_err(|why| format!("period {n}: {why}"))
        };
        let periods = numbered.map(period).collect::<Result<Vec<Period>, _>>()?;
        let ascend = |pair: &[Period]| pair[0].interval.until <= pair[1].interval.from;
        if !periods.windows(2).all(ascend) {
            return Err("periods have to ascend, and none overlaps another".to_owned());
        }
        Ok(Rule {
            file: self.0.to_owned(),
            name: read.rule,
            title: read.title,
            read: read.read,
            summary: read.summary,
            sources: read.sources,
            note: read.note,
            periods,
        })
    }
}

fn period_of(rule: RuleName, period: PeriodFile) -> Result<Period, String> {
    let time = |key: &str, text: &str| {
        Timestamp::parse(text).map_err(|_| format!("`{key}` is no instant of RFC 3339"))
    };
    let until = period.until.as_deref().map(|text| time("until", text));
    let interval = Interval::new(time("from", &period.from)?, until.transpose()?);
    if interval.until <= interval.from {
        return Err("`until` has to be after `from`".to_owned());
    }
    Ok(Period {
        interval,
        terms: terms(rule, period.terms)?,
    })
}

fn terms(rule: RuleName, table: toml::Table) -> Result<Terms, String> {
    Ok(match rule {
        RuleName::ServiceWindow => Terms::ServiceWindow {
            hours: positive(read::<Hours>(table)?.hours)?,
        },
        RuleName::EntryPoint => {
            let Entry {
                hours,
                answer_hours,
            } = read(table)?;
            Terms::EntryPoint {
                hours: positive(hours)?,
                answer_hours: positive(answer_hours)?,
            }
        }
        RuleName::OptIn => Terms::OptIn {
            kinds: kinds(&read::<Kinds>(table)?.kinds)?,
        },
        RuleName::MessagingLimit => limit(read(table)?)?,
        RuleName::WayUp => Terms::WayUp(read(table)?),
        RuleName::Downgrade => Terms::Downgrade {
            levels: positive(read::<Levels>(table)?.levels)?,
        },
        RuleName::MarketingCap => {
            let cap: Cap = read(table)?;
            Terms::MarketingCap {
                hours: positive(cap.hours)?,
                reply_hours: positive(cap.reply_hours)?,
                spared: regions(&cap.spared)?,
            }
        }
        RuleName::NoMarketing => Terms::NoMarketing {
            regions: regions(&read::<Regions>(table)?.regions)?,
        },
        RuleName::TemplatePause => Terms::TemplatePause {
            pauses: read::<Pauses>(table)?.pauses,
        },
        RuleName::Stop => {
            let Nothing {} = read(table)?;
            Terms::Stop
        }
    })
}

fn read<T: DeserializeOwned>(table: toml::Table) -> Result<T, String> {
    table.try_into().map_err(|error: toml::de::Error| {
        let message = error.message().to_owned();
        format!("terms: {message}")
    })
}

fn positive(n: u32) -> Result<u32, String> {
    if n > 0 {
        Ok(n)
    } else {
        Err("0 is no length".to_owned())
    }
}

fn limit(limit: Limit) -> Result<Terms, String> {
    if limit.tiers.is_empty() || !limit.tiers.is_sorted_by(|a, b| a < b) {
        return Err("`tiers` have to ascend".to_owned());
    }
    Ok(Terms::MessagingLimit {
        hours: positive(limit.hours)?,
        per: limit.per,
        tiers: limit.tiers,
    })
}

fn kinds(names: &[String]) -> Result<Vec<MessageKind>, String> {
    let kind = |name: &String| MessageKind::parse(name).ok_or(format!("{name:?} is no kind"));
    names.iter().map(kind).collect()
}

fn regions(codes: &[String]) -> Result<Vec<Region>, String> {
    let region = |code: &String| Region::parse(code).ok_or(format!("{code:?} is no region"));
    let mut regions = codes.iter().map(region).collect::<Result<Vec<_>, _>>()?;
    regions.sort_unstable();
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::business::RuleName;

    #[test]
    fn every_file_of_the_directory_is_shipped_and_every_rule_is_there_once() {
        let dir = format!("{}/data/business", env!("CARGO_MANIFEST_DIR"));
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
        let book = RuleBook::shipped();
        let rules: Vec<RuleName> = book.rules().iter().map(|rule| rule.name).collect();
        assert_eq!(rules, RuleName::ALL);
        let https = |rule: &Rule| {
            rule.sources
                .iter()
                .all(|source| source.starts_with("https://"))
        };
        assert!(book.rules().iter().all(https));
    }

    #[test]
    fn shipped_files_have_no_key_that_the_schema_lacks() {
        let schema: Value =
            serde_json::from_str(include_str!("../../data/business/schema.json")).unwrap();
        let period = &schema["properties"]["periods"]["items"]["properties"];
        for (name, text) in SHIPPED {
            let value: Value = toml::from_str(text).unwrap();
            for (key, _) in value.as_object().unwrap() {
                assert!(schema["properties"].get(key).is_some(), "{name}: {key}");
            }
            for required in schema["required"].as_array().unwrap() {
                assert!(
                    value.get(required.as_str().unwrap()).is_some(),
                    "{name}: {required}"
                );
            }
            for one in value["periods"].as_array().unwrap() {
                for (key, _) in one.as_object().unwrap() {
                    assert!(period.get(key).is_some(), "{name}: {key}");
                }
                for (key, _) in one["terms"].as_object().unwrap() {
                    assert!(
                        period["terms"]["properties"].get(key).is_some(),
                        "{name}: {key}"
                    );
                }
            }
        }
    }

    #[test]
    fn deny_what_is_no_rule() {
        let (name, good) = SHIPPED[3];
        assert_eq!(name, "messaging-limit.toml");
        for (from, to, says) in [
            ("rule =", "ruel =", "line"),
            ("per = \"number\"", "per = \"person\"", "terms"),
            ("tiers = [250, 1000", "tiers = [1000, 250", "ascend"),
            ("until = \"2025-10-07", "until = \"2025-10-08", "overlaps"),
            ("until = \"2025-10-07", "until = \"2019-05-01", "after"),
            ("hours = 24", "hours = 0", "0 is no length"),
            ("hours = 24", "days = 1", "terms"),
            ("from = \"2019", "from = \"June 2019", "RFC 3339"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let error = RuleBook::from_files([(name, &text)])
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(name) && error.contains(says), "{error}");
        }
        let twice = RuleBook::from_files([("a.toml", good), ("b.toml", good)]).unwrap_err();
        assert!(twice.to_string().contains("is already"), "{twice}");
    }
}
