//! What was sent and said until an instant, counted as the rules of that instant count it.
//!
//! Only what the accounts' consent allows for a purpose is counted for it, so there is one count for service and one for marketing.

use super::book::{LimitPer, WayUp};
use super::desk::Contacted;
use super::eligibility::Signals;
use super::in_force::InForce;
use super::params::ValidBusinessParams;
use super::sender::Sender;
use super::span::Span;
use crate::consent::{For, Gate, Purpose};
use crate::hash::{HashMap, HashSet};
use crate::ids::{AccountId, BusinessId};
use crate::signals::{
    Business, BusinessEventKind, MessageKind, PersonsWord, SendingLimit, StartedBy,
};
use crate::time::Timestamp;

/// Blocks and reports count for a rating for so long.
const QUALITY: Span = Span::days(7);

/// A person and a business, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Met {
    business: BusinessId,
    account: AccountId,
    at: Timestamp,
}

/// Limit and use of a business at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whose limit it is.
    pub(super) whose: Sender,
    pub(super) started: u32,
    pub(super) limit: Option<SendingLimit>,
}

/// What one purpose may count at an instant.
pub(super) struct Counts {
    standing: HashMap<BusinessId, Standing>,
    started: HashSet<(Sender, AccountId)>,
    marketing: HashMap<AccountId, u32>,
    reply_until: HashMap<(BusinessId, AccountId), Timestamp>,
}

impl Counts {
    /// Counts what a gate lets through.
    ///
    /// # Complexity
    /// O(n log n) for n threads and events.
    pub(super) fn new<P: For>(
        signals: &Signals<'_>,
        businesses: &HashMap<BusinessId, &Business>,
        gate: &Gate<P, AccountId>,
        rules: &InForce<'_>,
        params: &ValidBusinessParams,
    ) -> Self {
        let happened = Happened::new(signals, gate, rules.at);
        let per = rules.messaging_limit();
        let per = per.map_or(LimitPer::Number, |limit| limit.per);
        let whose: HashMap<BusinessId, Sender> = businesses
            .values()
            .map(|business| (business.business_id, Sender::of(business, per)))
            .collect();
        let started = happened.started(rules);
        let limits = Limits {
            sent: by_whose(&happened.sent, &whose),
            started: by_whose(&started, &whose),
            bad: by_whose(&happened.bad, &whose),
            whose: &whose,
            rules,
            params,
        };
        let replies = happened.replies(rules);
        Self {
            standing: limits.standing(businesses),
            started: limits.people_in_window(),
            marketing: happened.marketing_that_counts(rules, &replies),
            reply_until: replies.open_until(rules),
        }
    }

    pub(super) fn standing(&self, business: BusinessId) -> Standing {
        let none = Standing {
            whose: Sender::Number(business),
            started: 0,
            limit: None,
        };
        self.standing.get(&business).copied().unwrap_or(none)
    }

    pub(super) fn is_started(&self, whose: Sender, account: AccountId) -> bool {
        self.started.contains(&(whose, account))
    }

    pub(super) fn marketing(&self, account: AccountId) -> u32 {
        self.marketing.get(&account).copied().unwrap_or(0)
    }

    pub(super) fn reply_until(
        &self,
        business: BusinessId,
        account: AccountId,
    ) -> Option<Timestamp> {
        self.reply_until.get(&(business, account)).copied()
    }
}

/// Events and writes that a gate lets through, each list ascending.
struct Happened {
    /// Messages that are no answers.
    sent: Vec<Met>,
    /// Those of marketing, where that is the purpose: nothing else is capped.
    marketing: Vec<Met>,
    /// Blocks and reports.
    bad: Vec<Met>,
    /// The person wrote.
    wrote: Vec<Met>,
}

impl Happened {
    fn new<P: For>(signals: &Signals<'_>, gate: &Gate<P, AccountId>, until: Timestamp) -> Self {
        let mut happened = Self {
            sent: Vec::new(),
            marketing: Vec::new(),
            bad: Vec::new(),
            wrote: Vec::new(),
        };
        let passes = |met: &Met| {
            let contacted = Contacted {
                account: met.account,
                at: met.at,
            };
            met.at <= until && gate.permit(contacted).is_ok()
        };
        for row in signals.events {
            let (account, into): (_, &mut [&mut Vec<Met>]) = match row.what {
                BusinessEventKind::Sent { account, kind } => match kind {
                    MessageKind::Service => continue,
                    MessageKind::Utility | MessageKind::Authentication => {
                        (account, &mut [&mut happened.sent])
                    }
                    MessageKind::Marketing if P::PURPOSE == Purpose::BusinessMarketing => {
                        (account, &mut [&mut happened.sent, &mut happened.marketing])
                    }
                    MessageKind::Marketing => (account, &mut [&mut happened.sent]),
                },
                BusinessEventKind::Said {
                    account,
                    word: PersonsWord::Block | PersonsWord::Report,
                } => (account, &mut [&mut happened.bad]),
                BusinessEventKind::Said { .. } | BusinessEventKind::TemplatePaused { .. } => {
                    continue;
                }
            };
            let met = Met {
                business: row.business_id,
                account,
                at: row.at,
            };
            if passes(&met) {
                for list in into.iter_mut() {
                    list.push(met);
                }
            }
        }
        for row in signals.threads {
            let first = (row.started_by == StartedBy::Person).then_some(row.started_at);
            for at in first.into_iter().chain(row.last_from_person_at) {
                let met = Met {
                    business: row.business_id,
                    account: row.account_id,
                    at,
                };
                happened.wrote.extend(Some(met).filter(passes));
            }
        }
        let lists = [
            &mut happened.sent,
            &mut happened.marketing,
            &mut happened.bad,
            &mut happened.wrote,
        ];
        for list in lists {
            list.sort_unstable();
        }
        happened
    }

    /// When the person last wrote until an instant, as far as is known.
    fn wrote_before(&self, to: &Met) -> Option<Timestamp> {
        last_of(&self.wrote, to)
    }

    /// Messages that began something: outside the window of an answer.
    fn started(&self, rules: &InForce<'_>) -> Vec<Met> {
        let window = rules.service_window();
        let is_answer = |met: &&Met| {
            let wrote = self.wrote_before(met);
            wrote
                .zip(window)
                .is_some_and(|(wrote, window)| met.at < window.after(wrote))
        };
        self.sent
            .iter()
            .filter(|met| !is_answer(met))
            .copied()
            .collect()
    }

    /// The replies to marketing: what the person wrote a short while after it.
    fn replies(&self, rules: &InForce<'_>) -> Replies {
        let Some(cap) = rules.marketing_cap() else {
            return Replies::default();
        };
        let open = cap.reply;
        let is_reply = |wrote: &&Met| {
            let sent = last_of(&self.marketing, wrote);
            sent.is_some_and(|sent| wrote.at < open.after(sent))
        };
        Replies {
            all: self.wrote.iter().filter(is_reply).copied().collect(),
            open: Some(open),
        }
    }

    fn marketing_that_counts(
        &self,
        rules: &InForce<'_>,
        replies: &Replies,
    ) -> HashMap<AccountId, u32> {
        let mut counts = HashMap::default();
        let Some(cap) = rules.marketing_cap() else {
            return counts;
        };
        for met in &self.marketing {
            if cap.window.holds(met.at, rules.at) && !replies.is_open(met) {
                *counts.entry(met.account).or_default() += 1;
            }
        }
        counts
    }
}

/// The last moment among ascending ones between the same two until an instant.
fn last_of(all: &[Met], to: &Met) -> Option<Timestamp> {
    let after = all.partition_point(|met| met <= to);
    let last = all[..after].last()?;
    ((last.business, last.account) == (to.business, to.account)).then_some(last.at)
}

#[derive(Default)]
struct Replies {
    /// Ascending.
    all: Vec<Met>,
    open: Option<Span>,
}

impl Replies {
    fn is_open(&self, met: &Met) -> bool {
        let last = last_of(&self.all, met);
        last.zip(self.open)
            .is_some_and(|(last, open)| met.at < open.after(last))
    }

    fn open_until(&self, rules: &InForce<'_>) -> HashMap<(BusinessId, AccountId), Timestamp> {
        let Some(open) = self.open else {
            return HashMap::default();
        };
        // Ascending, so the last one stays.
        let ends = self
            .all
            .iter()
            .map(|met| ((met.business, met.account), open.after(met.at)));
        ends.filter(|(_, until)| rules.at < *until).collect()
    }
}

/// When whom, of those who share a limit.
type ByWhose = HashMap<Sender, Vec<(Timestamp, AccountId)>>;

fn by_whose(all: &[Met], whose: &HashMap<BusinessId, Sender>) -> ByWhose {
    let mut by_whose = ByWhose::default();
    for met in all {
        if let Some(whose) = whose.get(&met.business) {
            by_whose
                .entry(*whose)
                .or_default()
                .push((met.at, met.account));
        }
    }
    by_whose
}

/// What decides how many people a business may start with.
struct Limits<'a> {
    sent: ByWhose,
    started: ByWhose,
    bad: ByWhose,
    whose: &'a HashMap<BusinessId, Sender>,
    rules: &'a InForce<'a>,
    params: &'a ValidBusinessParams,
}

/// What is told of those who share a limit.
#[derive(Clone, Copy, Default)]
struct Told {
    limit: Option<SendingLimit>,
    is_verified: bool,
}

/// How those who share a limit are rated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quality {
    High,
    /// Or nobody was reached, so that nothing can be said.
    Medium,
    Low,
}

impl Limits<'_> {
    fn standing(
        &self,
        businesses: &HashMap<BusinessId, &Business>,
    ) -> HashMap<BusinessId, Standing> {
        let mut told: HashMap<Sender, Told> = HashMap::default();
        let at = self.rules.at;
        for business in businesses.values() {
            let told = told.entry(self.whose[&business.business_id]).or_default();
            let is_told = business.tier_since.is_none_or(|since| since <= at);
            told.limit = told.limit.max(business.tier.filter(|_| is_told));
            told.is_verified |= business.verified_at.is_some_and(|verified| verified <= at);
        }
        let of_whose: HashMap<Sender, Standing> = told
            .iter()
            .map(|(whose, told)| (*whose, self.of(*whose, *told)))
            .collect();
        let all = self.whose.iter();
        all.map(|(business, whose)| (*business, of_whose[whose]))
            .collect()
    }

    fn of(&self, whose: Sender, told: Told) -> Standing {
        let Some(rule) = self.rules.messaging_limit() else {
            return Standing {
                whose,
                started: 0,
                limit: None,
            };
        };
        let at = self.rules.at;
        Standing {
            whose,
            started: people(&self.started, whose, rule.window, at),
            limit: Some(self.limit(whose, told, rule.tiers)),
        }
    }

    fn limit(&self, whose: Sender, told: Told, tiers: &[u32]) -> SendingLimit {
        let level_of = |people: u32| {
            tiers
                .partition_point(|tier| *tier <= people)
                .saturating_sub(1)
        };
        let mut level = match told.limit {
            None => 0,
            Some(SendingLimit::People(people)) => level_of(people),
            Some(SendingLimit::Unlimited) => tiers.len(),
        };
        if let Some(way) = self.rules.way_up() {
            if told.is_verified || self.has_delivered(whose, way) {
                level = level.max(level_of(way.verified_to));
            }
            level += usize::from(self.has_used_half(whose, way, tiers.get(level)));
        }
        if let Some(levels) = self.rules.downgrade()
            && self.quality(whose, self.rules.at) == Quality::Low
        {
            level = level.saturating_sub(levels as usize);
        }
        let tier = tiers.get(level).copied();
        tier.map_or(SendingLimit::Unlimited, SendingLimit::People)
    }

    fn has_delivered(&self, whose: Sender, way: &WayUp) -> bool {
        let at = self.rules.at;
        let reached = people(&self.started, whose, Span::days(way.delivered_days), at);
        reached >= way.delivered && self.quality(whose, at) == Quality::High
    }

    /// Did the conditions for a level more hold some hours ago?
    fn has_used_half(&self, whose: Sender, way: &WayUp, limit: Option<&u32>) -> bool {
        let then = Span::hours(way.after_hours).before(self.rules.at);
        limit.is_some_and(|limit| {
            let used = people(&self.started, whose, Span::days(way.used_days), then);
            u64::from(used) * 2 >= u64::from(*limit) && self.quality(whose, then) == Quality::High
        })
    }

    /// By the share of people reached who blocked or reported.
    fn quality(&self, whose: Sender, at: Timestamp) -> Quality {
        let reached = people(&self.sent, whose, QUALITY, at);
        let bad = people(&self.bad, whose, QUALITY, at);
        if reached == 0 {
            return Quality::Medium;
        }
        let share = f64::from(bad) / f64::from(reached);
        if share >= self.params.quality_low() {
            Quality::Low
        } else if share >= self.params.quality_medium() {
            Quality::Medium
        } else {
            Quality::High
        }
    }

    /// Everybody started with in the window of the limit.
    fn people_in_window(&self) -> HashSet<(Sender, AccountId)> {
        let Some(rule) = self.rules.messaging_limit() else {
            return HashSet::default();
        };
        let all = self
            .started
            .iter()
            .flat_map(|(whose, met)| met.iter().map(|(at, account)| (*at, (*whose, *account))));
        let here = all.filter(|(at, _)| rule.window.holds(*at, self.rules.at));
        here.map(|(_, one)| one).collect()
    }
}

/// How many different people are in a moving window.
fn people(all: &ByWhose, whose: Sender, window: Span, until: Timestamp) -> u32 {
    let own = all.get(&whose).into_iter().flatten();
    let own = own.filter(|(at, _)| window.holds(*at, until));
    let own: HashSet<AccountId> = own.map(|(_, account)| *account).collect();
    u32::try_from(own.len()).unwrap_or(u32::MAX)
}
