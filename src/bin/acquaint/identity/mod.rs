//! `acquaint identity`: who is behind a number, one step at a time.

pub(crate) mod args;
mod link;
mod matching;
mod normalise;
mod psi;
mod records;
mod refused;
mod rows;
mod tokens;

use args::IdentityVerb;

use crate::exit::{Failure, Outcome};

pub(crate) fn identity(verb: &IdentityVerb, quiet: bool) -> Result<Outcome, Failure> {
    match verb {
        IdentityVerb::Normalise(args) => normalise::normalise(args),
        IdentityVerb::Tokens(args) => tokens::tokens(args),
        IdentityVerb::Match(args) => matching::matching(args, quiet),
        IdentityVerb::Link(args) => link::link(args, quiet),
        IdentityVerb::Fit(args) => link::fit(args, quiet),
        IdentityVerb::Evaluate(args) => link::evaluate(args, quiet),
        IdentityVerb::Psi(verb) => psi::psi(verb),
    }
}
