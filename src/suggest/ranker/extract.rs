//! Features of a person's candidates, from the graph around them.

use std::sync::Arc;

use rayon::prelude::*;

use super::super::rank::Scorer;
use super::super::reasons::Tier;
use super::super::view::View;
use super::alike::Alike;
use super::features::{Bests, Factor, Features, Sums, Together};
use super::params::RankerParams;
use crate::graph::{Communities, Csr, EdgeKinds};
use crate::time::{DAY_MICROS, Timestamp};

/// Reads features off one graph; shared by all threads.
///
/// # Complexity
/// O(Σ over ties of the smaller degree) time to make; 4 bytes an entry and 8 a person.
#[derive(Clone, Debug)]
pub(crate) struct Extractor<'a> {
    view: View<'a>,
    /// Parallel to the entries of the ties; empty if times are not known.
    times: &'a [Timestamp],
    around: Arc<Around>,
    alike: Option<Arc<Alike>>,
    communities: Option<Arc<Communities>>,
}

/// What is computed once for a graph and borrows nothing of it.
#[derive(Debug)]
pub(in crate::suggest) struct Around {
    newest: Timestamp,
    /// How many people are tied to both ends, parallel to the entries of the ties.
    between: Vec<u32>,
    /// By node, the share of the pairs of its ties that are tied.
    clustering: Vec<f64>,
}

/// What a person is to the one whose candidates are looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Near {
    is_tied: bool,
    kinds: EdgeKinds,
    at: Option<Timestamp>,
}

/// What one thread needs, used again for person after person.
///
/// # Complexity
/// 49 bytes a person.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// Two-paths from the person to everybody.
    counts: Vec<u32>,
    /// `Σ 1 / d(z)` over them.
    resource: Vec<f64>,
    /// `Σ 1 / √d(z)` over them.
    root: Vec<f64>,
    near: Vec<Near>,
    touched: Vec<u32>,
    between: Vec<(u32, u32)>,
    is_between: Vec<bool>,
    sums: Vec<Sums>,
    bests: Bests,
}

impl Workspace {
    fn new(n_nodes: usize) -> Self {
        Self {
            counts: vec![0; n_nodes],
            resource: vec![0.0; n_nodes],
            root: vec![0.0; n_nodes],
            near: vec![Near::default(); n_nodes],
            touched: Vec::new(),
            between: Vec::new(),
            is_between: vec![false; n_nodes],
            sums: Vec::new(),
            bests: Bests::default(),
        }
    }
}

impl<'a> Extractor<'a> {
    /// `times` holds since when every entry of the ties holds, or is empty.
    pub(crate) fn new(view: View<'a>, times: &'a [Timestamp]) -> Self {
        let between = between(view.ties);
        let clustering = view
            .ties
            .nodes()
            .into_par_iter()
            .map(|u| clustering(&between[view.ties.range(u)]))
            .collect();
        let around = Around {
            newest: times.iter().copied().max().unwrap_or(Timestamp::MIN),
            between,
            clustering,
        };
        Self {
            view,
            times,
            around: Arc::new(around),
            alike: None,
            communities: None,
        }
    }

    /// With the factors and the communities of its graph.
    pub(super) fn with(
        self,
        alike: Option<Arc<Alike>>,
        communities: Option<Arc<Communities>>,
    ) -> Self {
        Self {
            alike,
            communities,
            ..self
        }
    }

    /// The factors, if there are any.
    pub(super) const fn alike(&self) -> Option<&Arc<Alike>> {
        self.alike.as_ref()
    }

    /// The communities, if they are made.
    pub(super) const fn communities(&self) -> Option<&Arc<Communities>> {
        self.communities.as_ref()
    }

    /// As the extractor that `around` is from, over the same graph.
    pub(super) fn of_around(view: View<'a>, times: &'a [Timestamp], around: &Arc<Around>) -> Self {
        let around = Arc::clone(around);
        Self {
            view,
            times,
            around,
            alike: None,
            communities: None,
        }
    }

    /// What does not borrow from the graph.
    pub(super) fn around(&self) -> Arc<Around> {
        Arc::clone(&self.around)
    }

    pub(crate) fn workspace(&self) -> Workspace {
        Workspace::new(self.view.ties.n_nodes())
    }

    fn degree(&self, node: u32) -> f64 {
        f64::from(self.view.ties.degree(node))
    }

    fn entries(&self, u: u32) -> impl Iterator<Item = (u32, EdgeKinds, Option<Timestamp>, u32)> {
        self.view.ties.range(u).map(|at| {
            (
                self.view.ties.neighbours()[at],
                self.view.tie_kinds[at],
                self.times.get(at).copied(),
                self.around.between[at],
            )
        })
    }

    /// Adds the features of every candidate of `u` to `out`, in their order.
    ///
    /// The first `n_pool` are the person's candidates, among which places and bests are found; any after them are
    /// described against those.
    ///
    /// # Complexity
    /// O(two-paths of `u` + Σ over candidates of their degree and of the ties of the people between).
    pub(crate) fn extract(
        &self,
        workspace: &mut Workspace,
        u: u32,
        candidates: &[u32],
        n_pool: usize,
        out: &mut Vec<Features>,
    ) {
        if candidates.is_empty() {
            return;
        }
        self.spread(workspace, u);
        workspace.sums.clear();
        for &v in candidates {
            let sums = self.sums(workspace, u, v);
            workspace.sums.push(sums);
        }
        self.clear(workspace, u);
        let pool = &workspace.sums[..n_pool.min(candidates.len())];
        workspace.bests.set(pool);
        let features = workspace.sums.iter().map(|s| s.features(&workspace.bests));
        out.extend(features);
    }

    /// Two-paths from `u`, and what `u`'s own ties are.
    fn spread(&self, workspace: &mut Workspace, u: u32) {
        for (z, kinds, at, _) in self.entries(u) {
            let is_tied = true;
            workspace.near[z as usize] = Near { is_tied, kinds, at };
            let degree = self.degree(z);
            let (share, root) = (degree.recip(), degree.sqrt().recip());
            for &y in self.view.ties.row(z).iter().filter(|&&y| y != u) {
                let i = y as usize;
                if workspace.counts[i] == 0 {
                    workspace.touched.push(y);
                }
                workspace.counts[i] += 1;
                workspace.resource[i] += share;
                workspace.root[i] += root;
            }
        }
    }

    fn clear(&self, workspace: &mut Workspace, u: u32) {
        for y in workspace.touched.drain(..) {
            let i = y as usize;
            workspace.counts[i] = 0;
            workspace.resource[i] = 0.0;
            workspace.root[i] = 0.0;
        }
        for &z in self.view.ties.row(u) {
            workspace.near[z as usize] = Near::default();
        }
    }

    fn sums(&self, workspace: &mut Workspace, u: u32, v: u32) -> Sums {
        let saved = self.view.saved(u, v);
        let direct = saved.and_then(|saved| self.view.direct(saved));
        let mut sums = Sums {
            degree: self.degree(u),
            candidate_degree: self.degree(v),
            clustering: self.around.clustering[u as usize],
            candidate_clustering: self.around.clustering[v as usize],
            own_upload: f64::from(u8::from(direct.is_some())),
            mutual_contact: f64::from(u8::from(direct == Some(Tier::MutualContact))),
            factor: self.alike.as_ref().map(|alike| factor(alike, u, v)),
            community: self.communities.as_ref().map(|c| self.together(c, u, v)),
            same_region: f64::from(u8::from(self.view.beside.are_in_one_region(u, v))),
            calls: self.view.beside.calls(u, v),
            groups: self.view.beside.groups(u, v),
            ..Sums::default()
        };
        workspace.between.clear();
        let mut newest = None;
        for (y, kinds, at, t_far) in self.entries(v).filter(|&(y, ..)| y != u) {
            let i = y as usize;
            let degree = self.degree(y);
            sums.three_paths += workspace.root[i] / degree.sqrt();
            sums.three_step_resource += workspace.resource[i] / degree;
            sums.three_path_count += f64::from(workspace.counts[i]);
            sums.mean_resource += workspace.resource[i];
            let near = workspace.near[i];
            if near.is_tied {
                workspace.between.push((y, t_far));
                sums.add_kinds(near.kinds, kinds);
                newest = newest.max(near.at.max(at));
            }
        }
        if sums.candidate_degree > 0.0 {
            sums.mean_resource /= sums.candidate_degree;
        }
        sums.age_days = newest.map_or(0.0, |at| self.days_before_newest(at));
        self.add_between(workspace, &mut sums);
        sums
    }

    fn together(&self, communities: &Communities, u: u32, v: u32) -> Together {
        let (close, wide) = (communities.close(), communities.wide());
        let is_close = close.part(u) == close.part(v);
        let share_into = |from: u32, into: u32| {
            let row = self.view.ties.row(from);
            let inside = row.iter().filter(|&&z| wide.part(z) == wide.part(into));
            inside.count() as f64 / row.len().max(1) as f64
        };
        Together {
            close: f64::from(u8::from(is_close)),
            wide: f64::from(u8::from(wide.part(u) == wide.part(v))),
            ties_into: share_into(v, u),
            own_ties_into: share_into(u, v),
            size: if is_close {
                f64::from(close.size_around(u))
            } else {
                0.0
            },
        }
    }

    fn days_before_newest(&self, at: Timestamp) -> f64 {
        let micros = self.around.newest.micros().saturating_sub(at.micros());
        (micros / DAY_MICROS) as f64
    }

    fn add_between(&self, workspace: &mut Workspace, sums: &mut Sums) {
        for &(z, _) in &workspace.between {
            workspace.is_between[z as usize] = true;
        }
        for &(z, t_far) in &workspace.between {
            let degree = self.degree(z);
            let inside = f64::from(self.n_inside(workspace, z));
            sums.add_intermediary(degree, self.around.clustering[z as usize], inside);
            sums.add_strength(
                degree,
                f64::from(workspace.counts[z as usize]),
                f64::from(t_far),
            );
        }
        for &(z, _) in &workspace.between {
            workspace.is_between[z as usize] = false;
        }
    }

    /// How many of the people between are tied to `z`, one of them: over the shorter of two lists.
    fn n_inside(&self, workspace: &Workspace, z: u32) -> u32 {
        let row = self.view.ties.row(z);
        let n_steps = row.len().checked_ilog2().unwrap_or(0) as usize + 1;
        let n = if workspace.between.len() * n_steps < row.len() {
            let is_tied = |(w, _): &&(u32, u32)| row.binary_search(w).is_ok();
            workspace.between.iter().filter(is_tied).count()
        } else {
            let is_between = |w: &&u32| workspace.is_between[**w as usize];
            row.iter().filter(is_between).count()
        };
        u32::try_from(n).expect("a row holds distinct u32 values")
    }
}

impl Sums {
    fn add_kinds(&mut self, near: EdgeKinds, far: EdgeKinds) {
        let friends = near.contains(EdgeKinds::FRIENDSHIP) && far.contains(EdgeKinds::FRIENDSHIP);
        let contacts =
            near.contains(EdgeKinds::MUTUAL_CONTACT) || far.contains(EdgeKinds::MUTUAL_CONTACT);
        self.friends_between += f64::from(u8::from(friends));
        self.contacts_between += f64::from(u8::from(contacts));
    }

    /// Somebody between has two ties at least.
    fn add_intermediary(&mut self, degree: f64, clustering: f64, inside: f64) {
        let log = degree.ln();
        self.least_degree = if self.n > 0.0 {
            self.least_degree.min(degree)
        } else {
            degree
        };
        self.n += 1.0;
        self.adamic_adar += log.recip();
        self.resource += degree.recip();
        self.resource_log += (degree * log).recip();
        self.clustering_between += clustering;
        // Each tie is seen from both its ends.
        self.ties_between += inside / 2.0;
        self.share_between += inside / degree;
    }

    fn add_strength(&mut self, degree: f64, t_near: f64, t_far: f64) {
        let (near, far) = (t_near + 1.0, t_far + 1.0);
        let jaccard = |own: f64, t: f64| (t + 1.0) / (own + degree - t);
        self.strength_jaccard +=
            jaccard(self.degree, t_near) * jaccard(self.candidate_degree, t_far);
        self.strength_near += near / (degree * degree);
        self.strength_far += far / (degree * degree);
        self.strength_product += near * far / (degree * degree);
        self.strength_product_depressed += near * far / (degree * degree * degree);
        self.strength_least += near.min(far) / degree;
    }
}

/// Communities of a scorer's ties, if the parameters ask for them.
///
/// # Complexity
/// O(passes · ties), in one thread.
pub(super) fn communities(scorer: &Scorer<'_>, params: &RankerParams) -> Option<Arc<Communities>> {
    let ties = scorer.view().ties;
    (params.signals().communities).then(|| Arc::new(Communities::of(ties)))
}

fn factor(alike: &Alike, u: u32, v: u32) -> Factor {
    let product = alike.product(u, v);
    Factor {
        product: product.max(0.0),
        cosine: alike.cosine(u, v, product),
    }
}

/// The share of the pairs of a node's ties that are tied, from how many people each tie has between its ends.
fn clustering(between: &[u32]) -> f64 {
    let degree = between.len() as f64;
    if degree < 2.0 {
        return 0.0;
    }
    let closed: u64 = between.iter().copied().map(u64::from).sum();
    closed as f64 / (degree * (degree - 1.0))
}

/// How many people are tied to both ends, for every entry: the row of the end with fewer ties is read.
fn between(ties: &Csr) -> Vec<u32> {
    let by_row: Vec<Vec<u32>> = ties
        .nodes()
        .into_par_iter()
        .map_init(
            || vec![false; ties.n_nodes()],
            |marked, u| from_larger(ties, marked, u),
        )
        .collect();
    let mirrored = |u: u32| {
        let by_row = &by_row;
        ties.row(u)
            .iter()
            .zip(&by_row[u as usize])
            .map(move |(&z, &n)| {
                if is_larger(ties, u, z) {
                    n
                } else {
                    let at = ties.row(z).binary_search(&u);
                    by_row[z as usize][at.expect("ties stand in both rows")]
                }
            })
    };
    ties.nodes().flat_map(mirrored).collect()
}

/// Which end of a tie counts; exactly one of the two.
fn is_larger(ties: &Csr, u: u32, z: u32) -> bool {
    (ties.degree(u), u) > (ties.degree(z), z)
}

/// The counts of `u`'s ties to people with fewer ties; 0 for the others.
fn from_larger(ties: &Csr, marked: &mut [bool], u: u32) -> Vec<u32> {
    for &z in ties.row(u) {
        marked[z as usize] = true;
    }
    let n_between = |&z: &u32| {
        if is_larger(ties, u, z) {
            let n = ties.row(z).iter().filter(|&&w| marked[w as usize]).count();
            u32::try_from(n).expect("a row holds distinct u32 values")
        } else {
            0
        }
    };
    let counts = ties.row(u).iter().map(n_between).collect();
    for &z in ties.row(u) {
        marked[z as usize] = false;
    }
    counts
}

#[cfg(test)]
mod tests;
