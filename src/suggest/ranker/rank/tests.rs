use proptest::prelude::*;

use super::super::train::{Source, train_on};
use super::super::{Provenance, RankerParams, ValidRankerParams};
use super::*;
use crate::hash::mix;
use crate::publish::{seal_json, unseal_json};
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

fn model(plain: &Plain) -> FriendModel {
    let exclusions = Exclusions::none();
    let source = Source {
        view: plain.view(),
        times: &[],
        id: &u64::from,
        exclusions: &exclusions,
    };
    train_on(source, &params(), &ranker_params(), Provenance::default()).unwrap()
}

fn in_pool<T: Send>(n_threads: usize, f: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
    pool.build().unwrap().install(f)
}

#[test]
fn same_bytes_for_any_number_of_threads() {
    let plain = communities(300, 7);
    let exclusions = Exclusions::none();
    let run = || {
        let model = model(&plain);
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
    let error = refused("\"pool\": 30", "\"pool\": 0");
    assert!(matches!(error, RankerError::Number { .. }), "{error}");
    let error = refused("\"weight\": ", "\"weight\": 1e300, \"weight\": ");
    assert!(matches!(error, RankerError::Syntax(_)), "{error}");
    assert!(FriendModel::from_json("{}").is_err());
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
