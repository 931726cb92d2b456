//! Business: may this business write to this account?
//!
//! For each business and account that have a thread or an opt-in there are two answers, one for *service* (an
//! answer to somebody who wrote) and one for *marketing*, each with every reason for and against it:
//!
//! | rule | service | marketing |
//! |---|---|---|
//! | the business is verified | yes | yes |
//! | its spam score is below a limit, if it has one | yes | yes |
//! | the account's consent allows the purpose | yes | yes |
//! | the person wrote to it within the last 30 days | yes | |
//! | the person asked it for marketing and has not withdrawn | | yes |
//!
//! An answer is yes if all its rules hold. A pair whose account allows neither purpose gets no row: it is
//! counted as a drop. Where nobody wrote and nobody asked there is nothing to answer.
//!
//! ```
//! use acquaint::business::BusinessParams;
//!
//! let params = BusinessParams::default().check()?;
//! assert_eq!(params.service_window_days(), 30);
//! # Ok::<(), acquaint::params::ParamError>(())
//! ```

mod eligibility;
mod params;
mod rules;

pub use eligibility::{Eligibility, Reach, Signals, reach};
pub use params::{BusinessParams, ValidBusinessParams};
pub use rules::{Permission, ReachReason};
