//! Campaigns that run at once: caps and limits that hold whoever asks first.
//!
//! A verdict says what holds at a moment; between two verdicts and two messages another campaign may have sent its own. Here the
//! question and the count are one step: whoever is admitted is counted before anybody else is asked.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::in_force::InForce;
use super::rules::ReachReason;
use super::sender::Sender;
use super::span::Span;
use crate::hash::{HashMap, mix_two};
use crate::ids::AccountId;
use crate::time::Timestamp;

/// Locks of each kind; a power of two.
const SHARDS: usize = 64;

/// A message about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Whose limit it counts towards.
    pub sender: Sender,
    /// To whom.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// The height of the cap on marketing per person; none if the message is no marketing or the cap does not count it.
    pub cap: Option<u32>,
    /// With how many people the sender may start; none if it has no limit or starts nothing.
    pub limit: Option<u32>,
}

/// What was admitted within the windows of the rules.
///
/// Moments of a person, and of a sender, never go back: a message with an earlier one than was asked about last is counted at that
/// one. Memory is for what lies within the windows, and one entry for each person and sender.
#[derive(Debug)]
pub struct Admissions {
    cap_window: Span,
    limit_window: Span,
    people: Vec<Mutex<HashMap<AccountId, Person>>>,
    senders: Vec<Mutex<HashMap<Sender, Started>>>,
}

/// Marketing that reached one person, by time.
#[derive(Debug)]
struct Person {
    times: VecDeque<Timestamp>,
    /// When was asked last: what lies further back than a window is forgotten, so nobody can be asked about before.
    now: Timestamp,
}

/// Whom one sender started with: each once, with the last time; and every time in order.
#[derive(Debug)]
struct Started {
    last: HashMap<AccountId, Timestamp>,
    times: VecDeque<(Timestamp, AccountId)>,
    /// As of a person.
    now: Timestamp,
}

impl Admissions {
    /// Nothing admitted yet, under the rules of a moment; 24 hours where none is known.
    #[must_use]
    pub fn new(rules: &InForce<'_>) -> Self {
        let day = Span::hours(24);
        Self {
            cap_window: rules.marketing_cap().map_or(day, |cap| cap.window),
            limit_window: rules.messaging_limit().map_or(day, |limit| limit.window),
            people: (0..SHARDS).map(|_| Mutex::default()).collect(),
            senders: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Admits a message and counts it, or says what it would exceed and counts nothing. Returns the moment it is counted at.
    ///
    /// # Errors
    /// [`ReachReason::CapReached`] or [`ReachReason::LimitReached`].
    ///
    /// # Complexity
    /// O(1) amortised; two locks, always in one order.
    pub fn admit(&self, sending: &Sending) -> Result<Timestamp, ReachReason> {
        let mut people = lock(&self.people, sending.account.0);
        let mut senders = lock(&self.senders, sending.sender.bits());
        let person = people.entry(sending.account).or_insert_with(Person::new);
        let started = senders.entry(sending.sender).or_insert_with(Started::new);
        let at = sending.at.max(person.now).max(started.now);
        person.go_to(at, self.cap_window);
        started.go_to(at, self.limit_window);
        if sending
            .cap
            .is_some_and(|cap| person.times.len() >= cap as usize)
        {
            return Err(ReachReason::CapReached);
        }
        let is_new = !started.last.contains_key(&sending.account);
        if is_new
            && sending
                .limit
                .is_some_and(|most| started.last.len() >= most as usize)
        {
            return Err(ReachReason::LimitReached);
        }
        if sending.cap.is_some() {
            person.times.push_back(at);
        }
        if sending.limit.is_some() {
            started.last.insert(sending.account, at);
            started.times.push_back((at, sending.account));
        }
        Ok(at)
    }
}

fn lock<T>(shards: &[Mutex<T>], bits: u64) -> MutexGuard<'_, T> {
    let at = usize::try_from(mix_two(0xAD_417, bits) % SHARDS as u64).unwrap_or(0);
    // Whoever panicked while counting had changed nothing or everything.
    shards[at].lock().unwrap_or_else(PoisonError::into_inner)
}

impl Person {
    const fn new() -> Self {
        Self {
            times: VecDeque::new(),
            now: Timestamp::MIN,
        }
    }

    fn go_to(&mut self, now: Timestamp, window: Span) {
        self.now = now;
        while self.times.front().is_some_and(|at| !window.holds(*at, now)) {
            self.times.pop_front();
        }
    }
}

impl Started {
    fn new() -> Self {
        Self {
            last: HashMap::default(),
            times: VecDeque::new(),
            now: Timestamp::MIN,
        }
    }

    fn go_to(&mut self, now: Timestamp, window: Span) {
        self.now = now;
        while let Some(&(at, account)) = self.times.front() {
            if window.holds(at, now) {
                break;
            }
            self.times.pop_front();
            if self.last.get(&account) == Some(&at) {
                self.last.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use rayon::prelude::*;

    use super::*;
    use crate::business::RuleBook;
    use crate::ids::PortfolioId;

    const DAY: i64 = 86_400_000_000;

    fn admissions() -> Admissions {
        let book = RuleBook::shipped();
        Admissions::new(&book.at(Timestamp::parse("2026-05-01T00:00:00Z").unwrap()))
    }

    fn sending(sender: u64, account: u64, secs: i64) -> Sending {
        Sending {
            sender: Sender::Portfolio(PortfolioId(sender)),
            account: AccountId(account),
            at: Timestamp::from_secs(1_800_000_000 + secs),
            cap: Some(2),
            limit: Some(3),
        }
    }

    #[test]
    fn a_place_is_free_again_after_exactly_24_hours() {
        let admissions = admissions();
        let ask = |sender, secs| admissions.admit(&sending(sender, 1, secs)).map(|_| ());
        assert_eq!((ask(1, 0), ask(2, 10)), (Ok(()), Ok(())));
        assert_eq!(ask(3, 86_399), Err(ReachReason::CapReached));
        assert_eq!(ask(3, 86_400), Ok(()));
        assert_eq!(ask(3, 86_409), Err(ReachReason::CapReached));
    }

    #[test]
    fn whoever_was_started_with_takes_no_second_place() {
        let admissions = admissions();
        let ask = |account, secs| {
            let sending = sending(1, account, secs);
            let utility = Sending {
                cap: None,
                ..sending
            };
            admissions.admit(&utility).map(|_| ())
        };
        for account in [1, 2, 3, 1, 2] {
            assert_eq!(ask(account, 0), Ok(()), "{account}");
        }
        assert_eq!(ask(4, 1), Err(ReachReason::LimitReached));
        assert_eq!(ask(1, 86_000), Ok(()), "it counts from then on");
        assert_eq!(ask(4, 86_400), Ok(()));
        assert_eq!(
            (ask(5, 86_401), ask(6, 86_402)),
            (Ok(()), Err(ReachReason::LimitReached))
        );
    }

    #[derive(Clone, Copy, Debug)]
    struct Sent {
        sending: Sending,
        at: i64,
    }

    /// Every window that ends with something that was admitted.
    fn holds(sent: &[Sent]) -> bool {
        sent.iter().all(|last| {
            let here = |one: &&Sent| one.at <= last.at && last.at - one.at < DAY;
            let to_person = |one: &&Sent| {
                one.sending.account == last.sending.account && one.sending.cap.is_some()
            };
            let n_marketing = sent.iter().filter(here).filter(to_person).count();
            let by_sender = |one: &&Sent| {
                one.sending.sender == last.sending.sender && one.sending.limit.is_some()
            };
            let people: BTreeSet<AccountId> = sent
                .iter()
                .filter(here)
                .filter(by_sender)
                .map(|one| one.sending.account)
                .collect();
            let cap = last
                .sending
                .cap
                .is_none_or(|cap| n_marketing <= cap as usize);
            cap && last
                .sending
                .limit
                .is_none_or(|limit| people.len() <= limit as usize)
        })
    }

    fn campaigns() -> impl Strategy<Value = Vec<Vec<Sending>>> {
        let one = (0..4_u64, 0..12_u64, 0..50_i64, any::<bool>(), any::<bool>());
        let one = one.prop_map(|(sender, account, hours, is_marketing, is_start)| {
            let mut one = sending(sender, account, hours * 3_600);
            one.cap = one.cap.filter(|_| is_marketing);
            one.limit = one.limit.filter(|_| is_start);
            one
        });
        prop::collection::vec(prop::collection::vec(one, 0..60), 1..6)
    }

    proptest! {
        #[test]
        fn prop_caps_hold_across_campaigns_that_run_at_once(campaigns in campaigns()) {
            let admissions = admissions();
            let sent: Vec<Sent> = campaigns
                .par_iter()
                .with_max_len(1)
                .flat_map_iter(|campaign| campaign.iter().filter_map(|&sending| {
                    let at = admissions.admit(&sending).ok()?.micros();
                    Some(Sent { sending, at })
                }))
                .collect();
            prop_assert!(holds(&sent), "{sent:?}");
        }
    }

    #[test]
    fn many_threads_at_one_person_leave_two() {
        let admissions = admissions();
        let sent = (0..2_000_u32).into_par_iter().with_max_len(1);
        let sent = sent
            .filter(|n| admissions.admit(&sending(u64::from(*n), 1, 0)).is_ok())
            .count();
        assert_eq!(sent, 2);
    }
}
