//! Vectors against the definition: full systems solved by elimination, in `f64`.

use linfa::ParamGuard;
use proptest::prelude::*;

use super::*;

/// Links as a full matrix of weights.
struct Dense {
    n: usize,
    weights: Vec<f64>,
}

/// Compressed rows of a full matrix.
#[derive(Debug)]
struct Rows {
    starts: Vec<u64>,
    ends: Vec<u32>,
    weights: Vec<f32>,
}

impl Dense {
    fn new(n: usize, links: &[(usize, usize, u8)]) -> Self {
        let mut weights = vec![0.0; n * n];
        for &(a, b, weight) in links.iter().filter(|(a, b, _)| a != b) {
            let weight = f64::from(weight) / 4.0;
            (weights[a * n + b], weights[b * n + a]) = (weight, weight);
        }
        Self { n, weights }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows {
            starts: vec![0],
            ends: Vec::new(),
            weights: Vec::new(),
        };
        for row in self.weights.chunks(self.n) {
            for (end, &weight) in (0..).zip(row).filter(|(_, w)| **w > 0.0) {
                rows.ends.push(end);
                rows.weights.push(gram::rounded(weight));
            }
            rows.starts.push(rows.ends.len() as u64);
        }
        rows
    }

    /// The objective, term by term.
    fn loss(&self, found: &LinkFactors, alpha: f64, l2: f64) -> f64 {
        let mut loss = 0.0;
        for u in 0..self.n {
            for v in 0..self.n {
                let weight = self.weights[u * self.n + v];
                let preferred = if weight > 0.0 { 1.0 } else { 0.0 };
                let miss = preferred - product(found.left(u), found.right(v));
                loss += (1.0 + alpha * weight) * miss * miss;
            }
            let squares = |x: &[f32]| product(x, x);
            loss += l2 * (squares(found.left(u)) + squares(found.right(u)));
        }
        loss
    }

    /// The left vector of `u` that suits the right vectors best: normal equations, by Gauss and Jordan.
    fn best(&self, u: usize, right: &LinkFactors, alpha: f64, l2: f64) -> Vec<f64> {
        let width = right.width();
        let mut system = vec![vec![0.0; width + 1]; width];
        for v in 0..self.n {
            let weight = self.weights[u * self.n + v];
            let confidence = 1.0 + alpha * weight;
            let y: Vec<f64> = right.right(v).iter().map(|&x| f64::from(x)).collect();
            for (row, yi) in system.iter_mut().zip(&y) {
                for (cell, yj) in row.iter_mut().zip(&y) {
                    *cell += confidence * yi * yj;
                }
                row[width] += if weight > 0.0 { confidence * yi } else { 0.0 };
            }
        }
        (0..width).for_each(|i| system[i][i] += l2);
        for i in 0..width {
            let pivot = system[i].clone();
            let others = system.iter_mut().enumerate().filter(|(j, _)| *j != i);
            for (_, row) in others {
                let scale = row[i] / pivot[i];
                for (cell, given) in row.iter_mut().zip(&pivot) {
                    *cell -= scale * given;
                }
            }
        }
        (0..width)
            .map(|i| system[i][width] / system[i][i])
            .collect()
    }
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

impl Rows {
    fn links(&self) -> Links<'_> {
        Links::new(&self.starts, &self.ends, &self.weights).unwrap()
    }
}

fn params(factors: usize, rounds: u32) -> AlsValidParams {
    let params = AlsParams::default().factors(factors).rounds(rounds);
    params.alpha(4.0).l2(0.5).check().unwrap()
}

const N: usize = 14;

fn some_links() -> impl Strategy<Value = Vec<(usize, usize, u8)>> {
    prop::collection::vec((0..N, 0..N, 1_u8..9), 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn oracle_one_side_is_the_solution_of_its_equations(given in some_links()) {
        let dense = Dense::new(N, &given);
        let rows = dense.rows();
        // With as many coordinates as steps of conjugate gradients, a solution is complete.
        let params = params(3, 4);
        let mut found = params.factorise(rows.links());
        let right = found.right.clone();
        params.solve(rows.links(), &right, &mut found.left);
        for u in 0..N {
            let linked = rows.links().is_linked(u);
            for (i, best) in dense.best(u, &found, 4.0, 0.5).into_iter().enumerate() {
                let x = f64::from(found.left(u)[i]);
                let error = (x - best).abs();
                prop_assert!(error < 2e-3 * best.abs().max(1.0), "{u}, {i}: {x} and {best}");
                prop_assert!(linked || x == 0.0);
            }
        }
    }

    #[test]
    fn oracle_every_round_lowers_the_loss(given in some_links()) {
        let dense = Dense::new(N, &given);
        let rows = dense.rows();
        let loss = |rounds| dense.loss(&params(5, rounds).factorise(rows.links()), 4.0, 0.5);
        let losses: Vec<f64> = (1..6).map(loss).collect();
        prop_assert!(losses.is_sorted_by(|a, b| *b <= a * 1.000_01), "{losses:?}");
    }
}

/// Two circles of people who nearly all know each other, and one tie between the circles.
fn two_circles() -> Rows {
    let n = 40;
    let pairs = (0..n).flat_map(|a| (0..a).map(move |b| (a, b)));
    let same = pairs.filter(|(a, b)| a / 20 == b / 20 && mix((a * n + b) as u64) % 10 > 1);
    let links: Vec<_> = same.chain([(0, 39)]).map(|(a, b)| (a, b, 4)).collect();
    Dense::new(n, &links).rows()
}

#[test]
fn a_missing_link_within_a_circle_scores_above_those_across() {
    let rows = two_circles();
    let found = params(2, 10).factorise(rows.links());
    let score = |u: usize, v: usize| {
        let other_way = product(found.left(v), found.right(u));
        f64::midpoint(product(found.left(u), found.right(v)), other_way)
    };
    let (mut within, mut across) = (f64::INFINITY, f64::NEG_INFINITY);
    for (u, v) in (0..40).flat_map(|u| (0..u).map(move |v| (u, v))) {
        if u / 20 != v / 20 && (u, v) != (39, 0) {
            across = across.max(score(u, v));
        } else if rows.links().of(u).iter().all(|(end, _)| end != v) {
            within = within.min(score(u, v));
        }
    }
    assert!(within > across + 0.3, "{within} and {across}");
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let given: Vec<(usize, usize, u8)> = (0..4_000_u64)
        .map(|i| {
            let r = mix(i);
            let end = |r: u64| usize::try_from(r % 700).unwrap();
            (end(r >> 32), end(r), 4)
        })
        .collect();
    let rows = Dense::new(700, &given).rows();
    let found = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| params(9, 3).factorise(rows.links()))
    };
    let bits = |found: &LinkFactors| -> Vec<u32> {
        let all = found.left.iter().chain(&found.right);
        all.map(|x| x.to_bits()).collect()
    };
    let one = bits(&found(1));
    assert!(one.iter().any(|&x| x != 0));
    assert!([2, 3, 8].iter().all(|&n| bits(&found(n)) == one));
}

#[test]
fn another_seed_gives_other_vectors_and_weights_of_one_are_no_weights() {
    let rows = two_circles();
    let params = AlsParams::default().factors(4).rounds(2);
    let found = |params: AlsParams, links| params.check().unwrap().factorise(links);
    let plain = Links::new(&rows.starts, &rows.ends, &[]).unwrap();
    assert_eq!(
        found(params.clone(), plain),
        found(params.clone(), rows.links())
    );
    assert_ne!(found(params.clone().seed(1), plain), found(params, plain));
}

#[test]
fn deny_rows_that_are_no_symmetric_matrix() {
    let refused = |starts: &[u64], ends: &[u32], weights: &[f32]| {
        matches!(
            Links::new(starts, ends, weights),
            Err(LearnError::Links { .. })
        )
    };
    assert!(!refused(&[0, 1, 2], &[1, 0], &[]));
    assert!(!refused(&[], &[], &[]));
    assert!(refused(&[0, 1, 2], &[1], &[]));
    assert!(refused(&[0, 1, 2], &[2, 0], &[]));
    assert!(refused(&[0, 1, 1], &[1], &[]), "one way");
    assert!(refused(&[0, 2, 3, 4], &[2, 1, 0, 0], &[]));
    assert!(refused(&[0, 1, 2], &[1, 0], &[1.0]));
    assert!(refused(&[0, 1, 2], &[1, 0], &[1.0, 2.0]));
    for bad in [0.0, -1.0, f32::NAN] {
        assert!(refused(&[0, 1, 2], &[1, 0], &[bad, bad]));
    }
}

#[test]
fn oracle_a_product_with_the_shared_sum_is_its_definition() {
    for width in [1, 5, 16, 21, 64] {
        let number = |at: usize| gram::rounded(unit(mix(at as u64)) - 0.5);
        let vectors: Vec<f32> = (0..width * 30).map(number).collect();
        let vector: Vec<f32> = (0..width).map(|i| number(i + 7_000)).collect();
        let mut found = vec![f32::NAN; width];
        Gram::of(&vectors, width, 0.25).times(&vector, &mut found);
        for (i, &found) in found.iter().enumerate() {
            let rows = vectors.chunks(width);
            let sum: f64 = rows.map(|y| f64::from(y[i]) * product(y, &vector)).sum();
            let wanted = sum + 0.25 * f64::from(vector[i]);
            assert!((f64::from(found) - wanted).abs() < 1e-4, "{width}, {i}");
        }
    }
}
