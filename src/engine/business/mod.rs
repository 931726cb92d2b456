//! Business: the corridor of business messaging. Which business may write to which account, and why.

mod rows;

use crate::business::{self, Eligibility, Reach};
use crate::consent::{BusinessMarketing, BusinessService, Decision, For};
use crate::engine::Stage;
use crate::engine::books::reading::Book;
use crate::engine::spam;
use crate::engine::world::World;
use crate::engine::world::view::View;
use crate::hash::HashMap;
use crate::identity::E164;
use crate::ids::{AccountId, BusinessId};

/// What both purposes of business messaging may see.
#[derive(Debug)]
pub(in crate::engine) struct BusinessViews {
    pub(in crate::engine) service: View<BusinessService>,
    pub(in crate::engine) marketing: View<BusinessMarketing>,
}

/// What the address book says for either purpose.
#[derive(Debug, Default)]
pub(in crate::engine) struct BusinessBooks {
    pub(in crate::engine) service: Book<BusinessService>,
    pub(in crate::engine) marketing: Book<BusinessMarketing>,
}

/// The verdicts of all pairs.
#[derive(Debug)]
pub(in crate::engine) struct Verdicts {
    views: BusinessViews,
    eligibility: Eligibility,
}

impl Verdicts {
    /// Decides every pair of a business and an account between whom there is anything.
    pub(in crate::engine) fn prepare(
        world: &mut World,
        views: BusinessViews,
        books: &BusinessBooks,
    ) -> Self {
        let service_spam = spam_of(world, &views.service, &books.service);
        let marketing_spam = spam_of(world, &views.marketing, &books.marketing);
        let signals = business::Signals {
            businesses: world.inputs.businesses.rows(),
            threads: &world.inputs.threads,
            opt_ins: &world.inputs.opt_ins,
            service_spam: &service_spam,
            marketing_spam: &marketing_spam,
        };
        let eligibility = business::reach(
            &signals,
            &views.service.gates.accounts,
            &views.marketing.gates.accounts,
            world.standing.as_of.valid,
            &world.params.business,
        );
        world.stages.push(stage(&eligibility));
        Self { views, eligibility }
    }

    /// The verdict of a pair; none if there is nothing between the two, or the account allows neither purpose.
    pub(in crate::engine) fn of_pair(
        &self,
        business: BusinessId,
        account: AccountId,
    ) -> Option<&Reach> {
        let rows = &self.eligibility.rows;
        let key = |row: &Reach| (row.business, row.account);
        let at = rows.binary_search_by_key(&(business, account), key).ok()?;
        Some(&rows[at]).filter(|row| self.decision(row.account).is_allowed())
    }

    /// May any business write to an account, for either purpose?
    fn decision(&self, account: AccountId) -> Decision {
        let marketing = self.views.marketing.gates.accounts.decision(account);
        if marketing.is_allowed() {
            marketing
        } else {
            self.views.service.gates.accounts.decision(account)
        }
    }
}

fn stage(eligibility: &Eligibility) -> Stage {
    let mut stage = Stage::new("businesses × accounts → verdicts");
    stage.pass(eligibility.rows.len() as u64);
    for (reason, n) in &eligibility.denied {
        stage.drop(reason.as_str(), *n);
    }
    stage.drop("unknown_business", eligibility.n_unknown_business);
    stage.drop("not_yet", eligibility.n_not_yet);
    stage
}

/// The spam score of each business that has an account, resting on what may be used for that purpose: a
/// number counts as held by whom the purpose allows, whoever else names it.
fn spam_of<P: For>(world: &World, view: &View<P>, book: &Book<P>) -> HashMap<BusinessId, f64> {
    let inputs = &world.inputs;
    let found = spam::scores(inputs, view, book, &[], &world.params.abuse);
    let score_of: HashMap<AccountId, f64> = (found.scores.iter())
        .map(|s| (s.account, s.score))
        .collect();
    let accounts: HashMap<E164, AccountId> = inputs
        .account_claims()
        .map(|claim| (claim.binding.number, claim.binding.account))
        .filter(|(_, account)| view.gates.accounts.decision(*account).is_allowed())
        .collect();
    let businesses = inputs.businesses.iter();
    businesses
        .filter_map(|one| {
            let account = accounts.get(&one.number?)?;
            Some((one.row.business_id, *score_of.get(account)?))
        })
        .collect()
}
