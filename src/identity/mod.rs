//! Identity: who is behind a number.
//!
//! [`phone`](E164::parse) reads numbers and [`alias`](E164::canonical) knows the forms they had earlier; [`KeyRing`]
//! makes keyed tokens of them, [`match_entries`] asks whose number it was when somebody saved it, [`link`] asks which
//! accounts belong to one person, and [`psi`] which numbers another operator holds too.

mod alias;
mod ambiguous;
mod chat_link;
mod distribute;
mod error;
#[cfg(feature = "hmac-interop")]
mod hmac_token;
mod holders;
mod linking;
mod matching;
mod metadata;
mod national;
mod number_type;
mod objection;
mod other_text;
mod params;
mod phone;
#[cfg(test)]
mod phone_vectors;
mod plan;
pub mod psi;
mod readable;
mod recycled;
mod tenure;
mod tidy;
mod token;
mod two_numbers;
mod types;

pub use alias::aliases_digest;
pub use ambiguous::count_ambiguous;
pub use error::IdentityError;
#[cfg(feature = "hmac-interop")]
pub use hmac_token::HmacKey;
pub use holders::{
    Holder, Holders, HoldsNumber, NumbersRead, Refused, ShowsDevice, account_facts, code_devices,
};
pub use linking::{
    AccountClaim, Comparison, DeviceCode, DeviceCodes, DeviceLevel, Fitted, Given, LinkCounts,
    LinkKey, LinkModel, Linking, ModelLevel, Rates, RegionLevel, SameDevice, SocialClaim,
    TimeLevel, ValidLinkModel, fit, link, link_ever,
};
pub use matching::{
    BookBounds, BookBudget, BookSizes, BookUses, Contact, Directory, Folded, Gathered, Kept,
    KeptCounts, MatchBatch, MatchCounts, NumberSet, OverBudget, PartitionedJoin, Resolution,
    Spilled, Spread, Strangers, StrangersSaved, ValidBookBudget, fold_duplicates, fold_kept,
    match_entries,
};
pub use metadata::metadata_version;
pub use number_type::NumberType;
pub use objection::{BUCKET_BITS, ObjectionKey, ObjectionList};
pub use params::{IdentityParams, Thresholds, ValidIdentityParams};
pub use phone::{NotANumber, Place, Reading, Typed, normalise, number_region, number_type};
pub use recycled::on_recycled_numbers;
pub use tenure::Binding;
pub use token::{KeyRing, read_key};
pub use types::{E164, Evidence, Link, Match, Probability};
