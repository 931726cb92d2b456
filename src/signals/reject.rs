//! Rows that could be read, and are rejected after all by a rule that looks at more than the row.

use super::batch::{Origin, TableRows};
use super::dedup::{reject, sort_rejections};
use super::rejection::Rejection;
use super::row::Fault;
use super::salvage::Salvage;

/// A row that was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected<R> {
    /// What was read of it.
    pub record: R,
    /// Where it stood, and what is wrong with it.
    pub rejection: Rejection,
}

impl<R> TableRows<R> {
    /// The place of a row and what is wrong with it.
    #[must_use]
    pub fn rejection(&self, origin: Origin, Fault { column, reason }: Fault) -> Rejection {
        let file =
            usize::try_from(origin.file).expect("a file's index fits the memory its list is in");
        Rejection {
            file: self.summary.files[file].path.clone(),
            row: origin.row,
            column,
            reason,
        }
    }

    /// Takes out the rows in which `judge` finds a fault, and counts them. Beside the fault it says from whom the row
    /// may take something away. Returns them in the order of the records.
    ///
    /// # Complexity
    /// O(n + r log r) for n rows and r rejections.
    pub fn reject_where(
        &mut self,
        mut judge: impl FnMut(&R) -> Option<(Fault, Salvage)>,
    ) -> Vec<Rejected<R>> {
        let judged = |(at, record): (usize, &R)| Some((at, judge(record)?));
        let faults: Vec<_> = self.records.iter().enumerate().filter_map(judged).collect();
        if faults.is_empty() {
            return Vec::new();
        }
        let records = std::mem::take(&mut self.records);
        let origins = std::mem::take(&mut self.origins);
        let mut faults = faults.into_iter().peekable();
        let mut found = Vec::new();
        for (at, (record, origin)) in records.into_iter().zip(origins).enumerate() {
            if let Some((_, (fault, left))) = faults.next_if(|(faulty, _)| *faulty == at) {
                let rejection = reject(self, origin, fault, left);
                found.push(Rejected { record, rejection });
            } else {
                self.records.push(record);
                self.origins.push(origin);
            }
        }
        sort_rejections(self);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::Friendship;
    use super::super::rejection::RejectionReason;
    use super::super::testing::read_csv_text;
    use super::*;

    #[test]
    fn what_is_rejected_afterwards_is_counted_with_its_place() {
        let day = "2016-01-01T00:00:00Z";
        let text = format!("user_a,user_b,since\n1,2,{day}\n3,,{day}\n3,4,{day}\n5,6,{day}\n");
        let mut rows = read_csv_text::<Friendship>(&text).unwrap();
        let fault = Fault {
            column: "since",
            reason: RejectionReason::FromTheFuture,
        };
        let found =
            rows.reject_where(|row| (row.user_a.0 == 3).then_some((fault, Salvage::Harmless)));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].rejection.row, found[0].rejection.column),
            (3, "since")
        );
        assert_eq!(rows.records.len(), 2);
        assert_eq!(rows.records.len(), rows.origins.len());
        let places: Vec<u64> = rows.rejections.iter().map(|one| one.row).collect();
        assert_eq!(places, [2, 3]);
        assert_eq!(rows.summary.n_records + rows.summary.n_rejected(), 4);
    }
}
