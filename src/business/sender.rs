//! Whose limit a message counts towards.

use super::book::LimitPer;
use crate::ids::{BusinessId, PortfolioId};
use crate::signals::Business;

/// Whose limit a message counts towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// A number of its own.
    Number(BusinessId),
    /// All numbers of a portfolio.
    Portfolio(PortfolioId),
}

impl Sender {
    /// Of a business; a number without a portfolio is one of its own.
    pub(super) const fn of(business: &Business, per: LimitPer) -> Self {
        match (per, business.portfolio_id) {
            (LimitPer::Portfolio, Some(portfolio)) => Self::Portfolio(portfolio),
            (LimitPer::Number, _) | (LimitPer::Portfolio, None) => {
                Self::Number(business.business_id)
            }
        }
    }

    pub(super) const fn bits(self) -> u64 {
        match self {
            Self::Number(id) => id.0,
            Self::Portfolio(id) => !id.0,
        }
    }
}
