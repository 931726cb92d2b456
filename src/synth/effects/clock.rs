//! The hour and the day by the clock of a region.

use std::f64::consts::TAU;

use crate::synth::numbers::PLANS;
use crate::time::Timestamp;

const MINUTE_SECS: i64 = 60;
const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;

/// Minutes that clocks of a region are ahead of UTC: standard time, in the zone where most people live.
fn minutes_ahead(region: &str) -> i64 {
    match region {
        "US" => -300,
        "IN" => 330,
        "BR" => -180,
        "DE" | "IT" => 60,
        _ => 0,
    }
}

/// The term of time: evenings, and weekends.
pub(super) fn time(plan: u8, at: Timestamp) -> f64 {
    let ahead = minutes_ahead(PLANS[usize::from(plan)].region) * MINUTE_SECS;
    let local = at.micros().div_euclid(1_000_000) + ahead;
    let hour = local.rem_euclid(DAY_SECS) / HOUR_SECS;
    // The first of January 1970 was a Thursday, the third day after Monday.
    let weekday = (local.div_euclid(DAY_SECS) + 3).rem_euclid(7);
    let weekend = if weekday >= 5 { 0.5 } else { 0.0 };
    (TAU * (hour - 20) as f64 / 24.0).cos() + weekend
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_region(region: &str, at: &str) -> f64 {
        let plan = PLANS.iter().position(|plan| plan.region == region).unwrap();
        time(u8::try_from(plan).unwrap(), Timestamp::parse(at).unwrap())
    }

    /// 2016-11-13 was a Sunday.
    #[test]
    fn evenings_and_weekends_are_those_of_the_region() {
        for (region, at, expected) in [
            ("GB", "2016-11-14T20:59:59Z", 1.0),
            ("GB", "2016-11-14T08:00:00Z", -1.0),
            ("GB", "2016-11-13T20:00:00Z", 1.5),
            ("IN", "2016-11-13T18:30:00Z", 0.5f64),
            ("US", "2016-11-14T01:00:00Z", 1.5),
            ("DE", "2016-11-12T19:00:00Z", 1.5),
        ] {
            let expected = if region == "IN" {
                // Midnight on Monday in Delhi.
                (TAU * -20.0 / 24.0).cos()
            } else {
                expected
            };
            assert!(
                (in_region(region, at) - expected).abs() < 1e-12,
                "{region} {at}"
            );
        }
    }
}
