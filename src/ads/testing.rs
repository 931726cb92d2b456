//! Small things for this room's tests.

use crate::consent::testing::gate_of;
use crate::consent::{About, AdRelevance, Gate, Permitted};
use crate::ids::{AdId, AdvertiserId, UserId};
use crate::signals::{
    Ad, AdCategory, DeviceFacts, Impression, Interest, PhonePurpose, SocialAccount, Surface,
    Targeting,
};
use crate::time::Timestamp;

pub(crate) fn account(id: u64) -> SocialAccount {
    SocialAccount {
        user_id: UserId(id),
        phone: None,
        phone_given_for: PhonePurpose::Security,
        phone_since: None,
        region: None,
        created_at: Timestamp::from_secs(0),
        device: DeviceFacts::default(),
        birth_year: None,
        gender: None,
        language: None,
        interests: Vec::new(),
        own: crate::signals::OwnValues::default(),
    }
}

pub(crate) fn ad(id: u64, category: &str, bid: f64) -> Ad {
    Ad {
        ad_id: AdId(id),
        advertiser_id: AdvertiserId(id % 7),
        category: AdCategory::parse(category).expect("a harmless category"),
        special_category: None,
        bid,
        starts_at: Timestamp::MIN,
        ends_at: Timestamp::MAX,
        targeting: Targeting::default(),
        audience_id: None,
        lookalike_of: None,
        quality: 0.0,
        own: crate::signals::OwnValues::default(),
    }
}

pub(crate) fn impression(user: Option<u64>, ad: u64, impressions: u32, clicks: u32) -> Impression {
    Impression {
        user_id: user.map(UserId),
        ad_id: AdId(ad),
        surface: Surface::Feed,
        position: None,
        at: Timestamp::from_secs(500),
        impressions,
        clicks,
        attributes: std::sync::Arc::default(),
        own: crate::signals::OwnValues::default(),
    }
}

/// Interests that are harmless.
pub(crate) fn interests(names: &[&str]) -> Vec<Interest> {
    let parse = |name: &&str| Interest::parse(name).expect("a harmless interest");
    names.iter().map(parse).collect()
}

/// Everything through a gate that everyone passes.
pub(crate) fn permit_all<T: About<Id = UserId>>(
    data: impl IntoIterator<Item = T>,
) -> Vec<Permitted<T, AdRelevance>> {
    data.into_iter()
        .map(|datum| {
            let everyone: Vec<UserId> = datum.about().into_iter().collect();
            let gate: Gate<AdRelevance, UserId> = gate_of(everyone);
            gate.permit(datum).expect("the gate knows them all")
        })
        .collect()
}
