//! Ids of people, items and advertisers: whole numbers as they stand, or any text, numbered.

use super::coded::Coded;
use super::is_missing;

/// A column of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IdColumn {
    /// A place in `ids` for each row.
    pub(super) codes: Vec<u32>,
    /// The id of each text; none of what is missing.
    pub(super) ids: Vec<Option<u64>>,
    /// The texts of the ids from 1 on; empty if all were numbers.
    pub(super) texts: Vec<String>,
}

impl IdColumn {
    /// Numbers are kept if all texts are numbers; else all texts are numbered from 1 in the order of their bytes.
    pub(super) fn of(column: Coded) -> Self {
        let Coded { codes, texts, .. } = column;
        let number = |text: &String| match text.parse::<u64>() {
            Ok(number) => Some(Some(number)),
            Err(_) => is_missing(text).then_some(None),
        };
        let numbers: Option<Vec<Option<u64>>> = texts.iter().map(number).collect();
        if let Some(ids) = numbers {
            return Self {
                codes,
                ids,
                texts: Vec::new(),
            };
        }
        let mut order: Vec<(String, usize)> = texts
            .into_iter()
            .enumerate()
            .map(|(code, text)| (text, code))
            .collect();
        let mut ids = vec![None; order.len()];
        order.retain(|(text, _)| !is_missing(text));
        order.sort_unstable();
        for (id, (_, code)) in (1..).zip(&order) {
            ids[*code] = Some(id);
        }
        Self {
            codes,
            ids,
            texts: order.into_iter().map(|(text, _)| text).collect(),
        }
    }

    pub(super) fn id(&self, row: usize) -> Option<u64> {
        self.ids[self.codes[row] as usize]
    }

    /// How many rows have none.
    pub(super) fn n_missing(&self) -> usize {
        let is_missing = |code: &&u32| self.ids[**code as usize].is_none();
        self.codes.iter().filter(is_missing).count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::coded::Coder;
    use super::*;

    fn column(texts: &[&str]) -> IdColumn {
        let mut coder = Coder::new("id");
        for text in texts {
            coder.push(text);
        }
        IdColumn::of(coder.column)
    }

    #[test]
    fn numbers_are_kept_and_texts_numbered() {
        let numbers = column(&["7", "", "7", "0"]);
        let ids: Vec<_> = (0..4).map(|row| numbers.id(row)).collect();
        assert_eq!(ids, [Some(7), None, Some(7), Some(0)]);
        assert_eq!((numbers.n_missing(), numbers.texts.len()), (1, 0));
        let texts = column(&["carl", "NULL", "anna", "7"]);
        let ids: Vec<_> = (0..4).map(|row| texts.id(row)).collect();
        assert_eq!(ids, [Some(3), None, Some(2), Some(1)]);
        assert_eq!(texts.texts, ["7", "anna", "carl"]);
    }
}
