//! The learned order of suggestions: a file is as good as training in the run, and is refused where it could know somebody
//! who is out by now.

use std::fs;

use acquaint::signals::TableForm;

use crate::support::program::{acquaint, done};
use crate::support::{read_table, small_world, u64s, write_world};

#[test]
fn a_model_file_is_as_good_as_training_in_the_run_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(300, 3));
    fs::write(at.join("learn.toml"), "[ranker]\n").unwrap();
    let told = done(
        "train friends --signals tables --out friends.json --threads 1",
        at,
    );
    assert!(told.contains("held-out friends"), "{told}");
    done(
        "train friends --signals tables --out again.json --threads 3",
        at,
    );
    let read = |name: &str| fs::read(at.join(name)).unwrap();
    assert_eq!(read("friends.json"), read("again.json"));

    done(
        "run --signals tables --friend-model friends.json --out by-file",
        at,
    );
    done(
        "run --signals tables --config learn.toml --out in-run --threads 2",
        at,
    );
    for file in ["suggestions.parquet", "manifest.json", "report.html"] {
        assert_eq!(
            read(&format!("by-file/{file}")),
            read(&format!("in-run/{file}")),
            "{file}"
        );
    }
    done("run --signals tables --out unlearned", at);
    assert_ne!(
        read("unlearned/suggestions.parquet"),
        read("by-file/suggestions.parquet")
    );
    done("verify by-file --signals tables", at);

    let rows = read_table(&at.join("by-file/suggestions.parquet"));
    let pairs = u64s(&rows, "user_id")
        .into_iter()
        .zip(u64s(&rows, "candidate_id"));
    let mut otherwise = 0;
    for (user, candidate) in pairs.step_by(50).take(2) {
        let ask = format!("explain suggestion {user} {candidate} --signals tables --json");
        let by_file = done(&format!("{ask} --friend-model friends.json"), at);
        assert!(by_file.contains("\"probability\": 0."), "{by_file}");
        let in_run = done(&format!("{ask} --config learn.toml"), at);
        assert_eq!(in_run, by_file);
        otherwise += usize::from(done(&ask, at) != by_file);
    }
    assert!(otherwise > 0, "the model says nothing of its own");
}

#[test]
fn deny_a_model_of_another_moment_or_of_other_candidates() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(300, 3));
    done("train friends --signals tables --out friends.json", at);
    let refused = |more: &[&str]| {
        let args = [
            "run",
            "--signals",
            "tables",
            "--out",
            "out",
            "--friend-model",
            "friends.json",
        ];
        let (code, _, error) = acquaint(&[&args, more].concat(), at);
        assert_eq!(code, 2, "{error}");
        assert!(!at.join("out").exists());
        error
    };
    let error = refused(&["--as-of", "2016-11-01"]);
    assert!(error.contains("may have opted out since"), "{error}");
    fs::write(at.join("ra.toml"), "[suggest]\nmin_intermediaries = 1\n").unwrap();
    let error = refused(&["--config", "ra.toml"]);
    assert!(error.contains("candidates"), "{error}");
    fs::write(at.join("friends.json"), "{}").unwrap();
    let error = refused(&[]);
    assert!(error.contains("friends.json"), "{error}");
}

#[test]
fn a_model_with_factors_is_a_file_like_any_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(300, 3));
    let config = "[ranker]\n[ranker.factors]\nsize = 8\nrounds = 4\n";
    fs::write(at.join("learn.toml"), config).unwrap();
    done(
        "train friends --signals tables --config learn.toml --out friends.json",
        at,
    );
    done(
        "run --signals tables --friend-model friends.json --out by-file",
        at,
    );
    done(
        "run --signals tables --config learn.toml --out in-run --threads 1",
        at,
    );
    let read = |name: &str| fs::read(at.join(name)).unwrap();
    for file in ["suggestions.parquet", "manifest.json", "report.html"] {
        assert_eq!(
            read(&format!("by-file/{file}")),
            read(&format!("in-run/{file}")),
            "{file}"
        );
    }
    let model = fs::read_to_string(at.join("friends.json")).unwrap();
    assert!(model.contains("factor_product"), "{model}");
    done("verify by-file --signals tables", at);
}
