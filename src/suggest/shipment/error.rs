//! What can be wrong with a shipment, and with the frames that are made of it.

use std::io;

use crate::graph::GraphError;
use crate::suggest::RankerError;

/// Why a shipment cannot be used, or frames are not what its desk would have made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShipmentError {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("not a shipment of acquaint")]
    NotOne,
    /// Packed in another form, or by another version.
    #[error(
        "the shipment was packed by acquaint {found}, and this is {expected}: use the kernel that was built with the program"
    )]
    Build {
        /// Which version packed it.
        found: String,
        /// Which this is.
        expected: String,
    },
    /// Its digest is not that of its bytes, or it ends early.
    #[error("the shipment is damaged: its bytes do not have the digest it ends with")]
    Damaged,
    /// It is whole, and not the one that was asked for.
    #[error("the shipment has digest {found}, not {asked}")]
    Other {
        /// Its digest.
        found: String,
        /// What was asked for.
        asked: String,
    },
    /// It is whole, and its parts do not fit together.
    #[error("the shipment's {0} do not fit its people")]
    Unfit(&'static str),
    /// Its ties are no graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Its parameters or its model cannot be used.
    #[error("the shipment's parameters or model cannot be used")]
    Order(#[source] Box<RankerError>),
    /// Somebody asked for people who are not there, or not by whole frames.
    #[error(
        "no frame holds the people {first} to {last} of {n_people}: frames begin at multiples of {}",
        super::FRAME_PEOPLE
    )]
    Range {
        /// The first node.
        first: u32,
        /// The one after the last.
        last: u32,
        /// How many people there are.
        n_people: u32,
    },
    /// A frame was changed on its way.
    #[error("frame {frame} of the lists is damaged")]
    Frame {
        /// Which, in the order in which they came.
        frame: usize,
    },
    /// A frame of another shipment, or lists that cannot be.
    #[error("frame {frame} of the lists is wrong: {why}")]
    Wrong {
        /// Which, in the order in which they came.
        frame: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// Lists that came more than once.
    #[error("the lists of people from {first} on came twice")]
    Twice {
        /// The first node of the frame.
        first: u32,
    },
    /// Lists that did not come.
    #[error("the lists of {n} people did not come, the first of them at {first}")]
    Missing {
        /// Whose lists are missing.
        n: usize,
        /// The first of them.
        first: u32,
    },
    /// A list that was made elsewhere is not the one that is made here.
    #[error(
        "the lists of person {node_idx} made elsewhere and here differ; nothing was published. The workers' kernel, their memory or \
         what carries their rows cannot be trusted"
    )]
    Differs {
        /// Whose.
        node_idx: u32,
    },
    /// What became of candidates was counted in another way than here.
    #[error(
        "the counts of the people from {first} on differ from those made here; nothing was published"
    )]
    Counts {
        /// The first node of the frame.
        first: u32,
    },
}

impl From<RankerError> for ShipmentError {
    fn from(error: RankerError) -> Self {
        Self::Order(Box::new(error))
    }
}
