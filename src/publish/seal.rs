//! JSON that says what it was when it was written: its first field is the digest of all the rest.

use std::io::{self, Read};

/// How a sealed object begins.
const BEGINS: &str = "{\"blake3\":\"";
/// What stands between the digest and the rest.
const GOES_ON: &str = "\",";
/// Hexadecimal digits of a digest.
const N_DIGITS: usize = 64;
/// Where the digest of a page stands: in a comment at its end.
const PAGE_BEGINS: &str = "<!-- blake3 of all before this comment: ";
const PAGE_ENDS: &str = " -->\n";
/// Bytes within which a sealed object says what it is.
const HEAD_BYTES: u64 = 1024;

/// The text is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It does not begin with a digest.
    #[error(
        "it does not begin with a digest of its content: it was edited, or written by an older version; create it again"
    )]
    None,
    /// It has another digest than it says.
    #[error("its content does not match its digest, so it was edited or damaged; create it again")]
    Broken,
}

/// Puts the digest of a JSON object in front of its fields.
///
/// # Panics
/// If it is no object with a field.
#[must_use]
pub fn seal_json(json: &str) -> String {
    let fields = json.strip_prefix('{').expect("an object");
    format!("{BEGINS}{}{GOES_ON}{fields}", digest(fields))
}

/// Checks that a sealed object is what was written, to the last byte, and returns it without its seal.
///
/// # Errors
/// If it has no digest, or another.
pub fn unseal_json(text: &str) -> Result<String, SealError> {
    let sealed = text.strip_prefix(BEGINS).ok_or(SealError::None)?;
    let (told, rest) = sealed.split_at_checked(N_DIGITS).ok_or(SealError::None)?;
    let fields = rest.strip_prefix(GOES_ON).ok_or(SealError::None)?;
    if digest(fields) != told {
        return Err(SealError::Broken);
    }
    Ok(format!("{{{fields}"))
}

/// Is it a sealed object as it was written, of which the first bytes say a word? Read in pieces, so it may be large.
pub(super) fn is_sealed_text(mut text: impl Read, word: &str) -> io::Result<bool> {
    let mut head = Vec::new();
    text.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    let Some(told) = head.strip_prefix(BEGINS.as_bytes()) else {
        return Ok(false);
    };
    let Some((told, rest)) = told.split_at_checked(N_DIGITS) else {
        return Ok(false);
    };
    let Some(fields) = rest.strip_prefix(GOES_ON.as_bytes()) else {
        return Ok(false);
    };
    let says = fields.windows(word.len()).any(|at| at == word.as_bytes());
    let mut hasher = blake3::Hasher::new();
    hasher.update(fields).update_reader(text)?;
    Ok(says && hasher.finalize().to_hex().as_bytes() == told)
}

/// Puts the digest of a page behind it.
#[must_use]
pub fn seal_page(page: &str) -> String {
    let digest = digest(page);
    format!("{page}{PAGE_BEGINS}{digest}{PAGE_ENDS}")
}

/// Does a page end with its digest?
pub(super) fn is_sealed_page(page: &[u8]) -> bool {
    let sealed = page.strip_suffix(PAGE_ENDS.as_bytes());
    let parts = sealed.and_then(|page| page.split_at_checked(page.len().checked_sub(N_DIGITS)?));
    parts.is_some_and(|(page, told)| {
        let page = page.strip_suffix(PAGE_BEGINS.as_bytes());
        page.is_some_and(|page| blake3::hash(page).to_hex().as_bytes() == told)
    })
}

fn digest(fields: &str) -> String {
    blake3::hash(fields.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edit_of_a_byte_is_found() {
        let plain = "{\n  \"a\": 1,\n  \"b\": [2, 3]\n}\n";
        let sealed = seal_json(plain);
        assert_eq!(unseal_json(&sealed).unwrap(), plain);
        assert!(serde_json::from_str::<serde_json::Value>(&sealed).is_ok());
        for at in 0..sealed.len() {
            let mut edited = sealed.clone().into_bytes();
            edited[at] ^= 1;
            let edited = String::from_utf8(edited).unwrap();
            assert!(unseal_json(&edited).is_err(), "{at}");
            assert!(unseal_json(&sealed[..at]).is_err(), "cut at {at}");
        }
        assert_eq!(unseal_json(plain), Err(SealError::None));
    }

    #[test]
    fn a_sealed_text_is_known_in_pieces() {
        let plain = format!("{{\"schema\":\"x/1\",\"long\":\"{}\"}}", "y".repeat(5000));
        let sealed = seal_json(&plain);
        let is_one = |text: &str, word| is_sealed_text(text.as_bytes(), word).unwrap();
        assert!(is_one(&sealed, "\"x/1\""));
        assert!(!is_one(&sealed, "\"x/2\""));
        assert!(!is_one(&sealed.replacen('y', "z", 1), "\"x/1\""));
        assert!(!is_one(&plain, "\"x/1\""));
    }

    #[test]
    fn a_page_that_was_edited_is_found() {
        let page = seal_page("<p>two\n");
        assert!(page.starts_with("<p>two\n<!--"));
        assert!(is_sealed_page(page.as_bytes()));
        assert!(!is_sealed_page(page.replace("two", "three").as_bytes()));
        assert!(!is_sealed_page(format!("{page}more").as_bytes()));
        assert!(!is_sealed_page(b"<p>two\n"));
        assert!(!is_sealed_page(b""));
    }
}
