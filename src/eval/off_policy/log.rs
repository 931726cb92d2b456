//! The log of a policy that says how likely its choices were.

use crate::ads::TrainingRow;
use crate::consent::{AdRelevance, AsOf, ConsentParams, Gate, Ledger, Permitted};
use crate::eval::ClickTable;
use crate::ids::UserId;
use crate::signals::{Ad, Impression};
use crate::time::Timestamp;

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
    #[error("row {row}: the propensity `{text}` is no number above 0 and at most 1")]
    Propensity {
        /// From 1.
        row: usize,
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
    /// If it has none, or none of the items, or a row is none that can be used.
    ///
    /// # Complexity
    /// O(cells).
    pub fn new(table: &ClickTable) -> Result<Self, LogError> {
        if !table.has_items() {
            return Err(LogError::NoItem);
        }
        let impressions = table.impressions(0..table.n_rows());
        let mut propensities = Vec::with_capacity(impressions.len());
        for (at, shown) in impressions.iter().enumerate() {
            let text = table.propensity(at).ok_or(LogError::NoPropensity)?;
            let number = text.parse::<f64>().ok().filter(|p| *p > 0.0 && *p <= 1.0);
            let row = at + 1;
            propensities.push(number.ok_or_else(|| LogError::Propensity {
                row,
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
