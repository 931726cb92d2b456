//! Who is kept apart, and between whom no tie stands any more, from what people said and from the devices they share.
//!
//! A block or a report ends the tie: it is taken out before anything is counted, so neither of the two is candidate,
//! intermediary, count or reason for the other, nor for anybody through that tie. Two accounts on one device are taken for
//! two lives of one person who keeps them apart, and are treated the same way. Dismissing and hiding say only who does not
//! want to see whom: the tie stands, and others may still be found through it.

use crate::ids::UserId;
use crate::signals::FeedbackKind;

/// Why one person is not to be suggested to another; of several the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// One of them blocked the other.
    Blocked,
    /// One of them reported the other, on the network or on the messenger.
    Reported,
    /// Both have an account on one device.
    OneDevice,
    /// The person dismissed the candidate.
    Dismissed,
    /// The candidate hides.
    Hidden,
    /// One of them is a minor and the other is not known to be one.
    AgeBand,
}

impl Exclusion {
    /// From the number of a reason, as it casts to; none if it is none's.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        let all = [
            Self::Blocked,
            Self::Reported,
            Self::OneDevice,
            Self::Dismissed,
            Self::Hidden,
            Self::AgeBand,
        ];
        all.into_iter().find(|why| *why as u8 == code)
    }

    /// Does it end the tie between the two, and not only keep one from the other?
    #[must_use]
    pub const fn ends_tie(self) -> bool {
        matches!(self, Self::Blocked | Self::Reported | Self::OneDevice)
    }

    /// The name under which ended ties are counted.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Reported => "reported",
            Self::OneDevice => "one_device",
            Self::Dismissed => "dismissed",
            Self::Hidden => "hidden",
            Self::AgeBand => "age_band",
        }
    }
}

/// What one person said of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<Id = UserId> {
    /// Who said it.
    pub by: Id,
    /// Of whom.
    pub about: Id,
    /// What.
    pub what: FeedbackKind,
}

/// Somebody, or an account of theirs, on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OnDevice<Id = UserId> {
    /// The device, by a code.
    pub device: u32,
    /// Who has an account on it.
    pub who: Id,
}

#[cfg(test)]
impl<Id> From<(Id, Id, FeedbackKind)> for Said<Id> {
    fn from((by, about, what): (Id, Id, FeedbackKind)) -> Self {
        Self { by, about, what }
    }
}

#[cfg(test)]
impl<Id> From<(u32, Id)> for OnDevice<Id> {
    fn from((device, who): (u32, Id)) -> Self {
        Self { device, who }
    }
}

impl<Id> OnDevice<Id> {
    /// Somebody on a device.
    #[must_use]
    pub const fn new(device: u32, who: Id) -> Self
    where
        Id: Copy,
    {
        Self { device, who }
    }
}

/// A person whom another is not suggested to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeptFrom<Id> {
    pub(super) person: Id,
    pub(super) candidate: Id,
    pub(super) why: Exclusion,
}

impl<Id: Copy> KeptFrom<Id> {
    const fn new(person: Id, candidate: Id, why: Exclusion) -> Self {
        Self {
            person,
            candidate,
            why,
        }
    }

    const fn pair(&self) -> (Id, Id) {
        (self.person, self.candidate)
    }
}

/// Who is kept from whom. People are named by user id, or by node inside this room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart<Id = UserId> {
    /// Ascending, each pair once.
    pub(super) rows: Vec<KeptFrom<Id>>,
    /// Whoever hides from everybody, ascending.
    pub(super) hidden: Vec<Id>,
    pub(super) devices: Shared<Id>,
}

impl<Id> Default for Apart<Id> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            hidden: Vec::new(),
            devices: Shared::default(),
        }
    }
}

impl<Id: Copy + Ord> Apart<Id> {
    /// From feedback, reports `(who, whom)` made elsewhere, and who has an account on which
    /// device.
    ///
    /// Blocks and reports hold both ways, and so does a shared device. After a dismissal the person does not see the other.
    /// After hiding, the other does not see the person; hiding from oneself is hiding from everybody.
    ///
    /// # Complexity
    /// O(n log n) time and O(n) space for n rows.
    #[must_use]
    pub fn of(
        feedback: impl IntoIterator<Item = Said<Id>>,
        reports: impl IntoIterator<Item = (Id, Id)>,
        devices: impl IntoIterator<Item = OnDevice<Id>>,
    ) -> Self {
        let (mut rows, mut hidden) = (Vec::new(), Vec::new());
        for said in feedback {
            let (a, b) = (said.by, said.about);
            match said.what {
                FeedbackKind::Hide if a == b => hidden.push(a),
                _ if a == b => {}
                FeedbackKind::Block => both_ways(&mut rows, a, b, Exclusion::Blocked),
                FeedbackKind::Report => both_ways(&mut rows, a, b, Exclusion::Reported),
                FeedbackKind::Dismiss => rows.push(KeptFrom::new(a, b, Exclusion::Dismissed)),
                FeedbackKind::Hide => rows.push(KeptFrom::new(b, a, Exclusion::Hidden)),
            }
        }
        for (a, b) in reports.into_iter().filter(|(a, b)| a != b) {
            both_ways(&mut rows, a, b, Exclusion::Reported);
        }
        Self::of_rows(rows, hidden, devices)
    }

    /// From who is kept from whom, who hides, and who is on which device; in any order, and with repetitions.
    pub(super) fn of_rows(
        mut rows: Vec<KeptFrom<Id>>,
        mut hidden: Vec<Id>,
        devices: impl IntoIterator<Item = OnDevice<Id>>,
    ) -> Self {
        rows.sort_unstable();
        rows.dedup_by_key(|row| row.pair());
        hidden.sort_unstable();
        hidden.dedup();
        let devices = Shared::of(devices);
        Self {
            rows,
            hidden,
            devices,
        }
    }

    /// Why one person is not to be suggested to another, if so. It knows no ages.
    #[must_use]
    pub fn between(&self, person: Id, candidate: Id) -> Option<Exclusion> {
        let pair = (person, candidate);
        let found = self.rows.binary_search_by_key(&pair, KeptFrom::pair);
        let said = found.ok().map(|at| self.rows[at].why);
        let hides = || self.hidden.binary_search(&candidate).is_ok();
        first(said, self.devices.hold(person, candidate))
            .or_else(|| hides().then_some(Exclusion::Hidden))
    }

    /// Why no tie stands between two people any more, if so: the same in both directions.
    #[must_use]
    pub fn ended(&self, a: Id, b: Id) -> Option<Exclusion> {
        self.between(a, b).filter(|why| why.ends_tie())
    }

    /// The same of other names for the same people; whoever has none is left out.
    pub(super) fn renamed<New: Copy + Ord>(&self, name: impl Fn(Id) -> Option<New>) -> Apart<New> {
        let row = |row: &KeptFrom<Id>| {
            let (person, candidate) = (name(row.person)?, name(row.candidate)?);
            Some(KeptFrom::new(person, candidate, row.why))
        };
        let mut rows: Vec<_> = self.rows.iter().filter_map(row).collect();
        rows.sort_unstable();
        let mut hidden: Vec<New> = self.hidden.iter().filter_map(|&id| name(id)).collect();
        hidden.sort_unstable();
        let on_device = |&(id, device): &(Id, u32)| Some(OnDevice::new(device, name(id)?));
        Apart {
            rows,
            hidden,
            devices: Shared::of(self.devices.groups_of.iter().filter_map(on_device)),
        }
    }
}

fn both_ways<Id: Copy>(rows: &mut Vec<KeptFrom<Id>>, a: Id, b: Id, why: Exclusion) {
    rows.extend([KeptFrom::new(a, b, why), KeptFrom::new(b, a, why)]);
}

/// The reason that counts, of what was said and of whether a device is shared.
pub(super) fn first(said: Option<Exclusion>, is_shared: bool) -> Option<Exclusion> {
    let shared = is_shared.then_some(Exclusion::OneDevice);
    said.into_iter().chain(shared).min()
}

/// Who shares something with whom: lists of people and no pairs, for many can have accounts on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shared<Id> {
    /// `(person, group)`, ascending.
    pub(super) groups_of: Vec<(Id, u32)>,
    /// Where each group's people start, with one end more; empty if there are no groups.
    starts: Vec<usize>,
    /// The people of each group, ascending.
    people: Vec<Id>,
}

impl<Id> Default for Shared<Id> {
    fn default() -> Self {
        Self {
            groups_of: Vec::new(),
            starts: Vec::new(),
            people: Vec::new(),
        }
    }
}

impl<Id: Copy + Ord> Shared<Id> {
    /// Groups of two and more who have the same code.
    fn of(rows: impl IntoIterator<Item = OnDevice<Id>>) -> Self {
        let mut rows: Vec<OnDevice<Id>> = rows.into_iter().collect();
        rows.sort_unstable();
        rows.dedup();
        let mut shared = Self::default();
        for group in rows
            .chunk_by(|a, b| a.device == b.device)
            .filter(|g| g.len() > 1)
        {
            shared.push(group.iter().map(|one| one.who));
        }
        if !shared.people.is_empty() {
            shared.starts.push(shared.people.len());
        }
        shared.groups_of.sort_unstable();
        shared
    }

    fn push(&mut self, group: impl Iterator<Item = Id>) {
        let name = u32::try_from(self.starts.len()).expect("no more groups than codes");
        self.starts.push(self.people.len());
        for id in group {
            self.people.push(id);
            self.groups_of.push((id, name));
        }
    }

    fn groups(&self, id: Id) -> impl Iterator<Item = &[Id]> + Clone {
        let first = self.groups_of.partition_point(|&(other, _)| other < id);
        let own = self.groups_of[first..].iter();
        own.take_while(move |(other, _)| *other == id)
            .map(|&(_, group)| {
                let at = group as usize;
                &self.people[self.starts[at]..self.starts[at + 1]]
            })
    }

    /// Do two people share anything?
    pub(super) fn hold(&self, a: Id, b: Id) -> bool {
        a != b && self.groups(a).any(|group| group.binary_search(&b).is_ok())
    }

    /// Everybody who shares anything with somebody; whoever shares two things is named twice.
    pub(super) fn with(&self, id: Id) -> impl Iterator<Item = Id> + Clone {
        let others = self.groups(id).flat_map(|group| group.iter().copied());
        others.filter(move |&other| other != id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FeedbackKind::{Block, Dismiss, Hide, Report};

    /// Said by 1 to 9, reports of the messenger, and devices.
    fn apart() -> Apart<u32> {
        let said = [
            (1, 2, Block),
            (3, 4, Report),
            (5, 6, Dismiss),
            (7, 8, Hide),
            (9, 9, Hide),
            (2, 2, Block),
        ];
        let devices = [(7, 20), (7, 21), (7, 22), (8, 20), (9, 23)];
        Apart::of(
            said.map(Said::from),
            [(10, 11), (12, 12)],
            devices.map(OnDevice::from),
        )
    }

    #[test]
    fn blocks_reports_and_devices_hold_both_ways_and_end_the_tie() {
        let apart = apart();
        let held = [
            (1, 2, Exclusion::Blocked),
            (3, 4, Exclusion::Reported),
            (10, 11, Exclusion::Reported),
            (20, 21, Exclusion::OneDevice),
            (21, 22, Exclusion::OneDevice),
        ];
        for (a, b, why) in held {
            for (a, b) in [(a, b), (b, a)] {
                assert_eq!(apart.between(a, b), Some(why), "{a} {b}");
                assert_eq!(apart.ended(a, b), Some(why), "{a} {b}");
            }
        }
        for (a, b) in [(2, 2), (12, 12), (20, 20), (20, 23), (1, 3)] {
            assert_eq!(apart.between(a, b), None, "{a} {b}");
        }
    }

    #[test]
    fn dismissing_and_hiding_hold_one_way_and_end_nothing() {
        let apart = apart();
        assert_eq!(apart.between(5, 6), Some(Exclusion::Dismissed));
        assert_eq!(apart.between(6, 5), None);
        assert_eq!(apart.between(8, 7), Some(Exclusion::Hidden));
        assert_eq!(apart.between(7, 8), None);
        assert_eq!(apart.between(1, 9), Some(Exclusion::Hidden));
        for (a, b) in [(5, 6), (6, 5), (8, 7), (1, 9), (9, 1)] {
            assert_eq!(apart.ended(a, b), None, "{a} {b}");
        }
    }

    #[test]
    fn a_device_ends_the_tie_of_people_who_dismissed_each_other() {
        let apart: Apart<u32> = Apart::of(
            [Said::from((1, 2, Dismiss))],
            [],
            [OnDevice::new(5, 1), OnDevice::new(5, 2)],
        );
        assert_eq!(apart.ended(1, 2), Some(Exclusion::OneDevice));
        assert_eq!(apart.ended(2, 1), Some(Exclusion::OneDevice));
    }

    #[test]
    fn names_change_and_who_has_none_is_left_out() {
        let renamed = apart().renamed(|id| (id != 21 && id != 2).then_some(100 - id));
        assert_eq!(renamed.between(97, 96), Some(Exclusion::Reported));
        assert_eq!(renamed.between(80, 78), Some(Exclusion::OneDevice));
        assert_eq!(renamed.between(95, 94), Some(Exclusion::Dismissed));
        assert_eq!(renamed.hidden, [91]);
        assert_eq!(renamed.between(99, 98), None);
    }
}
