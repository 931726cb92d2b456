//! `acquaint identity normalise`: what people type, as E.164.

use acquaint::identity::{NotANumber, NumberType, Reading};
use acquaint::ids::Region;
use acquaint::signals::RawPhone;

use super::args::NormaliseArgs;
use super::rows::filter;
use crate::exit::{Failure, Outcome};

pub(crate) fn normalise(args: &NormaliseArgs) -> Result<Outcome, Failure> {
    let columns = ["region", "raw"];
    let header = ["e164", "valid", "possible", "region", "type"];
    let read = |[region, raw]: [&str; 2]| Reading::of(&RawPhone::new(raw), Region::parse(region));
    filter(&args.numbers, columns, header, read, show)?;
    Ok(Outcome::Done)
}

fn show(reading: &Result<Reading, NotANumber>) -> [&str; 5] {
    let flag = |is| if is { "1" } else { "0" };
    match reading {
        Ok(read) => [
            &read.e164,
            flag(read.is_valid),
            flag(read.is_possible),
            read.place.as_ref().map_or("", |place| place.as_str()),
            read.kind.map_or("UNKNOWN", NumberType::as_str),
        ],
        Err(_) => ["", "0", "0", "", "UNKNOWN"],
    }
}
