//! Which Arrow types are read as which kind of value; the same rules hold for Parquet files and for frames.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, FieldRef, Schema};

use super::column::{Column, Kind};
use super::error::SignalsError;
use super::header::Place;
use super::parquet_cells::first_inexact;

/// A field as it is read: text as views, lists with small offsets, and no dictionaries.
pub(super) fn retyped(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) => DataType::List(retyped(item)),
        DataType::Dictionary(_, value) => {
            let plain = Field::new(field.name(), value.as_ref().clone(), field.is_nullable());
            retyped(&Arc::new(plain)).data_type().clone()
        }
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other.clone(),
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

/// Refuses columns of types that are not read as their kind; whole numbers are instants where a mapping says that times are counts.
pub(super) fn refuse_types(
    file: &str,
    columns: &[Column],
    places: &[Place],
    schema: &Schema,
    are_counts: bool,
) -> Result<(), SignalsError> {
    for (column, place) in columns.iter().zip(places) {
        let Place::Field(field) = *place else {
            continue;
        };
        let field = schema.field(field);
        let data_type = retyped(&Arc::new(field.clone())).data_type().clone();
        let is_count = are_counts && column.kind == Kind::Instant && data_type.is_integer();
        if !is_count && !is_readable(column.kind, &data_type) {
            return Err(column_type(file, column, field));
        }
    }
    Ok(())
}

pub(super) fn column_type(file: &str, column: &Column, found: &Field) -> SignalsError {
    SignalsError::ColumnType {
        file: file.to_owned(),
        column: column.name,
        found: found.data_type().to_string(),
        expected: column.kind.expected(),
        cure: column.kind.cure(),
    }
}

pub(super) const fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8View | DataType::BinaryView)
}

/// Can a column of this type, after retyping, be read as this kind? A column of nothing but nulls always can, and
/// text as the same text in CSV.
fn is_readable(kind: Kind, data_type: &DataType) -> bool {
    match (kind, data_type) {
        (_, DataType::Null)
        | (Kind::Whole | Kind::Number, DataType::Float32 | DataType::Float64)
        | (Kind::Truth, DataType::Boolean)
        | (Kind::Instant, DataType::Timestamp(_, _)) => true,
        (Kind::Whole | Kind::Number, other) if other.is_decimal() => true,
        (Kind::Whole | Kind::Number | Kind::Truth, other) if other.is_integer() => true,
        (Kind::TextList, DataType::List(item)) => item.data_type() == &DataType::Utf8View,
        (_, other) => is_text(other),
    }
}

/// Refuses floats that stand for whole numbers and cannot hold them: an id would be somebody else's. `array` finds the column of
/// a batch before which the file has `n_before` rows.
pub(super) fn refuse_inexact<'b>(
    file: &str,
    columns: &[Column],
    array: impl Fn(&Column) -> Option<&'b ArrayRef>,
    n_before: u64,
) -> Result<(), SignalsError> {
    let whole = columns.iter().filter(|column| column.kind == Kind::Whole);
    for column in whole {
        if let Some(row) = array(column).and_then(|array| first_inexact(array.as_ref())) {
            return Err(SignalsError::Inexact {
                file: file.to_owned(),
                row: n_before + row as u64 + 1,
                column: column.name,
                cure: column.kind.cure(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_views_and_never_copied_for_every_row() {
        let dictionary = |value| DataType::Dictionary(Box::new(DataType::Int32), Box::new(value));
        for text in [
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            dictionary(DataType::Utf8),
        ] {
            let field = Arc::new(Field::new("x", text.clone(), true));
            assert_eq!(retyped(&field).data_type(), &DataType::Utf8View);
            let list = Arc::new(Field::new("x", DataType::LargeList(field), true));
            let item = Arc::new(Field::new("x", DataType::Utf8View, true));
            assert_eq!(retyped(&list).data_type(), &DataType::List(item));
        }
    }
}
