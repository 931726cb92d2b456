//! The files in a ZIP archive: stored or deflated, each checked against its length and checksum.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// The end of an archive is no longer than this: its record, and a comment.
const MOST_END: u64 = 22 + 65_535;
/// No archive of lists has more files.
const MOST_FILES: usize = 64;

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
    let length = file.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(MOST_END);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let at = end.windows(4).rposition(|four| four == b"PK\x05\x06");
    let end = &end[at.ok_or_else(|| damaged("it has no directory"))?..];
    let n_files = usize::from(short(end, 10)?);
    let (size, start) = (u64::from(long(end, 12)?), u64::from(long(end, 16)?));
    if n_files > MOST_FILES || start.saturating_add(size) > length {
        return Err(damaged("its directory is not that of lists"));
    }
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
    Ok(members)
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
    let member = Member {
        is_deflated,
        crc: long(entry, 16)?,
        packed: long(entry, 20)?.into(),
        unpacked: long(entry, 24)?.into(),
        at: long(entry, 42)?.into(),
        name,
    };
    let is_large = [member.packed, member.unpacked, member.at].contains(&u64::from(u32::MAX));
    if is_large {
        return Err(damaged(
            "a file is larger than 4 GiB: unpack it, and import the lists one by one",
        ));
    }
    let is_file = !member.name.ends_with('/');
    Ok((
        Some(member).filter(|_| is_file),
        46 + lengths.iter().sum::<usize>(),
    ))
}

/// What is in a file of the archive; reading it to its end checks it.
pub(crate) fn open<'f>(file: &'f mut File, member: &Member) -> io::Result<Box<dyn Read + 'f>> {
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
    let bytes: Box<dyn Read + 'f> = if member.is_deflated {
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
    bytes: Box<dyn Read + 'f>,
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

fn damaged(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the archive cannot be read: {what}"),
    )
}
