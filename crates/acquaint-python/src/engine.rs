//! The engine: opened once, asked for one person at a time.

use acquaint::AdScore;
use acquaint::consent::Purpose;
use acquaint::engine::outputs::{AdRow, SuggestionRow};
use acquaint::engine::{self, EngineOptions, GivenModels};
use acquaint::ids::{AccountId, AdId, BusinessId, UserId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::{Asked, Asking};
use crate::errors::of_engine;
use crate::json::to_python;
use crate::own_scores::OwnScores;
use crate::progress::Told;
use crate::table::Table;
use crate::train::{AdModel, FriendModel};

/// Suggestions, ads, spam scores and verdicts of one state of the tables.
#[pyclass(frozen, subclass, module = "acquaint")]
pub(crate) struct Engine(engine::Engine);

/// Somebody suggested to a person.
#[pyclass(frozen, get_all, module = "acquaint")]
pub(crate) struct Suggested {
    /// Whom.
    candidate: u64,
    /// In the unit of the heuristic.
    score: f64,
    /// That the two are friends, where the order is learned.
    probability: Option<f64>,
    /// How many people are tied to both.
    mutual_count: u32,
    /// Why, strongest reason first.
    reasons: Vec<String>,
}

impl From<engine::Suggested> for Suggested {
    fn from(one: engine::Suggested) -> Self {
        Self {
            candidate: one.candidate.0,
            score: one.score,
            probability: one.probability,
            mutual_count: one.mutual_count,
            reasons: one.reasons().map(|why| why.to_string()).collect(),
        }
    }
}

#[pymethods]
impl Suggested {
    fn __repr__(&self) -> String {
        format!(
            "Suggested(candidate={}, score={}, reasons={:?})",
            self.candidate, self.score, self.reasons
        )
    }
}

#[pymethods]
impl Engine {
    /// Reads tables and prepares every answer.
    #[new]
    #[pyo3(signature = (asking, friend_model=None, ad_model=None, progress=None))]
    fn open(
        py: Python<'_>,
        asking: Asking<'_>,
        friend_model: Option<Py<FriendModel>>,
        ad_model: Option<Py<AdModel>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let asked = Asked::read(&asking)?;
        let options = EngineOptions {
            params: asked.given.clone(),
            times: asked.times,
            ledger: asked.ledger.source(),
            models: GivenModels {
                friend_model: friend_model.as_ref().map(|model| &model.get().0),
                ad_model: ad_model.as_ref().map(|model| &model.get().0),
                resume: None,
            },
            audience_key: asked.key.clone(),
            frames: asked.signals.frames.clone(),
        };
        let told = Told::new(progress);
        let open = || engine::Engine::open_with(asked.signals.dir(), &options, &told);
        py.detach(open).map(Self).map_err(|error| of_engine(&error))
    }

    /// The moment it speaks of.
    #[getter]
    fn as_of(&self) -> String {
        self.0.as_of().valid.to_string()
    }

    /// Who may be suggested to others, ascending.
    #[getter]
    fn users(&self) -> Vec<u64> {
        self.0.users().iter().map(|user| user.0).collect()
    }

    /// What somebody has to look at before anything is shown to anybody.
    #[getter]
    fn findings(&self) -> Vec<String> {
        let findings = self.0.reading().findings;
        findings.iter().map(ToString::to_string).collect()
    }

    /// The first `k` friend suggestions for a person, best first; none for somebody who may not get any.
    #[pyo3(signature = (user, k=10))]
    fn suggest(&self, py: Python<'_>, user: u64, k: usize) -> Vec<Suggested> {
        let made = py.detach(|| self.0.suggest(UserId(user), k));
        made.into_iter().map(Suggested::from).collect()
    }

    /// The suggestions of many people, by default of everybody, with the columns of `suggestions.parquet`.
    #[pyo3(signature = (users=None, k=10))]
    fn suggest_all(&self, py: Python<'_>, users: Option<Vec<u64>>, k: usize) -> PyResult<Table> {
        let users = match users {
            Some(users) => users.into_iter().map(UserId).collect(),
            None => self.0.users().to_vec(),
        };
        let made = py.detach(|| self.0.suggest_all(&users, k));
        let rows = users.iter().zip(made).flat_map(|(&user, list)| {
            list.into_iter()
                .zip(1..)
                .map(move |(one, rank)| SuggestionRow {
                    user,
                    rank,
                    candidate: one.candidate,
                    score: one.score,
                    probability: one.probability,
                    mutual_count: one.mutual_count,
                    reasons: one.reasons().map(|why| why.to_string()).collect(),
                })
        });
        Table::of_rows(&rows.collect::<Vec<_>>())
    }

    /// The `k` best ads for a person, by value; none for somebody who may not get any.
    #[pyo3(signature = (user, k=10))]
    fn ads<'py>(&self, py: Python<'py>, user: u64, k: usize) -> PyResult<Bound<'py, PyAny>> {
        let made = py.detach(|| self.0.ads(UserId(user), k));
        let made = made.map_err(|error| of_engine(&error))?;
        let facts = made.iter().map(|score| {
            serde_json::json!({
                "ad_id": score.ad_id,
                "rank": score.rank,
                "p_click": score.p_click,
                "value": score.value,
                "price": score.price,
                "reasons": score.reasons,
            })
        });
        to_python(py, &facts.collect::<Vec<_>>())
    }

    /// The ads of many people, with the columns of `ad_scores.parquet`.
    #[pyo3(signature = (users, k=10))]
    fn ads_all(&self, py: Python<'_>, users: Vec<u64>, k: usize) -> PyResult<Table> {
        let users: Vec<UserId> = users.into_iter().map(UserId).collect();
        let made = py.detach(|| self.0.ads_all(&users, k));
        let made = made.map_err(|error| of_engine(&error))?;
        let row = |score: AdScore| AdRow {
            user: score.user,
            rank: score.rank,
            ad: score.ad_id,
            p_click: score.p_click,
            value: score.value,
            price: score.price,
            reasons: score.reasons,
        };
        let rows: Vec<AdRow> = made.into_iter().flatten().map(row).collect();
        Table::of_rows(&rows)
    }

    /// Own scores of candidates, ranked under the masks of suggestions and the gate: a frame with `user_id`, `candidate_id` and
    /// `score`. Whoever may not be suggested to a person is left out, whatever the score.
    #[pyo3(signature = (candidates, k=10))]
    fn rank_suggestions(
        &self,
        py: Python<'_>,
        candidates: &Bound<'_, PyAny>,
        k: usize,
    ) -> PyResult<Table> {
        let given = OwnScores::read(candidates, ["user_id", "candidate_id", "score"])?;
        py.detach(|| {
            given.ranked(["candidate_id", "score"], |user, scores| {
                let scores = scores.iter().map(|&(id, score)| (UserId(id), score));
                let ranked = self.0.rank_suggestions(UserId(user), scores, k);
                ranked
                    .into_iter()
                    .map(|(id, score)| (id.0, score))
                    .collect()
            })
        })
    }

    /// Own probabilities of a click, ranked by what an impression is worth under the guard and the gate: a frame with `user_id`,
    /// `ad_id` and `p_click`. An ad that a person may not get is left out, whatever the probability.
    #[pyo3(signature = (candidates, k=10))]
    fn rank_ads(&self, py: Python<'_>, candidates: &Bound<'_, PyAny>, k: usize) -> PyResult<Table> {
        let given = OwnScores::read(candidates, ["user_id", "ad_id", "p_click"])?;
        given.refuse_improbable()?;
        py.detach(|| {
            given.ranked(["ad_id", "value"], |user, scores| {
                let scores = scores.iter().map(|&(id, p_click)| (AdId(id), p_click));
                let ranked = self.0.rank_ads(UserId(user), scores, k);
                ranked
                    .into_iter()
                    .map(|(id, value)| (id.0, value))
                    .collect()
            })
        })
    }

    /// The spam score of an account, from 0 to 1; none if it may not be looked at.
    fn spam(&self, account: u64) -> Option<f64> {
        self.0.spam(AccountId(account)).map(|spam| spam.score)
    }

    /// May a business write to an account, by kind of message? None if there is nothing between the two.
    fn business(
        &self,
        business: u64,
        account: u64,
    ) -> Option<std::collections::BTreeMap<&str, bool>> {
        let reach = self.0.business(BusinessId(business), AccountId(account))?;
        let kinds = [
            ("service", &reach.service),
            ("utility", &reach.utility),
            ("authentication", &reach.authentication),
            ("marketing", &reach.marketing),
        ];
        Some(
            kinds
                .map(|(kind, permission)| (kind, permission.allowed))
                .into(),
        )
    }

    /// The businesses that matter to an account, best first, for `business_service` or `business_marketing`.
    #[pyo3(signature = (account, purpose="business_service"))]
    fn businesses(&self, account: u64, purpose: &str) -> PyResult<Vec<u64>> {
        let purpose = match purpose {
            "business_service" => Purpose::BusinessService,
            "business_marketing" => Purpose::BusinessMarketing,
            other => {
                return Err(PyValueError::new_err(format!(
                    "{other:?} is no purpose of businesses: business_service or business_marketing"
                )));
            }
        };
        let matter = self.0.businesses(AccountId(account), purpose).iter();
        Ok(matter.map(|one| one.business.0).collect())
    }

    /// Why somebody is suggested to a person, or why not.
    fn explain_suggestion<'py>(
        &self,
        py: Python<'py>,
        user: u64,
        candidate: u64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let explain = || self.0.explain_suggestion(UserId(user), UserId(candidate));
        to_python(py, &py.detach(explain))
    }

    /// Why an ad is given to a person, or why not.
    fn explain_ad<'py>(&self, py: Python<'py>, user: u64, ad: u64) -> PyResult<Bound<'py, PyAny>> {
        let explained = py.detach(|| self.0.explain_ad(UserId(user), AdId(ad)));
        to_python(py, &explained.map_err(|error| of_engine(&error))?)
    }

    fn __repr__(&self) -> String {
        format!(
            "<acquaint.Engine: {} people, as of {}>",
            self.0.users().len(),
            self.as_of()
        )
    }
}
