//! Policy: which ads may be scored for whom. Asked before any score; every no has a reason and is counted.
//!
//! | what | where |
//! |---|---|
//! | the reasons, in the order they are asked | [`Ineligible`] |
//! | what an ad may choose people by | `targeting` |
//! | who hid what, and who saw it often enough | `restrictions` |
//! | everything together, for one person and one ad | [`Guard`] |
//! | the same for a block of ads at once, as bits | `masks` |

mod guard;
mod ineligible;
pub(super) mod masks;
mod params;
pub(super) mod restrictions;
mod targeting;

pub use guard::Guard;
pub use ineligible::Ineligible;
pub use params::{AUDIENCE_MIN, Cap, PolicyParams, ValidPolicyParams};
pub use restrictions::HiddenAd;
