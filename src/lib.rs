//! Friend suggestions, ad relevance, spam scores and business-messaging verdicts from signals people agreed to share.
//!
//! Two services exchange data their users consented to share: phone numbers, address books, device and usage data; message
//! content is never accepted. acquaint builds a contact graph from it and scores people, and removes everybody who opted out:
//! they get no suggestions, appear in none, connect nobody, and are not counted. The output is the same, byte for byte,
//! whether they are in the input tables or deleted from them.
//!
//! # Start here
//!
//! [`Engine`] is all a backend needs: open a directory of tables once, then ask it from any thread.
//!
//! ```
//! use acquaint::{Engine, EngineOptions};
//!
//! # fn main() -> Result<(), acquaint::EngineError> {
//! let engine = Engine::open("data/quickstart", &EngineOptions::default())?;
//! for finding in engine.reading().findings {
//!     eprintln!("{finding}"); // what somebody has to look at before anything is shown
//! }
//! for user in engine.users().iter().take(5) {
//!     for suggested in engine.suggest(*user, 3) {
//!         let reasons: Vec<String> = suggested.reasons().map(|why| why.to_string()).collect();
//!         println!("{user} may know {}: {}", suggested.candidate, reasons.join(", "));
//!     }
//!     for score in engine.ads(*user, 3)? {
//!         println!("{user} is shown {}: a click with p = {:.4}", score.ad_id, score.p_click);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`engine::run`] scores everybody and writes tables, a manifest and a report, as `acquaint run` does. Both ask the same
//! functions, so their answers agree.
//!
//! # What it is not
//!
//! It is no identity provider, no ad exchange and no message store, and it does not decide whom to notify. It scores what it is
//! given at one moment; it does not follow a stream. It needs Rust and one machine.
//!
//! # The rooms
//!
//! Each room imports only rooms above it; a test keeps it so.
//!
//! | Room | What it does |
//! |---|---|
//! | [`consent`] | who allowed what, when: events, snapshots, and the gate that makes [`Permitted`](consent::Permitted) data |
//! | [`ledger`] | consent events on disk, append-only, with proofs |
//! | [`signals`] | the tables: formats, limits, rejected rows |
//! | [`identity`] | phone numbers, keyed tokens, links between accounts, private set intersection |
//! | [`graph`] | the contact graph, made of permitted edges only |
//! | [`suggest`] | friend suggestions: candidates, order, masks, reasons |
//! | [`learn`] | models of clicks on sparse rows: training, calibration, metrics |
//! | [`retrieve`] | the exact top K of inner products |
//! | [`ads`] | ad relevance: training rows, audiences, policy, ranking, reasons |
//! | [`abuse`] | spam scores |
//! | [`business`] | whether a business may write to somebody |
//! | [`engine`] | from tables to answers: open, run, explain, verify, recall |
//! | [`eval`], [`synth`] | how good the answers are; worlds whose truth is known |
//! | [`report`] | the page beside the tables |
//!
//! # Features
//!
//! `cli`, on by default, is for the binary: a backend leaves it and its dependencies out with `default-features = false`.
//! `postgres` keeps the ledger in `PostgreSQL`, `hmac-interop` makes number tokens by HMAC-SHA-256.

pub mod abuse;
pub mod ads;
mod ahead;
pub mod business;
pub mod consent;
pub mod engine;
pub mod eval;
pub mod graph;
pub mod hash;
pub mod identity;
pub mod ids;
pub mod learn;
pub mod ledger;
mod near;
pub mod params;
pub mod publish;
pub mod report;
pub mod retrieve;
pub mod score;
pub mod signals;
pub mod suggest;
pub mod synth;
pub mod time;
mod toml_fault;

pub use abuse::SpamScore;
pub use ads::AdScore;
pub use business::Reach;
pub use engine::{
    AdExplained, Engine, EngineError, EngineOptions, RunParams, Suggested, SuggestionExplained,
};
pub use ids::{AccountId, AdId, BusinessId, UserId};
pub use time::Timestamp;
