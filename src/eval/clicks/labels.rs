//! What was clicked how often.

use super::coded::Coded;
use super::error::{BadCell, Reason};
use super::is_missing;

/// Clicks and impressions, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) clicks: Vec<u32>,
    pub(super) impressions: Vec<u32>,
}

/// Each row is one showing, and was clicked or not.
pub(super) fn of_showings(label: &Coded, clicked_from: Option<f64>) -> Result<Counts, BadCell> {
    let clicks = of_texts(label, |text| match clicked_from {
        Some(from) => reached(text, from),
        None => clicked(text),
    })?;
    Ok(Counts {
        impressions: vec![1; clicks.len()],
        clicks,
    })
}

/// Each row is a number of showings.
pub(super) fn of_totals(label: &Coded, shown: &Coded) -> Result<Counts, BadCell> {
    let whole = |text: &str| {
        text.parse::<u32>()
            .map_err(|_| "expected a whole number".into())
    };
    let clicks = of_texts(label, whole)?;
    let impressions = of_texts(shown, whole)?;
    for (row, (clicks, shown_times)) in clicks.iter().zip(&impressions).enumerate() {
        if *shown_times == 0 {
            return Err(BadCell::new(
                row,
                &shown.name,
                "shown 0 times: take the row out of the file",
            ));
        }
        if clicks > shown_times {
            let reason = format!("{clicks} clicks at {shown_times} impressions");
            return Err(BadCell::new(row, &label.name, reason));
        }
    }
    Ok(Counts {
        clicks,
        impressions,
    })
}

fn of_texts(
    column: &Coded,
    read: impl Fn(&str) -> Result<u32, Reason>,
) -> Result<Vec<u32>, BadCell> {
    let of_text = |(code, text): (usize, &String)| {
        read(text).map_err(|reason| BadCell::new(column.first_row_of(code), &column.name, reason))
    };
    let of: Vec<u32> = column
        .texts
        .iter()
        .enumerate()
        .map(of_text)
        .collect::<Result<_, _>>()?;
    Ok(column.codes.iter().map(|&code| of[code as usize]).collect())
}

const EXPECTED: &str = "a label is 0 or 1, -1 or 1, false or true, no or yes";

fn clicked(text: &str) -> Result<u32, Reason> {
    match text.to_lowercase().as_str() {
        "1" | "+1" | "1.0" | "true" | "yes" => Ok(1),
        "0" | "-1" | "0.0" | "-1.0" | "false" | "no" => Ok(0),
        other if other.parse::<f64>().is_ok() => Err(format!(
            "{EXPECTED}; --clicked-from N makes a click of every number from N on, --impressions names a column of totals"
        )
        .into()),
        _ => Err(EXPECTED.into()),
    }
}

/// What is missing is below any number.
fn reached(text: &str, from: f64) -> Result<u32, Reason> {
    if is_missing(text) {
        return Ok(0);
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number
        .map(|number| u32::from(number >= from))
        .ok_or_else(|| "expected a number, because of --clicked-from".into())
}

#[cfg(test)]
mod tests {
    use super::super::coded::Coder;
    use super::*;

    fn column(texts: &[&str]) -> Coded {
        let mut coder = Coder::new("clicks");
        for text in texts {
            coder.push(text);
        }
        coder.column
    }

    #[test]
    fn labels_of_every_fashion_are_clicks() {
        let found = of_showings(&column(&["1", "0", "-1", "true", "No"]), None).unwrap();
        assert_eq!(found.clicks, [1, 0, 0, 1, 0]);
        assert_eq!(found.impressions, [1; 5]);
    }

    #[test]
    fn deny_other_numbers_unless_somebody_says_what_they_mean() {
        let plays = column(&["13", "1", "2"]);
        let error = of_showings(&plays, None).unwrap_err();
        assert!(error.reason.contains("--clicked-from"), "{error:?}");
        assert_eq!(of_showings(&plays, Some(2.0)).unwrap().clicks, [1, 0, 1]);
    }

    #[test]
    fn deny_more_clicks_than_impressions() {
        let shown = column(&["10", "5"]);
        assert_eq!(
            of_totals(&column(&["1", "0"]), &shown).unwrap().clicks,
            [1, 0]
        );
        assert_eq!(of_totals(&column(&["1", "6"]), &shown).unwrap_err().row, 1);
        assert!(of_totals(&column(&["0"]), &column(&["0"])).is_err());
    }
}
