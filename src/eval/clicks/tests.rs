//! Tables of clicks of every form.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::ids::UserId;
use crate::signals::Impression;

fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    (dir, path)
}

fn read_text(name: &str, text: &str, options: &ClickOptions) -> Result<ClickTable, ClicksError> {
    let (_dir, path) = file(name, text);
    read_clicks(&path, options)
}

fn said(said: &[(ClickRole, &str)]) -> ClickOptions {
    let said = said.iter().map(|&(role, name)| (role, name.to_owned()));
    ClickOptions {
        columns: ClickColumns {
            said: said.collect(),
            ..ClickColumns::default()
        },
        ..ClickOptions::default()
    }
}

fn rows(table: &ClickTable) -> Vec<Impression> {
    table.impressions(0..table.n_rows())
}

fn interests(row: &Impression) -> Vec<&str> {
    row.attributes
        .interests
        .iter()
        .map(crate::signals::Interest::as_str)
        .collect()
}

#[test]
fn a_table_becomes_impressions_and_ads() {
    let text = "user_id,item_id,click,timestamp,position,category,device\n\
                7,30,1,1472083200,0,Food,phone\n\
                8,31,0,1472083201,3,Shoes,\n";
    let table = read_text("a.csv", text, &ClickOptions::default()).unwrap();
    assert_eq!(table.people(), [7, 8]);
    let ads: Vec<(u64, &str)> = table
        .ads()
        .iter()
        .map(|ad| (ad.ad_id.0, ad.category.as_str()))
        .collect();
    assert_eq!(ads, [(30, "food"), (31, "shoes")]);
    let rows = rows(&table);
    assert_eq!(rows[0].user_id, Some(UserId(7)));
    assert_eq!((rows[0].clicks, rows[1].clicks), (1, 0));
    assert_eq!(rows[1].position, Some(3));
    assert_eq!(interests(&rows[0]), ["device=phone"]);
    assert!(rows[1].attributes.interests.is_empty());
    assert_eq!(rows[0].at.to_string(), "2016-08-25T00:00:00Z");
}

#[test]
fn totals_are_counted_and_what_comes_after_the_click_is_left_out() {
    let text = "ad_id\tgender\tImpressions\tClicks\tSpent\n5\tM\t100\t3\t1.5\n5\tF\t90\t0\t0\n";
    let table = read_text("a.tsv", text, &ClickOptions::default()).unwrap();
    let rows = rows(&table);
    assert_eq!((rows[0].impressions, rows[0].clicks), (100, 3));
    assert_eq!(rows[0].attributes.gender.as_deref(), Some("m"));
    assert!(rows[0].attributes.interests.is_empty());
    let notes = table.notes().join("\n");
    assert!(notes.contains("`Spent` is left out"), "{notes}");
    assert!(notes.contains("the order of the rows stands in"), "{notes}");
    assert!(rows[0].at < rows[1].at);
}

#[test]
fn libsvm_lists_features() {
    let table = read_text(
        "a.libsvm",
        "1 3:1 9:1 # x\n0 qid:4 9:1 4:0\n",
        &ClickOptions::default(),
    );
    let table = table.unwrap();
    let rows = rows(&table);
    assert_eq!(interests(&rows[0]), ["f3", "f9"]);
    assert_eq!(interests(&rows[1]), ["f9"], "0 is absence");
    assert_eq!(table.n_clicks(), 1);
    assert_eq!(table.ads().len(), 1);
    let bad = read_text("a.svm", "1 3:1\n0 nine\n", &ClickOptions::default()).unwrap_err();
    assert!(bad.to_string().contains("line 2"), "{bad}");
}

#[test]
fn vowpal_wabbit_has_namespaces() {
    let text = "1 'a|user anna |ad 5 |x red size:2\n-1 2.0 |user bob |ad 6 |x blue\n";
    let options = said(&[(ClickRole::Person, "user"), (ClickRole::Item, "ad")]);
    let table = read_text("a.vw", text, &options).unwrap();
    let rows = rows(&table);
    assert_eq!(rows[0].user_id, Some(UserId(1)));
    assert_eq!(rows[1].ad_id.0, 6);
    assert_eq!((rows[0].clicks, rows[1].clicks), (1, 0));
    assert_eq!(interests(&rows[0]), ["x^red", "x^size=2"]);
    assert_eq!(table.numbered()[0].texts, ["anna", "bob"]);
    let notes = table.notes().join("\n");
    assert!(notes.contains("1 rows have a weight"), "{notes}");
}

#[test]
fn what_was_not_clicked_is_drawn_where_only_clicks_are_listed() {
    let lines = (0..200).map(|i| format!("{},{},{}\n", i % 20, i % 50 + 100, i));
    let text = format!("user,artist,plays\n{}", lines.collect::<String>());
    let mut options = said(&[(ClickRole::Label, "plays")]);
    options.clicked_from = Some(0.0);
    options.negatives = 2;
    let table = read_text("a.csv", &text, &options).unwrap();
    assert_eq!((table.n_rows(), table.n_clicks()), (600, 200));
    let rows = rows(&table);
    let pair = |row: &Impression| (row.user_id, row.ad_id);
    let mut clicked: Vec<_> = rows[..200].iter().map(pair).collect();
    clicked.sort_unstable();
    let drawn: std::collections::BTreeSet<_> = rows[200..].iter().map(pair).collect();
    assert_eq!(drawn.len(), 400, "each once");
    assert!(
        drawn
            .iter()
            .all(|pair| clicked.binary_search(pair).is_err())
    );
    assert_eq!(
        read_text("a.csv", &text, &options).unwrap(),
        table,
        "same draws each time"
    );
}

#[test]
fn sensitive_topics_are_no_features() {
    let text = "user,item,click,topic\n1,1,1,diabetes\n2,1,0,gardening|food\n";
    let table = read_text("a.csv", text, &ClickOptions::default()).unwrap();
    let rows = rows(&table);
    assert!(rows[0].attributes.interests.is_empty());
    assert_eq!(interests(&rows[1]), ["topic=food", "topic=gardening"]);
    assert!(
        table.notes().join("\n").contains("1 values left out"),
        "{:?}",
        table.notes()
    );
}

#[test]
fn deny_with_file_row_column_and_cure() {
    for (name, text, options, expected) in [
        (
            "a.csv",
            "user,item,plays\n1,1,1\n",
            said(&[]),
            "name it with --label",
        ),
        (
            "a.csv",
            "user,item,click\n1,1,2\n",
            said(&[]),
            "row 1, column `click`",
        ),
        (
            "a.csv",
            "user,item,click\n1,1,1\n1,,0\n",
            said(&[]),
            "row 2, column `item`",
        ),
        ("a.csv", "user,item,click\n1,1\n", said(&[]), "line 2"),
        ("a.csv", "1,2,1\n1,3,0\n", said(&[]), "--header no"),
        ("a.csv", "", said(&[]), "nothing in it"),
        ("a.csv", "user,item,click\n", said(&[]), "no row"),
        (
            "a.csv",
            "click,click\n1,1\n",
            said(&[]),
            "two columns have one name",
        ),
        ("a.vw", "|x a\n", said(&[]), "no label"),
    ] {
        let error = read_text(name, text, &options).unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn parquet_is_read_as_its_text() {
    use crate::signals::{TableForm, write_table};
    let text = "user_id,ad_id,click,timestamp\n7,30,1,1472083200\n8,31,0,1472083201\n";
    let table = read_text("a.csv", text, &ClickOptions::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    write_table(dir.path(), TableForm::Parquet, &rows(&table)).unwrap();
    let mut options = said(&[(ClickRole::Label, "clicks")]);
    // Lists are no plain values.
    let refused = read_clicks(&dir.path().join("impressions.parquet"), &options).unwrap_err();
    assert!(refused.to_string().contains("user_interests"), "{refused}");
    options.columns.leave_out = vec!["user_interests".to_owned()];
    let again = read_clicks(&dir.path().join("impressions.parquet"), &options).unwrap();
    assert_eq!(again.people(), table.people());
    assert_eq!(again.n_clicks(), 1);
    assert_eq!(rows(&again)[1].at, rows(&table)[1].at);
}

#[test]
fn deny_clicks_from_what_is_no_number() {
    for from in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let options = ClickOptions {
            clicked_from: Some(from),
            ..ClickOptions::default()
        };
        let error = read_text("a.csv", "user_id,item_id,click\n1,2,3\n", &options).unwrap_err();
        assert!(error.to_string().contains("--clicked-from"), "{error}");
    }
}

#[test]
fn age_bands_without_a_number_are_told() {
    let notes = |bands: [&str; 3]| {
        let rows = bands.map(|band| format!("1,{band}\n"));
        let text = format!("click,age\n{}", rows.concat());
        let table = read_text("a.csv", &text, &ClickOptions::default()).unwrap();
        table.notes().join("\n")
    };
    let odd = notes(["abc", "18-24", "?"]);
    assert!(
        odd.contains("`age` is taken for age bands") && odd.contains("`abc`"),
        "{odd}"
    );
    assert!(!notes(["65+", "18-24", ""]).contains("taken for age bands"));
}

#[test]
fn too_few_items_for_rows_without_clicks_are_told() {
    let notes = |items: u32, negatives: u32| {
        let row = |item: u32| format!("1,{item},{}\n", u8::from(item == 0));
        let rows = (0..items).map(row).collect::<Vec<String>>().concat();
        let text = format!("user_id,item_id,click\n2,99,0\n{rows}");
        let options = ClickOptions {
            negatives,
            ..ClickOptions::default()
        };
        let table = read_text("a.csv", &text, &options).unwrap();
        table.notes().join("\n")
    };
    let found = notes(20, 1_000);
    assert!(
        found.contains("1 rows that were not clicked were added of 1000 asked for"),
        "{found}"
    );
    assert!(notes(2, 1).contains("1 rows that were not clicked were added, of items"));
}

#[test]
fn missing_values_and_nearly_numbers_are_told() {
    let row = |n: u32| format!("1,{n}.5,{n}\n");
    let rows = (0..100).map(row).collect::<Vec<String>>().concat();
    let text = format!("click,score,size\n0,inf,?\n0,-,about 3\n{rows}");
    let table = read_text("a.csv", &text, &ClickOptions::default()).unwrap();
    let notes = table.notes().join("\n");
    assert!(
        notes.contains("missing values, which are no interests: 2 of `score`, 1 of `size`"),
        "{notes}"
    );
    assert!(
        notes.contains("`size` is kept as texts") && notes.contains("`about 3` in row 2"),
        "{notes}"
    );
    assert!(
        notes.contains("in ten bins of the number: `score`"),
        "{notes}"
    );
}
