//! What the list of topics said before: millions of rows say the same few terms again and again.

use std::cell::RefCell;

use super::taxonomy;
use super::topic::Topic;
use crate::hash::HashMap;

/// Texts a thread remembers; those that come later are asked about every time.
const N_TEXTS: usize = 4_096;
/// The longest text remembered, bytes.
const LONGEST: usize = 64;

thread_local! {
    static KNOWN: RefCell<HashMap<Box<str>, Option<Topic>>> = RefCell::default();
}

/// The sensitive topic of a text, as the list says; the same whether it was asked before or not.
///
/// # Complexity
/// O(l) for l letters of a text that is remembered, else as [`about`](taxonomy::Taxonomy::about). A thread remembers at most
/// 256 KiB of text.
pub(super) fn topic(text: &str) -> Option<Topic> {
    if let Some(known) = KNOWN.with_borrow(|known| known.get(text).copied()) {
        return known;
    }
    let topic = taxonomy::topics().about(text);
    KNOWN.with_borrow_mut(|known| {
        if known.len() < N_TEXTS && text.len() <= LONGEST {
            known.insert(text.into(), topic);
        }
    });
    topic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_the_lists_however_often_asked() {
        let texts = (0..2 * N_TEXTS).map(|i| match i % 3 {
            0 => format!("cooking {i}"),
            1 => format!("diabetes {i}"),
            _ => format!("{} {i}", "very ".repeat(LONGEST)),
        });
        let texts: Vec<String> = texts.collect();
        for text in texts.iter().chain(&texts) {
            assert_eq!(topic(text), taxonomy::topics().about(text), "{text}");
        }
        assert_eq!(KNOWN.with_borrow(HashMap::len), N_TEXTS);
    }
}
