//! Status files: what has to be sent back, one file for each type of list.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use acquaint::publish::{Ours, StagedFile, shown};
use acquaint::time::Timestamp;

use crate::exit::Failure;
use crate::output;

/// Who answers, and where to.
pub(crate) struct Broker<'a> {
    pub(crate) id: &'a str,
    pub(crate) suffix: Option<&'a str>,
    pub(crate) answers: &'a Path,
    pub(crate) now: Timestamp,
}

impl Broker<'_> {
    /// `YYYYMMDD_ID_TYPE[_SUFFIX].csv`, by the day it is in UTC.
    fn path(&self, identifier: &str) -> PathBuf {
        let day = self.now.to_string()[..10].replace('-', "");
        let suffix = self.suffix.map(|suffix| format!("_{suffix}"));
        let suffix = suffix.unwrap_or_default();
        let name = format!("{day}_{}_{identifier}{suffix}.csv", self.id);
        self.answers.join(name)
    }
}

/// What became of a request, under the numbers of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// One person has the identifier.
    Deleted = 3,
    /// Several have it, and all are opted out.
    OptedOut = 4,
    /// Nobody has it.
    NotFound = 5,
}

impl Status {
    /// Of an identifier that so many people have.
    pub(super) const fn of(n_people: usize) -> Self {
        match n_people {
            0 => Self::NotFound,
            1 => Self::Deleted,
            _ => Self::OptedOut,
        }
    }

    pub(super) fn is_found(self) -> bool {
        self != Self::NotFound
    }
}

/// Status files that are being written aside; dropped, they are removed.
pub(super) struct Answers<'a> {
    broker: &'a Broker<'a>,
    begun: Vec<Answer>,
}

/// The answer to every list of a type.
pub(super) struct Answer {
    identifier: &'static str,
    path: PathBuf,
    out: BufWriter<File>,
    staged: StagedFile,
}

impl<'a> Answers<'a> {
    pub(super) const fn new(broker: &'a Broker<'a>) -> Self {
        Self {
            broker,
            begun: Vec::new(),
        }
    }

    /// The answer to lists of a type; begun if it is the first of them.
    pub(super) fn to(&mut self, identifier: &'static str) -> Result<&mut Answer, Failure> {
        let is_it = |answer: &Answer| answer.identifier == identifier;
        let at = if let Some(at) = self.begun.iter().position(is_it) {
            at
        } else {
            self.begun.push(Answer::begin(identifier, self.broker)?);
            self.begun.len() - 1
        };
        Ok(&mut self.begun[at])
    }

    /// Everything is written, and nothing has its name yet.
    pub(super) fn finish(self) -> Result<StatusFiles, Failure> {
        let whole = |answer: Answer| -> Result<_, Failure> {
            let written = answer.out.into_inner();
            written.map_err(io::IntoInnerError::into_error)?;
            Ok((answer.path, answer.staged))
        };
        let files = self.begun.into_iter().map(whole);
        files.collect::<Result<_, _>>().map(StatusFiles)
    }
}

impl Answer {
    fn begin(identifier: &'static str, broker: &Broker<'_>) -> Result<Self, Failure> {
        let path = broker.path(identifier);
        if path.exists() {
            let error = "it is there already: send it, or give another --suffix";
            return Err(Failure::new(format!("writing {}", shown(&path)), error));
        }
        let staged = output::file(&path, Ours::NEVER, Vec::new())?;
        let mut out = BufWriter::with_capacity(1 << 16, staged.create()?);
        out.write_all(b"ID,Status\n")?;
        Ok(Self {
            identifier,
            path,
            out,
            staged,
        })
    }

    /// Answers requests in their order.
    pub(super) fn write(
        &mut self,
        answers: impl Iterator<Item = ([u8; 12], Status)>,
    ) -> io::Result<()> {
        for (id, status) in answers {
            let mut line = *b"............,.\n";
            line[..12].copy_from_slice(&id);
            line[13] = b'0' + status as u8;
            self.out.write_all(&line)?;
        }
        Ok(())
    }
}

/// Status files that are complete; dropped without [`publish`](Self::publish), they are removed.
pub(crate) struct StatusFiles(Vec<(PathBuf, StagedFile)>);

impl StatusFiles {
    /// Gives the files their names, once what they say is recorded; says which they are.
    pub(crate) fn publish(self) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = Vec::new();
        for (path, staged) in self.0 {
            output::tell(&staged.publish()?);
            paths.push(path);
        }
        Ok(paths)
    }
}
