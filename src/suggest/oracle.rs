//! The same answers from the definition, by loops over all pairs and ordered maps.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rayon::ThreadPoolBuilder;

use super::*;
use crate::graph::{Csr, EdgeKinds};
use crate::score::Score;
use crate::signals::FeedbackKind;

/// A small world: pairs of node numbers.
#[derive(Clone, Debug)]
struct World {
    n: u32,
    friends: Vec<(u32, u32)>,
    contacts: Vec<(u32, u32)>,
    feedback: Vec<(u32, u32, FeedbackKind)>,
    spam: Vec<f32>,
    minors: Vec<bool>,
    devices: Vec<(u32, u32)>,
}

impl World {
    fn friend(&self, a: u32, b: u32) -> bool {
        a != b && (self.friends.contains(&(a, b)) || self.friends.contains(&(b, a)))
    }

    fn saved(&self, a: u32, b: u32) -> bool {
        a != b && self.contacts.contains(&(a, b))
    }

    fn mutual(&self, a: u32, b: u32) -> bool {
        self.saved(a, b) && self.saved(b, a)
    }

    fn tied(&self, a: u32, b: u32) -> bool {
        self.friend(a, b) || self.mutual(a, b)
    }

    fn degree(&self, a: u32) -> u32 {
        (0..self.n).map(|b| u32::from(self.tied(a, b))).sum()
    }

    fn said(&self, a: u32, b: u32, kind: FeedbackKind) -> bool {
        self.feedback.contains(&(a, b, kind))
    }

    fn share(&self, a: u32, b: u32) -> bool {
        let on = |v| self.devices.iter().filter(move |row| row.1 == v);
        on(a).any(|(device, _)| on(b).any(|(other, _)| device == other))
    }

    fn spam(&self, v: u32) -> f32 {
        self.spam.get(v as usize).copied().unwrap_or(0.0)
    }

    fn minor(&self, v: u32) -> bool {
        self.minors.get(v as usize).copied().unwrap_or_default()
    }

    fn score(&self, u: u32, v: u32, common: &[u32], heuristic: Heuristic) -> u64 {
        let sum = |weight: fn(f64) -> f64| {
            let weights = common.iter().map(|&z| weight(f64::from(self.degree(z))));
            weights.map(|w| Score::from_f64(w).bits()).sum()
        };
        let n = common.len() as u64;
        match heuristic {
            Heuristic::CommonNeighbours => n << 32,
            Heuristic::AdamicAdar => sum(|d| 1.0 / d.ln()),
            Heuristic::ResourceAllocation => sum(|d| 1.0 / d),
            Heuristic::Jaccard => {
                let union = u64::from(self.degree(u)) + u64::from(self.degree(v)) - n;
                (n << 32).checked_div(union).unwrap_or(0)
            }
            Heuristic::Cosine => {
                // The greatest whole number whose square is no greater, by halving.
                let degrees = u128::from(self.degree(u)) * u128::from(self.degree(v));
                let fits = |root: u128| root * root * degrees <= u128::from(n).pow(2) << 64;
                let bits = (0..33).rev().fold(0_u128, |root, bit| {
                    let more = root | 1 << bit;
                    if fits(more) { more } else { root }
                });
                if n == 0 {
                    0
                } else {
                    u64::try_from(bits).unwrap()
                }
            }
        }
    }

    /// The tier of a candidate, or the name under which it is counted as dropped.
    fn verdict(
        &self,
        u: u32,
        v: u32,
        n: u32,
        params: &ValidSuggestParams,
    ) -> Result<Tier, &'static str> {
        use FeedbackKind::{Block, Dismiss, Hide, Report};
        let dropped = [
            (self.friend(u, v), "masked_friends"),
            (self.said(u, v, Block) || self.said(v, u, Block), "blocked"),
            (
                self.said(u, v, Report) || self.said(v, u, Report),
                "reported",
            ),
            (self.share(u, v), "one_device"),
            (self.said(u, v, Dismiss), "dismissed"),
            (self.said(v, u, Hide), "hidden"),
            (
                n < params.min_intermediaries() && !self.saved(u, v),
                "below_min_intermediaries",
            ),
            (
                n < params.min_intermediaries() && self.direct(u, v, params).is_none(),
                "not_direct",
            ),
            (self.minor(u) != self.minor(v), "age_band"),
            (self.said(v, v, Hide), "hidden"),
            (self.spam(v) >= params.spam_remove_at(), "spam_removed"),
        ];
        if let Some((_, why)) = dropped.into_iter().find(|&(applies, _)| applies) {
            return Err(why);
        }
        let tier = self.direct(u, v, params).unwrap_or(Tier::TwoPath);
        let demoted = self.spam(v) >= params.spam_demote_at();
        Ok(if demoted { tier.demoted() } else { tier })
    }

    fn direct(&self, u: u32, v: u32, params: &ValidSuggestParams) -> Option<Tier> {
        match (params.direct(), self.saved(u, v), self.mutual(u, v)) {
            (Direct::Mutual | Direct::Own, _, true) => Some(Tier::MutualContact),
            (Direct::Own, true, false) => Some(Tier::OwnUpload),
            _ => None,
        }
    }

    fn suggest(
        &self,
        u: u32,
        params: &ValidSuggestParams,
        counts: &mut BTreeMap<&'static str, u64>,
    ) -> Vec<Suggestion> {
        let mut eligible = Vec::new();
        for v in (0..self.n).filter(|&v| v != u) {
            let both = |&z: &u32| self.tied(u, z) && self.tied(z, v);
            let common: Vec<u32> = (0..self.n).filter(both).collect();
            if common.is_empty() && !self.saved(u, v) {
                continue;
            }
            *counts.entry("considered").or_default() += 1;
            let n = u32::try_from(common.len()).unwrap();
            match self.verdict(u, v, n, params) {
                Err(why) => *counts.entry(why).or_default() += 1,
                Ok(tier) => eligible.push(Suggestion {
                    candidate: v,
                    mutual_count: n,
                    score: Score::from_bits(self.score(u, v, &common, params.score())),
                    tier,
                }),
            }
        }
        eligible.sort_by_key(|s| (s.tier, std::cmp::Reverse(s.score), s.candidate));
        let beyond_k = eligible.len().saturating_sub(params.k());
        *counts.entry("beyond_k").or_default() += beyond_k as u64;
        eligible.truncate(params.k());
        eligible
    }

    fn plain(&self) -> Plain {
        Plain::new(self.n as usize, &self.friends, &self.contacts)
    }

    fn exclusions(&self) -> Exclusions {
        let apart = Apart::of(
            self.feedback.iter().copied().map(Said::from),
            [],
            self.devices.iter().copied().map(OnDevice::from),
        );
        Exclusions::by_node(self.n as usize, apart).with_minors(self.minors.clone())
    }
}

fn any_kind() -> impl Strategy<Value = FeedbackKind> {
    use FeedbackKind::{Block, Dismiss, Hide, Report};
    prop::sample::select(vec![Block, Dismiss, Hide, Report])
}

fn any_world() -> impl Strategy<Value = World> {
    (2_u32..24).prop_flat_map(|n| {
        let pairs = |most| prop::collection::vec((0..n, 0..n), 0..most);
        let feedback = prop::collection::vec((0..n, 0..n, any_kind()), 0..12);
        let score = prop::sample::select(vec![0.0_f32, 0.3, 0.5, 0.7, 0.9, 1.0]);
        let spam = prop_oneof![
            Just(Vec::new()),
            prop::collection::vec(score, n as usize..=n as usize)
        ];
        let minors = prop_oneof![
            Just(Vec::new()),
            prop::collection::vec(any::<bool>(), n as usize..=n as usize)
        ];
        let devices = prop::collection::vec((1_u32..6, 0..n), 0..8);
        (pairs(80), pairs(40), feedback, spam, minors, devices).prop_map(
            move |(friends, contacts, feedback, spam, minors, devices)| World {
                n,
                friends,
                contacts,
                feedback,
                spam,
                minors,
                devices,
            },
        )
    })
}

fn any_params() -> impl Strategy<Value = ValidSuggestParams> {
    let score = prop::sample::select(Heuristic::ALL.to_vec());
    let direct = prop::sample::select(vec![Direct::Mutual, Direct::Own, Direct::Off]);
    (1_usize..8, score, 1_u32..4, direct).prop_map(|(k, score, least, direct)| {
        let params = SuggestParams::default().k(k).score(score).direct(direct);
        params.min_intermediaries(least).check().unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn oracle_every_list_and_every_count(world in any_world(), params in any_params()) {
        let (plain, exclusions) = (world.plain(), world.exclusions());
        let scorer = Scorer::over(plain.view(), &exclusions, &world.spam, &params).unwrap();
        let Everybody { suggestions: found, counts: found_counts } = everybody(&scorer, &|_| ());
        let mut counts = BTreeMap::new();
        for u in 0..world.n {
            let wanted = world.suggest(u, &params, &mut counts);
            prop_assert_eq!(found.row(u), &wanted[..], "person {}", u);
        }
        let wanted = |name| counts.get(name).copied().unwrap_or(0);
        prop_assert!(found_counts.check_sums());
        prop_assert_eq!(found_counts.considered, wanted("considered"));
        for (name, n) in found_counts.dropped() {
            prop_assert_eq!(n, wanted(name), "{}", name);
        }
        prop_assert_eq!(found_counts.emitted, found.len() as u64);
    }

    #[test]
    fn same_wide_cells_and_packed_cells(world in any_world(), params in any_params()) {
        let (plain, exclusions) = (world.plain(), world.exclusions());
        let scorer = Scorer::over(plain.view(), &exclusions, &world.spam, &params).unwrap();
        let narrow = everybody(&scorer, &|_| ());
        let listed = everybody(&scorer.clone().without_scan(), &|_| ());
        prop_assert_eq!(&narrow, &listed);
        for degree in [1, 3, u32::MAX] {
            let sieved = scorer.clone().without_scan().sieving_hubs_from(degree);
            prop_assert_eq!(&narrow, &everybody(&sieved, &|_| ()));
        }
        let wide = everybody(&scorer.packing_up_to(2), &|_| ());
        prop_assert_eq!(narrow, wide);
    }

    #[test]
    fn oracle_ties_that_count_by_kind(
        world in any_world(), halves in (0_u16..=256, 0_u16..=256), heuristic in 0_usize..3,
    ) {
        let score = [Heuristic::CommonNeighbours, Heuristic::AdamicAdar, Heuristic::ResourceAllocation][heuristic];
        let params = SuggestParams::default().k(100).score(score).min_intermediaries(1);
        let params = params.check().unwrap();
        let (plain, exclusions) = (world.plain(), world.exclusions());
        let strength = |u, v| match (world.friend(u, v), world.mutual(u, v)) {
            (true, true) => halves.0.max(halves.1),
            (true, false) => halves.0,
            _ => halves.1,
        };
        let ties = plain.view().ties;
        let rows = ties.nodes().flat_map(|u| ties.row(u).iter().map(move |&v| (u, v)));
        let strengths = rows.map(|(u, v)| strength(u, v)).collect();
        let scorer = Scorer::over(plain.view(), &exclusions, &world.spam, &params).unwrap();
        let scorer = scorer.with_strengths(strengths);
        for (u, row) in everybody(&scorer, &|_| ()).suggestions.iter() {
            for suggestion in row {
                let v = suggestion.candidate;
                let both = |&z: &u32| world.tied(u, z) && world.tied(z, v);
                let wanted: u128 = (0..world.n).filter(both).map(|z| {
                    let alone = world.score(u, v, &[z], score);
                    (u128::from(alone) * u128::from(strength(u, z)) * u128::from(strength(z, v))) >> 16
                }).sum();
                prop_assert_eq!(u128::from(suggestion.score.bits()), wanted);
            }
            let order = |s: &Suggestion| (s.tier, std::cmp::Reverse(s.score), s.candidate);
            prop_assert!(row.is_sorted_by_key(order));
        }
    }

    #[test]
    fn deny_self_friends_and_whoever_is_excluded(world in any_world(), params in any_params()) {
        let (plain, exclusions) = (world.plain(), world.exclusions());
        let scorer = Scorer::over(plain.view(), &exclusions, &world.spam, &params).unwrap();
        for (u, row) in everybody(&scorer, &|_| ()).suggestions.iter() {
            for suggestion in row {
                let v = suggestion.candidate;
                prop_assert!(v != u && !world.friend(u, v));
                prop_assert_eq!(exclusions.between(u, v), None);
                prop_assert_eq!(world.minor(u), world.minor(v));
                prop_assert!(world.spam(v) < params.spam_remove_at());
                prop_assert!(suggestion.reasons().next().is_some());
            }
        }
    }
}

/// A world too large for the definition, but large enough for many chunks and for pruned buffers.
fn large_world() -> World {
    let n = 3_000;
    let draw = |i: u64| u32::try_from((i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) % n).unwrap();
    // The product of two draws makes small numbers hubs.
    let n_u32 = u32::try_from(n).unwrap();
    let hub = |i| draw(i) * (draw(i + 7) / 8) / n_u32;
    World {
        n: n_u32,
        friends: (0..20_000).map(|i| (hub(2 * i), draw(2 * i + 1))).collect(),
        contacts: (0..9_000).map(|i| (draw(3 * i), hub(5 * i))).collect(),
        feedback: (0..500)
            .map(|i| (hub(i), draw(i * i), FeedbackKind::Block))
            .collect(),
        spam: (0..n).map(|i| (draw(i) % 100) as f32 / 100.0).collect(),
        minors: (0..n).map(|i| draw(3 * i) % 7 == 0).collect(),
        devices: (0..400).map(|i| (draw(5 * i) % 90, draw(i))).collect(),
    }
}

#[test]
fn same_bytes_for_any_number_of_threads() {
    let world = large_world();
    let (plain, exclusions) = (world.plain(), world.exclusions());
    for score in Heuristic::ALL {
        let params = SuggestParams::default().score(score).direct(Direct::Own);
        let params = params.check().unwrap();
        let scorer = Scorer::over(plain.view(), &exclusions, &world.spam, &params).unwrap();
        let with = |n| {
            let pool = ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            pool.install(|| everybody(&scorer, &|_| ()))
        };
        let one = with(1);
        assert!(one.suggestions.len() > 10_000 && one.counts.check_sums());
        for n in [2, 3] {
            assert_eq!(with(n), one, "{n} threads");
        }
        let one = one.suggestions;
        assert_eq!(one.n_users(), scorer.n_users());
        let mut scratch = scorer.scratch();
        for (u, row) in one.iter() {
            assert_eq!(scorer.list(&mut scratch, u, 10).list.suggestions, row);
            assert_eq!(
                scorer.list(&mut scratch, u, 3).list.suggestions,
                &row[..row.len().min(3)]
            );
        }
    }
}

#[test]
fn whoever_has_k_eligible_gets_k() {
    let world = large_world();
    let plain = world.plain();
    let exclusions = Exclusions::none();
    let params = SuggestParams::default()
        .min_intermediaries(1)
        .check()
        .unwrap();
    let scorer = Scorer::over(plain.view(), &exclusions, &[], &params).unwrap();
    let mut scratch = scorer.scratch();
    for u in 0..world.n {
        let Listed { list, counts } = scorer.list(&mut scratch, u, 10);
        let row = list.suggestions;
        let eligible = counts.considered - counts.masked_friends - counts.not_direct;
        assert_eq!(row.len() as u64, eligible.min(10));
    }
}

#[test]
fn progress_hears_of_everybody() {
    let world = large_world();
    let (plain, exclusions) = (world.plain(), Exclusions::none());
    let params = SuggestParams::default().check().unwrap();
    let scorer = Scorer::over(plain.view(), &exclusions, &[], &params).unwrap();
    let most = std::sync::atomic::AtomicUsize::new(0);
    everybody(&scorer, &|done| {
        most.fetch_max(done, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(most.into_inner(), 3_000);
}

#[test]
fn deny_spam_scores_that_are_none() {
    let plain = Plain::new(2, &[(0, 1)], &[]);
    let exclusions = Exclusions::none();
    let params = SuggestParams::default().check().unwrap();
    let error = |spam: &[f32]| Scorer::over(plain.view(), &exclusions, spam, &params).err();
    let length = SuggestError::SpamLength {
        expected: 2,
        found: 1,
    };
    assert_eq!(error(&[0.0]), Some(length));
    for bad in [f32::NAN, -0.1, 1.1] {
        assert_eq!(
            error(&[0.0, bad]),
            Some(SuggestError::SpamRange { node_idx: 1 })
        );
    }
    assert_eq!(error(&[0.0, 1.0]), None);
}

#[test]
fn deny_a_candidate_by_the_others_upload_alone() {
    // 1 saved 0's number; 0 did not save 1's: only 1 may learn of it, and only if a number saved by one side is enough.
    let plain = Plain::new(2, &[], &[(1, 0)]);
    let exclusions = Exclusions::none();
    let params = SuggestParams::default()
        .direct(Direct::Own)
        .check()
        .unwrap();
    let scorer = Scorer::over(plain.view(), &exclusions, &[], &params).unwrap();
    let found = everybody(&scorer, &|_| ()).suggestions;
    assert!(found.row(0).is_empty());
    let reasons: Vec<String> = found.row(1)[0].reasons().map(|r| r.to_string()).collect();
    assert_eq!(reasons, ["in your contacts"]);
}

#[test]
fn scores_are_exact_with_a_million_in_common_that_weigh_the_most() {
    // Two people and 2^20 others tied to both and to nobody else: the greatest weights there are, and as many.
    let n = 1 << 20;
    let (others, row) = (2..n + 2, u64::from(n));
    let ends = [0, row]
        .into_iter()
        .chain((0..=row).map(|z| 2 * row + 2 * z));
    let neighbours = others.clone().chain(others.clone());
    let neighbours = neighbours.chain(others.flat_map(|_| [0, 1])).collect();
    let ties = Csr::from_parts(ends.collect(), neighbours).unwrap();
    let contacts = Csr::from_pairs(n as usize + 2, Vec::new()).unwrap();
    let kinds = vec![EdgeKinds::FRIENDSHIP; ties.n_entries()];
    let view = View {
        ties: &ties,
        tie_kinds: &kinds,
        contacts: &contacts,
        contact_kinds: &[],
        aside: &[],
        direct: Direct::default(),
        beside: &crate::graph::Beside::default(),
    };
    let exclusions = Exclusions::none();
    let of = |weight: f64| u64::from(n) * Score::from_f64(weight).bits();
    for heuristic in Heuristic::ALL {
        let params = SuggestParams::default().score(heuristic).check().unwrap();
        let scorer = Scorer::over(view, &exclusions, &[], &params).unwrap();
        let mut scratch = scorer.scratch();
        let Listed { list, counts } = scorer.list(&mut scratch, 0, 10);
        let row = list.suggestions;
        let wanted = match heuristic {
            Heuristic::CommonNeighbours => u64::from(n) << 32,
            Heuristic::AdamicAdar => of(1.0 / 2_f64.ln()),
            Heuristic::ResourceAllocation => of(0.5),
            Heuristic::Jaccard | Heuristic::Cosine => 1 << 32,
        };
        assert_eq!((row.len(), counts.considered), (1, 1));
        let found = (row[0].candidate, row[0].mutual_count, row[0].score.bits());
        assert_eq!(found, (1, n, wanted), "{heuristic:?}");
        // From 2 everybody else is reached, by two people each.
        let Listed { list, counts } = scorer.list(&mut scratch, 2, 10);
        let row = list.suggestions;
        assert_eq!((row.len(), counts.considered), (10, u64::from(n) - 1));
    }
}
