//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Check an output of acquaint without acquaint.

Usage: acquaint-audit OUT [--signals DIR] [--attestation FILE]
                          [--public-key HEX] [--ledger-root HEX]

  OUT                  The output directory of a run
  --signals DIR        The tables the run read: their digests are compared, and
                       nobody whose opt-out is active may be in any row
  --attestation FILE   What `acquaint verify --attest` wrote
  --public-key HEX     Who has to have signed it, as you learned it elsewhere
  --ledger-root HEX    The root the ledger had, as you learned it elsewhere
  -h, --help           Print this

What is checked: the digest of every file against the manifest; the signature,
and the manifest, outputs and parameters against what was signed; the result of
the verification that was signed; and, with --signals, the opt-outs in
consent_events against suggestions, ads and links. What could not be asked is
said.

Exit codes: 0 nothing is wrong, 1 something is, 2 it could not be checked.

Example:
  acquaint run --signals data/quickstart --out out
  acquaint-audit out --signals data/quickstart
";

/// What to audit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) out: PathBuf,
    pub(crate) signals: Option<PathBuf>,
    pub(crate) attestation: Option<PathBuf>,
    pub(crate) public_key: Option<String>,
    pub(crate) ledger_root: Option<String>,
}

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Help,
    Audit(Args),
}

impl Args {
    pub(crate) fn parse(given: impl Iterator<Item = OsString>) -> Result<Asked, String> {
        let mut given = given;
        let mut args = Self::default();
        while let Some(word) = given.next() {
            let name = word.to_string_lossy().into_owned();
            if name == "--help" || name == "-h" {
                return Ok(Asked::Help);
            }
            if !name.starts_with("--") {
                if !args.out.as_os_str().is_empty() {
                    return Err(format!("one output at a time: {name} is a second one"));
                }
                args.out = word.into();
                continue;
            }
            let value = given.next().ok_or(format!("{name} needs a value"))?;
            let text = || value.to_string_lossy().to_lowercase();
            match name.as_str() {
                "--signals" => args.signals = Some(value.into()),
                "--attestation" => args.attestation = Some(value.into()),
                "--public-key" => args.public_key = Some(text()),
                "--ledger-root" => args.ledger_root = Some(text()),
                other => return Err(format!("{other} is unknown")),
            }
        }
        if args.out.as_os_str().is_empty() {
            return Err("an output directory is missing".to_owned());
        }
        Ok(Asked::Audit(args))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Asked, String> {
        Args::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn words_become_arguments() {
        let args = Args {
            out: "out".into(),
            signals: Some("in".into()),
            public_key: Some("ab".to_owned()),
            ..Args::default()
        };
        let words = ["out", "--signals", "in", "--public-key", "AB"];
        assert_eq!(parse(&words), Ok(Asked::Audit(args)));
        assert_eq!(parse(&["--help"]), Ok(Asked::Help));
    }

    #[test]
    fn deny_what_is_missing_or_unknown() {
        for words in [
            &[][..],
            &["a", "b"],
            &["out", "--signals"],
            &["out", "--nonsense", "x"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn help_fits_a_terminal() {
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
