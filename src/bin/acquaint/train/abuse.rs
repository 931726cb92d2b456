//! `acquaint train abuse`: how probable abuse is, learned from labelled accounts.

use acquaint::abuse::{AbuseModel, ColumnWeight};
use acquaint::engine::{AbuseCase, SignalsRequest};
use acquaint::eval::{AbuseLabel, label_kinds, read_labels};
use acquaint::learn::ClickMetrics;
use acquaint::publish::{Ours, is_sealed_file, shown};
use serde_json::Value;

use super::reads;
use crate::args::{LabelledArgs, TrainAbuseArgs};
use crate::evaluate::line;
use crate::exit::{Failure, Outcome, print};
use crate::output;
use crate::progress::Bars;
use crate::run::{Ledger, read_params};
use crate::told::{Told, tell_with_proof};

pub(crate) fn abuse(args: &TrainAbuseArgs, quiet: bool) -> Result<Outcome, Failure> {
    let labelled = &args.labelled;
    let reads = reads(&labelled.asking, Some(&labelled.signals), None);
    let reads = reads.and("the labels", Some(&labelled.labels));
    let out = output::file(&args.out, MODEL, reads.all())?;
    let (case, labels) = opened(labelled, quiet)?;
    let is_abusive = labels.iter().map(|one| (one.account, one.is_abusive()));
    let model = case.train(&is_abusive.collect())?;
    let text = model.to_json()?;
    out.write(text.as_bytes())?;
    output::tell(&out.publish()?);
    let reading = &case.reading();
    print(&if args.json {
        let what = &serde_json::from_str::<Value>(&text)?;
        serde_json::to_string_pretty(&Told { what, reading })?
    } else {
        summary(&model, &labels) + &format!("\nwrote {}\n", shown(&args.out))
    })?;
    Ok(tell_with_proof(reading, Outcome::Done))
}

/// What is done when something is wrong with the labels.
pub(crate) fn labels_of(args: &LabelledArgs) -> String {
    format!("reading the labels {}", shown(&args.labels))
}

/// The signals as abuse may see them, and the labels.
pub(crate) fn opened(
    args: &LabelledArgs,
    quiet: bool,
) -> Result<(AbuseCase, Vec<AbuseLabel>), Failure> {
    let labels = read_labels(&args.labels);
    let labels = labels.map_err(|error| Failure::new(labels_of(args), error))?;
    let params = read_params(&args.asking.given)?;
    let ledger = Ledger::read(&args.asking.ledger)?;
    let source = ledger.source();
    let request = SignalsRequest {
        signals: &args.signals,
        ledger: source.as_ref(),
        params: &params,
        times: args.asking.times(),
    };
    Ok((AbuseCase::open(&request, &Bars::new(quiet))?, labels))
}

/// A model is replaced by a later one.
const MODEL: Ours = Ours::new("an abuse model", |path| {
    is_sealed_file(path, "\"schema\": \"acquaint-abuse-model/")
});

fn summary(model: &AbuseModel, labels: &[AbuseLabel]) -> String {
    let training = model.training();
    let (n, abusive) = (training.accounts, training.abusive);
    let [abuse, honest] = label_kinds(labels).map(|kinds| Vec::from_iter(kinds).join(", "));
    let mut text = format!("{n} labelled accounts, {abusive} of them abusive\n");
    line(&mut text, &format!("taken for abuse   {abuse}"));
    line(&mut text, &format!("taken for honest  {honest}\n"));
    for (name, counts_strangers, metrics) in [
        ("all columns", true, &training.whole),
        (
            "without numbers that are nobody's account",
            false,
            &training.without_strangers,
        ),
    ] {
        line(&mut text, name);
        of_metrics(metrics, &mut text);
        let weighed = model.weighed(counts_strangers);
        line(
            &mut text,
            &format!("  {:24}{:>9.3}", "base, log-odds", weighed.intercept),
        );
        let weights = weighed.weights.iter().filter(|column| column.weight > 0.0);
        for ColumnWeight { name, weight } in weights {
            line(&mut text, &format!("  {name:24}{weight:+9.3}"));
        }
    }
    text
}

/// Held-out figures, before calibration.
fn of_metrics(metrics: &ClickMetrics, text: &mut String) {
    for (name, value) in [
        ("log loss, held out", metrics.log_loss),
        ("AUC, held out", metrics.auc),
        ("calibration error", metrics.ece),
    ] {
        let value = value.map_or_else(|| "–".to_owned(), |x| format!("{x:.4}"));
        line(text, &format!("  {name:24}{value:>9}"));
    }
}
