//! `acquaint run --dry-run`: what a run would read, write and take.

use acquaint::engine::outputs::{
    AbuseRow, AdRow, LinkRow, MANIFEST, OrderRow, OutputRow, ReachRow, SuggestionRow,
};
use acquaint::engine::{Estimate, REPORT};
use acquaint::publish::{TIMINGS, shown};
use acquaint::signals::Rejection;
use serde_json::json;

use crate::args::RunArgs;
use crate::exit::{Failure, print};

/// What a run writes.
const WRITTEN: [&str; 9] = [
    SuggestionRow::FILE,
    AdRow::FILE,
    AbuseRow::FILE,
    ReachRow::FILE,
    OrderRow::FILE,
    LinkRow::FILE,
    Rejection::FILE,
    MANIFEST,
    REPORT,
];

/// Prints it; nothing is read but sizes, and nothing is written.
pub(crate) fn tell(args: &RunArgs, estimate: &Estimate, limit: Option<u64>) -> Result<(), Failure> {
    print(&if args.json {
        let told = json!({
            "schema": "acquaint-dry-run/1",
            "estimate": estimate,
            "memory_limit": limit,
            "out": shown(&args.out),
            "replaces_output": replaces(args),
            "writes": written(args),
        });
        serde_json::to_string_pretty(&told)?
    } else {
        text(args, estimate, limit)
    })
}

fn text(args: &RunArgs, estimate: &Estimate, limit: Option<u64>) -> String {
    let mut lines = vec![format!(
        "{:<22}{:>7}{:>14}{:>12}",
        "would read", "files", "rows", "MB"
    )];
    for size in &estimate.tables {
        let about = if size.is_exact { "" } else { "about " };
        lines.push(format!(
            "{:<22}{:>7}{:>14}{:>12.1}",
            size.table.to_string(),
            size.n_files,
            format!("{about}{}", size.rows),
            size.bytes as f64 / 1e6
        ));
    }
    let how = if replaces(args) {
        ", in the place of the earlier output"
    } else {
        ""
    };
    lines.push(format!("\nwould write {}{how}:", shown(&args.out)));
    lines.push(format!("  {}", written(args).join(" ")));
    let allowed = limit.map_or_else(String::new, |limit| {
        format!(" of {:.1} GB allowed", limit as f64 / 1e9)
    });
    lines.push(format!(
        "\nwould take about {:.1} GB of memory{allowed} and {} on two cores like those it was measured on",
        estimate.peak_bytes as f64 / 1e9,
        seconds(estimate.seconds)
    ));
    lines
        .push("nothing was read but sizes: who is dropped, and why, only a run can say".to_owned());
    lines.join("\n") + "\n"
}

/// Does an earlier output stand there?
fn replaces(args: &RunArgs) -> bool {
    args.out.join(MANIFEST).exists()
}

fn written(args: &RunArgs) -> Vec<&'static str> {
    let timings = args.timings.then_some(TIMINGS);
    WRITTEN.into_iter().chain(timings).collect()
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        "less than a second".to_owned()
    } else if seconds < 120.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}
