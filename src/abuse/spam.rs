//! The spam score of every account, with its reasons.

use std::fmt;

use rayon::prelude::*;

use super::features::SpamFeatures;
use super::model;
use super::outcome::Basis;
use super::params::ValidAbuseParams;
use crate::ids::AccountId;
use crate::learn::sigmoid;

/// How much an account looks like a spammer's, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct SpamScore {
    /// The account.
    pub account: AccountId,
    /// In [0, 1]; higher is worse.
    pub score: f64,
    /// What it rests on.
    pub basis: Basis,
    /// What speaks for it, the weightiest first; empty if nothing weighs enough.
    pub reasons: Vec<SpamReason>,
}

/// One thing that speaks for spam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpamReason {
    /// A large address book.
    AddressBook {
        /// How many entries it has.
        size: u32,
    },
    /// Few contacts saved the account's number in return.
    OneSided {
        /// The share of contacts that did, in percent, rounded down.
        percent: u8,
    },
    /// A device with other accounts on it.
    SharedDevice {
        /// How many accounts there are on it.
        accounts: u32,
    },
    /// More numbers looked up than an address book may hold.
    OverBudget,
    /// Reports by others.
    Reported {
        /// How many different accounts reported it.
        reporters: u32,
    },
    /// Many saved numbers are nobody's account.
    Strangers {
        /// The share that is, in percent, rounded down.
        percent: u8,
    },
    /// Saved numbers lie side by side, as in no ordinary book.
    Consecutive {
        /// How many do.
        numbers: u32,
    },
    /// Saved numbers that no other book has.
    SavedByNobodyElse {
        /// The share of those that are nobody's account, in percent, rounded down.
        percent: u8,
    },
    /// Saved numbers fill blocks together with other books, none of them twice.
    SharedOut {
        /// The share of those that are nobody's account, in percent, rounded down.
        percent: u8,
    },
    /// Many contacts saved within a day.
    Burst {
        /// How many at most.
        contacts: u32,
    },
    /// Others did the same to the same people in the same hours.
    Lockstep {
        /// How many accounts moved so, this one included.
        accounts: u32,
    },
    /// It reported accounts that nobody else reported, in the same hours as others.
    Brigade {
        /// How many accounts it reported so.
        reported: u32,
        /// How many accounts moved so, this one included.
        accounts: u32,
    },
    /// A young account.
    Young {
        /// Days since it was registered.
        days: u32,
    },
    /// A number that was another account's before, taken over lately.
    RecycledNumber {
        /// Days since it was taken over.
        days: u32,
    },
    /// Little trust reaches it from verified accounts over contacts that saved each other.
    Untrusted,
}

impl fmt::Display for SpamReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressBook { size } => write!(f, "address book of {}", Grouped(*size)),
            Self::OneSided { percent } => write!(f, "{percent} % of contacts reciprocate"),
            Self::SharedDevice { accounts } => {
                write!(f, "{} accounts on one device", Grouped(*accounts))
            }
            Self::OverBudget => f.write_str("address book over budget"),
            Self::Reported { reporters: 1 } => f.write_str("1 reporter"),
            Self::Reported { reporters } => write!(f, "{} reporters", Grouped(*reporters)),
            Self::Strangers { percent } => {
                write!(f, "{percent} % of saved numbers are nobody's account")
            }
            Self::Consecutive { numbers } => {
                write!(f, "{} saved numbers lie side by side", Grouped(*numbers))
            }
            Self::SavedByNobodyElse { percent } => {
                write!(f, "{percent} % of unknown numbers are saved by nobody else")
            }
            Self::SharedOut { percent } => {
                write!(
                    f,
                    "{percent} % of unknown numbers lie in blocks shared out among accounts"
                )
            }
            Self::Burst { contacts } => {
                write!(f, "{} contacts saved within one day", Grouped(*contacts))
            }
            Self::Lockstep { accounts } => {
                write!(
                    f,
                    "{} accounts acting in the same hours",
                    Grouped(*accounts)
                )
            }
            Self::Brigade { reported, accounts } => {
                write!(
                    f,
                    "reported {} that nobody else reported, in the same hours as {} others",
                    Counted(*reported),
                    Grouped(accounts.saturating_sub(1))
                )
            }
            Self::Young { days: 1 } => f.write_str("account 1 day old"),
            Self::Young { days } => write!(f, "account {} days old", Grouped(*days)),
            Self::RecycledNumber { days } => {
                write!(f, "number taken over {} days ago", Grouped(*days))
            }
            Self::Untrusted => f.write_str("little trust from verified accounts"),
        }
    }
}

/// A number of accounts.
struct Counted(u32);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 account"),
            n => write!(f, "{} accounts", Grouped(n)),
        }
    }
}

/// A number with a comma after every third digit from the end.
struct Grouped(u32);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// The score of every account, in the order of `features`.
///
/// The formula is [`AbuseParams`](super::AbuseParams)'s; it never falls when an address book grows, a contact
/// fails to reciprocate, an account joins the device or somebody reports.
///
/// # Complexity
/// O(1) an account, in the caller's rayon pool; every score is computed by one task from one row.
#[must_use]
pub fn spam_scores(features: &[SpamFeatures], params: &ValidAbuseParams) -> Vec<SpamScore> {
    features
        .par_iter()
        .map(|row| spam_score(row, params))
        .collect()
}

fn spam_score(features: &SpamFeatures, params: &ValidAbuseParams) -> SpamScore {
    let params = params.values();
    let parts = model::parts(features, params);
    SpamScore {
        account: features.account,
        score: model::score(parts, params.bias),
        basis: Basis::Formula,
        reasons: reasons(features, parts, params.reason_min),
    }
}

/// One thing that adds to a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScorePart {
    /// What it is.
    pub reason: SpamReason,
    /// What it adds to the log-odds, not negative.
    pub log_odds: f64,
}

/// The probability that log-odds of nothing known and what adds to them come to, in [0, 1].
#[must_use]
pub fn probability(base: f64, parts: &[ScorePart]) -> f64 {
    sigmoid(parts.iter().fold(base, |sum, part| sum + part.log_odds))
}

/// What adds to the log-odds of the formula, the weightiest first.
#[must_use]
pub fn formula_parts(features: &SpamFeatures, params: &ValidAbuseParams) -> Vec<ScorePart> {
    weighty(features, model::parts(features, params.values()), 0.0)
}

fn reasons(features: &SpamFeatures, parts: [f64; 5], reason_min: f64) -> Vec<SpamReason> {
    let weighty = weighty(features, parts, reason_min).into_iter();
    weighty.map(|part| part.reason).collect()
}

fn weighty(features: &SpamFeatures, parts: [f64; 5], reason_min: f64) -> Vec<ScorePart> {
    let all = [
        SpamReason::AddressBook {
            size: features.book_size,
        },
        SpamReason::OneSided {
            percent: percent(features),
        },
        SpamReason::SharedDevice {
            accounts: features.n_accounts_on_device,
        },
        SpamReason::Reported {
            reporters: features.n_reporters,
        },
        SpamReason::OverBudget,
    ];
    let part = |(log_odds, reason)| ScorePart { reason, log_odds };
    let mut weighty: Vec<ScorePart> = parts.into_iter().zip(all).map(part).collect();
    weighty.retain(|part| part.log_odds > 0.0 && part.log_odds >= reason_min);
    // A stable sort: of two that weigh the same the first in the order above comes first.
    weighty.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds));
    weighty
}

fn percent(features: &SpamFeatures) -> u8 {
    let mutual = u64::from(features.n_reciprocated.min(features.n_matched)) * 100;
    let percent = mutual / u64::from(features.n_matched.max(1));
    u8::try_from(percent).expect("a part is at most 100 percent of the whole")
}

#[cfg(test)]
mod tests {
    use super::super::AbuseParams;
    use super::*;
    use proptest::prelude::*;

    fn features(book: u32, matched: u32, mutual: u32, device: u32, reporters: u32) -> SpamFeatures {
        SpamFeatures {
            account: AccountId(1),
            book_size: book,
            is_over_budget: false,
            n_matched: matched,
            n_reciprocated: mutual,
            n_accounts_on_device: device,
            n_reporters: reporters,
        }
    }

    fn scored(features: SpamFeatures) -> SpamScore {
        let params = AbuseParams::default().check().unwrap();
        spam_scores(&[features], &params).remove(0)
    }

    #[test]
    fn ordinary_people_score_low() {
        let ordinary = scored(features(25, 12, 6, 1, 0));
        assert!(ordinary.score < 0.02, "{}", ordinary.score);
        // A family of four on one tablet, one of them reported once.
        let family = scored(features(60, 20, 10, 4, 1));
        assert!(family.score < 0.2, "{}", family.score);
    }

    #[test]
    fn no_single_signal_condemns() {
        let at_most = u32::MAX;
        for one in [
            features(at_most, 0, 0, 1, 0),
            features(0, at_most, 0, 1, 0),
            features(0, 0, 0, at_most, 0),
            features(0, 0, 0, 1, at_most),
        ] {
            assert!(scored(one).score < 0.5, "{one:?}");
        }
    }

    #[test]
    fn a_book_over_budget_condemns() {
        let over = scored(SpamFeatures {
            is_over_budget: true,
            ..features(20_001, 0, 0, 1, 0)
        });
        // −6 + 3 + 4
        assert!((over.score - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-12);
        let text: Vec<String> = over.reasons.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["address book over budget", "address book of 20,001"]);
    }

    #[test]
    fn golden_score_by_hand() {
        let got = scored(features(20_000, 980, 0, 11, 10)).score;
        // −6 + 3 + 2·980/1000 + 2.5 + 4
        let by_hand = 1.0 / (1.0 + (-(-6.0 + 3.0 + 1.96 + 2.5 + 4.0f64)).exp());
        assert!((got - by_hand).abs() < 1e-12, "{got} {by_hand}");
    }

    #[test]
    fn golden_reasons_weightiest_first() {
        let reasons = scored(features(1_234_567, 900, 18, 9, 4)).reasons;
        let text: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            [
                "address book of 1,234,567",
                "4 reporters",
                "9 accounts on one device",
                "2 % of contacts reciprocate",
            ]
        );
        assert!(scored(features(0, 0, 0, 1, 0)).reasons.is_empty());
        assert_eq!(
            SpamReason::Reported { reporters: 1 }.to_string(),
            "1 reporter"
        );
    }

    #[test]
    fn no_weight_no_reason() {
        let params = AbuseParams {
            report_weight: 0.0,
            reason_min: 0.0,
            ..AbuseParams::default()
        };
        let scores = spam_scores(&[features(0, 0, 0, 1, 9)], &params.check().unwrap());
        assert!(scores[0].reasons.is_empty());
    }

    #[test]
    fn same_for_any_number_of_threads() {
        let rows: Vec<_> = (0..5_000)
            .map(|i| features(i * 7 % 900, i % 50, i % 7, 1 + i % 5, i % 3))
            .collect();
        let params = AbuseParams::default().check().unwrap();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| spam_scores(&rows, &params))
        };
        assert_eq!(on(1), on(4));
    }

    fn any_features() -> impl Strategy<Value = SpamFeatures> {
        (0..40_000u32, 0..20_000u32, 0..=1_000u32, 1..40u32, 0..30u32).prop_map(
            |(strangers, matched, mutual, device, reporters)| {
                features(
                    strangers + matched,
                    matched,
                    matched * mutual / 1_000,
                    device,
                    reporters,
                )
            },
        )
    }

    proptest! {
        #[test]
        fn prop_scores_are_shares(f in any_features()) {
            let score = scored(f).score;
            prop_assert!((0.0..=1.0).contains(&score));
        }

        #[test]
        fn prop_worse_signals_never_lower_the_score(f in any_features(), more in 1..1_000u32) {
            let before = scored(f).score;
            let worse = [
                SpamFeatures { book_size: f.book_size + more, ..f },
                SpamFeatures { book_size: f.book_size + more, n_matched: f.n_matched + more, ..f },
                SpamFeatures { n_reciprocated: f.n_reciprocated.saturating_sub(more), ..f },
                SpamFeatures { n_accounts_on_device: f.n_accounts_on_device + more, ..f },
                SpamFeatures { n_reporters: f.n_reporters + more, ..f },
                SpamFeatures { is_over_budget: true, ..f },
            ];
            for w in worse {
                prop_assert!(scored(w).score >= before, "{:?} {:?}", f, w);
            }
        }
    }
}
