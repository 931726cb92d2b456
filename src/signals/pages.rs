//! Parquet page headers, read before the pages: the reader behind allocates what a page header says its page
//! has, up to 2 GiB, before it looks at the page.
//!
//! A page header is a struct in Thrift's compact protocol, of which three numbers matter here: field 1 is the
//! page's type, 2 its size uncompressed, 3 its size as stored. All other fields are skipped.
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

/// Refuses a file of which a page is larger than allowed when uncompressed.
///
/// # Complexity
/// One seek and one small read for each page of the columns that are read.
pub(super) fn refuse_large_pages(
    source: &Source,
    metadata: &ParquetMetaData,
    roots: &[usize],
    limits: &ValidReadLimits,
) -> Result<(), SignalsError> {
    let schema = metadata.file_metadata().schema_descr();
    let is_read = |leaf: &usize| roots.contains(&schema.get_column_root_idx(*leaf));
    for group in metadata.row_groups() {
        for leaf in (0..group.num_columns()).filter(is_read) {
            refuse_large_pages_of(source, group.column(leaf), limits.given().max_page_bytes)?;
        }
    }
    Ok(())
}

fn refuse_large_pages_of(
    source: &Source,
    chunk: &ColumnChunkMetaData,
    allowed: u64,
) -> Result<(), SignalsError> {
    let cut_off = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
            source.damaged("a page header cannot be read")
        }
        _ => source.unreadable(error),
    };
    let (start, n_bytes) = chunk.byte_range();
    let end = start.saturating_add(n_bytes).min(source.bytes);
    let mut at = start;
    while at < end {
        let header = PageHeader::read(&source.file, at).map_err(cut_off)?;
        source.refuse_more(
            "uncompressed bytes in a page",
            header.uncompressed,
            "max_page_bytes",
            allowed,
        )?;
        at = header.next_page;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct PageHeader {
    uncompressed: u64,
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
        let mut field = 0_i16;
        while let Some((id, kind)) = thrift.field(field)? {
            field = id;
            match usize::try_from(id) {
                Ok(place @ 1..=3) if kind == I32 => numbers[place] = Some(thrift.zigzag()?),
                _ => thrift.skip(kind, 0)?,
            }
        }
        let size = |place: usize| {
            numbers[place]
                .and_then(|n| u64::try_from(n).ok())
                .ok_or_else(invalid)
        };
        let next_page = [thrift.n_read, size(3)?]
            .into_iter()
            .try_fold(at, u64::checked_add);
        Ok(Self {
            uncompressed: size(2)?,
            next_page: next_page.ok_or_else(invalid)?,
        })
    }
}

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
    fn sizes_are_read_and_the_rest_is_skipped() {
        // 1: type 0; 2: 300 bytes; 3: 7 bytes; 5: a struct {1: i32, 4: binary "ab"}; 8: true; end.
        let bytes = [
            0x15, 0, 0x15, 0xD8, 0x04, 0x15, 14, 0x2C, 0x15, 2, 0x38, 2, b'a', b'b', 0, 0x31, 0,
        ];
        let header = PageHeader::parse(bytes.as_slice(), 100).unwrap();
        let n_bytes = u64::try_from(bytes.len()).unwrap();
        assert_eq!(
            header,
            PageHeader {
                uncompressed: 300,
                next_page: 100 + n_bytes + 7
            }
        );
    }

    #[test]
    fn deny_headers_that_end_early_or_lie() {
        for bytes in [
            &[][..],
            &[0x15],
            &[0x15, 0, 0x15, 1, 0x15, 2, 0],
            &[0x0F],
            &[0xFF; 40],
            &[0x1C; 60],
        ] {
            assert!(PageHeader::parse(bytes, 0).is_err(), "{bytes:?}");
        }
    }
}
