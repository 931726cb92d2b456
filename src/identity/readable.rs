//! What libphonenumber can be asked about.
//!
//! It takes 250 characters at most, as UTF-16 counts them; the port we use takes more, and longer for it. And where the
//! parameter `;phone-context=` of RFC 3966 stands before the scheme `tel:`, it looks for the number between the two in the
//! wrong order, and panics. Neither is a phone number.

/// The longest text it takes, in UTF-16 units.
pub(super) const MAX_LEN: usize = 250;

/// Can libphonenumber be asked about a text?
pub(super) fn is_readable(text: &str) -> bool {
    let is_short = text.len() <= MAX_LEN || text.encode_utf16().count() <= MAX_LEN;
    is_short && is_in_order(text)
}

fn is_in_order(text: &str) -> bool {
    let Some(context) = text.find(";phone-context=") else {
        return true;
    };
    text.find("tel:").is_none_or(|scheme| scheme < context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_long_text() {
        assert!(is_readable(&"1".repeat(250)));
        assert!(is_readable(&"１".repeat(250)), "counted in UTF-16");
        assert!(!is_readable(&"1".repeat(251)));
        assert!(!is_readable(&"😀".repeat(126)), "two units each");
    }

    #[test]
    fn deny_a_context_before_the_scheme() {
        assert!(is_readable("tel:030-123456;phone-context=+49"));
        assert!(is_readable("030-123456;phone-context=+49"));
        assert!(!is_readable("030-123456;phone-context=+49;tel:1"));
    }
}
