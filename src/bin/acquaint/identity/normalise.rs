//! `acquaint identity normalise`: what people type, as E.164.

use std::fs::File;
use std::io::{self, Read};

use acquaint::identity::{NotANumber, NumberType, Reading};
use acquaint::ids::Region;
use acquaint::signals::RawPhone;
use csv::{StringRecord, Writer};
use rayon::prelude::*;

use super::args::NormaliseArgs;
use crate::exit::{Failure, Outcome};

/// Rows that are read by all threads at once.
const ROWS: usize = 1 << 16;

pub(crate) fn normalise(args: &NormaliseArgs) -> Result<Outcome, Failure> {
    let name = args.numbers.display().to_string();
    let input: Box<dyn Read> = if name == "-" {
        Box::new(io::stdin())
    } else {
        let opened = File::open(&args.numbers);
        Box::new(opened.map_err(|error| Failure::new(format!("opening {name}"), error))?)
    };
    let mut rows = csv::Reader::from_reader(input);
    let bad = |error: csv::Error| Failure::new(format!("reading {name}"), error);
    let columns = Columns::of(rows.headers().map_err(bad)?)?;
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    out.write_record(["e164", "valid", "possible", "region", "type"])
        .map_err(io::Error::from)?;
    let mut batch: Vec<StringRecord> = Vec::with_capacity(ROWS);
    loop {
        batch.clear();
        for row in rows.records().take(ROWS) {
            batch.push(row.map_err(bad)?);
        }
        if batch.is_empty() {
            break;
        }
        let readings: Vec<_> = batch.par_iter().map(|row| columns.read(row)).collect();
        for reading in readings {
            write(&mut out, reading).map_err(io::Error::from)?;
        }
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// Where the columns stand.
struct Columns {
    region: usize,
    raw: usize,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, Failure> {
        let place = |name: &str| {
            let found = header.iter().position(|column| column.trim() == name);
            found.ok_or_else(|| Failure::new("header", format!("there is no column `{name}`")))
        };
        Ok(Self {
            region: place("region")?,
            raw: place("raw")?,
        })
    }

    fn read(&self, row: &StringRecord) -> Result<Reading, NotANumber> {
        let region = row.get(self.region).and_then(Region::parse);
        Reading::of(
            &RawPhone::new(row.get(self.raw).unwrap_or_default()),
            region,
        )
    }
}

fn write(
    out: &mut Writer<impl io::Write>,
    reading: Result<Reading, NotANumber>,
) -> csv::Result<()> {
    let flag = |is| if is { "1" } else { "0" };
    match reading {
        Ok(read) => out.write_record([
            read.e164.as_str(),
            flag(read.is_valid),
            flag(read.is_possible),
            read.place.as_ref().map_or("", |place| place.as_str()),
            read.kind.map_or("UNKNOWN", NumberType::as_str),
        ]),
        Err(_) => out.write_record(["", "0", "0", "", "UNKNOWN"]),
    }
}
