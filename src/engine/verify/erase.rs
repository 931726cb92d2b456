//! The erased world: the same tables without some accounts and people, physically.

use std::collections::BTreeSet;
use std::path::Path;

use crate::consent::{Overlay, Purpose, Subject};
use crate::engine::verify::needs::needs;
use crate::engine::world::consent_source::ConsentInputs;
use crate::engine::world::lost;
use crate::engine::{EngineError, Progress};
use crate::hash::{HashMap, HashSet};
use crate::identity::{E164, KeyRing, Typed, normalise};
use crate::ids::{AccountId, NumberToken, Region, UserId};
use crate::signals::{
    AbuseReport, Ad, AdFeedback, AddressBookEntry, AudienceMember, Business, BusinessEvent,
    BusinessEventKind, BusinessOptIn, BusinessThread, CallCount, ConsentEventRow, Feedback,
    Friendship, GroupMember, Impression, InputFile, MessengerAccount, OwnColumns, OwnValues,
    PolicyText, RawPhone, Record, SignalsDir, SignalsError, SocialAccount, Table, TableForm,
    TableWriter, TrustSeed, write_table_with,
};
use crate::time::Timestamp;

/// Whom to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Erased {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) people: BTreeSet<UserId>,
    /// Of these people, those who refused nothing and claim a number that a remaining account has. Their claim competes
    /// for it, so it stays; nothing else of theirs does.
    pub(super) contestants: BTreeSet<UserId>,
    /// Of whom all is deleted but what may count at the level *limited*.
    pub(super) limited: Limited,
}

/// Accounts and people who allow limited ads alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Limited {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) people: BTreeSet<UserId>,
}

impl Erased {
    /// What stays of a social account.
    fn left_of(&self, row: &SocialAccount) -> Option<SocialAccount> {
        if self.limited.people.contains(&row.user_id) {
            return Some(limited_to(row));
        }
        if !self.people.contains(&row.user_id) {
            return Some(row.clone());
        }
        self.contestants
            .contains(&row.user_id)
            .then(|| claim_of(row))
    }
}

/// A social account of which nothing is known but what counts at the level *limited*, and its claim to a number.
fn limited_to(row: &SocialAccount) -> SocialAccount {
    SocialAccount {
        gender: None,
        interests: Vec::new(),
        own: OwnValues::default(),
        ..row.clone()
    }
}

/// A messenger account of which nothing is known but what consent and linking need.
fn unused(row: &MessengerAccount) -> MessengerAccount {
    let mut row = row.clone();
    row.device.device_type = None;
    row.device.os = None;
    row.device.os_version = None;
    row.app_version = None;
    row.sessions_30d = None;
    row.groups = None;
    row
}

/// A social account of which nothing is known but its claim to a number: when it was given, on which device and where.
fn claim_of(row: &SocialAccount) -> SocialAccount {
    SocialAccount {
        birth_year: None,
        gender: None,
        language: None,
        interests: Vec::new(),
        ..row.clone()
    }
}

/// Every table as it is, row for row; the address book stays on disk.
pub(super) struct Source {
    pub(super) dir: SignalsDir,
    as_of: Timestamp,
    files: Vec<InputFile>,
    /// What a ledger holds, if one takes the place of the tables of consent.
    pub(super) consent: Option<ConsentInputs>,
    uploaders: BTreeSet<AccountId>,
    /// Where each account's saved numbers are read.
    pub(super) regions: HashMap<AccountId, Region>,
    pub(super) accounts: Vec<MessengerAccount>,
    pub(super) social: Vec<SocialAccount>,
    pub(super) friendships: Vec<Friendship>,
    pub(super) feedback: Vec<Feedback>,
    pub(super) events: Vec<ConsentEventRow>,
    policies: Vec<PolicyText>,
    overlays: Vec<Overlay>,
    ads: Vec<Ad>,
    pub(super) audience_members: Vec<AudienceMember>,
    pub(super) ad_feedback: Vec<AdFeedback>,
    pub(super) impressions: Vec<Impression>,
    businesses: Vec<Business>,
    pub(super) threads: Vec<BusinessThread>,
    pub(super) opt_ins: Vec<BusinessOptIn>,
    pub(super) business_events: Vec<BusinessEvent>,
    pub(super) reports: Vec<AbuseReport>,
    pub(super) calls: Vec<CallCount>,
    pub(super) group_members: Vec<GroupMember>,
    trust_seeds: Vec<TrustSeed>,
}

/// Everybody that any table names.
pub(super) struct Everybody {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) people: BTreeSet<UserId>,
}

impl Source {
    /// Reads every table. Rows that cannot be read are in no world.
    pub(super) fn read(
        dir: &SignalsDir,
        as_of: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        progress.begin("reading tables", None);
        let mut files = Vec::new();
        let mut source = Self {
            dir: dir.clone(),
            as_of,
            consent: None,
            uploaders: BTreeSet::new(),
            regions: HashMap::default(),
            accounts: table(dir, &mut files)?,
            social: table(dir, &mut files)?,
            friendships: table(dir, &mut files)?,
            feedback: table(dir, &mut files)?,
            events: table(dir, &mut files)?,
            policies: table(dir, &mut files)?,
            overlays: table(dir, &mut files)?,
            ads: table(dir, &mut files)?,
            audience_members: table(dir, &mut files)?,
            ad_feedback: table(dir, &mut files)?,
            impressions: table(dir, &mut files)?,
            businesses: table(dir, &mut files)?,
            threads: table(dir, &mut files)?,
            opt_ins: table(dir, &mut files)?,
            business_events: table(dir, &mut files)?,
            reports: reports(dir, &mut files)?,
            calls: table(dir, &mut files)?,
            group_members: table(dir, &mut files)?,
            trust_seeds: table(dir, &mut files)?,
            files: Vec::new(),
        };
        let uploaders = &mut source.uploaders;
        let summary = dir.stream::<AddressBookEntry, EngineError>(|batch| {
            uploaders.extend(batch.records.iter().map(|row| row.account_id));
            progress.advance(batch.records.len() as u64);
            Ok(())
        })?;
        files.extend(summary.files);
        source.files = files;
        Ok(source)
    }

    /// Every file that was read, with its digest.
    pub(super) fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// Every account and every person.
    pub(super) fn everybody(&self) -> Everybody {
        let mut accounts = self.uploaders.clone();
        accounts.extend(self.accounts.iter().map(|row| row.account_id));
        accounts.extend(self.events.iter().filter_map(account_of));
        let events = self.consent.iter().flat_map(|consent| &consent.events);
        accounts.extend(events.filter_map(|event| match event.subject {
            Subject::Account(account) => Some(account),
            Subject::Device(_) | Subject::NonUser(_) => None,
        }));
        accounts.extend(self.threads.iter().map(|row| row.account_id));
        accounts.extend(self.opt_ins.iter().map(|row| row.account_id));
        accounts.extend(self.business_events.iter().filter_map(account_of_event));
        accounts.extend(
            self.reports
                .iter()
                .flat_map(|row| [row.reporter, row.reported]),
        );
        accounts.extend(self.calls.iter().flat_map(|row| [row.from, row.to]));
        accounts.extend(self.group_members.iter().map(|row| row.account));
        accounts.extend(self.trust_seeds.iter().map(|row| row.account));
        let mut people: BTreeSet<UserId> = self.social.iter().map(|row| row.user_id).collect();
        people.extend(
            self.friendships
                .iter()
                .flat_map(|row| [row.user_a, row.user_b]),
        );
        people.extend(
            self.feedback
                .iter()
                .flat_map(|row| [row.user_id, row.other_id]),
        );
        people.extend(self.ad_feedback.iter().map(|row| row.user_id));
        people.extend(self.impressions.iter().filter_map(|row| row.user_id));
        Everybody { accounts, people }
    }

    /// Writes the world without some accounts and people: without their rows (but for the claims of contestants), rows
    /// that name them, their events, and entries of other people's address books with a number that was theirs and no remaining account's.
    /// So do rows of customer lists with the token of such a number under the key of the lists, if there is one.
    /// Tables that the outputs asked for do not come from are left out altogether.
    pub(super) fn write_without(
        &self,
        erased: &Erased,
        purposes: &[Purpose],
        key: Option<&KeyRing>,
        dir: &Path,
    ) -> Result<(), EngineError> {
        let limited = &erased.limited;
        let has = |account: AccountId| !erased.accounts.contains(&account);
        let here = |user: UserId| !erased.people.contains(&user);
        let whole = |user: UserId| here(user) && !limited.people.contains(&user);
        let to = World {
            dir,
            own: self.dir.own(),
            purposes,
        };
        let accounts = self.accounts.iter().map(|row| {
            let is_limited = limited.accounts.contains(&row.account_id);
            if is_limited { unused(row) } else { row.clone() }
        });
        let accounts: Vec<MessengerAccount> = accounts.collect();
        to.write(&accounts, |row| has(row.account_id))?;
        let social: Vec<SocialAccount> = self
            .social
            .iter()
            .filter_map(|row| erased.left_of(row))
            .collect();
        to.write(&social, |_| true)?;
        to.write(&self.friendships, |row| {
            whole(row.user_a) && whole(row.user_b)
        })?;
        to.write(&self.feedback, |row| {
            whole(row.user_id) && whole(row.other_id)
        })?;
        if self.consent.is_none() {
            to.write(&self.events, |row| account_of(row).is_none_or(has))?;
            to.write(&self.policies, |_| true)?;
            to.write(&self.overlays, |_| true)?;
        }
        to.write(&self.ads, |_| true)?;
        let listed = self.tokens_of(erased, key);
        to.write(&self.audience_members, |row| !listed.contains(&row.token))?;
        to.write(&self.ad_feedback, |row| here(row.user_id))?;
        to.write(&self.impressions, |row| row.user_id.is_none_or(whole))?;
        to.write(&self.businesses, |_| true)?;
        to.write(&self.threads, |row| has(row.account_id))?;
        to.write(&self.opt_ins, |row| has(row.account_id))?;
        to.write(&self.business_events, |row| {
            account_of_event(row).is_none_or(has)
        })?;
        to.write(&self.reports, |row| has(row.reporter) && has(row.reported))?;
        to.write(&self.calls, |row| has(row.from) && has(row.to))?;
        to.write(&self.group_members, |row| has(row.account))?;
        to.write(&self.trust_seeds, |row| has(row.account))?;
        if needs(purposes, Table::AddressBook) {
            self.write_book(erased, dir)?;
        }
        Ok(())
    }

    fn write_book(&self, erased: &Erased, dir: &Path) -> Result<(), EngineError> {
        let numbers = self.numbers_of(erased);
        let mut writer = TableWriter::<AddressBookEntry>::create(dir, TableForm::Parquet)?;
        self.dir.stream::<AddressBookEntry, EngineError>(|batch| {
            let read = self.numbers_saved(&batch.records);
            let rows = batch.records.into_iter().zip(read);
            let kept: Vec<AddressBookEntry> = rows
                .filter(|(row, number)| {
                    !erased.accounts.contains(&row.account_id)
                        && !erased.limited.accounts.contains(&row.account_id)
                        && number.is_none_or(|number| !numbers.contains(&number))
                })
                .map(|(row, _)| row)
                .collect();
            Ok(writer.write(&kept)?)
        })?;
        writer.finish()?;
        Ok(())
    }

    /// What address-book entries say; none for what is not a number.
    pub(super) fn numbers_saved(&self, rows: &[AddressBookEntry]) -> Vec<Option<E164>> {
        let region = |row: &AddressBookEntry| self.regions.get(&row.account_id).copied();
        numbers(rows.iter().map(|row| Typed::new(&row.phone, region(row))))
    }

    /// The numbers of the messenger accounts, beside their rows.
    pub(super) fn account_numbers(&self) -> Vec<Option<E164>> {
        numbers(
            self.accounts
                .iter()
                .map(|row| Typed::new(&row.phone, row.region)),
        )
    }

    /// The number each person gave, by row of the social accounts.
    pub(super) fn social_numbers(&self) -> Vec<(UserId, Timestamp, Option<E164>)> {
        let given = self
            .social
            .iter()
            .filter_map(|row| Some((row, row.phone.as_ref()?)));
        let (rows, phones): (Vec<_>, Vec<_>) = given
            .map(|(row, phone)| (row, Typed::new(phone, row.region)))
            .unzip();
        let read = numbers(phones.into_iter());
        rows.into_iter()
            .zip(read)
            .map(|(row, number)| (row.user_id, row.created_at, number))
            .collect()
    }

    /// The tokens under which numbers of erased people stand on customer lists.
    fn tokens_of(&self, erased: &Erased, key: Option<&KeyRing>) -> HashSet<NumberToken> {
        let Some(key) = key.filter(|_| !self.audience_members.is_empty()) else {
            return HashSet::default();
        };
        let numbers = self.numbers_of(erased).into_iter();
        numbers
            .map(|number| key.token(Purpose::AdRelevance, number))
            .collect()
    }

    /// The numbers that by the moment the run speaks of were somebody's who is erased, and nobody's who is not.
    fn numbers_of(&self, erased: &Erased) -> HashSet<E164> {
        let mut theirs = HashSet::default();
        let mut kept = HashSet::default();
        for (row, number) in self.accounts.iter().zip(self.account_numbers()) {
            if row.registered_at.max(row.number_since) <= self.as_of {
                let is_erased = erased.accounts.contains(&row.account_id)
                    || erased.limited.accounts.contains(&row.account_id);
                if is_erased { &mut theirs } else { &mut kept }.extend(number);
            }
        }
        for (user, since, number) in self.social_numbers() {
            let is_erased = erased.people.contains(&user) || erased.limited.people.contains(&user);
            if since <= self.as_of && is_erased {
                theirs.extend(number);
            }
        }
        theirs.retain(|number| !kept.contains(number));
        theirs
    }
}

/// Whom something that a business sent, or was told, is about; a template is nobody's.
const fn account_of_event(row: &BusinessEvent) -> Option<AccountId> {
    match row.what {
        BusinessEventKind::Sent { account, .. } | BusinessEventKind::Said { account, .. } => {
            Some(account)
        }
        BusinessEventKind::TemplatePaused { .. } => None,
    }
}

/// Reports as a run counts them: also those that cannot be read in full.
fn reports(dir: &SignalsDir, files: &mut Vec<InputFile>) -> Result<Vec<AbuseReport>, SignalsError> {
    let mut rows = dir.read::<AbuseReport>()?;
    files.append(&mut rows.summary.files);
    rows.records.extend(lost::reports(&rows.salvages));
    Ok(rows.records)
}

fn table<R: Record>(dir: &SignalsDir, files: &mut Vec<InputFile>) -> Result<Vec<R>, SignalsError> {
    let rows = dir.read::<R>()?;
    files.extend(rows.summary.files);
    Ok(rows.records)
}

/// Where an erased world is written, and what for.
struct World<'a> {
    dir: &'a Path,
    /// Columns of the configuration's own.
    own: &'a OwnColumns,
    purposes: &'a [Purpose],
}

impl World<'_> {
    fn write<R: Record + Clone>(
        &self,
        rows: &[R],
        stays: impl Fn(&R) -> bool,
    ) -> Result<(), SignalsError> {
        if !needs(self.purposes, R::TABLE) {
            return Ok(());
        }
        let kept: Vec<R> = rows.iter().filter(|row| stays(row)).cloned().collect();
        write_table_with(self.dir, TableForm::Parquet, self.own, &kept).map(drop)
    }
}

/// The account an event is about, if it is about one.
pub(super) const fn account_of(row: &ConsentEventRow) -> Option<AccountId> {
    match row {
        ConsentEventRow::Known(event) => match event.subject {
            Subject::Account(account) => Some(account),
            Subject::Device(_) | Subject::NonUser(_) => None,
        },
        ConsentEventRow::NonUser { .. } => None,
    }
}

fn numbers<'a>(column: impl Iterator<Item = Typed<&'a RawPhone>>) -> Vec<Option<E164>> {
    normalise(&column.collect::<Vec<_>>())
        .into_iter()
        .map(Result::ok)
        .collect()
}
