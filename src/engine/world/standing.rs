//! Standing: what the ledger says, at every moment a run asks about.

use crate::consent::{AsOf, Decision, DenialReason, For, Ledger, Purpose, Snapshot};
use crate::engine::world::consent_source::Objections;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::{Gates, View, everyones_links};
use crate::engine::{Stage, Staged, ValidRunParams};
use crate::identity::{E164, Link, ValidIdentityParams};
use crate::time::Timestamp;

/// What the ledger says, at the moment the run speaks of and again as known at publication.
///
/// Whoever is out at either is out of everything: what becomes known before publication leaves no more of a
/// person than what was known all along.
#[derive(Debug)]
pub(in crate::engine) struct Standing {
    pub(in crate::engine) as_of: AsOf,
    pub(in crate::engine) published_known: Timestamp,
    /// The newest moment of any row, if some row is said to be from after the bound.
    pub(in crate::engine) latest: Option<Timestamp>,
    /// When the first and the last of its events happened.
    pub(in crate::engine) events: Option<Span>,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) snapshot: Snapshot,
    at_publication: Snapshot,
    objections: Objections,
    identity: ValidIdentityParams,
    everyones_links: Vec<Link>,
    pub(in crate::engine) of_links: Stage,
}

impl Standing {
    /// Takes the events, policies and orders out of the inputs and asks.
    pub(in crate::engine) fn new(
        inputs: &mut Inputs,
        as_of: AsOf,
        published_known: Option<Timestamp>,
        params: &ValidRunParams,
    ) -> Self {
        let events = inputs.consent.events.iter();
        let newest = events.map(|event| event.known_time).max();
        let published_known = published_known
            .or(newest)
            .map_or(as_of.known, |known| known.max(as_of.known));
        let latest = inputs.read.has_future.then(|| {
            let asked = as_of.valid.max(published_known);
            inputs.newest().map_or(asked, |newest| newest.max(asked))
        });
        let events = span(inputs.consent.events.iter().map(|event| event.valid_time));
        let ledger = inputs.consent.ledger();
        let facts = inputs.facts();
        let published = AsOf {
            valid: as_of.valid.max(published_known),
            known: published_known,
        };
        let everyones_links = everyones_links(inputs, &params.identity);
        let snapshot = ledger.snapshot(as_of, &facts, &params.consent);
        // The signals end at the moment the run speaks of: silence after it says nothing of anybody.
        let at_publication =
            ledger.snapshot_seen_until(published, as_of.valid, &facts, &params.consent);
        Self {
            as_of,
            published_known,
            latest,
            events,
            objections: inputs.consent.objections(&[&snapshot, &at_publication]),
            snapshot,
            at_publication,
            ledger,
            identity: params.identity.clone(),
            everyones_links: everyones_links.value,
            of_links: everyones_links.stage,
        }
    }

    /// What the ledger says as known at publication, by its digest.
    pub(in crate::engine) fn digest_at_publication(&self) -> blake3::Hash {
        self.at_publication.digest()
    }

    /// Has anybody chosen limited ads, as known at either moment?
    pub(in crate::engine) fn has_limited(&self) -> bool {
        let limited = Decision::Denied(DenialReason::LimitedLevel);
        let moments = [&self.snapshot, &self.at_publication];
        let mut statuses = moments.into_iter().flat_map(Snapshot::statuses);
        statuses.any(|status| status.decision(Purpose::AdRelevance) == limited)
    }

    /// Links that rest on all rows, of people who are out too: for denial, and for whoever asks what is held about them.
    pub(in crate::engine) fn everyones_links(&self) -> &[Link] {
        &self.everyones_links
    }

    /// The gates of a purpose.
    pub(in crate::engine) fn gates<P: For>(&self, inputs: &Inputs) -> Gates<P> {
        let moments = [&self.snapshot, &self.at_publication];
        Gates::new(inputs, &moments, &self.everyones_links, &self.identity)
    }

    /// What a purpose may see, and who was left out of it.
    pub(in crate::engine) fn view<P: For>(&self, inputs: &Inputs) -> Staged<View<P>> {
        View::new(inputs, self.gates(inputs))
    }

    /// Is this the number of somebody without an account who objected, as known at either moment?
    pub(in crate::engine) fn objected(&self, number: E164) -> bool {
        self.objections.contains(number)
    }
}

/// The first and the last moment of some events.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Span {
    pub(in crate::engine) first: Timestamp,
    pub(in crate::engine) last: Timestamp,
}

fn span(times: impl Iterator<Item = Timestamp>) -> Option<Span> {
    times.fold(None, |span, at| {
        let Span { first, last } = span.unwrap_or(Span {
            first: at,
            last: at,
        });
        Some(Span {
            first: first.min(at),
            last: last.max(at),
        })
    })
}
