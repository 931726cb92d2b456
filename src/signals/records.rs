//! One typed record per table; `overlays` holds [`Overlay`](crate::consent::Overlay)s as they are.
//!
//! Text that carries a number is a [`RawPhone`] and never prints.

use std::sync::Arc;

use serde::Serialize;

use super::attributes::Attributes;
use super::own::OwnValues;
pub use super::raw_phone::RawPhone;
use super::terms::{AdCategory, Interest, SpecialCategory};
use crate::consent::{Event, EventKind, PolicyId, TextDigest};
use crate::ids::{
    AccountId, AdId, AdvertiserId, AudienceId, BusinessId, DeviceId, EventId, NumberToken,
    PortfolioId, Region, TemplateId, UserId,
};
use crate::time::Timestamp;

/// What is known of a device: evidence for linking, never a key on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceFacts {
    /// `device_id`, digested.
    pub device_id: Option<DeviceId>,
    /// `device_type`: the model.
    pub device_type: Option<String>,
    /// `os`.
    pub os: Option<String>,
    /// `os_version`.
    pub os_version: Option<String>,
}

/// A row of `messenger_accounts`. An account that changed its number has one row per number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessengerAccount {
    /// `account_id`.
    pub account_id: AccountId,
    /// `phone`.
    pub phone: RawPhone,
    /// `region`: where the account says it lives.
    pub region: Option<Region>,
    /// `registered_at`.
    pub registered_at: Timestamp,
    /// `last_seen_at`.
    pub last_seen_at: Timestamp,
    /// `number_since`: when the number became this account's.
    pub number_since: Timestamp,
    /// `number_until`: when it ceased to be, if it did.
    pub number_until: Option<Timestamp>,
    /// `device_id`, `device_type`, `os`, `os_version`.
    pub device: DeviceFacts,
    /// `app_version`.
    pub app_version: Option<String>,
    /// `sessions_30d`: sessions in the last 30 days.
    pub sessions_30d: Option<u32>,
    /// `groups`: how many groups it is in.
    pub groups: Option<u32>,
}

/// A row of `address_book`: an account saved a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressBookEntry {
    /// `account_id`: who saved it.
    pub account_id: AccountId,
    /// `phone`: what was saved.
    pub phone: RawPhone,
    /// `saved_at`.
    pub saved_at: Timestamp,
}

/// Why a social account has a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhonePurpose {
    /// Given as a way to be found.
    Contact,
    /// Given to protect the account; never a match key for ads or suggestions.
    Security,
}

/// A row of `social_accounts`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocialAccount {
    /// `user_id`.
    pub user_id: UserId,
    /// `phone`, if one was given.
    pub phone: Option<RawPhone>,
    /// `phone_given_for`; a number without one counts as given for security.
    pub phone_given_for: PhonePurpose,
    /// `phone_since`: when the number was given; at some time since `created_at` if that is not known.
    pub phone_since: Option<Timestamp>,
    /// `region`.
    pub region: Option<Region>,
    /// `created_at`.
    pub created_at: Timestamp,
    /// `device_id`, `device_type`, `os`, `os_version`.
    pub device: DeviceFacts,
    /// `birth_year`.
    pub birth_year: Option<u16>,
    /// `gender`, lower case.
    pub gender: Option<String>,
    /// `language`, BCP 47, lower case.
    pub language: Option<String>,
    /// `interests`, sorted, each once.
    pub interests: Vec<Interest>,
    /// What stands in columns of the configuration's own.
    pub own: OwnValues,
}

/// A row of `friendships`. The pair is unordered: readers put the smaller id first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Friendship {
    /// `user_a`.
    pub user_a: UserId,
    /// `user_b`.
    pub user_b: UserId,
    /// `since`.
    pub since: Timestamp,
}

/// A row of `call_counts`: how often an account called and wrote to another, never what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallCount {
    /// `from_account_id`: who called and wrote.
    pub from: AccountId,
    /// `to_account_id`: to whom.
    pub to: AccountId,
    /// `calls`.
    pub calls: u32,
    /// `written`.
    pub written: u32,
    /// `since`: from when on they are counted.
    pub since: Timestamp,
}

/// A row of `group_members`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupMember {
    /// `group_id`.
    pub group: u64,
    /// `account_id`.
    pub account: AccountId,
    /// `joined_at`.
    pub joined_at: Timestamp,
}

/// A row of `trust_seeds`: an account whose holder somebody checked, from which trust starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustSeed {
    /// `account_id`.
    pub account: AccountId,
    /// `verified_at`.
    pub verified_at: Timestamp,
}

/// What one person said about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedbackKind {
    /// Neither shall see the other.
    Block,
    /// Do not suggest the other to me.
    Dismiss,
    /// Do not suggest me to the other; to anybody, if the other is oneself.
    Hide,
    /// The other is abusive; also do not suggest them to me.
    Report,
}

/// A row of `feedback`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feedback {
    /// `user_id`: who said it.
    pub user_id: UserId,
    /// `other_id`: about whom.
    pub other_id: UserId,
    /// `kind`.
    pub kind: FeedbackKind,
    /// `at`.
    pub at: Timestamp,
}

/// Where on the social network an ad can stand. The messenger is not a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Surface {
    /// The news feed.
    Feed,
    /// The column beside it.
    RightColumn,
    /// Stories.
    Stories,
    /// The marketplace.
    Marketplace,
    /// Search results.
    Search,
    /// Videos.
    Video,
}

impl Surface {
    /// Every surface, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::Feed,
        Self::RightColumn,
        Self::Stories,
        Self::Marketplace,
        Self::Search,
        Self::Video,
    ];
}

/// Whom an advertiser wants to reach; an empty list or an absent bound means everyone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Targeting {
    /// `target_regions`.
    pub regions: Vec<Region>,
    /// `target_languages`.
    pub languages: Vec<String>,
    /// `target_genders`.
    pub genders: Vec<String>,
    /// `target_age_min`, years, inclusive.
    pub age_min: Option<u16>,
    /// `target_age_max`, years, inclusive.
    pub age_max: Option<u16>,
    /// `target_interests`: at least one of them.
    pub interests: Vec<Interest>,
}

/// A row of `ads`.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub struct Ad {
    /// `ad_id`.
    pub ad_id: AdId,
    /// `advertiser_id`.
    pub advertiser_id: AdvertiserId,
    /// `category`.
    pub category: AdCategory,
    /// `special_category`.
    pub special_category: Option<SpecialCategory>,
    /// `bid`: currency units per click, finite and not negative.
    pub bid: f64,
    /// `starts_at`.
    pub starts_at: Timestamp,
    /// `ends_at`, exclusive.
    pub ends_at: Timestamp,
    /// The `target_*` columns.
    pub targeting: Targeting,
    /// `audience_id`: a customer list, if the ad is for one.
    pub audience_id: Option<AudienceId>,
    /// `lookalike_of`: a customer list, if the ad is for people like those on it; never beside `audience_id`.
    pub lookalike_of: Option<AudienceId>,
    /// `quality`: currency units per impression that showing the ad is worth beside its bid, finite.
    pub quality: f64,
    /// What stands in columns of the configuration's own.
    pub own: OwnValues,
}

/// A row of `audience_members`: a number on an advertiser's customer list, as a token for ad relevance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AudienceMember {
    /// `audience_id`: on which list.
    pub audience_id: AudienceId,
    /// `token`, 32 hexadecimal digits.
    pub token: NumberToken,
    /// `added_at`: since when.
    pub added_at: Timestamp,
}

/// What somebody does not want to see again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hidden {
    /// One ad.
    Ad(AdId),
    /// Everything of one advertiser.
    Advertiser(AdvertiserId),
}

/// A row of `ad_feedback`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdFeedback {
    /// `user_id`: who said it.
    pub user_id: UserId,
    /// `kind`, with `ad_id` or `advertiser_id`.
    pub hidden: Hidden,
    /// `at`.
    pub at: Timestamp,
}

/// A row of `impressions`: one showing or a group of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Impression {
    /// `user_id`; none for totals over many people.
    pub user_id: Option<UserId>,
    /// `ad_id`.
    pub ad_id: AdId,
    /// `surface`.
    pub surface: Surface,
    /// `position`, from 0 at the top.
    pub position: Option<u8>,
    /// `at`.
    pub at: Timestamp,
    /// `impressions`: how often the ad was shown, at least 1.
    pub impressions: u32,
    /// `clicks`: how often it was clicked, at most `impressions`.
    pub clicks: u32,
    /// `user_region`, `user_age_band`, `user_gender`, `user_language` and `user_interests`.
    pub attributes: Arc<Attributes>,
    /// What stands in columns of the configuration's own.
    pub own: OwnValues,
}

/// A row of `ad_truth`: how likely a click was, which only a synthetic world knows. No run reads it.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct AdTruth {
    /// `user_id`, as in `impressions`.
    pub user_id: Option<UserId>,
    /// `ad_id`.
    pub ad_id: AdId,
    /// `surface`.
    pub surface: Surface,
    /// `position`.
    pub position: Option<u8>,
    /// `at`.
    pub at: Timestamp,
    /// `p_click`: the probability of a click at each showing, in [0, 1].
    pub p_click: f64,
}

/// A row of `businesses`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Business {
    /// `business_id`.
    pub business_id: BusinessId,
    /// `phone`: the number it writes from.
    pub phone: RawPhone,
    /// `region`: the default region of that number.
    pub region: Option<Region>,
    /// `category`.
    pub category: String,
    /// `verified_at`, if it was verified.
    pub verified_at: Option<Timestamp>,
    /// `portfolio_id`: with which other numbers it belongs together, if with any.
    pub portfolio_id: Option<PortfolioId>,
    /// `tier`: how many people it may start with in 24 hours, if that was told.
    pub tier: Option<SendingLimit>,
    /// `tier_since`: since when; none for as long as there are rules.
    pub tier_since: Option<Timestamp>,
}

/// How many people a business may start with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SendingLimit {
    /// So many.
    People(u32),
    /// As many as it likes.
    Unlimited,
}

/// Who wrote first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StartedBy {
    /// The person.
    Person,
    /// The business.
    Business,
}

/// A row of `business_threads`: that there is a conversation, never what is said in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessThread {
    /// `business_id`.
    pub business_id: BusinessId,
    /// `account_id`: the person's messenger account.
    pub account_id: AccountId,
    /// `started_by`.
    pub started_by: StartedBy,
    /// `started_at`.
    pub started_at: Timestamp,
    /// `last_from_person_at`: when the person last wrote, if ever.
    pub last_from_person_at: Option<Timestamp>,
    /// `entry_at`: when the person last came by an ad or a page of the business, if ever.
    pub entry_at: Option<Timestamp>,
    /// `answered_at`: when the business first answered after that.
    pub answered_at: Option<Timestamp>,
}

/// What a message of a business is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// An answer to the person.
    Service,
    /// News of something the person ordered or asked for.
    Utility,
    /// A code to sign in with.
    Authentication,
    /// Advertising.
    Marketing,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Service,
        Self::Utility,
        Self::Authentication,
        Self::Marketing,
    ];

    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Utility => "utility",
            Self::Authentication => "authentication",
            Self::Marketing => "marketing",
        }
    }

    /// The kind of a name used in files.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A row of `business_opt_ins`: a person asked one business for a kind of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessOptIn {
    /// `business_id`.
    pub business_id: BusinessId,
    /// `account_id`: the person's messenger account.
    pub account_id: AccountId,
    /// `opted_in_at`.
    pub opted_in_at: Timestamp,
    /// `opted_out_at`, if the person changed their mind.
    pub opted_out_at: Option<Timestamp>,
    /// `kind`: for which messages; for marketing where it does not say.
    pub kind: MessageKind,
}

/// A row of `business_events`: that something was sent or said, never what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessEvent {
    /// `business_id`.
    pub business_id: BusinessId,
    /// What happened, and to whom.
    pub what: BusinessEventKind,
    /// `at`.
    pub at: Timestamp,
}

/// `kind` of a row of `business_events`, with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BusinessEventKind {
    /// `sent_service`, `sent_utility`, `sent_authentication`, `sent_marketing`: a message of that kind reached an account.
    Sent {
        /// To whom.
        account: AccountId,
        /// Of what kind.
        kind: MessageKind,
    },
    /// A person said something about the business.
    Said {
        /// Who.
        account: AccountId,
        /// What.
        word: PersonsWord,
    },
    /// `template_paused`: a template was paused for its quality.
    TemplatePaused {
        /// Which.
        template: TemplateId,
    },
}

/// What a person can say about a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonsWord {
    /// `stop`: no more marketing.
    Stop,
    /// `resume`: marketing again.
    Resume,
    /// `block`: no more messages.
    Block,
    /// `unblock`: messages again.
    Unblock,
    /// `report`: these are unwanted.
    Report,
}

/// A row of `abuse_reports`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AbuseReport {
    /// `reporter`: a messenger account.
    pub reporter: AccountId,
    /// `reported`: a messenger account.
    pub reported: AccountId,
    /// `reason`: a short code such as `spam`, `scam`, `harassment`; never message content.
    pub reason: String,
    /// `at`.
    pub at: Timestamp,
}

/// A row of `consent_events`; its columns are in `docs/formats.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentEventRow {
    /// About an account or a device.
    Known(Event),
    /// About somebody who has no account, named by number; `identity` makes the token.
    NonUser {
        /// `phone`: whose number.
        phone: RawPhone,
        /// `region`: the region to read it in.
        region: Option<Region>,
        /// `event_id`.
        event_id: EventId,
        /// `kind`: an objection or a joining.
        kind: EventKind,
        /// `valid_time`.
        valid_time: Timestamp,
        /// `known_time`.
        known_time: Timestamp,
    },
}

impl ConsentEventRow {
    /// `kind`: what happened.
    #[must_use]
    pub const fn kind(&self) -> &EventKind {
        match self {
            Self::Known(event) => &event.kind,
            Self::NonUser { kind, .. } => kind,
        }
    }
}

/// A row of `policy_versions`: one text of one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyText {
    /// `policy`.
    pub policy: PolicyId,
    /// `locale`.
    pub locale: String,
    /// `text_digest`, 64 hexadecimal digits of BLAKE3.
    pub digest: TextDigest,
    /// `announced_at`.
    pub announced_at: Timestamp,
    /// `accept_by`.
    pub accept_by: Timestamp,
    /// `window_days`.
    pub window_days: u32,
    /// `cohort_cut`.
    pub cohort_cut: Timestamp,
}
