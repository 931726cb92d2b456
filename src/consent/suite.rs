//! Runs the cases of `tests/suite/consent.toml`, each in permuted event orders and with repeats.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Deserialize;

use super::*;
use crate::ids::{AccountId, DeviceId, EventId, NumberToken, Owned, Region, UserId};
use crate::time::{Interval, Timestamp};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    policy: Vec<PolicyLine>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyLine {
    policy: u32,
    texts: Vec<String>,
    announced_at: String,
    accept_by: String,
    window_days: u32,
    cohort_cut: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    params: ConsentParams,
    #[serde(default)]
    facts: Vec<String>,
    #[serde(default)]
    overlays: Vec<String>,
    #[serde(default)]
    links: Vec<String>,
    events: Vec<String>,
    ask: Vec<Ask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    at: String,
    known: Option<String>,
    expect: Vec<String>,
}

/// A case, read.
struct World {
    policies: Vec<PolicyVersion>,
    overlays: Vec<Overlay>,
    events: Vec<Event>,
    facts: Vec<AccountFacts>,
    links: Vec<Owned>,
    params: ValidConsentParams,
}

fn suite() -> Suite {
    toml::from_str(include_str!("../../tests/suite/consent.toml")).expect("the suite is valid TOML")
}

/// Runs one case: every answer as expected, and the same answers whatever the order of events.
fn check(name: &str) {
    let suite = suite();
    let case = suite.case.iter().find(|case| case.name == name).unwrap();
    let world = World::read(&suite.policy, case);
    for ask in &case.ask {
        let as_of = ask.as_of();
        let snapshot = world.snapshot(&world.events, as_of);
        for line in &ask.expect {
            expect(&snapshot, &world.links, line)
                .unwrap_or_else(|found| panic!("{name} at {}: {line}, found {found}", ask.at));
        }
        for order in orders(&world.events) {
            let permuted = world.snapshot(&order, as_of);
            assert_eq!(
                permuted.statuses(),
                snapshot.statuses(),
                "{name}: {order:?}"
            );
            assert_eq!(permuted.digest(), snapshot.digest(), "{name}");
        }
    }
    let digest = world.ledger(&world.events).digest();
    for order in orders(&world.events) {
        assert_eq!(world.ledger(&order).digest(), digest, "{name}: {order:?}");
    }
}

/// All orders of up to five events, many of more, the last with every event repeated.
fn orders(events: &[Event]) -> Vec<Vec<Event>> {
    let mut orders = if events.len() <= 5 {
        permutations(events)
    } else {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
        let mut shuffled = events.to_vec();
        (0..60)
            .map(|_| {
                shuffled.shuffle(&mut random);
                shuffled.clone()
            })
            .collect()
    };
    orders.push(events.iter().rev().chain(events).copied().collect());
    orders
}

fn permutations(events: &[Event]) -> Vec<Vec<Event>> {
    let Some((&first, rest)) = events.split_first() else {
        return vec![Vec::new()];
    };
    permutations(rest)
        .into_iter()
        .flat_map(|order| {
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, first);
                order
            })
        })
        .collect()
}

impl World {
    fn read(policies: &[PolicyLine], case: &Case) -> Self {
        let events: Vec<Event> = case.events.iter().enumerate().map(event).collect();
        Self {
            policies: policies.iter().map(PolicyLine::read).collect(),
            overlays: case.overlays.iter().map(|line| overlay(line)).collect(),
            facts: facts(&case.facts, &events),
            links: case.links.iter().map(|line| link(line)).collect(),
            params: case.params.check().unwrap(),
            events,
        }
    }

    fn ledger(&self, events: &[Event]) -> Ledger {
        Ledger::new(
            self.policies.iter().rev().cloned().collect(),
            self.overlays.iter().rev().copied().collect(),
            events.to_vec(),
        )
    }

    fn snapshot(&self, events: &[Event], as_of: AsOf) -> Snapshot {
        self.ledger(events)
            .snapshot(as_of, &self.facts, &self.params)
    }
}

impl PolicyLine {
    fn read(&self) -> PolicyVersion {
        PolicyVersion {
            policy: PolicyId(self.policy),
            texts: self
                .texts
                .iter()
                .map(|text| ("en".to_owned(), TextDigest::of(text)))
                .collect(),
            announced_at: time(&self.announced_at),
            accept_by: time(&self.accept_by),
            window_days: self.window_days,
            cohort_cut: time(&self.cohort_cut),
        }
    }
}

impl Ask {
    fn as_of(&self) -> AsOf {
        AsOf {
            valid: time(&self.at),
            known: time(self.known.as_ref().unwrap_or(&self.at)),
        }
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text)
        .or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .unwrap_or_else(|_| panic!("{text} is no time"))
}

fn event((place, line): (usize, &String)) -> Event {
    let mut words = line.split_whitespace().peekable();
    let id = words
        .next_if(|word| word.starts_with('#'))
        .map_or(1000 + place as u64, |id| id[1..].parse().unwrap());
    let valid_time = time(words.next().unwrap());
    let subject = subject(words.next().unwrap());
    let kind = kind(&mut words);
    let known_time = match words.next() {
        Some("known") => time(words.next().unwrap()),
        None => valid_time,
        Some(other) => panic!("{line}: {other}"),
    };
    Event {
        event_id: EventId(id),
        subject,
        kind,
        valid_time,
        known_time,
    }
}

fn subject(word: &str) -> Subject {
    let name = &word[1..];
    match &word[..1] {
        "a" => Subject::Account(AccountId(name.parse().unwrap())),
        "d" => Subject::Device(DeviceId::of(name).unwrap()),
        "n" => Subject::NonUser(token(name)),
        _ => panic!("{word} is nobody"),
    }
}

fn token(name: &str) -> NumberToken {
    NumberToken::from_keyed_digest(&blake3::hash(name.as_bytes()))
}

fn kind<'a>(words: &mut impl Iterator<Item = &'a str>) -> EventKind {
    let mut word = || words.next().unwrap();
    match word() {
        "notice" => EventKind::NoticeServed {
            policy: PolicyId(word().parse().unwrap()),
            digest: TextDigest::of(word()),
        },
        "defer" => EventKind::Defer,
        "accept" => EventKind::Accept {
            share: word() == "on",
        },
        "register" => EventKind::Register,
        "opt_out" => EventKind::OptOut,
        "grant" => EventKind::Grant {
            purpose: Purpose::parse(word()).unwrap(),
            asked: false,
        },
        "grant_asked" => EventKind::Grant {
            purpose: Purpose::parse(word()).unwrap(),
            asked: true,
        },
        "grant_ads" => EventKind::GrantAds {
            level: AdLevel::parse(word()).unwrap(),
            asked: false,
        },
        "withdraw" => EventKind::Withdraw {
            purpose: Purpose::parse(word()).unwrap(),
        },
        "signal" => EventKind::Signal,
        "number_change" => EventKind::NumberChange,
        "recycled" => EventKind::Recycled,
        "delete" => EventKind::Delete,
        "non_user_objects" => EventKind::NonUserObjects,
        "non_user_joins" => EventKind::NonUserJoins,
        other => panic!("{other} is no event"),
    }
}

fn overlay(line: &str) -> Overlay {
    let words: Vec<&str> = line.split_whitespace().collect();
    Overlay {
        region: Region::parse(words[0]).unwrap(),
        purpose: Purpose::parse(words[1]).unwrap(),
        interval: Interval::new(time(words[2]), Some(time(words[3]))),
        effect: match words[4] {
            "deny" => OverlayEffect::Deny,
            "express" => OverlayEffect::Express(Express {
                since: time(words[5]),
                unnamed: AdLevel::parse(words[6]).unwrap(),
            }),
            _ => OverlayEffect::CutOff(time(words[5])),
        },
    }
}

fn link(line: &str) -> Owned {
    let (user, account) = line.split_once(' ').unwrap();
    Owned {
        user: UserId(user[1..].parse().unwrap()),
        account: AccountId(account[1..].parse().unwrap()),
    }
}

/// The facts of a case, and the usual ones for accounts that have none.
fn facts(lines: &[String], events: &[Event]) -> Vec<AccountFacts> {
    let mut rows: BTreeMap<AccountId, Vec<AccountFacts>> = BTreeMap::new();
    for event in events {
        if let Subject::Account(account) = event.subject {
            rows.insert(account, vec![usual(account, Region::parse("IN"))]);
        }
    }
    for line in lines {
        rows.insert(fact(line).account, Vec::new());
    }
    for line in lines.iter().filter(|line| !line.ends_with(" absent")) {
        let row = fact(line);
        rows.entry(row.account).or_default().push(row);
    }
    rows.into_values().flatten().collect()
}

fn usual(account: AccountId, number_region: Option<Region>) -> AccountFacts {
    AccountFacts {
        account,
        registered_at: time("2015-01-01"),
        last_seen_at: time("2030-01-01"),
        number_region,
        residence: None,
        device: None,
    }
}

fn fact(line: &str) -> AccountFacts {
    let mut words = line.split_whitespace();
    let account = AccountId(words.next().unwrap()[1..].parse().unwrap());
    let mut row = usual(account, None);
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        match name {
            "number" => row.number_region = Region::parse(value),
            "residence" => row.residence = Region::parse(value),
            "registered" => row.registered_at = time(value),
            "seen" => row.last_seen_at = time(value),
            "device" => row.device = DeviceId::of(value),
            _ => panic!("{name} is no fact"),
        }
    }
    row
}

/// Is a line of expectations true? If not, what is true instead.
fn expect(snapshot: &Snapshot, links: &[Owned], line: &str) -> Result<(), String> {
    let (who, what) = line.split_once(' ').unwrap();
    let (verb, answer) = what.split_once(' ').unwrap_or((what, "true"));
    let found: Vec<String> = match verb {
        "is" => vec![state(snapshot, who)],
        "underneath" => vec![status(snapshot, who).underneath().as_str().to_owned()],
        "pending" => vec![status(snapshot, who).pending().is_some().to_string()],
        "opted_out_ever" => vec![status(snapshot, who).opted_out_ever().to_string()],
        "flagged_late" => vec![status(snapshot, who).is_flagged_late().to_string()],
        purposes => purposes_of(purposes)
            .map(|purpose| decision(snapshot, links, who, purpose))
            .collect(),
    };
    let expected = match answer.strip_prefix("since ") {
        Some(since) => format!("since {}", time(since)),
        None => answer.to_owned(),
    };
    match found.into_iter().find(|found| *found != expected) {
        Some(other) => Err(other),
        None => Ok(()),
    }
}

fn state(snapshot: &Snapshot, who: &str) -> String {
    let state = match subject(who) {
        Subject::NonUser(token) => snapshot.non_user_state(&token),
        _ => status(snapshot, who).state(),
    };
    state.as_str().to_owned()
}

fn status<'a>(snapshot: &'a Snapshot, who: &str) -> &'a AccountStatus {
    snapshot
        .status(AccountId(who[1..].parse().unwrap()))
        .unwrap()
}

fn purposes_of(word: &str) -> impl Iterator<Item = Purpose> + use<> {
    match word {
        "toggle" => PurposeSet::TOGGLE,
        "everything" => Purpose::ALL.into_iter().collect(),
        one => PurposeSet::of(Purpose::parse(one).unwrap_or_else(|| panic!("{one}"))),
    }
    .iter()
}

fn decision(snapshot: &Snapshot, links: &[Owned], who: &str, purpose: Purpose) -> String {
    let id: u64 = who[1..].parse().unwrap();
    let decision = match purpose {
        Purpose::FriendSuggestions => asked::<FriendSuggestions>(snapshot, links, who, id),
        Purpose::AdRelevance => asked::<AdRelevance>(snapshot, links, who, id),
        Purpose::Abuse => asked::<Abuse>(snapshot, links, who, id),
        Purpose::Analytics => asked::<Analytics>(snapshot, links, who, id),
        Purpose::BusinessService => asked::<BusinessService>(snapshot, links, who, id),
        Purpose::BusinessMarketing => asked::<BusinessMarketing>(snapshot, links, who, id),
    };
    match decision {
        Decision::ALLOWED => "yes".to_owned(),
        Decision::Allowed { since } => format!("since {since}"),
        Decision::Denied(reason) => reason.to_string(),
    }
}

/// The gate's own answer: what every other room sees.
fn asked<P: For>(snapshot: &Snapshot, links: &[Owned], who: &str, id: u64) -> Decision {
    if who.starts_with('u') {
        snapshot.people::<P>(links).decision(UserId(id))
    } else {
        snapshot.accounts::<P>().decision(AccountId(id))
    }
}

macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn every_case_of_the_suite_is_run() {
            let suite = suite();
            let written: Vec<&str> = suite.case.iter().map(|case| case.name.as_str()).collect();
            assert_eq!(written, [$(stringify!($name)),*]);
        }
    };
}

cases! {
    notice_never_shown
    never_shown_but_refused
    notified_deferred_lapsed
    deferred_too_late
    late_accept_counts_like_accept
    accept_without_sharing
    first_door
    second_door_at_the_exact_second
    late_opt_out_is_only_recorded
    late_opt_out_is_honoured
    late_opt_out_recorded_decides_at_the_next_acceptance
    recorded_late_opt_out_takes_back_a_grant
    accept_opt_out_accept_version_two
    grant_ends_with_the_text_it_was_made_under
    new_version_is_pending_until_answered
    an_old_notice_changes_nothing
    a_second_accept_does_not_reopen_the_window
    opt_out_before_acceptance_is_remembered
    registered_after_the_cut
    registered_before_the_cut
    new_account_opts_out
    the_toggle_is_for_existing_users
    unknown_text
    unknown_policy
    one_id_two_stories
    one_id_told_twice
    asked_for_a_grant_too_early
    asked_for_a_grant_in_time
    granted_by_themselves
    withdrawn_the_next_moment
    opt_out_closes_grants
    a_grant_before_acceptance_is_none
    nobody_opts_out_of_abuse
    strict_profile
    held_until_the_window_ends
    region_unknown
    order_starts_while_running
    order_spares_newer_data
    an_order_lifts_no_opt_out
    known_after_publication
    clock_skew
    one_instant_restrictive_first
    daylight_saving_inside_the_window
    leap_day_inside_the_window
    one_person_two_numbers_one_out
    a_link_to_nobody
    events_without_facts
    facts_without_events
    signal_from_a_device
    signal_before_acceptance
    signal_on_a_former_device
    a_device_accepts_for_nobody
    two_people_swap_numbers
    recycled_number
    an_opt_out_outlives_its_account
    an_earlier_grant_lifts_no_later_opt_out
    a_grant_at_the_instant_of_the_opt_out_lifts_nothing
    a_living_account_that_opted_out_needs_its_own_grant
    an_unanswered_account_closes_the_others
    refused_after_the_end
    a_contradiction_is_not_settled_by_an_end
    deleted
    inactive
    stranger_objects_then_joins
    everyone_opts_out
    one_user_left
    limited_ads_are_chosen_and_lifted
    of_two_levels_at_one_instant_the_lesser
    limited_ads_outlive_new_terms_and_a_full_consent_does_not
    an_opt_out_is_more_than_a_level
    limited_ads_follow_the_person
    an_order_asks_for_explicit_consent
}
