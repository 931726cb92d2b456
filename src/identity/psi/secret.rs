//! The secret of one side in one session.

use std::fmt;
use std::path::Path;

use curve25519_dalek::scalar::Scalar;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::points::wide;
use crate::identity::IdentityError;
use crate::identity::token::read_key;

/// What one side multiplies by in one session; wiped when dropped, and never printed.
///
/// A secret serves one session: with two blinded sets under one secret, anybody sees which numbers are in both.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PsiSecret {
    /// Half the secret scalar: encoding many points at once doubles them.
    half: Scalar,
    nonce: [u8; 32],
}

impl PsiSecret {
    /// The secret made of 32 random bytes, which are wiped.
    #[must_use]
    pub fn from_seed(seed: &mut [u8; 32]) -> Self {
        let secret = Self::derived(seed);
        seed.zeroize();
        secret
    }

    /// The secret made of a file of 32 random bytes; see [`KeyRing::read`](crate::identity::KeyRing::read) for what the
    /// file must be.
    ///
    /// # Errors
    /// If the file cannot be read, is open to others, or does not hold a key.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        Ok(Self::derived(&*read_key(path)?))
    }

    fn derived(seed: &[u8; 32]) -> Self {
        let wide = wide(
            "acquaint 2016-08-25 private set intersection: secret",
            &[seed],
        );
        let secret = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide));
        Self {
            half: *secret * Scalar::from(2_u8).invert(),
            nonce: blake3::derive_key("acquaint 2016-08-25 private set intersection: nonce", seed),
        }
    }

    /// Half the scalar.
    pub(super) const fn half(&self) -> &Scalar {
        &self.half
    }

    /// What tells this session's first message from any other; not secret.
    pub(super) const fn nonce(&self) -> [u8; 32] {
        self.nonce
    }
}

impl fmt::Debug for PsiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PsiSecret(redacted)")
    }
}

/// What two operators share, so that a connection between them is theirs alone; wiped when dropped, and never printed.
pub struct SharedKey(Zeroizing<[u8; 32]>);

impl SharedKey {
    /// The key made of a file of 32 random bytes that both sides have; see
    /// [`KeyRing::read`](crate::identity::KeyRing::read) for what the file must be.
    ///
    /// # Errors
    /// If the file cannot be read, is open to others, or does not hold a key.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        const CONTEXT: &str = "acquaint 2026-11-29 private set intersection: connection";
        let key = read_key(path)?;
        Ok(Self(Zeroizing::new(blake3::derive_key(CONTEXT, &*key))))
    }

    /// The key of the connection, for a protocol that seals it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(redacted)")
    }
}
