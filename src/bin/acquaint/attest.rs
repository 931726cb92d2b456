//! Attestations: what `verify` found, dated and signed, for somebody who was not there.
//!
//! The signature is Ed25519 (RFC 8032) over the schema, a line break and the statement as compact JSON with its keys in order. A
//! statement holds texts, whole numbers and truth values, so there is one way to write it. `crates/acquaint-audit` checks it and
//! shares no code with this program.

use std::collections::BTreeMap;
use std::path::Path;

use acquaint::engine::outputs::{MANIFEST, Manifest};
use acquaint::engine::{Verdict, VerifyRequest, read_output};
use acquaint::identity::read_key;
use acquaint::publish::{Input, Ours, digest_file, shown};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::clock::now;
use crate::exit::Failure;
use crate::output;

const SCHEMA: &str = "acquaint-attestation/1";

/// No other file is replaced.
const ATTESTATION: Ours = Ours::NEVER;

/// What signs, and where to.
pub(crate) struct Attest<'a> {
    pub(crate) to: &'a Path,
    pub(crate) key: &'a Path,
}

impl Attest<'_> {
    /// Signs what was found of an output, and writes it to a new file.
    pub(crate) fn write(
        &self,
        request: &VerifyRequest<'_>,
        verdict: &Verdict,
    ) -> Result<(), Failure> {
        let secret = read_key(self.key)?;
        let key = SigningKey::from_bytes(&secret);
        let reads = vec![
            Input::new("the output", request.out),
            Input::new("the signals directory", request.signals),
            Input::new("the key", self.key),
        ];
        let file = output::file(self.to, ATTESTATION, reads)?;
        let statement = statement(request, verdict)?;
        file.write(signed(&key, &statement)?.as_bytes())?;
        output::tell(&file.publish()?);
        eprintln!(
            "acquaint: wrote {}, signed by {}",
            shown(self.to),
            hex(key.verifying_key().as_bytes())
        );
        Ok(())
    }
}

/// The file: the statement, and who signed it.
fn signed(key: &SigningKey, statement: &Value) -> Result<String, Failure> {
    let signature = key.sign(message(statement).as_bytes());
    let file = json!({
        "schema": SCHEMA,
        "statement": statement,
        "public_key": hex(key.verifying_key().as_bytes()),
        "signature": hex(&signature.to_bytes()),
    });
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

/// What is signed.
fn message(statement: &Value) -> String {
    format!("{SCHEMA}\n{statement}")
}

fn statement(request: &VerifyRequest<'_>, verdict: &Verdict) -> Result<Value, Failure> {
    let reading = |error| Failure::new("reading the output that was verified", error);
    let manifest_path = request.out.join(MANIFEST);
    let manifest_digest = digest_file(&manifest_path).map_err(reading)?;
    let binary = std::env::current_exe().and_then(|path| digest_file(&path));
    let binary = binary.map_err(|error| Failure::new("reading this program", error))?;
    let manifest = read_output(request.out)?;
    Ok(json!({
        "made_at": now().to_string(),
        "acquaint": env!("CARGO_PKG_VERSION"),
        "binary": binary.digest.to_hex().as_str(),
        "as_of": manifest.as_of.valid.to_string(),
        "published_known": manifest.as_of.published_known.to_string(),
        "manifest": manifest_digest.digest.to_hex().as_str(),
        "parameters": parameters(&manifest),
        "outputs": outputs(&manifest),
        "ledger": manifest.ledger,
        "snapshot": manifest.snapshot,
        "ledger_root": manifest.log.map(|log| log.root),
        "verified": verified(verdict),
    }))
}

/// BLAKE3 of the parameters as compact JSON with keys in order.
fn parameters(manifest: &Manifest) -> String {
    let text = manifest.parameters.to_string();
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

fn outputs(manifest: &Manifest) -> BTreeMap<&str, &str> {
    let outputs = manifest.outputs.iter();
    outputs
        .map(|output| (output.file.as_str(), output.blake3.as_str()))
        .collect()
}

fn verified(verdict: &Verdict) -> Value {
    let findings = verdict.findings.iter();
    let findings = findings.map(|found| format!("{} {}", found.what, found.fault));
    let purposes = verdict.purposes.iter().map(|found| {
        json!({
            "purpose": found.purpose.as_str(),
            "accounts_erased": found.n_accounts_erased,
            "people_erased": found.n_people_erased,
            "rows": found.n_rows,
            "differences": found.n_differences,
        })
    });
    json!({
        "is_clean": verdict.is_clean(),
        "findings": findings.collect::<Vec<_>>(),
        "purposes": purposes.collect::<Vec<_>>(),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Verifier;

    use super::*;

    #[test]
    fn a_signature_is_of_every_word_of_the_statement() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let statement = json!({ "b": 1, "a": { "d": true, "c": "x" } });
        let file: Value = serde_json::from_str(&signed(&key, &statement).unwrap()).unwrap();
        assert_eq!(
            message(&file["statement"]),
            format!("{SCHEMA}\n{{\"a\":{{\"c\":\"x\",\"d\":true}},\"b\":1}}")
        );
        let signature = key.sign(message(&statement).as_bytes());
        let other = json!({ "b": 2, "a": { "d": true, "c": "x" } });
        let verify = |of: &Value| {
            key.verifying_key()
                .verify(message(of).as_bytes(), &signature)
        };
        assert!(verify(&file["statement"]).is_ok());
        assert!(verify(&other).is_err());
    }
}
