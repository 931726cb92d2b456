//! `acquaint synth`: a synthetic world with every table.

use std::path::Path;

use acquaint::consent::Purpose;
use acquaint::identity::E164;
use acquaint::ids::Owned;
use acquaint::publish::{Input, create_file, shown};
use acquaint::signals::{RawPhone, Record};
use acquaint::synth::{ListToken, SynthParams, TableSink, write_world};

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
    let key = list_key(&args.lists)?;
    let token = |phone: &RawPhone, region| {
        let number = E164::canonical(phone, region).ok()?;
        let key = key.as_ref()?;
        Some(key.token(Purpose::AdRelevance, number))
    };
    let token: Option<ListToken<'_>> = key.is_some().then_some(&token);
    let owners = write_world(&params, token, &mut written)?;
    if let Some(file) = &truth {
        write_owners(&written.path_of(file), &owners)?;
    }
    written.publish(truth)?.tell(args.json)?;
    Ok(Outcome::Done)
}

impl TableSink for Written {
    type Error = Failure;

    fn table<R: Record>(&mut self, blocks: impl Iterator<Item = Vec<R>>) -> Result<(), Failure> {
        let mut writer = self.writer::<R>()?;
        for block in blocks {
            writer.write(&block)?;
        }
        self.end(writer)
    }
}

/// Which accounts belong to whom.
fn write_owners(file: &Path, owners: &[Owned]) -> Result<(), Failure> {
    let writing = |error: csv::Error| Failure::new(format!("writing {}", shown(file)), error);
    let made = create_file(file).map_err(cannot("writing", file))?;
    let mut rows = csv::Writer::from_writer(made);
    rows.write_record(["account_id", "user_id"])
        .map_err(writing)?;
    for Owned { user, account } in owners {
        rows.serialize((account.0, user.0)).map_err(writing)?;
    }
    Ok(rows.flush()?)
}
