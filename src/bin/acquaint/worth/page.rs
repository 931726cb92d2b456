//! What sharing is worth, as a page.

use acquaint::engine::Prepared;
use acquaint::eval::{Change, ConfidenceInterval, Left, NotMeasured, SourceWorth, Worth};
use acquaint::publish::shown;
use acquaint::report::{
    Figure, Moved, OptOutPoint, ProductWorth, SourceBar, StillThereBar, WorthPage, WorthPart,
};

use super::Both;
use crate::args::WorthArgs;

pub(super) fn page(both: &Both, args: &WorthArgs, prepared: &Prepared) -> WorthPage {
    let parts = [
        ("Friend suggestions", "suggestions", &both.suggestions),
        ("Ads", "ads", &both.ads),
    ];
    let part = |(title, name, worth): (&str, &str, &Option<Worth>)| {
        let nothing = || {
            let why = both.nothing_to_measure.get(name)?;
            Some(WorthPart::Nothing {
                name: title.to_owned(),
                why: why.clone(),
            })
        };
        let measured = worth.as_ref();
        let measured = measured.map(|worth| WorthPart::Measured(product(title, worth)));
        measured.or_else(nothing)
    };
    WorthPage {
        signals: shown(&args.signals),
        as_of: prepared.as_of().valid.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        parts: parts.into_iter().filter_map(part).collect(),
    }
}

pub(super) fn figure(of: ConfidenceInterval) -> Figure {
    Figure {
        value: of.value,
        low: of.low,
        high: of.high,
    }
}

fn moved(change: Change) -> Moved {
    Moved {
        gain: figure(change.gain),
        better: change.better,
        worse: change.worse,
    }
}

fn product(name: &str, worth: &Worth) -> ProductWorth {
    let not_measured = |not: &NotMeasured| (not.source.clone(), not.why.clone());
    ProductWorth {
        name: name.to_owned(),
        measured: worth.measured.to_owned(),
        more_is_better: worth.more_is_better,
        people: worth.people,
        sources: worth.sources.iter().map(bar).collect(),
        not_measured: worth.not_measured.iter().map(not_measured).collect(),
        people_who_stay: worth.people_who_stay,
        opt_outs: worth.left.iter().map(point).collect(),
    }
}

fn bar(source: &SourceWorth) -> SourceBar {
    SourceBar {
        name: source.source.clone(),
        figure: figure(source.figure),
        auc: source.auc,
        moved: source.gain.map(|gain| Moved {
            gain: figure(gain),
            better: source.better,
            worse: source.worse,
        }),
    }
}

fn point(left: &Left) -> OptOutPoint {
    OptOutPoint {
        share: left.opted_out,
        figure: figure(left.figure),
        moved: left.change.map(moved),
        still_there: left.still_there.map(|there| StillThereBar {
            people: there.people,
            friends: there.friends,
            friends_gone: there.friends_gone,
            before: there.before.value,
            figure: figure(there.figure),
            moved: moved(there.change),
        }),
    }
}
