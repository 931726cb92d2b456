//! On whose consent an ad model rests.

use serde::{Deserialize, Serialize};

use crate::engine::world::standing::Standing;

/// On whose consent an ad model rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdProvenance {
    /// The version of acquaint that trained it.
    pub acquaint: String,
    /// BLAKE3 of the consent ledger, as in a run's manifest.
    pub ledger: String,
    /// BLAKE3 of what the ledger allowed, as in a run's manifest.
    pub snapshot: String,
}

impl AdProvenance {
    pub(in crate::engine) fn of(standing: &Standing) -> Self {
        Self {
            acquaint: env!("CARGO_PKG_VERSION").to_owned(),
            ledger: standing.ledger.digest().to_hex().to_string(),
            snapshot: standing.snapshot.digest().to_hex().to_string(),
        }
    }
}
