//! The table of aliases: `data/phone/aliases.toml`, part of the program.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::identity::number_type::NumberType;

pub(super) const TEXT: &str = include_str!("../../../data/phone/aliases.toml");

static ALIASES: LazyLock<Vec<Alias>> = LazyLock::new(|| {
    let all = all(TEXT).expect("the aliases in data/phone are well formed, as a test shows");
    all.into_iter().filter(|alias| alias.certain).collect()
});

/// The country calling codes of the aliases in use, each once; none begins another.
static CODES: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut codes: Vec<u64> = aliases().iter().map(|alias| alias.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
});

pub(super) fn codes() -> &'static [u64] {
    &CODES
}

/// The aliases in use: those of which the number plan leaves no doubt.
pub(super) fn aliases() -> &'static [Alias] {
    &ALIASES
}

/// BLAKE3 of the table of aliases, in hexadecimal digits: two tables may disagree on whose number it is, so manifests
/// name it.
#[must_use]
pub fn aliases_digest() -> String {
    blake3::hash(TEXT.as_bytes()).to_hex().to_string()
}

/// Every alias of a table, in use or not; none if it is not well formed.
pub(super) fn all(text: &str) -> Option<Vec<Alias>> {
    let table: Table = toml::from_str(text).ok()?;
    table.alias.into_iter().map(Alias::of).collect()
}

/// Where an old form was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Written {
    WithCountryCode,
    WithoutCountryCode,
    Either,
}

#[derive(Deserialize)]
struct Table {
    alias: Vec<Entry>,
}

/// What an entry says of digits; the rest of it is for people.
#[derive(Deserialize)]
struct Entry {
    country_code: u64,
    written: Written,
    length: usize,
    first_digits: Vec<String>,
    at: usize,
    remove: String,
    insert: String,
    kinds: Vec<NumberType>,
    certain: bool,
}

/// How the national numbers of one old form are rewritten.
#[derive(Debug)]
pub(super) struct Alias {
    pub(super) code: u64,
    /// `code`, as digits.
    pub(super) country_code: String,
    pub(super) written: Written,
    /// What the new form may be for.
    pub(super) kinds: Vec<NumberType>,
    pub(super) certain: bool,
    length: usize,
    first: Vec<RangeInclusive<String>>,
    at: usize,
    remove: String,
    insert: String,
}

impl Alias {
    fn of(entry: Entry) -> Option<Self> {
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let first = entry.first_digits.iter();
        let first: Vec<_> = first
            .map(|range| first_digits(range))
            .collect::<Option<_>>()?;
        let is_sound = is_digits(&entry.remove)
            && is_digits(&entry.insert)
            && entry.remove != entry.insert
            && entry.at + entry.remove.len() <= entry.length
            && first.iter().all(|range| range.end().len() <= entry.length);
        is_sound.then_some(Self {
            code: entry.country_code,
            country_code: entry.country_code.to_string(),
            written: entry.written,
            kinds: entry.kinds,
            certain: entry.certain,
            length: entry.length,
            first,
            at: entry.at,
            remove: entry.remove,
            insert: entry.insert,
        })
    }

    #[cfg(test)]
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The new form of a national number, if its digits have the old form.
    pub(super) fn successor(&self, national: &str) -> Option<String> {
        self.is_old(national)
            .then(|| replace(national, self.at, &self.remove, &self.insert))?
    }

    /// The old form of a national number, if its digits have the new form.
    pub(super) fn predecessor(&self, national: &str) -> Option<String> {
        let old = replace(national, self.at, &self.insert, &self.remove)?;
        self.is_old(&old).then_some(old)
    }

    fn is_old(&self, national: &str) -> bool {
        let begins = |range: &RangeInclusive<String>| {
            let head = national.get(..range.end().len());
            head.is_some_and(|head| (range.start().as_str()..=range.end()).contains(&head))
        };
        national.len() == self.length && self.first.iter().any(begins)
    }
}

/// `85-89`: everything that begins with 85, 86, 87, 88 or 89.
fn first_digits(range: &str) -> Option<RangeInclusive<String>> {
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_sound = is_digits(from) && is_digits(to) && from.len() == to.len() && from <= to;
    is_sound.then(|| from.to_owned()..=to.to_owned())
}

fn replace(text: &str, at: usize, from: &str, to: &str) -> Option<String> {
    let (head, tail) = text.split_at_checked(at)?;
    Some(format!("{head}{to}{}", tail.strip_prefix(from)?))
}
