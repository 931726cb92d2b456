//! Probabilities of the caller's own, ranked under the guard.

use std::collections::BTreeMap;

use super::auction::value;
use super::policy::Guard;
use super::profile::UserProfile;
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashSet;
use crate::ids::{AdId, AdvertiserId};
use crate::signals::Ad;

/// The first `k` of the ads for which a caller says how probable a click is, by what an impression is worth, best first; of equal
/// values the smaller id is first.
///
/// An ad that the guard keeps from the person is left out, and so are those beyond what an advertiser may have of one list. Of several
/// probabilities of one ad that with the highest value counts.
///
/// # Complexity
/// O(n log n) for n ads.
pub(crate) fn rank_own<'a>(
    profile: &Permitted<UserProfile, AdRelevance>,
    given: impl Iterator<Item = (&'a Ad, f64)>,
    guard: &Guard,
    k: usize,
) -> Vec<(AdId, f64)> {
    let profile = profile.get();
    let allowed = given.filter(|(ad, _)| guard.eligibility(profile, ad).is_ok());
    let mut valued: Vec<(f64, &Ad)> = allowed.map(|(ad, p)| (value(ad, p), ad)).collect();
    valued.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.ad_id.cmp(&y.ad_id)));
    let mut listed = HashSet::default();
    let mut room = Room::of(profile, guard);
    let fits = |&(_, ad): &(f64, &Ad)| listed.insert(ad.ad_id) && room.take(ad.advertiser_id);
    let kept = valued.into_iter().filter(fits).take(k);
    kept.map(|(value, ad)| (ad.ad_id, value)).collect()
}

/// How many ads of each advertiser still fit into a list.
struct Room {
    left: BTreeMap<AdvertiserId, usize>,
    /// Of an advertiser that was not seen.
    at_first: usize,
}

impl Room {
    fn of(profile: &UserProfile, guard: &Guard) -> Self {
        let limit = guard.policy().per_advertiser();
        let own = guard.restrictions(profile.user).into_iter();
        let left = own.flat_map(super::policy::restrictions::Restrictions::left);
        Self {
            left: left.map(|(id, left)| (id, left as usize)).collect(),
            at_first: limit.map_or(usize::MAX, |limit| limit as usize),
        }
    }

    fn take(&mut self, advertiser: AdvertiserId) -> bool {
        let left = self.left.entry(advertiser).or_insert(self.at_first);
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    }
}
