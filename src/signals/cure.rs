//! What to say of a row that cannot be used, and what to do about it. Nothing here knows what stood in the row.

use super::rejection::{Rejection, RejectionReason};
use super::row::Fault;
use super::table::Table;

impl RejectionReason {
    /// What is wrong with a column, in words that follow its name.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::WrongType => "is of the wrong type",
            Self::OutOfRange => "is out of range",
            Self::Malformed => {
                "cannot be found: the row has too few or too many fields, or is not UTF-8"
            }
            Self::Duplicate => "says again what another row says",
            Self::Conflict => "contradicts another row of the same id",
            Self::NotANumber => "is not a phone number",
            Self::NumberAsFloat => {
                "went through a spreadsheet or a column of floats and is no phone number any more"
            }
            Self::BusinessScopedId => "is a business-scoped id, which is no phone number",
            Self::Username => "is a username, which is no phone number",
            Self::AmbiguousNumber => {
                "has no plus sign and is one number with its first digits as the country code and another without"
            }
            Self::NotADevice => {
                "stands where there is no device: many strangers share it by accident"
            }
            Self::RegionGroup => "is a group of countries",
            Self::SelfReference => "names the same twice",
            Self::UnknownId => "names an id that no other table knows",
            Self::AfterKnown => "is more than five minutes after known_time",
            Self::FromTheFuture => "is later than now",
            Self::UnknownSpecialCategory => "is of an unknown special category",
            Self::Contact => "holds a phone number or a mail address",
            Self::Sensitive(_) => "is about a sensitive topic",
        }
    }
}

impl Fault {
    /// What to do about it, in one sentence without a full stop.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        // Rows without a file are lines of events.
        cure(self.column, self.reason, Of::Event)
    }
}

impl Rejection {
    /// What to do about it, in one sentence without a full stop.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        let events = Table::ConsentEvents.name();
        let of = if self.file.split(['/', '.']).next() == Some(events) {
            Of::Event
        } else {
            Of::OtherRow
        };
        cure(self.column, self.reason, of)
    }
}

/// What a fault is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Event,
    OtherRow,
}

fn cure(column: &str, reason: RejectionReason, of: Of) -> &'static str {
    match (reason, column) {
        (RejectionReason::Malformed, _) => "quote values with commas, and export as UTF-8",
        (RejectionReason::Duplicate, _) => "nothing needs to be done",
        (RejectionReason::Conflict, _) => {
            "keep the row that is true, and give the other an id of its own"
        }
        (RejectionReason::AfterKnown, _) => {
            "set known_time to when the ledger learned of it; nothing can be known before it happens"
        }
        (RejectionReason::FromTheFuture, _) => {
            "mend the time, or the clock of this machine if that is wrong"
        }
        (RejectionReason::AmbiguousNumber, _) => {
            "write the number with a plus sign and its country code"
        }
        (_, "phone") => {
            "write the number as text, with a plus sign and its country code, or name its region"
        }
        (_, "account_id" | "device_id") if of == Of::Event => {
            "name exactly one of account_id, device_id (for a signal) and phone (for somebody without an account); \
             ids are whole digits"
        }
        (_, "account_id" | "user_id" | "other_id" | "business_id" | "reporter" | "reported") => {
            "write the id as whole digits, such as 1002"
        }
        (RejectionReason::RegionGroup, _) => "write a row for each country of the group",
        (_, "region" | "target_regions") => "use a code of ISO 3166-1 alpha-2, such as GB",
        (_, "text_digest") => {
            "write the BLAKE3 digest of the text that was shown, 64 hexadecimal digits"
        }
        (_, "kind" | "purpose" | "effect") => "use a name that docs/formats.md lists",
        (
            _,
            "valid_time" | "known_time" | "from" | "until" | "cut_off" | "announced_at"
            | "accept_by" | "cohort_cut" | "at" | "since" | "saved_at",
        ) => {
            "write times as RFC 3339 with an offset, such as 2016-08-25T00:00:00Z, and ends after beginnings"
        }
        _ => "mend the row; docs/formats.md says what the column takes",
    }
}
