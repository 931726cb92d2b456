//! How rows of two outputs differ, and why.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::consent::Purpose;
use crate::engine::RecallReason;

/// How a row differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the earlier output has it.
    Removed,
    /// Only the later output has it.
    Added,
    /// Both have it, with another verdict: an outcome, or whether a business may write.
    Verdict,
    /// Both have it with the same verdict; rank, figures or words differ.
    Rescored,
}

impl Change {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Added => "added",
            Self::Verdict => "verdict",
            Self::Rescored => "rescored",
        }
    }

    /// Does it change what is done, rather than how it is ordered or explained?
    #[must_use]
    pub const fn is_decision(self) -> bool {
        !matches!(self, Self::Rescored)
    }
}

/// Why a row differs: the first of these that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The earlier row may no longer stand, by what `recall` says of it: an opt-out, a block.
    Recalled(RecallReason),
    /// The two are friends by now.
    NewFriends,
    /// The person or account has no row of the table any more.
    PersonGone,
    /// The candidate, ad or business is in no row of the table any more.
    OtherGone,
    /// The list is as full as before: others took the place.
    Outranked,
    /// The list is shorter than before.
    NoLongerQualifies,
    /// The person or account had no row of the table before.
    PersonNew,
    /// The candidate, ad or business was in no row of the table before.
    OtherNew,
    /// It took the place of a row of the same person that went.
    TookPlace,
    /// The list is longer than before.
    QualifiesNow,
    /// The two have more people in common.
    NewTie,
    /// The two have fewer people in common.
    TieEnded,
    /// Its figures are the same; others moved past it.
    Order,
    /// The model that scores the table is another.
    NewModel,
    /// Parameters differ.
    NewParameters,
    /// The tables that were read differ.
    NewRows,
    /// The later run speaks of another moment.
    OtherMoment,
    /// The consent ledger allowed something else.
    OtherConsent,
    /// Another version of acquaint made the later output.
    OtherVersion,
    /// The runs do not differ in anything that the manifests tell.
    Unexplained,
}

impl Why {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recalled(reason) => reason.as_str(),
            Self::NewFriends => "new_friends",
            Self::PersonGone => "person_gone",
            Self::OtherGone => "other_gone",
            Self::Outranked => "outranked",
            Self::NoLongerQualifies => "no_longer_qualifies",
            Self::PersonNew => "person_new",
            Self::OtherNew => "other_new",
            Self::TookPlace => "took_place",
            Self::QualifiesNow => "qualifies_now",
            Self::NewTie => "new_tie",
            Self::TieEnded => "tie_ended",
            Self::Order => "order",
            Self::NewModel => "new_model",
            Self::NewParameters => "new_parameters",
            Self::NewRows => "new_rows",
            Self::OtherMoment => "other_moment",
            Self::OtherConsent => "other_consent",
            Self::OtherVersion => "other_version",
            Self::Unexplained => "unexplained",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A table in two outputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TableChange {
    /// The file.
    pub table: String,
    /// Rows of the earlier output,
    pub rows_before: u64,
    /// and of the later.
    pub rows_after: u64,
    /// Rows that are the same.
    pub same: u64,
    /// Rows that only the earlier output has.
    pub removed: u64,
    /// Rows that only the later output has.
    pub added: u64,
    /// Rows with another verdict.
    pub verdict: u64,
    /// Rows with the same verdict and another rank, figure or reason.
    pub rescored: u64,
    /// How many people or accounts a row was removed from, added to or judged otherwise.
    pub people: u64,
    /// Removed, added and other verdicts, as a share of all rows that either output has.
    pub share: f64,
    /// How many rows differ for which reason, by how they differ.
    pub why: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
}

impl TableChange {
    /// Rows that were removed, added or judged otherwise.
    #[must_use]
    pub const fn n_decisions(&self) -> u64 {
        self.removed + self.added + self.verdict
    }

    pub(super) fn count(&mut self, change: Change, why: Why) {
        let count = match change {
            Change::Removed => &mut self.removed,
            Change::Added => &mut self.added,
            Change::Verdict => &mut self.verdict,
            Change::Rescored => &mut self.rescored,
        };
        *count += 1;
        let whys = self.why.entry(change.as_str()).or_default();
        *whys.entry(why.as_str()).or_default() += 1;
    }

    pub(super) fn measure(&mut self) {
        let all = self.same + self.rescored + self.n_decisions();
        self.share = if all == 0 {
            0.0
        } else {
            self.n_decisions() as f64 / all as f64
        };
    }
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowChange {
    /// The file.
    pub table: &'static str,
    /// How it differs.
    pub change: Change,
    /// Why.
    pub why: Why,
    /// Its place in the earlier file, from 1, if it is there,
    pub row_before: Option<u64>,
    /// and in the later.
    pub row_after: Option<u64>,
    /// The person it is about, if it is about one.
    pub user_id: Option<u64>,
    /// The account it is about, if it is about one.
    pub account_id: Option<u64>,
    /// The candidate, ad, business or, of a link, the person.
    pub other_id: Option<u64>,
    /// For which purpose, where a table has several.
    pub purpose: Option<Purpose>,
}
