//! One id of a device, however a system writes it.

use std::borrow::Cow;

/// From so many digits on a hexadecimal number is an id and not a word: `9f0c1d2e3a4b5c6d` is Android's.
const LONG: usize = 16;

/// The text that an id is digested from: of a UUID, or another long hexadecimal number, its digits in lower case; of any
/// other text all of it but what a spreadsheet put around it.
pub(super) fn one_form(text: &str) -> Cow<'_, str> {
    let bare = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '='));
    let number = bare.trim_matches(|c: char| matches!(c, '{' | '}' | '(' | ')'));
    let is_scheme = |scheme: &&str| {
        let head = number.get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["urn:uuid:", "uuid:"].into_iter().find(is_scheme);
    let number = &number[scheme.map_or(0, str::len)..];
    let is_mark = |c: char| matches!(c, '-' | '_' | ' ');
    let digits: String = number.chars().filter(|&c| !is_mark(c)).collect();
    let is_number = digits.len() >= LONG && digits.bytes().all(|c| c.is_ascii_hexdigit());
    if is_number {
        Cow::Owned(digits.to_ascii_lowercase())
    } else {
        Cow::Borrowed(bare)
    }
}

#[cfg(test)]
mod tests {
    use super::super::DeviceId;

    #[test]
    fn one_device_in_many_forms() {
        let forms = [
            "6D92078A-8246-4BA4-AE5B-76104861E7DC",
            "6d92078a-8246-4ba4-ae5b-76104861e7dc",
            "6d92078a82464ba4ae5b76104861e7dc",
            "6D92078A82464BA4AE5B76104861E7DC",
            "{6D92078A-8246-4BA4-AE5B-76104861E7DC}",
            "'6D92078A-8246-4BA4-AE5B-76104861E7DC",
            "\"6d92078a-8246-4ba4-ae5b-76104861e7dc\"",
            "urn:uuid:6d92078a-8246-4ba4-ae5b-76104861e7dc",
            " 6d92078a_8246_4ba4_ae5b_76104861e7dc ",
        ];
        let one = DeviceId::of(forms[0]);
        assert!(one.is_some());
        for form in forms {
            assert_eq!(DeviceId::of(form), one, "{form}");
        }
        for (a, b) in [
            ("9F0C1D2E3A4B5C6D", "9f0c1d2e3a4b5c6d"),
            ("'phone 7", "phone 7"),
        ] {
            assert_eq!(DeviceId::of(a), DeviceId::of(b), "{a}");
        }
    }

    #[test]
    fn other_devices_stay_others() {
        for (a, b) in [
            (
                "6d92078a-8246-4ba4-ae5b-76104861e7dc",
                "6d92078a-8246-4ba4-ae5b-76104861e7dd",
            ),
            ("Phone", "phone"),
            ("cafe", "CAFE"),
            ("phone-1", "phone1"),
            ("9f0c1d2e3a4b5c6d", "9f0c1d2e3a4b5c6d00"),
        ] {
            assert_ne!(DeviceId::of(a), DeviceId::of(b), "{a}");
        }
    }
}
