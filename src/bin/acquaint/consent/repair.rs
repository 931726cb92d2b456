//! `acquaint consent repair`: what is derived from the entries, made again; and times that cannot be, put right.

use acquaint::ledger::repair as make_again;
use acquaint::time::Timestamp;

use super::args::RepairArgs;
use super::source::writer;
use crate::clock::now;
use crate::exit::{Failure, Outcome, print};

/// 2026-01-01: this program is younger, so a clock that says less is wrong.
const YOUNGEST: Timestamp = Timestamp::from_secs(1_767_225_600);

pub(crate) fn repair(args: &RepairArgs) -> Result<Outcome, Failure> {
    let dir = &args.ledger.ledger;
    let repaired = make_again(dir)?;
    let mut lines: Vec<String> = repaired
        .faults
        .iter()
        .map(|fault| format!("mended: {fault}"))
        .collect();
    if args.time {
        let now = now();
        if now < YOUNGEST {
            return Err(Failure::new(
                "repairing times",
                format!("this machine's clock says {now}, which cannot be: set it first"),
            ));
        }
        if writer(dir)?.repair_time(now)? {
            lines.push(format!(
                "recorded that nothing in the ledger was known later than {now}"
            ));
        }
    }
    if lines.is_empty() {
        lines.push("nothing was wrong".to_owned());
    }
    print(&lines.join("\n"))?;
    Ok(Outcome::Done)
}
