//! The command line of `acquaint identity psi`.

use std::net::SocketAddr;
use std::path::PathBuf;

use acquaint::consent::Purpose;
use clap::{Args, Subcommand};

use crate::identity::args::purpose;

#[derive(Debug, Subcommand)]
pub(crate) enum PsiVerb {
    /// Step 1: generate a secret, and message 1 from your numbers
    Blind(BlindArgs),
    /// Step 2: answer the other side's message 1 with message 2
    Reply(MessageArgs),
    /// Step 3: find the common numbers in the other side's message 2, and write message 3 with your ids for them
    Share(MessageArgs),
    /// Step 4: pair your ids with the ids in the other side's message 3
    Finish(FinishArgs),
    /// All steps over TCP: wait for the other side
    Listen(ListenArgs),
    /// All steps over TCP: connect to the other side
    Connect(ConnectArgs),
}

/// The numbers of this side.
#[derive(Debug, Args)]
pub(crate) struct HoldingsArgs {
    /// CSV with the columns `id` (a unique whole number), `e164` and `permitted` (true or false), or - for standard
    /// input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Purpose, spelled as in consent events, such as abuse; must be the same on both sides
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    pub(crate) purpose: Purpose,
    /// State that everyone in a file without the column `permitted` permits this purpose
    #[arg(long)]
    pub(crate) all_permitted: bool,
}

/// Step 1 of exchanging files.
#[derive(Debug, Args)]
#[command(after_help = "\
Drops rows that are not permitted before anything is computed from them, as well as invalid numbers and numbers with several ids. \
Creates the session directory with a random secret, which is used once and never leaves it, and 1-blinded.psi, which goes to the other \
side. Both sides do the same.

Example:
  acquaint identity psi blind --input ours.csv --purpose abuse --session ours")]
#[command(override_usage = "\
acquaint identity psi blind [OPTIONS] --input <FILE>
       --purpose <PURPOSE> --session <DIR>")]
pub(crate) struct BlindArgs {
    #[command(flatten)]
    pub(crate) holdings: HoldingsArgs,
    /// The session directory to create
    #[arg(long, value_name = "DIR")]
    pub(crate) session: PathBuf,
}

/// A step that answers a message.
#[derive(Debug, Args)]
#[command(after_help = "\
`reply` reads the other side's 1-blinded.psi and writes 2-reply.psi. `share` reads its 2-reply.psi and writes 3-ids.psi, with your ids \
for common numbers only. Each is written once.

Example:
  acquaint identity psi reply --session ours --message theirs/1-blinded.psi
  acquaint identity psi share --session ours --message theirs/2-reply.psi")]
pub(crate) struct MessageArgs {
    /// The session directory
    #[arg(long, value_name = "DIR")]
    pub(crate) session: PathBuf,
    /// The message from the other side
    #[arg(long, value_name = "FILE")]
    pub(crate) message: PathBuf,
}

/// The last step of exchanging files.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints own_id,peer_id, one row per common number. With --out, also writes a manifest next to it (common.csv, common.manifest.json): \
the threat model, what was sent and received, why rows were dropped, and what each side learned. Then deletes the session's secret.

Example:
  acquaint identity psi finish --session ours --message theirs/3-ids.psi \\
    --out common.csv")]
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
    /// Pre-shared key file (32 bytes or 64 hexadecimal digits, mode 600): encrypts the connection and authenticates both
    /// sides. Required unless both run on this machine
    #[arg(long, value_name = "FILE")]
    pub(crate) shared_key: Option<PathBuf>,
    /// Give up after this many seconds without a byte; the other side needs about 50 s per million numbers
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) timeout: u32,
    /// Give up after this many seconds in total, including waiting
    #[arg(long, value_name = "SECONDS", default_value_t = 7200, value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub(crate) deadline: u32,
    /// Refuse sets with more numbers than this; each number takes 32 bytes of memory
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    pub(crate) max_peer: u32,
}

/// Wait for the other side.
#[derive(Debug, Args)]
#[command(after_help = "\
Accepts peers until one exchange is complete, then exits. Peers that disconnect, stay silent or lack the key are reported on standard \
error and do not block others. On one machine the connection is not encrypted; between two machines both sides need the same \
--shared-key. Prints own_id,peer_id, one row per common number.

Example:
  acquaint identity psi listen --address 127.0.0.1:7000 --input ours.csv \\
    --purpose abuse --out common.csv
  acquaint identity psi listen --address 0.0.0.0:7000 --shared-key psi.key \\
    --input ours.csv --purpose abuse --out common.csv")]
#[command(override_usage = "\
acquaint identity psi listen [OPTIONS] --address <IP:PORT>
       --input <FILE> --purpose <PURPOSE>")]
pub(crate) struct ListenArgs {
    /// Address to listen on; port 0 picks a free port and prints it
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) address: SocketAddr,
    /// Maximum number of open connections; others wait
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) peers: u32,
    /// Maximum number of sets answered in total; each answer lets a peer probe for numbers it does not hold
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) answers: u32,
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,
}

/// Connect to the other side.
#[derive(Debug, Args)]
#[command(after_help = "\
On one machine the connection is not encrypted; between two machines both sides need the same --shared-key. Prints own_id,peer_id, \
one row per common number.

Example:
  acquaint identity psi connect --address 127.0.0.1:7000 --input theirs.csv \\
    --purpose abuse --out common.csv
  acquaint identity psi connect --address 192.0.2.7:7000 --shared-key psi.key \\
    --input theirs.csv --purpose abuse")]
#[command(override_usage = "\
acquaint identity psi connect [OPTIONS] --address <IP:PORT>
       --input <FILE> --purpose <PURPOSE>")]
pub(crate) struct ConnectArgs {
    /// Where the other side listens
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) address: SocketAddr,
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,
}
