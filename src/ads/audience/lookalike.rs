//! Look-alikes: people whose attributes are like those of the people on a list.
//!
//! Everybody gets the sum, over the values of their attributes, of how much likelier a value is on the list than among all:
//!
//! ```text
//! w(v) = ln( ((s_v + α·n_v/N) / (S + α)) / (n_v/N) ),   α = 10
//! ```
//!
//! for `s_v` of `S` people on the list and `n_v` of all `N` with value `v`: a naive Bayes score without its constant. It
//! needs one pass and no iteration, has one optimum and says which values decided; k-means segments of the same one-hot
//! attributes would add a number of clusters, a seed and borders through the middle of crowds.
//!
//! Weights are rounded to 16 binary places and summed as integers. A value that fewer than a fiftieth of `audience_min`
//! people of the list have counts as if it were as rare there as that, or as among all: nobody's rare attribute makes it.
//! Whoever is on the list is ranked like anybody else, so that being left out says nothing about being on it.

use crate::ads::features::{UserValue, user_values};
use crate::ads::profile::UserProfile;
use crate::hash::{HashMap, HashSet};
use crate::ids::UserId;

/// How strongly a value's share on the list is drawn to that among all, in people.
const SHRINKAGE: f64 = 10.0;

/// The `n` people most like those on a list, ascending by id; ties by id.
///
/// # Complexity
/// O(U·v + U log U) time for U people of v values each.
pub(super) fn alike(
    everybody: &[&UserProfile],
    seeds: &[UserId],
    n: usize,
    value_min: usize,
) -> Vec<UserId> {
    let values: Vec<Vec<UserValue>> = everybody
        .iter()
        .map(|who| user_values(&who.attributes))
        .collect();
    let weights = weights(everybody, &values, seeds, value_min);
    let score = |own: &Vec<UserValue>| -> i64 { own.iter().map(|value| weights[value]).sum() };
    let scored = everybody.iter().zip(&values);
    let mut scored: Vec<(std::cmp::Reverse<i64>, UserId)> = scored
        .map(|(who, own)| (std::cmp::Reverse(score(own)), who.user))
        .collect();
    scored.sort_unstable();
    let mut users: Vec<UserId> = scored.into_iter().take(n).map(|(_, user)| user).collect();
    users.sort_unstable();
    users
}

/// The weight of every value, in 1/65,536.
fn weights<'v>(
    everybody: &[&UserProfile],
    values: &'v [Vec<UserValue>],
    seeds: &[UserId],
    value_min: usize,
) -> HashMap<&'v UserValue, i64> {
    let seeds: HashSet<UserId> = seeds.iter().copied().collect();
    let mut counts: HashMap<&UserValue, (u32, u32)> = HashMap::default();
    for (who, own) in everybody.iter().zip(values) {
        for value in own {
            let (on_list, all) = counts.entry(value).or_default();
            *on_list += u32::from(seeds.contains(&who.user));
            *all += 1;
        }
    }
    let (n_seeds, n_all) = (seeds.len() as f64, everybody.len() as f64);
    let weight = |(on_list, all): (u32, u32)| {
        let share = f64::from(all) / n_all;
        let expected = n_seeds * share;
        let on_list = if on_list as usize >= value_min {
            f64::from(on_list)
        } else {
            expected.min(value_min as f64)
        };
        let on_list = (on_list + SHRINKAGE * share) / (n_seeds + SHRINKAGE);
        fixed((on_list / share).ln())
    };
    counts
        .into_iter()
        .map(|(value, n)| (value, weight(n)))
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a logarithm of counts is far below 2³¹"
)]
fn fixed(weight: f64) -> i64 {
    (weight * 65_536.0).round() as i64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ads::testing::{account, interests};

    /// Everybody likes one thing; those whose id is a multiple of seven like cooking.
    fn everybody(n: u64) -> Vec<UserProfile> {
        let one = |id| {
            let mut account = account(id);
            let likes = if id % 7 == 0 { "cooking" } else { "cars" };
            account.interests = interests(&[likes]);
            UserProfile::new(&account, 2016)
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn whoever_shares_what_the_list_shares_is_alike() {
        let all = everybody(700);
        let all: Vec<&UserProfile> = all.iter().collect();
        let seeds: Vec<UserId> = (0..40).map(|i| UserId(7 * i)).collect();
        let found = alike(&all, &seeds, 100, 2);
        let expected: Vec<UserId> = (0..100).map(|i| UserId(7 * i)).collect();
        assert_eq!(found, expected);
        let mut backwards = all.clone();
        backwards.reverse();
        assert_eq!(alike(&backwards, &seeds, 100, 2), found);
    }

    #[test]
    fn an_attribute_of_few_on_the_list_says_nothing_about_them() {
        let mut all = everybody(700);
        let rare = |of: &mut [UserProfile], ids: &[usize]| {
            for &id in ids {
                Arc::make_mut(&mut of[id].attributes).language = Some("nv".into());
            }
        };
        // One of the list and ten others have a language nobody else has.
        rare(&mut all, &[0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11]);
        let refs: Vec<&UserProfile> = all.iter().collect();
        let seeds: Vec<UserId> = (0..40).map(|i| UserId(7 * i)).collect();
        let values: Vec<_> = refs
            .iter()
            .map(|who| user_values(&who.attributes))
            .collect();
        let weights = weights(&refs, &values, &seeds, 20);
        let nv = values[0].iter().find(|value| value.value == "nv").unwrap();
        assert!(weights[nv] <= 0, "{}", weights[nv]);
    }
}
