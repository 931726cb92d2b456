//! Links that open a chat with a number: `wa.me/4915112345678`, `api.whatsapp.com/send?phone=…`.
//!
//! The messenger defines them with the country code and without a plus sign, so their digits are international whatever
//! the region is. A link without a number (`wa.me/message/…`, `wa.me/qr/…`) has a code, whose digits are nobody's.

use std::borrow::Cow;

/// How such links begin, in lower case; the number follows.
const BEGINNINGS: [&str; 3] = ["wa.me/", "whatsapp.com/send", "whatsapp://send"];
/// What the number is called in a link that names its parameters.
const PARAMETER: &str = "phone=";

/// What a text says of a chat.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChatLink {
    /// It opens a chat with this number, written with a plus sign.
    Number(String),
    /// It opens a chat, and does not say with which number.
    Other,
}

/// The link that a text is; none if it is no such link.
pub(super) fn chat_link(text: &str) -> Option<ChatLink> {
    // All of them have this letter, and hardly any number does.
    if !text.bytes().any(|byte| byte.eq_ignore_ascii_case(&b'w')) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let behind = |beginning: &&str| lower.find(*beginning).map(|at| at + beginning.len());
    let rest = &lower[BEGINNINGS.iter().find_map(behind)?..];
    let rest = rest
        .find(PARAMETER)
        .map_or(rest, |at| &rest[at + PARAMETER.len()..]);
    let ends = |c: char| matches!(c, '?' | '&' | '/' | '"' | '\'' | '<' | '>' | ';' | ',');
    let number = rest.split(ends).next().unwrap_or_default();
    let number = number.replace("%2b", "+").replace("%20", " ");
    Some(international(&number).map_or(ChatLink::Other, ChatLink::Number))
}

/// The text to read a number from: of a link its number.
pub(super) fn text_of(text: &str) -> Cow<'_, str> {
    if text.starts_with(|c: char| c == '+' || c.is_ascii_digit()) {
        return Cow::Borrowed(text);
    }
    match chat_link(text) {
        Some(ChatLink::Number(number)) => Cow::Owned(number),
        Some(ChatLink::Other) | None => Cow::Borrowed(text),
    }
}

/// Digits and the marks between them, behind one plus sign. A trunk zero is of no international number.
fn international(number: &str) -> Option<String> {
    let number = number.trim();
    let bare = number.strip_prefix('+').unwrap_or(number);
    let is_typed = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')');
    let begins_well = bare.starts_with(|c: char| matches!(c, '1'..='9' | '('));
    (begins_well && bare.chars().all(is_typed)).then(|| format!("+{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_its_number() {
        for link in [
            "wa.me/43664910594",
            "https://wa.me/43664910594",
            "HTTP://WA.ME/43664910594?text=Hi%202",
            "https://wa.me/+43664910594/",
            "\"https://wa.me/43664910594\"",
            "https://api.whatsapp.com/send?phone=43664910594",
            "https://api.whatsapp.com/send/?text=1&phone=%2B43664910594&app=2",
            "web.whatsapp.com/send?phone=43664910594",
            "whatsapp://send?phone=43664910594&text=7",
        ] {
            let number = ChatLink::Number("+43664910594".to_owned());
            assert_eq!(chat_link(link), Some(number), "{link}");
        }
    }

    #[test]
    fn deny_a_link_without_one() {
        for link in [
            "https://wa.me/message/ABC43664910594",
            "https://wa.me/qr/43664910594",
            "wa.me/0664910594",
            "wa.me/43664910594.0",
            "https://api.whatsapp.com/send?text=43664910594",
        ] {
            assert_eq!(chat_link(link), Some(ChatLink::Other), "{link}");
        }
        for text in ["43664910594", "+43 664 910594", "rowa.meier", "", "@anna"] {
            assert_eq!(chat_link(text), None, "{text}");
        }
    }
}
