//! One row on its way in: cells of either file form become the fields of a record, or the reason why not.

use std::cell::{Cell, RefCell};

use super::column::{Column, Kind};
use super::devices::KeptDevices;
use super::own::{Columns, OwnValue, OwnValues};
use super::rejection::RejectionReason;
use super::terms::{AdCategory, Interest, KeptTerms, TermRefused, refused};
use crate::ids::{DeviceId, Region, RegionRefused};
use crate::time::Timestamp;

/// Text longer than this, in bytes, is out of range for any column.
pub const MAX_TEXT_BYTES: usize = 1024;
/// A list longer than this, in bytes of text, is out of range.
pub const MAX_LIST_BYTES: usize = 16 * 1024;

/// From here on an end is none: databases write a day of the year 9999 for it.
const NEVER: Timestamp = Timestamp::from_secs(253_370_764_800);

/// What stands in a row, whatever kind of file it came from; a null or an absent column is none.
pub(super) trait Cells {
    /// A whole number.
    fn whole(&self, index: usize) -> Result<Option<u64>, RejectionReason>;
    /// A whole number, also in a spelling that no record is made from, if it can be no other.
    fn whole_salvaged(&self, index: usize) -> Option<u64> {
        self.whole(index).ok().flatten()
    }
    /// A number that may have a fraction.
    fn number(&self, index: usize) -> Result<Option<f64>, RejectionReason>;
    /// True or false.
    fn truth(&self, index: usize) -> Result<Option<bool>, RejectionReason>;
    /// An instant.
    fn instant(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason>;
    /// When something ends; [`Timestamp::MAX`] if the cell says that it does not.
    fn end(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.instant(index)
    }
    /// Text as it stands.
    fn text(&self, index: usize) -> Option<&str>;
    /// Texts as they stand; each may itself be a list separated by `|`.
    fn each_text<'a>(&'a self, index: usize, visit: &mut dyn FnMut(&'a str));
}

/// Why a row cannot be a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column that was wrong.
    pub column: &'static str,
    /// What was wrong with it.
    pub reason: RejectionReason,
}

impl Fault {
    /// A column was wrong.
    pub(super) const fn new(column: &Column, reason: RejectionReason) -> Self {
        Self {
            column: column.name,
            reason,
        }
    }

    /// Passes if the condition holds; the column is out of range if not.
    pub(super) fn unless(holds: bool, column: &Column) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self::new(column, RejectionReason::OutOfRange))
        }
    }
}

/// A row of a table, read by column.
///
/// All text is trimmed; empty text is no value. Text that is longer than [`MAX_TEXT_BYTES`] or has a NUL in
/// it is out of range.
pub struct Row<'a> {
    cells: &'a dyn Cells,
    /// What the table is read by; none where a row is looked at by itself.
    columns: Option<&'a Columns>,
    /// What became of its terms so far.
    terms: RefCell<KeptTerms>,
    /// What became of its device ids so far.
    devices: Cell<KeptDevices>,
}

impl<'a> Row<'a> {
    pub(super) fn new(cells: &'a dyn Cells) -> Self {
        Self::of(cells, None)
    }

    /// As [`new`](Self::new), of a table with columns that a configuration adds.
    pub(super) fn read_by(cells: &'a dyn Cells, columns: &'a Columns) -> Self {
        Self::of(cells, Some(columns))
    }

    fn of(cells: &'a dyn Cells, columns: Option<&'a Columns>) -> Self {
        Self {
            cells,
            columns,
            terms: RefCell::default(),
            devices: Cell::default(),
        }
    }

    /// What became of the terms and device ids that were read.
    pub(super) fn into_kept(self) -> (KeptTerms, KeptDevices) {
        (self.terms.into_inner(), self.devices.into_inner())
    }

    /// What its table is read by.
    pub(super) const fn columns(&self) -> Option<&'a Columns> {
        self.columns
    }

    /// What a cell says, as it stands; an empty text is no value.
    pub(super) fn raw_text(&self, column: &Column) -> &str {
        self.cells.text(column.index).map_or("", str::trim)
    }

    /// What a cell of a list says, as it stands.
    pub(super) fn raw_texts(&self, column: &Column, visit: &mut dyn FnMut(&str)) {
        self.cells.each_text(column.index, &mut |text| visit(text));
    }

    /// Reads something, and counts what becomes of its terms apart.
    pub(super) fn apart<T>(&self, read: impl FnOnce() -> T) -> (T, KeptTerms) {
        let before = self.terms.take();
        let found = read();
        (found, self.terms.replace(before))
    }

    /// Counts terms.
    pub(super) fn count(&self, terms: KeptTerms) {
        self.terms.borrow_mut().add(terms);
    }

    /// A whole number that fits its field, if there is one.
    pub(super) fn whole_if<T: TryFrom<u64>>(&self, column: &Column) -> Result<Option<T>, Fault> {
        let found = self.cells.whole(column.index);
        let Some(whole) = found.map_err(|reason| Fault::new(column, reason))? else {
            return Ok(None);
        };
        let fits = T::try_from(whole).map_err(|_| Fault::new(column, RejectionReason::OutOfRange));
        fits.map(Some)
    }

    /// A whole number that fits its field.
    pub(super) fn whole<T: TryFrom<u64>>(&self, column: &Column) -> Result<T, Fault> {
        needed(self.whole_if(column)?, column)
    }

    /// An id.
    pub(super) fn id<T: From<u64>>(&self, column: &Column) -> Result<T, Fault> {
        self.whole(column).map(u64::into)
    }

    /// An id, if there is one.
    pub(super) fn id_if<T: From<u64>>(&self, column: &Column) -> Result<Option<T>, Fault> {
        Ok(self.whole_if(column)?.map(u64::into))
    }

    /// An id for denial only: also in a spelling that no record is made from, if it can be no other.
    pub(super) fn id_salvaged<T: From<u64>>(&self, column: &Column) -> Option<T> {
        self.cells.whole_salvaged(column.index).map(T::from)
    }

    /// Does anything stand in a column, whether or not it can be read?
    pub(super) fn has(&self, column: &Column) -> bool {
        let is_text = self
            .cells
            .text(column.index)
            .is_some_and(|text| !text.trim().is_empty());
        let index = column.index;
        is_text
            || match column.kind {
                Kind::Whole | Kind::Number => self.cells.number(index) != Ok(None),
                Kind::Truth => self.cells.truth(index) != Ok(None),
                Kind::Instant => self.cells.instant(index) != Ok(None),
                Kind::Text | Kind::TextList => false,
            }
    }

    /// A number that may have a fraction, if there is one.
    pub(super) fn number_if(&self, column: &Column) -> Result<Option<f64>, Fault> {
        let found = self.cells.number(column.index);
        found.map_err(|reason| Fault::new(column, reason))
    }

    /// A number that may have a fraction.
    pub(super) fn number(&self, column: &Column) -> Result<f64, Fault> {
        needed(self.number_if(column)?, column)
    }

    /// True or false, if there is a value.
    pub(super) fn truth_if(&self, column: &Column) -> Result<Option<bool>, Fault> {
        let found = self.cells.truth(column.index);
        found.map_err(|reason| Fault::new(column, reason))
    }

    /// True or false.
    pub(super) fn truth(&self, column: &Column) -> Result<bool, Fault> {
        needed(self.truth_if(column)?, column)
    }

    /// An instant, if there is one; it has to lie in the years −9999 to 9999, so that it can be written.
    pub(super) fn instant_if(&self, column: &Column) -> Result<Option<Timestamp>, Fault> {
        let found = self.cells.instant(column.index);
        let found = found.map_err(|reason| Fault::new(column, reason))?;
        Fault::unless(found.is_none_or(is_civil), column)?;
        Ok(found)
    }

    /// An instant.
    pub(super) fn instant(&self, column: &Column) -> Result<Timestamp, Fault> {
        needed(self.instant_if(column)?, column)
    }

    /// When something ends, if the row says; [`Timestamp::MAX`] if it says that it does not. An instant of the year 9999
    /// or later says so, and whatever else [`Cells::end`] takes for it.
    pub(super) fn end_if(&self, column: &Column) -> Result<Option<Timestamp>, Fault> {
        let found = self.cells.end(column.index);
        let found = found.map_err(|reason| Fault::new(column, reason))?;
        let found = found.map(|at| if at >= NEVER { Timestamp::MAX } else { at });
        Fault::unless(
            found.is_none_or(|at| at == Timestamp::MAX || is_civil(at)),
            column,
        )?;
        Ok(found)
    }

    /// When something ends, if it does.
    pub(super) fn last_if(&self, column: &Column) -> Result<Option<Timestamp>, Fault> {
        Ok(self.end_if(column)?.filter(|&at| at != Timestamp::MAX))
    }

    /// When something ends; the last instant that can be written if it does not.
    pub(super) fn end(&self, column: &Column) -> Result<Timestamp, Fault> {
        Ok(needed(self.end_if(column)?, column)?.min(Timestamp::LAST_WRITABLE))
    }

    /// Text, if there is some.
    pub(super) fn text_if(&self, column: &Column) -> Result<Option<&'a str>, Fault> {
        let text = self.cells.text(column.index).map_or("", str::trim);
        Fault::unless(is_storable(text), column)?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// Text.
    pub(super) fn text(&self, column: &Column) -> Result<&'a str, Fault> {
        needed(self.text_if(column)?, column)
    }

    /// Text to keep, if there is some.
    pub(super) fn owned_if(&self, column: &Column) -> Result<Option<String>, Fault> {
        Ok(self.text_if(column)?.map(str::to_owned))
    }

    /// Text in lower case, if there is some.
    pub(super) fn lower_if(&self, column: &Column) -> Result<Option<String>, Fault> {
        Ok(self.text_if(column)?.map(str::to_lowercase))
    }

    /// Text in lower case.
    pub(super) fn lower(&self, column: &Column) -> Result<String, Fault> {
        needed(self.lower_if(column)?, column)
    }

    /// A value known by name, if there is one.
    pub(super) fn named_if<T>(
        &self,
        column: &Column,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(name) = self.text_if(column)? else {
            return Ok(None);
        };
        let known = parse(name).ok_or(Fault::new(column, RejectionReason::OutOfRange));
        known.map(Some)
    }

    /// A value known by name.
    pub(super) fn named<T>(
        &self,
        column: &Column,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Fault> {
        needed(self.named_if(column, parse)?, column)
    }

    /// A region, if there is one; `ZZ` is the code of an unknown one and as good as none.
    pub(super) fn region_if(&self, column: &Column) -> Result<Option<Region>, Fault> {
        match self.text_if(column)? {
            None => Ok(None),
            Some(unknown) if unknown.eq_ignore_ascii_case("ZZ") => Ok(None),
            Some(text) => region_of(text, column).map(Some),
        }
    }

    /// A region.
    pub(super) fn region(&self, column: &Column) -> Result<Region, Fault> {
        region_of(self.text(column)?, column)
    }

    /// A device, if there is one. What stands in the place of an id where there is none is no device, and is counted.
    pub(super) fn device_if(&self, column: &Column) -> Result<Option<DeviceId>, Fault> {
        let Some(text) = self.text_if(column)? else {
            return Ok(None);
        };
        let device = DeviceId::of(text);
        self.devices.set(self.devices.get().and(device.is_some()));
        Ok(device)
    }

    /// A list of texts in lower case, sorted, each once.
    pub(super) fn lower_list(&self, column: &Column) -> Result<Vec<String>, Fault> {
        let mut texts: Vec<String> = self
            .items(column)?
            .into_iter()
            .map(str::to_lowercase)
            .collect();
        texts.sort_unstable();
        texts.dedup();
        Ok(texts)
    }

    /// What people are interested in: sorted, each once. A term about a sensitive topic, or that reaches somebody, is left out and
    /// counted.
    pub(super) fn interests(&self, column: &Column) -> Result<Vec<Interest>, Fault> {
        let mut terms = self.terms.borrow_mut();
        let mut kept = |item: &str| {
            let term = Interest::parse(item);
            terms.count(term.as_ref().err().copied());
            term.ok()
        };
        let items = self.items(column)?.into_iter();
        Ok(in_order(items.filter_map(&mut kept).collect()))
    }

    /// A word for a person, in lower case, if there is one; left out and counted if it is about a sensitive topic or reaches
    /// somebody.
    pub(super) fn harmless_if(&self, column: &Column) -> Result<Option<String>, Fault> {
        let Some(word) = self.lower_if(column)? else {
            return Ok(None);
        };
        match refused(&word) {
            None => Ok(Some(word)),
            refused => {
                self.terms.borrow_mut().count(refused);
                Ok(None)
            }
        }
    }

    /// What an ad is about. A sensitive topic refuses the row.
    pub(super) fn category(&self, column: &Column) -> Result<AdCategory, Fault> {
        AdCategory::parse(self.text(column)?).map_err(|refused| of_term(refused, column))
    }

    /// Interests an ad asks for: sorted, each once. One sensitive topic among them refuses the row.
    pub(super) fn wanted_interests(&self, column: &Column) -> Result<Vec<Interest>, Fault> {
        let items = self.items(column)?.into_iter().map(Interest::parse);
        let terms: Result<Vec<Interest>, TermRefused> = items.collect();
        terms
            .map(in_order)
            .map_err(|refused| of_term(refused, column))
    }

    /// Words an ad asks for: lower case, sorted, each once. One sensitive topic among them refuses the row.
    pub(super) fn wanted_words(&self, column: &Column) -> Result<Vec<String>, Fault> {
        let words = self.lower_list(column)?;
        match words.iter().find_map(|word| refused(word)) {
            None => Ok(words),
            Some(refused) => Err(of_term(refused, column)),
        }
    }

    /// A list of regions, sorted, each once.
    pub(super) fn regions(&self, column: &Column) -> Result<Vec<Region>, Fault> {
        let items = self.items(column)?.into_iter();
        let regions: Result<Vec<Region>, Fault> =
            items.map(|item| region_of(item, column)).collect();
        regions.map(in_order)
    }

    /// What stands in own columns of a person or of what was shown to one. Words about a sensitive topic and cells that cannot be
    /// read are left out and counted: what one purpose looks at takes nobody out of the others.
    pub(super) fn own(&self) -> OwnValues {
        let keeps = |word: &str, _: &Column| {
            let refused = refused(word);
            self.terms.borrow_mut().count(refused);
            Ok(refused.is_none())
        };
        let mut values = Vec::new();
        for column in self.own_columns() {
            let found = self.own_of(column, &keeps);
            let is_empty = matches!(&found, Ok(found) if found.is_empty());
            if !is_empty {
                let mut terms = self.terms.borrow_mut();
                terms.count_own(column.name, found.is_ok());
            }
            values.extend(found.into_iter().flatten());
        }
        OwnValues::new(values)
    }

    /// What stands in own columns of an ad: one word about a sensitive topic refuses the row.
    pub(super) fn own_of_ad(&self) -> Result<OwnValues, Fault> {
        let keeps = |word: &str, column: &Column| match refused(word) {
            None => Ok(true),
            Some(refused) => Err(of_term(refused, column)),
        };
        let found = self
            .own_columns()
            .iter()
            .map(|column| self.own_of(column, &keeps));
        let found: Vec<Vec<OwnValue>> = found.collect::<Result<_, _>>()?;
        Ok(OwnValues::new(found.into_iter().flatten().collect()))
    }

    /// What stands in one of them.
    fn own_of(
        &self,
        column: &Column,
        keeps: &dyn Fn(&str, &Column) -> Result<bool, Fault>,
    ) -> Result<Vec<OwnValue>, Fault> {
        if column.kind == Kind::Number {
            let number = self.number_if(column)?;
            Fault::unless(number.is_none_or(f64::is_finite), column)?;
            let value = number.map(|number| OwnValue::number(column, number));
            return Ok(value.into_iter().collect());
        }
        let mut values = Vec::new();
        for word in self.own_words(column)? {
            if keeps(&word, column)? {
                values.push(OwnValue::word(column, &word));
            }
        }
        Ok(values)
    }

    /// The columns that a configuration adds to those of the table.
    fn own_columns(&self) -> &'a [Column] {
        self.columns.map_or(&[], Columns::own)
    }

    fn own_words(&self, column: &Column) -> Result<Vec<String>, Fault> {
        match column.kind {
            Kind::TextList => self.lower_list(column),
            _ => Ok(self.lower_if(column)?.into_iter().collect()),
        }
    }

    fn items(&self, column: &Column) -> Result<Vec<&'a str>, Fault> {
        let mut items = Vec::new();
        let mut n_bytes = 0_usize;
        self.cells.each_text(column.index, &mut |cell| {
            // A cell that is too long to keep is too long to take apart.
            n_bytes = n_bytes.saturating_add(cell.len());
            if n_bytes <= MAX_LIST_BYTES {
                items.extend(
                    cell.split('|')
                        .map(str::trim)
                        .filter(|item| !item.is_empty()),
                );
            }
        });
        let fits = n_bytes <= MAX_LIST_BYTES && items.iter().all(|item| is_storable(item));
        Fault::unless(fits, column)?;
        Ok(items)
    }
}

fn in_order<T: Ord>(mut terms: Vec<T>) -> Vec<T> {
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn of_term(refused: TermRefused, column: &Column) -> Fault {
    let reason = match refused {
        TermRefused::Empty => RejectionReason::Missing,
        TermRefused::Sensitive(topic) => RejectionReason::Sensitive(topic),
        TermRefused::Contact => RejectionReason::Contact,
    };
    Fault::new(column, reason)
}

fn region_of(text: &str, column: &Column) -> Result<Region, Fault> {
    Region::read(text).map_err(|refused| {
        let reason = match refused {
            RegionRefused::Group => RejectionReason::RegionGroup,
            _ => RejectionReason::OutOfRange,
        };
        Fault::new(column, reason)
    })
}

/// Can a table hold this text?
pub(super) fn is_storable(text: &str) -> bool {
    text.len() <= MAX_TEXT_BYTES && !text.contains('\0')
}

/// Can this instant be written as RFC 3339?
pub(super) fn is_civil(at: Timestamp) -> bool {
    (jiff::Timestamp::MIN.as_microsecond()..=jiff::Timestamp::MAX.as_microsecond())
        .contains(&at.micros())
}

fn needed<T>(value: Option<T>, column: &Column) -> Result<T, Fault> {
    value.ok_or(Fault::new(column, RejectionReason::Missing))
}
