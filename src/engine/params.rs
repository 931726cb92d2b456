//! Every parameter of a run, and the file they are read from.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::abuse::{AbuseParams, ValidAbuseParams};
use crate::ads::{AdsParams, ModelKind, ValidAdsParams};
use crate::business::{BusinessParams, ValidBusinessParams};
use crate::consent::{ConsentParams, ValidConsentParams};
use crate::engine::publication::Demands;
use crate::engine::{MaxRejects, MinRows, PublishParams};
use crate::identity::{IdentityParams, KeyRing, ValidIdentityParams};
use crate::params::ParamError;
use crate::signals::{
    Frames, ReadLimits, Record, SignalsDir, SignalsError, TableMappings, TableRows, ValidReadLimits,
};
use crate::suggest::{RankerParams, SuggestParams, ValidRankerParams, ValidSuggestParams};
use crate::toml_fault::told;

/// The parameters of a run, as `acquaint.toml` spells them. Every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunParams {
    /// `max_rejects`: how many rows may be rejected before that is a finding.
    pub max_rejects: MaxRejects,
    /// `[publish]`: when an output is set aside instead of being published.
    #[serde(skip_serializing_if = "PublishParams::is_default")]
    pub publish: PublishParams,
    /// `[tables.NAME]`: tables that have other names, columns and forms.
    #[serde(skip_serializing_if = "TableMappings::is_empty")]
    pub tables: TableMappings,
    /// `[signals]`: limits on what is read.
    pub signals: ReadLimits,
    /// `[consent]`
    pub consent: ConsentParams,
    /// `[identity]`
    pub identity: IdentityParams,
    /// `[suggest]`
    pub suggest: SuggestParams,
    /// `[ranker]`: suggestions in an order learned from friendships that are hidden; without this section they are in the
    /// order of their scores.
    pub ranker: Option<RankerParams>,
    /// `[ads]`
    pub ads: AdsParams,
    /// `[abuse]`
    pub abuse: AbuseParams,
    /// `[business]`
    pub business: BusinessParams,
}

/// Parameters that were checked; only these can run.
#[derive(Clone, Debug)]
pub struct ValidRunParams {
    pub(in crate::engine) given: RunParams,
    pub(in crate::engine) signals: ValidReadLimits,
    pub(in crate::engine) consent: ValidConsentParams,
    pub(in crate::engine) identity: ValidIdentityParams,
    pub(in crate::engine) suggest: ValidSuggestParams,
    pub(in crate::engine) ranker: Option<ValidRankerParams>,
    pub(in crate::engine) ads: ValidAdsParams,
    pub(in crate::engine) abuse: ValidAbuseParams,
    pub(in crate::engine) business: ValidBusinessParams,
    /// The key that customer lists were made with; never written.
    pub(in crate::engine) audience_key: Option<Arc<KeyRing>>,
    /// Tables in memory, beside those of the signals directory; never written.
    frames: Frames,
    /// What the caller asks of a publication; never written.
    pub(in crate::engine) demands: Demands,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not TOML, an unknown key or a value of the wrong type; says line and column.
    #[error("{0}")]
    Syntax(String),
    /// A value outside its range.
    #[error(transparent)]
    Range(#[from] ParamError),
}

impl RunParams {
    /// Reads a configuration file's text.
    ///
    /// # Errors
    /// If it is not TOML, or has a key that is unknown or a value of the wrong type: with line and column.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::Syntax(told(text, &error)))
    }

    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidRunParams, ParamError> {
        Ok(ValidRunParams {
            signals: self.signals.clone().check()?,
            consent: self.consent.check()?,
            identity: self.identity.clone().check()?,
            suggest: self.suggest.clone().check()?,
            ranker: self.ranker.clone().map(RankerParams::check).transpose()?,
            ads: self.ads.clone().check()?,
            abuse: self.abuse.clone().check()?,
            business: self.business.clone().check()?,
            audience_key: None,
            frames: Frames::default(),
            demands: Demands::default(),
            given: self,
        })
    }
}

impl ValidRunParams {
    /// What was given, defaults included.
    #[must_use]
    pub const fn given(&self) -> &RunParams {
        &self.given
    }

    /// The same, with so many rows that may be rejected before that is a finding.
    #[must_use]
    pub const fn with_max_rejects(mut self, max: MaxRejects) -> Self {
        self.given.max_rejects = max;
        self
    }

    /// The same, for tables that were written by this program.
    #[must_use]
    pub(in crate::engine) fn of_own_tables(mut self) -> Self {
        self.given.tables = TableMappings::default();
        self
    }

    /// The same, for a run that has to publish so many rows: it publishes nothing otherwise.
    #[must_use]
    pub fn with_min_rows(mut self, least: impl IntoIterator<Item = MinRows>) -> Self {
        self.demands.min_rows.extend(least);
        self
    }

    /// The same, for a run whose output may differ from the earlier one by more than `[publish] max_change`.
    #[must_use]
    pub const fn accepting_any_change(mut self) -> Self {
        self.demands.accepts_any_change = true;
        self
    }

    /// The same, with suggestions in an order learned so.
    #[must_use]
    pub fn with_ranker(mut self, ranker: ValidRankerParams) -> Self {
        self.given.ranker = Some(ranker.given().clone());
        self.ranker = Some(ranker);
        self
    }

    /// The same, with the key that the tokens of customer lists were made with. Without it a list stands for nobody.
    #[must_use]
    pub fn with_audience_key(mut self, key: Arc<KeyRing>) -> Self {
        self.audience_key = Some(key);
        self
    }

    /// The same, with tables in memory, read beside those of the signals directory. A table must not be in both.
    #[must_use]
    pub fn with_frames(mut self, frames: Frames) -> Self {
        self.frames = frames;
        self
    }

    /// Lists a directory of tables, to be read within the limits and with the columns of the configuration's own.
    ///
    /// # Errors
    /// As [`SignalsDir::open`] and [`SignalsDir::with_frames`].
    pub(in crate::engine) fn open(&self, dir: &Path) -> Result<SignalsDir, SignalsError> {
        let own = self.ads.own_columns().clone();
        let tables = self.given.tables.clone();
        let dir = SignalsDir::open_mapped(dir, &self.signals, tables)?.with_own(own);
        dir.with_frames(&self.frames)
    }

    /// Reads one table of a directory, or of memory, as a run reads it.
    ///
    /// # Errors
    /// If the directory cannot be listed, or a file cannot be read at all.
    pub fn read_table<R: Record>(&self, dir: &Path) -> Result<TableRows<R>, SignalsError> {
        self.open(dir)?.read()
    }

    /// The same, with the click model trained as these parameters say; how ads are ranked stays.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn with_ads_trained_as(mut self, ads: &AdsParams) -> Result<Self, ParamError> {
        self.given.ads = self.given.ads.trained_as(ads);
        self.ads = self.given.ads.clone().check()?;
        Ok(self)
    }

    /// The same, with another kind of click model.
    #[must_use]
    pub fn with_ad_model_kind(mut self, kind: ModelKind) -> Self {
        self.given.ads.model = kind;
        self.ads = self.ads.with_model(kind);
        self
    }

    /// How accounts are linked.
    #[must_use]
    pub const fn identity(&self) -> &ValidIdentityParams {
        &self.identity
    }

    /// Whom suggestions are made from, and how.
    #[must_use]
    pub const fn suggest(&self) -> &ValidSuggestParams {
        &self.suggest
    }

    /// How the order of suggestions is learned, if it is.
    #[must_use]
    pub const fn ranker(&self) -> Option<&ValidRankerParams> {
        self.ranker.as_ref()
    }

    /// How ads are ranked and clicks modelled.
    #[must_use]
    pub const fn ads(&self) -> &ValidAdsParams {
        &self.ads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_optional() {
        assert_eq!(RunParams::from_toml("").unwrap(), RunParams::default());
        assert!(RunParams::default().check().is_ok());
    }

    #[test]
    fn the_documented_keys_are_read() {
        let text = r#"
            [consent]
            profile = "opt-in"
            hold_until_window_end = true
            late_opt_out = "record-only"
            [suggest]
            k = 3
            score = "resource-allocation"
            min_intermediaries = 1
            [ads]
            k = 2
        "#;
        let params = RunParams::from_toml(text).unwrap();
        assert_ne!(params.consent, ConsentParams::default());
        assert_eq!(params.check().unwrap().suggest.k(), 3);
    }

    #[test]
    fn an_empty_section_asks_for_the_ranker() {
        let text = |text| RunParams::from_toml(text).unwrap().check().unwrap();
        assert!(text("").ranker.is_none());
        assert!(text("[ranker]").ranker.is_some());
        let wrong = RunParams::from_toml("[ranker]\none_in = 1").unwrap();
        assert_eq!(wrong.check().unwrap_err().name, "ranker.one_in");
    }

    #[test]
    fn deny_unknown_keys_with_their_place() {
        let error = RunParams::from_toml("[suggest]\nkk = 3\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 2, column 1") && error.contains("kk"),
            "{error}"
        );
    }

    #[test]
    fn no_number_in_a_configuration_is_told() {
        for text in ["\n  \"+491512345678\" = 3", "\n  k = \"+491512345678\""] {
            let error = RunParams::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with("line 2, column 3: "), "{error}");
            assert!(!error.contains("2345"), "{error}");
        }
    }

    #[test]
    fn deny_values_outside_their_range() {
        let error = RunParams::from_toml("[suggest]\nk = 0\n")
            .unwrap()
            .check()
            .unwrap_err();
        assert_eq!(error.name, "suggest.k");
    }
}
