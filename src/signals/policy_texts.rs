//! Versions of the terms, and the rows they stand in: one per text.

use super::records::PolicyText;
use crate::consent::PolicyVersion;

/// The versions of the terms, from one row per text.
#[must_use]
pub fn policy_versions(mut texts: Vec<PolicyText>) -> Vec<PolicyVersion> {
    texts.sort_unstable();
    texts
        .chunk_by(|a, b| a.policy == b.policy)
        .map(policy)
        .collect()
}

/// One version. Where its rows disagree, what allows less holds: the later announcement, the earlier end to
/// accepting, the longer window, the later cut.
fn policy(texts: &[PolicyText]) -> PolicyVersion {
    let first = &texts[0];
    PolicyVersion {
        policy: first.policy,
        texts: texts
            .iter()
            .map(|text| (text.locale.clone(), text.digest))
            .collect(),
        announced_at: texts
            .iter()
            .map(|text| text.announced_at)
            .max()
            .unwrap_or(first.announced_at),
        accept_by: texts
            .iter()
            .map(|text| text.accept_by)
            .min()
            .unwrap_or(first.accept_by),
        window_days: texts
            .iter()
            .map(|text| text.window_days)
            .max()
            .unwrap_or(first.window_days),
        cohort_cut: texts
            .iter()
            .map(|text| text.cohort_cut)
            .max()
            .unwrap_or(first.cohort_cut),
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
    use crate::consent::{PolicyId, TextDigest};
    use crate::time::Timestamp;

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
}
