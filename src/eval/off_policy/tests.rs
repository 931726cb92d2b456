//! Logs whose truth is known, and the Open Bandit data. Without these files the test says so and passes.

use std::fs;
use std::path::Path;

use super::*;
use crate::ads::{AdsParams, TrainingRow};
use crate::consent::Permitted;
use crate::eval::{ClickOptions, read_clicks};
use crate::hash::{mix, unit};

fn log_of(text: &str) -> Result<PolicyLog, LogError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.csv");
    fs::write(&path, text).unwrap();
    PolicyLog::new(&read_clicks(&path, &ClickOptions::default()).unwrap())
}

fn uniform(at: u64) -> f64 {
    unit(mix(at))
}

/// Items 0 to 3 are clicked in 5, 10, 15 and 20 of 100 rounds. The log shows them in 40, 30, 20 and 10 of 100, or all equally.
fn world(n: u64, shares: [f64; 4]) -> PolicyLog {
    let mut text = String::from("timestamp,item_id,click,propensity_score\n");
    for i in 0..n {
        let drawn = uniform(i);
        let ends = [
            shares[0],
            shares[0] + shares[1],
            shares[0] + shares[1] + shares[2],
        ];
        let item = ends.iter().filter(|end| drawn >= **end).count();
        let clicked = uniform(i ^ 1 << 40) < 0.05 * (item + 1) as f64;
        let line = format!(
            "{},{item},{},{}\n",
            1_500_000_000 + i,
            u8::from(clicked),
            shares[item]
        );
        text += &line;
    }
    log_of(&text).unwrap()
}

fn value(found: &PolicyEvaluation, policy: &str) -> Estimates {
    let found = found.policies.iter().find(|value| value.policy == policy);
    found.unwrap().estimates
}

#[test]
fn estimates_find_the_value_of_policies_that_were_never_run() {
    let params = AdsParams::default().check().unwrap();
    let shares = [0.4, 0.3, 0.2, 0.1];
    let found = evaluate_policies(&world(20_000, shares), &params, PolicyOptions::default());
    let found = found.unwrap();
    assert_eq!(
        (found.rounds, found.actions, found.positions),
        (20_000, 4, 1)
    );
    for (policy, truth) in [("logged", 0.10), ("random", 0.125), ("model", 0.20)] {
        let found = value(&found, policy);
        assert!(
            (found.mean_weight - 1.0).abs() < 0.06,
            "{policy}: {found:?}"
        );
        for estimate in [found.ips, found.snips, found.dr] {
            let (low, high) = (estimate.low.unwrap(), estimate.high.unwrap());
            // Two standard errors hold the truth in 95 of 100 worlds, half as many again in 99.7.
            let slack = (high - low) / 4.0;
            assert!(
                low - slack < truth && truth < high + slack,
                "{policy}: {estimate:?} {truth}"
            );
            assert!(high - low < 0.05, "{policy}: {estimate:?}");
        }
    }
    let model = value(&found, "model");
    assert!(
        model.matched < 3_000,
        "only what the log showed by chance: {model:?}"
    );
    let explore = PolicyOptions {
        explore: 1.0,
        seed: 0,
    };
    let all = evaluate_policies(&world(2_000, shares), &params, explore).unwrap();
    assert_eq!(
        value(&all, "model"),
        value(&all, "random"),
        "nothing but exploring is random"
    );
}

#[test]
fn wrong_propensities_show_in_the_mean_weight() {
    let mut log = world(2_000, [0.25; 4]);
    log.propensities.iter_mut().for_each(|p| *p /= 2.0);
    let params = AdsParams::default().check().unwrap();
    let found = evaluate_policies(&log, &params, PolicyOptions::default()).unwrap();
    assert_eq!(value(&found, "random").mean_weight, 2.0);
    let model = value(&found, "model");
    assert!(
        model.snips.value.unwrap() < 0.6 * model.ips.value.unwrap(),
        "{model:?}"
    );
}

#[test]
fn deny_logs_without_propensities() {
    assert_eq!(
        log_of("item,click\n1,0\n2,1\n").unwrap_err(),
        LogError::NoPropensity
    );
    assert_eq!(
        log_of("click,pscore\n0,0.5\n").unwrap_err(),
        LogError::NoItem
    );
    for bad in ["0", "-1", "1.5", "x", "nan", ""] {
        let text = format!("item,click,pscore\n1,0,0.5\n2,1,{bad}\n");
        let error = log_of(&text).unwrap_err().to_string();
        assert!(error.starts_with("row 2"), "{bad}: {error}");
    }
    let totals = log_of("item,clicks,impressions,pscore\n1,0,7,0.5\n").unwrap_err();
    assert_eq!(
        totals,
        LogError::Totals {
            row: 1,
            impressions: 7
        }
    );
}

/// What `obp` 0.4.1 says of the same rounds.
struct OfObp {
    log: &'static str,
    /// Items 0 to 9 equally often, or all.
    is_ten: bool,
    ips: [f64; 3],
    snips: [f64; 3],
    dr: [f64; 3],
}

/// Value and the ends of its interval from 1,000 draws; odd items are predicted 0.01 clicks a showing, even ones 0.004.
const OF_OBP: [OfObp; 4] = [
    OfObp {
        log: "obd_random_all.csv.gz",
        is_ten: false,
        ips: [0.0038, 0.0026, 0.0051],
        snips: [0.0038, 0.0026, 0.0051],
        dr: [0.003_824, 0.002_650_1, 0.005_112],
    },
    OfObp {
        log: "obd_random_all.csv.gz",
        is_ten: true,
        ips: [0.0056, 0.002_38, 0.009_62],
        snips: [0.005_384_615_384_615_383_5, 0.002_288_5, 0.009_25],
        dr: [0.005_291_2, 0.001_655_6, 0.009_616],
    },
    OfObp {
        log: "obd_bts_all.csv.gz",
        is_ten: false,
        ips: [0.002_359_639_516_846_004, 0.001_035_9, 0.004_424_7],
        snips: [0.002_333_713_893_161_806, 0.001_024_5, 0.004_376_1],
        dr: [0.001_936_904_279_651_609_5, 0.000_272_1, 0.004_144_5],
    },
    OfObp {
        log: "obd_bts_all.csv.gz",
        is_ten: true,
        ips: [0.000_605_187_664_234_046_5, 0.000_078_7, 0.001_293_1],
        snips: [0.000_527_349_693_585_767_4, 0.000_068_6, 0.001_126_8],
        dr: [-0.000_378_739_576_267_687_6, -0.002_596_8, 0.001_775_7],
    },
];

fn open_bandit(name: &str) -> Option<PolicyLog> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/datasets/ctr");
    let path = Path::new(dir).join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    let table = read_clicks(&path, &ClickOptions::default()).unwrap();
    Some(PolicyLog::new(&table).unwrap())
}

fn rounds(log: &PolicyLog, is_ten: bool) -> Vec<estimates::Round> {
    let round = |(row, p): (&TrainingRow, &f64)| {
        let item = row.ad_id.0;
        let pi = match (is_ten, item < 10) {
            (true, true) => 0.1,
            (true, false) => 0.0,
            (false, _) => 1.0 / 80.0,
        };
        estimates::Round {
            reward: f64::from(row.target.clicks),
            weight: pi / p,
            predicted: if item % 2 == 0 { 0.004 } else { 0.01 },
            expected: 0.007,
        }
    };
    let rows = log.rows.iter().map(Permitted::get);
    rows.zip(&log.propensities).map(round).collect()
}

#[test]
fn oracle_estimates_are_those_of_obp() {
    for of_obp in OF_OBP {
        let Some(log) = open_bandit(of_obp.log) else {
            return;
        };
        assert_eq!(
            (log.rows.len(), log.ads.len(), log.first_position),
            (10_000, 80, 1)
        );
        let found = Estimates::of(&rounds(&log, of_obp.is_ten));
        for (found, [value, low, high]) in [
            (found.ips, of_obp.ips),
            (found.snips, of_obp.snips),
            (found.dr, of_obp.dr),
        ] {
            assert!(
                (found.value.unwrap() - value).abs() < 1e-12,
                "{found:?} {value}"
            );
            // Other draws: an end moves by a few hundredths of the width.
            let slack = 0.12 * (high - low);
            assert!((found.low.unwrap() - low).abs() < slack, "{found:?} {low}");
            assert!(
                (found.high.unwrap() - high).abs() < slack,
                "{found:?} {high}"
            );
        }
        assert_eq!(
            found.dm.value.map(|dm| (dm - 0.007).abs() < 1e-12),
            Some(true)
        );
    }
}

#[test]
fn deny_propensities_that_make_weights_without_bound() {
    let log = |text: &str| {
        let rows = format!("item_id,click,propensity\n1,0,0.5\n2,1,{text}\n");
        log_of(&rows)
    };
    for good in ["1e-9", "1", "0.25"] {
        assert!(log(good).is_ok(), "{good}");
    }
    for bad in [
        "1e-320", "9.9e-10", "0", "-0.5", "1.01", "nan", "inf", "abc", "",
    ] {
        let error = log(bad).unwrap_err().to_string();
        let place = "row 2, column `propensity`";
        assert!(
            error.contains(place) && error.contains("from 1e-9 to 1"),
            "{error}"
        );
    }
}
