//! What became of the rows of every table that was read, told by every verb that reads tables.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::outputs::Manifest;
use crate::engine::world::read::Read;
use crate::engine::{MaxRejects, RunFinding};
use crate::signals::{Rejection, Table};

/// Rows that were rejected, and what somebody has to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// How many rows were rejected, by table and reason.
    pub rejected: BTreeMap<String, BTreeMap<String, u64>>,
    /// How many texts are no number, by table and reason: their rows stay, without one.
    pub rejected_numbers: BTreeMap<String, BTreeMap<String, u64>>,
    /// What somebody has to look at, in the order it was found.
    pub findings: Vec<RunFinding>,
    /// Columns that are not read, of tables whose columns may take something away; the manifest has those of every file.
    #[serde(skip)]
    pub ignored_columns: BTreeMap<String, BTreeSet<String>>,
    /// How many files were read,
    pub files_read: usize,
    /// and how many of them the sums of their directory prove.
    pub files_proved: usize,
}

impl Reading {
    /// Of rejections alone.
    #[must_use]
    pub fn of_rejections(rejections: &[Rejection]) -> Self {
        let mut rejected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for rejection in rejections {
            let reasons = rejected.entry(table_of(&rejection.file)).or_default();
            *reasons
                .entry(rejection.reason.as_str().to_owned())
                .or_default() += 1;
        }
        Self {
            rejected,
            ..Self::default()
        }
    }

    /// Of the columns of each file that are not read those to be told: of tables in which a column may take something
    /// away.
    #[must_use]
    pub fn columns_to_tell(
        ignored: &BTreeMap<String, Vec<String>>,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, names) in ignored {
            let table = table_of(file);
            if TAKING.into_iter().any(|taking| taking.name() == table) {
                told.entry(table).or_default().extend(names.iter().cloned());
            }
        }
        told
    }

    /// How many rows were rejected, all tables together.
    #[must_use]
    pub fn n_rejected(&self) -> u64 {
        total(&self.rejected)
    }

    /// A sentence about rejected rows, such as `3 rows were rejected: feedback 3 (malformed 1, wrong_type 2)`, and one about
    /// values that are not phone numbers; none where there are none.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let rows = match self.n_rejected() {
            1 => "row was rejected",
            _ => "rows were rejected",
        };
        let texts = match total(&self.rejected_numbers) {
            1 => "value is not a phone number",
            _ => "values are not phone numbers",
        };
        let both = [
            line(rows, &self.rejected),
            line(texts, &self.rejected_numbers),
        ];
        both.into_iter().flatten().collect()
    }

    /// How many of the files that were read are proved; none if none was read.
    #[must_use]
    pub fn proved_line(&self) -> Option<String> {
        let (n_proved, n_read) = (self.files_proved, self.files_read);
        (n_read > 0).then(|| checksums(n_proved, n_read))
    }

    /// A sentence for each table about its columns that are not read and are to be told.
    #[must_use]
    pub fn column_lines(&self) -> Vec<String> {
        let ignored = self.ignored_columns.iter();
        ignored
            .map(|(table, names)| ignored_line(table, names))
            .collect()
    }
}

/// The columns of a table that are not read.
fn ignored_line(table: &str, names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "columns of {table} that are not read: {}{more}",
        shown.join(", ")
    )
}

/// The tables of which a column may take something away.
const TAKING: [Table; 12] = [
    Table::MessengerAccounts,
    Table::SocialAccounts,
    Table::Feedback,
    Table::ConsentEvents,
    Table::PolicyVersions,
    Table::Overlays,
    Table::Ads,
    Table::AdFeedback,
    Table::Businesses,
    Table::BusinessOptIns,
    Table::BusinessEvents,
    Table::AbuseReports,
];

/// Counts by table and reason.
type Counts = BTreeMap<String, BTreeMap<String, u64>>;

fn total(counts: &Counts) -> u64 {
    counts.values().flat_map(BTreeMap::values).sum()
}

/// How many of what there are, table by table; none if there are none.
fn line(what: &str, counts: &Counts) -> Option<String> {
    let n = total(counts);
    let table = |(table, reasons): (&String, &BTreeMap<String, u64>)| {
        let told: Vec<String> = reasons
            .iter()
            .map(|(why, n)| format!("{why} {n}"))
            .collect();
        let n: u64 = reasons.values().sum();
        format!("{table} {n} ({})", told.join(", "))
    };
    let tables: Vec<String> = counts.iter().map(table).collect();
    (n > 0).then(|| format!("{n} {what}: {}", tables.join("; ")))
}

/// The table of a file: the folder it stands in, or its name up to the first point.
fn table_of(file: &str) -> String {
    let name = file.split(['/', '.']).next();
    name.unwrap_or(file).to_owned()
}

impl Read {
    /// What became of the rows that were read so far.
    pub(in crate::engine) fn reading(&self, max: MaxRejects) -> Reading {
        let mut reading = Reading {
            rejected: Counts::new(),
            rejected_numbers: self.numbers.refused(),
            findings: Vec::new(),
            ignored_columns: Reading::columns_to_tell(&self.ignored_columns),
            files_read: self.files.len(),
            files_proved: self.files.iter().filter(|file| file.is_proved).count(),
        };
        for count in self
            .counts
            .iter()
            .filter(|count| !count.rejected.is_empty())
        {
            let reasons = count.rejected.iter();
            let reasons = reasons.map(|(reason, n)| (reason.as_str().to_owned(), *n));
            reading
                .rejected
                .insert(count.table.name().to_owned(), reasons.collect());
        }
        let n = reading.n_rejected();
        let all = max.is_exceeded_by_all(n).then(|| {
            RunFinding::new(
                "many_rejected",
                format!("{n} rows were rejected, more than {max}"),
                "mend the tables, or allow more with max_rejects",
            )
        });
        let tables = self.counts.iter().filter_map(|count| count.finding(max));
        reading.findings = tables.chain(all).collect();
        reading.findings.extend(self.findings.iter().cloned());
        reading
    }
}

impl Manifest {
    /// What became of the rows that were read, and what somebody has to look at.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading {
            rejected: self.rejected.clone(),
            rejected_numbers: self.rejected_numbers.clone(),
            findings: self.findings.clone(),
            ignored_columns: Reading::columns_to_tell(&self.ignored_columns),
            files_read: self.inputs.len(),
            files_proved: self.inputs.iter().filter(|file| file.is_proved).count(),
        }
    }
}

/// How many of the files that were read match the checksums beside them, in words.
#[must_use]
pub fn checksums(n_proved: usize, n_read: usize) -> String {
    match (n_proved, n_read) {
        (_, 0) => "no input files".to_owned(),
        (0, n) => format!("no checksums for the {n} input files (`acquaint seal` writes them)"),
        (proved, n) => format!("{proved} of {n} input files match their checksums"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::RejectionReason;

    fn rejection(file: &str, reason: RejectionReason) -> Rejection {
        Rejection {
            file: file.to_owned(),
            row: 1,
            column: "at",
            reason,
        }
    }

    #[test]
    fn rejections_are_told_by_table_and_reason() {
        use RejectionReason::{Malformed, WrongType};
        let reading = Reading::of_rejections(&[
            rejection("feedback.csv", WrongType),
            rejection("ads/part-0.csv.gz", Malformed),
            rejection("feedback.csv", Malformed),
            rejection("feedback.csv", WrongType),
        ]);
        let told =
            "4 rows were rejected: ads 1 (malformed 1); feedback 3 (malformed 1, wrong_type 2)";
        assert_eq!(reading.lines(), [told]);
        assert!(Reading::default().lines().is_empty());
        let one = Reading::of_rejections(&[rejection("ads.csv", WrongType)]);
        assert!(one.lines()[0].starts_with("1 row was"));
    }

    #[test]
    fn columns_that_are_not_read_are_told() {
        let names = |n: usize| (10..10 + n).map(|i| format!("c{i}")).collect();
        let files = |n| {
            [
                ("overlays/part-0.csv".to_owned(), names(n)),
                ("friendships.csv".to_owned(), names(1)),
            ]
        };
        let told = |n| Reading {
            ignored_columns: Reading::columns_to_tell(&files(n).into()),
            ..Reading::default()
        };
        assert_eq!(
            told(2).column_lines(),
            ["columns of overlays that are not read: c10, c11"]
        );
        assert!(told(11).column_lines()[0].ends_with("and 3 more"));
    }
}
