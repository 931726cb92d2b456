//! Audiences: which permitted people an advertiser's customer list stands for.
//!
//! A list is a set of tokens of numbers. Somebody is on it whose number for being found has one of these tokens, and who is
//! linked, for ad relevance and at the moment of the run, to the messenger account that has the number: a number that went
//! to somebody else stands for nobody. Only permitted people have tokens here. A token of somebody who is out, a token of
//! nobody and a token of a number that two people claim look alike, and are counted alike.

use std::collections::BTreeSet;

use crate::ads::ListMember;
use crate::consent::{AdRelevance, Permitted, Purpose};
use crate::engine::Stage;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::hash::HashMap;
use crate::identity::{E164, KeyRing};
use crate::ids::{AudienceId, NumberToken, UserId};
use crate::time::Timestamp;

/// The lists of a run, resolved.
pub(in crate::engine) struct Resolved {
    /// Lists the table has rows of; none without a key.
    pub(in crate::engine) known: BTreeSet<AudienceId>,
    pub(in crate::engine) members: Vec<Permitted<ListMember, AdRelevance>>,
    /// What became of the rows; none if there are none.
    pub(in crate::engine) stage: Option<Stage>,
}

/// Resolves every row of `audience_members`.
///
/// # Complexity
/// O(p + m) time for p people with a number and m rows; one token is made for each person.
pub(in crate::engine) fn resolve(
    inputs: &Inputs,
    view: &View<AdRelevance>,
    key: Option<&KeyRing>,
    as_of: Timestamp,
) -> Resolved {
    let rows = &inputs.audience_members;
    let mut stage = Stage::new("audience members → people");
    let holders = key.map(|key| holders(inputs, view, key, as_of));
    let mut members = Vec::new();
    for row in rows {
        let Some(holders) = &holders else {
            stage.drop("no_key", 1);
            continue;
        };
        let Some(&Some(user)) = holders.get(&row.token) else {
            stage.drop("nobody", 1);
            continue;
        };
        let member = ListMember {
            audience: row.audience_id,
            added_at: row.added_at,
            user,
        };
        let gate = &view.gates.people;
        match gate.permit(member) {
            Ok(member) => members.push(member),
            Err(reason) => stage.drop(reason.as_str(), 1),
        }
    }
    stage.pass(members.len() as u64);
    Resolved {
        known: rows
            .iter()
            .filter(|_| key.is_some())
            .map(|row| row.audience_id)
            .collect(),
        members,
        stage: (!rows.is_empty()).then_some(stage),
    }
}

/// Whose token a token is; none if two people claim its number.
fn holders(
    inputs: &Inputs,
    view: &View<AdRelevance>,
    key: &KeyRing,
    as_of: Timestamp,
) -> HashMap<NumberToken, Option<UserId>> {
    let number_of = inputs.contact_numbers();
    let linked = view
        .links
        .iter()
        .filter(|link| link.interval.contains(as_of))
        .filter_map(|link| Some((link.user, *number_of.get(&link.user)?)));
    let mut claims: Vec<(UserId, E164)> = linked.collect();
    claims.sort_unstable();
    claims.dedup();
    let mut holders: HashMap<NumberToken, Option<UserId>> = HashMap::default();
    for (user, number) in claims {
        let token = key.token(Purpose::AdRelevance, number);
        holders
            .entry(token)
            .and_modify(|holder| *holder = None)
            .or_insert(Some(user));
    }
    holders
}
