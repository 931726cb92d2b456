//! Values of published tables as text.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_schema::DataType;

/// A value as text that tells any two values apart.
pub(in crate::engine) fn cell(column: &dyn Array, i: usize) -> String {
    if column.is_null(i) {
        return "none".to_owned();
    }
    match column.data_type() {
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(i).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(i).to_string(),
        DataType::Float64 => format!("{:?}", column.as_primitive::<Float64Type>().value(i)),
        DataType::Boolean => column.as_boolean().value(i).to_string(),
        DataType::Utf8 => column.as_string::<i32>().value(i).to_owned(),
        DataType::Timestamp(..) => column
            .as_primitive::<TimestampMicrosecondType>()
            .value(i)
            .to_string(),
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(i);
            let texts: Vec<String> = (0..items.len()).map(|item| cell(&items, item)).collect();
            format!("[{}]", texts.join("; "))
        }
        other => format!("a value of type {other}"),
    }
}
