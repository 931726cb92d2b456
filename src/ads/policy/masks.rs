//! Masks: the policy for a block of ads at once, a bit for each.
//!
//! A condition looks at one attribute, and people have few values of it. So each condition is asked once per value and ad
//! of the block, not once per person and ad; a person's eligible ads are the conjunction of their values' masks. The
//! conditions are asked by the function that asks them one by one, so the answers are the same.

use super::ineligible::Ineligible;
use super::restrictions::Restrictions;
use super::targeting::{Condition, meets};
use crate::ads::profile::UserProfile;
use crate::hash::HashMap;
use crate::ids::{AdId, AdvertiserId, UserId};
use crate::signals::{Ad, Interest};

/// Ads of a block.
pub(in crate::ads) const AD_BLOCK: usize = 512;

const WORDS: usize = AD_BLOCK / 64;

/// The attributes that have one value a person; interests are many.
const SINGLE: [Condition; 4] = [
    Condition::Region,
    Condition::Language,
    Condition::Gender,
    Condition::Age,
];

/// Some of the ads of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ads) struct Mask([u64; WORDS]);

impl Mask {
    const NONE: Self = Self([0; WORDS]);

    /// The ads for which something holds.
    fn of(holds: impl Iterator<Item = bool>) -> Self {
        let mut mask = Self::NONE;
        for (bit, _) in holds.enumerate().filter(|(_, holds)| *holds) {
            mask.set(bit);
        }
        mask
    }

    const fn set(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    const fn has(&self, bit: usize) -> bool {
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }

    const fn clear(&mut self, bit: usize) {
        self.0[bit / 64] &= !(1 << (bit % 64));
    }

    fn or(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Keeps what the other has too, and says how many that leaves out.
    fn keep(&mut self, other: &Self) -> u64 {
        let mut n_out = 0;
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            n_out += u64::from((*word & !other).count_ones());
            *word &= other;
        }
        n_out
    }

    /// 64 ads a word.
    pub(in crate::ads) const fn words(&self) -> &[u64; WORDS] {
        &self.0
    }

    /// The ads, ascending.
    pub(in crate::ads) fn bits(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            let bits = std::iter::successors(Some(word), |left| Some(left & left.wrapping_sub(1)));
            bits.take_while(|left| *left != 0)
                .map(move |left| at * 64 + left.trailing_zeros() as usize)
        })
    }
}

/// People by the values conditions look at, each value numbered.
pub(in crate::ads) struct Segments<'a> {
    /// For each condition on one value somebody who has it, by the number of the value.
    having: [Vec<&'a UserProfile>; SINGLE.len()],
    /// The numbers of each person's values.
    of: Vec<[u32; SINGLE.len()]>,
    interests: Vec<&'a Interest>,
    /// The numbers of each person's interests.
    interests_of: Vec<Vec<u32>>,
}

/// Those of one person, by their place among the people.
#[derive(Clone, Copy)]
pub(in crate::ads) struct SegmentsOf<'a> {
    segments: &'a Segments<'a>,
    person: usize,
}

impl<'a> Segments<'a> {
    /// What one of them has.
    pub(in crate::ads) const fn of_person(&self, person: usize) -> SegmentsOf<'_> {
        SegmentsOf {
            segments: self,
            person,
        }
    }

    /// The segments of people, in their order.
    pub(in crate::ads) fn of(people: &[&'a UserProfile]) -> Self {
        let mut segments = Self {
            having: Default::default(),
            of: vec![[0; SINGLE.len()]; people.len()],
            interests: Vec::new(),
            interests_of: Vec::with_capacity(people.len()),
        };
        segments.number(0, people, |who| who.attributes.region);
        segments.number(1, people, |who| who.attributes.language.as_deref());
        segments.number(2, people, |who| who.attributes.gender.as_deref());
        segments.number(3, people, |who| who.age);
        segments.number_interests(people);
        segments
    }

    fn number<V: std::hash::Hash + Eq>(
        &mut self,
        condition: usize,
        people: &[&'a UserProfile],
        value: impl Fn(&'a UserProfile) -> V,
    ) {
        let mut numbers: HashMap<V, u32> = HashMap::default();
        let having = &mut self.having[condition];
        for (own, &who) in self.of.iter_mut().zip(people) {
            own[condition] = *numbers
                .entry(value(who))
                .or_insert_with(|| next(having, who));
        }
    }

    fn number_interests(&mut self, people: &[&'a UserProfile]) {
        let mut numbers: HashMap<&Interest, u32> = HashMap::default();
        for &who in people {
            let own = who.attributes.interests.iter().map(|interest| {
                let new = || next(&mut self.interests, interest);
                *numbers.entry(interest).or_insert_with(new)
            });
            self.interests_of.push(own.collect());
        }
    }
}

fn next<T>(list: &mut Vec<T>, one: T) -> u32 {
    list.push(one);
    u32::try_from(list.len() - 1).expect("fewer than 2³² distinct values fit memory")
}

/// An ad, with the number of the list it is for, if it is for one.
#[derive(Clone, Copy)]
pub(in crate::ads) struct ListedAd<'a> {
    pub(in crate::ads) ad: &'a Ad,
    pub(in crate::ads) list: Option<u32>,
}

/// The conditions of a block of ads.
pub(in crate::ads) struct BlockMasks {
    all: Mask,
    /// By condition and number of a value: the ads whose condition it meets.
    single: [Vec<Mask>; SINGLE.len()],
    /// Ads that ask for no interest.
    any_interest: Mask,
    /// By interest: the ads that ask for it.
    interest: Vec<Mask>,
    /// Ads for a list, with the number of the list.
    listed: Vec<(usize, u32)>,
}

impl BlockMasks {
    /// The masks of some ads, at most [`AD_BLOCK`], with the numbers of their lists.
    ///
    /// # Complexity
    /// O(V·A) time and V/8 bytes an ad, for V distinct values.
    pub(in crate::ads) fn new(ads: &[ListedAd<'_>], segments: &Segments<'_>) -> Self {
        let mask = |holds: &dyn Fn(&Ad) -> bool| Mask::of(ads.iter().map(|one| holds(one.ad)));
        let single = std::array::from_fn(|at| {
            let having = segments.having[at].iter();
            let meeting = |who: &&UserProfile| mask(&|ad| meets(who, &ad.targeting, SINGLE[at]));
            having.map(meeting).collect()
        });
        let wanted = |interest: &&Interest| mask(&|ad| ad.targeting.interests.contains(interest));
        let listed = ads.iter().map(|one| one.list).enumerate();
        Self {
            all: mask(&|_| true),
            single,
            any_interest: mask(&|ad| ad.targeting.interests.is_empty()),
            interest: segments.interests.iter().map(wanted).collect(),
            listed: listed
                .filter_map(|(bit, list)| Some((bit, list?)))
                .collect(),
        }
    }

    /// The ads one person may be scored for; the others are counted by reason.
    ///
    /// `refused` are the ads of the block the person is not shown whatever their conditions, each once.
    pub(in crate::ads) fn eligible(
        &self,
        SegmentsOf { segments, person }: SegmentsOf<'_>,
        refused: impl Iterator<Item = (usize, Ineligible)>,
        lists: &Lists,
        ineligible: &mut [u64; Ineligible::ALL.len()],
    ) -> Mask {
        let mut left = self.all;
        for (bit, reason) in refused {
            left.clear(bit);
            ineligible[reason as usize] += 1;
        }
        for (at, condition) in SINGLE.into_iter().enumerate() {
            let value = segments.of[person][at] as usize;
            ineligible[condition.unmet() as usize] += left.keep(&self.single[at][value]);
        }
        let mut interested = self.any_interest;
        for &interest in &segments.interests_of[person] {
            interested.or(&self.interest[interest as usize]);
        }
        ineligible[Ineligible::Interests as usize] += left.keep(&interested);
        for &(bit, list) in &self.listed {
            if left.has(bit) && !lists.has(list, person) {
                left.clear(bit);
                ineligible[Ineligible::NotInAudience as usize] += 1;
            }
        }
        left
    }
}

/// The people of every list some ad is for, as bits by their position.
#[derive(Default)]
pub(in crate::ads) struct Lists(Vec<Vec<u64>>);

impl Lists {
    /// Adds a list of people; both lists ascend. Gives its number.
    pub(in crate::ads) fn add(&mut self, people: &[&UserProfile], list: &[UserId]) -> u32 {
        let mut bits = vec![0_u64; people.len().div_ceil(64)];
        let mut listed = list.iter().peekable();
        for (at, who) in people.iter().enumerate() {
            while listed.next_if(|user| **user < who.user).is_some() {}
            if listed.peek() == Some(&&who.user) {
                bits[at / 64] |= 1 << (at % 64);
            }
        }
        next(&mut self.0, bits)
    }

    fn has(&self, list: u32, person: usize) -> bool {
        self.0[list as usize][person / 64] >> (person % 64) & 1 == 1
    }
}

/// Where ads and advertisers stand among all ads.
#[derive(Debug)]
pub(in crate::ads) struct Catalogue {
    ads: HashMap<AdId, u32>,
    advertisers: HashMap<AdvertiserId, Vec<u32>>,
}

impl Catalogue {
    /// The places of ads.
    pub(in crate::ads) fn of<'a>(ads: impl Iterator<Item = &'a Ad>) -> Self {
        let mut catalogue = Self {
            ads: HashMap::default(),
            advertisers: HashMap::default(),
        };
        for (at, ad) in (0..).zip(ads) {
            catalogue.ads.insert(ad.ad_id, at);
            let own = catalogue.advertisers.entry(ad.advertiser_id);
            own.or_default().push(at);
        }
        catalogue
    }

    /// The places of the ads a person may run into a restriction with: ascending, each once.
    pub(in crate::ads) fn touched(&self, own: &Restrictions) -> Vec<u32> {
        let ads = own.ads().filter_map(|ad| self.ads.get(&ad)).copied();
        let advertisers = own.advertisers().filter_map(|id| self.advertisers.get(&id));
        let mut touched: Vec<u32> = ads.chain(advertisers.flatten().copied()).collect();
        touched.sort_unstable();
        touched.dedup();
        touched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back_in_order() {
        let mask = Mask::of((0..AD_BLOCK).map(|bit| bit % 67 == 3 || bit == 511));
        let bits: Vec<usize> = mask.bits().collect();
        assert_eq!(bits, [3, 70, 137, 204, 271, 338, 405, 472, 511]);
        assert_eq!(Mask::NONE.bits().count(), 0);
    }

    #[test]
    fn keeping_counts_what_goes() {
        let mut mask = Mask::of((0..100).map(|_| true));
        let even = Mask::of((0..512).map(|bit| bit % 2 == 0));
        assert_eq!(mask.keep(&even), 50);
        assert_eq!(mask.bits().count(), 50);
    }
}
