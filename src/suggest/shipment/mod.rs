//! Shipments: what it takes to make everybody's lists, for processes that have nothing else.
//!
//! A desk packs itself into a file ([`Desk::ship`]); a process anywhere opens it ([`Shipped::open`]) and makes the lists of a range
//! of people ([`Shipped::frame`]) by the function every list is made by; the desk joins the frames to what it would have made
//! itself, and makes some of the lists again to compare ([`Desk::gather`]).
//!
//! People are nodes here. No phone number, user id, name or spam score is in a shipment or a frame: ties, who is kept apart from whom,
//! standings, parameters and, for a learned order, the model with what it looks at. A BLAKE3 digest ends both, and every frame
//! names the shipment it was made from. Numbers are little-endian.

mod error;
mod frame;
mod gather;
mod open;
mod pack;
mod shipped;
#[cfg(test)]
mod tests;
mod wire;

pub use error::ShipmentError;
pub use frame::FRAME_PEOPLE;
pub use gather::Sample;
pub use pack::Packed;
pub use shipped::Shipped;

#[cfg(doc)]
use super::Desk;

/// What a shipment begins with.
const SHIPMENT: &[u8; 8] = b"acqship\n";
/// What a frame begins with.
const FRAME: &[u8; 8] = b"acqfram\n";
/// The form of both; a change of either is another.
pub const SHIPMENT_VERSION: u32 = 1;
/// Shipments are opened by the version of acquaint that packed them, so that both score alike.
const BUILD: &str = env!("CARGO_PKG_VERSION");
