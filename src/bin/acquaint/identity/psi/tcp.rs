//! All steps over one connection.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use acquaint::identity::psi::{MessageKind, OwnSide, PsiError, PsiSecret, message_len, pairs};

use super::args::{ConnectArgs, ExchangeArgs, ListenArgs};
use super::holdings::{Counts, Holdings};
use super::outcome::{Learned, Pairs, Transport};
use super::session::fresh_secret;
use super::wire::Wire;
use crate::exit::{Failure, Outcome};
use crate::output::Reads;

/// How often somebody who waits looks whether anybody came.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) fn listen(args: &ListenArgs) -> Result<Outcome, Failure> {
    deny_remote(args.address, args.exchange.allow_remote)?;
    let out = begin(&args.exchange)?;
    let holdings = Holdings::read(&args.exchange.holdings)?;
    let listening = || format!("listening on {}", args.address);
    let listener =
        TcpListener::bind(args.address).map_err(|error| Failure::new(listening(), error))?;
    eprintln!("acquaint: listening on {}", listener.local_addr()?);
    let side = Side::new(&holdings)?;
    let stream = accept(&listener, timeout(&args.exchange))
        .map_err(|error| Failure::new(listening(), error))?;
    side.exchange(&args.exchange, (stream, false), out)
}

pub(crate) fn connect(args: &ConnectArgs) -> Result<Outcome, Failure> {
    deny_remote(args.address, args.exchange.allow_remote)?;
    let out = begin(&args.exchange)?;
    let holdings = Holdings::read(&args.exchange.holdings)?;
    let stream = TcpStream::connect_timeout(&args.address, timeout(&args.exchange))
        .map_err(|error| Failure::new(format!("connecting to {}", args.address), error))?;
    Side::new(&holdings)?.exchange(&args.exchange, (stream, true), out)
}

fn begin(args: &ExchangeArgs) -> Result<Pairs<'_>, Failure> {
    let reads = Reads::default().and("the holdings", [&args.holdings.input]);
    Pairs::begin(args.out.as_deref(), reads)
}

/// Nothing encrypts the connection, so it stays on this machine unless somebody says otherwise.
fn deny_remote(address: SocketAddr, allow_remote: bool) -> Result<(), Failure> {
    if allow_remote || address.ip().is_loopback() {
        return Ok(());
    }
    Err(Failure::new(
        format!("{address} is not of this machine"),
        "nothing encrypts the connection; use a tunnel, or say --allow-remote",
    ))
}

fn timeout(args: &ExchangeArgs) -> Duration {
    Duration::from_secs(args.timeout.into())
}

/// The first who comes, if anybody comes in time.
fn accept(listener: &TcpListener, timeout: Duration) -> io::Result<TcpStream> {
    listener.set_nonblocking(true)?;
    for _ in 0..timeout.as_millis() / LOOK.as_millis() {
        match listener.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(LOOK),
            accepted => return accepted.map(|(stream, _)| stream),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::TimedOut,
        format!("nobody came for {} s", timeout.as_secs()),
    ))
}

/// One side of a session that leaves no files but its output.
struct Side {
    secret: PsiSecret,
    own: OwnSide,
    counts: Counts,
}

impl Side {
    fn new(holdings: &Holdings) -> Result<Self, Failure> {
        let secret = fresh_secret()?;
        let (own, counts) = holdings.blind(&secret)?;
        eprintln!("acquaint: {}", counts.line());
        Ok(Self {
            secret,
            own,
            counts,
        })
    }

    fn exchange(
        self,
        args: &ExchangeArgs,
        (stream, is_first): (TcpStream, bool),
        out: Pairs<'_>,
    ) -> Result<Outcome, Failure> {
        let mut wire = Wire::new(stream, timeout(args), is_first)?;
        let n_own = self.own.ids().len();
        let max_peer = usize::try_from(args.max_peer).unwrap_or(usize::MAX);
        let len = message_len;
        let peer_blinded = wire.exchange(
            MessageKind::Blinded,
            self.own.message(),
            len(MessageKind::Blinded, max_peer),
        )?;
        let reply = self
            .own
            .reply(&self.secret, &peer_blinded)
            .map_err(refused)?;
        drop(peer_blinded);
        let peer_reply =
            wire.exchange(MessageKind::Reply, &reply, len(MessageKind::Reply, n_own))?;
        let ids = self.own.share(&reply, &peer_reply).map_err(refused)?;
        // The other side finds as many common numbers as we do.
        let peer_ids = wire.exchange(MessageKind::Ids, &ids, ids.len())?;
        let learned = Learned {
            counts: self.counts,
            transport: Transport::Tcp,
            sent: [self.own.message().len(), reply.len(), ids.len()],
            pairs: pairs(&ids, &peer_ids).map_err(refused)?,
        };
        out.publish(&learned)?;
        Ok(Outcome::Done)
    }
}

fn refused(error: PsiError) -> Failure {
    Failure::new("refusing what the other side sent", error)
}
