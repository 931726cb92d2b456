//! `acquaint synth`: a synthetic world with every table.

use std::path::{Path, PathBuf};

use acquaint::consent::Purpose;
use acquaint::identity::E164;
use acquaint::publish::{Input, create_file, shown};
use acquaint::signals::{RawPhone, Record};
use acquaint::synth::{ListToken, SynthParams, TableSink, account_kinds, write_world};
use serde::Serialize;

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
        .attackers(args.attackers)
        .check()?;
    let reads = Reads::default().and("the key of customer lists", &args.lists.audience_key);
    let mut written = Written::begin(&args.out, args.form, reads.all())?;
    let mut beside = |file: &Option<PathBuf>| {
        let reads = || vec![Input::new("the output", &args.out)];
        let file = file.as_ref().map(|file| written.beside(file, reads()));
        file.transpose()
    };
    let (truth, kinds) = (beside(&args.truth)?, beside(&args.kinds)?);
    let key = list_key(&args.lists)?;
    let token = |phone: &RawPhone, region| {
        let number = E164::canonical(phone, region).ok()?;
        let key = key.as_ref()?;
        Some(key.token(Purpose::AdRelevance, number))
    };
    let token: Option<ListToken<'_>> = key.is_some().then_some(&token);
    let owners = write_world(&params, token, &mut written)?;
    if let Some(file) = &truth {
        let rows = owners.iter().map(|owned| (owned.account.0, owned.user.0));
        write_rows(&written.path_of(file), ["account_id", "user_id"], rows)?;
    }
    if let Some(file) = &kinds {
        let kinds = account_kinds(&params);
        let rows = kinds.iter().map(|(account, kind)| (account.0, *kind));
        write_rows(&written.path_of(file), ["account_id", "kind"], rows)?;
    }
    written
        .publish(truth.into_iter().chain(kinds))?
        .tell(args.json)?;
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

/// What no table says, as CSV.
fn write_rows<R: Serialize>(
    file: &Path,
    columns: [&str; 2],
    rows: impl Iterator<Item = R>,
) -> Result<(), Failure> {
    let writing = |error: csv::Error| Failure::new(format!("writing {}", shown(file)), error);
    let made = create_file(file).map_err(cannot("writing", file))?;
    let mut written = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(made);
    written.write_record(columns).map_err(writing)?;
    for row in rows {
        written.serialize(row).map_err(writing)?;
    }
    Ok(written.flush()?)
}
