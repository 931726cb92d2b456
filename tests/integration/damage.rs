//! A restriction is never lost: random damage to rows that take something away, in a world where every one of them
//! matters.
//!
//! What an undamaged world leaves out because a row says so is never published by the damaged one: the row is honoured,
//! or whoever it names is denied and the run says so, or the run stops and names the file.
//!
//! One class of damage nobody can see without checksums: what turns a valid cell into another that is as valid, such as
//! one digit of an id into another, one kind into another, a value that need not be there into none, or a row into no
//! row. It is left out, by a judge in this file that knows nothing of the reader ([`looks_sound`]). `ACQUAINT_DAMAGES` says how many are tried.

use std::fs;
use std::path::Path;

use acquaint::engine::{self, EngineError, Silent, VerifyRequest};
use acquaint::time::Timestamp;
use arrow_array::cast::AsArray;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::support::restricted::{AS_OF, CONFIG, Tables, restrictions, tables, write};
use crate::support::{Run, u64s};

fn run(dir: &Path) -> Result<Run, EngineError> {
    let as_of = Timestamp::parse(AS_OF).unwrap();
    Run::of_signals(&dir.join("signals"), &dir.join("out"), CONFIG, Some(as_of))
}

/// What rows of this world forbid: published rows, in words, that must not be there.
fn leaks(run: &Run) -> Vec<String> {
    let mut leaks = Vec::new();
    let suggestions = run.table("suggestions.parquet");
    let pairs = u64s(&suggestions, "user_id").into_iter();
    for (user, candidate) in pairs.zip(u64s(&suggestions, "candidate_id")) {
        let is_out = |id| [5004, 5007, 5008, 5009, 5014].contains(&id);
        let is_pair = |a, b| (user, candidate) == (a, b);
        let is_apart = is_pair(5010, 5011) || is_pair(5011, 5010) || is_pair(5010, 5012);
        let is_hidden = is_pair(5011, 5012) || candidate == 5013;
        let is_reported = is_pair(5011, 5006);
        let is_former = candidate == 5016;
        if is_out(user) || is_out(candidate) || is_apart || is_hidden || is_reported || is_former {
            leaks.push(format!("{candidate} is suggested to {user}"));
        }
    }
    let ads = run.table("ad_scores.parquet");
    for (user, ad) in u64s(&ads, "user_id").into_iter().zip(u64s(&ads, "ad_id")) {
        let is_out = [5004, 5005, 5006, 5007, 5008, 5009, 5014].contains(&user);
        let is_hidden = [(5010, 9001), (5011, 9002)].contains(&(user, ad));
        if is_out || is_hidden || ad == 9003 {
            leaks.push(format!("ad {ad} is shown to {user}"));
        }
    }
    leaks.extend(business_leaks(run));
    leaks
}

/// 1010 took its opt-in back, and business 303 was reported.
fn business_leaks(run: &Run) -> Vec<String> {
    let mut leaks = Vec::new();
    for batch in run.table("business_reach.parquet") {
        let ids = |name: &str| {
            let column = batch.column_by_name(name).unwrap();
            column
                .as_primitive::<arrow_array::types::UInt64Type>()
                .values()
                .to_vec()
        };
        let yes = batch
            .column_by_name("marketing")
            .unwrap()
            .as_boolean()
            .clone();
        for (at, (business, account)) in ids("business_id")
            .into_iter()
            .zip(ids("account_id"))
            .enumerate()
        {
            if yes.value(at) && [(301, 1010), (303, 1012)].contains(&(business, account)) {
                leaks.push(format!("{business} may market to {account}"));
            }
        }
    }
    leaks
}

#[test]
fn nothing_is_missing_from_this_world_but_what_a_row_takes_away() {
    let world = tables();
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("signals"), &world);
    let whole = run(dir.path()).unwrap();
    assert!(
        whole.manifest.findings.is_empty(),
        "{:?}",
        whole.manifest.findings
    );
    assert_eq!(leaks(&whole), Vec::<String>::new());
    for (table, row) in restrictions(&world) {
        let mut without = world.clone();
        let rows = without.get_mut(table).unwrap();
        match without_end(table, &rows[row]) {
            Some(changed) => rows[row] = changed,
            None => {
                rows.remove(row);
            }
        }
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("signals"), &without);
        let leaked = leaks(&run(dir.path()).unwrap());
        assert!(!leaked.is_empty(), "{table}, row {row} takes nothing away");
    }
}

/// The row without what it takes away; none if that is the whole row.
fn without_end(table: &str, row: &str) -> Option<String> {
    match table {
        "messenger_accounts" => Some(row.replace("2015-06-01T00:00:00Z", "")),
        "ads" => Some(row.replace("2016-10-01", "2017-10-01")),
        "business_opt_ins" => Some(row.replace("2016-03-01T00:00:00Z", "")),
        _ if row.contains(",accept,") => Some(row.replace("false", "true")),
        _ => None,
    }
}

/// Damages one restricting row of a world and writes it; says what was done.
fn damage(rng: &mut Xoshiro256PlusPlus, world: &Tables, dir: &Path) -> Option<String> {
    write(dir, world);
    let rows = restrictions(world);
    let (table, row) = rows[rng.gen_range(0..rows.len())];
    let lines: Vec<Vec<u8>> = world[table]
        .iter()
        .map(|line| line.clone().into_bytes())
        .collect();
    let mut damaged = lines.clone();
    let how = if rng.gen_bool(0.5) {
        damage_cell(rng, &mut damaged[row])
    } else {
        damage_bytes(rng, &mut damaged[row])
    };
    let mut end: &[u8] = [b"\n" as &[u8], b"\r\n", b"\r", b"\n\n"][rng.gen_range(0..4)];
    let mut joined = damaged.join(end);
    if how == "no line end" {
        end = b"";
        joined = [
            damaged[..=row].join(&b'\n'),
            damaged[row + 1..].join(&b'\n'),
        ]
        .concat();
    }
    joined.extend_from_slice(end);
    if looks_sound(&lines[0], &lines[row], &damaged[row]) && how != "no line end" {
        return None;
    }
    let path = dir.join(format!("{table}.csv"));
    fs::write(path, joined).unwrap();
    let shown = String::from_utf8_lossy(&damaged[row]).into_owned();
    Some(format!("{table}, row {row}, {how}: {shown:?}"))
}

/// What happens to bytes on their way.
fn damage_bytes(rng: &mut Xoshiro256PlusPlus, row: &mut Vec<u8>) -> &'static str {
    let at = rng.gen_range(0..row.len());
    let commas: Vec<usize> = (0..row.len()).filter(|&i| row[i] == b',').collect();
    let comma = commas[rng.gen_range(0..commas.len())];
    match rng.gen_range(0..13) {
        0 => {
            row[at] ^= 1 << rng.gen_range(0..8);
            "a bit"
        }
        1 => {
            row[at] = rng.gen_range(0..=255);
            "a byte"
        }
        2 => {
            row.insert(at, rng.gen_range(0..=255));
            "a byte more"
        }
        3 => {
            row.remove(at);
            "a byte less"
        }
        4 => {
            row.insert(at, b',');
            "a comma more"
        }
        5 => {
            row.remove(comma);
            "a comma less"
        }
        6 => {
            row[comma] = [b';', b'\t', b'|', b' '][rng.gen_range(0..4)];
            "another separator"
        }
        7 => {
            row.insert(at, b'"');
            "a quote"
        }
        8 => {
            row.insert(comma + 1, b'"');
            let end = [row.len(), at][rng.gen_range(0..2)];
            row.insert(end, b'"');
            "two quotes"
        }
        9 => {
            row.insert(at, [b'\n', b'\r', 0, 0x0B][rng.gen_range(0..4)]);
            "a line end within"
        }
        10 => {
            row.truncate(at);
            "cut off"
        }
        11 => {
            let more: Vec<u8> = row.iter().flat_map(|&byte| [byte, 0]).collect();
            *row = more;
            "UTF-16"
        }
        _ => "no line end",
    }
}

/// What programs make of cells.
fn damage_cell(rng: &mut Xoshiro256PlusPlus, row: &mut Vec<u8>) -> &'static str {
    let text = String::from_utf8(row.clone()).unwrap();
    let mut cells: Vec<String> = text.split(',').map(str::to_owned).collect();
    let at = rng.gen_range(0..cells.len());
    let other = rng.gen_range(0..cells.len());
    let cell = cells[at].clone();
    let how = match rng.gen_range(0..11) {
        0 => {
            cells.swap(at, other);
            "two cells changed places"
        }
        1 => {
            cells.remove(at);
            "a cell less"
        }
        2 => {
            cells.insert(at, cell);
            "a cell twice"
        }
        3 => {
            let empty = ["", " ", "NULL", "\\N", "nan", "None", "#N/A"];
            empty[rng.gen_range(0..empty.len())].clone_into(&mut cells[at]);
            "no value"
        }
        4 => {
            cells[at] = spreadsheet_number(rng, &cell);
            "as a number"
        }
        5 => {
            let wrap = [
                ("\"", "\""),
                (" ", " "),
                ("'", ""),
                ("=\"", "\""),
                ("\u{a0}", "\u{feff}"),
                ("\"", ""),
            ];
            let (before, after) = wrap[rng.gen_range(0..wrap.len())];
            cells[at] = format!("{before}{cell}{after}");
            "wrapped"
        }
        6 => {
            cells[at] = cell.replacen(['-', 'T', ':'], "/", rng.gen_range(1..4));
            "another date"
        }
        7 => {
            cells[at] = cell.trim_end_matches('Z').replace('T', " ");
            "a date without a zone"
        }
        8 => {
            cells[at] = if rng.gen_bool(0.5) {
                cell.to_uppercase()
            } else {
                format!("{cell}s")
            };
            "another word"
        }
        9 => {
            let half = cell.len() / 2;
            cells[at].truncate(half);
            "half a cell"
        }
        _ => {
            *row = cells.join(",").into_bytes();
            let place = rng.gen_range(0..=row.len());
            row.insert(place, [0xE9, 0xFC, 0x80, 0xFF][rng.gen_range(0..4)]);
            return "Latin-1";
        }
    };
    *row = cells.join(",").into_bytes();
    how
}

/// An id as spreadsheets, data frames and people write it.
fn spreadsheet_number(rng: &mut Xoshiro256PlusPlus, cell: &str) -> String {
    let (head, tail) = cell.split_at(cell.len().min(1));
    let exponent = tail.len();
    match rng.gen_range(0..7) {
        0 => format!("{cell}.0"),
        1 => format!("{head}.{tail}E+{exponent:02}"),
        2 => format!("{head}.{}E+{exponent:02}", &tail[..tail.len().min(1)]),
        3 => format!("{head}E+{exponent:02}"),
        4 => format!("{head},{tail}"),
        5 => format!("{head} {tail}"),
        _ => format!("-{cell}"),
    }
}

/// Is every cell that differs as valid as before, by its column's name and nothing else?
fn looks_sound(header: &[u8], before: &[u8], after: &[u8]) -> bool {
    let Ok(after) = std::str::from_utf8(after) else {
        return false;
    };
    if after.trim().is_empty() {
        return true;
    }
    let (header, before) = (
        std::str::from_utf8(header).unwrap(),
        std::str::from_utf8(before).unwrap(),
    );
    let split = |text: &str| {
        text.split(',')
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let (names, before, after) = (split(header), split(before), split(after));
    let unquoted = |cell: &String| {
        let inner = cell
            .strip_prefix('"')
            .and_then(|cell| cell.strip_suffix('"'));
        inner.unwrap_or(cell).trim().to_owned()
    };
    let after: Vec<String> = after.iter().map(unquoted).collect();
    names.len() == after.len()
        && names
            .iter()
            .zip(before.iter().zip(&after))
            .all(|(name, (was, is))| was == is || is_valid(name, is))
}

/// Could a careful writer have written this cell?
fn is_valid(column: &str, cell: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_time = |text: &str| Timestamp::parse(text).is_ok();
    match column {
        "account_id" | "device_id" | "policy" | "text_digest" | "share" | "purpose" | "until"
        | "cut_off" | "ad_id" | "advertiser_id" | "opted_out_at" | "number_until" | "region"
        | "sessions_30d" | "groups" | "os"
            if cell.is_empty() =>
        {
            true
        }
        "phone" => cell.starts_with('+') && is_digits(&cell[1..]),
        "os" | "device_id" | "reason" | "category" => {
            !cell.is_empty() && !cell.contains(['\n', '\r', '\0', '"'])
        }
        "bid" => cell
            .parse::<f64>()
            .is_ok_and(|bid| bid.is_finite() && bid >= 0.0),
        "share" => ["true", "false", "0", "1"].contains(&cell.to_lowercase().as_str()),
        "region" => cell.len() == 2 && cell.bytes().all(|b| b.is_ascii_alphabetic()),
        "kind" | "purpose" | "effect" => WORDS.contains(&cell.to_lowercase().as_str()),
        "text_digest" => cell.len() == 64 && cell.bytes().all(|b| b.is_ascii_hexdigit()),
        name if name.ends_with("_at") || name.ends_with("_time") => is_time(cell),
        "at" | "from" | "until" | "cut_off" | "number_since" | "number_until" => is_time(cell),
        _ => is_digits(cell),
    }
}

const WORDS: [&str; 21] = [
    "notice_served",
    "defer",
    "accept",
    "register",
    "opt_out",
    "grant",
    "withdraw",
    "signal",
    "number_change",
    "recycled",
    "delete",
    "block",
    "dismiss",
    "hide",
    "report",
    "hide_ad",
    "hide_advertiser",
    "deny",
    "cut_off",
    "ad_relevance",
    "friend_suggestions",
];

/// What became of damages.
#[derive(Debug, Default)]
struct Tally {
    unseen: u32,
    stopped: u32,
    with_findings: u32,
    clean: u32,
}

impl Tally {
    fn try_one(&mut self, seed: u64, world: &Tables) {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0xDA_A6E0);
        let Some(what) = damage(&mut rng, world, &dir.path().join("signals")) else {
            self.unseen += 1;
            return;
        };
        let run = match run(dir.path()) {
            Ok(run) => run,
            Err(error) => {
                let (told, table) = (error.to_string(), what.split(',').next().unwrap());
                let is_about_input = matches!(
                    error,
                    EngineError::Signals(_) | EngineError::LostRestriction { .. }
                );
                assert!(
                    is_about_input && told.contains(table),
                    "seed {seed}, {what}: {told}"
                );
                self.stopped += 1;
                return;
            }
        };
        assert_eq!(
            leaks(&run),
            Vec::<String>::new(),
            "seed {seed}, {what}: {:?}",
            run.manifest.findings
        );
        if run.manifest.findings.is_empty() {
            self.clean += 1;
        } else {
            self.with_findings += 1;
        }
        if seed.is_multiple_of(37) {
            assert!(is_clean(dir.path()), "seed {seed}, {what}");
        }
    }
}

/// Is the output what it would be without whoever was denied?
fn is_clean(dir: &Path) -> bool {
    let request = VerifyRequest {
        out: &dir.join("out"),
        signals: &dir.join("signals"),
        ledger: None,
        audience_key: None,
        keep: None,
        max_reruns: 0,
    };
    let verdict = engine::verify(&request, &|_| Ok("page".to_owned()), &Silent).unwrap();
    verdict.is_clean()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test, not the library, is told how long to try"
)]
fn no_damage_to_a_row_that_takes_away_gives_anything_back() {
    let n_damages = std::env::var("ACQUAINT_DAMAGES")
        .map_or(200, |n| n.parse().expect("ACQUAINT_DAMAGES is a number"));
    let world = tables();
    let mut tally = Tally::default();
    for seed in 0..n_damages {
        tally.try_one(seed, &world);
    }
    println!("{n_damages} damages: {tally:?}");
    assert!(
        tally.with_findings > 0 && tally.stopped > 0 && tally.clean > 0,
        "{tally:?}"
    );
}
