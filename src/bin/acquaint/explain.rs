//! `acquaint explain`: why, and why not.

mod ad;
mod suggestion;

use crate::args::ExplainVerb;
use crate::exit::{Failure, Outcome};

pub(crate) fn explain(verb: &ExplainVerb, quiet: bool) -> Result<Outcome, Failure> {
    match verb {
        ExplainVerb::Suggestion(args) => suggestion::suggestion(args, quiet),
        ExplainVerb::Ad(args) => ad::ad(args, quiet),
    }
}
