//! `acquaint verify`: is there any trace of somebody who is out?

use std::fmt::Write;
use std::path::PathBuf;

use acquaint::consent::Purpose;
use acquaint::engine::{self, PurposeVerdict, Trace, Verdict, VerifyRequest};

use crate::args::VerifyArgs;
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::Ledger;

pub(crate) fn verify(args: &VerifyArgs, quiet: bool) -> Result<Outcome, Failure> {
    let ledger = Ledger::read(&args.ledger)?;
    let source = ledger.source();
    let scratch = Scratch::new(args)?;
    let request = VerifyRequest {
        out: &args.out,
        signals: &args.signals,
        ledger: source.as_ref(),
        scratch: &scratch.dir,
        keep: args.keep.is_some(),
    };
    let verdict = engine::verify(&request, &Bars::new(quiet))?;
    print(&if args.json {
        serde_json::to_string_pretty(&verdict)?
    } else {
        table(&verdict)
    })?;
    Ok(if verdict.is_clean() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

/// A directory for the worlds; removed in the end unless it is to be kept.
struct Scratch {
    dir: PathBuf,
    is_kept: bool,
}

impl Scratch {
    /// Beside the output, where there was room for one like it.
    fn new(args: &VerifyArgs) -> Result<Self, Failure> {
        let dir = match &args.keep {
            Some(dir) => dir.clone(),
            None => {
                let name = args.out.file_name().unwrap_or_default().to_string_lossy();
                let name = format!(".{name}.verify-{}", std::process::id());
                args.out.with_file_name(name)
            }
        };
        std::fs::create_dir_all(&dir)
            .map_err(|error| Failure::new(format!("making {}", dir.display()), error))?;
        Ok(Self {
            dir,
            is_kept: args.keep.is_some(),
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

fn table(verdict: &Verdict) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        writeln!(text, "{line}").expect("writing to text cannot fail");
    };
    for file in &verdict.files {
        line(file);
    }
    line(&format!(
        "{:38} {:>8} {:>8}  {:24} {:>10}  {}",
        "without whom the gate turned away for", "people", "accounts", "output", "rows", "is"
    ));
    for one in &verdict.purposes {
        let names: Vec<&str> = one.purposes.iter().copied().map(Purpose::as_str).collect();
        for (i, output) in one.outputs.iter().enumerate() {
            let (name, people, accounts) = match i {
                0 => (
                    names.join(", "),
                    one.users.len().to_string(),
                    one.accounts.len().to_string(),
                ),
                _ => Default::default(),
            };
            let is = match output.n_different {
                0 => "identical".to_owned(),
                n => format!("different in {n} rows"),
            };
            line(&format!(
                "{name:38} {people:>8} {accounts:>8}  {:24} {:>10}  {is}",
                output.file, output.n_rows
            ));
        }
    }
    for one in &verdict.purposes {
        differences(one, &mut line);
    }
    line(&format!(
        "\n{} after {} runs",
        if verdict.is_clean() {
            "nobody who is out left a trace"
        } else {
            "something is wrong"
        },
        verdict.n_runs
    ));
    text
}

fn differences(one: &PurposeVerdict, line: &mut impl FnMut(&str)) {
    for output in one.outputs.iter().filter(|output| !output.is_identical()) {
        line(&format!("\n{}", output.file));
        for row in &output.rows {
            let sign = if row.is_published { '+' } else { '-' };
            line(&format!("  {sign} {}", row.row));
        }
    }
    if let Some(Trace {
        user,
        accounts,
        path,
    }) = &one.trace
    {
        let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        let user = user.map_or("nobody on the network".to_owned(), |user| {
            format!("user {user}")
        });
        line(&format!(
            "  a trace of {user} (accounts: {})",
            accounts.join(", ")
        ));
        for step in path {
            line(&format!("    {step}"));
        }
    }
}
