//! Strings of the Global Privacy Platform: does one say "do not sell or share"?
//!
//! The header names the sections that follow; of these the national section of the United States (7) is read. What is not read of a
//! state's section may be an opt-out, so it is taken for one. What cannot be read at all is an error: nobody's word is guessed.

use super::base64::{FOR_URLS, six_bits};

/// Why a string says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GppError {
    #[error("it is empty")]
    Empty,
    #[error("a character is not of base64url")]
    NotBase64,
    #[error("it ends too early")]
    TooShort,
    #[error("the type of its header is {0}, and that of such a string is 3")]
    Type(u64),
    #[error("version {version} of the {of} is not known to this build; known are {known}")]
    Version {
        of: &'static str,
        version: u64,
        known: &'static str,
    },
    #[error("its header names {named} sections, and {found} follow")]
    Sections { named: usize, found: usize },
    #[error("the sections its header names do not ascend, or are too many")]
    Order,
    #[error("3 is no value of an opt-out")]
    Value,
    #[error("a segment is not that of the global privacy control, or stands there twice")]
    Segment,
}

/// The sections of the European Union and of Canada: consent of another kind, which is neither given nor taken by these strings.
const OTHER_LAW: [u64; 4] = [1, 2, 4, 5];
/// The national section of the United States.
const NATIONAL: u64 = 7;
/// No header names more.
const MOST_SECTIONS: usize = 64;

/// Is a string an opt-out of sale, of sharing or of targeted advertising?
pub(crate) fn opts_out(text: &str) -> Result<bool, GppError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(GppError::Empty);
    }
    let mut parts = text.split('~');
    let ids = header(parts.next().unwrap_or_default())?;
    let sections: Vec<&str> = parts.collect();
    if ids.len() != sections.len() {
        return Err(GppError::Sections {
            named: ids.len(),
            found: sections.len(),
        });
    }
    let mut is_out = false;
    for (id, section) in ids.iter().zip(sections) {
        is_out |= match *id {
            NATIONAL => national(section)?,
            id => !OTHER_LAW.contains(&id),
        };
    }
    Ok(is_out)
}

/// The numbers of the sections: type, version, and a list of numbers and ranges in Fibonacci coding, each from the last.
fn header(text: &str) -> Result<Vec<u64>, GppError> {
    let mut bits = Bits::new(text)?;
    match bits.whole(6)? {
        3 => {}
        other => return Err(GppError::Type(other)),
    }
    match bits.whole(6)? {
        1 => {}
        version => {
            return Err(GppError::Version {
                of: "header",
                version,
                known: "1",
            });
        }
    }
    let n_entries = bits.whole(12)?;
    let (mut ids, mut last) = (Vec::new(), 0_u64);
    for _ in 0..n_entries {
        let is_range = bits.whole(1)? == 1;
        let first = last + bits.fibonacci()?;
        last = if is_range {
            first + bits.fibonacci()?
        } else {
            first
        };
        if last - first >= MOST_SECTIONS as u64 || ids.len() >= MOST_SECTIONS {
            return Err(GppError::Order);
        }
        ids.extend(first..=last);
    }
    Ok(ids)
}

/// The national section: a core, and the global privacy control if it is told.
fn national(text: &str) -> Result<bool, GppError> {
    let mut segments = text.split('.');
    let mut core = Bits::new(segments.next().unwrap_or_default())?;
    match core.whole(6)? {
        1 | 2 => {}
        version => {
            return Err(GppError::Version {
                of: "national section",
                version,
                known: "1 and 2",
            });
        }
    }
    // Six notices.
    core.whole(12)?;
    let mut is_out = false;
    for _sale_sharing_targeting in 0..3 {
        match core.whole(2)? {
            0 | 2 => {}
            1 => is_out = true,
            _ => return Err(GppError::Value),
        }
    }
    // Sensitive data, children and the agreement: nothing of it is an opt-out, but a section that is cut off is none.
    core.whole(36)?;
    let mut has_control = false;
    for segment in segments {
        let mut bits = Bits::new(segment)?;
        if has_control || bits.whole(2)? != 1 {
            return Err(GppError::Segment);
        }
        has_control = true;
        is_out |= bits.whole(1)? == 1;
    }
    Ok(is_out)
}

/// Bits of base64url, six a character.
struct Bits<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    fn new(text: &'a str) -> Result<Self, GppError> {
        if !text.bytes().all(|byte| six(byte).is_some()) {
            return Err(GppError::NotBase64);
        }
        Ok(Self {
            text: text.as_bytes(),
            at: 0,
        })
    }

    fn bit(&mut self) -> Result<u64, GppError> {
        let byte = *self.text.get(self.at / 6).ok_or(GppError::TooShort)?;
        let six = six(byte).ok_or(GppError::NotBase64)?;
        let bit = six >> (5 - self.at % 6) & 1;
        self.at += 1;
        Ok(bit)
    }

    fn whole(&mut self, n_bits: u32) -> Result<u64, GppError> {
        let mut whole = 0;
        for _ in 0..n_bits {
            whole = whole << 1 | self.bit()?;
        }
        Ok(whole)
    }

    /// A sum of Fibonacci numbers from 1, 2, 3, 5 on, ended by a second 1 in a row.
    fn fibonacci(&mut self) -> Result<u64, GppError> {
        let (mut one, mut next) = (1_u64, 2_u64);
        let (mut sum, mut was_one) = (0_u64, false);
        for _ in 0..40 {
            let is_one = self.bit()? == 1;
            if is_one && was_one {
                return Ok(sum);
            }
            if is_one {
                sum += one;
            }
            was_one = is_one;
            (one, next) = (next, one + next);
        }
        Err(GppError::Order)
    }
}

fn six(byte: u8) -> Option<u64> {
    six_bits(byte, FOR_URLS).map(u64::from)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Suite {
        published: Vec<Vector>,
        by_hand: Vec<Vector>,
        faulty: Vec<Fault>,
    }

    #[derive(Deserialize)]
    struct Vector {
        gpp: String,
        opts_out: bool,
    }

    #[derive(Deserialize)]
    struct Fault {
        gpp: String,
        says: String,
    }

    #[test]
    fn every_vector_says_what_it_says() {
        let suite = include_str!("../../../../tests/suite/gpp.toml");
        let suite: Suite = toml::from_str(suite).unwrap();
        for vector in suite.published.iter().chain(&suite.by_hand) {
            assert_eq!(opts_out(&vector.gpp), Ok(vector.opts_out), "{}", vector.gpp);
        }
        for fault in &suite.faulty {
            let error = opts_out(&fault.gpp).unwrap_err().to_string();
            assert!(error.contains(&fault.says), "{}: {error}", fault.gpp);
        }
    }

    #[test]
    fn headers_name_numbers_and_ranges() {
        assert_eq!(header("DBABLA"), Ok(vec![7]));
        assert_eq!(header("DBABVg"), Ok(vec![12]));
        assert_eq!(
            header("DBABM"),
            Ok(vec![2]),
            "the one of the European Union"
        );
        assert_eq!(
            header("DBACNY"),
            Ok(vec![2, 6]),
            "the example of the specification"
        );
    }

    #[test]
    fn a_string_cut_off_anywhere_says_nothing() {
        let whole = "DBABLA~BVVVkkkklWA.YA";
        for end in 0..17 {
            assert!(opts_out(&whole[..end]).is_err(), "{end}");
        }
    }
}
