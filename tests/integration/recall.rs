//! What became known after publication, an opt-out or what people said: the rows that it forbids are listed, and no others.

use std::collections::BTreeSet;

use acquaint::consent::{DenialReason, Event, EventKind, Overlay, OverlayEffect, Purpose, Subject};
use acquaint::engine::{Recall, RecallReason, RecallRequest, Silent, recall};
use acquaint::ids::{AccountId, AdId, AdvertiserId, BusinessId, EventId, Region, UserId};
use acquaint::signals::{
    AbuseReport, AdCategory, AdFeedback, Business, BusinessEvent, BusinessEventKind, BusinessOptIn,
    ConsentEventRow, Feedback, FeedbackKind, Friendship, Hidden, MessageKind, PersonsWord,
    RawPhone, TableForm, Targeting,
};
use acquaint::synth::World;
use acquaint::time::Interval;

use crate::cases::{CONFIG, Village, at, number};
use crate::support::{Run, small_world, u64s, write_world};

#[test]
fn nothing_is_recalled_while_nothing_became_known() {
    let world = small_world(120, 31);
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, "", world.as_of);
    let recalled = recalled(&run, &dir.path().join("signals"));
    assert!(recalled.n_rows > 0);
    assert_eq!(recalled.rows, []);
}

#[test]
fn opt_out_known_after_publication_is_recalled() {
    let world = small_world(120, 32);
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, "", world.as_of);
    let links = run.table("links.parquet");
    let user = u64s(&run.table("suggestions.parquet"), "candidate_id")[0];
    let accounts: BTreeSet<u64> = u64s(&links, "user_id")
        .into_iter()
        .zip(u64s(&links, "account_id"))
        .filter(|&(person, _)| person == user)
        .map(|(_, account)| account)
        .collect();
    let newer = dir.path().join("newer");
    write_world(&newer, TableForm::Csv, &opted_out_late(&world, &accounts));
    let recalled = recalled(&run, &newer);

    let table = run.table("suggestions.parquet");
    let named: Vec<u64> = u64s(&table, "user_id")
        .into_iter()
        .zip(u64s(&table, "candidate_id"))
        .zip(1..)
        .filter(|((one, other), _)| *one == user || *other == user)
        .map(|(_, row)| row)
        .collect();
    assert_eq!(rows_of(&recalled, "suggestions.parquet"), named);
    let ads = u64s(&run.table("ad_scores.parquet"), "user_id");
    let named: Vec<u64> = ads
        .into_iter()
        .zip(1..)
        .filter(|&(one, _)| one == user)
        .map(|(_, row)| row)
        .collect();
    assert_eq!(rows_of(&recalled, "ad_scores.parquet"), named);
    assert!(
        recalled
            .rows
            .iter()
            .all(|row| row.reason == RecallReason::Denied(DenialReason::OptedOut)),
        "{:?}",
        recalled.rows
    );
    assert_eq!(
        rows_of(&recalled, "abuse_scores.parquet"),
        [0_u64; 0],
        "the toggle does not close it"
    );
}

/// The act lies before publication, the knowledge of it after.
fn opted_out_late(world: &World, accounts: &BTreeSet<u64>) -> World {
    let mut world = world.clone();
    for (i, account) in (0..).zip(accounts) {
        world.consent_events.push(ConsentEventRow::Known(Event {
            event_id: EventId(u64::MAX - i),
            subject: Subject::Account(AccountId(*account)),
            kind: EventKind::OptOut,
            valid_time: world.as_of.plus_days(-1),
            known_time: world.as_of.plus_days(1),
        }));
    }
    world
}

fn recalled(run: &Run, signals: &std::path::Path) -> Recall {
    let request = RecallRequest {
        out: &run.out,
        ledger: None,
        signals,
        known_at: None,
        latest: None,
    };
    recall(&request, &Silent).unwrap()
}

fn rows_of(recall: &Recall, table: &str) -> Vec<u64> {
    let rows = recall.rows.iter().filter(|row| row.table == table);
    rows.map(|row| row.row).collect()
}

/// What became known of a village after it was published, and the rows it forbids: table, who is named, why.
struct Since {
    what: &'static str,
    tell: fn(&mut World),
    forbidden: fn(&Row) -> Option<&'static str>,
}

/// A published row: its table and whom it names, the person or the account first.
type Row = (&'static str, u64, u64);

const SUGGESTIONS: &str = "suggestions.parquet";
const ADS: &str = "ad_scores.parquet";
const REACH: &str = "business_reach.parquet";
const ORDER: &str = "business_order.parquet";

fn says(world: &mut World, user: u64, other: u64, kind: FeedbackKind, at_day: &str) {
    world.feedback.push(Feedback {
        user_id: UserId(user),
        other_id: UserId(other),
        kind,
        at: at(at_day),
    });
}

fn reports(world: &mut World, who: u64, whom: u64, at_day: &str) {
    world.abuse_reports.push(AbuseReport {
        reporter: AccountId(who),
        reported: AccountId(whom),
        reason: "spam".to_owned(),
        at: at(at_day),
    });
}

fn hides(world: &mut World, user: u64, hidden: Hidden) {
    world.ad_feedback.push(AdFeedback {
        user_id: UserId(user),
        hidden,
        at: at("2016-11-20"),
    });
}

fn order(world: &mut World, purpose: Purpose) {
    world.overlays.push(Overlay {
        region: Region::parse("DE").unwrap(),
        purpose,
        interval: Interval {
            from: at("2016-11-18"),
            until: at("2030-01-01"),
        },
        effect: OverlayEffect::Deny,
    });
}

/// In a line of people 3 and 4 meet each other by themselves, 2 and 4 by 3, and 3 and 5 by 4: the tie of 3 and 4.
fn of_tie_3_4(row: &Row, why: &'static str) -> Option<&'static str> {
    match *row {
        (SUGGESTIONS, 3, 4) | (SUGGESTIONS, 4, 3) => Some(why),
        (SUGGESTIONS, 2, 4) | (SUGGESTIONS, 4, 2) | (SUGGESTIONS, 3, 5) | (SUGGESTIONS, 5, 3) => {
            Some("tie_ended")
        }
        _ => None,
    }
}

fn tells_the_bank(world: &mut World, said: PersonsWord) {
    world.business_events.push(BusinessEvent {
        business_id: BusinessId(900),
        what: BusinessEventKind::Said {
            account: AccountId(3),
            word: said,
        },
        at: at("2016-11-20"),
    });
}

fn of_the_bank(row: &Row) -> Option<&'static str> {
    match *row {
        (REACH, 3, 900) => Some("opt_in_withdrawn"),
        (ORDER, 3, 900) => Some("business_refused"),
        _ => None,
    }
}

const SINCE: [Since; 18] = [
    Since {
        what: "a block",
        tell: |world| says(world, 3, 4, FeedbackKind::Block, "2016-11-20"),
        forbidden: |row| of_tie_3_4(row, "blocked"),
    },
    Since {
        what: "a block the other way",
        tell: |world| says(world, 4, 3, FeedbackKind::Block, "2016-11-20"),
        forbidden: |row| of_tie_3_4(row, "blocked"),
    },
    Since {
        what: "a block from before that arrived late",
        tell: |world| says(world, 4, 3, FeedbackKind::Block, "2016-10-01"),
        forbidden: |row| of_tie_3_4(row, "blocked"),
    },
    Since {
        what: "a block between two who met by a third",
        tell: |world| says(world, 2, 4, FeedbackKind::Block, "2016-11-20"),
        forbidden: |row| match *row {
            (SUGGESTIONS, 2, 4) | (SUGGESTIONS, 4, 2) => Some("blocked"),
            _ => None,
        },
    },
    Since {
        what: "a report on the network",
        tell: |world| says(world, 4, 3, FeedbackKind::Report, "2016-11-20"),
        forbidden: |row| of_tie_3_4(row, "reported"),
    },
    Since {
        what: "a report on the messenger",
        tell: |world| reports(world, 3, 4, "2016-11-20"),
        forbidden: |row| of_tie_3_4(row, "reported"),
    },
    Since {
        what: "a report on the messenger that arrived late",
        tell: |world| reports(world, 4, 3, "2016-10-01"),
        forbidden: |row| of_tie_3_4(row, "reported"),
    },
    Since {
        what: "a dismissal",
        tell: |world| says(world, 3, 4, FeedbackKind::Dismiss, "2016-11-20"),
        forbidden: |row| (*row == (SUGGESTIONS, 3, 4)).then_some("dismissed"),
    },
    Since {
        what: "hiding from one",
        tell: |world| says(world, 3, 4, FeedbackKind::Hide, "2016-11-20"),
        forbidden: |row| (*row == (SUGGESTIONS, 4, 3)).then_some("hidden"),
    },
    Since {
        what: "hiding from everybody",
        tell: |world| says(world, 3, 3, FeedbackKind::Hide, "2016-11-20"),
        forbidden: |row| ((row.0, row.2) == (SUGGESTIONS, 3)).then_some("hidden"),
    },
    Since {
        what: "a phone that two share",
        tell: |world| {
            let device = world.messenger_accounts[2].device.clone();
            world.messenger_accounts[3].device = device;
        },
        forbidden: |row| of_tie_3_4(row, "one_device"),
    },
    Since {
        what: "a hidden ad",
        tell: |world| hides(world, 3, Hidden::Ad(AdId(70))),
        forbidden: |row| (*row == (ADS, 3, 70)).then_some("hidden_ad"),
    },
    Since {
        what: "a hidden advertiser",
        tell: |world| hides(world, 3, Hidden::Advertiser(AdvertiserId(7))),
        forbidden: |row| {
            let of_seven = [70, 71].contains(&row.2);
            ((row.0, row.1) == (ADS, 3) && of_seven).then_some("hidden_advertiser")
        },
    },
    Since {
        what: "an order about suggestions",
        tell: |world| order(world, Purpose::FriendSuggestions),
        // Under any order businesses may not advertise.
        forbidden: |row| [SUGGESTIONS, ORDER].contains(&row.0).then_some("suspended"),
    },
    Since {
        what: "an order about ads",
        tell: |world| order(world, Purpose::AdRelevance),
        forbidden: |row| [ADS, ORDER].contains(&row.0).then_some("suspended"),
    },
    Since {
        what: "an opt-in taken back",
        tell: |world| world.business_opt_ins[0].opted_out_at = Some(at("2016-11-20")),
        forbidden: of_the_bank,
    },
    Since {
        what: "marketing that is stopped",
        tell: |world| tells_the_bank(world, PersonsWord::Stop),
        forbidden: of_the_bank,
    },
    Since {
        what: "a business that is blocked",
        tell: |world| tells_the_bank(world, PersonsWord::Block),
        forbidden: of_the_bank,
    },
];

/// Eight people in a line, two advertisers with three ads, and a bank that two people asked for its marketing.
fn village() -> World {
    let mut world = Village::new().world;
    let mut ad = small_world(20, 1).ads[0].clone();
    ad.targeting = Targeting::default();
    (ad.special_category, ad.audience_id, ad.lookalike_of) = (None, None, None);
    ad.category = AdCategory::parse("food").unwrap();
    (ad.starts_at, ad.ends_at) = (at("2016-01-01"), at("2030-01-01"));
    for (id, advertiser) in [(70, 7), (71, 7), (80, 8)] {
        (ad.ad_id, ad.advertiser_id) = (AdId(id), AdvertiserId(advertiser));
        world.ads.push(ad.clone());
    }
    world.businesses.push(Business {
        business_id: BusinessId(900),
        phone: number(90),
        region: Region::parse("DE"),
        category: "bank".to_owned(),
        verified_at: Some(at("2016-01-01")),
        portfolio_id: None,
        tier: None,
        tier_since: None,
    });
    world.business_opt_ins = [3, 5]
        .map(|account| BusinessOptIn {
            business_id: BusinessId(900),
            account_id: AccountId(account),
            opted_in_at: at("2016-02-01"),
            opted_out_at: None,
            kind: MessageKind::Marketing,
        })
        .to_vec();
    world
}

fn published(run: &Run) -> Vec<(Row, u64)> {
    let tables = [
        (SUGGESTIONS, "user_id", "candidate_id"),
        (ADS, "user_id", "ad_id"),
        (REACH, "account_id", "business_id"),
        (ORDER, "account_id", "business_id"),
    ];
    let rows = |(table, one, other): (&'static str, &str, &str)| {
        let read = run.table(table);
        let pairs = u64s(&read, one).into_iter().zip(u64s(&read, other));
        let rows: Vec<_> = pairs
            .map(|(one, other)| (table, one, other))
            .zip(1..)
            .collect();
        assert!(!rows.is_empty(), "{table}");
        rows
    };
    tables.into_iter().flat_map(rows).collect()
}

#[test]
fn what_people_say_after_publication_is_recalled() {
    let world = village();
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, CONFIG, world.as_of);
    let rows = published(&run);
    for since in &SINCE {
        let newer = tempfile::tempdir().unwrap();
        let mut changed = world.clone();
        (since.tell)(&mut changed);
        write_world(newer.path(), TableForm::Csv, &changed);
        let request = RecallRequest {
            out: &run.out,
            ledger: None,
            signals: newer.path(),
            known_at: None,
            latest: Some(at("2016-12-01")),
        };
        let found = recall(&request, &Silent).unwrap();
        let found: BTreeSet<_> = found
            .rows
            .iter()
            .filter(|row| row.table != "links.parquet")
            .map(|row| (row.table.clone(), row.row, row.reason.as_str()))
            .collect();
        let forbidden = rows.iter().filter_map(|(row, at)| {
            let why = (since.forbidden)(row)?;
            Some((row.0.to_owned(), *at, why))
        });
        let forbidden: BTreeSet<_> = forbidden.collect();
        assert!(!forbidden.is_empty(), "{}", since.what);
        assert_eq!(found, forbidden, "{}", since.what);
    }
}

/// New ties, new people and other rows forbid nothing, whatever tables they change.
#[test]
fn nothing_else_is_recalled() {
    let world = small_world(150, 33);
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, "", world.as_of);
    let later = world.as_of.plus_days(2);
    let changes: [fn(&mut World, acquaint::time::Timestamp); 5] = [
        |world, later| {
            let mut row = world.friendships[0];
            (row.user_a, row.user_b, row.since) = (UserId(1), UserId(2), later);
            world.friendships.push(row);
        },
        |world, later| {
            let (a, b) = (
                world.social_accounts[0].user_id,
                world.social_accounts[9].user_id,
            );
            let row = Friendship {
                user_a: a,
                user_b: b,
                since: later,
            };
            world.friendships.push(row);
        },
        |world, later| {
            let mut row = world.social_accounts[0].clone();
            (row.user_id, row.created_at, row.phone) = (UserId(3), later, None);
            world.social_accounts.push(row);
        },
        |world, later| {
            let mut row = world.messenger_accounts[0].clone();
            row.account_id = AccountId(3);
            row.phone = RawPhone::new("+4915199999999");
            (row.registered_at, row.number_since, row.last_seen_at) = (later, later, later);
            row.device = acquaint::signals::DeviceFacts::default();
            world.messenger_accounts.push(row);
        },
        |world, later| {
            world.feedback.push(Feedback {
                user_id: UserId(1),
                other_id: UserId(2),
                kind: FeedbackKind::Block,
                at: later,
            });
        },
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let newer = tempfile::tempdir().unwrap();
        let mut after = world.clone();
        change(&mut after, later);
        write_world(newer.path(), TableForm::Csv, &after);
        let recalled = recalled(&run, newer.path());
        assert_eq!(recalled.rows, [], "change {n}");
    }
}

/// As known when: what was said later does not count, and nothing moves the moment past the caller's.
#[test]
fn what_is_said_later_does_not_count() {
    let world = village();
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &world, CONFIG, world.as_of);
    let mut changed = world.clone();
    says(&mut changed, 3, 4, FeedbackKind::Block, "2016-11-20");
    hides(&mut changed, 3, Hidden::Ad(AdId(70)));
    order(&mut changed, Purpose::AdRelevance);
    // Nobody can have said this yet: it is honoured at once, whatever its date.
    says(&mut changed, 6, 7, FeedbackKind::Dismiss, "2017-11-20");
    let newer = dir.path().join("newer");
    write_world(&newer, TableForm::Csv, &changed);
    let n_recalled = |known_at: Option<&str>| {
        let request = RecallRequest {
            out: &run.out,
            ledger: None,
            signals: &newer,
            known_at: known_at.map(at),
            latest: Some(at("2016-12-01")),
        };
        let found = recall(&request, &Silent).unwrap();
        let of = |table: &str| rows_of(&found, table).len();
        (found.known, of(SUGGESTIONS), of(ADS))
    };
    let n_ads = u64s(&run.table(ADS), "user_id").len();
    assert_eq!(n_recalled(Some("2016-11-16")), (at("2016-11-16"), 1, 0));
    assert_eq!(n_recalled(Some("2016-11-19")), (at("2016-11-19"), 1, n_ads));
    assert_eq!(n_recalled(None), (at("2016-11-20"), 7, n_ads));
}
