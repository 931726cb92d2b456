//! The tree against its definition.

use crate::ledger::merkle::{
    self, NodeHash, TreeHead, leaf, node, verify_consistency, verify_inclusion,
};
use crate::ledger::tiles::{Growth, LEAVES, Tree};

fn leaves(n: u64) -> Vec<NodeHash> {
    (0..n).map(|i| leaf(&i.to_le_bytes())).collect()
}

/// The definition of RFC 9162, section 2.1.1.
fn oracle(leaves: &[NodeHash]) -> NodeHash {
    match leaves {
        [] => merkle::empty(),
        [one] => *one,
        _ => {
            let mut k = 1;
            while 2 * k < leaves.len() {
                k *= 2;
            }
            node(oracle(&leaves[..k]), oracle(&leaves[k..]))
        }
    }
}

fn growth(leaves: &[NodeHash]) -> (Growth, Vec<NodeHash>) {
    let mut growth = Growth::default();
    growth.extend(leaves);
    let tiles = growth.take_completed();
    assert!(tiles.iter().zip(0..).all(|((tile, _), at)| *tile == at));
    (growth, tiles.into_iter().map(|(_, hash)| hash).collect())
}

fn tree(leaves: &[NodeHash]) -> Tree<impl FnMut(u64, u64) -> Result<Vec<NodeHash>, ()> + '_> {
    let (_, tiles) = growth(leaves);
    Tree::new(leaves.len() as u64, tiles, |from: u64, to: u64| {
        let place = |n| usize::try_from(n).unwrap();
        Ok(leaves[place(from)..place(to)].to_vec())
    })
}

const SIZES: [u64; 14] = [0, 1, 2, 3, 7, 64, 255, 256, 257, 511, 512, 513, 700, 1300];

#[test]
fn roots_are_as_defined() {
    let all = leaves(1300);
    for n in 0..=600 {
        assert_eq!(growth(&all[..n]).0.root(), oracle(&all[..n]), "{n}");
    }
    for split in [0, 1, 255, 256, 300, 600] {
        let (mut growth, _) = growth(&all[..split]);
        growth.extend(&all[split..]);
        assert_eq!(growth.root(), oracle(&all), "{split}");
    }
}

#[test]
fn a_log_goes_on_where_it_was() {
    let all = leaves(700);
    let (_, tiles) = growth(&all);
    let rest = &all[tiles.len() * usize::try_from(LEAVES).unwrap()..];
    let again = Growth::new(&tiles, rest.iter().copied());
    assert_eq!((again.size(), again.root()), (700, oracle(&all)));
}

#[test]
fn every_leaf_can_be_proven_and_only_where_it_is() {
    for n in SIZES {
        let all = leaves(n);
        let root = oracle(&all);
        for place in (0..n).step_by(if n > 300 { 37 } else { 1 }) {
            let path = tree(&all).inclusion(place).unwrap();
            let leaf = all[usize::try_from(place).unwrap()];
            assert!(
                verify_inclusion(leaf, place, n, &path, root),
                "{place} of {n}"
            );
            assert!(!verify_inclusion(leaf, place + 1, n, &path, root));
            assert!(!verify_inclusion(leaf, place, n, &path, leaf) || n == 1);
            let mut longer = path.clone();
            longer.push(root);
            assert!(!verify_inclusion(leaf, place, n, &longer, root));
            if let Some((_, shorter)) = path.split_last() {
                assert!(!verify_inclusion(leaf, place, n, shorter, root));
            }
        }
    }
}

const fn head(size: u64, root: NodeHash) -> TreeHead {
    TreeHead { size, root }
}

#[test]
fn every_earlier_log_is_continued_and_no_other() {
    let mut sizes: Vec<u64> = (0..70).collect();
    sizes.extend(SIZES);
    for &n in &sizes {
        let all = leaves(n);
        let new = head(n, oracle(&all));
        for &m in sizes.iter().filter(|&&m| m <= n) {
            let old = head(m, oracle(&all[..usize::try_from(m).unwrap()]));
            let path = tree(&all).consistency(m).unwrap();
            assert!(verify_consistency(old, new, &path), "{m} → {n}");
            let forged = head(m, leaf(b"forged"));
            assert!(!verify_consistency(forged, new, &path), "{m} → {n}");
            if 0 < m && m < n {
                assert!(!verify_consistency(old, forged, &path), "{m} → {n}");
                assert!(!verify_consistency(old, new, &path[1..]), "{m} → {n}");
            }
        }
    }
}
