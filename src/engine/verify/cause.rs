//! Whose data made a difference: smaller and smaller sets of erased people, then the rows that lead to the output.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::erase::{Erased, Source};
use super::verdict::{Cause, Difference};
use super::{Trial, compare};
use crate::consent::Purpose;
use crate::engine::EngineError;
use crate::identity::E164;
use crate::ids::{AccountId, AdId, BusinessId, UserId};
use crate::signals::{AddressBookEntry, Hidden};

/// One erased account or person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum One {
    Account(AccountId),
    Person(UserId),
    /// Loses all but what counts at the level *limited*.
    LimitedAccount(AccountId),
    /// The same.
    LimitedPerson(UserId),
}

/// Finds a small set of erased people that is enough for the difference, and a chain of rows to the first row.
///
/// Halves are tried, then quarters and so on, each with one run of the purpose: the delta debugging of Zeller and
/// Hildebrandt (2002), cut off after `max_reruns` runs.
pub(super) fn find(
    trial: &Trial<'_>,
    purpose: Purpose,
    erased: &Erased,
    differences: &[Difference],
    max_reruns: u32,
) -> Result<Cause, EngineError> {
    let mut search = Search {
        trial,
        purpose,
        contestants: &erased.contestants,
        left: max_reruns,
    };
    let limited = &erased.limited;
    let accounts = erased.accounts.iter().copied().map(One::Account);
    let all: Vec<One> = accounts
        .chain(erased.people.iter().copied().map(One::Person))
        .chain(limited.accounts.iter().copied().map(One::LimitedAccount))
        .chain(limited.people.iter().copied().map(One::LimitedPerson))
        .collect();
    let Few { few, is_minimal } = search.minimal(all)?;
    let few = search.erased(&few);
    let path = differences
        .first()
        .map_or_else(Vec::new, |first| Rows::of(trial.source).path(&few, first));
    Ok(Cause {
        accounts: (&few.accounts | &few.limited.accounts)
            .iter()
            .map(|account| account.0)
            .collect(),
        people: (&few.people | &few.limited.people)
            .iter()
            .map(|user| user.0)
            .collect(),
        is_minimal,
        n_reruns: max_reruns - search.left,
        path,
    })
}

struct Search<'a> {
    trial: &'a Trial<'a>,
    purpose: Purpose,
    contestants: &'a BTreeSet<UserId>,
    left: u32,
}

/// Some that make a difference together.
struct Few {
    few: Vec<One>,
    /// No part of the last size tried differs alone.
    is_minimal: bool,
}

impl Few {
    const fn minimal(few: Vec<One>) -> Self {
        Self {
            few,
            is_minimal: true,
        }
    }

    /// As far as the search came.
    const fn up_to_here(few: Vec<One>) -> Self {
        Self {
            few,
            is_minimal: false,
        }
    }
}

impl Search<'_> {
    fn erased(&self, some: &[One]) -> Erased {
        let mut erased = Erased {
            contestants: self.contestants.clone(),
            ..Erased::default()
        };
        for one in some {
            match *one {
                One::Account(account) => erased.accounts.insert(account),
                One::Person(user) => erased.people.insert(user),
                One::LimitedAccount(account) => erased.limited.accounts.insert(account),
                One::LimitedPerson(user) => erased.limited.people.insert(user),
            };
        }
        erased
    }

    fn minimal(&mut self, mut held: Vec<One>) -> Result<Few, EngineError> {
        let mut n_parts = 2;
        while held.len() > 1 {
            let size = held.len().div_ceil(n_parts);
            let parts: Vec<Vec<One>> = held.chunks(size).map(<[One]>::to_vec).collect();
            let rest = |part: &[One]| {
                held.iter()
                    .copied()
                    .filter(|one| !part.contains(one))
                    .collect::<Vec<_>>()
            };
            let others = parts.iter().filter(|_| n_parts > 2).map(|part| rest(part));
            let tried: Vec<Vec<One>> = parts.iter().cloned().chain(others).collect();
            let mut smaller = None;
            for some in tried {
                if self.left == 0 {
                    return Ok(Few::up_to_here(held));
                }
                if self.differs(&some)? {
                    smaller = Some(some);
                    break;
                }
            }
            match smaller {
                Some(some) => {
                    n_parts = 2.max(if some.len() * 2 <= held.len() {
                        2
                    } else {
                        n_parts - 1
                    });
                    held = some;
                }
                None if n_parts >= held.len() => return Ok(Few::minimal(held)),
                None => n_parts = (n_parts * 2).min(held.len()),
            }
        }
        Ok(Few::minimal(held))
    }

    fn differs(&mut self, some: &[One]) -> Result<bool, EngineError> {
        self.left -= 1;
        let erased = self.erased(some);
        // A world of its own each time: nothing is written over another's output.
        let name = format!("cause of {}, {} left", self.purpose.as_str(), self.left);
        let out = self.trial.run(&name, &[self.purpose], &erased)?;
        let compared = compare::purpose(self.trial.out, &out, self.purpose, &erased)?;
        self.trial.forget(&name)?;
        Ok(compared.n_differences > 0)
    }
}

/// What input rows join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Account(AccountId),
    Person(UserId),
    Number(E164),
    Ad(AdId),
    Business(BusinessId),
    Model,
}

/// Every input row as a tie between what it names.
struct Rows {
    ties: BTreeMap<Node, Vec<(Node, &'static str, usize)>>,
}

impl Rows {
    fn of(source: &Source) -> Self {
        let mut rows = Self {
            ties: BTreeMap::new(),
        };
        for (i, (row, number)) in source
            .accounts
            .iter()
            .zip(source.account_numbers())
            .enumerate()
        {
            rows.tie(
                "messenger_accounts",
                i,
                Node::Account(row.account_id),
                number.map(Node::Number),
            );
        }
        for (i, (user, _, number)) in source.social_numbers().into_iter().enumerate() {
            rows.tie(
                "social_accounts with a number, row",
                i,
                Node::Person(user),
                number.map(Node::Number),
            );
        }
        for (i, row) in source.friendships.iter().enumerate() {
            rows.tie(
                "friendships",
                i,
                Node::Person(row.user_a),
                Some(Node::Person(row.user_b)),
            );
        }
        for (i, row) in source.feedback.iter().enumerate() {
            rows.tie(
                "feedback",
                i,
                Node::Person(row.user_id),
                Some(Node::Person(row.other_id)),
            );
        }
        for (i, row) in source.impressions.iter().enumerate() {
            if let Some(user) = row.user_id {
                rows.tie(
                    "impressions",
                    i,
                    Node::Person(user),
                    Some(Node::Ad(row.ad_id)),
                );
                rows.tie(
                    "the click model, from impressions",
                    i,
                    Node::Ad(row.ad_id),
                    Some(Node::Model),
                );
            }
        }
        for (i, row) in source.ad_feedback.iter().enumerate() {
            let ad = match row.hidden {
                Hidden::Ad(ad) => Some(Node::Ad(ad)),
                Hidden::Advertiser(_) => None,
            };
            rows.tie("ad_feedback", i, Node::Person(row.user_id), ad);
        }
        for (i, row) in source.threads.iter().enumerate() {
            rows.tie(
                "business_threads",
                i,
                Node::Account(row.account_id),
                Some(Node::Business(row.business_id)),
            );
        }
        for (i, row) in source.opt_ins.iter().enumerate() {
            rows.tie(
                "business_opt_ins",
                i,
                Node::Account(row.account_id),
                Some(Node::Business(row.business_id)),
            );
        }
        for (i, row) in source.reports.iter().enumerate() {
            rows.tie(
                "abuse_reports",
                i,
                Node::Account(row.reporter),
                Some(Node::Account(row.reported)),
            );
        }
        rows.read_book(source);
        rows
    }

    /// The address book; if it can no longer be read the path goes without.
    fn read_book(&mut self, source: &Source) {
        let mut i = 0;
        let _ = source.dir.stream::<AddressBookEntry, EngineError>(|batch| {
            for (row, number) in batch
                .records
                .iter()
                .zip(source.numbers_saved(&batch.records))
            {
                self.tie(
                    "address_book",
                    i,
                    Node::Account(row.account_id),
                    number.map(Node::Number),
                );
                i += 1;
            }
            Ok(())
        });
    }

    fn tie(&mut self, table: &'static str, i: usize, a: Node, b: Option<Node>) {
        if let Some(b) = b {
            self.ties.entry(a).or_default().push((b, table, i + 1));
            self.ties.entry(b).or_default().push((a, table, i + 1));
        }
    }

    /// The shortest chain from somebody erased to what a row names.
    fn path(&self, erased: &Erased, to: &Difference) -> Vec<String> {
        let goals: Vec<Node> = to
            .key
            .iter()
            .filter_map(|(name, value)| goal(name, value))
            .collect();
        let limited = &erased.limited;
        let accounts = erased.accounts.iter().chain(&limited.accounts);
        let people = erased.people.iter().chain(&limited.people);
        let starts: Vec<Node> = accounts
            .copied()
            .map(Node::Account)
            .chain(people.copied().map(Node::Person))
            .collect();
        let mut came_from: BTreeMap<Node, Option<(Node, &'static str, usize)>> =
            starts.iter().map(|&node| (node, None)).collect();
        let mut queue: VecDeque<Node> = starts.into();
        while let Some(node) = queue.pop_front() {
            if goals.contains(&node) {
                return steps(node, &came_from);
            }
            for &(next, table, row) in self.ties.get(&node).into_iter().flatten() {
                came_from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    Some((node, table, row))
                });
            }
        }
        vec![
            "no chain of rows joins them: the row depends on something counted over everybody"
                .to_owned(),
        ]
    }
}

fn goal(name: &str, value: &str) -> Option<Node> {
    let id = value.parse().ok()?;
    match name {
        "user_id" | "candidate_id" => Some(Node::Person(UserId(id))),
        "account_id" => Some(Node::Account(AccountId(id))),
        "ad_id" => Some(Node::Ad(AdId(id))),
        _ => None,
    }
}

fn steps(
    end: Node,
    came_from: &BTreeMap<Node, Option<(Node, &'static str, usize)>>,
) -> Vec<String> {
    let mut steps = Vec::new();
    let mut at = end;
    while let Some(&Some((before, table, row))) = came_from.get(&at) {
        steps.push(format!("{} – {table} {row} – {}", name(before), name(at)));
        at = before;
    }
    if steps.is_empty() {
        steps.push(format!("{} is named by the row", name(end)));
    }
    steps.reverse();
    steps
}

fn name(node: Node) -> String {
    match node {
        Node::Account(account) => format!("account {}", account.0),
        Node::Person(user) => format!("person {}", user.0),
        Node::Number(_) => "a number".to_owned(),
        Node::Ad(ad) => format!("ad {}", ad.0),
        Node::Business(business) => format!("business {}", business.0),
        Node::Model => "the model".to_owned(),
    }
}
