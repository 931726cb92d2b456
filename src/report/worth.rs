//! The page about what sharing is worth: a chart of sources and one of opt-outs for each product.

use minijinja::{Environment, Value, context};

use super::ReportError;

const TEMPLATE: &str = "worth.html";

/// A figure and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// Where its interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// One source of signals, as it joins those before it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceBar {
    /// Its name.
    pub name: String,
    /// How good the product is with it.
    pub figure: Figure,
    /// What it adds, in words; empty for the first.
    pub gain: String,
}

/// How good a product is for those who stay when a share of people opt out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptOutPoint {
    /// The share, in [0, 1].
    pub share: f64,
    /// How good it is.
    pub figure: Figure,
}

/// What sharing is worth for a product.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductWorth {
    /// Its name.
    pub name: String,
    /// What is measured, and whether more of it is better.
    pub measured: String,
    /// People who are measured.
    pub people: u64,
    /// Source by source.
    pub sources: Vec<SourceBar>,
    /// People who never opt out.
    pub people_who_stay: u64,
    /// By share of opt-outs, ascending.
    pub opt_outs: Vec<OptOutPoint>,
}

/// The page, as HTML that needs no other file.
///
/// # Errors
/// If the template cannot be filled in, which no figures should be able to cause.
pub fn render_worth(products: &[ProductWorth]) -> Result<String, ReportError> {
    let filled = || {
        let mut environment = Environment::new();
        environment.add_template(TEMPLATE, include_str!("worth.html"))?;
        let products: Vec<Value> = products.iter().map(product).collect();
        environment
            .get_template(TEMPLATE)?
            .render(context! { products })
    };
    filled().map_err(|source| ReportError::Template {
        template: TEMPLATE,
        source,
    })
}

/// The plotted area of both charts, in their own units.
const LEFT: f64 = 150.0;
const RIGHT: f64 = 500.0;
const CURVE_LEFT: f64 = 56.0;
const TOP: f64 = 12.0;
const ROW: f64 = 30.0;
const CURVE_BOTTOM: f64 = 180.0;

/// Values to units, over all figures and a little more.
#[derive(Clone, Copy)]
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(figures: impl Iterator<Item = Figure> + Clone, from: f64, to: f64) -> Self {
        let low = figures
            .clone()
            .map(|f| f.low.min(f.value))
            .fold(f64::INFINITY, f64::min);
        let high = figures
            .map(|f| f.high.max(f.value))
            .fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low < high {
            (low, high)
        } else {
            (low - 0.5, low + 0.5)
        };
        let more = (high - low) * 0.08;
        Self {
            low: low - more,
            high: high + more,
            from,
            to,
        }
    }

    fn at(self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    /// Four values spread over the axis, and where they stand.
    fn ticks(self) -> Vec<Value> {
        let value = |i: i32| self.low + (self.high - self.low) * (0.1 + 0.8 * f64::from(i) / 3.0);
        let tick = |i| context! { at => self.at(value(i)), label => format!("{:.4}", value(i)) };
        (0..4).map(tick).collect()
    }
}

fn product(product: &ProductWorth) -> Value {
    let bottom = TOP + ROW * product.sources.len() as f64;
    context! {
        name => product.name.as_str(),
        measured => product.measured.as_str(),
        people => product.people,
        people_who_stay => product.people_who_stay,
        sources => sources(product),
        bottom,
        curve => curve(product),
    }
}

fn sources(product: &ProductWorth) -> Value {
    let axis = Axis::over(product.sources.iter().map(|s| s.figure), LEFT, RIGHT);
    let rows = product.sources.iter().enumerate().map(|(row, source)| {
        let y = TOP + ROW * (row as f64 + 0.5);
        context! {
            name => source.name.as_str(),
            gain => source.gain.as_str(),
            value => format!("{:.4}", source.figure.value),
            y,
            at => axis.at(source.figure.value),
            low => axis.at(source.figure.low),
            high => axis.at(source.figure.high),
        }
    });
    context! { rows => rows.collect::<Vec<_>>(), ticks => axis.ticks() }
}

fn curve(product: &ProductWorth) -> Value {
    let axis = Axis::over(product.opt_outs.iter().map(|p| p.figure), CURVE_BOTTOM, TOP);
    let last = product
        .opt_outs
        .last()
        .map_or(1.0, |point| point.share.max(0.01));
    let x = |share: f64| CURVE_LEFT + share / last * (RIGHT - CURVE_LEFT);
    let points = product.opt_outs.iter().map(|point| {
        context! {
            x => x(point.share),
            y => axis.at(point.figure.value),
            low => axis.at(point.figure.low),
            high => axis.at(point.figure.high),
            value => format!("{:.4}", point.figure.value),
            share => format!("{:.0} %", point.share * 100.0),
        }
    });
    context! { points => points.collect::<Vec<_>>(), ticks => axis.ticks() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64) -> Figure {
        Figure {
            value,
            low: value - 0.1,
            high: value + 0.1,
        }
    }

    fn some() -> ProductWorth {
        let source = |name: &str, value| SourceBar {
            name: name.to_owned(),
            figure: figure(value),
            gain: String::new(),
        };
        ProductWorth {
            name: "Suggestions".to_owned(),
            measured: "MAP@10, more is better".to_owned(),
            people: 7,
            sources: vec![source("friendships", 0.2), source("<b>contacts</b>", 0.4)],
            people_who_stay: 3,
            opt_outs: vec![OptOutPoint {
                share: 0.0,
                figure: figure(0.4),
            }],
        }
    }

    #[test]
    fn texts_are_escaped_and_nothing_is_fetched() {
        let page = render_worth(&[some()]).unwrap();
        assert!(page.contains("&lt;b&gt;contacts") && !page.contains("<b>contacts"));
        assert!(!page.contains("http") && !page.contains("<script"));
    }

    #[test]
    fn more_is_further_to_the_right() {
        let axis = Axis::over([figure(0.2), figure(0.4)].into_iter(), LEFT, RIGHT);
        assert!(LEFT < axis.at(0.2) && axis.at(0.2) < axis.at(0.4) && axis.at(0.4) < RIGHT);
        let flat = Axis::over(
            std::iter::once(Figure {
                value: 1.0,
                low: 1.0,
                high: 1.0,
            }),
            0.0,
            9.0,
        );
        assert!(flat.at(1.0).is_finite());
    }
}
