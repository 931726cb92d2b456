//! Where a run learns who allowed what: from three tables among the signals, or from a durable ledger.

use std::path::Path;

use crate::consent::{Event, Flaw, History, Ledger, Overlay, PolicyVersion, Snapshot};
use crate::engine::EngineError;
use crate::engine::world::objection::objection_token;
use crate::hash::HashSet;
use crate::identity::{E164, ObjectionKey, ObjectionList};
use crate::ids::NumberToken;
use crate::ledger::{LedgerError, ObjectionPoint, Reader, Root};
use crate::publish::Input;
use crate::signals::{SignalsDir, Table};

/// The tables that a ledger takes the place of.
const REPLACED: [Table; 3] = [Table::ConsentEvents, Table::PolicyVersions, Table::Overlays];

/// A durable ledger to ask, in the place of `consent_events`, `policy_versions` and `overlays`.
#[derive(Clone, Copy, Debug)]
pub struct LedgerSource<'a> {
    /// The directory of the ledger.
    pub dir: &'a Path,
    /// The key of its objection list; needed if anybody is on it.
    pub objection_key: Option<&'a ObjectionKey>,
}

impl LedgerSource<'_> {
    /// No output may lie in it.
    pub(in crate::engine) fn input(&self) -> Input {
        Input::new("the ledger", self.dir)
    }
}

/// Where a run learns who allowed what.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) enum ConsentFrom<'a> {
    /// The tables among the signals.
    Tables,
    /// A durable ledger.
    Ledger(&'a LedgerSource<'a>),
    /// What was read before.
    Given(&'a ConsentInputs),
}

impl<'a> From<Option<&'a LedgerSource<'a>>> for ConsentFrom<'a> {
    fn from(ledger: Option<&'a LedgerSource<'a>>) -> Self {
        ledger.map_or(Self::Tables, Self::Ledger)
    }
}

/// What a run knows of consent before it asks.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct ConsentInputs {
    pub(in crate::engine) events: Vec<Event>,
    pub(in crate::engine) policies: Vec<PolicyVersion>,
    pub(in crate::engine) overlays: Vec<Overlay>,
    /// What the events cannot be relied on for.
    pub(in crate::engine) flaws: Vec<Flaw>,
    /// The log the events come from, if they come from one.
    pub(in crate::engine) log: Option<Root>,
    pub(in crate::engine) objections: Option<(ObjectionKey, Vec<ObjectionPoint>)>,
}

impl ConsentInputs {
    /// Everything a ledger holds; of one that is damaged nothing, and that nobody can be relied on.
    ///
    /// # Errors
    /// If a table it takes the place of is there too, it cannot be read, or a key is missing or another.
    pub(in crate::engine) fn read(
        source: &LedgerSource<'_>,
        signals: &SignalsDir,
    ) -> Result<Self, EngineError> {
        if let Some(table) = REPLACED.into_iter().find(|&table| signals.has(table)) {
            return Err(EngineError::TwoLedgers { table });
        }
        let reader = Reader::open(source.dir)?;
        match Self::whole(&reader, source) {
            Err(EngineError::Ledger(LedgerError::Damaged { .. })) => Ok(Self {
                flaws: vec![Flaw::Everybody],
                log: Some(reader.root()),
                ..Self::default()
            }),
            inputs => inputs,
        }
    }

    fn whole(reader: &Reader, source: &LedgerSource<'_>) -> Result<Self, EngineError> {
        let flaws = reader.flaws()?;
        let points = reader.objections()?;
        let objections = match source.objection_key {
            Some(key) => {
                reader.assert_key(key.check())?;
                Some((key.clone(), points))
            }
            None if points.is_empty() => None,
            None => return Err(EngineError::NoObjectionKey { n: points.len() }),
        };
        let mut events = reader.others()?;
        reader.accounts(&mut |batch| events.extend(batch))?;
        Ok(Self {
            events,
            policies: reader.policies()?,
            overlays: reader.overlays()?,
            flaws,
            log: Some(reader.root()),
            objections,
        })
    }

    /// The ledger they make, in memory; they are used up.
    pub(in crate::engine) fn ledger(&mut self) -> Ledger {
        Ledger::new(
            std::mem::take(&mut self.policies),
            std::mem::take(&mut self.overlays),
            std::mem::take(&mut self.events),
        )
        .with_flaws(std::mem::take(&mut self.flaws))
    }

    /// Whose number is nobody's account, and may not be used at all: whoever objected as of any of some moments.
    pub(in crate::engine) fn objections(&self, moments: &[&Snapshot]) -> Objections {
        match &self.objections {
            None => {
                let tokens = moments.iter().flat_map(|moment| moment.objected_tokens());
                Objections::OfRun(tokens.copied().collect())
            }
            Some((key, points)) => {
                let objected = |p: &&ObjectionPoint| moments.iter().any(|m| m.objected(&p.token()));
                let active = points.iter().filter(objected);
                Objections::OfLedger(ObjectionList::new(key.clone(), active.copied()))
            }
        }
    }
}

/// The numbers without an account whose holders objected.
#[derive(Debug)]
pub(in crate::engine) enum Objections {
    /// Tokens that live as long as the run.
    OfRun(HashSet<NumberToken>),
    /// Points from a ledger.
    OfLedger(ObjectionList),
}

impl Objections {
    pub(in crate::engine) fn contains(&self, number: E164) -> bool {
        match self {
            Self::OfRun(tokens) => !tokens.is_empty() && tokens.contains(&objection_token(number)),
            Self::OfLedger(list) => list.contains(number),
        }
    }
}
