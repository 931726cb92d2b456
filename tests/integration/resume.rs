//! A run that was interrupted after training goes on from its model, and publishes what an uninterrupted one does.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;

use acquaint::engine::outputs::Manifest;
use acquaint::engine::{
    self, EngineError, GivenModels, Progress, Resume, RunParams, RunRequest, Silent, Times,
};
use acquaint::signals::TableForm;
use tempfile::TempDir;

use crate::support::program::{acquaint, done, words};
use crate::support::{small_world, write_world};

/// Ends the process's work when a stage begins, as a kill does, and remembers what it is told.
#[derive(Default)]
struct Stopping {
    at: &'static str,
    notes: Mutex<Vec<String>>,
}

impl Progress for Stopping {
    fn begin(&self, stage: &'static str, _total: Option<u64>) {
        assert_ne!(stage, self.at, "interrupted");
    }

    fn advance(&self, _n: u64) {}

    fn note(&self, text: &str) {
        self.notes.lock().unwrap().push(text.to_owned());
    }
}

fn run(
    dir: &Path,
    build: Option<&str>,
    config: &str,
    progress: &dyn Progress,
) -> Result<Manifest, EngineError> {
    let params = RunParams::from_toml(config).unwrap().check().unwrap();
    let out = dir.join("out");
    let resume = build.map(|build| Resume::beside(&out, build));
    let request = RunRequest {
        signals: &dir.join("signals"),
        ledger: None,
        out: &out,
        params: &params,
        times: Times::default(),
        published_known: None,
        models: GivenModels {
            resume: resume.as_ref(),
            ..GivenModels::default()
        },
        reads: &[],
    };
    engine::run(&request, &|_| Ok("page".to_owned()), progress)
}

/// A world, and beside its output the model of a run that was interrupted while it ranked ads.
fn interrupted(build: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_world(
        &dir.path().join("signals"),
        TableForm::Csv,
        &small_world(120, 4),
    );
    let stopping = Stopping {
        at: "ranking ads",
        ..Stopping::default()
    };
    let ended = catch_unwind(AssertUnwindSafe(|| {
        run(dir.path(), Some(build), "", &stopping)
    }));
    assert!(ended.is_err() && !dir.path().join("out").exists());
    assert!(kept(dir.path(), build));
    dir
}

fn kept(dir: &Path, build: &str) -> bool {
    Resume::beside(&dir.join("out"), build).path().exists()
}

fn files(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

const TAKEN: &str = "the ad model is the one that an interrupted run had trained";

#[test]
fn the_same_bytes_as_an_uninterrupted_run() {
    let dir = interrupted("a");
    let going_on = Stopping::default();
    run(dir.path(), Some("a"), "", &going_on).unwrap();
    assert!(
        going_on
            .notes
            .lock()
            .unwrap()
            .iter()
            .any(|note| note == TAKEN)
    );
    assert!(!kept(dir.path(), "a"), "it has ended");
    let resumed = files(&dir.path().join("out"));
    fs::remove_dir_all(dir.path().join("out")).unwrap();
    run(dir.path(), None, "", &Silent).unwrap();
    assert_eq!(resumed, files(&dir.path().join("out")));
}

#[test]
fn deny_what_was_kept_of_anything_else() {
    type Change = fn(&Path);
    let more = |dir: &Path| {
        let path = dir.join("signals/impressions.csv");
        let text = fs::read_to_string(&path).unwrap();
        let last = text.lines().last().unwrap().to_owned();
        fs::write(path, text + &last + "\n").unwrap();
    };
    let cases: [(&str, &str, Change); 3] = [
        ("a", "", more),
        ("another", "", |_| ()),
        ("a", "[ads]\nk = 3", |_| ()),
    ];
    for (build, config, change) in cases {
        let dir = interrupted("a");
        change(dir.path());
        let going_on = Stopping::default();
        run(dir.path(), Some(build), config, &going_on).unwrap();
        let notes = going_on.notes.lock().unwrap();
        assert!(!notes.iter().any(|note| note == TAKEN), "{notes:?}");
        assert!(
            notes.iter().any(|note| note.contains("is not used")),
            "{notes:?}"
        );
        assert!(!kept(dir.path(), "a"));
    }
}

#[test]
fn deny_a_file_that_was_edited_before_any_work() {
    let dir = interrupted("a");
    let path = Resume::beside(&dir.path().join("out"), "a");
    let text = fs::read_to_string(path.path()).unwrap();
    fs::write(path.path(), text.replacen("ad_model", "ad_mode1", 1)).unwrap();
    let stopping = Stopping {
        at: "reading tables",
        ..Stopping::default()
    };
    let ended = run(dir.path(), Some("a"), "", &stopping);
    // What is not as it was written is somebody's own file.
    assert!(matches!(ended, Err(EngineError::Output(_))), "{ended:?}");
    assert!(path.path().exists());
}

#[test]
fn any_finished_run_forgets_what_was_kept() {
    let dir = interrupted("a");
    run(dir.path(), None, "", &Silent).unwrap();
    assert!(!kept(dir.path(), "a"));
}

#[test]
fn a_dry_run_says_what_it_would_take_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(120, 4);
    write_world(&dir.path().join("signals"), TableForm::Parquet, &world);
    let dry = "run --signals signals --out out --dry-run";
    let told = done(&format!("{dry} --json"), dir.path());
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["schema"], "acquaint-dry-run/1");
    assert!(told["estimate"]["peak_bytes"].as_u64().unwrap() > 10_000_000);
    let tables = told["estimate"]["tables"].as_array().unwrap();
    let shown = tables.iter().find(|one| one["table"] == "impressions");
    assert_eq!(shown.unwrap()["rows"], world.impressions.len());
    assert!(!dir.path().join("out").exists());
    for wrong in ["--out signals", "--out out --memory-limit 1MB"] {
        let dry = format!("run --signals signals {wrong} --dry-run");
        let (code, _, told) = acquaint(&words(&dry), dir.path());
        assert_eq!(code, 2, "{wrong}: {told}");
    }
    let text = done(dry, dir.path());
    assert!(
        text.contains("would read") && text.contains("impressions"),
        "{text}"
    );
}

#[test]
fn deny_a_run_that_would_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    write_world(
        &dir.path().join("signals"),
        TableForm::Csv,
        &small_world(60, 4),
    );
    let args = words("run --signals signals --out out --memory-limit 1MB");
    let (code, _, told) = acquaint(&args, dir.path());
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("--memory-limit"), "{told}");
    assert!(!dir.path().join("out").exists());
}
