//! Why a run could not be finished.

use std::error::Error;
use std::path::PathBuf;

use crate::ads::AdsError;
use crate::engine::SumError;
use crate::engine::outputs::OutputError;
use crate::graph::GraphError;
use crate::ledger::LedgerError;
use crate::params::ParamError;
use crate::publish::{PublishError, shown};
use crate::signals::{SignalsError, Table};
use crate::suggest::{RankerError, ShipmentError, SuggestError};

/// Why a run could not be finished. A bad row and a denial are no errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A table is missing or cannot be read.
    #[error(transparent)]
    Signals(#[from] SignalsError),
    /// A row takes something away from somebody, and nobody can tell from whom.
    #[error(
        "{file}, row {row}, column {column}: {how}. The row restricts the use of somebody's data, and it does not say \
         whose{more}. Fix the row ({cure}), or remove it if it was written by mistake"
    )]
    LostRestriction {
        /// The file, relative to the signals directory.
        file: String,
        /// The row: the first after the header is 1.
        row: u64,
        /// The column that was wrong, or the column that identifies the row.
        column: &'static str,
        /// What is wrong.
        how: &'static str,
        /// How many more there are, in words.
        more: String,
        /// How to mend it.
        cure: &'static str,
    },
    /// A run would not fit into memory.
    #[error(
        "this run needs about {} of memory, and may take {}: allow more (--memory-limit), or use a machine with more",
        size(*needed),
        size(*limit)
    )]
    Memory {
        /// Bytes, estimated from the sizes of the tables.
        needed: u64,
        /// Bytes.
        limit: u64,
    },
    /// A run made fewer rows than it has to.
    #[error(
        "not published: {rows} rows of {table}, and at least {least} were asked for (--min-rows). An earlier output still stands"
    )]
    TooFewRows {
        /// Which table, or all of them.
        table: &'static str,
        /// How many it has.
        rows: u64,
        /// How many it must have.
        least: u64,
    },
    /// An output differs from the one it replaces by more than it may.
    #[error(
        "not published: {n} rows of {table} ({:.1} %) are new, gone or judged otherwise than in {}, and [publish] max_change allows \
         {max}. The new output is in {}; `acquaint compare` says what changed. Run again with --accept to publish it. The earlier \
         output still stands, also for people who opted out since: `acquaint recall` lists those rows",
        share * 100.0, shown(out), shown(aside)
    )]
    SetAside {
        /// Which table.
        table: String,
        /// How many of its rows.
        n: u64,
        /// As a share of the rows of both outputs.
        share: f64,
        /// The share that is allowed.
        max: String,
        /// The output that still stands.
        out: PathBuf,
        /// Where the new one is.
        aside: PathBuf,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A ledger was given, and a table it takes the place of.
    #[error("both a ledger and the table {table} were given, and they may disagree: remove one")]
    TwoLedgers {
        /// Which table.
        table: Table,
    },
    /// People without an account objected, and nobody can tell who.
    #[error("the ledger's objection list holds {n} numbers: give its key (--objection-key)")]
    NoObjectionKey {
        /// How many.
        n: usize,
    },
    /// The graph cannot be packed.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Suggestions cannot be made.
    #[error(transparent)]
    Suggest(#[from] SuggestError),
    /// The ranker cannot be trained or used.
    #[error(transparent)]
    Ranker(#[from] RankerError),
    /// A ranker was trained on what another state of the ledger allowed.
    #[error(
        "the friend model was trained on ledger snapshot {trained}, but this run uses {asked}: somebody in the model may \
         have opted out since. Train it again as of the same time"
    )]
    OtherSnapshot {
        /// The snapshot it was trained on.
        trained: String,
        /// That of the run.
        asked: String,
    },
    /// Suggestions could not be made elsewhere.
    #[error("suggestions could not be made elsewhere; nothing was published")]
    Elsewhere {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A shipment cannot be packed, or what came back is not what this run would have made.
    #[error("{doing}")]
    Shipment {
        /// What was being done, and with which file.
        doing: String,
        /// Why.
        source: ShipmentError,
    },
    /// An ad model was trained on what another state of the ledger allowed.
    #[error(
        "the ad model was trained on ledger snapshot {trained}, but this run uses {asked}: somebody in the model may have \
         opted out since. Train it again as of the same time; `acquaint train ads --update` retrains only what changed"
    )]
    OtherAdSnapshot {
        /// The snapshot it was trained on.
        trained: String,
        /// That of the run.
        asked: String,
    },
    /// The ad model cannot be trained.
    #[error(transparent)]
    Ads(#[from] AdsError),
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Matches that memory does not hold cannot be put aside.
    #[error("cannot write temporary matches to {}", shown(dir))]
    Spill {
        /// Where.
        dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The counts of a stage do not add up: a fault of this program.
    #[error("internal error: row counts do not add up (please report it)")]
    Sums(#[from] SumError),
    /// The manifest cannot be written as JSON.
    #[error("the manifest cannot be written as JSON")]
    Manifest {
        /// Why.
        source: serde_json::Error,
    },
    /// A published output cannot be read.
    #[error("cannot read {}", shown(path))]
    Published {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A parameter of a published output is outside its range.
    #[error(transparent)]
    Params(#[from] ParamError),
    /// The report cannot be drawn.
    #[error("the report cannot be rendered")]
    Page {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Bytes in words.
fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes < 1e9 {
        format!("{:.0} MB", bytes / 1e6)
    } else {
        format!("{:.1} GB", bytes / 1e9)
    }
}

impl From<PublishError> for EngineError {
    fn from(error: PublishError) -> Self {
        Self::Output(error.into())
    }
}

impl EngineError {
    /// Did the run finish, and was not published because of what it made? An earlier output still stands.
    #[must_use]
    pub const fn is_not_published(&self) -> bool {
        matches!(self, Self::TooFewRows { .. } | Self::SetAside { .. })
    }
}
