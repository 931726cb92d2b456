//! The command line: one struct per verb.

use std::path::PathBuf;

use acquaint::ads::ModelKind;
use acquaint::engine::{MaxRejects, Times};
use acquaint::suggest::Direct;
use acquaint::time::Timestamp;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::clock::times;
use crate::consent::args::ConsentVerb;
use crate::edge_lists::EdgeListArgs;
use crate::identity::args::IdentityVerb;

/// Friend suggestions and ad relevance from signals people agreed to share.
///
/// Whoever opted out leaves no trace: no recipient, no candidate, no intermediary and no count.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes: 0 done, 1 done with findings, 2 failed. Findings and rejected rows are told on standard error, and with --json.

Example:
  acquaint synth --users 300 --out world
  acquaint run --signals world --out out")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// How many threads to use; as many as there are cores by default. The output is the same for any number
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Draw no progress bars, even on a terminal
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Score a directory of signals: suggestions, ads, spam, business reach
    Run(RunArgs),
    /// Make a synthetic world with every table
    Synth(SynthArgs),
    /// Turn public data into a signals directory
    #[command(subcommand)]
    Import(ImportVerb),
    /// Measure how well held-out data is predicted
    #[command(subcommand)]
    Evaluate(EvaluateVerb),
    /// Say why something was suggested, and why not
    #[command(subcommand)]
    Explain(ExplainVerb),
    /// Train a model and write it to a file
    #[command(subcommand)]
    Train(TrainVerb),
    /// Draw the report page of a finished run again
    Report(ReportArgs),
    /// List published rows that no longer stand, because of an opt-out, a block or the like that became known since
    Recall(RecallArgs),
    /// Prove that an output is what it would be if everybody who is out had never been in the tables
    Verify(VerifyArgs),
    /// Write the sums of a directory of tables, which every verb that reads it checks from then on
    Seal(SealArgs),
    /// Keep the ledger of who allowed what, ask it, and prove that nobody changed it
    #[command(subcommand)]
    Consent(ConsentVerb),
    /// Ask who is behind a number, one step at a time
    #[command(subcommand)]
    Identity(IdentityVerb),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Score a directory of signals.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes suggestions, ad_scores, abuse_scores, business_reach, links and rejections as Parquet, manifest.json and
report.html. The directory appears all at once when everything is complete, and replaces an earlier output or an
empty directory, nothing else; docs/reliability.md says how.

Example:
  acquaint run --signals data/quickstart --out out --as-of 2016-11-15T00:00:00Z")]
pub(crate) struct RunArgs {
    /// The directory with the tables; docs/formats.md lists them
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    /// Where to write: a new or empty directory, or an earlier output, which is replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Order suggestions by a model from `train friends`, trained as of the same moment
    #[arg(long, value_name = "FILE")]
    pub(crate) friend_model: Option<PathBuf>,
    /// Score ads by a model from `train ads`, trained as of the same moment
    #[arg(long, value_name = "FILE")]
    pub(crate) ad_model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Print the manifest as JSON instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
}

/// Parameters, and how many rows may be rejected.
#[derive(Debug, Default, Args)]
pub(crate) struct ParamsArgs {
    /// Parameters; every key is optional
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// End with exit code 1 if more rows than this are rejected: a share of any table's rows that cannot be read (5% or 0.05),
    /// or a number of rows of all tables together (12). 5% by default
    #[arg(long, value_name = "SHARE|N")]
    pub(crate) max_rejects: Option<MaxRejects>,
}

/// Under which parameters, of whom and as of when: the same for a run, what is trained for it and why it says so.
#[derive(Debug, Args)]
pub(crate) struct AskingArgs {
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// The moment to speak of: what was allowed then, and who was there. The newest moment in the signals by default;
    /// no consent event moves it, and no row that stands alone by months
    #[arg(long, value_name = "TIME", value_parser = time, requires = "signals")]
    pub(crate) as_of: Option<Timestamp>,
    /// As known when: events the ledger learned of later are not seen before publishing. `--as-of` by default.
    /// Rows from later than this machine's clock and these two are rejected, and what they take away is taken away
    #[arg(long, value_name = "TIME", value_parser = time, requires = "signals")]
    pub(crate) known_at: Option<Timestamp>,
}

impl AskingArgs {
    /// The moment to speak of, whose knowledge counts, and the clock.
    pub(crate) fn times(&self) -> Times {
        times(self.as_of, self.known_at)
    }
}

/// A durable ledger to ask.
#[derive(Debug, Args)]
pub(crate) struct AskLedgerArgs {
    /// Ask a durable ledger who allowed what, in the place of `consent_events`, `policy_versions` and `overlays`
    #[arg(long, value_name = "DIR")]
    pub(crate) ledger: Option<PathBuf>,
    /// The secret key of the ledger's objection list, if anybody is on it
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub(crate) objection_key: Option<PathBuf>,
}

/// Make a synthetic world.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acquaint synth --users 100000 --seed 7 --out world")]
pub(crate) struct SynthArgs {
    /// People on the social network
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) users: u32,
    /// The same seed gives the same world
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Rows of impressions for each person, on average
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    pub(crate) impressions_per_user: f64,
    /// Share of rows whose device is missing or wrong, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) device_noise: f64,
    /// Share of social accounts of which nobody recorded when they gave their number, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.03)]
    pub(crate) undated_share: f64,
    /// Share of numbers that a former holder, unknown to the messenger, had given before, 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) former_share: f64,
    /// Share of numbers that somebody else gives as well, 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) shared_share: f64,
    /// Share of those who give somebody else's number who are on that person's phone, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) one_phone_share: f64,
    /// Write the truth about accounts, CSV with the ids of account and user, to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// The directory to write the tables to: new, empty, or tables that a verb wrote, which are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// The form of the tables
    #[arg(long, value_enum, default_value_t = Form::Parquet)]
    pub(crate) form: Form,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportVerb {
    /// An edge list: everyone in it has accepted, every edge is a friendship, ids are kept
    Edges(ImportEdgesArgs),
}

/// Turn an edge list into a signals directory.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads a table with an edge a line: columns divided by commas, semicolons, tabs or spaces, with or without a header.
Names such as source and target, from and to, user_a and user_b say which columns are the ends, and what was taken for
what is told on standard error. Reads also Matrix Market (.mtx), lists of neighbours (.adjlist) and METIS (.graph); gzip
and zstd are unpacked; `-` reads standard input. A wrong line stops it, and says which.

With --ids dictionary ids may be any text, and OUT/ids.csv says which id each text became.

Example:
  acquaint import edges soc-LiveJournal.csv.gz --out signals
  acquaint import edges people.csv --ids dictionary --source-column buyer --target-column seller --out signals
  acquaint run --signals signals --out out")]
pub(crate) struct ImportEdgesArgs {
    /// The edge list, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) edges: PathBuf,
    /// Another edge list, directed: who saved whose number
    #[arg(long, value_name = "FILE")]
    pub(crate) contacts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: EdgeListArgs,
    /// The directory to write the tables to: new, empty, or tables that a verb wrote, which are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The form of the tables
    #[arg(long, value_enum, default_value_t = Form::Parquet)]
    pub(crate) form: Form,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvaluateVerb {
    /// Hide a tenth of the friendships and predict them
    Friends(EvaluateFriendsArgs),
    /// Hide a fifth of the impressions and predict their clicks
    Ads(EvaluateAdsArgs),
}

/// Hide a tenth of the friendships and predict them.
#[derive(Debug, Args)]
#[command(after_help = "\
An edge is hidden when splitmix64(lo * 2^32 + hi) is a multiple of ten, so anybody can hide the same ones. MAP, recall,
hits and NDCG are of the first ten suggestions, exposure is who gets and who is shown how many.

Example:
  acquaint evaluate friends --edges facebook.csv.gz --learn --seeds 3")]
#[command(group(ArgGroup::new("source").required(true).args(["edges", "signals"])))]
pub(crate) struct EvaluateFriendsArgs {
    /// A public edge list, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) edges: Option<PathBuf>,
    /// A signals directory: the friendships its ledger permits
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: Option<PathBuf>,
    /// A directed edge list of saved numbers, to predict friendships from; may be given more than once
    #[arg(long, value_name = "FILE", requires = "edges")]
    pub(crate) contacts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: EdgeListArgs,
    /// Train the ranker on what is known and measure it too
    #[arg(long)]
    pub(crate) learn: bool,
    /// Let the ranker choose from people near in the graph too, where friends of friends are too few
    #[arg(long, requires = "learn")]
    pub(crate) near: bool,
    /// How many people two must have in common to be suggested
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) min_intermediaries: u32,
    /// Whom a saved number suggests by itself
    #[arg(long, value_enum, default_value_t = Saved::Own)]
    pub(crate) direct: Saved,
    /// From how many patients a saved number is a practice's, and ties none of them; 0 for never
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) practice_from: u32,
    /// Which tenth is hidden where the first ten suggestions are measured; by time needs edges with times
    #[arg(long, value_enum, default_value_t = HideBy::Random)]
    pub(crate) split: HideBy,
    /// Hide a tenth at random so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) seeds: u8,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExplainVerb {
    /// Why somebody is suggested to somebody, or which rule keeps them apart
    Suggestion(ExplainSuggestionArgs),
    /// Why somebody is shown an ad, or which rule keeps it from them
    Ad(ExplainAdArgs),
}

/// What an explanation is asked of.
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

/// Why somebody is suggested to somebody.
#[derive(Debug, Args)]
#[command(after_help = "\
Mutual friends are named only where both friendships are on the network and nobody of the three hides from, blocked or
dismissed another; never fewer than two, and never whoever is known by a saved number.

Example:
  acquaint explain suggestion 797515164740 607629110381 --signals data/quickstart")]
pub(crate) struct ExplainSuggestionArgs {
    /// To whom
    #[arg(value_name = "USER")]
    pub(crate) user: u64,
    /// Whom
    #[arg(value_name = "CANDIDATE")]
    pub(crate) candidate: u64,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    /// The model from `train friends` that the run was given
    #[arg(long, value_name = "FILE")]
    pub(crate) friend_model: Option<PathBuf>,
}

/// Why somebody is shown an ad.
#[derive(Debug, Args)]
#[command(after_help = "\
Takes the log-odds of a click apart by field, with the columns each is from and what the person allowed; otherwise names the
rule that keeps the ad from the person: the gate, the policy, the ad's own conditions, a cap, or others that are worth more.

Example:
  acquaint explain ad 797515164740 324549199778 --signals data/quickstart")]
pub(crate) struct ExplainAdArgs {
    /// To whom
    #[arg(value_name = "USER")]
    pub(crate) user: u64,
    /// Which ad
    #[arg(value_name = "AD")]
    pub(crate) ad: u64,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// The model from `train ads` that the run was given
    #[arg(long, value_name = "FILE")]
    pub(crate) ad_model: Option<PathBuf>,
}

/// The key that the tokens of customer lists were made with.
#[derive(Debug, Args)]
pub(crate) struct ListKeyArgs {
    /// The secret key that customer lists (`audience_members`) were made with; without it they stand for nobody
    #[arg(long, value_name = "FILE")]
    pub(crate) audience_key: Option<PathBuf>,
    /// Which turn of that key
    #[arg(long, value_name = "N", default_value_t = 0, requires = "audience_key")]
    pub(crate) audience_epoch: u32,
}

/// A kind of click model.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AdModelArg {
    /// Logistic regression on features and chosen crosses of them
    Logistic,
    /// A factorisation machine: every two fields have something to say together
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
    /// Learn the order of suggestions from friendships that are hidden
    Friends(TrainFriendsArgs),
    /// Learn the probability of a click from impressions
    Ads(TrainAdsArgs),
}

/// Learn the order of suggestions from friendships that are hidden.
#[derive(Debug, Args)]
#[command(after_help = "\
Hides a tenth of the known friendships, describes every candidate by what remains, and fits a logistic regression to which
of them were hidden. `[ranker]` and `[suggest]` of the configuration say how. The file names the state of the ledger it was
trained on, and a run as of another moment refuses it: somebody in it may have opted out since.

Example:
  acquaint train friends --signals data/quickstart --out friends.json
  acquaint run --signals data/quickstart --friend-model friends.json --out out")]
#[command(group(ArgGroup::new("source").required(true).args(["edges", "signals"])))]
pub(crate) struct TrainFriendsArgs {
    /// A signals directory: the friendships and contacts its ledger permits
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
    /// Print the model instead of a summary, with what became of the rows that were read
    #[arg(long)]
    pub(crate) json: bool,
}

/// Learn the probability of a click from impressions.
#[derive(Debug, Args)]
#[command(after_help = "\
Trains on the impressions that the ledger permits, in shards by person. `[ads]` of the configuration says how. Two files are
written: the model, and beside it FILE.shards, what each shard has learnt of which rows. With `--update OLD` shards whose rows
are those of OLD are taken from OLD.shards and only the others are trained; the files are the same, byte for byte, as without.
So somebody who opted out is taken out of the model at the price of a shard. OLD and OLD.shards still know them: delete both.

The model names the state of the ledger it was trained on, and a run as of another moment refuses it.

Example:
  acquaint train ads --signals data/quickstart --out ads.json
  acquaint run --signals data/quickstart --ad-model ads.json --out out
  acquaint train ads --model factors --signals data/quickstart --out factors.json
  acquaint train ads --signals newer --update ads.json --out ads-2.json")]
pub(crate) struct TrainAdsArgs {
    /// A signals directory: the impressions its ledger permits
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) asking: AskingArgs,
    /// Which model of clicks, in the place of `[ads] model`
    #[arg(long, value_name = "KIND")]
    pub(crate) model: Option<AdModelArg>,
    /// Where to write the model, as JSON; its shards go to the same name with `.shards` at its end
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// An earlier model, whose shards are kept where their rows are the same
    #[arg(long, value_name = "OLD")]
    pub(crate) update: Option<PathBuf>,
    /// Print what was trained as JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Hide a fifth of the impressions and predict their clicks.
#[derive(Debug, Args)]
#[command(after_help = "\
The model stands beside one answer for everything, the click rate, and in a world made by `synth` beside the probabilities
its clicks were drawn from. Figures come with intervals, by person, by ad, by field and in bins of prediction, and models
trained on parts of the rows and for other numbers of epochs say what more of them are worth.

Example:
  acquaint synth --users 10000 --out world
  acquaint evaluate ads --signals world --json")]
pub(crate) struct EvaluateAdsArgs {
    /// A signals directory: the impressions its ledger permits
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// Which model of clicks, in the place of `[ads] model`
    #[arg(long, value_name = "KIND")]
    pub(crate) model: Option<AdModelArg>,
    /// Another fifth of the impressions for each seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Hide every fifth once, each predicted by a model of the other four: five times the work, and no luck in which
    #[arg(long)]
    pub(crate) every_fold: bool,
    /// Leave out the learning curves and the new ads, which are nine tenths of the work
    #[arg(long)]
    pub(crate) no_curves: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Draw the report page of a finished run again.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acquaint report out > report.html")]
pub(crate) struct ReportArgs {
    /// The output directory of a run
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
}

/// List published rows that no longer stand.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints one line of CSV for each row to delete: table, row (from 1), user_id, account_id, other_id (candidate, ad or
business) and reason. Ends with exit code 1 if there are any. Opt-outs and other consent events, orders, blocks,
reports, dismissals, hiding, hidden ads and opt-ins taken back count, whenever they arrived; docs/privacy.md lists
the reasons.

Example:
  acquaint recall out --signals newer > recall.csv")]
pub(crate) struct RecallArgs {
    /// The output directory of a run
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// The tables as they are now, with what became known since
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    /// As known when: later events and feedback do not count. The newest moment the tables know by default
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) known_at: Option<Timestamp>,
    /// Print JSON instead of CSV
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Writes sums.json into the directory: length and BLAKE3 of every file in it and in its folders, under one root. A verb that reads the
directory stops if a file is missing, was added or is another; seal again after a change that was meant. A directory of sealed tables
is yours: no verb replaces it.

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

/// Prove that an output is what it would be without everybody who is out.
#[derive(Debug, Args)]
#[command(after_help = "\
Checks every digest and sum of the manifest. Then, for each purpose, deletes everybody the purpose denies from every
table, runs that world again and compares every row. On a difference it names the rows, whose data made it, and the
input rows by which they came in. Ends with exit code 1 if anything differs.

Example:
  acquaint verify out --signals data/quickstart")]
pub(crate) struct VerifyArgs {
    /// The output directory of a run
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// The tables the run read
    #[arg(long, value_name = "DIR")]
    pub(crate) signals: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: AskLedgerArgs,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Keep the erased worlds and their outputs in this directory, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// How many runs may be spent on finding whose data made a difference
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) max_reruns: u32,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which friendships are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HideBy {
    /// A tenth, by a hash of both ids
    Random,
    /// The newest tenth
    Time,
}

/// Whom a saved number suggests by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Saved {
    /// Whoever saved the person's number too
    Mutual,
    /// Everybody whose number the person saved
    Own,
    /// Nobody
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

/// The form of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Apache Parquet
    Parquet,
    /// Comma-separated values
    Csv,
    /// Comma-separated values, compressed
    CsvGz,
}

/// A moment; a date alone is its first.
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
