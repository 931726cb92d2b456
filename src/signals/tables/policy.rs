//! `policy_versions` and `overlays`.

use crate::consent::{AdLevel, Express, Overlay, OverlayEffect, PolicyId, Purpose, TextDigest};
use crate::signals::column::{Column, columns};
use crate::signals::record::Record;
use crate::signals::records::PolicyText;
use crate::signals::row::{Fault, Row};
use crate::signals::table::Table;
use crate::signals::values::Values;
use crate::time::{Interval, Timestamp};

/// How long after acceptance one can still opt out, where a version does not say: 30 days, as in 2016.
const WINDOW_DAYS: u32 = 30;

columns! {
    mod version {
        POLICY = "policy" Whole required;
        LOCALE = "locale" Text required;
        TEXT_DIGEST = "text_digest" Text required;
        ANNOUNCED_AT = "announced_at" Instant required;
        ACCEPT_BY = "accept_by" Instant required;
        WINDOW_DAYS = "window_days" Whole optional;
        COHORT_CUT = "cohort_cut" Instant required;
    }
}

impl Record for PolicyText {
    const TABLE: Table = Table::PolicyVersions;
    const COLUMNS: &'static [Column] = version::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let announced_at = row.instant(version::ANNOUNCED_AT)?;
        let accept_by = row.instant(version::ACCEPT_BY)?;
        Fault::unless(accept_by >= announced_at, version::ACCEPT_BY)?;
        Ok(Self {
            policy: PolicyId(row.whole(version::POLICY)?),
            locale: row.text(version::LOCALE)?.to_owned(),
            digest: row.named(version::TEXT_DIGEST, TextDigest::parse)?,
            announced_at,
            accept_by,
            window_days: row.whole_if(version::WINDOW_DAYS)?.unwrap_or(WINDOW_DAYS),
            cohort_cut: row.instant(version::COHORT_CUT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(version::POLICY, self.policy.0);
        values.set(version::LOCALE, self.locale.as_str());
        values.set(version::TEXT_DIGEST, self.digest.to_string());
        values.set(version::ANNOUNCED_AT, self.announced_at);
        values.set(version::ACCEPT_BY, self.accept_by);
        values.set(version::WINDOW_DAYS, self.window_days);
        values.set(version::COHORT_CUT, self.cohort_cut);
    }

    /// A text nobody can read leaves in doubt what everybody who was shown it agreed to.
    const RESTRICTS: bool = true;
}

columns! {
    mod order {
        REGION = "region" Text required;
        PURPOSE = "purpose" Text required;
        FROM = "from" Instant required;
        UNTIL = "until" Instant optional;
        EFFECT = "effect" Text required;
        CUT_OFF = "cut_off" Instant optional;
        CONSENTS_SINCE = "consents_since" Instant optional;
        LEVEL = "level" Text optional;
    }
}

impl Record for Overlay {
    const TABLE: Table = Table::Overlays;
    const COLUMNS: &'static [Column] = order::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let interval = Interval::new(row.instant(order::FROM)?, row.end_if(order::UNTIL)?);
        Fault::unless(interval.until > interval.from, order::UNTIL)?;
        Ok(Self {
            region: row.region(order::REGION)?,
            purpose: row.named(order::PURPOSE, Purpose::parse)?,
            interval,
            effect: effect(row)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        let Interval { from, until } = self.interval;
        values.set(order::REGION, self.region);
        values.set(order::PURPOSE, self.purpose.as_str());
        values.set(order::FROM, from);
        values.set(order::UNTIL, (until != Timestamp::MAX).then_some(until));
        match self.effect {
            OverlayEffect::Deny => values.set(order::EFFECT, "deny"),
            OverlayEffect::CutOff(at) => {
                values.set(order::EFFECT, "cut_off");
                values.set(order::CUT_OFF, at);
            }
            OverlayEffect::Express(express) => {
                values.set(order::EFFECT, "express");
                values.set(order::CONSENTS_SINCE, express.since);
                values.set(order::LEVEL, express.unnamed.as_str());
            }
        }
    }

    /// An order names a region: nobody can tell whom it spares.
    const RESTRICTS: bool = true;
}

/// A column that belongs to another effect contradicts the one that is named: what is denied has no date from which it is allowed.
fn effect(row: &Row<'_>) -> Result<OverlayEffect, Fault> {
    let name = row.named(order::EFFECT, Effect::parse)?;
    let others: &[&Column] = match name {
        Effect::Deny => &[order::CUT_OFF, order::CONSENTS_SINCE, order::LEVEL],
        Effect::CutOff => &[order::CONSENTS_SINCE, order::LEVEL],
        Effect::Express => &[order::CUT_OFF],
    };
    for column in others.iter().copied() {
        Fault::unless(!row.has(column), column)?;
    }
    Ok(match name {
        Effect::Deny => OverlayEffect::Deny,
        Effect::CutOff => OverlayEffect::CutOff(row.instant(order::CUT_OFF)?),
        Effect::Express => OverlayEffect::Express(Express {
            since: row.instant(order::CONSENTS_SINCE)?,
            unnamed: if row.has(order::LEVEL) {
                row.named(order::LEVEL, AdLevel::parse)?
            } else {
                AdLevel::Full
            },
        }),
    })
}

/// What the column `effect` names.
#[derive(Clone, Copy)]
enum Effect {
    Deny,
    CutOff,
    Express,
}

impl Effect {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "deny" => Some(Self::Deny),
            "cut_off" => Some(Self::CutOff),
            "express" => Some(Self::Express),
            _ => None,
        }
    }
}
