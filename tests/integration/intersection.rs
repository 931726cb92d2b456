//! Private set intersection through the program: by files, over TCP, and what must never show.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::files::{digits, write_key};

/// The psi verbs, in one directory.
fn psi(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().unwrap()
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acquaint"));
    command
        .current_dir(dir)
        .args(["identity", "psi"])
        .args(args);
    command
}

fn done(dir: &Path, args: &[&str]) -> String {
    let output = psi(dir, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(dir: &Path, args: &[&str]) -> String {
    let output = psi(dir, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn number(n: u64) -> String {
    format!("+49151{n:08}", n = n * 7_919 % 100_000_000)
}

/// Rows of id, number and permission; every tenth of both is refused.
fn rows(ids: std::ops::Range<u64>, first_number: u64) -> Vec<(u64, u64, bool)> {
    ids.zip(first_number..)
        .map(|(id, n)| (id, n, id % 10 != 3))
        .collect()
}

fn write_csv(path: &Path, rows: &[(u64, u64, bool)]) {
    let mut text = "id,e164,permitted\n".to_owned();
    for (id, n, permitted) in rows {
        writeln!(text, "{id},{},{permitted}", number(*n)).unwrap();
    }
    fs::write(path, text).unwrap();
}

fn expected(ours: &[(u64, u64, bool)], theirs: &[(u64, u64, bool)]) -> String {
    let theirs: BTreeMap<u64, u64> = permitted(theirs).collect();
    let pairs = permitted(ours).filter_map(|(n, id)| Some((id, *theirs.get(&n)?)));
    pairs.fold("own_id,peer_id\n".to_owned(), |text, (own, peer)| {
        format!("{text}{own},{peer}\n")
    })
}

fn permitted(rows: &[(u64, u64, bool)]) -> impl Iterator<Item = (u64, u64)> + '_ {
    rows.iter().filter(|row| row.2).map(|row| (row.1, row.0))
}

/// Two operators in one directory, with 300 and 250 numbers, 100 of them common.
struct Two {
    dir: TempDir,
    a: Vec<(u64, u64, bool)>,
    b: Vec<(u64, u64, bool)>,
}

impl Two {
    fn new() -> Self {
        let two = Self {
            dir: tempfile::tempdir().unwrap(),
            a: rows(1_000..1_300, 0),
            b: rows(7_000_000_000..7_000_000_250, 200),
        };
        write_csv(&two.path("a.csv"), &two.a);
        write_csv(&two.path("b.csv"), &two.b);
        two
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn blind(&self, side: &str) -> String {
        let input = format!("{side}.csv");
        done(
            self.dir(),
            &[
                "blind",
                "--input",
                &input,
                "--purpose",
                "abuse",
                "--session",
                side,
            ],
        )
    }

    fn step(&self, verb: &str, side: &str, message: &str) -> String {
        done(self.dir(), &[verb, "--session", side, "--message", message])
    }

    /// Everything up to message 3.
    fn exchange(&self) {
        self.blind("a");
        self.blind("b");
        self.step("reply", "a", "b/1-blinded.psi");
        self.step("reply", "b", "a/1-blinded.psi");
        self.step("share", "a", "b/2-reply.psi");
        self.step("share", "b", "a/2-reply.psi");
    }

    fn listen(&self, more: &[&str]) -> (Child, String) {
        let mut args = vec![
            "listen",
            "--address",
            "127.0.0.1:0",
            "--input",
            "a.csv",
            "--purpose",
            "abuse",
        ];
        args.extend(more);
        let mut child = command(self.dir(), &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut byte = [0];
        // Byte by byte: what comes later belongs to whoever reads the rest.
        while !line.ends_with('\n') {
            child
                .stderr
                .as_mut()
                .unwrap()
                .read_exact(&mut byte)
                .unwrap();
            line.push(byte[0].into());
        }
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        (child, address)
    }

    fn connect(&self, address: &str, more: &[&str]) -> Output {
        let mut args = vec!["connect", "--address", address, "--input", "b.csv"];
        args.extend(more);
        psi(self.dir(), &args)
    }
}

#[test]
fn oracle_two_sides_by_files() {
    let two = Two::new();
    two.exchange();
    let finish = ["finish", "--session", "a", "--message", "b/3-ids.psi"];
    let said = done(two.dir(), &[&finish[..], &["--out", "common.csv"]].concat());
    assert!(said.contains("common numbers"), "{said}");
    assert_eq!(two.text("common.csv"), expected(&two.a, &two.b));
    let finish = ["finish", "--session", "b", "--message", "a/3-ids.psi"];
    assert_eq!(done(two.dir(), &finish), expected(&two.b, &two.a));
    for side in ["a", "b"] {
        assert!(
            !two.path(side).join("secret").exists(),
            "served its session"
        );
    }
    check_manifest(&two.text("common.manifest.json"), &two);
}

fn check_manifest(text: &str, two: &Two) {
    let manifest: serde_json::Value = serde_json::from_str(text).unwrap();
    let common = expected(&two.a, &two.b).lines().count() as u64 - 1;
    let number = |pointer: &str| manifest.pointer(pointer).unwrap().as_u64().unwrap();
    let dropped = manifest["input"]["dropped"].as_object().unwrap();
    let n_dropped: u64 = dropped.values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(number("/input/rows"), number("/input/blinded") + n_dropped);
    assert_eq!(number("/input/dropped/not_permitted"), 30);
    assert_eq!(number("/sent/blinded_points"), 270);
    assert_eq!(number("/received/blinded_points"), 225);
    assert_eq!(number("/sent/bytes/0"), 88 + 32 * 270);
    assert_eq!(number("/received/bytes/1"), 88 + 32 * 270);
    assert_eq!(number("/common"), common);
    assert!(
        manifest["model"]
            .as_str()
            .unwrap()
            .starts_with("semi-honest")
    );
    let digest = blake3::hash(expected(&two.a, &two.b).as_bytes()).to_hex();
    assert_eq!(manifest["output"]["blake3"], digest.as_str());
}

#[test]
fn oracle_two_sides_over_tcp() {
    let two = Two::new();
    let (listener, address) = two.listen(&["--out", "ours.csv"]);
    let connected = two.connect(&address, &["--purpose", "abuse", "--threads", "1"]);
    let ours = listener.wait_with_output().unwrap();
    assert!(connected.status.success(), "{connected:?}");
    assert!(ours.status.success(), "{ours:?}");
    assert_eq!(two.text("ours.csv"), expected(&two.a, &two.b));
    let theirs = String::from_utf8(connected.stdout).unwrap();
    assert_eq!(theirs, expected(&two.b, &two.a));
    check_manifest(&two.text("ours.manifest.json"), &two);
}

#[test]
fn deny_numbers_and_secrets_in_anything_that_is_written() {
    let two = Two::new();
    two.exchange();
    let secrets = ["a/secret", "b/secret"].map(|name| fs::read(two.path(name)).unwrap());
    let finish = ["finish", "--session", "a", "--message", "b/3-ids.psi"];
    let mut written = done(two.dir(), &[&finish[..], &["--out", "common.csv"]].concat());
    written += &refused(two.dir(), &finish[..3]);
    written += &refused(
        two.dir(),
        &["reply", "--session", "b", "--message", "a.csv"],
    );
    let mut files = vec![two.path("common.csv"), two.path("common.manifest.json")];
    for side in ["a", "b"] {
        let entries = fs::read_dir(two.path(side)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    let mut bytes = written.into_bytes();
    for file in files.iter().filter(|file| !file.ends_with("secret")) {
        bytes.extend(fs::read(file).unwrap());
    }
    let has = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    for (_, n, _) in two.a.iter().chain(&two.b) {
        let text = number(*n);
        let digits: u64 = text[1..].parse().unwrap();
        assert!(!has(&text.as_bytes()[1..]) && !has(&digits.to_le_bytes()));
    }
    for secret in secrets {
        let hex = blake3::Hash::from_bytes(secret.clone().try_into().unwrap());
        assert!(!has(&secret) && !has(hex.to_hex().as_bytes()));
    }
}

/// The secrets differ from run to run, so sizes are compared here; that the bytes are the same for one secret is a test of
/// the library.
#[test]
fn same_pairs_and_counts_as_without_rows_that_are_not_permitted() {
    let two = Two::new();
    two.exchange();
    let finish = ["finish", "--session", "b", "--message", "a/3-ids.psi"];
    let with = done(two.dir(), &finish);
    let sizes = |two: &Two| {
        ["a/1-blinded.psi", "a/2-reply.psi", "a/3-ids.psi"]
            .map(|name| fs::metadata(two.path(name)).unwrap().len())
    };
    let mut without = Two::new();
    without.a.retain(|row| row.2);
    without.b.retain(|row| row.2);
    write_csv(&without.path("a.csv"), &without.a);
    write_csv(&without.path("b.csv"), &without.b);
    without.exchange();
    assert_eq!(done(without.dir(), &finish), with);
    assert_eq!(sizes(&without), sizes(&two));
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_what_a_session_keeps() {
    use std::os::unix::fs::PermissionsExt;

    let two = Two::new();
    two.exchange();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&two.path("a")), 0o700);
    for entry in fs::read_dir(two.path("a")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn deny_a_second_time_and_the_wrong_message() {
    let two = Two::new();
    two.blind("a");
    two.blind("b");
    let secret = fs::read(two.path("a/secret")).unwrap();
    let again = [
        "blind",
        "--input",
        "a.csv",
        "--purpose",
        "abuse",
        "--session",
        "a",
    ];
    assert!(refused(two.dir(), &again).contains("is there already"));
    assert_eq!(fs::read(two.path("a/secret")).unwrap(), secret);
    let own = ["reply", "--session", "a", "--message", "a/1-blinded.psi"];
    assert!(refused(two.dir(), &own).contains("our own points"));
    two.step("reply", "a", "b/1-blinded.psi");
    let wrong = ["share", "--session", "a", "--message", "b/1-blinded.psi"];
    assert!(refused(two.dir(), &wrong).contains("expected a reply (message 2)"));
    let reply = ["reply", "--session", "a", "--message", "b/1-blinded.psi"];
    assert!(refused(two.dir(), &reply).contains("takes each step once"));
}

#[test]
fn deny_input_that_does_not_say_who_permits() {
    let two = Two::new();
    let try_rows = |text: &str, more: &[&str]| {
        fs::write(two.path("x.csv"), text).unwrap();
        let blind = [
            "blind",
            "--input",
            "x.csv",
            "--purpose",
            "abuse",
            "--session",
            "x",
        ];
        let error = refused(two.dir(), &[&blind[..], more].concat());
        assert!(!two.path("x").exists(), "no secret is left behind");
        assert!(!error.contains("4915112345678"), "{error}");
        error
    };
    let no_column = try_rows("id,e164\n1,+4915112345678\n", &[]);
    assert!(no_column.contains("--all-permitted"), "{no_column}");
    let both = try_rows(
        "id,e164,permitted\n1,+4915112345678,true\n",
        &["--all-permitted"],
    );
    assert!(both.contains("--all-permitted conflicts"), "{both}");
    let neither = try_rows("id,e164,permitted\n1,+4915112345678,\n", &[]);
    assert!(neither.contains("line 2: `permitted`"), "{neither}");
    let twice = try_rows("id,e164,permitted\n1,+4915112345678,true\n1,x,false\n", &[]);
    assert!(twice.contains("line 3: `id`"), "{twice}");
    let id = try_rows("id,e164,permitted\n+4915112345678x,1,true\n", &[]);
    assert!(id.contains("line 2: `id`"), "{id}");
}

#[test]
fn deny_other_machines_unless_asked() {
    let two = Two::new();
    let rest = ["--input", "a.csv", "--purpose", "abuse"];
    for verb in ["listen", "connect"] {
        let args = [&[verb, "--address", "192.0.2.1:7000"], &rest[..]].concat();
        assert!(refused(two.dir(), &args).contains("--shared-key"));
    }
}

fn error_of(listener: Child) -> String {
    let output = listener.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

/// Whoever comes to a listener and is not the other side.
type Hostile = fn(&str) -> Option<TcpStream>;

fn came(address: &str) -> TcpStream {
    TcpStream::connect(address).unwrap()
}

/// Says something, and stays.
fn says(address: &str, len: u64, bytes: &[u8]) -> TcpStream {
    let mut stream = came(address);
    stream.write_all(&len.to_le_bytes()).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

const HOSTILE: [(&str, Hostile); 7] = [
    ("disconnected before a blinded set", |address| {
        drop(came(address));
        None
    }),
    ("more than the limit of 320000088", |address| {
        Some(says(address, u64::MAX, &[]))
    }),
    ("disconnected", |address| {
        says(address, 1000, &[7; 999]);
        None
    }),
    ("not a private set intersection message", |address| {
        Some(says(address, 100, &[7; 100]))
    }),
    ("not a private set intersection message", |address| {
        Some(says(address, 0, &[]))
    }),
    ("", |address| Some(came(address))),
    ("", |address| Some(says(address, 100_000, &[9; 1000]))),
];

#[test]
fn an_honest_peer_is_served_beside_twenty_hostile_ones() {
    let two = Two::new();
    let (listener, address) = two.listen(&["--out", "ours.csv"]);
    let hostile = HOSTILE.iter().cycle().take(21);
    let open: Vec<Option<TcpStream>> = hostile.map(|(_, come)| come(&address)).collect();
    let connected = two.connect(&address, &["--purpose", "abuse"]);
    let ours = listener.wait_with_output().unwrap();
    drop(open);
    assert!(connected.status.success(), "{connected:?}");
    assert!(ours.status.success(), "{ours:?}");
    assert_eq!(two.text("ours.csv"), expected(&two.a, &two.b));
    let theirs = String::from_utf8(connected.stdout).unwrap();
    assert_eq!(theirs, expected(&two.b, &two.a));
    let said = String::from_utf8(ours.stderr).unwrap();
    for (what, _) in HOSTILE {
        assert!(said.contains(what), "{what}: {said}");
    }
}

#[test]
#[cfg(unix)]
fn whoever_takes_all_descriptors_ends_nothing() {
    let two = Two::new();
    let (listener, address) = two.listen(&["--timeout", "2", "--deadline", "60"]);
    // Enough for the program, and for a few who come: each takes two.
    let limit = Command::new("prlimit")
        .args(["--nofile=16:16", "--pid", &listener.id().to_string()])
        .status();
    assert!(limit.unwrap().success());
    let open: Vec<TcpStream> = (0..20).map(|_| came(&address)).collect();
    std::thread::sleep(std::time::Duration::from_millis(500));
    drop(open);
    let connected = two.connect(&address, &["--purpose", "abuse"]);
    let ours = listener.wait_with_output().unwrap();
    assert!(connected.status.success(), "{connected:?}");
    assert!(ours.status.success(), "{ours:?}");
    assert_eq!(
        String::from_utf8(ours.stdout).unwrap(),
        expected(&two.a, &two.b)
    );
}

#[test]
fn nobody_is_waited_for_longer_than_was_said() {
    let two = Two::new();
    let (listener, _) = two.listen(&["--timeout", "1"]);
    assert!(error_of(listener).contains("no peer connected for 1 s"));
    // A silent peer ends nothing but its own connection.
    let (listener, address) = two.listen(&["--timeout", "1"]);
    let silent = came(&address);
    let error = error_of(listener);
    assert!(
        error.contains("no data from the other side for 1 s"),
        "{error}"
    );
    assert!(error.contains("no peer connected for 1 s"), "{error}");
    drop(silent);
    // One who always sends a little keeps nobody.
    let (listener, address) = two.listen(&["--timeout", "2", "--deadline", "3"]);
    let mut slow = came(&address);
    slow.write_all(&1000_u64.to_le_bytes()).unwrap();
    let sent = (0..100).take_while(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        slow.write_all(&[1]).is_ok()
    });
    assert!(sent.count() < 100, "a slow peer was waited for");
    let error = error_of(listener);
    assert!(
        error.contains("timed out before it was complete"),
        "{error}"
    );
}

/// Message 1 with so many points, each of the same bytes.
fn blinded(purpose: u8, points: &[[u8; 32]]) -> Vec<u8> {
    let mut message = [&b"acqpsi"[..], &[1, 1, purpose], &[0; 7]].concat();
    message.extend((points.len() as u64).to_le_bytes());
    message.extend([[5; 32], [0; 32]].concat());
    message.extend(points.as_flattened());
    message
}

/// Says a whole message, and waits until the other side is done with it.
fn answered(address: &str, message: &[u8]) -> Vec<u8> {
    let mut stream = says(address, message.len() as u64, message);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn what_is_empty_or_refused_uses_up_no_answer() {
    let two = Two::new();
    let (listener, address) = two.listen(&["--answers", "1"]);
    let no_point = {
        let mut point = [0xff; 32];
        // Canonical, and not on the curve.
        point[0] = 2;
        point[1..].fill(0);
        point
    };
    for _ in 0..3 {
        for refused in [
            blinded(2, &[]),
            blinded(3, &[[2; 32]]),
            blinded(2, &[no_point]),
            blinded(2, &[[0; 32]]),
            b"nothing of the kind".to_vec(),
        ] {
            // At most our purpose, in a message without a point.
            let answer = answered(&address, &refused);
            assert!(answer.len() <= 8 + 88, "it was answered");
        }
    }
    let connected = two.connect(&address, &["--purpose", "abuse"]);
    let ours = listener.wait_with_output().unwrap();
    assert!(connected.status.success(), "{connected:?}");
    let said = String::from_utf8(ours.stderr).unwrap();
    for why in [
        "the other side's set is empty",
        "another purpose than abuse",
        "point 0 of the message is not a canonical encoding",
        "neutral element",
        "not a private set intersection message",
    ] {
        assert_eq!(said.matches(why).count(), 3, "{why}: {said}");
    }
}

#[test]
fn slow_peers_keep_no_place_from_others() {
    let two = Two::new();
    let (listener, address) = two.listen(&["--peers", "2"]);
    let begun = says(&address, 1_000_000, &[7; 100]);
    let mut slow = says(&address, 1_000_000, &[7; 100]);
    #[expect(clippy::disallowed_methods, reason = "it is slow while others wait")]
    let dripping = std::thread::spawn(move || {
        let drip = |_| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            slow.write_all(&[1; 10]).is_ok()
        };
        (0..300).map(drip).take_while(|is_open| *is_open).count()
    });
    let connected = two.connect(&address, &["--purpose", "abuse"]);
    let ours = listener.wait_with_output().unwrap();
    drop(begun);
    assert!(dripping.join().unwrap() < 100, "it was waited for");
    assert!(connected.status.success(), "{connected:?}");
    let said = String::from_utf8(ours.stderr).unwrap();
    assert!(said.contains("more slowly than 16384 bytes"), "{said}");
}

#[test]
fn deny_a_side_without_a_number() {
    let two = Two::new();
    fs::write(
        two.path("b.csv"),
        "id,e164,permitted\n1,+4930123456,false\n",
    )
    .unwrap();
    let (listener, address) = two.listen(&["--timeout", "2"]);
    let connected = two.connect(&address, &["--purpose", "abuse"]);
    assert_eq!(connected.status.code(), Some(2));
    let error = String::from_utf8(connected.stderr).unwrap();
    assert!(error.contains("there is no number to ask about"), "{error}");
    assert!(error.contains("1 not permitted"), "{error}");
    error_of(listener);
}

#[cfg(unix)]
#[test]
fn deny_inputs_without_an_end() {
    let two = Two::new();
    let made = Command::new("mkfifo").arg(two.path("pipe")).status();
    assert!(made.unwrap().success());
    two.blind("a");
    for (line, why) in [
        (
            "identity psi blind --input pipe --purpose abuse --session x",
            "a pipe",
        ),
        (
            "identity psi blind --input /dev/zero --purpose abuse --session x",
            "a device",
        ),
        (
            "identity psi blind --input - --purpose abuse --session x",
            "a row longer than",
        ),
        ("identity psi reply --session a --message pipe", "a pipe"),
        (
            "identity psi reply --session a --message /dev/zero",
            "a device",
        ),
        ("identity normalise -", "a row longer than"),
    ] {
        // Whoever waits for a pipe waits for good: 124 is what `timeout` then says.
        let output = Command::new("timeout")
            .args(["20", env!("CARGO_BIN_EXE_acquaint")])
            .args(line.split(' '))
            .current_dir(two.dir())
            .stdin(fs::File::open("/dev/zero").unwrap())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {error}");
        assert!(error.contains(why), "{line}: {error}");
    }
    assert!(!two.path("x").exists());
}

#[test]
fn deny_more_answers_than_were_allowed() {
    let two = Two::new();
    let (listener, address) = two.listen(&["--answers", "2", "--timeout", "2"]);
    two.blind("b");
    let blinded = fs::read(two.path("b/1-blinded.psi")).unwrap();
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = says(&address, blinded.len() as u64, &blinded);
        let mut len = [0; 8];
        stream.read_exact(&mut len).unwrap();
        open.push(stream);
    }
    let third = two.connect(&address, &["--purpose", "abuse"]);
    assert_eq!(third.status.code(), Some(2), "{third:?}");
    drop(open);
    let error = error_of(listener);
    assert!(
        error.contains("2 peers were answered and none finished"),
        "{error}"
    );
}

fn shared_key(two: &Two, name: &str, seed: u8) {
    write_key(&two.path(name), digits(seed));
}

#[test]
fn a_shared_key_seals_the_connection() {
    let two = Two::new();
    shared_key(&two, "key", 3);
    shared_key(&two, "other", 5);
    let (listener, address) = two.listen(&["--shared-key", "key", "--out", "ours.csv"]);
    for (more, why) in [
        (&["--shared-key", "other"][..], "disconnected"),
        (&[][..], "disconnected"),
    ] {
        let args = [&["--purpose", "abuse"], more].concat();
        let stranger = two.connect(&address, &args);
        assert_eq!(stranger.status.code(), Some(2), "{stranger:?}");
        let error = String::from_utf8(stranger.stderr).unwrap();
        assert!(error.contains(why), "{error}");
    }
    let connected = two.connect(&address, &["--purpose", "abuse", "--shared-key", "key"]);
    let ours = listener.wait_with_output().unwrap();
    assert!(connected.status.success(), "{connected:?}");
    assert!(ours.status.success(), "{ours:?}");
    assert_eq!(two.text("ours.csv"), expected(&two.a, &two.b));
    let said = String::from_utf8(ours.stderr).unwrap();
    assert_eq!(
        said.matches("did not prove that it has the shared key")
            .count(),
        2,
        "{said}"
    );
    let manifest = two.text("ours.manifest.json");
    assert!(
        manifest.contains("encrypted and authenticated"),
        "{manifest}"
    );
}

/// Stands between two sides, hands everything on but one byte that it changes, and keeps what went through.
fn between(address: String, change: Option<usize>) -> (String, std::thread::JoinHandle<Vec<u8>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = listener.local_addr().unwrap().to_string();
    #[expect(clippy::disallowed_methods, reason = "somebody has to stand between")]
    let seen = std::thread::spawn(move || {
        let (mut from, _) = listener.accept().unwrap();
        let mut to = TcpStream::connect(address).unwrap();
        let (mut back_from, mut back_to) = (to.try_clone().unwrap(), from.try_clone().unwrap());
        #[expect(clippy::disallowed_methods, reason = "both ways at once")]
        let back = std::thread::spawn(move || {
            let _ = std::io::copy(&mut back_from, &mut back_to);
            let _ = back_to.shutdown(std::net::Shutdown::Both);
        });
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            let first = seen.len();
            seen.extend_from_slice(&buffer[..n]);
            if let Some(place) = change.filter(|place| (first..seen.len()).contains(place)) {
                buffer[place - first] ^= 1;
            }
            if to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
        back.join().unwrap();
        seen
    });
    (ours, seen)
}

#[test]
fn deny_what_was_read_or_changed_on_its_way() {
    let two = Two::new();
    shared_key(&two, "key", 3);
    let key = ["--shared-key", "key"];
    let args = [&["--purpose", "abuse"], &key[..]].concat();
    let (listener, address) = two.listen(&key);
    let (middle, seen) = between(address, None);
    assert!(two.connect(&middle, &args).status.success());
    assert!(listener.wait_with_output().unwrap().status.success());
    let seen = seen.join().unwrap();
    assert!(seen.len() > 10_000);
    assert!(
        !seen.windows(6).any(|bytes| bytes == b"acqpsi"),
        "it can be read"
    );
    for place in [10, 51, 53, 200, 5000] {
        let (listener, address) = two.listen(&[&key[..], &["--timeout", "1"]].concat());
        let (middle, seen) = between(address, Some(place));
        let connected = two.connect(&middle, &args);
        assert_eq!(
            connected.status.code(),
            Some(2),
            "byte {place}: {connected:?}"
        );
        seen.join().unwrap();
        let error = error_of(listener);
        let is_told = error.contains("altered in transit") || error.contains("shared key");
        assert!(
            is_told || error.contains("no data from the other side"),
            "byte {place}: {error}"
        );
    }
}

#[test]
fn deny_two_purposes_and_too_many_numbers() {
    let two = Two::new();
    let (listener, address) = two.listen(&["--timeout", "1"]);
    let other = two.connect(&address, &["--purpose", "analytics"]);
    let error = String::from_utf8(other.stderr).unwrap();
    assert!(error.contains("another purpose than analytics"), "{error}");
    assert!(error_of(listener).contains("another purpose than abuse"));
    let (listener, address) = two.listen(&["--max-peer", "224", "--timeout", "1"]);
    let other = two.connect(&address, &["--purpose", "abuse"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(error_of(listener).contains("--max-peer"));
}

#[test]
fn every_verb_has_help_with_an_example() {
    let dir = tempfile::tempdir().unwrap();
    for verb in ["blind", "reply", "share", "finish", "listen", "connect"] {
        assert!(
            done(dir.path(), &[verb, "--help"]).contains("\nExample"),
            "{verb}"
        );
    }
}
