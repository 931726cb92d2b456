//! Rows in, model out: order, threads, shards and people who leave.

use std::sync::Arc;

use super::*;
use crate::ads::AdsParams;
use crate::ads::profile::UserProfile;
use crate::ads::shared::Shared;
use crate::ads::testing::{account, ad, impression, interests, permit_all};
use crate::hash::mix_two as mix;
use crate::ids::UserId;
use crate::learn::factor::{FactorParams, Interaction, WeightBits};
use crate::learn::{CalibrateBy, CalibrationMethod, FtrlParams, MODEL_SCHEMA};
use crate::signals::{Impression, Surface};
use crate::time::Timestamp;

fn params() -> AdsParams {
    let ftrl = FtrlParams::default().bits(12).alpha(0.1).epochs(10);
    AdsParams {
        ftrl,
        ..AdsParams::default()
    }
}

fn trained(shown: &[Impression], ads: &[Ad]) -> Trained {
    trained_with(params(), shown, ads)
}

fn trained_with(params: AdsParams, shown: &[Impression], ads: &[Ad]) -> Trained {
    let rows = shown.iter().map(|shown| TrainingRow::new(shown, None));
    train(&permit_all(rows), ads, &params.check().unwrap()).unwrap()
}

fn showings(n: u64) -> Vec<Impression> {
    (0..n)
        .map(|i| {
            let mut shown = impression(Some(i), i % 5, 100, if i % 5 == 0 { 9 } else { 3 });
            shown.position = Some(u8::try_from(i % 3).unwrap());
            shown
        })
        .collect()
}

/// Somebody of whom nothing is known.
fn nobody() -> UserProfile {
    UserProfile::new(&account(0), 2016)
}

fn ads() -> Vec<Ad> {
    (0..5).map(|id| ad(id, "food", 1.0)).collect()
}

#[test]
fn every_row_is_used_or_counted() {
    let mut shown = showings(400);
    shown[0].ad_id = AdId(99);
    shown[1].impressions = 0;
    shown[2].clicks = shown[2].impressions + 1;
    let Trained { model, report, .. } = trained(&shown, &ads());
    report.check_sums().unwrap();
    assert_eq!((report.unknown_ad, report.impossible_counts), (1, 2));
    assert!(!model.calibration().is_identity());
    assert_eq!(report.rows_held_out_in_turn, 397);
    let metadata = model.metadata();
    assert_eq!((metadata.n_rows, metadata.n_held_out), (397, 397));
    assert_eq!(
        metadata.calibration,
        "isotonic on all rows, each held out once"
    );
}

#[test]
fn same_model_whatever_the_order_of_rows_and_ads() {
    let (mut shown, mut ads) = (showings(400), ads());
    let outcome = |shown: &[Impression], ads: &[Ad]| {
        let Trained { model, report, .. } = trained(shown, ads);
        (model, report)
    };
    let expected = outcome(&shown, &ads);
    shown.reverse();
    ads.reverse();
    assert_eq!(outcome(&shown, &ads), expected);
}

#[test]
fn same_model_after_writing_and_reading() {
    let rows = showings(400);
    for params in of_every_kind() {
        let rows = rows.iter().map(|shown| TrainingRow::new(shown, None));
        let model = train(&permit_all(rows), &ads(), &params).unwrap().model;
        let read = ClickModel::from_json(&model.to_json().unwrap()).unwrap();
        assert_eq!(read, model);
    }
}

#[test]
fn deny_models_of_other_versions_and_numbers_that_are_not_finite() {
    let written = trained(&showings(10), &ads()).model.to_json().unwrap();
    let changed = |change: fn(&mut serde_json::Value)| {
        let mut json: serde_json::Value = serde_json::from_str(&written).unwrap();
        change(&mut json);
        ClickModel::from_json(&json.to_string())
    };
    assert!(changed(|_| ()).is_ok());
    assert!(changed(|json| json["metadata"]["schema"] = (MODEL_SCHEMA - 1).into()).is_err());
    assert!(
        changed(|json| json["predictor"]["logistic"]["context"] = f64::NAN.to_bits().into())
            .is_err()
    );
    assert!(changed(|json| json["more"] = 1.into()).is_err());
    assert!(ClickModel::from_json(&written[..written.len() / 2]).is_err());
}

/// Ad 1 always stood at the top and ad 2 at the bottom; ad 3 shows that places alone decide.
#[test]
fn a_good_place_is_not_taken_for_a_good_ad() {
    let shown = |ad, position, clicks| {
        (0..100).map(move |i| {
            let mut shown = impression(Some(i), ad, 100, clicks);
            shown.position = Some(position);
            shown
        })
    };
    let all: Vec<_> = shown(1, 0, 20)
        .chain(shown(2, 1, 5))
        .chain(shown(3, 0, 20))
        .chain(shown(3, 1, 5))
        .collect();
    let ads: Vec<Ad> = (1..4).map(|id| ad(id, "food", 1.0)).collect();
    let Trained { model, .. } = trained(&all, &ads);
    let p = |ad: &Ad| model.p_click(&nobody(), ad);
    // Clicks differ fourfold; what is left of it once places are known is far less.
    assert!(
        p(&ads[0]) / p(&ads[1]) < 2.0,
        "{} {}",
        p(&ads[0]),
        p(&ads[1])
    );
    let top = TrainingRow::new(&all[0], None);
    assert!(model.p_click_shown(&top, &Shared::default(), &ads[2]) > p(&ads[2]));
}

#[test]
fn calibration_is_as_asked_for() {
    let shown = showings(400);
    let with = |calibration, calibrate_by| {
        let params = AdsParams {
            calibration,
            calibrate_by,
            ..params()
        };
        trained_with(params, &shown, &ads()).model
    };
    let platt = with(CalibrationMethod::Platt, Some(CalibrateBy::Advertiser));
    assert_eq!(
        platt.metadata().calibration,
        "platt on all rows, each held out once, shifted by advertiser"
    );
    assert_eq!(platt.calibration().shifts().unwrap().shifts().len(), 5);
    let none = with(CalibrationMethod::None, Some(CalibrateBy::Surface));
    assert!(none.calibration().is_identity());
    assert_eq!(none.metadata().n_held_out, 0);
    assert_eq!(none.metadata().calibration, "none: switched off");
    let read = ClickModel::from_json(&platt.to_json().unwrap()).unwrap();
    assert_eq!(read, platt);
}

/// A shift by surface says nothing of an ad that has not been placed yet.
#[test]
fn shifts_are_of_the_ad_that_is_asked_for() {
    let mut shown = showings(400);
    for (i, row) in shown.iter_mut().enumerate() {
        row.surface = [Surface::Feed, Surface::Stories][i % 2];
    }
    let by = |calibrate_by| {
        let params = AdsParams {
            calibrate_by,
            ..params()
        };
        trained_with(params, &shown, &ads()).model
    };
    let (ads, surface) = (ads(), by(Some(CalibrateBy::Surface)));
    assert_eq!(surface.shift(&ads[0], None), 0.0);
    let advertiser = by(Some(CalibrateBy::Advertiser));
    let expected = advertiser.calibration().shift(CalibrateBy::Advertiser, "0");
    assert_eq!(advertiser.shift(&ads[0], None), expected);
    assert_eq!(advertiser.shift(&ads[0], Some(Surface::Stories)), expected);
}

#[test]
fn too_few_clicks_are_all_trained_on() {
    let Trained { model, report, .. } = trained(&showings(10), &ads());
    assert_eq!((report.rows_fitted, report.rows_held_out), (10, 0));
    assert!(model.calibration().is_identity());
    assert!(model.metadata().calibration.starts_with("none"));
}

/// The parameters of these tests, without trainings on parts of the rows.
fn checked() -> ValidAdsParams {
    params().check().unwrap().with_learning_curve(false)
}

/// The same for each kind of model, for two kinds of factor model, and for weights of 16 bits. Five models more calibrate each: for
/// every other is enough.
fn of_every_kind() -> Vec<ValidAdsParams> {
    let factors = |interaction, weight_bits, calibration| {
        let factors = FactorParams::default().bits(10).k(2).epochs(3);
        let params = AdsParams {
            model: ModelKind::Factors,
            factors: factors.interaction(interaction).weight_bits(weight_bits),
            calibration,
            ..params()
        };
        params.check().unwrap().with_learning_curve(false)
    };
    let (yes, no) = (CalibrationMethod::Isotonic, CalibrationMethod::None);
    vec![
        checked(),
        factors(Interaction::FieldAware, WeightBits::ThirtyTwo, no),
        factors(Interaction::FieldWeighted, WeightBits::ThirtyTwo, yes),
        factors(Interaction::FieldAware, WeightBits::Sixteen, no),
    ]
}

/// Few rows of many showings each: clicks enough for several shards.
fn many(n_users: u64, per_user: u64) -> Vec<Impression> {
    (0..n_users * per_user)
        .map(|i| {
            let (user, ad) = (i % n_users, mix(i, 1) % 5);
            let rate = if mix(user, 2) % 3 == ad % 3 { 30 } else { 8 };
            let clicks = (0..400).filter(|j| mix(i, 10 + j) % 100 < rate).count();
            let mut shown = impression(Some(user), ad, 400, u32::try_from(clicks).unwrap());
            Arc::make_mut(&mut shown.attributes).interests =
                interests(&[["art", "food", "cars"][usize::try_from(mix(user, 2) % 3).unwrap()]]);
            shown.at = Timestamp::from_secs(i64::try_from(i).unwrap());
            shown
        })
        .collect()
}

fn rows_of<'a>(
    shown: impl IntoIterator<Item = &'a Impression>,
) -> Vec<Permitted<TrainingRow, AdRelevance>> {
    permit_all(shown.into_iter().map(|shown| TrainingRow::new(shown, None)))
}

fn from(
    rows: &[Permitted<TrainingRow, AdRelevance>],
    params: &ValidAdsParams,
    earlier: Option<&ShardStates>,
) -> Trained {
    let ads = ads();
    train_from(&TrainingSet::of(rows, &ads), params, earlier, &|_| ()).unwrap()
}

fn bytes(trained: &Trained) -> (String, Vec<u8>, TrainReport) {
    let json = trained.model.to_json().unwrap();
    (json, trained.shards.to_bytes(), trained.report.clone())
}

/// The earlier training: in several shards.
fn in_shards(rows: &[Permitted<TrainingRow, AdRelevance>], params: &ValidAdsParams) -> Trained {
    let trained = from(rows, params, None);
    assert!(trained.shards.n_shards() >= 4, "{:?}", trained.shards);
    trained.report.check_sums().unwrap();
    trained
}

#[test]
fn same_bytes_for_any_number_of_threads() {
    let rows = rows_of(&many(400, 3));
    for params in of_every_kind() {
        let expected = bytes(&in_shards(&rows, &params));
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let trained = pool.build().unwrap().install(|| in_shards(&rows, &params));
            assert!(bytes(&trained) == expected, "{threads} threads");
        }
    }
}

#[test]
fn prop_whoever_leaves_leaves_nothing_behind() {
    let shown = many(400, 3);
    for params in of_every_kind() {
        let before = in_shards(&rows_of(&shown), &params);
        for (seed, one_in) in [(1, 400), (2, 400), (3, 80), (4, 7), (5, 1)] {
            let stays =
                |shown: &&Impression| !mix(shown.user_id.unwrap().0, seed).is_multiple_of(one_in);
            let left = rows_of(shown.iter().filter(stays));
            let again = from(&left, &params, Some(&before.shards));
            let anew = from(&left, &params, None);
            assert!(bytes(&again) == bytes(&anew), "seed {seed}");
            assert_eq!(anew.n_retrained, anew.report.n_shards);
            if one_in == 400 {
                assert!(again.n_retrained < anew.n_retrained, "seed {seed}");
            }
        }
    }
}

#[test]
fn one_person_is_in_one_shard() {
    let shown = many(400, 3);
    for params in of_every_kind() {
        let before = in_shards(&rows_of(&shown), &params);
        // One who is trained on, or says when to stop.
        for user in [7, 8, 9] {
            let stays = |shown: &&Impression| shown.user_id != Some(UserId(user));
            let left = rows_of(shown.iter().filter(stays));
            let again = from(&left, &params, Some(&before.shards));
            assert_eq!(again.n_retrained, 1);
            let (a, b) = (before.shards.digests(), again.shards.digests());
            assert_eq!(a.iter().zip(&b).filter(|(a, b)| a != b).count(), 1);
        }
        let nobody = from(&rows_of(&shown), &params, Some(&before.shards));
        assert_eq!((nobody.n_retrained, bytes(&nobody)), (0, bytes(&before)));
    }
}

#[test]
fn other_parameters_take_nothing_from_an_earlier_training() {
    let rows = rows_of(&many(400, 3));
    let other = AdsParams {
        ftrl: FtrlParams::default().bits(12).alpha(0.05),
        factors: FactorParams::default().bits(10).k(3).epochs(2),
        ..AdsParams::default()
    };
    let other = other.check().unwrap();
    for params in of_every_kind() {
        let before = in_shards(&rows, &params);
        let other = other.clone().with_model(params.model());
        let again = from(&rows, &other, Some(&before.shards));
        assert!(bytes(&again) == bytes(&from(&rows, &other, None)));
        assert_eq!(again.n_retrained, again.report.n_shards);
    }
}

#[test]
fn deny_shards_of_another_kind_of_model() {
    let rows = rows_of(&many(40, 12));
    for (kind, other) in [
        (ModelKind::Logistic, ModelKind::Factors),
        (ModelKind::Factors, ModelKind::Logistic),
    ] {
        let params = of_every_kind().swap_remove(1);
        let earlier = from(&rows, &params.clone().with_model(kind), None).shards;
        let refused = params.with_model(other);
        let (ads, earlier) = (ads(), Some(&earlier));
        let set = TrainingSet::of(&rows, &ads);
        let error = train_from(&set, &refused, earlier, &|_| ()).unwrap_err();
        let says = format!("is of kind {kind}, but {other} was asked for");
        assert!(error.to_string().contains(&says), "{error}");
    }
}

/// Clicks come from two fields that agree, and the rows of a tenth of the people say when to stop.
#[test]
fn a_factor_model_stops_by_people_who_did_not_teach_it() {
    let (rows, ads) = (rows_of(&many(400, 3)), ads());
    let with = |early_stopping| {
        let params = AdsParams {
            model: ModelKind::Factors,
            factors: FactorParams::default().bits(10).k(4).eta(0.3).epochs(30),
            early_stopping,
            learning_curve: false,
            ..AdsParams::default()
        };
        train(&rows, &ads, &params.check().unwrap()).unwrap()
    };
    let Trained { model, report, .. } = with(10);
    report.check_sums().unwrap();
    let share = report.rows_stopping as f64 / (report.rows_fitted + report.rows_stopping) as f64;
    assert!((0.05..0.15).contains(&share), "{share}");
    assert!(report.progress.is_empty() && model.kind() == ModelKind::Factors);
    assert_eq!(u64::from(report.passes[0].shards), report.n_shards);
    let p = |interest: &str, ad: &Ad| {
        let mut fan = nobody();
        Arc::make_mut(&mut fan.attributes).interests = interests(&[interest]);
        model.p_click(&fan, ad)
    };
    let likes = |i: usize| ["art", "food", "cars"][i % 3];
    for (i, ad) in ads.iter().enumerate().take(3) {
        let (keen, cool) = (p(likes(i), ad), p(likes(i + 1), ad));
        assert!(keen > 1.5 * cool, "ad {i}: {keen} {cool}");
    }
    let Trained { report, .. } = with(0);
    assert!(report.rows_stopping == 0 && report.passes.is_empty());
    report.check_sums().unwrap();
}

#[test]
fn shards_know_about_what_one_model_of_all_knows() {
    let rows = rows_of(&many(400, 3));
    let log_loss = |shards| {
        let ftrl = FtrlParams::default().bits(12);
        let params = AdsParams {
            shards,
            ftrl,
            ..AdsParams::default()
        };
        from(&rows, &params.check().unwrap(), None)
            .report
            .held_out
            .log_loss
            .unwrap()
    };
    let (one, many) = (log_loss(1), log_loss(64));
    assert!((many / one - 1.0).abs() < 0.01, "{many} against {one}");
}

#[test]
fn same_shards_after_writing_and_reading() {
    for params in of_every_kind() {
        let shards = in_shards(&rows_of(&many(400, 3)), &params).shards;
        assert_eq!(ShardStates::from_bytes(&shards.to_bytes()).unwrap(), shards);
    }
}

#[test]
fn deny_damaged_shards() {
    let bytes = in_shards(&rows_of(&many(400, 3)), &checked())
        .shards
        .to_bytes();
    for at in [0, 22, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(ShardStates::from_bytes(&damaged).is_err(), "byte {at}");
    }
    for end in [0, 31, 32, bytes.len() - 1] {
        assert!(
            ShardStates::from_bytes(&bytes[..end]).is_err(),
            "{end} bytes"
        );
    }
    // A digest that is right does not make a file of what is none.
    for body in [
        &b"acquaint-ad-shards/3\n"[..],
        b"acquaint-ad-shards/3\n\0\x01\0\0\0",
        b"more",
    ] {
        let whole = [body, blake3::hash(body).as_bytes()].concat();
        assert!(ShardStates::from_bytes(&whole).is_err());
    }
}

/// Single impressions, few of them clicked.
fn rare(n: u64) -> Vec<Impression> {
    (0..n)
        .map(|i| {
            let clicked = mix(i, 1).is_multiple_of(if i.is_multiple_of(2) { 15 } else { 60 });
            let mut shown = impression(Some(i), i % 2, 1, u32::from(clicked));
            shown.at = Timestamp::from_secs(i64::try_from(i).unwrap());
            shown
        })
        .collect()
}

#[test]
fn a_sample_of_rows_without_clicks_keeps_probabilities_right() {
    let rows = rows_of(&rare(40_000));
    let sampled = |negative_share| {
        let ftrl = FtrlParams::default().bits(12).alpha(0.1);
        // Without calibration, which would hide a wrong rate.
        let params = AdsParams {
            negative_share,
            ftrl,
            calibration: CalibrationMethod::None,
            ..AdsParams::default()
        };
        let trained = from(&rows, &params.check().unwrap(), None);
        trained.report.check_sums().unwrap();
        trained
    };
    let (all, tenth) = (sampled(1.0), sampled(0.1));
    assert_eq!(all.report.rows_not_sampled, 0);
    let share = tenth.report.rows_fitted as f64 / 40_000.0;
    assert!((0.12..0.15).contains(&share), "{share}");
    for ad in &ads()[..2] {
        let p = |trained: &Trained| trained.model.p_click(&nobody(), ad);
        let rate = if ad.ad_id.0 == 0 {
            1.0 / 15.0
        } else {
            1.0 / 60.0
        };
        assert!((p(&all) / rate - 1.0).abs() < 0.1, "{}", p(&all) / rate);
        assert!((p(&tenth) / rate - 1.0).abs() < 0.1, "{}", p(&tenth) / rate);
    }
}

/// Ads 0 to 4 and 5 to 9 are of two advertisers, whose ads are clicked at 8 % and at 2 %. Nobody was shown ads 4 and 9.
#[test]
fn a_new_ad_is_expected_to_do_as_its_advertisers_others_drawn_to_the_mean() {
    let new_or_known = |id: u64| {
        let mut ad = ad(id, "food", 1.0);
        ad.advertiser_id = crate::ids::AdvertiserId(id / 5);
        ad
    };
    let ads: Vec<Ad> = (0..10).map(new_or_known).collect();
    let shown: Vec<_> = (0..4_000)
        .map(|i| {
            let ad = [0, 1, 2, 3, 5, 6, 7, 8][usize::try_from(i % 8).unwrap()];
            let rate = if ad < 5 { 8 } else { 2 };
            let clicks = (0..20).filter(|j| mix(i, *j) % 100 < rate).count();
            impression(Some(i), ad, 20, u32::try_from(clicks).unwrap())
        })
        .collect();
    let Trained { model, .. } = train(&rows_of(&shown), &ads, &checked()).unwrap();
    let p = |id: usize| model.p_click(&nobody(), &ads[id]);
    assert!(p(4) > 0.055 && p(4) < 0.09, "{}", p(4));
    assert!(p(9) < 0.04 && p(9) > 0.015, "{}", p(9));
    let stranger = new_or_known(99);
    let unknown = model.p_click(&nobody(), &stranger);
    assert!(p(9) < unknown && unknown < p(4), "{unknown}");
}

/// Clicks are drawn by a hash of everything: nothing can be learnt, and the model says so.
#[test]
fn a_model_that_knows_no_more_than_the_base_rate_says_so() {
    let luck = |i: u64| {
        let mut shown = impression(
            Some(i % 200),
            i % 5,
            1,
            u32::from(mix(i, 77).is_multiple_of(10)),
        );
        shown.at = Timestamp::from_secs(1_472_000_000 + i64::try_from(i).unwrap());
        shown
    };
    let rows: Vec<Impression> = (0..4_000).map(luck).collect();
    let unlearnable = AdsParams {
        model: ModelKind::Factors,
        factors: FactorParams::default().bits(10).k(4).eta(1.0).epochs(5),
        learning_curve: false,
        ..AdsParams::default()
    };
    let report = trained_with(unlearnable, &rows, &ads()).report;
    let said = report.notes.join("\n");
    assert!(said.contains("answer the base rate"), "{report:?}");
    let learnable = trained(&showings(2_000), &ads()).report;
    assert!(learnable.held_out.ne.unwrap() < 1.0);
    assert_eq!(learnable.notes, Vec::<String>::new());
}
