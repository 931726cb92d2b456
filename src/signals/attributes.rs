//! What may be known of a person, or of the people behind a total.

use std::sync::Arc;

use super::terms::Interest;
use crate::ids::Region;

/// What may be known of a person, or of the people behind a total.
///
/// Millions of rows say the same of the same people, so rows hold one copy in an [`Arc`] together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attributes {
    /// Country.
    pub region: Option<Region>,
    /// Age band as files name it, such as `30-34`, or whatever else a total is grouped by.
    pub age_band: Option<String>,
    /// Gender, lower case.
    pub gender: Option<String>,
    /// Language, BCP 47, lower case.
    pub language: Option<String>,
    /// Interests, sorted, each once.
    pub interests: Vec<Interest>,
}

impl Attributes {
    /// These attributes, with what is missing taken from others: one of the two copies if it says it all.
    #[must_use]
    pub fn or(self: &Arc<Self>, other: &Arc<Self>) -> Arc<Self> {
        if !self.lacks_any_of(other) {
            return Arc::clone(self);
        }
        if **self == Self::default() {
            return Arc::clone(other);
        }
        let interests = if self.interests.is_empty() {
            &other.interests
        } else {
            &self.interests
        };
        Arc::new(Self {
            region: self.region.or(other.region),
            age_band: self.age_band.as_ref().or(other.age_band.as_ref()).cloned(),
            gender: self.gender.as_ref().or(other.gender.as_ref()).cloned(),
            language: self.language.as_ref().or(other.language.as_ref()).cloned(),
            interests: interests.clone(),
        })
    }

    /// The same with interests sorted, each once, as readers give them.
    #[must_use]
    pub fn in_order(self: &Arc<Self>) -> Arc<Self> {
        if self.interests.is_sorted_by(|a, b| a < b) {
            return Arc::clone(self);
        }
        let mut ordered = Self::clone(self);
        ordered.interests.sort_unstable();
        ordered.interests.dedup();
        Arc::new(ordered)
    }

    /// Is something not known here that another says?
    fn lacks_any_of(&self, other: &Self) -> bool {
        self.region.is_none() && other.region.is_some()
            || self.age_band.is_none() && other.age_band.is_some()
            || self.gender.is_none() && other.gender.is_some()
            || self.language.is_none() && other.language.is_some()
            || self.interests.is_empty() && !other.interests.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::signals::testing::attributes;

    proptest! {
        #[test]
        fn what_is_missing_comes_from_the_other(own in attributes(), other in attributes()) {
            let (own, other) = (Arc::new(own), Arc::new(other));
            let both = own.or(&other);
            let text = |a: &Option<String>, b: &Option<String>| a.clone().or(b.clone());
            prop_assert_eq!(both.region, own.region.or(other.region));
            prop_assert_eq!(&both.age_band, &text(&own.age_band, &other.age_band));
            prop_assert_eq!(&both.gender, &text(&own.gender, &other.gender));
            prop_assert_eq!(&both.language, &text(&own.language, &other.language));
            let said = [&own.interests, &other.interests].into_iter().find(|said| !said.is_empty());
            prop_assert_eq!(&both.interests, &said.cloned().unwrap_or_default());
        }
    }

    #[test]
    fn interests_are_put_in_order() {
        let of = |names: &[&str]| {
            names
                .iter()
                .map(|name| Interest::parse(name).unwrap())
                .collect()
        };
        let mixed = Arc::new(Attributes {
            interests: of(&["food", "art", "food"]),
            ..Attributes::default()
        });
        assert_eq!(mixed.in_order().interests, of(&["art", "food"]));
        let ordered = mixed.in_order();
        assert!(Arc::ptr_eq(&ordered.in_order(), &ordered));
    }
}
