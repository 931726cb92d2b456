//! Ads: the corridor of ad relevance. From the view of the purpose to everybody's best ads.

pub(in crate::engine) mod audiences;
pub(in crate::engine) mod explain;
pub(in crate::engine) mod facts;
pub(in crate::engine) mod limited;
pub(in crate::engine) mod model;
pub(in crate::engine) mod profiles;
pub(in crate::engine) mod provenance;
pub(in crate::engine) mod rows;
pub(in crate::engine) mod train;
pub(in crate::engine) mod weights;

use rayon::prelude::*;

use self::audiences::{Resolved, resolve};
use self::limited::LimitedPeople;
use self::model::AdModel;
use self::profiles::Profiles;
use crate::ads::{
    Audiences, ClickModel, Guard, HiddenAd, History, ReadyAds, Shards, SharedFacts, TrainReport,
    Trained, TrainingRow, TrainingSet, train_told,
};
use crate::consent::{AdRelevance, Permitted};
use crate::engine::books::reading::Book;
use crate::engine::world::World;
use crate::engine::world::view::View;
use crate::engine::{EngineError, GivenModels, Progress, Stage, Staged};
use crate::signals::Impression;

/// What becomes of impressions once ads have learnt from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Impressions {
    /// They are kept, for whoever asks for rows to train on.
    Kept,
    Forgotten,
}

/// Everything that ads are ranked by.
#[derive(Debug)]
pub(in crate::engine) struct Ads {
    pub(in crate::engine) view: View<AdRelevance>,
    /// What is known of people, and what was shared about them by the moment of the run.
    pub(in crate::engine) profiles: Profiles,
    /// People of whom less counts.
    pub(in crate::engine) limited: LimitedPeople,
    /// What is shared besides profiles.
    pub(in crate::engine) facts: SharedFacts,
    pub(in crate::engine) guard: Guard,
    /// The ads that the guard lets somebody have.
    ready: ReadyAds,
    pub(in crate::engine) model: ClickModel,
    pub(in crate::engine) train_report: TrainReport,
}

impl Ads {
    /// Prepares everybody's ads by a given model, or by one trained here; `book` is what ads may know of the address book, and is
    /// forgotten as soon as it was asked.
    pub(in crate::engine) fn prepare(
        world: &mut World,
        view: View<AdRelevance>,
        book: Book<AdRelevance>,
        (models, impressions): (GivenModels<'_>, Impressions),
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        progress.begin("preparing ads", None);
        let resume = models.resume.filter(|_| models.ad_model.is_none());
        let kept = resume.and_then(|resume| resume.ad_model(world, progress));
        let given = models.ad_model.or(kept.as_ref());
        let profiles = Profiles::of_view(world, &view);
        let rows = training_rows(world, &view, &profiles).noted(&mut world.stages);
        let limited = LimitedPeople::of(world, &view);
        let (facts, audiences) = shared(world, &view, &book, &profiles);
        drop(book);
        let guard = guard(world, &view, &rows, audiences);
        let guard = guard.with_hidden_of_limited(&limited.hidden);
        let set = TrainingSet {
            rows: &rows,
            ads: &world.inputs.ads,
            facts: Some(&facts),
        };
        let history = set.history(&world.params.ads);
        let history = match given {
            Some(given) => given.model().tells(history),
            None => history,
        };
        if impressions == Impressions::Forgotten {
            world.inputs.impressions = Vec::new();
        }
        let (model, train_report) = if let Some(given) = given {
            (given.model().clone(), given.training().clone())
        } else {
            progress.begin("training the ad model", None);
            let trained = train_told(
                &set,
                &history,
                &world.params.ads,
                Shards::Forgotten,
                &|_| (),
            )?;
            if let Some(resume) = resume {
                kept_for_later(world, resume, trained, progress)
            } else {
                (trained.model, trained.report)
            }
        };
        // Only now: what people are told takes as much memory as the rows that training needs, and training needs none of it.
        let profiles = told(&history, world, &view, &profiles);
        Ok(Self {
            ready: ReadyAds::of(&world.inputs.ads, &model, &guard),
            view,
            profiles,
            limited,
            facts,
            guard,
            model,
            train_report,
        })
    }

    /// What the manifest says of the model.
    pub(in crate::engine) fn summary(&self) -> serde_json::Value {
        serde_json::json!({ "metadata": self.model.metadata(), "training": self.train_report })
    }
}

/// A model that was trained here, once a file keeps it.
fn kept_for_later(
    world: &World,
    resume: &super::Resume,
    trained: Trained,
    progress: &dyn Progress,
) -> (ClickModel, TrainReport) {
    let params = world.params.given().ads.clone();
    let model = AdModel::of(&world.standing, params, trained.model, trained.report);
    resume.keep(world, &model, progress);
    (model.model, model.training)
}

/// The profiles with what happened before the moment of the run, through the gate once more.
fn told(
    history: &History<'_>,
    world: &World,
    view: &View<AdRelevance>,
    profiles: &Profiles,
) -> Profiles {
    let now = world.standing.as_of.valid;
    let told = profiles
        .all()
        .par_iter()
        .map(|profile| history.tell(profile.get().clone(), now));
    let told = told.map(|profile| view.gates.people.permit(profile).ok());
    Profiles::new(told.flatten().collect())
}

/// The impressions that pass the gate, as rows to train on.
pub(in crate::engine) fn training_rows(
    world: &World,
    view: &View<AdRelevance>,
    profiles: &Profiles,
) -> Staged<Vec<Permitted<TrainingRow, AdRelevance>>> {
    let mut stage = Stage::new("impressions → training rows");
    let row = |impression: &Impression| {
        let profile = impression.user_id.and_then(|user| profiles.of(user));
        let row = TrainingRow::new(impression, profile.map(Permitted::get));
        view.gates.people.permit(row)
    };
    let value = stage.keep_each(&world.inputs.impressions, row);
    Staged { value, stage }
}

/// What is shared besides profiles, customer lists included, and which of the lists an advertiser may use.
pub(in crate::engine) fn shared(
    world: &mut World,
    view: &View<AdRelevance>,
    book: &Book<AdRelevance>,
    profiles: &Profiles,
) -> (SharedFacts, Audiences) {
    let lists = lists(world, view);
    let audiences = judged(world, profiles, &lists);
    let facts = facts::facts(world, view, book).with_lists(&lists.members, &audiences);
    (facts, audiences)
}

/// Who is on which customer list; notes what became of the rows.
fn lists(world: &mut World, view: &View<AdRelevance>) -> Resolved {
    let key = world.params.audience_key.as_deref();
    let as_of = world.standing.as_of.valid;
    let mut lists = resolve(&world.inputs, view, key, as_of);
    world.stages.extend(lists.stage.take());
    lists
}

/// Which of the lists an advertiser may use.
fn judged(world: &World, profiles: &Profiles, lists: &Resolved) -> Audiences {
    let (policy, ads) = (world.params.ads.policy(), &world.inputs.ads);
    Audiences::judge(&lists.known, &lists.members, profiles.all(), ads, policy)
}

/// Who may get which ad.
fn guard(
    world: &mut World,
    view: &View<AdRelevance>,
    rows: &[Permitted<TrainingRow, AdRelevance>],
    audiences: Audiences,
) -> Guard {
    let as_of = world.standing.as_of.valid;
    let hidden = hidden(world, view);
    let (policy, ads) = (world.params.ads.policy(), &world.inputs.ads);
    Guard::new(as_of, policy)
        .with_hidden(&hidden)
        .with_showings(rows, ads)
        .with_audiences(audiences)
}

/// What people hid; nothing of people who are out, who get no ads anyway. Notes what became of the rows, if there are any.
fn hidden(world: &mut World, view: &View<AdRelevance>) -> Vec<Permitted<HiddenAd, AdRelevance>> {
    let mut stage = Stage::new("ad feedback → hidden");
    let gate = &view.gates.people;
    let rows = world.inputs.ad_feedback.iter();
    let hidden = stage.keep(rows.map(|row| gate.permit(HiddenAd::from(row))));
    if stage.rows_in > 0 {
        world.stages.push(stage);
    }
    hidden
}
