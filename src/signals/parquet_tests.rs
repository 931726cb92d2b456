//! Parquet files that others wrote: other types, other units, damage and bombs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{LargeListBuilder, ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float32Array, Int32Array, Int64Array, LargeStringArray, NullArray,
    RecordBatch, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt16Array,
    UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use super::testing::{dir_of, faults, limits, read};
use super::*;
use crate::time::Timestamp;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let batch = batch(columns);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn ids() -> ArrayRef {
    Arc::new(UInt64Array::from(vec![1, 2]))
}

fn phones() -> ArrayRef {
    Arc::new(StringArray::from(vec!["+49301", "+49302"]))
}

fn times() -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(vec![1_000_000, 2_000_000]))
}

fn entries(columns: [ArrayRef; 3]) -> Result<TableRows<AddressBookEntry>, SignalsError> {
    let [id, phone, saved_at] = columns;
    let bytes = parquet(vec![
        ("account_id", id),
        ("phone", phone),
        ("saved_at", saved_at),
    ]);
    read(dir_of(&[("address_book.parquet", &bytes)]).path())
}

#[test]
fn same_records_whatever_the_types() {
    let expected = entries([ids(), phones(), times()]).unwrap().records;
    assert_eq!(expected.len(), 2);
    let dictionary: DictionaryArray<Int32Type> = vec!["+49301", "+49302"].into_iter().collect();
    let utc = TimestampMicrosecondArray::from(vec![1_000_000, 2_000_000]).with_timezone("UTC");
    let berlin =
        TimestampMicrosecondArray::from(vec![1_000_000, 2_000_000]).with_timezone("Europe/Berlin");
    let variants: Vec<[ArrayRef; 3]> = vec![
        [Arc::new(Int64Array::from(vec![1, 2])), phones(), times()],
        [Arc::new(Int32Array::from(vec![1, 2])), phones(), times()],
        [Arc::new(UInt16Array::from(vec![1, 2])), phones(), times()],
        [
            ids(),
            Arc::new(LargeStringArray::from(vec!["+49301", "+49302"])),
            times(),
        ],
        [
            ids(),
            Arc::new(StringViewArray::from(vec!["+49301", "+49302"])),
            times(),
        ],
        [ids(), Arc::new(dictionary), times()],
        [
            ids(),
            phones(),
            Arc::new(TimestampSecondArray::from(vec![1, 2])),
        ],
        [
            ids(),
            phones(),
            Arc::new(TimestampMillisecondArray::from(vec![1000, 2000])),
        ],
        [
            ids(),
            phones(),
            Arc::new(TimestampNanosecondArray::from(vec![
                1_000_000_000,
                2_000_000_999,
            ])),
        ],
        [ids(), phones(), Arc::new(utc)],
        [ids(), phones(), Arc::new(berlin)],
    ];
    for (place, columns) in variants.into_iter().enumerate() {
        let rows = entries(columns).unwrap();
        assert_eq!(rows.records, expected, "variant {place}");
    }
}

#[test]
fn bad_cells_are_rejected_row_by_row() {
    let id: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(-1), None, Some(4)]));
    let phone: ArrayRef = Arc::new(StringArray::from(vec![
        Some("1"),
        Some("2"),
        Some("3"),
        None,
    ]));
    let at: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX, 0, 0, 0]));
    let rows = entries([id, phone, at]).unwrap();
    assert_eq!(rows.records, []);
    let expected = [
        (1, "saved_at", RejectionReason::OutOfRange),
        (2, "account_id", RejectionReason::OutOfRange),
        (3, "account_id", RejectionReason::Missing),
        (4, "phone", RejectionReason::Missing),
    ];
    assert_eq!(faults(&rows), expected);
}

#[test]
fn deny_columns_of_another_type() {
    let structs = StructArray::from(batch(vec![("x", ids())]));
    let cases: Vec<([ArrayRef; 3], &str)> = vec![
        (
            [times(), phones(), times()],
            "column account_id of address_book.parquet is Timestamp(µs), but must be an integer",
        ),
        (
            [Arc::new(structs), phones(), times()],
            "column account_id of address_book.parquet is Struct",
        ),
        (
            [ids(), ids(), times()],
            "column phone of address_book.parquet is UInt64, but must be text",
        ),
        (
            [ids(), phones(), ids()],
            "column saved_at of address_book.parquet is UInt64, but must be a timestamp",
        ),
    ];
    for (columns, message) in cases {
        let error = entries(columns).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

fn ads(more: Vec<(&str, ArrayRef)>) -> Result<TableRows<Ad>, SignalsError> {
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text, text])) };
    let mut columns = vec![
        ("ad_id", ids()),
        ("advertiser_id", ids()),
        ("category", text("Shoes")),
        (
            "bid",
            Arc::new(Float32Array::from(vec![0.5, -0.0])) as ArrayRef,
        ),
        ("starts_at", times()),
        ("ends_at", Arc::new(TimestampSecondArray::from(vec![9, 9]))),
    ];
    columns.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    columns.extend(more);
    read(dir_of(&[("ads.parquet", &parquet(columns))]).path())
}

#[test]
fn same_lists_as_lists_and_as_text() {
    let mut list = ListBuilder::new(StringBuilder::new());
    let mut large = LargeListBuilder::new(StringBuilder::new());
    for items in [vec![Some("B"), None, Some(" a|c "), Some("b")], vec![]] {
        list.append_value(items.clone());
        large.append_value(items);
    }
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("b|a | C||b"), None]));
    for array in [
        Arc::new(list.finish()) as ArrayRef,
        Arc::new(large.finish()),
        text,
    ] {
        let rows = ads(vec![("target_interests", array)]).unwrap();
        assert_eq!(rows.records[0].targeting.interests, ["a", "b", "c"]);
        assert!(rows.records[1].targeting.interests.is_empty());
        assert_eq!(rows.records[0].category, "shoes");
        assert!(rows.records[1].bid.is_sign_positive());
    }
}

#[test]
fn columns_of_nulls_and_whole_bids_are_read() {
    let nulls: ArrayRef = Arc::new(NullArray::new(2));
    let bids: ArrayRef = Arc::new(Int32Array::from(vec![3, -3]));
    let rows = ads(vec![
        ("audience_id", nulls.clone()),
        ("target_regions", nulls),
        ("bid", bids),
    ])
    .unwrap();
    assert_eq!(rows.records.len(), 1);
    assert_eq!(rows.records[0].bid, 3.0);
    assert_eq!(faults(&rows), [(2, "bid", RejectionReason::OutOfRange)]);
}

#[test]
fn other_columns_are_ignored_and_named() {
    let rows = ads(vec![("zebra", ids()), ("score", phones())]).unwrap();
    assert_eq!(
        rows.summary.ignored_columns["ads.parquet"],
        ["zebra", "score"]
    );
    assert_eq!(rows.records.len(), 2);
}

#[test]
fn deny_message_content_even_inside_a_column() {
    let inside: ArrayRef = Arc::new(StructArray::from(batch(vec![("last_message", phones())])));
    for (name, array) in [("message_text", phones()), ("extra", inside)] {
        let error = ads(vec![(name, array)]).unwrap_err();
        assert!(
            matches!(&error, SignalsError::MessageContent { file, .. } if file == "ads.parquet"),
            "{error}"
        );
    }
}

/// A small file with text, lists, numbers and times in it.
fn sample_bytes() -> Vec<u8> {
    let dir = dir_of(&[]);
    let ad = |id: u64| Ad {
        ad_id: id.into(),
        advertiser_id: (id % 3).into(),
        category: AdCategory::parse(&format!("category {}", id % 5)).unwrap(),
        special_category: None,
        bid: 0.25,
        starts_at: Timestamp::from_secs(0),
        ends_at: Timestamp::from_secs(id.cast_signed() + 1),
        targeting: Targeting {
            interests: ["a", &format!("b{id}")]
                .map(|i| Interest::parse(i).unwrap())
                .into(),
            ..Targeting::default()
        },
        audience_id: None,
        lookalike_of: None,
        quality: 0.0,
        own: crate::signals::OwnValues::default(),
    };
    let ads: Vec<Ad> = (0..40).map(ad).collect();
    write_table(dir.path(), TableForm::Parquet, &ads).unwrap();
    fs::read(dir.path().join("ads.parquet")).unwrap()
}

/// Reads damaged bytes: rows or an error that names the file, and no panic either way.
fn read_damaged(dir: &Path, bytes: &[u8]) -> bool {
    fs::write(dir.join("ads.parquet"), bytes).unwrap();
    match read::<Ad>(dir) {
        Ok(rows) => {
            assert_eq!(
                rows.summary.n_rows,
                rows.summary.n_records + rows.summary.n_rejected()
            );
            true
        }
        Err(error) => {
            assert!(error.to_string().contains("ads.parquet"), "{error}");
            false
        }
    }
}

#[test]
fn deny_parquet_that_was_cut_off_anywhere() {
    let (bytes, dir) = (sample_bytes(), dir_of(&[]));
    for end in 0..bytes.len() {
        assert!(
            !read_damaged(dir.path(), &bytes[..end]),
            "cut off at {end} of {}",
            bytes.len()
        );
    }
    assert!(read_damaged(dir.path(), &bytes));
}

#[test]
fn damaged_parquet_never_panics() {
    let (bytes, dir) = (sample_bytes(), dir_of(&[]));
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut place = |n: usize| usize::try_from(random.next_u64() % n as u64).unwrap();
    for _ in 0..3000 {
        let mut damaged = bytes.clone();
        for _ in 0..=place(3) {
            damaged[place(bytes.len())] ^= 1 << place(8);
        }
        read_damaged(dir.path(), &damaged);
    }
}

fn read_limited(
    bytes: &[u8],
    limits: ReadLimits,
) -> Result<TableRows<AddressBookEntry>, SignalsError> {
    let dir = dir_of(&[("address_book.parquet", bytes)]);
    SignalsDir::open(dir.path(), &limits.check().unwrap())?.read()
}

fn limit_of(error: &SignalsError) -> &'static str {
    match error {
        SignalsError::Limit { limit, .. } | SignalsError::Expansion { limit, .. } => limit,
        other => panic!("{other}"),
    }
}

#[test]
fn deny_bombs_before_they_are_read() {
    let n_rows = 300_000;
    let many: ArrayRef = Arc::new(UInt64Array::from(vec![1; n_rows]));
    let phone: ArrayRef = Arc::new(StringArray::from(vec!["1"; n_rows]));
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1; n_rows]));
    let rows = parquet(vec![
        ("account_id", many),
        ("phone", phone),
        ("saved_at", at),
    ]);
    let error = read_limited(&rows, ReadLimits::default()).unwrap_err();
    assert_eq!(limit_of(&error), "max_rows_per_byte");
    let error = read_limited(&rows, ReadLimits::default().max_rows(299_999)).unwrap_err();
    assert_eq!(limit_of(&error), "max_rows");
    assert!(read_limited(&rows, ReadLimits::default().max_rows_per_byte(1000)).is_ok());

    let zeros = "0".repeat(40 << 20);
    let long: ArrayRef = Arc::new(StringArray::from(vec![zeros.as_str()]));
    let one = |array: &ArrayRef| array.slice(0, 1);
    let page = parquet(vec![
        ("account_id", one(&ids())),
        ("phone", long),
        ("saved_at", one(&times())),
    ]);
    assert!(page.len() < 100_000, "{}", page.len());
    let error = read_limited(&page, ReadLimits::default()).unwrap_err();
    assert_eq!(limit_of(&error), "max_expansion");
    let wide = ReadLimits::default().max_expansion(1 << 40);
    let error = read_limited(&page, wide.clone().max_row_group_bytes(1 << 20)).unwrap_err();
    assert_eq!(limit_of(&error), "max_row_group_bytes");
    let error = read_limited(&page, wide.clone().max_page_bytes(1 << 20)).unwrap_err();
    assert_eq!(limit_of(&error), "max_page_bytes");
    // Let in, it is still one text that is too long.
    let rows = read_limited(&page, wide.max_page_bytes(1 << 30)).unwrap();
    assert_eq!(faults(&rows), [(1, "phone", RejectionReason::OutOfRange)]);
}

#[test]
fn deny_lists_with_more_values_than_a_file_of_this_size_can_hold() {
    let mut list = ListBuilder::new(StringBuilder::new());
    list.append_value(vec![Some("a"); 400_000]);
    list.append_null();
    let error = ads(vec![("target_interests", Arc::new(list.finish()))]).unwrap_err();
    assert_eq!(limit_of(&error), "max_rows_per_byte");
    assert!(error.to_string().contains("values in a column"), "{error}");
}

#[test]
fn an_empty_table_has_no_rows() {
    let none = |array: ArrayRef| array.slice(0, 0);
    let rows = entries([none(ids()), none(phones()), none(times())]).unwrap();
    assert_eq!((rows.records.len(), rows.summary.n_rows), (0, 0));
    assert_eq!(rows.summary.files.len(), 1);
    assert!(
        SignalsDir::open(dir_of(&[]).path(), &limits())
            .unwrap()
            .read::<Ad>()
            .unwrap()
            .records
            .is_empty()
    );
}
