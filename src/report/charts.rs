//! Histograms as SVG. The only text inside is numbers: names stand beside the picture, in the page, where they
//! are escaped.

use plotters::prelude::*;

use super::ReportError;
use crate::engine::outputs::Histogram;

/// The picture's size in its own units; the page scales it.
const SIZE: (u32, u32) = (520, 240);
const BAR: RGBColor = RGBColor(0x3b, 0x6f, 0xb6);
/// Axis and labels: readable on a light and on a dark page.
const INK: RGBColor = RGBColor(0x80, 0x86, 0x8f);

/// A histogram as bars. Counts that span more than three decades are drawn on a logarithmic axis; the second
/// value says whether they are.
///
/// # Errors
/// If the drawing library refuses the values.
pub(super) fn bars(histogram: &Histogram) -> Result<(String, bool), ReportError> {
    let (bounds, counts) = used(histogram);
    let most = counts.iter().copied().max().unwrap_or(0);
    let is_log = most > 1000 * counts.iter().copied().filter(|n| *n > 0).min().unwrap_or(1);
    let heights: Vec<f64> = counts.iter().map(|&n| height(n, is_log)).collect();
    let mut svg = String::new();
    draw(&mut svg, bounds, &heights, is_log).map_err(|error| ReportError::Chart {
        name: histogram.name.clone(),
        detail: error.to_string(),
    })?;
    Ok((svg, is_log))
}

/// The intervals up to the last that holds anything.
fn used(histogram: &Histogram) -> (&[f64], &[u64]) {
    let n = histogram
        .counts
        .iter()
        .rposition(|n| *n > 0)
        .map_or(1, |last| last + 1);
    let n = n
        .min(histogram.counts.len())
        .min(histogram.bounds.len().saturating_sub(1));
    (
        &histogram.bounds[..(n + 1).min(histogram.bounds.len())],
        &histogram.counts[..n],
    )
}

fn height(n: u64, is_log: bool) -> f64 {
    if is_log {
        (n as f64 + 1.0).log10()
    } else {
        n as f64
    }
}

fn draw(
    svg: &mut String,
    bounds: &[f64],
    heights: &[f64],
    is_log: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let (Some(&first), Some(&last)) = (bounds.first(), bounds.last()) else {
        return Ok(());
    };
    let top = heights.iter().copied().fold(1.0_f64, f64::max) * 1.05;
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .x_label_area_size(26)
        .y_label_area_size(52)
        .build_cartesian_2d(first..last.max(first + f64::MIN_POSITIVE), 0.0..top)?;
    let label = ("sans-serif", 13, &INK).into_text_style(&area);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(6)
        .y_labels(5)
        .light_line_style(TRANSPARENT)
        .bold_line_style(INK.mix(0.25))
        .axis_style(INK)
        .x_label_style(label.clone())
        .y_label_style(label)
        .x_label_formatter(&|x| short(*x))
        .y_label_formatter(&|y| short(if is_log { 10.0_f64.powf(*y) - 1.0 } else { *y }))
        .draw()?;
    let gap = (last - first) / heights.len().max(1) as f64 * 0.08;
    chart.draw_series(bounds.windows(2).zip(heights).map(|(edge, height)| {
        Rectangle::new(
            [(edge[0] + gap, 0.0), (edge[1] - gap, *height)],
            BAR.filled(),
        )
    }))?;
    area.present()?;
    drop(chart);
    Ok(())
}

/// A number in few characters.
fn short(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size >= 1e9 => format!("{:.1}G", value / 1e9),
        _ if size >= 1e6 => format!("{:.1}M", value / 1e6),
        _ if size >= 1e4 => format!("{:.0}k", value / 1e3),
        _ if size >= 10.0 || value.fract() == 0.0 => format!("{value:.0}"),
        _ if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(counts: &[u64]) -> Histogram {
        Histogram {
            name: "ties".into(),
            unit: "ties".into(),
            bounds: (0..=counts.len()).map(|i| i as f64).collect(),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn every_bar_is_drawn_and_wide_ranges_are_logarithmic() {
        let (svg, is_log) = bars(&histogram(&[3, 2, 1, 0])).unwrap();
        assert!(svg.starts_with("<svg") && !is_log);
        assert!(bars(&histogram(&[100_000, 1])).unwrap().1);
    }

    #[test]
    fn odd_histograms_do_not_fail() {
        for odd in [histogram(&[]), histogram(&[0]), histogram(&[u64::MAX])] {
            bars(&odd).unwrap();
        }
        bars(&Histogram {
            bounds: vec![],
            counts: vec![1],
            ..histogram(&[])
        })
        .unwrap();
    }
}
