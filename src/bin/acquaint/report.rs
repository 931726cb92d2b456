//! `acquaint report`: the page of a finished run, drawn again from its manifest.

use acquaint::engine::read_output;
use acquaint::publish::seal_page;
use acquaint::report::render;

use crate::args::ReportArgs;
use crate::exit::{Failure, Outcome, print};

pub(crate) fn report(args: &ReportArgs) -> Result<Outcome, Failure> {
    let manifest = read_output(&args.out)?;
    print(&seal_page(&render(&manifest)?))?;
    Ok(Outcome::Done)
}
