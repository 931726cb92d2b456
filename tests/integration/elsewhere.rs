//! A run whose suggestions are made from a shipment publishes the bytes of a run that makes them itself.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use acquaint::engine::{
    self, Elsewhere, EngineError, GivenModels, RunParams, RunRequest, Silent, Times,
};
use acquaint::signals::TableForm;
use acquaint::suggest::{FRAME_PEOPLE, Packed, Sample, Shipped};

use crate::support::program::{acquaint, words};
use crate::support::{small_world, write_world};

/// Makes lists in this process, from nothing but the shipment.
struct Worker {
    dir: PathBuf,
    shipment: PathBuf,
    /// What becomes of the frames on their way.
    change: fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>,
}

impl Worker {
    fn new(dir: &Path, change: fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>) -> Self {
        Self {
            dir: dir.to_owned(),
            shipment: dir.join("shipment"),
            change,
        }
    }
}

impl Elsewhere for Worker {
    fn shipment(&self) -> &Path {
        &self.shipment
    }

    fn score(&self, packed: &Packed) -> Result<PathBuf, Box<dyn Error + Send + Sync>> {
        let bytes = fs::read(&self.shipment)?;
        let shipped = Shipped::open(&bytes[..], packed.n_bytes, &packed.digest)?;
        let n = packed.n_people;
        let firsts = (0..n).step_by(FRAME_PEOPLE as usize);
        let frames = firsts.map(|first| shipped.frame(first, n.min(first + FRAME_PEOPLE)));
        let frames = (self.change)(frames.collect::<Result<_, _>>()?);
        let path = self.dir.join("frames");
        let with_length =
            |frame: Vec<u8>| [&(frame.len() as u64).to_le_bytes()[..], &frame].concat();
        fs::write(
            &path,
            frames
                .into_iter()
                .flat_map(with_length)
                .collect::<Vec<u8>>(),
        )?;
        Ok(path)
    }

    fn sample(&self) -> Sample {
        Sample {
            n_people: 30,
            seed: 1,
        }
    }
}

fn run(dir: &Path, out: &str, config: &str, worker: Option<&Worker>) -> Result<(), EngineError> {
    let params = RunParams::from_toml(config).unwrap().check().unwrap();
    let request = RunRequest {
        signals: &dir.join("signals"),
        ledger: None,
        out: &dir.join(out),
        params: &params,
        times: Times::default(),
        published_known: None,
        models: GivenModels::default(),
        reads: &[],
    };
    let page = |_: &_| Ok("page".to_owned());
    match worker {
        None => engine::run(&request, &page, &Silent)?,
        Some(worker) => engine::run_elsewhere(&request, worker, &page, &Silent)?,
    };
    Ok(())
}

fn world(n: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_world(
        &dir.path().join("signals"),
        TableForm::Csv,
        &small_world(n, 4),
    );
    dir
}

#[test]
fn every_file_is_the_same() {
    let dir = world(700);
    let learned = "[suggest]\nmin_intermediaries = 1\n[ranker]\none_in = 3\npool = 10\n";
    let more = "[ranker.signals]\n[ranker.factors]\nsize = 4\nrounds = 2\ncandidates = 5\n";
    let configs = [
        (String::new(), false),
        (
            "[suggest]\nk = 4\nshown_max = 9\nmin_intermediaries = 1".to_owned(),
            false,
        ),
        (learned.to_owned(), true),
        (learned.to_owned() + more, true),
    ];
    for (config, is_learned) in &configs {
        let worker = Worker::new(dir.path(), |frames| frames);
        run(dir.path(), "here", config, None).unwrap();
        run(dir.path(), "there", config, Some(&worker)).unwrap();
        let manifest = fs::read_to_string(dir.path().join("here/manifest.json")).unwrap();
        assert_eq!(manifest.contains("fitted_friends"), *is_learned, "{config}");
        for entry in fs::read_dir(dir.path().join("here")).unwrap() {
            let name = entry.unwrap().file_name();
            let bytes = |out: &str| fs::read(dir.path().join(out).join(&name)).unwrap();
            assert!(
                bytes("here") == bytes("there"),
                "{config}: {}",
                name.display()
            );
        }
    }
}

#[test]
fn deny_publishing_what_is_not_whole() {
    let dir = world(700);
    let lost = Worker::new(dir.path(), |frames| frames[1..].to_vec());
    let doubled = Worker::new(dir.path(), |frames| [&frames[..], &frames[..1]].concat());
    let damaged = Worker::new(dir.path(), |mut frames| {
        frames[0][900] ^= 4;
        frames
    });
    for worker in [lost, doubled, damaged] {
        let error = run(dir.path(), "out", "", Some(&worker)).unwrap_err();
        assert!(matches!(error, EngineError::Shipment { .. }), "{error}");
        assert!(!dir.path().join("out").exists());
    }
}

#[test]
fn no_number_and_no_id_is_shipped() {
    let dir = world(300);
    let worker = Worker::new(dir.path(), |frames| frames);
    run(dir.path(), "out", "", Some(&worker)).unwrap();
    let shipment = fs::read(&worker.shipment).unwrap();
    let holds = |bytes: &[u8]| shipment.windows(bytes.len()).any(|part| part == bytes);
    let accounts = fs::read_to_string(dir.path().join("signals/messenger_accounts.csv")).unwrap();
    let mut n_numbers = 0;
    for field in accounts
        .split([',', '\n'])
        .filter(|field| field.starts_with('+'))
    {
        n_numbers += 1;
        assert!(!holds(field.trim_start_matches('+').as_bytes()));
    }
    assert!(n_numbers > 200, "{n_numbers}");
}

#[cfg(unix)]
#[test]
fn a_shipment_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = world(60);
    let worker = Worker::new(dir.path(), |frames| frames);
    run(dir.path(), "out", "", Some(&worker)).unwrap();
    let mode = fs::metadata(&worker.shipment).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Each is refused before a table is read, a cluster is asked for or a Python is started.
#[test]
fn deny_a_cluster_that_others_could_listen_to() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |line: &str, wanted: &str| {
        let line = format!("run --signals none --out out {line}");
        let (code, _, error) = acquaint(&words(&line), dir.path());
        assert_eq!(code, 2, "{line}: {error}");
        assert!(error.contains(wanted), "{line}: {error}");
    };
    refused(
        "--engine spark --master yarn",
        "--conf spark.authenticate=true",
    );
    refused(
        "--engine spark --master spark://10.0.0.1:7077",
        "spark.network.crypto.enabled=true",
    );
    refused("--engine spark --master http://a", "no master of Spark");
    refused(
        "--engine spark --conf spark.sql.shuffle.orderIndependentChecksum.enabled=false",
        "must be on",
    );
    refused(
        "--engine spark --kernel nowhere.so",
        "cargo build --release -p acquaint-kernel",
    );
    refused("--partitions 8", "--engine spark alone");
    refused("--master yarn", "--engine spark alone");
}
