//! What the ranker knows of a person and a candidate: names, shapes and units.

use super::params::RankerParams;

/// How many features a pair has if the parameters ask for all.
pub const N_FEATURES: usize = 67;

/// How many rest on ties and saved numbers alone, and count always.
const N_OF_TIES: usize = 51;
/// Behind these come those of factors,
const N_OF_FACTORS: usize = 8;
/// of communities,
const N_OF_COMMUNITIES: usize = 5;
/// and one each of regions, of calls and of groups.
const REGION: usize = N_OF_TIES + N_OF_FACTORS + N_OF_COMMUNITIES;

/// The features of one pair, shape `(N_FEATURES,)`, in the order of [`NAMES`]; those that the parameters do not ask for are 0.
pub type Features = [f64; N_FEATURES];

/// The features' names in the order of their columns; a model file repeats them, and is refused if they differ.
///
/// For a person `u` and a candidate `v`, with `z` over the people tied to both, `d` the number of ties, `t(x, y)`
/// how many people are tied to both `x` and `y`, and `c(z)` the share of the pairs of `z`'s ties that are tied:
/// sums and ratios enter as natural logarithms of `ε + x` (so all are dimensionless), with ε = 1 for counts, 0.01
/// for `clustering_between` and `three_paths`, and 0.0001 for the others. `best_*` is the logarithm of 0.001 + the sum's
/// ratio to the largest among the person's candidates. With `p` the inner product of factors, at least 0, `factor_log` is
/// the logarithm of 0.01 + `p`, and `factor_alone` is `best_factor_product` where nobody is tied to both. Shares of ties into communities are
/// logarithms of 0.01 + the share; calls, groups and sizes of communities of 1 + the number. `docs/scoring.md` has the table.
pub const NAMES: [&str; N_FEATURES] = [
    "common_neighbours",
    "adamic_adar",
    "resource_allocation",
    "resource_per_log_degree",
    "clustering_between",
    "ties_between",
    "share_between",
    "three_paths",
    "three_step_resource",
    "three_path_count",
    "mean_resource",
    "least_degree_between",
    "degree",
    "candidate_degree",
    "jaccard",
    "salton",
    "hub_promoted",
    "hub_depressed",
    "resource_per_candidate_tie",
    "resource_per_tie",
    "clustering",
    "candidate_clustering",
    "strength_jaccard",
    "strength_near",
    "strength_far",
    "strength_product",
    "strength_product_depressed",
    "strength_least",
    "best_common_neighbours",
    "best_adamic_adar",
    "best_resource_allocation",
    "best_resource_per_log_degree",
    "best_jaccard",
    "best_salton",
    "best_three_paths",
    "best_three_step_resource",
    "best_mean_resource",
    "best_share_between",
    "best_strength_jaccard",
    "best_strength_near",
    "best_strength_far",
    "best_strength_product",
    "best_strength_product_depressed",
    "best_strength_least",
    "rank_root",
    "rank_log",
    "own_upload",
    "mutual_contact",
    "friends_on_both_sides",
    "contacts_between",
    "recency",
    "factor_product",
    "factor_log",
    "factor_cosine",
    "best_factor_product",
    "factor_rank_root",
    "factor_rank_log",
    "nobody_between",
    "factor_alone",
    "same_close_community",
    "same_wide_community",
    "ties_into_community",
    "own_ties_into_community",
    "community_size",
    "same_region",
    "calls_and_texts",
    "shared_groups",
];

/// The columns that count under these parameters, ascending.
pub(super) fn columns(params: &RankerParams) -> Vec<usize> {
    let signals = params.signals();
    let of_factors = N_OF_TIES + N_OF_FACTORS;
    let blocks = [
        (true, 0..N_OF_TIES),
        (params.factors().is_some(), N_OF_TIES..of_factors),
        (signals.communities, of_factors..REGION),
        (signals.region, REGION..REGION + 1),
        (signals.calls, REGION + 1..REGION + 2),
        (signals.groups, REGION + 2..REGION + 3),
    ];
    let asked = blocks.into_iter().filter(|(is_asked, _)| *is_asked);
    asked.flat_map(|(_, columns)| columns).collect()
}

/// How many sums a pair has that are set against the best of a person's candidates.
pub(super) const N_RELATIVE: usize = 16;

/// What is counted of one pair, before logarithms; `ties` of the two and those of the people between.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    /// `d(u)`.
    pub(crate) degree: f64,
    /// `d(v)`.
    pub(crate) candidate_degree: f64,
    /// `c(u)`.
    pub(crate) clustering: f64,
    /// `c(v)`.
    pub(crate) candidate_clustering: f64,
    /// `Σ 1`.
    pub(crate) n: f64,
    /// `Σ 1 / ln d(z)`.
    pub(crate) adamic_adar: f64,
    /// `Σ 1 / d(z)`.
    pub(crate) resource: f64,
    /// `Σ 1 / (d(z) ln d(z))`.
    pub(crate) resource_log: f64,
    /// `Σ c(z)` (Wu, Lin, Wan and Gregory, "Link prediction with node clustering coefficient", 2016).
    pub(crate) clustering_between: f64,
    /// Ties among the people between (Cannistraci, Alanis-Lobato and Ravasi, 2013).
    pub(crate) ties_between: f64,
    /// `Σ` of the share of z's ties that are to others between (as their CRA).
    pub(crate) share_between: f64,
    /// `Σ 1 / √(d(x) d(y))` over paths u–x–y–v (Kovács et al., "Network-based prediction of protein
    /// interactions", 2019).
    pub(crate) three_paths: f64,
    /// `Σ 1 / (d(x) d(y))` over the same paths: what two more steps of resource allocation bring.
    pub(crate) three_step_resource: f64,
    /// How many paths u–x–y–v there are.
    pub(crate) three_path_count: f64,
    /// The mean, over the ties y of v, of `Σ 1 / d(x)` over paths u–x–y.
    pub(crate) mean_resource: f64,
    /// The smallest `d(z)`; 0 if there is nobody between.
    pub(crate) least_degree: f64,
    /// `Σ J(u, z) J(z, v)`, `J(x, y) = (t + 1) / (d(x) + d(y) − t)`.
    pub(crate) strength_jaccard: f64,
    /// `Σ (t(u, z) + 1) / d(z)²`.
    pub(crate) strength_near: f64,
    /// `Σ (t(z, v) + 1) / d(z)²`.
    pub(crate) strength_far: f64,
    /// `Σ (t(u, z) + 1) (t(z, v) + 1) / d(z)²`.
    pub(crate) strength_product: f64,
    /// `Σ (t(u, z) + 1) (t(z, v) + 1) / d(z)³`.
    pub(crate) strength_product_depressed: f64,
    /// `Σ min(t(u, z) + 1, t(z, v) + 1) / d(z)`.
    pub(crate) strength_least: f64,
    /// How many z are friends of both.
    pub(crate) friends_between: f64,
    /// How many z are a mutual contact of u or of v.
    pub(crate) contacts_between: f64,
    /// Days from the newest two-path to the newest tie of all; 0 if times are not known.
    pub(crate) age_days: f64,
    /// 1 if u saved v's number.
    pub(crate) own_upload: f64,
    /// 1 if each saved the other's number.
    pub(crate) mutual_contact: f64,
    /// The inner product of factors and its cosine, if there are any.
    pub(crate) factor: Option<Factor>,
    /// What communities say of the two, if they are made.
    pub(crate) community: Option<Together>,
    /// 1 if both are in one region.
    pub(crate) same_region: f64,
    /// How often each called or wrote to the other.
    pub(crate) calls: f64,
    /// `Σ 1 / ln(1 + people)` over the groups of both.
    pub(crate) groups: f64,
}

/// What communities say of a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Together {
    /// 1 if both are in one community before communities were joined.
    pub(crate) close: f64,
    /// 1 if they are after that.
    pub(crate) wide: f64,
    /// The share of v's ties that are to u's wide community.
    pub(crate) ties_into: f64,
    /// The share of u's ties that are to v's.
    pub(crate) own_ties_into: f64,
    /// How many are in the close community of both; 0 where it is not one.
    pub(crate) size: f64,
}

impl Together {
    fn features(self) -> [f64; N_OF_COMMUNITIES] {
        let shares = [self.ties_into, self.own_ties_into].map(|x| (x + 1e-2).ln());
        let [ties_into, own_ties_into] = shares;
        [
            self.close,
            self.wide,
            ties_into,
            own_ties_into,
            self.size.ln_1p(),
        ]
    }
}

/// What factors say of a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Factor {
    /// The inner product, at least 0.
    pub(crate) product: f64,
    pub(crate) cosine: f64,
}

/// What a person's candidates are set against.
#[derive(Clone, Debug, Default)]
pub(super) struct Bests {
    pub(super) relative: [f64; N_RELATIVE],
    /// Descending.
    pub(super) resources: Vec<f64>,
    /// Products of factors, descending.
    pub(super) products: Vec<f64>,
}

impl Bests {
    /// Of the candidates of one person.
    pub(super) fn set(&mut self, pool: &[Sums]) {
        self.relative = pool.iter().fold([0.0; N_RELATIVE], |best, sums| {
            let sums = sums.relative();
            std::array::from_fn(|i| f64::max(best[i], sums[i]))
        });
        descend(&mut self.resources, pool.iter().map(|s| s.resource));
        let products = pool.iter().filter_map(|s| s.factor.map(|f| f.product));
        descend(&mut self.products, products);
    }
}

fn descend(to: &mut Vec<f64>, values: impl Iterator<Item = f64>) {
    to.clear();
    to.extend(values);
    to.sort_unstable_by(|a, b| b.total_cmp(a));
}

/// How many of descending values are greater, plus one.
fn place(values: &[f64], value: f64) -> f64 {
    values.partition_point(|&other| other > value) as f64 + 1.0
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

impl Sums {
    fn jaccard(&self) -> f64 {
        ratio(self.n, self.degree + self.candidate_degree - self.n)
    }

    fn salton(&self) -> f64 {
        ratio(self.n, (self.degree * self.candidate_degree).sqrt())
    }

    /// The sums that are set against the best of a person's candidates.
    pub(super) fn relative(&self) -> [f64; N_RELATIVE] {
        [
            self.n,
            self.adamic_adar,
            self.resource,
            self.resource_log,
            self.jaccard(),
            self.salton(),
            self.three_paths,
            self.three_step_resource,
            self.mean_resource,
            self.share_between,
            self.strength_jaccard,
            self.strength_near,
            self.strength_far,
            self.strength_product,
            self.strength_product_depressed,
            self.strength_least,
        ]
    }

    /// The features, given what the candidates are set against.
    pub(super) fn features(&self, bests: &Bests) -> Features {
        let count = |x: f64| x.ln_1p();
        let small = |x: f64| (x + 1e-4).ln();
        let medium = |x: f64| (x + 1e-2).ln();
        let rank = place(&bests.resources, self.resource);
        let (low, high) = (
            self.degree.min(self.candidate_degree),
            self.degree.max(self.candidate_degree),
        );
        let absolute = [
            count(self.n),
            count(self.adamic_adar),
            small(self.resource),
            small(self.resource_log),
            medium(self.clustering_between),
            count(self.ties_between),
            small(self.share_between),
            medium(self.three_paths),
            small(self.three_step_resource),
            count(self.three_path_count),
            small(self.mean_resource),
            count(self.least_degree),
            count(self.degree),
            count(self.candidate_degree),
            small(self.jaccard()),
            small(self.salton()),
            small(ratio(self.n, low)),
            small(ratio(self.n, high)),
            small(ratio(self.resource, self.candidate_degree)),
            small(ratio(self.resource, self.degree)),
            self.clustering,
            self.candidate_clustering,
            small(self.strength_jaccard),
            small(self.strength_near),
            small(self.strength_far),
            small(self.strength_product),
            small(self.strength_product_depressed),
            small(self.strength_least),
        ];
        let places = [
            rank.sqrt().recip(),
            rank.ln(),
            self.own_upload,
            self.mutual_contact,
            ratio(self.friends_between, self.n),
            ratio(self.contacts_between, self.n),
            count(self.age_days),
        ];
        let mut features = [0.0; N_FEATURES];
        features[..28].copy_from_slice(&absolute);
        for ((to, sum), best) in features[28..]
            .iter_mut()
            .zip(self.relative())
            .zip(bests.relative)
        {
            *to = (ratio(sum, best) + 1e-3).ln();
        }
        features[44..N_OF_TIES].copy_from_slice(&places);
        let of_factors = N_OF_TIES + N_OF_FACTORS;
        if let Some(factor) = self.factor {
            features[N_OF_TIES..of_factors].copy_from_slice(&self.of_factor(factor, bests));
        }
        if let Some(together) = self.community {
            features[of_factors..REGION].copy_from_slice(&together.features());
        }
        features[REGION..].copy_from_slice(&[
            self.same_region,
            count(self.calls),
            count(self.groups),
        ]);
        features
    }

    fn of_factor(&self, Factor { product, cosine }: Factor, bests: &Bests) -> [f64; N_OF_FACTORS] {
        let best = bests.products.first().copied().unwrap_or(0.0);
        let of_best = (ratio(product, best) + 1e-3).ln();
        let rank = place(&bests.products, product);
        let alone = if self.n > 0.0 { 0.0 } else { 1.0 };
        [
            product,
            (product + 1e-2).ln(),
            cosine,
            of_best,
            rank.sqrt().recip(),
            rank.ln(),
            alone,
            alone * of_best,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_finite_even_of_strangers() {
        let nobody = Sums::default().features(&Bests::default());
        assert!(nobody.iter().all(|x| x.is_finite()));
        assert!(nobody[N_OF_TIES..].iter().all(|&x| x == 0.0));
        let factor = Some(Factor {
            product: 0.0,
            cosine: 0.0,
        });
        let unlike = Sums {
            factor,
            ..Sums::default()
        };
        let unlike = unlike.features(&Bests::default());
        assert!(unlike.iter().all(|x| x.is_finite()));
        let names: std::collections::BTreeSet<_> = NAMES.iter().collect();
        assert_eq!(names.len(), N_FEATURES);
    }
}
