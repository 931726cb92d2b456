//! What people said since publication, and what it takes from published rows.
//!
//! Who is kept apart, which ties have ended and who took an opt-in back is asked of what the run asks: its gates, its graph,
//! its [`Apart`](crate::suggest::Apart) and its rules. Gates and graph are those of the publication but for one thing: what
//! people said up to now counts.

use std::collections::BTreeSet;

use crate::business::{self, BusinessGates, ReachReason, ValidBusinessParams};
use crate::consent::{AsOf, BusinessMarketing, BusinessService, FriendSuggestions, Gate, Purpose};
use crate::engine::books::reading::{Matcher, Reader, read_address_book};
use crate::engine::business::{BusinessSpam, Regions, ruling, signals};
use crate::engine::friends::ties::Tied;
use crate::engine::outputs::{InputDigest, Manifest};
use crate::engine::recall::{RecallReason, RecallRequest};
use crate::engine::world::World;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::standing::Standing;
use crate::engine::{EngineError, Progress, ValidRunParams};
use crate::graph::Graph;
use crate::hash::{HashMap, HashSet};
use crate::ids::{AccountId, AdId, AdvertiserId, BusinessId, UserId};
use crate::signals::{Hidden, Table};
use crate::suggest::Exclusions;
use crate::time::Timestamp;

/// The tables that make no tie between people and end none.
const NOT_OF_TIES: [Table; 12] = [
    Table::AddressBook,
    Table::ConsentEvents,
    Table::PolicyVersions,
    Table::Overlays,
    Table::Ads,
    Table::AudienceMembers,
    Table::AdFeedback,
    Table::Impressions,
    Table::AdTruth,
    Table::BusinessThreads,
    Table::BusinessOptIns,
    Table::BusinessEvents,
];

/// Do the tables that make ties between people or end them hold anything else than the run read? An address book can only
/// add ties, so it is not looked at.
pub(super) fn ties_may_differ(published: &[InputDigest], now: &[InputDigest]) -> bool {
    let of_ties = |files: &[InputDigest]| -> BTreeSet<String> {
        let files = files.iter().filter(|file| may_be_of_ties(&file.file));
        files.map(|file| file.blake3.clone()).collect()
    };
    of_ties(published) != of_ties(now)
}

/// A file that belongs to nobody knows which table counts.
fn may_be_of_ties(file: &str) -> bool {
    !NOT_OF_TIES
        .iter()
        .any(|table| file.starts_with(table.name()))
}

/// Who is tied to whom and who is kept apart, by what people said up to now.
pub(super) struct Ties {
    graph: Graph<FriendSuggestions>,
    exclusions: Exclusions,
}

impl Ties {
    /// Reads the tables once more; no row is believed to be from after `latest`.
    ///
    /// # Complexity
    /// That of a run up to its graph.
    pub(super) fn read(
        request: &RecallRequest<'_>,
        params: &ValidRunParams,
        manifest: &Manifest,
        latest: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let dir = params.open(request.signals)?;
        let mut inputs = Inputs::read(&dir, request.ledger.into(), latest, progress)?;
        let published = manifest.as_of;
        let until = request.known_at.unwrap_or(Timestamp::MAX);
        inputs.forget_but_for_what_was_said(published.valid, published.valid.max(until));
        inputs.read_numbers()?;
        let as_of = AsOf {
            valid: published.valid,
            known: published.known,
        };
        let known = Some(published.published_known);
        let standing = Standing::new(&mut inputs, as_of, known, params);
        let mut world = World::new(params.clone(), inputs, standing);
        let view = world.view().value;
        let mut matcher = Matcher::new(&world.inputs, &view, params.identity.budget());
        let World {
            inputs, standing, ..
        } = &mut world;
        let (budget, readers) = (
            params.identity.budget(),
            &mut [&mut matcher as &mut dyn Reader],
        );
        read_address_book(&dir, inputs, standing, budget, readers, progress)?;
        let mut book = matcher.finish().value;
        let Tied { graph, exclusions } = Tied::new(&mut world, &view, &mut book, progress)?;
        Ok(Self { graph, exclusions })
    }

    /// Why a suggestion does not stand that counted so many ties of both; somebody who is no longer there is the gate's to
    /// deny.
    pub(super) fn reason(
        &self,
        user: UserId,
        candidate: UserId,
        n_counted: u64,
    ) -> Option<RecallReason> {
        let (u, v) = self.graph.node(user).zip(self.graph.node(candidate))?;
        let apart = self.exclusions.between(u, v).map(RecallReason::KeptApart);
        apart.or_else(|| (self.n_mutual(u, v) < n_counted).then_some(RecallReason::TieEnded))
    }

    fn n_mutual(&self, u: u32, v: u32) -> u64 {
        let rows = (self.graph.ties().row(u), self.graph.ties().row(v));
        let (few, more) = if rows.0.len() < rows.1.len() {
            rows
        } else {
            (rows.1, rows.0)
        };
        few.iter().filter(|z| more.binary_search(z).is_ok()).count() as u64
    }
}

/// What people hid of ads, by what they said up to now; of an ad that is no longer in its table as well.
pub(super) struct HiddenAds {
    hidden: HashSet<(UserId, Hidden)>,
    advertiser_of: HashMap<AdId, AdvertiserId>,
}

impl HiddenAds {
    pub(super) fn of(inputs: &Inputs) -> Self {
        let said = inputs.ad_feedback.iter();
        let ads = inputs.ads.iter();
        Self {
            hidden: said.map(|row| (row.user_id, row.hidden)).collect(),
            advertiser_of: ads.map(|ad| (ad.ad_id, ad.advertiser_id)).collect(),
        }
    }

    pub(super) fn reason(&self, user: UserId, ad: AdId) -> Option<RecallReason> {
        let hides = |hidden| self.hidden.contains(&(user, hidden));
        let advertiser = self.advertiser_of.get(&ad);
        if hides(Hidden::Ad(ad)) {
            Some(RecallReason::HiddenAd)
        } else if advertiser.is_some_and(|id| hides(Hidden::Advertiser(*id))) {
            Some(RecallReason::HiddenAdvertiser)
        } else {
            None
        }
    }
}

/// Who took back what they had asked a business for, by now.
pub(super) fn withdrawn(
    inputs: &Inputs,
    service: &Gate<BusinessService, AccountId>,
    marketing: &Gate<BusinessMarketing, AccountId>,
    now: Timestamp,
    params: &ValidBusinessParams,
) -> HashSet<(AccountId, BusinessId)> {
    let (no_scores, regions) = (BusinessSpam::default(), Regions::of(inputs));
    let signals = signals(inputs, &no_scores, &regions);
    let gates = BusinessGates { service, marketing };
    let reach = business::reach(&signals, gates, ruling(params, now));
    let is_no = |reason: ReachReason| {
        matches!(
            reason,
            ReachReason::OptInWithdrawn | ReachReason::Stopped | ReachReason::Blocked
        )
    };
    let rows = reach.rows.into_iter();
    rows.filter(|row| row.marketing.reasons().any(is_no))
        .map(|row| (row.account, row.business))
        .collect()
}

/// Who says no to which business, by purpose.
pub(super) struct Refused {
    service: HashSet<(AccountId, BusinessId)>,
    marketing: HashSet<(AccountId, BusinessId)>,
}

impl Refused {
    pub(super) fn of(inputs: &Inputs, now: Timestamp) -> Self {
        let (no_scores, no_regions) = (BusinessSpam::default(), Regions::default());
        let signals = signals(inputs, &no_scores, &no_regions);
        Self {
            service: business::refusals::<BusinessService>(&signals, now),
            marketing: business::refusals::<BusinessMarketing>(&signals, now),
        }
    }

    pub(super) fn reason(
        &self,
        purpose: Option<Purpose>,
        account: AccountId,
        business: BusinessId,
    ) -> Option<RecallReason> {
        let refused = match purpose? {
            Purpose::BusinessMarketing => &self.marketing,
            _ => &self.service,
        };
        let is_refused = refused.contains(&(account, business));
        is_refused.then_some(RecallReason::BusinessRefused)
    }
}
