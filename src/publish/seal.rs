//! JSON that says what it was when it was written: its first field is the digest of all the rest.

/// How a sealed object begins.
const BEGINS: &str = "{\"blake3\":\"";
/// What stands between the digest and the rest.
const GOES_ON: &str = "\",";
/// Hexadecimal digits of a digest.
const N_DIGITS: usize = 64;

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
}
