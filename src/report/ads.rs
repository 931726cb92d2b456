//! The ad model in pictures: is a probability what it says, and what are more rows worth?
//!
//! The manifest's `ad_model` is JSON of which only these two lists are known here: `training/reliability`, held-out
//! impressions in bins of prediction, and `training/curve`, models trained on parts of the rows. What is not as
//! expected is not drawn and stays a line in the tables.

use minijinja::{Value, context};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::charts::{multiples, nice_step, place, tick};
use super::words::{grouped, rounded, short};

/// The width of a picture, in its own units.
const WIDTH: f64 = 520.0;
/// Its height.
const HEIGHT: f64 = 320.0;
/// Where the plotted area begins and ends.
const LEFT: f64 = 58.0;
const RIGHT: f64 = WIDTH - 18.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = HEIGHT - 26.0;

/// From this ratio of the largest to the smallest value on, small ones would lie on top of each other.
const LOG_RATIO: f64 = 20.0;

const RELIABILITY: &str = "/training/reliability";
const CURVE: &str = "/training/curve";

/// Impressions of about one prediction.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Bin {
    impressions: u64,
    clicks: u64,
    mean_p: f64,
    rate: f64,
    rate_low: f64,
    rate_high: f64,
}

impl Bin {
    fn is_sound(&self) -> bool {
        let is_share = |x: f64| (0.0..=1.0).contains(&x);
        is_share(self.mean_p)
            && is_share(self.rate)
            && is_share(self.rate_low)
            && is_share(self.rate_high)
            && self.rate_low <= self.rate
            && self.rate <= self.rate_high
    }
}

/// A model trained on a part of the rows.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Point {
    rows: u64,
    held_out: HeldOut,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct HeldOut {
    log_loss: Option<f64>,
    ne: Option<f64>,
}

/// The pictures that can be drawn.
pub(in crate::report) fn charts(ad_model: &Json) -> Vec<Value> {
    let reliability = bins(ad_model).map(|bins| reliability(&bins));
    let curve = points(ad_model).map(|points| curve(&points));
    reliability.into_iter().chain(curve).collect()
}

/// The model without what the pictures show.
pub(in crate::report) fn without_drawn(ad_model: &Json) -> Json {
    let mut rest = ad_model.clone();
    let drawn = [
        ("reliability", bins(ad_model).is_some()),
        ("curve", points(ad_model).is_some()),
    ];
    if let Some(training) = rest.get_mut("training").and_then(Json::as_object_mut) {
        for (name, _) in drawn.iter().filter(|(_, is_drawn)| *is_drawn) {
            training.remove(*name);
        }
    }
    rest
}

fn list<T: DeserializeOwned>(ad_model: &Json, pointer: &str) -> Option<Vec<T>> {
    serde_json::from_value(ad_model.pointer(pointer)?.clone()).ok()
}

/// At least two bins of which one was clicked; none if anything is not as it should be.
fn bins(ad_model: &Json) -> Option<Vec<Bin>> {
    let bins: Vec<Bin> = list(ad_model, RELIABILITY)?;
    let sound = bins.iter().all(Bin::is_sound) && bins.iter().any(|bin| bin.rate > 0.0);
    (sound && bins.len() >= 2).then_some(bins)
}

/// How good training on some rows was.
#[derive(Clone, Copy)]
struct Quality {
    rows: u64,
    /// Normalized.
    entropy: f64,
    log_loss: f64,
}

/// At least two sizes, ascending.
fn points(ad_model: &Json) -> Option<Vec<Quality>> {
    let points: Vec<Point> = list(ad_model, CURVE)?;
    let figures = |point: &Point| {
        Some(Quality {
            rows: point.rows,
            entropy: point.held_out.ne?,
            log_loss: point.held_out.log_loss?,
        })
    };
    let points = points.iter().map(figures).collect::<Option<Vec<_>>>()?;
    let ascending = points.is_sorted_by(|a, b| a.rows < b.rows);
    let is_finite = |p: &Quality| p.entropy.is_finite() && p.log_loss.is_finite();
    let finite = points.iter().all(is_finite);
    let sound = ascending && finite && points.len() >= 2 && points[0].rows > 0;
    sound.then_some(points)
}

/// One direction of a picture.
#[derive(Clone, Copy, Debug)]
struct Axis {
    first: f64,
    last: f64,
    log: bool,
    from: f64,
    to: f64,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let scale = |x: f64| if self.log { x.ln() } else { x };
        let value = value.clamp(self.first, self.last);
        let share = (scale(value) - scale(self.first)) / (scale(self.last) - scale(self.first));
        self.from + (self.to - self.from) * share
    }

    /// Round values, about six of them.
    fn values(&self) -> Vec<f64> {
        if self.log {
            let decades =
                (-12..=0).flat_map(|power| [1.0, 2.0, 5.0].map(|x| x * 10_f64.powi(power)));
            return decades
                .filter(|x| (self.first..=self.last).contains(x))
                .collect();
        }
        let step = nice_step((self.last - self.first) / 6.0);
        multiples((self.first / step).ceil(), step, self.last + step * 1e-9)
    }

    fn ticks(&self, label: impl Fn(f64) -> String) -> Vec<Value> {
        self.values()
            .into_iter()
            .map(|value| tick(self.at(value), label(value)))
            .collect()
    }
}

/// A probability on an axis, in percent.
fn percent(p: f64) -> String {
    short(100.0 * p) + " %"
}

/// What an axis goes from and to.
struct Scale {
    first: f64,
    last: f64,
    log: bool,
}

/// One scale for both directions, so that what is right lies on the diagonal.
fn scale_of(bins: &[Bin]) -> Scale {
    let values = || {
        bins.iter()
            .flat_map(|bin| [bin.mean_p, bin.rate])
            .filter(|&x| x > 0.0)
    };
    let least = values().fold(f64::MAX, f64::min);
    let most = bins.iter().map(|bin| bin.rate_high).fold(0.0, f64::max);
    let most = values().fold(most, f64::max);
    if most / least >= LOG_RATIO {
        Scale {
            first: least / 1.5,
            last: (most * 1.2).min(1.0),
            log: true,
        }
    } else {
        Scale {
            first: 0.0,
            last: most * 1.02,
            log: false,
        }
    }
}

fn reliability(bins: &[Bin]) -> Value {
    let Scale { first, last, log } = scale_of(bins);
    let x = Axis {
        first,
        last,
        log,
        from: LEFT,
        to: RIGHT,
    };
    let y = Axis {
        from: BOTTOM,
        to: TOP,
        ..x
    };
    let mark = |bin: &Bin| {
        context! {
            x => place(x.at(bin.mean_p)), y => place(y.at(bin.rate)),
            low => place(y.at(bin.rate_low)), high => place(y.at(bin.rate_high)),
            title => format!("predicted {}, clicked {}", percent(bin.mean_p), percent(bin.rate)),
        }
    };
    let row = |bin: &Bin| {
        let interval = format!("{} to {}", percent(bin.rate_low), percent(bin.rate_high));
        vec![
            percent(bin.mean_p),
            percent(bin.rate),
            interval,
            grouped(bin.clicks),
            grouped(bin.impressions),
        ]
    };
    let inside = bins
        .iter()
        .filter(|bin| (bin.rate_low..=bin.rate_high).contains(&bin.mean_p))
        .count();
    let log_note = if log {
        "; both axes are logarithmic"
    } else {
        ""
    };
    context! {
        name => "Is a probability what it says?",
        note => format!("held-out impressions before calibration; on the line is right; bars hold the rate in 95 of 100 cases{log_note}"),
        description => format!("{} bins of held-out impressions; in {inside} of them the predicted rate lies in the interval of the rate that was clicked", bins.len()),
        x_name => "predicted probability of a click", y_name => "clicked",
        x_ticks => x.ticks(percent), y_ticks => y.ticks(percent),
        reference => context! { x1 => place(x.at(first)), y1 => place(y.at(first)), x2 => place(x.at(last)), y2 => place(y.at(last)) },
        marks => bins.iter().map(mark).collect::<Vec<_>>(), line => "",
        head => ["predicted", "clicked", "95 % interval", "clicks", "impressions"],
        rows => bins.iter().map(row).collect::<Vec<_>>(),
        frame => frame(),
    }
}

fn curve(points: &[Quality]) -> Value {
    let rows = |point: &Quality| point.rows as f64;
    let (x_first, x_last) = (rows(&points[0]), rows(&points[points.len() - 1]));
    let x = Axis {
        first: x_first,
        last: x_last,
        log: true,
        from: LEFT + 14.0,
        to: RIGHT - 14.0,
    };
    let least = points.iter().map(|p| p.entropy).fold(1.0, f64::min);
    let most = points.iter().map(|p| p.entropy).fold(1.0, f64::max);
    let room = ((most - least) * 0.08).max(1e-4);
    let y = Axis {
        first: least - room,
        last: most + room,
        log: false,
        from: BOTTOM,
        to: TOP,
    };
    let mark = |point: &Quality| {
        let at = place(y.at(point.entropy));
        context! {
            x => place(x.at(rows(point))), y => at.clone(), low => at.clone(), high => at,
            title => format!("{} rows: {}", grouped(point.rows), rounded(point.entropy)),
        }
    };
    let corner = |point: &Quality| {
        format!(
            "{},{}",
            place(x.at(rows(point))),
            place(y.at(point.entropy))
        )
    };
    let line: Vec<String> = points.iter().map(corner).collect();
    let base = place(y.at(1.0));
    let all_rows = points[points.len() - 1];
    context! {
        name => "What are more rows worth?",
        note => "normalized entropy on held-out rows, lower is better; the dashed line, 1, is knowing the click rate alone; rows on a logarithmic axis",
        description => format!("normalized entropy from {} with {} rows to {} with {}", rounded(points[0].entropy), grouped(points[0].rows), rounded(all_rows.entropy), grouped(all_rows.rows)),
        x_name => "rows trained on", y_name => "normalized entropy",
        x_ticks => points.iter().map(|p| tick(x.at(rows(p)), short(rows(p)))).collect::<Vec<_>>(),
        y_ticks => y.ticks(rounded),
        reference => context! { x1 => place(LEFT), y1 => base.clone(), x2 => place(RIGHT), y2 => base },
        marks => points.iter().map(mark).collect::<Vec<_>>(), line => line.join(" "),
        head => ["rows trained on", "normalized entropy", "log loss"],
        rows => points.iter().map(|p| vec![grouped(p.rows), rounded(p.entropy), rounded(p.log_loss)]).collect::<Vec<_>>(),
        frame => frame(),
    }
}

fn frame() -> Value {
    context! { width => WIDTH, height => HEIGHT, left => LEFT, right => RIGHT, top => TOP, bottom => BOTTOM }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bin(mean_p: f64, rate: f64) -> Json {
        json!({ "from": 0, "to": 1, "impressions": 100, "clicks": 5, "mean_p": mean_p, "rate": rate, "rate_low": rate * 0.9, "rate_high": rate * 1.1 })
    }

    fn point(rows: u64, ne: f64) -> Json {
        json!({ "share": 0.5, "rows": rows, "held_out": { "log_loss": 0.1, "ne": ne, "auc": null } })
    }

    fn model(reliability: &[Json], curve: &[Json]) -> Json {
        json!({ "training": { "reliability": reliability, "curve": curve, "rows_in": 7 } })
    }

    #[test]
    fn what_is_right_lies_on_the_diagonal() {
        let drawn = charts(&model(
            &[bin(0.01, 0.01), bin(0.05, 0.05), bin(0.5, 0.5)],
            &[],
        ));
        let number = |value: Value| value.as_str().unwrap().parse::<f64>().unwrap();
        let line = drawn[0].get_attr("reference").unwrap();
        let [x1, y1, x2, y2] =
            ["x1", "y1", "x2", "y2"].map(|name| number(line.get_attr(name).unwrap()));
        for mark in drawn[0].get_attr("marks").unwrap().try_iter().unwrap() {
            let [x, y] = ["x", "y"].map(|name| number(mark.get_attr(name).unwrap()));
            let on_line = y1 + (x - x1) / (x2 - x1) * (y2 - y1);
            assert!((y - on_line).abs() < 0.05, "{y} {on_line}");
        }
    }

    #[test]
    fn marks_stay_inside_and_ticks_are_few() {
        let curve = [point(1_000, 1.4), point(2_000, 0.97), point(900_000, 0.31)];
        for bins in [
            [bin(1e-4, 0.0), bin(0.9, 1.0 / 1.1)],
            [bin(0.02, 0.03), bin(0.03, 0.01)],
        ] {
            for chart in charts(&model(&bins, &curve)) {
                for (name, low, high) in [("x_ticks", LEFT, RIGHT), ("y_ticks", TOP, BOTTOM)] {
                    let ticks: Vec<Value> =
                        chart.get_attr(name).unwrap().try_iter().unwrap().collect();
                    assert!((2..=14).contains(&ticks.len()), "{} {name}", ticks.len());
                    for tick in ticks {
                        let at: f64 = tick
                            .get_attr("at")
                            .unwrap()
                            .as_str()
                            .unwrap()
                            .parse()
                            .unwrap();
                        assert!((low - 0.01..=high + 0.01).contains(&at), "{at}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_leaves_the_tables() {
        let both = model(
            &[bin(0.01, 0.01), bin(0.1, 0.1)],
            &[point(1, 0.9), point(2, 0.8)],
        );
        assert_eq!(charts(&both).len(), 2);
        assert_eq!(
            without_drawn(&both),
            json!({ "training": { "rows_in": 7 } })
        );
        let neither = model(&[], &[]);
        assert!(charts(&neither).is_empty());
        assert_eq!(without_drawn(&neither), neither);
    }

    #[test]
    fn deny_numbers_that_cannot_be_drawn() {
        for bins in [
            vec![bin(0.1, 0.1)],
            vec![bin(0.1, 0.0), bin(0.2, 0.0)],
            vec![bin(-0.1, 0.1), bin(0.2, 0.2)],
            vec![bin(0.1, 1.5), bin(0.2, 0.2)],
            vec![json!({ "mean_p": "<script>" }), json!(null)],
        ] {
            assert!(charts(&model(&bins, &[])).is_empty(), "{bins:?}");
        }
        for curve in [
            vec![point(1, 0.9)],
            vec![point(2, 0.9), point(1, 0.8)],
            vec![point(0, 0.9), point(1, 0.8)],
            vec![
                point(1, 0.9),
                json!({ "rows": 2, "held_out": { "log_loss": null, "ne": null } }),
            ],
        ] {
            assert!(charts(&model(&[], &curve)).is_empty(), "{curve:?}");
        }
        assert!(charts(&json!(null)).is_empty());
    }
}
