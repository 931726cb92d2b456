//! What became of every candidate.

use serde::{Deserialize, Serialize};

/// How many candidates were considered, and what became of them.
///
/// A candidate is a pair of a person and somebody else who shares an intermediary with them or whose number
/// they saved. Each is emitted or counted under exactly one reason: the first that applies, in the order
/// of the fields; only hiding from everybody is looked at after `age_band`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestCounts {
    /// All candidates.
    pub considered: u64,
    /// Friends already.
    pub masked_friends: u64,
    /// One of the two blocked the other.
    pub blocked: u64,
    /// One of the two reported the other.
    pub reported: u64,
    /// Both have an account on one device.
    pub one_device: u64,
    /// The person dismissed the candidate.
    pub dismissed: u64,
    /// The candidate hides from the person, or from everybody.
    pub hidden: u64,
    /// Too few people in common, and no saved number.
    pub below_min_intermediaries: u64,
    /// Too few people in common, and a number that suggests nobody by itself: only the person saved the other's, or
    /// `[suggest] direct` is off.
    pub not_direct: u64,
    /// One of the two is a minor and the other is not known to be one.
    pub age_band: u64,
    /// The candidate's spam score is at or above the removal threshold.
    pub spam_removed: u64,
    /// Eligible, but K others rank higher.
    pub beyond_k: u64,
    /// Eligible, but shown to enough others whom they suit better.
    pub shown_enough: u64,
    /// Suggested.
    pub emitted: u64,
    /// Suggested beside them because they are near or alike; no candidates, and in none of the sums.
    pub near: u64,
}

impl SuggestCounts {
    /// Every candidate that was dropped, by reason.
    #[must_use]
    pub const fn dropped(&self) -> [(&'static str, u64); 12] {
        [
            ("masked_friends", self.masked_friends),
            ("blocked", self.blocked),
            ("reported", self.reported),
            ("one_device", self.one_device),
            ("dismissed", self.dismissed),
            ("hidden", self.hidden),
            ("below_min_intermediaries", self.below_min_intermediaries),
            ("not_direct", self.not_direct),
            ("age_band", self.age_band),
            ("spam_removed", self.spam_removed),
            ("beyond_k", self.beyond_k),
            ("shown_enough", self.shown_enough),
        ]
    }

    /// Every count, in the order of the fields.
    pub(crate) const fn each(&self) -> [u64; 15] {
        [
            self.considered,
            self.masked_friends,
            self.blocked,
            self.reported,
            self.one_device,
            self.dismissed,
            self.hidden,
            self.below_min_intermediaries,
            self.not_direct,
            self.age_band,
            self.spam_removed,
            self.beyond_k,
            self.shown_enough,
            self.emitted,
            self.near,
        ]
    }

    /// From [`each`](Self::each); none if these are not as many.
    pub(crate) fn of_each(each: &[u64]) -> Option<Self> {
        let &[
            considered,
            masked_friends,
            blocked,
            reported,
            one_device,
            dismissed,
            hidden,
            below_min_intermediaries,
            not_direct,
            age_band,
            spam_removed,
            beyond_k,
            shown_enough,
            emitted,
            near,
        ] = each
        else {
            return None;
        };
        Some(Self {
            considered,
            masked_friends,
            blocked,
            reported,
            one_device,
            dismissed,
            hidden,
            below_min_intermediaries,
            not_direct,
            age_band,
            spam_removed,
            beyond_k,
            shown_enough,
            emitted,
            near,
        })
    }

    /// Makes the whole the sum of its parts.
    pub(crate) fn add_up(&mut self) {
        let dropped: u64 = self.dropped().iter().map(|(_, n)| n).sum();
        self.considered = dropped + self.emitted;
    }

    /// Do the parts add up to the whole?
    #[must_use]
    pub fn check_sums(&self) -> bool {
        let dropped: u64 = self.dropped().iter().map(|(_, n)| n).sum();
        self.considered == dropped + self.emitted
    }
}

impl std::ops::AddAssign for SuggestCounts {
    fn add_assign(&mut self, other: Self) {
        self.considered += other.considered;
        self.masked_friends += other.masked_friends;
        self.blocked += other.blocked;
        self.reported += other.reported;
        self.one_device += other.one_device;
        self.dismissed += other.dismissed;
        self.hidden += other.hidden;
        self.below_min_intermediaries += other.below_min_intermediaries;
        self.not_direct += other.not_direct;
        self.age_band += other.age_band;
        self.spam_removed += other.spam_removed;
        self.beyond_k += other.beyond_k;
        self.shown_enough += other.shown_enough;
        self.emitted += other.emitted;
        self.near += other.near;
    }
}
