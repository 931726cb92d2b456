//! Random small worlds in which everything that can go wrong between people does.

use acquaint::consent::{
    Event, EventKind, Overlay, OverlayEffect, PolicyId, Purpose, Subject, TextDigest,
};
use acquaint::ids::{AccountId, EventId, Region};
use acquaint::signals::{ConsentEventRow, PhonePurpose};
use acquaint::synth::{SynthParams, World, world};
use acquaint::time::{Interval, Timestamp};

/// Numbers that follow from a seed: `SplitMix64` (Steele, Lea and Flood, 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In `0..n`, for n > 0.
    pub(crate) const fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// True once in n.
    pub(crate) const fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n.max(1) as u64)).expect("below a length")
    }
}

/// A world, and under which configuration it is run.
pub(crate) struct RandomWorld {
    pub(crate) world: World,
    pub(crate) config: String,
}

/// The world of a seed: 12 to 60 people, of whom none to all opted out by every door there is.
pub(crate) fn random_world(seed: u64) -> RandomWorld {
    let mut dice = Dice::new(seed);
    let users = 12 + u32::try_from(dice.below(49)).expect("a small number");
    let params = SynthParams::default()
        .users(users)
        .seed(dice.next())
        .impressions_per_user(3.0);
    let mut world = world(&params.check().unwrap());
    if dice.once_in(2) {
        world.overlays.clear();
    }
    tie(&mut world, &mut dice);
    muddle_numbers(&mut world, &mut dice);
    muddle_devices(&mut world, &mut dice);
    let mut events = Events {
        n: 0,
        as_of: world.as_of,
        rows: Vec::new(),
    };
    accept(&mut events, &world, &mut dice);
    refuse(&mut events, &world, &mut dice);
    muddle_events(&mut events, &world, &mut dice);
    world.consent_events.append(&mut events.rows);
    if dice.once_in(3) {
        order(&mut world, &mut dice);
    }
    let config = config(&mut dice);
    RandomWorld { world, config }
}

/// More friendships, so that there is something to suggest.
fn tie(world: &mut World, dice: &mut Dice) {
    let people: Vec<_> = world
        .social_accounts
        .iter()
        .map(|row| row.user_id)
        .collect();
    let Some(mut one) = world.friendships.first().copied() else {
        return;
    };
    for _ in 0..2 * people.len() {
        let (a, b) = (
            people[dice.index(people.len())],
            people[dice.index(people.len())],
        );
        if a != b {
            (one.user_a, one.user_b) = (a.min(b), a.max(b));
            world.friendships.push(one);
        }
    }
}

/// Numbers that are shared, swapped, recycled, claimed by two, or given for security only.
fn muddle_numbers(world: &mut World, dice: &mut Dice) {
    let n = world.messenger_accounts.len();
    for _ in 0..dice.below(4) {
        let (from, to) = (dice.index(n), dice.index(n));
        let (phone, at) = (
            world.messenger_accounts[from].phone.clone(),
            world.messenger_accounts[from].number_since,
        );
        let other = &mut world.messenger_accounts[to];
        other.phone = phone;
        if dice.once_in(2) {
            other.number_since = at.plus_days(20).max(other.registered_at);
            if other
                .number_until
                .is_some_and(|until| until <= other.number_since)
            {
                other.number_until = None;
            }
        }
    }
    let m = world.social_accounts.len();
    for _ in 0..dice.below(4) {
        let (from, to) = (dice.index(m), dice.index(m));
        world.social_accounts[to].phone = world.social_accounts[from].phone.clone();
    }
    for _ in 0..dice.below(3) {
        let at = dice.index(m);
        world.social_accounts[at].phone_given_for = PhonePurpose::Security;
    }
    for _ in 0..dice.below(3) {
        let (account, user) = (dice.index(n), dice.index(m));
        world.social_accounts[user].phone = Some(world.messenger_accounts[account].phone.clone());
    }
}

/// Devices that several accounts use.
fn muddle_devices(world: &mut World, dice: &mut Dice) {
    let n = world.messenger_accounts.len();
    for _ in 0..dice.below(4) {
        let (from, to) = (dice.index(n), dice.index(n));
        world.messenger_accounts[to].device = world.messenger_accounts[from].device.clone();
    }
}

/// Events of a world that come on top.
struct Events {
    n: u64,
    as_of: Timestamp,
    rows: Vec<ConsentEventRow>,
}

impl Events {
    /// Adds an event of so many days before the moment of the run, known so many days later.
    fn add(&mut self, subject: Subject, kind: EventKind, days_ago: u64, known_after: u64) {
        self.n += 1;
        let days = |n: u64| i64::try_from(n).expect("a small number");
        let valid_time = self.as_of.plus_days(-days(days_ago));
        self.rows.push(ConsentEventRow::Known(Event {
            event_id: EventId(u64::MAX - self.n),
            subject,
            kind,
            valid_time,
            known_time: valid_time.plus_days(days(known_after)),
        }));
    }
}

fn accounts(world: &World) -> Vec<AccountId> {
    let mut accounts: Vec<_> = world
        .messenger_accounts
        .iter()
        .map(|row| row.account_id)
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// Most people accept.
fn accept(events: &mut Events, world: &World, dice: &mut Dice) {
    let texts: Vec<_> = world
        .policy_versions
        .iter()
        .map(|row| (row.policy, row.digest))
        .collect();
    for account in accounts(world) {
        if dice.once_in(5) || texts.is_empty() {
            continue;
        }
        let subject = Subject::Account(account);
        let (policy, digest) = texts[dice.index(texts.len())];
        let days = 45 + dice.below(30);
        events.add(
            subject,
            EventKind::NoticeServed { policy, digest },
            days + 1,
            0,
        );
        let share = !dice.once_in(12);
        events.add(subject, EventKind::Accept { share }, days, 0);
        if dice.once_in(4) {
            let purpose = Purpose::ALL[dice.index(Purpose::ALL.len())];
            let asked = dice.once_in(2);
            events.add(subject, EventKind::Grant { purpose, asked }, days - 5, 0);
        }
    }
}

/// A share of people, from nobody to everybody, refuses: by every door, in time and late, known at once and after
/// publication.
fn refuse(events: &mut Events, world: &World, dice: &mut Dice) {
    let one_in = [0, 20, 5, 3, 2, 1][dice.index(6)];
    if one_in == 0 {
        return;
    }
    for account in accounts(world) {
        if !dice.once_in(one_in) {
            continue;
        }
        let subject = Subject::Account(account);
        let kind = match dice.below(10) {
            0 => EventKind::Signal,
            1 => EventKind::Accept { share: false },
            2 => EventKind::Delete,
            3 => EventKind::Recycled,
            4 => EventKind::Withdraw {
                purpose: Purpose::ALL[dice.index(Purpose::ALL.len())],
            },
            _ => EventKind::OptOut,
        };
        let known_after = if dice.once_in(6) { 40 } else { 0 };
        events.add(subject, kind, dice.below(40), known_after);
    }
    for row in &world.messenger_accounts {
        if let Some(device) = row.device.device_id
            && dice.once_in(25)
        {
            events.add(
                Subject::Device(device),
                EventKind::Signal,
                dice.below(40),
                0,
            );
        }
    }
}

/// Unknown texts, ids that say two things, and events that come twice.
fn muddle_events(events: &mut Events, world: &World, dice: &mut Dice) {
    let accounts = accounts(world);
    for _ in 0..dice.below(3) {
        let subject = Subject::Account(accounts[dice.index(accounts.len())]);
        let kind = EventKind::NoticeServed {
            policy: PolicyId(1),
            digest: TextDigest::of("nobody's text"),
        };
        events.add(subject, kind, 30, 0);
    }
    for _ in 0..dice.below(3) {
        let Some(ConsentEventRow::Known(one)) = events.rows.get(dice.index(events.rows.len()))
        else {
            continue;
        };
        let mut other = *one;
        other.subject = Subject::Account(accounts[dice.index(accounts.len())]);
        if dice.once_in(2) {
            other.kind = EventKind::Defer;
        }
        events.rows.push(ConsentEventRow::Known(other));
    }
    if let Some(row) = events.rows.first().cloned()
        && dice.once_in(2)
    {
        events.rows.push(row);
    }
}

/// A regulator's order, for a region where people live.
fn order(world: &mut World, dice: &mut Dice) {
    let regions: Vec<Region> = world
        .messenger_accounts
        .iter()
        .filter_map(|row| row.region)
        .collect();
    let Some(&region) = regions.get(dice.index(regions.len())) else {
        return;
    };
    let effect = if dice.once_in(2) {
        OverlayEffect::Deny
    } else {
        OverlayEffect::CutOff(world.as_of.plus_days(-60))
    };
    let days = i64::try_from(dice.below(60)).expect("a small number");
    world.overlays.push(Overlay {
        region,
        purpose: Purpose::ALL[dice.index(Purpose::ALL.len())],
        interval: Interval::new(world.as_of.plus_days(-days), None),
        effect,
    });
}

/// Both profiles, and everything about consent that can be configured.
fn config(dice: &mut Dice) -> String {
    let profile = ["notice-and-opt-out", "opt-in"][usize::from(dice.once_in(5))];
    let late = ["honour", "record-only"][usize::from(dice.once_in(4))];
    let heuristics = [
        "common-neighbours",
        "adamic-adar",
        "resource-allocation",
        "jaccard",
    ];
    format!(
        "[consent]\nprofile = \"{profile}\"\nhold_until_window_end = {}\nlate_opt_out = \"{late}\"\n\
         [suggest]\nscore = \"{}\"\nmin_intermediaries = 1\nk = {}\n",
        dice.once_in(5),
        heuristics[dice.index(4)],
        1 + dice.below(10)
    )
}
