//! Limits on what is read, so that a damaged or hostile file costs little before it is refused.

use serde::{Deserialize, Serialize};

use super::unpack::Grown;
use crate::params::{ParamError, require};

/// A small file may grow to this many bytes whatever its size,
pub(crate) const FREE_BYTES: u64 = 16 << 20;
/// and have this many rows.
pub(crate) const FREE_ROWS: u64 = 1 << 16;

/// How much may come of a file: so much whatever its size, and so many times its bytes.
pub(crate) const fn by_size(free: u64, packed: u64, times: u64) -> u64 {
    free.saturating_add(packed.saturating_mul(times))
}

/// Limits on what is read, unchecked; [`ReadLimits::check`] makes them usable.
///
/// The defaults let through what common writers make, and refuse what was measured to be a bomb: a page of
/// zeros that grows 31,000 times, and 320 rows for every byte of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadLimits {
    /// Bytes of one CSV row, line end included. Default 1 MiB, at least 256.
    pub max_row_bytes: u64,
    /// Columns of one file. Default 1,024, at least 1.
    pub max_columns: u64,
    /// Rows of one file. Default 10 milliards, at least 1.
    pub max_rows: u64,
    /// Rows for every byte of a Parquet file, or of packed text, beyond the first 65,536 rows; and as many values of each of its
    /// columns, items of lists included. Default 16, at least 1.
    pub max_rows_per_byte: u64,
    /// Bytes of one Parquet row group when uncompressed. Default 1 GiB, at least 4,096.
    pub max_row_group_bytes: u64,
    /// Bytes of one Parquet page when uncompressed. Default 64 MiB, at least 4,096.
    pub max_page_bytes: u64,
    /// How many times larger than its file a Parquet row group may be uncompressed, or text out of `.gz` and `.zst`,
    /// beyond the first 16 MiB. Default 1,000, at least 1.
    pub max_expansion: u64,
    /// Bytes of one file when unpacked. Default 256 GiB, at least 1.
    pub max_unpacked_bytes: u64,
    /// Rows handed over at a time. Default 8,192, from 1 to 1,048,576.
    pub batch_rows: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            max_row_bytes: 1 << 20,
            max_columns: 1024,
            max_rows: 10_000_000_000,
            max_rows_per_byte: 16,
            max_row_group_bytes: 1 << 30,
            max_page_bytes: 64 << 20,
            max_expansion: 1000,
            max_unpacked_bytes: 256 << 30,
            batch_rows: 8192,
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub const fn $name(mut self, value: u64) -> Self {
            self.$name = value;
            self
        }
    )*};
}

impl ReadLimits {
    setters! {
        /// Sets the bytes of one CSV row: at least 256.
        max_row_bytes;
        /// Sets the columns of one file: at least 1.
        max_columns;
        /// Sets the rows of one file: at least 1.
        max_rows;
        /// Sets the rows for every byte of a Parquet file, and the values of each column: at least 1.
        max_rows_per_byte;
        /// Sets the uncompressed bytes of one Parquet row group: at least 4,096.
        max_row_group_bytes;
        /// Sets the uncompressed bytes of one Parquet page: at least 4,096.
        max_page_bytes;
        /// Sets how many times larger than its file a row group may be: at least 1.
        max_expansion;
        /// Sets the bytes of one file when unpacked: at least 1.
        max_unpacked_bytes;
        /// Sets the rows handed over at a time: from 1 to 1,048,576.
        batch_rows;
    }

    /// Checks every range.
    ///
    /// # Errors
    /// The first limit outside its range.
    pub fn check(self) -> Result<ValidReadLimits, ParamError> {
        for (name, value, least, expected) in self.bounds() {
            require(value >= least, name, value, expected)?;
        }
        let rows = self.batch_rows;
        let few = usize::try_from(rows).ok().filter(|&n| n <= 1 << 20);
        require(few.is_some(), "signals.batch_rows", rows, "at most 1048576")?;
        Ok(ValidReadLimits {
            batch_rows: few.unwrap_or(1),
            given: self,
        })
    }

    fn bounds(&self) -> [(&'static str, u64, u64, &'static str); 9] {
        let one = "at least 1";
        let page = "at least 4096";
        [
            (
                "signals.max_row_bytes",
                self.max_row_bytes,
                256,
                "at least 256",
            ),
            ("signals.max_columns", self.max_columns, 1, one),
            ("signals.max_rows", self.max_rows, 1, one),
            ("signals.max_rows_per_byte", self.max_rows_per_byte, 1, one),
            (
                "signals.max_row_group_bytes",
                self.max_row_group_bytes,
                4096,
                page,
            ),
            ("signals.max_page_bytes", self.max_page_bytes, 4096, page),
            ("signals.max_expansion", self.max_expansion, 1, one),
            (
                "signals.max_unpacked_bytes",
                self.max_unpacked_bytes,
                1,
                one,
            ),
            ("signals.batch_rows", self.batch_rows, 1, one),
        ]
    }
}

/// Limits that were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidReadLimits {
    given: ReadLimits,
    batch_rows: usize,
}

impl ValidReadLimits {
    /// The limits as given.
    #[must_use]
    pub const fn given(&self) -> &ReadLimits {
        &self.given
    }

    /// How many bytes a file of some size may have when unpacked.
    pub(super) const fn allowed_bytes(&self, packed: u64) -> Grown {
        let allowed = by_size(FREE_BYTES, packed, self.given.max_expansion);
        if allowed <= self.given.max_unpacked_bytes {
            return Grown {
                allowed,
                limit: "max_expansion",
            };
        }
        Grown {
            allowed: self.given.max_unpacked_bytes,
            limit: "max_unpacked_bytes",
        }
    }

    /// Rows handed over at a time.
    #[must_use]
    pub const fn batch_rows(&self) -> usize {
        self.batch_rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range() {
        assert!(ReadLimits::default().check().is_ok());
    }

    #[test]
    fn each_bound_holds_at_it_and_not_past_it() {
        type Set = fn(ReadLimits, u64) -> ReadLimits;
        let cases: [(Set, u64, &str); 9] = [
            (ReadLimits::max_row_bytes, 256, "signals.max_row_bytes"),
            (ReadLimits::max_columns, 1, "signals.max_columns"),
            (ReadLimits::max_rows, 1, "signals.max_rows"),
            (
                ReadLimits::max_rows_per_byte,
                1,
                "signals.max_rows_per_byte",
            ),
            (
                ReadLimits::max_row_group_bytes,
                4096,
                "signals.max_row_group_bytes",
            ),
            (ReadLimits::max_page_bytes, 4096, "signals.max_page_bytes"),
            (ReadLimits::max_expansion, 1, "signals.max_expansion"),
            (
                ReadLimits::max_unpacked_bytes,
                1,
                "signals.max_unpacked_bytes",
            ),
            (ReadLimits::batch_rows, 1, "signals.batch_rows"),
        ];
        for (set, least, name) in cases {
            assert!(set(ReadLimits::default(), least).check().is_ok(), "{name}");
            let error = set(ReadLimits::default(), least - 1).check().unwrap_err();
            assert_eq!(error.name, name);
        }
    }

    #[test]
    fn packed_files_may_grow_with_their_size() {
        let limits = ReadLimits::default().max_expansion(3).check().unwrap();
        let allowed = limits.allowed_bytes(10);
        assert_eq!(
            (allowed.allowed, allowed.limit),
            ((16 << 20) + 30, "max_expansion")
        );
        let allowed = limits.allowed_bytes(u64::MAX);
        assert_eq!(
            (allowed.allowed, allowed.limit),
            (256 << 30, "max_unpacked_bytes")
        );
    }

    #[test]
    fn batches_have_a_greatest_size() {
        assert!(ReadLimits::default().batch_rows(1 << 20).check().is_ok());
        let error = ReadLimits::default().batch_rows((1 << 20) + 1).check();
        assert_eq!(error.unwrap_err().name, "signals.batch_rows");
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(serde_json::from_str::<ReadLimits>(r#"{"max_rows":5}"#).is_ok());
        assert!(serde_json::from_str::<ReadLimits>(r#"{"max_row":5}"#).is_err());
    }
}
