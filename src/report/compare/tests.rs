use super::*;
use crate::engine::outputs::AsOfTimes;
use crate::engine::{Change, ComparedRun, Why};
use crate::time::Timestamp;

const NAMES: Names<'_> = Names {
    before: "monday",
    after: "<tuesday>",
};

fn run(at: &str) -> ComparedRun {
    let at = Timestamp::parse(at).unwrap();
    ComparedRun {
        as_of: AsOfTimes {
            valid: at,
            known: at,
            published_known: at,
            latest: None,
        },
        acquaint: "0.1.0".to_owned(),
        findings: 0,
    }
}

fn suggestions(removed: u64) -> TableChange {
    let whys = [("opted_out", 1), ("outranked", removed.saturating_sub(1))];
    let mut table = TableChange {
        table: "suggestions.parquet".to_owned(),
        rows_before: 1_000 + removed,
        rows_after: 1_000,
        same: 1_000,
        removed,
        ..TableChange::default()
    };
    if removed > 0 {
        table.why.insert("removed", whys.into_iter().collect());
    }
    table
}

fn comparison(removed: u64) -> Comparison {
    Comparison {
        format: "acquaint-compare/1",
        before: run("2016-11-14T00:00:00Z"),
        after: run("2016-11-15T00:00:00Z"),
        asked_signals: true,
        runs: vec![RunDifference {
            what: "parameter suggest.k".to_owned(),
            before: None,
            after: Some("<b>5".to_owned()),
        }],
        tables: vec![suggestions(removed)],
        rows: Vec::new(),
        rows_unlisted: 0,
    }
}

#[test]
fn lines_say_what_differs_and_why() {
    let mut of = comparison(12);
    of.rows.push(RowChange {
        table: "suggestions.parquet",
        change: Change::Removed,
        why: Why::Outranked,
        row_before: Some(3),
        row_after: None,
        user_id: Some(7),
        account_id: None,
        other_id: Some(9),
        purpose: None,
    });
    of.rows_unlisted = 11;
    let text = compare_summary(&of, NAMES);
    for part in [
        "earlier  monday, as of 2016-11-14T00:00:00Z",
        "  parameter suggest.k  none → <b>5",
        "suggestions       1,012    1,000       12        0",
        "suggestions     removed   outranked 11 · opted out 1",
        "rows, the first 1 of 12",
        "  suggestions    removed   user 7, candidate 9: outranked",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= WIDTH),
        "{text}"
    );
}

#[test]
fn outputs_that_agree_have_no_reasons() {
    let text = compare_summary(&comparison(0), NAMES);
    assert!(
        text.ends_with("every row of every table is the same\n"),
        "{text}"
    );
}

#[test]
fn the_page_escapes_names_and_names_no_row() {
    let mut of = comparison(12);
    of.rows_unlisted = 12;
    let page = render_compare(&of, NAMES).unwrap();
    assert!(page.contains("&lt;tuesday&gt;") && page.contains("&lt;b&gt;5"));
    assert!(!page.contains("<tuesday>") && !page.contains("<b>5"));
    assert!(
        !page.contains("<script") && !page.contains("http"),
        "nothing is loaded"
    );
    assert!(page.contains("outranked"));
}
