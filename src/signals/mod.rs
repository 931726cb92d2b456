//! Signals: the tables two services agreed to share, read into typed records.

mod arrow_types;
mod attribute_columns;
mod attributes;
mod batch;
mod caught;
mod column;
mod content;
mod csv_guard;
mod csv_in;
mod csv_out;
#[cfg(test)]
mod csv_tests;
mod cure;
mod dedup;
mod devices;
mod dir;
mod each;
mod error;
mod event_json;
mod excerpt;
mod forms;
mod frame;
mod frame_digest;
mod frame_in;
#[cfg(test)]
mod frame_tests;
mod header;
mod json_in;
mod json_line;
mod limits;
mod listing;
#[cfg(test)]
mod listing_tests;
mod mapping;
mod named_rows;
mod names;
mod near_names;
mod number_book;
mod own;
mod pages;
mod parquet_cells;
mod parquet_in;
mod parquet_out;
#[cfg(test)]
mod parquet_tests;
mod partition;
mod policy_texts;
mod raw_phone;
mod record;
mod records;
mod reject;
mod rejection;
#[cfg(test)]
mod round_trip;
mod row;
mod salvage;
mod shared_attributes;
mod sizes;
mod sniff;
mod source;
mod spelled;
mod table;
mod tables;
mod terms;
#[cfg(test)]
mod testing;
mod unpack;
mod values;
#[cfg(test)]
mod values_tests;
mod weigh;
mod writer;

pub use attributes::Attributes;
pub use batch::{Batch, InputFile, Origin, TableRows, TableSummary};
pub use caught::are_panics_caught;
pub(crate) use caught::caught;
pub use column::{Column, Kind};
pub(crate) use content::looks_like_message_content;
pub use dedup::{
    Deduplicated, Identified, deduplicate, deduplicate_accounts, deduplicate_friendships,
};
pub use devices::KeptDevices;
pub use dir::SignalsDir;
pub use each::OfEachTable;
pub use error::SignalsError;
pub use event_json::{complete_event, event_json};
pub use excerpt::Excerpt;
pub use frame::Frames;
pub use json_line::{JsonLineError, json_object, record_from_json};
pub(crate) use limits::{FREE_BYTES, FREE_ROWS, by_size};
pub use limits::{ReadLimits, ValidReadLimits};
pub use mapping::{TableFormat, TableMapping, TableMappings, TimeForm};
pub use named_rows::NamedRow;
pub use number_book::{BookRejections, BookRow, NumberBook};
pub use own::{OwnColumns, OwnKind, OwnRefused, OwnValue, OwnValues};
pub use policy_texts::{policy_texts, policy_versions};
pub use record::Record;
pub use records::{
    AbuseReport, Ad, AdFeedback, AdTruth, AddressBookEntry, AudienceMember, Business,
    BusinessEvent, BusinessEventKind, BusinessOptIn, BusinessThread, CallCount, ConsentEventRow,
    DeviceFacts, Feedback, FeedbackKind, Friendship, GroupMember, Hidden, Impression, MessageKind,
    MessengerAccount, PersonsWord, PhonePurpose, PolicyText, RawPhone, SendingLimit, SocialAccount,
    StartedBy, Surface, Targeting, TrustSeed,
};
pub use reject::Rejected;
pub use rejection::{Rejection, RejectionReason};
pub use row::{Fault, MAX_LIST_BYTES, MAX_TEXT_BYTES, Row};
pub use salvage::{Named, Salvage};
pub use sizes::TableSize;
pub use table::Table;
pub use terms::{
    AdCategory, Interest, KeptTerms, OwnCells, SpecialCategory, TermRefused, Topic, topics_digest,
};
pub(crate) use unpack::Members;
pub use values::Values;
pub use writer::{EDGE_IDS_FILE, TableForm, TableWriter, write_table, write_table_with};
