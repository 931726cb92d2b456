//! Messages over a connection: a length of eight bytes, least significant first, then the message.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use acquaint::identity::psi::MessageKind;

/// What goes wrong between two sides.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The other side closed the connection.
    #[error(
        "the other side went away before {message} was complete; its own error message says why"
    )]
    Gone { message: MessageKind },
    /// Nothing came or went for a while.
    #[error("nothing came from the other side for {seconds} s while waiting for {message}")]
    Silent { message: MessageKind, seconds: u64 },
    /// It announces more than we take.
    #[error(
        "the other side announces {len} bytes as {message}; at most {max} are taken (--max-peer)"
    )]
    TooLong {
        message: MessageKind,
        len: u64,
        max: u64,
    },
    /// Anything else.
    #[error("exchanging {message} with the other side")]
    Failed {
        message: MessageKind,
        source: io::Error,
    },
}

/// A connection to the other side.
pub(super) struct Wire {
    stream: TcpStream,
    timeout: Duration,
    is_first: bool,
}

impl Wire {
    /// Over a connection, with a limit to silence; one of the two sides goes first.
    pub(super) fn new(stream: TcpStream, timeout: Duration, is_first: bool) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Self {
            stream,
            timeout,
            is_first,
        })
    }

    /// Sends our message and receives the other side's of the same step. One side sends first and the other receives
    /// first, so that two full buffers never wait for each other.
    pub(super) fn exchange(
        &mut self,
        kind: MessageKind,
        message: &[u8],
        max: usize,
    ) -> Result<Vec<u8>, WireError> {
        let exchanged = if self.is_first {
            self.send(message).and_then(|()| self.receive(max))
        } else {
            self.receive(max).and_then(|received| {
                self.send(message)?;
                Ok(received)
            })
        };
        exchanged.map_err(|broken| self.explain(kind, broken))
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Broken> {
        self.stream
            .write_all(&(message.len() as u64).to_le_bytes())?;
        self.stream.write_all(message)?;
        Ok(self.stream.flush()?)
    }

    /// The buffer grows with what comes, not with what is announced.
    fn receive(&mut self, max: usize) -> Result<Vec<u8>, Broken> {
        let max = max as u64;
        let mut len = [0; 8];
        self.stream.read_exact(&mut len)?;
        let len = u64::from_le_bytes(len);
        if len > max {
            return Err(Broken::TooLong { len, max });
        }
        let mut message = Vec::new();
        (&mut self.stream).take(len).read_to_end(&mut message)?;
        if message.len() as u64 == len {
            Ok(message)
        } else {
            Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
        }
    }

    fn explain(&self, message: MessageKind, broken: Broken) -> WireError {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock,
        };

        match broken {
            Broken::TooLong { len, max } => WireError::TooLong { message, len, max },
            Broken::Io(error) => match error.kind() {
                UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe => {
                    WireError::Gone { message }
                }
                TimedOut | WouldBlock => WireError::Silent {
                    message,
                    seconds: self.timeout.as_secs(),
                },
                _ => WireError::Failed {
                    message,
                    source: error,
                },
            },
        }
    }
}

enum Broken {
    TooLong { len: u64, max: u64 },
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
