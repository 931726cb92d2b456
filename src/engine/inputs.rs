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

impl Inputs {
    /// Reads every table but the address book.
    ///
    /// # Errors
    /// If a required table is missing, or a table cannot be read at all. A bad row is a rejection.
    pub(in crate::engine) fn read(dir: &SignalsDir, progress: &dyn Progress) -> Result<Self, EngineError> {
        dir.require(&REQUIRED)?;
        progress.begin("reading tables", None);
        let mut read = Read::default();
        let mut inputs = Self {
            accounts: read.table(dir, progress)?,
            social: read.table(dir, progress)?,
            friendships: read.table(dir, progress)?,
            feedback: read.table(dir, progress)?,
            overlays: read.table(dir, progress)?,
            ads: read.table(dir, progress)?,
            impressions: read.table(dir, progress)?,
            businesses: read.table(dir, progress)?,
            threads: read.table(dir, progress)?,
            opt_ins: read.table(dir, progress)?,
            reports: read.table(dir, progress)?,
            policies: policies(read.table(dir, progress)?),
            ..Self::default()
        };
        let rows: Vec<ConsentEventRow> = read.table(dir, progress)?;
        inputs.read = read;
        inputs.read_numbers();
        inputs.read_events(rows);
        Ok(inputs)
    }

    fn read_numbers(&mut self) {
        let accounts: Vec<_> = self.accounts.iter().map(|row| (row.phone.clone(), row.region)).collect();
        self.account_numbers = numbers(&mut self.read, "messenger accounts → readable numbers", &accounts);
        let social: Vec<_> = self
            .social
            .iter()
            .map(|row| (row.phone.clone().unwrap_or_default(), row.region))
            .collect();
        self.social_numbers = normalise(&social).into_iter().map(Result::ok).collect();
        let businesses: Vec<_> = self.businesses.iter().map(|row| (row.phone.clone(), row.region)).collect();
        let of_businesses = numbers(&mut self.read, "businesses → readable numbers", &businesses);
        self.business_numbers = of_businesses.into_iter().flatten().collect();
    }
}
