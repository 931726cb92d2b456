//! `acquaint import impressions`: a table of clicks becomes a signals directory.

use std::path::Path;

use acquaint::eval::{
    ClickTable, EdgeColumns, EdgeFile, EdgeIds, EdgeLimits, read_clicks, read_edge_lists,
};
use acquaint::publish::shown;
use acquaint::signals::{EDGE_IDS_FILE, Friendship, Impression};
use acquaint::synth::{EdgeWorld, public_people, world_of_edges};
use acquaint::time::Timestamp;
use serde_json::json;

use crate::click_tables::ImportImpressionsArgs;
use crate::edge_lists::tell_counts;
use crate::exit::{Failure, Outcome};
use crate::output::Reads;
use crate::written::Written;

/// Rows made and written at a time.
const CHUNK: usize = 8192;

pub(crate) fn impressions(args: &ImportImpressionsArgs) -> Result<Outcome, Failure> {
    refuse_without_word(args)?;
    let reads = Reads::default()
        .and("the table", [&args.table])
        .and("the edge list", &args.friends);
    let mut written = Written::begin(&args.out, args.form, reads.all())?;
    let table = read_clicks(&args.table, &args.options())?;
    for note in table.notes() {
        eprintln!("acquaint: {}: {note}", shown(&args.table));
    }
    write_people(&mut written, &table, args.friends.as_deref())?;
    written.table(table.ads())?;
    write_rows(&mut written, &table)?;
    write_ids(&mut written, &table)?;
    let more = [
        ("notes", json!(table.notes())),
        ("clicks", json!(table.n_clicks())),
    ];
    let more = more
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    written
        .publish(None)?
        .tell_with(args.json, &more.collect())?;
    if table.n_clicks() == 0 {
        eprintln!("acquaint: nothing was clicked; check that --label names the right column");
        return Ok(Outcome::Findings);
    }
    Ok(Outcome::Done)
}

/// The tables will say that people agreed whom nobody asked.
fn refuse_without_word(args: &ImportImpressionsArgs) -> Result<(), Failure> {
    if args.public_data {
        return Ok(());
    }
    Err(Failure::new(
        format!("importing {}", shown(&args.table)),
        "the signals would say that everybody in it has consented: confirm with --public-data that it is public data, and never of \
         your own users",
    ))
}

/// Accounts, consent and friendships of everybody named.
fn write_people(
    written: &mut Written,
    table: &ClickTable,
    friends: Option<&Path>,
) -> Result<(), Failure> {
    let friendships = match friends {
        Some(file) => friendships(table, file)?,
        None => Vec::new(),
    };
    let mut ids = table.people();
    ids.extend(friendships.iter().flat_map(|&(a, b)| [a, b]));
    ids.sort_unstable();
    ids.dedup();
    let newest = table.newest().unwrap_or(Timestamp::MIN);
    let mut people = public_people(&ids, newest)?;
    // A country that was made up would be a feature of every row.
    for person in &mut people.social_accounts {
        person.region = None;
    }
    written.table(&people.messenger_accounts)?;
    written.table(&people.social_accounts)?;
    written.table(&people.consent_events)?;
    written.table(&people.policy_versions)?;
    if friends.is_some() {
        let EdgeWorld { friendships, .. } = world_of_edges(&friendships, &[])?;
        written.table::<Friendship>(&friendships)?;
    }
    Ok(())
}

/// The friendships of an edge list, whose ids have to be those of the table.
fn friendships(table: &ClickTable, file: &Path) -> Result<Vec<(u64, u64)>, Failure> {
    if table
        .numbered()
        .iter()
        .any(|numbered| numbered.kind == "person")
    {
        return Err(Failure::new(
            format!("reading {}", shown(file)),
            "people of the table are texts, which were numbered anew: friendships need people that are whole numbers",
        ));
    }
    let files = EdgeFile {
        path: file,
        said: &EdgeColumns::default(),
    };
    let read = read_edge_lists(&[files], EdgeIds::Numbers, EdgeLimits::default())?;
    let Some(list) = read.lists.first() else {
        return Ok(Vec::new());
    };
    for note in list.notes() {
        eprintln!("acquaint: {}: {note}", shown(file));
    }
    let found = list.undirected();
    tell_counts(file, list.rows().len(), found.loops, found.repeats);
    Ok(found.pairs)
}

fn write_rows(written: &mut Written, table: &ClickTable) -> Result<(), Failure> {
    let mut writer = written.writer::<Impression>()?;
    let n_rows = table.n_rows();
    for start in (0..n_rows).step_by(CHUNK) {
        writer.write(&table.impressions(start..n_rows.min(start + CHUNK)))?;
    }
    written.end(writer)
}

/// Which text each id stands for, if any does.
fn write_ids(written: &mut Written, table: &ClickTable) -> Result<(), Failure> {
    let numbered = table.numbered();
    if numbered.is_empty() {
        return Ok(());
    }
    let writing = |error: csv::Error| Failure::new(format!("writing {EDGE_IDS_FILE}"), error);
    let mut rows = csv::Writer::from_writer(written.create(EDGE_IDS_FILE)?);
    rows.write_record(["kind", "id", "text"]).map_err(writing)?;
    for column in numbered {
        for (id, text) in (1_u64..).zip(column.texts) {
            rows.serialize((column.kind, id, text)).map_err(writing)?;
        }
    }
    rows.flush()?;
    drop(rows);
    written.add_file(EDGE_IDS_FILE)
}
