//! From sums to candidates: who is masked, who is a contact, who is eligible.

use std::cmp::Reverse;

use super::counts::SuggestCounts;
use super::exclusions::{Bands, Exclusions};
use super::kernel::{Best, Dense, Measure, Reach};
use super::reasons::Tier;
use super::select::{Key, TopK};
use super::view::View;
use crate::graph::EdgeKinds;

/// What somebody's spam score and wish to hide mean for being suggested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing stands against it.
    #[default]
    Good,
    /// Ranked after everybody in good standing.
    Demoted,
    /// Hides from everybody.
    Hidden,
    /// Spam.
    Removed,
}

/// What every person is filtered by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filters<'a> {
    pub(crate) view: View<'a>,
    pub(crate) exclusions: &'a Exclusions,
    /// Those of the person whose candidates these are.
    pub(crate) bands: Bands<'a>,
    /// One per person, or empty if everybody is in good standing.
    pub(crate) standings: &'a [Standing],
    /// Whoever is not in good standing, ascending.
    pub(crate) odd: &'a [u32],
    pub(crate) min_intermediaries: u32,
}

impl Filters<'_> {
    pub(crate) fn standing(self, v: u32) -> Standing {
        self.standings.get(v as usize).copied().unwrap_or_default()
    }
}

/// Candidates that passed every filter, in the parts of the ranking.
#[derive(Clone, Debug, Default)]
pub(crate) struct Eligible {
    contacts: Vec<(Tier, Reverse<Key>)>,
    two_paths: TopK,
    demoted: TopK,
    n: u64,
}

impl Eligible {
    pub(crate) fn reset(&mut self, k: usize) {
        self.contacts.clear();
        self.two_paths.reset(k);
        self.demoted.reset(k);
        self.n = 0;
    }

    /// How many there were, kept or not.
    pub(crate) const fn n(&self) -> u64 {
        self.n
    }

    /// The best, best first: by tier, then score descending, then id ascending.
    ///
    /// Each of the four parts is in that order, and no part's tiers lie within another's.
    pub(crate) fn ranked(&mut self, k: usize) -> impl Iterator<Item = (Tier, Key)> {
        self.contacts.sort_unstable();
        let first_demoted = self
            .contacts
            .partition_point(|(tier, _)| !tier.is_demoted());
        let (good, bad) = self.contacts.split_at(first_demoted);
        let contact = |&(tier, Reverse(key)): &(Tier, Reverse<Key>)| (tier, key);
        let two_paths = self.two_paths.finish().iter();
        let demoted = self.demoted.finish().iter();
        good.iter()
            .map(contact)
            .chain(two_paths.map(|&key| (Tier::TwoPath, key)))
            .chain(bad.iter().map(contact))
            .chain(demoted.map(|&key| (Tier::DemotedTwoPath, key)))
            .take(k)
    }

    fn add_contact(&mut self, tier: Tier, key: Key) {
        self.n += 1;
        self.contacts.push((tier, Reverse(key)));
    }
}

/// Sorts out everybody that `touched` and the contacts of `u` name, and leaves every cell default.
///
/// The total and what lies beyond the K best are left for the caller to count.
pub(crate) fn sort_out_listed<M: Measure>(
    filters: Filters<'_>,
    u: u32,
    measure: &M,
    cells: &mut [M::Cell],
    touched: &mut [u32],
    eligible: &mut Eligible,
) -> SuggestCounts {
    let mut counts = SuggestCounts::default();
    mask(filters, u, measure, cells, eligible, &mut counts);
    take_two_paths(filters, measure, cells, touched, eligible, &mut counts);
    counts
}

/// As [`sort_out_listed`], reading every cell in reach.
pub(crate) fn sort_out_scanned<M: Dense>(
    filters: Filters<'_>,
    u: u32,
    measure: &M,
    cells: &mut [M::Cell],
    reach: &Reach,
    eligible: &mut Eligible,
    best: &mut Best,
) -> SuggestCounts {
    let mut counts = SuggestCounts::default();
    mask(filters, u, measure, cells, eligible, &mut counts);
    mask_apart(filters, measure, cells, reach, &mut counts);
    take_odd(filters, measure, cells, reach, eligible, &mut counts);
    let least = measure.least(filters.min_intermediaries);
    let in_reach = &cells[reach.nodes.clone()];
    let k = eligible.two_paths.k();
    let scan = measure.scan(best, in_reach, reach.nodes.start, least, k);
    counts.below_min_intermediaries += scan.reached - scan.eligible;
    eligible.n += scan.eligible;
    let hits = best.hits().iter().map(|hit| {
        let (v, cell) = (hit.node, cells[hit.node as usize]);
        Key::new(measure.bits(v, cell), v, measure.count(cell))
    });
    if M::FINDS_IN_ORDER {
        eligible.two_paths.offer_in_order(hits);
    } else {
        hits.for_each(|key| eligible.two_paths.offer(key));
    }
    cells[reach.nodes.clone()].fill(M::Cell::default());
    counts
}

/// Takes out of `cells` whoever is no candidate by two-paths alone: `u`, contacts, friends and the excluded.
fn mask<M: Measure>(
    filters: Filters<'_>,
    u: u32,
    measure: &M,
    cells: &mut [M::Cell],
    eligible: &mut Eligible,
    counts: &mut SuggestCounts,
) {
    // A person with any tie is at the end of two-paths that lead back.
    cells[u as usize] = M::Cell::default();
    take_contacts(filters, u, measure, cells, eligible, counts);
    mask_friends(filters.view, u, cells, counts);
    mask_excluded(filters.exclusions, u, cells, counts);
}

/// Takes whoever is in another band out of `cells`.
fn mask_apart<M: Dense>(
    filters: Filters<'_>,
    measure: &M,
    cells: &mut [M::Cell],
    reach: &Reach,
    counts: &mut SuggestCounts,
) {
    let Some(bands) = filters.bands.is_minor.get(reach.nodes.clone()) else {
        return;
    };
    let least = measure.least(filters.min_intermediaries);
    let (mut n_apart, mut n_below) = (0_u64, 0_u64);
    for (cell, &band) in cells[reach.nodes.clone()].iter_mut().zip(bands) {
        let is_apart = band != filters.bands.own;
        let is_eligible = measure.is_eligible(*cell, least);
        let is_below = (*cell != M::Cell::default()) ^ is_eligible;
        n_apart += u64::from(is_apart & is_eligible);
        n_below += u64::from(is_apart & is_below);
        if is_apart {
            *cell = M::Cell::default();
        }
    }
    counts.age_band += n_apart;
    counts.below_min_intermediaries += n_below;
}

/// Takes whoever is not in good standing out of `cells`.
fn take_odd<M: Dense>(
    filters: Filters<'_>,
    measure: &M,
    cells: &mut [M::Cell],
    reach: &Reach,
    eligible: &mut Eligible,
    counts: &mut SuggestCounts,
) {
    let before = |v: &u32| (*v as usize) < reach.nodes.start;
    let odd = &filters.odd[filters.odd.partition_point(before)..];
    for &v in odd.iter().take_while(|v| (**v as usize) < reach.nodes.end) {
        let cell = std::mem::take(&mut cells[v as usize]);
        if cell != M::Cell::default() {
            take_two_path(filters, measure, v, cell, eligible, counts);
        }
    }
}

/// Everybody whose saved number suggests them is a candidate, whether there are two-paths or not. The others whose number `u`
/// saved are left to their two-paths, if these are enough.
fn take_contacts<M: Measure>(
    filters: Filters<'_>,
    u: u32,
    measure: &M,
    cells: &mut [M::Cell],
    eligible: &mut Eligible,
    counts: &mut SuggestCounts,
) {
    let view = filters.view;
    let least = filters.min_intermediaries.max(1);
    for (v, saved) in view.contacts_of(u) {
        let cell = std::mem::take(&mut cells[v as usize]);
        if view.are_friends(u, v) {
            counts.masked_friends += 1;
        } else if let Some(why) = filters.exclusions.listed(u, v) {
            why.count(counts);
        } else if let Some(tier) = view.direct(saved) {
            if let Some(demoted) = admit(filters, v, counts) {
                let tier = if demoted { tier.demoted() } else { tier };
                let key = Key::new(measure.bits(v, cell), v, measure.count(cell));
                eligible.add_contact(tier, key);
            }
        } else if measure.count(cell) >= least {
            cells[v as usize] = cell;
        } else {
            counts.not_direct += 1;
        }
    }
}

/// Counts who may not be suggested; says of the others whether they are demoted.
fn admit(filters: Filters<'_>, v: u32, counts: &mut SuggestCounts) -> Option<bool> {
    if filters.bands.keep_from(v) {
        counts.age_band += 1;
        return None;
    }
    match filters.standing(v) {
        Standing::Good => Some(false),
        Standing::Demoted => Some(true),
        Standing::Hidden => {
            counts.hidden += 1;
            None
        }
        Standing::Removed => {
            counts.spam_removed += 1;
            None
        }
    }
}

fn mask_friends<C: Copy + Default + PartialEq>(
    view: View<'_>,
    u: u32,
    cells: &mut [C],
    counts: &mut SuggestCounts,
) {
    let friends = view.ties_of(u);
    let friends = friends.filter(|(_, kinds)| kinds.contains(EdgeKinds::FRIENDSHIP));
    let friends = friends.map(|(v, _)| v);
    for v in friends.chain(view.friends_aside(u)) {
        let cell = std::mem::take(&mut cells[v as usize]);
        counts.masked_friends += u64::from(cell != C::default());
    }
}

fn mask_excluded<C: Copy + Default + PartialEq>(
    exclusions: &Exclusions,
    u: u32,
    cells: &mut [C],
    counts: &mut SuggestCounts,
) {
    for (v, why) in exclusions.of(u) {
        if std::mem::take(&mut cells[v as usize]) != C::default() {
            why.count(counts);
        }
    }
}

/// Whoever is left was reached by two-paths alone.
fn take_two_paths<M: Measure>(
    filters: Filters<'_>,
    measure: &M,
    cells: &mut [M::Cell],
    touched: &mut [u32],
    eligible: &mut Eligible,
    counts: &mut SuggestCounts,
) {
    let kept = keep_reached(filters, measure, cells, touched, counts);
    for &v in &touched[..kept] {
        let cell = std::mem::take(&mut cells[v as usize]);
        consider(filters, measure, v, cell, eligible, counts);
    }
}

/// Counts whoever too few intermediaries reach, empties their cells and moves the others to the front; says how many these are.
///
/// Written always and kept only if so: which of the two somebody is cannot be foreseen, and a branch costs more than the stores.
fn keep_reached<M: Measure>(
    filters: Filters<'_>,
    measure: &M,
    cells: &mut [M::Cell],
    touched: &mut [u32],
    counts: &mut SuggestCounts,
) -> usize {
    let least = filters.min_intermediaries.max(1);
    let (mut n_kept, mut n_below) = (0, 0_u64);
    // `touched[..n_kept]` are those kept so far, and n_kept ≤ at, so nothing is overwritten before it is read.
    for at in 0..touched.len() {
        let v = touched[at];
        let cell = &mut cells[v as usize];
        let n = measure.count(*cell);
        let is_kept = n >= least;
        *cell = if is_kept { *cell } else { M::Cell::default() };
        touched[n_kept] = v;
        n_kept += usize::from(is_kept);
        // Masked cells are empty, and already counted.
        n_below += u64::from(!is_kept && n > 0);
    }
    counts.below_min_intermediaries += n_below;
    n_kept
}

/// Counts somebody reached by two-paths alone as dropped, or takes them into consideration.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a call for every candidate is a tenth of what people with few of them take"
)]
pub(crate) fn take_two_path<M: Measure>(
    filters: Filters<'_>,
    measure: &M,
    v: u32,
    cell: M::Cell,
    eligible: &mut Eligible,
    counts: &mut SuggestCounts,
) {
    if measure.count(cell) < filters.min_intermediaries {
        counts.below_min_intermediaries += 1;
    } else {
        consider(filters, measure, v, cell, eligible, counts);
    }
}

/// Takes somebody whom enough intermediaries reach into consideration, or counts what forbids it.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn consider<M: Measure>(
    filters: Filters<'_>,
    measure: &M,
    v: u32,
    cell: M::Cell,
    eligible: &mut Eligible,
    counts: &mut SuggestCounts,
) {
    if let Some(demoted) = admit(filters, v, counts) {
        eligible.n += 1;
        let key = Key::new(measure.bits(v, cell), v, measure.count(cell));
        if demoted {
            eligible.demoted.offer(key);
        } else {
            eligible.two_paths.offer(key);
        }
    }
}
