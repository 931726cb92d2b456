//! The command line: one struct per verb.

use std::path::PathBuf;

use acquaint::ads::ModelKind;
use acquaint::engine::{MaxRejects, MinRows, Times};
use acquaint::eval::AdsSplit;
use acquaint::signals::MessageKind;
use acquaint::suggest::Direct;
use acquaint::synth::Effects;
use acquaint::time::Timestamp;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::click_tables::{EvaluatePolicyArgs, ImportImpressionsArgs};
use crate::clock::times;
use crate::compare::CompareArgs;
use crate::consent::args::ConsentVerb;
use crate::edge_lists::EdgeListArgs;
use crate::identity::args::IdentityVerb;
use crate::init::InitArgs;
use crate::man::ManArgs;
use crate::memory::Bytes;
use crate::plan::PlanArgs;
use crate::spark::args::EngineArgs;
use crate::subject::args::SubjectArgs;
use crate::telling::LogFormat;

/// The version, and the commit where one is known.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("ACQUAINT_OF_COMMIT"));

/// Friend suggestions and ad relevance from data people agreed to share.
///
/// People who opted out are removed everywhere: they get no suggestions, appear in none, connect nobody, and are not counted.
#[derive(Debug, Parser)]
#[command(version = VERSION, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 done, 1 done with findings, 2 failed. Findings and rejected rows are reported on standard error, and in --json output; a \
failure under --json is also an object, the last line of standard error.

Options that say [env: NAME] can be given as environment variables instead; the command line counts before them.

Example:
  acquaint synth --users 300 --out world
  acquaint run --signals world --out out")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Number of threads [default: one per core]. The output does not depend on it
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "ACQUAINT_THREADS",
        hide_env_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Hide progress bars
    #[arg(
        long,
        short,
        global = true,
        env = "ACQUAINT_QUIET",
        hide_env_values = true
    )]
    pub(crate) quiet: bool,
    /// Say on standard error what every stage read and took
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// How lines on standard error are written
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    #[arg(env = "ACQUAINT_LOG_FORMAT", hide_env_values = true)]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Score everybody in a signals directory: suggestions, ads, spam, business messaging
    Run(RunArgs),
    /// Make a directory to begin with: settings and empty tables
    Init(InitArgs),
    /// List everything that is wrong with a signals directory before it is scored
    Check(CheckArgs),
    /// Generate a synthetic world with every table
    Synth(SynthArgs),
    /// Convert public data to a signals directory
    #[command(subcommand)]
    Import(ImportVerb),
    /// Measure predictions on held-out data
    #[command(subcommand)]
    Evaluate(EvaluateVerb),
    /// Measure what each source of signals is worth, and what opt-outs cost those who stay
    Worth(WorthArgs),
    /// Explain why somebody is suggested or shown an ad, or why not
    #[command(subcommand)]
    Explain(ExplainVerb),
    /// Train a model and write it to a file
    #[command(subcommand)]
    Train(TrainVerb),
    /// Print the settings of a run, defaults included
    Config(ConfigArgs),
    /// Plan suggestions on a cluster: bytes moved, memory, hours and cost
    Plan(PlanArgs),
    /// Render the report page of a finished run
    Report(ReportArgs),
    /// Say what changed between two outputs, for whom and why
    Compare(CompareArgs),
    /// List published rows to delete because of a later opt-out, block or similar event
    Recall(RecallArgs),
    /// Verify that deleting all opted-out people from the input does not change the output
    Verify(VerifyArgs),
    /// Tell what is held about one person, or act on their request to object or to be erased
    Subject(SubjectArgs),
    /// Write checksums for a directory of tables; every verb that reads it then verifies them
    Seal(SealArgs),
    /// Append to, query and audit the consent ledger
    #[command(subcommand)]
    Consent(ConsentVerb),
    /// Run one step of identity resolution: parse, tokenise, match, link, intersect
    #[command(subcommand)]
    Identity(IdentityVerb),
    /// Write a manual page for every verb
    Man(ManArgs),
    /// Print a completion script for a shell
    #[command(after_help = "\
Example:
  acquaint completions bash > acquaint.bash")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Score a directory of signals.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes suggestions, ad_scores, abuse_scores, business_reach, business_order, links and rejections as Parquet, manifest.json and report.html. The \
directory appears in one step when it is complete. It replaces only an empty directory or an earlier output; see \
docs/reliability.md.

Example:
  acquaint run --signals data/quickstart --out out --as-of 2016-11-15T00:00:00Z
  acquaint run --signals data/quickstart --out out --engine spark \\
    --master 'local-cluster[2,1,1024]' --python venv/bin/python")]
pub(crate) struct RunArgs {
    /// The directory with the tables; docs/formats.md lists them
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    /// Where to write: a new or empty directory, or an earlier output, which is replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write timings.json beside them: seconds, rows and memory of every stage
    #[arg(long)]
    pub(crate) timings: bool,
    #[command(flatten)]
    pub(crate) going: GoingArgs,
    #[command(flatten)]
    pub(crate) publishing: PublishingArgs,
    /// Rank suggestions with a model from `train friends`, trained as of the same time
    #[arg(long, value_name = "FILE")]
    pub(crate) friend_model: Option<PathBuf>,
    /// Score ads with a model from `train ads`, trained as of the same time
    #[arg(long, value_name = "FILE")]
    pub(crate) ad_model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Print the manifest as JSON instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// Whether a run begins, and where from.
#[derive(Debug, Args)]
pub(crate) struct GoingArgs {
    /// Keep the trained ad model beside the output while the run goes on, and take it from an interrupted run of the same build on the
    /// same inputs
    #[arg(long)]
    pub(crate) resume: bool,
    /// Print what would be read and written and how much memory and time it would take, and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Refuse to begin if the run would need more memory than this, such as 4GB [default: 80 % of the machine's, or of its control
    /// group's]
    #[arg(
        long,
        value_name = "SIZE",
        env = "ACQUAINT_MEMORY_LIMIT",
        hide_env_values = true
    )]
    pub(crate) memory_limit: Option<Bytes>,
}

/// What a finished run has to be like to be published.
#[derive(Debug, Args)]
pub(crate) struct PublishingArgs {
    /// Publish nothing and exit with code 1 if there are fewer rows than this, of all tables together (1000) or of one
    /// (suggestions=1000); may be repeated
    #[arg(long, value_name = "[TABLE=]N")]
    pub(crate) min_rows: Vec<MinRows>,
    /// Publish even if the output differs from the earlier one by more than `[publish] max_change` of the configuration
    #[arg(long)]
    pub(crate) accept: bool,
}

/// The settings of a run.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints TOML that --config reads. A section that is absent by default, such as [ranker], is absent here too; docs/formats.md lists
every key.

Example:
  acquaint config --defaults > acquaint.toml
  acquaint config")]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// Print the defaults, whatever file there is
    #[arg(long)]
    pub(crate) defaults: bool,
    /// Print the JSON schema of acquaint.toml, for editors that check it
    #[arg(long, conflicts_with = "defaults")]
    pub(crate) schema: bool,
}

/// Everything that is wrong with tables of one's own, at once.
#[derive(Debug, Args)]
#[command(after_help = "\
A run names the first thing it stops at; this names all of them: tables and columns that are missing, types, rows that cannot be \
used with the first of each kind as they stand in their file, and who may be scored and why the others may not. Digits of phone \
numbers are shown as 0. Nothing is written.

Exit code 1 if a run would stop, or would end with findings.

Example:
  acquaint check data/quickstart")]
pub(crate) struct CheckArgs {
    /// The directory with the tables; docs/formats.md lists them
    #[arg(value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Parameters, and the limit on rejected rows.
#[derive(Debug, Default, Args)]
pub(crate) struct ParamsArgs {
    /// Configuration file (TOML); every key is optional [default: acquaint.toml in this directory, if it is there]
    #[arg(
        long,
        value_name = "FILE",
        env = "ACQUAINT_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Exit with code 1 if more rows are rejected than this: a share of any one table (5% or 0.05), or a total number of rows
    /// (12) [default: 5%]
    #[arg(
        long,
        value_name = "SHARE|N",
        env = "ACQUAINT_MAX_REJECTS",
        hide_env_values = true
    )]
    pub(crate) max_rejects: Option<MaxRejects>,
}

/// Arguments shared by `run`, `train` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct AskingArgs {
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// Evaluate consent and accounts as of this time (valid time) [default: newest time in the signals, ignoring consent
    /// events and any single row months newer than the rest]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "signals")]
    pub(crate) as_of: Option<Timestamp>,
    /// Ignore events the ledger learned after this time (transaction time), except in the final check before publishing
    /// [default: --as-of]. Rows later than this, --as-of and this machine's clock are rejected, but an opt-out in one still counts
    #[arg(long, value_name = "TIME", value_parser = time, requires = "signals")]
    pub(crate) known_at: Option<Timestamp>,
}

impl AskingArgs {
    /// Valid time, transaction time and the clock.
    pub(crate) fn times(&self) -> Times {
        times(self.as_of, self.known_at)
    }
}

/// A durable ledger to ask.
#[derive(Debug, Args)]
pub(crate) struct AskLedgerArgs {
    /// Read consent from this ledger instead of the tables `consent_events`, `policy_versions` and `overlays`
    #[arg(
        long,
        value_name = "DIR",
        env = "ACQUAINT_LEDGER",
        hide_env_values = true
    )]
    pub(crate) ledger: Option<PathBuf>,
    /// Secret key of the ledger's objection list; required if the list is not empty
    #[arg(
        long,
        value_name = "FILE",
        requires = "ledger",
        env = "ACQUAINT_OBJECTION_KEY",
        hide_env_values = true
    )]
    pub(crate) objection_key: Option<PathBuf>,
}

/// Generate a synthetic world.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --effects, clicks depend on the social account and the ad alone. Each effect has a strength in log-odds, 0 to 3: device
(phone type and system), usage (sessions, groups, version), history (own taste), friends (shared taste), fatigue (earlier
showings), time (hour and weekday), recency (last seen). `all` is device=0.3, usage=0.3, history=0.6, friends=0.5, fatigue=0.2,
time=0.3, recency=0.3. The table ad_truth holds the probability of every row.

Example:
  acquaint synth --users 100000 --seed 7 --out world
  acquaint synth --users 10000 --ads 500 --impressions-per-user 100 \\
    --effects all --out world
  acquaint synth --users 10000 --effects all,fatigue=0,friends=1 --out world")]
pub(crate) struct SynthArgs {
    /// Number of people on the social network
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) users: u32,
    /// Random seed; the same seed gives the same world
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Mean number of impression rows per person
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    pub(crate) impressions_per_user: f64,
    /// Number of ads [default: one for 25 people, at least 8]
    #[arg(long, value_name = "N")]
    pub(crate) ads: Option<u32>,
    /// True effects of the shared signals on clicks: none, all, or NAME=STRENGTH, separated by commas; later ones win
    #[arg(long, value_name = "EFFECTS", default_value = "none")]
    pub(crate) effects: Effects,
    /// Share of rows with a missing or wrong device, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) device_noise: f64,
    /// Share of social accounts with a number but no `phone_since` date, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.03)]
    pub(crate) undated_share: f64,
    /// Share of numbers that a former holder, unknown to the messenger, also gave to the network, 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) former_share: f64,
    /// Share of numbers that a second person also gives, 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) shared_share: f64,
    /// Of the people who give somebody else's number, the share who use that person's phone, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) one_phone_share: f64,
    /// Share of accounts added as attackers of six kinds, with half as many honest heavy users and `trust_seeds`, 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) attackers: f64,
    /// Write the kind of every account to this file: CSV with `account_id` and `kind`, as `train abuse` reads it
    #[arg(long, value_name = "FILE")]
    pub(crate) kinds: Option<PathBuf>,
    /// Write the ground truth to this file: CSV with `account_id` and `user_id`
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Output directory: new, empty, or holding tables from an earlier run, which are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// File format of the tables
    #[arg(long, value_enum, default_value_t = Form::Parquet)]
    pub(crate) form: Form,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportVerb {
    /// An edge list: everyone has consented, every edge is a friendship, ids are kept
    Edges(Box<ImportEdgesArgs>),
    /// A table of who was shown what and clicked it: everyone named counts as having consented
    Impressions(Box<ImportImpressionsArgs>),
}

/// Turn an edge list into a signals directory.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads one edge per line, separated by commas, semicolons, tabs or spaces, with or without a header. Column names such as source \
and target, from and to, or user_a and user_b identify the two ends; standard error reports which columns were used. Also reads \
Matrix Market (.mtx), adjacency lists (.adjlist) and METIS (.graph), plain or compressed with gzip or zstd. `-` reads standard \
input. The first malformed line stops the import and is named.

With --ids dictionary, ids may be any text; OUT/ids.csv maps each text to its new id.

Example:
  acquaint import edges soc-LiveJournal.csv.gz --out signals
  acquaint import edges people.csv --ids dictionary --source-column buyer \\
    --target-column seller --out signals
  acquaint run --signals signals --out out")]
pub(crate) struct ImportEdgesArgs {
    /// The edge list, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) edges: PathBuf,
    /// A directed edge list of saved numbers; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) contacts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: EdgeListArgs,
    /// Output directory: new, empty, or holding tables from an earlier run, which are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// File format of the tables
    #[arg(long, value_enum, default_value_t = Form::Parquet)]
    pub(crate) form: Form,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvaluateVerb {
    /// Hold out a tenth of the friendships and predict them
    Friends(EvaluateFriendsArgs),
    /// Hold out a fifth of the impressions and predict clicks
    Ads(EvaluateAdsArgs),
    /// Estimate the click rate of other policies from a log with propensities
    Policy(Box<EvaluatePolicyArgs>),
    /// Set abuse scores against labelled accounts
    Abuse(EvaluateAbuseArgs),
}

/// Set abuse scores against labelled accounts.
#[derive(Debug, Args)]
#[command(after_help = "\
Scores every permitted account as a run does, by `[abuse] model` or by the five weights, and compares with the labels at each \
published threshold (`[abuse.outcomes]`): precision, recall, AUC and calibration error, together and for each kind of abuse beside \
all honest accounts. Measure on other accounts than the model was trained on.

Example:
  acquaint synth --users 20000 --seed 2 --attackers 0.05 --kinds kinds.csv \\
    --out world
  acquaint evaluate abuse --signals world --labels kinds.csv \\
    --config acquaint.toml")]
pub(crate) struct EvaluateAbuseArgs {
    #[command(flatten)]
    pub(crate) labelled: LabelledArgs,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Signals and what some of their accounts really are.
#[derive(Debug, Args)]
pub(crate) struct LabelledArgs {
    /// A signals directory; only permitted data are used
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    /// CSV with `account_id` and `kind`; the kinds none, person, business, heavy and witness are honest, every other is abuse
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: PathBuf,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
}

/// Hold out a tenth of the friendships and predict them.
#[derive(Debug, Args)]
#[command(after_help = "\
An edge is held out if splitmix64(lo * 2^32 + hi) is a multiple of ten, so anyone can reproduce the split. MAP, recall, hit rate and \
NDCG are computed at --k, 10 unless given. With --config, `[suggest]`, `[ranker]` and `[ranker.factors]` of a run apply. Exposure says how many suggestions people get and how often each is shown.

Example:
  acquaint evaluate friends --edges facebook.csv.gz --learn --seeds 3")]
#[command(group(ArgGroup::new("source").required(true).args(["edges", "signals"])))]
pub(crate) struct EvaluateFriendsArgs {
    /// A public edge list, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) edges: Option<PathBuf>,
    /// A signals directory; only permitted friendships are used
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: Option<PathBuf>,
    /// A directed edge list of saved numbers to predict from; may be repeated
    #[arg(long, value_name = "FILE", requires = "edges")]
    pub(crate) contacts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: EdgeListArgs,
    /// Also train and measure the learned ranker
    #[arg(long)]
    pub(crate) learn: bool,
    /// Add people further away in the graph to the ranker's candidates where friends of friends are too few
    #[arg(long, requires = "learn")]
    pub(crate) near: bool,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// How many suggestions count for MAP, recall, hit rate and NDCG; above 10 without the product of degrees [default: `k` of
    /// --config, else 10]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) k: Option<u16>,
    /// Minimum number of mutual contacts or friends for a candidate [default: as in --config, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) min_intermediaries: Option<u32>,
    /// Which saved numbers make a candidate without mutual friends [default: as in --config, else own]
    #[arg(long, value_enum)]
    pub(crate) direct: Option<Saved>,
    /// Minimum number of strangers around a number for it to count as a practice's (doctor, lawyer) and connect nobody;
    /// 0 disables this [default: as in --config, else 5]
    #[arg(long, value_name = "N")]
    pub(crate) practice_from: Option<u32>,
    /// How the holdout for the top-10 metrics is chosen; `time` needs edges with timestamps
    #[arg(long, value_enum, default_value_t = HideBy::Random)]
    pub(crate) split: HideBy,
    /// Number of random holdouts
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) seeds: u8,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExplainVerb {
    /// Why a candidate is suggested to a person, or which rule prevents it
    Suggestion(ExplainSuggestionArgs),
    /// Why an ad is shown to a person, or which rule prevents it
    Ad(ExplainAdArgs),
    /// Which fields and values the ad model weighs most
    Model(ExplainModelArgs),
    /// Whether a business may write to an account, with the date and source of every rule that spoke
    Business(ExplainBusinessArgs),
    /// Why an account has its abuse score, and what follows from it
    Abuse(ExplainAbuseArgs),
}

/// Why an account has its abuse score.
#[derive(Debug, Args)]
#[command(after_help = "\
Lists everything that adds to the score with what was counted, the published thresholds, the outcome, and the accounts that the \
account's address book was matched with: what a quarantined account learned before. JSON lists the first 1,000 of them.

Example:
  acquaint explain abuse 797515164740 --signals data/quickstart")]
pub(crate) struct ExplainAbuseArgs {
    /// The id of the account
    #[arg(value_name = "ACCOUNT")]
    pub(crate) account: u64,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
}

/// Whether a business may write to an account.
#[derive(Debug, Args)]
#[command(after_help = "\
Every check that spoke is listed with the rule of the messenger it rests on, the time for which that rule is known and where it was read. Where \
nothing is known for the moment it says no_rule_known. Another moment, from June 2019 on, is asked for with --as-of.

Example:
  acquaint explain business 301 1012 --signals tables \\
    --as-of 2025-10-07T00:00:00Z --kind marketing")]
pub(crate) struct ExplainBusinessArgs {
    /// The id of the business
    #[arg(value_name = "BUSINESS")]
    pub(crate) business: u64,
    /// The id of the account
    #[arg(value_name = "ACCOUNT")]
    pub(crate) account: u64,
    /// Only messages of this kind: service, utility, authentication or marketing
    #[arg(long, value_name = "KIND", value_parser = message_kind)]
    pub(crate) kind: Option<MessageKind>,
    /// The id of the template that the message is made from
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) template: Option<u64>,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
}

fn message_kind(text: &str) -> Result<MessageKind, String> {
    MessageKind::parse(text)
        .ok_or_else(|| "expected service, utility, authentication or marketing".to_owned())
}

/// Arguments shared by the explanations.
#[derive(Debug, Args)]
pub(crate) struct AskedArgs {
    /// The directory with the tables
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments shared by the explanations of ads.
#[derive(Debug, Args)]
pub(crate) struct AskedAdsArgs {
    #[command(flatten)]
    pub(crate) of_run: AskedArgs,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// The model from `train ads` that the run used
    #[arg(long, value_name = "FILE")]
    pub(crate) ad_model: Option<PathBuf>,
}

/// Why somebody is suggested to somebody.
#[derive(Debug, Args)]
#[command(after_help = "\
Mutual friends are named only if both friendships are on the network and none of the three people hides from, blocked or dismissed \
another. At least two are named or none. People known only by a saved number are never named.

Example:
  acquaint explain suggestion 797515164740 607629110381 \\
    --signals data/quickstart")]
pub(crate) struct ExplainSuggestionArgs {
    /// The person
    #[arg(value_name = "USER")]
    pub(crate) user: u64,
    /// The candidate
    #[arg(value_name = "CANDIDATE")]
    pub(crate) candidate: u64,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    /// The model from `train friends` that the run used
    #[arg(long, value_name = "FILE")]
    pub(crate) friend_model: Option<PathBuf>,
}

/// Why somebody is shown an ad.
#[derive(Debug, Args)]
#[command(after_help = "\
Splits the log-odds of a click by field, with the source columns and the grant each rests on. If the ad is not shown, names the rule \
that prevents it: the gate, the policy, the ad's targeting, a cap, or better ads.

Example:
  acquaint explain ad 797515164740 324549199778 --signals data/quickstart")]
pub(crate) struct ExplainAdArgs {
    /// The person
    #[arg(value_name = "USER")]
    pub(crate) user: u64,
    /// The ad
    #[arg(value_name = "AD")]
    pub(crate) ad: u64,
    #[command(flatten)]
    pub(crate) asked: AskedAdsArgs,
}

/// What the ad model weighs most.
#[derive(Debug, Args)]
#[command(after_help = "\
Takes the log-odds of a click apart for every permitted person with up to 8 ads each, which a hash draws among those the policy lets \
them have. MOVES is the standard deviation of what a field adds: 0.3 makes the odds about 35 % higher or lower. Values that few people \
have are not named (`[ads.signals] friends_min`).

Example:
  acquaint explain model --signals data/quickstart --values 2")]
pub(crate) struct ExplainModelArgs {
    #[command(flatten)]
    pub(crate) asked: AskedAdsArgs,
    /// Number of values named per field; JSON has all of them
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) values: usize,
}

/// The key of the tokens in customer lists.
#[derive(Debug, Args)]
pub(crate) struct ListKeyArgs {
    /// Secret key of the tokens in customer lists (`audience_members`); without it, customer lists match no one
    #[arg(
        long,
        value_name = "FILE",
        env = "ACQUAINT_AUDIENCE_KEY",
        hide_env_values = true
    )]
    pub(crate) audience_key: Option<PathBuf>,
    /// Key epoch (rotation number)
    #[arg(long, value_name = "N", default_value_t = 0, requires = "audience_key")]
    pub(crate) audience_epoch: u32,
}

/// A kind of click model.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AdModelArg {
    /// Logistic regression on features and selected crosses
    Logistic,
    /// Factorisation machine (learns pairwise field interactions)
    Factors,
}

impl From<AdModelArg> for ModelKind {
    fn from(arg: AdModelArg) -> Self {
        match arg {
            AdModelArg::Logistic => Self::Logistic,
            AdModelArg::Factors => Self::Factors,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrainVerb {
    /// Train a ranker on held-out friendships
    Friends(TrainFriendsArgs),
    /// Train a click model on impressions
    Ads(TrainAdsArgs),
    /// Train a calibrated model of abuse on labelled accounts
    Abuse(TrainAbuseArgs),
}

/// Train a calibrated model of abuse on labelled accounts.
#[derive(Debug, Args)]
#[command(after_help = "\
Fits a logistic regression on what permitted data say of each labelled account and calibrates it on accounts held out in turn. A \
weight is never negative: nobody scores lower for being reported. Name the file under `[abuse] model` in the configuration, by a path \
from that file; without a model a run scores by five fixed weights. At least 20 abusive and 20 honest accounts are needed.

Example:
  acquaint synth --users 20000 --attackers 0.05 --kinds kinds.csv --out world
  acquaint train abuse --signals world --labels kinds.csv --out abuse.json")]
#[command(override_usage = "\
acquaint train abuse [OPTIONS] --signals <DIR>
       --labels <FILE> --out <FILE>")]
pub(crate) struct TrainAbuseArgs {
    #[command(flatten)]
    pub(crate) labelled: LabelledArgs,
    /// Where to write the model, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Print the model as JSON instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
}

/// Train a ranker on held-out friendships.
#[derive(Debug, Args)]
#[command(after_help = "\
Holds out a tenth of the known friendships, computes features of every candidate from the rest, and fits a logistic regression that \
predicts the held-out ones. See `[ranker]`, `[ranker.factors]` and `[suggest]` in the configuration. The file records the ledger snapshot it was \
trained on. A run on another snapshot refuses it, because somebody in the model may have opted out since.

Example:
  acquaint train friends --signals data/quickstart --out friends.json
  acquaint run --signals data/quickstart --friend-model friends.json --out out")]
#[command(group(ArgGroup::new("source").required(true).args(["edges", "signals"])))]
#[command(override_usage = "\
acquaint train friends [OPTIONS] --out <FILE>
       <--edges <FILE>|--signals <DIR>>")]
pub(crate) struct TrainFriendsArgs {
    /// A signals directory; only permitted friendships and contacts are used
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: Option<PathBuf>,
    /// A public edge list, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) edges: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: EdgeListArgs,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    /// Where to write the model, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Print the model as JSON, with row counts, instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
}

/// Train a click model on impressions.
#[derive(Debug, Args)]
#[command(after_help = "\
Trains on permitted impressions, in shards by person. See `[ads]` in the configuration. Writes two files: the model, and FILE.shards \
with what each shard learned from which rows. With `--update OLD`, shards whose rows did not change are copied from OLD.shards and \
only the others are trained. The result is byte-identical to training from scratch, so removing a person costs one shard. OLD and \
OLD.shards still contain that person: delete both.

The model records the ledger snapshot it was trained on. A run on another snapshot refuses it.

Example:
  acquaint train ads --signals data/quickstart --out ads.json
  acquaint run --signals data/quickstart --ad-model ads.json --out out
  acquaint train ads --model factors --signals data/quickstart \\
    --out factors.json
  acquaint train ads --signals newer --update ads.json --out ads-2.json")]
pub(crate) struct TrainAdsArgs {
    /// A signals directory; only permitted impressions are used
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Kind of click model; overrides `[ads] model`
    #[arg(long, value_name = "KIND")]
    pub(crate) model: Option<AdModelArg>,
    /// Where to write the model, as JSON; its shards go to FILE.shards
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// An earlier model; shards whose rows did not change are reused
    #[arg(long, value_name = "OLD")]
    pub(crate) update: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Hold out a fifth of the impressions and predict clicks.
#[derive(Debug, Args)]
#[command(after_help = "\
Compares the model with the base click rate and, in a world from `synth`, with the probabilities the clicks were drawn from. Metrics \
come with confidence intervals by person and by ad, by field, and by prediction bin. Learning curves show the value of more rows and \
more epochs.

People and ads that training has not seen are measured apart (`seen in training`). MAP, NDCG and hit rate order the held-out rows of \
each person who clicked some of them and not all.

Example:
  acquaint evaluate ads --signals data/quickstart --split time --no-curves
  acquaint synth --users 10000 --out world
  acquaint evaluate ads --signals world --split person --seeds 3 --json")]
pub(crate) struct EvaluateAdsArgs {
    /// A signals directory; only permitted impressions are used
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Kind of click model; overrides `[ads] model`
    #[arg(long, value_name = "KIND")]
    pub(crate) model: Option<AdModelArg>,
    /// Which impressions are held out; with `time` the newest fifth, so that the model sees only the past
    #[arg(long, value_enum, value_name = "BY", default_value_t = AdsSplitArg::Rows)]
    pub(crate) split: AdsSplitArg,
    /// Random seed of the holdout
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Number of holdouts, with this seed and the ones after it; prints the range of the metrics
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) seeds: u32,
    /// How many of each person's held-out rows count for MAP, NDCG and hit rate
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) k: u32,
    /// 5-fold cross-validation (5× slower, no variance from the choice of holdout)
    #[arg(long)]
    pub(crate) every_fold: bool,
    /// Skip learning curves and cold-start evaluation (10× faster)
    #[arg(long)]
    pub(crate) no_curves: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Measure what each source of signals is worth, and what opt-outs cost those who stay.
#[derive(Debug, Args)]
#[command(after_help = "\
Hides one friendship in ten and one impression in five, predicts them with one source of signals more at a time, and compares each \
step with the one before, person by person. Then nine people in ten opt out in steps; those who never do are compared with what they \
get where nobody opts out. A hidden friend who left counts as missed; a second table looks only for those who are still there.

Sources that the configuration switches off ([ads.signals], [ranker.signals], [suggest] direct) are not measured, and the output says so; \
docs/scoring.md lists the keys that count. Exit code 1 if there is nothing to measure.

Example:
  acquaint worth --signals data/quickstart
  acquaint worth --signals data/quickstart --html > worth.html")]
pub(crate) struct WorthArgs {
    /// A signals directory; only permitted data are used
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Measure one product only
    #[arg(long, value_enum, value_name = "PRODUCT")]
    pub(crate) only: Option<Product>,
    /// Print a page with charts instead of tables
    #[arg(long, conflicts_with = "json")]
    pub(crate) html: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}

/// What signals are worth something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Product {
    /// Friend suggestions
    Suggestions,
    /// Relevance of ads
    Ads,
}

/// Render the report page of a finished run.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acquaint report out > report.html")]
pub(crate) struct ReportArgs {
    /// The output directory of a run
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
}

/// List published rows to delete.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints one CSV line per row to delete: table, row (from 1), user_id, account_id, other_id (candidate, ad or business) and reason. \
Exits with code 1 if there are any. Consent events, regulators' orders, blocks, reports, dismissals, hiding, hidden ads and \
withdrawn opt-ins all count, whenever they arrived. docs/privacy.md lists the reasons.

Example:
  acquaint recall out --signals newer > recall.csv")]
pub(crate) struct RecallArgs {
    /// The output directory of a run
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// The current tables, with everything learned since the run
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    /// Ignore events and feedback learned after this time (transaction time) [default: newest time in the tables]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) known_at: Option<Timestamp>,
    /// Print JSON instead of CSV
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Writes sums.json into the directory: length and BLAKE3 of every file in it and its folders, under one root. Verbs that read the \
directory then stop if a file is missing, added or changed. Seal again after an intended change. No verb replaces a directory that you \
sealed.

Exit code: 0 sealed; 2 failed.

Example:
  acquaint seal data/quickstart")]
pub(crate) struct SealArgs {
    /// The directory of tables
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Verify that opted-out people do not change the output.
#[derive(Debug, Args)]
#[command(after_help = "\
Checks every digest and sum in the manifest. Then, for each purpose, deletes everyone the purpose denies from every table, runs again \
and compares every row. For a difference it names the rows, the people whose data caused it, and the input rows involved. Exits with \
code 1 if anything differs.

Example:
  acquaint verify out --signals data/quickstart")]
pub(crate) struct VerifyArgs {
    /// The output directory of a run
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// The tables that the run read
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Keep the inputs without opted-out people, and their outputs, in this new or empty directory
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Maximum number of extra runs to find whose data caused a difference
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) max_reruns: u32,
    /// Write what was found to this new file, dated and signed with --key; `acquaint-audit` checks it
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) attest: Option<PathBuf>,
    /// Secret key that signs the attestation (32 bytes or 64 hexadecimal digits, file mode 600)
    #[arg(long, value_name = "FILE", requires = "attest")]
    pub(crate) key: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which impressions are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdsSplitArg {
    /// A random fifth of the rows, by a hash of all but the counts
    Rows,
    /// The newest fifth of the rows
    Time,
    /// All rows of a random fifth of the people
    Person,
    /// All rows of a random fifth of the ads
    Ad,
}

impl From<AdsSplitArg> for AdsSplit {
    fn from(arg: AdsSplitArg) -> Self {
        match arg {
            AdsSplitArg::Rows => Self::Rows,
            AdsSplitArg::Time => Self::Time,
            AdsSplitArg::Person => Self::Person,
            AdsSplitArg::Ad => Self::Ad,
        }
    }
}

/// Which friendships are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HideBy {
    /// A random tenth, by a hash of both ids
    Random,
    /// The newest tenth
    Time,
}

/// Which saved numbers make a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Saved {
    /// Only people who also saved the person's number
    Mutual,
    /// Everyone whose number the person saved
    Own,
    /// None
    Off,
}

impl From<Saved> for Direct {
    fn from(saved: Saved) -> Self {
        match saved {
            Saved::Mutual => Self::Mutual,
            Saved::Own => Self::Own,
            Saved::Off => Self::Off,
        }
    }
}

/// The file format of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Apache Parquet
    Parquet,
    /// Comma-separated values
    Csv,
    /// Comma-separated values, compressed
    CsvGz,
}

/// A time; a date alone is its midnight (UTC).
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    let is_date = text.len() == 10 && !text.contains('T');
    let midnight = is_date.then(|| format!("{text}T00:00:00Z"));
    Timestamp::parse(midnight.as_deref().unwrap_or(text)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_date_is_its_first_moment() {
        assert_eq!(time("2016-10-01"), time("2016-10-01T00:00:00Z"));
        for bad in ["2016-13-01", "2016-10-1", "yesterday", ""] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
