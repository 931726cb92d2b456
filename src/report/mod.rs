//! Report: a run as a page to look at.
//!
//! [`render`] makes `report.html` and [`summary`] the few lines a terminal shows, both from a run's
//! [`Manifest`] and nothing else: what the manifest does not hold cannot leak into a report.
//!
//! The page is one file that asks nothing of the network and runs no script. Every text in it, in pictures
//! too, goes through the template's escaping; no value is marked as safe. Same manifest, same bytes.

mod abuse;
mod ads;
mod charts;
mod compare;
mod consent;
mod few;
mod first;
mod flow;
mod groups;
mod page;
mod subject;
mod summary;
mod sums;
mod words;

use crate::engine::outputs::Manifest;

pub use compare::{Names, compare_summary, render_compare};
pub use subject::render_subject;
pub use summary::summary;

/// The report's file name.
pub const REPORT: &str = "report.html";

/// Why no report could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The template could not be filled in.
    #[error("could not fill in the template {template}")]
    Template {
        /// The template's name.
        template: &'static str,
        /// Where and why.
        source: minijinja::Error,
    },
}

/// The page about a run, as HTML.
///
/// # Errors
/// If the template cannot be filled in, which no manifest should be able to cause.
///
/// # Complexity
/// O(size of the manifest).
pub fn render(manifest: &Manifest) -> Result<String, ReportError> {
    page::fill_in(manifest).map_err(|source| ReportError::Template {
        template: REPORT,
        source,
    })
}

#[cfg(test)]
mod tests;
mod worth;

pub use worth::{
    Figure, Moved, OptOutPoint, ProductWorth, SourceBar, StillThereBar, WorthPage, WorthPart,
    render_worth,
};
