//! `acquaint identity tokens`: keyed tokens in the place of numbers.

use acquaint::identity::{E164, HmacKey, KeyRing, NotANumber};
use acquaint::publish::shown;
use acquaint::signals::RawPhone;

use super::args::{Scheme, TokensArgs};
use super::refused::Refused;
use super::rows::filter;
use crate::exit::{Failure, Outcome};

pub(crate) fn tokens(args: &TokensArgs) -> Result<Outcome, Failure> {
    match args.scheme {
        Scheme::Blake3 => {
            let ring = KeyRing::read_epoch(&args.key, args.epoch)?;
            each(args, |number| {
                format!("{:032x}", ring.token(args.purpose, number).expose())
            })
        }
        Scheme::HmacSha256 => {
            let key = HmacKey::read(&args.key, args.purpose, args.epoch)?;
            each(args, |number| {
                let [high, low] = halves(key.token(number));
                format!("{high:032x}{low:032x}")
            })
        }
    }
}

/// A token, or why there is none; empty text has none and needs no reason.
type Made = Option<Result<String, NotANumber>>;

fn each(args: &TokensArgs, token: impl Fn(E164) -> String + Sync) -> Result<Outcome, Failure> {
    let of = |[e164]: [&str; 1]| {
        let is_there = !e164.trim().is_empty();
        is_there.then(|| E164::canonical(&RawPhone::new(e164), None).map(&token))
    };
    let mut refused = Refused::default();
    let see = |line, made: &Made| {
        if let Some(Err(why)) = made {
            refused.add(line, *why);
        }
    };
    filter(&args.numbers, ["e164"], ["token"], of, show, see)?;
    refused.tell(&shown(&args.numbers));
    Ok(Outcome::Done)
}

fn show(made: &Made) -> [&str; 1] {
    match made {
        Some(Ok(token)) => [token],
        Some(Err(_)) | None => [""],
    }
}

/// A token as two numbers, the first sixteen bytes first.
fn halves(token: [u8; 32]) -> [u128; 2] {
    let (high, low) = token.split_at(16);
    [high, low].map(|half| u128::from_be_bytes(half.try_into().expect("half of 32 bytes is 16")))
}
