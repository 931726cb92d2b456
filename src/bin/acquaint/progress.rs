//! Progress bars on standard error, when that is a terminal.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use acquaint::engine::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// One bar at a time: the stage that is running.
pub(crate) struct Bars {
    current: Mutex<Option<ProgressBar>>,
    shown: bool,
}

impl Bars {
    /// Bars that draw nothing if asked to be quiet, or if nobody would see them.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            current: Mutex::new(None),
            shown: !quiet && std::io::stderr().is_terminal(),
        }
    }

    /// Says something to whoever watches.
    pub(crate) fn say(&self, text: &str) {
        self.replace(None);
        if self.shown {
            eprintln!("acquaint: {text}");
        }
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
        if self.shown {
            self.replace(Some(bar(stage, total)));
        }
    }

    fn advance(&self, n: u64) {
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
