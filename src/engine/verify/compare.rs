//! The outputs of two worlds side by side, purpose by purpose.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::erase::Erased;
use super::verdict::Difference;
use crate::consent::Purpose;
use crate::engine::EngineError;
use crate::engine::cells::cell;
use crate::engine::outputs::{
    AbuseRow, AdRow, LinkRow, OrderRow, OutputRow, ReachRow, SuggestionRow,
};
use crate::ids::AccountId;
use crate::publish::{open_plain, read_plain};

/// How many differences are shown; all are counted.
const SHOWN: usize = 8;

/// What comparing found.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) n_rows: u64,
    pub(super) n_differences: u64,
    pub(super) differences: Vec<Difference>,
}

/// What names a row: id columns and their values.
type Key = Vec<(String, String)>;

/// A row: what names it, and all it says.
type Row = (Key, String);

/// Compares everything one purpose published with what the erased world gives for it.
pub(super) fn purpose(
    out: &Path,
    erased_out: &Path,
    purpose: Purpose,
    erased: &Erased,
) -> Result<Compared, EngineError> {
    let mut compared = Compared::default();
    let whole = match purpose {
        Purpose::FriendSuggestions => Some((SuggestionRow::FILE, &["user_id", "candidate_id"])),
        Purpose::AdRelevance => Some((AdRow::FILE, &["user_id", "ad_id"])),
        Purpose::Abuse => Some((AbuseRow::FILE, &["account_id", "account_id"])),
        Purpose::BusinessService | Purpose::BusinessMarketing | Purpose::Analytics => None,
    };
    if let Some((file, key)) = whole {
        let all = |table: &Table| table.rows(key, &[], |_| true);
        compared.table(file, out, erased_out, all)?;
        let of_purpose = |table: &Table| {
            table.rows(&["purpose", "account_id", "user_id", "from"], &[], |row| {
                row("purpose") == purpose.as_str()
            })
        };
        compared.table(LinkRow::FILE, out, erased_out, of_purpose)?;
    } else {
        // Whoever denies one of the two may allow the other: those rows are compared for the other.
        let others: &[&str] = if purpose == Purpose::BusinessService {
            &["marketing", "marketing_reasons"]
        } else {
            &[
                "service",
                "service_reasons",
                "utility",
                "utility_reasons",
                "authentication",
                "authentication_reasons",
            ]
        };
        let stays = |table: &Table| {
            table.rows(&["business_id", "account_id"], others, |row| {
                let account = row("account_id").parse().map(AccountId);
                account.is_ok_and(|account| !erased.accounts.contains(&account))
            })
        };
        compared.table(ReachRow::FILE, out, erased_out, stays)?;
        let of_purpose = |table: &Table| {
            table.rows(&["purpose", "account_id", "business_id"], &[], |row| {
                row("purpose") == purpose.as_str()
            })
        };
        compared.table(OrderRow::FILE, out, erased_out, of_purpose)?;
    }
    Ok(compared)
}

impl Compared {
    fn table(
        &mut self,
        file: &str,
        out: &Path,
        erased_out: &Path,
        rows: impl Fn(&Table) -> Vec<Row>,
    ) -> Result<(), EngineError> {
        let (published, erased) = (out.join(file), erased_out.join(file));
        let read = Table::read(&published)?;
        let before = rows(&read);
        self.n_rows += before.len() as u64;
        if bytes(&published)? == bytes(&erased)? {
            return Ok(());
        }
        let found = differences(file, before, rows(&Table::read(&erased)?));
        let n_before = self.n_differences;
        self.n_differences += found.len() as u64;
        // Files that differ although every row of a whole table is the same would differ in how they are written.
        if found.is_empty() && n_before == 0 && is_whole(file) {
            self.n_differences += 1;
            self.differences.push(Difference {
                table: file.to_owned(),
                key: Vec::new(),
                published: Some("other bytes for the same rows".to_owned()),
                erased: None,
            });
        }
        let room = SHOWN.saturating_sub(self.differences.len());
        self.differences.extend(found.into_iter().take(room));
        Ok(())
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, EngineError> {
    read_plain(path, u64::MAX).map_err(|error| fault(path, error))
}

fn fault(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EngineError {
    EngineError::Published {
        path: path.to_owned(),
        source: source.into(),
    }
}

fn differences(file: &str, before: Vec<Row>, after: Vec<Row>) -> Vec<Difference> {
    let mut sides: BTreeMap<Key, (Option<String>, Option<String>)> = BTreeMap::new();
    for (key, text) in before {
        sides.entry(key).or_default().0 = Some(text);
    }
    for (key, text) in after {
        sides.entry(key).or_default().1 = Some(text);
    }
    let differing = sides
        .into_iter()
        .filter(|(_, (published, erased))| published != erased);
    differing
        .map(|(key, (published, erased))| Difference {
            table: file.to_owned(),
            key,
            published,
            erased,
        })
        .collect()
}

/// Is every row of this file one purpose's?
fn is_whole(file: &str) -> bool {
    ![LinkRow::FILE, ReachRow::FILE, OrderRow::FILE].contains(&file)
}

/// An output table in memory.
struct Table {
    batches: Vec<RecordBatch>,
}

impl Table {
    fn read(path: &Path) -> Result<Self, EngineError> {
        let file = open_plain(path).map_err(|error| fault(path, error))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(ParquetRecordBatchReaderBuilder::build);
        let batches = reader
            .map_err(|error| fault(path, error))?
            .collect::<Result<_, _>>();
        Ok(Self {
            batches: batches.map_err(|error| fault(path, error))?,
        })
    }

    /// Rows that `stays` keeps, with the columns that name them, and without some columns.
    fn rows(
        &self,
        key: &[&str],
        without: &[&str],
        stays: impl Fn(&dyn Fn(&str) -> String) -> bool,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        for batch in &self.batches {
            let schema = batch.schema();
            let names: Vec<&str> = schema
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect();
            for i in 0..batch.num_rows() {
                let value = |name: &str| {
                    batch
                        .column_by_name(name)
                        .map_or_else(String::new, |column| cell(column, i))
                };
                if !stays(&value) {
                    continue;
                }
                let by_key = key
                    .iter()
                    .map(|&name| (name.to_owned(), value(name)))
                    .collect();
                let said = names
                    .iter()
                    .filter(|name| !without.contains(name) && !key.contains(name));
                let text: Vec<String> =
                    said.map(|name| format!("{name} {}", value(name))).collect();
                rows.push((by_key, text.join(", ")));
            }
        }
        rows
    }
}
