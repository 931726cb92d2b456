//! Parts: both sides' claims, apart by number, so that what is compared is in cache together.
//!
//! Which part a number is in and where it stands there is its hash's to say: numbers crowd in countries and prefixes, their
//! hashes do not.

use rayon::prelude::*;

use super::super::E164;
use super::super::distribute::sorted;
use super::claim::{AccountClaim, SocialClaim};
use crate::hash::mix;

/// A part of a million numbers is half a megabyte.
const PART_BITS: u32 = 8;

/// Claims on some numbers, each side in the order of [`scattered`] numbers.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) accounts: Vec<AccountClaim>,
    /// On one number: ascending by when they can first have been made; a user once.
    pub(super) social: Vec<SocialClaim>,
}

/// A number, spread evenly; different numbers stay different.
#[inline]
fn scattered(number: E164) -> u64 {
    mix(number.expose())
}

#[inline]
fn part_of(number: E164) -> usize {
    usize::try_from(scattered(number) >> (u64::BITS - PART_BITS))
        .expect("below the number of parts")
}

/// All claims, put where they belong and in order.
///
/// # Complexity
/// O(n) for n claims, in parallel over parts once they are apart; O(k log k) for k claims on one number.
pub(super) fn parts(
    accounts: impl IntoIterator<Item = AccountClaim>,
    social: impl IntoIterator<Item = SocialClaim>,
) -> Vec<Part> {
    let (accounts, social) = (accounts.into_iter(), social.into_iter());
    let [n_accounts, n_social] = [accounts.size_hint().0, social.size_hint().0].map(share);
    let part = |_| Part {
        accounts: Vec::with_capacity(n_accounts),
        social: Vec::with_capacity(n_social),
    };
    let mut parts: Vec<Part> = (0..1 << PART_BITS).map(part).collect();
    for claim in accounts {
        parts[part_of(claim.binding.number)].accounts.push(claim);
    }
    for claim in social {
        parts[part_of(claim.key.0)].social.push(claim);
    }
    parts.par_iter_mut().for_each(Part::sort);
    parts
}

/// Room for one part's share of the claims, and for the little by which most shares differ.
const fn share(n_claims: usize) -> usize {
    let mean = n_claims >> PART_BITS;
    mean + 3 * mean.isqrt()
}

impl Part {
    fn sort(&mut self) {
        let accounts = std::mem::take(&mut self.accounts);
        self.accounts = sorted(accounts, |claim| (scattered(claim.binding.number), *claim));
        let social = std::mem::take(&mut self.social);
        self.social = sorted(social, |claim| {
            (scattered(claim.key.0), (claim.user, *claim))
        });
        self.social.dedup_by_key(|claim| (claim.key, claim.user));
        for on_number in self.social.chunk_by_mut(|a, b| a.key == b.key) {
            on_number.sort_unstable_by_key(|claim| (claim.given.earliest(), claim.user));
        }
    }

    /// The holders of each number, and the claims on it.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&[AccountClaim], &[SocialClaim])> {
        let mut ahead = self.social.as_slice();
        let holders = self
            .accounts
            .chunk_by(|a, b| a.binding.number == b.binding.number);
        holders.map(move |held| {
            let number = held[0].binding.number;
            let here = scattered(number);
            let start = first_not(ahead, |claim| scattered(claim.key.0) < here);
            let len = first_not(&ahead[start..], |claim| claim.key.0 == number);
            let claims = &ahead[start..start + len];
            ahead = &ahead[start + len..];
            (held, claims)
        })
    }
}

/// How many claims at the beginning are so.
fn first_not(claims: &[SocialClaim], is_so: impl Fn(&SocialClaim) -> bool) -> usize {
    let first = claims.iter().position(|claim| !is_so(claim));
    first.unwrap_or(claims.len())
}
