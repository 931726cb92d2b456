//! What became of the device ids of a table.

/// How many device ids of a table's records were kept, and how many were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptDevices {
    /// Ids kept.
    pub kept: u64,
    /// Texts that stand in the place of an id where there is none (`data/devices`).
    pub placeholders: u64,
}

impl KeptDevices {
    /// These and one more.
    pub(super) fn and(mut self, is_device: bool) -> Self {
        self.kept += u64::from(is_device);
        self.placeholders += u64::from(!is_device);
        self
    }

    /// Counts the ids of a row.
    pub(super) fn add(&mut self, other: Self) {
        self.kept += other.kept;
        self.placeholders += other.placeholders;
    }
}
