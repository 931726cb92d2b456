//! What is kept of a column as features: a text a value, numbers in bins where there are many.

use super::coded::Coded;
use super::is_missing;
use crate::eval::edges::fold;

/// More different numbers than this fall into bins.
const MANY: usize = 32;
/// Bins, of about as many rows each.
const BINS: u64 = 10;

/// Ends of folded names of codes: their numbers have no order.
const CODES: [&str; 7] = [
    "id",
    "code",
    "type",
    "interest",
    "interests",
    "category",
    "class",
];

/// Does a name say that the numbers of its column are codes?
fn holds_codes(name: &str) -> bool {
    let name = fold(name);
    CODES.iter().any(|end| name.ends_with(end))
}

/// A column is nearly all numbers if of ten rows that say something at least nine say one.
const NEARLY: f64 = 0.9;

/// How the texts of a column are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Labels {
    /// The feature of each text; none of what is missing, and of the number 0, which is absence as in LIBSVM.
    pub(super) of: Vec<Option<String>>,
    /// Numbers fell into bins.
    pub(super) is_binned: bool,
    /// Rows in which nothing stands, or among numbers an infinite one.
    pub(super) n_missing: u64,
    /// Why many numbers are kept as texts, if few values are to blame.
    pub(super) nearly_numbers: Option<NearlyNumbers>,
}

/// Few values that keep a column of many numbers from being one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NearlyNumbers {
    /// Rows whose value is no number.
    pub(super) n_others: u64,
    /// The first of them, from 0.
    pub(super) row: usize,
    /// What stands there.
    pub(super) text: String,
}

/// What the numbers of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumbersAre {
    /// More or less of something, unless the column's name says otherwise.
    Amounts,
    /// Names, which are kept as texts.
    Codes,
}

/// The features of a column's texts.
pub(super) fn labels(column: &Coded, are: NumbersAre) -> Labels {
    let are_codes = are == NumbersAre::Codes || holds_codes(&column.name);
    let numbers = numbers(&column.texts).filter(|_| !are_codes);
    let counts = column.counts();
    match numbers {
        Some(numbers) => {
            let is_missing = |code: usize| numbers[code].is_none();
            Labels {
                n_missing: rows_of(&counts, is_missing),
                ..of_numbers(&column.name, &column.texts, &numbers, &counts)
            }
        }
        None => Labels {
            of: column
                .texts
                .iter()
                .map(|text| (!is_missing(text)).then(|| of_text(&column.name, text)))
                .collect(),
            is_binned: false,
            n_missing: rows_of(&counts, |code| is_missing(&column.texts[code])),
            nearly_numbers: nearly_numbers(column, &counts).filter(|_| !are_codes),
        },
    }
}

/// How many rows have a text of some kind, by its code.
fn rows_of(counts: &[u64], is: impl Fn(usize) -> bool) -> u64 {
    let codes = (0..counts.len()).filter(|&code| is(code));
    codes.map(|code| counts[code]).sum()
}

/// What keeps a column of many numbers from being one; none if it is few values' fault only in part.
fn nearly_numbers(column: &Coded, counts: &[u64]) -> Option<NearlyNumbers> {
    let number = |code: usize| column.texts[code].parse::<f64>().is_ok();
    let other = |code: usize| !number(code) && !is_missing(&column.texts[code]);
    let n_different = (0..counts.len()).filter(|&code| number(code)).count();
    let (n_numbers, n_others) = (rows_of(counts, number), rows_of(counts, other));
    let share = n_numbers as f64 / (n_numbers + n_others).max(1) as f64;
    // Texts are numbered in the order of their first rows.
    let first = (0..counts.len()).find(|&code| other(code))?;
    (n_different > MANY && share >= NEARLY).then(|| NearlyNumbers {
        n_others,
        row: column.first_row_of(first),
        text: column.texts[first].clone(),
    })
}

/// The features of numbers: each by itself, or bins with about as many rows each.
pub(super) fn of_numbers(
    name: &str,
    texts: &[String],
    numbers: &[Option<f64>],
    counts: &[u64],
) -> Labels {
    let mut order: Vec<(f64, usize)> = numbers
        .iter()
        .enumerate()
        .filter_map(|(code, number)| Some((number.filter(|number| *number != 0.0)?, code)))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut of = vec![None; texts.len()];
    let n_different = order.chunk_by(|a, b| a.0 == b.0).count();
    if n_different <= MANY {
        for (_, code) in order {
            of[code] = Some(of_text(name, &texts[code]));
        }
        return Labels {
            of,
            ..Labels::default()
        };
    }
    for bin in bins(&order, counts) {
        let (low, high) = (bin[0].0, bin[bin.len() - 1].0);
        for &(_, code) in bin {
            of[code] = Some(format!("{name} from {low} to {high}"));
        }
    }
    Labels {
        of,
        is_binned: true,
        ..Labels::default()
    }
}

/// Equal numbers share a bin; a bin closes as soon as it holds its share of the rows.
fn bins<'a>(order: &'a [(f64, usize)], counts: &[u64]) -> Vec<&'a [(f64, usize)]> {
    let all: u64 = order.iter().map(|&(_, code)| counts[code]).sum();
    let (mut bins, mut start, mut end, mut held) = (Vec::new(), 0, 0, 0);
    for same in order.chunk_by(|a, b| a.0 == b.0) {
        held += same.iter().map(|&(_, code)| counts[code]).sum::<u64>();
        end += same.len();
        if held * BINS >= all {
            bins.push(&order[start..end]);
            (start, held) = (end, 0);
        }
    }
    if start < order.len() {
        bins.push(&order[start..]);
    }
    bins
}

/// The number of each text, none where it is missing or infinite, as a division by 0 is written; nothing if a text is neither.
fn numbers(texts: &[String]) -> Option<Vec<Option<f64>>> {
    let mut numbers = Vec::with_capacity(texts.len());
    for text in texts {
        let number = text.parse::<f64>().ok();
        if number.is_none() && !is_missing(text) {
            return None;
        }
        numbers.push(number.filter(|number| number.is_finite()));
    }
    Some(numbers)
}

fn of_text(name: &str, text: &str) -> String {
    format!("{name}={text}")
}

#[cfg(test)]
mod tests {
    use super::super::coded::Coder;
    use super::*;

    fn column(texts: impl IntoIterator<Item = String>) -> Coded {
        let mut coder = Coder::new("c");
        for text in texts {
            coder.push(&text);
        }
        coder.column
    }

    #[test]
    fn texts_are_values_and_nothing_is_none() {
        let found = labels(
            &column(["a", "", "b|c", "NaN", "0"].map(String::from)),
            NumbersAre::Amounts,
        );
        let text = |label: &str| Some(label.to_owned());
        assert_eq!(
            found.of,
            [text("c=a"), None, text("c=b|c"), None, text("c=0")],
            "a 0 among texts is a text"
        );
    }

    #[test]
    fn few_numbers_stand_for_themselves_and_zero_is_absence() {
        let found = labels(
            &column(["1", "0.0", "", "2"].map(String::from)),
            NumbersAre::Amounts,
        );
        let text = |label: &str| Some(label.to_owned());
        assert_eq!(found.of, [text("c=1"), None, None, text("c=2")]);
        assert!(!found.is_binned);
    }

    #[test]
    fn many_numbers_fall_into_bins_of_as_many_rows() {
        let found = labels(
            &column((1..=100).map(|n| n.to_string())),
            NumbersAre::Amounts,
        );
        assert!(found.is_binned);
        assert_eq!(found.of[0].as_deref(), Some("c from 1 to 10"));
        assert_eq!(found.of[99].as_deref(), Some("c from 91 to 100"));
        let mut different = found.of.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 10);
    }

    #[test]
    fn infinite_numbers_and_marks_of_nothing_are_missing_and_counted() {
        let numbers = (1..=100).map(|n| n.to_string());
        let odd = ["inf", "-Infinity", "?", "-", "", "nan"].map(String::from);
        let found = labels(&column(numbers.chain(odd)), NumbersAre::Amounts);
        assert!(found.is_binned, "it is a column of numbers all the same");
        assert_eq!(found.n_missing, 6);
        assert!(found.of[100..].iter().all(Option::is_none));
        assert_eq!(found.nearly_numbers, None);
    }

    #[test]
    fn few_texts_among_many_numbers_are_told() {
        let texts = |n: usize| {
            let numbers = (1..=100).map(|n| n.to_string());
            column(numbers.chain((0..n).map(|i| format!("about {i}"))))
        };
        let found = labels(&texts(3), NumbersAre::Amounts);
        let wanted = NearlyNumbers {
            n_others: 3,
            row: 100,
            text: "about 0".to_owned(),
        };
        assert_eq!(found.nearly_numbers, Some(wanted));
        assert_eq!(labels(&texts(3), NumbersAre::Codes).nearly_numbers, None);
        assert_eq!(labels(&texts(20), NumbersAre::Amounts).nearly_numbers, None);
    }

    #[test]
    fn codes_are_values_however_many() {
        let mut codes = column((0..100).map(|n| n.to_string()));
        assert!(!labels(&codes, NumbersAre::Codes).is_binned);
        codes.name = "Campaign_ID".to_owned();
        let found = labels(&codes, NumbersAre::Amounts);
        assert_eq!(found.of[0].as_deref(), Some("Campaign_ID=0"));
        assert!(!found.is_binned);
    }
}
