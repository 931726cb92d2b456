//! How much memory a run may take.

use std::fs;
use std::path::Path;
use std::str::FromStr;

/// The share of the machine's memory that a run may take where nobody says otherwise.
const SHARE: f64 = 0.8;

/// A number of bytes, as people write it: `512MB`, `4GB`, `2GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &*text[digits.len()..].to_ascii_lowercase() {
            "" | "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            other => {
                return Err(format!(
                    "{other:?} is no unit: write B, kB, MB, GB, TB, KiB, MiB or GiB"
                ));
            }
        };
        let number: f64 = digits
            .trim()
            .parse()
            .map_err(|_| "write a size such as 4GB".to_owned())?;
        let bytes = number * unit;
        if !(bytes.is_finite() && (1.0..1e18).contains(&bytes)) {
            return Err("write a size between 1 byte and 1,000,000 TB".to_owned());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 10¹⁸"
        )]
        Ok(Self(bytes as u64))
    }
}

/// What a run may take on this machine: four fifths of its memory, or of what its control group leaves; none where the system does
/// not say.
pub(crate) fn of_machine() -> Option<u64> {
    let all = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total(&text))?;
    let group = fs::read_to_string("/proc/self/cgroup").ok();
    let groups = group.as_deref().map(group_limits).unwrap_or_default();
    let least = groups.into_iter().fold(all, u64::min);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count of bytes"
    )]
    Some((least as f64 * SHARE) as u64)
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The limits of a process's control groups, of those above them too.
fn group_limits(groups: &str) -> Vec<u64> {
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            names if names.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        for above in Path::new(path).ancestors() {
            let above = above.strip_prefix("/").unwrap_or(above);
            let told = fs::read_to_string(Path::new(root).join(above).join(file));
            // `max` is no limit.
            limits.extend(told.ok().and_then(|text| text.trim().parse::<u64>().ok()));
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("512MB", 512_000_000),
            ("4 GB", 4_000_000_000),
            ("1.5GiB", 1_610_612_736),
            ("9000", 9_000),
            ("4gb", 4_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for wrong in ["", "GB", "-1GB", "4 gigs", "1e30GB", "0"] {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_machine_says_how_much_it_has() {
        assert_eq!(
            total("MemFree: 3 kB\nMemTotal:       2048 kB\n"),
            Some(2_097_152)
        );
        assert_eq!(total(""), None);
        assert!(group_limits("nonsense").is_empty());
    }
}
