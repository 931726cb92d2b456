//! The click model on anybody's data: `cargo run --release --example clicks_from_libsvm TRAIN TEST [PARAMS [CALIBRATION]]`.
//!
//! Rows are `clicks[/impressions] index:value …`, indexes below 2^bits; a plain `0` or `1` is one impression. PARAMS is
//! JSON, such as `{"alpha": 0.1, "epochs": 5}`; CALIBRATION is `isotonic`, `platt` or `none`, the default, and holds one
//! training row in five out. Prints the probability of a click per impression for each row of TEST.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};

use acquaint::learn::{
    Calibration, CalibrationMethod, ClickDataset, ClickTargets, Clicks, FtrlParams,
    FtrlValidParams, Predicted, SparseBatch,
};
use linfa::ParamGuard;
use linfa::traits::{Fit, Predict};

type Failed = Box<dyn Error>;

/// A row of a file: what happened, and indexes with their values.
type Row = (Clicks, Vec<(u32, f32)>);

fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [train, test, rest @ ..] = args.as_slice() else {
        return Err("usage: clicks_from_libsvm TRAIN TEST [PARAMS [CALIBRATION]]".into());
    };
    let params: FtrlParams = serde_json::from_str(rest.first().map_or("{}", String::as_str))?;
    let method = rest.get(1).map_or("none", String::as_str);
    let method: CalibrationMethod = serde_json::from_value(method.into())?;
    let probabilities = probabilities(&read(train)?, &read(test)?, &params.check()?, method)?;
    let mut out = std::io::stdout().lock();
    for p in probabilities {
        writeln!(out, "{p:e}")?;
    }
    Ok(())
}

fn probabilities(
    train: &[Row],
    test: &[Row],
    params: &FtrlValidParams,
    method: CalibrationMethod,
) -> Result<Vec<f64>, Failed> {
    let holds_out = method != CalibrationMethod::None;
    let is_held_out = |i: usize| holds_out && i.is_multiple_of(5);
    let (held_out, fitted): (Vec<_>, Vec<_>) =
        train.iter().enumerate().partition(|(i, _)| is_held_out(*i));
    let (held_out, fitted) = (unnumbered(held_out), unnumbered(fitted));
    let model = params.fit(&dataset(&fitted, params)?)?;
    let predict = |rows: &[&Row]| -> Result<Vec<f64>, Failed> {
        Ok(model.predict(&dataset(rows, params)?).to_vec())
    };
    let predicted = predict(&held_out)?.into_iter().zip(&held_out);
    let predicted: Vec<Predicted> = predicted
        .map(|(p, row)| Predicted { p, target: row.0 })
        .collect();
    let calibration = Calibration::fit(method, &predicted);
    let test: Vec<&Row> = test.iter().collect();
    Ok(predict(&test)?
        .into_iter()
        .map(|p| calibration.apply(p))
        .collect())
}

fn unnumbered(rows: Vec<(usize, &Row)>) -> Vec<&Row> {
    rows.into_iter().map(|(_, row)| row).collect()
}

fn dataset(rows: &[&Row], params: &FtrlValidParams) -> Result<ClickDataset, Failed> {
    let mut batch = SparseBatch::new(params.n_slots());
    for (_, cells) in rows {
        batch.push_row(cells)?;
    }
    let targets = ClickTargets::new(rows.iter().map(|row| row.0).collect())?;
    Ok(ClickDataset::new(batch, targets))
}

fn read(path: &str) -> Result<Vec<Row>, Failed> {
    let lines = BufReader::new(File::open(path)?).lines();
    lines.map(|line| row(&line?)).collect()
}

fn row(line: &str) -> Result<Row, Failed> {
    let mut words = line.split_whitespace();
    let label = words.next().ok_or("an empty line")?;
    let (clicks, impressions) = label.split_once('/').unwrap_or((label, "1"));
    let target = Clicks {
        clicks: clicks.parse()?,
        impressions: impressions.parse()?,
    };
    let cell = |word: &str| -> Result<(u32, f32), Failed> {
        let (index, value) = word.split_once(':').ok_or("a cell without a colon")?;
        Ok((index.parse()?, value.parse()?))
    };
    Ok((target, words.map(cell).collect::<Result<_, _>>()?))
}
