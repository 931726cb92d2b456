//! Where a run makes suggestions, and what Spark is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::setting::Setting;

/// Where suggestions are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineArgs {
    /// Where suggestions are made: in this process, or by Apache Spark; the outputs are the same
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t = EngineKind::Local)]
    pub(crate) engine: EngineKind,
    /// Spark's master: `local[N]`, `local-cluster[N,CORES,MB]`, `spark://HOST:PORT`, `yarn` or `k8s://URL`
    #[arg(long, value_name = "URL", default_value = "local[*]")]
    pub(crate) master: String,
    /// A setting of Spark; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) conf: Vec<Setting>,
    /// The Python with pyspark, pyarrow and pandas, here and on workers [default: `$PYSPARK_PYTHON`, then python3]
    #[arg(long, value_name = "FILE")]
    pub(crate) python: Option<PathBuf>,
    /// The kernel library [default: `libacquaint_kernel` beside this program]
    #[arg(long, value_name = "FILE")]
    pub(crate) kernel: Option<PathBuf>,
    /// How many tasks Spark divides the people among [default: one for 1024 people, at most 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) partitions: Option<u32>,
    /// Threads of each task, all on one copy of the graph; 1 to the cores of an executor
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) task_threads: u16,
    /// How workers get graph and kernel: by a path that they see too, or carried by Spark [default: path on this machine, else files]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) ship: Option<Ship>,
    /// A directory or URL that workers write to, such as `hdfs:///tmp/acquaint`; required off this machine [default: a temporary directory]
    #[arg(long, value_name = "URL")]
    pub(crate) work: Option<String>,
    /// Write what Spark says to this file [default: the last lines are printed if it fails]
    #[arg(long, value_name = "FILE")]
    pub(crate) spark_log: Option<PathBuf>,
    /// How many people's suggestions are made again here to compare
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) recheck: usize,
    /// Which people those are
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) recheck_seed: u64,
}

/// Where suggestions are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineKind {
    Local,
    Spark,
}

/// How workers get files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ship {
    Path,
    Files,
}

impl Ship {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Files => "files",
        }
    }
}
