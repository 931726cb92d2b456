//! Interests and categories: text that was asked about first.

use std::borrow::Borrow;
use std::fmt;

use super::contact::reaches_somebody;
use super::known;
use super::special::SpecialCategory;
use super::taxonomy;
use super::topic::Topic;

/// Why a text is no term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum TermRefused {
    /// There is nothing in it.
    #[error("a term must not be empty")]
    Empty,
    /// It is about a topic nobody may be sorted by.
    #[error("nobody may be sorted by {0}")]
    Sensitive(Topic),
    /// It holds a phone number or an address for mail.
    #[error("a phone number or a mail address is no term")]
    Contact,
}

macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads a term: trimmed, in lower case.
            ///
            /// # Errors
            /// If the text is empty, about a sensitive topic, or holds a phone number or an address for mail.
            pub fn parse(text: &str) -> Result<Self, TermRefused> {
                read(text).map(Self)
            }

            /// The term, in lower case.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

terms! {
    /// Something people are interested in, and may be shown ads for.
    Interest;
    /// What an ad is about.
    AdCategory;
}

impl AdCategory {
    /// The home, job or loan that the words of the category speak of, whatever the ad says it is.
    #[must_use]
    pub fn implied_special(&self) -> Option<SpecialCategory> {
        taxonomy::special().about(&self.0)
    }
}

fn read(text: &str) -> Result<String, TermRefused> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TermRefused::Empty);
    }
    match refused(text) {
        Some(refused) => Err(refused),
        None => Ok(text.to_lowercase()),
    }
}

/// Why a text that is no term itself, such as a word for a gender, may not stand for a person all the same.
pub(in crate::signals) fn refused(text: &str) -> Option<TermRefused> {
    let sensitive = || known::topic(text).map(TermRefused::Sensitive);
    let contact = || reaches_somebody(text).then_some(TermRefused::Contact);
    sensitive().or_else(contact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_trimmed_and_small() {
        assert_eq!(Interest::parse(" Cooking ").unwrap(), "cooking");
        assert_eq!(Interest::parse(" \t"), Err(TermRefused::Empty));
    }

    #[test]
    fn deny_terms_whatever_their_company() {
        let refused = |text| Interest::parse(text).unwrap_err();
        let health = TermRefused::Sensitive(Topic::Health);
        assert_eq!(refused("cancer"), health);
        assert!(Interest::parse("Cancer (zodiac sign)").is_ok());
        assert_eq!(refused("Tropic of Cancer and breast cancer"), health);
    }

    #[test]
    fn a_category_says_what_it_is_for() {
        let implied = |text| AdCategory::parse(text).unwrap().implied_special();
        assert_eq!(
            implied("Apartments near you"),
            Some(SpecialCategory::Housing)
        );
        assert_eq!(implied("jobs"), Some(SpecialCategory::Employment));
        assert_eq!(implied("student loans"), Some(SpecialCategory::Credit));
        assert_eq!(implied("Steve Jobs biographies"), None);
        assert_eq!(implied("gardening"), None);
    }
}
