//! Recall: which rows of a published output may no longer stand.
//!
//! An opt-out can become known after publication. The ledger is then asked again with the newest knowledge, and
//! every published row that names somebody who no longer allows it is listed, so that whoever holds the row can
//! delete it. Rows that merely rested on the person, as on one mutual friend among several, name nobody who is
//! out; they change with the next run.
//!
//! People also block, report, dismiss and hide, hide ads and take back what they asked a business for. What they said since
//! is held against the rows too: against those it forbids, and against those that counted a tie it ended.

mod published;
mod reason;
mod said;

use std::path::Path;

use arrow_array::cast::AsArray;
use serde::Serialize;

pub(in crate::engine) use self::published::batches;
use self::published::{not_ours, whole_numbers};
pub use self::reason::RecallReason;
use self::said::{HiddenAds, Refused, Ties, ties_may_differ, withdrawn};

use crate::consent::{
    Abuse, AdRelevance, AsOf, BusinessMarketing, BusinessService, Decision, DenialReason, For,
    FriendSuggestions, Ledger, LimitedAds, Purpose, ValidConsentParams,
};
use crate::engine::outputs::{
    AbuseRow, AdRow, LinkRow, MANIFEST, Manifest, OrderRow, OutputRow, ReachRow, SuggestionRow,
};
use crate::engine::published::read_output;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::{Gates, everyones_links};
use crate::engine::{
    EngineError, LedgerSource, Progress, Reading, RunParams, Times, ValidRunParams,
};
use crate::identity::{Link, ValidIdentityParams};
use crate::ids::{AccountId, AdId, BusinessId, UserId};
use crate::signals::{BusinessEvent, BusinessEventKind};
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
    /// As known when; the newest the tables know by default. What people said later does not count.
    pub known_at: Option<Timestamp>,
    /// The caller's clock and what it may be wrong by; what is known later is rejected, as in [`Times`]. An order of a regulator
    /// counts that has begun by then; without it, by the newest moment that the other tables know.
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
    /// What became of the rows of the tables.
    #[serde(flatten)]
    pub reading: Reading,
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
    pub reason: RecallReason,
}

/// Lists the published rows that no longer stand.
///
/// # Errors
/// If the output or a table cannot be read.
///
/// # Complexity
/// That of two snapshots of the ledger and one pass over the id columns of the output. If accounts, friendships, feedback or
/// reports are not the files that the run read, that of a run up to its graph besides.
pub fn recall(request: &RecallRequest<'_>, progress: &dyn Progress) -> Result<Recall, EngineError> {
    let manifest = read_output(request.out)?;
    let params = parameters(&manifest, request.out)?.check()?;
    let dir = params.open(request.signals)?;
    let published = manifest.as_of;
    let times = Times {
        as_of: Some(published.valid),
        known_at: request.known_at,
        latest: request.latest,
    };
    let bound = times.bound(Some(published.published_known));
    let mut inputs = Inputs::read(&dir, request.ledger.into(), bound, progress)?;
    inputs.read_numbers()?;
    let known = request
        .known_at
        .or_else(|| newest(&inputs))
        .unwrap_or(published.published_known);
    inputs.forget_said_after(known);
    progress.begin("asking the ledger", None);
    let ledger = inputs.consent.ledger();
    let links = everyones_links(&inputs, &params.identity).value;
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
    let by_now = ties_may_differ(&manifest.inputs, &inputs.read.files)
        .then(|| Ties::read(request, &params, &manifest, bound, progress))
        .transpose()?;
    progress.begin("reading what was published", None);
    let mut found = Found::new(request.out, progress);
    found.suggestions(&asked, by_now.as_ref())?;
    found.ads(&asked)?;
    found.abuse(&asked)?;
    found.reach(&asked, &params)?;
    let file = OrderRow::FILE;
    // An output of before has no orders.
    if manifest.outputs.iter().any(|output| output.file == file) {
        found.order(&asked)?;
    }
    found.links(&asked)?;
    found.rows.sort_unstable();
    Ok(Recall {
        published_known: published.published_known,
        known,
        n_rows: found.n_rows,
        rows: found.rows,
        reading: inputs.read.reading(params.given().max_rejects),
    })
}

/// The newest moment that the tables know of, and no later than any row can be from. An order that has begun since moves it too.
fn newest(inputs: &Inputs) -> Option<Timestamp> {
    let latest = inputs.read.latest;
    let events = inputs.consent.events.iter().map(|event| event.known_time);
    let said = inputs.feedback.iter().map(|row| row.at);
    let hidden = inputs.ad_feedback.iter().map(|row| row.at);
    let reports = inputs.reports.iter().map(|row| row.at);
    let withdrawn = inputs.opt_ins.iter().filter_map(|row| row.opted_out_at);
    let to_businesses = inputs.business_events.iter();
    let to_businesses = to_businesses.filter(|row| is_said(row)).map(|row| row.at);
    let by_now = |at: &Timestamp| latest.is_none_or(|latest| *at <= latest);
    let known = events.chain(said).chain(hidden).chain(reports);
    let known = known.chain(withdrawn).chain(to_businesses);
    let known = known.filter(by_now).max();
    let bound = latest.or(known);
    let begun = inputs
        .consent
        .overlays
        .iter()
        .map(|order| order.interval.from);
    let begun = begun.filter(|from| bound.is_some_and(|bound| *from <= bound));
    known.max(begun.max())
}

/// Did the person say it? What was sent to them says nothing.
const fn is_said(row: &BusinessEvent) -> bool {
    matches!(row.what, BusinessEventKind::Said { .. })
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
    fn of_user(&self, user: UserId) -> Option<RecallReason> {
        refused(
            self.before.people.decision(user),
            self.now.people.decision(user),
        )
    }

    fn was_limited(&self, user: UserId) -> bool {
        let limited = Decision::Denied(DenialReason::LimitedLevel);
        self.before.people.decision(user) == limited
    }

    fn of_account(&self, account: AccountId) -> Option<RecallReason> {
        refused(
            self.before.accounts.decision(account),
            self.now.accounts.decision(account),
        )
    }

    fn of_link(&self, account: AccountId, user: UserId) -> Option<RecallReason> {
        self.of_account(account).or_else(|| self.of_user(user))
    }
}

/// Why a row may no longer name somebody: a no, or a yes for newer data only than at publication.
fn refused(before: Decision, now: Decision) -> Option<RecallReason> {
    let reason = match now {
        Decision::Denied(reason) => reason,
        Decision::Allowed { .. } if before.stricter(now) != before => DenialReason::BeforeCutOff,
        Decision::Allowed { .. } => return None,
    };
    Some(RecallReason::Denied(reason))
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

    fn suggestions(&mut self, asked: &Asked<'_>, ties: Option<&Ties>) -> Result<(), EngineError> {
        let changes = asked.changes::<FriendSuggestions>();
        let columns = ["user_id", "candidate_id", "mutual_count"];
        self.each(SuggestionRow::FILE, &columns, |row| {
            let (user, candidate) = (UserId(row[0]), UserId(row[1]));
            let said = || ties.and_then(|ties| ties.reason(user, candidate, row[2]));
            let denied = changes.of_user(user);
            let reason = denied.or_else(|| changes.of_user(candidate)).or_else(said);
            Named::person(row[0], Some(row[1]), reason)
        })
    }

    fn ads(&mut self, asked: &Asked<'_>) -> Result<(), EngineError> {
        let full = asked.changes::<AdRelevance>();
        let limited = asked.changes::<LimitedAds>();
        let hidden = HiddenAds::of(asked.inputs);
        self.each(AdRow::FILE, &["user_id", "ad_id"], |row| {
            let user = UserId(row[0]);
            let said = || hidden.reason(user, AdId(row[1]));
            // What was published for somebody who had chosen limited ads rests on no more than that.
            let changes = if full.was_limited(user) {
                limited.of_user(user)
            } else {
                full.of_user(user)
            };
            Named::person(row[0], Some(row[1]), changes.or_else(said))
        })
    }

    fn abuse(&mut self, asked: &Asked<'_>) -> Result<(), EngineError> {
        let changes = asked.changes::<Abuse>();
        self.each(AbuseRow::FILE, &["account_id"], |row| {
            Named::account(row[0], None, changes.of_account(AccountId(row[0])))
        })
    }

    /// A verdict stands while either purpose is allowed, as at publication, and what it lets a business send was not taken back.
    fn reach(&mut self, asked: &Asked<'_>, params: &ValidRunParams) -> Result<(), EngineError> {
        let service = asked.changes::<BusinessService>();
        let marketing = asked.changes::<BusinessMarketing>();
        let withdrawn = withdrawn(
            asked.inputs,
            &service.now.accounts,
            &marketing.now.accounts,
            asked.now.as_of.valid,
            &params.business,
        );
        let columns = ["account_id", "business_id", "marketing"];
        self.each(ReachRow::FILE, &columns, |row| {
            let (account, business) = (AccountId(row[0]), BusinessId(row[1]));
            let denied = marketing.of_account(account);
            let denied = denied.and_then(|_| service.of_account(account));
            let is_withdrawn = row[2] == 1 && withdrawn.contains(&(account, business));
            let said = is_withdrawn.then_some(RecallReason::OptInWithdrawn);
            Named::account(row[0], Some(row[1]), denied.or(said))
        })
    }

    /// A place in an order stands while its purpose is allowed and the person says no to the business in no way.
    fn order(&mut self, asked: &Asked<'_>) -> Result<(), EngineError> {
        let service = asked.changes::<BusinessService>();
        let marketing = asked.changes::<BusinessMarketing>();
        let refused = Refused::of(asked.inputs, asked.now.as_of.valid);
        let purposes = self.purposes(OrderRow::FILE)?;
        let mut purposes = purposes.iter();
        self.each(OrderRow::FILE, &["account_id", "business_id"], |row| {
            let (account, business) = (AccountId(row[0]), BusinessId(row[1]));
            let purpose = purposes.next().and_then(|name| Purpose::parse(name));
            let denied = match purpose {
                Some(Purpose::BusinessService) => service.of_account(account),
                Some(Purpose::BusinessMarketing) => marketing.of_account(account),
                _ => Some(RecallReason::Denied(DenialReason::NoRecord)),
            };
            let reason = denied.or_else(|| refused.reason(purpose, account, business));
            Named::account(row[0], Some(row[1]), reason)
        })
    }

    fn links(&mut self, asked: &Asked<'_>) -> Result<(), EngineError> {
        let suggest = asked.changes::<FriendSuggestions>();
        let ads = asked.changes::<AdRelevance>();
        let abuse = asked.changes::<Abuse>();
        let file = LinkRow::FILE;
        let purposes = self.purposes(file)?;
        let mut purposes = purposes.iter();
        self.each(file, &["account_id", "user_id"], |row| {
            let (account, user) = (AccountId(row[0]), UserId(row[1]));
            let reason = match purposes.next().and_then(|name| Purpose::parse(name)) {
                Some(Purpose::FriendSuggestions) => suggest.of_link(account, user),
                Some(Purpose::AdRelevance) => ads.of_link(account, user),
                Some(Purpose::Abuse) => abuse.of_link(account, user),
                _ => Some(RecallReason::Denied(DenialReason::NoRecord)),
            };
            Named {
                user_id: Some(row[1]),
                account_id: Some(row[0]),
                other_id: None,
                reason,
            }
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

    /// Calls `judge` with some whole numbers of every row; it says who is named and why the row does not stand, if so.
    fn each(
        &mut self,
        file: &str,
        columns: &[&str],
        mut judge: impl FnMut(&[u64]) -> Named,
    ) -> Result<(), EngineError> {
        let path = self.out.join(file);
        let (mut n_before, mut row) = (0, Vec::new());
        for batch in batches(&path, Some(columns))? {
            let values = whole_numbers(&path, &batch, columns)?;
            for i in 0..batch.num_rows() {
                row.clear();
                row.extend(values.iter().map(|column| column[i]));
                self.rows
                    .extend(judge(&row).row(file, n_before + i as u64 + 1));
            }
            n_before += batch.num_rows() as u64;
            self.progress.advance(batch.num_rows() as u64);
        }
        self.n_rows += n_before;
        Ok(())
    }
}

/// Whom a row names, and why it does not stand; none if it does.
struct Named {
    user_id: Option<u64>,
    account_id: Option<u64>,
    other_id: Option<u64>,
    reason: Option<RecallReason>,
}

impl Named {
    const fn person(user: u64, other_id: Option<u64>, reason: Option<RecallReason>) -> Self {
        Self {
            user_id: Some(user),
            account_id: None,
            other_id,
            reason,
        }
    }

    const fn account(account: u64, other_id: Option<u64>, reason: Option<RecallReason>) -> Self {
        Self {
            user_id: None,
            account_id: Some(account),
            other_id,
            reason,
        }
    }

    fn row(self, file: &str, row: u64) -> Option<RecallRow> {
        let reason = self.reason?;
        Some(RecallRow {
            table: file.to_owned(),
            row,
            user_id: self.user_id,
            account_id: self.account_id,
            other_id: self.other_id,
            reason,
        })
    }
}
