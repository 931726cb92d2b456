//! `acquaint config`: the settings a run would have, with all defaults, as a file that can be edited.

mod schema;

use acquaint::engine::RunParams;

use crate::args::ConfigArgs;
use crate::exit::{Failure, Outcome, print};
use crate::run::read_params;

pub(crate) fn config(args: &ConfigArgs) -> Result<Outcome, Failure> {
    if args.schema {
        print(&serde_json::to_string_pretty(&schema::schema())?)?;
        return Ok(Outcome::Done);
    }
    let params = if args.defaults {
        RunParams::default()
    } else {
        read_params(&args.given)?.given().clone()
    };
    let text = toml::to_string(&params)
        .map_err(|error| Failure::new("writing the configuration", error))?;
    print(&text)?;
    Ok(Outcome::Done)
}
