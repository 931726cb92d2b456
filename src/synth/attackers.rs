//! Attackers of six kinds, and honest people who use everything a great deal: off by default.
//!
//! They are drawn after everything else and from streams of their own: a world without them keeps its bytes, and one with them
//! has the same people. Rows of theirs come last in each table. As many accounts of each kind are made as
//! [`attackers`](super::SynthParams::attackers) says, and three times as many heavy users as attackers of one kind.
//!
//! | kind | what it does |
//! |---|---|
//! | `enumerator` | one account saves whole runs of numbers around real ones within days |
//! | `spread` | thirty to sixty accounts share blocks of numbers out among themselves, slowly, each on its own phone |
//! | `lockstep` | eight to twenty-five accounts save the same people within the same minutes |
//! | `farm` | six to twelve accounts on one phone save people who do not know them, and each other |
//! | `recycler` | a new account on somebody's former number saves strangers, and is reported |
//! | `brigade` | eight to twenty accounts report the same honest people within the same minutes |
//! | `witness` | honest, a person of the world: reports several accounts of one farm within the same minutes as others |
//! | `heavy` | honest: hundreds of contacts saved at once from an old phone, half of whom save the number back; some share a phone at work, some are reported by somebody |

mod witnesses;

use rand::Rng;

use super::accounts::{Account, Accounts, Fate, Holder};
use super::calendar::AS_OF;
use super::consent;
use super::devices::Device;
use super::draw::{Stream, Topic, between, chance, index, pick, spread_id, stream, whole};
use super::numbers::{Exchange, Number, stranger};
use super::params::ValidSynthParams;
use super::people::Society;
use super::profiles;
use crate::hash::HashSet;
use crate::ids::AccountId;
use crate::signals::{
    AbuseReport, AddressBookEntry, ConsentEventRow, MessengerAccount, RawPhone, TrustSeed,
};
use crate::time::Timestamp;

/// Positions from which on devices of added accounts are counted.
const DEVICES_FROM: u32 = 1 << 30;
/// Share of honest people's accounts that somebody checked.
const VERIFIED_SHARE: f64 = 0.02;
/// Heavy users for each attacker of one kind.
const HEAVY_FOR_ONE: usize = 3;

/// What is added to a world, table by table; nothing where no attackers are asked for.
#[derive(Default)]
pub(super) struct Added {
    /// The kind of each added account.
    kinds: Vec<(AccountId, &'static str)>,
    /// People of the world who reported a farm together.
    witnesses: HashSet<AccountId>,
    accounts: Vec<Account>,
    pub(super) rows: Vec<MessengerAccount>,
    pub(super) book: Vec<AddressBookEntry>,
    pub(super) reports: Vec<AbuseReport>,
    pub(super) seeds: Vec<TrustSeed>,
    pub(super) events: Vec<ConsentEventRow>,
}

impl Added {
    /// Everything that is added to a world.
    pub(super) fn of(
        params: &ValidSynthParams,
        society: &Society,
        accounts: &Accounts,
        exchange: &mut Exchange,
    ) -> Self {
        let people = accounts.all.iter().filter(|one| is_honest(one));
        let people: Vec<&Account> = people.collect();
        if params.attackers() <= 0.0 || people.is_empty() {
            return Self::default();
        }
        let wanted = accounts.all.len() as f64 * params.attackers();
        let n = whole((wanted / 6.0).ceil());
        let mut plot = Plot {
            seed: params.seed(),
            rng: stream(params.seed(), Topic::Attackers),
            first: accounts.all.len(),
            n_strangers: society.people.len(),
            people,
            former: former(accounts),
            exchange,
            farms: Vec::new(),
            added: Self::default(),
        };
        plot.enumerators(n);
        plot.spread(n);
        plot.lockstep(n);
        plot.farms(n);
        plot.recyclers(n);
        plot.brigades(n);
        plot.heavy(n * HEAVY_FOR_ONE);
        plot.verify();
        plot.witnesses();
        plot.finish(society)
    }

    /// The kind of every account of a world, ascending by account.
    pub(super) fn kinds(&self, accounts: &Accounts) -> Vec<(AccountId, &'static str)> {
        let kind = |account: &Account| match account.holder {
            Holder::Person(_) if self.witnesses.contains(&account.id) => "witness",
            Holder::Person(_) => "person",
            Holder::Spammer => "spammer",
            Holder::Business(_) => "business",
        };
        let of_world = accounts.all.iter().map(|one| (one.id, kind(one)));
        let mut kinds: Vec<_> = of_world.chain(self.kinds.iter().copied()).collect();
        kinds.sort_unstable();
        kinds
    }
}

/// A person's account that is still in use and was not opened yesterday.
fn is_honest(account: &Account) -> bool {
    let is_old = account.registered_at < AS_OF.plus_days(-120);
    let is_person = matches!(account.holder, Holder::Person(_));
    is_person && account.fate == Fate::Alive && is_old
}

/// Numbers that accounts moved away from and nobody took, since when they are free.
fn former(accounts: &Accounts) -> Vec<(Number, Timestamp)> {
    let taken: HashSet<Number> = (accounts.all.iter())
        .filter(|one| one.is_recycled)
        .map(|one| one.first)
        .collect();
    let moved = accounts
        .all
        .iter()
        .filter_map(|one| Some((one.first, one.moved?.0)));
    let is_free = |(number, since): &(Number, Timestamp)| {
        !taken.contains(number) && *since < AS_OF.plus_days(-75)
    };
    moved.filter(is_free).collect()
}

/// The plan of all of it, as it is carried out.
struct Plot<'a> {
    seed: u64,
    rng: Stream,
    /// The position of the first added account.
    first: usize,
    n_strangers: usize,
    people: Vec<&'a Account>,
    former: Vec<(Number, Timestamp)>,
    exchange: &'a mut Exchange,
    /// The accounts of each farm.
    farms: Vec<Vec<AccountId>>,
    added: Added,
}

impl Plot<'_> {
    /// Adds an account that is so many days old, on a phone of its own unless one is given.
    fn account(
        &mut self,
        kind: &'static str,
        age_days: std::ops::Range<i64>,
        device: Option<Device>,
    ) -> Account {
        let plan = pick(&mut self.rng, &self.people).first.plan;
        let number = self.exchange.assign(plan);
        let age = self.rng.gen_range(age_days);
        let registered_at = self.some_time(AS_OF.plus_days(-age), 1);
        self.account_on(kind, number, registered_at, device)
    }

    fn account_on(
        &mut self,
        kind: &'static str,
        number: Number,
        registered_at: Timestamp,
        device: Option<Device>,
    ) -> Account {
        let at = self.added.accounts.len();
        let own = Device::Spare(DEVICES_FROM + index(at));
        let account = Account {
            id: AccountId(spread_id(self.seed, 1, self.first + at)),
            holder: Holder::Spammer,
            registered_at,
            last_seen_at: AS_OF.plus_days(-1),
            first: number,
            is_recycled: false,
            moved: None,
            fate: Fate::Alive,
            device: device.unwrap_or(own),
        };
        self.added.kinds.push((account.id, kind));
        self.added.accounts.push(account.clone());
        account
    }

    /// An instant within some days after another, and before the world's moment.
    fn some_time(&mut self, from: Timestamp, days: i64) -> Timestamp {
        let until = from.plus_days(days).min(AS_OF.plus_days(-1));
        between(&mut self.rng, from, until)
    }

    /// When an account begins something that takes some days: after it was opened, and not long ago.
    fn start(&mut self, account: &Account, days: i64) -> Timestamp {
        let latest = AS_OF.plus_days(-days - 1).max(account.registered_at);
        between(
            &mut self.rng,
            account.registered_at.max(AS_OF.plus_days(-90)),
            latest,
        )
    }

    fn save(&mut self, by: &Account, number: Number, saved_at: Timestamp) {
        self.added.book.push(AddressBookEntry {
            account_id: by.id,
            phone: RawPhone::new(number.international()),
            saved_at,
        });
    }

    /// Saves so many random people.
    fn save_people(&mut self, by: &Account, n: usize, from: Timestamp, days: i64) {
        for _ in 0..n {
            let at = self.some_time(from, days);
            if let Some(number) = pick(&mut self.rng, &self.people).number_at(at) {
                self.save(by, number, at);
            }
        }
    }

    /// Two accounts that save each other.
    fn save_each_other(&mut self, group: &[Account]) {
        for (i, one) in group.iter().enumerate() {
            for other in &group[i + 1..] {
                let both = one.registered_at.max(other.registered_at);
                let at = self.some_time(both, 20);
                self.save(one, other.first, at);
                self.save(other, one.first, at);
            }
        }
    }

    fn report(&mut self, reporter: AccountId, about: AccountId, at: Timestamp) {
        if reporter != about {
            self.added.reports.push(AbuseReport {
                reporter,
                reported: about,
                reason: "spam".to_owned(),
                at,
            });
        }
    }

    /// Reports by so many random people.
    fn reported(&mut self, account: &Account, n: usize) {
        for _ in 0..n {
            let at = self.some_time(account.registered_at.max(AS_OF.plus_days(-80)), 80);
            let reporter = pick(&mut self.rng, &self.people).id;
            self.report(reporter, account.id, at);
        }
    }

    /// Groups of some sizes until there are `n` accounts in all.
    fn groups(&mut self, n: usize, sizes: std::ops::RangeInclusive<usize>) -> Vec<usize> {
        let mut left = n;
        let mut groups = Vec::new();
        while left > 0 {
            let size = self.rng.gen_range(sizes.clone());
            // A group that would be too small joins the last.
            let size = if left < size + sizes.start() {
                left
            } else {
                size
            };
            groups.push(size);
            left -= size;
        }
        groups
    }

    fn enumerators(&mut self, n: usize) {
        for _ in 0..n {
            let account = self.account("enumerator", 10..600, None);
            let days = self.rng.gen_range(1..8);
            let start = self.start(&account, days);
            for _ in 0..self.rng.gen_range(40..400) {
                let around = pick(&mut self.rng, &self.people).number();
                for step in 0..self.rng.gen_range(8..20) {
                    let at = self.some_time(start, days);
                    self.save(&account, around.beside(step), at);
                }
            }
            let n_reports = self.rng.gen_range(0..2);
            self.reported(&account, n_reports);
        }
    }

    fn spread(&mut self, n: usize) {
        for size in self.groups(n, 30..=60) {
            let group: Vec<Account> = (0..size)
                .map(|_| self.account("spread", 45..900, None))
                .collect();
            let n_blocks = self.rng.gen_range(20..60);
            for _ in 0..n_blocks {
                let around = pick(&mut self.rng, &self.people).number();
                // Five of each thousand to each account, none to two.
                for step in 0..5 * size as u64 {
                    let account = &group[usize::try_from(step).expect("a small group") % size];
                    let at = self.some_time(AS_OF.plus_days(-40), 38);
                    self.save(
                        account,
                        around.in_block(step * 1_000 / (5 * size as u64)),
                        at,
                    );
                }
            }
            for account in &group {
                let n_people = self.rng.gen_range(20..60);
                self.save_people(account, n_people, AS_OF.plus_days(-40), 38);
            }
        }
    }

    fn lockstep(&mut self, n: usize) {
        for size in self.groups(n, 8..=25) {
            let group: Vec<Account> = (0..size)
                .map(|_| self.account("lockstep", 45..700, None))
                .collect();
            for _ in 0..self.rng.gen_range(30..120) {
                let hour = self.some_time(AS_OF.plus_days(-40), 38);
                let Some(number) = pick(&mut self.rng, &self.people).number_at(hour) else {
                    continue;
                };
                for account in &group {
                    if chance(&mut self.rng, 0.85) {
                        let minutes = self.rng.gen_range(0..20);
                        let at = Timestamp::from_micros(hour.micros() + minutes * 60_000_000);
                        self.save(account, number, at);
                    }
                }
            }
        }
    }

    fn farms(&mut self, n: usize) {
        let sizes = self.groups(n, 6..=12);
        for (farm, size) in sizes.into_iter().enumerate() {
            let device = Device::of_farm(DEVICES_FROM + index(farm));
            let group: Vec<Account> = (0..size)
                .map(|_| self.account("farm", 15..400, Some(device)))
                .collect();
            self.farms.push(group.iter().map(|one| one.id).collect());
            self.save_each_other(&group);
            for account in &group {
                let (n_people, days) = (self.rng.gen_range(40..200), self.rng.gen_range(2..11));
                let start = self.start(account, days);
                self.save_people(account, n_people, start, days);
                let n_reports = self.rng.gen_range(0..5);
                self.reported(account, n_reports);
            }
        }
    }

    fn recyclers(&mut self, n: usize) {
        for _ in 0..n {
            if self.former.is_empty() {
                return;
            }
            let at = self.rng.gen_range(0..self.former.len());
            let (number, _) = self.former.swap_remove(at);
            let registered_at = self.some_time(AS_OF.plus_days(-26), 22);
            let account = self.account_on("recycler", number, registered_at, None);
            let n_people = self.rng.gen_range(15..70);
            self.save_people(&account, n_people, registered_at, 4);
            let n_reports = self.rng.gen_range(1..4);
            self.reported(&account, n_reports);
        }
    }

    fn brigades(&mut self, n: usize) {
        for size in self.groups(n, 8..=20) {
            let group: Vec<Account> = (0..size)
                .map(|_| self.account("brigade", 20..300, None))
                .collect();
            self.save_each_other(&group);
            for account in &group {
                let n_people = self.rng.gen_range(5..25);
                self.save_people(account, n_people, account.registered_at, 15);
            }
            for _ in 0..self.rng.gen_range(5..16) {
                let target = pick(&mut self.rng, &self.people).id;
                let hour = self.some_time(AS_OF.plus_days(-18), 16);
                for account in &group {
                    if chance(&mut self.rng, 0.9) {
                        let minutes = self.rng.gen_range(0..20);
                        let at = Timestamp::from_micros(hour.micros() + minutes * 60_000_000);
                        self.report(account.id, target, at);
                    }
                }
            }
        }
    }

    fn heavy(&mut self, n: usize) {
        let mut work = None;
        for i in 0..n {
            // One in five shares a phone at work with up to four others.
            let shares = chance(&mut self.rng, 0.2);
            if shares && i % 4 == 0 {
                work = Some(Device::of_farm(2 * DEVICES_FROM + index(i)));
            }
            let account = self.account("heavy", 30..1_500, work.filter(|_| shares));
            let moved_in = self.start(&account, 1);
            let back_share = self.rng.gen_range(0.35..0.85);
            for _ in 0..self.rng.gen_range(120..700) {
                let friend = *pick(&mut self.rng, &self.people);
                let at = Timestamp::from_micros(
                    moved_in.micros() + self.rng.gen_range(0..3_600_000_000),
                );
                if let Some(number) = friend.number_at(at) {
                    self.save(&account, number, at);
                    if chance(&mut self.rng, back_share) {
                        let at = self.some_time(account.registered_at, 400);
                        self.save(friend, account.first, at);
                    }
                }
            }
            for _ in 0..self.rng.gen_range(20..250) {
                let number = stranger(account.first.plan, self.n_strangers, &mut self.rng);
                self.save(&account, number, moved_in);
            }
            let n_reports =
                usize::from(chance(&mut self.rng, 0.25)) + usize::from(chance(&mut self.rng, 0.05));
            self.reported(&account, n_reports);
        }
    }

    /// Honest people whose account somebody checked.
    fn verify(&mut self) {
        for account in &self.people {
            if chance(&mut self.rng, VERIFIED_SHARE) {
                let verified_at = between(&mut self.rng, account.registered_at, AS_OF);
                self.added.seeds.push(TrustSeed {
                    account: account.id,
                    verified_at,
                });
            }
        }
    }

    /// Makes the rows of the accounts, puts every table in order, and writes what they answered.
    fn finish(self, society: &Society) -> Added {
        let Self {
            seed,
            mut rng,
            mut added,
            ..
        } = self;
        for account in &added.accounts {
            let device = account.device.facts(seed);
            profiles::add_account(&device, society, account, &mut rng, &mut added.rows);
        }
        added.rows.sort_unstable();
        added.book.sort_unstable();
        added.book.dedup();
        added.reports.sort_unstable();
        added.seeds.sort_unstable();
        added.events = consent::acceptances(seed, &added.accounts);
        added
    }
}
