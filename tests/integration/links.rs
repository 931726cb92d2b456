//! Links against the truth of synthetic worlds: nobody is joined to a stranger, hardly anybody who can be found is lost.

use acquaint::consent::Purpose;
use acquaint::engine::{Claims, RunParams, Silent, Times};
use acquaint::eval::{AtThreshold, LinksEvaluation, evaluate_links};
use acquaint::signals::TableForm;
use acquaint::synth::{SynthParams, world};

use crate::support::write_world;

fn evaluate(noise: f64, undated: f64) -> LinksEvaluation {
    evaluate_world(
        SynthParams::default()
            .device_noise(noise)
            .undated_share(undated),
    )
}

fn evaluate_world(params: SynthParams) -> LinksEvaluation {
    let params = params.users(6_000).seed(17).impressions_per_user(0.0);
    let world = world(&params.check().unwrap());
    let dir = tempfile::tempdir().unwrap();
    write_world(dir.path(), TableForm::Parquet, &world);
    let params = RunParams::default().check().unwrap();
    let purpose = Purpose::FriendSuggestions;
    let times = Times::at(world.as_of);
    let claims = Claims::read(dir.path(), None, &params, times, purpose, &Silent).unwrap();
    evaluate_links(&claims, &world.truth.owners.into_iter().collect(), &params)
}

fn at_the_default(evaluation: &LinksEvaluation) -> &AtThreshold {
    let mut rows = evaluation.thresholds.iter();
    rows.find(|row| row.threshold == 0.99).unwrap()
}

#[test]
fn links_are_right_and_hardly_any_is_lost() {
    for noise in [0.0, 0.3] {
        let found = evaluate(noise, 0.03);
        assert!(found.linkable > 2_000, "{found:?}");
        let row = at_the_default(&found);
        assert_eq!(row.wrong_on_passed_numbers, 0, "across a recycling");
        assert!(row.precision >= 0.999, "{row:?}");
        assert!(row.recall >= 0.975, "{row:?}");
        assert!(found.calibration_error <= 0.01, "{found:?}");
    }
}

#[test]
fn without_dates_links_are_rarer_but_no_worse() {
    let found = evaluate(0.0, 1.0);
    let row = at_the_default(&found);
    assert_eq!(row.wrong_on_passed_numbers, 0, "across a recycling");
    assert!(row.precision >= 0.999, "{row:?}");
    assert!(row.recall >= 0.6, "{row:?}");
}

/// One number in twenty was given by a former holder before, one in ten is given by somebody else as well, all dated. Where
/// nothing but the dates tells two claimants apart nobody is linked; the device does, for seven pairs in ten.
#[test]
fn others_who_give_a_number_are_not_linked_to_it() {
    for (former, shared) in [
        (0.05, 0.1),
        (0.15, 0.0),
        (0.0, 0.15),
        (0.05, 0.05),
        (0.2, 0.2),
    ] {
        let params = SynthParams::default()
            .undated_share(0.0)
            .former_share(former)
            .shared_share(shared);
        let found = evaluate_world(params);
        assert!(found.contested > 200, "{found:?}");
        let row = at_the_default(&found);
        assert!(row.precision >= 0.999, "{row:?}");
        assert!(row.recall_uncontested >= 0.98, "{row:?}");
        assert!(row.recall_contested >= 0.6, "{row:?}");
    }
}
