//! The verbs of `acquaint consent`: one struct each.

use std::path::PathBuf;

use acquaint::consent::Profile;
use acquaint::ids::{AccountId, Region};
use acquaint::ledger::SEGMENT_EVENTS;
use acquaint::time::Timestamp;
use clap::{Args, Subcommand, ValueEnum};

use crate::args::time;

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentVerb {
    /// Add events, one JSON object a line
    Append(AppendArgs),
    /// Add the history of a signals directory, in bulk
    Import(ImportArgs),
    /// Say what an account allows, and why
    Status(StatusArgs),
    /// List every event about an account
    History(HistoryArgs),
    /// Write the ledger as tables
    Export(ExportArgs),
    /// Print the root of the log
    Root(RootArgs),
    /// Prove that the events about an account are in the log
    Prove(ProveArgs),
    /// Look for anything edited, dropped or moved
    Check(CheckArgs),
    /// Destroy the keys to what the ledger holds about an account
    Erase(EraseArgs),
    /// Print what the terms and the orders of regulators allowed at a moment
    Matrix(MatrixArgs),
    /// Move the objection list to another secret key
    Rekey(RekeyArgs),
    /// Make indexes again from the entries, and put right times that cannot be
    Repair(RepairArgs),
}

/// Which ledger.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// The directory of the ledger
    #[arg(long, value_name = "DIR")]
    pub(crate) ledger: PathBuf,
}

/// The key of the objection list.
#[derive(Debug, Args)]
pub(crate) struct ObjectionKeyArgs {
    /// The secret key of the objection list (32 bytes or 64 hexadecimal digits, for its owner's eyes only): needed
    /// where an event is about the number of somebody without an account
    #[arg(long, value_name = "FILE")]
    pub(crate) objection_key: Option<PathBuf>,
}

/// Add events, one JSON object a line.
#[derive(Debug, Args)]
#[command(after_help = "\
The keys of an object are the columns of consent_events; docs/formats.md lists them. An event without known_time is
known now, one without valid_time happened when it became known, and one without event_id gets it from its contents.
A line is printed for every group of events once it is on the disk: what is acknowledged is not lost. An event that
is repeated is a no-op, so whatever was not acknowledged can be sent again.

Refused, with the line and what to do: a key that is there twice, a number that is none, an event that happens more than
five minutes after it became known, and one known more than five minutes later than this machine's clock.

The ledger is made if there is none.

Example:
  echo '{\"account_id\": 7, \"kind\": \"opt_out\"}' | acquaint consent append --ledger ledger")]
pub(crate) struct AppendArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// The events, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) events: PathBuf,
    #[command(flatten)]
    pub(crate) key: ObjectionKeyArgs,
    /// Print the acknowledgements as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Add the history of a signals directory, in bulk.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads consent_events, policy_versions and overlays (Parquet or CSV). Rows are held to the rules of `append` and of the
tables of a run. One that cannot be used may have been an opt-out, so the import stops there, naming file, row, column
and cure; what is in already stays, and is a no-op the next time.

The ledger is made if there is none.

Example:
  acquaint consent import --ledger ledger --signals data/quickstart")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// The directory with the tables
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) key: ObjectionKeyArgs,
    /// How many events a segment holds: as many are in memory at a time
    #[arg(long, value_name = "N", default_value_t = u32::try_from(SEGMENT_EVENTS).unwrap_or(u32::MAX), value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) segment_events: u32,
    /// Print what was imported as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What an account allows.
#[derive(Debug, Args)]
#[command(after_help = "\
Where the account lives and when it was registered stand in messenger_accounts; without it, the region is unknown and
the account is as old as its first event. Of an unknown region the strict profile, opt-in, holds: silence is a no.

Example:
  acquaint consent status 7 --ledger ledger --signals data/quickstart --as-of 2016-10-01")]
pub(crate) struct StatusArgs {
    /// The account
    #[arg(value_name = "USER", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// A signals directory whose `messenger_accounts` says where the account lives
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: Option<PathBuf>,
    /// What was allowed then; now by default
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) as_of: Option<Timestamp>,
    /// As known when; now by default
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) known_at: Option<Timestamp>,
    /// What the states allow
    #[arg(long, value_enum, default_value_t)]
    pub(crate) profile: ProfileArg,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Every event about an account.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acquaint consent history 7 --ledger ledger")]
pub(crate) struct HistoryArgs {
    /// The account
    #[arg(value_name = "USER", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Print one JSON object a line, as `append` reads them
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write the ledger as tables.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes consent_events, policy_versions and overlays, which `import` and `run` read. Events about numbers without an
account are counted and left out: the ledger does not know the numbers.

With --receipts, writes a consent receipt after ISO/IEC TS 27560 for every account that has events, one JSON object a
line, with the states of the Data Privacy Vocabulary. As with `status`, --signals says where accounts live.

Example:
  acquaint consent export --ledger ledger --out tables --receipts receipts.jsonl --signals data/quickstart")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// The directory to write the tables to: new, empty, or tables that a verb wrote, which are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The form of the tables
    #[arg(long, value_enum, default_value_t = crate::args::Form::Parquet)]
    pub(crate) form: crate::args::Form,
    /// Where to write receipts
    #[arg(long, value_name = "FILE")]
    pub(crate) receipts: Option<PathBuf>,
    /// Receipts: a signals directory whose `messenger_accounts` says where accounts live
    #[arg(long, value_name = "DIR", requires = "receipts")]
    pub(crate) signals: Option<PathBuf>,
    /// Receipts: as of when; now by default
    #[arg(long, value_name = "TIME", value_parser = time, requires = "receipts")]
    pub(crate) as_of: Option<Timestamp>,
    /// Receipts: who decides what the data is used for
    #[arg(long, value_name = "NAME", default_value = "the social network")]
    pub(crate) controller: String,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The root of the log.
#[derive(Debug, Args)]
#[command(after_help = "\
The root stands for every entry and their order. Keep one where the ledger's keeper cannot change it: `check --since`
shows later that nothing before it was edited, dropped or moved.

Example:
  acquaint consent root --ledger ledger --json > root.json")]
pub(crate) struct RootArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prove that an account's events are in the log.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints JSON: the entries about the account, each with its inclusion path (RFC 9162, section 2.1.3). `check --proof`
verifies it without the ledger.

Example:
  acquaint consent prove 7 --ledger ledger > proof.json
  acquaint consent check --proof proof.json --since root.json")]
pub(crate) struct ProveArgs {
    /// The account
    #[arg(value_name = "USER", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Look for anything edited, dropped or moved.
#[derive(Debug, Args)]
#[command(after_help = "\
Ends with exit code 1 if anything is wrong; until then the gate lets nobody through.

Example:
  acquaint consent check --ledger ledger --since root.json")]
pub(crate) struct CheckArgs {
    /// The directory of the ledger
    #[arg(long, value_name = "DIR", required_unless_present = "proof")]
    pub(crate) ledger: Option<PathBuf>,
    /// An earlier root, as `root --json` prints it: the log must continue it
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// A proof, as `prove` prints it, to verify against the root in --since
    #[arg(
        long,
        value_name = "FILE",
        requires = "since",
        conflicts_with = "ledger"
    )]
    pub(crate) proof: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Destroy the key to what the ledger holds about an account.
#[derive(Debug, Args)]
#[command(after_help = "\
What happened can no longer be read; that something happened stays in the log, and the root still verifies. The
account is invalidated for good. Of an account the ledger does not know nothing is erased or recorded: exit code 1.

Example:
  acquaint consent erase 7 --ledger ledger")]
pub(crate) struct EraseArgs {
    /// The account
    #[arg(value_name = "USER", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Print what was allowed.
#[derive(Debug, Args)]
#[command(after_help = "\
Asks the gate about four model accounts in each region, under the terms and orders in data/policies or in a directory
of such files. A letter is a purpose; `since` is the date before which nothing that was collected may be used.

Example:
  acquaint consent matrix --as-of 2016-12-01 --region DE --region IN --region US")]
pub(crate) struct MatrixArgs {
    /// When; now by default
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) as_of: Option<Timestamp>,
    /// Where: two letters of ISO 3166-1; may be given more than once
    #[arg(long, value_name = "XX", required = true, value_parser = region)]
    pub(crate) region: Vec<Region>,
    /// What the states allow
    #[arg(long, value_enum, default_value_t)]
    pub(crate) profile: ProfileArg,
    /// A directory of terms and orders, in the place of those that come with the program
    #[arg(long, value_name = "DIR")]
    pub(crate) policies: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Move the objection list to another secret key.
#[derive(Debug, Args)]
#[command(after_help = "\
Makes every point of the list anew under a fresh key, without the numbers, and writes that key. From then on only the
new key recognises who objected, and the ledger refuses the old one. If it is broken off, give the same command again:
the ledger knows which key holds, and goes on from there. Keep both files until it is done.

A ledger that was made before keys were recorded does not know its key. Appending or importing an objection that it holds
shows which it is. Where that cannot be done, --adopt takes the key at your word: under a wrong one nobody who objected
is recognised.

Example:
  acquaint consent rekey --ledger ledger --objection-key old.key --new-key new.key")]
pub(crate) struct RekeyArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// The key the list is under (32 bytes or 64 hexadecimal digits)
    #[arg(long, value_name = "FILE")]
    pub(crate) objection_key: PathBuf,
    /// Where to write the new key; nothing may be there but what a `rekey` wrote that was broken off
    #[arg(long, value_name = "FILE", required_unless_present = "adopt")]
    pub(crate) new_key: Option<PathBuf>,
    /// Record the key the list is under, without moving it
    #[arg(long, conflicts_with = "new_key")]
    pub(crate) adopt: bool,
}

/// Make again what is derived from the entries.
#[derive(Debug, Args)]
#[command(after_help = "\
The entries are read and hashed first; if they are what the root stands for, indexes, counts and ranges are made again
from them, and indexes, views and triggers in the database that are not a ledger's are removed. A table that is not is
named and left alone. Damaged entries cannot be repaired: bring the ledger back from a copy.

With --time, if anything is recorded as known later than this machine's clock, an entry is added that nothing before it
was. What takes something away then counts from when it happened, everything else from the repair. See that the clock is right first:
an entry cannot be taken back.

Example:
  acquaint consent repair --ledger ledger")]
pub(crate) struct RepairArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Put right what is recorded as known later than now
    #[arg(long)]
    pub(crate) time: bool,
}

/// What the states allow, as an argument.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ProfileArg {
    /// The offer of 2016: notice, and an opt-out
    #[default]
    NoticeAndOptOut,
    /// Nothing without a grant
    OptIn,
}

impl From<ProfileArg> for Profile {
    fn from(profile: ProfileArg) -> Self {
        match profile {
            ProfileArg::NoticeAndOptOut => Self::NoticeAndOptOut,
            ProfileArg::OptIn => Self::OptIn,
        }
    }
}

fn region(text: &str) -> Result<Region, String> {
    Region::try_from(text.to_owned())
}

fn account(text: &str) -> Result<AccountId, String> {
    text.parse()
        .map(AccountId)
        .map_err(|_| "an account is a whole number".to_owned())
}
