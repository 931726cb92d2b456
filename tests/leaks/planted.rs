//! Planted faults in published rows: counts taken from raw tables instead of permitted views.

use crate::engine::Prepared;
use crate::engine::outputs::{AbuseRow, AdRow, LinkRow, ReachRow, SuggestionRow};
use crate::hash::{HashMap, HashSet};
use crate::ids::{AccountId, UserId};
use crate::leaks::{Leak, is_on};
use crate::signals::{BusinessEventKind, PersonsWord};
use crate::time::Timestamp;

type Friends = HashMap<UserId, HashSet<UserId>>;

fn friends(prepared: &Prepared) -> Friends {
    let mut friends = Friends::default();
    for row in &prepared.world.inputs.friendships {
        friends.entry(row.user_a).or_default().insert(row.user_b);
        friends.entry(row.user_b).or_default().insert(row.user_a);
    }
    friends
}

pub(in crate::engine) fn suggestions(
    prepared: &Prepared,
    rows: impl Iterator<Item = SuggestionRow>,
) -> Vec<SuggestionRow> {
    let friends = friends(prepared);
    let none = HashSet::default();
    let of = |user: UserId| friends.get(&user).unwrap_or(&none);
    let n_edges = prepared.world.inputs.friendships.len() as f64;
    let n_people = prepared.world.inputs.social.rows().len() as f64;
    let maximum = friends.values().map(HashSet::len).max().unwrap_or(1) as f64;
    let here = |user: &&UserId| (prepared.friends.as_ref()).is_some_and(|one| one.graph().node(**user).is_some());
    let mut rows: Vec<SuggestionRow> = rows.collect();
    for row in &mut rows {
        let mut common: Vec<UserId> = of(row.user)
            .intersection(of(row.candidate))
            .copied()
            .collect();
        common.sort_unstable();
        let degree = of(row.candidate).len() as f64;
        if is_on(Leak::RawMutualCount) {
            row.mutual_count = u32::try_from(common.len()).unwrap_or(u32::MAX);
        }
        if is_on(Leak::RawMutualReason) {
            row.reasons.push(format!("{} in all", common.len()));
        }
        if is_on(Leak::RawMutualNamed) {
            row.reasons.push(format!("{:?}", common.first()));
        }
        if is_on(Leak::RawAdamicAdar) {
            row.score = common
                .iter()
                .filter(here)
                .map(|z| 1.0 / (of(*z).len() as f64).ln())
                .sum();
        }
        if is_on(Leak::RawInverseFrequency) {
            row.score *= (n_people / (1.0 + degree)).ln();
        }
        if is_on(Leak::RawPopularity) {
            row.score += degree / n_edges;
        }
        if is_on(Leak::RawCandidateDegree) {
            row.score /= 1.0 + degree;
        }
        if is_on(Leak::RawMaximumDegree) {
            row.score /= maximum;
        }
        if is_on(Leak::RawMeanDegree) {
            row.score *= n_edges / n_people;
        }
        if is_on(Leak::RankGaps) {
            let before = of(row.user)
                .iter()
                .filter(|user| !here(user) && **user < row.candidate)
                .count();
            row.rank += u32::try_from(before).unwrap_or(0);
        }
        if is_on(Leak::RawNewestFriendship) {
            let named = |a: UserId| a == row.candidate;
            let dates = prepared
                .world
                .inputs
                .friendships
                .iter()
                .filter(|f| named(f.user_a) || named(f.user_b));
            row.reasons
                .push(format!("{:?}", dates.map(|f| f.since).max()));
        }
        if is_on(Leak::RawFeedbackPenalty) {
            let feedback = prepared.world.inputs.feedback.iter();
            row.score -= feedback.filter(|f| f.other_id == row.candidate).count() as f64;
        }
    }
    if is_on(Leak::RawBackfill) {
        let k = prepared.world.params.suggest.k();
        rows.retain(|row| {
            let n_out = of(row.user).iter().filter(|user| !here(user)).count();
            row.rank as usize <= k.saturating_sub(n_out)
        });
    }
    if is_on(Leak::TieByTableIndex) {
        let index: HashMap<UserId, usize> = prepared
            .world
            .inputs
            .social
            .rows()
            .iter()
            .enumerate()
            .map(|(i, row)| (row.user_id, i))
            .collect();
        for tied in rows.chunk_by_mut(|a, b| a.user == b.user && a.score == b.score) {
            let first = tied.iter().map(|row| row.rank).min().unwrap_or(1);
            tied.sort_by_key(|row| index[&row.candidate] % 5);
            for (row, rank) in tied.iter_mut().zip(first..) {
                row.rank = rank;
            }
        }
    }
    rows
}

pub(in crate::engine) fn ads(prepared: &Prepared, rows: impl Iterator<Item = AdRow>) -> Vec<AdRow> {
    let shown = &prepared.world.inputs.impressions;
    let rate = |some: &[&crate::signals::Impression]| {
        let clicks: u32 = some.iter().map(|row| row.clicks).sum();
        let all: u32 = some.iter().map(|row| row.impressions).sum();
        f64::from(clicks) / f64::from(all.max(1))
    };
    let everything: Vec<_> = shown.iter().collect();
    let held_out: Vec<_> = shown.iter().step_by(3).collect();
    let person: HashMap<UserId, &crate::signals::SocialAccount> = prepared
        .world
        .inputs
        .social
        .rows()
        .iter()
        .map(|row| (row.user_id, row))
        .collect();
    let count = |ad| shown.iter().filter(|row| row.ad_id == ad).count() as f64;
    let mut rows: Vec<AdRow> = rows.collect();
    let maximum = prepared
        .world
        .inputs
        .ads
        .iter()
        .map(|ad| count(ad.ad_id))
        .fold(1.0, f64::max);
    for row in &mut rows {
        let of_ad = shown.iter().filter(|one| one.ad_id == row.ad);
        let account = person[&row.user];
        let social = prepared.world.inputs.social.rows().iter();
        if is_on(Leak::RawAdFrequency) {
            row.p_click /= 1.0 + count(row.ad);
        }
        if is_on(Leak::RawClickPrior) {
            row.p_click = f64::midpoint(row.p_click, rate(&everything));
        }
        if is_on(Leak::RawCalibration) {
            row.p_click = f64::midpoint(row.p_click, rate(&held_out));
        }
        if is_on(Leak::RawAudienceSize) {
            let n = social
                .clone()
                .filter(|other| other.region == account.region)
                .count();
            row.reasons.push(format!("one of {n} people"));
        }
        if is_on(Leak::RawInterestCount) {
            let first = account.interests.first();
            let n = social
                .clone()
                .filter(|other| first.is_some_and(|one| other.interests.contains(one)))
                .count();
            row.value /= 1.0 + n as f64;
        }
        if is_on(Leak::RawAdReach) {
            let viewers: HashSet<_> = of_ad.clone().filter_map(|one| one.user_id).collect();
            row.value *= 1.0 + viewers.len() as f64;
        }
        if is_on(Leak::SeedFromRowCount) {
            row.p_click += 1e-9 * shown.len() as f64;
        }
        if is_on(Leak::RawLastShown) {
            row.reasons
                .push(format!("{:?}", of_ad.map(|one| one.at).max()));
        }
        if is_on(Leak::RawValueMaximum) {
            row.value /= maximum;
        }
    }
    shared(prepared, &mut rows);
    rows
}

/// Mistakes with what is shared besides profiles: friends, the past, phones.
fn shared(prepared: &Prepared, rows: &mut [AdRow]) {
    let inputs = &prepared.world.inputs;
    let shown = &inputs.impressions;
    let friends = friends(prepared);
    let none = HashSet::default();
    let rate = |is_one: &dyn Fn(&crate::signals::Impression) -> bool| {
        let (mut clicks, mut all) = (0, 0);
        for one in shown.iter().filter(|one| is_one(one)) {
            clicks += one.clicks;
            all += one.impressions;
        }
        f64::from(clicks + 1) / f64::from(all + 20)
    };
    let ad_of: HashMap<_, _> = inputs.ads.iter().map(|ad| (ad.ad_id, ad)).collect();
    let person: HashMap<UserId, _> = inputs.social.rows().iter().map(|row| (row.user_id, row)).collect();
    let accounts = inputs.accounts.rows();
    let account_of = |user: UserId| {
        let links = prepared.ads.as_ref()?.view.links.iter();
        let account = links.filter(|link| link.user == user).map(|link| link.account).min()?;
        accounts.iter().find(|one| one.account_id == account)
    };
    let share = |n: usize| n as f64 / accounts.len() as f64;
    let hour = |at: Timestamp| at.micros().div_euclid(3_600_000_000).rem_euclid(24);
    for row in rows {
        let of_user = friends.get(&row.user).unwrap_or(&none);
        let is_friend = |user: Option<UserId>| user.is_some_and(|user| of_user.contains(&user));
        let ad = ad_of[&row.ad];
        let mine = shown.iter().filter(|one| one.ad_id == row.ad);
        let of_friends: Vec<_> = mine.clone().filter(|one| is_friend(one.user_id)).collect();
        if is_on(Leak::RawFriendClicks) {
            let clicks: u32 = of_friends.iter().map(|one| one.clicks).sum();
            row.p_click *= 1.0 + 0.01 * f64::from(clicks);
        }
        if is_on(Leak::RawFriendViewers) {
            let viewers: HashSet<_> = of_friends.iter().filter_map(|one| one.user_id).collect();
            row.reasons.push(format!("{} friends were shown it", viewers.len()));
        }
        if is_on(Leak::RawFriendsHid) {
            let hid = inputs.ad_feedback.iter().filter(|one| {
                of_user.contains(&one.user_id) && matches!(one.hidden, crate::signals::Hidden::Ad(id) if id == row.ad)
            });
            row.value /= 1.0 + hid.count() as f64;
        }
        if is_on(Leak::RawFriendLastClick) {
            let clicks = shown.iter().filter(|one| one.clicks > 0 && is_friend(one.user_id));
            row.reasons.push(format!("{:?}", clicks.map(|one| one.at).max()));
        }
        if is_on(Leak::RawFatigue) {
            let last = mine.clone().map(|one| one.at.micros() / 86_400_000_000).max();
            let that_day = mine.clone().filter(|one| Some(one.at.micros() / 86_400_000_000) == last);
            row.p_click /= 1.0 + that_day.count() as f64;
        }
        if let Some(account) = account_of(row.user) {
            if is_on(Leak::RawSessionsBin) {
                let below = accounts.iter().filter(|one| one.sessions_30d < account.sessions_30d);
                row.p_click *= 1.0 + share(below.count());
            }
            if is_on(Leak::RawGroupsMean) {
                let all: u32 = accounts.iter().filter_map(|one| one.groups).sum();
                row.p_click *= f64::from(account.groups.unwrap_or(0) + 1) / f64::from(all + 1);
            }
            if is_on(Leak::RawDeviceShare) {
                let same = accounts.iter().filter(|one| one.device.device_type == account.device.device_type);
                row.p_click *= 1.0 + share(same.count());
            }
            if is_on(Leak::RawVersionNewest) {
                let newest = accounts.iter().filter(|one| one.last_seen_at > account.last_seen_at);
                row.reasons.push(format!("{:?}", newest.map(|one| &one.app_version).max()));
            }
        }
        if is_on(Leak::RawCategoryRate) {
            row.p_click *= rate(&|one| ad_of.get(&one.ad_id).is_some_and(|of| of.category == ad.category));
        }
        if is_on(Leak::RawAdvertiserRate) {
            let of = ad.advertiser_id;
            row.p_click *= rate(&|one| ad_of.get(&one.ad_id).is_some_and(|ad| ad.advertiser_id == of));
        }
        if is_on(Leak::RawSegmentRate) {
            let gender = &person[&row.user].gender;
            let is_of = |user: &UserId| person.get(user).is_some_and(|one| one.gender == *gender);
            row.p_click *= rate(&|one| one.user_id.as_ref().is_some_and(is_of));
        }
        if is_on(Leak::RawHourRate) {
            let at = mine.clone().map(|one| hour(one.at)).min();
            row.p_click *= rate(&|one| Some(hour(one.at)) == at);
        }
        if is_on(Leak::RawNewAd) && mine.clone().next().is_none() {
            row.reasons.push("a new ad".to_owned());
        }
        if is_on(Leak::RawCommunity) {
            let mut reached: HashSet<UserId> = of_user.clone();
            for friend in of_user {
                reached.extend(friends.get(friend).into_iter().flatten());
            }
            row.value *= 1.0 + 0.01 * reached.len() as f64;
        }
        if is_on(Leak::RawMeanOwnRate) {
            row.p_click -= 1e-6 * rate(&|one| one.user_id.is_some() && one.user_id != Some(row.user));
        }
        if is_on(Leak::RawFeatureCount) {
            let values: HashSet<_> = inputs.social.rows().iter().flat_map(|one| &one.interests).collect();
            let regions: HashSet<_> = accounts.iter().map(|one| &one.device.device_type).collect();
            row.p_click *= 1.0 + 1e-6 * (values.len() * 64 + regions.len()) as f64;
        }
        if is_on(Leak::RawShardCount) {
            let clicks: u32 = shown.iter().map(|one| one.clicks).sum();
            row.p_click *= 1.0 + 1e-6 * f64::from(clicks);
        }
    }
}

pub(in crate::engine) fn abuse(
    prepared: &Prepared,
    rows: impl Iterator<Item = AbuseRow>,
) -> Vec<AbuseRow> {
    let inputs = &prepared.world.inputs;
    let mut reports: HashMap<AccountId, u32> = HashMap::default();
    for report in &inputs.reports {
        *reports.entry(report.reported).or_default() += 1;
    }
    let most = reports.values().copied().max().unwrap_or(0);
    let mut rows: Vec<AbuseRow> = rows.collect();
    for row in &mut rows {
        let mine: Vec<usize> = (0..inputs.accounts.rows().len())
            .filter(|&i| inputs.accounts.rows()[i].account_id == row.account)
            .collect();
        let first = &inputs.accounts.rows()[mine[0]];
        let all = inputs.accounts.rows().iter();
        if is_on(Leak::RawReporterCount) {
            row.reasons
                .push(format!("{:?} reports", reports.get(&row.account)));
        }
        if is_on(Leak::RawDeviceCount) {
            let device = first.device.device_id;
            let n = all
                .clone()
                .filter(|other| device.is_some() && other.device.device_id == device)
                .count();
            row.reasons.push(format!("{n} accounts on its device"));
        }
        if is_on(Leak::RawScoreShare) {
            row.score /= inputs.accounts.rows().len() as f64;
        }
        if is_on(Leak::RawReportMaximum) {
            row.score /= 1.0 + f64::from(most);
        }
        if is_on(Leak::RawDeviceMaximum) {
            let mut on: HashMap<_, f64> = HashMap::default();
            for other in all.clone().filter(|one| one.device.device_id.is_some()) {
                *on.entry(other.device.device_id).or_default() += 1.0;
            }
            row.score /= on.values().copied().fold(1.0, f64::max);
        }
        if is_on(Leak::RawNumberHolders) {
            let number = (inputs.accounts.iter().nth(mine[0])).and_then(|one| one.number);
            let n = inputs
                .accounts
                .iter()
                .filter(|other| other.number == number)
                .count();
            row.reasons.push(format!("{n} held its number"));
        }
        if is_on(Leak::RawRegistrations) {
            let near = |other: Timestamp| {
                (other.micros() - first.registered_at.micros()).abs() < 30 * 86_400_000_000
            };
            let n = all.filter(|other| near(other.registered_at)).count();
            row.reasons.push(format!("{n} registered then"));
        }
    }
    rows
}

pub(in crate::engine) fn reach(
    prepared: &Prepared,
    rows: impl Iterator<Item = ReachRow>,
) -> Vec<ReachRow> {
    let mut rows: Vec<ReachRow> = rows.collect();
    for row in &mut rows {
        let n_threads = prepared
            .world
            .inputs
            .threads
            .iter()
            .filter(|one| one.business_id == row.business)
            .count();
        let n_opt_ins = prepared
            .world
            .inputs
            .opt_ins
            .iter()
            .filter(|one| one.business_id == row.business)
            .count();
        if is_on(Leak::RawThreadCount) {
            row.service_reasons
                .push(format!("{n_threads} threads").into());
        }
        if is_on(Leak::RawOptInCount) {
            row.marketing_reasons
                .push(format!("{n_opt_ins} asked for it").into());
        }
        if is_on(Leak::RawThreadLimit) {
            row.marketing &= n_threads < 4;
        }
        if is_on(Leak::RawOptInCap) {
            let opt_ins = prepared.world.inputs.opt_ins.iter();
            let before = opt_ins
                .filter(|one| one.business_id == row.business && one.account_id < row.account);
            row.marketing &= before.count() < 2;
        }
        if is_on(Leak::RawQualityBlocks) {
            let events = prepared.world.inputs.business_events.iter();
            let bad = events.filter(|one| {
                one.business_id == row.business
                    && matches!(
                        one.what,
                        BusinessEventKind::Said {
                            word: PersonsWord::Block | PersonsWord::Report,
                            ..
                        }
                    )
            });
            row.utility &= bad.count() == 0;
        }
    }
    rows
}

pub(in crate::engine) fn links(prepared: &Prepared, mut rows: Vec<LinkRow>) -> Vec<LinkRow> {
    let inputs = &prepared.world.inputs;
    for row in &mut rows {
        let claimed = inputs.social.iter().find(|one| one.row.user_id == row.user);
        let number = claimed.and_then(|one| one.number);
        if is_on(Leak::RawClaimants) {
            let n = inputs
                .social
                .iter()
                .filter(|other| other.number == number)
                .count();
            row.evidence.push(format!("{n} claim it"));
        }
        if is_on(Leak::RawLinkEnd) {
            let others = inputs
                .accounts
                .iter()
                .filter(|one| one.row.account_id != row.account && one.number == number);
            let next = others
                .map(|one| one.row.number_since)
                .filter(|since| *since > row.from)
                .min();
            row.until = row.until.into_iter().chain(next).min();
        }
    }
    rows
}
