//! CSV files that others wrote, and directories of them.

use std::fs;
use std::io::Write;
use std::sync::Arc;

use crate::publish::shown;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::RejectionReason::{Malformed, Missing, OutOfRange, SelfReference, WrongType};
use super::testing::{dir_of, faults, limits, read, read_csv_text};
use super::*;
use crate::ids::Region;

const BOOK: &str = "account_id,phone,saved_at\n1,+49301,1970-01-01T00:00:01Z\n2,+49302,1970-01-01T01:00:02+01:00\n";

fn book(text: &str) -> Result<TableRows<AddressBookEntry>, SignalsError> {
    read_csv_text(text)
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn same_rows_however_the_text_is_laid_out() {
    let expected = book(BOOK).unwrap().records;
    assert_eq!(expected.len(), 2);
    assert_eq!(expected[1].saved_at.micros(), 2_000_000);
    let variants = [
        format!("\u{feff}{BOOK}"),
        BOOK.replace('\n', "\r\n"),
        BOOK.replace('\n', "\n\n"),
        BOOK.trim_end().to_owned(),
        BOOK.replace("+49301", "\" +49301 \""),
        BOOK.replace("account_id,", "\"account_id\", ")
            .replace(",+", ", +"),
        BOOK.replace("phone,", "phone,colour,")
            .replace("1,1970", "1,red,1970")
            .replace("2,1970", "2,,1970"),
    ];
    for text in variants {
        assert_eq!(book(&text).unwrap().records, expected, "{text}");
    }
    let two_members = [gz(&BOOK.as_bytes()[..40]), gz(&BOOK.as_bytes()[40..])].concat();
    for bytes in [gz(BOOK.as_bytes()), two_members] {
        let dir = dir_of(&[("address_book.csv.gz", &bytes)]);
        assert_eq!(
            read::<AddressBookEntry>(dir.path()).unwrap().records,
            expected
        );
    }
}

#[test]
fn bad_rows_are_rejected_and_good_ones_kept() {
    let mut bytes = b"account_id,phone,saved_at\n".to_vec();
    for row in [
        &b"1,+49301,1970-01-01T00:00:01Z"[..],
        b"1,+49301",
        b"1,+49301,1970-01-01T00:00:01Z,4",
        b"1,\xFF,1970-01-01T00:00:01Z",
        b",+49301,1970-01-01T00:00:01Z",
        b"-5,+49301,1970-01-01T00:00:01Z",
        b"seven,+49301,1970-01-01T00:00:01Z",
        b"99999999999999999999999,+49301,1970-01-01T00:00:01Z",
        b"1.0,+49301,1970-01-01T00:00:01Z",
        b"1,,1970-01-01T00:00:01Z",
        b"1,a\0b,1970-01-01T00:00:01Z",
        b"1,+49301,1970-01-01",
        b"2,+49302,1970-01-01T00:00:01Z",
    ] {
        bytes.extend_from_slice(row);
        bytes.push(b'\n');
    }
    let dir = dir_of(&[("address_book.csv", &bytes)]);
    let rows = read::<AddressBookEntry>(dir.path()).unwrap();
    assert_eq!(rows.records.len(), 2);
    assert_eq!(rows.origins[1], Origin { file: 0, row: 13 });
    let expected = [
        (2, "account_id", Malformed),
        (3, "account_id", Malformed),
        (4, "account_id", Malformed),
        (5, "account_id", Missing),
        (6, "account_id", OutOfRange),
        (7, "account_id", WrongType),
        (8, "account_id", OutOfRange),
        (9, "account_id", WrongType),
        (10, "phone", Missing),
        (11, "phone", OutOfRange),
        (12, "saved_at", WrongType),
    ];
    assert_eq!(faults(&rows), expected);
    assert_eq!(rows.summary.n_rows, 13);
    assert_eq!(rows.summary.n_records + rows.summary.n_rejected(), 13);
    assert_eq!(rows.summary.rejected[&Malformed], 3);
    assert_eq!(rows.rejections[0].file, "address_book.csv");
}

#[test]
fn the_file_is_digested_as_it_is() {
    let rows = book(BOOK).unwrap();
    let file = &rows.summary.files[0];
    assert_eq!(file.path, "address_book.csv");
    assert_eq!((file.bytes, file.rows), (BOOK.len() as u64, 2));
    assert_eq!(
        file.blake3,
        blake3::hash(BOOK.as_bytes()).to_hex().to_string()
    );
}

#[test]
fn deny_headers_that_cannot_be_read() {
    let cases = [
        ("", "address_book.csv is empty"),
        (
            "account_id,phone\n",
            "address_book.csv has no column saved_at; it has account_id, phone",
        ),
        (
            "account_id,phone,saved_at,phone\n",
            "address_book.csv has two columns named phone",
        ),
        (
            "account_id,phone,saved_at,message_text\n",
            "column message_text of address_book.csv looks like message content",
        ),
        (
            "1,+4930123456,1970-01-01T00:00:01Z\n",
            "address_book.csv has no columns account_id, phone, saved_at; it has 1, (not a name), (not a name)",
        ),
        (
            "account_id,phone,\"saved_at\n1,2,3\n",
            "address_book.csv ends inside a quoted value that began in row 0",
        ),
    ];
    for (text, message) in cases {
        let error = book(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    assert_eq!(book("account_id,phone,saved_at\n").unwrap().records, []);
}

#[test]
fn deny_a_quote_that_swallows_the_rest() {
    let error = book(&BOOK.replace("+49302", "\"+49302")).unwrap_err();
    assert!(
        matches!(error, SignalsError::OpenQuote { row: 2, .. }),
        "{error}"
    );
}

#[test]
fn deny_a_row_that_does_not_end() {
    let dir = dir_of(&[(
        "address_book.csv",
        BOOK.replace("+49302", &"9".repeat(300)).as_bytes(),
    )]);
    let small = ReadLimits::default().max_row_bytes(256).check().unwrap();
    let error = SignalsDir::open(dir.path(), &small)
        .unwrap()
        .read::<AddressBookEntry>()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 2 of address_book.csv (row 0 is the header) is longer than signals.max_row_bytes = 256 allows"
    );
}

#[test]
fn deny_more_rows_or_columns_than_allowed() {
    let dir = dir_of(&[("address_book.csv", BOOK.as_bytes())]);
    for (limits, name) in [
        (ReadLimits::default().max_rows(1), "max_rows"),
        (ReadLimits::default().max_columns(2), "max_columns"),
    ] {
        let dir = SignalsDir::open(dir.path(), &limits.check().unwrap()).unwrap();
        let error = dir.read::<AddressBookEntry>().unwrap_err();
        assert!(
            matches!(error, SignalsError::Limit { limit, .. } if limit == name),
            "{error}"
        );
    }
}

#[test]
fn deny_gzip_that_was_cut_off_anywhere() {
    let bytes = gz(BOOK.as_bytes());
    let dir = dir_of(&[]);
    for end in 0..bytes.len() {
        fs::write(dir.path().join("address_book.csv.gz"), &bytes[..end]).unwrap();
        let error = read::<AddressBookEntry>(dir.path()).unwrap_err();
        assert!(error.to_string().contains("address_book.csv.gz"), "{error}");
    }
}

#[test]
fn deny_a_missing_table_by_name() {
    let dir = dir_of(&[
        ("address_book.csv", BOOK.as_bytes()),
        ("README.md", b"hello"),
    ]);
    let signals = SignalsDir::open(dir.path(), &limits()).unwrap();
    assert!(signals.has(Table::AddressBook) && !signals.has(Table::Ads));
    assert!(signals.require(&[Table::AddressBook]).is_ok());
    let error = signals
        .require(&[Table::AddressBook, Table::PolicyVersions])
        .unwrap_err()
        .to_string();
    let shown = shown(dir.path());
    for part in [
        "policy_versions.parquet",
        "policy_versions.csv.gz",
        "a folder policy_versions",
        &shown,
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn deny_directories_that_could_be_misread() {
    let book = BOOK.as_bytes();
    let cases: [(&[&str], &str); 7] = [
        (
            &["adress_book.csv"],
            "adress_book.csv looks like a table, but no table has that name; did you mean address_book",
        ),
        (
            &["address_book.CSV"],
            "address_book.CSV looks like a part of table address_book, but its ending is not in small letters",
        ),
        (
            &["adress_book/1.csv"],
            "adress_book looks like a part of table address_book, but no table has that name",
        ),
        (&["messages.csv"], "messages.csv looks like a table"),
        (
            &["ads.csv", "ads.parquet"],
            "table ads exists twice, as ads.csv and ads.parquet",
        ),
        (&["ads/README"], "the folder ads holds no"),
        (
            &["ads/1.csv", "ads/DE/2.csv"],
            "ads/DE looks like a part of table ads, but inside a table's folder only folders named COLUMN=VALUE",
        ),
    ];
    for (names, message) in cases {
        let files: Vec<(&str, &[u8])> = names.iter().map(|&name| (name, book)).collect();
        let error = SignalsDir::open(dir_of(&files).path(), &limits())
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let error = SignalsDir::open(&dir_of(&[]).path().join("nowhere"), &limits()).unwrap_err();
    assert!(matches!(error, SignalsError::Directory { .. }));
}

#[cfg(unix)]
#[test]
fn deny_links_and_pipes() {
    use std::os::unix::fs::symlink;
    let elsewhere = dir_of(&[
        ("address_book.csv", BOOK.as_bytes()),
        ("parts/1.csv", BOOK.as_bytes()),
    ]);
    let target = |name: &str| elsewhere.path().join(name);
    for (link, to) in [
        ("ads.csv", "address_book.csv"),
        ("ads", "parts"),
        ("ads", "address_book.csv"),
    ] {
        let dir = dir_of(&[]);
        symlink(target(to), dir.path().join(link)).unwrap();
        let error = SignalsDir::open(dir.path(), &limits()).unwrap_err();
        assert!(matches!(error, SignalsError::NotAFile { .. }), "{error}");
    }
    let dir = dir_of(&[("address_book/1.csv", BOOK.as_bytes())]);
    symlink(
        target("address_book.csv"),
        dir.path().join("address_book/2.csv"),
    )
    .unwrap();
    let error = SignalsDir::open(dir.path(), &limits()).unwrap_err();
    assert!(matches!(error, SignalsError::NotAFile { .. }), "{error}");
    let dir = dir_of(&[]);
    let made = std::process::Command::new("mkfifo")
        .arg(dir.path().join("ads.csv"))
        .status();
    if made.is_ok_and(|status| status.success()) {
        let error = SignalsDir::open(dir.path(), &limits()).unwrap_err();
        assert!(matches!(error, SignalsError::NotAFile { .. }), "{error}");
    } else {
        eprintln!("skipped: mkfifo is not there");
    }
}

#[test]
fn no_error_shows_a_number() {
    let text =
        "account_id,phone,saved_at\nx,+4915112345678,1970-01-01T00:00:01Z\n1,\"+4915112345678\n";
    let error = book(text).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("15112345678"));
    let rows = book(
        "account_id,phone,saved_at\n+4915112345678,+4915112345678,x\n1,+4915112345678,1970-01-01T00:00:01Z\n",
    );
    assert!(!format!("{:?}", rows.unwrap()).contains("15112345678"));
}

/// Reads rows of a table, with the given columns, and says what is wrong with each.
fn wrong<R: Record>(header: &str, rows: &[&str]) -> Vec<Option<(&'static str, RejectionReason)>> {
    let told = |row: &&str| {
        let read = read_csv_text::<R>(&format!("{header}\n{row}\n")).unwrap();
        faults(&read)
            .first()
            .map(|&(_, column, reason)| (column, reason))
    };
    rows.iter().map(told).collect()
}

const T1: &str = "2016-01-01T00:00:00Z";
const T2: &str = "2016-01-02T00:00:00Z";

#[test]
fn numbers_are_held_for_a_time() {
    let header = "account_id,phone,registered_at,last_seen_at,number_since,number_until,region";
    let row = |until: &str, region: &str| format!("1,+1,{T1},{T1},{T1},{until},{region}");
    let rows = [
        row("", ""),
        row(T2, "de"),
        row(T1, ""),
        row("", "ZZ"),
        row("", "Germany"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let expected = [
        None,
        None,
        Some(("number_until", OutOfRange)),
        None,
        Some(("region", OutOfRange)),
    ];
    assert_eq!(wrong::<MessengerAccount>(header, &rows), expected);
}

#[test]
fn social_accounts_keep_to_their_values() {
    let text = format!(
        "user_id,created_at,phone,phone_given_for,birth_year,gender,interests,region\n1,{T1},+1,,1900, Female,b|A|b,fr\n\
         2,{T1},+1,Contact,2100,,,\n3,{T1},,ads,,,,\n4,{T1},,,1899,,,\n5,{T1},,,99999,,,\n"
    );
    let rows = read_csv_text::<SocialAccount>(&text).unwrap();
    assert_eq!(rows.records[0].phone_given_for, PhonePurpose::Security);
    assert_eq!(rows.records[1].phone_given_for, PhonePurpose::Contact);
    assert_eq!(rows.records[0].gender.as_deref(), Some("female"));
    assert_eq!(rows.records[0].interests, ["a", "b"]);
    assert_eq!(rows.records[0].region, Region::parse("FR"));
    let expected = [
        (3, "phone_given_for", OutOfRange),
        (4, "birth_year", OutOfRange),
        (5, "birth_year", OutOfRange),
    ];
    assert_eq!(faults(&rows), expected);
}

#[test]
fn rows_that_say_the_same_share_it_and_are_counted_each() {
    let shown = |said: &str| format!("1,7,feed,{T1},1,0,{said}\n");
    let same = shown("DE,25-29,F,de,diabetes|art|food");
    let others = [
        "de,25-29,f,de,art",
        "DE,25-29,,f,art",
        "DE,25-29f,,,art",
        "XX9,25-29,F,de,art",
    ];
    let others: String = others.into_iter().map(shown).collect();
    let rows = read_csv_text::<Impression>(&format!(
        "user_id,ad_id,surface,at,impressions,clicks,user_region,user_age_band,user_gender,user_language,user_interests\n{}{others}",
        same.repeat(3)
    ));
    let rows = rows.unwrap();
    let said = |at: usize| &rows.records[at].attributes;
    assert_eq!(said(0).interests, ["art", "food"]);
    assert_eq!(said(0).gender.as_deref(), Some("f"));
    assert!(Arc::ptr_eq(said(0), said(1)) && Arc::ptr_eq(said(0), said(2)));
    assert_eq!(said(3).region, Region::parse("DE"));
    assert_eq!(
        (said(4).gender.as_deref(), said(4).language.as_deref()),
        (None, Some("f"))
    );
    assert_eq!(said(5).age_band.as_deref(), Some("25-29f"));
    assert_eq!(faults(&rows), [(7, "user_region", OutOfRange)]);
    let terms = &rows.summary.terms;
    assert_eq!((terms.kept, terms.refused[&Topic::Health]), (3 * 2 + 3, 3));
}

#[test]
fn pairs_are_of_two() {
    let rows = read_csv_text::<Friendship>(&format!(
        "user_a,user_b,since\n9,2,{T1}\n2,9,{T1}\n3,3,{T1}\n"
    ))
    .unwrap();
    assert_eq!(rows.records[0], rows.records[1]);
    assert_eq!((rows.records[0].user_a.0, rows.records[0].user_b.0), (2, 9));
    assert_eq!(faults(&rows), [(3, "user_b", SelfReference)]);
    let rows = [
        format!("1,1,hide,{T1}"),
        format!("1,1,block,{T1}"),
        format!("1,2,poke,{T1}"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let expected = [
        None,
        Some(("other_id", SelfReference)),
        Some(("kind", OutOfRange)),
    ];
    assert_eq!(
        wrong::<Feedback>("user_id,other_id,kind,at", &rows),
        expected
    );
    let report = format!("1,1,spam,{T1}");
    assert_eq!(
        wrong::<AbuseReport>("reporter,reported,reason,at", &[&report]),
        [Some(("reported", SelfReference))]
    );
}

#[test]
fn deny_ads_on_the_messenger() {
    let header = "ad_id,surface,at,impressions,clicks";
    let rows = [
        "feed,T,3,3",
        "Search,T,1,0",
        "messenger,T,1,0",
        "chat,T,1,0",
        "status,T,1,0",
        "feed,T,0,0",
        "feed,T,3,4",
    ];
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("1,{}", row.replace('T', T1)))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let surface = Some(("surface", OutOfRange));
    let expected = [
        None,
        None,
        surface,
        surface,
        surface,
        Some(("impressions", OutOfRange)),
        Some(("clicks", OutOfRange)),
    ];
    assert_eq!(wrong::<Impression>(header, &rows), expected);
}

#[test]
fn ads_keep_to_their_values() {
    let header = "ad_id,advertiser_id,category,bid,starts_at,ends_at,target_age_min,target_age_max,target_regions";
    let row = |bid: &str, end: &str, ages: &str, regions: &str| {
        format!("1,1,shoes,{bid},{T1},{end},{ages},{regions}")
    };
    let rows = [
        row("1.5", T2, "18,18", "de|FR"),
        row("-0.1", T2, ",", ""),
        row("nan", T2, ",", ""),
        row("inf", T2, ",", ""),
        row("1e999", T2, ",", ""),
        row("cheap", T2, ",", ""),
        row("1", T1, ",", ""),
        row("1", T2, "19,18", ""),
        row("1", T2, ",", "DE|Germany"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let bid = Some(("bid", OutOfRange));
    let expected = [
        None,
        bid,
        bid,
        bid,
        bid,
        Some(("bid", WrongType)),
        Some(("ends_at", OutOfRange)),
        Some(("target_age_max", OutOfRange)),
        Some(("target_regions", OutOfRange)),
    ];
    assert_eq!(wrong::<Ad>(header, &rows), expected);
}

#[test]
fn overlays_and_policies_keep_to_their_values() {
    let digest = "0".repeat(64);
    let header = "policy,locale,text_digest,announced_at,accept_by,window_days,cohort_cut";
    let text = format!("{header}\n1,en,{digest},{T1},{T2},,{T2}\n");
    assert_eq!(
        read_csv_text::<PolicyText>(&text).unwrap().records[0].window_days,
        30
    );
    let rows = [
        format!("1,en,abc,{T1},{T2},,{T2}"),
        format!("1,en,{digest},{T2},{T1},,{T2}"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let expected = [
        Some(("text_digest", OutOfRange)),
        Some(("accept_by", OutOfRange)),
    ];
    assert_eq!(wrong::<PolicyText>(header, &rows), expected);
    let rows = [
        "<,,deny,",
        "<,>,cut_off,<",
        "<,<,deny,",
        "<,,cut_off,",
        "<,,deny,<",
        "<,,allow,",
    ];
    let timed = |row: &&str| format!("DE,analytics,{}", row.replace('<', T1).replace('>', T2));
    let rows: Vec<String> = rows.iter().map(timed).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let expected = [
        None,
        None,
        Some(("until", OutOfRange)),
        Some(("cut_off", Missing)),
        Some(("cut_off", OutOfRange)),
        Some(("effect", OutOfRange)),
    ];
    assert_eq!(
        wrong::<crate::consent::Overlay>("region,purpose,from,until,effect,cut_off", &rows),
        expected
    );
}

#[test]
fn consent_events_say_what_their_kind_needs() {
    let header = "event_id,account_id,device_id,phone,region,kind,policy,text_digest,share,purpose,asked,valid_time,known_time";
    let digest = "a".repeat(64);
    let cases = [
        ("1,,,,opt_out,,,,,", None),
        (",,,,opt_out,,,,,", Some(("account_id", Missing))),
        (",d,,,signal,,,,,", None),
        ("1,,,,signal,,,,,", None),
        ("1,d,,,signal,,,,,", Some(("device_id", OutOfRange))),
        (",d,,,opt_out,,,,,", Some(("device_id", OutOfRange))),
        ("1,,+1,,opt_out,,,,,", Some(("phone", OutOfRange))),
        (",,+1,DE,non_user_objects,,,,,", None),
        (",,,DE,non_user_joins,,,,,", Some(("phone", Missing))),
        (
            "1,,+1,,non_user_objects,,,,,",
            Some(("account_id", OutOfRange)),
        ),
        (
            ",d,+1,,non_user_objects,,,,,",
            Some(("device_id", OutOfRange)),
        ),
        ("1,,,,accept,,,true,,", None),
        ("1,,,,accept,,,,,", Some(("share", Missing))),
        ("1,,,,accept,,,maybe,,", Some(("share", WrongType))),
        ("1,,,,grant,,,,ad_relevance,", None),
        ("1,,,,grant,,,,world_peace,", Some(("purpose", OutOfRange))),
        ("1,,,,withdraw,,,,,", Some(("purpose", Missing))),
        ("1,,,,notice_served,1,#,,,", None),
        ("1,,,,notice_served,,#,,,", Some(("policy", Missing))),
        ("1,,,,notice_served,1,,,,", Some(("text_digest", Missing))),
        ("1,,,,shrug,,,,,", Some(("kind", OutOfRange))),
        ("1,,,,,,,,,", Some(("kind", Missing))),
    ];
    for (row, expected) in cases {
        let row = format!("7,{},{T1},{T2}", row.replace('#', &digest));
        assert_eq!(
            wrong::<ConsentEventRow>(header, &[&row]),
            [expected],
            "{row}"
        );
    }
}

#[test]
fn a_consent_event_that_cannot_be_read_still_names_its_account() {
    let text = format!(
        "event_id,account_id,kind,valid_time,known_time\n1,5,opt_out,{T1},yesterday\n2,x,opt_out,{T1},{T1}\n3,6\n4,8,opt_out,{T1},{T1}\n"
    );
    let rows = read_csv_text::<ConsentEventRow>(&text).unwrap();
    let named = Salvage::Names([Named::accounts([5.into()])].into());
    assert_eq!(rows.salvages, [named, Salvage::Lost, Salvage::Lost]);
    assert_eq!(rows.records.len(), 1);
}

/// What is left of the rejected rows of `feedback` and of `consent_events`.
fn left_of<R: Record>(header: &str, rows: &str) -> Vec<Salvage> {
    let read = read_csv_text::<R>(&format!("{header}\n{rows}\n")).unwrap();
    read.salvages
}

fn users(ids: &[&[u64]]) -> Salvage {
    let named = |ids: &&[u64]| Named::users(ids.iter().copied().map(Into::into));
    Salvage::Names(ids.iter().map(named).collect())
}

#[test]
fn a_damaged_restriction_names_whom_it_means_or_is_told_to_be_lost() {
    let header = "user_id,other_id,kind,at";
    let lost = || Salvage::Lost;
    let cases: [(&str, &[Salvage]); 20] = [
        (&format!("5,6.0,block,{T1}"), &[users(&[&[5, 6]])]),
        (&format!("5,6,blok,{T1}"), &[users(&[&[5, 6]])]),
        ("5,6,block,yesterday", &[users(&[&[5, 6]])]),
        (&format!("5,,block,{T1}"), &[users(&[&[5]])]),
        (&format!("x,6,block,{T1}"), &[users(&[&[6]])]),
        (&format!("x,y,block,{T1}"), &[lost()]),
        (&format!("5E+9,,block,{T1}"), &[lost()]),
        // A comma too many: at the end, between, within an id.
        (&format!("5,6,block,{T1},"), &[users(&[&[5, 6]])]),
        (&format!("5,6,block,{T1},,,"), &[users(&[&[5, 6]])]),
        (&format!("5,,6,block,{T1}"), &[users(&[&[5, 6]])]),
        (
            &format!("5,1,2,block,{T1}"),
            &[users(&[&[1, 2], &[5, 1], &[5, 2], &[51, 2], &[5, 12]])],
        ),
        (&format!("5,6,a,b,c,block,{T1}"), &[lost()]),
        // A field short: nothing says which.
        (&format!("6,block,{T1}"), &[lost()]),
        ("5,6,block", &[lost()]),
        ("5", &[lost()]),
        // A quote that swallows the next row, whole or in part.
        (&format!("5,6,\"block,{T1}\n7,8,\"block,{T1}"), &[lost()]),
        (&format!("5,\"6,block,{T1}\n7\",8,block,{T1}"), &[lost()]),
        (&format!("5,6,block\",{T1}"), &[users(&[&[5, 6]])]),
        // Blocking oneself is no restriction.
        (&format!("5,5,block,{T1}"), &[Salvage::Harmless]),
        ("\u{1},\u{2},\u{3},\u{4}", &[lost()]),
    ];
    for (rows, left) in cases {
        assert_eq!(left_of::<Feedback>(header, rows), left, "{rows:?}");
    }
}

#[test]
fn only_rows_that_take_something_away_are_told_to_be_lost() {
    let opt_ins = "business_id,account_id,opted_in_at,opted_out_at";
    let named = |account: u64| Salvage::Names([Named::accounts([account.into()])].into());
    for (row, left) in [
        (format!("1,5,soon,{T1}"), named(5)),
        ("1,5,soon,".to_owned(), Salvage::Harmless),
        (format!("1,x,soon,{T1}"), Salvage::Lost),
        // Cut off: nobody can tell whether the opt-in was taken back.
        (format!("1,5,{T1}"), named(5)),
    ] {
        assert_eq!(left_of::<BusinessOptIn>(opt_ins, &row), [left], "{row}");
    }
    let events = "event_id,account_id,device_id,phone,kind,valid_time,known_time,share";
    let device = Named {
        device: crate::ids::DeviceId::of("d7"),
        ..Named::default()
    };
    for (row, left) in [
        (format!("1,5,,,opt_out,{T1},soon,"), named(5)),
        (
            format!("1,,d7,,signal,{T1},soon,"),
            Salvage::Names([device].into()),
        ),
        (format!("1,x,,,opt_out,{T1},{T1},"), Salvage::Lost),
        (format!("1,,,,opt_out,{T1},{T1},"), Salvage::Lost),
        (
            format!("1,,,+4915120001002,non_user_objects,{T1},soon,"),
            Salvage::Lost,
        ),
        (format!("1,5,,+4915120001002,opt_out,{T1},{T1},"), named(5)),
        (format!("1,x,,,accept,{T1},{T1},yes"), Salvage::Lost),
        (format!("1,x,,,register,{T1},{T1},"), Salvage::Harmless),
        (format!("1,x,,,grant,{T1},{T1},"), Salvage::Harmless),
        (format!("1,5,,,accept,{T1},{T1},yes"), named(5)),
    ] {
        assert_eq!(left_of::<ConsentEventRow>(events, &row), [left], "{row}");
    }
    let pairs = "user_a,user_b,since";
    assert_eq!(
        left_of::<Friendship>(pairs, "1,x,soon\n1"),
        [Salvage::Harmless, Salvage::Harmless]
    );
}

#[test]
fn bytes_that_are_not_utf_8_hide_nobody() {
    let header = b"user_id,other_id,kind,at\n".as_slice();
    for (row, left) in [
        (
            b"5,6,bl\xF6ck,2016-01-01T00:00:00Z\n".as_slice(),
            users(&[&[5, 6]]),
        ),
        (b"5,6\xA0,block,2016-01-01T00:00:00Z\n", users(&[&[5]])),
        (b"\xFF5,\xFF6,block,2016-01-01T00:00:00Z\n", Salvage::Lost),
        (b"5,6,block,2016-01-01T00:00:00Z,\xE9\n", users(&[&[5, 6]])),
    ] {
        let dir = dir_of(&[("feedback.csv", &[header, row].concat())]);
        let rows = read::<Feedback>(dir.path()).unwrap();
        assert_eq!(rows.salvages, [left], "{row:?}");
    }
}

/// 700,000 rows of a letter each, in a file of some hundred bytes.
#[test]
fn deny_packed_rows_without_number() {
    let bomb = format!("account_id,phone,saved_at\n{}", "x\n".repeat(700_000));
    let packed = [
        ("address_book.csv.gz", gz(bomb.as_bytes())),
        (
            "address_book.csv.zst",
            zstd::stream::encode_all(bomb.as_bytes(), 3).unwrap(),
        ),
    ];
    for (name, bytes) in packed {
        let dir = dir_of(&[(name, &bytes)]);
        let signals = SignalsDir::open(dir.path(), &limits()).unwrap();
        let error = signals.read::<AddressBookEntry>().unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains("max_rows_per_byte"),
            "{error}"
        );
    }
}

#[test]
fn rejected_rows_are_all_counted_and_some_are_listed() {
    let text = format!("account_id,phone,saved_at\n{}", "x,y,z\n".repeat(10_050));
    let rows = book(&text).unwrap();
    assert_eq!(rows.summary.n_rejected(), 10_050);
    assert_eq!(rows.rejections.len(), 10_000);
    assert_eq!(rows.salvages.len(), 10_000);
}
