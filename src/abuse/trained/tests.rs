use linfa::traits::Predict;
use proptest::prelude::*;

use super::*;
use crate::abuse::SpamFeatures;
use crate::hash::mix_two;
use crate::identity::Strangers;
use crate::ids::AccountId;

/// An account whose signs are drawn by a hash, more of them where it is abusive.
fn drawn(id: u64, is_abusive: bool) -> Evidence {
    let up_to = |most: u32, topic: u64| {
        let most = if is_abusive { most } else { most / 4 };
        u32::try_from(mix_two(id, topic) % u64::from(most.max(1))).unwrap()
    };
    let book = 20 + up_to(2_000, 1);
    let counts = SpamFeatures {
        account: AccountId(id),
        book_size: book,
        is_over_budget: false,
        n_matched: book / 2,
        n_reciprocated: if is_abusive { book / 40 } else { book / 3 },
        n_accounts_on_device: 1 + up_to(6, 2),
        n_reporters: up_to(4, 3),
    };
    let n_numbers = book / 2;
    Evidence {
        counts,
        strangers: Strangers {
            account: AccountId(id),
            n_numbers,
            n_dense: up_to(n_numbers, 4),
            n_compared: n_numbers,
            n_alone: up_to(n_numbers, 5),
            n_pooled: 0,
        },
        most_in_a_day: up_to(100, 6),
        in_step: 1 + up_to(8, 7),
        report_weight: f64::from(up_to(4, 3)) / 2.0,
        brigaded: up_to(3, 9),
        age_days: 10 + up_to(300, 8),
        number_days: 10,
        is_recycled: id.is_multiple_of(9),
        trust: None,
    }
}

fn data(n: u64) -> DatasetBase<EvidenceTable, Vec<bool>> {
    let is_abusive = |id: u64| mix_two(id, 77).is_multiple_of(5);
    let rows = (0..n).map(|id| drawn(id, is_abusive(id))).collect();
    DatasetBase::new(EvidenceTable::new(rows), (0..n).map(is_abusive).collect())
}

fn trained() -> AbuseModel {
    AbuseTrainParams::default()
        .check()
        .unwrap()
        .fit(&data(2_000))
        .unwrap()
}

#[test]
fn planted_abuse_is_found_and_told() {
    let (model, data) = (trained(), data(4_000));
    let training = model.training();
    assert_eq!((training.accounts, training.abusive > 300), (2_000, true));
    assert!(training.whole.auc.unwrap() > 0.99, "{training:?}");
    assert!(
        training.without_strangers.auc.unwrap() > 0.98,
        "{training:?}"
    );
    let scores: Array1<f64> = model.predict(&data);
    for ((one, score), &is_abusive) in data.records.rows().iter().zip(&scores).zip(&data.targets) {
        let told = model.scored(one, true, 0.5);
        assert_eq!(told.score, *score);
        let parts = model.parts(one, true);
        assert!(parts.is_sorted_by(|a, b| a.log_odds >= b.log_odds));
        assert_eq!(
            told.reasons.len(),
            parts.iter().filter(|part| part.log_odds >= 0.5).count()
        );
        if is_abusive && *score > 0.9 {
            assert!(!told.reasons.is_empty());
        }
    }
    let held_out = data.records.rows().iter().zip(&scores).zip(&data.targets);
    let held_out = held_out.filter(|((one, _), _)| one.account().0 >= 2_000);
    let rows: Vec<Predicted> = held_out
        .map(|((_, &p), &label)| Predicted {
            p,
            target: Clicks {
                clicks: label.into(),
                impressions: 1,
            },
        })
        .collect();
    let metrics = ClickMetrics::of(&rows);
    assert!(
        metrics.ece.unwrap() < 0.02 && metrics.auc.unwrap() > 0.99,
        "{metrics:?}"
    );
}

#[test]
fn deny_quarantine_for_missing_trust_alone() {
    let mut model = trained();
    let weight = |weighed: &mut Weighed, name: &str, weight: f64| {
        let column = weighed.weights.iter_mut().find(|one| one.name == name);
        column.unwrap().weight = weight;
    };
    for column in &COLUMNS {
        weight(&mut model.whole, column.name, 0.0);
    }
    weight(&mut model.whole, "untrusted", 40.0);
    // A row far from any seed, and young: how much its youth weighs decides.
    let one = Evidence {
        trust: Some(0.0),
        age_days: 0,
        ..drawn(1, true)
    };
    let basis = |model: &AbuseModel| model.scored(&one, true, 5.0).basis;
    assert_eq!(basis(&model), Basis::TrustAlone);
    weight(&mut model.whole, "young", 0.99);
    assert_eq!(basis(&model), Basis::TrustAlone);
    weight(&mut model.whole, "young", 1.0);
    assert_eq!(basis(&model), Basis::BorneOut);
}

#[test]
fn a_purpose_that_counts_no_strangers_weighs_none() {
    let without = trained().weighed(false).clone();
    for (column, weight) in COLUMNS.iter().zip(&without.weights) {
        assert!(
            !column.of_strangers || weight.weight == 0.0,
            "{}",
            column.name
        );
    }
}

#[test]
fn same_after_writing_and_reading() {
    let model = trained();
    let text = model.to_json().unwrap();
    assert_eq!(AbuseModel::from_json(&text).unwrap(), model);
    // So does the manifest of a run, which holds it whole.
    let value = serde_json::to_value(&model).unwrap();
    assert_eq!(serde_json::from_value::<AbuseModel>(value).unwrap(), model);
}

#[test]
fn deny_damaged_models() {
    let text = trained().to_json().unwrap();
    assert!(AbuseModel::from_json(&text.replacen("accounts", "acounts", 1)).is_err());
    let damage = |change: fn(&mut serde_json::Value)| {
        let mut value = serde_json::to_value(trained()).unwrap();
        change(&mut value);
        serde_json::from_value::<AbuseModel>(value)
    };
    assert!(damage(|_| ()).is_ok());
    assert!(damage(|v| v["schema"] = "acquaint-abuse-model/0".into()).is_err());
    assert!(damage(|v| v["whole"]["weights"][0]["weight"] = (-0.1).into()).is_err());
    assert!(damage(|v| v["whole"]["weights"][0]["name"] = "book".into()).is_err());
    assert!(damage(|v| v["more"] = 1.into()).is_err());
}

#[test]
fn too_little_is_told() {
    let few = data(60);
    let error = AbuseTrainParams::default()
        .check()
        .unwrap()
        .fit(&few)
        .unwrap_err();
    assert!(
        matches!(error, AbuseError::TooLittle { n_accounts: 60, .. }),
        "{error}"
    );
}

#[test]
fn every_bound_is_checked() {
    for good in [1e-6, 1e6] {
        assert!(AbuseTrainParams::default().l2(good).check().is_ok());
    }
    for bad in [9e-7, 1.1e6, f64::NAN] {
        assert!(AbuseTrainParams::default().l2(bad).check().is_err());
    }
}

proptest! {
    /// Worse is never scored lower.
    #[test]
    fn prop_scores_never_fall_when_something_gets_worse(id in 0..2_000_u64, more in 1..500_u32) {
        thread_local!(static MODEL: AbuseModel = trained());
        let before = drawn(id, id % 2 == 0);
        let counts = before.counts;
        let worse = [
            Evidence { counts: SpamFeatures { n_reporters: counts.n_reporters + more, ..counts }, ..before },
            Evidence { counts: SpamFeatures { n_accounts_on_device: counts.n_accounts_on_device + more, ..counts }, ..before },
            Evidence { counts: SpamFeatures { n_reciprocated: counts.n_reciprocated.saturating_sub(more), ..counts }, ..before },
            Evidence { counts: SpamFeatures { is_over_budget: true, ..counts }, ..before },
            Evidence { report_weight: before.report_weight + f64::from(more), ..before },
            Evidence { most_in_a_day: before.most_in_a_day + more, ..before },
            Evidence { in_step: before.in_step + more, ..before },
            Evidence { brigaded: before.brigaded + more, ..before },
            Evidence { age_days: before.age_days.saturating_sub(more), ..before },
        ];
        MODEL.with(|model| {
            let score = |one: &Evidence| model.scored(one, true, 1.0).score;
            for one in worse {
                prop_assert!(score(&one) >= score(&before), "{one:?} {before:?}");
            }
            Ok(())
        })?;
    }
}
