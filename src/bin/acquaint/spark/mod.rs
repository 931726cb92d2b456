//! `acquaint run --engine spark`: Spark hands ranges of people to the kernel and brings the lists back; the run stays here.
//!
//! A child does what there is to do with Spark: `driver.py`, by `$SPARK_HOME/bin/spark-submit` or by a Python that has pyspark.

pub(crate) mod args;
mod child;
mod job;
mod master;
mod setting;

use std::error::Error;
use std::path::{Path, PathBuf};

use acquaint::engine::Elsewhere;
use acquaint::publish::shown;
use acquaint::suggest::{Packed, Sample};
use tempfile::TempDir;

use self::args::{EngineArgs, EngineKind, Ship};
use self::job::{Job, Told, digest_of};
use self::master::Master;
use crate::exit::Failure;

/// A cluster, or processes on this machine, that make suggestions.
pub(crate) struct Spark<'a> {
    args: &'a EngineArgs,
    job: Job,
    /// Holds shipment, frames, scripts and, on this machine, what workers write; removed in the end.
    dir: TempDir,
    shipment: PathBuf,
}

impl<'a> Spark<'a> {
    /// Looks at everything that can be wrong before any work is done; none where suggestions are made in this process.
    pub(crate) fn of(args: &'a EngineArgs) -> Result<Option<Self>, Failure> {
        if args.engine == EngineKind::Local {
            return told_only_to_spark(args).map(|()| None);
        }
        let starting = |error| Failure::new("--engine spark", error);
        let master = Master::new(&args.master)?;
        let conf = setting::of_run(&master, &args.conf, args.task_threads)?;
        let kernel = kernel(args.kernel.as_deref())?;
        let dir = tempfile::Builder::new()
            .prefix("acquaint-spark-")
            .tempdir()
            .map_err(starting)?;
        let ship = args.ship.unwrap_or(if master.is_loopback() {
            Ship::Path
        } else {
            Ship::Files
        });
        let results = match &args.work {
            Some(work) => format!("{}/{}", work.trim_end_matches('/'), name_of(dir.path())),
            None if master.is_loopback() => url(&dir.path().join("results")),
            None => {
                let why = "workers on other machines need a place to write to: name one with --work, such as hdfs:///tmp/acquaint";
                return Err(Failure::new("--engine spark", why));
            }
        };
        let job = Job {
            is_loopback: master.is_loopback(),
            master: master.to_string(),
            conf,
            kernel_sha256: digest_of(&kernel)?,
            kernel,
            ship: ship.as_str(),
            results,
            threads: args.task_threads,
            ..Job::beside(dir.path())
        };
        Ok(Some(Self {
            args,
            job,
            shipment: dir.path().join("people.shipment"),
            dir,
        }))
    }

    fn run(&self, shipment: &Packed) -> Result<Told, Box<dyn Error + Send + Sync>> {
        let partitions = self.args.partitions;
        let job = self.job.of_shipment(&self.shipment, shipment, partitions);
        child::run(self.dir.path(), &job, self.args)
    }
}

impl Elsewhere for Spark<'_> {
    fn shipment(&self) -> &Path {
        &self.shipment
    }

    fn score(&self, shipment: &Packed) -> Result<PathBuf, Box<dyn Error + Send + Sync>> {
        if shipment.n_people == 0 {
            // There is nothing to start a cluster for.
            std::fs::write(&self.job.frames, [])?;
            return Ok(self.job.frames.clone());
        }
        let told = self.run(shipment)?;
        eprintln!(
            "acquaint: {told}, shipment {:.1} MB",
            shipment.n_bytes as f64 / 1e6
        );
        Ok(self.job.frames.clone())
    }

    fn sample(&self) -> Sample {
        Sample {
            n_people: self.args.recheck,
            seed: self.args.recheck_seed,
        }
    }
}

/// What only Spark is told would otherwise be ignored without a word.
fn told_only_to_spark(args: &EngineArgs) -> Result<(), Failure> {
    let told = [
        ("--conf", !args.conf.is_empty()),
        ("--python", args.python.is_some()),
        ("--kernel", args.kernel.is_some()),
        ("--partitions", args.partitions.is_some()),
        ("--ship", args.ship.is_some()),
        ("--work", args.work.is_some()),
        ("--spark-log", args.spark_log.is_some()),
        ("--master", args.master != "local[*]"),
    ];
    match told.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(Failure::new(
            flag,
            "is for --engine spark alone: add it, or remove the flag",
        )),
        None => Ok(()),
    }
}

/// The kernel's library: the one that is named, or that beside this program.
fn kernel(named: Option<&Path>) -> Result<PathBuf, Failure> {
    let finding = |error| Failure::new("finding the kernel", error);
    let beside = || -> std::io::Result<PathBuf> {
        let name = format!(
            "{}acquaint_kernel{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        Ok(std::env::current_exe()?.with_file_name(name))
    };
    let path = match named {
        Some(path) => path.to_owned(),
        None => beside().map_err(finding)?,
    };
    if path.is_file() {
        return std::path::absolute(path).map_err(finding);
    }
    let cure = "build it with `cargo build --release -p acquaint-kernel`, or name it with --kernel";
    let why = format!("{} is not there: {cure}", shown(&path));
    Err(Failure::new("finding the kernel", why))
}

fn name_of(dir: &Path) -> String {
    dir.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A path as Hadoop's file systems take it.
fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}
