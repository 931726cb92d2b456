//! The K best ads of every person, exactly.
//!
//! What follows is how the logistic model ranks; a factor model's best come out of catalogues ([`factors`]), and the same lists, caps
//! and prices hold.
//!
//! The value of showing an ad is bid × probability of a click + quality: what an impression is expected to be worth
//! ([`auction`](super::auction) has the price too). The log-odds of a pair are the ad's own plus one part for every value of
//! the person's, so the parts are computed once per (distinct value, ad) rather than per (person, ad), in blocks of
//! [`AD_BLOCK`] ads to bound memory; who may get which ad is known before, as bits of the block. People are independent
//! and each keeps their own best list, so the result is the same for any number of threads; ads come in ascending order
//! of id, which breaks ties.
//!
//! What is not crossed with the ad itself is the same for all ads of a *kind*, a category with or without a special one: it is
//! summed by kind for each person ([`kinds`]), and what is about one ad or advertiser is added where it counts.
//!
//! A list never holds more ads of one advertiser than the frequency caps leave. Taking the best ads greedily is optimal
//! then, for the lists that keep the limits are the independent sets of a matroid; offered one by one, an ad that is too
//! many drives out the least valuable of its own advertiser, or of all.

mod bounds;
mod factors;
mod kinds;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::AdsError;
use super::auction::{price, value};
use super::click_model::{ClickModel, Predictor};
use super::features::{AdField, AdHashes, Crossing, HashedValue, UserValue};
use super::logistic::Logistic;
use super::policy::masks::{AD_BLOCK, BlockMasks, Catalogue, ListedAd, Lists, Segments};
use super::policy::{Guard, Ineligible};
use super::profile::UserProfile;
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::{AdId, AdvertiserId, AudienceId, UserId};
use crate::signals::Ad;
use bounds::Bounds;
use kinds::{ByKind, KindSums, Kinds, Places};

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
    /// Expected currency units per impression: bid × `p_click` + quality.
    pub value: f64,
    /// What a click would cost the advertiser, in currency units: the least bid that keeps the rank.
    pub price: f64,
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
    /// Scored pairs that left a place empty rather than exceed the cap of their advertiser within one list.
    pub advertiser_full: u64,
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
                self.emitted + self.beyond_k + self.advertiser_full,
            ),
        ];
        match sums.into_iter().find(|(_, left, right)| left != right) {
            None => Ok(()),
            Some((what, left, right)) => Err(AdsError::Counts { what, left, right }),
        }
    }

    /// Counts other people's pairs of the same ads as well.
    fn add(&mut self, others: &Self) {
        self.n_users += others.n_users;
        self.pairs += others.pairs;
        self.eligible += others.eligible;
        self.emitted += others.emitted;
        self.beyond_k += others.beyond_k;
        self.advertiser_full += others.advertiser_full;
        for (&reason, &n) in &others.ineligible {
            self.refuse(reason, n);
        }
    }

    fn refuse(&mut self, reason: Ineligible, n: u64) {
        if n > 0 {
            *self.ineligible.entry(reason).or_default() += n;
        }
    }
}

/// Everybody's best ads, and what became of every pair.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedAds {
    /// Lists, by person.
    pub scores: AdScores,
    /// Sums over all pairs.
    pub counts: AdCounts,
}

impl RankedAds {
    /// These people's, and those of others.
    #[must_use]
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.scores.extend(others.scores);
        self.scores.sort_by_key(|score| (score.user, score.rank));
        self.counts.add(&others.counts);
        self
    }
}

/// The `k` best ads of every person at a time, at least one: by value, highest first, then by ad id.
///
/// Everyone may occur once, and so may every ad; scores come in ascending order of person. `guard` says who may get
/// what. `progress` is told how many people a task has finished, for one block of 512 ads; over the whole
/// call these sum to people × blocks.
///
/// # Complexity
/// O(V·A + U·A·v) time for V distinct values, U people of v values each and A ads; 4 KiB per distinct
/// value plus O(K·U) space. By a factor model O(U·A·D) for D coordinates of a side.
///
/// # Errors
/// By a factor model, if it has weights that are not finite or larger than 10¹², or a calibration that falls.
pub fn rank_ads(
    users: &[Permitted<UserProfile, AdRelevance>],
    ads: &[Ad],
    model: &ClickModel,
    guard: &Guard,
    k: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<RankedAds, AdsError> {
    let ready = ReadyAds::of(ads, model, guard);
    let offered = Offered { ads, ready: &ready };
    rank_ready(users, offered, model, guard, k, progress)
}

/// As [`rank_ads`], with ads that were made ready once for many calls.
///
/// # Errors
/// As [`rank_ads`].
pub(crate) fn rank_ready(
    users: &[Permitted<UserProfile, AdRelevance>],
    Offered { ads, ready }: Offered<'_>,
    model: &ClickModel,
    guard: &Guard,
    k: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<RankedAds, AdsError> {
    let users = users.iter().map(Permitted::get).collect();
    rank_profiles(users, Offered { ads, ready }, model, guard, k, progress)
}

/// As [`rank_ready`], of profiles that passed one of the two gates of ads.
pub(in crate::ads) fn rank_profiles(
    users: Vec<&UserProfile>,
    Offered { ads, ready }: Offered<'_>,
    model: &ClickModel,
    guard: &Guard,
    k: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<RankedAds, AdsError> {
    let mut counts = AdCounts {
        n_users: users.len() as u64,
        n_ads: ads.len() as u64,
        pairs: users.len() as u64 * ads.len() as u64,
        ..AdCounts::default()
    };
    for (&reason, &n) in &ready.refused {
        counts.refuse(reason, n * counts.n_users);
    }
    let mut people = People::of(users);
    let running = Running::of(Offered { ads, ready }, guard, &people);
    people.restrict(guard, &running);
    let mut lists = vec![BestAds::default(); people.profiles.len()];
    // There are no more than all of them, and room is made for as many as are asked for.
    let k = k.clamp(1, ads.len().max(1));
    // The one who follows decides what the last one pays.
    let n_kept = k + 1;
    let world = World {
        people: &people,
        running: &running,
    };
    match model.predictor() {
        Predictor::Logistic(logistic) => {
            let by_kind = ByKind::of(logistic, &running.ready.kinds, &people);
            for (block_idx, block) in running.ads.chunks(AD_BLOCK).enumerate() {
                let block = Block {
                    ads: block,
                    first_ad_idx: block_idx * AD_BLOCK,
                };
                let scorer = BlockScorer::new(model, logistic, block, &people, &by_kind);
                scorer.offer_all(world, &mut lists, n_kept, progress);
            }
        }
        Predictor::Factors(machine) => {
            factors::offer_all(model, machine, world, &mut lists, n_kept, progress)?;
        }
    }
    let outcome = Outcome {
        people: &people,
        running: &running,
        model,
        reserve: guard.policy().reserve(),
        k,
    };
    let scores = outcome.scores(&lists);
    outcome.count(&lists, &mut counts);
    Ok(RankedAds { scores, counts })
}

/// An ad somebody could get.
struct RunningAd<'a> {
    ad: &'a Ad,
    hashes: &'a AdHashes,
    kind: u32,
    /// The number of the list it is for, if it is for one.
    list: Option<u32>,
}

impl<'a> RunningAd<'a> {
    const fn listed(&self) -> ListedAd<'a> {
        ListedAd {
            ad: self.ad,
            list: self.list,
        }
    }
}

/// Ads, and what was made ready of the same.
#[derive(Clone, Copy)]
pub(crate) struct Offered<'a> {
    pub(crate) ads: &'a [Ad],
    pub(crate) ready: &'a ReadyAds,
}

/// The ads somebody could get, by id, and what is the same of them whoever is asked about; the others are counted.
#[derive(Debug)]
pub(crate) struct ReadyAds {
    /// Where each stands in the table they are from.
    ads: Vec<(usize, AdHashes)>,
    refused: BTreeMap<Ineligible, u64>,
    kind_of: Vec<u32>,
    kinds: Kinds,
    catalogue: Catalogue,
    /// Of the logistic model alone.
    bounds: Bounds,
}

impl ReadyAds {
    /// # Complexity
    /// O(A log A) for A ads.
    pub(crate) fn of(ads: &[Ad], model: &ClickModel, guard: &Guard) -> Self {
        let (mut running, mut refused) = (Vec::with_capacity(ads.len()), BTreeMap::new());
        for (at, ad) in ads.iter().enumerate() {
            match guard.for_anybody(ad) {
                Ok(()) => running.push((at, model.hashes(ad))),
                Err(reason) => *refused.entry(reason).or_default() += 1,
            }
        }
        running.sort_by_key(|(at, _)| ads[*at].ad_id);
        let mut kinds = Kinds::default();
        let kind = |(at, hashes): &(usize, AdHashes)| kinds.number(&ads[*at], hashes);
        let bounds = match model.predictor() {
            Predictor::Logistic(_) => {
                let shifts = running.iter().map(|(at, _)| model.shift(&ads[*at], None));
                Bounds::of(model, shifts)
            }
            Predictor::Factors(_) => Bounds::default(),
        };
        Self {
            bounds,
            kind_of: running.iter().map(kind).collect(),
            catalogue: Catalogue::of(running.iter().map(|(at, _)| &ads[*at])),
            ads: running,
            refused,
            kinds,
        }
    }
}

/// The same for some people: which of them are on which list.
struct Running<'a> {
    ads: Vec<RunningAd<'a>>,
    lists: Lists,
    ready: &'a ReadyAds,
}

impl<'a> Running<'a> {
    fn of(offered: Offered<'a>, guard: &Guard, people: &People<'_>) -> Self {
        let Offered { ads, ready } = offered;
        let mut lists = Lists::default();
        let mut numbers: HashMap<(bool, AdvertiserId, AudienceId), u32> = HashMap::default();
        let mut number = |ad: &Ad| {
            let list = ad.audience_id.or(ad.lookalike_of)?;
            let reached = guard.audiences().reached(ad)?;
            let list = (ad.audience_id.is_some(), ad.advertiser_id, list);
            let new = || lists.add(&people.profiles, reached);
            Some(*numbers.entry(list).or_insert_with(new))
        };
        let running = ready.ads.iter().zip(&ready.kind_of);
        let running = running.map(|((at, hashes), &kind)| RunningAd {
            ad: &ads[*at],
            hashes,
            kind,
            list: number(&ads[*at]),
        });
        Self {
            ads: running.collect(),
            lists,
            ready,
        }
    }
}

/// What one person is not shown, among the running ads.
#[derive(Default)]
struct Refusals {
    /// Places of ads, ascending, each once.
    ads: Vec<(u32, Ineligible)>,
    /// How many ads of an advertiser fit into the list, where it is not what it is for advertisers that were not seen.
    left: Vec<(AdvertiserId, usize)>,
}

/// Values of many people, each once.
#[derive(Default)]
struct Values {
    numbers: HashMap<UserValue, u32>,
    hashed: Vec<HashedValue>,
}

impl Values {
    fn number(&mut self, value: &UserValue) -> u32 {
        let (numbers, hashed) = (&mut self.numbers, &mut self.hashed);
        let new = || {
            hashed.push(value.hashed());
            u32::try_from(hashed.len() - 1).expect("fewer than 2³² distinct values fit memory")
        };
        *numbers.entry_ref(value).or_insert_with(new)
    }

    /// The numbers of those values that are crossed like this.
    fn numbers(&mut self, values: &[UserValue], crossing: Crossing) -> Vec<u32> {
        let crossed = values
            .iter()
            .filter(|value| value.field.crossing() == crossing);
        crossed.map(|value| self.number(value)).collect()
    }
}

/// People by id, their values numbered.
struct People<'a> {
    profiles: Vec<&'a UserProfile>,
    /// For each person the numbers of their values that are crossed with ads.
    value_ids: Vec<Vec<u32>>,
    values: Vec<HashedValue>,
    /// For each person the numbers of their values that are crossed with categories alone.
    broad_ids: Vec<Vec<u32>>,
    broad: Vec<HashedValue>,
    segments: Segments<'a>,
    refusals: Vec<Refusals>,
    /// How many ads of an advertiser that was not seen fit into a list.
    per_advertiser: usize,
}

impl<'a> People<'a> {
    fn of(mut profiles: Vec<&'a UserProfile>) -> Self {
        profiles.sort_by_key(|profile| profile.user);
        let (mut values, mut broad) = (Values::default(), Values::default());
        let (mut value_ids, mut broad_ids) = (Vec::new(), Vec::new());
        for profile in &profiles {
            let own = profile.values();
            value_ids.push(values.numbers(&own, Crossing::Ad));
            broad_ids.push(broad.numbers(&own, Crossing::Category));
        }
        Self {
            segments: Segments::of(&profiles),
            profiles,
            value_ids,
            values: values.hashed,
            broad_ids,
            broad: broad.hashed,
            refusals: Vec::new(),
            per_advertiser: usize::MAX,
        }
    }

    /// Notes what nobody may be shown again.
    fn restrict(&mut self, guard: &Guard, running: &Running<'_>) {
        let limit = guard.policy().per_advertiser();
        self.per_advertiser = limit.map_or(usize::MAX, |limit| limit as usize);
        let refusals = |profile: &&UserProfile| {
            let Some(own) = guard.restrictions(profile.user) else {
                return Refusals::default();
            };
            let refused = |at: u32| Some((at, own.refusal(running.ads[at as usize].ad)?));
            let touched = running.ready.catalogue.touched(own).into_iter();
            Refusals {
                ads: touched.filter_map(refused).collect(),
                left: own.left().map(|(id, left)| (id, left as usize)).collect(),
            }
        };
        self.refusals = self.profiles.par_iter().map(refusals).collect();
    }

    /// How many ads of an advertiser fit into somebody's list.
    fn fits(&self, person: usize, advertiser: AdvertiserId) -> usize {
        let left = &self.refusals[person].left;
        let at = left.binary_search_by_key(&advertiser, |(id, _)| *id);
        at.map_or(self.per_advertiser, |at| left[at].1)
    }

    /// What a person is not shown among the ads from one place to another, counted from the first.
    fn refused(
        &self,
        person: usize,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (usize, Ineligible)> + '_ {
        let all = &self.refusals[person].ads;
        let from = all.partition_point(|(at, _)| (*at as usize) < range.start);
        let (start, end) = (range.start, range.end);
        let here = all[from..].iter().map(|&(at, why)| (at as usize, why));
        here.take_while(move |(at, _)| *at < end)
            .map(move |(at, why)| (at - start, why))
    }
}

/// Who is offered what.
#[derive(Clone, Copy)]
struct World<'a> {
    people: &'a People<'a>,
    running: &'a Running<'a>,
}

/// The first K + 1 of what one person was offered, and what they were not.
#[derive(Clone, Debug, Default)]
struct BestAds {
    best: Vec<Best>,
    eligible: u64,
    ineligible: [u64; Ineligible::ALL.len()],
}

/// What one task reuses from person to person.
#[derive(Default)]
struct Scratch {
    logits: Vec<f64>,
    kinds: KindSums,
}

#[derive(Clone, Copy, Debug)]
struct Best {
    value: f64,
    p_click: f64,
    /// Among the running ads.
    ad_idx: usize,
    advertiser: AdvertiserId,
}

impl BestAds {
    /// Offers come in ascending order of ad id, so among equal values the earlier stays ahead. `fits` says how many of
    /// an advertiser's ads a list may hold, and is asked only of an ad that would get a place.
    fn offer(&mut self, offered: Best, k: usize, fits: impl FnOnce() -> usize) {
        self.eligible += 1;
        if self.has_no_place(offered.value, k) {
            return;
        }
        let ahead = |held: &Best| held.value.total_cmp(&offered.value).is_ge();
        let place = self.best.partition_point(ahead);
        if let Some(worst) = self.too_many(offered.advertiser, fits()) {
            if place <= worst {
                self.best.remove(worst);
                self.best.insert(place, offered);
            }
            return;
        }
        self.best.truncate(k - 1);
        self.best.insert(place, offered);
    }

    /// Is there no place for an ad of this value, whatever it is?
    fn has_no_place(&self, value: f64, k: usize) -> bool {
        let ahead = |held: &Best| held.value.total_cmp(&value).is_ge();
        self.best.len() == k && self.best.last().is_some_and(ahead)
    }

    /// The place of the least valuable ad of an advertiser that has as many as fit.
    fn too_many(&self, advertiser: AdvertiserId, fits: usize) -> Option<usize> {
        if self.best.len() < fits {
            return None;
        }
        let own = |held: &&Best| held.advertiser == advertiser;
        let is_full = self.best.iter().filter(own).count() >= fits;
        is_full
            .then(|| {
                self.best
                    .iter()
                    .rposition(|held| held.advertiser == advertiser)
            })
            .flatten()
    }
}

/// Neighbours among the running ads.
#[derive(Clone, Copy)]
struct Block<'a> {
    ads: &'a [RunningAd<'a>],
    /// Where the first of them stands.
    first_ad_idx: usize,
}

/// Log-odds of a block of ads: alone, and the part of every value; and who may get which of them.
struct BlockScorer<'a> {
    model: &'a ClickModel,
    by_kind: &'a ByKind<'a>,
    places: Places,
    ads: &'a [RunningAd<'a>],
    first_ad_idx: usize,
    base: Vec<f64>,
    /// What calibration adds for each ad, after the curve.
    shifts: Vec<f64>,
    /// Shape (values, ads of the block).
    parts: Vec<f64>,
    masks: BlockMasks,
}

impl<'a> BlockScorer<'a> {
    fn new(
        model: &'a ClickModel,
        logistic: &Logistic,
        block: Block<'a>,
        people: &People<'_>,
        by_kind: &'a ByKind<'a>,
    ) -> Self {
        let Block { ads, first_ad_idx } = block;
        let mut parts = vec![0.0; people.values.len() * ads.len()];
        let rows = parts
            .par_chunks_mut(ads.len())
            .zip(people.values.par_iter());
        rows.for_each(|(row, &value)| {
            for (part, one) in row.iter_mut().zip(ads) {
                *part = logistic.value_part(one.hashes, value);
            }
        });
        let listed: Vec<_> = ads.iter().map(RunningAd::listed).collect();
        Self {
            model,
            by_kind,
            places: Places::of(ads.iter().map(|one| one.ad)),
            ads,
            first_ad_idx,
            base: ads.iter().map(|one| logistic.base(one.hashes)).collect(),
            shifts: ads.iter().map(|one| model.shift(one.ad, None)).collect(),
            parts,
            masks: BlockMasks::new(&listed, &people.segments),
        }
    }

    fn offer_all(
        &self,
        world: World<'_>,
        lists: &mut [BestAds],
        k: usize,
        progress: &(dyn Fn(u64) + Sync),
    ) {
        let chunks = lists.par_chunks_mut(USER_CHUNK).enumerate();
        chunks.for_each(|(chunk_idx, chunk)| {
            let mut scratch = Scratch::default();
            for (user_idx, list) in (chunk_idx * USER_CHUNK..).zip(chunk.iter_mut()) {
                self.offer_block(world, user_idx, &mut scratch, list, k);
            }
            progress(chunk.len() as u64);
        });
    }

    /// The inner loop: whole rows are added, so that ads are neighbours in memory. The order of each ad's sum is that of
    /// [`Logistic::logit`].
    fn fill_logits(&self, people: &People<'_>, person: usize, scratch: &mut Scratch) {
        let Scratch { logits, kinds } = scratch;
        logits.clear();
        logits.extend_from_slice(&self.base);
        for &value in &people.value_ids[person] {
            let from = value as usize * self.ads.len();
            let row = &self.parts[from..from + self.ads.len()];
            for (logit, part) in logits.iter_mut().zip(row) {
                *logit += part;
            }
        }
        self.by_kind.fill(people, person, kinds);
        for (logit, one) in logits.iter_mut().zip(self.ads) {
            *logit += kinds.sums[one.kind as usize];
        }
        self.add_told(people.profiles[person], logits);
    }

    /// Adds what is about advertisers, then what is about ads; nothing of either counts for ads of special categories.
    fn add_told(&self, profile: &UserProfile, logits: &mut [f64]) {
        for about in [AdField::Advertiser, AdField::Ad] {
            let crossing = Crossing::About(about);
            let told = profile.about.iter();
            for one in told.filter(|one| one.level.field.crossing() == crossing) {
                for &at in self.places.of_key(&one.key) {
                    let at = usize::from(at);
                    if !self.ads[at].hashes.is_special() {
                        logits[at] += self.by_kind.plain(one.level.hashed());
                    }
                }
            }
        }
    }

    fn offer_block(
        &self,
        World { people, running }: World<'_>,
        person: usize,
        scratch: &mut Scratch,
        list: &mut BestAds,
        k: usize,
    ) {
        let range = self.first_ad_idx..self.first_ad_idx + self.ads.len();
        let refused = people.refused(person, range);
        let who = people.segments.of_person(person);
        let eligible = self
            .masks
            .eligible(who, refused, &running.lists, &mut list.ineligible);
        self.fill_logits(people, person, scratch);
        let logits = &scratch.logits;
        for idx in eligible.bits() {
            let ad = self.ads[idx].ad;
            let ad_idx = self.first_ad_idx + idx;
            let at_most = running.ready.bounds.p_click(ad_idx, logits[idx]);
            if ad.bid >= 0.0 && list.has_no_place(value(ad, at_most), k) {
                list.eligible += 1;
                continue;
            }
            let p_click = self.model.probability(logits[idx], self.shifts[idx]);
            let offered = Best {
                value: value(ad, p_click),
                p_click,
                ad_idx,
                advertiser: ad.advertiser_id,
            };
            list.offer(offered, k, || people.fits(person, ad.advertiser_id));
        }
    }
}

/// What comes out of everybody's lists.
struct Outcome<'a> {
    people: &'a People<'a>,
    running: &'a Running<'a>,
    model: &'a ClickModel,
    reserve: f64,
    k: usize,
}

impl Outcome<'_> {
    fn scores(&self, lists: &[BestAds]) -> AdScores {
        let people = self.people.profiles.par_iter().zip(lists.par_iter());
        let of_person = |(profile, list): (&&UserProfile, &BestAds)| self.of_person(profile, list);
        people.flat_map_iter(of_person).collect()
    }

    fn of_person(&self, profile: &UserProfile, list: &BestAds) -> Vec<AdScore> {
        let next = list.best.iter().skip(1).map(|next| Some(next.value));
        let ranked = (1..).zip(list.best.iter().zip(next.chain([None])));
        let score = |(rank, (best, next_value)): (u32, (&Best, Option<f64>))| {
            let ad = self.running.ads[best.ad_idx].ad;
            AdScore {
                user: profile.user,
                rank,
                ad_id: ad.ad_id,
                p_click: best.p_click,
                value: best.value,
                price: price(ad, best.p_click, next_value, self.reserve),
                reasons: reasons(profile, ad, self.model),
            }
        };
        ranked.take(self.k).map(score).collect()
    }

    /// A list with an empty place lost every pair that is not in it to the caps of advertisers; in a full one, whatever
    /// did not get a place is beyond K.
    fn count(&self, lists: &[BestAds], counts: &mut AdCounts) {
        for list in lists {
            let emitted = list.best.len().min(self.k);
            let lost = list.eligible - emitted as u64;
            counts.emitted += emitted as u64;
            counts.eligible += list.eligible;
            if emitted < self.k {
                counts.advertiser_full += lost;
            } else {
                counts.beyond_k += lost;
            }
            for (&reason, &n) in Ineligible::ALL.iter().zip(&list.ineligible) {
                counts.refuse(reason, n);
            }
        }
    }
}

/// The person's values that raised the log-odds most, strongest first; else what else there is to say.
fn reasons(profile: &UserProfile, ad: &Ad, model: &ClickModel) -> Vec<String> {
    let values = profile.values_for(ad);
    let spoken = spoken(&values, &model.hashes(ad), model);
    let mut parts: Vec<(f64, UserValue)> = spoken.by_value.into_iter().zip(values).collect();
    // That somebody clicks much whatever it is speaks for no ad.
    let speaks = |value: &UserValue| value.field.crossing() != Crossing::Nothing;
    parts.retain(|(part, value)| *part > 0.0 && speaks(value));
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts.truncate(MAX_REASONS);
    if parts.is_empty() {
        return vec![without_values(spoken.by_ad, model).to_owned()];
    }
    parts.iter().map(|(_, value)| reason(value)).collect()
}

fn reason(value: &UserValue) -> String {
    let field = value.field.as_str();
    value
        .told()
        .map_or_else(|| field.to_owned(), |told| format!("{field} {told}"))
}

/// What spoke for an ad, in log-odds.
struct Spoken {
    /// For each of the person's values; 0 for one that may not count.
    by_value: Vec<f64>,
    /// What the ad's own fields add.
    by_ad: f64,
}

fn spoken(values: &[UserValue], ad: &AdHashes, model: &ClickModel) -> Spoken {
    match model.predictor() {
        Predictor::Logistic(logistic) => Spoken {
            by_value: values
                .iter()
                .map(|value| logistic.value_part(ad, value.hashed()))
                .collect(),
            by_ad: logistic.ad_part(ad),
        },
        Predictor::Factors(machine) => {
            let parts = machine.parts(ad, values);
            let mut by_value = vec![0.0; values.len()];
            for (at, part) in parts.person {
                by_value[at] = part;
            }
            Spoken {
                by_value,
                by_ad: parts.ad.iter().map(|(_, part)| part).sum(),
            }
        }
    }
}

const fn without_values(by_ad: f64, model: &ClickModel) -> &'static str {
    if model.is_prior_only() {
        "prior"
    } else if by_ad > 0.0 {
        "often clicked"
    } else {
        "bid"
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ads::testing::{account, ad, impression, interests, permit_all};
    use crate::ads::{
        AdsParams, AgeBand, History, ModelKind, SharedFacts, SharedParams, Tie, Usage,
        ValidAdsParams,
    };
    use crate::ads::{
        Audiences, Cap, HiddenAd, ListMember, PolicyParams, Trained, TrainingRow, train,
    };
    use crate::ids::Region;
    use crate::learn::factor::{FactorModel, FactorParams, Interaction};
    use crate::learn::{
        CalibrateBy, Calibration, CalibrationMethod, Clicks, FtrlParams, Predicted,
    };
    use crate::signals::Hidden;
    use crate::signals::SpecialCategory;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    /// A small number made from others, for test data.
    fn roll(a: u64, b: u64, sides: u64) -> usize {
        usize::try_from(crate::hash::mix_two(a, b) % sides).unwrap()
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
        match roll(id, 6, 12) {
            0 => ad.ends_at = AS_OF,
            1 => ad.targeting.genders = vec!["f".into()],
            2 => ad.targeting.regions = Region::parse("DE").into_iter().collect(),
            4 => ad.targeting.interests = interests(&[INTERESTS[roll(id, 7, 5)]]),
            5 => ad.targeting.age_min = Some(30),
            6 => ad.audience_id = Some(AudienceId(1)),
            7 => ad.lookalike_of = Some(AudienceId(1)),
            3 => ad.special_category = Some(SpecialCategory::Housing),
            _ => (),
        }
        ad.quality = roll(id, 8, 3) as f64 / 100.0;
        ad
    }

    fn models(profiles: &[UserProfile], ads: &[Ad]) -> Vec<ClickModel> {
        models_looking_at(SharedParams::default(), profiles, ads)
    }

    /// The logistic model, and the factor model of every kind; the last is calibrated category by category.
    fn models_looking_at(
        signals: SharedParams,
        profiles: &[UserProfile],
        ads: &[Ad],
    ) -> Vec<ClickModel> {
        let factors = |interaction| {
            let factors = FactorParams::default().bits(10).k(4);
            let params = AdsParams {
                model: ModelKind::Factors,
                factors: factors.interaction(interaction).eta(0.3).epochs(6),
                // The logistic model is calibrated, and so is the last one, by other rows.
                calibration: CalibrationMethod::None,
                signals,
                ..given(5)
            };
            trained(profiles, ads, &params.check().unwrap())
        };
        vec![
            trained(profiles, ads, &params(5).with_signals(signals)),
            factors(Interaction::FieldAware),
            factors(Interaction::Plain),
            shifted(&factors(Interaction::FieldWeighted)),
        ]
    }

    /// The same with a calibration that shifts categories apart, whatever the rows say of them.
    fn shifted(model: &ClickModel) -> ClickModel {
        let half = |predicted: f64, clicks| Predicted {
            p: predicted,
            target: Clicks {
                clicks,
                impressions: 1_000,
            },
        };
        let rows = [half(0.1, 200), half(0.1, 50), half(0.2, 400), half(0.2, 90)];
        let values = ["art", "cars", "art", "cars"].map(str::to_owned);
        let calibration = Calibration::fit(CalibrationMethod::Platt, &rows);
        model
            .clone()
            .calibrated_by(calibration.with_shifts(CalibrateBy::Category, &rows, &values))
    }

    /// People click on what they are interested in, one ad after another.
    fn log(profiles: &[UserProfile], ads: &[Ad]) -> Vec<Permitted<TrainingRow, AdRelevance>> {
        let pairs = profiles
            .iter()
            .flat_map(|p| ads.iter().map(move |ad| (p, ad)));
        let rows = pairs.map(|(profile, ad)| {
            let keen = {
                let about = ad.category.as_str();
                profile.attributes.interests.iter().any(|i| *i == *about)
            };
            let clicks = if keen { 5 } else { 1 };
            let mut shown = impression(Some(profile.user.0), ad.ad_id.0, 20, clicks);
            shown.at = Timestamp::from_secs(1 + (ad.ad_id.0 % 400).cast_signed());
            TrainingRow::new(&shown, Some(profile))
        });
        permit_all(rows)
    }

    fn trained(profiles: &[UserProfile], ads: &[Ad], params: &ValidAdsParams) -> ClickModel {
        train(&log(profiles, ads), ads, params).unwrap().model
    }

    /// The people with what some of them did before, and with phones.
    fn told(profiles: Vec<UserProfile>, ads: &[Ad]) -> Vec<UserProfile> {
        let usage = |profile: &UserProfile| Usage {
            user: profile.user,
            device_type: Some(["pixel", "iphone"][roll(profile.user.0, 40, 2)].into()),
            os: Some("some".into()),
            os_version: None,
            app_version: None,
            sessions_30d: Some(30),
            groups: None,
        };
        let pair = |id: u64| Tie {
            a: UserId(id),
            b: UserId(1 + id % 10),
            since: Timestamp::from_secs(0),
        };
        let ties = permit_all((1..=profiles.len() as u64).map(pair));
        let facts = SharedFacts::new(&permit_all(profiles.iter().map(usage)), &ties);
        let few = profiles.len().min(10);
        let rows = log(&profiles[..few], &ads[..ads.len().min(40)]);
        let signals = SharedParams {
            friends_min: 2,
            ..SharedParams::default()
        };
        let history = History::of(&rows, ads, &facts, &params(5).with_signals(signals));
        profiles
            .into_iter()
            .map(|one| history.tell(one, AS_OF))
            .collect()
    }

    fn params(k: u32) -> ValidAdsParams {
        given(k).check().unwrap()
    }

    fn given(k: u32) -> AdsParams {
        let ftrl = FtrlParams::default().bits(14).epochs(2);
        // So strict that lists run into it.
        let cap = Cap {
            window_days: 7,
            per_ad: Some(3),
            per_advertiser: Some(4),
        };
        let policy = PolicyParams {
            caps: vec![cap],
            audience_min: 3,
            lookalike_share: 0.2,
            reserve: 0.5,
            synthetic: true,
        };
        AdsParams {
            learning_curve: false,
            k,
            ftrl,
            policy,
            ..AdsParams::default()
        }
    }

    /// Somebody has seen something, somebody hid something, and some are on a list.
    fn guard(users: &[UserProfile], ads: &[Ad]) -> Guard {
        let mut shown = Vec::new();
        let mut hidden = Vec::new();
        let mut listed = Vec::new();
        for UserProfile { user, .. } in users {
            for ad in ads.iter().filter(|ad| roll(user.0, ad.ad_id.0, 9) == 0) {
                let n = u32::try_from(roll(user.0, ad.ad_id.0 + 1, 4)).unwrap();
                shown.push(impression(Some(user.0), ad.ad_id.0, n, 0));
            }
            match roll(user.0, 77, 6) {
                0 => hidden.push((*user, Hidden::Ad(AdId(user.0 % 40)))),
                1 => hidden.push((*user, Hidden::Advertiser(AdvertiserId(user.0 % 7)))),
                2 | 3 => listed.push(*user),
                _ => (),
            }
        }
        let rows = shown.iter().map(|shown| TrainingRow::new(shown, None));
        let hidden = hidden
            .into_iter()
            .map(|(user, hidden)| HiddenAd { user, hidden });
        let listed = listed.into_iter().map(|user| ListMember {
            audience: AudienceId(1),
            added_at: Timestamp::from_secs(0),
            user,
        });
        let policy = params(1).policy().clone();
        let known = [AudienceId(1)].into();
        let everybody = permit_all(users.iter().cloned());
        let audiences = Audiences::judge(&known, &permit_all(listed), &everybody, ads, &policy);
        Guard::new(AS_OF, &policy)
            .with_hidden(&permit_all(hidden))
            .with_showings(&permit_all(rows), ads)
            .with_audiences(audiences)
    }

    /// Scores every pair, sorts, and takes the best that the caps leave; with the price of each.
    fn naive(
        users: &[UserProfile],
        ads: &[Ad],
        (model, guard): (&ClickModel, &Guard),
        k: usize,
    ) -> Vec<(u64, u64, f64, f64)> {
        let mut all = Vec::new();
        for user in users {
            let scored = ads.iter().filter(|ad| guard.eligibility(user, ad).is_ok());
            let scored = scored.map(|ad| {
                let p = model.p_click(user, ad);
                (ad, p, ad.bid * p + ad.quality)
            });
            let mut own: Vec<_> = scored.collect();
            own.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.ad_id.cmp(&b.0.ad_id)));
            let mut taken: BTreeMap<AdvertiserId, u32> = BTreeMap::new();
            let fresh = guard.policy().per_advertiser().unwrap();
            own.retain(|(ad, ..)| {
                let seen = guard.restrictions(user.user);
                let left = seen.and_then(|own| own.left().find(|(id, _)| *id == ad.advertiser_id));
                let n = taken.entry(ad.advertiser_id).or_default();
                *n += 1;
                *n <= left.map_or(fresh, |(_, left)| left)
            });
            for (at, (ad, p, value)) in own.iter().enumerate().take(k) {
                let least = own.get(at + 1).map(|next| (next.2 - ad.quality) / p);
                let price = least.map_or(0.5, |least| least.max(0.5)).min(ad.bid);
                all.push((user.user.0, ad.ad_id.0, *value, price));
            }
        }
        all
    }

    fn world(n_users: u64, n_ads: u64) -> (Vec<UserProfile>, Vec<Ad>) {
        let ads: Vec<Ad> = (1..=n_ads).map(some_ad).collect();
        (told((1..=n_users).map(profile).collect(), &ads), ads)
    }

    fn rank(users: &[UserProfile], ads: &[Ad], model: &ClickModel, k: u32) -> RankedAds {
        let guard = Guard::new(AS_OF, params(k).policy());
        rank_with(users, ads, model, &guard, k)
    }

    fn rank_with(
        users: &[UserProfile],
        ads: &[Ad],
        model: &ClickModel,
        guard: &Guard,
        k: u32,
    ) -> RankedAds {
        let users = permit_all(users.iter().cloned());
        rank_ads(&users, ads, model, guard, k as usize, &|_| ()).unwrap()
    }

    #[test]
    fn oracle_top_k_equals_scoring_every_pair() {
        let (users, ads) = world(40, 1_100);
        let guard = guard(&users, &ads);
        for model in models(&users[..10], &ads[..40]) {
            for k in [1, 5, 25, 1_000] {
                let RankedAds { scores, counts } = rank_with(&users, &ads, &model, &guard, k);
                let ours: Vec<_> = scores
                    .iter()
                    .map(|s| (s.user.0, s.ad_id.0, s.value, s.price))
                    .collect();
                let expected = naive(&users, &ads, (&model, &guard), k as usize);
                assert_eq!(
                    ours,
                    expected,
                    "{:?}, k = {k}",
                    model.factors().map(FactorModel::params)
                );
                counts.check_sums().unwrap();
            }
        }
    }

    /// Calibration that shifts categories apart, and the test above, are not in vain.
    #[test]
    fn models_of_these_tests_differ_by_category() {
        let (users, ads) = world(40, 40);
        let models = models(&users[..10], &ads);
        let shifts = ads.iter().map(|ad| models[3].shift(ad, None).to_bits());
        let shifts: std::collections::BTreeSet<u64> = shifts.collect();
        assert_eq!(shifts.len(), 3, "art, cars and the others");
    }

    #[test]
    fn oracle_counts_equal_asking_every_pair() {
        let (users, ads) = world(60, 200);
        let guard = guard(&users, &ads);
        let mut expected = BTreeMap::new();
        for (user, ad) in users.iter().flat_map(|u| ads.iter().map(move |ad| (u, ad))) {
            if let Err(reason) = guard.eligibility(user, ad) {
                *expected.entry(reason).or_insert(0) += 1;
            }
        }
        for model in models(&users[..5], &ads) {
            let RankedAds { counts, .. } = rank_with(&users, &ads, &model, &guard, 5);
            assert_eq!(counts.ineligible, expected);
        }
        let found: Vec<Ineligible> = expected.into_keys().collect();
        for reason in [
            Ineligible::BelowReserve,
            Ineligible::NotRunning,
            Ineligible::HiddenAd,
            Ineligible::HiddenAdvertiser,
            Ineligible::AdCap,
            Ineligible::AdvertiserCap,
            Ineligible::Region,
            Ineligible::Gender,
            Ineligible::Age,
            Ineligible::Interests,
            Ineligible::NotInAudience,
        ] {
            assert!(
                found.contains(&reason),
                "the world has {reason:?}: {found:?}"
            );
        }
    }

    #[test]
    fn lists_that_caps_leave_empty_places_in_are_counted() {
        let (users, ads) = world(20, 100);
        let guard = guard(&users, &ads);
        for model in models(&users[..5], &ads) {
            let RankedAds { scores, counts } = rank_with(&users, &ads, &model, &guard, 1_000);
            // Seven advertisers with at most four ads each.
            assert!(scores.len() <= 20 * 28);
            assert!(counts.advertiser_full > 0 && counts.beyond_k == 0);
            counts.check_sums().unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Nobody is given an ad or an advertiser over its cap, nor anything they hid, in any world.
        #[test]
        fn prop_caps_and_hiding_are_absolute(seed in any::<u64>(), k in 1_u32..40) {
            let from = seed % 1_000_000;
            let users: Vec<UserProfile> = (from..from + 25).map(profile).collect();
            let ads: Vec<Ad> = (from..from + 120).map(some_ad).collect();
            let kind = ModelKind::ALL[usize::from(seed % 2 == 1)];
            let Trained { model, .. } = train(&[], &ads, &params(5).with_model(kind)).unwrap();
            let guard = guard(&users, &ads);
            let RankedAds { scores, .. } = rank_with(&users, &ads, &model, &guard, k);
            let mut given: BTreeMap<(UserId, AdvertiserId), u32> = BTreeMap::new();
            for score in &scores {
                let ad = &ads[usize::try_from(score.ad_id.0 - from).unwrap()];
                *given.entry((score.user, ad.advertiser_id)).or_default() += 1;
                // What they were shown before, summed afresh.
                let before = |of: &dyn Fn(&Ad) -> bool| -> usize {
                    let seen = ads.iter().filter(|ad| of(ad));
                    let seen = seen.filter(|ad| roll(score.user.0, ad.ad_id.0, 9) == 0);
                    seen.map(|ad| roll(score.user.0, ad.ad_id.0 + 1, 4)).sum()
                };
                prop_assert!(before(&|one| one.ad_id == ad.ad_id) < 3);
                let now = given[&(score.user, ad.advertiser_id)] as usize;
                let of_advertiser = before(&|one| one.advertiser_id == ad.advertiser_id);
                prop_assert!(of_advertiser + now <= 4, "{of_advertiser} + {now}");
                let hides_ad = roll(score.user.0, 77, 6) == 0 && score.user.0 % 40 == ad.ad_id.0;
                let hides = roll(score.user.0, 77, 6) == 1 && score.user.0 % 7 == ad.advertiser_id.0;
                prop_assert!(!hides_ad && !hides);
            }
        }

        /// Two people who differ only in age, gender and region get the same scores for special categories, whatever the
        /// model has learned and whatever the ad.
        #[test]
        fn prop_special_categories_do_not_look_at_who_somebody_is(seed in 0_u64..1_000_000) {
            let users: Vec<UserProfile> = (seed..seed + 30).map(profile).collect();
            let mut ads: Vec<Ad> = (seed..seed + 60).map(some_ad).collect();
            for (ad, special) in ads.iter_mut().step_by(2).zip(SpecialCategory::ALL.iter().cycle()) {
                ad.special_category = Some(*special);
            }
            let models = models(&users[..8], &ads);
            let (a, b) = alike(seed);
            // Without caps: else ads that may look would take places of those that may not.
            let policy = PolicyParams {
                caps: Vec::new(),
                ..PolicyParams::default()
            };
            let guard = Guard::new(AS_OF, &policy.check().unwrap());
            for model in &models {
                let RankedAds { scores, .. } = rank_with(&[a.clone(), b.clone()], &ads, model, &guard, 1_000);
                let special = |user| -> Vec<(AdId, u64, u64)> {
                    let own = scores.iter().filter(|score| score.user == UserId(user));
                    let special = own.filter(|score| {
                        let ad = ads.iter().find(|ad| ad.ad_id == score.ad_id).unwrap();
                        ad.special_category.is_some()
                    });
                    let mut scored: Vec<_> = special
                        .map(|score| (score.ad_id, score.p_click.to_bits(), score.value.to_bits()))
                        .collect();
                    scored.sort_unstable();
                    scored
                };
                prop_assert!(!special(1).is_empty());
                prop_assert_eq!(special(1), special(2));
            }
        }
    }

    /// Two adults who differ only in age, gender and region.
    fn alike(seed: u64) -> (UserProfile, UserProfile) {
        let mut a = profile(seed);
        a.user = UserId(1);
        let mut b = a.clone();
        b.user = UserId(2);
        let aged = |who: &mut UserProfile, age: u16| {
            who.age = Some(age);
            Arc::make_mut(&mut who.attributes).age_band =
                AgeBand::of(age).map(|band| band.to_string());
        };
        aged(&mut a, 20 + u16::try_from(roll(seed, 21, 20)).unwrap());
        aged(&mut b, 45 + u16::try_from(roll(seed, 22, 40)).unwrap());
        Arc::make_mut(&mut a.attributes).gender = Some("f".into());
        Arc::make_mut(&mut b.attributes).gender = Some("m".into());
        Arc::make_mut(&mut a.attributes).region = Region::parse("DE");
        Arc::make_mut(&mut b.attributes).region = Region::parse("US");
        (a, b)
    }

    #[test]
    fn same_scores_for_any_number_of_threads_and_any_order() {
        let (mut users, mut ads) = world(200, 600);
        let guard = guard(&users, &ads);
        for model in models(&users[..10], &ads[..40]) {
            let expected = rank_with(&users, &ads, &model, &guard, 5);
            users.reverse();
            ads.reverse();
            for threads in 1..=3 {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let pool = pool.build().unwrap();
                let again = pool.install(|| rank_with(&users, &ads, &model, &guard, 5));
                assert_eq!(again, expected);
            }
        }
    }

    #[test]
    fn interests_decide_and_are_the_reason() {
        let (users, ads) = world(60, 20);
        let mut fan = profile(1);
        Arc::make_mut(&mut fan.attributes).interests = interests(&["cooking"]);
        let one = |category| ad(100, category, 1.0);
        for model in models_looking_at(SharedParams::none(), &users, &ads) {
            let p = |category| model.p_click(&fan, &one(category));
            assert!(
                p("cooking") > 1.5 * p("cars"),
                "{} {}",
                p("cooking"),
                p("cars")
            );
            let RankedAds { scores, .. } =
                rank(std::slice::from_ref(&fan), &[one("cooking")], &model, 1);
            assert_eq!(scores[0].reasons[0], "interest cooking");
        }
    }

    #[test]
    fn deny_protected_attributes_any_say_on_special_categories() {
        let (users, ads) = world(40, 40);
        let mut special = ad(3, "cooking", 1.0);
        special.special_category = Some(SpecialCategory::Credit);
        let mut a = profile(1);
        Arc::make_mut(&mut a.attributes).gender = Some("f".into());
        let mut b = a.clone();
        b.age = Some(20);
        Arc::make_mut(&mut b.attributes).age_band = Some("18-24".into());
        Arc::make_mut(&mut b.attributes).gender = Some("m".into());
        Arc::make_mut(&mut b.attributes).region = Region::parse("US");
        for model in models(&users, &ads) {
            let p = |profile: &UserProfile, ad| model.p_click(profile, ad);
            assert_eq!(p(&a, &special), p(&b, &special));
            assert_ne!(p(&a, &ad(3, "cooking", 1.0)), p(&b, &ad(3, "cooking", 1.0)));
        }
    }

    #[test]
    fn without_rows_the_prior_answers_and_bids_decide() {
        let ads = [ad(1, "art", 1.0), ad(2, "art", 2.0), ad(3, "cars", 2.0)];
        for kind in ModelKind::ALL {
            let Trained { model, report, .. } =
                train(&[], &ads, &params(5).with_model(kind)).unwrap();
            report.check_sums().unwrap();
            let RankedAds { scores, .. } = rank(&[profile(1)], &ads, &model, 2);
            let order: Vec<_> = scores.iter().map(|s| (s.rank, s.ad_id.0)).collect();
            assert_eq!(order, [(1, 2), (2, 3)]);
            assert!((scores[0].p_click - 0.001).abs() < 1e-9);
            assert_eq!(scores[0].reasons, ["prior"]);
        }
    }

    #[test]
    fn nobody_and_nothing() {
        for kind in ModelKind::ALL {
            let Trained { model, .. } = train(&[], &[], &params(5).with_model(kind)).unwrap();
            for (users, ads) in [
                (vec![], vec![]),
                (vec![profile(1)], vec![]),
                (vec![], vec![some_ad(1)]),
            ] {
                let RankedAds { scores, counts } = rank(&users, &ads, &model, 5);
                assert!(scores.is_empty());
                counts.check_sums().unwrap();
            }
        }
    }
}
