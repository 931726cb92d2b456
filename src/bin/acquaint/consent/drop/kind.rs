//! What a list is of: by its name and its columns, which have to agree.

/// The identifiers there are lists of.
pub(super) const IDENTIFIERS: [&str; 6] = ["Phone", "Email", "NDZ", "MAID", "NameVIN", "CTVID"];
const REMOVED: &str = "Removed";

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Requests about identifiers of a type.
    Requests(&'static str),
    /// Requests that were taken back.
    Removed,
}

/// Why a list is of nothing that is known.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KindError {
    #[error("its name has none of the types of lists: {}, {REMOVED}", IDENTIFIERS.join(", "))]
    None,
    #[error("its name has more than one of the types of lists: {0} and {1}")]
    Several(&'static str, &'static str),
    #[error("its columns are not {0}")]
    Columns(&'static str),
}

impl Kind {
    /// Of a list by the name of its file, without its ending, and its columns.
    pub(super) fn of(stem: &str, columns: &csv::ByteRecord) -> Result<Self, KindError> {
        let stem = stem.to_lowercase();
        let mut types = IDENTIFIERS.into_iter().chain([REMOVED]);
        let mut named = types
            .by_ref()
            .filter(|name| stem.contains(&name.to_lowercase()));
        let name = named.next().ok_or(KindError::None)?;
        if let Some(other) = named.next() {
            return Err(KindError::Several(name, other));
        }
        let is = |wanted: &[&str]| columns.iter().eq(wanted.iter().map(|name| name.as_bytes()));
        // A list of requests that were taken for taken back would be lost.
        if name == REMOVED {
            let are = is(&["ID", "Hash", "ListType"]);
            return are
                .then_some(Self::Removed)
                .ok_or(KindError::Columns("ID, Hash and ListType"));
        }
        is(&["ID", "Hash"])
            .then_some(Self::Requests(name))
            .ok_or(KindError::Columns("ID and Hash"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_columns_have_to_agree() {
        let of =
            |stem: &str, columns: &[&str]| Kind::of(stem, &csv::ByteRecord::from(columns.to_vec()));
        let (two, three) = (["ID", "Hash"], ["ID", "Hash", "ListType"]);
        for kind in IDENTIFIERS {
            let stem = format!("20260801_{kind}");
            assert_eq!(of(&stem, &two), Ok(Kind::Requests(kind)));
            assert_eq!(of(&stem, &three), Err(KindError::Columns("ID and Hash")));
            assert_eq!(
                of(&format!("{kind}_removed"), &two),
                Err(KindError::Several(kind, "Removed"))
            );
        }
        assert_eq!(of("removed", &three), Ok(Kind::Removed));
        let both = Err(KindError::Columns("ID, Hash and ListType"));
        assert_eq!(of("Removed", &two), both);
        assert_eq!(of("lists", &two), Err(KindError::None));
        assert_eq!(
            of("Phone", &["Hash", "ID"]),
            Err(KindError::Columns("ID and Hash"))
        );
    }
}
