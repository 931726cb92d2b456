//! `acquaint init`: a directory to begin with, an annotated configuration and empty tables with their headers.

mod accounts;

use std::path::{Path, PathBuf};

use acquaint::publish::{FRESH, Target, make_dirs, shown};
use acquaint::signals::{OfEachTable, Record, SignalsError, Table, TableForm, write_table};
use acquaint::time::Timestamp;
use clap::Args;

use self::accounts::Drafted;
use crate::args::time;
use crate::exit::{Failure, Outcome, print};
use crate::output::{self, Reads};

/// The annotated configuration; every key is a comment, with its default.
const CONFIG: &str = include_str!("acquaint.toml");
/// Where events stand that somebody has to confirm: not among the tables, where they would count.
const DRAFT: &str = "consent_to_confirm.csv";

/// The tables without which nothing can be scored.
const NEEDED: [Table; 4] = [
    Table::MessengerAccounts,
    Table::SocialAccounts,
    Table::ConsentEvents,
    Table::PolicyVersions,
];

/// Begin with tables of one's own.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes DIR/acquaint.toml, in which every key is a comment with its default, and DIR/signals with empty tables: fill them, or delete them \
and map your own files in acquaint.toml. `acquaint check DIR/signals` then says what is missing.

Consent is never made up. With --accounts, events are drafted only from moments that you give: the columns noticed_at, accepted_at, \
known_at and share of FILE, or --noticed-at and --accepted-at for all. They go to DIR/consent_to_confirm.csv, which no verb reads. Whether an \
account left sharing on is never assumed: without a column share the cell is empty, and the row counts for nothing. Read the draft, \
fill it in, and put it in the place of signals/consent_events.csv if it is true.

Example:
  acquaint init own
  acquaint init more --accounts data/quickstart/messenger_accounts.csv \\
    --noticed-at 2016-08-25 --policy 1")]
pub(crate) struct InitArgs {
    /// The directory to make: new or empty
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Write the header of every table, not only of those that are needed
    #[arg(long)]
    all: bool,
    /// CSV with a column `account_id`: draft a notice and an acceptance for each account
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// When every account was shown the notice, where FILE has no `noticed_at`
    #[arg(long, value_name = "TIME", value_parser = time, requires = "accounts", requires = "policy")]
    noticed_at: Option<Timestamp>,
    /// When every account accepted, where FILE has no `accepted_at`
    #[arg(long, value_name = "TIME", value_parser = time, requires = "accounts")]
    accepted_at: Option<Timestamp>,
    /// The number of the policy that the notice was of
    #[arg(long, value_name = "N", requires = "accounts")]
    policy: Option<u32>,
    /// The text that was shown, whose digest a notice needs
    #[arg(long, value_name = "FILE", requires = "accounts")]
    notice_text: Option<PathBuf>,
}

pub(crate) fn init(args: &InitArgs) -> Result<Outcome, Failure> {
    let drafted = accounts::draft(args)?;
    let reads = Reads::default()
        .and("the list of accounts", &args.accounts)
        .and("the text of the notice", &args.notice_text)
        .all();
    let staging = output::directory(Target::directory(&args.dir, &FRESH).sparing(reads))?;
    staging.write("acquaint.toml", CONFIG.as_bytes())?;
    if let Some(drafted) = &drafted {
        staging.write(DRAFT, &drafted.csv)?;
    }
    let signals = staging.path("signals");
    make_dirs(&signals).map_err(|error| Failure::new("making the tables", error))?;
    let all: &[Table] = if args.all { &Table::ALL } else { &NEEDED };
    for table in all {
        table.visit(&mut Empty(&signals))?;
    }
    output::tell(&staging.publish()?);
    print(&told(args, all.len(), drafted.as_ref()))?;
    Ok(Outcome::Done)
}

/// Writes a table's header.
struct Empty<'a>(&'a Path);

impl OfEachTable for Empty<'_> {
    type Output = Result<(), SignalsError>;

    fn of<R: Record>(&mut self) -> Self::Output {
        write_table::<R>(self.0, TableForm::Csv, &[]).map(drop)
    }
}

fn told(args: &InitArgs, n_tables: usize, drafted: Option<&Drafted>) -> String {
    let dir = shown(&args.dir);
    let mut lines = vec![
        format!("wrote {dir}: acquaint.toml and {n_tables} empty tables in signals"),
        format!("fill them, then: acquaint check {dir}/signals --config {dir}/acquaint.toml"),
    ];
    if let Some(drafted) = drafted {
        lines.extend(drafted.told(&format!("{dir}/{DRAFT}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use acquaint::engine::RunParams;

    use super::*;

    /// The configuration with every key in force.
    fn in_force() -> String {
        let is_key = |line: &str| line.contains(" = ") || line.starts_with('[');
        let lines = CONFIG.lines().map(|line| match line.strip_prefix("#: ") {
            Some(rest) if is_key(rest) => rest,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn same_as_the_defaults_with_every_key_in_force() {
        assert!(in_force() != CONFIG);
        let read = RunParams::from_toml(&in_force()).unwrap();
        assert_eq!(read, RunParams::default());
        assert_eq!(RunParams::from_toml(CONFIG).unwrap(), RunParams::default());
    }

    #[test]
    fn it_names_every_section_and_every_plain_key() {
        let all = toml::Value::try_from(RunParams::default()).unwrap();
        for (name, value) in all.as_table().unwrap() {
            if let Some(section) = value.as_table() {
                assert!(CONFIG.contains(&format!("[{name}")), "[{name}]");
                let plain = section
                    .iter()
                    .filter(|(_, value)| !value.is_table() && !value.is_array());
                if name == "consent" || name == "suggest" {
                    plain.for_each(|(key, _)| {
                        assert!(CONFIG.contains(&format!("{key} = ")), "{name}.{key}");
                    });
                }
            }
        }
    }
}
