//! Who is a stranger: whose numbers may be counted in address books, and whose may not.
//!
//! Whoever is deleted from every table is deleted from other people's address books too. A count of entries must
//! therefore not tell the numbers of people who are out from entries that never were.

use crate::consent::{Abuse, For};
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::hash::HashSet;
use crate::identity::{E164, NumberSet};

/// The numbers that are not a stranger's: of accounts, of people who are out, and of rows that contradict each
/// other.
pub(in crate::engine) fn numbers_of_somebody(inputs: &Inputs, view: &View<Abuse>) -> HashSet<E164> {
    let is_out = |user| !view.gates.people.decision(user).is_allowed();
    let people = inputs.social.iter();
    let out = people
        .filter(|one| is_out(one.row.user_id))
        .filter_map(|one| one.number);
    let accounts = inputs.account_claims().map(|claim| claim.binding.number);
    let lost = inputs.lost_numbers.iter().copied();
    accounts.chain(out).chain(lost).collect()
}

/// The numbers of accounts and people who are out, and of rows that contradict each other, unless an account that
/// passes has the same.
pub(in crate::engine) fn numbers_of_people_out<P: For>(
    inputs: &Inputs,
    view: &View<P>,
) -> NumberSet {
    let passes = |account| view.gates.accounts.decision(account).is_allowed();
    let (mut inside, mut out) = (HashSet::default(), HashSet::default());
    for claim in inputs.account_claims() {
        let of = if passes(claim.binding.account) {
            &mut inside
        } else {
            &mut out
        };
        of.insert(claim.binding.number);
    }
    let people = inputs.social.iter();
    let of_people = people
        .filter(|one| !view.gates.people.decision(one.row.user_id).is_allowed())
        .filter_map(|one| one.number);
    out.extend(of_people);
    out.extend(inputs.lost_numbers.iter().copied());
    out.into_iter()
        .filter(|number| !inside.contains(number))
        .collect()
}
