//! Columns of texts: each different text is kept once, a cell is its place.

use crate::hash::HashMap;

/// A column of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coded {
    pub(super) name: String,
    /// A place in `texts` for each row.
    pub(super) codes: Vec<u32>,
    pub(super) texts: Vec<String>,
}

impl Coded {
    pub(super) fn text(&self, row: usize) -> &str {
        &self.texts[self.codes[row] as usize]
    }

    /// How many rows have each text.
    pub(super) fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.texts.len()];
        for &code in &self.codes {
            counts[code as usize] += 1;
        }
        counts
    }

    /// The first row that has a text.
    pub(super) fn first_row_of(&self, code: usize) -> usize {
        let found = self.codes.iter().position(|&at| at as usize == code);
        found.expect("a text comes from a row")
    }
}

/// A column being read.
#[derive(Debug, Default)]
pub(super) struct Coder {
    pub(super) column: Coded,
    place_of: HashMap<String, u32>,
}

impl Coder {
    pub(super) fn new(name: &str) -> Self {
        let column = Coded {
            name: name.to_owned(),
            ..Coded::default()
        };
        Self {
            column,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        let code = self.code(text);
        self.column.codes.push(code);
    }

    pub(super) fn n_rows(&self) -> usize {
        self.column.codes.len()
    }

    fn code(&mut self, text: &str) -> u32 {
        if let Some(&code) = self.place_of.get(text) {
            return code;
        }
        let code = u32::try_from(self.column.texts.len())
            .expect("different texts of a column fit in memory");
        self.column.texts.push(text.to_owned());
        self.place_of.insert(text.to_owned(), code);
        code
    }
}
