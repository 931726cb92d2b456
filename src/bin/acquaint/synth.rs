//! `acquaint synth`: a synthetic world with every table.

use std::path::Path;

use acquaint::consent::Purpose;
use acquaint::identity::E164;
use acquaint::publish::{Input, create_file, shown};
use acquaint::synth::{SynthParams, World, world};

use crate::args::SynthArgs;
use crate::consent::cannot;
use crate::exit::{Failure, Outcome};
use crate::output::Reads;
use crate::run::list_key;
use crate::written::Written;

pub(crate) fn synth(args: &SynthArgs) -> Result<Outcome, Failure> {
    let params = SynthParams::default()
        .users(args.users)
        .seed(args.seed)
        .impressions_per_user(args.impressions_per_user)
        .ads(args.ads)
        .effects(args.effects)
        .device_noise(args.device_noise)
        .undated_share(args.undated_share)
        .former_share(args.former_share)
        .shared_share(args.shared_share)
        .one_phone_share(args.one_phone_share)
        .check()?;
    let reads = Reads::default().and("the key of customer lists", &args.lists.audience_key);
    let mut written = Written::begin(&args.out, args.form, reads.all())?;
    let truth = match &args.truth {
        Some(file) => Some(written.beside(file, vec![Input::new("the output", &args.out)])?),
        None => None,
    };
    let mut world = world(&params);
    if let Some(key) = list_key(&args.lists)? {
        world.make_lists(|phone, region| {
            let number = E164::canonical(phone, region).ok()?;
            Some(key.token(Purpose::AdRelevance, number))
        });
    }
    write_world(&mut written, &world)?;
    if let Some(file) = &truth {
        write_owners(&written.path_of(file), &world)?;
    }
    written.publish(truth)?.tell(args.json)?;
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
    if !world.audience_members.is_empty() {
        written.table(&world.audience_members)?;
    }
    written.table(&world.ad_feedback)?;
    written.table(&world.impressions)?;
    written.table(&world.ad_truth())?;
    written.table(&world.businesses)?;
    written.table(&world.business_threads)?;
    written.table(&world.business_opt_ins)?;
    written.table(&world.abuse_reports)
}

/// Which accounts belong to whom.
fn write_owners(file: &Path, world: &World) -> Result<(), Failure> {
    let writing = |error: csv::Error| Failure::new(format!("writing {}", shown(file)), error);
    let made = create_file(file).map_err(cannot("writing", file))?;
    let mut rows = csv::Writer::from_writer(made);
    rows.write_record(["account_id", "user_id"])
        .map_err(writing)?;
    for (account, user) in &world.truth.owners {
        rows.serialize((account.0, user.0)).map_err(writing)?;
    }
    Ok(rows.flush()?)
}
