//! The formula: five parts that add up to log-odds.

use super::features::SpamFeatures;
use super::params::AbuseParams;

/// What each signal adds to the log-odds, never negative: book, one-sidedness, device, reports, budget.
pub(super) fn parts(features: &SpamFeatures, params: &AbuseParams) -> [f64; 5] {
    let others_on_device = features.n_accounts_on_device.saturating_sub(1);
    [
        params.book_weight * saturating(features.book_size, params.book_cap),
        params.one_sided_weight * one_sided(features, params.one_sided_prior),
        params.device_weight * saturating(others_on_device, params.device_cap),
        params.report_weight * saturating(features.n_reporters, params.report_cap),
        params.budget_weight * f64::from(u8::from(features.is_over_budget)),
    ]
}

/// The logistic function of the parts and the bias, summed in this order.
pub(super) fn score(parts: [f64; 5], bias: f64) -> f64 {
    let log_odds = parts.iter().fold(bias, |sum, part| sum + part);
    1.0 / (1.0 + (-log_odds).exp())
}

/// `ln(1 + x) / ln(1 + cap)`, at most 1.
fn saturating(x: u32, cap: u32) -> f64 {
    f64::from(x.min(cap)).ln_1p() / f64::from(cap).ln_1p()
}

/// The share of contacts that do not reciprocate, as if there were `prior` more that do.
fn one_sided(features: &SpamFeatures, prior: f64) -> f64 {
    let alone = features.n_matched.saturating_sub(features.n_reciprocated);
    f64::from(alone) / (f64::from(features.n_matched) + prior)
}
