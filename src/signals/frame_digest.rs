//! The digest of a frame: of the values that are read, however they are cut into batches and wherever they lie.
//!
//! Each column is digested by itself, value after value: a byte that says whether there is one, and what it is. Text and lists
//! begin with their length, so no two columns are digested alike. The digest of the frame is that of its columns' names and digests.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, downcast_primitive_array};
use arrow_buffer::ToByteSlice;
use arrow_schema::{DataType, Schema};

/// What was digested so far.
pub(super) struct FrameDigest {
    columns: Vec<ColumnDigest>,
    bytes: u64,
    buffer: Vec<u8>,
}

struct ColumnDigest {
    name: String,
    hasher: blake3::Hasher,
}

impl FrameDigest {
    /// Of the fields of a schema that are read, by their places.
    pub(super) fn new(fields: &[usize], schema: &Schema) -> Self {
        let columns = fields.iter().map(|&field| ColumnDigest {
            name: schema.field(field).name().clone(),
            hasher: blake3::Hasher::new(),
        });
        Self {
            columns: columns.collect(),
            bytes: 0,
            buffer: Vec::new(),
        }
    }

    /// Adds rows of exactly those columns.
    pub(super) fn add(&mut self, rows: &RecordBatch) {
        for (column, array) in self.columns.iter_mut().zip(rows.columns()) {
            self.buffer.clear();
            spell(array.as_ref(), &mut self.buffer);
            self.bytes += self.buffer.len() as u64;
            column.hasher.update(&self.buffer);
        }
    }

    /// The digest, and of how many bytes.
    pub(super) fn finish(mut self) -> (blake3::Hash, u64) {
        // Two frames that name the same columns in another order hold the same.
        self.columns.sort_by(|a, b| a.name.cmp(&b.name));
        let mut all = blake3::Hasher::new();
        for column in &self.columns {
            all.update(&(column.name.len() as u64).to_le_bytes());
            all.update(column.name.as_bytes());
            all.update(column.hasher.finalize().as_bytes());
        }
        (all.finalize(), self.bytes)
    }
}

/// Appends the values of an array.
fn spell(array: &dyn Array, to: &mut Vec<u8>) {
    downcast_primitive_array!(
        array => array.iter().for_each(|value| match value {
            Some(value) => fixed(value.to_byte_slice(), to),
            None => to.push(0),
        }),
        DataType::Boolean => array.as_boolean().iter().for_each(|value| match value {
            Some(value) => fixed(&[u8::from(value)], to),
            None => to.push(0),
        }),
        DataType::Utf8View => {
            let texts = array.as_string_view().iter();
            texts.for_each(|text| long(text.map(str::as_bytes), to));
        }
        DataType::BinaryView => array.as_binary_view().iter().for_each(|bytes| long(bytes, to)),
        DataType::List(_) => spell_lists(array, to),
        // Of a column of nulls there is nothing but its length.
        _ => to.resize(to.len() + array.len(), 0),
    );
}

fn spell_lists(array: &dyn Array, to: &mut Vec<u8>) {
    for items in array.as_list::<i32>() {
        match items {
            None => to.push(0),
            Some(items) => {
                to.push(1);
                to.extend((items.len() as u64).to_le_bytes());
                spell(items.as_ref(), to);
            }
        }
    }
}

fn fixed(bytes: &[u8], to: &mut Vec<u8>) {
    to.push(1);
    to.extend(bytes);
}

fn long(bytes: Option<&[u8]>, to: &mut Vec<u8>) {
    match bytes {
        None => to.push(0),
        Some(bytes) => {
            to.push(1);
            to.extend((bytes.len() as u64).to_le_bytes());
            to.extend(bytes);
        }
    }
}
