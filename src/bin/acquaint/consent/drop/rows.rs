//! The rows of a list.

use std::io::{BufReader, Read};

use super::hash::{self, Hash, TEXT};

/// Rows that are looked at together.
const BATCH: usize = 1 << 16;
const ID: usize = 12;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: [u8; ID],
    pub(super) hash: Hash,
}

/// Why a row is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error("row {0}: the ID is not 12 letters and digits")]
    Id(u64),
    #[error("row {0}: the hash is not the Base64 of 32 bytes")]
    Hash(u64),
    #[error("row {row}: {error}")]
    Csv { row: u64, error: csv::Error },
}

/// A list that is being read, some rows at a time.
pub(super) struct Rows<R> {
    reader: csv::Reader<BufReader<R>>,
    columns: csv::ByteRecord,
    record: csv::ByteRecord,
    batch: Vec<Row>,
    row: u64,
}

impl<R: Read> Rows<R> {
    /// Reads the names of the columns.
    pub(super) fn begin(bytes: R) -> Result<Self, RowError> {
        let bytes = BufReader::with_capacity(1 << 16, bytes);
        let mut reader = csv::Reader::from_reader(bytes);
        let columns = reader.byte_headers();
        let columns = columns.map_err(|error| RowError::Csv { row: 0, error })?;
        Ok(Self {
            columns: columns.clone(),
            reader,
            record: csv::ByteRecord::new(),
            batch: Vec::new(),
            row: 0,
        })
    }

    /// The names of the columns.
    pub(super) const fn columns(&self) -> &csv::ByteRecord {
        &self.columns
    }

    /// The next rows; none at the end.
    pub(super) fn next_batch(&mut self) -> Result<Option<&[Row]>, RowError> {
        self.batch.clear();
        while self.batch.len() < BATCH {
            let row = self.row + 1;
            let more = self.reader.read_byte_record(&mut self.record);
            if !more.map_err(|error| RowError::Csv { row, error })? {
                break;
            }
            self.row = row;
            self.batch.push(read(&self.record, row)?);
        }
        Ok(Some(self.batch.as_slice()).filter(|rows| !rows.is_empty()))
    }
}

fn read(record: &csv::ByteRecord, row: u64) -> Result<Row, RowError> {
    let id = record.get(0).and_then(|id| <[u8; ID]>::try_from(id).ok());
    let id = id.filter(|id| id.iter().all(u8::is_ascii_alphanumeric));
    let id = id.ok_or(RowError::Id(row))?;
    let text = record.get(1).filter(|text| text.len() == TEXT);
    let hash = text.and_then(hash::from_base64);
    let hash = hash.ok_or(RowError::Hash(row))?;
    Ok(Row { id, hash })
}
