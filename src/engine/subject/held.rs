//! The rows of the tables that name somebody.

use serde::Serialize;

use super::who::Who;
use crate::engine::EngineError;
use crate::engine::books::reading::default_regions;
use crate::engine::world::World;
use crate::hash::HashMap;
use crate::identity::E164;
use crate::ids::{AccountId, Region};
use crate::signals::{NamedRow, SignalsDir, Table};

/// Rows listed of one file, the first of many.
const LISTED: usize = 1_000;

/// The rows of one file that name somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldRows {
    /// The table.
    pub table: &'static str,
    /// The file, relative to the signals directory.
    pub file: String,
    /// How many rows.
    pub n_rows: u64,
    /// The first thousand of them; the first row after the header is 1.
    pub rows: Vec<u64>,
    /// What they are used for, where the person allows it.
    pub purposes: &'static [&'static str],
}

/// Looks at every row of every table.
pub(super) fn held(
    dir: &SignalsDir,
    world: &World,
    who: &mut Who,
) -> Result<Vec<HeldRows>, EngineError> {
    let regions = default_regions(&world.inputs);
    let mut all = Vec::new();
    for table in Table::ALL {
        let mut by_file: HashMap<u32, HeldRows> = HashMap::default();
        dir.each_named(table, &mut |row| {
            let is_theirs = who.names(&row.accounts, &row.users);
            if is_theirs || (is_of_others(table) && holds_number(row, who, &regions)) {
                let held = by_file
                    .entry(row.file)
                    .or_insert_with(|| empty(table, dir, row.file));
                held.n_rows += 1;
                if held.rows.len() < LISTED {
                    held.rows.push(row.row);
                }
            }
        })?;
        all.extend(by_file.into_values());
    }
    all.sort_unstable_by(|a, b| (a.table, &a.file).cmp(&(b.table, &b.file)));
    Ok(all)
}

fn empty(table: Table, dir: &SignalsDir, file: u32) -> HeldRows {
    HeldRows {
        table: table.name(),
        file: dir.file(table, file).unwrap_or_default(),
        n_rows: 0,
        rows: Vec::new(),
        purposes: purposes(table),
    }
}

/// Do numbers in a table stand for people whom its rows are not about? Rows about other holders of a number that was passed on are
/// theirs to ask for.
const fn is_of_others(table: Table) -> bool {
    !matches!(table, Table::MessengerAccounts | Table::SocialAccounts)
}

/// Does a row hold one of their numbers, in any way it can be read?
fn holds_number(row: &NamedRow, who: &Who, regions: &HashMap<AccountId, Region>) -> bool {
    let Some((phone, region)) = &row.phone else {
        return false;
    };
    let of_uploader = || row.accounts.first().and_then(|id| regions.get(id).copied());
    let region = region.or_else(of_uploader);
    E164::readings(phone, region).any(|number| who.numbers.contains(&number))
}

/// What the rows of a table are used for.
const fn purposes(table: Table) -> &'static [&'static str] {
    match table {
        Table::MessengerAccounts | Table::SocialAccounts => &[
            "friend_suggestions",
            "ad_relevance",
            "abuse",
            "business_service",
            "business_marketing",
        ],
        Table::AddressBook => &[
            "friend_suggestions",
            "ad_relevance",
            "abuse",
            "business_service",
            "business_marketing",
        ],
        Table::Friendships | Table::Feedback => &["friend_suggestions", "ad_relevance"],
        Table::CallCounts | Table::GroupMembers => &["friend_suggestions"],
        Table::AudienceMembers | Table::AdFeedback | Table::Impressions => &["ad_relevance"],
        Table::AbuseReports | Table::TrustSeeds => &["abuse"],
        Table::Businesses
        | Table::BusinessThreads
        | Table::BusinessOptIns
        | Table::BusinessEvents => &["business_service", "business_marketing"],
        Table::ConsentEvents => &["proof of consent"],
        Table::AdTruth | Table::Ads | Table::PolicyVersions | Table::Overlays => &[],
    }
}
