//! What sharing is worth, on the command line: the same people at every step, and the page beside the table.

use std::path::Path;

use serde_json::Value;

use crate::support::program::acquaint;

const SOURCES: [&str; 6] = [
    "profile",
    "+ time of day",
    "+ phone",
    "+ messenger usage",
    "+ own history",
    "+ friends' history",
];

fn worth(more: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let signals = root.join("data/quickstart");
    let args = ["worth", "--signals", signals.to_str().unwrap(), "--quiet"];
    let (code, said, told) = acquaint(&[&args, more].concat(), root);
    assert_eq!(code, 0, "{told}");
    said
}

#[test]
fn contacts_are_worth_something_to_suggestions() {
    let found: Value = serde_json::from_str(&worth(&["--only", "suggestions", "--json"])).unwrap();
    assert!(found["ads"].is_null());
    let sources = found["suggestions"]["sources"].as_array().unwrap();
    let figures = sources
        .iter()
        .map(|source| source["figure"]["value"].as_f64().unwrap());
    let figures: Vec<f64> = figures.collect();
    assert_eq!(figures.len(), 3);
    assert!(figures.is_sorted(), "{figures:?}");
    let gain = &sources[2]["gain_in_all"];
    assert!(gain["low"].as_f64().unwrap() > 0.0, "{gain}");
}

#[test]
fn ads_are_measured_with_one_source_more_at_a_time() {
    let found: Value = serde_json::from_str(&worth(&["--only", "ads", "--json"])).unwrap();
    let ads = &found["ads"];
    let named = ads["sources"].as_array().unwrap().iter();
    let named: Vec<&str> = named
        .map(|source| source["source"].as_str().unwrap())
        .collect();
    assert_eq!(named, SOURCES);
    assert_eq!(ads["left"].as_array().unwrap().len(), 7);
    assert!(ads["people"].as_u64() > ads["people_who_stay"].as_u64());
}

#[test]
fn the_page_has_what_the_table_has() {
    let (table, page) = (worth(&[]), worth(&["--html"]));
    for source in SOURCES.iter().map(|source| source.replace('\'', "&#x27;")) {
        assert!(page.contains(&source), "{source}");
    }
    let profile = table.lines().find(|line| line.starts_with("profile"));
    let figure = profile.unwrap().split_whitespace().nth(1).unwrap();
    assert!(page.contains(figure), "{figure}");
}
