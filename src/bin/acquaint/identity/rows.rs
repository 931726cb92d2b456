//! CSV filters: rows of some columns in, a row out for each, read in portions that all threads work on.

use std::io;
use std::path::Path;

use csv::Writer;
use rayon::prelude::*;

use super::records::{Record, RecordError, Records, places};
use crate::exit::{Failure, Output, of_output};

/// Rows that are worked on at once.
const ROWS: usize = 1 << 16;

/// Passes the named columns of every row through `work` and writes what comes out, in the same order, under `header`: a row
/// for a row, an empty line being one of nothing but empty values. `see` is told what came of each line.
///
/// A column that is not there is an error, and so is a row that cannot be read; `-` is standard input.
pub(crate) fn filter<const N: usize, const M: usize, T: Send>(
    file: &Path,
    columns: [&'static str; N],
    header: [&str; M],
    work: impl Fn([&str; N]) -> T + Sync,
    show: impl for<'t> Fn(&'t T) -> [&'t str; M],
    mut see: impl FnMut(u64, &T),
) -> Result<(), Failure> {
    let (mut records, names) = Records::open(file)?;
    let places = places(&names, columns).map_err(|error| records.failure(error))?;
    let mut out = csv::Writer::from_writer(Output::new());
    write(&mut out, header)?;
    loop {
        let batch = batch(&mut records, columns, places);
        let batch = batch.map_err(|error| records.failure(error))?;
        if batch.is_empty() {
            return Ok(out.flush()?);
        }
        let cells =
            |row: &Record| work(places.map(|place| row.fields.get(place).unwrap_or_default()));
        let worked: Vec<T> = batch.par_iter().map(cells).collect();
        for (row, done) in batch.iter().zip(&worked) {
            see(row.line, done);
            write(&mut out, show(done))?;
        }
    }
}

/// The next rows. A value that goes over several lines is no number, but what an open quote made of some.
fn batch<const N: usize>(
    records: &mut Records,
    columns: [&'static str; N],
    places: [usize; N],
) -> Result<Vec<Record>, RecordError> {
    let mut batch = Vec::new();
    while batch.len() < ROWS
        && let Some(row) = records.read()?
    {
        let is_long = |place: &usize| {
            row.fields
                .get(*place)
                .is_some_and(|cell| cell.contains(['\n', '\r']))
        };
        if let Some(at) = places.iter().position(is_long) {
            let (line, column) = (row.line, columns[at]);
            return Err(RecordError::ManyLines { line, column });
        }
        batch.push(row);
    }
    Ok(batch)
}

/// As an I/O error, like those of standard output.
fn write<const M: usize>(out: &mut Writer<impl io::Write>, row: [&str; M]) -> io::Result<()> {
    out.write_record(row).map_err(of_output)
}
