//! The directory of a session: what one side keeps between the steps.

use std::fs;
use std::path::{Path, PathBuf};

use acquaint::identity::psi::{OwnSide, PsiSecret};
use acquaint::ids::AccountId;
use acquaint::publish::{FRESH, Staging, Target, shown};
use zeroize::{Zeroize, Zeroizing};

use super::files;
use super::holdings::Counts;
use crate::consent::cannot;
use crate::exit::Failure;
use crate::output;

/// Message 1.
pub(super) const BLINDED: &str = "1-blinded.psi";
/// Message 2.
pub(super) const REPLY: &str = "2-reply.psi";
/// Message 3.
pub(super) const IDS: &str = "3-ids.psi";

const SECRET: &str = "secret";
const OWN_IDS: &str = "own-ids";
const COUNTS: &str = "counts.json";

/// The directory of a session.
pub(super) struct Session<'a> {
    dir: &'a Path,
}

impl<'a> Session<'a> {
    /// A session that has begun.
    pub(super) const fn open(dir: &'a Path) -> Self {
        Self { dir }
    }

    /// Begins a session: a directory aside, and a secret in it. Nothing that is there is replaced.
    pub(super) fn begin(dir: &'a Path) -> Result<(NewSession, PsiSecret), Failure> {
        let session = Self { dir };
        for name in [SECRET, BLINDED] {
            session.deny_second(name)?;
        }
        let staging = output::directory(Target::directory(dir, &FRESH))?;
        let mut seed = Zeroizing::new([0; 32]);
        fill(&mut seed)?;
        staging.write(SECRET, &*seed)?;
        Ok((NewSession { staging }, PsiSecret::from_seed(&mut seed)))
    }

    /// The side as it was after step 1.
    pub(super) fn own(&self) -> Result<OwnSide, Failure> {
        let message = files::read(&self.path(BLINDED))?;
        let ids = files::read(&self.path(OWN_IDS))?;
        let (ids, _) = ids.as_chunks::<8>();
        let ids = ids
            .iter()
            .map(|id| AccountId(u64::from_le_bytes(*id)))
            .collect();
        OwnSide::resume(message, ids)
            .map_err(|error| Failure::new(format!("reading {}", shown(self.dir)), error))
    }

    /// What step 1 counted.
    pub(super) fn counts(&self) -> Result<Counts, Failure> {
        let path = self.path(COUNTS);
        serde_json::from_slice(&files::read(&path)?)
            .map_err(|error| Failure::new(format!("reading {}", shown(path)), error))
    }

    /// The secret of this session.
    pub(super) fn secret(&self) -> Result<PsiSecret, Failure> {
        Ok(PsiSecret::read(&self.path(SECRET))?)
    }

    /// A message that was made before.
    pub(super) fn message(&self, name: &str) -> Result<Vec<u8>, Failure> {
        files::read(&self.path(name))
    }

    /// Keeps a message that is made once.
    pub(super) fn keep_message(&self, name: &str, message: &[u8]) -> Result<PathBuf, Failure> {
        self.deny_second(name)?;
        files::write(&self.path(name), message)?;
        Ok(self.path(name))
    }

    /// With a second message under one secret, somebody could learn what one message does not say.
    pub(super) fn deny_second(&self, name: &str) -> Result<(), Failure> {
        let path = self.path(name);
        if path.try_exists().map_err(cannot("looking for", &path))? {
            return Err(Failure::new(
                format!("{} is there already", shown(path)),
                "a session takes each step once; begin another in a new directory",
            ));
        }
        Ok(())
    }

    /// Deletes the secret.
    pub(super) fn end(&self) -> Result<(), Failure> {
        let path = self.path(SECRET);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(cannot("deleting", &path)(error))
            }
            _ => Ok(()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// A session that has not taken its first step; dropped before, it leaves nothing.
pub(super) struct NewSession {
    staging: Staging,
}

impl NewSession {
    /// Keeps what step 1 made: the directory appears with all of it.
    pub(super) fn keep(self, own: &OwnSide, counts: &Counts) -> Result<(), Failure> {
        let ids: Vec<u8> = own.ids().iter().flat_map(|id| id.0.to_le_bytes()).collect();
        self.staging.write(OWN_IDS, &ids)?;
        self.staging.write(COUNTS, &serde_json::to_vec(counts)?)?;
        self.staging.write(BLINDED, own.message())?;
        output::tell(&self.staging.publish()?);
        Ok(())
    }
}

/// A secret for a session that leaves no files.
pub(super) fn fresh_secret() -> Result<PsiSecret, Failure> {
    let mut seed = [0; 32];
    let filled = fill(&mut seed);
    let secret = PsiSecret::from_seed(&mut seed);
    seed.zeroize();
    filled.map(|()| secret)
}

fn fill(seed: &mut [u8; 32]) -> Result<(), Failure> {
    getrandom::fill(seed).map_err(|error| Failure::new("making a secret", error))
}
