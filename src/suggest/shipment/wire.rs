//! Numbers as bytes: written and read in one pass, under a digest.

use std::io::{self, Read, Write};

use super::ShipmentError;

/// A number of a fixed width, little-endian.
pub(super) trait Wire: Copy {
    const BYTES: usize;

    fn put(self, out: &mut Vec<u8>);

    /// From exactly [`BYTES`](Self::BYTES) bytes.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! wire {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            const BYTES: usize = size_of::<$number>();

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn get(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("as many bytes as the number has"))
            }
        }
    )*};
}

wire!(u8, u16, u32, u64, i64, f32, f64);

/// How many bytes are moved at once.
const BLOCK: usize = 1 << 16;

/// Writes lists of numbers, and their digest after them.
pub(super) struct Writer<W> {
    out: W,
    hasher: blake3::Hasher,
    n_bytes: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            hasher: blake3::Hasher::new(),
            n_bytes: 0,
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.n_bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    pub(super) fn one<T: Wire>(&mut self, number: T) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(T::BYTES);
        number.put(&mut bytes);
        self.bytes(&bytes)
    }

    /// How many there are, and each.
    pub(super) fn list<T: Wire>(
        &mut self,
        numbers: impl ExactSizeIterator<Item = T>,
    ) -> io::Result<()> {
        self.one(numbers.len() as u64)?;
        let mut block = Vec::with_capacity(BLOCK + T::BYTES);
        for number in numbers {
            number.put(&mut block);
            if block.len() >= BLOCK {
                self.bytes(&block)?;
                block.clear();
            }
        }
        self.bytes(&block)
    }

    /// Ends with the digest of everything before it; says how many bytes there are.
    pub(super) fn finish(mut self) -> io::Result<(blake3::Hash, u64)> {
        let digest = self.hasher.finalize();
        self.out.write_all(digest.as_bytes())?;
        self.out.flush()?;
        Ok((digest, self.n_bytes + blake3::OUT_LEN as u64))
    }
}

/// Reads what a [`Writer`] wrote.
pub(super) struct Reader<R> {
    input: R,
    hasher: blake3::Hasher,
    /// Bytes that are left before the digest.
    left: u64,
}

impl<R: Read> Reader<R> {
    /// `n_bytes` is the length of everything, its digest included.
    pub(super) fn new(input: R, n_bytes: u64) -> Result<Self, ShipmentError> {
        let left = n_bytes.checked_sub(blake3::OUT_LEN as u64);
        Ok(Self {
            input,
            hasher: blake3::Hasher::new(),
            left: left.ok_or(ShipmentError::Damaged)?,
        })
    }

    pub(super) fn bytes(&mut self, bytes: &mut [u8]) -> Result<(), ShipmentError> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or(ShipmentError::Damaged)?;
        self.input.read_exact(bytes)?;
        self.hasher.update(bytes);
        Ok(())
    }

    pub(super) fn one<T: Wire>(&mut self) -> Result<T, ShipmentError> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..T::BYTES];
        self.bytes(bytes)?;
        Ok(T::get(bytes))
    }

    /// A list; damage cannot make it ask for more memory than there are bytes.
    pub(super) fn list<T: Wire>(&mut self) -> Result<Vec<T>, ShipmentError> {
        let n: u64 = self.one()?;
        let is_there = n
            .checked_mul(T::BYTES as u64)
            .is_some_and(|n| n <= self.left);
        let n = usize::try_from(n).ok().filter(|_| is_there);
        let n = n.ok_or(ShipmentError::Damaged)?;
        let mut numbers = Vec::with_capacity(n);
        let mut block = vec![0; BLOCK / T::BYTES * T::BYTES];
        while numbers.len() < n {
            let n_bytes = ((n - numbers.len()) * T::BYTES).min(block.len());
            self.bytes(&mut block[..n_bytes])?;
            numbers.extend(block[..n_bytes].chunks_exact(T::BYTES).map(T::get));
        }
        Ok(numbers)
    }

    /// The digest of everything that was read, if it is the one that stands at the end.
    pub(super) fn finish(mut self) -> Result<blake3::Hash, ShipmentError> {
        let mut written = [0; blake3::OUT_LEN];
        self.input.read_exact(&mut written)?;
        let digest = self.hasher.finalize();
        if self.left > 0 || digest != written {
            return Err(ShipmentError::Damaged);
        }
        Ok(digest)
    }
}
