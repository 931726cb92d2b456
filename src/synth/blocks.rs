//! Rows a block at a time: a table is written without ever being in memory as a whole.

/// Rows in a block.
pub(super) const BLOCK: usize = 1 << 16;

/// The rows of many small lists in blocks of the same size, the last one excepted.
pub(super) struct Blocks<I, R> {
    lists: I,
    rest: Vec<R>,
}

impl<I: Iterator<Item = Vec<R>>, R> Blocks<I, R> {
    pub(super) fn of(lists: I) -> Self {
        Self {
            lists,
            rest: Vec::new(),
        }
    }
}

impl<I: Iterator<Item = Vec<R>>, R> Iterator for Blocks<I, R> {
    type Item = Vec<R>;

    fn next(&mut self) -> Option<Vec<R>> {
        while self.rest.len() < BLOCK {
            match self.lists.next() {
                Some(mut list) => self.rest.append(&mut list),
                None => break,
            }
        }
        let left = self.rest.split_off(self.rest.len().min(BLOCK));
        let block = std::mem::replace(&mut self.rest, left);
        (!block.is_empty()).then_some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_all_rows_in_order() {
        let lists = [0..10, 10..10, 10..200_000, 200_000..200_001];
        let blocks: Vec<Vec<i32>> = Blocks::of(lists.into_iter().map(Iterator::collect)).collect();
        let (last, full) = blocks.split_last().unwrap();
        assert!(full.iter().all(|block| block.len() == BLOCK));
        assert_eq!(last.len(), 200_001 % BLOCK);
        assert!(blocks.concat().into_iter().eq(0..200_001));
        assert!(Blocks::of(std::iter::empty::<Vec<i32>>()).next().is_none());
    }
}
