//! `acquaint evaluate`: held-out quality, as a table or as JSON.

use std::path::Path;

use acquaint::engine;
use acquaint::eval::{
    AdsEvaluation, ContactsEvaluation, FriendsEvaluation, evaluate_contacts, evaluate_edges,
    read_edges,
};

use crate::args::{EvaluateAdsArgs, EvaluateFriendsArgs};
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::read_params;

pub(crate) fn friends(args: &EvaluateFriendsArgs, quiet: bool) -> Result<Outcome, Failure> {
    let edges = match (&args.edges, &args.signals) {
        (Some(file), _) => read_edges(file)?.undirected().pairs,
        (None, Some(dir)) => permitted_friendships(dir, quiet)?,
        (None, None) => unreachable!("clap requires one of the two"),
    };
    if !args.contacts.is_empty() {
        let mut contacts = Vec::new();
        for file in &args.contacts {
            contacts.extend(read_edges(file)?.directed().pairs);
        }
        let evaluation = evaluate_contacts(&contacts, &edges);
        print(&if args.json {
            serde_json::to_string_pretty(&evaluation)?
        } else {
            contacts_table(&evaluation)
        })?;
        return Ok(Outcome::Done);
    }
    let evaluation = evaluate_edges(&edges);
    print(&if args.json {
        serde_json::to_string_pretty(&evaluation)?
    } else {
        friends_table(&evaluation)
    })?;
    Ok(Outcome::Done)
}
