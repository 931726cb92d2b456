//! Every table but the address book, read, deduplicated and with its numbers normalised.

use crate::consent::{AccountFacts, INACTIVE_DAYS};
use crate::engine::world::consent_source::{ConsentFrom, ConsentInputs};
use crate::engine::world::consent_tables::{hold_ledger, read_consent};
use crate::engine::world::dated::honour;
use crate::engine::world::numbers::{Places, readings, unread_businesses};
use crate::engine::world::read::Read;
use crate::engine::{EngineError, Progress, RunFinding, Stage};
use crate::hash::{HashMap, HashSet};
use crate::identity::{AccountClaim, DeviceCode, DeviceCodes, E164, SocialClaim, number_region};
use crate::ids::{AccountId, Region, UserId};
use crate::signals::{
    AbuseReport, Ad, AdFeedback, AudienceMember, Business, BusinessOptIn, BusinessThread, Feedback,
    Friendship, Impression, MessengerAccount, PhonePurpose, RawPhone, SignalsDir, SocialAccount,
    Table, deduplicate, deduplicate_accounts, deduplicate_friendships,
};
use crate::time::Timestamp;

/// The tables without which nothing can be decided.
const REQUIRED: [Table; 2] = [Table::MessengerAccounts, Table::SocialAccounts];
/// The tables that are as necessary unless a ledger takes their place.
const OF_CONSENT: [Table; 2] = [Table::ConsentEvents, Table::PolicyVersions];

/// The tables of a run. `*_numbers` are parallel to the rows; `None` is an unreadable number.
#[derive(Debug, Default)]
pub(in crate::engine) struct Inputs {
    pub(in crate::engine) accounts: Vec<MessengerAccount>,
    pub(in crate::engine) account_numbers: Vec<Option<E164>>,
    account_places: Places,
    account_devices: Vec<DeviceCode>,
    pub(in crate::engine) social: Vec<SocialAccount>,
    pub(in crate::engine) social_numbers: Vec<Option<E164>>,
    social_places: Places,
    social_devices: Vec<DeviceCode>,
    pub(in crate::engine) friendships: Vec<Friendship>,
    pub(in crate::engine) feedback: Vec<Feedback>,
    pub(in crate::engine) consent: ConsentInputs,
    pub(in crate::engine) ads: Vec<Ad>,
    pub(in crate::engine) audience_members: Vec<AudienceMember>,
    pub(in crate::engine) ad_feedback: Vec<AdFeedback>,
    pub(in crate::engine) impressions: Vec<Impression>,
    pub(in crate::engine) businesses: Vec<Business>,
    business_places: Places,
    /// The number of each business, beside its row.
    pub(in crate::engine) of_businesses: Vec<Option<E164>>,
    pub(in crate::engine) business_numbers: HashSet<E164>,
    /// Numbers of rows that contradicted each other: somebody's, but nobody can say whose.
    pub(in crate::engine) lost_numbers: HashSet<E164>,
    lost_phones: Vec<(Timestamp, RawPhone, Option<Region>)>,
    pub(in crate::engine) threads: Vec<BusinessThread>,
    pub(in crate::engine) opt_ins: Vec<BusinessOptIn>,
    pub(in crate::engine) reports: Vec<AbuseReport>,
    pub(in crate::engine) read: Read,
}

impl Inputs {
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
        dir.require(&REQUIRED)?;
        if matches!(consent, ConsentFrom::Tables) {
            dir.require(&OF_CONSENT)?;
        }
        progress.begin("reading tables", None);
        let mut read = Read {
            latest,
            ..Read::default()
        };
        let mut lost_phones = Vec::new();
        let (mut account_places, mut social_places, mut business_places) = <_>::default();
        let mut inputs = Self {
            accounts: read.table_with(dir, progress, |rows, lost| {
                let sifted = deduplicate_accounts(rows);
                let phone = |row: MessengerAccount| {
                    (
                        row.registered_at.max(row.number_since),
                        row.phone,
                        row.region,
                    )
                };
                lost_phones.extend(sifted.conflicts.into_iter().chain(lost).map(phone));
                account_places = Places::of(&sifted.rows);
                sifted.rows
            })?,
            social: read.table_with(dir, progress, |rows, lost| {
                let sifted = deduplicate(rows);
                let phone = |row: SocialAccount| Some((row.created_at, row.phone?, row.region));
                lost_phones.extend(sifted.conflicts.into_iter().chain(lost).filter_map(phone));
                social_places = Places::of(&sifted.rows);
                sifted.rows
            })?,
            friendships: read.table_with(dir, progress, |rows, _| deduplicate_friendships(rows))?,
            feedback: read.table(dir, progress)?,
            ads: read.table_with(dir, progress, |rows, _| deduplicate(rows).rows)?,
            audience_members: read.table(dir, progress)?,
            ad_feedback: read.table(dir, progress)?,
            impressions: read.table(dir, progress)?,
            businesses: read.table_with(dir, progress, |rows, _| {
                let sifted = deduplicate(rows).rows;
                business_places = Places::of(&sifted);
                sifted
            })?,
            threads: read.table(dir, progress)?,
            opt_ins: read.table(dir, progress)?,
            reports: read.table(dir, progress)?,
            ..Self::default()
        };
        inputs.lost_phones = lost_phones;
        inputs.account_places = account_places;
        inputs.social_places = social_places;
        inputs.business_places = business_places;
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
            .iter()
            .filter_map(|row| row.device.device_id);
        read.lost.check(devices)?;
        inputs.reports.append(&mut read.lost.reports);
        inputs.read = read;
        Ok(inputs)
    }

    /// The moment that the signals speak of: the default for `as_of`. Neither an event nor any single row moves it.
    pub(in crate::engine) fn moment(&mut self) -> Option<Timestamp> {
        let (moment, alone) = self.read.newest.moment()?;
        if let Some(place) = alone {
            self.read.findings.push(moved_by_one(moment).at(place));
        }
        Some(moment)
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
        let latest = self.read.latest;
        honour(&mut self.feedback, latest, as_of);
        honour(&mut self.ad_feedback, latest, as_of);
        honour(&mut self.reports, latest, as_of);
        honour(&mut self.opt_ins, latest, as_of);
        let stages = &mut self.read.stages;
        self.lost_phones.retain(|(since, ..)| *since <= as_of);
        let here = |row: &MessengerAccount| row.registered_at.max(row.number_since) <= as_of;
        self.account_places.keep(self.accounts.iter().map(here));
        forget("messenger accounts", &mut self.accounts, here, stages);
        let here = |row: &SocialAccount| row.created_at <= as_of;
        self.social_places.keep(self.social.iter().map(here));
        forget("social accounts", &mut self.social, here, stages);
        for row in &mut self.social {
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
        self.feedback.retain(|row| row.at <= until);
        self.ad_feedback.retain(|row| row.at <= until);
        self.reports.retain(|row| row.at <= until);
    }

    /// What the ledger has to know of every account.
    pub(in crate::engine) fn facts(&self) -> Vec<AccountFacts> {
        let fact = |(row, number): (&MessengerAccount, &Option<E164>)| AccountFacts {
            account: row.account_id,
            registered_at: row.registered_at,
            last_seen_at: row.last_seen_at,
            number_region: number.and_then(number_region),
            residence: row.region,
            device: row.device.device_id,
        };
        self.accounts
            .iter()
            .zip(&self.account_numbers)
            .map(fact)
            .collect()
    }

    /// Every row that binds a readable number to an account.
    pub(in crate::engine) fn account_claims(&self) -> impl Iterator<Item = AccountClaim> {
        let rows = self.accounts.iter().zip(&self.account_numbers);
        let rows = rows.zip(&self.account_devices);
        rows.filter_map(|((row, number), device)| Some(AccountClaim::of(row, (*number)?, *device)))
    }

    /// Every social account that can be found by a readable number.
    pub(in crate::engine) fn social_claims(&self) -> impl Iterator<Item = SocialClaim> {
        let rows = self.social.iter().zip(&self.social_numbers);
        let rows = rows.zip(&self.social_devices);
        rows.filter_map(|((row, number), device)| SocialClaim::of(row, (*number)?, *device))
    }

    /// Which account was seen on which device, by code, under any of its numbers.
    pub(in crate::engine) fn devices_of_accounts(&self) -> impl Iterator<Item = (u32, AccountId)> {
        let rows = self.accounts.iter().zip(&self.account_devices);
        rows.filter_map(|(row, device)| Some((device.id()?.get(), row.account_id)))
    }

    /// Which social account was seen on which device, by code.
    pub(in crate::engine) fn devices_of_people(&self) -> impl Iterator<Item = (u32, UserId)> {
        let rows = self.social.iter().zip(&self.social_devices);
        rows.filter_map(|(row, device)| Some((device.id()?.get(), row.user_id)))
    }

    /// The number by which each person can be found, if it can be read.
    pub(in crate::engine) fn contact_numbers(&self) -> HashMap<UserId, E164> {
        let rows = self.social.iter().zip(&self.social_numbers);
        let contacts = rows.filter(|(row, _)| row.phone_given_for == PhonePurpose::Contact);
        contacts
            .filter_map(|(row, number)| Some((row.user_id, (*number)?)))
            .collect()
    }

    /// Has anybody a social account with this id, at the moment the run speaks of?
    pub(in crate::engine) fn knows(&self, user: UserId) -> bool {
        self.social.iter().any(|row| row.user_id == user)
    }

    /// Codes every device of the rows that are left.
    fn read_devices(&mut self) {
        let held = self.accounts.iter().map(|row| &row.device);
        let codes = DeviceCodes::of(
            held.clone()
                .chain(self.social.iter().map(|row| &row.device)),
        );
        self.account_devices = held.map(|device| codes.code(device)).collect();
        self.social_devices = self
            .social
            .iter()
            .map(|row| codes.code(&row.device))
            .collect();
    }

    /// Normalises every number and codes every device of the rows that are left.
    ///
    /// # Errors
    /// If a lost row names somebody by a number alone, and it is none or nobody's.
    pub(in crate::engine) fn read_numbers(&mut self) -> Result<(), EngineError> {
        self.read_devices();
        let accounts = self
            .accounts
            .iter()
            .map(|row| Some((&row.phone, row.region)));
        let accounts: Vec<_> = accounts.collect();
        self.account_numbers = self
            .read
            .read_column(Table::MessengerAccounts, &accounts, &self.account_places)
            .0;
        let social = self
            .social
            .iter()
            .map(|row| Some((row.phone.as_ref()?, row.region)));
        let social: Vec<_> = social.collect();
        self.social_numbers = self
            .read
            .read_column(Table::SocialAccounts, &social, &self.social_places)
            .0;
        let businesses = self
            .businesses
            .iter()
            .map(|row| Some((&row.phone, row.region)));
        let businesses: Vec<_> = businesses.collect();
        let (numbers, unread) =
            self.read
                .read_column(Table::Businesses, &businesses, &self.business_places);
        self.of_businesses = numbers;
        self.read.findings.extend(unread_businesses(&unread));
        let lost = std::mem::take(&mut self.lost_phones).into_iter();
        let lost: Vec<_> = lost.map(|(_, phone, region)| (phone, region)).collect();
        let lost = lost.iter().map(|(phone, region)| (phone, *region));
        self.lost_numbers = readings(lost).collect();
        // What may be a business's number either way is nobody's either way.
        self.business_numbers = readings(businesses.into_iter().flatten()).collect();
        let held = self.accounts.iter().zip(&self.account_numbers);
        let held = held.filter_map(|(row, number)| Some((row.account_id, (*number)?)));
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
    if rows.len() < n_before {
        let mut stage = Stage::new(&format!("{table} → happened by then"));
        stage.pass(rows.len() as u64);
        stage.drop("not_yet", (n_before - rows.len()) as u64);
        stages.push(stage);
    }
}
