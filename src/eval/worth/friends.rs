//! What contacts are worth for suggestions.

use super::arms::{Arm, Better, OfPerson, sources};
use super::friends_left::friends_left;
use super::left::Share;
use super::{NotMeasured, Worth, WorthError};
use crate::consent::{FriendSuggestions, Permitted};
use crate::eval::friends::{SIMPLE, by_rank, ids, is_held_out};
use crate::eval::ranking::metrics::Worth as Ranked;
use crate::graph::{Beside, Csr, Dealing, Dealings};
use crate::hash::HashSet;
use crate::ids::UserId;
use crate::suggest::{
    Direct, Exclusions, ForOne, Holdout, Plain, Provenance, Ranker, RankerError, RankerParams,
    RankerSignals, Scorer, Source, SuggestParams, ValidRankerParams, ValidSuggestParams, train_on,
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

/// What contacts are worth for suggestions.
///
/// Of `suggest` count `score`, `min_intermediaries` and `direct`; of `ranker`, if there is one, how it is trained, but friendships are hidden
/// by a hash, and whether `calls` and `groups` are looked at. Without a ranker the defaults train one where there are calls or groups.
///
/// # Complexity
/// O(two-paths) for each of three arms and each share of opt-outs; where there is a learned order, the training of up to three.
///
/// # Errors
/// If no friendship is hidden.
pub fn friends_worth(
    known: FriendsKnown<'_>,
    suggest: &ValidSuggestParams,
    ranker: Option<&ValidRankerParams>,
) -> Result<Worth, WorthError> {
    let hidden = hidden(known.friendships)?;
    let world = World {
        ids: &ids(&[known.friendships, known.contacts].concat()),
        known,
        suggest: counted(suggest),
        hidden: &hidden,
    };
    let mut not_measured = Vec::new();
    let mut arms = world.plain_arms(&mut not_measured);
    arms.extend(world.learned(ranker, &mut not_measured));
    let people = arms[0].people.len() as u64;
    let stay = friends_left(&world);
    Ok(Worth {
        measured: "MAP@10",
        more_is_better: true,
        people,
        sources: sources(&arms, Better::Greater),
        not_measured,
        people_who_stay: stay.people,
        left: stay.left,
    })
}

/// One friendship in ten.
fn hidden(friendships: &[(u64, u64)]) -> Result<Vec<(u64, u64)>, WorthError> {
    let is_hidden = |&&(a, b): &&(u64, u64)| is_held_out(a, b, ONE_IN);
    let hidden: Vec<(u64, u64)> = friendships.iter().filter(is_hidden).copied().collect();
    match friendships.len() as u64 {
        0 => Err(WorthError::NoFriendships),
        known if hidden.is_empty() => Err(WorthError::NoneHidden { known }),
        _ => Ok(hidden),
    }
}

/// What of the parameters counts here.
fn counted(given: &ValidSuggestParams) -> ValidSuggestParams {
    let params = SuggestParams::default()
        .score(given.score())
        .min_intermediaries(given.min_intermediaries())
        .direct(given.direct());
    params.check().expect("they were checked before")
}

/// Which contacts suggestions are made from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Contacts {
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

pub(super) struct World<'a> {
    pub(super) ids: &'a [u64],
    known: FriendsKnown<'a>,
    suggest: ValidSuggestParams,
    /// The friendships to be found.
    pub(super) hidden: &'a [(u64, u64)],
}

impl World<'_> {
    /// Friendships, then with contacts, as far as the configuration lets these suggest anybody.
    fn plain_arms(&self, not_measured: &mut Vec<NotMeasured>) -> Vec<Arm> {
        let mut arms = vec![Contacts::None, Contacts::Mutual];
        if self.suggest.direct() == Direct::Own {
            arms.push(Contacts::All);
        } else if self.known.contacts.len() > self.contacts(Contacts::Mutual).len() {
            let direct = self.suggest.direct().as_str();
            not_measured.push(NotMeasured {
                source: "own uploads".to_owned(),
                why: format!(
                    "`[suggest] direct` is \"{direct}\", so that a number that one side alone saved suggests nobody"
                ),
            });
        }
        let arm = |which: Contacts| Arm {
            source: which.as_str().to_owned(),
            auc: None,
            people: self.with_scorer(which, Share::NOBODY, |scorer| self.precisions_of(scorer)),
        };
        arms.into_iter().map(arm).collect()
    }

    /// Hands over who orders suggestions from what is known without hidden friendships, of people who are in.
    pub(super) fn with_scorer<T>(
        &self,
        which: Contacts,
        share: Share,
        then: impl FnOnce(&Scorer<'_>) -> T,
    ) -> T {
        let plain = self.plain(which, share);
        let exclusions = Exclusions::none();
        let scorer = Scorer::without_spam(plain.view(), &exclusions, &self.suggest);
        then(&scorer)
    }

    /// What is known without hidden friendships, of people who are in.
    fn plain(&self, which: Contacts, share: Share) -> Plain {
        let hides: HashSet<(u64, u64)> = self.hidden.iter().copied().collect();
        let both_in = |&&(a, b): &&(u64, u64)| share.is_in(a) && share.is_in(b);
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
    /// none and no such order is asked for.
    fn learned(
        &self,
        given: Option<&ValidRankerParams>,
        not_measured: &mut Vec<NotMeasured>,
    ) -> Vec<Arm> {
        let is_call = |one: &Dealings| matches!(one.what, Dealing::Calls(_));
        let has = |is: &dyn Fn(&Dealings) -> bool| {
            let mut dealings = self.known.dealings.iter().map(Permitted::get);
            dealings.any(is)
        };
        let (has_calls, has_groups) = (has(&is_call), has(&|one| !is_call(one)));
        if given.is_none() && !has_calls && !has_groups {
            return Vec::new();
        }
        let allowed = given.and_then(|given| given.given().signals_given());
        let allowed = allowed.unwrap_or_default();
        let mut signals = RankerSignals::none();
        let mut steps = vec![("= in a learned order", signals)];
        let mut step = |source: &'static str, has, allowed, key| {
            if has && allowed {
                match key {
                    "calls" => signals.calls = true,
                    _ => signals.groups = true,
                }
                steps.push((source, signals));
            } else if has {
                not_measured.push(NotMeasured {
                    source: source.trim_start_matches("+ ").to_owned(),
                    why: format!("`[ranker.signals] {key}` is false"),
                });
            }
        };
        step("+ calls and texts", has_calls, allowed.calls, "calls");
        step("+ shared groups", has_groups, allowed.groups, "groups");
        self.trained(&steps, given, not_measured)
    }

    /// One arm after another, up to the first whose order cannot be trained: those after it would stand beside nothing.
    fn trained(
        &self,
        steps: &[(&str, RankerSignals)],
        given: Option<&ValidRankerParams>,
        not_measured: &mut Vec<NotMeasured>,
    ) -> Vec<Arm> {
        let plain = self.plain(Contacts::All, Share::NOBODY);
        let plain = plain.with_beside(self.beside());
        let given = given.map(|given| given.given().clone());
        let params = given.unwrap_or_default().hidden_by(Holdout::Hash);
        let mut arms = Vec::new();
        for (at, &(source, signals)) in steps.iter().enumerate() {
            match self.learned_arm(source, params.clone().with_signals(signals), &plain) {
                Ok(arm) => arms.push(arm),
                Err(error) => {
                    let named = steps[at..].iter().map(|(source, _)| NotMeasured {
                        source: (*source).to_owned(),
                        why: format!("the order could not be learned: {error}"),
                    });
                    not_measured.extend(named);
                    break;
                }
            }
        }
        arms
    }

    fn learned_arm(
        &self,
        source: &str,
        ranker: RankerParams,
        plain: &Plain,
    ) -> Result<Arm, RankerError> {
        let exclusions = Exclusions::none();
        let ranker = ranker.check().expect("they were checked before");
        let source_of = Source {
            view: plain.view(),
            times: &[],
            id: &|node| self.ids[node as usize],
            exclusions: &exclusions,
        };
        let model = train_on(source_of, &self.suggest, &ranker, Provenance::default())?;
        let ranker = Ranker::over(plain.view(), &[], &exclusions, &self.suggest, &model);
        Ok(Arm {
            source: source.to_owned(),
            auc: None,
            people: self.precisions_of(&ranker),
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

    /// Everybody's average precision who has a hidden friendship.
    fn precisions_of(&self, order: &impl ForOne) -> Vec<OfPerson> {
        let hidden = self.hidden_friends();
        let mut scratch = order.scratch();
        let mut people = Vec::new();
        for node in hidden.nodes().filter(|&node| hidden.degree(node) > 0) {
            let list = first(order, &mut scratch, node);
            people.push(self.precision(node, &list, hidden.row(node)));
        }
        people
    }

    /// Row `u`: the hidden friends of `u`, ascending.
    pub(super) fn hidden_friends(&self) -> Csr {
        let hidden = by_rank(self.ids, self.hidden);
        Csr::from_undirected(self.ids.len(), hidden).expect(SIMPLE)
    }

    /// The average precision of a list; there is somebody to be found.
    pub(super) fn precision(&self, node: u32, list: &[u32], friends: &[u32]) -> OfPerson {
        OfPerson {
            person: self.ids[node as usize],
            sum: Ranked::of(list, friends, K).average_precision,
            weight: 1.0,
        }
    }
}

/// The first ten of a person.
pub(super) fn first<O: ForOne>(order: &O, scratch: &mut O::Scratch, node: u32) -> Vec<u32> {
    let list = order.list(scratch, node, K).list.suggestions;
    list.iter().map(|one| one.candidate).collect()
}
