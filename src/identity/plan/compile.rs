//! From expressions to a table: the automaton of all of them, with one state for all that agree.

use std::collections::BTreeMap;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};

use super::expressions::{Expression, Part, RegionPlan, expressions_of};
use super::{ANSWER, Answer, Plan, ROW};

/// The state no number comes back from, and its answer.
const DEAD: u16 = 1;
const UNASSIGNED: u16 = 0;
/// The state after what may be a national prefix, and its answer.
const UNSURE_FROM_HERE: u16 = 2;
const UNSURE: u16 = 1;

/// The plan of a country calling code for national numbers of up to `max_len` digits.
///
/// None if an expression cannot be compiled, or they need more than 65,536 states.
pub(super) fn plan(code: i32, max_len: usize) -> Option<Plan> {
    Compiler::new(code, max_len)?.finish()
}

struct Compiler {
    regions: Vec<RegionPlan>,
    expressions: Vec<Expression>,
    dfa: dense::DFA<Vec<u32>>,
    max_len: usize,
    /// The state made for each state of the expressions and length.
    made: BTreeMap<(StateID, usize), u16>,
    /// Rows that are equal are one state.
    rows: BTreeMap<[u16; ROW], u16>,
    cells: Vec<u16>,
    answers: Vec<Answer>,
}

impl Compiler {
    fn new(code: i32, max_len: usize) -> Option<Self> {
        let (regions, expressions) = expressions_of(code);
        let patterns: Vec<String> = expressions.iter().map(Expression::pattern).collect();
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .match_kind(MatchKind::All)
                    .start_kind(StartKind::Anchored),
            )
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build_many(&patterns)
            .ok()?;
        // Row 0 is for the start, then the two that lead to themselves.
        let mut cells = vec![0; ROW];
        for (state, answer) in [(DEAD, UNASSIGNED), (UNSURE_FROM_HERE, UNSURE)] {
            let mut row = [0; ROW];
            row[..ANSWER].fill(state);
            row[ANSWER] = answer;
            cells.extend(row);
        }
        Some(Self {
            regions,
            expressions,
            dfa,
            max_len,
            made: BTreeMap::new(),
            rows: BTreeMap::new(),
            cells,
            answers: vec![Answer::Unassigned, Answer::Unsure],
        })
    }

    fn finish(mut self) -> Option<Plan> {
        let start = self.dfa.universal_start_state(Anchored::Yes)?;
        let start = ROW * usize::from(self.make(start, 0)?);
        self.cells.copy_within(start..start + ROW, 0);
        Some(Plan {
            cells: self.cells,
            answers: self.answers,
        })
    }

    /// The state of the plan for a state of the expressions after `len` digits; none if there are too many.
    fn make(&mut self, state: StateID, len: usize) -> Option<u16> {
        if let Some(&made) = self.made.get(&(state, len)) {
            return Some(made);
        }
        let parts = self.parts_that_end(state);
        let may_have_prefix = len > 0 && parts.iter().any(|e| e.part == Part::NationalPrefix);
        let made = if may_have_prefix {
            UNSURE_FROM_HERE
        } else {
            let answer = self.answer(&parts, len);
            let mut row = [0; ROW];
            row[ANSWER] = self.number_of(answer)?;
            for (digit, cell) in (b'0'..).zip(&mut row[..ANSWER]) {
                let next = self.dfa.next_state(state, digit);
                *cell = if len == self.max_len || self.dfa.is_dead_state(next) {
                    DEAD
                } else {
                    self.make(next, len + 1)?
                };
            }
            self.add(row)?
        };
        self.made.insert((state, len), made);
        Some(made)
    }

    fn add(&mut self, row: [u16; ROW]) -> Option<u16> {
        if let Some(&state) = self.rows.get(&row) {
            return Some(state);
        }
        let state = u16::try_from(self.cells.len() / ROW).ok()?;
        self.cells.extend(row);
        self.rows.insert(row, state);
        Some(state)
    }

    fn number_of(&mut self, answer: Answer) -> Option<u16> {
        let known = self.answers.iter().position(|&other| other == answer);
        let number = known.unwrap_or(self.answers.len());
        if known.is_none() {
            self.answers.push(answer);
        }
        u16::try_from(number).ok()
    }

    /// The expressions a number matches that ends in this state.
    fn parts_that_end(&self, state: StateID) -> Vec<Expression> {
        let end = self.dfa.next_eoi_state(state);
        let n = if self.dfa.is_match_state(end) {
            self.dfa.match_len(end)
        } else {
            0
        };
        (0..n)
            .map(|i| self.expressions[self.dfa.match_pattern(end, i).as_usize()].clone())
            .collect()
    }

    /// What a number of this length is that matches these expressions: the rules of `getRegionCodeForNumber`,
    /// `getNumberType` and `isValidNumber`.
    fn answer(&self, matched: &[Expression], len: usize) -> Answer {
        let fits = |part: Part| {
            matched
                .iter()
                .any(|expression| expression.part == part && expression.allows(len))
        };
        for (region, plan) in self.regions.iter().enumerate() {
            let kind = plan.kind(region, &fits);
            let is_only = self.regions.len() == 1;
            if is_only || kind.is_some() || fits(Part::LeadingDigits { region }) {
                return kind.map_or(Answer::Unassigned, |kind| Answer::Valid(plan.region, kind));
            }
        }
        Answer::Unassigned
    }
}
