//! Files of our own that are damaged: a damage is found, or changes nothing that is read.

use std::fs;
use std::path::Path;

use acquaint::ads::ShardStates;
use acquaint::engine::{AdModel, read_output};
use acquaint::publish::Sums;
use acquaint::signals::{ReadLimits, SignalsDir, SignalsError};
use acquaint::suggest::FriendModel;

use crate::place::Place;
use crate::table::{Effort, Row};

const FOUND: &str = "found";
const TRIED_SHORT: usize = 100;
const TRIED_LONG: usize = 20_000;

pub(crate) fn tables(effort: Effort) -> Row {
    let place = Place::with_inputs();
    let limits = ReadLimits::default()
        .check()
        .expect("defaults are in range");
    let signals = place.path("signals");
    let damaged = |name: &str| name != "sums.json";
    each(&signals, damaged, effort, || {
        read_all(&SignalsDir::open(&signals, &limits)?)
    })
}

pub(crate) fn text_tables(effort: Effort) -> Row {
    let place = Place::new();
    place.done("synth --users 40 --seed 1 --impressions-per-user 3 --form csv --out signals");
    let limits = ReadLimits::default()
        .check()
        .expect("defaults are in range");
    let signals = place.path("signals");
    let damaged = |name: &str| name != "sums.json";
    each(&signals, damaged, effort, || {
        read_all(&SignalsDir::open(&signals, &limits)?)
    })
}

pub(crate) fn sums(effort: Effort) -> Row {
    let place = Place::with_inputs();
    let limits = ReadLimits::default()
        .check()
        .expect("defaults are in range");
    let signals = place.path("signals");
    each(
        &signals,
        |name| name == "sums.json",
        effort,
        || SignalsDir::open(&signals, &limits).map(drop),
    )
}

pub(crate) fn outputs(effort: Effort) -> Row {
    let place = Place::with_inputs();
    place.done("run --quiet --signals signals --as-of 2016-10-20 --out out");
    let out = place.path("out");
    each(
        &out,
        |name| name != "report.html",
        effort,
        || read_output(&out),
    )
}

pub(crate) fn manifest(effort: Effort) -> Row {
    let place = Place::with_inputs();
    place.done("run --quiet --signals signals --as-of 2016-10-20 --out out");
    let out = place.path("out");
    each(
        &out,
        |name| name == "manifest.json",
        effort,
        || read_output(&out),
    )
}

pub(crate) fn models(effort: Effort) -> Row {
    let place = Place::with_inputs();
    place.done("synth --users 1000 --seed 2 --impressions-per-user 1 --out more");
    fs::create_dir(place.path("models")).expect("a directory");
    place.done("train ads --quiet --signals signals --out models/ads");
    place.done("train friends --quiet --signals more --out models/friends");
    let dir = place.path("models");
    let text = |name: &str| fs::read_to_string(dir.join(name)).map_err(|error| error.to_string());
    each(
        &dir,
        |_| true,
        effort,
        || {
            AdModel::from_json(&text("ads")?).map_err(|error| error.to_string())?;
            FriendModel::from_json(&text("friends")?).map_err(|error| error.to_string())?;
            let shards = fs::read(dir.join("ads.shards")).map_err(|error| error.to_string())?;
            ShardStates::from_bytes(&shards)
                .map_err(|error| error.to_string())
                .map(drop)
        },
    )
}

fn read_all(dir: &SignalsDir) -> Result<(), SignalsError> {
    use acquaint::signals::{
        AbuseReport, Ad, AdFeedback, AdTruth, AddressBookEntry, Business, BusinessEvent,
        BusinessOptIn, BusinessThread, CallCount, ConsentEventRow, Feedback, Friendship,
        GroupMember, Impression, MessengerAccount, PolicyText, SocialAccount, Table, TrustSeed,
    };
    dir.read::<MessengerAccount>()?;
    dir.read::<AddressBookEntry>()?;
    dir.read::<SocialAccount>()?;
    dir.read::<Friendship>()?;
    dir.read::<Feedback>()?;
    dir.read::<ConsentEventRow>()?;
    dir.read::<PolicyText>()?;
    dir.read::<Ad>()?;
    dir.read::<AdFeedback>()?;
    dir.read::<Impression>()?;
    dir.read::<AdTruth>()?;
    dir.read::<Business>()?;
    dir.read::<BusinessThread>()?;
    dir.read::<BusinessOptIn>()?;
    dir.read::<BusinessEvent>()?;
    dir.read::<AbuseReport>()?;
    dir.read::<CallCount>()?;
    dir.read::<GroupMember>()?;
    dir.read::<TrustSeed>()?;
    dir.read::<acquaint::consent::Overlay>()?;
    assert!(
        Table::ALL.len() == 21,
        "every table but the customer lists, which this world has not, is read"
    );
    Ok(())
}

/// Damages one file of a directory after the other, and reads.
fn each<T, E: ToString>(
    dir: &Path,
    is_damaged: impl Fn(&str) -> bool,
    effort: Effort,
    read: impl Fn() -> Result<T, E>,
) -> Row {
    let mut row = Row::default();
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| is_damaged(name))
        .collect();
    names.sort();
    if let Err(error) = read() {
        row.wrong(format!("what is whole is refused: {}", error.to_string()));
        return row;
    }
    let mut draw = Draw(0x5EED);
    for n in 0..effort.of(TRIED_SHORT, TRIED_LONG) {
        let path = dir.join(&names[n % names.len()]);
        let whole = fs::read(&path).expect("a file");
        let (what, bytes) = damage(&whole, &mut draw);
        if bytes == whole {
            continue;
        }
        fs::write(&path, &bytes).expect("a file");
        match read() {
            Err(_) => row.right(FOUND),
            Ok(_) if says_the_same(&whole, &bytes) => row.right("harmless: it lists the same"),
            Ok(_) => row.wrong(format!("{}: {what} was not found", path.display())),
        }
        fs::write(&path, whole).expect("a file");
    }
    row
}

/// Sums with another space in them, or another version, list the same files under the same root.
fn says_the_same(whole: &[u8], damaged: &[u8]) -> bool {
    let read = |bytes: &[u8]| serde_json::from_slice::<Sums>(bytes).ok();
    let (whole, damaged) = (read(whole), read(damaged));
    whole.zip(damaged).is_some_and(|(whole, damaged)| {
        (whole.format, whole.files, whole.root) == (damaged.format, damaged.files, damaged.root)
    })
}

/// A damage of the kinds that disks and transfers make.
fn damage(whole: &[u8], draw: &mut Draw) -> (&'static str, Vec<u8>) {
    let mut bytes = whole.to_vec();
    let at = draw.below(bytes.len());
    match draw.below(6) {
        0 => {
            bytes[at] ^= 1 << draw.below(8);
            ("a flipped bit", bytes)
        }
        1 => {
            bytes[at] = u8::try_from(draw.below(256)).unwrap_or_default();
            ("another byte", bytes)
        }
        2 => {
            bytes.truncate(at);
            ("a cut", bytes)
        }
        3 => {
            let end = (at + 512).min(bytes.len());
            bytes[at..end].fill(0);
            ("zeros", bytes)
        }
        4 => {
            let from = draw.below(bytes.len());
            let n = (bytes.len() - at.max(from)).min(64);
            bytes.copy_within(from..from + n, at);
            ("bytes of another place", bytes)
        }
        _ => {
            let n = draw.below(16) + 1;
            let more: Vec<u8> = whole[at..].iter().take(n).copied().collect();
            bytes.splice(at..at, more);
            ("bytes twice", bytes)
        }
    }
}

/// `SplitMix64`: the same damages every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % n.max(1) as u64).unwrap_or_default()
    }
}
