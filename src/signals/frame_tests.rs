//! Frames are read as Parquet files of the same rows are.

use std::fmt::Debug;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{LargeListBuilder, StringBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Float64Array, Int64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray, StructArray,
};
use arrow_schema::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::testing::limits;
use super::*;

const QUICKSTART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/quickstart");
const AT: &str = "2016-01-01T00:00:00Z";

fn frames(name: &str, batches: Vec<RecordBatch>) -> Frames {
    let mut frames = Frames::default();
    let schema = batches[0].schema();
    frames.insert(name, schema, batches).unwrap();
    frames
}

fn read<R: Record>(frames: &Frames) -> Result<TableRows<R>, SignalsError> {
    let empty = tempfile::tempdir().unwrap();
    let dir = SignalsDir::open(empty.path(), &limits())?;
    dir.with_frames(frames)?.read()
}

fn friendships(columns: [(&str, ArrayRef); 3]) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn pairs(a: ArrayRef, n: usize) -> RecordBatch {
    let b: Vec<i64> = (0..n).map(|i| 1_000 + i64::try_from(i).unwrap()).collect();
    friendships([
        ("user_a", a),
        ("user_b", Arc::new(Int64Array::from(b))),
        ("since", Arc::new(StringArray::from(vec![AT; n]))),
    ])
}

fn batches(file: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

/// Reads a table of the quickstart, writes it as Parquet and reads that again as a file and as a frame.
fn same_rows<R: Record + Clone + PartialEq + Debug>() {
    let there = SignalsDir::open(Path::new(QUICKSTART), &limits()).unwrap();
    let rows = there.read::<R>().unwrap().records;
    let to = tempfile::tempdir().unwrap();
    write_table(to.path(), TableForm::Parquet, &rows).unwrap();
    let name = R::TABLE.name();
    let frames = frames(name, batches(&to.path().join(format!("{name}.parquet"))));
    let file = SignalsDir::open(to.path(), &limits()).unwrap();
    let (file, frame) = (file.read::<R>().unwrap(), read::<R>(&frames).unwrap());
    assert!(!frame.records.is_empty(), "{name}");
    assert_eq!(file.records, frame.records, "{name}");
    assert_eq!(file.origins, frame.origins, "{name}");
    assert_eq!(frame.summary.files[0].path, format!("{name}.frame"));
}

#[test]
fn same_rows_as_of_a_parquet_file() {
    same_rows::<MessengerAccount>();
    same_rows::<SocialAccount>();
    same_rows::<AddressBookEntry>();
    same_rows::<Friendship>();
    same_rows::<ConsentEventRow>();
    same_rows::<Ad>();
    same_rows::<Impression>();
}

#[test]
fn rows_that_cannot_be_used_are_told_by_the_frame() {
    let batch = pairs(Arc::new(Int64Array::from(vec![Some(1), None, Some(-3)])), 3);
    let rows = read::<Friendship>(&frames("friendships", vec![batch])).unwrap();
    assert_eq!(rows.records.len(), 1);
    let told: Vec<_> = rows
        .rejections
        .iter()
        .map(|rejection| (rejection.file.as_str(), rejection.row, rejection.column))
        .collect();
    let file = "friendships.frame";
    assert_eq!(told, [(file, 2, "user_a"), (file, 3, "user_a")]);
}

#[test]
fn the_digest_is_of_the_values_alone() {
    let ids: Vec<i64> = (1..=9).collect();
    let whole = pairs(Arc::new(Int64Array::from(ids)), 9);
    let views = friendships([
        ("user_a", Arc::clone(whole.column(0))),
        ("user_b", Arc::clone(whole.column(1))),
        ("since", Arc::new(StringViewArray::from(vec![AT; 9]))),
    ]);
    let other_order = friendships([
        ("since", Arc::new(LargeStringArray::from(vec![AT; 9]))),
        ("user_b", Arc::clone(whole.column(1))),
        ("user_a", Arc::clone(whole.column(0))),
    ]);
    let cut = vec![whole.slice(0, 4), whole.slice(4, 5)];
    let file = |batches| {
        let rows = read::<Friendship>(&frames("friendships", batches)).unwrap();
        rows.summary.files[0].clone()
    };
    let expected = file(vec![whole.clone()]);
    for batches in [cut, vec![views], vec![other_order]] {
        assert_eq!(file(batches), expected);
    }
    assert_ne!(file(vec![whole.slice(0, 8)]).blake3, expected.blake3);
}

#[test]
fn dictionaries_and_long_lists_are_read() {
    let mut language = StringDictionaryBuilder::<Int32Type>::new();
    let mut interests = LargeListBuilder::new(StringBuilder::new());
    for word in ["de", "en", "de"] {
        language.append_value(word);
        interests.values().append_value("chess");
        interests.values().append_value(word);
        interests.append(true);
    }
    let text = |values: [&str; 3]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let batch = RecordBatch::try_from_iter([
        (
            "user_id",
            Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef,
        ),
        ("phone_given_for", text(["contact"; 3])),
        ("region", text(["DE"; 3])),
        ("created_at", text([AT; 3])),
        ("language", Arc::new(language.finish())),
        ("interests", Arc::new(interests.finish())),
    ])
    .unwrap();
    // A piece of it, whose lists do not begin at 0.
    let rows = read::<SocialAccount>(&frames("social_accounts", vec![batch.slice(1, 2)])).unwrap();
    assert_eq!(rows.rejections, []);
    let told = format!("{:?}", rows.records);
    assert!(told.contains("\"en\"") && told.contains("chess"), "{told}");
}

#[test]
fn deny_what_a_file_may_not_hold_either() {
    let a = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let nested: StructArray =
        vec![(Arc::new(Field::new("message", DataType::Int64, true)), a())].into();
    let rows = [
        ("user_a", a()),
        ("user_b", Arc::new(Int64Array::from(vec![2])) as ArrayRef),
        ("since", Arc::new(StringArray::from(vec![AT])) as ArrayRef),
        ("extra", Arc::new(nested) as ArrayRef),
    ];
    let batch = RecordBatch::try_from_iter(rows).unwrap();
    let error = read::<Friendship>(&frames("friendships", vec![batch])).unwrap_err();
    assert!(
        matches!(error, SignalsError::MessageContent { .. }),
        "{error}"
    );
    let large = pairs(
        Arc::new(Float64Array::from(vec![9_007_199_254_740_993.0])),
        1,
    );
    let error = read::<Friendship>(&frames("friendships", vec![large])).unwrap_err();
    assert!(
        matches!(error, SignalsError::Inexact { row: 1, .. }),
        "{error}"
    );
    let wrong = pairs(Arc::new(arrow_array::Date32Array::from(vec![1])), 1);
    let error = read::<Friendship>(&frames("friendships", vec![wrong])).unwrap_err();
    assert!(matches!(error, SignalsError::ColumnType { .. }), "{error}");
}

#[test]
fn deny_a_table_in_memory_and_in_a_file() {
    let frames = frames(
        "friendships",
        vec![pairs(Arc::new(Int64Array::from(vec![1])), 1)],
    );
    let there = SignalsDir::open(Path::new(QUICKSTART), &limits()).unwrap();
    let error = there.with_frames(&frames).unwrap_err().to_string();
    assert!(error.contains("friendships.frame"), "{error}");
}

#[test]
fn deny_names_of_no_table() {
    let batch = pairs(Arc::new(Int64Array::from(vec![1])), 1);
    let mut frames = Frames::default();
    let error = frames.insert("friendship", batch.schema(), vec![batch]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("friendships"), "{error}");
}
