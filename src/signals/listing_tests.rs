//! Directories as people leave them behind: what is read, what is passed over, and what stops a run by name.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::testing::{dir_of, read, read_csv_text};
use super::*;
use crate::ids::Region;

const BLOCKS: &str =
    "user_id,other_id,kind,at\n1,2,block,2016-01-01T00:00:00Z\n3,4,hide,2016-01-02T00:00:00Z\n";
const MORE: &str = "user_id,other_id,kind,at\n5,6,report,2016-01-03T00:00:00Z\n";

fn tabs(text: &str) -> String {
    text.replace(',', "\t")
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zst(text: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(text, 3).unwrap()
}

fn parquet(text: &str) -> Vec<u8> {
    let records = blocks(dir_of(&[("feedback.csv", text.as_bytes())]).path()).unwrap();
    let dir = dir_of(&[]);
    write_table(dir.path(), TableForm::Parquet, &records).unwrap();
    fs::read(dir.path().join("feedback.parquet")).unwrap()
}

fn blocks(dir: &Path) -> Result<Vec<Feedback>, SignalsError> {
    Ok(read::<Feedback>(dir)?.records)
}

/// What stops whoever reads a directory of these files.
fn stopped(files: &[(&str, &[u8])]) -> String {
    let dir = dir_of(files);
    blocks(dir.path()).map(|_| files).unwrap_err().to_string()
}

#[test]
fn same_rows_in_every_form() {
    let expected = blocks(dir_of(&[("feedback.csv", BLOCKS.as_bytes())]).path()).unwrap();
    assert_eq!(expected.len(), 2);
    let (text, tabbed) = (BLOCKS.as_bytes(), tabs(BLOCKS));
    let tabbed = tabbed.as_bytes();
    let frames = [zst(&text[..30]), zst(&text[30..])].concat();
    for (name, bytes) in [
        ("feedback.csv.gz", gz(text)),
        ("feedback.csv.zst", zst(text)),
        ("feedback.csv.zst", frames),
        ("feedback.tsv", tabbed.to_vec()),
        ("feedback.tsv.gz", gz(tabbed)),
        ("feedback.tsv.zst", zst(tabbed)),
        ("feedback/anything.tsv", tabbed.to_vec()),
        ("feedback.parquet/part-0.parquet", parquet(BLOCKS)),
        ("feedback.csv/part-0.csv", text.to_vec()),
        ("feedback.csv", BLOCKS.replace('\n', "\r").into_bytes()),
        ("feedback.tsv", [b"\xEF\xBB\xBF", tabbed].concat()),
        ("feedback.csv.gz", [&gz(text)[..], &[0; 512]].concat()),
    ] {
        let dir = dir_of(&[(name, &bytes)]);
        assert_eq!(blocks(dir.path()).unwrap(), expected, "{name}");
    }
}

#[test]
fn deny_names_under_a_tables_name_that_are_not_read() {
    for (name, part) in [
        ("feedback.csv.1", "feedback.csv.1"),
        ("feedback.csv.bak", "feedback.csv.bak"),
        ("feedback.csv~", "feedback.csv~"),
        ("feedback (1).csv", "feedback (1).csv"),
        ("feedback-2016-10.csv", "feedback-2016-10.csv"),
        ("feedback_2.parquet", "feedback_2.parquet"),
        ("old_feedback.json", "old_feedback.json"),
        ("feedback.csv.xz", "its packing"),
        ("feedback.csv.bz2", "its packing"),
        ("feedback.zip", "its packing"),
        ("feedback.json", "JSON"),
        ("feedback.jsonl.gz", "JSON"),
        ("feedback.orc", "files of this kind"),
        ("feedback.avro", "files of this kind"),
        ("feedback.txt", "its ending"),
        ("feedback", "its ending"),
        ("feedback.gz", "its ending"),
        ("feedback.parquet.gz", "Parquet inside another packing"),
        ("feedback.CSV", "feedback.CSV"),
        ("Feedback.csv", "Feedback.csv"),
        ("feedback .csv", "feedback .csv"),
        ("feedback\u{200b}.csv", "feedback\\u{200b}.csv"),
        ("feedback.csv ", "feedback.csv "),
        ("feedbacks.json", "feedbacks.json"),
        ("FEEDBACK/part-0.csv", "FEEDBACK"),
        ("feedback_2016/part-0.csv", "feedback_2016"),
        ("backup/2016/feedback.csv", "backup"),
        ("ads-2016.json", "ads-2016.json"),
        ("stray.csv.1", "stray.csv.1"),
    ] {
        let error = stopped(&[("friendships.csv", b"user_a,user_b,since\n"), (name, b"x")]);
        assert!(
            error.contains(part) && error.contains("looks like a"),
            "{name}: {error}"
        );
    }
}

#[test]
fn deny_whatever_else_is_in_a_tables_folder() {
    for (name, part) in [
        ("part-1.csv.1", "its ending"),
        ("part-1.csv.bak", "its ending"),
        ("part-1.CSV", "small letters"),
        ("part-1.csv.xz", "its packing"),
        ("part-1.json", "JSON"),
        ("part-1.orc", "files of this kind"),
        ("part-1.txt", "its ending"),
        ("part-1", "its ending"),
        ("notes", "its ending"),
        ("part-1.csv.crdownload", "its ending"),
        ("2016/part-1.csv", "COLUMN=VALUE"),
        ("=1/part-1.csv", "COLUMN=VALUE"),
        ("_delta_log/0.json", "Delta Lake"),
        (".hoodie/hoodie.properties", "Hudi"),
        ("metadata/v1.json", "COLUMN=VALUE"),
        ("_temporary/0/part-1.csv", "has not finished"),
        ("_started_77", "has not finished"),
    ] {
        let name = format!("feedback/{name}");
        let error = stopped(&[("feedback/part-0.csv", BLOCKS.as_bytes()), (&name, b"x")]);
        let first: String = name.split('/').take(2).collect::<Vec<_>>().join("/");
        let is_told =
            error.contains(part) && error.contains(&first) && error.contains("table feedback");
        assert!(is_told, "{name}: {error}");
    }
    for files in [
        &["feedback/_SUCCESS"][..],
        &["feedback/date=1/_SUCCESS", "feedback/date=2/a.csv"],
    ] {
        let files: Vec<(&str, &[u8])> = files.iter().map(|&name| (name, &b""[..])).collect();
        let error = stopped(&files);
        assert!(
            error.starts_with("the folder feedback") && error.contains("holds no"),
            "{error}"
        );
    }
}

#[test]
fn companions_are_passed_over() {
    let beside: [(&str, &[u8]); 14] = [
        ("_SUCCESS", b""),
        (".DS_Store", b"x"),
        ("README.md", b"x"),
        ("notes.txt", b"x"),
        ("manifest.json", b"{}"),
        (".feedback.csv.swp", b"x"),
        ("feedback.csv.crc", b"x"),
        ("feedback/_SUCCESS", b""),
        ("feedback/_metadata", b"x"),
        ("feedback/_common_metadata", b"x"),
        ("feedback/_started_1", b"x"),
        ("feedback/_committed_1", b"x"),
        ("feedback/.part-0.csv.crc", b"x"),
        ("feedback/README", b"x"),
    ];
    let parts: [(&str, &[u8]); 2] = [
        ("feedback/part-0.csv", BLOCKS.as_bytes()),
        ("feedback/part-1.csv", MORE.as_bytes()),
    ];
    let dir = dir_of(&[&parts[..], &beside[..]].concat());
    assert_eq!(blocks(dir.path()).unwrap().len(), 3);
}

#[cfg(unix)]
#[test]
fn deny_links_that_lead_nowhere_and_names_that_are_not_text() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    for link in [
        "feedback.csv",
        "feedback.csv.1",
        "feedback",
        "feedback/part-1.csv",
    ] {
        let dir = dir_of(&[("friendships.csv", b"user_a,user_b,since\n")]);
        if link.contains('/') {
            fs::create_dir(dir.path().join("feedback")).unwrap();
        }
        symlink("/nowhere/at/all", dir.path().join(link)).unwrap();
        let error = blocks(dir.path()).unwrap_err().to_string();
        assert!(error.contains(link), "{error}");
    }
    for folder in ["", "feedback"] {
        let dir = dir_of(&[("friendships.csv", b"user_a,user_b,since\n")]);
        fs::create_dir_all(dir.path().join(folder)).unwrap();
        let name = std::ffi::OsStr::from_bytes(b"feedback\xFF.csv");
        fs::write(dir.path().join(folder).join(name), BLOCKS).unwrap();
        let error = blocks(dir.path()).unwrap_err().to_string();
        assert!(error.contains("feedback\u{fffd}.csv"), "{error}");
    }
}

#[test]
fn deny_the_same_part_twice() {
    let (text, more) = (BLOCKS.as_bytes(), MORE.as_bytes());
    let (packed, squeezed, columns) = (gz(text), zst(text), parquet(BLOCKS));
    let twice: [[(&str, &[u8]); 2]; 9] = [
        [("a.csv", text), ("a.csv.gz", &packed)],
        [("a.csv", text), ("b.csv", text)],
        [("a.csv", text), ("b.csv.gz", &packed)],
        [("a.csv.zst", &squeezed), ("b.csv.gz", &packed)],
        [("a.csv", text), ("a.parquet", &columns)],
        [("a.csv", text), ("a.tsv", more)],
        [("a.csv", text), ("a (1).csv", more)],
        [("a.csv", text), ("a - Copy.csv", more)],
        [("date=1/a.csv", text), ("date=2/b.csv", text)],
    ];
    for pair in twice {
        let names = pair.map(|(name, _)| format!("feedback/{name}"));
        let files = [
            (names[0].as_str(), pair[0].1),
            (names[1].as_str(), pair[1].1),
        ];
        let error = stopped(&files);
        let names_both = names.iter().all(|name| error.contains(name));
        assert!(names_both && error.contains("keep one"), "{error}");
    }
    let error = stopped(&[("feedback.csv", text), ("feedback.tsv", more)]);
    assert!(
        error.contains("feedback.csv") && error.contains("feedback.tsv"),
        "{error}"
    );
}

#[test]
fn parts_without_rows_are_no_repetition() {
    let header = BLOCKS.lines().next().unwrap().as_bytes();
    let dir = dir_of(&[
        ("feedback/a.csv", header),
        ("feedback/b.csv", header),
        ("feedback/c.csv", BLOCKS.as_bytes()),
    ]);
    assert_eq!(blocks(dir.path()).unwrap().len(), 2);
}

const ACCOUNT: &str = "user_id,created_at\n1,2016-01-01T00:00:00Z\n";

#[test]
fn folders_say_what_a_column_is() {
    let other = ACCOUNT.replace("\n1,", "\n2,");
    let table = "social_accounts";
    let dir = dir_of(&[
        (
            "social_accounts/day=2016-01-02/region=DE/part-0.csv",
            ACCOUNT.as_bytes(),
        ),
        // The same bytes, but another row.
        (
            "social_accounts/day=2016-01-02/Region=fr/part-0.csv",
            ACCOUNT.replace("\n1,", "\n3,").as_bytes(),
        ),
        (
            "social_accounts/day=2016-01-01/region=UK/part-0.csv.gz",
            &gz(other.as_bytes()),
        ),
        (
            "social_accounts/day=2016-01-03/region=__HIVE_DEFAULT_PARTITION__/part-0.csv",
            ACCOUNT.replace("\n1,", "\n4,").as_bytes(),
        ),
        (
            "social_accounts/phone=%2B4930123456/part-0.csv",
            ACCOUNT.replace("\n1,", "\n5,").as_bytes(),
        ),
    ]);
    let rows = read::<SocialAccount>(dir.path()).unwrap();
    let told: Vec<(u64, Option<Region>)> = rows
        .records
        .iter()
        .map(|row| (row.user_id.0, row.region))
        .collect();
    let region = |code| Region::parse(code);
    assert_eq!(
        told,
        [
            (2, region("GB")),
            (3, region("FR")),
            (1, region("DE")),
            (4, None),
            (5, None)
        ],
        "in the order of their paths"
    );
    assert_eq!(
        rows.records[4].phone.as_ref().unwrap().expose(),
        "+4930123456"
    );
    let ignored = &rows.summary.ignored_columns;
    assert!(
        ignored.values().all(|names| names == &["day"]),
        "{ignored:?}"
    );
    assert_eq!(Table::parse(table), Some(Table::SocialAccounts));
}

#[test]
fn folders_say_it_for_parquet_too() {
    let dir = dir_of(&[
        ("feedback/kind=block/a.parquet", &without_kind(&[(1, 2)])),
        ("feedback/kind=hide/a.parquet", &without_kind(&[(1, 2)])),
    ]);
    let kinds: Vec<FeedbackKind> = blocks(dir.path())
        .unwrap()
        .iter()
        .map(|row| row.kind)
        .collect();
    assert_eq!(kinds, [FeedbackKind::Block, FeedbackKind::Hide]);
}

/// A Parquet file of feedback that does not say of which kind.
fn without_kind(pairs: &[(u64, u64)]) -> Vec<u8> {
    use arrow_array::{ArrayRef, RecordBatch, TimestampMicrosecondArray, UInt64Array};
    use std::sync::Arc;
    let column = |of: fn(&(u64, u64)) -> u64| -> ArrayRef {
        Arc::new(pairs.iter().map(of).collect::<UInt64Array>())
    };
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1; pairs.len()]));
    let columns = [
        ("user_id", column(|pair| pair.0)),
        ("other_id", column(|pair| pair.1)),
        ("at", at),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn deny_folders_that_say_too_much_or_nothing() {
    for (name, text, part) in [
        (
            "kind=block",
            BLOCKS,
            "says column kind twice, in kind and in the folder feedback/kind=block",
        ),
        ("KIND=block", BLOCKS, "says column kind twice"),
        (
            "user_id=1/user-id=2",
            "other_id,kind,at\n",
            "says column user_id twice",
        ),
        ("user_id=one", "other_id,kind,at\n", "not as decimal digits"),
        (
            "at=2016-01-01",
            "user_id,other_id,kind\n",
            "not as an RFC 3339 time",
        ),
        ("message_text=hello", BLOCKS, "looks like message content"),
        ("k\u{456}nd=block", BLOCKS, "looks like kind and is not"),
    ] {
        let name = format!("feedback/{name}/a.csv");
        let error = stopped(&[(&name, text.as_bytes())]);
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[test]
fn deny_other_separators_by_name() {
    let cases = [
        ("feedback.csv", tabs(BLOCKS), "tabs: name it .tsv"),
        (
            "feedback.csv",
            BLOCKS.replace(',', ";"),
            "semicolons: write it with commas",
        ),
        (
            "feedback.csv",
            BLOCKS.replace(',', "|"),
            "bars: write it with commas",
        ),
        (
            "feedback.csv",
            BLOCKS.replace(',', "\u{1}"),
            "control characters, as Hive does",
        ),
        ("feedback.tsv", BLOCKS.to_owned(), "commas: name it .csv"),
        (
            "feedback.tsv",
            BLOCKS.replace(',', ";"),
            "semicolons: write it with commas",
        ),
        (
            "feedback.csv",
            BLOCKS.replace(',', ";").replace("kind;", "kind,"),
            "semicolons",
        ),
    ];
    for (name, text, part) in cases {
        let error = stopped(&[(name, text.as_bytes())]);
        assert!(error.contains(part) && error.contains(name), "{error}");
    }
    // A name in it that would be message content on its own.
    let header = "event_id;account_id;kind;valid_time;known_time;text_digest\n";
    let error = read_csv_text::<ConsentEventRow>(header).unwrap_err();
    assert!(error.to_string().contains("semicolons"), "{error}");
    let error = stopped(&[("feedback.csv", format!("sep=,\n{BLOCKS}").as_bytes())]);
    assert!(
        error.contains("its first line names a separator"),
        "{error}"
    );
}

#[test]
fn deny_files_that_are_something_else() {
    let utf16 = |first: u16| -> Vec<u8> {
        let units = std::iter::once(first).chain(BLOCKS.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let utf16_be: Vec<u8> = BLOCKS.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let text = BLOCKS.as_bytes();
    for (name, bytes, part) in [
        ("feedback.csv", utf16(0xFEFF), "UTF-16 (save it as UTF-8)"),
        ("feedback.csv", utf16(0x75)[2..].to_vec(), "UTF-16"),
        ("feedback.tsv", utf16_be, "UTF-16"),
        ("feedback.csv.gz", gz(&utf16(0xFEFF)), "UTF-16"),
        ("feedback.csv", gz(text), "gzip (name it .csv.gz"),
        ("feedback.csv", zst(text), "Zstandard (name it .csv.zst"),
        (
            "feedback.csv",
            parquet(BLOCKS),
            "Parquet (name it .parquet)",
        ),
        (
            "feedback.csv",
            b"PK\x03\x04rest".to_vec(),
            "a ZIP archive or an Excel workbook",
        ),
        ("feedback.csv", b"<html><body>403".to_vec(), "HTML"),
        (
            "feedback.csv.gz",
            text.to_vec(),
            "is not gzip: it seems to be something else, perhaps plain text",
        ),
        (
            "feedback.csv.zst",
            gz(text),
            "is not Zstandard: it seems to be gzip",
        ),
        ("feedback.csv.gz", gz(&gz(text)), "gzip"),
        (
            "feedback.parquet",
            gz(text),
            "is not Parquet: it seems to be gzip",
        ),
        (
            "feedback.parquet",
            text.to_vec(),
            "is not Parquet: it seems to be something else, perhaps plain text",
        ),
        (
            "feedback.csv.gz",
            [&gz(text)[..], b"more"].concat(),
            "trailing bytes after the end of the gzip stream",
        ),
        (
            "feedback.csv.zst",
            [&zst(text)[..], b"more"].concat(),
            "it does not unpack",
        ),
    ] {
        let error = stopped(&[(name, &bytes)]);
        assert!(
            error.contains(part) && error.contains(name),
            "{name}: {error}"
        );
    }
}

#[test]
fn deny_zstandard_that_was_cut_off_anywhere() {
    let (bytes, dir) = (zst(BLOCKS.as_bytes()), dir_of(&[]));
    for end in 0..bytes.len() {
        fs::write(dir.path().join("feedback.csv.zst"), &bytes[..end]).unwrap();
        let error = blocks(dir.path()).unwrap_err();
        assert!(
            error.to_string().contains("feedback.csv.zst"),
            "{end}: {error}"
        );
    }
}
