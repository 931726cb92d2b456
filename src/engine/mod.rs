//! Engine: one run, from signals to scores.
//!
//! [`Prepared::open`] reads the tables, asks the gate and packs what may be used; [`run`] scores all of it and
//! publishes a directory with tables, a manifest whose sums check, and a page. It works in the caller's rayon
//! pool, reads no clock and draws nothing; [`Progress`] tells the caller how far it is.

mod abuse;
mod ads;
mod backend;
mod books;
mod business;
mod cells;
mod check;
mod claims;
mod compare;
mod counts;
mod elsewhere;
mod error;
mod estimate;
mod findings;
mod friends;
mod given_models;
mod histograms;
mod links;
mod manifest;
mod opening;
pub mod outputs;
mod params;
mod prepare;
mod progress;
mod publication;
mod published;
mod publishing;
mod recall;
mod resume;
mod run;
mod spam;
mod subject;
mod verify;
mod world;

pub use abuse::case::AbuseCase;
pub use abuse::explain::{AbuseExplained, NotScored, PartExplained, ScoreExplained};
pub use ads::explain::{AdExplained, AdPart, Grant, NotShown};
pub use ads::model::{AD_MODEL_SCHEMA, AdModel, AdModelError};
pub use ads::provenance::AdProvenance;
pub use ads::train::{AdTrainRequest, TrainedAds, train_ads};
pub use backend::{Engine, EngineOptions};
pub use books::matches::{BookFiles, MatchRequest, Matched};
pub use books::number_book::{BookMatched, BookRequest, match_book};
pub use business::explain::{BusinessExplained, CheckExplained, KindExplained, RuleExplained};
pub use business::order::OrderExplained;
pub use check::{BadRow, Checked, CheckedTable, RejectedRows, check};
pub use claims::Claims;
pub use compare::{
    Change, CompareRequest, ComparedRun, Comparison, RowChange, RunDifference, TableChange, Why,
    compare,
};
pub(in crate::engine) use counts::Staged;
pub use counts::{Stage, SumError};
pub use elsewhere::Elsewhere;
pub use error::EngineError;
pub use estimate::Estimate;
pub use findings::{RowPlace, RunFinding};
pub use friends::explain::{NotSuggested, SuggestionExplained};
pub use friends::suggested::Suggested;
pub use given_models::GivenModels;
pub use opening::SignalsRequest;
pub use params::{ConfigError, RunParams, ValidRunParams};
pub use prepare::Prepared;
pub use progress::{Progress, Silent};
pub use publication::{MaxChange, MinRows, MinRowsError, PublishParams};
pub use published::read_output;
pub use recall::{Recall, RecallReason, RecallRequest, RecallRow, recall};
pub use resume::Resume;
pub use run::{Page, REPORT, RunRequest, may_begin, run, run_elsewhere};
pub use subject::{
    AccountConsent, AdGiven, Given, HeldRows, LinkHeld, PublishedRows, Reachable, Scored, Subject,
    SubjectAsked, SubjectRequest, subject,
};
pub use verify::{
    Cause, Difference, Finding, PurposeVerdict, Verdict, VerifyRequest, verify, verify_with,
};
pub use world::consent_rows::{ConsentRules, HeldEvents, LostRow, NamedEvent, NamedSubject};
pub use world::consent_source::LedgerSource;
pub use world::reading::{Reading, checksums};
pub use world::rejects::{MaxRejects, MaxRejectsError};
pub use world::times::Times;
