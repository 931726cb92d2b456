//! Lengths of time.

use crate::time::Timestamp;

/// A length of time, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span(i64);

impl Span {
    const HOUR: i64 = 3_600 * 1_000_000;

    pub(super) const fn hours(hours: u32) -> Self {
        Self(hours as i64 * Self::HOUR)
    }

    /// Days of 86,400 s.
    pub(super) const fn days(days: u32) -> Self {
        Self(days as i64 * 24 * Self::HOUR)
    }

    /// How long it is.
    pub(super) const fn micros(self) -> u64 {
        self.0.unsigned_abs()
    }

    /// The end of it, if it begins at an instant.
    pub(super) const fn after(self, at: Timestamp) -> Timestamp {
        Timestamp::from_micros(at.micros().saturating_add(self.0))
    }

    /// The beginning of it, if it ends at an instant.
    pub(super) const fn before(self, at: Timestamp) -> Timestamp {
        Timestamp::from_micros(at.micros().saturating_sub(self.0))
    }

    /// Is something in the moving window that ends at an instant? What is exactly as old as the window is no longer in it.
    pub(super) fn holds(self, at: Timestamp, until: Timestamp) -> bool {
        self.before(until) < at && at <= until
    }
}
