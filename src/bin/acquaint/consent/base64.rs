//! Digits of Base64, six bits each.

/// The last two digits of the standard alphabet.
pub(super) const STANDARD: [u8; 2] = *b"+/";
/// Those of the alphabet for addresses.
pub(super) const FOR_URLS: [u8; 2] = *b"-_";

/// What a digit stands for, in an alphabet of letters, decimal digits and two more.
pub(super) fn six_bits(digit: u8, last: [u8; 2]) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        _ if digit == last[0] => 62,
        _ if digit == last[1] => 63,
        _ => return None,
    })
}
