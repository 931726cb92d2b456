//! Rows that would have taken something away and cannot be read: whoever they name is denied, and somebody is told.
//!
//! A row whose people can be read denies them what it could have denied; one of which nobody can tell whom it means stops
//! the run. Neither is ever merely counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::consent::{Flaw, Purpose, Subject};
use crate::engine::world::numbers::readings;
use crate::engine::{EngineError, RunFinding};
use crate::hash::HashSet;
use crate::identity::{E164, Typed};
use crate::ids::{AccountId, DeviceId, Region, UserId};
use crate::signals::{AbuseReport, Named, RawPhone, Rejection, RejectionReason, Salvage, Table};
use crate::time::Timestamp;

/// Rows of one table that are told one by one; the others are told together, and listed among the rejections.
const TOLD: usize = 1000;

/// What was lost with rejected rows, and who is denied for it.
#[derive(Debug, Default)]
pub(in crate::engine) struct Lost {
    /// People who are out for a purpose.
    users: BTreeMap<Purpose, BTreeSet<UserId>>,
    /// Accounts that are out for a purpose.
    accounts: BTreeMap<Purpose, BTreeSet<AccountId>>,
    /// Whom the ledger cannot vouch for.
    subjects: BTreeSet<Subject>,
    /// Numbers whose holders the ledger cannot vouch for.
    phones: Vec<(RawPhone, Option<Region>)>,
    /// Rows that name nobody but by a number, with whatever number they may name.
    by_number: Vec<(Rejection, ByNumber)>,
    /// Devices that rows name: any text may be one, so they count only if an account has them.
    devices: Vec<(DeviceId, Rejection)>,
    /// Reports that count although they cannot be read in full.
    pub(in crate::engine) reports: Vec<AbuseReport>,
    /// The first row of which nobody can tell whom it means, and how many there are.
    untold: Option<(Rejection, u64)>,
}

/// The numbers by which alone a row names somebody.
#[derive(Debug)]
struct ByNumber {
    phones: Vec<(RawPhone, Option<Region>)>,
    /// Must somebody hold it? A business's number need not be anybody's.
    is_of_account: bool,
}

impl ByNumber {
    /// None if a row names somebody in another way too.
    fn of(table: Table, named: &BTreeSet<Named>) -> Option<Self> {
        let is_of_account = table == Table::MessengerAccounts;
        let is_held = is_of_account || table == Table::Businesses;
        let has_other = named
            .iter()
            .any(|one| !one.accounts.is_empty() || !one.users.is_empty() || one.device.is_some());
        (is_held && !has_other).then(|| Self {
            phones: named.iter().filter_map(|one| one.phone.clone()).collect(),
            is_of_account,
        })
    }

    /// Does the row name anybody, given the numbers that accounts held?
    fn names_somebody(&self, held: &HashSet<E164>) -> bool {
        let phones = self
            .phones
            .iter()
            .map(|(phone, region)| Typed::new(phone, *region));
        let mut numbers = readings(phones);
        numbers.any(|number| !self.is_of_account || held.contains(&number))
    }
}

impl Lost {
    /// Takes the rejected rows of a table, and says what it means to lose them.
    pub(in crate::engine) fn take(
        &mut self,
        table: Table,
        rejections: &[Rejection],
        salvages: &[Salvage],
    ) -> Vec<RunFinding> {
        let mut told = Vec::new();
        let mut n_more = 0_u64;
        for (rejection, salvage) in rejections.iter().zip(salvages) {
            match salvage {
                Salvage::Harmless => {}
                Salvage::Lost => self.leave_untold(rejection),
                Salvage::Names(named) => {
                    for named in named {
                        self.deny(table, named);
                    }
                    let by_number = ByNumber::of(table, named);
                    self.by_number
                        .extend(by_number.map(|one| (rejection.clone(), one)));
                    let devices = named.iter().filter_map(|named| named.device);
                    let devices = devices.filter(|_| is_of_cells(rejection.reason));
                    let devices = devices.map(|device| (device, rejection.clone()));
                    self.devices.extend(devices);
                    if told.len() < TOLD {
                        told.push(finding(table, named, rejection));
                    } else {
                        n_more += 1;
                    }
                }
            }
        }
        told.extend((n_more > 0).then(|| more(table, n_more)));
        told
    }

    fn leave_untold(&mut self, rejection: &Rejection) {
        let (_, n) = self.untold.get_or_insert_with(|| (rejection.clone(), 0));
        *n += 1;
    }

    fn deny(&mut self, table: Table, named: &Named) {
        match table {
            Table::Feedback => self.deny_users(Purpose::FriendSuggestions, named),
            Table::AdFeedback => self.deny_users(Purpose::AdRelevance, named),
            Table::BusinessOptIns => {
                let out = self.accounts.entry(Purpose::BusinessMarketing).or_default();
                out.extend(&named.accounts);
            }
            // It may have been a block, or one message more than a cap allows.
            Table::BusinessEvents => {
                for purpose in [Purpose::BusinessService, Purpose::BusinessMarketing] {
                    let out = self.accounts.entry(purpose).or_default();
                    out.extend(&named.accounts);
                }
            }
            Table::AbuseReports => self.reports.extend(report(named)),
            _ => {
                let accounts = named.accounts.iter().map(|&id| Subject::Account(id));
                let devices = named.device.map(Subject::Device);
                self.subjects.extend(accounts.chain(devices));
                self.phones.extend(named.phone.clone());
            }
        }
    }

    fn deny_users(&mut self, purpose: Purpose, named: &Named) {
        self.users.entry(purpose).or_default().extend(&named.users);
    }

    /// Stops the run if there is a row of which nobody can tell whom it means, given the devices that accounts have.
    pub(in crate::engine) fn check(
        &mut self,
        known: impl Iterator<Item = DeviceId>,
    ) -> Result<(), EngineError> {
        let named = std::mem::take(&mut self.devices);
        if !named.is_empty() {
            let known: HashSet<DeviceId> = known.collect();
            let nobodys = named.iter().filter(|(device, _)| !known.contains(device));
            nobodys.for_each(|(_, rejection)| self.leave_untold(rejection));
        }
        self.stop_if_untold()
    }

    fn stop_if_untold(&mut self) -> Result<(), EngineError> {
        match self.untold.take() {
            None => Ok(()),
            Some((first, n)) => Err(EngineError::lost_restriction(first, n)),
        }
    }

    /// People who are out for a purpose.
    pub(in crate::engine) fn users(&self, purpose: Purpose) -> impl Iterator<Item = UserId> {
        self.users.get(&purpose).into_iter().flatten().copied()
    }

    /// Accounts that are out for a purpose.
    pub(in crate::engine) fn accounts(&self, purpose: Purpose) -> impl Iterator<Item = AccountId> {
        self.accounts.get(&purpose).into_iter().flatten().copied()
    }

    /// What the ledger cannot vouch for; `held` says which account held which number. Stops the run if there is a row
    /// that names somebody by a number alone, and it is none or nobody's.
    pub(in crate::engine) fn flaws(
        &mut self,
        held: impl Iterator<Item = (AccountId, E164)> + Clone,
    ) -> Result<Vec<Flaw>, EngineError> {
        let by_number = std::mem::take(&mut self.by_number);
        if !by_number.is_empty() {
            let held: HashSet<E164> = held.clone().map(|(_, number)| number).collect();
            let nobodys = by_number
                .iter()
                .filter(|(_, one)| !one.names_somebody(&held));
            nobodys.for_each(|(rejection, _)| self.leave_untold(rejection));
        }
        self.stop_if_untold()?;
        let phones = self
            .phones
            .iter()
            .map(|(phone, region)| Typed::new(phone, *region));
        let numbers: HashSet<E164> = readings(phones).collect();
        let holders = held
            .filter(|(_, number)| numbers.contains(number))
            .map(|(account, _)| Subject::Account(account));
        let mut subjects = self.subjects.clone();
        subjects.extend(holders);
        let flaw = |subject| Flaw::About {
            subject,
            known_time: Timestamp::MIN,
        };
        Ok(subjects.into_iter().map(flaw).collect())
    }
}

/// Was a cell wrong, so that others may be too? A row that was read and is refused for its times names whom it names.
const fn is_of_cells(reason: RejectionReason) -> bool {
    matches!(
        reason,
        RejectionReason::Missing
            | RejectionReason::WrongType
            | RejectionReason::OutOfRange
            | RejectionReason::Malformed
    )
}

/// The reports that rejected rows of `abuse_reports` are read as.
pub(in crate::engine) fn reports(salvages: &[Salvage]) -> impl Iterator<Item = AbuseReport> {
    let named = salvages.iter().flat_map(|salvage| match salvage {
        Salvage::Names(named) => named.iter().collect(),
        Salvage::Harmless | Salvage::Lost => Vec::new(),
    });
    named.filter_map(report)
}

/// A report counts whatever it says of why and when.
fn report(named: &Named) -> Option<AbuseReport> {
    let &[by, about] = named.accounts.as_slice() else {
        return None;
    };
    (by != about).then(|| AbuseReport {
        reporter: by,
        reported: about,
        reason: "unreadable".to_owned(),
        at: Timestamp::from_secs(0),
    })
}

fn finding(table: Table, named: &BTreeSet<Named>, rejection: &Rejection) -> RunFinding {
    let what = format!(
        "a row that takes something away cannot be read ({}): {}",
        rejection.reason,
        consequence(table, named)
    );
    RunFinding::new("lost_restriction", what, rejection.cure()).at(rejection)
}

/// What happens to whomever a row names.
fn consequence(table: Table, named: &BTreeSet<Named>) -> String {
    let accounts = || {
        of(
            "account",
            named.iter().flat_map(|one| &one.accounts).map(|id| id.0),
        )
    };
    let users = || {
        of(
            "user",
            named.iter().flat_map(|one| &one.users).map(|id| id.0),
        )
    };
    match table {
        Table::Feedback => format!("{} left out of friend suggestions", users()),
        Table::AdFeedback => format!("{} left out of ad scores", users()),
        Table::BusinessOptIns => format!("{} left out of business marketing", accounts()),
        Table::BusinessEvents => format!("{} left out of all business messages", accounts()),
        Table::AbuseReports => format!("{} taken as reporter and reported", accounts()),
        Table::Businesses => "whoever holds its number is invalidated".to_owned(),
        Table::MessengerAccounts if named.iter().all(|one| one.accounts.is_empty()) => {
            "whoever held its number is invalidated".to_owned()
        }
        Table::MessengerAccounts => {
            format!("{} invalidated, as is whoever held the number", accounts())
        }
        _ if named.iter().any(|one| one.device.is_some()) => {
            "every account on the device it names is invalidated".to_owned()
        }
        _ => format!("{} invalidated", accounts()),
    }
}

/// "account 1 is", "users 1, 2 and 3 others are"
fn of(kind: &str, ids: impl Iterator<Item = u64>) -> String {
    const SHOWN: usize = 4;
    let ids: BTreeSet<u64> = ids.collect();
    let shown: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    match (ids.len(), ids.len().saturating_sub(SHOWN)) {
        (0, _) => format!("an unknown {kind} is"),
        (1, _) => format!("{kind} {} is", shown[0]),
        (_, 0) => format!("{kind}s {} are", shown.join(", ")),
        (_, more) => format!("{kind}s {} and {more} others are", shown.join(", ")),
    }
}

fn more(table: Table, n: u64) -> RunFinding {
    RunFinding::new(
        "lost_restriction",
        format!("{n} more rows of {table} that take something away cannot be read"),
        "mend the rows that are listed as rejected and run again",
    )
}

impl EngineError {
    fn lost_restriction(first: Rejection, n: u64) -> Self {
        let cure = first.cure();
        let how = match first.reason {
            RejectionReason::Malformed => {
                "malformed (other fields than the header's, a line break within quotes, or not UTF-8)"
            }
            reason => reason.as_str(),
        };
        let more = match n {
            1 => String::new(),
            n => format!(", as do {} more rows", n - 1),
        };
        Self::LostRestriction {
            file: first.file,
            row: first.row,
            column: first.column,
            how,
            more,
            cure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(row: u64) -> Rejection {
        Rejection {
            file: "feedback.csv".to_owned(),
            row,
            column: "kind",
            reason: RejectionReason::OutOfRange,
        }
    }

    fn users(ids: &[u64]) -> Named {
        Named {
            users: ids.iter().copied().map(UserId).collect(),
            ..Named::default()
        }
    }

    fn names(named: Named) -> Salvage {
        Salvage::Names([named].into())
    }

    #[test]
    fn whoever_is_named_is_out_for_what_the_table_is_about() {
        let mut lost = Lost::default();
        let told = lost.take(Table::Feedback, &[rejection(3)], &[names(users(&[7, 9]))]);
        assert_eq!(
            told[0].to_string(),
            "feedback.csv, row 3, column kind: a row that takes something away cannot be read (out_of_range): users 7, 9 are \
             left out of friend suggestions; use a name that docs/formats.md lists"
        );
        let out: Vec<UserId> = lost.users(Purpose::FriendSuggestions).collect();
        assert_eq!(out, [UserId(7), UserId(9)]);
        assert_eq!(lost.users(Purpose::AdRelevance).count(), 0);
        assert!(lost.check(std::iter::empty()).is_ok());
    }

    #[test]
    fn deny_to_go_on_when_nobody_can_tell_whom_a_row_means() {
        let mut lost = Lost::default();
        let rows = [rejection(3), rejection(5)];
        let told = lost.take(Table::Feedback, &rows, &[Salvage::Lost, Salvage::Lost]);
        assert!(told.is_empty());
        let error = lost.check(std::iter::empty()).unwrap_err().to_string();
        for part in [
            "feedback.csv, row 3, column kind",
            "out_of_range",
            "1 more rows",
            "fix the row",
        ] {
            assert!(error.to_lowercase().contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn deny_to_go_on_for_a_device_that_nobody_has() {
        let [mine, other] = ["mine", "2016-09-01"].map(|text| DeviceId::of(text).unwrap());
        let named = || {
            names(Named {
                device: Some(mine),
                ..Named::default()
            })
        };
        for (known, goes_on) in [(mine, true), (other, false)] {
            let mut lost = Lost::default();
            lost.take(Table::ConsentEvents, &[rejection(3)], &[named()]);
            assert_eq!(lost.check([known].into_iter()).is_ok(), goes_on);
        }
    }

    /// A row of `messenger_accounts` or `businesses` that names somebody by a number alone.
    #[test]
    fn deny_to_go_on_for_a_number_that_names_nobody() {
        let held = E164::from_digits(43_664_910_594).unwrap();
        for (table, phone, goes_on) in [
            (Table::MessengerAccounts, Some("+43664910594"), true),
            (Table::MessengerAccounts, Some("43664910594"), true),
            (Table::MessengerAccounts, Some("+43664910595"), false),
            (Table::MessengerAccounts, Some("bad"), false),
            (Table::MessengerAccounts, None, false),
            (Table::Businesses, Some("+43664910595"), true),
            (Table::Businesses, Some("bad"), false),
            (Table::Businesses, None, false),
        ] {
            let phone = phone.map(|text| (RawPhone::new(text), Region::parse("DE")));
            let named = Named {
                phone: phone.clone(),
                ..Named::default()
            };
            let mut lost = Lost::default();
            lost.take(table, &[rejection(3)], &[names(named)]);
            let flaws = lost.flaws([(AccountId(7), held)].into_iter());
            assert_eq!(flaws.is_ok(), goes_on, "{table} {phone:?}");
        }
    }

    #[test]
    fn what_a_lost_row_of_an_account_means_is_a_sentence() {
        let account = |ids: &[u64]| Named {
            accounts: ids.iter().copied().map(AccountId).collect(),
            phone: Some((RawPhone::new("+43664910594"), None)),
            ..Named::default()
        };
        for (ids, told) in [
            (&[][..], "whoever held its number is invalidated"),
            (
                &[2],
                "account 2 is invalidated, as is whoever held the number",
            ),
        ] {
            let named = [account(ids)].into();
            assert_eq!(consequence(Table::MessengerAccounts, &named), told);
        }
    }

    #[test]
    fn many_lost_rows_are_told_together() {
        let n = TOLD + 7;
        let rows: Vec<Rejection> = (1..=n as u64).map(rejection).collect();
        let told = Lost::default().take(Table::Feedback, &rows, &vec![names(users(&[1])); n]);
        assert_eq!(told.len(), TOLD + 1);
        assert!(told[TOLD].what.starts_with("7 more rows of feedback"));
    }

    #[test]
    fn a_report_counts_whatever_else_is_wrong_with_it() {
        let named = |ids: &[u64]| Named {
            accounts: ids.iter().copied().map(AccountId).collect(),
            ..Named::default()
        };
        let salvages = [
            names(named(&[1, 2])),
            Salvage::Harmless,
            names(named(&[3, 3])),
            Salvage::Lost,
        ];
        let read: Vec<_> = reports(&salvages)
            .map(|r| (r.reporter.0, r.reported.0))
            .collect();
        assert_eq!(read, [(1, 2)]);
    }
}
