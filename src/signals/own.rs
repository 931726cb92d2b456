//! Own columns: what a configuration reads of a table besides the columns every such table has.
//!
//! An own column is named in the configuration with the kind of value it holds. It has to be in every file of its table. Words
//! about a sensitive topic and cells that cannot be read are left out and counted; in `ads` they refuse the row, as a category does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::column::{Column, Kind};
use super::content::looks_like_message_content;
use super::mapping::{Reading, TableMapping};
use super::names::{fold, is_lookalike, is_slip};
use super::near_names::{is_second, meant_of_any};
use super::record::Record;
use super::records::{Ad, Impression, SocialAccount};
use super::shared_attributes::SharedAttributes;
use super::table::Table;
use super::terms::{TermRefused, Topic, refused};

/// Own columns a table may have.
const MAX_A_TABLE: usize = 64;
/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// What an own column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnKind {
    /// One word or name, such as `premium`.
    Category,
    /// A number that may have a fraction.
    Number,
    /// Several words, separated by `|` in text.
    List,
}

impl OwnKind {
    const fn kind(self) -> Kind {
        match self {
            Self::Category => Kind::Text,
            Self::Number => Kind::Number,
            Self::List => Kind::TextList,
        }
    }
}

/// Why a name cannot be an own column's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnRefused {
    /// The table may have no own columns.
    #[error("{0} has no columns of your own: impressions, ads and social_accounts may")]
    Table(Table),
    /// It is empty, too long, or has characters that no name has.
    #[error("{0:?} is not a valid column name")]
    Name(String),
    /// The table has it anyway.
    #[error("{table} always has the column {name}: leave it out")]
    Known {
        /// The table.
        table: Table,
        /// The column.
        name: String,
    },
    /// It is named twice, perhaps with other capitals.
    #[error("{0} is named twice: keep one")]
    Twice(String),
    /// It may be meant for a column that takes something away, or is nearly the name of one of the table's.
    #[error("{name} may be meant for {like}: call it something else")]
    Resembles {
        /// The column.
        name: String,
        /// What it resembles.
        like: &'static str,
    },
    /// Message content is never read.
    #[error("{0} looks like message content, which is never read")]
    Content(String),
    /// Nobody may be sorted by it.
    #[error("{name} is about {topic}: nobody may be sorted by it")]
    Sensitive {
        /// The column.
        name: String,
        /// Its topic.
        topic: Topic,
    },
    /// There are too many.
    #[error("{0} has more than {MAX_A_TABLE} columns of your own")]
    TooMany(Table),
}

/// Own columns by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnColumns {
    by_table: BTreeMap<Table, Vec<Column>>,
}

impl OwnColumns {
    /// Adds a column to a table. The same name is one column however it is written.
    ///
    /// # Errors
    /// If the table may have none, or the name is refused.
    pub fn add(&mut self, table: Table, name: &str, kind: OwnKind) -> Result<(), OwnRefused> {
        let known = known(table).ok_or(OwnRefused::Table(table))?;
        let own = self.by_table.entry(table).or_default();
        let is_taken = |columns: &[Column]| columns.iter().any(|c| fold(c.name) == fold(name));
        check(name)?;
        let name_of = || name.to_owned();
        if is_taken(known) {
            let name = name_of();
            return Err(OwnRefused::Known { table, name });
        }
        if is_taken(own) {
            return Err(OwnRefused::Twice(name_of()));
        }
        if let Some(like) = resembled(known, name) {
            let name = name.to_owned();
            return Err(OwnRefused::Resembles { name, like });
        }
        if own.len() == MAX_A_TABLE {
            return Err(OwnRefused::TooMany(table));
        }
        own.push(Column {
            index: known.len() + own.len(),
            name: interned(name),
            kind: kind.kind(),
            required: true,
            may_be_empty: true,
        });
        Ok(())
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_table.is_empty()
    }

    /// All columns that a table is read by, its own last.
    pub(super) fn columns<R: Record>(&self) -> Columns {
        let own = self.by_table.get(&R::TABLE).map_or(&[][..], Vec::as_slice);
        Columns {
            all: R::COLUMNS.iter().chain(own).copied().collect(),
            n_known: R::COLUMNS.len(),
            attributes: Arc::new(SharedAttributes::new()),
            mapping: TableMapping::default(),
            reading: Reading::default(),
        }
    }
}

/// The columns a table is read by.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    all: Vec<Column>,
    n_known: usize,
    attributes: Arc<SharedAttributes>,
    mapping: TableMapping,
    reading: Reading,
}

impl Columns {
    pub(super) fn all(&self) -> &[Column] {
        &self.all
    }

    /// Those that the configuration adds.
    pub(super) fn own(&self) -> &[Column] {
        &self.all[self.n_known..]
    }

    /// Read under a mapping.
    pub(super) fn mapped(self, mapping: Option<&TableMapping>) -> Self {
        let Some(mapping) = mapping else {
            return self;
        };
        Self {
            mapping: mapping.clone(),
            reading: Reading::new(mapping, &self.all),
            ..self
        }
    }

    /// What files call these columns.
    pub(super) const fn mapping(&self) -> &TableMapping {
        &self.mapping
    }

    /// What the mapping changes of cells.
    pub(super) const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// What was said of people in rows read so far.
    pub(super) fn attributes(&self) -> &SharedAttributes {
        &self.attributes
    }
}

/// The columns of a table that may have own ones besides.
const fn known(table: Table) -> Option<&'static [Column]> {
    match table {
        Table::Impressions => Some(Impression::COLUMNS),
        Table::Ads => Some(Ad::COLUMNS),
        Table::SocialAccounts => Some(SocialAccount::COLUMNS),
        _ => None,
    }
}

/// A column that a name may be meant for: read as a feature, an opt-out under another name would be lost.
fn resembled(known: &'static [Column], name: &str) -> Option<&'static str> {
    let folded = fold(name);
    let is_nearly = |column: &&Column| {
        let of = fold(column.name);
        is_lookalike(&folded, &of) || is_slip(&folded, &of) || is_second(name, column.name)
    };
    let nearly = known.iter().find(is_nearly).map(|column| column.name);
    nearly.or_else(|| meant_of_any(name))
}

fn check(name: &str) -> Result<(), OwnRefused> {
    let is_name = !name.trim().is_empty()
        && name.trim() == name
        && name.len() <= MAX_NAME_BYTES
        // A value is told as `column: value`.
        && !name.contains(':')
        && !name.chars().any(char::is_control);
    if !is_name {
        return Err(OwnRefused::Name(name.to_owned()));
    }
    if looks_like_message_content(name) {
        return Err(OwnRefused::Content(name.to_owned()));
    }
    let words = name.replace(['_', '-', '.'], " ");
    match refused(&words) {
        Some(TermRefused::Sensitive(topic)) => Err(OwnRefused::Sensitive {
            name: name.to_owned(),
            topic,
        }),
        Some(TermRefused::Contact) => Err(OwnRefused::Name(name.to_owned())),
        Some(TermRefused::Empty) | None => Ok(()),
    }
}

/// One copy of each name for as long as the process lives: names of columns stand in errors and rejections, and a
/// configuration has a few.
pub(super) fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.into());
    names.insert(name);
    name
}

/// What one row has in own columns, in the order of their names, words in theirs.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnValues(Option<Arc<Vec<OwnValue>>>);

impl OwnValues {
    /// Of any values.
    #[must_use]
    pub fn new(mut values: Vec<OwnValue>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self((!values.is_empty()).then(|| Arc::new(values)))
    }

    /// The values.
    pub fn iter(&self) -> std::slice::Iter<'_, OwnValue> {
        self.0.as_ref().map_or(&[][..], |values| values).iter()
    }
}

impl<'a> IntoIterator for &'a OwnValues {
    type Item = &'a OwnValue;
    type IntoIter = std::slice::Iter<'a, OwnValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for OwnValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// What stands in an own column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnValue {
    column: &'static str,
    said: Said,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Said {
    Word(Box<str>),
    Number(Ordered),
}

impl OwnValue {
    pub(super) fn word(column: &Column, word: &str) -> Self {
        Self {
            column: column.name,
            said: Said::Word(word.into()),
        }
    }

    /// Of a finite number.
    pub(super) fn number(column: &Column, number: f64) -> Self {
        Self {
            column: column.name,
            said: Said::Number(Ordered::of(number)),
        }
    }

    /// The column's name.
    #[must_use]
    pub const fn column(&self) -> &'static str {
        self.column
    }

    /// The word, if it is one.
    #[must_use]
    pub fn as_word(&self) -> Option<&str> {
        match &self.said {
            Said::Word(word) => Some(word),
            Said::Number(_) => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<f64> {
        match &self.said {
            Said::Word(_) => None,
            Said::Number(number) => Some(number.get()),
        }
    }
}

/// A finite number that is ordered: its bits, turned so that they order as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Ordered(u64);

impl Ordered {
    const SIGN: u64 = 1 << 63;

    const fn of(number: f64) -> Self {
        // −0 is 0.
        let bits = (number + 0.0).to_bits();
        Self(if bits & Self::SIGN == 0 {
            bits | Self::SIGN
        } else {
            !bits
        })
    }

    const fn get(self) -> f64 {
        f64::from_bits(if self.0 & Self::SIGN == 0 {
            !self.0
        } else {
            self.0 & !Self::SIGN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::testing::{dir_of, faults, limits};
    use crate::signals::{
        RejectionReason, SignalsDir, SignalsError, TableForm, TableRows, write_table,
        write_table_with,
    };

    #[test]
    fn numbers_keep_their_order_and_value() {
        let numbers = [f64::MIN, -2.5, -1e-300, 0.0, 1e-300, 1.0, 2.5, f64::MAX];
        let ordered = numbers.map(Ordered::of);
        assert!(ordered.is_sorted());
        assert_eq!(ordered.map(Ordered::get), numbers);
        assert_eq!(Ordered::of(-0.0), Ordered::of(0.0));
    }

    #[test]
    fn deny_names_that_are_known_sensitive_or_content() {
        let mut own = OwnColumns::default();
        let mut add = |table, name| own.add(table, name, OwnKind::Category);
        assert_eq!(add(Table::Ads, "objective"), Ok(()));
        let known = |name: &str| OwnRefused::Known {
            table: Table::Ads,
            name: name.to_owned(),
        };
        let twice = OwnRefused::Twice("Objective".to_owned());
        assert_eq!(add(Table::Ads, "Objective"), Err(twice));
        assert_eq!(
            add(Table::Ads, "advertiser id"),
            Err(known("advertiser id"))
        );
        assert_eq!(
            add(Table::AddressBook, "rank"),
            Err(OwnRefused::Table(Table::AddressBook))
        );
        assert!(matches!(
            add(Table::SocialAccounts, "religion"),
            Err(OwnRefused::Sensitive { .. })
        ));
        assert!(matches!(
            add(Table::Impressions, "message_text"),
            Err(OwnRefused::Content(_))
        ));
        for (name, like) in [
            ("opt_out", "opted_out_at"),
            ("year_of_birth", "birth_year"),
            ("regi0n", "region"),
            ("interests.1", "interests"),
        ] {
            let refused = add(Table::SocialAccounts, name);
            let name = name.to_owned();
            assert_eq!(refused, Err(OwnRefused::Resembles { name, like }));
        }
        for bad in ["", " x", "a\nb", "a: b", &"x".repeat(65)] {
            let refused = add(Table::Ads, bad);
            assert!(matches!(refused, Err(OwnRefused::Name(_))), "{bad:?}");
        }
    }

    #[test]
    fn deny_more_than_a_table_may_have() {
        let mut own = OwnColumns::default();
        for n in 0..MAX_A_TABLE {
            let name = format!("c{n}x");
            assert_eq!(own.add(Table::Ads, &name, OwnKind::Number), Ok(()));
        }
        let refused = own.add(Table::Ads, "more", OwnKind::Number);
        assert_eq!(refused, Err(OwnRefused::TooMany(Table::Ads)));
    }

    fn own(columns: &[(Table, &str, OwnKind)]) -> OwnColumns {
        let mut own = OwnColumns::default();
        for &(table, name, kind) in columns {
            own.add(table, name, kind).unwrap();
        }
        own
    }

    fn read<R: Record>(
        files: &[(&str, &str)],
        own: OwnColumns,
    ) -> Result<TableRows<R>, SignalsError> {
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(f, text)| (*f, text.as_bytes()))
            .collect();
        let dir = dir_of(&files);
        SignalsDir::open(dir.path(), &limits())?
            .with_own(own)
            .read()
    }

    /// The columns that [`IMPRESSIONS`] has besides.
    fn of_impressions() -> OwnColumns {
        own(&[
            (Table::Impressions, "tags", OwnKind::List),
            (Table::Impressions, "depth", OwnKind::Number),
            (Table::Impressions, "slot", OwnKind::Category),
        ])
    }

    const IMPRESSIONS: &str = "\
        ad_id,surface,at,impressions,clicks,tags,Depth,slot\n\
        1,feed,2016-09-01T00:00:00Z,2,1,B|a|b,2.5, Top \n\
        2,feed,2016-09-01T00:00:00Z,1,0,catholic|x,,\n\
        3,feed,2016-09-01T00:00:00Z,1,0,,deep,\n";

    #[test]
    fn own_columns_are_read_by_kind() {
        let own = of_impressions();
        let rows = read::<Impression>(&[("impressions.csv", IMPRESSIONS)], own).unwrap();
        let said = |row: usize| {
            let values = rows.records[row].own.iter();
            let text = |value: &OwnValue| match value.as_number() {
                Some(number) => format!("{} {number}", value.column()),
                None => format!("{} {}", value.column(), value.as_word().unwrap()),
            };
            values.map(text).collect::<Vec<_>>()
        };
        assert_eq!(said(0), ["depth 2.5", "slot top", "tags a", "tags b"]);
        assert_eq!(said(1), ["tags x"], "a sensitive word is left out");
        assert_eq!(rows.summary.terms.refused.len(), 1);
        assert_eq!(faults(&rows), [], "what only ads look at rejects nobody");
        assert_eq!((said(2).len(), rows.summary.terms.unreadable()), (0, 1));
        assert!(rows.summary.ignored_columns.is_empty());
    }

    #[test]
    fn what_is_not_named_is_not_read() {
        let files = [("impressions.csv", IMPRESSIONS)];
        let rows = read::<Impression>(&files, OwnColumns::default()).unwrap();
        assert!(
            rows.records
                .iter()
                .all(|row| row.own == OwnValues::default())
        );
        assert_eq!(rows.summary.ignored_columns["impressions.csv"].len(), 3);
    }

    #[test]
    fn deny_a_table_without_a_named_column() {
        let own = own(&[(Table::Impressions, "dept", OwnKind::Number)]);
        let error = read::<Impression>(&[("impressions.csv", IMPRESSIONS)], own).unwrap_err();
        assert!(error.to_string().contains("dept"), "{error}");
    }

    #[test]
    fn a_folder_may_say_an_own_column() {
        let own = own(&[(Table::Ads, "market", OwnKind::Category)]);
        let ads = "ad_id,advertiser_id,category,bid,starts_at,ends_at\n\
            1,1,food,1,2016-09-01T00:00:00Z,2016-10-01T00:00:00Z\n";
        let rows = read::<Ad>(&[("ads/market=north/a.csv", ads)], own).unwrap();
        let value = rows.records[0].own.iter().next().unwrap();
        assert_eq!(value.as_word(), Some("north"));
    }

    #[test]
    fn deny_an_ad_with_a_sensitive_word() {
        let own = own(&[(Table::Ads, "about", OwnKind::List)]);
        let ads = "ad_id,advertiser_id,category,bid,starts_at,ends_at,about\n\
            1,1,food,1,2016-09-01T00:00:00Z,2016-10-01T00:00:00Z,bread|catholic\n";
        let rows = read::<Ad>(&[("ads.csv", ads)], own).unwrap();
        assert!(rows.records.is_empty());
        assert!(matches!(
            faults(&rows)[..],
            [(1, "about", RejectionReason::Sensitive(_))]
        ));
    }

    #[test]
    fn what_is_written_reads_back_in_every_form() {
        let own = of_impressions();
        let text = IMPRESSIONS.replace("deep", "-0.5");
        let read_rows = read::<Impression>(&[("impressions.csv", &text)], own.clone()).unwrap();
        let rows = read_rows.records;
        assert_eq!(rows.len(), 3);
        for form in TableForm::ALL {
            let dir = dir_of(&[]);
            write_table_with(dir.path(), form, &own, &rows).unwrap();
            let again = SignalsDir::open(dir.path(), &limits()).unwrap();
            let again = again.with_own(own.clone()).read::<Impression>().unwrap();
            assert_eq!(again.records, rows, "{form:?}");
        }
        let dir = dir_of(&[]);
        let error = write_table(dir.path(), TableForm::Csv, &rows).unwrap_err();
        assert!(error.to_string().contains("depth"), "{error}");
    }

    #[test]
    fn a_name_is_kept_once() {
        assert!(std::ptr::eq(interned("kept once"), interned("kept once")));
    }
}
