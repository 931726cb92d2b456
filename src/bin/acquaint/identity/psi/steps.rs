//! The four steps of exchanging files.

use acquaint::identity::psi::pairs;
use acquaint::publish::shown;

use super::args::{BlindArgs, FinishArgs, MessageArgs};
use super::files;
use super::holdings::{Blinded, Holdings};
use super::outcome::{Learned, Pairs, Transport};
use super::session::{BLINDED, IDS, REPLY, Session};
use crate::exit::{Failure, Outcome, print};
use crate::output::Reads;

pub(crate) fn blind(args: &BlindArgs) -> Result<Outcome, Failure> {
    let holdings = Holdings::read(&args.holdings)?;
    let (session, secret) = Session::begin(&args.session)?;
    let Blinded { own, counts } = holdings.blind(&secret)?;
    session.keep(&own, &counts)?;
    let message = args.session.join(BLINDED);
    print(&format!("{}\nsend {}", counts.line(), shown(message)))?;
    Ok(Outcome::Done)
}

pub(crate) fn reply(args: &MessageArgs) -> Result<Outcome, Failure> {
    let session = Session::open(&args.session);
    session.deny_second(REPLY)?;
    let own = session.own()?;
    let secret = session.secret()?;
    let message = files::read(&args.message)?;
    let reply = own
        .reply(&secret, &message)
        .map_err(|error| wrong(args, error))?;
    sent(&session, REPLY, &reply)
}

pub(crate) fn share(args: &MessageArgs) -> Result<Outcome, Failure> {
    let session = Session::open(&args.session);
    session.deny_second(IDS)?;
    let own_reply = session.message(REPLY)?;
    let message = files::read(&args.message)?;
    let ids = session
        .own()?
        .share(&own_reply, &message)
        .map_err(|error| wrong(args, error))?;
    sent(&session, IDS, &ids)
}

fn sent(session: &Session<'_>, name: &str, message: &[u8]) -> Result<Outcome, Failure> {
    let path = session.keep_message(name, message)?;
    print(&format!("send {}", shown(path)))?;
    Ok(Outcome::Done)
}

pub(crate) fn finish(args: &FinishArgs) -> Result<Outcome, Failure> {
    let session = Session::open(&args.message.session);
    let reads = Reads::default().and("the message", [&args.message.message]);
    let out = Pairs::begin(args.out.as_deref(), reads)?;
    let learned = Learned {
        counts: session.counts()?,
        transport: Transport::Files,
        sent: [
            session.message(BLINDED)?.len(),
            session.message(REPLY)?.len(),
            session.message(IDS)?.len(),
        ],
        pairs: pairs(&session.message(IDS)?, &files::read(&args.message.message)?)
            .map_err(|error| wrong(&args.message, error))?,
    };
    out.publish(&learned)?;
    session.end()?;
    Ok(Outcome::Done)
}

fn wrong(args: &MessageArgs, error: acquaint::identity::psi::PsiError) -> Failure {
    Failure::new(format!("reading {}", shown(&args.message)), error)
}
