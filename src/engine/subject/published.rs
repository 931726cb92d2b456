//! Published rows that name somebody.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use serde::Serialize;

use super::who::Who;
use crate::engine::EngineError;
use crate::engine::published::read_output;
use crate::engine::recall::batches;
use crate::ids::{AccountId, UserId};

/// Rows listed of one file, the first of many.
const LISTED: usize = 1_000;

/// The rows of one output file that name somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PublishedRows {
    /// The file.
    pub file: String,
    /// How many rows.
    pub n_rows: u64,
    /// The first thousand of them, from 1.
    pub rows: Vec<u64>,
}

/// Looks at every table of an output, once it is known to be what was written.
pub(super) fn published(out: &Path, who: &Who) -> Result<Vec<PublishedRows>, EngineError> {
    let manifest = read_output(out)?;
    let tables = manifest.outputs.iter();
    let tables = tables.filter(|output| output.file.ends_with(".parquet"));
    let found = tables.map(|output| in_file(out, &output.file, who));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().filter(|rows| rows.n_rows > 0).collect())
}

fn in_file(out: &Path, file: &str, who: &Who) -> Result<PublishedRows, EngineError> {
    let mut found = PublishedRows {
        file: file.to_owned(),
        ..PublishedRows::default()
    };
    let mut before = 0;
    for batch in batches(&out.join(file), None)? {
        let is_account = |id: u64| who.accounts.contains(&AccountId(id));
        let is_user = |id: u64| who.people.contains(&UserId(id));
        let mut named = vec![false; batch.num_rows()];
        for (name, is_theirs) in [
            ("account_id", &is_account as &dyn Fn(u64) -> bool),
            ("user_id", &is_user),
            ("candidate_id", &is_user),
        ] {
            let column = batch.column_by_name(name);
            let ids = column.and_then(|column| column.as_primitive_opt::<UInt64Type>());
            for (named, &id) in named
                .iter_mut()
                .zip(ids.map_or(&[][..], |ids| ids.values()))
            {
                *named |= is_theirs(id);
            }
        }
        for (row, named) in (before + 1..).zip(&named) {
            found.n_rows += u64::from(*named);
            if *named && found.rows.len() < LISTED {
                found.rows.push(row);
            }
        }
        before += batch.num_rows() as u64;
    }
    Ok(found)
}
