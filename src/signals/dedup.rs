//! One row for each id, whatever the order of rows and files.
//!
//! Rows of one id that are equal are one row: the one that stands first is kept, the others are rejected as
//! `duplicate`. Rows of one id that contradict each other are all rejected as `conflict`, equal ones among
//! them too: to pick one of them would let the order of files decide about a person.
//!
//! Two tables have a rule of their own. An account that changed its number has one row for each number, so its
//! rows contradict each other only if two numbers were its at the same time, or if it was registered twice
//! ([`deduplicate_accounts`]). Of several rows about one friendship the earliest `since` is kept, and none is
//! a contradiction ([`deduplicate_friendships`]).
//!
//! What is kept is sorted, and which record that is depends on nothing but the set of rows. Each function
//! takes O(n log n) time and O(n) space for n rows.

use std::cmp::Ordering;

use super::batch::{Origin, TableRows};
use super::record::Record;
use super::records::{Ad, Business, ConsentEventRow, Friendship, MessengerAccount, SocialAccount};
use super::rejection::{Rejection, RejectionReason};
use super::row::Fault;
use super::salvage::Salvage;
use crate::ids::{AdId, BusinessId, EventId, UserId};
use crate::time::{Interval, Timestamp};

/// A record of which a table may say only one thing for each id.
pub trait Identified: Record {
    /// The id.
    type Id: Copy + Ord;

    /// The id of the record.
    fn id(&self) -> Self::Id;

    /// Does another record of this id say the same?
    fn agrees(&self, other: &Self) -> bool {
        self == other
    }

    /// Which of the records that agree stands.
    fn preference(&self) -> Timestamp {
        Timestamp::MIN
    }
}

impl Identified for SocialAccount {
    type Id = UserId;

    fn id(&self) -> UserId {
        self.user_id
    }
}

impl Identified for Ad {
    type Id = AdId;

    fn id(&self) -> AdId {
        self.ad_id
    }
}

impl Identified for Business {
    type Id = BusinessId;

    fn id(&self) -> BusinessId {
        self.business_id
    }
}

impl Identified for ConsentEventRow {
    type Id = EventId;

    fn id(&self) -> EventId {
        match self {
            Self::Known(event) => event.event_id,
            Self::NonUser { event_id, .. } => *event_id,
        }
    }

    /// An event that is told twice is one, whenever it became known.
    fn agrees(&self, other: &Self) -> bool {
        let mut other = other.clone();
        *other.known_time_mut() = self.preference();
        *self == other
    }

    /// The earliest known time stands.
    fn preference(&self) -> Timestamp {
        match self {
            Self::Known(event) => event.known_time,
            Self::NonUser { known_time, .. } => *known_time,
        }
    }
}

impl ConsentEventRow {
    const fn known_time_mut(&mut self) -> &mut Timestamp {
        match self {
            Self::Known(event) => &mut event.known_time,
            Self::NonUser { known_time, .. } => known_time,
        }
    }
}

/// What is left of a table when each id says one thing, and what contradicted itself.
#[derive(Clone, Debug)]
pub struct Deduplicated<R> {
    /// The rows that are left, sorted by id; what was dropped is among the rejections and in the summary.
    pub rows: TableRows<R>,
    /// The records that were rejected as `conflict`, sorted by id: whoever decides by this table has to know
    /// whom it contradicts itself about.
    pub conflicts: Vec<R>,
}

/// Keeps one row of each id: equal rows are one, rows that contradict each other are none.
#[must_use]
pub fn deduplicate<R: Identified>(rows: TableRows<R>) -> Deduplicated<R> {
    let key = |row: &R| (row.id(), row.preference());
    let by_id = |a: &R, b: &R| key(a).cmp(&key(b));
    let same_id = |a: &R, b: &R| a.id() == b.id();
    sift(rows, by_id, same_id, equal_or_none)
}

/// Keeps the rows of each account unless they contradict each other: one row for each number it had.
#[must_use]
pub fn deduplicate_accounts(rows: TableRows<MessengerAccount>) -> Deduplicated<MessengerAccount> {
    let by_number = |a: &MessengerAccount, b: &MessengerAccount| {
        let key = |row: &MessengerAccount| (row.account_id, row.number_since);
        key(a).cmp(&key(b)).then_with(|| a.cmp(b))
    };
    let same_account = |a: &MessengerAccount, b: &MessengerAccount| a.account_id == b.account_id;
    sift(rows, by_number, same_account, one_number_at_a_time)
}

/// Keeps one row of each friendship: the earliest.
#[must_use]
pub fn deduplicate_friendships(rows: TableRows<Friendship>) -> TableRows<Friendship> {
    let same_pair = |a: &Friendship, b: &Friendship| (a.user_a, a.user_b) == (b.user_a, b.user_b);
    sift(rows, Friendship::cmp, same_pair, keep_first).rows
}

type Placed<R> = (R, Origin);
/// For each row of a group why it is dropped; none keeps it.
type Verdicts = Vec<Option<RejectionReason>>;

/// Every row must say what the first says: enough, because that is transitive.
fn equal_or_none<R: Identified>(group: &[Placed<R>]) -> Verdicts {
    let ((first, _), rest) = group.split_first().expect("a group has a row");
    if rest.iter().all(|(record, _)| first.agrees(record)) {
        keep_first(group)
    } else {
        vec![Some(RejectionReason::Conflict); group.len()]
    }
}

fn keep_first<R>(group: &[Placed<R>]) -> Verdicts {
    let mut verdicts = vec![Some(RejectionReason::Duplicate); group.len()];
    verdicts[0] = None;
    verdicts
}

/// Rows come sorted by `number_since`, equal ones side by side. If two intervals share an instant, the earlier
/// one shares it with its neighbour as well, so looking at neighbours is enough.
fn one_number_at_a_time(group: &[Placed<MessengerAccount>]) -> Verdicts {
    let neighbours = || group.windows(2).map(|pair| (&pair[0].0, &pair[1].0));
    if neighbours().any(|(a, b)| a != b && contradict(a, b)) {
        return vec![Some(RejectionReason::Conflict); group.len()];
    }
    let repeated = neighbours().map(|(a, b)| (a == b).then_some(RejectionReason::Duplicate));
    std::iter::once(None).chain(repeated).collect()
}

fn contradict(a: &MessengerAccount, b: &MessengerAccount) -> bool {
    let held = |row: &MessengerAccount| Interval::new(row.number_since, row.number_until);
    a.registered_at != b.registered_at || held(a).overlaps(&held(b))
}

/// Sorts rows, groups them and keeps what the rule keeps of each group.
fn sift<R: Record>(
    mut rows: TableRows<R>,
    order: impl Fn(&R, &R) -> Ordering,
    same: impl Fn(&R, &R) -> bool,
    rule: impl Fn(&[Placed<R>]) -> Verdicts,
) -> Deduplicated<R> {
    let mut placed: Vec<Placed<R>> = rows.records.drain(..).zip(rows.origins.drain(..)).collect();
    placed.sort_unstable_by(|(a, at), (b, other)| order(a, b).then(at.cmp(other)));
    let verdicts: Verdicts = placed
        .chunk_by(|(a, _), (b, _)| same(a, b))
        .flat_map(rule)
        .collect();
    let mut conflicts = Vec::new();
    for ((record, origin), verdict) in placed.into_iter().zip(verdicts) {
        let Some(reason) = verdict else {
            rows.records.push(record);
            rows.origins.push(origin);
            continue;
        };
        let fault = Fault::new(&R::COLUMNS[0], reason);
        // Nothing is lost with these: of equal rows one is kept, and those that contradict each other are handed over.
        reject(&mut rows, origin, fault, Salvage::Harmless);
        if reason == RejectionReason::Conflict {
            conflicts.push(record);
        }
    }
    sort_rejections(&mut rows);
    Deduplicated { rows, conflicts }
}

/// Adds a rejection of a row that was a record; the caller takes the record out.
pub(super) fn reject<R>(
    rows: &mut TableRows<R>,
    origin: Origin,
    fault: Fault,
    left: Salvage,
) -> Rejection {
    let rejection = rows.rejection(origin, fault);
    rows.rejections.push(rejection.clone());
    rows.salvages.push(left);
    rows.summary.reject(fault.reason, 1);
    rejection
}

pub(super) fn sort_rejections<R>(rows: &mut TableRows<R>) {
    let mut paired: Vec<_> = rows
        .rejections
        .drain(..)
        .zip(rows.salvages.drain(..))
        .collect();
    paired.sort_unstable();
    (rows.rejections, rows.salvages) = paired.into_iter().unzip();
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::testing::{dir_of, faults, read};
    use super::*;
    use RejectionReason::{Conflict, Duplicate};

    const T: [&str; 4] = [
        "2016-01-01T00:00:00Z",
        "2016-01-02T00:00:00Z",
        "2016-01-03T00:00:00Z",
        "2016-01-04T00:00:00Z",
    ];

    /// Reads rows of a table from two files: what is left may not depend on how they are split.
    fn rows_of<R: Record>(header: &str, rows: &[String], in_first: usize) -> TableRows<R> {
        let text = |rows: &[String]| format!("{header}\n{}\n", rows.join("\n"));
        let (first, second) = rows.split_at(in_first.min(rows.len()));
        let names = [1, 2].map(|part| format!("{}/{part}.csv", R::TABLE));
        let dir = dir_of(&[
            (&names[0], text(first).as_bytes()),
            // An empty line more: equal rows in both are still two files.
            (&names[1], format!("{}\n", text(second)).as_bytes()),
        ]);
        read(dir.path()).unwrap()
    }

    fn check_sums<R>(rows: &TableRows<R>) {
        assert_eq!(rows.records.len(), rows.origins.len());
        assert_eq!(rows.rejections.len(), rows.salvages.len());
        assert_eq!(rows.summary.n_records, rows.records.len() as u64);
        assert_eq!(rows.summary.n_rejected(), rows.rejections.len() as u64);
        assert_eq!(
            rows.summary.n_rows,
            rows.summary.n_records + rows.summary.n_rejected()
        );
    }

    #[test]
    fn equal_rows_are_one_and_contradictions_none() {
        let header = "business_id,phone,category";
        let rows = ["1,+1,a", "2,+2,a", "1,+1,a", "2,+2,b", "2,+2,a", "3,+3,c"];
        let rows = rows.map(str::to_owned);
        let left = deduplicate(rows_of::<Business>(header, &rows, 6));
        let ids: Vec<u64> = left
            .rows
            .records
            .iter()
            .map(|row| row.business_id.0)
            .collect();
        assert_eq!(ids, [1, 3]);
        assert_eq!(left.conflicts.len(), 3);
        let id = "business_id";
        let expected = [
            (2, id, Conflict),
            (3, id, Duplicate),
            (4, id, Conflict),
            (5, id, Conflict),
        ];
        assert_eq!(faults(&left.rows), expected);
        check_sums(&left.rows);
    }

    #[test]
    fn conflicting_consent_is_handed_over() {
        let header = "event_id,account_id,kind,valid_time,known_time";
        let row = |event: u64, account: u64, kind: &str| {
            format!("{event},{account},{kind},{0},{0}", T[0])
        };
        let rows = [
            row(1, 5, "opt_out"),
            row(1, 6, "opt_out"),
            row(2, 7, "defer"),
            row(2, 7, "defer"),
        ];
        let left = deduplicate(rows_of::<ConsentEventRow>(header, &rows, 1));
        assert_eq!(left.rows.records.len(), 1);
        assert_eq!(left.rows.salvages, vec![Salvage::Harmless; 3]);
        assert_eq!(
            left.conflicts.len(),
            2,
            "whoever decides by them is given them"
        );
    }

    /// One rule for tables and ledgers: `docs/privacy.md`.
    #[test]
    fn an_event_that_is_told_twice_is_known_since_the_first_time() {
        let header = "event_id,account_id,kind,valid_time,known_time";
        for (kinds, valid, known, n_left) in [
            (["opt_out", "opt_out"], [0, 0], [1, 1], 1),
            (["opt_out", "opt_out"], [0, 0], [1, 2], 1),
            (["opt_out", "opt_out"], [0, 0], [3, 1], 1),
            (["opt_out", "opt_out"], [0, 1], [1, 1], 0),
            (["opt_out", "defer"], [0, 0], [1, 2], 0),
        ] {
            let row = |at: usize| format!("7,5,{},{},{}", kinds[at], T[valid[at]], T[known[at]]);
            let left = deduplicate(rows_of::<ConsentEventRow>(header, &[row(0), row(1)], 1));
            assert_eq!(
                left.rows.records.len(),
                n_left,
                "{kinds:?} {valid:?} {known:?}"
            );
            let earliest = *known.iter().min().unwrap();
            let kept = left.rows.records.iter();
            assert!(
                kept.into_iter()
                    .all(|row| row.preference().to_string() == T[earliest])
            );
        }
    }

    fn account(id: u64, registered: usize, since: usize, until: Option<usize>) -> String {
        let until = until.map_or("", |until| T[until]);
        format!(
            "{id},+{since},{},{},{},{until}",
            T[registered], T[3], T[since]
        )
    }

    const ACCOUNTS: &str = "account_id,phone,registered_at,last_seen_at,number_since,number_until";

    #[test]
    fn an_account_has_one_number_at_a_time() {
        let cases = [
            (
                vec![account(1, 0, 0, Some(1)), account(1, 0, 1, None)],
                2,
                vec![],
            ),
            (
                vec![account(1, 0, 1, None), account(1, 0, 1, None)],
                1,
                vec![Duplicate],
            ),
            (
                vec![account(1, 0, 0, Some(2)), account(1, 0, 1, None)],
                0,
                vec![Conflict; 2],
            ),
            (
                vec![account(1, 0, 0, None), account(1, 0, 2, Some(3))],
                0,
                vec![Conflict; 2],
            ),
            (
                vec![account(1, 0, 0, Some(1)), account(1, 1, 1, None)],
                0,
                vec![Conflict; 2],
            ),
            (
                vec![account(1, 0, 0, None), account(2, 0, 0, None)],
                2,
                vec![],
            ),
        ];
        for (rows, n_left, reasons) in cases {
            let left = deduplicate_accounts(rows_of(ACCOUNTS, &rows, 1));
            assert_eq!(left.rows.records.len(), n_left, "{rows:?}");
            let told: Vec<_> = left.rows.rejections.iter().map(|r| r.reason).collect();
            assert_eq!(told, reasons, "{rows:?}");
            check_sums(&left.rows);
        }
    }

    #[test]
    fn a_friendship_began_when_it_first_did() {
        let rows = [
            format!("1,2,{}", T[1]),
            format!("2,1,{}", T[0]),
            format!("1,3,{}", T[2]),
        ];
        let left = deduplicate_friendships(rows_of("user_a,user_b,since", &rows, 2));
        assert_eq!(left.records.len(), 2);
        assert_eq!(left.records[0].since.to_string(), T[0]);
        assert_eq!(faults(&left), [(1, "user_a", Duplicate)]);
        check_sums(&left);
    }

    fn any_account() -> impl Strategy<Value = String> {
        (0_u64..4, 0_usize..2, 0_usize..3, any::<bool>()).prop_map(
            |(id, registered, since, ends)| {
                account(id, registered / 2, since, ends.then_some(since + 1))
            },
        )
    }

    /// The rule as it is told: every row of an account against every other.
    fn is_kept(all: &[MessengerAccount], row: &MessengerAccount) -> bool {
        let of_account = || {
            all.iter()
                .filter(|other| other.account_id == row.account_id)
        };
        !of_account().any(|a| of_account().any(|b| a != b && contradict(a, b)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn oracle_accounts_against_every_pair(rows in vec(any_account(), 0..14), split in 0_usize..14) {
            let read = rows_of::<MessengerAccount>(ACCOUNTS, &rows, split);
            let mut expected: Vec<_> =
                read.records.iter().filter(|row| is_kept(&read.records, row)).cloned().collect();
            expected.sort_unstable();
            expected.dedup();
            let mut left = deduplicate_accounts(read).rows.records;
            left.sort_unstable();
            prop_assert_eq!(left, expected);
        }

        #[test]
        fn prop_order_of_rows_and_files_decides_nothing(
            rows in vec((0_u64..5, 0_u64..2), 0..14).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
            splits in (0_usize..14, 0_usize..14),
        ) {
            let line = |&(id, phone): &(u64, u64)| format!("{id},+{phone},c");
            let left = |rows: &[(u64, u64)], split| {
                let rows: Vec<String> = rows.iter().map(line).collect();
                let left = deduplicate(rows_of::<Business>("business_id,phone,category", &rows, split));
                check_sums(&left.rows);
                (left.rows.records, left.conflicts.len(), left.rows.summary.rejected)
            };
            prop_assert_eq!(left(&rows.0, splits.0), left(&rows.1, splits.1));
        }
    }
}
