use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::*;

/// Whatever is there may be replaced.
const ANY: Ours = Ours::new("anything", |_| Ok(true));

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn out(&self) -> Target {
        Target::directory(&self.path("out"), &TABLES_LISTING)
    }

    fn begin(&self) -> Staging {
        Staging::begin(self.out()).unwrap()
    }

    /// A whole output with one table.
    fn publish(&self, name: &str, text: &str) -> Vec<Leftover> {
        written(self.begin(), name, text).publish().unwrap()
    }

    fn names(&self, dir: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(dir))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn written(staging: Staging, name: &str, text: &str) -> Staging {
    staging.write(name, text.as_bytes()).unwrap();
    let sum = staging.sum_of(name).unwrap();
    staging.write_sums(vec![sum]).unwrap();
    staging
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_output_replaces_the_first_and_leaves_nothing_beside() {
    let place = Place::new();
    for name in ["first.csv", "second.csv"] {
        assert_eq!(place.publish(name, "rows"), []);
        assert_eq!(place.names("out"), [name, SUMS]);
        assert_eq!(place.names(""), ["out"]);
    }
}

#[test]
fn only_the_owner_reads_an_output() {
    let place = Place::new();
    let staging = place.begin();
    fs::write(staging.path("wide"), "by another way").unwrap();
    written(staging, "narrow", "rows").publish().unwrap();
    assert_eq!(mode(&place.path("out")), 0o700);
    for name in ["wide", "narrow", SUMS] {
        assert_eq!(mode(&place.path("out").join(name)), 0o600, "{name}");
    }
    let file = StagedFile::begin(Target::file(&place.path("made/model"), Ours::NEVER)).unwrap();
    file.write(b"weights").unwrap();
    file.publish().unwrap();
    assert_eq!(mode(&place.path("made")), 0o700);
    assert_eq!(mode(&place.path("made/model")), 0o600);
}

#[test]
fn an_output_that_is_given_up_leaves_nothing() {
    let place = Place::new();
    place.publish("table", "old");
    let staging = place.begin();
    staging.write("table", b"half").unwrap();
    drop(staging);
    let file = StagedFile::begin(Target::file(&place.path("model"), Ours::NEVER)).unwrap();
    file.write(b"half").unwrap();
    drop(file);
    assert_eq!(place.names(""), ["out"]);
    assert_eq!(fs::read_to_string(place.path("out/table")).unwrap(), "old");
}

#[test]
fn deny_a_second_writer() {
    let place = Place::new();
    let first = place.begin();
    let error = Staging::begin(place.out()).unwrap_err();
    let process = std::process::id();
    assert!(
        matches!(error, PublishError::Busy { process: Some(id), .. } if id == process),
        "{error}"
    );
    drop(first);
    place.publish("table", "rows");
}

#[test]
fn deny_what_turns_up_before_publication() {
    let place = Place::new();
    place.publish("table", "old");
    let staging = written(place.begin(), "table", "new");
    fs::write(place.path("out/recall.csv"), "rows").unwrap();
    let error = staging.publish().unwrap_err().to_string();
    assert!(error.contains("recall.csv"), "{error}");
    assert_eq!(place.names("out"), ["recall.csv", SUMS, "table"]);
    assert_eq!(place.names(""), ["out"]);
}

#[test]
fn deny_places_that_nothing_may_stand_in() {
    let place = Place::new();
    let here = place.path("here");
    fs::create_dir_all(here.join("in/deep")).unwrap();
    fs::write(here.join("file"), "letter").unwrap();
    symlink("in", here.join("link")).unwrap();
    for (path, input, expected) in [
        ("here/in", "here/in", "is the input"),
        ("here/in/../in/", "here/link", "is the input"),
        ("here", "here/in", "holds the input"),
        ("here", "here/file", "holds the input"),
        ("here/in/out", "here/in", "lies in the input"),
        ("here/in/not/there/yet", "here/in", "lies in the input"),
        ("here/link/out", "here/in", "lies in the input"),
        ("here/link", "here/file", "is a link"),
        ("here/link/", "here/file", "is a link"),
        ("here/file", "here/in", "is a file"),
        ("here/nothing/../out", "here/in", "leads through"),
        ("here/..", "here/in", "names no directory"),
    ] {
        let target = Target::directory(&place.path(path), &TABLES_LISTING);
        let error = Staging::begin(target.reading("the input", &place.path(input)));
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains(expected) && error.contains("choose another"),
            "{path}: {error}"
        );
    }
    let home = Target::directory(&here, &TABLES_LISTING).sparing([Input::home("a home", &here)]);
    assert!(
        Staging::begin(home)
            .unwrap_err()
            .to_string()
            .contains("is a home")
    );
    let below = Target::directory(&here.join("out"), &TABLES_LISTING);
    drop(Staging::begin(below.sparing([Input::home("a home", &here)])).unwrap());
}

#[test]
fn what_a_killed_call_left_is_removed_and_named() {
    let place = Place::new();
    place.publish("table", "old");
    // As if killed while it was written, when it was complete, and when it had changed places.
    for name in ["new", "out"] {
        let staging = written(place.begin(), "table", "new");
        let aside = staging.dir().parent().unwrap().to_owned();
        if name == "out" {
            fs::rename(staging.dir(), aside.join("out")).unwrap();
        }
        forget(staging);
        let leftovers = place.begin().leftovers().to_vec();
        assert_eq!(leftovers, [Leftover::Removed { path: aside }]);
        assert_eq!(place.names(""), ["out"]);
        assert_eq!(fs::read_to_string(place.path("out/table")).unwrap(), "old");
    }
}

#[test]
fn a_publication_between_two_renames_is_finished() {
    let place = Place::new();
    place.publish("table", "old");
    let staging = written(place.begin(), "table", "new");
    let aside = staging.dir().parent().unwrap().to_owned();
    fs::rename(staging.dir(), aside.join("out")).unwrap();
    fs::rename(place.path("out"), aside.join("old")).unwrap();
    forget(staging);
    let next = place.begin();
    assert!(matches!(
        next.leftovers(),
        [Leftover::Finished { .. }, Leftover::Removed { .. }]
    ));
    drop(next);
    assert_eq!(fs::read_to_string(place.path("out/table")).unwrap(), "new");
    assert_eq!(place.names(""), ["out"]);
}

#[test]
fn what_somebody_put_into_a_directory_of_ours_is_kept() {
    let place = Place::new();
    place.publish("table", "old");
    let staging = written(place.begin(), "table", "new");
    let aside = staging.dir().parent().unwrap().to_owned();
    fs::rename(staging.dir(), aside.join("out")).unwrap();
    fs::write(aside.join("out/recall.csv"), "rows").unwrap();
    forget(staging);
    for _ in 0..2 {
        let next = place.begin();
        assert!(matches!(next.leftovers(), [Leftover::Kept { .. }]));
    }
    assert_eq!(
        fs::read_to_string(aside.join("out/recall.csv")).unwrap(),
        "rows"
    );
}

#[test]
fn a_companion_is_its_own_outputs_or_none() {
    let place = Place::new();
    for text in ["one", "two"] {
        let model = StagedFile::begin(Target::file(&place.path("model"), ANY)).unwrap();
        let shards = StagedFile::begin(Target::file(&place.path("model.shards"), ANY)).unwrap();
        model.write(text.as_bytes()).unwrap();
        shards.write(text.as_bytes()).unwrap();
        publish_together(Main::File(model), vec![shards]).unwrap();
        for name in ["model", "model.shards"] {
            assert_eq!(fs::read_to_string(place.path(name)).unwrap(), text);
        }
    }
    assert_eq!(place.names(""), ["model", "model.shards"]);
}

#[test]
fn a_lock_that_is_none_is_left_alone() {
    let place = Place::new();
    let lock = place.path(".out.acquaint-lock");
    fs::write(&lock, "a diary").unwrap();
    assert!(Staging::begin(place.out()).is_err());
    assert_eq!(fs::read_to_string(&lock).unwrap(), "a diary");
    fs::remove_file(&lock).unwrap();
    symlink("elsewhere", &lock).unwrap();
    assert!(Staging::begin(place.out()).is_err());
    assert!(!place.path("elsewhere").exists());
}

#[test]
fn sums_name_every_file_and_prove_the_list() {
    let place = Place::new();
    place.publish("table", "rows");
    let text = fs::read_to_string(place.path("out").join(SUMS)).unwrap();
    let mut sums: Sums = serde_json::from_str(&text).unwrap();
    assert!(sums.is_whole());
    assert_eq!(
        sums.files[0].blake3,
        blake3::hash(b"rows").to_hex().as_str()
    );
    sums.files[0].bytes += 1;
    assert!(!sums.is_whole());
}

/// As a kill does: nothing is removed, and no lock is held.
fn forget(staging: Staging) {
    let aside = staging.dir().parent().unwrap().to_owned();
    let lock = aside.parent().unwrap().join(".out.acquaint-lock");
    let copies = [aside.join(".acquaint-aside"), lock].map(|path| (fs::read(&path).unwrap(), path));
    std::mem::forget(staging);
    for (text, path) in copies {
        // Another file of the same name is locked by nobody.
        fs::remove_file(&path).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn deny_what_its_listing_lists_as_another() {
    let place = Place::new();
    place.publish("table", "rows");
    let sums = place.path("out").join(SUMS);
    let whole = fs::read_to_string(&sums).unwrap();
    let refused = || Staging::begin(place.out()).unwrap_err().to_string();

    fs::write(place.path("out/table"), "mine").unwrap();
    assert!(refused().contains("holds table, which sums.json does not list as it is"));
    fs::write(place.path("out/table"), "rows").unwrap();

    fs::write(place.path("out/thesis"), "years of work").unwrap();
    fs::write(&sums, whole.replace("\"table\"", "\"thesis\"")).unwrap();
    assert!(refused().contains("and no sums.json of the format acquaint-sums/1 as it was written"));
    let listed = FileSum {
        file: "thesis".to_owned(),
        bytes: 13,
        blake3: "0".repeat(64),
    };
    fs::write(&sums, Sums::new(vec![listed]).to_json()).unwrap();
    assert!(refused().contains("holds table, thesis, which"));
    assert_eq!(place.names("out"), [SUMS, "table", "thesis"]);

    fs::remove_file(place.path("out/thesis")).unwrap();
    fs::write(&sums, whole).unwrap();
    place.publish("table", "more rows");
}

#[test]
fn deny_a_manifest_that_was_edited() {
    let place = Place::new();
    let out = place.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis"), "years of work").unwrap();
    let sum = FileSum::of(&out.join("thesis"), "thesis".to_owned()).unwrap();
    let text = format!(
        "{{\"format\":\"acquaint-run/1\",\"outputs\":[{}]}}",
        serde_json::to_string(&sum).unwrap()
    );
    let begin = || Staging::begin(Target::directory(&out, &RUN_LISTING));
    let sealed = seal_json(&text);
    for not_ours in [text, sealed.replacen("thesis", "Thesis", 1)] {
        fs::write(out.join("manifest.json"), not_ours).unwrap();
        assert!(begin().is_err());
    }
    fs::write(out.join("manifest.json"), sealed).unwrap();
    fs::write(out.join("report.html"), "<h1>Mine</h1>").unwrap();
    assert!(begin().unwrap_err().to_string().contains("report.html"));
    fs::write(out.join("report.html"), seal_page("<h1>Ours</h1>")).unwrap();
    begin().unwrap();
}

#[test]
fn what_was_edited_after_the_last_question_is_left_alone() {
    let place = Place::new();
    place.publish("table", "old");
    let aside = place.path(".out.partial-abcdefgh");
    fs::create_dir(&aside).unwrap();
    fs::write(
        aside.join(".acquaint-aside"),
        "{\"format\":\"acquaint-aside/1\",\"out\":\"out\"}",
    )
    .unwrap();
    fs::rename(place.path("out"), aside.join("out")).unwrap();
    fs::write(aside.join("out/table"), "mine").unwrap();
    let staging = place.begin();
    let told = staging.leftovers()[0].to_string();
    assert!(told.contains("files that are not ours: table"), "{told}");
    assert_eq!(fs::read_to_string(aside.join("out/table")).unwrap(), "mine");
}

#[test]
fn deny_a_file_that_is_not_ours() {
    let place = Place::new();
    let path = place.path("truth.csv");
    let begin = |ours| StagedFile::begin(Target::file(&path, ours));
    fs::write(&path, "").unwrap();
    begin(Ours::NEVER).unwrap();
    fs::write(&path, "years of work").unwrap();
    let said = begin(Ours::SUMMED).unwrap_err().to_string();
    assert!(
        said.contains("choose another name, or move it away"),
        "{said}"
    );
    let sums = sums_beside(&path);
    fs::write(&sums, sums_of_file(&path, &path).unwrap()).unwrap();
    begin(Ours::SUMMED).unwrap();
    assert!(begin(Ours::NEVER).is_err());
    fs::write(&path, "years of work, and one more").unwrap();
    assert!(begin(Ours::SUMMED).is_err());
    assert!(StagedFile::begin(Target::file(&sums, Ours::SUMS)).is_ok());
    fs::write(&sums, "{}").unwrap();
    assert!(StagedFile::begin(Target::file(&sums, Ours::SUMS)).is_err());
}
