//! Who left a trace, and by which rows they got in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::compare::Compared;
use super::erase::Erased;
use super::{Subject, Trace, Verification};
use crate::engine::EngineError;
use crate::hash::HashMap;
use crate::identity::{E164, normalise};
use crate::ids::{AccountId, DeviceId, UserId};

/// Finds somebody whose deletion changes the output, by halving: the first of all who are out, in order, with whom the
/// output is another than without. `differs` runs the world without some people.
pub(in crate::engine) fn trace(
    verification: &Verification<'_>,
    subject: &Subject,
    differs: &mut dyn FnMut(&Erased) -> Result<Option<Compared>, EngineError>,
) -> Result<Option<Trace>, EngineError> {
    let people = subject
        .erased
        .people(verification.standing.everyones_links());
    let (mut without, mut with) = (0, people.len());
    let mut seen = None;
    while with - without > 1 {
        let middle = usize::midpoint(without, with);
        match differs(&Erased::union(&people[..middle]))? {
            Some(compared) => (with, seen) = (middle, Some(compared)),
            None => without = middle,
        }
    }
    let Some(person) = people.get(with - 1) else {
        return Ok(None);
    };
    let compared = match seen {
        Some(compared) => Some(compared),
        None => differs(&subject.erased)?,
    };
    let targets: Vec<Node> = compared
        .iter()
        .flat_map(|compared| &compared.rows)
        .flat_map(|row| &row.ids)
        .filter_map(|(column, id)| Node::of(column, *id))
        .collect();
    let starts = person.users.iter().map(|user| Node::User(*user));
    let starts = starts.chain(
        person
            .accounts
            .iter()
            .map(|account| Node::Account(*account)),
    );
    Ok(Some(Trace {
        user: person.users.first().copied(),
        accounts: person.accounts.iter().copied().collect(),
        path: path(&rows(verification), &starts.collect::<Vec<_>>(), &targets),
    }))
}

/// Something that rows have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Node {
    User(UserId),
    Account(AccountId),
    Number(E164),
    Device(DeviceId),
    Ad(u64),
    Business(u64),
}

impl Node {
    fn of(column: &str, id: u64) -> Option<Self> {
        Some(match column {
            "user_id" | "candidate_id" => Self::User(UserId(id)),
            "account_id" => Self::Account(AccountId(id)),
            "ad_id" => Self::Ad(id),
            "business_id" => Self::Business(id),
            _ => return None,
        })
    }
}

/// A row that joins two things.
struct Row {
    ends: [Node; 2],
    text: String,
}

/// The rows that can join people. Numbers and devices join them without being named.
fn rows(verification: &Verification<'_>) -> Vec<Row> {
    let (tables, inputs) = (verification.tables, verification.inputs);
    let mut rows = Vec::new();
    let mut add = |a: Node, b: Node, text: String| rows.push(Row { ends: [a, b], text });
    for (row, number) in inputs.accounts.iter().zip(&inputs.account_numbers) {
        let account = Node::Account(row.account_id);
        let said = format!("messenger_accounts: account {}", row.account_id);
        if let Some(number) = number {
            add(
                account,
                Node::Number(*number),
                format!("{said} held a number"),
            );
        }
        if let Some(device) = row.device.device_id {
            add(
                account,
                Node::Device(device),
                format!("{said} was seen on a device"),
            );
        }
    }
    for (row, number) in inputs.social.iter().zip(&inputs.social_numbers) {
        if let Some(number) = number {
            let text = format!("social_accounts: user {} claims a number", row.user_id);
            add(Node::User(row.user_id), Node::Number(*number), text);
        }
    }
    let column: Vec<_> = tables
        .book
        .iter()
        .map(|row| (row.phone.clone(), None))
        .collect();
    for (row, number) in tables.book.iter().zip(normalise(&column)) {
        if let Ok(number) = number {
            let text = format!("address_book: account {} saved a number", row.account_id);
            add(Node::Account(row.account_id), Node::Number(number), text);
        }
    }
    for row in &tables.friendships {
        let text = format!("friendships: {} and {}", row.user_a, row.user_b);
        add(Node::User(row.user_a), Node::User(row.user_b), text);
    }
    for row in &tables.feedback {
        let text = format!("feedback: {} on {}", row.user_id, row.other_id);
        add(Node::User(row.user_id), Node::User(row.other_id), text);
    }
    for row in &tables.impressions {
        if let Some(user) = row.user_id {
            let text = format!("impressions: user {user} saw ad {}", row.ad_id);
            add(Node::User(user), Node::Ad(row.ad_id.0), text);
        }
    }
    for row in &tables.threads {
        let text = format!(
            "business_threads: {} and account {}",
            row.business_id, row.account_id
        );
        add(
            Node::Account(row.account_id),
            Node::Business(row.business_id.0),
            text,
        );
    }
    for row in &tables.opt_ins {
        let text = format!(
            "business_opt_ins: account {} to {}",
            row.account_id, row.business_id
        );
        add(
            Node::Account(row.account_id),
            Node::Business(row.business_id.0),
            text,
        );
    }
    for row in &tables.reports {
        let text = format!("abuse_reports: {} reported {}", row.reporter, row.reported);
        add(
            Node::Account(row.reporter),
            Node::Account(row.reported),
            text,
        );
    }
    rows
}

/// The shortest chain of rows from one of some things to one of others; empty if there is none.
fn path(rows: &[Row], starts: &[Node], targets: &[Node]) -> Vec<String> {
    let mut at: HashMap<Node, Vec<usize>> = HashMap::default();
    for (i, row) in rows.iter().enumerate() {
        for end in row.ends {
            at.entry(end).or_default().push(i);
        }
    }
    let targets: BTreeSet<Node> = targets.iter().copied().collect();
    let mut came: BTreeMap<Node, Option<(Node, usize)>> =
        starts.iter().map(|start| (*start, None)).collect();
    let mut waiting: VecDeque<Node> = starts.iter().copied().collect();
    while let Some(node) = waiting.pop_front() {
        if targets.contains(&node) && came[&node].is_some() {
            return walk_back(rows, &came, node);
        }
        for &row in at.get(&node).into_iter().flatten() {
            let [a, b] = rows[row].ends;
            let next = if a == node { b } else { a };
            if let std::collections::btree_map::Entry::Vacant(entry) = came.entry(next) {
                entry.insert(Some((node, row)));
                waiting.push_back(next);
            }
        }
    }
    Vec::new()
}

fn walk_back(rows: &[Row], came: &BTreeMap<Node, Option<(Node, usize)>>, end: Node) -> Vec<String> {
    let mut path = Vec::new();
    let mut node = end;
    while let Some(&(before, row)) = came.get(&node).and_then(Option::as_ref) {
        path.push(rows[row].text.clone());
        node = before;
    }
    path.reverse();
    path
}
