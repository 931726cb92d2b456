//! Friends: the corridor of friend suggestions. From the view of the purpose to the desk that makes every list.

pub(in crate::engine) mod apart;
pub(in crate::engine) mod beside;
pub(in crate::engine) mod explain;
pub(in crate::engine) mod model;
pub(in crate::engine) mod rows;
pub(in crate::engine) mod suggested;
pub(in crate::engine) mod ties;

use self::ties::Tied;
use crate::abuse::SpamScore;
use crate::consent::FriendSuggestions;
use crate::engine::books::reading::Book;
use crate::engine::spam;
use crate::engine::world::World;
use crate::engine::world::accidents;
use crate::engine::world::view::View;
use crate::engine::{EngineError, Progress};
use crate::graph::{Graph, GraphStats};
use crate::hash::HashMap;
use crate::ids::AccountId;
use crate::suggest::{Desk, FriendModel};

/// Everything that suggestions are made from.
#[derive(Debug)]
pub(in crate::engine) struct Friends {
    pub(in crate::engine) view: View<FriendSuggestions>,
    pub(in crate::engine) desk: Desk,
    pub(in crate::engine) graph_stats: GraphStats,
    /// What the manifest says of the order.
    pub(in crate::engine) ranked_by: serde_json::Value,
    /// Why there is no learned order although one was asked for.
    pub(in crate::engine) why_not_learned: Option<String>,
}

impl Friends {
    /// Prepares every list, in the order of a given model or of one trained here, if the parameters ask for one.
    pub(in crate::engine) fn prepare(
        world: &mut World,
        view: View<FriendSuggestions>,
        mut book: Book<FriendSuggestions>,
        given: Option<&FriendModel>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let withheld = spam::withhold(&world.inputs, &view, &mut book, &world.params.abuse);
        let by_model = withheld.map(|withheld| {
            world.stages.push(withheld.stage);
            withheld.scored
        });
        let Tied { graph, exclusions } = Tied::new(world, &view, &mut book, progress)?;
        let graph_stats = GraphStats::of(&graph);
        let provenance = model::provenance(&world.standing.ledger, &world.standing.snapshot);
        let signals = beside::looked_at(&world.params, given);
        let graph = beside::add(graph, world, &view, signals);
        let over = (&graph, &exclusions);
        let order = model::ranked_by(over, &world.params, given, provenance, progress)?;
        let params = &world.params;
        let by_formula = || spam::scores(&world.inputs, &view, &book, &[], &params.abuse);
        let scores = by_model.unwrap_or_else(by_formula);
        let scores = scores.noted(&mut world.stages);
        let spam = by_node(&graph, &view, &scores);
        let (ranked_by, why_not_learned) = (order.summary(), order.why_not().map(str::to_owned));
        let desk = Desk::new(
            graph,
            exclusions,
            &spam,
            &params.suggest,
            order.into_model(),
        )?;
        let unlinked = accidents::nobody_linked(&world.inputs, &world.standing, view.users.len());
        world.inputs.read.findings.extend(unlinked);
        Ok(Self {
            view,
            desk,
            graph_stats,
            ranked_by,
            why_not_learned,
        })
    }

    /// Permitted people and their ties.
    pub(in crate::engine) const fn graph(&self) -> &Graph<FriendSuggestions> {
        self.desk.graph()
    }
}

/// The spam score of every node: the highest among the person's accounts, 0 for none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a score in [0, 1] loses only precision"
)]
fn by_node(
    graph: &Graph<FriendSuggestions>,
    view: &View<FriendSuggestions>,
    scores: &[SpamScore],
) -> Vec<f32> {
    let score_of: HashMap<AccountId, f64> = scores.iter().map(|s| (s.account, s.score)).collect();
    let mut by_node = vec![0.0_f32; graph.n_users()];
    for link in &view.links {
        let (Some(node), Some(&score)) = (graph.node(link.user), score_of.get(&link.account))
        else {
            continue;
        };
        let held = &mut by_node[node as usize];
        *held = held.max(score as f32);
    }
    by_node
}
