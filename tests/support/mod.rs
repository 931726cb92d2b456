//! Worlds on disk, runs of the program, and tables read back.

pub(crate) mod files;
pub(crate) mod numbers;
pub(crate) mod program;
pub(crate) mod restricted;
pub(crate) mod scan;
pub(crate) mod worlds;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acquaint::consent::Purpose;
use acquaint::engine::outputs::Manifest;
use acquaint::engine::{self, GivenModels, RunParams, RunRequest, Silent, Times};
use acquaint::identity::{E164, KeyRing};
use acquaint::ids::{NumberToken, Region};
use acquaint::signals::{RawPhone, TableForm, write_table};
use acquaint::synth::{SynthParams, World, world};
use acquaint::time::Timestamp;
use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A small world with everything in it.
pub(crate) fn small_world(users: u32, seed: u64) -> World {
    let params = SynthParams::default()
        .users(users)
        .seed(seed)
        .impressions_per_user(4.0);
    world(&params.check().unwrap())
}

/// The key that customer lists in tests are made with.
pub(crate) fn list_key() -> Arc<KeyRing> {
    let key: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    Arc::new(KeyRing::from_key(&key))
}

/// The token of a number on a customer list.
pub(crate) fn list_token(phone: &RawPhone, region: Option<Region>) -> Option<NumberToken> {
    let number = E164::canonical(phone, region).ok()?;
    Some(list_key().token(Purpose::AdRelevance, number))
}

/// Writes every table of a world.
pub(crate) fn write_world(dir: &Path, form: TableForm, world: &World) {
    fs::create_dir_all(dir).unwrap();
    write_table(dir, form, &world.messenger_accounts).unwrap();
    write_table(dir, form, &world.address_book).unwrap();
    write_table(dir, form, &world.social_accounts).unwrap();
    write_table(dir, form, &world.friendships).unwrap();
    write_table(dir, form, &world.feedback).unwrap();
    write_table(dir, form, &world.consent_events).unwrap();
    write_table(dir, form, &world.policy_versions).unwrap();
    write_table(dir, form, &world.overlays).unwrap();
    write_table(dir, form, &world.ads).unwrap();
    write_table(dir, form, &world.audience_members).unwrap();
    write_table(dir, form, &world.ad_feedback).unwrap();
    write_table(dir, form, &world.impressions).unwrap();
    write_table(dir, form, &world.businesses).unwrap();
    write_table(dir, form, &world.business_threads).unwrap();
    write_table(dir, form, &world.business_opt_ins).unwrap();
    write_table(dir, form, &world.business_events).unwrap();
    write_table(dir, form, &world.abuse_reports).unwrap();
    if !world.trust_seeds.is_empty() {
        write_table(dir, form, &world.trust_seeds).unwrap();
    }
}

/// A finished run.
pub(crate) struct Run {
    pub(crate) out: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Run {
    /// Runs a world under a configuration, as of a moment.
    pub(crate) fn of_world(dir: &Path, world: &World, config: &str, as_of: Timestamp) -> Self {
        write_world(&dir.join("signals"), TableForm::Csv, world);
        Self::of_signals(&dir.join("signals"), &dir.join("out"), config, Some(as_of)).unwrap()
    }

    /// Runs a signals directory.
    pub(crate) fn of_signals(
        signals: &Path,
        out: &Path,
        config: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Self, engine::EngineError> {
        let params = RunParams::from_toml(config).unwrap().check().unwrap();
        let request = RunRequest {
            signals,
            ledger: None,
            out,
            params: &params,
            times: as_of.map(Times::at).unwrap_or_default(),
            published_known: None,
            models: GivenModels::default(),
            reads: &[],
        };
        let manifest = engine::run(&request, &|_| Ok("page".to_owned()), &Silent)?;
        Ok(Self {
            out: out.to_owned(),
            manifest,
        })
    }

    /// The bytes of one of its files.
    pub(crate) fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.out.join(file)).unwrap()
    }

    /// A table as batches.
    pub(crate) fn table(&self, file: &str) -> Vec<RecordBatch> {
        read_table(&self.out.join(file))
    }

    /// A table as one line of text per row.
    pub(crate) fn lines(&self, file: &str) -> Vec<String> {
        self.table(file).iter().flat_map(lines_of).collect()
    }
}

/// A Parquet file as batches.
pub(crate) fn read_table(path: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

/// A whole-number column of a table.
pub(crate) fn u64s(batches: &[RecordBatch], column: &str) -> Vec<u64> {
    let values = |batch: &RecordBatch| {
        let array = batch.column_by_name(column).unwrap().clone();
        let array = array
            .as_any()
            .downcast_ref::<arrow_array::UInt64Array>()
            .unwrap()
            .clone();
        array.values().to_vec()
    };
    batches.iter().flat_map(values).collect()
}

fn lines_of(batch: &RecordBatch) -> Vec<String> {
    (0..batch.num_rows())
        .map(|row| {
            let cells = batch
                .columns()
                .iter()
                .map(|column| format!("{:?}", column.slice(row, 1)));
            let flat = cells.map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" "));
            flat.collect::<Vec<_>>().join(" | ")
        })
        .collect()
}
