//! `acquaint identity match`: whose number was it when it was saved?

use std::io;

use acquaint::engine::matches;

use super::args::MatchArgs;
use crate::exit::{Failure, Outcome};
use crate::progress::Bars;
use crate::run::{Ledger, read_params};

pub(crate) fn matching(args: &MatchArgs, quiet: bool) -> Result<Outcome, Failure> {
    let args = &args.claims;
    let params = read_params(args.config.as_deref())?;
    let ledger = Ledger::read(&args.ledger)?;
    let matched = matches(
        &args.signals,
        ledger.source().as_ref(),
        &params,
        (args.as_of, None),
        args.purpose,
        &Bars::new(quiet),
    )?;
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    out.write_record(["from_account_id", "to_account_id", "saved_at"])
        .map_err(io::Error::from)?;
    for one in &matched.matches {
        let row = [
            one.from.0.to_string(),
            one.to.0.to_string(),
            one.saved_at.to_string(),
        ];
        out.write_record(row).map_err(io::Error::from)?;
    }
    out.flush()?;
    eprintln!(
        "acquaint: entries: {}",
        serde_json::to_string(&matched.stage)?
    );
    if !matched.rejections.is_empty() {
        eprintln!(
            "acquaint: {} rows of the address book were rejected",
            matched.rejections.len()
        );
    }
    Ok(Outcome::Done)
}
