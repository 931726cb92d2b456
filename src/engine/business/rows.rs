//! Verdicts as rows.

use std::borrow::Cow;

use crate::business::{Reach, ReachReason, Verdict};
use crate::engine::Stage;
use crate::engine::business::Verdicts;
use crate::engine::outputs::ReachRow;
use crate::engine::publishing::keep;

impl Verdicts {
    /// Verdicts as rows, by business and account. A row stays while either purpose is still allowed.
    pub(in crate::engine) fn rows<'a>(
        &'a self,
        stage: &'a mut Stage,
    ) -> impl Iterator<Item = ReachRow> + 'a {
        let rows = self.eligibility.rows.iter();
        rows.filter(move |row| keep(stage, [self.decision(row.account)]))
            .map(row)
    }
}

fn row(row: &Reach) -> ReachRow {
    let words = |verdict: &Verdict| {
        let words = verdict.reasons().map(ReachReason::as_str);
        words.map(Cow::Borrowed).collect()
    };
    ReachRow {
        business: row.business,
        account: row.account,
        service: row.service.allowed,
        utility: row.utility.allowed,
        authentication: row.authentication.allowed,
        marketing: row.marketing.allowed,
        service_reasons: words(&row.service),
        utility_reasons: words(&row.utility),
        authentication_reasons: words(&row.authentication),
        marketing_reasons: words(&row.marketing),
    }
}
