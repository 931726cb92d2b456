use super::*;
use crate::eval::{evaluate_edges, mix};
use crate::suggest::RankerParams;

/// Communities of fifteen with chance acquaintances; ids are not their ranks.
fn edges() -> Vec<TimedEdge> {
    let mut edges = Vec::new();
    for u in 0..180_u64 {
        for v in u + 1..180 {
            let one_in = if u / 15 == v / 15 { 2 } else { 50 };
            if mix(u << 20 | v).is_multiple_of(one_in) {
                let at = i64::try_from(mix(v << 20 | u) % 86_400_000).ok();
                edges.push(TimedEdge {
                    lo: 3 * u + 5,
                    hi: 3 * v + 5,
                    at,
                });
            }
        }
    }
    edges
}

fn params(split: SplitBy) -> RankingParams {
    let ranker = RankerParams::default().pool(30).rounds(2).rows_max(20_000);
    RankingParams {
        split,
        k: 10,
        seeds: 2,
        ranker: Some(ranker.check().unwrap()),
        near: false,
        rules: SuggestionRules::default(),
    }
}

#[test]
fn heuristics_agree_with_the_published_protocol() {
    let edges = edges();
    let params = RankingParams {
        split: SplitBy::Random,
        k: 10,
        seeds: 1,
        ranker: None,
        near: false,
        rules: SuggestionRules::default(),
    };
    let found = evaluate_ranking(&edges, &[], &params).unwrap();
    let pairs: Vec<(u64, u64)> = edges.iter().map(TimedEdge::pair).collect();
    let published = evaluate_edges(&pairs);
    assert_eq!(found.hidden, [published.held_out]);
    assert_eq!(found.methods.len(), 5);
    for method in &found.methods {
        let wanted = published.heuristics[method.method];
        assert_eq!(method.auc, wanted.auc, "{}", method.method);
        let recall = wanted.recall_at_10.unwrap();
        assert!(
            (method.recall_at_k.value - recall).abs() < 1e-12,
            "{}",
            method.method
        );
        let map = method.map_at_k;
        assert!(map.low <= map.value && map.value <= map.high && map.low < map.high);
        let people: u64 = method.by_degree.iter().map(|group| group.people).sum();
        assert!(people > 100);
    }
}

#[test]
fn the_ranker_is_measured_beside_the_best_heuristic() {
    for split in [SplitBy::Random, SplitBy::Time] {
        let found = evaluate_ranking(&edges(), &[], &params(split)).unwrap();
        let ranker = found.methods.last().unwrap();
        let gain = found.gain.as_ref().unwrap();
        let best = found
            .methods
            .iter()
            .find(|m| m.method == gain.best_heuristic)
            .unwrap();
        assert_eq!(ranker.method, "ranker");
        let heuristics = &found.methods[..found.methods.len() - 1];
        assert!(
            heuristics
                .iter()
                .all(|m| m.map_at_k.value <= best.map_at_k.value)
        );
        let difference = ranker.map_at_k.value - best.map_at_k.value;
        assert!((gain.map_at_k.value - difference).abs() < 1e-12);
        // It is fitted to candidates. Of pairs that have nobody in common it was never told a thing.
        assert!(ranker.hard_auc.unwrap() > 0.6, "{ranker:?}");
        assert!(
            ranker.map_at_k.value > 0.8 * best.map_at_k.value,
            "{best:?}"
        );
        assert_eq!(found.training.len(), usize::try_from(found.seeds).unwrap());
    }
}

#[test]
fn deny_what_was_hidden_to_the_training() {
    // Hidden friendships that are deleted from the input beforehand leave the same model.
    let edges = edges();
    let split = Split::of(&edges, SplitBy::Random, 1);
    let pairs: Vec<(u64, u64)> = edges.iter().map(TimedEdge::pair).collect();
    let ids = ids(&pairs);
    let ranker = params(SplitBy::Random).ranker.unwrap();
    let suggest = pool_params(SuggestionRules::default(), false, 10);
    let known = Known::new(&ids, &split.known, &[], &suggest);
    let model = known.train(&ids, &suggest, &ranker);
    let found = evaluate_ranking(&edges, &[], &params(SplitBy::Random)).unwrap();
    assert_eq!(found.training[1], *model.unwrap().training());
}

#[test]
fn contacts_are_known_and_candidates() {
    let edges = edges();
    // Everybody saved the number of every second friend.
    let contacts: Vec<(u64, u64)> = edges.iter().step_by(2).map(TimedEdge::pair).collect();
    let without = evaluate_ranking(&edges, &[], &params(SplitBy::Random)).unwrap();
    let with = evaluate_ranking(&edges, &contacts, &params(SplitBy::Random)).unwrap();
    let map = |e: &RankingEvaluation| e.methods.last().unwrap().map_at_k.value;
    assert!(map(&with) > map(&without) + 0.1);
    assert!(with.methods.iter().all(|m| m.method != "PA"));
}

#[test]
fn nothing_to_find_is_no_score() {
    let params = RankingParams {
        split: SplitBy::Random,
        k: 10,
        seeds: 1,
        ranker: None,
        near: false,
        rules: SuggestionRules::default(),
    };
    let found = evaluate_ranking(&[], &[], &params).unwrap();
    assert!(
        found
            .methods
            .iter()
            .all(|m| m.auc.is_none() && m.by_degree.is_empty())
    );
    assert!(serde_json::to_string(&found).is_ok());
}

#[test]
fn fewer_suggestions_find_fewer_friends() {
    let edges = edges();
    let found = |k| {
        let params = RankingParams {
            k,
            ranker: None,
            seeds: 1,
            ..params(SplitBy::Random)
        };
        evaluate_ranking(&edges, &[], &params).unwrap()
    };
    let [one, ten, more] = [1, 10, 11].map(found);
    for (one, ten) in one.methods.iter().zip(&ten.methods) {
        assert!(one.hit_at_k.value < ten.hit_at_k.value, "{one:?}");
        assert_eq!(
            one.map_at_k.value, one.hit_at_k.value,
            "of one place they are the same"
        );
    }
    let names = |of: &RankingEvaluation| of.methods.iter().map(|m| m.method).collect::<Vec<_>>();
    assert!(names(&ten).contains(&"PA") && !names(&more).contains(&"PA"));
}
