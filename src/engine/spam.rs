//! Spam scores, once for each purpose that needs them, each on what that purpose permits.

use rayon::prelude::*;

use crate::abuse::{
    AbuseModel, AccountOnDevice, AddressBooks, Evidence, Outcome, Report, Signs, SpamScore, Tenure,
    ValidAbuseParams, Verified, extract, gather, spam_scores,
};
use crate::consent::{For, Permitted, Purpose};
use crate::engine::books::reading::Book;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::engine::{Stage, Staged};
use crate::hash::HashSet;
use crate::identity::{Binding, Match, Strangers, on_recycled_numbers};
use crate::ids::AccountId;
use crate::signals::{AbuseReport, MessengerAccount, TrustSeed};
use crate::time::Timestamp;

/// Scores, beside what became of accounts and of reports.
pub(in crate::engine) struct Scored {
    pub(in crate::engine) scores: Vec<SpamScore>,
    stages: [Stage; 2],
}

impl Scored {
    /// The scores alone.
    pub(in crate::engine) fn into_scores(self) -> Vec<SpamScore> {
        self.scores
    }

    /// The scores; the stages join those before them.
    pub(in crate::engine) fn noted(self, stages: &mut Vec<Stage>) -> Vec<SpamScore> {
        stages.extend(self.stages);
        self.scores
    }
}

/// Scores every account of a view. `strangers` counts different numbers that are nobody's account; a purpose that
/// may not count them passes none.
pub(in crate::engine) fn scores<P: For>(
    inputs: &Inputs,
    view: &View<P>,
    book: &Book<P>,
    strangers: &[Strangers],
    params: &ValidAbuseParams,
) -> Scored {
    let accounts = accounts(inputs, view);
    let reports = reports(inputs, view);
    let books = AddressBooks {
        matches: &book.matches,
        unmatched: strangers,
        over_budget: &book.over_budget,
    };
    let scores = match params.model() {
        None => spam_scores(&extract(&accounts.value, &books, &reports.value), params),
        Some(model) => {
            let evidence = evidence_of(inputs, view, books, &accounts.value, &reports.value);
            scored_by::<P>(model, &evidence, params.values().reason_min)
        }
    };
    Scored {
        scores,
        stages: [accounts.stage, reports.stage],
    }
}

/// Scores every account of a view by a trained model, and takes the matches of those it puts in quarantine out of the book: whoever
/// is found learns nothing. None without a model, whose place no weights set by judgement take here.
pub(in crate::engine) fn withhold<P: For>(
    inputs: &Inputs,
    view: &View<P>,
    book: &mut Book<P>,
    params: &ValidAbuseParams,
) -> Option<Withheld> {
    params.model()?;
    let scored = scores(inputs, view, book, &[], params);
    let found = scored.scores.iter();
    let found = found.filter(|one| params.outcome(one) == Outcome::Quarantine);
    let quarantined: HashSet<AccountId> = found.map(|one| one.account).collect();
    let n_before = book.matches.len();
    let is_free = |one: &Permitted<Match, P>| !quarantined.contains(&one.get().from);
    book.matches.retain(is_free);
    let mut stage = Stage::new(&format!("matches → not withheld ({})", P::PURPOSE));
    stage.pass(book.matches.len() as u64);
    stage.drop("quarantined", (n_before - book.matches.len()) as u64);
    Some(Withheld { scored, stage })
}

/// Scores by which matches were withheld, and how many were.
pub(in crate::engine) struct Withheld {
    pub(in crate::engine) scored: Scored,
    pub(in crate::engine) stage: Stage,
}

/// Everything that is known of every account of a view.
pub(in crate::engine) fn evidence<P: For>(
    inputs: &Inputs,
    view: &View<P>,
    book: &Book<P>,
    strangers: &[Strangers],
) -> Vec<Evidence> {
    let (accounts, reports) = (accounts(inputs, view), reports(inputs, view));
    let books = AddressBooks {
        matches: &book.matches,
        unmatched: strangers,
        over_budget: &book.over_budget,
    };
    evidence_of(inputs, view, books, &accounts.value, &reports.value)
}

/// Numbers that are nobody's account are counted for abuse alone; what another purpose scores by has no column of them.
pub(in crate::engine) fn counts_strangers<P: For>() -> bool {
    P::PURPOSE == Purpose::Abuse
}

fn scored_by<P: For>(model: &AbuseModel, evidence: &[Evidence], reason_min: f64) -> Vec<SpamScore> {
    let strangers = counts_strangers::<P>();
    let evidence = evidence.par_iter();
    evidence
        .map(|one| model.scored(one, strangers, reason_min))
        .collect()
}

fn evidence_of<P: For>(
    inputs: &Inputs,
    view: &View<P>,
    books: AddressBooks<'_, P>,
    accounts: &[Permitted<AccountOnDevice, P>],
    reports: &[Permitted<Report, P>],
) -> Vec<Evidence> {
    gather(&Signs {
        accounts,
        tenures: &tenures(inputs, view),
        recycled: &recycled(inputs, view),
        books,
        reports,
        verified: &verified(inputs, view),
        as_of: inputs.until.unwrap_or(Timestamp::MAX),
    })
}

fn tenures<P: For>(inputs: &Inputs, view: &View<P>) -> Vec<Permitted<Tenure, P>> {
    let tenure = |row: &MessengerAccount| Tenure {
        account: row.account_id,
        registered_at: row.registered_at,
        number_since: row.number_since,
    };
    let rows = inputs.accounts.rows().iter();
    rows.filter_map(|row| view.gates.accounts.permit(tenure(row)).ok())
        .collect()
}

fn recycled<P: For>(inputs: &Inputs, view: &View<P>) -> HashSet<AccountId> {
    let claims = inputs.account_claims();
    let bindings = claims.filter_map(|claim| view.gates.accounts.permit(claim.binding).ok());
    on_recycled_numbers(&bindings.collect::<Vec<Permitted<Binding, P>>>())
}

fn verified<P: For>(inputs: &Inputs, view: &View<P>) -> Vec<Permitted<Verified, P>> {
    let seed = |row: &TrustSeed| Verified {
        account: row.account,
        at: row.verified_at,
    };
    let rows = inputs.trust_seeds.iter();
    rows.filter_map(|row| view.gates.accounts.permit(seed(row)).ok())
        .collect()
}

fn accounts<P: For>(inputs: &Inputs, view: &View<P>) -> Staged<Vec<Permitted<AccountOnDevice, P>>> {
    let mut stage = Stage::new(&format!(
        "messenger accounts → spam scores ({})",
        P::PURPOSE
    ));
    let rows = latest_devices(inputs).into_iter();
    let value = stage.keep(rows.map(|seen| view.gates.accounts.permit(seen)));
    Staged { value, stage }
}

/// Every account once, with the device it was seen on under its latest number.
fn latest_devices(inputs: &Inputs) -> Vec<AccountOnDevice> {
    let mut rows: Vec<_> = inputs
        .accounts
        .iter()
        .map(|a| (a.row.account_id, a.row.number_since, a.row.device.device_id))
        .collect();
    rows.sort_unstable();
    let mut latest: Vec<AccountOnDevice> = Vec::with_capacity(rows.len());
    for (account, _, device) in rows {
        match latest.last_mut() {
            Some(last) if last.account == account => last.device = device.or(last.device),
            _ => latest.push(AccountOnDevice { account, device }),
        }
    }
    latest
}

fn reports<P: For>(inputs: &Inputs, view: &View<P>) -> Staged<Vec<Permitted<Report, P>>> {
    let mut stage = Stage::new(&format!("abuse reports → counted ({})", P::PURPOSE));
    let report = |row: &AbuseReport| Report {
        reporter: row.reporter,
        reported: row.reported,
        at: row.at,
    };
    let value = stage.keep(
        inputs
            .reports
            .iter()
            .map(|row| view.gates.accounts.permit(report(row))),
    );
    Staged { value, stage }
}
