//! `acquaint report`: the page of a finished run, drawn again from its manifest.

use acquaint::engine::outputs::{MANIFEST, MAX_MANIFEST_BYTES, Manifest};
use acquaint::publish::{read_plain_text, seal_page, shown, unseal_json};
use acquaint::report::render;

use crate::args::ReportArgs;
use crate::exit::{Failure, Outcome, print};

pub(crate) fn report(args: &ReportArgs) -> Result<Outcome, Failure> {
    let path = args.out.join(MANIFEST);
    let reading = || format!("reading {}", shown(&path));
    let text = read_plain_text(&path, MAX_MANIFEST_BYTES)
        .map_err(|error| Failure::new(reading(), error))?;
    let text = unseal_json(&text).map_err(|error| Failure::new(reading(), error))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| Failure::new(reading(), error))?;
    print(&seal_page(&render(&manifest)?))?;
    Ok(Outcome::Done)
}
