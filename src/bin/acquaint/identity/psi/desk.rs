//! Who waits for the other side, whoever else comes.
//!
//! Anybody may open a connection, say nothing, or say it slowly; none of that ends the waiting, and the right peer is served
//! beside them. How many are served at once is bounded, and how long each may take, and how many bytes they may make us keep
//! together. An answer is a chance to ask about numbers one does not hold, so they are counted, and each is given under a
//! secret of its own. What is refused is not answered, and does not count. What is computed is computed for one at a time, what is waited for is waited for beside the others.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, Scope, scope, sleep};
use std::time::{Duration, Instant};

use acquaint::identity::psi::{
    MessageKind, PsiError, SharedKey, assert_answerable, empty_set, message_len,
};

use super::args::ListenArgs;
use super::channel::{Channel, Limits, Turn, now};
use super::holdings::Holdings;
use super::outcome::Learned;
use super::tcp::{GREETING, Side, limits, max_peer, refused, transport};
use super::wire::{Budget, Wire, WireError};
use crate::exit::Failure;

/// How often it is looked whether anybody came or is done.
const LOOK: Duration = Duration::from_millis(20);

/// Why nobody was served.
#[derive(Debug, thiserror::Error)]
pub(super) enum Closed {
    #[error("no peer connected for {seconds} s (--timeout)")]
    Nobody { seconds: u64 },
    #[error("no peer finished within {seconds} s (--deadline)")]
    Late { seconds: u32 },
    #[error(
        "{n} peers were answered and none finished (--answers): find out who they are before listening again"
    )]
    Answered { n: u32 },
    #[error(transparent)]
    Socket(#[from] io::Error),
}

/// Who waits, and what for.
pub(super) struct Desk<'a> {
    args: &'a ListenArgs,
    holdings: &'a Holdings,
    key: Option<SharedKey>,
    limits: Limits,
    budget: Budget,
    n_answered: AtomicU32,
    /// A side that nobody was shown yet. Who computes holds it meanwhile.
    spare: Mutex<Option<Side>>,
}

/// Somebody who came.
struct Peer {
    number: u64,
    address: SocketAddr,
    stream: TcpStream,
}

type Ended = (u64, Result<Learned, Failure>);

impl<'a> Desk<'a> {
    pub(super) fn new(
        args: &'a ListenArgs,
        holdings: &'a Holdings,
        key: Option<SharedKey>,
    ) -> Result<Self, Failure> {
        let side = Side::new(holdings)?;
        eprintln!("acquaint: {}", side.line());
        let longest = message_len(MessageKind::Blinded, max_peer(&args.exchange)) as u64;
        Ok(Self {
            args,
            holdings,
            key,
            limits: limits(&args.exchange),
            // The longest set and its reply, and again as much for whoever else came.
            budget: Budget::new(longest.saturating_mul(4)),
            n_answered: AtomicU32::new(0),
            spare: Mutex::new(Some(side)),
        })
    }

    /// Serves whoever comes until one exchange is complete.
    pub(super) fn serve(&self, listener: &TcpListener) -> Result<Learned, Closed> {
        listener.set_nonblocking(true)?;
        scope(|scope| {
            let mut peers: Vec<Peer> = Vec::new();
            let done = self.wait(scope, listener, &mut peers);
            for peer in peers {
                let _ = peer.stream.shutdown(Shutdown::Both);
            }
            done
        })
    }

    fn wait<'s>(
        &'s self,
        scope: &'s Scope<'s, '_>,
        listener: &TcpListener,
        peers: &mut Vec<Peer>,
    ) -> Result<Learned, Closed> {
        let (sender, receiver) = channel::<Ended>();
        let mut n_came = 0;
        let mut last = now();
        loop {
            while let Ok((number, ended)) = receiver.try_recv() {
                last = now();
                let at = peers.iter().position(|peer| peer.number == number);
                let peer = at.map(|at| peers.swap_remove(at));
                match ended {
                    Ok(learned) => return Ok(learned),
                    Err(failure) => tell(peer.as_ref(), &failure),
                }
            }
            let served = Served::of(peers);
            self.assert_open(last, served)?;
            if (peers.len() as u64) < u64::from(self.args.peers)
                && let Some((stream, address)) = accept(listener, served)?
            {
                n_came += 1;
                peers.extend(self.begin(scope, stream, address, n_came, &sender));
                continue;
            }
            sleep(LOOK);
        }
    }

    fn assert_open(&self, last: Instant, served: Served) -> Result<(), Closed> {
        let is_alone = served == Served::Nobody;
        let silence = self.limits.silence;
        if is_alone && now().duration_since(last) >= silence {
            let seconds = silence.as_secs();
            return Err(Closed::Nobody { seconds });
        }
        if now() >= self.limits.end {
            let seconds = self.args.exchange.deadline;
            return Err(Closed::Late { seconds });
        }
        let n = self.n_answered.load(Ordering::Relaxed);
        if is_alone && n >= self.args.answers {
            return Err(Closed::Answered { n });
        }
        Ok(())
    }

    fn begin<'s>(
        &'s self,
        scope: &'s Scope<'s, '_>,
        stream: TcpStream,
        address: SocketAddr,
        number: u64,
        sender: &Sender<Ended>,
    ) -> Option<Peer> {
        // A handle to close it with; whose connection cannot be closed is not served.
        let ours = stream.try_clone().ok()?;
        let sender = sender.clone();
        let serve = move || {
            let ended = self.exchange(stream);
            let _ = sender.send((number, ended));
        };
        // Nor is one whom there is no thread for.
        Builder::new().spawn_scoped(scope, serve).ok()?;
        Some(Peer {
            number,
            address,
            stream: ours,
        })
    }

    fn exchange(&self, stream: TcpStream) -> Result<Learned, Failure> {
        let kind = MessageKind::Blinded;
        let greeting = self.limits.within(GREETING);
        let channel = Channel::new(stream, greeting, self.key.as_ref(), Turn::Second)
            .map_err(|error| WireError::of(kind, error, GREETING.as_secs()))?;
        let mut wire = Wire::new(channel, &self.budget);
        let len = wire.announced(kind, message_len(kind, max_peer(&self.args.exchange)))?;
        // Not only between two bytes: nobody may take longer than that for all of them.
        wire.channel()
            .set_limits(self.limits.within(self.limits.silence));
        let blinded = wire.receive_announced(kind, len)?;
        wire.channel().set_limits(self.limits);
        self.answer(&mut wire, blinded)
    }

    /// Answers one who came with a set that can be answered.
    fn answer(&self, wire: &mut Wire<'_>, blinded: Vec<u8>) -> Result<Learned, Failure> {
        self.assert_answerable(wire, &blinded)?;
        self.count_answer()?;
        let side = self.side()?;
        wire.send(MessageKind::Blinded, side.own.message())?;
        let reply = self.one_at_a_time(|| side.reply(blinded))?;
        wire.send(MessageKind::Reply, &reply)?;
        let peer_reply = wire.receive(MessageKind::Reply, side.reply_len())?;
        let ids = self.one_at_a_time(|| side.share(&reply, &peer_reply))?;
        // The other side finds as many common numbers as we do.
        let peer_ids = wire.receive(MessageKind::Ids, ids.len())?;
        wire.send(MessageKind::Ids, &ids)?;
        side.learned(transport(self.key.as_ref()), &reply, &ids, &peer_ids)
    }

    fn assert_answerable(&self, wire: &mut Wire<'_>, blinded: &[u8]) -> Result<(), Failure> {
        let purpose = self.holdings.purpose();
        let checked = self.one_at_a_time(|| assert_answerable(purpose, blinded));
        if let Err(PsiError::Purpose { .. }) = checked {
            // A set without a point tells the other side what ours is, and nothing else.
            wire.send(MessageKind::Blinded, &empty_set(purpose))?;
        }
        checked.map_err(refused)
    }

    fn side(&self) -> Result<Side, Failure> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.take().map_or_else(|| Side::new(self.holdings), Ok)
    }

    fn one_at_a_time<T>(&self, work: impl FnOnce() -> T) -> T {
        let _working = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    fn count_answer(&self) -> Result<(), Failure> {
        let n = self.n_answered.fetch_add(1, Ordering::Relaxed);
        if n < self.args.answers {
            return Ok(());
        }
        self.n_answered.store(n, Ordering::Relaxed);
        Err(Failure::from(Closed::Answered { n }))
    }
}

/// Who is served at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Served {
    Nobody,
    Somebody,
}

impl Served {
    const fn of(peers: &[Peer]) -> Self {
        if peers.is_empty() {
            Self::Nobody
        } else {
            Self::Somebody
        }
    }
}

/// Somebody who came, if anybody did. While others are served nothing that fails ends the waiting: it may be they who
/// took all descriptors.
fn accept(listener: &TcpListener, served: Served) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    match listener.accept() {
        Ok(accepted) => Ok(Some(accepted)),
        Err(error) => match error.kind() {
            // Whoever came is gone already, or nobody came.
            ConnectionAborted | ConnectionReset | Interrupted | WouldBlock => Ok(None),
            _ if served == Served::Nobody => Err(error),
            _ => Ok(None),
        },
    }
}

fn tell(peer: Option<&Peer>, failure: &Failure) {
    let who = peer.map_or_else(|| "somebody".to_owned(), |peer| peer.address.to_string());
    eprintln!("acquaint: {who}: {failure}; still listening");
}
