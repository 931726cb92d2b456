//! The cells of a batch of Parquet rows, by column of the table.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringViewArray};
use arrow_schema::{DataType, TimeUnit};

use super::column::Column;
use super::rejection::RejectionReason;
use super::row::Cells;
use crate::time::Timestamp;

/// A column of a batch, with its type known.
enum Cell<'b> {
    Absent,
    I8(&'b PrimitiveArray<Int8Type>),
    I16(&'b PrimitiveArray<Int16Type>),
    I32(&'b PrimitiveArray<Int32Type>),
    I64(&'b PrimitiveArray<Int64Type>),
    U8(&'b PrimitiveArray<UInt8Type>),
    U16(&'b PrimitiveArray<UInt16Type>),
    U32(&'b PrimitiveArray<UInt32Type>),
    U64(&'b PrimitiveArray<UInt64Type>),
    F32(&'b PrimitiveArray<Float32Type>),
    F64(&'b PrimitiveArray<Float64Type>),
    Truth(&'b BooleanArray),
    Text(&'b StringViewArray),
    List(&'b ListArray, &'b StringViewArray),
    Seconds(&'b PrimitiveArray<TimestampSecondType>),
    Millis(&'b PrimitiveArray<TimestampMillisecondType>),
    Micros(&'b PrimitiveArray<TimestampMicrosecondType>),
    Nanos(&'b PrimitiveArray<TimestampNanosecondType>),
}

impl<'b> Cell<'b> {
    fn new(array: &'b dyn Array) -> Self {
        match array.data_type() {
            DataType::Int8 => Self::I8(array.as_primitive()),
            DataType::Int16 => Self::I16(array.as_primitive()),
            DataType::Int32 => Self::I32(array.as_primitive()),
            DataType::Int64 => Self::I64(array.as_primitive()),
            DataType::UInt8 => Self::U8(array.as_primitive()),
            DataType::UInt16 => Self::U16(array.as_primitive()),
            DataType::UInt32 => Self::U32(array.as_primitive()),
            DataType::UInt64 => Self::U64(array.as_primitive()),
            DataType::Float32 => Self::F32(array.as_primitive()),
            DataType::Float64 => Self::F64(array.as_primitive()),
            DataType::Boolean => Self::Truth(array.as_boolean()),
            DataType::Utf8View => Self::Text(array.as_string_view()),
            DataType::List(_) => Self::list(array.as_list()),
            DataType::Timestamp(TimeUnit::Second, _) => Self::Seconds(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Millisecond, _) => Self::Millis(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Micros(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => Self::Nanos(array.as_primitive()),
            // The file's types were checked before: what is left is a column of nulls.
            _ => Self::Absent,
        }
    }

    fn list(lists: &'b ListArray) -> Self {
        lists
            .values()
            .as_string_view_opt()
            .map_or(Self::Absent, |items| Self::List(lists, items))
    }

    fn whole(&self, row: usize) -> Option<i128> {
        match self {
            Self::I8(array) => at(array, row).map(i128::from),
            Self::I16(array) => at(array, row).map(i128::from),
            Self::I32(array) => at(array, row).map(i128::from),
            Self::I64(array) => at(array, row).map(i128::from),
            Self::U8(array) => at(array, row).map(i128::from),
            Self::U16(array) => at(array, row).map(i128::from),
            Self::U32(array) => at(array, row).map(i128::from),
            Self::U64(array) => at(array, row).map(i128::from),
            _ => None,
        }
    }

    fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::F32(array) => at(array, row).map(f64::from),
            Self::F64(array) => at(array, row),
            integer => integer.whole(row).map(|whole| whole as f64),
        }
    }

    /// An instant; one that microseconds cannot count is out of range.
    fn instant(&self, row: usize) -> Result<Option<Timestamp>, RejectionReason> {
        let scaled = |count: i64, micros: i64| count.checked_mul(micros);
        let micros = match self {
            Self::Seconds(array) => at(array, row).map(|count| scaled(count, 1_000_000)),
            Self::Millis(array) => at(array, row).map(|count| scaled(count, 1_000)),
            Self::Micros(array) => at(array, row).map(Some),
            Self::Nanos(array) => at(array, row).map(|count| Some(count.div_euclid(1_000))),
            _ => None,
        };
        let micros = micros.map(|micros| micros.ok_or(RejectionReason::OutOfRange));
        Ok(micros.transpose()?.map(Timestamp::from_micros))
    }

    fn text(&self, row: usize) -> Option<&'b str> {
        match self {
            Self::Text(array) if array.is_valid(row) => Some(array.value(row)),
            _ => None,
        }
    }

    fn each_text(&self, row: usize, visit: &mut dyn FnMut(&'b str)) {
        match self {
            Self::List(lists, items) if lists.is_valid(row) => {
                for item in items_of(lists, row).filter(|&item| items.is_valid(item)) {
                    visit(items.value(item));
                }
            }
            text => text.text(row).into_iter().for_each(visit),
        }
    }
}

fn at<T: arrow_array::ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    row: usize,
) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

fn items_of(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offset = |at: usize| {
        usize::try_from(lists.value_offsets()[at]).expect("list offsets are not negative")
    };
    offset(row)..offset(row + 1)
}

/// The columns of a batch, in the order of the table's columns.
pub(super) struct ParquetCells<'b> {
    columns: Vec<Cell<'b>>,
}

impl<'b> ParquetCells<'b> {
    pub(super) fn new(columns: &[Column], batch: &'b RecordBatch) -> Self {
        let cell = |column: &Column| match batch.column_by_name(column.name) {
            Some(array) => Cell::new(array.as_ref()),
            None => Cell::Absent,
        };
        Self {
            columns: columns.iter().map(cell).collect(),
        }
    }

    /// One row of the batch.
    pub(super) const fn at(&self, row: usize) -> ParquetRow<'_, 'b> {
        ParquetRow { cells: self, row }
    }
}

/// One row of a batch.
pub(super) struct ParquetRow<'c, 'b> {
    cells: &'c ParquetCells<'b>,
    row: usize,
}

impl<'b> ParquetRow<'_, 'b> {
    fn column(&self, index: usize) -> &Cell<'b> {
        &self.cells.columns[index]
    }
}

impl Cells for ParquetRow<'_, '_> {
    fn whole(&self, index: usize) -> Result<Option<u64>, RejectionReason> {
        let whole = self.column(index).whole(self.row).map(u64::try_from);
        whole.transpose().map_err(|_| RejectionReason::OutOfRange)
    }

    fn number(&self, index: usize) -> Result<Option<f64>, RejectionReason> {
        Ok(self.column(index).number(self.row))
    }

    fn truth(&self, index: usize) -> Result<Option<bool>, RejectionReason> {
        Ok(match self.column(index) {
            Cell::Truth(array) => array.is_valid(self.row).then(|| array.value(self.row)),
            _ => None,
        })
    }

    fn instant(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.column(index).instant(self.row)
    }

    fn text(&self, index: usize) -> Option<&str> {
        self.column(index).text(self.row)
    }

    fn each_text<'a>(&'a self, index: usize, visit: &mut dyn FnMut(&'a str)) {
        self.column(index).each_text(self.row, visit);
    }
}
