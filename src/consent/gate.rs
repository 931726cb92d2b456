//! The gate: the only place where a [`Permitted`] can be made.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::places::Places;
use super::purpose::{For, Purpose};
use crate::hash::HashMap;
use crate::ids::{AccountId, UserId};
use crate::time::Timestamp;

/// A datum that passed the gate for purpose `P`.
///
/// Only [`Gate::permit`] makes one; whoever asks for a `Permitted<T, P>` cannot be given anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permitted<T, P> {
    datum: T,
    purpose: PhantomData<P>,
}

impl<T, P: For> Permitted<T, P> {
    /// The datum.
    pub const fn get(&self) -> &T {
        &self.datum
    }

    /// The datum without its mark. What is made from it has to pass the gate again.
    pub fn into_inner(self) -> T {
        self.datum
    }
}

/// A datum about people, collected at some time.
pub trait About {
    /// How its subjects are named: by account or by person.
    type Id: Copy + Eq + Hash;
    /// Everyone the datum is about.
    type Ids: IntoIterator<Item = Self::Id>;

    /// Everyone the datum is about: each must allow its use.
    fn about(&self) -> Self::Ids;

    /// When it was collected, for orders that only spare data collected after a date.
    fn collected_at(&self) -> Timestamp;
}

macro_rules! ids_are_about_themselves {
    ($($id:ty)*) => {$(
        impl About for $id {
            type Id = Self;
            type Ids = [Self; 1];

            fn about(&self) -> [Self; 1] {
                [*self]
            }

            /// That somebody exists is as recent as can be.
            fn collected_at(&self) -> Timestamp {
                Timestamp::MAX
            }
        }
    )*};
}
ids_are_about_themselves!(AccountId UserId);

/// Why the gate said no. Counted under [`DenialReason::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DenialReason {
    /// The ledger holds nothing about this subject; without consent data the answer is no.
    NoRecord,
    /// No proof that a notice was shown.
    NotNotified,
    /// Notified, not yet answered.
    Notified,
    /// "Not now."
    Deferred,
    /// Opted out.
    OptedOut,
    /// The time to accept passed unanswered.
    Lapsed,
    /// A regulator's order.
    Suspended,
    /// The ledger cannot vouch for this subject.
    Invalidated,
    /// The account is going away.
    DeletionPending,
    /// The account is gone.
    Deleted,
    /// The number has gone to somebody else.
    Superseded,
    /// The opt-in profile, and no explicit grant.
    NotGranted,
    /// Accepted, but the window to opt out is open and configured to hold.
    HeldUntilWindowEnd,
    /// Collected before the date an order spares.
    BeforeCutOff,
    /// A row that takes something away from this subject cannot be read.
    UnreadableRestriction,
    /// Ads are allowed at the level *limited* only. The last of all, so that any other reason is the stricter.
    LimitedLevel,
}

impl DenialReason {
    /// Every reason, in order.
    pub const ALL: [Self; 16] = [
        Self::NoRecord,
        Self::NotNotified,
        Self::Notified,
        Self::Deferred,
        Self::OptedOut,
        Self::Lapsed,
        Self::Suspended,
        Self::Invalidated,
        Self::DeletionPending,
        Self::Deleted,
        Self::Superseded,
        Self::NotGranted,
        Self::HeldUntilWindowEnd,
        Self::BeforeCutOff,
        Self::UnreadableRestriction,
        Self::LimitedLevel,
    ];

    /// The name under which drops are counted.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "no_record",
            Self::NotNotified => "not_notified",
            Self::Notified => "notified",
            Self::Deferred => "deferred",
            Self::OptedOut => "opted_out",
            Self::Lapsed => "lapsed",
            Self::Suspended => "suspended",
            Self::Invalidated => "invalidated",
            Self::DeletionPending => "deletion_pending",
            Self::Deleted => "deleted",
            Self::Superseded => "superseded",
            Self::NotGranted => "not_granted",
            Self::HeldUntilWindowEnd => "held_until_window_end",
            Self::BeforeCutOff => "before_cut_off",
            Self::UnreadableRestriction => "unreadable_restriction",
            Self::LimitedLevel => "limited_level",
        }
    }
}

impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the ledger says about one subject and one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Allowed for data collected at or after this instant ([`Timestamp::MIN`]: all of it).
    Allowed {
        /// The cut-off date.
        since: Timestamp,
    },
    /// Not allowed.
    Denied(DenialReason),
}

impl Decision {
    /// Allowed without a cut-off.
    pub const ALLOWED: Self = Self::Allowed {
        since: Timestamp::MIN,
    };

    /// Is it allowed, with a cut-off or without?
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// The stricter of two decisions: a denial beats an allowance, an earlier reason in
    /// [`DenialReason`]'s order beats a later one, a later cut-off beats an earlier one.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied(a), Self::Denied(b)) => Self::Denied(a.min(b)),
            (denied @ Self::Denied(_), _) | (_, denied @ Self::Denied(_)) => denied,
            (Self::Allowed { since: a }, Self::Allowed { since: b }) => {
                Self::Allowed { since: a.max(b) }
            }
        }
    }
}

/// Everyone's decision for one purpose at one moment.
///
/// `Id` is [`AccountId`] for the gate before matching and [`UserId`] for the gate before edges and rows.
///
/// Decisions are few, so each subject has the number of one, in a byte or two, and a bit that says whether it is an
/// unconditional yes. Hot loops look up [`place`](Self::place) once and ask [`allows`](Self::allows) ever after.
#[derive(Clone, Debug)]
pub struct Gate<P, Id> {
    places: Places,
    /// The number of the decision at each place.
    classes: Vec<u16>,
    decisions: Vec<Decision>,
    /// One bit for each place: allowed, whenever the data was collected.
    allowed: Vec<u64>,
    marker: PhantomData<(P, Id)>,
}

/// How subjects are named: a number that fits into 64 bits.
pub trait GateId: Copy + Eq + Hash + Ord {
    /// The number.
    fn bits(self) -> u64;
    /// The id of a number.
    fn of_bits(bits: u64) -> Self;
}

macro_rules! gate_ids {
    ($($id:ident)*) => {$(
        impl GateId for $id {
            fn bits(self) -> u64 {
                self.0
            }

            fn of_bits(bits: u64) -> Self {
                Self(bits)
            }
        }
    )*};
}
gate_ids!(AccountId UserId);

impl<P: For, Id: GateId> Gate<P, Id> {
    /// A gate from decisions; of two for one subject the stricter holds.
    ///
    /// # Complexity
    /// O(n log n) time for n decisions; 10 to 26 bytes for each subject.
    pub(in crate::consent) fn new(decisions: impl IntoIterator<Item = (Id, Decision)>) -> Self {
        let mut given: Vec<(u64, Decision)> = decisions
            .into_iter()
            .map(|(id, decision)| (id.bits(), decision))
            .collect();
        given.sort_by_key(|(id, _)| *id);
        given.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = kept.1.stricter(later.1);
            }
            is_same
        });
        Self::of_sorted(&given)
    }

    /// A gate from one decision for each subject, ascending.
    fn of_sorted(given: &[(u64, Decision)]) -> Self {
        let mut numbers: HashMap<Decision, u16> = HashMap::default();
        let mut decisions = Vec::new();
        let ids: Vec<u64> = given.iter().map(|(id, _)| *id).collect();
        let places = Places::new(&ids);
        let mut classes = vec![0; places.n_slots()];
        let mut allowed = vec![0; places.n_slots().div_ceil(64)];
        for ((at, _), &(_, decision)) in places.ids().zip(given) {
            let class = *numbers.entry(decision).or_insert_with(|| {
                decisions.push(decision);
                u16::try_from(decisions.len() - 1)
                    .expect("one cut-off for each of 676 regions, and the reasons")
            });
            classes[at] = class;
            if decision == Decision::ALLOWED {
                allowed[at / 64] |= 1 << (at % 64);
            }
        }
        Self {
            places,
            classes,
            decisions,
            allowed,
            marker: PhantomData,
        }
    }

    /// The purpose this gate decides on.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        P::PURPOSE
    }

    /// Where a subject stands in this gate's table, which has gaps; none if it knows nothing of it.
    ///
    /// # Complexity
    /// O(1) for ids that are dense or spread evenly, O(log n) at worst.
    #[must_use]
    pub fn place(&self, id: Id) -> Option<usize> {
        self.places.find(id.bits())
    }

    /// Does the subject at a [`place`](Self::place) allow everything, whenever it was collected? `false` if `place` is out of
    /// range. What is allowed only from a date on is a matter for [`decision`](Self::decision).
    #[must_use]
    pub fn allows(&self, place: usize) -> bool {
        let word = self.allowed.get(place / 64).copied().unwrap_or(0);
        word >> (place % 64) & 1 == 1
    }

    /// Does a subject allow everything? Asked of a bit before anything else, for most do.
    fn allows_id(&self, id: Id) -> bool {
        self.place(id).is_some_and(|place| self.allows(place))
    }

    /// What the ledger says about one subject.
    #[must_use]
    pub fn decision(&self, id: Id) -> Decision {
        self.held(id)
            .unwrap_or(Decision::Denied(DenialReason::NoRecord))
    }

    fn held(&self, id: Id) -> Option<Decision> {
        let class = self.classes[self.place(id)?];
        Some(self.decisions[usize::from(class)])
    }

    /// Every subject with its decision, ascending.
    fn all(&self) -> impl Iterator<Item = (Id, Decision)> + '_ {
        self.places.ids().map(|(place, id)| {
            let class = self.classes[place];
            (Id::of_bits(id), self.decisions[usize::from(class)])
        })
    }

    /// Lets a datum through if everyone it is about allows it.
    ///
    /// # Errors
    /// The strictest reason among its subjects.
    #[inline]
    pub fn permit<T: About<Id = Id>>(&self, datum: T) -> Result<Permitted<T, P>, DenialReason> {
        if datum.about().into_iter().all(|id| self.allows_id(id)) {
            return Ok(Permitted {
                datum,
                purpose: PhantomData,
            });
        }
        self.permit_since(datum)
    }

    /// As [`permit`](Self::permit) of each, in their order, for data about one subject each. Whoever is asked for several times in a row
    /// is looked up once.
    pub fn permit_each<T: About<Id = Id, Ids = [Id; 1]> + Copy>(
        &self,
        data: &[T],
        mut take: impl FnMut(Result<Permitted<T, P>, DenialReason>),
    ) {
        let mut last: Option<(Id, bool)> = None;
        for &datum in data {
            let [id] = datum.about();
            let is_allowed = match last.filter(|(of, _)| *of == id) {
                Some((_, is_allowed)) => is_allowed,
                None => self.allows_id(id),
            };
            last = Some((id, is_allowed));
            take(if is_allowed {
                Ok(Permitted {
                    datum,
                    purpose: PhantomData,
                })
            } else {
                self.permit_since(datum)
            });
        }
    }

    /// As [`permit`](Self::permit), where somebody's answer is not a plain yes. Apart, so that the plain yes is short
    /// enough to stand in the loops that ask for it.
    #[inline(never)]
    fn permit_since<T: About<Id = Id>>(&self, datum: T) -> Result<Permitted<T, P>, DenialReason> {
        let collected_at = datum.collected_at();
        let decision = datum
            .about()
            .into_iter()
            .map(|id| self.decision(id))
            .fold(Decision::ALLOWED, Decision::stricter);
        match decision {
            Decision::Allowed { since } if collected_at >= since => Ok(Permitted {
                datum,
                purpose: PhantomData,
            }),
            Decision::Allowed { .. } => Err(DenialReason::BeforeCutOff),
            Decision::Denied(reason) => Err(reason),
        }
    }

    /// The gate through which only what passes both goes: asked of one purpose at two moments, for example.
    ///
    /// # Complexity
    /// O(n) for n subjects that this gate knows.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = |(id, decision): (Id, Decision)| (id, decision.stricter(other.decision(id)));
        Self::new(self.all().map(both))
    }

    /// The same gate, which also denies whom another one knows and denies. Nobody is allowed by this.
    ///
    /// # Complexity
    /// O((n + m) log (n + m)) for n and m subjects that the two gates know.
    #[must_use]
    pub fn with_denials(&self, other: &Self) -> Self {
        // Who is unknown here is denied for the other gate's reason, which says more.
        let denied = other
            .all()
            .filter(|(_, d)| matches!(d, Decision::Denied(_)));
        Self::new(self.all().chain(denied))
    }

    /// The same gate, which also denies some subjects: of each a row that takes something away cannot be read.
    ///
    /// # Complexity
    /// O((n + m) log (n + m)) for n subjects that this gate knows and m of these; nothing for none.
    #[must_use]
    pub fn without_unreadable(self, subjects: impl IntoIterator<Item = Id>) -> Self {
        let mut denied = subjects
            .into_iter()
            .map(|id| (id, Decision::Denied(DenialReason::UnreadableRestriction)))
            .peekable();
        if denied.peek().is_none() {
            return self;
        }
        Self::new(self.all().chain(denied))
    }

    /// The subjects this gate knows, allowed or not, in ascending order.
    #[must_use]
    pub fn known(&self) -> Vec<Id> {
        self.places.ids().map(|(_, id)| Id::of_bits(id)).collect()
    }
}

/// Gates for the tests of other rooms.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A gate through which exactly these pass.
    pub(crate) fn gate_of<P: For, Id: GateId>(
        allowed: impl IntoIterator<Item = Id>,
    ) -> Gate<P, Id> {
        Gate::new(allowed.into_iter().map(|id| (id, Decision::ALLOWED)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::purpose::FriendSuggestions;
    use super::*;

    struct Edge(UserId, UserId);

    impl About for Edge {
        type Id = UserId;
        type Ids = [UserId; 2];

        fn about(&self) -> [UserId; 2] {
            [self.0, self.1]
        }

        fn collected_at(&self) -> Timestamp {
            Timestamp::from_secs(10)
        }
    }

    fn gate(decisions: &[(u64, Decision)]) -> Gate<FriendSuggestions, UserId> {
        Gate::new(
            decisions
                .iter()
                .map(|&(id, decision)| (UserId(id), decision)),
        )
    }

    #[test]
    fn deny_unless_everyone_allows() {
        let gate = gate(&[
            (1, Decision::ALLOWED),
            (2, Decision::Denied(DenialReason::OptedOut)),
        ]);
        assert!(gate.permit(Edge(UserId(1), UserId(1))).is_ok());
        assert_eq!(
            gate.permit(Edge(UserId(1), UserId(2))).err(),
            Some(DenialReason::OptedOut)
        );
        assert_eq!(gate.permit(UserId(3)).err(), Some(DenialReason::NoRecord));
    }

    /// What somebody saved at some second.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Saved(u64, i64);

    impl About for Saved {
        type Id = UserId;
        type Ids = [UserId; 1];

        fn about(&self) -> [UserId; 1] {
            [UserId(self.0)]
        }

        fn collected_at(&self) -> Timestamp {
            Timestamp::from_secs(self.1)
        }
    }

    proptest! {
        /// One is allowed, one from a date on, one is denied and one unknown, in runs of any length.
        #[test]
        fn prop_a_run_of_rows_passes_as_each_of_them_does(rows in vec((1..5_u64, 0..10_i64), 0..60)) {
            let since = Timestamp::from_secs(5);
            let gate = gate(&[
                (1, Decision::ALLOWED),
                (2, Decision::Allowed { since }),
                (3, Decision::Denied(DenialReason::OptedOut)),
            ]);
            let rows: Vec<Saved> = rows.into_iter().map(|(who, at)| Saved(who, at)).collect();
            let mut taken = Vec::new();
            gate.permit_each(&rows, |decided| taken.push(decided));
            let one_by_one: Vec<_> = rows.iter().map(|&row| gate.permit(row)).collect();
            prop_assert_eq!(taken, one_by_one);
        }
    }

    #[test]
    fn deny_whom_an_unreadable_row_takes_something_from() {
        let before = gate(&[(1, Decision::ALLOWED), (2, Decision::ALLOWED)]);
        let without = before.without_unreadable([UserId(2), UserId(3)]);
        assert!(without.permit(UserId(1)).is_ok());
        let denied = Some(DenialReason::UnreadableRestriction);
        assert_eq!(without.permit(UserId(2)).err(), denied);
        assert_eq!(without.permit(UserId(3)).err(), denied);
    }

    #[test]
    fn deny_unless_both_gates_allow() {
        let out = Decision::Denied(DenialReason::OptedOut);
        let both = gate(&[(1, Decision::ALLOWED), (2, Decision::ALLOWED)])
            .and(&gate(&[(1, Decision::ALLOWED), (3, Decision::ALLOWED)]));
        assert!(both.permit(UserId(1)).is_ok());
        assert_eq!(both.permit(UserId(2)).err(), Some(DenialReason::NoRecord));
        assert_eq!(both.permit(UserId(3)).err(), Some(DenialReason::NoRecord));
        let less = both.with_denials(&gate(&[(1, out), (2, Decision::ALLOWED), (4, out)]));
        assert_eq!(less.permit(UserId(4)).err(), Some(DenialReason::OptedOut));
        assert_eq!(less.permit(UserId(1)).err(), Some(DenialReason::OptedOut));
        assert_eq!(less.permit(UserId(2)).err(), Some(DenialReason::NoRecord));
    }

    #[test]
    fn deny_data_older_than_a_cut_off() {
        let since = |secs| Decision::Allowed {
            since: Timestamp::from_secs(secs),
        };
        assert!(
            gate(&[(1, since(10))])
                .permit(Edge(UserId(1), UserId(1)))
                .is_ok()
        );
        let strict = gate(&[(1, since(11))]);
        assert_eq!(
            strict.permit(Edge(UserId(1), UserId(1))).err(),
            Some(DenialReason::BeforeCutOff)
        );
    }
}
