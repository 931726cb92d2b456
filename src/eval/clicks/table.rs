//! A table of clicks, resolved: who was shown what, when, how often, with which features.

use std::ops::Range;
use std::sync::Arc;

use super::coded::Coded;
use super::error::BadCell;
use super::features::Features;
use super::ids::IdColumn;
use super::labels::{Counts, of_showings, of_totals};
use super::negatives::{Added, drawn};
use super::raw::Raw;
use super::roles::{ClickRole, Roles};
use super::times::moments;
use super::{ClickOptions, is_missing};
use crate::ids::{AdId, AdvertiserId, Region, UserId};
use crate::signals::{Ad, AdCategory, Attributes, Impression, Surface, Targeting};
use crate::time::Timestamp;

/// The moment of the first row where a table has no times: 2016-09-25, when everybody has accepted.
const FIRST: Timestamp = Timestamp::from_secs(1_474_761_600);
/// The category of an ad where the table has none that may be one.
const CATEGORY: &str = "imported";
/// What a click is worth in an imported world.
const BID: f64 = 1.0;

/// A table of clicks.
#[derive(Clone, Debug, PartialEq)]
pub struct ClickTable {
    people: Option<IdColumn>,
    items: Option<IdColumn>,
    counts: Counts,
    at: Vec<Timestamp>,
    shown: Shown,
    features: Features,
    ads: Vec<Ad>,
    advertisers: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Columns of a showing and of people, as they stand.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shown {
    position: Option<Coded>,
    region: Option<Coded>,
    age_band: Option<Coded>,
    gender: Option<Coded>,
    language: Option<Coded>,
    propensity: Option<Coded>,
}

/// The texts that stand for numbered ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberedTexts<'a> {
    /// What they are ids of: `person`, `item` or `advertiser`.
    pub kind: &'static str,
    /// The text of id 1, of id 2, …
    pub texts: &'a [String],
}

impl ClickTable {
    /// How many rows there are, those that were added among them.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.at.len()
    }

    /// How many clicks they have.
    #[must_use]
    pub fn n_clicks(&self) -> u64 {
        self.counts
            .clicks
            .iter()
            .map(|&clicks| u64::from(clicks))
            .sum()
    }

    /// What whoever reads the table should know: which column was taken for what, and what was left out.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The moment of the newest row; none without rows.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.at.iter().copied().max()
    }

    /// Everybody named, ascending.
    #[must_use]
    pub fn people(&self) -> Vec<u64> {
        let ids = self.people.iter().flat_map(|people| &people.ids);
        let mut people: Vec<u64> = ids.copied().flatten().collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The items as ads, ascending.
    #[must_use]
    pub fn ads(&self) -> &[Ad] {
        &self.ads
    }

    /// Does a column say what was shown?
    #[must_use]
    pub const fn has_items(&self) -> bool {
        self.items.is_some()
    }

    /// The name of the column that says how likely each showing was, if there is one.
    #[must_use]
    pub fn propensity_column(&self) -> Option<&str> {
        let column = self.shown.propensity.as_ref();
        column.map(|column| column.name.as_str())
    }

    /// What stands where a row says how likely its showing was; none without such a column.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn propensity(&self, row: usize) -> Option<&str> {
        self.shown
            .propensity
            .as_ref()
            .map(|column| column.text(row))
    }

    /// Which texts were numbered.
    #[must_use]
    pub fn numbered(&self) -> Vec<NumberedTexts<'_>> {
        let all = [
            ("person", texts_of(self.people.as_ref())),
            ("item", texts_of(self.items.as_ref())),
            ("advertiser", self.advertisers.as_slice()),
        ];
        all.into_iter()
            .filter(|(_, texts)| !texts.is_empty())
            .map(|(kind, texts)| NumberedTexts { kind, texts })
            .collect()
    }

    /// Some of the rows, as impressions.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn impressions(&self, rows: Range<usize>) -> Vec<Impression> {
        rows.map(|row| self.impression(row)).collect()
    }

    fn impression(&self, row: usize) -> Impression {
        let lower = |column: &Option<Coded>| {
            let text = column.as_ref().map(|column| column.text(row));
            text.filter(|text| !is_missing(text)).map(str::to_lowercase)
        };
        let text =
            |column: &'_ Option<Coded>| column.as_ref().map(|column| column.text(row).to_owned());
        Impression {
            user_id: self
                .people
                .as_ref()
                .and_then(|people| people.id(row))
                .map(UserId),
            ad_id: AdId(
                self.items
                    .as_ref()
                    .and_then(|items| items.id(row))
                    .unwrap_or(1),
            ),
            surface: Surface::Feed,
            position: text(&self.shown.position).and_then(|text| text.parse().ok()),
            at: self.at[row],
            impressions: self.counts.impressions[row],
            clicks: self.counts.clicks[row],
            attributes: Arc::new(Attributes {
                region: text(&self.shown.region).and_then(|text| Region::parse(&text)),
                age_band: lower(&self.shown.age_band),
                gender: lower(&self.shown.gender),
                language: lower(&self.shown.language),
                interests: self.features.of_row(row),
            }),
            own: crate::signals::OwnValues::default(),
        }
    }
}

/// Resolves a table.
pub(super) fn resolve(
    mut raw: Raw,
    mut roles: Roles,
    options: &ClickOptions,
) -> Result<ClickTable, BadCell> {
    let mut notes = std::mem::take(&mut raw.notes);
    demote_misfits(&raw, &mut roles, &mut notes);
    notes.extend(odd_age_bands(&raw, &roles));
    let take = |role| roles.column(role).map(|column| raw.columns[column].clone());
    let counts = counts(&raw, &roles, options)?;
    let people = take(ClickRole::Person).map(IdColumn::of);
    let items = take(ClickRole::Item).map(IdColumn::of);
    refuse_missing_items(&raw, &roles, items.as_ref())?;
    let at = match take(ClickRole::Time) {
        Some(column) => {
            let moments = moments(&column)?;
            column
                .codes
                .iter()
                .map(|&code| moments[code as usize])
                .collect()
        }
        None => in_order_of_rows(raw.n_rows),
    };
    if roles.column(ClickRole::Time).is_none() {
        notes
            .push("no column says when: the order of the rows stands in, a second each".to_owned());
    }
    let (ads, advertisers) = Ads::of(&raw, &roles, items.as_ref(), &at).finish(&mut notes);
    let mut table = ClickTable {
        people,
        items,
        counts,
        at,
        shown: Shown {
            position: take(ClickRole::Position),
            region: take(ClickRole::Region),
            age_band: take(ClickRole::AgeBand),
            gender: take(ClickRole::Gender),
            language: take(ClickRole::Language),
            propensity: take(ClickRole::Propensity),
        },
        features: Features::default(),
        ads,
        advertisers,
        notes,
    };
    if options.negatives == 0 {
        table.features = Features::of(raw, &roles, &mut table.notes)?;
    } else {
        table.add_negatives(options.negatives);
    }
    table.note_people();
    Ok(table)
}

impl ClickTable {
    /// Adds rows that were not clicked. What else stands in a row may be of its item, so that nothing of it is kept.
    fn add_negatives(&mut self, each: u32) {
        let (Some(people), Some(items)) = (&mut self.people, &mut self.items) else {
            return;
        };
        let added = drawn(people, items, &self.counts.clicks, each);
        for &Added { like, item } in &added {
            people.codes.push(people.codes[like]);
            items.codes.push(item);
            self.at.push(self.at[like]);
            self.counts.clicks.push(0);
            self.counts.impressions.push(1);
        }
        self.shown = Shown::default();
        let n_clicks = self.counts.clicks[..self.n_rows() - added.len()].iter();
        let n_asked = n_clicks.map(|&clicks| u64::from(clicks > 0)).sum::<u64>() * u64::from(each);
        self.notes.push(note_of_added(added.len() as u64, n_asked));
    }

    fn note_people(&mut self) {
        if self.shown.propensity.is_some() {
            let note = "propensities are no features: `evaluate policy` reads them";
            self.notes.push(note.to_owned());
        }
        match &self.people {
            None => self
                .notes
                .push("no column says who: the rows name nobody".to_owned()),
            Some(people) if people.n_missing() > 0 => {
                self.notes
                    .push(format!("{} rows name nobody", people.n_missing()));
            }
            Some(_) => {}
        }
        if self.items.is_none() {
            self.notes
                .push("no column says what was shown: all rows are of one ad".to_owned());
        }
    }
}

fn note_of_added(n_added: u64, n_asked: u64) -> String {
    let missing = if n_added < n_asked {
        format!(
            " of {n_asked} asked for with --negatives, because people have rows with nearly all items: the click rate is not the one \
             that was asked for"
        )
    } else {
        String::new()
    };
    format!(
        "{n_added} rows that were not clicked were added{missing}, of items drawn at random that their person has no row with; other \
         columns are left out, because they may be of the item"
    )
}

fn texts_of(column: Option<&IdColumn>) -> &[String] {
    column.map_or(&[], |column| &column.texts)
}

fn in_order_of_rows(n_rows: usize) -> Vec<Timestamp> {
    let second = |row: usize| {
        let seconds = i64::try_from(row).expect("rows in memory");
        Timestamp::from_micros(FIRST.micros() + seconds * 1_000_000)
    };
    (0..n_rows).map(second).collect()
}

fn counts(raw: &Raw, roles: &Roles, options: &ClickOptions) -> Result<Counts, BadCell> {
    let label = roles
        .column(ClickRole::Label)
        .expect("the caller made sure of a label");
    let label = &raw.columns[label];
    match roles.column(ClickRole::Impressions) {
        Some(shown) => of_totals(label, &raw.columns[shown]),
        None => of_showings(label, options.clicked_from),
    }
}

fn refuse_missing_items(raw: &Raw, roles: &Roles, items: Option<&IdColumn>) -> Result<(), BadCell> {
    let (Some(items), Some(column)) = (items, roles.column(ClickRole::Item)) else {
        return Ok(());
    };
    match (0..raw.n_rows).find(|&row| items.id(row).is_none()) {
        Some(row) => Err(BadCell::new(
            row,
            &raw.columns[column].name,
            "the item is missing",
        )),
        None => Ok(()),
    }
}

/// A guess that does not fit is none.
fn demote_misfits(raw: &Raw, roles: &mut Roles, notes: &mut Vec<String>) {
    let is_position = |text: &str| text.parse::<u8>().is_ok();
    let is_region = |text: &str| Region::parse(text).is_some();
    for (role, fits) in [
        (ClickRole::Position, is_position as fn(&str) -> bool),
        (ClickRole::Region, is_region),
    ] {
        let Some(column) = roles.column(role).map(|column| &raw.columns[column]) else {
            continue;
        };
        if !column
            .texts
            .iter()
            .all(|text| is_missing(text) || fits(text))
        {
            notes.push(format!(
                "`{}` is no {}, and kept as a feature",
                column.name,
                role.as_str()
            ));
            roles.demote(role);
        }
    }
}

/// Bands have a number in them, `18-24` or `65+`; what has none may be the wrong column, and is told.
fn odd_age_bands(raw: &Raw, roles: &Roles) -> Option<String> {
    let column = &raw.columns[roles.column(ClickRole::AgeBand)?];
    let is_odd = |text: &&String| !is_missing(text) && !text.contains(|c: char| c.is_ascii_digit());
    let first = column.texts.iter().find(is_odd)?;
    let n_odd = column.texts.iter().filter(is_odd).count();
    Some(format!(
        "`{}` is taken for age bands as it stands, although {n_odd} of its {} values have no number in them, such as `{}`; leave it \
         out with --leave-out if it is none",
        column.name.escape_debug(),
        column.texts.len(),
        first.escape_debug()
    ))
}

/// Items as ads.
struct Ads {
    described: Vec<Ad>,
    advertisers: Vec<String>,
    n_unfit: usize,
    n_changing: usize,
}

impl Ads {
    /// An ad has the category and the advertiser of its first row.
    fn of(raw: &Raw, roles: &Roles, items: Option<&IdColumn>, at: &[Timestamp]) -> Self {
        let column = |role| roles.column(role).map(|column| &raw.columns[column]);
        let categories = column(ClickRole::Category);
        let advertisers = column(ClickRole::Advertiser).cloned().map(IdColumn::of);
        let n_items = items.map_or(1, |items| items.ids.len());
        let mut first_row = vec![None; n_items];
        let mut is_changing = vec![false; n_items];
        for row in 0..raw.n_rows {
            let item = items.map_or(0, |items| items.codes[row] as usize);
            let first: usize = *first_row[item].get_or_insert(row);
            let differs = |column: &Vec<u32>| column[first] != column[row];
            is_changing[item] |= categories.is_some_and(|c| differs(&c.codes))
                || advertisers.as_ref().is_some_and(|a| differs(&a.codes));
        }
        let starts_at = at.iter().copied().min().unwrap_or(FIRST);
        let mut made = Self {
            described: Vec::new(),
            advertisers: Vec::new(),
            n_unfit: 0,
            n_changing: is_changing.iter().filter(|changing| **changing).count(),
        };
        for (item, row) in first_row.iter().enumerate() {
            let Some(row) = *row else { continue };
            let id = items.map_or(Some(1), |items| items.ids[item]);
            let Some(id) = id else { continue };
            let category = made.category(categories.map(|column| column.text(row)));
            let advertiser = advertisers.as_ref().and_then(|column| column.id(row));
            made.described
                .push(ad(id, advertiser.unwrap_or(1), category, starts_at));
        }
        made.described.sort_unstable_by_key(|ad| ad.ad_id);
        // Texts such as `7` and `07` may be one number.
        made.described.dedup_by_key(|ad| ad.ad_id);
        made.advertisers = advertisers.map_or_else(Vec::new, |column| column.texts);
        made
    }

    fn category(&mut self, text: Option<&str>) -> AdCategory {
        let text = text.filter(|text| !is_missing(text));
        let parsed = text.map(AdCategory::parse);
        self.n_unfit += usize::from(matches!(parsed, Some(Err(_))));
        let parsed = parsed.and_then(Result::ok);
        parsed.unwrap_or_else(|| AdCategory::parse(CATEGORY).expect("harmless"))
    }

    fn finish(self, notes: &mut Vec<String>) -> (Vec<Ad>, Vec<String>) {
        if self.n_unfit > 0 {
            notes.push(format!(
                "{} items have a category about a sensitive topic, which is left out",
                self.n_unfit
            ));
        }
        if self.n_changing > 0 {
            notes.push(format!(
                "{} items have more than one category or advertiser, of which the first counts",
                self.n_changing
            ));
        }
        (self.described, self.advertisers)
    }
}

fn ad(id: u64, advertiser: u64, category: AdCategory, starts_at: Timestamp) -> Ad {
    Ad {
        ad_id: AdId(id),
        advertiser_id: AdvertiserId(advertiser),
        special_category: category.implied_special(),
        category,
        bid: BID,
        starts_at,
        ends_at: Timestamp::LAST_WRITABLE,
        targeting: Targeting::default(),
        audience_id: None,
        lookalike_of: None,
        quality: 0.0,
        own: crate::signals::OwnValues::default(),
    }
}
