//! Every table but the address book, read, deduplicated and with its numbers normalised.

use crate::consent::{AccountFacts, INACTIVE_DAYS};
use crate::engine::world::consent_source::{ConsentFrom, ConsentInputs};
use crate::engine::world::consent_tables::{hold_ledger, read_consent};
use crate::engine::world::dated::{Moment, honour};
use crate::engine::world::numbers::{readings, unread_businesses};
use crate::engine::world::read::Read;
use crate::engine::{EngineError, Progress, RunFinding, Stage};
use crate::hash::{HashMap, HashSet};
use crate::identity::{AccountClaim, E164, Holders, SocialClaim, Typed, code_devices};
use crate::ids::{AccountId, Region, UserId};
use crate::signals::{
    AbuseReport, Ad, AdFeedback, AudienceMember, Business, BusinessEvent, BusinessOptIn,
    BusinessThread, CallCount, Feedback, Friendship, GroupMember, Impression, MessengerAccount,
    PhonePurpose, RawPhone, SignalsDir, SignalsError, SocialAccount, Table, TrustSeed, deduplicate,
    deduplicate_accounts, deduplicate_friendships,
};
use crate::suggest::OnDevice;
use crate::time::Timestamp;

/// The tables without which nothing can be decided.
const REQUIRED: [Table; 2] = [Table::MessengerAccounts, Table::SocialAccounts];
/// The tables that are as necessary unless a ledger takes their place.
const OF_CONSENT: [Table; 2] = [Table::ConsentEvents, Table::PolicyVersions];

/// Can nothing be decided without the table?
pub(in crate::engine) fn is_required(table: Table, has_ledger: bool) -> bool {
    REQUIRED.contains(&table) || !has_ledger && OF_CONSENT.contains(&table)
}

/// The tables of a run.
#[derive(Debug, Default)]
pub(in crate::engine) struct Inputs {
    pub(in crate::engine) accounts: Holders<MessengerAccount>,
    pub(in crate::engine) social: Holders<SocialAccount>,
    pub(in crate::engine) friendships: Vec<Friendship>,
    pub(in crate::engine) feedback: Vec<Feedback>,
    pub(in crate::engine) consent: ConsentInputs,
    pub(in crate::engine) ads: Vec<Ad>,
    pub(in crate::engine) audience_members: Vec<AudienceMember>,
    pub(in crate::engine) ad_feedback: Vec<AdFeedback>,
    pub(in crate::engine) impressions: Vec<Impression>,
    pub(in crate::engine) businesses: Holders<Business>,
    pub(in crate::engine) business_numbers: HashSet<E164>,
    /// Numbers of rows that contradicted each other: somebody's, but nobody can say whose.
    pub(in crate::engine) lost_numbers: HashSet<E164>,
    lost_phones: Vec<(Timestamp, RawPhone, Option<Region>)>,
    pub(in crate::engine) threads: Vec<BusinessThread>,
    pub(in crate::engine) opt_ins: Vec<BusinessOptIn>,
    pub(in crate::engine) business_events: Vec<BusinessEvent>,
    pub(in crate::engine) reports: Vec<AbuseReport>,
    pub(in crate::engine) calls: Vec<CallCount>,
    pub(in crate::engine) group_members: Vec<GroupMember>,
    pub(in crate::engine) trust_seeds: Vec<TrustSeed>,
    /// The moment after which rows were left out.
    pub(in crate::engine) until: Option<Timestamp>,
    pub(in crate::engine) read: Read,
}

impl Inputs {
    /// Asks for the tables without which nothing can be decided.
    ///
    /// # Errors
    /// The first that is not there.
    pub(in crate::engine) fn require(
        dir: &SignalsDir,
        has_ledger: bool,
    ) -> Result<(), SignalsError> {
        dir.require(&REQUIRED)?;
        if has_ledger {
            Ok(())
        } else {
            dir.require(&OF_CONSENT)
        }
    }

    /// Reads every table but the address book.
    ///
    /// # Errors
    /// If a required table is missing, or a table cannot be read at all. A bad row is a rejection.
    pub(in crate::engine) fn read(
        dir: &SignalsDir,
        consent: ConsentFrom<'_>,
        latest: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        Self::require(dir, !matches!(consent, ConsentFrom::Tables))?;
        progress.begin("reading tables", None);
        let mut read = Read {
            latest,
            ..Read::default()
        };
        let mut lost_phones = Vec::new();
        let mut inputs = Self {
            accounts: read.holders_with(dir, progress, |rows, lost| {
                let sifted = deduplicate_accounts(rows);
                let phone = |row: MessengerAccount| {
                    (
                        row.registered_at.max(row.number_since),
                        row.phone,
                        row.region,
                    )
                };
                lost_phones.extend(sifted.conflicts.into_iter().chain(lost).map(phone));
                sifted.rows
            })?,
            social: read.holders_with(dir, progress, |rows, lost| {
                let sifted = deduplicate(rows);
                let phone = |row: SocialAccount| Some((row.created_at, row.phone?, row.region));
                lost_phones.extend(sifted.conflicts.into_iter().chain(lost).filter_map(phone));
                sifted.rows
            })?,
            friendships: read.table_with(dir, progress, |rows, _| deduplicate_friendships(rows))?,
            feedback: read.table(dir, progress)?,
            ads: read.table_with(dir, progress, |rows, _| deduplicate(rows).rows)?,
            audience_members: read.table(dir, progress)?,
            ad_feedback: read.table(dir, progress)?,
            impressions: read.table(dir, progress)?,
            businesses: read.holders_with(dir, progress, |rows, _| deduplicate(rows).rows)?,
            threads: read.table(dir, progress)?,
            opt_ins: read.table(dir, progress)?,
            business_events: read.table(dir, progress)?,
            reports: read.table(dir, progress)?,
            calls: read.table(dir, progress)?,
            group_members: read.table(dir, progress)?,
            trust_seeds: read.table(dir, progress)?,
            ..Self::default()
        };
        inputs.lost_phones = lost_phones;
        inputs.consent = match consent {
            ConsentFrom::Tables => read_consent(&mut read, dir, progress)?,
            ConsentFrom::Ledger(source) => {
                let held = ConsentInputs::read(source, dir)?;
                hold_ledger(&mut read, held)
            }
            ConsentFrom::Given(given) => given.clone(),
        };
        let devices = inputs
            .accounts
            .rows()
            .iter()
            .filter_map(|row| row.device.device_id);
        read.lost.check(devices)?;
        inputs.reports.append(&mut read.lost.reports);
        inputs.read = read;
        Ok(inputs)
    }

    /// The moment that the signals speak of: the default for `as_of`. Neither an event nor any single row moves it.
    pub(in crate::engine) fn moment(&mut self) -> Option<Timestamp> {
        let Moment { at, alone } = self.read.newest.moment()?;
        if let Some(place) = alone {
            self.read.findings.push(moved_by_one(at).at(place));
        }
        Some(at)
    }

    /// The newest moment that any row or event is from, the address book aside.
    pub(in crate::engine) fn newest(&self) -> Option<Timestamp> {
        let known = self.consent.events.iter().map(|event| event.known_time);
        known.max().max(self.read.newest.first())
    }

    /// Leaves out what had not happened yet at the moment the run speaks of.
    pub(in crate::engine) fn forget_after(&mut self, as_of: Timestamp) {
        self.forget_but_for_what_was_said(as_of, as_of);
    }

    /// As [`forget_after`](Self::forget_after), but keeps what people said about each other and about ads up to another moment.
    pub(in crate::engine) fn forget_but_for_what_was_said(
        &mut self,
        as_of: Timestamp,
        said_until: Timestamp,
    ) {
        self.until = Some(as_of);
        let latest = self.read.latest;
        honour(&mut self.feedback, latest, as_of);
        honour(&mut self.ad_feedback, latest, as_of);
        honour(&mut self.reports, latest, as_of);
        honour(&mut self.opt_ins, latest, as_of);
        honour(&mut self.business_events, latest, as_of);
        let stages = &mut self.read.stages;
        self.lost_phones.retain(|(since, ..)| *since <= as_of);
        let n_before = self.accounts.rows().len();
        let here = |row: &MessengerAccount| row.registered_at.max(row.number_since) <= as_of;
        self.accounts.retain(here);
        let n_left = self.accounts.rows().len();
        stages.extend(not_yet("messenger accounts", n_before, n_left));
        let n_before = self.social.rows().len();
        self.social.retain(|row| row.created_at <= as_of);
        let n_left = self.social.rows().len();
        stages.extend(not_yet("social accounts", n_before, n_left));
        for row in self.social.rows_mut() {
            if row.phone_since.is_some_and(|since| since > as_of) {
                row.phone = None;
            }
        }
        forget(
            "friendships",
            &mut self.friendships,
            |row| row.since <= as_of,
            stages,
        );
        forget(
            "call counts",
            &mut self.calls,
            |row| row.since <= as_of,
            stages,
        );
        forget(
            "group members",
            &mut self.group_members,
            |row| row.joined_at <= as_of,
            stages,
        );
        forget(
            "trust seeds",
            &mut self.trust_seeds,
            |row| row.verified_at <= as_of,
            stages,
        );
        forget(
            "feedback",
            &mut self.feedback,
            |row| row.at <= said_until,
            stages,
        );
        forget(
            "audience members",
            &mut self.audience_members,
            |row| row.added_at <= as_of,
            stages,
        );
        forget(
            "ad feedback",
            &mut self.ad_feedback,
            |row| row.at <= said_until,
            stages,
        );
        forget(
            "impressions",
            &mut self.impressions,
            |row| row.at <= as_of,
            stages,
        );
        forget(
            "abuse reports",
            &mut self.reports,
            |row| row.at <= said_until,
            stages,
        );
    }

    /// Leaves out what people said about each other and about ads after a moment, but for what cannot be from when it says.
    pub(in crate::engine) fn forget_said_after(&mut self, until: Timestamp) {
        let latest = self.read.latest;
        honour(&mut self.feedback, latest, until);
        honour(&mut self.ad_feedback, latest, until);
        honour(&mut self.reports, latest, until);
        honour(&mut self.opt_ins, latest, until);
        honour(&mut self.business_events, latest, until);
        self.feedback.retain(|row| row.at <= until);
        self.ad_feedback.retain(|row| row.at <= until);
        self.reports.retain(|row| row.at <= until);
    }

    /// What the ledger has to know of every account.
    pub(in crate::engine) fn facts(&self) -> Vec<AccountFacts> {
        self.accounts.iter().map(|holder| holder.facts()).collect()
    }

    /// Every row that binds a readable number to an account.
    pub(in crate::engine) fn account_claims(&self) -> impl Iterator<Item = AccountClaim> {
        self.accounts.iter().filter_map(|holder| holder.claim())
    }

    /// Every social account that can be found by a readable number.
    pub(in crate::engine) fn social_claims(&self) -> impl Iterator<Item = SocialClaim> {
        self.social.iter().filter_map(|holder| holder.claim())
    }

    /// Which account was seen on which device, by code, under any of its numbers.
    pub(in crate::engine) fn devices_of_accounts(
        &self,
    ) -> impl Iterator<Item = OnDevice<AccountId>> {
        let holders = self.accounts.iter();
        holders.filter_map(|one| Some(OnDevice::new(one.device.id()?.get(), one.row.account_id)))
    }

    /// Which social account was seen on which device, by code.
    pub(in crate::engine) fn devices_of_people(&self) -> impl Iterator<Item = OnDevice<UserId>> {
        let holders = self.social.iter();
        holders.filter_map(|one| Some(OnDevice::new(one.device.id()?.get(), one.row.user_id)))
    }

    /// The number by which each person can be found, if it can be read.
    pub(in crate::engine) fn contact_numbers(&self) -> HashMap<UserId, E164> {
        let holders = self.social.iter();
        let contacts = holders.filter(|one| one.row.phone_given_for == PhonePurpose::Contact);
        contacts
            .filter_map(|one| Some((one.row.user_id, one.number?)))
            .collect()
    }

    /// Has anybody a social account with this id, at the moment the run speaks of?
    pub(in crate::engine) fn knows(&self, user: UserId) -> bool {
        (self.social.rows().iter()).any(|row| row.user_id == user)
    }

    /// Reads every number and codes every device of the rows that are left.
    ///
    /// # Errors
    /// If a lost row names somebody by a number alone, and it is none or nobody's.
    pub(in crate::engine) fn read_numbers(&mut self) -> Result<(), EngineError> {
        code_devices(&mut self.accounts, &mut self.social);
        self.read.numbers_of(&mut self.accounts);
        self.read.numbers_of(&mut self.social);
        let unread = self.read.numbers_of(&mut self.businesses);
        self.read.findings.extend(unread_businesses(&unread));
        let lost = std::mem::take(&mut self.lost_phones);
        let lost = lost
            .iter()
            .map(|(_, phone, region)| Typed::new(phone, *region));
        self.lost_numbers = readings(lost).collect();
        // What may be a business's number either way is nobody's either way.
        self.business_numbers = readings(self.businesses.texts()).collect();
        let held = self.accounts.iter();
        let held = held.filter_map(|one| Some((one.row.account_id, one.number?)));
        self.consent.flaws.extend(self.read.lost.flaws(held)?);
        Ok(())
    }
}

/// That one row alone would have moved the moment of the run.
fn moved_by_one(moment: Timestamp) -> RunFinding {
    RunFinding::new(
        "one_row_is_alone",
        format!(
            "the row is more than {INACTIVE_DAYS} days newer than every other, so the run speaks of {moment}, the next newest"
        ),
        "mend its date, or say with --as-of which moment is meant",
    )
}

/// Drops rows that had not happened yet, and counts them if there are any.
fn forget<R>(
    table: &str,
    rows: &mut Vec<R>,
    happened: impl FnMut(&R) -> bool,
    stages: &mut Vec<Stage>,
) {
    let n_before = rows.len();
    rows.retain(happened);
    stages.extend(not_yet(table, n_before, rows.len()));
}

/// What became of rows of which some had not happened yet; nothing if all had.
fn not_yet(table: &str, n_before: usize, n_left: usize) -> Option<Stage> {
    (n_left < n_before).then(|| {
        let mut stage = Stage::new(&format!("{table} → happened by then"));
        stage.pass(n_left as u64);
        stage.drop("not_yet", (n_before - n_left) as u64);
        stage
    })
}
