//! A scan of artefacts for what must never stand in them: numbers in any notation, tokens, points and keys.
//!
//! Every file is read as it is and, where it is packed, unpacked: Parquet as the text of its cells, gzip as its contents.
//! Numbers are also sought with everything taken out that people write between digits.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use acquaint::hash::HashMap;
use acquaint::identity::E164;

use super::{lines_of, read_table};

/// A needle shorter than this would be found by chance; its first bytes are looked up before the rest.
const PREFIX: usize = 3;
const SHORTEST: usize = 7;
/// What people write between the digits of a number.
const SEPARATORS: &[u8] = b" -()./+'\t\xa0\xc2";

/// What is sought, each with a name that says what it is without saying it.
#[derive(Clone, Default)]
pub(crate) struct Needles {
    /// Sought in the bytes as they are.
    exact: Vec<(Vec<u8>, String)>,
    /// Digits, sought where separators are taken out.
    digits: Vec<(Vec<u8>, String)>,
}

impl Needles {
    /// A number: its digits in any notation, with or without its country code, and the eight bytes it is in memory.
    pub(crate) fn number(&mut self, name: &str, number: E164, country_code: &str) {
        let digits = number.expose().to_string();
        let national = digits.strip_prefix(country_code).unwrap_or(&digits);
        self.digits(name, national);
        self.bytes(
            &format!("{name}, in memory"),
            &number.expose().to_le_bytes(),
        );
        self.bytes(
            &format!("{name}, in memory"),
            &number.expose().to_be_bytes(),
        );
    }

    /// Digits, however they are grouped.
    pub(crate) fn digits(&mut self, name: &str, digits: &str) {
        assert!(digits.len() >= SHORTEST, "{name} would be found by chance");
        self.digits.push((digits.into(), name.to_owned()));
    }

    /// A secret: its bytes in either order, in hexadecimal digits and in base64.
    pub(crate) fn secret(&mut self, name: &str, secret: &[u8]) {
        let backwards: Vec<u8> = secret.iter().rev().copied().collect();
        for (order, bytes) in [("", secret), (", reversed", backwards.as_slice())] {
            self.bytes(&format!("{name}{order}"), bytes);
            let hex = hex(bytes);
            self.bytes(
                &format!("{name}{order}, hex"),
                hex.to_uppercase().as_bytes(),
            );
            self.bytes(&format!("{name}{order}, hex"), hex.as_bytes());
            for alphabet in [*b"+/", *b"-_"] {
                let text = base64(bytes, alphabet);
                self.bytes(&format!("{name}{order}, base64"), text.as_bytes());
            }
        }
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        assert!(bytes.len() >= SHORTEST, "{name} would be found by chance");
        self.exact.push((bytes.to_vec(), name.to_owned()));
    }

    /// Ready to scan.
    pub(crate) fn scan(&self) -> Scan {
        Scan {
            exact: Index::new(&self.exact),
            digits: Index::new(&self.digits),
        }
    }
}

/// A scan for many needles at once.
pub(crate) struct Scan {
    exact: Index,
    digits: Index,
}

impl Scan {
    /// What was found in a text, as `place: name`.
    pub(crate) fn bytes(&self, place: &str, bytes: &[u8]) -> BTreeSet<String> {
        let bare: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(|byte| !SEPARATORS.contains(byte))
            .collect();
        let exact = self.exact.found(bytes);
        let found = exact.into_iter().chain(self.digits.found(&bare));
        found.map(|name| format!("{place}: {name}")).collect()
    }

    /// What was found in a directory, names of files included.
    pub(crate) fn dir(&self, dir: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.append(&mut self.bytes("a file name", name.as_bytes()));
            if path.is_dir() {
                found.append(&mut self.dir(&path));
            } else {
                found.append(&mut self.file(&path));
            }
        }
        found
    }

    fn file(&self, path: &Path) -> BTreeSet<String> {
        let place = path.display().to_string();
        let bytes = fs::read(path).unwrap();
        let mut found = self.bytes(&place, &bytes);
        if bytes.starts_with(b"PAR1") {
            found.append(&mut self.bytes(&format!("{place}, cells"), &cells(path)));
        }
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut unpacked = Vec::new();
            flate2::read::MultiGzDecoder::new(&bytes[..])
                .read_to_end(&mut unpacked)
                .unwrap();
            found.append(&mut self.bytes(&format!("{place}, unpacked"), &unpacked));
        }
        found
    }
}

/// Needles by their first bytes.
struct Index {
    by_prefix: HashMap<[u8; PREFIX], Vec<(Vec<u8>, String)>>,
    /// One bit for each prefix: most places of a text begin no needle.
    prefixes: Vec<u64>,
}

impl Index {
    fn new(needles: &[(Vec<u8>, String)]) -> Self {
        let mut by_prefix: HashMap<_, Vec<_>> = HashMap::default();
        let mut prefixes = vec![0; 1 << (8 * PREFIX - 6)];
        for needle in needles {
            let prefix = *needle.0.first_chunk().unwrap();
            let at = place(prefix);
            prefixes[at >> 6] |= 1_u64 << (at & 63);
            by_prefix.entry(prefix).or_default().push(needle.clone());
        }
        Self {
            by_prefix,
            prefixes,
        }
    }

    fn found(&self, text: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (start, window) in text.windows(PREFIX).enumerate() {
            let prefix = *window.first_chunk().unwrap();
            let at = place(prefix);
            if self.prefixes[at >> 6] >> (at & 63) & 1 == 1 {
                let rest = &text[start..];
                let here = self.by_prefix[&prefix].iter();
                found.extend(
                    here.filter(|(needle, _)| rest.starts_with(needle))
                        .map(|(_, name)| name.as_str()),
                );
            }
        }
        found
    }
}

fn place([a, b, c]: [u8; PREFIX]) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}

/// The cells of a Parquet file as text.
fn cells(path: &Path) -> Vec<u8> {
    let lines: Vec<String> = read_table(path).iter().flat_map(lines_of).collect();
    lines.join("\n").into_bytes()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Base64 (RFC 4648) without padding; the alphabet's last two letters vary.
fn base64(bytes: &[u8], last: [u8; 2]) -> String {
    let letters: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain(last)
        .collect();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .zip([16, 8, 0])
            .fold(0, |bits, (byte, shift)| bits | usize::from(*byte) << shift);
        for shift in [18, 12, 6, 0].into_iter().take(group.len() + 1) {
            text.push(char::from(letters[bits >> shift & 63]));
        }
    }
    text
}

#[test]
fn base64_is_that_of_the_rfc() {
    for (bytes, text) in [("f", "Zg"), ("fo", "Zm8"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(bytes.as_bytes(), *b"+/"), text);
    }
}
