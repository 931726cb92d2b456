//! Own columns as features: what a configuration names of `impressions`, `ads` and `social_accounts` besides their columns.
//!
//! | table | counts | for ads of special categories | when ads are ranked |
//! |---|---|---|---|
//! | `social_accounts` | alone, and crossed with the ad's category | never | as it stands |
//! | `ads` | alone | yes | as it stands |
//! | `impressions` | alone, like the surface | never | averaged over the showings trained on |
//!
//! A category and each item of a list is a value. A number is the bin it falls into.

mod bins;
mod params;

pub(in crate::ads) use bins::OwnBins;
pub use params::{OwnFeature, OwnFeatures};

use super::features::{UserField, UserValue, value_hash};
use crate::signals::{Ad, OwnValues, Table};

/// The field's name in the hash of what is known of a showing.
const OF_SHOWING: &str = "own column of impressions";
/// The field's name in the hash of what is known of an ad.
const OF_AD: &str = "own column of ads";

impl OwnBins {
    /// What is known of a person.
    pub(in crate::ads) fn of_person<'a>(
        &'a self,
        own: &'a OwnValues,
    ) -> impl Iterator<Item = UserValue> + 'a {
        own.iter().map(|value| UserValue {
            field: UserField::Own,
            value: self.words(Table::SocialAccounts, value),
        })
    }

    /// The hashes of what is known of a showing.
    pub(in crate::ads) fn of_showing(&self, own: &OwnValues) -> Box<[u64]> {
        let hash = |value| hashed(OF_SHOWING, &self.words(Table::Impressions, value));
        own.iter().map(hash).collect()
    }

    /// The hashes of what is known of an ad.
    pub(in crate::ads) fn of_ad(&self, ad: &Ad) -> Box<[u64]> {
        let words = self.words_of_ad(ad);
        words.map(|words| hashed(OF_AD, &words)).collect()
    }

    /// What is known of an ad.
    pub(in crate::ads) fn words_of_ad<'a>(
        &'a self,
        ad: &'a Ad,
    ) -> impl Iterator<Item = String> + 'a {
        ad.own.iter().map(|value| self.words(Table::Ads, value))
    }
}

fn hashed(field: &str, words: &str) -> u64 {
    value_hash(field, words.as_bytes())
}
