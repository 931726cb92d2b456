//! `acquaint consent`: the ledger of who allowed what.

mod append;
pub(crate) mod args;
mod audit;
mod base64;
mod drop;
mod export;
mod gpp;
mod import;
mod last_word;
mod lines;
mod matrix;
mod receipts;
mod rekey;
mod repair;
mod show;
mod signals;
pub(crate) mod source;

use args::ConsentVerb;
pub(crate) use source::cannot;

use crate::exit::{Failure, Outcome};

pub(crate) fn consent(verb: &ConsentVerb, quiet: bool) -> Result<Outcome, Failure> {
    match verb {
        ConsentVerb::Append(args) => append::append(args),
        ConsentVerb::Import(args) => import::import(args, quiet),
        ConsentVerb::Status(args) => show::status(args),
        ConsentVerb::History(args) => show::history(args),
        ConsentVerb::Export(args) => export::export(args),
        ConsentVerb::Root(args) => audit::root(args),
        ConsentVerb::Prove(args) => audit::prove(args),
        ConsentVerb::Check(args) => audit::check(args),
        ConsentVerb::Erase(args) => audit::erase(args),
        ConsentVerb::Matrix(args) => matrix::matrix(args),
        ConsentVerb::Rekey(args) => rekey::rekey(args),
        ConsentVerb::Repair(args) => repair::repair(args),
    }
}
