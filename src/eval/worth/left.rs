//! Opt-outs in steps, and those who stay.

use super::Left;
use crate::eval::ConfidenceInterval;
use crate::eval::friends::mix;
use crate::hash::unit;

/// Salt of who opts out when.
const SALT: u64 = 0x0077_0FF5;
/// Shares of people who opt out, in parts of a hundred.
const SHARES: [u32; 7] = [0, 15, 30, 45, 60, 75, 90];

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

/// The figure of those who stay at every share; `of` is told who is in.
pub(super) fn by_share(
    mut of: impl FnMut(&dyn Fn(u64) -> bool) -> ConfidenceInterval,
) -> Vec<Left> {
    let left = |share: u32| {
        let opted_out = f64::from(share) / 100.0;
        let figure = of(&|person| turn(person) >= opted_out);
        Left { opted_out, figure }
    };
    SHARES.into_iter().map(left).collect()
}
