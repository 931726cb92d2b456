//! `acquaint identity normalise`: what people type, as E.164.

use acquaint::identity::{E164, NotANumber, NumberType, Reading};
use acquaint::ids::Region;
use acquaint::publish::shown;
use acquaint::signals::RawPhone;

use super::args::NormaliseArgs;
use super::refused::Refused;
use super::rows::filter;
use crate::exit::{Failure, Outcome};

/// What a row says.
struct Read {
    /// Nothing for empty text.
    reading: Option<Result<Reading, NotANumber>>,
    /// Would it say something else with a plus sign in front?
    is_ambiguous: bool,
    /// Is what stands for the region no country?
    has_no_region: bool,
}

pub(crate) fn normalise(args: &NormaliseArgs) -> Result<Outcome, Failure> {
    let columns = ["region", "raw"];
    let header = ["e164", "valid", "possible", "region", "type"];
    let mut refused = Refused::default();
    let see = |line, read: &Read| {
        if let Some(Err(why)) = read.reading {
            refused.add(line, why);
        }
        if read.is_ambiguous {
            refused.add_ambiguous(line);
        }
        if read.has_no_region {
            refused.add_region(line);
        }
    };
    filter(&args.numbers, columns, header, read, show, see)?;
    refused.tell(&shown(&args.numbers));
    Ok(Outcome::Done)
}

fn read([region, raw]: [&str; 2]) -> Read {
    let is_unknown = region.trim().is_empty() || region.trim().eq_ignore_ascii_case("ZZ");
    let region = Region::parse(region);
    let raw = Some(raw)
        .filter(|raw| !raw.trim().is_empty())
        .map(RawPhone::new);
    let other = raw
        .as_ref()
        .and_then(|raw| E164::other_reading(raw, region));
    Read {
        reading: raw.map(|raw| Reading::of(&raw, region)),
        is_ambiguous: other.is_some(),
        has_no_region: region.is_none() && !is_unknown,
    }
}

fn show(read: &Read) -> [&str; 5] {
    let flag = |is| if is { "1" } else { "0" };
    match &read.reading {
        Some(Ok(read)) => [
            &read.e164,
            flag(read.is_valid),
            flag(read.is_possible),
            read.place.as_ref().map_or("", |place| place.as_str()),
            read.kind.map_or("UNKNOWN", NumberType::as_str),
        ],
        Some(Err(_)) | None => ["", "0", "0", "", "UNKNOWN"],
    }
}
