//! Tables in memory, in the place of files.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::error::SignalsError;
use super::table::Table;

/// A table in memory: Arrow batches of one schema.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
}

impl Frame {
    /// How much memory it takes, whoever owns it.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = self.batches.iter().map(RecordBatch::get_array_memory_size);
        bytes.sum::<usize>() as u64
    }

    pub(super) fn n_rows(&self) -> u64 {
        self.batches
            .iter()
            .map(|batch| batch.num_rows() as u64)
            .sum()
    }
}

/// Tables in memory, by name. They are read by the rules of Parquet files, with the same columns, rejections and refusals; only
/// limits against hostile files do not apply. Cloning copies no rows.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use acquaint::signals::{Friendship, Frames, ReadLimits, SignalsDir};
/// use arrow_array::{Int64Array, RecordBatch, StringArray};
///
/// let batch = RecordBatch::try_from_iter([
///     ("user_a", Arc::new(Int64Array::from(vec![1, 2])) as _),
///     ("user_b", Arc::new(Int64Array::from(vec![2, -3])) as _),
///     ("since", Arc::new(StringArray::from(vec!["2016-01-01T00:00:00Z"; 2])) as _),
/// ])?;
/// let mut frames = Frames::default();
/// frames.insert("friendships", batch.schema(), vec![batch])?;
/// let empty = tempfile::tempdir()?;
/// let signals = SignalsDir::open(empty.path(), &ReadLimits::default().check()?)?;
/// let rows = signals.with_frames(&frames)?.read::<Friendship>()?;
/// assert_eq!(rows.records.len(), 1);
/// assert_eq!(rows.rejections[0].file, "friendships.frame");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Frames {
    tables: BTreeMap<Table, Arc<Frame>>,
}

impl Frames {
    /// Adds a table.
    ///
    /// # Errors
    /// If no table has that name, it is there already, or a batch has another schema.
    pub fn insert(
        &mut self,
        name: &str,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<(), SignalsError> {
        let Some(table) = Table::parse(name) else {
            return Err(SignalsError::UnknownTable {
                file: name.to_owned(),
                hint: Table::resembled(name).or_else(|| Table::nearest(name)),
            });
        };
        let is_other = |batch: &RecordBatch| batch.schema_ref().fields() != schema.fields();
        if batches.iter().any(is_other) {
            return Err(SignalsError::Damaged {
                file: label(table),
                detail: "its batches have several schemas".to_owned(),
            });
        }
        let frame = Arc::new(Frame { schema, batches });
        match self.tables.insert(table, frame) {
            None => Ok(()),
            Some(_) => Err(SignalsError::TwoForms {
                table,
                first: label(table),
                second: label(table),
            }),
        }
    }

    /// Is there no table?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = (Table, &Frame)> {
        self.tables
            .iter()
            .map(|(&table, frame)| (table, frame.as_ref()))
    }

    pub(super) fn get(&self, table: Table) -> Option<&Frame> {
        self.tables.get(&table).map(AsRef::as_ref)
    }
}

/// What a frame is called wherever files are told of.
pub(super) fn label(table: Table) -> String {
    format!("{table}.frame")
}
