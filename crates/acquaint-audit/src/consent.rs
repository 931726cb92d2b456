//! Who refused: the core of the rules of consent, read anew.
//!
//! Only what cannot be read in two ways is held against an output: the last word of an account about a purpose, among the events
//! that had happened and were known at publication. An opt-out, an acceptance with sharing off, a withdrawal and a deletion take
//! away; a grant gives back, for its purpose; a signal takes ads away. What the engine denies besides, such as silence, is not asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;

use crate::digests::Manifest;
use crate::tables::{Row, table};

const COLUMNS: [&str; 9] = [
    "event_id",
    "account_id",
    "kind",
    "valid_time",
    "known_time",
    "share",
    "purpose",
    "level",
    "device_id",
];

/// Accounts whose refusal is active, by purpose.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) suggestions: BTreeSet<u64>,
    pub(crate) ads: BTreeSet<u64>,
    /// Whoever is gone, for every purpose.
    pub(crate) deleted: BTreeSet<u64>,
}

/// The moments that count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    /// Until when something had to happen,
    pub(crate) happened: Timestamp,
    /// and had to be known.
    pub(crate) known: Timestamp,
}

impl Moments {
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, String> {
        let moment = |place: &str| -> Result<Timestamp, String> {
            let text = manifest.text(place)?;
            text.parse()
                .map_err(|error| format!("{place} of manifest.json: {error}"))
        };
        let (valid, known) = (moment("/as_of/valid")?, moment("/as_of/published_known")?);
        Ok(Self {
            happened: valid.max(known),
            known,
        })
    }
}

/// Reads the events of a directory; none if it has no table of them.
pub(crate) fn refused(
    dir: &Path,
    moments: Moments,
    honours_late: bool,
) -> Result<Option<Refused>, String> {
    let rows = table(dir, "consent_events", &COLUMNS)?;
    Ok(rows.map(|rows| of_rows(&rows, moments, honours_late)))
}

/// One event about an account.
#[derive(Clone, Debug)]
struct Event<'r> {
    happened: Timestamp,
    gives: bool,
    known: Timestamp,
    id: u64,
    kind: &'r str,
    share: &'r str,
    purpose: &'r str,
}

fn of_rows(rows: &[Row], moments: Moments, honours_late: bool) -> Refused {
    let mut by_account: BTreeMap<u64, Vec<Event<'_>>> = BTreeMap::new();
    for row in rows {
        if let Some((account, event)) = event(row)
            && event.happened <= moments.happened
            && event.known <= moments.known
        {
            by_account.entry(account).or_default().push(event);
        }
    }
    let mut refused = Refused::default();
    for (account, mut events) in by_account {
        // What takes away comes first among events of one moment.
        events.sort_by_key(|event| (event.happened, event.gives, event.known, event.id));
        let mut word = Word::default();
        for event in &events {
            word.hear(event, honours_late);
        }
        if word.no_suggestions || word.is_gone {
            refused.suggestions.insert(account);
        }
        if word.no_ads || word.is_gone {
            refused.ads.insert(account);
        }
        if word.is_gone {
            refused.deleted.insert(account);
        }
    }
    refused
}

/// What an account has said so far.
#[derive(Default)]
struct Word {
    no_suggestions: bool,
    no_ads: bool,
    is_gone: bool,
}

impl Word {
    fn hear(&mut self, event: &Event<'_>, honours_late: bool) {
        let is_for = |purpose: &str| event.purpose.is_empty() || event.purpose == purpose;
        match event.kind {
            "opt_out" if honours_late => (self.no_suggestions, self.no_ads) = (true, true),
            "accept" if is_no(event.share) => (self.no_suggestions, self.no_ads) = (true, true),
            "signal" => self.no_ads = true,
            "withdraw" | "grant" => {
                let is_withdrawn = event.kind == "withdraw";
                if is_for("friend_suggestions") {
                    self.no_suggestions = is_withdrawn;
                }
                if is_for("ad_relevance") {
                    self.no_ads = is_withdrawn;
                }
            }
            "delete" => self.is_gone = true,
            "register" => self.is_gone = false,
            _ => {}
        }
    }
}

fn event(row: &Row) -> Option<(u64, Event<'_>)> {
    let [id, account, kind, happened, known, share, purpose, ..] = row.as_slice() else {
        return None;
    };
    let event = Event {
        happened: happened.parse().ok()?,
        gives: matches!(kind.as_str(), "grant" | "register") || kind == "accept" && !is_no(share),
        known: known.parse().ok()?,
        id: id.parse().ok()?,
        kind,
        share,
        purpose,
    };
    Some((account.parse().ok()?, event))
}

fn is_no(share: &str) -> bool {
    matches!(share.to_lowercase().as_str(), "false" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u8) -> String {
        format!("2016-09-{day:02}T00:00:00Z")
    }

    fn row(id: u64, kind: &str, day: u8, share: &str, purpose: &str) -> Row {
        let (id, at) = (id.to_string(), at(day));
        [&id, "7", kind, &at, &at, share, purpose, "", ""]
            .map(str::to_owned)
            .to_vec()
    }

    fn last(rows: &[Row], day: u8) -> (bool, bool, bool) {
        let moment: Timestamp = at(day).parse().unwrap();
        let moments = Moments {
            happened: moment,
            known: moment,
        };
        let refused = of_rows(rows, moments, true);
        let has = |of: &BTreeSet<u64>| of.contains(&7);
        (
            has(&refused.suggestions),
            has(&refused.ads),
            has(&refused.deleted),
        )
    }

    #[test]
    fn the_last_word_counts() {
        let rows = [
            row(1, "accept", 1, "true", ""),
            row(2, "opt_out", 5, "", ""),
            row(3, "grant", 9, "", "ad_relevance"),
            row(4, "withdraw", 12, "", "ad_relevance"),
            row(5, "delete", 20, "", ""),
        ];
        assert_eq!(last(&rows, 2), (false, false, false));
        assert_eq!(last(&rows, 5), (true, true, false));
        assert_eq!(last(&rows, 9), (true, false, false));
        assert_eq!(last(&rows, 12), (true, true, false));
        assert_eq!(last(&rows, 20), (true, true, true));
    }

    #[test]
    fn sharing_turned_off_at_acceptance_is_a_refusal() {
        assert_eq!(
            last(&[row(1, "accept", 1, "false", "")], 2),
            (true, true, false)
        );
        assert_eq!(
            last(&[row(1, "signal", 1, "", "")], 2),
            (false, true, false)
        );
    }

    #[test]
    fn what_takes_away_comes_first_at_one_moment() {
        let rows = [
            row(1, "grant", 5, "", "ad_relevance"),
            row(2, "opt_out", 5, "", ""),
        ];
        assert_eq!(last(&rows, 5), (true, false, false));
    }
}
