//! The area under the curve inside groups: is the order right for each person, or for each ad?

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ties::{self, ties};
use super::{Predicted, Sum, ratio};

/// What a group counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupWeight {
    /// Its impressions.
    #[default]
    Impressions,
    /// Its clicks.
    Clicks,
}

/// The mean area under the curve of groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupedAuc {
    /// Σ w·AUC over Σ w; none if no group has an area.
    pub auc: Option<f64>,
    /// Groups with clicks and with impressions that were not clicked: those that count.
    pub groups: u64,
    /// Groups in which everything or nothing was clicked; they have no order to be right about.
    pub one_sided: u64,
}

/// One group's area and weight.
struct OfGroup {
    auc: Option<f64>,
    weight: u64,
}

/// The mean of the groups' own areas under the ROC curve, weighted by their impressions or clicks: GAUC. A model that
/// only knows which people click a lot has a high AUC and a GAUC of one half.
///
/// `groups[i]` is the group of `rows[i]`. All is undefined, with no groups, if a row is not sound.
///
/// # Panics
/// If there are not as many groups as rows.
///
/// # Complexity
/// O(n log n) time, O(n) space, in the caller's rayon pool.
///
/// # References
/// H. Zhu et al., "Optimized Cost per Click in Taobao Display Advertising", KDD 2017, section 5.1; with equal weights
/// it is the AUC of R. He, J. `McAuley`, "VBPR", AAAI 2016.
#[must_use]
pub fn grouped_auc(rows: &[Predicted], groups: &[u64], weight: GroupWeight) -> GroupedAuc {
    assert_eq!(rows.len(), groups.len(), "one group a row");
    if !rows.par_iter().all(Predicted::is_sound) {
        return GroupedAuc::default();
    }
    let mut sorted: Vec<(u64, Predicted)> =
        groups.iter().copied().zip(rows.iter().copied()).collect();
    // Order inside a group does not matter: its ties are sorted by prediction.
    sorted.par_sort_unstable_by_key(|&(group, _)| group);
    let same: Vec<&[(u64, Predicted)]> = sorted.chunk_by(|a, b| a.0 == b.0).collect();
    let found: Vec<OfGroup> = same.par_iter().map(|rows| of_group(rows, weight)).collect();
    mean(&found)
}

fn of_group(rows: &[(u64, Predicted)], weight: GroupWeight) -> OfGroup {
    let rows: Vec<Predicted> = rows.iter().map(|&(_, row)| row).collect();
    let counted = |row: &Predicted| match weight {
        GroupWeight::Impressions => row.target.impressions,
        GroupWeight::Clicks => row.target.clicks,
    };
    OfGroup {
        auc: ties(&rows).as_deref().and_then(ties::auc),
        weight: rows.iter().map(|row| u64::from(counted(row))).sum(),
    }
}

fn mean(groups: &[OfGroup]) -> GroupedAuc {
    let (mut sum, mut weight, mut n) = (Sum::default(), 0, 0);
    for group in groups {
        if let Some(auc) = group.auc {
            sum.add(auc * group.weight as f64);
            weight += group.weight;
            n += 1;
        }
    }
    GroupedAuc {
        auc: ratio(sum.value(), weight as f64),
        groups: n,
        one_sided: groups.len() as u64 - n,
    }
}
