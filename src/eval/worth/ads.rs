//! What shared signals are worth for ads.

use super::ad_sources::{Steps, steps};
use super::arms::{Arm, Better, OfPerson, sources};
use super::left::{self, Left, Share, Stay, stays};
use super::{Worth, WorthError};
use crate::ads::{AdsError, SharedFacts, SharedParams, TrainingRow, TrainingSet, ValidAdsParams};
use crate::consent::{AdRelevance, Permitted};
use crate::eval::ads::Test;
use crate::eval::ads::fitted::Fitted;
use crate::learn::{ClickMetrics, Predicted};
use crate::signals::Ad;

/// One row in so many is hidden.
const FOLDS: u64 = 5;

/// Permitted rows.
type Rows = [Permitted<TrainingRow, AdRelevance>];

/// What was shown to whom, and what is shared about them.
#[derive(Clone, Copy, Debug)]
pub struct AdsKnown<'a> {
    /// What was shown, and clicked.
    pub rows: &'a Rows,
    /// The ads.
    pub ads: &'a [Ad],
    /// What is shared besides profiles.
    pub facts: &'a SharedFacts,
}

/// What shared signals are worth for ads, source by source in the order in which a person gives more away; those that `params` switches
/// off are not measured.
///
/// # Complexity
/// That of training, for each of up to seven arms and seven shares of opt-outs.
///
/// # Errors
/// If there is nothing to measure; and as [`train`](crate::ads::train).
pub fn ads_worth(known: AdsKnown<'_>, params: &ValidAdsParams) -> Result<Worth, WorthError> {
    let params = params.clone().with_learning_curve(false);
    let Split { hidden, fit } = split(known.rows, |row| row.fold(FOLDS) == 0);
    refuse_nothing(known, &hidden)?;
    let Steps {
        steps,
        not_measured,
    } = steps(params.signals(), known.facts.has_lists());
    let arm = |(source, signals): (String, SharedParams)| {
        let params = params.clone().with_signals(signals);
        let set = TrainingSet {
            rows: &fit,
            ads: known.ads,
            facts: Some(known.facts),
        };
        let people = measured(&set, &params, &hidden)?;
        Ok(Arm { source, ..people })
    };
    let arms = steps.into_iter().map(arm);
    let arms = arms.collect::<Result<Vec<Arm>, AdsError>>()?;
    let stay = left(known, &params)?;
    Ok(Worth {
        measured: "log loss",
        more_is_better: false,
        people: arms[0].people.len() as u64,
        sources: sources(&arms, Better::Smaller),
        not_measured,
        people_who_stay: stay.people,
        left: stay.left,
    })
}

/// Says why nothing can be measured, if nothing can.
fn refuse_nothing(known: AdsKnown<'_>, hidden: &Rows) -> Result<(), WorthError> {
    let n_known = known.rows.len() as u64;
    let of_somebody = known.rows.iter().filter(|row| row.get().user.is_some());
    if known.rows.is_empty() {
        Err(WorthError::NoImpressions)
    } else if hidden.is_empty() {
        Err(WorthError::NoRowHidden {
            known: n_known,
            of_somebody: of_somebody.count() as u64,
        })
    } else if Test::new(hidden.iter().map(Permitted::get), known.ads)
        .rows
        .is_empty()
    {
        Err(WorthError::NoAds { known: n_known })
    } else {
        Ok(())
    }
}

type Own = Vec<Permitted<TrainingRow, AdRelevance>>;

struct Split {
    hidden: Own,
    /// All other rows.
    fit: Own,
}

/// Rows of people that pass a test are hidden.
fn split(rows: &Rows, is_hidden: impl Fn(&TrainingRow) -> bool) -> Split {
    let is_hidden = |row: &TrainingRow| row.user.is_some() && is_hidden(row);
    let rows = rows.iter().cloned();
    let (hidden, fit) = rows.partition(|row| is_hidden(row.get()));
    Split { hidden, fit }
}

/// Trains on a set and measures hidden rows, by person.
fn measured(
    set: &TrainingSet<'_>,
    params: &ValidAdsParams,
    hidden: &Rows,
) -> Result<Arm, AdsError> {
    let test = Test::new(hidden.iter().map(Permitted::get), set.ads);
    let said = Fitted::of(set, params)?.predicted(&test);
    let rows: Vec<&TrainingRow> = test.rows.iter().map(|(row, _)| *row).collect();
    Ok(Arm {
        source: String::new(),
        auc: ClickMetrics::of(&said).auc,
        people: by_person(&rows, &said),
    })
}

/// Losses and impressions of every person, by id.
fn by_person(rows: &[&TrainingRow], said: &[Predicted]) -> Vec<OfPerson> {
    let mut losses: Vec<OfPerson> = rows
        .iter()
        .zip(said)
        .map(|(row, said)| OfPerson {
            person: row.user.map_or(0, |user| user.0),
            sum: said.loss(),
            weight: f64::from(said.target.impressions),
        })
        .collect();
    // Sums of one person must not depend on the order of their rows.
    losses.sort_unstable_by(|a, b| a.person.cmp(&b.person).then(a.sum.total_cmp(&b.sum)));
    let of_one = |rows: &[OfPerson]| {
        rows.iter().fold(OfPerson::default(), |sums, row| OfPerson {
            person: row.person,
            sum: sums.sum + row.sum,
            weight: sums.weight + row.weight,
        })
    };
    losses
        .chunk_by(|a, b| a.person == b.person)
        .map(of_one)
        .collect()
}

/// One row in five of those who stay is hidden; whoever is out has no row and is nobody's friend.
fn left(known: AdsKnown<'_>, params: &ValidAdsParams) -> Result<Stay, AdsError> {
    let is_hidden =
        |row: &TrainingRow| row.user.is_some_and(|user| stays(user.0)) && row.fold(FOLDS) == 0;
    let Split { hidden, fit } = split(known.rows, is_hidden);
    if hidden.is_empty() {
        return Ok(Stay::nobody());
    }
    let measured_at = |share: Share| {
        let in_or_nobody = |row: &TrainingRow| row.user.is_none_or(|user| share.is_in(user.0));
        let rows: Own = fit
            .iter()
            .filter(|row| in_or_nobody(row.get()))
            .cloned()
            .collect();
        let facts = known.facts.of_those(&|user| share.is_in(user.0));
        let set = TrainingSet {
            rows: &rows,
            ads: known.ads,
            facts: Some(&facts),
        };
        measured(&set, params, &hidden)
    };
    let mut nobody_left: Option<Arm> = None;
    let mut people = 0;
    let left = left::by_share::<AdsError>(|share| {
        let arm = measured_at(share)?;
        people = arm.people.len() as u64;
        let change = nobody_left.as_ref();
        let change = change.map(|before| arm.change(before, Better::Smaller));
        let figure = arm.figure();
        nobody_left.get_or_insert(arm);
        Ok(Left {
            opted_out: share.opted_out(),
            figure,
            change,
            still_there: None,
        })
    })?;
    Ok(Stay { left, people })
}
