//! `acquaint consent matrix`: what was allowed, where and for what.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use acquaint::consent::{
    AdLevel, ConsentParams, MatrixCell, MatrixRegion, PolicySet, Purpose, matrix as decided,
};

use acquaint::publish::read_plain_text;

use super::args::MatrixArgs;
use super::source::cannot;
use crate::clock::now;
use crate::exit::{Failure, Outcome, print};

pub(crate) fn matrix(args: &MatrixArgs) -> Result<Outcome, Failure> {
    let policies = match &args.policies {
        Some(dir) => read(dir)?,
        None => PolicySet::shipped(),
    };
    let params = ConsentParams {
        profile: args.profile.into(),
        ..ConsentParams::default()
    };
    let at = args.as_of.unwrap_or_else(now);
    let regions = decided(&policies, at, &args.region, &params.check()?);
    print(&if args.json {
        serde_json::to_string_pretty(&regions)?
    } else {
        let tables: Vec<String> = regions.iter().map(|one| table(one, &policies)).collect();
        format!("as of {at}\n\n{}", tables.join("\n"))
    })?;
    Ok(Outcome::Done)
}

/// The files of a directory whose names end in .toml.
fn read(dir: &Path) -> Result<PolicySet, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(cannot("listing", dir))? {
        let path = entry.map_err(cannot("listing", dir))?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            files.push((
                name,
                read_plain_text(&path, MAX_POLICY_BYTES).map_err(cannot("reading", &path))?,
            ));
        }
    }
    Ok(PolicySet::from_files(files)?)
}

/// No policy is longer.
const MAX_POLICY_BYTES: u64 = 1 << 20;

fn table(region: &MatrixRegion, policies: &PolicySet) -> String {
    let mut text = format!("{:28}", region.region.as_str());
    for purpose in Purpose::ALL {
        write(&mut text, &format!("{:>20}", purpose.as_str()));
    }
    text.push('\n');
    for row in &region.rows {
        write(&mut text, &format!("{:28}", row.model.as_str()));
        for cell in &row.cells {
            write(&mut text, &format!("{:>20}", word(cell)));
        }
        text.push('\n');
    }
    for record in policies
        .records()
        .iter()
        .filter(|r| region.orders.contains(&r.file))
    {
        write(&mut text, &format!("  {}  {}\n", record.date, record.title));
        for source in &record.sources {
            write(&mut text, &format!("              {source}\n"));
        }
    }
    text
}

fn word(cell: &MatrixCell) -> String {
    if cell.level == Some(AdLevel::Limited) {
        return AdLevel::Limited.as_str().to_owned();
    }
    match (cell.reason, cell.since) {
        (Some(reason), _) => reason.to_owned(),
        (None, Some(since)) => format!("since {:.10}", since.to_string()),
        (None, None) => "yes".to_owned(),
    }
}

fn write(text: &mut String, more: &str) {
    text.write_str(more).expect("writing to text cannot fail");
}
