//! Report: a run as a page to look at, and as a few lines to read.
//!
//! Both are drawn from the manifest alone, which holds counts, digests and parameters: there is nothing in a
//! report that could not be made again with `acquaint report`, and nothing about any one person.

mod charts;
mod page;
mod summary;
mod words;

pub use page::render;
pub use summary::summary;

/// Why a page could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The template failed.
    #[error("the page cannot be drawn")]
    Template(#[from] minijinja::Error),
    /// A chart failed.
    #[error("the chart of {name} cannot be drawn: {detail}")]
    Chart {
        /// Which.
        name: String,
        /// Why.
        detail: String,
    },
}
