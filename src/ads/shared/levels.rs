//! The levels of one row, in the row itself: each of millions of rows has some, and none has many.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use super::level::Level;
use crate::ads::features::UserField;

/// Every field has one level at most, and so many have any that [`History`](super::History) tells.
const MAX: usize = 12;

/// Levels, ascending.
#[derive(Clone, Copy, Debug)]
pub(in crate::ads) struct Levels {
    n: u8,
    of: [Level; MAX],
}

impl Levels {
    /// Of levels in any order, each of another field.
    ///
    /// # Panics
    /// If there are more than fields that have any.
    pub(super) fn of(levels: &mut [Level]) -> Self {
        const NOTHING: Level = Level {
            field: UserField::Showings,
            level: 0,
        };
        levels.sort_unstable();
        let mut of = [NOTHING; MAX];
        let kept = of.get_mut(..levels.len());
        let kept = kept.expect("twelve fields have levels, and each has one");
        kept.copy_from_slice(levels);
        Self {
            n: u8::try_from(levels.len()).expect("at most twelve"),
            of,
        }
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self::of(&mut [])
    }
}

impl Deref for Levels {
    type Target = [Level];

    fn deref(&self) -> &[Level] {
        &self.of[..usize::from(self.n)]
    }
}

/// As the levels are, whatever stands behind them.
impl PartialEq for Levels {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Levels {}

impl PartialOrd for Levels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Levels {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Levels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_with_levels_has_its_place() {
        let is_told = |field: &&UserField| {
            let is_fact = matches!(field, UserField::Sessions | UserField::Groups);
            field.scale().is_some() && !is_fact
        };
        let fields = UserField::ALL.iter().filter(is_told);
        let mut all: Vec<Level> = fields.map(|&field| Level { field, level: 3 }).collect();
        all.reverse();
        assert_eq!(all.len(), MAX);
        let levels = Levels::of(&mut all);
        assert!(levels.is_sorted() && levels.len() == MAX);
    }

    #[test]
    fn they_order_as_a_list_of_them_does() {
        let of = |levels: &[u8]| {
            let field = UserField::Showings;
            let mut levels: Vec<Level> =
                levels.iter().map(|&level| Level { field, level }).collect();
            (Levels::of(&mut levels), levels)
        };
        let all = [of(&[]), of(&[0]), of(&[0, 1]), of(&[1]), of(&[1, 0])];
        for (a, list) in &all {
            for (b, other) in &all {
                assert_eq!(a.cmp(b), list.cmp(other));
                assert_eq!(a == b, list == other);
            }
        }
    }
}
