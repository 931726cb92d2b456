//! `acquaint verify`: is the output what it would be without everybody who is out?

use acquaint::engine::{self, Reading, VerifyRequest};
use acquaint::report::render;

use crate::args::VerifyArgs;
use crate::attest::Attest;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::{Ledger, list_key};
use crate::told::tell;

pub(crate) fn verify(args: &VerifyArgs, quiet: bool) -> Result<Outcome, Failure> {
    let ledger = Ledger::read(&args.ledger)?;
    let source = ledger.source();
    let key = list_key(&args.lists)?;
    let request = VerifyRequest {
        audience_key: key.as_ref(),
        ledger: source.as_ref(),
        out: &args.out,
        signals: &args.signals,
        keep: args.keep.as_deref(),
        max_reruns: args.max_reruns,
    };
    let verdict = engine::verify(
        &request,
        &|manifest| Ok(render(manifest)?),
        &Bars::new(quiet),
    )?;
    if let (Some(to), Some(key)) = (&args.attest, &args.key) {
        Attest { to, key }.write(&request, &verdict)?;
    }
    print(&if args.json {
        serde_json::to_string_pretty(&verdict)?
    } else {
        verdict.to_string()
    })?;
    let reading = Reading {
        rejected: verdict.rejected.clone(),
        findings: verdict.input_findings.clone(),
        ..Reading::default()
    };
    // Whether an output is what it should be does not depend on what there is to say of the tables.
    tell(&reading, Outcome::Done);
    Ok(if verdict.is_clean() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}
