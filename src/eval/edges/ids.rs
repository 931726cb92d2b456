//! Ids: whole numbers as they stand, or any text, numbered.

use super::error::Reason;
use crate::hash::HashMap;

/// What an id of an edge list may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EdgeIds {
    /// A whole number, kept as it is.
    #[default]
    Numbers,
    /// Any text: the texts of all lists together are numbered from 1 in their order, byte by byte.
    Dictionary,
}

/// What stands in the place of an id where a program knew none.
const MISSING: [&str; 9] = [
    "nan",
    "null",
    "none",
    "na",
    "n/a",
    "<na>",
    "\\n",
    "nil",
    "undefined",
];

/// Texts and their numbers.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    /// In order.
    pub(super) texts: Vec<String>,
    /// The number of each place that was handed out before.
    pub(super) number_of: Vec<u64>,
}

/// Reads ids.
#[derive(Debug)]
pub(super) struct Ids {
    texts: Option<Interned>,
}

#[derive(Debug, Default)]
struct Interned {
    places: HashMap<String, u64>,
}

impl Ids {
    pub(super) fn new(ids: EdgeIds) -> Self {
        Self {
            texts: (ids == EdgeIds::Dictionary).then(Interned::default),
        }
    }

    pub(super) const fn are_texts(&self) -> bool {
        self.texts.is_some()
    }

    pub(super) const fn kind(&self) -> EdgeIds {
        if self.are_texts() {
            EdgeIds::Dictionary
        } else {
            EdgeIds::Numbers
        }
    }

    /// The id that stands in a cell. That of a text is final after [`finish`](Self::finish).
    pub(super) fn read(&mut self, cell: &str) -> Result<u64, Reason> {
        match &mut self.texts {
            None => cell.parse().map_err(|_| why_not_a_number(cell)),
            Some(texts) => texts.read(cell),
        }
    }

    /// The id of a node that its file numbers.
    pub(super) fn of(&mut self, number: u64) -> u64 {
        match &mut self.texts {
            None => number,
            Some(texts) => texts.place(number.to_string()),
        }
    }

    /// Is this text an id that was read?
    pub(super) fn has(&self, text: &str) -> bool {
        self.texts
            .as_ref()
            .is_some_and(|texts| texts.places.contains_key(text))
    }

    /// The texts as they are numbered; none if ids are numbers.
    pub(super) fn finish(self) -> Numbered {
        let Some(texts) = self.texts else {
            return Numbered::default();
        };
        let mut ordered: Vec<(String, u64)> = texts.places.into_iter().collect();
        ordered.sort_unstable();
        let mut number_of = vec![0; ordered.len()];
        for ((_, place), number) in ordered.iter().zip(1..) {
            let place = usize::try_from(*place).expect("places are those of a map in memory");
            number_of[place] = number;
        }
        Numbered {
            texts: ordered.into_iter().map(|(text, _)| text).collect(),
            number_of,
        }
    }
}

impl Interned {
    fn read(&mut self, cell: &str) -> Result<u64, Reason> {
        if cell.is_empty() {
            return Err("an id is missing".into());
        }
        if MISSING.contains(&cell.to_lowercase().as_str()) {
            return Err(
                "an id is missing: what stands here is how programs write that there is none"
                    .into(),
            );
        }
        if let Some(&place) = self.places.get(cell) {
            return Ok(place);
        }
        Ok(self.place(cell.replace("\"\"", "\"")))
    }

    fn place(&mut self, text: String) -> u64 {
        let next = self.places.len() as u64;
        *self.places.entry(text).or_insert(next)
    }
}

const EXPECTED: &str = "expected a whole number from 0 to 18446744073709551615";

fn why_not_a_number(cell: &str) -> Reason {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let is_number =
        digits.parse::<f64>().is_ok() && digits.starts_with(|c: char| c.is_ascii_digit());
    if is_number || cell.is_empty() {
        return EXPECTED.into();
    }
    format!("{EXPECTED}; `--ids dictionary` numbers ids that are text").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_in_their_order() {
        let mut ids = Ids::new(EdgeIds::Dictionary);
        let places: Vec<u64> = ["carl", "anna", "bob", "anna", "10", "9"]
            .into_iter()
            .map(|text| ids.read(text).unwrap())
            .collect();
        assert!(ids.has("anna") && !ids.has("dora"));
        let Numbered { texts, number_of } = ids.finish();
        assert_eq!(texts, ["10", "9", "anna", "bob", "carl"]);
        let numbers: Vec<u64> = places
            .iter()
            .map(|&place| number_of[usize::try_from(place).expect("a place in memory")])
            .collect();
        assert_eq!(numbers, [5, 3, 4, 3, 1, 2]);
    }

    #[test]
    fn deny_what_is_no_id() {
        let mut numbers = Ids::new(EdgeIds::Numbers);
        for text in [
            "",
            "-1",
            "1.0",
            "1e3",
            "anna",
            "18446744073709551616",
            "0x10",
            "١",
        ] {
            assert!(numbers.read(text).is_err(), "{text:?}");
        }
        assert_eq!(numbers.read("18446744073709551615"), Ok(u64::MAX));
        let mut texts = Ids::new(EdgeIds::Dictionary);
        for text in ["", "nan", "NULL", "None", "\\N", "NA"] {
            assert!(texts.read(text).is_err(), "{text:?}");
        }
    }
}
