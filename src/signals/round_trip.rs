//! Every table in every form: what was written is what is read, and all forms say the same.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use super::testing::{Sample, dir_of, limits, read};
use super::*;
use crate::consent::Overlay;

/// Writes records in every form and in a folder of three parts, and reads them back.
fn check<R: Sample>(records: &[R]) -> Result<(), TestCaseError> {
    for form in TableForm::ALL {
        let dir = dir_of(&[]);
        let written = write_table(dir.path(), form, records).unwrap();
        let rows = read::<R>(dir.path()).unwrap();
        prop_assert_eq!(&rows.rejections, &[]);
        prop_assert_eq!(&rows.records[..], records);
        prop_assert_eq!(&rows.summary.files, &[written]);
        prop_assert_eq!(rows.summary.n_records, records.len() as u64);
    }
    let rows = read::<R>(parts(records).path()).unwrap();
    prop_assert_eq!(&rows.records[..], records);
    prop_assert_eq!(rows.summary.files.len(), 3);
    Ok(())
}

/// A folder of three parts, one of each form.
fn parts<R: Sample>(records: &[R]) -> tempfile::TempDir {
    let dir = dir_of(&[("_SUCCESS", b"")]);
    let folder = dir.path().join(R::TABLE.name());
    fs::create_dir(&folder).unwrap();
    let third = records.len().div_ceil(3).max(1);
    let mut chunks = records.chunks(third);
    for (part, form) in TableForm::ALL.into_iter().enumerate() {
        let aside = dir_of(&[]);
        let written = write_table(aside.path(), form, chunks.next().unwrap_or(&[])).unwrap();
        let name = format!("part-{part}{}", &written.path[R::TABLE.name().len()..]);
        fs::copy(aside.path().join(&written.path), folder.join(name)).unwrap();
    }
    dir
}

macro_rules! round_trips {
    ($($name:ident: $record:ty;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(12))]
            $(
                #[test]
                fn $name(records in vec(<$record>::sample(), 0..12)) {
                    check(&records)?;
                }
            )*
        }
    };
}

round_trips! {
    prop_messenger_accounts_read_back: MessengerAccount;
    prop_address_book_reads_back: AddressBookEntry;
    prop_social_accounts_read_back: SocialAccount;
    prop_friendships_read_back: Friendship;
    prop_feedback_reads_back: Feedback;
    prop_consent_events_read_back: ConsentEventRow;
    prop_policy_versions_read_back: PolicyText;
    prop_overlays_read_back: Overlay;
    prop_ads_read_back: Ad;
    prop_audience_members_read_back: AudienceMember;
    prop_ad_feedback_reads_back: AdFeedback;
    prop_impressions_read_back: Impression;
    prop_ad_truth_reads_back: AdTruth;
    prop_businesses_read_back: Business;
    prop_business_threads_read_back: BusinessThread;
    prop_business_opt_ins_read_back: BusinessOptIn;
    prop_business_events_read_back: BusinessEvent;
    prop_abuse_reports_read_back: AbuseReport;
    prop_call_counts_read_back: CallCount;
    prop_group_members_read_back: GroupMember;
    prop_trust_seeds_read_back: TrustSeed;
}

fn entries(n_rows: u64) -> Vec<AddressBookEntry> {
    (0..n_rows)
        .map(|row| AddressBookEntry {
            account_id: (row % 97).into(),
            phone: RawPhone::new(format!("+4930{row:07}")),
            saved_at: crate::time::Timestamp::from_secs(1_400_000_000 + row.cast_signed()),
        })
        .collect()
}

#[test]
fn same_bytes_for_the_same_records() {
    for form in TableForm::ALL {
        let (one, other) = (dir_of(&[]), dir_of(&[]));
        let records = entries(20_000);
        let digest =
            |dir: &tempfile::TempDir| write_table(dir.path(), form, &records).unwrap().blake3;
        assert_eq!(digest(&one), digest(&other), "{form:?}");
        // Writing again replaces the table and leaves nothing else behind.
        assert_eq!(digest(&one), digest(&other), "{form:?}");
        assert_eq!(fs::read_dir(one.path()).unwrap().count(), 1);
    }
}

#[test]
fn same_rows_in_small_batches_and_large() {
    let dir = dir_of(&[]);
    write_table(dir.path(), TableForm::Parquet, &entries(20_000)).unwrap();
    let whole = read::<AddressBookEntry>(dir.path()).unwrap();
    for batch_rows in [1, 7, 8192, 1 << 20] {
        let limits = ReadLimits::default()
            .batch_rows(batch_rows)
            .check()
            .unwrap();
        let mut records: Vec<AddressBookEntry> = Vec::new();
        let summary = SignalsDir::open(dir.path(), &limits).unwrap().stream(
            |batch: Batch<AddressBookEntry>| {
                assert!(batch.records.len() as u64 <= batch_rows);
                records.extend(batch.records);
                Ok::<_, SignalsError>(())
            },
        );
        assert_eq!(summary.unwrap(), whole.summary);
        assert_eq!(records, whole.records);
    }
}

#[test]
fn a_callback_can_stop_the_reading() {
    #[derive(Debug)]
    struct Stop;
    impl From<SignalsError> for Stop {
        fn from(error: SignalsError) -> Self {
            panic!("{error}")
        }
    }
    let dir = dir_of(&[]);
    write_table(dir.path(), TableForm::Csv, &entries(20_000)).unwrap();
    let mut n_batches = 0;
    let dir = SignalsDir::open(dir.path(), &limits()).unwrap();
    let stopped = dir.stream(|_: Batch<AddressBookEntry>| {
        n_batches += 1;
        Err(Stop)
    });
    assert!(stopped.is_err());
    assert_eq!(n_batches, 1);
}

#[test]
fn deny_writing_what_could_not_be_read() {
    let dir = dir_of(&[]);
    let entry = |phone: String| AddressBookEntry {
        account_id: 1.into(),
        phone: RawPhone::new(phone),
        saved_at: crate::time::Timestamp::from_secs(0),
    };
    for phone in [
        String::new(),
        "  ".to_owned(),
        "a\0".to_owned(),
        "1".repeat(1025),
    ] {
        let error = write_table(
            dir.path(),
            TableForm::Csv,
            &[entry("1".into()), entry(phone)],
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 2 of address_book cannot be written: column phone cannot hold its value"
        );
    }
    let never = AddressBookEntry {
        saved_at: crate::time::Timestamp::MAX,
        ..entry("1".into())
    };
    assert!(write_table(dir.path(), TableForm::Parquet, &[never]).is_err());
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing is left behind"
    );
}

#[test]
fn deny_writing_a_second_form() {
    let dir = dir_of(&[]);
    write_table(dir.path(), TableForm::Csv, &entries(1)).unwrap();
    let error = write_table(dir.path(), TableForm::Parquet, &entries(1)).unwrap_err();
    assert!(matches!(error, SignalsError::TwoForms { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_was_written() {
    use std::os::unix::fs::PermissionsExt;
    let dir = dir_of(&[]);
    let file = write_table(dir.path(), TableForm::Csv, &entries(1))
        .unwrap()
        .path;
    let mode = fs::metadata(dir.path().join(file))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
