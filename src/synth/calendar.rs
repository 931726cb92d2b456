//! When things happen in a synthetic world: the summer and autumn of 2016.

use crate::time::Timestamp;

/// The first accounts: 2010-06-01.
pub(super) const STARTED: Timestamp = Timestamp::from_secs(1_275_350_400);
/// New terms are announced: 2016-08-25. Accounts registered from here on never have the toggle.
pub(super) const ANNOUNCED: Timestamp = Timestamp::from_secs(1_472_083_200);
/// The last moment to accept: 2016-09-25.
pub(super) const ACCEPT_BY: Timestamp = Timestamp::from_secs(1_474_761_600);
/// A regulator in Hamburg forbids the exchange: 2016-09-27.
pub(super) const GERMAN_ORDER: Timestamp = Timestamp::from_secs(1_474_934_400);
/// The exchange pauses in the United Kingdom: 2016-11-08.
pub(super) const BRITISH_PAUSE: Timestamp = Timestamp::from_secs(1_478_563_200);
/// A court in Delhi spares only data collected from 2016-09-25 on; it decided on 2016-09-23.
pub(super) const INDIAN_ORDER: Timestamp = Timestamp::from_secs(1_474_588_800);
/// The moment a world is about: 2016-11-15.
pub(super) const AS_OF: Timestamp = Timestamp::from_secs(1_479_168_000);
/// Days in which one can still opt out after accepting.
pub(super) const WINDOW_DAYS: u32 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_the_dates_they_say() {
        for (at, date) in [
            (STARTED, "2010-06-01"),
            (ANNOUNCED, "2016-08-25"),
            (ACCEPT_BY, "2016-09-25"),
            (GERMAN_ORDER, "2016-09-27"),
            (BRITISH_PAUSE, "2016-11-08"),
            (INDIAN_ORDER, "2016-09-23"),
            (AS_OF, "2016-11-15"),
        ] {
            assert_eq!(at.to_string(), format!("{date}T00:00:00Z"));
        }
    }
}
