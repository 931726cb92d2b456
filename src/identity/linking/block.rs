//! A block: one number, everyone who held it, and everyone who can be found by it, compared with each other.

use super::super::tenure::{Holder, Tenure, tenures};
use super::super::{E164, Evidence};
use super::claim::{AccountClaim, SocialClaim};
use super::compare::{
    Comparison, DeviceLevel, ModelLevel, RegionLevel, TimeLevel, agree, time_level,
};
use super::device::TermFrequencies;
use crate::ids::AccountId;

/// A tenure and a claim that may be one person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    /// Position among the tenures.
    pub(super) tenure: usize,
    /// Position among the claims.
    pub(super) claim: usize,
    pub(super) comparison: Comparison,
    /// How much the model they agree on says, see [`TermFrequencies`].
    pub(super) rarity: f64,
}

/// One number.
#[derive(Debug)]
pub(super) struct Block<'b> {
    pub(super) tenures: Vec<Tenure>,
    /// Ascending by when they can first have been made.
    pub(super) claims: &'b [SocialClaim],
    /// By tenure, then by claim.
    pub(super) pairs: Vec<Pair>,
    held: &'b [AccountClaim],
}

impl<'b> Block<'b> {
    /// Compares the holders of one number, `held`, sorted and not empty, with the claims on it.
    pub(super) fn of(
        held: &'b [AccountClaim],
        claims: &'b [SocialClaim],
        frequencies: &TermFrequencies,
    ) -> Self {
        let tenures = tenures_of(held);
        let mut pairs = Vec::with_capacity(tenures.len() * claims.len());
        for (tenure, held_by) in tenures.iter().enumerate() {
            let Holder::Account(account) = held_by.holder else {
                continue;
            };
            let row = row_of(held, account, held_by);
            for (claim, social) in claims.iter().enumerate() {
                let Some(time) = time_level(&tenures, tenure, social.given) else {
                    continue;
                };
                let comparison = Comparison::of(time, row, social);
                pairs.push(Pair {
                    tenure,
                    claim,
                    comparison,
                    rarity: rarity(comparison, social, frequencies),
                });
            }
        }
        Self {
            tenures,
            claims,
            pairs,
            held,
        }
    }

    /// What the link of a pair would rest on.
    pub(super) fn evidence(&self, pair: &Pair, account: AccountId) -> Evidence {
        let held = row_of(self.held, account, &self.tenures[pair.tenure]);
        let (a, b) = (held.device, self.claims[pair.claim].device);
        Evidence {
            number: true,
            device_id: pair.comparison.device == DeviceLevel::SameDevice,
            device_type: agree(a.model, b.model) == Some(true),
            os: agree(a.software, b.software) == Some(true),
            region: pair.comparison.region == RegionLevel::SameRegion,
            given_while_held: pair.comparison.time == TimeLevel::GivenDuring,
        }
    }

    /// Does the time speak for an earlier or another holder?
    pub(super) fn is_stale(pair: &Pair) -> bool {
        use TimeLevel::{EarlierOfSeveral, GivenToAnother, LastOfSeveral};
        matches!(
            pair.comparison.time,
            GivenToAnother | LastOfSeveral | EarlierOfSeveral
        )
    }
}

fn rarity(comparison: Comparison, social: &SocialClaim, frequencies: &TermFrequencies) -> f64 {
    match comparison.model {
        ModelLevel::SameBuild => frequencies.of_build(social.device.build),
        ModelLevel::SameModel => frequencies.of_model(social.device.model),
        ModelLevel::SameSystem | ModelLevel::Different | ModelLevel::Unknown => 1.0,
    }
}

fn tenures_of(held: &[AccountClaim]) -> Vec<Tenure> {
    let bindings: Vec<_> = held
        .iter()
        .map(|claim| (claim.binding.account, claim.binding.interval()))
        .collect();
    tenures(&bindings)
}

/// The account's first row that covers part of the tenure.
fn row_of<'b>(held: &'b [AccountClaim], account: AccountId, tenure: &Tenure) -> &'b AccountClaim {
    let first = held.partition_point(|claim| claim.binding.account < account);
    held[first..]
        .iter()
        .find(|claim| claim.binding.interval().overlaps(&tenure.interval))
        .expect("a tenure is made of its account's bindings")
}

/// The claims on a number, among claims sorted by [`order`].
pub(super) fn claims_on(social: &[SocialClaim], number: E164) -> &[SocialClaim] {
    let start = social.partition_point(|claim| claim.key.0 < number);
    let len = social[start..].partition_point(|claim| claim.key.0 == number);
    &social[start..start + len]
}

/// Sorts claims by number, then by when they can first have been made; a repeated row would compete with itself.
pub(super) fn sort_claims(social: &mut Vec<SocialClaim>) {
    use rayon::slice::ParallelSliceMut;
    social.par_sort_unstable_by_key(|claim| (claim.key, claim.user, *claim));
    social.dedup_by_key(|claim| (claim.key, claim.user));
    social.par_sort_unstable_by_key(|claim| (claim.key, claim.given.earliest(), claim.user));
}
