//! Planted faults: single mistakes by which somebody who is out would gain influence.
//!
//! The tests that look for influence must find every one of them. This file stands in a copy of the source; nothing that is
//! shipped has it.

macro_rules! leaks {
    ($($name:ident = $mistake:literal,)*) => {
        /// A mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each says what it is by `mistake`")]
        pub enum Leak { $($name,)* }

        impl Leak {
            /// Every mistake.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What is done wrong.
            #[must_use]
            pub const fn mistake(self) -> &'static str {
                match self { $(Self::$name => $mistake,)* }
            }
        }
    };
}

leaks! {
    GateForgetsPublication = "the gate is not asked again as known at publication",
    LinksFromEverybody = "links are made from everybody's claims",
    ClaimsOfPeopleOut = "people who are out compete for numbers",
    TenuresOfAccountsOut = "accounts that are out contest numbers",
    DirectoryHoldsEverybody = "the directory holds accounts that are out",
    PersonBehindFromEverybody = "the person behind an account is looked up among all links",
    MatchAsksUploaderOnly = "a match asks its uploader only",
    EdgeAsksFirstEndOnly = "an edge asks its first end only",
    EdgeAsksSecondEndOnly = "an edge asks its second end only",
    FriendshipsAskNobody = "friendships do not pass the gate",
    ContactsAskNobody = "contact edges do not pass the gate",
    PublishingAsksNobody = "rows are published without asking",
    ReportsAskReportedOnly = "a report asks the reported account only",
    DevicesAskNobody = "accounts out are counted on shared devices",
    TrainingAsksNobody = "the click model learns from everybody's impressions",
    StrangersIncludePeople = "numbers of people who are out count as strangers'",
    StrangersIncludeAccounts = "numbers of accounts that are out count as strangers'",
    StrangersIncludeContradicted = "numbers of contradictory rows count as strangers'",
    BudgetCountsPeopleOut = "numbers of people who are out count towards a book's budget",
    BusinessNumberOfAnybody = "a business's account is whoever names its number",
    MarketingSpamFromService = "marketing verdicts use the spam scores for service",
    ServiceSpamFromAbuse = "service verdicts use the spam scores for abuse",
    DemotionFromAbuse = "suggestions are demoted by the abuse view's scores",
    LinksOfAnotherPurpose = "links made for ads are published for suggestions",
    RawMutualCount = "mutual friends are counted in the raw table",
    RawMutualReason = "the explanation counts raw mutual friends",
    RawMutualNamed = "the explanation names a raw mutual friend",
    RawAdamicAdar = "weights of intermediaries come from raw degrees",
    RawInverseFrequency = "candidates are weighted by raw inverse frequency",
    RawPopularity = "a popularity prior counts raw friendships",
    RawCandidateDegree = "scores are divided by the candidate's raw degree",
    RawMaximumDegree = "scores are normalised by the raw maximum degree",
    RawMeanDegree = "scores are scaled by the raw mean degree",
    RawBackfill = "places of people who are out stay empty",
    RankGaps = "ranks are given before rows are dropped",
    TieByTableIndex = "ties are broken by position in the raw table",
    RawNewestFriendship = "the explanation dates the newest raw friendship",
    RawFeedbackPenalty = "everybody's feedback on a candidate counts",
    ListsMatchEverybody = "people who are out are on customer lists",
    RawAdFrequency = "an ad's frequency counts all impressions",
    RawClickPrior = "the prior click rate comes from all impressions",
    RawCalibration = "calibration uses all held-out rows",
    RawAudienceSize = "the explanation gives the raw audience size",
    RawInterestCount = "an interest's weight counts everybody who has it",
    RawAdReach = "an ad's value counts all distinct viewers",
    SeedFromRowCount = "the seed depends on how many rows there are",
    RawLastShown = "the explanation dates the last showing to anybody",
    RawValueMaximum = "values are normalised by the raw maximum",
    TieAsksFirstEndOnly = "a tie between friends asks its first end only, and what friends did is everybody's",
    TieAsksSecondEndOnly = "a tie between friends asks its second end only, and what friends did is everybody's",
    TiesAskNobody = "ties between friends do not pass the gate, and what friends did is everybody's",
    HistoryOfEverybody = "the past that rows are told is everybody's",
    HidOfAnybody = "ties between friends do not pass the gate, nor does what they hid",
    RawBinEdges = "edges of the bins of own columns come from everybody's values",
    RawGroupSize = "groups count members who are out",
    RawCallMaximum = "calls are weighed by the most that anybody made",
    RawFriendClicks = "a score counts clicks of all friends",
    RawFriendViewers = "the explanation counts all friends who were shown the ad",
    RawFriendsHid = "a score counts all friends who hid the ad",
    RawFriendLastClick = "the explanation dates the newest click of any friend",
    RawFatigue = "a fatigue counter counts showings of the ad to anybody that day",
    RawSessionsBin = "edges of the bins of sessions come from all accounts",
    RawGroupsMean = "groups are normalised by the mean of all accounts",
    RawDeviceShare = "a phone weighs by its share of all accounts",
    RawVersionNewest = "a version is compared with the newest of all accounts",
    RawCategoryRate = "an expected rate comes from all rows of the category",
    RawAdvertiserRate = "an expected rate comes from all rows of the advertiser",
    RawSegmentRate = "the ratio of a segment comes from all rows of its people",
    RawHourRate = "the rate of an hour comes from all rows",
    RawNewAd = "an ad is new until anybody was shown it",
    RawCommunity = "a score scales with the raw community of the person",
    RawMeanOwnRate = "own rates are centred on the mean of everybody",
    RawFeatureCount = "the table of a model is as large as everybody's values",
    RawShardCount = "the number of shards comes from all clicks",
    RawReporterCount = "the explanation counts all reporters",
    RawDeviceCount = "the explanation counts all accounts on the device",
    RawScoreShare = "spam scores are shares of all accounts",
    RawReportMaximum = "spam scores are normalised by the raw maximum of reports",
    RecycledByAnybody = "a number is recycled whoever held it before",
    LockstepOfAnybody = "accounts that are out are counted in lockstep groups",
    RecordsOfAnybody = "a reporter's record counts reports of accounts that are out",
    RawTrustRounds = "the rounds that trust walks depend on how many rows of accounts there are",
    RawDeviceMaximum = "spam scores are normalised by the raw maximum of accounts on a device",
    RawNumberHolders = "the explanation counts all who held the number",
    RawRegistrations = "the explanation counts all registrations of that month",
    RawThreadCount = "a verdict counts all threads of the business",
    RawOptInCount = "a verdict counts all opt-ins of the business",
    RawThreadLimit = "a business with many raw threads may not advertise",
    RawOptInCap = "a cap counts opt-ins of people who are out",
    RawQualityBlocks = "a rating counts blocks and reports of people who are out",
    RawOrderThreads = "the order of businesses counts raw threads",
    RawOrderBlocks = "the order of businesses counts blocks and reports of people who are out",
    OrderSavedPeopleOut = "saved numbers of people who are out count as a business's",
    RawClaimants = "evidence counts all who claim the number",
    RawLinkEnd = "a link ends when anybody else takes the number",
}

mod active {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Leak;

    /// One more than the position of the fault that is on; 0 is none.
    static ACTIVE: AtomicUsize = AtomicUsize::new(0);

    /// Switches one fault on, or all off.
    pub fn switch(leak: Option<Leak>) {
        ACTIVE.store(leak.map_or(0, |leak| leak as usize + 1), Ordering::SeqCst);
    }

    pub(crate) fn is_on(leak: Leak) -> bool {
        ACTIVE.load(Ordering::SeqCst) == leak as usize + 1
    }

    /// All faults are off while this lives.
    pub(crate) struct Honest(usize);

    pub(crate) fn honest() -> Honest {
        Honest(ACTIVE.swap(0, Ordering::SeqCst))
    }

    impl Drop for Honest {
        fn drop(&mut self) {
            ACTIVE.store(self.0, Ordering::SeqCst);
        }
    }
}

/// How many rows, the first ones, passed the gate, where a fault hands on more.
pub(crate) static N_PERMITTED: std::sync::atomic::AtomicUsize =
    std::sync::atomic::AtomicUsize::new(usize::MAX);

/// A count of the raw table of accounts.
pub(crate) static N_ACCOUNTS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

pub use active::switch;
pub(crate) use active::{honest, is_on};

/// Is any of some faults switched on?
pub(crate) fn any_on(leaks: &[Leak]) -> bool {
    leaks.iter().any(|&leak| is_on(leak))
}
