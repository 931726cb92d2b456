//! How somebody uses the messenger: sessions, groups, version, and when they were last there.

use rand::Rng;

use crate::signals::MessengerAccount;
use crate::synth::calendar::AS_OF;
use crate::synth::draw::{Stream, Topic, about, stream_of, within_days};
use crate::time::{DAY_MICROS, Timestamp};

/// What the effects of usage and recency look at.
#[derive(Clone, Copy)]
pub(super) struct Habits {
    sessions: f64,
    groups: f64,
    build: f64,
    last_seen_at: Timestamp,
}

impl Habits {
    /// As the row of an account says; what it does not say, and everything of who has none, is drawn from the person's own
    /// stream.
    pub(super) fn of(seed: u64, person: u32, row: Option<&MessengerAccount>) -> Self {
        let mut rng = stream_of(seed, Topic::UsageEffect, person);
        let unseen = Self::draw(&mut rng);
        let Some(row) = row else { return unseen };
        Self {
            sessions: row.sessions_30d.map_or(unseen.sessions, f64::from),
            groups: row.groups.map_or(unseen.groups, f64::from),
            build: row
                .app_version
                .as_deref()
                .and_then(build)
                .unwrap_or(unseen.build),
            last_seen_at: row.last_seen_at,
        }
    }

    /// In the same way as tables are filled.
    fn draw(rng: &mut Stream) -> Self {
        Self {
            sessions: about(rng, 60.0) as f64,
            groups: about(rng, 6.0) as f64,
            build: f64::from(rng.gen_range(200..340)),
            last_seen_at: within_days(rng, AS_OF.plus_days(-4), 4),
        }
    }

    /// The term of usage.
    pub(super) fn usage(&self) -> f64 {
        0.7 * (self.sessions - 60.0) / 17.3
            + 0.5 * (self.groups - 6.0) / 1.75
            + 0.5 * (self.build - 269.5) / 40.4
    }

    /// The term of recency.
    pub(super) fn recency(&self) -> f64 {
        let micros = AS_OF.micros() - self.last_seen_at.micros();
        let days = micros.max(0) as f64 / DAY_MICROS as f64;
        2.0 * (-days).exp2() - 1.0
    }
}

/// The last part of a version such as `2.16.300`.
fn build(version: &str) -> Option<f64> {
    version.rsplit('.').next()?.parse().ok()
}
