//! What the names of columns say.

/// A name as it is compared: letters and digits, in lower case.
pub(in crate::eval) fn fold(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// Names of a time, the likeliest first.
const TIMES: [&str; 14] = [
    "timestamp",
    "time",
    "ts",
    "datetime",
    "date",
    "since",
    "createdat",
    "created",
    "at",
    "when",
    "unixtime",
    "epoch",
    "timestamps",
    "timems",
];

/// Names of a weight, the likeliest first. A rating or a sign is none: people rate others badly.
const WEIGHTS: [&str; 15] = [
    "weight",
    "w",
    "weights",
    "wt",
    "value",
    "values",
    "val",
    "count",
    "counts",
    "cnt",
    "freq",
    "frequency",
    "strength",
    "multiplicity",
    "edgeweight",
];

/// Names of what counts or names rows.
const INDEXES: [&str; 12] = [
    "",
    "index",
    "idx",
    "id",
    "edgeid",
    "eid",
    "rowid",
    "rownum",
    "rownumber",
    "rowname",
    "rownames",
    "lineno",
];

/// How much a folded name is a time: the smaller, the likelier.
pub(super) fn time_rank(name: &str) -> Option<usize> {
    TIMES.iter().position(|known| *known == name)
}

/// How much a folded name is a weight.
pub(super) fn weight_rank(name: &str) -> Option<usize> {
    WEIGHTS.iter().position(|known| *known == name)
}

/// Does a folded name say that the column counts or names rows? A column without a name does.
pub(in crate::eval) fn is_index(name: &str) -> bool {
    // What pandas calls an index that it reads back.
    let unnamed = name.strip_prefix("unnamed");
    INDEXES.contains(&name) || unnamed.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

/// Two ends: they may stand alone, in front of what is the same in both names, or behind it.
const ENDS: [(&str, &str); 19] = [
    ("source", "target"),
    ("source", "destination"),
    ("source", "dest"),
    ("src", "dst"),
    ("src", "dest"),
    ("src", "tgt"),
    ("src", "target"),
    ("from", "to"),
    ("sender", "receiver"),
    ("sender", "recipient"),
    ("origin", "destination"),
    ("orig", "dest"),
    ("start", "end"),
    ("left", "right"),
    ("lhs", "rhs"),
    ("first", "second"),
    ("subject", "object"),
    ("in", "out"),
    ("tail", "head"),
];

/// Two ends that have names of their own.
const PAIRS: [(&str, &str); 23] = [
    ("u", "v"),
    ("i", "j"),
    ("s", "t"),
    ("row", "col"),
    ("follower", "followee"),
    ("follower", "followed"),
    ("follower", "following"),
    ("caller", "callee"),
    ("rater", "ratee"),
    ("rater", "rated"),
    ("truster", "trustee"),
    ("trustor", "trustee"),
    ("ego", "alter"),
    ("user", "friend"),
    ("userid", "friendid"),
    ("person", "friend"),
    ("personid", "friendid"),
    ("id", "friendid"),
    ("user", "follower"),
    ("userid", "followerid"),
    ("user", "contact"),
    ("userid", "contactid"),
    ("member", "friend"),
];

/// What tells two names apart that are otherwise the same.
const MARKS: [(&str, &str); 8] = [
    ("1", "2"),
    ("0", "1"),
    ("01", "02"),
    ("a", "b"),
    ("x", "y"),
    ("u", "v"),
    ("i", "j"),
    ("one", "two"),
];

/// What people are called. Two of them are likelier ends than two of anything else.
const PEOPLE: [&str; 26] = [
    "",
    "id",
    "ids",
    "node",
    "nodes",
    "nodeid",
    "n",
    "v",
    "vertex",
    "vertexid",
    "user",
    "userid",
    "uid",
    "u",
    "username",
    "person",
    "personid",
    "p",
    "account",
    "accountid",
    "member",
    "memberid",
    "actor",
    "friend",
    "friendid",
    "profile",
];

/// How much two folded names are the ends of an edge, in this order: the smaller, the likelier. None if they are not.
pub(super) fn ends_rank(a: &str, b: &str) -> Option<usize> {
    let is_pair = |pairs: &[(&str, &str)]| pairs.contains(&(a, b));
    if is_pair(&ENDS) || is_pair(&PAIRS) {
        return Some(0);
    }
    let people_later = |rest: &str| usize::from(!PEOPLE.contains(&rest));
    let of_ends = common(a, b, &ENDS).map(|rest| 1 + people_later(rest));
    of_ends.or_else(|| common(a, b, &MARKS).map(|rest| 3 + people_later(rest)))
}

/// What two names have in common if one of the pairs tells them apart, in front or behind; never nothing.
fn common<'n>(a: &'n str, b: &str, pairs: &[(&str, &str)]) -> Option<&'n str> {
    pairs.iter().find_map(|(first, second)| {
        let behind = a.strip_suffix(first).zip(b.strip_suffix(second));
        let in_front = || a.strip_prefix(first).zip(b.strip_prefix(second));
        let same = |(a, b): &(&str, &str)| a == b && !a.is_empty();
        behind
            .filter(same)
            .or_else(|| in_front().filter(same))
            .map(|(rest, _)| rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ends_are_known() {
        for (a, b) in [
            ("source", "target"),
            ("src", "dst"),
            ("From", "To"),
            ("FromNodeId", "ToNodeId"),
            ("source_id", "target_id"),
            ("node1", "node2"),
            ("Node A", "Node B"),
            ("user_a", "user_b"),
            ("id_1", "id_2"),
            ("u", "v"),
            ("i", "j"),
            ("person_from", "person_to"),
            ("emp1", "emp2"),
            ("user_id", "friend_id"),
            ("follower", "followee"),
        ] {
            assert!(ends_rank(&fold(a), &fold(b)).is_some(), "{a} {b}");
        }
        assert_eq!(ends_rank("target", "source"), None, "the other way round");
        assert!(ends_rank("user1", "user2") < ends_rank("lat1", "lat2"));
    }

    #[test]
    fn other_names_are_no_ends() {
        for (a, b) in [
            ("a", "b"),
            ("x", "y"),
            ("1", "2"),
            ("name", "age"),
            ("id", "from"),
            ("source", "source"),
        ] {
            assert_eq!(ends_rank(&fold(a), &fold(b)), None, "{a} {b}");
        }
    }

    #[test]
    fn a_column_without_a_name_is_an_index() {
        for name in ["", "Unnamed: 0", "index", "id", "edge_id"] {
            assert!(is_index(&fold(name)), "{name:?}");
        }
        assert!(!is_index("unnamedperson") && !is_index("source"));
    }
}
