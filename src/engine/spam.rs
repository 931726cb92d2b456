//! Spam scores, once for each purpose that needs them, each on what that purpose permits.

use crate::abuse::{
    AccountOnDevice, AddressBooks, Report, SpamScore, ValidAbuseParams, extract, spam_scores,
};
use crate::consent::{For, Permitted};
use crate::engine::Stage;
use crate::engine::books::reading::Book;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::ids::{AccountId, DeviceId};
use crate::signals::AbuseReport;

/// Scores every account of a view. `strangers` counts different numbers that are nobody's account; a purpose that
/// may not count them passes none.
pub(in crate::engine) fn scores<P: For>(
    inputs: &Inputs,
    view: &View<P>,
    book: &Book<P>,
    strangers: &[(AccountId, u32)],
    params: &ValidAbuseParams,
) -> (Vec<SpamScore>, Vec<Stage>) {
    let (accounts, of_accounts) = accounts(inputs, view);
    let (reports, of_reports) = reports(inputs, view);
    let books = AddressBooks {
        matches: &book.matches,
        unmatched: strangers,
        over_budget: &book.over_budget,
    };
    let features = extract(&accounts, &books, &reports);
    (
        spam_scores(&features, params),
        vec![of_accounts, of_reports],
    )
}

fn accounts<P: For>(
    inputs: &Inputs,
    view: &View<P>,
) -> (Vec<Permitted<AccountOnDevice, P>>, Stage) {
    let mut stage = Stage::new(&format!(
        "messenger accounts → spam scores ({})",
        P::PURPOSE
    ));
    let rows = latest_devices(inputs).into_iter();
    let accounts = stage.keep(rows.map(|(account, device)| {
        let seen = AccountOnDevice { account, device };
        view.gates.accounts.permit(seen)
    }));
    (accounts, stage)
}

/// Every account once, with the device it was seen on under its latest number.
fn latest_devices(inputs: &Inputs) -> Vec<(AccountId, Option<DeviceId>)> {
    let mut rows: Vec<_> = inputs
        .accounts
        .iter()
        .map(|a| (a.row.account_id, a.row.number_since, a.row.device.device_id))
        .collect();
    rows.sort_unstable();
    let mut latest: Vec<(AccountId, Option<DeviceId>)> = Vec::with_capacity(rows.len());
    for (account, _, device) in rows {
        match latest.last_mut() {
            Some(last) if last.0 == account => last.1 = device.or(last.1),
            _ => latest.push((account, device)),
        }
    }
    latest
}

fn reports<P: For>(inputs: &Inputs, view: &View<P>) -> (Vec<Permitted<Report, P>>, Stage) {
    let mut stage = Stage::new(&format!("abuse reports → counted ({})", P::PURPOSE));
    let report = |row: &AbuseReport| Report {
        reporter: row.reporter,
        reported: row.reported,
        at: row.at,
    };
    let reports = stage.keep(
        inputs
            .reports
            .iter()
            .map(|row| view.gates.accounts.permit(report(row))),
    );
    (reports, stage)
}
