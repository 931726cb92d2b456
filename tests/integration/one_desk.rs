//! One desk: a run, a backend and an explanation say the same of everybody, whatever the parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acquaint::engine::{NotShown, NotSuggested};
use acquaint::signals::TableForm;
use acquaint::suggest::WhyNot;
use acquaint::{AdId, Engine, EngineOptions, RunParams, UserId};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};

use crate::support::{Run, small_world, write_world};

/// A row of suggestions: whom, place, score, probability.
type Made = (u64, u32, u64, Option<u64>);

/// What a run published, by person.
struct Published {
    suggestions: BTreeMap<u64, Vec<Made>>,
    ads: BTreeMap<u64, Vec<(u64, u32, u64, u64)>>,
}

impl Published {
    fn of(run: &Run) -> Self {
        let mut suggestions: BTreeMap<u64, Vec<Made>> = BTreeMap::new();
        for batch in run.table("suggestions.parquet") {
            let ids = |name: &str| {
                batch
                    .column_by_name(name)
                    .unwrap()
                    .as_primitive::<UInt64Type>()
            };
            let (users, candidates) = (ids("user_id"), ids("candidate_id"));
            let ranks = batch.column_by_name("rank").unwrap();
            let ranks = ranks.as_primitive::<UInt32Type>();
            let scores = batch.column_by_name("score").unwrap();
            let scores = scores.as_primitive::<Float64Type>();
            let probabilities = batch.column_by_name("probability").unwrap();
            let probabilities = probabilities.as_primitive::<Float64Type>();
            for i in 0..batch.num_rows() {
                let made = (
                    candidates.value(i),
                    ranks.value(i),
                    scores.value(i).to_bits(),
                    probabilities.iter().nth(i).unwrap().map(f64::to_bits),
                );
                suggestions.entry(users.value(i)).or_default().push(made);
            }
        }
        let mut ads: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        for batch in run.table("ad_scores.parquet") {
            let ids = |name: &str| {
                batch
                    .column_by_name(name)
                    .unwrap()
                    .as_primitive::<UInt64Type>()
            };
            let (users, ad_ids) = (ids("user_id"), ids("ad_id"));
            let ranks = batch.column_by_name("rank").unwrap();
            let ranks = ranks.as_primitive::<UInt32Type>();
            let figures = |name: &str| {
                let column = batch.column_by_name(name).unwrap();
                column.as_primitive::<Float64Type>().clone()
            };
            let (values, prices) = (figures("value"), figures("price"));
            for i in 0..batch.num_rows() {
                let row = (
                    ad_ids.value(i),
                    ranks.value(i),
                    values.value(i).to_bits(),
                    prices.value(i).to_bits(),
                );
                ads.entry(users.value(i)).or_default().push(row);
            }
        }
        Self { suggestions, ads }
    }

    fn suggested(&self, user: u64) -> &[Made] {
        self.suggestions.get(&user).map_or(&[], Vec::as_slice)
    }

    /// To how many somebody is shown.
    fn n_shown(&self, candidate: u64) -> usize {
        let all = self.suggestions.values().flatten();
        all.filter(|made| made.0 == candidate).count()
    }
}

/// A world, run and opened.
struct Asked {
    published: Published,
    engine: Engine,
    /// Everybody with a social account.
    people: Vec<u64>,
    n_suggested: usize,
    shown_max: Option<usize>,
}

impl Asked {
    fn new(signals: &Path, out: &Path, config: &str, people: Vec<u64>) -> Self {
        let run = Run::of_signals(signals, out, config, None).unwrap();
        let params = RunParams::from_toml(config).unwrap();
        let checked = params.suggest.clone().check().unwrap();
        let options = EngineOptions {
            params,
            ..EngineOptions::default()
        };
        Self {
            published: Published::of(&run),
            engine: Engine::open(signals, &options).unwrap(),
            people,
            n_suggested: checked.k(),
            shown_max: checked.shown_max().map(|max| max as usize),
        }
    }

    /// Everybody asked on demand gets what was published, and a shorter list is its beginning.
    fn on_demand(&self) {
        for &user in &self.people {
            let published = self.published.suggested(user);
            let found = self.made(user, self.n_suggested);
            assert_eq!(found, published, "{user}");
            let two = self.made(user, 2);
            let wanted = &published[..published.len().min(2)];
            // A learned order ranks the same pool for any shorter list.
            assert_eq!(two, wanted, "{user}");
        }
        let users: Vec<UserId> = self.people.iter().copied().map(UserId).collect();
        let all = self.engine.suggest_all(&users, self.n_suggested);
        for (user, suggested) in users.iter().zip(all) {
            assert_eq!(suggested, self.engine.suggest(*user, self.n_suggested));
        }
    }

    fn made(&self, user: u64, k: usize) -> Vec<Made> {
        let suggested = self.engine.suggest(UserId(user), k);
        let made = |(rank, one): (u32, &acquaint::Suggested)| {
            (
                one.candidate.0,
                rank,
                one.score.to_bits(),
                one.probability.map(f64::to_bits),
            )
        };
        (1..).zip(&suggested).map(made).collect()
    }

    /// Every published pair is explained as published, and every other pair by a rule that is true.
    ///
    /// Returns the kinds of answers there were.
    fn explained(&self, others: usize) -> BTreeSet<&'static str> {
        let mut kinds = BTreeSet::new();
        for &user in &self.people {
            for &(candidate, rank, score, probability) in self.published.suggested(user) {
                let why = (self.engine).explain_suggestion(UserId(user), UserId(candidate));
                let pair = format!("{user} {candidate}: {why:?}");
                assert_eq!(why.rank, Some(rank as usize), "{pair}");
                assert_eq!(why.why_not, None, "{pair}");
                assert_eq!(why.score.map(f64::to_bits), Some(score), "{pair}");
                assert_eq!(why.probability.map(f64::to_bits), probability, "{pair}");
                assert!(!why.reasons.is_empty(), "{pair}");
                match why.reasons[0].as_str() {
                    "near your friends" => kinds.insert("near"),
                    "people like your friends" => kinds.insert("alike"),
                    _ => false,
                };
            }
            let published: BTreeSet<u64> = (self.published.suggested(user).iter())
                .map(|made| made.0)
                .collect();
            // A stride that visits others for each person.
            let start = usize::try_from(user % 7).unwrap();
            let stride = self.people.len().div_ceil(others).max(1);
            let others = self.people.iter().skip(start).step_by(stride);
            for &candidate in others.filter(|one| !published.contains(one)) {
                kinds.insert(self.not_suggested(user, candidate));
            }
        }
        kinds
    }

    fn not_suggested(&self, user: u64, candidate: u64) -> &'static str {
        let why = (self.engine).explain_suggestion(UserId(user), UserId(candidate));
        let pair = format!("{user} {candidate}: {why:?}");
        assert_eq!(why.rank, None, "{pair}");
        let n_published = self.published.suggested(user).len();
        let is_known = |one: u64| self.engine.users().binary_search(&UserId(one)).is_ok();
        match why.why_not.expect(&pair) {
            NotSuggested::GateForUser { .. } => {
                assert!(!is_known(user), "{pair}");
                "gate"
            }
            NotSuggested::GateForCandidate { .. } => {
                assert!(!is_known(candidate), "{pair}");
                "gate"
            }
            NotSuggested::ShownEnough => {
                let n_shown = Some(self.published.n_shown(candidate));
                assert_eq!(n_shown, self.shown_max, "{pair}");
                "shown enough"
            }
            NotSuggested::Suggestions(WhyNot::BeyondK { place, k }) => {
                assert!(place > n_published, "{pair}");
                assert!(self.shown_max.is_some() || n_published == k, "{pair}");
                "beyond k"
            }
            NotSuggested::Suggestions(WhyNot::Themselves) => {
                assert_eq!(user, candidate, "{pair}");
                "themselves"
            }
            NotSuggested::Suggestions(_) => {
                assert!(why.score.is_none(), "{pair}");
                "rule"
            }
            other => panic!("{pair}: {other:?}"),
        }
    }

    /// Everybody's ads on demand and explained are those published.
    fn ads(&self, n_ads: u64) {
        for &user in &self.people {
            let published = self.published.ads.get(&user).map_or(&[][..], Vec::as_slice);
            let found = self.engine.ads(UserId(user), 10).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|one| {
                    (
                        one.ad_id.0,
                        one.rank,
                        one.value.to_bits(),
                        one.price.to_bits(),
                    )
                })
                .collect();
            assert_eq!(found, published, "{user}");
            for &(ad, rank, value, price) in published {
                let why = self.engine.explain_ad(UserId(user), AdId(ad)).unwrap();
                let pair = format!("{user} {ad}: {why:?}");
                assert_eq!((why.rank, why.why_not), (Some(rank), None), "{pair}");
                assert_eq!(why.value.map(f64::to_bits), Some(value), "{pair}");
                assert_eq!(why.price.map(f64::to_bits), Some(price), "{pair}");
            }
            let ad = user % n_ads + 1;
            if published.iter().all(|row| row.0 != ad) {
                let why = self.engine.explain_ad(UserId(user), AdId(ad)).unwrap();
                assert_eq!(why.rank, None, "{user} {ad}");
                if let Some(NotShown::BeyondK { place, .. }) = why.why_not {
                    assert!(place as usize > published.len(), "{user} {ad}");
                }
                assert!(why.why_not.is_some(), "{user} {ad}");
            }
        }
    }
}

/// Every combination that changes how a list is made.
const CONFIGS: [&str; 13] = [
    "",
    "[suggest]\nnear = true\n",
    "[suggest]\nnear = true\nk = 4\nmin_intermediaries = 1\n",
    "[suggest]\nshown_max = 3\n",
    "[suggest]\nshown_max = 2\nnear = true\nk = 5\n",
    "[suggest]\ndismiss_days = 1\nscore = \"jaccard\"\ndirect = \"own\"\n",
    "[ranker]\nrounds = 1\n",
    "[suggest]\nnear = true\n[ranker]\nrounds = 1\npool = 12\n",
    "[suggest]\nshown_max = 4\nnear = true\n[ranker]\nrounds = 1\npool = 12\n",
    "[ranker]\nrounds = 1\n[ranker.factors]\nsize = 8\n",
    "[suggest]\nshown_max = 3\nnear = true\n[ranker]\nrounds = 1\npool = 12\n[ranker.factors]\nsize = 8\ncandidates = 40\n",
    "[suggest]\nshown_max = 1\nk = 3\n[suggest.weights]\nfriendship = 0.5\n",
    "[ranker]\nrounds = 1\n[ranker.signals]\ncommunities = true\ncalls = false\n",
];

#[test]
fn same_suggestions_on_demand_published_and_explained() {
    let mut kinds = BTreeSet::new();
    for (seed, config) in (7..).zip(CONFIGS) {
        let dir = tempfile::tempdir().unwrap();
        let world = small_world(160, seed);
        let people = world.social_accounts.iter().map(|row| row.user_id.0);
        let people: BTreeSet<u64> = people.collect();
        write_world(&dir.path().join("signals"), TableForm::Csv, &world);
        let (signals, out) = (dir.path().join("signals"), dir.path().join("out"));
        let asked = Asked::new(&signals, &out, config, people.into_iter().collect());
        asked.on_demand();
        kinds.extend(asked.explained(40));
    }
    let all = [
        "alike",
        "beyond k",
        "gate",
        "near",
        "rule",
        "shown enough",
        "themselves",
    ];
    assert_eq!(kinds, BTreeSet::from(all), "every kind of answer is met");
}

#[test]
fn same_suggestions_of_the_quickstart_world() {
    let signals = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quickstart");
    for config in CONFIGS {
        let dir = tempfile::tempdir().unwrap();
        let people = Engine::open(&signals, &EngineOptions::default()).unwrap();
        let people = people.users().iter().map(|user| user.0).collect();
        let asked = Asked::new(&signals, &dir.path().join("out"), config, people);
        asked.on_demand();
        asked.explained(6);
    }
}

#[test]
fn same_ads_on_demand_published_and_explained() {
    let configs = [
        "",
        "[[ads.policy.caps]]\nwindow_days = 7\nper_advertiser = 1\n",
        "[ads]\nmodel = \"factors\"\n",
    ];
    for (seed, config) in (3..).zip(configs) {
        let dir = tempfile::tempdir().unwrap();
        let world = small_world(160, seed);
        let people = world.social_accounts.iter().map(|row| row.user_id.0);
        let people: BTreeSet<u64> = people.collect();
        write_world(&dir.path().join("signals"), TableForm::Csv, &world);
        let (signals, out) = (dir.path().join("signals"), dir.path().join("out"));
        let asked = Asked::new(&signals, &out, config, people.into_iter().collect());
        asked.ads(world.ads.len() as u64);
    }
}

#[test]
fn an_engine_may_be_shared() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Engine>();
}

#[test]
fn a_caller_may_ask_for_more_than_there_are() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quickstart");
    let engine = Engine::open(quickstart, &EngineOptions::default()).unwrap();
    for &user in engine.users().iter().take(20) {
        let all = engine.suggest(user, engine.users().len());
        assert_eq!(engine.suggest(user, usize::MAX), all);
        let all = engine.ads(user, 100_000).unwrap();
        assert_eq!(engine.ads(user, usize::MAX).unwrap(), all);
    }
}

#[test]
fn any_list_is_the_beginning_of_a_longer_one() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quickstart");
    for config in [
        "",
        "[suggest]\nnear = true\n",
        "[suggest]\nk = 3\nnear = true\n[ranker]\nrounds = 1\npool = 4\n",
        "[suggest]\nk = 8\nmin_intermediaries = 1\n[ranker]\nrounds = 1\npool = 4\n",
        "[suggest]\nk = 3\n[ranker]\nrounds = 1\npool = 4\n[ranker.factors]\nsize = 4\ncandidates = 5\n",
    ] {
        let options = EngineOptions {
            params: RunParams::from_toml(config).unwrap(),
            ..EngineOptions::default()
        };
        let engine = Engine::open(&quickstart, &options).unwrap();
        for &user in engine.users() {
            let all = engine.suggest(user, usize::MAX);
            for k in [0, 1, 2, 3, 5, 9, 50] {
                let wanted = &all[..all.len().min(k)];
                assert_eq!(engine.suggest(user, k), wanted, "{config} {user} {k}");
            }
            for one in &all {
                let why = engine.explain_suggestion(user, one.candidate).why_not;
                let is_listed = matches!(
                    why,
                    None | Some(NotSuggested::Suggestions(WhyNot::BeyondK { .. }))
                );
                assert!(is_listed, "{config} {user} {}: {why:?}", one.candidate);
            }
            assert!(engine.ads(user, 0).unwrap().is_empty(), "{config} {user}");
        }
    }
}

#[test]
fn whoever_a_model_does_not_rank_is_beyond_k() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quickstart");
    let open = |config: &str| {
        let options = EngineOptions {
            params: RunParams::from_toml(config).unwrap(),
            ..EngineOptions::default()
        };
        Engine::open(&quickstart, &options).unwrap()
    };
    let candidates = "[suggest]\nk = 3\nmin_intermediaries = 1\n";
    // As many may be ranked as there are people, and they are others than those the scores find.
    let learned = "[ranker]\nrounds = 1\npool = 4\n[ranker.factors]\nsize = 2\ncandidates = 125\n";
    let by_score = open(candidates);
    let learned = open(&format!("{candidates}{learned}"));
    for &user in learned.users().iter().take(40) {
        for one in by_score.suggest(user, usize::MAX) {
            let why = learned.explain_suggestion(user, one.candidate).why_not;
            let is_candidate = matches!(
                why,
                None | Some(NotSuggested::Suggestions(WhyNot::BeyondK { .. }))
            );
            assert!(is_candidate, "{user} {}: {why:?}", one.candidate);
        }
    }
}
