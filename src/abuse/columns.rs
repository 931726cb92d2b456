//! Evidence as columns of numbers in [0, 1], each with the reason it stands for.
//!
//! `s(x, cap) = min(ln(1 + x) / ln(1 + cap), 1)` as in the five-part formula: the tenth report says less than the first. Shares
//! are of counts with 20 more, so that a handful says little. Every column grows with suspicion, so that a model whose weights
//! are not negative never scores an account lower because something got worse.

use super::evidence::Evidence;
use super::spam::SpamReason;

/// What a share is drawn towards none by: so many that are beyond doubt.
const DOUBT: f64 = 20.0;
/// Days in which an account or a number loses half of what its youth weighs.
const YOUNG_DAYS: f64 = 30.0;

/// A column of evidence.
pub(super) struct Column {
    /// Its name in files.
    pub(super) name: &'static str,
    /// Does it count numbers that are nobody's account? Only one purpose may.
    pub(super) of_strangers: bool,
    /// Its value.
    pub(super) value: fn(&Evidence) -> f64,
    /// What it says, in numbers.
    pub(super) reason: fn(&Evidence) -> SpamReason,
}

/// A column that every purpose may count.
const fn of_all(
    name: &'static str,
    value: fn(&Evidence) -> f64,
    reason: fn(&Evidence) -> SpamReason,
) -> Column {
    Column {
        name,
        of_strangers: false,
        value,
        reason,
    }
}

/// A column of numbers that are nobody's account.
const fn of_strangers(
    name: &'static str,
    value: fn(&Evidence) -> f64,
    reason: fn(&Evidence) -> SpamReason,
) -> Column {
    Column {
        name,
        of_strangers: true,
        value,
        reason,
    }
}

/// All columns, in the order of files.
pub(super) const COLUMNS: [Column; 20] = [
    of_all("book_size", book_size, of_book),
    of_all(
        "over_budget",
        |e| f64::from(u8::from(e.counts.is_over_budget)),
        |_| SpamReason::OverBudget,
    ),
    of_all("one_sided", one_sided, of_one_sided),
    of_all(
        "one_sided_book",
        |e| one_sided(e) * book_size(e),
        of_one_sided,
    ),
    of_all(
        "shared_device",
        |e| saturating(e.counts.n_accounts_on_device.saturating_sub(1), 10),
        |e| SpamReason::SharedDevice {
            accounts: e.counts.n_accounts_on_device,
        },
    ),
    of_all("reporters", reporters, of_reports),
    of_all(
        "report_weight",
        |e| (e.report_weight.ln_1p() / 5.0_f64.ln_1p()).min(1.0),
        of_reports,
    ),
    of_strangers(
        "strangers",
        |e| share(e.strangers.n_numbers, e.counts.book_size),
        |e| SpamReason::Strangers {
            percent: percent(e.strangers.n_numbers, e.counts.book_size),
        },
    ),
    of_strangers(
        "dense",
        |e| share(e.strangers.n_dense, e.strangers.n_numbers),
        |e| SpamReason::Consecutive {
            numbers: e.strangers.n_dense,
        },
    ),
    of_strangers("alone", alone, of_alone),
    of_strangers(
        "alone_book",
        |e| alone(e) * saturating(e.strangers.n_numbers, 20_000),
        of_alone,
    ),
    of_strangers(
        "pooled",
        |e| share(e.strangers.n_pooled, e.strangers.n_compared),
        |e| SpamReason::SharedOut {
            percent: percent(e.strangers.n_pooled, e.strangers.n_compared),
        },
    ),
    of_all(
        "pace",
        |e| saturating(e.most_in_a_day, 1_000),
        |e| SpamReason::Burst {
            contacts: e.most_in_a_day,
        },
    ),
    of_all(
        "in_step",
        |e| saturating(e.in_step.saturating_sub(1), 20),
        |e| SpamReason::Lockstep {
            accounts: e.in_step,
        },
    ),
    of_all(
        "brigade",
        |e| saturating(e.brigaded, 10),
        |e| SpamReason::Brigade {
            reported: e.brigaded,
            accounts: e.in_step,
        },
    ),
    of_all("young", young, of_age),
    of_all("young_one_sided", |e| young(e) * one_sided(e), of_age),
    of_all("young_reported", |e| young(e) * reporters(e), of_age),
    of_all(
        "recycled",
        |e| {
            if e.is_recycled {
                youth(e.number_days)
            } else {
                0.0
            }
        },
        |e| SpamReason::RecycledNumber {
            days: e.number_days,
        },
    ),
    of_all("untrusted", untrusted, |_| SpamReason::Untrusted),
];

/// How many columns there are.
pub(super) const N_COLUMNS: usize = COLUMNS.len();

/// The columns of one account, shape `(N_COLUMNS,)`.
pub(super) fn row(evidence: &Evidence) -> [f64; N_COLUMNS] {
    std::array::from_fn(|i| (COLUMNS[i].value)(evidence))
}

fn book_size(evidence: &Evidence) -> f64 {
    saturating(evidence.counts.book_size, 20_000)
}

fn of_book(evidence: &Evidence) -> SpamReason {
    SpamReason::AddressBook {
        size: evidence.counts.book_size,
    }
}

fn one_sided(evidence: &Evidence) -> f64 {
    let counts = &evidence.counts;
    share(
        counts.n_matched.saturating_sub(counts.n_reciprocated),
        counts.n_matched,
    )
}

fn of_one_sided(evidence: &Evidence) -> SpamReason {
    SpamReason::OneSided {
        percent: percent(evidence.counts.n_reciprocated, evidence.counts.n_matched),
    }
}

fn reporters(evidence: &Evidence) -> f64 {
    saturating(evidence.counts.n_reporters, 10)
}

fn of_reports(evidence: &Evidence) -> SpamReason {
    SpamReason::Reported {
        reporters: evidence.counts.n_reporters,
    }
}

fn alone(evidence: &Evidence) -> f64 {
    share(evidence.strangers.n_alone, evidence.strangers.n_compared)
}

fn of_alone(evidence: &Evidence) -> SpamReason {
    SpamReason::SavedByNobodyElse {
        percent: percent(evidence.strangers.n_alone, evidence.strangers.n_compared),
    }
}

fn young(evidence: &Evidence) -> f64 {
    youth(evidence.age_days)
}

fn of_age(evidence: &Evidence) -> SpamReason {
    SpamReason::Young {
        days: evidence.age_days,
    }
}

/// 1 on the first day, a half after a month.
fn youth(days: u32) -> f64 {
    YOUNG_DAYS / (YOUNG_DAYS + f64::from(days))
}

/// How much trust is missing, where there are contacts by which it could have come.
fn untrusted(evidence: &Evidence) -> f64 {
    let matched = f64::from(evidence.counts.n_matched);
    let missing = evidence.trust.map_or(0.0, |trust| 1.0 - trust.min(1.0));
    missing * matched / (matched + 5.0)
}

fn saturating(x: u32, cap: u32) -> f64 {
    f64::from(x.min(cap)).ln_1p() / f64::from(cap).ln_1p()
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part.min(whole)) / (f64::from(whole) + DOUBT)
}

/// A share in percent, rounded down.
fn percent(part: u32, whole: u32) -> u8 {
    let percent = u64::from(part.min(whole)) * 100 / u64::from(whole.max(1));
    u8::try_from(percent).expect("a part is at most 100 percent of the whole")
}
