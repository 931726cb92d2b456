//! What the opt-outs of others cost those who stay, in suggestions.

use std::convert::Infallible;

use super::arms::{Arm, Better, OfPerson};
use super::friends::{Contacts, World, first};
use super::left::{Left, Share, Stay, StillThere, by_share, stays};
use crate::suggest::ForOne as _;

/// Somebody who never opts out, and their hidden friends, ascending.
struct Asked {
    node: u32,
    friends: Vec<u32>,
}

/// Everybody who never opts out and has a hidden friend, in the plain order of what is known at each share.
pub(super) fn friends_left(world: &World<'_>) -> Stay {
    let hidden = world.hidden_friends();
    let asked = hidden
        .nodes()
        .filter(|&node| hidden.degree(node) > 0 && stays(world.ids[node as usize]));
    let asked: Vec<Asked> = asked
        .map(|node| Asked {
            node,
            friends: hidden.row(node).to_vec(),
        })
        .collect();
    if asked.is_empty() {
        return Stay::nobody();
    }
    let at_none = lists(world, &asked, Share::NOBODY);
    let left = by_share::<Infallible>(|share| {
        Ok(if share == Share::NOBODY {
            let figure = all(world, &asked, &at_none).figure();
            Left {
                opted_out: share.opted_out(),
                figure,
                change: None,
                still_there: None,
            }
        } else {
            beside(world, &asked, &at_none, share)
        })
    });
    let Ok(left) = left;
    Stay {
        left,
        people: asked.len() as u64,
    }
}

fn lists(world: &World<'_>, asked: &[Asked], share: Share) -> Vec<Vec<u32>> {
    world.with_scorer(Contacts::All, share, |scorer| {
        let mut scratch = scorer.scratch();
        let list = |one: &Asked| first(scorer, &mut scratch, one.node);
        asked.iter().map(list).collect()
    })
}

/// A share beside nobody's opting out.
fn beside(world: &World<'_>, asked: &[Asked], at_none: &[Vec<u32>], share: Share) -> Left {
    let now = lists(world, asked, share);
    let arm = all(world, asked, &now);
    Left {
        opted_out: share.opted_out(),
        figure: arm.figure(),
        change: Some(arm.change(&all(world, asked, at_none), Better::Greater)),
        still_there: still_there(world, asked, [at_none, &now], share),
    }
}

/// All hidden friends are looked for, those who left among them: they are in no list.
fn all(world: &World<'_>, asked: &[Asked], lists: &[Vec<u32>]) -> Arm {
    let both = asked.iter().zip(lists);
    arm(both.map(|(one, list)| world.precision(one.node, list, &one.friends)))
}

fn still_there(
    world: &World<'_>,
    asked: &[Asked],
    [before, now]: [&[Vec<u32>]; 2],
    share: Share,
) -> Option<StillThere> {
    let is_there = |&&friend: &&u32| share.is_in(world.ids[friend as usize]);
    let there: Vec<Vec<u32>> = asked
        .iter()
        .map(|one| one.friends.iter().filter(is_there).copied().collect())
        .collect();
    let with = |lists: &[Vec<u32>]| {
        let found = asked.iter().zip(lists).zip(&there);
        let found = found.filter(|(_, friends)| !friends.is_empty());
        arm(found.map(|((one, list), friends)| world.precision(one.node, list, friends)))
    };
    let (before, now) = (with(before), with(now));
    let friends: usize = there.iter().map(Vec::len).sum();
    let known: usize = asked.iter().map(|one| one.friends.len()).sum();
    (!now.people.is_empty()).then(|| StillThere {
        people: now.people.len() as u64,
        friends: friends as u64,
        friends_gone: (known - friends) as u64,
        before: before.figure(),
        figure: now.figure(),
        change: now.change(&before, Better::Greater),
    })
}

fn arm(people: impl Iterator<Item = OfPerson>) -> Arm {
    Arm {
        source: String::new(),
        auc: None,
        people: people.collect(),
    }
}
