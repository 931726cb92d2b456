//! The few lines a terminal shows when a run is over.

use std::fmt::Write as _;

use super::sums::{broken, n_dropped, ranked};
use super::words::{abridged, bytes, grouped, visible};
use crate::engine::outputs::{Manifest, OutputDigest};
use crate::engine::{Stage, checksums};

/// Characters a line may have.
const WIDTH: usize = 96;
/// Characters left of a line of reasons.
const INDENT: usize = 4;

/// What a run did, as lines of at most 96 characters: each stage with what went in, came out and was
/// dropped, the most frequent reasons below it; each file written; and whether the row counts add up.
///
/// Columns are as wide as they need to be. Characters that would steer a terminal are spelt out.
#[must_use]
pub fn summary(manifest: &Manifest) -> String {
    let mut lines = vec![format!("as of {}", manifest.as_of.valid)];
    lines.push(String::new());
    lines.extend(stages(&manifest.stages));
    lines.push(String::new());
    lines.extend(table(
        &manifest.outputs.iter().map(output).collect::<Vec<_>>(),
        OUTPUT_HEAD,
    ));
    lines.push(String::new());
    lines.extend(notes(manifest));
    lines.extend(ambiguous(manifest));
    lines.push(proved(manifest));
    lines.extend(verdict(manifest));
    lines.into_iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{}", line.trim_end()).expect("a string takes any text");
        text
    })
}

/// What whoever uses the ad model should know.
fn notes(manifest: &Manifest) -> Vec<String> {
    let notes = manifest.ad_model.pointer("/training/notes");
    let notes = notes.and_then(|notes| notes.as_array());
    let notes = notes.into_iter().flatten().filter_map(|note| note.as_str());
    notes
        .map(|note| format!("ad model: {}", visible(note)))
        .collect()
}

const STAGE_HEAD: [&str; 4] = ["stage", "in", "out", "dropped"];
const OUTPUT_HEAD: [&str; 4] = ["written", "rows", "size", "blake3"];

/// One line a stage, and the reasons of each below it.
fn stages(stages: &[Stage]) -> Vec<String> {
    let rows: Vec<_> = stages.iter().map(counts).collect();
    let mut table = table(&rows, STAGE_HEAD).into_iter();
    let mut lines: Vec<String> = table.by_ref().take(1).collect();
    for (line, stage) in table.zip(stages) {
        lines.push(line);
        lines.extend(reasons(stage));
    }
    lines
}

fn counts(stage: &Stage) -> [String; 4] {
    [
        visible(&stage.name),
        grouped(stage.rows_in),
        grouped(stage.rows_out),
        grouped(n_dropped(stage)),
    ]
}

fn output(file: &OutputDigest) -> [String; 4] {
    [
        visible(&file.file),
        grouped(file.rows),
        bytes(file.bytes),
        abridged(&file.blake3),
    ]
}

/// The most frequent reasons, as many as fit on a line, and how many rows the others dropped; none for a
/// stage that dropped nothing.
fn reasons(stage: &Stage) -> Option<String> {
    let ranked = ranked(stage);
    let all: Vec<String> = ranked.iter().map(|&(r, n)| reason(r, n)).collect();
    let room = WIDTH - INDENT;
    let line = (1..=all.len())
        .rev()
        .map(|n_named| joined(&all[..n_named], &ranked[n_named..]))
        .find(|line| line.chars().count() <= room)
        .or_else(|| all.first().map(|first| cut(first, room)))?;
    Some(format!("{:INDENT$}{line}", ""))
}

fn reason(reason: &str, n: u64) -> String {
    // A name as long as the line would leave no room for its count.
    format!("{} {}", cut(&visible(reason), WIDTH / 2), grouped(n))
}

fn joined(named: &[String], others: &[(&str, u64)]) -> String {
    let named = named.join(" · ");
    if others.is_empty() {
        return named;
    }
    let n: u128 = others.iter().map(|&(_, n)| u128::from(n)).sum();
    let other = if others.len() == 1 { "other" } else { "others" };
    format!("{named} · {} {other} {}", others.len(), grouped(n))
}

/// Rows under a head: the first column to the left and cut to what is left of the line, the others to the
/// right.
fn table(rows: &[[String; 4]], head: [&str; 4]) -> Vec<String> {
    let head = head.map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let widths = [0, 1, 2, 3].map(|i| all().map(|row| row[i].chars().count()).max().unwrap_or(0));
    let numbers: usize = widths[1..].iter().map(|width| width + 2).sum();
    let first = widths[0].min(WIDTH.saturating_sub(numbers));
    all()
        .map(|[name, a, b, c]| {
            let [_, wa, wb, wc] = widths;
            let name = cut(name, first);
            format!("{name:first$}  {a:>wa$}  {b:>wb$}  {c:>wc$}")
        })
        .collect()
}

/// Digits that may be somebody else's number: an export that lost its plus signs is full of them.
fn ambiguous(manifest: &Manifest) -> Option<String> {
    if manifest.ambiguous_numbers.is_empty() {
        return None;
    }
    let of_table = |(table, n): (&String, &u64)| format!("{} {}", visible(table), grouped(*n));
    let counts: Vec<String> = manifest.ambiguous_numbers.iter().map(of_table).collect();
    let line = format!(
        "without a plus sign valid twice, read as the region's: {}",
        counts.join(" · ")
    );
    Some(cut(&line, WIDTH))
}

/// How much of what was read is known to be what was written.
fn proved(manifest: &Manifest) -> String {
    checksums(manifest.n_proved(), manifest.inputs.len())
}

fn verdict(manifest: &Manifest) -> Vec<String> {
    let wrong: Vec<_> = broken(manifest)
        .map(|stage| {
            cut(
                &format!("row counts do not add up: {}", visible(&stage.name)),
                WIDTH,
            )
        })
        .collect();
    if wrong.is_empty() {
        return vec![format!(
            "row counts add up in all {} stages",
            manifest.stages.len()
        )];
    }
    wrong
}

/// A text of at most `n` characters; the last is `…` if some are missing.
fn cut(text: &str, n: usize) -> String {
    if text.chars().count() <= n {
        return text.to_owned();
    }
    text.chars()
        .take(n.saturating_sub(1))
        .chain(['…'])
        .collect()
}
