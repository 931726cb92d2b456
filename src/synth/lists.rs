//! What advertisers bring, and what people say about ads: customer lists, likeness, quality, and things hidden.

use rand::Rng;

use super::World;
use super::calendar::AS_OF;
use super::draw::{Topic, between, chance, pick, stream};
use crate::hash::HashMap;
use crate::ids::{AudienceId, NumberToken, Region, UserId};
use crate::signals::{
    Ad, AdFeedback, AudienceMember, Hidden, Impression, RawPhone, SocialAccount, Targeting,
};
use crate::time::Timestamp;

/// Share of ads worth something beside their bid.
const QUALITY_SHARE: f64 = 0.3;
/// Share of ads that are for people like those on a list, among those that may be.
const LIKENESS_SHARE: f64 = 0.04;
/// Share of showings after which the person hides the ad or its advertiser.
const HIDING_SHARE: f64 = 0.01;

/// Gives ads a quality, makes some of them for people like those on another's list, and lets those for a list choose by
/// nothing else.
pub(super) fn furnish(seed: u64, ads: &mut [Ad]) {
    let mut rng = stream(seed, Topic::AdPolicy);
    let lists: Vec<AudienceId> = ads.iter().filter_map(|ad| ad.audience_id).collect();
    for ad in ads {
        if ad.audience_id.is_some() {
            ad.targeting = Targeting::default();
        }
        if chance(&mut rng, QUALITY_SHARE) {
            ad.quality = f64::from(rng.gen_range(1..=100)) / 10_000.0;
        }
        let may = ad.audience_id.is_none() && ad.special_category.is_none();
        if chance(&mut rng, LIKENESS_SHARE) && may && !lists.is_empty() {
            ad.lookalike_of = Some(*pick(&mut rng, &lists));
        }
    }
}

/// Who is on which list, and since when: a twentieth to a quarter of the people whose number is known to the network, one in
/// twenty of them added later. By list and person.
pub(super) fn customers(
    seed: u64,
    ads: &[Ad],
    people: &[SocialAccount],
) -> Vec<(AudienceId, UserId, Timestamp)> {
    let mut rng = stream(seed, Topic::Lists);
    let mut lists: Vec<AudienceId> = ads.iter().filter_map(|ad| ad.audience_id).collect();
    lists.sort_unstable();
    lists.dedup();
    let mut customers = Vec::new();
    for list in lists {
        let share = rng.gen_range(0.05..0.25);
        for row in people.iter().filter(|row| row.phone.is_some()) {
            let days_ago = if chance(&mut rng, 0.05) { 10 } else { 40 };
            if chance(&mut rng, share) {
                customers.push((list, row.user_id, AS_OF.plus_days(-days_ago)));
            }
        }
    }
    customers
}

/// What people hid after they saw it, in order.
pub(super) fn hidden(seed: u64, ads: &[Ad], impressions: &[Impression]) -> Vec<AdFeedback> {
    let mut rng = stream(seed, Topic::AdFeedback);
    let advertiser: HashMap<_, _> = ads.iter().map(|ad| (ad.ad_id, ad.advertiser_id)).collect();
    let mut rows = Vec::new();
    for shown in impressions {
        let Some(user_id) = shown.user_id else {
            continue;
        };
        if chance(&mut rng, HIDING_SHARE) {
            let hidden = if chance(&mut rng, 0.7) {
                Hidden::Ad(shown.ad_id)
            } else {
                Hidden::Advertiser(advertiser[&shown.ad_id])
            };
            let at = between(&mut rng, shown.at, AS_OF);
            rows.push(AdFeedback {
                user_id,
                hidden,
                at,
            });
        }
    }
    rows.sort_unstable();
    rows
}

impl World {
    /// Fills `audience_members` with the tokens of everybody on a list, as `token` makes them of a number and its region.
    pub fn make_lists(&mut self, token: impl Fn(&RawPhone, Option<Region>) -> Option<NumberToken>) {
        let token_of =
            |row: &SocialAccount| Some((row.user_id, token(row.phone.as_ref()?, row.region)?));
        let tokens: HashMap<UserId, NumberToken> =
            self.social_accounts.iter().filter_map(token_of).collect();
        let row = |&(audience_id, user, added_at): &(AudienceId, UserId, Timestamp)| {
            Some(AudienceMember {
                audience_id,
                token: *tokens.get(&user)?,
                added_at,
            })
        };
        let mut rows: Vec<_> = self.truth.customers.iter().filter_map(row).collect();
        // A list is in no order that tells who is who.
        rows.sort_unstable();
        self.audience_members = rows;
    }
}
