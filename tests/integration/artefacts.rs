//! No artefact holds a number, a token, a point or a key: whatever the program writes is scanned, byte by byte.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use acquaint::consent::Purpose;
use acquaint::identity::{E164, KeyRing, ObjectionKey};
use acquaint::ids::Region;
use acquaint::signals::{ConsentEventRow, RawPhone, TableForm};
use acquaint::synth::World;
use assert_cmd::cargo::cargo_bin;

use crate::support::files::write_key;
use crate::support::scan::{Needles, Scan, hex};
use crate::support::{small_world, write_world};

/// Stand in rows that cannot be read, each grouped in another way.
const IN_BAD_ROWS: [&str; 6] = [
    "+49 1511 7770 001",
    "(0151) 1777-0002",
    "+4915117770003",
    "0049-151-1777-0004",
    "015117770005",
    "+49.151.17770006",
];

/// Their digits behind the country code and the leading zero.
const BAD_DIGITS: [&str; 6] = [
    "15117770001",
    "15117770002",
    "15117770003",
    "15117770004",
    "15117770005",
    "15117770006",
];

/// A directory with a world, a ledger's key, and what the program said so far.
struct Place {
    dir: tempfile::TempDir,
    said: Vec<u8>,
}

impl Place {
    fn new(world: &World) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_world(&dir.path().join("tables"), TableForm::Csv, world);
        write_key(&dir.path().join("key"), hex(&key()));
        Self {
            dir,
            said: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs the program, keeps what it says, and returns its exit code.
    fn acquaint(&mut self, args: &str, input: &str) -> Option<i32> {
        let mut child = Command::new(cargo_bin("acquaint"))
            .args(args.split_whitespace())
            .current_dir(self.dir.path())
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LOG", "trace")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that fails early reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        self.said.extend(&output.stdout);
        self.said.extend(&output.stderr);
        output.status.code()
    }

    fn done(&mut self, args: &str) {
        let before = self.said.len();
        let code = self.acquaint(args, "");
        let said = String::from_utf8_lossy(&self.said[before..]);
        assert!(matches!(code, Some(0 | 1)), "{args}: {said}");
    }

    fn fails(&mut self, args: &str, input: &str) {
        assert_eq!(self.acquaint(args, input), Some(2), "{args}");
    }

    fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        fs::write(self.path(file), change(text)).unwrap();
    }

    /// A second directory of tables, one of them changed.
    fn tables_with(&self, dir: &str, file: &str, change: impl FnOnce(String) -> String) {
        fs::create_dir(self.path(dir)).unwrap();
        for entry in fs::read_dir(self.path("tables")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, self.path(dir).join(path.file_name().unwrap())).unwrap();
        }
        self.edit(&format!("{dir}/{file}"), change);
    }

    /// What was found in all that was said, and in some directories.
    fn found(&self, scan: &Scan, dirs: &[&str]) -> BTreeSet<String> {
        let mut found = scan.bytes("what the program said", &self.said);
        for dir in dirs {
            found.append(&mut scan.dir(&self.path(dir)));
        }
        found
    }
}

fn key() -> [u8; 32] {
    std::array::from_fn(|i| u8::try_from(i * 7 + 3).unwrap())
}

/// The numbers of a world that read as numbers, by who holds them.
fn numbers(world: &World) -> Vec<(&'static str, E164, Option<Region>)> {
    let read =
        |name, phone: &RawPhone, region| Some((name, E164::parse(phone, region).ok()?, region));
    let members = world.messenger_accounts.iter();
    let members = members.filter_map(|row| read("a member's number", &row.phone, row.region));
    let social = world.social_accounts.iter();
    let social =
        social.filter_map(|row| read("a person's number", row.phone.as_ref()?, row.region));
    let objected = world.consent_events.iter().filter_map(|row| match row {
        ConsentEventRow::NonUser { phone, region, .. } => {
            read("the number of somebody who objected", phone, *region)
        }
        ConsentEventRow::Known(_) => None,
    });
    let of = |account| {
        let row = world
            .messenger_accounts
            .iter()
            .find(|row| row.account_id == account)?;
        row.region
    };
    let saved = world.address_book.iter();
    let saved = saved.filter_map(|row| read("a saved number", &row.phone, of(row.account_id)));
    members.chain(social).chain(objected).chain(saved).collect()
}

/// The country code of a number, which national notations leave out.
fn country_code(number: E164) -> &'static str {
    let digits = number.expose().to_string();
    ["1", "49", "55", "91", "44", "33", "39", "62", "52"]
        .into_iter()
        .find(|code| digits.starts_with(code))
        .unwrap_or("")
}

/// Numbers and keys: nowhere.
fn secrets(world: &World) -> Needles {
    let mut needles = Needles::default();
    let mut seen = BTreeSet::new();
    for (name, number, _) in numbers(world) {
        if seen.insert(number.expose()) {
            needles.number(name, number, country_code(number));
        }
    }
    for digits in BAD_DIGITS {
        needles.digits("a number in a bad row", digits);
    }
    needles.secret("the key", &key());
    needles
}

/// And tokens and points: nowhere but in a ledger.
fn all(world: &World) -> Needles {
    let mut needles = secrets(world);
    let of_run = KeyRing::from_key(blake3::hash(b"acquaint: within one run").as_bytes());
    let of_file = KeyRing::from_key(&key());
    let points = ObjectionKey::from_keys(&key(), &key());
    let mut seen = BTreeSet::new();
    for (name, number, _) in numbers(world) {
        if !seen.insert(number.expose()) {
            continue;
        }
        for (keys, ring) in [("the run's", &of_run), ("the file's", &of_file)] {
            let mut token = |token: acquaint::ids::NumberToken| {
                let name = format!("token of {name} under {keys} key");
                needles.secret(&name, &token.expose().to_be_bytes());
            };
            token(ring.objection_token(number));
            for purpose in Purpose::ALL {
                token(ring.token(purpose, number));
            }
        }
        if name.contains("objected") {
            let objection = points.objection(number);
            needles.secret(&format!("point of {name}"), &objection.point);
            needles.secret(
                &format!("token of a point of {name}"),
                &objection.token().expose().to_be_bytes(),
            );
        }
    }
    needles
}

/// Puts numbers where a text has `{0}` to `{5}`.
fn fill<T: std::fmt::Display>(text: &str, numbers: &[T]) -> String {
    let places = numbers.iter().enumerate();
    places.fold(text.to_owned(), |text, (i, number)| {
        text.replace(&format!("{{{i}}}"), &number.to_string())
    })
}

/// Appends rows that cannot be read; each holds a number.
fn add_bad_rows(place: &Place, dir: &str) {
    let rows = |table: &str, rows: &[String]| {
        place.edit(&format!("{dir}/{table}.csv"), |text| text + &rows.concat());
    };
    let n = IN_BAD_ROWS;
    rows(
        "address_book",
        &[
            fill("{0},{0},2016-01-01T00:00:00Z\n", &n),
            fill("1,{1},{2}\n", &n),
            fill("1,{3}\n", &n),
            fill("1,\"{4}\0\",2016-01-01T00:00:00Z\n", &n),
            fill("1,{5},2016-01-01T00:00:00Z,{5},{5}\n", &n),
        ],
    );
    rows("friendships", &[fill("{0},{1},{2}\n", &n)]);
    rows("feedback", &[fill("1,2,{3},{4}\n", &n)]);
    rows(
        "messenger_accounts",
        &[fill(
            "1,{5},{0},{1},{2},{3},{4},{5},{0},{1},{2},{3},{4},{5}\n",
            &n,
        )],
    );
    rows("businesses", &[fill("{0},{1},DE,{2},{3},,,\n", &n)]);
}

#[test]
fn a_run_on_tables_leaves_no_number_token_or_key() {
    let world = small_world(60, 81);
    let mut place = Place::new(&world);
    add_bad_rows(&place, "tables");
    place.done("run --signals tables --out out");
    place.done("run --signals tables --out again --json --max-rejects 0");
    place.done("report out");
    place.done("recall out --signals tables --json");
    place.acquaint("verify out --signals tables", "");
    place.done("evaluate friends --signals tables");
    place.acquaint("evaluate ads --signals tables --json", "");
    place.done("synth --users 60 --seed 81 --out synthetic");
    let rejected = fs::metadata(place.path("out/rejections.parquet")).unwrap();
    assert!(rejected.len() > 0);
    let found = place.found(&all(&world).scan(), &["out", "again"]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_ledger_and_what_it_says_hold_no_number_or_key() {
    let world = small_world(60, 82);
    let mut place = Place::new(&world);
    place.done(
        "consent import --ledger ledger --signals tables --objection-key key --segment-events 50",
    );
    let account = world.messenger_accounts[0].account_id;
    let bad =
        IN_BAD_ROWS.map(|phone| format!("{{\"phone\": \"{phone}\", \"kind\": \"{phone}\"}}\n"));
    for line in &bad {
        place.fails("consent append --ledger ledger --objection-key key", line);
    }
    place.fails(
        "consent append --ledger ledger",
        &format!("{}\n", IN_BAD_ROWS[0]),
    );
    let objects = format!(
        "{{\"phone\": \"{}\", \"kind\": \"non_user_objects\"}}\n",
        IN_BAD_ROWS[2]
    );
    assert_eq!(
        place.acquaint(
            "consent append --ledger ledger --objection-key key",
            &objects
        ),
        Some(0)
    );
    place.fails("consent append --ledger ledger", &objects);
    for verb in ["status", "history", "prove"] {
        place.done(&format!("consent {verb} {account} --ledger ledger"));
    }
    place.done(&format!(
        "consent status {account} --ledger ledger --signals tables --json"
    ));
    place.done(&format!("consent history {account} --ledger ledger --json"));
    place.done("consent root --ledger ledger --json");
    place.done("consent check --ledger ledger --json");
    place.done("consent export --ledger ledger --out exported");
    place.done("consent export --ledger ledger --out exported-csv --form csv-gz");
    for table in ["consent_events", "policy_versions", "overlays"] {
        fs::remove_file(place.path(&format!("tables/{table}.csv"))).unwrap();
    }
    add_bad_rows(&place, "tables");
    let ledger = "--signals tables --ledger ledger --objection-key key";
    place.done(&format!("run {ledger} --out out --as-of {}", world.as_of));
    place.done(&format!("recall out {ledger}"));
    place.acquaint(&format!("verify out {ledger}"), "");
    place.done(&format!("consent erase {account} --ledger ledger"));
    let outputs = ["out", "exported", "exported-csv"];
    let found = place.found(&all(&world).scan(), &outputs);
    assert!(found.is_empty(), "{found:#?}");
    let found = place.found(&secrets(&world).scan(), &["ledger"]);
    assert!(found.is_empty(), "{found:#?}");

    place.done("consent rekey --ledger ledger --objection-key key --new-key new-key");
    let mut rekeyed = secrets(&world);
    let new_key = fs::read_to_string(place.path("new-key")).unwrap();
    for line in new_key.lines().filter(|line| line.len() == 64) {
        let bytes = blake3::Hash::from_hex(line).unwrap();
        rekeyed.secret("the new key", bytes.as_bytes());
    }
    let found = place.found(&rekeyed.scan(), &["ledger"]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn failures_say_no_number_and_no_key() {
    let world = small_world(30, 83);
    let mut place = Place::new(&world);
    let headless = |text: String| text.split_once('\n').unwrap().1.to_owned();
    let tables = [
        "messenger_accounts",
        "address_book",
        "social_accounts",
        "consent_events",
    ];
    for table in tables {
        let dir = format!("headless-{table}");
        place.tables_with(&dir, &format!("{table}.csv"), headless);
        place.acquaint(&format!("run --signals {dir} --out {dir}-out"), "");
        place.acquaint(
            &format!("consent import --signals {dir} --ledger {dir}-ledger"),
            "",
        );
        place.acquaint(&format!("evaluate friends --signals {dir}"), "");
    }
    place.tables_with("named", "friendships.csv", |text| {
        let (header, rows) = text.split_once('\n').unwrap();
        let rows: String = rows
            .lines()
            .fold(String::new(), |all, row| all + row + ",x\n");
        format!("{header},{}\n{rows}", IN_BAD_ROWS[0])
    });
    place.acquaint("run --signals named --out named-out", "");
    place.tables_with("doubled", "address_book.csv", |text| {
        let (header, rows) = text.split_once('\n').unwrap();
        format!("{header},{0},{0}\n{rows}", IN_BAD_ROWS[1])
    });
    place.acquaint("run --signals doubled --out doubled-out", "");
    fs::write(
        place.path("edges"),
        format!("a,b\n{},{}\n", IN_BAD_ROWS[3], IN_BAD_ROWS[4]),
    )
    .unwrap();
    place.acquaint("import edges edges --out imported", "");
    place.acquaint("evaluate friends --edges edges", "");
    write_key(&place.path("long-key"), format!("{}00", hex(&key())));
    place.fails(
        "consent import --ledger l --signals tables --objection-key long-key",
        "",
    );
    place.fails("consent import --ledger l --signals tables", "");
    let mut outputs = vec![];
    for entry in fs::read_dir(place.path("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with("-out") || name.ends_with("-ledger") {
            outputs.push(name);
        }
    }
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let found = place.found(&secrets(&world).scan(), &outputs);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_scan_finds_what_is_planted() {
    let world = small_world(30, 84);
    let needles = all(&world);
    let scan = needles.scan();
    let mut place = Place::new(&world);
    place.done("run --signals tables --out out");
    assert!(place.found(&scan, &["out"]).is_empty());
    let objection = ObjectionKey::from_keys(&key(), &key());
    let (_, objected, _) = *numbers(&world)
        .iter()
        .find(|(name, ..)| name.contains("objected"))
        .unwrap();
    let member = numbers(&world)[0].1;
    let plants: [Vec<u8>; 9] = [
        member.expose().to_string().into_bytes(),
        member.expose().to_le_bytes().to_vec(),
        IN_BAD_ROWS[1].into(),
        IN_BAD_ROWS[5].into(),
        key().to_vec(),
        hex(&key()).to_uppercase().into_bytes(),
        objection.objection(objected).point.to_vec(),
        hex(&objection.objection(objected).point).into_bytes(),
        KeyRing::from_key(&key())
            .token(Purpose::Abuse, member)
            .expose()
            .to_le_bytes()
            .to_vec(),
    ];
    for (i, plant) in plants.iter().enumerate() {
        let planted = [b"before ".as_slice(), plant, b" after"].concat();
        fs::write(place.path("out/planted"), &planted).unwrap();
        assert!(!place.found(&scan, &["out"]).is_empty(), "plant {i}");
    }
    fs::remove_file(place.path("out/planted")).unwrap();
    for (form, file) in [
        (TableForm::Parquet, "address_book.parquet"),
        (TableForm::CsvGz, "address_book.csv.gz"),
    ] {
        fs::create_dir(place.path("packed")).unwrap();
        acquaint::signals::write_table(&place.path("packed"), form, &world.address_book).unwrap();
        let found = scan.dir(&place.path("packed"));
        let unpacked = found
            .iter()
            .any(|f| f.contains("cells") || f.contains("unpacked"));
        assert!(unpacked, "nothing was found inside {file}");
        fs::remove_dir_all(place.path("packed")).unwrap();
    }
}
