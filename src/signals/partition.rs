//! Folders that say a value: `date=2016-10-01/region=DE/part-0.parquet`, as Hive, Spark and others write them.

use crate::publish::unescaped;

/// What Hive writes for a value that is missing.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A column and its value for every row of a file, from the name of a folder above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The folder, from the signals directory on.
    pub(super) folder: String,
    /// The column's name, as it stands there.
    pub(super) column: String,
    /// The value; none if it is missing.
    pub(super) value: Option<String>,
}

/// Does a folder of this name say a value?
pub(super) fn says_value(folder: &str) -> bool {
    pair(folder).is_some()
}

/// What the folders above a file say, from the outermost on.
pub(super) fn said(file: &str) -> Vec<Said> {
    let folders = file.match_indices('/').map(|(end, _)| &file[..end]);
    folders.filter_map(of_folder).collect()
}

fn of_folder(folder: &str) -> Option<Said> {
    let (column, value) = pair(folder.rsplit('/').next()?)?;
    let value = unescaped(value);
    Some(Said {
        folder: folder.to_owned(),
        column: unescaped(column),
        value: (value != NULL && !value.trim().is_empty()).then_some(value),
    })
}

fn pair(folder: &str) -> Option<(&str, &str)> {
    folder
        .split_once('=')
        .filter(|(column, _)| !column.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_values_from_the_outermost_on() {
        let found = said("ads/region=DE/since=2016-01-01T00%3A00%3A00Z/part=0.csv");
        let told: Vec<_> = found
            .iter()
            .map(|said| {
                (
                    said.folder.as_str(),
                    said.column.as_str(),
                    said.value.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("ads/region=DE", "region", Some("DE")),
                (
                    "ads/region=DE/since=2016-01-01T00%3A00%3A00Z",
                    "since",
                    Some("2016-01-01T00:00:00Z")
                ),
            ]
        );
        assert_eq!(said("ads.csv"), []);
        assert_eq!(said("ads/a=b.csv"), []);
    }

    #[test]
    fn what_is_missing_is_no_value() {
        for folder in ["region=__HIVE_DEFAULT_PARTITION__", "region=", "region=%20"] {
            let found = said(&format!("ads/{folder}/a.csv"));
            assert_eq!(found[0].value, None, "{folder}");
        }
        for folder in ["region", "=DE", "2016"] {
            assert!(!says_value(folder), "{folder}");
        }
    }
}
