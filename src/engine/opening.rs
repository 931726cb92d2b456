//! Opening: every table but the address book is read, and the ledger asked.

use std::path::Path;

use crate::consent::AsOf;
use crate::engine::world::World;
use crate::engine::world::accidents;
use crate::engine::world::consent_source::{ConsentFrom, LedgerSource};
use crate::engine::world::inputs::Inputs;
use crate::engine::world::standing::Standing;
use crate::engine::{EngineError, Progress, Times, ValidRunParams};
use crate::signals::SignalsDir;
use crate::time::Timestamp;

/// What to open, as of when.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Opening<'a> {
    pub(in crate::engine) signals: &'a Path,
    pub(in crate::engine) consent: ConsentFrom<'a>,
    pub(in crate::engine) times: Times,
    /// As known when rows are published; the newest the events know by default, but never before `known_at`.
    pub(in crate::engine) published_known: Option<Timestamp>,
}

/// Which signals are asked about, and under which parameters: what verbs that read tables have in common.
#[derive(Clone, Copy, Debug)]
pub struct SignalsRequest<'a> {
    /// The directory with the tables.
    pub signals: &'a Path,
    /// The ledger to ask, in the place of the tables of consent.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// Under which parameters.
    pub params: &'a ValidRunParams,
    /// The moment to speak of, whose knowledge counts, and the caller's clock.
    pub times: Times,
}

impl SignalsRequest<'_> {
    /// Reads every table but the address book, and asks the ledger.
    pub(in crate::engine) fn ask(&self, progress: &dyn Progress) -> Result<Opened, EngineError> {
        let opening = Opening {
            signals: self.signals,
            consent: self.ledger.into(),
            times: self.times,
            published_known: None,
        };
        opening.ask(self.params, progress)
    }
}

/// Everything but the address book, which is still to be read.
pub(in crate::engine) struct Opened {
    pub(in crate::engine) dir: SignalsDir,
    pub(in crate::engine) world: World,
}

impl Opening<'_> {
    /// Reads every table but the address book, and asks the ledger.
    pub(in crate::engine) fn ask(
        &self,
        params: &ValidRunParams,
        progress: &dyn Progress,
    ) -> Result<Opened, EngineError> {
        let dir = params.open(self.signals)?;
        let bound = self.times.bound(self.published_known);
        let mut inputs = Inputs::read(&dir, self.consent, bound, progress)?;
        let valid = match self.times.as_of {
            Some(as_of) => as_of,
            None => inputs.moment().unwrap_or(Timestamp::MIN),
        };
        inputs.forget_after(valid);
        inputs.read_numbers()?;
        let unknown = accidents::unknown_devices(&inputs, valid);
        inputs.read.findings.extend(unknown);
        let as_of = AsOf {
            valid,
            known: self.times.known_at.unwrap_or(valid),
        };
        progress.begin("asking the ledger", None);
        let standing = Standing::new(&mut inputs, as_of, self.published_known, params);
        let accidents = accidents::of_inputs(&inputs, &standing);
        inputs.read.findings.extend(accidents);
        let world = World::new(params.clone(), inputs, standing);
        Ok(Opened { dir, world })
    }
}
