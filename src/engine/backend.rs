//! The engine as a backend holds it: opened once, asked from any thread.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::abuse::SpamScore;
use crate::ads::{AdScore, ModelWeights};
use crate::business::{Mattering, Reach};
use crate::consent::{AsOf, Purpose};
use crate::engine::ads::explain::AdExplained;
use crate::engine::friends::explain::SuggestionExplained;
use crate::engine::friends::suggested::Suggested;
use crate::engine::{
    EngineError, GivenModels, LedgerSource, Prepared, Progress, Reading, RunParams, Silent, Times,
};
use crate::identity::KeyRing;
use crate::ids::{AccountId, AdId, BusinessId, UserId};
use crate::signals::Frames;

/// How to open an [`Engine`]; by default as `acquaint run` runs without options.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions<'a> {
    /// As `acquaint.toml` spells them.
    pub params: RunParams,
    /// The moment to speak of, whose knowledge counts, and the caller's clock.
    pub times: Times,
    /// A durable ledger to ask, in the place of the tables of consent.
    pub ledger: Option<LedgerSource<'a>>,
    /// Models trained on the same state of the ledger.
    pub models: GivenModels<'a>,
    /// The key that the tokens of customer lists were made with; without it such a list stands for nobody.
    pub audience_key: Option<Arc<KeyRing>>,
    /// Tables in memory, beside those of the signals directory.
    pub frames: Frames,
}

/// Suggestions, ads, spam scores and verdicts of one state of the signals, for whoever asks.
///
/// An engine owns what it needs. It is cheap to clone and may be asked from any number of threads; scratch space is pooled
/// inside. Every answer is the one that `acquaint run` publishes: both ask the same functions. Whoever opted out is not in
/// it, and gets the empty answer that somebody unknown gets.
///
/// It speaks of one moment, [`as_of`](Self::as_of). To hear of newer signals or newer refusals, open another and drop this
/// one.
///
/// # Examples
/// ```
/// use acquaint::{Engine, EngineOptions};
///
/// let engine = Engine::open("data/quickstart", &EngineOptions::default())?;
/// let user = engine.users()[0];
/// for suggested in engine.suggest(user, 3) {
///     println!("{user} may know {}", suggested.candidate);
/// }
/// for score in engine.ads(user, 3)? {
///     println!("{user} may like {} at {:.4}", score.ad_id, score.p_click);
/// }
/// # Ok::<(), acquaint::EngineError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    prepared: Arc<Prepared>,
}

impl Engine {
    /// Reads a signals directory and prepares every answer.
    ///
    /// # Errors
    /// As [`run`](crate::engine::run): a parameter is out of range, a table is missing or cannot be read, or a row takes
    /// something away and nobody can tell from whom.
    ///
    /// # Complexity
    /// That of a run without its scoring.
    pub fn open(
        signals: impl AsRef<Path>,
        options: &EngineOptions<'_>,
    ) -> Result<Self, EngineError> {
        Self::open_with(signals, options, &Silent)
    }

    /// As [`open`](Self::open), telling how far it is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        signals: impl AsRef<Path>,
        options: &EngineOptions<'_>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let params = options.params.clone().check()?;
        let mut params = params.with_frames(options.frames.clone());
        if let Some(key) = &options.audience_key {
            params = params.with_audience_key(Arc::clone(key));
        }
        let prepared = Prepared::open_with(
            signals.as_ref(),
            options.ledger.as_ref(),
            &params,
            options.times,
            options.models,
            progress,
        )?;
        Ok(Self {
            prepared: Arc::new(prepared),
        })
    }

    /// The moment it speaks of, and as known when.
    #[must_use]
    pub fn as_of(&self) -> AsOf {
        self.prepared.world.standing.as_of
    }

    /// What became of the rows that were read, and what somebody has to look at before anything is shown to anybody.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.prepared.reading()
    }

    /// Who may be suggested to others, ascending.
    #[must_use]
    pub fn users(&self) -> &[UserId] {
        let friends = self.prepared.friends.as_ref();
        friends.map_or(&[], |friends| friends.graph().users())
    }

    /// The first `k` friend suggestions for a person, best first; none for somebody who may not get any.
    ///
    /// With `[suggest] shown_max` there are no more than `[suggest] k`, and the first call settles everybody's lists. With
    /// `near`, people near fill a list up to `[suggest] k` and not beyond. A learned order lists those that it ranks:
    /// `[ranker] pool` or `[suggest] k`, whichever is more, and those that `[ranker.factors]` adds. A list for a smaller `k` is
    /// the beginning of one for a larger `k`.
    ///
    /// # Complexity
    /// O(two-paths from the person + K log K); in a learned order also O(Σ over the pool of the candidate's degree).
    #[must_use]
    pub fn suggest(&self, user: UserId, k: usize) -> Vec<Suggested> {
        let mut suggested = Vec::with_capacity(k.min(self.users().len()));
        self.suggest_into(user, k, &mut suggested);
        suggested
    }

    /// As [`suggest`](Self::suggest), added to `out`: nothing is allocated after the first calls if it has room.
    pub fn suggest_into(&self, user: UserId, k: usize, out: &mut Vec<Suggested>) {
        if let Some(friends) = &self.prepared.friends {
            friends.suggest_into(user, k, out);
        }
    }

    /// The suggestions of many people, in their order, in the caller's rayon pool.
    #[must_use]
    pub fn suggest_all(&self, users: &[UserId], k: usize) -> Vec<Vec<Suggested>> {
        let users = users.par_iter();
        users.map(|&user| self.suggest(user, k)).collect()
    }

    /// The `k` best ads for a person, by value; none for somebody who may not get any.
    ///
    /// # Errors
    /// By a factor model, if it has weights that are not finite or larger than 10¹², or a calibration that falls.
    ///
    /// # Complexity
    /// O(A · v) for A ads and v values of the person; by a factor model O(A · D) for D coordinates of a side.
    pub fn ads(&self, user: UserId, k: usize) -> Result<Vec<AdScore>, EngineError> {
        match &self.prepared.ads {
            Some(ads) => ads.of_person(&self.prepared.world, user, k),
            None => Ok(Vec::new()),
        }
    }

    /// The ads of many people, in their order, in the caller's rayon pool.
    ///
    /// # Errors
    /// As [`ads`](Self::ads).
    pub fn ads_all(&self, users: &[UserId], k: usize) -> Result<Vec<Vec<AdScore>>, EngineError> {
        let users = users.par_iter();
        users.map(|&user| self.ads(user, k)).collect()
    }

    /// The first `k` of the people that a caller scored for a person, best first, with their scores; none for somebody who may not
    /// get any suggestions.
    ///
    /// Every rule of [`suggest`](Self::suggest) holds but the one that asks for people in common: whoever is out, hides, is a friend
    /// already, or was blocked, reported or dismissed is left out, and so is everybody demoted or removed for spam. Of several scores
    /// of one candidate the highest counts; of equal scores the smaller id is first.
    ///
    /// # Complexity
    /// O(n log n) for n candidates.
    #[must_use]
    pub fn rank_suggestions(
        &self,
        user: UserId,
        candidates: impl IntoIterator<Item = (UserId, f64)>,
        k: usize,
    ) -> Vec<(UserId, f64)> {
        let friends = self.prepared.friends.as_ref();
        friends.map_or_else(Vec::new, |friends| {
            friends.rank_own(user, candidates.into_iter(), k)
        })
    }

    /// The first `k` of the ads for which a caller says how probable a click is, with what an impression is worth (bid × probability
    /// + quality, in currency units), best first.
    ///
    /// The guard holds as for [`ads`](Self::ads). None for somebody who may not get any ads or allows limited ads alone: nobody knows
    /// what the caller's probabilities rest on.
    ///
    /// # Complexity
    /// O(A + n log n) for n of A ads.
    #[must_use]
    pub fn rank_ads(
        &self,
        user: UserId,
        given: impl IntoIterator<Item = (AdId, f64)>,
        k: usize,
    ) -> Vec<(AdId, f64)> {
        let ads = self.prepared.ads.as_ref();
        ads.map_or_else(Vec::new, |ads| {
            ads.rank_own(&self.prepared.world, user, given.into_iter(), k)
        })
    }

    /// May a business write to an account, to answer and to advertise? None if there is nothing between the two, or the
    /// account allows neither: then it may not.
    ///
    /// # Complexity
    /// O(log n) for n pairs.
    #[must_use]
    pub fn business(&self, business: BusinessId, account: AccountId) -> Option<&Reach> {
        self.prepared.business.as_ref()?.of_pair(business, account)
    }

    /// The businesses that matter to an account, best first, from what may be used for a purpose: `BusinessService` or
    /// `BusinessMarketing`; none for any other, or if the account does not allow it. Whether one may write is for
    /// [`business`](Self::business) to say.
    ///
    /// # Complexity
    /// O(log n) for n pairs.
    #[must_use]
    pub fn businesses(&self, account: AccountId, purpose: Purpose) -> &[Mattering] {
        let verdicts = self.prepared.business.as_ref();
        verdicts.map_or(&[], |verdicts| verdicts.order_of(account, purpose))
    }

    /// The spam score of an account; none if it may not be looked at.
    ///
    /// # Complexity
    /// O(log n) for n accounts.
    #[must_use]
    pub fn spam(&self, account: AccountId) -> Option<&SpamScore> {
        self.prepared.abuse.as_ref()?.of_account(account)
    }

    /// Why somebody is suggested to a person, or why not.
    ///
    /// # Complexity
    /// One person's candidates, all kept.
    #[must_use]
    pub fn explain_suggestion(&self, user: UserId, candidate: UserId) -> SuggestionExplained {
        self.prepared.explain_suggestion(user, candidate)
    }

    /// Why an ad is given to a person, or why not.
    ///
    /// # Errors
    /// As [`ads`](Self::ads).
    ///
    /// # Complexity
    /// One ranking of the person's ads, two if it is not given out.
    pub fn explain_ad(&self, user: UserId, ad: AdId) -> Result<AdExplained, EngineError> {
        self.prepared.explain_ad(user, ad)
    }

    /// How far each field moves the log-odds of a click, over the people and ads of the run. None without ads.
    ///
    /// # Complexity
    /// Up to 8 ads a person, each taken apart.
    #[must_use]
    pub fn explain_ad_model(&self) -> Option<ModelWeights> {
        self.prepared.explain_ad_model()
    }
}
