//! What was found.

use std::process::ExitCode;

/// What holds, what does not, and what could not be asked.
#[derive(Debug, Default)]
pub(crate) struct Report {
    held: Vec<String>,
    wrong: Vec<String>,
    not_asked: Vec<String>,
}

impl Report {
    pub(crate) fn holds(&mut self, what: impl Into<String>) {
        self.held.push(what.into());
    }

    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    pub(crate) fn not_asked(&mut self, what: impl Into<String>) {
        self.not_asked.push(what.into());
    }

    /// Notes that something holds or, with the reason, that it does not.
    pub(crate) fn ask(&mut self, holds: bool, what: &str, otherwise: &str) {
        if holds {
            self.holds(what);
        } else {
            self.wrong(format!("{what}: {otherwise}"));
        }
    }

    pub(crate) fn print(&self) -> ExitCode {
        for (mark, lines) in [
            ("ok      ", &self.held),
            ("unknown ", &self.not_asked),
            ("WRONG   ", &self.wrong),
        ] {
            for line in lines {
                println!("{mark}{line}");
            }
        }
        match self.wrong.len() {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::from(1),
        }
    }
}
