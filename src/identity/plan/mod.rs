//! Number plans: libphonenumber's metadata, compiled to automata that read a clean number digit by digit.
//!
//! The metadata says by regular expressions, for each region and each type, what a national number looks like. Asking
//! them one by one costs microseconds. Here all expressions of one country calling code become one automaton: its
//! states are joined where they agree, and each knows what a number is that ends there. A plan is compiled when the
//! first number of its country is read (some milliseconds) and kept.
//!
//! Only what needs no judgement is decided: text of a plus sign and digits whose first digits cannot be a national
//! prefix (a trunk zero, Argentina's `0…15`). Everything else is left to libphonenumber, and the tests hold the two
//! to each other.

mod compile;
mod expressions;
#[cfg(test)]
mod tests;

use std::sync::{LazyLock, OnceLock};

use super::metadata::UTIL;
use super::number_type::NumberType;
use crate::ids::Region;

/// An international number has at most fifteen digits (ITU-T E.164 § 6.1).
const MAX_DIGITS: usize = 15;
/// A state: where each of ten digits leads, and what a number is that ends here. Padded to half a cache line.
const ROW: usize = 16;
const ANSWER: usize = 10;

/// What a plan says of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// No country has assigned it.
    Unassigned,
    /// It may begin with a national prefix: libphonenumber has to be asked.
    Unsure,
    /// Assigned, in this region if it is a country's, for this use.
    Valid(Option<Region>, NumberType),
}

/// What a plan says of a text that is a plus sign and five to fifteen digits, and its digits as a number.
///
/// None if the text is anything else, or has no country calling code.
///
/// # Complexity
/// One table look-up a digit.
pub(super) fn read(text: &[u8]) -> Option<(u64, Answer)> {
    let (&b'+', digits) = text.split_first()? else {
        return None;
    };
    if !(5..=MAX_DIGITS).contains(&digits.len()) {
        return None;
    }
    let plans = &*PLANS;
    let first = |i: usize| usize::from(digits[i].wrapping_sub(b'0'));
    let (a, b, c) = (first(0), first(1), first(2));
    if a > 9 || b > 9 || c > 9 {
        return None;
    }
    let code = plans.code_at[100 * a + 10 * b + c]?;
    let (head, national) = digits.split_at(code.len.into());
    let mut number = head
        .iter()
        .fold(0, |n, &digit| 10 * n + u64::from(digit - b'0'));
    let plan = plans.of(code);
    let mut state = 0;
    for &byte in national {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = 10 * number + u64::from(digit);
        state = plan.cells[ROW * state + usize::from(digit)].into();
    }
    Some((number, plan.answer(state)))
}

/// What a plan says of an international number given by its digits; none if it has no country calling code.
pub(super) fn answer(digits: u64) -> Option<Answer> {
    let mut text = [b'+'; MAX_DIGITS + 1];
    let mut at = text.len();
    let mut left = digits;
    while left > 0 && at > 1 {
        at -= 1;
        text[at] = b'0' + u8::try_from(left % 10).unwrap_or_default();
        left /= 10;
    }
    text[at - 1] = b'+';
    read(&text[at - 1..]).map(|(_, answer)| answer)
}

/// A country calling code: which it is, and how many digits it has.
#[derive(Clone, Copy, Debug)]
struct Code {
    index: u16,
    len: u8,
}

/// The plans of all country calling codes.
struct Plans {
    /// By the first three digits of a number: no code begins another.
    code_at: Vec<Option<Code>>,
    codes: Vec<i32>,
    compiled: Vec<OnceLock<Plan>>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    let mut codes: Vec<i32> = UTIL.get_supported_calling_codes().collect();
    codes.sort_unstable();
    codes.dedup();
    let at = |first: i32| {
        // No code begins with 0: in `084` stands no 84.
        if first < 100 {
            return None;
        }
        (1..=3_u8).find_map(|len| {
            let code = first / 10_i32.pow(3 - u32::from(len));
            let index = codes.binary_search(&code).ok()?;
            Some(Code {
                index: u16::try_from(index).ok()?,
                len,
            })
        })
    };
    Plans {
        code_at: (0..1000).map(at).collect(),
        compiled: codes.iter().map(|_| OnceLock::new()).collect(),
        codes,
    }
});

impl Plans {
    fn of(&self, code: Code) -> &Plan {
        let index = usize::from(code.index);
        self.compiled[index].get_or_init(|| Plan::compile(self.codes[index], code.len))
    }
}

/// The national numbers of one country calling code.
#[derive(Debug)]
struct Plan {
    /// [`ROW`] cells a state; a number begins at state 0.
    cells: Vec<u16>,
    answers: Vec<Answer>,
}

impl Plan {
    fn answer(&self, state: usize) -> Answer {
        self.answers[usize::from(self.cells[ROW * state + ANSWER])]
    }

    fn compile(code: i32, code_len: u8) -> Self {
        compile::plan(code, MAX_DIGITS - usize::from(code_len)).unwrap_or_else(Self::unsure)
    }

    /// A plan that leaves everything to libphonenumber: for an expression that could not be compiled.
    fn unsure() -> Self {
        Self {
            cells: vec![0; ROW],
            answers: vec![Answer::Unsure],
        }
    }
}
