//! Where the marks of a chart go. The template draws them, so that every text in a picture is escaped as all
//! text is, and colours follow the page into the dark.

use minijinja::{Value, context};

use super::words::{grouped, short, visible, words};
use crate::engine::outputs::Histogram;

/// The width of a histogram's picture, in its own units.
pub(in crate::report) const WIDTH: f64 = 520.0;
/// Its height.
pub(in crate::report) const HEIGHT: f64 = 218.0;
/// Where the plotted area begins and ends.
const LEFT: f64 = 52.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = HEIGHT - 26.0;

/// The width of a stacked bar, in its own units; the page stretches it.
pub(in crate::report) const BAR: f64 = 1000.0;
/// The least width of a part that is not nothing, so that a little is seen.
const SLIVER: f64 = 5.0;

/// Above this ratio of the largest to the smallest count, small ones would vanish on a linear axis.
const LOG_RATIO: u64 = 100;

/// A part of a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Placed {
    /// Its left edge.
    pub(in crate::report) left: f64,
    pub(in crate::report) width: f64,
}

/// Places parts side by side in proportion to their sizes.
///
/// Parts too small to see get [`SLIVER`], taken from the others in proportion to what they can spare.
pub(in crate::report) fn stacked(sizes: &[u64]) -> Vec<Placed> {
    let total: f64 = sizes.iter().map(|&size| size as f64).sum();
    let scale = BAR / total.max(1.0);
    let least = SLIVER.min(BAR / sizes.len().max(1) as f64);
    let spare = |size: u64| (size as f64 * scale - least).max(0.0);
    let n_seen = sizes.iter().filter(|&&size| size > 0).count();
    let all_spare: f64 = sizes.iter().map(|&size| spare(size)).sum();
    let stretch = (BAR - least * n_seen as f64).max(0.0) / all_spare.max(f64::MIN_POSITIVE);
    let width = |size: u64| {
        if size == 0 {
            0.0
        } else {
            least + spare(size) * stretch
        }
    };
    sizes
        .iter()
        .scan(0.0, |left, &size| {
            let placed = Placed {
                left: *left,
                width: width(size),
            };
            *left += placed.width;
            Some(placed)
        })
        .collect()
}

/// A histogram as the template draws it: marks, ticks, words and the numbers behind them.
pub(in crate::report) fn histogram(histogram: &Histogram) -> Value {
    let total: u128 = histogram.counts.iter().map(|&n| u128::from(n)).sum();
    let name = words(&histogram.name);
    let unit = words(&histogram.unit);
    let Some(plot) = Plot::of(histogram) else {
        return context! { name, unit, drawn => false, total => grouped(total) };
    };
    context! {
        name, unit, drawn => true, total => grouped(total), log => plot.log,
        bars => plot.bars(histogram), x_ticks => plot.x_ticks(), y_ticks => plot.y_ticks(),
        rows => plot.rows(histogram),
        left => LEFT, right => RIGHT, top => TOP, bottom => BOTTOM, width => WIDTH, height => HEIGHT,
    }
}

/// The scales of one histogram.
struct Plot<'a> {
    /// The bounds drawn: empty intervals after the last value are left out.
    bounds: &'a [f64],
    /// Are the intervals of one width? If not, each gets the same room on the page.
    even: bool,
    /// Is each interval one whole number?
    unit_steps: bool,
    log: bool,
    max: u64,
}

impl<'a> Plot<'a> {
    /// None if there is nothing to draw, or bounds and counts contradict each other.
    fn of(histogram: &'a Histogram) -> Option<Self> {
        let bounds = &histogram.bounds;
        let ascending = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        let finite = bounds.iter().all(|bound| bound.is_finite());
        if bounds.len() != histogram.counts.len() + 1 || !ascending || !finite {
            return None;
        }
        let n_drawn = histogram.counts.iter().rposition(|&n| n > 0)? + 1;
        let bounds = &bounds[..=n_drawn];
        let seen = || histogram.counts.iter().copied().filter(|&n| n > 0);
        let (min, max) = (seen().min()?, seen().max()?);
        Some(Self {
            bounds,
            even: evenly_spaced(bounds),
            unit_steps: whole_steps(bounds),
            log: max / min >= LOG_RATIO,
            max,
        })
    }

    fn n_bars(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The place of a bound on the page. `i` may lie between two.
    fn x(&self, i: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * i / self.n_bars() as f64
    }

    /// The place of a value on the page, for evenly spaced bounds.
    fn x_of(&self, value: f64) -> f64 {
        let (first, last) = (self.bounds[0], self.bounds[self.n_bars()]);
        LEFT + (RIGHT - LEFT) * ((value - first) / (last - first))
    }

    fn y(&self, count: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * self.height(count)
    }

    /// The height of a count, as a share of the plotted area. On the log axis 1 still shows.
    fn height(&self, count: f64) -> f64 {
        if self.log {
            let floor = 0.5_f64.log10();
            (count.max(0.5).log10() - floor) / (self.ceiling().log10() - floor)
        } else {
            count / self.ceiling()
        }
    }

    /// Where the axis of counts ends.
    fn ceiling(&self) -> f64 {
        let max = self.max as f64;
        if self.log {
            max * 1.2
        } else {
            let step = nice_step(max / 4.0).max(1.0);
            (max / step).ceil() * step
        }
    }

    fn bars(&self, histogram: &Histogram) -> Vec<Value> {
        let gap = (600.0 / self.n_bars() as f64 / 12.0).clamp(0.4, 2.0);
        histogram.counts[..self.n_bars()]
            .iter()
            .enumerate()
            .filter(|(_, n)| **n > 0)
            .map(|(i, &n)| {
                let (x, y) = (self.x(i as f64), self.y(n as f64));
                let width = self.x(i as f64 + 1.0) - x - gap;
                context! {
                    x => place(x + gap / 2.0), y => place(y), width => place(width),
                    height => place(BOTTOM - y),
                    title => format!("{}: {}", self.interval(i), grouped(n)),
                }
            })
            .collect()
    }

    /// What an interval holds, in words.
    fn interval(&self, i: usize) -> String {
        if self.unit_steps {
            return short(self.bounds[i]);
        }
        let (from, until) = (self.bounds[i], self.bounds[i + 1]);
        format!("{} to {}", short(from), short(until))
    }

    fn rows(&self, histogram: &Histogram) -> Vec<Value> {
        histogram.counts[..self.n_bars()]
            .iter()
            .enumerate()
            .map(|(i, &n)| context! { interval => self.interval(i), count => grouped(n) })
            .collect()
    }

    fn x_ticks(&self) -> Vec<Value> {
        if self.unit_steps {
            self.ticks_under_bars()
        } else if self.even {
            self.ticks_at_round_values()
        } else {
            self.ticks_at_bounds()
        }
    }

    /// One whole number an interval: its label stands under the middle of its bar.
    fn ticks_under_bars(&self) -> Vec<Value> {
        let every = self.n_bars().div_ceil(12);
        (0..self.n_bars())
            .step_by(every)
            .map(|i| tick(self.x(i as f64 + 0.5), short(self.bounds[i])))
            .collect()
    }

    fn ticks_at_bounds(&self) -> Vec<Value> {
        let every = self.n_bars().div_ceil(8);
        (0..=self.n_bars())
            .step_by(every)
            .map(|i| tick(self.x(i as f64), short(self.bounds[i])))
            .collect()
    }

    fn ticks_at_round_values(&self) -> Vec<Value> {
        let (first, last) = (self.bounds[0], self.bounds[self.n_bars()]);
        round_values(first, last, 8.0)
            .into_iter()
            .map(|value| tick(self.x_of(value), short(value)))
            .collect()
    }

    fn y_ticks(&self) -> Vec<Value> {
        let counts = if self.log {
            self.powers_of_ten()
        } else {
            self.round_counts()
        };
        counts
            .into_iter()
            .map(|count| tick(self.y(count), short(count)))
            .collect()
    }

    fn round_counts(&self) -> Vec<f64> {
        let step = nice_step(self.max as f64 / 4.0).max(1.0);
        multiples(0.0, step, self.ceiling())
    }

    /// At most six powers, always from 1.
    fn powers_of_ten(&self) -> Vec<f64> {
        let highest = self.max.ilog10();
        let every = highest / 6 + 1;
        (0..=highest)
            .step_by(every as usize)
            .map(|power| 10_f64.powf(f64::from(power)))
            .collect()
    }
}

/// One mark of an axis.
pub(in crate::report) fn tick(at: f64, label: String) -> Value {
    context! { at => place(at), label }
}

/// Places on the page, to a hundredth of a unit: the same text for the same number everywhere.
pub(in crate::report) fn place(at: f64) -> String {
    format!("{at:.2}")
}

/// Round values inside an interval, about `n_wanted` of them.
fn round_values(first: f64, last: f64, n_wanted: f64) -> Vec<f64> {
    let step = nice_step((last - first) / n_wanted);
    multiples((first / step).ceil(), step, last + step * 1e-9)
}

/// `step × n` for n from `n_first` while it is at most `last`; not summed up, so errors do not grow.
pub(in crate::report) fn multiples(n_first: f64, step: f64, last: f64) -> Vec<f64> {
    (0..40_u32)
        .map(|n| (n_first + f64::from(n)) * step)
        .take_while(|value| *value <= last)
        .collect()
}

/// The least of 1, 2, 5 and 10 times a power of ten that is not below a number.
pub(in crate::report) fn nice_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(f64::MIN_POSITIVE).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least)
        .unwrap_or(10.0 * power)
}

/// Are all intervals of the same width, up to rounding?
fn evenly_spaced(bounds: &[f64]) -> bool {
    let first = bounds[1] - bounds[0];
    bounds
        .windows(2)
        .all(|pair| ((pair[1] - pair[0]) / first - 1.0).abs() < 1e-6)
}

fn whole_steps(bounds: &[f64]) -> bool {
    bounds
        .windows(2)
        .all(|pair| pair[0].fract() == 0.0 && pair[1] - pair[0] == 1.0)
}

/// The words that describe a histogram to who cannot see it.
pub(in crate::report) fn described(histogram: &Histogram) -> String {
    let total: u128 = histogram.counts.iter().map(|&n| u128::from(n)).sum();
    let mode = histogram
        .counts
        .iter()
        .zip(histogram.bounds.windows(2))
        .max_by_key(|(n, _)| **n)
        .map_or_else(String::new, |(n, bounds)| {
            let (from, until) = (short(bounds[0]), short(bounds[1]));
            format!("; most, {}, from {from} to {until}", grouped(*n))
        });
    let unit = visible(&histogram.unit);
    format!("{} values in {unit}{mode}", grouped(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(sizes: &[u64]) -> Vec<f64> {
        stacked(sizes)
            .into_iter()
            .map(|placed| placed.width)
            .collect()
    }

    #[test]
    fn a_part_that_is_not_nothing_is_seen() {
        let widths = widths(&[400_000_000, 1, 0]);
        assert_eq!((widths[1], widths[2]), (SLIVER, 0.0));
        assert!((widths.iter().sum::<f64>() - BAR).abs() < 1e-9);
    }

    #[test]
    fn parts_fill_the_bar_in_order() {
        let placed = stacked(&[3, 1]);
        assert!((placed[1].left - placed[0].width).abs() < 1e-9);
        assert!((placed[1].left - 750.0).abs() < 2.0);
        let nothing = Placed {
            left: 0.0,
            width: 0.0,
        };
        assert_eq!(stacked(&[0, 0]), [nothing; 2]);
        assert!(stacked(&[]).is_empty());
    }

    #[test]
    fn parts_of_any_number_and_size_stay_inside() {
        for sizes in [vec![1; 2000], vec![u64::MAX; 3], vec![u64::MAX, 1, 1]] {
            let placed = stacked(&sizes);
            let end = placed
                .last()
                .map_or(0.0, |placed| placed.left + placed.width);
            assert!((end - BAR).abs() < 1e-6, "{end}");
        }
    }

    fn counted(bounds: &[f64], counts: &[u64]) -> Histogram {
        Histogram {
            name: "n".to_owned(),
            unit: "u".to_owned(),
            bounds: bounds.to_vec(),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn small_counts_get_a_log_axis() {
        let bounds = [0.0, 1.0, 2.0];
        assert!(Plot::of(&counted(&bounds, &[100, 1])).unwrap().log);
        assert!(!Plot::of(&counted(&bounds, &[99, 1])).unwrap().log);
        let histogram = counted(&bounds, &[1_000_000, 1]);
        let plot = Plot::of(&histogram).unwrap();
        assert!(plot.height(1.0) > 0.02 && plot.height(1e6) < 1.0);
    }

    #[test]
    fn deny_histograms_that_contradict_themselves() {
        for (bounds, counts) in [
            (vec![], vec![]),
            (vec![0.0, 1.0], vec![]),
            (vec![0.0, 1.0], vec![0]),
            (vec![1.0, 0.0], vec![3]),
            (vec![0.0, f64::NAN], vec![3]),
            (vec![0.0, f64::INFINITY], vec![3]),
        ] {
            assert!(Plot::of(&counted(&bounds, &counts)).is_none(), "{bounds:?}");
        }
    }

    #[test]
    fn axes_have_round_and_few_ticks() {
        assert_eq!(round_values(0.0, 1.0, 6.0).len(), 6);
        assert_eq!(nice_step(0.17), 0.2);
        assert_eq!(nice_step(3.0), 5.0);
        for max in [1, 3, 10, 999, 123_456_789, u64::MAX] {
            let histogram = counted(&[0.0, 0.5, 1.0], &[max, max]);
            let n_ticks = Plot::of(&histogram).unwrap().round_counts().len();
            assert!((2..=6).contains(&n_ticks), "{max}: {n_ticks} ticks");
        }
    }

    #[test]
    fn empty_intervals_after_the_last_value_are_not_drawn() {
        let histogram = counted(&[0.0, 1.0, 2.0, 3.0], &[2, 5, 0]);
        assert_eq!(Plot::of(&histogram).unwrap().n_bars(), 2);
    }
}
