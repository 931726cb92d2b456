//! What more rows and more epochs are worth: models trained on parts of the rows and for other numbers of epochs, all
//! measured on the same held-out rows.

use serde::{Deserialize, Serialize};

use super::fitted::Fitted;
use super::folds::Fold;
use super::split::Holdout;
use super::{AdsEvaluationOptions, Rows};
use crate::ads::{AdsError, ValidAdsParams};
use crate::learn::ClickMetrics;
use crate::signals::Ad;

/// Shares of the training rows.
const SHARES: [f64; 6] = [0.0625, 0.125, 0.25, 0.5, 0.75, 1.0];
/// Passes over all of them.
const EPOCHS: [u32; 5] = [1, 2, 3, 5, 8];
/// Salt of the choice of rows.
const SALT: u64 = 0x1EA2;

/// Held-out quality over growing shares of the training rows, and over growing numbers of epochs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LearningCurves {
    /// By rows; a smaller share's rows are among a larger one's. Everything else is as in the model.
    pub by_rows: Vec<SharePoint>,
    /// By epochs, all rows. Where it rises, more epochs learn luck.
    pub by_epochs: Vec<EpochPoint>,
}

/// A model trained on a share of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SharePoint {
    /// Share of the training rows.
    pub share: f64,
    /// How many they are, those held out for calibration among them.
    pub rows: u64,
    /// On the held-out rows.
    pub log_loss: Option<f64>,
    /// Normalized entropy.
    pub ne: Option<f64>,
}

/// A model trained for a number of epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochPoint {
    /// Passes over the rows.
    pub epochs: u32,
    /// On the held-out rows.
    pub log_loss: Option<f64>,
    /// Normalized entropy.
    pub ne: Option<f64>,
}

/// On the first fifth of a split.
pub(super) fn curves(
    rows: &Rows,
    ads: &[Ad],
    params: &ValidAdsParams,
    options: &AdsEvaluationOptions<'_>,
) -> Result<LearningCurves, AdsError> {
    let holdout = Holdout::of(rows, options.split, options.seed);
    let Fold { test, fit } = Fold::of(rows, ads, &holdout, 0);
    let params = params.clone().with_learning_curve(false);
    let measured = |rows: &Rows, params: &ValidAdsParams| -> Result<ClickMetrics, AdsError> {
        let fitted = Fitted::of(&options.set(rows, ads), params)?;
        Ok(ClickMetrics::of(&fitted.predicted(&test)))
    };
    let mut curves = LearningCurves::default();
    for share in SHARES {
        let part = fit.iter().filter(|row| row.get().is_in_share(SALT, share));
        let part: Vec<_> = part.cloned().collect();
        let ClickMetrics { log_loss, ne, .. } = measured(&part, &params)?;
        curves.by_rows.push(SharePoint {
            share,
            rows: part.len() as u64,
            log_loss,
            ne,
        });
    }
    for epochs in EPOCHS {
        let ClickMetrics { log_loss, ne, .. } =
            measured(&fit, &params.clone().with_epochs(epochs)?)?;
        curves.by_epochs.push(EpochPoint {
            epochs,
            log_loss,
            ne,
        });
    }
    Ok(curves)
}
