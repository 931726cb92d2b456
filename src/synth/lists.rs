//! What advertisers bring, and what people say about ads: customer lists, likeness, quality, and things hidden.

use rand::Rng;

use super::World;
use super::calendar::AS_OF;
use super::draft::ListToken;
use super::draw::{Stream, Topic, between, chance, pick, stream};
use super::showings::Seen;
use crate::hash::HashMap;
use crate::ids::{AudienceId, NumberToken, Region, UserId};
use crate::signals::{Ad, AdFeedback, AudienceMember, Hidden, RawPhone, SocialAccount, Targeting};
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

/// Somebody on a list, and since when.
pub(super) struct Customer {
    /// A position among the social accounts.
    pub(super) person: usize,
    pub(super) since: Timestamp,
}

/// Who is on which list: a twentieth to a quarter of the people whose number is known to the network, one in twenty of them
/// added later. List by list, because all of them together grow with the square of the people.
pub(super) fn customers(
    seed: u64,
    ads: &[Ad],
    people: &[SocialAccount],
) -> impl Iterator<Item = (AudienceId, Vec<Customer>)> {
    let mut rng = stream(seed, Topic::Lists);
    let mut lists: Vec<AudienceId> = ads.iter().filter_map(|ad| ad.audience_id).collect();
    lists.sort_unstable();
    lists.dedup();
    lists
        .into_iter()
        .map(move |list| (list, customers_of_one(people, &mut rng)))
}

fn customers_of_one(people: &[SocialAccount], rng: &mut Stream) -> Vec<Customer> {
    let share = rng.gen_range(0.05..0.25);
    let known = people
        .iter()
        .enumerate()
        .filter(|(_, row)| row.phone.is_some());
    known
        .filter_map(|(person, _)| {
            let days_ago = if chance(rng, 0.05) { 10 } else { 40 };
            chance(rng, share).then(|| Customer {
                person,
                since: AS_OF.plus_days(-days_ago),
            })
        })
        .collect()
}

/// The rows of `audience_members`, list by list, as `token` makes them of a number and its region.
pub(super) fn members(
    seed: u64,
    ads: &[Ad],
    people: &[SocialAccount],
    token: ListToken<'_>,
) -> impl Iterator<Item = Vec<AudienceMember>> {
    let token_of = |row: &SocialAccount| token(row.phone.as_ref()?, row.region);
    let tokens: Vec<Option<NumberToken>> = people.iter().map(token_of).collect();
    customers(seed, ads, people).map(move |(audience_id, customers)| {
        let row = |customer: &Customer| {
            Some(AudienceMember {
                audience_id,
                token: tokens[customer.person]?,
                added_at: customer.since,
            })
        };
        let mut rows: Vec<_> = customers.iter().filter_map(row).collect();
        // A list is in no order that tells who is who.
        rows.sort_unstable();
        rows
    })
}

/// What people hid after they saw it, in order.
pub(super) fn hidden(seed: u64, ads: &[Ad], showings: &Seen) -> Vec<AdFeedback> {
    let mut rng = stream(seed, Topic::AdFeedback);
    let mut rows = Vec::new();
    for shown in showings.by_people() {
        if chance(&mut rng, HIDING_SHARE) {
            let ad = &ads[shown.ad];
            let hidden = if chance(&mut rng, 0.7) {
                Hidden::Ad(ad.ad_id)
            } else {
                Hidden::Advertiser(ad.advertiser_id)
            };
            let at = between(&mut rng, shown.at, AS_OF);
            rows.push(AdFeedback {
                user_id: shown.user,
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
