//! What must hold of any text that is read as a phone number; shared with `fuzz/`.

use acquaint::identity::{E164, NotANumber, Reading, number_region, number_type};
use acquaint::ids::Region;
use acquaint::signals::RawPhone;

/// Fails if a text is read in two ways that do not agree.
pub(crate) fn check(text: &str, region: Option<Region>) {
    let raw = RawPhone::new(text);
    let parsed = E164::parse(&raw, region);
    match Reading::of(&raw, region) {
        Err(error) => assert!(parsed == Err(error), "unreadable, but parsed"),
        Ok(reading) => check_reading(&reading, parsed),
    }
    let canonical = E164::canonical(&raw, region);
    match (parsed, canonical) {
        (Ok(number), _) => assert!(canonical == Ok(number), "a valid number became another"),
        (Err(_), Ok(number)) => {
            check_number(number);
            assert!(has_aliases(number), "no alias leads here");
        }
        (Err(error), Err(other)) => assert!(error == other, "two reasons"),
    }
}

fn check_reading(reading: &Reading, parsed: Result<E164, NotANumber>) {
    let digits = reading.e164.strip_prefix('+');
    assert!(
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())),
        "not of E.164's form"
    );
    assert!(
        reading.is_valid == reading.kind.is_some(),
        "valid for nothing, or nothing for something"
    );
    assert!(
        reading.is_possible || !reading.is_valid,
        "valid, but not possible"
    );
    match parsed {
        Ok(number) => {
            assert!(reading.is_valid, "parsed, but not valid");
            assert!(
                reading.e164 == format!("+{}", number.expose()),
                "two numbers"
            );
            check_number(number);
        }
        Err(NotANumber::OutOfRange) => assert!(reading.is_valid, "out of range, but not valid"),
        Err(_) => assert!(!reading.is_valid, "valid, but not parsed"),
    }
}

/// Is it of a country whose numbers had other forms: Mexico, Brazil, Ivory Coast, Benin?
fn has_aliases(number: E164) -> bool {
    let digits = number.expose().to_string();
    ["52", "55", "225", "229"]
        .iter()
        .any(|code| digits.starts_with(code))
}

/// A valid number reads as itself, by the automaton and by libphonenumber, which gets what the automaton does not take.
///
/// Or as none at all: libphonenumber strips the trunk prefix from some numbers twice, such as Belarus's `8 810 …`, which it
/// reads from the home form alone. It never reads as another.
fn check_number(number: E164) {
    let clean = format!("+{}", number.expose());
    let spaced = format!(" {clean}");
    let [by_automaton, by_library] =
        [&clean, &spaced].map(|text| E164::parse(&RawPhone::new(text), None));
    assert!(
        by_automaton == by_library,
        "automaton and libphonenumber read two numbers"
    );
    assert!(
        by_library.is_err() || by_library == Ok(number),
        "a number reads as another"
    );
    let [by_automaton, by_library] =
        [clean, spaced].map(|text| Reading::of(&RawPhone::new(text), None));
    assert!(
        by_automaton == by_library,
        "automaton and libphonenumber disagree"
    );
    let by_library = by_library.ok().filter(|reading| reading.is_valid);
    let place = by_library.as_ref().and_then(|reading| reading.place);
    let region = place.and_then(|place| Region::parse(place.as_str()));
    assert!(number_region(number) == region, "two regions");
    assert!(
        number_type(number) == by_library.and_then(|reading| reading.kind),
        "two types"
    );
}
