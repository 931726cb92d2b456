//! Figures and their intervals, in words.

/// A figure and its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// Where its interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// A difference, and how many people it makes better or worse off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// The mean difference: above 0 is better.
    pub gain: Figure,
    /// People who are better off.
    pub better: u64,
    /// People who are worse off.
    pub worse: u64,
}

impl Figure {
    /// As `0.3753 [0.2516, 0.4987]`.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{} [{}, {}]",
            digits(self.value),
            digits(self.low),
            digits(self.high)
        )
    }

    /// As `+0.1342 [-0.0015, +0.2208]`; what rounds to 0 has no sign.
    #[must_use]
    pub fn signed(&self) -> String {
        format!(
            "{} [{}, {}]",
            signed(self.value),
            signed(self.low),
            signed(self.high)
        )
    }
}

/// Four digits, and never `-0.0000`.
fn digits(value: f64) -> String {
    let text = format!("{value:.4}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| matches!(c, '0' | '.')) => zero.to_owned(),
        _ => text,
    }
}

fn signed(value: f64) -> String {
    let text = digits(value);
    if text.starts_with('-') || text == "0.0000" {
        text
    } else {
        format!("+{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounds_to_nothing_has_no_sign() {
        let figure = Figure {
            value: -0.000_04,
            low: -0.000_06,
            high: 0.000_04,
        };
        assert_eq!(figure.signed(), "0.0000 [-0.0001, 0.0000]");
        assert_eq!(figure.text(), "0.0000 [-0.0001, 0.0000]");
        let figure = Figure {
            value: 0.5,
            low: -0.25,
            high: 1.0,
        };
        assert_eq!(figure.signed(), "+0.5000 [-0.2500, +1.0000]");
    }
}
