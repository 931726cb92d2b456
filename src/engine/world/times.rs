//! Which moment a run speaks of, whose knowledge counts, and what cannot be known yet.

use crate::time::Timestamp;

/// The moments a caller gives; none of them is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// The moment to speak of; by default the newest the signals know, consent aside.
    pub as_of: Option<Timestamp>,
    /// Whose knowledge counts; `as_of` by default.
    pub known_at: Option<Timestamp>,
    /// The caller's clock and what it may be wrong by ([`latest_believable`](crate::consent::latest_believable)). Rows
    /// from later are rejected, and what they take away is taken away all the same. The library reads no clock: by
    /// default every date is believed.
    pub latest: Option<Timestamp>,
}

impl Times {
    /// A moment to speak of, with its knowledge; every date is believed.
    #[must_use]
    pub const fn at(as_of: Timestamp) -> Self {
        Self {
            as_of: Some(as_of),
            known_at: None,
            latest: None,
        }
    }

    /// The moment after which no row can be from. Whoever names a later moment believes in it.
    pub(in crate::engine) fn bound(&self, published_known: Option<Timestamp>) -> Option<Timestamp> {
        let named = [self.as_of, self.known_at, published_known];
        let named = named.into_iter().flatten().max();
        self.latest
            .map(|latest| named.map_or(latest, |at| at.max(latest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_moment_is_believed() {
        let at = |secs| Some(Timestamp::from_secs(secs));
        let bound = |as_of, known_at, latest, published| {
            let times = Times {
                as_of,
                known_at,
                latest,
            };
            times.bound(published)
        };
        assert_eq!(bound(at(1), at(2), None, at(3)), None);
        assert_eq!(bound(None, None, at(5), None), at(5));
        assert_eq!(bound(at(1), None, at(5), None), at(5));
        assert_eq!(bound(at(9), None, at(5), None), at(9));
        assert_eq!(bound(at(1), at(8), at(5), at(7)), at(8));
        assert_eq!(bound(at(1), None, at(5), at(7)), at(7));
    }
}
