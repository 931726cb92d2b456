//! The matrix of what was allowed equals a table made by hand.

use acquaint::consent::{AdLevel, ConsentParams, MatrixCell, Model, PolicySet, Purpose, matrix};
use acquaint::ids::Region;
use acquaint::time::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    regions: Vec<String>,
    purposes: Vec<String>,
    days: toml::Table,
    consents: toml::Table,
    consents_full: toml::Table,
    consents_limited: toml::Table,
}

fn table() -> Table {
    toml::from_str(include_str!("../suite/matrix.toml")).unwrap()
}

fn letter(cell: &MatrixCell) -> char {
    match (cell.is_allowed, cell.since) {
        (false, _) => 'n',
        _ if cell.level == Some(AdLevel::Limited) => 'l',
        (true, None) => 'y',
        (true, Some(since)) if since.to_string() == "2016-09-25T00:00:00Z" => 'c',
        (true, Some(_)) => '?',
    }
}

#[test]
fn the_matrix_is_what_a_person_reads_in_the_sources() {
    let table = table();
    let purposes: Vec<Purpose> = table
        .purposes
        .iter()
        .map(|name| Purpose::parse(name).unwrap())
        .collect();
    let regions: Vec<Region> = table
        .regions
        .iter()
        .map(|code| Region::parse(code).unwrap())
        .collect();
    let params = ConsentParams::default().check().unwrap();
    assert!(table.days.len() >= 30 && regions.len() >= 6);
    let by_model = [
        (Model::Accepted, &table.days),
        (Model::Consents, &table.consents),
        (Model::ConsentsFull, &table.consents_full),
        (Model::ConsentsLimited, &table.consents_limited),
    ];
    let mut wrong = Vec::new();
    let mut n_cells = 0;
    let days = by_model
        .into_iter()
        .flat_map(|(model, days)| days.iter().map(move |(day, row)| (model, day, row)));
    let mut n_days = 0;
    for (model, day, expected) in days {
        n_days += 1;
        let expected: Vec<&str> = expected.as_str().unwrap().split_whitespace().collect();
        assert_eq!(expected.len(), regions.len(), "{day}");
        let at = Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap();
        for (found, expected) in matrix(&PolicySet::shipped(), at, &regions, &params)
            .iter()
            .zip(expected)
        {
            let row = found.rows.iter().find(|row| row.model == model).unwrap();
            for (purpose, expected) in purposes.iter().zip(expected.chars()) {
                let cell = row
                    .cells
                    .iter()
                    .find(|cell| cell.purpose == *purpose)
                    .unwrap();
                n_cells += 1;
                if letter(cell) != expected {
                    wrong.push(format!(
                        "{day} {} {purpose}, {}: by hand {expected}, found {}",
                        found.region,
                        model.as_str(),
                        letter(cell)
                    ));
                }
            }
        }
    }
    assert_eq!(n_cells, n_days * regions.len() * 6);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whoever_opted_out_in_2016_is_out_ever_after() {
    let params = ConsentParams::default().check().unwrap();
    let us = [Region::parse("US").unwrap()];
    for day in ["2016-08-26", "2016-12-01", "2021-02-01", "2026-01-01"] {
        let at = Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap();
        let found = matrix(&PolicySet::shipped(), at, &us, &params);
        let row = |model| found[0].rows.iter().find(|row| row.model == model).unwrap();
        let letters = |model| row(model).cells.iter().map(letter).collect::<String>();
        let by_name = |model, purpose| {
            let cell = row(model)
                .cells
                .iter()
                .find(|cell| cell.purpose == purpose)
                .unwrap();
            letter(cell)
        };
        assert_eq!(letters(Model::NotNotified), "nnnnnn", "{day}");
        for purpose in [Purpose::FriendSuggestions, Purpose::AdRelevance] {
            assert_eq!(by_name(Model::OptedOut, purpose), 'n', "{day}");
            assert_eq!(by_name(Model::New, purpose), 'y', "{day}");
        }
        assert_eq!(by_name(Model::OptedOut, Purpose::Abuse), 'y', "{day}");
    }
}
