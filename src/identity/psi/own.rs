//! One side of a session.

use std::fmt;

use super::intersect::common;
use super::message::{Head, PointMessage, Route};
use super::points::{Point, assert_points, blind, blind_again};
use super::{MessageKind, PsiError, PsiSecret};
use crate::consent::{About, For, Permitted, Purpose};
use crate::identity::E164;
use crate::ids::AccountId;
use crate::time::Timestamp;

/// A number that an operator holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose number it is, in the operator's own ids.
    pub account: AccountId,
    /// The number.
    pub number: E164,
    /// Since when the operator has it.
    pub collected_at: Timestamp,
}

impl About for Held {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    fn collected_at(&self) -> Timestamp {
        self.collected_at
    }
}

/// What was permitted, but is in no message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// The same number of the same account again.
    pub repeated: usize,
    /// A number that several accounts hold: which of them is meant, nobody can say.
    pub ambiguous: usize,
}

/// One side of a session after the first step: its blinded set, and whose numbers those are.
///
/// `Debug` shows how many there are.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnSide {
    message: Vec<u8>,
    /// In the order of the points.
    ids: Vec<AccountId>,
    dropped: Dropped,
}

impl OwnSide {
    /// Step 1: the blinded set, sorted by the encoded points.
    ///
    /// The same secret and records give the same bytes, in whatever order the records come and for any number of
    /// threads.
    ///
    /// # Complexity
    /// One multiplication on the curve a number, parallel; O(n log n) for sorting.
    #[must_use]
    pub fn blind<P: For>(secret: &PsiSecret, records: &[Permitted<Held, P>]) -> Self {
        let (held, dropped) = one_each(records);
        let numbers: Vec<E164> = held.iter().map(|(number, _)| *number).collect();
        let mut blinded: Vec<(Point, AccountId)> = blind(secret, &numbers)
            .into_iter()
            .zip(held.iter().map(|(_, account)| *account))
            .collect();
        blinded.sort_unstable();
        let (points, ids): (Vec<Point>, Vec<AccountId>) = blinded.into_iter().unzip();
        let message = PointMessage {
            purpose: P::PURPOSE,
            route: Route::to_anybody(secret.nonce()),
            points: &points,
        };
        Self {
            message: message.write(MessageKind::Blinded),
            ids,
            dropped,
        }
    }

    /// A side as it was after step 1, from the message it sent and the ids in the order of its points.
    ///
    /// # Errors
    /// If the message is no blinded set, or the ids are more or fewer than its points.
    pub fn resume(message: Vec<u8>, ids: Vec<AccountId>) -> Result<Self, PsiError> {
        let expected = PointMessage::blinded(&message)?.points.len();
        if ids.len() != expected {
            return Err(PsiError::Count {
                expected,
                found: ids.len(),
            });
        }
        Ok(Self {
            message,
            ids,
            dropped: Dropped::default(),
        })
    }

    /// Message 1, for the other side.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Whose numbers the points of message 1 are, in their order.
    #[must_use]
    pub fn ids(&self) -> &[AccountId] {
        &self.ids
    }

    /// What was permitted, but is not in the message.
    #[must_use]
    pub const fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// Step 2: answers the other side's message 1 with message 2, its points blinded twice, in their order.
    ///
    /// # Errors
    /// If the message is not a blinded set of points for the same purpose, or holds points of our own.
    ///
    /// # Complexity
    /// One multiplication on the curve a point, parallel.
    pub fn reply(&self, secret: &PsiSecret, peer_blinded: &[u8]) -> Result<Vec<u8>, PsiError> {
        let own = self.own()?;
        let peer = PointMessage::blinded(peer_blinded)?;
        check_purpose(own.purpose, peer.purpose)?;
        if peer.route == own.route || share_a_point(own.points, peer.points) {
            return Err(PsiError::Reflected);
        }
        let reply = PointMessage {
            purpose: own.purpose,
            route: Route {
                sender: digest(&self.message),
                recipient: digest(peer_blinded),
            },
            points: &blind_again(secret, peer.points)?,
        };
        Ok(reply.write(MessageKind::Reply))
    }

    /// Step 3: finds the common numbers from the two messages 2, and makes message 3 of our ids of those, and of no
    /// others.
    ///
    /// # Errors
    /// If a message is no reply, or the other side's does not answer ours.
    ///
    /// # Complexity
    /// O(n log n) for n points of both sides.
    pub fn share(&self, own_reply: &[u8], peer_reply: &[u8]) -> Result<Vec<u8>, PsiError> {
        let purpose = self.own()?.purpose;
        let (ours, theirs) = (
            PointMessage::reply(own_reply)?,
            PointMessage::reply(peer_reply)?,
        );
        check_purpose(purpose, ours.purpose)?;
        check_purpose(purpose, theirs.purpose)?;
        if theirs.route != ours.route.back() || ours.route.sender != digest(&self.message) {
            return Err(PsiError::WrongSession);
        }
        if theirs.points.len() != self.ids.len() {
            return Err(PsiError::Count {
                expected: self.ids.len(),
                found: theirs.points.len(),
            });
        }
        let head = Head {
            purpose,
            route: ours.route,
        };
        let found = common(theirs.points, ours.points)?;
        Ok(found.message(head, &self.ids))
    }

    fn own(&self) -> Result<PointMessage<'_>, PsiError> {
        PointMessage::blinded(&self.message)
    }
}

/// Message 1 of a side that holds nothing: it says what the purpose is.
#[must_use]
pub fn empty_set(purpose: Purpose) -> Vec<u8> {
    let message = PointMessage {
        purpose,
        route: Route::to_anybody([0; 32]),
        points: &[],
    };
    message.write(MessageKind::Blinded)
}

/// Can message 1 of another side be answered for a purpose? Whoever counts answers asks before anything is computed for it.
///
/// # Errors
/// If it is no blinded set of points for that purpose, or an empty one.
///
/// # Complexity
/// About a tenth of [`OwnSide::reply`].
pub fn assert_answerable(purpose: Purpose, peer_blinded: &[u8]) -> Result<(), PsiError> {
    let peer = PointMessage::blinded(peer_blinded)?;
    check_purpose(purpose, peer.purpose)?;
    if peer.points.is_empty() {
        return Err(PsiError::Empty);
    }
    assert_points(peer.points)
}

impl fmt::Debug for OwnSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnSide")
            .field("len", &self.ids.len())
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

/// Each number that one account holds, ascending.
fn one_each<P: For>(records: &[Permitted<Held, P>]) -> (Vec<(E164, AccountId)>, Dropped) {
    let mut held: Vec<(E164, AccountId)> = records
        .iter()
        .map(|record| (record.get().number, record.get().account))
        .collect();
    held.sort_unstable();
    held.dedup();
    let repeated = records.len() - held.len();
    let kept: Vec<_> = held
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|holders| holders.len() == 1)
        .flatten()
        .copied()
        .collect();
    let dropped = Dropped {
        repeated,
        ambiguous: held.len() - kept.len(),
    };
    (kept, dropped)
}

fn check_purpose(own: Purpose, peer: Purpose) -> Result<(), PsiError> {
    if own == peer {
        Ok(())
    } else {
        Err(PsiError::Purpose { own })
    }
}

/// Have two ascending lists a point in common?
fn share_a_point(a: &[Point], b: &[Point]) -> bool {
    let (fewer, more) = if a.len() < b.len() { (a, b) } else { (b, a) };
    fewer.iter().any(|point| more.binary_search(point).is_ok())
}

fn digest(message: &[u8]) -> [u8; 32] {
    blake3::derive_key(
        "acquaint 2016-08-25 private set intersection: blinded set",
        message,
    )
}
