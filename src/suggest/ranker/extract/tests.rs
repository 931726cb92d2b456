//! Every sum against its definition, read off edge lists.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::suggest::Plain;

type Pairs = BTreeSet<(u32, u32)>;

/// The ties as a set of ordered pairs.
struct Naive {
    n: u32,
    tied: Pairs,
    friends: Pairs,
    contacts: Pairs,
}

impl Naive {
    fn new(n: u32, friends: &[(u32, u32)], contacts: &[(u32, u32)]) -> Self {
        let both = |pairs: &[(u32, u32)]| -> Pairs {
            let pairs = pairs.iter().filter(|(a, b)| a != b);
            pairs.flat_map(|&(a, b)| [(a, b), (b, a)]).collect()
        };
        let contacts: Pairs = contacts.iter().copied().filter(|(a, b)| a != b).collect();
        let friends = both(friends);
        let mutual = contacts
            .iter()
            .filter(|&&(a, b)| contacts.contains(&(b, a)));
        let tied = friends.iter().chain(mutual).copied().collect();
        Self {
            n,
            tied,
            friends,
            contacts,
        }
    }

    fn ties(&self, u: u32) -> Vec<u32> {
        (0..self.n)
            .filter(|&v| self.tied.contains(&(u, v)))
            .collect()
    }

    fn d(&self, u: u32) -> f64 {
        self.ties(u).len() as f64
    }

    fn between(&self, u: u32, v: u32) -> Vec<u32> {
        let far: BTreeSet<u32> = self.ties(v).into_iter().collect();
        self.ties(u)
            .into_iter()
            .filter(|z| far.contains(z))
            .collect()
    }

    fn t(&self, u: u32, v: u32) -> f64 {
        self.between(u, v).len() as f64
    }

    fn c(&self, u: u32) -> f64 {
        let ties = self.ties(u);
        let closed = (ties.iter().flat_map(|&a| ties.iter().map(move |&b| (a, b))))
            .filter(|pair| self.tied.contains(pair))
            .count();
        let pairs = ties.len() * ties.len().saturating_sub(1);
        if pairs == 0 {
            0.0
        } else {
            closed as f64 / pairs as f64
        }
    }

    fn is_mutual(&self, u: u32, v: u32) -> bool {
        self.contacts.contains(&(u, v)) && self.contacts.contains(&(v, u))
    }

    fn sums(&self, u: u32, v: u32) -> Sums {
        let (between, of) = (self.between(u, v), |is: bool| f64::from(u8::from(is)));
        let over =
            |f: &dyn Fn(u32, f64) -> f64| -> f64 { between.iter().map(|&z| f(z, self.d(z))).sum() };
        let inside = |z: u32| {
            between
                .iter()
                .filter(|&&w| self.tied.contains(&(z, w)))
                .count() as f64
        };
        let jaccard =
            |x: u32, y: u32| (self.t(x, y) + 1.0) / (self.d(x) + self.d(y) - self.t(x, y));
        // Paths u–x–y–v with v's own tie to u left out, and u itself no stop.
        let paths: Vec<(f64, f64)> = (self.ties(v).into_iter().filter(|&y| y != u))
            .flat_map(|y| self.between(u, y).into_iter().map(move |x| (x, y)))
            .map(|(x, y)| (self.d(x), self.d(y)))
            .collect();
        let over_paths =
            |f: &dyn Fn(f64, f64) -> f64| -> f64 { paths.iter().map(|&(x, y)| f(x, y)).sum() };
        let near = |z: u32| self.t(u, z) + 1.0;
        let far = |z: u32| self.t(z, v) + 1.0;
        Sums {
            degree: self.d(u),
            candidate_degree: self.d(v),
            clustering: self.c(u),
            candidate_clustering: self.c(v),
            n: over(&|_, _| 1.0),
            adamic_adar: over(&|_, d| 1.0 / d.ln()),
            resource: over(&|_, d| 1.0 / d),
            resource_log: over(&|_, d| 1.0 / (d * d.ln())),
            clustering_between: over(&|z, _| self.c(z)),
            ties_between: over(&|z, _| inside(z)) / 2.0,
            share_between: over(&|z, d| inside(z) / d),
            three_paths: over_paths(&|x, y| 1.0 / (x * y).sqrt()),
            three_step_resource: over_paths(&|x, y| 1.0 / (x * y)),
            three_path_count: over_paths(&|_, _| 1.0),
            mean_resource: if self.d(v) > 0.0 {
                over_paths(&|x, _| 1.0 / x) / self.d(v)
            } else {
                0.0
            },
            least_degree: between
                .iter()
                .map(|&z| self.d(z))
                .reduce(f64::min)
                .unwrap_or(0.0),
            strength_jaccard: over(&|z, _| jaccard(u, z) * jaccard(z, v)),
            strength_near: over(&|z, d| near(z) / d.powi(2)),
            strength_far: over(&|z, d| far(z) / d.powi(2)),
            strength_product: over(&|z, d| near(z) * far(z) / d.powi(2)),
            strength_product_depressed: over(&|z, d| near(z) * far(z) / d.powi(3)),
            strength_least: over(&|z, d| near(z).min(far(z)) / d),
            friends_between: over(&|z, _| {
                of(self.friends.contains(&(u, z)) && self.friends.contains(&(z, v)))
            }),
            contacts_between: over(&|z, _| of(self.is_mutual(u, z) || self.is_mutual(z, v))),
            community: None,
            same_region: 0.0,
            calls: 0.0,
            groups: 0.0,
            age_days: 0.0,
            factor: None,
            own_upload: of(self.contacts.contains(&(u, v))),
            mutual_contact: of(self.is_mutual(u, v)),
        }
    }
}

fn pairs(n: u32, max: usize) -> impl Strategy<Value = Vec<(u32, u32)>> {
    prop::collection::vec((0..n, 0..n), 0..max)
}

fn assert_close(found: &Features, wanted: &Features) {
    for (i, (a, b)) in found.iter().zip(wanted).enumerate() {
        assert!(
            (a - b).abs() < 1e-9,
            "{}: {a} is not {b}",
            super::super::features::NAMES[i]
        );
    }
}

proptest! {
    #[test]
    fn prop_oracle_features_are_their_definitions(
        friends in pairs(12, 40),
        contacts in pairs(12, 30),
    ) {
        let plain = Plain::new(12, &friends, &contacts);
        let naive = Naive::new(12, &friends, &contacts);
        let extractor = Extractor::new(plain.view().with_direct(crate::suggest::Direct::Own), &[]);
        let mut workspace = extractor.workspace();
        for u in 0..12 {
            let others: Vec<u32> = (0..12).filter(|&v| v != u).collect();
            let n_pool = 6;
            let mut found = Vec::new();
            extractor.extract(&mut workspace, u, &others, n_pool, &mut found);
            let sums: Vec<Sums> = others.iter().map(|&v| naive.sums(u, v)).collect();
            let relative = std::array::from_fn(|i| {
                sums[..n_pool].iter().map(|s| s.relative()[i]).fold(0.0, f64::max)
            });
            let bests = Bests { relative, ..Bests::default() };
            for (i, sums_of) in sums.iter().enumerate() {
                // The place among equals must not hang on the last bit of a sum; those are compared apart.
                let above = sums[..n_pool].iter().filter(|s| s.resource > sums_of.resource + 1e-12).count();
                let mut wanted = sums_of.features(&bests);
                wanted[44..46].copy_from_slice(&found[i][44..46]);
                let ties = sums[..n_pool].iter().filter(|s| (s.resource - sums_of.resource).abs() <= 1e-12).count();
                let place = found[i][45].exp().round() - 1.0;
                prop_assert!((above as f64..=(above + ties) as f64).contains(&place));
                assert_close(&found[i], &wanted);
            }
        }
        // Nothing is left over in the workspace.
        let (mut again, mut fresh) = (Vec::new(), Vec::new());
        extractor.extract(&mut workspace, 0, &[1, 2], 2, &mut again);
        extractor.extract(&mut extractor.workspace(), 0, &[1, 2], 2, &mut fresh);
        prop_assert_eq!(again, fresh);
    }
}

#[test]
fn recency_is_counted_from_the_newest_tie() {
    // 0–1–3 is two days old, 0–2–3 five; 4–5 is the newest tie.
    let friends = [(0, 1), (1, 3), (0, 2), (2, 3), (4, 5)];
    let plain = Plain::new(6, &friends, &[]);
    let day = |u: u32, v: u32| match (u.min(v), u.max(v)) {
        (0, 1) => 1,
        (1, 3) => 8,
        (4, 5) => 10,
        _ => 5,
    };
    let tied = plain.view().ties;
    let times: Vec<Timestamp> = (tied.nodes())
        .flat_map(|u| tied.row(u).iter().map(move |&v| day(u, v)))
        .map(|day| Timestamp::from_micros(day * DAY_MICROS))
        .collect();
    let extractor = Extractor::new(plain.view(), &times);
    let mut found = Vec::new();
    extractor.extract(&mut extractor.workspace(), 0, &[3], 1, &mut found);
    assert_eq!(found[0][50], 2.0_f64.ln_1p());
}
