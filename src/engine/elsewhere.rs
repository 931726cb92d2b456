//! Lists that are made by other processes: the run packs a shipment, has it scored, and makes of the frames what it would have made.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use crate::engine::EngineError;
use crate::publish::shown;
use crate::suggest::{Desk, Everybody, Packed, Sample, ShipmentError};

/// Makes everybody's suggestions somewhere else, such as on a cluster.
///
/// What comes back is not believed: every frame has to be there once and whole, and a sample of people's lists is made again
/// by the run itself.
pub trait Elsewhere: Sync {
    /// Where the run packs the shipment: a file that need not be there yet. Whoever made it removes it.
    fn shipment(&self) -> &Path;

    /// Has the shipment scored. Returns a file of frames, as [`Desk::gather`] reads them.
    ///
    /// # Errors
    /// Whatever kept it from being scored.
    fn score(&self, shipment: &Packed) -> Result<PathBuf, Box<dyn Error + Send + Sync>>;

    /// Whose lists are made again here.
    fn sample(&self) -> Sample;
}

/// Everybody's suggestions, made elsewhere.
pub(in crate::engine) fn everybody(
    desk: &Desk,
    elsewhere: &dyn Elsewhere,
) -> Result<Everybody, EngineError> {
    let packed = pack(desk, elsewhere.shipment())?;
    let failed = |source| EngineError::Elsewhere { source };
    let frames = elsewhere.score(&packed).map_err(failed)?;
    let read = || -> Result<Everybody, ShipmentError> {
        let file = BufReader::new(File::open(&frames)?);
        desk.gather(&packed, file, elsewhere.sample())
    };
    read().map_err(|source| EngineError::Shipment {
        doing: format!("lists that were made elsewhere, in {}", shown(&frames)),
        source,
    })
}

fn pack(desk: &Desk, path: &Path) -> Result<Packed, EngineError> {
    let write = || -> Result<Packed, ShipmentError> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        // Who knows whom is nobody else's to read on this machine.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        desk.ship(BufWriter::new(options.open(path)?))
    };
    write().map_err(|source| EngineError::Shipment {
        doing: format!("packing {}", shown(path)),
        source,
    })
}
