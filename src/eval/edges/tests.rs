//! Edge lists as people export them.

use std::io::Write;
use std::path::Path;

use super::*;

fn parsed(
    name: &str,
    text: &[u8],
    said: &EdgeColumns,
    ids: EdgeIds,
) -> Result<(EdgeList, Vec<String>), EdgesError> {
    let mut ids = Ids::new(ids);
    let mut list = parse(
        Lines::new(Path::new(name), Box::new(text), EdgeLimits::default())?,
        said,
        &mut ids,
    )?;
    let Numbered { texts, number_of } = ids.finish();
    for row in list.rows.iter_mut().filter(|_| !texts.is_empty()) {
        (row.src, row.dst) = (numbered(&number_of, row.src), numbered(&number_of, row.dst));
    }
    Ok((list, texts))
}

fn read(name: &str, text: &str) -> Result<EdgeList, EdgesError> {
    read_with(name, text, &EdgeColumns::default())
}

fn read_with(name: &str, text: &str, said: &EdgeColumns) -> Result<EdgeList, EdgesError> {
    parsed(name, text.as_bytes(), said, EdgeIds::Numbers).map(|(list, _)| list)
}

fn ends(list: &EdgeList) -> Vec<(u64, u64)> {
    list.rows().iter().map(|row| (row.src, row.dst)).collect()
}

fn times(list: &EdgeList) -> Vec<Option<i64>> {
    list.rows().iter().map(|row| row.timestamp).collect()
}

/// What is said of a list that is refused.
fn refusal(name: &str, text: &str) -> String {
    match read(name, text) {
        Ok(list) => panic!("{text:?} was read as {:?}", ends(&list)),
        Err(error) => error.to_string(),
    }
}

fn said(columns: [&str; 4]) -> EdgeColumns {
    let [source, target, time, weight] =
        columns.map(|column| (!column.is_empty()).then(|| column.to_owned()));
    EdgeColumns {
        source,
        target,
        time,
        weight,
        header: None,
    }
}

#[test]
fn same_edges_however_the_text_is_laid_out() {
    for text in [
        "src,dst\n1,2\n3,4\n",
        "1,2\n3,4",
        "\u{feff}\"source\";\"target\"\r\n\"1\";\"2\"\r\n3;4\r\n",
        "# comment\n% comment\n1 2\n\n  3    4  \n",
        "from\tto\tweight\n1\t2\t0.5\n3\t4\t0.25\n",
        "src,dst\r1,2\r3,4\r",
        "src,dst\r\r1,2\r3,4",
        "\u{feff}1,2\n3,4\n",
        "src|dst\n1|2\n3|4\n",
        "1 2 {}\n3 4 {}\n",
        "1 2 {'weight': 3, 'kind': 'a'}\n3 4 {'weight': 3, 'kind': 'b'}\n",
        "src,dst,\n1,2,\n3,4,\n",
        "src,dst\n1,2,\n3,4,\n",
    ] {
        let list = read("edges", text).unwrap();
        assert_eq!(ends(&list), [(1, 2), (3, 4)], "{text:?}");
        assert!(times(&list).iter().all(Option::is_none), "{text:?}");
    }
}

#[test]
fn names_say_which_columns_are_the_ends() {
    for (text, expected) in [
        (",source,target\n0,12,15\n1,12,16\n", [(12, 15), (12, 16)]),
        (
            "Unnamed: 0,source,target\n0,12,15\n1,12,16\n",
            [(12, 15), (12, 16)],
        ),
        (
            "\tsource\ttarget\n0\t12\t15\n1\t12\t16\n",
            [(12, 15), (12, 16)],
        ),
        ("id,from,to\n1,12,15\n2,12,16\n", [(12, 15), (12, 16)]),
        (
            "weight,target,source\n3,15,12\n4,16,12\n",
            [(12, 15), (12, 16)],
        ),
        (
            "edge_id,kind,user_a,user_b\n1,7,12,15\n2,7,12,16\n",
            [(12, 15), (12, 16)],
        ),
        ("time,u,v\n5,12,15\n6,12,16\n", [(12, 15), (12, 16)]),
        (
            "id,src_id,dst_id,w\n1,12,15,1\n2,12,16,1\n",
            [(12, 15), (12, 16)],
        ),
        (
            "\"from\" \"to\"\n\"1\" 12 15\n\"2\" 12 16\n",
            [(12, 15), (12, 16)],
        ),
        ("FromNodeId ToNodeId\n12 15\n12 16\n", [(12, 15), (12, 16)]),
        ("user_id,friend_id\n12,15\n12,16\n", [(12, 15), (12, 16)]),
        (
            "weight,node1,node2\n0.5,12,15\n0.5,12,16\n",
            [(12, 15), (12, 16)],
        ),
        (
            "lat1,lat2,person1,person2\n1,2,12,15\n1,2,12,16\n",
            [(12, 15), (12, 16)],
        ),
    ] {
        assert_eq!(ends(&read("edges", text).unwrap()), expected, "{text:?}");
    }
}

#[test]
fn whoever_reads_is_told_what_was_guessed() {
    for (text, told) in [
        (
            "id,boss,clerk,time\n1,12,15,3\n",
            "no name says which columns are the ends: column 2 (`boss`) and column 3 (`clerk`) are taken",
        ),
        (
            "12 15 3\n",
            "no name says which columns are the ends: column 1 and column 2 are taken",
        ),
        ("12 15 3\n", "not read: column 3"),
        ("src,dst,rating\n12,15,3\n", "not read: column 3 (`rating`)"),
        (
            ",source,target\n0,12,15\n",
            "not read: column 1 (without a name)",
        ),
        ("12 15 1289241911\n", "the time is column 3"),
        ("src,dst,ts\n12,15,3\n", "the time is column 3 (`ts`)"),
    ] {
        let notes = read("edges", text).unwrap().notes();
        assert!(notes.iter().any(|note| note == told), "{text:?}: {notes:?}");
    }
    assert!(read("edges", "src,dst\n1,2\n").unwrap().notes().is_empty());
    assert!(read("edges", "1 2\n").unwrap().notes().is_empty());
}

#[test]
fn times_are_kept() {
    for text in [
        "src,dst,rating,timestamp\n1,2,-3,77\n3,4,5,\n",
        "a,b,time\n1,2,77\n3,4,\n",
        "since,u,v\n77,1,2\n,3,4\n",
    ] {
        assert_eq!(
            times(&read("edges", text).unwrap()),
            [Some(77), None],
            "{text:?}"
        );
    }
    for text in [
        "1 2 1289241911\n3 4 1289241941\n",
        "1,2,5,1289241911\n3,4,-2,1289241941\n",
        "1\t2\t1289241911\n",
    ] {
        assert_eq!(
            times(&read("edges", text).unwrap())[0],
            Some(1_289_241_911),
            "{text:?}"
        );
    }
    let dated = read("edges", "from,to,date\n1,2,2016-08-25\n3,4,2016-08-24\n").unwrap();
    let [Some(later), Some(earlier)] = times(&dated)[..] else {
        panic!("two times");
    };
    assert_eq!(later - earlier, 86_400_000_000);
}

/// A small number behind the ends may as well be a weight.
#[test]
fn deny_a_time_that_may_be_a_weight() {
    for text in [
        "1 2 7\n3 4 9\n",
        "1 2 0.5\n3 4 0.25\n",
        "1,2,1\n3,4,20160825\n",
        "1 2 77 88\n3 4 1 2\n",
    ] {
        assert!(
            times(&read("edges", text).unwrap())
                .iter()
                .all(Option::is_none),
            "{text:?}"
        );
        let at = said(["", "", "3", ""]);
        assert!(
            times(&read_with("edges", text, &at).unwrap())
                .iter()
                .all(Option::is_some),
            "{text:?}"
        );
    }
    let weight = said(["", "", "", "3"]);
    let list = read_with("edges", "1 2 1289241911\n3 4 0\n", &weight).unwrap();
    assert_eq!((ends(&list), times(&list)), (vec![(1, 2)], vec![None]));
    assert!(refusal("edges", "1 2 1289241911\n3 4 7\n").contains("line 2: column 3"));
}

#[test]
fn columns_are_what_is_said_of_them() {
    let text = "id,from,to,buyer,seller,when\n1,2,3,12,15,7\n2,3,4,12,16,8\n";
    for said in [
        said(["buyer", "seller", "when", ""]),
        said(["4", "5", "6", ""]),
        said(["Buyer", "5", "when", "id"]),
    ] {
        let list = read_with("edges", text, &said).unwrap();
        assert_eq!(ends(&list), [(12, 15), (12, 16)], "{said:?}");
        assert_eq!(times(&list), [Some(7), Some(8)], "{said:?}");
    }
    let with_header = EdgeColumns {
        header: Some(true),
        ..EdgeColumns::default()
    };
    assert_eq!(
        ends(&read_with("edges", "a b\n1 2\n", &with_header).unwrap()),
        [(1, 2)]
    );
    for wrong in [
        said(["nobody", "", "", ""]),
        said(["9", "", "", ""]),
        said(["from", "from", "", ""]),
        said(["", "", "from", "from"]),
    ] {
        assert!(read_with("edges", text, &wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn weights_of_zero_are_no_edges() {
    for text in [
        "source,target,weight\n1,2,0\n3,4,0.5\n5,6,-1\n7,8,\n",
        "weight,u,v\n0.0,1,2\n0.5,3,4\n-1,5,6\n,7,8\n",
        "from,to,count\n1,2,0\n3,4,1\n5,6,-2\n7,8,3\n",
        "from;to;weight\n1;2;0,0\n3;4;0,5\n5;6;-1,5\n7;8;2\n",
    ] {
        let list = read("edges", text).unwrap();
        assert_eq!(ends(&list), [(3, 4), (5, 6), (7, 8)], "{text:?}");
        let notes = list.notes().join("\n");
        assert!(notes.contains("1 row of weight 0 is no edge"), "{notes}");
        assert!(notes.contains("1 row of negative weight"), "{notes}");
    }
    assert!(
        refusal("edges", "source,target,weight\n1,2,heavy\n")
            .contains("line 2: column 3 (`weight`)")
    );
}

#[test]
fn packed_lists_are_known_by_their_bytes() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"1,2\n").unwrap();
    let gzip = gz.finish().unwrap();
    let twice = [&gzip[..], &gzip].concat();
    let padded = [&gzip[..], &[0; 512]].concat();
    let zstd = zstd::stream::encode_all(&b"1,2\n"[..], 1).unwrap();
    for packed in [&gzip, &twice, &padded, &zstd] {
        let read = parsed("x", packed, &EdgeColumns::default(), EdgeIds::Numbers);
        assert_eq!(read.unwrap().0.undirected().pairs, [(1, 2)]);
    }
    let followed = [&gzip[..], b"3,4\n"].concat();
    for damaged in [
        &gzip[..gzip.len() - 3],
        &zstd[..zstd.len() - 1],
        &followed[..],
    ] {
        let read = parsed("x", damaged, &EdgeColumns::default(), EdgeIds::Numbers);
        assert!(read.is_err(), "cut, or followed by something else");
    }
}

#[test]
fn a_packed_list_of_neighbours_is_one_however_it_is_packed() {
    let text = &b"0 1 2 3\n1 2 3\n"[..];
    let zstd = zstd::stream::encode_all(text, 1).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    for (name, packed) in [
        ("x.adjlist.zst", &zstd),
        ("x.AdjList.ZSTD", &zstd),
        ("x.adjlist.gz", &gzip.finish().unwrap()),
    ] {
        let read = parsed(name, packed, &EdgeColumns::default(), EdgeIds::Numbers);
        let pairs = read.unwrap().0.undirected().pairs;
        assert_eq!(pairs, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)], "{name}");
    }
}

#[test]
fn lists_of_neighbours_are_read() {
    for (name, text, expected) in [
        ("x.adj", "1 2\n\n5\n", vec![(0, 1), (0, 3), (2, 7)]),
        (
            "x.adjlist",
            "0 1 2 3\n1 2 3\n2 3\n3\n",
            vec![(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
        ),
        ("x.adjlist", "# networkx\n#\n5 6\n7\n", vec![(5, 6)]),
        ("x.graph", "3 2\n2 3\n1\n1\n", vec![(1, 2), (1, 3)]),
        (
            "x.graph",
            "% c\n4 2 1\n2 7 3 7\n1 7\n1 7\n\n",
            vec![(1, 2), (1, 3)],
        ),
        (
            "X.METIS",
            "3 2 11 1\n5 2 1 3 1\n5 1 1\n5 1 1\n",
            vec![(1, 2), (1, 3)],
        ),
        (
            "x.graph",
            "3 2 100\n9 2\n9 1 3\n9 2\n",
            vec![(1, 2), (2, 3)],
        ),
    ] {
        assert_eq!(ends(&read(name, text).unwrap()), expected, "{text:?}");
    }
    let lone = read("x.graph", "3 1\n2\n1\n\n").unwrap();
    assert!(
        lone.notes()
            .iter()
            .any(|note| note == "1 node without neighbours is left out")
    );
}

#[test]
fn deny_lists_of_neighbours_that_do_not_fit() {
    for (name, text) in [
        ("x.adj", "1\nx\n"),
        ("x.adj", "1\n18446744073709551615\n"),
        ("x.adjlist", "0 1\n1 a\n"),
        ("x.graph", "3 2\n2 3\n1\n"),
        ("x.graph", "3 3\n2 3\n1\n1\n"),
        ("x.graph", "3 2\n2 3\n1\n\n"),
        ("x.graph", "3 2\n2 4\n1\n1\n"),
        ("x.graph", "3 2\n2 3\n1\n1\n1 2\n"),
        ("x.graph", "1 2 3 4 5\n"),
        ("x.graph", "2 1 1\n2\n1 1\n"),
        // The same in files of other names.
        ("x", "0 1 2 3\n1 2 3\n2 3\n"),
        ("x", "4 4\n2 4\n1 3\n2 4\n1 3\n"),
    ] {
        refusal(name, text);
    }
    assert!(refusal("x", "0 1 2 3\n1 2 3\n").contains(".adjlist"));
    assert!(refusal("x", "3 3\n2 3\n1 3\n1 2\n").contains("METIS"));
}

#[test]
fn matrices_are_read() {
    let general = "%%MatrixMarket matrix coordinate pattern general\n% c\n3 3 3\n1 2\n2 3\n3 3\n";
    let list = read("x", general).unwrap();
    assert_eq!(ends(&list), [(1, 2), (2, 3), (3, 3)]);
    assert_eq!(list.directed().pairs, [(1, 2), (2, 3)]);
    let symmetric =
        "%%matrixmarket MATRIX coordinate real symmetric\n3 3 3\n2 1 0.5\n3 2 1e-3\n3 1 0\n";
    let list = read("x.mtx", symmetric).unwrap();
    assert_eq!(
        list.undirected().pairs,
        [(1, 2), (2, 3)],
        "an entry of 0 is none"
    );
    assert_eq!(list.directed().pairs, [(1, 2), (2, 1), (2, 3), (3, 2)]);
    assert_eq!(
        ends(
            &read(
                "x",
                "%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 2 7\n"
            )
            .unwrap()
        ),
        [(1, 2)]
    );
}

#[test]
fn deny_matrices_that_say_something_else() {
    for (text, why) in [
        (
            "%%MatrixMarket matrix coordinate pattern general\n3 900 2\n1 5\n2 7\n",
            "not the same people",
        ),
        (
            "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n",
            "coordinate",
        ),
        (
            "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 1\n",
            "skew",
        ),
        (
            "%%MatrixMarket matrix coordinate complex hermitian\n2 2 1\n2 1 1 0\n",
            "real",
        ),
        (
            "%%MatrixMarket vector coordinate real general\n2 1\n1 1\n",
            "matrix",
        ),
        (
            "%%MatrixMarket matrix coordinate pattern general\n3 3 3\n1 2\n2 3\n",
            "3 entries, and there are 2",
        ),
        (
            "%%MatrixMarket matrix coordinate pattern general\n3 3 1\n1 4\n",
            "line 3",
        ),
        (
            "%%MatrixMarket matrix coordinate pattern general\n3 3 1\n0 1\n",
            "line 3",
        ),
        (
            "%%MatrixMarket matrix coordinate real general\n3 3 1\n1 2\n",
            "a value",
        ),
        ("%%MatrixMarket matrix coordinate pattern general\n", "size"),
        ("%%MatrixMarket\n3 3 1\n1 2\n", "line 1"),
    ] {
        let error = refusal("x", text);
        assert!(error.contains(why), "{text:?}: {error}");
    }
    assert!(refusal("x.mtx", "3 3 1\n1 2\n").contains("%%MatrixMarket"));
}

#[test]
fn loops_and_repeats_are_dropped_and_counted() {
    let list = read("x", "2,1\n1,2\n1,2\n3,3\n").unwrap();
    let undirected = list.undirected();
    assert_eq!(undirected.pairs, [(1, 2)]);
    assert_eq!((undirected.loops, undirected.repeats), (1, 2));
    assert_eq!(list.directed().pairs, [(1, 2), (2, 1)]);
    assert_eq!((list.directed().loops, list.directed().repeats), (1, 1));
}

/// The first line is forgiven nothing that another is not.
#[test]
fn deny_a_line_that_is_no_edge_by_its_number() {
    for (text, line) in [
        ("src,dst\n1,2\n1\n", 3),
        ("# c\n1,2\n1,-2\n", 3),
        ("1,2,3\n1,2,x\n1,2\n", 3),
        ("1,two\n", 1),
        ("-1 -2\n1 2\n", 1),
        ("1.5 2.5\n1 2\n", 1),
        ("a b\n1 2\n", 1),
        ("anna bob\nbob carl\n", 1),
        ("source 2\n1 2\n", 1),
        ("1\n2\n", 1),
        ("1 2\n3 4 5\n", 2),
        ("src,dst\n1,2\nsrc,dst\n", 3),
        ("1,2\n3,4,\n", 2),
        ("1\t2\n3\t\t4\n", 2),
        ("\"1,2\n3,4\n", 1),
        ("1,\n", 1),
        ("a,b,time\n1,2,1.5e9\n", 2),
        ("a,b,time\n1,2,3\n1,2,2016-08-25\n", 3),
        ("1 2\r3 x\r", 2),
    ] {
        let error = refusal("x", text);
        assert!(
            error.starts_with(&format!("x, line {line}: ")),
            "{text:?}: {error}"
        );
    }
    let not_utf8 = parsed(
        "x",
        b"1,2\n\xff,3\n",
        &EdgeColumns::default(),
        EdgeIds::Numbers,
    );
    assert!(not_utf8.is_err());
    assert!(read_edges(Path::new("/nowhere")).is_err());
}

/// Without names, a first column that counts the lines is an index.
#[test]
fn deny_an_index_without_a_name() {
    for text in [
        "0,12,15\n1,12,16\n2,15,16\n",
        "1,12,15\n2,12,16\n3,15,16\n",
        "0 12 15 3\n1 12 16 4\n2 15 16 5\n",
        "0\t12\t15\n1\t12\t16\n2\t15\t16\n",
        "0;12;15\n1;12;16\n2;15;16\n3;12;17\n",
    ] {
        assert!(refusal("x", text).contains("--source-column"), "{text:?}");
        assert_eq!(
            ends(&read_with("x", text, &said(["2", "3", "", ""])).unwrap())[0],
            (12, 15)
        );
    }
    assert_eq!(
        read("x", "0 1\n1 2\n2 3\n").unwrap().rows().len(),
        3,
        "two columns have no index"
    );
}

/// A first line that says how many nodes and edges follow looks like an edge.
#[test]
fn deny_sizes_in_front() {
    for text in [
        "5 4\n1 2\n2 3\n3 4\n4 5\n",
        "5 4\n0 1\n1 2\n2 3\n3 4\n",
        "4,5\n1,2\n1,3\n1,4\n2,3\n3,4\n",
        "3 3\n0 1\n1 2\n0 2\n",
        "# c\n6 3\n1 2\n3 4\n5 6\n",
    ] {
        assert!(refusal("x", text).contains("--header"), "{text:?}");
        let read = |header| {
            let said = EdgeColumns {
                header: Some(header),
                ..EdgeColumns::default()
            };
            read_with("x", text, &said).unwrap().rows().len()
        };
        assert_eq!(read(true) + 1, read(false), "{text:?}");
    }
    assert_eq!(
        read("x", "3 2\n3 1\n2 1\n").unwrap().rows().len(),
        3,
        "a triangle"
    );
}

#[test]
fn deny_names_that_leave_a_doubt() {
    for text in [
        "source,target,from,to\n1,2,3,4\n",
        "user1,user2,person1,person2\n1,2,3,4\n",
        "source,source,target\n1,2,3\n",
    ] {
        assert!(refusal("x", text).contains("--source-column"), "{text:?}");
    }
}

#[test]
fn texts_are_numbered_in_their_order() {
    for text in [
        "source,target\nbob,anna\nanna,carl\n",
        "bob anna\nanna carl\n",
        "since,from,to\n2016-08-25,bob,anna\n2016-08-25,anna,carl\n",
        "\"bob\";\"anna\"\n\"anna\";\"carl\"\n",
        "bob\tanna\t3\nanna\tcarl\t4\n",
        "source,target,weight\nbob,anna,1\nanna,carl,2\n",
    ] {
        let read = parsed(
            "x",
            text.as_bytes(),
            &EdgeColumns::default(),
            EdgeIds::Dictionary,
        );
        let (list, texts) = read.unwrap();
        assert_eq!(texts, ["anna", "bob", "carl"], "{text:?}");
        assert_eq!(ends(&list), [(2, 1), (1, 3)], "{text:?}");
    }
}

#[test]
fn deny_texts_that_may_be_names_or_nobody() {
    for text in [
        "user1,user2\nuser2,user3\n",
        "bob,anna\nanna,\n",
        "bob,anna\nanna,NaN\n",
        "bob anna\nanna\n",
        "graph [\n",
        "<graphml>\n",
        "*Vertices 3\n",
        "digraph G {\n",
        "p edge 3 2\ne 1 2\n",
    ] {
        let read = parsed(
            "x",
            text.as_bytes(),
            &EdgeColumns::default(),
            EdgeIds::Dictionary,
        );
        assert!(read.is_err(), "{text:?}");
    }
    let no_header = EdgeColumns {
        header: Some(false),
        ..EdgeColumns::default()
    };
    let (list, _) = parsed(
        "x",
        b"user1,user2\nuser2,user3\n",
        &no_header,
        EdgeIds::Dictionary,
    )
    .unwrap();
    assert_eq!(ends(&list), [(1, 2), (2, 3)]);
}

#[test]
fn deny_files_of_other_forms() {
    for bytes in [
        &b"PAR1\x00"[..],
        b"PK\x03\x04",
        b"BZh9",
        b"\xff\xfe1\x00",
        b"\xfd7zXZ",
    ] {
        let read = parsed("x", bytes, &EdgeColumns::default(), EdgeIds::Numbers);
        assert!(matches!(read, Err(EdgesError::File { .. })), "{bytes:?}");
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(matches!(
        read_edges(here),
        Err(EdgesError::NotAFile {
            kind: "a directory",
            ..
        })
    ));
    assert!(matches!(
        read_edges(Path::new("/dev/null")),
        Err(EdgesError::NotAFile {
            kind: "a device",
            ..
        })
    ));
}

#[test]
fn lists_over_the_same_people_share_their_ids() {
    let dir = std::env::temp_dir();
    let files =
        ["a", "b"].map(|name| dir.join(format!("acquaint-edges-{}-{name}", std::process::id())));
    std::fs::write(&files[0], "carl anna\n").unwrap();
    std::fs::write(&files[1], "bob anna\n").unwrap();
    let nothing = EdgeColumns::default();
    let asked = files.each_ref().map(|path| EdgeFile {
        path,
        said: &nothing,
    });
    let read = read_edge_lists(&asked, EdgeIds::Dictionary, EdgeLimits::default()).unwrap();
    for file in &files {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(read.texts, ["anna", "bob", "carl"]);
    assert_eq!(
        read.lists.iter().map(ends).collect::<Vec<_>>(),
        [[(3, 1)], [(2, 1)]]
    );
}
