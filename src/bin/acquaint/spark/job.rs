//! What `driver.py` is told, and what it tells.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use acquaint::publish::shown;
use acquaint::suggest::{FRAME_PEOPLE, Packed, SHIPMENT_VERSION};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::exit::Failure;

/// The version word of the kernel's interface that `acquaint_worker.py` speaks.
const KERNEL_VERSION: u32 = 1 << 16 | SHIPMENT_VERSION;
/// Tasks of fewer people take longer to start than to score.
const PEOPLE_OF_A_TASK: u32 = 4 * FRAME_PEOPLE;
/// More tasks cost more than they even out.
const PARTITIONS_MAX: u32 = 1000;

/// A job, as `driver.py` reads it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Job {
    pub(super) master: String,
    pub(super) is_loopback: bool,
    pub(super) conf: BTreeMap<String, String>,
    pub(super) kernel: PathBuf,
    /// Python's standard library has no BLAKE3.
    pub(super) kernel_sha256: String,
    pub(super) kernel_version: u32,
    pub(super) shipment: PathBuf,
    pub(super) shipment_blake3: String,
    pub(super) n_people: u32,
    pub(super) frame_people: u32,
    pub(super) partitions: u32,
    pub(super) threads: u16,
    pub(super) ship: &'static str,
    /// Where tasks write their frames.
    pub(super) results: String,
    /// Where all frames are in the end.
    pub(super) frames: PathBuf,
    pub(super) report: PathBuf,
}

impl Job {
    /// A job whose files are in a directory.
    pub(super) fn beside(dir: &Path) -> Self {
        Self {
            kernel_version: KERNEL_VERSION,
            frame_people: FRAME_PEOPLE,
            frames: dir.join("frames.bin"),
            report: dir.join("report.json"),
            ..Self::default()
        }
    }

    pub(super) fn of_shipment(
        &self,
        path: &Path,
        packed: &Packed,
        partitions: Option<u32>,
    ) -> Self {
        let n_tasks = packed.n_people.div_ceil(PEOPLE_OF_A_TASK);
        Self {
            shipment: path.to_owned(),
            shipment_blake3: packed.digest.to_hex().to_string(),
            n_people: packed.n_people,
            partitions: partitions.unwrap_or_else(|| n_tasks.clamp(1, PARTITIONS_MAX)),
            ..self.clone()
        }
    }
}

/// What `driver.py` tells in the end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    /// Why it did nothing.
    pub(super) refused: Option<String>,
    spark: String,
    partitions: u32,
    frames: u64,
    bytes: u64,
    kernel_seconds: f64,
    open_seconds: f64,
    seconds: Seconds,
}

#[derive(Debug, Default, Deserialize)]
struct Seconds {
    start: f64,
    score: f64,
    collect: f64,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Seconds {
            start,
            score,
            collect,
        } = self.seconds;
        write!(
            f,
            "Spark {}: {} frames in {} partitions, {:.1} MB of lists; start {start:.1} s, score {score:.1} s (kernel {:.1} s, opening {:.1} s), \
             collect {collect:.1} s",
            self.spark,
            self.frames,
            self.partitions,
            self.bytes as f64 / 1e6,
            self.kernel_seconds,
            self.open_seconds,
        )
    }
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn digest_of(path: &Path) -> Result<String, Failure> {
    let read = || -> std::io::Result<String> {
        let (mut file, mut digest) = (File::open(path)?, Sha256::new());
        let mut block = vec![0; 1 << 20];
        loop {
            match file.read(&mut block)? {
                0 => break,
                n => digest.update(&block[..n]),
            }
        }
        Ok(hexadecimal(&digest.finalize()))
    };
    read().map_err(|error| Failure::new(format!("reading {}", shown(path)), error))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes any text");
        text
    })
}
