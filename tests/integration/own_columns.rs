//! Columns of a configuration's own in the click model: what they teach, that whoever is out teaches nothing, and what is refused.

use std::fs;
use std::path::Path;

use acquaint::ids::UserId;
use acquaint::signals::{Interest, TableForm};
use acquaint::synth::World;
use csv::StringRecord;
use serde_json::Value;

use crate::erasure::{closed, people, with_opt_outs, without};
use crate::support::program::{acquaint, done, words};
use crate::support::{small_world, write_world};

const CONFIG: &str = r#"
[ads]
learning_curve = false
[ads.signals]
device = false
usage = false
history = false
friends = false
person = false
time = false
[ads.features.social_accounts]
plan = { kind = "category", purpose = "ad_relevance" }
spent = { kind = "number", purpose = "ad_relevance", bins = 4 }
[ads.features.ads]
objective = { kind = "category" }
price = { kind = "number" }
[ads.features.impressions]
slots = { kind = "list", purpose = "ad_relevance" }
"#;

/// Half of the people pay for a plan, and click.
fn pays(user: u64) -> bool {
    (user / 7).is_multiple_of(2)
}

fn spent(user: u64) -> String {
    format!("{}.25", user % 9_973)
}

/// Writes a table again with more columns.
pub(crate) fn with_columns(
    dir: &Path,
    table: &str,
    names: &[&str],
    cells: impl Fn(&Named<'_>) -> Vec<String>,
) {
    let path = dir.join(format!("{table}.csv"));
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut rows: Vec<StringRecord> = reader.records().map(Result::unwrap).collect();
    for row in &mut rows {
        let these = Named {
            header: &header,
            row,
        };
        for cell in cells(&these) {
            row.push_field(&cell);
        }
    }
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer
        .write_record(header.iter().chain(names.iter().copied()))
        .unwrap();
    for row in &rows {
        writer.write_record(row).unwrap();
    }
    writer.flush().unwrap();
}

/// A row whose cells are asked for by name.
pub(crate) struct Named<'a> {
    header: &'a StringRecord,
    row: &'a StringRecord,
}

impl Named<'_> {
    pub(crate) fn id(&self, name: &str) -> Option<u64> {
        let at = self.header.iter().position(|column| column == name);
        self.row[at.unwrap()].parse().ok()
    }
}

/// Writes a world in which whoever pays clicks whatever they are shown, and nobody else anything.
fn write(dir: &Path, world: &World) {
    let mut world = world.clone();
    for shown in &mut world.impressions {
        if let Some(UserId(user)) = shown.user_id {
            shown.clicks = if pays(user) { shown.impressions } else { 0 };
        }
    }
    write_world(dir, TableForm::Csv, &world);
    with_columns(dir, "social_accounts", &["plan", "spent"], |row| {
        let user = row.id("user_id").unwrap();
        let plan = if pays(user) { "Premium" } else { "free" };
        vec![plan.to_owned(), spent(user)]
    });
    with_columns(dir, "ads", &["objective", "price"], |row| {
        let ad = row.id("ad_id").unwrap();
        let objective = ["reach", "sales"][usize::from(ad.is_multiple_of(2))];
        vec![objective.to_owned(), format!("{}", ad % 100)]
    });
    with_columns(dir, "impressions", &["slots"], |row| {
        let ad = row.id("ad_id").unwrap();
        vec![["top|wide", "side", ""][usize::try_from(ad % 3).unwrap()].to_owned()]
    });
}

fn json(line: &str, at: &Path) -> Value {
    serde_json::from_str(&done(line, at)).unwrap()
}

#[test]
fn own_columns_move_the_model_and_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(&at.join("tables"), &small_world(250, 5));
    fs::write(at.join("own.toml"), CONFIG).unwrap();
    let weights = json(
        "explain model --signals tables --config own.toml --json",
        at,
    );
    let fields = weights["fields"].as_array().unwrap();
    let moves = |name: &str| {
        let field = fields.iter().find(|field| field["field"] == name);
        field.map(|field| field["moves"].as_f64().unwrap())
    };
    let own = moves("own column").expect("the model looks at the plan");
    assert!(own > moves("region").unwrap(), "{weights}");
    assert!(moves("own column of ads").is_some());
    let said = weights.to_string();
    for value in ["plan: premium", "plan: free", "spent: under", "objective: "] {
        assert!(said.contains(value), "{value}: {said}");
    }
    done(
        "run --signals tables --config own.toml --out out --threads 1",
        at,
    );
    for threads in ["2", "3"] {
        let run = format!("run --signals tables --config own.toml --out again --threads {threads}");
        done(&run, at);
        for file in ["ad_scores.parquet", "manifest.json"] {
            let read = |out: &str| fs::read(at.join(out).join(file)).unwrap();
            assert!(read("out") == read("again"), "{file}, {threads} threads");
        }
    }
    done("verify out --signals tables", at);
    // A model file knows its bins: scoring with it is scoring as in the run.
    done(
        "train ads --signals tables --config own.toml --out own.json",
        at,
    );
    done("run --signals tables --ad-model own.json --out by-file", at);
    let scores = |out: &str| fs::read(at.join(out).join("ad_scores.parquet")).unwrap();
    assert!(scores("by-file") == scores("out"));
    let model: Value = serde_json::from_slice(&fs::read(at.join("own.json")).unwrap()).unwrap();
    let source = serde_json::json!({
        "field": "own column plan", "tables": ["social_accounts"], "purpose": "ad_relevance"
    });
    assert!(model["features"].as_array().unwrap().contains(&source));
}

#[test]
fn opted_out_and_deleted_give_the_same_bytes() {
    for (seed, share) in [(31, 10), (32, 3)] {
        let world = small_world(150, seed);
        let people = people(&world);
        let (chosen, accounts) = closed(&people, people.keys().copied().step_by(share).collect());
        let scores = |world: &World| {
            let dir = tempfile::tempdir().unwrap();
            write(&dir.path().join("tables"), world);
            fs::write(dir.path().join("own.toml"), CONFIG).unwrap();
            let as_of = world.as_of;
            let run = format!("run --signals tables --config own.toml --as-of {as_of} --out out");
            done(&run, dir.path());
            fs::read(dir.path().join("out/ad_scores.parquet")).unwrap()
        };
        let opted_out = scores(&with_opt_outs(&world, &accounts));
        let deleted = scores(&without(&world, &chosen, &accounts));
        assert!(opted_out == deleted, "seed {seed}, 1 in {share}");
    }
}

#[test]
fn what_cannot_be_an_own_column_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write(&at.join("tables"), &small_world(60, 5));
    let refused = |features: &str| {
        fs::write(at.join("own.toml"), features).unwrap();
        let run = words("run --signals tables --config own.toml --out out");
        let (code, _, told) = acquaint(&run, at);
        assert_ne!(code, 0);
        assert!(!at.join("out").exists());
        told
    };
    let told = refused("[ads.features.social_accounts]\nplan = { kind = \"category\" }\n");
    assert!(
        told.contains("plan") && told.contains("ad_relevance"),
        "{told}"
    );
    let told = refused(
        "[ads.features.social_accounts]\nfaith = { kind = \"category\", purpose = \"ad_relevance\" }\n",
    );
    assert!(told.contains("faith"), "{told}");
    let told = refused(
        "[ads.features.social_accounts]\nplans = { kind = \"category\", purpose = \"ad_relevance\" }\n",
    );
    assert!(
        told.contains("plans") && told.contains("social_accounts.csv") && told.contains("plan"),
        "{told}"
    );
    let told = refused("[ads.features.friendships]\nplan = { kind = \"category\" }\n");
    assert!(told.contains("friendships"), "{told}");
}

/// The attack: somebody's number as an interest, or in a column of the configuration's own, becomes a reason that is published.
#[test]
fn deny_numbers_and_addresses_the_way_through_words() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let mut world = small_world(120, 3);
    for row in &mut world.social_accounts {
        row.interests = vec![Interest::parse("cooking").unwrap()];
    }
    write_world(&at.join("tables"), TableForm::Csv, &world);
    fs::remove_file(at.join("tables/sums.json")).ok();
    let reached = |user: u64| format!("+49151{:08}", user % 100_000_000);
    with_columns(
        &at.join("tables"),
        "social_accounts",
        &["hotline", "mail", "code"],
        |row| {
            let user = row.id("user_id").unwrap();
            vec![
                reached(user),
                format!("u{user}@mail.example"),
                "436641234567".to_owned(),
            ]
        },
    );
    let path = at.join("tables/social_accounts.csv");
    let told = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        told.replace("cooking", "cooking|+43 664 1234567|me@mail.example"),
    )
    .unwrap();
    let config = r#"
[ads]
learning_curve = false
[ads.features.social_accounts]
hotline = { kind = "category", purpose = "ad_relevance" }
mail = { kind = "category", purpose = "ad_relevance" }
code = { kind = "number", purpose = "ad_relevance" }
"#;
    fs::write(at.join("own.toml"), config).unwrap();
    let json = done(
        "run --signals tables --config own.toml --out out --json --quiet",
        at,
    );
    let manifest: Value = serde_json::from_str(&json).unwrap();
    let stages = manifest["stages"].as_array().unwrap();
    let terms = stages
        .iter()
        .find(|stage| stage["name"] == "social_accounts → interests");
    // Two of each person's words in own columns, and two of their interests.
    let n = world.social_accounts.len() as u64;
    assert_eq!(terms.unwrap()["dropped"]["contact"], 4 * n);
    let published = fs::read(at.join("out/ad_scores.parquet")).unwrap();
    let published = String::from_utf8_lossy(&published);
    for text in ["+49151", "664", "mail.example"] {
        assert!(!published.contains(text), "{text}");
    }
    let as_number = config.replace("mail = { kind = \"category\"", "mail = { kind = \"number\"");
    fs::write(at.join("words.toml"), as_number).unwrap();
    let run = "run --signals tables --config words.toml --out out2 --quiet";
    let (code, _, error) = acquaint(&words(run), at);
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains("values of the column mail of social_accounts cannot be read"),
        "{error}"
    );
}
