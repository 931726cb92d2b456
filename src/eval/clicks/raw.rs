//! A table as it stands in its file.

use super::coded::{Coded, Coder};
use super::numbers::of_numbers;
use crate::hash::HashMap;

/// A table as it stands in its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Raw {
    pub(super) columns: Vec<Coded>,
    /// Features that stand in rows and not in columns.
    pub(super) sparse: Sparse,
    pub(super) n_rows: usize,
    /// Sentences without a full stop.
    pub(super) notes: Vec<String>,
}

impl Raw {
    /// Of columns that were read to their ends.
    pub(super) fn of_columns(columns: Vec<Coder>) -> Self {
        Self {
            n_rows: columns.first().map_or(0, Coder::n_rows),
            columns: columns.into_iter().map(|coder| coder.column).collect(),
            ..Self::default()
        }
    }
}

/// Named numbers, any of them for any row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sparse {
    /// Where the codes of a row end.
    ends: Vec<usize>,
    codes: Vec<u32>,
    names: Vec<String>,
    /// The name and the number of each code.
    values: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Value {
    name: u32,
    number: f64,
}

impl Sparse {
    /// The codes of a row's features.
    pub(super) fn row(&self, row: usize) -> &[u32] {
        let Some(&end) = self.ends.get(row) else {
            return &[];
        };
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.codes[start..end]
    }

    /// How many different names there are.
    pub(super) const fn n_names(&self) -> usize {
        self.names.len()
    }

    /// The feature of each code: the name alone for the number 1, none for 0.
    pub(super) fn labels(&self) -> Vec<Option<String>> {
        let mut counts = vec![0; self.values.len()];
        for &code in &self.codes {
            counts[code as usize] += 1;
        }
        let mut of_name: Vec<Vec<usize>> = vec![Vec::new(); self.names.len()];
        for (code, value) in self.values.iter().enumerate() {
            of_name[value.name as usize].push(code);
        }
        let mut labels = vec![None; self.values.len()];
        for (name, codes) in self.names.iter().zip(of_name) {
            for (&code, label) in codes.iter().zip(self.labels_of(name, &codes, &counts)) {
                labels[code] = label;
            }
        }
        labels
    }

    fn labels_of(&self, name: &str, codes: &[usize], counts: &[u64]) -> Vec<Option<String>> {
        let numbers: Vec<f64> = codes.iter().map(|&code| self.values[code].number).collect();
        if numbers.iter().all(|number| [0.0, 1.0].contains(number)) {
            let label = |number: &f64| (*number != 0.0).then(|| name.replace('|', "/"));
            return numbers.iter().map(label).collect();
        }
        let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let counts: Vec<u64> = codes.iter().map(|&code| counts[code]).collect();
        let numbers: Vec<Option<f64>> = numbers.into_iter().map(Some).collect();
        of_numbers(name, &texts, &numbers, &counts).of
    }
}

/// Sparse features being read.
#[derive(Debug, Default)]
pub(super) struct SparseReader {
    sparse: Sparse,
    name_of: HashMap<String, u32>,
    code_of: HashMap<(u32, u64), u32>,
}

impl SparseReader {
    pub(super) fn push(&mut self, name: &str, number: f64) {
        let name_code = self.name_code(name);
        let values = &mut self.sparse.values;
        let next = u32::try_from(values.len()).expect("values fit in memory");
        let code = *self
            .code_of
            .entry((name_code, number.to_bits()))
            .or_insert(next);
        if code == next {
            values.push(Value {
                name: name_code,
                number,
            });
        }
        self.sparse.codes.push(code);
    }

    fn name_code(&mut self, name: &str) -> u32 {
        if let Some(&code) = self.name_of.get(name) {
            return code;
        }
        let code = u32::try_from(self.sparse.names.len()).expect("names fit in memory");
        self.sparse.names.push(name.to_owned());
        self.name_of.insert(name.to_owned(), code);
        code
    }

    pub(super) fn end_row(&mut self) {
        self.sparse.ends.push(self.sparse.codes.len());
    }

    pub(super) fn finish(self) -> Sparse {
        self.sparse
    }
}
