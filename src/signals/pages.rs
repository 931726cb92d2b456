//! Parquet page headers, read before the pages: the reader behind allocates what a page header says its page
//! has, up to 2 GiB, before it looks at the page. A list of one row may have millions of values in a few bytes.
//!
//! A page header is a struct in Thrift's compact protocol, of which four numbers matter here: field 1 is the
//! page's type, 2 its size uncompressed, 3 its size as stored; fields 5, 7 and 8 are structs, one for each kind of page,
//! of which field 1 is how many values the page has, nulls and items of lists included. All other fields are skipped.
//!
//! # References
//! Apache Parquet, `parquet.thrift`, `PageHeader`; Apache Thrift, *Thrift compact protocol*.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::error::SignalsError;
use super::limits::ValidReadLimits;
use super::source::Source;

/// Deeper structs than any page header has.
const MAX_DEPTH: usize = 16;

/// Refuses a file of which a page is larger than allowed when uncompressed, or a column has more values than a file of its
/// size can hold.
///
/// # Complexity
/// One seek and one small read for each page of the columns that are read.
pub(super) fn refuse_page_bombs(
    source: &Source,
    metadata: &ParquetMetaData,
    roots: &[usize],
    limits: &ValidReadLimits,
) -> Result<(), SignalsError> {
    let schema = metadata.file_metadata().schema_descr();
    let is_read = |leaf: &usize| roots.contains(&schema.get_column_root_idx(*leaf));
    for leaf in (0..schema.num_columns()).filter(is_read) {
        let mut weight = Weight {
            source,
            limits,
            n_values: 0,
        };
        for group in metadata.row_groups() {
            weight.add(group.column(leaf))?;
        }
    }
    Ok(())
}

/// What the pages of a column amount to.
struct Weight<'s> {
    source: &'s Source,
    limits: &'s ValidReadLimits,
    n_values: u64,
}

impl Weight<'_> {
    fn add(&mut self, chunk: &ColumnChunkMetaData) -> Result<(), SignalsError> {
        let (start, n_bytes) = chunk.byte_range();
        let end = start.saturating_add(n_bytes).min(self.source.bytes);
        let mut at = start;
        while at < end {
            let header = PageHeader::read(&self.source.file, at);
            let header = header.map_err(|error| self.cut_off(error))?;
            self.add_page(&header)?;
            at = header.next_page;
        }
        Ok(())
    }

    fn add_page(&mut self, page: &PageHeader) -> Result<(), SignalsError> {
        self.source.refuse_more(
            "uncompressed bytes in a page",
            page.uncompressed,
            "max_page_bytes",
            self.limits.given().max_page_bytes,
        )?;
        // What a dictionary has are not values of rows.
        let n_values = if page.is_dictionary {
            page.n_values
        } else {
            self.n_values = self.n_values.saturating_add(page.n_values);
            self.n_values
        };
        self.source
            .refuse_many("values in a column", n_values, self.limits)
    }

    fn cut_off(&self, error: io::Error) -> SignalsError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                self.source.damaged("a page header cannot be read")
            }
            _ => self.source.unreadable(error),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct PageHeader {
    is_dictionary: bool,
    uncompressed: u64,
    n_values: u64,
    next_page: u64,
}

impl PageHeader {
    fn read(file: &File, at: u64) -> io::Result<Self> {
        let mut file = file;
        file.seek(SeekFrom::Start(at))?;
        Self::parse(BufReader::with_capacity(256, file), at)
    }

    fn parse(bytes: impl Read, at: u64) -> io::Result<Self> {
        let mut thrift = Thrift { bytes, n_read: 0 };
        let mut numbers = [None; 4];
        let mut n_values = 0_u64;
        let mut field = 0_i16;
        while let Some((id, kind)) = thrift.field(field)? {
            field = id;
            match (usize::try_from(id), kind) {
                (Ok(place @ 1..=3), I32) => numbers[place] = Some(thrift.zigzag()?),
                // A header that has more than one of them is taken by the worst.
                (Ok(5 | 7 | 8), STRUCT) => {
                    n_values = n_values.max(counted(thrift.first_number()?)?);
                }
                _ => thrift.skip(kind, 0)?,
            }
        }
        let size = |place: usize| numbers[place].ok_or_else(invalid).and_then(counted);
        let next_page = [thrift.n_read, size(3)?]
            .into_iter()
            .try_fold(at, u64::checked_add);
        Ok(Self {
            is_dictionary: numbers[1] == Some(DICTIONARY_PAGE),
            uncompressed: size(2)?,
            n_values,
            next_page: next_page.ok_or_else(invalid)?,
        })
    }
}

fn counted(number: i64) -> io::Result<u64> {
    u64::try_from(number).map_err(|_| invalid())
}

/// The type of a page that is a dictionary.
const DICTIONARY_PAGE: i64 = 2;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

/// Just enough of Thrift's compact protocol to walk through a struct.
struct Thrift<B> {
    bytes: B,
    n_read: u64,
}

impl<B: Read> Thrift<B> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        self.n_read += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(invalid())
    }

    fn zigzag(&mut self) -> io::Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// The next field's id and type; none at the end of the struct.
    fn field(&mut self, last: i16) -> io::Result<Option<(i16, u8)>> {
        let byte = self.byte()?;
        let (delta, kind) = (i16::from(byte >> 4), byte & 0x0F);
        if byte == 0 {
            return Ok(None);
        }
        let id = match delta {
            0 => i16::try_from(self.zigzag()?).ok(),
            delta => last.checked_add(delta),
        };
        Ok(Some((id.ok_or_else(invalid)?, kind)))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.pass(1),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.pass(8),
            BINARY => self.varint().and_then(|n_bytes| self.pass(n_bytes)),
            LIST | SET if depth < MAX_DEPTH => self.skip_list(depth),
            STRUCT if depth < MAX_DEPTH => self.skip_struct(depth),
            _ => Err(invalid()),
        }
    }

    /// The number that is the first field of a struct, 0 without one; the rest is skipped.
    fn first_number(&mut self) -> io::Result<i64> {
        let mut number = 0;
        let mut last = 0;
        while let Some((id, kind)) = self.field(last)? {
            last = id;
            match (id, kind) {
                (1, I32) => number = self.zigzag()?,
                _ => self.skip(kind, 1)?,
            }
        }
        Ok(number)
    }

    fn skip_struct(&mut self, depth: usize) -> io::Result<()> {
        let mut last = 0;
        while let Some((id, kind)) = self.field(last)? {
            last = id;
            self.skip(kind, depth + 1)?;
        }
        Ok(())
    }

    fn skip_list(&mut self, depth: usize) -> io::Result<()> {
        let byte = self.byte()?;
        let n_items = match byte >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        // In a list, unlike in a struct, a truth value takes a byte.
        let kind = if matches!(byte & 0x0F, TRUE | FALSE) {
            BYTE
        } else {
            byte & 0x0F
        };
        (0..n_items).try_for_each(|_| self.skip(kind, depth + 1))
    }

    fn pass(&mut self, n_bytes: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.bytes.by_ref().take(n_bytes), &mut io::sink())?;
        self.n_read = self.n_read.saturating_add(passed);
        if passed == n_bytes {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_values_are_read_and_the_rest_is_skipped() {
        // 1: type 0; 2: 300 bytes; 3: 7 bytes; 5: a struct {1: 1 value, 4: binary "ab"}; 8: true; end.
        let bytes = [
            0x15, 0, 0x15, 0xD8, 0x04, 0x15, 14, 0x2C, 0x15, 2, 0x38, 2, b'a', b'b', 0, 0x31, 0,
        ];
        let header = PageHeader::parse(bytes.as_slice(), 100).unwrap();
        let n_bytes = u64::try_from(bytes.len()).unwrap();
        assert_eq!(
            header,
            PageHeader {
                is_dictionary: false,
                uncompressed: 300,
                n_values: 1,
                next_page: 100 + n_bytes + 7
            }
        );
    }

    #[test]
    fn the_values_of_every_kind_of_page_are_counted() {
        // 1: the type; 2 and 3: no bytes; the kind's struct {1: 300 values}; end.
        for (page_type, kind) in [(0, 0x2C), (4, 0x4C), (6, 0x5C)] {
            let bytes = [
                0x15, page_type, 0x15, 0, 0x15, 0, kind, 0x15, 0xD8, 0x04, 0, 0,
            ];
            let header = PageHeader::parse(bytes.as_slice(), 0).unwrap();
            assert_eq!(header.n_values, 300);
            assert_eq!(header.is_dictionary, page_type == 4);
        }
    }

    #[test]
    fn deny_headers_that_end_early_or_lie() {
        for bytes in [
            &[][..],
            &[0x15],
            &[0x15, 0, 0x15, 1, 0x15, 2, 0],
            &[0x15, 0, 0x15, 0, 0x15, 0, 0x2C, 0x15, 1, 0, 0],
            &[0x0F],
            &[0xFF; 40],
            &[0x1C; 60],
        ] {
            assert!(PageHeader::parse(bytes, 0).is_err(), "{bytes:?}");
        }
    }
}
