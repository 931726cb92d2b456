//! What is told of texts that are no numbers: how many, why, and where the first of each kind stands.

use std::collections::BTreeMap;

use acquaint::identity::NotANumber;
use acquaint::signals::RejectionReason;

/// Texts of a file that are no numbers, by reason.
#[derive(Default)]
pub(super) struct Refused {
    /// How many, and in which line the first is.
    by_reason: BTreeMap<&'static str, (u64, u64)>,
    ambiguous: Option<(u64, u64)>,
    regions: Option<(u64, u64)>,
}

impl Refused {
    pub(super) fn add(&mut self, line: u64, why: NotANumber) {
        let reason = RejectionReason::from(why).as_str();
        self.by_reason.entry(reason).or_insert((0, line)).0 += 1;
    }

    /// A number that would be another's with a plus sign in front.
    pub(super) fn add_ambiguous(&mut self, line: u64) {
        self.ambiguous.get_or_insert((0, line)).0 += 1;
    }

    /// Something stands for a region and is no country.
    pub(super) fn add_region(&mut self, line: u64) {
        self.regions.get_or_insert((0, line)).0 += 1;
    }

    /// Says on standard error what was counted, if anything was.
    pub(super) fn tell(&self, file: &str) {
        if !self.by_reason.is_empty() {
            let reason = |(reason, (n, line)): (&&str, &(u64, u64))| {
                format!("{n} {reason} (the first in line {line})")
            };
            let all: Vec<String> = self.by_reason.iter().map(reason).collect();
            eprintln!("acquaint: {file}: not phone numbers: {}", all.join(", "));
        }
        if let Some((n, line)) = self.regions {
            eprintln!(
                "acquaint: {file}: {n} rows have a region that is not an ISO 3166-1 code, and were read without \
                 a region (the first in line {line})"
            );
        }
        if let Some((n, line)) = self.ambiguous {
            eprintln!(
                "acquaint: {file}: {n} numbers without a plus sign are valid both in their region and internationally, and were \
                 read as the region's (the first in line {line}); if they are international, add a plus sign"
            );
        }
    }
}
