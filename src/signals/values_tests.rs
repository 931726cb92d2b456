//! Values and headers as other programs write them: read as what is meant, or refused with what to do about it.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, Date32Array, Decimal128Array, Decimal256Array, Float32Array,
    Float64Array, Int8Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow_buffer::i256;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::RejectionReason::{Missing, OutOfRange, RegionGroup, WrongType};
use super::testing::{dir_of, faults, read, read_csv_text};
use super::*;
use crate::consent::Overlay;
use crate::time::Timestamp;

const T1: &str = "2016-01-01T00:00:00Z";

fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn read_parquet<R: Record>(columns: Vec<(&str, ArrayRef)>) -> Result<TableRows<R>, SignalsError> {
    let name = format!("{}.parquet", R::TABLE);
    read(dir_of(&[(&name, &parquet_of(columns))]).path())
}

fn account(until: &str) -> String {
    format!(
        "account_id,phone,registered_at,last_seen_at,number_since,{until}\n7,+49301,{T1},{T1},{T1},2016-02-01T00:00:00Z\n"
    )
}

fn until(text: &str) -> Result<Option<Timestamp>, SignalsError> {
    let rows = read_csv_text::<MessengerAccount>(text)?;
    Ok(rows
        .records
        .first()
        .and_then(|account| account.number_until))
}

#[test]
fn a_column_is_found_however_its_name_is_written() {
    for name in [
        "number_until",
        "Number_Until",
        "NUMBER UNTIL",
        "number-until",
        "numberUntil",
        " number_until ",
        "number_until\u{a0}",
        "\u{feff}number_until",
        "number\u{200b}_until",
        "num\u{ad}ber_until",
        "\"number_until\"",
        "number\u{2060}until\u{200d}",
    ] {
        let found = until(&account(name)).unwrap();
        assert_eq!(
            found,
            Timestamp::parse("2016-02-01T00:00:00Z").ok(),
            "{name:?}"
        );
    }
    let two_marks = format!("\u{feff}\u{feff}{}", account("Number_Until"));
    assert!(until(&two_marks).unwrap().is_some());
}

#[test]
fn a_parquet_column_is_found_however_its_name_is_written() {
    let ids: ArrayRef = Arc::new(UInt64Array::from(vec![1]));
    let others: ArrayRef = Arc::new(UInt64Array::from(vec![2]));
    let since: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1]));
    for (a, b, at) in [
        ("User_A", "USER_B", "Since"),
        ("userA", "userB", "since "),
        ("user-a", "user b", "\u{feff}since"),
        ("user_a\u{200b}", "user_b", "SINCE"),
        ("user.a", "[user_b]", "since\u{a0}"),
    ] {
        // In another order, and with a column that is not read between them.
        let columns = vec![
            (at, since.clone()),
            ("zebra", ids.clone()),
            (b, others.clone()),
            (a, ids.clone()),
        ];
        let rows = read_parquet::<Friendship>(columns).unwrap();
        let pair = (rows.records[0].user_a.0, rows.records[0].user_b.0);
        assert_eq!(pair, (1, 2), "{a:?}");
        assert_eq!(
            rows.summary.ignored_columns["friendships.parquet"],
            ["zebra"]
        );
    }
}

#[test]
fn deny_names_that_mislead() {
    for (name, part) in [
        (
            "number_until,Number_Until",
            "says column number_until twice, in number_until and in Number_Until",
        ),
        (
            "number until,number_until",
            "says column number_until twice",
        ),
        (
            "number_until,number_until\u{200b}",
            "in number_until\\u{200b}: keep one",
        ),
        (
            "numb\u{435}r_until",
            "column numb\\u{435}r_until of messenger_accounts.csv looks like number_until",
        ),
        ("number_unt\u{131}l", "looks like number_until"),
        (
            "number_untill",
            "column number_untill of messenger_accounts.csv looks like number_until and is not",
        ),
        ("numberuntl", "looks like number_until and is not"),
        (
            "number_until,ph\u{43e}ne",
            "column ph\\u{43e}ne of messenger_accounts.csv looks like phone and is not",
        ),
        (",", "two columns named (no name)"),
        ("mess\u{200b}age_text", "looks like message content"),
        ("Message\u{a0}Text", "looks like message content"),
    ] {
        let text = account(name).replace(
            "02-01T00:00:00Z\n",
            "02-01T00:00:00Z,2016-02-01T00:00:00Z\n",
        );
        let error = until(&text).unwrap_err().to_string();
        assert!(error.contains(part), "{name:?}: {error}");
    }
    let error = until(&account("x").replace("phone", "\u{200b}"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no column phone; it has account_id, \\u{200b}, "),
        "{error}"
    );
}

#[test]
fn what_does_not_end_has_no_end() {
    let ends = [
        "9999-12-31",
        "9999-12-31T23:59:59Z",
        "9999-12-31 23:59:59.999999",
        "9999-12-30T22:00:00Z",
        "infinity",
        "Infinity",
        "+infinity",
        "294276-12-31 23:59:59.999999+00",
    ];
    for end in ends {
        let text = account("number_until").replace("2016-02-01T00:00:00Z", end);
        let rows = read_csv_text::<MessengerAccount>(&text).unwrap();
        assert_eq!(rows.records[0].number_until, None, "{end}");

        let text = format!("region,purpose,from,until,effect\nDE,ad_relevance,{T1},{end},deny\n");
        let rows = read_csv_text::<Overlay>(&text).unwrap();
        assert_eq!(rows.records[0].interval.until, Timestamp::MAX, "{end}");

        let text = format!("business_id,account_id,opted_in_at,opted_out_at\n1,2,{T1},{end}\n");
        let rows = read_csv_text::<BusinessOptIn>(&text).unwrap();
        assert_eq!(rows.records[0].opted_out_at, None, "{end}");

        let text =
            format!("ad_id,advertiser_id,category,bid,starts_at,ends_at\n1,2,shoes,1,{T1},{end}\n");
        let rows = read_csv_text::<Ad>(&text).unwrap();
        assert_eq!(rows.records[0].ends_at, Timestamp::LAST_WRITABLE, "{end}");
    }
    for end in ["-infinity", "2016-02-01", "never", "9999-99-99", "99999"] {
        let text = account("number_until").replace("2016-02-01T00:00:00Z", end);
        let rows = read_csv_text::<MessengerAccount>(&text).unwrap();
        assert_eq!(faults(&rows), [(1, "number_until", WrongType)], "{end}");
    }
    // What does not end anything is a time like any other.
    let text =
        account("number_until").replace("7,+49301,2016-01-01T00:00:00Z", "7,+49301,infinity");
    let rows = read_csv_text::<MessengerAccount>(&text).unwrap();
    assert_eq!(faults(&rows), [(1, "registered_at", WrongType)]);
}

fn overlay_columns(until: ArrayRef) -> Vec<(&'static str, ArrayRef)> {
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    vec![
        ("region", text("DE")),
        ("purpose", text("ad_relevance")),
        ("from", Arc::new(TimestampSecondArray::from(vec![0]))),
        ("until", until),
        ("effect", text("deny")),
    ]
}

#[test]
fn what_does_not_end_in_parquet_has_no_end() {
    let year_9999 = 253_402_300_799_i64;
    let ends: [ArrayRef; 9] = [
        Arc::new(TimestampMicrosecondArray::from(vec![year_9999 * 1_000_000])),
        Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX])),
        Arc::new(TimestampMillisecondArray::from(vec![year_9999 * 1_000])),
        Arc::new(TimestampMillisecondArray::from(vec![i64::MAX])),
        Arc::new(TimestampSecondArray::from(vec![year_9999])),
        Arc::new(TimestampSecondArray::from(vec![i64::MAX])),
        Arc::new(TimestampNanosecondArray::from(vec![i64::MAX])),
        Arc::new(TimestampNanosecondArray::from(vec![i64::MAX - 854_775_807])),
        Arc::new(StringArray::from(vec!["9999-12-31 00:00:00"])),
    ];
    for end in ends {
        let told = format!("{end:?}");
        let rows = read_parquet::<Overlay>(overlay_columns(end)).unwrap();
        assert_eq!(rows.records[0].interval.until, Timestamp::MAX, "{told}");
    }
    let soon: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_000_000_000]));
    let rows = read_parquet::<Overlay>(overlay_columns(soon)).unwrap();
    assert_eq!(rows.records[0].interval.until, Timestamp::from_secs(1));
}

#[test]
fn regions_are_what_people_mean() {
    let order = |region: &str| {
        let text = format!("region,purpose,from,effect\n{region},ad_relevance,{T1},deny\n");
        read_csv_text::<Overlay>(&text).unwrap()
    };
    for (text, code) in [
        ("UK", "GB"),
        ("uk", "GB"),
        ("EL", "GR"),
        ("de", "DE"),
        ("XK", "XK"),
    ] {
        assert_eq!(order(text).records[0].region.as_str(), code);
    }
    for (text, reason) in [
        ("EU", RegionGroup),
        ("EEA", RegionGroup),
        ("EMEA", RegionGroup),
        ("*", RegionGroup),
        ("XX", OutOfRange),
        ("ZZ", OutOfRange),
        ("GBR", OutOfRange),
        ("England", OutOfRange),
        ("", Missing),
    ] {
        assert_eq!(faults(&order(text)), [(1, "region", reason)], "{text}");
    }
    let account = |region: &str| {
        let text = format!("user_id,created_at,region\n1,{T1},{region}\n");
        read_csv_text::<SocialAccount>(&text).unwrap()
    };
    assert_eq!(faults(&account("EU")), [(1, "region", RegionGroup)]);
    assert_eq!(faults(&account("QQ")), [(1, "region", OutOfRange)]);
    assert_eq!(account("ZZ").records[0].region, None);
    assert_eq!(account("el").records[0].region.unwrap().as_str(), "GR");
    let ad = |regions: &str| {
        let text = format!(
            "ad_id,advertiser_id,category,bid,starts_at,ends_at,target_regions\n1,2,shoes,1,{T1},infinity,{regions}\n"
        );
        read_csv_text::<Ad>(&text).unwrap()
    };
    assert_eq!(ad("UK|gb|EL").records[0].targeting.regions.len(), 2);
    assert_eq!(faults(&ad("DE|EU")), [(1, "target_regions", RegionGroup)]);
}

fn friendships(ids: ArrayRef) -> Result<TableRows<Friendship>, SignalsError> {
    let n_rows = ids.len();
    read_parquet(vec![
        ("user_a", ids),
        ("user_b", Arc::new(UInt64Array::from(vec![9; n_rows]))),
        (
            "since",
            Arc::new(TimestampMicrosecondArray::from(vec![1; n_rows])),
        ),
    ])
}

fn decimal(units: Vec<i128>, precision: u8, scale: i8) -> ArrayRef {
    let array = Decimal128Array::from(units);
    Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
}

#[test]
fn whole_numbers_of_other_types_are_read_where_they_are_exact() {
    let wide = Decimal256Array::from(vec![i256::from_i128(1001), i256::from_i128(1002)]);
    let variants: Vec<ArrayRef> = vec![
        decimal(vec![1001, 1002], 38, 0),
        decimal(vec![1001, 1002], 18, 0),
        decimal(vec![1001, 1002], 9, 0),
        decimal(vec![100_100, 100_200], 38, 2),
        Arc::new(wide.with_precision_and_scale(76, 0).unwrap()),
        Arc::new(Float64Array::from(vec![1001.0, 1002.0])),
        Arc::new(Float32Array::from(vec![1001.0, 1002.0])),
        Arc::new(StringArray::from(vec!["1001", " 1002 "])),
        Arc::new(BinaryArray::from_vec(vec![b"1001", b"1002"])),
    ];
    for ids in variants {
        let kind = ids.data_type().to_string();
        let rows = friendships(ids).unwrap();
        let found: Vec<u64> = rows.records.iter().map(|row| row.user_b.0).collect();
        assert_eq!(found, [1001, 1002], "{kind}");
    }
}

#[test]
fn whole_numbers_that_are_none_are_rejections() {
    let cases: Vec<(ArrayRef, RejectionReason)> = vec![
        (decimal(vec![-1], 38, 0), OutOfRange),
        (decimal(vec![i128::from(u64::MAX) + 1], 38, 0), OutOfRange),
        (decimal(vec![10_050], 38, 2), WrongType),
        (Arc::new(Float64Array::from(vec![1.5])), WrongType),
        (Arc::new(Float64Array::from(vec![-1.0])), OutOfRange),
        (Arc::new(Float64Array::from(vec![f64::NAN])), Missing),
        (Arc::new(StringArray::from(vec!["1.5"])), WrongType),
        (Arc::new(StringArray::from(vec![" "])), Missing),
        (Arc::new(BinaryArray::from_vec(vec![b"\xFF"])), WrongType),
    ];
    for (ids, reason) in cases {
        let told = format!("{ids:?}");
        assert_eq!(
            faults(&friendships(ids).unwrap()),
            [(1, "user_a", reason)],
            "{told}"
        );
    }
}

#[test]
fn deny_ids_that_a_float_cannot_hold() {
    for ids in [
        Arc::new(Float64Array::from(vec![1.0, 9_007_199_254_740_993.0])) as ArrayRef,
        Arc::new(Float64Array::from(vec![1.0, 1e300])),
        Arc::new(Float64Array::from(vec![1.0, f64::INFINITY])),
        Arc::new(Float32Array::from(vec![1.0, 16_777_217.0])),
        Arc::new(Float32Array::from(vec![1.0, 797_515_164_740.0])),
    ] {
        let error = friendships(ids).unwrap_err().to_string();
        let is_told = error.starts_with("row 2 of friendships.parquet: column user_a")
            && error.contains("CAST(… AS BIGINT)");
        assert!(is_told, "{error}");
    }
}

#[test]
fn bids_and_truth_are_read_from_other_types() {
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    for (bid, shown) in [
        (decimal(vec![125], 10, 2), 1.25),
        (decimal(vec![3], 38, 0), 3.0),
        (text("0.5"), 0.5),
    ] {
        let rows = read_parquet::<Ad>(vec![
            ("ad_id", Arc::new(UInt64Array::from(vec![1])) as ArrayRef),
            ("advertiser_id", Arc::new(UInt64Array::from(vec![1]))),
            ("category", text("shoes")),
            ("bid", bid),
            ("starts_at", text(T1)),
            ("ends_at", text("infinity")),
        ])
        .unwrap();
        assert_eq!(rows.records[0].bid, shown);
    }
    let accept = |share: ArrayRef| {
        read_parquet::<ConsentEventRow>(vec![
            ("event_id", Arc::new(UInt64Array::from(vec![1])) as ArrayRef),
            ("account_id", Arc::new(UInt64Array::from(vec![1]))),
            ("kind", text("accept")),
            ("valid_time", text(T1)),
            ("known_time", text(T1)),
            ("share", share),
        ])
        .unwrap()
    };
    assert_eq!(accept(Arc::new(Int8Array::from(vec![1]))).records.len(), 1);
    assert_eq!(accept(text("false")).records.len(), 1);
    assert_eq!(
        faults(&accept(Arc::new(Int8Array::from(vec![2])))),
        [(1, "share", WrongType)]
    );
}

#[test]
fn deny_types_with_what_to_do_about_them() {
    let ids = || -> ArrayRef { Arc::new(UInt64Array::from(vec![1])) };
    let text = || -> ArrayRef { Arc::new(StringArray::from(vec!["+49301"])) };
    let time = || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![1])) };
    for (columns, part) in [
        (
            [ids(), text(), Arc::new(Date32Array::from(vec![1]))],
            "a date alone names no instant",
        ),
        (
            [ids(), text(), Arc::new(Int64Array::from(vec![1]))],
            "CAST(… AS TIMESTAMP)",
        ),
        ([time(), text(), time()], "CAST(… AS BIGINT)"),
        ([ids(), ids(), time()], "phone numbers with their plus sign"),
        (
            [ids(), Arc::new(Float64Array::from(vec![4.9e11])), time()],
            "CAST(… AS VARCHAR)",
        ),
    ] {
        let [id, phone, saved_at] = columns;
        let columns = vec![("account_id", id), ("phone", phone), ("saved_at", saved_at)];
        let error = read_parquet::<AddressBookEntry>(columns)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("address_book.parquet") && error.contains(part),
            "{error}"
        );
    }
}

/// A file with a timestamp as Impala and old Spark write it: nanoseconds of the day and a Julian day.
fn int96(days: i64, nanos: u64) -> Vec<u8> {
    let schema = "message m { required int64 account_id; required binary phone (UTF8); required int96 saved_at; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int64Type>()
        .write_batch(&[7], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let phone = ByteArray::from("+49301");
    column
        .typed::<ByteArrayType>()
        .write_batch(&[phone], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let mut at = Int96::new();
    let low = u32::try_from(nanos & 0xFFFF_FFFF).unwrap();
    let high = u32::try_from(nanos >> 32).unwrap();
    at.set_data(low, high, u32::try_from(days + 2_440_588).unwrap());
    column
        .typed::<Int96Type>()
        .write_batch(&[at], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn old_timestamps_reach_as_far_as_times_do() {
    for (days, nanos, shown) in [
        (0, 1_234_567_890, "1970-01-01T00:00:01.234567Z"),
        (17_000, 0, "2016-07-18T00:00:00Z"),
        (-141_427, 0, "1582-10-15T00:00:00Z"),
        (120_000, 3_600_000_000_000, "2298-07-20T01:00:00Z"),
        (2_932_895, 0, "9999-12-30T00:00:00Z"),
    ] {
        let dir = dir_of(&[("address_book.parquet", &int96(days, nanos))]);
        let rows = read::<AddressBookEntry>(dir.path()).unwrap();
        assert_eq!(rows.records[0].saved_at.to_string(), shown);
    }
    let dir = dir_of(&[(
        "address_book.parquet",
        &int96(2_932_896, 86_399_000_000_000),
    )]);
    let rows = read::<AddressBookEntry>(dir.path()).unwrap();
    assert_eq!(faults(&rows), [(1, "saved_at", OutOfRange)]);
}

#[test]
fn deny_codecs_that_are_not_built_in_by_name() {
    let ids: ArrayRef = Arc::new(UInt64Array::from(vec![1]));
    let columns = vec![
        ("user_a", ids.clone()),
        ("user_b", Arc::new(UInt64Array::from(vec![2])) as ArrayRef),
        ("since", Arc::new(TimestampMicrosecondArray::from(vec![1]))),
        ("zebra", ids),
    ];
    let bytes = parquet_of(columns);
    // In the footer, the name of a column is followed by field 4, the codec: Zstandard is 6, zigzag 12.
    let patched = |name: &str, codec: u8| {
        let mut bytes = bytes.clone();
        let known = [name.as_bytes(), &[0x15, 12]].concat();
        let at = bytes
            .windows(known.len())
            .rposition(|window| window == known)
            .unwrap();
        bytes[at + known.len() - 1] = codec * 2;
        bytes
    };
    for (name, codec, told) in [
        ("user_a", 4, "BROTLI"),
        ("user_b", 4, "BROTLI"),
        ("since", 4, "BROTLI"),
        ("user_a", 3, "LZO"),
        ("since", 3, "LZO"),
        ("user_b", 5, "LZ4 in its old form"),
    ] {
        let dir = dir_of(&[("friendships.parquet", &patched(name, codec))]);
        let error = read::<Friendship>(dir.path()).unwrap_err().to_string();
        let expected =
            format!("friendships.parquet is compressed with {told}, which this build cannot read");
        assert!(
            error.starts_with(&expected) && error.contains("rewrite it with zstd"),
            "{error}"
        );
    }
    let dir = dir_of(&[("friendships.parquet", &patched("zebra", 4))]);
    assert_eq!(
        read::<Friendship>(dir.path()).unwrap().records.len(),
        1,
        "nobody reads it"
    );
    let dir = dir_of(&[("friendships.parquet", &patched("since", 9))]);
    let error = read::<Friendship>(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("friendships.parquet") && error.contains("CompressionCodec 9"),
        "{error}"
    );
}
