//! The objection list: points that stand for numbers without an account.
//!
//! The log holds the number of an objection and the digest of its point. The points are in a table of their own, so that
//! they can be made anew under another key without the numbers they stand for.

use super::codec::ObjectionPoint;
use super::entry::EntryKind;
use super::error::LedgerError;
use super::log::Log;
use super::tables::Objection;
use super::writer::Writer;

impl Writer {
    /// Every point of the objection list, in the order of their numbers.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn objections(&mut self) -> Result<Vec<ObjectionPoint>, LedgerError> {
        points(&mut self.log)
    }

    /// Puts other points in the place of all points, in the order of [`objections`](Self::objections): after a
    /// change of the secret key. The old points are wiped.
    ///
    /// # Errors
    /// If there are more or fewer points than objections, or the disk refuses.
    pub fn rekey_objections(&mut self, points: &[ObjectionPoint]) -> Result<(), LedgerError> {
        let held = self.log.tables.objections()?;
        if held.len() != points.len() {
            return Err(LedgerError::damaged(
                "the objection list",
                "there must be as many new points as old ones",
            ));
        }
        let numbers = held.iter().map(|(number, _)| *number);
        let list: Vec<Objection> = numbers.zip(points.iter().copied()).collect();
        self.transaction(|writer| {
            for objection in &list {
                writer.log.tables.replace_point(objection)?;
            }
            let mut body = (list.len() as u64).to_le_bytes().to_vec();
            body.extend(digest(&list));
            writer.push(EntryKind::Rekeyed, body)
        })?;
        self.log.tables.wipe_deleted()
    }
}

pub(in crate::ledger) fn points(log: &mut Log) -> Result<Vec<ObjectionPoint>, LedgerError> {
    let list = log.tables.objections()?;
    Ok(list.into_iter().map(|(_, point)| point).collect())
}

/// The digest of consecutive objections.
pub(in crate::ledger) fn digest(list: &[Objection]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("acquaint 2016-08-25 ledger: objection list");
    for (number, point) in list {
        hasher.update(&number.to_le_bytes());
        hasher.update(&point.point);
        hasher.update(&point.bucket.to_le_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Is the list what the log says it is? The last change of keys speaks for all numbers before it, and each later
/// entry for its own.
pub(in crate::ledger) fn is_as_logged(log: &mut Log) -> Result<bool, LedgerError> {
    let list = log.tables.objections()?;
    let are_all = list.iter().zip(0..).all(|((number, _), at)| *number == at);
    let entries = log.tables.rows_of_kind(EntryKind::Objection as u8)?;
    let mut covered = 0;
    if let Some(last) = log.tables.rows_of_kind(EntryKind::Rekeyed as u8)?.last() {
        let Some((n, expected)) = parts(&last.body) else {
            return Ok(false);
        };
        let Some(first) = usize::try_from(n).ok().and_then(|n| list.get(..n)) else {
            return Ok(false);
        };
        if digest(first) != expected {
            return Ok(false);
        }
        covered = first.len();
    }
    let later_are_right = entries
        .iter()
        .zip(&list)
        .skip(covered)
        .all(|(row, objection)| parts(&row.body) == Some((objection.0, digest(&[*objection]))));
    Ok(are_all && entries.len() == list.len() && later_are_right)
}

fn parts(body: &[u8]) -> Option<(u64, [u8; 32])> {
    let (number, digest) = body.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), digest.try_into().ok()?))
}
