//! The process that speaks to Spark.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acquaint::publish::shown;

use super::args::EngineArgs;
use super::job::{Job, Told};

const DRIVER: &str = include_str!("driver.py");
const WORKER: &str = include_str!("acquaint_worker.py");
/// How many of the last lines that Spark wrote are told when it failed.
const TOLD_LINES: usize = 20;

/// Runs a job to its end.
pub(super) fn run(
    dir: &Path,
    job: &Job,
    args: &EngineArgs,
) -> Result<Told, Box<dyn Error + Send + Sync>> {
    let driver = dir.join("driver.py");
    fs::write(&driver, DRIVER)?;
    fs::write(dir.join("acquaint_worker.py"), WORKER)?;
    fs::write(dir.join("job.json"), serde_json::to_string_pretty(job)?)?;
    let log = args.spark_log.clone();
    let log = log.unwrap_or_else(|| dir.join("spark.log"));
    let python = python_of(args.python.as_deref());
    let mut command = command(job, &python, &driver);
    command.arg(dir.join("job.json"));
    command
        .env("PYSPARK_PYTHON", &python)
        .env("PYSPARK_DRIVER_PYTHON", &python);
    // It would name another cluster than the one that was checked.
    command.env_remove("SPARK_REMOTE");
    if job.is_loopback {
        command.env("SPARK_LOCAL_IP", "127.0.0.1");
    }
    let out = File::create(&log)?;
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    let program = command.get_program().to_owned();
    let ended = command.status().map_err(|error| {
        let cure = "name a Python that has pyspark with --python, or set SPARK_HOME";
        format!(
            "{} cannot be started: {error}; {cure}",
            shown(Path::new(&program))
        )
    })?;
    let told = fs::read_to_string(&job.report).ok();
    let told: Option<Told> = told.and_then(|text| serde_json::from_str(&text).ok());
    match told {
        Some(Told {
            refused: Some(why), ..
        }) => Err(why.into()),
        Some(told) if ended.success() => Ok(told),
        _ => Err(format!(
            "Spark's driver ended with {ended}; its last lines:\n{}",
            last_lines(&log)
        )
        .into()),
    }
}

fn python_of(named: Option<&Path>) -> PathBuf {
    let of_spark = || env::var_os("PYSPARK_PYTHON").map(PathBuf::from);
    let found = named.map(Path::to_owned).or_else(of_spark);
    let found = found.unwrap_or_else(|| PathBuf::from("python3"));
    // Workers run in directories of their own. A link stays a link: that is what makes a virtual environment one.
    if found.components().count() > 1 {
        std::path::absolute(&found).unwrap_or(found)
    } else {
        found
    }
}

/// `spark-submit` of an installed Spark, or a Python that has pyspark.
fn command(job: &Job, python: &Path, driver: &Path) -> Command {
    let submit = env::var_os("SPARK_HOME").map(|home| Path::new(&home).join("bin/spark-submit"));
    let Some(submit) = submit.filter(|submit| submit.is_file()) else {
        let mut command = Command::new(python);
        command.arg(driver);
        return command;
    };
    let mut command = Command::new(submit);
    command.args(["--master", &job.master]);
    for (name, value) in &job.conf {
        command.arg("--conf").arg(format!("{name}={value}"));
    }
    command.arg(driver);
    command
}

fn last_lines(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let is_plain = |c: &char| !c.is_control();
    let last = lines[lines.len().saturating_sub(TOLD_LINES)..].iter();
    let last = last.map(|line| format!("  {}", line.chars().filter(is_plain).collect::<String>()));
    last.collect::<Vec<_>>().join("\n")
}
