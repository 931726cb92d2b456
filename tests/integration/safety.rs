//! Safety between people: what a block, a report and a shared device end, whom a practice may lead together, and whom a saved
//! number suggests. Each is planted in a world and must leave no trace in anybody's list.

use std::collections::BTreeSet;
use std::path::Path;

use acquaint::engine::{NotSuggested, Prepared, RunParams, Silent};
use acquaint::hash::mix;
use acquaint::ids::{AccountId, DeviceId, UserId};
use acquaint::signals::{AbuseReport, Business, Feedback, FeedbackKind, TableForm, write_table};
use acquaint::suggest::WhyNot;
use acquaint::synth::{EdgeWorld, world_of_edges};
use acquaint::time::Timestamp;

use crate::support::{Run, u64s};

/// Two people by their ids.
type Pair = (u64, u64);

/// How many people a world has before anything is planted.
const PEOPLE: u64 = 240;

fn draw(seed: u64, i: u64, n: u64) -> u64 {
    mix(seed << 32 | i) % n
}

/// A ring of people who each know the next three and two drawn from all, and saved each other's numbers with some of these.
fn edges(seed: u64) -> (Vec<Pair>, Vec<Pair>) {
    let near = (0..PEOPLE).flat_map(|u| (1..4).map(move |step| (u, (u + step) % PEOPLE)));
    let far = (0..PEOPLE).flat_map(|u| (0..2).map(move |i| (u, draw(seed, 2 * u + i, PEOPLE))));
    let friends: Vec<(u64, u64)> = near.chain(far).filter(|(a, b)| a != b).collect();
    let some = friends.iter().enumerate().filter(|(i, _)| i % 3 == 0);
    let mut contacts: Vec<(u64, u64)> = some.flat_map(|(_, &(a, b))| [(a, b), (b, a)]).collect();
    // Numbers that strangers saved of each other, and some that one side alone did.
    contacts.extend((0..PEOPLE).filter_map(|u| {
        let v = draw(seed ^ 1, u, PEOPLE);
        (u != v).then_some((u, v))
    }));
    contacts.extend((0..PEOPLE / 2).flat_map(|u| {
        let v = (u + 5) % PEOPLE;
        [(u, v), (v, u)]
    }));
    (friends, contacts)
}

/// Everything of a run but the address book of strangers.
struct Planted {
    world: EdgeWorld,
    feedback: Vec<Feedback>,
    reports: Vec<AbuseReport>,
    businesses: Vec<Business>,
}

impl Planted {
    fn of(friends: &[(u64, u64)], contacts: &[(u64, u64)]) -> Self {
        Self {
            world: world_of_edges(friends, contacts).unwrap(),
            feedback: Vec::new(),
            reports: Vec::new(),
            businesses: Vec::new(),
        }
    }

    fn write(&self, dir: &Path) {
        std::fs::create_dir_all(dir).unwrap();
        let form = TableForm::Csv;
        write_table(dir, form, &self.world.messenger_accounts).unwrap();
        write_table(dir, form, &self.world.social_accounts).unwrap();
        write_table(dir, form, &self.world.friendships).unwrap();
        write_table(dir, form, &self.world.address_book).unwrap();
        write_table(dir, form, &self.world.consent_events).unwrap();
        write_table(dir, form, &self.world.policy_versions).unwrap();
        write_table(dir, form, &self.feedback).unwrap();
        write_table(dir, form, &self.reports).unwrap();
        write_table(dir, form, &self.businesses).unwrap();
    }

    fn run(&self, config: &str) -> (Run, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let signals = dir.path().join("signals");
        self.write(&signals);
        let run = Run::of_signals(&signals, &dir.path().join("out"), config, None).unwrap();
        let lines = run.lines("suggestions.parquet");
        (run, lines)
    }

    fn pairs(&self, config: &str) -> BTreeSet<(u64, u64)> {
        let dir = tempfile::tempdir().unwrap();
        let signals = dir.path().join("signals");
        self.write(&signals);
        let run = Run::of_signals(&signals, &dir.path().join("out"), config, None).unwrap();
        let table = run.table("suggestions.parquet");
        let users = u64s(&table, "user_id").into_iter();
        users.zip(u64s(&table, "candidate_id")).collect()
    }

    fn why_not(&self, config: &str, user: u64, candidate: u64) -> Option<NotSuggested> {
        let dir = tempfile::tempdir().unwrap();
        self.write(dir.path());
        let params = RunParams::from_toml(config).unwrap().check().unwrap();
        let prepared = Prepared::open(dir.path(), &params, None, None, &Silent).unwrap();
        let explained = prepared.explain_suggestion(UserId(user), UserId(candidate));
        explained.why_not
    }

    fn forget_tie(&mut self, a: u64, b: u64) {
        let is_pair = |x: u64, y: u64| (x, y) == (a, b) || (x, y) == (b, a);
        let world = &mut self.world;
        world
            .friendships
            .retain(|row| !is_pair(row.user_a.0, row.user_b.0));
        let phone = |user: u64| {
            let mut rows = world.social_accounts.iter();
            rows.find(|row| row.user_id.0 == user)
                .unwrap()
                .phone
                .clone()
        };
        let (of_a, of_b) = (phone(a), phone(b));
        world.address_book.retain(|row| {
            let phone = Some(row.phone.clone());
            let is_it = |user: u64, other: &Option<_>| row.account_id.0 == user && phone == *other;
            !(is_it(a, &of_b) || is_it(b, &of_a))
        });
    }
}

/// A moment before the run.
fn before() -> Timestamp {
    Timestamp::parse("2016-09-20T00:00:00Z").unwrap()
}

/// The ways in which two people are kept apart for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Block,
    BlockedBy,
    Report,
    ReportedBy,
    MessengerReport,
    MessengerReportBy,
    SocialDevice,
    MessengerDevice,
    OneOfEachOnDevice,
}

impl Way {
    const ALL: [Self; 9] = [
        Self::Block,
        Self::BlockedBy,
        Self::Report,
        Self::ReportedBy,
        Self::MessengerReport,
        Self::MessengerReportBy,
        Self::SocialDevice,
        Self::MessengerDevice,
        Self::OneOfEachOnDevice,
    ];

    fn plant(self, planted: &mut Planted, a: u64, b: u64) {
        let said = |a: u64, b: u64, kind| Feedback {
            user_id: UserId(a),
            other_id: UserId(b),
            kind,
            at: before(),
        };
        let reported = |a: u64, b: u64| AbuseReport {
            reporter: AccountId(a),
            reported: AccountId(b),
            reason: "harassment".to_owned(),
            at: before(),
        };
        match self {
            Self::Block => planted.feedback.push(said(a, b, FeedbackKind::Block)),
            Self::BlockedBy => planted.feedback.push(said(b, a, FeedbackKind::Block)),
            Self::Report => planted.feedback.push(said(a, b, FeedbackKind::Report)),
            Self::ReportedBy => planted.feedback.push(said(b, a, FeedbackKind::Report)),
            Self::MessengerReport => planted.reports.push(reported(a, b)),
            Self::MessengerReportBy => planted.reports.push(reported(b, a)),
            Self::SocialDevice => {
                on_device(planted, a, b, (true, a));
                on_device(planted, a, b, (true, b));
            }
            Self::MessengerDevice => {
                on_device(planted, a, b, (false, a));
                on_device(planted, a, b, (false, b));
            }
            Self::OneOfEachOnDevice => {
                on_device(planted, a, b, (true, a));
                on_device(planted, a, b, (false, b));
            }
        }
    }

    fn rule(self) -> WhyNot {
        match self {
            Self::Block | Self::BlockedBy => WhyNot::Blocked,
            Self::Report | Self::ReportedBy | Self::MessengerReport | Self::MessengerReportBy => {
                WhyNot::Reported
            }
            _ => WhyNot::OneDevice,
        }
    }
}

/// Puts an account, of the network or of the messenger, on the device of a pair.
fn on_device(planted: &mut Planted, a: u64, b: u64, (is_social, whose): (bool, u64)) {
    let id = DeviceId::of(&format!("phone of {a} and {b}"));
    for row in &mut planted.world.social_accounts {
        if is_social && row.user_id.0 == whose {
            row.device.device_id = id;
        }
    }
    for row in &mut planted.world.messenger_accounts {
        if !is_social && row.account_id.0 == whose {
            row.device.device_id = id;
        }
    }
}

/// Pairs that are tied, some by friendship, some by saved numbers, some by both; nobody is in two of them.
fn tied_pairs(friends: &[(u64, u64)], contacts: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let saved: BTreeSet<_> = contacts.iter().copied().collect();
    let by_number = |&&(a, b): &&(u64, u64)| a < b && saved.contains(&(b, a));
    let some = friends.iter().step_by(53);
    let all = some.chain(contacts.iter().filter(by_number).step_by(29));
    let mut taken = BTreeSet::new();
    let mut pairs = Vec::new();
    for &(a, b) in all {
        if !taken.contains(&a) && !taken.contains(&b) {
            taken.extend([a, b]);
            pairs.push((a, b));
        }
    }
    pairs
}

/// Panics with the first line that is in one of two outputs only.
fn assert_same(found: &[String], wanted: &[String], what: &str) {
    let differs = found.iter().zip(wanted).find(|(a, b)| a != b);
    assert_eq!(differs, None, "{what}");
    assert_eq!(found.len(), wanted.len(), "{what}");
}

#[test]
fn what_is_ended_leaves_what_a_world_without_the_tie_leaves() {
    let configs = [
        "",
        "[suggest]\nmin_intermediaries = 1\nk = 40\n",
        "[suggest]\nmin_intermediaries = 1\ndirect = \"own\"\nnear = true\n",
        "[suggest]\nscore = \"cosine\"\ndirect = \"off\"\n",
        "[suggest]\nmin_intermediaries = 1\n[suggest.weights]\nmutual_contact = 0.5\n",
    ];
    for (i, way) in Way::ALL.into_iter().enumerate() {
        let (friends, contacts) = edges(i as u64);
        let pairs = tied_pairs(&friends, &contacts);
        let mut planted = Planted::of(&friends, &contacts);
        for &(a, b) in &pairs {
            way.plant(&mut planted, a, b);
        }
        let mut without = Planted::of(&friends, &contacts);
        for &(a, b) in &pairs {
            way.plant(&mut without, a, b);
            without.forget_tie(a, b);
        }
        let config = configs[i % configs.len()];
        let (run, with) = planted.run(config);
        assert_same(
            &with,
            &without.run(config).1,
            &format!("{way:?} {config:?}"),
        );
        assert!(with.len() > 500, "{way:?}");
        let found = planted.pairs(config);
        for &(a, b) in &pairs {
            assert!(
                !found.contains(&(a, b)) && !found.contains(&(b, a)),
                "{way:?} {a} {b}"
            );
        }
        let ended: u64 = ["friendships → friend edges", "matches → ties that stand"]
            .into_iter()
            .filter_map(|stage| run.manifest.stage(stage))
            .map(acquaint::engine::Stage::n_dropped)
            .sum();
        assert!(ended >= pairs.len() as u64, "{way:?}: {ended}");
    }
}

#[test]
fn a_learned_order_does_not_see_what_is_ended_either() {
    let (friends, contacts) = edges(77);
    let pairs = tied_pairs(&friends, &contacts);
    let mut planted = Planted::of(&friends, &contacts);
    let mut without = Planted::of(&friends, &contacts);
    for (i, &(a, b)) in pairs.iter().enumerate() {
        let way = Way::ALL[i % Way::ALL.len()];
        way.plant(&mut planted, a, b);
        way.plant(&mut without, a, b);
        without.forget_tie(a, b);
    }
    let learned =
        "[suggest]\nmin_intermediaries = 1\n[ranker]\npool = 15\nrounds = 1\nrows_max = 1500\n";
    let factors = format!("{learned}[ranker.factors]\nsize = 8\n");
    for config in [learned, &factors] {
        assert_same(&planted.run(config).1, &without.run(config).1, config);
        let found = planted.pairs(config);
        for &(a, b) in &pairs {
            assert!(
                !found.contains(&(a, b)) && !found.contains(&(b, a)),
                "{a} {b}"
            );
        }
    }
}

#[test]
fn every_way_is_explained_in_both_directions() {
    let (friends, contacts) = edges(5);
    let pairs = tied_pairs(&friends, &contacts);
    for (way, (a, b)) in Way::ALL.into_iter().zip(pairs) {
        let mut planted = Planted::of(&friends, &contacts);
        way.plant(&mut planted, a, b);
        for (a, b) in [(a, b), (b, a)] {
            let why = planted.why_not("", a, b);
            assert_eq!(why, Some(NotSuggested::Suggestions(way.rule())), "{way:?}");
        }
    }
}

#[test]
fn a_client_of_one_number_is_not_led_to_the_other_life_on_the_phone() {
    // 1 and 2 are one phone; 3 knows 2, 4 and 5 know 1 and each other.
    let friends = [(1, 4), (1, 5), (4, 5)];
    let contacts = [(1, 2), (2, 1), (3, 2), (2, 3)];
    for config in ["", "[suggest]\nmin_intermediaries = 1\nnear = true\n"] {
        for way in [
            Way::SocialDevice,
            Way::MessengerDevice,
            Way::OneOfEachOnDevice,
        ] {
            let mut planted = Planted::of(&friends, &contacts);
            assert!(planted.pairs(config).contains(&(1, 2)));
            way.plant(&mut planted, 1, 2);
            let found = planted.pairs(config);
            for pair in [(1, 2), (2, 1), (1, 3), (3, 1), (2, 4), (3, 4)] {
                assert!(!found.contains(&pair), "{way:?} {config} {pair:?}");
            }
            assert!(found.contains(&(3, 2)), "the number the client has");
        }
    }
}

#[test]
fn a_dismissal_and_a_wish_to_hide_end_no_tie() {
    let (friends, contacts) = edges(9);
    let (a, b) = friends[53];
    for kind in [FeedbackKind::Dismiss, FeedbackKind::Hide] {
        let mut planted = Planted::of(&friends, &contacts);
        let lines = planted.run("").1;
        planted.feedback.push(Feedback {
            user_id: UserId(a),
            other_id: UserId(b),
            kind,
            at: before(),
        });
        assert_eq!(
            planted.run("").1,
            lines,
            "friends are found through each other"
        );
    }
}

/// Patients drawn from the whole ring. Fewer than ten do not know each other, which is all that tells them from a circle; of
/// more some do, as chance has it.
fn patients(n: u64, seed: u64, (friends, contacts): (&[Pair], &[Pair])) -> Vec<u64> {
    let ties: BTreeSet<(u64, u64)> = friends.iter().chain(contacts).copied().collect();
    let know = |a: u64, b: u64| ties.contains(&(a, b)) || ties.contains(&(b, a));
    let mut patients: Vec<u64> = Vec::new();
    for i in 0.. {
        if patients.len() as u64 == n {
            break;
        }
        let c = draw(seed, i, PEOPLE);
        let is_new = !patients.contains(&c);
        if is_new && (n >= 10 || patients.iter().all(|&other| !know(c, other))) {
            patients.push(c);
        }
    }
    patients
}

/// How the numbers of a practice are known.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// Both saved the other's.
    Both,
    /// Nearly everybody was saved back.
    MostSavedBack,
    /// The practice saved nobody.
    ByPatients,
    /// The practice's own numbers saved each other too.
    ColleaguesToo,
    /// Its first number stands in the table of businesses.
    Business,
}

#[test]
fn practices_lead_no_two_patients_together() {
    use Known::{Both, Business as InTable, ByPatients, ColleaguesToo, MostSavedBack};
    for known in [Both, MostSavedBack, ByPatients, ColleaguesToo, InTable] {
        for size in [5, 6, 9, 20, 60, 200] {
            for n_numbers in 1..=3 {
                check_practice(known, size, n_numbers);
            }
        }
    }
}

/// Whoever may be suggested at all is, so that nobody is missed for want of room.
const EVERYBODY: &str = "[suggest]\nk = 1000\n";

fn check_practice(known: Known, size: u64, n_numbers: u64) {
    let (friends, contacts) = edges(3);
    // Whoever has enough people in common without the practice.
    let off = format!("{EVERYBODY}practice_from = 0\nsensitive_from = 0\n");
    let alone = Planted::of(&friends, &contacts).pairs(&off);
    let of = patients(size, size * 8 + n_numbers, (&friends, &contacts));
    let numbers: Vec<u64> = (0..n_numbers).map(|i| 10_000 + i).collect();
    let mut saved = contacts;
    for &z in &numbers {
        for (i, &c) in of.iter().enumerate() {
            saved.push((c, z));
            match known {
                Known::ByPatients => {}
                Known::MostSavedBack if i % 5 == 4 => {}
                _ => saved.push((z, c)),
            }
        }
        if matches!(known, Known::ColleaguesToo) {
            let others = numbers.iter().filter(|&&y| y != z);
            saved.extend(others.map(|&y| (z, y)));
        }
    }
    let mut planted = Planted::of(&friends, &saved);
    if matches!(known, Known::Business) {
        let mut rows = planted.world.messenger_accounts.iter();
        let row = rows.find(|row| row.account_id.0 == numbers[0]).unwrap();
        planted.businesses.push(Business {
            business_id: acquaint::ids::BusinessId(1),
            phone: row.phone.clone(),
            region: row.region,
            category: "health".to_owned(),
            verified_at: None,
            portfolio_id: None,
            tier: None,
            tier_since: None,
        });
    }
    let of: BTreeSet<u64> = of.into_iter().collect();
    let among = |&&(u, v): &&(u64, u64)| of.contains(&u) && of.contains(&v);
    let found = planted.pairs(EVERYBODY);
    let led: Vec<_> = found
        .iter()
        .filter(among)
        .filter(|p| !alone.contains(p))
        .collect();
    assert!(led.is_empty(), "{known:?} {size} {n_numbers}: {led:?}");
    // Without the rules most would be.
    if matches!(known, Known::Both) && n_numbers == 3 && size <= 9 {
        let open = planted.pairs(&off);
        let led = open.iter().filter(among).filter(|p| !alone.contains(p));
        assert!(led.count() as u64 > size, "{size}");
    }
}

#[test]
fn patients_are_told_that_it_is_a_practice() {
    let contacts: Vec<(u64, u64)> = (1..=6)
        .flat_map(|c| [20, 21].into_iter().flat_map(move |z| [(c, z), (z, c)]))
        .collect();
    let planted = Planted::of(&[], &contacts);
    let why = planted.why_not("", 1, 2);
    assert_eq!(why, Some(NotSuggested::Suggestions(WhyNot::Practice)));
    let (run, lines) = planted.run("");
    // Patients and doctors are suggested to each other, who gave each other their numbers.
    assert_eq!(lines.len(), 24);
    let ties = run.manifest.stage("ties → two-paths").unwrap();
    assert_eq!(ties.dropped["practice"], 12);
    assert_eq!(
        planted.why_not("[suggest]\npractice_from = 0\n", 1, 2),
        None
    );
}

#[test]
fn a_number_that_one_side_saved_suggests_nobody_by_default() {
    // Each of 1 to 5 has the number of 10 to 14; of 20 to 24 both have each other's.
    let one_sided = (1..=5).map(|u| (u, u + 9));
    let mutual = (1..=5).flat_map(|u| [(u, u + 19), (u + 19, u)]);
    let contacts: Vec<(u64, u64)> = one_sided.chain(mutual).collect();
    let planted = Planted::of(&[], &contacts);
    let of = |direct: &str| planted.pairs(&format!("[suggest]\ndirect = \"{direct}\"\n"));
    let by_default = planted.pairs("");
    assert_eq!(by_default, of("mutual"));
    for u in 1..=5 {
        for pair in [(u, u + 9), (u + 9, u)] {
            assert!(!by_default.contains(&pair), "{pair:?}");
        }
        assert!(by_default.contains(&(u, u + 19)) && by_default.contains(&(u + 19, u)));
        assert!(of("own").contains(&(u, u + 9)) && !of("own").contains(&(u + 9, u)));
    }
    assert!(of("off").is_empty());
    let rule =
        |direct: &str, u, v| planted.why_not(&format!("[suggest]\ndirect = \"{direct}\"\n"), u, v);
    let is = |rule| Some(NotSuggested::Suggestions(rule));
    assert_eq!(rule("mutual", 1, 10), is(WhyNot::OneSided));
    assert_eq!(rule("mutual", 10, 1), is(WhyNot::NobodyInCommon));
    assert_eq!(rule("off", 1, 20), is(WhyNot::DirectOff));
    assert_eq!(rule("own", 1, 10), None);
    let (run, _) = planted.run("");
    let stage = run.manifest.stage("candidates → suggestions").unwrap();
    assert_eq!(stage.dropped["not_direct"], 5);
}

#[test]
fn a_tie_of_weight_0_is_no_tie() {
    // 1 and 2 have 3 and 4 as friends in common, and 5 and 6 by saved numbers.
    let friends = [(1, 3), (1, 4), (2, 3), (2, 4)];
    let contacts: Vec<(u64, u64)> = [(1, 5), (2, 5), (1, 6), (2, 6)]
        .into_iter()
        .flat_map(|(a, b)| [(a, b), (b, a)])
        .collect();
    let planted = Planted::of(&friends, &contacts);
    let scores = ["common-neighbours", "adamic-adar", "resource-allocation"];
    for (score, (weights, near)) in scores.into_iter().zip([
        ("friendship = 0.0", ""),
        ("mutual_contact = 0.0", "near = true\n"),
        ("friendship = 0.001\nmutual_contact = 0.0", "near = true\n"),
    ]) {
        let config =
            format!("[suggest]\nscore = \"{score}\"\n{near}[suggest.weights]\n{weights}\n");
        let found = planted.pairs(&config);
        // Friends are friends, whatever they count.
        assert!(
            friends.iter().all(|&(a, b)| !found.contains(&(a, b))),
            "{config}"
        );
        let by_number = !weights.contains("mutual_contact");
        assert_eq!(found.contains(&(1, 5)), by_number, "{config}");
        let is_nothing = weights.contains("0.001");
        assert_eq!(found.contains(&(1, 2)), !is_nothing, "{config}");
        assert_eq!(found.is_empty(), is_nothing, "{config}");
    }
}
