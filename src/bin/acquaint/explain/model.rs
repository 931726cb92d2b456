//! `acquaint explain model`: which fields and values the ad model weighs most.

use acquaint::ads::{FieldWeight, ModelWeights, ValueWeight};

use super::{prepared_for_ads, show};
use crate::args::ExplainModelArgs;
use crate::evaluate::line;
use crate::exit::{Failure, Outcome};

pub(crate) fn model(args: &ExplainModelArgs, quiet: bool) -> Result<Outcome, Failure> {
    let prepared = prepared_for_ads(&args.asked, quiet)?;
    let weights = prepared
        .explain_ad_model()
        .expect("whatever is opened whole has ads");
    show(
        &args.asked.of_run,
        &weights,
        None,
        &prepared.reading(),
        |weights| text(weights, args.values),
    )
}

fn text(weights: &ModelWeights, n_values: usize) -> String {
    let mut text = format!(
        "{} people, {} pairs of a person and an ad; values of fewer than {} people are not named\n\n",
        weights.people, weights.pairs, weights.people_min
    );
    line(
        &mut text,
        "    MOVES       MEAN   PEOPLE  FIELD, AND WHAT ITS VALUES ADD ON AVERAGE",
    );
    for field in &weights.fields {
        of_field(&mut text, field, n_values);
    }
    text
}

fn of_field(text: &mut String, field: &FieldWeight, n_values: usize) {
    line(
        text,
        &format!(
            "{:9.4}  {:+9.4}           {}  ({})",
            field.moves,
            field.mean,
            field.field,
            field.sources.join(", ")
        ),
    );
    for value in field.values.iter().take(n_values).filter(|v| is_named(v)) {
        line(
            text,
            &format!(
                "           {:+9.4}  {:7}    {}",
                value.log_odds,
                value.people,
                named(value)
            ),
        );
    }
}

const fn is_named(value: &ValueWeight) -> bool {
    value.person.is_some() || value.ad.is_some()
}

fn named(value: &ValueWeight) -> String {
    let both = [&value.person, &value.ad].into_iter().flatten();
    let both: Vec<&str> = both.map(String::as_str).collect();
    both.join(" × ")
}
