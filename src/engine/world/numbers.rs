//! Columns of numbers: read, counted and, where a text is no number, listed with its row.

use std::collections::BTreeMap;

use crate::engine::{RunFinding, Stage};
use crate::identity::{E164, NotANumber, count_ambiguous, normalise};
use crate::ids::Region;
use crate::signals::{
    Batch, Origin, RawPhone, Rejection, RejectionReason, Table, TableRows, TableSummary,
};

/// The column of a number, in every table that has one.
const PHONE: &str = "phone";
/// So many rows of the address book are listed as rejected; of all of them there is a count.
const LISTED: usize = 100_000;
/// So many businesses have a finding of their own.
const TOLD: usize = 100;

/// A number as it stands in a row, and the region to read it in.
pub(in crate::engine) type Typed<'a> = (&'a RawPhone, Option<Region>);

/// Where the rows of a table stood, beside the rows.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Places {
    files: Vec<String>,
    origins: Vec<Origin>,
}

impl Places {
    pub(in crate::engine) fn of<R>(rows: &TableRows<R>) -> Self {
        let files = rows.summary.files.iter();
        Self {
            files: files.map(|file| file.path.clone()).collect(),
            origins: rows.origins.clone(),
        }
    }

    /// Forgets rows as they are forgotten beside: `kept` says of each whether it stays.
    pub(in crate::engine) fn keep(&mut self, kept: impl Iterator<Item = bool>) {
        let mut kept = kept;
        self.origins.retain(|_| kept.next().unwrap_or(true));
    }

    fn rejection(&self, at: usize, reason: RejectionReason) -> Option<Rejection> {
        rejection(&self.files, *self.origins.get(at)?, reason)
    }
}

fn rejection(files: &[String], origin: Origin, reason: RejectionReason) -> Option<Rejection> {
    Some(Rejection {
        file: files.get(usize::try_from(origin.file).ok()?)?.clone(),
        row: origin.row,
        column: PHONE,
        reason,
    })
}

/// What a column of numbers says.
#[derive(Debug, Default)]
pub(in crate::engine) struct ReadColumn {
    /// A number for each row that has one.
    pub(in crate::engine) numbers: Vec<Option<E164>>,
    /// The rows whose text is no number.
    refused: Vec<(usize, RejectionReason)>,
    n_ambiguous: u64,
}

/// Every number that the texts of a column may be, those that may be two with both.
pub(in crate::engine) fn readings<'a>(
    column: impl Iterator<Item = Typed<'a>>,
) -> impl Iterator<Item = E164> {
    column.flat_map(|(phone, region)| E164::readings(phone, region))
}

impl ReadColumn {
    /// Reads a column in which some rows have nothing.
    pub(in crate::engine) fn new(column: &[Option<Typed<'_>>]) -> Self {
        let given = column.iter().enumerate();
        let (places, typed): (Vec<usize>, Vec<Typed<'_>>) = given
            .filter_map(|(at, typed)| Some((at, (*typed)?)))
            .unzip();
        let mut read = Self {
            numbers: vec![None; column.len()],
            refused: Vec::new(),
            n_ambiguous: count_ambiguous(&typed),
        };
        for (at, number) in places.into_iter().zip(normalise(&typed)) {
            match number {
                Ok(number) => read.numbers[at] = Some(number),
                Err(why) => read.refused.push((at, why.into())),
            }
        }
        read
    }

    /// What became of those that have something.
    pub(in crate::engine) fn stage(&self, name: &str) -> Stage {
        let mut stage = Stage::new(name);
        stage.pass(self.numbers.iter().flatten().count() as u64);
        for (_, reason) in &self.refused {
            stage.drop(reason.as_str(), 1);
        }
        stage
    }

    /// The rows whose text is no number.
    pub(in crate::engine) fn rejections(&self, places: &Places) -> Vec<Rejection> {
        let refused = self.refused.iter();
        refused
            .filter_map(|(at, reason)| places.rejection(*at, *reason))
            .collect()
    }
}

/// Numbers that could not be read, and numbers that may be others, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct NumberCounts {
    refused: BTreeMap<Table, BTreeMap<&'static str, u64>>,
    ambiguous: BTreeMap<Table, u64>,
}

impl NumberCounts {
    /// Counts texts that are no number.
    pub(in crate::engine) fn refuse(
        &mut self,
        table: Table,
        reasons: impl Iterator<Item = RejectionReason>,
    ) {
        for reason in reasons {
            let of_table = self.refused.entry(table).or_default();
            *of_table.entry(reason.as_str()).or_default() += 1;
        }
    }

    /// Counts digits that are valid in their region and internationally.
    pub(in crate::engine) fn add_ambiguous(&mut self, table: Table, n: u64) {
        if n > 0 {
            *self.ambiguous.entry(table).or_default() += n;
        }
    }

    pub(in crate::engine) fn add(&mut self, table: Table, column: &ReadColumn) {
        self.refuse(table, column.refused.iter().map(|(_, reason)| *reason));
        self.add_ambiguous(table, column.n_ambiguous);
    }

    /// How many texts are no number, by table and reason.
    pub(in crate::engine) fn refused(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let by_name = |counts: &BTreeMap<&'static str, u64>| {
            counts
                .iter()
                .map(|(reason, n)| ((*reason).to_owned(), *n))
                .collect()
        };
        let tables = self.refused.iter();
        tables
            .map(|(table, counts)| (table.name().to_owned(), by_name(counts)))
            .collect()
    }

    /// How many numbers may be others, by table.
    pub(in crate::engine) fn ambiguous(&self) -> BTreeMap<String, u64> {
        let counts = self.ambiguous.iter();
        counts
            .map(|(table, n)| (table.name().to_owned(), *n))
            .collect()
    }
}

/// A business's number is nobody's contact and links nobody; one that cannot be read may be taken for a person's.
pub(in crate::engine) fn unread_businesses(rejections: &[Rejection]) -> Vec<RunFinding> {
    const CURE: &str = "mend the number and run again";
    let finding = |rejection: &Rejection| {
        let what = format!(
            "the number of a business cannot be read ({}), so whoever holds it may be taken for a person",
            rejection.reason
        );
        RunFinding::new("unreadable_business_number", what, CURE).at(rejection)
    };
    let mut told: Vec<RunFinding> = rejections.iter().take(TOLD).map(finding).collect();
    if let Some(n_more) = rejections.len().checked_sub(TOLD).filter(|n| *n > 0) {
        let what = format!("the numbers of {n_more} more businesses cannot be read");
        told.push(RunFinding::new("unreadable_business_number", what, CURE));
    }
    told
}

/// Rows of the address book that could not be used: the first hundred thousand, and how many more there are.
#[derive(Debug, Default)]
pub(in crate::engine) struct BookRefusals {
    rejections: Vec<Rejection>,
    numbers: Vec<(Origin, RejectionReason)>,
    n_unlisted: u64,
}

impl BookRefusals {
    /// Takes what could not be used of a batch: rows that are none, and rows whose number is none.
    pub(in crate::engine) fn add<R>(
        &mut self,
        batch: &mut Batch<R>,
        refused: &[(usize, NotANumber)],
    ) {
        let n_listed = self.rejections.len() + self.numbers.len();
        let mut room = LISTED.saturating_sub(n_listed);
        let n_rejected = batch.rejections.len().min(room);
        room -= n_rejected;
        self.n_unlisted += (batch.rejections.len() - n_rejected) as u64;
        self.rejections
            .extend(batch.rejections.drain(..).take(n_rejected));
        let number =
            |(at, why): &(usize, NotANumber)| Some((*batch.origins.get(*at)?, (*why).into()));
        self.numbers
            .extend(refused.iter().filter_map(number).take(room));
        self.n_unlisted += refused.len().saturating_sub(room) as u64;
    }

    /// What is listed, and how many rows are not.
    pub(in crate::engine) fn finish(self, summary: &TableSummary) -> (Vec<Rejection>, u64) {
        let files: Vec<String> = summary.files.iter().map(|file| file.path.clone()).collect();
        let mut listed = self.rejections;
        let numbers = self.numbers.into_iter();
        listed.extend(numbers.filter_map(|(origin, reason)| rejection(&files, origin, reason)));
        listed.sort_unstable();
        (listed, self.n_unlisted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_counted_and_listed() {
        let texts = [
            "+4930123456",
            "43664910594.0",
            "@anna",
            "",
            "no number",
            "43664910594",
        ]
        .map(RawPhone::new);
        let region = Region::parse("DE");
        let column: Vec<Option<Typed<'_>>> = texts
            .iter()
            .map(|raw| (!raw.expose().is_empty()).then_some((raw, region)))
            .collect();
        let read = ReadColumn::new(&column);
        assert_eq!(
            read.numbers.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, false, false, false, false, true]
        );
        let stage = read.stage("numbers");
        assert_eq!(
            (
                stage.rows_in,
                stage.rows_out,
                stage.dropped["number_as_float"]
            ),
            (5, 2, 1)
        );
        assert_eq!(read.n_ambiguous, 1);
        let mut places = Places {
            files: vec!["a.csv".to_owned(), "b.csv".to_owned()],
            origins: (0..7)
                .map(|row| Origin {
                    file: u32::from(row > 3),
                    row,
                })
                .collect(),
        };
        places.keep([false, true, true, true, true, true, true].into_iter());
        let listed: Vec<_> = read
            .rejections(&places)
            .into_iter()
            .map(|r| (r.file, r.row, r.column, r.reason.as_str()))
            .collect();
        let expected = [
            ("a.csv", 2, "number_as_float"),
            ("a.csv", 3, "username"),
            ("b.csv", 5, "not_a_number"),
        ];
        assert_eq!(
            listed,
            expected.map(|(file, row, reason)| (file.to_owned(), row, PHONE, reason))
        );
    }

    #[test]
    fn of_many_businesses_the_rest_are_told_together() {
        let row = |row| Rejection {
            file: "businesses.csv".to_owned(),
            row,
            column: PHONE,
            reason: RejectionReason::NumberAsFloat,
        };
        let rows: Vec<Rejection> = (1..=TOLD as u64 + 7).map(row).collect();
        let told = unread_businesses(&rows);
        assert_eq!(told.len(), TOLD + 1);
        assert!(told[TOLD].what.contains("7 more"));
        assert_eq!(unread_businesses(&rows[..TOLD]).len(), TOLD);
    }
}
