//! Random ledgers: order does not matter, a naive replay agrees, and an opt-out never opens anything.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::ids::{AccountId, DeviceId, EventId, Owned, Region, UserId};
use crate::time::Timestamp;

const ACCOUNTS: u64 = 3;

fn day(days: i64) -> Timestamp {
    Timestamp::from_micros(0).plus_days(days)
}

fn policies() -> Vec<PolicyVersion> {
    [(1, 10, 40), (2, 200, 230)]
        .map(|(policy, announced, accept_by)| PolicyVersion {
            policy: PolicyId(policy),
            texts: vec![(
                "en".to_owned(),
                TextDigest([u8::try_from(policy).unwrap(); 32]),
            )],
            announced_at: day(announced),
            accept_by: day(accept_by),
            window_days: 30,
            cohort_cut: day(announced + 5),
        })
        .to_vec()
}

fn overlays() -> Vec<Overlay> {
    let order = |region: &str, purpose, effect| Overlay {
        region: Region::parse(region).unwrap(),
        purpose,
        interval: crate::time::Interval::new(day(100), Some(day(300))),
        effect,
    };
    vec![
        order("DE", Purpose::FriendSuggestions, OverlayEffect::Deny),
        order("DE", Purpose::AdRelevance, OverlayEffect::CutOff(day(90))),
        order("FR", Purpose::AdRelevance, OverlayEffect::CutOff(day(95))),
        order("IN", Purpose::AdRelevance, express(160, AdLevel::Limited)),
        order("IN", Purpose::Analytics, express(120, AdLevel::Full)),
    ]
}

fn express(since: i64, unnamed: AdLevel) -> OverlayEffect {
    let since = day(since);
    OverlayEffect::Express(Express { since, unnamed })
}

fn facts() -> Vec<AccountFacts> {
    let region = Region::parse;
    let row = |account, registered, seen, number_region, residence, device| AccountFacts {
        account: AccountId(account),
        registered_at: day(registered),
        last_seen_at: day(seen),
        number_region,
        residence,
        device: DeviceId::of(device),
    };
    vec![
        row(0, 0, 900, region("IN"), None, "shared"),
        row(1, 12, 250, region("DE"), region("FR"), "shared"),
        row(2, 0, 900, None, None, "own"),
    ]
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(Purpose::ALL.to_vec())
}

/// Mostly notices and answers, so that the states behind them are reached.
fn kind() -> impl Strategy<Value = EventKind> {
    let notice = |policy: u32, text: u8| EventKind::NoticeServed {
        policy: PolicyId(policy),
        digest: TextDigest([text; 32]),
    };
    prop_oneof![
        8 => prop::sample::select(vec![notice(1, 1), notice(1, 1), notice(2, 2)]),
        1 => prop::sample::select(vec![notice(1, 2), notice(3, 1)]),
        8 => prop::sample::select(vec![true, true, false]).prop_map(|share| EventKind::Accept { share }),
        5 => prop::sample::select(vec![
            EventKind::Defer,
            EventKind::Register,
            EventKind::OptOut,
            EventKind::Signal,
            EventKind::NumberChange,
            EventKind::NonUserObjects,
        ]),
        4 => (purpose(), any::<bool>()).prop_map(|(purpose, asked)| EventKind::Grant { purpose, asked }),
        2 => (prop::sample::select(vec![AdLevel::Limited, AdLevel::Full]), any::<bool>())
            .prop_map(|(level, asked)| EventKind::GrantAds { level, asked }),
        2 => purpose().prop_map(|purpose| EventKind::Withdraw { purpose }),
        1 => prop::sample::select(vec![EventKind::Recycled, EventKind::Delete]),
    ]
}

/// Mostly one account, so that its story gets long.
fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        6 => Just(Subject::Account(AccountId(0))),
        3 => (1..ACCOUNTS).prop_map(|account| Subject::Account(AccountId(account))),
        1 => prop::sample::select(vec!["shared", "own"])
            .prop_map(|device| Subject::Device(DeviceId::of(device).unwrap())),
    ]
}

/// Times on a coarse grid, so that ties and exact deadlines happen.
fn event() -> impl Strategy<Value = Event> {
    (0..200_u64, subject(), kind(), 0..60_i64, -2..20_i64).prop_map(
        |(id, subject, kind, valid, delay)| Event {
            event_id: EventId(id),
            subject,
            kind,
            valid_time: day(valid * 10),
            known_time: day((valid + delay) * 10),
        },
    )
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 0..24)
}

fn params() -> impl Strategy<Value = ValidConsentParams> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(strict, hold, record_only)| {
        let params = ConsentParams {
            profile: if strict {
                Profile::OptIn
            } else {
                Profile::NoticeAndOptOut
            },
            hold_until_window_end: hold,
            late_opt_out: if record_only {
                LateOptOut::RecordOnly
            } else {
                LateOptOut::Honour
            },
        };
        params.check().unwrap()
    })
}

fn as_of() -> impl Strategy<Value = AsOf> {
    (0..62_i64, prop_oneof![0..80_i64, Just(80)]).prop_map(|(valid, known)| AsOf {
        valid: day(valid * 10),
        known: day(known * 10),
    })
}

fn snapshot(events: &[Event], as_of: AsOf, params: ValidConsentParams) -> Snapshot {
    Ledger::new(policies(), overlays(), events.to_vec()).snapshot(as_of, &facts(), &params)
}

fn allows(decision: Decision) -> bool {
    matches!(decision, Decision::Allowed { .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn prop_order_does_not_matter(
        (events, shuffled) in events().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())),
        repeats in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        as_of in as_of(),
        params in params(),
    ) {
        let mut shuffled = shuffled;
        if !events.is_empty() {
            shuffled.extend(repeats.iter().map(|index| *index.get(&events)));
        }
        let (left, right) = (snapshot(&events, as_of, params), snapshot(&shuffled, as_of, params));
        prop_assert_eq!(left.statuses(), right.statuses());
        prop_assert_eq!(left.digest(), right.digest());
        let ledger = |events| Ledger::new(policies(), overlays(), events).digest();
        prop_assert_eq!(ledger(events), ledger(shuffled));
    }

    #[test]
    fn prop_what_is_not_yet_known_changes_nothing(
        events in events(), as_of in as_of(), params in params(),
    ) {
        let known: Vec<Event> =
            events.iter().filter(|e| e.known_time <= as_of.known).copied().collect();
        prop_assert_eq!(
            snapshot(&known, as_of, params).digest(),
            snapshot(&events, as_of, params).digest()
        );
    }

    #[test]
    fn prop_an_opt_out_never_opens_anything(
        events in events(),
        account in 0..ACCOUNTS,
        valid in 0..60_i64,
        known in 0..60_i64,
        as_of in as_of(),
        params in params(),
        links in prop::collection::vec((0..2_u64, 0..ACCOUNTS), 0..4),
    ) {
        let mut with = events.clone();
        with.push(Event {
            event_id: EventId(1_000_000),
            subject: Subject::Account(AccountId(account)),
            kind: EventKind::OptOut,
            valid_time: day(valid * 10),
            known_time: day(known * 10),
        });
        let links: Vec<_> = links.into_iter().map(|(u, a)| Owned { user: UserId(u), account: AccountId(a) }).collect();
        let (before, after) = (snapshot(&events, as_of, params), snapshot(&with, as_of, params));
        for purpose in PurposeSet::TOGGLE.iter() {
            for status in after.statuses() {
                let held = before.status(status.account()).map(|s| s.decision(purpose));
                prop_assert!(!allows(status.decision(purpose)) || held.is_some_and(allows));
            }
        }
        for user in [0, 1].map(UserId) {
            let people = |s: &Snapshot| s.people::<AdRelevance>(&links).decision(user);
            prop_assert!(!allows(people(&after)) || allows(people(&before)));
            let people = |s: &Snapshot| s.people::<FriendSuggestions>(&links).decision(user);
            prop_assert!(!allows(people(&after)) || allows(people(&before)));
        }
    }

    #[test]
    fn oracle_a_status_is_the_one_of_the_list(events in events(), as_of in as_of(), params in params()) {
        let snapshot = snapshot(&events, as_of, params);
        for id in (0..ACCOUNTS + 3).chain([u64::MAX]).map(AccountId) {
            let of_list = snapshot.statuses().iter().find(|status| status.account() == id);
            prop_assert_eq!(snapshot.status(id), of_list);
        }
    }

    #[test]
    fn oracle_naive_replay(events in events(), as_of in as_of(), params in params()) {
        let snapshot = snapshot(&events, as_of, params);
        for row in facts() {
            let status = snapshot.status(row.account).unwrap();
            let naive = Naive::replay(&events, &row, as_of, params);
            prop_assert_eq!(status.underneath().as_str(), naive.state(as_of.valid));
            prop_assert_eq!(status.opted_out_ever(), !naive.ever.is_empty());
            for purpose in Purpose::ALL {
                prop_assert_eq!(
                    status.decision(purpose),
                    naive.decide(purpose, &row, as_of.valid, params),
                    "{} {:?}", purpose, naive
                );
            }
        }
    }
}

/// The rules once more, written as one long story with no thought of speed or shape.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "naive on purpose: one flag per fact"
)]
struct Naive {
    touched: bool,
    broken: bool,
    noticed: Option<u32>,
    deferred: bool,
    accepted: Option<(u32, Timestamp)>,
    registered: Option<u32>,
    pending: Option<u32>,
    superseded: bool,
    gone: Option<Timestamp>,
    refused: BTreeSet<Purpose>,
    granted: BTreeMap<Purpose, Timestamp>,
    /// Every choice of a level that counts.
    chose: Vec<(Timestamp, AdLevel)>,
    ever: BTreeSet<Purpose>,
    last_refusal: Option<Timestamp>,
}

const BOTH: [Purpose; 2] = [Purpose::FriendSuggestions, Purpose::AdRelevance];

impl Naive {
    fn replay(
        events: &[Event],
        row: &AccountFacts,
        as_of: AsOf,
        params: ValidConsentParams,
    ) -> Self {
        let mut naive = Self::default();
        let events: Vec<&Event> = events
            .iter()
            .filter(|e| e.known_time <= as_of.known)
            .collect();
        let mine = |event: &Event| match event.subject {
            Subject::Account(account) => account == row.account,
            Subject::Device(device) => Some(device) == row.device,
            Subject::NonUser(_) => false,
        };
        let is_conflict = |a: &Event| {
            events.iter().any(|b| {
                a.event_id == b.event_id
                    && (a.subject, a.kind, a.valid_time) != (b.subject, b.kind, b.valid_time)
            })
        };
        let is_contradicted = events
            .iter()
            .any(|&event| mine(event) && is_conflict(event));
        naive.broken = is_contradicted;
        naive.touched = is_contradicted;
        // Of a repeated event the one first known; a map by payload also puts everything in order.
        let mut once = BTreeMap::new();
        for event in events
            .iter()
            .filter(|e| mine(e) && e.valid_time <= as_of.valid)
        {
            let carries = matches!(event.kind, EventKind::Signal | EventKind::OptOut);
            if matches!(event.subject, Subject::Account(_)) || carries {
                let key = (event.event_id, event.subject, event.kind, event.valid_time);
                let known = once.entry(key).or_insert(event.known_time);
                *known = event.known_time.min(*known);
            }
        }
        let mut sorted: Vec<_> = once
            .into_iter()
            .map(|((id, _, kind, at), known)| (at, order_at_one_instant(&kind), known, id, kind))
            .collect();
        sorted.sort();
        for (at, .., kind) in sorted {
            naive.happen(kind, at, row, params);
        }
        if is_contradicted {
            (naive.superseded, naive.gone) = (false, None);
        }
        let silent_since = row.last_seen_at.plus_days(120);
        if silent_since <= as_of.valid && !naive.superseded {
            naive.gone = Some(
                naive
                    .gone
                    .map_or(silent_since, |gone| gone.min(silent_since)),
            );
        }
        naive
    }

    fn happen(
        &mut self,
        kind: EventKind,
        at: Timestamp,
        row: &AccountFacts,
        params: ValidConsentParams,
    ) {
        let ended = self.superseded || self.gone.is_some();
        let alive = !ended && !self.broken;
        let in_terms = self.accepted.map(|(p, _)| p).or(self.registered);
        match kind {
            EventKind::NoticeServed { policy, digest } if alive => {
                let known = policies()
                    .iter()
                    .any(|v| v.policy == policy && v.texts.iter().any(|t| t.1 == digest));
                if !known {
                    self.broken = true;
                } else if let Some(held) = in_terms {
                    if policy.0 > held {
                        self.pending = self.pending.max(Some(policy.0));
                    }
                } else if self.noticed < Some(policy.0) {
                    self.noticed = Some(policy.0);
                    self.deferred = false;
                }
                self.touched = true;
            }
            EventKind::Defer if alive && in_terms.is_none() => {
                let open = self.noticed.is_some_and(|p| at < version(p).accept_by);
                self.deferred |= open;
            }
            EventKind::Accept { share } => {
                let question = if in_terms.is_some() {
                    self.pending
                } else {
                    self.noticed
                };
                let question = question.filter(|_| alive);
                if !share && question.is_none() {
                    self.happen(EventKind::OptOut, at, row, params);
                } else if !share {
                    self.refuse(&BOTH, at);
                }
                if let Some(policy) = question
                    && row.registered_at < version(policy).cohort_cut
                {
                    self.accepted = Some((policy, at));
                    self.pending = None;
                    self.granted.clear();
                    self.chose.retain(|(_, level)| *level == AdLevel::Limited);
                    self.refused = self.ever.clone();
                }
            }
            EventKind::Register if alive && self.noticed.is_none() && in_terms.is_none() => {
                let newest = policies().into_iter().rfind(|v| v.cohort_cut <= at);
                self.registered = newest.map(|v| v.policy.0);
                self.touched |= self.registered.is_some();
            }
            EventKind::OptOut => {
                let window = self.accepted.map(|(_, since)| since.plus_days(30));
                let late = alive && in_terms.is_some() && window.is_none_or(|end| end < at);
                if late && params.late_opt_out() == LateOptOut::RecordOnly {
                    self.ever.extend(BOTH);
                    self.last_refusal = Some(at);
                    self.touched = true;
                    let granted: Vec<_> = BOTH
                        .into_iter()
                        .filter(|p| self.granted.contains_key(p))
                        .collect();
                    self.refuse(&granted, at);
                } else {
                    self.refuse(&BOTH, at);
                }
            }
            EventKind::NonUserObjects => self.refuse(&BOTH, at),
            EventKind::Signal => self.refuse(&[Purpose::AdRelevance], at),
            EventKind::Withdraw { purpose } if purpose != Purpose::Abuse => {
                self.refuse(&[purpose], at);
            }
            EventKind::Grant { purpose, asked } if alive && in_terms.is_some() => {
                let rested = self.last_refusal.is_none_or(|no| no.plus_days(365) <= at);
                if rested || !asked {
                    self.granted.insert(purpose, at);
                    self.refused.remove(&purpose);
                }
            }
            EventKind::GrantAds { level, asked } => {
                let rested = self.last_refusal.is_none_or(|no| no.plus_days(365) <= at);
                let counts = alive && in_terms.is_some() && (rested || !asked);
                if counts || level == AdLevel::Limited {
                    self.chose.push((at, level));
                    self.touched = true;
                }
                let purpose = Purpose::AdRelevance;
                self.happen(EventKind::Grant { purpose, asked }, at, row, params);
            }
            EventKind::Recycled if self.gone.is_none() => self.superseded = true,
            EventKind::Delete if !self.superseded => self.gone = self.gone.or(Some(at)),
            _ => {}
        }
        self.touched |= matches!(kind, EventKind::Recycled | EventKind::Delete);
    }

    fn refuse(&mut self, purposes: &[Purpose], at: Timestamp) {
        for purpose in purposes {
            self.granted.remove(purpose);
            self.refused.insert(*purpose);
            self.ever.insert(*purpose);
            self.last_refusal = Some(at);
            self.touched = true;
        }
    }

    fn state(&self, at: Timestamp) -> &'static str {
        if self.superseded {
            return "superseded";
        }
        if let Some(since) = self.gone {
            let deleted = since.plus_days(30) <= at;
            return if deleted {
                "deleted"
            } else {
                "deletion_pending"
            };
        }
        if self.broken {
            return "invalidated";
        }
        let accepted = self.accepted.is_some() || self.registered.is_some();
        match (accepted, self.noticed) {
            (false, None) => "not_notified",
            (false, Some(p)) if version(p).accept_by <= at => "lapsed",
            (false, Some(_)) if self.deferred => "deferred",
            (false, Some(_)) => "notified",
            (true, _) if !self.granted.is_empty() => "granted",
            (true, _) if !self.refused.is_empty() => "opted_out",
            (true, _) if self.accepted.is_none() => "new_accepted",
            (true, _) if self.window_open(at) => "accepted_window_open",
            (true, _) => "accepted_window_over",
        }
    }

    /// Is there a choice of limited ads that no later choice of all takes back?
    fn is_limited(&self) -> bool {
        self.chose.iter().any(|(limited, level)| {
            let lifts =
                |(at, level): &(Timestamp, AdLevel)| *level == AdLevel::Full && at > limited;
            *level == AdLevel::Limited && !self.chose.iter().any(lifts)
        })
    }

    fn window_open(&self, at: Timestamp) -> bool {
        self.accepted
            .is_some_and(|(_, since)| at <= since.plus_days(30))
    }

    fn decide(
        &self,
        purpose: Purpose,
        row: &AccountFacts,
        at: Timestamp,
        params: ValidConsentParams,
    ) -> Decision {
        let unheard = !self.touched && self.gone.is_none();
        let no = |name: &str| {
            let mut all = DenialReason::ALL.into_iter();
            Decision::Denied(all.find(|reason| reason.as_str() == name).unwrap())
        };
        if unheard {
            return no("no_record");
        }
        let strict = params.profile() == Profile::OptIn
            || (row.number_region.is_none() && row.residence.is_none());
        let hold = params.hold_until_window_end() && self.window_open(at);
        let asked_for = !matches!(
            purpose,
            Purpose::BusinessService | Purpose::BusinessMarketing
        );
        let own = match self.state(at) {
            "granted"
            | "opted_out"
            | "new_accepted"
            | "accepted_window_open"
            | "accepted_window_over" => {
                if purpose == Purpose::Abuse || self.granted.contains_key(&purpose) {
                    Decision::ALLOWED
                } else if self.refused.contains(&purpose) {
                    no("opted_out")
                } else if strict && asked_for {
                    no("not_granted")
                } else if hold && BOTH.contains(&purpose) {
                    no("held_until_window_end")
                } else {
                    Decision::ALLOWED
                }
            }
            other => no(other),
        };
        let own = if purpose == Purpose::AdRelevance && self.is_limited() {
            own.stricter(no("limited_level"))
        } else {
            own
        };
        overlays()
            .iter()
            .filter(|o| {
                day(100) <= at
                    && at < day(300)
                    && [row.number_region, row.residence].contains(&Some(o.region))
            })
            .map(|o| match o.effect {
                _ if purpose == Purpose::BusinessMarketing => no("suspended"),
                OverlayEffect::Deny if o.purpose == purpose => no("suspended"),
                OverlayEffect::CutOff(since) if o.purpose == purpose => Decision::Allowed { since },
                OverlayEffect::Express(asks) if o.purpose == purpose => {
                    match self.granted.get(&purpose) {
                        Some(given) if *given >= asks.since => {
                            let is_full = |(at, level): &(Timestamp, AdLevel)| {
                                *level == AdLevel::Full && *at >= asks.since
                            };
                            let is_named = self.chose.iter().any(is_full);
                            if purpose != Purpose::AdRelevance
                                || asks.unnamed == AdLevel::Full
                                || is_named
                            {
                                Decision::ALLOWED
                            } else {
                                no("limited_level")
                            }
                        }
                        _ => no("not_granted"),
                    }
                }
                _ => Decision::ALLOWED,
            })
            .fold(own, Decision::stricter)
    }
}

fn version(policy: u32) -> PolicyVersion {
    let mut all = policies().into_iter();
    all.find(|v| v.policy.0 == policy).unwrap()
}

fn order_at_one_instant(kind: &EventKind) -> u8 {
    match kind.as_str() {
        "notice_served" | "number_change" => 1,
        "register" | "grant" => 2,
        "accept" if *kind == (EventKind::Accept { share: true }) => 2,
        _ => 0,
    }
}
