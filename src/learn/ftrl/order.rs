//! In which order rows are visited.

use crate::hash::mix_two as mix;

/// Rows visited one after another: neighbours in memory, and about 6 KiB of it.
const BLOCK: usize = 32;

/// The rows in the order an epoch visits them: blocks of [`BLOCK`] rows in an order by seed and epoch, and the rows of each block
/// in another. Nothing is sorted and nothing is kept.
///
/// Rows one by one in any order would be read from anywhere in memory, which takes more than twice as long (`benches/record`).
pub(super) fn visiting_order(
    n_rows: usize,
    seed: u64,
    epoch: u32,
) -> impl Iterator<Item = usize> + Clone {
    let salt = mix(seed, u64::from(epoch));
    permutation(n_rows.div_ceil(BLOCK), salt)
        .flat_map(move |block| block_order(block, salt))
        .filter(move |&row| row < n_rows)
}

/// The rows of a block, each number's low bits flipped by the same key.
fn block_order(block: usize, salt: u64) -> impl Iterator<Item = usize> + Clone {
    let flipped = usize::from(mix(salt, block as u64).to_le_bytes()[0]) % BLOCK;
    (0..BLOCK).map(move |row| block * BLOCK + (row ^ flipped))
}

/// The numbers below n, each once.
///
/// Numbers below the next power of two are mixed by steps that can all be undone, so no two become one; those that come out too
/// great are mixed again until they are not (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
fn permutation(n: usize, salt: u64) -> impl Iterator<Item = usize> + Clone {
    let keys = [1, 2, 3].map(|round| mix(salt, round));
    let bits = usize::BITS - n.saturating_sub(1).leading_zeros();
    let mask = (1_u64 << bits).wrapping_sub(1);
    let mixed = move |x: u64| {
        keys.iter().fold(x, |x, &key| {
            let x = x.wrapping_mul(key | 1).wrapping_add(key >> 32) & mask;
            x ^ (x >> (bits / 2).max(1))
        })
    };
    (0..n as u64).map(move |number| {
        let mut place = mixed(number);
        // Mixing permutes the numbers below the power of two. The walk from a number below n comes back to it at the
        // latest, so it ends, and no two walks end at one place.
        while place >= n as u64 {
            place = mixed(place);
        }
        usize::try_from(place).expect("less than a usize")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_visited_once() {
        for n in (0..100).chain([1000, 4096, 4097]) {
            let mut visited: Vec<usize> = visiting_order(n, 3, 1).collect();
            visited.sort_unstable();
            assert!(visited.into_iter().eq(0..n), "{n} rows");
        }
    }

    #[test]
    fn seeds_and_epochs_have_orders_of_their_own() {
        let order = |seed, epoch| visiting_order(5_000, seed, epoch).collect::<Vec<_>>();
        assert_eq!(order(3, 1), order(3, 1));
        assert_ne!(order(3, 1), order(3, 2));
        assert_ne!(order(3, 1), order(4, 1));
    }

    #[test]
    fn numbers_rarely_follow_each_other() {
        for n in [1000, 4096, 5000] {
            let places: Vec<usize> = permutation(n, mix(7, 0)).collect();
            let stays = places.windows(2).filter(|w| w[1] == w[0] + 1).count();
            assert!(stays * 20 < n, "{stays} of {n} follow each other");
        }
    }
}
