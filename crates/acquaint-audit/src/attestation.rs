//! Attestations: who signed what, and does it speak of these files?

use std::fs;
use std::path::Path;

use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;

use crate::args::Args;
use crate::digests::Manifest;
use crate::report::Report;

const SCHEMA: &str = "acquaint-attestation/1";

pub(crate) fn check(
    file: &Path,
    args: &Args,
    manifest: &Manifest,
    report: &mut Report,
) -> Result<(), String> {
    let told = |error: String| format!("{}: {error}", file.display());
    let text = fs::read_to_string(file).map_err(|error| told(error.to_string()))?;
    let said: Value = serde_json::from_str(&text).map_err(|error| told(error.to_string()))?;
    if said["schema"] != SCHEMA {
        return Err(told(format!("it is no {SCHEMA}")));
    }
    signature(&said, args, report);
    files(&said["statement"], manifest, report)?;
    verified(&said["statement"], report);
    ledger(&said["statement"], args, manifest, report);
    Ok(())
}

/// Is it signed, and by whom?
fn signature(said: &Value, args: &Args, report: &mut Report) {
    let key = said["public_key"].as_str().unwrap_or_default();
    let what = format!("signed by {key}");
    report.ask(
        is_signed(said).unwrap_or(false),
        &what,
        "the signature is not that of the statement",
    );
    match &args.public_key {
        Some(expected) => report.ask(
            expected == key,
            "the key is the one that was expected",
            "it is another one",
        ),
        None => report
            .not_asked("whose key it is: compare it with one you learned elsewhere (--public-key)"),
    }
}

/// Ed25519 over the schema, a line break and the statement as compact JSON with its keys in order.
fn is_signed(said: &Value) -> Option<bool> {
    let key: [u8; 32] = bytes(said["public_key"].as_str()?)?.try_into().ok()?;
    let signature: [u8; 64] = bytes(said["signature"].as_str()?)?.try_into().ok()?;
    let key = VerifyingKey::from_bytes(&key).ok()?;
    let message = format!("{SCHEMA}\n{}", said["statement"]);
    let signature = Signature::from_bytes(&signature);
    Some(key.verify_strict(message.as_bytes(), &signature).is_ok())
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let is_whole = hex.len().is_multiple_of(2);
    is_whole.then(|| (0..hex.len()).step_by(2).map(byte).collect())?
}

/// Does it speak of this manifest, these outputs and these parameters?
fn files(statement: &Value, manifest: &Manifest, report: &mut Report) -> Result<(), String> {
    report.ask(
        statement["manifest"] == manifest.digest.as_str(),
        "the manifest is the one that was signed",
        "it is another one",
    );
    let listed = manifest.files("outputs")?;
    let signed = statement["outputs"].as_object();
    let is_signed = |(name, digest): &(&str, &str)| {
        signed.is_some_and(|signed| signed.get(*name).is_some_and(|of| of == digest))
    };
    let are_all = signed.is_some_and(|signed| signed.len() == listed.len());
    report.ask(
        are_all && listed.iter().all(is_signed),
        "the outputs are those that were signed",
        "the manifest lists others",
    );
    let parameters = manifest.says["parameters"].to_string();
    report.ask(
        statement["parameters"] == blake3::hash(parameters.as_bytes()).to_hex().as_str(),
        "the parameters are those that were signed",
        "the manifest has others",
    );
    Ok(())
}

/// What did the verification find?
fn verified(statement: &Value, report: &mut Report) {
    let verified = &statement["verified"];
    let made_at = statement["made_at"].as_str().unwrap_or("no date");
    report.ask(
        verified["is_clean"] == true,
        &format!("verified {made_at}: the output is the same without everybody who is out"),
        "it is not",
    );
}

/// Which ledger was asked?
fn ledger(statement: &Value, args: &Args, manifest: &Manifest, report: &mut Report) {
    let root = |of: &Value| of.get("root").and_then(Value::as_str).map(str::to_owned);
    let signed = root(&statement["ledger_root"]);
    let of_manifest = root(&manifest.says["log"]).or_else(|| root(&manifest.says["log"]["root"]));
    report.ask(
        signed == of_manifest,
        "the ledger's root is the one that was signed",
        "the manifest names another",
    );
    match (&args.ledger_root, signed) {
        (None, None) => {}
        (None, Some(_)) => report.not_asked("whether the ledger had that root (--ledger-root)"),
        (Some(expected), signed) => report.ask(
            signed.as_ref() == Some(expected),
            "the ledger's root is the one that was expected",
            "it is another one, or no ledger was asked",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, 7.1, test 3, of a message that is no statement.
    #[test]
    fn signatures_are_those_of_the_rfc() {
        let key =
            bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025").unwrap();
        let key = VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
        let signature = bytes(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        );
        let signature = Signature::from_bytes(&signature.unwrap().try_into().unwrap());
        assert!(key.verify_strict(&[0xaf, 0x82], &signature).is_ok());
        assert!(key.verify_strict(&[0xaf, 0x83], &signature).is_err());
    }

    #[test]
    fn deny_what_is_no_signature() {
        for text in [
            "{}",
            r#"{"public_key":"zz","signature":"00","statement":{}}"#,
        ] {
            assert_ne!(is_signed(&serde_json::from_str(text).unwrap()), Some(true));
        }
    }
}
