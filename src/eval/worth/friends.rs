//! What contacts are worth for suggestions.

use super::Worth;
use super::arms::{Arm, Better, OfPerson, sources};
use super::left::{self, Stay, stays};
use crate::eval::friends::{SIMPLE, by_rank, ids, is_held_out};
use crate::eval::ranking::metrics::Worth as Ranked;
use crate::graph::Csr;
use crate::hash::HashSet;
use crate::suggest::{
    Direct, Exclusions, ForOne as _, Plain, Scorer, SuggestParams, ValidSuggestParams,
};

/// One friendship in so many is hidden.
const ONE_IN: u64 = 10;
/// Suggestions that are looked at.
const K: usize = 10;

/// Who is known to know whom.
#[derive(Clone, Copy, Debug)]
pub struct FriendsKnown<'a> {
    /// Friendships, the smaller id first, each once.
    pub friendships: &'a [(u64, u64)],
    /// Who saved whose number, from who saved, each once.
    pub contacts: &'a [(u64, u64)],
}

/// What contacts are worth for suggestions; nothing where no friendship is hidden.
///
/// # Complexity
/// O(two-paths) for each of three arms and each share of opt-outs.
#[must_use]
pub fn friends_worth(known: FriendsKnown<'_>) -> Worth {
    let ids = ids(&[known.friendships, known.contacts].concat());
    let hidden: Vec<(u64, u64)> = known
        .friendships
        .iter()
        .copied()
        .filter(|&(a, b)| is_held_out(a, b, ONE_IN))
        .collect();
    let world = World { ids: &ids, known };
    let all = |_: u64| true;
    let arms: Vec<Arm> = [Contacts::None, Contacts::Mutual, Contacts::All]
        .into_iter()
        .map(|contacts| world.arm(contacts, &hidden, &all))
        .collect();
    let people = arms[0].people.len() as u64;
    let stay = world.left();
    Worth {
        measured: "MAP@10",
        people,
        sources: sources(&arms, Better::Greater),
        people_who_stay: stay.people,
        left: stay.left,
    }
}

/// Which contacts suggestions are made from.
#[derive(Clone, Copy, Debug)]
enum Contacts {
    None,
    Mutual,
    All,
}

impl Contacts {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "friendships",
            Self::Mutual => "+ mutual contacts",
            Self::All => "+ own uploads",
        }
    }
}

struct World<'a> {
    ids: &'a [u64],
    known: FriendsKnown<'a>,
}

impl World<'_> {
    /// Everybody's average precision who has a hidden friendship, of people who are in.
    fn arm(&self, which: Contacts, hidden: &[(u64, u64)], is_in: &dyn Fn(u64) -> bool) -> Arm {
        let hides: HashSet<(u64, u64)> = hidden.iter().copied().collect();
        let both_in = |&&(a, b): &&(u64, u64)| is_in(a) && is_in(b);
        let known = self.known.friendships.iter().filter(both_in);
        let known: Vec<_> = known
            .copied()
            .filter(|pair| !hides.contains(pair))
            .collect();
        let contacts: Vec<_> = self
            .contacts(which)
            .iter()
            .filter(both_in)
            .copied()
            .collect();
        let nodes = |pairs: &[(u64, u64)]| by_rank(self.ids, pairs);
        let plain = Plain::new(self.ids.len(), &nodes(&known), &nodes(&contacts));
        let hidden = Csr::from_undirected(self.ids.len(), nodes(hidden)).expect(SIMPLE);
        Arm {
            source: which.as_str().to_owned(),
            auc: None,
            people: self.precisions(&plain, &hidden),
        }
    }

    fn contacts(&self, which: Contacts) -> Vec<(u64, u64)> {
        let all = self.known.contacts;
        match which {
            Contacts::None => Vec::new(),
            Contacts::All => all.to_vec(),
            Contacts::Mutual => {
                let saved: HashSet<(u64, u64)> = all.iter().copied().collect();
                let mutual = all.iter().filter(|&&(a, b)| saved.contains(&(b, a)));
                mutual.copied().collect()
            }
        }
    }

    fn precisions(&self, plain: &Plain, hidden: &Csr) -> Vec<OfPerson> {
        let params = params();
        let exclusions = Exclusions::none();
        let scorer = Scorer::without_spam(plain.view(), &exclusions, &params);
        let mut scratch = scorer.scratch();
        let asked = hidden.nodes().filter(|&node| hidden.degree(node) > 0);
        let mut people = Vec::new();
        for node in asked {
            let list = scorer.list(&mut scratch, node, K).list.suggestions;
            let list: Vec<u32> = list.iter().map(|one| one.candidate).collect();
            people.push(OfPerson {
                person: self.ids[node as usize],
                sum: Ranked::of(&list, hidden.row(node), K).average_precision,
                weight: 1.0,
            });
        }
        people
    }

    /// Those who stay are asked about the friendships among them, all of which are hidden.
    fn left(&self) -> Stay {
        let among = |&&(a, b): &&(u64, u64)| stays(a) && stays(b);
        let hidden: Vec<_> = self
            .known
            .friendships
            .iter()
            .filter(among)
            .copied()
            .collect();
        let mut people = 0;
        let figures = left::by_share(|is_in| {
            let arm = self.arm(Contacts::All, &hidden, is_in);
            people = arm.people.len() as u64;
            arm.figure()
        });
        Stay {
            left: figures,
            people,
        }
    }
}

fn params() -> ValidSuggestParams {
    let params = SuggestParams::default().min_intermediaries(1);
    let params = params.direct(Direct::Own);
    params.check().expect("one intermediary is in range")
}
