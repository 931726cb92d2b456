//! Against the definition, written down as it stands, and against finite differences.

use std::collections::BTreeMap;

use linfa::ParamGuard;
use linfa::traits::{Fit, FitWith, Predict};
use proptest::prelude::*;

use super::batch::{FieldBatch, FieldDataset};
use super::file::ModelFile;
use super::learn::{Happened, Instructions, Learner};
use super::params::{Interaction, WeightBits};
use super::storage::Line;
use super::table::{Beginning, Table};
use super::*;
use crate::hash::mix;
use crate::learn::{ClickTargets, Clicks, LearnError, sigmoid};

const KINDS: [Interaction; 3] = [
    Interaction::FieldAware,
    Interaction::FieldWeighted,
    Interaction::Plain,
];

const SLOTS: usize = 1 << 10;
const FIELDS: usize = 4;

type Entries = Vec<(u8, u32, f32)>;

fn params(kind: Interaction) -> FactorParams {
    FactorParams::default()
        .interaction(kind)
        .bits(10)
        .k(5)
        .eta(0.2)
        .l2(0.001)
        .epochs(2)
}

/// Each kind, with weights of 32 bits and of 16.
fn of_every_width() -> Vec<FactorParams> {
    let widths = [WeightBits::ThirtyTwo, WeightBits::Sixteen];
    let of = |kind| widths.map(|bits| params(kind).weight_bits(bits));
    KINDS.into_iter().flat_map(of).collect()
}

/// Rows of four fields, the last with none to three values, of which the first two make clicks likely when they agree.
fn rows(n: u64, impressions: u32) -> Vec<(Entries, Clicks)> {
    let roll = |i, salt, sides| u32::try_from(mix(mix(i) ^ salt) % sides).unwrap();
    let row = |i| {
        let (a, b) = (roll(i, 1, 4), roll(i, 2, 4));
        let mut entries = vec![(0, a, 1.0), (1, 8 + b, 1.0), (2, 16 + roll(i, 3, 8), 0.5)];
        let many = (0..roll(i, 4, 4)).map(|j| (3, 32 + roll(i, 5 + u64::from(j), 8), 0.7));
        entries.extend(many);
        let odds = if a == b { 3 } else { 12 };
        let clicked = |j: &u32| roll(i, 100 + u64::from(*j), odds) == 0;
        let clicks = u32::try_from((0..impressions).filter(clicked).count()).unwrap();
        (
            entries,
            Clicks {
                clicks,
                impressions,
            },
        )
    };
    (0..n).map(row).collect()
}

fn named(entries: &[(u8, u32, f32)]) -> Vec<FieldEntry> {
    let entry = |&(field, slot, value): &(u8, u32, f32)| FieldEntry::new(field, slot, value);
    entries.iter().map(entry).collect()
}

fn dataset(rows: &[(Entries, Clicks)]) -> FieldDataset {
    let mut batch = FieldBatch::new(SLOTS, FIELDS);
    for (entries, _) in rows {
        batch.push_row(&named(entries)).unwrap();
    }
    let targets = rows.iter().map(|(_, target)| *target).collect();
    FieldDataset::new(batch, ClickTargets::new(targets).unwrap())
}

/// The machine as the papers write it: every pair on its own, in `f64`, learnt by AdaGrad from single impressions.
#[derive(Clone)]
struct Naive {
    kind: Interaction,
    offset: f64,
    /// Weights and sums of squares: of vectors, shape (slots, columns, 8); of slots; and r(f, g) − 1 at f ≤ g.
    parts: [Vec<(f64, f64)>; 3],
}

const VECTORS: usize = 0;
const LINEAR: usize = 1;
const PAIRS: usize = 2;

impl Naive {
    fn of(model: &FactorModel) -> Self {
        let table = &model.table;
        let both = |weight: f32, square: f32| (f64::from(weight), f64::from(square));
        let line = |line: Line| -> [(f64, f64); 8] {
            std::array::from_fn(|lane| both(line.weights[lane], line.squares[lane]))
        };
        let single = |s: &super::table::Single| both(s.weight, s.square);
        Self {
            kind: model.params().interaction(),
            offset: model.offset(),
            parts: [
                table.lines().flat_map(line).collect(),
                table.singles.linear.iter().map(single).collect(),
                table.singles.pairs.iter().map(single).collect(),
            ],
        }
    }

    /// Nothing learnt yet, vectors where they begin.
    fn fresh(kind: Interaction, offset: f64) -> Self {
        let valid = params(kind).check().unwrap();
        let begin = Beginning::of(&valid);
        let mut model = FactorModel::at_rate(&valid, FIELDS, 0.5).unwrap();
        for place in 0..model.table.n_lines() {
            let (weights, squares) = (begin.weights(place, 0), [0.0; 8]);
            model.table.lines.set(place, Line { weights, squares });
        }
        model.offset = offset;
        Self::of(&model)
    }

    /// Where the vector begins with which a slot meets a field.
    fn at(&self, slot: u32, field: u8) -> usize {
        match self.kind {
            Interaction::FieldAware => (slot as usize * FIELDS + usize::from(field)) * 8,
            Interaction::FieldWeighted | Interaction::Plain => slot as usize * 8,
        }
    }

    #[expect(clippy::many_single_char_names, reason = "the papers' names")]
    fn logit_and_gradient(&self, row: FieldRow<'_>) -> (f64, BTreeMap<(usize, usize), f64>) {
        let [vectors, linear, pairs] = &self.parts;
        let (mut logit, mut gradient) = (self.offset, BTreeMap::new());
        let mut add = |part, place, by: f64| *gradient.entry((part, place)).or_insert(0.0) += by;
        for i in 0..row.slots.len() {
            let x = f64::from(row.values[i]);
            logit += linear[row.slots[i] as usize].0 * x;
            add(LINEAR, row.slots[i] as usize, x);
            for j in 0..i {
                let (f, g) = (row.fields[i], row.fields[j]);
                let (a, b) = (self.at(row.slots[i], g), self.at(row.slots[j], f));
                let pair = usize::from(f.min(g)) * FIELDS + usize::from(f.max(g));
                let r = pairs.get(pair).map_or(1.0, |r| 1.0 + r.0);
                let xx = x * f64::from(row.values[j]);
                for d in 0..8 {
                    let (va, vb) = (vectors[a + d].0, vectors[b + d].0);
                    logit += r * xx * va * vb;
                    add(VECTORS, a + d, r * xx * vb);
                    add(VECTORS, b + d, r * xx * va);
                    add(PAIRS, pair, xx * va * vb);
                }
            }
        }
        gradient.retain(|&(part, _), _| part != PAIRS || !pairs.is_empty());
        (logit, gradient)
    }

    fn learn(&mut self, row: FieldRow<'_>, clicks: u32, eta: f64, l2: f64) {
        let (logit, gradient) = self.logit_and_gradient(row);
        let slope = sigmoid(logit) - f64::from(clicks);
        for ((part, place), by) in gradient {
            let (weight, square) = &mut self.parts[part][place];
            let g = slope * by + l2 * *weight;
            *square += g * g;
            *weight -= eta * g / (1.0 + *square).sqrt();
        }
    }
}

#[test]
fn oracle_the_gradient_is_what_finite_differences_say() {
    let data = dataset(&rows(60, 1));
    for kind in KINDS {
        let naive = Naive::of(&params(kind).fit(&data).unwrap());
        for row in 0..10 {
            let row = data.records().row(row);
            for ((part, place), by) in naive.logit_and_gradient(row).1 {
                let moved = |h: f64| {
                    let mut naive = naive.clone();
                    naive.parts[part][place].0 += h;
                    naive.logit_and_gradient(row).0
                };
                // The logit is quadratic in any one weight, so central differences are exact but for rounding.
                let difference = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                assert!(
                    (by - difference).abs() < 1e-9,
                    "{kind:?} {part} {place}: {by}, not {difference}"
                );
            }
        }
    }
}

#[test]
fn oracle_training_follows_every_pair_on_its_own() {
    let rows = rows(400, 1);
    let data = dataset(&rows);
    for kind in KINDS {
        let model = params(kind).fit(&data).unwrap();
        let mut naive = Naive::fresh(kind, model.offset());
        for _ in 0..2 {
            for (row, (_, target)) in rows.iter().enumerate() {
                naive.learn(data.records().row(row), target.clicks, 0.2, 0.001);
            }
        }
        let learnt = Naive::of(&model);
        let mut n_moved = 0;
        for (ours, expected) in learnt
            .parts
            .iter()
            .flatten()
            .zip(naive.parts.iter().flatten())
        {
            if expected.1 == 0.0 {
                continue;
            }
            n_moved += 1;
            // 800 steps in f32 against f64.
            let off = (ours.0 - expected.0).abs().max((ours.1 - expected.1).abs());
            assert!(off < 1e-4, "{kind:?}: {ours:?}, not {expected:?}");
        }
        assert!(n_moved > 100);
        for row in 0..rows.len() {
            let row = data.records().row(row);
            let (ours, expected) = (model.logit(row), learnt.logit_and_gradient(row).0);
            // Sums of products in f32 against sums in f64.
            assert!(
                (ours - expected).abs() < 1e-5,
                "{kind:?}: {ours}, not {expected}"
            );
        }
    }
}

#[test]
fn same_bits_with_vector_instructions_and_without() {
    let rows = rows(300, 40);
    let data = dataset(&rows);
    let happened: Vec<Happened> = rows
        .iter()
        .map(|(_, target)| Happened {
            impressions: f64::from(target.impressions),
            clicks: f64::from(target.clicks),
        })
        .collect();
    for params in of_every_width() {
        let valid = params.check().unwrap();
        let learner = Learner::new(&valid, -1.0, FIELDS);
        let mut quick = Table::new(&valid, FIELDS).unwrap();
        let mut plain = quick.clone();
        learner.learn(&mut quick, data.records(), &happened);
        learner.learn_by(Instructions::Plain, &mut plain, data.records(), &happened);
        assert_eq!(quick, plain);
    }
}

#[test]
fn same_bits_again_and_for_any_number_of_threads() {
    let data = dataset(&rows(3_000, 2));
    for params in of_every_width() {
        let params = params.hold_out(5);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let model = params.fit(&data).unwrap();
                let p = model.predict(&data);
                (model, p)
            })
        };
        assert_eq!(run(1), run(3));
        assert_ne!(run(1).0, params.clone().seed(1).fit(&data).unwrap());
    }
}

/// What a vector begins with depends on nothing but seed and place.
#[test]
fn same_beginning_whatever_comes_first() {
    let rows = rows(50, 1);
    let first = |rows: &[(Entries, Clicks)]| {
        let one = dataset(&rows[..1]);
        params(Interaction::FieldAware).epochs(1).fit(&one).unwrap()
    };
    let begin = Beginning::of(&params(Interaction::FieldAware).check().unwrap());
    assert_ne!(first(&rows), first(&rows[1..]));
    assert_eq!(begin.weights(77, 0), begin.weights(77, 0));
    assert_ne!(begin.weights(77, 0), begin.weights(78, 0));
    assert_eq!(
        begin.weights(77, 0)[5..],
        [0.0; 3],
        "lanes beyond k stay empty"
    );
    let all: Vec<f32> = (0..1_000)
        .flat_map(|place| begin.weights(place, 0))
        .collect();
    let mean = all.iter().sum::<f32>() / 5_000.0;
    assert!(mean.abs() < begin.most / 30.0 && all.iter().all(|w| w.abs() <= begin.most));
}

#[test]
fn pairs_that_no_single_feature_shows_are_learnt() {
    // Each value of either field is clicked as often as any other; only agreement decides.
    let target = |clicks| Clicks {
        clicks,
        impressions: 100,
    };
    let cells = (0..16_u32).map(|i| (i / 4, i % 4));
    let rows: Vec<(Entries, Clicks)> = cells
        .map(|(a, b)| {
            (
                vec![(0, a, 1.0), (1, 8 + b, 1.0)],
                target(if a == b { 60 } else { 10 }),
            )
        })
        .collect();
    let data = dataset(&rows);
    for kind in KINDS {
        let model = params(kind).l2(0.0).k(8).epochs(400).fit(&data).unwrap();
        for (p, (_, target)) in model.predict(&data).iter().zip(&rows) {
            let expected = f64::from(target.clicks) / 100.0;
            assert!((p - expected).abs() < 0.05, "{kind:?}: {p}, not {expected}");
        }
    }
}

#[test]
fn features_never_seen_add_nothing() {
    for kind in KINDS {
        let model = params(kind).fit(&dataset(&rows(200, 2))).unwrap();
        let mut other = FieldBatch::new(SLOTS, FIELDS);
        other.push_row(&named(&[(0, 1, 1.0), (1, 9, 1.0)])).unwrap();
        other
            .push_row(&named(&[
                (0, 1, 1.0),
                (1, 9, 1.0),
                (2, 900, 1.0),
                (3, 901, 2.0),
            ]))
            .unwrap();
        other
            .push_row(&named(&[(0, 900, 1.0), (1, 901, 1.0)]))
            .unwrap();
        other.push_row(&[]).unwrap();
        assert_eq!(model.logit(other.row(0)), model.logit(other.row(1)));
        assert_eq!(model.logit(other.row(2)), model.offset());
        assert_eq!(model.logit(other.row(3)), model.offset());
    }
}

#[test]
fn parts_sum_to_the_log_odds() {
    let data = dataset(&rows(300, 3));
    for kind in KINDS {
        let model = params(kind).fit(&data).unwrap();
        for row in 0..300 {
            let row = data.records().row(row);
            let pairs: f64 = model.pair_parts(row).iter().map(|pair| pair.part).sum();
            let sum = model.offset() + model.linear_parts(row).iter().sum::<f64>() + pairs;
            assert!((sum - model.logit(row)).abs() < 1e-6, "{kind:?}");
        }
    }
}

/// Fields 0 and 1 are people's, 2 and 3 ads'.
#[test]
fn same_log_odds_from_two_sides() {
    let data = dataset(&rows(200, 3));
    for kind in KINDS {
        let model = params(kind).k(9).epochs(5).fit(&data).unwrap();
        for row in 0..200 {
            let row = data.records().row(row);
            let cut = row.fields.partition_point(|&field| field < 2);
            let part = |range: std::ops::Range<usize>| FieldRow {
                fields: &row.fields[range.clone()],
                slots: &row.slots[range.clone()],
                values: &row.values[range],
            };
            let person = model.person_side(part(0..cut), 2);
            let ad = model.ad_side(part(cut..row.slots.len()), 2);
            assert_eq!(person.vector.len(), model.side_width(2));
            let dot: f64 = person
                .vector
                .iter()
                .zip(&ad.vector)
                .map(|(&a, &b)| f64::from(a) * f64::from(b))
                .sum();
            let sum = person.own + ad.own + dot;
            assert!(
                (sum - model.logit(row)).abs() < 1e-5,
                "{kind:?}: {sum}, not {}",
                model.logit(row)
            );
        }
    }
}

#[test]
fn rows_of_100_000_impressions_neither_explode_nor_end_learning() {
    let target = |clicks| Clicks {
        clicks,
        impressions: 100_000,
    };
    let rows: Vec<(Entries, Clicks)> = [5, 20, 200]
        .into_iter()
        .zip(0..)
        .map(|(clicks, slot)| (vec![(0, slot, 1.0), (1, 8, 1.0)], target(clicks)))
        .collect();
    let data = dataset(&rows);
    let valid = params(Interaction::FieldAware)
        .l2(0.0)
        .epochs(200)
        .check()
        .unwrap();
    let start = FactorModel::at_rate(&valid, FIELDS, 0.5).unwrap();
    let model = valid.fit_with(Some(start), &data).unwrap();
    for (p, (_, target)) in model.predict(&data).iter().zip(&rows) {
        let ratio = p * 100_000.0 / f64::from(target.clicks);
        assert!((0.7..1.4).contains(&ratio), "{p}: {ratio}");
    }
}

#[test]
fn a_weight_of_two_is_as_good_as_twice_the_impressions() {
    let rows = rows(200, 2);
    let twice: Vec<(Entries, Clicks)> = rows
        .iter()
        .map(|(entries, t)| {
            let (clicks, impressions) = (2 * t.clicks, 2 * t.impressions);
            (
                entries.clone(),
                Clicks {
                    clicks,
                    impressions,
                },
            )
        })
        .collect();
    let weighted = dataset(&rows).with_weights(vec![2.0; 200].into());
    let kind = Interaction::FieldAware;
    let fit = |data: &FieldDataset| params(kind).fit(data).unwrap();
    assert_eq!(fit(&weighted), fit(&dataset(&twice)));
    let refused = |weight| {
        let data = dataset(&rows).with_weights(vec![weight; 200].into());
        params(kind).fit(&data).is_err()
    };
    assert!(refused(-1.0) && refused(f32::NAN) && !refused(0.0));
}

#[test]
fn training_stops_when_held_out_rows_get_worse() {
    // Few rows of many features: more passes only learn them by heart.
    let rows = rows(1_000, 2);
    let (fitted, held_out) = (dataset(&rows[..600]), dataset(&rows[600..]));
    let watched = params(Interaction::FieldAware).patience(3);
    let valid = watched.clone().epochs(200).check().unwrap();
    let Watched { model, curve } = valid.fit_watching(None, &fitted, Some(&held_out)).unwrap();
    let n = u32::try_from(curve.held_out.len()).unwrap();
    assert!(n < 200 && curve.epochs + 3 == n, "{curve:?}");
    let least = curve.held_out.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(curve.held_out[curve.epochs as usize - 1], least);
    // The model is that of the best pass.
    let same = watched.epochs(curve.epochs).fit(&fitted).unwrap();
    assert_eq!(model.table, same.table);
}

#[test]
fn nothing_and_one_class_only() {
    for kind in KINDS {
        let nothing = dataset(&[]);
        let model = params(kind).fit(&nothing).unwrap();
        assert_eq!(model.offset(), 0.0);
        assert_eq!(model.n_weights(), 0);
        for all_clicked in [false, true] {
            let mut rows = rows(100, 2);
            for (_, target) in &mut rows {
                target.clicks = if all_clicked { target.impressions } else { 0 };
            }
            let data = dataset(&rows);
            let p = params(kind).fit(&data).unwrap().predict(&data);
            let is_right = |p: &f64| (*p > 0.9) == all_clicked && *p > 0.0 && *p < 1.0;
            assert!(p.iter().all(is_right), "{kind:?} {all_clicked} {p}");
        }
        let shown_never = [(vec![(0, 1, 1.0), (1, 2, 1.0)], Clicks::default())];
        assert_eq!(
            params(kind)
                .fit(&dataset(&shown_never))
                .unwrap()
                .n_weights(),
            0
        );
    }
}

#[test]
fn going_on_is_not_starting_over() {
    let (first, second) = (dataset(&rows(300, 1)), dataset(&rows(500, 1)));
    let kind = Interaction::FieldWeighted;
    let model = params(kind).fit(&first).unwrap();
    let valid = params(kind).check().unwrap();
    let more = valid.fit_with(Some(model.clone()), &second).unwrap();
    assert_eq!(more.offset(), model.offset());
    assert_ne!(more, model);
    for other in [
        params(Interaction::Plain),
        params(kind).k(4),
        params(kind).bits(11),
        params(kind).weight_bits(WeightBits::Sixteen),
    ] {
        let other = other.check().unwrap();
        assert!(other.fit_with(Some(model.clone()), &second).is_err());
    }
}

#[test]
fn same_model_after_writing_and_reading() {
    for params in of_every_width() {
        let data = dataset(&rows(200, 3));
        let model = params.fit(&data).unwrap();
        let text = serde_json::to_string(&model).unwrap();
        let read: FactorModel = serde_json::from_str(&text).unwrap();
        assert_eq!(read, model);
        assert_eq!(read.predict(&data), model.predict(&data));
    }
}

#[test]
fn same_model_from_a_file_of_the_first_schema() {
    let data = dataset(&rows(200, 3));
    for kind in KINDS {
        let mut model = params(kind).fit(&data).unwrap();
        let mut json = serde_json::to_value(&model).unwrap();
        json["schema"] = 1.into();
        json.as_object_mut().unwrap().remove("n_steps").unwrap();
        let written = json["params"].as_object_mut().unwrap();
        written.remove("weight_bits").unwrap();
        let read: FactorModel = serde_json::from_value(json).unwrap();
        model.table.n_steps = 0;
        assert_eq!(read, model);
    }
}

/// Passes one at a time are passes one after the other: where training goes on, chance goes on too.
#[test]
fn same_model_from_passes_one_at_a_time() {
    let data = dataset(&rows(300, 3));
    for params in of_every_width() {
        let once = params.clone().epochs(3).fit(&data).unwrap();
        let valid = params.epochs(1).check().unwrap();
        let mut model = None;
        for _ in 0..3 {
            model = Some(valid.fit_with(model, &data).unwrap());
        }
        assert_eq!(model.unwrap().table, once.table);
    }
}

/// Two fields share slots, so some rows have a vector twice.
#[test]
fn oracle_log_odds_of_rows_whose_fields_share_slots() {
    let mut rows = rows(300, 1);
    for (entries, _) in &mut rows {
        entries[1].1 %= 4;
    }
    let data = dataset(&rows);
    for params in of_every_width() {
        let model = params.fit(&data).unwrap();
        let learnt = Naive::of(&model);
        for row in 0..rows.len() {
            let row = data.records().row(row);
            let (ours, expected) = (model.logit(row), learnt.logit_and_gradient(row).0);
            assert!((ours - expected).abs() < 1e-5, "{ours}, not {expected}");
        }
    }
}

fn log_loss(model: &FactorModel, data: &FieldDataset) -> f64 {
    let p = model.predict(data);
    let targets = data.targets();
    let loss = p.iter().zip(targets.as_slice()).map(|(&p, target)| {
        let clicks = f64::from(target.clicks);
        -clicks * p.ln() - (f64::from(target.impressions) - clicks) * (-p).ln_1p()
    });
    loss.sum::<f64>() / targets.totals().impressions as f64
}

/// On rows that were not learnt: 16 bits cost less than a thousandth of the log loss.
#[test]
fn weights_of_16_bits_know_what_those_of_32_know() {
    let rows = rows(20_000, 2);
    let (fitted, others) = (dataset(&rows[..15_000]), dataset(&rows[15_000..]));
    for kind in KINDS {
        let fit = |bits| {
            let params = params(kind).weight_bits(bits).epochs(4);
            params.fit(&fitted).unwrap()
        };
        let (full, half) = (fit(WeightBits::ThirtyTwo), fit(WeightBits::Sixteen));
        let (expected, loss) = (log_loss(&full, &others), log_loss(&half, &others));
        let nothing = FactorModel::at_rate(full.params(), FIELDS, sigmoid(full.offset())).unwrap();
        let worth = log_loss(&nothing, &others) - expected;
        assert!(worth > 0.01, "{kind:?}: something was learnt: {worth}");
        assert!(loss < 1.001 * expected, "{kind:?}: {loss}, not {expected}");
        let (p, q) = (full.predict(&others), half.predict(&others));
        let apart = (&p - &q).mapv(f64::abs).mean().unwrap();
        assert!(apart < 0.005, "{kind:?}: {apart}");
    }
}

#[test]
fn deny_damaged_models() {
    let kind = Interaction::FieldWeighted;
    let model = params(kind).fit(&dataset(&rows(50, 3))).unwrap();
    let damaged = |change: fn(&mut ModelFile)| {
        let mut file = ModelFile::from(model.clone());
        change(&mut file);
        FactorModel::try_from(file)
    };
    assert!(damaged(|_| ()).is_ok());
    assert!(damaged(|f| f.schema += 1).is_err());
    assert!(damaged(|f| f.schema = 0).is_err());
    assert!(
        damaged(|f| f.params = f.params.clone().weight_bits(WeightBits::Sixteen)).is_err(),
        "32 bits where 16 are"
    );
    assert!(damaged(|f| f.offset_bits = f64::NAN.to_bits()).is_err());
    assert!(damaged(|f| f.n_fields = 65).is_err());
    assert!(damaged(|f| f.lines[0].0 = 1 << 10).is_err());
    assert!(damaged(|f| f.lines[0].1[2] = f32::INFINITY.to_bits()).is_err());
    assert!(damaged(|f| f.lines[0].2[2] = (-1.0_f32).to_bits()).is_err());
    assert!(damaged(|f| f.linear[0].0 = 1 << 10).is_err());
    assert!(damaged(|f| f.pairs[0].1 = f32::NAN.to_bits()).is_err());
    assert!(damaged(|f| f.params = FactorParams::default().bits(9)).is_err());
}

#[test]
fn deny_shapes_that_do_not_fit() {
    let fit = |batch, targets| {
        let data = FieldDataset::new(batch, ClickTargets::new(targets).unwrap());
        params(Interaction::FieldAware).fit(&data).map(|_| ())
    };
    assert!(fit(FieldBatch::new(SLOTS, 2), vec![]).is_ok());
    assert!(matches!(
        fit(FieldBatch::new(5, 2), vec![]),
        Err(LearnError::Slots { .. })
    ));
    let one = vec![Clicks::default()];
    assert!(matches!(
        fit(FieldBatch::new(SLOTS, 2), one),
        Err(LearnError::Targets { .. })
    ));
    let huge = FactorParams::default().bits(26).k(64);
    let rows = FieldDataset::new(FieldBatch::new(1 << 26, 64), ClickTargets::default());
    assert!(matches!(huge.fit(&rows), Err(LearnError::Model { .. })));
}

/// Rows of three cells `(field, slot, value, impressions, clicks)`, of which the first says what happened.
fn in_threes(cells: &[(u8, u32, f32, u32, u32)]) -> FieldDataset {
    let row = |cells: &[(u8, u32, f32, u32, u32)]| {
        let entries = cells.iter().map(|c| (c.0, c.1, c.2)).collect();
        let (_, _, _, m, c) = cells[0];
        let happened = Clicks {
            clicks: c.min(m),
            impressions: m,
        };
        (entries, happened)
    };
    let rows: Vec<(Entries, Clicks)> = cells.chunks(3).map(row).collect();
    dataset(&rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn prop_predictions_are_probabilities(
        cells in prop::collection::vec((0_u8..4, 0_u32..16, -1e6_f32..1e6, 0_u32..u32::MAX, 0_u32..100), 1..30),
        params in prop::sample::select(of_every_width()),
    ) {
        let data = in_threes(&cells);
        let model = params.eta(10.0).fit(&data).unwrap();
        let p = model.predict(&data);
        prop_assert!(p.iter().all(|p| *p > 0.0 && *p < 1.0), "{p}");
        if model.params().weight_bits() == WeightBits::Sixteen {
            let is_finite = |line: Line| {
                let mut both = line.weights.into_iter().chain(line.squares);
                both.all(f32::is_finite)
            };
            prop_assert!(model.table.lines().all(is_finite));
        }
    }

    /// Whatever the rows, one pass with weights of 16 bits says about what one with 32 says.
    #[test]
    fn prop_predictions_are_those_of_32_bits(
        cells in prop::collection::vec((0_u8..4, 0_u32..16, -1_f32..1.0, 1_u32..4, 0_u32..4), 1..60),
        kind in prop::sample::select(KINDS.to_vec()),
    ) {
        let data = in_threes(&cells);
        let p = |bits| params(kind).weight_bits(bits).epochs(1).fit(&data).unwrap().predict(&data);
        let apart = &p(WeightBits::ThirtyTwo) - &p(WeightBits::Sixteen);
        // Weights are below 1, and a step of 16 bits is below 1/128 of them.
        prop_assert!(apart.iter().all(|by| by.abs() < 0.02), "{apart}");
    }
}
