//! `acquaint import`: public data becomes a signals directory.

mod impressions;

pub(crate) use impressions::impressions;

use std::path::Path;

use acquaint::eval::{EdgeList, EdgeLists, Pairs};
use acquaint::signals::EDGE_IDS_FILE;
use acquaint::synth::{EdgeWorld, world_of_edges};

use crate::args::ImportEdgesArgs;
use crate::edge_lists::tell_counts;
use crate::exit::{Failure, Outcome};
use crate::output::Reads;
use crate::written::Written;

pub(crate) fn edges(args: &ImportEdgesArgs) -> Result<Outcome, Failure> {
    let reads = Reads::default()
        .and("the edge list", [&args.edges])
        .and("an edge list", &args.contacts);
    let mut written = Written::begin(&args.out, args.form, reads.all())?;
    let EdgeLists { lists, texts } = args.lists.read(&args.edges, &args.contacts)?;
    let mut files = std::iter::once(&args.edges)
        .chain(&args.contacts)
        .zip(&lists);
    let (mut friendships, mut contacts) = (Vec::new(), Vec::new());
    if let Some((file, list)) = files.next() {
        friendships = told(file, list, list.undirected());
    }
    for (file, list) in files {
        contacts.extend(told(file, list, list.directed()));
    }
    let world = world_of_edges(&friendships, &contacts)?;
    write_world(&mut written, &world)?;
    if !texts.is_empty() {
        write_ids(&mut written, &texts)?;
    }
    written.publish(None)?.tell(args.json)?;
    if friendships.is_empty() && contacts.is_empty() {
        eprintln!(
            "acquaint: no edges found, so the tables are empty; check that this is the right file"
        );
        return Ok(Outcome::Findings);
    }
    Ok(Outcome::Done)
}

/// The pairs of a list, once it is told what was left out.
fn told(file: &Path, list: &EdgeList, pairs: Pairs) -> Vec<(u64, u64)> {
    tell_counts(file, list.rows().len(), pairs.loops, pairs.repeats);
    pairs.pairs
}

/// Which text each id stands for.
fn write_ids(written: &mut Written, texts: &[String]) -> Result<(), Failure> {
    let writing = |error: csv::Error| Failure::new(format!("writing {EDGE_IDS_FILE}"), error);
    let mut rows = csv::Writer::from_writer(written.create(EDGE_IDS_FILE)?);
    rows.write_record(["id", "text"]).map_err(writing)?;
    for (id, text) in (1_u64..).zip(texts) {
        rows.serialize((id, text)).map_err(writing)?;
    }
    rows.flush()?;
    drop(rows);
    written.add_file(EDGE_IDS_FILE)
}

fn write_world(written: &mut Written, world: &EdgeWorld) -> Result<(), Failure> {
    written.table(&world.messenger_accounts)?;
    written.table(&world.social_accounts)?;
    written.table(&world.friendships)?;
    written.table(&world.address_book)?;
    written.table(&world.consent_events)?;
    written.table(&world.policy_versions)
}
