//! Rows that were not clicked, made where a table lists nothing but clicks.

use crate::hash::{HashSet, mix};

use super::ids::IdColumn;

/// Salt of the draws.
const SALT: u64 = 0x0FF5;
/// Draws for a row before it goes without: whoever has nearly all items has nearly none to draw.
const TRIES: u64 = 50;

/// A row to be added: as another one, of another item, not clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Added {
    /// The row whose person and time it has.
    pub(super) like: usize,
    /// The code of its item.
    pub(super) item: u32,
}

/// For each clicked row so many items that its person has no row with, each as likely as any other.
pub(super) fn drawn(people: &IdColumn, items: &IdColumn, clicks: &[u32], each: u32) -> Vec<Added> {
    let pair = |row: usize| (people.codes[row], items.codes[row]);
    let mut taken: HashSet<(u32, u32)> = (0..clicks.len()).map(pair).collect();
    let n_items = items.ids.len() as u64;
    let mut added = Vec::new();
    for (row, _) in clicks.iter().enumerate().filter(|(_, clicks)| **clicks > 0) {
        for nth in 0..u64::from(each) {
            let salt = mix(SALT ^ mix(row as u64) ^ nth << 40);
            let item = |again: u64| {
                #[expect(clippy::cast_possible_truncation, reason = "below the number of items")]
                let item = (mix(salt ^ again) % n_items) as u32;
                item
            };
            let is_free = |item: &u32| {
                items.ids[*item as usize].is_some() && taken.insert((people.codes[row], *item))
            };
            added.extend(
                (0..TRIES)
                    .map(item)
                    .find(is_free)
                    .map(|item| Added { like: row, item }),
            );
        }
    }
    added
}
