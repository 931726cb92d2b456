use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::signals::{
    Friendship, MessengerAccount, ReadLimits, Rejection, SignalsDir, TableRows, ValidReadLimits,
};
use crate::time::Timestamp;

#[derive(Debug, Deserialize)]
struct Config {
    tables: TableMappings,
}

fn mappings(text: &str) -> TableMappings {
    toml::from_str::<Config>(text).unwrap().tables
}

/// The line on which a configuration is wrong, and what is said.
fn wrong(text: &str) -> (usize, String) {
    let error = toml::from_str::<Config>(text).unwrap_err();
    let at = error.span().unwrap().start;
    (
        1 + text[..at].matches('\n').count(),
        error.message().to_owned(),
    )
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_the_nearest_name() {
    let table = "[tables.friendships]\n";
    for (text, line, part) in [
        ("[tables.freindships]", 1, "nearest is `friendships`"),
        (&format!("{table}colums = 3"), 2, "nearest is `columns`"),
        (&format!("{table}file = \"../x.csv\""), 2, "without a path"),
        (&format!("{table}format = \"xml\""), 2, "xml"),
        (&format!("{table}delimiter = \"ab\""), 2, "one character"),
        (&format!("{table}region = \"Europe\""), 2, "ISO 3166"),
        (&format!("{table}time = \"local\""), 1, "needs a `zone`"),
        (
            &format!("{table}time = \"local\"\nzone = \"Vienna\""),
            3,
            "Asia/Kolkata",
        ),
        (&format!("{table}zone = \"UTC\""), 1, "counts with"),
        (
            "[tables.friendships.columns]\nuser_a = \"a\"\nuser_bb = \"b\"",
            3,
            "there is no column of friendships `user_bb`; the nearest is `user_b`",
        ),
        (
            "[tables.friendships.columns]\nuser_a = \"a\"\nuser_b = \"a\"",
            3,
            "`a` is mapped to user_a already",
        ),
    ] {
        let (found, told) = wrong(text);
        assert!(told.contains(part), "{text}: {told}");
        assert_eq!(found, line, "{text}: {told}");
    }
}

#[test]
fn a_mapping_is_written_as_it_is_read() {
    let text = "[tables.friendships]\nfile = \"edges.csv\"\nformat = \"csv\"\ndelimiter = \";\"\nregion = \"IN\"\n\
                time = \"local\"\nzone = \"Asia/Kolkata\"\n\n[tables.friendships.columns]\nuser_a = \"a\"\n";
    let read = mappings(text);
    assert_eq!(toml::to_string(&read).unwrap(), text.replace("tables.", ""));
    let json = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<TableMappings>(&json).unwrap(), read);
}

fn times(form: &str) -> Times {
    let mapping = mappings(&format!("[tables.friendships]\n{form}"));
    mapping.of(Table::Friendships).unwrap().times()
}

#[test]
fn times_are_read_in_their_form_and_zone() {
    let at = |text: &str| Ok(Timestamp::parse(text).unwrap());
    let local = times("time = \"local\"\nzone = \"Asia/Kolkata\"");
    for text in [
        "2015-02-02 10:00:00",
        "2015-02-02T10:00",
        "2015-02-02T04:30:00Z",
    ] {
        assert_eq!(local.parse(text), at("2015-02-02T04:30:00Z"), "{text}");
    }
    assert_eq!(local.parse("2015-02-02"), at("2015-02-01T18:30:00Z"));
    let offset = times("time = \"local\"\nzone = \"-03:30\"");
    assert_eq!(
        offset.parse("2015-02-02 10:00:00.25"),
        at("2015-02-02T13:30:00.25Z")
    );
    let seconds = times("time = \"seconds\"");
    assert_eq!(seconds.parse("1422871200"), at("2015-02-02T10:00:00Z"));
    let millis = times("time = \"millis\"");
    assert_eq!(millis.parse("1422871200250"), at("2015-02-02T10:00:00.25Z"));
}

#[test]
fn deny_times_that_may_be_another() {
    use RejectionReason::{OutOfRange, WrongType};
    let vienna = times("time = \"local\"\nzone = \"Europe/Vienna\"");
    // Clocks skip the first and show the second twice.
    for text in ["2016-03-27 02:30:00", "2016-10-30 02:30:00"] {
        assert_eq!(vienna.parse(text), Err(OutOfRange), "{text}");
    }
    for text in [
        "2016-10-30 04:30:00 CET",
        "2016-10-30 04:30[America/New_York]",
        "30.10.2016",
        "1422871200",
    ] {
        assert_eq!(vienna.parse(text), Err(WrongType), "{text}");
    }
    // One counted as the other lies in 1970 or far ahead.
    assert_eq!(
        times("time = \"seconds\"").parse("1422871200000"),
        Err(OutOfRange)
    );
    assert_eq!(
        times("time = \"millis\"").parse("1422871200"),
        Err(OutOfRange)
    );
    assert_eq!(
        times("time = \"seconds\"").parse("2015-02-02"),
        Err(WrongType)
    );
}

fn limits() -> ValidReadLimits {
    ReadLimits::default().check().unwrap()
}

fn friendships(dir: &Path, config: &str) -> Result<TableRows<Friendship>, SignalsError> {
    SignalsDir::open_mapped(dir, &limits(), mappings(config))?.read()
}

const EDGES: &str = "[tables.friendships]\nfile = \"edges.csv\"\ndelimiter = \";\"\ntime = \"seconds\"\n\
                     [tables.friendships.columns]\nuser_a = \"from\"\nuser_b = \"to\"\nsince = \"t\"\n";

#[test]
fn a_file_of_other_names_is_read_and_its_rejections_name_its_columns() {
    let dir = tempfile::tempdir().unwrap();
    let text = "from;to;t;note\n1;2;1422871200;x\n3;3;1422871200;\n4;5;yesterday;\n";
    fs::write(dir.path().join("edges.csv"), text).unwrap();
    let read = friendships(dir.path(), EDGES).unwrap();
    assert_eq!(read.records.len(), 1);
    assert_eq!(
        read.records[0].since,
        Timestamp::parse("2015-02-02T10:00:00Z").unwrap()
    );
    let mappings = mappings(EDGES);
    let told = |one: &Rejection| {
        let column = mappings.column_in(&one.file, one.column);
        format!(
            "{} {} {column} {}; {}",
            one.file,
            one.row,
            one.reason,
            mappings.cure(one)
        )
    };
    let told: Vec<String> = read.rejections.iter().map(told).collect();
    assert!(
        told[0].starts_with("edges.csv 2 to self_reference; "),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("edges.csv 3 t wrong_type; "),
        "{told:?}"
    );
    assert!(told[1].contains("write seconds since 1970"), "{told:?}");
    assert_eq!(read.summary.ignored_columns["edges.csv"], ["note"]);
}

#[test]
fn lines_of_json_are_read_as_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let text = "{\"from\": 1, \"to\": 2, \"t\": 1422871200}\n{\"to\": 5, \"from\": 4, \"t\": 1422871201, \"note\": 1}\n{\"from\"\n";
    fs::write(dir.path().join("edges.jsonl"), text).unwrap();
    let config = EDGES
        .replace("edges.csv", "edges.jsonl")
        .replace("delimiter = \";\"", "format = \"jsonl\"");
    let read = friendships(dir.path(), &config).unwrap();
    assert_eq!(read.records.len(), 2);
    assert_eq!(read.records[1].user_b.0, 5);
    assert_eq!(read.rejections[0].reason, RejectionReason::Malformed);
    assert_eq!(read.rejections[0].row, 3);
    let content = text.replace("\"note\"", "\"message_text\"");
    fs::write(dir.path().join("edges.jsonl"), content).unwrap();
    let error = friendships(dir.path(), &config).unwrap_err();
    assert!(
        matches!(error, SignalsError::MessageContent { .. }),
        "{error}"
    );
}

#[test]
fn parquet_may_count_times_in_whole_numbers() {
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};
    let dir = tempfile::tempdir().unwrap();
    let column = |values: [i64; 2]| -> ArrayRef {
        std::sync::Arc::new(Int64Array::from_iter_values(values))
    };
    let columns = [
        ("from", column([1, 3])),
        ("to", column([2, 4])),
        ("t", column([1_422_871_200, 7])),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(dir.path().join("edges.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let config = EDGES
        .replace("edges.csv", "edges.parquet")
        .replace("delimiter = \";\"\n", "");
    let read = friendships(dir.path(), &config).unwrap();
    assert_eq!(
        read.records[0].since,
        Timestamp::parse("2015-02-02T10:00:00Z").unwrap()
    );
    assert_eq!(read.rejections[0].reason, RejectionReason::OutOfRange);
    let plain = config.replace("time = \"seconds\"\n", "");
    let error = friendships(dir.path(), &plain).unwrap_err();
    assert!(matches!(error, SignalsError::ColumnType { .. }), "{error}");
}

#[test]
fn a_region_stands_in_where_a_row_names_none() {
    let dir = tempfile::tempdir().unwrap();
    let text = "account_id,phone,region,registered_at,last_seen_at,number_since\n1,+4366491059488,,2015-01-01T00:00:00Z,2015-01-02T00:00:00Z,2015-01-01T00:00:00Z\n";
    let at = dir.path().join("messenger_accounts.csv");
    fs::write(&at, text).unwrap();
    let config = "[tables.messenger_accounts]\nregion = \"IN\"\n";
    let read = |config: &str| {
        let dir = SignalsDir::open_mapped(dir.path(), &limits(), mappings(config)).unwrap();
        dir.read::<MessengerAccount>()
    };
    let region =
        |rows: TableRows<MessengerAccount>| format!("{:?} {:?}", rows.records, rows.rejections);
    let Ok(rows) = read(config) else {
        panic!("{:?}", read(config).unwrap_err());
    };
    assert!(region(rows).contains("IN"));
}

#[test]
fn deny_files_and_columns_that_are_not_there() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("edge.csv"), "from,to,t\n").unwrap();
    let error = friendships(dir.path(), EDGES).unwrap_err().to_string();
    assert!(
        error.contains(
            "edges.csv ([tables.friendships]), which is not there; the nearest is edge.csv"
        ),
        "{error}"
    );
    fs::rename(dir.path().join("edge.csv"), dir.path().join("edges.csv")).unwrap();
    let commas = EDGES.replace("delimiter = \";\"\n", "");
    assert!(friendships(dir.path(), &commas).is_ok());
    let error = friendships(dir.path(), EDGES).unwrap_err().to_string();
    assert!(error.contains("separated by commas"), "{error}");
    let other = commas.replace("\"from\"", "\"fron\"");
    let error = friendships(dir.path(), &other).unwrap_err().to_string();
    assert!(
        error
            .contains("maps user_a to fron, and edges.csv has no such column; the nearest is from"),
        "{error}"
    );
    // A column that already has the table's name is not passed over for another.
    fs::write(dir.path().join("edges.csv"), "from,to,t,since\n").unwrap();
    assert!(friendships(dir.path(), &commas).is_err());
    // Nor is a table that is there under its own name.
    fs::write(dir.path().join("edges.csv"), "from,to,t\n").unwrap();
    fs::write(dir.path().join("friendships.csv"), "user_a,user_b,since\n").unwrap();
    let error = friendships(dir.path(), &commas).unwrap_err();
    assert!(matches!(error, SignalsError::TwoForms { .. }), "{error}");
}
