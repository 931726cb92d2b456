//! `acquaint consent root`, `prove`, `check` and `erase`: what an auditor asks for.

use std::io::{BufReader, read_to_string};
use std::path::Path;

use acquaint::ledger::{LedgerFault, NodeHash, Proof, Reader, Root};
use acquaint::publish::{open_stream, shown};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::args::{CheckArgs, EraseArgs, ProveArgs, RootArgs};
use super::show::nothing;
use super::source::{cannot, reader, writer};
use crate::exit::{Failure, Outcome, print};

pub(crate) fn root(args: &RootArgs) -> Result<Outcome, Failure> {
    let root = Reader::open(&args.ledger.ledger)?.root();
    print(&if args.json {
        serde_json::to_string(&root)?
    } else {
        spoken(&root)
    })?;
    Ok(Outcome::Done)
}

/// A root as `consent root` prints it, which `--since` reads again.
fn spoken(root: &Root) -> String {
    format!("{} entries, root {}", root.size, root.root)
}

fn heard(text: &str) -> Option<Root> {
    let (size, root) = text.trim().split_once(" entries, root ")?;
    Some(Root {
        size: size.parse().ok()?,
        root: NodeHash::parse(root)?,
    })
}

/// Reads a root in words or as JSON.
fn read_root(path: &Path) -> Result<Root, Failure> {
    let text = read_to_string(open_stream(path).map_err(cannot("opening", path))?);
    let text = text.map_err(cannot("reading", path))?;
    let root = heard(&text).or_else(|| serde_json::from_str(&text).ok());
    root.ok_or_else(|| {
        let expected = "expected what `acquaint consent root` prints, with or without --json";
        Failure::new(format!("{} holds no root", shown(path)), expected)
    })
}

pub(crate) fn prove(args: &ProveArgs) -> Result<Outcome, Failure> {
    let proof = Reader::open(&args.ledger.ledger)?.prove(args.account)?;
    if proof.entries.is_empty() {
        return Ok(nothing(args.account));
    }
    print(&serde_json::to_string_pretty(&proof)?)?;
    Ok(Outcome::Done)
}

pub(crate) fn check(args: &CheckArgs) -> Result<Outcome, Failure> {
    let since: Option<Root> = args.since.as_deref().map(read_root).transpose()?;
    if let (Some(proof), Some(since)) = (&args.proof, &since) {
        return check_proof(&read(proof)?, since, args.json);
    }
    let Some(ledger) = &args.ledger else {
        return Err(Failure::new("checking", "there is no --ledger"));
    };
    let reader = reader(ledger)?;
    let findings = reader.check(since.as_ref())?;
    let root = reader.root();
    if args.json {
        print(
            &json!({ "entries": root.size, "root": root.root, "findings": findings }).to_string(),
        )?;
    } else if findings.is_empty() {
        print(&format!(
            "{} entries, root {}: nothing is wrong",
            root.size, root.root
        ))?;
    } else {
        let lines: Vec<String> = findings.iter().map(LedgerFault::to_string).collect();
        print(&lines.join("\n"))?;
    }
    Ok(outcome(findings.is_empty()))
}

fn check_proof(proof: &Proof, root: &Root, as_json: bool) -> Result<Outcome, Failure> {
    let is_right = proof.verify(root);
    if as_json {
        print(&json!({ "account": proof.account, "entries": proof.entries.len(), "verified": is_right }).to_string())?;
    } else if is_right {
        print(&format!(
            "{} entries about account {} stand in the log of {} entries",
            proof.entries.len(),
            proof.account,
            root.size
        ))?;
    } else {
        print("the proof does not lead to that root")?;
    }
    Ok(outcome(is_right))
}

const fn outcome(is_right: bool) -> Outcome {
    if is_right {
        Outcome::Done
    } else {
        Outcome::Findings
    }
}

pub(crate) fn erase(args: &EraseArgs) -> Result<Outcome, Failure> {
    let dir = &args.ledger.ledger;
    // To erase from a ledger that is not there must not make one.
    drop(Reader::open(dir)?);
    let mut writer = writer(dir)?;
    let was_erased = writer.is_erased(args.account);
    let erased = writer.erase(args.account)?;
    if erased.n_keys == 0 {
        return nothing_to_erase(args, was_erased);
    }
    print(&format!(
        "destroyed {} keys of account {}; {} entries, root {}",
        erased.n_keys, args.account, erased.root.size, erased.root.root
    ))?;
    Ok(Outcome::Done)
}

/// Erasing again finds nothing, and is no mistake; an account nobody knows may be one.
fn nothing_to_erase(args: &EraseArgs, was_erased: bool) -> Result<Outcome, Failure> {
    if was_erased {
        let account = args.account;
        print(&format!(
            "account {account} was erased before; nothing was left to destroy"
        ))?;
        return Ok(Outcome::Done);
    }
    let found = nothing(args.account);
    eprintln!("acquaint: nothing was erased");
    Ok(found)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let file = open_stream(path).map_err(cannot("opening", path))?;
    serde_json::from_reader(BufReader::new(file))
        .map_err(|error| Failure::new(format!("reading {}", shown(path)), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_read_as_it_is_printed() {
        let root = Root {
            size: 920,
            root: NodeHash::parse(&"0f".repeat(32)).unwrap(),
        };
        assert_eq!(heard(&(spoken(&root) + "\n")), Some(root));
        for none in ["", "920", "-1 entries, root 00", "920 entries, root xyz"] {
            assert_eq!(heard(none), None, "{none}");
        }
    }
}
