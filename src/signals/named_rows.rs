//! Whom each row of a table names: for whoever asks what is held about a person.

use super::batch::Batch;
use super::dir::SignalsDir;
use super::each::OfEachTable;
use super::error::SignalsError;
use super::own::Columns;
use super::record::Record;
use super::records::RawPhone;
use super::table::Table;
use super::values::{Value, Values};
use crate::ids::{AccountId, Region, UserId};

/// Columns that name a messenger account,
const ACCOUNTS: [&str; 5] = [
    "account_id",
    "from_account_id",
    "to_account_id",
    "reporter",
    "reported",
];
/// and those that name a person of the social network.
const USERS: [&str; 4] = ["user_id", "user_a", "user_b", "other_id"];

/// A row, and whom it names.
#[derive(Clone, Debug)]
pub struct NamedRow {
    /// The place of its file among those of its table.
    pub file: u32,
    /// The row: the first after the header is 1.
    pub row: u64,
    /// Messenger accounts.
    pub accounts: Vec<AccountId>,
    /// People of the social network.
    pub users: Vec<UserId>,
    /// A number, with the region that the row gives to read it in.
    pub phone: Option<(RawPhone, Option<Region>)>,
}

impl SignalsDir {
    /// Looks at every record of a table, in file order. Rows that cannot be used are not among them.
    ///
    /// # Errors
    /// If a file cannot be read at all.
    ///
    /// # Complexity
    /// O(bytes) time; space for one batch.
    pub fn each_named(
        &self,
        table: Table,
        visit: &mut dyn FnMut(&NamedRow),
    ) -> Result<(), SignalsError> {
        table.visit(&mut Naming { dir: self, visit })
    }
}

struct Naming<'a> {
    dir: &'a SignalsDir,
    visit: &'a mut dyn FnMut(&NamedRow),
}

impl OfEachTable for Naming<'_> {
    type Output = Result<(), SignalsError>;

    fn of<R: Record>(&mut self) -> Self::Output {
        let columns = self.dir.own().columns::<R>();
        let read = self.dir.stream(|batch: Batch<R>| {
            for (record, origin) in batch.records.iter().zip(&batch.origins) {
                let mut row = named(record, &columns);
                (row.file, row.row) = (origin.file, origin.row);
                (self.visit)(&row);
            }
            Ok::<(), SignalsError>(())
        });
        read.map(drop)
    }
}

fn named<R: Record>(record: &R, columns: &Columns) -> NamedRow {
    let mut values = Values::new(columns);
    record.write(&mut values);
    let mut row = NamedRow {
        file: 0,
        row: 0,
        accounts: Vec::new(),
        users: Vec::new(),
        phone: None,
    };
    let mut region = None;
    for (column, value) in columns.all().iter().zip(&values.cells) {
        match value {
            Value::Whole(id) if ACCOUNTS.contains(&column.name) => {
                row.accounts.push(AccountId(*id));
            }
            Value::Whole(id) if USERS.contains(&column.name) => row.users.push(UserId(*id)),
            Value::Text(text) if column.name == "phone" => {
                row.phone = Some((RawPhone::new(text), None));
            }
            Value::Text(text) if column.name == "region" => region = Region::parse(text),
            _ => {}
        }
    }
    if let Some((_, of_row)) = &mut row.phone {
        *of_row = region;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::testing::{dir_of, limits};

    /// Every column of a whole number whose name says that it holds an id of a person is known here.
    #[test]
    fn no_column_that_names_somebody_is_missed() {
        let others = [
            "ad_id",
            "advertiser_id",
            "audience_id",
            "business_id",
            "event_id",
            "group_id",
            "lookalike_of",
            "portfolio_id",
            "template_id",
        ];
        for table in Table::ALL {
            for column in table.columns() {
                let is_id = column.name.ends_with("_id")
                    || column.name.starts_with("user_")
                    || column.name.starts_with("report");
                if is_id && column.kind == crate::signals::Kind::Whole {
                    let known = ACCOUNTS.contains(&column.name) || USERS.contains(&column.name);
                    assert!(known || others.contains(&column.name), "{}", column.name);
                }
            }
        }
    }

    #[test]
    fn rows_say_whom_they_name() {
        let book = "account_id,phone,saved_at\n7,+4917155501234,2016-01-01T00:00:00Z\n";
        let dir = dir_of(&[("address_book.csv", book.as_bytes())]);
        let dir = SignalsDir::open(dir.path(), &limits()).unwrap();
        let mut rows = Vec::new();
        dir.each_named(Table::AddressBook, &mut |row| rows.push(row.clone()))
            .unwrap();
        assert_eq!(rows[0].accounts, [AccountId(7)]);
        assert_eq!(rows[0].phone.as_ref().unwrap().0.expose(), "+4917155501234");
        assert_eq!((rows[0].file, rows[0].row), (0, 1));
    }
}
