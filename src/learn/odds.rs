//! From log-odds to probabilities and back.

/// 1/(1 + e⁻ˣ), with x clamped to ±35 so that neither p nor 1 − p becomes 0; NaN counts as 0.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    let x = if x.is_nan() {
        0.0
    } else {
        x.clamp(-35.0, 35.0)
    };
    1.0 / (1.0 + (-x).exp())
}

/// ln(p/(1 − p)).
pub(crate) fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}
