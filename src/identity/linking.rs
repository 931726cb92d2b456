//! Linking: which messenger account and which social account are one person?
//!
//! Both must name the same number at the same time, and the social account must have given it as a way to be found.
//! A device never links on its own; it decides between several who claim one number.
//!
//! # Rules, for each tenure of a number by one messenger account
//! 1. A social account claims its number from its creation on. If another account held the number after that and
//!    before this tenure, the claim is *stale*: it speaks of the earlier holder, and counts here only if both share a
//!    device.
//! 2. One claimant is linked. Of several, the one that shares a device with the account is, if it is the only one;
//!    otherwise nobody is, for as long as several claim the number.
//! 3. A number that several messenger accounts hold at once, or a business's number, links nobody.
//!
//! The answer depends on everyone in the tables. So that somebody who is out changes nothing for others, it has to be asked
//! of the permitted rows alone; asked of all rows, it tells whose opt-out reaches which other account.

use rayon::prelude::*;

use super::tenure::{Binding, Holder, Tenure, tenures};
use super::{E164, Evidence, Link};
use crate::hash::HashSet;
use crate::ids::{AccountId, UserId};
use crate::signals::{DeviceFacts, MessengerAccount, PhonePurpose, SocialAccount};
use crate::time::{Interval, Timestamp};

/// A number that may be used to find a social account. One given for security is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey(E164);

impl LinkKey {
    /// The key a number makes, if it was given as a way to be found.
    #[must_use]
    pub fn new(number: E164, given_for: PhonePurpose) -> Option<Self> {
        match given_for {
            PhonePurpose::Contact => Some(Self(number)),
            PhonePurpose::Security => None,
        }
    }
}

/// A messenger account held a number, on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountClaim<'a> {
    /// The number, the account and the time.
    pub binding: Binding,
    /// The account's device.
    pub device: &'a DeviceFacts,
}

impl<'a> AccountClaim<'a> {
    /// The claim a row of `messenger_accounts` makes, its number already normalised.
    #[must_use]
    pub fn of(row: &'a MessengerAccount, number: E164) -> Self {
        Self {
            binding: Binding::of(row, number),
            device: &row.device,
        }
    }
}

/// A social account can be found by a number since it exists, and was last used on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocialClaim<'a> {
    /// The number.
    pub key: LinkKey,
    /// The account.
    pub user: UserId,
    /// When it was created.
    pub since: Timestamp,
    /// Its device.
    pub device: &'a DeviceFacts,
}

impl<'a> SocialClaim<'a> {
    /// The claim a row of `social_accounts` makes, its number already normalised; none if it was given for security.
    #[must_use]
    pub fn of(row: &'a SocialAccount, number: E164) -> Option<Self> {
        Some(Self {
            key: LinkKey::new(number, row.phone_given_for)?,
            since: row.created_at,
            user: row.user_id,
            device: &row.device,
        })
    }
}

/// What became of the tenures. Every tenure is counted under exactly one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LinkCounts {
    /// Linked to at least one social account for some of its time.
    pub linked: u64,
    /// No social account claims the number at that time.
    pub unclaimed: u64,
    /// Claimed only from before another account held the number, without a shared device.
    pub stale: u64,
    /// Claimed by several, and the device does not decide.
    pub ambiguous: u64,
    /// Held by several messenger accounts at once.
    pub contested: u64,
    /// A business's number.
    pub business_number: u64,
}

impl LinkCounts {
    /// How many tenures were counted.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.linked
            + self.unclaimed
            + self.stale
            + self.ambiguous
            + self.contested
            + self.business_number
    }

    fn plus(self, other: Self) -> Self {
        Self {
            linked: self.linked + other.linked,
            unclaimed: self.unclaimed + other.unclaimed,
            stale: self.stale + other.stale,
            ambiguous: self.ambiguous + other.ambiguous,
            contested: self.contested + other.contested,
            business_number: self.business_number + other.business_number,
        }
    }
}

/// The links of some accounts, and what became of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linking {
    /// Ascending by account, user and interval.
    pub links: Vec<Link>,
    /// What became of every tenure.
    pub counts: LinkCounts,
}

/// Links messenger accounts to social accounts.
///
/// Claims may come in any order; the answer is the same.
///
/// # Complexity
/// O(n log n) for n claims, in parallel over numbers.
#[must_use]
pub fn link<'a>(
    accounts: impl IntoIterator<Item = AccountClaim<'a>>,
    social: impl IntoIterator<Item = SocialClaim<'a>>,
    business_numbers: &HashSet<E164>,
) -> Linking {
    let mut accounts: Vec<_> = accounts.into_iter().collect();
    accounts.par_sort_unstable();
    let mut social: Vec<_> = social.into_iter().collect();
    // A repeated row would compete with itself.
    social.par_sort_unstable();
    social.dedup_by_key(|claim| (claim.key, claim.user));
    social.par_sort_unstable_by_key(|claim| (claim.key, claim.since, claim.user));
    let numbers: Vec<Linking> = accounts
        .par_chunk_by(|a, b| a.binding.number == b.binding.number)
        .map(|held| link_number(held, &social, business_numbers))
        .collect();
    gather(numbers)
}

fn gather(numbers: Vec<Linking>) -> Linking {
    let counts = numbers
        .iter()
        .map(|of_one| of_one.counts)
        .fold(LinkCounts::default(), LinkCounts::plus);
    let mut links: Vec<Link> = numbers
        .into_iter()
        .flat_map(|of_one| of_one.links)
        .collect();
    links.par_sort_unstable();
    Linking { links, counts }
}

/// Links the holders of one number, `held`, which is sorted and not empty.
fn link_number(
    held: &[AccountClaim<'_>],
    social: &[SocialClaim<'_>],
    business_numbers: &HashSet<E164>,
) -> Linking {
    let number = held[0].binding.number;
    let tenures = tenures_of(held);
    let mut linking = Linking::default();
    if business_numbers.contains(&number) {
        linking.counts.business_number = tenures.len() as u64;
        return linking;
    }
    let claims = claims_on(social, number);
    for tenure in &tenures {
        let outcome = match tenure.holder {
            Holder::Account(account) => {
                let claimants =
                    Claimants::of(&tenures, claims, tenure, device_of(held, account, tenure));
                claimants.link(account, tenure.interval, &mut linking.links)
            }
            Holder::Contested | Holder::Business => Outcome::Contested,
        };
        *linking.counts.under(outcome) += 1;
    }
    linking
}

fn tenures_of(held: &[AccountClaim<'_>]) -> Vec<Tenure> {
    let bindings: Vec<_> = held
        .iter()
        .map(|claim| (claim.binding.account, claim.binding.interval()))
        .collect();
    tenures(&bindings)
}

fn claims_on<'s, 'a>(social: &'s [SocialClaim<'a>], number: E164) -> &'s [SocialClaim<'a>] {
    let start = social.partition_point(|claim| claim.key.0 < number);
    let len = social[start..].partition_point(|claim| claim.key.0 == number);
    &social[start..start + len]
}

/// The device of the account's first row that covers part of the tenure.
fn device_of<'a>(
    held: &[AccountClaim<'a>],
    account: AccountId,
    tenure: &Tenure,
) -> &'a DeviceFacts {
    let first = held.partition_point(|claim| claim.binding.account < account);
    held[first..]
        .iter()
        .find(|claim| claim.binding.interval().overlaps(&tenure.interval))
        .expect("a tenure is made of its account's bindings")
        .device
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Linked,
    Unclaimed,
    Stale,
    Ambiguous,
    Contested,
}

impl LinkCounts {
    fn under(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Linked => &mut self.linked,
            Outcome::Unclaimed => &mut self.unclaimed,
            Outcome::Stale => &mut self.stale,
            Outcome::Ambiguous => &mut self.ambiguous,
            Outcome::Contested => &mut self.contested,
        }
    }
}

/// A social account that claims the number during a tenure.
#[derive(Clone, Copy, Debug)]
struct Claimant {
    user: UserId,
    since: Timestamp,
    evidence: Evidence,
}

/// Everyone who claims the number during a tenure, ascending by when they begin.
#[derive(Debug, Default)]
struct Claimants {
    current: Vec<Claimant>,
    some_are_stale: bool,
}

impl Claimants {
    fn of(
        tenures: &[Tenure],
        claims: &[SocialClaim<'_>],
        tenure: &Tenure,
        device: &DeviceFacts,
    ) -> Self {
        let mut claimants = Self::default();
        for claim in claims
            .iter()
            .take_while(|claim| claim.since < tenure.interval.until)
        {
            let evidence = evidence(device, claim.device);
            if evidence.device_id || !is_stale(tenures, claim.since, tenure.holder) {
                claimants.current.push(Claimant {
                    user: claim.user,
                    since: claim.since.max(tenure.interval.from),
                    evidence,
                });
            } else {
                claimants.some_are_stale = true;
            }
        }
        claimants
    }

    /// Cuts the tenure where another claim begins and links each piece that somebody wins.
    fn link(&self, account: AccountId, tenure: Interval, links: &mut Vec<Link>) -> Outcome {
        let n_before = links.len();
        let mut contest = Contest::default();
        for (idx, claimant) in self.current.iter().enumerate() {
            contest.join(claimant);
            let interval = Interval {
                from: claimant.since,
                until: self
                    .current
                    .get(idx + 1)
                    .map_or(tenure.until, |next| next.since),
            };
            if let Some(winner) = contest.winner().filter(|_| interval.from < interval.until) {
                push_or_extend(links, n_before, winner.linked_to(account, interval));
            }
        }
        self.outcome(links.len() > n_before)
    }

    fn outcome(&self, linked: bool) -> Outcome {
        match (linked, self.current.is_empty(), self.some_are_stale) {
            (true, _, _) => Outcome::Linked,
            (false, false, _) => Outcome::Ambiguous,
            (false, true, true) => Outcome::Stale,
            (false, true, false) => Outcome::Unclaimed,
        }
    }
}

impl Claimant {
    const fn linked_to(&self, account: AccountId, interval: Interval) -> Link {
        Link {
            account,
            user: self.user,
            interval,
            evidence: self.evidence,
        }
    }
}

/// Those who claim a number at one moment.
#[derive(Debug, Default)]
struct Contest {
    n_claimants: usize,
    n_on_device: usize,
    last: Option<Claimant>,
    last_on_device: Option<Claimant>,
}

impl Contest {
    fn join(&mut self, claimant: &Claimant) {
        self.n_claimants += 1;
        self.last = Some(*claimant);
        if claimant.evidence.device_id {
            self.n_on_device += 1;
            self.last_on_device = Some(*claimant);
        }
    }

    /// The only one, or the only one on the account's device.
    fn winner(&self) -> Option<Claimant> {
        match (self.n_claimants, self.n_on_device) {
            (1, _) => self.last,
            (_, 1) => self.last_on_device,
            _ => None,
        }
    }
}

/// Was the number somebody else's when it was given, or the first time it was anybody's after that?
fn is_stale(tenures: &[Tenure], given_at: Timestamp, holder: Holder) -> bool {
    let first = tenures.partition_point(|tenure| tenure.interval.until <= given_at);
    tenures
        .get(first)
        .is_some_and(|tenure| tenure.holder != holder)
}

fn push_or_extend(links: &mut Vec<Link>, n_before: usize, link: Link) {
    match links[n_before..].last_mut() {
        Some(last) if last.user == link.user && last.interval.until == link.interval.from => {
            last.interval.until = link.interval.until;
        }
        _ => links.push(link),
    }
}

fn evidence(account: &DeviceFacts, social: &DeviceFacts) -> Evidence {
    Evidence {
        number: true,
        device_id: same(account.device_id.as_ref(), social.device_id.as_ref()),
        device_type: same(account.device_type.as_ref(), social.device_type.as_ref()),
        os: same(account.os.as_ref(), social.os.as_ref())
            && same(account.os_version.as_ref(), social.os_version.as_ref()),
    }
}

/// Both are known and equal: two unknowns are no evidence.
fn same<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
    a.is_some() && a == b
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::DeviceId;

    const N: u64 = 4_930_123_456;

    fn secs(at: i64) -> Timestamp {
        Timestamp::from_secs(at)
    }

    fn number(digits: u64) -> E164 {
        E164::from_digits(digits).unwrap()
    }

    fn device(id: &str) -> DeviceFacts {
        DeviceFacts {
            device_id: DeviceId::of(id),
            device_type: Some("Pixel 5".into()),
            os: Some("android".into()),
            os_version: Some("11".into()),
        }
    }

    /// Number, account, since, until, device.
    type Account = (u64, u64, i64, i64, &'static str);
    /// Number, user, since, device.
    type Social = (u64, u64, i64, &'static str);

    fn linking(accounts: &[Account], social: &[Social], business: &[u64]) -> Linking {
        let account_devices: Vec<_> = accounts.iter().map(|row| device(row.4)).collect();
        let social_devices: Vec<_> = social.iter().map(|row| device(row.3)).collect();
        let held = accounts.iter().zip(&account_devices).map(
            |(&(n, account, since, until, _), device)| AccountClaim {
                binding: Binding {
                    number: number(n),
                    account: AccountId(account),
                    since: secs(since),
                    until: secs(until),
                },
                device,
            },
        );
        let claimed = social
            .iter()
            .zip(&social_devices)
            .map(|(&(n, user, since, _), device)| SocialClaim {
                key: LinkKey::new(number(n), PhonePurpose::Contact).unwrap(),
                user: UserId(user),
                since: secs(since),
                device,
            });
        link(
            held,
            claimed,
            &business.iter().copied().map(number).collect(),
        )
    }

    /// Checks who is linked to whom, from when until when.
    #[track_caller]
    fn check(
        accounts: &[Account],
        social: &[Social],
        expected: &[(u64, u64, i64, i64)],
    ) -> LinkCounts {
        let found = linking(accounts, social, &[]);
        let plain: Vec<_> = found
            .links
            .iter()
            .map(|l| {
                (
                    l.account.0,
                    l.user.0,
                    l.interval.from.micros(),
                    l.interval.until.micros(),
                )
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|&(account, user, from, until)| {
                (account, user, secs(from).micros(), secs(until).micros())
            })
            .collect();
        assert_eq!(plain, expected);
        let (back_a, back_s): (Vec<_>, Vec<_>) = (
            accounts.iter().rev().copied().collect(),
            social.iter().rev().copied().collect(),
        );
        assert_eq!(linking(&back_a, &back_s, &[]), found, "in whatever order");
        found.counts
    }

    #[test]
    fn a_link_lasts_while_both_hold_the_number() {
        check(&[(N, 1, 10, 90, "")], &[(N, 7, 5, "")], &[(1, 7, 10, 90)]);
        check(&[(N, 1, 10, 90, "")], &[(N, 7, 50, "")], &[(1, 7, 50, 90)]);
        let counts = check(
            &[(N, 1, 10, 90, "")],
            &[(N, 7, 90, ""), (N + 1, 8, 0, "")],
            &[],
        );
        assert_eq!(
            counts,
            LinkCounts {
                unclaimed: 1,
                ..LinkCounts::default()
            }
        );
    }

    #[test]
    fn several_accounts_of_one_person() {
        let accounts = [(N, 1, 0, 40, ""), (N, 1, 50, 90, ""), (N + 1, 2, 0, 90, "")];
        let social = [(N, 7, 0, ""), (N + 1, 8, 0, "")];
        check(
            &accounts,
            &social,
            &[(1, 7, 0, 40), (1, 7, 50, 90), (2, 8, 0, 90)],
        );
    }

    #[test]
    fn deny_numbers_given_for_security() {
        assert_eq!(LinkKey::new(number(N), PhonePurpose::Security), None);
    }

    #[test]
    fn deny_links_by_device_alone() {
        let counts = check(
            &[(N, 1, 0, 90, "phone"), (N + 1, 2, 0, 90, "phone")],
            &[(N + 2, 7, 0, "phone")],
            &[],
        );
        assert_eq!(counts.unclaimed, 2);
    }

    #[test]
    fn deny_links_where_several_claim_a_number() {
        let both = [(N, 7, 0, ""), (N, 8, 0, "")];
        assert_eq!(check(&[(N, 1, 0, 90, "phone")], &both, &[]).ambiguous, 1);
        let shared = [(N, 7, 0, "phone"), (N, 8, 0, "phone")];
        assert_eq!(check(&[(N, 1, 0, 90, "phone")], &shared, &[]).ambiguous, 1);
    }

    #[test]
    fn a_device_decides_between_several() {
        let social = [(N, 7, 0, "tablet"), (N, 8, 0, "phone"), (N, 9, 0, "")];
        check(&[(N, 1, 0, 90, "phone")], &social, &[(1, 8, 0, 90)]);
    }

    #[test]
    fn a_second_claim_matters_only_once_it_is_there() {
        let account = [(N, 1, 0, 90, "phone")];
        check(&account, &[(N, 7, 0, ""), (N, 8, 40, "")], &[(1, 7, 0, 40)]);
        check(
            &account,
            &[(N, 7, 0, "phone"), (N, 8, 40, "")],
            &[(1, 7, 0, 90)],
        );
        check(
            &account,
            &[(N, 7, 0, ""), (N, 8, 40, "phone")],
            &[(1, 7, 0, 40), (1, 8, 40, 90)],
        );
    }

    #[test]
    fn deny_the_earlier_holder_s_claim_to_a_recycled_number() {
        let recycled = [(N, 1, 10, 40, "old"), (N, 2, 85, 200, "new")];
        let counts = check(&recycled, &[(N, 7, 5, "")], &[(1, 7, 10, 40)]);
        assert_eq!((counts.linked, counts.stale), (1, 1));
        check(
            &recycled,
            &[(N, 7, 5, ""), (N, 8, 90, "")],
            &[(1, 7, 10, 40), (2, 8, 90, 200)],
        );
        check(
            &recycled,
            &[(N, 7, 5, "new")],
            &[(1, 7, 10, 40), (2, 7, 85, 200)],
        );
        check(&recycled, &[(N, 7, 60, "")], &[(2, 7, 85, 200)]);
    }

    #[test]
    fn deny_numbers_held_by_several_at_once() {
        let counts = check(
            &[(N, 1, 0, 60, "a"), (N, 2, 40, 90, "b")],
            &[(N, 7, 0, "a")],
            &[(1, 7, 0, 40)],
        );
        assert_eq!((counts.linked, counts.contested, counts.stale), (1, 1, 1));
    }

    #[test]
    fn deny_numbers_of_businesses() {
        let found = linking(&[(N, 1, 0, 60, "a")], &[(N, 7, 0, "a")], &[N]);
        assert_eq!(found.links, []);
        assert_eq!(
            found.counts,
            LinkCounts {
                business_number: 1,
                ..LinkCounts::default()
            }
        );
    }

    #[test]
    fn evidence_is_what_both_are_known_to_share() {
        let found = linking(&[(N, 1, 0, 60, "")], &[(N, 7, 0, "")], &[]);
        let expected = Evidence {
            number: true,
            device_id: false,
            device_type: true,
            os: true,
        };
        assert_eq!(found.links[0].evidence, expected);
        assert_eq!(
            evidence(&DeviceFacts::default(), &DeviceFacts::default()),
            Evidence {
                number: true,
                ..Evidence::default()
            },
            "two unknowns are no evidence"
        );
    }

    /// The same rules, asked instant by instant.
    fn naive_user(
        accounts: &[Account],
        social: &[Social],
        n: u64,
        account: u64,
        at: i64,
    ) -> Option<u64> {
        let holders = |at: i64| -> Vec<u64> {
            let mut holders: Vec<_> = accounts
                .iter()
                .filter(|a| a.0 == n && a.2 <= at && at < a.3)
                .map(|a| a.1)
                .collect();
            holders.sort_unstable();
            holders.dedup();
            holders
        };
        if holders(at) != [account] {
            return None;
        }
        let on = accounts.iter().find(|a| a.1 == account).unwrap().4;
        let shares = |s: &&Social| !on.is_empty() && s.3 == on;
        let first_holder = |since: i64| (since..=at).map(holders).find(|h| !h.is_empty());
        let claims: Vec<&Social> = social
            .iter()
            .filter(|s| s.0 == n && s.2 <= at)
            .filter(|s| shares(s) || first_holder(s.2).as_deref() == Some(&[account]))
            .collect();
        let on_device: Vec<_> = claims.iter().copied().filter(shares).collect();
        match (claims.as_slice(), on_device.as_slice()) {
            ([only], _) | (_, [only]) => Some(only.1),
            _ => None,
        }
    }

    const DEVICES: [&str; 3] = ["", "phone", "tablet"];

    proptest! {
        #[test]
        fn prop_oracle_every_instant(
            accounts in proptest::collection::vec((0_u64..2, 0_u64..4, 0_i64..15, 0_i64..15), 0..6),
            social in proptest::collection::vec((0_u64..2, 0_i64..15, 0_usize..3), 0..5),
        ) {
            // An account has one device, whatever its numbers.
            let accounts: Vec<Account> = accounts
                .into_iter()
                .map(|(n, a, since, until)| (N + n, a, since, until, DEVICES[usize::try_from(a % 3).unwrap()]))
                .collect();
            let social: Vec<Social> = (0..)
                .zip(social)
                .map(|(user, (n, since, device))| (N + n, user, since, DEVICES[device]))
                .collect();
            let found = linking(&accounts, &social, &[]);
            let mut tested = 0;
            for (n, account, at) in (0..2).flat_map(|n| (0..4).flat_map(move |a| (0..15).map(move |at| (N + n, a, at)))) {
                let naive = naive_user(&accounts, &social, n, account, at);
                let keys: Vec<_> = social.iter().filter(|s| s.0 == n).map(|s| s.1).collect();
                let linked: Vec<_> = found
                    .links
                    .iter()
                    .filter(|l| l.account.0 == account && keys.contains(&l.user.0) && l.interval.contains(secs(at)))
                    .map(|l| l.user.0)
                    .collect();
                prop_assert_eq!(linked, Vec::from_iter(naive));
                tested += 1;
            }
            prop_assert_eq!(tested, 2 * 4 * 15);
        }
    }

    #[test]
    fn same_for_any_number_of_threads() {
        let accounts: Vec<Account> = (0..4_000_u32)
            .map(|i| {
                (
                    N + u64::from(i % 3_000),
                    u64::from(i),
                    i64::from(i % 40),
                    i64::from(i % 60),
                    DEVICES[i as usize % 3],
                )
            })
            .collect();
        let social: Vec<Social> = (0..4_000_u32)
            .map(|i| {
                (
                    N + u64::from(i * 11 % 3_500),
                    u64::from(i),
                    i64::from(i % 50),
                    DEVICES[i as usize % 2],
                )
            })
            .collect();
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build()
                .unwrap();
            pool.install(|| linking(&accounts, &social, &[N, N + 1]))
        };
        let one = run(1);
        assert!(one.links.len() > 100 && one.counts.ambiguous > 0);
        assert_eq!(one, run(3));
    }
}
