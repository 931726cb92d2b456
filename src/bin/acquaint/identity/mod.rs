//! `acquaint identity`: who is behind a number, one step at a time.

pub(crate) mod args;
mod normalise;
mod psi;
mod rows;
mod tokens;

use args::IdentityVerb;

use crate::exit::{Failure, Outcome};

pub(crate) fn identity(verb: &IdentityVerb) -> Result<Outcome, Failure> {
    match verb {
        IdentityVerb::Normalise(args) => normalise::normalise(args),
        IdentityVerb::Tokens(args) => tokens::tokens(args),
        IdentityVerb::Psi(verb) => psi::psi(verb),
    }
}
