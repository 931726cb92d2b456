//! `acquaint evaluate ads`: the click model on hidden impressions, beside the click rate and, in a synthetic world, the
//! truth.

use std::path::Path;

use acquaint::engine::{Progress, Reading, ValidRunParams};
use acquaint::eval::{
    AdsEvaluation, AdsEvaluationOptions, Breakdown, ClickInterval, LearningCurves, NewAds,
    evaluate_ads_with,
};
use acquaint::learn::{ClickMetrics, GroupedAuc};
use acquaint::signals::{AdTruth, SignalsDir};

use super::{figure, line, number, prepare, say};
use crate::args::EvaluateAdsArgs;
use crate::exit::{Failure, Outcome};
use crate::progress::Bars;
use crate::run::{of_kind, read_params, with_lists};

pub(crate) fn ads(args: &EvaluateAdsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = of_kind(read_params(&args.given)?, args.model);
    let params = with_lists(params, &args.lists)?;
    let prepared = prepare(&args.signals, &params, quiet)?;
    let mut reading = prepared.reading();
    let truth = truth(&args.signals, &params, &mut reading)?;
    let options = AdsEvaluationOptions {
        split: args.split.into(),
        seed: args.seed,
        seeds: args.seeds,
        k: args.k,
        every_fold: args.every_fold,
        curves: !args.no_curves,
        truth: &truth,
        facts: prepared.ad_facts(),
    };
    let bars = Bars::new(quiet);
    bars.begin("training and predicting", None);
    let rows = prepared.training_rows();
    let refusal = options.split.refusal(&rows, args.every_fold, args.seeds);
    if let Some(why) = refusal {
        return Err(Failure::new("holding out impressions", why));
    }
    let evaluation = evaluate_ads_with(&rows, prepared.ads(), params.ads(), &options)?;
    drop(bars);
    refuse_nothing(&evaluation)?;
    let ended = say(args.json, &evaluation, &reading, table)?;
    Ok(told_of_ads(&evaluation, ended))
}

/// Figures of nothing are no figures.
fn refuse_nothing(of: &AdsEvaluation) -> Result<(), Failure> {
    let why = match (of.n_rows, of.n_test_rows + of.test_rows_left_out) {
        (0, _) => "no impression of anybody who permits ad relevance is known".to_owned(),
        (n, 0) => format!(
            "none of the {n} permitted rows of impressions is among those held out ({})",
            of.split
        ),
        _ => return Ok(()),
    };
    Err(Failure::new("holding out impressions", why))
}

/// That no ad is known is a finding: tables are missing.
fn told_of_ads(of: &AdsEvaluation, ended: Outcome) -> Outcome {
    if of.n_test_rows > 0 {
        return ended;
    }
    eprintln!(
        "acquaint: nothing could be predicted: none of the {} rows held out is of an ad that the table `ads` describes",
        of.test_rows_left_out
    );
    Outcome::Findings
}

/// What a synthetic world knows; nothing of any other.
fn truth(
    signals: &Path,
    params: &ValidRunParams,
    reading: &mut Reading,
) -> Result<Vec<AdTruth>, Failure> {
    let limits = params.given().signals.clone().check()?;
    let rows = SignalsDir::open(signals, &limits)?.read::<AdTruth>()?;
    let counts = rows.summary.rejected.iter();
    let counts = counts.map(|(reason, &n)| (reason.as_str().to_owned(), n));
    if rows.summary.n_rejected() > 0 {
        let table = rows.summary.table.name().to_owned();
        reading.rejected.insert(table, counts.collect());
    }
    Ok(rows.records)
}

fn table(evaluation: &AdsEvaluation) -> String {
    let curves = evaluation.learning_curve.as_ref().map(curves_table);
    let new_ads = evaluation.new_ads.as_ref().map(new_ads_table);
    let fields: Vec<String> = evaluation.by_field.iter().filter_map(field_table).collect();
    figures_table(evaluation)
        + &folds_table(evaluation)
        + &seeds_table(evaluation)
        + &sureness_table(evaluation)
        + &reliability_table(evaluation)
        + &calibration_table(evaluation)
        + &fields.concat()
        + &new_ads.unwrap_or_default()
        + &curves.unwrap_or_default()
}

fn new_ads_table(new: &NewAds) -> String {
    let mut table = format!(
        "\nnew ads: {} not in training, {} rows, {} clicks\n{:33}  log loss       AUC     ratio\n",
        new.ads, new.rows, new.clicks, ""
    );
    for (name, found) in [
        ("advertiser and category known", &new.model),
        ("category known", &new.new_advertiser),
        ("neither", &new.new_category),
        ("base rate", &new.base_rate),
    ] {
        let text = format!(
            "{name:33}{}{}{}",
            figure(found.log_loss, 10),
            figure(found.auc, 10),
            figure(found.calibration_ratio, 10)
        );
        line(&mut table, &text);
    }
    table
}

/// One figure of a prediction.
type Figure = fn(&ClickMetrics) -> Option<f64>;

const FIGURES: [(&str, Figure); 5] = [
    ("log loss", |m| m.log_loss),
    ("normalized entropy", |m| m.ne),
    ("AUC", |m| m.auc),
    ("calibration error", |m| m.ece),
    ("calibration ratio", |m| m.calibration_ratio),
];

fn figures_table(evaluation: &AdsEvaluation) -> String {
    let of_truth = evaluation.truth.map_or("", |_| "     truth");
    let mut table = format!(
        "{} rows, {} hidden with {} impressions and {} clicks; calibration: {}\n\n{:18}{:>10} {:>10}{of_truth}\n",
        evaluation.n_rows,
        evaluation.n_test_rows,
        evaluation.impressions,
        evaluation.clicks,
        evaluation.calibration,
        "",
        "model",
        "base rate"
    );
    for (name, of) in FIGURES {
        let model = figure(of(&evaluation.model), 10);
        let base = figure(of(&evaluation.base_rate), 10);
        let truth = evaluation.truth.as_ref();
        let truth = truth.map_or_else(String::new, |truth| figure(of(truth), 10));
        line(&mut table, &format!("{name:18}{model} {base}{truth}"));
    }
    table + one_outcome(evaluation)
}

/// What to make of figures where there is nothing to tell apart.
fn one_outcome(evaluation: &AdsEvaluation) -> &'static str {
    match evaluation.clicks {
        _ if evaluation.impressions == 0 => "",
        0 => {
            "no hidden impression was clicked: with one outcome alone there is no order to be right about, no entropy and no ratio, and \
             whoever says \"never\" has the smallest log loss\n"
        }
        clicks if clicks == evaluation.impressions => {
            "every hidden impression was clicked: with one outcome alone there is no order to be right about and no entropy, and whoever \
             says \"always\" has the smallest log loss\n"
        }
        _ => "",
    }
}

/// Each fifth by itself, where every row was hidden once.
fn folds_table(evaluation: &AdsEvaluation) -> String {
    if evaluation.folds.is_empty() {
        return String::new();
    }
    let mut table =
        String::from("\nfifth                 clicks  log loss  base rate       AUC     ratio\n");
    for (i, fold) in (1..).zip(&evaluation.folds) {
        let text = beside_base_rate(&i.to_string(), fold.clicks, &fold.model, &fold.base_rate);
        line(&mut table, &text);
    }
    table
}

/// Every split, then the lowest and the highest of each figure.
fn seeds_table(evaluation: &AdsEvaluation) -> String {
    if evaluation.seeds.is_empty() {
        return String::new();
    }
    let mut table =
        String::from("\nseed                  clicks  log loss  base rate       AUC     ratio\n");
    for of in &evaluation.seeds {
        let text = beside_base_rate(&of.seed.to_string(), of.clicks, &of.model, &of.base_rate);
        line(&mut table, &text);
    }
    let end = |name: &str, pick: fn(f64, f64) -> f64| {
        let of = |figure: Figure| {
            let all = evaluation.seeds.iter().filter_map(|of| figure(&of.model));
            all.reduce(pick)
        };
        let base = evaluation
            .seeds
            .iter()
            .filter_map(|of| of.base_rate.log_loss);
        format!(
            "{name:28}{} {}{}{}",
            figure(of(|m| m.log_loss), 10),
            figure(base.reduce(pick), 10),
            figure(of(|m| m.auc), 10),
            figure(of(|m| m.calibration_ratio), 10)
        )
    };
    line(&mut table, &end("lowest", f64::min));
    line(&mut table, &end("highest", f64::max));
    table
}

/// Predicted clicks over clicks of people and ads, and each person's first rows.
fn calibration_table(evaluation: &AdsEvaluation) -> String {
    let mut table = String::new();
    if !evaluation.by_person_decile.is_empty() {
        table += "\npeople by prediction  people    clicks  predicted     ratio\n";
    }
    for (tenth, people) in (1..).zip(&evaluation.by_person_decile) {
        let text = format!(
            "{tenth:20}{:8}{:10}{:11.1}{}",
            people.people,
            people.clicks,
            people.predicted,
            figure(people.calibration_ratio, 10)
        );
        line(&mut table, &text);
    }
    let ads = evaluation.ad_calibration;
    let text = format!(
        "\n{} of {} ads with at least 100 hidden clicks have a ratio within 0.9 to 1.1",
        ads.within, ads.ads
    );
    line(&mut table, &text);
    table + &first_table(evaluation)
}

fn first_table(evaluation: &AdsEvaluation) -> String {
    let first = &evaluation.first;
    if first.people == 0 {
        return String::new();
    }
    let mut table = format!(
        "\nthe first {} hidden rows of {} people    MAP      NDCG       hit\n",
        first.k, first.people
    );
    for (name, found) in [("model", first), ("by chance", &evaluation.first_by_chance)] {
        let text = format!(
            "{name:30}{}{}{}",
            figure(found.map, 10),
            figure(found.ndcg, 10),
            figure(found.hit, 10)
        );
        line(&mut table, &text);
    }
    table
}

/// The model and the base rate on some of the rows, in one line.
fn beside_base_rate(name: &str, clicks: u64, model: &ClickMetrics, base: &ClickMetrics) -> String {
    format!(
        "{name:18}{clicks:10}{} {}{}{}",
        figure(model.log_loss, 10),
        figure(base.log_loss, 10),
        figure(model.auc, 10),
        figure(model.calibration_ratio, 10)
    )
}

fn sureness_table(evaluation: &AdsEvaluation) -> String {
    let mut table = format!("\n95 of 100 draws of {}\n", evaluation.drawn);
    let intervals = evaluation.intervals;
    for (name, interval) in [
        ("log loss", intervals.log_loss),
        ("  over base rate's", intervals.log_loss_over_base),
        ("AUC", intervals.auc),
        ("calibration ratio", intervals.calibration_ratio),
    ] {
        line(&mut table, &format!("{name:18}{}", interval_text(interval)));
    }
    for (name, found) in [
        ("\nAUC by person", evaluation.auc_by_user),
        ("AUC by ad", evaluation.auc_by_ad),
    ] {
        line(&mut table, &grouped_line(name, &found));
    }
    if let Some(next) = &evaluation.next_to_truth {
        let text = format!(
            "distance to truth {:10.4}; log loss over the truth's {}; R² of log-odds {}",
            next.mean_distance,
            figure(next.log_loss_ratio, 6),
            figure(next.log_odds_r2, 6)
        );
        line(&mut table, &text);
    }
    table
}

fn interval_text(interval: Option<ClickInterval>) -> String {
    interval.map_or_else(
        || format!("{:>10}", "–"),
        |interval| format!("{:>10} to {}", number(interval.low), number(interval.high)),
    )
}

fn grouped_line(name: &str, found: &GroupedAuc) -> String {
    let width = 18 + usize::from(name.starts_with('\n'));
    format!(
        "{name:width$}{} over {} groups; {} have only one outcome",
        figure(found.auc, 10),
        found.groups,
        found.one_sided
    )
}

fn reliability_table(evaluation: &AdsEvaluation) -> String {
    let mut table = String::from("\npredicted    clicked  95 % interval         impressions\n");
    for bin in &evaluation.reliability {
        let text = format!(
            "{:9.5}{:11.5}  {:.5} to {:.5}{:16}",
            bin.mean_p, bin.rate, bin.rate_low, bin.rate_high, bin.impressions
        );
        line(&mut table, &text);
    }
    table
}

/// None for a field with one value: it would say again what stands above.
fn field_table(breakdown: &Breakdown) -> Option<String> {
    if breakdown.values.len() < 2 {
        return None;
    }
    let field = &breakdown.field;
    let mut table = format!("\n{field:18}    clicks  log loss  base rate       AUC     ratio\n");
    for value in &breakdown.values {
        let name = if value.value.is_empty() {
            "–"
        } else {
            &value.value
        };
        let text = beside_base_rate(name, value.clicks, &value.model, &value.base_rate);
        line(&mut table, &text);
    }
    Some(table)
}

fn curves_table(curves: &LearningCurves) -> String {
    let mut table = String::from("\nrows trained on      log loss        NE\n");
    for point in &curves.by_rows {
        let text = format!(
            "{:15}{} {}",
            point.rows,
            figure(point.log_loss, 14),
            figure(point.ne, 9)
        );
        line(&mut table, &text);
    }
    table += "\nepochs               log loss        NE\n";
    for point in &curves.by_epochs {
        let text = format!(
            "{:15}{} {}",
            point.epochs,
            figure(point.log_loss, 14),
            figure(point.ne, 9)
        );
        line(&mut table, &text);
    }
    table
}
