//! Which numbers are common, and the pairs of ids at the end.

use rayon::prelude::*;

use super::message::{Head, IdMessage};
use super::points::Point;
use super::{MessageKind, PsiError};
use crate::ids::AccountId;

/// The common points, ascending.
pub(super) struct Common {
    digest: [u8; 32],
    /// Where each stands on our side.
    places: Vec<usize>,
}

/// The doubly blinded points that both lists hold; `own` is in the order of our ids.
pub(super) fn common(own: &[Point], peer: &[Point]) -> Result<Common, PsiError> {
    let own = sorted(own)?;
    let peer = sorted(peer)?;
    let mut rest = peer.iter().peekable();
    let mut hasher =
        blake3::Hasher::new_derive_key("acquaint 2016-08-25 private set intersection: common");
    let mut places = Vec::new();
    for (point, place) in own {
        while rest.next_if(|(theirs, _)| *theirs < point).is_some() {}
        if rest.next_if(|(theirs, _)| *theirs == point).is_some() {
            hasher.update(point);
            places.push(place);
        }
    }
    Ok(Common {
        digest: *hasher.finalize().as_bytes(),
        places,
    })
}

fn sorted(points: &[Point]) -> Result<Vec<(&Point, usize)>, PsiError> {
    let mut sorted: Vec<(&Point, usize)> = points
        .iter()
        .enumerate()
        .map(|(place, point)| (point, place))
        .collect();
    sorted.par_sort_unstable();
    if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(PsiError::Repeated);
    }
    Ok(sorted)
}

impl Common {
    /// Message 3: our ids of the common numbers, in the order of the points.
    pub(super) fn message(&self, head: Head, ids: &[AccountId]) -> Vec<u8> {
        let mut bytes = head.write(MessageKind::Ids, self.places.len());
        bytes.extend_from_slice(&self.digest);
        for place in &self.places {
            bytes.extend_from_slice(&ids[*place].0.to_le_bytes());
        }
        bytes
    }
}

/// Step 4: the pairs of ids that hold one number, ours first, ascending, from our message 3 and the other side's.
///
/// # Errors
/// If a message is not of ids, the two are not of one session, or the two sides found different intersections.
///
/// # Complexity
/// O(k log k) for k common numbers.
pub fn pairs(own: &[u8], peer: &[u8]) -> Result<Vec<(AccountId, AccountId)>, PsiError> {
    let (own, peer) = (IdMessage::read(own)?, IdMessage::read(peer)?);
    if own.head.purpose != peer.head.purpose {
        return Err(PsiError::Purpose {
            own: own.head.purpose,
        });
    }
    if peer.head.route != own.head.route.back() {
        return Err(PsiError::WrongSession);
    }
    if own.common != peer.common || own.ids().len() != peer.ids().len() {
        return Err(PsiError::DifferentIntersections);
    }
    let mut pairs: Vec<_> = own.ids().zip(peer.ids()).collect();
    pairs.sort_unstable();
    Ok(pairs)
}
