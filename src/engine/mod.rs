//! Engine: one run, from signals to scores.
//!
//! [`Prepared::open`] reads the tables, asks the gate and packs what may be used; [`run`] scores all of it and
//! publishes a directory with tables, a manifest whose sums check, and a page. It works in the caller's rayon
//! pool, reads no clock and draws nothing; [`Progress`] tells the caller how far it is.

mod accidents;
mod ad_model;
mod apart;
mod audiences;
mod backend;
mod book;
mod claims;
mod consent_rows;
mod consent_source;
mod consent_tables;
mod contacts;
mod counts;
mod dated;
mod error;
mod explain;
mod explain_ad;
mod findings;
mod friend_model;
mod given_models;
mod histograms;
mod inputs;
mod long_books;
mod lost;
mod matches;
mod numbers;
pub mod outputs;
mod params;
mod prepare;
mod progress;
mod published;
mod reading;
mod recall;
mod rejects;
mod run;
mod score;
mod spam;
mod strangers;
mod suggested;
mod times;
mod verify;
mod view;
mod work;

pub use ad_model::{
    AD_MODEL_SCHEMA, AdModel, AdModelError, AdProvenance, AdTrainRequest, TrainedAds, train_ads,
};
pub use backend::{Engine, EngineOptions};
pub use book::{BookMatched, BookRequest, match_book};
pub use claims::Claims;
pub use consent_rows::{ConsentRules, HeldEvents, LostRow, NamedEvent, NamedSubject};
pub use consent_source::LedgerSource;
pub use counts::{Stage, SumError};
pub use error::EngineError;
pub use explain::{NotSuggested, SuggestionExplained};
pub use explain_ad::{AdExplained, AdPart, Grant, NotShown};
pub use findings::{RowPlace, RunFinding};
pub use given_models::GivenModels;
pub use matches::{BookFiles, MatchRequest, Matched};
pub use params::{ConfigError, RunParams, ValidRunParams};
pub use prepare::Prepared;
pub use progress::{Progress, Silent};
pub use published::read_output;
pub use reading::Reading;
pub use recall::{Recall, RecallReason, RecallRequest, RecallRow, recall};
pub use rejects::{MaxRejects, MaxRejectsError};
pub use run::{Page, REPORT, RunRequest, run};
pub use suggested::Suggested;
pub use times::Times;
pub use verify::{Cause, Difference, Finding, PurposeVerdict, Verdict, VerifyRequest, verify};
