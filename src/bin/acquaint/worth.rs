//! `acquaint worth`: suggestions and ads with one source of signals more at a time.

use acquaint::engine::{Progress, Reading};
use acquaint::eval::{
    AdsKnown, ConfidenceInterval, FriendsKnown, SourceWorth, Worth, ads_worth, friends_worth,
};
use acquaint::report::{Figure, OptOutPoint, ProductWorth, SourceBar, render_worth};
use serde::Serialize;

use crate::args::{Product, WorthArgs};
use crate::evaluate::{line, prepare, say};
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::{read_params, with_lists};
use crate::told::tell;

/// Both products; one that was not asked for, or that no table is about, is none.
#[derive(Serialize)]
struct Both {
    suggestions: Option<Worth>,
    ads: Option<Worth>,
}

pub(crate) fn worth(args: &WorthArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = with_lists(read_params(&args.given)?, &args.lists)?;
    let prepared = prepare(&args.signals, &params, quiet)?;
    let reading: Reading = prepared.reading();
    let asked = |product| args.only.is_none_or(|only| only == product);
    let bars = Bars::new(quiet);
    let suggestions = asked(Product::Suggestions).then(|| {
        bars.begin("hiding friendships", None);
        friends_worth(FriendsKnown {
            friendships: &prepared.friendships(),
            contacts: &prepared.contacts(),
            dealings: &prepared.dealings(),
        })
    });
    let ads = match prepared.ad_facts().filter(|_| asked(Product::Ads)) {
        None => None,
        Some(facts) => {
            bars.begin("training one model after another", None);
            let known = AdsKnown {
                rows: &prepared.training_rows(),
                ads: prepared.ads(),
                facts,
            };
            Some(ads_worth(known, params.ads())?)
        }
    };
    drop(bars);
    let both = Both {
        suggestions: suggestions.filter(|worth| worth.people > 0),
        ads: ads.filter(|worth| worth.people > 0),
    };
    if args.html {
        print(&render_worth(&products(&both))?)?;
        return Ok(tell(&reading, Outcome::Done));
    }
    say(args.json, &both, &reading, table)
}

fn table(both: &Both) -> String {
    let mut text = String::new();
    let named = [("suggestions", &both.suggestions), ("ads", &both.ads)];
    for (name, worth) in named {
        if let Some(worth) = worth {
            add(&mut text, name, worth);
        }
    }
    if text.is_empty() {
        line(
            &mut text,
            "nothing to measure: no friendship and no impression of anybody is hidden",
        );
    }
    text
}

fn add(text: &mut String, name: &str, worth: &Worth) {
    let (measured, people) = (worth.measured, worth.people);
    let head = format!(
        "{name}: {measured} of {people} people; 95 of 100 draws of people in brackets\n\n{:22}{:26}{:28}{:>8}{:>8}{:>9}",
        "source", measured, "the step adds", "better", "worse", "AUC"
    );
    line(text, &head);
    for source in &worth.sources {
        line(text, &source_line(source));
    }
    let stay = worth.people_who_stay;
    let head =
        format!("\nas others opt out, for {stay} people who never do\nopted out   {measured}");
    line(text, &head);
    for left in &worth.left {
        let share = format!("{:.0} %", left.opted_out * 100.0);
        line(text, &format!("{share:>9}   {}", drawn(left.figure)));
    }
    text.push('\n');
}

fn source_line(source: &SourceWorth) -> String {
    let gain = source.gain.map_or_else(String::new, signed);
    let auc = source
        .auc
        .map_or_else(|| "–".to_owned(), |auc| format!("{auc:.4}"));
    let moved = source.gain.map_or_else(
        || format!("{:>8}{:>8}", "–", "–"),
        |_| format!("{:8}{:8}", source.better, source.worse),
    );
    format!(
        "{:22}{:26}{gain:28}{moved}{auc:>9}",
        source.source,
        drawn(source.figure)
    )
}

fn drawn(of: ConfidenceInterval) -> String {
    format!("{:.4} [{:.4}, {:.4}]", of.value, of.low, of.high)
}

fn signed(of: ConfidenceInterval) -> String {
    format!("{:+.4} [{:+.4}, {:+.4}]", of.value, of.low, of.high)
}

fn products(both: &Both) -> Vec<ProductWorth> {
    let suggestions = both.suggestions.as_ref();
    let suggestions =
        suggestions.map(|worth| product("Friend suggestions", "MAP@10: more is better", worth));
    let ads = both.ads.as_ref();
    let ads = ads.map(|worth| product("Ads", "Log loss an impression: less is better", worth));
    suggestions.into_iter().chain(ads).collect()
}

fn product(name: &str, measured: &str, worth: &Worth) -> ProductWorth {
    let figure = |of: ConfidenceInterval| Figure {
        value: of.value,
        low: of.low,
        high: of.high,
    };
    let source = |source: &SourceWorth| SourceBar {
        name: source.source.clone(),
        figure: figure(source.figure),
        gain: source.gain.map_or_else(String::new, signed),
    };
    ProductWorth {
        name: name.to_owned(),
        measured: measured.to_owned(),
        people: worth.people,
        sources: worth.sources.iter().map(source).collect(),
        people_who_stay: worth.people_who_stay,
        opt_outs: worth
            .left
            .iter()
            .map(|left| OptOutPoint {
                share: left.opted_out,
                figure: figure(left.figure),
            })
            .collect(),
    }
}
