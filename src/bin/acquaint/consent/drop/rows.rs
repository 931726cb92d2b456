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

/// A row as it is written: its columns are as long as they should be, and nobody has looked at what they say.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawRow {
    row: u64,
    id: [u8; ID],
    text: [u8; TEXT],
}

impl RawRow {
    fn of(record: &csv::ByteRecord, row: u64) -> Result<Self, RowError> {
        let id = record.get(0).and_then(|id| id.try_into().ok());
        let text = record.get(1).and_then(|text| text.try_into().ok());
        Ok(Self {
            row,
            id: id.ok_or(RowError::Id(row))?,
            text: text.ok_or(RowError::Hash(row))?,
        })
    }

    /// What it says.
    pub(super) fn read(&self) -> Result<Row, RowError> {
        if !self.id.iter().all(u8::is_ascii_alphanumeric) {
            return Err(RowError::Id(self.row));
        }
        let hash = hash::from_base64(&self.text).ok_or(RowError::Hash(self.row))?;
        Ok(Row { id: self.id, hash })
    }
}

/// A list that is being read, some rows at a time.
pub(super) struct Rows<R> {
    reader: csv::Reader<BufReader<R>>,
    columns: csv::ByteRecord,
    record: csv::ByteRecord,
    row: u64,
    /// Told once the rows before it were looked at, for theirs comes first.
    error: Option<RowError>,
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
            row: 0,
            error: None,
        })
    }

    /// The names of the columns.
    pub(super) const fn columns(&self) -> &csv::ByteRecord {
        &self.columns
    }

    /// The next rows, in the place of those before; none at the end.
    pub(super) fn next_batch(&mut self, batch: &mut Vec<RawRow>) -> Result<(), RowError> {
        batch.clear();
        while self.error.is_none() && batch.len() < BATCH {
            match self.next() {
                Ok(Some(row)) => batch.push(row),
                Ok(None) => break,
                Err(error) => self.error = Some(error),
            }
        }
        match self.error.take_if(|_| batch.is_empty()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn next(&mut self) -> Result<Option<RawRow>, RowError> {
        let row = self.row + 1;
        let more = self.reader.read_byte_record(&mut self.record);
        if !more.map_err(|error| RowError::Csv { row, error })? {
            return Ok(None);
        }
        self.row = row;
        RawRow::of(&self.record, row).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=";

    /// How many rows of a list can be read, and why not more of them.
    fn read(rows: &str) -> (usize, Option<String>) {
        let text = format!("ID,Hash\n{rows}");
        let mut rows = Rows::begin(text.as_bytes()).unwrap();
        let (mut batch, mut n) = (Vec::new(), 0);
        loop {
            if let Err(error) = rows.next_batch(&mut batch) {
                return (n, Some(error.to_string()));
            }
            if batch.is_empty() {
                return (n, None);
            }
            for row in &batch {
                match row.read() {
                    Ok(_) => n += 1,
                    Err(error) => return (n, Some(error.to_string())),
                }
            }
        }
    }

    #[test]
    fn the_first_row_that_cannot_be_read_is_told() {
        let good = format!("abcdefABCDE0,{HASH}\n");
        assert_eq!(read(&good.repeat(3)), (3, None));
        let bad_hash = format!("abcdefABCDE0,{}\n", HASH.replace('+', "-"));
        let bad_id = format!("abcdefABCDE-,{HASH}\n");
        for (bad, what) in [
            (&*bad_hash, "hash"),
            (&*bad_id, "ID"),
            ("abcdefABCDE0,vGM7\n", "hash"),
            ("abc,vGM7\n", "ID"),
            ("abcdefABCDE0\n", "row"),
        ] {
            // What comes later cannot be read either, and is not told.
            let (n, error) = read(&format!("{good}{good}{bad}{good}a,b\n"));
            let error = error.unwrap();
            assert_eq!(n, 2, "{bad}");
            assert!(error.contains("row 3") && error.contains(what), "{error}");
        }
    }

    #[test]
    fn lists_longer_than_a_batch_are_read_whole() {
        let good = format!("abcdefABCDE0,{HASH}\n");
        assert_eq!(read(&good.repeat(BATCH)), (BATCH, None));
        assert_eq!(read(&good.repeat(BATCH + 1)), (BATCH + 1, None));
        let error = read(&format!("{}a,b\n", good.repeat(BATCH)));
        assert_eq!(error.0, BATCH);
        assert!(error.1.unwrap().contains(&format!("row {}", BATCH + 1)));
    }
}
