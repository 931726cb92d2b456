//! The sides of a pair against its rows.

use linfa::ParamGuard;
use linfa::traits::FitWith;

use super::*;
use crate::ads::features::{Placement, UserField};
use crate::ads::testing::ad;
use crate::hash::mix;
use crate::learn::factor::{FactorParams, FieldBatch, FieldDataset, FieldEntry};
use crate::learn::{ClickTargets, Clicks};
use crate::signals::SpecialCategory;
use crate::signals::Surface;

const KINDS: [Interaction; 3] = [
    Interaction::FieldAware,
    Interaction::FieldWeighted,
    Interaction::Plain,
];

/// Two values of each field, and three interests.
fn values(i: u64) -> Vec<HashedValue> {
    let one = |(field, roll): (UserField, u64)| HashedValue {
        field,
        hash: mix(field as u64 * 10 + mix(i ^ roll) % 2),
    };
    let interests = [7, 8].map(|roll| (UserField::Interest, roll));
    let single = UserField::ALL.into_iter().zip(1..);
    let mut values: Vec<_> = single.chain(interests).map(one).collect();
    values.dedup();
    values
}

fn ads() -> Vec<AdHashes> {
    let some = |id: u64| {
        let mut ad = ad(id, ["food", "cars"][usize::from(id.is_multiple_of(2))], 1.0);
        ad.special_category = id.is_multiple_of(3).then_some(SpecialCategory::Credit);
        AdHashes::of(&ad, Box::default())
    };
    (0..6).map(some).collect()
}

const PLACES: [Placement; 4] = [
    place(Surface::Feed, Some(0)),
    place(Surface::Feed, Some(1)),
    place(Surface::Stories, None),
    place(Surface::Video, Some(1)),
];

const fn place(surface: Surface, position: Option<u8>) -> Placement {
    Placement {
        surface,
        position,
        clock: None,
    }
}

const fn at(place: Placement) -> Showing<'static> {
    Showing { place, own: &[] }
}

fn shown(counts: &[(Placement, u64)]) -> Vec<ShownAt> {
    let shown = |&(place, impressions): &(Placement, u64)| ShownAt {
        place,
        own: Box::default(),
        impressions,
    };
    counts.iter().map(shown).collect()
}

fn row(ad: &AdHashes, values: &[HashedValue], place: Placement) -> Vec<FieldEntry> {
    let with_ad = values.iter().flat_map(|&value| ad.features_with(value));
    let place = place.features();
    entries(ad.features().chain(with_ad).chain(place), 10).collect()
}

fn trained(kind: Interaction) -> FactorModel {
    let params = FactorParams::default().interaction(kind).bits(10).k(5);
    let params = params.check().unwrap();
    let mut rows = FieldBatch::new(1 << 10, N_FIELDS);
    let mut targets = Vec::new();
    for i in 0..600 {
        let at = |n: usize, salt| usize::try_from(mix(i ^ salt)).unwrap() % n;
        rows.push_row(&row(&ads()[at(6, 1)], &values(i), PLACES[at(4, 2)]))
            .unwrap();
        targets.push(Clicks {
            clicks: u32::from(mix(i).is_multiple_of(3)),
            impressions: 1,
        });
    }
    let data = FieldDataset::new(rows, ClickTargets::new(targets).unwrap());
    params.fit_with(None, &data).unwrap()
}

/// Feed, top, is where everything stood: then the mean over places is that place, and the sides give what the row gives.
#[test]
fn sides_give_what_the_row_gives_where_everything_stood() {
    for kind in KINDS {
        let model = FactorClicks::new(trained(kind), &shown(&[(PLACES[0], 9)]));
        for i in 0..40 {
            for ad in ads() {
                let sides = model.logit(&ad, &values(i));
                let row = model.logit_shown(&ad, &values(i), at(PLACES[0]));
                assert!((sides - row).abs() < 2e-6, "{kind:?}: {sides} {row}");
            }
        }
    }
}

/// With surfaces only, one value a showing, the sides give the mean over where ads stood.
#[test]
fn sides_give_the_mean_over_surfaces() {
    let shown = shown(&[
        (place(Surface::Feed, None), 5),
        (place(Surface::Stories, None), 3),
        (place(Surface::Video, None), 2),
    ]);
    for kind in KINDS {
        let model = FactorClicks::new(trained(kind), &shown);
        for ad in ads() {
            let sides = model.logit(&ad, &values(1));
            let at = |at: &ShownAt| {
                at.impressions as f64 * model.logit_shown(&ad, &values(1), at.showing())
            };
            let mean = shown.iter().map(at).sum::<f64>() / 10.0;
            assert!((sides - mean).abs() < 2e-6, "{kind:?}: {sides} {mean}");
        }
    }
}

/// Whatever somebody's age, gender and region, their side for ads of special categories is the same, bit for bit.
#[test]
fn deny_protected_fields_a_say_on_special_categories() {
    for kind in KINDS {
        let model = FactorClicks::new(trained(kind), &shown(&PLACES.map(|place| (place, 3))));
        for i in 0..20 {
            let all = values(i);
            let mut other = all.clone();
            for value in other.iter_mut().filter(|value| value.field.is_protected()) {
                value.hash = mix(value.hash);
            }
            assert_eq!(model.person(&all, true), model.person(&other, true));
            assert_ne!(model.person(&all, false), model.person(&other, false));
            let none = all
                .iter()
                .copied()
                .filter(|value| !value.field.is_protected());
            let none: Vec<_> = none.collect();
            assert_eq!(model.person(&all, true), model.person(&none, false));
        }
    }
}

#[test]
fn same_after_writing_and_reading_and_nothing_that_cannot_be() {
    let model = FactorClicks::new(trained(KINDS[1]), &shown(&PLACES.map(|place| (place, 3))));
    let written = serde_json::to_string(&model).unwrap();
    let read: FactorClicks = serde_json::from_str(&written).unwrap();
    assert_eq!(read, model);
    let changed = |change: fn(&mut serde_json::Value)| {
        let mut json: serde_json::Value = serde_json::from_str(&written).unwrap();
        change(&mut json);
        serde_json::from_value::<FactorClicks>(json)
    };
    assert!(changed(|_| ()).is_ok());
    assert!(
        changed(|json| json["places"][0][0] = 2.into()).is_err(),
        "a field of people"
    );
    assert!(
        changed(|json| json["places"][0][1] = 1024.into()).is_err(),
        "no such slot"
    );
    assert!(
        changed(|json| json["impressions"] = 2.into()).is_err(),
        "more than all"
    );
    assert!(changed(|json| json["places_own_bits"] = f64::NAN.to_bits().into()).is_err());
    assert!(changed(|json| json["machine"]["n_fields"] = 4.into()).is_err());
    assert!(changed(|json| json["more"] = 4.into()).is_err());
}
