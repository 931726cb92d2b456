//! A phone number as somebody typed it: millions of rows hold one, so it stands in the row itself.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The longest text that needs no memory of its own, in bytes: whatever people type for a number, with marks between its digits.
const SHORT: usize = 22;

/// A phone number as somebody typed it. It has no `Display`, and `Debug` hides it.
///
/// Texts of up to 22 bytes stand in it as they are: reading, keeping and forgetting rows takes no memory for each.
#[derive(Clone)]
pub struct RawPhone(Text);

#[derive(Clone)]
enum Text {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<str>),
}

impl RawPhone {
    /// Wraps text; nothing is checked yet.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(text.as_bytes());
                Self(Text::Short { len, bytes })
            }
            _ => Self(Text::Long(text.into())),
        }
    }

    /// The text, by name, so that every use can be found.
    ///
    /// # Panics
    /// Never: what stands in it was text.
    #[must_use]
    pub fn expose(&self) -> &str {
        match &self.0 {
            Text::Short { len, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*len)]).expect("the bytes of a whole text")
            }
            Text::Long(text) => text,
        }
    }
}

impl Default for RawPhone {
    fn default() -> Self {
        Self::new("")
    }
}

/// Equal, ordered and hashed as their texts are.
impl PartialEq for RawPhone {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for RawPhone {}

impl PartialOrd for RawPhone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RawPhone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.expose().cmp(other.expose())
    }
}

impl Hash for RawPhone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl fmt::Debug for RawPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawPhone(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_no_larger_than_a_text_elsewhere() {
        assert_eq!(size_of::<RawPhone>(), size_of::<String>());
    }

    #[test]
    fn it_never_prints() {
        for text in ["+4930123456", &"0".repeat(60)] {
            let printed = format!("{:?}", RawPhone::new(text));
            assert_eq!(printed, "RawPhone(redacted)");
        }
    }

    proptest! {
        /// Texts around the longest that is short, of letters of one to four bytes.
        #[test]
        fn prop_it_is_the_text(a in "[0-9+é٠📞]{0,30}", b in "[0-9+é٠📞]{0,30}") {
            let (one, other) = (RawPhone::new(&a), RawPhone::new(b.clone()));
            prop_assert_eq!(one.expose(), &a);
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
            prop_assert_eq!(one == other, a == b);
            let hasher = foldhash::fast::FixedState::default();
            prop_assert_eq!(hasher.hash_one(&one), hasher.hash_one(&a));
        }
    }
}
