//! Why a message is refused.

use super::message::MessageKind;
use crate::consent::Purpose;

/// Why a message is refused. No text says anything of a number, a point or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PsiError {
    /// It is no message of this protocol.
    #[error("not a private set intersection message")]
    NotAMessage,
    /// It is of another version of the protocol.
    #[error(
        "the message uses protocol version {found}; this build supports version {}",
        super::PSI_VERSION
    )]
    Version {
        /// The version it names.
        found: u8,
    },
    /// It is the message of another step.
    #[error("expected {expected}, found another message")]
    Kind {
        /// What was wanted.
        expected: MessageKind,
    },
    /// The two sides work for different purposes.
    #[error("the message has another purpose than {own}")]
    Purpose {
        /// Our purpose.
        own: Purpose,
    },
    /// Its length is not the one its count asks for.
    #[error("the message is truncated or too long ({len} bytes)")]
    Length {
        /// Its length in bytes.
        len: usize,
    },
    /// It has another number of items than there must be.
    #[error("the message has {found} items, but {expected} were expected")]
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
    #[error("point {at} of the message is not a canonical encoding")]
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
    #[error("the message contains a point twice")]
    Repeated,
    /// A set that holds nothing: there is nothing to find.
    #[error("the other side's set is empty")]
    Empty,
    /// It is our own message, or made with our own secret.
    #[error(
        "the message contains our own points: it was reflected, or the other side has our secret"
    )]
    Reflected,
    /// It does not answer what we sent, or is not from whom we answered.
    #[error("the message belongs to another session")]
    WrongSession,
    /// The two sides did not find the same common points.
    #[error("the two sides found different intersections: a message was altered in transit")]
    DifferentIntersections,
}
