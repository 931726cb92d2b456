//! What people share besides ties, for the learned order: where their phones are, calls and texts, groups.
//!
//! Everything is about permitted accounts and the permitted people behind them. Rows pass the gate one by one, and what is
//! made of them once more, so whoever is out is in no count: a group is as large as it has permitted members.

use std::collections::BTreeMap;

use crate::consent::{FriendSuggestions, Permitted};
use crate::engine::world::World;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::engine::{Stage, ValidRunParams};
use crate::graph::{Dealing, Dealings, Graph, Lives};
use crate::ids::{AccountId, UserId};
use crate::signals::MessengerAccount;
use crate::suggest::{FriendModel, RankerParams, RankerSignals, ValidRankerParams};
use crate::time::Timestamp;

/// Of a larger group two members need not know each other.
const GROUP_MAX: usize = 64;

/// What the order of a run looks at: that of a given model, or of one it will train.
pub(super) fn looked_at(params: &ValidRunParams, given: Option<&FriendModel>) -> RankerSignals {
    let asked = params.ranker.as_ref().map(ValidRankerParams::given);
    let asked = given.map(FriendModel::params).or(asked);
    asked.map_or(RankerSignals::none(), RankerParams::signals)
}

/// A graph with what its people share besides ties, as far as it is looked at; notes what became of rows.
pub(super) fn add(
    graph: Graph<FriendSuggestions>,
    world: &mut World,
    view: &View<FriendSuggestions>,
    signals: RankerSignals,
) -> Graph<FriendSuggestions> {
    let (mut lives, mut dealings) = (Vec::new(), Vec::new());
    if signals.region {
        let mut stage = Stage::new("linked accounts → regions");
        let found = regions(&world.inputs, view);
        lives = stage.keep(found.map(|one| view.gates.people.permit(one)));
        world.stages.push(stage);
    }
    if signals.calls {
        let mut stage = Stage::new("call counts → calls of people");
        dealings.extend(calls(&world.inputs, view, &mut stage));
        world.stages.push(stage);
    }
    if signals.groups {
        let mut stage = Stage::new("group members → people in groups");
        dealings.extend(groups(&world.inputs, view, &mut stage));
        world.stages.push(stage);
    }
    graph.with_beside(&lives, &dealings)
}

/// Calls and groups that people share, whether the order looks at them or not.
pub(in crate::engine) fn dealings(
    inputs: &Inputs,
    view: &View<FriendSuggestions>,
) -> Vec<Permitted<Dealings, FriendSuggestions>> {
    let mut uncounted = Stage::new("dealings");
    let mut dealings = calls(inputs, view, &mut uncounted);
    dealings.extend(groups(inputs, view, &mut uncounted));
    dealings
}

/// Of each person the region of the linked account that was seen last, by account where that does not tell them apart.
fn regions<'a>(
    inputs: &'a Inputs,
    view: &'a View<FriendSuggestions>,
) -> impl Iterator<Item = Lives> + 'a {
    let mut of_user: BTreeMap<UserId, &MessengerAccount> = BTreeMap::new();
    let key = |row: &MessengerAccount| (row.last_seen_at, row.number_since, row.account_id);
    for row in inputs.accounts.rows() {
        if let Some(&user) = view.person_of.get(&row.account_id) {
            let held = of_user.entry(user).or_insert(row);
            if key(row) > key(held) {
                *held = row;
            }
        }
    }
    let lives = |(user, row): (UserId, &MessengerAccount)| {
        let (region, at) = (row.region?, row.last_seen_at);
        Some(Lives { user, region, at })
    };
    of_user.into_iter().filter_map(lives)
}

/// How often one person called or wrote to another, and since when that is counted.
#[derive(Clone, Copy)]
struct Counted {
    n: u32,
    since: Timestamp,
}

/// Calls that both made: who is called by somebody they never call is told nothing, nor is who calls.
fn calls(
    inputs: &Inputs,
    view: &View<FriendSuggestions>,
    stage: &mut Stage,
) -> Vec<Permitted<Dealings, FriendSuggestions>> {
    let mut one_way: BTreeMap<(UserId, UserId), Counted> = BTreeMap::new();
    for row in &inputs.calls {
        let Some([from, to]) = people(view, [row.from, row.to], stage) else {
            continue;
        };
        let n = row.calls.saturating_add(row.written);
        let datum = Dealings {
            a: from,
            b: to,
            what: Dealing::Calls(n),
            at: row.since,
        };
        if let Err(reason) = view.gates.people.permit(datum) {
            stage.drop(reason.as_str(), 1);
            continue;
        }
        stage.pass(1);
        let since = row.since;
        let held = one_way.entry((from, to));
        let held = held.or_insert(Counted { n: 0, since });
        held.n = held.n.saturating_add(n);
        held.since = held.since.min(since);
    }
    let both = one_way.iter().filter(|((a, b), _)| a < b);
    let both = both.filter_map(|(&(a, b), there)| {
        let back = one_way.get(&(b, a))?;
        let n = there.n.min(back.n);
        (n > 0).then_some(Dealings {
            a,
            b,
            what: Dealing::Calls(n),
            at: there.since.min(back.since),
        })
    });
    both.filter_map(|one| view.gates.people.permit(one).ok())
        .collect()
}

/// Two different people behind two accounts.
fn people(
    view: &View<FriendSuggestions>,
    accounts: [AccountId; 2],
    stage: &mut Stage,
) -> Option<[UserId; 2]> {
    let [from, to] = accounts.map(|account| view.person_of.get(&account).copied());
    let (Some(from), Some(to)) = (from, to) else {
        stage.drop("not_linked", 1);
        return None;
    };
    if from == to {
        stage.drop("same_person", 1);
        return None;
    }
    Some([from, to])
}

/// Every pair of permitted people in one group, for each of their groups.
fn groups(
    inputs: &Inputs,
    view: &View<FriendSuggestions>,
    stage: &mut Stage,
) -> Vec<Permitted<Dealings, FriendSuggestions>> {
    let mut groups: BTreeMap<u64, BTreeMap<UserId, Timestamp>> = BTreeMap::new();
    for row in &inputs.group_members {
        match view.person_of.get(&row.account) {
            None => stage.drop("not_linked", 1),
            Some(&user) => {
                stage.pass(1);
                let members = groups.entry(row.group).or_default();
                let joined = members.entry(user).or_insert(row.joined_at);
                *joined = row.joined_at.min(*joined);
            }
        }
    }
    let small = groups.values().filter(|members| members.len() <= GROUP_MAX);
    let mut dealings = Vec::new();
    for members in small {
        let n = u32::try_from(members.len()).expect("a small group");
        let members: Vec<(UserId, Timestamp)> = members.iter().map(|(&u, &t)| (u, t)).collect();
        for (i, &(a, joined)) in members.iter().enumerate() {
            let pairs = members[i + 1..].iter().map(|&(b, later)| Dealings {
                a,
                b,
                what: Dealing::Group(n),
                at: joined.min(later),
            });
            dealings.extend(pairs.filter_map(|one| view.gates.people.permit(one).ok()));
        }
    }
    dealings
}
