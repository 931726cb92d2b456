//! What people like: each their own, and what they have in common with those they know.

use rayon::prelude::*;

use super::N_CATEGORIES;
use crate::synth::draw::{Topic, index, normal, stream_of};
use crate::synth::people::{Closeness, Neighbours, Society};

/// How often people take over half of what those they know like.
const ROUNDS: usize = 3;

/// A liking for each category.
pub(super) type Taste = [f32; N_CATEGORIES];

/// What is somebody's own.
pub(super) struct Own {
    /// How ready they are to click on anything.
    pub(super) readiness: f64,
    /// What they like.
    pub(super) taste: [f64; N_CATEGORIES],
}

impl Own {
    /// Drawn from the person's own stream.
    pub(super) fn draw(seed: u64, person: u32) -> Self {
        let mut rng = stream_of(seed, Topic::HistoryEffect, person);
        Self {
            readiness: normal(&mut rng),
            taste: std::array::from_fn(|_| normal(&mut rng)),
        }
    }
}

/// What each person has in common with those they know.
///
/// # Complexity
/// O(people + ties) time and space.
pub(super) fn in_common(seed: u64, society: &Society) -> Vec<Taste> {
    let n = society.people.len();
    let near = Neighbours::of(n, &society.ties);
    let mut tastes: Vec<Taste> = (0..index(n))
        .into_par_iter()
        .map(|person| first(seed, person))
        .collect();
    for _ in 0..ROUNDS {
        tastes = (0..index(n))
            .into_par_iter()
            .map(|person| mixed(person, &near, &tastes))
            .collect();
    }
    tastes.par_iter_mut().for_each(standardise);
    tastes
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a taste is known to seven digits, at half the memory"
)]
fn first(seed: u64, person: u32) -> Taste {
    let mut rng = stream_of(seed, Topic::FriendsEffect, person);
    std::array::from_fn(|_| normal(&mut rng) as f32)
}

/// Half of a person's taste, and half of the mean of those they know; closer people count more.
fn mixed(person: u32, near: &Neighbours, tastes: &[Taste]) -> Taste {
    let own = tastes[person as usize];
    let (mut sum, mut all) = ([0.0f32; N_CATEGORIES], 0.0f32);
    for &(other, closeness) in near.row(person) {
        let weight = weight(closeness);
        all += weight;
        for (sum, liked) in sum.iter_mut().zip(&tastes[other as usize]) {
            *sum += weight * liked;
        }
    }
    if all == 0.0 {
        return own;
    }
    std::array::from_fn(|c| 0.5 * own[c] + 0.5 * sum[c] / all)
}

fn weight(closeness: Closeness) -> f32 {
    match closeness {
        Closeness::Family => 4.0,
        Closeness::Circle => 2.0,
        Closeness::Acquaintance => 1.0,
    }
}

/// Brings a taste to mean 0 and standard deviation 1: without it, who knows many would like nothing much.
fn standardise(taste: &mut Taste) {
    let n = N_CATEGORIES as f32;
    let mean = taste.iter().sum::<f32>() / n;
    *taste = taste.map(|liked| liked - mean);
    let deviation = (taste.iter().map(|liked| liked * liked).sum::<f32>() / n).sqrt();
    *taste = taste.map(|liked| liked / deviation);
}
