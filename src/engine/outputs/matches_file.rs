//! Matches as a Parquet file that appears all at once.
//!
//! Accounts ascend and instants are close together, so all columns are delta-encoded, and compressed no further:
//! Lemire and Boytsov, *Decoding billions of integers per second through vectorization* (2015).

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, TimestampMicrosecondArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;

use super::error::OutputError;
use crate::consent::{For, Permitted};
use crate::identity::Match;
use crate::publish::{
    Input, Leftover, Main, Ours, StagedFile, Target, open_plain, publish_together, sums_beside,
    sums_of_file,
};
use crate::signals::caught;

/// A file being written aside; dropped without [`publish`](Self::publish), it is removed.
pub struct MatchesFile {
    target: PathBuf,
    staged: StagedFile,
    sums: StagedFile,
    writer: SerializedFileWriter<BufWriter<File>>,
}

/// Encodes matches for one file, on any thread.
pub struct MatchesEncoder {
    target: PathBuf,
    schema: SchemaRef,
    factory: ArrowRowGroupWriterFactory,
}

/// Matches as they stand in a file: one row group.
pub struct EncodedMatches(Vec<ArrowColumnChunk>);

/// A file without a match yet.
pub struct NewMatches {
    /// Takes what is encoded, in its order.
    pub file: MatchesFile,
    /// Encodes for it.
    pub encoder: MatchesEncoder,
}

impl MatchesFile {
    /// Makes an empty file beside `target`, which is none of what is read, and what encodes for it.
    ///
    /// # Errors
    /// If it may not stand there, or nothing can be written there.
    pub fn beside(target: &Path, reads: &[Input]) -> Result<NewMatches, OutputError> {
        let begin = |path: &Path, ours| {
            StagedFile::begin(Target::file(path, ours).sparing(reads.iter().cloned()))
        };
        let staged = begin(target, MATCHES)?;
        let sums = begin(&sums_beside(target), Ours::SUMS)?;
        let file = staged.create()?;
        let schema = schema();
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_encoding(Encoding::DELTA_BINARY_PACKED)
            .set_created_by(CREATED_BY.to_owned())
            .build();
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true);
        let failed = encode_error(target);
        let file = BufWriter::with_capacity(1 << 20, file);
        let (writer, factory) =
            ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(failed)?;
        let encoder = MatchesEncoder {
            target: target.to_owned(),
            schema,
            factory,
        };
        let file = Self {
            target: target.to_owned(),
            staged,
            sums,
            writer,
        };
        Ok(NewMatches { file, encoder })
    }

    /// What was found of calls that were killed.
    pub fn leftovers(&self) -> impl Iterator<Item = &Leftover> {
        self.staged.leftovers().iter().chain(self.sums.leftovers())
    }

    /// Adds matches behind those that are there.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn append(&mut self, encoded: EncodedMatches) -> Result<(), OutputError> {
        if encoded.0.is_empty() {
            return Ok(());
        }
        let append = |writer: &mut SerializedFileWriter<_>| {
            let mut group = writer.next_row_group()?;
            for chunk in encoded.0 {
                chunk.append_to_row_group(&mut group)?;
            }
            group.close().map(drop)
        };
        append(&mut self.writer).map_err(encode_error(&self.target))
    }

    /// Puts the file in its place, and its sums beside it; says what could not be removed.
    ///
    /// # Errors
    /// If they cannot be written or renamed.
    pub fn publish(self) -> Result<Vec<Leftover>, OutputError> {
        let file = self.writer.into_inner();
        let file = file.map_err(encode_error(&self.target))?;
        let write_error = |source| OutputError::Write {
            path: self.target.clone(),
            source,
        };
        let file = file
            .into_inner()
            .map_err(|error| write_error(error.into_error()))?;
        drop(file);
        let sums = sums_of_file(&self.staged.path(), &self.target).map_err(write_error)?;
        self.sums.write(sums.as_bytes())?;
        Ok(publish_together(Main::File(self.staged), vec![self.sums])?)
    }
}

impl MatchesEncoder {
    /// Encodes matches.
    ///
    /// # Errors
    /// If Parquet refuses them.
    pub fn encode<P: For>(
        &self,
        matches: &[Permitted<Match, P>],
    ) -> Result<EncodedMatches, OutputError> {
        if matches.is_empty() {
            return Ok(EncodedMatches(Vec::new()));
        }
        self.chunks(&columns(matches))
            .map(EncodedMatches)
            .map_err(encode_error(&self.target))
    }

    fn chunks(&self, columns: &[ArrayRef]) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        // What a row group's number is for is encryption, and nothing is encrypted.
        let mut writers = self.factory.create_column_writers(0)?;
        for ((writer, field), column) in writers.iter_mut().zip(self.schema.fields()).zip(columns) {
            for leaf in compute_leaves(field, column)? {
                writer.write(&leaf)?;
            }
        }
        writers.into_iter().map(ArrowColumnWriter::close).collect()
    }
}

/// Who wrote a file of matches, as its footer says.
const CREATED_BY: &str = "acquaint";

/// Matches say themselves whose they are: their sums are put in place after them.
const MATCHES: Ours = Ours::new("a file of matches", |path| {
    let file = open_plain(path)?;
    let Ok(found) = caught(|| SerializedFileReader::new(file).map_err(|error| error.to_string()))
    else {
        return Ok(false);
    };
    let metadata = found.metadata().file_metadata();
    let names = metadata.schema_descr().columns().iter();
    let names = names.map(|column| column.name().to_owned());
    let is_by_us = metadata.created_by() == Some(CREATED_BY);
    Ok(is_by_us && names.eq(schema().fields().iter().map(|field| field.name().clone())))
});

fn schema() -> SchemaRef {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("from_account_id", DataType::UInt64, false),
        Field::new("to_account_id", DataType::UInt64, false),
        Field::new("saved_at", instant, false),
    ]))
}

fn columns<P: For>(matches: &[Permitted<Match, P>]) -> [ArrayRef; 3] {
    let rows = matches.iter().map(Permitted::get);
    let from = UInt64Array::from_iter_values(rows.clone().map(|one| one.from.0));
    let to = UInt64Array::from_iter_values(rows.clone().map(|one| one.to.0));
    let saved_at = rows.map(|one| one.saved_at.micros());
    let saved_at = TimestampMicrosecondArray::from_iter_values(saved_at).with_timezone("UTC");
    [Arc::new(from), Arc::new(to), Arc::new(saved_at)]
}

fn encode_error(target: &Path) -> impl Fn(ParquetError) -> OutputError + '_ {
    |source| OutputError::Encode {
        path: target.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_cannot_be_removed_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let NewMatches { file, .. } =
            MatchesFile::beside(&dir.path().join("matches"), &[]).unwrap();
        let staged = file.staged.path();
        fs::write(staged.with_file_name("notes.txt"), "mine").unwrap();
        let left = file.publish().unwrap();
        assert!(matches!(left[..], [Leftover::Kept { .. }]), "{left:?}");
    }

    #[test]
    fn matches_say_whose_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("matches");
        for _ in 0..2 {
            let NewMatches { file, .. } = MatchesFile::beside(&path, &[]).unwrap();
            file.publish().unwrap();
            // As after a kill between the file and its sums.
            fs::remove_file(sums_beside(&path)).unwrap();
        }
        fs::write(&path, "PAR1").unwrap();
        assert!(MatchesFile::beside(&path, &[]).is_err());
    }
}
