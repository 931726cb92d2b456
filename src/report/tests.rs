//! Manifests made by hand: of a large run, of none, and of somebody who means harm.

use std::collections::BTreeMap;

use serde_json::json;

use super::{render, summary};
use crate::abuse::OutcomeThresholds;
use crate::engine::Stage;
use crate::engine::outputs::{
    AbuseOutcomes, AdsPolicy, AsOfTimes, Histogram, InputDigest, Manifest, OutputDigest,
};
use crate::time::Timestamp;

fn empty() -> Manifest {
    let at = Timestamp::parse("2016-09-25T00:00:00Z").unwrap();
    Manifest {
        format: "acquaint-run/1".to_owned(),
        acquaint: "0.1.0".to_owned(),
        phone_metadata: "9.0.8".to_owned(),
        phone_aliases: String::new(),
        as_of: AsOfTimes {
            valid: at,
            known: at,
            published_known: at.plus_days(1),
            latest: None,
        },
        parameters: json!({}),
        ledger: String::new(),
        snapshot: String::new(),

        log: None,
        inputs: Vec::new(),
        ignored_columns: BTreeMap::new(),
        outputs: Vec::new(),
        rejections_unlisted: 0,
        rejected_numbers: BTreeMap::new(),
        ambiguous_numbers: BTreeMap::new(),
        consent_states: BTreeMap::new(),
        stages: Vec::new(),
        rejected: BTreeMap::new(),
        findings: Vec::new(),
        graph: json!(null),
        ad_model: json!(null),
        exposure: crate::engine::outputs::Exposure::default(),
        friend_model: serde_json::Value::Null,
        ads_policy: AdsPolicy::default(),
        abuse: None,
        histograms: Vec::new(),
    }
}

fn stage(name: &str, rows_out: u64, dropped: &[(&str, u64)]) -> Stage {
    let mut stage = Stage::new(name);
    stage.pass(rows_out);
    for (reason, n) in dropped {
        stage.drop(reason, *n);
    }
    stage
}

fn hex(file: &str) -> String {
    blake3::hash(file.as_bytes()).to_hex().to_string()
}

fn input(file: &str, rows: u64) -> InputDigest {
    InputDigest {
        file: file.to_owned(),
        bytes: rows * 19,
        rows,
        blake3: hex(file),
        is_proved: true,
    }
}

fn output(file: &str, rows: u64) -> OutputDigest {
    OutputDigest {
        file: file.to_owned(),
        bytes: rows * 23,
        rows,
        blake3: hex(file),
    }
}

/// Counts that fall by a factor from interval to interval.
fn falling(name: &str, unit: &str, width: f64, first: f64, factor: f64) -> Histogram {
    let bounds = (0..=24).map(|i| f64::from(i) * width).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts made up here are positive and small"
    )]
    let counts = (0..24).map(|i| (first * factor.powi(i)) as u64).collect();
    Histogram {
        name: name.to_owned(),
        unit: unit.to_owned(),
        bounds,
        counts,
    }
}

fn stages() -> Vec<Stage> {
    let refused = [
        ("opted_out", 4_120_334),
        ("lapsed", 1_002_113),
        ("no_record", 88_120),
        ("deletion_pending", 9_341),
        ("suspended", 12),
    ];
    vec![
        stage(
            "numbers of accounts → E.164",
            99_998_771,
            &[("not_a_number", 1_229)],
        ),
        stage(
            "numbers held → links",
            71_220_114,
            &[
                ("unclaimed", 24_110_390),
                ("stale", 3_991_020),
                ("ambiguous", 30_112),
                ("contested", 645_001),
                ("business_number", 2_134),
            ],
        ),
        stage(
            "social accounts → people (friend_suggestions)",
            66_000_081,
            &refused,
        ),
        stage(
            "social accounts → people (ad_relevance)",
            41_874_221,
            &[("not_granted", 22_000_000), ("opted_out", 7_345_780)],
        ),
        stage(
            "address book → matches (friend_suggestions)",
            412_774_001,
            &[
                ("no_permitted_account", 301_204_988),
                ("duplicate", 41_200_881),
                ("not_a_number", 12_402_117),
                ("objected", 2_102),
                ("own_number", 881_234),
                ("before_binding", 1_022_840),
                ("contested", 70_114),
                ("opted_out", 30_442_019),
                ("lapsed", 9_020_337),
            ],
        ),
        stage(
            "matches → contact edges",
            402_110_394,
            &[("not_linked", 10_441_203), ("same_person", 222_404)],
        ),
        stage(
            "friendships → friend edges",
            610_220_941,
            &[("opted_out", 71_204_440), ("deleted", 1)],
        ),
        stage("edges → graph", 1_012_331_335, &[]),
        stage(
            "candidates → suggestions",
            659_204_117,
            &[
                (
                    "beyond_the_last_rank_that_is_kept_for_every_person",
                    8_120_441_903,
                ),
                (
                    "dismissed_or_blocked_by_either_of_the_two_people",
                    1_442_901,
                ),
            ],
        ),
        stage(
            "people × ads → ad scores",
            418_742_210,
            &[
                ("not_targeted", 2_044_120_417),
                ("frequency_cap", 88_120_004),
            ],
        ),
        stage(
            "impressions → training rows",
            88_120_337,
            &[
                ("not_yet", 12),
                ("no_user", 4_120_004),
                ("not_granted", 31_204_118),
            ],
        ),
        stage(
            "messenger accounts → spam scores (abuse)",
            99_002_113,
            &[("deletion_pending", 997_887)],
        ),
        stage("businesses × accounts → verdicts", 0, &[]),
        stage("suggestions → published", 659_204_102, &[("opted_out", 15)]),
    ]
}

/// A run over a hundred million accounts.
fn large() -> Manifest {
    let degrees = |nodes: u64, mean: f64| {
        json!({"nodes": nodes, "entries": 1_220_441_882_u64, "isolated": 2_113_004, "degree_min": 0, "degree_median": 9,
               "degree_mean": mean, "degree_p99": 171, "degree_max": 5000, "two_paths": 88_120_441_882_117_u64})
    };
    let metrics = |loss: f64| json!({"log_loss": loss, "ne": loss / 0.0794, "auc": 0.7612, "ece": 0.0011, "calibration_ratio": null});
    Manifest {
        parameters: json!({"suggest": {"k": 10, "hub_cap": 5000, "weights": [1.0, 0.5]}, "consent": {"window_days": 30, "profile": "opt_in"}}),
        ledger: hex("ledger"),
        snapshot: hex("snapshot"),
        inputs: vec![
            input("accounts.parquet", 100_000_000),
            input(
                "address_book/part-00000-5f1c0c1e-9a7e-4b7e-8f0e-1f6a3f6f2f1b-c000.snappy.parquet",
                809_020_633,
            ),
            input("consent_events.csv.gz", 141_220_093),
            input("social_accounts.parquet", 71_220_001),
        ],
        ignored_columns: BTreeMap::from([(
            "accounts.parquet".to_owned(),
            ["display_name", "avatar_url", "last_seen_at", "locale"]
                .map(str::to_owned)
                .to_vec(),
        )]),
        outputs: vec![
            output("suggestions.parquet", 659_204_102),
            output("ad_scores.parquet", 418_742_210),
            output("abuse_scores.parquet", 99_002_113),
            output("business_reach.parquet", 0),
            output("links.parquet", 71_220_114),
            output("rejections.parquet", 13_611),
        ],
        consent_states: [
            ("accepted_window_over", 48_220_113),
            ("accepted_window_open", 12_004_118),
            ("new_accepted", 5_775_850),
            ("opted_out", 4_120_334),
            ("lapsed", 1_002_113),
            ("notified", 310_021),
            ("deletion_pending", 9_341),
            ("suspended", 12),
        ]
        .map(|(state, n)| (state.to_owned(), n))
        .into(),
        stages: stages(),
        graph: json!({"ties": degrees(66_000_081, 18.49), "contacts": degrees(66_000_081, 12.107), "mutual_share": 0.417_233}),
        ad_model: json!({
            "metadata": {"schema": 1, "n_rows": 88_120_337, "impressions": 412_009_113, "clicks": 6_120_447,
                         "calibration": "isotonic, on 8,812,034 held-out rows", "ledger_digest": hex("ledger")},
            "training": {"rows_in": 88_120_337, "rows_fitted": 79_308_303, "fitted": metrics(0.070_12), "held_out": metrics(0.071_88)},
        }),
        ads_policy: AdsPolicy::default(),
        histograms: vec![
            falling("ties of a person", "ties", 209.0, 6.1e7, 0.45),
            falling(
                "mutual friends of a suggestion",
                "mutual friends",
                1.0,
                4.0e8,
                0.5,
            ),
            falling("score of a suggestion", "score", 0.71, 2.0e7, 0.93),
            falling(
                "probability of a click",
                "clicks per impression",
                0.0031,
                9.3e7,
                0.72,
            ),
            Histogram {
                name: "contacts of an account".to_owned(),
                unit: "contacts".to_owned(),
                bounds: vec![
                    0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0,
                ],
                counts: vec![13, 21, 55, 144, 377, 610, 377, 144, 34, 5],
            },
            Histogram {
                counts: vec![0; 24],
                ..falling("spam score of an account", "score", 0.04, 1.0, 1.0)
            },
        ],
        ..empty()
    }
}

const HOSTILE: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'</svg></style>\u{202e}{{ 7*7 }}\u{1b}[31m";

fn hostile() -> Manifest {
    let text = || HOSTILE.to_owned();
    let fields = json!({ HOSTILE: { HOSTILE: HOSTILE, "n": 1 } });
    Manifest {
        format: text(),
        acquaint: text(),
        phone_metadata: text(),
        phone_aliases: text(),
        parameters: fields.clone(),
        ledger: text(),
        snapshot: text(),
        inputs: vec![InputDigest {
            blake3: text(),
            ..input(HOSTILE, 1)
        }],
        ignored_columns: [(text(), vec![text()])].into(),
        outputs: vec![OutputDigest {
            blake3: text(),
            ..output(HOSTILE, 1)
        }],
        consent_states: [(text(), 1)].into(),
        stages: vec![
            stage(HOSTILE, 1, &[(HOSTILE, 1)]),
            Stage {
                rows_in: 1,
                ..Stage::new(HOSTILE)
            },
        ],
        graph: fields.clone(),
        ad_model: fields,
        ads_policy: AdsPolicy::default(),
        histograms: vec![falling(HOSTILE, HOSTILE, 1.0, 10.0, 0.5)],
        ..empty()
    }
}

#[test]
fn deny_markup_from_a_manifest() {
    let page = render(&hostile()).unwrap();
    for forbidden in [
        "<script",
        "<img",
        "onerror=alert(1)>",
        "'</svg>",
        "\u{202e}",
        "\u{1b}",
        ">49<",
    ] {
        assert!(!page.contains(forbidden), "{forbidden:?} got through");
    }
    let n_elements = |page: &str, tag: &str| page.matches(tag).count();
    for tag in ["svg", "style", "figure"] {
        let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
        assert_eq!(
            n_elements(&page, &opened),
            n_elements(&page, &closed),
            "{tag}"
        );
    }
    // 21 places print a text of the manifest's.
    assert!(
        page.matches("&lt;script&gt;").count() > 20,
        "the text itself is still there to read"
    );
    assert!(page.contains("\\u{202e}"));
}

#[test]
fn deny_terminal_codes_from_a_manifest() {
    let text = summary(&hostile());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn deny_any_way_around_escaping() {
    let template = include_str!("report.html");
    for way in [
        "| safe",
        "|safe",
        "autoescape",
        "<script",
        "http:",
        "https:",
        "url(",
        "javascript:",
    ] {
        assert!(!template.contains(way), "{way}");
    }
}

#[test]
fn same_manifest_same_bytes() {
    assert_eq!(render(&large()).unwrap(), render(&large()).unwrap());
    let text = serde_json::to_string(&large()).unwrap();
    let read_back: Manifest = serde_json::from_str(&text).unwrap();
    assert_eq!(render(&read_back).unwrap(), render(&large()).unwrap());
}

#[test]
fn a_run_of_nothing_has_a_page() {
    let page = render(&empty()).unwrap();
    assert!(page.contains("The sums of all 0 stages check"));
    assert!(page.contains("not written by this run"));
    assert!(page.trim_end().ends_with("</html>"));
}

#[test]
fn an_ad_model_is_drawn() {
    let bin = |p: f64| json!({"from": p, "to": p, "impressions": 1000, "clicks": 9, "mean_p": p, "rate": p, "rate_low": p / 2.0, "rate_high": p * 2.0});
    let point = |rows: u64, ne: f64| json!({"share": 1.0, "rows": rows, "held_out": {"log_loss": 0.1, "ne": ne}});
    let training = json!({"rows_in": 7, "reliability": [bin(0.01), bin(0.02)], "curve": [point(10, 0.9), point(20, 0.8)]});
    let page = render(&Manifest {
        ad_model: json!({ "training": training }),
        ..empty()
    })
    .unwrap();
    assert!(page.contains("predicted 1 %, clicked 1 %"));
    assert!(page.contains("normalized entropy from 0.9 with 10 rows to 0.8 with 20"));
    assert!(page.contains("<polyline") && page.contains("rows in"));
}

#[test]
fn unexpected_statistics_are_shown_all_the_same() {
    let odd = [
        json!(7),
        json!("text"),
        json!([1, 2]),
        json!({"a": {"b": {"c": -1.5}}}),
        json!({}),
    ];
    for value in odd {
        let manifest = Manifest {
            graph: value.clone(),
            ad_model: value,
            ..empty()
        };
        render(&manifest).unwrap();
    }
    let deep = Manifest {
        graph: json!({"a": {"b": {"c": -1.5}}}),
        ..empty()
    };
    let page = render(&deep).unwrap();
    assert!(page.contains("a › b") && page.contains("-1.5"));
}

#[test]
fn a_large_run_is_told_in_figures() {
    let page = render(&large()).unwrap();
    for figure in [
        "66,000,081",
        "659,204,102",
        "418,742,210",
        "4,120,334",
        "92.7 % of 71,220,001 people of the network",
    ] {
        assert!(page.contains(figure), "{figure}");
    }
}

#[test]
fn sums_that_do_not_check_are_said_first() {
    let mut manifest = large();
    manifest.stages[2].rows_in += 1;
    let page = render(&manifest).unwrap();
    assert!(page.contains("The sums of 1 of 14 stages do not check"));
    assert!(
        summary(&manifest)
            .ends_with("row counts do not add up: social accounts → people (friend_suggestions)\n")
    );
}

#[test]
fn a_page_holds_no_phone_number() {
    // Counts are grouped and digests hexadecimal, so a run of eight digits or more could only be a number.
    let page = render(&Manifest {
        inputs: vec![],
        outputs: vec![],
        ledger: String::new(),
        snapshot: String::new(),
        ..large()
    })
    .unwrap();
    let longest = page
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max();
    assert!(longest.unwrap() < 8, "{longest:?} digits in a row");
}

#[test]
fn golden_summary() {
    let text = summary(&large());
    assert!(text.lines().all(|line| line.chars().count() <= 96));
    insta::assert_snapshot!(text);
}

#[test]
fn golden_summary_of_nothing() {
    assert_eq!(
        summary(&empty()),
        "as of 2016-09-25T00:00:00Z\n\nstage  in  out  dropped\n\nwritten  rows  size  blake3\n\nno input files\nrow counts add up in all 0 stages\n"
    );
}

#[test]
fn what_followed_from_spam_scores_is_shown_but_for_small_groups() {
    let page = |is_trained, counts: [u64; 4]| {
        let names = ["none", "demote", "limit", "quarantine"].map(str::to_owned);
        let abuse = AbuseOutcomes {
            is_trained,
            thresholds: OutcomeThresholds::default(),
            accounts: names.into_iter().zip(counts).collect(),
        };
        let manifest = Manifest {
            abuse: Some(abuse),
            ..empty()
        };
        render(&manifest).unwrap()
    };
    let whole = page(true, [90_000, 2_411, 320, 87]);
    for told in ["90,000", "2,411", "320", "87", "0.95", "a trained model"] {
        assert!(whole.contains(told), "{told}");
    }
    assert!(!whole.contains("hidden</td>"));
    let small = page(false, [90_000, 2_411, 321, 7]);
    assert!(small.contains("90,000") && small.contains("2,411"));
    assert!(!small.contains("321") && small.contains("hidden</td>"));
    assert!(small.contains("never, without a trained model"));
    assert!(!render(&empty()).unwrap().contains("h-abuse"));
}
