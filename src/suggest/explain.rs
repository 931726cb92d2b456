//! Why somebody is suggested to somebody, and why not.
//!
//! A mutual friend is named only where both friendships are on the network, where the person who reads may know: nobody who
//! hides, nobody who is blocked, dismissed or reported by either of the two or did so, and nobody of another age band. An
//! intermediary by saved numbers is never named, for that would say who has whose number. And where fewer than
//! [`NAMED_MIN`] may be named nobody is, so that a count of one is not a name.

use serde::Serialize;

use super::apart::Exclusion;
use super::params::Direct;
use super::person::ForOne;
use super::rank::{Scorer, Scratch};
use super::ranker::FeatureWeight;
use super::suggestion::{Listing, Suggestion};
use super::view::View;
use crate::graph::{EdgeKinds, WhyAside};

/// Names fewer than this are not given.
pub const NAMED_MIN: usize = 2;

/// Names given at most.
pub const NAMED_MAX: usize = 3;

/// The rule that keeps a pair apart: the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
#[non_exhaustive]
pub enum WhyNot {
    /// They are one person.
    Themselves,
    /// They are friends already.
    Friends,
    /// One of the two blocked the other; it is not said who.
    Blocked,
    /// One of the two reported the other; it is not said who.
    Reported,
    /// Both have an account on one device.
    OneDevice,
    /// The person dismissed the candidate.
    Dismissed,
    /// The candidate hides, from the person or from everybody.
    Hidden,
    /// Too few are tied to both, and only the person saved the other's number.
    OneSided,
    /// Too few are tied to both, and saved numbers suggest nobody by themselves.
    DirectOff,
    /// What they have in common is a practice, with whom nobody is led to other patients.
    Practice,
    /// What they have in common is a number that many strangers saved.
    SensitiveNumber,
    /// What ties them, to each other or to others, counts nothing.
    NoWeight,
    /// Nobody is tied to both, and the person has not saved the candidate's number.
    NobodyInCommon,
    /// Too few are tied to both.
    BelowMinIntermediaries {
        /// How many are.
        in_common: u32,
        /// How many it takes.
        wanted: u32,
    },
    /// One of the two is a minor and the other is not known to be one.
    AgeBand,
    /// The candidate's spam score is at or above the removal threshold.
    SpamRemoved,
    /// Others rank higher.
    BeyondK {
        /// The place among all candidates, from 1.
        place: usize,
        /// How many are suggested.
        k: usize,
    },
    /// The limit to how many people one is shown to gave the candidate to others, whom they suit better.
    ShownEnough,
}

impl From<Exclusion> for WhyNot {
    fn from(exclusion: Exclusion) -> Self {
        match exclusion {
            Exclusion::Blocked => Self::Blocked,
            Exclusion::Reported => Self::Reported,
            Exclusion::OneDevice => Self::OneDevice,
            Exclusion::Dismissed => Self::Dismissed,
            Exclusion::Hidden => Self::Hidden,
            Exclusion::AgeBand => Self::AgeBand,
        }
    }
}

/// A pair, explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The suggestion as it would be made if there were no limit to how many; none if a rule forbids it.
    pub suggestion: Option<Suggestion>,
    /// From 1; none if it is not made.
    pub rank: Option<usize>,
    /// That the two are friends, where the order is learned.
    pub probability: Option<f64>,
    /// What every feature adds to the log-odds, where the order is learned.
    pub parts: Vec<FeatureWeight>,
    /// Why it is not made.
    pub why_not: Option<WhyNot>,
    /// Mutual friends who may be named, those with the fewest ties first.
    pub named: Vec<u32>,
}

/// Why `candidate` is suggested to `node_idx` among their first `k`, or why not, as long as nobody is shown too often.
///
/// # Panics
/// If one of the nodes is not there, or `scratch` is another graph's.
///
/// # Complexity
/// That of [`ForOne::list`] with every candidate kept.
pub(super) fn explain<P: ForOne>(
    order: &P,
    scratch: &mut P::Scratch,
    node_idx: u32,
    candidate: u32,
    k: usize,
) -> Explanation {
    let list = order.list(scratch, node_idx, order.k_max()).list;
    let Some(place) = list.place_of(candidate) else {
        return unlisted(order, P::of_scorer(scratch), node_idx, candidate, k);
    };
    let Listing {
        suggestion,
        probability,
    } = list.at(place);
    let is_made = place <= k;
    Explanation {
        suggestion: Some(suggestion),
        rank: is_made.then_some(place),
        probability,
        parts: order.parts(scratch, candidate),
        why_not: (!is_made).then_some(WhyNot::BeyondK { place, k }),
        named: order.scorer().named(node_idx, candidate),
    }
}

/// Of somebody who is on no list of the order: the kernel puts them behind all it lists, or a rule forbids them.
fn unlisted<P: ForOne>(
    order: &P,
    scratch: &mut Scratch,
    node_idx: u32,
    candidate: u32,
    k: usize,
) -> Explanation {
    let scorer = order.scorer();
    // An order that lists everybody the kernel finds has told already.
    let is_told = order.n_found_max() >= scorer.n_users();
    let mut behind = || {
        let all = scorer.list(scratch, node_idx, scorer.k_max()).list;
        let place = all.place_of(candidate)?;
        Some((place, all.at(place).suggestion))
    };
    let found = if is_told { None } else { behind() };
    let why_not = match found {
        Some((place, _)) => WhyNot::BeyondK { place, k },
        None => scorer.forbids(node_idx, candidate),
    };
    Explanation {
        suggestion: found.map(|(_, suggestion)| suggestion),
        rank: None,
        probability: None,
        parts: Vec::new(),
        why_not: Some(why_not),
        named: found.map_or_else(Vec::new, |_| scorer.named(node_idx, candidate)),
    }
}

impl Scorer<'_> {
    /// The rule that takes somebody out who is no suggestion at all, in the order in which rules are counted.
    fn forbids(&self, u: u32, v: u32) -> WhyNot {
        let (view, exclusions) = (self.view(), self.exclusions());
        let saved = view.saved(u, v);
        let is_direct = saved.is_some_and(|saved| view.direct(saved).is_some());
        let in_common = between(view, u, v).count();
        let in_common = u32::try_from(in_common).expect("no more than there are people");
        let wanted = self.min_intermediaries();
        if u == v {
            WhyNot::Themselves
        } else if view.are_friends(u, v) {
            WhyNot::Friends
        } else if let Some(why) = exclusions.listed(u, v) {
            why.into()
        } else if in_common < wanted.max(1) && !is_direct {
            let else_why = match in_common {
                0 => WhyNot::NobodyInCommon,
                _ => WhyNot::BelowMinIntermediaries { in_common, wanted },
            };
            why_too_few(view, u, v).unwrap_or(else_why)
        } else {
            let excluded = exclusions.between(u, v).map(WhyNot::from);
            excluded.unwrap_or(WhyNot::SpamRemoved)
        }
    }

    fn named(&self, u: u32, v: u32) -> Vec<u32> {
        let (view, exclusions) = (self.view(), self.exclusions());
        let is_friend = |a, b| view.tie(a, b).contains(EdgeKinds::FRIENDSHIP);
        let is_free =
            |a, b| exclusions.between(a, b).is_none() && exclusions.between(b, a).is_none();
        let may_be_named =
            |&z: &u32| is_friend(u, z) && is_friend(z, v) && is_free(u, z) && is_free(v, z);
        let mut named: Vec<u32> = between(view, u, v).filter(may_be_named).collect();
        if named.len() < NAMED_MIN {
            return Vec::new();
        }
        named.sort_by_key(|&z| (view.ties.degree(z), z));
        named.truncate(NAMED_MAX);
        named
    }
}

/// The rule by which two have too few in common, if it is not that they know too few.
fn why_too_few(view: View<'_>, u: u32, v: u32) -> Option<WhyNot> {
    if view.saved(u, v).is_some() {
        let no_weight = view.why_aside(u, v) == Some(WhyAside::NoWeight);
        return Some(match view.direct {
            Direct::Off => WhyNot::DirectOff,
            _ if no_weight => WhyNot::NoWeight,
            _ => WhyNot::OneSided,
        });
    }
    let leads = |near: u32, far: u32| {
        let aside = view.aside_of(near).iter();
        let is_tied = move |z| view.ties.find(z, far).is_some();
        aside
            .filter(move |tie| is_tied(tie.to) || view.why_aside(tie.to, far).is_some())
            .map(|tie| tie.why)
    };
    let why = leads(u, v).chain(leads(v, u)).max()?;
    Some(match why {
        WhyAside::SensitiveNumber => WhyNot::SensitiveNumber,
        WhyAside::Practice => WhyNot::Practice,
        WhyAside::NoWeight => WhyNot::NoWeight,
    })
}

/// Everybody tied to both, ascending.
fn between(view: View<'_>, u: u32, v: u32) -> impl Iterator<Item = u32> {
    let far = view.ties.row(v);
    let near = view.ties.row(u).iter().copied();
    near.filter(|z| far.binary_search(z).is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::{Exclusions, Plain, SuggestParams};
    use super::*;
    use crate::signals::FeedbackKind;

    /// 0 and 9 have 2, 3, 4 and 5 in common; 5 only by numbers that were saved.
    fn plain() -> Plain {
        let friends = [
            (0, 2),
            (2, 9),
            (0, 3),
            (3, 9),
            (0, 4),
            (4, 9),
            (0, 1),
            (2, 8),
            (0, 7),
        ];
        let contacts = [(0, 5), (5, 0), (9, 5), (5, 9)];
        Plain::new(11, &friends, &contacts)
    }

    fn explained(feedback: &[(u32, u32, FeedbackKind)], v: u32, k: usize) -> Explanation {
        let (plain, exclusions) = (
            plain(),
            Exclusions::from_nodes(11, feedback.iter().copied()),
        );
        let params = SuggestParams::default().check().unwrap();
        let scorer = Scorer::without_spam(plain.view(), &exclusions, &params);
        explain(&scorer, &mut scorer.scratch(), 0, v, k)
    }

    #[test]
    fn friends_of_both_are_named_and_saved_numbers_never() {
        let why = explained(&[], 9, 10);
        // 5, whose number 0 saved, comes first.
        assert_eq!((why.rank, why.why_not), (Some(2), None));
        assert_eq!(why.suggestion.unwrap().mutual_count, 4);
        // 2 has one more friend than the others.
        assert_eq!(why.named, [3, 4, 2]);
    }

    #[test]
    fn whoever_hides_or_was_blocked_is_not_named_and_one_alone_neither() {
        let hides = [(3, 3, FeedbackKind::Hide)];
        assert_eq!(explained(&hides, 9, 10).named, [4, 2]);
        let blocked = [(3, 3, FeedbackKind::Hide), (9, 4, FeedbackKind::Block)];
        let why = explained(&blocked, 9, 10);
        assert_eq!((why.rank, why.named), (Some(2), Vec::new()));
    }

    #[test]
    fn every_rule_is_named() {
        use FeedbackKind::{Block, Dismiss, Hide, Report};
        let rule = |feedback: &[_], v| explained(feedback, v, 10).why_not.unwrap();
        assert_eq!(rule(&[], 0), WhyNot::Themselves);
        assert_eq!(rule(&[], 1), WhyNot::Friends);
        assert_eq!(rule(&[(9, 0, Block)], 9), WhyNot::Blocked);
        assert_eq!(rule(&[(0, 9, Report)], 9), WhyNot::Reported);
        assert_eq!(rule(&[(9, 0, Report)], 9), WhyNot::Reported);
        assert_eq!(rule(&[(0, 9, Dismiss)], 9), WhyNot::Dismissed);
        assert_eq!(rule(&[(9, 0, Hide)], 9), WhyNot::Hidden);
        assert_eq!(rule(&[(9, 9, Hide)], 9), WhyNot::Hidden);
        assert_eq!(rule(&[], 10), WhyNot::NobodyInCommon);
        let few = WhyNot::BelowMinIntermediaries {
            in_common: 1,
            wanted: 2,
        };
        assert_eq!(rule(&[], 8), few);
        assert_eq!(
            explained(&[], 9, 1).why_not,
            Some(WhyNot::BeyondK { place: 2, k: 1 })
        );
    }
}
