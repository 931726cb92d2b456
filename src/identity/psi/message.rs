//! The three messages as bytes.
//!
//! Numbers are least significant byte first. A head of 88 bytes, then the items:
//!
//! ```text
//!  0   6  "acqpsi"
//!  6   1  version, 1
//!  7   1  kind: 1 blinded set, 2 reply, 3 ids
//!  8   1  purpose
//!  9   7  zero
//! 16   8  number of items
//! 24  32  blinded set: nonce; else digest of the sender's blinded set
//! 56  32  blinded set: zero; else digest of the recipient's blinded set
//! 88      blinded set, reply: 32 bytes a point; ids: 32 bytes, the digest of the common points, then 8 bytes an id
//! ```

use std::fmt;

use super::PsiError;
use super::points::{Point, is_canonical};
use crate::consent::Purpose;
use crate::ids::AccountId;

/// The version of the protocol, in the seventh byte of every message.
pub const PSI_VERSION: u8 = 1;

const MAGIC: [u8; 6] = *b"acqpsi";
const HEAD: usize = 88;
const ZERO: Point = [0; 32];

/// Which step a message is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// The sender's numbers, blinded once.
    Blinded,
    /// The recipient's numbers, blinded twice.
    Reply,
    /// The sender's ids of the common numbers.
    Ids,
}

impl MessageKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Blinded => 1,
            Self::Reply => 2,
            Self::Ids => 3,
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blinded => "a blinded set (message 1)",
            Self::Reply => "a reply (message 2)",
            Self::Ids => "ids of common numbers (message 3)",
        })
    }
}

/// The length in bytes of a message with so many items: points, or ids. The greatest there is if it does not fit.
#[must_use]
pub const fn message_len(kind: MessageKind, n_items: usize) -> usize {
    match kind {
        MessageKind::Blinded | MessageKind::Reply => n_items.saturating_mul(32),
        MessageKind::Ids => n_items.saturating_mul(8).saturating_add(32),
    }
    .saturating_add(HEAD)
}

/// Whom a message is from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The nonce of a blinded set; else the digest of the sender's.
    pub(super) sender: [u8; 32],
    /// Nobody's for a blinded set; else the digest of the recipient's.
    pub(super) recipient: [u8; 32],
}

impl Route {
    pub(super) const fn to_anybody(nonce: [u8; 32]) -> Self {
        Self {
            sender: nonce,
            recipient: ZERO,
        }
    }

    /// The way back.
    pub(super) const fn back(self) -> Self {
        Self {
            sender: self.recipient,
            recipient: self.sender,
        }
    }
}

/// A message of points: a blinded set or a reply.
#[derive(Clone, Copy)]
pub(super) struct PointMessage<'a> {
    pub(super) purpose: Purpose,
    pub(super) route: Route,
    pub(super) points: &'a [Point],
}

impl<'a> PointMessage<'a> {
    /// A set of points blinded once: canonical, not neutral, ascending.
    pub(super) fn blinded(bytes: &'a [u8]) -> Result<Self, PsiError> {
        let message = Self::read(bytes, MessageKind::Blinded)?;
        if message.route.recipient != ZERO {
            return Err(PsiError::NotAMessage);
        }
        let ascends = |pair: &[Point]| pair[0] < pair[1];
        match message.points.windows(2).position(|pair| !ascends(pair)) {
            Some(i) => Err(PsiError::NotAscending { at: i + 1 }),
            None => Ok(message),
        }
    }

    /// A set of points blinded twice: canonical, not neutral. They are compared and never computed with, so that they
    /// are points is not checked.
    pub(super) fn reply(bytes: &'a [u8]) -> Result<Self, PsiError> {
        Self::read(bytes, MessageKind::Reply)
    }

    fn read(bytes: &'a [u8], kind: MessageKind) -> Result<Self, PsiError> {
        let (head, body) = Head::read(bytes, kind)?;
        let (points, _) = body.as_chunks::<32>();
        for (at, point) in points.iter().enumerate() {
            if *point == ZERO {
                return Err(PsiError::NeutralElement { at });
            }
            if !is_canonical(point) {
                return Err(PsiError::NotAPoint { at });
            }
        }
        Ok(Self {
            purpose: head.purpose,
            route: head.route,
            points,
        })
    }

    pub(super) fn write(&self, kind: MessageKind) -> Vec<u8> {
        let head = Head {
            purpose: self.purpose,
            route: self.route,
        };
        let mut bytes = head.write(kind, self.points.len());
        bytes.extend_from_slice(self.points.as_flattened());
        bytes
    }
}

/// The sender's ids of the common numbers, in the order of their doubly blinded points.
pub(super) struct IdMessage<'a> {
    pub(super) head: Head,
    /// The digest of the common points.
    pub(super) common: [u8; 32],
    ids: &'a [[u8; 8]],
}

impl<'a> IdMessage<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, PsiError> {
        let (head, body) = Head::read(bytes, MessageKind::Ids)?;
        let (common, ids) = body
            .split_first_chunk::<32>()
            .ok_or(PsiError::Length { len: bytes.len() })?;
        Ok(Self {
            head,
            common: *common,
            ids: ids.as_chunks::<8>().0,
        })
    }

    pub(super) fn ids(&self) -> impl ExactSizeIterator<Item = AccountId> + '_ {
        self.ids.iter().map(|id| AccountId(u64::from_le_bytes(*id)))
    }
}

/// What stands at the head of every message.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) purpose: Purpose,
    pub(super) route: Route,
}

impl Head {
    pub(super) fn write(&self, kind: MessageKind, n_items: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(message_len(kind, n_items));
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[PSI_VERSION, kind.byte(), self.purpose as u8]);
        bytes.extend_from_slice(&[0; 7]);
        bytes.extend_from_slice(&(n_items as u64).to_le_bytes());
        bytes.extend_from_slice(&self.route.sender);
        bytes.extend_from_slice(&self.route.recipient);
        bytes
    }

    /// The head, and the rest, which has the length the head asks for.
    fn read(bytes: &[u8], kind: MessageKind) -> Result<(Self, &[u8]), PsiError> {
        let len = bytes.len();
        if !bytes.iter().zip(&MAGIC).all(|(is, should)| is == should) {
            return Err(PsiError::NotAMessage);
        }
        let (head, body) = bytes
            .split_first_chunk::<HEAD>()
            .ok_or(PsiError::Length { len })?;
        if head[6] != PSI_VERSION {
            return Err(PsiError::Version { found: head[6] });
        }
        if head[7] != kind.byte() {
            return Err(PsiError::Kind { expected: kind });
        }
        let purpose = Purpose::ALL.get(usize::from(head[8]));
        let purpose = *purpose.ok_or(PsiError::NotAMessage)?;
        if head[9..16].iter().any(|byte| *byte != 0) {
            return Err(PsiError::NotAMessage);
        }
        let n_items = usize::try_from(u64::from_le_bytes(part(head, 16)));
        if n_items.map(|n| message_len(kind, n)) != Ok(len) {
            return Err(PsiError::Length { len });
        }
        let route = Route {
            sender: part(head, 24),
            recipient: part(head, 56),
        };
        Ok((Self { purpose, route }, body))
    }
}

/// Some bytes of a head.
fn part<const N: usize>(head: &[u8; HEAD], from: usize) -> [u8; N] {
    std::array::from_fn(|i| head[from + i])
}
