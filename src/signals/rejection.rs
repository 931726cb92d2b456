//! A row that could not be used: counted, located and explained, and never in the way of the others.

use std::fmt;

use super::terms::Topic;
use crate::consent::TimeFault;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejection {
    /// The file, relative to the signals directory.
    pub file: String,
    /// The row in that file: the first row after the header is 1.
    pub row: u64,
    /// The column that was wrong, or the column that identifies the row.
    pub column: &'static str,
    /// What was wrong with it.
    pub reason: RejectionReason,
}

/// What was wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RejectionReason {
    /// A required value is missing.
    Missing,
    /// The value is not of the column's type.
    WrongType,
    /// The value is of the column's type but not one it can take.
    OutOfRange,
    /// The row has too few or too many columns, or is not UTF-8.
    Malformed,
    /// Another row with the same id says the same: one of them is kept.
    Duplicate,
    /// Another row with the same id says something else: none of them is used.
    Conflict,
    /// The text is not a phone number.
    NotANumber,
    /// The number went through a spreadsheet or a column of floats: `43664910594.0`, `4.36649E+10`.
    NumberAsFloat,
    /// The text is a business-scoped id in the place of a number: two letters, a dot, letters and digits.
    BusinessScopedId,
    /// The text is a username in the place of a number: `@name`.
    Username,
    /// The digits have no plus sign and are a number both with and without a country code: of two people.
    AmbiguousNumber,
    /// The text stands in the place of a device id where there is none: zeros, `NULL` (`data/devices`).
    NotADevice,
    /// The row is about a pair of which both are the same.
    SelfReference,
    /// The text names a group of countries, such as the Union: a row is about one, so there has to be a row for each.
    RegionGroup,
    /// An id that no other table knows.
    UnknownId,
    /// It is said to happen more than five minutes after it became known.
    AfterKnown,
    /// It is said to have been seen, done or known later than it can have been: after the caller's clock.
    FromTheFuture,
    /// An ad for something else than a home, a job or a loan says it is of a special category.
    UnknownSpecialCategory,
    /// A word is a phone number or an address for mail.
    Contact,
    /// An ad is about, or asks for, a topic nobody may be sorted by.
    Sensitive(Topic),
}

impl RejectionReason {
    /// The name under which rejections are counted and written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::Malformed => "malformed",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::NotANumber => "not_a_number",
            Self::NumberAsFloat => "number_as_float",
            Self::BusinessScopedId => "business_scoped_id",
            Self::Username => "username",
            Self::AmbiguousNumber => "ambiguous_number",
            Self::NotADevice => "not_a_device",
            Self::SelfReference => "self_reference",
            Self::RegionGroup => "region_group",
            Self::UnknownId => "unknown_id",
            Self::AfterKnown => "after_known",
            Self::FromTheFuture => "from_the_future",
            Self::UnknownSpecialCategory => "unknown_special_category",
            Self::Contact => "contact",
            Self::Sensitive(topic) => topic.reason(),
        }
    }
}

impl From<TimeFault> for RejectionReason {
    fn from(fault: TimeFault) -> Self {
        match fault {
            TimeFault::AfterKnown => Self::AfterKnown,
            TimeFault::FromTheFuture => Self::FromTheFuture,
        }
    }
}

impl fmt::Display for RejectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
