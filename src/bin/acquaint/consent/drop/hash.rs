//! Hashes as lists write them.

use super::super::base64::{STANDARD, six_bits};

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// How long the text of one is.
pub(super) const TEXT: usize = 44;

/// 32 bytes from 43 digits of Base64 and one of padding.
pub(super) fn from_base64(text: &[u8]) -> Option<Hash> {
    let (digits, padding) = text.split_at_checked(TEXT - 1)?;
    if padding != b"=" {
        return None;
    }
    let mut hash = [0; 32];
    for (digits, bytes) in digits.chunks(4).zip(hash.chunks_mut(3)) {
        let mut bits = 0_u32;
        for &digit in digits {
            bits = bits << 6 | u32::from(six_bits(digit, STANDARD)?);
        }
        if bytes.len() < 3 {
            // The two bits left over are 0 in what an encoder writes.
            if bits & 0b11 != 0 {
                return None;
            }
            bits <<= 6;
        }
        let [_, three @ ..] = bits.to_be_bytes();
        bytes.copy_from_slice(&three[..bytes.len()]);
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::super::known::hash_of_digits;
    use super::*;

    /// The two published with version 1.2.0 of the interface.
    #[test]
    fn the_published_vectors() {
        let phone = from_base64(b"vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=").unwrap();
        assert_eq!(hash_of_digits("4155559317"), phone);
        let mail = from_base64(b"KA18MT/ph6IHYjzT9zwETySDQyvSh87YuoSBpOQtkhE=").unwrap();
        assert_eq!(hash_of_digits("anna.smith@domain.com"), mail);
    }

    #[test]
    fn deny_what_is_no_hash() {
        for bad in [
            "",
            "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E",
            "vGM7y5n-hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=",
            "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8F=",
            "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E==",
        ] {
            assert_eq!(from_base64(bad.as_bytes()), None, "{bad}");
        }
    }
}
