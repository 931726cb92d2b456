//! Business: the corridor of business messaging. Which business may write to which account, and why.

pub(in crate::engine) mod books;
pub(in crate::engine) mod explain;
pub(in crate::engine) mod order;
mod rows;

use std::sync::LazyLock;

use self::books::BusinessBook;
use self::order::Orders;
use crate::business::{
    self, AskedMessage, BusinessGates, Eligibility, Mattering, Reach, RuleBook, Ruling,
    ValidBusinessParams, Verdict,
};
use crate::consent::{BusinessMarketing, BusinessService, Decision, For, Purpose};
use crate::engine::Stage;
use crate::engine::books::reading::Book;
use crate::engine::outputs::OrderRow;
use crate::engine::spam;
use crate::engine::world::World;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::hash::HashMap;
use crate::identity::{E164, number_region};
use crate::ids::{AccountId, BusinessId, Region};
use crate::time::Timestamp;

/// What both purposes of business messaging may see.
#[derive(Debug)]
pub(in crate::engine) struct BusinessViews {
    pub(in crate::engine) service: View<BusinessService>,
    pub(in crate::engine) marketing: View<BusinessMarketing>,
}

/// What the address book says for either purpose.
#[derive(Debug, Default)]
pub(in crate::engine) struct BusinessBooks {
    pub(in crate::engine) service: BusinessBook<BusinessService>,
    pub(in crate::engine) marketing: BusinessBook<BusinessMarketing>,
}

/// The verdicts of all pairs.
#[derive(Debug)]
pub(in crate::engine) struct Verdicts {
    views: BusinessViews,
    eligibility: Eligibility,
    orders: Orders,
    spam: BusinessSpam,
    regions: Regions,
}

/// Spam scores of businesses that have an account, by what may be used for either purpose.
#[derive(Debug, Default)]
pub(in crate::engine) struct BusinessSpam {
    service: HashMap<BusinessId, f64>,
    marketing: HashMap<BusinessId, f64>,
}

/// The regions of numbers.
#[derive(Debug, Default)]
pub(in crate::engine) struct Regions {
    accounts: HashMap<AccountId, Region>,
    businesses: HashMap<BusinessId, Region>,
}

impl Regions {
    /// Of an account with several numbers the newest counts.
    pub(in crate::engine) fn of(inputs: &Inputs) -> Self {
        let mut newest: HashMap<AccountId, (Timestamp, Option<Region>)> = HashMap::default();
        for holder in inputs.accounts.iter() {
            let number = (
                holder.row.number_since,
                holder.number.and_then(number_region),
            );
            let held = newest.entry(holder.row.account_id).or_insert(number);
            *held = (*held).max(number);
        }
        let accounts = newest.into_iter();
        let businesses = inputs.businesses.iter();
        Self {
            accounts: accounts
                .filter_map(|(id, (_, region))| Some((id, region?)))
                .collect(),
            businesses: businesses
                .filter_map(|one| Some((one.row.business_id, number_region(one.number?)?)))
                .collect(),
        }
    }
}

/// What verdicts are made from.
pub(in crate::engine) fn signals<'a>(
    inputs: &'a Inputs,
    spam: &'a BusinessSpam,
    regions: &'a Regions,
) -> business::Signals<'a> {
    business::Signals {
        businesses: inputs.businesses.rows(),
        threads: &inputs.threads,
        opt_ins: &inputs.opt_ins,
        events: &inputs.business_events,
        service_spam: &spam.service,
        marketing_spam: &spam.marketing,
        regions: &regions.accounts,
        business_regions: &regions.businesses,
    }
}

/// By which rules, and for when.
pub(in crate::engine) fn ruling(params: &ValidBusinessParams, as_of: Timestamp) -> Ruling<'_> {
    Ruling {
        book: shipped(),
        params,
        as_of,
    }
}

/// The rules that come with the program, read once.
pub(in crate::engine) fn shipped() -> &'static RuleBook {
    static SHIPPED: LazyLock<RuleBook> = LazyLock::new(RuleBook::shipped);
    &SHIPPED
}

impl BusinessViews {
    /// May an account's data be used for a purpose of business messages?
    fn decision(&self, account: AccountId, purpose: Purpose) -> Decision {
        match purpose {
            Purpose::BusinessMarketing => self.marketing.gates.accounts.decision(account),
            _ => self.service.gates.accounts.decision(account),
        }
    }

    fn gates(&self) -> BusinessGates<'_> {
        BusinessGates {
            service: &self.service.gates.accounts,
            marketing: &self.marketing.gates.accounts,
        }
    }
}

impl Verdicts {
    /// Decides every pair of a business and an account between whom there is anything.
    pub(in crate::engine) fn prepare(
        world: &mut World,
        views: BusinessViews,
        books: &BusinessBooks,
    ) -> Self {
        let service_spam = spam_of(world, &views.service, &books.service.matched);
        let marketing_spam = spam_of(world, &views.marketing, &books.marketing.matched);
        let spam = BusinessSpam {
            service: service_spam,
            marketing: marketing_spam,
        };
        let regions = Regions::of(&world.inputs);
        let signals = signals(&world.inputs, &spam, &regions);
        let ruling = ruling(&world.params.business, world.standing.as_of.valid);
        let eligibility = business::reach(&signals, views.gates(), ruling);
        let mut stages = vec![stage(&eligibility)];
        let orders = Orders::new(&signals, &views, books, ruling.as_of, &mut stages);
        world.stages.append(&mut stages);
        Self {
            views,
            eligibility,
            orders,
            spam,
            regions,
        }
    }

    /// The verdicts on messages, with every rule that spoke.
    fn verdicts<const N: usize>(
        &self,
        world: &World,
        asked: [AskedMessage; N],
    ) -> [Option<Verdict>; N] {
        let signals = signals(&world.inputs, &self.spam, &self.regions);
        let ruling = ruling(&world.params.business, world.standing.as_of.valid);
        business::verdicts(&signals, self.views.gates(), ruling, asked)
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

    /// The businesses that matter to an account, best first.
    pub(in crate::engine) fn order_of(&self, account: AccountId, purpose: Purpose) -> &[Mattering] {
        self.orders.of_account(&self.views, account, purpose)
    }

    /// The orders of everybody as rows.
    pub(in crate::engine) fn order_rows<'a>(
        &'a self,
        stage: &'a mut Stage,
    ) -> impl Iterator<Item = OrderRow> + 'a {
        self.orders.rows(&self.views, stage)
    }

    /// May any business write to an account, for either purpose?
    fn decision(&self, account: AccountId) -> Decision {
        let of = |purpose| self.views.decision(account, purpose);
        let marketing = of(Purpose::BusinessMarketing);
        if marketing.is_allowed() {
            marketing
        } else {
            of(Purpose::BusinessService)
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
