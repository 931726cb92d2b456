//! Tables: a few columns of CSV, TSV and Parquet files, as text.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

/// A row: a text for each column that was asked for, empty where there is none.
pub(crate) type Row = Vec<String>;

/// The rows of a table in a directory: one file, or a folder of them. None if it is not there.
pub(crate) fn table(dir: &Path, name: &str, columns: &[&str]) -> Result<Option<Vec<Row>>, String> {
    let mut files = Vec::new();
    let folder = dir.join(name);
    if folder.is_dir() {
        gather(&folder, &mut files)?;
    }
    for ending in ["parquet", "csv", "tsv"] {
        let file = dir.join(format!("{name}.{ending}"));
        files.extend(file.is_file().then_some(file));
    }
    for ending in ["csv.gz", "csv.zst", "tsv.gz", "tsv.zst"] {
        if dir.join(format!("{name}.{ending}")).exists() {
            return Err(format!(
                "{name}.{ending} is packed: unpack it for this check"
            ));
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    files.sort();
    let rows = files.iter().map(|file| rows(file, columns));
    Ok(Some(rows.collect::<Result<Vec<_>, _>>()?.concat()))
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            return Err(format!(
                "{}: folders in folders are not read here",
                path.display()
            ));
        }
        if !name.starts_with(['.', '_']) {
            files.push(path);
        }
    }
    Ok(())
}

/// Some columns of a file.
pub(crate) fn rows(file: &Path, columns: &[&str]) -> Result<Vec<Row>, String> {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    let read = match &*ending {
        "parquet" => of_parquet(file, columns),
        "csv" => of_lines(file, b',', columns),
        "tsv" => of_lines(file, b'\t', columns),
        _ => Err("it is neither Parquet nor CSV nor TSV".to_owned()),
    };
    read.map_err(|error| format!("{}: {error}", file.display()))
}

fn of_lines(file: &Path, delimiter: u8, columns: &[&str]) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_path(file)
        .map_err(|error| error.to_string())?;
    let header = reader.headers().map_err(|error| error.to_string())?;
    let place = |column: &&str| header.iter().position(|name| name.trim() == **column);
    let places: Vec<Option<usize>> = columns.iter().map(place).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |place: &Option<usize>| {
            let text = place.and_then(|place| record.get(place));
            text.unwrap_or_default().trim().to_owned()
        };
        rows.push(places.iter().map(cell).collect());
    }
    Ok(rows)
}

fn of_parquet(file: &Path, columns: &[&str]) -> Result<Vec<Row>, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let reader = SerializedFileReader::new(opened).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for row in reader
        .get_row_iter(None)
        .map_err(|error| error.to_string())?
    {
        let row = row.map_err(|error| error.to_string())?;
        let mut cells = vec![String::new(); columns.len()];
        for (name, field) in row.get_column_iter() {
            if let Some(at) = columns.iter().position(|column| column == name) {
                cells[at] = text(field);
            }
        }
        rows.push(cells);
    }
    Ok(rows)
}

/// A value as CSV has it.
fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::TimestampMicros(micros) => instant(*micros),
        Field::TimestampMillis(millis) => instant(millis.saturating_mul(1_000)),
        other => other.to_string(),
    }
}

fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |at| at.to_string())
}
