//! `acquaint compare`: what changed between two outputs, for whom and why.

use std::path::PathBuf;

use acquaint::engine::{self, CompareRequest, Comparison};
use acquaint::publish::{Input, Ours, seal_page, shown};
use acquaint::report::{Names, compare_summary, render_compare};
use clap::Args;

use crate::args::AskLedgerArgs;
use crate::clock::latest;
use crate::exit::{Failure, Outcome, print};
use crate::output::{self, Reads};
use crate::progress::Bars;
use crate::run::Ledger;

/// What changed between two outputs, for whom and why.
#[derive(Debug, Args)]
#[command(after_help = "\
A row is named by its people, ad or business. It is removed, added, has another verdict (outcome, or whether a business may write), or is \
rescored: another rank, figure or reason. docs/formats.md lists the reasons and the JSON.

With --signals, a row that went because of an opt-out, a block or the like says so, with the reasons of `acquaint recall`.

Example:
  acquaint run --signals data/quickstart --out monday --as-of 2016-11-14
  acquaint run --signals data/quickstart --out tuesday --as-of 2016-11-15
  acquaint compare monday tuesday --signals data/quickstart")]
pub(crate) struct CompareArgs {
    /// The output directory of the earlier run
    #[arg(value_name = "OUT1")]
    before: PathBuf,
    /// The output directory of the later run
    #[arg(value_name = "OUT2")]
    after: PathBuf,
    /// The tables that the later run read; they say more of why
    #[arg(long, value_name = "DIR")]
    signals: Option<PathBuf>,
    #[command(flatten)]
    ledger: AskLedgerArgs,
    /// How many rows that differ are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    rows: u32,
    /// Also write a page with charts to this file; it names nobody
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

pub(crate) fn compare(args: &CompareArgs, quiet: bool) -> Result<Outcome, Failure> {
    let page = args.page.as_deref();
    let page = page.map(|path| output::file(path, Ours::PAGE, reads(args)));
    let page = page.transpose()?;
    let compared = compared(args, quiet)?;
    let (before, after) = (shown(&args.before), shown(&args.after));
    let names = Names {
        before: &before,
        after: &after,
    };
    if let Some(page) = page {
        page.write(seal_page(&render_compare(&compared, names)?).as_bytes())?;
        output::tell(&page.publish()?);
    }
    print(&if args.json {
        serde_json::to_string_pretty(&compared)?
    } else {
        compare_summary(&compared, names)
    })?;
    if let Some(path) = args.page.as_deref() {
        eprintln!("acquaint: wrote {}", shown(path));
    }
    Ok(Outcome::Done)
}

fn compared(args: &CompareArgs, quiet: bool) -> Result<Comparison, Failure> {
    let ledger = Ledger::read(&args.ledger)?;
    let source = ledger.source();
    let request = CompareRequest {
        before: &args.before,
        after: &args.after,
        signals: args.signals.as_deref(),
        ledger: source.as_ref(),
        latest: Some(latest()),
        max_rows: usize::try_from(args.rows).unwrap_or(usize::MAX),
    };
    Ok(engine::compare(&request, &Bars::new(quiet))?)
}

/// The page may not stand among what is compared.
fn reads(args: &CompareArgs) -> Vec<Input> {
    Reads::default()
        .and("the earlier output", [&args.before])
        .and("the later output", [&args.after])
        .and("the signals directory", &args.signals)
        .ledger(&args.ledger)
        .all()
}
