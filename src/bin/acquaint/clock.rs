//! The clock, which the library does not read.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use acquaint::consent::latest_believable;
use acquaint::engine::Times;
use acquaint::time::Timestamp;

/// What time it is.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the time comes from"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Where seconds are counted from.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the time comes from"
)]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// The latest moment a row can be from.
pub(crate) fn latest() -> Timestamp {
    latest_believable(now())
}

/// The moments a verb was asked about, and the clock.
pub(crate) fn times(as_of: Option<Timestamp>, known_at: Option<Timestamp>) -> Times {
    Times {
        as_of,
        known_at,
        latest: Some(latest()),
    }
}
