//! CSV filters: rows of some columns in, a row out for each, read in portions that all threads work on.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use csv::{StringRecord, Writer};
use rayon::prelude::*;

use crate::exit::Failure;

/// Rows that are worked on at once.
const ROWS: usize = 1 << 16;

/// Passes the named columns of every row through `work` and writes what comes out, in the same order, under `header`.
///
/// A column that is not there is an error; `-` is standard input.
pub(crate) fn filter<const N: usize, const M: usize, T: Send>(
    file: &Path,
    columns: [&str; N],
    header: [&str; M],
    work: impl Fn([&str; N]) -> T + Sync,
    show: impl for<'t> Fn(&'t T) -> [&'t str; M],
) -> Result<(), Failure> {
    let name = file.display().to_string();
    let mut rows = csv::Reader::from_reader(open(file, &name)?);
    let bad = |error: csv::Error| Failure::new(format!("reading {name}"), error);
    let places = places(rows.headers().map_err(bad)?, columns)
        .map_err(|error| Failure::new(format!("reading {name}"), error))?;
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    write(&mut out, header)?;
    let mut batch: Vec<StringRecord> = Vec::with_capacity(ROWS);
    loop {
        batch.clear();
        for row in rows.records().take(ROWS) {
            batch.push(row.map_err(bad)?);
        }
        if batch.is_empty() {
            return Ok(out.flush()?);
        }
        let worked: Vec<T> = batch
            .par_iter()
            .map(|row| work(places.map(|place| row.get(place).unwrap_or_default())))
            .collect();
        for row in &worked {
            write(&mut out, show(row))?;
        }
    }
}

pub(crate) fn open(file: &Path, name: &str) -> Result<Box<dyn Read>, Failure> {
    if name == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let opened = File::open(file);
    Ok(Box::new(opened.map_err(|error| {
        Failure::new(format!("opening {name}"), error)
    })?))
}

pub(crate) fn places<const N: usize>(
    header: &StringRecord,
    columns: [&str; N],
) -> Result<[usize; N], String> {
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = header
            .iter()
            .position(|name| name.trim() == column)
            .ok_or_else(|| format!("there is no column `{column}`"))?;
    }
    Ok(places)
}

/// As an I/O error, so that a reader who has seen enough is no failure.
fn write<const M: usize>(out: &mut Writer<impl io::Write>, row: [&str; M]) -> io::Result<()> {
    out.write_record(row).map_err(io::Error::from)
}
