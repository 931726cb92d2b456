//! Verify: is a published output what it would be if everybody who is out had never been in the tables?
//!
//! First the files: every digest, length and sum of the manifest, and the inputs it names. Then, for each purpose,
//! a second world: the tables its outputs come from, without every account and every person whom the purpose denies
//! at publication, written to disk and run again under the same parameters and times. Every row of that purpose has to be the same.
//! Of the engine nothing is asked but who is denied, and who of them refused nothing and merely came to no link: their claim
//! to a number that a remaining account has is what keeps others from being linked to it, so it is not deleted with the rest.

mod cause;
mod compare;
mod erase;
mod files;
mod needs;
mod verdict;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::consent::{
    Abuse, AdRelevance, AsOf, BusinessMarketing, BusinessService, Flaw, For, FriendSuggestions,
    LimitedAds, Purpose, Subject,
};
use crate::engine::books::reading::default_regions;
use crate::engine::opening::Opening;
use crate::engine::outputs::{MANIFEST, Manifest, OutputError};
use crate::engine::prepare::PURPOSES;
use crate::engine::published::{ReadManifest, read_manifest};
use crate::engine::recall::parameters;
use crate::engine::run::write_some;
use crate::engine::world::consent_source::{ConsentFrom, ConsentInputs, LedgerSource};
use crate::engine::world::inputs::Inputs;
use crate::engine::world::standing::Standing;
use crate::engine::{EngineError, Page, Progress, Silent, Times, ValidRunParams};
use crate::identity::KeyRing;
use crate::ids::UserId;
use crate::publish::{FRESH, Scratch, Staging, Target, make_dirs};
use crate::signals::{Frames, SignalsDir};

use erase::{Erased, Everybody, Limited, Source};
pub use verdict::{Cause, Difference, Finding, PurposeVerdict, Verdict};

/// What to verify.
#[derive(Clone, Copy, Debug)]
pub struct VerifyRequest<'a> {
    /// The output directory of a run.
    pub out: &'a Path,
    /// The tables it was made from.
    pub signals: &'a Path,
    /// The ledger the run asked, if it asked one.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// The key that customer lists were made with, if the run had one.
    pub audience_key: Option<&'a Arc<KeyRing>>,
    /// Where to keep the erased worlds and their outputs; by default they are written beside `out` and removed.
    pub keep: Option<&'a Path>,
    /// How many runs may be spent on finding out whose data made a difference, from 0.
    pub max_reruns: u32,
}

/// Verifies an output against its manifest and against the world without everybody who is out.
///
/// `page` draws the report from the manifest, as for the run.
///
/// # Errors
/// If the manifest or a table cannot be read, or the second world cannot be written or run. What is found wrong with
/// the output is no error but in the verdict.
///
/// # Complexity
/// The tables are read twice, and each distinct set of erased people costs one run for its purposes alone. As many of
/// these runs as there are threads go on at once, each with its world in memory.
pub fn verify(
    request: &VerifyRequest<'_>,
    page: &Page<'_>,
    progress: &dyn Progress,
) -> Result<Verdict, EngineError> {
    verify_with(request, &Frames::default(), page, progress)
}

/// As [`verify`], of a run that read tables in memory.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(
    request: &VerifyRequest<'_>,
    frames: &Frames,
    page: &Page<'_>,
    progress: &dyn Progress,
) -> Result<Verdict, EngineError> {
    let ReadManifest { manifest, seal } = read_manifest(request.out)?;
    let kept = Worlds::new(request, progress)?;
    let mut params = parameters(&manifest, request.out)?.check()?;
    if let Some(key) = request.audience_key {
        params = params.with_audience_key(Arc::clone(key));
    }
    progress.begin("checking digests", None);
    let mut verdict = Verdict {
        findings: files::faults(request.out, &manifest, page)?
            .into_iter()
            .chain(key_fault(&manifest, request.audience_key))
            .chain(
                seal.err()
                    .map(|error| Finding::new(MANIFEST, error.to_string())),
            )
            .collect(),
        ..Verdict::default()
    };
    // The worlds without them are written to disk, so their runs read no frames.
    let dir = params
        .clone()
        .with_frames(frames.clone())
        .open(request.signals)?;
    let mut source = Source::read(&dir, manifest.as_of.valid, progress)?;
    verdict
        .findings
        .extend(files::input_faults(&manifest, source.files()));
    if verdict
        .findings
        .iter()
        .any(|finding| !finding.is_harmless())
    {
        return Ok(verdict);
    }
    let erased = who_is_out(
        &dir,
        request.ledger,
        &mut source,
        &manifest,
        &params,
        &mut verdict,
        progress,
    )?;
    let trial = Trial {
        out: request.out,
        consent: source.consent.as_ref(),
        source: &source,
        manifest: &manifest,
        params: &params,
        scratch: &kept.dir(),
    };
    let worlds = sharing(&erased);
    progress.begin("running the worlds without them", Some(worlds.len() as u64));
    let found: Vec<Vec<PurposeVerdict>> = worlds
        .par_iter()
        .map(|world| {
            let verdicts = trial.verdicts(&world.purposes, world.erased, request.max_reruns);
            progress.advance(1);
            verdicts
        })
        .collect::<Result<_, _>>()?;
    verdict.purposes.extend(found.into_iter().flatten());
    verdict.purposes.sort_by_key(|found| {
        PURPOSES
            .iter()
            .position(|&purpose| purpose == found.purpose)
    });
    kept.finish(progress)?;
    Ok(verdict)
}

/// Another key than the run's would find other people on its customer lists.
fn key_fault(manifest: &Manifest, key: Option<&Arc<KeyRing>>) -> Option<Finding> {
    let is_the_runs = key.map(|key| key.name()) == manifest.ads_policy.audience_key;
    (!is_the_runs).then(|| Finding::new("audience key", "is not the one the run was given"))
}

/// Everybody the gates deny at publication, purpose by purpose.
fn who_is_out(
    dir: &SignalsDir,
    ledger: Option<&LedgerSource<'_>>,
    source: &mut Source,
    manifest: &Manifest,
    params: &ValidRunParams,
    verdict: &mut Verdict,
    progress: &dyn Progress,
) -> Result<Vec<OutFor>, EngineError> {
    let mut inputs = Inputs::read(dir, ledger.into(), manifest.as_of.latest, progress)?;
    if ledger.is_some() {
        source.consent = Some(inputs.consent.clone());
    }
    let reading = inputs.read.reading(params.given().max_rejects);
    verdict.rejected = reading.rejected;
    verdict.input_findings = reading.findings;
    inputs.forget_after(manifest.as_of.valid);
    inputs.read_numbers()?;
    source.regions = default_regions(&inputs);
    let as_of = AsOf {
        valid: manifest.as_of.valid,
        known: manifest.as_of.known,
    };
    progress.begin("asking the ledger", None);
    let known = Some(manifest.as_of.published_known);
    let standing = Standing::new(&mut inputs, as_of, known, params);
    let digests = [
        ("ledger", standing.ledger.digest(), &manifest.ledger),
        ("snapshot", standing.snapshot.digest(), &manifest.snapshot),
    ];
    for (what, digest, listed) in digests {
        if digest.to_hex().as_str() != listed {
            verdict
                .findings
                .push(Finding::new(what, "is not what these tables give"));
        }
    }
    Ok(vec![
        denied::<FriendSuggestions>(&standing, &inputs, source),
        denied_ads(&standing, &inputs, source),
        denied::<Abuse>(&standing, &inputs, source),
        denied::<BusinessService>(&standing, &inputs, source),
        denied::<BusinessMarketing>(&standing, &inputs, source),
    ])
}

/// Who is out for a purpose.
struct OutFor {
    purpose: Purpose,
    erased: Erased,
}

fn denied<P: For>(standing: &Standing, inputs: &Inputs, source: &Source) -> OutFor {
    let gates = standing.gates::<P>(inputs);
    let Everybody {
        mut accounts,
        mut people,
    } = source.everybody();
    accounts.retain(|&account| !gates.accounts.decision(account).is_allowed());
    people.retain(|&user| !gates.people.decision(user).is_allowed());
    let contests = |user: &&UserId| gates.contestants.contains(*user);
    let contestants = people.iter().filter(contests).copied().collect();
    OutFor {
        purpose: P::PURPOSE,
        erased: Erased {
            accounts,
            people,
            contestants,
            limited: Limited::default(),
        },
    }
}

/// Who is out for ads; of whoever allows limited ads alone, all goes but what may count.
fn denied_ads(standing: &Standing, inputs: &Inputs, source: &Source) -> OutFor {
    let full = denied::<AdRelevance>(standing, inputs, source);
    if !standing.has_limited() {
        return full;
    }
    let mut out = denied::<LimitedAds>(standing, inputs, source);
    let erased = &mut out.erased;
    let limited = Limited {
        accounts: &full.erased.accounts - &erased.accounts,
        people: &full.erased.people - &erased.people,
    };
    erased.limited = limited;
    out
}

/// The world that some purposes see without whoever is out.
struct WorldWithout<'a> {
    purposes: Vec<Purpose>,
    erased: &'a Erased,
}

/// Purposes that deny the same people share a world.
fn sharing(out: &[OutFor]) -> Vec<WorldWithout<'_>> {
    let mut worlds: Vec<WorldWithout<'_>> = Vec::new();
    for OutFor { purpose, erased } in out {
        match worlds.iter_mut().find(|world| world.erased == erased) {
            Some(world) => world.purposes.push(*purpose),
            None => worlds.push(WorldWithout {
                purposes: vec![*purpose],
                erased,
            }),
        }
    }
    worlds
}

impl ConsentInputs {
    /// What is known of everybody who is not erased.
    fn without(&self, erased: &Erased) -> Self {
        let stays = |subject: &Subject| match subject {
            Subject::Account(account) => !erased.accounts.contains(account),
            Subject::Device(_) | Subject::NonUser(_) => true,
        };
        let mut left = self.clone();
        left.events.retain(|event| stays(&event.subject));
        left.flaws.retain(|flaw| match flaw {
            Flaw::Everybody => true,
            Flaw::About { subject, .. } => stays(subject),
        });
        left
    }
}

/// Runs worlds without some people.
struct Trial<'a> {
    out: &'a Path,
    source: &'a Source,
    /// What the ledger holds, if one was asked.
    consent: Option<&'a ConsentInputs>,
    manifest: &'a Manifest,
    params: &'a ValidRunParams,
    scratch: &'a Path,
}

impl Trial<'_> {
    /// What is found for some purposes that deny the same people.
    fn verdicts(
        &self,
        purposes: &[Purpose],
        erased: &Erased,
        max_reruns: u32,
    ) -> Result<Vec<PurposeVerdict>, EngineError> {
        let names: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
        let name = names.join("+");
        let world = self.run(&name, purposes, erased)?;
        let verdict = |&purpose| {
            let compared = compare::purpose(self.out, &world, purpose, erased)?;
            let cause = (compared.n_differences > 0 && max_reruns > 0)
                .then(|| cause::find(self, purpose, erased, &compared.differences, max_reruns));
            Ok(PurposeVerdict {
                purpose,
                n_accounts_erased: erased.accounts.len() as u64,
                n_people_erased: erased.people.len() as u64,
                n_rows: compared.n_rows,
                n_differences: compared.n_differences,
                differences: compared.differences,
                cause: cause.transpose()?,
            })
        };
        purposes.iter().map(verdict).collect()
    }

    /// Removes a world that nobody needs any more.
    fn forget(&self, name: &str) -> Result<(), EngineError> {
        let world = self.scratch.join(name);
        std::fs::remove_dir_all(&world).map_err(|source| OutputError::Write {
            path: world,
            source,
        })?;
        Ok(())
    }

    /// Writes the world without `erased`, runs it for some purposes and says where its outputs are.
    fn run(
        &self,
        name: &str,
        purposes: &[Purpose],
        erased: &Erased,
    ) -> Result<PathBuf, EngineError> {
        let world = self.scratch.join(name);
        let (signals, out) = (world.join("signals"), world.join("out"));
        make(&signals)?;
        let key = self.params.audience_key.as_deref();
        self.source.write_without(erased, purposes, key, &signals)?;
        let times = self.manifest.as_of;
        let left = self.consent.map(|consent| consent.without(erased));
        let opening = Opening {
            signals: &signals,
            consent: match &left {
                Some(left) => ConsentFrom::Given(left),
                None => ConsentFrom::Tables,
            },
            times: Times {
                as_of: Some(times.valid),
                known_at: Some(times.known),
                latest: times.latest,
            },
            published_known: Some(times.published_known),
        };
        // What was erased was written anew, under the tables' own names.
        let params = self.params.clone().of_own_tables();
        write_some(&opening, &params, purposes, &out, &Silent)?;
        Ok(out)
    }
}

fn make(dir: &Path) -> Result<(), EngineError> {
    Ok(make_dirs(dir)?)
}

/// Where the erased worlds and their outputs are written.
enum Worlds {
    /// Removed at the end.
    Scratch(Scratch),
    /// Published at the end.
    Kept(Staging),
}

impl Worlds {
    fn new(request: &VerifyRequest<'_>, progress: &dyn Progress) -> Result<Self, OutputError> {
        let worlds = match request.keep {
            None => Self::Scratch(Scratch::beside(request.out)?),
            Some(keep) => Self::Kept(Staging::begin(
                Target::directory(keep, &FRESH)
                    .reading("the output", request.out)
                    .reading("the signals directory", request.signals)
                    .sparing(request.ledger.map(LedgerSource::input)),
            )?),
        };
        let leftovers = match &worlds {
            Self::Scratch(scratch) => scratch.leftovers(),
            Self::Kept(staging) => staging.leftovers(),
        };
        for leftover in leftovers {
            progress.note(&leftover.to_string());
        }
        Ok(worlds)
    }

    fn dir(&self) -> PathBuf {
        match self {
            Self::Scratch(scratch) => scratch.dir(),
            Self::Kept(staging) => staging.dir(),
        }
    }

    fn finish(self, progress: &dyn Progress) -> Result<(), OutputError> {
        if let Self::Kept(staging) = self {
            for left in staging.publish()? {
                progress.note(&left.to_string());
            }
        }
        Ok(())
    }
}
