//! Every bound of every rule, at it and just past it, and random worlds against the oracle.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::oracle::{Question, allows};
use super::*;
use crate::consent::testing::gate_of;
use crate::consent::{BusinessMarketing, BusinessService, Gate};
use crate::hash::HashMap;
use crate::ids::{AccountId, BusinessId, PortfolioId, Region, TemplateId};
use crate::signals::{
    Business, BusinessEvent, BusinessEventKind, BusinessOptIn, BusinessThread, MessageKind,
    PersonsWord, RawPhone, SendingLimit, StartedBy,
};
use crate::time::Timestamp;

/// Tables, and where numbers are.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) businesses: Vec<Business>,
    pub(super) threads: Vec<BusinessThread>,
    pub(super) opt_ins: Vec<BusinessOptIn>,
    pub(super) events: Vec<BusinessEvent>,
    pub(super) regions: HashMap<AccountId, Region>,
    pub(super) business_regions: HashMap<BusinessId, Region>,
}

/// Everybody in these worlds consents.
static SERVICE: LazyLock<Gate<BusinessService, AccountId>> =
    LazyLock::new(|| gate_of((0..60_000).map(AccountId)));
static MARKETING: LazyLock<Gate<BusinessMarketing, AccountId>> =
    LazyLock::new(|| gate_of((0..60_000).map(AccountId)));

static BOOK: LazyLock<RuleBook> = LazyLock::new(RuleBook::shipped);

const ONE: BusinessId = BusinessId(1);
const ME: AccountId = AccountId(7);

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(super) fn later(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_micros(time.micros() + seconds * 1_000_000)
}

const HOUR: i64 = 3_600;

impl World {
    /// One business, verified long ago, in a region without exceptions.
    pub(super) fn new() -> Self {
        let mut world = Self::default();
        world.add_business(1, None);
        world.place(ME, "BR");
        world
    }

    pub(super) fn add_business(&mut self, id: u64, portfolio: Option<u64>) -> &mut Business {
        self.business_regions
            .insert(BusinessId(id), Region::parse("BR").unwrap());
        self.businesses.push(Business {
            business_id: BusinessId(id),
            phone: RawPhone::default(),
            region: None,
            category: "shop".to_owned(),
            verified_at: Some(Timestamp::from_secs(0)),
            portfolio_id: portfolio.map(PortfolioId),
            tier: None,
            tier_since: None,
        });
        self.businesses.last_mut().unwrap()
    }

    pub(super) fn place(&mut self, account: AccountId, region: &str) {
        self.regions.insert(account, Region::parse(region).unwrap());
    }

    pub(super) fn write(&mut self, business: BusinessId, account: AccountId, when: Timestamp) {
        self.threads.push(BusinessThread {
            business_id: business,
            account_id: account,
            started_by: StartedBy::Person,
            started_at: when,
            last_from_person_at: None,
            entry_at: None,
            answered_at: None,
        });
    }

    pub(super) fn ask_for(
        &mut self,
        business: BusinessId,
        account: AccountId,
        kind: MessageKind,
        when: Timestamp,
    ) {
        self.opt_ins.push(BusinessOptIn {
            business_id: business,
            account_id: account,
            opted_in_at: when,
            opted_out_at: None,
            kind,
        });
    }

    pub(super) fn send(
        &mut self,
        business: BusinessId,
        account: AccountId,
        kind: MessageKind,
        when: Timestamp,
    ) {
        let what = BusinessEventKind::Sent { account, kind };
        self.events.push(BusinessEvent {
            business_id: business,
            what,
            at: when,
        });
    }

    pub(super) fn say(
        &mut self,
        business: BusinessId,
        account: AccountId,
        word: PersonsWord,
        when: Timestamp,
    ) {
        let what = BusinessEventKind::Said { account, word };
        self.events.push(BusinessEvent {
            business_id: business,
            what,
            at: when,
        });
    }

    /// What orders are made from.
    pub(super) fn signals<'a>(&'a self, none: &'a HashMap<BusinessId, f64>) -> Signals<'a> {
        Signals {
            businesses: &self.businesses,
            threads: &self.threads,
            opt_ins: &self.opt_ins,
            events: &self.events,
            service_spam: none,
            marketing_spam: none,
            regions: &self.regions,
            business_regions: &self.business_regions,
        }
    }

    /// Without anybody but some accounts.
    pub(super) fn only(&self, is_in: impl Fn(AccountId) -> bool) -> Self {
        let mut only = self.clone();
        only.threads.retain(|row| is_in(row.account_id));
        only.opt_ins.retain(|row| is_in(row.account_id));
        only.events.retain(|row| match row.what {
            BusinessEventKind::Sent { account, .. } | BusinessEventKind::Said { account, .. } => {
                is_in(account)
            }
            BusinessEventKind::TemplatePaused { .. } => true,
        });
        only
    }

    fn asked(
        &self,
        asked: AskedMessage,
        when: Timestamp,
        params: BusinessParams,
    ) -> Option<Verdict> {
        let none = HashMap::default();
        let signals = Signals {
            businesses: &self.businesses,
            threads: &self.threads,
            opt_ins: &self.opt_ins,
            events: &self.events,
            service_spam: &none,
            marketing_spam: &none,
            regions: &self.regions,
            business_regions: &self.business_regions,
        };
        let gates = BusinessGates {
            service: &SERVICE,
            marketing: &MARKETING,
        };
        let ruling = Ruling {
            book: &BOOK,
            params: &params.check().unwrap(),
            as_of: when,
        };
        let found = verdict(&signals, gates, ruling, asked)?;
        let question = Question {
            business: asked.business,
            account: asked.account,
            kind: asked.kind,
            at: when,
        };
        if asked.template.is_none() {
            assert_eq!(
                found.allowed,
                allows(self, question),
                "{asked:?} at {when}: {found:?}"
            );
        }
        Some(found)
    }

    /// What a check found, after the oracle agreed.
    fn found(&self, kind: MessageKind, when: Timestamp, check: Check) -> Answer {
        let asked = AskedMessage {
            business: ONE,
            account: ME,
            kind,
            template: None,
        };
        self.asked(asked, when, BusinessParams::default())
            .unwrap()
            .answer(check)
    }

    fn says(&self, kind: MessageKind, when: Timestamp, check: Check) -> ReachReason {
        match self.found(kind, when, check) {
            Answer::Says(reason) => reason,
            other => panic!("{check:?} finds {other:?}"),
        }
    }

    fn allowed(&self, kind: MessageKind, when: Timestamp) -> bool {
        let asked = AskedMessage {
            business: ONE,
            account: ME,
            kind,
            template: None,
        };
        self.asked(asked, when, BusinessParams::default())
            .unwrap()
            .allowed
    }
}

#[test]
fn a_service_window_lasts_24_hours_over_month_ends_and_clock_changes() {
    for wrote in [
        "2026-01-31T12:00:00Z",
        "2024-02-28T18:30:00Z",
        "2024-02-29T00:00:00Z",
        "2026-03-29T00:30:00+01:00",
        "2026-10-24T23:00:00-03:00",
        "2019-06-01T00:00:00Z",
        "2025-12-31T23:59:59Z",
    ] {
        let mut world = World::new();
        let wrote = at(wrote);
        world.write(ONE, ME, wrote);
        for (seconds, expected) in [
            (0, ReachReason::PersonWrote),
            (24 * HOUR - 1, ReachReason::PersonWrote),
            (24 * HOUR, ReachReason::WindowOver),
            (24 * HOUR + 1, ReachReason::WindowOver),
        ] {
            let when = later(wrote, seconds);
            assert_eq!(
                world.says(MessageKind::Service, when, Check::ServiceWindow),
                expected,
                "{when}"
            );
        }
    }
}

#[test]
fn each_message_starts_the_window_anew() {
    let mut world = World::new();
    let wrote = at("2026-05-01T00:00:00Z");
    world.write(ONE, ME, wrote);
    world.write(ONE, ME, later(wrote, 23 * HOUR));
    assert!(world.allowed(MessageKind::Service, later(wrote, 46 * HOUR)));
    assert!(!world.allowed(MessageKind::Service, later(wrote, 47 * HOUR)));
}

#[test]
fn an_entry_point_lasts_72_hours_if_answered_within_24() {
    let came = at("2026-02-27T09:00:00Z");
    for (answered, after, expected) in [
        (24 * HOUR - 1, 72 * HOUR - 1, ReachReason::EntryPointOpen),
        (24 * HOUR - 1, 72 * HOUR, ReachReason::EntryPointOver),
        (24 * HOUR, 1, ReachReason::EntryPointOver),
        (24 * HOUR + 1, 1, ReachReason::EntryPointOver),
        (0, 72 * HOUR - 1, ReachReason::EntryPointOpen),
    ] {
        let mut world = World::new();
        let answered = later(came, answered);
        world.threads.push(BusinessThread {
            business_id: ONE,
            account_id: ME,
            started_by: StartedBy::Business,
            started_at: came,
            last_from_person_at: None,
            entry_at: Some(came),
            answered_at: Some(answered),
        });
        let when = later(answered, after);
        assert_eq!(
            world.says(MessageKind::Service, when, Check::EntryPoint),
            expected,
            "{when}"
        );
        assert_eq!(world.allowed(MessageKind::Service, when), expected.allows());
    }
}

#[test]
fn outside_the_window_each_kind_has_to_be_asked_for_and_marketing_always() {
    let mut world = World::new();
    let now = at("2026-11-01T12:00:00Z");
    world.write(ONE, ME, later(now, -48 * HOUR));
    world.ask_for(ONE, ME, MessageKind::Utility, later(now, -HOUR));
    assert!(world.allowed(MessageKind::Utility, now));
    assert!(!world.allowed(MessageKind::Authentication, now));
    assert!(!world.allowed(MessageKind::Marketing, now));
    world.write(ONE, ME, later(now, -HOUR));
    assert!(
        world.allowed(MessageKind::Authentication, now),
        "inside the window"
    );
    assert!(
        !world.allowed(MessageKind::Marketing, now),
        "not even there"
    );
    world.ask_for(ONE, ME, MessageKind::Marketing, now);
    assert!(world.allowed(MessageKind::Marketing, now));
    world.opt_ins[1].opted_out_at = Some(now);
    assert!(
        !world.allowed(MessageKind::Marketing, now),
        "a tie goes to the person"
    );
}

/// A world in which the business started with so many people in the last hours.
fn started_with(people: u64, tier: Option<SendingLimit>, hours_ago: i64, now: Timestamp) -> World {
    let mut world = World::new();
    world.businesses[0].tier = tier;
    world.ask_for(ONE, ME, MessageKind::Utility, at("2019-01-01T00:00:00Z"));
    for account in 0..people {
        let when = later(now, -hours_ago * HOUR);
        world.send(ONE, AccountId(1_000 + account), MessageKind::Utility, when);
    }
    world
}

#[test]
fn limits_of_numbers_hold_at_their_height() {
    let now = at("2025-10-06T23:59:59Z");
    for (tier, most) in [
        (None, 250),
        (Some(SendingLimit::People(250)), 250),
        (Some(SendingLimit::People(1_000)), 1_000),
    ] {
        for (people, expected) in [
            (most - 1, ReachReason::BelowLimit),
            (most, ReachReason::LimitReached),
            (most + 1, ReachReason::LimitReached),
        ] {
            let world = started_with(people, tier, 1, now);
            assert_eq!(
                world.says(MessageKind::Utility, now, Check::Limit),
                expected,
                "{people}"
            );
        }
    }
    let world = started_with(400, Some(SendingLimit::Unlimited), 1, now);
    assert_eq!(
        world.says(MessageKind::Utility, now, Check::Limit),
        ReachReason::NoLimit
    );
}

#[test]
fn limits_of_portfolios_hold_at_theirs() {
    let now = at("2025-10-07T00:00:00Z");
    for (verified, most) in [(false, 250), (true, 2_000)] {
        for people in [most - 1, most, most + 1] {
            let mut world = started_with(people, None, 1, now);
            world.add_business(2, Some(5)).verified_at = None;
            world.businesses[0].portfolio_id = Some(PortfolioId(5));
            world.businesses[0].verified_at = verified.then(|| at("2024-01-01T00:00:00Z"));
            // Half of them by the other number, which shares the limit; some asked twice.
            for row in world.events.iter_mut().step_by(2) {
                row.business_id = BusinessId(2);
            }
            world.events.extend_from_within(..5);
            let expected = if people < most {
                ReachReason::BelowLimit
            } else {
                ReachReason::LimitReached
            };
            assert_eq!(
                world.says(MessageKind::Utility, now, Check::Limit),
                expected,
                "{people}"
            );
            let a_second_before = later(now, -1);
            let before = world.says(MessageKind::Utility, a_second_before, Check::Limit);
            let half = people.div_ceil(2) - people.div_ceil(2).min(people / 2) + people / 2;
            let own = u64::from(half > 0) * (people / 2);
            assert_eq!(
                before == ReachReason::BelowLimit,
                own < 250,
                "{people}: its own number's"
            );
        }
    }
}

#[test]
fn a_start_is_forgotten_after_exactly_24_hours() {
    let now = at("2026-02-28T23:00:00Z");
    for (seconds, expected) in [
        (24 * HOUR - 1, ReachReason::LimitReached),
        (24 * HOUR, ReachReason::BelowLimit),
    ] {
        let mut world = started_with(249, None, 1, now);
        world.businesses[0].verified_at = None;
        world.send(
            ONE,
            AccountId(9_999),
            MessageKind::Marketing,
            later(now, -seconds),
        );
        assert_eq!(
            world.says(MessageKind::Utility, now, Check::Limit),
            expected,
            "{seconds}"
        );
    }
}

#[test]
fn answers_start_nothing_and_nobody_is_started_with_twice() {
    let now = at("2026-02-28T23:00:00Z");
    let mut world = started_with(250, None, 1, now);
    world.businesses[0].verified_at = None;
    world.send(ONE, ME, MessageKind::Utility, later(now, -2 * HOUR));
    assert_eq!(
        world.says(MessageKind::Utility, now, Check::Limit),
        ReachReason::AlreadyStarted
    );
    let mut world = started_with(250, None, 1, now);
    world.businesses[0].verified_at = None;
    world.write(ONE, AccountId(1_000), later(now, -3 * HOUR));
    assert_eq!(
        world.says(MessageKind::Utility, now, Check::Limit),
        ReachReason::BelowLimit
    );
    world.write(ONE, ME, now);
    assert_eq!(
        world.says(MessageKind::Utility, now, Check::Limit),
        ReachReason::InsideWindow
    );
}

#[test]
fn two_thousand_delivered_at_high_quality_lead_up() {
    let now = at("2026-06-30T12:00:00Z");
    for (delivered, blocks, expected) in [
        (1_999, 0, ReachReason::LimitReached),
        (2_000, 0, ReachReason::BelowLimit),
        (2_001, 0, ReachReason::BelowLimit),
        (2_000, 3, ReachReason::LimitReached),
    ] {
        let mut world = World::new();
        world.businesses[0].verified_at = None;
        world.ask_for(ONE, ME, MessageKind::Utility, at("2019-01-01T00:00:00Z"));
        for account in 0..delivered {
            // 300 a day would be over the limit long since: most of them lie weeks back.
            let ago = if account < 260 { HOUR } else { 20 * 24 * HOUR };
            world.send(
                ONE,
                AccountId(10_000 + account),
                MessageKind::Utility,
                later(now, -ago),
            );
        }
        for account in 0..blocks {
            world.say(
                ONE,
                AccountId(10_000 + account),
                PersonsWord::Block,
                later(now, -HOUR),
            );
        }
        assert_eq!(
            world.says(MessageKind::Utility, now, Check::Limit),
            expected,
            "{delivered} {blocks}"
        );
    }
}

#[test]
fn half_a_limit_used_leads_up_after_6_hours() {
    let now = at("2026-06-30T12:00:00Z");
    for (used, ago, expected) in [
        (124, 7 * HOUR, ReachReason::LimitReached),
        (125, 7 * HOUR, ReachReason::BelowLimit),
        (125, 6 * HOUR, ReachReason::BelowLimit),
        (125, 6 * HOUR - 1, ReachReason::LimitReached),
    ] {
        let mut world = started_with(250 - used, None, 0, now);
        world.businesses[0].verified_at = None;
        for account in 0..used {
            world.send(
                ONE,
                AccountId(50_000 + account),
                MessageKind::Utility,
                later(now, -ago),
            );
        }
        assert_eq!(
            world.says(MessageKind::Utility, now, Check::Limit),
            expected,
            "{used} {ago}"
        );
    }
}

#[test]
fn low_quality_leads_down_until_october_2025() {
    for (now, blocks, expected) in [
        ("2025-10-06T23:59:59Z", 7, ReachReason::BelowLimit),
        ("2025-10-06T23:59:59Z", 8, ReachReason::LimitReached),
        ("2025-10-07T00:00:00Z", 8, ReachReason::BelowLimit),
    ] {
        let now = at(now);
        let mut world = started_with(251, Some(SendingLimit::People(1_000)), 1, now);
        for account in 0..blocks {
            world.say(
                ONE,
                AccountId(1_000 + account),
                PersonsWord::Report,
                later(now, -HOUR),
            );
        }
        assert_eq!(
            world.says(MessageKind::Utility, now, Check::Limit),
            expected,
            "{now} {blocks}"
        );
    }
}

/// Somebody who asked for marketing and was sent some.
fn marketed(sent: &[i64], now: Timestamp) -> World {
    let mut world = World::new();
    world.ask_for(ONE, ME, MessageKind::Marketing, at("2019-01-01T00:00:00Z"));
    for (business, &ago) in (10..).zip(sent) {
        world.add_business(business, None);
        world.send(
            BusinessId(business),
            ME,
            MessageKind::Marketing,
            later(now, -ago),
        );
    }
    world
}

#[test]
fn a_person_gets_two_a_day_of_all_businesses_together() {
    let now = at("2026-03-01T00:00:00Z");
    for (sent, expected) in [
        (&[HOUR][..], ReachReason::BelowCap),
        (&[HOUR, 24 * HOUR], ReachReason::BelowCap),
        (&[HOUR, 24 * HOUR - 1], ReachReason::CapReached),
        (&[HOUR, 2 * HOUR, 3 * HOUR], ReachReason::CapReached),
    ] {
        let world = marketed(sent, now);
        assert_eq!(
            world.says(MessageKind::Marketing, now, Check::Cap),
            expected,
            "{sent:?}"
        );
    }
}

#[test]
fn the_cap_begins_and_is_spared_on_its_days() {
    for (now, region, expected) in [
        ("2024-05-22T23:59:59Z", "DE", None),
        ("2024-05-23T00:00:00Z", "DE", Some(ReachReason::CapReached)),
        ("2026-04-28T23:59:59Z", "DE", Some(ReachReason::CapReached)),
        ("2026-04-29T00:00:00Z", "DE", Some(ReachReason::CapSpared)),
        ("2026-04-29T00:00:00Z", "JP", Some(ReachReason::CapSpared)),
        ("2026-04-29T00:00:00Z", "NO", Some(ReachReason::CapSpared)),
        ("2026-04-29T00:00:00Z", "CH", Some(ReachReason::CapReached)),
        ("2026-04-29T00:00:00Z", "BR", Some(ReachReason::CapReached)),
    ] {
        let now = at(now);
        let mut world = marketed(&[HOUR, 2 * HOUR], now);
        world.place(ME, region);
        let expected = expected.map_or(Answer::NoRuleKnown, Answer::Says);
        assert_eq!(
            world.found(MessageKind::Marketing, now, Check::Cap),
            expected,
            "{now} {region}"
        );
        world.place(ME, "BR");
        world
            .business_regions
            .insert(ONE, Region::parse(region).unwrap());
        assert_eq!(
            world.found(MessageKind::Marketing, now, Check::Cap),
            expected,
            "{now} {region}"
        );
    }
}

#[test]
fn a_reply_to_marketing_opens_24_hours_that_do_not_count() {
    let sent = at("2026-03-10T10:00:00Z");
    for (replied, after, expected) in [
        (HOUR, 24 * HOUR - 1, ReachReason::ReplyOpen),
        (HOUR, 24 * HOUR, ReachReason::CapReached),
        (24 * HOUR, 1, ReachReason::CapReached),
    ] {
        let mut world = marketed(&[], sent);
        world.send(ONE, ME, MessageKind::Marketing, sent);
        let replied = later(sent, replied);
        world.write(ONE, ME, replied);
        let now = later(replied, after);
        world.add_business(20, None);
        for n in 0..2 {
            world.send(
                BusinessId(20),
                ME,
                MessageKind::Marketing,
                later(now, -HOUR - n),
            );
        }
        assert_eq!(
            world.says(MessageKind::Marketing, now, Check::Cap),
            expected,
            "{now}"
        );
    }
}

#[test]
fn no_marketing_to_numbers_of_the_united_states_since_april_2025() {
    for (now, region, expected) in [
        ("2025-03-31T23:59:59Z", Some("US"), Answer::NoRuleKnown),
        (
            "2025-04-01T00:00:00Z",
            Some("US"),
            Answer::Says(ReachReason::RegionWithoutMarketing),
        ),
        (
            "2025-04-01T00:00:00Z",
            Some("GU"),
            Answer::Says(ReachReason::RegionWithoutMarketing),
        ),
        (
            "2025-04-01T00:00:00Z",
            Some("CA"),
            Answer::Says(ReachReason::RegionWithMarketing),
        ),
        (
            "2025-04-01T00:00:00Z",
            Some("JM"),
            Answer::Says(ReachReason::RegionWithMarketing),
        ),
        (
            "2025-04-01T00:00:00Z",
            Some("PR"),
            Answer::Says(ReachReason::RegionWithMarketing),
        ),
        (
            "2025-04-01T00:00:00Z",
            None,
            Answer::Says(ReachReason::RegionUnknown),
        ),
    ] {
        let mut world = marketed(&[], at(now));
        world.regions.clear();
        if let Some(region) = region {
            world.place(ME, region);
        }
        assert_eq!(
            world.found(MessageKind::Marketing, at(now), Check::Region),
            expected,
            "{now} {region:?}"
        );
    }
}

#[test]
fn templates_rest_for_3_hours_then_for_6_then_for_good() {
    let first = at("2026-10-31T22:00:00Z");
    let second = later(first, 24 * HOUR);
    let third = later(second, 24 * HOUR);
    let mut world = World::new();
    world.ask_for(ONE, ME, MessageKind::Utility, first);
    let template = TemplateId(4);
    for paused in [first, second, third] {
        let what = BusinessEventKind::TemplatePaused { template };
        world.events.push(BusinessEvent {
            business_id: ONE,
            what,
            at: paused,
        });
    }
    let (active, paused, disabled) = (
        ReachReason::TemplateActive,
        ReachReason::TemplatePaused,
        ReachReason::TemplateDisabled,
    );
    for (when, expected) in [
        (later(first, 0), paused),
        (later(first, 3 * HOUR - 1), paused),
        (later(first, 3 * HOUR), active),
        (later(second, 6 * HOUR - 1), paused),
        (later(second, 6 * HOUR), active),
        (later(third, 0), disabled),
        (later(third, 90 * 24 * HOUR), disabled),
    ] {
        let asked = AskedMessage {
            business: ONE,
            account: ME,
            kind: MessageKind::Utility,
            template: Some(template),
        };
        let found = world.asked(asked, when, BusinessParams::default()).unwrap();
        assert_eq!(
            found.answer(Check::Template),
            Answer::Says(expected),
            "{when}"
        );
        assert_eq!(found.allowed, expected.allows());
        let other = AskedMessage {
            template: Some(TemplateId(5)),
            ..asked
        };
        assert!(
            world
                .asked(other, when, BusinessParams::default())
                .unwrap()
                .allowed
        );
    }
}

#[test]
fn a_stop_holds_until_it_is_resumed_and_a_block_for_every_kind() {
    let now = at("2026-06-01T00:00:00Z");
    let mut world = marketed(&[], now);
    world.write(ONE, ME, later(now, -HOUR));
    let says = |world: &World, when| world.found(MessageKind::Marketing, when, Check::Stop);
    assert_eq!(says(&world, now), Answer::NotAsked);
    world.say(ONE, ME, PersonsWord::Stop, now);
    assert_eq!(says(&world, later(now, -1)), Answer::NotAsked);
    assert_eq!(says(&world, now), Answer::Says(ReachReason::Stopped));
    assert!(
        world.allowed(MessageKind::Service, now),
        "of marketing alone"
    );
    world.say(ONE, ME, PersonsWord::Resume, now);
    assert_eq!(
        says(&world, now),
        Answer::Says(ReachReason::Stopped),
        "a tie goes to the person"
    );
    world.say(ONE, ME, PersonsWord::Resume, later(now, 1));
    assert_eq!(
        says(&world, later(now, 1)),
        Answer::Says(ReachReason::Resumed)
    );
    world.say(ONE, ME, PersonsWord::Block, later(now, 2));
    assert!(!world.allowed(MessageKind::Service, later(now, 2)));
    world.say(ONE, ME, PersonsWord::Unblock, later(now, 3));
    assert!(world.allowed(MessageKind::Service, later(now, 3)));
    world.say(BusinessId(99), ME, PersonsWord::Block, later(now, 3));
    assert!(
        world.allowed(MessageKind::Service, later(now, 3)),
        "another business"
    );
}

#[test]
fn quiet_is_quiet_where_it_is_configured() {
    let now = at("2026-06-01T00:30:00Z");
    let world = marketed(&[], now);
    let asked = AskedMessage {
        business: ONE,
        account: ME,
        kind: MessageKind::Marketing,
        template: None,
    };
    let quiet = QuietHours {
        regions: vec!["BR".to_owned()],
        from: "21:00".to_owned(),
        until: "08:00".to_owned(),
        utc_offsets: vec!["-03:00".to_owned(), "-05:00".to_owned()],
        kinds: vec!["marketing".to_owned()],
    };
    let params = |quiet| BusinessParams {
        quiet,
        ..BusinessParams::default()
    };
    let none = world.asked(asked, now, params(Vec::new())).unwrap();
    assert_eq!(
        (none.allowed, none.answer(Check::Quiet)),
        (true, Answer::NotAsked)
    );
    let gates = gate_of((0..10).map(AccountId));
    let none = HashMap::default();
    let signals = Signals {
        businesses: &world.businesses,
        threads: &world.threads,
        opt_ins: &world.opt_ins,
        events: &world.events,
        service_spam: &none,
        marketing_spam: &none,
        regions: &world.regions,
        business_regions: &world.business_regions,
    };
    let ruling = Ruling {
        book: &RuleBook::shipped(),
        params: &params(vec![quiet]).check().unwrap(),
        as_of: now,
    };
    let both = BusinessGates {
        service: &gate_of((0..10).map(AccountId)),
        marketing: &gates,
    };
    let found = verdict(&signals, both, ruling, asked).unwrap();
    assert_eq!(
        (found.allowed, found.answer(Check::Quiet)),
        (false, Answer::Says(ReachReason::Quiet))
    );
}

#[test]
fn where_nothing_is_known_the_verdict_says_so() {
    let before = at("2019-05-31T23:59:59Z");
    let mut world = marketed(&[HOUR], before);
    world.write(ONE, ME, later(before, -29 * 24 * HOUR));
    for check in [Check::Region, Check::Cap, Check::Limit] {
        assert_eq!(
            world.found(MessageKind::Marketing, before, check),
            Answer::NoRuleKnown,
            "{check:?}"
        );
    }
    assert!(
        world.allowed(MessageKind::Service, before),
        "the configured window of 30 days"
    );
    assert!(!world.allowed(MessageKind::Service, later(before, 1)));
    let book = RuleBook::shipped();
    assert!(
        RuleName::ALL
            .iter()
            .all(|rule| book.at(before).known(*rule).is_none())
    );
    let today = book.at(at("2026-11-30T00:00:00Z"));
    let unknown: Vec<_> = RuleName::ALL
        .into_iter()
        .filter(|rule| today.known(*rule).is_none())
        .collect();
    assert_eq!(unknown, [RuleName::Downgrade], "there is none any more");
}

fn moment() -> impl Strategy<Value = Timestamp> {
    let around = prop::sample::select(vec![
        "2019-06-01T00:00:00Z",
        "2024-05-23T00:00:00Z",
        "2025-04-01T00:00:00Z",
        "2025-10-07T00:00:00Z",
        "2026-04-29T00:00:00Z",
    ]);
    // On a coarse grid, so that windows end exactly.
    (around, -60..60_i64).prop_map(|(around, hours)| later(at(around), hours * HOUR * 3))
}

pub(super) fn world() -> impl Strategy<Value = (World, Timestamp)> {
    let rows = prop::collection::vec(
        (0..12_u8, 1..4_u64, 0..4_u64, -40..2_i64, any::<bool>()),
        0..60,
    );
    let regions = prop::collection::vec(prop::sample::select(vec!["BR", "US", "DE", "CA", ""]), 8);
    let portfolios = prop::collection::vec(prop::option::of(1..3_u64), 3);
    (moment(), rows, regions, portfolios).prop_map(|(now, rows, regions, portfolios)| {
        let mut world = World::default();
        for (id, portfolio) in (1..).zip(portfolios) {
            world.add_business(id, portfolio).verified_at =
                (id != 3).then(|| Timestamp::from_secs(0));
        }
        for (account, region) in (0..).zip(&regions) {
            if !region.is_empty() {
                world.place(AccountId(account), region);
            }
        }
        for (what, business, account, ago, flag) in rows {
            let (business, account) = (BusinessId(business), AccountId(account));
            let when = later(now, ago * 2 * HOUR);
            let words = [
                PersonsWord::Stop,
                PersonsWord::Resume,
                PersonsWord::Block,
                PersonsWord::Unblock,
                PersonsWord::Report,
            ];
            match what {
                0..=1 => world.write(business, account, when),
                2..=4 => {
                    let kind = if flag {
                        MessageKind::Marketing
                    } else {
                        MessageKind::Utility
                    };
                    world.ask_for(business, account, kind, when);
                    let out = (what == 4).then(|| later(when, 4 * HOUR));
                    world.opt_ins.last_mut().unwrap().opted_out_at = out;
                }
                5..=8 => {
                    let kind = if flag {
                        MessageKind::Marketing
                    } else {
                        MessageKind::Authentication
                    };
                    world.send(business, account, kind, when);
                }
                9 => world.say(business, account, words[usize::from(flag)], when),
                10 => world.say(business, account, words[2 + usize::from(flag)], when),
                _ => {
                    world.write(business, account, later(when, -400 * HOUR));
                    let row = world.threads.last_mut().unwrap();
                    row.entry_at = Some(when);
                    row.answered_at = Some(later(when, if flag { 22 } else { 24 } * HOUR));
                }
            }
        }
        (world, now)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn prop_the_oracle_says_the_same((world, now) in world()) {
        for business in 1..4 {
            for account in 0..4 {
                for kind in MessageKind::ALL {
                    let asked = AskedMessage {
                        business: BusinessId(business),
                        account: AccountId(account),
                        kind,
                        template: None,
                    };
                    // The oracle is asked inside.
                    world.asked(asked, now, BusinessParams::default());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    /// Whoever allows neither purpose is in no count: of a limit, of a rating, of a cap.
    #[test]
    fn prop_whoever_is_out_changes_no_verdict((with, now) in world()) {
        let without = with.only(|account| account.0 != 1);
        let rows = |world: &World| {
            let none = HashMap::default();
            let signals = world.signals(&none);
            let those = [0, 2, 3, 4, 5, 6, 7].map(AccountId);
            let gates = BusinessGates {
                service: &gate_of(those),
                marketing: &gate_of(those),
            };
            let params = BusinessParams { quality_low: 0.3, quality_medium: 0.2, ..BusinessParams::default() };
            let ruling = Ruling {
                book: &BOOK,
                params: &params.check().unwrap(),
                as_of: now,
            };
            reach(&signals, gates, ruling).rows
        };
        prop_assert_eq!(rows(&with), rows(&without));
    }
}
