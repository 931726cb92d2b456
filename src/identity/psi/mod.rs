//! Private set intersection: two operators find the numbers they both hold, and show each other no other number.
//!
//! Each side has a secret a (the other has b). It sends a·H(n) for each of its numbers n, sorted, so that the order says
//! nothing; the other side multiplies by b and sends b·a·H(n) back in the order in which the points came. As a·b = b·a,
//! equal numbers have equal doubly blinded points, and under the decisional Diffie–Hellman assumption everything else
//! looks like chance (Meadows, 1986; Huberman, Franklin and Hogg, 1999). The group is Ristretto255 (RFC 9496); H is its
//! element derivation function (section 4.3.4) of 64 bytes that BLAKE3 derives from the number.
//!
//! The model is *semi-honest*: both sides keep to the protocol, and then each learns the size of the other's set and, of
//! the numbers both hold, the other's ids. A side that deviates can make the other believe that it holds numbers which it
//! does not, and so come by ids; nothing here proves that it did not.
//!
//! What goes in is [`Permitted`](crate::consent::Permitted), so nobody who did not allow it is in any message. Four steps,
//! the same for both sides, each a function of bytes: [`OwnSide::blind`], [`OwnSide::reply`], [`OwnSide::share`] and
//! [`pairs`]. `docs/psi.md` has the messages byte by byte.

mod error;
mod intersect;
mod message;
mod own;
mod points;
mod secret;
#[cfg(test)]
mod tests;

pub use error::PsiError;
pub use intersect::pairs;
pub use message::{MessageKind, PSI_VERSION, message_len};
pub use own::{Dropped, Held, OwnSide, assert_answerable, empty_set};
pub use secret::{PsiSecret, SharedKey};
