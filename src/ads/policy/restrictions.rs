//! Restrictions: what one person hid, and what they have seen often enough.
//!
//! Both are absolute. A showing counts towards a cap of `w` days if it was at most `w` days before the moment of
//! scoring; whoever has seen an advertiser `n` times gets at most `per_advertiser − n` of its ads at once.

use super::ineligible::Ineligible;
use super::params::{Cap, ValidPolicyParams};
use crate::ads::profile::TrainingRow;
use crate::consent::{About, AdRelevance, For, Permitted};
use crate::hash::HashMap;
use crate::ids::{AdId, AdvertiserId, UserId};
use crate::signals::{Ad, AdFeedback, Hidden};
use crate::time::Timestamp;

/// Somebody hid something.
///
/// No order of a regulator makes it too old to be used: it was not collected for ads but against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HiddenAd {
    /// Who.
    pub user: UserId,
    /// What.
    pub hidden: Hidden,
}

impl From<&AdFeedback> for HiddenAd {
    fn from(row: &AdFeedback) -> Self {
        Self {
            user: row.user_id,
            hidden: row.hidden,
        }
    }
}

impl About for HiddenAd {
    type Id = UserId;
    type Ids = [UserId; 1];

    fn about(&self) -> [UserId; 1] {
        [self.user]
    }

    fn collected_at(&self) -> Timestamp {
        Timestamp::MAX
    }
}

/// What one person is not shown. Lists ascend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ads) struct Restrictions {
    hidden: Vec<Hidden>,
    capped: Vec<AdId>,
    /// Advertisers that were seen within a window of a cap, and how many more showings they have.
    left: Vec<(AdvertiserId, u32)>,
}

impl Restrictions {
    /// Why the person is not shown an ad, if so.
    pub(in crate::ads) fn refusal(&self, ad: &Ad) -> Option<Ineligible> {
        let hides = |hidden| self.hidden.binary_search(&hidden).is_ok();
        if hides(Hidden::Ad(ad.ad_id)) {
            Some(Ineligible::HiddenAd)
        } else if hides(Hidden::Advertiser(ad.advertiser_id)) {
            Some(Ineligible::HiddenAdvertiser)
        } else if self.capped.binary_search(&ad.ad_id).is_ok() {
            Some(Ineligible::AdCap)
        } else {
            (self.left_of(ad.advertiser_id) == Some(0)).then_some(Ineligible::AdvertiserCap)
        }
    }

    /// How many more showings an advertiser has; none if it was not seen.
    fn left_of(&self, advertiser: AdvertiserId) -> Option<u32> {
        let at = self.left.binary_search_by_key(&advertiser, |(id, _)| *id);
        at.ok().map(|at| self.left[at].1)
    }

    /// Advertisers that were seen, ascending, and how many more showings each has.
    pub(in crate::ads) fn left(&self) -> impl Iterator<Item = (AdvertiserId, u32)> + '_ {
        self.left.iter().copied()
    }

    /// Ads that were hidden or seen often enough.
    pub(in crate::ads) fn ads(&self) -> impl Iterator<Item = AdId> + '_ {
        let hidden = self.hidden.iter().filter_map(|hidden| match hidden {
            Hidden::Ad(ad) => Some(*ad),
            Hidden::Advertiser(_) => None,
        });
        hidden.chain(self.capped.iter().copied())
    }

    /// Advertisers that were hidden or seen often enough.
    pub(in crate::ads) fn advertisers(&self) -> impl Iterator<Item = AdvertiserId> + '_ {
        let hidden = self.hidden.iter().filter_map(|hidden| match hidden {
            Hidden::Ad(_) => None,
            Hidden::Advertiser(advertiser) => Some(*advertiser),
        });
        let spent = self.left.iter().filter(|(_, left)| *left == 0);
        hidden.chain(spent.map(|(advertiser, _)| *advertiser))
    }

    /// Has the person anything that an ad could run into?
    const fn is_empty(&self) -> bool {
        self.hidden.is_empty() && self.capped.is_empty() && self.left.is_empty()
    }
}

/// Everybody's restrictions; whoever has none is not in it.
pub(in crate::ads) type ByPerson = HashMap<UserId, Restrictions>;

/// Notes what people hid.
pub(super) fn hide<P: For>(by_person: &mut ByPerson, hidden: &[Permitted<HiddenAd, P>]) {
    let mut sorted: Vec<HiddenAd> = hidden.iter().map(|one| *one.get()).collect();
    sorted.sort_unstable();
    sorted.dedup();
    for of_user in sorted.chunk_by(|a, b| a.user == b.user) {
        let all = of_user.iter().map(|one| one.hidden);
        by_person.entry(of_user[0].user).or_default().hidden = all.collect();
    }
}

/// Notes what people have seen often enough.
///
/// # Complexity
/// O(n log n) time and O(n) space for n showings within the longest window.
pub(super) fn count_showings(
    by_person: &mut ByPerson,
    rows: &[Permitted<TrainingRow, AdRelevance>],
    ads: &[Ad],
    as_of: Timestamp,
    params: &ValidPolicyParams,
) {
    let advertiser_of: HashMap<AdId, AdvertiserId> =
        ads.iter().map(|ad| (ad.ad_id, ad.advertiser_id)).collect();
    let windows = params.caps().iter().map(|cap| cap.window_days);
    let longest = as_of.plus_days(-i64::from(windows.max().unwrap_or(0)));
    let showing = |row: &TrainingRow| Showing {
        user: row.user,
        advertiser: advertiser_of.get(&row.ad_id).copied(),
        ad: row.ad_id,
        at: row.at,
        n: row.target.impressions,
    };
    let rows = rows.iter().map(Permitted::get);
    let recent = rows.filter(|row| row.user.is_some() && row.at > longest && row.at <= as_of);
    let mut showings: Vec<Showing> = recent.map(showing).collect();
    showings.sort_unstable();
    for of_user in showings.chunk_by(|a, b| a.user == b.user) {
        let seen = Restrictions {
            hidden: Vec::new(),
            capped: capped(of_user, as_of, params.caps()),
            left: left(of_user, as_of, params.caps()),
        };
        if let Some(user) = of_user[0].user.filter(|_| !seen.is_empty()) {
            let held = by_person.entry(user).or_default();
            (held.capped, held.left) = (seen.capped, seen.left);
        }
    }
}

/// One row of impressions, in the order it is summed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Showing {
    user: Option<UserId>,
    /// None if no table describes the ad.
    advertiser: Option<AdvertiserId>,
    ad: AdId,
    at: Timestamp,
    n: u32,
}

/// Showings within the window of a cap.
fn within(showings: &[Showing], as_of: Timestamp, cap: &Cap) -> u64 {
    let since = as_of.plus_days(-i64::from(cap.window_days));
    let recent = showings.iter().filter(|showing| showing.at > since);
    recent.map(|showing| u64::from(showing.n)).sum()
}

/// The ads somebody has seen often enough, from their showings in order.
fn capped(showings: &[Showing], as_of: Timestamp, caps: &[Cap]) -> Vec<AdId> {
    let reached = |of_ad: &&[Showing]| {
        let over = |cap: &Cap| {
            let limit = cap.per_ad.map(u64::from);
            limit.is_some_and(|limit| within(of_ad, as_of, cap) >= limit)
        };
        caps.iter().any(over)
    };
    let by_ad = showings.chunk_by(|a, b| (a.advertiser, a.ad) == (b.advertiser, b.ad));
    let mut capped: Vec<AdId> = by_ad.filter(reached).map(|of_ad| of_ad[0].ad).collect();
    capped.sort_unstable();
    capped
}

/// How many more showings each advertiser that was seen has, from a person's showings in order.
fn left(showings: &[Showing], as_of: Timestamp, caps: &[Cap]) -> Vec<(AdvertiserId, u32)> {
    let left_of = |shown: &[Showing]| {
        let left = |cap: &Cap| {
            let seen = u32::try_from(within(shown, as_of, cap)).unwrap_or(u32::MAX);
            Some(cap.per_advertiser?.saturating_sub(seen))
        };
        Some((shown[0].advertiser?, caps.iter().filter_map(left).min()?))
    };
    let by_advertiser = showings.chunk_by(|a, b| a.advertiser == b.advertiser);
    by_advertiser.filter_map(left_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::PolicyParams;
    use crate::ads::testing::{ad, impression, permit_all};

    const AS_OF: Timestamp = Timestamp::from_secs(10 * 86_400);

    fn day(days_ago: i64) -> Timestamp {
        AS_OF.plus_days(-days_ago)
    }

    fn seen(rows: &[(u64, i64, u32)], caps: Vec<Cap>) -> Restrictions {
        let rows = rows.iter().map(|&(ad, days_ago, n)| {
            let mut shown = impression(Some(1), ad, n, 0);
            shown.at = day(days_ago);
            TrainingRow::new(&shown, None)
        });
        let params = PolicyParams {
            caps,
            ..PolicyParams::default()
        };
        // Ads 1 and 8 are of advertiser 1.
        let ads = [ad(1, "food", 1.0), ad(2, "food", 1.0), ad(8, "food", 1.0)];
        let mut by_person = ByPerson::default();
        let rows = permit_all(rows);
        count_showings(&mut by_person, &rows, &ads, AS_OF, &params.check().unwrap());
        by_person.remove(&UserId(1)).unwrap_or_default()
    }

    fn cap(window_days: u32, per_ad: Option<u32>, per_advertiser: Option<u32>) -> Cap {
        Cap {
            window_days,
            per_ad,
            per_advertiser,
        }
    }

    #[test]
    fn an_ad_is_capped_from_the_limit_on() {
        let refusal =
            |n| seen(&[(1, 0, n)], vec![cap(1, Some(3), None)]).refusal(&ad(1, "food", 1.0));
        assert_eq!(refusal(2), None);
        assert_eq!(refusal(3), Some(Ineligible::AdCap));
    }

    #[test]
    fn windows_are_half_open_and_each_counts() {
        let caps = vec![cap(1, Some(2), None), cap(5, Some(4), None)];
        let is_capped = |rows: &[(u64, i64, u32)]| {
            seen(rows, caps.clone())
                .refusal(&ad(1, "food", 1.0))
                .is_some()
        };
        assert!(!is_capped(&[(1, 1, 9)][..0]));
        assert!(!is_capped(&[(1, 1, 3)]), "a day ago is outside of one day");
        assert!(is_capped(&[(1, 1, 3), (1, 0, 1)]), "but within five");
        assert!(!is_capped(&[(1, 5, 9)]));
        assert!(is_capped(&[(1, 0, 2)]));
    }

    #[test]
    fn an_advertiser_has_what_is_left() {
        let seen = seen(&[(1, 0, 2), (8, 0, 1)], vec![cap(1, None, Some(5))]);
        assert_eq!(seen.left_of(AdvertiserId(1)), Some(2));
        assert_eq!(seen.left_of(AdvertiserId(2)), None);
        assert_eq!(seen.refusal(&ad(8, "food", 1.0)), None);
    }

    #[test]
    fn deny_advertisers_seen_often_enough() {
        let seen = seen(&[(1, 0, 5)], vec![cap(1, None, Some(5))]);
        let refused = Some(Ineligible::AdvertiserCap);
        assert_eq!(seen.refusal(&ad(8, "food", 1.0)), refused);
        assert_eq!(seen.refusal(&ad(2, "food", 1.0)), None);
    }

    #[test]
    fn showings_of_ads_nobody_describes_count_for_no_advertiser() {
        let seen = seen(&[(99, 0, 50)], vec![cap(1, Some(3), Some(5))]);
        assert_eq!(seen.left, []);
        assert_eq!(seen.refusal(&ad(99, "food", 1.0)), Some(Ineligible::AdCap));
    }

    #[test]
    fn deny_what_was_hidden() {
        let row = |hidden| HiddenAd {
            user: UserId(1),
            hidden,
        };
        let rows = [
            row(Hidden::Advertiser(AdvertiserId(1))),
            row(Hidden::Ad(AdId(2))),
            row(Hidden::Ad(AdId(2))),
        ];
        let mut by_person = ByPerson::default();
        hide(&mut by_person, &permit_all(rows));
        let refusal = |id| by_person[&UserId(1)].refusal(&ad(id, "food", 1.0));
        assert_eq!(refusal(2), Some(Ineligible::HiddenAd));
        assert_eq!(refusal(8), Some(Ineligible::HiddenAdvertiser));
        assert_eq!(refusal(3), None);
    }
}
