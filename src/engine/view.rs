//! A view: everything one purpose may see, built before anything is counted.

use crate::consent::{Decision, DenialReason, For, Gate, Permitted, PurposeSet, Snapshot};
use crate::engine::Stage;
use crate::engine::inputs::Inputs;
use crate::hash::HashMap;
use crate::identity::{Directory, Link, link};
use crate::ids::{AccountId, UserId};

/// The two gates of a purpose.
#[derive(Debug)]
pub(in crate::engine) struct Gates<P> {
    /// Asked before an upload is matched.
    pub(in crate::engine) accounts: Gate<P, AccountId>,
    /// Asked before a match becomes an edge, and before anybody gets a row.
    pub(in crate::engine) people: Gate<P, UserId>,
}

/// What the gates of one moment are made from.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Moment<'a> {
    pub(in crate::engine) inputs: &'a Inputs,
    pub(in crate::engine) snapshot: &'a Snapshot,
    pub(in crate::engine) everyones_links: &'a [Link],
    /// Through the gates of any other purpose nobody passes.
    pub(in crate::engine) purposes: PurposeSet,
}

impl Moment<'_> {
    /// The gates of a purpose.
    ///
    /// `everyones_links` rest on all rows and carry an opt-out from one account of a person to the others. But
    /// somebody who is out must not keep anybody else from being linked, by having held a number in between
    /// or by claiming it too; so links that rest on nobody who is out count as well.
    pub(in crate::engine) fn gates<P: For>(&self) -> Gates<P> {
        let accounts = accounts_gate(self.snapshot, self.purposes);
        if !self.purposes.contains(P::PURPOSE) {
            return Gates {
                accounts,
                people: Gate::closed(),
            };
        }
        let mut pairs: Vec<(UserId, AccountId)> = self.everyones_links.iter().map(pair).collect();
        let refusing = self.snapshot.people::<P>(&pairs);
        let without_them = linked(self.inputs, &accounts, |user| {
            match refusing.decision(user) {
                Decision::Allowed { .. } | Decision::Denied(DenialReason::NoRecord) => true,
                Decision::Denied(_) => false,
            }
        });
        pairs.extend(without_them.iter().map(pair));
        Gates {
            accounts,
            people: self.snapshot.people(&pairs),
        }
    }
}

/// The gate of a purpose for accounts; closed if the purpose is not among those asked about.
pub(in crate::engine) fn accounts_gate<P: For>(
    snapshot: &Snapshot,
    purposes: PurposeSet,
) -> Gate<P, AccountId> {
    if purposes.contains(P::PURPOSE) {
        snapshot.accounts()
    } else {
        Gate::closed()
    }
}

const fn pair(link: &Link) -> (UserId, AccountId) {
    (link.user, link.account)
}

/// Links between accounts that are allowed and people who pass.
fn linked<P: For>(
    inputs: &Inputs,
    accounts: &Gate<P, AccountId>,
    passes: impl Fn(UserId) -> bool,
) -> Vec<Link> {
    let allowed = |account| is_allowed(accounts.decision(account));
    let accounts = inputs
        .account_claims()
        .filter(|claim| allowed(claim.binding.account));
    let people = inputs.social_claims().filter(|claim| passes(claim.user));
    link(accounts, people, &inputs.business_numbers).links
}

const fn is_allowed(decision: Decision) -> bool {
    matches!(decision, Decision::Allowed { .. })
}

/// What purpose `P` may see: its gates, and what stands behind them.
#[derive(Debug)]
pub(in crate::engine) struct View<P> {
    /// Asked at every step.
    pub(in crate::engine) gates: Gates<P>,
    /// Whose a number was when, among permitted accounts.
    pub(in crate::engine) directory: Directory<P>,
    /// Links between permitted accounts and permitted people, and resting on them alone.
    pub(in crate::engine) links: Vec<Link>,
    /// The person behind a permitted account.
    pub(in crate::engine) person_of: HashMap<AccountId, UserId>,
    /// Permitted people, ascending.
    pub(in crate::engine) users: Vec<Permitted<UserId, P>>,
}

impl<P: For> View<P> {
    /// Builds the view, and says who was left out of it.
    pub(in crate::engine) fn new(inputs: &Inputs, gates: Gates<P>) -> (Self, Stage) {
        let (users, admitted) = admit(inputs, &gates.people);
        let links = linked(inputs, &gates.accounts, |user| {
            is_allowed(gates.people.decision(user))
        });
        let directory = permitted_directory(inputs, &gates.accounts);
        let person_of = people_behind(&links);
        (
            Self {
                gates,
                directory,
                links,
                person_of,
                users,
            },
            admitted,
        )
    }
}

/// Lets people through the gate, one by one.
fn admit<P: For>(inputs: &Inputs, people: &Gate<P, UserId>) -> (Vec<Permitted<UserId, P>>, Stage) {
    let mut stage = Stage::new(&format!("social accounts → people ({})", P::PURPOSE));
    let decided = inputs
        .social
        .iter()
        .map(|account| people.permit(account.user_id));
    let mut users = stage.keep(decided);
    users.sort_unstable_by_key(|user| *user.get());
    (users, stage)
}

fn permitted_directory<P: For>(inputs: &Inputs, accounts: &Gate<P, AccountId>) -> Directory<P> {
    let bindings = inputs
        .account_claims()
        .filter_map(|claim| accounts.permit(claim.binding).ok());
    Directory::build(bindings, &inputs.business_numbers)
}

/// The person behind each account. If an account's numbers led to several people, the one whose link lasts
/// longest counts; of those, the one with the smallest id.
fn people_behind(links: &[Link]) -> HashMap<AccountId, UserId> {
    let lasts = |link: &Link| (link.interval.until, std::cmp::Reverse(link.user));
    let mut behind: HashMap<AccountId, Link> = HashMap::default();
    for &link in links {
        let held = behind.entry(link.account).or_insert(link);
        if lasts(&link) > lasts(held) {
            *held = link;
        }
    }
    behind
        .into_iter()
        .map(|(account, link)| (account, link.user))
        .collect()
}

/// All links, permitted or not: the way an opt-out takes to every account of a person.
pub(in crate::engine) fn everyones_links(inputs: &Inputs) -> (Vec<Link>, Stage) {
    let linking = link(
        inputs.account_claims(),
        inputs.social_claims(),
        &inputs.business_numbers,
    );
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
