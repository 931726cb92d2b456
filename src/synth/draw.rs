//! Seeded draws. Every topic has its own stream, so that one table never disturbs another.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::time::{DAY_MICROS, Timestamp};

/// The random numbers of all topics: portable between machines and versions.
pub(super) type Stream = Xoshiro256PlusPlus;

/// What a stream of random numbers is for.
#[derive(Clone, Copy)]
#[repr(u64)]
pub(super) enum Topic {
    People = 1,
    Ties,
    Accounts,
    Recycling,
    Spammers,
    Usage,
    SocialAccounts,
    Friendships,
    Feedback,
    Books,
    Reports,
    Consent,
    Ads,
    Impressions,
    Businesses,
    BusinessAccounts,
    Threads,
    OptIns,
    Records,
    AdPolicy,
    Lists,
    AdFeedback,
    Claimants,
    DeviceEffect,
    UsageEffect,
    HistoryEffect,
    FriendsEffect,
    Attackers,
    AttackersConsent,
    Witnesses,
}

/// The stream of one topic in the world of one seed.
pub(super) fn stream(seed: u64, topic: Topic) -> Stream {
    // An odd multiplier keeps different topics of one seed apart; seeding then mixes all bits.
    Stream::seed_from_u64(seed ^ (topic as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The stream of one topic and one person: it is the same in whatever order people are looked at.
pub(super) fn stream_of(seed: u64, topic: Topic, person: u32) -> Stream {
    let topic = (topic as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let person = u64::from(person).wrapping_mul(0xD134_2543_DE82_EF95);
    Stream::seed_from_u64(seed ^ topic.wrapping_add(person))
}

/// A number in [0, 1).
pub(super) fn unit(rng: &mut Stream) -> f64 {
    rng.gen_range(0.0..1.0)
}

/// True with probability `p`.
pub(super) fn chance(rng: &mut Stream, p: f64) -> bool {
    unit(rng) < p
}

/// One of several things, none of them preferred.
pub(super) fn pick<'a, T>(rng: &mut Stream, things: &'a [T]) -> &'a T {
    &things[rng.gen_range(0..things.len())]
}

/// The position of one of several weights, in proportion to them.
pub(super) fn weighted(rng: &mut Stream, weights: &[f64]) -> usize {
    let mut left = unit(rng) * weights.iter().sum::<f64>();
    for (i, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return i;
        }
    }
    weights.len() - 1
}

/// An instant in `[from, until)` in whole seconds after `from`; `from` itself if that is empty.
pub(super) fn between(rng: &mut Stream, from: Timestamp, until: Timestamp) -> Timestamp {
    let secs = (until.micros() - from.micros()) / 1_000_000;
    let secs = if secs > 0 { rng.gen_range(0..secs) } else { 0 };
    Timestamp::from_micros(from.micros() + secs * 1_000_000)
}

/// An instant some days after another, each second in `[0, days)` days as likely as the next.
pub(super) fn within_days(rng: &mut Stream, from: Timestamp, days: i64) -> Timestamp {
    between(
        rng,
        from,
        Timestamp::from_micros(from.micros() + days * DAY_MICROS),
    )
}

/// A heavy-tailed count: Pareto with scale `min` and exponent `shape`, cut off at `max`.
pub(super) fn heavy_tailed(rng: &mut Stream, min: f64, shape: f64, max: usize) -> usize {
    let u = 1.0 - unit(rng);
    whole(min * u.powf(-1.0 / shape)).min(max)
}

/// A count with a given mean: the whole part, and one more with the probability of the rest.
pub(super) fn about(rng: &mut Stream, mean: f64) -> usize {
    let spread = mean * (0.5 + unit(rng));
    whole(spread.floor()) + usize::from(chance(rng, spread.fract()))
}

/// A standard normal deviate, by Box and Muller (1958), one of the pair.
pub(super) fn normal(rng: &mut Stream) -> f64 {
    let radius = (-2.0 * (1.0 - unit(rng)).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(rng)).cos()
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float casts saturate, and NaN becomes 0"
)]
pub(super) fn whole(value: f64) -> usize {
    value as usize
}

/// A position as 32 bits: worlds are bounded by [`super::SynthParams::users`], far below that.
pub(super) fn index(i: usize) -> u32 {
    u32::try_from(i).expect("a world has fewer than 2^32 of anything")
}

/// The `i`-th id of a kind: unique, but neither dense nor sequential.
///
/// Multiplying by an odd number permutes the numbers below 2^40; ids stay exact in JSON.
pub(super) fn spread_id(seed: u64, kind: u64, i: usize) -> u64 {
    const BITS: u64 = (1 << 40) - 1;
    let start = seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ kind.wrapping_mul(0xA24B_AED4_963E_E407);
    let spread = (i as u64)
        .wrapping_add(start)
        .wrapping_mul(0x00A5_9BC3_7D6F)
        & BITS;
    // Zero would be a legal id, but no service hands it out.
    if spread == 0 { BITS + 1 } else { spread }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_not_sequential() {
        let mut ids: Vec<u64> = (0..10_000).map(|i| spread_id(7, 1, i)).collect();
        assert!(ids.windows(2).any(|w| w[0] > w[1]));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn means_are_what_they_say() {
        let mut rng = stream(1, Topic::People);
        let n = 20_000;
        let mean = (0..n).map(|_| about(&mut rng, 2.3)).sum::<usize>() as f64 / f64::from(n);
        assert!((mean - 2.3).abs() < 0.05, "{mean}");
        let normals: Vec<f64> = (0..n).map(|_| normal(&mut rng)).collect();
        let variance = normals.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
        let second = (0..n)
            .filter(|_| weighted(&mut rng, &[1.0, 3.0]) == 1)
            .count();
        assert!((0.73..0.77).contains(&(second as f64 / f64::from(n))));
    }

    #[test]
    fn empty_intervals_give_their_start() {
        let at = Timestamp::from_secs(5);
        assert_eq!(between(&mut stream(1, Topic::Ties), at, at), at);
    }
}
