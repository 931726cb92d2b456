//! `acquaint identity psi`: the numbers that two operators both hold.

pub(crate) mod args;
mod channel;
mod desk;
mod files;
mod gate;
mod holdings;
mod outcome;
mod session;
mod steps;
mod tcp;
mod wire;

use args::PsiVerb;

use crate::exit::{Failure, Outcome};

pub(crate) fn psi(verb: &PsiVerb) -> Result<Outcome, Failure> {
    match verb {
        PsiVerb::Blind(args) => steps::blind(args),
        PsiVerb::Reply(args) => steps::reply(args),
        PsiVerb::Share(args) => steps::share(args),
        PsiVerb::Finish(args) => steps::finish(args),
        PsiVerb::Listen(args) => tcp::listen(args),
        PsiVerb::Connect(args) => tcp::connect(args),
    }
}
