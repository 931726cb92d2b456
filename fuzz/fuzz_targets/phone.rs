//! Reading phone numbers: two bytes name the region, the rest is the text.

#![no_main]

use acquaint::ids::Region;
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/numbers.rs"]
mod numbers;

fuzz_target!(|data: (&[u8], [u8; 2])| {
    let (text, region) = data;
    let region = std::str::from_utf8(&region).ok().and_then(Region::parse);
    numbers::check(&String::from_utf8_lossy(text), region);
});
