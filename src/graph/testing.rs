//! Graphs in one readable line, for the tests of other rooms.

use super::{Built, Edge, EdgeKind, Graph, GraphBuilder};
use crate::consent::testing::gate_of;
use crate::consent::{For, FriendSuggestions};
use crate::ids::UserId;
use crate::time::Timestamp;

/// The graph of a line such as `"a-b b=c c>d 17 5-e@40"`.
///
/// `-` is a friendship, `=` a mutual contact, `>` a contact from left to right; a name alone is a person
/// without ties. Names are `a`…`z` for users 1…26, or numbers. `@` gives the time in seconds; without it, it is 0.
pub(crate) fn graph(line: &str) -> Graph<FriendSuggestions> {
    graph_for(line)
}

/// [`graph`] for any purpose.
pub(crate) fn graph_for<P: For>(line: &str) -> Graph<P> {
    built(line).graph
}

/// [`graph`] with its counts.
pub(crate) fn built<P: For>(line: &str) -> Built<P> {
    let edges = edges(line);
    let gate = gate_of::<P, UserId>(people(line));
    let permit = |id| gate.permit(id).expect("named in the line");
    let mut builder = GraphBuilder::new(people(line).into_iter().map(permit)).expect("few nodes");
    let permitted: Vec<_> = edges
        .into_iter()
        .map(|edge| gate.permit(edge).expect("named in the line"))
        .collect();
    builder.add_edges(&permitted);
    builder.build()
}

/// Everyone a line names, as often as it names them.
pub(crate) fn people(line: &str) -> Vec<UserId> {
    let names =
        |token: &str| -> Vec<UserId> { spec(token).0.split(['-', '=', '>']).map(user).collect() };
    line.split_whitespace().flat_map(names).collect()
}

/// The edges of a line; a mutual contact is two.
pub(crate) fn edges(line: &str) -> Vec<Edge> {
    line.split_whitespace().flat_map(edges_of).collect()
}

fn edges_of(token: &str) -> Vec<Edge> {
    let (pair, at) = spec(token);
    let edge = |from, to, kind| Edge {
        from: user(from),
        to: user(to),
        kind,
        at,
    };
    if let Some((a, b)) = pair.split_once('-') {
        vec![edge(a, b, EdgeKind::Friendship)]
    } else if let Some((a, b)) = pair.split_once('>') {
        vec![edge(a, b, EdgeKind::Contact)]
    } else if let Some((a, b)) = pair.split_once('=') {
        vec![edge(a, b, EdgeKind::Contact), edge(b, a, EdgeKind::Contact)]
    } else {
        Vec::new()
    }
}

fn spec(token: &str) -> (&str, Timestamp) {
    let (pair, secs) = token.split_once('@').unwrap_or((token, "0"));
    (
        pair,
        Timestamp::from_secs(secs.parse().expect("seconds after @")),
    )
}

/// The user of a name.
pub(crate) fn user(name: &str) -> UserId {
    match name.as_bytes() {
        [letter @ b'a'..=b'z'] => UserId(u64::from(letter - b'a') + 1),
        _ => UserId(
            name.parse()
                .unwrap_or_else(|_| panic!("{name:?} is neither a letter nor a number")),
        ),
    }
}
