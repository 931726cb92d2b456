//! Numbers that are no keys: those seen only in other people's uploads, and those given for security.

use acquaint::engine::{RunParams, Silent, Times};
use acquaint::identity::{DeviceCodes, E164, SocialClaim};
use acquaint::ids::{AccountId, UserId};
use acquaint::signals::{AddressBookEntry, PhonePurpose, RawPhone, SocialAccount, TableForm};
use acquaint::synth::World;

use crate::number_book::{batch, matched, request, write_batches};
use crate::support::{Run, small_world, write_world};

/// The i-th number of a prefix in which the world's people have none.
fn shadow(i: u64) -> u64 {
    49_176_000_000_000 + i
}

/// Everybody saves the same strangers: what could make them known is that so many know them.
fn shadows_match_nobody(n_entries: u64) {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(200, 51);
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Parquet, &world);
    let accounts: Vec<u64> = world
        .messenger_accounts
        .iter()
        .map(|a| a.account_id.0)
        .collect();
    let n_accounts = accounts.len() as u64;
    let now = world.as_of.micros();
    let entry = |i: u64| {
        (
            accounts[usize::try_from(i % n_accounts).unwrap()],
            shadow(i / n_accounts),
        )
    };
    let batches = (0..n_entries).step_by(1 << 20).map(|first| {
        let rows: Vec<_> = (first..n_entries.min(first + (1 << 20)))
            .map(entry)
            .collect();
        let (accounts, numbers): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
        let at = vec![now; rows.len()];
        batch((accounts, numbers, at))
    });
    write_batches(&dir.path().join("book.parquet"), 1 << 16, batches);
    // Any number of entries is allowed: what keeps strangers out must not be the budget.
    let params = "[identity.budget]\nentries = 1000000000\nburst = 1000000000";
    let params = RunParams::from_toml(params).unwrap().check().unwrap();
    let mut request = request(&signals, &params);
    request.times = Times::at(world.as_of);
    let (matched, _) = matched(&request, dir.path(), 2, 1 << 30);
    let stage = &matched.stage;
    assert_eq!((stage.rows_in, stage.rows_out), (n_entries, 0), "{stage:?}");
    assert!(
        stage.dropped["no_permitted_account"] > n_entries / 2,
        "{stage:?}"
    );
    let of_address_book = request.address_book(&Silent).unwrap();
    assert!(
        of_address_book.stage.rows_out > 500,
        "the same people do match"
    );
}

#[test]
fn numbers_that_others_uploaded_match_nobody() {
    shadows_match_nobody(100_000);
}

#[test]
#[ignore = "ten million entries: cargo test --release --test integration shadow -- --ignored"]
fn ten_million_numbers_that_others_uploaded_match_nobody() {
    shadows_match_nobody(10_000_000);
}

/// How many of so many rows make a claim that somebody could be linked by.
fn n_claims(n_rows: u64, given_for: PhonePurpose, like: &SocialAccount) -> usize {
    let codes = DeviceCodes::of([&like.device]);
    let claim = |i: u64| {
        let mut row = like.clone();
        row.user_id = UserId(i);
        row.phone_given_for = given_for;
        row.phone_since = i.is_multiple_of(2).then_some(row.created_at);
        SocialClaim::of(
            &row,
            E164::from_digits(shadow(i)).unwrap(),
            codes.code(&like.device),
        )
    };
    (0..n_rows).filter_map(claim).count()
}

fn security_numbers_are_no_keys(n_rows: u64) {
    let world = small_world(10, 52);
    let like = &world.social_accounts[0];
    assert_eq!(n_claims(n_rows, PhonePurpose::Security, like), 0);
    assert_eq!(n_claims(1_000, PhonePurpose::Contact, like), 1_000);
}

#[test]
fn a_number_given_for_security_is_no_key() {
    security_numbers_are_no_keys(10_000);
}

#[test]
#[ignore = "ten million rows: cargo test --release --test integration shadow -- --ignored"]
fn ten_million_numbers_given_for_security_are_no_keys() {
    security_numbers_are_no_keys(10_000_000);
}

/// Rows of suggestions and edges of the graph, when nobody is a friend on the network yet.
fn suggested(world: &mut World) -> (usize, u64) {
    world.friendships.clear();
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(
        dir.path(),
        world,
        "[suggest]\nmin_intermediaries = 1\ndirect = \"own\"",
        world.as_of,
    );
    let n_edges =
        ["ties", "contacts"].map(|kind| run.manifest.graph[kind]["entries"].as_u64().unwrap());
    (run.lines("suggestions.parquet").len(), n_edges.iter().sum())
}

#[test]
fn neither_makes_an_edge() {
    let (rows, edges) = suggested(&mut small_world(150, 53));
    assert!(rows > 100 && edges > 100, "{rows} {edges}");

    let mut security = small_world(150, 53);
    for person in &mut security.social_accounts {
        person.phone_given_for = PhonePurpose::Security;
    }
    assert_eq!(suggested(&mut security), (0, 0));

    let mut shadows = small_world(150, 53);
    let accounts: Vec<AccountId> = shadows
        .messenger_accounts
        .iter()
        .map(|a| a.account_id)
        .collect();
    let n_people = shadows.social_accounts.len();
    shadows.address_book = (0..n_people as u64)
        .flat_map(|i| {
            accounts
                .iter()
                .step_by(7)
                .map(move |&account_id| (account_id, i))
        })
        .map(|(account_id, i)| AddressBookEntry {
            account_id,
            phone: RawPhone::new(format!("+{}", shadow(i))),
            saved_at: shadows.as_of,
        })
        .collect();
    // On the network the same numbers are somebody's, given to be found by.
    for (i, person) in shadows.social_accounts.iter_mut().enumerate() {
        person.phone = Some(RawPhone::new(format!("+{}", shadow(i as u64))));
        person.phone_given_for = PhonePurpose::Contact;
    }
    assert_eq!(suggested(&mut shadows), (0, 0));
}
