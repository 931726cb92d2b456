//! The numbers of this side: read, asked about, blinded; every row that is dropped is counted.

use std::collections::BTreeMap;
use std::error::Error;

use acquaint::consent::{
    Abuse, AdRelevance, Analytics, BusinessMarketing, BusinessService, For, FriendSuggestions,
    Permitted, Purpose,
};
use acquaint::identity::E164;
use acquaint::identity::psi::{Held, OwnSide, PsiSecret};
use acquaint::ids::AccountId;
use acquaint::signals::RawPhone;
use acquaint::time::Timestamp;
use csv::StringRecord;
use serde::{Deserialize, Serialize};

use super::args::HoldingsArgs;
use super::gate::gate;
use crate::exit::Failure;
use crate::identity::records::{Record, Records, places};
use crate::identity::refused::Refused;

/// Rows beyond this are refused: each is kept, and takes some 70 bytes.
pub(super) const MAX_ROWS: usize = 50_000_000;

/// Where the rows of the input went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) purpose: Purpose,
    pub(super) rows: usize,
    pub(super) blinded: usize,
    pub(super) dropped: BTreeMap<String, usize>,
}

impl Counts {
    /// One line for people.
    pub(super) fn line(&self) -> String {
        let dropped: Vec<String> = self
            .dropped
            .iter()
            .filter(|(_, n)| **n > 0)
            .map(|(reason, n)| format!("{n} {}", reason.replace('_', " ")))
            .collect();
        let why = if dropped.is_empty() {
            "none dropped".to_owned()
        } else {
            format!("dropped: {}", dropped.join(", "))
        };
        format!("blinded {} of {} rows ({why})", self.blinded, self.rows)
    }
}

/// The numbers of this side, as they were read.
pub(super) struct Holdings {
    purpose: Purpose,
    held: Vec<Held>,
    permitting: Vec<AccountId>,
    rows: usize,
    not_a_number: usize,
}

/// Why a row cannot be read. Says nothing of what stands in it.
#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error("line {line}: `id` is not a whole number from 0 to 18446744073709551615")]
    Id { line: u64 },
    #[error("line {line}: `id` repeats an earlier row")]
    RepeatedId { line: u64 },
    #[error("line {line}: `permitted` is neither true nor false")]
    Permitted { line: u64 },
    #[error(
        "there is no column `permitted`; if everyone permits this purpose, pass --all-permitted"
    )]
    NoColumn,
    #[error("there are more than {MAX_ROWS} rows")]
    TooMany,
    #[error("--all-permitted conflicts with the column `permitted`: remove one")]
    TwoAnswers,
}

/// Who permits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Permitting {
    Everybody,
    /// Whoever a column says does.
    ByColumn,
}

impl Permitting {
    const fn of(args: &HoldingsArgs) -> Self {
        if args.all_permitted {
            Self::Everybody
        } else {
            Self::ByColumn
        }
    }
}

impl Holdings {
    /// Reads the input. A text that is no number is counted; anything else that cannot be read is an error.
    pub(super) fn read(args: &HoldingsArgs) -> Result<Self, Failure> {
        let (mut records, header) = Records::open(&args.input)?;
        let rows = Self::rows(&mut records, &header, Permitting::of(args));
        let rows = rows.map_err(|error| records.failure(error))?;
        rows.refused.tell(records.name());
        let holdings = rows.holdings(args.purpose);
        holdings.map_err(|error| records.failure(error))
    }

    fn rows(
        records: &mut Records,
        header: &StringRecord,
        permitting: Permitting,
    ) -> Result<Rows, Box<dyn Error + Send + Sync>> {
        let [id, e164] = places(header, ["id", "e164"])?;
        let permitted = permitted_place(header, permitting)?;
        let mut rows = Rows::default();
        while let Some(row) = records.read()? {
            // An empty line holds nobody.
            if !row.fields.is_empty() {
                rows.add(&row, id, e164, permitted)?;
            }
        }
        Ok(rows)
    }

    pub(super) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Blinds the numbers of those who permit.
    pub(super) fn blind(&self, secret: &PsiSecret) -> Result<Blinded, Failure> {
        let Own { own, not_permitted } = match self.purpose {
            Purpose::FriendSuggestions => self.blind_for::<FriendSuggestions>(secret),
            Purpose::AdRelevance => self.blind_for::<AdRelevance>(secret),
            Purpose::Abuse => self.blind_for::<Abuse>(secret),
            Purpose::Analytics => self.blind_for::<Analytics>(secret),
            Purpose::BusinessService => self.blind_for::<BusinessService>(secret),
            Purpose::BusinessMarketing => self.blind_for::<BusinessMarketing>(secret),
        }?;
        let dropped = [
            ("ambiguous", own.dropped().ambiguous),
            ("not_a_number", self.not_a_number),
            ("not_permitted", not_permitted),
            ("repeated", own.dropped().repeated),
        ];
        let counts = Counts {
            purpose: self.purpose,
            rows: self.rows,
            blinded: own.ids().len(),
            dropped: dropped.map(|(reason, n)| (reason.to_owned(), n)).into(),
        };
        Ok(Blinded { own, counts })
    }

    fn blind_for<P: For>(&self, secret: &PsiSecret) -> Result<Own, Failure> {
        let gate = gate::<P>(&self.permitting)?;
        let permitted: Vec<Permitted<Held, P>> = self
            .held
            .iter()
            .filter_map(|one| gate.permit(*one).ok())
            .collect();
        let not_permitted = self.held.len() - permitted.len();
        Ok(Own {
            own: OwnSide::blind(secret, &permitted),
            not_permitted,
        })
    }
}

/// Where the answers stand; none if everybody permits.
fn permitted_place(
    header: &StringRecord,
    permitting: Permitting,
) -> Result<Option<usize>, RowError> {
    match (places(header, ["permitted"]), permitting) {
        (Ok([place]), Permitting::ByColumn) => Ok(Some(place)),
        (Ok(_), Permitting::Everybody) => Err(RowError::TwoAnswers),
        (Err(_), Permitting::Everybody) => Ok(None),
        (Err(_), Permitting::ByColumn) => Err(RowError::NoColumn),
    }
}

/// Numbers that are blinded, and what became of the rows.
pub(super) struct Blinded {
    pub(super) own: OwnSide,
    pub(super) counts: Counts,
}

/// The numbers of those who permit.
struct Own {
    own: OwnSide,
    /// How many do not.
    not_permitted: usize,
}

/// Rows as they come.
#[derive(Default)]
struct Rows {
    held: Vec<Held>,
    permitting: Vec<AccountId>,
    /// Each id, and its line.
    ids: Vec<(u64, u64)>,
    not_a_number: usize,
    refused: Refused,
}

impl Rows {
    fn add(
        &mut self,
        row: &Record,
        id: usize,
        e164: usize,
        permitted: Option<usize>,
    ) -> Result<(), RowError> {
        let line = row.line;
        if self.ids.len() == MAX_ROWS {
            return Err(RowError::TooMany);
        }
        let cell = |place: usize| row.fields.get(place).unwrap_or_default().trim();
        let id: u64 = cell(id).parse().map_err(|_| RowError::Id { line })?;
        let permits = match permitted.map(cell) {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => return Err(RowError::Permitted { line }),
        };
        self.ids.push((id, line));
        let number = match E164::canonical(&RawPhone::new(cell(e164)), None) {
            Ok(number) => number,
            Err(why) => {
                self.not_a_number += 1;
                if !cell(e164).is_empty() {
                    self.refused.add(line, why);
                }
                return Ok(());
            }
        };
        let account = AccountId(id);
        self.held.push(Held {
            account,
            number,
            collected_at: Timestamp::MAX,
        });
        if permits {
            self.permitting.push(account);
        }
        Ok(())
    }

    fn holdings(mut self, purpose: Purpose) -> Result<Holdings, RowError> {
        self.ids.sort_unstable();
        let is_same = |pair: &&[(u64, u64)]| pair[0].0 == pair[1].0;
        let repeated = self.ids.windows(2).filter(is_same).map(|pair| pair[1].1);
        if let Some(line) = repeated.min() {
            return Err(RowError::RepeatedId { line });
        }
        Ok(Holdings {
            purpose,
            held: self.held,
            permitting: self.permitting,
            rows: self.ids.len(),
            not_a_number: self.not_a_number,
        })
    }
}
