//! What a run takes: seconds, rows and memory of every stage, for `timings.json` and one line on a terminal.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use acquaint::engine::Progress;
use serde_json::{Value, json};

use crate::clock::instant;
use crate::progress::Bars;

/// The form of `timings.json`.
const SCHEMA: &str = "acquaint-timings/1";

/// Bars that keep the time of what they show.
pub(crate) struct Timed {
    bars: Bars,
    is_file_wanted: bool,
    begun: Instant,
    stages: Mutex<Stages>,
    /// Of the current stage.
    rows: AtomicU64,
}

#[derive(Default)]
struct Stages {
    done: Vec<Took>,
    current: Option<Current>,
}

struct Current {
    stage: &'static str,
    begun: Instant,
}

/// What one stage took.
struct Took {
    stage: &'static str,
    seconds: f64,
    rows: u64,
    /// The most memory that was resident by its end; none where the system does not say.
    peak_bytes: Option<u64>,
}

impl Timed {
    pub(crate) fn new(bars: Bars, is_file_wanted: bool) -> Self {
        Self {
            bars,
            is_file_wanted,
            begun: instant(),
            stages: Mutex::default(),
            rows: AtomicU64::new(0),
        }
    }

    fn stages(&self) -> MutexGuard<'_, Stages> {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, stages: &mut Stages) {
        let rows = self.rows.swap(0, Ordering::Relaxed);
        if let Some(Current { stage, begun }) = stages.current.take() {
            stages.done.push(Took {
                stage,
                seconds: begun.elapsed().as_secs_f64(),
                rows,
                peak_bytes: peak(),
            });
        }
    }

    /// Says on a terminal what the run took.
    pub(crate) fn tell(&self) {
        let mut stages = self.stages();
        self.end(&mut stages);
        let done = &stages.done;
        let Some(longest) = done.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)) else {
            return;
        };
        let memory = match most(done) {
            Some(bytes) => format!(", at most {:.0} MB of memory", bytes as f64 / 1e6),
            None => String::new(),
        };
        self.bars.say(&format!(
            "{:.1} s{memory}; {} took longest, {:.1} s",
            self.begun.elapsed().as_secs_f64(),
            longest.stage,
            longest.seconds,
        ));
    }
}

impl Progress for Timed {
    fn begin(&self, stage: &'static str, total: Option<u64>) {
        let mut stages = self.stages();
        self.end(&mut stages);
        let begun = instant();
        stages.current = Some(Current { stage, begun });
        self.bars.begin(stage, total);
    }

    fn advance(&self, n: u64) {
        self.rows.fetch_add(n, Ordering::Relaxed);
        self.bars.advance(n);
    }

    fn note(&self, text: &str) {
        self.bars.note(text);
    }

    fn timings(&self) -> Option<Value> {
        if !self.is_file_wanted {
            return None;
        }
        let mut stages = self.stages();
        let current = stages.current.as_ref().map(|current| current.stage);
        self.end(&mut stages);
        let timings = json!({
            "schema": SCHEMA,
            "threads": rayon::current_num_threads(),
            "seconds": rounded(self.begun.elapsed().as_secs_f64()),
            "peak_bytes": most(&stages.done),
            "stages": stages.done.iter().map(Took::to_json).collect::<Vec<_>>(),
        });
        // What is left to do, giving the outputs their names, is told as the same stage.
        stages.current = current.map(|stage| Current {
            stage,
            begun: instant(),
        });
        Some(timings)
    }
}

impl Took {
    fn to_json(&self) -> Value {
        let per_second = self.rows as f64 / self.seconds.max(1e-9);
        json!({
            "stage": self.stage,
            "seconds": rounded(self.seconds),
            "rows": (self.rows > 0).then_some(self.rows),
            "rows_per_second": (self.rows > 0).then_some(per_second.round()),
            "peak_bytes": self.peak_bytes,
        })
    }
}

fn most(done: &[Took]) -> Option<u64> {
    done.iter().filter_map(|took| took.peak_bytes).max()
}

/// To milliseconds.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

/// The most memory that was resident so far. The system could forget it from stage to stage, but then it would tell whoever
/// watches from outside no more than we do.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_seconds_rows_and_memory() {
        let timed = Timed::new(Bars::new(true), true);
        timed.begin("reading", None);
        timed.advance(3);
        timed.advance(4);
        timed.begin("writing", Some(1));
        let said = timed.timings().unwrap();
        let stages = said["stages"].as_array().unwrap();
        let names: Vec<_> = stages.iter().map(|stage| &stage["stage"]).collect();
        assert_eq!(names, ["reading", "writing"]);
        assert_eq!(
            (&stages[0]["rows"], &stages[1]["rows"]),
            (&json!(7), &Value::Null)
        );
        assert!(
            stages
                .iter()
                .all(|stage| stage["seconds"].as_f64().unwrap() >= 0.0)
        );
        if cfg!(target_os = "linux") {
            assert!(said["peak_bytes"].as_u64().unwrap() > 1 << 20, "{said}");
        }
    }
}
