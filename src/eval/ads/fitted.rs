//! A model of some rows, and what it says of others.

use super::Test;
use crate::ads::{
    AdsError, ClickModel, History, Shards, TrainReport, TrainingRow, TrainingSet, ValidAdsParams,
    train_told,
};
use crate::learn::Predicted;
use crate::signals::Ad;

/// A model, and the past as the rows it learnt from tell it: of the rows it is asked about nothing is known before.
pub(in crate::eval) struct Fitted<'a> {
    pub(in crate::eval) model: ClickModel,
    pub(in crate::eval) report: TrainReport,
    history: History<'a>,
}

impl<'a> Fitted<'a> {
    /// # Complexity
    /// That of training.
    pub(in crate::eval) fn of(
        set: &TrainingSet<'a>,
        params: &ValidAdsParams,
    ) -> Result<Self, AdsError> {
        let history = set.history(params);
        let trained = train_told(set, &history, params, Shards::Forgotten, &|_| ())?;
        Ok(Self {
            model: trained.model,
            report: trained.report,
            history,
        })
    }

    /// What it says of held-out rows.
    pub(in crate::eval) fn predicted(&self, test: &Test<'_>) -> Vec<Predicted> {
        self.predicted_of(test, test.rows.iter().map(|&(_, ad)| ad))
    }

    /// The same, with other ads in the place of those of the rows.
    pub(in crate::eval) fn predicted_of<'t>(
        &self,
        test: &Test<'_>,
        ads: impl Iterator<Item = &'t Ad>,
    ) -> Vec<Predicted> {
        let rows: Vec<&TrainingRow> = test.rows.iter().map(|(row, _)| *row).collect();
        let before = self.history.before(&rows);
        let said = rows.iter().zip(&before).zip(ads);
        let said = said.map(|((row, before), ad)| Predicted {
            p: self.model.p_click_shown(row, before, ad),
            target: row.target,
        });
        said.collect()
    }
}
