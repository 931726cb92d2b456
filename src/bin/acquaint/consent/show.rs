//! `acquaint consent status` and `history`: what an account allows, and how it came to that.

use std::collections::BTreeSet;
use std::fmt::Write;

use acquaint::consent::{
    AccountFacts, AccountStatus, AsOf, ConsentParams, Decision, Event, EventKind, Flaw, History,
    Ledger, Overlay, Profile, Purpose, Subject, ValidConsentParams,
};
use acquaint::engine::Reading;
use acquaint::identity::{E164, account_facts};
use acquaint::ids::{AccountId, Region as Place};
use acquaint::ledger::Reader;
use acquaint::publish::shown;
use acquaint::signals::{MessengerAccount, ReadLimits, SignalsDir, Table, event_json};
use acquaint::time::Timestamp;
use serde_json::{Map, Value, json};

use super::args::{HistoryArgs, StatusArgs};
use super::source::rules;
use crate::clock::now;
use crate::exit::{Failure, Outcome, print};
use crate::told::{Told, tell};

pub(crate) fn status(args: &StatusArgs) -> Result<Outcome, Failure> {
    let as_of = AsOf {
        valid: args.as_of.unwrap_or_else(now),
        known: args.known_at.unwrap_or_else(now),
    };
    let params = ConsentParams {
        profile: args.profile.into(),
        ..ConsentParams::default()
    };
    let reader = Reader::open(&args.ledger.ledger)?;
    let mut flaws = reader.flaws()?;
    // Of a ledger that is damaged nothing is read: nobody is let through, whatever it says.
    let is_broken = flaws.contains(&Flaw::Everybody);
    let events = if is_broken {
        Vec::new()
    } else {
        reader.history(args.account)?
    };
    if events.is_empty() && !flaws.iter().any(|flaw| concerns(flaw, args.account)) {
        return Ok(nothing(args.account));
    }
    let assumed = assumed(args.account, &events, as_of.valid);
    let (facts, reading) = if let Some(dir) = &args.signals {
        facts(dir, Some(args.account))?
    } else {
        (vec![assumed], Reading::default())
    };
    let region = Region::of(args, &facts);
    let mut orders = Vec::new();
    let (ledger, n_future) = if is_broken {
        (Ledger::new(Vec::new(), Vec::new(), Vec::new()), 0)
    } else {
        let held = rules().hold([events, reader.others()?].concat());
        flaws.extend(held.flaws());
        let n_future = held.future.len();
        orders = reader.overlays()?;
        let ledger = Ledger::new(reader.policies()?, orders.clone(), held.events);
        (ledger, n_future)
    };
    let (ledger, params) = (ledger.with_flaws(flaws), params.check()?);
    let snapshot = ledger.snapshot(as_of, &facts, &params);
    let Some(status) = snapshot.status(args.account) else {
        return Ok(nothing(args.account));
    };
    let others = match &args.signals {
        Some(_) => Vec::new(),
        None => may_be(&ledger, &orders, assumed, as_of, params),
    };
    let shown = Shown {
        status,
        others: &others,
        as_of,
        region: &region,
    };
    print(&if args.json {
        let what = &shown.json();
        let reading = &reading;
        serde_json::to_string(&Told { what, reading })?
    } else {
        shown.table()
    })?;
    if is_broken {
        eprintln!(
            "acquaint: ledger integrity check failed; all consent is treated as denied (`acquaint consent check` says why)"
        );
        return Ok(tell(&reading, Outcome::Findings));
    }
    if n_future > 0 {
        eprintln!(
            "acquaint: {n_future} events that may concern the account have a known time later than now: they grant \
             nothing, but restrictions among them count"
        );
        return Ok(tell(&reading, Outcome::Findings));
    }
    Ok(tell(&reading, Outcome::Done))
}

/// Does a flaw of the ledger touch an account?
fn concerns(flaw: &Flaw, account: AccountId) -> bool {
    match flaw {
        Flaw::Everybody => true,
        Flaw::About { subject, .. } => *subject == Subject::Account(account),
    }
}

/// What is known of where an account lives, and which profile that means.
struct Region {
    is_known: bool,
    profile: Profile,
    /// Why it is not known.
    why: &'static str,
}

impl Region {
    fn of(args: &StatusArgs, facts: &[AccountFacts]) -> Self {
        let is_known = |row: &AccountFacts| row.number_region.is_some() || row.residence.is_some();
        let is_known = facts.iter().any(is_known);
        let profile = if is_known {
            args.profile.into()
        } else {
            Profile::OptIn
        };
        let why = match (&args.signals, facts.is_empty()) {
            (None, _) => "without --signals nobody knows where the account lives",
            (Some(_), true) => "messenger_accounts has no row of the account",
            (Some(_), false) => "messenger_accounts does not say where the account lives",
        };
        Self {
            is_known,
            profile,
            why,
        }
    }

    const fn profile(&self) -> &'static str {
        match self.profile {
            Profile::NoticeAndOptOut => "notice-and-opt-out",
            Profile::OptIn => "opt-in",
        }
    }

    fn line(&self) -> String {
        let profile = self.profile();
        if self.is_known {
            return format!("profile {profile}");
        }
        format!(
            "region unknown: {}. The strict profile, {profile}, holds: silence is a no",
            self.why
        )
    }
}

/// What an account of which only the events are known may be instead: older than its first event, and living where an
/// order is in force or where none is.
fn may_be(
    ledger: &Ledger,
    orders: &[Overlay],
    assumed: AccountFacts,
    as_of: AsOf,
    params: ValidConsentParams,
) -> Vec<AccountStatus> {
    let regions = orders.iter().map(|overlay| Some(overlay.region));
    let elsewhere = Place::parse(ELSEWHERE);
    let regions = regions.chain([None, elsewhere]);
    let ages = [assumed.registered_at, Timestamp::MIN];
    let facts = regions.flat_map(|residence| {
        ages.map(|registered_at| AccountFacts {
            registered_at,
            residence,
            ..assumed
        })
    });
    let status = |fact: AccountFacts| {
        let snapshot = ledger.snapshot(as_of, &[fact], &params);
        snapshot.status(fact.account).cloned()
    };
    facts.filter_map(status).collect()
}

/// A place where nobody lives, so that no regulator has an order about it: Bouvet Island.
const ELSEWHERE: &str = "BV";

/// Nobody knows the account, so what was typed may be a number, and is shown as one.
pub(super) fn nothing(account: AccountId) -> Outcome {
    let account = shown(account.to_string());
    eprintln!("acquaint: the ledger has nothing about account {account}");
    Outcome::Findings
}

/// What `messenger_accounts` says of an account, or of all.
pub(super) fn facts(
    dir: &std::path::Path,
    account: Option<AccountId>,
) -> Result<(Vec<AccountFacts>, Reading), Failure> {
    let signals = SignalsDir::open(dir, &ReadLimits::default().check()?)?;
    signals.require(&[Table::MessengerAccounts])?;
    let mut facts = Vec::new();
    let mut rejections = Vec::new();
    signals.stream(|batch: acquaint::signals::Batch<MessengerAccount>| {
        let is_asked = |row: &&MessengerAccount| account.is_none_or(|id| id == row.account_id);
        let rows = batch.records.iter().filter(is_asked);
        facts.extend(
            rows.map(|row| account_facts(row, E164::canonical(&row.phone, row.region).ok())),
        );
        rejections.extend(batch.rejections);
        Ok::<(), acquaint::signals::SignalsError>(())
    })?;
    Ok((facts, Reading::of_rejections(&rejections)))
}

/// An account of which only its events are known: as old as they are, still there, of unknown region.
pub(super) fn assumed(account: AccountId, events: &[Event], at: Timestamp) -> AccountFacts {
    let first = events.iter().map(|event| event.valid_time).min();
    AccountFacts {
        account,
        registered_at: first.unwrap_or(at),
        last_seen_at: at,
        number_region: None,
        residence: None,
        device: None,
    }
}

/// What is said of an account.
struct Shown<'a> {
    status: &'a AccountStatus,
    /// What it may be instead, for all that is known.
    others: &'a [AccountStatus],
    as_of: AsOf,
    region: &'a Region,
}

impl Shown<'_> {
    /// The state if it is known, and otherwise every one that it may be.
    fn states(&self) -> BTreeSet<&'static str> {
        let all = std::iter::once(self.status).chain(self.others);
        all.map(|status| status.state().as_str()).collect()
    }

    /// What holds for certain: a no if it may be one.
    fn decision(&self, purpose: Purpose) -> Decision {
        let is_no = |decision: &Decision| matches!(decision, Decision::Denied(_));
        let own = self.status.decision(purpose);
        let mut others = self.others.iter().map(|status| status.decision(purpose));
        if is_no(&own) {
            own
        } else {
            others.find(is_no).unwrap_or(own)
        }
    }

    fn json(&self) -> Value {
        let decision = |purpose| match self.decision(purpose) {
            Decision::Allowed { since } if since == Timestamp::MIN => json!({ "allowed": true }),
            Decision::Allowed { since } => json!({ "allowed": true, "since": since.to_string() }),
            Decision::Denied(reason) => json!({ "allowed": false, "reason": reason.as_str() }),
        };
        let purposes: Map<String, Value> = Purpose::ALL
            .into_iter()
            .map(|purpose| (purpose.as_str().to_owned(), decision(purpose)))
            .collect();
        let (status, as_of, possible) = (self.status, self.as_of, self.states());
        let is_known = possible.len() == 1;
        let mut what = json!({
            "account_id": status.account(),
            "as_of": as_of.valid.to_string(),
            "known_at": as_of.known.to_string(),
            "state": if is_known { status.state().as_str() } else { UNKNOWN },
            "underneath": if is_known { status.underneath().as_str() } else { UNKNOWN },
            "opted_out_ever": status.opted_out_ever(),
            "region_known": self.region.is_known,
            "profile": self.region.profile(),
            "purposes": purposes,
        });
        if !is_known {
            what["possible_states"] = json!(possible);
        }
        what
    }

    fn table(&self) -> String {
        let (status, as_of, possible) = (self.status, self.as_of, self.states());
        let is_known = possible.len() == 1;
        let mut text = format!("account {}: ", status.account());
        if is_known {
            text += status.state().as_str();
        } else {
            let possible: Vec<&str> = possible.into_iter().collect();
            let possible = possible.join(" or ");
            write(
                &mut text,
                &format!(
                    "{possible}: without --signals nobody knows since when it is registered and where it lives"
                ),
            );
        }
        if is_known && status.underneath() != status.state() {
            write(
                &mut text,
                &format!(" ({} underneath)", status.underneath().as_str()),
            );
        }
        write(
            &mut text,
            &format!(
                "\nas of {}, as known at {}\n{}\n\n",
                as_of.valid,
                as_of.known,
                self.region.line()
            ),
        );
        for purpose in Purpose::ALL {
            let decision = match self.decision(purpose) {
                Decision::Allowed { since } if since == Timestamp::MIN => "yes".to_owned(),
                Decision::Allowed { since } => format!("yes, for data since {since}"),
                Decision::Denied(reason) => format!("no   {reason}"),
            };
            write(&mut text, &format!("{:20} {decision}\n", purpose.as_str()));
        }
        text
    }
}

/// What stands for a state that depends on what is not known.
const UNKNOWN: &str = "unknown";

fn write(text: &mut String, more: &str) {
    text.write_str(more).expect("writing to text cannot fail");
}

pub(crate) fn history(args: &HistoryArgs) -> Result<Outcome, Failure> {
    let reader = Reader::open(&args.ledger.ledger)?;
    let mut events = reader.history(args.account)?;
    events.sort_by_key(|event| (event.valid_time, event.known_time));
    if events.is_empty() {
        if reader.is_erased(args.account)? {
            eprintln!(
                "acquaint: the events about account {} were erased",
                args.account
            );
            return Ok(Outcome::Findings);
        }
        return Ok(nothing(args.account));
    }
    print(&if args.json {
        let lines: Vec<String> = events
            .iter()
            .map(|event| event_json(event).to_string())
            .collect();
        lines.join("\n")
    } else {
        history_table(&events)
    })?;
    Ok(Outcome::Done)
}

fn history_table(events: &[Event]) -> String {
    let mut text = format!(
        "{:28} {:28} {:>20}  event\n",
        "happened", "became known", "id"
    );
    for event in events {
        write(
            &mut text,
            &format!(
                "{:28} {:28} {:>20}  {}\n",
                event.valid_time.to_string(),
                event.known_time.to_string(),
                event.event_id.0,
                what(&event.kind)
            ),
        );
    }
    text
}

fn what(kind: &EventKind) -> String {
    let name = kind.as_str();
    match kind {
        EventKind::NoticeServed { policy, digest } => {
            format!(
                "{name} of version {}, text {:.12}…",
                policy.0,
                digest.to_string()
            )
        }
        EventKind::Accept { share: true } => format!("{name}, sharing left on"),
        EventKind::Accept { share: false } => format!("{name}, sharing turned off"),
        EventKind::Grant { purpose, asked } => {
            let how = if *asked { "asked" } else { "unasked" };
            format!("{name} {}, {how}", purpose.as_str())
        }
        EventKind::GrantAds { level, asked } => {
            let how = if *asked { "asked" } else { "unasked" };
            let purpose = Purpose::AdRelevance.as_str();
            format!("{name} {purpose}, {}, {how}", level.as_str())
        }
        EventKind::Withdraw { purpose } => format!("{name} {}", purpose.as_str()),
        _ => name.to_owned(),
    }
}
