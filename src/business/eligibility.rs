//! The verdicts on every kind of message for every pair of a business and an account that know each other.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::book::RuleBook;
use super::desk::{Desk, Dropped};
use super::pairs::{self, Named};
use super::params::ValidBusinessParams;
use super::verdict::Verdict;
use crate::consent::{BusinessMarketing, BusinessService, DenialReason, Gate};
use crate::hash::HashMap;
use crate::ids::{AccountId, BusinessId, Region, TemplateId};
use crate::signals::{Business, BusinessEvent, BusinessOptIn, BusinessThread, MessageKind};
use crate::time::Timestamp;

/// What is known about businesses and who wrote to whom.
#[derive(Clone, Copy, Debug)]
pub struct Signals<'a> {
    /// The businesses.
    pub businesses: &'a [Business],
    /// Who wrote first, and when.
    pub threads: &'a [BusinessThread],
    /// Who asked for what.
    pub opt_ins: &'a [BusinessOptIn],
    /// What was sent, and what people said about it.
    pub events: &'a [BusinessEvent],
    /// Spam scores of businesses that have an account, in [0, 1], from what may be used for service,
    pub service_spam: &'a HashMap<BusinessId, f64>,
    /// and from what may be used for marketing.
    pub marketing_spam: &'a HashMap<BusinessId, f64>,
    /// The region of each account's number,
    pub regions: &'a HashMap<AccountId, Region>,
    /// and of each business's.
    pub business_regions: &'a HashMap<BusinessId, Region>,
}

/// May this business write to this account?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The business.
    pub business: BusinessId,
    /// The account.
    pub account: AccountId,
    /// To answer.
    pub service: Verdict,
    /// About something the person ordered or asked for.
    pub utility: Verdict,
    /// With a code to sign in with.
    pub authentication: Verdict,
    /// To advertise.
    pub marketing: Verdict,
}

/// All verdicts, and what has none: the three counts and `rows` add up to the pairs there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Eligibility {
    /// One row for each pair, ascending by business and account.
    pub rows: Vec<Reach>,
    /// Pairs without a row because the account allows neither purpose, by the strictest reason.
    pub denied: BTreeMap<DenialReason, u64>,
    /// Pairs without a row because no table knows the business.
    pub n_unknown_business: u64,
    /// Pairs without a row because everything about them is later than the moment asked about.
    pub n_not_yet: u64,
}

/// The gates of both purposes.
#[derive(Clone, Copy, Debug)]
pub struct BusinessGates<'a> {
    /// For answers, news of orders, and codes.
    pub service: &'a Gate<BusinessService, AccountId>,
    /// For advertising.
    pub marketing: &'a Gate<BusinessMarketing, AccountId>,
}

/// How verdicts are made, and for when.
#[derive(Clone, Copy, Debug)]
pub struct Ruling<'a> {
    /// The rules of the messenger.
    pub book: &'a RuleBook,
    /// What was never published, and what is ours.
    pub params: &'a ValidBusinessParams,
    /// The moment. What happened later has not happened.
    pub as_of: Timestamp,
}

/// The verdicts for every pair that has a thread or an opt-in by the moment asked about.
///
/// # Complexity
/// O(n log n) time for n threads, opt-ins and events, in the caller's rayon pool. A row takes 72 bytes, and 24 bytes for each of
/// the n while they are in order; a verdict allocates nothing.
#[must_use]
pub fn reach(signals: &Signals<'_>, gates: BusinessGates<'_>, ruling: Ruling<'_>) -> Eligibility {
    let desk = Desk::new(signals, gates, ruling);
    let named = pairs::named(signals, ruling.as_of);
    let pairs = named.par_chunk_by(Named::is_of_one_pair);
    let pairs = pairs.filter_map(|rows| pairs::merged(signals, rows, ruling.as_of));
    let judged = pairs.map(|pair| desk.of(&pair));
    let parts: Vec<Eligibility> = judged
        .fold(Eligibility::default, |part, outcome| part.with(&outcome))
        .collect();
    Eligibility::joined(parts)
}

/// One message that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedMessage {
    /// Who wants to send it.
    pub business: BusinessId,
    /// To whom.
    pub account: AccountId,
    /// What for.
    pub kind: MessageKind,
    /// Made from which template, if from one.
    pub template: Option<TemplateId>,
}

/// The verdict on one message; none if there is nothing between the two, or the account allows neither purpose.
///
/// # Complexity
/// O(n log n) for the n events that are counted, as [`reach`], and O(m) for the threads and opt-ins.
#[must_use]
pub fn verdict(
    signals: &Signals<'_>,
    gates: BusinessGates<'_>,
    ruling: Ruling<'_>,
    asked: AskedMessage,
) -> Option<Verdict> {
    let [verdict] = verdicts(signals, gates, ruling, [asked]);
    verdict
}

/// The verdicts on several messages, as of [`verdict`] on each; events are counted once.
#[must_use]
pub fn verdicts<const N: usize>(
    signals: &Signals<'_>,
    gates: BusinessGates<'_>,
    ruling: Ruling<'_>,
    asked: [AskedMessage; N],
) -> [Option<Verdict>; N] {
    let desk = Desk::new(signals, gates, ruling);
    asked.map(|asked| {
        let rows = pairs::named_of(signals, (asked.business, asked.account), ruling.as_of);
        let pair = pairs::merged(signals, &rows, ruling.as_of)?;
        desk.asked(&pair, asked.kind, asked.template)
    })
}

impl Eligibility {
    /// With the outcome of one more pair.
    fn with(mut self, outcome: &Result<Reach, Dropped>) -> Self {
        match outcome {
            Ok(row) => self.rows.push(*row),
            Err(Dropped::Denied(reason)) => *self.denied.entry(*reason).or_default() += 1,
            Err(Dropped::UnknownBusiness) => self.n_unknown_business += 1,
            Err(Dropped::NotYet) => self.n_not_yet += 1,
        }
        self
    }

    /// One of parts that follow each other.
    fn joined(parts: Vec<Self>) -> Self {
        let mut whole = Self::default();
        let n_rows = parts.iter().map(|part| part.rows.len()).sum();
        whole.rows.reserve_exact(n_rows);
        for part in parts {
            whole.rows.extend(part.rows);
            for (reason, n) in part.denied {
                *whole.denied.entry(reason).or_default() += n;
            }
            whole.n_unknown_business += part.n_unknown_business;
            whole.n_not_yet += part.n_not_yet;
        }
        whole
    }
}
