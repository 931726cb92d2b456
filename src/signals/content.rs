//! Message content is never read: a column that seems to hold it is refused by name.

/// Words that name message content, alone or as a part of a column's name.
const WORDS: [&str; 10] = [
    "text",
    "body",
    "message",
    "content",
    "msg",
    "chat",
    "caption",
    "transcript",
    "snippet",
    "subject",
];

/// Does a column of this name seem to hold what people wrote to each other?
///
/// A name is taken apart at everything that is neither a letter nor a digit, and where a capital follows a
/// small letter: `message_text`, `Message-Text` and `messageText` are all refused, `context` and
/// `text2speech` are not.
pub(crate) fn looks_like_message_content(column: &str) -> bool {
    parts(column)
        .iter()
        .any(|part| WORDS.contains(&part.as_str()))
}

fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_small = false;
    for letter in name.chars() {
        let breaks = after_small && letter.is_uppercase() || !letter.is_alphanumeric();
        if breaks {
            parts.push(String::new());
        }
        if letter.is_alphanumeric() {
            parts
                .last_mut()
                .expect("there is a first part")
                .extend(letter.to_lowercase());
        }
        after_small = letter.is_lowercase();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_names_of_message_content() {
        for name in [
            "text",
            "Body",
            "message_text",
            "chat-id",
            "lastMessage",
            "payload.snippet",
            "SUBJECT",
            "msg",
        ] {
            assert!(looks_like_message_content(name), "{name}");
        }
    }

    #[test]
    fn other_names_pass() {
        for name in [
            "context",
            "phone",
            "business_threads",
            "chatty",
            "textual",
            "contents_id",
            "",
        ] {
            assert!(!looks_like_message_content(name), "{name}");
        }
    }
}
