//! Names that are near others: what somebody may have meant.

/// Levenshtein's distance, one row of the table at a time: O(|a|·|b|) time, O(|b|) space.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, &to) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(from != to);
            row.push(replaced.min(above[j + 1] + 1).min(row[j] + 1));
        }
        above = row;
    }
    above[b.len()]
}

/// The name that is fewest edits away, capitals aside; none if half of it would have to be edited.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let distance = |other: &&str| edit_distance(&name, &other.to_lowercase());
    let nearest = names.min_by_key(distance)?;
    (2 * distance(&nearest) < nearest.len()).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oracle_edit_distance_of_known_pairs() {
        for (a, b, distance) in [("kitten", "sitting", 3), ("", "abc", 3), ("ads", "ads", 0)] {
            assert_eq!(edit_distance(a, b), distance);
            assert_eq!(edit_distance(b, a), distance);
        }
    }

    #[test]
    fn half_a_name_is_not_near() {
        let names = ["user_a", "user_b", "since"];
        assert_eq!(nearest("User_A", names.into_iter()), Some("user_a"));
        assert_eq!(nearest("sinse", names.into_iter()), Some("since"));
        assert_eq!(nearest("at", names.into_iter()), None);
        assert_eq!(nearest("at", [].into_iter()), None);
    }
}
