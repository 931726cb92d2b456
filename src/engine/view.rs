//! A view: everything one purpose may see, built before anything is counted.

use crate::consent::{Decision, For, Gate, Permitted, Snapshot};
use crate::engine::Stage;
use crate::engine::inputs::Inputs;
use crate::hash::HashMap;
use crate::identity::{Directory, Link, link};
use crate::ids::{AccountId, UserId};

/// What purpose `P` may see: two gates, and what stands behind them.
#[derive(Debug)]
pub(in crate::engine) struct View<P> {
    /// Asked before an upload is matched.
    pub(in crate::engine) accounts: Gate<P, AccountId>,
    /// Asked before a match becomes an edge, and before anybody gets a row.
    pub(in crate::engine) people: Gate<P, UserId>,
    /// Whose a number was when, among permitted accounts.
    pub(in crate::engine) directory: Directory<P>,
    /// Links between permitted accounts and permitted people.
    pub(in crate::engine) links: Vec<Link>,
    /// The person behind a permitted account.
    pub(in crate::engine) person_of: HashMap<AccountId, UserId>,
    /// Permitted people, ascending.
    pub(in crate::engine) users: Vec<Permitted<UserId, P>>,
}

impl<P: For> View<P> {
    /// Builds the view. `everyones_links` rest on all rows: they carry an opt-out from one account of a person
    /// to the others, and nothing else. The view's own links rest on permitted rows alone.
    pub(in crate::engine) fn new(
        inputs: &Inputs,
        snapshot: &Snapshot,
        everyones_links: &[Link],
    ) -> (Self, Vec<Stage>) {
        let accounts = snapshot.accounts::<P>();
        let pairs: Vec<(UserId, AccountId)> = everyones_links.iter().map(|l| (l.user, l.account)).collect();
        let people = snapshot.people::<P>(&pairs);
        let (users, admitted) = admit(inputs, &people);
        let links = permitted_links(inputs, &accounts, &people);
        let directory = permitted_directory(inputs, &accounts);
        let person_of = people_behind(&links);
        (Self { accounts, people, directory, links, person_of, users }, vec![admitted])
    }
}

/// Lets people through the gate, one by one.
fn admit<P: For>(inputs: &Inputs, people: &Gate<P, UserId>) -> (Vec<Permitted<UserId, P>>, Stage) {
    let mut stage = Stage::new(&format!("social accounts → people ({})", P::PURPOSE));
    let mut users = Vec::new();
    for account in &inputs.social {
        match people.permit(account.user_id) {
            Ok(user) => {
                stage.pass(1);
                users.push(user);
            }
            Err(reason) => stage.drop(reason.as_str(), 1),
        }
    }
    users.sort_unstable();
    (users, stage)
}

fn permitted_links<P: For>(
    inputs: &Inputs,
    accounts: &Gate<P, AccountId>,
    people: &Gate<P, UserId>,
) -> Vec<Link> {
    let of_accounts = inputs
        .account_claims()
        .filter(|claim| matches!(accounts.decision(claim.binding.account), Decision::Allowed { .. }));
    let of_people =
        inputs.social_claims().filter(|claim| matches!(people.decision(claim.user), Decision::Allowed { .. }));
    link(of_accounts, of_people, &inputs.business_numbers).links
}

fn permitted_directory<P: For>(inputs: &Inputs, accounts: &Gate<P, AccountId>) -> Directory<P> {
    let bindings = inputs.account_claims().filter_map(|claim| accounts.permit(claim.binding).ok());
    Directory::build(bindings, &inputs.business_numbers)
}

/// The person behind each account. An account whose numbers led to several people is the one's who held on
/// to a number longest; of those, the smallest id's.
fn people_behind(links: &[Link]) -> HashMap<AccountId, UserId> {
    let mut best: HashMap<AccountId, Link> = HashMap::default();
    for &link in links {
        best.entry(link.account).and_modify(|held| *held = later(*held, link)).or_insert(link);
    }
    best.into_iter().map(|(account, link)| (account, link.user)).collect()
}

fn later(a: Link, b: Link) -> Link {
    let until = |link: &Link| (link.interval.until, std::cmp::Reverse(link.user));
    if until(&b) > until(&a) { b } else { a }
}

/// All links, permitted or not: the way an opt-out takes to every account of a person.
pub(in crate::engine) fn everyones_links(inputs: &Inputs) -> (Vec<Link>, Stage) {
    let linking = link(inputs.account_claims(), inputs.social_claims(), &inputs.business_numbers);
    let counts = linking.counts;
    let mut stage = Stage::new("numbers held → links");
    stage.pass(counts.linked);
    stage.drop("unclaimed", counts.unclaimed);
    stage.drop("stale", counts.stale);
    stage.drop("ambiguous", counts.ambiguous);
    stage.drop("contested", counts.contested);
    stage.drop("business_number", counts.business_number);
    (linking.links, stage)
}
