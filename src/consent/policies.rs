//! The versions of the terms, put in order and looked up.

use super::event::{PolicyId, PolicyVersion, TextDigest};
use crate::time::Timestamp;

/// The versions of the terms the ledger can vouch for, by ascending number.
///
/// Several entries of one version are one version with all their texts, if they agree on everything
/// else. If they do not, nobody can say what was offered and the version counts as unknown.
#[derive(Clone, Debug, Default)]
pub(in crate::consent) struct Policies(Vec<PolicyVersion>);

impl Policies {
    /// Sorts out versions given in any order.
    pub(in crate::consent) fn new(mut versions: Vec<PolicyVersion>) -> Self {
        versions.sort_by_key(|version| version.policy);
        Self(
            versions
                .chunk_by(|a, b| a.policy == b.policy)
                .filter_map(merge)
                .collect(),
        )
    }

    /// A version by its number.
    pub(in crate::consent) fn get(&self, policy: PolicyId) -> Option<&PolicyVersion> {
        let found = self.0.binary_search_by_key(&policy, |v| v.policy).ok()?;
        self.0.get(found)
    }

    /// A version, if the text that was shown is one of its texts.
    pub(in crate::consent) fn shown(
        &self,
        policy: PolicyId,
        digest: TextDigest,
    ) -> Option<&PolicyVersion> {
        self.get(policy)
            .filter(|version| version.texts.iter().any(|&(_, known)| known == digest))
    }

    /// The newest version whose cohort of new accounts had begun at an instant.
    pub(in crate::consent) fn registered_under(&self, at: Timestamp) -> Option<&PolicyVersion> {
        self.0
            .iter()
            .rev()
            .find(|version| version.cohort_cut <= at && version.announced_at <= at)
    }
}

fn merge(entries: &[PolicyVersion]) -> Option<PolicyVersion> {
    let (first, rest) = entries.split_first()?;
    let mut merged = first.clone();
    for entry in rest {
        if terms(entry) != terms(first) {
            return None;
        }
        merged.texts.extend_from_slice(&entry.texts);
    }
    merged.texts.sort_unstable();
    merged.texts.dedup();
    Some(merged)
}

fn terms(version: &PolicyVersion) -> (Timestamp, Timestamp, u32, Timestamp) {
    (
        version.announced_at,
        version.accept_by,
        version.window_days,
        version.cohort_cut,
    )
}
