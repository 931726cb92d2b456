//! `acquaint evaluate`: held-out quality, as a table or as JSON.

mod abuse;
mod ads;
mod friends;
mod policy;

pub(crate) use abuse::abuse;
pub(crate) use ads::ads;
pub(crate) use friends::friends;
pub(crate) use policy::policy;

use std::fmt::Write;
use std::path::Path;

use acquaint::engine::{GivenModels, Prepared, Reading, ValidRunParams};
use serde::Serialize;

use crate::clock::times;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::told::{Told, tell_with_proof};

pub(crate) fn prepare(
    signals: &Path,
    params: &ValidRunParams,
    quiet: bool,
) -> Result<Prepared, Failure> {
    let (times, models) = (times(None, None), GivenModels::default());
    Ok(Prepared::open_with(
        signals,
        None,
        params,
        times,
        models,
        &Bars::new(quiet),
    )?)
}

pub(crate) fn say<T: Serialize>(
    as_json: bool,
    evaluation: &T,
    reading: &Reading,
    table: fn(&T) -> String,
) -> Result<Outcome, Failure> {
    print(&if as_json {
        let what = evaluation;
        serde_json::to_string_pretty(&Told { what, reading })?
    } else {
        table(evaluation)
    })?;
    Ok(tell_with_proof(reading, Outcome::Done))
}

/// Four digits, and a power of ten where these would run into what stands before.
fn figure(value: Option<f64>, width: usize) -> String {
    value.map_or_else(
        || format!("{:>width$}", "–"),
        |value| format!("{:>width$}", number(value)),
    )
}

fn number(value: f64) -> String {
    if value.abs() < 1e4 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// Adds a line to a table.
pub(crate) fn line(table: &mut String, text: &str) {
    writeln!(table, "{text}").expect("writing to text cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_no_wider_than_their_column() {
        for value in [0.0, 1.0, 9_999.999_9, 1e4, 198_437.6, 1e300, -1e300] {
            let text = figure(Some(value), 10);
            assert_eq!(text.len(), 10, "{text}");
        }
        assert_eq!(figure(Some(0.123_45), 10), "    0.1235");
        assert_eq!(figure(Some(198_437.6), 10), "    1.98e5");
        assert_eq!(figure(None, 4), "   –");
    }
}
