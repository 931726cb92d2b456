//! `businesses`, `business_threads`, `business_opt_ins` and `business_events`.

use super::messenger::phone_salvaged;
use super::named::{Named as ByName, parse};
use crate::signals::column::{Column, columns};
use crate::signals::record::Record;
use crate::signals::records::{
    Business, BusinessEvent, BusinessEventKind, BusinessOptIn, BusinessThread, MessageKind,
    PersonsWord, RawPhone, SendingLimit, StartedBy,
};
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
        PORTFOLIO_ID = "portfolio_id" Whole optional;
        TIER = "tier" Text optional;
        TIER_SINCE = "tier_since" Instant optional;
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
            portfolio_id: row.id_if(business::PORTFOLIO_ID)?,
            tier: row.named_if(business::TIER, limit)?,
            tier_since: row.instant_if(business::TIER_SINCE)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(business::BUSINESS_ID, self.business_id.0);
        values.set(business::PHONE, self.phone.expose());
        values.set(business::REGION, self.region);
        values.set(business::CATEGORY, self.category.as_str());
        values.set(business::VERIFIED_AT, self.verified_at);
        values.set(business::PORTFOLIO_ID, self.portfolio_id.map(|id| id.0));
        values.set(business::TIER, self.tier.map(name_of_limit));
        values.set(business::TIER_SINCE, self.tier_since);
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

/// A number of people, or `unlimited`.
fn limit(text: &str) -> Option<SendingLimit> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Some(SendingLimit::Unlimited);
    }
    text.parse().ok().map(SendingLimit::People)
}

fn name_of_limit(limit: SendingLimit) -> String {
    match limit {
        SendingLimit::People(people) => people.to_string(),
        SendingLimit::Unlimited => "unlimited".to_owned(),
    }
}

/// Nobody has to ask for an answer.
fn asked_kind(name: &str) -> Option<MessageKind> {
    MessageKind::parse(name).filter(|kind| *kind != MessageKind::Service)
}

columns! {
    mod thread {
        BUSINESS_ID = "business_id" Whole required;
        ACCOUNT_ID = "account_id" Whole required;
        STARTED_BY = "started_by" Text required;
        STARTED_AT = "started_at" Instant required;
        LAST_FROM_PERSON_AT = "last_from_person_at" Instant optional;
        ENTRY_AT = "entry_at" Instant optional;
        ANSWERED_AT = "answered_at" Instant optional;
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
            entry_at: row.instant_if(thread::ENTRY_AT)?,
            answered_at: row.instant_if(thread::ANSWERED_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(thread::BUSINESS_ID, self.business_id.0);
        values.set(thread::ACCOUNT_ID, self.account_id.0);
        values.set(thread::STARTED_BY, self.started_by.name());
        values.set(thread::STARTED_AT, self.started_at);
        values.set(thread::LAST_FROM_PERSON_AT, self.last_from_person_at);
        values.set(thread::ENTRY_AT, self.entry_at);
        values.set(thread::ANSWERED_AT, self.answered_at);
    }
}

columns! {
    mod opt_in {
        BUSINESS_ID = "business_id" Whole required;
        ACCOUNT_ID = "account_id" Whole required;
        OPTED_IN_AT = "opted_in_at" Instant required;
        OPTED_OUT_AT = "opted_out_at" Instant optional;
        KIND = "kind" Text optional;
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
            kind: row
                .named_if(opt_in::KIND, asked_kind)?
                .unwrap_or(MessageKind::Marketing),
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(opt_in::BUSINESS_ID, self.business_id.0);
        values.set(opt_in::ACCOUNT_ID, self.account_id.0);
        values.set(opt_in::OPTED_IN_AT, self.opted_in_at);
        values.set(opt_in::OPTED_OUT_AT, self.opted_out_at);
        let is_marketing = self.kind == MessageKind::Marketing;
        values.set(opt_in::KIND, (!is_marketing).then(|| self.kind.as_str()));
        if self.kind == MessageKind::Service {
            values.refuse(opt_in::KIND);
        }
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

columns! {
    mod event {
        BUSINESS_ID = "business_id" Whole required;
        ACCOUNT_ID = "account_id" Whole optional;
        KIND = "kind" Text required;
        AT = "at" Instant required;
        TEMPLATE_ID = "template_id" Whole optional;
    }
}

/// What can stand in `kind`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EventName {
    Sent(MessageKind),
    Said(PersonsWord),
    TemplatePaused,
}

impl ByName for EventName {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("sent_service", Self::Sent(MessageKind::Service)),
        ("sent_utility", Self::Sent(MessageKind::Utility)),
        (
            "sent_authentication",
            Self::Sent(MessageKind::Authentication),
        ),
        ("sent_marketing", Self::Sent(MessageKind::Marketing)),
        ("stop", Self::Said(PersonsWord::Stop)),
        ("resume", Self::Said(PersonsWord::Resume)),
        ("block", Self::Said(PersonsWord::Block)),
        ("unblock", Self::Said(PersonsWord::Unblock)),
        ("report", Self::Said(PersonsWord::Report)),
        ("template_paused", Self::TemplatePaused),
    ];
}

impl EventName {
    /// Does it let a business write where it could not?
    const fn gives(self) -> bool {
        matches!(self, Self::Said(PersonsWord::Resume | PersonsWord::Unblock))
    }
}

impl Record for BusinessEvent {
    const TABLE: Table = Table::BusinessEvents;
    const COLUMNS: &'static [Column] = event::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let name: EventName = row.named(event::KIND, parse)?;
        let what = match name {
            EventName::Sent(kind) => BusinessEventKind::Sent {
                account: row.id(event::ACCOUNT_ID)?,
                kind,
            },
            EventName::Said(word) => BusinessEventKind::Said {
                account: row.id(event::ACCOUNT_ID)?,
                word,
            },
            EventName::TemplatePaused => {
                Fault::unless(!row.has(event::ACCOUNT_ID), event::ACCOUNT_ID)?;
                BusinessEventKind::TemplatePaused {
                    template: row.id(event::TEMPLATE_ID)?,
                }
            }
        };
        Ok(Self {
            business_id: row.id(event::BUSINESS_ID)?,
            what,
            at: row.instant(event::AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(event::BUSINESS_ID, self.business_id.0);
        values.set(event::AT, self.at);
        let name = match self.what {
            BusinessEventKind::Sent { account, kind } => {
                values.set(event::ACCOUNT_ID, account.0);
                EventName::Sent(kind)
            }
            BusinessEventKind::Said { account, word } => {
                values.set(event::ACCOUNT_ID, account.0);
                EventName::Said(word)
            }
            BusinessEventKind::TemplatePaused { template } => {
                values.set(event::TEMPLATE_ID, template.0);
                EventName::TemplatePaused
            }
        };
        values.set(event::KIND, name.name());
    }

    const RESTRICTS: bool = true;

    /// Whatever was sent counts towards a cap, and whatever was said may have been a no.
    fn may_restrict(row: &Row<'_>) -> bool {
        let gives = |name| parse(name).is_some_and(EventName::gives);
        !row.text(event::KIND).is_ok_and(gives)
    }

    fn named(row: &Row<'_>) -> Option<Named> {
        row.id_salvaged(event::ACCOUNT_ID)
            .map(|account| Named::accounts([account]))
    }
}
