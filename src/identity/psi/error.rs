//! Why a message is refused.

use super::message::MessageKind;
use crate::consent::Purpose;

/// Why a message is refused. No text says anything of a number, a point or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PsiError {
    /// It is no message of this protocol.
    #[error("this is no message of a private set intersection")]
    NotAMessage,
    /// It is of another version of the protocol.
    #[error(
        "the message is of version {found} of the protocol; this program speaks version {}",
        super::PSI_VERSION
    )]
    Version {
        /// The version it names.
        found: u8,
    },
    /// It is the message of another step.
    #[error("this is not {expected}")]
    Kind {
        /// What was wanted.
        expected: MessageKind,
    },
    /// The two sides work for different purposes.
    #[error("the message is for another purpose than {own}")]
    Purpose {
        /// Our purpose.
        own: Purpose,
    },
    /// Its length is not the one its count asks for.
    #[error("the message is cut off or has bytes too many: it has {len} bytes")]
    Length {
        /// Its length in bytes.
        len: usize,
    },
    /// It has another number of items than there must be.
    #[error("the message has {found} items where {expected} are expected")]
    Count {
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A point is the neutral element, which hides nothing.
    #[error("point {at} of the message is the neutral element")]
    NeutralElement {
        /// Which point, from 0.
        at: usize,
    },
    /// A point is not encoded as RFC 9496 asks.
    #[error("point {at} of the message is not the canonical encoding of a point")]
    NotAPoint {
        /// Which point, from 0.
        at: usize,
    },
    /// The points of a blinded set do not ascend.
    #[error("point {at} of the message is not greater than the one before it")]
    NotAscending {
        /// Which point, from 0.
        at: usize,
    },
    /// The points of a reply are not all different.
    #[error("the message holds one point twice")]
    Repeated,
    /// It is our own message, or made with our own secret.
    #[error(
        "the message holds points of our own: it came back to us, or the other side has our secret"
    )]
    Reflected,
    /// It does not answer what we sent, or is not from whom we answered.
    #[error("the message belongs to another session")]
    WrongSession,
    /// The two sides did not find the same common points.
    #[error("the two sides found different intersections: a message was changed on its way")]
    DifferentIntersections,
}
