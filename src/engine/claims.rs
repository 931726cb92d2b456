//! Both sides of linking, on their own: what one purpose may compare.

use std::path::Path;

use crate::consent::{
    Abuse, AdRelevance, Analytics, BusinessMarketing, BusinessService, For, FriendSuggestions,
    Purpose,
};
use crate::engine::opening::Opening;
use crate::engine::world::World;
use crate::engine::world::consent_source::LedgerSource;
use crate::engine::{EngineError, Progress, Reading, Times, ValidRunParams};
use crate::hash::{HashMap, HashSet};
use crate::identity::{
    AccountClaim, E164, Fitted, LinkModel, Linking, Probability, SocialClaim, fit, link,
};
use crate::ids::{AccountId, Owned, UserId};
use crate::params::ParamError;

/// What linking compares, for one purpose: the accounts that pass, and the claims on their numbers of whoever did not refuse.
#[derive(Clone, Debug)]
pub struct Claims {
    accounts: Vec<AccountClaim>,
    social: Vec<SocialClaim>,
    business_numbers: HashSet<E164>,
    reading: Reading,
}

impl Claims {
    /// Reads a signals directory and keeps what the gates of a purpose leave to compare.
    ///
    /// # Errors
    /// If a table is missing or cannot be read.
    pub fn read(
        signals: &Path,
        ledger: Option<&LedgerSource<'_>>,
        params: &ValidRunParams,
        times: Times,
        purpose: Purpose,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let opening = Opening {
            signals,
            consent: ledger.into(),
            times,
            published_known: None,
        };
        let world = opening.ask(params, progress)?.world;
        progress.begin("passing the gate", None);
        let claims = match purpose {
            Purpose::FriendSuggestions => Self::of::<FriendSuggestions>(&world),
            Purpose::AdRelevance => Self::of::<AdRelevance>(&world),
            Purpose::Abuse => Self::of::<Abuse>(&world),
            Purpose::Analytics => Self::of::<Analytics>(&world),
            Purpose::BusinessService => Self::of::<BusinessService>(&world),
            Purpose::BusinessMarketing => Self::of::<BusinessMarketing>(&world),
        };
        Ok(Self {
            reading: world.reading(),
            ..claims
        })
    }

    /// What became of the rows that were read.
    #[must_use]
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    fn of<P: For>(world: &World) -> Self {
        let inputs = &world.inputs;
        let gates = world.standing.gates::<P>(inputs);
        let passes = |claim: &AccountClaim| {
            let decision = gates.accounts.decision(claim.binding.account);
            decision.is_allowed()
        };
        let contests = |claim: &SocialClaim| gates.contestants.contains(&claim.user);
        Self {
            accounts: inputs.account_claims().filter(passes).collect(),
            social: inputs.social_claims().filter(contests).collect(),
            business_numbers: inputs.business_numbers.clone(),
            reading: Reading::default(),
        }
    }

    /// The links that reach a threshold.
    #[must_use]
    pub fn link(&self, params: &ValidRunParams, threshold: Probability) -> Linking {
        link(
            self.accounts.iter().copied(),
            self.social.iter().copied(),
            &self.business_numbers,
            params.identity().model(),
            threshold,
        )
    }

    /// A model fitted to these claims, starting from another.
    ///
    /// # Errors
    /// If the model to start from is not valid.
    pub fn fit(&self, start: LinkModel) -> Result<Fitted, ParamError> {
        fit(
            self.accounts.iter().copied(),
            self.social.iter().copied(),
            &self.business_numbers,
            start,
        )
    }

    /// Of accounts and their people as they are said to be, those that can be found: the account passes, and the person, who did not opt out,
    /// gave as a way to be found a number that the account held at some time.
    #[must_use]
    pub fn linkable(&self, owners: &HashSet<Owned>) -> HashSet<Owned> {
        let mut holders: HashMap<E164, Vec<AccountId>> = HashMap::default();
        for claim in &self.accounts {
            let holders = holders.entry(claim.binding.number).or_default();
            holders.push(claim.binding.account);
        }
        let pairs = self.social.iter().flat_map(|claim| {
            let held = holders.get(&claim.key.number()).into_iter().flatten();
            held.map(|&account| Owned {
                user: claim.user,
                account,
            })
        });
        pairs.filter(|pair| owners.contains(pair)).collect()
    }

    /// Accounts that held a number which another account held too, at another time or at once.
    #[must_use]
    pub fn on_passed_numbers(&self) -> HashSet<AccountId> {
        let mut holders: HashMap<E164, HashSet<AccountId>> = HashMap::default();
        for claim in &self.accounts {
            let holders = holders.entry(claim.binding.number).or_default();
            holders.insert(claim.binding.account);
        }
        let passed = holders.into_values().filter(|holders| holders.len() > 1);
        passed.flatten().collect()
    }

    /// People whose number somebody else claims too.
    #[must_use]
    pub fn contesting(&self) -> HashSet<UserId> {
        let mut claimants: HashMap<E164, Vec<UserId>> = HashMap::default();
        for claim in &self.social {
            let claimants = claimants.entry(claim.key.number()).or_default();
            claimants.push(claim.user);
        }
        let contested = claimants.into_values().filter(|users| users.len() > 1);
        contested.flatten().collect()
    }
}
