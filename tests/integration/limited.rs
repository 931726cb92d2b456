//! Limited ads: of whoever chose them nothing counts but region, language and age band, and every way in says the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use acquaint::ads::Ineligible;
use acquaint::consent::{AdLevel, DenialReason, Event, EventKind, Purpose, Subject};
use acquaint::engine::{self, NotShown, RecallReason, RecallRequest, Silent, Times};
use acquaint::ids::{AccountId, AdId, EventId, UserId};
use acquaint::signals::{AdFeedback, ConsentEventRow, Friendship, Hidden, Interest, TableForm};
use acquaint::synth::World;
use acquaint::time::Timestamp;
use acquaint::{Engine, EngineOptions, RunParams};

use crate::erasure::{closed, people};
use crate::influence::verdict;
use crate::support::worlds::Trial;
use crate::support::{Run, list_token, small_world, u64s, write_world};

/// A list of twenty people will do where nobody exists, and everybody may see everything.
const CONFIG: &str = "[ads]\nk = 5\n[ads.policy]\nsynthetic = true\naudience_min = 20\ncaps = []\n";

/// A world in which one person in three chose limited ads ten days ago, and who they are.
struct Chosen {
    world: World,
    people: BTreeSet<UserId>,
    accounts: BTreeSet<AccountId>,
}

impl Chosen {
    fn new(seed: u64) -> Self {
        let mut world = small_world(150, seed);
        let everybody = people(&world);
        let some = everybody.keys().copied().step_by(3).collect();
        let (people, accounts) = closed(&everybody, some);
        let at = world.as_of.plus_days(-10);
        choose(&mut world, &accounts, AdLevel::Limited, at);
        Self {
            world,
            people,
            accounts,
        }
    }
}

/// Accounts choose how far ads may go.
fn choose(world: &mut World, accounts: &BTreeSet<AccountId>, level: AdLevel, at: Timestamp) {
    let kind = EventKind::GrantAds {
        level,
        asked: false,
    };
    say(world, accounts, kind, at);
}

fn say(world: &mut World, accounts: &BTreeSet<AccountId>, kind: EventKind, at: Timestamp) {
    let first = u64::MAX - 1_000 * (world.consent_events.len() as u64);
    for (account, id) in accounts.iter().zip(first..) {
        world.consent_events.push(ConsentEventRow::Known(Event {
            event_id: EventId(id),
            subject: Subject::Account(*account),
            kind,
            valid_time: at,
            known_time: at,
        }));
    }
}

/// The rows of ads, by person.
fn by_person(run: &Run) -> BTreeMap<u64, Vec<String>> {
    let users = u64s(&run.table("ad_scores.parquet"), "user_id");
    let mut rows = BTreeMap::<u64, Vec<String>>::new();
    for (user, line) in users.into_iter().zip(run.lines("ad_scores.parquet")) {
        rows.entry(user).or_default().push(line);
    }
    rows
}

fn run(world: &World, config: &str) -> (tempfile::TempDir, Run) {
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), world, config, world.as_of);
    (dir, run)
}

/// Everything about them that is no region, no language and no age is made another.
fn upturned(chosen: &Chosen) -> World {
    let mut world = chosen.world.clone();
    let is_one = |user: UserId| chosen.people.contains(&user);
    for row in world
        .social_accounts
        .iter_mut()
        .filter(|row| is_one(row.user_id))
    {
        row.gender = Some("m".into());
        row.interests = vec![Interest::parse("cooking").unwrap()];
    }
    for row in &mut world.messenger_accounts {
        if chosen.accounts.contains(&row.account_id) {
            row.device.device_type = Some("tablet".into());
            row.device.os = Some("other".into());
            row.device.os_version = None;
            row.app_version = Some("9.9".into());
            (row.sessions_30d, row.groups) = (Some(1), Some(99));
        }
    }
    for row in &mut world.impressions {
        if row.user_id.is_some_and(is_one) {
            row.clicks = row.impressions - row.clicks;
        }
    }
    world
        .friendships
        .retain(|row| !is_one(row.user_a) && !is_one(row.user_b));
    let (first, last) = (
        *chosen.people.first().unwrap(),
        *chosen.people.last().unwrap(),
    );
    world.friendships.push(Friendship {
        user_a: first,
        user_b: last,
        since: world.as_of.plus_days(-900),
    });
    world
        .address_book
        .retain(|row| !chosen.accounts.contains(&row.account_id));
    world.truth.customers.retain(|(_, user, _)| !is_one(*user));
    world.make_lists(list_token);
    world
}

#[test]
fn nothing_counts_but_region_language_and_age_band() {
    for (seed, more) in [
        (31, ""),
        (
            32,
            "model = \"factors\"\nlearning_curve = false\nearly_stopping = 0\n",
        ),
    ] {
        let config = CONFIG.replace("k = 5\n", &format!("k = 5\n{more}"));
        let chosen = Chosen::new(seed);
        let (_dir, as_it_is) = run(&chosen.world, &config);
        let (_dir, otherwise) = run(&upturned(&chosen), &config);
        let limited = by_person(&as_it_is);
        let n_rows: usize = chosen
            .people
            .iter()
            .filter_map(|user| limited.get(&user.0))
            .map(Vec::len)
            .sum();
        assert!(n_rows > 15, "{n_rows} rows are theirs");
        assert!(
            as_it_is.bytes("ad_scores.parquet") == otherwise.bytes("ad_scores.parquet"),
            "seed {seed}"
        );
    }
}

/// The same tables say more of them where they did not choose: the test above would see a difference.
#[test]
fn the_same_counts_of_whoever_allows_all() {
    let chosen = Chosen::new(31);
    let mut full = Chosen::new(31);
    let at = full.world.as_of.plus_days(-5);
    choose(&mut full.world, &chosen.accounts, AdLevel::Full, at);
    let (_dir, limited) = run(&chosen.world, CONFIG);
    let (_dir, as_it_is) = run(&full.world, CONFIG);
    let (_dir, otherwise) = run(&upturned(&full), CONFIG);
    let theirs = |run: &Run| {
        let mut rows = by_person(run);
        rows.retain(|user, _| chosen.people.contains(&UserId(*user)));
        rows
    };
    assert_ne!(theirs(&limited), theirs(&as_it_is));
    assert_ne!(theirs(&as_it_is), theirs(&otherwise));
}

#[test]
fn their_region_language_and_age_do_count() {
    let chosen = Chosen::new(31);
    let mut world = chosen.world.clone();
    for row in world
        .social_accounts
        .iter_mut()
        .filter(|row| chosen.people.contains(&row.user_id))
    {
        row.birth_year = Some(1950);
        row.language = Some("pt".into());
    }
    let ((_a, before), (_b, after)) = (run(&chosen.world, CONFIG), run(&world, CONFIG));
    assert!(before.bytes("ad_scores.parquet") != after.bytes("ad_scores.parquet"));
}

#[test]
fn a_run_a_backend_and_an_explanation_say_the_same_of_them() {
    let chosen = Chosen::new(33);
    let (dir, run) = run(&chosen.world, CONFIG);
    let params = RunParams::from_toml(CONFIG).unwrap();
    let options = EngineOptions {
        params,
        times: Times::at(chosen.world.as_of),
        ..EngineOptions::default()
    };
    let engine = Engine::open(dir.path().join("signals"), &options).unwrap();
    let rows = run.table("ad_scores.parquet");
    let mut published = BTreeMap::<u64, Vec<u64>>::new();
    for (user, ad) in u64s(&rows, "user_id").into_iter().zip(u64s(&rows, "ad_id")) {
        published.entry(user).or_default().push(ad);
    }
    let mut n = 0;
    for user in &chosen.people {
        let own = published.get(&user.0).cloned().unwrap_or_default();
        let asked = engine.ads(*user, 5).unwrap();
        assert_eq!(
            asked.iter().map(|score| score.ad_id.0).collect::<Vec<_>>(),
            own
        );
        for ad in own {
            let found = engine.explain_ad(*user, AdId(ad)).unwrap();
            assert_eq!(found.grant.as_ref().unwrap().level, AdLevel::Limited);
            assert!(!found.grant.unwrap().accounts.is_empty());
            assert!(found.why_not.is_none() && found.rank.is_some());
            for part in found.parts.iter().filter(|part| part.granted_for.is_some()) {
                let is_one = |name: &str| part.field.contains(name);
                assert!(
                    ["region", "language", "age"].into_iter().any(is_one),
                    "{part:?}"
                );
            }
            n += 1;
        }
    }
    assert!(n > 50, "{n}");
    let stage = run
        .manifest
        .stage("social accounts → people (ad_relevance, limited)");
    assert!(stage.unwrap().rows_out > 10);
    let all = run
        .manifest
        .stage("social accounts → people (ad_relevance)")
        .unwrap();
    assert!(all.dropped[DenialReason::LimitedLevel.as_str()] >= stage.unwrap().rows_out);
}

/// In the second world nothing is left of them but what counts.
#[test]
fn a_run_with_them_is_verified() {
    for seed in 41..44 {
        let chosen = Chosen::new(seed);
        let dir = tempfile::tempdir().unwrap();
        let trial = Trial {
            calls: Vec::new(),
            groups: Vec::new(),
            as_of: chosen.world.as_of,
            known_at: None,
            config: CONFIG.to_owned(),
            abuse_model: None,
            world: chosen.world,
        };
        let verdict = verdict(dir.path(), &trial, 4);
        assert!(verdict.is_clean(), "{verdict}");
        let ads = verdict
            .purposes
            .iter()
            .find(|found| found.purpose == Purpose::AdRelevance);
        assert!(ads.unwrap().n_rows > 100);
    }
}

#[test]
fn what_they_hid_is_kept_from_them() {
    let mut chosen = Chosen::new(31);
    let (_dir, before) = run(&chosen.world, CONFIG);
    let rows = before.table("ad_scores.parquet");
    let pairs = u64s(&rows, "user_id").into_iter().zip(u64s(&rows, "ad_id"));
    let mut theirs = pairs.filter(|(user, _)| chosen.people.contains(&UserId(*user)));
    let (user, ad) = theirs.next().unwrap();
    chosen.world.ad_feedback.push(AdFeedback {
        user_id: UserId(user),
        hidden: Hidden::Ad(AdId(ad)),
        at: chosen.world.as_of.plus_days(-1),
    });
    let (dir, after) = run(&chosen.world, CONFIG);
    let rows = after.table("ad_scores.parquet");
    let mut pairs = u64s(&rows, "user_id").into_iter().zip(u64s(&rows, "ad_id"));
    assert!(!pairs.any(|pair| pair == (user, ad)));
    let options = EngineOptions {
        params: RunParams::from_toml(CONFIG).unwrap(),
        times: Times::at(chosen.world.as_of),
        ..EngineOptions::default()
    };
    let engine = Engine::open(dir.path().join("signals"), &options).unwrap();
    let found = engine.explain_ad(UserId(user), AdId(ad)).unwrap();
    let reason = Ineligible::HiddenAd;
    assert_eq!(found.why_not, Some(NotShown::Policy { reason }));
}

/// A level nobody knows is neither of the two: whoever it is of is denied.
#[test]
fn deny_a_level_nobody_knows() {
    let chosen = Chosen::new(31);
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &chosen.world);
    let as_of = Some(chosen.world.as_of);
    let with =
        |name: &str| Run::of_signals(&signals, &dir.path().join(name), CONFIG, as_of).unwrap();
    let before = by_person(&with("before"));
    let everybody = people(&chosen.world);
    let (user, accounts) = everybody
        .iter()
        .find(|(user, _)| before.contains_key(&user.0) && !chosen.people.contains(user))
        .unwrap();
    let file = signals.join("consent_events.csv");
    let table = fs::read_to_string(&file).unwrap();
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let account = accounts.first().unwrap().0.to_string();
    for level in ["partly", "LIMITED", "1"] {
        let cell = |name: &&str| match *name {
            "event_id" => "77777777777".to_owned(),
            "account_id" => account.clone(),
            "kind" => "grant".to_owned(),
            "purpose" => "ad_relevance".to_owned(),
            "asked" => "false".to_owned(),
            "level" => level.to_owned(),
            "valid_time" | "known_time" => chosen.world.as_of.plus_days(-2).to_string(),
            _ => String::new(),
        };
        let row: Vec<String> = header.iter().map(cell).collect();
        fs::write(&file, format!("{table}{}\n", row.join(","))).unwrap();
        let run = with(level);
        assert!(!by_person(&run).contains_key(&user.0), "{level}");
        let mut places = run
            .manifest
            .findings
            .iter()
            .filter_map(|one| one.place.as_ref());
        assert!(places.any(|place| place.file == "consent_events.csv" && place.column == "level"));
    }
}

#[test]
fn rows_that_rest_on_more_are_recalled_and_no_others() {
    let chosen = Chosen::new(34);
    let dir = tempfile::tempdir().unwrap();
    let published = Run::of_world(dir.path(), &chosen.world, CONFIG, chosen.world.as_of);
    let rows = by_person(&published);
    let recalled = |world: &World| {
        let now = tempfile::tempdir().unwrap();
        write_world(now.path(), TableForm::Csv, world);
        recalled_ads(&published.out, now.path())
    };
    assert_eq!(
        recalled(&chosen.world),
        BTreeMap::new(),
        "they chose before"
    );
    let everybody = people(&chosen.world);
    let others = everybody
        .keys()
        .filter(|user| !chosen.people.contains(user) && rows.contains_key(&user.0));
    let (full, accounts) = closed(&everybody, others.copied().take(1).collect());
    let later = chosen.world.as_of.plus_days(1);
    let mut world = chosen.world.clone();
    choose(&mut world, &accounts, AdLevel::Limited, later);
    let found = recalled(&world);
    let users: BTreeSet<UserId> = found.keys().copied().map(UserId).collect();
    assert_eq!(
        users,
        full.into_iter()
            .filter(|user| rows.contains_key(&user.0))
            .collect()
    );
    let is_level =
        |reason: &RecallReason| *reason == RecallReason::Denied(DenialReason::LimitedLevel);
    assert!(found.values().all(is_level));
    let mut world = chosen.world.clone();
    say(&mut world, &chosen.accounts, EventKind::OptOut, later);
    let users: BTreeSet<UserId> = recalled(&world).keys().copied().map(UserId).collect();
    let theirs = chosen
        .people
        .iter()
        .filter(|user| rows.contains_key(&user.0));
    assert_eq!(users, theirs.copied().collect());
}

/// People whose ads no longer stand, and why.
fn recalled_ads(out: &Path, signals: &Path) -> BTreeMap<u64, RecallReason> {
    let request = RecallRequest {
        out,
        signals,
        ledger: None,
        known_at: None,
        latest: None,
    };
    let found = engine::recall(&request, &Silent).unwrap();
    let ads = found
        .rows
        .into_iter()
        .filter(|row| row.table == "ad_scores.parquet");
    ads.map(|row| (row.user_id.unwrap(), row.reason)).collect()
}
