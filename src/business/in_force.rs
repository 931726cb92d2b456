//! The rules as they were at an instant, each by what it says.

use super::book::{Known, LimitPer, RuleBook, RuleName, Terms, WayUp};
use super::span::Span;
use crate::ids::Region;
use crate::time::Timestamp;

/// The rules that were in force at an instant.
#[derive(Clone, Copy, Debug)]
pub struct InForce<'a> {
    /// When.
    pub at: Timestamp,
    known: [Option<Known<'a>>; RuleName::ALL.len()],
}

/// The free entry point.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryPoint {
    /// For how long it lasts from the answer on.
    pub(super) lasts: Span,
    /// How soon the answer has to come.
    pub(super) answer: Span,
}

/// Limits on how many people a business starts with.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessagingLimit<'a> {
    pub(super) window: Span,
    pub(super) per: LimitPer,
    /// The levels, ascending; above the last there is no limit.
    pub(super) tiers: &'a [u32],
}

/// The cap on marketing per person.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarketingCap<'a> {
    pub(super) window: Span,
    /// For how long a reply opens messages that do not count.
    pub(super) reply: Span,
    /// Where it does not apply, ascending.
    pub(super) spared: &'a [Region],
}

impl RuleBook {
    /// What was in force at an instant.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> InForce<'_> {
        let mut known = [None; RuleName::ALL.len()];
        for rule in self.rules() {
            let mut periods = rule.periods.iter();
            let period = periods.find(|period| period.interval.contains(at));
            if let Some(period) = period {
                known[rule.name as usize] = Some(Known { rule, period });
            }
        }
        InForce { at, known }
    }
}

impl<'a> InForce<'a> {
    /// What a rule said; none if nothing is known for that instant.
    #[must_use]
    pub const fn known(&self, name: RuleName) -> Option<Known<'a>> {
        self.known[name as usize]
    }

    fn terms(&self, name: RuleName) -> Option<&'a Terms> {
        self.known(name).map(|known| &known.period.terms)
    }

    pub(super) fn service_window(&self) -> Option<Span> {
        match self.terms(RuleName::ServiceWindow) {
            Some(&Terms::ServiceWindow { hours }) => Some(Span::hours(hours)),
            _ => None,
        }
    }

    pub(super) fn entry_point(&self) -> Option<EntryPoint> {
        match self.terms(RuleName::EntryPoint) {
            Some(&Terms::EntryPoint {
                hours,
                answer_hours,
            }) => Some(EntryPoint {
                lasts: Span::hours(hours),
                answer: Span::hours(answer_hours),
            }),
            _ => None,
        }
    }

    pub(super) fn messaging_limit(&self) -> Option<MessagingLimit<'a>> {
        match self.terms(RuleName::MessagingLimit) {
            Some(Terms::MessagingLimit { hours, per, tiers }) => Some(MessagingLimit {
                window: Span::hours(*hours),
                per: *per,
                tiers,
            }),
            _ => None,
        }
    }

    pub(super) fn way_up(&self) -> Option<&'a WayUp> {
        match self.terms(RuleName::WayUp) {
            Some(Terms::WayUp(way)) => Some(way),
            _ => None,
        }
    }

    /// By how many levels a limit falls when quality is low.
    pub(super) fn downgrade(&self) -> Option<u32> {
        match self.terms(RuleName::Downgrade) {
            Some(&Terms::Downgrade { levels }) => Some(levels),
            _ => None,
        }
    }

    pub(super) fn marketing_cap(&self) -> Option<MarketingCap<'a>> {
        match self.terms(RuleName::MarketingCap) {
            Some(Terms::MarketingCap {
                hours,
                reply_hours,
                spared,
            }) => Some(MarketingCap {
                window: Span::hours(*hours),
                reply: Span::hours(*reply_hours),
                spared,
            }),
            _ => None,
        }
    }

    /// Regions of numbers that no marketing reaches, ascending.
    pub(super) fn no_marketing(&self) -> Option<&'a [Region]> {
        match self.terms(RuleName::NoMarketing) {
            Some(Terms::NoMarketing { regions }) => Some(regions),
            _ => None,
        }
    }

    /// Hours of the pauses of a template, one after the other.
    pub(super) fn template_pauses(&self) -> Option<&'a [u32]> {
        match self.terms(RuleName::TemplatePause) {
            Some(Terms::TemplatePause { pauses }) => Some(pauses),
            _ => None,
        }
    }
}
