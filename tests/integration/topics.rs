//! Sensitive topics: every term of a hand-labelled list is refused with its reason or passes, and errors are told.

use std::collections::BTreeMap;

use acquaint::signals::{AdCategory, Interest, TermRefused, Topic};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    expected: BTreeMap<String, Vec<String>>,
    harmless: Terms,
    missed: Terms,
    taken_wrongly: Terms,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    terms: Vec<String>,
}

fn suite() -> Suite {
    toml::from_str(include_str!("../suite/topics.toml")).unwrap()
}

#[test]
fn deny_every_sensitive_term_with_its_topic() {
    let mut wrong = Vec::new();
    let mut n_terms = 0;
    for (name, terms) in suite().expected {
        let topic = Topic::parse(&name).unwrap();
        n_terms += terms.len();
        for term in terms {
            let refused = Some(TermRefused::Sensitive(topic));
            let found = (Interest::parse(&term).err(), AdCategory::parse(&term).err());
            if found != (refused, refused) {
                wrong.push(format!("{term}: {found:?}, not {topic}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {n_terms}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(n_terms >= 300, "{n_terms}");
}

#[test]
fn harmless_terms_pass() {
    let terms = suite().harmless.terms;
    let refused = |term: &String| Some(format!("{term}: {}", Interest::parse(term).err()?));
    let wrong: Vec<String> = terms.iter().filter_map(refused).collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        terms.len(),
        wrong.join("\n")
    );
    assert!(terms.len() >= 200);
}

/// The errors we know of are still errors: whoever mends one moves it.
#[test]
fn known_errors_are_told() {
    let suite = suite();
    let n_sensitive: usize = suite.expected.values().map(Vec::len).sum();
    for term in &suite.missed.terms {
        assert!(Interest::parse(term).is_ok(), "{term} is no longer missed");
    }
    for term in &suite.taken_wrongly.terms {
        assert!(
            Interest::parse(term).is_err(),
            "{term} is no longer taken wrongly"
        );
    }
    println!(
        "{} of {} sensitive terms pass, {} of {} harmless ones are refused",
        suite.missed.terms.len(),
        suite.missed.terms.len() + n_sensitive,
        suite.taken_wrongly.terms.len(),
        suite.taken_wrongly.terms.len() + suite.harmless.terms.len(),
    );
}
