//! The files in a ZIP archive: stored or deflated, each checked against its length and checksum.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// The end of an archive is no longer than this: where its larger record is, its record, and a comment.
const MOST_END: u64 = 20 + 22 + 65_535;
/// No archive of lists has more files.
const MOST_FILES: u64 = 64;
/// Stands for a number that is told elsewhere.
const TOO_LARGE: u64 = u32::MAX as u64;
/// The field of an entry that tells such numbers.
const LARGE_NUMBERS: u16 = 1;

/// A file of an archive, as its directory has it.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    is_deflated: bool,
    crc: u32,
    packed: u64,
    unpacked: u64,
    at: u64,
}

/// Is it an archive? By its first bytes.
pub(crate) fn is_archive(file: &mut File) -> io::Result<bool> {
    let mut head = [0; 4];
    let n_read = file.read(&mut head)?;
    file.rewind()?;
    Ok(n_read == 4 && head == *b"PK\x03\x04")
}

/// The files of an archive, in the order of its directory.
pub(crate) fn members(file: &mut File) -> io::Result<Vec<Member>> {
    let Directory {
        n_files,
        size,
        start,
    } = directory(file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut directory = Vec::new();
    Read::by_ref(file).take(size).read_to_end(&mut directory)?;
    let (mut members, mut at) = (Vec::new(), 0);
    for _ in 0..n_files {
        let entry = directory.get(at..).unwrap_or_default();
        let (member, next) = member(entry)?;
        members.extend(member);
        at += next;
    }
    if at != directory.len() {
        return Err(damaged("its directory has other files than it says"));
    }
    Ok(members)
}

/// Where the directory is, and of how many files.
struct Directory {
    n_files: u64,
    size: u64,
    start: u64,
}

/// The directory, as the end of the archive has it.
fn directory(file: &mut File) -> io::Result<Directory> {
    let length = file.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(MOST_END);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let at = end.windows(4).rposition(|four| four == b"PK\x05\x06");
    let at = at.ok_or_else(|| damaged("it has no directory"))?;
    let last = &end[at..];
    if last.len() != 22 + usize::from(short(last, 20)?) {
        return Err(damaged("it ends too early, or too late"));
    }
    let mut directory = Directory {
        n_files: short(last, 10)?.into(),
        size: long(last, 12)?.into(),
        start: long(last, 16)?.into(),
    };
    // In an archive of more than 4 GiB the numbers stand in a larger record, and a smaller one before this says where.
    let is_large = directory.start == TOO_LARGE || directory.size == TOO_LARGE;
    let locator = at.checked_sub(20).map(|at| &end[at..]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(b"PK\x06\x07")) {
        file.seek(SeekFrom::Start(double(locator, 8)?))?;
        let mut large = [0; 56];
        file.read_exact(&mut large)?;
        if !large.starts_with(b"PK\x06\x06") {
            return Err(damaged("its directory is not where it says"));
        }
        directory = Directory {
            n_files: double(&large, 32)?,
            size: double(&large, 40)?,
            start: double(&large, 48)?,
        };
    } else if is_large {
        return Err(damaged("it does not say where its directory is"));
    }
    if directory.n_files > MOST_FILES || directory.start.saturating_add(directory.size) > length {
        return Err(damaged("its directory is not that of lists"));
    }
    Ok(directory)
}

/// An entry of the directory, if it is a file, and how long it is.
fn member(entry: &[u8]) -> io::Result<(Option<Member>, usize)> {
    if !entry.starts_with(b"PK\x01\x02") {
        return Err(damaged("an entry of its directory is none"));
    }
    let is_deflated = match short(entry, 10)? {
        0 => false,
        8 => true,
        _ => return Err(damaged("a file is packed in another way than deflate")),
    };
    if short(entry, 8)? & 1 == 1 {
        return Err(damaged("a file is encrypted"));
    }
    let lengths = [short(entry, 28)?, short(entry, 30)?, short(entry, 32)?].map(usize::from);
    let name = entry
        .get(46..46 + lengths[0])
        .ok_or_else(|| damaged("it ends too early"))?;
    let name = String::from_utf8_lossy(name).into_owned();
    let mut member = Member {
        is_deflated,
        crc: long(entry, 16)?,
        packed: long(entry, 20)?.into(),
        unpacked: long(entry, 24)?.into(),
        at: long(entry, 42)?.into(),
        name,
    };
    let extra = 46 + lengths[0];
    let extra = entry.get(extra..extra + lengths[1]);
    member.enlarge(extra.ok_or_else(|| damaged("it ends too early"))?)?;
    let is_file = !member.name.ends_with('/');
    Ok((
        Some(member).filter(|_| is_file),
        46 + lengths.iter().sum::<usize>(),
    ))
}

impl Member {
    /// Takes numbers that are too large for an entry from what is attached to it: fields of an id, a length and their bytes.
    fn enlarge(&mut self, mut extra: &[u8]) -> io::Result<()> {
        let mut large = [&mut self.unpacked, &mut self.packed, &mut self.at]
            .into_iter()
            .filter(|number| **number == TOO_LARGE)
            .peekable();
        while large.peek().is_some() {
            let (id, length) = (short(extra, 0)?, usize::from(short(extra, 2)?));
            let field = extra.get(4..4 + length);
            let field = field.ok_or_else(|| damaged("it ends too early"))?;
            if id == LARGE_NUMBERS {
                for (number, at) in large.by_ref().zip((0..).step_by(8)) {
                    *number = double(field, at)?;
                }
            }
            extra = &extra[4 + length..];
        }
        Ok(())
    }
}

/// What is in a file of the archive; reading it to its end checks it.
pub(crate) fn open<'f>(
    file: &'f mut File,
    member: &Member,
) -> io::Result<Box<dyn Read + Send + 'f>> {
    file.seek(SeekFrom::Start(member.at))?;
    let mut head = [0; 30];
    file.read_exact(&mut head)?;
    if !head.starts_with(b"PK\x03\x04") {
        return Err(damaged("a file does not begin where its directory says"));
    }
    let skip = i64::from(short(&head, 26)?) + i64::from(short(&head, 28)?);
    file.seek(SeekFrom::Current(skip))?;
    let packed: Take<&mut File> = Read::take(file, member.packed);
    let packed = BufReader::with_capacity(1 << 16, packed);
    let bytes: Box<dyn Read + Send + 'f> = if member.is_deflated {
        Box::new(DeflateDecoder::new(packed))
    } else {
        Box::new(packed)
    };
    Ok(Box::new(Checked {
        bytes,
        crc: Crc::new(),
        expected: member.crc,
        left: member.unpacked,
    }))
}

/// Bytes that have to be as many as was said, with the checksum that was said.
struct Checked<'f> {
    bytes: Box<dyn Read + Send + 'f>,
    crc: Crc,
    expected: u32,
    left: u64,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.bytes.read(buffer)?;
        self.crc.update(&buffer[..n_read]);
        let left = self.left.checked_sub(n_read as u64);
        self.left = left.ok_or_else(|| damaged("a file is longer than its directory says"))?;
        let is_whole = self.left == 0 && self.crc.sum() == self.expected;
        if n_read == 0 && !buffer.is_empty() && !is_whole {
            return Err(damaged("a file is not the one that was packed"));
        }
        Ok(n_read)
    }
}

fn short(bytes: &[u8], at: usize) -> io::Result<u16> {
    let two = bytes.get(at..at + 2).and_then(|two| two.try_into().ok());
    two.map(u16::from_le_bytes)
        .ok_or_else(|| damaged("it ends too early"))
}

fn long(bytes: &[u8], at: usize) -> io::Result<u32> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map(u32::from_le_bytes)
        .ok_or_else(|| damaged("it ends too early"))
}

fn double(bytes: &[u8], at: usize) -> io::Result<u64> {
    let eight = bytes
        .get(at..at + 8)
        .and_then(|eight| eight.try_into().ok());
    eight
        .map(u64::from_le_bytes)
        .ok_or_else(|| damaged("it ends too early"))
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the archive cannot be read: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &[u8] = b"ID,Hash\n";

    /// An archive of one file whose numbers all stand where those of large ones do; `lies` is added to its length.
    fn large(lies: u64) -> Vec<u8> {
        let mut crc = Crc::new();
        crc.update(TEXT);
        let (max, length) = (u32::MAX.to_le_bytes(), TEXT.len() as u64);
        let mut bytes = b"PK\x03\x04\x2d\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend(crc.sum().to_le_bytes());
        bytes.extend([max, max].concat());
        bytes.extend([1, 0, 0, 0, b'a']);
        bytes.extend(TEXT);
        let start = bytes.len() as u64;
        bytes.extend(b"PK\x01\x02\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
        bytes.extend(crc.sum().to_le_bytes());
        bytes.extend([max, max].concat());
        bytes.extend([1, 0, 33, 0]);
        bytes.extend([0; 10]);
        bytes.extend(max);
        // A field of another id comes first.
        bytes.extend(b"a\x99\x99\x01\0x\x01\0\x18\0");
        for number in [length + lies, length, 0] {
            bytes.extend(number.to_le_bytes());
        }
        let end = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend([0; 20]);
        for number in [1, 1, end - start, start] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(end.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
        bytes.extend([max, max].concat());
        bytes.extend([0, 0]);
        bytes
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        let mut text = Vec::new();
        for member in members(&mut file)? {
            open(&mut file, &member)?.read_to_end(&mut text)?;
        }
        Ok(text)
    }

    #[test]
    fn numbers_of_large_archives_are_read_where_they_stand() {
        assert_eq!(read(&large(0)).unwrap(), TEXT);
        assert!(read(&large(1)).unwrap_err().to_string().contains("packed"));
    }

    #[test]
    fn an_archive_cut_off_anywhere_is_none() {
        let whole = large(0);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn deny_a_directory_that_has_more_files_than_it_says() {
        let mut bytes = large(0);
        let at = bytes
            .windows(4)
            .position(|four| four == b"PK\x06\x06")
            .unwrap();
        bytes[at + 32] = 0;
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("other files"), "{error}");
    }
}
