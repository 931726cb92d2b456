//! World: what all corridors share. The tables, the moments that are spoken of, and who is asked; no purpose is in it.

pub(in crate::engine) mod accidents;
pub(in crate::engine) mod consent_rows;
pub(in crate::engine) mod consent_source;
pub(in crate::engine) mod consent_tables;
pub(in crate::engine) mod dated;
pub(in crate::engine) mod inputs;
pub(in crate::engine) mod lost;
pub(in crate::engine) mod numbers;
pub(in crate::engine) mod objection;
pub(in crate::engine) mod read;
pub(in crate::engine) mod reading;
pub(in crate::engine) mod rejects;
pub(in crate::engine) mod standing;
mod table_count;
pub(in crate::engine) mod times;
pub(in crate::engine) mod view;

use self::inputs::Inputs;
use self::standing::Standing;
use self::view::View;
use crate::consent::For;
use crate::engine::outputs::LogState;
use crate::engine::{Reading, Stage, Staged, ValidRunParams};

/// The tables of a run, and whom to ask about them.
#[derive(Debug)]
pub(in crate::engine) struct World {
    pub(in crate::engine) params: ValidRunParams,
    pub(in crate::engine) inputs: Inputs,
    pub(in crate::engine) standing: Standing,
    /// What became of every row so far, step by step.
    pub(in crate::engine) stages: Vec<Stage>,
}

impl World {
    pub(in crate::engine) fn new(
        params: ValidRunParams,
        mut inputs: Inputs,
        standing: Standing,
    ) -> Self {
        let mut stages = std::mem::take(&mut inputs.read.stages);
        stages.push(standing.of_links.clone());
        Self {
            params,
            inputs,
            standing,
            stages,
        }
    }

    /// What a purpose may see, and who was left out of it.
    pub(in crate::engine) fn view<P: For>(&self) -> Staged<View<P>> {
        self.standing.view(&self.inputs)
    }

    /// What became of the rows that were read, and what somebody has to look at.
    pub(in crate::engine) fn reading(&self) -> Reading {
        self.inputs.read.reading(self.params.given().max_rejects)
    }

    /// The durable ledger that was asked, if one was.
    pub(in crate::engine) fn log(&self) -> Option<LogState> {
        self.inputs.consent.log.map(|root| LogState {
            root,
            is_whole: !self.standing.ledger.is_broken(),
        })
    }
}
