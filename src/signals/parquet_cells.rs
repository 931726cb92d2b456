//! The cells of a batch of Parquet rows, by column of the table.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BinaryViewArray, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringViewArray,
};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

use super::header::Place;
use super::rejection::RejectionReason;
use super::row::Cells;
use super::salvage;
use super::spelled::{parse_end, parse_instant, parse_number, parse_truth, parse_whole};
use crate::time::Timestamp;

/// From here on not every whole number is a float of 64 bits, and of 32.
const EXACT_F64: f64 = 9_007_199_254_740_992.0;
const EXACT_F32: f32 = 16_777_216.0;

/// A column of a batch, with its type known.
enum Cell<'b> {
    Absent,
    /// The same text on every row.
    Said(&'b str),
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
    /// Decimals, and how many digits stand behind their point.
    D32(&'b PrimitiveArray<Decimal32Type>, i8),
    D64(&'b PrimitiveArray<Decimal64Type>, i8),
    D128(&'b PrimitiveArray<Decimal128Type>, i8),
    D256(&'b PrimitiveArray<Decimal256Type>, i8),
    Truth(&'b BooleanArray),
    /// Text of writers that do not say it is text.
    Bytes(&'b BinaryViewArray),
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
            DataType::Decimal32(_, scale) => Self::D32(array.as_primitive(), *scale),
            DataType::Decimal64(_, scale) => Self::D64(array.as_primitive(), *scale),
            DataType::Decimal128(_, scale) => Self::D128(array.as_primitive(), *scale),
            DataType::Decimal256(_, scale) => Self::D256(array.as_primitive(), *scale),
            DataType::Boolean => Self::Truth(array.as_boolean()),
            DataType::BinaryView => Self::Bytes(array.as_binary_view()),
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

    /// The text on a row of a column of text.
    fn spelled(&self, row: usize) -> Option<&'b str> {
        let text = self.text(row).map(str::trim);
        text.filter(|text| !text.is_empty())
    }

    fn integer(&self, row: usize) -> Option<i128> {
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

    fn float(&self, row: usize) -> Option<f64> {
        match self {
            Self::F32(array) => at(array, row).map(f64::from),
            Self::F64(array) => at(array, row),
            _ => None,
        }
    }

    /// A decimal as a number of units and how many digits of them stand behind the point.
    fn decimal(&self, row: usize) -> Result<Option<(i128, i8)>, RejectionReason> {
        let (units, scale) = match self {
            Self::D32(array, scale) => (at(array, row).map(i128::from), scale),
            Self::D64(array, scale) => (at(array, row).map(i128::from), scale),
            Self::D128(array, scale) => (at(array, row), scale),
            Self::D256(array, scale) => match at(array, row).map(i256::to_i128) {
                Some(None) => return Err(RejectionReason::OutOfRange),
                units => (units.flatten(), scale),
            },
            _ => return Ok(None),
        };
        Ok(units.map(|units| (units, *scale)))
    }

    fn whole(&self, row: usize) -> Result<Option<u64>, RejectionReason> {
        if let Some(text) = self.spelled(row) {
            return parse_whole(text).map(Some);
        }
        if let Some((units, scale)) = self.decimal(row)? {
            return whole_decimal(units, scale).map(Some);
        }
        if let Some(float) = self.float(row) {
            return whole_float(float);
        }
        let whole = self.integer(row).map(u64::try_from);
        whole.transpose().map_err(|_| RejectionReason::OutOfRange)
    }

    fn number(&self, row: usize) -> Result<Option<f64>, RejectionReason> {
        if let Some(text) = self.spelled(row) {
            return parse_number(text).map(Some);
        }
        let decimal = self.decimal(row)?;
        let decimal = decimal.map(|(units, scale)| units as f64 / 10_f64.powi(scale.into()));
        let integer = || self.integer(row).map(|whole| whole as f64);
        Ok(self.float(row).or(decimal).or_else(integer))
    }

    fn truth(&self, row: usize) -> Result<Option<bool>, RejectionReason> {
        if let Some(text) = self.spelled(row) {
            return parse_truth(text).map(Some);
        }
        match (self, self.integer(row)) {
            (Self::Truth(array), _) => Ok(array.is_valid(row).then(|| array.value(row))),
            (_, None) => Ok(None),
            (_, Some(0)) => Ok(Some(false)),
            (_, Some(1)) => Ok(Some(true)),
            (_, Some(_)) => Err(RejectionReason::WrongType),
        }
    }

    /// An instant; one that microseconds cannot count is out of range.
    fn instant(&self, row: usize) -> Result<Option<Timestamp>, RejectionReason> {
        if let Some(text) = self.spelled(row) {
            return parse_instant(text).map(Some);
        }
        let micros = match self.counted(row) {
            Some((count, Unit::Micros(n))) => count.checked_mul(n),
            Some((count, Unit::Nanos)) => Some(count.div_euclid(1_000)),
            None => return Ok(None),
        };
        let micros = micros.ok_or(RejectionReason::OutOfRange)?;
        Ok(Some(Timestamp::from_micros(micros)))
    }

    /// When something ends. What a unit counts to at most is later than everything: pandas and others write it for
    /// "without an end", and there is nothing above it that could be meant.
    fn end(&self, row: usize) -> Result<Option<Timestamp>, RejectionReason> {
        const LAST_SECOND_OF_NANOS: i64 = i64::MAX - 999_999_999;
        if let Some(text) = self.spelled(row) {
            return parse_end(text).map(Some);
        }
        let is_never = self.counted(row).is_some_and(|(count, unit)| match unit {
            Unit::Micros(n) => count > 0 && count.checked_mul(n).is_none(),
            Unit::Nanos => count >= LAST_SECOND_OF_NANOS,
        });
        if is_never {
            return Ok(Some(Timestamp::MAX));
        }
        self.instant(row)
    }

    /// The count of a timestamp and its unit.
    fn counted(&self, row: usize) -> Option<(i64, Unit)> {
        match self {
            Self::Seconds(array) => Some((at(array, row)?, Unit::Micros(1_000_000))),
            Self::Millis(array) => Some((at(array, row)?, Unit::Micros(1_000))),
            Self::Micros(array) => Some((at(array, row)?, Unit::Micros(1))),
            Self::Nanos(array) => Some((at(array, row)?, Unit::Nanos)),
            _ => None,
        }
    }

    fn text(&self, row: usize) -> Option<&'b str> {
        match self {
            Self::Said(text) => Some(*text),
            Self::Text(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Bytes(array) => array.is_valid(row).then(|| text_of(array.value(row))),
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

/// What a timestamp counts.
#[derive(Clone, Copy)]
enum Unit {
    /// So many microseconds.
    Micros(i64),
    Nanos,
}

/// Bytes that are no text become one that no column can store.
fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("\0")
}

/// A float that is a whole number, exactly; what is no number is no value, as in pandas.
fn whole_float(float: f64) -> Result<Option<u64>, RejectionReason> {
    if float.is_nan() {
        return Ok(None);
    }
    if float.trunc() != float {
        return Err(RejectionReason::WrongType);
    }
    if !(0.0..EXACT_F64).contains(&float) {
        return Err(RejectionReason::OutOfRange);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, not negative and below 2⁵³"
    )]
    Ok(Some(float as u64))
}

fn whole_decimal(units: i128, scale: i8) -> Result<u64, RejectionReason> {
    let power = 10_i128.checked_pow(u32::from(scale.unsigned_abs()));
    let power = power.ok_or(RejectionReason::OutOfRange)?;
    let whole = if scale <= 0 {
        units
            .checked_mul(power)
            .ok_or(RejectionReason::OutOfRange)?
    } else if units % power == 0 {
        units / power
    } else {
        return Err(RejectionReason::WrongType);
    };
    u64::try_from(whole).map_err(|_| RejectionReason::OutOfRange)
}

/// The first row of a column of floats on which a whole number may not be the one that was meant.
pub(super) fn first_inexact(array: &dyn Array) -> Option<usize> {
    let valid = |row: &usize| array.is_valid(*row);
    let mut rows = (0..array.len()).filter(valid);
    match array.data_type() {
        DataType::Float64 => {
            let floats = array.as_primitive::<Float64Type>();
            rows.find(|&row| floats.value(row).abs() >= EXACT_F64)
        }
        DataType::Float32 => {
            let floats = array.as_primitive::<Float32Type>();
            rows.find(|&row| floats.value(row).abs() >= EXACT_F32)
        }
        _ => None,
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
    /// The cells of a batch that has exactly the fields of a file that are somewhere in `places`, in the file's order.
    pub(super) fn new(places: &'b [Place], fields: &[usize], batch: &'b RecordBatch) -> Self {
        let cell = |place: &'b Place| match place {
            Place::Absent => Cell::Absent,
            Place::Said(text) => Cell::Said(text),
            Place::Field(field) => match fields.binary_search(field) {
                Ok(column) => Cell::new(batch.column(column).as_ref()),
                Err(_) => Cell::Absent,
            },
        };
        Self {
            columns: places.iter().map(cell).collect(),
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
        self.column(index).whole(self.row)
    }

    fn whole_salvaged(&self, index: usize) -> Option<u64> {
        let cell = self.column(index);
        let spelled = cell.spelled(self.row).and_then(salvage::whole_number);
        spelled.or_else(|| cell.whole(self.row).ok().flatten())
    }

    fn number(&self, index: usize) -> Result<Option<f64>, RejectionReason> {
        self.column(index).number(self.row)
    }

    fn truth(&self, index: usize) -> Result<Option<bool>, RejectionReason> {
        self.column(index).truth(self.row)
    }

    fn instant(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.column(index).instant(self.row)
    }

    fn end(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.column(index).end(self.row)
    }

    fn text(&self, index: usize) -> Option<&str> {
        self.column(index).text(self.row)
    }

    fn each_text<'a>(&'a self, index: usize, visit: &mut dyn FnMut(&'a str)) {
        self.column(index).each_text(self.row, visit);
    }
}
