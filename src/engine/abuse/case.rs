//! A case: the signals as abuse may see them, to train on, to measure by and to ask about one account.

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};

use crate::abuse::{
    AbuseError, AbuseModel, AbuseProvenance, AbuseTrainParams, Evidence, EvidenceTable, Outcome,
    OutcomeThresholds, SpamScore,
};
use crate::consent::Abuse;
use crate::engine::abuse::{AbuseBook, AbuseReader};
use crate::engine::books::reading::{Book, read_address_book};
use crate::engine::opening::{Opened, SignalsRequest};
use crate::engine::spam;
use crate::engine::world::World;
use crate::engine::world::view::View;
use crate::engine::{EngineError, Progress, Reading};
use crate::hash::HashMap;
use crate::identity::Strangers;
use crate::ids::AccountId;

/// The signals as the purpose `abuse` may see them, and what they say of every permitted account.
#[derive(Debug)]
pub struct AbuseCase {
    pub(super) world: World,
    pub(super) view: View<Abuse>,
    pub(super) matched: Book<Abuse>,
    strangers: Vec<Strangers>,
    /// Ascending by account.
    pub(super) evidence: Vec<Evidence>,
}

impl AbuseCase {
    /// Reads the tables and the address book, and gathers the evidence.
    ///
    /// # Errors
    /// If a table is missing or cannot be read.
    ///
    /// # Complexity
    /// That of a run for abuse alone.
    pub fn open(
        request: &SignalsRequest<'_>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let Opened { dir, mut world } = request.ask(progress)?;
        let view: View<Abuse> = world.view().value;
        let budget = world.params.identity.budget().clone();
        let mut reader = AbuseReader::new(&world.inputs, &view, &budget);
        let World {
            inputs, standing, ..
        } = &mut world;
        read_address_book(
            &dir,
            inputs,
            standing,
            &budget,
            &mut [&mut reader],
            progress,
        )?;
        let AbuseBook { matched, strangers } = reader.finish().value;
        let evidence = spam::evidence(&world.inputs, &view, &matched, &strangers);
        Ok(Self {
            world,
            view,
            matched,
            strangers,
            evidence,
        })
    }

    /// What became of the rows that were read.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.world.reading()
    }

    /// The evidence of every permitted account, ascending by account.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// The score of every permitted account, ascending by account: those that a run publishes.
    #[must_use]
    pub fn scores(&self) -> Vec<SpamScore> {
        let params = &self.world.params.abuse;
        let (inputs, view) = (&self.world.inputs, &self.view);
        spam::scores(inputs, view, &self.matched, &self.strangers, params).into_scores()
    }

    /// What follows from a score.
    #[must_use]
    pub fn outcome(&self, score: &SpamScore) -> Outcome {
        self.world.params.abuse.outcome(score)
    }

    /// From which score on each outcome follows.
    #[must_use]
    pub fn thresholds(&self) -> OutcomeThresholds {
        self.world.params.abuse.values().outcomes
    }

    /// A model of the accounts that have a label: abusive or not. Labels of accounts that may not be looked at are not used.
    ///
    /// # Errors
    /// If fewer than 20 of each kind are left, or the solver gives up.
    pub fn train(&self, labels: &HashMap<AccountId, bool>) -> Result<AbuseModel, AbuseError> {
        let labelled = |one: &Evidence| Some((*one, *labels.get(&one.account())?));
        let (rows, targets): (Vec<Evidence>, Vec<bool>) =
            self.evidence.iter().filter_map(labelled).unzip();
        let data = DatasetBase::new(EvidenceTable::new(rows), targets);
        let model = AbuseTrainParams::default().check()?.fit(&data)?;
        let standing = &self.world.standing;
        Ok(model.resting_on(AbuseProvenance {
            acquaint: env!("CARGO_PKG_VERSION").to_owned(),
            ledger: standing.ledger.digest().to_hex().to_string(),
            snapshot: standing.snapshot.digest().to_hex().to_string(),
        }))
    }
}
