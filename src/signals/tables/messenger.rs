//! `messenger_accounts`, `address_book`, `call_counts`, `group_members`, `abuse_reports` and `trust_seeds`.

use crate::ids::Region;
use crate::signals::column::{Column, columns};
use crate::signals::record::Record;
use crate::signals::records::{
    AbuseReport, AddressBookEntry, CallCount, DeviceFacts, GroupMember, MessengerAccount, RawPhone,
    TrustSeed,
};
use crate::signals::rejection::RejectionReason;
use crate::signals::row::{Fault, Row};
use crate::signals::salvage::Named;
use crate::signals::table::Table;
use crate::signals::values::Values;

columns! {
    mod account {
        ACCOUNT_ID = "account_id" Whole required;
        PHONE = "phone" Text required;
        REGION = "region" Text optional;
        REGISTERED_AT = "registered_at" Instant required;
        LAST_SEEN_AT = "last_seen_at" Instant required;
        NUMBER_SINCE = "number_since" Instant required;
        NUMBER_UNTIL = "number_until" Instant optional;
        DEVICE_ID = "device_id" Text optional;
        DEVICE_TYPE = "device_type" Text optional;
        OS = "os" Text optional;
        OS_VERSION = "os_version" Text optional;
        APP_VERSION = "app_version" Text optional;
        SESSIONS_30D = "sessions_30d" Whole optional;
        GROUPS = "groups" Whole optional;
    }
}

const ACCOUNT_DEVICE: DeviceColumns = DeviceColumns([
    account::DEVICE_ID,
    account::DEVICE_TYPE,
    account::OS,
    account::OS_VERSION,
]);

impl Record for MessengerAccount {
    const TABLE: Table = Table::MessengerAccounts;
    const COLUMNS: &'static [Column] = account::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let number_since = row.instant(account::NUMBER_SINCE)?;
        let number_until = row.last_if(account::NUMBER_UNTIL)?;
        Fault::unless(
            number_until.is_none_or(|until| until > number_since),
            account::NUMBER_UNTIL,
        )?;
        Ok(Self {
            account_id: row.id(account::ACCOUNT_ID)?,
            phone: RawPhone::new(row.text(account::PHONE)?),
            region: row.region_if(account::REGION)?,
            registered_at: row.instant(account::REGISTERED_AT)?,
            last_seen_at: row.instant(account::LAST_SEEN_AT)?,
            number_since,
            number_until,
            device: ACCOUNT_DEVICE.read(row)?,
            app_version: row.owned_if(account::APP_VERSION)?,
            sessions_30d: row.whole_if(account::SESSIONS_30D)?,
            groups: row.whole_if(account::GROUPS)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(account::ACCOUNT_ID, self.account_id.0);
        values.set(account::PHONE, self.phone.expose());
        values.set(account::REGION, self.region);
        values.set(account::REGISTERED_AT, self.registered_at);
        values.set(account::LAST_SEEN_AT, self.last_seen_at);
        values.set(account::NUMBER_SINCE, self.number_since);
        values.set(account::NUMBER_UNTIL, self.number_until);
        ACCOUNT_DEVICE.write(&self.device, values);
        values.set(account::APP_VERSION, self.app_version.as_deref());
        values.set(account::SESSIONS_30D, self.sessions_30d);
        values.set(account::GROUPS, self.groups);
    }

    const RESTRICTS: bool = true;

    /// Without the row nobody knows until when the number was the account's, nor who else may hold it.
    fn named(row: &Row<'_>) -> Option<Named> {
        let account = row.id_salvaged(account::ACCOUNT_ID);
        let phone = phone_salvaged(row, account::PHONE, account::REGION);
        (account.is_some() || phone.is_some()).then(|| Named {
            phone,
            ..Named::accounts(account)
        })
    }
}

/// A number that a rejected row names, with its region if that can be read.
pub(super) fn phone_salvaged(
    row: &Row<'_>,
    phone: &Column,
    region: &Column,
) -> Option<(RawPhone, Option<Region>)> {
    let phone = row.text(phone).ok()?;
    Some((RawPhone::new(phone), row.region_if(region).ok().flatten()))
}

/// The four columns of a device, in the order id, type, system, version of the system.
pub(super) struct DeviceColumns(pub(super) [&'static Column; 4]);

impl DeviceColumns {
    pub(super) fn read(&self, row: &Row<'_>) -> Result<DeviceFacts, Fault> {
        let [id, device_type, os, os_version] = self.0;
        Ok(DeviceFacts {
            device_id: row.device_if(id)?,
            device_type: row.owned_if(device_type)?,
            os: row.owned_if(os)?,
            os_version: row.owned_if(os_version)?,
        })
    }

    pub(super) fn write<'a>(&self, device: &'a DeviceFacts, values: &mut Values<'a>) {
        let [id, device_type, os, os_version] = self.0;
        values.set(id, device.device_id.map(|id| id.to_string()));
        values.set(device_type, device.device_type.as_deref());
        values.set(os, device.os.as_deref());
        values.set(os_version, device.os_version.as_deref());
    }
}

columns! {
    mod entry {
        ACCOUNT_ID = "account_id" Whole required;
        PHONE = "phone" Text required;
        SAVED_AT = "saved_at" Instant required;
    }
}

impl Record for AddressBookEntry {
    const TABLE: Table = Table::AddressBook;
    const COLUMNS: &'static [Column] = entry::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            account_id: row.id(entry::ACCOUNT_ID)?,
            phone: RawPhone::new(row.text(entry::PHONE)?),
            saved_at: row.instant(entry::SAVED_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(entry::ACCOUNT_ID, self.account_id.0);
        values.set(entry::PHONE, self.phone.expose());
        values.set(entry::SAVED_AT, self.saved_at);
    }
}

columns! {
    mod call {
        FROM = "from_account_id" Whole required;
        TO = "to_account_id" Whole required;
        CALLS = "calls" Whole required;
        WRITTEN = "written" Whole required;
        SINCE = "since" Instant required;
    }
}

impl Record for CallCount {
    const TABLE: Table = Table::CallCounts;
    const COLUMNS: &'static [Column] = call::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let read = Self {
            from: row.id(call::FROM)?,
            to: row.id(call::TO)?,
            calls: row.whole(call::CALLS)?,
            written: row.whole(call::WRITTEN)?,
            since: row.instant(call::SINCE)?,
        };
        if read.from == read.to {
            return Err(Fault::new(call::TO, RejectionReason::SelfReference));
        }
        Ok(read)
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(call::FROM, self.from.0);
        values.set(call::TO, self.to.0);
        values.set(call::CALLS, self.calls);
        values.set(call::WRITTEN, self.written);
        values.set(call::SINCE, self.since);
    }
}

columns! {
    mod member {
        GROUP_ID = "group_id" Whole required;
        ACCOUNT_ID = "account_id" Whole required;
        JOINED_AT = "joined_at" Instant required;
    }
}

impl Record for GroupMember {
    const TABLE: Table = Table::GroupMembers;
    const COLUMNS: &'static [Column] = member::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            group: row.id(member::GROUP_ID)?,
            account: row.id(member::ACCOUNT_ID)?,
            joined_at: row.instant(member::JOINED_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(member::GROUP_ID, self.group);
        values.set(member::ACCOUNT_ID, self.account.0);
        values.set(member::JOINED_AT, self.joined_at);
    }
}

columns! {
    mod report {
        REPORTER = "reporter" Whole required;
        REPORTED = "reported" Whole required;
        REASON = "reason" Text required;
        AT = "at" Instant required;
    }
}

impl Record for AbuseReport {
    const TABLE: Table = Table::AbuseReports;
    const COLUMNS: &'static [Column] = report::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let read = Self {
            reporter: row.id(report::REPORTER)?,
            reported: row.id(report::REPORTED)?,
            reason: row.lower(report::REASON)?,
            at: row.instant(report::AT)?,
        };
        if read.reporter == read.reported {
            return Err(Fault::new(report::REPORTED, RejectionReason::SelfReference));
        }
        Ok(read)
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(report::REPORTER, self.reporter.0);
        values.set(report::REPORTED, self.reported.0);
        values.set(report::REASON, self.reason.as_str());
        values.set(report::AT, self.at);
    }

    const RESTRICTS: bool = true;

    /// The reporter and the reported; one of them is not enough.
    fn named(row: &Row<'_>) -> Option<Named> {
        let by = row.id_salvaged(report::REPORTER)?;
        let about = row.id_salvaged(report::REPORTED)?;
        Some(Named::accounts([by, about]))
    }
}

columns! {
    mod seed {
        ACCOUNT_ID = "account_id" Whole required;
        VERIFIED_AT = "verified_at" Instant required;
    }
}

impl Record for TrustSeed {
    const TABLE: Table = Table::TrustSeeds;
    const COLUMNS: &'static [Column] = seed::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            account: row.id(seed::ACCOUNT_ID)?,
            verified_at: row.instant(seed::VERIFIED_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(seed::ACCOUNT_ID, self.account.0);
        values.set(seed::VERIFIED_AT, self.verified_at);
    }
}
