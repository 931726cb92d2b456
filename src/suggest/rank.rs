//! The order by score: a person's candidates from their two-paths, filtered and ranked.

use std::sync::Arc;

use super::SuggestError;
use super::candidates::{
    Eligible, Filters, Standing, sort_out_listed, sort_out_scanned, take_two_path,
};
use super::counts::SuggestCounts;
use super::exclusions::Exclusions;
use super::kernel::{
    self, Best, ByLengths, ByUnion, Counting, Dense, Hubs, Measure, PACKED_DEGREE_MAX, Packed,
    Quotient, Reach, SIEVE_TWO_PATHS_MAX, Scanned, Share, Sieve, Walk, Weighed, Wide, WideCell,
};
use super::near::NearScratch;
use super::params::{Heuristic, ValidSuggestParams};
use super::suggestion::{List, Listed, Suggestion};
use super::view::View;
use crate::consent::FriendSuggestions;
use crate::graph::Graph;
use crate::score::{ONE, Score};

/// Which of the ways to add up is taken.
#[derive(Clone, Copy, Debug)]
struct Limits {
    packed_degree_max: u32,
    /// The most ties of a person whose candidates are counted in one byte each, and in two.
    byte_degree_max: u32,
    half_degree_max: u32,
    may_scan: bool,
    /// How many people there must be for cells to miss the cache so often that sieving pays.
    sieve_nodes_min: usize,
    /// How many ties the least hub has.
    hub_degree_min: u32,
}

impl Limits {
    const NONE: Self = Self {
        packed_degree_max: PACKED_DEGREE_MAX,
        byte_degree_max: <Counting<u8> as Dense>::DEGREE_MAX,
        half_degree_max: <Counting<u16> as Dense>::DEGREE_MAX,
        may_scan: true,
        sieve_nodes_min: 1 << 16,
        hub_degree_min: 1 << 12,
    };
}

/// Scores people against one graph: what all threads share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scorer<'a> {
    view: View<'a>,
    exclusions: &'a Exclusions,
    tables: Arc<Tables>,
}

/// What is computed once for a graph and borrows nothing of it.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    standings: Vec<Standing>,
    /// Whoever is not in good standing, ascending.
    odd: Vec<u32>,
    weights: Vec<u64>,
    /// Of every entry of the ties, if they do not all count in full.
    strengths: Vec<u16>,
    /// Everybody's degree, if the score divides by it.
    degrees: Vec<u32>,
    hubs: Hubs,
    degree_max: u32,
    limits: Limits,
    params: ValidSuggestParams,
}

impl Tables {
    /// Under which parameters people are scored.
    pub(super) const fn params(&self) -> &ValidSuggestParams {
        &self.params
    }

    /// Everybody's standing by node; empty if it is good throughout.
    pub(super) fn standings(&self) -> &[Standing] {
        &self.standings
    }

    /// Of every entry of the ties, if they do not all count in full.
    pub(super) fn strengths(&self) -> &[u16] {
        &self.strengths
    }
}

/// What one thread needs to score people, one after another: used again, it is not allocated again.
///
/// # Complexity
/// 5 to 28 bytes a person, by heuristic and largest degree.
#[derive(Clone, Debug)]
pub struct Scratch {
    counts: CountRooms,
    packed: Room<u64>,
    wide: Vec<WideCell>,
    touched: Vec<u32>,
    eligible: Eligible,
    ranked: Vec<Suggestion>,
    near: Option<NearScratch>,
}

impl Scratch {
    pub(super) fn new(scorer: &Scorer<'_>) -> Self {
        let n_nodes = scorer.n_users();
        let weighted = !scorer.tables.weights.is_empty();
        let if_used = |used: bool| if used { n_nodes } else { 0 };
        let is_wide = scorer.tables.degree_max > scorer.tables.limits.packed_degree_max
            || !scorer.tables.strengths.is_empty();
        let counts_beyond = |degree: u32| if_used(!weighted && scorer.tables.degree_max > degree);
        let counts = CountRooms {
            bytes: Room::new(if_used(!weighted)),
            halves: Room::new(counts_beyond(scorer.tables.limits.byte_degree_max)),
            words: Room::new(counts_beyond(scorer.tables.limits.half_degree_max)),
        };
        Self {
            counts,
            packed: Room::new(if_used(weighted)),
            wide: vec![WideCell::default(); if_used(weighted && is_wide)],
            touched: vec![0; n_nodes],
            eligible: Eligible::default(),
            ranked: Vec::new(),
            near: None,
        }
    }
}

/// Cells, and what it takes to find the best of them.
#[derive(Clone, Debug)]
struct Room<C> {
    cells: Vec<C>,
    best: Best,
    sieve: Sieve,
}

impl<C: Clone + Default> Room<C> {
    fn new(n_nodes: usize) -> Self {
        Self {
            cells: vec![C::default(); n_nodes],
            best: Best::default(),
            sieve: Sieve::default(),
        }
    }
}

/// Room to count in as few bytes as a person's ties allow.
#[derive(Clone, Debug)]
struct CountRooms {
    bytes: Room<u8>,
    halves: Room<u16>,
    words: Room<u32>,
}

impl<'a> Scorer<'a> {
    /// A scorer for a permitted graph.
    ///
    /// `spam` holds everybody's spam score by node, in [0, 1], or is empty if there are none.
    ///
    /// # Errors
    /// If `spam` is neither empty nor one score per person, or holds a number outside its range.
    pub fn new(
        graph: &'a Graph<FriendSuggestions>,
        exclusions: &'a Exclusions,
        spam: &[f32],
        params: &ValidSuggestParams,
    ) -> Result<Self, SuggestError> {
        let strengths = params
            .weights()
            .strengths(graph.tie_kinds(), graph.tie_times());
        Ok(Self::over(View::of(graph), exclusions, spam, params)?.with_strengths(strengths))
    }

    /// With the strength of every entry of the ties; empty if all count in full.
    pub(crate) fn with_strengths(mut self, strengths: Vec<u16>) -> Self {
        let n_users = self.n_users();
        let tables = Arc::make_mut(&mut self.tables);
        if !strengths.is_empty() && tables.weights.is_empty() {
            tables.weights = vec![ONE; n_users];
        }
        tables.strengths = strengths;
        self
    }

    /// A scorer with nobody's spam score.
    pub(crate) fn without_spam(
        view: View<'a>,
        exclusions: &'a Exclusions,
        params: &ValidSuggestParams,
    ) -> Self {
        Self::over(view, exclusions, &[], params).expect("no spam scores are no wrong spam scores")
    }

    pub(crate) fn over(
        view: View<'a>,
        exclusions: &'a Exclusions,
        spam: &[f32],
        params: &ValidSuggestParams,
    ) -> Result<Self, SuggestError> {
        let view = view.with_direct(params.direct());
        let n_nodes = view.ties.n_nodes();
        let degrees: Vec<u32> = view.ties.nodes().map(|u| view.ties.degree(u)).collect();
        let degree_max = degrees.iter().copied().max().unwrap_or(0);
        let standings = standings(n_nodes, exclusions, spam, params)?;
        let odd = (0..).zip(&standings).filter(|(_, s)| **s != Standing::Good);
        let tables = Tables {
            odd: odd.map(|(v, _)| v).collect(),
            standings,
            weights: kernel::weights(view.ties, params.score()),
            strengths: Vec::new(),
            degrees: match params.score() {
                Heuristic::Jaccard | Heuristic::Cosine => degrees,
                _ => Vec::new(),
            },
            hubs: Hubs::of(view.ties, Limits::NONE.hub_degree_min),
            degree_max,
            limits: Limits::NONE,
            params: params.clone(),
        };
        Ok(Self {
            view,
            exclusions,
            tables: Arc::new(tables),
        })
    }

    /// As the scorer the tables are from, over a view of the same graph.
    pub(super) fn of_tables(
        view: View<'a>,
        exclusions: &'a Exclusions,
        tables: &Arc<Tables>,
    ) -> Self {
        Self {
            view: view.with_direct(tables.params.direct()),
            exclusions,
            tables: Arc::clone(tables),
        }
    }

    /// What does not borrow from the graph.
    pub(super) fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.tables)
    }

    /// Test hook: lowers the packed-cell limit, so that small graphs exercise the wide path.
    #[cfg(test)]
    pub(crate) fn packing_up_to(mut self, degree: u32) -> Self {
        let limits = &mut Arc::make_mut(&mut self.tables).limits;
        limits.packed_degree_max = degree;
        limits.byte_degree_max = degree;
        limits.half_degree_max = degree.saturating_mul(2);
        self
    }

    /// Test hook: never scans a person's reach.
    #[cfg(test)]
    pub(crate) fn without_scan(mut self) -> Self {
        Arc::make_mut(&mut self.tables).limits.may_scan = false;
        self
    }

    /// Test hook: treats the graph as large, and people with this many ties as hubs.
    #[cfg(test)]
    pub(crate) fn sieving_hubs_from(mut self, degree: u32) -> Self {
        let tables = Arc::make_mut(&mut self.tables);
        tables.limits.sieve_nodes_min = 0;
        tables.hubs = Hubs::of(self.view.ties, degree);
        self
    }

    pub(super) const fn view(&self) -> View<'a> {
        self.view
    }

    pub(super) const fn exclusions(&self) -> &Exclusions {
        self.exclusions
    }

    pub(super) fn min_intermediaries(&self) -> u32 {
        self.tables.params.min_intermediaries()
    }

    /// Under which parameters people are scored.
    #[must_use]
    pub fn params(&self) -> &ValidSuggestParams {
        &self.tables.params
    }

    /// How many people there are.
    #[must_use]
    pub fn n_users(&self) -> usize {
        self.view.ties.n_nodes()
    }

    /// Leaves the `k` best candidates of one person in the scratch, and says what became of all.
    ///
    /// # Complexity
    /// O(two-paths from the person + K log K).
    fn find(&self, scratch: &mut Scratch, node_idx: u32, k: usize) -> SuggestCounts {
        // The kernels keep at least one; whoever asks for none is still told what became of all.
        scratch.eligible.reset(k.max(1));
        let mut counts = self.sort_out(scratch, node_idx);
        let ranked = scratch
            .eligible
            .ranked(k.max(1))
            .take(k)
            .map(|(tier, key)| Suggestion {
                candidate: key.node(),
                mutual_count: key.count(),
                score: Score::from_bits(key.bits()),
                tier,
            });
        scratch.ranked.clear();
        scratch.ranked.extend(ranked);
        counts.emitted = scratch.ranked.len() as u64;
        counts.beyond_k = scratch.eligible.n() - counts.emitted;
        counts.add_up();
        counts
    }

    /// The `k` best candidates of `u`; and, where they are asked for, people near if there are fewer than `filled`.
    pub(super) fn filled<'s>(
        &self,
        scratch: &'s mut Scratch,
        u: u32,
        k: usize,
        filled: usize,
    ) -> Listed<'s> {
        let mut counts = self.find(scratch, u, k);
        let n_missing = filled.saturating_sub(scratch.ranked.len());
        if self.params().near() && n_missing > 0 {
            let near = scratch
                .near
                .get_or_insert_with(|| NearScratch::new(self.n_users()));
            let more = near.nearest(self.filters(u), u, n_missing, &scratch.ranked);
            counts.near = more.len() as u64;
            scratch.ranked.extend_from_slice(more);
        }
        let list = List {
            suggestions: &scratch.ranked,
            probabilities: &[],
        };
        Listed { list, counts }
    }

    fn sort_out(&self, scratch: &mut Scratch, u: u32) -> SuggestCounts {
        let Scratch {
            counts,
            packed,
            wide,
            touched,
            eligible,
            ..
        } = scratch;
        if !self.tables.strengths.is_empty() {
            return self.weigh(u, wide, touched, eligible);
        }
        let weights = &self.tables.weights;
        match self.tables.params.score() {
            Heuristic::CommonNeighbours | Heuristic::Jaccard | Heuristic::Cosine => {
                self.count(u, counts, touched, eligible)
            }
            Heuristic::AdamicAdar | Heuristic::ResourceAllocation => {
                if self.view.ties.degree(u) <= self.tables.limits.packed_degree_max {
                    self.run(u, &Packed { weights }, packed, touched, eligible)
                } else {
                    self.list(u, &Wide { weights }, wide, touched, eligible)
                }
            }
        }
    }

    fn count(
        &self,
        u: u32,
        rooms: &mut CountRooms,
        touched: &mut [u32],
        eligible: &mut Eligible,
    ) -> SuggestCounts {
        let degree = self.view.ties.degree(u);
        if degree <= self.tables.limits.byte_degree_max {
            self.count_in(u, &mut rooms.bytes, touched, eligible)
        } else if degree <= self.tables.limits.half_degree_max {
            self.count_in(u, &mut rooms.halves, touched, eligible)
        } else {
            self.count_in(u, &mut rooms.words, touched, eligible)
        }
    }

    fn count_in<C: Scanned>(
        &self,
        u: u32,
        room: &mut Room<C>,
        touched: &mut [u32],
        eligible: &mut Eligible,
    ) -> SuggestCounts {
        match self.tables.params.score() {
            Heuristic::Jaccard => {
                self.run(u, &self.share::<C, ByUnion>(u), room, touched, eligible)
            }
            Heuristic::Cosine => {
                self.run(u, &self.share::<C, ByLengths>(u), room, touched, eligible)
            }
            _ => self.run(u, &Counting::<C>::default(), room, touched, eligible),
        }
    }

    fn share<C: Scanned, By: Quotient>(&self, u: u32) -> Share<'_, C, By> {
        Share::new(&self.tables.degrees, self.view.ties.degree(u))
    }

    /// Scans the cells in reach, or lists them where that is less to do.
    fn run<M: Dense>(
        &self,
        u: u32,
        measure: &M,
        room: &mut Room<M::Cell>,
        touched: &mut [u32],
        eligible: &mut Eligible,
    ) -> SuggestCounts {
        let Room { cells, best, sieve } = room;
        let reach = Reach::of(self.view.ties, u);
        let walk = self.walk(u, &reach);
        let is_short = self.view.ties.degree(u) <= M::DEGREE_MAX;
        if self.tables.limits.may_scan && is_short && reach.is_dense(walk.n_two_paths) {
            kernel::accumulate_all(self.view.ties, u, measure, cells);
            sort_out_scanned(self.filters(u), u, measure, cells, &reach, eligible, best)
        } else if self.sieves(walk) {
            self.sieve(walk, measure, cells, touched, sieve, eligible)
        } else {
            self.list(u, measure, cells, touched, eligible)
        }
    }

    /// Whoever the hub alone leads to has one intermediary, and is no candidate where two are asked for.
    fn walk(&self, u: u32, reach: &Reach) -> Walk<'_> {
        let asks_for_two = self.tables.params.min_intermediaries() >= 2;
        let widest = reach.widest.filter(|_| asks_for_two);
        let hub = widest.and_then(|widest| self.tables.hubs.get(widest.node));
        let looked_up = widest
            .filter(|_| hub.is_some())
            .map_or(0, |widest| u64::from(widest.degree));
        Walk {
            ties: self.view.ties,
            u,
            n_two_paths: reach.n_two_paths - looked_up,
            hub,
        }
    }

    fn sieves(&self, walk: Walk<'_>) -> bool {
        let asks_for_two = self.tables.params.min_intermediaries() >= 2;
        let is_large = self.n_users() >= self.tables.limits.sieve_nodes_min;
        asks_for_two && (walk.hub.is_some() || is_large && walk.n_two_paths <= SIEVE_TWO_PATHS_MAX)
    }

    fn sieve<M: Measure>(
        &self,
        walk: Walk<'_>,
        measure: &M,
        cells: &mut [M::Cell],
        touched: &mut [u32],
        sieve: &mut Sieve,
        eligible: &mut Eligible,
    ) -> SuggestCounts {
        let u = walk.u;
        let friends = self.view.ties.row(u).iter().copied();
        let contacts = self.view.contacts.row(u).iter().copied();
        let excluded = self.exclusions.of(u).map(|(v, _)| v);
        let masked = std::iter::once(u)
            .chain(friends)
            .chain(self.view.friends_aside(u))
            .chain(contacts)
            .chain(excluded);
        let found = kernel::accumulate_sieved(walk, measure, masked, cells, touched, sieve);
        let touched = &mut touched[..found.n_touched];
        let mut counts = sort_out_listed(self.filters(u), u, measure, cells, touched, eligible);
        counts.below_min_intermediaries += found.n_once;
        if let Some(hub) = walk.hub {
            let step = measure.step(hub.node);
            for other in found.tied {
                let (v, other) = (other.end(), measure.step(other.over()));
                let cell = measure.add(other, step);
                take_two_path(self.filters(u), measure, v, cell, eligible, &mut counts);
            }
        }
        counts
    }

    fn list<M: Measure>(
        &self,
        u: u32,
        measure: &M,
        cells: &mut [M::Cell],
        touched: &mut [u32],
        eligible: &mut Eligible,
    ) -> SuggestCounts {
        let n = kernel::accumulate_listing(self.view.ties, u, measure, cells, touched);
        sort_out_listed(
            self.filters(u),
            u,
            measure,
            cells,
            &mut touched[..n],
            eligible,
        )
    }

    fn weigh(
        &self,
        u: u32,
        cells: &mut [WideCell],
        touched: &mut [u32],
        eligible: &mut Eligible,
    ) -> SuggestCounts {
        let (weights, strengths) = (&self.tables.weights[..], &self.tables.strengths[..]);
        let ties = self.view.ties;
        let weighed = Weighed {
            ties,
            strengths,
            weights,
        };
        let n = kernel::accumulate_weighed(weighed, u, cells, touched);
        let measure = Wide { weights };
        sort_out_listed(
            self.filters(u),
            u,
            &measure,
            cells,
            &mut touched[..n],
            eligible,
        )
    }

    pub(super) fn filters(&self, u: u32) -> Filters<'_> {
        Filters {
            view: self.view,
            exclusions: self.exclusions,
            bands: self.exclusions.bands(u),
            standings: &self.tables.standings,
            odd: &self.tables.odd,
            min_intermediaries: self.tables.params.min_intermediaries(),
        }
    }
}

/// Everybody's standing; empty if it is good throughout. Hiding goes before spam.
fn standings(
    n_nodes: usize,
    exclusions: &Exclusions,
    spam: &[f32],
    params: &ValidSuggestParams,
) -> Result<Vec<Standing>, SuggestError> {
    check_spam(n_nodes, spam)?;
    let mut standings: Vec<Standing> = spam.iter().map(|&s| of_spam(s, params)).collect();
    if !exclusions.hidden().is_empty() {
        standings.resize(n_nodes, Standing::Good);
    }
    for &v in exclusions.hidden() {
        standings[v as usize] = Standing::Hidden;
    }
    if standings.iter().all(|&s| s == Standing::Good) {
        standings = Vec::new();
    }
    Ok(standings)
}

fn of_spam(score: f32, params: &ValidSuggestParams) -> Standing {
    if score >= params.spam_remove_at() {
        Standing::Removed
    } else if score >= params.spam_demote_at() {
        Standing::Demoted
    } else {
        Standing::Good
    }
}

fn check_spam(n_nodes: usize, spam: &[f32]) -> Result<(), SuggestError> {
    if !spam.is_empty() && spam.len() != n_nodes {
        return Err(SuggestError::SpamLength {
            expected: n_nodes,
            found: spam.len(),
        });
    }
    match spam.iter().position(|s| !(0.0..=1.0).contains(s)) {
        Some(node_idx) => Err(SuggestError::SpamRange { node_idx }),
        None => Ok(()),
    }
}
