//! `acquaint evaluate friends`: heuristics, and the ranker if asked for, on hidden friendships.

use std::path::Path;

use acquaint::engine::{Progress, Reading, ValidRunParams};
use acquaint::eval::{
    ConfidenceInterval, ContactsEvaluation, EdgeLists, FriendsEvaluation, MethodRanking,
    RankingEvaluation, RankingParams, SplitBy, SuggestionRules, TimedEdge, evaluate_contacts,
    evaluate_edges, evaluate_ranking,
};
use acquaint::suggest::{Holdout, ValidRankerParams, ValidSuggestParams};
use serde::Serialize;

use super::{figure, line, prepare, say};
use crate::args::{EvaluateFriendsArgs, HideBy};
use crate::edge_lists::{refuse_without_times, tell_counts, timed};
use crate::exit::{Failure, Outcome};
use crate::progress::Bars;
use crate::run::read_params;

/// What was measured: by the published protocol, and of the first ten suggestions.
#[derive(Serialize)]
struct Evaluation<T> {
    #[serde(flatten)]
    published: T,
    ranking: RankingEvaluation,
}

pub(crate) fn friends(args: &EvaluateFriendsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let Known {
        friendships,
        contacts,
        reading,
    } = known(args, quiet)?;
    if args.split == HideBy::Time {
        refuse_without_times(&friendships)?;
    }
    let pairs: Vec<(u64, u64)> = friendships.iter().map(|edge| (edge.lo, edge.hi)).collect();
    let bars = Bars::new(quiet);
    bars.begin("finding hidden friends", None);
    let ranking = evaluate_ranking(&friendships, &contacts, &params(args)?)?;
    drop(bars);
    if contacts.is_empty() {
        let published = evaluate_edges(&pairs);
        let evaluation = Evaluation { published, ranking };
        say(args.json, &evaluation, &reading, |all| {
            friends_table(&all.published) + &ranking_table(&all.ranking)
        })
    } else {
        let published = evaluate_contacts(&contacts, &pairs);
        let evaluation = Evaluation { published, ranking };
        say(args.json, &evaluation, &reading, |all| {
            contacts_table(&all.published) + &ranking_table(&all.ranking)
        })
    }
}

fn params(args: &EvaluateFriendsArgs) -> Result<RankingParams, Failure> {
    let split = match args.split {
        HideBy::Random => SplitBy::Random,
        HideBy::Time => SplitBy::Time,
    };
    let config = read_params(&args.given)?;
    let given = args.given.config.is_some().then(|| config.suggest());
    let ranker = args
        .learn
        .then(|| ranker(args.split, &config))
        .transpose()?;
    let k = args.k.map(usize::from).or(given.map(ValidSuggestParams::k));
    Ok(RankingParams {
        split,
        k: k.unwrap_or(10),
        seeds: args.seeds.into(),
        ranker,
        near: args.near || (args.learn && given.is_some_and(ValidSuggestParams::near)),
        rules: rules(args, given),
    })
}

/// Those of the command line, then those of a configuration, then those of published figures.
fn rules(args: &EvaluateFriendsArgs, given: Option<&ValidSuggestParams>) -> SuggestionRules {
    let published = SuggestionRules::default();
    let given = given.map_or(published, |given| SuggestionRules {
        min_intermediaries: given.min_intermediaries(),
        direct: given.direct(),
        practice_from: given.practice_from(),
    });
    SuggestionRules {
        min_intermediaries: args.min_intermediaries.unwrap_or(given.min_intermediaries),
        direct: args.direct.map_or(given.direct, Into::into),
        practice_from: args.practice_from.unwrap_or(given.practice_from),
    }
}

fn ranker(split: HideBy, config: &ValidRunParams) -> Result<ValidRankerParams, Failure> {
    let hidden_by = match split {
        HideBy::Random => Holdout::Hash,
        HideBy::Time => Holdout::Time,
    };
    let given = config.ranker().map(|ranker| ranker.given().clone());
    Ok(given.unwrap_or_default().hidden_by(hidden_by).check()?)
}

/// Friendships, who saved whose number, and what became of the rows they were read from.
struct Known {
    friendships: Vec<TimedEdge>,
    contacts: Vec<(u64, u64)>,
    reading: Reading,
}

fn known(args: &EvaluateFriendsArgs, quiet: bool) -> Result<Known, Failure> {
    match (&args.edges, &args.signals) {
        (Some(file), _) => listed(args, file),
        (None, Some(dir)) => {
            let prepared = prepare(dir, &read_params(&args.given)?, quiet)?;
            let edge = |(lo, hi)| TimedEdge { lo, hi, at: None };
            Ok(Known {
                friendships: prepared.friendships().into_iter().map(edge).collect(),
                contacts: Vec::new(),
                reading: prepared.reading(),
            })
        }
        (None, None) => unreachable!("the command line requires one of the two"),
    }
}

fn listed(args: &EvaluateFriendsArgs, file: &Path) -> Result<Known, Failure> {
    let EdgeLists { lists, .. } = args.lists.read(file, &args.contacts)?;
    let mut lists = lists.into_iter();
    let list = lists.next().unwrap_or_default();
    let friendships = timed(file, &list);
    let mut contacts = Vec::new();
    for (file, list) in args.contacts.iter().zip(lists) {
        let found = list.directed();
        tell_counts(file, list.rows().len(), found.loops, found.repeats);
        contacts.extend(found.pairs);
    }
    contacts.sort_unstable();
    contacts.dedup();
    Ok(Known {
        friendships,
        contacts,
        reading: Reading::default(),
    })
}

fn friends_table(evaluation: &FriendsEvaluation) -> String {
    let mut table = format!(
        "{} people, {} friendships to learn from, {} hidden\n\nmethod       AUC  recall@10\n",
        evaluation.nodes, evaluation.train_edges, evaluation.held_out
    );
    for (name, scores) in &evaluation.heuristics {
        line(
            &mut table,
            &format!(
                "{name:8}{}{}",
                figure(scores.auc, 8),
                figure(scores.recall_at_10, 11)
            ),
        );
    }
    table
}

fn contacts_table(evaluation: &ContactsEvaluation) -> String {
    let mut table = format!(
        "{} people, {} saved numbers, {} friendships, {} of them hidden where friends are known\n\n{:24}{:>8}{:>8}{:>12}\n",
        evaluation.nodes,
        evaluation.contacts,
        evaluation.friendships,
        evaluation.held_out,
        "recall@10",
        "tiers",
        "bonus",
        "score only"
    );
    for (name, ranking) in [
        ("contacts only", evaluation.contacts_only),
        ("friends and contacts", evaluation.friends_and_contacts),
        ("friends only", evaluation.friends_only),
    ] {
        let (tiers, bonus, score) = (ranking.tiers, ranking.bonus, ranking.score_only);
        line(
            &mut table,
            &format!("{name:24}{tiers:8.4}{bonus:8.4}{score:12.4}"),
        );
    }
    table
}

/// Every method a line, then who is shown how often, then people by the number of their ties.
fn ranking_table(evaluation: &RankingEvaluation) -> String {
    let hidden: Vec<String> = evaluation.hidden.iter().map(ToString::to_string).collect();
    let mut table = format!(
        "\nthe first {}, everything known used; {} hidden {}; 95 of 100 draws of people in brackets\n\n",
        evaluation.k,
        hidden.join(" + "),
        match evaluation.split {
            SplitBy::Random => "at random",
            SplitBy::Time => "as the newest",
        }
    );
    let head = ["recall", "hit", "NDCG"].map(|name| format!("{name}@{}", evaluation.k));
    let [recall, hit, ndcg] = head;
    let map = format!("MAP@{}", evaluation.k);
    let head = format!("method       {map:25} {recall:>9} {hit:>8} {ndcg:>8}      AUC  hard AUC");
    line(&mut table, &head);
    for method in &evaluation.methods {
        line(&mut table, &method_line(method));
    }
    if let Some(gain) = &evaluation.gain {
        let text = format!(
            "\nthe ranker less {}: MAP@{} {}",
            gain.best_heuristic,
            evaluation.k,
            interval(gain.map_at_k)
        );
        line(&mut table, &text);
    }
    table + &exposure_table(evaluation) + &degree_table(evaluation)
}

fn method_line(method: &MethodRanking) -> String {
    format!(
        "{:8} {:26} {:8.4} {:8.4} {:8.4} {} {}",
        method.method,
        interval(method.map_at_k),
        method.recall_at_k.value,
        method.hit_at_k.value,
        method.ndcg_at_k.value,
        figure(method.auc, 8),
        figure(method.hard_auc, 9)
    )
}

fn interval(of: ConfidenceInterval) -> String {
    format!("{:8.4} [{:.4}, {:.4}]", of.value, of.low, of.high)
}

fn exposure_table(evaluation: &RankingEvaluation) -> String {
    let mut table =
        String::from("\nmethod    get any     get k  are shown     Gini  share of the top 1 %\n");
    for method in &evaluation.methods {
        let e = method.exposure;
        let text = format!(
            "{:8} {:8.4} {:9.4} {:10.4} {:8.4} {:21.4}",
            method.method, e.coverage, e.with_k, e.shown, e.gini, e.top_1_percent
        );
        line(&mut table, &text);
    }
    table
}

fn degree_table(evaluation: &RankingEvaluation) -> String {
    let names = evaluation.methods.iter();
    let names: Vec<String> = names.map(|m| format!("{:>9}", m.method)).collect();
    let names = names.concat();
    let map = format!("MAP@{}", evaluation.k);
    let mut table = format!("\n{map} by known ties  people{names}\n");
    let groups = evaluation.methods.first().map_or(&[][..], |m| &m.by_degree);
    for (i, group) in groups.iter().enumerate() {
        let from = format!("from {}", group.from);
        let mut text = format!("{from:>20} {:7}", group.people);
        for method in &evaluation.methods {
            text += &figure(method.by_degree.get(i).map(|at| at.map_at_k), 9);
        }
        line(&mut table, &text);
    }
    table
}
