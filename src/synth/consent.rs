//! What people were told and what they answered: the ledger's tables.
//!
//! Of the accounts that existed when the new terms were announced, about 88 % accept with sharing left on,
//! 6 % turn it off at once, 4 % opt out within thirty days (one in six of those at the very second of the
//! deadline) and a few later; the rest never answer, answer late, or were never told. Accounts registered
//! afterwards never had the toggle. Around it: numbers change hands, accounts go, devices signal, some
//! people ask for a purpose and take it back, and some people without an account object.

use rand::Rng;

use super::accounts::{Account, Accounts, Fate};
use super::books::n_strangers;
use super::calendar::{
    ACCEPT_BY, ANNOUNCED, AS_OF, BRITISH_PAUSE, GERMAN_ORDER, INDIAN_ORDER, WINDOW_DAYS,
};
use super::draw::{Stream, Topic, between, chance, pick, spread_id, stream, weighted, within_days};
use super::numbers::{Number, PLANS, stranger};
use super::params::ValidSynthParams;
use super::people::Society;
use super::profiles::region;
use crate::consent::{
    Event, EventKind, Overlay, OverlayEffect, PolicyId, Purpose, Subject, TextDigest,
};
use crate::ids::{EventId, Region};
use crate::signals::{ConsentEventRow, PolicyText, RawPhone};
use crate::time::{Interval, Timestamp};

/// The one policy of a synthetic world.
const POLICY: PolicyId = PolicyId(1);

/// The texts people were shown.
const TEXTS: [(&str, &str); 3] = [
    (
        "de",
        "Neue Nutzungsbedingungen: Kontodaten teilen? (Beispieltext)",
    ),
    (
        "en",
        "New terms: share my account information? (sample text)",
    ),
    (
        "pt",
        "Novos termos: compartilhar os dados da minha conta? (texto de exemplo)",
    ),
];

/// The texts of the terms, by locale.
pub(super) fn policy_texts() -> Vec<PolicyText> {
    let text = |&(locale, text): &(&str, &str)| PolicyText {
        policy: POLICY,
        locale: locale.to_owned(),
        digest: TextDigest::of(text),
        announced_at: ANNOUNCED,
        accept_by: ACCEPT_BY,
        window_days: WINDOW_DAYS,
        cohort_cut: ANNOUNCED,
    };
    TEXTS.iter().map(text).collect()
}

/// The orders in force: Germany and the United Kingdom closed, India open for new data only.
pub(super) fn overlays() -> Vec<Overlay> {
    let orders = [
        ("DE", GERMAN_ORDER, OverlayEffect::Deny),
        ("GB", BRITISH_PAUSE, OverlayEffect::Deny),
        ("IN", INDIAN_ORDER, OverlayEffect::CutOff(ACCEPT_BY)),
    ];
    let purposes = [Purpose::FriendSuggestions, Purpose::AdRelevance];
    let order = |(region, from, effect)| {
        let region = Region::parse(region).expect("two letters");
        purposes.map(|purpose| Overlay {
            region,
            purpose,
            interval: Interval::new(from, None),
            effect,
        })
    };
    orders.into_iter().flat_map(order).collect()
}

/// Every event, in the order in which the ledger learned of them.
pub(super) fn consent_events(
    params: &ValidSynthParams,
    society: &Society,
    accounts: &Accounts,
) -> Vec<ConsentEventRow> {
    let mut log = Log {
        seed: params.seed(),
        rng: stream(params.seed(), Topic::Consent),
        rows: Vec::with_capacity(accounts.all.len() * 9 / 4),
        n_before: 0,
    };
    for account in &accounts.all {
        log.add_history(account);
    }
    for _ in 0..society.people.len().div_ceil(150) {
        log.add_objection(n_strangers(society));
    }
    log.rows.sort_by_key(known);
    log.rows
}

/// Events of accounts that all accept, in the order in which the ledger learned of them.
pub(super) fn acceptances(seed: u64, accounts: &[Account]) -> Vec<ConsentEventRow> {
    let mut log = Log {
        seed,
        rng: stream(seed, Topic::AttackersConsent),
        rows: Vec::with_capacity(accounts.len() * 2),
        n_before: ADDED_FROM,
    };
    for account in accounts {
        if account.registered_at >= ANNOUNCED {
            log.push(account, EventKind::Register, account.registered_at);
        } else {
            let notice = within_days(&mut log.rng, ANNOUNCED, 20);
            let digest = TextDigest::of(text_for(account));
            let policy = POLICY;
            log.push(account, EventKind::NoticeServed { policy, digest }, notice);
            let answer = between(&mut log.rng, notice, ACCEPT_BY);
            log.push(account, EventKind::Accept { share: true }, answer);
        }
    }
    log.rows.sort_by_key(known);
    log.rows
}

/// Where events of added accounts are counted from: a world has fewer others.
const ADDED_FROM: usize = 1 << 38;

fn known(row: &ConsentEventRow) -> (Timestamp, EventId) {
    match row {
        ConsentEventRow::Known(event) => (event.known_time, event.event_id),
        ConsentEventRow::NonUser {
            known_time,
            event_id,
            ..
        } => (*known_time, *event_id),
    }
}

struct Log {
    seed: u64,
    rng: Stream,
    rows: Vec<ConsentEventRow>,
    /// Events are counted from here.
    n_before: usize,
}

impl Log {
    fn add_history(&mut self, account: &Account) {
        if account.registered_at >= ANNOUNCED {
            self.add_newcomer(account);
        } else if chance(&mut self.rng, 0.985) {
            self.add_answer(account);
        }
        self.add_fate(account);
        if chance(&mut self.rng, 0.004) {
            self.add_signal(account);
        }
    }

    fn add_newcomer(&mut self, account: &Account) {
        self.push(account, EventKind::Register, account.registered_at);
        if chance(&mut self.rng, 0.3) {
            self.add_joining(account.first, account.registered_at);
        }
        if chance(&mut self.rng, 0.02) {
            let at = between(&mut self.rng, account.registered_at, AS_OF);
            self.push(account, EventKind::OptOut, at);
        }
    }

    fn add_answer(&mut self, account: &Account) {
        let notice = within_days(&mut self.rng, ANNOUNCED, 20);
        let digest = TextDigest::of(text_for(account));
        let policy = POLICY;
        self.push(account, EventKind::NoticeServed { policy, digest }, notice);
        let answer = between(&mut self.rng, notice, ACCEPT_BY);
        match weighted(&mut self.rng, &[0.905, 0.06, 0.015, 0.012, 0.008]) {
            0 => self.add_acceptance(account, answer),
            1 => self.push(account, EventKind::Accept { share: false }, answer),
            2 => {
                self.push(account, EventKind::Defer, answer);
                let later = between(&mut self.rng, answer, AS_OF.plus_days(-3));
                self.add_acceptance(account, later);
            }
            3 => {
                let late = between(&mut self.rng, ACCEPT_BY, AS_OF.plus_days(-3));
                self.add_acceptance(account, late);
            }
            _ => {}
        }
    }

    fn add_acceptance(&mut self, account: &Account, at: Timestamp) {
        self.push(account, EventKind::Accept { share: true }, at);
        let deadline = at.plus_days(i64::from(WINDOW_DAYS));
        match weighted(&mut self.rng, &[0.945, 0.037, 0.008, 0.01]) {
            0 => self.add_wish(account, at),
            1 => {
                let out = between(&mut self.rng, at, deadline);
                self.add_refusal(account, out);
            }
            2 => self.add_refusal(account, deadline),
            _ => {
                let late = between(&mut self.rng, deadline, AS_OF);
                self.add_refusal(account, late);
            }
        }
    }

    fn add_refusal(&mut self, account: &Account, at: Timestamp) {
        self.push(account, EventKind::OptOut, at);
        // A few change their mind again, by themselves and for one purpose only.
        if chance(&mut self.rng, 0.06) {
            self.add_grant(account, at);
        }
    }

    fn add_wish(&mut self, account: &Account, at: Timestamp) {
        if chance(&mut self.rng, 0.01) {
            self.add_grant(account, at);
        }
    }

    fn add_grant(&mut self, account: &Account, after: Timestamp) {
        let purposes = [
            Purpose::FriendSuggestions,
            Purpose::AdRelevance,
            Purpose::Analytics,
        ];
        let purpose = *pick(&mut self.rng, &purposes);
        let at = between(&mut self.rng, after, AS_OF);
        self.push(
            account,
            EventKind::Grant {
                purpose,
                asked: false,
            },
            at,
        );
        if chance(&mut self.rng, 0.3) {
            let back = between(&mut self.rng, at, AS_OF);
            self.push(account, EventKind::Withdraw { purpose }, back);
        }
    }

    fn add_fate(&mut self, account: &Account) {
        if let Some((at, _)) = account.moved {
            self.push(account, EventKind::NumberChange, at);
        }
        match account.fate {
            Fate::Deleted(at) => self.push(account, EventKind::Delete, at),
            Fate::Recycled(at) => self.push(account, EventKind::Recycled, at),
            Fate::Alive | Fate::Abandoned => {}
        }
    }

    fn add_signal(&mut self, account: &Account) {
        if let Some(device) = account.device.facts(self.seed).device_id {
            let at = between(&mut self.rng, ANNOUNCED, AS_OF);
            self.push_about(Subject::Device(device), EventKind::Signal, at);
        }
    }

    fn add_objection(&mut self, n_strangers: usize) {
        let plan = weighted(&mut self.rng, &PLANS.map(|p| p.weight));
        let plan = u8::try_from(plan).expect("a handful of plans");
        let number = stranger(plan, n_strangers, &mut self.rng);
        let at = between(&mut self.rng, ANNOUNCED, AS_OF);
        self.push_non_user(number, EventKind::NonUserObjects, at);
    }

    fn add_joining(&mut self, number: Number, at: Timestamp) {
        self.push_non_user(number, EventKind::NonUserJoins, at);
    }

    /// An event about an account, unless the account no longer uses the messenger by then.
    fn push(&mut self, account: &Account, kind: EventKind, at: Timestamp) {
        let ends = matches!(kind, EventKind::Delete | EventKind::Recycled);
        if ends || at <= account.last_seen_at {
            self.push_about(Subject::Account(account.id), kind, at);
        }
    }

    fn push_about(&mut self, subject: Subject, kind: EventKind, valid_time: Timestamp) {
        let (event_id, known_time) = self.arrival(valid_time);
        self.rows.push(ConsentEventRow::Known(Event {
            event_id,
            subject,
            kind,
            valid_time,
            known_time,
        }));
    }

    fn push_non_user(&mut self, number: Number, kind: EventKind, valid_time: Timestamp) {
        let (event_id, known_time) = self.arrival(valid_time);
        self.rows.push(ConsentEventRow::NonUser {
            phone: RawPhone::new(number.international()),
            region: region(number.plan),
            event_id,
            kind,
            valid_time,
            known_time,
        });
    }

    /// The next event's id, and when the ledger learns of it: mostly within a minute, at times days later.
    fn arrival(&mut self, valid_time: Timestamp) -> (EventId, Timestamp) {
        let late = if chance(&mut self.rng, 0.02) {
            3 * 86_400
        } else {
            60
        };
        let delay = self.rng.gen_range(0..late) * 1_000_000;
        let known_time = Timestamp::from_micros(valid_time.micros() + delay);
        let event_id = EventId(spread_id(self.seed, 6, self.n_before + self.rows.len()));
        (event_id, known_time)
    }
}

fn text_for(account: &Account) -> &'static str {
    let locale = match PLANS[usize::from(account.first.plan)].region {
        "DE" => "de",
        "BR" => "pt",
        _ => "en",
    };
    let found = TEXTS.iter().find(|(l, _)| *l == locale);
    found.expect("every locale above has a text").1
}
