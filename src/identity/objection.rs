//! Objections of people without an account: their numbers as curve points.
//!
//! A number n stands in the objection list as k·H(n): H maps it to the group Ristretto255 (RFC 9496, section 4.3.4, of
//! 64 bytes that BLAKE3 derives from the number), k is secret. Without k a point cannot be traced to a number, not even
//! by trying all numbers; with k′/k points move to another key k′ without the numbers (Bellare, Keelveedhi and
//! Ristenpart, 2013, use the same function for oblivious servers).
//!
//! A point costs some 90 µs, too much for every entry of every address book. So an objection also has a *bucket*: 20 bits
//! of a keyed digest of the number. Only a number whose bucket is on the list is worth a point. About one in a million
//! numbers shares a bucket, so even with the bucket key a bucket tells of some hundred thousand assigned numbers, not one.

use std::fmt;
use std::path::Path;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::token::read_keys;
use super::{E164, IdentityError};
use crate::hash::HashSet;
use crate::ledger::{KeyCheck, ObjectionPoint};

/// Bits of a bucket.
pub const BUCKET_BITS: u32 = 20;

/// The secret of an objection list; wiped when dropped, and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ObjectionKey {
    secret: Scalar,
    bucket: [u8; 32],
}

impl ObjectionKey {
    /// Reads a key file: one key, or two where the list was moved to another key; see
    /// [`KeyRing::read`](super::KeyRing::read) for what a key file must be.
    ///
    /// The second key is the one that buckets were first made with: it stays, for buckets cannot be made anew without
    /// the numbers.
    ///
    /// # Errors
    /// If the file cannot be read, is open to others, or does not hold one or two keys.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        let keys = read_keys(path)?;
        Ok(Self::from_keys(
            &keys.0,
            keys.1.as_deref().unwrap_or(&keys.0),
        ))
    }

    /// The key made of two secrets that the caller holds, and wipes.
    #[must_use]
    pub fn from_keys(secret: &[u8; 32], buckets: &[u8; 32]) -> Self {
        let wide = Zeroizing::new(wide("acquaint 2016-08-25 objection list: secret", secret));
        Self {
            secret: Scalar::from_bytes_mod_order_wide(&wide),
            bucket: blake3::derive_key("acquaint 2016-08-25 objection list: buckets", buckets),
        }
    }

    /// The key file that takes the place of one: a fresh secret, and below it the key that buckets were first made with.
    /// `path` is read as [`read`](Self::read) reads it, in whichever form it is.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn renewed_file(path: &Path, fresh: &[u8; 32]) -> Result<Zeroizing<String>, IdentityError> {
        let keys = read_keys(path)?;
        let buckets = keys.1.as_deref().unwrap_or(&keys.0);
        // Room for all of it, so that the text never moves and leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(130));
        for key in [fresh, buckets] {
            for byte in key {
                for nibble in [byte >> 4, byte & 15] {
                    text.extend(char::from_digit(u32::from(nibble), 16));
                }
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// What the key can be told by: a digest of all of it, from which nothing can be made that it makes.
    #[must_use]
    pub fn check(&self) -> KeyCheck {
        let mut hasher =
            blake3::Hasher::new_derive_key("acquaint 2026-11-29 objection list: check of a key");
        hasher.update(self.secret.as_bytes());
        hasher.update(&self.bucket);
        let check = KeyCheck(*hasher.finalize().as_bytes());
        hasher.zeroize();
        check
    }

    /// Are buckets the same under both keys? Only then does one take the place of the other.
    #[must_use]
    pub fn has_buckets_of(&self, other: &Self) -> bool {
        self.bucket == other.bucket
    }

    /// What the list keeps of a number.
    #[must_use]
    pub fn objection(&self, number: E164) -> ObjectionPoint {
        ObjectionPoint {
            point: self.point(number),
            bucket: self.bucket(number),
        }
    }

    /// k·H(n), compressed.
    fn point(&self, number: E164) -> [u8; 32] {
        let hashed = Zeroizing::new(wide(
            "acquaint 2016-08-25 objection list: number",
            &number.expose().to_le_bytes(),
        ));
        (RistrettoPoint::from_uniform_bytes(&hashed) * self.secret)
            .compress()
            .to_bytes()
    }

    fn bucket(&self, number: E164) -> u32 {
        let digest = blake3::keyed_hash(&self.bucket, &number.expose().to_le_bytes());
        let head: [u8; 4] = digest.as_bytes()[..4]
            .try_into()
            .expect("a digest has 32 bytes");
        u32::from_le_bytes(head) >> (32 - BUCKET_BITS)
    }

    /// The list as if it had been made with another key; none if a point is no point.
    ///
    /// Buckets stay: the other key must have the same bucket key.
    #[must_use]
    pub fn rekey(&self, to: &Self, list: &[ObjectionPoint]) -> Option<Vec<ObjectionPoint>> {
        let ratio = Zeroizing::new(to.secret * self.secret.invert());
        let moved = list.par_iter().map(|objection| {
            let point = CompressedRistretto(objection.point).decompress()?;
            Some(ObjectionPoint {
                point: (point * *ratio).compress().to_bytes(),
                bucket: objection.bucket,
            })
        });
        moved.collect()
    }
}

impl fmt::Debug for ObjectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectionKey(redacted)")
    }
}

/// Numbers without an account whose holders objected, with the key to recognise them.
#[derive(Clone)]
pub struct ObjectionList {
    key: ObjectionKey,
    /// One bit for each bucket.
    buckets: Vec<u64>,
    points: HashSet<[u8; 32]>,
}

impl fmt::Debug for ObjectionList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectionList")
            .field("len", &self.points.len())
            .finish_non_exhaustive()
    }
}

impl ObjectionList {
    /// A list of objections made with a key.
    #[must_use]
    pub fn new(key: ObjectionKey, objections: impl IntoIterator<Item = ObjectionPoint>) -> Self {
        let mut buckets = vec![0; 1 << (BUCKET_BITS - 6)];
        let mut points = HashSet::default();
        for ObjectionPoint { point, bucket } in objections {
            // A bucket that no number has would hide the objection.
            if let Some(word) = buckets.get_mut((bucket >> 6) as usize) {
                *word |= 1_u64 << (bucket & 63);
            }
            points.insert(point);
        }
        Self {
            key,
            buckets,
            points,
        }
    }

    /// Did the holder of the number object, under this form of it or a former one?
    ///
    /// A list can be older than a change of number plans, and points cannot be rewritten.
    ///
    /// # Complexity
    /// One keyed digest for each form; for one in 2²⁰ numbers and objection, and for whoever objected, a multiplication on
    /// the curve.
    #[must_use]
    pub fn contains(&self, number: E164) -> bool {
        !self.is_empty()
            && (self.holds(number) || number.former_forms().any(|former| self.holds(former)))
    }

    fn holds(&self, number: E164) -> bool {
        let bucket = self.key.bucket(number);
        let is_candidate = self.buckets[(bucket >> 6) as usize] >> (bucket & 63) & 1 == 1;
        is_candidate && self.points.contains(&self.key.point(number))
    }

    /// How many objections there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Did nobody object?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

fn wide(context: &str, bytes: &[u8]) -> [u8; 64] {
    let mut wide = [0; 64];
    blake3::Hasher::new_derive_key(context)
        .update(bytes)
        .finalize_xof()
        .fill(&mut wide);
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: u8, buckets: u8) -> ObjectionKey {
        ObjectionKey::from_keys(&[secret; 32], &[buckets; 32])
    }

    fn numbers(n: u64) -> impl Iterator<Item = E164> {
        (0..n).map(|i| E164::from_digits(14_155_550_000 + 7 * i).unwrap())
    }

    #[test]
    fn the_list_holds_who_objected_and_nobody_else() {
        let key = key(1, 2);
        let objected: Vec<E164> = numbers(300).step_by(3).collect();
        let points = objected.iter().map(|&number| key.objection(number));
        let list = ObjectionList::new(key.clone(), points);
        assert_eq!(list.len(), objected.len());
        for number in numbers(300) {
            assert_eq!(list.contains(number), objected.contains(&number));
        }
    }

    #[test]
    fn a_shared_bucket_is_not_an_objection() {
        let key = key(1, 2);
        let mut numbers = numbers(4000);
        let first = numbers.next().unwrap();
        let mut objection = key.objection(first);
        for number in numbers {
            // As bad as it gets: every number is in the bucket.
            objection.bucket = key.bucket(number);
            let list = ObjectionList::new(key.clone(), [objection]);
            if key.bucket(number).is_multiple_of(97) {
                assert!(!list.contains(number));
            }
        }
    }

    /// An objection made under +229 97 … in the days of eight digits, and an entry of +229 01 97 … today.
    #[test]
    fn an_objection_outlives_a_change_of_number_plans() {
        let key = key(1, 2);
        let number = |digits| E164::from_digits(digits).unwrap();
        let (old, new, other) = (22_997_123_456, 2_290_197_123_456, 2_290_197_123_457);
        let list = ObjectionList::new(key.clone(), [key.objection(number(old))]);
        assert!(list.contains(number(new)) && list.contains(number(old)));
        assert!(!list.contains(number(other)));
        let list = ObjectionList::new(key.clone(), [key.objection(number(new))]);
        assert!(list.contains(number(new)) && !list.contains(number(other)));
    }

    #[test]
    fn another_key_without_the_numbers_is_as_good_as_with_them() {
        let (old, new) = (key(1, 2), key(3, 2));
        let made: Vec<ObjectionPoint> = numbers(50).map(|number| old.objection(number)).collect();
        let fresh: Vec<ObjectionPoint> = numbers(50).map(|number| new.objection(number)).collect();
        assert_eq!(old.rekey(&new, &made), Some(fresh));
        assert!(
            made.iter()
                .all(|one| one.point != new.objection(numbers(1).next().unwrap()).point)
        );
        let no_point = ObjectionPoint {
            point: [0xff; 32],
            bucket: 0,
        };
        assert_eq!(old.rekey(&new, &[no_point]), None);
    }

    #[test]
    fn a_key_is_told_by_all_of_it() {
        let checks = [(1, 2), (1, 3), (3, 2), (2, 1), (2, 2)].map(|(s, b)| key(s, b).check().0);
        for (at, one) in checks.iter().enumerate() {
            assert!(checks[..at].iter().all(|other| other != one), "{at}");
        }
        assert_eq!(key(1, 2).check(), key(1, 2).check());
        assert!(key(1, 2).has_buckets_of(&key(3, 2)) && !key(1, 2).has_buckets_of(&key(1, 3)));
    }

    #[test]
    fn a_key_is_renewed_whatever_form_its_file_has() {
        let dir = tempfile::tempdir().unwrap();
        let raw: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 5).unwrap());
        let hex = blake3::Hash::from_bytes(raw).to_hex().to_string();
        let two = format!("{}\n{hex}\n", "ab12".repeat(16));
        let both = [[7; 16], [9; 16]].concat();
        let both = [both, raw.to_vec()].concat();
        let forms: [&[u8]; 6] = [
            &raw,
            hex.as_bytes(),
            &[hex.as_bytes(), b"\n"].concat(),
            &[hex.to_uppercase().as_bytes(), b"\r\n"].concat(),
            two.as_bytes(),
            &both,
        ];
        for form in forms {
            let path = dir.path().join("key");
            std::fs::write(&path, form).unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .unwrap();
            let fresh: [u8; 32] = std::array::from_fn(|i| u8::try_from(i + 100).unwrap());
            let text = ObjectionKey::renewed_file(&path, &fresh).unwrap();
            std::fs::write(&path, text.as_bytes()).unwrap();
            let renewed = ObjectionKey::read(&path).unwrap();
            assert_eq!(
                renewed.check(),
                ObjectionKey::from_keys(&fresh, &raw).check()
            );
        }
    }

    #[test]
    fn nothing_prints() {
        let key = key(1, 2);
        assert_eq!(format!("{key:?}"), "ObjectionKey(redacted)");
        let number = numbers(1).next().unwrap();
        assert_eq!(
            format!("{:?}", key.objection(number)),
            "ObjectionPoint(redacted)"
        );
        let list = ObjectionList::new(key.clone(), [key.objection(number)]);
        assert_eq!(format!("{list:?}"), "ObjectionList { len: 1, .. }");
    }

    #[test]
    fn buckets_are_even() {
        let key = key(1, 2);
        let mut counts = [0_u32; 16];
        for number in numbers(16_000) {
            let bucket = key.bucket(number);
            assert!(bucket < 1 << BUCKET_BITS);
            counts[(bucket >> (BUCKET_BITS - 4)) as usize] += 1;
        }
        assert!(counts.iter().all(|n| (850..1150).contains(n)), "{counts:?}");
    }
}
