//! What every event is held to, wherever it comes from: which acts take something away, and which times cannot be.

use super::event::EventKind;
use super::level::AdLevel;
use crate::time::Timestamp;

/// How much later than it became known an event may be said to happen, for clocks that go wrong: five minutes.
const SKEW_MICROS: i64 = 300 * 1_000_000;

/// A time of an event that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TimeFault {
    /// It is said to happen more than five minutes after it became known.
    AfterKnown,
    /// It is said to have become known later than the caller's bound.
    FromTheFuture,
}

/// Holds the times of an event to the rules; `latest` is the moment after which nothing can have become known yet.
///
/// # Errors
/// The first rule that is broken.
pub fn check_times(
    valid: Timestamp,
    known: Timestamp,
    latest: Option<Timestamp>,
) -> Result<(), TimeFault> {
    if latest.is_some_and(|latest| known > latest) {
        return Err(TimeFault::FromTheFuture);
    }
    if valid.micros() > known.micros().saturating_add(SKEW_MICROS) {
        return Err(TimeFault::AfterKnown);
    }
    Ok(())
}

/// The latest moment that a caller whose clock says `now` can believe in: clocks may differ by five minutes.
#[must_use]
pub const fn latest_believable(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(SKEW_MICROS))
}

impl EventKind {
    /// Does it take something away? Such an event fails closed: it is honoured, or whoever it is about is denied.
    #[must_use]
    pub const fn takes_away(&self) -> bool {
        match self {
            Self::OptOut
            | Self::Withdraw { .. }
            | Self::Signal
            | Self::Accept { share: false }
            | Self::Recycled
            | Self::Delete
            | Self::NonUserObjects
            | Self::GrantAds {
                level: AdLevel::Limited,
                ..
            } => true,
            Self::NoticeServed { .. }
            | Self::Defer
            | Self::Accept { share: true }
            | Self::Register
            | Self::Grant { .. }
            | Self::GrantAds {
                level: AdLevel::Full,
                ..
            }
            | Self::NumberChange
            | Self::NonUserJoins => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn the_five_minutes_include_their_last_instant() {
        let skew = Timestamp::from_micros;
        for (valid, known, expected) in [
            (at(0), at(0), Ok(())),
            (at(300), at(0), Ok(())),
            (skew(300_000_001), at(0), Err(TimeFault::AfterKnown)),
            (at(-1_000_000), at(0), Ok(())),
            (Timestamp::MAX, at(0), Err(TimeFault::AfterKnown)),
            (Timestamp::MAX, Timestamp::MAX, Ok(())),
            (Timestamp::MIN, Timestamp::MIN, Ok(())),
        ] {
            assert_eq!(
                check_times(valid, known, None),
                expected,
                "{valid} and {known}"
            );
        }
    }

    #[test]
    fn deny_what_became_known_after_the_bound() {
        let future = Err(TimeFault::FromTheFuture);
        assert_eq!(check_times(at(0), at(10), Some(at(10))), Ok(()));
        assert_eq!(check_times(at(0), at(11), Some(at(10))), future);
        assert_eq!(check_times(at(9999), at(11), Some(at(10))), future);
        assert_eq!(latest_believable(at(10)), at(310));
        assert_eq!(latest_believable(Timestamp::MAX), Timestamp::MAX);
    }
}
