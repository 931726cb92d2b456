//! Whole runs: sums that check, bytes that do not change, rows that rest on who is there.

use rayon::ThreadPoolBuilder;

use crate::support::{Run, small_world, u64s};

const TABLES: [&str; 7] = [
    "suggestions.parquet",
    "ad_scores.parquet",
    "abuse_scores.parquet",
    "business_reach.parquet",
    "business_order.parquet",
    "links.parquet",
    "rejections.parquet",
];

#[test]
fn every_sum_checks_and_every_table_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(200, 1);
    let run = Run::of_world(dir.path(), &world, "", world.as_of);
    run.manifest.check_sums().unwrap();
    for table in TABLES {
        let rows: usize = run
            .table(table)
            .iter()
            .map(arrow_array::RecordBatch::num_rows)
            .sum();
        let written = run
            .manifest
            .outputs
            .iter()
            .find(|o| o.file == table)
            .unwrap();
        assert_eq!(rows as u64, written.rows, "{table}");
        assert!(
            rows > 0 || table == "rejections.parquet",
            "{table} is empty"
        );
    }
    assert_eq!(
        run.manifest.n_rejected(),
        0,
        "a synthetic world has no bad rows"
    );
    let opted_out: u64 = run
        .manifest
        .stages
        .iter()
        .filter_map(|s| s.dropped.get("opted_out"))
        .sum();
    assert!(opted_out > 0, "a synthetic world has people who opted out");
}

#[test]
fn same_bytes_twice_and_for_any_number_of_threads() {
    let world = small_world(200, 2);
    let outputs: Vec<Vec<Vec<u8>>> = [1, 2, 3, 2]
        .into_iter()
        .map(|n| {
            let pool = ThreadPoolBuilder::new().num_threads(n).build().unwrap();
            let dir = tempfile::tempdir().unwrap();
            let run = pool.install(|| Run::of_world(dir.path(), &world, "", world.as_of));
            TABLES
                .iter()
                .chain(&["manifest.json"])
                .map(|file| run.bytes(file))
                .collect()
        })
        .collect();
    assert!(outputs.iter().all(|o| *o == outputs[0]));
}

#[test]
fn nobody_gets_more_than_k_and_nobody_sees_a_friend() {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(300, 3);
    let config = "[suggest]\nk = 3\nmin_intermediaries = 1\n[ads]\nk = 2\n";
    let run = Run::of_world(dir.path(), &world, config, world.as_of);
    let suggestions = run.table("suggestions.parquet");
    let users = u64s(&suggestions, "user_id");
    let candidates = u64s(&suggestions, "candidate_id");
    let friends: std::collections::BTreeSet<(u64, u64)> = world
        .friendships
        .iter()
        .flat_map(|f| [(f.user_a.0, f.user_b.0), (f.user_b.0, f.user_a.0)])
        .collect();
    for (&user, &candidate) in users.iter().zip(&candidates) {
        assert!(
            user != candidate && !friends.contains(&(user, candidate)),
            "{user} {candidate}"
        );
    }
    assert!(
        users
            .chunk_by(|a, b| a == b)
            .all(|of_one| of_one.len() <= 3)
    );
    let of_ads = u64s(&run.table("ad_scores.parquet"), "user_id");
    assert!(
        !of_ads.is_empty()
            && of_ads
                .chunk_by(|a, b| a == b)
                .all(|of_one| of_one.len() <= 2)
    );
}

#[test]
fn a_held_window_and_the_strict_profile_allow_less() {
    let world = small_world(200, 4);
    let n_suggestions = |config: &str| {
        let dir = tempfile::tempdir().unwrap();
        let run = Run::of_world(dir.path(), &world, config, world.as_of);
        run.manifest.check_sums().unwrap();
        run.lines("suggestions.parquet").len()
    };
    let offered = n_suggestions("");
    assert!(n_suggestions("[consent]\nhold_until_window_end = true\n") <= offered);
    assert!(n_suggestions("[consent]\nprofile = \"opt-in\"\n") < offered);
}
