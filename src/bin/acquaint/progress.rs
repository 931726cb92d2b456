//! Progress bars on standard error, when that is a terminal.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use acquaint::engine::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::instant;
use crate::telling;

/// One bar at a time: the stage that is running.
pub(crate) struct Bars {
    current: Mutex<Option<ProgressBar>>,
    shown: bool,
    /// The stage that is told when it ends, and when it began.
    told: Mutex<Option<(&'static str, Instant)>>,
    rows: AtomicU64,
}

impl Bars {
    /// Bars that draw nothing if asked to be quiet, or if nobody would see them.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            current: Mutex::new(None),
            shown: !quiet && !telling::is_json() && std::io::stderr().is_terminal(),
            told: Mutex::new(None),
            rows: AtomicU64::new(0),
        }
    }

    /// Says something to whoever watches.
    pub(crate) fn say(&self, text: &str) {
        self.tell_ended(None);
        self.replace(None);
        if self.shown {
            eprintln!("acquaint: {text}");
        }
    }

    /// Tells the stage that ends, if whoever calls wants to know.
    fn tell_ended(&self, next: Option<&'static str>) {
        if !telling::is_verbose() {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.rows.swap(0, Ordering::Relaxed);
        if let Some((stage, begun)) = told.take() {
            let rows = if rows == 0 {
                String::new()
            } else {
                format!(", {rows} rows")
            };
            let seconds = begun.elapsed().as_secs_f64();
            eprintln!("acquaint: {stage}{rows}, {seconds:.1} s");
        }
        *told = next.map(|stage| (stage, instant()));
    }

    fn replace(&self, next: Option<ProgressBar>) {
        let mut current = self
            .current
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(bar) = current.take() {
            bar.finish_and_clear();
        }
        *current = next;
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &'static str, total: Option<u64>) {
        self.tell_ended(Some(stage));
        if self.shown {
            self.replace(Some(bar(stage, total)));
        }
    }

    fn advance(&self, n: u64) {
        self.rows.fetch_add(n, Ordering::Relaxed);
        let current = self
            .current
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(bar) = current.as_ref() {
            bar.inc(n);
        }
    }

    fn note(&self, text: &str) {
        eprintln!("acquaint: {text}");
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.tell_ended(None);
        self.replace(None);
    }
}

fn bar(stage: &'static str, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{msg:28} {bar:36} {human_pos}/{human_len} {per_sec} {eta}",
        None => "{msg:28} {spinner} {human_pos} {per_sec}",
    };
    let style = ProgressStyle::with_template(template)
        .expect("the template is a constant, and well formed");
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
    bar.set_style(style);
    bar.set_message(stage);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
