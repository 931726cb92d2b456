//! Against the paper, against linfa, and at the edges of what data can be.

use linfa::dataset::DatasetBase;
use linfa::traits::Predict;
use ndarray::{Array2, Axis};
use proptest::prelude::*;

use super::*;
use crate::hash::mix_two as mix;
use crate::learn::FtrlParams;

const SLOTS: usize = 1 << 10;

fn params() -> FtrlParams {
    FtrlParams::default()
        .bits(10)
        .alpha(0.1)
        .l1(0.1)
        .l2(1.0)
        .epochs(1)
}

/// Two of eight features a row; the first feature makes clicks likely.
fn rows(n: u64, impressions: u32) -> Vec<(Vec<(u32, f32)>, Clicks)> {
    let roll = |i, salt, sides| u32::try_from(mix(i, salt) % sides).unwrap();
    (0..n)
        .map(|i| {
            let (a, b) = (roll(i, 1, 8), 8 + roll(i, 2, 8));
            let odds = if a == 0 { 2 } else { 10 };
            let clicks = (0..impressions).map(|j| u32::from(roll(i, 3 + u64::from(j), odds) == 0));
            let clicks = clicks.sum();
            (
                vec![(a, 1.0), (b, 0.5)],
                Clicks {
                    clicks,
                    impressions,
                },
            )
        })
        .collect()
}

fn dataset(rows: &[(Vec<(u32, f32)>, Clicks)]) -> ClickDataset {
    let mut batch = SparseBatch::new(SLOTS);
    for (pairs, _) in rows {
        batch.push_row(pairs).unwrap();
    }
    let targets = rows.iter().map(|(_, target)| *target).collect();
    ClickDataset::new(batch, ClickTargets::new(targets).unwrap())
}

#[expect(clippy::many_single_char_names, reason = "the paper's names")]
/// Algorithm 1 of the paper as it stands there, over dense vectors, with an offset.
fn dense(rows: &[(Vec<(u32, f32)>, Clicks)], order: &[usize], offset: f64) -> Vec<f64> {
    let (alpha, beta, l1, l2) = (0.1, 1.0, 0.1, 1.0);
    let (mut z, mut n) = (vec![0.0_f64; SLOTS], vec![0.0_f64; SLOTS]);
    let w = |z: &[f64], n: &[f64]| -> Vec<f64> {
        let one = |(&z, &n): (&f64, &f64)| {
            if z.abs() <= l1 {
                0.0
            } else {
                -(1.0 / ((beta + f64::sqrt(n)) / alpha + l2)) * (z - z.signum() * l1)
            }
        };
        z.iter().zip(n).map(one).collect()
    };
    for &row in order {
        let mut x = vec![0.0; SLOTS];
        for &(slot, value) in &rows[row].0 {
            x[slot as usize] = f64::from(value);
        }
        let weights = w(&z, &n);
        let dot: f64 = x.iter().zip(&weights).map(|(x, w)| x * w).sum();
        let p = 1.0 / (1.0 + (-(offset + dot)).exp());
        for i in 0..SLOTS {
            let g = (p - f64::from(rows[row].1.clicks)) * x[i];
            let sigma = ((n[i] + g * g).sqrt() - n[i].sqrt()) / alpha;
            z[i] += g - sigma * weights[i];
            n[i] += g * g;
        }
    }
    w(&z, &n)
}

#[test]
fn oracle_single_impressions_follow_algorithm_1() {
    let rows = rows(2_000, 1);
    let model = params().fit(&dataset(&rows)).unwrap();
    let order: Vec<usize> = visiting_order(rows.len(), 0, 0).collect();
    let expected = dense(&rows, &order, model.offset());
    for (slot, expected) in (0..).zip(expected) {
        // Both sum in f64; only the order of two operations differs.
        assert!((model.weight(slot) - expected).abs() < 1e-9, "slot {slot}");
    }
    assert!(model.weight(0) > 0.5, "the first feature was learnt");
}

/// A grouped row is not its impressions one by one, but both end near the same probabilities.
#[test]
fn grouped_rows_end_near_their_single_impressions() {
    let grouped = rows(300, 40);
    let single: Vec<_> = grouped
        .iter()
        .flat_map(|(x, t)| {
            let one = |i| Clicks {
                clicks: u32::from(i < t.clicks),
                impressions: 1,
            };
            (0..t.impressions).map(move |i| (x.clone(), one(i)))
        })
        .collect();
    let batch = dataset(&grouped);
    let a = params().epochs(3).fit(&batch).unwrap().predict(&batch);
    let b = params()
        .epochs(3)
        .fit(&dataset(&single))
        .unwrap()
        .predict(&batch);
    for (a, b) in a.iter().zip(&b) {
        assert!((a / b - 1.0).abs() < 0.15, "{a} against {b}");
    }
}

#[test]
fn rows_of_100_000_impressions_neither_explode_nor_end_learning() {
    let target = |clicks| Clicks {
        clicks,
        impressions: 100_000,
    };
    // Rates of 0.00005, 0.0002 and 0.002, started from one half.
    let data: Vec<_> = [5, 20, 200]
        .into_iter()
        .zip(0..)
        .map(|(clicks, slot)| (vec![(slot, 1.0)], target(clicks)))
        .collect();
    let valid = params()
        .l1(0.0)
        .l2(0.0)
        .alpha(0.5)
        .epochs(100)
        .check()
        .unwrap();
    let start = FtrlModel::at_rate(&valid, 0.5).unwrap();
    let batch = dataset(&data);
    let model = valid.fit_with(Some(start), &batch).unwrap();
    for (p, (_, target)) in model.predict(&batch).iter().zip(&data) {
        let ratio = p * 100_000.0 / f64::from(target.clicks);
        assert!((0.8..1.25).contains(&ratio), "{p}: {ratio}");
    }
}

/// Draws nothing but zeros, so that linfa's model starts from none.
fn zeros() -> rand::rngs::mock::StepRng {
    rand::rngs::mock::StepRng::new(0, 0)
}

/// linfa's weights after the same rows one by one.
fn of_linfa(x: &Array2<f64>, y: &[bool], order: &[usize]) -> Array1<f64> {
    let params = linfa_ftrl::FtrlParams::default_with_rng(zeros());
    let params = params.alpha(0.1).beta(1.0).l1_ratio(0.1).l2_ratio(1.0);
    let params = params.check().unwrap();
    let one = |model, &row: &usize| {
        let row = (x.row(row).insert_axis(Axis(0)), Array1::from(vec![y[row]]));
        let row = DatasetBase::new(row.0, row.1);
        Some(params.fit_with(model, &row).unwrap())
    };
    order.iter().fold(None, one).unwrap().get_weights()
}

#[test]
fn same_as_linfa_on_dense_rows_one_by_one() {
    const WIDTH: u64 = 24;
    let value = |row, i| (mix(row, i) % 2_000) as f32 / 1_000.0 - 1.0;
    let rows: Vec<_> = (0..600)
        .map(|row| {
            let x: Vec<_> = (0..24).map(|i| (i, value(row, u64::from(i)))).collect();
            let clicks = u32::from(x[0].1 + x[1].1 > value(row, WIDTH));
            (
                x,
                Clicks {
                    clicks,
                    impressions: 1,
                },
            )
        })
        .collect();
    let x = Array2::from_shape_fn((600, 24), |(row, i)| f64::from(rows[row].0[i].1));
    let y: Vec<bool> = rows.iter().map(|(_, target)| target.clicks == 1).collect();
    let order: Vec<usize> = visiting_order(rows.len(), 0, 0).collect();
    let theirs = of_linfa(&x, &y, &order);

    let valid = params().beta(1.0).check().unwrap();
    let start = FtrlModel::at_rate(&valid, 0.5).unwrap();
    let ours = valid.fit_with(Some(start), &dataset(&rows)).unwrap();
    for (slot, theirs) in (0..).zip(&theirs) {
        // Theirs rounds every probability to f32.
        assert!((ours.weight(slot) - theirs).abs() < 1e-6, "slot {slot}");
    }
    assert!(ours.weight(0) > 0.3 && ours.weight(1) > 0.3);
}

#[test]
fn same_model_whether_cells_are_asked_for_or_not() {
    let data = dataset(&rows(500, 3));
    let learnt = |ask_for: fn(&[Coordinate], usize)| {
        let mut model = FtrlModel::at_rate(&params().check().unwrap(), 0.2).unwrap();
        model.learn(&data, ask_for, &mut |_, _, _| ()).unwrap();
        model
    };
    assert_eq!(learnt(ask_for), learnt(crate::ahead::ask_for_nothing));
}

#[test]
fn a_row_of_weight_three_is_three_times_its_counts() {
    let (single, triple) = (rows(200, 5), rows(200, 5).into_iter());
    let triple: Vec<_> = triple
        .map(|(x, t)| {
            let target = Clicks {
                clicks: 3 * t.clicks,
                impressions: 3 * t.impressions,
            };
            (x, target)
        })
        .collect();
    let weighted = dataset(&single).with_weights(Array1::from_elem(200, 3.0));
    let valid = params().check().unwrap();
    let from = || Some(FtrlModel::at_rate(&valid, 0.2).unwrap());
    assert_eq!(
        valid.fit_with(from(), &weighted).unwrap(),
        valid.fit_with(from(), &dataset(&triple)).unwrap()
    );
    let rate = base_rate(&weighted);
    assert_eq!(rate, base_rate(&dataset(&triple)));
}

#[test]
fn rows_that_say_nothing_change_nothing() {
    let mut rows = rows(300, 2);
    let data = dataset(&rows);
    let model = params().fit(&data).unwrap();
    // At the end, so that the blocks before them stay as they are: 300 is 9 blocks and 12 rows.
    rows.extend((0..20).map(|_| (vec![(0, 1.0), (99, 1.0)], Clicks::default())));
    let more = dataset(&rows);
    let seen = params().fit(&more).unwrap();
    assert_eq!(seen.weight(99), 0.0, "shown to nobody");
    assert_eq!(seen, model);
    let weights = (0..320).map(|row| if row < 300 { 1.0 } else { 0.0 });
    for (_, target) in &mut rows[300..] {
        *target = Clicks {
            clicks: 1,
            impressions: 2,
        };
    }
    let weightless = dataset(&rows).with_weights(weights.collect());
    assert_eq!(params().fit(&weightless).unwrap(), model);
}

#[test]
fn no_rows_and_one_class_only_are_no_errors() {
    let nothing = params().fit(&dataset(&[])).unwrap();
    assert_eq!((nothing.offset(), nothing.n_weights()), (0.0, 0));
    let all = |clicks| {
        let rows: Vec<_> = (0..100)
            .map(|i| {
                (
                    vec![(i % 5, 1.0)],
                    Clicks {
                        clicks,
                        impressions: 1,
                    },
                )
            })
            .collect();
        let data = dataset(&rows);
        params().fit(&data).unwrap().predict(&data)
    };
    assert!(all(0).iter().all(|p| *p > 0.0 && *p < 0.006));
    assert!(all(1).iter().all(|p| *p > 0.994 && *p < 1.0));
}

#[test]
fn a_feature_never_seen_counts_for_nothing() {
    let model = params().fit(&dataset(&rows(500, 3))).unwrap();
    let seen = model.logit(&[1], &[1.0]);
    assert_eq!(model.logit(&[1, 1_000], &[1.0, 1.0]), seen);
    assert_eq!(model.logit(&[1_000], &[1.0]), model.offset());
}

#[test]
fn deny_weights_that_cannot_be() {
    let fit = |weights: &[f32]| {
        let data = dataset(&rows(2, 1)).with_weights(weights.iter().copied().collect());
        params().fit(&data)
    };
    assert!(fit(&[0.0, 2.5]).is_ok());
    for bad in [-1.0, f32::NAN, f32::INFINITY] {
        assert!(
            matches!(fit(&[1.0, bad]), Err(LearnError::Weight { row: 1 })),
            "{bad}"
        );
    }
    assert!(matches!(fit(&[1.0]), Err(LearnError::Weights { .. })));
}

#[test]
fn same_model_when_trained_again() {
    let data = dataset(&rows(500, 3));
    assert_eq!(params().fit(&data).unwrap(), params().fit(&data).unwrap());
    assert_ne!(
        params().fit(&data).unwrap(),
        params().seed(1).fit(&data).unwrap()
    );
}

#[test]
fn going_on_is_not_starting_over() {
    let (first, second) = (dataset(&rows(500, 1)), dataset(&rows(900, 1)));
    let model = params().fit(&first).unwrap();
    let valid = params().check().unwrap();
    let more = valid.fit_with(Some(model.clone()), &second).unwrap();
    assert_eq!(more.offset(), model.offset());
    assert_ne!(more, model);
    assert_eq!(valid.fit_with(None, &first).unwrap(), model);
}

#[test]
fn same_model_after_writing_and_reading() {
    let model = params().fit(&dataset(&rows(500, 3))).unwrap();
    let text = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<FtrlModel>(&text).unwrap(), model);
}

#[test]
fn deny_damaged_models() {
    let model = params().fit(&dataset(&rows(50, 3))).unwrap();
    let damaged = |change: fn(&mut ModelFile)| {
        let mut file = ModelFile::from(model.clone());
        change(&mut file);
        FtrlModel::try_from(file)
    };
    assert!(damaged(|_| ()).is_ok());
    assert!(damaged(|f| f.schema += 1).is_err());
    assert!(damaged(|f| f.offset_bits = f64::NAN.to_bits()).is_err());
    assert!(damaged(|f| f.coordinates[0].0 = 1 << 10).is_err());
    assert!(damaged(|f| f.coordinates[0].1 = f64::INFINITY.to_bits()).is_err());
    assert!(damaged(|f| f.coordinates[0].2 = (-1.0_f64).to_bits()).is_err());
    assert!(damaged(|f| f.params = FtrlParams::default().bits(9)).is_err());
}

#[test]
fn deny_shapes_that_do_not_fit() {
    let other_slots = ClickDataset::new(SparseBatch::new(5), ClickTargets::default());
    assert!(matches!(
        params().fit(&other_slots),
        Err(LearnError::Slots { .. })
    ));
    let one = ClickTargets::new(vec![Clicks::default()]).unwrap();
    let no_row = ClickDataset::new(SparseBatch::new(SLOTS), one);
    assert!(matches!(
        params().fit(&no_row),
        Err(LearnError::Targets { .. })
    ));
}

#[test]
fn deny_rates_that_are_certain() {
    let valid = params().check().unwrap();
    for rate in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(FtrlModel::at_rate(&valid, rate).is_err(), "{rate}");
    }
}

#[test]
fn sigmoid_is_never_certain() {
    for x in [f64::NEG_INFINITY, -1e300, 1e300, f64::INFINITY, f64::NAN] {
        assert!(sigmoid(x) > 0.0 && sigmoid(x) < 1.0, "{x}");
    }
    assert_eq!(sigmoid(0.0), 0.5);
}

proptest! {
    #[test]
    fn prop_predictions_are_probabilities(
        cells in prop::collection::vec((0_u32..16, -1e6_f32..1e6, 0_u32..u32::MAX, 0_u32..100), 0..30),
    ) {
        let rows: Vec<_> = cells
            .iter()
            .map(|&(slot, x, m, c)| (vec![(slot, x)], Clicks { clicks: c.min(m), impressions: m }))
            .collect();
        let data = dataset(&rows);
        let model = params().alpha(10.0).l1(0.0).l2(0.0).fit(&data).unwrap();
        let p = model.predict(&data);
        prop_assert!(p.iter().all(|p| *p > 0.0 && *p < 1.0), "{p}");
        prop_assert!((0..16).all(|slot| model.weight(slot).is_finite()));
    }
}
