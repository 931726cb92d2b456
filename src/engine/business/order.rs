//! In which order businesses matter to people: one order for each purpose.

use serde::Serialize;

use super::books::BusinessBook;
use super::{BusinessBooks, BusinessViews};
use crate::business::{Crowd, Mattering, Order, Signals, Ties, order};
use crate::consent::{For, Purpose};
use crate::engine::Stage;
use crate::engine::outputs::OrderRow;
use crate::engine::publishing::keep;
use crate::engine::world::view::View;
use crate::ids::{AccountId, BusinessId};
use crate::time::Timestamp;

/// The orders of both purposes.
#[derive(Debug)]
pub(super) struct Orders {
    service: Order,
    marketing: Order,
}

impl Orders {
    pub(super) fn new(
        signals: &Signals<'_>,
        views: &BusinessViews,
        books: &BusinessBooks,
        as_of: Timestamp,
        stages: &mut Vec<Stage>,
    ) -> Self {
        Self {
            service: ordered(signals, &views.service, &books.service, as_of, stages),
            marketing: ordered(signals, &views.marketing, &books.marketing, as_of, stages),
        }
    }

    /// Of a purpose; none if it is not one of business messages.
    const fn of(&self, purpose: Purpose) -> Option<&Order> {
        match purpose {
            Purpose::BusinessService => Some(&self.service),
            Purpose::BusinessMarketing => Some(&self.marketing),
            _ => None,
        }
    }

    /// The businesses that matter to an account, best first; none if the account does not allow the purpose.
    pub(super) fn of_account(
        &self,
        views: &BusinessViews,
        account: AccountId,
        purpose: Purpose,
    ) -> &[Mattering] {
        let order = self.of(purpose);
        let order = order.filter(|_| views.decision(account, purpose).is_allowed());
        order.map_or(&[], |order| order.of_account(account))
    }

    /// As rows, by purpose, account and rank; an account that does not allow a purpose loses all of its order at once.
    pub(super) fn rows<'a>(
        &'a self,
        views: &'a BusinessViews,
        stage: &'a mut Stage,
    ) -> impl Iterator<Item = OrderRow> + 'a {
        let of = |purpose| move |row: &'a Mattering| (purpose, row);
        let service = self.service.rows.iter().map(of(Purpose::BusinessService));
        let marketing = self.marketing.rows.iter();
        let rows = service.chain(marketing.map(of(Purpose::BusinessMarketing)));
        rows.filter(move |(purpose, row)| keep(stage, [views.decision(row.account, *purpose)]))
            .map(|(purpose, row)| as_row(purpose, row))
    }
}

fn ordered<P: For>(
    signals: &Signals<'_>,
    view: &View<P>,
    book: &BusinessBook<P>,
    as_of: Timestamp,
    stages: &mut Vec<Stage>,
) -> Order {
    let order = order(signals, &book.saved, &view.gates.accounts, as_of);
    let mut stage = Stage::new(&format!("businesses × accounts → order ({})", P::PURPOSE));
    stage.pass(order.rows.len() as u64);
    for (reason, n) in &order.denied {
        stage.drop(reason.as_str(), *n);
    }
    stage.drop("unknown_business", order.n_unknown_business);
    stage.drop("not_yet", order.n_not_yet);
    stage.drop("refused", order.n_refused);
    stage.drop("idle", order.n_idle);
    stages.push(stage);
    order
}

fn as_row(purpose: Purpose, row: &Mattering) -> OrderRow {
    OrderRow {
        purpose,
        account: row.account,
        rank: row.rank,
        business: row.business,
        relevance: row.relevance.share(),
        reasons: row.ties.words().map(str::to_owned).collect(),
    }
}

/// Where a business stands in a person's order, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderExplained {
    /// For which purpose.
    pub purpose: Purpose,
    /// From 1,
    pub rank: u32,
    /// of so many.
    pub n: u32,
    /// How much it matters, in millionths.
    pub relevance: u32,
    /// What the person did.
    pub ties: Ties,
    /// What people did.
    pub crowd: Crowd,
}

impl OrderExplained {
    pub(super) fn of(purpose: Purpose, order: &[Mattering], business: BusinessId) -> Option<Self> {
        let row = order.iter().find(|row| row.business == business)?;
        Some(Self {
            purpose,
            rank: row.rank,
            n: u32::try_from(order.len()).unwrap_or(u32::MAX),
            relevance: row.relevance.millionths(),
            ties: row.ties,
            crowd: row.crowd,
        })
    }
}
