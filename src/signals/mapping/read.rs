//! Mappings out of a configuration. Each key is checked as it is read, so that an error says line and column.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::times::{TimeForm, parse_zone};
use super::{TableMapping, TableMappings, column_of};
use crate::ids::Region;
use crate::near::nearest;
use crate::signals::table::Table;

const KEYS: [&str; 7] = [
    "file",
    "format",
    "delimiter",
    "region",
    "time",
    "zone",
    "columns",
];

impl<'de> Deserialize<'de> for TableMappings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(All)
    }
}

/// `[tables]`
struct All;

impl<'de> Visitor<'de> for All {
    type Value = TableMappings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tables by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<TableMappings, A::Error> {
        let mut all = BTreeMap::new();
        while let Some(table) = entries.next_key_seed(Name(table_named))? {
            all.insert(table, entries.next_value_seed(One(table))?);
        }
        Ok(TableMappings(all))
    }
}

/// A text that has to be one of some names.
struct Name<F>(F);

impl<'de, T, F: Fn(&str) -> Result<T, String>> DeserializeSeed<'de> for Name<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        let name = String::deserialize(deserializer)?;
        (self.0)(&name).map_err(de::Error::custom)
    }
}

fn table_named(name: &str) -> Result<Table, String> {
    let names = Table::ALL.iter().map(|table| table.name());
    Table::parse(name).ok_or_else(|| unknown("table", name, names))
}

fn key_named(name: &str) -> Result<&'static str, String> {
    let key = KEYS.into_iter().find(|key| *key == name);
    key.ok_or_else(|| unknown("key", name, KEYS.into_iter()))
}

fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    let all: Vec<&str> = names.clone().collect();
    match nearest(name, names) {
        Some(near) => format!("there is no {what} `{name}`; the nearest is `{near}`"),
        None => format!("there is no {what} `{name}`; there are {}", all.join(", ")),
    }
}

/// `[tables.NAME]`
struct One(Table);

impl<'de> DeserializeSeed<'de> for One {
    type Value = TableMapping;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<TableMapping, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One {
    type Value = TableMapping;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys of a table: {}", KEYS.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<TableMapping, A::Error> {
        let mut mapping = TableMapping::default();
        while let Some(key) = entries.next_key_seed(Name(key_named))? {
            match key {
                "file" => mapping.file = Some(entries.next_value_seed(Name(file))?),
                "format" => mapping.format = Some(entries.next_value()?),
                "delimiter" => mapping.delimiter = Some(entries.next_value_seed(Name(delimiter))?),
                "region" => mapping.region = Some(entries.next_value_seed(Name(region))?),
                "time" => mapping.time = entries.next_value()?,
                "zone" => mapping.zone = Some(entries.next_value_seed(Name(zone))?),
                _ => mapping.columns = entries.next_value_seed(Columns(self.0))?,
            }
        }
        check(&mapping).map_err(de::Error::custom)?;
        Ok(mapping)
    }
}

fn file(name: &str) -> Result<String, String> {
    let is_one_name = !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    if is_one_name {
        return Ok(name.to_owned());
    }
    Err("a table's file is named by its name in the signals directory, without a path".to_owned())
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if c.is_ascii() && !c.is_ascii_alphanumeric() && !"\"\r\n".contains(c) => {
            Ok(c)
        }
        _ => Err("a delimiter is one character that stands in no value, such as \";\"".to_owned()),
    }
}

fn region(code: &str) -> Result<Region, String> {
    Region::parse(code)
        .ok_or_else(|| "a region is a code of ISO 3166-1 alpha-2, such as \"IN\"".to_owned())
}

fn zone(name: &str) -> Result<String, String> {
    if parse_zone(name).is_some() {
        return Ok(name.to_owned());
    }
    Err(
        "a zone is \"UTC\", an offset such as \"+05:30\" or a name such as \"Asia/Kolkata\""
            .to_owned(),
    )
}

/// What two keys say together.
fn check(mapping: &TableMapping) -> Result<(), &'static str> {
    match (mapping.time, &mapping.zone) {
        (TimeForm::Local, None) => {
            Err("`time = \"local\"` needs a `zone`, such as \"UTC\" or \"Asia/Kolkata\"")
        }
        (TimeForm::Local, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err("`zone` counts with `time = \"local\"` alone: other times say theirs"),
    }
}

/// `[tables.NAME.columns]`: the file's names by the table's.
struct Columns(Table);

impl<'de> DeserializeSeed<'de> for Columns {
    type Value = BTreeMap<&'static str, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Columns {
    type Value = BTreeMap<&'static str, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file's names of columns of {}", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut all: BTreeMap<&'static str, String> = BTreeMap::new();
        let ours = |name: &str| {
            let names = self.0.columns().iter().map(|column| column.name);
            let column = column_of(self.0, name).map(|column| column.name);
            column.ok_or_else(|| unknown(&format!("column of {}", self.0), name, names))
        };
        while let Some(column) = entries.next_key_seed(Name(ours))? {
            let theirs = |name: &str| match all.iter().find(|(_, theirs)| *theirs == name) {
                Some((other, _)) => Err(format!("`{name}` is mapped to {other} already")),
                None if name.trim().is_empty() => Err("a column has a name".to_owned()),
                None => Ok(name.to_owned()),
            };
            let theirs = entries.next_value_seed(Name(theirs))?;
            all.insert(column, theirs);
        }
        Ok(all)
    }
}
