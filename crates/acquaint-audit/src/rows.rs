//! Rows: is anybody in an output whose refusal is active?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::args::Args;
use crate::consent::{Moments, Refused, refused};
use crate::digests::Manifest;
use crate::report::Report;
use crate::tables::{rows, table};

/// Rows named of one output, the first of many.
const NAMED: usize = 3;

pub(crate) fn check(
    dir: &Path,
    args: &Args,
    manifest: &Manifest,
    report: &mut Report,
) -> Result<(), String> {
    let late = manifest.says.pointer("/parameters/consent/late_opt_out");
    let honours_late = late.and_then(Value::as_str) != Some("record-only");
    if !honours_late {
        report.not_asked("late opt-outs are recorded only in this run: opt-outs are not asked");
    }
    let Some(refused) = refused(dir, Moments::of(manifest)?, honours_late)? else {
        report.not_asked("there is no table consent_events: the run asked a ledger");
        return Ok(());
    };
    let people = people(dir, &args.out)?;
    let users = |accounts: &BTreeSet<u64>| -> BTreeSet<u64> {
        let theirs = people
            .iter()
            .filter(|(account, _)| accounts.contains(account));
        theirs.map(|(_, user)| *user).collect()
    };
    let (suggestions, ads) = (users(&refused.suggestions), users(&refused.ads));
    for (file, columns, out) in [
        (
            "suggestions",
            &["user_id", "candidate_id"][..],
            &suggestions,
        ),
        ("ad_scores", &["user_id"][..], &ads),
        ("abuse_scores", &["account_id"][..], &refused.deleted),
        ("business_reach", &["account_id"][..], &refused.deleted),
    ] {
        in_file(&args.out, file, columns, out, report)?;
    }
    in_links(&args.out, &refused, report)
}

fn in_file(
    out: &Path,
    name: &str,
    columns: &[&str],
    refused: &BTreeSet<u64>,
    report: &mut Report,
) -> Result<(), String> {
    let rows = rows(&out.join(format!("{name}.parquet")), columns)?;
    let is_refused = |cell: &String| cell.parse().is_ok_and(|id| refused.contains(&id));
    let named: Vec<usize> = (1..)
        .zip(&rows)
        .filter(|(_, row)| row.iter().any(is_refused))
        .map(|(number, _)| number)
        .collect();
    tell(name, rows.len(), refused.len(), &named, report);
    Ok(())
}

fn tell(name: &str, n_rows: usize, n_refused: usize, named: &[usize], report: &mut Report) {
    let what = format!("{name}: none of {n_rows} rows names any of {n_refused} who refused");
    let first: Vec<String> = named.iter().take(NAMED).map(ToString::to_string).collect();
    let otherwise = format!("{} do, such as row {}", named.len(), first.join(", "));
    report.ask(named.is_empty(), &what, &otherwise);
}

/// A link for a purpose must name no account that refuses it.
fn in_links(out: &Path, refused: &Refused, report: &mut Report) -> Result<(), String> {
    let rows = rows(&out.join("links.parquet"), &["purpose", "account_id"])?;
    let named: Vec<usize> = (1..)
        .zip(&rows)
        .filter(|(_, row)| {
            let account = row[1].parse().unwrap_or_default();
            match row[0].as_str() {
                "friend_suggestions" => refused.suggestions.contains(&account),
                "ad_relevance" => refused.ads.contains(&account),
                _ => refused.deleted.contains(&account),
            }
        })
        .map(|(number, _)| number)
        .collect();
    let n_refused = refused.suggestions.union(&refused.ads).count();
    tell("links", rows.len(), n_refused, &named, report);
    Ok(())
}

/// Which account and which person are one: what the run linked for any purpose, and what can be told from the tables beyond doubt, a
/// number in full that exactly one account and one person have.
fn people(dir: &Path, out: &Path) -> Result<BTreeSet<(u64, u64)>, String> {
    let links = rows(&out.join("links.parquet"), &["account_id", "user_id"])?;
    let linked = links.iter();
    let linked = linked.filter_map(|row| Some((row[0].parse().ok()?, row[1].parse().ok()?)));
    let mut people: BTreeSet<(u64, u64)> = linked.collect();
    let accounts = holders(dir, "messenger_accounts", "account_id")?;
    let users = holders(dir, "social_accounts", "user_id")?;
    for (number, of) in &accounts {
        if let ([account], Some([user])) = (of.as_slice(), users.get(number).map(Vec::as_slice)) {
            people.insert((*account, *user));
        }
    }
    Ok(people)
}

/// Whose each number is that is written in full.
fn holders(dir: &Path, name: &str, id: &str) -> Result<BTreeMap<String, Vec<u64>>, String> {
    let rows = table(dir, name, &[id, "phone"])?.unwrap_or_default();
    let mut holders: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in rows {
        let is_full = row[1].starts_with('+');
        let digits: String = row[1].chars().filter(char::is_ascii_digit).collect();
        if let (true, Ok(id)) = (is_full && digits.len() > 7, row[0].parse()) {
            holders.entry(digits).or_default().push(id);
        }
    }
    Ok(holders)
}
