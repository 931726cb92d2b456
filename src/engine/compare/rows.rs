//! The rows of a published table: what names each, what it decides and what else it says.

use std::hash::{BuildHasher, Hash, Hasher};
use std::path::Path;

use arrow_array::RecordBatch;
use foldhash::quality::FixedState;

use crate::consent::Purpose;
use crate::engine::EngineError;
use crate::engine::cells::cell;
use crate::engine::outputs::{
    AbuseRow, AdRow, LinkRow, OrderRow, OutputRow, ReachRow, SuggestionRow,
};
use crate::engine::recall::batches;

/// How the columns of a published table are read.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Shape {
    /// The file.
    pub(in crate::engine) file: &'static str,
    /// The column of whom a row is about.
    pub(super) about: &'static str,
    /// The column of the other it names, if it names one.
    pub(super) other: Option<&'static str>,
    /// The columns that tell rows of the same two apart.
    apart: &'static [&'static str],
    /// The columns that are a verdict; the rest are figures and words.
    verdict: &'static [&'static str],
}

/// The published tables, in the order they are told of.
pub(in crate::engine) const SHAPES: [Shape; 6] = [
    Shape {
        file: SuggestionRow::FILE,
        about: "user_id",
        other: Some("candidate_id"),
        apart: &[],
        verdict: &[],
    },
    Shape {
        file: AdRow::FILE,
        about: "user_id",
        other: Some("ad_id"),
        apart: &[],
        verdict: &[],
    },
    Shape {
        file: AbuseRow::FILE,
        about: "account_id",
        other: None,
        apart: &[],
        verdict: &["outcome"],
    },
    Shape {
        file: ReachRow::FILE,
        about: "account_id",
        other: Some("business_id"),
        apart: &[],
        verdict: &["service", "utility", "authentication", "marketing"],
    },
    Shape {
        file: OrderRow::FILE,
        about: "account_id",
        other: Some("business_id"),
        apart: &["purpose"],
        verdict: &[],
    },
    Shape {
        file: LinkRow::FILE,
        about: "account_id",
        other: Some("user_id"),
        apart: &["purpose", "from"],
        verdict: &["until"],
    },
];

/// What names a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) about: u64,
    pub(super) other: Option<u64>,
    pub(super) purpose: Option<Purpose>,
    /// Microseconds since 1970; zero where nothing begins.
    from: i64,
}

/// A row, small enough to hold all of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    /// Its place in the file, from 1.
    pub(super) place: u64,
    /// Digest of the verdict,
    verdict: u64,
    /// and of everything else but the rank.
    figures: u64,
    rank: Option<u32>,
    mutual: Option<u32>,
}

/// How far two rows of one name agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    Same,
    /// Only others moved past it.
    Rank,
    /// A figure or a word differs; the numbers of mutual ties, where there are any.
    Figures(Option<(u32, u32)>),
    Verdict,
}

impl Row {
    pub(super) fn agrees(&self, after: &Self) -> Agreement {
        if self.verdict != after.verdict {
            Agreement::Verdict
        } else if self.figures != after.figures {
            Agreement::Figures(self.mutual.zip(after.mutual))
        } else if self.rank != after.rank {
            Agreement::Rank
        } else {
            Agreement::Same
        }
    }
}

/// Every row of a table, by what names it.
///
/// # Complexity
/// O(n log n) time for n rows, 80 bytes each and one batch of the table.
pub(super) fn rows(dir: &Path, shape: &Shape) -> Result<Vec<Row>, EngineError> {
    let mut rows = Vec::new();
    for batch in batches(&dir.join(shape.file), None)? {
        let first = rows.len() as u64 + 1;
        let read = (0..batch.num_rows()).map(|i| row(&batch, shape, i, first + i as u64));
        rows.extend(read);
    }
    rows.sort_unstable_by_key(|row: &Row| row.key);
    Ok(rows)
}

fn row(batch: &RecordBatch, shape: &Shape, i: usize, place: u64) -> Row {
    let text = |name: &str| batch.column_by_name(name).map(|column| cell(column, i));
    let whole = |name: &str| text(name)?.parse().ok();
    let small = |name: &str| text(name)?.parse().ok();
    let of = |name: &str| shape.apart.contains(&name).then(|| text(name)).flatten();
    let purpose = of("purpose").and_then(|name| Purpose::parse(&name));
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let is_figure = |name: &&str| {
        let name = *name;
        let names_it = name == shape.about || shape.other == Some(name);
        !names_it
            && name != "rank"
            && !shape.apart.contains(&name)
            && !shape.verdict.contains(&name)
    };
    Row {
        key: Key {
            about: whole(shape.about).unwrap_or(0),
            other: shape.other.and_then(whole),
            purpose,
            from: of("from").and_then(|at| at.parse().ok()).unwrap_or(0),
        },
        place,
        verdict: digest(shape.verdict.iter().map(|name| text(name))),
        figures: digest(names.filter(is_figure).map(text)),
        rank: small("rank"),
        mutual: small("mutual_count"),
    }
}

fn digest(texts: impl Iterator<Item = Option<String>>) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    texts.for_each(|text| text.hash(&mut hasher));
    hasher.finish()
}
