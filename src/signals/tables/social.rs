//! `social_accounts`, `friendships` and `feedback`.

use super::messenger::DeviceColumns;
use super::named::{Named as ByName, parse};
use crate::ids::UserId;
use crate::signals::column::{Column, columns};
use crate::signals::record::Record;
use crate::signals::records::{
    Feedback, FeedbackKind, Friendship, PhonePurpose, RawPhone, SocialAccount,
};
use crate::signals::rejection::RejectionReason;
use crate::signals::row::{Fault, Row};
use crate::signals::salvage::Named;
use crate::signals::table::Table;
use crate::signals::values::Values;

columns! {
    mod user {
        USER_ID = "user_id" Whole required;
        PHONE = "phone" Text optional;
        PHONE_GIVEN_FOR = "phone_given_for" Text optional;
        PHONE_SINCE = "phone_since" Instant optional;
        REGION = "region" Text optional;
        CREATED_AT = "created_at" Instant required;
        DEVICE_ID = "device_id" Text optional;
        DEVICE_TYPE = "device_type" Text optional;
        OS = "os" Text optional;
        OS_VERSION = "os_version" Text optional;
        BIRTH_YEAR = "birth_year" Whole optional;
        GENDER = "gender" Text optional;
        LANGUAGE = "language" Text optional;
        INTERESTS = "interests" TextList optional;
    }
}

const USER_DEVICE: DeviceColumns = DeviceColumns([
    user::DEVICE_ID,
    user::DEVICE_TYPE,
    user::OS,
    user::OS_VERSION,
]);

impl ByName for PhonePurpose {
    const NAMES: &'static [(&'static str, Self)] =
        &[("contact", Self::Contact), ("security", Self::Security)];
}

impl Record for SocialAccount {
    const TABLE: Table = Table::SocialAccounts;
    const COLUMNS: &'static [Column] = user::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let birth_year = row.whole_if(user::BIRTH_YEAR)?;
        Fault::unless(
            birth_year.is_none_or(|year| (1900..=2100).contains(&year)),
            user::BIRTH_YEAR,
        )?;
        let given_for = row.named_if(user::PHONE_GIVEN_FOR, parse::<PhonePurpose>)?;
        Ok(Self {
            user_id: row.id(user::USER_ID)?,
            phone: row.text_if(user::PHONE)?.map(RawPhone::new),
            phone_given_for: given_for.unwrap_or(PhonePurpose::Security),
            phone_since: row.instant_if(user::PHONE_SINCE)?,
            region: row.region_if(user::REGION)?,
            created_at: row.instant(user::CREATED_AT)?,
            device: USER_DEVICE.read(row)?,
            birth_year,
            gender: row.harmless_if(user::GENDER)?,
            language: row.lower_if(user::LANGUAGE)?,
            interests: row.interests(user::INTERESTS)?,
            own: row.own(),
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(user::USER_ID, self.user_id.0);
        values.set(user::PHONE, self.phone.as_ref().map(RawPhone::expose));
        values.set(user::PHONE_GIVEN_FOR, self.phone_given_for.name());
        values.set(user::PHONE_SINCE, self.phone_since);
        values.set(user::REGION, self.region);
        values.set(user::CREATED_AT, self.created_at);
        USER_DEVICE.write(&self.device, values);
        values.set(user::BIRTH_YEAR, self.birth_year);
        values.set(user::GENDER, self.gender.as_deref());
        values.set(user::LANGUAGE, self.language.as_deref());
        values.set(user::INTERESTS, self.interests.as_slice());
        values.set_own(&self.own);
    }
}

columns! {
    mod pair {
        USER_A = "user_a" Whole required;
        USER_B = "user_b" Whole required;
        SINCE = "since" Instant required;
    }
}

impl Record for Friendship {
    const TABLE: Table = Table::Friendships;
    const COLUMNS: &'static [Column] = pair::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let (one, other): (UserId, UserId) = (row.id(pair::USER_A)?, row.id(pair::USER_B)?);
        if one == other {
            return Err(Fault::new(pair::USER_B, RejectionReason::SelfReference));
        }
        Ok(Self {
            user_a: one.min(other),
            user_b: one.max(other),
            since: row.instant(pair::SINCE)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(pair::USER_A, self.user_a.0);
        values.set(pair::USER_B, self.user_b.0);
        values.set(pair::SINCE, self.since);
    }
}

columns! {
    mod feedback {
        USER_ID = "user_id" Whole required;
        OTHER_ID = "other_id" Whole required;
        KIND = "kind" Text required;
        AT = "at" Instant required;
    }
}

impl ByName for FeedbackKind {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("block", Self::Block),
        ("dismiss", Self::Dismiss),
        ("hide", Self::Hide),
        ("report", Self::Report),
    ];
}

impl Record for Feedback {
    const TABLE: Table = Table::Feedback;
    const COLUMNS: &'static [Column] = feedback::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let read = Self {
            user_id: row.id(feedback::USER_ID)?,
            other_id: row.id(feedback::OTHER_ID)?,
            kind: row.named(feedback::KIND, parse)?,
            at: row.instant(feedback::AT)?,
        };
        if read.user_id == read.other_id && read.kind != FeedbackKind::Hide {
            return Err(Fault::new(
                feedback::OTHER_ID,
                RejectionReason::SelfReference,
            ));
        }
        Ok(read)
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(feedback::USER_ID, self.user_id.0);
        values.set(feedback::OTHER_ID, self.other_id.0);
        values.set(feedback::KIND, self.kind.name());
        values.set(feedback::AT, self.at);
    }

    const RESTRICTS: bool = true;

    /// The two of them, or the one that can be read: without that one there is no pair either.
    fn named(row: &Row<'_>) -> Option<Named> {
        let both = [feedback::USER_ID, feedback::OTHER_ID];
        let named = Named::users(both.into_iter().filter_map(|id| row.id_salvaged(id)));
        (!named.users.is_empty()).then_some(named)
    }
}
