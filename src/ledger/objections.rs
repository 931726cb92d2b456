//! The objection list: points that stand for numbers without an account, and the key they are made with.
//!
//! The log holds the number of an objection and the digest of its point. The points are in a table of their own, so that
//! they can be made anew under another key without the numbers they stand for.
//!
//! Under another key than the list's nobody on it would be recognised, and no statement would fail. So the log also holds a
//! value that each key of the list can be told by, and any other key is refused.

use super::codec::ObjectionPoint;
use super::entry::{EntryKind, Row, numbered, read_numbered};
use super::error::{LedgerError, OtherKey};
use super::proven::Proven;
use super::tables::Objection;
use super::writer::Writer;

/// What the key of an objection list can be told by; the key cannot be found from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCheck(pub [u8; 32]);

/// The keys that a list was under, by their check values; the last is the one it is under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ledger) struct Keys(Vec<KeyCheck>);

impl Keys {
    /// From the entries that hold them; none if they do not follow each other.
    pub(in crate::ledger) fn read<'r>(rows: impl Iterator<Item = &'r Row>) -> Option<Self> {
        let checks = rows.zip(0..).map(|(row, number)| {
            let (held, check) = read_numbered(&row.body)?;
            (held == number).then_some(KeyCheck(check))
        });
        checks.collect::<Option<_>>().map(Self)
    }

    pub(in crate::ledger) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Is the list of `n` objections under this key?
    pub(in crate::ledger) fn assert(&self, key: KeyCheck, n: u64) -> Result<(), LedgerError> {
        match (self.0.last(), n) {
            (Some(last), _) if *last == key => Ok(()),
            (None, 0) => Ok(()),
            (None, n) => Err(LedgerError::UnknownKey { n }),
            (Some(_), _) => Err(LedgerError::OtherKey {
                which: self.which(key),
            }),
        }
    }

    fn which(&self, key: KeyCheck) -> OtherKey {
        match self.0.iter().position(|one| *one == key) {
            Some(number) => OtherKey::Former {
                number: number as u64,
                newest: self.len() - 1,
            },
            None => OtherKey::Never,
        }
    }
}

/// What a writer knows of the list.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct List {
    pub(in crate::ledger) keys: Keys,
    pub(in crate::ledger) n: u64,
    /// The key that points are given under; it is the list's.
    given: Option<KeyCheck>,
}

impl List {
    pub(in crate::ledger) fn new(keys: Keys, n: u64) -> Self {
        Self {
            keys,
            n,
            given: None,
        }
    }
}

impl Writer {
    /// Every point of the objection list, in the order of their numbers.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn objections(&mut self) -> Result<Vec<ObjectionPoint>, LedgerError> {
        let list = self.log.tables.objections()?;
        Ok(list.into_iter().map(|(_, point)| point).collect())
    }

    /// Says which key the points are made with that are recorded from now on. The first objection records it.
    ///
    /// # Errors
    /// If the list is under another key. A ledger that was made before keys were recorded takes any key here, and none with
    /// an objection but one that makes a point of the list.
    pub fn use_key(&mut self, key: KeyCheck) -> Result<(), LedgerError> {
        match self.list.keys.assert(key, self.list.n) {
            Ok(()) | Err(LedgerError::UnknownKey { .. }) => {
                self.list.given = Some(key);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Is the list under this key?
    ///
    /// # Errors
    /// If it is under another, or nothing shows which it is under.
    pub fn assert_key(&self, key: KeyCheck) -> Result<(), LedgerError> {
        self.list.keys.assert(key, self.list.n)
    }

    /// Records the key that the list of a ledger is under that was made before keys were recorded. Nothing can show whether
    /// it is the right one: under another nobody on the list is recognised.
    ///
    /// # Errors
    /// If the ledger knows that it is another, or the disk refuses.
    pub fn adopt_key(&mut self, key: KeyCheck) -> Result<(), LedgerError> {
        self.use_key(key)?;
        if self.list.keys.len() > 0 {
            return Ok(());
        }
        self.transaction(|writer| writer.push_key(key))
    }

    /// Puts other points in the place of all points, in the order of [`objections`](Self::objections): after a
    /// change of the secret key to `key`. The old points are wiped with
    /// [`wipe_old_objections`](Self::wipe_old_objections).
    ///
    /// # Errors
    /// If it is the key that the list is under, there are more or fewer points than objections, or the disk refuses.
    pub fn rekey_objections(
        &mut self,
        points: &[ObjectionPoint],
        key: KeyCheck,
    ) -> Result<(), LedgerError> {
        if self.list.keys.0.last() == Some(&key) {
            return Err(LedgerError::SameKey);
        }
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
            let body = numbered(list.len() as u64, &digest(&list));
            writer.push(EntryKind::Rekeyed, body)?;
            writer.push_key(key)
        })
    }

    /// Leaves no point that was replaced in the database's own files.
    ///
    /// # Errors
    /// If a reader still holds a log with copies: wiping again does what is left.
    pub fn wipe_old_objections(&mut self) -> Result<(), LedgerError> {
        self.log.tables.wipe_deleted()
    }

    fn push_key(&mut self, key: KeyCheck) -> Result<(), LedgerError> {
        let number = self.list.keys.len();
        self.push(EntryKind::KeyCheck, numbered(number, &key.0))?;
        self.list.keys.0.push(key);
        self.list.given = Some(key);
        Ok(())
    }

    /// Records the key of points that are about to be recorded, if none was before: for an empty list any, for another
    /// one that makes a point of it.
    pub(in crate::ledger) fn settle_key(
        &mut self,
        points: &[ObjectionPoint],
    ) -> Result<(), LedgerError> {
        if points.is_empty() {
            return Ok(());
        }
        let key = self.list.given.ok_or(LedgerError::NoKey)?;
        if self.list.keys.len() > 0 {
            return self.assert_key(key);
        }
        // Point and bucket: each is made with a part of the key.
        let list = self.log.tables.objections()?;
        let is_shown = list.is_empty() || list.iter().any(|(_, held)| points.contains(held));
        if !is_shown {
            return Err(LedgerError::UnknownKey { n: self.list.n });
        }
        self.push_key(key)
    }

    /// The number of a point on the objection list, which it is put on when it is first met.
    pub(in crate::ledger) fn objection(
        &mut self,
        point: ObjectionPoint,
    ) -> Result<u64, LedgerError> {
        if let Some(number) = self.log.tables.objection_of(&point.point)? {
            return Ok(number);
        }
        let number = self.list.n;
        self.log.tables.insert_objection(&(number, point))?;
        let digest = digest(&[(number, point)]);
        self.push(EntryKind::Objection, numbered(number, &digest))?;
        self.list.n += 1;
        Ok(number)
    }
}

/// The digest of consecutive objections.
fn digest(list: &[Objection]) -> [u8; 32] {
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
pub(in crate::ledger) fn is_as_logged(proven: &Proven, list: &[Objection]) -> bool {
    let are_all = list.iter().zip(0..).all(|((number, _), at)| *number == at);
    let mut covered = 0;
    if let Some(last) = proven.of_kind(EntryKind::Rekeyed).last() {
        let Some((n, expected)) = read_numbered(&last.body) else {
            return false;
        };
        let first = usize::try_from(n).ok().and_then(|n| list.get(..n));
        let Some(first) = first.filter(|first| digest(first) == expected) else {
            return false;
        };
        covered = first.len();
    }
    let entries = proven.of_kind(EntryKind::Objection);
    let is_right = |(row, objection): (&Row, &Objection)| {
        read_numbered(&row.body) == Some((objection.0, digest(&[*objection])))
    };
    let later_are_right = entries.zip(list).skip(covered).all(is_right);
    let n_entries = proven.of_kind(EntryKind::Objection).count();
    are_all && n_entries == list.len() && later_are_right
}
