//! Business messages on the command line: a verdict for any moment, rule by rule, and the same as in the run.

use std::collections::BTreeSet;
use std::fs;

use acquaint::consent::Purpose;
use acquaint::engine::Times;
use acquaint::ids::{AccountId, BusinessId};
use acquaint::signals::{
    AddressBookEntry, BusinessEvent, BusinessEventKind, MessageKind, PersonsWord, TableForm,
};
use acquaint::{Engine, EngineOptions};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use serde_json::Value;

use crate::support::program::{acquaint, done};
use crate::support::{Run, small_world, u64s, write_world};

fn explained(dir: &std::path::Path, line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    let (_, json, error) = acquaint(&words, dir);
    serde_json::from_str(&json).unwrap_or_else(|_| panic!("{error}"))
}

/// The checks of a kind, by name, with what each says and the day its rule begins.
fn checks(explained: &Value, kind: &str) -> Vec<(String, String, Option<String>)> {
    let kinds = explained["kinds"].as_array().unwrap();
    let found = kinds.iter().find(|one| one["kind"] == kind).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let check = |one: &Value| {
        let from = one["known"].get("from").map(text);
        (text(&one["check"]), text(&one["says"]), from)
    };
    found["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(check)
        .collect()
}

#[test]
fn a_verdict_names_each_rule_with_its_date_and_is_that_of_the_run() {
    let mut world = small_world(80, 9);
    let dir = tempfile::tempdir().unwrap();
    let first = world.business_opt_ins[0];
    let (business, account) = (first.business_id, first.account_id);
    world.business_events.push(BusinessEvent {
        business_id: business,
        what: BusinessEventKind::Said {
            account,
            word: PersonsWord::Stop,
        },
        at: first.opted_in_at.plus_days(1),
    });
    world.business_events.push(BusinessEvent {
        business_id: BusinessId(business.0),
        what: BusinessEventKind::Sent {
            account: AccountId(account.0),
            kind: MessageKind::Marketing,
        },
        at: first.opted_in_at,
    });
    write_world(&dir.path().join("signals"), TableForm::Csv, &world);
    let as_of = world.as_of;
    let ask = format!(
        "explain business {business} {account} --signals signals --quiet --json --as-of {as_of}"
    );
    let told = explained(dir.path(), &ask);
    let marketing = checks(&told, "marketing");
    let named = |name: &str| marketing.iter().find(|(check, ..)| check == name).unwrap();
    assert_eq!(named("stop").1, "stopped");
    assert_eq!(named("cap").1, "no_rule_known", "in 2016");
    assert_eq!(named("cap").2, None);
    let run = Run::of_signals(
        &dir.path().join("signals"),
        &dir.path().join("out"),
        "",
        Some(as_of),
    )
    .unwrap();
    let batches = run.table("business_reach.parquet");
    let ids = u64s(&batches, "business_id")
        .into_iter()
        .zip(u64s(&batches, "account_id"));
    let at = ids
        .into_iter()
        .position(|ids| ids == (business.0, account.0))
        .unwrap();
    let allowed: Vec<bool> = batches
        .iter()
        .flat_map(|batch| {
            let column = batch
                .column_by_name("marketing")
                .unwrap()
                .as_boolean()
                .clone();
            (0..column.len())
                .map(move |i| column.value(i))
                .collect::<Vec<_>>()
        })
        .collect();
    let kinds = told["kinds"].as_array().unwrap();
    let of_kind = kinds.iter().find(|one| one["kind"] == "marketing").unwrap();
    assert_eq!(of_kind["allowed"], Value::Bool(allowed[at]));
    assert!(!allowed[at]);
    // Without the stop nothing else stands against it but what did before.
    let text = done(&ask.replace(" --json", " --kind marketing"), dir.path());
    assert!(text.contains("- stopped"), "{text}");
    assert!(text.contains("no rule known: marketing_cap"), "{text}");
    assert!(
        !text.contains(": service"),
        "one kind was asked for: {text}"
    );
}

/// The person whose first opt-in it is saved the number of that business and wrote to another one.
#[test]
fn the_order_of_businesses_is_one_on_demand_published_and_explained() {
    let mut world = small_world(80, 9);
    let first = world.business_opt_ins[0];
    let account = first.account_id;
    let phone = |id: BusinessId| {
        let mut rows = world.businesses.iter();
        rows.find(|row| row.business_id == id)
            .unwrap()
            .phone
            .clone()
    };
    world.address_book.push(AddressBookEntry {
        account_id: account,
        phone: phone(first.business_id),
        saved_at: first.opted_in_at,
    });
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &world);
    let run = Run::of_signals(&signals, &dir.path().join("out"), "", Some(world.as_of)).unwrap();
    let batches = run.table("business_order.parquet");
    let columns = ["account_id", "business_id"].map(|name| u64s(&batches, name));
    let ranks = batches.iter().flat_map(|batch| {
        let column = batch.column_by_name("rank").unwrap();
        column.as_primitive::<UInt32Type>().values().to_vec()
    });
    let ranks: Vec<u32> = ranks.collect();
    let purposes = texts(&batches, "purpose");
    let options = EngineOptions {
        times: Times {
            as_of: Some(world.as_of),
            ..Times::default()
        },
        ..EngineOptions::default()
    };
    let engine = Engine::open(&signals, &options).unwrap();
    let mut n_rows = 0;
    let accounts: BTreeSet<u64> = columns[0].iter().copied().collect();
    for purpose in [Purpose::BusinessService, Purpose::BusinessMarketing] {
        for &account in &accounts {
            let all = (0..purposes.len())
                .filter(|&row| purposes[row] == purpose.as_str() && columns[0][row] == account);
            let published: Vec<(u64, u32)> = all.map(|row| (columns[1][row], ranks[row])).collect();
            let asked = engine.businesses(AccountId(account), purpose).iter();
            let asked = asked.map(|row| (row.business.0, row.rank));
            assert_eq!(asked.collect::<Vec<_>>(), published);
            n_rows += published.len();
        }
    }
    assert_eq!(n_rows, purposes.len());
    assert!(engine.businesses(account, Purpose::Abuse).is_empty());
    let ask = format!(
        "explain business {} {account} --signals signals --quiet --as-of {}",
        first.business_id, world.as_of
    );
    let told = explained(dir.path(), &(ask.clone() + " --json"));
    let orders = told["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 2, "{told}");
    for order in orders {
        let purpose = Purpose::parse(order["purpose"].as_str().unwrap()).unwrap();
        let mut rows = engine.businesses(account, purpose).iter();
        let row = rows.find(|row| row.business == first.business_id).unwrap();
        assert_eq!(order["rank"], row.rank);
        assert_eq!(order["relevance"], row.relevance.millionths());
        assert!(row.ties.saved_at.is_some());
    }
    let text = done(&(ask + " --kind marketing"), dir.path());
    assert!(text.contains("the person saved its number"), "{text}");
    assert!(
        !text.contains("business_service"),
        "one kind was asked for: {text}"
    );
}

fn texts(batches: &[RecordBatch], column: &str) -> Vec<String> {
    let texts = batches.iter().flat_map(|batch| {
        let column = batch.column_by_name(column).unwrap();
        let texts = column.as_string::<i32>().iter();
        texts
            .map(|text| text.unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    texts.collect()
}

/// Accounts fade after 120 days, so the world's clock is moved, not asked about later.
#[test]
fn deny_an_event_that_cannot_be_read_its_account() {
    let mut world = small_world(80, 9);
    let first = world.business_opt_ins[0];
    world.business_events.push(BusinessEvent {
        business_id: first.business_id,
        what: BusinessEventKind::Said {
            account: first.account_id,
            word: PersonsWord::Resume,
        },
        at: first.opted_in_at,
    });
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &world);
    let file = signals.join("business_events.csv");
    let good = fs::read_to_string(&file).unwrap();
    let rows = |out: &str| {
        let run = Run::of_signals(&signals, &dir.path().join(out), "", Some(world.as_of)).unwrap();
        let accounts = u64s(&run.table("business_reach.parquet"), "account_id");
        accounts
            .into_iter()
            .filter(|id| *id == first.account_id.0)
            .count()
    };
    assert!(rows("before") > 0);
    fs::write(&file, good.replace("resume", "blocked!")).unwrap();
    assert_eq!(rows("after"), 0, "it may have been a block");
}

#[test]
fn deny_a_verdict_on_a_business_that_no_table_knows_by_name() {
    let world = small_world(80, 9);
    let dir = tempfile::tempdir().unwrap();
    write_world(&dir.path().join("signals"), TableForm::Csv, &world);
    let account = world.business_opt_ins[0].account_id.0;
    let line = format!("explain business 7 {account} --signals signals");
    assert!(done(&line, dir.path()).contains("no table knows the business"));
    assert_eq!(
        explained(dir.path(), &format!("{line} --json"))["is_known"],
        false
    );
    let known = world.businesses[0].business_id.0;
    let line = format!("explain business {known} 7 --signals signals");
    assert!(done(&line, dir.path()).contains("there is no thread"));
}
