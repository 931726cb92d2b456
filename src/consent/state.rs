//! The state machine: what the events about one account add up to.
//!
//! [`Record`] is what is kept while events are replayed, in the ledger's order; [`State`] is the name
//! the rules give to it at an instant. A record separates two things the table of states shows as one:
//! the *phase*, where an account stands with the terms, and the *stance* on each purpose. Refusals are
//! written down in every phase, so an opt-out that arrives before its notice, out of order or after the
//! account's end is as good as any other; no event but a grant ever takes one back.

use super::event::{EventKind, PolicyId, TextDigest};
use super::level::AdLevel;
use super::params::LateOptOut;
use super::policies::Policies;
use super::purpose::Purpose;
use super::purpose_set::PurposeSet;
use crate::time::Timestamp;

/// Days after which silence ends an account.
pub const INACTIVE_DAYS: i64 = 120;
/// Days from the beginning of a deletion until the account counts as deleted. Both allow nothing.
pub const DELETION_DAYS: i64 = 30;
/// Days we must leave somebody alone after a refusal before an answer to our asking counts.
pub const ASK_AGAIN_DAYS: i64 = 365;

/// Where a subject stands, in the words of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// No proof that a notice was shown.
    NotNotified,
    /// A notice was served, and the digest of its text is known.
    Notified,
    /// "Not now", before the time to accept has passed.
    Deferred,
    /// Accepted with sharing left on.
    Accepted {
        /// Whether the window to opt out is still open.
        window_open: bool,
    },
    /// Registered after the cohort cut; never had the toggle.
    NewAccepted,
    /// Accepted, and refused these purposes; nothing else was granted.
    OptedOut(PurposeSet),
    /// Accepted, and granted these purposes by an explicit act.
    Granted(PurposeSet),
    /// The time to accept passed unanswered.
    Lapsed,
    /// A regulator's order is in force; the state underneath is kept.
    Suspended,
    /// The ledger cannot vouch for the subject.
    Invalidated,
    /// The account is going away.
    DeletionPending,
    /// The account is gone.
    Deleted,
    /// The number has gone to somebody else.
    Superseded,
    /// A number without an account.
    NonUser,
    /// A number without an account, on the objection list.
    NonUserObjected,
}

impl State {
    /// The name used in files and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotNotified => "not_notified",
            Self::Notified => "notified",
            Self::Deferred => "deferred",
            Self::Accepted { window_open: true } => "accepted_window_open",
            Self::Accepted { window_open: false } => "accepted_window_over",
            Self::NewAccepted => "new_accepted",
            Self::OptedOut(_) => "opted_out",
            Self::Granted(_) => "granted",
            Self::Lapsed => "lapsed",
            Self::Suspended => "suspended",
            Self::Invalidated => "invalidated",
            Self::DeletionPending => "deletion_pending",
            Self::Deleted => "deleted",
            Self::Superseded => "superseded",
            Self::NonUser => "non_user",
            Self::NonUserObjected => "non_user_objected",
        }
    }

    /// Is this the end of an account?
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(
            self,
            Self::DeletionPending | Self::Deleted | Self::Superseded
        )
    }
}

/// Where an account stands with the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    NotNotified,
    /// Shown the terms, not yet accepted. Whether that has lapsed depends on when one asks.
    Notified {
        policy: PolicyId,
        accept_by: Timestamp,
        deferred: bool,
    },
    /// Accepted; the window includes its last instant.
    Accepted {
        policy: PolicyId,
        window_ends: Timestamp,
    },
    /// Registered under the terms.
    NewAccepted {
        policy: PolicyId,
    },
    Invalidated,
    /// Being deleted, or deleted, depending on when one asks.
    Leaving {
        since: Timestamp,
    },
    Superseded,
}

/// What somebody has said about one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::consent) enum Stance {
    /// Nothing: the profile decides.
    #[default]
    Silent,
    /// Yes, at that time.
    Granted(Timestamp),
    /// No, at that time.
    Refused(Timestamp),
}

/// What a step has to know besides the record and the event.
#[derive(Clone, Copy, Debug)]
pub(in crate::consent) struct Context<'a> {
    /// The versions of the terms.
    pub(in crate::consent) policies: &'a Policies,
    /// What an opt-out after the window does.
    pub(in crate::consent) late_opt_out: LateOptOut,
    /// When the account was registered, if that is known.
    pub(in crate::consent) registered_at: Option<Timestamp>,
}

impl Context<'_> {
    /// Was the account there before the terms' cohort cut, so that it has the toggle?
    fn is_existing_user(&self, policy: PolicyId) -> bool {
        self.policies.get(policy).is_some_and(|version| {
            self.registered_at
                .is_none_or(|registered_at| registered_at < version.cohort_cut)
        })
    }
}

/// What the events about one account add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::consent) struct Record {
    phase: Phase,
    /// A newer version of the terms that was shown and not yet answered.
    pending: Option<PolicyId>,
    stances: [Stance; Purpose::ALL.len()],
    /// Every purpose ever refused: grants do not take anything out of it.
    ever_refused: PurposeSet,
    last_refusal: Option<Timestamp>,
    flagged_late: bool,
    levels: Levels,
}

/// What was said about how far ads may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::consent) struct Levels {
    /// When somebody last chose *limited*, in whatever phase: it takes something away.
    limited_at: Option<Timestamp>,
    /// When a consent that says *full* last counted.
    full_at: Option<Timestamp>,
}

impl Levels {
    const NONE: Self = Self {
        limited_at: None,
        full_at: None,
    };

    /// When *limited* was chosen, if it still holds: nothing but a later consent that says *full* lifts it.
    pub(in crate::consent) fn limited(self) -> Option<Timestamp> {
        self.limited_at.filter(|_| self.full_at <= self.limited_at)
    }

    /// When *full* was chosen, if it was.
    pub(in crate::consent) const fn full(self) -> Option<Timestamp> {
        self.full_at
    }
}

impl Record {
    /// Before the first event.
    pub(in crate::consent) const NEW: Self = Self {
        phase: Phase::NotNotified,
        pending: None,
        stances: [Stance::Silent; Purpose::ALL.len()],
        ever_refused: PurposeSet::EMPTY,
        last_refusal: None,
        flagged_late: false,
        levels: Levels::NONE,
    };

    /// The record after an event that happened at an instant.
    #[must_use]
    pub(in crate::consent) fn step(
        self,
        at: Timestamp,
        event: &EventKind,
        context: &Context<'_>,
    ) -> Self {
        match *event {
            EventKind::NoticeServed { policy, digest } => self.notice(policy, digest, context),
            EventKind::Defer => self.defer(at),
            EventKind::Accept { share: true } => self.accept(at, context),
            EventKind::Accept { share: false } => self.accept_without_sharing(at, context),
            EventKind::Register => self.register(at, context),
            EventKind::OptOut => self.opt_out(at, context.late_opt_out),
            EventKind::Grant { purpose, asked } => self.grant(purpose, asked, at),
            EventKind::GrantAds { level, asked } => self.grant_ads(level, asked, at),
            EventKind::Withdraw { purpose } => self.refuse(PurposeSet::of(purpose), at),
            EventKind::Signal => self.refuse(PurposeSet::of(Purpose::AdRelevance), at),
            // Somebody who objected as a stranger and turns out to have an account meant the toggle.
            EventKind::NonUserObjects => self.refuse(PurposeSet::TOGGLE, at),
            EventKind::NumberChange | EventKind::NonUserJoins => self,
            EventKind::Recycled => self.recycle(),
            EventKind::Delete => self.leave(at),
        }
    }

    /// The record of a subject about whom the ledger contradicts itself.
    #[must_use]
    pub(in crate::consent) fn invalidate(self) -> Self {
        Self {
            phase: Phase::Invalidated,
            ..self
        }
    }

    /// The record of an account last seen at an instant, when it is asked about at another.
    #[must_use]
    pub(in crate::consent) fn with_last_seen(self, last_seen: Timestamp, at: Timestamp) -> Self {
        let since = last_seen.plus_days(INACTIVE_DAYS);
        if since <= at { self.leave(since) } else { self }
    }

    fn notice(self, policy: PolicyId, digest: TextDigest, context: &Context<'_>) -> Self {
        let shown = context.policies.shown(policy, digest);
        match self.phase {
            Phase::Invalidated | Phase::Leaving { .. } | Phase::Superseded => self,
            _ if shown.is_none() => self.invalidate(),
            Phase::Notified { policy: held, .. } if policy <= held => self,
            Phase::NotNotified | Phase::Notified { .. } => Self {
                phase: Phase::Notified {
                    policy,
                    accept_by: shown.map_or(Timestamp::MIN, |version| version.accept_by),
                    deferred: false,
                },
                ..self
            },
            Phase::Accepted { policy: held, .. } | Phase::NewAccepted { policy: held } => Self {
                pending: self.pending.max((policy > held).then_some(policy)),
                ..self
            },
        }
    }

    fn defer(mut self, at: Timestamp) -> Self {
        if let Phase::Notified {
            accept_by,
            deferred,
            ..
        } = &mut self.phase
        {
            *deferred |= at < *accept_by;
        }
        self
    }

    /// The version an acceptance answers; a late one counts like one in time.
    fn unanswered(&self) -> Option<PolicyId> {
        match self.phase {
            Phase::Notified { policy, .. } => Some(policy),
            Phase::Accepted { .. } | Phase::NewAccepted { .. } => self.pending,
            _ => None,
        }
    }

    fn accept(self, at: Timestamp, context: &Context<'_>) -> Self {
        match self.unanswered() {
            Some(policy) if context.is_existing_user(policy) => self.enter(policy, at, context),
            _ => self,
        }
    }

    fn accept_without_sharing(self, at: Timestamp, context: &Context<'_>) -> Self {
        match self.unanswered() {
            Some(_) => self.refuse(PurposeSet::TOGGLE, at).accept(at, context),
            None => self.opt_out(at, context.late_opt_out),
        }
    }

    /// Accepts a version. Grants were made under the old text and end with it; refusals come back.
    fn enter(mut self, policy: PolicyId, at: Timestamp, context: &Context<'_>) -> Self {
        let window_days = context.policies.get(policy).map_or(0, |v| v.window_days);
        self.phase = Phase::Accepted {
            policy,
            window_ends: at.plus_days(window_days.into()),
        };
        self.pending = None;
        self.levels.full_at = None;
        for purpose in Purpose::ALL {
            let stance = &mut self.stances[purpose as usize];
            *stance = match *stance {
                refused @ Stance::Refused(_) => refused,
                _ if self.ever_refused.contains(purpose) => Stance::Refused(at),
                _ => Stance::Silent,
            };
        }
        self
    }

    fn register(self, at: Timestamp, context: &Context<'_>) -> Self {
        match (self.phase, context.policies.registered_under(at)) {
            (Phase::NotNotified, Some(version)) => Self {
                phase: Phase::NewAccepted {
                    policy: version.policy,
                },
                ..self
            },
            _ => self,
        }
    }

    fn opt_out(self, at: Timestamp, late_opt_out: LateOptOut) -> Self {
        match late_opt_out {
            LateOptOut::RecordOnly if self.is_late(at) => self.record_late(at),
            _ => self.refuse(PurposeSet::TOGGLE, at),
        }
    }

    /// Is an opt-out late? At the last instant it is not, and before acceptance it cannot be.
    fn is_late(&self, at: Timestamp) -> bool {
        match self.phase {
            Phase::Accepted { window_ends, .. } => at > window_ends,
            Phase::NewAccepted { .. } => true,
            _ => false,
        }
    }

    /// Keeps a late opt-out without following it, except that what was granted is taken back.
    fn record_late(mut self, at: Timestamp) -> Self {
        let granted = PurposeSet::TOGGLE
            .iter()
            .filter(|&purpose| matches!(self.stance(purpose), Stance::Granted(_)))
            .collect();
        self.ever_refused = self.ever_refused.union(PurposeSet::TOGGLE);
        self.last_refusal = self.last_refusal.max(Some(at));
        self.flagged_late = true;
        self.refuse(granted, at)
    }

    /// Abuse is fought whatever anybody says, so there is no refusing it.
    fn refuse(mut self, purposes: PurposeSet, at: Timestamp) -> Self {
        for purpose in purposes.iter().filter(|&p| p != Purpose::Abuse) {
            self.stances[purpose as usize] = Stance::Refused(at);
            self.ever_refused = self.ever_refused.union(PurposeSet::of(purpose));
            self.last_refusal = self.last_refusal.max(Some(at));
        }
        self
    }

    fn grant(mut self, purpose: Purpose, asked: bool, at: Timestamp) -> Self {
        if self.is_accepted() && !(asked && self.asked_too_early(at)) {
            self.stances[purpose as usize] = Stance::Granted(at);
        }
        self
    }

    /// A grant for ads that says how far it goes. *Limited* holds whenever it was said, *full* only where a grant counts.
    fn grant_ads(mut self, level: AdLevel, asked: bool, at: Timestamp) -> Self {
        let counts = self.is_accepted() && !(asked && self.asked_too_early(at));
        match level {
            AdLevel::Limited => self.levels.limited_at = self.levels.limited_at.max(Some(at)),
            AdLevel::Full if counts => self.levels.full_at = self.levels.full_at.max(Some(at)),
            AdLevel::Full => {}
        }
        self.grant(Purpose::AdRelevance, asked, at)
    }

    fn asked_too_early(&self, at: Timestamp) -> bool {
        self.last_refusal
            .is_some_and(|refusal| at < refusal.plus_days(ASK_AGAIN_DAYS))
    }

    fn recycle(self) -> Self {
        match self.phase {
            Phase::Leaving { .. } => self,
            _ => Self {
                phase: Phase::Superseded,
                ..self
            },
        }
    }

    fn leave(self, at: Timestamp) -> Self {
        let since = match self.phase {
            Phase::Superseded => return self,
            Phase::Leaving { since } => since.min(at),
            _ => at,
        };
        Self {
            phase: Phase::Leaving { since },
            ..self
        }
    }

    /// Has the account accepted some version of the terms?
    pub(in crate::consent) const fn is_accepted(&self) -> bool {
        matches!(
            self.phase,
            Phase::Accepted { .. } | Phase::NewAccepted { .. }
        )
    }

    /// Is the window to opt out open at an instant?
    pub(in crate::consent) fn is_window_open(&self, at: Timestamp) -> bool {
        matches!(self.phase, Phase::Accepted { window_ends, .. } if at <= window_ends)
    }

    /// What was said about a purpose.
    pub(in crate::consent) const fn stance(&self, purpose: Purpose) -> Stance {
        self.stances[purpose as usize]
    }

    /// What was said about how far ads may go.
    pub(in crate::consent) const fn levels(&self) -> Levels {
        self.levels
    }

    /// Every purpose ever refused.
    pub(in crate::consent) const fn ever_refused(&self) -> PurposeSet {
        self.ever_refused
    }

    /// A newer version of the terms that was shown and not yet answered.
    pub(in crate::consent) const fn pending(&self) -> Option<PolicyId> {
        self.pending
    }

    /// Whether an opt-out came too late and was only recorded.
    pub(in crate::consent) const fn is_flagged_late(&self) -> bool {
        self.flagged_late
    }

    /// The state at an instant, orders of regulators aside.
    pub(in crate::consent) fn state(&self, at: Timestamp) -> State {
        match self.phase {
            Phase::NotNotified => State::NotNotified,
            Phase::Notified { accept_by, .. } if accept_by <= at => State::Lapsed,
            Phase::Notified { deferred: true, .. } => State::Deferred,
            Phase::Notified { .. } => State::Notified,
            Phase::Accepted { .. } | Phase::NewAccepted { .. } => self.accepted_state(at),
            Phase::Invalidated => State::Invalidated,
            Phase::Leaving { since } if since.plus_days(DELETION_DAYS) <= at => State::Deleted,
            Phase::Leaving { .. } => State::DeletionPending,
            Phase::Superseded => State::Superseded,
        }
    }

    fn accepted_state(&self, at: Timestamp) -> State {
        let granted = self.purposes_where(|stance| matches!(stance, Stance::Granted(_)));
        let refused = self.purposes_where(|stance| matches!(stance, Stance::Refused(_)));
        match self.phase {
            _ if !granted.is_empty() => State::Granted(granted),
            _ if !refused.is_empty() => State::OptedOut(refused),
            Phase::NewAccepted { .. } => State::NewAccepted,
            _ => State::Accepted {
                window_open: self.is_window_open(at),
            },
        }
    }

    fn purposes_where(&self, holds: impl Fn(Stance) -> bool) -> PurposeSet {
        Purpose::ALL
            .into_iter()
            .filter(|&purpose| holds(self.stance(purpose)))
            .collect()
    }
}
