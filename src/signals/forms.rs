//! The forms of a table's files that are read, told by the endings of their names, and what stands beside them.

/// How the rows stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Apache Parquet.
    Parquet,
    /// A line for each row, with this byte between values.
    Lines(u8),
    /// A JSON object on each line; only where a mapping says so.
    Json,
}

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// A form that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What the names of its files end in.
    pub(super) ending: &'static str,
    pub(super) layout: Layout,
    pub(super) packing: Packing,
}

const fn form(ending: &'static str, layout: Layout, packing: Packing) -> Form {
    Form {
        ending,
        layout,
        packing,
    }
}

impl Form {
    /// Every form that is read. None of the endings is the end of another.
    pub(super) const ALL: [Self; 7] = [
        form(".parquet", Layout::Parquet, Packing::Plain),
        form(".csv", Layout::Lines(b','), Packing::Plain),
        form(".csv.gz", Layout::Lines(b','), Packing::Gzip),
        form(".csv.zst", Layout::Lines(b','), Packing::Zstd),
        form(".tsv", Layout::Lines(b'\t'), Packing::Plain),
        form(".tsv.gz", Layout::Lines(b'\t'), Packing::Gzip),
        form(".tsv.zst", Layout::Lines(b'\t'), Packing::Zstd),
    ];

    /// The form of a file that holds rows so whatever its ending is; the end of its name says how it is packed.
    pub(super) fn packed_as(name: &str, layout: Layout) -> Self {
        let packings = [(".gz", Packing::Gzip), (".zst", Packing::Zstd)];
        let packed = packings.into_iter().find(|(end, _)| name.ends_with(end));
        let (ending, packing) = packed.unwrap_or(("", Packing::Plain));
        form(ending, layout, packing)
    }

    /// The form of a file and its name without the ending; none for an ending in capitals.
    pub(super) fn of(name: &str) -> Option<(Self, &str)> {
        let of = |form: Self| Some((form, name.strip_suffix(form.ending)?));
        Self::ALL.into_iter().find_map(of)
    }
}

/// Words in a file's name that say it holds a table's rows, wherever in it they stand.
const ROWS: [&str; 3] = ["csv", "tsv", "parquet"];

/// Does a part of the name between dots say that the file holds rows? `x.csv.1`, `x.CSV` and `x.parquet.bak` do.
pub(super) fn says_rows(name: &str) -> bool {
    let said = |part: &str| ROWS.contains(&part.trim_matches(|c: char| !c.is_alphanumeric()));
    let name = name.to_lowercase();
    name.split('.').skip(1).any(said)
}

/// Files that others write beside a table's and that hold none of its rows, by the whole of their names.
const COMPANIONS: [&str; 5] = [
    // Spark and Hadoop: the job is done; what all parts have in common.
    "_SUCCESS",
    "_metadata",
    "_common_metadata",
    // Desktops.
    "Thumbs.db",
    "desktop.ini",
];

/// The same, by what their names begin with: a log of Databricks, and what people write to each other.
const COMPANION_HEADS: [&str; 3] = ["_committed_", "_started_", "README"];

/// The same, by what their names end in: checksums.
const COMPANION_ENDS: [&str; 3] = [".crc", ".md5", ".sha256"];

/// Files with a dot before their name that do not only stand beside a table but say which of its rows hold.
const LOGS: [&str; 1] = [".hoodie"];

/// Is this a file, or folder, that is known to hold no rows? Names that begin with a dot are.
pub(super) fn is_companion(name: &str) -> bool {
    (name.starts_with('.') && !LOGS.contains(&name))
        || COMPANIONS.contains(&name)
        || COMPANION_HEADS
            .iter()
            .any(|head| name.starts_with(head) && !says_rows(name))
        || COMPANION_ENDS.iter().any(|end| name.ends_with(end))
}

/// What is the matter with a file that is not read.
pub(super) fn why_unread(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let plain = [".gz", ".zst"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    let inner = plain.unwrap_or(&name);
    match inner.rsplit_once('.').map_or("", |(_, end)| end) {
        "parquet" | "csv" | "tsv" if plain.is_none() => "its ending is not in small letters",
        "parquet" => "Parquet inside another packing is not read",
        "xz" | "bz2" | "zip" | "7z" | "rar" | "lz4" | "br" | "lzo" | "sz" | "z" | "tar" | "tgz" => {
            "its packing is not one that is read"
        }
        "json" | "jsonl" | "ndjson" => "JSON is not read as a table",
        "orc" | "avro" | "arrow" | "feather" | "xlsx" | "xls" | "ods" | "sql" | "sqlite" | "db"
        | "pkl" => "files of this kind are not read",
        _ => "its ending is none that is read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_by_their_endings() {
        for (name, ending, stem) in [
            ("ads.csv", ".csv", "ads"),
            ("ads.csv.gz", ".csv.gz", "ads"),
            ("part-0.snappy.parquet", ".parquet", "part-0.snappy"),
            ("x.tsv.zst", ".tsv.zst", "x"),
        ] {
            let (form, found) = Form::of(name).unwrap();
            assert_eq!((form.ending, found), (ending, stem));
        }
        for name in [
            "ads.CSV",
            "ads.csv.1",
            "ads.csv.xz",
            "ads",
            "csv",
            "ads.parquet.gz",
        ] {
            assert_eq!(Form::of(name), None, "{name}");
        }
    }

    #[test]
    fn companions_hold_no_rows() {
        for name in [
            "_SUCCESS",
            "_metadata",
            ".part-0.parquet.crc",
            "a.csv.crc",
            ".DS_Store",
            "README.md",
        ] {
            assert!(is_companion(name), "{name}");
        }
        for name in [
            "a.csv.1",
            "_delta_log",
            "_temporary",
            ".hoodie",
            "part-0",
            "readme.csv",
            "SUCCESS",
        ] {
            assert!(!is_companion(name), "{name}");
        }
    }

    #[test]
    fn rows_are_suspected_anywhere_in_a_name() {
        for name in [
            "a.csv.1",
            "a.CSV",
            "a.csv~",
            "a.parquet.bak",
            "a.csv.crdownload",
            "a.tsv ",
        ] {
            assert!(says_rows(name), "{name}");
        }
        for name in ["csv", "csv.md", "notes.txt", "a.csvs", "tsv-howto.html"] {
            assert!(!says_rows(name), "{name}");
        }
    }
}
