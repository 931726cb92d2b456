//! From figures to places on a page, with ticks at round numbers.

use minijinja::{Value, context};

use super::Figure;

/// Steps between ticks that an axis aims at.
const STEPS: f64 = 5.0;

/// Values to units, over all figures and a little more.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    pub(super) fn over(figures: impl Iterator<Item = Figure>, from: f64, to: f64) -> Self {
        let ends = |(low, high): (f64, f64), f: Figure| {
            (low.min(f.low).min(f.value), high.max(f.high).max(f.value))
        };
        let (low, high) = figures.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        let (low, high) = match high - low {
            // Less would not show in the four digits of a tick.
            less if less >= 0.001 => (low, high),
            _ if low.is_finite() && high.is_finite() => (low - 0.001, high + 0.001),
            _ => (0.0, 1.0),
        };
        let more = (high - low) * 0.05;
        Self {
            low: low - more,
            high: high + more,
            from,
            to,
        }
    }

    pub(super) fn at(self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    /// Round values over the axis, and where they stand.
    pub(super) fn ticks(self, are_signed: bool) -> Vec<Value> {
        let step = round_step((self.high - self.low) / STEPS);
        let digits = usize::from(step < 1.0) * decimals(step);
        let first = (self.low / step).ceil();
        let values = (0..10).map(|i| (first + f64::from(i)) * step);
        let tick = |value: f64| {
            let is_zero = value.abs() < step / 2.0;
            let label = match (are_signed, is_zero) {
                (_, true) => "0".to_owned(),
                (true, _) => format!("{value:+.digits$}"),
                (false, _) => format!("{value:.digits$}"),
            };
            context! { at => self.at(value), label }
        };
        values
            .take_while(|&value| value <= self.high)
            .map(tick)
            .collect()
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is no smaller.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0];
    let fits = times
        .into_iter()
        .find(|times| times * power >= least * 0.999);
    fits.unwrap_or(10.0) * power
}

/// Digits behind the point that a step below 1 needs.
fn decimals(step: f64) -> usize {
    let mut digits = 0;
    let mut rest = step;
    while rest < 0.999 && digits < 9 {
        rest *= 10.0;
        digits += 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(low: f64, high: f64) -> Figure {
        Figure {
            value: f64::midpoint(low, high),
            low,
            high,
        }
    }

    fn labels(low: f64, high: f64) -> Vec<String> {
        let ticks = Axis::over(std::iter::once(figure(low, high)), 0.0, 1.0).ticks(true);
        let label = |tick: &Value| tick.get_attr("label").unwrap().to_string();
        ticks.iter().map(label).collect()
    }

    #[test]
    fn more_is_further_along() {
        let axis = Axis::over([figure(0.2, 0.4)].into_iter(), 150.0, 500.0);
        assert!(150.0 < axis.at(0.2) && axis.at(0.2) < axis.at(0.4) && axis.at(0.4) < 500.0);
        for odd in [figure(1.0, 1.0), figure(f64::NAN, f64::NAN)] {
            let axis = Axis::over(std::iter::once(odd), 0.0, 9.0);
            assert!(axis.at(1.0).is_finite());
            assert!(axis.ticks(false).len() > 1);
        }
    }

    #[test]
    fn ticks_stand_at_round_numbers() {
        assert_eq!(labels(-0.021, 0.012), ["-0.02", "-0.01", "0", "+0.01"]);
        assert_eq!(labels(0.0, 1.0), ["0", "+0.5", "+1.0"]);
        assert_eq!(
            labels(0.1491, 0.1523),
            ["+0.149", "+0.150", "+0.151", "+0.152"]
        );
    }
}
