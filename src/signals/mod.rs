//! Signals: the tables two services agreed to share, read into typed records.

mod records;
mod rejection;

pub use records::{
    AbuseReport, Ad, AddressBookEntry, Business, BusinessOptIn, BusinessThread, ConsentEventRow,
    DeviceFacts, Feedback, FeedbackKind, Friendship, Impression, MessengerAccount, PhonePurpose,
    PolicyText, RawPhone, SocialAccount, StartedBy, Surface, Targeting,
};
pub use rejection::{Rejection, RejectionReason};
