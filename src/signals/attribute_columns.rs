//! The columns of a table that say what is known of a person, read once for all rows that say the same.

use std::cell::RefCell;
use std::sync::Arc;

use super::attributes::Attributes;
use super::column::Column;
use super::own::Columns;
use super::row::{Fault, Row};
use super::shared_attributes::Kept;

/// The columns of a table that say what is known of a person.
pub(super) struct AttributeColumns {
    pub(super) region: &'static Column,
    pub(super) age_band: &'static Column,
    pub(super) gender: &'static Column,
    pub(super) language: &'static Column,
    pub(super) interests: &'static Column,
}

thread_local! {
    /// The cells of one row, one after another.
    static CELLS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Row<'_> {
    /// What a row says of a person. Words about a sensitive topic are left out and counted.
    ///
    /// # Errors
    /// The first column that is wrong.
    pub(super) fn attributes(&self, columns: &AttributeColumns) -> Result<Arc<Attributes>, Fault> {
        let Some(shared) = self.columns().map(Columns::attributes) else {
            return self.read_attributes(columns).map(Arc::new);
        };
        let kept = CELLS.with_borrow_mut(|cells| {
            cells.clear();
            self.write_cells(columns, cells);
            shared.of(cells, || {
                let (attributes, terms) = self.apart(|| self.read_attributes(columns));
                let attributes = Arc::new(attributes?);
                Ok(Kept { attributes, terms })
            })
        })?;
        self.count(kept.terms);
        Ok(kept.attributes)
    }

    fn read_attributes(&self, columns: &AttributeColumns) -> Result<Attributes, Fault> {
        Ok(Attributes {
            region: self.region_if(columns.region)?,
            age_band: self.harmless_if(columns.age_band)?,
            gender: self.harmless_if(columns.gender)?,
            language: self.lower_if(columns.language)?,
            interests: self.interests(columns.interests)?,
        })
    }

    /// The texts of the columns, each with its length, so that no two rows of different texts look the same.
    fn write_cells(&self, columns: &AttributeColumns, cells: &mut Vec<u8>) {
        let write = |text: &str, cells: &mut Vec<u8>| {
            cells.extend_from_slice(&text.len().to_le_bytes());
            cells.extend_from_slice(text.as_bytes());
        };
        let AttributeColumns {
            region,
            age_band,
            gender,
            language,
            interests,
        } = columns;
        for column in [region, age_band, gender, language] {
            write(self.raw_text(column), cells);
        }
        self.raw_texts(interests, &mut |text| write(text, cells));
    }
}
