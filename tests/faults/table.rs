//! The table: classes, how often each was tried, and what happened.

use std::collections::BTreeMap;
use std::process::ExitCode;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// About a minute for all classes.
    Short,
    /// Hours.
    Long,
}

impl Effort {
    /// `ACQUAINT_FAULTS=long` asks for the long way.
    pub(crate) fn from_environment() -> Self {
        match std::env::var("ACQUAINT_FAULTS").as_deref() {
            Ok("long") => Self::Long,
            _ => Self::Short,
        }
    }

    /// One of two figures.
    pub(crate) const fn of(self, short: usize, long: usize) -> usize {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

/// What became of a class.
#[derive(Debug, Default)]
pub(crate) struct Row {
    tried: u64,
    /// What happened, how often.
    happened: BTreeMap<String, u64>,
    /// What must not happen.
    wrong: Vec<String>,
}

impl Row {
    /// A class that this machine cannot try.
    pub(crate) fn not_tried(why: &str) -> Self {
        let mut row = Self::default();
        row.happened.insert(format!("not tried: {why}"), 0);
        row
    }

    /// Something was tried and went as it should.
    pub(crate) fn right(&mut self, what: impl Into<String>) {
        self.tried += 1;
        *self.happened.entry(what.into()).or_default() += 1;
    }

    /// Something was tried and went as it must not.
    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        self.tried += 1;
        self.wrong.push(what.into());
    }

    /// Either of the two.
    pub(crate) fn add(&mut self, ended: Result<String, String>) {
        match ended {
            Ok(what) => self.right(what),
            Err(what) => self.wrong(what),
        }
    }

    fn told(&self) -> String {
        let mut told: Vec<String> = self
            .happened
            .iter()
            .map(|(what, &n)| match n {
                0 => what.clone(),
                n => format!("{n} {what}"),
            })
            .collect();
        if !self.wrong.is_empty() {
            told.insert(0, format!("**{} WRONG**", self.wrong.len()));
        }
        told.join(", ")
    }
}

/// Prints the rows, then what went wrong.
pub(crate) fn print(rows: Vec<(&'static str, Row)>) -> ExitCode {
    let mut wrong = Vec::new();
    let mut is_begun = false;
    for (name, row) in rows {
        if !is_begun {
            println!("\n| class | tried | what happened |\n|---|---|---|");
            is_begun = true;
        }
        println!("| {name} | {} | {} |", row.tried, row.told());
        wrong.extend(row.wrong.into_iter().map(|what| format!("{name}: {what}")));
    }
    for what in &wrong {
        println!("\nWRONG {what}");
    }
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
