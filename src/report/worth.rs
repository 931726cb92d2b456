//! The page about what sharing is worth: sources, and what opt-outs cost, for each product.

mod axis;
mod figure;

use minijinja::{Environment, Value, context};

pub use figure::{Figure, Moved};

use self::axis::Axis;
use super::ReportError;

const TEMPLATE: &str = "worth/page.html";

/// All that the page says.
#[derive(Clone, Debug, PartialEq)]
pub struct WorthPage {
    /// The directory that was read.
    pub signals: String,
    /// The moment it speaks of.
    pub as_of: String,
    /// The version that measured.
    pub version: String,
    /// The products.
    pub parts: Vec<WorthPart>,
}

/// One product.
#[derive(Clone, Debug, PartialEq)]
pub enum WorthPart {
    /// It was measured.
    Measured(ProductWorth),
    /// There was nothing to measure.
    Nothing {
        /// The product's name.
        name: String,
        /// Why, in words.
        why: String,
    },
}

/// One source of signals, as it joins those before it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceBar {
    /// Its name.
    pub name: String,
    /// How good the product is with it.
    pub figure: Figure,
    /// The area under the ROC curve, if it is known.
    pub auc: Option<f64>,
    /// What it adds to the step before; none for the first.
    pub moved: Option<Moved>,
}

/// How good a product is for those who stay when a share of people opt out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptOutPoint {
    /// The share, in [0, 1].
    pub share: f64,
    /// How good it is.
    pub figure: Figure,
    /// Beside nobody's opting out; none for a share of 0.
    pub moved: Option<Moved>,
    /// The same of what is still there, where some of it is not.
    pub still_there: Option<StillThereBar>,
}

/// How well those who are still there are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StillThereBar {
    /// People measured.
    pub people: u64,
    /// Friends to be found.
    pub friends: u64,
    /// Friends who left.
    pub friends_gone: u64,
    /// How well they are found where nobody opts out.
    pub before: f64,
    /// How well at this share.
    pub figure: Figure,
    /// The difference.
    pub moved: Moved,
}

/// What sharing is worth for a product.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductWorth {
    /// Its name.
    pub name: String,
    /// What is measured.
    pub measured: String,
    /// Whether more of it is better.
    pub more_is_better: bool,
    /// People who are measured.
    pub people: u64,
    /// Source by source.
    pub sources: Vec<SourceBar>,
    /// Sources that were not measured, and why.
    pub not_measured: Vec<(String, String)>,
    /// People who never opt out.
    pub people_who_stay: u64,
    /// By share of opt-outs, ascending.
    pub opt_outs: Vec<OptOutPoint>,
}

/// The page, as HTML that needs no other file.
///
/// # Errors
/// If the template cannot be filled in, which no figures should be able to cause.
pub fn render_worth(page: &WorthPage) -> Result<String, ReportError> {
    let filled = || {
        // Escaping is on because the name ends in .html.
        let mut environment = Environment::new();
        environment.add_template(TEMPLATE, include_str!("worth/page.html"))?;
        let parts: Vec<Value> = page.parts.iter().map(part).collect();
        environment.get_template(TEMPLATE)?.render(context! {
            signals => page.signals.as_str(),
            as_of => page.as_of.as_str(),
            version => page.version.as_str(),
            parts,
        })
    };
    filled().map_err(|source| ReportError::Template {
        template: TEMPLATE,
        source,
    })
}

/// The plotted area of the curve, in its own units.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 450.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 190.0;

fn part(part: &WorthPart) -> Value {
    match part {
        WorthPart::Measured(product) => measured(product),
        WorthPart::Nothing { name, why } => context! { name => name.as_str(), why => why.as_str() },
    }
}

fn measured(product: &ProductWorth) -> Value {
    let better = if product.more_is_better {
        "more is better"
    } else {
        "less is better"
    };
    let not_measured = product.not_measured.iter();
    let not_measured = not_measured.map(|(source, why)| context! { source, why });
    context! {
        name => product.name.as_str(),
        measured => product.measured.as_str(),
        better,
        loses_friends => product.opt_outs.iter().any(|point| point.still_there.is_some()),
        people => product.people,
        people_who_stay => product.people_who_stay,
        has_auc => product.sources.iter().any(|source| source.auc.is_some()),
        sources => sources(product),
        not_measured => not_measured.collect::<Vec<_>>(),
        curve => (!product.opt_outs.is_empty()).then(|| curve(product)),
    }
}

/// Along a line of 100.
fn sources(product: &ProductWorth) -> Value {
    let axis = Axis::over(product.sources.iter().map(|s| s.figure), 2.0, 98.0);
    let rows = product.sources.iter().map(|source| {
        context! {
            name => source.name.as_str(),
            text => source.figure.text(),
            auc => source.auc.map(|auc| format!("{auc:.4}")),
            moved => source.moved.map(moved),
            at => axis.at(source.figure.value),
            low => axis.at(source.figure.low),
            high => axis.at(source.figure.high),
        }
    });
    context! { rows => rows.collect::<Vec<_>>(), ticks => axis.ticks(false) }
}

fn moved(moved: Moved) -> Value {
    context! { gain => moved.gain.signed(), better => moved.better, worse => moved.worse }
}

/// Differences to nobody's opting out: of all there is to find, and of what is still there.
fn curve(product: &ProductWorth) -> Value {
    let nothing = Figure::default();
    let all = |point: &OptOutPoint| Some(point.moved.map_or(nothing, |moved| moved.gain));
    let there = |point: &OptOutPoint| match point.still_there {
        Some(there) => Some(there.moved.gain),
        None => (point.share == 0.0).then_some(nothing),
    };
    let points = product.opt_outs.iter();
    let figures: Vec<Figure> = points.clone().filter_map(all).collect();
    let others: Vec<Figure> = points.clone().filter_map(there).collect();
    let axis = Axis::over(figures.into_iter().chain(others), BOTTOM, TOP);
    let last = points.clone().next_back();
    let last = last.map_or(1.0, |point| point.share.max(0.01));
    let x = |share: f64| LEFT + share / last * (RIGHT - LEFT);
    let marks = |of: &dyn Fn(&OptOutPoint) -> Option<Figure>, shift: f64| -> Vec<Value> {
        let mark = |point: &OptOutPoint| {
            let figure = of(point)?;
            Some(context! {
                x => x(point.share) + shift,
                y => axis.at(figure.value),
                low => axis.at(figure.low),
                high => axis.at(figure.high),
                text => figure.signed(),
            })
        };
        product.opt_outs.iter().filter_map(mark).collect()
    };
    context! {
        left => LEFT,
        right => RIGHT,
        bottom => BOTTOM,
        zero => axis.at(0.0),
        ticks => axis.ticks(true),
        shares => points.clone().map(|point| context! { x => x(point.share), text => share(point) }).collect::<Vec<_>>(),
        all => marks(&all, 0.0),
        there => marks(&there, 6.0),
        rows => points.map(row).collect::<Vec<_>>(),
    }
}

fn share(point: &OptOutPoint) -> String {
    format!("{:.0} %", point.share * 100.0)
}

fn row(point: &OptOutPoint) -> Value {
    let there = point.still_there.map(|there| {
        context! {
            people => there.people,
            friends => there.friends,
            gone => there.friends_gone,
            before => format!("{:.4}", there.before),
            text => there.figure.text(),
            moved => moved(there.moved),
        }
    });
    context! {
        share => share(point),
        text => point.figure.text(),
        moved => point.moved.map(moved),
        there,
    }
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
        let moved = Moved {
            gain: figure(0.2),
            better: 4,
            worse: 1,
        };
        let source = |name: &str, value, moved| SourceBar {
            name: name.to_owned(),
            figure: figure(value),
            auc: Some(0.75),
            moved,
        };
        let point = |share, moved| OptOutPoint {
            share,
            figure: figure(0.4),
            moved,
            still_there: None,
        };
        ProductWorth {
            name: "Suggestions".to_owned(),
            measured: "log loss".to_owned(),
            more_is_better: false,
            people: 7,
            sources: vec![
                source("friendships", 0.2, None),
                source("<b>contacts</b>", 0.4, Some(moved)),
            ],
            not_measured: vec![("lists".to_owned(), "they are off".to_owned())],
            people_who_stay: 3,
            opt_outs: vec![point(0.0, None), point(0.5, Some(moved))],
        }
    }

    fn page(parts: Vec<WorthPart>) -> String {
        let page = WorthPage {
            signals: "<world>".to_owned(),
            as_of: "2016-11-15T00:00:00Z".to_owned(),
            version: "1.2.3".to_owned(),
            parts,
        };
        render_worth(&page).unwrap()
    }

    #[test]
    fn texts_are_escaped_and_nothing_is_fetched() {
        let page = page(vec![WorthPart::Measured(some())]);
        assert!(page.contains("&lt;b&gt;contacts") && !page.contains("<b>contacts"));
        assert!(page.contains("&lt;world&gt;") && !page.contains("<world>"));
        assert!(!page.contains("http") && !page.contains("<script"));
    }

    #[test]
    fn a_page_says_whose_figures_they_are_and_which_way_is_better() {
        let page = page(vec![WorthPart::Measured(some())]);
        for said in [
            "2016-11-15T00:00:00Z",
            "1.2.3",
            "less is better",
            "lists: they are off",
            "0.7500",
            "<td data-label=\"better\">4</td>",
            "<td data-label=\"worse\">1</td>",
        ] {
            assert!(page.contains(said), "{said}");
        }
        assert!(!page.contains("-0.0000"));
    }

    #[test]
    fn a_product_without_anything_to_measure_has_a_sentence() {
        let nothing = WorthPart::Nothing {
            name: "Ads".to_owned(),
            why: "no impression".to_owned(),
        };
        let page = page(vec![nothing]);
        assert!(page.contains("<h2>Ads</h2>") && page.contains("no impression"));
        assert!(!page.contains("<svg"));
    }
}
