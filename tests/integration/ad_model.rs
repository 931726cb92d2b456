//! The click model as a file: as good as training in the run, refused where it could know somebody who is out by now, and the same
//! bytes whether whoever is out was never there, has left the tables, or left an earlier model.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use acquaint::publish::{seal_json, unseal_json};
use acquaint::signals::TableForm;
use acquaint::synth::World;
use serde_json::Value;

use crate::erasure::{closed, people, with_opt_outs, without};
use crate::support::program::{acquaint, done, words};
use crate::support::{read_table, small_world, u64s, write_world};

fn read(dir: &Path, name: &str) -> Vec<u8> {
    fs::read(dir.join(name)).unwrap()
}

/// What a model says but for the state of the ledger it names, and the digest that covers this too.
fn learnt(dir: &Path, name: &str) -> Value {
    let mut model: Value = serde_json::from_slice(&read(dir, name)).unwrap();
    for field in ["blake3", "provenance"] {
        assert!(model.as_object_mut().unwrap().remove(field).is_some());
    }
    model
}

/// Both kinds of model, trained quickly.
const KINDS: [&str; 2] = ["logistic", "factors"];

fn config(kind: &str) -> String {
    format!(
        "[ads]\nmodel = \"{kind}\"\nlearning_curve = false\nnegative_share = 0.5\n[ads.factors]\nbits = 12\n"
    )
}

#[test]
fn a_model_file_is_as_good_as_training_in_the_run_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(200, 3));
    for (kind, says) in KINDS
        .into_iter()
        .zip(["epoch 1, quarter 1", "after pass 1"])
    {
        fs::write(at.join("ads.toml"), config(kind)).unwrap();
        let train = "train ads --signals tables --config ads.toml --out";
        let told = done(&format!("{train} {kind}.json --threads 1"), at);
        assert!(told.contains(says) && told.contains("clicks"), "{told}");
        for threads in ["2", "3"] {
            done(&format!("{train} again.json --threads {threads}"), at);
            assert!(read(at, &format!("{kind}.json")) == read(at, "again.json"));
            let shards = read(at, &format!("{kind}.json.shards"));
            assert!(shards == read(at, "again.json.shards"));
        }
        // How ads are trained comes from the model.
        let (by_file, in_run) = (format!("{kind}-by-file"), format!("{kind}-in-run"));
        let run = "run --signals tables";
        done(&format!("{run} --ad-model {kind}.json --out {by_file}"), at);
        done(
            &format!("{run} --config ads.toml --out {in_run} --threads 1"),
            at,
        );
        for file in ["ad_scores.parquet", "manifest.json", "report.html"] {
            let file = |out: &str| read(at, &format!("{out}/{file}"));
            assert!(file(&by_file) == file(&in_run), "{kind}");
        }
        done(&format!("verify {by_file} --signals tables"), at);
        explained_as_in_the_run(at, kind);
    }
    let scores = |kind| read(at, &format!("{kind}-in-run/ad_scores.parquet"));
    assert!(scores("logistic") != scores("factors"));
}

/// With the file an explanation is that of the run that trained the model; without it, it is that of another model.
fn explained_as_in_the_run(at: &Path, kind: &str) {
    let rows = read_table(&at.join(format!("{kind}-by-file/ad_scores.parquet")));
    let (user, ad) = (u64s(&rows, "user_id")[0], u64s(&rows, "ad_id")[0]);
    let ask = format!("explain ad {user} {ad} --signals tables --json");
    let by_file = done(&format!("{ask} --ad-model {kind}.json"), at);
    assert!(by_file.contains("\"rank\": 1"), "{by_file}");
    let in_run = done(&format!("{ask} --config ads.toml"), at);
    assert_eq!(in_run, by_file, "{kind}");
    assert_ne!(done(&ask, at), by_file, "{kind}");
}

#[test]
fn the_kind_on_the_command_line_takes_the_place_of_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(200, 3));
    fs::write(at.join("ads.toml"), config("logistic")).unwrap();
    fs::write(at.join("factors.toml"), config("factors")).unwrap();
    let train = "train ads --signals tables --config";
    done(
        &format!("{train} ads.toml --model factors --out one.json"),
        at,
    );
    done(&format!("{train} factors.toml --out two.json"), at);
    assert!(read(at, "one.json") == read(at, "two.json"));
    let evaluate = "evaluate ads --signals tables --no-curves --json --config";
    let by_flag = done(&format!("{evaluate} ads.toml --model factors"), at);
    assert_eq!(by_flag, done(&format!("{evaluate} factors.toml"), at));
    assert_ne!(by_flag, done(&format!("{evaluate} ads.toml"), at));
}

#[test]
fn weights_of_16_bits_are_asked_for_in_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(200, 3));
    fs::write(at.join("32.toml"), config("factors")).unwrap();
    let half = config("factors") + "weight_bits = 16\n";
    fs::write(at.join("16.toml"), half).unwrap();
    let train = "train ads --signals tables --config";
    done(&format!("{train} 32.toml --out 32.json"), at);
    for (threads, out) in [(1, "16.json"), (2, "again.json")] {
        let told = format!("{train} 16.toml --out {out} --threads {threads}");
        done(&told, at);
    }
    assert!(read(at, "16.json") == read(at, "again.json"));
    assert!(learnt(at, "16.json")["model"] != learnt(at, "32.json")["model"]);
    let update = format!("{train} 16.toml --update 16.json --out 16.json --json");
    let told: Value = serde_json::from_str(&done(&update, at)).unwrap();
    assert_eq!(told["shards_trained"], 0, "{told}");
    assert!(read(at, "16.json") == read(at, "again.json"));
    done("run --signals tables --ad-model 16.json --out out", at);
    done("verify out --signals tables", at);
    let evaluate = "evaluate ads --signals tables --no-curves --json --config";
    let evaluated = |toml| done(&format!("{evaluate} {toml}"), at);
    assert_ne!(evaluated("16.toml"), evaluated("32.toml"));
}

#[test]
fn deny_a_model_of_another_moment_and_files_that_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(100, 3));
    done("train ads --signals tables --out ads.json", at);
    let refused = |line: &str| {
        let (code, _, error) = acquaint(&words(line), at);
        assert_eq!(code, 2, "{error}");
        assert!(!at.join("out").exists());
        error
    };
    let run = "run --signals tables --out out --ad-model ads.json";
    let error = refused(&format!("{run} --as-of 2016-11-01"));
    assert!(
        error.contains("may have opted out since") && error.contains("--update"),
        "{error}"
    );
    let explain = "explain ad 1 1 --signals tables --ad-model ads.json";
    let error = refused(&format!("{explain} --as-of 2016-11-01"));
    assert!(error.contains("may have opted out since"), "{error}");
    let text = fs::read_to_string(at.join("ads.json")).unwrap();
    for (from, to, says) in [
        (
            "acquaint-ad-model/3",
            "acquaint-ad-model/9",
            "train it again",
        ),
        ("\"age band\"", "\"age\"", "other features"),
        ("\"schema\"", "\"sch\"", "ads.json"),
    ] {
        // Sealed again, as another version would have written it.
        let edited = unseal_json(&text).unwrap().replacen(from, to, 1);
        fs::write(at.join("ads.json"), seal_json(&edited)).unwrap();
        let error = refused(run);
        assert!(error.contains(says), "{error}");
    }
    done("train friends --signals tables --out friends.json", at);
    let error = refused("run --signals tables --out out --ad-model friends.json");
    assert!(error.contains("acquaint-friend-model"), "{error}");
    let update = "train ads --signals tables --out new.json --update ads.json";
    let error = refused(&format!("{update} --model factors"));
    assert!(
        error.contains("is of kind logistic, but factors was asked for"),
        "{error}"
    );
    fs::write(at.join("ads.json.shards"), "no shards").unwrap();
    let error = refused(update);
    assert!(error.contains("train without --update"), "{error}");
    fs::remove_file(at.join("ads.json.shards")).unwrap();
    assert!(refused(update).contains("ads.json.shards"));
    assert!(!at.join("new.json").exists());
}

/// A world with clicks enough for several shards.
fn clicked(seed: u64) -> World {
    let mut world = small_world(150, seed);
    for row in &mut world.impressions {
        (row.impressions, row.clicks) = (row.impressions * 400, row.clicks * 400);
    }
    world
}

#[test]
fn prop_opted_out_deleted_and_unlearnt_give_the_same_bytes() {
    // Looking back, every row is told the rates of ads, which are everybody's.
    for (seed, share, kind, looks_back) in [
        (11, 150, "logistic", false),
        (12, 20, "logistic", true),
        (13, 3, "logistic", true),
        (11, 150, "factors", false),
        (13, 3, "factors", true),
    ] {
        let (dir, world) = (tempfile::tempdir().unwrap(), clicked(seed));
        let at = dir.path();
        let people = people(&world);
        let (chosen, accounts) = closed(&people, people.keys().copied().step_by(share).collect());
        for (name, world) in [
            ("before", world.clone()),
            ("out", with_opt_outs(&world, &accounts)),
            ("gone", without(&world, &chosen, &accounts)),
        ] {
            write_world(&at.join(name), TableForm::Parquet, &world);
        }
        let signals = format!("[ads.signals]\nhistory = {looks_back}\nfriends = {looks_back}\n");
        fs::write(at.join("ads.toml"), config(kind) + &signals).unwrap();
        let as_of = format!("--as-of {} --config ads.toml", world.as_of);
        for name in ["before", "out", "gone"] {
            let line = format!("train ads --signals {name} --out {name}.json {as_of}");
            // Signals about devices of people who are gone are about devices that nobody has, which is a finding.
            let (code, _, error) = acquaint(&words(&line), at);
            assert!(code == i32::from(name == "gone") || code == 0, "{error}");
        }
        let update = "train ads --signals out --update before.json --out less.json --json";
        let told: Value = serde_json::from_str(&done(&format!("{update} {as_of}"), at)).unwrap();
        let n_shards = told["training"]["n_shards"].as_u64().unwrap();
        assert!(
            n_shards >= 2 && told["shards_trained"].as_u64().unwrap() > 0,
            "{told}"
        );
        if !looks_back {
            assert!(
                told["shards_trained"].as_u64().unwrap() < n_shards,
                "{told}"
            );
        }
        assert!(
            read(at, "less.json") == read(at, "out.json"),
            "seed {seed}, {kind}"
        );
        assert!(
            read(at, "less.json.shards") == read(at, "out.json.shards"),
            "seed {seed}, {kind}"
        );
        assert!(
            learnt(at, "out.json") == learnt(at, "gone.json"),
            "seed {seed}, {kind}"
        );
        assert!(
            read(at, "out.json.shards") == read(at, "gone.json.shards"),
            "seed {seed}, {kind}"
        );
        assert!(
            learnt(at, "out.json") != learnt(at, "before.json"),
            "seed {seed}, {kind}"
        );
        assert!(
            explained_whole(at, "out", &as_of) == explained_whole(at, "gone", &as_of),
            "seed {seed}, {kind}"
        );
    }
}

/// What fields weigh over everybody, by the model trained on the same tables; about devices of people who are gone there may be
/// a finding.
fn explained_whole(at: &Path, name: &str, as_of: &str) -> Value {
    let ask = format!("explain model --signals {name} --ad-model {name}.json --json {as_of}");
    let (code, told, error) = acquaint(&words(&ask), at);
    assert!(code < 2, "{error}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["people"].as_u64().unwrap() > 0 && !told["fields"].as_array().unwrap().is_empty());
    ["people", "pairs", "fields"]
        .map(|key| told[key].clone())
        .into_iter()
        .collect()
}

#[test]
fn a_model_is_explained_by_field_without_anybody_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let world = small_world(200, 3);
    write_world(&at.join("tables"), TableForm::Parquet, &world);
    let ask = "explain model --signals tables --threads";
    let told = done(&format!("{ask} 1"), at);
    assert!(
        told.contains("not named") && told.contains("social_accounts.interests"),
        "{told}"
    );
    assert_eq!(told, done(&format!("{ask} 3"), at));
    let whole: Value = serde_json::from_str(&done(&format!("{ask} 2 --json"), at)).unwrap();
    let fields = whole["fields"].as_array().unwrap();
    let of_people = fields.iter().filter(|field| field["is_personal"] == true);
    let values = of_people.flat_map(|field| field["values"].as_array().unwrap());
    for value in values {
        assert!(value["people"].as_u64().unwrap() >= 5, "{value}");
    }
    let person = fields.iter().find(|field| field["field"] == "person");
    let person = person.expect("the model has a weight a person");
    assert!(person["values"].as_array().unwrap().is_empty(), "{person}");
    assert!(person["n_unnamed"].as_u64().unwrap() > 0, "{person}");
}

#[test]
fn a_model_file_knows_customer_lists_as_training_in_the_run_does() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let key = at.join("lists.key");
    fs::write(&key, "0a1b2c3d4e5f60718293a4b5c6d7e8f9".repeat(2)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    done(
        "synth --users 300 --seed 3 --out world --audience-key lists.key",
        at,
    );
    let with_lists = config("logistic")
        + "[ads.signals]\nlists = true\n[ads.policy]\nsynthetic = true\naudience_min = 5\n";
    fs::write(at.join("ads.toml"), with_lists).unwrap();
    let train = "train ads --signals world --config ads.toml";
    done(
        &format!("{train} --audience-key lists.key --out told.json"),
        at,
    );
    done(&format!("{train} --out untold.json"), at);
    let weights = |name: &str| learnt(at, name)["model"].clone();
    assert!(weights("told.json") != weights("untold.json"));
    let run = "run --signals world --config ads.toml --audience-key lists.key";
    done(&format!("{run} --ad-model told.json --out by-file"), at);
    done(&format!("{run} --out in-run"), at);
    for file in ["ad_scores.parquet", "manifest.json"] {
        let file = |out: &str| read(at, &format!("{out}/{file}"));
        assert!(file("by-file") == file("in-run"));
    }
}
