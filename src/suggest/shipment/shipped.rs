//! A shipment that was opened: it makes the lists of ranges of people.

use std::io::Read;
use std::sync::Arc;

use super::ShipmentError;
use super::frame::{self, FRAME_PEOPLE};
use super::open::Parts;
use crate::suggest::ValidSuggestParams;
use crate::suggest::desk::{DeskScratch, Learned, Order};
use crate::suggest::everybody::{Counted, Pool, asked, n_asked};
use crate::suggest::rank::{Scorer, Tables};

/// Makes lists from a shipment: those its desk would make, to the last bit.
#[derive(Debug)]
pub struct Shipped {
    parts: Parts,
    tables: Arc<Tables>,
    learned: Option<Learned>,
    scratches: Pool<DeskScratch>,
}

impl Shipped {
    /// Opens a shipment of `n_bytes` bytes that has the digest `asked`.
    ///
    /// # Errors
    /// If it is damaged, another one, or packed by another version.
    ///
    /// # Complexity
    /// That of making the desk: O(n + m), in a learned order O(Σ over ties of the smaller degree), and with factors theirs. It
    /// is held in memory as a whole.
    pub fn open(
        input: impl Read,
        n_bytes: u64,
        asked: &blake3::Hash,
    ) -> Result<Self, ShipmentError> {
        let mut parts = Parts::read(input, n_bytes)?;
        if parts.digest != *asked {
            return Err(ShipmentError::Other {
                found: parts.digest.to_hex().to_string(),
                asked: asked.to_hex().to_string(),
            });
        }
        let spam = spam(&parts.standings, &parts.params)?;
        let (strengths, model) = (std::mem::take(&mut parts.strengths), parts.model.take());
        let scorer = Scorer::over(parts.view(), &parts.exclusions, &spam, &parts.params);
        let scorer =
            scorer.map_err(|error| ShipmentError::from(super::super::RankerError::from(error)))?;
        let scorer = scorer.with_strengths(strengths);
        let tables = scorer.tables();
        let learned = model.map(|model| Learned::of(scorer, &parts.times, model));
        let learned = learned.transpose()?;
        Ok(Self {
            tables,
            learned,
            parts,
            scratches: Pool::default(),
        })
    }

    /// How many people there are.
    #[must_use]
    pub const fn n_people(&self) -> u32 {
        self.parts.n_people
    }

    /// The most bytes a frame of so many people takes.
    #[must_use]
    pub fn frame_bytes_max(&self, n_people: u32) -> usize {
        frame::bytes_max(n_people as usize, n_asked(&self.parts.params))
    }

    /// The lists of the people from `first` up to and without `last`, as a frame. Runs in the caller's rayon pool.
    ///
    /// # Errors
    /// If these are not the people of one frame: `first` a multiple of [`FRAME_PEOPLE`], and `last` the next or the end.
    ///
    /// # Complexity
    /// O(two-paths from these people).
    pub fn frame(&self, first: u32, last: u32) -> Result<Vec<u8>, ShipmentError> {
        let n_people = self.n_people();
        if !first.is_multiple_of(FRAME_PEOPLE)
            || last != n_people.min(first.saturating_add(FRAME_PEOPLE))
            || first >= last
        {
            return Err(ShipmentError::Range {
                first,
                last,
                n_people,
            });
        }
        let chunks = self.asked(first, last);
        Ok(frame::encode(&self.parts.digest, first, last, &chunks))
    }

    pub(super) fn asked(&self, first: u32, last: u32) -> Vec<Counted> {
        let view = self.parts.view();
        let scorer = Scorer::of_tables(view, &self.parts.exclusions, &self.tables);
        let order = Order::of(scorer, &self.parts.times, self.learned.as_ref());
        asked(
            &order,
            first as usize..last as usize,
            &self.scratches,
            &|_| (),
        )
    }
}

/// Spam scores that give everybody the standing they were shipped with.
fn spam(standings: &[u8], params: &ValidSuggestParams) -> Result<Vec<f32>, ShipmentError> {
    let score = |&code: &u8| match code {
        0 => Ok(0.0),
        1 => Ok(params.spam_demote_at()),
        2 => Ok(params.spam_remove_at()),
        _ => Err(ShipmentError::Unfit("standings")),
    };
    standings.iter().map(score).collect()
}
