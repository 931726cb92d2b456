//! The K best ads of every person, exactly.
//!
//! The value of showing an ad is bid × probability of a click: what an impression is expected to earn. The
//! log-odds of a pair are the ad's own plus one part for every value of the person's, so the parts are
//! computed once per (distinct value, ad) rather than per (person, ad), in blocks of [`AD_BLOCK`] ads to
//! bound memory. People are independent and each keeps their own best list, so the result is the same for any
//! number of threads; ads come in ascending order of id, which breaks ties.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::AdsError;
use super::features::{AdHashes, HashedValue, UserValue, user_values};
use super::params::ValidAdsParams;
use super::policy::{Ineligible, for_anybody, for_person};
use super::profile::UserProfile;
use super::train::ClickModel;
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::{AdId, UserId};
use crate::signals::Ad;
use crate::time::Timestamp;

/// Ads scored at a time.
const AD_BLOCK: usize = 512;

/// People one task takes at a time.
const USER_CHUNK: usize = 64;

/// How many reasons a score carries at most.
const MAX_REASONS: usize = 3;

/// An ad's relevance for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct AdScore {
    /// For whom.
    pub user: UserId,
    /// From 1.
    pub rank: u32,
    /// Which ad.
    pub ad_id: AdId,
    /// Calibrated probability of a click per impression.
    pub p_click: f64,
    /// Expected currency units per impression: bid × `p_click`.
    pub value: f64,
    /// What spoke for it, strongest first, such as `interest cooking`; at least one.
    pub reasons: Vec<String>,
}

/// Scores by person, then by rank.
pub type AdScores = Vec<AdScore>;

/// Where every (person, ad) pair went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdCounts {
    /// People.
    pub n_users: u64,
    /// Ads.
    pub n_ads: u64,
    /// People × ads.
    pub pairs: u64,
    /// Pairs that were scored.
    pub eligible: u64,
    /// Pairs that were not, by reason; a reason that did not occur is not listed.
    pub ineligible: BTreeMap<Ineligible, u64>,
    /// Scores given out.
    pub emitted: u64,
    /// Scored pairs that did not make the first K.
    pub beyond_k: u64,
}

impl AdCounts {
    /// Checks that every pair is accounted for.
    ///
    /// # Errors
    /// If not.
    pub fn check_sums(&self) -> Result<(), AdsError> {
        let ineligible: u64 = self.ineligible.values().sum();
        let sums = [
            ("pairs", self.pairs, self.n_users * self.n_ads),
            ("pairs", self.pairs, self.eligible + ineligible),
            (
                "eligible pairs",
                self.eligible,
                self.emitted + self.beyond_k,
            ),
        ];
        match sums.into_iter().find(|(_, left, right)| left != right) {
            None => Ok(()),
            Some((what, left, right)) => Err(AdsError::Counts { what, left, right }),
        }
    }

    fn refuse(&mut self, reason: Ineligible, n: u64) {
        if n > 0 {
            *self.ineligible.entry(reason).or_default() += n;
        }
    }
}

/// The K best ads of every person at a time: by value, highest first, then by ad id.
///
/// Everyone may occur once, and so may every ad; scores come in ascending order of person.
/// `progress` is told how many people a task has finished, for one block of 512 ads; over the whole
/// call these sum to people × blocks.
///
/// # Complexity
/// O(V·A + U·A·v) time for V distinct values, U people of v values each and A ads; 4 KiB per distinct
/// value plus O(K·U) space.
#[must_use]
pub fn rank_ads(
    users: &[Permitted<UserProfile, AdRelevance>],
    ads: &[Ad],
    model: &ClickModel,
    as_of: Timestamp,
    params: &ValidAdsParams,
    progress: &(dyn Fn(u64) + Sync),
) -> (AdScores, AdCounts) {
    let mut counts = AdCounts {
        n_users: users.len() as u64,
        n_ads: ads.len() as u64,
        pairs: users.len() as u64 * ads.len() as u64,
        ..AdCounts::default()
    };
    let people = People::of(users);
    let running = running(ads, as_of, counts.n_users, &mut counts);
    let mut lists = vec![BestAds::default(); people.profiles.len()];
    for (block_idx, block) in running.chunks(AD_BLOCK).enumerate() {
        let scorer = BlockScorer::new(model, block, block_idx * AD_BLOCK, &people.values);
        scorer.offer_all(&people, &mut lists, params.k(), progress);
    }
    let scores = scores(&people, &running, model, &lists);
    count(&lists, scores.len() as u64, &mut counts);
    (scores, counts)
}

/// The ads somebody could get, by id; the others are counted for everybody.
fn running<'a>(
    ads: &'a [Ad],
    as_of: Timestamp,
    n_users: u64,
    counts: &mut AdCounts,
) -> Vec<(&'a Ad, AdHashes)> {
    let mut running = Vec::with_capacity(ads.len());
    for ad in ads {
        match for_anybody(ad, as_of) {
            Ok(()) => running.push((ad, AdHashes::of(ad))),
            Err(reason) => counts.refuse(reason, n_users),
        }
    }
    running.sort_by_key(|(ad, _)| ad.ad_id);
    running
}

/// People by id, their values numbered.
struct People<'a> {
    profiles: Vec<&'a UserProfile>,
    /// For each person the numbers of their values.
    value_ids: Vec<Vec<u32>>,
    values: Vec<HashedValue>,
}

impl<'a> People<'a> {
    fn of(users: &'a [Permitted<UserProfile, AdRelevance>]) -> Self {
        let mut profiles: Vec<&UserProfile> = users.iter().map(Permitted::get).collect();
        profiles.sort_by_key(|profile| profile.user);
        let mut numbers: HashMap<UserValue, u32> = HashMap::default();
        let mut values = Vec::new();
        let mut number = |value: UserValue| {
            let hashed = value.hashed();
            *numbers.entry(value).or_insert_with(|| {
                values.push(hashed);
                u32::try_from(values.len() - 1).expect("fewer than 2³² distinct values fit memory")
            })
        };
        let value_ids = profiles
            .iter()
            .map(|profile| {
                user_values(&profile.attributes)
                    .into_iter()
                    .map(&mut number)
                    .collect()
            })
            .collect();
        Self {
            profiles,
            value_ids,
            values,
        }
    }
}

/// The first K of what one person was offered, and what they were not.
#[derive(Clone, Debug, Default)]
struct BestAds {
    best: Vec<Best>,
    eligible: u64,
    ineligible: [u64; Ineligible::ALL.len()],
}

#[derive(Clone, Copy, Debug)]
struct Best {
    value: f64,
    p_click: f64,
    /// Among the running ads.
    ad_idx: usize,
}

impl BestAds {
    /// Offers come in ascending order of ad id, so among equal values the earlier stays ahead.
    fn offer(&mut self, offered: Best, k: usize) {
        self.eligible += 1;
        let ahead = |held: &Best| held.value.total_cmp(&offered.value).is_ge();
        if self.best.len() == k && self.best.last().is_some_and(ahead) {
            return;
        }
        let place = self.best.partition_point(ahead);
        self.best.truncate(k - 1);
        self.best.insert(place, offered);
    }
}

/// Log-odds of a block of ads: alone, and the part of every value.
struct BlockScorer<'a> {
    model: &'a ClickModel,
    ads: &'a [(&'a Ad, AdHashes)],
    first_ad_idx: usize,
    base: Vec<f64>,
    /// What calibration adds for each ad, after the curve.
    shifts: Vec<f64>,
    /// Shape (values, ads of the block).
    parts: Vec<f64>,
}

impl<'a> BlockScorer<'a> {
    fn new(
        model: &'a ClickModel,
        ads: &'a [(&'a Ad, AdHashes)],
        first_ad_idx: usize,
        values: &[HashedValue],
    ) -> Self {
        let mut parts = vec![0.0; values.len() * ads.len()];
        let rows = parts.par_chunks_mut(ads.len()).zip(values.par_iter());
        rows.for_each(|(row, &value)| {
            for (part, (_, ad)) in row.iter_mut().zip(ads) {
                *part = model.value_part(ad, value);
            }
        });
        Self {
            model,
            ads,
            first_ad_idx,
            base: ads.iter().map(|(_, ad)| model.base(ad)).collect(),
            shifts: ads.iter().map(|(ad, _)| model.shift(ad, None)).collect(),
            parts,
        }
    }

    fn offer_all(
        &self,
        people: &People<'_>,
        lists: &mut [BestAds],
        k: usize,
        progress: &(dyn Fn(u64) + Sync),
    ) {
        let chunks = lists.par_chunks_mut(USER_CHUNK).enumerate();
        chunks.for_each(|(chunk_idx, chunk)| {
            let mut logits = Vec::with_capacity(self.ads.len());
            for (user_idx, list) in (chunk_idx * USER_CHUNK..).zip(chunk.iter_mut()) {
                self.fill_logits(&people.value_ids[user_idx], &mut logits);
                self.offer_block(people.profiles[user_idx], &logits, list, k);
            }
            progress(chunk.len() as u64);
        });
    }

    /// The inner loop: whole rows are added, so that ads are neighbours in memory.
    fn fill_logits(&self, value_ids: &[u32], logits: &mut Vec<f64>) {
        logits.clear();
        logits.extend_from_slice(&self.base);
        for &value in value_ids {
            let from = value as usize * self.ads.len();
            let row = &self.parts[from..from + self.ads.len()];
            for (logit, part) in logits.iter_mut().zip(row) {
                *logit += part;
            }
        }
    }

    fn offer_block(&self, profile: &UserProfile, logits: &[f64], list: &mut BestAds, k: usize) {
        for (idx, ((ad, _), &logit)) in self.ads.iter().zip(logits).enumerate() {
            if let Err(reason) = for_person(profile, &ad.targeting) {
                list.ineligible[reason as usize] += 1;
                continue;
            }
            let p_click = self.model.probability(logit, self.shifts[idx]);
            let offered = Best {
                value: value(ad, p_click),
                p_click,
                ad_idx: self.first_ad_idx + idx,
            };
            list.offer(offered, k);
        }
    }
}

/// What an impression is expected to earn; never −0, which would order below 0.
fn value(ad: &Ad, p_click: f64) -> f64 {
    ad.bid * p_click + 0.0
}

fn count(lists: &[BestAds], emitted: u64, counts: &mut AdCounts) {
    for list in lists {
        counts.eligible += list.eligible;
        for (&reason, &n) in Ineligible::ALL.iter().zip(&list.ineligible) {
            counts.refuse(reason, n);
        }
    }
    counts.emitted = emitted;
    counts.beyond_k = counts.eligible - emitted;
}

fn scores(
    people: &People<'_>,
    running: &[(&Ad, AdHashes)],
    model: &ClickModel,
    lists: &[BestAds],
) -> AdScores {
    let of_person = |(profile, list): (&&UserProfile, &BestAds)| {
        let ranked = (1..).zip(list.best.iter());
        ranked
            .map(|(rank, best)| AdScore {
                user: profile.user,
                rank,
                ad_id: running[best.ad_idx].0.ad_id,
                p_click: best.p_click,
                value: best.value,
                reasons: reasons(profile, &running[best.ad_idx].1, model),
            })
            .collect::<Vec<_>>()
    };
    let people = people.profiles.par_iter().zip(lists.par_iter());
    people.flat_map_iter(of_person).collect()
}

/// The person's values that raised the log-odds most, strongest first; else what else there is to say.
fn reasons(profile: &UserProfile, ad: &AdHashes, model: &ClickModel) -> Vec<String> {
    let mut parts: Vec<(f64, UserValue)> = user_values(&profile.attributes)
        .into_iter()
        .map(|value| (model.value_part(ad, value.hashed()), value))
        .filter(|(part, _)| *part > 0.0)
        .collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts.truncate(MAX_REASONS);
    if parts.is_empty() {
        return vec![without_values(ad, model).to_owned()];
    }
    let text = |(_, value): (f64, UserValue)| format!("{} {}", value.field.as_str(), value.value);
    parts.into_iter().map(text).collect()
}

fn without_values(ad: &AdHashes, model: &ClickModel) -> &'static str {
    if model.is_prior_only() {
        "prior"
    } else if model.ad_part(ad) > 0.0 {
        "often clicked"
    } else {
        "bid"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::testing::{account, ad, impression, interests, permit_all};
    use crate::ads::{AdsParams, FtrlParams, TrainingRow, eligibility, train};
    use crate::ids::Region;
    use crate::signals::SpecialCategory;

    /// A small number made from others, for test data.
    fn roll(a: u64, b: u64, sides: u64) -> usize {
        usize::try_from(crate::ads::features::mix(a, b) % sides).unwrap()
    }

    const INTERESTS: [&str; 5] = ["art", "cars", "cooking", "music", "sport"];
    const AS_OF: Timestamp = Timestamp::from_secs(1_000);

    fn profile(id: u64) -> UserProfile {
        let mut account = account(id);
        account.birth_year = Some(1950 + u16::try_from(roll(id, 1, 50)).unwrap());
        account.gender = [None, Some("f"), Some("m")][roll(id, 2, 3)].map(Into::into);
        account.region = Region::parse(["DE", "FR"][roll(id, 3, 2)]);
        let has = |i: &usize| roll(id, 10 + *i as u64, 2) == 0;
        let chosen: Vec<&str> = (0..5).filter(has).map(|i| INTERESTS[i]).collect();
        account.interests = interests(&chosen);
        UserProfile::new(&account, 2016)
    }

    fn some_ad(id: u64) -> Ad {
        let mut ad = ad(id, INTERESTS[roll(id, 4, 5)], roll(id, 5, 4) as f64);
        match roll(id, 6, 8) {
            0 => ad.ends_at = AS_OF,
            1 => ad.targeting.genders = vec!["f".into()],
            2 => ad.targeting.regions = Region::parse("DE").into_iter().collect(),
            3 => ad.special_category = Some(SpecialCategory::Housing),
            _ => (),
        }
        ad
    }

    /// People click on what they are interested in.
    fn model(profiles: &[UserProfile], ads: &[Ad]) -> ClickModel {
        let pairs = profiles
            .iter()
            .flat_map(|p| ads.iter().map(move |ad| (p, ad)));
        let rows = pairs.map(|(profile, ad)| {
            let keen = {
                let about = ad.category.as_str();
                profile.attributes.interests.iter().any(|i| *i == *about)
            };
            let shown = impression(
                Some(profile.user.0),
                ad.ad_id.0,
                20,
                if keen { 5 } else { 1 },
            );
            TrainingRow::new(&shown, Some(profile))
        });
        train(&permit_all(rows), ads, &params(5)).unwrap().0
    }

    fn params(k: u32) -> ValidAdsParams {
        let ftrl = FtrlParams::default().bits(14).epochs(2);
        let params = AdsParams {
            k,
            ftrl,
            ..AdsParams::default()
        };
        params.check().unwrap()
    }

    /// Scores every pair and sorts.
    fn naive(
        users: &[UserProfile],
        ads: &[Ad],
        model: &ClickModel,
        k: usize,
    ) -> Vec<(u64, u64, f64)> {
        let mut all = Vec::new();
        for user in users {
            let mut own: Vec<_> = ads
                .iter()
                .filter(|ad| eligibility(user, ad, AS_OF).is_ok())
                .map(|ad| {
                    (
                        user.user.0,
                        ad.ad_id.0,
                        ad.bid * model.p_click(&user.attributes, ad),
                    )
                })
                .collect();
            own.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.1.cmp(&b.1)));
            own.truncate(k);
            all.extend(own);
        }
        all
    }

    fn world(n_users: u64, n_ads: u64) -> (Vec<UserProfile>, Vec<Ad>) {
        let users = (1..=n_users).map(profile).collect();
        (users, (1..=n_ads).map(some_ad).collect())
    }

    fn rank(users: &[UserProfile], ads: &[Ad], model: &ClickModel, k: u32) -> (AdScores, AdCounts) {
        let users = permit_all(users.iter().cloned());
        rank_ads(&users, ads, model, AS_OF, &params(k), &|_| ())
    }

    #[test]
    fn oracle_top_k_equals_scoring_every_pair() {
        let (users, ads) = world(30, 1_100);
        let model = model(&users[..10], &ads[..40]);
        for k in [1, 5, 1_000] {
            let (scores, counts) = rank(&users, &ads, &model, k);
            let ours: Vec<_> = scores
                .iter()
                .map(|s| (s.user.0, s.ad_id.0, s.value))
                .collect();
            assert_eq!(ours, naive(&users, &ads, &model, k as usize), "k = {k}");
            counts.check_sums().unwrap();
        }
    }

    #[test]
    fn oracle_counts_equal_asking_every_pair() {
        let (users, ads) = world(20, 100);
        let (_, counts) = rank(&users, &ads, &model(&users[..5], &ads), 5);
        let mut expected = BTreeMap::new();
        for (user, ad) in users.iter().flat_map(|u| ads.iter().map(move |ad| (u, ad))) {
            if let Err(reason) = eligibility(user, ad, AS_OF) {
                *expected.entry(reason).or_insert(0) += 1;
            }
        }
        assert_eq!(counts.ineligible, expected);
        assert!(expected.len() >= 3, "the world has several reasons");
    }

    #[test]
    fn same_scores_for_any_number_of_threads_and_any_order() {
        let (mut users, mut ads) = world(200, 600);
        let model = model(&users[..10], &ads[..40]);
        let expected = rank(&users, &ads, &model, 5);
        users.reverse();
        ads.reverse();
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            assert_eq!(pool.install(|| rank(&users, &ads, &model, 5)), expected);
        }
    }

    #[test]
    fn interests_decide_and_are_the_reason() {
        let (users, ads) = world(60, 20);
        let model = model(&users, &ads);
        let mut fan = profile(1);
        fan.attributes.interests = interests(&["cooking"]);
        let one = |category| ad(100, category, 1.0);
        let p = |category| model.p_click(&fan.attributes, &one(category));
        assert!(
            p("cooking") > 1.5 * p("cars"),
            "{} {}",
            p("cooking"),
            p("cars")
        );
        let (scores, _) = rank(&[fan.clone()], &[one("cooking")], &model, 1);
        assert_eq!(scores[0].reasons[0], "interest cooking");
    }

    #[test]
    fn deny_protected_attributes_any_say_on_special_categories() {
        let (users, ads) = world(40, 40);
        let model = model(&users, &ads);
        let mut special = ad(3, "cooking", 1.0);
        special.special_category = Some(SpecialCategory::Credit);
        let mut a = profile(1);
        a.attributes.gender = Some("f".into());
        let mut b = a.clone();
        b.age = Some(20);
        b.attributes.age_band = Some("18-24".into());
        b.attributes.gender = Some("m".into());
        b.attributes.region = Region::parse("US");
        let p = |profile: &UserProfile, ad| model.p_click(&profile.attributes, ad);
        assert_eq!(p(&a, &special), p(&b, &special));
        assert_ne!(p(&a, &ad(3, "cooking", 1.0)), p(&b, &ad(3, "cooking", 1.0)));
    }

    #[test]
    fn without_rows_the_prior_answers_and_bids_decide() {
        let ads = [ad(1, "art", 1.0), ad(2, "art", 2.0), ad(3, "cars", 2.0)];
        let (model, report) = train(&[], &ads, &params(5)).unwrap();
        report.check_sums().unwrap();
        let (scores, _) = rank(&[profile(1)], &ads, &model, 2);
        let order: Vec<_> = scores.iter().map(|s| (s.rank, s.ad_id.0)).collect();
        assert_eq!(order, [(1, 2), (2, 3)]);
        assert!((scores[0].p_click - 0.001).abs() < 1e-12);
        assert_eq!(scores[0].reasons, ["prior"]);
    }

    #[test]
    fn nobody_and_nothing() {
        let (model, _) = train(&[], &[], &params(5)).unwrap();
        for (users, ads) in [
            (vec![], vec![]),
            (vec![profile(1)], vec![]),
            (vec![], vec![some_ad(1)]),
        ] {
            let (scores, counts) = rank(&users, &ads, &model, 5);
            assert!(scores.is_empty());
            counts.check_sums().unwrap();
        }
    }
}
