//! Evaluation on held-out data.

mod abuse;
mod clicks;
mod contacts;
mod edges;
mod friends;
mod links;
#[cfg(test)]
mod livejournal;
mod off_policy;
mod public;
mod ranking;
mod worth;

pub use abuse::{
    AbuseEvaluation, AbuseLabel, AtOutcome, HONEST_KINDS, HonestTouched, Judged, KindFound,
    LabelsError, Threshold, evaluate_abuse, read_labels,
};
pub use clicks::{
    ClickColumns, ClickForm, ClickOptions, ClickRole, ClickTable, ClicksError, NumberedTexts,
    read_clicks,
};
pub use contacts::{ContactRanking, ContactsEvaluation, evaluate_contacts};
pub use edges::{
    EdgeColumns, EdgeFile, EdgeIds, EdgeLimits, EdgeList, EdgeLists, EdgeRow, EdgesError, Pairs,
    read_edge_lists, read_edges,
};
pub use friends::{
    FriendsEvaluation, Method, MethodScores, evaluate_edges, evaluate_edges_holding_out,
    is_held_out, mix,
};
pub use links::{AtThreshold, Bin, LinksEvaluation, evaluate_links};
pub use off_policy::{
    Estimate, Estimates, LogError, PROPENSITY_MIN, PolicyEvaluation, PolicyLog, PolicyOptions,
    PolicyValue, evaluate_policies,
};
pub use public::PublicGraph;
pub use ranking::{
    AtDegree, ConfidenceInterval, Exposure, Gain, MethodRanking, RankingEvaluation, RankingParams,
    SplitBy, SuggestionRules, TimedEdge, evaluate_ranking, simple_edges, train_public,
};
pub use worth::{
    AdsKnown, Change, FriendsKnown, Left, NotMeasured, SAME, SourceWorth, StillThere, Worth,
    WorthError, ads_worth, friends_worth,
};
mod ads;

pub use ads::{
    AdCalibration, AdsEvaluation, AdsEvaluationOptions, AdsSplit, Breakdown, ClickInterval,
    ClickIntervals, EpochPoint, FieldValue, FirstRows, FoldQuality, LearningCurves, NewAds,
    NextToTruth, PersonDecile, SeedQuality, SharePoint, evaluate_ads, evaluate_ads_with,
};
