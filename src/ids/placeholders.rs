//! Device ids that name no device: `data/devices/placeholders.toml`, part of the program.

use std::sync::LazyLock;

use serde::Deserialize;

use super::DeviceId;
use crate::hash::HashSet;

const TEXT: &str = include_str!("../../data/devices/placeholders.toml");

static PLACEHOLDERS: LazyLock<Placeholders> = LazyLock::new(|| {
    Placeholders::parse(TEXT).expect("the list in data/devices is well formed, as a test shows")
});

/// From so many times on one character repeated is no id; a zero need not be repeated.
const REPEATS: usize = 8;

/// Is this what stands in the place of an id where there is none?
pub(super) fn is_placeholder(text: &str) -> bool {
    let folded = fold(text);
    is_one_character(&folded) || PLACEHOLDERS.has(&folded)
}

/// Is this the digest of a placeholder, in the form this program writes?
pub(super) fn is_digest_of_one(device: DeviceId) -> bool {
    device.bits() == 0 || PLACEHOLDERS.digests.contains(&device)
}

/// What is left of a text without what systems write differently.
fn fold(text: &str) -> String {
    let is_mark = |c: char| c.is_whitespace() || "-:._\"'`()<>[]{}".contains(c);
    let kept = text.chars().filter(|&c| !is_mark(c));
    let folded: String = kept.flat_map(char::to_lowercase).collect();
    match folded.strip_prefix("0x") {
        Some(digits) if !digits.is_empty() => digits.to_owned(),
        _ => folded,
    }
}

/// Nothing, zeros, or one character over and over.
fn is_one_character(folded: &str) -> bool {
    let mut rest = folded.chars();
    let Some(first) = rest.next() else {
        return true;
    };
    rest.all(|c| c == first) && (first == '0' || folded.chars().count() >= REPEATS)
}

struct Placeholders {
    whole: HashSet<String>,
    beginnings: Vec<String>,
    digests: HashSet<DeviceId>,
}

#[derive(Deserialize)]
struct Table {
    format: String,
    group: Vec<Group>,
}

/// What an entry is and where it is from is for people.
#[derive(Deserialize)]
struct Group {
    ids: Vec<String>,
}

impl Placeholders {
    /// None if the list is not well formed.
    fn parse(text: &str) -> Option<Self> {
        let table: Table = toml::from_str(text).ok()?;
        if table.format != "acquaint-devices/1" {
            return None;
        }
        let ids: Vec<String> = table
            .group
            .into_iter()
            .flat_map(|group| group.ids)
            .collect();
        let (open, whole): (Vec<&String>, Vec<&String>) =
            ids.iter().partition(|id| id.ends_with('*'));
        let beginning = |id: &&String| fold(id.trim_end_matches('*'));
        Some(Self {
            beginnings: open.iter().map(beginning).collect(),
            digests: whole.iter().flat_map(|id| spellings(id)).collect(),
            whole: whole.into_iter().map(|id| fold(id)).collect(),
        })
    }

    fn has(&self, folded: &str) -> bool {
        let begins = |beginning: &String| {
            let rest = folded.strip_prefix(beginning.as_str());
            rest.is_some_and(|rest| rest.chars().all(char::is_alphanumeric))
        };
        self.whole.contains(folded) || self.beginnings.iter().any(begins)
    }
}

/// The digests of an entry as it may have been digested, and of zeros in the lengths that ids have.
fn spellings(id: &str) -> impl Iterator<Item = DeviceId> {
    let nil = "00000000-0000-0000-0000-000000000000";
    let zeros = [15, 16, 32].map(|n| "0".repeat(n));
    let texts = [
        id.to_owned(),
        id.to_lowercase(),
        id.to_uppercase(),
        nil.to_owned(),
    ];
    texts
        .into_iter()
        .chain(zeros)
        .map(|text| DeviceId::digest(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_well_formed() {
        let listed = Placeholders::parse(TEXT).unwrap();
        assert!(listed.whole.len() > 80 && !listed.beginnings.is_empty());
        assert!(Placeholders::parse("format = \"acquaint-devices/2\"\ngroup = []").is_none());
    }

    #[test]
    fn deny_what_many_strangers_share() {
        for text in [
            "0",
            "000000000000000",
            "00000000-0000-0000-0000-000000000000",
            "{00000000-0000-0000-0000-000000000000}",
            "0x0000000000000000",
            "00:00:00:00:00:00",
            "ffffffffffffffff",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "NULL",
            "null",
            "(null)",
            "<nil>",
            "\\N",
            "N/A",
            "#N/A",
            " none ",
            "Unknown",
            "undefined",
            "(not set)",
            "9774d56d682e549c",
            "9774D56D682E549C",
            "02:00:00:00:00:00",
            "02-00-00-00-00-00",
            "020000000000",
            "012345678912345",
            "0123456789ABCDEF",
            "goldfish",
            "emulator-5554",
            "EMULATOR31X2X9X0",
            "device_id",
            "-",
            "--",
            "\"\"",
            "****************",
            "d-00000000000000000000000000000000",
            "test",
            "opted_out",
            "LAT",
            "Limit Ad Tracking",
            "optout",
            "9f89c84a559f573636a47ff8daed0d33",
            "d41d8cd98f00b204e9800998ecf8427e",
        ] {
            assert_eq!(DeviceId::of(text), None, "{text:?}");
            assert!(DeviceId::is_placeholder(text), "{text:?}");
        }
    }

    #[test]
    fn ids_of_devices_stay() {
        for text in [
            "a",
            "one",
            "phone",
            "device 1",
            "00000001",
            "1111111",
            "f0e1d2c3b4a59687",
            "9774d56d682e549d",
            "02:00:00:00:00:01",
            "123e4567-e89b-12d3-a456-426614174000",
            "nullah",
            "unknown-7",
            "d-00000000000000000000000000000001",
            "latte",
        ] {
            assert!(DeviceId::of(text).is_some(), "{text:?}");
            assert!(!DeviceId::is_placeholder(text), "{text:?}");
        }
    }

    #[test]
    fn deny_digests_this_program_wrote_of_them() {
        for text in [
            "null",
            "NULL",
            "00000000-0000-0000-0000-000000000000",
            "9774d56d682e549c",
        ] {
            let written = DeviceId::digest(text).to_string();
            assert_eq!(DeviceId::of(&written), None, "{text:?}");
        }
    }
}
