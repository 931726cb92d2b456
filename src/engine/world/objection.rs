//! Numbers whose holders objected, as one run knows them.

use crate::identity::{E164, KeyRing};
use crate::ids::NumberToken;

/// The token under which this run knows the number of somebody without an account.
pub(in crate::engine) fn objection_token(number: E164) -> NumberToken {
    static KEYS: std::sync::LazyLock<KeyRing> = std::sync::LazyLock::new(|| {
        KeyRing::from_key(blake3::hash(b"acquaint: within one run").as_bytes())
    });
    KEYS.objection_token(number)
}
