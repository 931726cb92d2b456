use proptest::prelude::*;

use super::super::extract::communities as communities_of;
use super::super::train::{Source, train_on};
use super::super::{Provenance, RankerFactors, RankerParams, RankerSignals, ValidRankerParams};
use super::*;
use crate::graph::{Beside, Dealing};
use crate::hash::mix;
use crate::ids::Region;
use crate::publish::{seal_json, unseal_json};
use crate::signals::FeedbackKind;
use crate::suggest::reasons::Tier;
use crate::suggest::{Plain, SuggestParams, everybody};

/// Communities of twenty whose members mostly know each other, and chance acquaintances.
fn communities(n: u32, seed: u64) -> Plain {
    let mut friends = Vec::new();
    for u in 0..n {
        for v in u + 1..n {
            let one_in = if u / 20 == v / 20 { 2 } else { 60 };
            if mix(seed ^ (u64::from(u) << 32 | u64::from(v))).is_multiple_of(one_in) {
                friends.push((u, v));
            }
        }
    }
    Plain::new(n as usize, &friends, &[(0, 21), (0, 45), (45, 0)])
}

fn params() -> ValidSuggestParams {
    SuggestParams::default()
        .min_intermediaries(1)
        .check()
        .unwrap()
}

fn ranker_params() -> ValidRankerParams {
    // Few rows: without optimisation a step over a thousand of them takes a while.
    let params = RankerParams::default().pool(30).rounds(2).rows_max(2500);
    params.check().unwrap()
}

/// As [`ranker_params`], with factors.
fn with_factors() -> ValidRankerParams {
    let factors = RankerFactors::default().size(6).rounds(4).candidates(15);
    let params = ranker_params().given().clone().with_factors(factors);
    params.check().unwrap()
}

/// As [`ranker_params`], with everything besides ties.
fn with_signals() -> ValidRankerParams {
    let params = ranker_params().given().clone();
    params
        .with_signals(RankerSignals {
            communities: true,
            ..RankerSignals::default()
        })
        .check()
        .unwrap()
}

fn model(plain: &Plain) -> FriendModel {
    trained(plain, &ranker_params())
}

fn trained(plain: &Plain, params: &ValidRankerParams) -> FriendModel {
    let exclusions = Exclusions::none();
    let source = Source {
        view: plain.view(),
        times: &[],
        id: &u64::from,
        exclusions: &exclusions,
    };
    train_on(source, &self::params(), params, Provenance::default()).unwrap()
}

fn in_pool<T: Send>(n_threads: usize, f: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
    pool.build().unwrap().install(f)
}

#[test]
fn same_bytes_for_any_number_of_threads() {
    let plain = communities(300, 7);
    let exclusions = Exclusions::none();
    for ranker_params in [ranker_params(), with_factors(), with_signals()] {
        let run = || {
            let model = trained(&plain, &ranker_params);
            let params = params();
            let ranker = Ranker::over(plain.view(), &[], &exclusions, &params, &model);
            let made = everybody(&ranker, &|_| ());
            assert!(made.counts.check_sums());
            (model.to_json().unwrap(), made)
        };
        let one = in_pool(1, run);
        for n_threads in [2, 5] {
            assert!(in_pool(n_threads, run) == one, "{n_threads} threads");
        }
    }
}

#[test]
fn found_together_or_one_by_one_those_alike_are_the_same() {
    let plain = communities(200, 3);
    let (params, model) = (params(), trained(&plain, &with_factors()));
    let exclusions = Exclusions::none();
    let ranker = || Ranker::over(plain.view(), &[], &exclusions, &params, &model);
    let together = ranker();
    together.prepare_all();
    let (mut scratch, mut other) = (together.scratch(), together.scratch());
    let one_by_one = ranker();
    let mut n_alike = 0;
    for u in 0..200 {
        let k = together.k_max();
        let all = together.list(&mut scratch, u, k).list;
        let alone = one_by_one.list(&mut other, u, k).list;
        assert_eq!(all, alone, "{u}");
        n_alike += all
            .suggestions
            .iter()
            .filter(|s| s.tier == Tier::Alike)
            .count();
        // A shorter list is the beginning of a longer one.
        let all = alone.first(10).suggestions.to_vec();
        assert_eq!(one_by_one.list(&mut other, u, 10).list.suggestions, all);
    }
    assert!(n_alike > 100, "{n_alike}");
}

/// Circles in which every member of one side knows most of the other side, and nobody of the own: no two who may be friends
/// have anybody in common.
fn two_sided(n: u32) -> Plain {
    let mut friends = Vec::new();
    for (u, v) in (0..n).flat_map(|u| (u + 1..n).map(move |v| (u, v))) {
        let is_circle = u / 20 == v / 20 && u % 2 != v % 2;
        if is_circle && !mix(u64::from(u) << 32 | u64::from(v)).is_multiple_of(4) {
            friends.push((u, v));
        }
    }
    Plain::new(n as usize, &friends, &[])
}

#[test]
fn factors_find_friends_where_nobody_is_in_common() {
    let plain = two_sided(200);
    let exclusions = Exclusions::none();
    let (params, model) = (params(), trained(&plain, &with_factors()));
    let ranker = Ranker::over(plain.view(), &[], &exclusions, &params, &model);
    let mut scratch = ranker.scratch();
    let is_missing = |u: u32, v: u32| {
        u / 20 == v / 20 && u % 2 != v % 2 && plain.view().ties.find(u, v).is_none()
    };
    let (mut n_right, mut n) = (0, 0);
    for u in (0..200).filter(|&u| (0..200).any(|v| is_missing(u, v))) {
        let list = ranker.list(&mut scratch, u, 1).list;
        n += 1;
        let alike = list.suggestions.iter().filter(|s| s.tier == Tier::Alike);
        for one in alike.filter(|s| is_missing(u, s.candidate)) {
            let reasons: Vec<String> = one.reasons().map(|why| why.to_string()).collect();
            assert_eq!(reasons, ["people like your friends"]);
            assert_eq!(one.mutual_count, 0);
            n_right += 1;
        }
    }
    assert!(n > 150 && n_right * 100 > n * 90, "{n_right} of {n}");
}

#[test]
fn deny_to_factors_whom_a_rule_forbids() {
    use FeedbackKind::{Block, Dismiss, Hide, Report};
    let plain = two_sided(200);
    let (params, model) = (params(), trained(&plain, &with_factors()));
    let open = Exclusions::none();
    let ranker = Ranker::over(plain.view(), &[], &open, &params, &model);
    let mut scratch = ranker.scratch();
    let mut suggested = |u: u32| -> Vec<u32> {
        let list = ranker.list(&mut scratch, u, ranker.k_max()).list;
        list.suggestions.iter().map(|s| s.candidate).collect()
    };
    let before: Vec<Vec<u32>> = (0..40).map(&mut suggested).collect();
    let found = |u: u32| before[u as usize][0];
    let said = [
        (0, found(0), Block),
        (found(1), 1, Report),
        (2, found(2), Dismiss),
        (found(3), 3, Hide),
        (found(4), found(4), Hide),
    ];
    // 5 is the only minor; whoever is found for 6 is a spammer.
    let minors = (0..200).map(|u| u == 5).collect();
    let exclusions = Exclusions::from_nodes(200, said).with_minors(minors);
    let mut spam = vec![0.0; 200];
    spam[found(6) as usize] = 0.6;
    let scorer = Scorer::over(plain.view(), &exclusions, &spam, &params).unwrap();
    let ranker = Ranker::of(scorer, &[], &model);
    let mut scratch = ranker.scratch();
    for u in 0..200 {
        let list = ranker.list(&mut scratch, u, ranker.k_max()).list;
        let alike = list.suggestions.iter().filter(|s| s.tier == Tier::Alike);
        for v in alike.map(|s| s.candidate) {
            assert!(exclusions.between(u, v).is_none(), "{u} {v}");
            assert!(plain.view().ties.find(u, v).is_none() && u != v);
            assert!(spam[v as usize] < 0.5 && (u == 5) == (v == 5));
        }
        if u < 5 {
            assert!(list.place_of(found(u)).is_none(), "{u}");
            assert!(!list.suggestions.is_empty(), "{u}");
        }
    }
}

#[test]
fn deny_whom_the_kernel_would_not_suggest() {
    let plain = communities(200, 3);
    let blocked = [(0, 5), (7, 3)].map(|(a, b)| (a, b, crate::signals::FeedbackKind::Block));
    let exclusions = Exclusions::from_nodes(200, blocked);
    let (params, model) = (params(), model(&plain));
    let ranker = Ranker::over(plain.view(), &[], &exclusions, &params, &model);
    let scorer = Scorer::without_spam(plain.view(), &exclusions, &params);
    let (mut scratch, mut plain_scratch) = (ranker.scratch(), scorer.scratch());
    for u in 0..200 {
        let pool = scorer.list(&mut plain_scratch, u, 30).list.suggestions;
        let Listed { list, counts } = ranker.list(&mut scratch, u, 10);
        let row = list.suggestions;
        assert_eq!(row.len(), pool.len().min(10));
        assert_eq!(counts.emitted, row.len() as u64);
        assert!(row.iter().all(|s| pool.contains(s)));
        assert_eq!(list.probabilities.len(), row.len());
        assert!(list.probabilities.is_sorted_by(|a, b| a >= b));
        assert!(list.probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
    }
}

#[test]
fn whoever_is_demoted_comes_last() {
    let plain = communities(200, 3);
    let exclusions = Exclusions::none();
    let model = model(&plain);
    let params = SuggestParams::default().min_intermediaries(1).k(60);
    let params = params.check().unwrap();
    let spam: Vec<f32> = (0..200_u8)
        .map(|u| if u % 3 == 0 { 0.6 } else { 0.0 })
        .collect();
    let scorer = Scorer::over(plain.view(), &exclusions, &spam, &params).unwrap();
    let ranker = Ranker::of(scorer, &[], &model);
    let rows = everybody(&ranker, &|_| ()).suggestions;
    let mut n_demoted = 0;
    for (_, row) in rows.iter() {
        assert!(row.is_sorted_by_key(|s| s.tier.is_demoted()));
        n_demoted += row.iter().filter(|s| s.tier.is_demoted()).count();
    }
    assert!(n_demoted > 1000);
}

#[test]
fn a_model_is_read_back_as_it_was_written() {
    let model = model(&communities(200, 3));
    let text = model.to_json().unwrap();
    assert_eq!(FriendModel::from_json(&text).unwrap(), model);
    let training = model.training();
    assert!(training.log_loss < training.base_log_loss, "{training:?}");
    assert!(training.auc > Some(0.7), "{training:?}");
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let edited = text.replacen(from, to, 1);
        assert!(FriendModel::from_json(&edited).is_err(), "{from}");
        let plain = unseal_json(&text).unwrap().replacen(from, to, 1);
        FriendModel::from_json(&seal_json(&plain)).unwrap_err()
    };
    let error = refused("friend-model/1", "friend-model/2");
    assert!(matches!(error, RankerError::Schema { .. }), "{error}");
    let error = refused("\"adamic_adar\"", "\"shoe_size\"");
    assert!(
        matches!(error, RankerError::Feature { place: 1, .. }),
        "{error}"
    );
    assert!(
        !text.contains("factor"),
        "a model without factors says nothing of them"
    );
    let error = refused("\"pool\": 30", "\"pool\": 0");
    assert!(matches!(error, RankerError::Number { .. }), "{error}");
    let error = refused("\"weight\": ", "\"weight\": 1e300, \"weight\": ");
    assert!(matches!(error, RankerError::Syntax(_)), "{error}");
    assert!(FriendModel::from_json("{}").is_err());
}

#[test]
fn a_model_with_factors_is_read_back_and_one_without_their_weights_is_none() {
    let model = trained(&communities(200, 3), &with_factors());
    let text = model.to_json().unwrap();
    assert_eq!(FriendModel::from_json(&text).unwrap(), model);
    let names: Vec<String> = model.weights().into_iter().map(|w| w.name).collect();
    assert_eq!(names, super::super::FEATURE_NAMES[..59]);
    let plain = unseal_json(&text).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(plain.contains(from), "{from}");
        FriendModel::from_json(&seal_json(&plain.replacen(from, to, 1))).unwrap_err()
    };
    let error = edited("factor_alone", "shoe_size");
    assert!(matches!(error, RankerError::Feature { place: 58, .. }));
    let error = edited("\"size\": 6", "\"size\": 0");
    assert!(matches!(error, RankerError::Number { .. }), "{error}");
    // Without factors those features are too many.
    let start = plain.find(",\n    \"factors\"").unwrap();
    let end = start + plain[start..].find('}').unwrap() + 1;
    let without = [&plain[..start], &plain[end..]].concat();
    let error = FriendModel::from_json(&seal_json(&without)).unwrap_err();
    assert!(
        matches!(error, RankerError::Feature { place: 51, .. }),
        "{error}"
    );
}

#[test]
fn a_model_names_what_it_looks_at_besides_ties_and_no_more() {
    let params = with_signals().given().clone();
    let some = RankerSignals {
        communities: false,
        calls: false,
        ..RankerSignals::default()
    };
    let params = params.with_signals(some).check().unwrap();
    let model = trained(&communities(200, 3), &params);
    let text = model.to_json().unwrap();
    assert_eq!(FriendModel::from_json(&text).unwrap(), model);
    let names: Vec<String> = model.weights().into_iter().map(|w| w.name).collect();
    assert_eq!(names[..51], super::super::FEATURE_NAMES[..51]);
    assert_eq!(names[51..], ["same_region", "shared_groups"]);
}

/// How well a model that looks at one thing besides ties tells the friends of people it was not fitted to.
fn auc_with(plain: &Plain, signals: RankerSignals) -> f64 {
    let params = ranker_params().given().clone();
    let params = params.with_signals(signals).check().unwrap();
    trained(plain, &params).training().auc.unwrap()
}

#[test]
fn what_friends_do_besides_being_friends_says_who_is_one() {
    let plain = communities(300, 7);
    let pairs: Vec<(u32, u32)> = (0..300).flat_map(|u| (0..u).map(move |v| (v, u))).collect();
    // Two of three friends, and one of twenty others.
    let deal = |&(u, v): &(u32, u32)| {
        let one_in = if plain.view().are_friends(u, v) {
            3
        } else {
            20
        };
        let hit = mix(0x4D ^ (u64::from(u) << 32 | u64::from(v))).is_multiple_of(one_in);
        hit != plain.view().are_friends(u, v)
    };
    let dealt: Vec<_> = pairs.iter().copied().filter(deal).collect();
    let none = auc_with(&plain, RankerSignals::none());
    let calls = RankerSignals {
        calls: true,
        ..RankerSignals::none()
    };
    let groups = RankerSignals {
        groups: true,
        ..RankerSignals::none()
    };
    for (signals, what) in [(calls, Dealing::Calls(3)), (groups, Dealing::Group(6))] {
        let dealings = dealt.iter().map(|&(u, v)| (u, v, what));
        let beside = Beside::of_nodes(Vec::new(), dealings);
        let with = auc_with(&plain.clone().with_beside(beside), signals);
        assert!(with > none + 0.05, "{what:?}: {none} {with}");
        let without = auc_with(&plain, signals);
        assert!((without - none).abs() < 1e-9, "{what:?}: {none} {without}");
    }
}

#[test]
fn a_region_counts_only_where_both_are_known() {
    let at = |code: &str| Some(Region::parse(code).unwrap());
    let regions = vec![at("AT"), at("AT"), at("DE"), None, None];
    let beside = Beside::of_nodes(regions, std::iter::empty());
    assert!(beside.are_in_one_region(0, 1));
    assert!(!beside.are_in_one_region(0, 2));
    assert!(!beside.are_in_one_region(3, 4), "nobody knows");
    assert!(!beside.are_in_one_region(8, 9));
}

#[test]
fn the_community_a_pair_is_in_is_that_of_the_ties_left() {
    // Two cliques of four, one tie of the second taken away: whoever lost all ties is in no community.
    let clique =
        |first: u32| (first..first + 4).flat_map(move |u| (u + 1..first + 4).map(move |v| (u, v)));
    let friends: Vec<_> = clique(0)
        .chain(clique(4))
        .filter(|&(_, v)| v != 7)
        .collect();
    let plain = Plain::new(8, &friends, &[]);
    let scorer_params = params();
    let exclusions = Exclusions::none();
    let scorer = Scorer::without_spam(plain.view(), &exclusions, &scorer_params);
    let communities = communities_of(&scorer, with_signals().given()).unwrap();
    let close = communities.close();
    assert_eq!(close.part(4), close.part(6));
    assert_ne!(close.part(4), close.part(0));
    assert_eq!(close.size_around(7), 1);
    assert!(communities_of(&scorer, ranker_params().given()).is_none());
}

#[test]
fn deny_candidates_found_in_another_way() {
    let model = model(&communities(200, 3));
    assert!(model.check_candidates(&params()).is_ok());
    let near = || SuggestParams::default().min_intermediaries(1).near(true);
    for other in [SuggestParams::default(), near()] {
        let error = model.check_candidates(&other.check().unwrap()).unwrap_err();
        assert!(matches!(error, RankerError::OtherCandidates { .. }));
    }
    let error = model.check_candidates(&near().check().unwrap());
    assert!(
        error.unwrap_err().to_string().ends_with(
            "uses adamic-adar with at least 1 in common and people near: train it again"
        )
    );
}

#[test]
fn too_little_to_learn_from_is_no_model() {
    let plain = Plain::new(5, &[(0, 1), (1, 2), (2, 3)], &[]);
    let exclusions = Exclusions::none();
    let source = Source {
        view: plain.view(),
        times: &[],
        id: &u64::from,
        exclusions: &exclusions,
    };
    let found = train_on(source, &params(), &ranker_params(), Provenance::default());
    assert!(matches!(found, Err(RankerError::TooLittle { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn prop_hostile_files_are_errors(text in "\\PC{0,200}") {
        prop_assert!(FriendModel::from_json(&text).is_err());
    }
}
