//! Numbers that somebody else gave as well: former holders whom the messenger never knew, and people who share a number.
//!
//! A *former holder* had a number before its present holder registered with it, and gave it to the social network then. A
//! *sharer* gave the number of somebody who was using it with the messenger, as families do; some are on the same phone
//! too. Both are people without a messenger account, and their claims are wrong whatever the dates say.

use rand::seq::SliceRandom;

use super::accounts::Accounts;
use super::calendar::AS_OF;
use super::draw::{Stream, Topic, between, chance, stream, whole};
use super::numbers::Number;
use super::params::ValidSynthParams;
use super::profiles::{OPENED, region};
use crate::signals::{DeviceFacts, PhonePurpose, RawPhone, SocialAccount};
use crate::time::Timestamp;

/// A person's social account, and the number they gave.
pub(super) struct Profile {
    /// Position among the people.
    pub(super) person: u32,
    pub(super) number: Option<Number>,
    pub(super) account: SocialAccount,
}

/// A number that its holder gave as a way to be found.
struct Target {
    number: Number,
    since: Timestamp,
    device: DeviceFacts,
}

/// Lets others give numbers too, as often as the parameters say. What nobody else gives stays as it was.
pub(super) fn add_claims(params: &ValidSynthParams, accounts: &Accounts, profiles: &mut [Profile]) {
    let mut rng = stream(params.seed(), Topic::Claimants);
    let mut targets = targets(params.seed(), accounts, profiles);
    targets.shuffle(&mut rng);
    let mut claimants: Vec<usize> = (0..profiles.len())
        .filter(|&i| accounts.of(profiles[i].person).len() == 0)
        .collect();
    claimants.shuffle(&mut rng);
    let of_all = |share: f64| whole((targets.len() as f64 * share).round());
    let (n_former, n_sharing) = (of_all(params.former_share()), of_all(params.shared_share()));
    let claims = claimants.into_iter().zip(&targets).enumerate();
    for (n, (claimant, target)) in claims.take(n_former + n_sharing) {
        let account = &mut profiles[claimant].account;
        if n < n_former {
            give_before(target, account, &mut rng);
        } else {
            let on_one_phone = chance(&mut rng, params.one_phone_share());
            give_as_well(target, account, on_one_phone, &mut rng);
        }
    }
}

/// Numbers that are still their first holder's, who gave them as a way to be found.
fn targets(seed: u64, accounts: &Accounts, profiles: &[Profile]) -> Vec<Target> {
    let target = |profile: &Profile| {
        let number = profile.number?;
        let is_contact = profile.account.phone_given_for == PhonePurpose::Contact;
        accounts.of(profile.person).find_map(|account| {
            let mut held = account.bindings();
            let (_, since, _) = held.find(|&(held, _, until)| held == number && until.is_none())?;
            let is_first = is_contact && !account.is_recycled;
            is_first.then(|| Target {
                number,
                since,
                device: account.device.facts(seed),
            })
        })
    };
    profiles.iter().filter_map(target).collect()
}

fn give_before(target: &Target, account: &mut SocialAccount, rng: &mut Stream) {
    let at = between(rng, OPENED, target.since);
    account.created_at = account.created_at.min(at);
    give(target, at, account);
}

fn give_as_well(
    target: &Target,
    account: &mut SocialAccount,
    on_one_phone: bool,
    rng: &mut Stream,
) {
    let at = between(rng, target.since.max(account.created_at), AS_OF);
    if on_one_phone {
        account.device = target.device.clone();
    }
    give(target, at, account);
}

fn give(target: &Target, at: Timestamp, account: &mut SocialAccount) {
    account.phone = Some(RawPhone::new(target.number.international()));
    account.phone_given_for = PhonePurpose::Contact;
    account.phone_since = Some(at);
    account.region = region(target.number.plan);
}
