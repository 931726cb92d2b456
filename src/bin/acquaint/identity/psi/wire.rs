//! Messages over a connection: a length of eight bytes, least significant first, then the message.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acquaint::identity::psi::MessageKind;

use super::channel::{Channel, Limits, Stranger, is_late, now};

/// How much of a message is read at a time.
const CHUNK: u64 = 1 << 16;
/// How long a message that is announced may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many bytes a second it must have brought from then on: whoever is slower keeps a place from others.
const PACE: u64 = 16 * 1024;

/// What goes wrong between two sides.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The other side closed the connection.
    #[error("the other side disconnected before {message} was complete; see its error message")]
    Gone { message: MessageKind },
    /// Nothing came or went for a while.
    #[error("no data from the other side for {seconds} s while waiting for {message}")]
    Silent { message: MessageKind, seconds: u64 },
    /// It took too long, all in all.
    #[error("{message} timed out before it was complete (--timeout, --deadline)")]
    Late { message: MessageKind },
    /// It came, but too slowly.
    #[error("the other side sent {message} more slowly than {PACE} bytes a second")]
    Slow { message: MessageKind },
    /// It has no key.
    #[error(transparent)]
    Stranger(Stranger),
    /// It announces more than we take.
    #[error(
        "the other side announced {len} bytes for {message}, more than the limit of {max} (--max-peer)"
    )]
    TooLong {
        message: MessageKind,
        len: u64,
        max: u64,
    },
    /// Others have sent too much already.
    #[error("{message} was not read: the memory for all peers is used up")]
    Full { message: MessageKind },
    /// Anything else.
    #[error("exchanging {message} with the other side")]
    Failed {
        message: MessageKind,
        source: io::Error,
    },
}

impl WireError {
    /// What a failed connection means while waiting for a message.
    pub(super) fn of(message: MessageKind, error: io::Error, silence_seconds: u64) -> Self {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, PermissionDenied,
            TimedOut, UnexpectedEof, WouldBlock,
        };

        match error.kind() {
            UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected => {
                Self::Gone { message }
            }
            TimedOut if is_late(&error) => Self::Late { message },
            TimedOut | WouldBlock => Self::Silent {
                message,
                seconds: silence_seconds,
            },
            PermissionDenied => Self::Stranger(Stranger),
            _ => Self::Failed {
                message,
                source: error,
            },
        }
    }
}

/// How many bytes all who came may make us keep together.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicU64,
}

impl Budget {
    pub(super) const fn new(bytes: u64) -> Self {
        Self {
            left: AtomicU64::new(bytes),
        }
    }

    fn take(&self, bytes: u64) -> bool {
        let less = |left: u64| left.checked_sub(bytes);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A connection to the other side, and what it may make us keep.
pub(super) struct Wire<'b> {
    channel: Channel,
    budget: &'b Budget,
    taken: u64,
}

impl<'b> Wire<'b> {
    pub(super) const fn new(channel: Channel, budget: &'b Budget) -> Self {
        Self {
            channel,
            budget,
            taken: 0,
        }
    }

    pub(super) const fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }

    pub(super) fn send(&mut self, kind: MessageKind, message: &[u8]) -> Result<(), WireError> {
        let len = (message.len() as u64).to_le_bytes();
        let sent = self
            .channel
            .write_all(&len)
            .and_then(|()| self.channel.write_all(message))
            .and_then(|()| self.channel.flush());
        sent.map_err(|error| self.explain(kind, error))
    }

    /// The buffer grows with what comes, not with what is announced.
    pub(super) fn receive(&mut self, kind: MessageKind, max: usize) -> Result<Vec<u8>, WireError> {
        let len = self.announced(kind, max)?;
        self.receive_announced(kind, len)
    }

    /// How long the next message is going to be.
    pub(super) fn announced(&mut self, kind: MessageKind, max: usize) -> Result<u64, WireError> {
        let max = max as u64;
        let mut len = [0; 8];
        let read = self.channel.read_exact(&mut len);
        read.map_err(|error| self.explain(kind, error))?;
        let len = u64::from_le_bytes(len);
        if len > max {
            return Err(WireError::TooLong {
                message: kind,
                len,
                max,
            });
        }
        Ok(len)
    }

    /// A message of a length that was announced, at no less than [`PACE`].
    pub(super) fn receive_announced(
        &mut self,
        kind: MessageKind,
        len: u64,
    ) -> Result<Vec<u8>, WireError> {
        let (limits, begun) = (self.channel.limits(), now());
        let mut message = Vec::new();
        while (message.len() as u64) < len {
            let next = (len - message.len() as u64).min(CHUNK);
            if !self.budget.take(next) {
                return Err(WireError::Full { message: kind });
            }
            self.taken += next;
            let due = (message.len() as u64 + next).div_ceil(PACE);
            let due = begun + PATIENCE + Duration::from_secs(due);
            self.channel.set_limits(limits.until(due));
            let read = (&mut self.channel).take(next).read_to_end(&mut message);
            let n = read.map_err(|error| self.explain_slow(kind, limits, error))?;
            if n as u64 != next {
                return Err(WireError::Gone { message: kind });
            }
        }
        self.channel.set_limits(limits);
        Ok(message)
    }

    /// Late by its pace, or by the limits that hold for all of it.
    fn explain_slow(&self, message: MessageKind, limits: Limits, error: io::Error) -> WireError {
        if is_late(&error) && now() < limits.end {
            return WireError::Slow { message };
        }
        self.explain(message, error)
    }

    fn explain(&self, message: MessageKind, error: io::Error) -> WireError {
        WireError::of(message, error, self.channel.limits().silence.as_secs())
    }
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}
