//! Tokens: keyed digests that stand for numbers where a number must not stand.
//!
//! Numbers are few (about 10¹¹ are assigned), so an unkeyed digest is undone by trying them all; a keyed one is not,
//! as long as the key stays secret. Each purpose has its own key, derived from the one in the file, so tokens made for two
//! purposes cannot be joined. The derivation and the digest are BLAKE3's (`derive_key` and keyed mode; O'Connor,
//! Aumasson, Neves and Wilcox-O'Hearn, 2020).

use std::fmt;
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::Path;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{E164, IdentityError};
use crate::consent::Purpose;
use crate::ids::NumberToken;
use crate::publish::open_stream;

const KEY_LEN: usize = 32;
/// Two lines of 64 hexadecimal digits and a line end of two bytes, and one more byte by which a longer file is known.
const FILE_LEN_MAX: u64 = 2 * (2 * KEY_LEN as u64 + 2) + 1;

/// One key per purpose, wiped from memory when dropped. `Debug` shows none of them.
#[derive(ZeroizeOnDrop)]
pub struct KeyRing {
    by_purpose: [[u8; KEY_LEN]; Purpose::ALL.len()],
    objections: [u8; KEY_LEN],
}

impl KeyRing {
    /// Reads a key file: 32 bytes, or 64 hexadecimal digits and at most one line end.
    ///
    /// On Unix the file must be a regular file or a pipe that nobody but its owner may read or write.
    ///
    /// # Errors
    /// If the file cannot be read, is open to others, or does not hold a key.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        Ok(Self::from_key(&*read_key(path)?))
    }

    /// The keys derived from a key the caller holds, and wipes.
    #[must_use]
    pub fn from_key(key: &[u8; KEY_LEN]) -> Self {
        Self {
            by_purpose: Purpose::ALL.map(|purpose| blake3::derive_key(context(purpose), key)),
            objections: blake3::derive_key(
                "acquaint 2016-08-25 number token: non-user objection",
                key,
            ),
        }
    }

    /// The keys of one epoch, derived from a key the caller holds, and wipes.
    ///
    /// Keys are rotated by counting epochs up: tokens of two epochs cannot be joined by whoever lacks the key.
    #[must_use]
    pub fn of_epoch(key: &[u8; KEY_LEN], epoch: u32) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("acquaint 2016-08-25 number token: epoch");
        hasher.update(key).update(&epoch.to_le_bytes());
        let derived = Zeroizing::new(*hasher.finalize().as_bytes());
        hasher.zeroize();
        Self::from_key(&derived)
    }

    /// Reads a key file as [`read`](Self::read) does, for one epoch.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_epoch(path: &Path, epoch: u32) -> Result<Self, IdentityError> {
        Ok(Self::of_epoch(&*read_key(path)?, epoch))
    }

    /// The token of a number for one purpose: equal for equal numbers, and unlike the tokens of other purposes.
    #[must_use]
    pub fn token(&self, purpose: Purpose, number: E164) -> NumberToken {
        keyed(&self.by_purpose[purpose as usize], number)
    }

    /// The token under which the ledger keeps the objection of somebody who has no account, for all purposes at once.
    #[must_use]
    pub fn objection_token(&self, number: E164) -> NumberToken {
        keyed(&self.objections, number)
    }
}

impl KeyRing {
    /// A name by which two rings can be told apart and nothing else: 32 hexadecimal digits.
    #[must_use]
    pub fn name(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("acquaint 2016-08-25 number token: name");
        for key in &self.by_purpose {
            hasher.update(key);
        }
        let name = hasher.finalize().to_hex()[..32].to_owned();
        hasher.zeroize();
        name
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(redacted)")
    }
}

/// The number goes in as eight bytes, least significant first, whatever its length.
fn keyed(key: &[u8; KEY_LEN], number: E164) -> NumberToken {
    NumberToken::from_keyed_digest(&blake3::keyed_hash(key, &number.expose().to_le_bytes()))
}

/// Contexts are constants, as BLAKE3 asks: globally unique, never made at run time, never changed once used.
const fn context(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::FriendSuggestions => "acquaint 2016-08-25 number token: friend_suggestions",
        Purpose::AdRelevance => "acquaint 2016-08-25 number token: ad_relevance",
        Purpose::Abuse => "acquaint 2016-08-25 number token: abuse",
        Purpose::Analytics => "acquaint 2016-08-25 number token: analytics",
        Purpose::BusinessService => "acquaint 2016-08-25 number token: business_service",
        Purpose::BusinessMarketing => "acquaint 2016-08-25 number token: business_marketing",
    }
}

/// Reads a file of one key: 32 bytes, or 64 hexadecimal digits, that only its owner may read.
///
/// # Errors
/// If it cannot be read, others may read it, or it holds no such key or one that cannot be random.
pub fn read_key(path: &Path) -> Result<Zeroizing<[u8; KEY_LEN]>, IdentityError> {
    let text = read_secret(path)?;
    let key = decode(&text).ok_or_else(|| IdentityError::KeyMalformed { path: path.into() })?;
    if key.iter().all(|byte| *byte == key[0]) {
        return Err(IdentityError::KeyNotRandom { path: path.into() });
    }
    Ok(key)
}

/// A key, and another if the file holds two.
pub(in crate::identity) type Keys = (Zeroizing<[u8; KEY_LEN]>, Option<Zeroizing<[u8; KEY_LEN]>>);

/// Reads a file of one key or two, each as [`KeyRing::read`] reads one: 64 bytes, or two lines of hexadecimal digits.
pub(in crate::identity) fn read_keys(path: &Path) -> Result<Keys, IdentityError> {
    let text = read_secret(path)?;
    let keys =
        decode_keys(&text).ok_or_else(|| IdentityError::KeyMalformed { path: path.into() })?;
    let all = [Some(&keys.0), keys.1.as_ref()];
    if all
        .into_iter()
        .flatten()
        .any(|key| key.iter().all(|byte| *byte == key[0]))
    {
        return Err(IdentityError::KeyNotRandom { path: path.into() });
    }
    Ok(keys)
}

fn decode_keys(text: &[u8]) -> Option<Keys> {
    if let Some(key) = decode(text) {
        return Some((key, None));
    }
    if text.len() == 2 * KEY_LEN {
        let (first, second) = text.split_at(KEY_LEN);
        return Some((decode(first)?, Some(decode(second)?)));
    }
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let (first, second) = text.split_at(end + 1);
    Some((decode(first)?, Some(decode(second)?)))
}

fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let unreadable = |source: io::Error| IdentityError::KeyUnreadable {
        path: path.into(),
        source,
    };
    let file = open_stream(path).map_err(unreadable)?;
    // Of the open file, not of the path: what is checked is what is read.
    check_access(path, &file.metadata().map_err(unreadable)?)?;
    // Room for all that may be read, so the buffer never moves and leaves no copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(4 * KEY_LEN + 64));
    file.take(FILE_LEN_MAX)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    Ok(text)
}

#[cfg(unix)]
fn check_access(path: &Path, metadata: &Metadata) -> Result<(), IdentityError> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};

    let kind = metadata.file_type();
    if !kind.is_file() && !kind.is_fifo() {
        return Err(IdentityError::KeyNotAFile { path: path.into() });
    }
    let mode = metadata.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 {
        Ok(())
    } else {
        Err(IdentityError::KeyExposed {
            path: path.into(),
            mode,
        })
    }
}

#[cfg(not(unix))]
fn check_access(path: &Path, metadata: &Metadata) -> Result<(), IdentityError> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(IdentityError::KeyNotAFile { path: path.into() })
    }
}

fn decode(text: &[u8]) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    if let Ok(raw) = <[u8; KEY_LEN]>::try_from(text) {
        return Some(Zeroizing::new(raw));
    }
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    decode_hex(line.strip_suffix(b"\r").unwrap_or(line))
}

fn decode_hex(digits: &[u8]) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    if digits.len() != 2 * KEY_LEN {
        return None;
    }
    let mut key = Zeroizing::new([0; KEY_LEN]);
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(key)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    fn key() -> [u8; KEY_LEN] {
        std::array::from_fn(|i| u8::try_from(i).unwrap())
    }

    fn number(digits: u64) -> E164 {
        E164::from_digits(digits).unwrap()
    }

    fn file(dir: &tempfile::TempDir, content: &[u8], mode: u32) -> PathBuf {
        let path = dir.path().join("key");
        std::fs::write(&path, content).unwrap();
        set_mode(&path, mode);
        path
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    fn set_mode(_: &Path, _: u32) {}

    fn read(content: &[u8], mode: u32) -> Result<KeyRing, IdentityError> {
        let dir = tempfile::tempdir().unwrap();
        KeyRing::read(&file(&dir, content, mode))
    }

    fn hex(key: &[u8; KEY_LEN]) -> String {
        blake3::Hash::from_bytes(*key).to_hex().to_string()
    }

    #[test]
    fn same_token_from_bytes_and_from_hexadecimal_digits() {
        let expected = KeyRing::from_key(&key()).token(Purpose::Abuse, number(4_930_123_456));
        let digits = hex(&key());
        for content in [
            key().to_vec(),
            digits.clone().into_bytes(),
            format!("{digits}\n").into_bytes(),
            format!("{}\r\n", digits.to_uppercase()).into_bytes(),
        ] {
            let ring = read(&content, 0o600).unwrap();
            assert_eq!(ring.token(Purpose::Abuse, number(4_930_123_456)), expected);
        }
    }

    /// What was written under a key must be found again: neither contexts nor encoding may ever change.
    /// The expected values come from a separate implementation of the BLAKE3 paper.
    #[test]
    fn golden_tokens() {
        let ring = KeyRing::from_key(&key());
        let token = |purpose| {
            format!(
                "{:032x}",
                ring.token(purpose, number(4_930_123_456)).expose()
            )
        };
        assert_eq!(
            token(Purpose::FriendSuggestions),
            "1f101fa2e9d3dcebe9657ffc304c7f4e"
        );
        assert_eq!(
            token(Purpose::BusinessMarketing),
            "56e76f1664a9b0eee1b6059484a6dcb4"
        );
        assert_eq!(
            format!("{:032x}", ring.objection_token(number(10_000)).expose()),
            "5b1af0030ecf3d304773f4146a33f2e5"
        );
    }

    #[test]
    fn no_two_purposes_share_a_token() {
        let ring = KeyRing::from_key(&key());
        let mut tokens: BTreeSet<u128> = Purpose::ALL
            .iter()
            .map(|purpose| ring.token(*purpose, number(4_930_123_456)).expose())
            .collect();
        tokens.insert(ring.objection_token(number(4_930_123_456)).expose());
        assert_eq!(tokens.len(), Purpose::ALL.len() + 1);
        for purpose in Purpose::ALL {
            assert!(context(purpose).ends_with(purpose.as_str()));
        }
    }

    #[test]
    fn epochs_share_no_token() {
        let token = |epoch| {
            let ring = KeyRing::of_epoch(&key(), epoch);
            ring.token(Purpose::Abuse, number(4_930_123_456))
        };
        let plain = KeyRing::from_key(&key()).token(Purpose::Abuse, number(4_930_123_456));
        let tokens: BTreeSet<u128> = [plain, token(0), token(1), token(256)]
            .map(|token| token.expose())
            .into();
        assert_eq!(tokens.len(), 4);
        assert_eq!(token(1), token(1));
    }

    #[test]
    fn names_tell_keys_apart() {
        let name = |epoch| KeyRing::of_epoch(&key(), epoch).name();
        assert_eq!(name(1), name(1));
        assert_ne!(name(1), name(2));
        assert_eq!(name(1).len(), 32);
    }

    #[test]
    fn deny_bad_files() {
        let digits = hex(&key());
        let refused = |content: &[u8]| {
            matches!(
                read(content, 0o600),
                Err(IdentityError::KeyMalformed { .. })
            )
        };
        assert!(refused(b""));
        assert!(refused(&key()[..31]));
        assert!(
            refused(&[&key()[..], b"\n"].concat()),
            "32 bytes are taken as they are"
        );
        assert!(refused(&digits.as_bytes()[..63]));
        assert!(refused(format!("{digits}0").as_bytes()));
        assert!(refused(format!("{digits}\n\n").as_bytes()));
        assert!(refused(digits.replace('a', "g").as_bytes()));
        assert!(refused(&vec![7; 1 << 16]));
        assert!(matches!(
            read(&[7; 32], 0o600),
            Err(IdentityError::KeyNotRandom { .. })
        ));
    }

    #[test]
    fn deny_what_is_not_there_or_not_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let missing = KeyRing::read(&dir.path().join("missing"));
        assert!(matches!(missing, Err(IdentityError::KeyUnreadable { .. })));
        set_mode(dir.path(), 0o700);
        assert!(KeyRing::read(dir.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn deny_files_open_to_others() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o777] {
            let refused = read(&key(), mode);
            assert!(matches!(refused, Err(IdentityError::KeyExposed { mode: m, .. }) if m == mode));
        }
        assert!(read(&key(), 0o400).is_ok());
    }

    #[test]
    fn nothing_prints_a_key() {
        let dir = tempfile::tempdir().unwrap();
        let secret = "correct horse battery staple canary";
        let error = KeyRing::read(&file(&dir, secret.as_bytes(), 0o600)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
        assert_eq!(
            format!("{:?}", KeyRing::from_key(&key())),
            "KeyRing(redacted)"
        );
    }

    #[test]
    fn zeroizing_a_ring_leaves_nothing() {
        let mut ring = KeyRing::from_key(&key());
        ring.by_purpose.zeroize();
        ring.objections.zeroize();
        assert!(
            ring.by_purpose
                .as_flattened()
                .iter()
                .chain(&ring.objections)
                .all(|byte| *byte == 0)
        );
    }
}
