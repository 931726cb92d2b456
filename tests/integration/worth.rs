//! What sharing is worth, on the command line: the same people at every step, and the page beside the table.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::files::copy;
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

/// From lines of a table, its header first, to others.
type Lines = fn(Vec<String>) -> Vec<String>;

/// quickstart with some tables changed, each from its lines.
fn world(changed: &[(&str, Lines)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quickstart"),
        dir.path(),
    );
    for (table, change) in changed {
        let path = dir.path().join(format!("{table}.csv"));
        let lines = fs::read_to_string(&path).unwrap();
        let lines = change(lines.lines().map(str::to_owned).collect());
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    dir
}

fn header_alone(mut lines: Vec<String>) -> Vec<String> {
    lines.truncate(1);
    lines
}

/// Every impression becomes a click.
fn all_clicked(mut lines: Vec<String>) -> Vec<String> {
    let of = |name: &str| {
        lines[0]
            .split(',')
            .position(|column| column == name)
            .unwrap()
    };
    let (impressions, clicks) = (of("impressions"), of("clicks"));
    for line in &mut lines[1..] {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[clicks] = cells[impressions];
        *line = cells.join(",");
    }
    lines
}

#[test]
fn contacts_are_worth_something_to_suggestions() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("own.toml");
    fs::write(
        &config,
        "[suggest]\nmin_intermediaries = 1\ndirect = \"own\"\n",
    )
    .unwrap();
    let more = [
        "--only",
        "suggestions",
        "--json",
        "--config",
        config.to_str().unwrap(),
    ];
    let found: Value = serde_json::from_str(&worth(&more)).unwrap();
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
    let left = found["suggestions"]["left"].as_array().unwrap();
    assert!(left[0]["change"].is_null() && left[1]["change"]["gain"].is_object());
    let at_most = left[0]["figure"]["value"].as_f64().unwrap();
    let last = left[6]["figure"]["value"].as_f64().unwrap();
    assert!(last <= at_most, "who left is missed");
}

#[test]
fn what_is_switched_off_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("off.toml");
    fs::write(&config, "[ads.signals]\ntime = false\n").unwrap();
    let said = worth(&["--config", config.to_str().unwrap()]);
    assert!(!said.contains("+ time of day"), "{said}");
    assert!(
        said.contains("not measured: time of day: `[ads.signals] time` is false"),
        "{said}"
    );
    assert!(
        said.contains("not measured: own uploads: `[suggest] direct` is \"mutual\""),
        "{said}"
    );
}

#[test]
fn nothing_to_measure_is_a_finding_and_has_a_sentence() {
    let signals = world(&[("impressions", header_alone), ("friendships", header_alone)]);
    let path = signals.path().to_str().unwrap();
    for form in [&[][..], &["--json"], &["--html"]] {
        let args = [&["worth", "--signals", path, "--quiet"], form].concat();
        let (code, said, told) = acquaint(&args, signals.path());
        assert_eq!(code, 1, "{told}");
        assert!(
            said.contains("no impression of anybody who permits ad relevance is known"),
            "{said}"
        );
        assert!(said.contains("no friendship of two people"), "{said}");
    }
    let args = ["worth", "--signals", path, "--quiet", "--only", "ads"];
    let (code, said, _) = acquaint(&args, signals.path());
    assert!(code == 1 && !said.contains("friend"), "{said}");
}

#[test]
fn a_difference_of_rounding_makes_nobody_better_or_worse() {
    let signals = world(&[("impressions", all_clicked)]);
    let path = signals.path().to_str().unwrap();
    let args = [
        "worth",
        "--signals",
        path,
        "--quiet",
        "--only",
        "ads",
        "--json",
    ];
    let (code, said, told) = acquaint(&args, signals.path());
    assert_eq!(code, 0, "{told}");
    let found: Value = serde_json::from_str(&said).unwrap();
    for source in &found["ads"]["sources"].as_array().unwrap()[1..] {
        let gain = source["gain"]["value"].as_f64().unwrap();
        let moved = source["better"].as_u64().unwrap() + source["worse"].as_u64().unwrap();
        assert!(gain.abs() > 0.000_05 || moved < 20, "{source}");
    }
}

#[test]
fn an_evaluation_of_nothing_fails_and_one_without_ads_is_a_finding() {
    let evaluate = |signals: &tempfile::TempDir, more: &[&str]| {
        let path = signals.path().to_str().unwrap();
        let args = [
            "evaluate",
            "ads",
            "--signals",
            path,
            "--quiet",
            "--no-curves",
        ];
        acquaint(&[&args, more].concat(), signals.path())
    };
    let (code, said, told) = evaluate(&world(&[("impressions", header_alone)]), &[]);
    assert!(code == 2 && said.is_empty(), "{said}");
    assert!(told.contains("no impression of anybody"), "{told}");
    let (code, _, told) = evaluate(&world(&[("ads", header_alone)]), &[]);
    assert!(
        code == 1 && told.contains("the table `ads` describes"),
        "{told}"
    );
    let (code, said, told) = evaluate(&world(&[("impressions", all_clicked)]), &[]);
    assert_eq!(code, 0, "{told}");
    assert!(
        said.contains("every hidden impression was clicked"),
        "{said}"
    );
    let over = said
        .lines()
        .find(|line| line.contains("over base rate's"))
        .unwrap();
    assert!(over.contains("over base rate's "), "{over}");
    for (split, drawn) in [("rows", "rows"), ("person", "people"), ("ad", "ads")] {
        let (_, said, _) = evaluate(&world(&[]), &["--split", split]);
        assert!(
            said.contains(&format!("95 of 100 draws of {drawn}\n")),
            "{said}"
        );
    }
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
    for said in [
        "quickstart",
        "less is better",
        "people<br>worse",
        "AUC",
        env!("CARGO_PKG_VERSION"),
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("-0.0000") && !table.contains("-0.0000"));
}
