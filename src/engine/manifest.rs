//! The manifest of a run.

use crate::engine::Prepared;
use crate::engine::abuse::SpamScores;
use crate::engine::ads::Ads;
use crate::engine::outputs::{AdsPolicy, AsOfTimes, Manifest};
use crate::identity::{self, KeyRing};
use crate::signals::topics_digest;
use crate::suggest::Exposure;

/// What a run says of itself, but for its outputs.
pub(in crate::engine) fn manifest(prepared: &Prepared) -> Manifest {
    let world = &prepared.world;
    let (read, reading) = (&world.inputs.read, world.reading());
    let standing = &world.standing;
    let states = standing.snapshot.state_counts();
    let friends = prepared.friends.as_ref();
    Manifest {
        format: "acquaint-run/1".to_owned(),
        acquaint: env!("CARGO_PKG_VERSION").to_owned(),
        phone_metadata: identity::metadata_version().to_owned(),
        phone_aliases: identity::aliases_digest(),
        as_of: AsOfTimes {
            valid: standing.as_of.valid,
            known: standing.as_of.known,
            published_known: standing.published_known,
            latest: standing.latest,
        },
        parameters: json(world.params.given()),
        ledger: standing.ledger.digest().to_hex().to_string(),
        snapshot: standing.snapshot.digest().to_hex().to_string(),
        log: world.log(),
        inputs: read.files.clone(),
        ignored_columns: read.ignored_columns.clone(),
        outputs: Vec::new(),
        rejections_unlisted: read.n_unlisted,
        rejected_numbers: read.numbers.refused(),
        ambiguous_numbers: read.numbers.ambiguous(),
        consent_states: states
            .into_iter()
            .map(|(state, n)| (state.to_owned(), n))
            .collect(),
        stages: world.stages.clone(),
        rejected: reading.rejected,
        findings: reading.findings,
        graph: json(&friends.map(|friends| &friends.graph_stats)),
        ad_model: json(&prepared.ads.as_ref().map(Ads::summary)),
        friend_model: json(&friends.map(|friends| &friends.ranked_by)),
        exposure: Exposure::default(),
        ads_policy: ads_policy(prepared),
        abuse: prepared.abuse.as_ref().map(SpamScores::outcomes),
        histograms: Vec::new(),
    }
}

fn ads_policy(prepared: &Prepared) -> AdsPolicy {
    let key = prepared.world.params.audience_key.as_deref();
    AdsPolicy {
        topics: topics_digest(),
        audience_key: key.map(KeyRing::name),
        audiences: (prepared.ads.as_ref())
            .map_or_else(Vec::new, |ads| ads.guard.audiences().reports()),
    }
}

fn json(value: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(value).expect("parameters and statistics are structs of numbers and text")
}
