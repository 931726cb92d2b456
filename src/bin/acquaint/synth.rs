//! `acquaint synth`: a synthetic world with every table.

use acquaint::synth::{SynthParams, World, world};

use crate::args::SynthArgs;
use crate::exit::{Failure, Outcome};
use crate::written::Written;

pub(crate) fn synth(args: &SynthArgs) -> Result<Outcome, Failure> {
    let params = SynthParams::default()
        .users(args.users)
        .seed(args.seed)
        .impressions_per_user(args.impressions_per_user)
        .check()?;
    let world = world(&params);
    let mut written = Written::new(&args.out, args.form)?;
    write_world(&mut written, &world)?;
    written.finish(args.json)?;
    Ok(Outcome::Done)
}

fn write_world(written: &mut Written, world: &World) -> Result<(), Failure> {
    written.table(&world.messenger_accounts)?;
    written.table(&world.address_book)?;
    written.table(&world.social_accounts)?;
    written.table(&world.friendships)?;
    written.table(&world.feedback)?;
    written.table(&world.consent_events)?;
    written.table(&world.policy_versions)?;
    written.table(&world.overlays)?;
    written.table(&world.ads)?;
    written.table(&world.impressions)?;
    written.table(&world.businesses)?;
    written.table(&world.business_threads)?;
    written.table(&world.business_opt_ins)?;
    written.table(&world.abuse_reports)
}
