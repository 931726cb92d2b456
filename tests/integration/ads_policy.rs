//! Who may get which ad, over whole runs: lists, caps, what people hid, and what a score is made of.

use std::collections::BTreeSet;

use acquaint::ads::{AudienceVerdict, Ineligible};
use acquaint::consent::{Event, EventKind, Subject};
use acquaint::engine::{self, AdPart, RunRequest, outputs::Manifest};
use acquaint::engine::{GivenModels, NotShown, Prepared, RunParams, Silent, Times, ValidRunParams};
use acquaint::ids::{AdId, AdvertiserId, AudienceId, EventId, UserId};
use acquaint::signals::{
    AdFeedback, ConsentEventRow, Hidden, SpecialCategory, TableForm, Targeting,
};
use acquaint::synth::World;
use acquaint::{Engine, EngineOptions};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;

use crate::support::{Run, list_key, list_token, small_world, u64s, write_world};

/// Lists of twenty people will do where nobody exists.
const SMALL: &str =
    "[ads]\nk = 1000\n[ads.policy]\nsynthetic = true\naudience_min = 20\ncaps = []\n";

fn params(config: &str) -> ValidRunParams {
    let params = RunParams::from_toml(config).unwrap().check().unwrap();
    params.with_audience_key(list_key())
}

fn run(world: &World, config: &str) -> (tempfile::TempDir, Run) {
    let dir = tempfile::tempdir().unwrap();
    write_world(&dir.path().join("signals"), TableForm::Csv, world);
    let out = dir.path().join("out");
    let request = RunRequest {
        signals: &dir.path().join("signals"),
        ledger: None,
        out: &out,
        params: &params(config),
        times: Times::at(world.as_of),
        published_known: None,
        models: GivenModels::default(),
        reads: &[],
    };
    let manifest = engine::run(&request, &|_: &Manifest| Ok("page".to_owned()), &Silent).unwrap();
    (dir, Run { out, manifest })
}

fn f64s(batches: &[RecordBatch], column: &str) -> Vec<f64> {
    let values = |batch: &RecordBatch| {
        let array = batch.column_by_name(column).unwrap();
        array.as_primitive::<Float64Type>().values().to_vec()
    };
    batches.iter().flat_map(values).collect()
}

/// The people an ad was given out to.
fn shown_to(run: &Run, ad: AdId) -> BTreeSet<u64> {
    let rows = run.table("ad_scores.parquet");
    let pairs = u64s(&rows, "user_id").into_iter().zip(u64s(&rows, "ad_id"));
    pairs
        .filter(|(_, id)| *id == ad.0)
        .map(|(user, _)| user)
        .collect()
}

/// A world whose first ads are one advertiser's, for everybody, each for a list of its own.
fn listed_world(lists: &[Vec<UserId>]) -> World {
    let mut world = small_world(400, 5);
    for (ad, number) in world.ads.iter_mut().zip(1..) {
        ad.audience_id = None;
        ad.lookalike_of = None;
        if number <= lists.len() as u64 {
            ad.advertiser_id = AdvertiserId(1);
            ad.special_category = None;
            ad.audience_id = Some(AudienceId(number));
            ad.targeting = Targeting::default();
            (ad.starts_at, ad.ends_at) = (world.as_of.plus_days(-9), world.as_of.plus_days(9));
        }
    }
    world.truth.customers.clear();
    for (list, number) in lists.iter().zip(1..) {
        let since = world.as_of.plus_days(number - 9);
        let rows = list
            .iter()
            .map(|&user| (AudienceId(number.unsigned_abs()), user, since));
        world.truth.customers.extend(rows);
    }
    world.make_lists(list_token);
    world
}

/// People who get ads and can be on a list, ascending.
fn reachable() -> Vec<UserId> {
    let everybody: Vec<UserId> = small_world(400, 5)
        .social_accounts
        .iter()
        .map(|row| row.user_id)
        .collect();
    let world = listed_world(&[everybody]);
    let (_dir, run) = run(&world, SMALL);
    shown_to(&run, world.ads[0].ad_id)
        .into_iter()
        .map(UserId)
        .collect()
}

/// What the advertiser of the lists learns: what is told of them, and who was given which of its ads.
fn seen_by_advertiser(world: &World) -> (String, Vec<BTreeSet<u64>>) {
    let (_dir, run) = run(world, SMALL);
    let told = serde_json::to_string(&run.manifest.ads_policy.audiences).unwrap();
    let own = world
        .ads
        .iter()
        .filter(|ad| ad.advertiser_id == AdvertiserId(1));
    (told, own.map(|ad| shown_to(&run, ad.ad_id)).collect())
}

/// The attack: is somebody on a list, and do they allow ads? A second list that differs by them alone must not tell.
#[test]
fn deny_an_advertiser_to_single_somebody_out() {
    let people = reachable();
    assert!(people.len() >= 60, "{}", people.len());
    let (crowd, target) = (people[..40].to_vec(), people[50]);
    let with = [crowd.clone(), vec![target]].concat();
    let attack = listed_world(&[crowd.clone(), with]);
    let (told, shown) = seen_by_advertiser(&attack);
    assert_eq!(shown[0].len(), 40, "the first list works");
    assert!(shown[1].is_empty(), "the second reaches nobody: {told}");
    // The same with the target out of everything: the advertiser sees the same.
    let mut out = attack.clone();
    opt_out(&mut out, target);
    assert_eq!(seen_by_advertiser(&out), (told, shown));
}

/// Whoever is out is on no list and in no count: twenty with one of them out are nineteen, and too few.
#[test]
fn deny_people_who_are_out_a_place_in_a_count() {
    let people = reachable();
    let verdict = |world: &World| {
        let (_dir, run) = run(world, SMALL);
        run.manifest.ads_policy.audiences[0].clone()
    };
    let mut world = listed_world(&[people[..20].to_vec()]);
    let told = verdict(&world);
    assert_eq!(
        (told.verdict, told.people),
        (AudienceVerdict::Usable, Some(20))
    );
    opt_out(&mut world, people[3]);
    let told = verdict(&world);
    assert_eq!(
        (told.verdict, told.people),
        (AudienceVerdict::TooSmall, None)
    );
}

/// Opts every account of a person out, yesterday.
fn opt_out(world: &mut World, user: UserId) {
    let at = world.as_of.plus_days(-1);
    let owned = world.truth.owners.iter().filter(|owned| owned.user == user);
    for (i, owned) in owned.enumerate() {
        world.consent_events.push(ConsentEventRow::Known(Event {
            event_id: EventId(u64::MAX - i as u64),
            subject: Subject::Account(owned.account),
            kind: EventKind::OptOut,
            valid_time: at,
            known_time: at,
        }));
    }
}

#[test]
fn deny_lists_without_their_key() {
    let people = reachable();
    let world = listed_world(&[people[..30].to_vec()]);
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, SMALL, world.as_of);
    assert!(shown_to(&run, world.ads[0].ad_id).is_empty());
    let stage = run.manifest.stage("audience members → people").unwrap();
    assert_eq!(stage.dropped["no_key"], 30);
    assert_eq!(run.manifest.ads_policy.audience_key, None);
}

#[test]
fn deny_ads_people_hid() {
    let mut world = small_world(200, 3);
    let (_dir, before) = run(&world, "");
    let rows = before.table("ad_scores.parquet");
    let (user, ad) = (u64s(&rows, "user_id")[0], u64s(&rows, "ad_id")[0]);
    world.ad_feedback.push(AdFeedback {
        user_id: UserId(user),
        hidden: Hidden::Ad(AdId(ad)),
        at: world.as_of.plus_days(-1),
    });
    let (_dir, after) = run(&world, "");
    assert!(shown_to(&before, AdId(ad)).contains(&user));
    assert!(!shown_to(&after, AdId(ad)).contains(&user));
}

/// Every published row can be taken apart: the parts sum to the log-odds, and the figures are those of the row.
#[test]
fn every_row_is_the_sum_of_its_parts() {
    check_parts("", &[]);
}

/// In a factor model all parts but the base rate rest on what the person allowed, and each names its columns.
#[test]
fn every_row_of_a_factor_model_is_the_sum_of_its_parts() {
    for kind in ["field-aware", "field-weighted", "plain"] {
        let ads = "[ads]\nmodel = \"factors\"\nlearning_curve = false\nearly_stopping = 0";
        let factors = format!("[ads.factors]\nbits = 12\nepochs = 3\ninteraction = \"{kind}\"");
        check_parts(&format!("{ads}\n{factors}\n"), &["base rate"]);
    }
}

/// `of_nobody` are the parts that rest on nothing known of the person, if these are all.
fn check_parts(config: &str, of_nobody: &[&str]) {
    let world = small_world(120, 8);
    let (dir, run) = run(&world, config);
    let rows = run.table("ad_scores.parquet");
    let prepared = Prepared::open(
        &dir.path().join("signals"),
        &params(config),
        Some(world.as_of),
        None,
        &Silent,
    )
    .unwrap();
    let ids = u64s(&rows, "user_id").into_iter().zip(u64s(&rows, "ad_id"));
    let figures = [
        f64s(&rows, "p_click"),
        f64s(&rows, "value"),
        f64s(&rows, "price"),
    ];
    let mut n_rows = 0;
    for (at, (user, ad)) in ids.enumerate() {
        let found = prepared.explain_ad(UserId(user), AdId(ad)).unwrap();
        let [p_click, value, price] = [0, 1, 2].map(|column| Some(figures[column][at]));
        assert_eq!(
            (found.p_click, found.value, found.price),
            (p_click, value, price)
        );
        let sum: f64 = found.parts.iter().map(|part| part.log_odds).sum();
        assert!((sum - found.log_odds.unwrap()).abs() < 1e-6, "{user} {ad}");
        assert!(found.why_not.is_none() && !found.reasons.is_empty());
        assert!(!found.grant.unwrap().accounts.is_empty());
        assert!(found.parts.iter().all(|part| !part.sources.is_empty()));
        if !of_nobody.is_empty() {
            let is_free = |part: &&AdPart| part.granted_for.is_none();
            let others = found.parts.iter().filter(is_free);
            let others: Vec<&str> = others.map(|part| part.field.as_str()).collect();
            assert_eq!(others, of_nobody);
        }
        n_rows += 1;
    }
    assert!(n_rows > 100, "{n_rows}");
}

#[test]
fn whoever_is_not_shown_an_ad_is_told_the_rule() {
    let mut world = small_world(120, 8);
    world.ads[0].special_category = Some(SpecialCategory::Credit);
    world.ads[0].targeting.age_max = Some(30);
    world.ads[0].ends_at = world.as_of.plus_days(3);
    let dir = tempfile::tempdir().unwrap();
    write_world(dir.path(), TableForm::Csv, &world);
    let as_of = Some(world.as_of);
    let prepared =
        Prepared::open(dir.path(), &params("[ads]\nk = 1\n"), as_of, None, &Silent).unwrap();
    let mut found = BTreeSet::new();
    for row in &world.social_accounts {
        for ad in &world.ads {
            match prepared.explain_ad(row.user_id, ad.ad_id).unwrap().why_not {
                None => found.insert("shown"),
                Some(NotShown::Gate { .. }) => found.insert("gate"),
                Some(NotShown::BeyondK { place, k }) => {
                    assert!(place as usize > k);
                    found.insert("beyond k")
                }
                Some(NotShown::Policy { reason }) => {
                    if ad.ad_id == world.ads[0].ad_id {
                        assert_eq!(reason, Ineligible::SpecialCategoryTargeting);
                    }
                    found.insert(reason.as_str())
                }
                Some(other) => panic!("{other:?}"),
            };
        }
    }
    for rule in [
        "shown",
        "gate",
        "beyond k",
        "region",
        "hidden_ad",
        "special_category_targeting",
    ] {
        assert!(found.contains(rule), "{rule} of {found:?}");
    }
    let unknown = prepared
        .explain_ad(world.social_accounts[0].user_id, AdId(0))
        .unwrap();
    assert!(unknown.price.is_none());
}

/// Ads about a sensitive topic are rejected with the topic; people's interests lose it and it is counted.
#[test]
fn deny_sensitive_topics_at_the_door() {
    let world = small_world(120, 8);
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &world);
    let edit = |table: &str, from: &str, to: &str| {
        let path = signals.join(table);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{table} has {from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
    };
    let about = world.ads[0].category.as_str();
    edit(
        "ads.csv",
        &format!(",{about},"),
        &format!(",Christian {about},"),
    );
    edit("social_accounts.csv", "music", "Gay Pride");
    let out = dir.path().join("out");
    let run = Run::of_signals(&signals, &out, "", Some(world.as_of)).unwrap();
    let ads = run.manifest.stage("ads → records").unwrap();
    assert!(ads.dropped["sensitive_religion"] > 0);
    let terms = run.manifest.stage("social_accounts → interests").unwrap();
    assert!(terms.dropped["sensitive_sexual_orientation"] > 0 && terms.rows_out > 0);
    let rejected = run.lines("rejections.parquet");
    assert!(
        rejected
            .iter()
            .any(|line| line.contains("sensitive_religion"))
    );
    let scores = run.lines("ad_scores.parquet").join("\n").to_lowercase();
    assert!(!scores.contains("gay") && !scores.contains("christian"));
}

#[test]
fn an_engine_with_the_key_shows_customer_lists_as_a_run_does() {
    let people = reachable();
    let world = listed_world(&[people[..40].to_vec()]);
    let (dir, run) = run(&world, SMALL);
    let listed = shown_to(&run, world.ads[0].ad_id);
    assert_eq!(listed.len(), 40);
    let shown_by = |audience_key| {
        let options = EngineOptions {
            params: RunParams::from_toml(SMALL).unwrap(),
            times: Times::at(world.as_of),
            audience_key,
            ..EngineOptions::default()
        };
        let engine = Engine::open(dir.path().join("signals"), &options).unwrap();
        let is_shown = |user: &UserId| {
            let ads = engine.ads(*user, 1_000).unwrap();
            ads.iter().any(|score| score.ad_id == world.ads[0].ad_id)
        };
        let users = engine.users().iter().filter(|user| is_shown(user));
        users.map(|user| user.0).collect::<BTreeSet<u64>>()
    };
    assert_eq!(shown_by(Some(list_key())), listed);
    assert!(
        shown_by(None).is_empty(),
        "without it a list stands for nobody"
    );
}
