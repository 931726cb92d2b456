//! A small world made by hand in which nearly everybody would be suggested to everybody: what is missing from its outputs
//! is missing because a row says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The moment the world is run as of.
pub(crate) const AS_OF: &str = "2016-12-01T00:00:00Z";
/// What the world is run under: every tie counts, and one report weighs as much as it can.
pub(crate) const CONFIG: &str = "
    [suggest]
    k = 50
    min_intermediaries = 1
    [ads]
    k = 50
    [abuse]
    report_weight = 20.0
    report_cap = 1
";

const DIGEST: &str = "abababababababababababababababababababababababababababababababab";
const SAID: &str = "2016-09-01T00:00:00Z";

/// The tables of the world by name, header first.
pub(crate) type Tables = BTreeMap<&'static str, Vec<String>>;

/// Rows that take something away: the table, the row from 1, and what its loss would let out.
pub(crate) fn restrictions(tables: &Tables) -> Vec<(&'static str, usize)> {
    let takes = |table: &str, row: &str| match table {
        "consent_events" => [
            "opt_out", "withdraw", "signal", "delete", "recycled", ",false,",
        ]
        .iter()
        .any(|word| row.contains(word)),
        "overlays" | "feedback" | "ad_feedback" | "abuse_reports" => true,
        "business_opt_ins" => !row.ends_with(','),
        // The row of account 1016, and the ad that has ended.
        "messenger_accounts" => row.starts_with("1016"),
        "ads" => row.starts_with("9003"),
        _ => false,
    };
    let rows = |(&table, rows): (&&'static str, &Vec<String>)| {
        let all = rows.iter().enumerate().skip(1);
        let taking = all.filter(|(_, row)| takes(table, row));
        taking.map(|(at, _)| (table, at)).collect::<Vec<_>>()
    };
    tables.iter().flat_map(rows).collect()
}

/// The world, undamaged.
pub(crate) fn tables() -> Tables {
    let mut tables = Tables::new();
    let mut put = |name, header: &str, rows: Vec<String>| {
        let all = std::iter::once(header.to_owned()).chain(rows);
        tables.insert(name, all.collect());
    };
    let people = 1..=16_u64;
    put(
        "messenger_accounts",
        "account_id,phone,region,registered_at,last_seen_at,number_since,number_until,device_id,os,sessions_30d,groups",
        people.clone().map(account).collect(),
    );
    put(
        "social_accounts",
        "user_id,phone,phone_given_for,phone_since,region,created_at,device_id",
        people.clone().map(user).collect(),
    );
    // Everybody but 5016 is a friend of the three people who are friends of everybody.
    let pairs = (1..=3).flat_map(|hub| (4..=15_u64).map(move |other| (hub, other)));
    put(
        "friendships",
        "user_a,user_b,since",
        pairs
            .map(|(a, b)| format!("{},{},2015-06-01T00:00:00Z", 5000 + a, 5000 + b))
            .collect(),
    );
    // 1010 saves the number that 1016 had until 2015, and 1016 that of 1010.
    put(
        "address_book",
        "account_id,phone,saved_at",
        vec![
            format!("1010,{},2016-01-01T00:00:00Z", phone(16)),
            format!("1016,{},2016-01-01T00:00:00Z", phone(10)),
        ],
    );
    put(
        "policy_versions",
        "policy,locale,text_digest,announced_at,accept_by,window_days,cohort_cut",
        vec![format!(
            "1,en,{DIGEST},2016-08-25T00:00:00Z,2016-09-25T00:00:00Z,30,2016-08-25T00:00:00Z"
        )],
    );
    put(
        "consent_events",
        "event_id,account_id,device_id,kind,valid_time,known_time,policy,text_digest,share,purpose",
        events(),
    );
    put(
        "overlays",
        "region,purpose,from,until,effect,cut_off",
        vec![
            "FR,friend_suggestions,2016-10-01T00:00:00Z,,deny,".to_owned(),
            "FR,ad_relevance,2016-10-01T00:00:00Z,2017-10-01T00:00:00Z,deny,".to_owned(),
        ],
    );
    put(
        "feedback",
        "user_id,other_id,kind,at",
        [
            (5010, 5011, "block"),
            (5010, 5012, "dismiss"),
            (5012, 5011, "hide"),
            (5013, 5013, "hide"),
            (5011, 5006, "report"),
        ]
        .map(|(user, other, kind)| format!("{user},{other},{kind},{SAID}"))
        .into(),
    );
    put_business(&mut put);
    tables
}

fn put_business(put: &mut impl FnMut(&'static str, &str, Vec<String>)) {
    put(
        "ads",
        "ad_id,advertiser_id,category,bid,starts_at,ends_at",
        [(9001, 801, 2017), (9002, 802, 2017), (9003, 803, 2016)]
            .map(|(ad, of, until)| {
                format!("{ad},{of},shoes,1.0,2016-01-01T00:00:00Z,{until}-10-01T00:00:00Z")
            })
            .into(),
    );
    put(
        "ad_feedback",
        "user_id,kind,ad_id,advertiser_id,at",
        vec![
            format!("5010,hide_ad,9001,,{SAID}"),
            format!("5011,hide_advertiser,,802,{SAID}"),
        ],
    );
    put(
        "businesses",
        "business_id,phone,region,category,verified_at",
        vec![
            "301,+4915120009301,DE,shop,2016-01-01T00:00:00Z".to_owned(),
            format!("303,{},DE,shop,2016-01-01T00:00:00Z", phone(15)),
        ],
    );
    put(
        "business_opt_ins",
        "business_id,account_id,opted_in_at,opted_out_at",
        vec![
            "301,1010,2016-02-01T00:00:00Z,2016-03-01T00:00:00Z".to_owned(),
            "301,1011,2016-02-01T00:00:00Z,".to_owned(),
            "303,1012,2016-02-01T00:00:00Z,".to_owned(),
        ],
    );
    put(
        "abuse_reports",
        "reporter,reported,reason,at",
        vec![format!("1012,1015,spam,{SAID}")],
    );
}

/// Writes the tables as CSV.
pub(crate) fn write(dir: &Path, tables: &Tables) {
    fs::create_dir_all(dir).unwrap();
    for (name, rows) in tables {
        fs::write(dir.join(format!("{name}.csv")), rows.join("\n") + "\n").unwrap();
    }
}

fn phone(n: u64) -> String {
    format!("+49151200{:05}", 1000 + n)
}

fn account(n: u64) -> String {
    let until = if n == 16 { "2015-06-01T00:00:00Z" } else { "" };
    let region = if n == 14 { "FR" } else { "DE" };
    format!(
        "{},{},{region},2015-01-01T00:00:00Z,2016-11-01T00:00:00Z,2015-01-01T00:00:00Z,{until},device-{n},,3,",
        1000 + n,
        phone(n)
    )
}

fn user(n: u64) -> String {
    let region = if n == 14 { "FR" } else { "DE" };
    format!(
        "{},{},contact,2015-01-02T00:00:00Z,{region},2015-01-01T00:00:00Z,device-{n}",
        5000 + n,
        phone(n)
    )
}

fn events() -> Vec<String> {
    let mut rows = Vec::new();
    let mut add = |account: &str, device: &str, rest: &str| {
        rows.push(format!("{},{account},{device},{rest}", 700 + rows.len()));
    };
    for n in 1001..=1016_u64 {
        let share = n != 1009;
        let (shown, accepted) = ("2016-08-25T00:00:00Z", "2016-08-26T00:00:00Z");
        let account = n.to_string();
        add(
            &account,
            "",
            &format!("notice_served,{shown},{shown},1,{DIGEST},,"),
        );
        add(
            &account,
            "",
            &format!("accept,{accepted},{accepted},,,{share},"),
        );
    }
    let plain = |kind: &str| format!("{kind},{SAID},{SAID},,,,");
    add("1004", "", &plain("opt_out"));
    add(
        "1005",
        "",
        &format!("withdraw,{SAID},{SAID},,,,ad_relevance"),
    );
    add("", "device-6", &plain("signal"));
    add("1007", "", &plain("delete"));
    add("1008", "", &plain("recycled"));
    rows
}
