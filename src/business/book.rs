//! The rules of the messenger, as dated data.

use serde::Serialize;

use crate::ids::Region;
use crate::signals::MessageKind;
use crate::time::Interval;

/// A rule of the messenger.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RuleName {
    /// For how long a business may answer.
    ServiceWindow,
    /// For how long it may write to whoever came by an ad or a page.
    EntryPoint,
    /// What has to be asked for.
    OptIn,
    /// How many people it may start with.
    MessagingLimit,
    /// How that limit grows.
    WayUp,
    /// How it falls.
    Downgrade,
    /// How much marketing of all businesses reaches a person.
    MarketingCap,
    /// Where none does.
    NoMarketing,
    /// For how long a template rests.
    TemplatePause,
    /// A person's stop and resume.
    Stop,
}

impl RuleName {
    /// Every rule, in the order of their discriminants.
    pub const ALL: [Self; 10] = [
        Self::ServiceWindow,
        Self::EntryPoint,
        Self::OptIn,
        Self::MessagingLimit,
        Self::WayUp,
        Self::Downgrade,
        Self::MarketingCap,
        Self::NoMarketing,
        Self::TemplatePause,
        Self::Stop,
    ];

    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceWindow => "service_window",
            Self::EntryPoint => "entry_point",
            Self::OptIn => "opt_in",
            Self::MessagingLimit => "messaging_limit",
            Self::WayUp => "way_up",
            Self::Downgrade => "downgrade",
            Self::MarketingCap => "marketing_cap",
            Self::NoMarketing => "no_marketing",
            Self::TemplatePause => "template_pause",
            Self::Stop => "stop",
        }
    }
}

/// One file: a rule, and what it was from when on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name of the file.
    pub file: String,
    /// Which rule.
    pub name: RuleName,
    /// What to call it.
    pub title: String,
    /// The day on which it was read.
    pub read: String,
    /// What it says, in our words.
    pub summary: String,
    /// Where that can be read.
    pub sources: Vec<String>,
    /// How it is read, where that is not obvious.
    pub note: Option<String>,
    /// When it said what; ascending, without overlaps.
    pub periods: Vec<Period>,
}

/// What a rule said for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// When.
    pub interval: Interval,
    /// What.
    pub terms: Terms,
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Hours after the person's last message.
    ServiceWindow {
        /// So many.
        hours: u32,
    },
    /// Hours after the answer to somebody who came by an ad or a page.
    EntryPoint {
        /// So many.
        hours: u32,
        /// How soon the answer has to come.
        answer_hours: u32,
    },
    /// What has to be asked for.
    OptIn {
        /// Messages of these kinds.
        kinds: Vec<MessageKind>,
    },
    /// Unique people in a moving window.
    MessagingLimit {
        /// The window.
        hours: u32,
        /// Whose limit it is.
        per: LimitPer,
        /// The levels, ascending; above the last there is no limit.
        tiers: Vec<u32>,
    },
    /// How a limit grows.
    WayUp(WayUp),
    /// By how many levels a limit falls when quality is low.
    Downgrade {
        /// So many.
        levels: u32,
    },
    /// How often marketing reaches a person.
    MarketingCap {
        /// The window.
        hours: u32,
        /// For how long a reply opens messages that do not count.
        reply_hours: u32,
        /// Where it does not apply; ascending.
        spared: Vec<Region>,
    },
    /// Where no marketing goes.
    NoMarketing {
        /// Regions of numbers, ascending.
        regions: Vec<Region>,
    },
    /// Hours of the first pauses of a template; after the last it is disabled.
    TemplatePause {
        /// One after the other.
        pauses: Vec<u32>,
    },
    /// A person's stop is for one business.
    Stop,
}

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitPer {
    /// Each number has its own.
    Number,
    /// All numbers of a business share one.
    Portfolio,
}

/// How a limit grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WayUp {
    /// The limit of a verified business.
    pub verified_to: u32,
    /// So many people reached at high quality have the same effect,
    pub delivered: u32,
    /// in so many days.
    pub delivered_days: u32,
    /// Half of the limit used in so many days leads one level up,
    pub used_days: u32,
    /// so many hours later.
    pub after_hours: u32,
}

/// Every rule of the messenger that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleBook {
    pub(super) rules: Vec<Rule>,
}

/// A rule, with what it said at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its period.
    pub period: &'a Period,
}

impl RuleBook {
    /// Every rule, by name of its file.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
