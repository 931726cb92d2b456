//! Business messages: verdicts per second, with every rule that spoke, one thread and all; of the judge alone, and of whole tables
//! with consent and everything that has to be counted.

use std::hint::black_box;

use acquaint::business::{
    BusinessAt, BusinessGates, BusinessParams, Eligibility, Entry, Judge, Message, PairAt,
    PersonAt, RuleBook, Ruling, Signals, reach,
};
use acquaint::consent::{BusinessMarketing, BusinessService, Gate};
use acquaint::hash::HashMap;
use acquaint::ids::{AccountId, BusinessId, Region};
use acquaint::signals::{
    Business, BusinessEvent, BusinessEventKind, BusinessOptIn, BusinessThread, MessageKind,
    PersonsWord, RawPhone, SendingLimit, StartedBy,
};
use acquaint::time::Timestamp;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;

#[path = "common/gates.rs"]
mod gates;
#[path = "common/scatter.rs"]
mod scatter;
use scatter::scatter;

const NOW: &str = "2026-11-30T12:00:00Z";
const BUSINESSES: u64 = 1_000;
/// Businesses that each account knows.
const KNOWN: u64 = 4;

/// What lies between a business and a person, and both of them: every branch of every check is met.
struct Case {
    business: BusinessAt,
    person: PersonAt,
    pair: PairAt,
    kind: MessageKind,
}

fn case(n: u32, now: Timestamp) -> Case {
    let hash = n.wrapping_mul(2_654_435_761);
    let ago = |hours: u32| {
        Some(Timestamp::from_secs(
            now.micros() / 1_000_000 - i64::from(hours) * 3_600,
        ))
    };
    let region = |n: u32| Region::parse(["DE", "US", "BR", "IN", "JP"][n as usize % 5]);
    let is = |bit: u32| hash >> bit & 1 == 1;
    Case {
        business: BusinessAt {
            is_verified: !hash.is_multiple_of(16),
            region: region(hash >> 3),
            started: hash >> 7 & 511,
            limit: Some(SendingLimit::People(250)),
        },
        person: PersonAt {
            region: region(hash >> 11),
            marketing: hash >> 13 & 3,
        },
        pair: PairAt {
            wrote_at: ago(hash >> 15 & 63).filter(|_| is(1)),
            entry: ago(hash >> 9 & 127).filter(|_| is(2)).map(|came_at| Entry {
                came_at,
                answered_at: Some(came_at),
            }),
            asked_at: [ago(hash >> 5 & 255), ago(9), ago(hash >> 4 & 255)],
            withdrawn_at: [None, ago(9).filter(|_| is(3)), ago(100).filter(|_| is(4))],
            stopped_at: ago(5).filter(|_| is(5)),
            resumed_at: ago(4).filter(|_| is(6)),
            ..PairAt::default()
        },
        kind: MessageKind::ALL[n as usize % 4],
    }
}

/// How many are allowed, and how many reasons there were: each verdict is looked at whole.
fn judged(judge: &Judge<'_>, cases: &[Case]) -> usize {
    let of = |case: &Case| {
        let message = Message {
            kind: case.kind,
            denial: None,
            spam: Some(0.1),
            template: None,
        };
        let verdict = judge.verdict(message, &case.business, &case.person, &case.pair);
        usize::from(verdict.allowed) + verdict.reasons().count()
    };
    let shares = cases.par_chunks(1 << 14);
    shares.map(|some| some.iter().map(of).sum::<usize>()).sum()
}

fn verdicts(c: &mut Criterion) {
    let book = RuleBook::shipped();
    let params = BusinessParams::default().check();
    let params = params.expect("defaults are in range");
    let now = Timestamp::parse(NOW).expect("it is an instant");
    let judge = Judge::new(book.at(now), &params);
    let mut group = c.benchmark_group("business/verdicts");
    group.sample_size(20);
    for n in [10_000, 100_000, 1_000_000] {
        let cases: Vec<Case> = (0..n).map(|n| case(n, now)).collect();
        group.throughput(Throughput::Elements(u64::from(n)));
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("two threads can be started");
            let id = BenchmarkId::new(format!("threads={threads}"), n);
            group.bench_with_input(id, &cases, |b, cases| {
                b.iter(|| pool.install(|| judged(&judge, black_box(cases))));
            });
        }
    }
    group.finish();
}

/// Tables, as a campaign has them: everybody wrote to some businesses and asked half of them for marketing; a third of the pairs
/// were sent something lately, and one in sixteen persons said stop.
struct Tables {
    businesses: Vec<Business>,
    threads: Vec<BusinessThread>,
    opt_ins: Vec<BusinessOptIn>,
    events: Vec<BusinessEvent>,
    regions: HashMap<AccountId, Region>,
    business_regions: HashMap<BusinessId, Region>,
    spam: HashMap<BusinessId, f64>,
    service: Gate<BusinessService, AccountId>,
    marketing: Gate<BusinessMarketing, AccountId>,
}

fn region_of(n: u64) -> Region {
    let code = ["DE", "US", "BR", "IN", "JP"][usize::try_from(n % 5).expect("below 5")];
    Region::parse(code).expect("it is a code")
}

impl Tables {
    /// Of `n` pairs.
    fn new(n: u64, now: Timestamp) -> Self {
        let accounts = n / KNOWN;
        let ago = |hours: u64| now.micros() - hours.cast_signed() * 3_600_000_000;
        let ago = |hours| Timestamp::from_micros(ago(hours));
        let pairs = (0..n).map(|i| {
            let (account, nth) = (AccountId(i / KNOWN), i % KNOWN);
            let first = scatter(account.0) % BUSINESSES;
            (
                BusinessId((first + nth * 251) % BUSINESSES),
                account,
                scatter(i),
            )
        });
        let threads = pairs
            .clone()
            .map(|(business_id, account_id, bits)| BusinessThread {
                business_id,
                account_id,
                started_by: StartedBy::Person,
                started_at: ago(1_000),
                last_from_person_at: Some(ago(bits % 64)),
                entry_at: (bits & 64 != 0).then(|| ago(bits >> 8 & 63)),
                answered_at: (bits & 64 != 0).then(|| ago(bits >> 8 & 63)),
            });
        let asked = pairs.clone().filter(|(_, _, bits)| bits & 128 != 0);
        let opt_ins = asked.map(|(business_id, account_id, bits)| BusinessOptIn {
            business_id,
            account_id,
            opted_in_at: ago(500),
            opted_out_at: (bits & 0xF00 == 0).then(|| ago(9)),
            kind: MessageKind::Marketing,
        });
        let sent = pairs.clone().filter(|(_, _, bits)| bits % 3 == 0);
        let sent = sent.map(|(business_id, account, bits)| BusinessEvent {
            business_id,
            at: ago(bits >> 16 & 127),
            what: BusinessEventKind::Sent {
                account,
                kind: MessageKind::Marketing,
            },
        });
        let said = pairs.filter(|(_, _, bits)| bits & 0xF000 == 0);
        let said = said.map(|(business_id, account, _)| BusinessEvent {
            business_id,
            at: ago(3),
            what: BusinessEventKind::Said {
                account,
                word: PersonsWord::Stop,
            },
        });
        let business = |id| Business {
            business_id: BusinessId(id),
            phone: RawPhone::default(),
            region: None,
            category: "shop".to_owned(),
            verified_at: Some(ago(5_000)),
            portfolio_id: None,
            tier: Some(SendingLimit::People(10_000)),
            tier_since: None,
        };
        let of_businesses = |id| (BusinessId(id), region_of(id));
        Self {
            businesses: (0..BUSINESSES).map(business).collect(),
            threads: threads.collect(),
            opt_ins: opt_ins.collect(),
            events: sent.chain(said).collect(),
            regions: (0..accounts)
                .map(|id| (AccountId(id), region_of(id)))
                .collect(),
            business_regions: (0..BUSINESSES).map(of_businesses).collect(),
            spam: (0..BUSINESSES).map(|id| (BusinessId(id), 0.1)).collect(),
            service: gates::open(0..accounts),
            marketing: gates::open(0..accounts),
        }
    }

    fn reach(&self, ruling: Ruling<'_>) -> Eligibility {
        let signals = Signals {
            businesses: &self.businesses,
            threads: &self.threads,
            opt_ins: &self.opt_ins,
            events: &self.events,
            regions: &self.regions,
            business_regions: &self.business_regions,
            service_spam: &self.spam,
            marketing_spam: &self.spam,
        };
        let gates = BusinessGates {
            service: &self.service,
            marketing: &self.marketing,
        };
        reach(&signals, gates, ruling)
    }
}

/// Four verdicts for each pair.
fn tables(c: &mut Criterion) {
    let book = RuleBook::shipped();
    let params = BusinessParams::default().check();
    let params = params.expect("defaults are in range");
    let now = Timestamp::parse(NOW).expect("it is an instant");
    let ruling = Ruling {
        book: &book,
        params: &params,
        as_of: now,
    };
    let mut group = c.benchmark_group("business/reach");
    group.sample_size(10);
    for n in [10_000, 100_000, 1_000_000] {
        let tables = Tables::new(n, now);
        group.throughput(Throughput::Elements(4 * n));
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("two threads can be started");
            let id = BenchmarkId::new(format!("threads={threads}"), n);
            group.bench_with_input(id, &tables, |b, tables| {
                b.iter(|| pool.install(|| black_box(tables).reach(ruling)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, verdicts, tables);
criterion_main!(benches);
