//! The command line of `acquaint identity psi`.

use std::net::SocketAddr;
use std::path::PathBuf;

use acquaint::consent::Purpose;
use clap::{Args, Subcommand};

use crate::identity::args::purpose;

#[derive(Debug, Subcommand)]
pub(crate) enum PsiVerb {
    /// Step 1: make a secret, and message 1 of your numbers
    Blind(BlindArgs),
    /// Step 2: answer the other side's message 1 with message 2
    Reply(MessageArgs),
    /// Step 3: find the common numbers from the other side's message 2, and make message 3 of your ids of them
    Share(MessageArgs),
    /// Step 4: pair your ids with those in the other side's message 3
    Finish(FinishArgs),
    /// All steps over TCP: wait for the other side
    Listen(ListenArgs),
    /// All steps over TCP: go to the other side
    Connect(ConnectArgs),
}

/// The numbers of this side.
#[derive(Debug, Args)]
pub(crate) struct HoldingsArgs {
    /// CSV with the columns `id` (a whole number, each once), `e164` and `permitted` (true or false), or - for standard
    /// input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// What the common numbers are for, as a consent event spells it, such as abuse; the same on both sides
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    pub(crate) purpose: Purpose,
    /// Everybody in a file without the column `permitted` permits this purpose
    #[arg(long)]
    pub(crate) all_permitted: bool,
}

/// Step 1 of exchanging files.
#[derive(Debug, Args)]
#[command(after_help = "\
Rows that are not permitted are dropped before anything is made of them; so are texts that are no number, and numbers
that several ids hold. Makes the session directory with a random secret, which serves one session and never leaves it,
and 1-blinded.psi, which goes to the other side. Both sides do the same.

Example:
  acquaint identity psi blind --input ours.csv --purpose abuse --session ours")]
pub(crate) struct BlindArgs {
    #[command(flatten)]
    pub(crate) holdings: HoldingsArgs,
    /// The directory to make for this session
    #[arg(long, value_name = "DIR")]
    pub(crate) session: PathBuf,
}

/// A step that answers a message.
#[derive(Debug, Args)]
#[command(after_help = "\
`reply` reads the other side's 1-blinded.psi and writes 2-reply.psi; `share` reads its 2-reply.psi and writes 3-ids.psi,
with your ids of common numbers and of no others. Each is written once.

Example:
  acquaint identity psi reply --session ours --message theirs/1-blinded.psi
  acquaint identity psi share --session ours --message theirs/2-reply.psi")]
pub(crate) struct MessageArgs {
    /// The directory of this session
    #[arg(long, value_name = "DIR")]
    pub(crate) session: PathBuf,
    /// What came from the other side
    #[arg(long, value_name = "FILE")]
    pub(crate) message: PathBuf,
}

/// The last step of exchanging files.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints own_id,peer_id, a row for each common number. With --out, also writes a manifest next to it (common.csv,
common.manifest.json): the model, what was sent and received, why rows were dropped, what each side learned. Then the
session's secret is deleted.

Example:
  acquaint identity psi finish --session ours --message theirs/3-ids.psi --out common.csv")]
pub(crate) struct FinishArgs {
    #[command(flatten)]
    pub(crate) message: MessageArgs,
    /// Where to write the pairs; standard output by default
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// What both ends of a connection need.
#[derive(Debug, Args)]
pub(crate) struct ExchangeArgs {
    #[command(flatten)]
    pub(crate) holdings: HoldingsArgs,
    /// Where to write the pairs, with a manifest next to it; standard output by default
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// A key that both sides have (32 bytes or 64 hexadecimal digits, for its owner's eyes only): seals the connection,
    /// and shows each side that the other has it. Needed to leave this machine
    #[arg(long, value_name = "FILE")]
    pub(crate) shared_key: Option<PathBuf>,
    /// Give up after so many seconds without a byte; the other side needs some 50 s for a million numbers
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) timeout: u32,
    /// Give up when the whole exchange, waiting included, has taken so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 7200, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub(crate) deadline: u32,
    /// Refuse a set with more numbers than this; each takes 32 bytes of memory
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    pub(crate) max_peer: u32,
}

/// Wait for the other side.
#[derive(Debug, Args)]
#[command(after_help = "\
Serves whoever comes until one exchange is complete, then ends. Who connects and goes away, says nothing, or has no key is
told of on standard error and waited beside. Within one machine nothing seals the connection; between two, both sides need
the same --shared-key. Prints own_id,peer_id, a row for each common number.

Examples:
  acquaint identity psi listen --address 127.0.0.1:7000 --input ours.csv --purpose abuse --out common.csv
  acquaint identity psi listen --address 0.0.0.0:7000 --shared-key psi.key --input ours.csv --purpose abuse --out common.csv")]
pub(crate) struct ListenArgs {
    /// Where to wait; port 0 takes a free one, which is printed
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) address: SocketAddr,
    /// How many connections are open at once; others wait
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) peers: u32,
    /// How many sets are answered in all: whoever is answered can ask about numbers it does not hold
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) answers: u32,
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,
}

/// Go to the other side.
#[derive(Debug, Args)]
#[command(after_help = "\
Within one machine nothing seals the connection; between two, both sides need the same --shared-key. Prints
own_id,peer_id, a row for each common number.

Examples:
  acquaint identity psi connect --address 127.0.0.1:7000 --input theirs.csv --purpose abuse --out common.csv
  acquaint identity psi connect --address 192.0.2.7:7000 --shared-key psi.key --input theirs.csv --purpose abuse")]
pub(crate) struct ConnectArgs {
    /// Where the other side listens
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) address: SocketAddr,
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,
}
