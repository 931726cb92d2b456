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
    /// Append events, one JSON object per line
    Append(AppendArgs),
    /// Bulk-import the consent history of a signals directory
    Import(ImportArgs),
    /// Print what an account allows, and why
    Status(StatusArgs),
    /// List every event about an account
    History(HistoryArgs),
    /// Export the ledger as tables
    Export(ExportArgs),
    /// Print the Merkle root of the log
    Root(RootArgs),
    /// Prove that the events about an account are in the log
    Prove(ProveArgs),
    /// Check the log for anything edited, dropped or moved
    Check(CheckArgs),
    /// Erase an account by destroying its keys
    Erase(EraseArgs),
    /// Print what terms and regulators' orders allowed at a given time
    Matrix(MatrixArgs),
    /// Re-key the objection list
    Rekey(RekeyArgs),
    /// Rebuild indexes from the entries, and correct impossible times
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
    /// Secret key of the objection list (32 bytes or 64 hexadecimal digits, file mode 600); required for events about the
    /// number of somebody without an account
    #[arg(long, value_name = "FILE")]
    pub(crate) objection_key: Option<PathBuf>,
}

/// Add events, one JSON object a line.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys are the columns of consent_events; see docs/formats.md. Without known_time an event is known now, without valid_time it \
happened when it became known, and without event_id it gets an id derived from its contents. One line is printed for each group of \
events once it is on disk: an acknowledged event is not lost. Appending is idempotent, so resend whatever was not acknowledged.

Refused, with the line number and the remedy: a duplicate key, an invalid number, an event that happens more than five minutes after \
it became known, and one known more than five minutes later than this machine's clock.

Creates the ledger if there is none.

Example:
  echo '{\"account_id\": 7, \"kind\": \"opt_out\"}' | acquaint consent append \\
    --ledger ledger")]
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

/// What `consent import` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// The tables of a signals directory
    Tables,
    /// A CSV file with strings of the Global Privacy Platform and Global Privacy Control headers
    Gpp,
    /// Lists of California's deletion platform (DROP): an archive of CSV files, or one of them
    Drop,
}

/// Add the history of a signals directory, in bulk.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads consent_events, policy_versions and overlays (Parquet or CSV) under the rules of `append` and `run`. An unusable row may have \
been an opt-out, so the import stops there and names file, row, column and remedy. Rows already imported stay; the import is \
idempotent.

With --format gpp it reads a CSV file with the columns account_id or device_id, gpp, gpc, valid_time and known_time: a row whose string opts \
out of sale, sharing or targeted advertising, or whose gpc is 1, becomes a `signal`. A string that is malformed or of an unknown version \
stops the import before anything is recorded.

With --format drop it compares the hashes of an archive of lists, or of one list, with the numbers in the tables of --signals. An account whose \
number is listed opts out; a listed number without an account goes on the objection list (--objection-key). Nothing else is kept. The status \
files that must be sent back are written to --answers, as YYYYMMDD_BROKER_TYPE[_SUFFIX].csv.

Creates the ledger if there is none.

Example:
  acquaint consent import --ledger ledger --signals data/quickstart
  acquaint consent import --ledger ledger --format gpp --input signals.csv
  acquaint consent import --ledger ledger --format drop --input lists.zip \\
    --signals tables --objection-key key --broker 123 --answers answers")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// The directory with the tables
    #[arg(long, value_name = "DIR", required_unless_present = "input")]
    pub(crate) signals: Option<PathBuf>,
    /// What is imported
    #[arg(long, value_enum, default_value = "tables")]
    pub(crate) format: ImportFormat,
    /// The file with signals, for --format gpp, or with lists, for --format drop
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// For --format drop: the id under which the answer is sent
    #[arg(long, value_name = "ID")]
    pub(crate) broker: Option<String>,
    /// For --format drop: the directory the status files are written to
    #[arg(long, value_name = "DIR")]
    pub(crate) answers: Option<PathBuf>,
    /// For --format drop: what the names of the status files end with
    #[arg(long, value_name = "TEXT")]
    pub(crate) suffix: Option<String>,
    #[command(flatten)]
    pub(crate) key: ObjectionKeyArgs,
    /// Events per segment; this many are in memory at a time
    #[arg(long, value_name = "N", default_value_t = u32::try_from(SEGMENT_EVENTS).unwrap_or(u32::MAX), value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) segment_events: u32,
    /// Print what was imported as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What an account allows.
#[derive(Debug, Args)]
#[command(after_help = "\
Region and registration date come from messenger_accounts. Without it the region is unknown and the account is as old as its first \
event. In an unknown region the strict profile, opt-in, applies: silence means no.

Example:
  acquaint consent status 7 --ledger ledger --signals data/quickstart \\
    --as-of 2016-10-01")]
pub(crate) struct StatusArgs {
    /// The account id
    #[arg(value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// A signals directory whose `messenger_accounts` has the account's region
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: Option<PathBuf>,
    /// Evaluate consent as of this time (valid time) [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) as_of: Option<Timestamp>,
    /// Ignore events learned after this time (transaction time) [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) known_at: Option<Timestamp>,
    /// Consent profile: what each state allows
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
    /// The account id
    #[arg(value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Print one JSON object per line, as `append` reads them
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write the ledger as tables.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes consent_events, policy_versions and overlays, which `import` and `run` read. Events about numbers without an account are \
counted and left out, because the ledger does not store the numbers.

With --receipts, writes a consent receipt (ISO/IEC TS 27560, Data Privacy Vocabulary states) for every account with events, one JSON \
object per line. As with `status`, --signals supplies the regions.

Example:
  acquaint consent export --ledger ledger --out tables \\
    --receipts receipts.jsonl --signals data/quickstart")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Output directory: new, empty, or holding tables from an earlier run, which are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// File format of the tables
    #[arg(long, value_enum, default_value_t = crate::args::Form::Parquet)]
    pub(crate) form: crate::args::Form,
    /// Where to write consent receipts
    #[arg(long, value_name = "FILE")]
    pub(crate) receipts: Option<PathBuf>,
    /// Receipts: a signals directory whose `messenger_accounts` has the accounts' regions
    #[arg(long, value_name = "DIR", requires = "receipts")]
    pub(crate) signals: Option<PathBuf>,
    /// Receipts: state consent as of this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "receipts")]
    pub(crate) as_of: Option<Timestamp>,
    /// Receipts: name of the data controller
    #[arg(long, value_name = "NAME", default_value = "the social network")]
    pub(crate) controller: String,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The root of the log.
#[derive(Debug, Args)]
#[command(after_help = "\
The root commits to every entry and their order. Store one where the ledger's operator cannot change it: `check --since` later proves \
that nothing before it was edited, dropped or moved.

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
Prints the account's entries as JSON, each with its inclusion path (RFC 9162, section 2.1.3). `check --proof` verifies it without the \
ledger.

Example:
  acquaint consent prove 7 --ledger ledger > proof.json
  acquaint consent check --proof proof.json --since root.json")]
pub(crate) struct ProveArgs {
    /// The account id
    #[arg(value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Look for anything edited, dropped or moved.
#[derive(Debug, Args)]
#[command(after_help = "\
Exits with code 1 if anything is wrong. While it is, the gate denies everyone.

Example:
  acquaint consent check --ledger ledger --since root.json")]
pub(crate) struct CheckArgs {
    /// The directory of the ledger
    #[arg(long, value_name = "DIR", required_unless_present = "proof")]
    pub(crate) ledger: Option<PathBuf>,
    /// An earlier root, from `root --json`, which the log must extend
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    /// A proof from `prove`, to verify against the root in --since
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
The contents of the account's events become unreadable. The log still shows that they existed, and the root still verifies. The account \
is permanently invalidated. For an account that is not in the ledger, nothing is erased or recorded, and the exit code is 1.

Example:
  acquaint consent erase 7 --ledger ledger")]
pub(crate) struct EraseArgs {
    /// The account id
    #[arg(value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Print what was allowed.
#[derive(Debug, Args)]
#[command(after_help = "\
Asks the gate about four model accounts in each region, under the terms and orders in data/policies or in a directory of such files. \
Each letter is a purpose. `since` is the cut-off: data collected before it may not be used.

Example:
  acquaint consent matrix --as-of 2016-12-01 --region DE --region IN --region US")]
pub(crate) struct MatrixArgs {
    /// The time to evaluate [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) as_of: Option<Timestamp>,
    /// Region, as an ISO 3166-1 alpha-2 code; may be repeated
    #[arg(long, value_name = "XX", required = true, value_parser = region)]
    pub(crate) region: Vec<Region>,
    /// Consent profile: what each state allows
    #[arg(long, value_enum, default_value_t)]
    pub(crate) profile: ProfileArg,
    /// A directory of terms and orders, instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) policies: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Move the objection list to another secret key.
#[derive(Debug, Args)]
#[command(after_help = "\
Recomputes every point of the list under a fresh key, without needing the numbers, and writes that key. Afterwards only the new key \
recognises who objected, and the ledger refuses the old one. If the command is interrupted, run it again: it resumes where it stopped. \
Keep both key files until it finishes.

A ledger made before keys were recorded does not know its key. Append or import an objection it already holds to prove the key. If \
that is impossible, --adopt records the key unchecked: with a wrong key, nobody who objected is recognised.

Example:
  acquaint consent rekey --ledger ledger --objection-key old.key \\
    --new-key new.key")]
pub(crate) struct RekeyArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// The current key of the list (32 bytes or 64 hexadecimal digits)
    #[arg(long, value_name = "FILE")]
    pub(crate) objection_key: PathBuf,
    /// Where to write the new key; must not exist, unless an interrupted `rekey` wrote it
    #[arg(long, value_name = "FILE", required_unless_present = "adopt")]
    pub(crate) new_key: Option<PathBuf>,
    /// Record the current key without changing it
    #[arg(long, conflicts_with = "new_key")]
    pub(crate) adopt: bool,
}

/// Make again what is derived from the entries.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads and hashes all entries first. If they match the root, rebuilds indexes, counts and ranges from them and removes foreign indexes, \
views and triggers. A foreign table is named and left alone. Damaged entries cannot be repaired: restore the ledger from a backup.

With --time, if any event is recorded as known later than this machine's clock, adds an entry that caps the known time of everything \
before it. Events that restrict then count from when they happened, all others from the repair. Check the clock first: the entry \
cannot be undone.

Example:
  acquaint consent repair --ledger ledger")]
pub(crate) struct RepairArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Correct events recorded as known later than now
    #[arg(long)]
    pub(crate) time: bool,
}

/// A consent profile, as an argument.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ProfileArg {
    /// Notice and opt-out, as offered in 2016
    #[default]
    NoticeAndOptOut,
    /// Nothing without an explicit grant
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

/// What begins with a sign is no id, but may be somebody's number.
fn account(text: &str) -> Result<AccountId, String> {
    let id = text.parse().ok().filter(|_| !text.starts_with('+'));
    id.map(AccountId)
        .ok_or_else(|| "an account is a whole number".to_owned())
}
