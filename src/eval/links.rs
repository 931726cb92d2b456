//! Links against the truth: how many join one person, how many of those that could be found were, and whether a
//! probability means what it says.

use serde::Serialize;

use crate::engine::Claims;
use crate::engine::ValidRunParams;
use crate::hash::HashSet;
use crate::identity::{Link, Probability};
use crate::ids::{AccountId, Owned, UserId};

/// Thresholds that are reported.
const THRESHOLDS: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// Bins of probability, of equal width.
const BINS: usize = 10;

/// How good links are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinksEvaluation {
    /// Pairs of an account and a person who gave a number that it held: what linking can find at all.
    pub linkable: u64,
    /// Of these, pairs on a number that somebody else claims too.
    pub contested: u64,
    /// At each threshold.
    pub thresholds: Vec<AtThreshold>,
    /// Expected calibration error over the most probable claim on each number, however improbable: the mean over pairs,
    /// in ten bins of equal width, of the distance between the mean probability and the share that is true (Naeini,
    /// Cooper and Hauskrecht, 2015).
    pub calibration_error: f64,
    /// The bins, those that are not empty.
    pub bins: Vec<Bin>,
}

/// What comes out at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtThreshold {
    /// The smallest probability of a link.
    pub threshold: f64,
    /// Pairs linked.
    pub links: u64,
    /// Of these, pairs that are not one person.
    pub wrong: u64,
    /// Of the wrong ones, those on a number that passed from one account to another.
    pub wrong_on_passed_numbers: u64,
    /// Of the wrong ones, those on a number that several claim.
    pub wrong_on_contested_numbers: u64,
    /// Share of links that are right; 1 if there is none.
    pub precision: f64,
    /// Share of linkable pairs that were linked; 1 if there is none.
    pub recall: f64,
    /// The same of linkable pairs on numbers that nobody else claims.
    pub recall_uncontested: f64,
    /// The same of linkable pairs on numbers that somebody else claims too.
    pub recall_contested: f64,
}

/// Pairs of about one probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Where it begins.
    pub from: f64,
    /// Pairs in it.
    pub pairs: u64,
    /// Their mean probability.
    pub mean_probability: f64,
    /// Share that is one person.
    pub share_true: f64,
}

/// Compares the links of some claims with the truth.
#[must_use]
pub fn evaluate_links(
    claims: &Claims,
    owners: &HashSet<Owned>,
    params: &ValidRunParams,
) -> LinksEvaluation {
    let truth = Truth::of(claims, owners);
    let at = |threshold| truth.judge(claims, params, threshold);
    let links = claims.link(params, Probability::of(0.0)).links;
    let bins = bins(&links, owners);
    let distance = |bin: &Bin| bin.pairs as f64 * (bin.mean_probability - bin.share_true).abs();
    LinksEvaluation {
        linkable: truth.linkable.len() as u64,
        contested: truth.n_contested() as u64,
        thresholds: THRESHOLDS.into_iter().map(at).collect(),
        calibration_error: bins.iter().map(distance).sum::<f64>() / (links.len().max(1) as f64),
        bins,
    }
}

/// What is true of some claims.
struct Truth<'t> {
    owners: &'t HashSet<Owned>,
    linkable: HashSet<Owned>,
    passed: HashSet<AccountId>,
    contesting: HashSet<UserId>,
}

impl<'t> Truth<'t> {
    fn of(claims: &Claims, owners: &'t HashSet<Owned>) -> Self {
        Self {
            owners,
            linkable: claims.linkable(owners),
            passed: claims.on_passed_numbers(),
            contesting: claims.contesting(),
        }
    }

    fn is_contested(&self, pair: &Owned) -> bool {
        self.contesting.contains(&pair.user)
    }

    fn n_contested(&self) -> usize {
        let contested = self.linkable.iter();
        contested.filter(|pair| self.is_contested(pair)).count()
    }

    fn judge(&self, claims: &Claims, params: &ValidRunParams, threshold: f64) -> AtThreshold {
        let links = claims.link(params, Probability::of(threshold)).links;
        let pairs: HashSet<Owned> = links.iter().map(pair).collect();
        let wrong: Vec<&Owned> = pairs
            .iter()
            .filter(|pair| !self.owners.contains(*pair))
            .collect();
        let count =
            |holds: &dyn Fn(&Owned) -> bool| wrong.iter().filter(|pair| holds(pair)).count();
        let found = |pair: &&Owned| pairs.contains(*pair);
        let contested = |pair: &&Owned| self.is_contested(pair);
        let all = self.linkable.iter();
        AtThreshold {
            threshold,
            links: pairs.len() as u64,
            wrong: wrong.len() as u64,
            wrong_on_passed_numbers: count(&|pair| self.passed.contains(&pair.account)) as u64,
            wrong_on_contested_numbers: count(&|pair| self.is_contested(pair)) as u64,
            precision: share_of(pairs.iter(), |pair| self.owners.contains(*pair)),
            recall: share_of(all.clone(), found),
            recall_uncontested: share_of(all.clone().filter(|pair| !contested(pair)), found),
            recall_contested: share_of(all.filter(contested), found),
        }
    }
}

const fn pair(link: &Link) -> Owned {
    Owned {
        user: link.user,
        account: link.account,
    }
}

/// The share of some pairs for which something holds; 1 if there are none.
fn share_of<'p>(pairs: impl Iterator<Item = &'p Owned>, holds: impl Fn(&&'p Owned) -> bool) -> f64 {
    let (mut n, mut n_held) = (0_u64, 0_u64);
    for pair in pairs {
        n += 1;
        n_held += u64::from(holds(&pair));
    }
    if n == 0 {
        1.0
    } else {
        n_held as f64 / n as f64
    }
}

fn bins(links: &[Link], owners: &HashSet<Owned>) -> Vec<Bin> {
    let mut sums = [(0_u64, 0.0_f64, 0_u64); BINS];
    for link in links {
        let probability = link.probability.to_f64();
        let bin = (0..BINS - 1).find(|bin| probability < (bin + 1) as f64 / BINS as f64);
        let (pairs, sum, right) = &mut sums[bin.unwrap_or(BINS - 1)];
        *pairs += 1;
        *sum += probability;
        *right += u64::from(owners.contains(&pair(link)));
    }
    let bins = sums.into_iter().enumerate();
    bins.filter(|(_, (pairs, ..))| *pairs > 0)
        .map(|(bin, (pairs, sum, right))| Bin {
            from: bin as f64 / BINS as f64,
            pairs,
            mean_probability: sum / pairs as f64,
            share_true: right as f64 / pairs as f64,
        })
        .collect()
}
