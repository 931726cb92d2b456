//! Whether training has seen a row's person and ad.

use super::Rows;
use crate::ads::TrainingRow;
use crate::hash::HashSet;
use crate::ids::{AdId, UserId};

/// Whether training has seen the person and the ad of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// None if the row names nobody.
    person: Option<bool>,
    ad: bool,
}

impl Seen {
    /// As tables have it; warm rows are those of which both are known.
    pub(super) const fn as_str(self) -> &'static str {
        match (self.person, self.ad) {
            (Some(true), true) => "person and ad",
            (Some(false), true) => "new person",
            (Some(true), false) => "new ad",
            (Some(false), false) => "new person, new ad",
            (None, true) => "ad, nobody named",
            (None, false) => "new ad, nobody named",
        }
    }
}

/// The people and ads of the rows that were trained on.
pub(super) struct Known {
    people: HashSet<UserId>,
    ads: HashSet<AdId>,
}

impl Known {
    pub(super) fn of(fit: &Rows) -> Self {
        let rows = || fit.iter().map(crate::consent::Permitted::get);
        Self {
            people: rows().filter_map(|row| row.user).collect(),
            ads: rows().map(|row| row.ad_id).collect(),
        }
    }

    pub(super) fn seen(&self, row: &TrainingRow) -> Seen {
        Seen {
            person: row.user.map(|user| self.people.contains(&user)),
            ad: self.ads.contains(&row.ad_id),
        }
    }
}
