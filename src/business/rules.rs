//! The rules, each a small function from what is known to one reason.

use std::fmt;

use super::params::ValidBusinessParams;
use super::span::Span;
use crate::consent::DenialReason;
use crate::time::Timestamp;

/// One reason for or against letting a business write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ReachReason {
    /// The business is verified.
    Verified,
    /// The business's spam score is below the limit.
    SpamScoreLow,
    /// The business has no spam score, which is not held against it.
    SpamScoreUnknown,
    /// The account's consent allows the purpose.
    ConsentAllows,
    /// The person wrote to the business within the window.
    PersonWrote,
    /// The person asked this business for its marketing.
    OptedIn,
    /// The business is not verified.
    NotVerified,
    /// The business's spam score is at or above the limit.
    SpamScoreHigh,
    /// The account's consent does not allow the purpose.
    ConsentDenies(DenialReason),
    /// The person never wrote to the business.
    PersonNeverWrote,
    /// The person wrote, but longer ago than the window.
    WindowOver,
    /// The person never asked this business for its marketing.
    NotOptedIn,
    /// The person asked for it and took that back.
    OptInWithdrawn,
    /// The person came by an ad or a page of the business, and it answered in time.
    EntryPointOpen,
    /// The person is being answered, so nothing has to be asked for and nothing is started.
    InsideWindow,
    /// The person stopped the business's marketing and resumed it.
    Resumed,
    /// Marketing may reach the region of the number.
    RegionWithMarketing,
    /// Fewer marketing messages reached the person than the cap allows.
    BelowCap,
    /// The cap does not apply in the region of the business or of the person.
    CapSpared,
    /// The person replied to the business's marketing, so its messages do not count for a while.
    ReplyOpen,
    /// The business started with fewer people than its limit.
    BelowLimit,
    /// The business started with this person already.
    AlreadyStarted,
    /// The business has no limit.
    NoLimit,
    /// The template is active.
    TemplateActive,
    /// It is not an hour of quiet.
    NotQuiet,
    /// The person came by an ad or a page, but the answer came too late or long ago.
    EntryPointOver,
    /// The person stopped the business's marketing.
    Stopped,
    /// The person blocked the business.
    Blocked,
    /// No marketing reaches the region of the number.
    RegionWithoutMarketing,
    /// Nobody can tell the region of the number, and there are regions without marketing.
    RegionUnknown,
    /// As many marketing messages reached the person as the cap allows.
    CapReached,
    /// The business started with as many people as its limit allows.
    LimitReached,
    /// The template is paused.
    TemplatePaused,
    /// The template is disabled.
    TemplateDisabled,
    /// It is an hour of quiet.
    Quiet,
}

impl ReachReason {
    /// Does it speak for letting the business write?
    #[must_use]
    pub const fn allows(self) -> bool {
        matches!(
            self,
            Self::Verified
                | Self::SpamScoreLow
                | Self::SpamScoreUnknown
                | Self::ConsentAllows
                | Self::PersonWrote
                | Self::OptedIn
                | Self::EntryPointOpen
                | Self::InsideWindow
                | Self::Resumed
                | Self::RegionWithMarketing
                | Self::BelowCap
                | Self::CapSpared
                | Self::ReplyOpen
                | Self::BelowLimit
                | Self::AlreadyStarted
                | Self::NoLimit
                | Self::TemplateActive
                | Self::NotQuiet
        )
    }

    /// The name used in files and reports; a denial of consent goes by the gate's reason.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::SpamScoreLow => "spam_score_low",
            Self::SpamScoreUnknown => "spam_score_unknown",
            Self::ConsentAllows => "consent_allows",
            Self::PersonWrote => "person_wrote",
            Self::OptedIn => "opted_in",
            Self::NotVerified => "not_verified",
            Self::SpamScoreHigh => "spam_score_high",
            Self::ConsentDenies(reason) => reason.as_str(),
            Self::PersonNeverWrote => "person_never_wrote",
            Self::WindowOver => "window_over",
            Self::NotOptedIn => "not_opted_in",
            Self::OptInWithdrawn => "opt_in_withdrawn",
            Self::EntryPointOpen => "entry_point_open",
            Self::InsideWindow => "inside_window",
            Self::Resumed => "resumed",
            Self::RegionWithMarketing => "region_with_marketing",
            Self::BelowCap => "below_cap",
            Self::CapSpared => "cap_spared",
            Self::ReplyOpen => "reply_open",
            Self::BelowLimit => "below_limit",
            Self::AlreadyStarted => "already_started",
            Self::NoLimit => "no_limit",
            Self::TemplateActive => "template_active",
            Self::NotQuiet => "not_quiet",
            Self::EntryPointOver => "entry_point_over",
            Self::Stopped => "stopped",
            Self::Blocked => "blocked",
            Self::RegionWithoutMarketing => "region_without_marketing",
            Self::RegionUnknown => "region_unknown",
            Self::CapReached => "cap_reached",
            Self::LimitReached => "limit_reached",
            Self::TemplatePaused => "template_paused",
            Self::TemplateDisabled => "template_disabled",
            Self::Quiet => "quiet",
        }
    }
}

impl fmt::Display for ReachReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Was the business verified by then?
pub(super) const fn verification(is_verified: bool) -> ReachReason {
    if is_verified {
        ReachReason::Verified
    } else {
        ReachReason::NotVerified
    }
}

/// Is the spam score below the limit? One that is not a number is not.
pub(super) fn spam(score: Option<f64>, params: &ValidBusinessParams) -> ReachReason {
    match score {
        None => ReachReason::SpamScoreUnknown,
        Some(score) if score < params.spam_score_limit() => ReachReason::SpamScoreLow,
        Some(_) => ReachReason::SpamScoreHigh,
    }
}

/// What the gate said.
pub(super) fn consent(denial: Option<DenialReason>) -> ReachReason {
    denial.map_or(ReachReason::ConsentAllows, ReachReason::ConsentDenies)
}

/// Did the person write within the window? It is half-open: at its end the business may no longer write.
pub(super) fn service(wrote_at: Option<Timestamp>, as_of: Timestamp, window: Span) -> ReachReason {
    match wrote_at {
        None => ReachReason::PersonNeverWrote,
        Some(at) if as_of < window.after(at) => ReachReason::PersonWrote,
        Some(_) => ReachReason::WindowOver,
    }
}

/// Did the person ask for marketing, and not take it back at that moment or later?
pub(super) fn marketing(
    asked_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
) -> ReachReason {
    match (asked_at, withdrawn_at) {
        (None, None) => ReachReason::NotOptedIn,
        (Some(asked), withdrawn) if withdrawn.is_none_or(|withdrawn| withdrawn < asked) => {
            ReachReason::OptedIn
        }
        _ => ReachReason::OptInWithdrawn,
    }
}

#[cfg(test)]
mod tests {
    use super::super::BusinessParams;
    use super::*;

    fn params() -> ValidBusinessParams {
        BusinessParams::default().check().unwrap()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn spam_scores_at_the_limit_are_high() {
        assert_eq!(spam(None, &params()), ReachReason::SpamScoreUnknown);
        assert_eq!(spam(Some(0.799), &params()), ReachReason::SpamScoreLow);
        assert_eq!(spam(Some(0.8), &params()), ReachReason::SpamScoreHigh);
        assert_eq!(spam(Some(f64::NAN), &params()), ReachReason::SpamScoreHigh);
    }

    #[test]
    fn service_ends_with_the_window() {
        let window = Span::days(params().service_window_days());
        let end = at(5).plus_days(30);
        let before = Timestamp::from_micros(end.micros() - 1);
        let says = |wrote, as_of| service(wrote, as_of, window);
        assert_eq!(says(Some(at(5)), before), ReachReason::PersonWrote);
        assert_eq!(says(Some(at(5)), end), ReachReason::WindowOver);
        assert_eq!(says(None, end), ReachReason::PersonNeverWrote);
    }

    #[test]
    fn the_later_of_asking_and_withdrawing_counts() {
        assert_eq!(marketing(None, None), ReachReason::NotOptedIn);
        assert_eq!(marketing(Some(at(1)), None), ReachReason::OptedIn);
        assert_eq!(
            marketing(Some(at(1)), Some(at(2))),
            ReachReason::OptInWithdrawn
        );
        assert_eq!(marketing(Some(at(3)), Some(at(2))), ReachReason::OptedIn);
        assert_eq!(marketing(None, Some(at(2))), ReachReason::OptInWithdrawn);
        // A tie goes to the person.
        assert_eq!(
            marketing(Some(at(2)), Some(at(2))),
            ReachReason::OptInWithdrawn
        );
    }
}
