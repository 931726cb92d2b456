//! `acquaint report`: the page of a finished run, drawn again from its manifest.

use std::fs;

use acquaint::engine::outputs::{MANIFEST, Manifest};
use acquaint::report::render;

use crate::args::ReportArgs;
use crate::exit::{Failure, Outcome, print};

pub(crate) fn report(args: &ReportArgs) -> Result<Outcome, Failure> {
    let path = args.out.join(MANIFEST);
    let reading = || format!("reading {}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| Failure::new(reading(), error))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| Failure::new(reading(), error))?;
    print(&render(&manifest)?)?;
    Ok(Outcome::Done)
}
