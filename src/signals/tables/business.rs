//! `businesses`, `business_threads` and `business_opt_ins`.

use super::messenger::phone_salvaged;
use super::named::{Named as ByName, parse};
use crate::signals::column::{Column, columns};
use crate::signals::record::Record;
use crate::signals::records::{Business, BusinessOptIn, BusinessThread, RawPhone, StartedBy};
use crate::signals::row::{Fault, Row};
use crate::signals::salvage::Named;
use crate::signals::table::Table;
use crate::signals::values::Values;

columns! {
    mod business {
        BUSINESS_ID = "business_id" Whole required;
        PHONE = "phone" Text required;
        REGION = "region" Text optional;
        CATEGORY = "category" Text required;
        VERIFIED_AT = "verified_at" Instant optional;
    }
}

impl Record for Business {
    const TABLE: Table = Table::Businesses;
    const COLUMNS: &'static [Column] = business::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            business_id: row.id(business::BUSINESS_ID)?,
            phone: RawPhone::new(row.text(business::PHONE)?),
            region: row.region_if(business::REGION)?,
            category: row.lower(business::CATEGORY)?,
            verified_at: row.instant_if(business::VERIFIED_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(business::BUSINESS_ID, self.business_id.0);
        values.set(business::PHONE, self.phone.expose());
        values.set(business::REGION, self.region);
        values.set(business::CATEGORY, self.category.as_str());
        values.set(business::VERIFIED_AT, self.verified_at);
    }

    const RESTRICTS: bool = true;

    /// A business's number is never a person's: whoever holds it must not become one because the row is lost.
    fn named(row: &Row<'_>) -> Option<Named> {
        Some(Named {
            phone: phone_salvaged(row, business::PHONE, business::REGION),
            ..Named::default()
        })
    }
}

columns! {
    mod thread {
        BUSINESS_ID = "business_id" Whole required;
        ACCOUNT_ID = "account_id" Whole required;
        STARTED_BY = "started_by" Text required;
        STARTED_AT = "started_at" Instant required;
        LAST_FROM_PERSON_AT = "last_from_person_at" Instant optional;
    }
}

impl ByName for StartedBy {
    const NAMES: &'static [(&'static str, Self)] =
        &[("person", Self::Person), ("business", Self::Business)];
}

impl Record for BusinessThread {
    const TABLE: Table = Table::BusinessThreads;
    const COLUMNS: &'static [Column] = thread::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            business_id: row.id(thread::BUSINESS_ID)?,
            account_id: row.id(thread::ACCOUNT_ID)?,
            started_by: row.named(thread::STARTED_BY, parse)?,
            started_at: row.instant(thread::STARTED_AT)?,
            last_from_person_at: row.instant_if(thread::LAST_FROM_PERSON_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(thread::BUSINESS_ID, self.business_id.0);
        values.set(thread::ACCOUNT_ID, self.account_id.0);
        values.set(thread::STARTED_BY, self.started_by.name());
        values.set(thread::STARTED_AT, self.started_at);
        values.set(thread::LAST_FROM_PERSON_AT, self.last_from_person_at);
    }
}

columns! {
    mod opt_in {
        BUSINESS_ID = "business_id" Whole required;
        ACCOUNT_ID = "account_id" Whole required;
        OPTED_IN_AT = "opted_in_at" Instant required;
        OPTED_OUT_AT = "opted_out_at" Instant optional;
    }
}

impl Record for BusinessOptIn {
    const TABLE: Table = Table::BusinessOptIns;
    const COLUMNS: &'static [Column] = opt_in::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            business_id: row.id(opt_in::BUSINESS_ID)?,
            account_id: row.id(opt_in::ACCOUNT_ID)?,
            opted_in_at: row.instant(opt_in::OPTED_IN_AT)?,
            opted_out_at: row.last_if(opt_in::OPTED_OUT_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(opt_in::BUSINESS_ID, self.business_id.0);
        values.set(opt_in::ACCOUNT_ID, self.account_id.0);
        values.set(opt_in::OPTED_IN_AT, self.opted_in_at);
        values.set(opt_in::OPTED_OUT_AT, self.opted_out_at);
    }

    const RESTRICTS: bool = true;

    /// An opt-in that is lost allows nothing.
    fn may_restrict(row: &Row<'_>) -> bool {
        row.has(opt_in::OPTED_OUT_AT)
    }

    fn named(row: &Row<'_>) -> Option<Named> {
        row.id_salvaged(opt_in::ACCOUNT_ID)
            .map(|account| Named::accounts([account]))
    }
}
