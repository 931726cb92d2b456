//! `acquaint identity match`: whose number was it when it was saved?

use std::path::Path;

use acquaint::engine::{BookFiles, MatchRequest, Stage};
use acquaint::identity::OverBudget;

use super::args::MatchArgs;
use crate::clock::times;
use crate::exit::{Failure, Outcome, Output, of_output};
use crate::output::Reads;
use crate::progress::Bars;
use crate::run::{Ledger, read_params};
use crate::told::tell;

pub(crate) fn matching(args: &MatchArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = read_params(&args.claims.given)?;
    let ledger = Ledger::read(&args.claims.ledger)?;
    let source = ledger.source();
    let request = MatchRequest {
        signals: &args.claims.signals,
        ledger: source.as_ref(),
        params: &params,
        times: times(args.claims.as_of, None),
        purpose: args.claims.purpose,
    };
    let progress = Bars::new(quiet);
    match (&args.book, &args.out) {
        (Some(book), Some(out)) => number_book(&request, book, out, args, &progress),
        _ => address_book(&request, &progress),
    }
}

fn address_book(request: &MatchRequest<'_>, progress: &Bars) -> Result<Outcome, Failure> {
    let matched = request.address_book(progress)?;
    let mut out = csv::Writer::from_writer(Output::new());
    out.write_record(["from_account_id", "to_account_id", "saved_at"])
        .map_err(of_output)?;
    for one in &matched.matches {
        let row = [
            one.from.0.to_string(),
            one.to.0.to_string(),
            one.saved_at.to_string(),
        ];
        out.write_record(row).map_err(of_output)?;
    }
    out.flush()?;
    say(&matched.stage, &matched.over_budget)?;
    if matched.n_ambiguous > 0 {
        eprintln!(
            "acquaint: {} address-book numbers without a plus sign are valid both in their region and internationally, \
             and were read as the region's",
            matched.n_ambiguous
        );
    }
    Ok(tell(&matched.reading, Outcome::Done))
}

fn number_book(
    request: &MatchRequest<'_>,
    book: &Path,
    out: &Path,
    args: &MatchArgs,
    progress: &Bars,
) -> Result<Outcome, Failure> {
    let reads = Reads::default()
        .and("the configuration", &args.claims.given.config)
        .ledger(&args.claims.ledger);
    let files = BookFiles {
        reads: &reads.all(),
        book,
        out,
        max_bytes: usize::try_from(u64::from(args.memory_mib) << 20).unwrap_or(usize::MAX),
    };
    let matched = request.number_book(&files, progress)?;
    say(&matched.stage, &matched.over_budget)?;
    if let Some(first) = matched.rejected.first {
        eprintln!(
            "acquaint: {} rows of the number book were rejected, the first in row {}: {} is {}",
            matched.rejected.n, first.row, first.column, first.reason
        );
    }
    if matched.spilled.rows > 0 {
        eprintln!(
            "acquaint: {} matches ({} MiB) were spilled to temporary files",
            matched.spilled.rows,
            matched.spilled.bytes >> 20
        );
    }
    Ok(tell(&matched.reading, Outcome::Done))
}

/// What became of every entry, and who had too many.
fn say(stage: &Stage, over_budget: &OverBudget) -> Result<(), Failure> {
    eprintln!("acquaint: entries: {}", serde_json::to_string(stage)?);
    let over_budget = over_budget.by_account();
    if let Some((account, n)) = over_budget.iter().max_by_key(|(account, n)| (*n, *account)) {
        eprintln!(
            "acquaint: {} accounts saved more numbers than [identity.budget] allows, so they match nobody; \
             the largest address book has {n} entries and belongs to account {}",
            over_budget.len(),
            account.0
        );
    }
    Ok(())
}
