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
use crate::consent::Subject;
use crate::ids::{AccountId, AdId, BusinessId, EventId, UserId};
use crate::time::Interval;

/// A record of which a table may say only one thing for each id.
pub trait Identified: Record {
    /// The id.
    type Id: Copy + Ord;

    /// The id of the record.
    fn id(&self) -> Self::Id;

    /// The account the record is about, if it is about one.
    fn about_account(&self) -> Option<AccountId> {
        None
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

    fn about_account(&self) -> Option<AccountId> {
        match self {
            Self::Known(event) => match event.subject {
                Subject::Account(account) => Some(account),
                Subject::Device(_) | Subject::NonUser(_) => None,
            },
            Self::NonUser { .. } => None,
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
    let by_id = |a: &R, b: &R| a.id().cmp(&b.id());
    let same_id = |a: &R, b: &R| a.id() == b.id();
    sift(rows, by_id, same_id, equal_or_none, R::about_account)
}

/// Keeps the rows of each account unless they contradict each other: one row for each number it had.
#[must_use]
pub fn deduplicate_accounts(rows: TableRows<MessengerAccount>) -> Deduplicated<MessengerAccount> {
    let by_number = |a: &MessengerAccount, b: &MessengerAccount| {
        let key = |row: &MessengerAccount| (row.account_id, row.number_since);
        key(a).cmp(&key(b)).then_with(|| a.cmp(b))
    };
    let same_account = |a: &MessengerAccount, b: &MessengerAccount| a.account_id == b.account_id;
    let about = |row: &MessengerAccount| Some(row.account_id);
    sift(rows, by_number, same_account, one_number_at_a_time, about)
}

/// Keeps one row of each friendship: the earliest.
#[must_use]
pub fn deduplicate_friendships(rows: TableRows<Friendship>) -> TableRows<Friendship> {
    let same_pair = |a: &Friendship, b: &Friendship| (a.user_a, a.user_b) == (b.user_a, b.user_b);
    sift(rows, Friendship::cmp, same_pair, keep_first, |_| None).rows
}

type Placed<R> = (R, Origin);
/// For each row of a group why it is dropped; none keeps it.
type Verdicts = Vec<Option<RejectionReason>>;

/// Every row must equal the first: enough, because equality is transitive.
fn equal_or_none<R: Record>(group: &[Placed<R>]) -> Verdicts {
    if group.iter().all(|(record, _)| *record == group[0].0) {
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
    about: impl Fn(&R) -> Option<AccountId>,
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
        reject(&mut rows, origin, reason, about(&record));
        if reason == RejectionReason::Conflict {
            conflicts.push(record);
        }
    }
    sort_rejections(&mut rows);
    Deduplicated { rows, conflicts }
}

fn reject<R: Record>(
    rows: &mut TableRows<R>,
    origin: Origin,
    reason: RejectionReason,
    account: Option<AccountId>,
) {
    let file = usize::try_from(origin.file).expect("a file's index fits the memory its list is in");
    rows.rejections.push(Rejection {
        file: rows.summary.files[file].path.clone(),
        row: origin.row,
        column: R::COLUMNS[0].name,
        reason,
    });
    rows.rejected_accounts.push(account);
    rows.summary.reject(reason, 1);
}

fn sort_rejections<R>(rows: &mut TableRows<R>) {
    let mut paired: Vec<_> = rows
        .rejections
        .drain(..)
        .zip(rows.rejected_accounts.drain(..))
        .collect();
    paired.sort_unstable();
    (rows.rejections, rows.rejected_accounts) = paired.into_iter().unzip();
}
