//! What the tests of this room share: directories, limits, and random records of every table.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::consent::{
    AdLevel, Event, EventKind, Express, Overlay, OverlayEffect, PolicyId, Purpose, Subject,
    TextDigest,
};
use crate::ids::{DeviceId, NumberToken, Region};
use crate::time::{Interval, Timestamp};

pub(super) fn limits() -> ValidReadLimits {
    ReadLimits::default()
        .check()
        .expect("defaults are in range")
}

pub(super) fn dir_of(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    dir
}

pub(super) fn read<R: Record>(dir: &Path) -> Result<TableRows<R>, SignalsError> {
    SignalsDir::open(dir, &limits())?.read()
}

/// Reads one CSV file of a table.
pub(super) fn read_csv_text<R: Record>(text: &str) -> Result<TableRows<R>, SignalsError> {
    let dir = dir_of(&[(&format!("{}.csv", R::TABLE), text.as_bytes())]);
    read(dir.path())
}

/// Row, column and reason of every rejection.
pub(super) fn faults<R>(rows: &TableRows<R>) -> Vec<(u64, &'static str, RejectionReason)> {
    rows.rejections
        .iter()
        .map(|r| (r.row, r.column, r.reason))
        .collect()
}

/// Records of a table, at random.
pub(super) trait Sample: Record + std::fmt::Debug {
    fn sample() -> BoxedStrategy<Self>;
}

/// Microseconds in the years 1583 to 9998.
pub(super) fn instant() -> impl Strategy<Value = Timestamp> {
    (-12_212_553_600_000_000_i64..253_370_764_800_000_000).prop_map(Timestamp::from_micros)
}

/// Text as a table gives it back: trimmed, not empty; commas, quotes and line ends included.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z\"',é=+-][ a-zA-Z0-9\"',\n\r;é|-]{0,12}[a-z\"0-9]".prop_map(|text| text)
}

fn lower() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9 ,\"_-]{0,8}[a-z]".prop_filter("harmless", |text| Interest::parse(text).is_ok())
}

fn interests() -> impl Strategy<Value = Vec<Interest>> {
    let term = |item: &String| Interest::parse(item).unwrap();
    list().prop_map(move |items| items.iter().map(term).collect())
}

fn list() -> impl Strategy<Value = Vec<String>> {
    vec(lower(), 0..4).prop_map(|mut items| {
        items.sort_unstable();
        items.dedup();
        items
    })
}

pub(super) fn attributes() -> impl Strategy<Value = Attributes> {
    let text = || option::of(lower());
    let parts = (option::of(region()), text(), text(), text(), interests());
    parts.prop_map(
        |(region, age_band, gender, language, interests)| Attributes {
            region,
            age_band,
            gender,
            language,
            interests,
        },
    )
}

fn region() -> impl Strategy<Value = Region> {
    "[A-Y][A-Z]".prop_filter_map("a country", |code| Region::parse(&code))
}

fn phone() -> impl Strategy<Value = RawPhone> {
    "[+]?[0-9][0-9 ()-]{3,12}[0-9]".prop_map(RawPhone::new)
}

fn device() -> impl Strategy<Value = DeviceFacts> {
    let facts = (
        option::of(text()),
        option::of(text()),
        option::of(text()),
        option::of(text()),
    );
    facts.prop_map(|(id, device_type, os, os_version)| DeviceFacts {
        device_id: id.and_then(|id| DeviceId::of(&id)),
        device_type,
        os,
        os_version,
    })
}

/// An interval that is not empty, open at the end or not.
fn interval() -> impl Strategy<Value = (Timestamp, Option<Timestamp>)> {
    (instant(), option::of(1_i64..10_000_000)).prop_map(|(from, length)| {
        (
            from,
            length.map(|length| Timestamp::from_micros(from.micros() + length)),
        )
    })
}

impl Sample for MessengerAccount {
    fn sample() -> BoxedStrategy<Self> {
        let known = (
            any::<u64>(),
            phone(),
            option::of(region()),
            instant(),
            instant(),
            interval(),
        );
        let more = (
            device(),
            option::of(text()),
            option::of(any::<u32>()),
            option::of(any::<u32>()),
        );
        let record =
            (known, more).prop_map(|(known, (device, app_version, sessions_30d, groups))| {
                let (id, phone, region, registered_at, last_seen_at, (number_since, number_until)) =
                    known;
                Self {
                    account_id: id.into(),
                    phone,
                    region,
                    registered_at,
                    last_seen_at,
                    number_since,
                    number_until,
                    device,
                    app_version,
                    sessions_30d,
                    groups,
                }
            });
        record.boxed()
    }
}

impl Sample for AddressBookEntry {
    fn sample() -> BoxedStrategy<Self> {
        let record = (any::<u64>(), phone(), instant()).prop_map(|(id, phone, saved_at)| Self {
            account_id: id.into(),
            phone,
            saved_at,
        });
        record.boxed()
    }
}

impl Sample for SocialAccount {
    fn sample() -> BoxedStrategy<Self> {
        let given_for = prop_oneof![Just(PhonePurpose::Contact), Just(PhonePurpose::Security)];
        let known = (
            any::<u64>(),
            option::of(phone()),
            given_for,
            option::of(instant()),
            option::of(region()),
            instant(),
            device(),
        );
        let more = (
            option::of(1900_u16..=2100),
            option::of(lower()),
            option::of(lower()),
            interests(),
        );
        let record =
            (known, more).prop_map(|(known, (birth_year, gender, language, interests))| {
                let (id, phone, phone_given_for, phone_since, region, created_at, device) = known;
                Self {
                    user_id: id.into(),
                    phone,
                    phone_given_for,
                    phone_since,
                    region,
                    created_at,
                    device,
                    birth_year,
                    gender,
                    language,
                    interests,
                    own: crate::signals::OwnValues::default(),
                }
            });
        record.boxed()
    }
}

impl Sample for Friendship {
    fn sample() -> BoxedStrategy<Self> {
        let record = (0..u64::MAX, 1_u64.., instant()).prop_map(|(a, step, since)| Self {
            user_a: a.into(),
            user_b: a.saturating_add(step).into(),
            since,
        });
        record.boxed()
    }
}

impl Sample for CallCount {
    fn sample() -> BoxedStrategy<Self> {
        let counts = (0..=u32::MAX, 0..=u32::MAX);
        let record = (0..u64::MAX, 1_u64.., counts, instant());
        let record = record.prop_map(|(from, step, (calls, written), since)| Self {
            from: from.into(),
            to: from.saturating_add(step).into(),
            calls,
            written,
            since,
        });
        record.boxed()
    }
}

impl Sample for GroupMember {
    fn sample() -> BoxedStrategy<Self> {
        let record = (0..=u64::MAX, 0..=u64::MAX, instant());
        let record = record.prop_map(|(group, account, joined_at)| Self {
            group,
            account: account.into(),
            joined_at,
        });
        record.boxed()
    }
}

impl Sample for TrustSeed {
    fn sample() -> BoxedStrategy<Self> {
        let record = (0..=u64::MAX, instant()).prop_map(|(account, verified_at)| Self {
            account: account.into(),
            verified_at,
        });
        record.boxed()
    }
}

impl Sample for Feedback {
    fn sample() -> BoxedStrategy<Self> {
        let kinds = [
            FeedbackKind::Block,
            FeedbackKind::Dismiss,
            FeedbackKind::Hide,
            FeedbackKind::Report,
        ];
        let record = (0_u64..50, 50_u64..99, 0_usize..4, instant()).prop_map(
            move |(user, other, kind, at)| Self {
                user_id: user.into(),
                other_id: if kinds[kind] == FeedbackKind::Hide {
                    user
                } else {
                    other
                }
                .into(),
                kind: kinds[kind],
                at,
            },
        );
        record.boxed()
    }
}

fn purpose() -> impl Strategy<Value = Purpose> {
    (0_usize..6).prop_map(|place| Purpose::ALL[place])
}

fn digest() -> impl Strategy<Value = TextDigest> {
    any::<[u8; 32]>().prop_map(TextDigest)
}

fn kind_of_account() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        (any::<u32>(), digest()).prop_map(|(policy, digest)| EventKind::NoticeServed {
            policy: PolicyId(policy),
            digest,
        }),
        Just(EventKind::Defer),
        any::<bool>().prop_map(|share| EventKind::Accept { share }),
        Just(EventKind::Register),
        Just(EventKind::OptOut),
        (purpose(), any::<bool>()).prop_map(|(purpose, asked)| EventKind::Grant { purpose, asked }),
        (
            prop::sample::select(vec![AdLevel::Limited, AdLevel::Full]),
            any::<bool>()
        )
            .prop_map(|(level, asked)| EventKind::GrantAds { level, asked }),
        purpose().prop_map(|purpose| EventKind::Withdraw { purpose }),
        Just(EventKind::Signal),
        Just(EventKind::NumberChange),
        Just(EventKind::Recycled),
        Just(EventKind::Delete),
    ]
}

fn known_event(
    subject: Subject,
    kind: EventKind,
    of: (u64, Timestamp, Timestamp),
) -> ConsentEventRow {
    ConsentEventRow::Known(Event {
        event_id: of.0.into(),
        subject,
        kind,
        valid_time: of.1,
        known_time: of.2,
    })
}

impl Sample for ConsentEventRow {
    fn sample() -> BoxedStrategy<Self> {
        let of = || (any::<u64>(), instant(), instant());
        let account = (any::<u64>(), kind_of_account(), of())
            .prop_map(|(id, kind, of)| known_event(Subject::Account(id.into()), kind, of));
        let device = (any::<u128>(), of()).prop_map(|(bits, of)| {
            let device = Subject::Device(DeviceId::from_bits(bits));
            known_event(device, EventKind::Signal, of)
        });
        let kind = prop_oneof![
            Just(EventKind::NonUserObjects),
            Just(EventKind::NonUserJoins)
        ];
        let non_user =
            (phone(), option::of(region()), kind, of()).prop_map(|(phone, region, kind, of)| {
                Self::NonUser {
                    phone,
                    region,
                    event_id: of.0.into(),
                    kind,
                    valid_time: of.1,
                    known_time: of.2,
                }
            });
        prop_oneof![account, device, non_user].boxed()
    }
}

impl Sample for PolicyText {
    fn sample() -> BoxedStrategy<Self> {
        let record = (
            any::<u32>(),
            text(),
            digest(),
            instant(),
            0_i64..900,
            any::<u32>(),
            instant(),
        )
            .prop_map(
                |(policy, locale, digest, announced_at, days, window_days, cohort_cut)| Self {
                    policy: PolicyId(policy),
                    locale,
                    digest,
                    announced_at,
                    accept_by: announced_at.plus_days(days),
                    window_days,
                    cohort_cut,
                },
            );
        record.boxed()
    }
}

impl Sample for Overlay {
    fn sample() -> BoxedStrategy<Self> {
        let effect = prop_oneof![
            Just(OverlayEffect::Deny),
            instant().prop_map(OverlayEffect::CutOff),
            (
                instant(),
                prop::sample::select(vec![AdLevel::Limited, AdLevel::Full])
            )
                .prop_map(|(since, unnamed)| OverlayEffect::Express(Express { since, unnamed }))
        ];
        let record = (region(), purpose(), interval(), effect).prop_map(
            |(region, purpose, (from, until), effect)| Self {
                region,
                purpose,
                interval: Interval::new(from, until),
                effect,
            },
        );
        record.boxed()
    }
}

fn targeting() -> impl Strategy<Value = Targeting> {
    let ages = (option::of(0_u16..40), option::of(40_u16..)).prop_map(|(min, max)| (min, max));
    (vec(region(), 0..3), list(), list(), ages, interests()).prop_map(
        |(mut regions, languages, genders, (age_min, age_max), interests)| {
            regions.sort_unstable();
            regions.dedup();
            Targeting {
                regions,
                languages,
                genders,
                age_min,
                age_max,
                interests,
            }
        },
    )
}

impl Sample for Ad {
    fn sample() -> BoxedStrategy<Self> {
        let bid = prop_oneof![
            Just(0.0),
            0.0..1e9,
            Just(f64::MIN_POSITIVE / 8.0),
            Just(0.1 + 0.2)
        ];
        let known = (
            any::<u64>(),
            any::<u64>(),
            lower(),
            option::of(0..SpecialCategory::ALL.len()),
            bid,
        );
        let more = (
            instant(),
            1_i64..10_000_000,
            targeting(),
            option::of((any::<u64>(), any::<bool>())),
            -1e3..1e3,
        );
        let record = (known, more).prop_map(|(known, more)| {
            let (starts_at, length, targeting, audience, quality) = more;
            let (ad, advertiser, category, special_category, bid) = known;
            Self {
                ad_id: ad.into(),
                advertiser_id: advertiser.into(),
                category: AdCategory::parse(&category).unwrap(),
                special_category: special_category.map(|at| SpecialCategory::ALL[at]),
                bid,
                starts_at,
                ends_at: Timestamp::from_micros(starts_at.micros() + length),
                targeting,
                audience_id: audience.filter(|(_, like)| !like).map(|(id, _)| id.into()),
                lookalike_of: audience.filter(|(_, like)| *like).map(|(id, _)| id.into()),
                quality,
                own: crate::signals::OwnValues::default(),
            }
        });
        record.boxed()
    }
}

impl Sample for AudienceMember {
    fn sample() -> BoxedStrategy<Self> {
        let record =
            (any::<u64>(), any::<u64>(), instant()).prop_map(|(audience, seed, at)| Self {
                audience_id: audience.into(),
                token: NumberToken::from_keyed_digest(&blake3::hash(&seed.to_le_bytes())),
                added_at: at,
            });
        record.boxed()
    }
}

impl Sample for AdFeedback {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any::<u64>(), any::<u64>(), any::<bool>(), instant());
        let record = parts.prop_map(|(user, id, is_ad, at)| Self {
            user_id: user.into(),
            hidden: if is_ad {
                Hidden::Ad(id.into())
            } else {
                Hidden::Advertiser(id.into())
            },
            at,
        });
        record.boxed()
    }
}

impl Sample for Impression {
    fn sample() -> BoxedStrategy<Self> {
        let surfaces = [
            Surface::Feed,
            Surface::RightColumn,
            Surface::Stories,
            Surface::Marketplace,
            Surface::Search,
            Surface::Video,
        ];
        let shown = (1_u32.., any::<u32>()).prop_map(|(shown, clicks)| (shown, clicks % shown));
        let known = (
            option::of(any::<u64>()),
            any::<u64>(),
            0_usize..6,
            option::of(any::<u8>()),
            instant(),
            shown,
        );
        let record = (known, attributes()).prop_map(move |(known, attributes)| {
            let (user, ad, surface, position, at, (impressions, clicks)) = known;
            Self {
                user_id: user.map(Into::into),
                ad_id: ad.into(),
                surface: surfaces[surface],
                position,
                at,
                impressions,
                clicks,
                attributes: Arc::new(attributes),
                own: crate::signals::OwnValues::default(),
            }
        });
        record.boxed()
    }
}

impl Sample for AdTruth {
    fn sample() -> BoxedStrategy<Self> {
        let record = (Impression::sample(), 0.0..=1.0_f64).prop_map(|(shown, p_click)| Self {
            user_id: shown.user_id,
            ad_id: shown.ad_id,
            surface: shown.surface,
            position: shown.position,
            at: shown.at,
            p_click,
        });
        record.boxed()
    }
}

impl Sample for Business {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (
            any::<u64>(),
            phone(),
            option::of(region()),
            lower(),
            option::of(instant()),
        );
        let limit = prop_oneof![
            any::<u32>().prop_map(SendingLimit::People),
            Just(SendingLimit::Unlimited)
        ];
        let more = (
            option::of(any::<u64>()),
            option::of(limit),
            option::of(instant()),
        );
        let record = (parts, more).prop_map(
            |((id, phone, region, category, verified_at), (portfolio, tier, tier_since))| Self {
                business_id: id.into(),
                phone,
                region,
                category,
                verified_at,
                portfolio_id: portfolio.map(Into::into),
                tier,
                tier_since,
            },
        );
        record.boxed()
    }
}

impl Sample for BusinessThread {
    fn sample() -> BoxedStrategy<Self> {
        let started_by = prop_oneof![Just(StartedBy::Person), Just(StartedBy::Business)];
        let parts = (
            any::<u64>(),
            any::<u64>(),
            started_by,
            instant(),
            option::of(instant()),
            option::of(instant()),
            option::of(instant()),
        );
        let record = parts.prop_map(
            |(business, account, started_by, started_at, last, entry_at, answered_at)| Self {
                business_id: business.into(),
                account_id: account.into(),
                started_by,
                started_at,
                last_from_person_at: last,
                entry_at,
                answered_at,
            },
        );
        record.boxed()
    }
}

impl Sample for BusinessOptIn {
    fn sample() -> BoxedStrategy<Self> {
        let kind = prop::sample::select(MessageKind::ALL[1..].to_vec());
        let parts = (
            any::<u64>(),
            any::<u64>(),
            instant(),
            option::of(instant()),
            kind,
        );
        let record = parts.prop_map(
            |(business, account, opted_in_at, opted_out_at, kind)| Self {
                business_id: business.into(),
                account_id: account.into(),
                opted_in_at,
                opted_out_at,
                kind,
            },
        );
        record.boxed()
    }
}

impl Sample for BusinessEvent {
    fn sample() -> BoxedStrategy<Self> {
        let words = vec![
            PersonsWord::Stop,
            PersonsWord::Resume,
            PersonsWord::Block,
            PersonsWord::Unblock,
            PersonsWord::Report,
        ];
        let what = prop_oneof![
            (
                any::<u64>(),
                prop::sample::select(MessageKind::ALL.to_vec())
            )
                .prop_map(|(account, kind)| BusinessEventKind::Sent {
                    account: account.into(),
                    kind,
                }),
            (any::<u64>(), prop::sample::select(words)).prop_map(|(account, word)| {
                BusinessEventKind::Said {
                    account: account.into(),
                    word,
                }
            }),
            any::<u64>().prop_map(|template| BusinessEventKind::TemplatePaused {
                template: template.into(),
            }),
        ];
        let record = (any::<u64>(), what, instant()).prop_map(|(business, what, at)| Self {
            business_id: business.into(),
            what,
            at,
        });
        record.boxed()
    }
}

impl Sample for AbuseReport {
    fn sample() -> BoxedStrategy<Self> {
        let record = (0_u64..50, 50_u64.., lower(), instant()).prop_map(
            |(reporter, reported, reason, at)| Self {
                reporter: reporter.into(),
                reported: reported.into(),
                reason,
                at,
            },
        );
        record.boxed()
    }
}
