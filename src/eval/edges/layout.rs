//! Which column of an edge list is what.

use std::borrow::Cow;

use super::error::Reason;
use super::ids::EdgeIds;
use super::names::{ends_rank, fold, is_index, time_rank, weight_rank};

/// Which columns the caller says are what, by name or by number from 1. What is not said is found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeColumns {
    /// The first end.
    pub source: Option<String>,
    /// The second end.
    pub target: Option<String>,
    /// When.
    pub time: Option<String>,
    /// How much it weighs: what weighs nothing is no edge.
    pub weight: Option<String>,
    /// Is the first line a header? Found out if it is not said.
    pub header: Option<bool>,
}

/// A whole number from here on, without a header, is a time: 1973 in seconds. Below it may as well be a weight.
const FIRST_TIME: i64 = 100_000_000;

/// Which column is what, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) source: usize,
    pub(super) target: usize,
    pub(super) time: Option<usize>,
    pub(super) weight: Option<usize>,
    /// How many columns every line has.
    pub(super) n: usize,
    /// The first line names the columns.
    pub(super) has_header: bool,
    /// The names; none without a header.
    pub(super) names: Vec<String>,
    /// Nothing but the first line said that there is a time.
    pub(super) is_time_guessed: bool,
    /// Nothing said which columns are the ends.
    pub(super) are_ends_guessed: bool,
    /// What the caller should know.
    pub(super) notes: Vec<String>,
}

impl Layout {
    /// What the first line tells.
    pub(super) fn of(first: &[&str], said: &EdgeColumns, ids: EdgeIds) -> Result<Self, Reason> {
        let has_header = match said.header {
            Some(said) => said,
            None => is_header(first, said, ids),
        };
        let names: Vec<String> = first
            .iter()
            .filter(|_| has_header)
            .map(|&name| name.to_owned())
            .collect();
        let mut columns = Columns::new(first.len(), &names);
        columns.take_said(said)?;
        if has_header {
            columns.take_named(said);
        } else {
            columns.take_time_of(first);
        }
        columns.layout(has_header)
    }

    /// One column more stands in front of all that the header names, as R writes the names of rows.
    pub(super) fn behind_row_names(mut self) -> Self {
        self.source += 1;
        self.target += 1;
        self.time = self.time.map(|at| at + 1);
        self.weight = self.weight.map(|at| at + 1);
        self.n += 1;
        self.names.insert(0, String::new());
        self.notes.push(
            "the header has a column less than the lines: the first column names rows".into(),
        );
        self
    }

    /// A column in words.
    pub(super) fn name(&self, at: usize) -> Cow<'static, str> {
        named(&self.names, at).into()
    }
}

fn named(names: &[String], at: usize) -> String {
    match names.get(at).map(String::as_str) {
        Some("") => format!("column {} (without a name)", at + 1),
        Some(name) if is_number(name) => format!("column {} (not a name)", at + 1),
        Some(name) => format!("column {} (`{}`)", at + 1, name.escape_debug()),
        None => format!("column {}", at + 1),
    }
}

/// May this be somebody's number? Then it is not shown.
fn is_number(name: &str) -> bool {
    name.chars().filter(|c| c.is_numeric()).count() > 4
}

/// Does the first line name columns? Not if anything in it is a number. Where ids are texts, two ids may look like two
/// names; who reads the file looks whether they come again.
fn is_header(first: &[&str], said: &EdgeColumns, ids: EdgeIds) -> bool {
    let are_texts = ids == EdgeIds::Dictionary;
    if first.len() < 2 || first.iter().any(|cell| cell.parse::<f64>().is_ok()) {
        return false;
    }
    let names: Vec<String> = first.iter().map(|name| fold(name)).collect();
    let is_said = |said: &Option<String>| {
        let is_number = |said: &String| !are_texts && said.parse::<usize>().is_ok();
        said.as_ref()
            .is_some_and(|said| names.contains(&fold(said)) || is_number(said))
    };
    let is_known = |name: &String| time_rank(name).is_some() || weight_rank(name).is_some();
    // Two texts may be two people, whatever they are; behind two texts nobody is called `weight`.
    let may_be_known = if are_texts {
        names.get(2..)
    } else {
        names.get(..)
    };
    [&said.source, &said.target, &said.time, &said.weight]
        .into_iter()
        .any(is_said)
        || !matches!(best_ends(&names, |_| true), Ok(None))
        || may_be_known.is_some_and(|names| names.iter().any(is_known))
        || is_index(&names[0]) && (!are_texts || names[0].is_empty())
}

/// The columns of the two ends of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ends {
    source: usize,
    target: usize,
}

/// Ends, and whether nothing said that they are.
struct Chosen {
    ends: Ends,
    are_guessed: bool,
}

impl Chosen {
    const fn named(source: usize, target: usize) -> Self {
        Self {
            ends: Ends { source, target },
            are_guessed: false,
        }
    }

    const fn guessed(source: usize, target: usize) -> Self {
        Self {
            ends: Ends { source, target },
            are_guessed: true,
        }
    }
}

/// Two columns that are the ends by their names; an error if two pairs are as likely.
fn best_ends(names: &[String], is_free: impl Fn(usize) -> bool) -> Result<Option<Ends>, [Ends; 2]> {
    let free = |at: &usize| is_free(*at);
    let mut found = Vec::new();
    for source in (0..names.len()).filter(free) {
        for target in (0..names.len()).filter(free) {
            if source != target
                && let Some(rank) = ends_rank(&names[source], &names[target])
            {
                found.push((rank, Ends { source, target }));
            }
        }
    }
    found.sort_unstable();
    match found.as_slice() {
        [(rank, one), (other_rank, other), ..] if rank == other_rank => Err([*one, *other]),
        [(_, ends), ..] => Ok(Some(*ends)),
        [] => Ok(None),
    }
}

/// What is known of the columns so far.
struct Columns<'n> {
    names: &'n [String],
    folded: Vec<String>,
    n: usize,
    source: Option<usize>,
    target: Option<usize>,
    time: Option<usize>,
    weight: Option<usize>,
    is_time_guessed: bool,
    notes: Vec<String>,
}

impl<'n> Columns<'n> {
    fn new(n: usize, names: &'n [String]) -> Self {
        Self {
            names,
            folded: names.iter().map(|name| fold(name)).collect(),
            n,
            source: None,
            target: None,
            time: None,
            weight: None,
            is_time_guessed: false,
            notes: Vec::new(),
        }
    }

    fn is_free(&self, at: usize) -> bool {
        ![self.source, self.target, self.time, self.weight].contains(&Some(at))
    }

    fn take_said(&mut self, said: &EdgeColumns) -> Result<(), Reason> {
        self.source = self.find(said.source.as_deref())?;
        self.target = self.find(said.target.as_deref())?;
        self.time = self.find(said.time.as_deref())?;
        self.weight = self.find(said.weight.as_deref())?;
        let mut taken: Vec<usize> = [self.source, self.target, self.time, self.weight]
            .into_iter()
            .flatten()
            .collect();
        taken.sort_unstable();
        match taken.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                Err(format!("{} is said to be two things", named(self.names, pair[0])).into())
            }
            None => Ok(()),
        }
    }

    /// A column by its name, or else by its number from 1.
    fn find(&self, said: Option<&str>) -> Result<Option<usize>, Reason> {
        let Some(said) = said else {
            return Ok(None);
        };
        let same = |name: &String| name == said;
        let alike = |name: &String| *name == fold(said);
        let by_name = self.names.iter().position(same);
        let by_name = by_name.or_else(|| self.folded.iter().position(alike));
        let number = said
            .parse::<usize>()
            .ok()
            .filter(|number| (1..=self.n).contains(number));
        match by_name.or(number.map(|number| number - 1)) {
            Some(at) => Ok(Some(at)),
            None => Err(self.no_such(said)),
        }
    }

    fn no_such(&self, said: &str) -> Reason {
        let said = said.escape_debug();
        if self.names.is_empty() {
            let n = self.n;
            return format!("there is no column `{said}`: the file has no header and {n} columns, numbered from 1").into();
        }
        let shown = self.names.iter().filter(|name| !is_number(name));
        let names: Vec<String> = shown.map(|name| name.escape_debug().to_string()).collect();
        format!("there is no column `{said}` among {}", names.join(", ")).into()
    }

    fn take_named(&mut self, said: &EdgeColumns) {
        // A header that is one only because somebody said so names nothing that has to be heeded first.
        if self.time.is_none() {
            self.time = self.likeliest(time_rank);
        }
        if self.weight.is_none() && said.weight.is_none() {
            self.weight = self.likeliest(weight_rank);
        }
    }

    fn likeliest(&self, rank: impl Fn(&str) -> Option<usize>) -> Option<usize> {
        let free = (0..self.folded.len()).filter(|&at| self.is_free(at) && !self.is_an_end(at));
        let ranked = free.filter_map(|at| Some((rank(&self.folded[at])?, at)));
        ranked.min().map(|(_, at)| at)
    }

    /// Some names are those of an end beside one name, and of something else beside another.
    fn is_an_end(&self, at: usize) -> bool {
        best_ends(&self.folded, |_| true)
            .is_ok_and(|ends| ends.is_some_and(|ends| at == ends.source || at == ends.target))
    }

    /// Without a header: the one column behind the ends that can only be a time.
    fn take_time_of(&mut self, first: &[&str]) {
        if self.time.is_some() {
            return;
        }
        let is_time = |at: &usize| {
            let number = first[*at].parse::<i64>();
            self.is_free(*at) && number.is_ok_and(|number| number >= FIRST_TIME)
        };
        let times: Vec<usize> = (2..self.n).filter(is_time).collect();
        if let [time] = times[..] {
            self.time = Some(time);
            self.is_time_guessed = true;
        }
    }

    fn layout(mut self, has_header: bool) -> Result<Layout, Reason> {
        let chosen = self.ends()?;
        self.tell(&chosen);
        let Ends { source, target } = chosen.ends;
        Ok(Layout {
            source,
            target,
            time: self.time,
            weight: self.weight,
            n: self.n,
            has_header,
            names: self.names.to_vec(),
            is_time_guessed: self.is_time_guessed,
            are_ends_guessed: chosen.are_guessed,
            notes: self.notes,
        })
    }

    fn ends(&self) -> Result<Chosen, Reason> {
        match (self.source, self.target) {
            (Some(source), Some(target)) => Ok(Chosen::named(source, target)),
            (Some(one), None) | (None, Some(one)) => {
                let other = self.candidates().into_iter().find(|&at| at != one);
                let other = other.ok_or_else(|| self.too_few())?;
                let is_source = self.source == Some(one);
                Ok(if is_source {
                    Chosen::guessed(one, other)
                } else {
                    Chosen::guessed(other, one)
                })
            }
            (None, None) => self.unsaid_ends(),
        }
    }

    fn unsaid_ends(&self) -> Result<Chosen, Reason> {
        match best_ends(&self.folded, |at| self.is_free(at)) {
            Ok(Some(Ends { source, target })) => Ok(Chosen::named(source, target)),
            Ok(None) => match self.candidates()[..] {
                [source, target, ..] => Ok(Chosen::guessed(source, target)),
                _ => Err(self.too_few()),
            },
            Err([one, other]) => {
                let ends = [one.source, one.target, other.source, other.target];
                let [a, b, c, d] = ends.map(|at| named(self.names, at));
                Err(format!(
                    "the ends may be {a} and {b}, or {c} and {d}; say which with --source-column and --target-column"
                )
                .into())
            }
        }
    }

    /// Columns that may be ends: those of which nothing else is known, and an index only if there are too few others.
    fn candidates(&self) -> Vec<usize> {
        let free = || (0..self.n).filter(|&at| self.is_free(at));
        let is_index = |at: &usize| self.folded.get(*at).is_some_and(|name| is_index(name));
        let others: Vec<usize> = free().filter(|at| !is_index(at)).collect();
        let wanted = 2 - usize::from(self.source.is_some()) - usize::from(self.target.is_some());
        if others.len() >= wanted {
            others
        } else {
            free().collect()
        }
    }

    fn too_few(&self) -> Reason {
        if self.n < 2 {
            "expected two ids, divided by a comma, a semicolon, a tab or blanks".into()
        } else {
            "there are no two columns left that could be the ends".into()
        }
    }

    /// Says what was taken for what where that is not plain, and what is not read.
    fn tell(&mut self, chosen: &Chosen) {
        let Ends { source, target } = chosen.ends;
        let has_more = self.n > 2;
        let [a, b] = [source, target].map(|at| named(self.names, at));
        if chosen.are_guessed && (has_more || !self.names.is_empty()) {
            self.notes.push(format!(
                "no name says which columns are the ends: {a} and {b} are taken"
            ));
        } else if has_more {
            self.notes.push(format!("the ends are {a} and {b}"));
        }
        for (what, column) in [("time", self.time), ("weight", self.weight)] {
            if let Some(at) = column {
                self.notes
                    .push(format!("the {what} is {}", named(self.names, at)));
            }
        }
        let left = (0..self.n).filter(|&at| self.is_free(at) && at != source && at != target);
        let left: Vec<String> = left.map(|at| named(self.names, at)).collect();
        if !left.is_empty() {
            self.notes.push(format!("not read: {}", left.join(", ")));
        }
    }
}
