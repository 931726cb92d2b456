//! Which files of a signals directory are which table's: everything that stands under a table's name is a part of it,
//! a known companion, or refused by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::error::SignalsError;
use super::forms::{Form, is_companion, says_rows, why_unread};
use super::mapping::{TableMapping, TableMappings};
use super::names::visible;
use super::partition::says_value;
use super::source::refuse_all_but_files;
use super::table::Table;
use super::writer::EDGE_IDS_FILE;

/// A file of a table.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its name relative to the signals directory.
    pub(super) name: String,
    pub(super) form: Form,
}

/// Folders of other names are looked into this deep for tables that would be missed.
const DEPTH: usize = 4;

/// The files of every table, in the order in which they are read.
pub(super) fn tables(
    dir: &Path,
    mappings: &TableMappings,
) -> Result<BTreeMap<Table, Vec<Part>>, SignalsError> {
    let mut names: BTreeMap<Table, String> = BTreeMap::new();
    let listed = list(dir)?;
    mappings.refuse_absent(&listed)?;
    for name in listed {
        for table in tables_of(dir, &name, mappings)? {
            if let Some(first) = names.insert(table, name.clone()) {
                return Err(SignalsError::TwoForms {
                    table,
                    first,
                    second: name,
                });
            }
        }
    }
    let parts = names
        .into_iter()
        .map(|(table, name)| Ok((table, parts(dir, table, name, mappings.of(table))?)));
    parts.collect()
}

/// The names in a folder, in order. One that is not Unicode is nearly itself here, and cannot be opened by it.
fn list(folder: &Path) -> Result<Vec<String>, SignalsError> {
    let unlistable = |source| SignalsError::Directory {
        dir: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unlistable)? {
        let name = entry.map_err(unlistable)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// The tables a name in the directory is: those that are mapped to it, or else the one whose name it has.
fn tables_of(dir: &Path, name: &str, mappings: &TableMappings) -> Result<Vec<Table>, SignalsError> {
    let mapped = mappings.mapped_to(name);
    if mapped.is_empty() {
        return Ok(table_of(dir, name)?.into_iter().collect());
    }
    let path = dir.join(name);
    if !is_folder(&path) {
        refuse_all_but_files(&path, name)?;
    }
    Ok(mapped)
}

/// The table a name in the directory is: a file with an ending that is read, or a folder with or without one.
fn table_of(dir: &Path, name: &str) -> Result<Option<Table>, SignalsError> {
    let path = dir.join(name);
    let is_folder = is_folder(&path);
    let form = Form::of(name);
    let stem = form.map_or(name, |(_, stem)| stem);
    if let Some(table) = Table::parse(stem) {
        if !is_folder {
            refuse_all_but_files(&path, name)?;
        }
        if is_folder || form.is_some() {
            return Ok(Some(table));
        }
    }
    if name.starts_with('.') || (!is_folder && (name == EDGE_IDS_FILE || is_companion(name))) {
        return Ok(None);
    }
    let seen = match form {
        Some(_) => Seen::Rows,
        None if is_folder => Seen::Folder,
        None => Seen::Other,
    };
    refuse_resembling(name, seen)?;
    if is_folder && holds_rows(&path, DEPTH)? {
        return Err(unknown(name));
    }
    Ok(None)
}

/// What a name stands for by its ending, or as what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Its ending is one of those that are read.
    Rows,
    Folder,
    Other,
}

/// A name that is no table's, but would be taken for one by whoever put it there.
fn refuse_resembling(name: &str, seen: Seen) -> Result<(), SignalsError> {
    match Table::resembled(name) {
        _ if seen == Seen::Rows => Err(unknown(name)),
        Some(table) if seen == Seen::Folder => Err(unread(name, table, OTHER_NAME)),
        Some(table) => Err(unread(name, table, (why_unread(name), WRITE))),
        None if says_rows(name) => Err(unknown(name)),
        None => Ok(()),
    }
}

/// What is the matter, and what to do about it.
type Why = (&'static str, &'static str);

const WRITE: &str = "write its rows as .parquet, .csv or .tsv (the last two also with .gz or .zst behind), or move it \
                     out of the directory";
const OTHER_NAME: Why = (
    "no table has that name",
    "give it the table's name, put its files into the table's folder, or move it out of the directory",
);
const NO_VALUE: Why = (
    "inside a table's folder only folders named COLUMN=VALUE are read",
    "move its files up, or move it out of the directory",
);
const DELTA: Why = (
    "a Delta Lake table's log says which of its files hold",
    "export the table as plain Parquet files",
);
const HUDI: Why = (
    "a Hudi table's log says which of its files hold",
    "export the table as plain Parquet files",
);
const UNFINISHED: Why = (
    "whoever writes into this folder has not finished",
    "let the job finish, or run it again into an empty folder",
);

fn unread(name: &str, table: Table, (why, cure): Why) -> SignalsError {
    SignalsError::Unread {
        file: visible(name),
        table,
        why,
        cure,
    }
}

fn unknown(name: &str) -> SignalsError {
    let stem = Form::of(name).map_or(name, |(_, stem)| stem);
    SignalsError::UnknownTable {
        file: visible(name),
        hint: Table::resembled(name).or_else(|| Table::nearest(stem)),
    }
}

/// A link to a folder is no folder.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn holds_rows(folder: &Path, depth: usize) -> Result<bool, SignalsError> {
    for name in list(folder)? {
        let path = folder.join(&name);
        let is_hidden = name.starts_with('.');
        if !is_hidden && (Form::of(&name).is_some() || says_rows(&name) && !is_companion(&name)) {
            return Ok(true);
        }
        if !is_hidden && depth > 1 && is_folder(&path) && holds_rows(&path, depth - 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The files of a table, given the one name it has in the directory.
fn parts(
    dir: &Path,
    table: Table,
    name: String,
    mapping: Option<&TableMapping>,
) -> Result<Vec<Part>, SignalsError> {
    let mut parts = Vec::new();
    if is_folder(&dir.join(&name)) {
        gather(dir, (table, mapping), &name, &mut parts)?;
        parts.sort_unstable_by(|a: &Part, b| a.name.cmp(&b.name));
    } else if let Some(form) = form_of(&name, mapping) {
        parts.push(Part { name, form });
    } else {
        return Err(SignalsError::MappedFormat { table, file: name });
    }
    Ok(parts)
}

fn form_of(name: &str, mapping: Option<&TableMapping>) -> Option<Form> {
    match mapping {
        Some(mapping) => mapping.form(name),
        None => Form::of(name).map(|(form, _)| form),
    }
}

/// Gathers the files of a table below a folder.
fn gather(
    dir: &Path,
    (table, mapping): (Table, Option<&TableMapping>),
    folder: &str,
    parts: &mut Vec<Part>,
) -> Result<(), SignalsError> {
    let names = list(&dir.join(folder))?;
    refuse_logs(table, folder, &names)?;
    refuse_twins(table, folder, &names)?;
    let n_before = parts.len();
    for name in names {
        let file = format!("{folder}/{name}");
        let path = dir.join(&file);
        if !is_folder(&path) {
            parts.extend(part(&path, (table, mapping), &name, file)?);
        } else if says_value(&name) {
            gather(dir, (table, mapping), &file, parts)?;
        } else if !name.starts_with('.') {
            return Err(unread(&file, table, NO_VALUE));
        }
    }
    if parts.len() == n_before {
        return Err(SignalsError::EmptyFolder {
            file: visible(folder),
        });
    }
    Ok(())
}

/// A file in a table's folder; none if it is a known companion.
fn part(
    path: &Path,
    (table, mapping): (Table, Option<&TableMapping>),
    name: &str,
    file: String,
) -> Result<Option<Part>, SignalsError> {
    if name.starts_with('.') || Form::of(name).is_none() && is_companion(name) {
        return Ok(None);
    }
    match form_of(name, mapping) {
        Some(form) => {
            refuse_all_but_files(path, &visible(&file))?;
            Ok(Some(Part { name: file, form }))
        }
        None => Err(unread(&file, table, (why_unread(name), WRITE))),
    }
}

/// Refuses a folder whose files are not all its rows, or more than its rows.
fn refuse_logs(table: Table, folder: &str, names: &[String]) -> Result<(), SignalsError> {
    for name in names {
        let why = match name.as_str() {
            "_delta_log" => DELTA,
            ".hoodie" => HUDI,
            "_temporary" => UNFINISHED,
            started if is_unfinished(started, names) => UNFINISHED,
            _ => continue,
        };
        return Err(unread(&format!("{folder}/{name}"), table, why));
    }
    Ok(())
}

/// Databricks writes `_started_X` before the files of a write and `_committed_X` after them.
fn is_unfinished(name: &str, names: &[String]) -> bool {
    name.strip_prefix("_started_")
        .is_some_and(|id| !names.contains(&format!("_committed_{id}")))
}

/// Refuses two files of a folder whose names say that they are one: `a.csv` and `a.csv.gz`, `a.csv` and `a (1).csv`.
fn refuse_twins(table: Table, folder: &str, names: &[String]) -> Result<(), SignalsError> {
    let stems = || {
        names
            .iter()
            .filter_map(|name| Some((Form::of(name)?.1, name)))
    };
    let mut seen: BTreeMap<&str, &String> = BTreeMap::new();
    let originals: BTreeSet<&str> = stems().map(|(stem, _)| stem).collect();
    for (stem, name) in stems().filter(|(_, name)| !name.starts_with('.')) {
        let of = copied(stem).filter(|of| originals.contains(of));
        let first = of.and_then(|of| stems().find(|(stem, _)| *stem == of));
        if let Some(first) = first.map(|(_, name)| name).or(seen.insert(stem, name)) {
            return Err(SignalsError::SamePart {
                table,
                first: visible(&format!("{folder}/{first}")),
                second: visible(&format!("{folder}/{name}")),
                why: "their names say so",
            });
        }
    }
    Ok(())
}

/// The name of which a browser or a desktop would make this one for a copy.
fn copied(stem: &str) -> Option<&str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = stem
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
        .and_then(|(of, number)| is_number(number).then_some(of));
    let copy = |text: &'_ str| -> Option<usize> {
        let ends = [" - Copy", " copy", "_copy"];
        ends.iter()
            .find(|end| text.ends_with(*end))
            .map(|end| text.len() - end.len())
    };
    let of = numbered.unwrap_or(stem);
    copy(of).map(|end| &of[..end]).or(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_by_their_names() {
        for (stem, of) in [
            ("a (1)", Some("a")),
            ("a copy", Some("a")),
            ("a - Copy", Some("a")),
            ("a - Copy (2)", Some("a")),
            ("a_copy", Some("a")),
            ("a", None),
            ("a (b)", None),
            ("a-1", None),
            ("(1)", None),
        ] {
            assert_eq!(copied(stem), of, "{stem}");
        }
    }
}
