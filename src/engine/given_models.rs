//! Models that were trained before a run.

use crate::engine::ads::model::AdModel;
use crate::engine::{EngineError, Resume, ValidRunParams};
use crate::suggest::FriendModel;

/// Models that were trained before, each on the state of the ledger that is asked now; by default none, and a run trains its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct GivenModels<'a> {
    /// A ranker; its parameters take the place of `[ranker]`.
    pub friend_model: Option<&'a FriendModel>,
    /// A click model; how it was trained takes the place of what `[ads]` says of it.
    pub ad_model: Option<&'a AdModel>,
    /// Where an ad model is kept while a run goes on, and taken from if an earlier one was interrupted.
    pub resume: Option<&'a Resume>,
}

impl GivenModels<'_> {
    /// The parameters as these models were trained under them.
    ///
    /// # Errors
    /// If a model says it was trained under parameters that none can be.
    pub(in crate::engine) fn params(
        self,
        given: &ValidRunParams,
    ) -> Result<ValidRunParams, EngineError> {
        let mut params = given.clone();
        if let Some(model) = self.friend_model {
            params = params.with_ranker(model.params().clone().check()?);
        }
        if let Some(model) = self.ad_model {
            params = params.with_ads_trained_as(model.params())?;
        }
        Ok(params)
    }
}
