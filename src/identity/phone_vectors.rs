//! Agreement with libphonenumber's other ports on real vectors: the data sets beside the repository.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;

use flate2::read::GzDecoder;

use super::{E164, NumberType, Reading, number_region};
use crate::ids::Region;
use crate::signals::RawPhone;

const DATASETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/datasets/phone");

#[derive(serde::Deserialize)]
struct Vector {
    default_region: String,
    raw: String,
    result: String,
    e164: String,
    valid: String,
    possible: String,
    region: String,
    r#type: String,
}

#[derive(serde::Deserialize)]
struct Example {
    region: String,
    country_code: String,
    national_number: String,
    e164: String,
    valid: String,
}

/// The rows of a table, or none and a word about it if the data set is not there.
fn read<T: serde::de::DeserializeOwned>(name: &str) -> Option<Vec<T>> {
    let path = Path::new(DATASETS).join(name);
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: {} not there", path.display());
        return None;
    };
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    Some(
        reader
            .deserialize()
            .map(|row| row.expect("the data set is well formed"))
            .collect(),
    )
}

fn digits(e164: &str, valid: &str) -> Option<u64> {
    let digits = e164.strip_prefix('+')?.parse().ok()?;
    (valid == "1").then_some(digits)
}

fn parsed(raw: &str, default_region: &str) -> Option<E164> {
    E164::parse(&RawPhone::new(raw), Region::parse(default_region)).ok()
}

/// Fails unless all but `n_known` cases agree, and says which do not.
fn check(n_known: usize, n_cases: usize, disagreements: &[String]) {
    let listed = disagreements.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "  {line}").expect("a string takes all text");
        text
    });
    eprintln!(
        "{} of {n_cases} agree\n{listed}",
        n_cases - disagreements.len()
    );
    assert!(n_cases > 100, "only {n_cases} cases were read");
    assert!(
        disagreements.len() <= n_known,
        "more than {n_known} disagree:\n{listed}"
    );
}

fn check_vectors(name: &str, n_known: usize) {
    let Some(vectors) = read::<Vector>(name) else {
        return;
    };
    let disagrees = |vector: &Vector| {
        let ours = parsed(&vector.raw, &vector.default_region).map(E164::expose);
        let theirs = digits(&vector.e164, &vector.valid);
        let (raw, region) = (&vector.raw, &vector.default_region);
        (ours != theirs).then(|| format!("{raw:?} in {region}: {ours:?}, but {theirs:?} elsewhere"))
    };
    let disagreements: Vec<_> = vectors.iter().filter_map(disagrees).collect();
    check(n_known, vectors.len(), &disagreements);
}

/// Everything a vector says: did it read, E.164, valid, possible, region, type.
#[test]
fn oracle_readings_of_vectors() {
    for name in ["vectors.csv.gz", "vectors_libphonenumber_tests.csv.gz"] {
        let Some(vectors) = read::<Vector>(name) else {
            return;
        };
        let disagrees = |vector: &Vector| {
            let (ours, theirs) = (reading(vector), said(vector));
            (ours != theirs)
                .then(|| format!("{:?}: {ours:?}, but {theirs:?} elsewhere", vector.raw))
        };
        let disagreements: Vec<_> = vectors.iter().filter_map(disagrees).collect();
        let n_least = if name == "vectors.csv.gz" { 7_000 } else { 100 };
        assert!(vectors.len() > n_least, "{name}");
        check(0, vectors.len(), &disagreements);
    }
}

fn reading(vector: &Vector) -> Option<[String; 5]> {
    let read = Reading::of(
        &RawPhone::new(&vector.raw),
        Region::parse(&vector.default_region),
    )
    .ok()?;
    let flag = |is: bool| u8::from(is).to_string();
    Some([
        read.e164,
        flag(read.is_valid),
        flag(read.is_possible),
        read.place
            .map_or_else(String::new, |place| place.as_str().to_owned()),
        read.kind.map_or("UNKNOWN", NumberType::as_str).to_owned(),
    ])
}

fn said(vector: &Vector) -> Option<[String; 5]> {
    let Vector {
        e164,
        valid,
        possible,
        region,
        r#type,
        ..
    } = vector;
    let all = [e164, valid, possible, region, r#type].map(Clone::clone);
    (vector.result == "ok").then_some(all)
}

#[test]
fn oracle_vectors() {
    check_vectors("vectors.csv.gz", 0);
}

#[test]
fn oracle_vectors_of_unit_tests() {
    check_vectors("vectors_libphonenumber_tests.csv.gz", 0);
}

#[test]
fn oracle_regions_of_vectors() {
    let Some(vectors) = read::<Vector>("vectors.csv.gz") else {
        return;
    };
    let valid: Vec<_> = vectors
        .iter()
        .filter_map(|vector| {
            Some((
                vector,
                E164::from_digits(digits(&vector.e164, &vector.valid)?).ok()?,
            ))
        })
        .collect();
    let disagrees = |(vector, number): &(&Vector, E164)| {
        let (ours, theirs) = (number_region(*number), Region::parse(&vector.region));
        (ours != theirs).then(|| format!("{}: {ours:?}, but {theirs:?} elsewhere", vector.e164))
    };
    let disagreements: Vec<_> = valid.iter().filter_map(disagrees).collect();
    check(0, valid.len(), &disagreements);
}

#[test]
fn oracle_example_numbers() {
    let Some(examples) = read::<Example>("example_numbers.csv.gz") else {
        return;
    };
    let disagrees = |example: &Example| {
        let expected = digits(&example.e164, &example.valid);
        let international = format!("+{}{}", example.country_code, example.national_number);
        let ours = parsed(&international, &example.region).map(E164::expose);
        (ours != expected).then(|| format!("{}: {ours:?}", example.e164))
    };
    let disagreements: Vec<_> = examples.iter().filter_map(disagrees).collect();
    check(0, examples.len(), &disagreements);
}

/// For comparing, every valid vector is what it is for libphonenumber; others only by an alias.
#[test]
fn oracle_canonical_forms_of_vectors() {
    let Some(vectors) = read::<Vector>("vectors.csv.gz") else {
        return;
    };
    for vector in vectors {
        let raw = RawPhone::new(&vector.raw);
        let canonical = E164::canonical(&raw, Region::parse(&vector.default_region)).ok();
        match digits(&vector.e164, &vector.valid) {
            Some(theirs) => assert_eq!(canonical.map(E164::expose), Some(theirs)),
            None => assert!(
                canonical.is_none_or(|number| number.former_forms().count() > 0),
                "{:?} in {}",
                vector.raw,
                vector.default_region
            ),
        }
    }
}
