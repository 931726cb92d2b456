//! `acquaint train`: models as files.

mod abuse;
mod ads;
mod friends;

use std::path::PathBuf;

pub(crate) use abuse::{labels_of, opened};

use crate::args::{AskingArgs, TrainVerb};
use crate::exit::{Failure, Outcome};
use crate::output::Reads;

pub(crate) fn train(verb: &TrainVerb, quiet: bool) -> Result<Outcome, Failure> {
    match verb {
        TrainVerb::Friends(args) => friends::friends(args, quiet),
        TrainVerb::Ads(args) => ads::ads(args, quiet),
        TrainVerb::Abuse(args) => abuse::abuse(args, quiet),
    }
}

/// What training reads.
fn reads(asking: &AskingArgs, signals: Option<&PathBuf>, edges: Option<&PathBuf>) -> Reads {
    Reads::default()
        .and("the signals directory", signals)
        .and("the edge list", edges)
        .asking(asking)
}
