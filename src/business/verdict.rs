//! The verdict on one message: what every rule says, and what they add up to.

use serde::Serialize;

use super::book::{Known, RuleName};
use super::in_force::{EntryPoint, InForce};
use super::params::ValidBusinessParams;
use super::rules::{self, ReachReason};
use super::span::Span;
use crate::consent::DenialReason;
use crate::ids::Region;
use crate::signals::{MessageKind, SendingLimit};
use crate::time::Timestamp;

/// What is looked at, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Is the business verified?
    Verified,
    /// Is its spam score low?
    Spam,
    /// Does the account's consent allow the purpose?
    Consent,
    /// Did the person write a short while ago?
    ServiceWindow,
    /// Did the person come by an ad or a page?
    EntryPoint,
    /// Did the person ask for it?
    OptIn,
    /// Did the person stop or block the business?
    Stop,
    /// May marketing reach the person's number?
    Region,
    /// Did enough marketing reach the person already?
    Cap,
    /// Did the business start with enough people already?
    Limit,
    /// Is the template active?
    Template,
    /// Is it an hour of quiet?
    Quiet,
}

impl Check {
    /// Every check, in order.
    pub const ALL: [Self; 12] = [
        Self::Verified,
        Self::Spam,
        Self::Consent,
        Self::ServiceWindow,
        Self::EntryPoint,
        Self::OptIn,
        Self::Stop,
        Self::Region,
        Self::Cap,
        Self::Limit,
        Self::Template,
        Self::Quiet,
    ];

    /// The rule of the messenger that it rests on; none if it is ours alone.
    #[must_use]
    pub const fn rule(self) -> Option<RuleName> {
        match self {
            Self::Verified | Self::Spam | Self::Consent | Self::Quiet => None,
            Self::ServiceWindow => Some(RuleName::ServiceWindow),
            Self::EntryPoint => Some(RuleName::EntryPoint),
            Self::OptIn => Some(RuleName::OptIn),
            Self::Stop => Some(RuleName::Stop),
            Self::Region => Some(RuleName::NoMarketing),
            Self::Cap => Some(RuleName::MarketingCap),
            Self::Limit => Some(RuleName::MessagingLimit),
            Self::Template => Some(RuleName::TemplatePause),
        }
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It is not about messages like this.
    NotAsked,
    /// It would be, but no rule is known for the instant.
    NoRuleKnown,
    /// It allows or denies.
    Says(ReachReason),
}

/// Yes or no, with what every check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Yes, if nothing denies.
    pub allowed: bool,
    answers: [Answer; Check::ALL.len()],
}

impl Verdict {
    fn of(answers: [Answer; Check::ALL.len()]) -> Self {
        let denies = |answer: &Answer| matches!(answer, Answer::Says(reason) if !reason.allows());
        Self {
            allowed: !answers.iter().any(denies),
            answers,
        }
    }

    /// What a check found.
    #[must_use]
    pub const fn answer(&self, check: Check) -> Answer {
        self.answers[check as usize]
    }

    /// Every check that spoke or should have, with what it found.
    pub fn spoke(&self) -> impl Iterator<Item = (Check, Answer)> + '_ {
        let all = Check::ALL.into_iter().zip(self.answers);
        all.filter(|(_, answer)| *answer != Answer::NotAsked)
    }

    /// Every reason for it or against it, in order.
    pub fn reasons(&self) -> impl Iterator<Item = ReachReason> + '_ {
        self.answers.iter().filter_map(|answer| match answer {
            Answer::Says(reason) => Some(*reason),
            Answer::NotAsked | Answer::NoRuleKnown => None,
        })
    }
}

/// A business at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusinessAt {
    /// Was it verified?
    pub is_verified: bool,
    /// The region of its number.
    pub region: Option<Region>,
    /// How many people it, or its portfolio, started with in the window of the limit.
    pub started: u32,
    /// With how many it may.
    pub limit: Option<SendingLimit>,
}

/// A person at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonAt {
    /// The region of their number.
    pub region: Option<Region>,
    /// How many marketing messages that count reached them in the window of the cap.
    pub marketing: u32,
}

/// What lies between the two at an instant; each time is the latest of its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairAt {
    /// The person wrote.
    pub wrote_at: Option<Timestamp>,
    /// The person came by an ad or a page.
    pub entry: Option<Entry>,
    /// The person asked for utility, authentication and marketing messages,
    pub asked_at: [Option<Timestamp>; 3],
    /// and took that back.
    pub withdrawn_at: [Option<Timestamp>; 3],
    /// The person stopped marketing,
    pub stopped_at: Option<Timestamp>,
    /// and resumed it.
    pub resumed_at: Option<Timestamp>,
    /// The person blocked the business,
    pub blocked_at: Option<Timestamp>,
    /// and unblocked it.
    pub unblocked_at: Option<Timestamp>,
    /// Until when a reply to marketing opens messages that do not count.
    pub reply_until: Option<Timestamp>,
    /// Is the person among those the business started with?
    pub is_started: bool,
}

/// Somebody came by an ad or a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// When.
    pub came_at: Timestamp,
    /// When the business answered, if it did.
    pub answered_at: Option<Timestamp>,
}

/// A message that may be sent.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What for.
    pub kind: MessageKind,
    /// Why the account's consent does not allow the purpose, if it does not.
    pub denial: Option<DenialReason>,
    /// The business's spam score.
    pub spam: Option<f64>,
    /// When its template was paused, ascending; none if it has no template.
    pub template: Option<&'a [Timestamp]>,
}

/// The rules at an instant, ready to be asked.
#[derive(Clone, Debug)]
pub struct Judge<'a> {
    rules: InForce<'a>,
    params: &'a ValidBusinessParams,
    window: Option<Span>,
    entry: Option<EntryPoint>,
    /// Regions that the cap spares.
    cap: Option<&'a [Region]>,
    no_marketing: Option<&'a [Region]>,
    pauses: Option<&'a [u32]>,
    has_limit: bool,
}

impl<'a> Judge<'a> {
    /// The judge of an instant.
    #[must_use]
    pub fn new(rules: InForce<'a>, params: &'a ValidBusinessParams) -> Self {
        Self {
            window: rules.service_window(),
            entry: rules.entry_point(),
            cap: rules.marketing_cap().map(|cap| cap.spared),
            no_marketing: rules.no_marketing(),
            pauses: rules.template_pauses(),
            has_limit: rules.messaging_limit().is_some(),
            rules,
            params,
        }
    }

    /// What a rule said at the instant; none if nothing is known.
    #[must_use]
    pub const fn known(&self, rule: RuleName) -> Option<Known<'a>> {
        self.rules.known(rule)
    }

    /// The verdict on a message.
    ///
    /// # Complexity
    /// O(r) for the r regions that a rule names, without an allocation.
    #[must_use]
    pub fn verdict(
        &self,
        message: Message<'_>,
        business: &BusinessAt,
        person: &PersonAt,
        pair: &PairAt,
    ) -> Verdict {
        let (kind, says) = (message.kind, Answer::Says);
        let is_service = kind == MessageKind::Service;
        let is_marketing = kind == MessageKind::Marketing;
        let (window, entry) = self.windows(pair);
        let entry_opens = entry == Answer::Says(ReachReason::EntryPointOpen);
        let is_open = window == ReachReason::PersonWrote || entry_opens;
        let asked_if = |holds: bool, answer: Answer| if holds { answer } else { Answer::NotAsked };
        let window_speaks = if is_service {
            !entry_opens || window == ReachReason::PersonWrote
        } else {
            false
        };
        let entry_speaks = is_service && window != ReachReason::PersonWrote;
        Verdict::of([
            says(rules::verification(business.is_verified)),
            says(rules::spam(message.spam, self.params)),
            says(rules::consent(message.denial)),
            asked_if(window_speaks, says(window)),
            asked_if(entry_speaks, entry),
            asked_if(!is_service, opt_in(kind, pair, is_open)),
            stop(pair, is_marketing),
            asked_if(is_marketing, self.region(*person)),
            asked_if(is_marketing, self.cap(business, *person, pair)),
            asked_if(!is_service, self.limit(business, pair, is_open)),
            self.template(message.template),
            self.quiet(kind, person.region),
        ])
    }

    /// What the two windows say; where no rule is known of the first, the configured one counts.
    fn windows(&self, pair: &PairAt) -> (ReachReason, Answer) {
        let own = Span::days(self.params.service_window_days());
        let window = self.window.unwrap_or(own);
        let window = rules::service(pair.wrote_at, self.rules.at, window);
        let Some(entry) = pair.entry else {
            return (window, Answer::NotAsked);
        };
        let Some(terms) = self.entry else {
            return (window, Answer::NoRuleKnown);
        };
        let is_open = entry.answered_at.is_some_and(|answered| {
            answered < terms.answer.after(entry.came_at)
                && self.rules.at < terms.lasts.after(answered)
        });
        let reason = if is_open {
            ReachReason::EntryPointOpen
        } else {
            ReachReason::EntryPointOver
        };
        (window, Answer::Says(reason))
    }

    fn region(&self, person: PersonAt) -> Answer {
        let Some(without) = self.no_marketing else {
            return Answer::NoRuleKnown;
        };
        Answer::Says(match person.region {
            None => ReachReason::RegionUnknown,
            Some(region) if without.binary_search(&region).is_ok() => {
                ReachReason::RegionWithoutMarketing
            }
            Some(_) => ReachReason::RegionWithMarketing,
        })
    }

    fn cap(&self, business: &BusinessAt, person: PersonAt, pair: &PairAt) -> Answer {
        let Some(spared) = self.cap else {
            return Answer::NoRuleKnown;
        };
        let is_in = |region: Option<Region>| {
            region.is_some_and(|region| spared.binary_search(&region).is_ok())
        };
        let is_open = pair.reply_until.is_some_and(|until| self.rules.at < until);
        Answer::Says(if is_in(business.region) || is_in(person.region) {
            ReachReason::CapSpared
        } else if is_open {
            ReachReason::ReplyOpen
        } else if person.marketing < self.params.marketing_cap() {
            ReachReason::BelowCap
        } else {
            ReachReason::CapReached
        })
    }

    fn limit(&self, business: &BusinessAt, pair: &PairAt, is_open: bool) -> Answer {
        if !self.has_limit {
            return Answer::NoRuleKnown;
        }
        if is_open {
            return Answer::Says(ReachReason::InsideWindow);
        }
        Answer::Says(match business.limit {
            Some(SendingLimit::Unlimited) => ReachReason::NoLimit,
            _ if pair.is_started => ReachReason::AlreadyStarted,
            Some(SendingLimit::People(most)) if business.started < most => ReachReason::BelowLimit,
            Some(SendingLimit::People(_)) | None => ReachReason::LimitReached,
        })
    }

    /// The n-th pause lasts as long as the rule says of it; after the last a template is disabled.
    fn template(&self, paused: Option<&[Timestamp]>) -> Answer {
        let Some(paused) = paused else {
            return Answer::NotAsked;
        };
        let Some(lengths) = self.pauses else {
            return Answer::NoRuleKnown;
        };
        let n_paused = paused.partition_point(|at| *at <= self.rules.at);
        let Some(last) = n_paused.checked_sub(1) else {
            return Answer::Says(ReachReason::TemplateActive);
        };
        Answer::Says(match lengths.get(last) {
            None => ReachReason::TemplateDisabled,
            Some(&hours) if self.rules.at < Span::hours(hours).after(paused[last]) => {
                ReachReason::TemplatePaused
            }
            Some(_) => ReachReason::TemplateActive,
        })
    }

    /// Nobody published hours: where none are configured nothing is asked.
    fn quiet(&self, kind: MessageKind, region: Option<Region>) -> Answer {
        let quiet = self.params.quiet().is_quiet(kind, region, self.rules.at);
        match quiet {
            None => Answer::NotAsked,
            Some(true) => Answer::Says(ReachReason::Quiet),
            Some(false) => Answer::Says(ReachReason::NotQuiet),
        }
    }
}

/// Where a kind of message stands among what can be asked for; a service has not to be.
pub(super) const fn asked_place(kind: MessageKind) -> usize {
    match kind {
        MessageKind::Service | MessageKind::Utility => 0,
        MessageKind::Authentication => 1,
        MessageKind::Marketing => 2,
    }
}

/// Marketing always needs the person's own yes to this business, the others outside the window.
fn opt_in(kind: MessageKind, pair: &PairAt, is_open: bool) -> Answer {
    if is_open && kind != MessageKind::Marketing {
        return Answer::Says(ReachReason::InsideWindow);
    }
    let at = asked_place(kind);
    Answer::Says(rules::marketing(pair.asked_at[at], pair.withdrawn_at[at]))
}

/// Does a no hold? Of a no and a yes at one instant the no counts.
pub(super) fn is_no(no: Option<Timestamp>, yes: Option<Timestamp>) -> bool {
    no.is_some() && no >= yes
}

/// A person's no.
fn stop(pair: &PairAt, is_marketing: bool) -> Answer {
    if is_no(pair.blocked_at, pair.unblocked_at) {
        return Answer::Says(ReachReason::Blocked);
    }
    match (pair.stopped_at, pair.resumed_at) {
        _ if !is_marketing => Answer::NotAsked,
        (None, _) => Answer::NotAsked,
        (stopped, resumed) if is_no(stopped, resumed) => Answer::Says(ReachReason::Stopped),
        _ => Answer::Says(ReachReason::Resumed),
    }
}
