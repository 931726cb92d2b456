//! Tables of clicks as `import impressions` reads them: which columns are what.

use std::path::PathBuf;

use acquaint::eval::{ClickColumns, ClickForm, ClickOptions, ClickRole, EdgeLimits};
use clap::{Args, ValueEnum};

use crate::args::{AdModelArg, Form, ParamsArgs};
use crate::edge_lists::YesNo;

/// Turn a table of clicks into a signals directory.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads one row per showing, or per group of showings with --impressions. Columns are divided by commas, tabs, semicolons or bars, plain \
or compressed with gzip or zstd; Parquet, LIBSVM (.libsvm, .svm) and Vowpal Wabbit (.vw) are read too. `-` reads standard input. Names \
such as user_id, item_id, click and timestamp identify the columns; standard error reports which columns were used for what, and which \
were left out. All other columns become interests of the row. The first malformed row stops the import and is named.

Ids may be any text; OUT/ids.csv maps each text to its new id. Without a time column the order of the rows stands in.

The signals say that everyone in the table has agreed to ad relevance. Nobody asked them, so --public-data is required: say it of public \
research data only, never of your own users.

Example:
  acquaint import impressions clicks.csv.gz --public-data --out signals
  acquaint import impressions listens.csv --public-data --label plays \\
    --clicked-from 1 --negatives 4 --out signals
  acquaint import impressions data/quickstart/impressions.csv --public-data \\
    --label clicks --out signals
  acquaint evaluate ads --signals signals")]
pub(crate) struct ImportImpressionsArgs {
    /// The table, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) table: PathBuf,
    /// Confirm that this is public data, so that everyone named may count as having consented
    #[arg(long)]
    pub(crate) public_data: bool,
    #[command(flatten)]
    given: ClickTableArgs,
    /// For each click add N rows that were not clicked, of random items that the person has no row with
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    negatives: u32,
    /// An edge list of friendships between the same people; ids must be numbers
    #[arg(long, value_name = "FILE")]
    pub(crate) friends: Option<PathBuf>,
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

/// What is said of a table of clicks.
#[derive(Debug, Args)]
pub(crate) struct ClickTableArgs {
    #[command(flatten)]
    columns: ColumnArgs,
    /// How the table is written, if its name does not say
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<FormatArg>,
    /// Whether the first line names the columns; without names they are c1, c2, …
    #[arg(long, value_enum, value_name = "WHETHER", default_value_t = YesNo::Yes)]
    header: YesNo,
    /// Labels are numbers, and those from N on are clicks; N is finite
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    clicked_from: Option<f64>,
    #[command(flatten)]
    limits: ClickLimitArgs,
}

/// Which column is what.
#[derive(Debug, Args)]
#[command(next_help_heading = "Columns, by name or by number from 1")]
struct ColumnArgs {
    /// Who was shown something
    #[arg(long, value_name = "COLUMN")]
    person: Option<String>,
    /// What was shown; becomes the ad
    #[arg(long, value_name = "COLUMN")]
    item: Option<String>,
    /// Whether it was clicked (0 or 1), or how often with --impressions
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// How often it was shown, if a row is many showings
    #[arg(long, value_name = "COLUMN")]
    impressions: Option<String>,
    /// When
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// How far down it stood
    #[arg(long, value_name = "COLUMN")]
    position: Option<String>,
    /// What the item is about
    #[arg(long, value_name = "COLUMN")]
    category: Option<String>,
    /// Whose item it is
    #[arg(long, value_name = "COLUMN")]
    advertiser: Option<String>,
    /// The person's country (ISO 3166-1 alpha-2)
    #[arg(long, value_name = "COLUMN")]
    region: Option<String>,
    /// The person's age band
    #[arg(long, value_name = "COLUMN")]
    age_band: Option<String>,
    /// The person's gender
    #[arg(long, value_name = "COLUMN")]
    gender: Option<String>,
    /// The person's language
    #[arg(long, value_name = "COLUMN")]
    language: Option<String>,
    /// How likely whoever wrote the log was to show this; only `evaluate policy` looks at it
    #[arg(long, value_name = "COLUMN")]
    propensity: Option<String>,
    /// Keep a column as interests although its name speaks against it; may be repeated
    #[arg(long, value_name = "COLUMN")]
    keep: Vec<String>,
    /// Do not read a column; may be repeated
    #[arg(long, value_name = "COLUMN")]
    leave_out: Vec<String>,
    /// Numbers of a column are codes, not amounts: keep each as a value instead of in ten bins; may be repeated
    #[arg(long, value_name = "COLUMN")]
    codes: Vec<String>,
}

impl ColumnArgs {
    fn columns(&self) -> ClickColumns {
        let all = [
            (ClickRole::Person, &self.person),
            (ClickRole::Item, &self.item),
            (ClickRole::Label, &self.label),
            (ClickRole::Impressions, &self.impressions),
            (ClickRole::Time, &self.time),
            (ClickRole::Position, &self.position),
            (ClickRole::Category, &self.category),
            (ClickRole::Advertiser, &self.advertiser),
            (ClickRole::Region, &self.region),
            (ClickRole::AgeBand, &self.age_band),
            (ClickRole::Gender, &self.gender),
            (ClickRole::Language, &self.language),
            (ClickRole::Propensity, &self.propensity),
        ];
        let said = all
            .into_iter()
            .filter_map(|(role, name)| Some((role, name.clone()?)));
        ClickColumns {
            said: said.collect(),
            keep: self.keep.clone(),
            leave_out: self.leave_out.clone(),
            codes: self.codes.clone(),
        }
    }
}

/// How much is read of a table.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
#[expect(clippy::struct_field_names, reason = "each is named as its flag")]
struct ClickLimitArgs {
    /// Bytes a table may have, unpacked
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_bytes)]
    max_bytes: u64,
    /// Rows a table may have
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_rows)]
    max_rows: u64,
    /// How many times larger than its file a packed table may be, beyond 16 MiB
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_expansion)]
    max_expansion: u64,
    /// Rows for every byte of a packed table, beyond 65536 rows
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_rows_per_byte)]
    max_rows_per_byte: u64,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Columns: text or Parquet
    Table,
    /// label index:value …
    Libsvm,
    /// label |namespace feature …; --person and the like name namespaces
    Vw,
}

impl From<FormatArg> for ClickForm {
    fn from(arg: FormatArg) -> Self {
        match arg {
            FormatArg::Table => Self::Table,
            FormatArg::Libsvm => Self::Libsvm,
            FormatArg::Vw => Self::VowpalWabbit,
        }
    }
}

impl ClickTableArgs {
    /// What is said of the table.
    pub(crate) fn options(&self) -> ClickOptions {
        ClickOptions {
            columns: self.columns.columns(),
            form: self.format.map(Into::into),
            has_header: self.header == YesNo::Yes,
            clicked_from: self.clicked_from,
            negatives: 0,
            limits: EdgeLimits {
                max_bytes: self.limits.max_bytes,
                max_rows: self.limits.max_rows,
                max_expansion: self.limits.max_expansion,
                max_rows_per_byte: self.limits.max_rows_per_byte,
            },
        }
    }
}

impl ImportImpressionsArgs {
    /// What is said of the table, and whether rows are added to it.
    pub(crate) fn options(&self) -> ClickOptions {
        ClickOptions {
            negatives: self.negatives,
            ..self.given.options()
        }
    }
}

/// Evaluate policies on a log with propensities.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads a public log of a policy that recorded how likely each of its showings was, such as the Open Bandit data, and estimates the click \
rate of three policies: the logged one, one that shows each item equally often, and the ranking of a click model trained on other rows \
(5-fold cross-fitting). IPS, self-normalised IPS (SNIPS), the doubly robust estimator (DR) and the direct method (DM) come with 95 % \
bootstrap intervals. `weight` is the mean importance weight: if it is far from 1, the propensities are wrong; `rounds` is the effective \
number of rounds that the estimate rests on. Propensities are numbers from 1e-9 to 1; the first other one is an error that names its row. \
Columns are found as by `import impressions`. docs/scoring.md has the formulas.

Example:
  acquaint evaluate policy data/clicks/logged_policy.csv
  acquaint evaluate policy obd_random_all.csv.gz --json
  acquaint evaluate policy log.csv --item banner --label click --propensity p \\
    --explore 0.1 --json")]
pub(crate) struct EvaluatePolicyArgs {
    /// The log, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) log: PathBuf,
    #[command(flatten)]
    pub(crate) table: ClickTableArgs,
    #[command(flatten)]
    pub(crate) given: ParamsArgs,
    /// Kind of click model; overrides `[ads] model`
    #[arg(long, value_name = "KIND")]
    pub(crate) model: Option<AdModelArg>,
    /// Share of showings in which the model's policy shows any item, each as likely
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) explore: f64,
    /// Random seed of the folds
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// A share of all.
fn share(text: &str) -> Result<f64, String> {
    let share = text
        .parse::<f64>()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}
