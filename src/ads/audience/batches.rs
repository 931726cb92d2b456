//! Batches: from when on the rows of a list count.

use crate::ids::UserId;
use crate::time::Timestamp;

/// The people of a list whose rows count: in the order of their rows, every batch of at least `min` people. Rows of one
/// instant stay together. People come sorted by instant and each once.
pub(super) fn counting(people: &[(Timestamp, UserId)], min: usize) -> Vec<UserId> {
    let mut counting = 0;
    let mut end = 0;
    for at_once in people.chunk_by(|a, b| a.0 == b.0) {
        end += at_once.len();
        if end - counting >= min {
            counting = end;
        }
    }
    let mut users: Vec<UserId> = people[..counting].iter().map(|(_, user)| *user).collect();
    users.sort_unstable();
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting_of(added: &[(i64, u64)], min: usize) -> Vec<u64> {
        let people: Vec<_> = added
            .iter()
            .map(|&(at, user)| (Timestamp::from_secs(at), UserId(user)))
            .collect();
        counting(&people, min).iter().map(|user| user.0).collect()
    }

    #[test]
    fn one_more_waits_for_others() {
        let first = [(1, 3), (1, 2), (1, 1)];
        let grown = [&first[..], &[(2, 4)]].concat();
        assert_eq!(counting_of(&first, 3), [1, 2, 3]);
        assert_eq!(counting_of(&grown, 3), [1, 2, 3]);
        let more = [&grown[..], &[(3, 5), (4, 6), (5, 7)]].concat();
        assert_eq!(counting_of(&more, 3), [1, 2, 3, 4, 5, 6]);
        assert_eq!(counting_of(&first, 4), [0_u64; 0]);
        assert_eq!(counting_of(&[], 1), [0_u64; 0]);
    }
}
