//! CSV in: RFC 4180 with a header, commas or tabs, optional quotes; CRLF, LF, CR and a byte order mark are accepted.

use std::io::{self, Read};

use csv::{ByteRecord, StringRecord};
use rayon::prelude::*;

use super::batch::{Batch, Batcher, ROWS_A_JOB, Taken};
use super::csv_guard::{Guard, Trip};
use super::error::SignalsError;
use super::header::{Header, Place};
use super::limits::ValidReadLimits;
use super::own::Columns;
use super::record::Record;
use super::rejection::RejectionReason;
use super::row::{Cells, Row};
use super::salvage::{self, Salvage};
use super::sniff::{peek, seems};
use super::source::Source;
use super::spelled::{parse_end, parse_instant, parse_number, parse_truth, parse_whole};
use super::unpack::Grown;
use crate::time::Timestamp;

const BUFFER_BYTES: usize = 1 << 18;
/// Rows, or bytes of them, that are read ahead of those that become records.
const ROWS_AHEAD: usize = 4_096;
const BYTES_AHEAD: usize = 1 << 20;
/// The memory of longer rows is given back: there could be as many as are read ahead.
const KEPT_BYTES: usize = 4_096;

/// Reads the bytes of a CSV file with a delimiter; returns how many rows it has.
pub(super) fn read_csv<'s, R, F, E>(
    source: &'s Source,
    bytes: impl Read + 's,
    delimiter: u8,
    limits: &ValidReadLimits,
    batcher: Batcher<'_, R, F>,
) -> Result<u64, E>
where
    R: Record,
    F: FnMut(Batch<R>) -> Result<(), E>,
    E: From<SignalsError>,
{
    let (head, bytes) = peek(bytes).map_err(|error| io_error(source, error, 0))?;
    if let Some(kind) = seems(&head) {
        return Err(source.of_other_kind("text", kind).into());
    }
    let columns = batcher.columns();
    CsvFile::open(source, columns, limits, delimiter, Box::new(bytes))?.read(limits, batcher)
}

struct CsvFile<'s> {
    source: &'s Source,
    reader: csv::Reader<Guard<Box<dyn Read + 's>>>,
    shape: Shape,
    max_row_bytes: u64,
}

/// Which field of a row is which column, and how many there are.
struct Shape {
    header: Header,
    n_fields: usize,
    delimiter: u8,
    columns: Columns,
}

impl<'s> CsvFile<'s> {
    fn open(
        source: &'s Source,
        columns: &Columns,
        limits: &ValidReadLimits,
        delimiter: u8,
        bytes: Box<dyn Read + 's>,
    ) -> Result<Self, SignalsError> {
        let max_row_bytes = limits.given().max_row_bytes;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Guard::new(bytes, delimiter, max_row_bytes));
        let names = column_names(source, &mut reader, max_row_bytes)?;
        let ours = columns.mapping().ours(&source.name, &names);
        let ours = ours.map_err(|error| other_delimiter(error, delimiter, &names))?;
        let header = Header::locate(&source.name, columns.all(), &ours, limits);
        let header = header.map_err(|error| error.naming(&names));
        Ok(Self {
            source,
            reader,
            shape: Shape {
                header: header.map_err(|error| other_delimiter(error, delimiter, &names))?,
                n_fields: names.len(),
                delimiter,
                columns: columns.clone(),
            },
            max_row_bytes,
        })
    }

    fn read<R, F, E>(
        mut self,
        limits: &ValidReadLimits,
        mut batcher: Batcher<'_, R, F>,
    ) -> Result<u64, E>
    where
        R: Record,
        F: FnMut(Batch<R>) -> Result<(), E>,
        E: From<SignalsError>,
    {
        batcher.ignore(std::mem::take(&mut self.shape.header.ignored));
        let mut rows = Vec::new();
        loop {
            let allowed = limits.given().max_rows;
            let (n, ended) = self.fill(&mut rows, batcher.n_rows(), allowed);
            let (shape, these) = (&self.shape, rows[..n].par_iter_mut());
            let taken = these.with_min_len(ROWS_A_JOB).map(|row| shape.taken(row));
            let taken: Vec<Taken<R>> = taken.collect();
            for row in taken {
                batcher.take(row)?;
            }
            // What stands before a fault is taken first: the first of several is told.
            if ended? {
                return batcher.finish();
            }
        }
    }

    /// Reads some rows ahead, after `n_before` others: how many, and whether they were the last.
    fn fill(
        &mut self,
        rows: &mut Vec<ByteRecord>,
        n_before: u64,
        allowed: u64,
    ) -> (usize, Result<bool, SignalsError>) {
        let (mut n, mut n_bytes) = (0, 0);
        while n < ROWS_AHEAD && n_bytes < BYTES_AHEAD {
            if rows.len() == n {
                rows.push(ByteRecord::new());
            }
            match self.next(&mut rows[n]) {
                Ok(true) => {}
                ended => return (n, ended.map(|_| true)),
            }
            n_bytes += rows[n].as_slice().len();
            n += 1;
            let n_rows = n_before + n as u64;
            let refused = self.source.refuse_more("rows", n_rows, "max_rows", allowed);
            if let Err(error) = refused {
                return (n, Err(error));
            }
        }
        (n, Ok(false))
    }

    fn next(&mut self, bytes: &mut ByteRecord) -> Result<bool, SignalsError> {
        let read = self.reader.read_byte_record(bytes);
        read.map_err(|error| csv_error(self.source, error, self.max_row_bytes))
    }
}

impl Shape {
    /// What a row became; the memory of an ordinary row is kept for another.
    fn taken<R: Record>(&self, row: &mut ByteRecord) -> Taken<R> {
        match StringRecord::from_byte_record(std::mem::take(row)) {
            Ok(fields) => {
                let taken = self.taken_text(&fields);
                if fields.as_slice().len() <= KEPT_BYTES {
                    *row = fields.into_byte_record();
                }
                taken
            }
            Err(not_utf8) => {
                let bytes = not_utf8.into_byte_record();
                let fields = StringRecord::from_byte_record_lossy(bytes);
                Taken::malformed(self.left_of::<R>(&fields))
            }
        }
    }

    fn taken_text<R: Record>(&self, fields: &StringRecord) -> Taken<R> {
        if fields.len() == self.n_fields && !self.has_swallowed::<R>(fields) {
            Taken::of(&self.cells(fields), &self.columns)
        } else {
            Taken::malformed(self.left_of::<R>(fields))
        }
    }

    fn cells<'r>(&'r self, fields: &'r StringRecord) -> CsvCells<'r> {
        CsvCells {
            fields,
            places: &self.header.places,
        }
    }

    /// What can still be read of a row of the wrong shape.
    fn left_of<R: Record>(&self, fields: &StringRecord) -> Salvage {
        let is_one_row = fields.len() == self.n_fields;
        if self.has_swallowed::<R>(fields) || !is_one_row && fields.iter().any(breaks_line) {
            return salvage::of_nothing::<R>();
        }
        if is_one_row {
            return salvage::of_row::<R>(&Row::new(&self.cells(fields)));
        }
        let fields: Vec<&str> = fields.iter().collect();
        let readings = salvage::readings(&fields, self.n_fields);
        let readings: Vec<StringRecord> = readings.into_iter().map(StringRecord::from).collect();
        let cells: Vec<CsvCells<'_>> = readings.iter().map(|fields| self.cells(fields)).collect();
        salvage::of_readings::<R>(cells.iter().map(|cells| cells as &dyn Cells))
    }

    /// Has a stray quote made one row of several that has as many fields as one? Then the separators of at least one whole
    /// row are in cells that hold line breaks.
    fn has_swallowed<R: Record>(&self, fields: &StringRecord) -> bool {
        let breaking = fields.iter().filter(|field| breaks_line(field));
        let separators = |field: &str| field.matches(char::from(self.delimiter)).count();
        let n_separators: usize = breaking.map(separators).sum();
        R::RESTRICTS && n_separators > 0 && n_separators + 1 >= fields.len()
    }
}

fn breaks_line(field: &str) -> bool {
    field.contains(['\n', '\r'])
}

fn column_names<B: Read>(
    source: &Source,
    reader: &mut csv::Reader<B>,
    max_row_bytes: u64,
) -> Result<Vec<String>, SignalsError> {
    let mut names = ByteRecord::new();
    let found = reader.read_byte_record(&mut names);
    if !found.map_err(|error| csv_error(source, error, max_row_bytes))? {
        return Err(SignalsError::NoHeader {
            file: source.name.clone(),
        });
    }
    let names = StringRecord::from_byte_record(names)
        .map_err(|_| source.damaged("its header is not UTF-8"))?;
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    if names[0].to_ascii_lowercase().starts_with("sep=") {
        return Err(source.damaged("its first line names a separator and no columns: remove it"));
    }
    Ok(names)
}

/// Columns that are not there may be there with something else between them.
fn other_delimiter(error: SignalsError, delimiter: u8, names: &[String]) -> SignalsError {
    let (SignalsError::MissingColumns { file, .. }
    | SignalsError::MappedColumn { file, .. }
    | SignalsError::MessageContent { file, .. }) = &error
    else {
        return error;
    };
    let others = [
        (b'\t', "tabs: name it .tsv"),
        (b',', "commas: name it .csv"),
        (b';', "semicolons: write it with commas"),
        (b'|', "bars: write it with commas"),
        (1, "control characters, as Hive does: write it with commas"),
    ];
    let is_between = |other: u8| names.iter().any(|name| name.as_bytes().contains(&other));
    let mut others = others.into_iter();
    match others.find(|&(other, _)| other != delimiter && is_between(other)) {
        None => error,
        Some((_, seems)) => SignalsError::Delimiter {
            file: file.clone(),
            seems,
        },
    }
}

fn csv_error(source: &Source, error: csv::Error, max_row_bytes: u64) -> SignalsError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => io_error(source, error, max_row_bytes),
        // The reader is flexible and reads bytes, so it has nothing else to complain about.
        _ => source.damaged("it is not CSV"),
    }
}

/// The error of a reader behind.
pub(super) fn io_error(source: &Source, error: io::Error, max_row_bytes: u64) -> SignalsError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let error = match error.downcast::<Grown>() {
        Ok(grown) => return source.grown(grown),
        Err(error) => error,
    };
    match error.downcast::<Trip>() {
        Ok(Trip::OpenQuote { row }) => SignalsError::OpenQuote {
            file: source.name.clone(),
            row,
        },
        Ok(Trip::LongRow { row }) => SignalsError::LongRow {
            file: source.name.clone(),
            row,
            allowed: max_row_bytes,
        },
        Err(error) if error.kind() == UnexpectedEof => source.damaged("it was cut off"),
        Err(error) if matches!(error.kind(), InvalidData | InvalidInput) => {
            source.damaged(format!("it does not unpack: {error}"))
        }
        Err(error) => source.unreadable(error),
    }
}

/// The fields of a CSV row by column of the table.
struct CsvCells<'r> {
    fields: &'r StringRecord,
    places: &'r [Place],
}

impl CsvCells<'_> {
    fn field(&self, index: usize) -> Option<&str> {
        let field = match &self.places[index] {
            Place::Absent => return None,
            Place::Field(field) => self.fields.get(*field)?,
            Place::Said(text) => text,
        };
        let field = field.trim();
        (!field.is_empty()).then_some(field)
    }

    fn parsed<T>(
        &self,
        index: usize,
        parse: impl FnOnce(&str) -> Result<T, RejectionReason>,
    ) -> Result<Option<T>, RejectionReason> {
        self.field(index).map(parse).transpose()
    }
}

impl Cells for CsvCells<'_> {
    fn whole(&self, index: usize) -> Result<Option<u64>, RejectionReason> {
        self.parsed(index, parse_whole)
    }

    fn whole_salvaged(&self, index: usize) -> Option<u64> {
        self.field(index).and_then(salvage::whole_number)
    }

    fn number(&self, index: usize) -> Result<Option<f64>, RejectionReason> {
        self.parsed(index, parse_number)
    }

    fn truth(&self, index: usize) -> Result<Option<bool>, RejectionReason> {
        self.parsed(index, parse_truth)
    }

    fn instant(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.parsed(index, parse_instant)
    }

    fn end(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.parsed(index, parse_end)
    }

    fn text(&self, index: usize) -> Option<&str> {
        self.field(index)
    }

    fn each_text<'a>(&'a self, index: usize, visit: &mut dyn FnMut(&'a str)) {
        if let Some(field) = self.field(index) {
            visit(field);
        }
    }
}
