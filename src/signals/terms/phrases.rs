//! Phrases: which of many are in a text, by looking up each word once.

use super::fold::words;
use crate::hash::HashMap;

/// A word of a phrase; a star in the list stands for any letters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Whole(String),
    Start(String),
    End(String),
    Inside(String),
}

impl Part {
    fn of(written: &str) -> Option<Self> {
        let (starts, ends) = (written.starts_with('*'), written.ends_with('*'));
        let [word]: [String; 1] = words(written.trim_matches('*')).try_into().ok()?;
        Some(match (starts, ends) {
            (false, false) => Self::Whole(word),
            (false, true) => Self::Start(word),
            (true, false) => Self::End(word),
            (true, true) => Self::Inside(word),
        })
    }

    fn meets(&self, word: &str) -> bool {
        match self {
            Self::Whole(whole) => word == whole,
            Self::Start(start) => word.starts_with(start.as_str()),
            Self::End(end) => word.ends_with(end.as_str()),
            Self::Inside(inside) => word.contains(inside.as_str()),
        }
    }
}

/// Phrases, each with what it stands for.
#[derive(Debug)]
pub(super) struct Phrases<T> {
    all: Vec<(Vec<Part>, T)>,
    /// Phrases by their first word: whole, by its start, and those that have to be tried one by one.
    whole: HashMap<String, Vec<u32>>,
    start: HashMap<String, Vec<u32>>,
    others: Vec<u32>,
}

impl<T: Copy> Phrases<T> {
    /// Phrases as the list spells them.
    ///
    /// # Errors
    /// The first that has no words, or a star where none may stand.
    pub(super) fn new<'a>(written: impl IntoIterator<Item = (&'a str, T)>) -> Result<Self, String> {
        let mut phrases = Self {
            all: Vec::new(),
            whole: HashMap::default(),
            start: HashMap::default(),
            others: Vec::new(),
        };
        for (phrase, stands_for) in written {
            phrases.push(phrase, stands_for)?;
        }
        Ok(phrases)
    }

    fn push(&mut self, phrase: &str, stands_for: T) -> Result<(), String> {
        let parts: Option<Vec<Part>> = split(phrase).iter().map(|word| Part::of(word)).collect();
        let parts = parts.filter(|parts| !parts.is_empty());
        let parts = parts.ok_or_else(|| phrase.to_owned())?;
        let number = u32::try_from(self.all.len()).expect("a list has fewer than 2³² phrases");
        match &parts[0] {
            Part::Whole(word) => self.whole.entry(word.clone()).or_default().push(number),
            Part::Start(word) => self.start.entry(word.clone()).or_default().push(number),
            Part::End(_) | Part::Inside(_) => self.others.push(number),
        }
        self.all.push((parts, stands_for));
        Ok(())
    }

    /// Every phrase in some words: where it begins, where it ends, and what it stands for; by beginning.
    pub(super) fn found<'a>(
        &'a self,
        words: &'a [String],
    ) -> impl Iterator<Item = (usize, usize, T)> + 'a {
        (0..words.len()).flat_map(move |at| {
            self.beginning_with(&words[at]).filter_map(move |number| {
                let (parts, stands_for) = &self.all[number as usize];
                let here = words.get(at..at + parts.len())?;
                let meets = parts.iter().zip(here).all(|(part, word)| part.meets(word));
                meets.then_some((at, at + parts.len(), *stands_for))
            })
        })
    }

    /// The phrases whose first word may be this one.
    fn beginning_with<'a>(&'a self, word: &'a str) -> impl Iterator<Item = u32> + 'a {
        let ends = word
            .char_indices()
            .map(|(at, letter)| at + letter.len_utf8());
        let starts = ends.filter_map(move |end| self.start.get(&word[..end]));
        let whole = self.whole.get(word).into_iter();
        let known = whole.chain(starts).flatten();
        known.chain(&self.others).copied()
    }
}

/// The words of a phrase with their stars; folding breaks them where it breaks text.
fn split(phrase: &str) -> Vec<String> {
    let mut split = Vec::new();
    for word in phrase.split_whitespace() {
        let folded = words(word.trim_matches('*'));
        let last = folded.len().saturating_sub(1);
        for (i, part) in folded.into_iter().enumerate() {
            let before = if i == 0 && word.starts_with('*') {
                "*"
            } else {
                ""
            };
            let after = if i == last && word.ends_with('*') {
                "*"
            } else {
                ""
            };
            split.push(format!("{before}{part}{after}"));
        }
    }
    split
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<usize> {
        let numbered = phrases.iter().copied().zip(0..);
        let phrases = Phrases::new(numbered).unwrap();
        let mut found: Vec<usize> = phrases.found(&words(text)).map(|(_, _, n)| n).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn words_are_whole_unless_a_star_says_otherwise() {
        let phrases = ["gay", "diabet*", "*krebs", "*union*", "same sex", "癌"];
        for (text, expected) in [
            ("Gay", vec![0]),
            ("Marvin Gaye", vec![]),
            ("World Diabetes Day", vec![1]),
            ("Brustkrebs", vec![2]),
            ("krebsgang", vec![]),
            ("reunions", vec![3]),
            ("same-sex marriage", vec![4]),
            ("the same old sex", vec![]),
            ("肺癌筛查", vec![5]),
        ] {
            assert_eq!(found(&phrases, text), expected, "{text}");
        }
    }

    #[test]
    fn deny_phrases_without_words() {
        for empty in ["", " ", "*", "– –"] {
            assert!(Phrases::new([(empty, ())]).is_err(), "{empty:?}");
        }
    }
}
