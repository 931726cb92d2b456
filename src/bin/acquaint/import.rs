//! `acquaint import`: public data becomes a signals directory.

use acquaint::eval::read_edges;
use acquaint::synth::{EdgeWorld, world_of_edges};

use crate::args::ImportEdgesArgs;
use crate::exit::{Failure, Outcome};
use crate::written::Written;

pub(crate) fn edges(args: &ImportEdgesArgs) -> Result<Outcome, Failure> {
    let friendships = read_edges(&args.edges)?.undirected().pairs;
    let mut contacts = Vec::new();
    for file in &args.contacts {
        contacts.extend(read_edges(file)?.directed().pairs);
    }
    let world = world_of_edges(&friendships, &contacts)?;
    let mut written = Written::new(&args.out, args.form)?;
    write_world(&mut written, &world)?;
    written.finish(args.json)?;
    Ok(Outcome::Done)
}

fn write_world(written: &mut Written, world: &EdgeWorld) -> Result<(), Failure> {
    written.table(&world.messenger_accounts)?;
    written.table(&world.social_accounts)?;
    written.table(&world.friendships)?;
    written.table(&world.address_book)?;
    written.table(&world.consent_events)?;
    written.table(&world.policy_versions)
}
