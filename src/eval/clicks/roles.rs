//! Which column of a table of clicks is what: what the caller says, and for the rest what names say.

use crate::eval::edges::{fold, is_index};

use super::error::Reason;

/// What a column can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ClickRole {
    /// Who was shown something.
    Person,
    /// What was shown.
    Item,
    /// Whether, or how often, it was clicked.
    Label,
    /// How often it was shown.
    Impressions,
    /// When.
    Time,
    /// How far down it stood, from 0.
    Position,
    /// What the item is about.
    Category,
    /// Whose item it is.
    Advertiser,
    /// The person's country.
    Region,
    /// The person's age band.
    AgeBand,
    /// The person's gender.
    Gender,
    /// The person's language.
    Language,
    /// How likely whoever wrote the log was to show this.
    Propensity,
}

impl ClickRole {
    /// Every role.
    pub const ALL: [Self; 13] = [
        Self::Person,
        Self::Item,
        Self::Label,
        Self::Impressions,
        Self::Time,
        Self::Position,
        Self::Category,
        Self::Advertiser,
        Self::Region,
        Self::AgeBand,
        Self::Gender,
        Self::Language,
        Self::Propensity,
    ];

    /// In words, as messages and flags have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Item => "item",
            Self::Label => "label",
            Self::Impressions => "impressions",
            Self::Time => "time",
            Self::Position => "position",
            Self::Category => "category",
            Self::Advertiser => "advertiser",
            Self::Region => "region",
            Self::AgeBand => "age-band",
            Self::Gender => "gender",
            Self::Language => "language",
            Self::Propensity => "propensity",
        }
    }

    /// Folded names that say it, the likeliest first.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Person => &[
                "userid",
                "user",
                "personid",
                "person",
                "uid",
                "customerid",
                "customer",
                "memberid",
                "visitorid",
                "visitor",
                "useridx",
                "userindex",
            ],
            Self::Item => &[
                "itemid",
                "item",
                "adid",
                "ad",
                "creativeid",
                "creative",
                "bannerid",
                "artistid",
                "artist",
                "movieid",
                "movie",
                "productid",
                "product",
                "songid",
                "articleid",
                "article",
                "newsid",
                "videoid",
                "itemidx",
            ],
            Self::Label => &[
                "click",
                "clicked",
                "isclick",
                "isclicked",
                "clicks",
                "label",
                "target",
                "y",
            ],
            Self::Impressions => &["impressions", "nimpressions", "shown", "displays"],
            Self::Time => &[
                "timestamp",
                "time",
                "ts",
                "datetime",
                "date",
                "at",
                "eventtime",
                "when",
                "unixtime",
            ],
            Self::Position => &["position", "pos", "slot"],
            Self::Category => &[
                "category",
                "itemcategory",
                "adcategory",
                "genre",
                "categoryid",
                "cat",
            ],
            Self::Advertiser => &["advertiserid", "advertiser", "brandid", "brand"],
            Self::Region => &["country", "countrycode", "region", "userregion"],
            Self::AgeBand => &["ageband", "age", "agegroup", "agerange", "userageband"],
            Self::Gender => &["gender", "sex", "usergender"],
            Self::Language => &["language", "lang", "locale", "userlanguage"],
            Self::Propensity => &["propensity", "propensityscore", "pscore", "propensities"],
        }
    }

    const fn place(self) -> usize {
        self as usize
    }
}

/// What the caller says of the columns, by name or by number from 1; what is not said is found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClickColumns {
    /// Which column is what.
    pub said: Vec<(ClickRole, String)>,
    /// Columns to be kept as features although their names speak against it.
    pub keep: Vec<String>,
    /// Columns that are not read.
    pub leave_out: Vec<String>,
    /// Columns whose numbers are codes: each is a value, and they do not fall into bins.
    pub codes: Vec<String>,
}

/// Parts of folded names of what is known only after a click: a model that sees it predicts the past.
const OUTCOMES: [&str; 7] = [
    "conver", "spent", "spend", "cost", "revenue", "purchase", "dwell",
];
/// Folded names of what says who somebody is.
const NAMING: [&str; 12] = [
    "name",
    "firstname",
    "lastname",
    "fullname",
    "username",
    "email",
    "mail",
    "phone",
    "phonenumber",
    "ip",
    "ipaddress",
    "address",
];

/// Why a column is no feature.
fn why_left_out(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    let has = |parts: &[&str]| parts.iter().any(|part| folded.contains(part));
    if is_index(&folded) {
        Some("it numbers the rows")
    } else if has(&OUTCOMES) {
        Some("its name is of what is known only after a click")
    } else if NAMING.contains(&folded.as_str()) {
        Some("its name is of what says who somebody is")
    } else if crate::signals::looks_like_message_content(name) {
        Some("its name is of message content")
    } else {
        None
    }
}

/// A column that is not read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) column: usize,
    pub(super) why: &'static str,
}

/// Which column is what, by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles {
    of: [Option<usize>; ClickRole::ALL.len()],
    /// The caller said so, by role.
    is_said: [bool; ClickRole::ALL.len()],
    pub(super) features: Vec<usize>,
    /// Features that the caller calls codes.
    pub(super) codes: Vec<usize>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Roles {
    /// What the names of the columns and the caller say.
    pub(super) fn of(names: &[&str], said: &ClickColumns) -> Result<Self, Reason> {
        let mut roles = Self::default();
        for (role, name) in &said.said {
            let column = place(names, name)?;
            roles.of[role.place()] = Some(column);
            roles.is_said[role.place()] = true;
        }
        let keep = places(names, &said.keep)?;
        let leave_out = places(names, &said.leave_out)?;
        roles.codes = places(names, &said.codes)?;
        roles.guess(names, &[keep.as_slice(), &leave_out].concat());
        let taken: Vec<usize> = roles.of.iter().copied().flatten().collect();
        for (column, name) in names.iter().enumerate() {
            let why = match why_left_out(name).filter(|_| !keep.contains(&column)) {
                _ if leave_out.contains(&column) => Some("you said so"),
                why => why,
            };
            match why {
                _ if taken.contains(&column) => {}
                Some(why) => roles.left_out.push(LeftOut { column, why }),
                None => roles.features.push(column),
            }
        }
        Ok(roles)
    }

    fn guess(&mut self, names: &[&str], spoken_for: &[usize]) {
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        for role in ClickRole::ALL {
            if self.column(role).is_some() {
                continue;
            }
            let is_free =
                |column: &usize| !spoken_for.contains(column) && !self.of.contains(&Some(*column));
            let place_of = |known: &&str| folded.iter().position(|name| name == known);
            let found = role.names().iter().filter_map(place_of).find(is_free);
            self.of[role.place()] = found;
        }
    }

    pub(super) const fn column(&self, role: ClickRole) -> Option<usize> {
        self.of[role.place()]
    }

    pub(super) const fn is_said(&self, role: ClickRole) -> bool {
        self.is_said[role.place()]
    }

    /// What was guessed does not fit: the column is a feature like any other.
    pub(super) fn demote(&mut self, role: ClickRole) {
        if let Some(column) = self.of[role.place()].take() {
            self.features.push(column);
            self.features.sort_unstable();
        }
    }
}

fn places(names: &[&str], said: &[String]) -> Result<Vec<usize>, Reason> {
    said.iter().map(|name| place(names, name)).collect()
}

/// The place of a column that the caller names: by its name, by its folded name if only one has it, or by number from 1.
fn place(names: &[&str], said: &str) -> Result<usize, Reason> {
    if let Some(column) = names.iter().position(|name| *name == said) {
        return Ok(column);
    }
    let same = |name: &&str| fold(name) == fold(said);
    let mut found = names.iter().enumerate().filter(|(_, name)| same(name));
    match (found.next(), found.next()) {
        (Some((column, _)), None) => return Ok(column),
        (Some(_), Some(_)) => return Err(format!("more than one column is called `{said}`").into()),
        _ => {}
    }
    let number = said.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    number
        .filter(|column| *column < names.len())
        .ok_or_else(|| {
            format!(
                "there is no column `{said}`; the columns are {}",
                listed(names)
            )
            .into()
        })
}

/// Names for a message, the first of many.
pub(super) fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let first = names.iter().take(SHOWN);
    let first: Vec<String> = first
        .map(|name| format!("`{}`", name.escape_debug()))
        .collect();
    let first = first.join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => first,
        Some(n_more) => format!("{first} and {n_more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str], said: &[(ClickRole, &str)]) -> Roles {
        let said = said.iter().map(|&(role, name)| (role, name.to_owned()));
        let columns = ClickColumns {
            said: said.collect(),
            ..ClickColumns::default()
        };
        Roles::of(names, &columns).unwrap()
    }

    #[test]
    fn names_say_which_column_is_what() {
        let names = [
            "",
            "timestamp",
            "item_id",
            "position",
            "click",
            "propensity_score",
            "user_feature_0",
        ];
        let found = roles(&names, &[]);
        assert_eq!(found.column(ClickRole::Item), Some(2));
        assert_eq!(found.column(ClickRole::Label), Some(4));
        assert_eq!(found.column(ClickRole::Time), Some(1));
        assert_eq!(found.column(ClickRole::Person), None);
        assert_eq!(found.features, [6]);
        let left_out: Vec<usize> = found.left_out.iter().map(|left| left.column).collect();
        assert_eq!(left_out, [0]);
        assert_eq!(
            found.column(ClickRole::Propensity),
            Some(5),
            "and so no feature"
        );
    }

    #[test]
    fn what_is_known_after_the_click_is_no_feature_unless_said() {
        let names = [
            "ad_id",
            "Clicks",
            "Impressions",
            "Spent",
            "Total_Conversion",
            "interest",
        ];
        let found = roles(&names, &[]);
        assert_eq!(found.features, [5]);
        assert_eq!(found.column(ClickRole::Impressions), Some(2));
        let columns = ClickColumns {
            keep: vec!["Spent".to_owned()],
            ..ClickColumns::default()
        };
        assert_eq!(Roles::of(&names, &columns).unwrap().features, [3, 5]);
    }

    #[test]
    fn what_is_said_overrules_names() {
        let names = ["user", "artist", "plays"];
        let found = roles(
            &names,
            &[(ClickRole::Label, "plays"), (ClickRole::Person, "2")],
        );
        assert_eq!(found.column(ClickRole::Person), Some(1));
        assert_eq!(found.column(ClickRole::Label), Some(2));
        assert_eq!(
            found.column(ClickRole::Item),
            None,
            "it is the person already"
        );
        assert_eq!(found.features, [0]);
    }

    #[test]
    fn deny_columns_that_are_not_there() {
        let columns = ClickColumns {
            leave_out: vec!["nothing".to_owned()],
            ..ClickColumns::default()
        };
        let reason = Roles::of(&["a", "b"], &columns).unwrap_err();
        assert_eq!(
            reason,
            "there is no column `nothing`; the columns are `a`, `b`"
        );
    }
}
