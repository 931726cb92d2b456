//! What is shared about people besides their profiles, for ads: the phone behind the linked account, and who their friends are.

use crate::ads::{Hid, SharedFacts, Tie, Usage};
use crate::consent::{AdRelevance, Permitted};
use crate::engine::books::reading::{Book, Matcher, read_address_book};
use crate::engine::world::World;
use crate::engine::world::inputs::Inputs;
use crate::engine::world::view::View;
use crate::engine::{EngineError, Progress, Stage};
use crate::hash::{HashMap, HashSet};
use crate::identity::Match;
use crate::ids::{AccountId, UserId};
use crate::signals::{AdFeedback, FeedbackKind, MessengerAccount, SignalsDir};
use crate::time::Timestamp;

/// What ads may know of everybody; notes what became of accounts and ties.
pub(in crate::engine) fn facts(
    world: &mut World,
    view: &View<AdRelevance>,
    book: &Book<AdRelevance>,
) -> SharedFacts {
    let signals = world.params.ads.signals();
    let mut usage = Vec::new();
    if signals.device || signals.usage {
        let mut stage = Stage::new("linked accounts → usage");
        usage = stage.keep(usages(&world.inputs, view));
        world.stages.push(stage);
    }
    let mut ties = Vec::new();
    if signals.friends {
        let mut stage = Stage::new("friendships and contacts → ties (ads)");
        let found = friendships(&world.inputs).chain(mutual(view, &book.matches));
        ties = stage.keep(found.map(|tie| view.gates.people.permit(tie)));
        world.stages.push(stage);
    }
    let hid = hid(world, view);
    SharedFacts::new(&usage, &ties).with_hid(&hid)
}

/// What people hid, for their friends' ads; nothing if friends are not looked at.
fn hid(world: &World, view: &View<AdRelevance>) -> Vec<Permitted<Hid, AdRelevance>> {
    if !world.params.ads.signals().friends {
        return Vec::new();
    }
    let hid = |row: &AdFeedback| Hid {
        user: row.user_id,
        hidden: row.hidden,
        at: row.at,
    };
    let rows = world.inputs.ad_feedback.iter().map(hid);
    rows.filter_map(|hid| view.gates.people.permit(hid).ok())
        .collect()
}

/// Reads the address book for ads alone; nothing of it if friends are not looked at.
///
/// # Errors
/// If the table cannot be read.
pub(in crate::engine) fn read_book(
    world: &mut World,
    dir: &SignalsDir,
    view: &View<AdRelevance>,
    progress: &dyn Progress,
) -> Result<Book<AdRelevance>, EngineError> {
    if !world.params.ads.signals().friends || world.inputs.ads.is_empty() {
        return Ok(Book::default());
    }
    let budget = world.params.identity.budget();
    let mut matcher = Matcher::new(&world.inputs, view, budget);
    let (inputs, standing) = (&mut world.inputs, &world.standing);
    let readers: &mut [&mut dyn crate::engine::books::reading::Reader] = &mut [&mut matcher];
    read_address_book(dir, inputs, standing, budget, readers, progress)?;
    Ok(matcher.finish().noted(&mut world.stages))
}

/// Of each person the linked account that was seen last, by account where that does not tell them apart.
fn usages<'a>(
    inputs: &'a Inputs,
    view: &'a View<AdRelevance>,
) -> impl Iterator<Item = Result<Permitted<Usage, AdRelevance>, crate::consent::DenialReason>> + 'a
{
    let mut newest: HashMap<AccountId, &MessengerAccount> = HashMap::default();
    for account in inputs.accounts.rows() {
        let held = newest.entry(account.account_id).or_insert(account);
        if (account.last_seen_at, account.number_since) > (held.last_seen_at, held.number_since) {
            *held = account;
        }
    }
    let mut of_user: HashMap<UserId, &MessengerAccount> = HashMap::default();
    for link in &view.links {
        let Some(&account) = newest.get(&link.account) else {
            continue;
        };
        let key = |account: &MessengerAccount| (account.last_seen_at, account.account_id);
        let held = of_user.entry(link.user).or_insert(account);
        if key(account) > key(held) {
            *held = account;
        }
    }
    let users = view.users.iter().map(|user| *user.get());
    users.filter_map(move |user| {
        let account = of_user.get(&user)?;
        Some(view.gates.people.permit(usage(user, account)))
    })
}

fn usage(user: UserId, account: &MessengerAccount) -> Usage {
    Usage {
        user,
        device_type: account.device.device_type.clone(),
        os: account.device.os.clone(),
        os_version: account.device.os_version.clone(),
        app_version: account.app_version.clone(),
        sessions_30d: account.sessions_30d,
        groups: account.groups,
    }
}

/// Friendships that nobody's block or report has ended.
fn friendships(inputs: &Inputs) -> impl Iterator<Item = Tie> + '_ {
    let ended: HashSet<(UserId, UserId)> = inputs
        .feedback
        .iter()
        .filter(|row| matches!(row.kind, FeedbackKind::Block | FeedbackKind::Report))
        .flat_map(|row| [(row.user_id, row.other_id), (row.other_id, row.user_id)])
        .collect();
    let rows = inputs.friendships.iter();
    let standing = rows.filter(move |row| !ended.contains(&(row.user_a, row.user_b)));
    standing.map(|row| Tie {
        a: row.user_a,
        b: row.user_b,
        since: row.since,
    })
}

/// People who have each other's numbers, since the later of the two entries.
fn mutual(
    view: &View<AdRelevance>,
    matches: &[Permitted<Match, AdRelevance>],
) -> impl Iterator<Item = Tie> {
    let mut saved: HashMap<(UserId, UserId), Timestamp> = HashMap::default();
    for one in matches.iter().map(Permitted::get) {
        let person = |account| view.person_of.get(&account).copied();
        if let (Some(from), Some(to)) = (person(one.from), person(one.to)) {
            let first = saved.entry((from, to)).or_insert(one.saved_at);
            *first = one.saved_at.min(*first);
        }
    }
    let mut ties: Vec<Tie> = saved
        .iter()
        .filter(|((a, b), _)| a < b)
        .filter_map(|(&(a, b), &since)| {
            let back = *saved.get(&(b, a))?;
            let since = since.max(back);
            Some(Tie { a, b, since })
        })
        .collect();
    ties.sort_unstable();
    ties.into_iter()
}
