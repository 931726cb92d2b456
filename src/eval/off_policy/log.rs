//! The log of a policy that says how likely its choices were.

use crate::ads::TrainingRow;
use crate::consent::{AdRelevance, AsOf, ConsentParams, Gate, Ledger, Permitted};
use crate::eval::ClickTable;
use crate::ids::UserId;
use crate::signals::{Ad, Impression};
use crate::time::Timestamp;

/// A propensity below this is refused: its round alone would weigh as much as a thousand million others, and 1 divided by the
/// smallest numbers is infinite.
pub const PROPENSITY_MIN: f64 = 1e-9;

/// The rounds of a log.
///
/// It did not pass anybody's gate: its rows name nobody, whoever the table named.
#[derive(Clone, Debug)]
pub struct PolicyLog {
    pub(super) rows: Vec<Permitted<TrainingRow, AdRelevance>>,
    pub(super) propensities: Vec<f64>,
    /// Actions, ascending by id.
    pub(super) ads: Vec<Ad>,
    /// The smallest position in the log.
    pub(super) first_position: u8,
}

/// Why a table is no log that policies can be evaluated on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// There is no column of propensities.
    #[error("no column says how likely each showing was: name it with --propensity")]
    NoPropensity,
    /// There is no column of items.
    #[error("no column says what was shown: name it with --item")]
    NoItem,
    /// A propensity is none.
    #[error(
        "row {row}, column `{column}`: the propensity `{text}` is no number from {PROPENSITY_MIN:e} to 1",
        column = column.escape_debug(), text = text.escape_debug()
    )]
    Propensity {
        /// From 1.
        row: usize,
        /// The column of propensities.
        column: String,
        /// What stands there.
        text: String,
    },
    /// A row is more than one showing.
    #[error("row {row} is {impressions} showings, and a round is one: write a row a showing")]
    Totals {
        /// From 1.
        row: usize,
        /// How many showings it is.
        impressions: u32,
    },
}

impl PolicyLog {
    /// The rounds of a table with propensities.
    ///
    /// # Errors
    /// If it has none, or none of the items, or a row is none that can be used: one whose propensity is below
    /// [`PROPENSITY_MIN`] or above 1, or that is more than one showing.
    ///
    /// # Complexity
    /// O(cells).
    pub fn new(table: &ClickTable) -> Result<Self, LogError> {
        if !table.has_items() {
            return Err(LogError::NoItem);
        }
        let column = table.propensity_column().ok_or(LogError::NoPropensity)?;
        let impressions = table.impressions(0..table.n_rows());
        let mut propensities = Vec::with_capacity(impressions.len());
        for (at, shown) in impressions.iter().enumerate() {
            let text = table.propensity(at).ok_or(LogError::NoPropensity)?;
            let row = at + 1;
            propensities.push(propensity(text).ok_or_else(|| LogError::Propensity {
                row,
                column: column.to_owned(),
                text: text.to_owned(),
            })?);
            let impressions = shown.impressions;
            if impressions != 1 {
                return Err(LogError::Totals { row, impressions });
            }
        }
        let first_position = impressions.iter().filter_map(|shown| shown.position).min();
        Ok(Self {
            rows: nobodys(impressions),
            propensities,
            ads: table.ads().to_vec(),
            first_position: first_position.unwrap_or(0),
        })
    }
}

fn propensity(text: &str) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok()?;
    (PROPENSITY_MIN..=1.0).contains(&number).then_some(number)
}

/// Rows that name nobody pass the gate of a ledger in which nothing is recorded.
fn nobodys(impressions: Vec<Impression>) -> Vec<Permitted<TrainingRow, AdRelevance>> {
    let moment = AsOf {
        valid: Timestamp::MIN,
        known: Timestamp::MIN,
    };
    let params = ConsentParams::default()
        .check()
        .expect("defaults are in range");
    let empty = Ledger::new(Vec::new(), Vec::new(), Vec::new()).snapshot(moment, &[], &params);
    let gate: Gate<AdRelevance, UserId> = empty.people(&[]);
    let row = |mut shown: Impression| {
        shown.user_id = None;
        gate.permit(TrainingRow::new(&shown, None))
            .expect("a row about nobody needs nobody's consent")
    };
    impressions.into_iter().map(row).collect()
}
