//! Arguments of `subject`.

use std::fmt;
use std::path::PathBuf;

use acquaint::engine::SubjectAsked;
use acquaint::identity::E164;
use acquaint::signals::RawPhone;
use clap::Args;

use crate::args::{AskedArgs, ListKeyArgs};

/// Tell what is held about one person, or act on their request.
#[derive(Debug, Args)]
#[command(after_help = "\
Finds every row that names the person, by file and row, with the purposes it \
is used for; what each account allows and how it came to that; links, \
suggestions, ads, spam scores and business verdicts with their reasons; and \
whether a number is on the list of people without an account who objected. \
People who opted out are found too. Numbers are never printed.

--object records the objection in the ledger. --erase destroys the keys of the \
person's accounts in the ledger. Both then say what is left, and where: tables \
and outputs are not changed. Exits with code 1 if anything is left.

Example:
  acquaint subject 797515164740 --signals data/quickstart")]
pub(crate) struct SubjectArgs {
    /// An account id, a user id, or a phone number with a plus sign
    #[arg(value_name = "WHO", value_parser = who)]
    pub(crate) who: Asked,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    /// An output directory to look for published rows in
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The model from `train friends` that the run used
    #[arg(long, value_name = "FILE")]
    pub(crate) friend_model: Option<PathBuf>,
    /// The model from `train ads` that the run used
    #[arg(long, value_name = "FILE")]
    pub(crate) ad_model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) lists: ListKeyArgs,
    /// Write the answer as a page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Destroy the keys of the person's accounts in the ledger
    #[arg(long, conflicts_with = "object", requires = "ledger")]
    pub(crate) erase: bool,
    /// Record the person's objection in the ledger
    #[arg(long, requires = "ledger")]
    pub(crate) object: bool,
    /// Do not ask before --erase or --object
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Whom is asked about; a number is not shown.
#[derive(Clone, Copy)]
pub(crate) struct Asked(pub(crate) SubjectAsked);

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SubjectAsked::Id(id) => write!(f, "{id}"),
            SubjectAsked::Number(_) => f.write_str("a number"),
        }
    }
}

fn who(text: &str) -> Result<Asked, String> {
    if text.starts_with('+') {
        let number = E164::canonical(&RawPhone::new(text), None);
        let number = number.map_err(|_| "this is not a phone number".to_owned())?;
        return Ok(Asked(SubjectAsked::Number(number)));
    }
    let id = text.parse().map_err(|_| {
        "give an account id, a user id, or a phone number that begins with a plus sign".to_owned()
    })?;
    Ok(Asked(SubjectAsked::Id(id)))
}
