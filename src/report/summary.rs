//! The few lines a run ends with.

use std::fmt::Write;

use super::words::{grouped, spaced};
use crate::engine::Stage;
use crate::engine::outputs::Manifest;

/// How many reasons a line names.
const MAX_REASONS: usize = 3;

/// A table of every stage and every output, and whether the sums check.
#[must_use]
pub fn summary(manifest: &Manifest) -> String {
    let mut text = format!("as of {}\n\n", manifest.as_of.valid);
    stages(&mut text, &manifest.stages);
    text.push('\n');
    for output in &manifest.outputs {
        line(
            &mut text,
            &format!("{:>14} rows  {}", grouped(output.rows), output.file),
        );
    }
    line(&mut text, &format!("\n{}", sums(manifest)));
    text
}

fn stages(text: &mut String, stages: &[Stage]) {
    let width = stages
        .iter()
        .map(|stage| stage.name.chars().count())
        .max()
        .unwrap_or(0);
    line(
        text,
        &format!("{:width$}  {:>13}  {:>13}  dropped", "stage", "in", "out"),
    );
    for stage in stages {
        // Padding counts bytes of an arrow as one character, as the terminal shows it.
        let (rows_in, rows_out) = (grouped(stage.rows_in), grouped(stage.rows_out));
        let row = format!(
            "{:width$}  {rows_in:>13}  {rows_out:>13}  {}",
            stage.name,
            dropped(stage)
        );
        line(text, row.trim_end());
    }
}

/// The commonest reasons, and how many more there are.
fn dropped(stage: &Stage) -> String {
    let mut reasons: Vec<(&String, &u64)> = stage.dropped.iter().collect();
    reasons.sort_by_key(|&(reason, n)| (std::cmp::Reverse(*n), reason));
    let named = reasons.iter().take(MAX_REASONS);
    let mut words: Vec<String> = named
        .map(|(reason, n)| format!("{} {}", grouped(**n), spaced(reason)))
        .collect();
    let rest: u64 = reasons.iter().skip(MAX_REASONS).map(|(_, n)| **n).sum();
    if rest > 0 {
        words.push(format!("{} for other reasons", grouped(rest)));
    }
    words.join(", ")
}

fn sums(manifest: &Manifest) -> String {
    match manifest.check_sums() {
        Ok(()) => format!("sums check: {} stages", manifest.stages.len()),
        Err(error) => format!("sums do NOT check: {error}"),
    }
}

fn line(text: &mut String, row: &str) {
    writeln!(text, "{row}").expect("writing to text cannot fail");
}

#[cfg(test)]
mod tests {
    use super::super::page::testing::manifest;
    use super::*;

    #[test]
    fn golden_summary() {
        let expected = "\
as of 2016-11-15T00:00:00Z

stage                               in            out  dropped
friendships → friend edges       1,200          1,000  150 opted out, 50 lapsed
candidates → suggestions            90             90

            90 rows  suggestions.parquet

sums check: 2 stages
";
        assert_eq!(summary(&manifest()), expected);
    }

    #[test]
    fn wrong_sums_are_said_aloud() {
        let mut manifest = manifest();
        manifest.stages[0].rows_in += 1;
        assert!(
            summary(&manifest).contains("sums do NOT check: friendships → friend edges: 1201 in")
        );
    }
}
