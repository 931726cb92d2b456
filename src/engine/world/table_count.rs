//! What was read of one table, and whether so much of it is lost that somebody has to look.

use std::collections::BTreeMap;

use crate::engine::{MaxRejects, RunFinding};
use crate::signals::{RejectionReason, Table, TableSummary};

/// What was read of a table, in numbers.
#[derive(Clone, Debug)]
pub(in crate::engine) struct TableCount {
    pub(super) table: Table,
    n_rows: u64,
    n_records: u64,
    /// Rows that do not only repeat, or refuse, what could be read.
    n_damaged: u64,
    pub(super) rejected: BTreeMap<RejectionReason, u64>,
}

impl TableCount {
    pub(in crate::engine) fn of(summary: &TableSummary) -> Self {
        let damaged = summary
            .rejected
            .iter()
            .filter(|(reason, _)| is_damage(**reason));
        Self {
            table: summary.table,
            n_rows: summary.n_rows,
            n_records: summary.n_records,
            n_damaged: damaged.map(|(_, n)| n).sum(),
            rejected: summary.rejected.clone(),
        }
    }

    pub(super) fn finding(&self, max: MaxRejects) -> Option<RunFinding> {
        let Self {
            table,
            n_rows,
            n_damaged,
            ..
        } = *self;
        if self.n_records == 0 && n_damaged > 0 {
            return Some(RunFinding::new(
                "all_rejected",
                format!("every row of {table} was rejected ({n_damaged})"),
                "mend the table; the reasons stand with the rejections",
            ));
        }
        max.is_exceeded_by_table(n_damaged, n_rows).then(|| {
            RunFinding::new(
                "many_rejected",
                format!("{n_damaged} of {n_rows} rows of {table} were rejected, more than {max}"),
                "mend the table, or allow more with max_rejects",
            )
        })
    }
}

/// Does this reason say that a row could not be read? Repeated rows are harmless, and others are refused for what they say.
const fn is_damage(reason: RejectionReason) -> bool {
    !matches!(
        reason,
        RejectionReason::Duplicate
            | RejectionReason::SelfReference
            | RejectionReason::UnknownSpecialCategory
            | RejectionReason::Sensitive(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(n_records: u64, n_damaged: u64, n_others: u64) -> TableCount {
        TableCount {
            table: Table::Ads,
            n_rows: n_records + n_damaged + n_others,
            n_records,
            n_damaged,
            rejected: BTreeMap::new(),
        }
    }

    #[test]
    fn a_table_of_which_much_is_lost_is_a_finding() {
        let code = |count: TableCount| count.finding(MaxRejects::default()).map(|found| found.code);
        assert_eq!(code(count(0, 3, 0)).as_deref(), Some("all_rejected"));
        assert_eq!(code(count(0, 3, 2)).as_deref(), Some("all_rejected"));
        assert_eq!(code(count(0, 0, 5)), None, "refused for what they say");
        assert_eq!(code(count(0, 0, 0)), None, "a table without rows");
        assert_eq!(code(count(94, 6, 0)).as_deref(), Some("many_rejected"));
        assert_eq!(code(count(95, 5, 0)), None);
        assert_eq!(code(count(50, 0, 50)), None, "every row twice");
    }
}
