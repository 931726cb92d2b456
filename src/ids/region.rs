//! Countries and territories, by the two letters that everybody writes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The officially assigned codes of ISO 3166-1 alpha-2 (249, unchanged since South Sudan in 2011 but for names),
/// and three more that telephone numbers need: Kosovo (`XK`, user-assigned, as in the Union's own registers),
/// Ascension (`AC`) and Tristan da Cunha (`TA`), both reserved for what they are used for.
const CODES: &str = "\
AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO \
JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT \
TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// What people write for a country beside its code: ISO reserves the first for it, the Union uses both.
const ALIASES: [([u8; 2], [u8; 2]); 2] = [(*b"UK", *b"GB"), (*b"EL", *b"GR")];

/// What people write for many countries at once. None of them says which.
const GROUPS: [&str; 37] = [
    "*",
    "001",
    "002",
    "009",
    "019",
    "142",
    "150",
    "419",
    "ALL",
    "AMER",
    "ANY",
    "APAC",
    "ASEAN",
    "BENELUX",
    "CIS",
    "DACH",
    "EEA",
    "EFTA",
    "EMEA",
    "EU",
    "EU27",
    "EU28",
    "EUROPE",
    "EUROZONE",
    "EWR",
    "EZ",
    "G20",
    "GCC",
    "GLOBAL",
    "LATAM",
    "MENA",
    "NAFTA",
    "NORDICS",
    "ROW",
    "UN",
    "WORLD",
    "WORLDWIDE",
];

/// The codes, a bit for each second letter.
static ASSIGNED: [u32; 26] = assigned(CODES.as_bytes());

const fn assigned(codes: &[u8]) -> [u32; 26] {
    let mut masks = [0; 26];
    let mut at = 0;
    while at + 1 < codes.len() {
        masks[(codes[at] - b'A') as usize] |= 1 << (codes[at + 1] - b'A');
        at += 3;
    }
    masks
}

/// A country or territory: a code of ISO 3166-1 alpha-2, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region([u8; 2]);

/// Why a text is no region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegionRefused {
    /// It names many countries at once.
    #[error(
        "names a group of countries: write one row for each of them, by its code of ISO 3166-1"
    )]
    Group,
    /// It is no code.
    #[error("is no country's code of ISO 3166-1, such as DE")]
    NoCode,
}

impl Region {
    /// A region that is only told apart from others: one for each number from 1 to 676, by two letters that need be nobody's
    /// code; none for any other.
    pub(crate) fn numbered(number: u16) -> Option<Self> {
        let number = number.checked_sub(1)?;
        let letter = |place: u16| u8::try_from(place).ok().filter(|&place| place < 26);
        let (a, b) = (letter(number / 26)?, letter(number % 26)?);
        Some(Self([b'A' + a, b'A' + b]))
    }

    /// Reads a region's code; lower case is accepted, and so are `UK` for `GB` and `EL` for `GR`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).ok()
    }

    /// Reads a region's code as [`parse`](Self::parse) does, and says why a text is none.
    ///
    /// # Errors
    /// If it names a group of countries, or is no code at all. `ZZ`, CLDR's unknown region, is none: an unknown
    /// region is the absence of one.
    pub fn read(text: &str) -> Result<Self, RegionRefused> {
        let text = text.trim();
        if let &[a, b] = text.as_bytes() {
            let code = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
            let alias = ALIASES.iter().find(|(other, _)| *other == code);
            let code = alias.map_or(code, |&(_, meant)| meant);
            if is_assigned(code) {
                return Ok(Self(code));
            }
        }
        Err(if is_group(text) {
            RegionRefused::Group
        } else {
            RegionRefused::NoCode
        })
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a region is two ASCII letters by construction")
    }
}

fn is_assigned([a, b]: [u8; 2]) -> bool {
    let place = |letter: u8| letter.is_ascii_uppercase().then(|| letter - b'A');
    let bit = place(a).zip(place(b));
    bit.is_some_and(|(a, b)| ASSIGNED[usize::from(a)] & (1 << b) != 0)
}

/// Letters and digits decide: `E.U.`, `EU-27` and `eea` are groups as well.
fn is_group(text: &str) -> bool {
    let is_letter = |c: &char| c.is_ascii_alphanumeric() || *c == '*';
    let name: String = text.chars().filter(is_letter).collect();
    GROUPS.contains(&name.to_ascii_uppercase().as_str())
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Region {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).map_err(|refused| format!("a region {refused}"))
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_region_and_nothing_else_of_two_letters() {
        let is_region = |code: &String| Region::parse(code).is_some();
        let letters = || 'A'..='Z';
        let all = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}")));
        let found: Vec<String> = all.filter(is_region).collect();
        let mut listed: Vec<&str> = CODES.split(' ').chain(["UK", "EL"]).collect();
        listed.sort_unstable();
        assert_eq!(found, listed);
        assert_eq!(listed.len(), 249 + 3 + 2);
    }

    #[test]
    fn lower_case_and_what_people_mean() {
        for (text, code) in [
            ("de", "DE"),
            (" fr ", "FR"),
            ("UK", "GB"),
            ("uk", "GB"),
            ("EL", "GR"),
            ("xk", "XK"),
        ] {
            assert_eq!(Region::parse(text).map(String::from).as_deref(), Some(code));
        }
    }

    #[test]
    fn deny_groups_by_name() {
        for text in [
            "EU", "eu", "EEA", "EMEA", "*", "E.U.", "EU-27", "world", "150", "dach",
        ] {
            assert_eq!(Region::read(text), Err(RegionRefused::Group), "{text}");
        }
    }

    #[test]
    fn deny_what_is_no_code() {
        for text in [
            "", "D", "DEU", "D1", "ZZ", "zz", "é", "XX", "AA", "QQ", "YU", "SU", "Germany", "null",
            "D E",
        ] {
            assert_eq!(Region::read(text), Err(RegionRefused::NoCode), "{text:?}");
        }
        let told = Region::try_from("EU".to_owned()).unwrap_err();
        assert!(told.contains("one row for each"), "{told}");
    }
}
