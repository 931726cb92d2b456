//! What changed between two outputs: a few lines for a terminal, and a page.
//!
//! Both count; the lines may name rows by the ids that the outputs have, the page names nobody.

use minijinja::{Environment, Value, context};

use super::ReportError;
use super::words::{grouped, visible, words};
use crate::engine::{Comparison, RowChange, RunDifference, TableChange};

const TEMPLATE: &str = "compare/page.html";

/// No line of a terminal is longer, but those of long names.
const WIDTH: usize = 80;

/// The names two outputs are called by, such as their directories.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The earlier.
    pub before: &'a str,
    /// The later.
    pub after: &'a str,
}

/// A comparison as lines of text.
///
/// # Complexity
/// O(rows listed).
#[must_use]
pub fn compare_summary(of: &Comparison, names: Names<'_>) -> String {
    let mut lines = heads(of, names);
    lines.push(String::new());
    lines.extend(runs(&of.runs));
    lines.push(String::new());
    lines.extend(tables(&of.tables));
    if of.is_same() {
        lines.push("every row of every table is the same".to_owned());
        return lines.join("\n") + "\n";
    }
    lines.push(String::new());
    lines.push("why".to_owned());
    lines.extend(of.tables.iter().flat_map(whys));
    lines.extend(listed(of));
    if !of.asked_signals {
        lines.push(
            "opt-outs, blocks and new friends are told apart with --signals DIR, the tables\nof the \
             later run"
                .to_owned(),
        );
    }
    lines.join("\n") + "\n"
}

/// A comparison as a page that needs no other file and names nobody.
///
/// # Errors
/// If the template cannot be filled in, which no comparison should be able to cause.
pub fn render_compare(of: &Comparison, names: Names<'_>) -> Result<String, ReportError> {
    let filled = || {
        // Escaping is on because the name ends in .html.
        let mut environment = Environment::new();
        environment.add_template(TEMPLATE, include_str!("compare/page.html"))?;
        environment.get_template(TEMPLATE)?.render(context! {
            before => visible(names.before),
            after => visible(names.after),
            of_before => of.before.as_of.valid.to_string(),
            of_after => of.after.as_of.valid.to_string(),
            verdict => verdict(of),
            asked_signals => of.asked_signals,
            runs => of.runs.iter().map(difference).collect::<Vec<_>>(),
            tables => of.tables.iter().map(table).collect::<Vec<_>>(),
        })
    };
    filled().map_err(|source| ReportError::Template {
        template: TEMPLATE,
        source,
    })
}

fn heads(of: &Comparison, names: Names<'_>) -> Vec<String> {
    let all = [
        ("earlier", names.before, &of.before),
        ("later", names.after, &of.after),
    ];
    let line = |(which, name, run): (&str, &str, &crate::engine::ComparedRun)| {
        format!("{which:7}  {}, as of {}", visible(name), run.as_of.valid)
    };
    all.map(line).to_vec()
}

fn verdict(of: &Comparison) -> String {
    if of.is_same() {
        return "Every row of every table is the same.".to_owned();
    }
    let n: u64 = of.tables.iter().map(TableChange::n_decisions).sum();
    let rescored: u64 = of.tables.iter().map(|table| table.rescored).sum();
    format!(
        "{} rows are new, gone or judged otherwise; {} more have another rank, figure or reason.",
        grouped(n),
        grouped(rescored)
    )
}

fn runs(all: &[RunDifference]) -> Vec<String> {
    if all.is_empty() {
        return vec!["the manifests do not differ".to_owned()];
    }
    let width = all.iter().map(|one| visible(&one.what).len()).max();
    let width = width.unwrap_or(0);
    let line = |one: &RunDifference| {
        let (before, after) = (shown(one.before.as_ref()), shown(one.after.as_ref()));
        format!("  {:width$}  {before} → {after}", visible(&one.what))
    };
    let lines = all.iter().map(line);
    std::iter::once("the runs differ in".to_owned())
        .chain(lines)
        .collect()
}

fn shown(value: Option<&String>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| visible(value))
}

fn tables(all: &[TableChange]) -> Vec<String> {
    let head = format!(
        "{:14}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}",
        "table", "before", "after", "removed", "added", "verdict", "rescored", "differ"
    );
    let line = |table: &TableChange| {
        format!(
            "{:14}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}",
            stem(&table.table),
            grouped(table.rows_before),
            grouped(table.rows_after),
            grouped(table.removed),
            grouped(table.added),
            grouped(table.verdict),
            grouped(table.rescored),
            share(table.share)
        )
    };
    std::iter::once(head).chain(all.iter().map(line)).collect()
}

/// Verdicts of `business_reach`, orders of businesses: the name without what every name has.
fn stem(file: &str) -> &str {
    file.trim_end_matches(".parquet")
}

fn share(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// One line for each way in which rows of a table differ, wrapped.
fn whys(table: &TableChange) -> Vec<String> {
    let mut lines = Vec::new();
    for (change, whys) in &table.why {
        let mut line = format!("{:14}  {change:8}", stem(&table.table));
        let indent = " ".repeat(line.len());
        for (i, why) in ranked(whys).into_iter().enumerate() {
            let part = format!(" {} {}", words(why.0), grouped(why.1));
            let dot = if i == 0 { " " } else { " ·" };
            if line.chars().count() + dot.chars().count() + part.chars().count() > WIDTH {
                lines.push(std::mem::replace(&mut line, format!("{indent} ")));
            } else {
                line.push_str(dot);
            }
            line.push_str(&part);
        }
        lines.push(line);
    }
    lines
}

/// The most frequent first.
fn ranked<'a>(whys: &std::collections::BTreeMap<&'a str, u64>) -> Vec<(&'a str, u64)> {
    let mut all: Vec<_> = whys.iter().map(|(why, n)| (*why, *n)).collect();
    all.sort_by_key(|&(why, n)| (std::cmp::Reverse(n), why));
    all
}

fn listed(of: &Comparison) -> Vec<String> {
    if of.rows.is_empty() {
        return Vec::new();
    }
    let head = if of.rows_unlisted == 0 {
        "rows".to_owned()
    } else {
        let n = of.rows.len() as u64;
        format!(
            "rows, the first {} of {}",
            grouped(n),
            grouped(n + of.rows_unlisted)
        )
    };
    let lines = of.rows.iter().map(row);
    [String::new(), head].into_iter().chain(lines).collect()
}

fn row(row: &RowChange) -> String {
    let about = match (row.user_id, row.account_id) {
        (Some(user), _) => format!("user {user}"),
        (_, Some(account)) => format!("account {account}"),
        _ => String::new(),
    };
    let other = row
        .other_id
        .map(|other| format!(", {} {other}", other_name(row.table)));
    let purpose = row.purpose.map(|purpose| format!(", for {purpose}"));
    format!(
        "  {:14} {:8}  {about}{}{}: {}",
        stem(row.table),
        row.change.as_str(),
        other.unwrap_or_default(),
        purpose.unwrap_or_default(),
        words(row.why.as_str())
    )
}

fn other_name(file: &str) -> &'static str {
    match stem(file) {
        "suggestions" => "candidate",
        "ad_scores" => "ad",
        "links" => "user",
        _ => "business",
    }
}

fn difference(one: &RunDifference) -> Value {
    context! {
        what => visible(&one.what),
        before => shown(one.before.as_ref()),
        after => shown(one.after.as_ref()),
    }
}

fn table(table: &TableChange) -> Value {
    let all = table.same + table.rescored + table.n_decisions();
    let part = |n: u64| {
        if all == 0 {
            0.0
        } else {
            n as f64 / all as f64 * 100.0
        }
    };
    let mut at = 0.0;
    let parts = [
        ("same", table.same),
        ("rescored", table.rescored),
        ("verdict", table.verdict),
        ("added", table.added),
        ("removed", table.removed),
    ];
    let bars: Vec<Value> = parts
        .into_iter()
        .map(|(name, n)| {
            let bar = context! { name, n => grouped(n), at, width => part(n) };
            at += part(n);
            bar
        })
        .collect();
    context! {
        name => words(stem(&table.table)),
        before => grouped(table.rows_before),
        after => grouped(table.rows_after),
        removed => grouped(table.removed),
        added => grouped(table.added),
        verdict => grouped(table.verdict),
        rescored => grouped(table.rescored),
        same => grouped(table.same),
        people => grouped(table.people),
        share => share(table.share),
        bars,
        whys => table.why.iter().map(|(change, whys)| {
            let whys = ranked(whys).into_iter();
            let whys = whys.map(|(why, n)| context! { why => words(why), n => grouped(n) });
            context! { change => *change, whys => whys.collect::<Vec<_>>() }
        }).collect::<Vec<_>>(),
    }
}

#[cfg(test)]
mod tests;
