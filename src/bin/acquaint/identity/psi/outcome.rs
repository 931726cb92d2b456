//! What comes out at the end: pairs of ids, and a manifest that says what was done.

use std::path::{Path, PathBuf};

use acquaint::identity::psi::{MessageKind, PSI_VERSION, message_len};
use acquaint::ids::AccountId;
use serde_json::{Value, json};

use super::files;
use super::holdings::Counts;
use crate::exit::{Failure, print};

/// How the messages went.
#[derive(Clone, Copy, Debug)]
pub(super) enum Transport {
    Files,
    Tcp,
}

impl Transport {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files, carried by the operators",
            Self::Tcp => "TCP, not encrypted and not authenticated by this program",
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

/// Writes the pairs, and next to them the manifest; or prints the pairs.
pub(super) fn publish(out: Option<&Path>, learned: &Learned) -> Result<(), Failure> {
    let csv = csv(&learned.pairs);
    let Some(out) = out else {
        return print(&csv);
    };
    files::write(out, csv.as_bytes())?;
    let manifest = manifest_path(out);
    let content = format!("{:#}\n", learned.manifest(out, &csv));
    files::write(&manifest, content.as_bytes())?;
    print(&format!(
        "{} common numbers\nwrote {} and {}",
        learned.pairs.len(),
        out.display(),
        manifest.display()
    ))
}

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
            "what": "private set intersection of phone numbers",
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
