//! LIBSVM and Vowpal Wabbit: a label, then the features that a row has.

use super::coded::Coder;
use super::error::{ClicksError, Reason};
use super::raw::{Raw, SparseReader};
use crate::eval::edges::Lines;

/// What the column of labels is called.
pub(super) const LABEL: &str = "label";

/// `label index:value …`, with `qid:` and what stands behind `#` passed over.
pub(super) fn libsvm(mut lines: Lines<'_>) -> Result<Raw, ClicksError> {
    let mut label = Coder::new(LABEL);
    let mut features = SparseReader::default();
    while let Some(line) = lines.read()?.map(str::to_owned) {
        let row = line.split('#').next().unwrap_or_default();
        let mut words = row.split_whitespace();
        let Some(first) = words.next() else { continue };
        label.push(first);
        for word in words.filter(|word| !word.starts_with("qid:")) {
            let (index, number) = indexed(word).map_err(|reason| lines.error(reason))?;
            features.push(&format!("f{index}"), number);
        }
        features.end_row();
    }
    Ok(Raw {
        sparse: features.finish(),
        ..Raw::of_columns(vec![label])
    })
}

fn indexed(word: &str) -> Result<(u64, f64), Reason> {
    let parsed = word.split_once(':').and_then(|(index, number)| {
        let number = number
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        Some((index.parse().ok()?, number?))
    });
    parsed.ok_or_else(|| format!("expected `index:value`, not `{}`", word.escape_debug()).into())
}

/// `label [importance] ['tag]|namespace feature[:value] … |namespace …`; each namespace that is named becomes a column of the
/// one feature in it.
pub(super) fn vw(mut lines: Lines<'_>, named: &[&str]) -> Result<Raw, ClicksError> {
    let mut table = Vw::new(named);
    while let Some(line) = lines.read()?.map(str::to_owned) {
        if line.trim().is_empty() {
            continue;
        }
        table.take(&line).map_err(|reason| lines.error(reason))?;
    }
    Ok(table.finish())
}

struct Vw {
    /// The label, then the namespaces that are columns.
    columns: Vec<Coder>,
    features: SparseReader,
    n_weighted: u64,
}

impl Vw {
    fn new(named: &[&str]) -> Self {
        let columns = [LABEL].into_iter().chain(named.iter().copied());
        Self {
            columns: columns.map(Coder::new).collect(),
            features: SparseReader::default(),
            n_weighted: 0,
        }
    }

    fn take(&mut self, line: &str) -> Result<(), Reason> {
        let mut parts = line.split('|');
        let head = parts.next().unwrap_or_default();
        let mut words = head.split_whitespace();
        let label = words.next().filter(|label| !label.starts_with('\''));
        let label = label.ok_or("there is no label in front of the first bar")?;
        let is_weighted = words
            .next()
            .is_some_and(|w| w.parse::<f64>().is_ok_and(|w| w != 1.0));
        self.n_weighted += u64::from(is_weighted);
        let mut found = vec![None; self.columns.len()];
        found[0] = Some(label);
        for part in parts {
            self.take_namespace(part, &mut found)?;
        }
        for (column, text) in self.columns.iter_mut().zip(found) {
            column.push(text.unwrap_or_default());
        }
        self.features.end_row();
        Ok(())
    }

    fn take_namespace<'l>(
        &mut self,
        part: &'l str,
        found: &mut [Option<&'l str>],
    ) -> Result<(), Reason> {
        let has_name = part.starts_with(|c: char| !c.is_whitespace());
        let mut words = part.split_whitespace();
        let name = if has_name {
            words.next().unwrap_or_default()
        } else {
            ""
        };
        let name = name.split(':').next().unwrap_or_default();
        let column = self
            .columns
            .iter()
            .skip(1)
            .position(|column| column.column.name == name);
        let Some(column) = column.filter(|_| has_name) else {
            for word in words {
                let (feature, number) = valued(word)?;
                self.features.push(&format!("{name}^{feature}"), number);
            }
            return Ok(());
        };
        for word in words {
            if found[column + 1].replace(word).is_some() {
                return Err(
                    format!("namespace `{name}` is to be a column, and has two features").into(),
                );
            }
        }
        Ok(())
    }

    fn finish(self) -> Raw {
        let mut raw = Raw {
            sparse: self.features.finish(),
            ..Raw::of_columns(self.columns)
        };
        if self.n_weighted > 0 {
            let note = format!(
                "{} rows have a weight that is not 1, which is not read",
                self.n_weighted
            );
            raw.notes.push(note);
        }
        raw
    }
}

fn valued(word: &str) -> Result<(&str, f64), Reason> {
    let Some((feature, number)) = word.rsplit_once(':') else {
        return Ok((word, 1.0));
    };
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((feature, number)),
        _ => Err(format!("expected `feature:number`, not `{}`", word.escape_debug()).into()),
    }
}
