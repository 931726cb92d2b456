//! From attributes to slots: every `field=value` is hashed, crosses are hashes of two.
//!
//! The hash is fixed for good, because models are written: a value is the first 64 bits, little endian, of
//! BLAKE3 over the field's name, a byte 0x1f and the value; a cross mixes two such numbers by [`mix_two`](crate::hash::mix_two), a
//! step of splitmix64. The slot is the low `bits` bits. Every feature's value is 1.
//!
//! | feature | plain | × category | × ad |
//! |---|---|---|---|
//! | region | yes | yes | |
//! | age band | yes | yes | yes |
//! | gender | yes | yes | yes |
//! | language | yes | yes | |
//! | interest, each | yes | yes | yes |
//! | system, sessions, groups, own columns | yes | yes | |
//! | phone, versions of system and messenger; person; ads shown before, own clicks, last ad shown, last click | yes | | |
//! | own and friends' clicks in the category and for the advertiser, this ad shown before | yes | | |
//!
//! and of the ad itself: ad, advertiser, category, special category, own columns. A bias is always there. What stands in the last row counts
//! for the ads that it is about.
//!
//! Surface, position, hour, weekday and own columns of impressions are features of a showing, not of a person or an ad: they are trained on, so that a
//! prominent place is not taken for a good ad, and averaged out when scoring.
//!
//! An ad of a special category (housing, employment, credit, …) has no feature of age, gender or region, nor of what may stand in
//! for them, neither plain nor crossed: of a person only language and interests count.

use std::sync::LazyLock;

use crate::hash::mix_two as mix;

use super::clock::Clock;
use super::shared::Scale;
use crate::publish::without_numbers;
use crate::signals::{Ad, Attributes, Surface};

/// A field of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserField {
    /// Country.
    Region,
    /// Age band.
    AgeBand,
    /// Gender.
    Gender,
    /// Language.
    Language,
    /// One interest.
    Interest,
    /// A column of the configuration's own.
    Own,
    /// The model of the phone.
    DeviceType,
    /// The phone's system.
    Os,
    /// The system's major version.
    OsVersion,
    /// The messenger's version.
    AppVersion,
    /// Sessions of the messenger in the last 30 days.
    Sessions,
    /// Groups in the messenger.
    Groups,
    /// The person themselves.
    Person,
    /// How often they were shown any ad before.
    Showings,
    /// How much more often than expected they clicked before.
    OwnRate,
    /// How long ago they were last shown an ad.
    LastShown,
    /// How long ago they last clicked.
    LastClicked,
    /// How much more often they clicked ads of the category.
    OwnCategory,
    /// How much more often they clicked ads of the advertiser.
    OwnAdvertiser,
    /// How often they were shown the ad before.
    OwnAd,
    /// How much more often their friends clicked ads of the category.
    FriendsCategory,
    /// How much more often their friends clicked ads of the advertiser.
    FriendsAdvertiser,
    /// How many of their friends hid ads of the category.
    FriendsHidCategory,
    /// How many of their friends hid the advertiser or ads of it.
    FriendsHidAdvertiser,
    /// On how many customer lists of the advertiser they are.
    OnList,
}

/// With what of the ad a field is crossed, besides counting alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ads) enum Crossing {
    /// With the category and with the ad.
    Ad,
    /// With the category.
    Category,
    /// With nothing: it counts for every ad alike.
    Nothing,
    /// With nothing: it already is about a field of the ad, and counts for the ads that have it.
    About(AdField),
}

impl UserField {
    /// Every field of a person.
    pub const ALL: [Self; 25] = [
        Self::Region,
        Self::AgeBand,
        Self::Gender,
        Self::Language,
        Self::Interest,
        Self::Own,
        Self::DeviceType,
        Self::Os,
        Self::OsVersion,
        Self::AppVersion,
        Self::Sessions,
        Self::Groups,
        Self::Person,
        Self::Showings,
        Self::OwnRate,
        Self::LastShown,
        Self::LastClicked,
        Self::OwnCategory,
        Self::OwnAdvertiser,
        Self::OwnAd,
        Self::FriendsCategory,
        Self::FriendsAdvertiser,
        Self::FriendsHidCategory,
        Self::FriendsHidAdvertiser,
        Self::OnList,
    ];

    /// The name used in reasons and in the hash.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::AgeBand => "age band",
            Self::Gender => "gender",
            Self::Language => "language",
            Self::Interest => "interest",
            Self::Own => "own column",
            Self::DeviceType => "phone",
            Self::Os => "system",
            Self::OsVersion => "system version",
            Self::AppVersion => "messenger version",
            Self::Sessions => "sessions",
            Self::Groups => "groups",
            Self::Person => "person",
            Self::Showings => "ads shown before",
            Self::OwnRate => "own clicks",
            Self::LastShown => "last ad shown",
            Self::LastClicked => "last click",
            Self::OwnCategory => "own clicks in the category",
            Self::OwnAdvertiser => "own clicks for the advertiser",
            Self::OwnAd => "this ad shown before",
            Self::FriendsCategory => "friends' clicks in the category",
            Self::FriendsAdvertiser => "friends' clicks for the advertiser",
            Self::FriendsHidCategory => "friends who hid ads in the category",
            Self::FriendsHidAdvertiser => "friends who hid ads of the advertiser",
            Self::OnList => "customer lists of the advertiser",
        }
    }

    /// May not count for ads of a special category: age, gender and region, and whatever may stand in for them.
    #[must_use]
    pub const fn is_protected(self) -> bool {
        !matches!(self, Self::Language | Self::Interest)
    }

    /// With what of an ad it is crossed.
    pub(in crate::ads) const fn crossing(self) -> Crossing {
        match self {
            Self::AgeBand | Self::Gender | Self::Interest => Crossing::Ad,
            Self::Region
            | Self::Language
            | Self::Own
            | Self::Os
            | Self::Sessions
            | Self::Groups => Crossing::Category,
            Self::DeviceType
            | Self::OsVersion
            | Self::AppVersion
            | Self::Person
            | Self::Showings
            | Self::OwnRate
            | Self::LastShown
            | Self::LastClicked => Crossing::Nothing,
            Self::OwnCategory | Self::FriendsCategory | Self::FriendsHidCategory => {
                Crossing::About(AdField::Category)
            }
            Self::OwnAdvertiser
            | Self::FriendsAdvertiser
            | Self::FriendsHidAdvertiser
            | Self::OnList => Crossing::About(AdField::Advertiser),
            Self::OwnAd => Crossing::About(AdField::Ad),
        }
    }

    /// How its levels are to be read, if it has any.
    pub(in crate::ads) const fn scale(self) -> Option<Scale> {
        match self {
            Self::Sessions
            | Self::Groups
            | Self::Showings
            | Self::FriendsHidCategory
            | Self::FriendsHidAdvertiser
            | Self::OnList => Some(Scale::Count),
            Self::OwnRate
            | Self::OwnCategory
            | Self::OwnAdvertiser
            | Self::FriendsCategory
            | Self::FriendsAdvertiser => Some(Scale::Ratio),
            Self::LastShown | Self::LastClicked => Some(Scale::Since),
            Self::OwnAd => Some(Scale::Shown),
            _ => None,
        }
    }
}

/// A field of an ad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdField {
    /// The ad.
    Ad,
    /// Its advertiser.
    Advertiser,
    /// Its category.
    Category,
    /// Its special category.
    SpecialCategory,
    /// A column of the configuration's own.
    Own,
}

impl AdField {
    /// Every field of an ad.
    pub const ALL: [Self; 5] = [
        Self::Ad,
        Self::Advertiser,
        Self::Category,
        Self::SpecialCategory,
        Self::Own,
    ];

    /// The name used in reasons and in the hash.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ad => "ad",
            Self::Advertiser => "advertiser",
            Self::Category => "category",
            Self::SpecialCategory => "special category",
            Self::Own => "own column of ads",
        }
    }
}

/// What a feature is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Always there.
    Bias,
    /// A field of the ad.
    Ad(AdField),
    /// A field of the person.
    User(UserField),
    /// Both at once.
    Cross(UserField, AdField),
    /// Where the ad stood.
    Surface,
    /// How far down it stood.
    Position,
    /// The hour of the day where the person lives.
    Hour,
    /// The day of the week there.
    Weekday,
    /// A column of the configuration's own, of the showing.
    OwnShown,
}

/// A feature before it falls into a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Feature {
    /// What it is about.
    pub field: Field,
    /// 64 bits, of which the slot is the low ones.
    pub hash: u64,
}

impl Feature {
    /// The slot in a table of 2^bits.
    #[expect(clippy::cast_possible_truncation, reason = "bits are at most 26")]
    pub(crate) const fn slot(self, bits: u8) -> u32 {
        (self.hash & ((1 << bits) - 1)) as u32
    }
}

pub(in crate::ads) fn value_hash(field: &str, value: &[u8]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(field.as_bytes())
        .update(&[0x1f])
        .update(value);
    let digest = hasher.finalize();
    let (head, _) = digest
        .as_bytes()
        .split_first_chunk::<8>()
        .expect("a BLAKE3 digest has 32 bytes");
    u64::from_le_bytes(*head)
}

/// One value of one field of a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UserValue {
    pub field: UserField,
    pub value: String,
}

/// The person's values in the order of their fields; interests in their own order.
pub(crate) fn user_values(attributes: &Attributes) -> Vec<UserValue> {
    let single = [
        (UserField::Region, attributes.region.map(|r| r.to_string())),
        (UserField::AgeBand, attributes.age_band.clone()),
        (UserField::Gender, attributes.gender.clone()),
        (UserField::Language, attributes.language.clone()),
    ];
    let single = single
        .into_iter()
        .filter_map(|(field, value)| Some((field, value?)));
    let interests = attributes.interests.iter().map(ToString::to_string);
    let interests = interests.map(|interest| (UserField::Interest, interest));
    single
        .chain(interests)
        .map(|(field, value)| UserValue { field, value })
        .collect()
}

/// The person's values, hashed.
pub(crate) fn hashed_values(attributes: &Attributes) -> Vec<HashedValue> {
    let values = user_values(attributes);
    values.iter().map(UserValue::hashed).collect()
}

/// The hashes of an ad that its features are made of.
#[derive(Clone, Debug)]
pub(crate) struct AdHashes {
    bias: u64,
    ad: u64,
    advertiser: u64,
    category: u64,
    special: Option<u64>,
    /// What own columns say of it.
    own: Box<[u64]>,
}

impl AdHashes {
    /// Of an ad, and of what its own columns say.
    pub(in crate::ads) fn of(ad: &Ad, own: Box<[u64]>) -> Self {
        let number = |field: AdField, id: u64| value_hash(field.as_str(), &id.to_le_bytes());
        let text = |field: AdField, text: &str| value_hash(field.as_str(), text.as_bytes());
        Self {
            bias: value_hash("bias", b""),
            ad: number(AdField::Ad, ad.ad_id.0),
            advertiser: number(AdField::Advertiser, ad.advertiser_id.0),
            category: text(AdField::Category, ad.category.as_str()),
            special: ad
                .special_category
                .map(|special| text(AdField::SpecialCategory, special.as_str())),
            own,
        }
    }

    /// Is it of a special category?
    pub(crate) const fn is_special(&self) -> bool {
        self.special.is_some()
    }

    /// May a field of a person's count for it?
    pub(crate) const fn may_look_at(&self, field: UserField) -> bool {
        !self.is_special() || !field.is_protected()
    }

    /// All that its features are made of, but for [own columns](Self::own).
    pub(crate) fn words(&self) -> [u64; 5] {
        let special = self.special.map_or([0, 0], |hash| [1, hash]);
        let [is_special, special] = special;
        [self.ad, self.advertiser, self.category, is_special, special]
    }

    /// What own columns say of it.
    pub(in crate::ads) const fn own(&self) -> &[u64] {
        &self.own
    }

    /// Bias and the ad's own features.
    pub(crate) fn features(&self) -> impl Iterator<Item = Feature> {
        let ad = |field, hash| Feature {
            field: Field::Ad(field),
            hash,
        };
        let bias = Feature {
            field: Field::Bias,
            hash: self.bias,
        };
        [
            bias,
            ad(AdField::Ad, self.ad),
            ad(AdField::Advertiser, self.advertiser),
            ad(AdField::Category, self.category),
        ]
        .into_iter()
        .chain(self.special.map(|hash| ad(AdField::SpecialCategory, hash)))
        .chain(self.own().iter().map(move |&hash| ad(AdField::Own, hash)))
    }

    /// What one value of a person's adds: its plain feature and its crosses with this ad.
    pub(crate) fn features_with(&self, user: HashedValue) -> impl Iterator<Item = Feature> {
        let HashedValue { field, hash } = user;
        let cross = |ad_field, ad_hash| Feature {
            field: Field::Cross(field, ad_field),
            hash: mix(hash, ad_hash),
        };
        let plain = Feature {
            field: Field::User(field),
            hash,
        };
        let allowed = self.may_look_at(field);
        let crossing = field.crossing();
        let with_category = matches!(crossing, Crossing::Ad | Crossing::Category);
        let with_ad = crossing == Crossing::Ad;
        let all = [
            Some(plain),
            with_category.then(|| cross(AdField::Category, self.category)),
            with_ad.then(|| cross(AdField::Ad, self.ad)),
        ];
        all.into_iter().flatten().filter(move |_| allowed)
    }
}

/// An ad with its hashes.
#[derive(Clone, Debug)]
pub(in crate::ads) struct HashedAd<'a> {
    pub(in crate::ads) ad: &'a Ad,
    pub(in crate::ads) hashes: AdHashes,
}

impl<'a> HashedAd<'a> {
    pub(in crate::ads) fn of(ad: &'a Ad, own: Box<[u64]>) -> Self {
        Self {
            ad,
            hashes: AdHashes::of(ad, own),
        }
    }
}

/// A value of a person's, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashedValue {
    pub field: UserField,
    pub hash: u64,
}

impl UserValue {
    /// The value as others may read it: without numbers that may be somebody's, and none of what friends did, of which no more is told
    /// than that it counted.
    pub(crate) fn told(&self) -> Option<String> {
        match self.field {
            UserField::FriendsCategory
            | UserField::FriendsAdvertiser
            | UserField::FriendsHidCategory
            | UserField::FriendsHidAdvertiser => None,
            // An id, in digits as ids are.
            UserField::Person => Some(self.value.clone()),
            _ => Some(without_numbers(&self.value)),
        }
    }

    pub(crate) fn hashed(&self) -> HashedValue {
        HashedValue {
            field: self.field,
            hash: value_hash(self.field.as_str(), self.value.as_bytes()),
        }
    }
}

/// Where and when an ad stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::ads) struct Placement {
    pub(in crate::ads) surface: Surface,
    /// How far down, from 0 at the top.
    pub(in crate::ads) position: Option<u8>,
    /// What the clock showed, if that is looked at and known.
    pub(in crate::ads) clock: Option<Clock>,
}

/// A showing: where and when, and what own columns of `impressions` say of it, hashed.
#[derive(Clone, Copy, Debug)]
pub(in crate::ads) struct Showing<'a> {
    pub(in crate::ads) place: Placement,
    pub(in crate::ads) own: &'a [u64],
}

impl<'a> Showing<'a> {
    /// Of an ad: own columns of a showing may stand in for the person, and count for no ad of a special category.
    pub(in crate::ads) const fn of(place: Placement, own: &'a [u64], ad: &AdHashes) -> Self {
        let own = if ad.is_special() { &[] } else { own };
        Self { place, own }
    }

    /// Its features.
    pub(in crate::ads) fn features(self) -> impl Iterator<Item = Feature> + use<'a> {
        self.place.features().chain(self.own_features())
    }

    /// What own columns say of it.
    pub(in crate::ads) fn own_features(self) -> impl Iterator<Item = Feature> + use<'a> {
        self.own.iter().map(|&hash| Feature {
            field: Field::OwnShown,
            hash,
        })
    }
}

/// How many impressions ads had in a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ads) struct ShownAt {
    pub(in crate::ads) place: Placement,
    /// What own columns say of the showings, hashed.
    pub(in crate::ads) own: Box<[u64]>,
    pub(in crate::ads) impressions: u64,
}

impl ShownAt {
    pub(in crate::ads) fn showing(&self) -> Showing<'_> {
        Showing {
            place: self.place,
            own: &self.own,
        }
    }
}

impl Placement {
    /// Its features.
    pub(in crate::ads) fn features(self) -> impl Iterator<Item = Feature> + use<> {
        let hashes = &*PLACES;
        let feature = |field, hash| Feature { field, hash };
        let surface = feature(Field::Surface, hashes.surfaces[self.surface as usize]);
        let position = self
            .position
            .map(|at| feature(Field::Position, hashes.positions[usize::from(at)]));
        let clock = self.clock.map(|clock| {
            [
                feature(Field::Hour, hashes.hours[usize::from(clock.hour)]),
                feature(Field::Weekday, hashes.weekdays[usize::from(clock.weekday)]),
            ]
        });
        std::iter::once(surface)
            .chain(position)
            .chain(clock.into_iter().flatten())
    }
}

/// The hashes of all there is to say of a placement: every row asks for some.
struct PlaceHashes {
    surfaces: Vec<u64>,
    positions: Vec<u64>,
    hours: Vec<u64>,
    weekdays: Vec<u64>,
}

static PLACES: LazyLock<PlaceHashes> = LazyLock::new(|| {
    let all = |name: &str| -> Vec<u64> {
        let each = (0..=u8::MAX).map(|value| value_hash(name, &[value]));
        each.collect()
    };
    let surface = |surface: &Surface| value_hash("surface", surface_name(*surface).as_bytes());
    PlaceHashes {
        surfaces: Surface::ALL.iter().map(surface).collect(),
        positions: all("position"),
        hours: all("hour"),
        weekdays: all("weekday"),
    }
});

/// The name files give a surface.
pub(crate) const fn surface_name(surface: Surface) -> &'static str {
    match surface {
        Surface::Feed => "feed",
        Surface::RightColumn => "right_column",
        Surface::Stories => "stories",
        Surface::Marketplace => "marketplace",
        Surface::Search => "search",
        Surface::Video => "video",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_hashes_never_change() {
        let cooking = UserValue {
            field: UserField::Interest,
            value: "cooking".into(),
        };
        let digest = blake3::hash(b"interest\x1fcooking");
        let head = u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap());
        assert_eq!(cooking.hashed().hash, head);
    }

    #[test]
    fn placements_have_the_hashes_of_what_they_say() {
        for surface in Surface::ALL {
            for at in 0..=u8::MAX {
                let place = Placement {
                    surface,
                    position: Some(at),
                    clock: Some(Clock {
                        hour: at % 24,
                        weekday: at % 7,
                    }),
                };
                let found: Vec<_> = place.features().map(|one| (one.field, one.hash)).collect();
                let name = surface_name(surface).as_bytes();
                let expected = [
                    (Field::Surface, value_hash("surface", name)),
                    (Field::Position, value_hash("position", &[at])),
                    (Field::Hour, value_hash("hour", &[at % 24])),
                    (Field::Weekday, value_hash("weekday", &[at % 7])),
                ];
                assert_eq!(found, expected);
            }
        }
    }
}
