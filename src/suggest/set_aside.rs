//! The ties that count nowhere, set aside before anything is scored.

use serde::Serialize;

use super::params::ValidSuggestParams;
use crate::consent::FriendSuggestions;
use crate::graph::Graph;

/// How many ties were set aside, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// Their kind and age count nothing.
    pub no_weight: u64,
    /// One end is a number that many strangers to each other saved.
    pub sensitive_number: u64,
    /// One end is a practice, the other a patient.
    pub practice: u64,
}

impl SetAside {
    /// Every reason and how many ties.
    #[must_use]
    pub const fn by_reason(&self) -> [(&'static str, u64); 3] {
        [
            ("no_weight", self.no_weight),
            ("sensitive_number", self.sensitive_number),
            ("practice", self.practice),
        ]
    }
}

/// Sets aside every tie that may lead to nobody: of weight 0, of sensitive numbers and of practices, in this order.
///
/// To be called once, before a [`Scorer`](super::Scorer) or a [`Ranker`](super::Ranker) is made of the graph: degrees, weights,
/// counts and features then never see these ties. [`Graph::ties_aside`] remembers them, for whoever has to explain.
///
/// # Complexity
/// That of [`Graph::untie_practices`].
pub fn set_ties_aside(
    graph: &mut Graph<FriendSuggestions>,
    params: &ValidSuggestParams,
) -> SetAside {
    let weights = params.weights();
    let weightless = weights.weightless(graph.tie_kinds(), graph.tie_times());
    let no_weight = graph.set_weightless_aside(&weightless);
    let sensitive = graph.sensitive(params.sensitive_from());
    SetAside {
        no_weight,
        sensitive_number: graph.untie_contacts(&sensitive),
        practice: graph.untie_practices(params.practice_from()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::explain::explain;
    use super::super::{
        Exclusions, ForOne as _, Scorer, SuggestParams, TieWeights, WhyNot, everybody,
    };
    use super::*;
    use crate::graph::testing::graph;

    fn prepared(line: &str, params: SuggestParams) -> (Graph<FriendSuggestions>, SetAside) {
        let mut graph = graph(line);
        let set_aside = set_ties_aside(&mut graph, &params.check().unwrap());
        (graph, set_aside)
    }

    fn why_not(graph: &Graph<FriendSuggestions>, params: SuggestParams, v: u32) -> Option<WhyNot> {
        let (exclusions, params) = (Exclusions::none(), params.check().unwrap());
        let scorer = Scorer::new(graph, &exclusions, &[], &params).unwrap();
        let found = explain(&scorer, &mut scorer.scratch(), 0, v, 10);
        let made = everybody(&scorer, &|_| ()).suggestions;
        let is_suggested = made.row(0).iter().any(|s| s.candidate == v);
        assert_eq!(is_suggested, found.why_not.is_none());
        found.why_not
    }

    fn by_contacts_alone() -> SuggestParams {
        SuggestParams::default().weights(TieWeights {
            friendship: 0.0,
            ..TieWeights::default()
        })
    }

    #[test]
    fn friendships_of_weight_0_lead_nowhere_and_are_friendships() {
        let line = "a-c a-d b-c b-d a-e a=e a-f b=e";
        let (graph, set_aside) = prepared(line, by_contacts_alone());
        assert_eq!(set_aside.no_weight, 5);
        let why = |v| why_not(&graph, by_contacts_alone(), v);
        // a and b have c, d and e in common; only e counts.
        assert_eq!(why(1), Some(WhyNot::NoWeight));
        assert_eq!(why(2), Some(WhyNot::Friends));
        assert_eq!(why(5), Some(WhyNot::Friends));
    }

    #[test]
    fn a_mutual_contact_of_weight_0_is_no_candidate() {
        let none = SuggestParams::default().weights(TieWeights {
            mutual_contact: 0.0,
            ..TieWeights::default()
        });
        let (graph, set_aside) = prepared("a=b a-c b-c", none.clone());
        assert_eq!(set_aside.no_weight, 1);
        assert_eq!(why_not(&graph, none, 1), Some(WhyNot::NoWeight));
    }

    #[test]
    fn a_tie_too_old_to_count_is_no_tie() {
        let ageing = SuggestParams::default()
            .min_intermediaries(1)
            .weights(TieWeights {
                half_life_days: Some(1),
                ..TieWeights::default()
            });
        // Ten days are ten halvings, and half of 1/256 is the least that counts.
        let (graph, set_aside) = prepared("a-c@0 b-c@864000 d-c@864000", ageing.clone());
        assert_eq!(set_aside.no_weight, 1);
        assert_eq!(why_not(&graph, ageing.clone(), 1), Some(WhyNot::NoWeight));
        let (graph, set_aside) = prepared("a-c@0 b-c@604800 d-c@604800", ageing.clone());
        assert_eq!(set_aside.no_weight, 0);
        assert_eq!(why_not(&graph, ageing, 1), None);
    }

    #[test]
    fn patients_of_two_doctors_are_told_why_not() {
        // a to e are patients of f and g.
        let line = "a=f b=f c=f d=f e=f a=g b=g c=g d=g e=g f=g";
        let params = SuggestParams::default;
        let (graph, set_aside) = prepared(line, params());
        assert_eq!(set_aside.practice, 10);
        assert_eq!(why_not(&graph, params(), 1), Some(WhyNot::Practice));
        // The number a saved and was saved by is still one to be suggested.
        assert_eq!(why_not(&graph, params(), 5), None);
        let (graph, _) = prepared(line, params().practice_from(0));
        assert_eq!(why_not(&graph, params().practice_from(0), 1), None);
    }

    #[test]
    fn a_number_saved_by_one_side_suggests_nobody_unless_asked() {
        use super::super::Direct;
        let (graph, _) = prepared("a>b a=c", SuggestParams::default());
        let why = |direct, v| why_not(&graph, SuggestParams::default().direct(direct), v);
        assert_eq!(why(Direct::Mutual, 1), Some(WhyNot::OneSided));
        assert_eq!(why(Direct::Mutual, 2), None);
        assert_eq!(why(Direct::Own, 1), None);
        assert_eq!(why(Direct::Own, 2), None);
        assert_eq!(why(Direct::Off, 1), Some(WhyNot::DirectOff));
        assert_eq!(why(Direct::Off, 2), Some(WhyNot::DirectOff));
    }

    #[test]
    fn who_has_saved_one_is_never_told() {
        let (graph, _) = prepared("b>a", SuggestParams::default());
        let why = why_not(&graph, SuggestParams::default(), 1);
        assert_eq!(why, Some(WhyNot::NobodyInCommon));
    }

    #[test]
    fn people_in_common_suggest_whatever_was_saved() {
        use super::super::{Direct, Tier};
        let (graph, _) = prepared("a>b a-c c-b a-d d-b", SuggestParams::default());
        let exclusions = Exclusions::none();
        let tier = |direct| {
            let params = SuggestParams::default().direct(direct).check().unwrap();
            let scorer = Scorer::new(&graph, &exclusions, &[], &params).unwrap();
            scorer.list(&mut scorer.scratch(), 0, 10).list.suggestions[0].tier
        };
        assert_eq!(tier(Direct::Mutual), Tier::TwoPath);
        assert_eq!(tier(Direct::Off), Tier::TwoPath);
        assert_eq!(tier(Direct::Own), Tier::OwnUpload);
    }
}
