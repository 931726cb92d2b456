//! The list of topics as data: read once, from the program itself.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::fold::words;
use super::phrases::Phrases;
use super::special::SpecialCategory;
use super::topic::Topic;

const TOPICS: &str = include_str!("../../../data/topics/sensitive.toml");
const SPECIAL: &str = include_str!("../../../data/topics/special.toml");

/// What a list of phrases says of a text.
#[derive(Debug)]
pub(super) struct Taxonomy<T> {
    phrases: Phrases<T>,
    harmless: Phrases<()>,
}

impl<T: Copy + Ord> Taxonomy<T> {
    /// What a text is about: what the longest phrase in it says, and of several the first in order. A phrase that lies wholly in harmless company does not count.
    ///
    /// # Complexity
    /// O(w·l) for w words of l letters, beside the phrases that begin like one of them.
    pub(super) fn about(&self, text: &str) -> Option<T> {
        let words = words(text);
        let mut found = self.phrases.found(&words).peekable();
        found.peek()?;
        let mut harmless = vec![false; words.len()];
        for (from, to, ()) in self.harmless.found(&words) {
            harmless[from..to].fill(true);
        }
        let counts = |&(from, to, _): &(usize, usize, T)| harmless[from..to].contains(&false);
        let longest_first = |(from, to, about): (usize, usize, T)| (Reverse(to - from), about);
        let found = found.filter(counts).map(longest_first);
        found.min().map(|(_, about)| about)
    }

    fn read(text: &str, format: &str, named: fn(&str) -> Option<T>) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.format != format || file.sources.is_empty() {
            return Err(format!("not a list of the form {format} with its sources"));
        }
        let mut all = Vec::new();
        for group in file.topics.iter().chain(&file.categories) {
            let about = named(&group.name).ok_or_else(|| group.name.clone())?;
            let terms = group.terms.values().flatten();
            all.extend(terms.map(|term| (term.as_str(), about)));
        }
        let harmless = file.harmless.values().flatten();
        Ok(Self {
            phrases: Phrases::new(all)?,
            harmless: Phrases::new(harmless.map(|term| (term.as_str(), ())))?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    sources: Vec<String>,
    #[serde(default)]
    topics: Vec<Group>,
    #[serde(default)]
    categories: Vec<Group>,
    harmless: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    #[serde(default, rename = "basis")]
    _basis: Option<String>,
    terms: BTreeMap<String, Vec<String>>,
}

/// The sensitive topics.
pub(super) fn topics() -> &'static Taxonomy<Topic> {
    static TAXONOMY: OnceLock<Taxonomy<Topic>> = OnceLock::new();
    TAXONOMY.get_or_init(|| {
        Taxonomy::read(TOPICS, "acquaint-topics/1", Topic::parse)
            .expect("the list is part of the program, and a test reads it")
    })
}

/// What an ad's category says about homes, jobs and loans.
pub(super) fn special() -> &'static Taxonomy<SpecialCategory> {
    static TAXONOMY: OnceLock<Taxonomy<SpecialCategory>> = OnceLock::new();
    TAXONOMY.get_or_init(|| {
        Taxonomy::read(SPECIAL, "acquaint-special/1", SpecialCategory::parse)
            .expect("the list is part of the program, and a test reads it")
    })
}

/// BLAKE3 of the two lists, which decide what is refused: 64 hexadecimal digits.
#[must_use]
pub fn topics_digest() -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(TOPICS.as_bytes()).update(SPECIAL.as_bytes());
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_words_in_every_language() {
        let file: File = toml::from_str(TOPICS).unwrap();
        let names: Vec<Option<Topic>> = file.topics.iter().map(|t| Topic::parse(&t.name)).collect();
        for topic in Topic::ALL {
            assert!(names.contains(&Some(topic)), "{topic}");
        }
        for group in &file.topics {
            assert_eq!(group.terms.len(), 15, "{}", group.name);
        }
    }

    #[test]
    fn every_entry_is_found_by_itself() {
        let file: File = toml::from_str(TOPICS).unwrap();
        for group in &file.topics {
            for term in group.terms.values().flatten() {
                let text = term.replace('*', "");
                assert!(topics().about(&text).is_some(), "{} {term}", group.name);
            }
        }
        for term in file.harmless.values().flatten() {
            assert_eq!(topics().about(&term.replace('*', "")), None, "{term}");
        }
    }

    #[test]
    fn deny_lists_of_another_form() {
        let read = |text: &str| Taxonomy::<Topic>::read(text, "acquaint-topics/1", Topic::parse);
        let good = "format = \"acquaint-topics/1\"\nsources = [\"x\"]\n[harmless]\n[[topics]]\nname = \"health\"\n[topics.terms]\nen = [\"flu\"]\n";
        assert!(read(good).is_ok());
        assert!(read(&good.replace("topics/1", "topics/2")).is_err());
        assert!(read(&good.replace("health", "astrology")).is_err());
        assert!(read(&good.replace("flu", "*")).is_err());
        assert!(read(&good.replace("[\"x\"]", "[]")).is_err());
        assert!(read(&good.replace("name", "title")).is_err());
    }
}
