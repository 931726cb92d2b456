use super::*;
use crate::consent::{Event, EventKind, Subject};
use crate::hash::{HashMap, HashSet};
use crate::ids::NumberToken;
use crate::ids::{AdId, BusinessId, DeviceId};
use crate::signals::{RawPhone, Record, SignalsError, TableForm, TableWriter};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::iter::once;
use std::path::Path;

fn sized(users: u32, seed: u64) -> World {
    world(
        &SynthParams::default()
            .users(users)
            .seed(seed)
            .check()
            .unwrap(),
    )
}

fn accounts_of(world: &World) -> HashSet<AccountId> {
    world
        .messenger_accounts
        .iter()
        .map(|a| a.account_id)
        .collect()
}

fn events(world: &World) -> impl Iterator<Item = &Event> {
    world.consent_events.iter().filter_map(|row| match row {
        ConsentEventRow::Known(event) => Some(event),
        ConsentEventRow::NonUser { .. } => None,
    })
}

/// Everything that must hold in any world.
fn check(world: &World, users: usize) {
    assert_eq!(world.social_accounts.len(), users);
    let accounts = accounts_of(world);
    let people: HashSet<UserId> = world.social_accounts.iter().map(|s| s.user_id).collect();
    let ads: HashSet<AdId> = world.ads.iter().map(|ad| ad.ad_id).collect();
    let businesses: HashSet<BusinessId> = world.businesses.iter().map(|b| b.business_id).collect();
    assert_eq!(people.len(), users, "ids are unique");
    assert_eq!(ads.len(), world.ads.len());
    assert_eq!(businesses.len(), world.businesses.len());
    assert!(
        world
            .address_book
            .iter()
            .all(|row| accounts.contains(&row.account_id))
    );
    assert!(
        world
            .address_book
            .iter()
            .all(|row| row.saved_at <= world.as_of)
    );
    for row in &world.friendships {
        assert!(
            row.user_a < row.user_b && people.contains(&row.user_a) && people.contains(&row.user_b)
        );
    }
    for row in &world.feedback {
        assert!(people.contains(&row.user_id) && people.contains(&row.other_id));
    }
    for row in &world.impressions {
        assert!(ads.contains(&row.ad_id) && row.clicks <= row.impressions && row.impressions > 0);
        assert!(row.user_id.is_none_or(|user| people.contains(&user)));
    }
    for row in &world.business_threads {
        assert!(businesses.contains(&row.business_id) && accounts.contains(&row.account_id));
    }
    for row in &world.business_opt_ins {
        assert!(businesses.contains(&row.business_id) && accounts.contains(&row.account_id));
    }
    for row in &world.abuse_reports {
        assert!(accounts.contains(&row.reporter) && accounts.contains(&row.reported));
        assert_ne!(row.reporter, row.reported);
    }
    check_events(world, &accounts);
    check_numbers(world);
    assert_eq!(
        world.truth.click_probabilities.len(),
        world.impressions.len()
    );
    assert!(world.truth.spammers.iter().all(|s| accounts.contains(s)));
    for (account, business) in &world.truth.business_accounts {
        assert!(accounts.contains(account) && businesses.contains(business));
    }
}

fn check_events(world: &World, accounts: &HashSet<AccountId>) {
    let mut ids = HashSet::default();
    for event in events(world) {
        assert!(ids.insert(event.event_id), "event ids are unique");
        assert!(event.valid_time <= event.known_time);
        if let Subject::Account(account) = event.subject {
            assert!(accounts.contains(&account));
        }
    }
}

/// At no instant does a number belong to two accounts.
fn check_numbers(world: &World) {
    let mut held: HashMap<&str, Vec<(Timestamp, Timestamp)>> = HashMap::default();
    for row in &world.messenger_accounts {
        let until = row.number_until.unwrap_or(Timestamp::MAX);
        assert!(row.number_since < until);
        held.entry(row.phone.expose())
            .or_default()
            .push((row.number_since, until));
    }
    for intervals in held.values_mut() {
        intervals.sort_unstable();
        assert!(
            intervals.windows(2).all(|w| w[0].1 <= w[1].0),
            "one holder at a time"
        );
    }
}

#[test]
fn same_seed_same_world() {
    assert_eq!(sized(400, 5), sized(400, 5));
    assert_ne!(sized(400, 5).friendships, sized(400, 6).friendships);
}

/// Writes tables as CSV.
struct Folder(tempfile::TempDir);

impl TableSink for Folder {
    type Error = SignalsError;

    fn table<R: Record>(
        &mut self,
        blocks: impl Iterator<Item = Vec<R>>,
    ) -> Result<(), SignalsError> {
        let mut writer = TableWriter::create(self.0.path(), TableForm::Csv)?;
        for block in blocks {
            writer.write(&block)?;
        }
        writer.finish().map(drop)
    }
}

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Every file by name.
    fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
        let read = |file: std::io::Result<std::fs::DirEntry>| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, std::fs::read(file.path()).unwrap())
        };
        std::fs::read_dir(dir).unwrap().map(read).collect()
    }
}

/// `data/quickstart` was made before there were effects.
#[test]
fn a_world_without_effects_has_the_bytes_it_always_had() {
    let params = SynthParams::default()
        .users(300)
        .seed(2016)
        .impressions_per_user(6.0);
    let mut folder = Folder::new();
    write_world(&params.check().unwrap(), None, &mut folder).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quickstart");
    let (made, shipped) = (Folder::files(folder.0.path()), Folder::files(&shipped));
    assert_eq!(made.len(), 16);
    assert!(made.keys().eq(shipped.keys()));
    for (name, bytes) in &made {
        assert!(*bytes == shipped[name], "{name}");
    }
}

/// A token for half of all numbers.
fn token(phone: &RawPhone, _: Option<crate::ids::Region>) -> Option<NumberToken> {
    let digest = blake3::hash(phone.expose().as_bytes());
    let has_one = digest.as_bytes()[0].is_multiple_of(2);
    has_one.then(|| NumberToken::from_keyed_digest(&digest))
}

#[test]
fn a_world_written_in_blocks_is_the_world() {
    let params = SynthParams::default()
        .users(3_000)
        .seed(4)
        .impressions_per_user(60.0)
        .effects(Effects::ALL);
    let params = params.check().unwrap();
    let mut blocks = Folder::new();
    let owners = write_world(&params, Some(&token), &mut blocks).unwrap();
    let mut world = world(&params);
    world.make_lists(token);
    assert!(world.address_book.len() > 1 << 16, "more than a block");
    assert!(world.impressions.len() > 1 << 16, "more than a block");
    assert!(world.audience_members.len() > 100);
    assert_eq!(owners, world.truth.owners);
    let mut whole = Folder::new();
    let mut put = || -> Result<(), SignalsError> {
        whole.table(once(world.messenger_accounts.clone()))?;
        whole.table(once(world.address_book.clone()))?;
        whole.table(once(world.social_accounts.clone()))?;
        whole.table(once(world.friendships.clone()))?;
        whole.table(once(world.feedback.clone()))?;
        whole.table(once(world.consent_events.clone()))?;
        whole.table(once(world.policy_versions.clone()))?;
        whole.table(once(world.overlays.clone()))?;
        whole.table(once(world.ads.clone()))?;
        whole.table(once(world.audience_members.clone()))?;
        whole.table(once(world.ad_feedback.clone()))?;
        whole.table(once(world.impressions.clone()))?;
        whole.table(once(world.ad_truth()))?;
        whole.table(once(world.businesses.clone()))?;
        whole.table(once(world.business_threads.clone()))?;
        whole.table(once(world.business_opt_ins.clone()))?;
        whole.table(once(world.abuse_reports.clone()))
    };
    put().unwrap();
    let [blocks, whole] = [blocks, whole].map(|folder| Folder::files(folder.0.path()));
    assert!(blocks.keys().eq(whole.keys()));
    for (name, bytes) in &blocks {
        assert!(*bytes == whole[name], "{name}");
    }
}

#[test]
fn more_impressions_disturb_no_other_table() {
    let few = sized(200, 3);
    let params = SynthParams::default()
        .users(200)
        .seed(3)
        .impressions_per_user(40.0);
    let many = world(&params.check().unwrap());
    assert!(many.impressions.len() > few.impressions.len());
    assert_eq!(many.address_book, few.address_book);
    assert_eq!(many.consent_events, few.consent_events);
}

#[test]
fn worlds_of_one_person_hold_together() {
    for seed in 0..20 {
        check(&sized(1, seed), 1);
    }
}

/// Shares are of 20,000 people; tolerances are several standard deviations wide.
#[test]
fn a_town_looks_as_described() {
    let world = sized(20_000, 11);
    check(&world, 20_000);
    eprintln!("{}", census(&world));
    let accounts = accounts_of(&world);
    let share = |n: usize, of: usize| n as f64 / of as f64;
    let mut with_messenger: Vec<UserId> = world.truth.owners.iter().map(|o| o.user).collect();
    with_messenger.sort_unstable();
    with_messenger.dedup();
    within("messenger", share(with_messenger.len(), 20_000), 0.83, 0.88);
    within(
        "spammers",
        share(world.truth.spammers.len(), accounts.len()),
        0.004,
        0.006,
    );
    within("numbers a person", numbers_per_person(&world), 1.3, 1.6);
    within("shared devices", shared_devices(&world), 0.1, 0.3);
    within("recycled numbers", recycled(&world), 0.05, 0.12);
    within(
        "books",
        share(world.address_book.len(), accounts.len()),
        12.0,
        60.0,
    );
    within(
        "friends",
        share(world.friendships.len() * 2, 20_000),
        5.0,
        25.0,
    );
}

fn within(what: &str, value: f64, low: f64, high: f64) {
    assert!((low..high).contains(&value), "{what}: {value}");
}

fn census(world: &World) -> String {
    format!(
        "accounts {} book {} social {} friendships {} feedback {} events {} ads {} impressions {} threads {} opt-ins {} reports {}",
        world.messenger_accounts.len(),
        world.address_book.len(),
        world.social_accounts.len(),
        world.friendships.len(),
        world.feedback.len(),
        world.consent_events.len(),
        world.ads.len(),
        world.impressions.len(),
        world.business_threads.len(),
        world.business_opt_ins.len(),
        world.abuse_reports.len(),
    )
}

/// Numbers of people on both services, for each of them.
fn numbers_per_person(world: &World) -> f64 {
    let owner: HashMap<AccountId, UserId> = world
        .truth
        .owners
        .iter()
        .map(|owned| (owned.account, owned.user))
        .collect();
    let rows = &world.messenger_accounts;
    let held: Vec<UserId> = rows
        .iter()
        .filter_map(|r| owner.get(&r.account_id).copied())
        .collect();
    let people: HashSet<UserId> = held.iter().copied().collect();
    held.len() as f64 / people.len() as f64
}

/// Share of accounts on a device with another account.
fn shared_devices(world: &World) -> f64 {
    let mut on: HashMap<DeviceId, HashSet<AccountId>> = HashMap::default();
    for row in &world.messenger_accounts {
        let device = row.device.device_id.unwrap();
        on.entry(device).or_default().insert(row.account_id);
    }
    let shared: usize = on.values().map(HashSet::len).filter(|&n| n > 1).sum();
    shared as f64 / accounts_of(world).len() as f64
}

/// Share of numbers that more than one account has held.
fn recycled(world: &World) -> f64 {
    let mut of: HashMap<&str, HashSet<AccountId>> = HashMap::default();
    for row in &world.messenger_accounts {
        of.entry(row.phone.expose())
            .or_default()
            .insert(row.account_id);
    }
    of.values().filter(|held| held.len() > 1).count() as f64 / of.len() as f64
}

/// Whether somebody was told, what they answered, and whether they opted out.
type Answers = (bool, Option<bool>, bool);

#[test]
fn people_answer_in_the_described_shares() {
    let world = sized(20_000, 12);
    let mut notified: HashMap<AccountId, Answers> = HashMap::default();
    let mut at_deadline = 0;
    let mut accepted_at: HashMap<AccountId, Timestamp> = HashMap::default();
    let mut in_order: Vec<&Event> = events(&world).collect();
    in_order.sort_by_key(|event| (event.valid_time, event.event_id));
    for event in in_order {
        let Subject::Account(account) = event.subject else {
            continue;
        };
        let state = notified.entry(account).or_default();
        match event.kind {
            EventKind::NoticeServed { .. } => state.0 = true,
            EventKind::Accept { share } => {
                state.1 = Some(share);
                accepted_at.insert(account, event.valid_time);
            }
            EventKind::OptOut => {
                state.2 = true;
                let deadline = accepted_at.get(&account).map(|at| at.plus_days(30));
                at_deadline += usize::from(deadline == Some(event.valid_time));
            }
            _ => {}
        }
    }
    let told: Vec<_> = notified.values().filter(|s| s.0).collect();
    let share =
        |of: fn(&Answers) -> bool| told.iter().filter(|s| of(s)).count() as f64 / told.len() as f64;
    within(
        "kept sharing",
        share(|s| s.1 == Some(true) && !s.2),
        0.83,
        0.92,
    );
    within("refused at once", share(|s| s.1 == Some(false)), 0.05, 0.07);
    within("opted out", share(|s| s.1 == Some(true) && s.2), 0.03, 0.06);
    within("silent", share(|s| s.1.is_none()), 0.003, 0.05);
    assert!(at_deadline > 50, "{at_deadline} at the very second");
}

#[test]
fn clicks_follow_their_probabilities() {
    let world = sized(5_000, 13);
    let rows = || {
        world
            .impressions
            .iter()
            .zip(&world.truth.click_probabilities)
    };
    let clicks: u32 = rows().map(|(row, _)| row.clicks).sum();
    let expected: f64 = rows().map(|(row, p)| f64::from(row.impressions) * p).sum();
    let variance: f64 = rows()
        .map(|(row, p)| f64::from(row.impressions) * p * (1.0 - p))
        .sum();
    let deviations = (f64::from(clicks) - expected) / variance.sqrt();
    assert!(
        deviations.abs() < 5.0,
        "{clicks} clicks, {expected} expected"
    );
    for (row, &p) in rows() {
        if let Some(user) = row.user_id {
            let showing = Showing {
                user,
                ad: row.ad_id,
                surface: row.surface,
                position: row.position,
                at: row.at,
                earlier: Earlier::default(),
            };
            assert_eq!(world.truth.clicks.probability(&showing), Some(p));
        }
    }
}

#[test]
fn spammers_stand_out() {
    let world = sized(5_000, 14);
    let mut book: HashMap<AccountId, usize> = HashMap::default();
    for row in &world.address_book {
        *book.entry(row.account_id).or_default() += 1;
    }
    let spammers: HashSet<AccountId> = world.truth.spammers.iter().copied().collect();
    let mean = |spam: bool| {
        let of: Vec<usize> = book
            .iter()
            .filter(|(a, _)| spammers.contains(*a) == spam)
            .map(|(_, n)| *n)
            .collect();
        of.iter().sum::<usize>() as f64 / of.len() as f64
    };
    assert!(mean(true) > 10.0 * mean(false));
    let on_target = world
        .abuse_reports
        .iter()
        .filter(|r| spammers.contains(&r.reported))
        .count();
    assert!(on_target * 2 > world.abuse_reports.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn prop_any_world_holds_together(users in 1u32..300, seed: u64, spammers in 0.0..0.5) {
        let params = SynthParams { users, seed, spammer_share: spammers, impressions_per_user: 3.0, ..SynthParams::default() };
        check(&world(&params.check().unwrap()), users as usize);
    }
}

/// Somebody saved a number before it went to somebody else, and still has it.
#[test]
fn old_address_books_hold_recycled_numbers() {
    let world = sized(2_000, 15);
    let mut first: HashMap<&str, Timestamp> = HashMap::default();
    for row in world
        .messenger_accounts
        .iter()
        .filter(|row| row.number_until.is_some())
    {
        let until = row.number_until.unwrap_or(Timestamp::MAX);
        first
            .entry(row.phone.expose())
            .and_modify(|at| *at = until.min(*at))
            .or_insert(until);
    }
    let heirs: HashMap<&str, Timestamp> = world
        .messenger_accounts
        .iter()
        .filter(|row| {
            first
                .get(row.phone.expose())
                .is_some_and(|&until| until <= row.number_since)
        })
        .map(|row| (row.phone.expose(), row.number_since))
        .collect();
    let stale = |row: &&AddressBookEntry| {
        heirs
            .get(row.phone.expose())
            .is_some_and(|&since| row.saved_at < since)
    };
    assert!(heirs.len() > 100, "{}", heirs.len());
    assert!(world.address_book.iter().filter(stale).count() > 50);
}

/// A number moves on only after it has rested, unless its old holder never gave it up.
#[test]
fn numbers_rest_before_they_are_given_again() {
    let world = sized(2_000, 16);
    let mut rows: Vec<&MessengerAccount> = world.messenger_accounts.iter().collect();
    rows.sort_by(|a, b| {
        (a.phone.expose(), a.number_since).cmp(&(b.phone.expose(), b.number_since))
    });
    for pair in rows.windows(2).filter(|w| w[0].phone == w[1].phone) {
        let (old, new) = (pair[0], pair[1]);
        let silent_since = old.number_until.unwrap().min(old.last_seen_at);
        assert!(new.number_since.days_since(silent_since) >= 45);
    }
}

/// Who gave a number that somebody had on the messenger from a moment on, and is not that person.
fn claims_of_others(world: &World) -> Vec<(&SocialAccount, Timestamp)> {
    let owners: HashMap<AccountId, UserId> = world
        .truth
        .owners
        .iter()
        .map(|owned| (owned.account, owned.user))
        .collect();
    let held = world.messenger_accounts.iter();
    let held: HashMap<String, _> = held
        .filter(|row| row.number_until.is_none())
        .map(|row| {
            (
                row.phone.expose().to_owned(),
                (row.account_id, row.number_since),
            )
        })
        .collect();
    let people = world.social_accounts.iter();
    let claims = people.filter_map(|row| {
        let (account, since) = held.get(row.phone.as_ref()?.expose())?;
        (owners.get(account) != Some(&row.user_id)).then_some((row, *since))
    });
    claims.collect()
}

#[test]
fn others_claim_numbers_as_often_as_they_are_told_to() {
    let world_of = |former: f64, shared: f64, one_phone: f64| {
        let params = SynthParams::default()
            .users(2_000)
            .seed(5)
            .undated_share(0.0)
            .former_share(former)
            .shared_share(shared)
            .one_phone_share(one_phone);
        world(&params.check().unwrap())
    };
    let plain = world_of(0.0, 0.0, 0.0);
    let n_before = claims_of_others(&plain).len();
    for (former, shared, one_phone) in [
        (0.05, 0.0, 0.0),
        (0.0, 0.1, 0.0),
        (0.05, 0.1, 0.0),
        (0.0, 0.1, 1.0),
    ] {
        let world = world_of(former, shared, one_phone);
        let claims = claims_of_others(&world);
        let n_planted = claims.len() - n_before;
        assert!(n_planted > 20, "{former} {shared}: {n_planted}");
        let is_before = |(row, since): &&(&SocialAccount, Timestamp)| {
            row.phone_since.is_some_and(|at| at < *since)
        };
        let n_former = claims.iter().filter(is_before).count();
        assert_eq!(n_former > 10, former > 0.0, "{former}: {n_former}");
        let devices: HashSet<_> = world
            .messenger_accounts
            .iter()
            .map(|row| row.device.device_id)
            .collect();
        let on_phones = claims
            .iter()
            .filter(|(row, _)| devices.contains(&row.device.device_id));
        assert_eq!(on_phones.count() > n_planted / 2, one_phone > 0.5);
        // Nothing else moves.
        assert_eq!(world.messenger_accounts, plain.messenger_accounts);
        assert_eq!(world.friendships, plain.friendships);
        let others: HashSet<UserId> = claims.iter().map(|(row, _)| row.user_id).collect();
        for (row, before) in world.social_accounts.iter().zip(&plain.social_accounts) {
            assert!(row == before || others.contains(&row.user_id));
        }
    }
}
