//! The command line of `acquaint identity`.

use std::path::PathBuf;

use acquaint::consent::Purpose;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityVerb {
    /// Read phone numbers as people type them: one row of CSV in, one row out
    Normalise(NormaliseArgs),
    /// Make keyed tokens of numbers: one row of CSV in, one row out
    Tokens(TokensArgs),
}

/// Read phone numbers as people type them.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads CSV with a header and the columns `region` (of numbers without a country code; may be empty) and `raw`. Prints
e164, valid, possible, region and type, a row for a row: nothing but 0,0 and UNKNOWN where a text does not read as a
number. Valid is what a country has assigned; possible is what merely has the right length. The metadata is
libphonenumber's.

Example:
  printf 'region,raw\\nDE,030 123456\\n' | acquaint identity normalise")]
pub(crate) struct NormaliseArgs {
    /// The numbers, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) numbers: PathBuf,
}

/// Make keyed tokens of numbers.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads CSV with a header and the column `e164`, as `normalise` prints it. Prints `token`, a row for a row; nothing where
there is no number. Tokens are equal for equal numbers of one key, purpose and epoch, and of no others, an old form of a
number counting as the number that followed it: count the epoch up to rotate the key. A digest without a key is refused: about 10^11 numbers are assigned, and a laptop tries them
all in minutes.

Example:
  head -c 32 /dev/urandom > token.key && chmod 600 token.key
  acquaint identity normalise numbers.csv | acquaint identity tokens --key token.key --purpose abuse --epoch 3")]
pub(crate) struct TokensArgs {
    /// The numbers, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) numbers: PathBuf,
    /// The secret key: 32 bytes or 64 hexadecimal digits, in a file nobody but you can read
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// What the tokens are for, as a consent event spells it, such as abuse
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    pub(crate) purpose: Purpose,
    /// Which turn of the key
    #[arg(long, value_name = "N")]
    pub(crate) epoch: u32,
    /// How the tokens are made: blake3 (128 bits) or hmac-sha-256 (256 bits, for partners)
    #[arg(long, value_name = "SCHEME", default_value = "blake3", value_parser = scheme)]
    pub(crate) scheme: Scheme,
}

/// How tokens are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Blake3,
    HmacSha256,
}

fn scheme(text: &str) -> Result<Scheme, String> {
    match text {
        "blake3" => Ok(Scheme::Blake3),
        "hmac-sha-256" => Ok(Scheme::HmacSha256),
        "sha256" | "sha-256" | "sha1" | "sha-1" | "sha512" | "sha-512" | "md5" => Err(
            "a digest without a key hides no number: about 10^11 are assigned, and trying them all takes minutes; use \
             blake3 or hmac-sha-256"
                .to_owned(),
        ),
        _ => Err("expected blake3 or hmac-sha-256".to_owned()),
    }
}

fn purpose(text: &str) -> Result<Purpose, String> {
    Purpose::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Purpose::ALL
            .iter()
            .map(|purpose| purpose.as_str())
            .collect();
        format!("expected one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_digests_without_a_key() {
        for text in ["sha256", "md5", "sha-1"] {
            assert!(
                scheme(text).unwrap_err().contains("without a key"),
                "{text}"
            );
        }
        assert_eq!(scheme("hmac-sha-256"), Ok(Scheme::HmacSha256));
    }
}
