//! What contacts are worth for suggestions.

use super::Worth;
use super::arms::{Arm, Better, OfPerson, sources};
use super::left::{self, Stay, stays};
use crate::consent::{FriendSuggestions, Permitted};
use crate::eval::friends::{SIMPLE, by_rank, ids, is_held_out};
use crate::eval::ranking::metrics::Worth as Ranked;
use crate::graph::{Beside, Csr, Dealing, Dealings};
use crate::hash::HashSet;
use crate::ids::UserId;
use crate::suggest::{
    Direct, Exclusions, ForOne, Plain, Provenance, Ranker, RankerParams, RankerSignals, Scorer,
    Source, SuggestParams, ValidSuggestParams, train_on,
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
    /// Calls and groups that they share.
    pub dealings: &'a [Permitted<Dealings, FriendSuggestions>],
}

/// What contacts are worth for suggestions; nothing where no friendship is hidden.
///
/// # Complexity
/// O(two-paths) for each of three arms and each share of opt-outs; where there are calls or groups, the training of two or three
/// learned orders.
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
    let mut arms: Vec<Arm> = [Contacts::None, Contacts::Mutual, Contacts::All]
        .into_iter()
        .map(|contacts| world.arm(contacts, &hidden, &all))
        .collect();
    arms.extend(world.learned(&hidden));
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
        let plain = self.plain(which, hidden, is_in);
        let (params, exclusions) = (params(), Exclusions::none());
        let scorer = Scorer::without_spam(plain.view(), &exclusions, &params);
        Arm {
            source: which.as_str().to_owned(),
            auc: None,
            people: self.precisions_of(&scorer, hidden),
        }
    }

    /// What is known without hidden friendships, of people who are in.
    fn plain(&self, which: Contacts, hidden: &[(u64, u64)], is_in: &dyn Fn(u64) -> bool) -> Plain {
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
        Plain::new(self.ids.len(), &nodes(&known), &nodes(&contacts))
    }

    /// What calls and groups add to a learned order, since the score of common friends does not know them; nothing where there are
    /// none, or too little to learn from.
    fn learned(&self, hidden: &[(u64, u64)]) -> Vec<Arm> {
        let is_call = |one: &Dealings| matches!(one.what, Dealing::Calls(_));
        let is_group = |one: &Dealings| !is_call(one);
        let has = |is: &dyn Fn(&Dealings) -> bool| {
            let mut dealings = self.known.dealings.iter().map(Permitted::get);
            dealings.any(is)
        };
        let mut signals = RankerSignals::none();
        let mut steps = vec![("= in a learned order", signals)];
        signals.calls = has(&is_call);
        steps.extend(signals.calls.then_some(("+ calls and texts", signals)));
        signals.groups = has(&is_group);
        steps.extend(signals.groups.then_some(("+ shared groups", signals)));
        if steps.len() == 1 {
            return Vec::new();
        }
        let plain = self.plain(Contacts::All, hidden, &|_| true);
        let plain = plain.with_beside(self.beside());
        let arm = |(source, signals)| self.learned_arm(source, signals, &plain, hidden);
        let arms: Option<Vec<Arm>> = steps.into_iter().map(arm).collect();
        arms.unwrap_or_default()
    }

    fn learned_arm(
        &self,
        source: &str,
        signals: RankerSignals,
        plain: &Plain,
        hidden: &[(u64, u64)],
    ) -> Option<Arm> {
        let (params, exclusions) = (params(), Exclusions::none());
        let ranker = RankerParams::default().with_signals(signals);
        let ranker = ranker.check().expect("defaults are in range");
        let source_of = Source {
            view: plain.view(),
            times: &[],
            id: &|node| self.ids[node as usize],
            exclusions: &exclusions,
        };
        let model = train_on(source_of, &params, &ranker, Provenance::default()).ok()?;
        let ranker = Ranker::over(plain.view(), &[], &exclusions, &params, &model);
        Some(Arm {
            source: source.to_owned(),
            auc: None,
            people: self.precisions_of(&ranker, hidden),
        })
    }

    /// What people share besides ties, by node.
    fn beside(&self) -> Beside {
        let node = |user: UserId| {
            let found = self.ids.binary_search(&user.0).ok()?;
            u32::try_from(found).ok()
        };
        let dealings = self.known.dealings.iter().map(Permitted::get);
        let of_nodes = dealings.filter_map(|one| Some((node(one.a)?, node(one.b)?, one.what)));
        Beside::of_nodes(Vec::new(), of_nodes)
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

    fn precisions_of(&self, order: &impl ForOne, hidden: &[(u64, u64)]) -> Vec<OfPerson> {
        let hidden = by_rank(self.ids, hidden);
        let hidden = Csr::from_undirected(self.ids.len(), hidden).expect(SIMPLE);
        let mut scratch = order.scratch();
        let asked = hidden.nodes().filter(|&node| hidden.degree(node) > 0);
        let mut people = Vec::new();
        for node in asked {
            let list = order.list(&mut scratch, node, K).list.suggestions;
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
