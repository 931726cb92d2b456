//! Distributions of a run, for the report's pictures. They count people and rows, and name nobody.

use crate::ads::AdScore;
use crate::engine::Prepared;
use crate::engine::outputs::Histogram;
use crate::suggest::Suggestions;

/// How many intervals a histogram has.
const N_BINS: usize = 24;

/// The histograms of a run; one without values is left out.
pub(in crate::engine) fn of(
    prepared: &Prepared,
    suggestions: &Suggestions,
    ads: &[AdScore],
) -> Vec<Histogram> {
    let degrees: Vec<f64> = prepared.friends.as_ref().map_or_else(Vec::new, |friends| {
        let ties = friends.graph().ties();
        ties.nodes().map(|u| f64::from(ties.degree(u))).collect()
    });
    let scores: Vec<f64> = suggestions
        .iter()
        .flat_map(|(_, row)| row.iter().map(|s| s.score.to_f64()))
        .collect();
    let mutual: Vec<f64> = suggestions
        .iter()
        .flat_map(|(_, row)| row.iter().map(|s| f64::from(s.mutual_count)))
        .collect();
    let clicks: Vec<f64> = ads.iter().map(|score| score.p_click).collect();
    let spam = prepared.abuse.iter().flat_map(|abuse| &abuse.scores);
    let spam: Vec<f64> = spam.map(|score| score.score).collect();
    [
        histogram("ties of a person", "ties", &degrees),
        histogram("mutual friends of a suggestion", "mutual friends", &mutual),
        histogram("score of a suggestion", "score", &scores),
        histogram("probability of a click", "clicks per impression", &clicks),
        histogram("spam score of an account", "score", &spam),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Equal intervals from 0 to the largest value; for whole numbers, whole intervals.
fn histogram(name: &str, unit: &str, values: &[f64]) -> Option<Histogram> {
    let max = values.iter().copied().max_by(f64::total_cmp)?;
    let width = width(max, values.iter().all(|v| v.fract() == 0.0));
    let mut counts = vec![0; N_BINS];
    for value in values {
        counts[bin(*value, width)] += 1;
    }
    let bounds = (0..=N_BINS).map(|i| i as f64 * width).collect();
    Some(Histogram {
        name: name.to_owned(),
        unit: unit.to_owned(),
        bounds,
        counts,
    })
}

fn width(max: f64, whole: bool) -> f64 {
    let width = max / N_BINS as f64;
    // One past the maximum, so that it falls inside the last interval.
    if whole {
        ((max + 1.0) / N_BINS as f64).ceil().max(1.0)
    } else {
        width.max(f64::MIN_POSITIVE)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values are not negative, and clamped"
)]
fn bin(value: f64, width: f64) -> usize {
    ((value / width) as usize).min(N_BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        for values in [vec![0.0, 1.0, 2.0, 100.0], vec![0.0, 0.25, 1.0], vec![0.0]] {
            let histogram = histogram("x", "y", &values).unwrap();
            assert_eq!(histogram.counts.iter().sum::<u64>(), values.len() as u64);
            assert_eq!(histogram.bounds.len(), histogram.counts.len() + 1);
            let max = values.iter().copied().fold(0.0, f64::max);
            assert!(max <= histogram.bounds[N_BINS] + 1e-12);
        }
        assert_eq!(histogram("x", "y", &[]), None);
    }
}
