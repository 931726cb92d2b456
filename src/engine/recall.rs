//! Recall: which rows of a published output may no longer stand.
//!
//! An opt-out can become known after publication. The ledger is then asked again with the newest knowledge, and
//! every published row that names somebody who no longer allows it is listed, so that whoever holds the row can
//! delete it. Rows that merely rested on the person, as on one mutual friend among several, name nobody who is
//! out; they change with the next run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::consent::{
    Abuse, AdRelevance, AsOf, BusinessMarketing, BusinessService, Decision, DenialReason, For,
    FriendSuggestions, Ledger, Purpose, ValidConsentParams,
};
use crate::engine::inputs::Inputs;
use crate::engine::outputs::{
    AbuseRow, AdRow, LinkRow, MANIFEST, Manifest, OutputRow, ReachRow, SuggestionRow,
};
use crate::engine::view::{Gates, everyones_links};
use crate::engine::{EngineError, LedgerSource, Progress, RunParams, Times};
use crate::identity::{Link, ValidIdentityParams};
use crate::ids::{AccountId, UserId};
use crate::signals::SignalsDir;
use crate::time::Timestamp;

/// What to recall.
#[derive(Clone, Copy, Debug)]
pub struct RecallRequest<'a> {
    /// The output directory of a run.
    pub out: &'a Path,
    /// The tables as they are now, with the events that became known since.
    pub signals: &'a Path,
    /// The ledger to ask, in the place of the tables of consent.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// As known when; the newest the events know by default.
    pub known_at: Option<Timestamp>,
    /// The caller's clock and what it may be wrong by; what is known later is rejected, as in [`Times`].
    pub latest: Option<Timestamp>,
}

/// The rows to delete wherever they were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recall {
    /// Up to when events were known at publication,
    pub published_known: Timestamp,
    /// and up to when they are known now.
    pub known: Timestamp,
    /// How many rows were looked at.
    pub n_rows: u64,
    /// By table and row.
    pub rows: Vec<RecallRow>,
}

/// A published row that no longer stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecallRow {
    /// The file.
    pub table: String,
    /// Its place in the file, from 1.
    pub row: u64,
    /// The person it is about, if it is about one.
    pub user_id: Option<u64>,
    /// The account it is about, if it is about one.
    pub account_id: Option<u64>,
    /// The candidate, ad or business.
    pub other_id: Option<u64>,
    /// Why it does not stand.
    pub reason: DenialReason,
}

/// Lists the published rows that no longer stand.
///
/// # Errors
/// If the output or a table cannot be read.
///
/// # Complexity
/// That of two snapshots of the ledger and one pass over the id columns of the output.
pub fn recall(request: &RecallRequest<'_>, progress: &dyn Progress) -> Result<Recall, EngineError> {
    let manifest = read_manifest(&request.out.join(MANIFEST))?;
    let params = parameters(&manifest, request.out)?.check()?;
    let dir = SignalsDir::open(request.signals, &params.signals)?;
    let published = manifest.as_of;
    let times = Times {
        as_of: Some(published.valid),
        known_at: request.known_at,
        latest: request.latest,
    };
    let bound = times.bound(Some(published.published_known));
    let mut inputs = Inputs::read(&dir, request.ledger.into(), bound, progress)?;
    inputs.read_numbers();
    let events = inputs.consent.events.iter();
    let newest = events.map(|event| event.known_time).max();
    let known = request
        .known_at
        .or(newest)
        .unwrap_or(published.published_known);
    progress.begin("asking the ledger", None);
    let ledger = inputs.consent.ledger();
    let (links, _) = everyones_links(&inputs, &params.identity);
    let then = published.valid.max(published.published_known);
    let seen_until = inputs.moment().unwrap_or(published.valid);
    let asked = Asked {
        inputs: &inputs,
        ledger: &ledger,
        links: &links,
        params: &params.consent,
        identity: &params.identity,
        before: Moment {
            as_of: AsOf {
                valid: then,
                known: published.published_known,
            },
            seen_until: published.valid,
        },
        now: Moment {
            as_of: AsOf {
                valid: then.max(known),
                known,
            },
            seen_until: seen_until.max(published.valid),
        },
    };
    progress.begin("reading what was published", None);
    let mut found = Found::new(request.out, progress);
    found.people::<FriendSuggestions>(&asked, SuggestionRow::FILE, Some("candidate_id"), true)?;
    found.people::<AdRelevance>(&asked, AdRow::FILE, Some("ad_id"), false)?;
    found.accounts::<Abuse>(&asked, AbuseRow::FILE, None)?;
    found.reach(&asked)?;
    found.links(&asked)?;
    found.rows.sort_unstable();
    Ok(Recall {
        published_known: published.published_known,
        known,
        n_rows: found.n_rows,
        rows: found.rows,
    })
}

pub(in crate::engine) fn read_manifest(path: &Path) -> Result<Manifest, EngineError> {
    let text = fs::read_to_string(path).map_err(|source| EngineError::Published {
        path: path.to_owned(),
        source: source.into(),
    })?;
    serde_json::from_str(&text).map_err(|source| EngineError::Published {
        path: path.to_owned(),
        source: source.into(),
    })
}

pub(in crate::engine) fn parameters(
    manifest: &Manifest,
    out: &Path,
) -> Result<RunParams, EngineError> {
    serde_json::from_value(manifest.parameters.clone()).map_err(|source| EngineError::Published {
        path: out.join(MANIFEST),
        source: source.into(),
    })
}

/// The question, at publication and now.
struct Asked<'a> {
    inputs: &'a Inputs,
    ledger: &'a Ledger,
    links: &'a [Link],
    params: &'a ValidConsentParams,
    identity: &'a ValidIdentityParams,
    before: Moment,
    now: Moment,
}

/// A moment to ask about, and until when anybody would have been seen.
#[derive(Clone, Copy)]
struct Moment {
    as_of: AsOf,
    seen_until: Timestamp,
}

impl Asked<'_> {
    fn changes<P: For>(&self) -> Changes<P> {
        let facts = self.inputs.facts();
        let gates = |Moment { as_of, seen_until }| {
            let snapshot = self
                .ledger
                .snapshot_seen_until(as_of, seen_until, &facts, self.params);
            Gates::new(self.inputs, &[&snapshot], self.links, self.identity)
        };
        Changes {
            before: gates(self.before),
            now: gates(self.now),
        }
    }
}

/// The gates of a purpose at publication and now.
struct Changes<P> {
    before: Gates<P>,
    now: Gates<P>,
}

impl<P: For> Changes<P> {
    fn of_user(&self, user: UserId) -> Option<DenialReason> {
        refused(
            self.before.people.decision(user),
            self.now.people.decision(user),
        )
    }

    fn of_account(&self, account: AccountId) -> Option<DenialReason> {
        refused(
            self.before.accounts.decision(account),
            self.now.accounts.decision(account),
        )
    }
}

/// Why a row may no longer name somebody: a no, or a yes for newer data only than at publication.
fn refused(before: Decision, now: Decision) -> Option<DenialReason> {
    match now {
        Decision::Denied(reason) => Some(reason),
        Decision::Allowed { .. } if before.stricter(now) != before => {
            Some(DenialReason::BeforeCutOff)
        }
        Decision::Allowed { .. } => None,
    }
}

/// What was found so far.
struct Found<'a> {
    out: &'a Path,
    progress: &'a dyn Progress,
    n_rows: u64,
    rows: Vec<RecallRow>,
}

impl<'a> Found<'a> {
    const fn new(out: &'a Path, progress: &'a dyn Progress) -> Self {
        Self {
            out,
            progress,
            n_rows: 0,
            rows: Vec::new(),
        }
    }

    /// Rows about a person, and about a second one if `is_other_a_person`.
    fn people<P: For>(
        &mut self,
        asked: &Asked<'_>,
        file: &str,
        other: Option<&str>,
        is_other_a_person: bool,
    ) -> Result<(), EngineError> {
        let changes = asked.changes::<P>();
        let columns: Vec<&str> = ["user_id"].into_iter().chain(other).collect();
        self.each(file, &columns, |ids, found| {
            let reason = changes.of_user(UserId(ids[0])).or_else(|| {
                let other = ids.get(1).filter(|_| is_other_a_person)?;
                changes.of_user(UserId(*other))
            });
            found.extend(reason.map(|reason| (Some(ids[0]), None, ids.get(1).copied(), reason)));
        })
    }

    fn accounts<P: For>(
        &mut self,
        asked: &Asked<'_>,
        file: &str,
        other: Option<&str>,
    ) -> Result<(), EngineError> {
        let changes = asked.changes::<P>();
        let columns: Vec<&str> = ["account_id"].into_iter().chain(other).collect();
        self.each(file, &columns, |ids, found| {
            let reason = changes.of_account(AccountId(ids[0]));
            found.extend(reason.map(|reason| (None, Some(ids[0]), ids.get(1).copied(), reason)));
        })
    }

    /// A verdict stands while either purpose is allowed, as at publication.
    fn reach(&mut self, asked: &Asked<'_>) -> Result<(), EngineError> {
        let service = asked.changes::<BusinessService>();
        let marketing = asked.changes::<BusinessMarketing>();
        let columns = ["account_id", "business_id"];
        self.each(ReachRow::FILE, &columns, |ids, found| {
            let account = AccountId(ids[0]);
            let reason = marketing
                .of_account(account)
                .and_then(|_| service.of_account(account));
            found.extend(reason.map(|reason| (None, Some(ids[0]), Some(ids[1]), reason)));
        })
    }

    fn links(&mut self, asked: &Asked<'_>) -> Result<(), EngineError> {
        let suggest = asked.changes::<FriendSuggestions>();
        let ads = asked.changes::<AdRelevance>();
        let abuse = asked.changes::<Abuse>();
        let file = LinkRow::FILE;
        let purposes = self.purposes(file)?;
        let mut purposes = purposes.iter();
        self.each(file, &["account_id", "user_id"], |ids, found| {
            let (account, user) = (AccountId(ids[0]), UserId(ids[1]));
            let reason = match purposes.next().and_then(|name| Purpose::parse(name)) {
                Some(Purpose::FriendSuggestions) => suggest
                    .of_account(account)
                    .or_else(|| suggest.of_user(user)),
                Some(Purpose::AdRelevance) => ads.of_account(account).or_else(|| ads.of_user(user)),
                Some(Purpose::Abuse) => abuse.of_account(account).or_else(|| abuse.of_user(user)),
                _ => Some(DenialReason::NoRecord),
            };
            found.extend(reason.map(|reason| (Some(ids[1]), Some(ids[0]), None, reason)));
        })
    }

    fn purposes(&self, file: &str) -> Result<Vec<String>, EngineError> {
        let path = self.out.join(file);
        let mut names = Vec::new();
        for batch in batches(&path, Some(&["purpose"]))? {
            let column = batch.column(0).as_string_opt::<i32>();
            let column = column.ok_or_else(|| not_ours(&path, "purpose"))?;
            names.extend(column.iter().flatten().map(str::to_owned));
        }
        Ok(names)
    }

    /// Calls `judge` with the ids of every row; it says who is named and why the row does not stand.
    fn each(
        &mut self,
        file: &str,
        columns: &[&str],
        mut judge: impl FnMut(&[u64], &mut Vec<Named>),
    ) -> Result<(), EngineError> {
        let path = self.out.join(file);
        let mut row = 0;
        let (mut ids, mut named) = (Vec::new(), Vec::new());
        for batch in batches(&path, Some(columns))? {
            let values = u64_columns(&path, &batch, columns)?;
            for i in 0..batch.num_rows() {
                row += 1;
                ids.clear();
                ids.extend(values.iter().map(|column| column[i]));
                judge(&ids, &mut named);
                for (user_id, account_id, other_id, reason) in named.drain(..) {
                    self.rows.push(RecallRow {
                        table: file.to_owned(),
                        row,
                        user_id,
                        account_id,
                        other_id,
                        reason,
                    });
                }
            }
            self.progress.advance(batch.num_rows() as u64);
        }
        self.n_rows += row;
        Ok(())
    }
}

/// Person, account, other and reason.
type Named = (Option<u64>, Option<u64>, Option<u64>, DenialReason);

fn u64_columns(
    path: &Path,
    batch: &RecordBatch,
    columns: &[&str],
) -> Result<Vec<Vec<u64>>, EngineError> {
    let column = |&name: &&str| {
        let array = batch
            .column_by_name(name)
            .and_then(|array| array.as_primitive_opt::<UInt64Type>())
            .filter(|array| array.null_count() == 0);
        array
            .map(|array| array.values().to_vec())
            .ok_or_else(|| not_ours(path, name))
    };
    columns.iter().map(column).collect()
}

/// Some columns of a table, or all, in batches.
pub(in crate::engine) fn batches(
    path: &Path,
    columns: Option<&[&str]>,
) -> Result<Vec<RecordBatch>, EngineError> {
    let fault = |source: Box<dyn std::error::Error + Send + Sync>| EngineError::Published {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(|error| fault(error.into()))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fault(error.into()))?;
    let mask = match columns {
        Some(columns) => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
        None => ProjectionMask::all(),
    };
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(|error| fault(error.into()))?;
    reader
        .collect::<Result<_, _>>()
        .map_err(|error| fault(error.into()))
}

fn not_ours(path: &Path, column: &str) -> EngineError {
    EngineError::Published {
        path: PathBuf::from(path),
        source: format!("there is no such column as `{column}` in an output of acquaint").into(),
    }
}
