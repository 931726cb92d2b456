//! How well saved numbers foretell friendships: the question the product rests on.
//!
//! Made for the Copenhagen Networks Study, where the same people's calls, text messages and friendships on the
//! social network are known (Sapiezynski, Stopczynski, Lassen and Lehmann, "Interaction data from the Copenhagen
//! Networks Study", 2019). Whoever called or wrote to somebody has them in their address book.
//!
//! Three experiments, each with the suggestions a person would get (Adamic–Adar, 10 of them, one
//! intermediary is enough, and so is a number that only one side saved):
//! - `contacts_only`: no friendship is known, all are to be found;
//! - `friends_and_contacts`: one friendship in ten is hidden, as in
//!   [`evaluate_edges`](super::evaluate_edges), and to be found from the others and all contacts;
//! - `friends_only`: the same without contacts, to compare with.
//!
//! Recall at 10 is hits summed over people, divided by the sum of min(10, friendships to be found of that
//! person). Every experiment is ranked in three ways: see [`ContactRanking`].

use std::cmp::Reverse;

use serde::Serialize;

use super::friends::{SIMPLE, by_rank, ids, is_held_out};
use crate::graph::Csr;
use crate::score::{ONE, Score};
use crate::suggest::{
    Direct, Exclusions, ForOne as _, Plain, Scorer, SuggestParams, Suggestion, Tier,
};

/// Recall at 10 under three ways to rank contacts among people with mutual friends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ContactRanking {
    /// As suggestions are ranked: mutual contacts, then own uploads, then everybody else.
    pub tiers: f64,
    /// A contact scores 1 more, a mutual contact 2 more.
    pub bonus: f64,
    /// Contacts are candidates and nothing else.
    pub score_only: f64,
}

/// How well saved numbers foretell friendships.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ContactsEvaluation {
    /// How many ids have a contact or a friendship.
    pub nodes: usize,
    /// How many contacts there are, directed.
    pub contacts: usize,
    /// How many friendships there are.
    pub friendships: usize,
    /// How many friendships were hidden in the experiments with friends.
    pub held_out: usize,
    /// No friendship is known.
    pub contacts_only: ContactRanking,
    /// One friendship in ten is hidden.
    pub friends_and_contacts: ContactRanking,
    /// One friendship in ten is hidden, and no contact is known.
    pub friends_only: ContactRanking,
}

/// Evaluates contacts as a source of suggestions.
///
/// `contacts` are directed pairs, from who saved to whose number it is; `friendships` are undirected. Both
/// without loops and repeats, as [`EdgeList`](super::EdgeList) gives them. Recall is 0 if nothing is to be found.
///
/// # Complexity
/// O(two-paths) time in the caller's rayon pool for each of three experiments.
#[must_use]
pub fn evaluate_contacts(
    contacts: &[(u64, u64)],
    friendships: &[(u64, u64)],
) -> ContactsEvaluation {
    let ids = ids(&[contacts, friendships].concat());
    let (held_out, known): (Vec<_>, Vec<_>) = friendships
        .iter()
        .partition(|&&(a, b)| is_held_out(a.min(b), a.max(b), 10));
    let nodes = |pairs: &[(u64, u64)]| by_rank(&ids, pairs);
    let (saved, known, hidden) = (nodes(contacts), nodes(&known), nodes(&held_out));
    let recall = |friends: &[_], contacts: &[_], wanted: &[_]| {
        recall_at_10(
            &Plain::new(ids.len(), friends, contacts),
            &Csr::from_undirected(ids.len(), wanted.to_vec()).expect(SIMPLE),
        )
    };
    ContactsEvaluation {
        nodes: ids.len(),
        contacts: contacts.len(),
        friendships: friendships.len(),
        held_out: held_out.len(),
        contacts_only: recall(&[], &saved, &nodes(friendships)),
        friends_and_contacts: recall(&known, &saved, &hidden),
        friends_only: recall(&known, &[], &hidden),
    }
}

fn recall_at_10(plain: &Plain, wanted: &Csr) -> ContactRanking {
    let params = SuggestParams::default()
        .min_intermediaries(1)
        .direct(Direct::Own);
    let params = params.check().expect("one intermediary is in range");
    let exclusions = Exclusions::none();
    let scorer = Scorer::without_spam(plain.view(), &exclusions, &params);
    let mut scratch = scorer.scratch();
    let (mut hits, mut possible) = ([0_u64; 3], 0);
    for (u, _) in (0..).zip(0..wanted.n_nodes()) {
        let wanted = wanted.row(u);
        possible += wanted.len().min(10) as u64;
        let all = scorer
            .list(&mut scratch, u, scorer.k_max())
            .list
            .suggestions;
        hits[0] += n_hits(all, wanted, |s| (Reverse(s.tier), s.score));
        hits[1] += n_hits(all, wanted, |s| (Reverse(Tier::TwoPath), with_bonus(s)));
        hits[2] += n_hits(all, wanted, |s| (Reverse(Tier::TwoPath), s.score));
    }
    let [tiers, bonus, score_only] = hits.map(|n| n as f64 / u64::max(possible, 1) as f64);
    ContactRanking {
        tiers,
        bonus,
        score_only,
    }
}

fn with_bonus(suggestion: &Suggestion) -> Score {
    let bonus = match suggestion.tier {
        Tier::MutualContact => 2 * ONE,
        Tier::OwnUpload => ONE,
        _ => 0,
    };
    Score::from_bits(suggestion.score.bits() + bonus)
}

fn n_hits(
    all: &[Suggestion],
    wanted: &[u32],
    rank: impl Fn(&Suggestion) -> (Reverse<Tier>, Score),
) -> u64 {
    let mut order: Vec<_> = all
        .iter()
        .map(|s| (Reverse(rank(s)), s.candidate))
        .collect();
    order.sort_unstable();
    let first = order.iter().take(10);
    first
        .filter(|(_, v)| wanted.binary_search(v).is_ok())
        .count() as u64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::read_edges;
    use super::*;

    #[test]
    fn a_contact_finds_a_friendship_without_any_mutual_friend() {
        let evaluation = evaluate_contacts(&[(1, 2), (2, 1), (3, 4)], &[(1, 2), (3, 4)]);
        assert_eq!((evaluation.nodes, evaluation.contacts), (4, 3));
        // 1, 2 and 3 find their friend; 4 must not learn that 3 saved their number.
        assert_eq!(evaluation.contacts_only.tiers, 0.75);
        assert_eq!(evaluation.friends_only, ContactRanking::default());
    }

    #[test]
    fn golden_copenhagen() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets/copenhagen");
        if !dir.exists() {
            eprintln!("skipped: {} not there", dir.display());
            return;
        }
        let read = |name| read_edges(&dir.join(name)).unwrap();
        let logs = [read("calls.csv.gz"), read("sms.csv.gz")];
        let mut contacts: Vec<_> = logs.iter().flat_map(|log| log.directed().pairs).collect();
        contacts.sort_unstable();
        contacts.dedup();
        let friendships = read("fb_friends.csv.gz").undirected().pairs;
        let found = evaluate_contacts(&contacts, &friendships);
        assert_eq!((found.nodes, found.contacts), (833, 1556));
        assert_eq!((found.friendships, found.held_out), (6418, 699));
        let digits = |r: ContactRanking| {
            [r.tiers, r.bonus, r.score_only].map(|recall| format!("{recall:.4}"))
        };
        assert_eq!(digits(found.contacts_only), ["0.2675", "0.2674", "0.2365"]);
        let with_friends = digits(found.friends_and_contacts);
        assert_eq!(with_friends, ["0.5462", "0.5470", "0.5247"]);
        // The published baseline of the same split.
        assert_eq!(digits(found.friends_only), ["0.5183"; 3]);
    }
}
