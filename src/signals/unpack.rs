//! The bytes inside gzip and Zstandard: all of them or an error, and no more than allowed.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::forms::Packing;
use super::source::Source;

const BUFFER_BYTES: usize = 1 << 16;

/// More bytes came out of a packed file than its size lets expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it grows to more than {allowed} bytes")]
pub(super) struct Grown {
    /// How many bytes would have been accepted.
    pub(super) allowed: u64,
    /// What raises it.
    pub(super) limit: &'static str,
}

/// What is in a packed file.
pub(super) struct Unpacked<'s> {
    bytes: Box<dyn Read + 's>,
    left: u64,
    allowed: Grown,
}

impl<'s> Unpacked<'s> {
    /// Unpacks a file of which at most so many bytes are accepted.
    pub(super) fn new(source: &'s Source, packing: Packing, allowed: Grown) -> io::Result<Self> {
        let plain = BufReader::with_capacity(BUFFER_BYTES, &source.file);
        let bytes: Box<dyn Read + 's> = match packing {
            Packing::Plain => Box::new(plain),
            Packing::Gzip => Box::new(Members::new(plain)),
            Packing::Zstd => Box::new(Frames(zstd::stream::read::Decoder::with_buffer(plain)?)),
        };
        Ok(Self {
            bytes,
            left: allowed.allowed,
            allowed,
        })
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.bytes.read(buffer)?;
        let allowed = self.allowed;
        let left = self.left.checked_sub(n_read as u64);
        self.left = left.ok_or_else(|| io::Error::other(allowed))?;
        Ok(n_read)
    }
}

/// Bytes that are digested on their way.
pub(super) struct Digested<R> {
    bytes: R,
    hasher: blake3::Hasher,
}

impl<R> Digested<R> {
    pub(super) fn new(bytes: R) -> Self {
        Self {
            bytes,
            hasher: blake3::Hasher::new(),
        }
    }

    /// The digest of all that was read.
    pub(super) fn digest(&self) -> blake3::Hash {
        self.hasher.finalize()
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.bytes.read(buffer)?;
        self.hasher.update(&buffer[..n_read]);
        Ok(n_read)
    }
}

/// The members of a gzip file, one after the other. As `gzip -d` does, zeros behind the last one are passed over:
/// tapes and block devices leave them. Anything else behind it is an error.
pub(crate) struct Members<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    pub(crate) fn new(packed: R) -> Self {
        Self {
            member: Some(GzDecoder::new(packed)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let n_read = member.read(buffer)?;
            if n_read > 0 || buffer.is_empty() {
                return Ok(n_read);
            }
            let rest = self.member.take().map(GzDecoder::into_inner);
            self.member = rest.map(next_member).transpose()?.flatten();
        }
        Ok(0)
    }
}

fn next_member<R: BufRead>(mut rest: R) -> io::Result<Option<GzDecoder<R>>> {
    const FIRST_OF_GZIP: u8 = 0x1F;
    if rest.fill_buf()?.first() == Some(&FIRST_OF_GZIP) {
        return Ok(Some(GzDecoder::new(rest)));
    }
    loop {
        let padding = rest.fill_buf()?;
        if padding.is_empty() {
            return Ok(None);
        }
        if padding.iter().any(|&byte| byte != 0) {
            let told = "trailing bytes after the end of the gzip stream";
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
        let n_bytes = padding.len();
        rest.consume(n_bytes);
    }
}

/// The frames of a Zstandard file.
struct Frames<'d, R: BufRead>(zstd::stream::read::Decoder<'d, R>);

impl<R: BufRead> Read for Frames<'_, R> {
    /// The library calls its own complaints errors of another kind.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Other => io::Error::new(io::ErrorKind::InvalidData, error),
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::signals::testing::dir_of;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // A small buffer, so that its ends fall everywhere.
        let packed = BufReader::with_capacity(7, packed);
        Members::new(packed).read_to_end(&mut bytes).map(|_| bytes)
    }

    const ALLOWED: Grown = Grown {
        allowed: 100,
        limit: "max_expansion",
    };

    #[test]
    fn deny_more_than_is_allowed() {
        let (long, short) = (vec![b'\n'; 1000], vec![b'\n'; 100]);
        let zst = |bytes: &[u8]| zstd::stream::encode_all(bytes, 3).unwrap();
        for (packing, pack) in [
            (Packing::Gzip, gz as fn(&[u8]) -> Vec<u8>),
            (Packing::Zstd, zst),
        ] {
            for (bytes, is_allowed) in [(&long, false), (&short, true)] {
                let dir = dir_of(&[("x", &pack(bytes))]);
                let source = Source::open(dir.path(), "x").unwrap();
                let unpacked = Unpacked::new(&source, packing, ALLOWED).unwrap();
                let mut unpacked = Digested::new(unpacked);
                let read = unpacked.read_to_end(&mut Vec::new());
                assert_eq!(read.is_ok(), is_allowed, "{packing:?}");
                if let Err(error) = read {
                    assert_eq!(error.downcast::<Grown>().unwrap(), ALLOWED);
                } else {
                    assert_eq!(unpacked.digest(), blake3::hash(bytes));
                }
            }
        }
    }

    #[test]
    fn members_and_padding_read_as_gzip_reads_them() {
        let (a, b) = (gz(b"one,"), gz(b"two"));
        for (packed, plain) in [
            (a.clone(), "one,"),
            ([&a[..], &b].concat(), "one,two"),
            ([&a[..], &[0; 1]].concat(), "one,"),
            ([&a[..], &b, &[0; 1000]].concat(), "one,two"),
            ([&gz(b"")[..], &b].concat(), "two"),
        ] {
            assert_eq!(unpack(&packed).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn deny_whatever_else_stands_behind() {
        let a = gz(b"one,");
        for behind in [
            &b"\n"[..],
            b"garbage",
            b"\0\0x",
            b"PK\x03\x04",
            b"user,row\n",
        ] {
            let error = unpack(&[&a, behind].concat()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().contains("trailing bytes"), "{error}");
        }
        let cut = gz(b"two");
        for end in 1..cut.len() {
            assert!(unpack(&[&a, &cut[..end]].concat()).is_err(), "cut at {end}");
        }
    }
}
