//! Versions of the terms, and the rows they stand in: one per text.

use super::records::PolicyText;
use crate::consent::{PolicyId, PolicyVersion};
use crate::time::Timestamp;

/// The versions of the terms, from one row per text. Rows of one number that disagree about more than the text are
/// versions of their own: the ledger sees that they contradict each other, and knows no version of that number.
#[must_use]
pub fn policy_versions(mut texts: Vec<PolicyText>) -> Vec<PolicyVersion> {
    texts.sort_unstable_by(|a, b| terms(a).cmp(&terms(b)).then_with(|| a.cmp(b)));
    texts
        .chunk_by(|a, b| terms(a) == terms(b))
        .map(version)
        .collect()
}

fn terms(text: &PolicyText) -> (PolicyId, Timestamp, Timestamp, u32, Timestamp) {
    (
        text.policy,
        text.announced_at,
        text.accept_by,
        text.window_days,
        text.cohort_cut,
    )
}

/// One version of rows that agree about its terms.
fn version(rows: &[PolicyText]) -> PolicyVersion {
    let first = &rows[0];
    PolicyVersion {
        policy: first.policy,
        texts: rows
            .iter()
            .map(|text| (text.locale.clone(), text.digest))
            .collect(),
        announced_at: first.announced_at,
        accept_by: first.accept_by,
        window_days: first.window_days,
        cohort_cut: first.cohort_cut,
    }
}

/// One row per text, from the versions of the terms.
#[must_use]
pub fn policy_texts(versions: &[PolicyVersion]) -> Vec<PolicyText> {
    let rows = versions.iter().flat_map(|version| {
        version.texts.iter().map(|(locale, digest)| PolicyText {
            policy: version.policy,
            locale: locale.clone(),
            digest: *digest,
            announced_at: version.announced_at,
            accept_by: version.accept_by,
            window_days: version.window_days,
            cohort_cut: version.cohort_cut,
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::TextDigest;

    #[test]
    fn versions_come_back_from_their_rows() {
        let version = |n: u32| PolicyVersion {
            policy: PolicyId(n),
            texts: ["de", "en"]
                .map(|locale| (locale.into(), TextDigest::of(locale)))
                .to_vec(),
            announced_at: Timestamp::from_secs(i64::from(n)),
            accept_by: Timestamp::from_secs(10),
            window_days: 30,
            cohort_cut: Timestamp::from_secs(5),
        };
        let versions = [version(1), version(2)];
        assert_eq!(policy_versions(policy_texts(&versions)), versions);
    }

    type Change = fn(&mut PolicyText);

    #[test]
    fn rows_that_disagree_are_versions_of_their_own() {
        let row = |locale: &str, change: Change| {
            let mut text = PolicyText {
                policy: PolicyId(1),
                locale: locale.to_owned(),
                digest: TextDigest::of(locale),
                announced_at: Timestamp::from_secs(1),
                accept_by: Timestamp::from_secs(10),
                window_days: 30,
                cohort_cut: Timestamp::from_secs(5),
            };
            change(&mut text);
            text
        };
        let changes: [(Change, usize); 5] = [
            (|_| {}, 1),
            (|text| text.announced_at = Timestamp::from_secs(2), 2),
            (|text| text.accept_by = Timestamp::from_secs(9), 2),
            (|text| text.window_days = 0, 2),
            (|text| text.cohort_cut = Timestamp::from_secs(6), 2),
        ];
        for (change, n) in changes {
            let rows = vec![row("de", |_| {}), row("en", change)];
            assert_eq!(policy_versions(rows).len(), n);
        }
    }
}
