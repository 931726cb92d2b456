//! Verify: does an output hold any trace of somebody who is out?
//!
//! First the files are what the manifest says they are. Then, purpose by purpose, everybody whom the gate turned away is
//! deleted from every table, the rest is written down as a world of its own, and a run on that world must give the same
//! bytes. The deletion asks the gate who is out and nothing else: it shares no filter with the run.
//!
//! Deleted with somebody are their accounts, every row by, of or about them, their consent events, and the entries of
//! other people's address books that hold their numbers. Somebody of whom the ledger knows nothing (`no_record`) is not
//! deleted: there is no opt-out to honour, and who shares their number must not be taken for them.

mod blame;
mod compare;
mod erase;
mod files;
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::consent::{
    Abuse, AdRelevance, AsOf, BusinessMarketing, BusinessService, FriendSuggestions, Purpose,
};
use crate::engine::consent_source::{ConsentFrom, ConsentInputs};
use crate::engine::inputs::Inputs;
use crate::engine::outputs::{
    AbuseRow, AdRow, LinkRow, MANIFEST, Manifest, OutputRow, ReachRow, SuggestionRow,
};
use crate::engine::prepare::{Opening, Standing};
use crate::engine::recall::{parameters, read_manifest};
use crate::engine::run::write_some;
use crate::engine::work::Work;
use crate::engine::{EngineError, LedgerSource, Progress, Silent, ValidRunParams};
use crate::ids::{AccountId, UserId};
use crate::signals::SignalsDir;

pub use compare::{Compared, RowDifference};
use erase::{Erased, Gone};
use tables::Tables;

/// What to verify.
#[derive(Clone, Copy, Debug)]
pub struct VerifyRequest<'a> {
    /// The output directory of a run.
    pub out: &'a Path,
    /// The tables it was made from.
    pub signals: &'a Path,
    /// The ledger that was asked, if one was.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// Where to write the worlds without those who are out, and their outputs; they are not kept there.
    pub scratch: &'a Path,
    /// Leave them there.
    pub keep: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What is wrong with the files.
    pub files: Vec<String>,
    /// For each purpose, whether the output is the same without those who are out.
    pub purposes: Vec<PurposeVerdict>,
    /// How many runs that took.
    pub n_runs: u64,
}

/// What was found for one purpose, or for two that share an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PurposeVerdict {
    /// Which.
    pub purposes: Vec<Purpose>,
    /// Who was deleted: people,
    pub users: BTreeSet<UserId>,
    /// and messenger accounts.
    pub accounts: BTreeSet<AccountId>,
    /// The outputs of the purpose, compared.
    pub outputs: Vec<Compared>,
    /// One person who left a trace, and how, if there is one.
    pub trace: Option<Trace>,
}

/// How somebody who is out got in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The person, if they are on the social network.
    pub user: Option<UserId>,
    /// Their messenger accounts.
    pub accounts: Vec<AccountId>,
    /// The rows of the inputs that lead from them to a row that differs, one after the other.
    pub path: Vec<String>,
}

impl Verdict {
    /// Is nothing wrong?
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let same = |one: &PurposeVerdict| one.outputs.iter().all(Compared::is_identical);
        self.files.is_empty() && self.purposes.iter().all(same)
    }
}

/// Verifies an output.
///
/// # Errors
/// If the output, the tables or the ledger cannot be read, or a world cannot be written.
///
/// # Complexity
/// Each purpose is run once on its own world, doing only its own part: about as long as one more run together. When
/// something differs, log₂ n further runs find somebody who left a trace, for n who are out.
pub fn verify(
    request: &VerifyRequest<'_>,
    progress: &dyn Progress,
) -> Result<Verdict, EngineError> {
    let manifest = read_manifest(&request.out.join(MANIFEST))?;
    let params = parameters(&manifest, request.out)?.check()?;
    progress.begin("checking files", None);
    let mut files = files::check(request.out, request.signals, &manifest)?;
    let dir = SignalsDir::open(request.signals, &params.signals)?;
    let mut inputs = inputs(&dir, request, &manifest)?;
    let consent = inputs.consent.clone();
    let state = inputs.consent.log.map(|root| (root.size, root.root));
    if state != manifest.log.map(|log| (log.root.size, log.root.root)) {
        files.push("the ledger is not as the run found it: it has other entries".to_owned());
    }
    progress.begin("reading tables again", None);
    let tables = Tables::read(&dir)?;
    let as_of = AsOf {
        valid: manifest.as_of.valid,
        known: manifest.as_of.known,
    };
    let published_known = Some(manifest.as_of.published_known);
    let standing = Standing::new(&mut inputs, as_of, published_known, &params);
    let verification = Verification {
        request,
        manifest: &manifest,
        params: &params,
        consent,
        tables: &tables,
        standing: &standing,
        inputs: &inputs,
    };
    let mut verdict = Verdict {
        files,
        purposes: Vec::new(),
        n_runs: 0,
    };
    for subject in verification.subjects() {
        let one = verification.verify(&subject, &mut verdict.n_runs, progress)?;
        verdict.purposes.push(one);
    }
    Ok(verdict)
}

fn inputs(
    dir: &SignalsDir,
    request: &VerifyRequest<'_>,
    manifest: &Manifest,
) -> Result<Inputs, EngineError> {
    let mut inputs = Inputs::read(dir, request.ledger.into(), &Silent)?;
    inputs.forget_after(manifest.as_of.valid);
    inputs.read_numbers();
    Ok(inputs)
}

/// A purpose, who is out for it, and its outputs.
struct Subject {
    purposes: Vec<Purpose>,
    erased: Erased,
    files: Vec<&'static str>,
}

/// Everything the verification of one output needs.
struct Verification<'a> {
    request: &'a VerifyRequest<'a>,
    manifest: &'a Manifest,
    params: &'a ValidRunParams,
    consent: ConsentInputs,
    tables: &'a Tables,
    inputs: &'a Inputs,
    standing: &'a Standing,
}

impl Verification<'_> {
    /// Every purpose that has outputs, and who is out for it.
    fn subjects(&self) -> Vec<Subject> {
        let (inputs, standing) = (self.inputs, self.standing);
        let people = |purpose, erased, file| Subject {
            purposes: vec![purpose],
            erased,
            files: vec![file, LinkRow::FILE],
        };
        let links = standing.everyones_links();
        let suggest = Erased::of(&standing.gates::<FriendSuggestions>(inputs), inputs, links);
        let ads = Erased::of(&standing.gates::<AdRelevance>(inputs), inputs, links);
        let abuse = Erased::of(&standing.gates::<Abuse>(inputs), inputs, links);
        let service = standing.gates::<BusinessService>(inputs);
        let marketing = standing.gates::<BusinessMarketing>(inputs);
        vec![
            people(Purpose::FriendSuggestions, suggest, SuggestionRow::FILE),
            people(Purpose::AdRelevance, ads, AdRow::FILE),
            people(Purpose::Abuse, abuse, AbuseRow::FILE),
            Subject {
                purposes: vec![Purpose::BusinessService, Purpose::BusinessMarketing],
                erased: Erased::of_both(&service, &marketing, inputs),
                files: vec![ReachRow::FILE],
            },
        ]
    }

    fn verify(
        &self,
        subject: &Subject,
        n_runs: &mut u64,
        progress: &dyn Progress,
    ) -> Result<PurposeVerdict, EngineError> {
        let place = Place::new(self.request, &subject.purposes)?;
        let mut run = |erased: &Erased, progress: &dyn Progress| {
            *n_runs += 1;
            self.outputs_without(subject, erased, &place, progress)
        };
        let outputs = run(&subject.erased, progress)?;
        let trace = if outputs.iter().all(Compared::is_identical) {
            None
        } else {
            blame::trace(self, subject, &mut |erased| {
                let outputs = run(erased, &Silent)?;
                Ok(outputs.into_iter().find(|one| !one.is_identical()))
            })?
        };
        if !self.request.keep {
            place.remove();
        }
        Ok(PurposeVerdict {
            purposes: subject.purposes.clone(),
            users: subject.erased.users.clone(),
            accounts: subject.erased.accounts.clone(),
            outputs,
            trace,
        })
    }

    /// The outputs of a purpose, compared with those of a world in which some people never were.
    fn outputs_without(
        &self,
        subject: &Subject,
        erased: &Erased,
        place: &Place,
        progress: &dyn Progress,
    ) -> Result<Vec<Compared>, EngineError> {
        let gone = Gone::new(erased, self.inputs);
        progress.begin("writing the world without them", None);
        fs::create_dir_all(&place.signals).map_err(|source| place.cannot(source))?;
        let is_from_tables = self.request.ledger.is_none();
        self.tables
            .write_without(&gone, &place.signals, is_from_tables)?;
        let left = self.consent.without(&gone);
        let opening = Opening {
            signals: &place.signals,
            consent: if is_from_tables {
                ConsentFrom::Tables
            } else {
                ConsentFrom::Given(&left)
            },
            params: self.params,
            as_of: Some(self.manifest.as_of.valid),
            known_at: Some(self.manifest.as_of.known),
            published_known: Some(self.manifest.as_of.published_known),
            work: Work::of(&subject.purposes),
        };
        write_some(&opening, &place.out, progress)?;
        let compare = |file: &&'static str| {
            let pair = (self.request.out.join(file), place.out.join(file));
            compare::compare(file, &pair.0, &pair.1, &subject.purposes)
        };
        subject.files.iter().map(compare).collect()
    }
}

impl ConsentInputs {
    /// What is known of everybody who is not gone.
    fn without(&self, gone: &Gone) -> Self {
        let mut left = self.clone();
        left.events
            .retain(|event| gone.keeps_subject(&event.subject));
        left.flaws.retain(|flaw| match flaw {
            crate::consent::Flaw::Everybody => true,
            crate::consent::Flaw::About { subject, .. } => gone.keeps_subject(subject),
        });
        left
    }
}

/// Where the world without some people is written, and its output.
struct Place {
    signals: PathBuf,
    out: PathBuf,
}

impl Place {
    fn new(request: &VerifyRequest<'_>, purposes: &[Purpose]) -> Result<Self, EngineError> {
        let names: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
        let dir = request.scratch.join(names.join("-"));
        let place = Self {
            signals: dir.join("signals"),
            out: dir.join("out"),
        };
        fs::create_dir_all(&dir).map_err(|source| place.cannot(source))?;
        Ok(place)
    }

    fn cannot(&self, source: std::io::Error) -> EngineError {
        EngineError::Published {
            path: self.signals.clone(),
            source: source.into(),
        }
    }

    /// What cannot be removed is left to whoever owns the directory.
    fn remove(&self) {
        if let Some(dir) = self.signals.parent() {
            let _ = fs::remove_dir_all(dir);
        }
    }
}
