//! Spam scores, once for each purpose that needs them, each on what that purpose permits.

use crate::abuse::{
    AccountOnDevice, AddressBooks, Report, SpamScore, ValidAbuseParams, extract, spam_scores,
};
use crate::consent::{For, Permitted};
use crate::engine::books::reading::Book;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::engine::{Stage, Staged};
use crate::identity::Strangers;
use crate::signals::AbuseReport;

/// Scores, beside what became of accounts and of reports.
pub(in crate::engine) struct Scored {
    pub(in crate::engine) scores: Vec<SpamScore>,
    stages: [Stage; 2],
}

impl Scored {
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
    let features = extract(&accounts.value, &books, &reports.value);
    Scored {
        scores: spam_scores(&features, params),
        stages: [accounts.stage, reports.stage],
    }
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
