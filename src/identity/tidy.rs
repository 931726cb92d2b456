//! Typed numbers that need no guessing: a plus sign, digits, and the marks people put between them.

use std::ops::Deref;

use super::readable;

/// A plus sign and the most digits a number has.
const MAX_LEN: usize = 16;

/// What is left of a typed number: digits, perhaps behind a plus sign.
pub(super) struct Tidy {
    text: [u8; MAX_LEN],
    len: usize,
}

impl Tidy {
    pub(super) const fn empty() -> Self {
        Self {
            text: [0; MAX_LEN],
            len: 0,
        }
    }

    /// None if no number is as long.
    pub(super) fn push(&mut self, byte: u8) -> Option<()> {
        *self.text.get_mut(self.len)? = byte;
        self.len += 1;
        Some(())
    }
}

impl Deref for Tidy {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.text[..self.len]
    }
}

/// The plus sign and the digits of a text that has, beside those, only spaces, hyphens, dots and round brackets, and
/// perhaps the scheme of RFC 3966 in front. libphonenumber takes such marks out before it reads anything, and where there
/// is nothing else it takes nothing else out; any other text is left to it.
pub(super) fn tidy(text: &[u8]) -> Option<Tidy> {
    if text.len() > readable::MAX_LEN {
        return None;
    }
    let text = text.strip_prefix(b"tel:").unwrap_or(text);
    let typed = text.strip_prefix(b"+")?;
    let mut tidy = Tidy::empty();
    tidy.push(b'+')?;
    for &byte in typed {
        match byte {
            b'0'..=b'9' => tidy.push(byte)?,
            b' ' | b'-' | b'.' | b'(' | b')' => {}
            _ => return None,
        }
    }
    Some(tidy)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::phone::ask;
    use crate::identity::{E164, NotANumber};
    use crate::signals::RawPhone;

    #[test]
    fn marks_are_left_out_and_nothing_else() {
        for (text, expected) in [
            ("+49 (0)30.12-34", Some("+490301234")),
            ("tel:+49-30", Some("+4930")),
            ("+(49) 30 ", Some("+4930")),
            ("+1234567890123456", None),
            ("+49 30/12", None),
            ("+49 30 x7", None),
            ("49 30", None),
            (" +49 30", None),
            ("+49+30", None),
            ("+4９", None),
        ] {
            let found = tidy(text.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }

    /// Beginnings that are valid with the right number of digits behind them, with and without a trunk prefix.
    fn beginning() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "49151", "4930", "49030", "447400", "4407400", "33612", "330612", "3906", "39333",
            "919812", "551198", "12025", "5215", "5491", "225", "229", "7916", "780", "375", "800",
            "", "0",
        ])
    }

    fn marks() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["", "", "", " ", "-", ".", "(", ")", ") ", "--", " ."])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever is read without libphonenumber is what libphonenumber reads.
        #[test]
        fn prop_oracle_typed_numbers(
            scheme in prop::sample::select(vec!["", "", "", "tel:"]),
            beginning in beginning(),
            rest in "[0-9]{3,11}",
            marks in prop::collection::vec(marks(), 27),
        ) {
            let digits = beginning.chars().chain(rest.chars());
            let marked = digits.zip(&marks).map(|(digit, mark)| format!("{mark}{digit}"));
            let text = format!("{scheme}+{}{}", marked.collect::<String>(), marks[26]);
            let read = E164::parse(&RawPhone::new(text.clone()), None);
            // A number literal is refused before anybody reads it.
            prop_assume!(read != Err(NotANumber::Float));
            prop_assert_eq!(read, ask(&text, None), "{}", text);
        }
    }
}
