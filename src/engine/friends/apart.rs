//! Who is kept apart in a run: from feedback, from reports of the messenger, and from the devices accounts are on.
//!
//! Only rows about people and accounts that pass the gate speak here: of whoever is out there is no trace, not even that
//! they reported somebody.

use crate::consent::{For, FriendSuggestions, Gate, Permitted};
use crate::engine::Stage;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::{Gates, View};
use crate::hash::HashMap;
use crate::identity::{Link, Match, ValidIdentityParams, link_ever};
use crate::ids::{AccountId, UserId};
use crate::signals::{Feedback, FeedbackKind};
use crate::suggest::{Apart, Exclusion, OnDevice, Said};
use crate::time::Timestamp;

/// What keeps people apart: everything that is asked, in one place for the run, its explanations and whoever asks later.
///
/// `links` say whose account a report is about or by, and which accounts are on which device.
pub(in crate::engine) struct KeptApart<'a> {
    pub(in crate::engine) inputs: &'a Inputs,
    /// Feedback that still holds.
    pub(in crate::engine) feedback: &'a [&'a Feedback],
    /// Whose report it is: it takes less to carry a report than to use a link for anything else.
    pub(in crate::engine) of_reports: &'a [Link],
    pub(in crate::engine) of_devices: &'a [Link],
    pub(in crate::engine) accounts: &'a Gate<FriendSuggestions, AccountId>,
    pub(in crate::engine) people: &'a Gate<FriendSuggestions, UserId>,
}

impl KeptApart<'_> {
    /// Who is kept apart, by user id.
    pub(in crate::engine) fn apart(&self) -> Apart {
        let feedback = self.feedback.iter();
        let feedback = feedback.map(|row| Said {
            by: row.user_id,
            about: row.other_id,
            what: row.kind,
        });
        Apart::of(feedback, self.reports(), self.devices())
    }

    /// The people behind every account that reported another, and behind that one: all of them, if there are several.
    fn reports(&self) -> Vec<(UserId, UserId)> {
        let mut people = people_of(self.of_reports);
        if !self.inputs.reports.is_empty() {
            self.add_whom_devices_name(&mut people);
        }
        let of = |account| people.get(&account).map_or(&[][..], Vec::as_slice);
        let passes = |account| self.accounts.decision(account).is_allowed();
        let rows = self.inputs.reports.iter();
        rows.filter(|row| passes(row.reporter) && passes(row.reported))
            .flat_map(|row| {
                let reporters = of(row.reporter).iter();
                reporters.flat_map(move |&a| of(row.reported).iter().map(move |&b| (a, b)))
            })
            .collect()
    }

    /// Who is behind an account that is linked to nobody: a report about it is about whoever has its device.
    fn add_whom_devices_name(&self, people: &mut HashMap<AccountId, Vec<UserId>>) {
        let mut on_device: HashMap<u32, Vec<UserId>> = HashMap::default();
        for OnDevice { device, who } in self.devices() {
            on_device.entry(device).or_default().push(who);
        }
        let unlinked = self.inputs.devices_of_accounts();
        let unlinked: Vec<_> = unlinked
            .filter(|seen| !people.contains_key(&seen.who))
            .collect();
        for OnDevice { device, who } in unlinked {
            let users = on_device.get(&device).into_iter().flatten();
            people.entry(who).or_default().extend(users);
        }
    }

    /// Every device a person has an account on, that of the network or one of the messenger's.
    fn devices(&self) -> Vec<OnDevice<UserId>> {
        let people = people_of(self.of_devices);
        let of = |account| people.get(&account).map_or(&[][..], Vec::as_slice);
        let passes = |account| self.accounts.decision(account).is_allowed();
        let messenger = self.inputs.devices_of_accounts();
        let messenger = messenger.filter(|seen| passes(seen.who));
        let messenger = messenger.flat_map(|OnDevice { device, who }| {
            let people = of(who).iter();
            people.map(move |&user| OnDevice::new(device, user))
        });
        let social = self.inputs.devices_of_people();
        let social = social.filter(|seen| self.people.decision(seen.who).is_allowed());
        social.chain(messenger).collect()
    }
}

fn people_of(links: &[Link]) -> HashMap<AccountId, Vec<UserId>> {
    let mut people: HashMap<AccountId, Vec<UserId>> = HashMap::default();
    for link in links {
        people.entry(link.account).or_default().push(link.user);
    }
    people
}

/// Everybody who may be behind an account that passes, as an opt-out would follow them; none where nobody asks for them. Whoever
/// came to no link competes for a number here too, so that the loser of a contest does not win this one.
pub(in crate::engine) fn links_of_reports<P: For>(
    inputs: &Inputs,
    gates: &Gates<P>,
    params: &ValidIdentityParams,
) -> Vec<Link> {
    if inputs.reports.is_empty() {
        return Vec::new();
    }
    let accounts = inputs
        .account_claims()
        .filter(|claim| gates.accounts.decision(claim.binding.account).is_allowed());
    let people = inputs
        .social_claims()
        .filter(|claim| gates.contestants.contains(&claim.user));
    let threshold = params.opt_out_threshold();
    link_ever(
        accounts,
        people,
        &inputs.business_numbers,
        params.model(),
        threshold,
    )
    .links
}

/// What people said of others.
pub(in crate::engine) struct SaidOfOthers<'a> {
    /// The rows that still hold.
    pub(in crate::engine) standing: Vec<&'a Feedback>,
    /// How many dismissals are over.
    pub(in crate::engine) n_over: u64,
}

pub(in crate::engine) fn standing_feedback(
    rows: &[Feedback],
    dismiss_days: Option<u32>,
    as_of: Timestamp,
) -> SaidOfOthers<'_> {
    let is_over = |row: &&Feedback| {
        let ends = |days: u32| row.at.plus_days(i64::from(days));
        row.kind == FeedbackKind::Dismiss && dismiss_days.is_some_and(|days| ends(days) <= as_of)
    };
    let (over, standing): (Vec<&Feedback>, Vec<&Feedback>) = rows.iter().partition(is_over);
    SaidOfOthers {
        standing,
        n_over: over.len() as u64,
    }
}

/// Takes matches between people whose tie has ended out of an address book; says why and how many.
///
/// A saved number outlives a block, so the books still hold it: neither a contact nor a number saved back may come of it.
pub(in crate::engine) fn end_matches(
    matches: &mut Vec<Permitted<Match, FriendSuggestions>>,
    view: &View<FriendSuggestions>,
    apart: &Apart,
) -> Stage {
    let mut stage = Stage::new("matches → ties that stand");
    let person = |account| view.person_of.get(&account).copied();
    matches.retain(|one| {
        let (from, to) = (one.get().from, one.get().to);
        let ended = |(a, b)| apart.ended(a, b);
        let why = person(from).zip(person(to)).and_then(ended);
        count(&mut stage, why)
    });
    stage
}

/// Counts a tie as standing or as ended.
pub(in crate::engine) fn count(stage: &mut Stage, ended: Option<Exclusion>) -> bool {
    match ended {
        Some(why) => stage.drop(why.as_str(), 1),
        None => stage.pass(1),
    }
    ended.is_none()
}
