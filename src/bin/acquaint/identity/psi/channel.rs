//! A connection with limits: plain between programs of one machine, sealed with a shared key wherever it goes.
//!
//! What seals it is the Noise protocol (`Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s`; Perrin, 2018) of the crate `snow`: both sides show in
//! their first message that they have the key, and keys of the connection are fresh, so that whoever comes by the shared key
//! later reads nothing of it. Frames are two bytes of length, most significant first, and up to 65,535 bytes.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use acquaint::identity::psi::SharedKey;
use snow::TransportState;

const PATTERN: &str = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s";
const PROLOGUE: &[u8] = b"acquaint private set intersection 1";
/// The longest frame.
const FRAME: usize = 65_535;
/// Bytes by which sealing makes a frame longer.
const TAG: usize = 16;
/// The length of either message of the handshake: a key and a tag.
const HANDSHAKE: usize = 32 + TAG;

/// How long anything may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Between two bytes.
    pub(super) silence: Duration,
    /// Until everything must be done.
    pub(super) end: Instant,
}

impl Limits {
    /// The same, but done no later than so long from now.
    pub(super) fn within(self, time: Duration) -> Self {
        self.until(now() + time)
    }

    /// The same, but done no later than then.
    pub(super) fn until(self, end: Instant) -> Self {
        Self {
            end: self.end.min(end),
            ..self
        }
    }

    /// How long the next call may wait; an error if the end has come.
    fn next(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(now());
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, Late));
        }
        Ok(self.silence.min(left))
    }

    /// A call that waited until the end has come is late, not only silent.
    fn late(&self, error: io::Error) -> io::Error {
        use io::ErrorKind::{TimedOut, WouldBlock};
        let has_waited = matches!(error.kind(), TimedOut | WouldBlock);
        if has_waited && now() >= self.end {
            return io::Error::new(TimedOut, Late);
        }
        error
    }
}

/// What time it is, for limits.
#[expect(
    clippy::disallowed_methods,
    reason = "a peer that does not answer is waited for by the clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// The end has come, as opposed to silence.
#[derive(Debug, thiserror::Error)]
#[error("the exchange timed out (--deadline)")]
pub(super) struct Late;

/// Did something end because the time for it was over?
pub(super) fn is_late(error: &io::Error) -> bool {
    match error.get_ref() {
        Some(inner) => inner.is::<Late>(),
        None => false,
    }
}

/// The other side does not show that it has the shared key.
#[derive(Debug, thiserror::Error)]
#[error("the other side did not prove that it has the shared key (--shared-key)")]
pub(super) struct Stranger;

/// A connection to the other side.
pub(super) struct Channel {
    stream: TcpStream,
    limits: Limits,
    sealed: Option<Box<Sealed>>,
}

struct Sealed {
    noise: TransportState,
    /// What was opened and not read yet.
    opened: Vec<u8>,
    at: usize,
}

/// When a side speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Second,
}

impl Channel {
    /// Over a connection; with a key, each side shows the other that it has it.
    pub(super) fn new(
        stream: TcpStream,
        limits: Limits,
        key: Option<&SharedKey>,
        turn: Turn,
    ) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        let mut channel = Self {
            stream,
            limits,
            sealed: None,
        };
        if let Some(key) = key {
            let noise = channel.handshake(key, turn)?;
            channel.sealed = Some(Box::new(Sealed {
                noise,
                opened: Vec::new(),
                at: 0,
            }));
        }
        Ok(channel)
    }

    pub(super) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    fn handshake(&mut self, key: &SharedKey, turn: Turn) -> io::Result<TransportState> {
        let parameters = PATTERN.parse().map_err(io::Error::other)?;
        let builder = snow::Builder::new(parameters);
        let builder = builder
            .prologue(PROLOGUE)
            .and_then(|builder| builder.psk(0, key.expose()))
            .map_err(io::Error::other)?;
        let state = match turn {
            Turn::First => builder.build_initiator(),
            Turn::Second => builder.build_responder(),
        };
        let mut state = state.map_err(io::Error::other)?;
        let mut buffer = [0; HANDSHAKE];
        for speaks in [Turn::First, Turn::Second] {
            if speaks == turn {
                let n = state
                    .write_message(&[], &mut buffer)
                    .map_err(io::Error::other)?;
                self.send_frame(&buffer[..n])?;
            } else {
                let frame = self.receive_frame(HANDSHAKE)?;
                state
                    .read_message(&frame, &mut buffer)
                    .map_err(|_| stranger())?;
            }
        }
        state.into_transport_mode().map_err(io::Error::other)
    }

    fn send_frame(&mut self, frame: &[u8]) -> io::Result<()> {
        let len = u16::try_from(frame.len()).map_err(io::Error::other)?;
        self.put_all(&len.to_be_bytes())?;
        self.put_all(frame)
    }

    /// A frame that is no longer than asked for.
    fn receive_frame(&mut self, max: usize) -> io::Result<Vec<u8>> {
        let mut len = [0; 2];
        self.get_all(&mut len)?;
        let len = usize::from(u16::from_be_bytes(len));
        if len > max {
            return Err(stranger());
        }
        let mut frame = vec![0; len];
        self.get_all(&mut frame)?;
        Ok(frame)
    }

    fn put_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.set_write_timeout(Some(self.limits.next()?))?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => bytes = &bytes[n..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.limits.late(error)),
            }
        }
        Ok(())
    }

    fn get(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.limits.next()?))?;
        let read = self.stream.read(bytes);
        read.map_err(|error| self.limits.late(error))
    }

    fn get_all(&mut self, mut bytes: &mut [u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.get(bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => bytes = &mut bytes[n..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn stranger() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, Stranger)
}

impl Read for Channel {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some(mut sealed) = self.sealed.take() else {
            return self.get(bytes);
        };
        let read = sealed.read(self, bytes);
        self.sealed = Some(sealed);
        read
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(mut sealed) = self.sealed.take() else {
            self.put_all(bytes)?;
            return Ok(bytes.len());
        };
        let written = sealed.write(self, bytes);
        self.sealed = Some(sealed);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Sealed {
    fn read(&mut self, channel: &mut Channel, bytes: &mut [u8]) -> io::Result<usize> {
        while self.at == self.opened.len() {
            let frame = channel.receive_frame(FRAME)?;
            self.opened.resize(frame.len(), 0);
            let n = self
                .noise
                .read_message(&frame, &mut self.opened)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, Changed))?;
            self.opened.truncate(n);
            self.at = 0;
        }
        let n = bytes.len().min(self.opened.len() - self.at);
        bytes[..n].copy_from_slice(&self.opened[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }

    fn write(&mut self, channel: &mut Channel, bytes: &[u8]) -> io::Result<usize> {
        let text = &bytes[..bytes.len().min(FRAME - TAG)];
        let mut frame = vec![0; text.len() + TAG];
        let n = self
            .noise
            .write_message(text, &mut frame)
            .map_err(io::Error::other)?;
        channel.send_frame(&frame[..n])?;
        Ok(text.len())
    }
}

/// Somebody between the two sides changed, dropped or repeated something.
#[derive(Debug, thiserror::Error)]
#[error("a message failed authentication: it was altered in transit")]
struct Changed;
