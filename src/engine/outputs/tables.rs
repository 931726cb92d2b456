//! The output tables: one row type each, written as Parquet in bounded batches.

use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::error::OutputError;
use crate::abuse::Outcome;
use crate::consent::Purpose;
use crate::identity::Probability;
use crate::ids::{AccountId, AdId, BusinessId, UserId};
use crate::publish::Staging;
use crate::signals::Rejection;
use crate::time::Timestamp;

/// How many rows are encoded at a time; bounds memory, and fixes row-group boundaries.
const ROWS_PER_BATCH: usize = 1 << 16;

/// A row of an output table.
pub trait OutputRow: Sized {
    /// The file it is written to.
    const FILE: &'static str;

    /// The columns of some rows, in the order of `docs/formats.md`.
    fn columns(rows: &[Self]) -> Vec<Column>;
}

/// A column of some rows.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// A value for each row.
    pub values: ArrayRef,
    /// Whether nulls may be among them.
    pub nullable: Nullable,
}

/// A column that has a value in every row.
const fn full(name: &'static str, values: ArrayRef) -> Column {
    Column {
        name,
        values,
        nullable: Nullable::No,
    }
}

/// A column that may have none.
const fn nullable(name: &'static str, values: ArrayRef) -> Column {
    Column {
        name,
        values,
        nullable: Nullable::Yes,
    }
}

/// May a column hold nulls? Fixed per column, so that the schema never depends on the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nullable {
    /// Every row has a value.
    No,
    /// Some rows may have none.
    Yes,
}

/// A row of `suggestions.parquet`.
#[derive(Clone, Debug, PartialEq)]
pub struct SuggestionRow {
    /// To whom.
    pub user: UserId,
    /// From 1.
    pub rank: u32,
    /// Who is suggested.
    pub candidate: UserId,
    /// In the unit of the configured heuristic.
    pub score: f64,
    /// That the suggestion is accepted, if a ranker was trained.
    pub probability: Option<f64>,
    /// How many ties both have.
    pub mutual_count: u32,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl OutputRow for SuggestionRow {
    const FILE: &'static str = "suggestions.parquet";

    fn columns(rows: &[Self]) -> Vec<Column> {
        vec![
            full("user_id", u64s(rows, |r| r.user.0)),
            full("rank", u32s(rows, |r| r.rank)),
            full("candidate_id", u64s(rows, |r| r.candidate.0)),
            full("score", f64s(rows, |r| Some(r.score))),
            nullable("probability", f64s(rows, |r| r.probability)),
            full("mutual_count", u32s(rows, |r| r.mutual_count)),
            full("reasons", lists(rows, |r| &r.reasons)),
        ]
    }
}

/// A row of `ad_scores.parquet`.
#[derive(Clone, Debug, PartialEq)]
pub struct AdRow {
    /// To whom.
    pub user: UserId,
    /// From 1.
    pub rank: u32,
    /// Which ad.
    pub ad: AdId,
    /// Probability of a click per impression, calibrated.
    pub p_click: f64,
    /// Expected currency units per impression: bid × `p_click` + quality.
    pub value: f64,
    /// What a click would cost, in currency units: the least bid that keeps the rank.
    pub price: f64,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl OutputRow for AdRow {
    const FILE: &'static str = "ad_scores.parquet";

    fn columns(rows: &[Self]) -> Vec<Column> {
        vec![
            full("user_id", u64s(rows, |r| r.user.0)),
            full("rank", u32s(rows, |r| r.rank)),
            full("ad_id", u64s(rows, |r| r.ad.0)),
            full("p_click", f64s(rows, |r| Some(r.p_click))),
            full("value", f64s(rows, |r| Some(r.value))),
            full("price", f64s(rows, |r| Some(r.price))),
            full("reasons", lists(rows, |r| &r.reasons)),
        ]
    }
}

/// A row of `abuse_scores.parquet`.
#[derive(Clone, Debug, PartialEq)]
pub struct AbuseRow {
    /// Whose score.
    pub account: AccountId,
    /// From 0, nothing suspicious, to 1.
    pub score: f64,
    /// What follows from it, at the thresholds of `[abuse.outcomes]`.
    pub outcome: Outcome,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl OutputRow for AbuseRow {
    const FILE: &'static str = "abuse_scores.parquet";

    fn columns(rows: &[Self]) -> Vec<Column> {
        vec![
            full("account_id", u64s(rows, |r| r.account.0)),
            full("score", f64s(rows, |r| Some(r.score))),
            full("outcome", texts(rows, |r| r.outcome.as_str())),
            full("reasons", lists(rows, |r| &r.reasons)),
        ]
    }
}

/// A row of `business_reach.parquet`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one verdict for each kind of message, as the file has them"
)]
pub struct ReachRow {
    /// Who wants to write.
    pub business: BusinessId,
    /// To whom.
    pub account: AccountId,
    /// May it write about the person's own affairs?
    pub service: bool,
    /// May it write about something the person ordered?
    pub utility: bool,
    /// May it send a code to sign in with?
    pub authentication: bool,
    /// May it advertise?
    pub marketing: bool,
    /// Every reason for the verdict on service.
    pub service_reasons: Vec<Cow<'static, str>>,
    /// Every reason for the verdict on utility,
    pub utility_reasons: Vec<Cow<'static, str>>,
    /// and on authentication.
    pub authentication_reasons: Vec<Cow<'static, str>>,
    /// Every reason for the verdict on marketing.
    pub marketing_reasons: Vec<Cow<'static, str>>,
}

impl OutputRow for ReachRow {
    const FILE: &'static str = "business_reach.parquet";

    fn columns(rows: &[Self]) -> Vec<Column> {
        vec![
            full("business_id", u64s(rows, |r| r.business.0)),
            full("account_id", u64s(rows, |r| r.account.0)),
            full("service", bools(rows, |r| r.service)),
            full("utility", bools(rows, |r| r.utility)),
            full("authentication", bools(rows, |r| r.authentication)),
            full("marketing", bools(rows, |r| r.marketing)),
            full("service_reasons", lists(rows, |r| &r.service_reasons)),
            full("utility_reasons", lists(rows, |r| &r.utility_reasons)),
            full(
                "authentication_reasons",
                lists(rows, |r| &r.authentication_reasons),
            ),
            full("marketing_reasons", lists(rows, |r| &r.marketing_reasons)),
        ]
    }
}

/// A row of `business_order.parquet`.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    /// For which purpose.
    pub purpose: Purpose,
    /// Whose order.
    pub account: AccountId,
    /// From 1.
    pub rank: u32,
    /// Which business.
    pub business: BusinessId,
    /// How much it matters, in [0, 1].
    pub relevance: f64,
    /// Why, in words.
    pub reasons: Vec<String>,
}

impl OutputRow for OrderRow {
    const FILE: &'static str = "business_order.parquet";

    fn columns(rows: &[Self]) -> Vec<Column> {
        vec![
            full("purpose", texts(rows, |r| r.purpose.as_str())),
            full("account_id", u64s(rows, |r| r.account.0)),
            full("rank", u32s(rows, |r| r.rank)),
            full("business_id", u64s(rows, |r| r.business.0)),
            full("relevance", f64s(rows, |r| Some(r.relevance))),
            full("reasons", lists(rows, |r| &r.reasons)),
        ]
    }
}

/// A row of `links.parquet`: two accounts of one person, for a purpose that allows linking them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkRow {
    /// For what.
    pub purpose: Purpose,
    /// The messenger account.
    pub account: AccountId,
    /// The social account.
    pub user: UserId,
    /// Since when.
    pub from: Timestamp,
    /// Until when, if it has ended.
    pub until: Option<Timestamp>,
    /// How probable it is.
    pub probability: Probability,
    /// What it rests on.
    pub evidence: Vec<String>,
}

impl OutputRow for LinkRow {
    const FILE: &'static str = "links.parquet";

    fn columns(rows: &[Self]) -> Vec<Column> {
        vec![
            full("purpose", texts(rows, |r| r.purpose.as_str())),
            full("account_id", u64s(rows, |r| r.account.0)),
            full("user_id", u64s(rows, |r| r.user.0)),
            full("from", times(rows, |r| Some(r.from))),
            nullable("until", times(rows, |r| r.until)),
            full("probability", f64s(rows, |r| Some(r.probability.to_f64()))),
            full("evidence", lists(rows, |r| &r.evidence)),
        ]
    }
}

impl OutputRow for Rejection {
    const FILE: &'static str = "rejections.parquet";

    fn columns(rows: &[Self]) -> Vec<Column> {
        vec![
            full("file", texts(rows, |r| &r.file)),
            full("row", u64s(rows, |r| r.row)),
            full("column", texts(rows, |r| r.column)),
            full("reason", texts(rows, |r| r.reason.as_str())),
        ]
    }
}

/// Writes a whole table into a staged output, which is synced when it is published, and says how many rows it has. No rows give an empty
/// table of the same schema. Holds one batch of rows at a time.
///
/// # Errors
/// If the file cannot be written.
pub fn write_rows<R: OutputRow>(
    staging: &Staging,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, OutputError> {
    let path = staging.path(R::FILE);
    let file = staging.create(R::FILE)?;
    encode(file, rows.into_iter()).map_err(|source| OutputError::Encode { path, source })
}

fn encode<R: OutputRow>(
    file: File,
    mut rows: impl Iterator<Item = R>,
) -> parquet::errors::Result<u64> {
    let empty = batch::<R>(&[])?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let mut writer = ArrowWriter::try_new(file, empty.schema(), Some(properties))?;
    let mut n_rows = 0;
    loop {
        let piece: Vec<R> = rows.by_ref().take(ROWS_PER_BATCH).collect();
        if piece.is_empty() {
            break;
        }
        writer.write(&batch(&piece)?)?;
        n_rows += piece.len() as u64;
    }
    writer.close()?;
    Ok(n_rows)
}

fn batch<R: OutputRow>(rows: &[R]) -> parquet::errors::Result<RecordBatch> {
    let columns = R::columns(rows)
        .into_iter()
        .map(|column| (column.name, column.values, column.nullable == Nullable::Yes));
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

fn u64s<R>(rows: &[R], value: impl Fn(&R) -> u64) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<UInt64Array>())
}

fn u32s<R>(rows: &[R], value: impl Fn(&R) -> u32) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<UInt32Array>())
}

fn f64s<R>(rows: &[R], value: impl Fn(&R) -> Option<f64>) -> ArrayRef {
    Arc::new(rows.iter().map(value).collect::<Float64Array>())
}

fn bools<R>(rows: &[R], value: impl Fn(&R) -> bool) -> ArrayRef {
    Arc::new(
        rows.iter()
            .map(|row| Some(value(row)))
            .collect::<BooleanArray>(),
    )
}

fn times<R>(rows: &[R], value: impl Fn(&R) -> Option<Timestamp>) -> ArrayRef {
    let micros = rows.iter().map(|row| value(row).map(Timestamp::micros));
    Arc::new(
        micros
            .collect::<TimestampMicrosecondArray>()
            .with_timezone("UTC"),
    )
}

fn texts<'a, R>(rows: &'a [R], value: impl Fn(&'a R) -> &'a str) -> ArrayRef {
    Arc::new(
        rows.iter()
            .map(|row| Some(value(row)))
            .collect::<StringArray>(),
    )
}

fn lists<'a, R, T: AsRef<str> + 'a>(
    rows: &'a [R],
    value: impl Fn(&'a R) -> &'a Vec<T>,
) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        for text in value(row) {
            builder.values().append_value(text);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}
