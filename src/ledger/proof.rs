//! Proofs: that entries stand in a log, and that a log continues an earlier one, without the log.

use serde::{Deserialize, Serialize};

use super::codec::Holder;
use super::entry::{EntryKind, Row};
use super::error::LedgerError;
use super::log::Log;
use super::merkle::{self, NodeHash, TreeHead};
use super::proven::Proven;
use super::root::Root;
use super::tiles::Tree;
use crate::ids::AccountId;

/// Every entry about an account, each with the path from it to the root.
///
/// It shows that entries with these ids about the account stand in the log, in this order, and that nothing in them was
/// changed since the root was published. What they say is sealed: who holds the ledger opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The account.
    pub account: AccountId,
    /// The log.
    pub root: Root,
    /// The entries.
    pub entries: Vec<ProvenEntry>,
}

/// An entry, and its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenEntry {
    /// Its number, from 0.
    pub entry: u64,
    /// What it is.
    pub kind: EntryKind,
    /// The id of the event, if it is one.
    pub event_id: Option<u64>,
    /// What it says, sealed: hexadecimal digits.
    pub sealed: String,
    /// The siblings on the way from the leaf to the root.
    pub path: Vec<NodeHash>,
}

/// That a log continues an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// How long it was.
    pub old_size: u64,
    /// The log.
    pub root: Root,
    /// The nodes from which both roots are made.
    pub path: Vec<NodeHash>,
}

impl Proof {
    /// Does every entry stand where it is said to stand, in the log of `root`?
    #[must_use]
    pub fn verify(&self, root: &Root) -> bool {
        self.root == *root
            && self
                .entries
                .iter()
                .all(|entry| entry.verify(self.account, root))
    }
}

impl ProvenEntry {
    fn verify(&self, account: AccountId, root: &Root) -> bool {
        let Some(body) = read_hex(&self.sealed) else {
            return false;
        };
        let row = Row {
            entry: self.entry,
            kind: self.kind as u8,
            event_id: self.event_id,
            subject: Some(Holder::Account(account).bytes().to_vec()),
            body,
        };
        merkle::verify_inclusion(row.leaf(), self.entry, root.size, &self.path, root.root)
    }
}

impl Consistency {
    /// Does the log continue the one with the earlier root?
    #[must_use]
    pub fn verify(&self, old_root: &Root) -> bool {
        self.old_size == old_root.size
            && merkle::verify_consistency(head(old_root), head(&self.root), &self.path)
    }
}

const fn head(root: &Root) -> TreeHead {
    TreeHead {
        size: root.size,
        root: root.root,
    }
}

pub(in crate::ledger) fn prove(
    log: &mut Log,
    proven: &Proven,
    account: AccountId,
) -> Result<Proof, LedgerError> {
    let holder = Holder::Account(account);
    let about = proven
        .plain
        .iter()
        .filter(|row| row.holder() == Some(holder));
    let mut rows: Vec<Row> = about.cloned().collect();
    for record in proven.accounts.of_account(account.0)? {
        rows.extend(log.tables.row(record.entry)?);
    }
    for segment in &log.segments {
        rows.extend(rows_of(segment, account)?);
    }
    rows.sort_unstable_by_key(|row| row.entry);
    let root = root(log);
    let mut entries = Vec::with_capacity(rows.len());
    let tiles = log.tables.tiles()?;
    let mut tree = Tree::new(root.size, tiles, |from, to| log.leaves(from, to));
    for row in rows {
        let kind = EntryKind::read(row.kind)
            .ok_or_else(|| super::log::damaged_entry(&row, "of a kind that is not known"))?;
        entries.push(ProvenEntry {
            entry: row.entry,
            kind,
            event_id: row.event_id,
            sealed: hex(&row.body),
            path: tree.inclusion(row.entry)?,
        });
    }
    let proof = Proof {
        account,
        root,
        entries,
    };
    if proof.verify(&root) {
        return Ok(proof);
    }
    Err(LedgerError::damaged(
        format!("account {account}"),
        "its entries do not lead to the root",
    ))
}

/// The events of an account in a segment, as if they were rows.
fn rows_of(segment: &super::segment::Segment, account: AccountId) -> Result<Vec<Row>, LedgerError> {
    let Ok(subject) = segment.subject(account.0)? else {
        return Ok(Vec::new());
    };
    let bounds = segment.bounds(subject, subject + 1)?;
    let (from, to) = (u64::from(bounds[0]), u64::from(bounds[1]));
    let ids = segment.event_ids(from, to)?;
    let sealed = segment.sealed(from, to)?;
    let rows = (from..).zip(ids.into_iter().zip(sealed));
    Ok(rows
        .map(|(place, (id, sealed))| Row {
            entry: segment.row.first_entry + place,
            kind: EntryKind::Event as u8,
            event_id: Some(id),
            subject: Some(Holder::Account(account).bytes().to_vec()),
            body: sealed.to_vec(),
        })
        .collect())
}

pub(in crate::ledger) fn consistency(
    log: &mut Log,
    old_size: u64,
) -> Result<Consistency, LedgerError> {
    let root = root(log);
    let tiles = log.tables.tiles()?;
    let mut tree = Tree::new(root.size, tiles, |from, to| log.leaves(from, to));
    Ok(Consistency {
        old_size,
        root,
        path: tree.consistency(old_size)?,
    })
}

const fn root(log: &Log) -> Root {
    Root {
        size: log.head.size,
        root: log.head.root,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}
