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
