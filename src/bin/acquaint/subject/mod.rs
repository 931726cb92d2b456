//! `acquaint subject`: what is held about one person, and what they may ask for.

mod act;
pub(crate) mod args;
mod text;

use acquaint::engine::{self, SignalsRequest, Subject, SubjectRequest};
use acquaint::publish::{Input, Ours, seal_page, shown};
use acquaint::report::render_subject;

use self::args::SubjectArgs;
use crate::exit::{Failure, Outcome, print};
use crate::models::Models;
use crate::output::{self, Reads};
use crate::progress::Bars;
use crate::run::{Ledger, read_params, with_lists};
use crate::told::tell;

pub(crate) fn subject(args: &SubjectArgs, quiet: bool) -> Result<Outcome, Failure> {
    let asking = &args.asked.asking;
    let params = with_lists(read_params(&asking.given)?, &args.lists)?;
    let ledger = Ledger::read(&asking.ledger)?;
    let source = ledger.source();
    let models = Models::read(args.friend_model.as_deref(), args.ad_model.as_deref())?;
    let request = SubjectRequest {
        of: SignalsRequest {
            signals: &args.asked.signals,
            ledger: source.as_ref(),
            params: &params,
            times: asking.times(),
        },
        asked: args.who.0,
        models: models.given(),
        out: args.out.as_deref(),
    };
    let page = args.html.as_deref();
    let page = page.map(|path| output::file(path, Ours::PAGE, reads(args)));
    let page = page.transpose()?;
    let found = engine::subject(&request, &Bars::new(quiet))?;
    if let Some(page) = page {
        page.write(seal_page(&render_subject(&found)?).as_bytes())?;
        output::tell(&page.publish()?);
    }
    print(&if args.asked.json {
        serde_json::to_string_pretty(&found)?
    } else {
        text::text(&found)
    })?;
    if let Some(path) = &args.html {
        eprintln!("acquaint: wrote {}", shown(path));
    }
    let ended = if args.erase || args.object {
        act::act(args, &found)?
    } else {
        unknown(&found)
    };
    // Of one person nobody wants to hear what is the matter with the tables, unless a row may be theirs and cannot be read.
    Ok(tell(&found.reading, ended))
}

/// That nothing is held is an answer; whoever typed an id may have mistyped it.
fn unknown(found: &Subject) -> Outcome {
    if !found.is_unknown() {
        return Outcome::Done;
    }
    eprintln!("acquaint: nothing is held about this id or number");
    Outcome::Findings
}

/// What a page may not take the place of.
fn reads(args: &SubjectArgs) -> Vec<Input> {
    Reads::default()
        .and("the signals directory", Some(&args.asked.signals))
        .asking(&args.asked.asking)
        .and("the output", &args.out)
        .and("the friend model", &args.friend_model)
        .and("the ad model", &args.ad_model)
        .and("the key of customer lists", &args.lists.audience_key)
        .all()
}
