//! A trained model of abuse: from labels to outcomes, and what becomes of whoever is found.

use std::path::Path;

use acquaint::abuse::{AbuseModel, Basis, GivenAbuseModel, Outcome};
use acquaint::consent::Purpose;
use acquaint::engine::{
    AbuseCase, MatchRequest, RunParams, SignalsRequest, Silent, Times, ValidRunParams,
};
use acquaint::eval::{AbuseLabel, Judged, evaluate_abuse};
use acquaint::hash::HashSet;
use acquaint::ids::AccountId;
use acquaint::signals::TableForm;
use acquaint::synth::{SynthParams, World, account_kinds, world};

use crate::support::write_world;

/// A world with attackers, the kinds of its accounts, and its tables in a directory.
fn plotted(dir: &Path, seed: u64) -> (World, Vec<AbuseLabel>) {
    let params = SynthParams::default()
        .users(900)
        .seed(seed)
        .impressions_per_user(0.0)
        .attackers(0.12)
        .check()
        .unwrap();
    let world = world(&params);
    write_world(dir, TableForm::Parquet, &world);
    let label = |(account, kind): (AccountId, &str)| AbuseLabel {
        account,
        kind: kind.to_owned(),
    };
    (
        world,
        account_kinds(&params).into_iter().map(label).collect(),
    )
}

fn params(model: Option<AbuseModel>) -> ValidRunParams {
    let mut params = RunParams::default();
    params.abuse.model = model.map(|model| GivenAbuseModel::Trained(Box::new(model)));
    params.check().unwrap()
}

fn case(signals: &Path, params: &ValidRunParams) -> AbuseCase {
    let request = SignalsRequest {
        signals,
        ledger: None,
        params,
        times: Times::default(),
    };
    AbuseCase::open(&request, &Silent).unwrap()
}

#[test]
fn who_is_found_matches_nobody_and_is_told_why() {
    let (train, test) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, labels) = plotted(train.path(), 1);
    let labelled = labels.iter().map(|one| (one.account, one.is_abusive()));
    let model = case(train.path(), &params(None))
        .train(&labelled.collect())
        .unwrap();

    // Of another world, most of those found are abusive.
    let (_, labels) = plotted(test.path(), 2);
    let params = params(Some(model));
    let case = case(test.path(), &params);
    let judged: Vec<Judged> = (case.scores().iter())
        .map(|one| Judged {
            account: one.account,
            score: one.score,
            outcome: case.outcome(one),
        })
        .collect();
    let threshold = (Outcome::Quarantine, case.thresholds().quarantine);
    let found = evaluate_abuse(&judged, &labels, &[threshold]);
    assert!(found.metrics.auc.unwrap() > 0.97, "{found:?}");
    assert!(
        found.at[0].precision.unwrap() > 0.9 && found.at[0].recall.unwrap() > 0.5,
        "{found:?}"
    );

    let quarantined: HashSet<AccountId> = (judged.iter())
        .filter(|one| {
            let explained = case.explain(one.account).score.unwrap();
            assert_eq!(explained.outcome, one.outcome);
            explained.outcome == Outcome::Quarantine
        })
        .map(|one| one.account)
        .collect();
    assert!(quarantined.len() > 20);
    let (mut n_matched, mut n_told) = (0, 0);
    for &account in &quarantined {
        let explained = case.explain(account).score.unwrap();
        assert!(explained.basis == Basis::BorneOut && !explained.parts.is_empty());
        let sum: f64 = explained.parts.iter().map(|part| part.log_odds).sum();
        let odds = explained.before_calibration / (1.0 - explained.before_calibration);
        assert!((explained.base + sum - odds.ln()).abs() < 1e-6);
        n_told += explained.matched.len();
        n_matched += explained.n_matched;
    }
    assert!(
        n_matched > 500 && n_told as u64 == n_matched,
        "{n_matched} {n_told}"
    );
    withheld(test.path(), &params, &quarantined);
}

/// In the matches of friend suggestions, with the model and without it.
fn withheld(signals: &Path, with: &ValidRunParams, quarantined: &HashSet<AccountId>) {
    let matched = |params: &ValidRunParams| {
        let request = MatchRequest {
            signals,
            ledger: None,
            params,
            times: Times::default(),
            purpose: Purpose::FriendSuggestions,
        };
        request.address_book(&Silent).unwrap()
    };
    let (before, after) = (matched(&params(None)), matched(with));
    let by = |found: &[acquaint::identity::Match]| {
        found
            .iter()
            .filter(|one| quarantined.contains(&one.from))
            .count()
    };
    let (n_before, n_after) = (by(&before.matches), by(&after.matches));
    // Scores of that purpose rest on less, so that a few of them are not found there.
    assert!(
        n_before > 500 && 5 * n_after < n_before,
        "{n_before} {n_after}"
    );
    let n_withheld = (before.matches.len() - after.matches.len()) as u64;
    assert_eq!(after.stage.dropped["quarantined"], n_withheld);
    assert_eq!(after.stage.rows_in, before.stage.rows_in);
}
