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
            assert!(
                number.former_forms().next().is_some(),
                "no alias leads here"
            );
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

/// A valid number reads as itself, by the automaton and by libphonenumber, which gets what the automaton does not take.
fn check_number(number: E164) {
    let clean = format!("+{}", number.expose());
    let spaced = format!(" {clean}");
    for text in [&clean, &spaced] {
        let again = E164::parse(&RawPhone::new(text), None);
        assert!(again == Ok(number), "a number does not read as itself");
    }
    let [by_automaton, by_library] =
        [clean, spaced].map(|text| Reading::of(&RawPhone::new(text), None));
    assert!(
        by_automaton == by_library,
        "automaton and libphonenumber disagree"
    );
    let place = by_library.as_ref().ok().and_then(|reading| reading.place);
    let region = place.and_then(|place| Region::parse(place.as_str()));
    assert!(number_region(number) == region, "two regions");
    assert!(
        number_type(number) == by_library.ok().and_then(|reading| reading.kind),
        "two types"
    );
}
