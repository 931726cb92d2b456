//! Links as rows: which account and which person are one, for every purpose that links people.

use crate::consent::For;
use crate::engine::outputs::LinkRow;
use crate::engine::publishing::keep;
use crate::engine::world::view::View;
use crate::engine::{Prepared, Stage};
use crate::identity::Link;
use crate::time::Timestamp;

/// By purpose, account and person.
pub(in crate::engine) fn link_rows(prepared: &Prepared, stage: &mut Stage) -> Vec<LinkRow> {
    let mut rows = Vec::new();
    if let Some(friends) = &prepared.friends {
        rows.extend(links_for(&friends.view, stage));
    }
    if let Some(ads) = &prepared.ads {
        rows.extend(links_for(&ads.view, stage));
    }
    if let Some(abuse) = &prepared.abuse {
        rows.extend(links_for(&abuse.view, stage));
    }
    rows.sort_unstable();
    rows
}

fn links_for<P: For>(view: &View<P>, stage: &mut Stage) -> Vec<LinkRow> {
    let mut kept = |link: &&Link| {
        keep(
            stage,
            [
                view.gates.accounts.decision(link.account),
                view.gates.people.decision(link.user),
            ],
        )
    };
    view.links
        .iter()
        .filter(|link| kept(link))
        .map(link_row::<P>)
        .collect()
}

fn link_row<P: For>(link: &Link) -> LinkRow {
    let until = link.interval.until;
    LinkRow {
        purpose: P::PURPOSE,
        account: link.account,
        user: link.user,
        from: link.interval.from,
        until: (until != Timestamp::MAX).then_some(until),
        probability: link.probability,
        evidence: link
            .evidence
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}
