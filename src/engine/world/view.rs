//! A view: everything one purpose may see, built before anything is counted.

use crate::consent::{Decision, DenialReason, For, Gate, GateId, Permitted, Snapshot};
use crate::engine::world::inputs::Inputs;
use crate::engine::{Stage, Staged};
use crate::hash::{HashMap, HashSet};
use crate::identity::{AccountClaim, Directory, E164, Link, ValidIdentityParams, link, link_ever};
use crate::ids::{AccountId, Owned, UserId};

/// The two gates of a purpose.
#[derive(Debug)]
pub(in crate::engine) struct Gates<P> {
    /// Asked before an upload is matched.
    pub(in crate::engine) accounts: Gate<P, AccountId>,
    /// Asked before a match becomes an edge, and before anybody gets a row.
    pub(in crate::engine) people: Gate<P, UserId>,
    /// Links between accounts and people who pass.
    links: Vec<Link>,
    /// Whoever claims a number that an account has which passes, and refused nothing: the people who pass, and those who
    /// came to no link. Of the latter nothing may be used but that they claim the number.
    pub(in crate::engine) contestants: HashSet<UserId>,
}

impl<P: For> Gates<P> {
    /// The gates of some moments: what does not pass at each of them does not pass.
    ///
    /// `everyones_links` rest on all rows and carry an opt-out from one account of a person to the others. Who is admitted
    /// must rest on nobody who is out: not on a number somebody held in between, and not on the claim of somebody who
    /// refused. So links are made anew between the accounts that pass and the claims of those who did not refuse; from
    /// tables without the others they come out the same.
    ///
    /// They are made once. Somebody who comes to no link does not pass, for nobody knows what they want; but their claim
    /// keeps its place among those that compete for the number. Without it the loser of a contest would win it.
    ///
    /// # Complexity
    /// That of one linking.
    pub(in crate::engine) fn new(
        inputs: &Inputs,
        moments: &[&Snapshot],
        everyones_links: &[Link],
        params: &ValidIdentityParams,
    ) -> Self {
        let lost = &inputs.read.lost;
        let accounts =
            at_each(moments, Snapshot::accounts).without_unreadable(lost.accounts(P::PURPOSE));
        let refusing =
            people_at_each(moments, everyones_links).without_unreadable(lost.users(P::PURPOSE));
        let contestants = contestants(inputs, &accounts, &refusing);
        let mut links = linked(inputs, &accounts, params, &contestants);
        let people = people_at_each(moments, &links);
        links.retain(|link| people.decision(link.user).is_allowed());
        Self {
            accounts,
            people: people.with_denials(&refusing),
            links,
            contestants,
        }
    }

    /// Links between accounts and people who pass, until a view takes them.
    pub(in crate::engine) fn links(&self) -> &[Link] {
        &self.links
    }

    /// Why somebody does not pass; whom no gate knows has no record.
    pub(in crate::engine) fn denial(&self, user: UserId) -> &'static str {
        match self.people.decision(user) {
            Decision::Denied(reason) => reason.as_str(),
            Decision::Allowed { .. } => DenialReason::NoRecord.as_str(),
        }
    }
}

/// One gate from that of each moment; there is at least one.
fn at_each<P: For, Id: GateId>(
    moments: &[&Snapshot],
    gate: impl Fn(&Snapshot) -> Gate<P, Id>,
) -> Gate<P, Id> {
    let (first, others) = moments.split_first().expect("a question names a moment");
    others
        .iter()
        .fold(gate(first), |gates, moment| gates.and(&gate(moment)))
}

fn people_at_each<P: For>(moments: &[&Snapshot], links: &[Link]) -> Gate<P, UserId> {
    let owned = |link: &Link| Owned {
        user: link.user,
        account: link.account,
    };
    let owned: Vec<Owned> = links.iter().map(owned).collect();
    at_each(moments, |moment| moment.people(&owned))
}

/// The account claims of accounts that pass.
fn passing<'i, P: For>(
    inputs: &'i Inputs,
    accounts: &'i Gate<P, AccountId>,
) -> impl Iterator<Item = AccountClaim> + 'i {
    inputs
        .account_claims()
        .filter(|claim| accounts.decision(claim.binding.account).is_allowed())
}

/// Whoever claims a number that an account has which passes, but for those who refused.
fn contestants<P: For>(
    inputs: &Inputs,
    accounts: &Gate<P, AccountId>,
    refusing: &Gate<P, UserId>,
) -> HashSet<UserId> {
    let known = refusing.known().into_iter();
    let refused: HashSet<UserId> = known
        .filter(|&user| !refusing.decision(user).is_allowed())
        .collect();
    let held: HashSet<E164> = passing(inputs, accounts)
        .map(|claim| claim.binding.number)
        .collect();
    inputs
        .social_claims()
        .filter(|claim| !refused.contains(&claim.user) && held.contains(&claim.key.number()))
        .map(|claim| claim.user)
        .collect()
}

/// Links between accounts that pass and whoever claims their numbers.
fn linked<P: For>(
    inputs: &Inputs,
    accounts: &Gate<P, AccountId>,
    params: &ValidIdentityParams,
    contestants: &HashSet<UserId>,
) -> Vec<Link> {
    let claims = inputs
        .social_claims()
        .filter(|claim| contestants.contains(&claim.user));
    let (model, threshold) = (params.model(), params.threshold(P::PURPOSE));
    let business = &inputs.business_numbers;
    link(
        passing(inputs, accounts),
        claims,
        business,
        model,
        threshold,
    )
    .links
}

/// What purpose `P` may see: its gates, and what stands behind them.
#[derive(Debug)]
pub(in crate::engine) struct View<P> {
    /// Asked at every step.
    pub(in crate::engine) gates: Gates<P>,
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
    /// Builds the view, and says who was left out of it.
    pub(in crate::engine) fn new(inputs: &Inputs, mut gates: Gates<P>) -> Staged<Self> {
        let admitted = admit(inputs, &gates.people);
        let links = std::mem::take(&mut gates.links);
        let directory = permitted_directory(inputs, &gates.accounts);
        let person_of = people_behind(&links);
        let value = Self {
            gates,
            directory,
            links,
            person_of,
            users: admitted.value,
        };
        Staged {
            value,
            stage: admitted.stage,
        }
    }

    /// Forgets whose a number was: nothing is looked up any more once the address book is read.
    pub(in crate::engine) fn forget_directory(&mut self) {
        self.directory = Directory::build([], &HashSet::default());
    }
}

/// Lets people through the gate, one by one.
fn admit<P: For>(inputs: &Inputs, people: &Gate<P, UserId>) -> Staged<Vec<Permitted<UserId, P>>> {
    let mut stage = Stage::new(&format!("social accounts → people ({})", P::PURPOSE));
    let decided = inputs
        .social
        .iter()
        .map(|account| people.permit(account.row.user_id));
    let mut users = stage.keep(decided);
    users.sort_unstable_by_key(|user| *user.get());
    Staged {
        value: users,
        stage,
    }
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
///
/// It takes less to carry an opt-out than to use a link for anything else: a lower probability, at any time.
pub(in crate::engine) fn everyones_links(
    inputs: &Inputs,
    params: &ValidIdentityParams,
) -> Staged<Vec<Link>> {
    let linking = link_ever(
        inputs.account_claims(),
        inputs.social_claims(),
        &inputs.business_numbers,
        params.model(),
        params.opt_out_threshold(),
    );
    let counts = linking.counts;
    let mut stage = Stage::new("numbers held → links");
    stage.pass(counts.linked);
    stage.drop("unclaimed", counts.unclaimed);
    stage.drop("stale", counts.stale);
    stage.drop("ambiguous", counts.ambiguous);
    stage.drop("improbable", counts.improbable);
    stage.drop("contested", counts.contested);
    stage.drop("business_number", counts.business_number);
    Staged {
        value: linking.links,
        stage,
    }
}
