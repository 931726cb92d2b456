//! The command line of `acquaint identity`.

use std::path::PathBuf;

use acquaint::consent::Purpose;
use acquaint::time::Timestamp;
use clap::{Args, Subcommand};

use super::psi::args::PsiVerb;
use crate::args::{AskLedgerArgs, ParamsArgs, time};

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityVerb {
    /// Read phone numbers as people type them: one row of CSV in, one row out
    Normalise(NormaliseArgs),
    /// Make keyed tokens of numbers: one row of CSV in, one row out
    Tokens(TokensArgs),
    /// Find whose number each entry of the address book was when it was saved
    Match(MatchArgs),
    /// Find the social account behind each messenger account, with probability and evidence
    Link(LinkArgs),
    /// Fit what agreement says to the tables, without knowing who is who
    Fit(FitArgs),
    /// Compare links with the truth of a synthetic world: precision, recall, calibration
    Evaluate(EvaluateArgs),
    /// Find the numbers that another operator holds too, and show no other number
    #[command(subcommand)]
    Psi(PsiVerb),
}

/// Read phone numbers as people type them.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads CSV with a header and the columns `region` (of numbers without a country code; may be empty) and `raw`. Prints
e164, valid, possible, region and type, a row for a row and for an empty line: nothing but 0,0 and UNKNOWN where a text
does not read as a number. Valid is what a country has assigned; possible is what merely has the right length. The
metadata is libphonenumber's.

What is no number is counted on standard error, with the line of the first: number_as_float is what a spreadsheet or a
column of floats left of a number (43664910594.0, 4.36649E+10), business_scoped_id and username are what stands in the
place of a number since 2026 (DE.1349120865530274, @name). Digits without a plus sign that are valid in their region and
internationally are read as the region's, and counted. A quote that is not closed stops it.

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
Reads CSV with a header and the column `e164`, as `normalise` prints it. Prints `token`, a row for a row and for an empty
line; nothing where there is no number. Tokens are equal for equal numbers of one key, purpose and epoch, and of no others, an old form of a
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

/// Which signals, for what, as of when.
#[derive(Debug, Args)]
pub(crate) struct ClaimsArgs {
    /// The directory with the tables; docs/formats.md lists them
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    /// What for: whoever the purpose is denied for is left out
    #[arg(long, value_name = "PURPOSE", default_value = "friend_suggestions", value_parser = purpose)]
    pub(crate) purpose: Purpose,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// The moment to speak of; the newest moment in the signals by default
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) as_of: Option<Timestamp>,
}

/// Find whose number each entry of the address book was when it was saved.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints CSV: from_account_id, to_account_id and saved_at, each pair once. What became of every other entry is counted on
standard error: numbers of nobody, saved before they were the account's, held by several at once, of a business, one's own.

A book whose numbers were read already goes much faster: a Parquet file with the columns account_id, number (the digits
of E.164 as an integer) and saved_at takes the place of the address book, and the matches become a Parquet file.

Example:
  acquaint identity match --signals data/quickstart --purpose friend_suggestions > matches.csv
  acquaint identity match --signals data/quickstart --book numbers.parquet --out matches.parquet")]
pub(crate) struct MatchArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
    /// A number book to match instead of the address book
    #[arg(long, value_name = "FILE", requires = "out")]
    pub(crate) book: Option<PathBuf>,
    /// Where the matches of a number book go
    #[arg(long, value_name = "FILE", requires = "book")]
    pub(crate) out: Option<PathBuf>,
    /// How many MiB of matches to hold in memory; what is beyond goes through files beside the output
    #[arg(long, value_name = "N", default_value_t = 2048, requires = "book")]
    pub(crate) memory_mib: u32,
}

/// Find the social account behind each messenger account.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints CSV: account_id, user_id, from, until (empty while it lasts), probability and evidence. A link needs a number that
both name and that was given as a way to be found; a device alone never links. What became of the others is counted on
standard error.

Example:
  acquaint identity link --signals data/quickstart --purpose ad_relevance > links.csv")]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
    /// The smallest probability of a link, 0.5 to 1; what `[identity.thresholds]` says by default
    #[arg(long, value_name = "P")]
    pub(crate) threshold: Option<f64>,
}

/// Fit what agreement says to the tables.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints `[identity.model]` for a configuration file: how often each level of agreement is found among pairs of one person
(m) and among others (u), by expectation maximisation over the pairs on one number. Ends with exit code 1 if it did not
settle.

Example:
  acquaint identity fit --signals world > acquaint.toml && acquaint run --signals world --out out --config acquaint.toml")]
pub(crate) struct FitArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
}

/// Compare links with the truth.
#[derive(Debug, Args)]
#[command(after_help = "\
The truth is CSV with the columns account_id and user_id, as `synth --truth` writes it. Recall is of the pairs that can be
found at all: the person gave a number that the account held, as a way to be found.

Example:
  acquaint synth --users 10000 --out world --truth owners.csv
  acquaint identity evaluate --signals world --truth owners.csv")]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
    /// Which accounts belong to whom
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
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

pub(crate) fn purpose(text: &str) -> Result<Purpose, String> {
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
