//! `ads`, `audience_members`, `ad_feedback`, `impressions` and `ad_truth`.

use super::named::{Named as ByName, parse};
use crate::ids::NumberToken;
use crate::signals::attribute_columns::AttributeColumns;
use crate::signals::column::{Column, columns};
use crate::signals::record::Record;
use crate::signals::records::{
    Ad, AdFeedback, AdTruth, AudienceMember, Hidden, Impression, Surface, Targeting,
};
use crate::signals::rejection::RejectionReason;
use crate::signals::row::{Fault, Row};
use crate::signals::salvage::Named;
use crate::signals::table::Table;
use crate::signals::terms::SpecialCategory;
use crate::signals::values::Values;

columns! {
    mod ad {
        AD_ID = "ad_id" Whole required;
        ADVERTISER_ID = "advertiser_id" Whole required;
        CATEGORY = "category" Text required;
        SPECIAL_CATEGORY = "special_category" Text optional;
        BID = "bid" Number required;
        STARTS_AT = "starts_at" Instant required;
        ENDS_AT = "ends_at" Instant required;
        TARGET_REGIONS = "target_regions" TextList optional;
        TARGET_LANGUAGES = "target_languages" TextList optional;
        TARGET_GENDERS = "target_genders" TextList optional;
        TARGET_AGE_MIN = "target_age_min" Whole optional;
        TARGET_AGE_MAX = "target_age_max" Whole optional;
        TARGET_INTERESTS = "target_interests" TextList optional;
        AUDIENCE_ID = "audience_id" Whole optional;
        LOOKALIKE_OF = "lookalike_of" Whole optional;
        QUALITY = "quality" Number optional;
    }
}

impl Record for Ad {
    const TABLE: Table = Table::Ads;
    const COLUMNS: &'static [Column] = ad::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let starts_at = row.instant(ad::STARTS_AT)?;
        let ends_at = row.end(ad::ENDS_AT)?;
        Fault::unless(ends_at > starts_at, ad::ENDS_AT)?;
        let (audience_id, lookalike_of) =
            (row.id_if(ad::AUDIENCE_ID)?, row.id_if(ad::LOOKALIKE_OF)?);
        let is_for_one = audience_id.is_none() || lookalike_of.is_none();
        Fault::unless(is_for_one, ad::LOOKALIKE_OF)?;
        Ok(Self {
            ad_id: row.id(ad::AD_ID)?,
            advertiser_id: row.id(ad::ADVERTISER_ID)?,
            category: row.category(ad::CATEGORY)?,
            special_category: special_category(row)?,
            bid: bid(row)?,
            starts_at,
            ends_at,
            targeting: targeting(row)?,
            audience_id,
            lookalike_of,
            quality: quality(row)?,
            own: row.own_of_ad()?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(ad::AD_ID, self.ad_id.0);
        values.set(ad::ADVERTISER_ID, self.advertiser_id.0);
        values.set(ad::CATEGORY, self.category.as_str());
        let special = self.special_category.map(SpecialCategory::as_str);
        values.set(ad::SPECIAL_CATEGORY, special);
        values.set(ad::BID, self.bid);
        values.set(ad::STARTS_AT, self.starts_at);
        values.set(ad::ENDS_AT, self.ends_at);
        write_targeting(&self.targeting, values);
        values.set(ad::AUDIENCE_ID, self.audience_id.map(|id| id.0));
        values.set(ad::LOOKALIKE_OF, self.lookalike_of.map(|id| id.0));
        values.set(ad::QUALITY, self.quality);
        values.set_own(&self.own);
    }
}

/// An ad that claims a special category nobody knows is none that can be shown under the rules of one.
fn special_category(row: &Row<'_>) -> Result<Option<SpecialCategory>, Fault> {
    let Some(name) = row.text_if(ad::SPECIAL_CATEGORY)? else {
        return Ok(None);
    };
    let unknown = Fault::new(
        ad::SPECIAL_CATEGORY,
        RejectionReason::UnknownSpecialCategory,
    );
    SpecialCategory::parse(name).map(Some).ok_or(unknown)
}

/// Worth nothing beside the bid if nobody says otherwise.
fn quality(row: &Row<'_>) -> Result<f64, Fault> {
    let quality = row.number_if(ad::QUALITY)?.unwrap_or(0.0);
    Fault::unless(quality.is_finite(), ad::QUALITY)?;
    // −0 orders below 0.
    Ok(quality + 0.0)
}

fn bid(row: &Row<'_>) -> Result<f64, Fault> {
    let bid = row.number(ad::BID)?;
    Fault::unless(bid.is_finite() && bid >= 0.0, ad::BID)?;
    // −0 is not below 0, but does not look the same in the outputs.
    Ok(bid.abs())
}

fn targeting(row: &Row<'_>) -> Result<Targeting, Fault> {
    let age_min = row.whole_if(ad::TARGET_AGE_MIN)?;
    let age_max = row.whole_if(ad::TARGET_AGE_MAX)?;
    let is_range = age_min.zip(age_max).is_none_or(|(min, max)| min <= max);
    Fault::unless(is_range, ad::TARGET_AGE_MAX)?;
    Ok(Targeting {
        regions: row.regions(ad::TARGET_REGIONS)?,
        languages: row.lower_list(ad::TARGET_LANGUAGES)?,
        genders: row.wanted_words(ad::TARGET_GENDERS)?,
        age_min,
        age_max,
        interests: row.wanted_interests(ad::TARGET_INTERESTS)?,
    })
}

fn write_targeting<'a>(targeting: &'a Targeting, values: &mut Values<'a>) {
    values.set(ad::TARGET_REGIONS, targeting.regions.as_slice());
    values.set(ad::TARGET_LANGUAGES, targeting.languages.as_slice());
    values.set(ad::TARGET_GENDERS, targeting.genders.as_slice());
    values.set(ad::TARGET_AGE_MIN, targeting.age_min);
    values.set(ad::TARGET_AGE_MAX, targeting.age_max);
    values.set(ad::TARGET_INTERESTS, targeting.interests.as_slice());
}

columns! {
    mod member {
        AUDIENCE_ID = "audience_id" Whole required;
        TOKEN = "token" Text required;
        ADDED_AT = "added_at" Instant required;
    }
}

impl Record for AudienceMember {
    const TABLE: Table = Table::AudienceMembers;
    const COLUMNS: &'static [Column] = member::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            audience_id: row.id(member::AUDIENCE_ID)?,
            token: row.named(member::TOKEN, NumberToken::parse)?,
            added_at: row.instant(member::ADDED_AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(member::AUDIENCE_ID, self.audience_id.0);
        values.set(member::TOKEN, format!("{:032x}", self.token.expose()));
        values.set(member::ADDED_AT, self.added_at);
    }
}

columns! {
    mod hidden {
        USER_ID = "user_id" Whole required;
        KIND = "kind" Text required;
        AD_ID = "ad_id" Whole optional;
        ADVERTISER_ID = "advertiser_id" Whole optional;
        AT = "at" Instant required;
    }
}

/// What a row of `ad_feedback` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HiddenKind {
    Ad,
    Advertiser,
}

impl ByName for HiddenKind {
    const NAMES: &'static [(&'static str, Self)] =
        &[("hide_ad", Self::Ad), ("hide_advertiser", Self::Advertiser)];
}

impl Record for AdFeedback {
    const TABLE: Table = Table::AdFeedback;
    const COLUMNS: &'static [Column] = hidden::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let what = match row.named(hidden::KIND, parse)? {
            HiddenKind::Ad => Hidden::Ad(row.id(hidden::AD_ID)?),
            HiddenKind::Advertiser => Hidden::Advertiser(row.id(hidden::ADVERTISER_ID)?),
        };
        Ok(Self {
            user_id: row.id(hidden::USER_ID)?,
            hidden: what,
            at: row.instant(hidden::AT)?,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(hidden::USER_ID, self.user_id.0);
        match self.hidden {
            Hidden::Ad(ad) => {
                values.set(hidden::KIND, HiddenKind::Ad.name());
                values.set(hidden::AD_ID, ad.0);
            }
            Hidden::Advertiser(advertiser) => {
                values.set(hidden::KIND, HiddenKind::Advertiser.name());
                values.set(hidden::ADVERTISER_ID, advertiser.0);
            }
        }
        values.set(hidden::AT, self.at);
    }

    const RESTRICTS: bool = true;

    fn named(row: &Row<'_>) -> Option<Named> {
        row.id_salvaged(hidden::USER_ID)
            .map(|user| Named::users([user]))
    }
}

columns! {
    mod shown {
        AD_ID = "ad_id" Whole required;
        USER_ID = "user_id" Whole optional;
        SURFACE = "surface" Text required;
        POSITION = "position" Whole optional;
        AT = "at" Instant required;
        IMPRESSIONS = "impressions" Whole required;
        CLICKS = "clicks" Whole required;
        USER_REGION = "user_region" Text optional;
        USER_AGE_BAND = "user_age_band" Text optional;
        USER_GENDER = "user_gender" Text optional;
        USER_LANGUAGE = "user_language" Text optional;
        USER_INTERESTS = "user_interests" TextList optional;
    }
}

/// What an impression says of the people it was shown to.
const SHOWN_TO: AttributeColumns = AttributeColumns {
    region: shown::USER_REGION,
    age_band: shown::USER_AGE_BAND,
    gender: shown::USER_GENDER,
    language: shown::USER_LANGUAGE,
    interests: shown::USER_INTERESTS,
};

/// The list is closed: whatever is not on it, the messenger first of all, is out of range.
impl ByName for Surface {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("feed", Self::Feed),
        ("right_column", Self::RightColumn),
        ("stories", Self::Stories),
        ("marketplace", Self::Marketplace),
        ("search", Self::Search),
        ("video", Self::Video),
    ];
}

impl Record for Impression {
    const TABLE: Table = Table::Impressions;
    const COLUMNS: &'static [Column] = shown::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let (impressions, clicks) = (row.whole(shown::IMPRESSIONS)?, row.whole(shown::CLICKS)?);
        Fault::unless(impressions >= 1, shown::IMPRESSIONS)?;
        Fault::unless(clicks <= impressions, shown::CLICKS)?;
        Ok(Self {
            user_id: row.id_if(shown::USER_ID)?,
            ad_id: row.id(shown::AD_ID)?,
            surface: row.named(shown::SURFACE, parse)?,
            position: row.whole_if(shown::POSITION)?,
            at: row.instant(shown::AT)?,
            impressions,
            clicks,
            attributes: row.attributes(&SHOWN_TO)?,
            own: row.own(),
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(shown::AD_ID, self.ad_id.0);
        values.set(shown::USER_ID, self.user_id.map(|id| id.0));
        values.set(shown::SURFACE, self.surface.name());
        values.set(shown::POSITION, self.position);
        values.set(shown::AT, self.at);
        values.set(shown::IMPRESSIONS, self.impressions);
        values.set(shown::CLICKS, self.clicks);
        let shown_to = &self.attributes;
        values.set(shown::USER_REGION, shown_to.region);
        values.set(shown::USER_AGE_BAND, shown_to.age_band.as_deref());
        values.set(shown::USER_GENDER, shown_to.gender.as_deref());
        values.set(shown::USER_LANGUAGE, shown_to.language.as_deref());
        values.set(shown::USER_INTERESTS, shown_to.interests.as_slice());
        values.set_own(&self.own);
    }
}

columns! {
    mod truth {
        AD_ID = "ad_id" Whole required;
        USER_ID = "user_id" Whole optional;
        SURFACE = "surface" Text required;
        POSITION = "position" Whole optional;
        AT = "at" Instant required;
        P_CLICK = "p_click" Number required;
    }
}

impl Record for AdTruth {
    const TABLE: Table = Table::AdTruth;
    const COLUMNS: &'static [Column] = truth::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let p_click = row.number(truth::P_CLICK)?;
        Fault::unless((0.0..=1.0).contains(&p_click), truth::P_CLICK)?;
        Ok(Self {
            user_id: row.id_if(truth::USER_ID)?,
            ad_id: row.id(truth::AD_ID)?,
            surface: row.named(truth::SURFACE, parse)?,
            position: row.whole_if(truth::POSITION)?,
            at: row.instant(truth::AT)?,
            p_click,
        })
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        values.set(truth::AD_ID, self.ad_id.0);
        values.set(truth::USER_ID, self.user_id.map(|id| id.0));
        values.set(truth::SURFACE, self.surface.name());
        values.set(truth::POSITION, self.position);
        values.set(truth::AT, self.at);
        values.set(truth::P_CLICK, self.p_click);
    }
}
