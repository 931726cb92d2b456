//! When the rows of a table are from: the moment of a run, and rows that cannot be from when they say.

use crate::signals::{
    AbuseReport, Ad, AdFeedback, AudienceMember, Business, BusinessEvent, BusinessEventKind,
    BusinessOptIn, BusinessThread, CallCount, Feedback, Friendship, GroupMember, Impression,
    MessengerAccount, PersonsWord, Record, Rejection, SocialAccount, TrustSeed,
};
use crate::time::Timestamp;

/// A moment that a row tells of.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Told {
    /// The column it stands in.
    pub(in crate::engine) column: &'static str,
    pub(in crate::engine) at: Timestamp,
}

const fn told(column: &'static str, at: Timestamp) -> Told {
    Told { column, at }
}

/// A row that tells of the past.
pub(in crate::engine) trait Dated: Record {
    /// The latest moment of the past that the row tells of; none if it tells of none.
    fn newest(&self) -> Option<Told>;

    /// Does the row take something away? Then it is honoured even if its date cannot be.
    fn takes_away(&self) -> bool {
        false
    }

    /// Dates a row that takes something away to a moment.
    fn date_to(&mut self, _at: Timestamp) {}
}

/// Dates rows that take something away to a moment, if they are said to be from after a bound.
pub(in crate::engine) fn honour<R: Dated>(
    rows: &mut [R],
    latest: Option<Timestamp>,
    at: Timestamp,
) {
    for row in rows
        .iter_mut()
        .filter(|row| is_from_the_future(*row, latest))
    {
        row.date_to(at);
    }
}

/// Is the row said to be from after a bound?
pub(in crate::engine) fn is_from_the_future<R: Dated>(row: &R, latest: Option<Timestamp>) -> bool {
    latest.is_some_and(|latest| row.newest().is_some_and(|told| told.at > latest))
}

/// The latest of several moments.
fn latest<const N: usize>(moments: [Option<Told>; N]) -> Option<Told> {
    moments.into_iter().flatten().max_by_key(|told| told.at)
}

impl Dated for MessengerAccount {
    fn newest(&self) -> Option<Told> {
        latest([
            Some(told("registered_at", self.registered_at)),
            Some(told("number_since", self.number_since)),
            Some(told("last_seen_at", self.last_seen_at)),
        ])
    }
}

impl Dated for SocialAccount {
    fn newest(&self) -> Option<Told> {
        let phone_since = self.phone_since.map(|at| told("phone_since", at));
        latest([Some(told("created_at", self.created_at)), phone_since])
    }
}

impl Dated for Friendship {
    fn newest(&self) -> Option<Told> {
        Some(told("since", self.since))
    }
}

impl Dated for CallCount {
    fn newest(&self) -> Option<Told> {
        Some(told("since", self.since))
    }
}

impl Dated for GroupMember {
    fn newest(&self) -> Option<Told> {
        Some(told("joined_at", self.joined_at))
    }
}

impl Dated for TrustSeed {
    fn newest(&self) -> Option<Told> {
        Some(told("verified_at", self.verified_at))
    }
}

/// Rows of one moment `at` that always take something away.
macro_rules! takes_away_at {
    ($($record:ty),+) => {$(
        impl Dated for $record {
            fn newest(&self) -> Option<Told> {
                Some(told("at", self.at))
            }

            fn takes_away(&self) -> bool {
                true
            }

            fn date_to(&mut self, at: Timestamp) {
                self.at = at;
            }
        }
    )+};
}

takes_away_at!(Feedback, AdFeedback, AbuseReport);

impl Dated for Impression {
    fn newest(&self) -> Option<Told> {
        Some(told("at", self.at))
    }
}

impl Dated for AudienceMember {
    fn newest(&self) -> Option<Told> {
        Some(told("added_at", self.added_at))
    }
}

impl Dated for BusinessThread {
    fn newest(&self) -> Option<Told> {
        let last = self
            .last_from_person_at
            .map(|at| told("last_from_person_at", at));
        let entry = self.entry_at.map(|at| told("entry_at", at));
        let answered = self.answered_at.map(|at| told("answered_at", at));
        let started = Some(told("started_at", self.started_at));
        latest([started, last, entry, answered])
    }
}

impl Dated for BusinessOptIn {
    fn newest(&self) -> Option<Told> {
        let out = self.opted_out_at.map(|at| told("opted_out_at", at));
        latest([Some(told("opted_in_at", self.opted_in_at)), out])
    }

    fn takes_away(&self) -> bool {
        self.opted_out_at.is_some()
    }

    fn date_to(&mut self, at: Timestamp) {
        self.opted_in_at = self.opted_in_at.min(at);
        self.opted_out_at = Some(at);
    }
}

impl Dated for BusinessEvent {
    fn newest(&self) -> Option<Told> {
        Some(told("at", self.at))
    }

    fn takes_away(&self) -> bool {
        let gives = matches!(
            self.what,
            BusinessEventKind::Said {
                word: PersonsWord::Resume | PersonsWord::Unblock,
                ..
            }
        );
        !gives
    }

    fn date_to(&mut self, at: Timestamp) {
        self.at = at;
    }
}

/// An ad may begin tomorrow.
impl Dated for Ad {
    fn newest(&self) -> Option<Told> {
        None
    }
}

/// The row says whose number is a business's, which keeps it out of suggestions: no date takes that away.
impl Dated for Business {
    fn newest(&self) -> Option<Told> {
        None
    }
}

/// How much newer than every other row one row may be and still move the moment of a run. Beyond this everybody
/// else would count as gone.
const ALONE_DAYS: i64 = crate::consent::INACTIVE_DAYS;

/// The moment a run speaks of.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Moment<'a> {
    pub(in crate::engine) at: Timestamp,
    /// The row that stands alone and would have moved it.
    pub(in crate::engine) alone: Option<&'a Rejection>,
}

/// The newest moments of some rows: what a run speaks of unless it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Newest {
    first: Option<Timestamp>,
    /// Which row the first is of.
    place: Option<Rejection>,
    second: Option<Timestamp>,
}

impl Newest {
    /// Takes a further row into account.
    pub(in crate::engine) fn see(&mut self, at: Timestamp, place: impl FnOnce() -> Rejection) {
        if self.first < Some(at) {
            self.second = self.first;
            self.first = Some(at);
            self.place = Some(place());
        } else if self.second < Some(at) {
            self.second = Some(at);
        }
    }

    /// The moment to speak of; none without a row.
    pub(in crate::engine) fn moment(&self) -> Option<Moment<'_>> {
        let first = self.first?;
        let alone = |second: &Timestamp| second.plus_days(ALONE_DAYS) < first;
        Some(match self.second.filter(alone) {
            Some(at) => Moment {
                at,
                alone: self.place.as_ref(),
            },
            None => Moment {
                at: first,
                alone: None,
            },
        })
    }

    /// The newest moment there is.
    pub(in crate::engine) const fn first(&self) -> Option<Timestamp> {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::RejectionReason;

    /// The moment of rows from some days, and which of them stands alone, from 1.
    fn moment(days: &[i64]) -> Option<(Timestamp, Option<u64>)> {
        let mut newest = Newest::default();
        for (&day, row) in days.iter().zip(1..) {
            let place = || Rejection {
                file: "friendships.csv".to_owned(),
                row,
                column: "since",
                reason: RejectionReason::FromTheFuture,
            };
            newest.see(Timestamp::from_secs(0).plus_days(day), place);
        }
        let moment = newest.moment()?;
        Some((moment.at, moment.alone.map(|place| place.row)))
    }

    #[test]
    fn no_single_row_moves_the_moment() {
        let day = |day| Timestamp::from_secs(0).plus_days(day);
        for (days, expected) in [
            (vec![], None),
            (vec![5], Some((day(5), None))),
            (vec![5, 9], Some((day(9), None))),
            (vec![9, 5, 7], Some((day(9), None))),
            (vec![5, 125], Some((day(125), None))),
            (vec![5, 126], Some((day(5), Some(2)))),
            (vec![4000, 5, 4, 3], Some((day(5), Some(1)))),
            (vec![4000, 5, 4000, 3], Some((day(4000), None))),
        ] {
            assert_eq!(moment(&days), expected, "{days:?}");
        }
    }
}
