//! Columns of numbers: read, counted and, where a text is no number, listed with its row.

use std::collections::BTreeMap;

use crate::engine::{RunFinding, Stage};
use crate::identity::{E164, NotANumber, NumbersRead, Typed};
use crate::signals::{Batch, Origin, RawPhone, Rejection, RejectionReason, Table, TableSummary};

/// The column of a number, in every table that has one.
const PHONE: &str = "phone";
/// So many rows of the address book are listed as rejected; of all of them there is a count.
const LISTED: usize = 100_000;
/// So many businesses have a finding of their own.
const TOLD: usize = 100;

fn rejection(files: &[String], origin: Origin, reason: RejectionReason) -> Option<Rejection> {
    Some(Rejection {
        file: files.get(usize::try_from(origin.file).ok()?)?.clone(),
        row: origin.row,
        column: PHONE,
        reason,
    })
}

/// Every number that the texts of a column may be, those that may be two with both.
pub(in crate::engine) fn readings<'a>(
    column: impl Iterator<Item = Typed<&'a RawPhone>>,
) -> impl Iterator<Item = E164> {
    column.flat_map(|typed| E164::readings(typed.raw, typed.region))
}

/// What became of the texts of a table.
pub(in crate::engine) fn stage(table: Table, read: &NumbersRead) -> Stage {
    let mut stage = Stage::new(&format!("{} → numbers", table.name().replace('_', " ")));
    stage.pass(read.n_read);
    for refused in &read.refused {
        stage.drop(RejectionReason::from(refused.why).as_str(), 1);
    }
    stage
}

/// The rows whose text is no number; `files` are those of the table.
pub(in crate::engine) fn rejections(read: &NumbersRead, files: &[String]) -> Vec<Rejection> {
    let refused = read.refused.iter();
    refused
        .filter_map(|one| rejection(files, one.origin, one.why.into()))
        .collect()
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

    /// Counts what became of the numbers of a table.
    pub(in crate::engine) fn add(&mut self, table: Table, read: &NumbersRead) {
        self.refuse(table, read.refused.iter().map(|one| one.why.into()));
        self.add_ambiguous(table, read.n_ambiguous);
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

/// Rows of the address book that could not be used.
#[derive(Debug)]
pub(in crate::engine) struct Refused {
    /// Those that are listed, in order.
    pub(in crate::engine) rejections: Vec<Rejection>,
    /// How many are not.
    pub(in crate::engine) n_unlisted: u64,
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

    /// What could not be used of the whole table.
    pub(in crate::engine) fn finish(self, summary: &TableSummary) -> Refused {
        let files: Vec<String> = summary.files.iter().map(|file| file.path.clone()).collect();
        let mut listed = self.rejections;
        let numbers = self.numbers.into_iter();
        listed.extend(numbers.filter_map(|(origin, reason)| rejection(&files, origin, reason)));
        listed.sort_unstable();
        Refused {
            rejections: listed,
            n_unlisted: self.n_unlisted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Holders;
    use crate::ids::{Region, UserId};
    use crate::signals::{DeviceFacts, PhonePurpose, SocialAccount};
    use crate::time::Timestamp;

    #[test]
    fn a_table_is_read_counted_and_listed() {
        let texts = [
            "+4930123456",
            "43664910594.0",
            "@anna",
            "",
            "no number",
            "43664910594",
        ];
        let row = |(id, text): (u64, &&str)| SocialAccount {
            user_id: UserId(id),
            phone: (!text.is_empty()).then(|| RawPhone::new(*text)),
            phone_given_for: PhonePurpose::Contact,
            phone_since: None,
            region: Region::parse("DE"),
            created_at: Timestamp::MIN,
            device: DeviceFacts::default(),
            birth_year: None,
            gender: None,
            language: None,
            interests: Vec::new(),
            own: crate::signals::OwnValues::default(),
        };
        let rows = (0..).zip([""].iter().chain(&texts)).map(row).collect();
        let origins: Vec<Origin> = (0..7)
            .map(|row| Origin {
                file: u32::from(row > 3),
                row,
            })
            .collect();
        let mut holders = Holders::new(rows, &origins);
        holders.retain(|row| row.user_id != UserId(0));
        let read = holders.read_numbers();
        assert_eq!(
            holders
                .iter()
                .map(|one| one.number.is_some())
                .collect::<Vec<_>>(),
            [true, false, false, false, false, true]
        );
        let stage = stage(Table::SocialAccounts, &read);
        assert_eq!(
            (
                stage.rows_in,
                stage.rows_out,
                stage.dropped["number_as_float"]
            ),
            (5, 2, 1)
        );
        assert_eq!(read.n_ambiguous, 1);
        let files = ["a.csv".to_owned(), "b.csv".to_owned()];
        let listed: Vec<_> = rejections(&read, &files)
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
