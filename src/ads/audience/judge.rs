//! The judge: which lists an advertiser may use.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::batches::counting;
use super::lookalike::alike;
use super::partition::Partition;
use crate::ads::policy::{Ineligible, ValidPolicyParams};
use crate::ads::profile::UserProfile;
use crate::consent::{About, AdRelevance, Permitted};
use crate::hash::HashSet;
use crate::ids::{AdvertiserId, AudienceId, UserId};
use crate::signals::{Ad, Targeting};
use crate::time::Timestamp;

/// A person on a customer list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListMember {
    /// Which list.
    pub audience: AudienceId,
    /// Since when.
    pub added_at: Timestamp,
    /// Who.
    pub user: UserId,
}

impl About for ListMember {
    type Id = UserId;
    type Ids = [UserId; 1];

    fn about(&self) -> [UserId; 1] {
        [self.user]
    }

    fn collected_at(&self) -> Timestamp {
        self.added_at
    }
}

/// May an advertiser use a list?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AudienceVerdict {
    /// It may.
    Usable,
    /// No crowd is left of it that is large enough.
    TooSmall,
    /// Rounded to crowds that are large enough it is another of the advertiser's lists.
    TooAlike,
}

/// What is told of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AudienceReport {
    /// Whose ads are for it.
    pub advertiser_id: AdvertiserId,
    /// Which list.
    pub audience_id: AudienceId,
    /// May they use it?
    pub verdict: AudienceVerdict,
    /// How many people it reaches, rounded down to a tenth of the minimum; nothing is told of a list that is refused.
    pub people: Option<u64>,
}

/// A list of an advertiser's.
type Owned = (AdvertiserId, AudienceId);

/// Who can be reached by customer lists.
#[derive(Clone, Debug, Default)]
pub struct Audiences {
    verdicts: BTreeMap<Owned, AudienceVerdict>,
    /// The people of usable lists, ascending.
    members: BTreeMap<Owned, Vec<UserId>>,
    /// People like those on a usable list, ascending.
    alike: BTreeMap<Owned, Vec<UserId>>,
    size_step: usize,
}

impl Audiences {
    /// Judges every list some ad is for.
    ///
    /// `known` are the lists the table has rows of, whoever they stand for; `members` are the permitted people among them,
    /// each list and person once or more often. Whoever is not known to be an adult is on no list.
    ///
    /// # Complexity
    /// O(m log m) for m members and each advertiser's lists, and one ranking of everybody for each list whose like are
    /// asked for.
    #[must_use]
    pub fn judge(
        known: &BTreeSet<AudienceId>,
        members: &[Permitted<ListMember, AdRelevance>],
        everybody: &[Permitted<UserProfile, AdRelevance>],
        ads: &[Ad],
        policy: &ValidPolicyParams,
    ) -> Self {
        let adults: Vec<&UserProfile> = everybody
            .iter()
            .map(Permitted::get)
            .filter(|who| is_adult(who))
            .collect();
        let lists = Lists::of(members, &adults, policy.audience_min());
        let mut audiences = Self {
            size_step: (policy.audience_min() / 10).max(1),
            ..Self::default()
        };
        for (advertiser, used) in by_advertiser(ads, known) {
            let mut partition = Partition::new(policy.audience_min());
            let used: BTreeSet<_> = used
                .into_iter()
                .map(|list| (lists.since(list), list))
                .collect();
            for (_, list) in used {
                let people = partition.round(lists.people(list));
                audiences.judge_list((advertiser, list), people);
            }
        }
        audiences.find_alike(&adults, ads, policy);
        audiences
    }

    fn judge_list(&mut self, list: Owned, people: Vec<UserId>) {
        let of_advertiser = |held: &&Owned| held.0 == list.0;
        let own = self.members.keys().filter(of_advertiser);
        let verdict = if people.is_empty() {
            AudienceVerdict::TooSmall
        } else if own.into_iter().any(|held| self.members[held] == people) {
            AudienceVerdict::TooAlike
        } else {
            AudienceVerdict::Usable
        };
        if verdict == AudienceVerdict::Usable {
            self.members.insert(list, people);
        }
        self.verdicts.insert(list, verdict);
    }

    fn find_alike(&mut self, adults: &[&UserProfile], ads: &[Ad], policy: &ValidPolicyParams) {
        let n = share_of(adults.len(), policy.lookalike_share());
        if n < policy.audience_min() {
            return;
        }
        let ordinary = ads.iter().filter(|ad| ad.special_category.is_none());
        let wanted: BTreeSet<Owned> = ordinary
            .filter_map(|ad| Some((ad.advertiser_id, ad.lookalike_of?)))
            .collect();
        let value_min = (policy.audience_min() / 50).max(2);
        for list in wanted {
            if let Some(seeds) = self.members.get(&list) {
                self.alike.insert(list, alike(adults, seeds, n, value_min));
            }
        }
    }

    /// Can anybody be reached by the list an ad is for, if it is for one?
    pub(in crate::ads) fn for_anybody(&self, ad: &Ad) -> Result<(), Ineligible> {
        let Some(list) = ad.audience_id.or(ad.lookalike_of) else {
            return Ok(());
        };
        if ad.audience_id.is_some() && narrows(&ad.targeting) {
            return Err(Ineligible::AudienceNarrowed);
        }
        match self.verdicts.get(&(ad.advertiser_id, list)) {
            None => Err(Ineligible::AudienceUnknown),
            Some(AudienceVerdict::TooAlike) => Err(Ineligible::AudienceTooAlike),
            Some(AudienceVerdict::Usable) if self.reached(ad).is_some() => Ok(()),
            Some(_) => Err(Ineligible::AudienceTooSmall),
        }
    }

    /// The people an ad's list reaches, ascending; none if the ad is for no list.
    pub(in crate::ads) fn reached(&self, ad: &Ad) -> Option<&[UserId]> {
        let people = match (ad.audience_id, ad.lookalike_of) {
            (Some(list), _) => self.members.get(&(ad.advertiser_id, list)),
            (None, Some(list)) => self.alike.get(&(ad.advertiser_id, list)),
            (None, None) => None,
        };
        people.map(Vec::as_slice)
    }

    /// The advertisers who may use a list, if the person is among those it reaches.
    pub(in crate::ads) fn usable_with(
        &self,
        member: &ListMember,
    ) -> impl Iterator<Item = AdvertiserId> {
        let (list, user) = (member.audience, member.user);
        let usable = self
            .members
            .iter()
            .filter(move |(owned, people)| owned.1 == list && people.binary_search(&user).is_ok());
        usable.map(|(owned, _)| owned.0)
    }

    /// What is told of every list, by advertiser and list.
    #[must_use]
    pub fn reports(&self) -> Vec<AudienceReport> {
        let report = |(list, &verdict): (&Owned, &AudienceVerdict)| AudienceReport {
            advertiser_id: list.0,
            audience_id: list.1,
            verdict,
            people: self
                .members
                .get(list)
                .map(|people| self.rounded(people.len())),
        };
        self.verdicts.iter().map(report).collect()
    }

    const fn rounded(&self, n: usize) -> u64 {
        (n / self.size_step * self.size_step) as u64
    }
}

/// Is somebody known to have turned 18?
fn is_adult(who: &UserProfile) -> bool {
    who.age.is_some_and(|age| age > 18)
}

/// Would conditions leave out anybody of a list? That somebody is an adult everybody on a list meets.
fn narrows(targeting: &Targeting) -> bool {
    let mut others = targeting.clone();
    others.age_min = others.age_min.filter(|&min| min > 18);
    others != Targeting::default()
}

/// The people of every list.
struct Lists {
    since: BTreeMap<AudienceId, Timestamp>,
    counting: BTreeMap<AudienceId, Vec<UserId>>,
}

impl Lists {
    fn of(
        members: &[Permitted<ListMember, AdRelevance>],
        adults: &[&UserProfile],
        min: usize,
    ) -> Self {
        let adults: HashSet<UserId> = adults.iter().map(|who| who.user).collect();
        let members = members.iter().map(|member| *member.get());
        let mut sorted: Vec<ListMember> = members
            .filter(|member| adults.contains(&member.user))
            .collect();
        sorted.sort_unstable();
        let mut lists = Self {
            since: BTreeMap::new(),
            counting: BTreeMap::new(),
        };
        for list in sorted.chunk_by(|a, b| a.audience == b.audience) {
            lists.since.insert(list[0].audience, list[0].added_at);
            let mut seen = HashSet::default();
            let first = list.iter().filter(|member| seen.insert(member.user));
            let people: Vec<_> = first.map(|member| (member.added_at, member.user)).collect();
            lists
                .counting
                .insert(list[0].audience, counting(&people, min));
        }
        lists
    }

    /// Since when somebody is on a list.
    fn since(&self, list: AudienceId) -> Timestamp {
        self.since.get(&list).copied().unwrap_or(Timestamp::MAX)
    }

    fn people(&self, list: AudienceId) -> &[UserId] {
        self.counting.get(&list).map_or(&[], Vec::as_slice)
    }
}

/// The lists that the ads of each advertiser are for, among those there are.
fn by_advertiser(
    ads: &[Ad],
    known: &BTreeSet<AudienceId>,
) -> BTreeMap<AdvertiserId, BTreeSet<AudienceId>> {
    let mut by_advertiser: BTreeMap<AdvertiserId, BTreeSet<AudienceId>> = BTreeMap::new();
    for ad in ads {
        let list = ad.audience_id.or(ad.lookalike_of);
        if let Some(list) = list.filter(|list| known.contains(list)) {
            by_advertiser
                .entry(ad.advertiser_id)
                .or_default()
                .insert(list);
        }
    }
    by_advertiser
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count is a smaller count"
)]
fn share_of(n: usize, share: f64) -> usize {
    (n as f64 * share).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::PolicyParams;
    use crate::ads::testing::{account, ad, interests, permit_all};
    use crate::signals::SpecialCategory;

    const MIN: u64 = 1_000;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn list(id: u64, added_at: i64, users: std::ops::Range<u64>) -> Vec<ListMember> {
        let member = |user| ListMember {
            audience: AudienceId(id),
            added_at: at(added_at),
            user: UserId(user),
        };
        users.map(member).collect()
    }

    /// An ad of advertiser 1 for a list; `id` is 1 more than a multiple of seven.
    fn for_list(id: u64, list: u64) -> Ad {
        let mut ad = ad(7 * id + 1, "food", 1.0);
        ad.audience_id = Some(AudienceId(list));
        ad
    }

    fn judged(members: &[Vec<ListMember>], ads: &[Ad]) -> Audiences {
        judged_among(10_000, members, ads, |_| ())
    }

    fn judged_among(
        n_people: u64,
        members: &[Vec<ListMember>],
        ads: &[Ad],
        change: impl FnOnce(&mut PolicyParams),
    ) -> Audiences {
        let members = members.concat();
        let known = members.iter().map(|member| member.audience).collect();
        let profile = |id| {
            let mut account = account(id);
            // From 9,000 on they are minors.
            account.birth_year = Some(if id < 9_000 { 1980 } else { 1999 });
            account.interests = interests(&[if id % 5 == 0 { "cooking" } else { "cars" }]);
            UserProfile::new(&account, 2016)
        };
        let everybody = permit_all((0..n_people).map(profile));
        let mut params = PolicyParams::default();
        change(&mut params);
        let params = params.check().unwrap();
        Audiences::judge(&known, &permit_all(members), &everybody, ads, &params)
    }

    #[test]
    fn deny_small_lists_and_unknown_ones() {
        let ads = [for_list(1, 1), for_list(2, 2), for_list(3, 3)];
        let found = judged(
            &[list(1, 0, 0..MIN), list(2, 0, 5_000..5_000 + MIN - 1)],
            &ads,
        );
        assert_eq!(found.for_anybody(&ads[0]), Ok(()));
        let refused = |ad| found.for_anybody(ad).unwrap_err();
        assert_eq!(refused(&ads[1]), Ineligible::AudienceTooSmall);
        assert_eq!(refused(&ads[2]), Ineligible::AudienceUnknown);
        let told: Vec<_> = found.reports().iter().map(|told| told.people).collect();
        assert_eq!(told, [Some(1_000), None]);
    }

    /// The attack: a list, and the same list with or without the person one wants to know about.
    #[test]
    fn deny_a_list_that_differs_by_few() {
        let ads = [for_list(1, 1), for_list(2, 2)];
        let first = list(1, 0, 0..2 * MIN);
        for other in [
            0..2 * MIN + 1,
            1..2 * MIN,
            1..2 * MIN + 1,
            0..2 * MIN,
            0..3 * MIN - 1,
        ] {
            let found = judged(&[first.clone(), list(2, 1, other.clone())], &ads);
            assert_eq!(found.for_anybody(&ads[0]), Ok(()), "the first stays");
            let refused = Err(Ineligible::AudienceTooAlike);
            assert_eq!(found.for_anybody(&ads[1]), refused, "{other:?}");
        }
        for other in [0..3 * MIN, 0..MIN, 5 * MIN..6 * MIN] {
            let found = judged(&[first.clone(), list(2, 1, other.clone())], &ads);
            assert_eq!(found.for_anybody(&ads[1]), Ok(()), "{other:?}");
            let n = found.reached(&ads[1]).unwrap().len() as u64;
            assert_eq!(n, other.end - other.start);
        }
    }

    #[test]
    fn lists_of_others_are_not_compared() {
        let mut theirs = for_list(2, 2);
        theirs.advertiser_id = AdvertiserId(2);
        let ads = [for_list(1, 1), theirs];
        let found = judged(&[list(1, 0, 0..MIN), list(2, 1, 1..MIN + 1)], &ads);
        assert_eq!(found.for_anybody(&ads[1]), Ok(()));
    }

    #[test]
    fn the_older_list_stays_whatever_its_number() {
        let ads = [for_list(1, 1), for_list(2, 2)];
        let found = judged(&[list(1, 5, 0..MIN + 1), list(2, 1, 0..MIN)], &ads);
        assert_eq!(
            found.for_anybody(&ads[0]),
            Err(Ineligible::AudienceTooAlike)
        );
        assert_eq!(found.for_anybody(&ads[1]), Ok(()));
    }

    #[test]
    fn deny_a_list_that_grows_by_one_any_say() {
        let ads = [for_list(1, 1)];
        let grown = [list(1, 0, 0..MIN), list(1, 1, MIN..MIN + 1)];
        let found = judged(&grown, &ads);
        assert_eq!(found.reached(&ads[0]).unwrap().len(), 1_000);
        let more = [list(1, 0, 0..MIN), list(1, 1, MIN..2 * MIN)];
        assert_eq!(judged(&more, &ads).reached(&ads[0]).unwrap().len(), 2_000);
    }

    /// Two ads for one list, apart by an age: whoever is between them would be told apart.
    #[test]
    fn deny_conditions_that_narrow_a_list() {
        let with = |change: fn(&mut Targeting)| {
            let mut ad = for_list(1, 1);
            change(&mut ad.targeting);
            judged(&[list(1, 0, 0..MIN)], &[ad.clone()]).for_anybody(&ad)
        };
        assert_eq!(
            with(|t| t.age_min = Some(18)),
            Ok(()),
            "everybody on it meets that"
        );
        let refused = Err(Ineligible::AudienceNarrowed);
        assert_eq!(with(|t| t.age_min = Some(19)), refused);
        assert_eq!(with(|t| t.languages = vec!["en".into()]), refused);
        assert_eq!(with(|t| t.interests = interests(&["cars"])), refused);
    }

    #[test]
    fn deny_minors_a_place_on_a_list() {
        let ads = [for_list(1, 1)];
        let found = judged(&[list(1, 0, 7_000..10_000)], &ads);
        assert_eq!(found.reached(&ads[0]).unwrap().len(), 2_000);
    }

    #[test]
    fn look_alikes_are_a_share_of_everybody() {
        let mut like = for_list(1, 1);
        (like.audience_id, like.lookalike_of) = (None, Some(AudienceId(1)));
        // Whoever is on the list likes cooking.
        let cooks = list(1, 0, 0..MIN).into_iter().map(|member| ListMember {
            user: UserId(member.user.0 * 5),
            ..member
        });
        let lists = [cooks.collect::<Vec<_>>()];
        let among = |share| {
            judged_among(10_000, &lists, &[like.clone()], |p| {
                p.lookalike_share = share;
            })
        };
        let found = among(0.2);
        let alike = found.reached(&like).unwrap();
        assert_eq!(alike.len(), 1_800, "a fifth of the adults");
        assert!(alike.iter().all(|user| user.0 % 5 == 0));
        assert_eq!(
            among(0.111).for_anybody(&like),
            Err(Ineligible::AudienceTooSmall)
        );
    }

    #[test]
    fn deny_look_alikes_of_small_lists_and_for_special_categories() {
        let mut like = for_list(1, 1);
        (like.audience_id, like.lookalike_of) = (None, Some(AudienceId(1)));
        let share = |p: &mut PolicyParams| p.lookalike_share = 0.2;
        let small = judged_among(10_000, &[list(1, 0, 0..MIN - 1)], &[like.clone()], share);
        assert_eq!(small.for_anybody(&like), Err(Ineligible::AudienceTooSmall));
        like.special_category = Some(SpecialCategory::Credit);
        let found = judged_among(10_000, &[list(1, 0, 0..MIN)], &[like.clone()], share);
        assert!(found.reached(&like).is_none());
    }
}
