//! Random small worlds with everything in them that makes consent hard: one seed, one world.

use acquaint::abuse::{ABUSE_MODEL_SCHEMA, AbuseModel};
use acquaint::consent::{
    AdLevel, Event, EventKind, Express, Overlay, OverlayEffect, PolicyId, Purpose, Subject,
    TextDigest,
};
use acquaint::ids::{AccountId, AudienceId, EventId, Region};
use acquaint::signals::{
    AbuseReport, AdFeedback, AddressBookEntry, BusinessEvent, BusinessEventKind, BusinessOptIn,
    BusinessThread, CallCount, ConsentEventRow, Feedback, FeedbackKind, Friendship, GroupMember,
    Hidden, MessageKind, PersonsWord, PhonePurpose, RawPhone, StartedBy, Targeting, TrustSeed,
};
use acquaint::synth::{SynthParams, World, world};
use acquaint::time::{Interval, Timestamp};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::json;

use super::list_token;

/// A world, how to run it and when.
pub(crate) struct Trial {
    pub(crate) world: World,
    pub(crate) config: String,
    pub(crate) as_of: Timestamp,
    pub(crate) known_at: Option<Timestamp>,
    pub(crate) calls: Vec<CallCount>,
    pub(crate) groups: Vec<GroupMember>,
    /// A trained model of abuse, in one world of two.
    pub(crate) abuse_model: Option<AbuseModel>,
}

/// The trial of a seed.
pub(crate) fn trial(seed: u64) -> Trial {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x5EED_1E55);
    let users = rng.gen_range(12..=60);
    let params = SynthParams::default()
        .users(users)
        .seed(seed)
        .impressions_per_user(rng.gen_range(1.0..8.0));
    let world = world(&params.check().unwrap());
    let as_of = world.as_of;
    let mut shaker = Shaker {
        next_event: u64::MAX - 1_000_000,
        rng,
        world,
        as_of,
    };
    shaker.shake();
    let config = shaker.config() + &learned(seed) + own_columns(seed);
    let known_at = shaker.chance(0.25).then(|| shaker.some_day(40));
    Trial {
        calls: calls(&shaker.world, seed),
        groups: groups(&shaker.world, seed),
        abuse_model: (seed % 2 == 1).then(abuse_model),
        world: shaker.world,
        config,
        as_of,
        known_at,
    }
}

/// A model that weighs everything alike, so that whatever is counted shows.
pub(crate) fn abuse_model() -> AbuseModel {
    let names = [
        "book_size",
        "over_budget",
        "one_sided",
        "one_sided_book",
        "shared_device",
        "reporters",
        "report_weight",
        "strangers",
        "dense",
        "alone",
        "alone_book",
        "pooled",
        "pace",
        "in_step",
        "brigade",
        "young",
        "young_one_sided",
        "young_reported",
        "recycled",
        "untrusted",
    ];
    let weights: Vec<_> = names
        .iter()
        .map(|name| json!({ "name": name, "weight": 1.5 }))
        .collect();
    let weighed = json!({
        "intercept": -4.0,
        "weights": weights,
        "calibration": { "curve": "identity", "shifts": null },
    });
    let metrics = json!({
        "log_loss": null, "ne": null, "auc": null, "ece": null, "calibration_ratio": null,
    });
    let model = json!({
        "schema": ABUSE_MODEL_SCHEMA,
        "provenance": { "acquaint": "test", "ledger": "", "snapshot": "" },
        "training": { "accounts": 0, "abusive": 0, "whole": metrics, "without_strangers": metrics },
        "whole": weighed,
        "without_strangers": weighed,
    });
    serde_json::from_value(model).unwrap()
}

/// One world in four has a learned order and factors of its ties, where there is enough to learn from; half of these look at
/// more than ties.
fn learned(seed: u64) -> String {
    if !seed.is_multiple_of(4) {
        return String::new();
    }
    let signals = if seed.is_multiple_of(8) {
        ""
    } else {
        "[ranker.signals]\ncommunities = true\n"
    };
    format!(
        "[ranker]\none_in = 2\nrounds = 30\npool = 30\n[ranker.factors]\nsize = 4\nrounds = 3\n{signals}"
    )
}

/// One world in three has a column of its own, a number: `loyalty`.
fn own_columns(seed: u64) -> &'static str {
    if seed % 3 == 1 {
        "[ads.features.social_accounts]\nloyalty = { kind = \"number\", bins = 4, purpose = \"ad_relevance\" }\n"
    } else {
        ""
    }
}

/// Calls between some accounts, most of them both ways; drawn apart, so that they change nothing else.
fn calls(world: &World, seed: u64) -> Vec<CallCount> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0xCA11);
    let accounts = &world.messenger_accounts;
    let mut calls = Vec::new();
    for _ in 0..accounts.len() * 6 {
        let [a, b] = [0, 0].map(|_| accounts[rng.gen_range(0..accounts.len())].account_id);
        let both = if rng.gen_bool(0.8) { 2 } else { 1 };
        for (from, to) in [(a, b), (b, a)].into_iter().take(both).filter(|_| a != b) {
            calls.push(CallCount {
                from,
                to,
                calls: rng.gen_range(0..20),
                written: rng.gen_range(0..300),
                since: world.as_of.plus_days(-rng.gen_range(20..300)),
            });
        }
    }
    calls
}

/// Groups of up to nine accounts.
fn groups(world: &World, seed: u64) -> Vec<GroupMember> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x6209);
    let accounts = &world.messenger_accounts;
    let n_groups = accounts.len() as u64 / 2;
    let mut members = Vec::new();
    for group in 0..n_groups {
        for _ in 0..rng.gen_range(2..10) {
            members.push(GroupMember {
                group,
                account: accounts[rng.gen_range(0..accounts.len())].account_id,
                joined_at: world.as_of.plus_days(-rng.gen_range(20..300)),
            });
        }
    }
    members
}

struct Shaker {
    rng: Xoshiro256PlusPlus,
    world: World,
    as_of: Timestamp,
    next_event: u64,
}

impl Shaker {
    fn chance(&mut self, p: f64) -> bool {
        self.rng.gen_bool(p)
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.gen_range(0..n.max(1))
    }

    /// Between so many days ago and now.
    fn some_day(&mut self, days: i64) -> Timestamp {
        let back = self.rng.gen_range(0..=days * 86_400);
        Timestamp::from_micros(self.as_of.micros() - back * 1_000_000)
    }

    fn account(&mut self) -> AccountId {
        let i = self.below(self.world.messenger_accounts.len());
        self.world.messenger_accounts[i].account_id
    }

    fn purpose(&mut self) -> Purpose {
        Purpose::ALL[self.below(Purpose::ALL.len())]
    }

    /// As many times as the size of the world allows, up to so many for a hundred people.
    fn times(&mut self, percent: usize) -> usize {
        let most = (self.world.social_accounts.len() * percent).div_ceil(100);
        self.rng.gen_range(0..=most)
    }

    fn shake(&mut self) {
        self.mix_numbers();
        self.mix_devices();
        self.befriend();
        self.fill_books();
        self.talk();
        self.mix_consent();
        self.advertise();
        self.lose_rows();
        self.send();
        self.plot();
    }

    /// Some accounts are verified; some save the same numbers, or report the same accounts, in the same hour. Drawn last, so that
    /// nothing else changes.
    fn plot(&mut self) {
        let kept = self.rng.clone();
        for _ in 0..self.times(20) {
            let (account, verified_at) = (self.account(), self.some_day(300));
            let seed = TrustSeed {
                account,
                verified_at,
            };
            self.world.trust_seeds.push(seed);
        }
        for _ in 0..self.times(10) {
            let group: Vec<AccountId> = (0..3).map(|_| self.account()).collect();
            for _ in 0..4 {
                let (i, at) = (
                    self.below(self.world.messenger_accounts.len()),
                    self.some_day(60),
                );
                let about = self.world.messenger_accounts[i].account_id;
                let phone = self.world.messenger_accounts[i].phone.clone();
                let reports = self.chance(0.3);
                for &by in group.iter().filter(|&&by| by != about) {
                    if reports {
                        self.world.abuse_reports.push(AbuseReport {
                            reporter: by,
                            reported: about,
                            reason: "spam".to_owned(),
                            at,
                        });
                    } else {
                        self.world.address_book.push(AddressBookEntry {
                            account_id: by,
                            phone: phone.clone(),
                            saved_at: at,
                        });
                    }
                }
            }
        }
        self.rng = kept;
    }

    fn mix_numbers(&mut self) {
        for _ in 0..self.times(20) {
            // Two people claim one number.
            let n = self.world.social_accounts.len();
            let (a, b) = (self.below(n), self.below(n));
            self.world.social_accounts[a].phone = self.world.social_accounts[b].phone.clone();
            self.world.social_accounts[a].region = self.world.social_accounts[b].region;
            self.world.social_accounts[a].phone_given_for = PhonePurpose::Contact;
        }
        for _ in 0..self.times(10) {
            let i = self.below(self.world.social_accounts.len());
            self.world.social_accounts[i].phone_given_for = PhonePurpose::Security;
        }
        for _ in 0..self.times(20) {
            self.pass_number_on();
        }
        for _ in 0..self.times(5) {
            // A business writes from a number somebody has, or had.
            if !self.world.businesses.is_empty() {
                let b = self.below(self.world.businesses.len());
                let a = self.below(self.world.messenger_accounts.len());
                self.world.businesses[b].phone = self.world.messenger_accounts[a].phone.clone();
                self.world.businesses[b].region = self.world.messenger_accounts[a].region;
            }
        }
    }

    /// A number goes to another account: recycled, swapped, or claimed by both at once.
    fn pass_number_on(&mut self) {
        let n = self.world.messenger_accounts.len();
        let (a, b) = (self.below(n), self.below(n));
        let at = self.some_day(300);
        let overlaps = self.chance(0.3);
        let (one, other) = (
            self.world.messenger_accounts[a].clone(),
            self.world.messenger_accounts[b].clone(),
        );
        let free = |row: &acquaint::signals::MessengerAccount| {
            row.number_until.is_none() && row.number_since < at
        };
        if one.account_id == other.account_id || !free(&one) || !free(&other) {
            return;
        }
        if overlaps {
            self.world.messenger_accounts[b].phone = one.phone;
            self.world.messenger_accounts[b].region = one.region;
            return;
        }
        let rows = &mut self.world.messenger_accounts;
        rows[a].number_until = Some(at);
        rows[b].number_until = Some(at);
        let mut to_b = other.clone();
        to_b.phone.clone_from(&one.phone);
        to_b.number_since = at;
        to_b.region = one.region;
        let swap = at.micros() % 2 == 0;
        let mut to_a = one;
        to_a.phone.clone_from(&other.phone);
        to_a.number_since = at;
        to_a.region = other.region;
        rows.push(to_b);
        if swap {
            rows.push(to_a);
        }
    }

    fn mix_devices(&mut self) {
        for _ in 0..self.times(25) {
            let n = self.world.messenger_accounts.len();
            let (a, b) = (self.below(n), self.below(n));
            let device = self.world.messenger_accounts[a].device.clone();
            if self.chance(0.5) {
                self.world.messenger_accounts[b].device = device;
            } else {
                let s = self.below(self.world.social_accounts.len());
                self.world.social_accounts[s].device = device;
            }
        }
    }

    fn befriend(&mut self) {
        for _ in 0..self.times(300) {
            let n = self.world.social_accounts.len();
            let (a, b) = (self.below(n), self.below(n));
            if a == b {
                continue;
            }
            let since = self.some_day(900);
            let row = Friendship {
                user_a: self.world.social_accounts[a].user_id,
                user_b: self.world.social_accounts[b].user_id,
                since,
            };
            self.world.friendships.push(row);
            if self.chance(0.1) {
                let kinds = [
                    FeedbackKind::Block,
                    FeedbackKind::Dismiss,
                    FeedbackKind::Hide,
                    FeedbackKind::Report,
                ];
                let kind = kinds[self.below(4)];
                let at = self.some_day(100);
                self.world.feedback.push(Feedback {
                    user_id: row.user_a,
                    other_id: row.user_b,
                    kind,
                    at,
                });
            }
        }
    }

    fn fill_books(&mut self) {
        for _ in 0..self.times(300) {
            let account_id = self.account();
            let phone = if self.chance(0.75) {
                let i = self.below(self.world.messenger_accounts.len());
                Some(self.world.messenger_accounts[i].phone.clone())
            } else {
                let i = self.below(self.world.social_accounts.len());
                self.world.social_accounts[i].phone.clone()
            };
            let saved_at = self.some_day(700);
            if let Some(phone) = phone {
                self.world.address_book.push(AddressBookEntry {
                    account_id,
                    phone,
                    saved_at,
                });
            }
        }
    }

    fn talk(&mut self) {
        for _ in 0..self.times(50) {
            let (from, about, at) = (self.account(), self.account(), self.some_day(200));
            if from != about {
                self.world.abuse_reports.push(AbuseReport {
                    reporter: from,
                    reported: about,
                    reason: "spam".to_owned(),
                    at,
                });
            }
        }
        for _ in 0..self.times(50) {
            if self.world.businesses.is_empty() {
                return;
            }
            let b = self.below(self.world.businesses.len());
            let business_id = self.world.businesses[b].business_id;
            let (account_id, at) = (self.account(), self.some_day(60));
            if self.chance(0.5) {
                self.world.business_threads.push(BusinessThread {
                    business_id,
                    account_id,
                    started_by: StartedBy::Person,
                    started_at: at,
                    last_from_person_at: Some(at),
                    entry_at: None,
                    answered_at: None,
                });
            } else {
                self.world.business_opt_ins.push(BusinessOptIn {
                    business_id,
                    account_id,
                    opted_in_at: at,
                    opted_out_at: None,
                    kind: MessageKind::Marketing,
                });
            }
        }
    }

    /// What businesses sent and what people said about it, close enough together for caps and limits.
    fn send(&mut self) {
        let words = [
            PersonsWord::Stop,
            PersonsWord::Block,
            PersonsWord::Report,
            PersonsWord::Resume,
        ];
        for _ in 0..self.times(120) {
            if self.world.businesses.is_empty() {
                return;
            }
            let b = self.below(self.world.businesses.len());
            let account = self.account();
            let what = if self.chance(0.7) {
                let kind = MessageKind::ALL[self.below(4)];
                BusinessEventKind::Sent { account, kind }
            } else {
                let word = words[self.below(4)];
                BusinessEventKind::Said { account, word }
            };
            let at = self.some_day(2);
            self.world.business_events.push(BusinessEvent {
                business_id: self.world.businesses[b].business_id,
                what,
                at,
            });
        }
    }

    /// Few advertisers with many lists each, lists that are alike, people who hid things, and ads on other lists.
    fn advertise(&mut self) {
        let n_advertisers = self.rng.gen_range(1..=4);
        for at in 0..self.world.ads.len() {
            self.world.ads[at].advertiser_id.0 %= n_advertisers;
            if self.world.ads[at].special_category.is_none() && self.chance(0.4) {
                let list = Some(AudienceId(self.rng.gen_range(1..6)));
                let like = self.chance(0.3);
                let ad = &mut self.world.ads[at];
                (ad.audience_id, ad.lookalike_of) = if like { (None, list) } else { (list, None) };
                if !like {
                    ad.targeting = Targeting::default();
                }
            }
        }
        self.world.truth.customers.clear();
        for list in 1..6 {
            let share = self.rng.gen_range(0.1..1.0);
            for at in 0..self.world.social_accounts.len() {
                if self.chance(share) {
                    let user = self.world.social_accounts[at].user_id;
                    let since = self.some_day(2);
                    let row = (AudienceId(list), user, since);
                    self.world.truth.customers.push(row);
                }
            }
        }
        self.world.make_lists(list_token);
        for _ in 0..self.times(40) {
            let at = self.below(self.world.social_accounts.len());
            let user_id = self.world.social_accounts[at].user_id;
            let ad = self.below(self.world.ads.len());
            let hidden = if self.chance(0.5) {
                Hidden::Ad(self.world.ads[ad].ad_id)
            } else {
                Hidden::Advertiser(self.world.ads[ad].advertiser_id)
            };
            let at = self.some_day(30);
            self.world.ad_feedback.push(AdFeedback {
                user_id,
                hidden,
                at,
            });
        }
    }

    fn mix_consent(&mut self) {
        let share = [5, 20, 50][self.below(3)];
        for _ in 0..self.times(share) {
            let subject = Subject::Account(self.account());
            let kind = self.act();
            self.event(subject, kind);
        }
        for _ in 0..self.times(5) {
            let i = self.below(self.world.messenger_accounts.len());
            if let Some(device) = self.world.messenger_accounts[i].device.device_id {
                self.event(Subject::Device(device), EventKind::Signal);
            }
        }
        if self.chance(0.3) {
            let id = self.next_event - 1;
            let (a, b) = (self.account(), self.account());
            self.event(Subject::Account(a), EventKind::OptOut);
            self.next_event = id + 1;
            self.event(
                Subject::Account(b),
                EventKind::Grant {
                    purpose: Purpose::AdRelevance,
                    asked: false,
                },
            );
        }
        if self.chance(0.3) {
            self.order();
        }
        if self.chance(0.4) {
            self.object();
        }
    }

    /// Every door out, some ways back in, and some that break the ledger.
    fn act(&mut self) -> EventKind {
        let purpose = self.purpose();
        match self.below(15) {
            0..=3 => EventKind::OptOut,
            4 => EventKind::Accept { share: false },
            5 | 6 => EventKind::Withdraw { purpose },
            7 | 8 => EventKind::Grant {
                purpose,
                asked: self.chance(0.3),
            },
            9 => EventKind::Delete,
            10 => EventKind::NoticeServed {
                policy: PolicyId(1),
                digest: TextDigest::of("a text nobody knows"),
            },
            11 => EventKind::Recycled,
            _ => EventKind::GrantAds {
                level: if self.chance(0.8) {
                    AdLevel::Limited
                } else {
                    AdLevel::Full
                },
                asked: self.chance(0.3),
            },
        }
    }

    fn event(&mut self, subject: Subject, kind: EventKind) {
        let valid_time = self.some_day(80);
        let known_time = match self.below(8) {
            0 => self.as_of.plus_days(1),
            1 => self.as_of.plus_days(self.rng.gen_range(2..90)),
            2 => Timestamp::from_micros(valid_time.micros() + 20 * 86_400_000_000),
            _ => valid_time,
        };
        self.next_event -= 1;
        self.world
            .consent_events
            .push(ConsentEventRow::Known(Event {
                event_id: EventId(self.next_event),
                subject,
                kind,
                valid_time,
                known_time,
            }));
    }

    fn order(&mut self) {
        let i = self.below(self.world.messenger_accounts.len());
        let Some(region) = self.world.messenger_accounts[i].region else {
            return;
        };
        let from = self.some_day(50);
        let effect = match self.below(3) {
            0 => OverlayEffect::Deny,
            1 => OverlayEffect::CutOff(self.some_day(300)),
            _ => OverlayEffect::Express(Express {
                since: self.some_day(80),
                unnamed: AdLevel::Limited,
            }),
        };
        let purpose = self.purpose();
        self.world.overlays.push(Overlay {
            region,
            purpose,
            interval: Interval::new(from, None),
            effect,
        });
    }

    fn object(&mut self) {
        if self.world.address_book.is_empty() {
            return;
        }
        let i = self.below(self.world.address_book.len());
        let phone: RawPhone = self.world.address_book[i].phone.clone();
        // Nobody can tell whom an objection without a number is from, and a run stops at it.
        let typed = acquaint::identity::Typed::new(&phone, Region::parse("DE"));
        if acquaint::identity::normalise(&[typed])[0].is_err() {
            return;
        }
        let at = self.some_day(100);
        self.next_event -= 1;
        self.world.consent_events.push(ConsentEventRow::NonUser {
            phone,
            region: Region::parse("DE"),
            event_id: EventId(self.next_event),
            kind: EventKind::NonUserObjects,
            valid_time: at,
            known_time: at,
        });
    }

    /// Accounts nobody told the ledger about, people without an account, rows that contradict each other.
    fn lose_rows(&mut self) {
        for _ in 0..self.times(8) {
            let lost = Subject::Account(self.account());
            self.world.consent_events.retain(
                |row| !matches!(row, ConsentEventRow::Known(event) if event.subject == lost),
            );
        }
        for _ in 0..self.times(5) {
            let i = self.below(self.world.messenger_accounts.len());
            if self.chance(0.5) {
                let mut twin = self.world.messenger_accounts[i].clone();
                twin.registered_at = twin.registered_at.plus_days(-1);
                self.world.messenger_accounts.push(twin);
            } else if self.world.messenger_accounts.len() > 4 {
                let gone = self.world.messenger_accounts[i].account_id;
                self.world
                    .messenger_accounts
                    .retain(|row| row.account_id != gone);
            }
        }
    }

    fn config(&mut self) -> String {
        let profile = ["notice-and-opt-out", "notice-and-opt-out", "opt-in"][self.below(3)];
        let late = ["honour", "record-only"][self.below(2)];
        let hold = self.chance(0.25);
        let score = [
            "adamic-adar",
            "common-neighbours",
            "resource-allocation",
            "jaccard",
        ][self.below(4)];
        let k = self.rng.gen_range(1..8);
        let min = self.rng.gen_range(1..3);
        // Half of the worlds have budgets that some books are just within and some just over.
        let most = if self.chance(0.5) { 15 } else { 10_000 };
        let (entries, per_day) = (self.rng.gen_range(2..=most), self.rng.gen_range(0..2));
        let burst = self.rng.gen_range(1..=entries);
        let (list_min, per_ad, per_advertiser) = (
            self.rng.gen_range(2..6),
            self.rng.gen_range(1..6),
            self.rng.gen_range(1..12),
        );
        let direct = ["own", "own", "mutual", "off"][self.below(4)];
        let practice_from = [0, 2, 5][self.below(3)];
        let friends_min = self.rng.gen_range(2..6);
        format!(
            "[consent]\nprofile = \"{profile}\"\nhold_until_window_end = {hold}\nlate_opt_out = \"{late}\"\n\
             [suggest]\nk = {k}\nscore = \"{score}\"\nmin_intermediaries = {min}\n\
             direct = \"{direct}\"\npractice_from = {practice_from}\n\
             spam_demote_at = 0.1\nspam_remove_at = 0.6\n[ads.ftrl]\nbits = 12\nepochs = 1\n\
             [ads.signals]\nfriends_min = {friends_min}\n\
             [ads.policy]\nsynthetic = true\naudience_min = {list_min}\nlookalike_share = 0.2\nreserve = 0.1\n\
             [[ads.policy.caps]]\nwindow_days = 30\nper_ad = {per_ad}\nper_advertiser = {per_advertiser}\n\
             [business]\nspam_score_limit = 0.1\n\
             [identity.budget]\nentries = {entries}\nburst = {burst}\nper_day = {per_day}\n"
        )
    }
}
