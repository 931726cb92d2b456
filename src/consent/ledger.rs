//! The ledger: every event, in the one order in which they count.
//!
//! Within a subject events are ordered by `(valid_time, restrictive first, known_time, event_id)`, so any
//! permutation of the same events is the same ledger. *Restrictive first* ranks acts at one instant:
//! refusals and endings, then notices and moves, then acceptances and grants.
//!
//! A repeated `event_id` with the same payload (subject, kind, `valid_time`) is a no-op and keeps the
//! earliest `known_time`. With different payloads nobody can say which is true: from the moment the
//! second payload is known, every subject named under that id is invalidated, and what any of the
//! payloads refuses is kept.

use super::digest;
use super::event::{Event, EventKind, Overlay, OverlayEffect, PolicyVersion, Subject};
use super::history::{Flaw, History};
use super::policies::Policies;
use crate::ids::{AccountId, DeviceId, EventId, NumberToken};
use crate::time::Timestamp;

/// Every event, policy and order, sorted once; answers questions by replay.
#[derive(Clone, Debug)]
pub struct Ledger {
    policies: Policies,
    /// As given, sorted, for the digest.
    versions: Vec<PolicyVersion>,
    overlays: Vec<Overlay>,
    /// By subject, then in the order in which they count.
    entries: Vec<Entry>,
    /// The store it came from cannot be relied on: nobody's consent can.
    is_broken: bool,
}

/// A line of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::consent) struct Entry {
    pub(in crate::consent) subject: Subject,
    pub(in crate::consent) valid_time: Timestamp,
    rank: u8,
    pub(in crate::consent) known_time: Timestamp,
    pub(in crate::consent) event_id: EventId,
    pub(in crate::consent) what: What,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::consent) enum What {
    /// The ledger contradicts itself about this subject.
    Conflict,
    /// Something happened.
    Happened(EventKind),
}

impl Ledger {
    /// A ledger from events in any order, repeated or not.
    ///
    /// # Complexity
    /// O(n log n) time for n events, O(n) space.
    #[must_use]
    pub fn new(
        mut policies: Vec<PolicyVersion>,
        mut overlays: Vec<Overlay>,
        events: Vec<Event>,
    ) -> Self {
        for version in &mut policies {
            version.texts.sort_unstable();
            version.texts.dedup();
        }
        policies.sort_by(|a, b| version_key(a).cmp(&version_key(b)));
        policies.dedup();
        overlays.sort_unstable_by_key(overlay_key);
        overlays.dedup();
        Self {
            policies: Policies::new(policies.clone()),
            versions: policies,
            overlays,
            entries: entries(events),
            is_broken: false,
        }
    }

    /// Everything a store holds, in memory.
    ///
    /// # Errors
    /// If the store cannot be read.
    ///
    /// # Complexity
    /// As [`new`](Self::new).
    pub fn from_history<H: History>(history: &H) -> Result<Self, H::Error> {
        let mut events = history.others()?;
        history.accounts(&mut |batch| events.extend(batch))?;
        let ledger = Self::new(history.policies()?, history.overlays()?, events);
        Ok(ledger.with_flaws(history.flaws()?))
    }

    /// The same ledger, knowing what its store cannot vouch for.
    ///
    /// # Complexity
    /// O((n + f) log (n + f)) time for n events and f flaws.
    #[must_use]
    pub fn with_flaws(mut self, flaws: impl IntoIterator<Item = Flaw>) -> Self {
        for flaw in flaws {
            match flaw {
                Flaw::Everybody => self.is_broken = true,
                Flaw::About {
                    subject,
                    known_time,
                } => self.entries.push(Entry::flaw(subject, known_time)),
            }
        }
        self.entries.sort_unstable();
        self.entries.dedup();
        self
    }

    /// The same ledger, knowing that it lacks something about some accounts: an event that could not be read,
    /// for example, which may have been an opt-out. They are invalidated, whatever else it says of them.
    ///
    /// # Complexity
    /// O((n + g) log (n + g)) time for n events and g accounts.
    #[must_use]
    pub fn with_gaps(self, accounts: impl IntoIterator<Item = AccountId>) -> Self {
        self.with_flaws(accounts.into_iter().map(|account| Flaw::About {
            subject: Subject::Account(account),
            known_time: Timestamp::MIN,
        }))
    }

    /// Can nobody's consent be relied on?
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// How many distinct events the ledger holds.
    #[must_use]
    pub fn n_events(&self) -> usize {
        self.entries.iter().filter(|e| e.what.happened()).count()
    }

    /// The digest of everything in the ledger: the same for the same events, policies and orders in any
    /// order.
    ///
    /// # Complexity
    /// O(n) time for n events.
    #[must_use]
    pub fn digest(&self) -> blake3::Hash {
        digest::of_ledger(&self.versions, &self.overlays, &self.entries)
    }

    /// The events about one subject, in the order in which they count.
    pub fn history(&self, subject: Subject) -> impl Iterator<Item = Event> {
        self.of(subject).iter().filter_map(Entry::event)
    }

    pub(in crate::consent) fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(in crate::consent) fn overlays(&self) -> &[Overlay] {
        &self.overlays
    }

    /// Each account that has events, with them, by ascending account.
    pub(in crate::consent) fn accounts(&self) -> impl Iterator<Item = (AccountId, &[Entry])> {
        accounts_of(&self.entries)
    }

    /// Everything about accounts, by account.
    pub(in crate::consent) fn account_entries(&self) -> &[Entry] {
        let is_account = |entry: &Entry| matches!(entry.subject, Subject::Account(_));
        &self.entries[..self.entries.partition_point(is_account)]
    }

    /// Each stranger that has events, with them, by ascending token.
    pub(in crate::consent) fn non_users(&self) -> impl Iterator<Item = (NumberToken, &[Entry])> {
        self.groups()
            .filter_map(|(subject, entries)| match subject {
                Subject::NonUser(token) => Some((token, entries)),
                _ => None,
            })
    }

    /// The events of a device.
    pub(in crate::consent) fn device(&self, device: DeviceId) -> &[Entry] {
        self.of(Subject::Device(device))
    }

    fn of(&self, subject: Subject) -> &[Entry] {
        let from = self.entries.partition_point(|e| e.subject < subject);
        let len = self.entries[from..].partition_point(|e| e.subject == subject);
        &self.entries[from..from + len]
    }

    fn groups(&self) -> impl Iterator<Item = (Subject, &[Entry])> {
        self.entries
            .chunk_by(|a, b| a.subject == b.subject)
            .filter_map(|group| Some((group.first()?.subject, group)))
    }
}

impl Entry {
    fn happened(event: &Event) -> Self {
        Self {
            subject: event.subject,
            valid_time: event.valid_time,
            rank: rank(&event.kind),
            known_time: event.known_time,
            event_id: event.event_id,
            what: What::Happened(event.kind),
        }
    }

    fn event(&self) -> Option<Event> {
        let What::Happened(kind) = self.what else {
            return None;
        };
        Some(Event {
            event_id: self.event_id,
            subject: self.subject,
            kind,
            valid_time: self.valid_time,
            known_time: self.known_time,
        })
    }

    /// A gap is as good as a contradiction.
    const fn flaw(subject: Subject, known_time: Timestamp) -> Self {
        Self {
            subject,
            valid_time: Timestamp::MIN,
            rank: 0,
            known_time,
            event_id: EventId(0),
            what: What::Conflict,
        }
    }

    /// A contradiction holds for every instant asked about, so it comes before everything.
    fn conflict(event: &Event, known_time: Timestamp) -> Self {
        Self {
            subject: event.subject,
            valid_time: Timestamp::MIN,
            rank: 0,
            known_time,
            event_id: event.event_id,
            what: What::Conflict,
        }
    }

    /// The place among the events about one account, whoever they were addressed to.
    pub(in crate::consent) fn order(&self) -> impl Ord + use<> {
        (
            self.valid_time,
            self.rank,
            self.known_time,
            self.event_id,
            self.what,
        )
    }
}

impl What {
    pub(in crate::consent) const fn happened(&self) -> bool {
        matches!(self, Self::Happened(_))
    }
}

/// What comes first of two acts at one instant: the more restrictive.
const fn rank(kind: &EventKind) -> u8 {
    match kind {
        EventKind::Defer
        | EventKind::Accept { share: false }
        | EventKind::OptOut
        | EventKind::Withdraw { .. }
        | EventKind::Signal
        | EventKind::Recycled
        | EventKind::Delete
        | EventKind::NonUserObjects => 0,
        EventKind::NoticeServed { .. } | EventKind::NumberChange => 1,
        EventKind::Accept { share: true }
        | EventKind::Register
        | EventKind::Grant { .. }
        | EventKind::GrantAds { .. }
        | EventKind::NonUserJoins => 2,
    }
}

/// Each account among sorted entries, with its own.
pub(in crate::consent) fn accounts_of(
    entries: &[Entry],
) -> impl Iterator<Item = (AccountId, &[Entry])> {
    let groups = entries.chunk_by(|a, b| a.subject == b.subject);
    groups.map_while(|group| match group.first()?.subject {
        Subject::Account(account) => Some((account, group)),
        _ => None,
    })
}

/// The lines of some events, and others that are lines already.
pub(in crate::consent) fn entries_with(events: &[Event], more: &[Entry]) -> Vec<Entry> {
    let mut lines = entries(events.to_vec());
    if !more.is_empty() {
        lines.extend_from_slice(more);
        lines.sort_unstable();
        lines.dedup();
    }
    lines
}

fn entries(mut events: Vec<Event>) -> Vec<Entry> {
    // Of the same payload the earliest known comes first and is the one that dedup keeps.
    events.sort_unstable_by_key(|e| (e.event_id, payload(e), e.known_time));
    events.dedup_by_key(|e| (e.event_id, payload(e)));
    let mut entries: Vec<Entry> = events.iter().map(Entry::happened).collect();
    entries.extend(
        events
            .chunk_by(|a, b| a.event_id == b.event_id)
            .flat_map(conflicts),
    );
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// What makes two events of one id the same event.
fn payload(event: &Event) -> impl Ord + use<> {
    (event.subject, event.kind, event.valid_time)
}

/// The contradictions among the distinct payloads of one id.
fn conflicts(payloads: &[Event]) -> Vec<Entry> {
    let mut known: Vec<Timestamp> = payloads.iter().map(|e| e.known_time).collect();
    known.sort_unstable();
    let Some(&second) = known.get(1) else {
        return Vec::new();
    };
    payloads
        .iter()
        .map(|event| Entry::conflict(event, second.max(event.known_time)))
        .collect()
}

fn version_key(version: &PolicyVersion) -> impl Ord + '_ {
    (
        version.policy,
        version.announced_at,
        version.accept_by,
        version.window_days,
        version.cohort_cut,
        &version.texts,
    )
}

fn overlay_key(overlay: &Overlay) -> impl Ord + use<> {
    let effect = match overlay.effect {
        OverlayEffect::Deny => (0, None, None),
        OverlayEffect::CutOff(since) => (1, Some(since), None),
        OverlayEffect::Express(express) => (2, None, Some(express)),
    };
    (overlay.region, overlay.purpose, overlay.interval, effect)
}
