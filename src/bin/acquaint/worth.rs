//! `acquaint worth`: suggestions and ads with one source of signals more at a time.

mod page;
mod table;

use std::collections::BTreeMap;

use acquaint::engine::{Prepared, Progress, Reading, ValidRunParams};
use acquaint::eval::{AdsKnown, FriendsKnown, Worth, WorthError, ads_worth, friends_worth};
use acquaint::report::render_worth;
use serde::Serialize;

use crate::args::{Product, WorthArgs};
use crate::evaluate::{prepare, say};
use crate::exit::{Failure, Outcome, print};
use crate::progress::Bars;
use crate::run::{read_params, with_lists};
use crate::told::tell;

/// Both products; one that was not asked for, or that there is nothing to measure of, is none.
#[derive(Default, Serialize)]
struct Both {
    suggestions: Option<Worth>,
    ads: Option<Worth>,
    /// Why there is nothing to measure of what was asked for, by product.
    nothing_to_measure: BTreeMap<&'static str, String>,
}

pub(crate) fn worth(args: &WorthArgs, quiet: bool) -> Result<Outcome, Failure> {
    let params = with_lists(read_params(&args.given)?, &args.lists)?;
    let prepared = prepare(&args.signals, &params, quiet)?;
    let reading: Reading = prepared.reading();
    let both = Both::of(&prepared, &params, args.only, quiet)?;
    let ended = if args.html {
        print(&render_worth(&page::page(&both, args, &prepared))?)?;
        tell(&reading, Outcome::Done)
    } else {
        say(args.json, &both, &reading, table::table)?
    };
    Ok(if both.is_empty() {
        Outcome::Findings
    } else {
        ended
    })
}

impl Both {
    fn of(
        prepared: &Prepared,
        params: &ValidRunParams,
        only: Option<Product>,
        quiet: bool,
    ) -> Result<Self, Failure> {
        let asked = |product| only.is_none_or(|only| only == product);
        let bars = Bars::new(quiet);
        let mut both = Self::default();
        if asked(Product::Suggestions) {
            bars.begin("hiding friendships", None);
            both.suggestions = both.told("suggestions", suggestions(prepared, params))?;
        }
        if asked(Product::Ads) {
            bars.begin("training one model after another", None);
            both.ads = both.told("ads", ads(prepared, params))?;
        }
        Ok(both)
    }

    /// What was found; that there is nothing is told, and other errors end the verb.
    fn told(
        &mut self,
        product: &'static str,
        found: Result<Worth, WorthError>,
    ) -> Result<Option<Worth>, Failure> {
        match found {
            Ok(worth) => Ok(Some(worth)),
            Err(why) if why.is_nothing_to_measure() => {
                self.nothing_to_measure.insert(product, why.to_string());
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    const fn is_empty(&self) -> bool {
        self.suggestions.is_none() && self.ads.is_none()
    }
}

fn suggestions(prepared: &Prepared, params: &ValidRunParams) -> Result<Worth, WorthError> {
    let known = FriendsKnown {
        friendships: &prepared.friendships(),
        contacts: &prepared.contacts(),
        dealings: &prepared.dealings(),
    };
    friends_worth(known, params.suggest(), params.ranker())
}

fn ads(prepared: &Prepared, params: &ValidRunParams) -> Result<Worth, WorthError> {
    let facts = prepared.ad_facts().ok_or(WorthError::NoImpressions)?;
    let known = AdsKnown {
        rows: &prepared.training_rows(),
        ads: prepared.ads(),
        facts,
    };
    ads_worth(known, params.ads())
}
