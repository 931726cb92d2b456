//! `acquaint check`: what a run would stop at, reject and leave out, all at once.

use acquaint::engine::{self, Checked, CheckedTable, RejectedRows, SignalsRequest, Stage};
use acquaint::publish::shown;
use serde_json::json;

use crate::args::CheckArgs;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::{Ledger, read_params};

pub(crate) fn check(args: &CheckArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = read_params(&args.asking.given)?;
    let ledger = Ledger::read(&args.asking.ledger)?;
    let source = ledger.source();
    let request = SignalsRequest {
        signals: &args.signals,
        ledger: source.as_ref(),
        params: &params,
        times: args.asking.times(),
    };
    let checked = engine::check(&request, &Bars::new(quiet))?;
    print(&if args.json {
        let told = json!({ "schema": "acquaint-check/1", "is_clean": checked.is_clean(), "found": checked });
        serde_json::to_string_pretty(&told)?
    } else {
        text(&checked, &shown(&args.signals))
    })?;
    Ok(if checked.is_clean() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn text(checked: &Checked, dir: &str) -> String {
    let mut lines = tables(&checked.tables, dir);
    for rows in &checked.rejected {
        lines.push(String::new());
        lines.extend(rejected(rows));
    }
    lines.push(String::new());
    lines.extend(people(&checked.people));
    lines.extend(ending(checked));
    lines.join("\n") + "\n"
}

fn tables(tables: &[CheckedTable], dir: &str) -> Vec<String> {
    let names = |is_there: bool| {
        let named = tables.iter().filter(move |one| one.is_there == is_there);
        named.map(|one| one.table)
    };
    let n_there = names(true).count();
    let mut lines = vec![format!(
        "{n_there} of {} tables in {dir}: {}",
        tables.len(),
        names(true).collect::<Vec<_>>().join(" ")
    )];
    for absent in tables.iter().filter(|one| !one.is_there) {
        let without = match (absent.is_required, absent.without) {
            (true, _) => "a run needs it",
            (false, Some(without)) => without,
            (false, None) => continue,
        };
        lines.push(format!("  no {:<20}{without}", absent.table));
    }
    lines
}

fn rejected(rows: &RejectedRows) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} not used: {} {}; {}",
        rows.file,
        counted(rows.rows, "row"),
        rows.column,
        rows.what,
        rows.cure
    )];
    let of_row = |row: &engine::BadRow| format!("  row {:<8}{}", row.row, row.text);
    lines.extend(rows.first.iter().map(of_row));
    lines
}

fn people(stages: &[Stage]) -> Vec<String> {
    let line = |stage: &Stage| {
        let mut whys: Vec<(&String, &u64)> = stage.dropped.iter().collect();
        whys.sort_by_key(|(why, n)| (std::cmp::Reverse(**n), (*why).clone()));
        let whys: Vec<String> = whys.iter().map(|(why, n)| format!("{why} {n}")).collect();
        format!(
            "{}: {} of {}{}{}",
            stage.name,
            stage.rows_out,
            stage.rows_in,
            if whys.is_empty() { "" } else { "; not " },
            whys.join(" · ")
        )
    };
    stages.iter().map(line).collect()
}

/// What there is to do, or that nothing is.
fn ending(checked: &Checked) -> Vec<String> {
    let mut lines = Vec::new();
    if !checked.stops.is_empty() {
        lines.push(format!(
            "a run would stop; {} to mend:",
            counted(checked.stops.len() as u64, "thing")
        ));
        lines.extend(checked.stops.iter().map(|stop| format!("  - {stop}")));
    } else if checked.findings.is_empty() {
        lines.push("a run would finish, and nothing has to be looked at".to_owned());
    } else {
        lines.push(format!(
            "a run would finish; {} to look at:",
            counted(checked.findings.len() as u64, "thing")
        ));
        lines.extend(checked.findings.iter().map(|found| format!("  - {found}")));
    }
    lines
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
