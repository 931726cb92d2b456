//! All steps over one connection.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use acquaint::identity::psi::{
    MessageKind, OwnSide, PsiError, PsiSecret, SharedKey, message_len, pairs,
};

use super::args::{ConnectArgs, ExchangeArgs, ListenArgs};
use super::channel::{Channel, Limits, Turn, now};
use super::desk::Desk;
use super::holdings::{Blinded, Counts, Holdings};
use super::outcome::{Learned, Pairs, Transport};
use super::session::fresh_secret;
use super::wire::{Budget, Wire, WireError};
use crate::exit::{Failure, Outcome};
use crate::output::Reads;

/// How long somebody who came may take to show the key, and to begin.
pub(super) const GREETING: Duration = Duration::from_secs(10);

pub(crate) fn listen(args: &ListenArgs) -> Result<Outcome, Failure> {
    let key = shared_key(args.address, &args.exchange)?;
    let out = begin(&args.exchange)?;
    let holdings = Holdings::read(&args.exchange.holdings)?;
    let listening = || format!("listening on {}", args.address);
    let listener =
        TcpListener::bind(args.address).map_err(|error| Failure::new(listening(), error))?;
    eprintln!("acquaint: listening on {}", listener.local_addr()?);
    let desk = Desk::new(args, &holdings, key)?;
    let learned = desk
        .serve(&listener)
        .map_err(|error| Failure::new(listening(), error))?;
    out.publish(&learned)?;
    Ok(Outcome::Done)
}

pub(crate) fn connect(args: &ConnectArgs) -> Result<Outcome, Failure> {
    let exchange = &args.exchange;
    let key = shared_key(args.address, exchange)?;
    let out = begin(exchange)?;
    let holdings = Holdings::read(&exchange.holdings)?;
    // Before somebody waits for it.
    let side = Side::new(&holdings)?;
    let limits = limits(exchange);
    let connecting = || format!("connecting to {}", args.address);
    if side.own.ids().is_empty() {
        let why = format!("there is no number to ask about: {}", side.line());
        return Err(Failure::new(connecting(), why));
    }
    let stream = TcpStream::connect_timeout(&args.address, limits.silence)
        .map_err(|error| Failure::new(connecting(), error))?;
    let greeting = limits.within(GREETING);
    let mut channel =
        Channel::new(stream, greeting, key.as_ref(), Turn::First).map_err(|error| {
            let seconds = GREETING.as_secs();
            Failure::new(
                connecting(),
                WireError::of(MessageKind::Blinded, error, seconds),
            )
        })?;
    channel.set_limits(limits);
    let budget = Budget::new(u64::MAX);
    let mut wire = Wire::new(channel, &budget);
    let max = message_len(MessageKind::Blinded, max_peer(exchange));
    wire.send(MessageKind::Blinded, side.own.message())?;
    let blinded = wire.receive(MessageKind::Blinded, max)?;
    let reply = side.reply(blinded)?;
    wire.send(MessageKind::Reply, &reply)?;
    let peer_reply = wire.receive(MessageKind::Reply, side.reply_len())?;
    let ids = side.share(&reply, &peer_reply)?;
    wire.send(MessageKind::Ids, &ids)?;
    let peer_ids = wire.receive(MessageKind::Ids, ids.len())?;
    let learned = side.learned(transport(key.as_ref()), &reply, &ids, &peer_ids)?;
    out.publish(&learned)?;
    Ok(Outcome::Done)
}

fn begin(args: &ExchangeArgs) -> Result<Pairs<'_>, Failure> {
    let reads = Reads::default().and("the holdings", [&args.holdings.input]);
    let reads = reads.and("the shared key", args.shared_key.as_ref());
    Pairs::begin(args.out.as_deref(), reads)
}

/// The key of the connection. Without one it stays on this machine.
fn shared_key(address: SocketAddr, args: &ExchangeArgs) -> Result<Option<SharedKey>, Failure> {
    match &args.shared_key {
        Some(path) => Ok(Some(SharedKey::read(path)?)),
        None if address.ip().is_loopback() => Ok(None),
        None => Err(Failure::new(
            format!("{address} is not of this machine"),
            "the connection has to be sealed: give both sides the same --shared-key",
        )),
    }
}

pub(super) const fn transport(key: Option<&SharedKey>) -> Transport {
    match key {
        Some(_) => Transport::Sealed,
        None => Transport::Plain,
    }
}

pub(super) fn limits(args: &ExchangeArgs) -> Limits {
    Limits {
        silence: Duration::from_secs(args.timeout.into()),
        end: now() + Duration::from_secs(args.deadline.into()),
    }
}

pub(super) fn max_peer(args: &ExchangeArgs) -> usize {
    usize::try_from(args.max_peer).unwrap_or(usize::MAX)
}

/// One side of a session that leaves no files but its output.
pub(super) struct Side {
    secret: PsiSecret,
    pub(super) own: OwnSide,
    counts: Counts,
}

impl Side {
    pub(super) fn new(holdings: &Holdings) -> Result<Self, Failure> {
        let secret = fresh_secret()?;
        let Blinded { own, counts } = holdings.blind(&secret)?;
        Ok(Self {
            secret,
            own,
            counts,
        })
    }

    /// What was dropped and what is left, for whoever started this.
    pub(super) fn line(&self) -> String {
        self.counts.line()
    }

    pub(super) fn reply(&self, peer_blinded: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let reply = self.own.reply(&self.secret, &peer_blinded);
        drop(peer_blinded);
        reply.map_err(refused)
    }

    /// How long the other side's reply is.
    pub(super) fn reply_len(&self) -> usize {
        message_len(MessageKind::Reply, self.own.ids().len())
    }

    pub(super) fn share(&self, reply: &[u8], peer_reply: &[u8]) -> Result<Vec<u8>, Failure> {
        self.own.share(reply, peer_reply).map_err(refused)
    }

    pub(super) fn learned(
        self,
        transport: Transport,
        reply: &[u8],
        ids: &[u8],
        peer_ids: &[u8],
    ) -> Result<Learned, Failure> {
        Ok(Learned {
            transport,
            sent: [self.own.message().len(), reply.len(), ids.len()],
            pairs: pairs(ids, peer_ids).map_err(refused)?,
            counts: self.counts,
        })
    }
}

pub(super) fn refused(error: PsiError) -> Failure {
    Failure::new("refusing what the other side sent", error)
}
