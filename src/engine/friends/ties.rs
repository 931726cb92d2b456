//! Who is tied to whom, and who is kept apart.

use crate::consent::{FriendSuggestions, Permitted};
use crate::engine::books::reading::Book;
use crate::engine::friends::apart::{
    KeptApart, count, end_matches, links_of_reports, standing_feedback,
};
use crate::engine::world::World;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::engine::{EngineError, Progress, Stage, Staged};
use crate::graph::{Edge, EdgeKind, Graph, GraphBuilder};
use crate::identity::Match;
use crate::signals::Friendship;
use crate::suggest::{Apart, Exclusions, ValidSuggestParams, set_ties_aside};

/// Permitted people: who is tied to whom, and who is kept apart.
#[derive(Debug)]
pub(in crate::engine) struct Tied {
    pub(in crate::engine) graph: Graph<FriendSuggestions>,
    pub(in crate::engine) exclusions: Exclusions,
}

impl Tied {
    /// Packs the graph. Matches of people kept apart are dropped from the book.
    pub(in crate::engine) fn new(
        world: &mut World,
        view: &View<FriendSuggestions>,
        book: &mut Book<FriendSuggestions>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        progress.begin("packing the graph", None);
        let apart = kept_apart(world, view).noted(&mut world.stages);
        let of_matches = end_matches(&mut book.matches, view, &apart);
        if of_matches.n_dropped() > 0 {
            world.stages.push(of_matches);
        }
        let graph = graph(world, view, &book.matches, &apart)?;
        let exclusions = Exclusions::new(&graph, &apart).with_minors(minors(world, &graph));
        Ok(Self { graph, exclusions })
    }
}

fn graph(
    world: &mut World,
    view: &View<FriendSuggestions>,
    matches: &[Permitted<Match, FriendSuggestions>],
    apart: &Apart,
) -> Result<Graph<FriendSuggestions>, EngineError> {
    let contacts = edges(view, matches).noted(&mut world.stages);
    let friends = friendships(&world.inputs, view, apart).noted(&mut world.stages);
    let mut builder = GraphBuilder::new(view.users.iter().copied())?;
    builder.add_edges(&contacts);
    builder.add_edges(&friends);
    let mut built = builder.build();
    let counts = built.counts;
    let mut packed = Stage::new("edges → graph");
    packed.pass(counts.contacts + counts.friendships);
    packed.drop("duplicate", counts.duplicates);
    packed.drop("self", counts.self_edges);
    packed.drop("unknown_endpoint", counts.unknown_endpoints);
    let of_ties = untie(&mut built.graph, &world.params.suggest);
    world.stages.extend([packed, of_ties]);
    Ok(built.graph)
}

/// Who is kept apart. Feedback counts only between people who both pass the gate.
fn kept_apart(world: &World, view: &View<FriendSuggestions>) -> Staged<Apart> {
    let inputs = &world.inputs;
    let mut stage = Stage::new("feedback → exclusions");
    let days = world.params.suggest.dismiss_days();
    let as_of = world.standing.as_of.valid;
    let said = standing_feedback(&inputs.feedback, days, as_of);
    let gates = &view.gates;
    let passes = |user| gates.people.decision(user).is_allowed();
    let (counted, others): (Vec<_>, Vec<_>) = said
        .standing
        .into_iter()
        .partition(|row| passes(row.user_id) && passes(row.other_id));
    stage.pass(counted.len() as u64);
    stage.drop("not_in_graph", others.len() as u64);
    stage.drop("dismissal_over", said.n_over);
    let of_reports = links_of_reports(inputs, gates, &world.params.identity);
    let value = KeptApart {
        inputs,
        feedback: &counted,
        of_reports: &of_reports,
        of_devices: &view.links,
        accounts: &gates.accounts,
        people: &gates.people,
    }
    .apart();
    Staged { value, stage }
}

/// By node, whether they are a minor: whoever may not have turned 18 in the year that is spoken of.
fn minors(world: &World, graph: &Graph<FriendSuggestions>) -> Vec<bool> {
    if !world.params.suggest.age_bands() {
        return Vec::new();
    }
    let year = world.standing.as_of.valid.year();
    let mut minors = vec![false; graph.n_users()];
    for account in world.inputs.social.rows() {
        let born = account.birth_year.and_then(|year| i16::try_from(year).ok());
        if let (Some(node), Some(born)) = (graph.node(account.user_id), born) {
            minors[node as usize] |= year.saturating_sub(born) <= ADULT_AFTER_YEARS;
        }
    }
    minors
}

/// The difference between two years that leaves in doubt whether somebody is 18: only a greater one is an adult's.
const ADULT_AFTER_YEARS: i16 = 18;

/// Sets aside the ties that may lead to nobody, and counts the ties.
fn untie(graph: &mut Graph<FriendSuggestions>, params: &ValidSuggestParams) -> Stage {
    let mut stage = Stage::new("ties → two-paths");
    for (reason, n) in set_ties_aside(graph, params).by_reason() {
        stage.drop(reason, n);
    }
    stage.pass((graph.ties().n_entries() / 2) as u64);
    stage
}

/// Turns matches between accounts into edges between people, through the second gate.
pub(in crate::engine) fn edges(
    view: &View<FriendSuggestions>,
    matches: &[Permitted<Match, FriendSuggestions>],
) -> Staged<Vec<Permitted<Edge, FriendSuggestions>>> {
    let mut stage = Stage::new("matches → contact edges");
    let mut edges = Vec::with_capacity(matches.len());
    for one in matches.iter().map(Permitted::get) {
        let (Some(&from), Some(&to)) = (view.person_of.get(&one.from), view.person_of.get(&one.to))
        else {
            stage.drop("not_linked", 1);
            continue;
        };
        if from == to {
            stage.drop("same_person", 1);
            continue;
        }
        let edge = Edge {
            from,
            to,
            kind: EdgeKind::Contact,
            at: one.saved_at,
        };
        match view.gates.people.permit(edge) {
            Ok(edge) => {
                stage.pass(1);
                edges.push(edge);
            }
            Err(reason) => stage.drop(reason.as_str(), 1),
        }
    }
    Staged {
        value: edges,
        stage,
    }
}

/// Lets friendships through the gate, those aside that a block, a report or a shared device has ended.
pub(in crate::engine) fn friendships(
    inputs: &Inputs,
    view: &View<FriendSuggestions>,
    apart: &Apart,
) -> Staged<Vec<Permitted<Edge, FriendSuggestions>>> {
    let mut stage = Stage::new("friendships → friend edges");
    let edge = |row: &Friendship| Edge {
        from: row.user_a,
        to: row.user_b,
        kind: EdgeKind::Friendship,
        at: row.since,
    };
    let mut edges = Vec::with_capacity(inputs.friendships.len());
    for row in &inputs.friendships {
        match view.gates.people.permit(edge(row)) {
            Err(reason) => stage.drop(reason.as_str(), 1),
            Ok(edge) if count(&mut stage, apart.ended(row.user_a, row.user_b)) => edges.push(edge),
            Ok(_) => {}
        }
    }
    Staged {
        value: edges,
        stage,
    }
}
