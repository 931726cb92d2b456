//! A row under a mapping: times in the file's form, and a region where the row names none.

use super::TableMapping;
use super::times::Times;
use crate::ids::Region;
use crate::signals::column::Column;
use crate::signals::rejection::RejectionReason;
use crate::signals::row::Cells;
use crate::signals::spelled::parse_end;
use crate::time::Timestamp;

/// What a mapping changes of cells; nothing by default.
#[derive(Clone, Debug, Default)]
pub(in crate::signals) struct Reading {
    times: Option<Times>,
    /// The place of the column `region`, and the text of a row that has none.
    region: Option<(usize, String)>,
}

impl Reading {
    pub(in crate::signals) fn new(mapping: &TableMapping, columns: &[Column]) -> Self {
        let times = mapping.times();
        let column = columns.iter().find(|column| column.name == "region");
        let region = column.zip(mapping.region);
        Self {
            times: (!times.are_plain()).then_some(times),
            region: region.map(|(column, region): (_, Region)| (column.index, region.to_string())),
        }
    }

    /// Are cells read as they stand?
    pub(in crate::signals) const fn is_plain(&self) -> bool {
        self.times.is_none() && self.region.is_none()
    }

    /// The cells as this reads them.
    pub(in crate::signals) const fn of<'a>(&'a self, cells: &'a dyn Cells) -> Mapped<'a> {
        Mapped {
            cells,
            reading: self,
        }
    }
}

/// Cells under a mapping.
pub(in crate::signals) struct Mapped<'a> {
    cells: &'a dyn Cells,
    reading: &'a Reading,
}

impl Mapped<'_> {
    /// A time in the file's form: text or, where times are counted, a whole number.
    fn time(&self, times: &Times, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        let text = self.cells.text(index).map(str::trim);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            return times.parse(text).map(Some);
        }
        if times.are_counts()
            && let Some(count) = self.cells.whole(index)?
        {
            let count = i64::try_from(count).map_err(|_| RejectionReason::OutOfRange)?;
            return times.counted(count).map(Some);
        }
        // A column of timestamps says what it counts.
        self.cells.instant(index)
    }
}

impl Cells for Mapped<'_> {
    fn whole(&self, index: usize) -> Result<Option<u64>, RejectionReason> {
        self.cells.whole(index)
    }

    fn whole_salvaged(&self, index: usize) -> Option<u64> {
        self.cells.whole_salvaged(index)
    }

    fn number(&self, index: usize) -> Result<Option<f64>, RejectionReason> {
        self.cells.number(index)
    }

    fn truth(&self, index: usize) -> Result<Option<bool>, RejectionReason> {
        self.cells.truth(index)
    }

    fn instant(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        match &self.reading.times {
            Some(times) => self.time(times, index),
            None => self.cells.instant(index),
        }
    }

    fn end(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        let Some(times) = &self.reading.times else {
            return self.cells.end(index);
        };
        let says_never = |text: &str| parse_end(text.trim()) == Ok(Timestamp::MAX);
        if self.cells.text(index).is_some_and(says_never) {
            return Ok(Some(Timestamp::MAX));
        }
        match self.cells.text(index) {
            None if !times.are_counts() => self.cells.end(index),
            _ => self.time(times, index),
        }
    }

    fn text(&self, index: usize) -> Option<&str> {
        let text = self.cells.text(index);
        match &self.reading.region {
            Some((at, region))
                if *at == index && text.is_none_or(|text| text.trim().is_empty()) =>
            {
                Some(region)
            }
            _ => text,
        }
    }

    fn each_text<'a>(&'a self, index: usize, visit: &mut dyn FnMut(&'a str)) {
        self.cells.each_text(index, visit);
    }
}
