//! Tokens for partners who do not speak BLAKE3: HMAC-SHA-256 (RFC 2104, FIPS 198-1) of the number as text.
//!
//! The message is `PURPOSE:EPOCH:+DIGITS` in ASCII, so a partner can compute the same with any library. The key is
//! derived from the key file and serves nothing else.

use std::fmt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::token::read_key;
use super::{E164, IdentityError};
use crate::consent::Purpose;

/// The key of HMAC-SHA-256 tokens of one purpose and epoch; wiped when dropped, and never printed.
#[derive(Clone, ZeroizeOnDrop)]
pub struct HmacKey {
    key: [u8; 32],
    prefix: String,
}

impl HmacKey {
    /// Reads a key file; see [`KeyRing::read`](super::KeyRing::read) for what it must be.
    ///
    /// # Errors
    /// If the file cannot be read, is open to others, or does not hold a key.
    pub fn read(path: &Path, purpose: Purpose, epoch: u32) -> Result<Self, IdentityError> {
        Ok(Self::from_key(&*read_key(path)?, purpose, epoch))
    }

    /// The key made of a secret that the caller holds, and wipes.
    #[must_use]
    pub fn from_key(key: &[u8; 32], purpose: Purpose, epoch: u32) -> Self {
        Self {
            key: blake3::derive_key("acquaint 2016-08-25 number token: HMAC-SHA-256", key),
            prefix: format!("{purpose}:{epoch}:+"),
        }
    }

    /// The key a partner needs to compute the same tokens. Whoever has it can undo them by trying all numbers.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key)
    }

    /// The token of a number: equal for equal numbers.
    #[must_use]
    pub fn token(&self, number: E164) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(self.prefix.as_bytes());
        let digits = Zeroizing::new(number.expose().to_string());
        mac.update(digits.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: [u8; 32]) -> String {
        blake3::Hash::from_bytes(bytes).to_hex().to_string()
    }

    /// Computed with Python's `hmac` from the derived key.
    #[test]
    fn golden_tokens() {
        let key = HmacKey::from_key(&[7; 32], Purpose::BusinessService, 3);
        let number = E164::from_digits(4_930_123_456).unwrap();
        assert_eq!(
            (hex(*key.expose()), hex(key.token(number))),
            (
                "83b11f84943f0dad4f453ac0102072d84a79a027fc7920a6a8f4ac6bd543f33c".to_owned(),
                "33050d2ecb083f97d60ab1cc78a9821d2b59b2354c3211ab942caebf2537b04b".to_owned(),
            )
        );
    }

    #[test]
    fn purposes_and_epochs_share_no_token() {
        let number = E164::from_digits(4_930_123_456).unwrap();
        let token = |purpose, epoch| HmacKey::from_key(&[7; 32], purpose, epoch).token(number);
        assert_ne!(token(Purpose::Abuse, 1), token(Purpose::Abuse, 2));
        assert_ne!(token(Purpose::Abuse, 1), token(Purpose::Analytics, 1));
    }

    #[test]
    fn nothing_prints_a_key() {
        let key = HmacKey::from_key(&[7; 32], Purpose::Abuse, 1);
        assert_eq!(format!("{key:?}"), "HmacKey(redacted)");
    }
}
