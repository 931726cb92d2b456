//! Linking: which messenger account and which social account are one person?
//!
//! Both must name the same number, and the social account must have given it as a way to be found. What else is known
//! decides how probable it is that they are one person: when the number was given and who held it since, the device,
//! its model and software, the region ([`Comparison`]). Fellegi and Sunter's model ([`LinkModel`]) weighs the levels of
//! agreement; claims on one number compete. A link is made where the probability reaches the purpose's threshold.
//!
//! # Rules that no probability breaks
//! 1. A device never links: without a number both name there is no pair.
//! 2. A number given for security names nobody: a [`LinkKey`] cannot be made of it.
//! 3. A number that several messenger accounts hold at once, or a business's number, links nobody.
//! 4. A claim made after a tenure ended does not speak of it.
//!
//! The answer depends on everyone in the tables, down to how common a phone is. So that somebody who is out changes
//! nothing for others, [`link`] has to be asked of permitted accounts and of claims nobody refused. It is asked once: were
//! it asked again without the claimants who came to no link, the loser of a contest would win the next one. Asked of all rows,
//! [`link_ever`] tells whose opt-out reaches which other account.

mod block;
mod claim;
mod compare;
mod contest;
mod device;
mod fit;
mod model;
mod parts;
#[cfg(test)]
mod tests;

pub use claim::{AccountClaim, Given, LinkKey, SocialClaim};
pub use compare::{Comparison, DeviceLevel, ModelLevel, RegionLevel, TimeLevel};
pub use device::{DeviceCode, DeviceCodes};
pub use fit::{Fitted, fit};
pub use model::{LinkModel, Rates, SameDevice, ValidLinkModel};
use rayon::prelude::*;

use self::block::Block;
use self::contest::{Asked, Contest};
use self::device::TermFrequencies;
use self::parts::{Part, parts};
use super::distribute::sorted;
use super::{E164, Link, Probability};
use crate::hash::HashSet;

/// What became of the tenures. Every tenure is counted under exactly one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LinkCounts {
    /// Linked to at least one social account for some of its time.
    pub linked: u64,
    /// No social account claims the number at that time.
    pub unclaimed: u64,
    /// Claimed only from a time when it was, or may have been, somebody else's.
    pub stale: u64,
    /// Claimed by several, of whom one alone would have been probable enough.
    pub ambiguous: u64,
    /// Claimed, but what is known besides speaks against it.
    pub improbable: u64,
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
            + self.improbable
            + self.contested
            + self.business_number
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            linked: self.linked + other.linked,
            unclaimed: self.unclaimed + other.unclaimed,
            stale: self.stale + other.stale,
            ambiguous: self.ambiguous + other.ambiguous,
            improbable: self.improbable + other.improbable,
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

/// Both sides of linking, in order.
pub(super) struct Claims {
    parts: Vec<Part>,
    frequencies: TermFrequencies,
}

impl Claims {
    fn new(
        accounts: impl IntoIterator<Item = AccountClaim>,
        social: impl IntoIterator<Item = SocialClaim>,
    ) -> Self {
        let parts = parts(accounts, social);
        let held = parts.iter().flat_map(|part| &part.accounts);
        let claimed = parts.iter().flat_map(|part| &part.social);
        let devices = held.map(|claim| claim.device);
        let devices = devices.chain(claimed.map(|claim| claim.device));
        Self {
            frequencies: TermFrequencies::of(devices),
            parts,
        }
    }

    /// The links of a part, in order.
    fn link(&self, part: &Part, decide: &Decide<'_>) -> Linking {
        let mut linking = Linking::default();
        let (mut block, mut odds) = (Block::default(), Vec::new());
        for (held, claims) in part.numbers() {
            block.refill(held, claims, &self.frequencies);
            if decide.business_numbers.contains(&held[0].binding.number) {
                linking.counts.business_number += block.tenures.len() as u64;
                continue;
            }
            block.weigh(decide.model, &mut odds);
            Contest::new(&block, &odds).decide(decide.asked, decide.threshold, &mut linking);
        }
        linking
    }
}

/// What links are decided by.
struct Decide<'d> {
    business_numbers: &'d HashSet<E164>,
    model: &'d ValidLinkModel,
    asked: Asked,
    threshold: Probability,
}

impl Decide<'_> {
    fn links(&self, claims: &Claims) -> Linking {
        let parts = claims.parts.par_iter();
        let linked: Vec<Linking> = parts.map(|part| claims.link(part, self)).collect();
        let counts = linked.iter().map(|part| part.counts);
        let links: Vec<&[Link]> = linked.iter().map(|part| part.links.as_slice()).collect();
        Linking {
            counts: counts.fold(LinkCounts::default(), LinkCounts::plus),
            links: sorted(links.concat(), |link| (link.account.0, *link)),
        }
    }
}

/// Links messenger accounts to social accounts: who is behind each account, with every link at least as probable as the
/// threshold when all claims on the tenure compete.
///
/// Claims may come in any order; the answer is the same.
///
/// # Complexity
/// O(n) for n claims whose accounts are spread about evenly, in parallel over numbers; on one number, as many comparisons as holders times claimants.
#[must_use]
pub fn link(
    accounts: impl IntoIterator<Item = AccountClaim>,
    social: impl IntoIterator<Item = SocialClaim>,
    business_numbers: &HashSet<E164>,
    model: &ValidLinkModel,
    threshold: Probability,
) -> Linking {
    let decide = Decide {
        business_numbers,
        model,
        asked: Asked::AtTheEnd,
        threshold,
    };
    decide.links(&Claims::new(accounts, social))
}

/// Everybody who may be, or have been, behind an account: what an opt-out follows. These are all who ever were as probable as
/// the threshold by the claims that had been made by then, for a claim that somebody else makes later takes no opt-out away;
/// and, where nobody is as probable once every claim has been made, all who would be if they alone claimed the number.
///
/// # Complexity
/// As [`link`].
#[must_use]
pub fn link_ever(
    accounts: impl IntoIterator<Item = AccountClaim>,
    social: impl IntoIterator<Item = SocialClaim>,
    business_numbers: &HashSet<E164>,
    model: &ValidLinkModel,
    threshold: Probability,
) -> Linking {
    let decide = Decide {
        business_numbers,
        model,
        asked: Asked::Ever,
        threshold,
    };
    decide.links(&Claims::new(accounts, social))
}
