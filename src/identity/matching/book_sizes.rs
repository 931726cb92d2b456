//! About how many entries every account saved: never fewer than it did, mostly as many.

use crate::hash::mix;
use crate::ids::AccountId;

/// 4 MiB of counters: a book of a hundred million entries leaves a hundred to each.
const CELLS: usize = 1 << 20;

/// Upper bounds on how many entries every account saved.
///
/// Accounts share counters by hash: one row of a count-min sketch (Cormode and Muthukrishnan, "An improved data stream
/// summary", 2005). What is counted does not depend on the order.
#[derive(Clone, Debug)]
pub struct BookSizes {
    cells: Vec<u32>,
    /// Entries of one account mostly stand together.
    running: (AccountId, u32),
}

impl Default for BookSizes {
    fn default() -> Self {
        Self {
            cells: vec![0; CELLS],
            running: (AccountId(0), 0),
        }
    }
}

impl BookSizes {
    /// Counts an entry.
    #[inline]
    pub fn add(&mut self, account: AccountId) {
        if self.running.0 != account {
            self.flush();
            self.running.0 = account;
        }
        self.running.1 = self.running.1.saturating_add(1);
    }

    /// Counts what another counted.
    pub fn append(&mut self, mut other: Self) {
        other.flush();
        for (cell, n) in self.cells.iter_mut().zip(other.cells) {
            *cell = cell.saturating_add(n);
        }
    }

    /// Bounds that no longer change.
    #[must_use]
    pub fn finish(mut self) -> BookBounds {
        self.flush();
        BookBounds {
            largest: self.cells.iter().copied().max().unwrap_or(0),
            cells: self.cells,
        }
    }

    fn flush(&mut self) {
        let (account, n) = std::mem::replace(&mut self.running, (AccountId(0), 0));
        let cell = &mut self.cells[place(account)];
        *cell = cell.saturating_add(n);
    }
}

/// Upper bounds on how many entries every account saved, all counted.
#[derive(Clone, Debug)]
pub struct BookBounds {
    cells: Vec<u32>,
    largest: u32,
}

impl BookBounds {
    /// No account saved more than this.
    #[must_use]
    pub const fn largest(&self) -> u32 {
        self.largest
    }

    /// This account saved no more than this.
    #[inline]
    #[must_use]
    pub fn of(&self, account: AccountId) -> u32 {
        self.cells[place(account)]
    }
}

#[inline]
fn place(account: AccountId) -> usize {
    let cell = mix(account.0) % CELLS as u64;
    usize::try_from(cell).expect("below a length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::HashMap;

    #[test]
    fn never_fewer_and_mostly_as_many() {
        let mut parts = [BookSizes::default(), BookSizes::default()];
        let mut exact: HashMap<u64, u32> = HashMap::default();
        for i in 0..200_000 {
            let account = mix(i / 3) % 50_000;
            parts[usize::from(i % 7 == 0)].add(AccountId(account));
            *exact.entry(account).or_default() += 1;
        }
        let [mut sizes, rest] = parts;
        sizes.append(rest);
        let bounds = sizes.finish();
        let bound = |account: &u64| bounds.of(AccountId(*account));
        assert!(exact.iter().all(|(account, &n)| bound(account) >= n));
        let n_exact = exact.iter().filter(|(account, n)| bound(account) == **n);
        assert!(n_exact.count() * 10 > exact.len() * 9);
        assert!(bounds.largest() >= *exact.values().max().unwrap());
        assert_eq!(BookSizes::default().finish().largest(), 0);
    }
}
