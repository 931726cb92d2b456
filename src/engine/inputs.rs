//! Every table but the address book, read, deduplicated and with its numbers normalised.

use std::collections::BTreeMap;
use std::path::Path;

use crate::consent::{Event, Overlay, PolicyVersion, Subject};
use crate::engine::outputs::InputDigest;
use crate::engine::{EngineError, Progress, Stage};
use crate::hash::HashSet;
use crate::identity::{E164, KeyRing, normalise};
use crate::ids::Region;
use crate::signals::{
    AbuseReport, Ad, Business, BusinessOptIn, BusinessThread, ConsentEventRow, Feedback, Friendship,
    Impression, MessengerAccount, PolicyText, RawPhone, ReadLimits, Record, Rejection, RejectionReason,
    SignalsDir, SocialAccount, Table, TableSummary,
};

/// The tables without which nothing can be decided.
const REQUIRED: [Table; 4] =
    [Table::MessengerAccounts, Table::SocialAccounts, Table::ConsentEvents, Table::PolicyVersions];

/// The tables of a run. `*_numbers` stand beside the rows they were read from; none is not a number.
#[derive(Debug, Default)]
pub(in crate::engine) struct Inputs {
    pub(in crate::engine) accounts: Vec<MessengerAccount>,
    pub(in crate::engine) account_numbers: Vec<Option<E164>>,
    pub(in crate::engine) social: Vec<SocialAccount>,
    pub(in crate::engine) social_numbers: Vec<Option<E164>>,
    pub(in crate::engine) friendships: Vec<Friendship>,
    pub(in crate::engine) feedback: Vec<Feedback>,
    pub(in crate::engine) events: Vec<Event>,
    pub(in crate::engine) policies: Vec<PolicyVersion>,
    pub(in crate::engine) overlays: Vec<Overlay>,
    pub(in crate::engine) ads: Vec<Ad>,
    pub(in crate::engine) impressions: Vec<Impression>,
    pub(in crate::engine) businesses: Vec<Business>,
    pub(in crate::engine) business_numbers: HashSet<E164>,
    pub(in crate::engine) threads: Vec<BusinessThread>,
    pub(in crate::engine) opt_ins: Vec<BusinessOptIn>,
    pub(in crate::engine) reports: Vec<AbuseReport>,
    pub(in crate::engine) read: Read,
}

/// What was read, and what was not.
#[derive(Debug, Default)]
pub(in crate::engine) struct Read {
    pub(in crate::engine) files: Vec<InputDigest>,
    pub(in crate::engine) ignored_columns: BTreeMap<String, Vec<String>>,
    pub(in crate::engine) rejections: Vec<Rejection>,
    pub(in crate::engine) stages: Vec<Stage>,
}
