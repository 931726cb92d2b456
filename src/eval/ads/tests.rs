//! Real clicks: `../shared/datasets/ctr`. Without these files the tests say so and pass.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use flate2::read::GzDecoder;

use super::*;
use crate::ads::AdsParams;
use crate::consent::Gate;
use crate::consent::testing::gate_of;
use crate::ids::{AdvertiserId, UserId};
use crate::signals::{AdCategory, Attributes, Impression, Interest, Surface, Targeting};
use crate::time::Timestamp;

/// The rows of a file as maps from column to text; none if the file is not there.
fn table(name: &str) -> Option<Vec<HashMap<String, String>>> {
    let dir = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/datasets/ctr"
    ));
    let Ok(file) = std::fs::File::open(dir.join(name)) else {
        eprintln!("skipped: {name} is not there");
        return None;
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let rows = csv::Reader::from_reader(text.as_bytes())
        .deserialize::<std::collections::BTreeMap<String, String>>()
        .map(|row| row.unwrap().into_iter().collect())
        .collect();
    Some(rows)
}

pub(super) fn ad(id: u64, advertiser: u64, category: &str) -> Ad {
    Ad {
        ad_id: AdId(id),
        advertiser_id: AdvertiserId(advertiser),
        category: AdCategory::parse(category).unwrap(),
        special_category: None,
        bid: 1.0,
        starts_at: Timestamp::MIN,
        ends_at: Timestamp::MAX,
        targeting: Targeting::default(),
        audience_id: None,
        lookalike_of: None,
        quality: 0.0,
        own: crate::signals::OwnValues::default(),
    }
}

pub(super) fn shown(ad_id: u64, at: i64, impressions: u32, clicks: u32) -> Impression {
    Impression {
        user_id: None,
        ad_id: AdId(ad_id),
        surface: Surface::Feed,
        position: None,
        at: Timestamp::from_secs(at),
        impressions,
        clicks,
        attributes: std::sync::Arc::default(),
        own: crate::signals::OwnValues::default(),
    }
}

pub(super) type Data = (Vec<Permitted<TrainingRow, AdRelevance>>, Vec<Ad>);

/// Totals are about nobody, so a gate that knows nobody lets them through.
pub(super) fn data(impressions: impl Iterator<Item = Impression>, mut ads: Vec<Ad>) -> Data {
    let gate: Gate<AdRelevance, UserId> = gate_of([]);
    let permit = |shown| gate.permit(TrainingRow::new(&shown, None)).unwrap();
    let rows = impressions.map(permit).collect();
    ads.sort_by_key(|ad| ad.ad_id);
    ads.dedup_by_key(|ad| ad.ad_id);
    (rows, ads)
}

/// Totals of 1,143 ad sets by age, gender and interest: campaigns as advertisers and categories.
fn facebook() -> Option<Data> {
    let rows = table("facebook_ads_kag.csv.gz")?;
    let ads = rows.iter().map(|row| {
        let campaign = &row["xyz_campaign_id"];
        ad(
            row["fb_campaign_id"].parse().unwrap(),
            campaign.parse().unwrap(),
            campaign,
        )
    });
    let ads = ads.collect();
    let impressions = rows.iter().map(|row| {
        let number = |column: &str| row[column].parse().unwrap();
        let id = row["fb_campaign_id"].parse().unwrap();
        // The ad's own number stands in for a time: the file has one row an ad.
        let mut shown = shown(
            id,
            i64::from(number("ad_id")),
            number("Impressions"),
            number("Clicks"),
        );
        shown.attributes = Arc::new(Attributes {
            age_band: Some(row["age"].clone()),
            gender: Some(row["gender"].to_lowercase()),
            interests: vec![Interest::parse(&row["interest"]).unwrap()],
            ..Attributes::default()
        });
        shown
    });
    Some(data(impressions, ads))
}

/// 10,000 impressions of a fashion shop: items as ads, the digests of user features as attributes.
fn open_bandit(log: &str) -> Option<Data> {
    let (rows, items) = (table(log)?, table("obd_items_all.csv.gz")?);
    let ads = items.iter().map(|row| {
        let brand = u64::from_str_radix(&row["item_feature_1"][..15], 16).unwrap();
        ad(
            row["item_id"].parse().unwrap(),
            brand,
            &row["item_feature_2"],
        )
    });
    let ads = ads.collect();
    let impressions = rows.iter().map(|row| {
        let at = row[""].parse().unwrap();
        let mut shown = shown(
            row["item_id"].parse().unwrap(),
            at,
            1,
            row["click"].parse().unwrap(),
        );
        shown.position = Some(row["position"].parse().unwrap());
        shown.attributes = Arc::new(Attributes {
            gender: Some(row["user_feature_0"].clone()),
            age_band: Some(row["user_feature_1"].clone()),
            interests: vec![Interest::parse(&row["user_feature_2"]).unwrap()],
            language: Some(row["user_feature_3"].clone()),
            ..Attributes::default()
        });
        shown
    });
    Some(data(impressions, ads))
}

fn evaluate(name: &str, (rows, ads): &Data, params: AdsParams) -> AdsEvaluation {
    let evaluation = evaluate_ads(rows, ads, &params.check().unwrap()).unwrap();
    eprintln!("{name}: {}", serde_json::to_string(&evaluation).unwrap());
    evaluation
}

/// Held-out log loss against the base rate's, and predicted clicks against clicks. The bounds leave room for
/// what the file's few clicks can decide; the figures themselves are in `docs/scoring.md`.
fn check(name: &str, data: Option<Data>, loss_max: f64, ratio_range: std::ops::Range<f64>) {
    let Some(data) = data else { return };
    let evaluation = evaluate(name, &data, AdsParams::default());
    let (model, base) = (evaluation.model, evaluation.base_rate);
    let relative = model.log_loss.unwrap() / base.log_loss.unwrap();
    assert!(
        relative <= loss_max,
        "{name}: {relative} times the base rate's log loss"
    );
    let ratio = model.calibration_ratio.unwrap();
    assert!(
        ratio_range.contains(&ratio),
        "{name}: calibration ratio {ratio}"
    );
    evaluation.training.check_sums().unwrap();
}

#[test]
fn facebook_totals_beat_the_base_rate() {
    check("facebook", facebook(), 1.0, 0.9..1.1);
}

#[test]
fn open_bandit_by_policy_stays_near_the_base_rate() {
    check("bts", open_bandit("obd_bts_all.csv.gz"), 1.02, 0.4..2.5);
}

#[test]
fn open_bandit_at_random_stays_near_the_base_rate() {
    check(
        "random",
        open_bandit("obd_random_all.csv.gz"),
        1.02,
        0.4..2.5,
    );
}

/// People of which one in ten clicks, on what they like one in three.
fn clear() -> Data {
    let ads: Vec<Ad> = (0..10)
        .map(|id| ad(id, id, if id % 2 == 0 { "art" } else { "cars" }))
        .collect();
    let impressions = (0..400_u32).map(|i| {
        let (id, likes) = (u64::from(i % 10), i / 10 % 2);
        let clicks = if id % 2 == u64::from(likes) { 33 } else { 10 };
        let mut shown = shown(id, i64::from(i), 100, clicks);
        Arc::make_mut(&mut shown.attributes).interests =
            vec![Interest::parse(["art", "cars"][likes as usize]).unwrap()];
        shown
    });
    data(impressions, ads)
}

#[test]
fn a_clear_preference_is_found() {
    let evaluation = evaluate("clear", &clear(), AdsParams::default());
    let (model, base) = (evaluation.model, evaluation.base_rate);
    assert!(model.log_loss.unwrap() < 0.97 * base.log_loss.unwrap());
    assert!(model.auc.unwrap() > 0.6);
    assert_eq!(base.auc, Some(0.5));
}

#[test]
fn same_figures_whatever_the_order() {
    let (mut rows, ads) = clear();
    let expected = evaluate("clear", &(rows.clone(), ads.clone()), AdsParams::default());
    rows.reverse();
    assert_eq!(
        evaluate("clear", &(rows, ads), AdsParams::default()),
        expected
    );
}

#[test]
fn without_rows_nothing_is_claimed() {
    let evaluation = evaluate(
        "nothing",
        &data(std::iter::empty(), Vec::new()),
        AdsParams::default(),
    );
    assert_eq!(evaluation.model, ClickMetrics::default());
}

#[test]
fn an_unknown_ad_is_left_out_and_counted() {
    let (rows, ads) = clear();
    let evaluation = evaluate("unknown", &(rows, ads[1..].to_vec()), AdsParams::default());
    let left_out = evaluation.test_rows_left_out + evaluation.training.unknown_ad;
    assert_eq!(left_out, 40);
    evaluation.training.check_sums().unwrap();
}

/// Everybody in a synthetic world, whatever they allowed: its truth is nobody's.
fn synthetic(users: u32) -> (Data, Vec<AdTruth>) {
    let params = crate::synth::SynthParams::default().users(users).seed(3);
    let world = crate::synth::world(&params.check().unwrap());
    let everybody = world.social_accounts.iter().map(|account| account.user_id);
    let gate: Gate<AdRelevance, UserId> = gate_of(everybody);
    let permit = |shown| gate.permit(TrainingRow::new(shown, None)).unwrap();
    let truth = world.ad_truth();
    let rows = world.impressions.iter().map(permit).collect();
    ((rows, world.ads), truth)
}

fn next_to_truth(data: &Data, truth: &[AdTruth], seed: u64) -> AdsEvaluation {
    let options = AdsEvaluationOptions {
        seed,
        curves: false,
        truth,
        ..AdsEvaluationOptions::default()
    };
    let params = AdsParams::default().check().unwrap();
    evaluate_ads_with(&data.0, &data.1, &params, &options).unwrap()
}

#[test]
fn the_truth_stands_beside_the_model_and_is_better() {
    let (data, truth) = synthetic(1_000);
    let evaluation = next_to_truth(&data, &truth, 0);
    eprintln!("synthetic: {}", serde_json::to_string(&evaluation).unwrap());
    let best = evaluation.truth.unwrap();
    assert_eq!(evaluation.test_rows_without_truth, 0);
    assert!(best.log_loss < evaluation.model.log_loss);
    assert!(evaluation.model.log_loss < evaluation.base_rate.log_loss);
    assert!((best.calibration_ratio.unwrap() - 1.0).abs() < 0.1);
    let next = evaluation.next_to_truth.unwrap();
    assert!(next.log_loss_ratio.unwrap() > 1.0 && next.mean_distance > 0.0);
    assert!(evaluation.auc_by_user.groups > 50 && evaluation.auc_by_ad.groups > 5);
}

#[test]
fn rows_without_one_truth_are_left_out_of_it_and_counted() {
    let (data, mut truth) = synthetic(200);
    let all = next_to_truth(&data, &truth, 0);
    let fold = |row: &AdTruth| {
        let is_it = |training: &&Permitted<TrainingRow, AdRelevance>| {
            let it = training.get();
            (it.user, it.ad_id, it.at) == (row.user_id, row.ad_id, row.at)
        };
        data.0.iter().find(is_it).unwrap().get().fold(FOLDS)
    };
    let doubted = truth.iter().position(|row| fold(row) == 0).unwrap();
    let twice = AdTruth {
        p_click: truth[doubted].p_click / 2.0,
        ..truth[doubted]
    };
    truth.push(twice);
    let ambiguous = next_to_truth(&data, &truth, 0);
    assert_eq!(ambiguous.test_rows_without_truth, 1);
    assert!(ambiguous.truth.is_some() && ambiguous.truth != all.truth);
    assert_eq!(ambiguous.model, all.model);
    let nothing = next_to_truth(&data, &[], 0);
    assert_eq!(nothing.test_rows_without_truth, all.n_test_rows);
    let json = serde_json::to_value(next_to_truth(&data, &[], 0)).unwrap();
    assert!(json.get("truth").is_none() && json.get("learning_curve").is_none());
}

#[test]
fn another_seed_is_another_split() {
    let (rows, ads) = clear();
    let of = |seed| {
        let evaluation = next_to_truth(&(rows.clone(), ads.clone()), &[], seed);
        (evaluation.n_test_rows, evaluation.clicks)
    };
    assert_ne!(of(1), of(2));
}

#[test]
fn every_row_is_held_out_once() {
    let (rows, ads) = clear();
    let params = AdsParams::default().check().unwrap();
    let evaluate = |every_fold| {
        let options = AdsEvaluationOptions {
            every_fold,
            ..AdsEvaluationOptions::default()
        };
        evaluate_ads_with(&rows, &ads, &params, &options).unwrap()
    };
    let (one, all) = (evaluate(false), evaluate(true));
    assert!(one.folds.is_empty() && one.n_test_rows < all.n_test_rows);
    assert_eq!(all.n_test_rows, rows.len() as u64);
    let ClickTotals {
        clicks,
        impressions,
    } = totals(rows.iter().map(Permitted::get));
    assert_eq!((all.clicks, all.impressions), (clicks, impressions));
    assert_eq!(all.folds.len() as u64, FOLDS);
    // The first fifth is the one that is held out alone.
    assert_eq!(all.folds[0].model, one.model);
    assert_eq!(all.folds[0].base_rate, one.base_rate);
    assert_eq!(all.training, one.training);
    // Clicks that were predicted add up.
    let predicted = |m: &ClickMetrics, n: u64| m.calibration_ratio.unwrap() * n as f64;
    let folds = all.folds.iter();
    let of_folds: f64 = folds.map(|fold| predicted(&fold.model, fold.clicks)).sum();
    assert!((of_folds / predicted(&all.model, clicks) - 1.0).abs() < 1e-12);
    assert!(all.split.contains("every row once"), "{}", all.split);
}

#[test]
fn more_rows_teach_more() {
    let (data, _) = synthetic(1_000);
    let params = AdsParams::default().check().unwrap();
    let options = AdsEvaluationOptions {
        curves: true,
        ..AdsEvaluationOptions::default()
    };
    let evaluation = evaluate_ads_with(&data.0, &data.1, &params, &options).unwrap();
    let curves = evaluation.learning_curve.unwrap();
    let (first, last) = (curves.by_rows[0], *curves.by_rows.last().unwrap());
    assert!(first.rows * 12 < last.rows && first.log_loss > last.log_loss);
    assert_eq!(
        last.log_loss, evaluation.model.log_loss,
        "all rows are the model"
    );
    let as_trained = curves
        .by_epochs
        .iter()
        .find(|at| at.epochs == params.ftrl().epochs());
    assert!(as_trained.is_none_or(|at| at.log_loss == evaluation.model.log_loss));
    let of_training = &evaluation.training.curve;
    assert!(of_training.is_sorted_by(|a, b| a.rows < b.rows));
    // Rows are few: each is held out once, and the curve is of the first fifth.
    let (an_eighth, whole) = (of_training[0], *of_training.last().unwrap());
    assert!(an_eighth.held_out.log_loss > whole.held_out.log_loss);
    let share = whole.rows as f64 / evaluation.training.rows_fitted as f64;
    assert!((0.78..0.82).contains(&share), "{share}");
}

/// Each breakdown holds every row once.
#[test]
fn fields_break_down_everything() {
    let (data, _) = synthetic(200);
    let evaluation = next_to_truth(&data, &[], 0);
    for breakdown in &evaluation.by_field {
        let clicks: u64 = breakdown.values.iter().map(|value| value.clicks).sum();
        if breakdown.values_left_out == 0 {
            assert_eq!(clicks, evaluation.clicks, "{}", breakdown.field);
        }
    }
}

/// The defaults were chosen by this: log loss over the base rate's in a 4-fold cross-validation among the rows that the
/// documented split does not hold out.
#[test]
#[ignore = "minutes: cargo test --release --lib eval::ads::tests::settings -- --ignored --nocapture"]
fn settings_by_cross_validation_among_training_rows() {
    let sets = [
        ("facebook", facebook()),
        ("bts", open_bandit("obd_bts_all.csv.gz")),
        ("random", open_bandit("obd_random_all.csv.gz")),
        ("synthetic 1,000", Some(synthetic(1_000).0)),
        ("synthetic 10,000", Some(synthetic(10_000).0)),
    ];
    for (name, data) in sets {
        let Some((rows, ads)) = data else { continue };
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|row| row.get().fold(FOLDS) != 0)
            .collect();
        for params in grid() {
            let valid = params.clone().check().unwrap();
            let over_base = |seed| {
                let options = AdsEvaluationOptions {
                    seed,
                    ..AdsEvaluationOptions::default()
                };
                let found = evaluate_ads_with(&rows, &ads, &valid, &options).unwrap();
                found.model.log_loss.unwrap() / found.base_rate.log_loss.unwrap()
            };
            let mean = (101..105).map(over_base).sum::<f64>() / 4.0;
            let ftrl = serde_json::to_string(&params.ftrl).unwrap();
            eprintln!("{name}: {mean:.5} {:?} {ftrl}", params.calibration);
        }
    }
}

fn grid() -> Vec<AdsParams> {
    use crate::learn::{CalibrationMethod, FtrlParams};
    let mut all = Vec::new();
    for alpha in [0.02, 0.05, 0.1, 0.2] {
        for (l1, l2) in [(0.0, 10.0), (1.0, 10.0), (0.0, 40.0), (0.0, 120.0)] {
            for epochs in [2, 4] {
                for calibration in [CalibrationMethod::Isotonic, CalibrationMethod::None] {
                    let ftrl = FtrlParams::default().alpha(alpha).l1(l1).l2(l2);
                    all.push(AdsParams {
                        ftrl: ftrl.epochs(epochs),
                        calibration,
                        learning_curve: false,
                        ..AdsParams::default()
                    });
                }
            }
        }
    }
    all
}

/// The figures of `docs/scoring.md` for six splits. What is left of the ratio is in the split: knowing nothing but the
/// click rate has the same spread.
#[test]
fn facebook_totals_of_six_splits() {
    use crate::learn::CalibrationMethod::{Isotonic, None, Platt};
    let Some((rows, ads)) = facebook() else {
        return;
    };
    for calibration in [Isotonic, Platt, None] {
        let params = AdsParams {
            calibration,
            learning_curve: false,
            ..AdsParams::default()
        };
        let params = params.check().unwrap();
        let mut relative = 0.0;
        for seed in 0..6 {
            let options = AdsEvaluationOptions {
                seed,
                ..AdsEvaluationOptions::default()
            };
            let found = evaluate_ads_with(&rows, &ads, &params, &options).unwrap();
            let loss = found.model.log_loss.unwrap() / found.base_rate.log_loss.unwrap();
            let ratio = found.model.calibration_ratio.unwrap();
            eprintln!(
                "facebook, {calibration:?}, seed {seed}: {loss:.4} of the base rate's log loss, AUC {:.4}, ratio {ratio:.4}, base rate's {:.4}",
                found.model.auc.unwrap(),
                found.base_rate.calibration_ratio.unwrap()
            );
            assert!((0.93..1.07).contains(&ratio), "{ratio}");
            relative += loss / 6.0;
        }
        assert!(relative < 0.998, "{calibration:?}: {relative}");
    }
}

/// Which rows a fifth gets decides its ratio more than the model does, so every row is held out once. The figures of
/// `docs/scoring.md`: the ratio over all rows for six splits, and the spread of the thirty fifths.
#[test]
fn facebook_totals_with_every_row_held_out_once() {
    let Some((rows, ads)) = facebook() else {
        return;
    };
    let params = AdsParams {
        learning_curve: false,
        ..AdsParams::default()
    };
    let params = params.check().unwrap();
    let (mut of_model, mut of_base) = (Vec::new(), Vec::new());
    for seed in 0..6 {
        let options = AdsEvaluationOptions {
            seed,
            every_fold: true,
            ..AdsEvaluationOptions::default()
        };
        let found = evaluate_ads_with(&rows, &ads, &params, &options).unwrap();
        assert_eq!((found.n_test_rows, found.clicks), (1_143, 38_165));
        let ratio = found.model.calibration_ratio.unwrap();
        let interval = found.intervals.calibration_ratio.unwrap();
        eprintln!(
            "facebook, every row held out, seed {seed}: ratio {ratio:.4} [{:.4}, {:.4}], {:.4} of the base rate's log loss, AUC {:.4}",
            interval.low,
            interval.high,
            found.model.log_loss.unwrap() / found.base_rate.log_loss.unwrap(),
            found.model.auc.unwrap()
        );
        assert!((0.98..=1.02).contains(&ratio), "{ratio}");
        of_model.extend(
            found
                .folds
                .iter()
                .map(|f| f.model.calibration_ratio.unwrap()),
        );
        of_base.extend(
            found
                .folds
                .iter()
                .map(|f| f.base_rate.calibration_ratio.unwrap()),
        );
    }
    for (name, ratios) in [("model", of_model), ("base rate", of_base)] {
        let n = ratios.len() as f64;
        let mean = ratios.iter().sum::<f64>() / n;
        let variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let within = ratios.iter().filter(|r| (0.98..=1.02).contains(*r)).count();
        eprintln!(
            "facebook, {name}, {n} fifths: mean {mean:.4}, standard deviation {:.4}, {within} in 0.98 to 1.02",
            variance.sqrt()
        );
    }
}

/// The factor model beside the logistic one: the figures of `docs/scoring.md` for six splits.
#[test]
fn facebook_totals_of_six_splits_by_factors() {
    use crate::ads::ModelKind;
    let Some((rows, ads)) = facebook() else {
        return;
    };
    let params = AdsParams {
        learning_curve: false,
        ..AdsParams::default()
    };
    let params = params.check().unwrap();
    let mut relative = [0.0; 2];
    for seed in 0..6 {
        for (mean, kind) in relative.iter_mut().zip(ModelKind::ALL) {
            let options = AdsEvaluationOptions {
                seed,
                ..AdsEvaluationOptions::default()
            };
            let params = params.clone().with_model(kind);
            let found = evaluate_ads_with(&rows, &ads, &params, &options).unwrap();
            let loss = found.model.log_loss.unwrap() / found.base_rate.log_loss.unwrap();
            let ratio = found.model.calibration_ratio.unwrap();
            eprintln!(
                "facebook, {kind}, seed {seed}: {loss:.4} of the base rate's log loss, AUC {:.4}, ratio {ratio:.4}",
                found.model.auc.unwrap()
            );
            assert!((0.93..1.07).contains(&ratio), "{kind}: {ratio}");
            found.training.check_sums().unwrap();
            *mean += loss / 6.0;
        }
    }
    let [logistic, factors] = relative;
    assert!(
        factors < 0.998 && factors < logistic + 0.001,
        "{relative:?}"
    );
}
