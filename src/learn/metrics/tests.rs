use proptest::prelude::*;

use super::*;
use crate::hash::mix_two as mix;

fn row(p: f64, clicks: u32, impressions: u32) -> Predicted {
    let target = Clicks {
        clicks,
        impressions,
    };
    Predicted { p, target }
}

/// The same impressions one by one.
fn apart(rows: &[Predicted]) -> Vec<Predicted> {
    let single = |r: &Predicted| {
        let p = r.p;
        let clicks = r.target.clicks;
        (0..r.target.impressions).map(move |i| row(p, u32::from(i < clicks), 1))
    };
    rows.iter().flat_map(single).collect()
}

/// A number in [0, 1) made from two.
fn unit(a: u64, b: u64) -> f64 {
    crate::hash::unit(mix(a, b))
}

/// Single impressions with click probabilities like those of ads, clicked as often as predicted.
fn many(n: u64) -> Vec<Predicted> {
    let one = |i| {
        let p = 0.002 + 0.2 * unit(1, i).powi(4);
        row(p, u32::from(unit(2, i) < p), 1)
    };
    (0..n).map(one).collect()
}

/// Every metric as its definition reads, row by row, with plain sums.
fn naive(rows: &[Predicted]) -> ClickMetrics {
    let single = apart(rows);
    let n = single.len() as f64;
    let clicked = |r: &&Predicted| r.target.clicks == 1;
    let clicks = single.iter().filter(clicked).count() as f64;
    let said = |r: &Predicted| if r.target.clicks == 1 { r.p } else { 1.0 - r.p };
    let log_loss = single.iter().map(|r| -said(r).ln()).sum::<f64>() / n;
    let rate = clicks / n;
    let of_rate = -rate * rate.ln() - (1.0 - rate) * (1.0 - rate).ln();
    let mut won = 0.0;
    for a in single.iter().filter(clicked) {
        for b in single.iter().filter(|r| !clicked(r)) {
            won += if a.p > b.p {
                1.0
            } else {
                f64::from(u8::from(a.p == b.p)) / 2.0
            };
        }
    }
    ClickMetrics {
        log_loss: Some(log_loss),
        ne: Some(log_loss / of_rate),
        auc: Some(won / (clicks * (n - clicks))),
        ece: None,
        calibration_ratio: Some(single.iter().map(|r| r.p).sum::<f64>() / clicks),
    }
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs(),
        (a, b) => a == b,
    }
}

#[test]
fn oracle_metrics_equal_their_definitions() {
    let rows = many(700);
    let mut grouped = vec![
        row(0.1, 1, 7),
        row(0.4, 2, 5),
        row(0.1, 0, 3),
        row(0.8, 3, 4),
    ];
    grouped.extend(&rows);
    let (ours, theirs) = (ClickMetrics::of(&grouped), naive(&grouped));
    assert!(close(ours.log_loss, theirs.log_loss));
    assert!(close(ours.ne, theirs.ne));
    assert!(close(ours.auc, theirs.auc));
    assert!(close(ours.calibration_ratio, theirs.calibration_ratio));
}

/// −ln of a product, as a number between 1/2 and 1 and a power of two: one logarithm in all, so its error is that of
/// n roundings of a product, 2·10⁻¹⁰ at two million, and not that of n logarithms and sums.
fn exact_log_loss(rows: &[Predicted]) -> f64 {
    let (mut product, mut halvings) = (1.0_f64, 0_u32);
    for row in rows {
        product *= if row.target.clicks == 1 {
            row.p
        } else {
            1.0 - row.p
        };
        while product < 0.5 {
            product *= 2.0;
            halvings += 1;
        }
    }
    (f64::from(halvings) * std::f64::consts::LN_2 - product.ln()) / rows.len() as f64
}

/// As linfa 0.8.1 sums it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "this is what is compared with"
)]
fn log_loss_in_f32(rows: &[Predicted]) -> f32 {
    let loss = |r: &Predicted| {
        let p = r.p as f32;
        -if r.target.clicks == 1 { p } else { 1.0 - p }.ln()
    };
    rows.iter().map(loss).sum::<f32>() / rows.len() as f32
}

#[test]
fn oracle_log_loss_of_two_million_rows_is_exact() {
    let rows = many(2_000_000);
    let (ours, exact) = (
        ClickMetrics::of(&rows).log_loss.unwrap(),
        exact_log_loss(&rows),
    );
    assert!((ours / exact - 1.0).abs() < 1e-14, "{ours} against {exact}");
    let single = f64::from(log_loss_in_f32(&rows));
    eprintln!(
        "f64 is {:e} off, f32 {:e}",
        ours / exact - 1.0,
        single / exact - 1.0
    );
    assert!(
        (single / exact - 1.0).abs() > 1e-4,
        "f32 is no longer a bad idea: {single}"
    );
}

#[test]
fn oracle_area_of_two_million_rows_is_exact() {
    // Ten predictions, so that counting pairs of predictions is exact and quick.
    let rows: Vec<_> = many(2_000_000)
        .iter()
        .map(|r| row((r.p * 50.0).floor() / 50.0, r.target.clicks, 1))
        .collect();
    let mut counts = std::collections::BTreeMap::new();
    for r in &rows {
        let at: &mut (u128, u128) = counts.entry(r.p.to_bits()).or_default();
        at.0 += u128::from(r.target.clicks);
        at.1 += u128::from(1 - r.target.clicks);
    }
    let (mut won, mut all) = (0, 0);
    for (a, (clicks, _)) in &counts {
        for (b, (_, others)) in &counts {
            all += clicks * others * 2;
            won += clicks * others * if a > b { 2 } else { u128::from(a == b) };
        }
    }
    assert_eq!(ClickMetrics::of(&rows).auc, Some(won as f64 / all as f64));
}

#[test]
fn same_bytes_for_any_number_of_threads_and_any_order() {
    let mut rows = many(60_000);
    rows.extend((0..60_000).map(|i| row(f64::from(i % 7) / 10.0, i % 3, 5)));
    let groups: Vec<u64> = (0..rows.len() as u64).map(|i| i % 1_000).collect();
    let all = |rows: &[Predicted], groups: &[u64]| {
        let gauc = grouped_auc(rows, groups, GroupWeight::Impressions);
        (ClickMetrics::of(rows), reliability(rows, 20), gauc)
    };
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build();
        pool.unwrap().install(|| all(&rows, &groups))
    };
    let one = with(1);
    assert_eq!(with(2), one);
    assert_eq!(with(5), one);
    let reversed: Vec<_> = rows.iter().rev().copied().collect();
    let of_reversed: Vec<_> = groups.iter().rev().copied().collect();
    assert_eq!(all(&reversed, &of_reversed), one);
}

#[test]
fn the_own_base_rate_has_entropy_one_and_no_error() {
    let metrics = ClickMetrics::of(&[row(0.2, 1, 5), row(0.2, 3, 15)]);
    assert!((metrics.ne.unwrap() - 1.0).abs() < 1e-12);
    assert!((metrics.calibration_ratio.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(metrics.auc, Some(0.5));
}

/// Cut by row, the half without clicks would stand against the half with them.
#[test]
fn equal_predictions_share_a_bin() {
    let rows: Vec<_> = (0..1_000)
        .map(|i| row(0.25, u32::from(i % 4 == 0), 1))
        .collect();
    assert_eq!(ClickMetrics::of(&rows).ece, Some(0.0));
    assert_eq!(reliability(&rows, 10).len(), 1);
}

#[test]
fn ece_by_hand() {
    let metrics = ClickMetrics::of(&[row(0.1, 0, 10), row(0.5, 6, 10)]);
    assert!((metrics.ece.unwrap() - (1.0 + 1.0) / 20.0).abs() < 1e-12);
}

#[test]
fn bins_hold_about_equal_impressions_and_everything() {
    let rows = many(10_000);
    let bins = reliability(&rows, 10);
    assert_eq!(bins.len(), 10);
    assert!(bins.iter().all(|bin| bin.impressions == 1_000));
    assert!(bins.is_sorted_by(|a, b| a.to < b.from));
    let inside = |bin: &&ReliabilityBin| (bin.rate_low..=bin.rate_high).contains(&bin.mean_p);
    assert!(
        bins.iter().filter(inside).count() >= 8,
        "clicks were drawn as predicted"
    );
}

/// The ends of Wilson's interval solve |rate − p| = z·√(p(1 − p)/n).
#[test]
fn oracle_wilson_ends_are_z_standard_errors_away() {
    for (clicks, n) in [(0, 10), (1, 10), (50, 1_000), (999, 1_000), (3, 100_000)] {
        let rate = clicks as f64 / n as f64;
        let RateInterval { low, high } = wilson_interval(clicks, n);
        for end in [low, high]
            .into_iter()
            .filter(|&end| end > 0.0 && end < 1.0)
        {
            let off = (rate - end).abs() / (end * (1.0 - end) / n as f64).sqrt();
            assert!(
                (off - 1.959_964).abs() < 1e-4,
                "{clicks} of {n}: {end} is {off}"
            );
        }
        assert!(low <= rate && rate <= high);
    }
    let nothing = wilson_interval(0, 0);
    assert_eq!((nothing.low, nothing.high), (0.0, 1.0));
    assert_eq!(wilson_interval(0, 10).low, 0.0);
    assert_eq!(wilson_interval(10, 10).high, 1.0);
}

#[test]
fn oracle_grouped_area_is_the_mean_of_the_groups() {
    let rows = many(30_000);
    let groups: Vec<u64> = (0..30_000).map(|i| mix(3, i) % 40).collect();
    for weight in [GroupWeight::Impressions, GroupWeight::Clicks] {
        let (mut sum, mut all, mut n) = (0.0, 0.0, 0);
        for group in 0..40 {
            let of = |(r, &g): (&Predicted, &u64)| (g == group).then_some(*r);
            let own: Vec<Predicted> = rows.iter().zip(&groups).filter_map(of).collect();
            let counted: f64 = match weight {
                GroupWeight::Impressions => own.len() as f64,
                GroupWeight::Clicks => own.iter().map(|r| f64::from(r.target.clicks)).sum(),
            };
            if let Some(auc) = ClickMetrics::of(&own).auc {
                (sum, all, n) = (sum + auc * counted, all + counted, n + 1);
            }
        }
        let found = grouped_auc(&rows, &groups, weight);
        assert!(close(found.auc, Some(sum / all)));
        assert_eq!((found.groups, found.one_sided), (n, 40 - n));
    }
}

#[test]
fn who_clicks_a_lot_is_no_order_of_ads() {
    // Two people, one of whom always clicks twice as often; ads are told apart for neither.
    let rows = [
        row(0.2, 2, 10),
        row(0.2, 2, 10),
        row(0.4, 4, 10),
        row(0.4, 4, 10),
    ];
    assert!(ClickMetrics::of(&rows).auc.unwrap() > 0.6);
    let found = grouped_auc(&rows, &[1, 1, 2, 2], GroupWeight::Impressions);
    assert_eq!(found.auc, Some(0.5));
}

#[test]
fn groups_of_one_outcome_are_counted_apart() {
    let rows = [row(0.1, 0, 3), row(0.2, 3, 3), row(0.3, 1, 2)];
    let found = grouped_auc(&rows, &[1, 2, 3], GroupWeight::Clicks);
    assert_eq!(
        (found.auc, found.groups, found.one_sided),
        (Some(0.5), 1, 2)
    );
    assert_eq!(
        grouped_auc(&[], &[], GroupWeight::Clicks),
        GroupedAuc::default()
    );
}

#[test]
fn undefined_metrics_are_none() {
    assert_eq!(ClickMetrics::of(&[]), ClickMetrics::default());
    assert_eq!(ClickMetrics::of(&[row(0.3, 0, 0)]), ClickMetrics::default());
    let no_clicks = ClickMetrics::of(&[row(0.1, 0, 10)]);
    assert_eq!(
        (no_clicks.auc, no_clicks.calibration_ratio, no_clicks.ne),
        (None, None, None)
    );
    assert!(no_clicks.log_loss.is_some());
    let only_clicks = ClickMetrics::of(&[row(0.5, 10, 10)]);
    assert_eq!((only_clicks.auc, only_clicks.ne), (None, None));
    assert_eq!(only_clicks.calibration_ratio, Some(0.5));
}

/// A bad row among good ones is not averaged away.
#[test]
fn deny_predictions_that_are_no_probabilities() {
    for p in [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -1e-9,
        1.0 + 1e-9,
    ] {
        let mut rows = many(20_000);
        rows[10_000].p = p;
        assert_eq!(ClickMetrics::of(&rows), ClickMetrics::default(), "{p}");
        assert!(reliability(&rows, 10).is_empty());
        let groups = vec![0; rows.len()];
        assert_eq!(
            grouped_auc(&rows, &groups, GroupWeight::Impressions),
            GroupedAuc::default()
        );
    }
    assert_eq!(ClickMetrics::of(&[row(0.5, 2, 1)]), ClickMetrics::default());
}

#[test]
fn certainty_costs_nothing_if_right_and_everything_if_wrong() {
    let right = ClickMetrics::of(&[row(0.0, 0, 5), row(-0.0, 0, 2), row(1.0, 5, 5)]);
    assert_eq!(
        (right.log_loss, right.auc, right.ece),
        (Some(0.0), Some(1.0), Some(0.0))
    );
    let wrong = ClickMetrics::of(&[row(0.0, 1, 5), row(0.5, 1, 2)]);
    assert_eq!(
        (wrong.log_loss, wrong.ne),
        (Some(f64::INFINITY), Some(f64::INFINITY))
    );
}

proptest! {
    #[test]
    fn oracle_any_rows_equal_their_definitions(
        cells in prop::collection::vec((1_u32..20, 1_u32..9, 0_u32..9), 1..60),
    ) {
        let rows: Vec<_> = cells.iter().map(|&(p, m, c)| row(f64::from(p) / 20.0, c.min(m), m)).collect();
        let (ours, theirs) = (ClickMetrics::of(&rows), naive(&rows));
        prop_assert!(close(ours.log_loss, theirs.log_loss));
        if ours.auc.is_some() {
            prop_assert!(close(ours.auc, theirs.auc));
            prop_assert!(close(ours.ne, theirs.ne));
        }
        prop_assert!((0.0..=1.0).contains(&ours.ece.unwrap()));
        prop_assert_eq!(ClickMetrics::of(&apart(&rows)), ours);
    }
}
