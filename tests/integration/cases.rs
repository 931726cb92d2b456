//! Cases in a village of eight that everybody can follow by hand, each told in several orders.

use std::collections::BTreeSet;

use acquaint::consent::{
    Event, EventKind, Overlay, OverlayEffect, PolicyId, Purpose, Subject, TextDigest,
};
use acquaint::engine::{RecallRequest, Silent, recall};
use acquaint::ids::{AccountId, BusinessId, DeviceId, EventId, Region, UserId};
use acquaint::signals::{
    AddressBookEntry, Business, ConsentEventRow, DeviceFacts, Friendship, MessengerAccount,
    PhonePurpose, PolicyText, RawPhone, SocialAccount, TableForm,
};
use acquaint::synth::World;
use acquaint::time::{Interval, Timestamp};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::{Run, small_world, u64s, write_world};

/// One mutual acquaintance is enough, and a number that one side saved, so that every match shows.
pub(crate) const CONFIG: &str = "[suggest]\nmin_intermediaries = 1\ndirect = \"own\"\n";
pub(crate) const OUTPUTS: [&str; 6] = [
    "suggestions.parquet",
    "ad_scores.parquet",
    "abuse_scores.parquet",
    "business_reach.parquet",
    "business_order.parquet",
    "links.parquet",
];

pub(crate) fn at(text: &str) -> Timestamp {
    let whole = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    Timestamp::parse(&whole).unwrap()
}

fn germany() -> Region {
    Region::parse("DE").unwrap()
}

pub(crate) fn number(n: u64) -> RawPhone {
    RawPhone::new(format!("+49151234567{n:02}"))
}

pub(crate) fn device(name: &str) -> DeviceFacts {
    DeviceFacts {
        device_id: DeviceId::of(name),
        ..DeviceFacts::default()
    }
}

/// People 1 to 8 with account, number and social account of the same number. They stand in a line: each has saved
/// the next one's number and the one before's, and is friends with nobody. All accepted on 1 September 2016.
pub(crate) struct Village {
    pub(crate) world: World,
    next_event: u64,
}

impl Village {
    pub(crate) fn new() -> Self {
        let mut world = small_world(8, 1);
        world.as_of = at("2016-11-15");
        world.messenger_accounts = (1..=8)
            .map(|n| MessengerAccount {
                account_id: AccountId(n),
                phone: number(n),
                region: Some(germany()),
                registered_at: at("2016-01-01"),
                last_seen_at: at("2016-11-14"),
                number_since: at("2016-01-01"),
                number_until: None,
                device: device(&format!("phone {n}")),
                app_version: None,
                sessions_30d: None,
                groups: None,
            })
            .collect();
        world.social_accounts = (1..=8).map(|n| social(n, Some(number(n)))).collect();
        world.address_book = (1..8)
            .flat_map(|n| [(n, n + 1), (n + 1, n)])
            .map(|(owner, saved)| entry(owner, saved, "2016-02-01"))
            .collect();
        world.policy_versions = vec![PolicyText {
            policy: PolicyId(1),
            locale: "en".to_owned(),
            digest: TextDigest::of("terms"),
            announced_at: at("2016-08-25"),
            accept_by: at("2016-09-25"),
            window_days: 30,
            cohort_cut: at("2016-08-25"),
        }];
        world.friendships.clear();
        world.feedback.clear();
        world.overlays.clear();
        world.ads.clear();
        world.impressions.clear();
        world.businesses.clear();
        world.business_threads.clear();
        world.business_opt_ins.clear();
        world.abuse_reports.clear();
        world.consent_events.clear();
        let mut village = Self {
            world,
            next_event: 1,
        };
        for n in 1..=8 {
            village.notified(n);
            village.says(n, "2016-09-01", EventKind::Accept { share: true });
        }
        village
    }

    pub(crate) fn notified(&mut self, account: u64) {
        let notice = EventKind::NoticeServed {
            policy: PolicyId(1),
            digest: TextDigest::of("terms"),
        };
        self.says(account, "2016-08-26", notice);
    }

    pub(crate) fn says(&mut self, account: u64, when: &str, kind: EventKind) {
        self.learns(account, when, when, kind);
    }

    fn learns(&mut self, account: u64, when: &str, known: &str, kind: EventKind) {
        let event = Event {
            event_id: EventId(self.next_event),
            subject: Subject::Account(AccountId(account)),
            kind,
            valid_time: at(when),
            known_time: at(known),
        };
        self.next_event += 1;
        self.world
            .consent_events
            .push(ConsentEventRow::Known(event));
    }

    /// A stranger with a number.
    fn stranger(&mut self, n: u64, when: &str, kind: EventKind) {
        self.world.consent_events.push(ConsentEventRow::NonUser {
            phone: number(n),
            region: Some(germany()),
            event_id: EventId(self.next_event),
            kind,
            valid_time: at(when),
            known_time: at(when),
        });
        self.next_event += 1;
    }

    /// Nothing that an account said counts.
    fn forgets(&mut self, account: u64) {
        let about = Subject::Account(AccountId(account));
        self.world
            .consent_events
            .retain(|row| !matches!(row, ConsentEventRow::Known(event) if event.subject == about));
    }

    pub(crate) fn account(&mut self, n: u64) -> &mut MessengerAccount {
        let mut rows = self.world.messenger_accounts.iter_mut();
        rows.rfind(|row| row.account_id == AccountId(n)).unwrap()
    }

    /// Gives an account another number from a moment on.
    pub(crate) fn changes_number(&mut self, account: u64, when: &str, to: u64) {
        self.account(account).number_until = Some(at(when));
        let mut row = self.account(account).clone();
        row.phone = number(to);
        row.number_since = at(when);
        row.number_until = None;
        self.world.messenger_accounts.push(row);
        self.says(account, when, EventKind::NumberChange);
    }

    pub(crate) fn saves(&mut self, owner: u64, saved: u64, when: &str) {
        self.world.address_book.push(entry(owner, saved, when));
    }

    /// Runs the village with its events and entries in several orders, which must not matter.
    pub(crate) fn told(self) -> Told {
        let mut orders: Vec<World> = Vec::new();
        for seed in 0..4 {
            let mut world = self.world.clone();
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            match seed {
                0 => {}
                1 => world.consent_events.reverse(),
                _ => {
                    world.consent_events.shuffle(&mut rng);
                    world.address_book.shuffle(&mut rng);
                    world.messenger_accounts.shuffle(&mut rng);
                    // What comes twice counts once.
                    world.consent_events.extend(world.consent_events.clone());
                }
            }
            orders.push(world);
        }
        let told: Vec<Told> = orders
            .into_iter()
            .map(|world| {
                let dir = tempfile::tempdir().unwrap();
                let run = Run::of_world(dir.path(), &world, CONFIG, world.as_of);
                Told { run, dir }
            })
            .collect();
        for other in &told[1..] {
            for table in OUTPUTS {
                assert!(
                    other.run.bytes(table) == told[0].run.bytes(table),
                    "{table}"
                );
            }
        }
        told.into_iter().next().unwrap()
    }
}

pub(crate) fn social(n: u64, phone: Option<RawPhone>) -> SocialAccount {
    SocialAccount {
        user_id: UserId(n),
        phone,
        phone_given_for: PhonePurpose::Contact,
        phone_since: Some(at("2016-01-02")),
        region: Some(germany()),
        created_at: at("2016-01-02"),
        device: DeviceFacts::default(),
        birth_year: None,
        gender: None,
        language: None,
        interests: Vec::new(),
        own: acquaint::signals::OwnValues::default(),
    }
}

fn entry(owner: u64, saved: u64, when: &str) -> AddressBookEntry {
    AddressBookEntry {
        account_id: AccountId(owner),
        phone: number(saved),
        saved_at: at(when),
    }
}

/// What a village was told.
pub(crate) struct Told {
    pub(crate) run: Run,
    pub(crate) dir: tempfile::TempDir,
}

impl Told {
    /// Who is suggested to whom.
    pub(crate) fn pairs(&self) -> BTreeSet<(u64, u64)> {
        let table = self.run.table("suggestions.parquet");
        let users = u64s(&table, "user_id").into_iter();
        users.zip(u64s(&table, "candidate_id")).collect()
    }

    pub(crate) fn links(&self) -> BTreeSet<(u64, u64)> {
        let table = self.run.table("links.parquet");
        let accounts = u64s(&table, "account_id").into_iter();
        accounts.zip(u64s(&table, "user_id")).collect()
    }

    /// Nobody's row names this person.
    pub(crate) fn is_without(&self, person: u64) -> bool {
        self.pairs()
            .iter()
            .all(|(a, b)| *a != person && *b != person)
    }
}

/// Both ways.
fn both(pairs: &[(u64, u64)]) -> BTreeSet<(u64, u64)> {
    pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect()
}

/// In a line everybody meets those next to them, and those next to these.
fn line(people: &[u64]) -> BTreeSet<(u64, u64)> {
    let near = people.windows(2).map(|pair| (pair[0], pair[1]));
    let far = people.windows(3).map(|three| (three[0], three[2]));
    both(&near.chain(far).collect::<Vec<_>>())
}

#[test]
fn everybody_accepts() {
    let told = Village::new().told();
    assert_eq!(told.pairs(), line(&[1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!(told.links(), (1..=8).map(|n| (n, n)).collect());
}

/// The forms of a number before and after Brazil's ninth digit, Mexico's 1, and ten digits in Ivory Coast and Benin.
const FORMS: [(&str, &str); 5] = [
    ("+55 11 8765-4321", "+5511987654321"),
    ("+52 1 55 1234 5678", "+525512345678"),
    ("+225 48 12 34 56", "+2250748123456"),
    ("+225 05 12 34 56", "+2250505123456"),
    ("+229 97 12 34 56", "+2290197123456"),
];

/// A village where person 4 has a number in one form, the social network has it in another, and neighbours saved a third.
fn village_with(account: &str, social: &str, saved: &str) -> Village {
    let mut village = Village::new();
    village.account(4).phone = RawPhone::new(account);
    village.world.social_accounts[3].phone = Some(RawPhone::new(social));
    for entry in &mut village.world.address_book {
        if entry.phone == number(4) {
            entry.phone = RawPhone::new(saved);
        }
    }
    village
}

#[test]
fn a_number_is_one_under_its_old_and_its_new_form() {
    let people: Vec<u64> = (1..=8).collect();
    for (old, new) in FORMS {
        for (account, social, saved) in [(new, new, old), (old, new, new), (new, old, old)] {
            let told = village_with(account, social, saved).told();
            assert_eq!(told.pairs(), line(&people), "{account} {social} {saved}");
            assert!(told.links().contains(&(4, 4)), "{account} {social}");
        }
    }
}

/// Trunked radio kept eight digits: whoever has the ninth is somebody else.
#[test]
fn a_number_that_never_changed_is_not_taken_for_another() {
    let (radio, mobile) = ("+55 11 7765-4321", "+5511977654321");
    for (account, saved) in [(radio, mobile), (mobile, radio)] {
        let told = village_with(account, account, saved).told();
        assert!(!told.pairs().contains(&(3, 4)) || !told.pairs().contains(&(5, 4)));
        assert!(!told.pairs().contains(&(2, 4)), "{:?}", told.pairs());
    }
}

/// A stranger who objected under the old form is found under the new one, and the other way round.
#[test]
fn an_objection_holds_under_both_forms() {
    for (old, new) in FORMS {
        for (objected, saved) in [(old, new), (new, old)] {
            let mut village = Village::new();
            village.stranger(20, "2016-09-01", EventKind::NonUserObjects);
            let Some(ConsentEventRow::NonUser { phone, .. }) =
                village.world.consent_events.last_mut()
            else {
                panic!("a stranger's event was written last");
            };
            *phone = RawPhone::new(objected);
            village.saves(3, 20, "2016-09-02");
            village.world.address_book.last_mut().unwrap().phone = RawPhone::new(saved);
            let told = village.told();
            let stages = &told.run.manifest.stages;
            let n = stages
                .iter()
                .map(|stage| stage.dropped.get("objected").copied().unwrap_or(0));
            assert!(n.max() == Some(1), "{objected} {saved}");
        }
    }
}

#[test]
fn an_opt_out_at_the_exact_second_of_the_deadline() {
    let mut village = Village::new();
    village.says(4, "2016-10-01", EventKind::OptOut);
    let expected: BTreeSet<_> = &line(&[1, 2, 3]) | &line(&[5, 6, 7, 8]);
    assert_eq!(village.told().pairs(), expected);
}

#[test]
fn a_notice_never_shown() {
    let mut village = Village::new();
    village.forgets(4);
    village.says(4, "2016-09-01", EventKind::Accept { share: true });
    let expected: BTreeSet<_> = &line(&[1, 2, 3]) | &line(&[5, 6, 7, 8]);
    assert_eq!(village.told().pairs(), expected);
}

#[test]
fn an_acceptance_of_the_next_version_lifts_no_opt_out() {
    let mut village = Village::new();
    village.world.policy_versions.push(PolicyText {
        policy: PolicyId(2),
        locale: "en".to_owned(),
        digest: TextDigest::of("more terms"),
        announced_at: at("2016-10-05"),
        accept_by: at("2016-11-05"),
        window_days: 30,
        cohort_cut: at("2016-10-05"),
    });
    village.says(4, "2016-09-10", EventKind::OptOut);
    let notice = EventKind::NoticeServed {
        policy: PolicyId(2),
        digest: TextDigest::of("more terms"),
    };
    village.says(4, "2016-10-06", notice);
    village.says(4, "2016-10-07", EventKind::Accept { share: true });
    assert!(village.told().is_without(4));
}

/// Account 4 gave number 4 up for 14; account 9 took it over, on the device the social account knows.
fn one_person_two_numbers() -> Village {
    let mut village = Village::new();
    village.changes_number(4, "2016-03-01", 14);
    let mut second = village.account(3).clone();
    second.account_id = AccountId(9);
    second.phone = number(4);
    second.number_since = at("2016-06-01");
    second.registered_at = at("2016-06-01");
    second.device = device("a second phone");
    village.world.messenger_accounts.push(second);
    village.world.social_accounts[3].device = device("a second phone");
    village.notified(9);
    village.says(9, "2016-09-01", EventKind::Accept { share: true });
    village
}

#[test]
fn one_person_with_two_numbers_is_one_person() {
    // Account 9 for spam scores alone: the number and the phone may have come to somebody else together.
    let told = one_person_two_numbers().told();
    assert!(
        told.links().is_superset(&BTreeSet::from([(4, 4), (9, 4)])),
        "{:?}",
        told.links()
    );
    assert!(!told.is_without(4));
}

#[test]
fn one_person_with_two_numbers_one_of_them_out() {
    for out in [4, 9] {
        let mut village = one_person_two_numbers();
        village.says(out, "2016-09-20", EventKind::OptOut);
        let told = village.told();
        assert!(told.is_without(4), "account {out}");
        assert!(
            !told.pairs().contains(&(3, 5)),
            "account {out}: no intermediary"
        );
    }
}

#[test]
fn three_accounts_on_one_device_are_no_link() {
    let mut village = Village::new();
    for n in [3, 4, 5] {
        village.account(n).device = device("the family's tablet");
    }
    let mut guest = social(20, None);
    guest.device = device("the family's tablet");
    village.world.social_accounts.push(guest);
    let told = village.told();
    assert_eq!(told.links(), (1..=8).map(|n| (n, n)).collect());
    // Nor are the three suggested to each other, or anybody to somebody through the tie of two of them.
    let apart = &line(&[1, 2, 3]) | &line(&[5, 6, 7, 8]);
    assert_eq!(told.pairs(), apart);
}

#[test]
fn two_people_swap_numbers_on_one_day() {
    let mut village = Village::new();
    village.changes_number(2, "2016-10-10T09:00:00Z", 7);
    village.changes_number(7, "2016-10-10T09:00:00Z", 2);
    // Whoever saved number 2 before meant account 2, whoever saved it since means account 7.
    village.saves(4, 2, "2016-03-01");
    village.saves(5, 2, "2016-10-11");
    let told = village.told();
    let edges = told.pairs();
    assert!(
        edges.contains(&(4, 2)) && !edges.contains(&(4, 7)),
        "{edges:?}"
    );
    assert!(!edges.contains(&(5, 2)), "{edges:?}");
    // Number 7 no longer speaks for its new holder, who never claimed it.
    assert_eq!(told.links(), (1..=8).map(|n| (n, n)).collect());
}

#[test]
fn a_recycled_number_in_two_hundred_address_books() {
    let mut village = Village::new();
    for n in 100..300 {
        let mut row = village.account(1).clone();
        row.account_id = AccountId(n);
        row.phone = RawPhone::new(format!("+4915123460{n}"));
        row.device = DeviceFacts::default();
        let mut holder = social(n, Some(row.phone.clone()));
        holder.user_id = UserId(n);
        village.world.messenger_accounts.push(row);
        village.world.social_accounts.push(holder);
        village.notified(n);
        village.says(n, "2016-09-01", EventKind::Accept { share: true });
        village.saves(n, 4, "2016-02-01");
    }
    let before = village.pairs_with(4);
    assert!(before > 200, "{before}");
    // The number goes to somebody new, who claims it.
    village.account(4).number_until = Some(at("2016-05-01"));
    village.says(4, "2016-09-15", EventKind::Recycled);
    let mut newcomer = village.account(3).clone();
    newcomer.account_id = AccountId(9);
    newcomer.phone = number(4);
    newcomer.number_since = at("2016-09-15");
    newcomer.registered_at = at("2016-09-15");
    newcomer.device = device("a new phone");
    village.world.messenger_accounts.push(newcomer);
    let mut claim = social(9, Some(number(4)));
    claim.created_at = at("2016-09-16");
    claim.device = device("a new phone");
    village.world.social_accounts.push(claim);
    village.says(9, "2016-09-15", EventKind::Register);
    village.saves(1, 4, "2016-10-01");
    let told = village.told();
    assert!(told.is_without(4), "superseded");
    let met: BTreeSet<_> = told
        .pairs()
        .into_iter()
        .filter(|(_, who)| *who == 9)
        .collect();
    assert_eq!(met, BTreeSet::from([(1, 9)]), "only who saved it since");
}

impl Village {
    fn pairs_with(&self, person: u64) -> usize {
        let dir = tempfile::tempdir().unwrap();
        let run = Run::of_world(dir.path(), &self.world, CONFIG, self.world.as_of);
        let told = Told { run, dir };
        told.pairs()
            .iter()
            .filter(|(_, who)| *who == person)
            .count()
    }
}

#[test]
fn an_order_that_starts_while_a_run_is_going_on() {
    let village = Village::new();
    let order = Overlay {
        region: germany(),
        purpose: Purpose::FriendSuggestions,
        interval: Interval::new(at("2016-11-15T00:00:01Z"), None),
        effect: OverlayEffect::Deny,
    };
    let mut world = village.world.clone();
    let mut village = village;
    village.world.overlays.push(order);
    assert_eq!(
        village.told().pairs(),
        line(&[1, 2, 3, 4, 5, 6, 7, 8]),
        "not yet"
    );
    world.overlays.push(Overlay {
        interval: Interval::new(at("2016-11-15"), None),
        ..order
    });
    let told = Village {
        world,
        next_event: 0,
    }
    .told();
    assert_eq!(told.pairs(), BTreeSet::new(), "from its first moment on");
}

#[test]
fn an_opt_out_that_is_known_after_publication() {
    let mut village = Village::new();
    let told = Village::new().told();
    village.learns(4, "2016-11-01", "2016-11-20", EventKind::OptOut);
    let newer = told.dir.path().join("newer");
    write_world(&newer, TableForm::Csv, &village.world);
    let recalled = recall(
        &RecallRequest {
            out: &told.run.out,
            signals: &newer,
            ledger: None,
            known_at: None,
            latest: None,
        },
        &Silent,
    )
    .unwrap();
    let n_named = told
        .pairs()
        .iter()
        .filter(|(a, b)| *a == 4 || *b == 4)
        .count();
    let suggestions = recalled
        .rows
        .iter()
        .filter(|row| row.table == "suggestions.parquet");
    assert_eq!(suggestions.count(), n_named, "{:?}", recalled.rows);
    // A run that knows it has no such rows, although it is about a time before anybody knew.
    assert!(village.told().is_without(4));
}

#[test]
fn an_uploader_opts_out_after_uploading() {
    let mut village = Village::new();
    // Only 4 has 8's number, and nobody has theirs.
    village.world.address_book = vec![entry(4, 8, "2016-02-01")];
    assert!(
        village.pairs_with(8) > 0,
        "what was uploaded counts while its uploader shares"
    );
    village.says(4, "2016-09-20", EventKind::OptOut);
    assert_eq!(village.told().pairs(), BTreeSet::new());
}

#[test]
fn a_stranger_objects_then_a_friend_uploads_the_number() {
    let mut without = Village::new();
    without.stranger(50, "2016-09-10", EventKind::NonUserObjects);
    let mut with = Village::new();
    with.stranger(50, "2016-09-10", EventKind::NonUserObjects);
    with.saves(2, 50, "2016-09-20");
    with.saves(3, 50, "2016-09-20");
    let (with, without) = (with.told(), without.told());
    for table in OUTPUTS {
        assert!(with.run.bytes(table) == without.run.bytes(table), "{table}");
    }
}

#[test]
fn a_stranger_joins_and_old_uploads_do_not_attach() {
    let mut village = Village::new();
    village.stranger(50, "2016-09-10", EventKind::NonUserObjects);
    village.saves(2, 50, "2016-09-20");
    village.saves(6, 50, "2016-10-20");
    village.stranger(50, "2016-10-10", EventKind::NonUserJoins);
    let mut joined = village.account(1).clone();
    joined.account_id = AccountId(9);
    joined.phone = number(50);
    joined.registered_at = at("2016-10-10");
    joined.number_since = at("2016-10-10");
    joined.device = DeviceFacts::default();
    village.world.messenger_accounts.push(joined);
    let mut person = social(9, Some(number(50)));
    person.created_at = at("2016-10-10");
    village.world.social_accounts.push(person);
    village.says(9, "2016-10-10", EventKind::Register);
    let met: BTreeSet<_> = village
        .told()
        .pairs()
        .into_iter()
        .filter(|(_, who)| *who == 9)
        .collect();
    assert_eq!(met, BTreeSet::from([(6, 9)]));
}

#[test]
fn everybody_opts_out() {
    let full = Village::new().told();
    let mut village = Village::new();
    for n in 1..=8 {
        village.says(n, "2016-09-20", EventKind::OptOut);
    }
    let told = village.told();
    assert_eq!(told.pairs(), BTreeSet::new());
    for table in ["suggestions.parquet", "ad_scores.parquet"] {
        let schema = |told: &Told| {
            let file = std::fs::File::open(told.run.out.join(table)).unwrap();
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
            reader.unwrap().schema().clone()
        };
        assert_eq!(schema(&told), schema(&full), "{table}");
    }
}

#[test]
fn one_user_is_left() {
    let mut village = Village::new();
    for n in 2..=8 {
        village.says(n, "2016-09-20", EventKind::OptOut);
    }
    assert_eq!(village.told().pairs(), BTreeSet::new());
}

#[test]
fn a_region_that_is_not_known() {
    let mut village = Village::new();
    // Nothing says where account 4 lives: its number is of a shared code, and there is no region.
    village.world.social_accounts[3].region = None;
    village.account(4).region = None;
    village.account(4).phone = RawPhone::new("+88213123456");
    village.world.social_accounts[3].phone = Some(RawPhone::new("+88213123456"));
    let told = village.told();
    assert!(told.is_without(4), "the strict profile needs a grant");
}

#[test]
fn a_number_given_for_security_only() {
    let mut village = Village::new();
    village.world.social_accounts[3].phone_given_for = PhonePurpose::Security;
    let told = village.told();
    assert!(told.is_without(4));
    assert!(!told.links().contains(&(4, 4)));
}

#[test]
fn a_business_is_never_suggested() {
    let mut village = Village::new();
    village.world.businesses.push(Business {
        business_id: BusinessId(1),
        phone: number(4),
        region: Some(germany()),
        category: "bakery".to_owned(),
        verified_at: Some(at("2016-01-01")),
        portfolio_id: None,
        tier: None,
        tier_since: None,
    });
    assert!(village.told().is_without(4));
}

#[test]
fn daylight_saving_and_leap_days_do_not_move_the_window() {
    // 30 October 2016 has 25 hours in Berlin; thirty days are thirty times 24 hours all the same.
    for (said, is_out) in [
        ("2016-10-31T12:00:00Z", true),
        ("2016-10-31T12:00:01Z", false),
    ] {
        let mut village = Village::new();
        village.forgets(4);
        village.notified(4);
        village.says(4, "2016-10-01T12:00:00Z", EventKind::Accept { share: true });
        village.says(4, said, EventKind::OptOut);
        let dir = tempfile::tempdir().unwrap();
        let config = format!("{CONFIG}[consent]\nlate_opt_out = \"record-only\"\n");
        let run = Run::of_world(dir.path(), &village.world, &config, village.world.as_of);
        assert_eq!(Told { run, dir }.is_without(4), is_out, "{said}");
    }
}

/// A friendship is no shortcut around the gate.
#[test]
fn a_friend_who_is_out_is_no_mutual_friend() {
    let friends = |village: &mut Village| {
        village.world.friendships = vec![
            Friendship {
                user_a: UserId(1),
                user_b: UserId(4),
                since: at("2016-01-03"),
            },
            Friendship {
                user_a: UserId(4),
                user_b: UserId(8),
                since: at("2016-01-03"),
            },
        ];
    };
    let mut village = Village::new();
    friends(&mut village);
    assert!(village.told().pairs().contains(&(1, 8)));
    let mut village = Village::new();
    friends(&mut village);
    village.says(4, "2016-09-20", EventKind::OptOut);
    let told = village.told();
    assert!(told.is_without(4) && !told.pairs().contains(&(1, 8)));
}
