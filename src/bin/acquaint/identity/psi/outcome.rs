//! What comes out at the end: pairs of ids, and a manifest that says what was done.

use std::path::{Path, PathBuf};

use acquaint::identity::psi::{MessageKind, PSI_VERSION, message_len};
use acquaint::ids::AccountId;
use acquaint::publish::{
    Main, Ours, StagedFile, digest_file, is_sealed_file, publish_together, read_plain_text,
    seal_json, shown, unseal_json,
};
use serde_json::{Value, json};

use super::holdings::Counts;
use crate::exit::{Failure, print};
use crate::output::{self, Reads};

/// How the messages went.
#[derive(Clone, Copy, Debug)]
pub(super) enum Transport {
    Files,
    /// Within one machine.
    Plain,
    /// Under a shared key.
    Sealed,
}

impl Transport {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files, carried by the operators",
            Self::Plain => "TCP within one machine, not encrypted and not authenticated",
            Self::Sealed => "TCP, encrypted and authenticated with a shared key (Noise NNpsk0)",
        }
    }
}

/// What a session came to.
pub(super) struct Learned {
    pub(super) counts: Counts,
    pub(super) transport: Transport,
    /// The lengths of our messages 1 to 3 in bytes.
    pub(super) sent: [usize; 3],
    pub(super) pairs: Vec<(AccountId, AccountId)>,
}

/// Where pairs go: to a file with a manifest next to it, or to standard output.
pub(super) struct Pairs<'a>(Option<PairsFile<'a>>);

struct PairsFile<'a> {
    out: &'a Path,
    pairs: StagedFile,
    manifest: StagedFile,
}

impl<'a> Pairs<'a> {
    /// Begins both files, before any work is done.
    pub(super) fn begin(out: Option<&'a Path>, reads: Reads) -> Result<Self, Failure> {
        let reads = reads.all();
        let begin = |out: &'a Path| -> Result<_, Failure> {
            Ok(PairsFile {
                out,
                pairs: output::file(out, PAIRS, reads.clone())?,
                manifest: output::file(&manifest_path(out), MANIFEST, reads.clone())?,
            })
        };
        Ok(Self(out.map(begin).transpose()?))
    }

    /// Writes the pairs, and next to them the manifest; or prints the pairs.
    pub(super) fn publish(self, learned: &Learned) -> Result<(), Failure> {
        let csv = csv(&learned.pairs);
        let Some(file) = self.0 else {
            return print(&csv);
        };
        file.pairs.write(csv.as_bytes())?;
        let content = format!("{:#}\n", learned.manifest(file.out, &csv));
        let content = seal_json(&content);
        file.manifest.write(content.as_bytes())?;
        let left = publish_together(Main::File(file.pairs), vec![file.manifest])?;
        output::tell(&left);
        print(&format!(
            "{} common numbers\nwrote {} and {}",
            learned.pairs.len(),
            shown(file.out),
            shown(manifest_path(file.out))
        ))
    }
}

/// What the manifest says of itself.
const WHAT: &str = "private set intersection of phone numbers";

/// A manifest begins with its digest,
const MANIFEST: Ours = Ours::new("the manifest of an intersection", |path| {
    is_sealed_file(path, WHAT)
});

/// and has that of the pairs.
const PAIRS: Ours = Ours::new("the pairs that a manifest beside it lists", |path| {
    let text = read_plain_text(&manifest_path(path), MAX_MANIFEST_BYTES)?;
    let manifest = unseal_json(&text).ok();
    let manifest: Option<Value> = manifest.and_then(|json| serde_json::from_str(&json).ok());
    let digest = digest_file(path)?.digest;
    let told = manifest
        .as_ref()
        .map(|manifest| &manifest["output"]["blake3"]);
    Ok(told.and_then(Value::as_str) == Some(digest.to_hex().as_str()))
});

/// No manifest is larger.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

fn csv(pairs: &[(AccountId, AccountId)]) -> String {
    let rows = pairs.iter().map(|(own, peer)| format!("{own},{peer}\n"));
    std::iter::once("own_id,peer_id\n".to_owned())
        .chain(rows)
        .collect()
}

fn manifest_path(out: &Path) -> PathBuf {
    out.with_extension("manifest.json")
}

impl Learned {
    /// How many numbers the other side blinded: as many as we answered.
    fn n_peer(&self) -> usize {
        (self.sent[1] - message_len(MessageKind::Reply, 0)) / 32
    }

    fn manifest(&self, out: &Path, csv: &str) -> Value {
        let (own, peer, common) = (self.counts.blinded, self.n_peer(), self.pairs.len());
        let received = [
            message_len(MessageKind::Blinded, peer),
            message_len(MessageKind::Reply, own),
            message_len(MessageKind::Ids, common),
        ];
        json!({
            "what": WHAT,
            "program": concat!("acquaint ", env!("CARGO_PKG_VERSION")),
            "protocol": { "name": "Diffie-Hellman", "version": PSI_VERSION },
            "group": "Ristretto255 (RFC 9496)",
            "model": "semi-honest: holds if both sides keep to the protocol; a side that does not can come by ids of \
                      numbers it does not hold",
            "purpose": self.counts.purpose,
            "transport": self.transport.as_str(),
            "input": {
                "rows": self.counts.rows,
                "blinded": own,
                "dropped": self.counts.dropped,
            },
            "sent": message_counts([own, peer, common], self.sent),
            "received": message_counts([peer, own, common], received),
            "common": common,
            "we_learned": ["how many numbers the other side blinded", "its ids of the common numbers"],
            "the_other_side_learned": ["how many numbers we blinded", "our ids of the common numbers"],
            "output": {
                "file": out.file_name().map(|name| name.to_string_lossy()),
                "rows": common,
                "blake3": blake3::hash(csv.as_bytes()).to_hex().as_str(),
            },
        })
    }
}

fn message_counts([blinded, reply, ids]: [usize; 3], bytes: [usize; 3]) -> Value {
    json!({
        "blinded_points": blinded,
        "reply_points": reply,
        "ids": ids,
        "bytes": bytes,
    })
}
