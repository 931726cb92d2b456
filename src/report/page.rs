//! The page: what the template is given.

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::words::{bytes, grouped, spaced};
use super::{ReportError, charts};
use crate::engine::Stage;
use crate::engine::outputs::{Histogram, Manifest};

/// The template's name ends in `.html`, which turns escaping on.
const TEMPLATE: &str = "report.html";

/// Draws the page of a run. The same manifest gives the same bytes.
///
/// # Errors
/// If a chart or the template refuses the manifest's values.
pub fn render(manifest: &Manifest) -> Result<String, ReportError> {
    let mut pages = Environment::new();
    pages.add_template(TEMPLATE, include_str!("report.html"))?;
    let page = Page::of(manifest)?;
    Ok(pages.get_template(TEMPLATE)?.render(Serde(&page))?)
}

/// Everything the template names.
#[derive(Serialize)]
struct Page<'a> {
    manifest: &'a Manifest,
    sums: Option<String>,
    headlines: Vec<Headline>,
    stages: Vec<StageRow>,
    states: Vec<StateRow>,
    charts: Vec<Chart>,
    graph: Vec<(String, String)>,
    ad_model: Vec<(String, String)>,
    inputs: Vec<File>,
    outputs: Vec<File>,
    parameters: String,
}

impl<'a> Page<'a> {
    fn of(manifest: &'a Manifest) -> Result<Self, ReportError> {
        let inputs = manifest
            .inputs
            .iter()
            .map(|f| file(&f.file, f.rows, f.bytes, &f.blake3));
        let outputs = manifest
            .outputs
            .iter()
            .map(|f| file(&f.file, f.rows, f.bytes, &f.blake3));
        Ok(Self {
            manifest,
            sums: manifest.check_sums().err().map(|error| error.to_string()),
            headlines: headlines(manifest),
            stages: manifest.stages.iter().map(row).collect(),
            states: states(manifest),
            charts: manifest
                .histograms
                .iter()
                .map(chart)
                .collect::<Result<_, _>>()?,
            graph: facts("", &manifest.graph),
            ad_model: facts("", &manifest.ad_model),
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            parameters: serde_json::to_string_pretty(&manifest.parameters).unwrap_or_default(),
        })
    }
}

/// A large figure with a label.
#[derive(Serialize)]
struct Headline {
    figure: String,
    label: &'static str,
}

fn headlines(manifest: &Manifest) -> Vec<Headline> {
    let rows = |file: &str| {
        manifest
            .outputs
            .iter()
            .filter(|o| o.file == file)
            .map(|o| o.rows)
            .sum()
    };
    let people = manifest.stage("social accounts → people (friend_suggestions)");
    let figures: [(u64, &'static str); 6] = [
        (
            people.map_or(0, |stage| stage.rows_out),
            "people whose ledger allows friend suggestions",
        ),
        (
            people.map_or(0, Stage::n_dropped),
            "people left out of them",
        ),
        (rows("suggestions.parquet"), "suggestions"),
        (rows("ad_scores.parquet"), "ad scores"),
        (rows("abuse_scores.parquet"), "accounts scored for spam"),
        (rows("rejections.parquet"), "rows rejected"),
    ];
    figures
        .into_iter()
        .map(|(n, label)| Headline {
            figure: grouped(n),
            label,
        })
        .collect()
}

/// A stage with its bar: how much of what went in came out, and what became of the rest.
#[derive(Serialize)]
struct StageRow {
    name: String,
    rows_in: String,
    rows_out: String,
    out_percent: f64,
    drops: Vec<Drop>,
}

#[derive(Serialize)]
struct Drop {
    reason: String,
    count: String,
    percent: f64,
    shade: usize,
}

/// How many shades the bars have for reasons.
const N_SHADES: usize = 6;

fn row(stage: &Stage) -> StageRow {
    let percent = |n: u64| {
        if stage.rows_in == 0 {
            0.0
        } else {
            100.0 * n as f64 / stage.rows_in as f64
        }
    };
    let mut drops: Vec<(&String, u64)> = stage
        .dropped
        .iter()
        .map(|(reason, n)| (reason, *n))
        .collect();
    drops.sort_by_key(|&(reason, n)| (std::cmp::Reverse(n), reason));
    let drop = |(i, (reason, n)): (usize, (&String, u64))| Drop {
        reason: spaced(reason),
        count: grouped(n),
        percent: percent(n),
        shade: i.min(N_SHADES - 1),
    };
    StageRow {
        name: stage.name.clone(),
        rows_in: grouped(stage.rows_in),
        rows_out: grouped(stage.rows_out),
        out_percent: percent(stage.rows_out),
        drops: drops.into_iter().enumerate().map(drop).collect(),
    }
}

#[derive(Serialize)]
struct StateRow {
    name: String,
    count: String,
    percent: f64,
}

fn states(manifest: &Manifest) -> Vec<StateRow> {
    let most = manifest
        .consent_states
        .values()
        .copied()
        .max()
        .unwrap_or(0)
        .max(1);
    let row = |(name, n): (&String, &u64)| StateRow {
        name: spaced(name),
        count: grouped(*n),
        percent: 100.0 * *n as f64 / most as f64,
    };
    manifest.consent_states.iter().map(row).collect()
}

#[derive(Serialize)]
struct Chart {
    name: String,
    unit: String,
    svg: String,
    is_log: bool,
}

fn chart(histogram: &Histogram) -> Result<Chart, ReportError> {
    let (svg, is_log) = charts::bars(histogram)?;
    Ok(Chart {
        name: histogram.name.clone(),
        unit: histogram.unit.clone(),
        svg,
        is_log,
    })
}

#[derive(Serialize)]
struct File {
    name: String,
    rows: String,
    bytes: String,
    blake3: String,
    digest_start: String,
}

fn file(name: &str, rows: u64, n_bytes: u64, blake3: &str) -> File {
    File {
        name: name.to_owned(),
        rows: grouped(rows),
        bytes: bytes(n_bytes),
        blake3: blake3.to_owned(),
        digest_start: blake3.chars().take(12).collect(),
    }
}

/// The leaves of a JSON value as name and text, in its own order.
fn facts(prefix: &str, value: &serde_json::Value) -> Vec<(String, String)> {
    match value {
        serde_json::Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let name = spaced(name);
                facts(
                    &if prefix.is_empty() {
                        name
                    } else {
                        format!("{prefix}: {}", spaced(&name))
                    },
                    value,
                )
            })
            .collect(),
        serde_json::Value::Null => Vec::new(),
        leaf => vec![(prefix.to_owned(), leaf_text(leaf))],
    }
}

fn leaf_text(leaf: &serde_json::Value) -> String {
    match (leaf.as_u64(), leaf.as_f64(), leaf.as_str()) {
        (Some(n), _, _) => grouped(n),
        (None, Some(x), _) => format!("{x:.6}"),
        (None, None, Some(text)) => text.to_owned(),
        _ => leaf.to_string(),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::collections::BTreeMap;

    use crate::engine::Stage;
    use crate::engine::outputs::{AsOfTimes, Manifest, OutputDigest};
    use crate::time::Timestamp;

    pub(in crate::report) fn manifest() -> Manifest {
        let at = Timestamp::parse("2016-11-15T00:00:00Z").unwrap();
        let dropped = BTreeMap::from([("opted_out".to_owned(), 150), ("lapsed".to_owned(), 50)]);
        let stage = |name: &str, rows_in, rows_out, dropped| Stage {
            name: name.into(),
            rows_in,
            rows_out,
            dropped,
        };
        Manifest {
            format: "acquaint-run/1".into(),
            acquaint: "0.1.0".into(),
            phone_metadata: "test".into(),
            as_of: AsOfTimes {
                valid: at,
                known: at,
                published_known: at,
            },
            parameters: serde_json::json!({}),
            ledger: "00".into(),
            snapshot: "11".into(),
            inputs: Vec::new(),
            ignored_columns: BTreeMap::new(),
            outputs: vec![OutputDigest {
                file: "suggestions.parquet".into(),
                bytes: 1,
                rows: 90,
                blake3: "22".into(),
            }],
            consent_states: BTreeMap::new(),
            stages: vec![
                stage("friendships → friend edges", 1200, 1000, dropped),
                stage("candidates → suggestions", 90, 90, BTreeMap::new()),
            ],
            graph: serde_json::Value::Null,
            ad_model: serde_json::Value::Null,
            histograms: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::manifest;
    use super::*;

    #[test]
    fn the_same_manifest_gives_the_same_page() {
        assert_eq!(render(&manifest()).unwrap(), render(&manifest()).unwrap());
    }

    #[test]
    fn an_empty_manifest_has_a_page() {
        let empty = Manifest {
            stages: Vec::new(),
            outputs: Vec::new(),
            ..manifest()
        };
        assert!(render(&empty).unwrap().contains("sums check"));
    }

    #[test]
    fn deny_markup_from_names() {
        for hostile in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "</svg><b>",
        ] {
            let mut manifest = manifest();
            manifest.stages[0].name = hostile.into();
            manifest.stages[0].dropped.insert(hostile.into(), 0);
            manifest.outputs[0].file = hostile.into();
            manifest.outputs[0].blake3 = hostile.into();
            manifest.consent_states.insert(hostile.into(), 1);
            manifest.graph = serde_json::json!({ hostile: hostile });
            manifest.parameters = serde_json::json!({ hostile: hostile });
            manifest
                .ignored_columns
                .insert(hostile.into(), vec![hostile.into()]);
            manifest.histograms.push(Histogram {
                name: hostile.into(),
                unit: hostile.into(),
                bounds: vec![0.0, 1.0],
                counts: vec![1],
            });
            let page = render(&manifest).unwrap();
            assert!(!page.contains(hostile), "{hostile} got through");
            assert!(!page.contains("<script") && !page.contains("<img"));
        }
    }
}
