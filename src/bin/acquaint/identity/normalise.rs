//! `acquaint identity normalise`: what people type, as E.164.

use acquaint::identity::{E164, NotANumber, NumberType, Reading};
use acquaint::ids::Region;
use acquaint::signals::RawPhone;

use super::args::NormaliseArgs;
use super::refused::Refused;
use super::rows::filter;
use crate::exit::{Failure, Outcome};

/// What a text says, and whether it would say something else with a plus sign in front; nothing for empty text.
type Read = Option<(Result<Reading, NotANumber>, bool)>;

pub(crate) fn normalise(args: &NormaliseArgs) -> Result<Outcome, Failure> {
    let columns = ["region", "raw"];
    let header = ["e164", "valid", "possible", "region", "type"];
    let mut refused = Refused::default();
    let see = |line, read: &Read| match read {
        Some((Err(why), _)) => refused.add(line, *why),
        Some((Ok(_), true)) => refused.add_ambiguous(line),
        Some((Ok(_), false)) | None => {}
    };
    filter(&args.numbers, columns, header, read, show, see)?;
    refused.tell(&args.numbers.display().to_string());
    Ok(Outcome::Done)
}

fn read([region, raw]: [&str; 2]) -> Read {
    if raw.trim().is_empty() {
        return None;
    }
    let (raw, region) = (RawPhone::new(raw), Region::parse(region));
    let is_ambiguous = E164::other_reading(&raw, region).is_some();
    Some((Reading::of(&raw, region), is_ambiguous))
}

fn show(read: &Read) -> [&str; 5] {
    let flag = |is| if is { "1" } else { "0" };
    match read {
        Some((Ok(read), _)) => [
            &read.e164,
            flag(read.is_valid),
            flag(read.is_possible),
            read.place.as_ref().map_or("", |place| place.as_str()),
            read.kind.map_or("UNKNOWN", NumberType::as_str),
        ],
        Some((Err(_), _)) | None => ["", "0", "0", "", "UNKNOWN"],
    }
}
