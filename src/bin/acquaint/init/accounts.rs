//! Events of consent drafted from a list of accounts: only what the list or the caller says, for somebody to confirm.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use acquaint::consent::TextDigest;
use acquaint::publish::{read_plain_text, shown};
use acquaint::signals::Table;
use acquaint::time::Timestamp;

use super::InitArgs;
use crate::args::time;
use crate::exit::Failure;

/// No text of a notice is longer.
const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Events as lines of CSV, and what they lack.
pub(super) struct Drafted {
    pub(super) csv: Vec<u8>,
    accounts: u64,
    notices: u64,
    acceptances: u64,
    /// Acceptances that do not say whether sharing was left on.
    without_share: u64,
    /// Notices that do not say which text was shown.
    without_text: u64,
}

impl Drafted {
    /// What was drafted and what is left to do.
    pub(super) fn told(&self, path: &str) -> Vec<String> {
        let mut lines = vec![format!(
            "drafted {} notices and {} acceptances of {} accounts in {path}: confirm them",
            self.notices, self.acceptances, self.accounts
        )];
        let mut lack = |n: u64, what: &str| {
            if n > 0 {
                lines.push(format!("{n} {what}"));
            }
        };
        lack(
            self.without_share,
            "acceptances do not say whether sharing was left on: fill in `share` (true or false)",
        );
        lack(
            self.without_text,
            "notices do not say which text was shown: fill in `policy` and `text_digest`",
        );
        if self.acceptances > self.notices {
            lines.push("who accepted without a notice cannot be scored".to_owned());
        }
        lines
    }
}

/// Drafts events, if a list of accounts was given.
pub(super) fn draft(args: &InitArgs) -> Result<Option<Drafted>, Failure> {
    let Some(path) = args.accounts.as_deref() else {
        return Ok(None);
    };
    let reading = || format!("reading {}", shown(path));
    let digest = args.notice_text.as_deref().map(digest).transpose()?;
    let file = File::open(path).map_err(|error| Failure::new(reading(), error))?;
    let mut rows = csv::Reader::from_reader(file);
    let header = rows
        .headers()
        .map_err(|error| Failure::new(reading(), error))?;
    let list = List::new(args, header, digest).map_err(|error| Failure::new(reading(), error))?;
    let mut draft = Draft::new()?;
    for (row, cells) in (1..).zip(rows.records()) {
        let cells = cells.map_err(|error| Failure::new(reading(), error))?;
        let at_row = |error| Failure::new(format!("{}, row {row}", reading()), error);
        list.draft(&cells, &mut draft).map_err(at_row)?;
    }
    draft.finish().map(Some)
}

fn digest(path: &Path) -> Result<TextDigest, Failure> {
    let reading = || format!("reading {}", shown(path));
    let text = read_plain_text(path, MAX_TEXT_BYTES);
    let text = text.map_err(|error| Failure::new(reading(), error))?;
    Ok(TextDigest::of(&text))
}

/// A list of accounts: where its columns are, and what holds for all of them.
struct List<'a> {
    args: &'a InitArgs,
    digest: Option<TextDigest>,
    account_id: usize,
    noticed_at: Option<usize>,
    accepted_at: Option<usize>,
    known_at: Option<usize>,
    share: Option<usize>,
}

impl<'a> List<'a> {
    fn new(
        args: &'a InitArgs,
        header: &csv::StringRecord,
        digest: Option<TextDigest>,
    ) -> Result<Self, String> {
        let column = |name: &str| header.iter().position(|found| found.trim() == name);
        let has = |name: &str| column(name).is_some();
        let says_notice = args.noticed_at.is_some() || has("noticed_at");
        let says_acceptance = args.accepted_at.is_some() || has("accepted_at");
        if !says_notice && !says_acceptance {
            return Err("nothing says when anybody was noticed or accepted: give --noticed-at or --accepted-at, or the columns \
                        noticed_at and accepted_at"
                .to_owned());
        }
        Ok(Self {
            args,
            digest,
            account_id: column("account_id").ok_or("there is no column account_id")?,
            noticed_at: column("noticed_at"),
            accepted_at: column("accepted_at"),
            known_at: column("known_at"),
            share: column("share"),
        })
    }

    fn draft(&self, cells: &csv::StringRecord, draft: &mut Draft) -> Result<(), String> {
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).map_or("", str::trim);
        let account = cell(Some(self.account_id));
        let account: u64 = account
            .parse()
            .map_err(|_| "column account_id: an account is named by whole digits")?;
        let moment = |at: Option<usize>, name: &str, for_all: Option<Timestamp>| match cell(at) {
            "" => Ok(for_all),
            text => time(text)
                .map(Some)
                .map_err(|why| format!("column {name}: {why}")),
        };
        let share @ ("" | "true" | "false") = cell(self.share) else {
            return Err("column share: it is true, false or empty".to_owned());
        };
        let known = moment(self.known_at, "known_at", None)?;
        draft.counts.accounts += u64::from(draft.accounts.insert(account));
        if let Some(at) = moment(self.noticed_at, "noticed_at", self.args.noticed_at)? {
            draft.notice(account, (at, known), self.args.policy, self.digest)?;
        }
        if let Some(at) = moment(self.accepted_at, "accepted_at", self.args.accepted_at)? {
            draft.acceptance(account, (at, known), share)?;
        }
        Ok(())
    }
}

/// Lines of `consent_events`.
struct Draft {
    lines: csv::Writer<Vec<u8>>,
    counts: Drafted,
    accounts: BTreeSet<u64>,
    /// A list may have several rows of one account: what says the same is drafted once. What says something else is drafted too, and
    /// the reader refuses both.
    events: BTreeSet<(u64, String)>,
}

impl Draft {
    fn new() -> Result<Self, Failure> {
        let mut lines = csv::Writer::from_writer(Vec::new());
        let columns = Table::ConsentEvents.columns().iter();
        lines.write_record(columns.map(|column| column.name))?;
        Ok(Self {
            lines,
            accounts: BTreeSet::new(),
            events: BTreeSet::new(),
            counts: Drafted {
                csv: Vec::new(),
                accounts: 0,
                notices: 0,
                acceptances: 0,
                without_share: 0,
                without_text: 0,
            },
        })
    }

    fn notice(
        &mut self,
        account: u64,
        moments: (Timestamp, Option<Timestamp>),
        policy: Option<u32>,
        digest: Option<TextDigest>,
    ) -> Result<(), String> {
        let id = event_id(account, "notice_served", moments.0);
        if !self.events.insert((id, String::new())) {
            return Ok(());
        }
        self.counts.notices += 1;
        self.counts.without_text += u64::from(policy.is_none() || digest.is_none());
        let policy = policy.map_or_else(String::new, |policy| policy.to_string());
        let digest = digest.map_or_else(String::new, |digest| digest.to_string());
        self.line(
            account,
            "notice_served",
            moments,
            &[("policy", &policy), ("text_digest", &digest)],
        )
    }

    fn acceptance(
        &mut self,
        account: u64,
        moments: (Timestamp, Option<Timestamp>),
        share: &str,
    ) -> Result<(), String> {
        let id = event_id(account, "accept", moments.0);
        if !self.events.insert((id, share.to_owned())) {
            return Ok(());
        }
        self.counts.acceptances += 1;
        self.counts.without_share += u64::from(share.is_empty());
        self.line(account, "accept", moments, &[("share", share)])
    }

    /// A line; the ledger learned of it when it happened, unless the list says when.
    fn line(
        &mut self,
        account: u64,
        kind: &str,
        (at, known): (Timestamp, Option<Timestamp>),
        more: &[(&str, &str)],
    ) -> Result<(), String> {
        let known = known.unwrap_or(at);
        if known < at {
            return Err("column known_at: nothing can be known before it happens".to_owned());
        }
        let (id, account) = (event_id(account, kind, at).to_string(), account.to_string());
        let (at, known) = (at.to_string(), known.to_string());
        let always = [
            ("event_id", id.as_str()),
            ("account_id", &account),
            ("kind", kind),
            ("valid_time", &at),
            ("known_time", &known),
        ];
        let cell = |name: &str| {
            let mut given = always.iter().chain(more);
            given
                .find(|(column, _)| *column == name)
                .map_or("", |(_, cell)| *cell)
        };
        let columns = Table::ConsentEvents.columns().iter();
        let cells: Vec<&str> = columns.map(|column| cell(column.name)).collect();
        let written = self.lines.write_record(cells);
        written.map_err(|error| error.to_string())
    }

    fn finish(self) -> Result<Drafted, Failure> {
        let csv = self.lines.into_inner();
        Ok(Drafted {
            csv: csv.map_err(|error| Failure::new("writing events", error.into_error()))?,
            ..self.counts
        })
    }
}

/// The same event has the same id, so that a list drafted twice says nothing twice.
fn event_id(account: u64, kind: &str, at: Timestamp) -> u64 {
    let text = format!("acquaint init {account} {kind} {at}");
    let digest = blake3::hash(text.as_bytes());
    let bytes: [u8; 8] = digest.as_bytes()[..8]
        .try_into()
        .expect("a digest has 32 bytes");
    u64::from_le_bytes(bytes) >> 1
}
