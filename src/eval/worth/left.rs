//! Opt-outs in steps, and those who stay.

use serde::Serialize;

use super::Change;
use crate::eval::ConfidenceInterval;
use crate::eval::friends::mix;
use crate::hash::unit;

/// Salt of who opts out when.
const SALT: u64 = 0x0077_0FF5;
/// Shares of people who opt out, in parts of a hundred.
const SHARES: [u32; 7] = [0, 15, 30, 45, 60, 75, 90];

/// How good it is for those who stay when others opt out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Left {
    /// The share of people who opted out, of all.
    pub opted_out: f64,
    /// MAP@10, where a hidden friend who left counts as missed, or the log loss an impression, of those who never opt out.
    pub figure: ConfidenceInterval,
    /// Beside what the same people get when nobody opts out. None at 0.
    pub change: Option<Change>,
    /// Of suggestions, the same of the hidden friends who are still there. None at 0, of ads, and where nobody who stays has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still_there: Option<StillThere>,
}

/// How good suggestions are at finding the hidden friends who are still there: those who left are not looked for, with or without
/// the opt-outs of others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StillThere {
    /// People who stay and have such a friend.
    pub people: u64,
    /// Hidden friends of those who stay who are still there.
    pub friends: u64,
    /// Hidden friends of those who stay who left.
    pub friends_gone: u64,
    /// MAP@10 where nobody opts out, of the same people and friends.
    pub before: ConfidenceInterval,
    /// MAP@10 at this share.
    pub figure: ConfidenceInterval,
    /// From one to the other, person by person.
    pub change: Change,
}

/// When somebody opts out, in [0, 1).
fn turn(person: u64) -> f64 {
    unit(mix(person ^ SALT))
}

/// Does somebody never opt out?
pub(super) fn stays(person: u64) -> bool {
    turn(person) >= 0.9
}

/// Those who never opt out.
pub(super) struct Stay {
    /// Their figure at every share.
    pub(super) left: Vec<Left>,
    /// How many they are.
    pub(super) people: u64,
}

impl Stay {
    /// Nobody who stays can be measured.
    pub(super) const fn nobody() -> Self {
        Self {
            left: Vec::new(),
            people: 0,
        }
    }
}

/// A share of people who opt out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share(f64);

impl Share {
    pub(super) const NOBODY: Self = Self(0.0);

    pub(super) const fn opted_out(self) -> f64 {
        self.0
    }

    /// Is somebody still there?
    pub(super) fn is_in(self, person: u64) -> bool {
        turn(person) >= self.0
    }
}

/// The figure of those who stay at every share, up to the first that cannot be had.
pub(super) fn by_share<E>(of: impl FnMut(Share) -> Result<Left, E>) -> Result<Vec<Left>, E> {
    let shares = SHARES.map(|share| Share(f64::from(share) / 100.0));
    shares.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_measured_after_a_failure() {
        let mut asked = 0;
        let found = by_share(|share| {
            asked += 1;
            let left = Left {
                opted_out: share.opted_out(),
                figure: ConfidenceInterval::default(),
                change: None,
                still_there: None,
            };
            if asked < 3 { Ok(left) } else { Err("no more") }
        });
        assert_eq!((found, asked), (Err("no more"), 3));
    }

    #[test]
    fn who_stays_is_there_at_every_share() {
        for person in 0..1_000 {
            let mut was_in = true;
            by_share::<()>(|share| {
                let is_in = share.is_in(person);
                assert!(was_in || !is_in, "nobody comes back");
                assert!(is_in || !stays(person));
                was_in = is_in;
                Err(()).or(Ok(Left {
                    opted_out: share.opted_out(),
                    figure: ConfidenceInterval::default(),
                    change: None,
                    still_there: None,
                }))
            })
            .unwrap();
        }
    }
}
