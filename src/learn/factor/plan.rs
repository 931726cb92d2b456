//! Which vectors a row uses, and what for.

use super::batch::FieldRow;
use super::params::Interaction;
use super::table::Shape;

/// A field of the row and where its entries are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) field: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Group {
    pub(super) const fn is_single(self) -> bool {
        self.end - self.start == 1
    }
}

/// A vector of an entry, which meets a field of the row: or, of kinds with one vector a feature, all of them. As it is for
/// every row of the same fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meeting {
    entry: usize,
    /// Where the vector begins among those of its slot.
    offset: usize,
    /// To which of the row's sums it adds.
    pub(super) sum: usize,
    /// Which of the row's sums is its gradient.
    pub(super) pull: usize,
    /// 1 if that sum has the vector itself in it, or 0.
    pub(super) own: f32,
}

/// A vector that a row uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    /// Where in the table it begins.
    pub(super) place: usize,
    /// The value of its entry.
    pub(super) x: f32,
}

/// A row's fields and vectors. Rows of the same fields have the same meetings, so these are seldom made anew.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    kind: Interaction,
    pub(super) groups: Vec<Group>,
    meetings: Vec<Meeting>,
    /// A vector for each meeting.
    pub(super) used: Vec<Used>,
    /// The fields that groups and meetings were made for.
    fields: Vec<u8>,
}

impl Plan {
    pub(super) const fn new(kind: Interaction) -> Self {
        Self {
            kind,
            groups: Vec::new(),
            meetings: Vec::new(),
            used: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Plans for no row.
    pub(super) fn clear(&mut self) {
        self.fields.clear();
        self.groups.clear();
        self.meetings.clear();
        self.used.clear();
    }

    /// Has a feature a vector for every field it meets?
    pub(super) fn is_aware(&self) -> bool {
        self.kind == Interaction::FieldAware
    }

    /// How many sums the row has: shape (groups, groups) where fields are aware, or (groups).
    pub(super) fn n_sums(&self) -> usize {
        let n = self.groups.len();
        if self.is_aware() { n * n } else { n }
    }

    /// Which sum is of a group's entries as they meet each other.
    pub(super) fn own_sum(&self, f: usize) -> usize {
        if self.is_aware() {
            f * self.groups.len() + f
        } else {
            f
        }
    }

    /// Meetings and the vectors that they are of.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn meetings(&self) -> impl Iterator<Item = (&Meeting, Used)> {
        self.meetings.iter().zip(self.used.iter().copied())
    }

    /// Plans for a row.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn make(&mut self, row: FieldRow<'_>, shape: Shape) {
        if self.fields != row.fields {
            self.meet(row.fields, shape);
        }
        self.used.clear();
        let used = self.meetings.iter().map(|meeting| Used {
            place: shape.at(row.slots[meeting.entry], 0) + meeting.offset,
            x: row.values[meeting.entry],
        });
        self.used.extend(used);
    }

    #[inline(never)]
    fn meet(&mut self, fields: &[u8], shape: Shape) {
        self.fields.clear();
        self.fields.extend_from_slice(fields);
        self.groups.clear();
        for same in fields.chunk_by(|a, b| a == b) {
            let start = self.groups.last().map_or(0, |last| last.end);
            self.groups.push(Group {
                field: usize::from(same[0]),
                start,
                end: start + same.len(),
            });
        }
        self.meetings.clear();
        for f in 0..self.groups.len() {
            for entry in self.groups[f].start..self.groups[f].end {
                if self.is_aware() {
                    self.meet_each(f, entry, shape);
                } else {
                    self.meetings.push(Meeting {
                        entry,
                        offset: 0,
                        sum: f,
                        pull: f,
                        own: one_if(!self.groups[f].is_single()),
                    });
                }
            }
        }
    }

    /// An entry of field f with a vector for every field; a single entry has no use for that of its own.
    fn meet_each(&mut self, f: usize, entry: usize, shape: Shape) {
        let n = self.groups.len();
        for g in 0..n {
            if g != f || !self.groups[f].is_single() {
                self.meetings.push(Meeting {
                    entry,
                    offset: self.groups[g].field * shape.n_chunks,
                    sum: f * n + g,
                    pull: g * n + f,
                    own: one_if(f == g),
                });
            }
        }
    }
}

fn one_if(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}
