//! The command line of `acquaint identity`.

use std::path::PathBuf;

use acquaint::consent::Purpose;
use acquaint::time::Timestamp;
use clap::{Args, Subcommand};

use super::psi::args::PsiVerb;
use crate::args::{AskLedgerArgs, ParamsArgs, time};

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityVerb {
    /// Parse and normalise phone numbers: one CSV row in, one row out
    Normalise(NormaliseArgs),
    /// Compute keyed tokens of numbers: one CSV row in, one row out
    Tokens(TokensArgs),
    /// Match address-book entries to whoever held the number when it was saved
    Match(MatchArgs),
    /// Find the social account behind each messenger account, with probability and evidence
    Link(LinkArgs),
    /// Fit the linking model to the tables, without ground truth
    Fit(FitArgs),
    /// Compare links with ground truth: precision, recall, calibration
    Evaluate(EvaluateArgs),
    /// Private set intersection: find the numbers another operator also holds, and reveal no others
    #[command(subcommand)]
    Psi(PsiVerb),
}

/// Parse and normalise phone numbers.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads CSV with a header and the columns `region` (default region for numbers without a country code; may be empty) and `raw`. Prints \
e164, valid, possible, region and type, one row per row or empty line. Text that does not parse gives 0,0 and UNKNOWN. Valid means \
assigned by a country; possible means the right length. The metadata is libphonenumber's.

Text that is not a number is counted on standard error with the first line of each kind. number_as_float is a number mangled by a \
spreadsheet or a float column (43664910594.0, 4.36649E+10). business_scoped_id and username replace numbers since 2026 \
(DE.1349120865530274, @name). Digits without a plus sign that are valid both in their region and internationally are read as the \
region's, and counted. An unclosed quote stops the verb.

Example:
  printf 'region,raw\\nDE,030 123456\\n' | acquaint identity normalise")]
pub(crate) struct NormaliseArgs {
    /// The numbers, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) numbers: PathBuf,
}

/// Compute keyed tokens of numbers.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads CSV with a header and the column `e164`, as `normalise` prints it. Prints `token`, one row per row or empty line, blank where \
there is no number. Tokens are equal only for the same number, key, purpose and epoch. Former forms of a number count as its current \
form. Increase the epoch to rotate the key. Unkeyed digests are refused: about 10^11 numbers are assigned, and a laptop can try them \
all in minutes.

Example:
  head -c 32 /dev/urandom > token.key && chmod 600 token.key
  acquaint identity normalise numbers.csv | acquaint identity tokens \\
    --key token.key --purpose abuse --epoch 3")]
#[command(override_usage = "\
acquaint identity tokens [OPTIONS] --key <FILE>
       --purpose <PURPOSE> --epoch <N> [FILE]")]
pub(crate) struct TokensArgs {
    /// The numbers, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) numbers: PathBuf,
    /// Secret key file: 32 bytes or 64 hexadecimal digits, file mode 600
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Purpose of the tokens, spelled as in consent events, such as abuse
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    pub(crate) purpose: Purpose,
    /// Key epoch (rotation number)
    #[arg(long, value_name = "N")]
    pub(crate) epoch: u32,
    /// Token scheme: blake3 (128 bits) or hmac-sha-256 (256 bits, for partners)
    #[arg(long, value_name = "SCHEME", default_value = "blake3", value_parser = scheme)]
    pub(crate) scheme: Scheme,
}

/// Arguments shared by matching and linking.
#[derive(Debug, Args)]
pub(crate) struct ClaimsArgs {
    /// The directory with the tables; docs/formats.md lists them
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    /// Purpose; accounts that deny it are left out
    #[arg(long, value_name = "PURPOSE", default_value = "friend_suggestions", value_parser = purpose)]
    pub(crate) purpose: Purpose,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// Evaluate consent and accounts as of this time [default: newest time in the signals]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) as_of: Option<Timestamp>,
}

/// Match address-book entries to whoever held the number when it was saved.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints CSV: from_account_id, to_account_id and saved_at, each pair once. Standard error counts why other entries did not match: the \
number belongs to no account, was saved before the account held it, has several holders, is a business's, or is the uploader's own.

A book with parsed numbers is much faster: --book takes a Parquet file with the columns account_id, number (E.164 digits as an \
integer) and saved_at instead of the address book, and --out receives the matches as Parquet.

Example:
  acquaint identity match --signals data/quickstart \\
    --purpose friend_suggestions > matches.csv
  acquaint identity match --signals data/quickstart --book numbers.parquet \\
    --out matches.parquet")]
pub(crate) struct MatchArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
    /// A Parquet file of parsed numbers to match instead of the address book
    #[arg(long, value_name = "FILE", requires = "out")]
    pub(crate) book: Option<PathBuf>,
    /// Where to write the matches of --book
    #[arg(long, value_name = "FILE", requires = "book")]
    pub(crate) out: Option<PathBuf>,
    /// MiB of matches to hold in memory; more are spilled to files next to the output
    #[arg(long, value_name = "N", default_value_t = 2048, requires = "book")]
    pub(crate) memory_mib: u32,
}

/// Find the social account behind each messenger account.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints CSV: account_id, user_id, from, until (empty if current), probability and evidence. A link needs a number that both sides gave, \
and that the person gave in order to be found. A device alone never links. Standard error counts why other pairs were not linked.

Example:
  acquaint identity link --signals data/quickstart --purpose ad_relevance \\
    > links.csv")]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
    /// Minimum probability of a link, 0.5 to 1 [default: `[identity.thresholds]` in the configuration]
    #[arg(long, value_name = "P")]
    pub(crate) threshold: Option<f64>,
}

/// Fit the linking model to the tables.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints `[identity.model]` for a configuration file: the frequency of each agreement level among matching pairs (m) and non-matching \
pairs (u), estimated by expectation maximisation over pairs that share a number. Exits with code 1 if it did not converge.

Example:
  acquaint identity fit --signals world > acquaint.toml && acquaint run \\
    --signals world --out out --config acquaint.toml")]
pub(crate) struct FitArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
}

/// Compare links with the ground truth.
#[derive(Debug, Args)]
#[command(after_help = "\
The ground truth is CSV with the columns account_id and user_id, as `synth --truth` writes it. Recall counts only pairs that can be \
found: the person gave a number that the account held, in order to be found.

Example:
  acquaint synth --users 10000 --out world --truth owners.csv
  acquaint identity evaluate --signals world --truth owners.csv")]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    pub(crate) claims: ClaimsArgs,
    /// Ground truth: which account belongs to which person
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
