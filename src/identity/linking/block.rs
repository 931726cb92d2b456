//! A block: one number, everyone who held it, and everyone who can be found by it, compared with each other.

use super::super::Evidence;
use super::super::tenure::{Held, Holder, Tenure, only_tenure, tenures};
use super::claim::{AccountClaim, SocialClaim};
use super::compare::{
    Comparison, DeviceLevel, ModelLevel, RegionLevel, TimeLevel, agree, time_level,
};
use super::device::TermFrequencies;
use super::model::ValidLinkModel;
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
#[derive(Debug, Default)]
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
        let mut block = Self::default();
        block.refill(held, claims, frequencies);
        block
    }

    /// Becomes another number's block, in the memory it has.
    pub(super) fn refill(
        &mut self,
        held: &'b [AccountClaim],
        claims: &'b [SocialClaim],
        frequencies: &TermFrequencies,
    ) {
        (self.held, self.claims) = (held, claims);
        self.tenures.clear();
        self.pairs.clear();
        fill_tenures(held, &mut self.tenures);
        let tenures = &self.tenures;
        for (tenure, held_by) in tenures.iter().enumerate() {
            let Holder::Account(account) = held_by.holder else {
                continue;
            };
            let row = row_of(held, account, held_by);
            for (claim, social) in claims.iter().enumerate() {
                let Some(time) = time_level(tenures, tenure, social.given) else {
                    continue;
                };
                let comparison = Comparison::of(time, row, social);
                self.pairs.push(Pair {
                    tenure,
                    claim,
                    comparison,
                    rarity: rarity(comparison, social, frequencies),
                });
            }
        }
    }

    /// The odds of every pair, in the order of the pairs.
    pub(super) fn weigh(&self, model: &ValidLinkModel, odds: &mut Vec<f64>) {
        odds.clear();
        let pairs = self.pairs.iter();
        odds.extend(pairs.map(|pair| model.odds(pair.comparison, pair.rarity)));
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

fn fill_tenures(held: &[AccountClaim], filled: &mut Vec<Tenure>) {
    let bindings = held.iter().map(|claim| {
        let binding = &claim.binding;
        Held {
            account: binding.account,
            interval: binding.interval(),
        }
    });
    if let [_] = held {
        filled.extend(bindings.filter_map(only_tenure));
    } else {
        filled.extend(tenures(&bindings.collect::<Vec<_>>()));
    }
}

/// The account's first row that covers part of the tenure.
fn row_of<'b>(held: &'b [AccountClaim], account: AccountId, tenure: &Tenure) -> &'b AccountClaim {
    let first = held.partition_point(|claim| claim.binding.account < account);
    held[first..]
        .iter()
        .find(|claim| claim.binding.interval().overlaps(&tenure.interval))
        .expect("a tenure is made of its account's bindings")
}
