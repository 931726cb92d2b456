//! The manifest: what a run read, what it wrote, under which parameters, and where everything went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::abuse::OutcomeThresholds;
use crate::ads::AudienceReport;
use crate::engine::{RunFinding, Stage, SumError};
use crate::ledger::Root;
use crate::suggest::Exposure;
use crate::time::Timestamp;

/// The manifest's file name; it is written last, so a directory that has one is complete.
pub const MANIFEST: &str = "manifest.json";
/// No manifest is larger.
pub const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// What a run read and wrote. Holds no clock time, thread count or path of the machine: the same inputs
/// and parameters give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// `acquaint-run/1`.
    pub format: String,
    /// The version of acquaint.
    pub acquaint: String,
    /// The version of the phone-number metadata, which decides which numbers are valid.
    pub phone_metadata: String,
    /// BLAKE3 of the table of aliases, which decides which forms are one number.
    #[serde(default)]
    pub phone_aliases: String,
    /// The moment the run speaks of.
    pub as_of: AsOfTimes,
    /// Every parameter, defaults included.
    pub parameters: serde_json::Value,
    /// BLAKE3 of the consent ledger: its events, policies and overlays in canonical order.
    pub ledger: String,
    /// BLAKE3 of what the ledger allowed at `as_of`.
    pub snapshot: String,
    /// The durable ledger that was asked, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogState>,
    /// Every file read.
    pub inputs: Vec<InputDigest>,
    /// Columns that were there and not read, by file.
    pub ignored_columns: BTreeMap<String, Vec<String>>,
    /// Every file written but this one and the report.
    pub outputs: Vec<OutputDigest>,
    /// How many rejected rows `rejections.parquet` does not list. It lists every consent event, every row that may take something
    /// from somebody, and of the others the first ten thousand of each file and reason; of the address book the first hundred
    /// thousand in all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejections_unlisted: u64,
    /// How many texts are no number, by table and reason: their rows stay, without one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected_numbers: BTreeMap<String, BTreeMap<String, u64>>,
    /// How many numbers without a plus sign are valid in their region and internationally, by table. They were read as the
    /// region's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ambiguous_numbers: BTreeMap<String, u64>,
    /// How many accounts were in each state of consent.
    pub consent_states: BTreeMap<String, u64>,
    /// The sums of every stage.
    pub stages: Vec<Stage>,
    /// How many rows were rejected, by table and reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected: BTreeMap<String, BTreeMap<String, u64>>,
    /// What somebody has to look at, in the order it was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<RunFinding>,
    /// Statistics of the graph that suggestions were made from.
    pub graph: serde_json::Value,
    /// What the ad model was trained on and how well it fits what it saw.
    pub ad_model: serde_json::Value,
    /// Who gets suggestions and how evenly people are shown.
    #[serde(default)]
    pub exposure: Exposure,
    /// The learned order of suggestions: training and weights, why there is none, or null if none was asked for.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub friend_model: serde_json::Value,
    /// What decided who may get which ad, besides the parameters.
    #[serde(default)]
    pub ads_policy: AdsPolicy,
    /// What followed from spam scores; none if the run made none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abuse: Option<AbuseOutcomes>,
    /// Distributions, for the report's pictures.
    pub histograms: Vec<Histogram>,
}

/// What followed from spam scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbuseOutcomes {
    /// Did a trained model give the scores, or the weights of the configuration?
    pub is_trained: bool,
    /// From which score on what follows.
    pub thresholds: OutcomeThresholds,
    /// How many accounts each outcome followed for: `none`, `demote`, `limit` and `quarantine`.
    pub accounts: BTreeMap<String, u64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What decided who may get which ad.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdsPolicy {
    /// BLAKE3 of the lists of sensitive topics and special categories.
    #[serde(default)]
    pub topics: String,
    /// The name of the key that customer lists were made with, if one was given: not the key.
    #[serde(default)]
    pub audience_key: Option<String>,
    /// What is told of every customer list, by advertiser and list.
    #[serde(default)]
    pub audiences: Vec<AudienceReport>,
}

/// A durable ledger, as a run found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// Its size and root.
    #[serde(flatten)]
    pub root: Root,
    /// Whether it is what was written. If not, nobody was let through.
    pub is_whole: bool,
}

/// The two times of a question to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsOfTimes {
    /// What was allowed then,
    pub valid: Timestamp,
    /// as known then,
    pub known: Timestamp,
    /// and asked again before publishing, as known then.
    pub published_known: Timestamp,
    /// If rows are said to be from later than the caller's clock: the newest moment of those that are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Timestamp>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputDigest {
    /// Relative to the signals directory.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Rows, rejected ones included.
    pub rows: u64,
    /// BLAKE3, hexadecimal.
    pub blake3: String,
    /// Whether the sums of the signals directory list the file as it was read; without sums nobody knows.
    #[serde(default)]
    pub is_proved: bool,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputDigest {
    /// Relative to the output directory.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// BLAKE3, hexadecimal.
    pub blake3: String,
}

/// How often values fall into each of a row of intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// What is counted.
    pub name: String,
    /// The unit of the bounds.
    pub unit: String,
    /// Bounds of the intervals, ascending, one more than there are counts.
    pub bounds: Vec<f64>,
    /// How many values lie in `[bounds[i], bounds[i + 1])`; the last interval includes its end.
    pub counts: Vec<u64>,
}

impl Manifest {
    /// Checks the sums of every stage.
    ///
    /// # Errors
    /// The first stage whose sums do not check.
    pub fn check_sums(&self) -> Result<(), SumError> {
        self.stages.iter().try_for_each(Stage::check)
    }

    /// How many files of those read are proved by the sums of their directory.
    #[must_use]
    pub fn n_proved(&self) -> usize {
        self.inputs.iter().filter(|input| input.is_proved).count()
    }

    /// How many rows of all tables were rejected as rows: those that merely have no number stay.
    #[must_use]
    pub fn n_rejected(&self) -> u64 {
        let listed = self
            .outputs
            .iter()
            .filter(|output| output.file == "rejections.parquet");
        let all = listed.map(|output| output.rows).sum::<u64>() + self.rejections_unlisted;
        all.saturating_sub(self.n_rejected_numbers())
    }

    /// How many texts of all tables are no number.
    #[must_use]
    pub fn n_rejected_numbers(&self) -> u64 {
        self.rejected_numbers
            .values()
            .flat_map(BTreeMap::values)
            .sum()
    }

    /// How many consent events could not be used, repeats aside. An opt-out may be among them.
    #[must_use]
    pub fn n_lost_consent_events(&self) -> u64 {
        let stage = self.stage("consent_events → records");
        let lost = stage.into_iter().flat_map(|stage| &stage.dropped);
        lost.filter(|(reason, _)| *reason != "duplicate")
            .map(|(_, n)| n)
            .sum()
    }

    /// A stage by name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}
